//! One reviewed file, with what tests ask of it. What a test cannot find it fails with, and with what is there instead.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use sluicegate::intake::Input;
use sluicegate::{Claim, Engine, Evidence, Facts, FlowPath, Options, Report, Review};

use crate::source::lone_file;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());

/// The review of one file, as a user gets it in JSON, and the facts behind it.
pub struct Subject {
    pub review: Review,
    pub facts: Facts,
    /// The end of the file's path, if the review is that of a package.
    inside: Option<String>,
    /// The lines of each analyzed file, by the path that evidence has.
    lines: BTreeMap<String, Vec<String>>,
}

impl Subject {
    /// The review of one file that stands alone.
    pub fn of_file(name: &str, text: &str) -> Self {
        Self::of_input(lone_file(name, text), None)
    }

    /// The review of a target, seen from its file `inside`.
    pub fn of_input(input: Input, inside: Option<&str>) -> Self {
        let options = Options::default();
        let package = sluicegate::intake::unpack(input.clone(), &options.limits);
        let facts = ENGINE.facts(&package).unwrap();
        // Through JSON and back: what is checked is what is printed.
        let json = sluicegate::render::json(&ENGINE.try_review(input, &options, &[]).unwrap()).unwrap();
        let review = serde_json::from_str(&json).unwrap();
        let lines = facts
            .modules
            .iter()
            .filter(|module| module.depth == 0)
            .map(|module| (module.path.clone(), module.text.lines().map(ToOwned::to_owned).collect()))
            .collect();
        Self { review, facts, inside: inside.map(ToOwned::to_owned), lines }
    }

    /// The report on the file.
    pub fn report(&self) -> &Report {
        self.parts().0
    }

    /// The claims on the file.
    pub fn claims(&self) -> &[Claim] {
        self.parts().1
    }

    fn parts(&self) -> (&Report, &[Claim]) {
        match &self.inside {
            None => (&self.review.report, &self.review.claims),
            Some(inside) => {
                let file = self.review.files.iter().find(|file| file.file.ends_with(inside.as_str())).expect(inside);
                (&file.report, &file.claims)
            }
        }
    }

    /// The paths of the file.
    pub fn paths(&self) -> Vec<&FlowPath> {
        match &self.inside {
            None => self.review.paths.iter().collect(),
            Some(inside) => {
                let file = self.review.files.iter().find(|file| file.file.ends_with(inside.as_str())).expect(inside);
                file.paths.iter().map(|id| self.review.path(id).expect(id)).collect()
            }
        }
    }

    /// True if the place is in the file.
    pub fn here(&self, evidence: &Evidence) -> bool {
        self.inside.as_ref().is_none_or(|inside| evidence.file.ends_with(inside.as_str()))
    }

    /// The place with this id.
    pub fn place(&self, id: &str) -> &Evidence {
        self.review.evidence(id).unwrap_or_else(|| panic!("there is no evidence {id}"))
    }

    /// Line and symbol of each step of a path; the line is preceded by the file's name where it is another file.
    pub fn steps(&self, path: &FlowPath) -> Vec<String> {
        path.steps.iter().map(|id| self.shown_line(self.place(id))).collect()
    }

    /// `48` in the file, `resources.py:37` elsewhere.
    fn shown_line(&self, place: &Evidence) -> String {
        let name = place.file.rsplit('/').next().unwrap_or(&place.file);
        if self.here(place) { place.start.line.to_string() } else { format!("{name}:{}", place.start.line) }
    }

    /// The claim of this kind whose text holds all the words, and whose evidence holds all the lines of the file.
    #[track_caller]
    pub fn claim(&self, kind: &str, lines: &[u32], words: &[&str]) -> &Claim {
        let found = self.claims().iter().find(|claim| {
            claim.kind == kind
                && words.iter().all(|word| claim.text.contains(word))
                && lines.iter().all(|line| {
                    claim
                        .evidence
                        .iter()
                        .map(|id| self.place(id))
                        .any(|place| self.here(place) && place.start.line == *line)
                })
        });
        found.unwrap_or_else(|| {
            let mut there = String::new();
            for claim in self.claims().iter().filter(|claim| claim.kind == kind) {
                let lines: Vec<_> = claim.evidence.iter().map(|id| self.shown_line(self.place(id))).collect();
                let _ = write!(there, "\n  {} (evidence at {lines:?})", claim.text);
            }
            panic!("no claim `{kind}` with evidence at {lines:?} says {words:?}; claims of this kind:{there}")
        })
    }

    /// The claims of one kind.
    pub fn claims_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Claim> + 'a {
        self.claims().iter().filter(move |claim| claim.kind == kind)
    }

    /// Fails unless some evidence of the claim stands on the line and has a symbol that ends so.
    #[track_caller]
    pub fn evidence_at(&self, claim: &Claim, line: u32, symbol: &str) {
        let places: Vec<_> = claim
            .evidence
            .iter()
            .map(|id| self.place(id))
            .map(|place| (place.start.line, place.symbol.clone()))
            .collect();
        assert!(
            places.iter().any(|(at, name)| *at == line && name.as_ref().is_some_and(|name| name.ends_with(symbol))),
            "`{}` has no evidence `{symbol}` on line {line}: {places:?}",
            claim.text
        );
    }

    /// The paths of a kind of source and its name (parameter, or symbol's end) on a line to a kind of sink on a line.
    /// Lines are written as in [`Subject::steps`].
    pub fn joined(&self, source: (&str, &str, &str), sink: (&str, &str)) -> Vec<&FlowPath> {
        self.paths()
            .into_iter()
            .filter(|path| {
                path.source.kind == source.0
                    && path.source.symbol.ends_with(source.1)
                    && self.shown_line(self.place(&path.source.evidence)) == source.2
                    && path.sink.kind == sink.0
                    && self.shown_line(self.place(&path.sink.evidence)) == sink.1
            })
            .collect()
    }

    /// The one path of those that [`Subject::joined`] gives, which also passes the lines.
    #[track_caller]
    pub fn path(&self, source: (&str, &str, &str), through: &[&str], sink: (&str, &str)) -> &FlowPath {
        let found = self.joined(source, sink);
        let [path] = found.as_slice() else {
            panic!("{} paths {source:?} → {sink:?}, all paths:{}", found.len(), self.all_paths());
        };
        let steps = self.steps(path);
        let mut rest = steps.iter();
        assert!(
            through.iter().all(|line| rest.any(|step| step == line)),
            "the path {source:?} → {sink:?} does not pass {through:?} in this order, but {steps:?}"
        );
        path
    }

    /// All paths, one a line.
    pub fn all_paths(&self) -> String {
        let mut text = String::new();
        for path in self.paths() {
            let _ = write!(text, "\n  {}", self.shown(path));
        }
        text
    }

    /// A path in one line: `parameter host (21) → network.destination url (48)`.
    pub fn shown(&self, path: &FlowPath) -> String {
        format!(
            "{} {} ({}) → {} {} {} ({})",
            path.source.kind,
            path.source.symbol,
            self.shown_line(self.place(&path.source.evidence)),
            path.sink.kind,
            path.sink.symbol,
            path.sink.detail.as_deref().unwrap_or(""),
            self.shown_line(self.place(&path.sink.evidence)),
        )
    }

    /// Fails unless a field of the report says all the words, in any case.
    #[track_caller]
    pub fn says(&self, field: &str, words: &[&str]) {
        let prose = self.report().prose();
        let (_, text) = prose.iter().find(|(name, _)| *name == field).unwrap();
        let lower = text.to_lowercase();
        for word in words {
            assert!(lower.contains(&word.to_lowercase()), "`{field}` does not say {word:?}: {text}");
        }
    }

    /// Fails if a sentence of the report, or of a report of the panel, holds all the words of one of the sets and none
    /// of the words of denial.
    #[track_caller]
    pub fn never_says(&self, sets: &[&[&str]], denial: &[&str]) {
        for sentence in self.sentences() {
            let lower = sentence.to_lowercase();
            if denial.iter().any(|word| lower.contains(word)) {
                continue;
            }
            for set in sets {
                assert!(!set.iter().all(|word| lower.contains(word)), "the report says {set:?}: {sentence}");
            }
        }
    }

    fn sentences(&self) -> Vec<String> {
        let mut reports = vec![self.report()];
        if self.inside.is_none() {
            reports.extend(self.review.panel.reports.iter().map(|report| &report.report));
        }
        reports
            .iter()
            .flat_map(|report| report.prose())
            .flat_map(|(_, text)| text.split(". ").map(ToOwned::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// Fails unless what is claimed is borne out by places, and the places show the text that stands there.
    #[track_caller]
    pub fn is_borne_out(&self) {
        for claim in self.claims() {
            let places: Vec<_> = claim.evidence.iter().map(|id| self.place(id)).collect();
            let needs = format!("{:?}", claim.polarity) == "Positive" && !claim.kind.starts_with("conclusion");
            assert!(!(needs && places.is_empty()), "no evidence for: {}", claim.text);
            for line in &claim.lines {
                assert!(
                    places.iter().any(|place| (place.start.line..=place.end.line).contains(line)),
                    "line {line} is not in the evidence of: {}",
                    claim.text
                );
            }
        }
        for place in &self.review.evidence {
            let Some(lines) = self.lines.get(&place.file) else { panic!("{} is no analyzed file", place.file) };
            let line = &lines[place.start.line as usize - 1];
            let shown = place.text.split("\\n").next().unwrap();
            let rest: String = line.chars().skip(place.start.column as usize - 1).collect();
            let shown = shown.trim_end_matches('…');
            assert!(
                rest.starts_with(shown) || place.layer.is_some(),
                "{}:{} shows {shown:?}, and there stands {line:?}",
                place.file,
                place.start.line
            );
        }
    }

    /// Fails unless the numbers are those of honest code.
    #[track_caller]
    pub fn has_the_scores_of_a_client(&self) {
        let report = self.report();
        assert!(report.malware == 0.0, "malware is {}", report.malware);
        assert!(report.obfuscated == 0.0, "obfuscated is {}", report.obfuscated);
        assert!(report.security_risk <= 0.3, "securityRisk is {}", report.security_risk);
        assert!((0.8..=1.0).contains(&report.confidence), "confidence is {}", report.confidence);
        assert!(report.report_number >= 1);
    }

    /// Fails unless the review says what was looked for and not found, and nothing contradicts it.
    #[track_caller]
    pub fn nothing_is_hidden(&self) {
        let claim = self.claim("absence", &[], &["dynamic execution", "credential"]);
        assert_eq!(format!("{:?}", claim.polarity), "Negative");
        assert!(["encoded", "obfuscat"].iter().any(|word| claim.text.contains(word)), "{}", claim.text);
        assert!(self.review.layers.is_empty() && self.facts.unopened.is_empty());
        assert!(self.review.behaviors.iter().all(|behavior| behavior.stance != "malicious"));
        for action in ["code.", "process."] {
            assert!(!self.claims().iter().any(|claim| claim.kind.contains(action)));
        }
        self.says("anomalies", &["no encoded text", "no dynamic execution", "no hard-coded credential"]);
    }
}
