//! What a behavior is: a rule over paths and events, the page that explains it, and the examples that test it.
//!
//! A rule is a list of steps. Each step matches one path (a source joined to a sink) or one event (one modelled call).
//! Steps are joined on the identity of a resource: two steps that bind the same variable must share one (the file
//! written is the file run, the descriptor duplicated is the socket's).

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// One page of `behaviors/<family>/<id>.md`.
#[derive(Clone, Debug)]
pub struct Behavior {
    /// `family/name`, as in the path of the page.
    pub id: SmolStr,
    /// A title in sentence case, without a final stop.
    pub title: String,
    /// What follows for intent and risk.
    pub stance: Stance,
    /// How seldom honest code does this, 0 (every program does) to 1 (no honest program does).
    pub specificity: f64,
    /// Harm to one who uses the code as meant, 0 to 1.
    pub severity: f64,
    /// ATT&CK technique ids.
    pub attack: Vec<SmolStr>,
    /// CWE numbers, where the behavior is a weakness.
    pub cwe: Vec<u32>,
    /// One sentence of prose with the variables of the rule in braces, said of a match:
    /// `{sink.symbol}`, `{source.noun}`, `{sink.line}`, `{step.NAME.symbol}`, `{step.NAME.arg.ROLE}` …
    pub sentence: String,
    /// What a user should do, one sentence.
    pub advice: String,
    /// The steps that must all match. An alternative rule is another behavior variant in [`Behavior::variants`].
    pub rule: Rule,
    /// Further rules; any of them fires the behavior.
    pub variants: Vec<Rule>,
    /// The explanation to a user, Markdown without the examples.
    pub explanation: String,
    /// The examples of the page.
    pub examples: Vec<Example>,
}

/// What a behavior says about the one who wrote the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Counts for `malware`.
    Malicious,
    /// Counts for `securityRisk` only.
    Weakness,
    /// Names what honest code does; lowers `malware` where the model says so.
    Harmless,
}

/// Steps that must all match, in order where `after` says so, with nothing of `absent` matching.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The steps.
    pub steps: Vec<Step>,
    /// Steps of which none may match with the variables as bound.
    pub absent: Vec<Step>,
}

/// A pattern over one path or one event.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its name in the rule.
    pub name: SmolStr,
    /// For a path: source kinds, any of which fits. Empty for a step over an event.
    pub source: Vec<SmolStr>,
    /// For a path: sink kinds, any of which fits. Empty for a step over an event.
    pub sink: Vec<SmolStr>,
    /// For an event: actions or sink kinds, any of which the event has.
    pub event: Vec<SmolStr>,
    /// Symbols, any of which fits the event (the sink's event of a path); `*` at the end is a wildcard.
    pub symbol: Vec<SmolStr>,
    /// Symbols, any of which fits the source of a path.
    pub source_symbol: Vec<SmolStr>,
    /// Role (of the event or the path's sink event; `self`, `result`; with prefix `source:` of the path's source event)
    /// to the variable it binds.
    pub bind: BTreeMap<SmolStr, SmolStr>,
    /// Predicates over the values of arguments.
    pub with: Vec<ArgPredicate>,
    /// The step that must stand before this one in the order of execution within a function, or in another function
    /// that is called later.
    pub after: Option<SmolStr>,
    /// The step whose function must be this one's, or call it, or be called by it.
    pub near: Option<SmolStr>,
    /// Entry points that must reach it: `install`, `build`, `startup`, `import`, `run`. Empty: any or none.
    pub entry: Vec<SmolStr>,
    /// If given, whether it must stand in a decoded layer.
    pub layer: Option<bool>,
    /// Guard kinds, one of which it must stand under. Empty: any or none.
    pub guard: Vec<SmolStr>,
    /// If given, whether errors around it are swallowed.
    pub silent: Option<bool>,
    /// If given, whether it stands in a loop.
    pub looped: Option<bool>,
    /// Presumed links are left out unless this is true.
    pub presumed: bool,
}

/// A predicate over an argument's evaluated value.
#[derive(Clone, Debug, Default)]
pub struct ArgPredicate {
    /// The role or parameter name; `self` is the receiver; with prefix `source:` of the path's source event.
    pub role: SmolStr,
    /// Classes of value from `classes/*.toml`, one of which the value has (`destination/messenger`).
    pub is: Vec<SmolStr>,
    /// Classes none of which the value may have.
    pub is_not: Vec<SmolStr>,
    /// A regular expression that the evaluated text contains.
    pub matches: Option<String>,
    /// If given, whether the value is known (constant after evaluation, at least in part).
    pub known: Option<bool>,
    /// If given, whether the argument must be given at all.
    pub given: Option<bool>,
    /// Source kinds, one of which must have a label in the value.
    pub labels: Vec<SmolStr>,
    /// Source kinds, none of which may have a label in the value.
    pub labels_not: Vec<SmolStr>,
}

/// A code fence of a page with what is expected of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// The language of the fence.
    pub language: SmolStr,
    /// File name inside the example's package; `example.py` if the page gives none.
    pub file: SmolStr,
    /// The code.
    pub code: String,
    /// True if the behavior is expected, false if it must not be found.
    pub found: bool,
    /// Why, the words behind `found:` or `harmless:`.
    pub why: String,
    /// Further files of the same example.
    pub more_files: Vec<(SmolStr, String)>,
    /// Line of the fence in the page, 1-based.
    pub line: u32,
}
