//! How good verdicts are on labelled targets: shares with intervals, curves, and what two runs decide differently.
//!
//! Plain records in, plain numbers out. Nothing here knows what a review is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The factor of a two-sided interval of 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// How often the records are drawn anew for the intervals of F1 and MCC.
const DRAWS: usize = 1_000;
/// Bins of the reliability curve.
const BINS: usize = 10;

/// One target with its label and what was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The target as it was named.
    pub target: String,
    /// True if it is malicious.
    pub malicious: bool,
    /// True if it was called malicious.
    pub called: bool,
    /// True if the verdict is inconclusive.
    pub inconclusive: bool,
    /// The score, a probability.
    pub score: f64,
    /// Targets that stem from one another.
    pub family: Option<String>,
    /// The collection it is of.
    pub stratum: Option<String>,
    /// The package index or the kind of package.
    #[serde(default)]
    pub ecosystem: Option<String>,
    /// The year it was published.
    #[serde(default)]
    pub year: Option<u16>,
    /// The behaviors that were found.
    pub behaviors: BTreeSet<String>,
}

/// A number with an interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number itself.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A share: so many of so many, with Wilson's interval (Wilson 1927).
#[must_use]
pub fn share(of: usize, all: usize) -> Option<Estimate> {
    if all == 0 {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let (k, n) = (of as f64, all as f64);
    let p = k / n;
    let center = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Estimate { value: p, low: (center - half).max(0.0), high: (center + half).min(1.0) })
}

/// Counts of what was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Malicious and called so.
    pub found: usize,
    /// Malicious and not called so.
    pub missed: usize,
    /// Benign and called malicious.
    pub accused: usize,
    /// Benign and not called malicious.
    pub cleared: usize,
    /// Verdicts that are inconclusive.
    pub inconclusive: usize,
}

impl Counts {
    /// Counts records.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut counts = Self::default();
        for record in records {
            match (record.malicious, record.called) {
                (true, true) => counts.found += 1,
                (true, false) => counts.missed += 1,
                (false, true) => counts.accused += 1,
                (false, false) => counts.cleared += 1,
            }
            counts.inconclusive += usize::from(record.inconclusive);
        }
        counts
    }

    /// The harmonic mean of precision and recall; 0 where nothing is found.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn f1(self) -> f64 {
        let all = 2 * self.found + self.accused + self.missed;
        if all == 0 { 0.0 } else { 2.0 * self.found as f64 / all as f64 }
    }

    /// The correlation of label and decision (Matthews 1975), from -1 to 1; 0 where one of them never varies.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn mcc(self) -> f64 {
        let [tp, fn_, fp, tn] = [self.found, self.missed, self.accused, self.cleared].map(|count| count as f64);
        let below = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
        if below == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / below.sqrt() }
    }
}

/// The usual measures of a set of records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// The counts behind them.
    pub counts: Counts,
    /// Of those called malicious, the malicious ones.
    pub precision: Option<Estimate>,
    /// Of the malicious ones, those called so.
    pub recall: Option<Estimate>,
    /// Of the benign ones, those called malicious.
    pub false_positive_rate: Option<Estimate>,
    /// See [`Counts::f1`].
    pub f1: Estimate,
    /// See [`Counts::mcc`].
    pub mcc: Estimate,
}

/// A small generator (xorshift64*, Vigna 2016), so that intervals are the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap_or(0) % bound.max(1)
    }
}

/// A number over all records, with the interval of its values over records drawn anew.
fn bootstrap(records: &[&Record], number: impl Fn(Counts) -> f64) -> Estimate {
    let value = number(Counts::of(records.iter().copied()));
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let mut values: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn = (0..records.len()).filter_map(|_| records.get(draw.below(records.len())).copied());
            number(Counts::of(drawn))
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values.get(DRAWS * share / 1_000).copied().unwrap_or(value);
    Estimate { value, low: at(25), high: at(974) }
}

/// The measures of records.
#[must_use]
pub fn measures(records: &[&Record]) -> Measures {
    let counts = Counts::of(records.iter().copied());
    Measures {
        counts,
        precision: share(counts.found, counts.found + counts.accused),
        recall: share(counts.found, counts.found + counts.missed),
        false_positive_rate: share(counts.accused, counts.accused + counts.cleared),
        f1: bootstrap(records, Counts::f1),
        mcc: bootstrap(records, Counts::mcc),
    }
}

/// How many families were found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Families {
    /// How many there are.
    pub all: usize,
    /// Families of which at least one target was found.
    pub any: Option<Estimate>,
    /// Families of which every target was found.
    pub every: Option<Estimate>,
}

/// Counts families among the malicious records.
#[must_use]
pub fn families(records: &[Record]) -> Families {
    let mut found: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for record in records.iter().filter(|record| record.malicious) {
        let Some(family) = &record.family else { continue };
        let (any, every) = found.entry(family).or_insert((false, true));
        *any |= record.called;
        *every &= record.called;
    }
    let count = |what: fn(&(bool, bool)) -> bool| found.values().filter(|family| what(family)).count();
    Families {
        all: found.len(),
        any: share(count(|family| family.0), found.len()),
        every: share(count(|family| family.1), found.len()),
    }
}

/// What calling malicious from a score on would give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Scores from here on.
    pub from: f64,
    /// Of those, the malicious ones; 1 where there is none.
    pub precision: f64,
    /// Of the malicious ones, those.
    pub recall: f64,
    /// Of the benign ones, those.
    pub false_positive_rate: f64,
}

/// The curve over all scores that occur, from the highest down: recall never falls along it.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn curve(records: &[Record]) -> Vec<Threshold> {
    let mut scores: Vec<(f64, bool)> = records.iter().map(|record| (record.score, record.malicious)).collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let bad = scores.iter().filter(|(_, malicious)| *malicious).count();
    let good = scores.len() - bad;
    let (mut found, mut accused) = (0_usize, 0_usize);
    let mut points: Vec<Threshold> = Vec::new();
    for (position, (score, malicious)) in scores.iter().enumerate() {
        found += usize::from(*malicious);
        accused += usize::from(!*malicious);
        let last = scores.get(position + 1).is_none_or(|(next, _)| next < score);
        if last {
            points.push(Threshold {
                from: *score,
                precision: if found + accused == 0 { 1.0 } else { found as f64 / (found + accused) as f64 },
                recall: if bad == 0 { 0.0 } else { found as f64 / bad as f64 },
                false_positive_rate: if good == 0 { 0.0 } else { accused as f64 / good as f64 },
            });
        }
    }
    points
}

/// One bin of the reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The mean score of the records in it.
    pub score: f64,
    /// The share of malicious ones among them.
    pub share: f64,
    /// How many there are.
    pub count: usize,
}

/// Whether scores are probabilities: bins of equal width, and the mean distance of score and share, weighted by the
/// number of records (expected calibration error, Naeini et al. 2015).
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn reliability(records: &[Record]) -> (Vec<Bin>, f64) {
    let mut bins: Vec<(f64, usize, usize)> = vec![(0.0, 0, 0); BINS];
    for record in records {
        let at = ((record.score.clamp(0.0, 1.0) * BINS as f64) as usize).min(BINS - 1);
        if let Some(bin) = bins.get_mut(at) {
            bin.0 += record.score;
            bin.1 += usize::from(record.malicious);
            bin.2 += 1;
        }
    }
    let bins: Vec<Bin> = bins
        .into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(sum, bad, count)| Bin { score: sum / count as f64, share: bad as f64 / count as f64, count })
        .collect();
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let error = bins.iter().map(|bin| (bin.score - bin.share).abs() * bin.count as f64).sum::<f64>();
    (bins, if all == 0 { 0.0 } else { error / all as f64 })
}

/// How many targets of each label a behavior was found in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Malicious ones.
    pub malicious: usize,
    /// Benign ones.
    pub benign: usize,
}

/// Counts behaviors.
#[must_use]
pub fn by_behavior(records: &[Record]) -> BTreeMap<String, Fired> {
    let mut fired: BTreeMap<String, Fired> = BTreeMap::new();
    for record in records {
        for behavior in &record.behaviors {
            let entry = fired.entry(behavior.clone()).or_default();
            if record.malicious {
                entry.malicious += 1;
            } else {
                entry.benign += 1;
            }
        }
    }
    fired
}

/// A target that two runs decide differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The target.
    pub target: String,
    /// True if it is malicious.
    pub malicious: bool,
    /// True if this run calls it malicious.
    pub called: bool,
    /// Behaviors that only this run found.
    pub appeared: Vec<String>,
    /// Behaviors that only the other run found.
    pub vanished: Vec<String>,
}

/// What this run decides differently from another, by target.
#[must_use]
pub fn changes(records: &[Record], other: &[Record]) -> Vec<Change> {
    let before: BTreeMap<&str, &Record> = other.iter().map(|record| (record.target.as_str(), record)).collect();
    records
        .iter()
        .filter_map(|record| {
            let old = before.get(record.target.as_str())?;
            (old.called != record.called).then(|| Change {
                target: record.target.clone(),
                malicious: record.malicious,
                called: record.called,
                appeared: record.behaviors.difference(&old.behaviors).cloned().collect(),
                vanished: old.behaviors.difference(&record.behaviors).cloned().collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn record(malicious: bool, score: f64, family: &str) -> Record {
        Record {
            target: format!("{family}-{score}"),
            malicious,
            called: score >= 0.5,
            inconclusive: false,
            score,
            family: Some(family.to_owned()),
            stratum: None,
            ecosystem: None,
            year: None,
            behaviors: BTreeSet::from(["a/b".to_owned()]),
        }
    }

    #[test]
    fn wilsons_interval_is_the_published_one() {
        // Newcombe 1998, table I: 81 of 263, and 15 of 148 and 0 of 20.
        for (of, all, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)] {
            let estimate = share(of, all).unwrap();
            assert!((estimate.low - low).abs() < 5e-5 && (estimate.high - high).abs() < 5e-5, "{estimate:?}");
        }
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn counts_give_the_usual_measures() {
        let counts = Counts { found: 90, missed: 10, accused: 5, cleared: 95, inconclusive: 0 };
        assert!((counts.f1() - 0.923_076_923).abs() < 1e-8);
        assert!((counts.mcc() - 0.851_064).abs() < 1e-5);
        let turned = Counts { found: 95, missed: 5, accused: 10, cleared: 90, inconclusive: 0 };
        assert!((counts.mcc() - turned.mcc()).abs() < 1e-12, "it does not matter which label is the first");
        assert!(Counts::default().mcc().abs() < f64::EPSILON);
    }

    #[test]
    fn a_family_is_found_by_one_or_by_all() {
        let records = [record(true, 0.9, "x"), record(true, 0.1, "x"), record(true, 0.8, "y"), record(false, 0.9, "z")];
        let found = families(&records);
        assert_eq!((found.all, found.any.unwrap().value, found.every.unwrap().value), (2, 1.0, 0.5));
    }

    #[test]
    fn recall_never_falls_along_the_curve() {
        let records: Vec<Record> = (0..50_u32).map(|i| record(i % 3 == 0, f64::from(i * 7 % 11) / 11.0, "f")).collect();
        let points = curve(&records);
        assert!(points.windows(2).all(|pair| matches!(pair, [a, b] if a.recall <= b.recall && a.from > b.from)));
        assert!((points.last().unwrap().recall - 1.0).abs() < 1e-12);
    }

    #[test]
    fn scores_that_are_shares_have_no_error() {
        let mut records = vec![record(true, 0.25, "f")];
        records.extend((0..3).map(|_| record(false, 0.25, "f")));
        let (bins, error) = reliability(&records);
        assert_eq!(bins.len(), 1);
        assert!(error.abs() < 1e-12);
        let (_, error) = reliability(&[record(false, 1.0, "f")]);
        assert!((error - 1.0).abs() < 1e-12);
    }

    #[test]
    fn two_runs_are_compared_by_target() {
        let old = [record(true, 0.1, "x")];
        let mut new = old.clone();
        if let Some(first) = new.first_mut() {
            first.called = true;
            first.behaviors = BTreeSet::from(["c/d".to_owned()]);
        }
        let found = changes(&new, &old);
        assert_eq!(
            found.first().map(|change| (change.appeared.clone(), change.vanished.clone())),
            Some((vec!["c/d".to_owned()], vec!["a/b".to_owned()]))
        );
        assert_eq!(changes(&old, &old), []);
    }
}
