//! Entry points: what of a package runs without being called, and when.
//!
//! Only what the manifest declares, and what a file's name or place declares, is found here. What code registers when it runs is found by the stage that follows values.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::ini::Ini;
use crate::manifest::Root;
use crate::package::{EntryKind, EntryPoint, FileKind, SourceFile};

/// Top-level names of a source tree that are not installed with the package, unless `top_level.txt` says so.
const NOT_INSTALLED: [&str; 18] = [
    "setup.py",
    "conftest.py",
    "noxfile.py",
    "tasks.py",
    "fabfile.py",
    "versioneer.py",
    "test.py",
    "tests.py",
    "test",
    "tests",
    "testing",
    "doc",
    "docs",
    "example",
    "examples",
    "benchmarks",
    "scripts",
    "tools",
];

/// Whether a top-level name of a source tree is most likely not installed.
fn is_left_behind(top: &str) -> bool {
    NOT_INSTALLED.contains(&top) || (top.ends_with(".py") && (top.starts_with("test_") || top.ends_with("_test.py")))
}

/// All entry points of a package, sorted. `files` is sorted by path.
pub(crate) fn points(files: &[SourceFile], roots: &[Root], notes: &mut Vec<String>) -> Vec<EntryPoint> {
    let mut found = BTreeSet::new();
    for root in roots {
        let tree = Tree::new(files, root);
        tree.by_place(&mut found);
        tree.imports(&mut found);
        tree.declared(&mut found, notes);
    }
    found.into_iter().collect()
}

/// Files that tell a build what is installed.
const BUILDS: [&str; 3] = ["setup.py", "setup.cfg", "pyproject.toml"];

/// Which modules beside `setup.py` may be installed. Files there that nothing names are scripts of the developers: a build
/// that is left to find what there is takes modules only where there is no package.
enum Beside<'a> {
    /// Each of them may be: a tree without a package, or a list of modules that is computed.
    All,
    /// What the build names, and what another file imports.
    Named(BTreeSet<&'a str>),
}

impl Beside<'_> {
    fn holds(&self, module: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(named) => named.contains(module),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// True if a list of single modules is more than a list of texts, so that the file does not tell what is in it.
fn computes_modules(text: &str) -> bool {
    let is_plain = |rest: &str| {
        rest.trim_start_matches([' ', '=', '"', '\'', ':', '\n', '\r', '\t'])
            .strip_prefix('[')
            .and_then(|list| list.split_once(']'))
            .is_some_and(|(list, after)| {
                list.chars().all(|c| is_name(c) || " \n\r\t.,-'\"".contains(c))
                    && !list.trim_start().starts_with(is_name)
                    && !after.trim_start_matches([' ', '\t']).starts_with(['+', '*', '.', '['])
            })
    };
    ["py_modules", "py-modules"]
        .iter()
        .any(|key| text.match_indices(key).any(|(at, _)| !text.get(at + key.len()..).is_some_and(is_plain)))
}

/// The top-level names that a line of code imports.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_start();
    let (list, most) = match (line.strip_prefix("import "), line.strip_prefix("from ")) {
        (Some(list), _) => (list, usize::MAX),
        (None, Some(rest)) => (rest, 1),
        (None, None) => ("", 0),
    };
    list.split(',').take(most).filter_map(|part| {
        let part = part.trim_start();
        part.split(|c: char| !is_name(c)).next().filter(|name| !name.is_empty())
    })
}

/// The files of one root, by their path under it.
struct Tree<'a> {
    root: &'a Root,
    files: BTreeMap<&'a str, &'a SourceFile>,
}

impl<'a> Tree<'a> {
    fn new(files: &'a [SourceFile], root: &'a Root) -> Self {
        let files = files
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(&root.prefix)?, file)))
            .filter(|(rest, _)| !rest.contains("!/"))
            .collect();
        Self { root, files }
    }

    fn path(&self, rest: &str) -> Option<String> {
        self.files.get(rest).map(|file| file.path.clone())
    }

    /// Folders from which modules are imported.
    fn import_roots(&self) -> Vec<String> {
        let mut roots = vec![String::new()];
        if self.root.installed {
            // A wheel may hold a second tree that is installed to the same place.
            for rest in self.files.keys() {
                let mut parts = rest.splitn(3, '/');
                if let (Some(first), Some(place @ ("purelib" | "platlib")), Some(_)) =
                    (parts.next(), parts.next(), parts.next())
                    && first.ends_with(".data")
                {
                    roots.push(format!("{first}/{place}/"));
                }
            }
        } else {
            roots.extend(
                ["src/", "lib/"]
                    .into_iter()
                    .filter(|folder| !self.files.contains_key(format!("{folder}__init__.py").as_str()))
                    .map(ToOwned::to_owned),
            );
        }
        roots.sort();
        roots.dedup();
        roots
    }

    /// Finds what a file's name and place alone make run.
    fn by_place(&self, found: &mut BTreeSet<EntryPoint>) {
        let roots = self.import_roots();
        for (rest, file) in &self.files {
            let (folder, name) = rest.rsplit_once('/').map_or(("", *rest), |(folder, name)| (folder, name));
            let at_import_root = roots.iter().any(|root| root.trim_end_matches('/') == folder);
            let kind = match name {
                "setup.py" if folder.is_empty() && !self.root.installed => EntryKind::Install,
                "sitecustomize.py" | "usercustomize.py" if at_import_root => EntryKind::Startup,
                _ if compiled(rest).is_some_and(|module| {
                    at_import_root && matches!(&*module, "sitecustomize" | "usercustomize") && !self.has_source(&module)
                }) =>
                {
                    EntryKind::Startup
                }
                "__main__.py" => EntryKind::Run,
                // The test runner loads it before any test.
                "conftest.py" => EntryKind::Run,
                // In a source tree a build may put the file anywhere.
                _ if name.ends_with(".pth") && (at_import_root || !self.root.installed) => EntryKind::Startup,
                _ if self.root.installed && folder.ends_with(".data/scripts") && !folder.contains('/') => {
                    EntryKind::Run
                }
                _ if self.root.installed
                    && folder
                        .split_once('/')
                        .is_some_and(|(first, second)| first.ends_with(".data") && second == "scripts") =>
                {
                    EntryKind::Run
                }
                _ => continue,
            };
            found.insert(EntryPoint {
                kind,
                file: Some(file.path.clone()),
                function: None,
                declared_in: file.path.clone(),
            });
        }
    }

    /// Finds the modules that the first `import` of the package runs.
    fn imports(&self, found: &mut BTreeSet<EntryPoint>) {
        let declared = self.top_level();
        let beside = OnceCell::new();
        for root in self.import_roots() {
            for (rest, file) in &self.files {
                let Some(inside) = rest.strip_prefix(root.as_str()) else { continue };
                if self.is_compiled_package(&root, inside) {
                    found.insert(EntryPoint {
                        kind: EntryKind::Import,
                        file: Some(file.path.clone()),
                        function: None,
                        declared_in: file.path.clone(),
                    });
                }
                if !matches!(file.kind, FileKind::Python | FileKind::Empty) {
                    continue;
                }
                let (top, deeper) = inside.split_once('/').map_or((inside, None), |(top, deeper)| (top, Some(deeper)));
                let module = top.strip_suffix(".py").unwrap_or(top);
                let named = declared.contains(module);
                // A tree of sources holds much that is not installed; a wheel holds nothing else.
                if !named && !self.root.installed && root.is_empty() && is_left_behind(top) {
                    continue;
                }
                let is_entry = match deeper {
                    None => {
                        top.ends_with(".py")
                            && (named
                                || !root.is_empty()
                                || beside.get_or_init(|| self.beside_the_build()).holds(module))
                    }
                    Some("__init__.py") => true,
                    Some(deeper) => {
                        (named || self.root.installed || root == "src/") && self.opens_namespace(&root, top, deeper)
                    }
                };
                if is_entry && !(top.ends_with(".data") || top.ends_with(".dist-info") || top == "EGG-INFO") {
                    found.insert(EntryPoint {
                        kind: EntryKind::Import,
                        file: Some(file.path.clone()),
                        function: None,
                        declared_in: file.path.clone(),
                    });
                }
            }
        }
    }

    /// What is installed of the modules that stand beside `setup.py`.
    fn beside_the_build(&self) -> Beside<'_> {
        let text = |name: &str| self.files.get(name).and_then(|file| file.text.as_deref());
        let has_package = self.files.keys().any(|name| {
            let inside = name.strip_prefix("src/").unwrap_or(name);
            inside.split_once('/').is_some_and(|(top, deeper)| deeper == "__init__.py" && !is_left_behind(top))
        });
        if self.root.installed || !has_package {
            return Beside::All;
        }
        // `setup.cfg` lists its modules plainly.
        if BUILDS.iter().filter(|name| **name != "setup.cfg").filter_map(|name| text(name)).any(computes_modules) {
            return Beside::All;
        }
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let lines = BUILDS.iter().filter_map(|name| text(name)).flat_map(str::lines);
        for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
            named.extend(line.split(|c: char| !is_name(c)).filter(|word| !word.is_empty()));
        }
        for (name, file) in &self.files {
            if file.kind == FileKind::Python && !BUILDS.contains(name) {
                named.extend(file.text.as_deref().into_iter().flat_map(str::lines).flat_map(imported));
            }
        }
        Beside::Named(named)
    }

    /// Whether a compiled file without source is what importing the package runs: bytecode at the top or of a package's own
    /// module, and native code of a package's own module. Other native modules at the top are mostly helpers of the package
    /// beside them.
    fn is_compiled_package(&self, root: &str, inside: &str) -> bool {
        let Some(module) = compiled(inside) else { return false };
        let is_bytecode = inside.ends_with(".pyc") || inside.ends_with(".pyo");
        let at_place = match module.split_once('/') {
            None => is_bytecode || self.is_only_module(root),
            Some((_, rest)) => rest == "__init__",
        };
        at_place
            && self.root.installed
            && !inside.contains("__pycache__/")
            && !self.has_source(&format!("{root}{module}"))
    }

    /// Whether no Python source is installed from a root.
    fn is_only_module(&self, root: &str) -> bool {
        !self.files.keys().any(|rest| rest.starts_with(root) && rest.ends_with(".py"))
    }

    fn has_source(&self, module: &str) -> bool {
        self.files.contains_key(format!("{module}.py").as_str())
    }

    /// Whether a module below a folder without `__init__.py` is the first one on its way: a namespace package has no module of its own.
    fn opens_namespace(&self, root: &str, top: &str, deeper: &str) -> bool {
        let mut folder = format!("{root}{top}/");
        let mut rest = deeper;
        loop {
            if self.files.contains_key(format!("{folder}__init__.py").as_str()) {
                return rest == "__init__.py";
            }
            match rest.split_once('/') {
                Some((next, after)) => {
                    folder.push_str(next);
                    folder.push('/');
                    rest = after;
                }
                None => return rest.ends_with(".py"),
            }
        }
    }

    /// Top-level modules that built metadata names.
    fn top_level(&self) -> BTreeSet<&'a str> {
        self.files
            .iter()
            .filter(|(rest, _)| rest.ends_with("/top_level.txt") && rest.matches('/').count() == 1)
            .filter_map(|(_, file)| file.text.as_deref())
            .flat_map(|text| text.lines().map(str::trim))
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// Finds what manifest files declare.
    fn declared(&self, found: &mut BTreeSet<EntryPoint>, notes: &mut Vec<String>) {
        for (rest, file) in &self.files {
            let Some(text) = file.text.as_deref() else { continue };
            match *rest {
                "pyproject.toml" => self.pyproject(text, &file.path, found),
                "setup.py" if !self.root.installed => self.setup(text, &file.path, found),
                "setup.cfg" => {
                    let ini = Ini::parse(text, true);
                    for (section, group, _) in ini.options() {
                        if section == "options.entry_points" || section == "entry_points" {
                            for line in ini.lines(section, group) {
                                self.line(line, group, &file.path, found);
                            }
                        }
                    }
                    for line in ini.lines("options", "cmdclass") {
                        if let Some((_, object)) = line.split_once('=') {
                            self.add(EntryKind::Install, object, &file.path, found);
                        }
                    }
                    for script in ini.lines("options", "scripts") {
                        self.script(script, &file.path, found);
                    }
                }
                rest if rest.ends_with("/entry_points.txt") && rest.matches('/').count() == 1 => {
                    let mut group = "";
                    for line in
                        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
                    {
                        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                            Some(name) => group = name.trim(),
                            None if line.contains('=') => self.line(line, group, &file.path, found),
                            None => notes.push(format!("`{}` holds a line that declares nothing", file.path)),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Commands that `setup.py` declares in the plainest way: texts of the form `name = package.module:function`, where it
    /// speaks of commands at all, and a list of `scripts`. It is code, and is not read here as such.
    fn setup(&self, text: &str, declared_in: &str, found: &mut BTreeSet<EntryPoint>) {
        /// Longest text that is taken for a declaration.
        const LONGEST: usize = 200;
        let pieces = |text: &str| -> Vec<String> {
            let pieces = ['"', '\''].into_iter().flat_map(|quote| text.split(quote));
            pieces.filter(|piece| piece.len() <= LONGEST).map(|piece| piece.trim().to_owned()).collect()
        };
        if text.contains("console_scripts") || text.contains("gui_scripts") {
            let is_name = |name: &str| {
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
            };
            for piece in pieces(text) {
                let Some((name, object)) = piece.split_once('=') else { continue };
                let Some((module, function)) = object.trim().split_once(':') else { continue };
                let function = function.split('[').next().unwrap_or(function).trim();
                if [name.trim(), module.trim(), function].iter().all(|part| is_name(part))
                    && self.module(module.trim()).is_some()
                {
                    self.add(EntryKind::Run, object, declared_in, found);
                }
            }
        }
        for (at, word) in text.match_indices("scripts") {
            let list =
                text.get(at + word.len()..).map(|rest| rest.trim_start_matches(['"', '\'', ' ', '=', ':', '\n']));
            let Some((list, _)) = list.and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.split_once(']'))
            else {
                continue;
            };
            for script in pieces(list) {
                self.script(script.trim_start_matches("./"), declared_in, found);
            }
        }
    }

    /// One `name = package.module:function [extra]` of a group.
    fn line(&self, line: &str, group: &str, declared_in: &str, found: &mut BTreeSet<EntryPoint>) {
        let Some((_, object)) = line.split_once('=') else { return };
        self.add(kind_of_group(group), object, declared_in, found);
    }

    fn add(&self, kind: EntryKind, object: &str, declared_in: &str, found: &mut BTreeSet<EntryPoint>) {
        let object = object.split('[').next().unwrap_or(object).trim();
        if object.is_empty() {
            return;
        }
        if !object.contains(':')
            && self.module(object).is_none()
            && let Some((module, name)) = object.rsplit_once('.')
            && self.module(module).is_some()
        {
            // A class of commands, named with a dot before it: the build makes one and runs it.
            for method in ["", ".__init__", ".initialize_options", ".finalize_options", ".run"] {
                self.add(kind, &format!("{module}:{name}{method}"), declared_in, found);
            }
            return;
        }
        let file = self.module(object.split(':').next().unwrap_or(object));
        found.insert(EntryPoint { kind, file, function: Some(object.to_owned()), declared_in: declared_in.to_owned() });
    }

    fn script(&self, rest: &str, declared_in: &str, found: &mut BTreeSet<EntryPoint>) {
        if let Some(file) = self.path(rest) {
            found.insert(EntryPoint {
                kind: EntryKind::Run,
                file: Some(file),
                function: None,
                declared_in: declared_in.to_owned(),
            });
        }
    }

    /// The file of a dotted module name.
    fn module(&self, dotted: &str) -> Option<String> {
        let inside = dotted.trim().replace('.', "/");
        self.import_roots()
            .iter()
            .flat_map(|root| [format!("{root}{inside}.py"), format!("{root}{inside}/__init__.py")])
            .find_map(|rest| self.path(&rest))
            .or_else(|| self.compiled_module(&inside))
    }

    /// The file of a module that is there in compiled form only.
    fn compiled_module(&self, inside: &str) -> Option<String> {
        self.import_roots().iter().find_map(|root| {
            let start = format!("{root}{inside}");
            let mut near = self.files.range(start.as_str()..).take_while(|(rest, _)| rest.starts_with(&start));
            near.find(|(rest, _)| {
                compiled(rest).is_some_and(|module| module == start || module == format!("{start}/__init__"))
            })
            .map(|(_, file)| file.path.clone())
        })
    }

    fn pyproject(&self, text: &str, declared_in: &str, found: &mut BTreeSet<EntryPoint>) {
        let Ok(table) = text.parse::<toml::Table>() else { return };
        let at = |path: &[&str]| {
            let mut here = table.get(*path.first()?)?;
            for key in path.get(1..)? {
                here = here.get(key)?;
            }
            Some(here)
        };
        for path in [
            &["project", "scripts"][..],
            &["project", "gui-scripts"],
            &["tool", "poetry", "scripts"],
            &["tool", "flit", "scripts"],
            &["tool", "pdm", "scripts"],
        ] {
            for value in at(path).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
                let object = value
                    .as_str()
                    .or_else(|| value.get("callable").or_else(|| value.get("reference")).and_then(toml::Value::as_str));
                // A development tool's own commands are not installed with the package.
                if let Some(object) = object.filter(|_| path.get(1) != Some(&"pdm")) {
                    self.add(EntryKind::Run, object, declared_in, found);
                }
            }
        }
        for path in [&["project", "entry-points"][..], &["tool", "poetry", "plugins"]] {
            for (group, members) in at(path).and_then(toml::Value::as_table).into_iter().flatten() {
                for object in
                    members.as_table().into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_str)
                {
                    self.add(kind_of_group(group), object, declared_in, found);
                }
            }
        }
        for object in at(&["tool", "setuptools", "cmdclass"])
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(toml::Table::values)
            .filter_map(toml::Value::as_str)
        {
            self.add(EntryKind::Install, object, declared_in, found);
        }
        let mut build_files: Vec<String> = Vec::new();
        if let (Some(backend), Some(folders)) = (
            at(&["build-system", "build-backend"]).and_then(toml::Value::as_str),
            at(&["build-system", "backend-path"]).and_then(toml::Value::as_array),
        ) {
            // The build runs this package's own code before anything is installed.
            let inside = backend.split(':').next().unwrap_or(backend).trim().replace('.', "/");
            let file = folders.iter().filter_map(toml::Value::as_str).find_map(|folder| {
                let folder = folder.trim_start_matches("./").trim_matches('/');
                let folder = if folder == "." || folder.is_empty() { String::new() } else { format!("{folder}/") };
                [format!("{folder}{inside}.py"), format!("{folder}{inside}/__init__.py")]
                    .iter()
                    .find_map(|rest| self.path(rest))
            });
            found.insert(EntryPoint {
                kind: EntryKind::Build,
                file,
                function: Some(backend.to_owned()),
                declared_in: declared_in.to_owned(),
            });
        }
        let backend = at(&["build-system", "build-backend"]).and_then(toml::Value::as_str);
        if backend.is_some_and(|backend| backend.starts_with("pdm.")) {
            let hook = at(&["tool", "pdm", "build", "custom-hook"]).and_then(toml::Value::as_str);
            build_files.push(hook.unwrap_or("pdm_build.py").to_owned());
        }
        match at(&["tool", "poetry", "build"]) {
            Some(toml::Value::String(script)) => build_files.push(script.clone()),
            Some(other) => build_files.extend(other.get("script").and_then(toml::Value::as_str).map(ToOwned::to_owned)),
            None => {}
        }
        let hooks =
            [at(&["tool", "hatch", "build", "hooks", "custom"]), at(&["tool", "hatch", "metadata", "hooks", "custom"])];
        build_files.extend(
            hooks
                .into_iter()
                .flatten()
                .map(|hook| hook.get("path").and_then(toml::Value::as_str).unwrap_or("hatch_build.py").to_owned()),
        );
        for file in build_files {
            if let Some(file) = self.path(file.trim_start_matches("./")) {
                found.insert(EntryPoint {
                    kind: EntryKind::Build,
                    file: Some(file),
                    function: None,
                    declared_in: declared_in.to_owned(),
                });
            }
        }
    }
}

/// The path of the module that a compiled file is, without what its name says of the interpreter; `None` for other files.
fn compiled(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let stem = match name.rsplit_once('.')? {
        (stem, "pyc" | "pyo") => stem,
        // `core.cpython-311-x86_64-linux-gnu.so`, `core.abi3.so`, `core.so`.
        (stem, "so" | "pyd") => stem.split('.').next()?,
        _ => return None,
    };
    (!stem.is_empty()).then(|| if folder.is_empty() { stem.to_owned() } else { format!("{folder}/{stem}") })
}

/// When the members of an entry point group run.
fn kind_of_group(group: &str) -> EntryKind {
    match group {
        "console_scripts" | "gui_scripts" => EntryKind::Run,
        // The build tool loads these whenever it builds any package where this one is installed.
        "distutils.commands"
        | "setuptools.finalize_distribution_options"
        | "distutils.setup_keywords"
        | "egg_info.writers" => EntryKind::Build,
        _ => EntryKind::Plugin,
    }
}
