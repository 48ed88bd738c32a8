//! Reads one theme file, `catalog/<language>/<theme>.toml`, into models, and refuses what is wrong with its line.
//!
//! The build script compiles this file too: the shipped themes are checked when the crate is built, and stored in a
//! compact form. Nothing here knows the other themes; [`Theme::check_among`] asks for them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::kinds;
use crate::model::{Attribute, Model, ModelParam, Presumption};
use crate::signature;

/// The models of one theme file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Theme {
    /// The theme's name, equal to the stem of its file.
    pub name: SmolStr,
    /// The file's name, for messages.
    pub file: String,
    /// The documentation from which the models were written.
    pub origin: String,
    /// Other spellings to canonical symbols.
    pub aliases: Vec<(SmolStr, SmolStr)>,
    /// Types to their bases; every owner of a method is here too, without bases.
    pub types: Vec<(SmolStr, Vec<SmolStr>)>,
    /// Functions, methods and constructors.
    pub models: Vec<Model>,
    /// Values read without a call.
    pub attributes: Vec<Attribute>,
    /// What methods of unresolved receivers presumably are.
    pub presumptions: Vec<Presumption>,
    /// Where each symbol, alias and declared type stands, as 1-based lines. Empty in the compact form.
    #[serde(skip)]
    pub lines: BTreeMap<SmolStr, u32>,
}

/// Why a theme file was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct LoadError {
    /// The file as it was named to the loader.
    pub file: String,
    /// The 1-based line; 0 if the error has none.
    pub line: u32,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file is not TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key that the format does not have.
    #[error("unknown key `{key}`, expected one of: {expected}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The keys that may stand there.
        expected: String,
    },
    /// A value of the wrong type.
    #[error("`{key}` must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A key that must be given.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The theme's name differs from the stem of its file.
    #[error("the theme is named `{theme}`, but its file is not `{theme}.toml`")]
    Name {
        /// The name in the file.
        theme: String,
    },
    /// A kind of source that is not in [`kinds::SOURCES`].
    #[error("unknown kind of source `{0}`")]
    UnknownSource(String),
    /// An action that is not in [`kinds::ACTIONS`].
    #[error("unknown action `{0}`")]
    UnknownAction(String),
    /// A role that is neither in [`kinds::SINKS`] nor in [`kinds::ROLES`].
    #[error("unknown role `{0}`: it is neither a kind of sink nor a role")]
    UnknownRole(String),
    /// A guard that is not in [`kinds::GUARDS`].
    #[error("unknown guard `{0}`")]
    UnknownGuard(String),
    /// A name among `args`, `from`, `into` or `calls` that no signature of the entry has.
    #[error("`{parameter}` is not a parameter of `{signature}`")]
    UnknownParameter {
        /// The name.
        parameter: String,
        /// The first signature of the entry.
        signature: String,
    },
    /// A signature that cannot be read.
    #[error("cannot read the signature `{signature}`: {why}")]
    Signature {
        /// The signature as written.
        signature: String,
        /// Why not.
        why: &'static str,
    },
    /// A symbol, alias or type that already has a meaning.
    #[error("`{0}` is already in the catalog")]
    Duplicate(String),
    /// An alias that leads back to itself or never ends.
    #[error("the alias `{0}` leads back to itself")]
    AliasCycle(String),
    /// A language without themes.
    #[error("no theme for the language `{0}`")]
    NoLanguage(String),
    /// The compact form in the binary cannot be read.
    #[error("the embedded catalog is damaged: {0}")]
    Damaged(String),
}

const THEME_KEYS: &[&str] = &["theme", "origin", "aliases", "types", "model", "attribute", "presumption"];
const MODEL_KEYS: &[&str] = &[
    "signature",
    "signatures",
    "args",
    "actions",
    "source",
    "from",
    "result",
    "into",
    "calls",
    "guard",
    "pure",
    "sanitizes",
];
const ATTRIBUTE_KEYS: &[&str] = &["symbol", "symbols", "source", "result", "guard", "value"];
const PRESUMPTION_KEYS: &[&str] = &["method", "methods", "when", "external_base", "args", "actions", "reason"];

/// The name that stands for the result, fresh source included, among the values of `into` and `calls`: a buffer that is
/// received into, a callback that gets what was received.
const RESULT: &str = "result";

/// Stands among the values of `calls` for an argument of which nothing is told, such as the error before an answer.
const NOTHING: &str = "_";

/// A name of `calls` without the type behind its colon (`result:http.IncomingMessage`), the method behind its dot
/// (`destination.write`) or the brackets for its items (`iterable[]`).
fn untyped(name: &str) -> &str {
    let name = name.trim_end_matches("[]");
    let name = name.split_once([':', '.']).map_or(name, |(name, _)| name);
    if name.trim_start_matches('*') == RESULT { RESULT } else { name }
}

/// How many aliases may follow one another.
pub const ALIAS_STEPS: usize = 8;

type Table<'i> = DeTable<'i>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Theme {
    /// Reads the text of a theme file. `file` names it in errors, and its stem must be the theme's name.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadError> {
        let reader = Reader { file, text };
        let document = DeTable::parse(text).map_err(|error| {
            reader.error(error.span().unwrap_or_default(), Reason::Syntax(error.message().to_owned()))
        })?;
        reader.theme(document.get_ref())
    }

    /// Checks the theme against what is already in a catalog: no symbol, alias or type is given twice, and no alias
    /// leads back to itself.
    ///
    /// # Errors
    /// The first conflict, with its line in this theme.
    pub fn check_among(
        &self,
        defined: &dyn Fn(&str) -> bool,
        alias: &dyn Fn(&str) -> Option<SmolStr>,
    ) -> Result<(), LoadError> {
        let error = |name: &SmolStr, reason: Reason| LoadError {
            file: self.file.clone(),
            line: self.lines.get(name).copied().unwrap_or(0),
            reason,
        };
        let symbols = self.models.iter().map(|m| &m.symbol).chain(self.attributes.iter().map(|a| &a.symbol));
        for symbol in symbols {
            if defined(symbol) || alias(symbol).is_some() {
                return Err(error(symbol, Reason::Duplicate(symbol.to_string())));
            }
        }
        let own: BTreeMap<&str, &SmolStr> = self.aliases.iter().map(|(name, target)| (name.as_str(), target)).collect();
        let either = |name: &str| own.get(name).map(|target| (*target).clone()).or_else(|| alias(name));
        for (name, _) in &self.aliases {
            if defined(name) || alias(name).is_some() {
                return Err(error(name, Reason::Duplicate(name.to_string())));
            }
            let mut current = name.clone();
            for step in 0..=ALIAS_STEPS {
                let Some(next) = follow_alias(&either, &current) else { break };
                if step == ALIAS_STEPS || next == *name {
                    return Err(error(name, Reason::AliasCycle(name.to_string())));
                }
                current = next;
            }
        }
        Ok(())
    }
}

/// One step along the aliases: of the whole name, else of its longest prefix that is an alias.
pub fn follow_alias(alias: &dyn Fn(&str) -> Option<SmolStr>, name: &str) -> Option<SmolStr> {
    if let Some(target) = alias(name) {
        return Some(target);
    }
    let mut end = name.len();
    while let Some(dot) = name.get(..end)?.rfind('.') {
        let (prefix, rest) = (name.get(..dot)?, name.get(dot..)?);
        if let Some(target) = alias(prefix) {
            return Some(SmolStr::new(format!("{target}{rest}")));
        }
        end = dot;
    }
    None
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
    }

    fn error(&self, span: Range<usize>, reason: Reason) -> LoadError {
        LoadError { file: self.file.to_owned(), line: self.line(span.start), reason }
    }

    fn keys(&self, table: &Table<'_>, allowed: &[&str]) -> Result<(), LoadError> {
        // The first wrong key by position, so that the message does not depend on the order of the map.
        let wrong = table.iter().filter(|(key, _)| !allowed.contains(&key.get_ref().as_ref())).map(|(key, _)| key);
        match wrong.min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(key) => Err(self.error(
                key.span(),
                Reason::UnknownKey { key: key.get_ref().to_string(), expected: allowed.join(", ") },
            )),
        }
    }

    fn wrong(&self, value: &Value<'_>, key: &str, expected: &'static str) -> LoadError {
        self.error(value.span(), Reason::WrongType { key: key.to_owned(), expected })
    }

    fn text_of<'v>(&self, value: &'v Value<'_>, key: &str) -> Result<&'v str, LoadError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.as_ref()),
            _ => Err(self.wrong(value, key, "a string")),
        }
    }

    fn optional_text<'v>(&self, table: &'v Table<'_>, key: &str) -> Result<Option<(&'v str, Range<usize>)>, LoadError> {
        match table.get(key) {
            None => Ok(None),
            Some(value) => Ok(Some((self.text_of(value, key)?, value.span()))),
        }
    }

    fn flag(&self, table: &Table<'_>, key: &str) -> Result<bool, LoadError> {
        match table.get(key).map(|value| (value.get_ref(), value)) {
            None => Ok(false),
            Some((DeValue::Boolean(flag), _)) => Ok(*flag),
            Some((_, value)) => Err(self.wrong(value, key, "true or false")),
        }
    }

    /// A string or a list of strings, each with its span.
    fn texts(&self, value: &Value<'_>, key: &str) -> Result<Vec<(SmolStr, Range<usize>)>, LoadError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(vec![(SmolStr::new(text), value.span())]),
            DeValue::Array(items) => {
                items.iter().map(|item| Ok((SmolStr::new(self.text_of(item, key)?), item.span()))).collect()
            }
            _ => Err(self.wrong(value, key, "a string or a list of strings")),
        }
    }

    fn table<'v, 'i>(&self, value: &'v Value<'i>, key: &str) -> Result<&'v Table<'i>, LoadError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong(value, key, "a table")),
        }
    }

    /// The entries of an array of tables, each with the span of its header.
    fn entries<'v, 'i>(
        &self,
        document: &'v Table<'i>,
        key: &str,
    ) -> Result<Vec<(&'v Table<'i>, Range<usize>)>, LoadError> {
        let Some(value) = document.get(key) else { return Ok(Vec::new()) };
        let DeValue::Array(items) = value.get_ref() else { return Err(self.wrong(value, key, "an array of tables")) };
        items.iter().map(|item| Ok((self.table(item, key)?, item.span()))).collect()
    }

    /// One of two keys, the singular or the plural.
    fn names(
        &self,
        table: &Table<'_>,
        span: Range<usize>,
        one: &'static str,
        many: &'static str,
    ) -> Result<Vec<(SmolStr, Range<usize>)>, LoadError> {
        let names = match (table.get(one), table.get(many)) {
            (Some(value), None) => vec![(SmolStr::new(self.text_of(value, one)?), value.span())],
            (None, Some(value)) => self.texts(value, many)?,
            (Some(_), Some(value)) => return Err(self.wrong(value, many, "absent where the singular is given")),
            (None, None) => Vec::new(),
        };
        if names.is_empty() { Err(self.error(span, Reason::Missing(one))) } else { Ok(names) }
    }

    fn theme(&self, document: &Table<'_>) -> Result<Theme, LoadError> {
        self.keys(document, THEME_KEYS)?;
        let required = |key: &'static str| -> Result<(&str, Range<usize>), LoadError> {
            self.optional_text(document, key)?.ok_or_else(|| self.error(0..0, Reason::Missing(key)))
        };
        let (name, span) = required("theme")?;
        let stem = self.file.rsplit(['/', '\\']).next().and_then(|base| base.strip_suffix(".toml"));
        if stem != Some(name) {
            return Err(self.error(span, Reason::Name { theme: name.to_owned() }));
        }
        let mut theme = Theme {
            name: SmolStr::new(name),
            file: self.file.to_owned(),
            origin: required("origin")?.0.to_owned(),
            ..Theme::default()
        };
        if let Some(value) = document.get("aliases") {
            for (key, target) in self.table(value, "aliases")?.iter() {
                let name = self.define(&mut theme, key.get_ref(), key.span())?;
                theme.aliases.push((name, SmolStr::new(self.text_of(target, key.get_ref())?)));
            }
        }
        for (table, span) in self.entries(document, "model")? {
            self.models(&mut theme, table, span)?;
        }
        for (table, span) in self.entries(document, "attribute")? {
            self.attributes(&mut theme, table, span)?;
        }
        for (table, span) in self.entries(document, "presumption")? {
            self.presumptions(&mut theme, table, span)?;
        }
        self.types(&mut theme, document)?;
        Ok(theme)
    }

    fn define(&self, theme: &mut Theme, name: &str, span: Range<usize>) -> Result<SmolStr, LoadError> {
        let name = SmolStr::new(name);
        if theme.lines.insert(name.clone(), self.line(span.start)).is_some() {
            return Err(self.error(span, Reason::Duplicate(name.to_string())));
        }
        Ok(name)
    }

    /// Declared types with their bases, then the owners of methods that no line declares. A constructor's result is
    /// its class.
    fn types(&self, theme: &mut Theme, document: &Table<'_>) -> Result<(), LoadError> {
        let mut types: BTreeMap<SmolStr, Vec<SmolStr>> = BTreeMap::new();
        if let Some(value) = document.get("types") {
            for (key, bases) in self.table(value, "types")?.iter() {
                let bases = self.texts(bases, key.get_ref())?.into_iter().map(|(base, _)| base).collect();
                types.insert(SmolStr::new(key.get_ref()), bases);
            }
        }
        for model in &theme.models {
            if model.is_method()
                && let Some((owner, _)) = model.symbol.rsplit_once('.')
            {
                types.entry(SmolStr::new(owner)).or_default();
            }
        }
        for model in &mut theme.models {
            if model.result.is_none() && types.contains_key(&model.symbol) {
                model.result = Some(model.symbol.clone());
            }
        }
        theme.types = types.into_iter().collect();
        Ok(())
    }

    fn checked(
        &self,
        names: Vec<(SmolStr, Range<usize>)>,
        known: &dyn Fn(&str) -> bool,
        reason: &dyn Fn(String) -> Reason,
    ) -> Result<Vec<SmolStr>, LoadError> {
        names
            .into_iter()
            .map(|(name, span)| if known(&name) { Ok(name) } else { Err(self.error(span, reason(name.to_string()))) })
            .collect()
    }

    fn one_of(
        &self,
        table: &Table<'_>,
        key: &str,
        known: &dyn Fn(&str) -> bool,
        reason: &dyn Fn(String) -> Reason,
    ) -> Result<Option<SmolStr>, LoadError> {
        match self.optional_text(table, key)? {
            None => Ok(None),
            Some((name, _)) if known(name) => Ok(Some(SmolStr::new(name))),
            Some((name, span)) => Err(self.error(span, reason(name.to_owned()))),
        }
    }

    fn source(&self, table: &Table<'_>) -> Result<Option<SmolStr>, LoadError> {
        self.one_of(table, "source", &kinds::is_source, &Reason::UnknownSource)
    }

    fn guard(&self, table: &Table<'_>) -> Result<Option<SmolStr>, LoadError> {
        self.one_of(table, "guard", &|name| kinds::GUARDS.contains(&name), &Reason::UnknownGuard)
    }

    fn actions(&self, table: &Table<'_>) -> Result<Vec<SmolStr>, LoadError> {
        match table.get("actions") {
            None => Ok(Vec::new()),
            Some(value) => self.checked(self.texts(value, "actions")?, &kinds::is_action, &Reason::UnknownAction),
        }
    }

    /// A table of names to roles, each with the span of its name.
    fn roles(&self, table: &Table<'_>) -> Result<Vec<Roled>, LoadError> {
        let Some(value) = table.get("args") else { return Ok(Vec::new()) };
        let mut roles = Vec::new();
        for (key, value) in self.table(value, "args")?.iter() {
            let names = self.texts(value, key.get_ref())?;
            let names = self.checked(names, &kinds::is_role, &Reason::UnknownRole)?;
            roles.push((SmolStr::new(key.get_ref()), names, key.span()));
        }
        Ok(roles)
    }

    /// A table of parameters to parameters (`into`, `calls`).
    fn links(&self, table: &Table<'_>, key: &str) -> Result<Vec<(Spelled, Vec<Spelled>)>, LoadError> {
        let Some(value) = table.get(key) else { return Ok(Vec::new()) };
        let mut links = Vec::new();
        for (name, value) in self.table(value, key)?.iter() {
            let targets = self.texts(value, name.get_ref())?;
            links.push(((SmolStr::new(name.get_ref()), name.span()), targets));
        }
        Ok(links)
    }

    fn models(&self, theme: &mut Theme, table: &Table<'_>, span: Range<usize>) -> Result<(), LoadError> {
        self.keys(table, MODEL_KEYS)?;
        let signatures = self.names(table, span, "signature", "signatures")?;
        let roles = self.roles(table)?;
        let into = self.links(table, "into")?;
        let calls = self.links(table, "calls")?;
        let from = match table.get("from") {
            None => None,
            Some(value) => Some(self.texts(value, "from")?),
        };
        let result = self.optional_text(table, "result")?;
        let result_of: Option<Spelled> =
            result.as_ref().and_then(|(name, span)| Some((SmolStr::new(name.strip_prefix('$')?), span.clone())));
        let shared = Model {
            actions: self.actions(table)?,
            source: self.source(table)?,
            result: result.map(|(name, _)| SmolStr::new(name)),
            guard: self.guard(table)?,
            pure: self.flag(table, "pure")?,
            sanitizes: self.flag(table, "sanitizes")?,
            ..Model::default()
        };

        let mut parsed = Vec::new();
        for (text, span) in &signatures {
            let (symbol, params) = signature::parse(text)
                .map_err(|why| self.error(span.clone(), Reason::Signature { signature: text.to_string(), why }))?;
            parsed.push((symbol, params, span.clone()));
        }
        // A name must be a parameter of at least one signature of the entry; the others do without it.
        let mentioned = roles
            .iter()
            .map(|(name, _, span)| (name, span))
            .chain(from.iter().flatten().map(|(name, span)| (name, span)))
            .chain(result_of.iter().map(|(name, span)| (name, span)))
            .chain(into.iter().chain(&calls).flat_map(|((name, span), targets)| {
                std::iter::once((name, span)).chain(targets.iter().map(|(name, span)| (name, span)))
            }));
        for (name, span) in mentioned {
            let name = untyped(name);
            if name != RESULT && name != NOTHING && !parsed.iter().any(|(_, params, _)| find(params, name).is_some()) {
                let signature = signatures.first().map(|(text, _)| text.to_string()).unwrap_or_default();
                return Err(
                    self.error(span.clone(), Reason::UnknownParameter { parameter: name.to_string(), signature })
                );
            }
        }
        for (symbol, params, span) in parsed {
            let symbol = self.define(theme, &symbol, span)?;
            let bare = |(name, _): &Spelled| {
                let plain = untyped(name);
                if plain == RESULT || plain == NOTHING {
                    return Some(name.clone());
                }
                // A type or a method goes with its parameter.
                let kind = name.get(plain.len()..).unwrap_or_default();
                find(&params, plain).map(|found| SmolStr::new(format!("{found}{kind}")))
            };
            let link = |links: &[(Spelled, Vec<Spelled>)]| -> BTreeMap<SmolStr, Vec<SmolStr>> {
                links
                    .iter()
                    .filter_map(|(name, targets)| Some((bare(name)?, targets.iter().filter_map(bare).collect())))
                    .collect()
            };
            theme.models.push(Model {
                args: roles.iter().filter_map(|(name, roles, _)| Some((find(&params, name)?, roles.clone()))).collect(),
                from: from.as_ref().map(|names| names.iter().filter_map(bare).collect()),
                into: link(&into),
                calls: link(&calls),
                symbol,
                params,
                ..shared.clone()
            });
        }
        Ok(())
    }

    fn attributes(&self, theme: &mut Theme, table: &Table<'_>, span: Range<usize>) -> Result<(), LoadError> {
        self.keys(table, ATTRIBUTE_KEYS)?;
        let shared = Attribute {
            symbol: SmolStr::default(),
            source: self.source(table)?,
            result: self.optional_text(table, "result")?.map(|(name, _)| SmolStr::new(name)),
            guard: self.guard(table)?,
            value: self.optional_text(table, "value")?.map(|(value, _)| SmolStr::new(value)),
        };
        for (symbol, span) in self.names(table, span, "symbol", "symbols")? {
            let symbol = self.define(theme, &symbol, span)?;
            theme.attributes.push(Attribute { symbol, ..shared.clone() });
        }
        Ok(())
    }

    fn presumptions(&self, theme: &mut Theme, table: &Table<'_>, span: Range<usize>) -> Result<(), LoadError> {
        self.keys(table, PRESUMPTION_KEYS)?;
        let methods = self.names(table, span.clone(), "method", "methods")?;
        let mut when = BTreeMap::new();
        if let Some(value) = table.get("when") {
            for (key, value) in self.table(value, "when")?.iter() {
                let constants = self.texts(value, key.get_ref())?.into_iter().map(|(text, _)| text).collect();
                when.insert(SmolStr::new(key.get_ref()), constants);
            }
        }
        let (reason, _) =
            self.optional_text(table, "reason")?.ok_or_else(|| self.error(span, Reason::Missing("reason")))?;
        let shared = Presumption {
            method: SmolStr::default(),
            when,
            external_base: self.flag(table, "external_base")?,
            args: self.roles(table)?.into_iter().map(|(name, roles, _)| (name, roles)).collect(),
            actions: self.actions(table)?,
            reason: reason.to_owned(),
        };
        for (method, _) in methods {
            theme.presumptions.push(Presumption { method, ..shared.clone() });
        }
        Ok(())
    }
}

/// A name, its roles, and its span.
type Roled = (SmolStr, Vec<SmolStr>, Range<usize>);

/// A name as it is spelled in the file, with its span.
type Spelled = (SmolStr, Range<usize>);

/// The bare name of the parameter that is spelled so. Its stars may be left out, but if written they must be right.
fn find(params: &[ModelParam], spelled: &str) -> Option<SmolStr> {
    let name = spelled.trim_start_matches('*');
    let stars = spelled.len() - name.len();
    params
        .iter()
        .find(|param| param.name == name && (stars == 0 || stars == usize::from(param.stars)))
        .map(|param| param.name.clone())
}
