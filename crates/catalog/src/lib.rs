//! The catalog: models of libraries, classes of values, and behaviors, all of them data.
//!
//! [`Catalog::embedded`] holds what the binary ships. Nothing here looks at code under review.

pub mod behavior;
pub mod classes;
pub mod commands;
mod forms;
pub mod kinds;
pub mod load;
pub mod model;
pub mod pages;
mod signature;
mod theme;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

pub use behavior::{ArgPredicate, Behavior, Example, Rule, Stance, Step};
pub use classes::Classes;
pub use load::LoadError;
pub use model::{Attribute, Model, ModelParam, Presumption};

/// Everything the engines know about libraries of one language, and all behaviors.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    models: FxHashMap<SmolStr, Model>,
    attributes: FxHashMap<SmolStr, Attribute>,
    aliases: FxHashMap<SmolStr, SmolStr>,
    bases: FxHashMap<SmolStr, Vec<SmolStr>>,
    presumptions: FxHashMap<SmolStr, Vec<Presumption>>,
    /// The first parts of all names that models, attributes and aliases have.
    libraries: FxHashSet<SmolStr>,
    behaviors: Arc<[Behavior]>,
    classes: Arc<Classes>,
    /// The models of other languages, by language.
    others: Vec<(&'static str, Self)>,
}

impl Catalog {
    /// The models of a language: those of this catalog where it holds none for the language.
    #[must_use]
    pub fn of(&self, language: &str) -> &Self {
        self.others.iter().find(|(name, _)| *name == language).map_or(self, |(_, catalog)| catalog)
    }

    /// The model of a canonical symbol in whichever language has it.
    #[must_use]
    pub fn any_model(&self, symbol: &str) -> Option<&Model> {
        self.model(symbol).or_else(|| self.others.iter().find_map(|(_, catalog)| catalog.model(symbol)))
    }

    /// The canonical symbol for a dotted name: follows aliases of the whole name and of its prefixes
    /// (`requests.sessions.Session.post` is `requests.Session.post`).
    #[must_use]
    pub fn canonical(&self, symbol: &str) -> SmolStr {
        let mut name = SmolStr::new(symbol);
        // An alias never leads back to itself: `load` refuses cycles. The bound keeps this true for any data.
        for _ in 0..theme::ALIAS_STEPS {
            let Some(next) = theme::follow_alias(&|name| self.aliases.get(name).cloned(), &name) else { break };
            name = next;
        }
        name
    }

    /// The model of a canonical symbol; see [`Catalog::canonical`]. A method that its type lacks is looked for in the type's
    /// bases. Of other languages' models nothing is found here.
    #[must_use]
    pub fn model(&self, symbol: &str) -> Option<&Model> {
        self.lookup(symbol, 0, &|name| self.models.get(name))
    }

    /// The attribute of a canonical symbol, bases included.
    #[must_use]
    pub fn attribute(&self, symbol: &str) -> Option<&Attribute> {
        self.lookup(symbol, 0, &|name| self.attributes.get(name))
    }

    /// What an item of a type's values is: of the item at a position (`socket.AcceptedPair.0`), else of any item
    /// (`pathlib.Paths.*`).
    #[must_use]
    pub fn item(&self, symbol: &str, position: Option<usize>) -> Option<&Attribute> {
        position
            .and_then(|position| self.attribute(&format!("{symbol}.{position}")))
            .or_else(|| self.attribute(&format!("{symbol}.*")))
    }

    fn lookup<'a, T>(&self, symbol: &str, depth: u32, get: &dyn Fn(&str) -> Option<&'a T>) -> Option<&'a T> {
        if let Some(found) = get(symbol) {
            return Some(found);
        }
        let (owner, member) = symbol.rsplit_once('.')?;
        if depth > 8 {
            return None;
        }
        self.bases.get(owner)?.iter().find_map(|base| self.lookup(&format!("{base}.{member}"), depth + 1, get))
    }

    /// True for a type that has a line or a method in the catalog, and for whatever has a model of this name.
    #[must_use]
    pub fn knows_type(&self, symbol: &str) -> bool {
        self.bases.contains_key(symbol) || self.models.contains_key(symbol)
    }

    /// True for the top-level name of a library of which anything is modelled.
    #[must_use]
    pub fn knows_library(&self, top: &str) -> bool {
        self.libraries.contains(top)
    }

    /// The presumptions for a method name, in the order of the themes; the first that holds counts.
    #[must_use]
    pub fn presumptions(&self, method: &str) -> &[Presumption] {
        self.presumptions.get(method).map_or(&[], Vec::as_slice)
    }

    /// The behaviors, ordered by id.
    #[must_use]
    pub fn behaviors(&self) -> &[Behavior] {
        &self.behaviors
    }

    /// The classes of values.
    #[must_use]
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The same catalog with other behaviors and classes.
    #[must_use]
    pub fn with_behaviors(mut self, mut behaviors: Vec<Behavior>, classes: Classes) -> Self {
        behaviors.sort_by(|left, right| left.id.cmp(&right.id));
        self.behaviors = behaviors.into();
        self.classes = Arc::new(classes);
        self
    }

    /// Puts in the behaviors and classes that the binary ships.
    fn ship_behaviors(&mut self) -> Result<(), LoadError> {
        let damaged =
            |file: String, line: u32, reason: String| LoadError { file, line, reason: load::Reason::Damaged(reason) };
        let classes =
            Classes::embedded().map_err(|error| damaged(format!("classes/{}", error.family), 0, error.reason))?;
        let behaviors = pages::embedded(&classes).map_err(|error| damaged(error.file, error.line, error.reason))?;
        self.behaviors = behaviors.into();
        self.classes = Arc::new(classes);
        Ok(())
    }
}
