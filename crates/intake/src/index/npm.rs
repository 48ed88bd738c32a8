//! One version of a package from a registry for Node.

use base64::Engine;
use nodejs_semver::{Range, Version};
use serde_json::{Map, Value};
use sha2::{Digest, Sha512};
use url::Url;

use super::config::Environment;
use super::error::IndexError;
use super::http::{Client, shown};
use super::npmrc::settings;
use crate::coverage::Coverage;
use crate::input::{Input, Part, Shape};
use crate::resolve::Options;

/// Largest document of a package that is read, in bytes.
const DOCUMENT: u64 = 128 * 1024 * 1024;
/// The short form of a package's document, and the long one for registries that have no other.
const ACCEPT: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
/// How many versions an error names.
const NAMED: usize = 5;

/// The address of a package's document. The slash behind a scope is part of the name.
fn document_url(registry: &str, name: &str) -> Option<Url> {
    let base = format!("{}/", registry.trim_end_matches('/'));
    Url::parse(&base).ok()?.join(&name.replace('/', "%2f")).ok()
}

/// The version that is meant: as written, by a tag, by a range, or the one that is tagged `latest`. Of those in a range
/// it is the one that npm takes: the tagged one, or else the newest that is not deprecated.
fn chosen(document: &Value, name: &str, wanted: Option<&str>) -> Result<String, IndexError> {
    let versions = document.get("versions").and_then(Value::as_object);
    let tags = document.get("dist-tags").and_then(Value::as_object);
    let tag = wanted.unwrap_or("latest");
    let has = |version: &str| versions.is_some_and(|versions| versions.contains_key(version));
    if has(tag) {
        return Ok(tag.to_owned());
    }
    if let Some(version) = tags.and_then(|tags| tags.get(tag)).and_then(Value::as_str)
        && has(version)
    {
        return Ok(version.to_owned());
    }
    let latest = tags.and_then(|tags| tags.get("latest")).and_then(Value::as_str);
    if let Some(version) = versions.and_then(|versions| newest(versions, tag, latest)) {
        return Ok(version);
    }
    let Some(versions) = versions.filter(|versions| !versions.is_empty()) else {
        return Err(IndexError::Nothing {
            name: name.to_owned(),
            why: "all of its versions were withdrawn".to_owned(),
        });
    };
    let last: Vec<String> = versions.keys().rev().take(NAMED).map(|version| format!("`{version}`")).collect();
    let tags: Vec<String> = tags.into_iter().flat_map(|tags| tags.keys()).map(|tag| format!("`{tag}`")).collect();
    Err(IndexError::UnknownVersion {
        name: name.to_owned(),
        version: tag.to_owned(),
        nearest: format!("it has {}, and the tags {}", last.join(", "), tags.join(", ")),
    })
}

/// The version that npm takes for a range. `None` if the text is no range, or no version is in it.
fn newest(versions: &Map<String, Value>, range: &str, latest: Option<&str>) -> Option<String> {
    let range = Range::parse(range).ok()?;
    let fitting = |name: &str| Version::parse(name).ok().filter(|version| range.satisfies(version));
    if let Some(latest) = latest.filter(|latest| versions.contains_key(*latest) && fitting(latest).is_some()) {
        return Some(latest.to_owned());
    }
    let kept = |entry: &Value| entry.get("deprecated").and_then(Value::as_str).is_none_or(str::is_empty);
    let all = versions.iter().filter_map(|(name, entry)| Some(((kept(entry), fitting(name)?), name)));
    all.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, name)| name.clone())
}

/// Checks the bytes against a subresource integrity of SHA-512. `None` if there is none of that kind.
fn matches(bytes: &[u8], integrity: &str) -> Option<Result<(), (String, String)>> {
    let listed = integrity.split_whitespace().find_map(|part| part.strip_prefix("sha512-"))?;
    let found = base64::engine::general_purpose::STANDARD.encode(Sha512::digest(bytes));
    let listed = listed.split('?').next().unwrap_or(listed);
    Some(if listed == found { Ok(()) } else { Err((listed.to_owned(), found)) })
}

pub(crate) fn fetch(
    name: &str,
    wanted: Option<&str>,
    options: &Options,
    environment: &Environment,
) -> Result<Input, IndexError> {
    let settings = settings(name, environment)?;
    let client = Client::new(&settings)?;
    let registry = settings.indexes.first().cloned().unwrap_or_default();
    let address = |why: &str| IndexError::Address {
        url: shown(&registry),
        found_in: settings.found_in.clone(),
        why: why.to_owned(),
    };
    let url = document_url(&registry, name).ok_or_else(|| address("it has no path"))?;
    let answer = client
        .get(&url, ACCEPT, DOCUMENT)?
        .ok_or_else(|| IndexError::UnknownProject { name: name.to_owned(), asked: shown(url.as_str()) })?;
    let page = |why: String| IndexError::Page { url: shown(url.as_str()), why };
    let document: Value = serde_json::from_slice(&answer.body).map_err(|error| page(error.to_string()))?;
    let version = chosen(&document, name, wanted)?;
    let entry = document.get("versions").and_then(|versions| versions.get(&version));
    let dist = entry.and_then(|entry| entry.get("dist")).ok_or_else(|| page("the version has no file".to_owned()))?;
    let tarball = dist.get("tarball").and_then(Value::as_str).unwrap_or_default();
    let tarball = Url::parse(tarball).map_err(|error| page(format!("the file's address is none: {error}")))?;
    let file = format!("{}-{version}.tgz", name.rsplit('/').next().unwrap_or(name));
    let most = options.limits.fetch_bytes;
    let answer = client
        .get(&tarball, "*/*", most.saturating_add(1))?
        .ok_or_else(|| IndexError::Status { url: shown(tarball.as_str()), status: 404 })?;
    let mut coverage = Coverage::default();
    let integrity = dist.get("integrity").and_then(Value::as_str).unwrap_or_default();
    match matches(&answer.body, integrity) {
        Some(Ok(())) => {}
        Some(Err((listed, found))) => {
            return Err(IndexError::Digest { file, url: shown(tarball.as_str()), listed, found });
        }
        None => coverage.note(&file, "has no SHA-512 in the registry, so that what was fetched could not be checked"),
    }
    if entry
        .and_then(|entry| entry.get("deprecated"))
        .is_some_and(|value| value.as_str().is_some_and(|why| !why.is_empty()))
    {
        coverage.note(&file, "was marked as deprecated by its maintainers");
    }
    Ok(Input {
        name: format!("npm:{name}@{version}"),
        shape: Shape::Archive,
        parts: vec![Part { path: file, bytes: answer.body }],
        coverage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::json!({"dist-tags": {"latest": "1.1.0", "next": "2.0.0-a"},
            "versions": {"1.0.0": {}, "1.1.0": {}, "2.0.0-a": {}}})
    }

    #[test]
    fn a_version_is_meant_by_itself_or_by_a_tag() {
        let meant = |wanted| chosen(&document(), "x", wanted).ok();
        assert_eq!(meant(None).as_deref(), Some("1.1.0"));
        assert_eq!(meant(Some("next")).as_deref(), Some("2.0.0-a"));
        assert_eq!(meant(Some("1.0.0")).as_deref(), Some("1.0.0"));
        assert_eq!(meant(Some("^1.0.0")).as_deref(), Some("1.1.0"));
        assert_eq!(meant(Some("~1.0")).as_deref(), Some("1.0.0"));
        assert_eq!(meant(Some("<1.1 || >=3")).as_deref(), Some("1.0.0"));
        assert_eq!(meant(Some(">=2.0.0-0")).as_deref(), Some("2.0.0-a"));
        assert_eq!(meant(Some("2.x")), None);
        let error = chosen(&document(), "x", Some("3")).unwrap_err().to_string();
        assert!(error.contains("`2.0.0-a`") && error.contains("`latest`"), "{error}");
    }

    #[test]
    fn of_a_range_the_tagged_one_is_taken_and_no_deprecated_one() {
        let document = serde_json::json!({"dist-tags": {"latest": "1.1.0"},
            "versions": {"1.0.0": {}, "1.1.0": {}, "1.2.0": {}, "0.9.0": {}, "0.9.1": {"deprecated": "broken"}}});
        let meant = |wanted| chosen(&document, "x", Some(wanted)).ok();
        assert_eq!(meant("1").as_deref(), Some("1.1.0"));
        assert_eq!(meant(">1.1").as_deref(), Some("1.2.0"));
        assert_eq!(meant("0.9").as_deref(), Some("0.9.0"));
        assert_eq!(meant("=0.9.1").as_deref(), Some("0.9.1"));
        assert_eq!(meant("*").as_deref(), Some("1.1.0"));
    }

    #[test]
    fn the_slash_of_a_scope_is_part_of_the_name() {
        let url = document_url("https://r.example.invalid/npm", "@scope/name").unwrap();
        assert_eq!(url.as_str(), "https://r.example.invalid/npm/@scope%2fname");
    }

    #[test]
    fn another_file_than_the_listed_one_is_refused() {
        let right = format!("sha512-{}", base64::engine::general_purpose::STANDARD.encode(Sha512::digest(b"a")));
        assert!(matches(b"a", &right).unwrap().is_ok());
        assert!(matches(b"b", &right).unwrap().is_err());
        assert!(matches(b"a", "sha1-xyz").is_none());
    }
}
