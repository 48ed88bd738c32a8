//! Reviews source code for malware and risk without running it.
//!
//! This crate is the library's front: bytes in, [`Review`] out, in this process. The stages behind it are crates of
//! their own; what is not re-exported here may change at any time. The command `sluice` is a thin layer over this
//! crate that adds worker processes, whose limits on memory and time really kill. In this process work is bounded by
//! counts only (nesting, evaluation steps, bytes unpacked).
//!
//! ```
//! use sluicegate::{Options, Verdict, review_bytes};
//!
//! let code = b"import json\n\ndef load(text):\n    return json.loads(text)\n";
//! let review = review_bytes("loader.py", code, &Options::default());
//!
//! assert_eq!(review.verdict, Verdict::Benign);
//! assert!(review.report.malware < 0.5);
//! println!("{}", review.report.purpose);
//! print!("{}", sluicegate::render::text(&review, sluicegate::render::Look::default()));
//! ```

mod convert;
mod engine;
pub mod stages;

pub use convert::{DATA_BYTES, DATA_FILE_BYTES};
pub use engine::{
    Engine, EngineError, Exception, Options, Prior, STACK_BYTES, Stopped, Treatment, review_bytes, review_package,
};
use sluice_syntax::ir::Language;

pub use sluice_catalog::Catalog;
pub use sluice_catalog::behavior::{Behavior, Expectation, Stance};
pub use sluice_flow::facts::Facts;
pub use sluice_review::model::{
    BehaviorMatch, Claim, Coverage, Evidence, Field, FileReview, FlowPath, LayerInfo, Report, Review, Verdict,
};

/// From a target as typed to its bytes, and from bytes to named files.
pub mod intake {
    pub use sluice_intake::{
        Coverage, Input, IntakeError, Limits, Options, Package, Part, Planned, Shape, Target, TargetError, plan, unpack,
    };
}

/// A review as text, JSON, JSON Lines or Markdown.
pub mod render {
    pub use sluice_render::{Look, SCHEMA, json, json_array, jsonl, markdown, report, text};
}

/// The numbers behind `malware`: what a weights file holds, and what a review is weighed by.
pub mod weights {
    pub use sluice_review::weights::{Features, Weights, WeightsError, WeightsFile};
}

/// Text with control and format characters written out, for a terminal or a log.
pub use sluice_review::model::{escape, escape_block};

/// The names of the languages whose source is analyzed, sorted.
pub fn languages() -> impl Iterator<Item = &'static str> {
    // A front end alone makes no review: without a catalog nothing of what the code does would be known.
    let is_known = |language: &Language| {
        let dialect = sluice_flow::dialect_name(*language);
        Catalog::languages().any(|known| known == dialect)
    };
    Language::SOURCES.into_iter().filter(is_known).map(Language::name)
}

/// The name of the language that is called so, as [`languages`] has it: `ts` is `typescript`.
#[must_use]
pub fn language(called: &str) -> Option<&'static str> {
    let name = Language::from_name(&called.to_ascii_lowercase())?.name();
    languages().find(|known| *known == name)
}
