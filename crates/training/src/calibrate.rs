//! From evidence to log-odds: a line (Platt 1999), fitted to targets whose evidence was computed without them.

use argmin::core::{CostFunction, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use sluice_review::weights::{Knot, sigmoid};

use crate::TrainError;

/// A target whose evidence was computed without it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub evidence: f64,
    pub malicious: bool,
    /// What it counts, see [`crate::shares`].
    pub share: f64,
}

/// The evidence at which the line is written down. What lies outside counts as these.
const ENDS: [f64; 2] = [-10.0, 20.0];

struct Line<'a> {
    points: &'a [Point],
    /// What a target of each label counts, so that both labels count the same in all.
    balance: [f64; 2],
    /// The label of a target, moved a little from 0 and 1 (Platt 1999): no finite sample shows that something never is.
    labels: [f64; 2],
}

impl Line<'_> {
    /// Loss and gradient at the logarithm of the slope and the offset. So the slope stays positive: more evidence never
    /// says less.
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (logarithm, offset) = both(parameters);
        let slope = logarithm.exp();
        let (mut loss, mut by_slope, mut by_offset) = (0.0, 0.0, 0.0);
        for point in self.points {
            let [benign, malicious] = self.balance;
            let [least, most] = self.labels;
            let (balance, label) = if point.malicious { (malicious, most) } else { (benign, least) };
            let share = point.share * balance;
            let x = slope * point.evidence + offset;
            // Cross entropy, without overflow: ln(1 + exp(x)) - label * x.
            loss += share * (x.max(0.0) + (-x.abs()).exp().ln_1p() - label * x);
            let by_x = share * (sigmoid(x) - label);
            by_slope += by_x * slope * point.evidence;
            by_offset += by_x;
        }
        (loss, vec![by_slope, by_offset])
    }
}

fn both(parameters: &[f64]) -> (f64, f64) {
    match parameters {
        [first, second] => (first.clamp(-5.0, 3.0), *second),
        _ => (0.0, 0.0),
    }
}

impl CostFunction for Line<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Self::Param) -> Result<f64, argmin::core::Error> {
        Ok(self.at(parameters).0)
    }
}

impl Gradient for Line<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Self::Param) -> Result<Self::Gradient, argmin::core::Error> {
        Ok(self.at(parameters).1)
    }
}

/// The line as two points. The log-odds are those of a malicious target against a benign one, whatever the share of
/// each among the points.
pub(crate) fn platt(points: &[Point]) -> Result<Vec<Knot>, TrainError> {
    let total = |malicious: bool| -> f64 {
        points.iter().filter(|point| point.malicious == malicious).map(|point| point.share).sum()
    };
    let (benign, malicious) = (total(false).max(1e-9), total(true).max(1e-9));
    let half = (benign + malicious) / 2.0;
    let line = Line {
        points,
        balance: [half / benign, half / malicious],
        labels: [1.0 / (benign + 2.0), (malicious + 1.0) / (malicious + 2.0)],
    };
    let solved = Executor::new(line, LBFGS::new(MoreThuenteLineSearch::new(), 10))
        .configure(|state| state.param(vec![0.0, 0.0]).max_iters(100))
        .run()
        .map_err(|error| TrainError::Fit(error.to_string()))?;
    let (logarithm, offset) = solved.state().get_best_param().map_or((0.0, 0.0), |best| both(best));
    let at =
        |evidence: f64| Knot { evidence, log_odds: ((logarithm.exp() * evidence + offset) * 1000.0).round() / 1000.0 };
    Ok(ENDS.map(at).to_vec())
}
