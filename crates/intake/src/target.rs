//! What the user typed, taken apart. Nothing is looked up here.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use pep440_rs::Version;
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A target as typed on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file, a folder or an archive.
    Path(PathBuf),
    /// Whatever standard input gives.
    Stdin,
    /// A version of a package of the Python package index that the user's own pip is set up for.
    Pypi {
        /// The project's name, as typed.
        name: String,
        /// The version, as typed; the newest final release when there is none.
        version: Option<String>,
    },
    /// A version of a package of the registry that the user's own npm is set up for.
    Npm {
        /// The package's name, with its scope.
        name: String,
        /// The version or tag, as typed; what is tagged `latest` when there is none.
        version: Option<String>,
    },
}

/// Why a typed target cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Nothing was typed.
    #[error(
        "the target is empty; name a file, a folder, an archive, `-` for standard input, `pypi:NAME[@VERSION]`, or `npm:NAME[@VERSION]`"
    )]
    Empty,
    /// The prefix names a registry that cannot be asked yet.
    #[error(
        "`{target}` names a package of `{ecosystem}`, and only `pypi:NAME[@VERSION]` and `npm:NAME[@VERSION]` packages can be fetched; for a file of that name type `./{target}`"
    )]
    UnknownEcosystem {
        /// The target as typed.
        target: String,
        /// The registry's prefix.
        ecosystem: String,
    },
    /// The package name is not one.
    #[error(
        "`{name}` in `{target}` is not a package name: letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit; write `pypi:NAME` or `pypi:NAME@VERSION`"
    )]
    Name {
        /// The target as typed.
        target: String,
        /// The part that should be a name.
        name: String,
    },
    /// The name of a package for Node is not one.
    #[error(
        "`{name}` in `{target}` is not the name of a package for Node: letters, digits, `.`, `_`, `-` and `~`, with `@scope/` in front if it has one; write `npm:NAME` or `npm:NAME@VERSION`"
    )]
    NpmName {
        /// The target as typed.
        target: String,
        /// The part that should be a name.
        name: String,
    },
    /// The version is not one.
    #[error("`{version}` in `{target}` is not a version: {why}; write `{spelling}`")]
    Version {
        /// The target as typed.
        target: String,
        /// The part that should be a version.
        version: String,
        /// What is wrong with it.
        why: String,
        /// What may have been meant, spelled right.
        spelling: String,
    },
}

/// Prefixes of registries that a user may well type, although they cannot be fetched from.
const OTHER_ECOSYSTEMS: [&str; 7] = ["cargo", "gem", "rubygems", "golang", "maven", "nuget", "composer"];

impl Target {
    /// Takes a typed argument apart. An argument that is not UTF-8 can only be a path.
    ///
    /// # Errors
    /// When the argument is empty, or has a registry's prefix and is malformed after it.
    pub fn parse(typed: &OsStr) -> Result<Self, TargetError> {
        match typed.to_str() {
            Some(text) => text.parse(),
            None => Ok(Self::Path(PathBuf::from(typed))),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(typed: &str) -> Result<Self, TargetError> {
        if typed.is_empty() {
            return Err(TargetError::Empty);
        }
        if typed == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(rest) = typed.strip_prefix("pypi:") {
            return pypi(typed, rest, false);
        }
        if let Some(rest) = typed.strip_prefix("npm:") {
            return npm(typed, rest, false);
        }
        if let Some(purl) = typed.strip_prefix("pkg:") {
            let purl = purl.trim_start_matches('/');
            let (ecosystem, rest) = purl.split_once('/').unwrap_or((purl, ""));
            if ecosystem.eq_ignore_ascii_case("pypi") {
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                return pypi(typed, rest, true);
            }
            if ecosystem.eq_ignore_ascii_case("npm") {
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                return npm(typed, rest, true);
            }
            return Err(TargetError::UnknownEcosystem { target: typed.to_owned(), ecosystem: ecosystem.to_owned() });
        }
        if let Some((prefix, rest)) = typed.split_once(':')
            && !rest.is_empty()
            && OTHER_ECOSYSTEMS.contains(&prefix)
        {
            return Err(TargetError::UnknownEcosystem { target: typed.to_owned(), ecosystem: prefix.to_owned() });
        }
        Ok(Self::Path(PathBuf::from(typed)))
    }
}

fn pypi(typed: &str, rest: &str, encoded: bool) -> Result<Target, TargetError> {
    let (name, version) = match rest.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (rest, None),
    };
    let decode = |part: &str| {
        if encoded { percent_decode_str(part).decode_utf8_lossy().into_owned() } else { part.to_owned() }
    };
    let name = decode(name);
    // pip's own spelling of a version.
    if version.is_none()
        && let Some(at) = name.find(['=', '<', '>', '~', '!', ' '])
        && let Some((project, asked)) = name.split_at_checked(at)
        && is_project_name(project)
        && asked.chars().any(|c| c.is_ascii_digit())
    {
        return Err(not_pypi_version(typed, project, asked, "a version stands behind `@`".to_owned()));
    }
    if !is_project_name(&name) {
        return Err(TargetError::Name { target: typed.to_owned(), name });
    }
    let version = version.map(decode);
    if let Some(text) = &version {
        let why = match Version::from_str(text) {
            _ if text.is_empty() => "it is empty".to_owned(),
            _ if text.contains(char::is_whitespace) => "it has a space".to_owned(),
            Ok(_) => return Ok(Target::Pypi { name, version }),
            Err(_) if text.starts_with(COMPARISONS) => "it is a range, and one version is reviewed".to_owned(),
            Err(error) => error.to_string(),
        };
        return Err(not_pypi_version(typed, &name, text, why));
    }
    Ok(Target::Pypi { name, version })
}

/// What a range of versions begins with.
const COMPARISONS: [char; 6] = ['=', '<', '>', '~', '!', '^'];

/// The error for what is no version of a Python package. The first version that stands in it is the one that may be meant.
fn not_pypi_version(typed: &str, name: &str, version: &str, why: String) -> TargetError {
    let parts = version.split([',', ';', ' ', '|']).map(|part| part.trim_start_matches(COMPARISONS));
    let meant = parts.into_iter().find(|part| Version::from_str(part).is_ok());
    let spelling = format!("pypi:{name}@{}", meant.unwrap_or("1.2.3"));
    TargetError::Version { target: typed.to_owned(), version: version.to_owned(), why, spelling }
}

fn npm(typed: &str, rest: &str, encoded: bool) -> Result<Target, TargetError> {
    let decode = |part: &str| {
        if encoded { percent_decode_str(part).decode_utf8_lossy().into_owned() } else { part.to_owned() }
    };
    // The first character may be the `@` of a scope, in a package URL written `%40`.
    let at = rest.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
    let (name, version) = match at.and_then(|at| rest.split_at_checked(at)) {
        Some((name, version)) => (name, version.strip_prefix('@').map(decode)),
        None => (rest, None),
    };
    let name = decode(name);
    let (scope, plain) = match name.strip_prefix('@') {
        Some(inner) => match inner.split_once('/') {
            Some((scope, plain)) => (Some(scope), plain),
            None => (Some(""), inner),
        },
        None => (None, name.as_str()),
    };
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.len() <= 214
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'))
    };
    if !is_part(plain) || scope.is_some_and(|scope| !is_part(scope)) {
        return Err(TargetError::NpmName { target: typed.to_owned(), name });
    }
    if let Some(version) = &version
        && (version.is_empty()
            // The parts of a range stand apart (`>=1.2 <2`).
            || version.chars().any(char::is_whitespace)
                && (version.trim() != version || nodejs_semver::Range::parse(version).is_err()))
    {
        let why = if version.is_empty() { "it is empty" } else { "it has a space" }.to_owned();
        let meant = version.split_whitespace().next().unwrap_or("1.2.3");
        let spelling = format!("npm:{name}@{meant}");
        return Err(TargetError::Version { target: typed.to_owned(), version: version.clone(), why, spelling });
    }
    Ok(Target::Npm { name, version })
}

/// Whether `name` is a project name as the packaging standards define it.
fn is_project_name(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(name.chars().next())
        && edge(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("-"),
            Self::Npm { name, version: None } => write!(f, "npm:{name}"),
            Self::Npm { name, version: Some(version) } => write!(f, "npm:{name}@{version}"),
            Self::Pypi { name, version: None } => write!(f, "pypi:{name}"),
            Self::Pypi { name, version: Some(version) } => write!(f, "pypi:{name}@{version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pypi(name: &str, version: Option<&str>) -> Target {
        Target::Pypi { name: name.to_owned(), version: version.map(ToOwned::to_owned) }
    }

    fn npm(name: &str, version: Option<&str>) -> Target {
        Target::Npm { name: name.to_owned(), version: version.map(ToOwned::to_owned) }
    }

    #[test]
    fn every_form_is_understood() {
        for (typed, wanted) in [
            ("-", Target::Stdin),
            ("src/app.py", Target::Path("src/app.py".into())),
            ("./npm:left", Target::Path("./npm:left".into())),
            ("C:\\work", Target::Path("C:\\work".into())),
            ("pypi:example", pypi("example", None)),
            ("pypi:Example_Name@1.4.post1", pypi("Example_Name", Some("1.4.post1"))),
            ("pkg:pypi/example@1.0%2Blocal?file_name=x#y", pypi("example", Some("1.0+local"))),
            ("pkg:pypi/example", pypi("example", None)),
            ("npm:left-pad", npm("left-pad", None)),
            ("npm:@scope/name@1.2.3", npm("@scope/name", Some("1.2.3"))),
            ("npm:x@next", npm("x", Some("next"))),
            ("npm:x@>=1.2 <2 || ^3", npm("x", Some(">=1.2 <2 || ^3"))),
            ("pkg:npm/x@%5E1.2", npm("x", Some("^1.2"))),
            ("pkg:npm/%40scope/name@1.2.3?x=y", npm("@scope/name", Some("1.2.3"))),
        ] {
            assert_eq!(typed.parse::<Target>(), Ok(wanted), "{typed}");
        }
    }

    #[test]
    fn malformed_targets_say_what_is_wrong() {
        for (typed, wanted) in [
            ("", "empty"),
            ("pypi:", "is not a package name"),
            ("pypi:-x", "is not a package name"),
            ("pypi:a b", "is not a package name"),
            ("pypi:../etc", "is not a package name"),
            ("pypi:example@", "it is empty"),
            ("pypi:example@one two", "is not a version"),
            ("npm:", "is not the name of a package for Node"),
            ("npm:@scope", "is not the name of a package for Node"),
            ("npm:../x", "is not the name of a package for Node"),
            ("npm:left-pad@", "it is empty"),
            ("pkg:cargo/x@1", "cargo"),
            ("npm:x@ 1", "it has a space; write `npm:x@1`"),
            ("npm:@a/x@^1 ", "it has a space; write `npm:@a/x@^1`"),
            ("npm:x@", "it is empty; write `npm:x@1.2.3`"),
            ("pypi:x@>=1", "it is a range, and one version is reviewed; write `pypi:x@1`"),
            ("pypi:x@~=1.4,<2", "it is a range, and one version is reviewed; write `pypi:x@1.4`"),
            ("pypi:x@ 1", "it has a space; write `pypi:x@1`"),
            ("pypi:x==1.2", "a version stands behind `@`; write `pypi:x@1.2`"),
            ("pypi:x@new", "write `pypi:x@1.2.3`"),
        ] {
            let error = typed.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{typed}: {error}");
        }
    }

    #[test]
    fn shown_as_typed() {
        for typed in ["-", "a/b.py", "pypi:example", "pypi:example@1.0"] {
            assert_eq!(typed.parse::<Target>().unwrap().to_string(), typed);
        }
    }
}
