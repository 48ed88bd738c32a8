//! The stages of a review one by one, for measuring them. A review is made of the same calls.
//!
//! Nothing here is timed, and nothing here is a stable interface.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use sluice_flow::facts::Facts;
use sluice_intake::Package;
use sluice_review::matcher::{self, Findings};
use sluice_review::model::{Review, Unread};
use sluice_syntax::ir::Module;

use crate::convert::{self, Analysis};
use crate::engine::{Engine, Exception, Options, Treatment};
use crate::weights::WeightsFile;

pub use crate::engine::on_big_stack;

/// One package on its way through the stages behind intake.
///
/// [`Stages::lower`] and what follows nest deeply: call them inside of [`on_big_stack`].
pub struct Stages<'a> {
    engine: &'a Engine,
    package: &'a Package,
    options: &'a Options,
    exceptions: &'a [Exception],
    analysis: Analysis,
}

impl<'a> Stages<'a> {
    /// Chooses what is analyzed. Files to be left out are out of the package already.
    #[must_use]
    pub fn new(engine: &'a Engine, package: &'a Package, options: &'a Options, exceptions: &'a [Exception]) -> Self {
        let robust: BTreeMap<&str, &str> = exceptions
            .iter()
            .filter(|exception| exception.treatment == Treatment::Robust)
            .map(|exception| (exception.file.as_str(), exception.why.as_str()))
            .collect();
        Self { engine, package, options, exceptions, analysis: convert::analysis(package, &robust) }
    }

    /// Bytes of source that are analyzed.
    #[must_use]
    pub fn source_bytes(&self) -> u64 {
        self.analysis.sources.iter().map(|source| source.text.len() as u64).sum()
    }

    /// Parses every source with the fast parser alone and drops the tree: together with reading and decompressing, the
    /// work that nothing can avoid. Gives the number of tokens.
    #[must_use]
    pub fn parse_only(&self) -> usize {
        let sources = self.analysis.sources.iter();
        sources.map(|source| sluice_syntax::parse_only(&source.text, source.language)).sum()
    }

    /// Parses every source, as a review does, into the IR.
    #[must_use]
    pub fn lower(&self) -> Vec<Rc<Module>> {
        self.analysis.sources.iter().map(|source| Rc::new(source.parse())).collect()
    }

    /// Runs the engines over the modules that [`Stages::lower`] gave, and drops these.
    #[must_use]
    pub fn analyze(&self, modules: Vec<Rc<Module>>) -> Facts {
        let mut facts = sluice_flow::analyze_modules(modules, &self.analysis.context, self.engine.catalog());
        facts.disguised = convert::disguised(self.package, &self.analysis);
        facts
    }

    /// Matches the behaviors of the catalog.
    #[must_use]
    pub fn find(&self, facts: &Facts) -> Findings {
        matcher::find_all(facts, self.engine.catalog())
    }

    /// Has the panel review what was found.
    #[must_use]
    pub fn review(&self, facts: &Facts, findings: &Findings) -> Review {
        let left_out = self
            .exceptions
            .iter()
            .filter(|exception| exception.treatment == Treatment::LeftOut)
            .map(|exception| Unread { file: exception.file.clone(), why: exception.why.clone(), matters: true })
            .collect();
        let info = convert::info(self.package, &self.analysis, facts, left_out);
        let given = self.options.weights.as_ref().map(WeightsFile::weights);
        let weights = Cow::Borrowed(given.unwrap_or_else(|| self.engine.weights()));
        let weights = match self.options.prior {
            None => weights,
            // A prior is in range by its type, so this gives the weights asked for.
            Some(prior) => weights.clone().into_owned().with_prior(prior.get()).map_or(weights, Cow::Owned),
        };
        sluice_review::review_matches(&info, facts, self.engine.catalog(), &weights, findings)
    }
}
