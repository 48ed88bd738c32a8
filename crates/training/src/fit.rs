//! The fit: logistic loss with every weight held near its default, minimized by L-BFGS.

use std::collections::BTreeMap;

use argmin::core::{CostFunction, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use sluice_review::weights::{BEHAVIOR, FLOOR, FORM, Features, NOTHING, RELATION, Weights, sigmoid};

use crate::{Sample, Specificity, TrainError, shares};

/// The default of a weight that is zero by its formula: it may grow if the targets say so.
const SMALL: f64 = 0.05;
/// Most by which the logarithm of a weight leaves that of its default.
const FAR: f64 = 3.0;
/// Most steps of the optimizer.
const STEPS: u64 = 60;

/// Targets of one label with the same features.
struct Group<'a> {
    features: &'a Features,
    malicious: bool,
    share: f64,
}

struct Problem<'a> {
    groups: &'a [Group<'a>],
    base: &'a Weights,
    specificity: Specificity<'a>,
    /// Keys with their index and default.
    keys: &'a BTreeMap<String, (usize, f64)>,
    ridge: f64,
}

impl Problem<'_> {
    /// The weights that the parameters stand for.
    fn weights(&self, parameters: &[f64]) -> Weights {
        let mut weights = self.base.clone();
        for (key, (index, default)) in self.keys {
            let u = parameters.get(*index).copied().unwrap_or(0.0).clamp(-FAR, FAR);
            set(&mut weights, key, default * u.exp());
        }
        weights
    }

    /// The loss and its gradient.
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let weights = self.weights(parameters);
        let mut loss = parameters.iter().map(|u| 0.5 * self.ridge * u * u).sum::<f64>();
        let mut gradient: Vec<f64> = parameters.iter().map(|u| self.ridge * u).collect();
        for group in self.groups {
            let share = group.share;
            let terms = weights.malware.terms(group.features, self.specificity);
            let sum: f64 = terms.iter().map(|term| term.change()).sum();
            let sign = if group.malicious { 1.0 } else { -1.0 };
            // ln(1 + exp(-x)), without overflow.
            let x = sign * sum;
            loss += share * (x.min(0.0).abs() + (-x.abs()).exp().ln_1p());
            let slope = -sign * sigmoid(-x) * share;
            for term in &terms {
                if let Some((index, _)) = self.keys.get(term.key)
                    && let Some(slot) = gradient.get_mut(*index)
                    && parameters.get(*index).is_some_and(|u| u.abs() < FAR)
                {
                    // d(share * default * exp(u)) / du is the summand itself.
                    *slot += slope * term.change();
                }
            }
        }
        (loss, gradient)
    }
}

impl CostFunction for Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Self::Param) -> Result<f64, argmin::core::Error> {
        Ok(self.at(parameters).0)
    }
}

impl Gradient for Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Self::Param) -> Result<Self::Gradient, argmin::core::Error> {
        Ok(self.at(parameters).1)
    }
}

/// Sets the weight of a feature, and keeps three decimals.
fn set(weights: &mut Weights, key: &str, value: f64) {
    let value = (value * 1000.0).round() / 1000.0;
    let malware = &mut weights.malware;
    if let Some(id) = key.strip_prefix(BEHAVIOR) {
        malware.behaviors.insert(id.to_owned(), value);
    } else if let Some(name) = key.strip_prefix(FORM) {
        malware.form.insert(name.to_owned(), value);
    } else if let Some(name) = key.strip_prefix(RELATION) {
        malware.relations.weights.insert(name.to_owned(), value);
    } else if key == NOTHING {
        malware.nothing_found = value;
    }
}

/// What each target counts: both labels the same in all, so that the sum of the weights is the log of how much likelier
/// the evidence is of a malicious target.
fn balanced(samples: &[&Sample]) -> Vec<f64> {
    let shares = shares(samples);
    let total = |malicious: bool| -> f64 {
        samples.iter().zip(&shares).filter(|(sample, _)| sample.malicious == malicious).map(|(_, share)| share).sum()
    };
    let (bad, good) = (total(true), total(false));
    let half = (bad + good) / 2.0;
    samples
        .iter()
        .zip(&shares)
        .map(|(sample, share)| share * half / if sample.malicious { bad } else { good }.max(1e-9))
        .collect()
}

/// The weights that fit the samples best.
pub(crate) fn fit(
    samples: &[&Sample],
    base: &Weights,
    specificity: Specificity<'_>,
    ridge: f64,
) -> Result<Weights, TrainError> {
    let mut keys: BTreeMap<String, (usize, f64)> = BTreeMap::new();
    for key in samples.iter().flat_map(|sample| sample.features.keys()).filter(|key| key.as_str() != FLOOR) {
        if !keys.contains_key(key) {
            let default = base.malware.weight(key, specificity);
            let default = if default == 0.0 { SMALL } else { default };
            keys.insert(key.clone(), (keys.len(), default));
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (sample, share) in samples.iter().zip(balanced(samples)) {
        let group = known.entry(format!("{} {:?}", sample.malicious, sample.features)).or_insert_with(|| {
            groups.push(Group { features: &sample.features, malicious: sample.malicious, share: 0.0 });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(*group) {
            group.share += share;
        }
    }
    let problem = || Problem { groups: &groups, base, specificity, keys: &keys, ridge };
    let start = vec![0.0; keys.len()];
    let solved = Executor::new(problem(), LBFGS::new(MoreThuenteLineSearch::new(), 10))
        .configure(|state| state.param(start.clone()).max_iters(STEPS))
        .run()
        .map_err(|error| TrainError::Fit(error.to_string()))?;
    let best = solved.state().get_best_param().cloned().unwrap_or(start);
    Ok(problem().weights(&best))
}
