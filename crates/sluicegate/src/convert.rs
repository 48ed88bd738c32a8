//! From what intake read to what the engines and the panel take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_catalog::Catalog;
use sluice_flow::facts::{Disguised, Facts};
use sluice_flow::{Context, Entry, Source};
use sluice_intake::{Ecosystem, EntryKind, FileKind, MASKED, Package, PackageKind, SourceFile, is_named_as_package};
use sluice_review::model::{Coverage, Unread};
use sluice_review::{EntryPoint, FileInfo, PackageInfo};
use sluice_syntax::ir::Language;
use smol_str::SmolStr;

/// A package as the engines take it.
pub(crate) struct Analysis {
    pub(crate) sources: Vec<Source>,
    pub(crate) context: Context,
    /// Names of files that are not those in the package, by the name in the package; see [`analysis`].
    names: BTreeMap<String, String>,
    /// Files that hold code which no front end reads, with what they are.
    unanalyzed: Vec<(String, String)>,
    /// Files of data that code which reads them is not given, with why.
    withheld: Vec<(String, String)>,
    /// Files that were not analyzed because one with their name and content was.
    twins: u64,
    /// Notes on files that stand in several archives.
    notes: Vec<String>,
}

impl Analysis {
    /// The name under which a file of the package is told of.
    fn name(&self, path: &str) -> String {
        self.names.get(path).map_or(path, String::as_str).to_owned()
    }
}

/// Chooses what is analyzed.
///
/// The archives of one version, a source archive and its wheels, are one package: each of their files has the name
/// under which it is installed. Of files with the same name and content the first is analyzed for all; one whose name
/// is taken by other content keeps its full name, with the archive's.
/// Those in `robust`, names as in the package with the reason, are read on the robust path.
pub(crate) fn analysis(package: &Package, robust: &BTreeMap<&str, &str>) -> Analysis {
    let merged = merges(package);
    let mut analysis = Analysis {
        sources: Vec::new(),
        context: Context::default(),
        names: BTreeMap::new(),
        unanalyzed: Vec::new(),
        withheld: Vec::new(),
        twins: 0,
        notes: Vec::new(),
    };
    // Installed name → digest and full name of the file that has it.
    let mut taken: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    let mut twins = 0_usize;
    // The build files that are run at the installation.
    let builds: BTreeSet<&String> = package
        .manifest
        .entry_points
        .iter()
        .filter_map(|point| point.file.as_ref())
        .filter(|path| path.ends_with(".gyp") || path.ends_with(".gypi"))
        .collect();
    for file in &package.files {
        let is_manifest = package.manifest.read_from.contains(&file.path) && last(&file.path, '/') == "package.json";
        let found = match &file.text {
            Some(text) if is_manifest || builds.contains(&file.path) => Some((Arc::clone(text), Language::PackageJson)),
            _ => source(file),
        };
        let Some((text, language)) = found else {
            if let Some(what) = unread_code(&file.kind).or_else(|| unread_target(package, file)) {
                analysis.unanalyzed.push((file.path.clone(), what));
            }
            continue;
        };
        let mut path = file.path.clone();
        if merged {
            let short = installed_path(&file.path);
            match taken.get(&short) {
                Some((digest, _)) if *digest == file.digest => {
                    analysis.names.insert(file.path.clone(), short);
                    twins += 1;
                    continue;
                }
                Some((_, other)) => analysis
                    .notes
                    .push(format!("`{}` differs from `{other}`, which is installed to the same place", file.path)),
                None => {
                    taken.insert(short.clone(), (&file.digest, &file.path));
                    analysis.names.insert(file.path.clone(), short.clone());
                    path = short;
                }
            }
        }
        let why = robust.get(file.path.as_str());
        analysis.notes.extend(why.map(|why| format!("`{}` {why}", file.path)));
        analysis.sources.push(Source { path, text, language, robust: why.is_some() });
    }
    (analysis.context.data, analysis.withheld) = data_files(package, merged);
    analysis.twins = twins as u64;
    // The order of names is the order of the output, and must not depend on the archives'.
    analysis.sources.sort_by(|a, b| a.path.cmp(&b.path));
    if twins > 0 {
        analysis
            .notes
            .push(format!("{twins} files stand in several archives with the same content and were analyzed once"));
    }
    let mut known: BTreeSet<(SmolStr, String, Option<String>)> = BTreeSet::new();
    for point in &package.manifest.entry_points {
        let Some(file) = &point.file else { continue };
        let file = analysis.name(file);
        let function = point.function.as_deref().and_then(function_name).map(ToOwned::to_owned);
        let when = SmolStr::new(when(point.kind));
        if known.insert((when.clone(), file.clone(), function.clone())) {
            analysis.context.entries.push(Entry { when, file, function });
        }
    }
    analysis
}

/// Largest file of data that code which reads it is given, in bytes.
pub const DATA_FILE_BYTES: u64 = 2 << 20;
/// Most bytes of all such files of a package.
pub const DATA_BYTES: u64 = 64 << 20;

/// Named bytes.
type Data = Vec<(String, Arc<[u8]>)>;

/// The files that code may read from beside itself: those that are no source and are there as a whole. And those that it is
/// not given, with why: where it executes them, it is not known.
fn data_files(package: &Package, merged: bool) -> (Data, Vec<(String, String)>) {
    let mut left = DATA_BYTES;
    let (mut files, mut withheld) = (Vec::new(), Vec::new());
    for file in &package.files {
        let is_data = matches!(file.kind, FileKind::Text | FileKind::Data | FileKind::Binary(_))
            || matches!(&file.kind, FileKind::OtherSource(name) if Language::from_name(name).is_none_or(Language::is_also_data));
        if !is_data || file.size == 0 {
            continue;
        }
        if file.size > DATA_FILE_BYTES || file.bytes.len() as u64 != file.size {
            let why = format!("is {} bytes large, more than code that reads it is given here", file.size);
            withheld.push((file.path.clone(), why));
            continue;
        }
        let Some(rest) = left.checked_sub(file.size) else {
            withheld
                .push((file.path.clone(), format!("stands behind {DATA_BYTES} bytes of data that code is given here")));
            continue;
        };
        left = rest;
        let path = if merged { installed_path(&file.path) } else { file.path.clone() };
        files.push((path, Arc::clone(&file.bytes)));
    }
    (files, withheld)
}

/// True if the package is a set of archives side by side, as a version from an index is, and nothing else.
fn merges(package: &Package) -> bool {
    let mut inside = package.files.iter().filter(|file| file.kind != FileKind::Archive).peekable();
    package.kind == PackageKind::Package
        && inside.peek().is_some()
        && inside.all(|file| file.path.split_once("!/").is_some_and(|(archive, _)| !archive.contains('/')))
}

/// Where a file of an archive is installed: without the archive's own name, the folder that a source archive puts
/// around everything, and `src/`.
fn installed_path(path: &str) -> String {
    let Some((archive, inside)) = path.split_once("!/") else { return path.to_owned() };
    let has_own_folder = !(archive.ends_with(".whl") || archive.ends_with(".egg"));
    let inside = if has_own_folder { inside.split_once('/').map_or(inside, |(_, rest)| rest) } else { inside };
    let inside = inside
        .split_once(".data/purelib/")
        .or_else(|| inside.split_once(".data/platlib/"))
        .map_or(inside, |(_, rest)| rest);
    inside.strip_prefix("src/").unwrap_or(inside).to_owned()
}

/// The text of a file that a front end reads, and its language.
pub(crate) fn source(file: &SourceFile) -> Option<(Arc<str>, Language)> {
    let text = file.text.as_ref()?;
    match &file.kind {
        FileKind::Python => Some((Arc::clone(text), Language::Python)),
        FileKind::OtherSource(name) if name == "pth" => Some((path_file(text), Language::Python)),
        // A front end alone makes no review: without a catalog nothing of what the code does would be known.
        FileKind::OtherSource(name) => {
            let language = Language::from_name(name)?;
            let dialect = sluice_flow::dialect_name(language);
            Catalog::languages().any(|known| known == dialect).then(|| (Arc::clone(text), language))
        }
        _ => None,
    }
}

/// What the interpreter executes of a `.pth` file: the lines that start with `import`. The others name folders; they
/// are left blank, so that lines keep their numbers.
fn path_file(text: &str) -> Arc<str> {
    let mut code = String::with_capacity(text.len());
    // Lines end where Python's `str.splitlines` ends them, which is at more than line feeds.
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(ends).unwrap_or(rest.len());
        let (line, after) = rest.split_at(at);
        let end = if after.starts_with("\r\n") { 2 } else { after.chars().next().map_or(0, char::len_utf8) };
        if line.starts_with("import ") || line.starts_with("import\t") {
            code.push_str(line);
        }
        if end > 0 {
            code.push('\n');
        }
        rest = after.get(end..).unwrap_or_default();
    }
    Arc::from(code)
}

/// The masked programs among the files that are named as source code.
pub(crate) fn disguised(package: &Package, analysis: &Analysis) -> Vec<Disguised> {
    let programs = package.files.iter().filter_map(|file| match &file.kind {
        FileKind::Binary(format) => Some((file, format.strip_prefix(MASKED)?)),
        _ => None,
    });
    programs.map(|(file, what)| Disguised { file: analysis.name(&file.path), what: what.to_owned() }).collect()
}

/// What a file is that holds code and that no front end reads. `None` for files that hold no code.
fn unread_code(kind: &FileKind) -> Option<String> {
    match kind {
        FileKind::OtherSource(language) => Some(format!("{language} source, which is not analyzed")),
        FileKind::Binary(format) if is_machine_code(format) => {
            Some(format!("a file of the format {format}, which is not analyzed"))
        }
        _ => None,
    }
}

/// What is asked about alone and cannot be read: nothing is known of it. `None` for what was read, and for formats that are
/// known to hold no program.
fn unread_target(package: &Package, file: &SourceFile) -> Option<String> {
    if package.kind != PackageKind::File {
        return None;
    }
    match file.kind {
        FileKind::Text | FileKind::Data if is_named_as_package(&file.path) => {
            Some("named as an archive, and is none that can be opened".to_owned())
        }
        FileKind::Data => Some("data of no known format, which cannot be read".to_owned()),
        _ => None,
    }
}

fn is_machine_code(format: &str) -> bool {
    const WORDS: [&str; 11] = [
        "HTML help",
        "executable",
        "bytecode",
        "bitcode",
        "class",
        "module",
        "program",
        "shortcut",
        "OLE compound file",
        "AppleScript",
        "disk image",
    ];
    WORDS.iter().any(|word| format.ends_with(word))
}

/// Archives of other worlds than those whose packages are read: all of their code is unread.
fn is_foreign(path: &str) -> bool {
    const FOREIGN: [&str; 10] = [".crate", ".jar", ".war", ".ear", ".aar", ".apk", ".gem", ".nupkg", ".xpi", ".crx"];
    let path = path.to_ascii_lowercase();
    FOREIGN.iter().any(|end| path.ends_with(end))
}

/// The function of a declared object, `package.module:function` → `function`. `None` when only a module is named.
fn function_name(object: &str) -> Option<&str> {
    let (_, function) = object.split_once(':')?;
    let function = function.trim();
    (!function.is_empty()).then_some(function)
}

/// The closed list's word for the time at which an entry point runs.
const fn when(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Install => "install",
        EntryKind::Build => "build",
        EntryKind::Startup => "startup",
        EntryKind::Import => "import",
        EntryKind::Plugin => "activate",
        EntryKind::Run => "run",
    }
}

/// What the panel needs to know about the package. `left_out` are files that a caller kept from analysis.
pub(crate) fn info(package: &Package, analysis: &Analysis, facts: &Facts, left_out: Vec<Unread>) -> PackageInfo {
    let manifest = &package.manifest;
    let mut coverage = Coverage {
        files: analysis.sources.len() as u64,
        bytes: analysis.sources.iter().map(|source| source.text.len() as u64).sum(),
        seen: package.coverage.files,
        data: 0,
        folders: package.coverage.folders,
        links: package.coverage.links,
        unread: left_out,
        notes: analysis.notes.clone(),
    };
    let code = analysis.sources.len() as u64 + analysis.twins + analysis.unanalyzed.len() as u64;
    coverage.data = (package.files.len() as u64).saturating_sub(code);
    let named = Named::of(package, facts);
    coverage.unread.extend(package.coverage.unread.iter().map(|unread| Unread {
        file: unread.file.clone(),
        why: unread.why.clone(),
        // A picture, by its name, that code executes is no picture.
        matters: unread.matters || named.holds(&unread.file),
    }));
    coverage.unread.extend(
        analysis.withheld.iter().filter(|(file, _)| named.executes(file)).map(|(file, why)| Unread {
            file: file.clone(),
            why: why.clone(),
            matters: true,
        }),
    );
    // What an installer of Python packages brings besides Python runs where something names it.
    let beside = |file: &str| {
        let ends = [".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".html", ".htm", ".svg", ".vue", ".svelte", ".astro"];
        package.ecosystem == Some(Ecosystem::Pypi) && ends.iter().any(|end| file.ends_with(end))
    };
    for left_out in &mut coverage.unread {
        left_out.matters &= !beside(&left_out.file) || named.holds(&left_out.file);
    }
    // Where no code is read, or the package is made for another world, what is not read is all there is.
    let nothing_else = analysis.sources.is_empty() || is_foreign(&package.name);
    coverage.unread.extend(analysis.unanalyzed.iter().map(|(file, what)| Unread {
        file: file.clone(),
        why: format!("is {what}"),
        // What was asked about and not read is not judged.
        matters: nothing_else || package.kind == PackageKind::File || named.holds(file),
    }));
    // A file that was asked to be read with less detail has its own note; text that was lost on the way is unread.
    let with_care = |path: &str| analysis.sources.iter().any(|source| source.robust && source.path == path);
    coverage.unread.extend(facts.modules.iter().filter(|module| module.depth == 0).filter_map(|module| {
        let lost = module.lost.get(usize::from(with_care(&module.path))..)?;
        let first = lost.first()?;
        let what = module.diagnostics.iter().find(|(place, _)| place == first).map_or("", |(_, message)| message);
        let more = if lost.len() > 1 { format!(", and {} more places", lost.len() - 1) } else { String::new() };
        Some(Unread {
            file: module.path.clone(),
            why: format!("could not be read whole: line {}: {what}{more}", facts.line(*first)),
            // What no entry point of a package reaches cannot matter to its verdict; a file alone has no entry points.
            matters: package.kind != PackageKind::Package || !module.when.is_empty(),
        })
    }));
    coverage.notes.extend(package.coverage.notes.iter().map(|note| format!("`{}` {}", note.file, note.what)));
    coverage.notes.extend(manifest.notes.iter().cloned());
    for file in &package.files {
        coverage.notes.extend(file.notes.iter().map(|note| format!("`{}`: {note}", file.path)));
        if matches!(&file.kind, FileKind::Binary(format) if format == "Python bytecode")
            && let Some(compiled) = sluice_syntax::bytecode::read_file(&file.bytes)
        {
            coverage.notes.push(format!("`{}`: {}", file.path, compiled.told()));
        }
    }
    let mut urls: Vec<String> = manifest.home_page.iter().chain(&manifest.urls).cloned().collect();
    urls.dedup();
    PackageInfo {
        target: package.name.clone(),
        digest: format!("sha256:{}", package.digest),
        kind: match package.kind {
            PackageKind::File => sluice_review::PackageKind::File,
            PackageKind::FileSet => sluice_review::PackageKind::FileSet,
            PackageKind::Package => sluice_review::PackageKind::Package,
        },
        name: manifest.name.clone(),
        version: package.version.clone(),
        summary: manifest.summary.clone(),
        description: manifest.description.clone(),
        urls,
        index: package.ecosystem.map(|ecosystem| match ecosystem {
            Ecosystem::Pypi => "pypi".to_owned(),
            Ecosystem::Npm => "npm".to_owned(),
        }),
        contradictions: manifest.contradictions.clone(),
        foreign: manifest.foreign.clone(),
        entry_points: entry_points(package, analysis),
        files: files(package, analysis),
        coverage,
    }
}

/// What the manifest declares to run. What several archives declare alike is told once.
fn entry_points(package: &Package, analysis: &Analysis) -> Vec<EntryPoint> {
    let mut points: Vec<EntryPoint> = Vec::new();
    for point in &package.manifest.entry_points {
        let point = EntryPoint {
            when: when(point.kind).to_owned(),
            name: String::new(),
            file: point.file.as_deref().map(|file| analysis.name(file)),
            function: point.function.as_deref().and_then(function_name).map(ToOwned::to_owned),
            command: None,
        };
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// The files under the names they are told of, each once.
fn files(package: &Package, analysis: &Analysis) -> Vec<FileInfo> {
    let mut known = BTreeSet::new();
    package
        .files
        .iter()
        .map(|file| FileInfo {
            path: analysis.name(&file.path),
            kind: kind_word(&file.kind).to_owned(),
            size: file.size,
        })
        .filter(|file| known.insert(file.path.clone()))
        .collect()
}

const fn kind_word(kind: &FileKind) -> &'static str {
    match kind {
        FileKind::Python | FileKind::PythonStub | FileKind::OtherSource(_) => "source",
        FileKind::Text => "text",
        FileKind::Data => "data",
        FileKind::Binary(_) => "binary",
        FileKind::Archive => "archive",
        FileKind::Empty => "empty",
    }
}

/// The files that analyzed code or the manifest names: what of them was not analyzed can be reached, and matters.
struct Named {
    /// Files that the manifest has run.
    files: BTreeSet<String>,
    /// Modules that are imported and are not among those that were read.
    modules: BTreeSet<String>,
    /// All that is imported, modules or what they hold, with the names of the modules in front.
    imported: BTreeSet<String>,
    /// Words of commands, of executed code, and of what is loaded.
    words: BTreeSet<String>,
    /// Names of files whose content is executed.
    executed: BTreeSet<String>,
    /// Modules of which there is source, by their paths without ending.
    sources: BTreeSet<String>,
}

impl Named {
    fn of(package: &Package, facts: &Facts) -> Self {
        let files = package.manifest.entry_points.iter().filter_map(|point| point.file.clone()).collect();
        let imports = facts.modules.iter().flat_map(|module| &module.imports);
        let modules =
            imports.clone().filter(|import| import.internal.is_none()).map(|import| last(&import.name, '.')).collect();
        let whole = imports.flat_map(|import| {
            let symbol = facts.evidence(import.evidence).and_then(|place| place.symbol.as_ref());
            [Some(&import.name), symbol].into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>()
        });
        let imported = whole.collect();
        let executed = facts
            .paths
            .iter()
            .filter(|path| path.sink.kind.starts_with("code.") || path.sink.kind.starts_with("process."))
            .filter_map(|path| path.source.detail.as_deref())
            .map(|detail| last(&detail.replace('\\', "/"), '/'))
            .filter(|name| !name.is_empty())
            .collect();
        let sources =
            package.files.iter().filter_map(|file| file.path.strip_suffix(".py").map(ToOwned::to_owned)).collect();
        let mut words = BTreeSet::new();
        for event in &facts.events {
            let runs = event.actions.iter().any(|action| {
                ["process.", "code.", "import.", "memory."].iter().any(|family| action.starts_with(family))
            });
            if !runs {
                continue;
            }
            for literal in event.args.iter().flat_map(|arg| &arg.value.literals) {
                let names = literal.split(|c: char| c.is_whitespace() || "/\\\"'=;&|".contains(c));
                words.extend(names.filter(|name| !name.is_empty()).map(ToOwned::to_owned));
            }
        }
        Self { files, modules, imported, words, executed, sources }
    }

    /// Whether the content of a file reaches what executes it.
    fn executes(&self, file: &str) -> bool {
        let name = last(file, '/');
        self.executed.contains(&name) || self.words.contains(&name)
    }

    /// Whether a file is a compiled module without source that can be imported, in whatever form: the name may be computed.
    /// Honest packages have such files among the data of their tests only.
    fn is_sourceless(&self, file: &str) -> bool {
        const DATA: [&str; 8] = ["test", "tests", "testing", "testdata", "fixtures", "data", "examples", "docs"];
        let Some(module) = file.strip_suffix(".pyc").or_else(|| file.strip_suffix(".pyo")) else { return false };
        let in_data = || {
            let mut folders = module.split('/').rev().skip(1);
            folders.any(|folder| folder == "__pycache__" || DATA.contains(&folder))
        };
        !self.sources.contains(module) && (self.imports(module) || !in_data())
    }

    /// Whether something imports a module, by its path without ending.
    fn imports(&self, module: &str) -> bool {
        let dotted = module.rsplit("!/").next().unwrap_or(module).replace('/', ".");
        let dotted = dotted.strip_suffix(".__init__").unwrap_or(&dotted);
        let ends_with = |long: &str, short: &str| {
            long == short || long.strip_suffix(short).is_some_and(|before| before.ends_with('.'))
        };
        // The path may begin with the folder that an archive puts around everything, or with `src`.
        self.imported.iter().any(|name| ends_with(name, dotted) || ends_with(dotted, name))
    }

    fn holds(&self, file: &str) -> bool {
        let name = last(file, '/');
        let stem = name.split('.').next().unwrap_or(&name).to_owned();
        // A program under the name of source is unread as well.
        let is_extension =
            [".so", ".pyd", ".dylib", ".pyc", ".pyo", ".py", ".js"].iter().any(|end| name.ends_with(end));
        self.files.contains(file)
            || self.executes(file)
            || (is_extension && self.modules.contains(&stem))
            || self.is_sourceless(file)
    }
}

/// The part behind the last separator.
fn last(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_of_several_archives_has_one_place() {
        for path in [
            "demo-1.0.tar.gz!/demo-1.0/demo/core.py",
            "demo-1.0.tar.gz!/demo-1.0/src/demo/core.py",
            "demo-1.0-py3-none-any.whl!/demo/core.py",
            "demo-1.0-py3-none-any.whl!/demo-1.0.data/purelib/demo/core.py",
        ] {
            assert_eq!(installed_path(path), "demo/core.py", "{path}");
        }
        assert_ne!(installed_path("demo-1.0.tar.gz!/demo-1.0/setup.py"), "demo/core.py");
    }

    #[test]
    fn only_import_lines_of_a_path_file_are_code() {
        assert_eq!(
            &*path_file("../lib\nimport site; site.x()\n# import y\nimport\tos"),
            "\nimport site; site.x()\n\nimport\tos"
        );
        // Whatever ends a line for the interpreter ends it here.
        assert_eq!(&*path_file("../x\rimport os\r\n../y\u{c}import sys"), "\nimport os\n\nimport sys");
    }

    #[test]
    fn a_declared_object_names_its_function() {
        assert_eq!(function_name("demo.cli:main"), Some("main"));
        assert_eq!(function_name("demo.cli:App.run "), Some("App.run"));
        assert_eq!(function_name("demo.cli"), None);
        assert_eq!(function_name("demo.cli:"), None);
    }
}
