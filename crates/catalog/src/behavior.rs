//! What a behavior is: a rule over paths and events, the page that explains it, and the examples that test it.
//!
//! A rule is a list of steps. Each step matches one path (a source joined to a sink) or one event (one modelled call).
//! Steps are joined on the identity of a resource: two steps that bind the same variable must share one (the file
//! written is the file run, the descriptor duplicated is the socket's).
//!
//! [`crate::pages`] reads these types from the pages; the matcher of the review decides what a rule finds.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

/// Roles that every event or path has beside those that its model gives to arguments ([`crate::kinds::is_role`]).
///
/// `self` is the receiver, `result` the result, `event` the event itself (two steps that bind it to one variable are
/// about the same call), `destination` the address that the call or the connection of its receiver talks to, `any`
/// every argument and the receiver together, `sink` the argument at which a path ends.
pub const PSEUDO_ROLES: &[&str] = &["self", "result", "event", "destination", "any", "sink"];

/// Roles of the source of a path: its event's result and identity, the key, path or name that was asked for, and whether
/// the socket that was read is joined to the `network` or only to this machine (`local`).
pub const SOURCE_ROLES: &[&str] =
    &["source:result", "source:event", "source:self", "source:detail", "source:any", "source:family"];

/// The prefix of a role that is a parameter's name in the model, where roles do not tell arguments apart.
pub const ARG_PREFIX: &str = "arg:";

/// The prefix of a role that is looked for in the event of a path's source.
pub const SOURCE_PREFIX: &str = "source:";

/// The largest number of bytes that the text of one page may unpack to.
pub const MAX_PAGE: u64 = 1 << 20;

/// One page of `behaviors/<family>/<name>.md`.
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
    /// One sentence of prose, said of a match; a rule may have its own. Placeholders name a step and what is told of
    /// it: `{send.symbol}`, `{send.line}`, `{send.destination}`, `{send.source.name}`. `docs/behaviors.md` lists them.
    pub sentence: String,
    /// What a user should do, one sentence.
    pub advice: String,
    /// The rules; any of them fires the behavior. At least one.
    pub rules: Vec<Rule>,
    /// What stands below the front matter: the explanation and the examples.
    pub body: Body,
}

impl Behavior {
    /// The part of the id before the slash.
    #[must_use]
    pub fn family(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(family, _)| family)
    }

    /// The explanation to a user, Markdown without the examples.
    #[must_use]
    pub fn explanation(&self) -> String {
        crate::pages::explanation(&self.body.text())
    }

    /// The examples of the page, in order.
    ///
    /// Pages are checked when they are built in, so an example that cannot be read is left out here.
    #[must_use]
    pub fn examples(&self) -> Vec<Example> {
        crate::pages::examples(&self.id, &self.body.text(), self.body.line).unwrap_or_default()
    }
}

/// The text of a page below its front matter. What is built into the binary stays compressed until it is asked for:
/// the examples are written to look like malicious code, and virus scanners take them for it.
#[derive(Clone)]
pub struct Body {
    /// The text or its raw deflate stream.
    data: BodyData,
    /// The line of the page on which the body starts, 1-based.
    pub line: u32,
}

#[derive(Clone)]
enum BodyData {
    Plain(Arc<str>),
    Deflated(&'static [u8]),
}

impl Body {
    /// A body that is at hand as text.
    #[must_use]
    pub fn plain(text: &str, line: u32) -> Self {
        Self { data: BodyData::Plain(text.into()), line }
    }

    /// A body that is built in as a raw deflate stream.
    #[must_use]
    pub const fn deflated(bytes: &'static [u8], line: u32) -> Self {
        Self { data: BodyData::Deflated(bytes), line }
    }

    /// The text; empty if the stream is damaged.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        match &self.data {
            BodyData::Plain(text) => Arc::clone(text),
            BodyData::Deflated(bytes) => inflate(bytes).unwrap_or_default().into(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Body(line {})", self.line)
    }
}

/// Unpacks a raw deflate stream of UTF-8 text, at most [`MAX_PAGE`] bytes.
pub(crate) fn inflate(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(bytes).take(MAX_PAGE).read_to_string(&mut text).ok()?;
    Some(text)
}

/// What a behavior says about the one who wrote the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Counts for `malware`.
    Malicious,
    /// Counts for `securityRisk` only.
    Weakness,
    /// Names what honest code does. It counts in no score; a malicious behavior that it explains whole, and that is no more
    /// particular, counts half.
    Harmless,
}

/// Steps that must all match, in order where `after` says so, with nothing of `absent` matching.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Its name inside the behavior; empty for the only rule.
    pub name: SmolStr,
    /// The sentence said of its matches, if it is not the behavior's.
    pub sentence: Option<String>,
    /// The steps. At least one.
    pub steps: Vec<Step>,
    /// Steps of which none may match with the variables as bound.
    pub absent: Vec<Step>,
}

/// A pattern over one path or one event.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its name in the rule.
    pub name: SmolStr,
    /// For a path: source kinds, any of which fits; `any` fits all. Empty for a step over an event.
    pub source: Vec<SmolStr>,
    /// For a path: sink kinds, any of which fits. Empty for a step over an event.
    pub sink: Vec<SmolStr>,
    /// For an event: actions, any of which it has, or sink kinds, any of which one of its arguments has.
    pub event: Vec<SmolStr>,
    /// Symbols, any of which fits the event (the sink's event of a path); `*` at either end is a wildcard.
    pub symbol: Vec<SmolStr>,
    /// Symbols none of which may fit.
    pub symbol_not: Vec<SmolStr>,
    /// Symbols, any of which fits the source of a path.
    pub source_symbol: Vec<SmolStr>,
    /// Symbols of the source that do not fit.
    pub source_symbol_not: Vec<SmolStr>,
    /// Role to the variable that it binds.
    pub bind: BTreeMap<SmolStr, SmolStr>,
    /// Predicates over the values of arguments.
    pub with: Vec<ArgPredicate>,
    /// The step that must stand before this one in the order of execution.
    pub after: Option<SmolStr>,
    /// The step whose function must be this one's, of the same class, or below a function that leads to both by few calls.
    pub near: Option<SmolStr>,
    /// The step whose file must be another one.
    pub other_file: Option<SmolStr>,
    /// True for the only step of its rule.
    pub alone: bool,
    /// The step whose call this one's path passes.
    pub through: Option<SmolStr>,
    /// Entry points that must reach it: `install`, `build`, `startup`, `import`, `activate`, `run`. Empty: any or none.
    pub entry: Vec<SmolStr>,
    /// If given, whether it must stand in a layer.
    pub layer: Option<bool>,
    /// The least number of decoders between the text of the file and the layer that it stands in (or, for an event
    /// that executes a layer, that it executes).
    pub codings: u32,
    /// Guard kinds, one of which it must stand under. Empty: any or none.
    pub guard: Vec<SmolStr>,
    /// Guard kinds under none of which it may stand.
    pub guard_not: Vec<SmolStr>,
    /// A regular expression that the text of a condition around it contains.
    pub guard_matches: Option<Pattern>,
    /// A regular expression that the text of no condition around it contains.
    pub guard_matches_not: Option<Pattern>,
    /// If given, whether errors around it are swallowed.
    pub silent: Option<bool>,
    /// If given, whether its result is dropped: nothing is made of the answer.
    pub dropped: Option<bool>,
    /// If given, whether what it executes does something at once: what only computes or defines is idle. What cannot be
    /// read counts as acting.
    pub acts: Option<bool>,
    /// If given, whether it stands in a loop.
    pub looped: Option<bool>,
    /// If given, whether most of its file is dense literals: text of high entropy.
    pub dense: Option<bool>,
    /// If true, its source is read near its sink: in one function or class, or joined by three calls in all.
    pub source_near: bool,
    /// If true, something may run it: it stands neither in a script beside the packages that no entry point starts and no
    /// file imports, nor in a test.
    pub reached: bool,
    /// The least number of different sources (symbol and key) that reach the same sink by paths of this step.
    pub distinct: u32,
    /// Presumed links are left out unless this is true.
    pub presumed: bool,
}

impl Step {
    /// True for a step over a path.
    #[must_use]
    pub fn is_path(&self) -> bool {
        !self.sink.is_empty()
    }
}

/// A predicate over an argument's evaluated value. Everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct ArgPredicate {
    /// The role, or several joined by `|`, one of which must fit.
    pub role: SmolStr,
    /// Classes of value from `classes/*.toml`, one of which the value has (`destination/messenger`).
    pub is: Vec<SmolStr>,
    /// Classes none of which the value may have.
    pub is_not: Vec<SmolStr>,
    /// A regular expression that the evaluated text contains.
    pub matches: Option<Pattern>,
    /// A regular expression that the evaluated text must not contain.
    pub matches_not: Option<Pattern>,
    /// If given, whether some constant text of the value is known.
    pub known: Option<bool>,
    /// If given, whether the value is a literal in the call itself.
    pub literal: Option<bool>,
    /// If given, whether some coding (base64, hex, zlib …) was undone to get the value.
    pub decoded: Option<bool>,
    /// If given, whether the argument must be given at all. All other predicates but the negative ones and `known = false`
    /// ask for it.
    pub given: Option<bool>,
    /// Source kinds, one of which must have a label in the value.
    pub labels: Vec<SmolStr>,
    /// Source kinds, none of which may have a label in the value.
    pub labels_not: Vec<SmolStr>,
}

/// A regular expression over ASCII, compiled when it is first asked: most rules are ruled out before that.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: SmolStr,
    regex: OnceLock<Option<regex::bytes::Regex>>,
}

impl Pattern {
    /// The largest automaton of one pattern, in bytes.
    const SIZE_LIMIT: usize = 1 << 19;

    /// A pattern that is not compiled yet.
    #[must_use]
    pub const fn new(text: SmolStr) -> Self {
        Self { text, regex: OnceLock::new() }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compiles it.
    ///
    /// # Errors
    /// If it is not a regular expression, or too large a one.
    pub fn check(&self) -> Result<(), regex::Error> {
        Self::compile(&self.text).map(|_| ())
    }

    /// True if the text contains a match. A pattern that [`Pattern::check`] refuses matches nothing.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| Self::compile(&self.text).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    fn compile(text: &str) -> Result<regex::bytes::Regex, regex::Error> {
        // Unicode classes make automata large and slow, and the names that rules look for are ASCII.
        regex::bytes::RegexBuilder::new(text).unicode(false).size_limit(Self::SIZE_LIMIT).build()
    }
}

/// What the test of a page expects of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// `found`: the behavior is found.
    Found,
    /// `harmless`: it is not found.
    Harmless,
    /// `found-missed`: it should be found and is not, for the reason given. Fails as soon as it is found.
    Missed,
    /// `false-alarm`: it should not be found and is, for the reason given. Fails as soon as it is not found.
    FalseAlarm,
}

impl Expectation {
    /// Whether a review has to find the behavior for the test to pass.
    #[must_use]
    pub const fn finds(self) -> bool {
        matches!(self, Self::Found | Self::FalseAlarm)
    }
}

/// A code fence of a page with what is expected of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is expected.
    pub expectation: Expectation,
    /// Why, the words behind the expectation.
    pub why: String,
    /// The files, at least one; each with its language, and when it runs if the fence says so.
    pub files: Vec<ExampleFile>,
    /// Line of the first fence in the page, 1-based.
    pub line: u32,
}

/// A file of an [`Example`].
#[derive(Clone, Debug)]
pub struct ExampleFile {
    /// Its path inside the example's package; `example.py` or `example.js` if the fence gives none.
    pub path: SmolStr,
    /// The language of the fence.
    pub language: SmolStr,
    /// The entry point that runs its body (`when=install`), if the fence names one.
    pub when: Option<SmolStr>,
    /// The code.
    pub code: String,
}
