//! From the modules of a package to [`Facts`](facts::Facts): resolved calls, values, layers, source→sink paths.

mod confirm;
mod dialect;
mod engine;
pub mod evaluate;
pub mod facts;
mod program;
pub mod structure;

use std::rc::Rc;
use std::sync::Arc;

use sluice_catalog::Catalog;
use sluice_syntax::ir::{Language, Module};

pub use engine::{
    EVALUATION_BYTES, EVALUATION_BYTES_FILE, EVALUATION_STEPS, EVALUATION_STEPS_FILE, LONGEST_LAYER, MOST_ITEMS,
    MOST_LAYER_DEPTH, MOST_LAYERS, MOST_NESTING,
};

/// A source file as the engines take it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path inside the package.
    pub path: String,
    /// Decoded text.
    pub text: Arc<str>,
    /// Its language.
    pub language: Language,
    /// True to read it on the robust path: slower and with less detail, for a text that ended the process that read it.
    pub robust: bool,
}

impl Source {
    /// The text as a module of the IR.
    #[must_use]
    pub fn parse(&self) -> Module {
        let parse = if self.robust { sluice_syntax::parse_robust } else { sluice_syntax::parse };
        let mut module = parse(&self.path, &self.text, self.language);
        // One copy of the text is enough.
        module.text = Arc::clone(&self.text);
        module
    }
}

/// What is known of a package beside its code.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Entry points: kind from the closed list, file, function inside it.
    pub entries: Vec<Entry>,
    /// Files of the package that are no code: the path as in [`Source::path`], and the content.
    pub data: Vec<(String, Arc<[u8]>)>,
}

/// A declared entry point.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From the closed list: `install`, `build`, `startup`, `import`, `activate`, `run`.
    pub when: smol_str::SmolStr,
    /// Path of the file, as in [`Source::path`].
    pub file: String,
    /// Qualified name of a function in it; `None` is the module body.
    pub function: Option<String>,
}

/// The name of a language's dialect: the folder of the catalog that holds its libraries.
#[must_use]
pub fn dialect_name(language: Language) -> &'static str {
    dialect::of(language).name()
}

/// Analyzes the files of one package together.
///
/// The walk is bounded in depth, but deep: give it a stack of 64 MiB or more.
#[must_use]
pub fn analyze(sources: &[Source], context: &Context, catalog: &Catalog) -> facts::Facts {
    let modules = sources.iter().map(|source| Rc::new(source.parse())).collect();
    analyze_modules(modules, context, catalog)
}

/// Analyzes modules that are lowered already.
#[must_use]
pub fn analyze_modules(modules: Vec<Rc<Module>>, context: &Context, catalog: &Catalog) -> facts::Facts {
    let mut engine = engine::Engine::new(modules, catalog);
    engine.data = context.data.iter().cloned().collect();
    engine.run();
    engine.finish(context)
}
