//! Which version is meant, and which files belong to it.

use std::str::FromStr;

use pep440_rs::Version;

use super::error::IndexError;
use super::page::Listed;

/// Versions named on either side of one that does not exist.
const NEAREST: usize = 3;

/// What an installer does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Source,
    /// A wheel for every platform.
    AnyWheel,
    Wheel,
    /// A form that installers no longer take.
    Old,
}

/// A file whose name tells its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub version: Version,
    pub form: Form,
    pub listed: Listed,
}

/// The project's name in the one spelling that indexes use in addresses.
pub(crate) fn normalized(name: &str) -> String {
    name.to_lowercase().split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

impl Candidate {
    /// Takes a file's name apart; nothing when it is no file of the project `name`, in normalized spelling.
    pub(crate) fn of(listed: Listed, name: &str) -> Option<Self> {
        let lower = listed.name.to_ascii_lowercase();
        if let Some(stem) = lower.strip_suffix(".whl") {
            let mut parts = stem.split('-');
            let (project, version) = (parts.next()?, parts.next()?);
            let any = stem.ends_with("-none-any");
            let version = Version::from_str(version).ok().filter(|_| normalized(project) == name)?;
            return Some(Self { version, form: if any { Form::AnyWheel } else { Form::Wheel }, listed });
        }
        for end in [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"] {
            if let Some(stem) = lower.strip_suffix(end) {
                // The name may hold hyphens, so every hyphen may be the one before the version.
                let version = stem.match_indices('-').find_map(|(at, _)| {
                    let (project, version) = stem.split_at_checked(at)?;
                    Version::from_str(version.get(1..)?).ok().filter(|_| normalized(project) == name)
                })?;
                return Some(Self { version, form: Form::Source, listed });
            }
        }
        for end in [".egg", ".exe", ".msi", ".rpm"] {
            if let Some(stem) = lower.strip_suffix(end) {
                let rest = stem.split('-').nth(1)?.trim_end_matches(".win32").trim_end_matches(".win");
                return Some(Self { version: Version::from_str(rest).ok()?, form: Form::Old, listed });
            }
        }
        None
    }
}

/// The version that is meant: the wanted one, or the newest final one that was not withdrawn, or else the newest pre-release.
pub(crate) fn version(name: &str, wanted: Option<&str>, candidates: &[Candidate]) -> Result<Version, IndexError> {
    let mut versions: Vec<&Version> =
        candidates.iter().filter(|candidate| candidate.form != Form::Old).map(|candidate| &candidate.version).collect();
    versions.sort();
    versions.dedup();
    let Some(newest) = versions.last() else {
        let why = if candidates.is_empty() {
            "the index lists no file of it"
        } else {
            "it has only files that installers no longer take"
        };
        return Err(IndexError::Nothing { name: name.to_owned(), why: why.to_owned() });
    };
    if let Some(text) = wanted {
        let unknown =
            |nearest: String| IndexError::UnknownVersion { name: name.to_owned(), version: text.to_owned(), nearest };
        let wanted = Version::from_str(text).map_err(|error| unknown(error.to_string()))?;
        if let Some(found) = versions.iter().find(|version| ***version == wanted) {
            return Ok((*found).clone());
        }
        let at = versions.partition_point(|version| **version < wanted);
        let near: Vec<String> = versions
            .iter()
            .skip(at.saturating_sub(NEAREST))
            .take(NEAREST.min(at) + NEAREST)
            .map(ToString::to_string)
            .collect();
        return Err(unknown(format!(
            "the nearest of its {} are {}; the newest is {newest}",
            versions.len(),
            near.join(", ")
        )));
    }
    let kept = |version: &&&Version| {
        candidates
            .iter()
            .any(|candidate| candidate.version == ***version && candidate.form != Form::Old && !candidate.listed.yanked)
    };
    let found = versions
        .iter()
        .rev()
        .filter(kept)
        .find(|version| !version.any_prerelease())
        .or_else(|| versions.iter().rev().find(kept));
    found.map(|version| (**version).clone()).ok_or_else(|| IndexError::Nothing {
        name: name.to_owned(),
        why: format!("all its versions were withdrawn; name one, as in `pypi:{name}@{newest}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(file: &str, name: &str) -> Option<Candidate> {
        let url = url::Url::parse("https://files.example.invalid/x").unwrap();
        Candidate::of(Listed { name: file.to_owned(), url, sha256: None, size: None, yanked: false }, name)
    }

    fn candidates(versions: &[&str]) -> Vec<Candidate> {
        versions.iter().map(|version| candidate(&format!("example-{version}.tar.gz"), "example").unwrap()).collect()
    }

    #[test]
    fn names_of_files() {
        for (file, name, wanted) in [
            ("example-1.4.post1.tar.gz", "example", Some(("1.4.post1", Form::Source))),
            ("Two.Words-2.0.zip", "two-words", Some(("2.0", Form::Source))),
            ("two-words-2.0.tar.gz", "two-words", Some(("2.0", Form::Source))),
            ("two-words-2.0.tar.gz", "two", None),
            ("two_words-2.0-py3-none-any.whl", "two-words", Some(("2.0", Form::AnyWheel))),
            ("two_words-2.0-1-cp312-cp312-win32.whl", "two-words", Some(("2.0", Form::Wheel))),
            ("example-1.0-py2.7.egg", "example", Some(("1.0", Form::Old))),
            ("example-1.0.win32.exe", "example", Some(("1.0", Form::Old))),
            ("example-latest.tar.gz", "example", None),
            ("README", "example", None),
        ] {
            let found = candidate(file, name).map(|found| (found.version.to_string(), found.form));
            assert_eq!(found, wanted.map(|(version, form)| (version.to_owned(), form)), "{file}");
        }
    }

    #[test]
    fn the_newest_final_version_is_meant() {
        let mut all = candidates(&["1.0", "1.10", "1.9", "2.0rc1", "2.0.dev1"]);
        assert_eq!(version("example", None, &all).unwrap().to_string(), "1.10");
        all[1].listed.yanked = true;
        assert_eq!(version("example", None, &all).unwrap().to_string(), "1.9");
        assert_eq!(version("example", Some("1.10.0"), &all).unwrap().to_string(), "1.10");
        assert_eq!(version("example", None, &candidates(&["2.0rc1"])).unwrap().to_string(), "2.0rc1");
        for candidate in &mut all {
            candidate.listed.yanked = true;
        }
        assert!(version("example", None, &all).unwrap_err().to_string().contains("withdrawn"));
        assert!(version("example", None, &[]).unwrap_err().to_string().contains("no file"));
    }

    #[test]
    fn a_wrong_version_is_answered_with_the_nearest() {
        let all = candidates(&["0.1", "1.0", "1.1", "1.2", "1.3", "1.5", "1.6", "1.7", "2.0", "3.0"]);
        let error = version("example", Some("1.4"), &all).unwrap_err().to_string();
        assert!(error.contains("1.1, 1.2, 1.3, 1.5, 1.6, 1.7; the newest is 3.0"), "{error}");
        let error = version("example", Some("9"), &all).unwrap_err().to_string();
        assert!(error.contains("1.7, 2.0, 3.0;"), "{error}");
    }
}
