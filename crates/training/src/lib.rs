//! Weights of `malware` from labelled targets: a regularized logistic regression whose answers are calibrated, and
//! judged on families that it has not seen.
//!
//! Each weight is its default times `exp(u)`, so that it never changes its sign, and `u` is held near zero: where the
//! targets say little, the weight stays what the specificity of the behavior says. Near copies of one program share the
//! weight of one target.

mod calibrate;
mod fit;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sluice_evaluation::{self as evaluation, Estimate, Families, Measures, Record};
use sluice_review::weights::{BEHAVIOR, FLOOR, FORM, Features, RELATION, Term, Weights, logit, sigmoid};
use thiserror::Error;

/// Why nothing could be learned.
#[derive(Debug, Error)]
pub enum TrainError {
    /// There are too few targets of a label.
    #[error("{count} {label} targets are too few: at least {least} of each label are needed")]
    TooFew {
        /// How many there are.
        count: usize,
        /// `malicious` or `benign`.
        label: &'static str,
        /// How many are needed.
        least: usize,
    },
    /// The optimizer gave up.
    #[error("the weights could not be fitted: {0}")]
    Fit(String),
    /// The fitted weights are not usable.
    #[error(transparent)]
    Weights(#[from] sluice_review::WeightsError),
}

/// A labelled target.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its name, for the records of the evaluation.
    pub target: String,
    /// What its review computed `malware` from.
    pub features: Features,
    /// True if it is malicious.
    pub malicious: bool,
    /// Targets that stem from one another.
    pub family: Option<String>,
    /// The collection it is of.
    pub stratum: Option<String>,
}

/// How the weights are learned.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// The share of malicious targets for which `malware` is calibrated, 0–1 exclusive.
    pub prior: f64,
    /// How firmly weights are held at their defaults: half of this times `u²` is added to the loss.
    pub ridge: f64,
    /// Into how many parts the families are split for the evaluation.
    pub folds: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { prior: 0.05, ridge: 2.0, folds: 10 }
    }
}

/// Fewest targets of each label.
const LEAST: usize = 20;

/// How good held-out verdicts are.
#[derive(Clone, Debug, Serialize)]
pub struct HeldOut {
    /// The usual measures.
    pub all: Measures,
    /// By family.
    pub families: Families,
    /// By collection.
    pub strata: BTreeMap<String, Measures>,
    /// The mean distance of scores and shares, 0–1, where the prior is that of the targets.
    pub calibration_error: f64,
    /// The share of scores between 0.2 and 0.8.
    pub between: Option<Estimate>,
}

/// What was learned.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The weights, fitted on all targets.
    pub weights: Weights,
    /// How verdicts on families are that the weights had not seen.
    pub held_out: HeldOut,
    /// The same without a group of features, by the group.
    pub without: BTreeMap<&'static str, HeldOut>,
    /// The records behind [`Self::held_out`].
    pub records: Vec<Record>,
}

/// The default specificity of a behavior.
pub type Specificity<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// Learns weights. `base` holds the defaults, and everything that is not learned.
///
/// # Errors
/// If there are too few targets, the prior is not between 0 and 1, or the optimizer ends without an answer.
pub fn train(
    samples: &[Sample],
    base: &Weights,
    specificity: Specificity<'_>,
    settings: Settings,
) -> Result<Trained, TrainError> {
    for (label, malicious) in [("malicious", true), ("benign", false)] {
        let count = samples.iter().filter(|sample| sample.malicious == malicious).count();
        if count < LEAST {
            return Err(TrainError::TooFew { count, label, least: LEAST });
        }
    }
    let mut base = base.clone().with_prior(settings.prior)?;
    base.asked_prior = None;
    base.prior = settings.prior;
    base.malware.calibration = Vec::new();
    let (held_out, records, evidence) = cross_validate(samples, &base, specificity, settings)?;
    let mut without = BTreeMap::new();
    for (group, prefix) in [("behaviors", BEHAVIOR), ("form", FORM), ("relations", RELATION)] {
        let fewer: Vec<Sample> = samples.iter().map(|sample| drop_group(sample, prefix)).collect();
        without.insert(group, cross_validate(&fewer, &base, specificity, settings)?.0);
    }
    let all: Vec<&Sample> = samples.iter().collect();
    let mut weights = fit::fit(&all, &base, specificity, settings.ridge)?;
    let points: Vec<calibrate::Point> = points(samples.iter().collect::<Vec<_>>().as_slice(), &evidence);
    weights.malware.calibration = calibrate::platt(&points)?;
    Ok(Trained { weights, held_out, without, records })
}

fn drop_group(sample: &Sample, prefix: &str) -> Sample {
    let mut fewer = sample.clone();
    fewer.features.retain(|key, _| !(key.starts_with(prefix) || prefix == BEHAVIOR && key == FLOOR));
    if prefix == BEHAVIOR && !fewer.features.keys().any(|key| key.starts_with(FORM)) {
        fewer.features.insert(sluice_review::weights::NOTHING.to_owned(), 1.0);
    }
    fewer
}

/// The fold of a target: all of a family in one. The hash is fixed (FNV-1a), so that folds are the same everywhere.
fn fold(sample: &Sample, folds: usize) -> usize {
    let name = sample.family.as_deref().unwrap_or(&sample.target);
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from((hash >> 32) % folds.max(2) as u64).unwrap_or(0)
}

/// What a target counts: all of a family together as much as one target.
pub(crate) fn shares(samples: &[&Sample]) -> Vec<f64> {
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for family in samples.iter().filter_map(|sample| sample.family.as_deref()) {
        *sizes.entry(family).or_default() += 1.0;
    }
    samples
        .iter()
        .map(|sample| sample.family.as_deref().and_then(|family| sizes.get(family)).map_or(1.0, |size| 1.0 / size))
        .collect()
}

fn evidence(weights: &Weights, specificity: Specificity<'_>, sample: &Sample) -> f64 {
    let sum = weights.malware.terms(&sample.features, specificity).iter().map(Term::change).sum();
    weights.raised(sum, &sample.features)
}

fn points(samples: &[&Sample], evidence: &[f64]) -> Vec<calibrate::Point> {
    let shares = shares(samples);
    samples
        .iter()
        .zip(evidence)
        .zip(shares)
        .map(|((sample, evidence), share)| calibrate::Point { evidence: *evidence, malicious: sample.malicious, share })
        .collect()
}

/// Scores of targets by weights that saw none of their families, and a calibration fitted to the other folds only. The sums
/// of these come from weights that may have seen the target: two parameters learn little from that.
fn cross_validate(
    samples: &[Sample],
    base: &Weights,
    specificity: Specificity<'_>,
    settings: Settings,
) -> Result<(HeldOut, Vec<Record>, Vec<f64>), TrainError> {
    let folds: Vec<usize> = samples.iter().map(|sample| fold(sample, settings.folds)).collect();
    let mut sums = vec![0.0; samples.len()];
    for held in 0..settings.folds.max(2) {
        let seen: Vec<&Sample> =
            samples.iter().zip(&folds).filter(|(_, fold)| **fold != held).map(|(sample, _)| sample).collect();
        let weights = fit::fit(&seen, base, specificity, settings.ridge)?;
        for ((sample, fold), sum) in samples.iter().zip(&folds).zip(&mut sums) {
            if *fold == held {
                *sum = evidence(&weights, specificity, sample);
            }
        }
    }
    let malicious = samples.iter().filter(|sample| sample.malicious).count();
    #[allow(clippy::cast_precision_loss)]
    let mixture = logit(malicious as f64 / samples.len() as f64);
    let mut records = Vec::new();
    let mut at_mixture = Vec::new();
    for held in 0..settings.folds.max(2) {
        let (seen, seen_sums): (Vec<&Sample>, Vec<f64>) = samples
            .iter()
            .zip(&folds)
            .zip(&sums)
            .filter(|((_, fold), _)| **fold != held)
            .map(|((sample, _), sum)| (sample, *sum))
            .unzip();
        let mut weights = base.clone();
        weights.malware.calibration = calibrate::platt(&points(&seen, &seen_sums))?;
        for ((sample, fold), sum) in samples.iter().zip(&folds).zip(&sums) {
            if *fold != held {
                continue;
            }
            let log_odds = weights.malware.calibrated(*sum);
            let score = sigmoid(log_odds + logit(settings.prior));
            let behaviors: BTreeSet<String> =
                sample.features.keys().filter_map(|key| key.strip_prefix(BEHAVIOR)).map(ToOwned::to_owned).collect();
            let record = Record {
                target: sample.target.clone(),
                malicious: sample.malicious,
                called: score >= 0.5,
                inconclusive: false,
                score,
                family: sample.family.clone(),
                stratum: sample.stratum.clone(),
                ecosystem: None,
                year: None,
                behaviors,
            };
            at_mixture.push(Record { score: sigmoid(log_odds + mixture), ..record.clone() });
            records.push(record);
        }
    }
    let every: Vec<&Record> = records.iter().collect();
    let mut strata: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in &records {
        if let Some(stratum) = &record.stratum {
            strata.entry(stratum.clone()).or_default().push(record);
        }
    }
    let between = records.iter().filter(|record| record.score > 0.2 && record.score < 0.8).count();
    let held_out = HeldOut {
        all: evaluation::measures(&every),
        families: evaluation::families(&records),
        strata: strata.into_iter().map(|(name, records)| (name, evaluation::measures(&records))).collect(),
        calibration_error: evaluation::reliability(&at_mixture).1,
        between: evaluation::share(between, records.len()),
    };
    Ok((held_out, records, sums))
}

#[cfg(test)]
mod tests;
