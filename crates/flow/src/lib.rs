//! From the modules of a package to [`Facts`](facts::Facts): resolved calls, values, layers, source→sink paths.

pub mod facts;

use std::sync::Arc;

use sluice_catalog::Catalog;
use sluice_syntax::ir::Language;

/// A source file as the engines take it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path inside the package.
    pub path: String,
    /// Decoded text.
    pub text: Arc<str>,
    /// Its language.
    pub language: Language,
}

/// What is known of a package beside its code.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Entry points: kind from the closed list, file, function inside it.
    pub entries: Vec<Entry>,
}

/// A declared entry point.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From the closed list: `install`, `build`, `startup`, `import`, `run`.
    pub when: smol_str::SmolStr,
    /// Path of the file, as in [`Source::path`].
    pub file: String,
    /// Qualified name of a function in it; `None` is the module body.
    pub function: Option<String>,
}

/// Analyzes the files of one package together.
#[must_use]
pub fn analyze(_sources: &[Source], _context: &Context, _catalog: &Catalog) -> facts::Facts {
    facts::Facts::default()
}
