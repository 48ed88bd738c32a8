//! Classes of values: what kind of destination, file, command or variable a known text names.
//!
//! The classes are data, `classes/<family>.toml`. A class says what its texts look like in the plainest way that fits:
//! hosts, names, path endings, parts of the text, and regular expressions only where nothing plainer does. Everything
//! is compared without regard to ASCII case, with `\` as `/` in paths.
//!
//! A class never says that something is bad; behaviors do.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::commands::{Command, commands};
use crate::forms::{Form, runs_what_it_fetches};

/// The families that are built in, with their data.
const EMBEDDED: &[(&str, &str)] = &[
    ("command", include_str!("../classes/command.toml")),
    ("destination", include_str!("../classes/destination.toml")),
    ("environment", include_str!("../classes/environment.toml")),
    ("file", include_str!("../classes/file.toml")),
    ("text", include_str!("../classes/text.toml")),
];

/// Only so many bytes of a text are looked at; what names a resource stands at its start.
const LOOKED_AT: usize = 4096;

/// The largest automaton of the patterns of one class, in bytes.
const SIZE_LIMIT: usize = 1 << 21;

/// All classes, by `family/name`.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    classes: BTreeMap<SmolStr, Class>,
}

/// What is wrong with a file of classes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("classes/{family}.toml: {reason}")]
pub struct ClassError {
    /// The family.
    pub family: String,
    /// The reason, with the place where the format gives one.
    pub reason: String,
}

/// What the texts of one class look like: any of it fits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    /// The noun phrase for prose: `a chat service's inbox`.
    noun: String,
    /// Hosts, each with its subdomains; with a slash, the path must start with the rest.
    #[serde(default)]
    hosts: Vec<SmolStr>,
    /// Ranges of literal network addresses.
    #[serde(default)]
    address: Vec<Address>,
    /// The last component of a path, or the whole text.
    #[serde(default)]
    names: Vec<SmolStr>,
    /// The end of a path, from the start of a component on.
    #[serde(default)]
    ends: Vec<SmolStr>,
    /// File extensions without the dot.
    #[serde(default)]
    extensions: Vec<SmolStr>,
    /// Parts of the text.
    #[serde(default)]
    contains: Vec<SmolStr>,
    /// Regular expressions over the text; `(?i)` is on.
    #[serde(default)]
    patterns: Vec<String>,
    /// Simple commands of which the line has one; the fields are those of [`Form`].
    #[serde(default)]
    commands: Vec<Form>,
    /// The commands of the line run what one of them fetches.
    #[serde(default)]
    runs_fetched: bool,
    /// Other classes of the family, any of which fits.
    #[serde(default)]
    any: Vec<SmolStr>,
    /// Classes of the family that a text of this one does not have.
    #[serde(default)]
    but: Vec<SmolStr>,
    /// The kind of source that reading a file of this class, or the output of a command of this class, is.
    #[serde(default)]
    source: Option<SmolStr>,
    #[serde(skip)]
    compiled: OnceLock<Option<RegexSet>>,
}

/// Ranges of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Address {
    /// Neither of the others. The documentation ranges (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32)
    /// stand for addresses of the open network.
    Public,
    /// Private, link-local and carrier-grade ranges.
    Private,
    /// The machine itself.
    Loopback,
}

impl Classes {
    /// The classes built into the binary.
    ///
    /// # Errors
    /// If a file of classes does not hold what the format asks for; a test reads all of them.
    pub fn embedded() -> Result<Self, ClassError> {
        let mut classes = Self::default();
        for (family, text) in EMBEDDED {
            classes.add(family, text)?;
        }
        Ok(classes)
    }

    /// Adds the classes of one family.
    ///
    /// # Errors
    /// If the text is not TOML, has an unknown key, or makes a class of one that is not there. Patterns are compiled when
    /// they are first used; see [`Classes::check`].
    pub fn add(&mut self, family: &str, text: &str) -> Result<(), ClassError> {
        let error = |reason: String| ClassError { family: family.to_owned(), reason };
        let read: BTreeMap<String, Class> = toml::from_str(text).map_err(|problem| error(problem.to_string()))?;
        for (name, mut class) in read {
            let lists =
                [&mut class.hosts, &mut class.names, &mut class.ends, &mut class.extensions, &mut class.contains];
            for item in lists.into_iter().flatten() {
                *item = item.to_ascii_lowercase().into();
            }
            for other in &mut class.but {
                *other = format!("{family}/{other}").into();
            }
            self.classes.insert(format!("{family}/{name}").into(), class);
        }
        // A class made of classes takes over what they look like, so that no look-up follows names.
        let made: Vec<SmolStr> =
            self.classes.iter().filter(|(_, class)| !class.any.is_empty()).map(|(id, _)| id.clone()).collect();
        for id in made {
            let Some(parts) = self.classes.get_mut(&id).map(|class| std::mem::take(&mut class.any)) else { continue };
            for part in parts {
                let part = self.classes.get(format!("{family}/{part}").as_str()).cloned();
                let part = part.ok_or_else(|| error(format!("`{id}` is made of a class that is not there")))?;
                if let Some(class) = self.classes.get_mut(&id) {
                    class.take_over(part);
                }
            }
        }
        Ok(())
    }

    /// Compiles every pattern.
    ///
    /// # Errors
    /// The first that is no regular expression, or makes too large an automaton.
    pub fn check(&self) -> Result<(), ClassError> {
        for (id, class) in &self.classes {
            let error = |reason: String| ClassError { family: id.to_string(), reason };
            class.compile().map_err(|problem| error(problem.to_string()))?;
            if let Some(unknown) = class.but.iter().find(|class| !self.knows(class)) {
                return Err(error(format!("there is no class `{unknown}`")));
            }
            for form in &class.commands {
                form.check().map_err(|problem| error(problem.to_string()))?;
                if let Some(unknown) = form.classes().find(|class| !self.knows(class)) {
                    return Err(error(format!("there is no class `{unknown}`")));
                }
            }
        }
        Ok(())
    }

    /// True if there is such a class: `family/name`.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.classes.contains_key(id)
    }

    /// The classes, sorted, each with its noun phrase.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.classes.iter().map(|(id, class)| (id.as_str(), class.noun.as_str()))
    }

    /// The noun phrase of a class.
    #[must_use]
    pub fn noun(&self, id: &str) -> Option<&str> {
        self.classes.get(id).map(|class| class.noun.as_str())
    }

    /// The names of the classes of a family that one of the texts has, sorted.
    #[must_use]
    pub fn classify<'t>(&self, family: &str, texts: impl IntoIterator<Item = &'t str>) -> Vec<&str> {
        let texts: Vec<Text> = texts.into_iter().map(Text::new).collect();
        self.classes
            .iter()
            .filter_map(|(id, class)| Some((id.strip_prefix(family)?.strip_prefix('/')?, class)))
            .filter(|(_, class)| texts.iter().any(|text| class.fits(text, self)))
            .map(|(name, _)| name)
            .collect()
    }

    /// True if one of the texts has the class `family/name`.
    #[must_use]
    pub fn has<'t>(&self, id: &str, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let Some(class) = self.classes.get(id) else { return false };
        texts.into_iter().any(|text| class.fits(&Text::new(text), self))
    }

    /// The kind of source that reading one of these files, or the output of one of these commands, is, if it is a
    /// particular one: `file.credential`. The family is `file` or `command`.
    #[must_use]
    pub fn source_kind<'t>(&self, family: &str, texts: impl IntoIterator<Item = &'t str>) -> Option<&str> {
        let paths: Vec<Text> = texts.into_iter().map(Text::new).collect();
        self.classes.iter().find_map(|(name, class)| {
            let kind = class.source.as_deref().filter(|_| name.split('/').next() == Some(family))?;
            paths.iter().any(|path| class.fits(path, self)).then_some(kind)
        })
    }
}

/// A text, and what classes ask of it.
struct Text {
    /// Lower case, `\` as `/`.
    path: String,
    lower: String,
    /// As it is written: patterns may ask for the case (`(?-i:-F)`).
    written: String,
    /// What it is as a line of commands.
    line: OnceCell<Vec<Command>>,
}

impl Text {
    fn line(&self) -> &[Command] {
        self.line.get_or_init(|| commands(&self.written))
    }

    fn new(text: &str) -> Self {
        let mut end = text.len().min(LOOKED_AT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let written = text.get(..end).unwrap_or_default().trim().to_owned();
        let lower = written.to_ascii_lowercase();
        Self { path: lower.replace('\\', "/"), lower, written, line: OnceCell::new() }
    }
}

impl Class {
    fn take_over(&mut self, other: Self) {
        self.hosts.extend(other.hosts);
        self.address.extend(other.address);
        self.names.extend(other.names);
        self.ends.extend(other.ends);
        self.extensions.extend(other.extensions);
        self.contains.extend(other.contains);
        self.patterns.extend(other.patterns);
        self.commands.extend(other.commands);
        self.runs_fetched |= other.runs_fetched;
    }

    fn compile(&self) -> Result<RegexSet, regex::Error> {
        RegexSetBuilder::new(&self.patterns).case_insensitive(true).unicode(false).size_limit(SIZE_LIMIT).build()
    }

    fn fits(&self, text: &Text, classes: &Classes) -> bool {
        // What is left out leaves nothing out itself: a class cannot be asked of itself in a circle.
        self.has_form(text, classes)
            && !self
                .but
                .iter()
                .filter_map(|other| classes.classes.get(other))
                .any(|other| other.has_form(text, classes))
    }

    fn has_form(&self, text: &Text, classes: &Classes) -> bool {
        let ends_at_component =
            |end: &str| text.path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        let last = text.path.rsplit('/').next().unwrap_or_default();
        let named = !self.hosts.is_empty() || !self.address.is_empty();
        if named
            && let Some((host, path)) = host_and_path(&text.lower)
            && (self.hosts.iter().any(|pattern| host_fits(pattern, host, path))
                || address_of(host).is_some_and(|range| self.address.contains(&range)))
        {
            return true;
        }
        if self.names.iter().any(|name| last == name.as_str() || text.lower == name.as_str())
            || self.ends.iter().any(|end| ends_at_component(end))
            || self.contains.iter().any(|part| text.path.contains(part.as_str()))
        {
            return true;
        }
        if let Some((stem, extension)) = last.rsplit_once('.')
            && !stem.is_empty()
            && self.extensions.iter().any(|known| known == extension)
        {
            return true;
        }
        if self.commands.iter().any(|form| form.fits_any(text.line(), classes))
            || (self.runs_fetched && runs_what_it_fetches(text.line()))
        {
            return true;
        }
        if self.patterns.is_empty() {
            return false;
        }
        let set = self.compiled.get_or_init(|| self.compile().ok());
        set.as_ref().is_some_and(|set| set.is_match(text.written.as_bytes()))
    }
}

fn host_fits(pattern: &str, host: &str, path: &str) -> bool {
    let (wanted, start) = pattern.split_once('/').unwrap_or((pattern, ""));
    let host_fits = match host.strip_suffix(wanted) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    };
    host_fits && path.trim_start_matches('/').starts_with(start)
}

/// The host and the path of an address, in lower case: of a URL, or of a bare `host`, `host:port`, `host port` or `host/path`.
///
/// Credentials, port and trailing dot are dropped. `None` if the text cannot start with a host.
#[must_use]
pub fn host_and_path(text: &str) -> Option<(&str, &str)> {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte)) => {
            rest
        }
        // A URL inside a longer text, such as a command, is no address of it.
        Some(_) => return None,
        // A pair of host and port is told as both with a space between.
        None => match text.split_once(' ') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => text.strip_prefix("//").unwrap_or(text),
        },
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None if host.matches(':').count() == 1 => host.split(':').next()?,
        None => host,
    };
    let host = host.trim_end_matches('.');
    let plausible = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    (!host.is_empty() && host.bytes().all(plausible)).then_some((host, path))
}

/// The range of a literal address; `None` for a name. A host of digits alone is the address as one number.
fn address_of(host: &str) -> Option<Address> {
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Address::Loopback);
    }
    let number = || -> Option<IpAddr> {
        let number = match host.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            // A shorter number is a port or a count, not an address.
            None if host.len() >= 8 => host.parse::<u32>().ok()?,
            None => return None,
        };
        Some(IpAddr::V4(Ipv4Addr::from(number)))
    };
    let address = host.parse::<IpAddr>().ok().or_else(number)?;
    Some(match address {
        IpAddr::V4(v4) => v4_range(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| v6_range(v6), v4_range),
    })
}

fn v4_range(address: Ipv4Addr) -> Address {
    let carrier_grade =
        address.octets().first() == Some(&100) && (address.octets().get(1).copied().unwrap_or(0) & 0xc0) == 64;
    if address.is_loopback() || address.is_unspecified() {
        Address::Loopback
    } else if address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || carrier_grade
    {
        Address::Private
    } else {
        Address::Public
    }
}

fn v6_range(address: Ipv6Addr) -> Address {
    if address.is_loopback() || address.is_unspecified() {
        Address::Loopback
    } else if address.is_unique_local() || address.is_unicast_link_local() || address.is_multicast() {
        Address::Private
    } else {
        Address::Public
    }
}

#[cfg(test)]
#[path = "classes_tests.rs"]
mod tests;
