//! What a package says about itself: core metadata files, `setup.cfg` and `pyproject.toml`.
//!
//! `setup.py` is code, and is not read here: what it says is found by the stages that read code. Nothing a manifest says is believed; it is only passed on.

use std::collections::BTreeSet;

use crate::entry;
use crate::ini::Ini;
use crate::input::Shape;
use crate::npm;
use crate::package::{Manifest, SourceFile};
use crate::record;

/// Longest description that is kept, in bytes.
const DESCRIPTION: usize = 64 * 1024;

/// A manifest, and whether it is one of a Python package.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub manifest: Manifest,
    pub is_python: bool,
    /// Whether it is one of a package for Node.
    pub is_node: bool,
    /// What of it was not read to the end, so that entry points may be missing.
    pub unclear: Vec<Unclear>,
}

/// A manifest that was not read to the end.
#[derive(Debug)]
pub(crate) struct Unclear {
    pub file: String,
    /// Why, as the end of a sentence about the file.
    pub why: String,
}

/// A folder in which a package lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Root {
    /// What all paths of the package begin with: empty, or with a `/` at its end.
    pub prefix: String,
    /// Whether it holds an installed form (a wheel, an egg) rather than sources.
    pub installed: bool,
}

/// Reads the manifest out of a package's files, which are sorted by path.
pub(crate) fn read(files: &[SourceFile], shape: &Shape) -> Found {
    let roots = roots(files, shape);
    let mut manifest = Manifest::default();
    let mut unclear = Vec::new();
    for root in &roots {
        one(files, root, &mut manifest, &mut unclear);
    }
    let of_python = !manifest.read_from.is_empty();
    let is_python = of_python || files.iter().any(|file| file.path.rsplit('/').next() == Some("setup.py"));
    if let Shape::PypiVersion { name, version } = shape {
        compare(&mut manifest, name, version);
    }
    record::compare(files, &roots, &mut manifest.notes);
    manifest.entry_points = entry::points(files, &roots, &mut manifest.notes);
    let mut is_node = false;
    // Of a package for both the one that is installed by the other's manager brings no scripts.
    for root in roots.iter().filter(|root| !root.installed && !matches!(shape, Shape::PypiVersion { .. })) {
        is_node |= npm::read(files, root, &mut manifest, &mut unclear);
    }
    for list in [&mut manifest.urls, &mut manifest.requires, &mut manifest.notes, &mut manifest.read_from] {
        let mut seen = BTreeSet::new();
        list.retain(|item| seen.insert(item.clone()));
    }
    Found { manifest, is_python, is_node, unclear }
}

/// A project's name in the form in which names are compared.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Compares what the package calls itself with the name of its archive.
pub(crate) fn compare_with_file_name(manifest: &mut Manifest, path: &str) {
    if let Some((name, version)) = path.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')) {
        let own = [manifest.name.clone(), manifest.version.clone()];
        for (own, (asked, what)) in own.into_iter().zip([(name, "called"), (version, "version")]) {
            if let Some(own) = own
                && own != asked
            {
                contradicts(manifest, format!("says it is {what} `{own}`, and the registry says `{asked}`"));
            }
        }
        return;
    }
    let Some((name, version)) = name_and_version(path) else { return };
    if let Some(own) = &manifest.name
        && normal(own) != normal(&name)
    {
        contradicts(manifest, format!("calls itself `{own}`, and its archive is named `{name}`"));
    }
    // A build tag or an old spelling of the same version stands behind what both begin with.
    if let Some(own) = &manifest.version
        && !normal(own).starts_with(&normal(&version))
        && !normal(&version).starts_with(&normal(own))
    {
        contradicts(manifest, format!("says it is version `{own}`, and its archive is named as version `{version}`"));
    }
}

fn contradicts(manifest: &mut Manifest, what: String) {
    manifest.contradictions.push(what.clone());
    manifest.notes.push(what);
}

fn compare(manifest: &mut Manifest, name: &str, version: &str) {
    if let Some(own) = &manifest.name
        && normal(own) != normal(name)
    {
        contradicts(manifest, format!("calls itself `{own}`, and the index calls it `{name}`"));
    }
    if let Some(own) = &manifest.version
        && own != version
    {
        contradicts(manifest, format!("says it is version `{own}`, and the index says `{version}`"));
    }
}

/// Files whose folder is the package's.
const MARKERS: [&str; 5] = ["setup.py", "setup.cfg", "pyproject.toml", "PKG-INFO", npm::MANIFEST];

/// The folders in which packages lie: in each outermost archive the ones with a manifest that are least deep, or the archive itself.
fn roots(files: &[SourceFile], shape: &Shape) -> Vec<Root> {
    let mut found: BTreeSet<(String, usize, Root)> = BTreeSet::new();
    let mut containers: BTreeSet<String> = BTreeSet::new();
    for file in files {
        let container = match shape {
            Shape::PypiVersion { .. } => match file.path.split_once("!/") {
                Some((archive, _)) => format!("{archive}!/"),
                None => continue,
            },
            _ => String::new(),
        };
        containers.insert(container.clone());
        let (folder, name) =
            file.path.rsplit_once('/').map_or(("", file.path.as_str()), |(folder, name)| (folder, name));
        let (folder, installed) = match folder.rsplit_once('/').map_or(("", folder), |(above, last)| (above, last)) {
            (above, last) if last.ends_with(".dist-info") && name == "METADATA" => (above, true),
            (above, "EGG-INFO") if name == "PKG-INFO" => (above, true),
            // The metadata that a build leaves inside the sources marks no package of its own.
            (_, last) if last.ends_with(".egg-info") => continue,
            _ if MARKERS.contains(&name) => (folder, false),
            _ => continue,
        };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let depth = prefix.get(container.len()..).map_or(0, |inside| inside.matches('/').count());
        found.insert((container, depth, Root { prefix, installed }));
    }
    let mut roots = BTreeSet::new();
    for container in containers {
        let least = found.iter().filter(|(c, _, _)| *c == container).map(|(_, depth, _)| *depth).min();
        match least {
            Some(least) => roots.extend(
                found
                    .iter()
                    .filter(|(c, depth, _)| *c == container && *depth == least)
                    .map(|(_, _, root)| root.clone()),
            ),
            None => {
                let installed = container.ends_with(".whl!/") || container.ends_with(".egg!/");
                roots.insert(Root { prefix: container, installed });
            }
        }
    }
    roots.into_iter().collect()
}

/// Reads the manifest files of one root. Core metadata comes first, because it is what an installer would show.
fn one(files: &[SourceFile], root: &Root, manifest: &mut Manifest, unclear: &mut Vec<Unclear>) {
    let under = files.iter().filter_map(|file| {
        let rest = file.path.strip_prefix(&root.prefix)?;
        Some((rest, file, file.text.as_deref()?))
    });
    let mut later: Vec<(&str, &SourceFile, &str)> = Vec::new();
    for (rest, file, text) in under {
        let metadata = match rest.split_once('/') {
            None => rest == "PKG-INFO",
            Some(("EGG-INFO", "PKG-INFO")) => true,
            Some((folder, name)) => {
                (folder.ends_with(".dist-info") && name == "METADATA")
                    || (folder.ends_with(".egg-info") && name == "PKG-INFO")
            }
        };
        if metadata {
            manifest.read_from.push(file.path.clone());
            headers(text, manifest);
        } else if rest == "pyproject.toml" || rest == "setup.cfg" {
            later.push((rest, file, text));
        } else if let Some((folder, "requires.txt")) = rest.split_once('/')
            && folder.ends_with(".egg-info")
        {
            manifest.read_from.push(file.path.clone());
            manifest.requires.extend(
                text.lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('['))
                    .map(ToOwned::to_owned),
            );
        }
    }
    for (rest, file, text) in later {
        manifest.read_from.push(file.path.clone());
        if rest == "setup.cfg" {
            setup_cfg(text, manifest);
        } else if let Some(why) = pyproject(text, manifest) {
            manifest.notes.push(format!("`{}` is not valid TOML: {why}", file.path));
            // A reader with other bounds may accept it, and run what it declares.
            if !root.installed {
                let why = format!("cannot be read as TOML ({why}), so what it has a build run is not known");
                unclear.push(Unclear { file: file.path.clone(), why });
            }
        }
    }
}

fn set(field: &mut Option<String>, value: &str) {
    let value = value.trim();
    if field.is_none() && !value.is_empty() && value != "UNKNOWN" {
        *field = Some(value.to_owned());
    }
}

/// Core metadata: mail-like headers, then the description.
fn headers(text: &str, manifest: &mut Manifest) {
    let (head, body) = split_body(text);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line.trim_start().trim_start_matches('|'));
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let mut description = None;
    for (key, value) in fields {
        match key.as_str() {
            "name" => set(&mut manifest.name, &value),
            "version" => set(&mut manifest.version, &value),
            "summary" => set(&mut manifest.summary, &value),
            "home-page" => set(&mut manifest.home_page, &value),
            "author" | "author-email" => set(&mut manifest.author, &value),
            "description" => set(&mut description, &value),
            "project-url" => {
                manifest.urls.push(value.rsplit_once(',').map_or(value.as_str(), |(_, url)| url).trim().to_owned())
            }
            "download-url" => manifest.urls.push(value),
            "requires-dist" => manifest.requires.push(value),
            _ => {}
        }
    }
    set(&mut description, body);
    if let Some(description) = description {
        set(&mut manifest.description, clip(&description));
    }
}

fn split_body(text: &str) -> (&str, &str) {
    ["\n\n", "\r\n\r\n"]
        .iter()
        .filter_map(|gap| text.split_once(gap))
        .min_by_key(|(head, _)| head.len())
        .unwrap_or((text, ""))
}

/// The first [`DESCRIPTION`] bytes, cut between characters.
fn clip(text: &str) -> &str {
    let mut end = DESCRIPTION.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

fn setup_cfg(text: &str, manifest: &mut Manifest) {
    let ini = Ini::parse(text, true);
    let get =
        |key: &str| ini.get("metadata", key).filter(|value| !value.starts_with("file:") && !value.starts_with("attr:"));
    for (field, keys) in [
        (&mut manifest.name, &["name"][..]),
        (&mut manifest.version, &["version"]),
        (&mut manifest.summary, &["description", "summary"]),
        (&mut manifest.author, &["author", "author_email"]),
        (&mut manifest.home_page, &["url", "home_page", "home-page"]),
    ] {
        for key in keys {
            set(field, get(key).unwrap_or_default());
        }
    }
    for line in ini.lines("metadata", "project_urls") {
        if let Some((_, url)) = line.split_once('=') {
            manifest.urls.push(url.trim().to_owned());
        }
    }
    manifest.requires.extend(ini.lines("options", "install_requires").map(ToOwned::to_owned));
}

/// Reads `pyproject.toml`; or says why it cannot be read.
fn pyproject(text: &str, manifest: &mut Manifest) -> Option<String> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return Some(error.message().to_owned()),
    };
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry")).and_then(toml::Value::as_table);
    for project in [table.get("project").and_then(toml::Value::as_table), poetry].into_iter().flatten() {
        let text = |key: &str| project.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        set(&mut manifest.name, text("name"));
        set(&mut manifest.version, text("version"));
        set(&mut manifest.summary, text("description"));
        set(&mut manifest.home_page, text("homepage"));
        if let Some(author) = project.get("authors").and_then(toml::Value::as_array).and_then(|authors| authors.first())
        {
            let name = author.as_str().or_else(|| author.get("name").and_then(toml::Value::as_str)).unwrap_or_default();
            set(&mut manifest.author, name);
        }
        if let Some(urls) = project.get("urls").and_then(toml::Value::as_table) {
            manifest.urls.extend(urls.values().filter_map(toml::Value::as_str).map(ToOwned::to_owned));
        }
        match project.get("dependencies") {
            Some(toml::Value::Array(list)) => {
                manifest.requires.extend(list.iter().filter_map(toml::Value::as_str).map(ToOwned::to_owned))
            }
            Some(toml::Value::Table(table)) => {
                manifest.requires.extend(table.keys().filter(|name| *name != "python").cloned())
            }
            _ => {}
        }
    }
    None
}

/// Name and version out of an archive's file name, as the packaging standards write it.
pub(crate) fn name_and_version(path: &str) -> Option<(String, String)> {
    let name = path.rsplit(['/', '\\']).next()?;
    let lower = name.to_ascii_lowercase();
    let parts = |stem: &str| -> Option<(String, String)> {
        let mut parts = stem.split('-');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    for end in [".whl", ".egg"] {
        if lower.ends_with(end) {
            return parts(name.get(..name.len() - end.len())?);
        }
    }
    for end in [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.lzma", ".tar.zst", ".zip", ".tar"] {
        if lower.ends_with(end) {
            let stem = name.get(..name.len() - end.len())?;
            let (name, version) = stem.rsplit_once('-')?;
            return version.starts_with(|c: char| c.is_ascii_digit()).then(|| (name.to_owned(), version.to_owned()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_archives() {
        for (path, wanted) in [
            ("/tmp/example-1.4.post1.tar.gz", Some(("example", "1.4.post1"))),
            ("two-words-2.0.zip", Some(("two-words", "2.0"))),
            ("two_words-2.0-py3-none-any.whl", Some(("two_words", "2.0"))),
            ("plain.zip", None),
            ("some-thing.zip", None),
        ] {
            assert_eq!(name_and_version(path), wanted.map(|(a, b)| (a.to_owned(), b.to_owned())), "{path}");
        }
    }

    #[test]
    fn core_metadata() {
        let mut manifest = Manifest::default();
        headers(
            "Metadata-Version: 2.1\nName: example\nVersion: 1.0\nSummary: Does\n  things\nHome-page: UNKNOWN\nProject-URL: Source, https://example.invalid/src\nRequires-Dist: a>1\nRequires-Dist: b\n\nThe long: story.\n",
            &mut manifest,
        );
        assert_eq!(manifest.name.as_deref(), Some("example"));
        assert_eq!(manifest.summary.as_deref(), Some("Does\nthings"));
        assert_eq!(manifest.home_page, None);
        assert_eq!(manifest.urls, ["https://example.invalid/src"]);
        assert_eq!(manifest.requires, ["a>1", "b"]);
        assert_eq!(manifest.description.as_deref(), Some("The long: story."));
    }
}
