//! What a package for Node says about itself: `package.json`. What its scripts do is read as code by later stages;
//! here they are only named, with the time at which they run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::json::{self, Object};
use crate::manifest::{Root, Unclear};
use crate::package::{EntryKind, EntryPoint, Manifest, SourceFile};

/// The file that makes a folder a package for Node.
pub(crate) const MANIFEST: &str = "package.json";

/// Scripts that installing a package from its registry runs.
const AT_INSTALL: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Scripts that run before a package is packed, and when it is installed from a repository.
const AT_BUILD: [&str; 4] = ["preprepare", "prepare", "postprepare", "prepublish"];
/// What is tried behind a path without suffix, in Node's order and then a compiler's.
const SUFFIXES: [&str; 6] = ["", ".js", ".json", ".node", ".mjs", ".ts"];

/// Bytes of `exports` that are looked at, each as often as conditions stand around it. Only a text that nests many
/// thousand conditions in megabytes takes more.
const MOST_CONDITIONS: usize = 256 << 20;

/// Reads the manifest of one root. Gives whether there is one.
///
/// It is read as Node's own reader does: of a key that is there twice the last is taken, and no value is nested too
/// deeply.
pub(crate) fn read(files: &[SourceFile], root: &Root, manifest: &mut Manifest, unclear: &mut Vec<Unclear>) -> bool {
    let tree: BTreeMap<&str, &SourceFile> = files
        .iter()
        .filter_map(|file| Some((file.path.strip_prefix(&root.prefix)?, file)))
        .filter(|(rest, _)| !rest.contains("!/"))
        .collect();
    let Some(file) = tree.get(MANIFEST) else { return false };
    let Some(text) = file.text.as_deref() else { return false };
    manifest.read_from.push(file.path.clone());
    let object = match serde_json::from_str::<&RawValue>(text).map(json::object) {
        Ok(Some(object)) => object,
        Ok(None) => {
            manifest.notes.push(format!("`{}` holds no object", file.path));
            return true;
        }
        Err(error) => {
            manifest.notes.push(format!("`{}` is not valid JSON: {error}", file.path));
            return true;
        }
    };
    about(&object, manifest);
    requirements(&object, manifest);
    let mut found = BTreeSet::new();
    let reader = Reader { tree: &tree, manifest: file };
    if fetches_dependencies(&object) {
        found.insert(EntryPoint {
            kind: EntryKind::Install,
            file: Some(file.path.clone()),
            function: Some("scripts:dependencies".to_owned()),
            declared_in: file.path.clone(),
        });
    }
    reader.scripts(&object, &mut found);
    if !reader.files(&object, &mut found, &mut manifest.notes) {
        unclear
            .push(Unclear { file: file.path.clone(), why: "has more nested `exports` than are followed".to_owned() });
    }
    for point in found {
        if !manifest.entry_points.contains(&point) {
            manifest.entry_points.push(point);
        }
    }
    true
}

fn text_of(object: &Object<'_>, key: &str) -> Option<String> {
    let text = json::text(object.get(key)?)?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn object_of<'a>(object: &Object<'a>, key: &str) -> Option<Object<'a>> {
    json::object(object.get(key)?)
}

fn about(object: &Object<'_>, manifest: &mut Manifest) {
    let set = |field: &mut Option<String>, value: Option<String>| {
        if field.is_none() {
            *field = value;
        }
    };
    set(&mut manifest.name, text_of(object, "name"));
    set(&mut manifest.version, text_of(object, "version"));
    set(&mut manifest.summary, text_of(object, "description"));
    set(&mut manifest.home_page, text_of(object, "homepage"));
    let inside = |key: &str, field: &str| object_of(object, key).and_then(|inner| text_of(&inner, field));
    set(&mut manifest.author, text_of(object, "author").or_else(|| inside("author", "name")));
    for key in ["repository", "bugs"] {
        manifest.urls.extend(text_of(object, key).or_else(|| inside(key, "url")));
    }
    if manifest.name.is_none() {
        manifest.notes.push("`package.json` names no package".to_owned());
    }
}

/// Dependencies, and what is odd about where they come from.
fn requirements(object: &Object<'_>, manifest: &mut Manifest) {
    for key in ["dependencies", "optionalDependencies", "peerDependencies"] {
        for (name, version) in object_of(object, key).unwrap_or_default() {
            let version = json::text(version).unwrap_or_default();
            manifest.requires.push(format!("{name}@{version}"));
            let from = if let Some(other) = version.strip_prefix("npm:") {
                Some(format!("is another package under this name: `{other}`"))
            } else if is_web_address(&version) {
                Some(format!("comes from an address, not from a registry: `{version}`"))
            } else if version.starts_with("git") || version.contains("github:") {
                Some(format!("comes from a repository: `{version}`"))
            } else if version.starts_with("file:") {
                Some(format!("comes from a folder: `{version}`"))
            } else {
                None
            };
            // Of these no registry knows what will be installed.
            let foreign = version.contains("://") || version.starts_with("git") || version.contains("github:");
            if foreign && key != "peerDependencies" {
                manifest.foreign.extend(from.as_ref().map(|from| format!("dependency `{name}` {from}")));
            }
            manifest.notes.extend(from.map(|from| format!("the dependency `{name}` {from}")));
        }
    }
    for key in ["bundledDependencies", "bundleDependencies"] {
        let list = object.get(key).copied().and_then(json::list).unwrap_or_default();
        if !list.is_empty() {
            manifest.notes.push(format!("carries {} of its dependencies along", list.len()));
        }
    }
}

/// True for a dependency that is fetched from an address of the web.
fn is_web_address(version: &str) -> bool {
    let version = version.get(..8).unwrap_or(version).to_ascii_lowercase();
    version.starts_with("http://") || version.starts_with("https://")
}

/// True if installing the package fetches another one from an address.
fn fetches_dependencies(object: &Object<'_>) -> bool {
    ["dependencies", "optionalDependencies"].iter().any(|key| {
        object_of(object, key)
            .unwrap_or_default()
            .into_values()
            .filter_map(json::text)
            .any(|version| is_web_address(&version))
    })
}

struct Reader<'a> {
    tree: &'a BTreeMap<&'a str, &'a SourceFile>,
    manifest: &'a SourceFile,
}

impl Reader<'_> {
    fn scripts(&self, object: &Object<'_>, found: &mut BTreeSet<EntryPoint>) {
        let mut scripts = object_of(object, "scripts").unwrap_or_default();
        scripts.retain(|_, command| json::text(command).is_some());
        // Without an install script of its own, or with one that says so, a package with a `binding.gyp` is built when it
        // is installed. What lies beside it may be included.
        let builds = |name: &&str| {
            let command = scripts.get(*name).and_then(|command| json::text(command));
            command.is_some_and(|command| command.contains("gyp"))
        };
        if self.tree.contains_key("binding.gyp")
            && (!["preinstall", "install"].iter().any(|name| scripts.contains_key(*name))
                || AT_INSTALL.iter().any(builds))
        {
            let is_build = |path: &str| path == "binding.gyp" || (path.ends_with(".gypi") && !path.contains('/'));
            for (_, file) in self.tree.iter().filter(|(path, _)| is_build(path)) {
                self.add(EntryKind::Install, file, found);
            }
        }
        for name in scripts.keys() {
            let kind = if AT_INSTALL.contains(&name.as_str()) {
                EntryKind::Install
            } else if AT_BUILD.contains(&name.as_str()) {
                EntryKind::Build
            } else {
                // What only a developer runs is no entry point of the package.
                continue;
            };
            found.insert(EntryPoint {
                kind,
                file: Some(self.manifest.path.clone()),
                function: Some(format!("scripts:{name}")),
                declared_in: self.manifest.path.clone(),
            });
        }
    }

    /// The package's file that a path in the manifest means.
    fn file(&self, path: &str) -> Option<&SourceFile> {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                // What leads out of the package is none of its files.
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        let plain = SUFFIXES.iter().find_map(|suffix| self.tree.get(format!("{path}{suffix}").as_str()));
        let index = || {
            let slash = if path.is_empty() { "" } else { "/" };
            SUFFIXES.iter().skip(1).find_map(|suffix| self.tree.get(format!("{path}{slash}index{suffix}").as_str()))
        };
        plain.or_else(index).copied()
    }

    fn add(&self, kind: EntryKind, file: &SourceFile, found: &mut BTreeSet<EntryPoint>) {
        found.insert(EntryPoint {
            kind,
            file: Some(file.path.clone()),
            function: None,
            declared_in: self.manifest.path.clone(),
        });
    }

    fn files(&self, object: &Object<'_>, found: &mut BTreeSet<EntryPoint>, notes: &mut Vec<String>) -> bool {
        let list = object_of(object, "bin").unwrap_or_default();
        let commands = text_of(object, "bin").into_iter().chain(list.into_values().filter_map(json::text));
        let programs: BTreeSet<&str> =
            commands.filter_map(|path| self.file(&path)).map(|file| file.path.as_str()).collect();
        let mut imported: Vec<String> = Vec::new();
        // Below a name of its own.
        let mut inner: BTreeSet<String> = BTreeSet::new();
        for key in ["main", "module", "browser", "jsnext:main", "react-native", "unpkg"] {
            if let Some(path) = text_of(object, key) {
                if key == "main" && self.file(&path).is_none() && !path.ends_with('/') {
                    notes.push(format!("`main` names `{path}`, which is not in the package"));
                }
                imported.push(path);
            }
        }
        let mut pending: Vec<(&RawValue, bool)> =
            object.get("exports").copied().into_iter().map(|value| (value, false)).collect();
        let mut left = MOST_CONDITIONS;
        let mut whole = true;
        while let Some((value, below)) = pending.pop() {
            let Some(rest) = left.checked_sub(value.get().len()) else {
                whole = false;
                break;
            };
            left = rest;
            if let Some(conditions) = json::object(value) {
                let is_below = |name: &str| below || (name.starts_with('.') && name != ".");
                // For the compiler of TypeScript only: Node asks for no such condition.
                let is_types = |name: &str| name == "types" || name.starts_with("types@");
                let asked = conditions.into_iter().filter(|(name, _)| !is_types(name.as_ref()));
                pending.extend(asked.map(|(name, value)| (value, is_below(name.as_ref()))));
            } else if let Some(alternatives) = json::list(value) {
                pending.extend(alternatives.into_iter().map(|value| (value, below)));
            } else if let Some(path) = json::text(value)
                && !path.contains('*')
            {
                if below {
                    inner.insert(path);
                } else {
                    imported.push(path);
                }
            }
        }
        // Node falls back to it where `main` is absent, is no text, or names no file.
        if text_of(object, "main").is_none_or(|main| self.file(&main).is_none()) {
            imported.push("index.js".to_owned());
        }
        for path in imported {
            if let Some(file) = self.file(&path) {
                self.add(EntryKind::Import, file, found);
            }
        }
        // Whoever imports a program by its own name runs it.
        for path in inner {
            if let Some(file) = self.file(&path)
                && !programs.contains(file.path.as_str())
            {
                self.add(EntryKind::Import, file, found);
            }
        }
        for file in self.tree.values().filter(|file| programs.contains(file.path.as_str())) {
            self.add(EntryKind::Run, file, found);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::package::FileKind;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            size: text.len() as u64,
            digest: String::new(),
            kind: FileKind::Text,
            text: Some(Arc::from(text)),
            bytes: Arc::from(text.as_bytes()),
            encoding: None,
            notes: Vec::new(),
        }
    }

    fn manifest(files: &[SourceFile]) -> Manifest {
        let mut manifest = Manifest::default();
        let root = Root { prefix: "package/".to_owned(), installed: false };
        let mut unclear = Vec::new();
        assert!(read(files, &root, &mut manifest, &mut unclear));
        assert!(unclear.is_empty(), "{unclear:?}");
        manifest
    }

    #[test]
    fn scripts_and_files_are_entry_points() {
        let text = r#"{"name": "two-words", "version": "1.2.0", "description": "Pads text",
            "main": "lib", "bin": {"pad": "./cli.js"}, "exports": {".": {"types": "./lib.d.ts", "import": "./esm.mjs", "default": "./lib"}, "./*": "./x/*"},
            "scripts": {"postinstall": "node setup.js", "test": "tap", "prepare": "tsc"},
            "dependencies": {"a": "^1.0.0", "b": "npm:c@1"}}"#;
        let files = [
            file("package/cli.js", ""),
            file("package/esm.mjs", ""),
            file("package/lib.d.ts", ""),
            file("package/lib/index.js", ""),
            file("package/package.json", text),
        ];
        let manifest = manifest(&files);
        assert_eq!((manifest.name.as_deref(), manifest.version.as_deref()), (Some("two-words"), Some("1.2.0")));
        assert_eq!(manifest.requires, ["a@^1.0.0", "b@npm:c@1"]);
        let points: Vec<(EntryKind, &str, Option<&str>)> = manifest
            .entry_points
            .iter()
            .map(|point| (point.kind, point.file.as_deref().unwrap_or(""), point.function.as_deref()))
            .collect();
        assert_eq!(
            points,
            [
                (EntryKind::Install, "package/package.json", Some("scripts:postinstall")),
                (EntryKind::Build, "package/package.json", Some("scripts:prepare")),
                (EntryKind::Import, "package/esm.mjs", None),
                (EntryKind::Import, "package/lib/index.js", None),
                (EntryKind::Run, "package/cli.js", None),
            ]
        );
        assert_eq!(manifest.notes, ["the dependency `b` is another package under this name: `c@1`"]);
    }

    #[test]
    fn what_node_reads_is_read() {
        let deep = |levels: usize, inner: &str| format!("{}{inner}{}", "{\"x\":".repeat(levels), "}".repeat(levels));
        let manifests = [
            format!(r#"{{"x": {}, "scripts": {{"postinstall": "node a.js"}}, "main": "a"}}"#, deep(3000, "1")),
            format!(r#"{{"scripts": {{"y": {}, "postinstall": "node a.js"}}, "main": "a"}}"#, deep(3000, "[]")),
            format!(r#"{{"exports": {}, "scripts": {{"postinstall": "node a.js"}}}}"#, deep(200, "\"./a.js\"")),
            r#"{"scripts": {}, "scripts": {"postinstall": "node a.js"}, "main": "b", "main": "a"}"#.to_owned(),
            r#"{"\ud800": 1e999, "scripts": {"postinstall": "node a.js \ud800"}, "main": "a"}"#.to_owned(),
        ];
        for text in manifests {
            let files = [file("package/a.js", ""), file("package/b.js", ""), file("package/package.json", &text)];
            let points: Vec<(EntryKind, Option<String>)> =
                manifest(&files).entry_points.into_iter().map(|point| (point.kind, point.file)).collect();
            let wanted = [(EntryKind::Install, "package/package.json"), (EntryKind::Import, "package/a.js")];
            assert_eq!(points, wanted.map(|(kind, path)| (kind, Some(path.to_owned()))), "{text:.200}");
        }
    }

    #[test]
    fn exports_that_are_not_followed_to_the_end_are_said() {
        let levels = 30_000;
        let text = format!(r#"{{"exports": {}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        let root = Root { prefix: String::new(), installed: false };
        let mut unclear = Vec::new();
        assert!(read(&[file("package.json", &text)], &root, &mut Manifest::default(), &mut unclear));
        assert_eq!(unclear.len(), 1);
    }

    #[test]
    fn a_broken_manifest_is_a_note() {
        let broken = manifest(&[file("package/package.json", "{")]);
        assert!(broken.notes.iter().any(|note| note.contains("is not valid JSON")), "{:?}", broken.notes);
        let missing = manifest(&[file("package/package.json", r#"{"main": "./gone.js"}"#)]);
        assert!(missing.notes.iter().any(|note| note.contains("which is not in the package")), "{:?}", missing.notes);
    }
}
