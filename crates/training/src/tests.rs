#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
use super::*;
use sluice_review::weights::NOTHING;

fn sample(at: usize, malicious: bool, keys: &[&str]) -> Sample {
    Sample {
        target: format!("t{at}"),
        features: keys.iter().map(|key| ((*key).to_owned(), 1.0)).collect(),
        malicious,
        family: malicious.then(|| format!("f{at}")),
        stratum: None,
    }
}

/// A telling behavior, one that honest code shows as often, and targets without any.
fn corpus() -> Vec<Sample> {
    let mut samples = Vec::new();
    for at in 0..150 {
        samples.push(match at % 10 {
            0 => sample(at, true, &[NOTHING]),
            1..4 => sample(at, true, &["behavior:a/telling", "behavior:b/common"]),
            _ => sample(at, true, &["behavior:a/telling"]),
        });
    }
    for at in 200..500 {
        samples.push(match at % 10 {
            0..3 => sample(at, false, &["behavior:b/common"]),
            _ => sample(at, false, &[NOTHING]),
        });
    }
    samples
}

fn trained(samples: &[Sample]) -> Trained {
    train(samples, &Weights::embedded().unwrap(), &|_| Some(0.8), Settings::default()).unwrap()
}

#[test]
fn what_tells_is_weighed_and_what_does_not_is_not() {
    let trained = trained(&corpus());
    let weight = |id: &str| trained.weights.malware.behaviors.get(id).copied().unwrap();
    assert!(weight("a/telling") > 2.0 * weight("b/common"), "{:?}", trained.weights.malware.behaviors);
    let score = |keys: &[&str]| {
        let features = keys.iter().map(|key| ((*key).to_owned(), 1.0)).collect();
        sigmoid(trained.weights.log_odds(&features, &|_| Some(0.8)))
    };
    assert!(score(&["behavior:a/telling"]) > 0.5, "{}", score(&["behavior:a/telling"]));
    assert!(score(&["behavior:b/common"]) < 0.5);
    assert!(score(&[NOTHING]) < 0.05);
    assert!(score(&["behavior:a/telling", "behavior:b/common"]) >= score(&["behavior:a/telling"]));
    assert!((trained.held_out.all.recall.unwrap().value - 0.9).abs() < 0.02, "{:?}", trained.held_out.all);
    assert!(trained.held_out.calibration_error < 0.08, "{}", trained.held_out.calibration_error);
    let without = trained.without.get("behaviors").unwrap();
    assert_eq!(without.all.counts.found, 0, "nothing but behaviors tells them apart");
}

#[test]
fn what_is_learned_can_be_read_back() {
    let trained = trained(&corpus());
    assert!(trained.weights.malware.calibration.len() > 1);
    assert_eq!(Weights::parse(&trained.weights.to_toml().unwrap()).unwrap(), trained.weights);
}

#[test]
fn the_order_of_the_targets_does_not_matter() {
    let mut samples = corpus();
    let first = trained(&samples).weights;
    samples.reverse();
    let second = trained(&samples).weights;
    for (id, weight) in &first.malware.behaviors {
        assert!((weight - second.malware.behaviors.get(id).unwrap()).abs() < 0.01, "{id}");
    }
}

#[test]
fn a_family_is_of_one_fold_and_counts_as_one() {
    let samples = corpus();
    let mut relatives = samples.clone();
    for sample in relatives.iter_mut().filter(|sample| sample.malicious) {
        sample.family = Some("one".to_owned());
    }
    let all: Vec<&Sample> = relatives.iter().collect();
    let sum: f64 = all.iter().zip(shares(&all)).filter(|(sample, _)| sample.malicious).map(|(_, share)| share).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    assert_eq!(fold(&relatives[0], 10), fold(&relatives[7], 10));
}

#[test]
fn calibration_never_falls() {
    let points: Vec<calibrate::Point> = (0..400_u32)
        .map(|at| calibrate::Point { evidence: f64::from(at % 40) / 4.0, malicious: at / 40 * 4 < at % 40, share: 1.0 })
        .collect();
    let knots = calibrate::platt(&points).unwrap();
    let [low, high] = knots.as_slice() else { panic!("{knots:?}") };
    assert!(low.evidence < high.evidence && low.log_odds < high.log_odds);
    // Half of the targets at half of the evidence are malicious.
    let middle =
        low.log_odds + (4.625 - low.evidence) / (high.evidence - low.evidence) * (high.log_odds - low.log_odds);
    assert!(middle.abs() < 0.7, "{middle}");
}

#[test]
fn too_few_targets_are_refused() {
    let few: Vec<Sample> = corpus().into_iter().take(100).collect();
    let error = train(&few, &Weights::embedded().unwrap(), &|_| None, Settings::default()).unwrap_err();
    assert_eq!(error.to_string(), "0 benign targets are too few: at least 20 of each label are needed");
}
