//! From an [`Input`] to a [`Package`]: archives are opened, files told apart by content, text decoded.
//!
//! This is the worker's side: its input is hostile. It never fails. Whatever cannot be read is in the coverage.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::archive;
use crate::classify::{self, classify, matters};
use crate::coverage::Coverage;
use crate::decode;
use crate::input::{Input, Shape, hex};
use crate::limits::Limits;
use crate::magic::{self, container, ends_as_zip};
use crate::manifest;
use crate::notebook;
use crate::package::{Ecosystem, FileKind, Package, PackageKind, SourceFile};

/// Opens everything in `input`, within `limits`.
#[must_use]
pub fn unpack(input: Input, limits: &Limits) -> Package {
    let digest = input.digest();
    let Input { name, shape, parts, coverage } = input;
    let mut unpacker = Unpacker::new(limits.clone());
    unpacker.coverage = coverage;
    for part in parts {
        let as_target = matches!(shape, Shape::Archive | Shape::Stdin { .. });
        if as_target && let Some(format) = opened_as(&part.bytes) {
            unpacker.front(&part.path, &part.bytes);
            unpacker.bytes += part.bytes.len() as u64;
            archive::open(&mut unpacker, &part.path, "", format, &part.bytes, 1);
            continue;
        }
        if !unpacker.enter(&name) {
            break;
        }
        unpacker.coverage.files += 1;
        if let Shape::Stdin { language } = &shape {
            unpacker.forced = Some(match language.as_deref() {
                None | Some("python") => FileKind::Python,
                Some(language) => FileKind::OtherSource(language.to_owned()),
            });
        }
        unpacker.admit(part.path, part.bytes, Whole::Yes, 0);
    }
    let (mut files, mut coverage) = unpacker.finish();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let kind = match &shape {
        Shape::File => PackageKind::File,
        Shape::FileSet => PackageKind::FileSet,
        Shape::Stdin { .. } if files.iter().all(|file| file.path == name) => PackageKind::File,
        Shape::Folder | Shape::Archive | Shape::PypiVersion { .. } | Shape::Stdin { .. } => PackageKind::Package,
    };
    let found = if kind == PackageKind::Package { manifest::read(&files, &shape) } else { manifest::Found::default() };
    let mut found = found;
    for unclear in &found.unclear {
        coverage.unread(&unclear.file, unclear.why.clone(), true);
    }
    coverage.unread.sort();
    coverage.unread.dedup();
    coverage.notes.sort();
    coverage.notes.dedup();
    if shape == Shape::Archive {
        manifest::compare_with_file_name(&mut found.manifest, &name);
    }
    let version = match &shape {
        Shape::PypiVersion { version, .. } => Some(version.clone()),
        Shape::Archive => {
            found.manifest.version.clone().or_else(|| manifest::name_and_version(&name).map(|(_, version)| version))
        }
        _ => found.manifest.version.clone(),
    };
    let ecosystem = if found.is_python || matches!(shape, Shape::PypiVersion { .. }) {
        Some(Ecosystem::Pypi)
    } else {
        found.is_node.then_some(Ecosystem::Npm)
    };
    Package { name, version, ecosystem, kind, manifest: found.manifest, files, coverage, digest }
}

/// How the bytes are opened, if they can be: `Some(None)` is a zip archive that begins with something else.
#[expect(
    clippy::option_option,
    reason = "the two answers are different questions: whether it opens, and by which first bytes"
)]
fn opened_as(bytes: &[u8]) -> Option<Option<magic::Container>> {
    match container(bytes) {
        Some(format) => Some(Some(format)),
        None if !magic::looks_like_text(bytes) && ends_as_zip(bytes) => Some(None),
        None => None,
    }
}

/// Whether all of a file's bytes are there, or why not.
#[derive(Debug, Clone)]
pub(crate) enum Whole {
    Yes,
    No(String),
}

/// A link in an archive, looked up when all of the archive has been read.
#[derive(Debug)]
pub(crate) struct Link {
    pub path: String,
    pub to: String,
    pub hard: bool,
    pub root: String,
    /// How many files had been read when it came: a file of the same name that came before gives way to it.
    pub after: usize,
}

/// What has been read so far, and how much more may be.
#[derive(Debug)]
pub(crate) struct Unpacker {
    pub limits: Limits,
    pub coverage: Coverage,
    files: Vec<SourceFile>,
    /// The place in `files` of every name, for duplicates and links.
    places: BTreeMap<String, usize>,
    /// The number that the last repetition of a name got: counting on from it keeps many repetitions linear.
    repeats: HashMap<String, u32>,
    /// The place in `files` of every content: what stands in several wheels is held once.
    contents: HashMap<String, usize>,
    entries: u64,
    bytes: u64,
    full: bool,
    /// The kind of what is text and has no kind of its own.
    forced: Option<FileKind>,
}

impl Unpacker {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            coverage: Coverage::default(),
            files: Vec::new(),
            places: BTreeMap::new(),
            repeats: HashMap::new(),
            contents: HashMap::new(),
            entries: 0,
            bytes: 0,
            full: false,
            forced: None,
        }
    }

    /// Counts one more entry of `archive`. Gives false when the target's limits are reached, and then the rest of `archive` must be left.
    pub(crate) fn enter(&mut self, archive: &str) -> bool {
        self.entries += 1;
        let why = if self.entries > self.limits.entries {
            format!("the rest was left: more than {} entries", self.limits.entries)
        } else if self.full || self.bytes > self.limits.package_bytes {
            self.full = true;
            format!("the rest was left: more than {} bytes", self.limits.package_bytes)
        } else {
            return true;
        };
        self.coverage.unread(archive, why, true);
        false
    }

    /// Takes in one file, and opens it if it is an archive. `depth` is the number of archives around it.
    pub(crate) fn admit(&mut self, path: String, bytes: Vec<u8>, whole: Whole, depth: u32) {
        let size = bytes.len() as u64;
        if size > self.limits.file_bytes {
            let why =
                format!("is {size} bytes large, more than the {} that are read of one file", self.limits.file_bytes);
            // A package's own archive, as it was fetched or found, is bounded by the package's limit alone.
            if depth > 0 || container(&bytes).is_none() {
                self.coverage.unread(&path, why, matters(&path, &bytes));
                return;
            }
        }
        self.bytes += size;
        if self.bytes > self.limits.package_bytes {
            self.full = true;
            self.coverage.unread(
                &path,
                format!("was left: more than {} bytes in all", self.limits.package_bytes),
                matters(&path, &bytes),
            );
            return;
        }
        self.coverage.bytes += size;
        match &whole {
            Whole::Yes => self.coverage.read += 1,
            Whole::No(why) => self.coverage.unread(&path, why.clone(), matters(&path, &bytes)),
        }
        let (mut kind, mut notes) = classify(&path, &bytes);
        if kind == FileKind::Text && notebook::is_named(&path) {
            self.notebook(path, bytes, notes);
            return;
        }
        if kind == FileKind::Text
            && let Some(forced) = &self.forced
        {
            kind = forced.clone();
        }
        if let Whole::No(why) = whole {
            notes.push(why);
        }
        if kind != FileKind::Archive {
            self.store(path, &kind, bytes, notes);
            return;
        }
        let digest = hex(&Sha256::digest(&bytes));
        let format = opened_as(&bytes).or_else(|| ends_as_zip(&bytes).then_some(None));
        if self.front(&path, &bytes) {
            if depth < self.limits.archive_depth
                && let Some(format) = format
            {
                archive::open(self, &path, &format!("{path}!/"), format, &bytes, depth + 1);
            }
            return;
        }
        self.push(SourceFile {
            path: path.clone(),
            size,
            digest,
            kind,
            text: None,
            bytes: Arc::from([]),
            encoding: None,
            notes,
        });
        match format {
            None => {
                let what = magic::binary_name(&bytes).unwrap_or("archive");
                self.coverage.unread(&path, format!("is a {what}, which is not opened"), true);
            }
            Some(_) if depth >= self.limits.archive_depth => {
                self.coverage.unread(&path, format!("is an archive inside {depth} others, and is not opened"), true);
            }
            Some(format) => archive::open(self, &path, &format!("{path}!/"), format, &bytes, depth + 1),
        }
    }

    /// Takes in the script that stands in front of an archive, if there is one, under the name of both.
    fn front(&mut self, path: &str, bytes: &[u8]) -> bool {
        let Some((kind, script)) = classify::script_in_front(path, bytes) else { return false };
        let decoded = if kind == FileKind::Python { decode::python(script) } else { decode::plain(script) };
        let mut notes = decoded.notes;
        notes.push("is a script with an archive behind it; both were read".to_owned());
        self.push(SourceFile {
            path: path.to_owned(),
            size: script.len() as u64,
            digest: hex(&Sha256::digest(bytes)),
            kind,
            text: Some(Arc::from(decoded.text)),
            bytes: Arc::from(script),
            encoding: Some(decoded.encoding),
            notes,
        });
        true
    }

    /// Takes in a notebook: its code cells are its text.
    fn notebook(&mut self, path: String, bytes: Vec<u8>, mut notes: Vec<String>) {
        let decoded = decode::plain(&bytes);
        let read = match notebook::read(&decoded.text) {
            Ok(read) => read,
            Err(why) => {
                // Another reader may be less strict, and run what is in it.
                if decoded.text.contains("cell_type") {
                    self.coverage.unread(&path, format!("is a notebook that cannot be read: {why}"), true);
                } else {
                    notes.push(format!("is named as a notebook and is none ({why})"));
                }
                self.store(path, &FileKind::Text, bytes, notes);
                return;
            }
        };
        notes.extend(decoded.notes);
        notes.push(format!("is a notebook; its {} code cells were read as one module", read.cells));
        if !read.in_place {
            notes.push("holds several lines of code on one line of the file; lines of its code are counted".to_owned());
        }
        let kind = read.language.map_or(FileKind::Python, FileKind::OtherSource);
        self.push(SourceFile {
            path,
            size: bytes.len() as u64,
            digest: hex(&Sha256::digest(&bytes)),
            kind,
            text: Some(Arc::from(read.code)),
            bytes: Arc::from(bytes),
            encoding: Some(decoded.encoding),
            notes,
        });
    }

    fn store(&mut self, path: String, kind: &FileKind, bytes: Vec<u8>, mut notes: Vec<String>) {
        let size = bytes.len() as u64;
        let digest = hex(&Sha256::digest(&bytes));
        if let Some(same) = self
            .contents
            .get(&digest)
            .and_then(|&at| self.files.get(at))
            .filter(|same| same.kind == *kind && !notebook::is_named(&same.path))
        {
            let mut file = same.clone();
            for note in notes {
                if !file.notes.contains(&note) {
                    file.notes.push(note);
                }
            }
            file.path = path;
            self.push(file);
            return;
        }
        let decoded = match kind {
            FileKind::Python | FileKind::PythonStub => Some(decode::python(&bytes)),
            FileKind::OtherSource(language) if language == "cython" => Some(decode::python(&bytes)),
            FileKind::OtherSource(_) | FileKind::Text => Some(decode::plain(&bytes)),
            FileKind::Empty => Some(decode::plain(&[])),
            FileKind::Data | FileKind::Binary(_) | FileKind::Archive => None,
        };
        let (text, kept, encoding) = match decoded {
            Some(decoded) => {
                notes.extend(decoded.notes);
                let same = decoded.text.as_bytes() == bytes;
                let text: Arc<str> = Arc::from(decoded.text);
                // Text whose bytes are its UTF-8 is held once.
                let kept: Arc<[u8]> = if same { Arc::from(Arc::clone(&text)) } else { Arc::from(bytes) };
                (Some(text), kept, Some(decoded.encoding))
            }
            None => {
                let most = usize::try_from(self.limits.binary_bytes).unwrap_or(usize::MAX);
                (None, Arc::from(bytes.get(..most).unwrap_or(&bytes)), None)
            }
        };
        self.push(SourceFile { path, size, digest, kind: kind.clone(), text, bytes: kept, encoding, notes });
    }

    /// Adds a file. Of several entries of one name the last keeps it, because that is the one an installer leaves; the ones before get a number.
    fn push(&mut self, file: SourceFile) {
        let at = self.files.len();
        if let Some(&before) = self.places.get(&file.path) {
            self.coverage.note(
                &file.path,
                "stands in the archive more than once; every one was read, and the last keeps the name",
            );
            let number = self.repeats.entry(file.path.clone()).or_insert(1);
            while self.places.contains_key(&format!("{}#{number}", file.path)) {
                *number += 1;
            }
            let renamed = format!("{}#{number}", file.path);
            if let Some(old) = self.files.get_mut(before) {
                old.path.clone_from(&renamed);
                old.notes.push(format!("is overwritten by a later entry of the name `{}`", file.path));
            }
            self.places.insert(renamed, before);
        }
        self.places.insert(file.path.clone(), at);
        self.contents.entry(file.digest.clone()).or_insert(at);
        self.files.push(file);
    }

    /// Files read so far.
    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    /// Gives links the content they lead to, as far as that is in the same archive. Where a link leads is told by the whole
    /// archive, whatever the order of its entries: over other links, and through links to folders. Of a file and a link of
    /// the same name the later one has the name, as it does when the archive is written to a disk.
    pub(crate) fn link(&mut self, links: Vec<Link>) {
        let mut last: BTreeMap<String, Link> = BTreeMap::new();
        for link in links {
            // What is written to the name of a link later is written where the link leads, and is found under both names.
            if self.places.get(&link.path).is_some_and(|&at| at >= link.after) {
                self.coverage.note(&link.path, "stands in the archive as a link and as a file; the file came last");
                continue;
            }
            last.insert(link.path.clone(), link);
        }
        let mut given: Vec<(String, usize, String)> = Vec::new();
        for (path, link) in &last {
            let word = if link.hard { "hard link" } else { "symbolic link" };
            let to = &link.to;
            let Some(target) = destination(&last, link) else {
                let why = match lead(link) {
                    Some(_) => format!("is a {word} to `{to}`, which is no file of the archive"),
                    None => format!("is a {word} out of the archive, to `{to}`"),
                };
                self.coverage.note(path, why);
                continue;
            };
            if let Some(&at) = self.places.get(&target).filter(|_| !last.contains_key(&target)) {
                given.push((path.clone(), at, format!("is a {word} to `{to}`")));
                continue;
            }
            let folder = format!("{target}/");
            let inside: Vec<(String, usize)> = self
                .places
                .range(folder.clone()..)
                .take_while(|(known, _)| known.starts_with(&folder))
                .filter_map(|(known, &at)| Some((known.get(folder.len()..)?.to_owned(), at)))
                .collect();
            if inside.is_empty() || path.starts_with(&folder) {
                let ends = if inside.is_empty() { ", which is no file of the archive" } else { "" };
                self.coverage.note(path, format!("is a {word} to `{to}`{ends}"));
                continue;
            }
            self.coverage.note(path, format!("is a {word} to the folder `{to}`; its files were read under both names"));
            for (rest, at) in inside {
                let name = format!("{path}/{rest}");
                if !self.places.contains_key(&name) && !last.contains_key(&name) {
                    given.push((name, at, format!("is `{to}/{rest}` through a {word}")));
                }
            }
        }
        for (path, at, what) in given {
            let Some(found) = self.files.get(at).cloned() else { continue };
            if found.kind == FileKind::Archive {
                self.coverage.note(&path, what);
                continue;
            }
            // Each name is analyzed on its own, so a link costs what a copy costs.
            self.bytes += found.size;
            self.entries += 1;
            if self.bytes > self.limits.package_bytes || self.entries > self.limits.entries {
                self.full = true;
                let why = format!(
                    "{what}, and was left: more than {} bytes or {} entries in all",
                    self.limits.package_bytes, self.limits.entries
                );
                self.coverage.unread(&path, why, matters(&path, &found.bytes));
                continue;
            }
            let (kind, mut notes) = classify(&path, &found.bytes);
            notes.push(what);
            if kind == found.kind || found.text.is_none() {
                let mut file = found;
                file.path = path;
                file.notes.extend(notes);
                self.push(file);
            } else {
                self.store(path, &kind, found.bytes.to_vec(), notes);
            }
        }
    }

    fn finish(self) -> (Vec<SourceFile>, Coverage) {
        (self.files, self.coverage)
    }
}

/// The name that a link gives as its own destination, nothing of which is followed; `None` if it leaves the archive.
fn lead(link: &Link) -> Option<String> {
    let inside = link.path.strip_prefix(&link.root).unwrap_or(&link.path);
    let base = if link.hard { "" } else { inside.rsplit_once('/').map_or("", |(folder, _)| folder) };
    resolve_link(base, &link.to).map(|target| format!("{}{target}", link.root))
}

/// Where a link leads in the end, over other links and through links to folders; `None` if it leaves the archive or never ends.
fn destination(links: &BTreeMap<String, Link>, link: &Link) -> Option<String> {
    /// As many links as the system follows for one name.
    const MOST_LINKS: usize = 40;
    let mut target = lead(link)?;
    for _ in 0..MOST_LINKS {
        // The shortest part of the name that is a link is followed first.
        let ends = target.match_indices('/').map(|(at, _)| at).chain([target.len()]);
        let Some((end, next)) = ends.into_iter().find_map(|end| Some((end, links.get(target.get(..end)?)?))) else {
            return Some(target);
        };
        let rest = target.get(end..).unwrap_or_default().to_owned();
        let to = lead(next)?;
        target = format!("{to}{rest}");
    }
    None
}

/// The name a link leads to from the folder `base`, or nothing when it leaves the archive.
fn resolve_link(base: &str, to: &str) -> Option<String> {
    if to.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
