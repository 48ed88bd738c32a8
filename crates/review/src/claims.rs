//! Claims while the panel works on them: as [`crate::model::Claim`], with ids of facts instead of ids of the review.

use sluice_flow::facts::{EvidenceId, PathId};

use crate::model::{Field, Polarity};

/// A reviewer of the panel. The number is the `report_number` of its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reviewer {
    Flow,
    Form,
    Context,
}

impl Reviewer {
    pub(crate) const ALL: [Self; 3] = [Self::Flow, Self::Form, Self::Context];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Form => "form",
            Self::Context => "context",
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Flow => 1,
            Self::Form => 2,
            Self::Context => 3,
        }
    }

    pub(crate) fn question(self) -> &'static str {
        match self {
            Self::Flow => "What goes where?",
            Self::Form => "How is it written, and what is hidden?",
            Self::Context => "When does it run, and does it do what it says it does?",
        }
    }
}

/// A claim on the way to the final report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub field: Field,
    /// What it says, typed. Two claims of the same kind, field and text are one.
    pub kind: String,
    pub text: String,
    pub evidence: Vec<EvidenceId>,
    pub polarity: Polarity,
    pub symbol: Option<String>,
    /// Place in its field: smaller stands earlier.
    pub rank: i32,
    /// What the claim is worth to a reader who has to decide: 0 for what every program does, up to 10.
    pub importance: u32,
    pub by: Reviewer,
    /// True if a link behind it is presumed.
    pub presumed: bool,
    /// The path that it tells, if it tells one.
    pub path: Option<PathId>,
    /// True if another claim says it in the report's prose already; it stands among the claims all the same.
    pub silent: bool,
    /// Claim kinds that cannot hold at the same time as this one, for the critic of contradictions.
    pub excludes: Vec<&'static str>,
}

impl Draft {
    pub(crate) fn new(field: Field, kind: &str, rank: i32, text: String) -> Self {
        Self {
            field,
            kind: kind.to_owned(),
            text,
            evidence: Vec::new(),
            polarity: Polarity::Positive,
            symbol: None,
            rank,
            importance: 1,
            by: Reviewer::Flow,
            presumed: false,
            path: None,
            silent: false,
            excludes: Vec::new(),
        }
    }

    pub(crate) fn at(mut self, evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        self.evidence.extend(evidence);
        self.evidence.sort_unstable();
        self.evidence.dedup();
        self
    }

    pub(crate) fn symbol(mut self, symbol: impl Into<String>) -> Self {
        self.symbol = Some(symbol.into());
        self
    }

    pub(crate) fn important(mut self, importance: u32) -> Self {
        self.importance = importance;
        self
    }

    pub(crate) fn presumed(mut self, presumed: bool) -> Self {
        self.presumed = presumed;
        self
    }

    pub(crate) fn path(mut self, path: PathId) -> Self {
        self.path = Some(path);
        self
    }

    /// Makes it a statement about what is not there, that the named kinds of claim contradict.
    pub(crate) fn negative(mut self, excludes: &[&'static str]) -> Self {
        self.polarity = Polarity::Negative;
        self.excludes = excludes.to_vec();
        self
    }
}
