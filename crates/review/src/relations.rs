//! What the package is in relation to others: its name beside names that are downloaded far more, its manifest beside
//! what it is offered as, its version beside its content.
//!
//! Relations nudge and never convict: together they count no more than `malware.relations.most`. A name as such is none.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::prose::family::Family;
use crate::prose::words::{code, list};
use crate::view::View;

/// Names of the most downloaded packages, the most downloaded first, by index. `popular.py` beside them makes the lists.
static POPULAR: LazyLock<FxHashMap<&'static str, Names>> = LazyLock::new(|| {
    [("pypi", include_str!("../data/popular-pypi.txt")), ("npm", include_str!("../data/popular-npm.txt"))]
        .into_iter()
        .map(|(index, text)| (index, Names::new(text)))
        .collect()
});

/// A package of which the other has so many times its rank is downloaded far less.
const FAR: usize = 10;
/// Names below this length differ in one letter from too many others.
const SHORT: usize = 5;
/// Names of up to this length are compared with the first [`FIRST`] only.
const MIDDLE: usize = 6;
const FIRST: usize = 1_000;
/// Bytes of source up to which there is little in a package.
const LITTLE: u64 = 20_000;
/// Bytes of source up to which there is nothing in a package beside its installation.
const NOTHING: u64 = 400;

struct Names {
    ranked: Vec<&'static str>,
    ranks: FxHashMap<&'static str, usize>,
    /// The first name with these letters, see [`letters`].
    letters: FxHashMap<String, usize>,
    /// The first name with these words in any order.
    words: FxHashMap<Vec<&'static str>, usize>,
}

impl Names {
    fn new(text: &'static str) -> Self {
        let ranked: Vec<&'static str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let mut names = Self {
            ranked: Vec::new(),
            ranks: FxHashMap::default(),
            letters: FxHashMap::default(),
            words: FxHashMap::default(),
        };
        for (rank, name) in ranked.iter().enumerate() {
            names.ranks.entry(name).or_insert(rank);
            names.letters.entry(letters(name)).or_insert(rank);
            let words = words(name);
            if words.len() > 1 {
                names.words.entry(words).or_insert(rank);
            }
        }
        names.ranked = ranked;
        names
    }

    /// The name downloaded far more that this one could be taken for, with how they differ.
    fn near(&self, name: &str) -> Option<(&'static str, &'static str)> {
        // A name that is itself downloaded much is near only to those that are downloaded far more.
        let bound = self.ranks.get(name).map_or(self.ranked.len(), |rank| rank / FAR);
        let other = |rank: &usize| self.ranked.get(*rank).copied().filter(|other| *rank < bound && *other != name);
        let length = name.chars().count();
        if length < SHORT {
            return None;
        }
        if let Some(found) = self.letters.get(&letters(name)).and_then(other) {
            return Some((found, "in signs between words, or in letters that look alike"));
        }
        if let Some(found) = self.words.get(&words(name)).and_then(other) {
            return Some((found, "in the order of its words"));
        }
        let bound = if length <= MIDDLE { bound.min(FIRST) } else { bound };
        self.ranked
            .iter()
            .take(bound)
            .filter(|other| other.len().abs_diff(name.len()) <= 1 && other.len() >= SHORT)
            .find(|other| **other != name && strsim::osa_distance(other, name) == 1)
            .map(|other| (*other, "in one letter"))
    }
}

/// The letters of a name without signs, each standing for those that look like it.
fn letters(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.' | '/' | '@'))
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '5' => 's',
            other => other,
        })
        .collect();
    plain.replace("rn", "m").replace("vv", "w")
}

fn words(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = name.split(['-', '_', '.', '/', '@']).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

/// A name in the form of its index.
fn normal(name: &str, index: &str) -> String {
    let name = name.trim().to_lowercase();
    if index != "pypi" {
        return name;
    }
    // PEP 503.
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

/// A relation that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// The name under which the weights have it.
    pub name: &'static str,
    /// What it says, as a sentence.
    pub text: String,
}

impl Relation {
    /// The kind of the claim that tells it.
    pub(crate) fn kind(&self) -> String {
        format!("relation.{}", self.name)
    }
}

/// All relations that hold of the target.
pub(crate) fn relations(view: &View<'_>) -> Vec<Relation> {
    let package = view.index.package;
    let mut found = Vec::new();
    let popular = package.index.as_deref().and_then(|index| Some((index, POPULAR.get(index)?)));
    if let Some((index, names)) = popular
        && let Some(name) = package.name.as_deref()
    {
        let own = normal(name, index);
        if let Some((other, how)) = names.near(&own) {
            let text = format!(
                "Its name, {}, differs {how} from that of {}, which is downloaded far more.",
                code(name),
                code(other)
            );
            found.push(Relation { name: "near-name", text });
        }
        if let Some((address, other)) = borrowed(&package.urls, &own, index, names) {
            let text = format!(
                "Its manifest gives {} as an address of the project, by its name that of {}.",
                code(&address),
                code(other)
            );
            found.push(Relation { name: "borrowed-address", text });
        }
    }
    if !package.contradictions.is_empty() {
        let text = format!(
            "The package {}.",
            list(&package.contradictions.iter().map(|text| crate::model::escape(text)).collect::<Vec<_>>(), 3)
        );
        found.push(Relation { name: "contradicting-manifest", text });
    }
    if !package.foreign.is_empty() {
        let told: Vec<String> = package.foreign.iter().map(|text| crate::model::escape(text)).collect();
        found.push(Relation { name: "foreign-dependency", text: format!("Its {}.", list(&told, 3)) });
    }
    let code_bytes: u64 = view.modules().filter(|module| module.depth == 0).map(|module| module.bytes).sum();
    if let Some(version) = package.version.as_deref().filter(|version| is_big(version) && code_bytes <= LITTLE) {
        let text = format!("Its version is {}, and there is little in it.", code(version));
        found.push(Relation { name: "big-version", text });
    }
    if only_installation(view) {
        let text = "There is nothing in it but what runs when it is installed.".to_owned();
        found.push(Relation { name: "only-installation", text });
    }
    found
}

/// An address of the project whose last part is the name of another, much downloaded package.
fn borrowed(urls: &[String], own: &str, index: &str, names: &Names) -> Option<(String, &'static str)> {
    let plain = letters(own);
    urls.iter().find_map(|url| {
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = rest.split(['?', '#']).next().unwrap_or(rest).trim_end_matches('/');
        // On a code host an address is of an owner and a project.
        let project = path.split('/').nth(2)?;
        let project = normal(project.trim_end_matches(".git"), index);
        let rank = *names.ranks.get(project.as_str())?;
        let known = names.ranks.get(own).is_some_and(|rank_of_own| rank_of_own / FAR <= rank);
        // Parts of one project carry its name.
        let related = letters(&project).contains(&plain) || plain.contains(&letters(&project));
        (!known && !related && project.len() >= SHORT).then(|| Some((url.clone(), names.ranked.get(rank).copied()?)))?
    })
}

/// True for a first number that no honest counting reaches soon, and that is no year.
fn is_big(version: &str) -> bool {
    let first: String = version.trim_start_matches(['v', 'V']).chars().take_while(char::is_ascii_digit).collect();
    let is_date = |number: u64| [1, 100, 10_000].iter().any(|unit| (1990..2100).contains(&(number / unit)));
    first.parse::<u64>().is_ok_and(|number| number >= 50 && !is_date(number))
}

/// True if something reaches outside at installation, and no other file has code worth the name.
fn only_installation(view: &View<'_>) -> bool {
    let acts = view.events().filter(|event| {
        event.when.contains("install")
            && event.presumed.is_none()
            && matches!(
                Family::of_event(event),
                Some(Family::Network | Family::Commands | Family::Code | Family::Memory)
            )
    });
    let at: Vec<u32> = acts.filter_map(|event| Some(view.place(event.evidence)?.module.0)).collect();
    if at.is_empty() {
        return false;
    }
    let rest: u64 = view
        .modules()
        .filter(|module| module.depth == 0 && !module.when.contains("install"))
        .map(|module| module.bytes)
        .sum();
    rest <= NOTHING
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_is_near_to_one_that_is_downloaded_far_more() {
        let names = POPULAR.get("pypi").unwrap();
        for (name, other, how) in [
            ("reqests", "requests", "in one letter"),
            ("requsets", "requests", "in one letter"),
            ("pythondateutil", "python-dateutil", "in signs between words, or in letters that look alike"),
            ("dateutil-python", "python-dateutil", "in the order of its words"),
        ] {
            assert_eq!(names.near(name), Some((other, how)), "{name}");
        }
        for honest in ["requests", "numpy", "python-dateutil", "an-entirely-different-name", "six"] {
            assert_eq!(names.near(honest), None, "{honest}");
        }
    }

    #[test]
    fn scopes_are_part_of_the_name() {
        let names = POPULAR.get("npm").unwrap();
        assert_eq!(names.near("types-node").map(|found| found.0), Some("@types/node"));
        assert_eq!(names.near("@types/node"), None);
    }

    #[test]
    fn versions_that_nobody_counts_to() {
        for (version, big) in [
            ("99.0.1", true),
            ("1.2.3", false),
            ("2026.1", false),
            ("213.9", true),
            ("v999", true),
            ("20240317.0.0", false),
            ("x", false),
        ] {
            assert_eq!(is_big(version), big, "{version}");
        }
    }

    #[test]
    fn an_address_of_another_project() {
        let names = POPULAR.get("pypi").unwrap();
        let of = |url: &str, own: &str| borrowed(&[url.to_owned()], own, "pypi", names).map(|found| found.1);
        assert_eq!(of("https://code.example.invalid/someone/requests", "helpful-tool"), Some("requests"));
        assert_eq!(of("https://code.example.invalid/someone/requests.git", "helpful-tool"), Some("requests"));
        assert_eq!(of("https://code.example.invalid/someone/requests", "requests-extra"), None);
        assert_eq!(of("https://code.example.invalid/someone/requests", "requests"), None);
        assert_eq!(of("https://example.invalid/", "helpful-tool"), None);
    }
}
