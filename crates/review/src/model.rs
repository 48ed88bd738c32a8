//! The review as data: what `--format json` prints, and what every renderer reads.
//!
//! Field order is the order of the JSON. Lines are 1-based, columns 1-based in Unicode scalar values; names inside nested
//! archives join with `!/`. Every text is free of control characters (see [`escape`]), so that a renderer may print it.
//! Ids (`c1`, `e1`, `p1`, `l1`) are unique within one [`Review`] and stable for the same bytes and engine.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize, Serializer};

/// The value of [`Review::schema`].
pub const SCHEMA: &str = "sluice.review/1";

/// Everything said about one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The version of this form: [`SCHEMA`].
    pub schema: String,
    /// Name and version of the engine: `sluice 0.1.0`.
    pub engine: String,
    /// The target as the user typed it.
    pub target: String,
    /// Digest of the bytes that were reviewed, with its algorithm: `sha256:…`. Empty if there is none.
    pub digest: String,
    /// The verdict that follows from the scores and the coverage.
    pub verdict: Verdict,
    /// The twelve fields.
    pub report: Report,
    /// What raised and lowered each number of the report.
    pub scores: Scores,
    /// What `malware` was computed from, by key; [`crate::weights`] has the weights.
    #[serde(default)]
    pub features: crate::weights::Features,
    /// The claims that the report is made of, those that survived the critics.
    pub claims: Vec<Claim>,
    /// The places that claims, paths and behaviors point to.
    pub evidence: Vec<Evidence>,
    /// Sources joined to sinks.
    pub paths: Vec<FlowPath>,
    /// The behaviors that matched.
    pub behaviors: Vec<BehaviorMatch>,
    /// Text that is executed and was found inside of other text or data.
    pub layers: Vec<LayerInfo>,
    /// The reviews of the single files. Empty if the target is one file.
    pub files: Vec<FileReview>,
    /// What the reviewers and critics said before the final report.
    pub panel: Panel,
    /// What was read and what was not.
    pub coverage: Coverage,
}

impl Review {
    /// The review as one line of JSON.
    ///
    /// # Errors
    /// None in practice: every key is a string and every number finite. `serde_json`'s signature asks for the result.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The review as indented JSON with a final line break.
    ///
    /// # Errors
    /// As [`Review::to_json`].
    pub fn to_json_pretty(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// The evidence with this id.
    #[must_use]
    pub fn evidence(&self, id: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|evidence| evidence.id == id)
    }

    /// The path with this id.
    #[must_use]
    pub fn path(&self, id: &str) -> Option<&FlowPath> {
        self.paths.iter().find(|path| path.id == id)
    }
}

/// What the numbers and the coverage come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// `malware` is below 0.5 and nothing that could matter was left unread.
    Benign,
    /// `malware` is below 0.5, but something that could matter was not read: the numbers are lower bounds.
    Inconclusive,
    /// `malware` is at least 0.5.
    Malicious,
}

impl Verdict {
    /// The word of the JSON: `benign`, `inconclusive`, `malicious`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Inconclusive => "inconclusive",
            Self::Malicious => "malicious",
        }
    }
}

/// The report of twelve fields, in the order in which they are printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What the code is for.
    pub purpose: String,
    /// Where values enter.
    pub sources: String,
    /// Where values leave.
    pub sinks: String,
    /// Which flows join them.
    pub flows: String,
    /// What is odd, and one sentence on what was looked for and not found.
    pub anomalies: String,
    /// What it comes to.
    pub analysis: String,
    /// What it is and what to do.
    pub conclusion: String,
    /// Probability that the verdict is right, 0–1.
    #[serde(serialize_with = "number")]
    pub confidence: f64,
    /// How much of what the code does a reader of the plain file cannot see, 0–1.
    #[serde(serialize_with = "number")]
    pub obfuscated: f64,
    /// Calibrated probability of malicious intent, 0–1.
    #[serde(serialize_with = "number")]
    pub malware: f64,
    /// The worst harm to one who uses the code as meant, 0–1.
    #[serde(rename = "securityRisk", serialize_with = "number")]
    pub security_risk: f64,
    /// The number of the reviewer whose report leads, from 1.
    pub report_number: u32,
}

impl Report {
    /// The names and texts of the seven fields of prose, in order.
    #[must_use]
    pub fn prose(&self) -> [(&'static str, &str); 7] {
        [
            ("purpose", &self.purpose),
            ("sources", &self.sources),
            ("sinks", &self.sinks),
            ("flows", &self.flows),
            ("anomalies", &self.anomalies),
            ("analysis", &self.analysis),
            ("conclusion", &self.conclusion),
        ]
    }

    /// The names and values of the four numbers between 0 and 1, in order.
    #[must_use]
    pub fn numbers(&self) -> [(&'static str, f64); 4] {
        [
            ("confidence", self.confidence),
            ("obfuscated", self.obfuscated),
            ("malware", self.malware),
            ("securityRisk", self.security_risk),
        ]
    }
}

/// Writes a whole number without a fraction (`0`, not `0.0`), as the reference reports do.
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 {
        // The range check above makes the conversion exact.
        #[allow(clippy::cast_possible_truncation)]
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// What raised and lowered the numbers of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Changes of `confidence`, in probability.
    pub confidence: Vec<Change>,
    /// Changes of `obfuscated`, in shares of the facts.
    pub obfuscated: Vec<Change>,
    /// Changes of `malware`, in log-odds (natural logarithm); the first is the prior. Their sum is the log-odds of `malware`,
    /// which itself is never above 0.99.
    pub malware: Vec<Change>,
    /// Changes of `securityRisk`, in risk.
    #[serde(rename = "securityRisk")]
    pub security_risk: Vec<Change>,
}

impl Scores {
    /// The sum of the changes of `malware`, in log-odds: a finer measure than the rounded probability.
    #[must_use]
    pub fn malware_log_odds(&self) -> f64 {
        self.malware.iter().map(|change| change.change).sum()
    }
}

/// One reason for a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The id of the claim behind it, or a clause where there is no claim (`prior 0.01`).
    pub claim: String,
    /// By how much. The unit stands at the field of [`Scores`].
    #[serde(serialize_with = "number")]
    pub change: f64,
}

/// Whether a claim says that something is there or that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// Something is there. Needs evidence.
    Positive,
    /// Something was looked for and not found. Holds as far as the coverage reaches.
    Negative,
}

/// The field of the report that a claim belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// `purpose`
    Purpose,
    /// `sources`
    Sources,
    /// `sinks`
    Sinks,
    /// `flows`
    Flows,
    /// `anomalies`
    Anomalies,
    /// `analysis`
    Analysis,
    /// `conclusion`
    Conclusion,
}

impl Field {
    /// All fields of prose, in the order of the report.
    pub const ALL: [Self; 7] =
        [Self::Purpose, Self::Sources, Self::Sinks, Self::Flows, Self::Anomalies, Self::Analysis, Self::Conclusion];

    /// The name of the field in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Purpose => "purpose",
            Self::Sources => "sources",
            Self::Sinks => "sinks",
            Self::Flows => "flows",
            Self::Anomalies => "anomalies",
            Self::Analysis => "analysis",
            Self::Conclusion => "conclusion",
        }
    }
}

/// A typed statement of a reviewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// `c1`, `c2` …; in a package's file reviews `f1.c1`.
    pub id: String,
    /// The field of the report it belongs to.
    pub field: Field,
    /// The statement: one or a few sentences.
    pub text: String,
    /// Ids of the places that bear it out, at most 32.
    pub evidence: Vec<String>,
    /// The reviewer: `flow`, `form`, `context`.
    pub by: String,
    /// Whether it says that something is there.
    pub polarity: Polarity,
    /// What it says, typed: `source.parameter`, `sink.network.send`, `flow`, `dead-store`, `absence` …
    pub kind: String,
    /// The symbol or name it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The lines it names, sorted.
    pub lines: Vec<u32>,
}

/// A place in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// `e1`, `e2` …
    pub id: String,
    /// The file. A place in a layer has the file that the layer came from.
    pub file: String,
    /// The id of the layer, for a place in decoded text; lines then count in that text.
    pub layer: Option<String>,
    /// The first character.
    pub start: Position,
    /// Just behind the last character.
    pub end: Position,
    /// The symbol or name that the place is about, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The code of the span, at most 200 characters, escaped.
    pub text: String,
    /// The whole line on which the span starts, at most 240 characters around it, escaped. Empty if it is the same as
    /// `text` or has nothing more to show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_line: String,
}

/// A line and a column, both from 1; columns count Unicode scalar values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A source joined to a sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowPath {
    /// `p1`, `p2` …
    pub id: String,
    /// Where the value enters.
    pub source: Endpoint,
    /// Where it leaves.
    pub sink: Endpoint,
    /// Ids of the places on the way; the first is the source, the last the sink.
    pub steps: Vec<String>,
    /// What happens at each of the steps, in the same order: `body`, `json.dumps()`.
    pub words: Vec<String>,
    /// The reason, if a link is presumed.
    pub presumed: Option<String>,
    /// True if an independent walk back from the sink found the source as well.
    pub proven: bool,
    /// The tests on which the sink stands.
    pub guards: Vec<GuardInfo>,
    /// When it can run: `install`, `build`, `startup`, `import`, `activate`, `run`. Empty: only when somebody calls it.
    pub entry: Vec<String>,
}

/// An end of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The kind, from the closed lists of the catalog.
    pub kind: String,
    /// The symbol, or the parameter's name.
    pub symbol: String,
    /// For a source the key, path or name that was asked for; for a sink the parameter that takes the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The function it stands in, as `Class.method`; the file's path for a module body.
    pub function: String,
    /// Id of the place.
    pub evidence: String,
}

/// A condition on which something stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuardInfo {
    /// `platform`, `date`, `host` …; empty for an ordinary condition.
    pub kind: String,
    /// The condition as written.
    pub text: String,
    /// False if it must not hold.
    pub holds: bool,
    /// Id of the place.
    pub evidence: String,
}

/// A behavior of the catalog that matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviorMatch {
    /// `family/name`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `malicious`, `weakness` or `harmless`.
    pub stance: String,
    /// What happens, in one sentence.
    pub sentence: String,
    /// What a user should do.
    pub advice: String,
    /// Ids of the paths that matched.
    pub paths: Vec<String>,
    /// Ids of the places that matched.
    pub evidence: Vec<String>,
    /// How seldom honest code does this, 0–1.
    #[serde(serialize_with = "number")]
    pub specificity: f64,
    /// Harm to one who uses the code as meant, 0–1.
    #[serde(serialize_with = "number")]
    pub severity: f64,
    /// True if a link of it is presumed: then it convicts nobody.
    pub presumed: bool,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
}

/// Text that is executed and was found inside of other text or data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerInfo {
    /// `l1`, `l2` …
    pub id: String,
    /// The file it came from.
    pub file: String,
    /// 1 for text decoded from the file itself, 2 for text decoded from that …
    pub depth: u32,
    /// The layer that holds the site, for a depth above 1.
    pub parent: Option<String>,
    /// The language of the text: `python`, `javascript`, `shell`, `powershell`, `unknown`.
    pub language: String,
    /// The decoders it went through, in order: `base64`, `zlib`.
    pub codings: Vec<String>,
    /// Id of the place where it is executed.
    pub evidence: String,
    /// The text, at most 8,000 characters. Line breaks and tabs are kept, other control characters escaped.
    pub text: String,
    /// True if `text` is not all of it.
    pub cut: bool,
}

/// The review of one file of a package or set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileReview {
    /// The path inside the package.
    pub file: String,
    /// The language.
    pub language: String,
    /// Number of lines.
    pub lines: u32,
    /// Number of bytes.
    pub bytes: u64,
    /// When its top level runs, as in [`FlowPath::entry`].
    pub entry: Vec<String>,
    /// The verdict on this file alone.
    pub verdict: Verdict,
    /// Its report.
    pub report: Report,
    /// What raised and lowered its numbers.
    pub scores: Scores,
    /// Its claims; their evidence stands in [`Review::evidence`].
    pub claims: Vec<Claim>,
    /// Ids of its paths in [`Review::paths`].
    pub paths: Vec<String>,
}

/// What the panel said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// One complete report of each reviewer, in the order of their numbers.
    pub reports: Vec<PanelReport>,
    /// What the critics said about them.
    pub critiques: Vec<Critique>,
}

/// The report of one reviewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelReport {
    /// `flow`, `form`, `context`.
    pub reviewer: String,
    /// The question that the reviewer asks.
    pub question: String,
    /// The report; `report_number` is the reviewer's number.
    pub report: Report,
}

/// What a critic said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Critique {
    /// The critic: `contradiction`, `coverage`, `innocence`, `confirmation`.
    pub by: String,
    /// The id of the claim it is about. Withdrawn claims keep their id, but are no longer in [`Review::claims`].
    pub claim: Option<String>,
    /// What it says.
    pub text: String,
    /// What follows for the claim.
    pub effect: Effect,
}

/// What follows from a critique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The claim stands.
    Kept,
    /// The claim stands with less weight or in other words.
    Weakened,
    /// The claim is left out of the final report.
    Withdrawn,
}

/// What was read and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Number of files that were analyzed.
    pub files: u64,
    /// Number of bytes of their text.
    pub bytes: u64,
    /// Number of files that there are, in the target and in the archives inside it.
    pub seen: u64,
    /// Number of files that were read as data: text, pictures, archives, what code may read.
    pub data: u64,
    /// Number of folders that were seen.
    pub folders: u64,
    /// Number of links that were seen.
    pub links: u64,
    /// What was not read, or not to the end.
    pub unread: Vec<Unread>,
    /// What a reader should know about the container: trailing bytes, disagreeing headers.
    pub notes: Vec<String>,
}

/// Something that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The file.
    pub file: String,
    /// Why, as a clause without a final stop.
    pub why: String,
    /// True if it is code, or can be reached from code, so that the verdict may depend on it.
    pub matters: bool,
}

/// The text with every control, format and bidirectional character written as `\u{…}` (line breaks and tabs as `\n`,
/// `\t`), so that it can be shown on a terminal and in a log.
#[must_use]
pub fn escape(text: &str) -> String {
    escape_with(text, false)
}

/// As [`escape`], with line breaks and tabs kept.
#[must_use]
pub fn escape_block(text: &str) -> String {
    escape_with(text, true)
}

fn escape_with(text: &str, keep_breaks: bool) -> String {
    // Most texts are plain, and of these nothing is to be looked at one by one.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' if keep_breaks => out.push(character),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_unsafe(character) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// Control characters, and format characters that hide, join or reorder text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0x00ad
                | 0x034f
                | 0x061c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xfffb
                | 0xe0000..=0xe0fff
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_without_fraction() {
        let report = Report { confidence: 0.98, malware: 0.0, report_number: 1, ..Report::default() };
        let json = serde_json::to_string(&report).unwrap();
        assert!(
            json.contains(r#""confidence":0.98,"obfuscated":0,"malware":0,"securityRisk":0,"report_number":1"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn twelve_fields_in_order() {
        let value = serde_json::to_string(&Report::default()).unwrap();
        let fields = [
            "purpose",
            "sources",
            "sinks",
            "flows",
            "anomalies",
            "analysis",
            "conclusion",
            "confidence",
            "obfuscated",
            "malware",
            "securityRisk",
            "report_number",
        ];
        let places: Vec<_> = fields.iter().map(|field| value.find(&format!("\"{field}\":")).unwrap()).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{value}");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape("a\u{1b}[31m\nb\u{202e}c\u{e0041}é"), "a\\u{1b}[31m\\nb\\u{202e}c\\u{e0041}é");
        assert_eq!(escape_block("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }
}
