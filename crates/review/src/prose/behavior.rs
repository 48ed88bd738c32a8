//! Claims on matched behaviors, in the words of the catalog's pages.

use std::collections::{BTreeMap, BTreeSet};

use sluice_catalog::Stance;
use sluice_flow::facts::{EventId, EvidenceId};

use crate::claims::{Draft, Reviewer};
use crate::matcher::MatchedStep;
use crate::model::{Field, escape};
use crate::prose::phrases::outermost;
use crate::prose::words::{capital, cut};
use crate::scores::Found;
use crate::view::View;

/// Most matches of one behavior that are told one by one.
const MOST_OF_ONE: usize = 3;

/// Most malicious matches that are compared with one another.
const MOST_COMPARED: usize = 512;

/// One claim for each match. What another match tells already stands among the claims, and not in the prose.
pub(crate) fn behaviors(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut gists: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for found in found {
        let number = told.entry(found.behavior.id.as_str()).or_default();
        *number += 1;
        let most = if found.behavior.stance == Stance::Weakness { 1 } else { MOST_OF_ONE };
        let same = gists.get(&(found.behavior.id.as_str(), found.item.gist.as_str())).copied();
        if *number > most && same.is_none() {
            continue;
        }
        let (kind, field, rank) = match found.behavior.stance {
            Stance::Malicious => ("behavior.malicious", Field::Anomalies, 0),
            Stance::Weakness => ("behavior.weakness", Field::Anomalies, 30),
            // What honest code does needs no words; it stands with the behaviors.
            Stance::Harmless => continue,
        };
        // The same at another place is told with the first.
        if let Some(first) = same.and_then(|at: usize| drafts.get_mut(at)) {
            let first: &mut (Draft, Vec<EvidenceId>) = first;
            first.1.extend(found.item.steps.last().and_then(|step| site(view, step)));
            first.0.evidence.extend(found.item.evidence.iter().copied());
            continue;
        }
        let mut text = sentence(&found.item.sentence, &found.behavior.title);
        let lines = !text.chars().any(|character| character.is_ascii_digit());
        if lines {
            let places: Vec<_> = found.item.evidence.iter().copied().take(6).collect();
            text = format!("{}{}.", text.trim_end_matches('.'), view.places(&places));
        }
        let presumed = found.item.presumed;
        if presumed {
            text = format!("Presumably: {text}");
        }
        // A number between 0 and 1 becomes a whole one between 0 and 10.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let importance = match found.behavior.stance {
            Stance::Malicious => (found.behavior.specificity.clamp(0.0, 1.0) * 10.0).round() as u32,
            Stance::Weakness => (found.behavior.severity.clamp(0.0, 1.0) * 6.0).round() as u32,
            Stance::Harmless => 0,
        };
        let rank = rank + 10 - i32::try_from(importance.min(10)).unwrap_or(0);
        let mut draft = Draft::new(field, kind, rank, text)
            .at(found.item.evidence.iter().copied())
            .symbol(found.behavior.id.as_str())
            .important(importance)
            .presumed(presumed);
        if let Some(path) = found.item.steps.iter().find_map(|step| step.path) {
            draft = draft.path(path);
        }
        draft.by = author(found);
        if !found.item.gist.is_empty() {
            gists.insert((found.behavior.id.as_str(), found.item.gist.as_str()), drafts.len());
        }
        drafts.push((draft, Vec::new()));
    }
    drafts
        .into_iter()
        .map(|(draft, mut more)| {
            // What lies deeper at a place that is told is no other place.
            let told = draft.evidence.first().map(|place| outermost(view.facts(), *place));
            let at = |place: EvidenceId| view.place(place).map(|place| (place.module, place.line));
            for place in &mut more {
                *place = outermost(view.facts(), *place);
            }
            more.retain(|place| told.is_none_or(|told| at(told) != at(*place)));
            let places = view.bare_places(&more);
            let text =
                if places.is_empty() { draft.text.clone() } else { format!("{} The same: {places}.", draft.text) };
            Draft { text, ..draft.at([]) }
        })
        .collect()
}

/// The place at which a step acts.
fn site(view: &View<'_>, step: &MatchedStep) -> Option<EvidenceId> {
    step.event.and_then(|event| view.facts().event(event)).map(|event| event.evidence)
}

/// What two matches have to share to tell one fact: the calls they rest on, and what goes into them.
struct Rests<'a> {
    events: BTreeSet<EventId>,
    kinds: BTreeSet<&'a str>,
    gist: String,
    /// The first text of the code in it, if that is an address, as it stands there.
    address: Option<String>,
}

impl<'a> Rests<'a> {
    fn of(view: &View<'a>, found: &Found<'_>) -> Self {
        let paths = found.item.steps.iter().filter_map(|step| view.facts().paths.get(step.path?.0 as usize));
        // The request whose answer is used is told with what uses it.
        let asked = paths.clone().filter(|path| path.source.kind == "network.response");
        let asked = asked.filter_map(|path| path.source.event);
        Self {
            events: found.item.steps.iter().filter_map(|step| step.event).chain(asked).collect(),
            gist: found.item.gist.clone(),
            address: found
                .item
                .gist
                .split('`')
                .nth(1)
                .filter(|text| text.contains(['.', ':']))
                .map(|text| format!("`{text}`")),
            // An answer or a text of the code that is used says no more than the call that uses it.
            kinds: paths
                .map(|path| path.source.kind.as_str())
                .filter(|kind| !matches!(*kind, "network.response" | "literal"))
                .collect(),
        }
    }

    /// True if this one says all that the other does.
    fn covers(&self, other: &Self) -> bool {
        let same_address = || {
            other.kinds.is_empty() && other.address.as_ref().is_some_and(|address| self.gist.contains(address.as_str()))
        };
        (!self.events.is_disjoint(&other.events) || same_address()) && other.kinds.is_subset(&self.kinds)
    }
}

/// The malicious matches that tell a fact of their own, the most specific first; the others are told by one of them.
pub(crate) fn distinct<'f, 'a>(view: &View<'_>, found: &'f [Found<'a>]) -> Vec<&'f Found<'a>> {
    let mut guilty: Vec<&Found<'a>> =
        found.iter().filter(|found| found.behavior.stance == Stance::Malicious && !found.item.presumed).collect();
    let sources = |found: &Found<'_>| found.item.steps.iter().filter(|step| step.path.is_some()).count();
    guilty.sort_by(|a, b| {
        b.behavior
            .specificity
            .total_cmp(&a.behavior.specificity)
            .then_with(|| sources(b).cmp(&sources(a)))
            .then_with(|| b.in_layer.cmp(&a.in_layer))
            .then_with(|| b.behavior.id.cmp(&a.behavior.id))
            .then_with(|| a.item.evidence.cmp(&b.item.evidence))
    });
    let mut told: Vec<(&Found<'a>, Rests<'_>)> = Vec::new();
    // Each is compared with all that are told: more than these nobody reads.
    for found in guilty.into_iter().take(MOST_COMPARED) {
        let rests = Rests::of(view, found);
        if !told.iter().any(|(_, known)| known.covers(&rests)) {
            told.push((found, rests));
        }
    }
    told.into_iter().map(|(found, _)| found).collect()
}

/// Silences the claims whose fact another one tells, and what is said in general of a place that a match names.
pub(crate) fn told_once(view: &View<'_>, drafts: &mut [Draft], found: &[Found<'_>]) {
    const GENERAL: [&str; 3] = ["layer", "unopened", "behavior.weakness"];
    let distinct = distinct(view, found);
    let is = |draft: &Draft, found: &Found<'_>| {
        draft.symbol.as_deref() == Some(found.behavior.id.as_str())
            && found.item.evidence.iter().all(|place| draft.evidence.contains(place))
    };
    let acts: BTreeSet<EvidenceId> =
        distinct.iter().flat_map(|found| found.item.steps.iter().filter_map(|step| site(view, step))).collect();
    let mut gists: BTreeSet<(&str, &str)> = BTreeSet::new();
    for draft in drafts.iter_mut() {
        let own = found.iter().find(|found| is(draft, found)).filter(|found| !found.item.gist.is_empty());
        // What only tests and examples do is told with their files.
        let beside = draft.kind == "behavior.weakness"
            && !view.is_file()
            && draft
                .evidence
                .iter()
                .filter_map(|place| view.module_of(*place))
                .any(|module| view.is_beside(&module.path));
        // How a text is hidden is news, that it is executed is not.
        let hidden = draft.kind == "layer" && draft.importance > 2
            || draft.kind == "unopened" && !draft.text.ends_with("from outside of the code.");
        let general = GENERAL.contains(&draft.kind.as_str())
            && !hidden
            && draft.evidence.iter().any(|place| acts.contains(place));
        let repeated = draft.kind == "behavior.malicious"
            && !draft.presumed
            && !distinct.is_empty()
            && !distinct.iter().any(|found| is(draft, found));
        let again = own.filter(|_| draft.kind == "behavior.malicious" && !repeated && !draft.presumed);
        let again = again.is_some_and(|own| !gists.insert((own.behavior.id.as_str(), own.item.gist.as_str())));
        draft.silent |= general || repeated || again || beside;
    }
}

/// The reviewer whose question the behavior answers.
pub(crate) fn author(found: &Found<'_>) -> Reviewer {
    if found.in_layer {
        Reviewer::Form
    } else if found.entries.iter().any(|entry| matches!(*entry, "install" | "startup" | "build")) {
        Reviewer::Context
    } else {
        Reviewer::Flow
    }
}

fn sentence(text: &str, title: &str) -> String {
    let text = text.trim();
    let text = if text.is_empty() { title } else { text };
    let mut text = capital(&cut(&escape(text), 900));
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
