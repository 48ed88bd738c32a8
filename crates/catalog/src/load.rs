//! Fills a [`Catalog`]: from the themes that the binary ships, and from theme files given as text.
//!
//! The shipped themes were read and checked by the build script, which stores them in a compact form; decoding it
//! takes a fraction of the time that parsing takes.

use rustc_hash::FxHashMap;

pub use crate::theme::{LoadError, Reason, Theme};
use crate::{Catalog, model::Presumption};

/// The language and the compact form of its themes, ordered by language.
const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/themes.rs"));

impl Catalog {
    /// The models that the binary ships for a language, such as `python`, with all behaviors and classes.
    ///
    /// # Errors
    /// [`Reason::NoLanguage`] if nothing is shipped for the language.
    pub fn embedded(language: &str) -> Result<Self, LoadError> {
        let failed = |reason| LoadError { file: format!("catalog/{language}"), line: 0, reason };
        let Some((_, bytes)) = EMBEDDED.iter().find(|(name, _)| *name == language) else {
            return Err(failed(Reason::NoLanguage(language.to_owned())));
        };
        let themes: Vec<Theme> =
            postcard::from_bytes(bytes).map_err(|error| failed(Reason::Damaged(error.to_string())))?;
        let mut catalog = Self::default();
        catalog.models.reserve(themes.iter().map(|theme| theme.models.len()).sum());
        for theme in themes {
            catalog.add_theme(theme);
        }
        catalog.ship_behaviors()?;
        Ok(catalog)
    }

    /// The models that the binary ships for every language, with all behaviors and classes.
    ///
    /// # Errors
    /// If the shipped data cannot be read.
    pub fn shipped() -> Result<Self, LoadError> {
        let mut catalogs = Vec::new();
        for language in Self::languages() {
            catalogs.push((language, Self::embedded(language)?));
        }
        let mut first = catalogs.first().map(|(_, catalog)| catalog.clone()).unwrap_or_default();
        first.others = catalogs;
        Ok(first)
    }

    /// The languages for which models are shipped, sorted.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(language, _)| *language)
    }

    /// Adds the models of one theme file. On an error the catalog is unchanged.
    ///
    /// # Errors
    /// What is wrong with the file, or which of its symbols the catalog already has.
    pub fn load_theme(&mut self, file_name: &str, text: &str) -> Result<(), LoadError> {
        let theme = Theme::parse(file_name, text)?;
        theme.check_among(&|name| self.models.contains_key(name) || self.attributes.contains_key(name), &|name| {
            self.aliases.get(name).cloned()
        })?;
        self.add_theme(theme);
        Ok(())
    }

    /// The symbols that are modelled, functions before attributes, sorted within each.
    #[must_use]
    pub fn symbols(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self.models.keys().map(|name| name.as_str()).collect();
        let mut attributes: Vec<&str> = self.attributes.keys().map(|name| name.as_str()).collect();
        models.sort_unstable();
        attributes.sort_unstable();
        models.extend(attributes);
        models
    }

    /// Whatever a symbol may be written as, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let known = self.models.keys().chain(self.attributes.keys());
        known.chain(self.aliases.keys()).map(smol_str::SmolStr::as_str)
    }

    /// The aliases, sorted by name.
    #[must_use]
    pub fn aliases(&self) -> Vec<(&str, &str)> {
        let mut aliases: Vec<(&str, &str)> =
            self.aliases.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
        aliases.sort_unstable();
        aliases
    }

    /// The bases of a type as the catalog declares them; empty for a type that it does not know.
    #[must_use]
    pub fn bases(&self, symbol: &str) -> &[smol_str::SmolStr] {
        self.bases.get(symbol).map_or(&[], Vec::as_slice)
    }

    fn add_theme(&mut self, theme: Theme) {
        let models = theme.models.iter().map(|model| &model.symbol);
        let others =
            theme.attributes.iter().map(|value| &value.symbol).chain(theme.aliases.iter().map(|(name, _)| name));
        for name in models.chain(others) {
            let top = name.split('.').next().unwrap_or_default();
            if !self.libraries.contains(top) {
                self.libraries.insert(top.into());
            }
        }
        self.models.extend(theme.models.into_iter().map(|model| (model.symbol.clone(), model)));
        self.attributes.extend(theme.attributes.into_iter().map(|value| (value.symbol.clone(), value)));
        self.aliases.extend(theme.aliases);
        for (name, bases) in theme.types {
            let known = self.bases.entry(name).or_default();
            // A theme may add methods to another theme's type: then it names no bases, or the same.
            for base in bases {
                if !known.contains(&base) {
                    known.push(base);
                }
            }
        }
        let by_method: &mut FxHashMap<_, Vec<Presumption>> = &mut self.presumptions;
        for presumption in theme.presumptions {
            by_method.entry(presumption.method.clone()).or_default().push(presumption);
        }
    }
}
