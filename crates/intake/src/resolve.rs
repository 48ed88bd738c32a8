//! From a typed target to bytes: the parent's side, the only one that reads the disk and the network.
//!
//! Nothing is opened that could block or act when opened (pipes, devices, sockets), and no link is followed out of a folder.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::classify::{matters, script_in_front};
use crate::coverage::Coverage;
use crate::error::IntakeError;
use crate::index;
use crate::input::{Input, Part, Shape};
use crate::limits::Limits;
use crate::magic::{container, ends_as_zip, looks_like_text};
use crate::target::Target;

/// How targets are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The bounds on what is read.
    pub limits: Limits,
    /// The language of standard input, if the user named it.
    pub language: Option<String>,
    /// The address of the package index, instead of the one that the user's pip is set up for.
    pub index_url: Option<String>,
}

/// A target that is known to exist and has not been read.
///
/// Targets are planned first and loaded one by one, so that a folder of thousands of archives never stands in memory as a whole.
#[derive(Debug, Clone)]
pub struct Planned {
    name: String,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Folder(PathBuf),
    Stdin,
    Pypi { name: String, version: Option<String> },
    Npm { name: String, version: Option<String> },
}

impl Planned {
    /// The target as it is shown to the user.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads or fetches the target.
    ///
    /// # Errors
    /// When standard input breaks off, or the index does not give the package. What cannot be read of a file or a folder is no error, but in the input's coverage.
    pub fn load(&self, options: &Options) -> Result<Input, IntakeError> {
        match &self.source {
            Source::File(path) => Ok(load_file(&self.name, path, &options.limits)),
            Source::Folder(path) => load_folder(&self.name, path, &options.limits),
            Source::Stdin => load_stdin(options),
            Source::Pypi { name, version } => index::fetch(name, version.as_deref(), options),
            Source::Npm { name, version } => index::fetch_npm(name, version.as_deref(), options),
        }
    }
}

/// Looks at what a target is, and splits a folder of archives into one target for each. Reads no content but the first bytes of files in a folder without a manifest.
///
/// # Errors
/// When the path does not exist, is a pipe, a device or a socket, or cannot be looked at.
pub fn plan(target: &Target, _options: &Options) -> Result<Vec<Planned>, IntakeError> {
    let name = target.to_string();
    let path = match target {
        Target::Stdin => return Ok(vec![Planned { name, source: Source::Stdin }]),
        Target::Pypi { name: package, version } => {
            return Ok(vec![Planned {
                name,
                source: Source::Pypi { name: package.clone(), version: version.clone() },
            }]);
        }
        Target::Npm { name: package, version } => {
            return Ok(vec![Planned { name, source: Source::Npm { name: package.clone(), version: version.clone() } }]);
        }
        Target::Path(path) => path,
    };
    let meta = fs::metadata(path).map_err(|source| {
        if source.kind() == io::ErrorKind::NotFound || source.kind() == io::ErrorKind::NotADirectory {
            IntakeError::NotFound { path: path.clone() }
        } else {
            IntakeError::Unreadable { path: path.clone(), source }
        }
    })?;
    if meta.is_dir() {
        if let Some(archives) = only_archives(path) {
            return Ok(archives
                .into_iter()
                .map(|path| Planned { name: path.display().to_string(), source: Source::File(path) })
                .collect());
        }
        return Ok(vec![Planned { name, source: Source::Folder(path.clone()) }]);
    }
    match special(&meta) {
        Some(what) => Err(IntakeError::NotRegular { path: path.clone(), what }),
        None => Ok(vec![Planned { name, source: Source::File(path.clone()) }]),
    }
}

/// Reads or fetches all that a target is. [`plan`] and [`Planned::load`] do the same step by step.
///
/// # Errors
/// As [`plan`] and [`Planned::load`].
pub fn resolve(target: &Target, options: &Options) -> Result<Vec<Input>, IntakeError> {
    plan(target, options)?.iter().map(|planned| planned.load(options)).collect()
}

/// What a file is that is neither regular nor a folder.
fn special(meta: &Metadata) -> Option<&'static str> {
    if meta.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = meta.file_type();
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

/// Opens a regular file for reading. The check is made on the opened file, so that nothing put in its place meanwhile can block.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    match special(&file.metadata()?) {
        None => Ok(file),
        Some(what) => Err(io::Error::other(format!("is {what}"))),
    }
}

fn read_bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let size = file.metadata()?.len();
    if size > most {
        return Err(too_large(size, most));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64, most));
    }
    Ok(bytes)
}

fn too_large(size: u64, most: u64) -> io::Error {
    io::Error::other(format!("is {size} bytes large, more than the {most} that are read"))
}

/// The first bytes of a file; none when it cannot be read.
fn head(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = open_regular(path) {
        // An unreadable file has no first bytes, and is reported where it is read as a whole.
        let _ = file.take(512).read_to_end(&mut bytes);
    }
    bytes
}

fn path_text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn load_file(name: &str, path: &Path, limits: &Limits) -> Input {
    let shown = file_name(path);
    let mut coverage = Coverage::default();
    let (shape, parts) = match read_bytes(path, limits.package_bytes) {
        Ok(bytes) => {
            // What stands in front of an archive as a script is the file; the archive is something that it carries.
            let archive = container(&bytes).is_some()
                || (!looks_like_text(&bytes)
                    && ends_as_zip(&bytes)
                    && script_in_front(path_text(path), &bytes).is_none());
            (if archive { Shape::Archive } else { Shape::File }, vec![Part { path: shown, bytes }])
        }
        Err(error) => {
            coverage.files += 1;
            coverage.unread(&shown, reason(&error), matters(&shown, &head(path)));
            (Shape::File, Vec::new())
        }
    };
    Input { name: name.to_owned(), shape, parts, coverage }
}

fn load_stdin(options: &Options) -> Result<Input, IntakeError> {
    let mut bytes = Vec::new();
    let most = options.limits.package_bytes;
    io::stdin()
        .lock()
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| IntakeError::Stdin { source })?;
    let mut coverage = Coverage::default();
    if bytes.len() as u64 > most {
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        coverage.unread("-", format!("is longer than the {most} bytes that are read"), true);
    }
    let parts = vec![Part { path: "-".to_owned(), bytes }];
    Ok(Input { name: "-".to_owned(), shape: Shape::Stdin { language: options.language.clone() }, parts, coverage })
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "may not be read (no permission)".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Files whose presence makes a folder one package.
const MANIFESTS: [&str; 5] = ["setup.py", "setup.cfg", "pyproject.toml", "PKG-INFO", "package.json"];

/// Whether a folder is one package: it has a manifest, or is exactly one installed distribution.
fn is_package(folder: &Path) -> bool {
    if MANIFESTS.iter().any(|name| fs::symlink_metadata(folder.join(name)).is_ok_and(|meta| meta.is_file())) {
        return true;
    }
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let installed = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name.ends_with(".dist-info") && entry.path().join("METADATA").is_file())
                || (name.ends_with(".egg-info") && entry.path().join("PKG-INFO").is_file())
        })
        .count();
    installed == 1
}

/// The archives of a folder that holds nothing else, at any depth.
fn only_archives(folder: &Path) -> Option<Vec<PathBuf>> {
    if is_package(folder) {
        return None;
    }
    let mut archives = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).ok()? {
            let entry = entry.ok()?;
            let kind = entry.file_type().ok()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && container(&head(&entry.path())).is_some() {
                archives.push(entry.path());
            } else {
                return None;
            }
        }
    }
    archives.sort();
    (!archives.is_empty()).then_some(archives)
}

/// Folders of version control that hold packed history: large, and never run. What else is put there is read.
const HISTORY: [&str; 3] = [".git/objects", ".git/lfs", ".hg/store"];

/// Whether a path lies in packed history.
fn in_history(path: &str) -> bool {
    HISTORY.iter().any(|end| {
        path.match_indices(end).any(|(at, _)| {
            let before = path.get(..at).unwrap_or_default();
            let after = path.get(at + end.len()..).unwrap_or_default();
            (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
        })
    })
}

/// Whether a file in packed history has a name that the tools of version control give.
fn is_history(name: &str) -> bool {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (stem, ext) = name.rsplit_once('.').unwrap_or((name, ""));
    match ext {
        "" => {
            is_hex(name)
                || [
                    "packs",
                    "alternates",
                    "commit-graph",
                    "multi-pack-index",
                    "fncache",
                    "requires",
                    "phaseroots",
                    "undo",
                ]
                .contains(&name)
                || name.starts_with("tmp_")
                || name.starts_with("undo.")
        }
        "pack" | "idx" | "rev" | "bitmap" | "keep" | "mtimes" | "midx" => stem.rsplit('-').next().is_some_and(is_hex),
        "graph" => stem.rsplit('-').next().is_some_and(is_hex),
        // Files of Mercurial's store are named after the files whose history they hold, with these endings.
        "i" | "d" => true,
        _ => false,
    }
}

fn load_folder(name: &str, root: &Path, limits: &Limits) -> Result<Input, IntakeError> {
    let shape = if is_package(root) { Shape::Folder } else { Shape::FileSet };
    let real_root =
        fs::canonicalize(root).map_err(|source| IntakeError::Unreadable { path: root.to_path_buf(), source })?;
    let mut walk =
        Walk { root, real_root, limits, parts: Vec::new(), coverage: Coverage::default(), entries: 0, bytes: 0 };
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        if !walk.folder(&folder, &prefix, &mut folders) {
            break;
        }
    }
    let Walk { mut parts, coverage, .. } = walk;
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Input { name: name.to_owned(), shape, parts, coverage })
}

struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    limits: &'a Limits,
    parts: Vec<Part>,
    coverage: Coverage,
    entries: u64,
    bytes: u64,
}

impl Walk<'_> {
    /// Reads one folder. Gives false when a limit ends the walk.
    fn folder(&mut self, folder: &Path, prefix: &str, folders: &mut Vec<(PathBuf, String)>) -> bool {
        let shown = prefix.trim_end_matches('/');
        let listed = fs::read_dir(folder).and_then(|entries| {
            let most = usize::try_from(self.limits.entries.saturating_add(1)).unwrap_or(usize::MAX);
            entries.take(most).map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        });
        let mut names = match listed {
            Ok(names) => names,
            Err(error) => {
                self.coverage.unread(
                    if shown.is_empty() { "." } else { shown },
                    format!("the folder {}", reason(&error)),
                    true,
                );
                return true;
            }
        };
        names.sort();
        let mut deeper = Vec::new();
        for name in names {
            self.entries += 1;
            if self.entries > self.limits.entries {
                self.coverage.unread(
                    if shown.is_empty() { "." } else { shown },
                    format!("the rest was left: more than {} entries", self.limits.entries),
                    true,
                );
                return false;
            }
            let full = folder.join(&name);
            let path = format!("{prefix}{}", name.to_string_lossy());
            if name.to_str().is_none() {
                self.coverage.note(&path, "has a name that is not UTF-8");
            }
            let meta = match fs::symlink_metadata(&full) {
                Ok(meta) => meta,
                Err(error) => {
                    self.coverage.unread(&path, reason(&error), matters(&path, &[]));
                    continue;
                }
            };
            if meta.is_dir() {
                if HISTORY.iter().any(|end| path == *end || path.ends_with(&format!("/{end}"))) {
                    self.coverage.unread(&path, "is the packed history of version control, and is not read", false);
                }
                self.coverage.folders += 1;
                deeper.push((full, format!("{path}/")));
            } else if meta.is_file() && is_history(&name.to_string_lossy()) && in_history(shown) {
                // Thousands of them must not use up what is read of the rest.
                self.entries -= 1;
            } else if meta.is_symlink() {
                self.link(&full, &path);
            } else if let Some(what) = special(&meta) {
                self.coverage.note(&path, format!("is {what}, and is not opened"));
            } else if !self.file(&full, path) {
                return false;
            }
        }
        // The last in goes first: folders are read in order of their names.
        folders.extend(deeper.into_iter().rev());
        true
    }

    /// Reads one file. Gives false when the target's bytes are used up.
    fn file(&mut self, full: &Path, path: String) -> bool {
        match read_bytes(full, self.limits.file_bytes) {
            Ok(bytes) => {
                self.bytes += bytes.len() as u64;
                if self.bytes > self.limits.package_bytes {
                    self.coverage.unread(
                        &path,
                        format!("this and the rest were left: more than {} bytes", self.limits.package_bytes),
                        true,
                    );
                    return false;
                }
                self.parts.push(Part { path, bytes });
            }
            Err(error) => {
                self.coverage.files += 1;
                self.coverage.unread(&path, reason(&error), matters(&path, &head(full)));
            }
        }
        true
    }

    /// A link to a file of the same folder is read as that file; every other link is only noted.
    fn link(&mut self, full: &Path, path: &str) {
        self.coverage.links += 1;
        let to = fs::read_link(full).map(|to| to.display().to_string()).unwrap_or_default();
        match fs::canonicalize(full) {
            Ok(real) if !real.starts_with(&self.real_root) => {
                self.coverage.note(
                    path,
                    format!("is a symbolic link out of `{}`, to `{to}`, and is not followed", self.root.display()),
                );
            }
            Ok(real) if real.is_file() => {
                self.coverage.note(path, format!("is a symbolic link to `{to}`"));
                self.file(&real, path.to_owned());
            }
            Ok(_) => self
                .coverage
                .note(path, format!("is a symbolic link to the folder `{to}`, which is read under its own name")),
            Err(_) => self.coverage.note(path, format!("is a symbolic link to `{to}`, which leads nowhere")),
        }
    }
}
