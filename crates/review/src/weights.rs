//! The numbers behind the scores: a small data file, so that training can replace them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A weights file that cannot be used.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// It is not TOML of the expected form.
    #[error("the weights file is not well-formed: {0}")]
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
    pub slope: f64,
    pub offset: f64,
    pub form: Form,
    #[serde(default)]
    pub behaviors: BTreeMap<String, f64>,
}

/// Weights of features of form, in log-odds.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub coded_layer: f64,
    pub unopened_literal: f64,
    pub dense_share: f64,
    pub strange_characters: f64,
    pub computed_names: f64,
    pub disguised_program: f64,
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
        match weights.asked_prior {
            Some(prior) => weights.with_prior(prior),
            None => Ok(weights),
        }
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

    /// The prior at which `malware` is given.
    #[must_use]
    pub fn effective_prior(&self) -> f64 {
        self.asked_prior.unwrap_or(self.prior)
    }
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
    fn a_prior_outside_of_its_range_is_refused() {
        for prior in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(Weights::embedded().unwrap().with_prior(prior).is_err());
        }
    }
}
