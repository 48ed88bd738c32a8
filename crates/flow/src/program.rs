//! Which file of the package an import means.
//!
//! A file's dotted name follows from the folders above it that are packages. Files in folders that are no packages
//! (scripts, namespace packages, a `src` layout) answer to every name that their path ends with; among several files
//! the one nearest to the importing file wins, so that vendored copies find their own siblings.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

/// Most folder levels that a file outside of packages is also known by.
const NAMESPACE_LEVELS: usize = 5;

/// The files of a package by path and by dotted name.
#[derive(Debug, Default)]
pub struct Program {
    paths: Vec<String>,
    by_path: FxHashMap<String, u32>,
    by_name: FxHashMap<String, Vec<u32>>,
    names: Vec<String>,
    /// Modules whose text changes where the interpreter looks for modules.
    searching: FxHashSet<u32>,
}

/// Names of the folders in which a package keeps copies of others.
const VENDORED: [&str; 6] = ["_vendor", "vendored", "vendor", "_vendored", "extern", "_extern"];

/// Words of a text that changes where the interpreter looks for modules. A file is searched for in more places then;
/// a text that hides the words loses that, and its imports are unknown calls.
pub(crate) const WAYS_TO_SEARCH: [&str; 4] = ["sys.path", "addsitedir", "PYTHONPATH", "import path"];

fn parent(path: &str) -> &str {
    path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder)
}

/// A relative path behind a folder; `None` if it leads out of the package.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// A dotted name without the folders up to the one in which a package keeps copies of others.
pub fn copied(name: &str) -> &str {
    let mut start = 0;
    let mut offset = 0;
    for part in name.split('.') {
        offset += part.len() + 1;
        if VENDORED.contains(&part) {
            start = offset;
        }
    }
    name.get(start..).unwrap_or_default()
}

impl Program {
    /// From the paths of all modules, in their order.
    pub fn new(paths: &[&str]) -> Self {
        let mut program = Self::default();
        let packages: FxHashSet<&str> =
            paths.iter().filter(|path| path.ends_with("/__init__.py")).map(|path| parent(path)).collect();
        for (index, path) in paths.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            program.by_path.entry((*path).to_owned()).or_insert(index);
            program.paths.push((*path).to_owned());
            let is_package = path.ends_with("/__init__.py") || *path == "__init__.py";
            let stem = if is_package {
                parent(path)
            } else {
                path.strip_suffix(".py").or_else(|| path.strip_suffix(".pyw")).unwrap_or(path)
            };
            let mut folder = parent(stem);
            let mut length = 1;
            while !folder.is_empty() && packages.contains(folder) {
                folder = parent(folder);
                length += 1;
            }
            let segments: Vec<&str> = stem.split(['/', '!']).filter(|segment| !segment.is_empty()).collect();
            let name_of = |count: usize| {
                segments.get(segments.len().saturating_sub(count)..).map(|tail| tail.join(".")).unwrap_or_default()
            };
            let name = name_of(length);
            program.by_name.entry(name.clone()).or_default().push(index);
            program.names.push(name);
            for extra in 1..NAMESPACE_LEVELS {
                if length + extra > segments.len() {
                    break;
                }
                program.by_name.entry(name_of(length + extra)).or_default().push(index);
            }
        }
        program
    }

    /// Says that the text of a module changes where the interpreter looks for modules: what it imports by a plain name
    /// can stand anywhere.
    pub fn searches(&mut self, module: u32) {
        self.searching.insert(module);
    }

    /// The dotted name of a module.
    pub fn name(&self, module: u32) -> &str {
        self.names.get(module as usize).map_or("", String::as_str)
    }

    /// The module at a path.
    pub fn at_path(&self, path: &str) -> Option<u32> {
        self.by_path.get(path).copied()
    }

    /// The name of a module as that of a library, and the package that is the library here: the module's own name, or
    /// what follows the folder in which a package keeps copies of others (`pip._vendor.requests.api` is
    /// `requests.api`, and `pip._vendor.requests` the library).
    pub fn library(&self, module: u32) -> Option<(&str, &str)> {
        let name = self.names.get(module as usize)?;
        let library = Some(copied(name)).filter(|library| !library.is_empty())?;
        let top = library.split('.').next()?;
        Some((library, name.get(..name.len() - library.len() + top.len())?))
    }

    /// The module that an absolute dotted name means when `from` imports it.
    pub fn absolute(&self, from: u32, name: &str) -> Option<u32> {
        let candidates = self.by_name.get(name)?;
        let here = self.paths.get(from as usize)?;
        let shared = |index: &u32| {
            self.paths
                .get(*index as usize)
                .map_or(0, |path| path.bytes().zip(here.bytes()).take_while(|(a, b)| a == b).count())
        };
        let best = candidates.iter().copied().max_by_key(|index| (shared(index), std::cmp::Reverse(*index)))?;
        if best == from || self.searching.contains(&from) {
            return Some(best);
        }
        // What is imported stands in a folder that the interpreter searches: that of the importing file, one above it,
        // or the one that a layout keeps packages in.
        let path = self.paths.get(best as usize)?;
        let stem = path.strip_suffix("/__init__.py").unwrap_or(path);
        let folder = name.split('.').fold(stem, |folder, _| parent(folder));
        let reachable = folder.is_empty() || here.strip_prefix(folder).is_some_and(|rest| rest.starts_with(['/', '!']));
        let searched = if name.contains('.') {
            // A longer name says where it belongs, wherever its folders are; but a copy of a library is found only by
            // the package that carries it.
            !folder.split(['/', '!']).any(|part| VENDORED.contains(&part))
        } else {
            folder.ends_with("src") || folder.ends_with("lib")
        };
        if !reachable && !searched {
            return None;
        }
        Some(best)
    }

    /// The module that a relative import means: `level` dots, then `module` (may be empty).
    pub fn relative(&self, from: u32, level: u32, module: &str) -> Option<u32> {
        let mut folder = parent(self.paths.get(from as usize)?);
        for _ in 1..level {
            folder = parent(folder);
        }
        let tail = module.replace('.', "/");
        let base = match (folder.is_empty(), tail.is_empty()) {
            (true, _) => tail,
            (false, true) => folder.to_owned(),
            (false, false) => format!("{folder}/{tail}"),
        };
        self.at(&base)
    }

    /// The submodule of a package.
    pub fn child(&self, module: u32, name: &str) -> Option<u32> {
        let path = self.paths.get(module as usize)?;
        if !path.ends_with("__init__.py") {
            return None;
        }
        let folder = parent(path);
        self.at(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    }

    /// The packages that a module stands in, outermost first.
    pub fn packages_above(&self, module: u32) -> Vec<u32> {
        let Some(path) = self.paths.get(module as usize) else { return Vec::new() };
        let mut folder = if path.ends_with("/__init__.py") { parent(parent(path)) } else { parent(path) };
        let mut packages = Vec::new();
        while !folder.is_empty() {
            match self.by_path.get(&format!("{folder}/__init__.py")) {
                Some(package) => packages.push(*package),
                None => break,
            }
            folder = parent(folder);
        }
        packages.reverse();
        packages
    }

    /// The file that a JavaScript specifier means: a path from the importing file, or a package that is carried along.
    pub fn resolve(&self, from: u32, specifier: &str) -> Option<u32> {
        let here = self.paths.get(from as usize)?;
        let mut folder = parent(here);
        if specifier.starts_with("./") || specifier.starts_with("../") || specifier == "." || specifier == ".." {
            return self.script_at(&joined(folder, specifier)?);
        }
        loop {
            let base = format!("{folder}{}node_modules/{specifier}", if folder.is_empty() { "" } else { "/" });
            if let Some(found) = self.script_at(&base) {
                return Some(found);
            }
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
    }

    /// The file at a path without suffix, or the index of the folder there.
    fn script_at(&self, base: &str) -> Option<u32> {
        const SUFFIXES: [&str; 8] = ["", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts"];
        let found = SUFFIXES.iter().find_map(|suffix| self.by_path.get(&format!("{base}{suffix}")));
        // TypeScript names the file that its output will have.
        let source = || {
            let stem = base.strip_suffix(".js").or_else(|| base.strip_suffix(".mjs"))?;
            [".ts", ".tsx", ".mts"].iter().find_map(|suffix| self.by_path.get(&format!("{stem}{suffix}")))
        };
        let slash = if base.is_empty() { "" } else { "/" };
        let index =
            || SUFFIXES.iter().skip(1).find_map(|suffix| self.by_path.get(&format!("{base}{slash}index{suffix}")));
        found.or_else(source).or_else(index).copied()
    }

    fn at(&self, base: &str) -> Option<u32> {
        if base.is_empty() {
            return self.by_path.get("__init__.py").copied();
        }
        [format!("{base}.py"), format!("{base}/__init__.py")].iter().find_map(|path| self.by_path.get(path).copied())
    }

    /// The absolute dotted name of a relative import, for a module that is not in the package.
    pub fn absolute_name(&self, from: u32, level: u32, module: &str) -> SmolStr {
        if level == 0 {
            return SmolStr::new(module);
        }
        let is_package = self.paths.get(from as usize).is_some_and(|path| path.ends_with("__init__.py"));
        let mut parts: Vec<&str> = self.name(from).split('.').filter(|part| !part.is_empty()).collect();
        let up = if is_package { level.saturating_sub(1) } else { level };
        for _ in 0..up {
            parts.pop();
        }
        if !module.is_empty() {
            parts.push(module);
        }
        SmolStr::new(parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_packages_above_a_file() {
        let program = Program::new(&["pkg-1.0/src/pkg/__init__.py", "pkg-1.0/src/pkg/a.py", "pkg-1.0/setup.py"]);
        assert_eq!(program.name(1), "pkg.a");
        assert_eq!(program.absolute(2, "pkg.a"), Some(1));
        assert_eq!(program.absolute(2, "json"), None);
        assert_eq!(program.relative(1, 1, ""), Some(0));
        assert_eq!(program.relative(0, 1, "a"), Some(1));
        assert_eq!(program.child(0, "a"), Some(1));
    }

    #[test]
    fn a_module_of_a_package_does_not_hide_a_library() {
        let program = Program::new(&["p/__init__.py", "p/json.py", "p/b.py"]);
        assert_eq!(program.absolute(2, "json"), None);
        assert_eq!(program.absolute(2, "p.json"), Some(1));
    }

    #[test]
    fn what_is_imported_stands_where_the_interpreter_looks() {
        let paths =
            ["p/setup.py", "p/q/__init__.py", "p/q/_vendor/six/__init__.py", "p/q/_vendor/six/a.py", "p/q/b.py"];
        let mut program = Program::new(&[&paths[..], &["p/more/tool.py", "pq/setup.py", "p/q/_vendor/c.py"]].concat());
        // A copy of a library is found by what stands beside it, and by nothing else.
        assert_eq!(program.absolute(0, "six"), None);
        assert_eq!(program.absolute(0, "six.a"), None);
        assert_eq!(program.absolute(7, "six.a"), Some(3));
        assert_eq!(program.absolute(0, "q.b"), Some(4));
        // A folder of which only the first letters agree is another.
        assert_eq!(program.absolute(6, "q"), None);
        assert_eq!(program.absolute(0, "tool"), None);
        program.searches(0);
        assert_eq!(program.absolute(0, "tool"), Some(5));
        assert_eq!(program.absolute(0, "six.a"), Some(3));
    }

    #[test]
    fn a_script_finds_its_neighbors() {
        let program = Program::new(&["p/index.js", "p/lib/a.ts", "p/lib/index.js", "p/node_modules/q/index.js"]);
        assert_eq!(program.resolve(0, "./lib/a"), Some(1));
        assert_eq!(program.resolve(0, "./lib/a.js"), Some(1));
        assert_eq!(program.resolve(1, "."), Some(2));
        assert_eq!(program.resolve(1, ".."), Some(0));
        assert_eq!(program.resolve(1, "q"), Some(3));
        assert_eq!(program.resolve(0, "fs"), None);
        assert_eq!(program.resolve(0, "../../x"), None);
    }

    #[test]
    fn a_vendored_copy_finds_its_own_sibling() {
        let program = Program::new(&["six/__init__.py", "v/six/__init__.py", "v/six/x.py", "six/x.py"]);
        assert_eq!(program.absolute(2, "six"), Some(1));
    }
}
