//! The numbers behind the scores: a small data file, so that training can replace them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A weights file that cannot be used.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// It is not TOML of the expected form.
    #[error("it is not well-formed: {}", one_line(.0))]
    Form(#[from] toml::de::Error),
    /// A number is outside of its range.
    #[error("the weights file has {name} = {value}, which is outside of {range}")]
    Range {
        /// The key.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The range that is allowed.
        range: &'static str,
    },
}

/// What is wrong, without the drawing that the parser adds.
fn one_line(error: &toml::de::Error) -> String {
    error.message().split('\n').next().unwrap_or_default().to_owned()
}

/// All weights. The data file explains each of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Version of the form.
    pub version: u32,
    /// The prior for which `malware` is calibrated, 0–1 exclusive.
    pub prior: f64,
    /// The prior that the user asks for, if another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_prior: Option<f64>,
    /// Where the numbers come from.
    pub training: Training,
    /// Weights of `malware`.
    pub malware: Malware,
    /// Weights of `securityRisk`.
    pub risk: Risk,
    /// Weights of `obfuscated`.
    pub obfuscated: Obfuscated,
    /// Weights of `confidence`.
    pub confidence: Confidence,
}

/// A weights file that can be used: its text, and the weights that it states. It is written and read as the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WeightsFile {
    text: String,
    weights: Weights,
}

impl WeightsFile {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it states.
    #[must_use]
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }
}

impl TryFrom<String> for WeightsFile {
    type Error = WeightsError;

    fn try_from(text: String) -> Result<Self, WeightsError> {
        Ok(Self { weights: Weights::parse(&text)?, text })
    }
}

impl From<WeightsFile> for String {
    fn from(file: WeightsFile) -> Self {
        file.text
    }
}

/// Where the numbers come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// What they were trained on and how, in words.
    pub record: String,
    /// Number of labelled packages.
    pub samples: u64,
    /// Everything else that the training command wants to keep.
    #[serde(flatten)]
    pub more: BTreeMap<String, toml::Value>,
}

/// Prefix of the key of a behavior among the features.
pub const BEHAVIOR: &str = "behavior:";
/// Prefix of the key of a feature of form.
pub const FORM: &str = "form:";
/// Prefix of the key of a relation to other packages.
pub const RELATION: &str = "relation:";
/// Key of the feature that no malicious behavior matched and everything was read.
pub const NOTHING: &str = "nothing-found";
/// Key of the feature that holds the log-odds of the most particular proven chain. It has no weight.
pub const FLOOR: &str = "proven-chain";

/// What `malware` is computed from: keys with a number of 0 to 1, and [`FLOOR`] with log-odds.
pub type Features = BTreeMap<String, f64>;

/// One summand of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Term<'a> {
    /// The key of the feature.
    pub key: &'a str,
    /// How much of the weight counts, 0–1.
    pub share: f64,
    /// The weight, in log-odds.
    pub weight: f64,
}

impl Term<'_> {
    /// What it adds, in log-odds.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.share * self.weight
    }
}

/// A point of the calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knot {
    /// The sum of the evidence.
    pub evidence: f64,
    /// The log of how much likelier that is of a malicious target than of a benign one.
    pub log_odds: f64,
}

/// Weights of `malware`, in log-odds.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Malware {
    pub scale: f64,
    pub most: f64,
    pub unproven: f64,
    pub decay: f64,
    pub nothing_found: f64,
    pub floor_specificity: f64,
    /// From evidence to log-odds, by ascending evidence; between two points the line that joins them. Empty: the
    /// evidence itself.
    #[serde(default)]
    pub calibration: Vec<Knot>,
    /// Weights of features of form, by name.
    pub form: BTreeMap<String, f64>,
    pub relations: Relations,
    #[serde(default)]
    pub behaviors: BTreeMap<String, f64>,
}

/// Weights of relations to other packages, in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relations {
    /// Most that all of them come to.
    pub most: f64,
    /// The weight of each, by name.
    pub weights: BTreeMap<String, f64>,
}

impl Malware {
    /// The weight of a feature. `specificity` tells that of a behavior, for those without a weight of their own.
    #[must_use]
    pub fn weight(&self, key: &str, specificity: &dyn Fn(&str) -> Option<f64>) -> f64 {
        if let Some(id) = key.strip_prefix(BEHAVIOR) {
            return self.behaviors.get(id).copied().unwrap_or_else(|| {
                let specificity = specificity(id).unwrap_or(0.5).clamp(0.001, 0.999);
                // Below one half a behavior tells honest code from malware no better than a coin: it counts nothing.
                (self.scale * logit(specificity)).clamp(0.0, self.most)
            });
        }
        if key == NOTHING {
            return self.nothing_found;
        }
        let (table, name) = match key.strip_prefix(FORM) {
            Some(name) => (&self.form, name),
            None => (&self.relations.weights, key.strip_prefix(RELATION).unwrap_or_default()),
        };
        table.get(name).copied().unwrap_or(0.0)
    }

    /// The summands of the evidence. Behaviors of one family share their cause: the second counts `decay` of its weight,
    /// the third `decay` of that, the heaviest first. So one more behavior never lowers the sum.
    #[must_use]
    pub fn terms<'a>(&self, features: &'a Features, specificity: &dyn Fn(&str) -> Option<f64>) -> Vec<Term<'a>> {
        let mut terms: Vec<Term<'a>> = features
            .iter()
            .filter(|(key, _)| key.as_str() != FLOOR)
            .map(|(key, value)| Term { key, share: *value, weight: self.weight(key, specificity) })
            .collect();
        terms.sort_by(|a, b| b.change().total_cmp(&a.change()).then_with(|| a.key.cmp(b.key)));
        let mut seen: BTreeMap<&str, i32> = BTreeMap::new();
        for term in &mut terms {
            let Some(id) = term.key.strip_prefix(BEHAVIOR) else { continue };
            let before = seen.entry(id.split('/').next().unwrap_or(id)).or_default();
            term.share *= self.decay.powi(*before);
            *before += 1;
        }
        let related = |term: &Term<'_>| term.key.starts_with(RELATION);
        let sum: f64 = terms.iter().filter(|term| related(term)).map(Term::change).sum();
        if sum > self.relations.most {
            for term in terms.iter_mut().filter(|term| related(term)) {
                term.share *= self.relations.most / sum;
            }
        }
        terms
    }

    /// The calibrated log-odds of a sum of evidence.
    #[must_use]
    pub fn calibrated(&self, evidence: f64) -> f64 {
        let above = self.calibration.iter().position(|knot| knot.evidence >= evidence);
        let at = |index: usize| self.calibration.get(index).copied();
        match above {
            None => at(self.calibration.len().wrapping_sub(1)).map_or(evidence, |last| last.log_odds),
            Some(0) => at(0).map_or(evidence, |first| first.log_odds),
            Some(index) => match (at(index - 1), at(index)) {
                (Some(low), Some(high)) => {
                    let part = (evidence - low.evidence) / (high.evidence - low.evidence);
                    low.log_odds + part * (high.log_odds - low.log_odds)
                }
                _ => evidence,
            },
        }
    }
}

/// Weights of `securityRisk`.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    pub proven: f64,
    pub unproven: f64,
    pub presumed: f64,
    pub caller: f64,
    pub ordinary: f64,
    pub surface: Surface,
}

/// Risk of the surfaces of honest code.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    pub network_send: f64,
    pub network_presumed: f64,
    pub open_scheme: f64,
    pub logged_data: f64,
    pub command_from_outside: f64,
    pub code_from_outside: f64,
    pub deserialize: f64,
    pub file_delete: f64,
    pub file_write: f64,
    pub database: f64,
    pub swallowed_errors: f64,
}

/// Weights of facts for `obfuscated`.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obfuscated {
    pub sink: f64,
    pub call: f64,
    pub path: f64,
    pub raise: f64,
    pub computed_name: f64,
    pub unopened: f64,
}

/// Weights of `confidence`, in probability.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    pub most: f64,
    pub presumed: f64,
    pub unmodelled: f64,
    pub unmodelled_most: f64,
    pub limit: f64,
    pub unread: f64,
    pub unopened: f64,
    pub diagnostic: f64,
    pub inconclusive: f64,
}

impl Weights {
    /// The weights that the binary ships.
    ///
    /// # Errors
    /// If the embedded file is damaged, which a test rules out.
    pub fn embedded() -> Result<Self, WeightsError> {
        Self::parse(include_str!("../weights/initial.toml"))
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// If the text is not of the expected form, or a prior is not between 0 and 1.
    pub fn parse(text: &str) -> Result<Self, WeightsError> {
        let weights: Self = toml::from_str(text)?;
        check_prior("prior", weights.prior)?;
        let malware = &weights.malware;
        // What proves malice must not lower the score, and honest findings must not raise it.
        let positive =
            malware.behaviors.values().chain(malware.form.values()).chain(malware.relations.weights.values());
        for weight in positive.copied().chain([malware.relations.most, malware.most, malware.scale]) {
            check("a weight of `malware`", weight, weight >= 0.0, "0 and above")?;
        }
        check("malware.nothing_found", malware.nothing_found, malware.nothing_found <= 0.0, "0 and below")?;
        for (name, value) in [("malware.decay", malware.decay), ("malware.unproven", malware.unproven)] {
            check(name, value, (0.0..=1.0).contains(&value), "0 to 1")?;
        }
        for pair in malware.calibration.windows(2) {
            if let [low, high] = pair {
                check("malware.calibration.evidence", high.evidence, high.evidence > low.evidence, "ascending values")?;
                check(
                    "malware.calibration.log_odds",
                    high.log_odds,
                    high.log_odds >= low.log_odds,
                    "values that never fall",
                )?;
            }
        }
        match weights.asked_prior {
            Some(prior) => weights.with_prior(prior),
            None => Ok(weights),
        }
    }

    /// The text of the weights file.
    ///
    /// # Errors
    /// If a number cannot be written, which none of a fitted file is.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The same weights at another share of malicious targets.
    ///
    /// # Errors
    /// If the prior is not between 0 and 1, both exclusive.
    pub fn with_prior(mut self, prior: f64) -> Result<Self, WeightsError> {
        check_prior("asked_prior", prior)?;
        self.asked_prior = Some(prior);
        Ok(self)
    }

    /// The evidence, held at or above what the most particular proven chain stands for.
    #[must_use]
    pub fn raised(&self, evidence: f64, features: &Features) -> f64 {
        features.get(FLOOR).map_or(evidence, |floor| evidence.max(floor - logit(self.prior)))
    }

    /// The calibrated log-odds of features, at the prior of the file.
    #[must_use]
    pub fn log_odds(&self, features: &Features, specificity: &dyn Fn(&str) -> Option<f64>) -> f64 {
        let sum = self.malware.terms(features, specificity).iter().map(Term::change).sum();
        self.malware.calibrated(self.raised(sum, features)) + logit(self.prior)
    }

    /// The prior at which `malware` is given.
    #[must_use]
    pub fn effective_prior(&self) -> f64 {
        self.asked_prior.unwrap_or(self.prior)
    }
}

/// The log-odds of a probability.
#[must_use]
pub fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// The probability of log-odds.
#[must_use]
pub fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn check(name: &'static str, value: f64, holds: bool, range: &'static str) -> Result<(), WeightsError> {
    if holds && value.is_finite() { Ok(()) } else { Err(WeightsError::Range { name, value, range }) }
}

fn check_prior(name: &'static str, value: f64) -> Result<(), WeightsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(WeightsError::Range { name, value, range: "0 to 1, both exclusive" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_weights_are_well_formed() {
        let weights = Weights::embedded().unwrap();
        assert!((weights.effective_prior() - weights.prior).abs() < f64::EPSILON);
        assert!(!weights.training.record.is_empty());
    }

    #[test]
    fn one_more_behavior_never_lowers_the_score() {
        let weights = Weights::embedded().unwrap();
        let ids = ["dropper/a", "dropper/b", "dropper/c", "execution/a"];
        let specificity = |id: &str| {
            Some(if id.ends_with('a') {
                0.7
            } else if id.ends_with('b') {
                0.99
            } else {
                0.9
            })
        };
        for set in 0_u32..16 {
            let some = |set: u32| -> Features {
                let chosen = ids.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
                chosen.map(|(_, id)| (format!("{BEHAVIOR}{id}"), 1.0)).collect()
            };
            let before = weights.log_odds(&some(set), &specificity);
            for more in 0..4 {
                assert!(weights.log_odds(&some(set | 1 << more), &specificity) >= before - 1e-9, "{set} and {more}");
            }
        }
    }

    #[test]
    fn relations_alone_convict_nobody() {
        let weights = Weights::embedded().unwrap();
        let all: Features =
            weights.malware.relations.weights.keys().map(|name| (format!("{RELATION}{name}"), 1.0)).collect();
        assert!(!all.is_empty());
        assert!(sigmoid(weights.log_odds(&all, &|_| None)) < 0.2);
        let sum: f64 = weights.malware.terms(&all, &|_| None).iter().map(Term::change).sum();
        assert!(sum <= weights.malware.relations.most + 1e-9);
    }

    #[test]
    fn weights_that_turn_the_sense_are_refused() {
        let text = include_str!("../weights/initial.toml");
        for (from, to) in [
            ("coded-layer = ", "coded-layer = -"),
            ("near-name = ", "near-name = -"),
            ("nothing_found = -", "nothing_found = "),
            ("decay = 0", "decay = 2"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(matches!(Weights::parse(&text.replace(from, to)), Err(WeightsError::Range { .. })), "{from}");
        }
    }

    #[test]
    fn calibration_joins_its_points() {
        let mut malware = Weights::embedded().unwrap().malware;
        malware.calibration = vec![];
        assert!((malware.calibrated(3.0) - 3.0).abs() < 1e-12);
        let knot = |evidence, log_odds| Knot { evidence, log_odds };
        malware.calibration = vec![knot(-2.0, -4.0), knot(0.0, 0.0), knot(4.0, 2.0)];
        for (evidence, log_odds) in [(-9.0, -4.0), (-2.0, -4.0), (-1.0, -2.0), (2.0, 1.0), (9.0, 2.0)] {
            assert!((malware.calibrated(evidence) - log_odds).abs() < 1e-12, "{evidence}");
        }
    }

    #[test]
    fn a_prior_outside_of_its_range_is_refused() {
        for prior in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(Weights::embedded().unwrap().with_prior(prior).is_err());
        }
    }
}
