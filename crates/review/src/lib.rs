//! Facts in, review out: reviewers make claims, critics try them, and the final report merges what survives.
//!
//! Nothing here reads files, parses code or knows a language. Every sentence of a report comes from a typed fact with
//! a place in the text.

mod assemble;
mod claims;
mod critics;
mod features;
pub mod matcher;
pub mod model;
pub mod package;
mod panel;
mod prose;
mod relations;
mod reviewers;
mod scores;
#[cfg(test)]
mod tests;
mod view;
pub mod weights;

use std::collections::{BTreeMap, BTreeSet};

use sluice_catalog::Catalog;
use sluice_flow::facts::{EvidenceId, Facts, PathId};

pub use model::{Report, Review, Verdict};
pub use package::{EntryPoint, FileInfo, PackageInfo, PackageKind};
pub use weights::{Features, Weights, WeightsError};

use assemble::Ids;
use matcher::{Findings, Match};
use model::{Coverage, FileReview, Panel, PanelReport, SCHEMA};
use panel::Outcome;
use scores::Found;
use view::{Index, Part, View};

/// The name and version that reviews carry.
pub const ENGINE: &str = concat!("sluice ", env!("CARGO_PKG_VERSION"));

/// Reviews one target. The same facts, catalog and weights give the same review.
#[must_use]
pub fn review(package: &PackageInfo, facts: &Facts, catalog: &Catalog, weights: &Weights) -> Review {
    review_matches(package, facts, catalog, weights, &matcher::find_all(facts, catalog))
}

/// As [`review`], with the behaviors already matched.
#[must_use]
pub fn review_matches(
    package: &PackageInfo,
    facts: &Facts,
    catalog: &Catalog,
    weights: &Weights,
    findings: &Findings,
) -> Review {
    let index = Index::new(facts, package);
    let found: Vec<Found<'_>> = findings.matches.iter().filter_map(|item| found(item, facts, catalog)).collect();
    let mut coverage = package.coverage.clone();
    for unread in &mut coverage.unread {
        unread.why = model::escape(&unread.why);
    }
    for note in &mut coverage.notes {
        *note = model::escape(note);
    }
    for behavior in &findings.exhausted {
        coverage.notes.push(format!("the search for {behavior} ended at a bound; there may be more matches"));
    }
    if facts.paths.len() > assemble::MOST_PATHS {
        coverage.notes.push(format!("{} of {} paths are listed", assemble::MOST_PATHS, facts.paths.len()));
    }
    let single = package.kind == PackageKind::File && index.files.len() == 1;
    let mut ids = Ids::new(facts);
    let mut files: Vec<(&str, Outcome)> = Vec::new();
    if !single {
        let by_file = by_file(&found, facts);
        for (file, part) in &index.files {
            let view = View { index: &index, part, file: Some(file) };
            if !part.modules.is_empty() {
                let own: Vec<Found<'_>> =
                    by_file.get(file).into_iter().flatten().filter_map(|at| found.get(*at).cloned()).collect();
                files.push((file, panel::run(&view, &own, &coverage, weights, None, false)));
            }
        }
    }
    let worst = files
        .iter()
        .max_by(|a, b| a.1.numbers.malware.total_cmp(&b.1.numbers.malware).then_with(|| b.0.cmp(a.0)))
        .map(|(file, outcome)| (outcome.numbers.malware, *file));
    let empty = Part::default();
    let view = if single {
        let (file, part) = index.files.iter().next().map_or(("", &empty), |(file, part)| (*file, part));
        View { index: &index, part, file: Some(file) }
    } else {
        View { index: &index, part: &index.all, file: None }
    };
    let outcome = panel::run(&view, &found, &coverage, weights, worst, true);
    use_ids(&mut ids, &outcome, &files, &found, facts);
    note_gaps(&mut coverage, facts);
    for unread in &mut coverage.unread {
        // Not before: the panel compares with the names of the files.
        unread.file = model::escape(&unread.file);
    }
    let claims: Vec<_> = outcome.claims.iter().chain(&outcome.withdrawn).cloned().collect();
    let mut all_claims = ids.claims(&claims, "");
    all_claims.truncate(outcome.claims.len());
    Review {
        schema: SCHEMA.to_owned(),
        engine: ENGINE.to_owned(),
        target: model::escape(&package.target),
        digest: package.digest.clone(),
        verdict: outcome.verdict,
        report: outcome.report.clone(),
        scores: assemble::scores(&outcome.numbers, &outcome.claims, ""),
        features: outcome.numbers.features.clone(),
        claims: all_claims,
        evidence: ids.evidence(),
        paths: ids.flow_paths(),
        behaviors: found.iter().map(|found| assemble::behavior(found, &ids)).collect(),
        layers: ids.layers(),
        files: files
            .iter()
            .enumerate()
            .filter_map(|(at, (file, outcome))| file_review(&index, &ids, at, file, outcome))
            .collect(),
        panel: Panel {
            reports: outcome
                .reports
                .iter()
                .map(|(reviewer, report)| PanelReport {
                    reviewer: reviewer.name().to_owned(),
                    question: reviewer.question().to_owned(),
                    report: report.clone(),
                })
                .collect(),
            critiques: assemble::critiques(&outcome.remarks),
        },
        coverage,
    }
}

/// A match with what the scores need of its behavior, paths and events.
fn found<'a>(item: &'a Match, facts: &'a Facts, catalog: &'a Catalog) -> Option<Found<'a>> {
    let behavior = catalog.behaviors().iter().find(|behavior| behavior.id == item.behavior)?;
    let paths: Vec<_> = item.steps.iter().filter_map(|step| facts.paths.get(step.path?.0 as usize)).collect();
    let events = item.steps.iter().filter_map(|step| facts.event(step.event?));
    let mut entries: BTreeSet<&str> = events.flat_map(|event| event.when.iter().map(|entry| entry.as_str())).collect();
    entries.extend(paths.iter().flat_map(|path| path.when.iter().map(|entry| entry.as_str())));
    let in_layer = item.evidence.iter().any(|place| {
        facts
            .evidence(*place)
            .and_then(|place| facts.modules.get(place.module.0 as usize))
            .is_some_and(|module| module.depth > 0)
    });
    Some(Found {
        item,
        behavior,
        proven: paths.iter().all(|path| path.proven || (path.source.kind == "parameter" && path.presumed.is_none())),
        by_caller: !paths.is_empty() && paths.iter().all(|path| path.source.kind == "parameter"),
        entries,
        in_layer,
        share: 1.0,
    })
}

/// Indexes of the matches by the files of their places.
fn by_file<'a>(found: &[Found<'_>], facts: &'a Facts) -> BTreeMap<&'a str, Vec<usize>> {
    let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, item) in found.iter().enumerate() {
        let files: BTreeSet<&str> = item
            .item
            .evidence
            .iter()
            .filter_map(|place| facts.modules.get(facts.evidence(*place)?.module.0 as usize))
            .map(|module| module.path.as_str())
            .collect();
        for file in files {
            by_file.entry(file).or_default().push(at);
        }
    }
    by_file
}

/// Marks the places and paths that the review names, then numbers them.
fn use_ids(ids: &mut Ids<'_>, outcome: &Outcome, files: &[(&str, Outcome)], found: &[Found<'_>], facts: &Facts) {
    for outcome in std::iter::once(outcome).chain(files.iter().map(|(_, outcome)| outcome)) {
        for draft in outcome.claims.iter().chain(&outcome.withdrawn) {
            ids.use_places(draft.evidence.iter().copied().take(32).collect::<Vec<EvidenceId>>());
        }
    }
    // The paths that something rests on come first where not all can be listed.
    for found in found {
        ids.use_places(found.item.evidence.iter().copied().take(32));
        for path in found.item.steps.iter().filter_map(|step| step.path) {
            ids.use_path(path);
        }
    }
    for outcome in std::iter::once(outcome).chain(files.iter().map(|(_, outcome)| outcome)) {
        for path in outcome.claims.iter().filter_map(|draft| draft.path) {
            ids.use_path(path);
        }
    }
    for at in 0..facts.paths.len() {
        if let Ok(id) = u32::try_from(at) {
            ids.use_path(PathId(id));
        }
    }
    ids.use_places(facts.layers.iter().map(|layer| layer.evidence));
    ids.number();
}

/// What the engines could not do is part of the coverage.
fn note_gaps(coverage: &mut Coverage, facts: &Facts) {
    for limit in &facts.limits {
        let file = facts.modules.get(limit.module.0 as usize).map_or("", |module| module.path.as_str());
        coverage.notes.push(format!(
            "{}: the budget of {} ended: {}",
            model::escape(file),
            limit.budget,
            model::escape(limit.what.trim_end_matches('.'))
        ));
    }
}

fn file_review(index: &Index<'_>, ids: &Ids<'_>, at: usize, file: &str, outcome: &Outcome) -> Option<FileReview> {
    let part = index.files.get(file)?;
    let module = part
        .modules
        .iter()
        .filter_map(|at| index.facts.modules.get(*at))
        .find(|module| module.depth == 0)
        .or_else(|| part.modules.first().and_then(|at| index.facts.modules.get(*at)))?;
    let prefix = format!("f{}.", at + 1);
    Some(FileReview {
        file: model::escape(file),
        language: module.language.to_string(),
        lines: module.lines,
        bytes: module.bytes,
        entry: module.when.iter().map(ToString::to_string).collect(),
        verdict: outcome.verdict,
        report: outcome.report.clone(),
        scores: assemble::scores(&outcome.numbers, &outcome.claims, &prefix),
        claims: ids.claims(&outcome.claims, &prefix),
        paths: part.paths.iter().filter_map(|at| u32::try_from(*at).ok().and_then(|id| ids.path(PathId(id)))).collect(),
    })
}
