//! What a wheel's `RECORD` says it holds, against what it holds; and a source archive against the wheels of its version.
//!
//! An installer that checks `RECORD` refuses what differs, others do not look. A difference is a fact about how the package was made, not yet a sign of malice.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::input::hex;
use crate::manifest::Root;
use crate::package::{FileKind, SourceFile};

/// Names that are told of; the rest is counted.
const TOLD: usize = 3;

/// Compares each wheel among `roots` with its `RECORD`, and source archives with the wheels beside them.
pub(crate) fn compare(files: &[SourceFile], roots: &[Root], notes: &mut Vec<String>) {
    for root in roots.iter().filter(|root| root.installed) {
        let inside: BTreeMap<&str, &SourceFile> = files
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(root.prefix.as_str())?, file)))
            .filter(|(rest, _)| !rest.contains("!/"))
            .collect();
        for (rest, file) in &inside {
            if let (Some(folder), Some(text)) = (rest.strip_suffix("/RECORD"), file.text.as_deref())
                && folder.ends_with(".dist-info")
                && !folder.contains('/')
            {
                wheel(&file.path, folder, text, &inside, notes);
            }
        }
    }
    sources(files, roots, notes);
}

fn wheel(shown: &str, folder: &str, record: &str, inside: &BTreeMap<&str, &SourceFile>, notes: &mut Vec<String>) {
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    let (mut differ, mut missing) = (Vec::new(), Vec::new());
    let lines: Vec<(String, String)> = record.lines().filter_map(line).collect();
    for (path, digest) in &lines {
        let Some(file) = inside.get(path.as_str()) else {
            missing.push(path.as_str());
            continue;
        };
        listed.insert(path);
        // Other algorithms are older than the format's own rule, and are not compared.
        if let Some(digest) = digest.strip_prefix("sha256=")
            && URL_SAFE_NO_PAD.decode(digest.trim_end_matches('=')).map_or(true, |digest| hex(&digest) != file.digest)
        {
            differ.push(path.as_str());
        }
    }
    let own = [format!("{folder}/RECORD"), format!("{folder}/RECORD.jws"), format!("{folder}/RECORD.p7s")];
    let unlisted: Vec<&str> =
        inside.keys().filter(|path| !listed.contains(*path) && !own.iter().any(|own| own == *path)).copied().collect();
    for (found, what) in [
        (differ, "gives another digest than the content has for"),
        (missing, "lists what the wheel does not hold:"),
        (unlisted, "does not list"),
    ] {
        if !found.is_empty() {
            notes.push(format!("`{shown}` {what} {}", told(&found)));
        }
    }
}

/// The path and the digest of one line: `path,sha256=…,size`, the path in quotes if it holds a comma.
fn line(line: &str) -> Option<(String, String)> {
    let mut fields = line.trim_end().rsplitn(3, ',');
    let (_size, digest, path) = (fields.next()?, fields.next()?, fields.next()?);
    let path = match path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => path.to_owned(),
    };
    Some((path, digest.to_owned()))
}

/// Tells of modules that a wheel holds and the source archive of its version does not.
fn sources(files: &[SourceFile], roots: &[Root], notes: &mut Vec<String>) {
    let archives = |installed: bool| -> Vec<&str> {
        let found = roots.iter().filter(|root| root.installed == installed);
        found.map(|root| root.prefix.as_str()).filter(|prefix| prefix.contains("!/")).collect()
    };
    let (wheels, sources) = (archives(true), archives(false));
    if wheels.is_empty() || sources.is_empty() {
        return;
    }
    let is_code = |file: &&SourceFile| file.kind == FileKind::Python && file.size > 0;
    let held = |prefixes: &[&str], file: &SourceFile| prefixes.iter().any(|prefix| file.path.starts_with(prefix));
    let mut digests = BTreeSet::new();
    let mut ends: BTreeSet<&str> = BTreeSet::new();
    for file in files.iter().filter(is_code).filter(|file| held(&sources, file)) {
        digests.insert(file.digest.as_str());
        // A module may lie in any folder of the sources: every end of its path is a place it may be installed to.
        let inside = file.path.rsplit("!/").next().unwrap_or(&file.path);
        ends.insert(inside);
        ends.extend(inside.match_indices('/').filter_map(|(at, _)| inside.get(at + 1..)));
    }
    let mut only = BTreeSet::new();
    for file in files.iter().filter(is_code).filter(|file| held(&wheels, file)) {
        let Some(rest) = wheels.iter().find_map(|prefix| file.path.strip_prefix(prefix)) else { continue };
        let rest = rest.split_once(".data/").and_then(|(_, rest)| rest.split_once('/')).map_or(rest, |(_, rest)| rest);
        if !digests.contains(file.digest.as_str()) && !ends.contains(rest) {
            only.insert(rest);
        }
    }
    if !only.is_empty() {
        let only: Vec<&str> = only.into_iter().collect();
        notes.push(format!("its wheels hold code that its source archive does not: {}", told(&only)));
    }
}

/// The first names, and how many more there are.
fn told(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(TOLD) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
