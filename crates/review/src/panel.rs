//! From claims to reports: one report for each reviewer, and the final one of everything that survives the critics.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::{Draft, Reviewer};
use crate::critics::{self, Remark};
use crate::model::{Coverage, Effect, Field, Polarity, Report, Verdict};
use crate::prose::conclusion::conclusion;
use crate::prose::words;
use crate::reviewers;
use crate::scores::{self, Found, Numbers, Scope};
use crate::view::View;
use crate::weights::Weights;

/// Most characters of a field in a file's report.
const FILE_FIELD: usize = 1_400;
/// Most characters of a field in the report of a package or set.
const PACKAGE_FIELD: usize = 2_000;

/// What the panel came to about one file or target.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub report: Report,
    pub numbers: Numbers,
    pub verdict: Verdict,
    /// The surviving claims in the order of the report.
    pub claims: Vec<Draft>,
    /// The withdrawn claims, which critiques still name.
    pub withdrawn: Vec<Draft>,
    /// Critiques; a claim is named by its index in `claims`, or in `withdrawn` behind those.
    pub remarks: Vec<Remark>,
    /// The reports of the reviewers, in the order of their numbers.
    pub reports: Vec<(Reviewer, Report)>,
}

/// Runs the panel on one view. `worst` is the highest `malware` among the files of a package, with the file.
pub(crate) fn run(
    view: &View<'_>,
    found: &[Found<'_>],
    coverage: &Coverage,
    weights: &Weights,
    worst: Option<(f64, &str)>,
    with_reports: bool,
) -> Outcome {
    let mut found: Vec<Found<'_>> = found.to_vec();
    let innocence = critics::innocence(&mut found);
    let by_reviewer = reviewers::all(view, &found);
    let reports = if with_reports {
        by_reviewer
            .iter()
            .map(|(reviewer, drafts)| (*reviewer, own_report(view, *reviewer, drafts, &found, coverage, weights)))
            .collect()
    } else {
        Vec::new()
    };
    let mut drafts = merge(view, by_reviewer);
    told_once(view, &mut drafts, &found);
    fill(&mut drafts);
    let verdicts = critics::criticize(view, &mut drafts, coverage);
    let mut numbers = scores::numbers(view, &found, coverage, weights, Scope::All);
    if let Some((malware, file)) = worst {
        scores::at_least(&mut numbers, malware, file, weights);
    }
    let survivors: Vec<Draft> = drafts
        .iter()
        .enumerate()
        .filter(|(at, _)| !verdicts.withdrawn.contains(at))
        .map(|(_, draft)| draft.clone())
        .collect();
    let leader = leader(&survivors, numbers.verdict);
    let mut concluding = conclusion(view, &numbers, &found, &survivors);
    for draft in &mut concluding {
        draft.by = leader;
    }
    // Indexes of critiques follow the claims: survivors in order first, then the withdrawn ones.
    let mut index = BTreeMap::new();
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (at, draft) in drafts.into_iter().enumerate() {
        if verdicts.withdrawn.contains(&at) {
            gone.push((at, draft));
        } else {
            index.insert(at, kept.len());
            kept.push(draft);
        }
    }
    let mut claims: Vec<Draft> = kept.into_iter().chain(concluding).collect();
    // A field whose only claims were withdrawn still says something.
    for field in Field::ALL {
        if !claims.iter().any(|draft| draft.field == field && !draft.silent) {
            claims.extend(reviewers::nothing(field).filter(|_| field != Field::Analysis));
        }
    }
    let mut withdrawn = Vec::new();
    for (at, draft) in gone {
        index.insert(at, claims.len() + withdrawn.len());
        withdrawn.push(draft);
    }
    let mut remarks: Vec<Remark> = verdicts
        .remarks
        .into_iter()
        .map(|remark| Remark { claim: remark.claim.and_then(|at| index.get(&at).copied()), ..remark })
        .collect();
    for (behavior, text) in innocence {
        let claim = claims.iter().position(|draft| draft.symbol.as_deref() == Some(behavior.as_str()));
        remarks.push(Remark { by: "innocence", claim, text, effect: Effect::Weakened });
    }
    let mut report = report(view, &claims, &numbers);
    report.report_number = leader.number();
    let verdict = numbers.verdict.unwrap_or(Verdict::Benign);
    Outcome { report, numbers, verdict, claims, withdrawn, remarks, reports }
}

/// The complete report of one reviewer, from its claims and its share of the evidence.
fn own_report(
    view: &View<'_>,
    reviewer: Reviewer,
    drafts: &[Draft],
    found: &[Found<'_>],
    coverage: &Coverage,
    weights: &Weights,
) -> Report {
    let scope = match reviewer {
        Reviewer::Flow => Scope::Flow,
        Reviewer::Form => Scope::Form,
        Reviewer::Context => Scope::Context,
    };
    let numbers = scores::numbers(view, found, coverage, weights, scope);
    let mut drafts = drafts.to_vec();
    told_once(view, &mut drafts, found);
    fill(&mut drafts);
    let own: Vec<Found<'_>> = found
        .iter()
        .filter(|found| match scope {
            Scope::All | Scope::Flow => true,
            Scope::Form => found.in_layer,
            Scope::Context => !found.entries.is_empty(),
        })
        .cloned()
        .collect();
    drafts.extend(conclusion(view, &numbers, &own, &drafts));
    let mut report = report(view, &drafts, &numbers);
    report.report_number = reviewer.number();
    report
}

/// The claims of all reviewers without repetitions, in the order of the report.
fn merge(view: &View<'_>, by_reviewer: Vec<(Reviewer, Vec<Draft>)>) -> Vec<Draft> {
    let mut seen: BTreeSet<(Field, String)> = BTreeSet::new();
    let mut drafts: Vec<Draft> = by_reviewer
        .into_iter()
        .flat_map(|(_, drafts)| drafts)
        .filter(|draft| seen.insert((draft.field, draft.text.clone())))
        .collect();
    drafts
        .sort_by_key(|draft| (draft.field, draft.rank, draft.evidence.iter().map(|place| view.position(*place)).min()));
    drafts
}

/// The weakness number of data that lands in a log.
const LOGGED: u32 = 532;

/// What lands in the log is told once: by the claim that names the data as it is written. The claim on the behavior
/// stands in the review all the same.
fn told_once(view: &View<'_>, drafts: &mut [Draft], found: &[Found<'_>]) {
    crate::prose::behavior::told_once(view, drafts, found);
    let Some(exposure) = drafts.iter().find(|draft| draft.kind == "log.exposure") else { return };
    let places: BTreeSet<_> = exposure.evidence.iter().copied().collect();
    for draft in drafts.iter_mut().filter(|draft| draft.kind == "behavior.weakness") {
        let logged = found.iter().any(|found| {
            draft.symbol.as_deref() == Some(found.behavior.id.as_str()) && found.behavior.cwe.contains(&LOGGED)
        });
        draft.silent |= logged && draft.evidence.iter().any(|place| places.contains(place));
    }
}

/// Gives every field at least one claim.
fn fill(drafts: &mut Vec<Draft>) {
    for field in Field::ALL {
        if !drafts.iter().any(|draft| draft.field == field)
            && let Some(draft) = reviewers::nothing(field)
        {
            drafts.push(draft);
        }
    }
    drafts.sort_by_key(|draft| draft.field);
}

/// The reviewer whose claims weigh most; the lower number if two weigh the same.
fn leader(drafts: &[Draft], verdict: Option<Verdict>) -> Reviewer {
    let malicious =
        drafts.iter().filter(|draft| draft.kind == "behavior.malicious").max_by_key(|draft| draft.importance);
    if let Some(draft) = malicious.filter(|_| verdict == Some(Verdict::Malicious)) {
        return draft.by;
    }
    let weight = |reviewer: Reviewer| -> u32 {
        drafts
            .iter()
            .filter(|draft| draft.by == reviewer && draft.polarity == Polarity::Positive)
            .map(|draft| draft.importance)
            .sum()
    };
    Reviewer::ALL.into_iter().rev().max_by_key(|reviewer| weight(*reviewer)).unwrap_or(Reviewer::Flow)
}

fn report(view: &View<'_>, drafts: &[Draft], numbers: &Numbers) -> Report {
    let limit = if view.is_file() { FILE_FIELD } else { PACKAGE_FIELD };
    let field = |field: Field| -> String {
        let sentences: Vec<String> = drafts
            .iter()
            .filter(|draft| draft.field == field && !draft.silent)
            .map(|draft| draft.text.clone())
            .collect();
        words::field(&sentences, limit)
    };
    Report {
        purpose: field(Field::Purpose),
        sources: field(Field::Sources),
        sinks: field(Field::Sinks),
        flows: field(Field::Flows),
        anomalies: field(Field::Anomalies),
        analysis: field(Field::Analysis),
        conclusion: field(Field::Conclusion),
        confidence: numbers.confidence,
        obfuscated: numbers.obfuscated,
        malware: numbers.malware,
        security_risk: numbers.security_risk,
        report_number: 1,
    }
}
