//! Finds the behaviors of the catalog in facts.
//!
//! A rule is a list of steps; each step has candidates (paths or events that fit it alone), and a match is one
//! candidate for each step such that the variables join, the order holds and nothing of `absent` fits. Rules whose
//! steps have no candidate cost one look into an index, so the work is near-linear in the facts; the joins of one rule
//! are bounded by [`JOIN_FUEL`]. What runs out is named in [`Findings::exhausted`], never dropped in silence.
//!
//! This module decides what a rule finds; it does not weigh it. It looks at facts only, never at code.

mod context;
mod join;
mod sentence;
mod value;

use std::collections::BTreeMap;

use sluice_catalog::{Behavior, Catalog, Rule, Step};
use sluice_flow::facts::{EventId, EvidenceId, Facts, PathId};
use smol_str::SmolStr;

use context::Context;
use value::Candidate;

/// How many pairs of candidates the joins of one rule may compare; gathering eight counts as comparing one pair.
pub const JOIN_FUEL: u32 = 50_000;

/// How many candidates of one step are joined.
pub const MAX_CANDIDATES: usize = 4_096;

/// How many matches of one behavior are kept apart; further ones are only counted.
pub const MAX_MATCHES: usize = 64;

/// A behavior found in the facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The behavior's id.
    pub behavior: SmolStr,
    /// The name of its rule that matched; empty for an only rule.
    pub rule: SmolStr,
    /// The steps in the order of the rule.
    pub steps: Vec<MatchedStep>,
    /// Every place of the steps, sources included, of this match and of those that were collapsed into it; sorted.
    pub evidence: Vec<EvidenceId>,
    /// The behavior's sentence with its placeholders filled.
    pub sentence: String,
    /// What the sentence says without its places, the names of its calls and the time: "sends the host name to …".
    pub gist: String,
    /// True if a path or event of it is presumed. Rules ask for that, it does not happen by chance.
    pub presumed: bool,
    /// How many combinations of candidates were collapsed into this match, itself included; at least 1.
    pub count: u32,
}

/// What a step of a rule matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedStep {
    /// The step's name.
    pub name: SmolStr,
    /// The path, for a step over a path.
    pub path: Option<PathId>,
    /// The event: the step's own, or that of the path's sink.
    pub event: Option<EventId>,
}

/// All matches, and what was too much.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The matches, ordered by behavior and place.
    pub matches: Vec<Match>,
    /// Behaviors whose joins ended at a bound: there may be more matches.
    pub exhausted: Vec<SmolStr>,
}

/// The matches of every behavior of the catalog, ordered by behavior and place.
#[must_use]
pub fn find(facts: &Facts, catalog: &Catalog) -> Vec<Match> {
    find_all(facts, catalog).matches
}

/// The matches of every behavior of the catalog, and the behaviors for which a bound was reached.
#[must_use]
pub fn find_all(facts: &Facts, catalog: &Catalog) -> Findings {
    let context = Context::new(facts, catalog);
    let mut findings = Findings::default();
    for behavior in catalog.behaviors() {
        let mut found = Collapsed::default();
        let mut exhausted = false;
        for rule in &behavior.rules {
            exhausted |= match_rule(&context, behavior, rule, &mut found);
        }
        if exhausted {
            findings.exhausted.push(behavior.id.clone());
        }
        findings.matches.extend(found.finish());
    }
    findings
}

/// Adds the matches of one rule; true if a bound was reached.
fn match_rule(context: &Context<'_>, behavior: &Behavior, rule: &Rule, found: &mut Collapsed) -> bool {
    let mut exhausted = false;
    let mut candidates: Vec<Vec<Candidate>> = Vec::with_capacity(rule.steps.len());
    // A rule is as seldom as its rarest step: look for the end of the chain first, it is more particular.
    for step in rule.steps.iter().rev() {
        let fitting = candidates_of(context, step, &mut exhausted);
        if fitting.is_empty() {
            return exhausted;
        }
        candidates.push(fitting);
    }
    candidates.reverse();
    let absent: Vec<Vec<Candidate>> =
        rule.absent.iter().map(|step| candidates_of(context, step, &mut exhausted)).collect();
    let joined = join::join(context, rule, &candidates, &absent);
    for chosen in &joined.matches {
        found.add(context, behavior, rule, chosen, &candidates);
    }
    exhausted || joined.exhausted
}

fn candidates_of(context: &Context<'_>, step: &Step, exhausted: &mut bool) -> Vec<Candidate> {
    let mut fitting = context.candidates(step);
    if step.distinct > 1 {
        keep_distinct(context, step.distinct, &mut fitting);
    }
    if fitting.len() > MAX_CANDIDATES {
        fitting.truncate(MAX_CANDIDATES);
        *exhausted = true;
    }
    fitting
}

/// Keeps the paths at whose sink at least `least` different sources arrive.
fn keep_distinct(context: &Context<'_>, least: u32, fitting: &mut Vec<Candidate>) {
    let mut sources: BTreeMap<EvidenceId, std::collections::BTreeSet<(&str, Option<&str>)>> = BTreeMap::new();
    for candidate in fitting.iter() {
        if let Some(path) = context.path(*candidate) {
            let source =
                (path.source.symbol.as_str(), path.source.detail.as_deref().or_else(|| context.command_of(path)));
            sources.entry(path.sink.evidence).or_default().insert(source);
        }
    }
    fitting.retain(|candidate| {
        let site = context.path(*candidate).map(|path| path.sink.evidence);
        let count = site.and_then(|site| sources.get(&site)).map_or(0, std::collections::BTreeSet::len);
        count >= least as usize
    });
}

/// Matches of one behavior, collapsed by the places at which their steps leave or act.
#[derive(Default)]
struct Collapsed {
    matches: Vec<(Vec<EvidenceId>, Match)>,
}

impl Collapsed {
    fn add(
        &mut self,
        context: &Context<'_>,
        behavior: &Behavior,
        rule: &Rule,
        chosen: &[Candidate],
        candidates: &[Vec<Candidate>],
    ) {
        let mut sites: Vec<EvidenceId> = chosen.iter().filter_map(|candidate| context.site(*candidate)).collect();
        sites.sort_unstable();
        sites.dedup();
        let mut evidence = sites.clone();
        evidence
            .extend(chosen.iter().filter_map(|candidate| context.path(*candidate)).map(|path| path.source.evidence));
        let presumed = chosen.iter().any(|candidate| context.presumed(*candidate));
        // A match whose places are all in another's adds nothing but another way to the same end.
        let full = self.matches.len() >= MAX_MATCHES;
        let same = self.matches.iter_mut().find(|(other, _)| sites.iter().all(|site| other.contains(site)));
        if let Some((_, same)) = same {
            same.merge(&evidence, presumed, 1);
            return;
        }
        if full {
            if let Some((_, last)) = self.matches.last_mut() {
                last.count = last.count.saturating_add(1);
            }
            return;
        }
        let steps = rule.steps.iter().zip(chosen).map(|(step, candidate)| MatchedStep {
            name: step.name.clone(),
            path: candidate.path_id(),
            event: context.event_id(*candidate),
        });
        let told = sentence::render(context, behavior, rule, chosen, candidates);
        let mut new = Match {
            behavior: behavior.id.clone(),
            rule: rule.name.clone(),
            steps: steps.collect(),
            evidence: Vec::new(),
            sentence: told.sentence,
            gist: told.gist,
            presumed,
            count: 1,
        };
        new.merge(&evidence, presumed, 0);
        // The other way round: the new match holds places of earlier ones and takes them in.
        let mut kept = Vec::with_capacity(self.matches.len() + 1);
        for (other, old) in self.matches.drain(..) {
            if other.iter().all(|site| sites.contains(site)) {
                new.merge(&old.evidence, old.presumed, old.count);
            } else {
                kept.push((other, old));
            }
        }
        kept.push((sites, new));
        self.matches = kept;
    }

    fn finish(mut self) -> impl Iterator<Item = Match> {
        self.matches.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.matches.into_iter().map(|(_, mut found)| {
            found.evidence.sort_unstable();
            found.evidence.dedup();
            found
        })
    }
}

impl Match {
    fn merge(&mut self, evidence: &[EvidenceId], presumed: bool, count: u32) {
        // Sorted once, at the end: thousands of ways may lead to one place.
        self.evidence.extend_from_slice(evidence);
        // What is known without a presumption does not become presumed by a further way.
        self.presumed &= presumed;
        self.count = self.count.saturating_add(count);
    }
}

#[cfg(test)]
mod tests;
