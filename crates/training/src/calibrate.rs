//! From evidence to log-odds: isotonic regression (pool adjacent violators, Ayer et al. 1955), with counts that keep a
//! block without a counterexample from saying "never".

use sluice_review::weights::Knot;

/// A target whose evidence was computed without it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub evidence: f64,
    pub malicious: bool,
    /// What it counts, see [`crate::shares`].
    pub share: f64,
}

/// Fewest targets of a block.
const LEAST: f64 = 20.0;
/// What is added to the count of each label.
const PSEUDO: f64 = 0.5;

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    evidence: f64,
    malicious: f64,
    benign: f64,
}

impl Block {
    fn count(&self) -> f64 {
        self.malicious + self.benign
    }

    fn with(self, other: Self) -> Self {
        let count = self.count() + other.count();
        Self {
            evidence: (self.evidence * self.count() + other.evidence * other.count()) / count,
            malicious: self.malicious + other.malicious,
            benign: self.benign + other.benign,
        }
    }
}

/// Points of a function that never falls. The log-odds are those of a malicious target against a benign one, whatever
/// the share of each among the points.
pub(crate) fn isotonic(points: &[Point]) -> Vec<Knot> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.evidence.total_cmp(&b.evidence));
    let (mut malicious, mut benign) = (0.0, 0.0);
    let mut blocks: Vec<Block> = Vec::new();
    for point in &sorted {
        let (bad, good) = if point.malicious { (point.share, 0.0) } else { (0.0, point.share) };
        malicious += bad;
        benign += good;
        let one = Block { evidence: point.evidence, malicious: bad, benign: good };
        // Targets of the same evidence are of one block.
        match blocks.last_mut() {
            Some(last) if last.count() < LEAST || (last.evidence - point.evidence).abs() < 1e-9 => {
                *last = last.with(one)
            }
            _ => blocks.push(one),
        }
    }
    if let [.., before, last] = blocks.as_mut_slice()
        && last.count() < LEAST
    {
        *before = before.with(*last);
        blocks.pop();
    }
    let log_odds = |block: &Block| {
        ((block.malicious + PSEUDO) / (malicious + 2.0 * PSEUDO)).ln()
            - ((block.benign + PSEUDO) / (benign + 2.0 * PSEUDO)).ln()
    };
    let mut pooled: Vec<Block> = Vec::new();
    for block in blocks {
        pooled.push(block);
        while let [.., low, high] = pooled.as_slice()
            && log_odds(low) >= log_odds(high)
        {
            let joined = low.with(*high);
            pooled.truncate(pooled.len() - 2);
            pooled.push(joined);
        }
    }
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let mut knots: Vec<Knot> =
        pooled.iter().map(|block| Knot { evidence: round(block.evidence), log_odds: round(log_odds(block)) }).collect();
    knots.dedup_by(|next, before| next.evidence <= before.evidence);
    knots
}
