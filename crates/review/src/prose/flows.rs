//! Claims on which flows join sources to sinks.

use std::collections::{BTreeMap, BTreeSet};

use sluice_flow::facts::{EvidenceId, Path, PathId};

use crate::claims::Draft;
use crate::model::Field;
use crate::prose::chain::Chain;
use crate::prose::family::Family;
use crate::prose::sources::interest;
use crate::prose::value::{destination, known_text, told};
use crate::prose::words::{capital, count};
use crate::view::View;

/// Most chains that are told one by one.
const MOST_CHAINS: usize = 14;

/// What makes two chains one line of text: steps, sink, presumed, place of the sink.
type Tail = ((Vec<String>, String, bool), EvidenceId);

/// All flows, the telling ones first.
pub(crate) fn flows(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = urls(view);
    let told_urls: BTreeSet<EvidenceId> = drafts.iter().flat_map(|draft| draft.evidence.iter().copied()).collect();
    // One path for each source and sink: the one with most to tell.
    let mut best: BTreeMap<(&str, u32, EvidenceId, &str, Option<&str>), (PathId, &Path)> = BTreeMap::new();
    for (id, path) in view.numbered_paths() {
        let unlisted = path.source.kind == "parameter"
            && (!view.is_file() && path.when.is_empty() || matches!(path.sink.kind.as_str(), "return" | "serialize"));
        let url = path.sink.kind == "network.destination" && told_urls.contains(&path.sink.evidence);
        if unlisted || url || path.sink.kind == "return" && interest(&path.source.kind) < 3 {
            continue;
        }
        let key = (
            path.source.symbol.as_str(),
            path.source.function.0,
            path.sink.evidence,
            path.sink.arg.as_str(),
            path.source.detail.as_deref(),
        );
        let better = best.get(&key).is_none_or(|(_, known)| {
            (path.presumed.is_none(), path.proven, path.steps.len())
                > (known.presumed.is_none(), known.proven, known.steps.len())
        });
        if better {
            best.insert(key, (id, path));
        }
    }
    let mut groups: BTreeMap<Tail, Vec<(Chain, &Path)>> = BTreeMap::new();
    for (id, path) in best.into_values() {
        let chain = Chain::new(view, id, path);
        groups.entry((chain.tail(), path.sink.evidence)).or_default().push((chain, path));
    }
    // The same flow to the same kind of sink at several places is one line with several numbers.
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for group in groups.into_values() {
        let Some((first, path)) = group.first() else { continue };
        let mut chain = first.clone();
        let mut sources: Vec<String> = Vec::new();
        let mut places = Vec::new();
        for (other, _) in &group {
            if !sources.contains(&other.source) {
                sources.push(other.source.clone());
            }
            places.extend(other.places.iter().copied());
        }
        places.sort_unstable();
        places.dedup();
        chain.places = Vec::new();
        let key = chain.text(view, &sources);
        let importance = group
            .iter()
            .map(|(_, path)| weight(path))
            .max()
            .unwrap_or(0);
        let line = lines.entry(key).or_insert_with(|| Line {
            chain: chain.clone(),
            sources,
            places: Vec::new(),
            importance,
            order: (order(path), path.source.evidence, path.sink.evidence),
            family: Family::of_sink(&path.sink.kind),
            paths: Vec::new(),
        });
        line.places.extend(places);
        line.importance = line.importance.max(importance);
        line.paths.extend(group.iter().map(|(chain, _)| chain.path));
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    lines.sort_by(|a, b| (b.importance > 3, a.order).cmp(&(a.importance > 3, b.order)).then(a.sources.cmp(&b.sources)));
    let shown = MOST_CHAINS.min(lines.len());
    for (at, line) in lines.iter().take(shown).enumerate() {
        let mut chain = line.chain.clone();
        chain.places.clone_from(&line.places);
        let text = format!("{}.", capital(&chain.text(view, &line.sources)));
        let rank = if line.importance > 3 { 10 } else { 100 };
        let mut draft = Draft::new(Field::Flows, "flow", rank + i32::try_from(at).unwrap_or(0), text)
            .at(line.places.iter().copied())
            .presumed(chain.presumed)
            .important(line.importance);
        if let Some(path) = line.paths.first() {
            draft = draft.path(*path);
        }
        drafts.push(draft);
    }
    if let Some(rest) = lines.get(shown..).filter(|rest| !rest.is_empty()) {
        drafts.push(remainder(rest));
    }
    drafts
}

struct Line {
    chain: Chain,
    sources: Vec<String>,
    places: Vec<EvidenceId>,
    importance: u32,
    order: (usize, EvidenceId, EvidenceId),
    family: Option<Family>,
    paths: Vec<PathId>,
}

/// "And 12 more flows: 7 to the log, 5 to files."
fn remainder(rest: &[Line]) -> Draft {
    let mut families: BTreeMap<Option<Family>, usize> = BTreeMap::new();
    for line in rest {
        *families.entry(line.family).or_default() += 1;
    }
    let parts: Vec<String> = families
        .iter()
        .map(|(family, number)| {
            format!("{number} to {}", family.map_or("other sinks".to_owned(), |family| family.title().to_lowercase()))
        })
        .collect();
    let text = format!("And {}: {}.", count(rest.len(), "more flow", "more flows"), parts.join(", "));
    Draft::new(Field::Flows, "flow.more", 900, text).at(rest.iter().flat_map(|line| line.places.iter().copied()).take(32))
}

/// The addresses of requests, told by their shape: it names parameters and constants in one phrase.
fn urls(view: &View<'_>) -> Vec<Draft> {
    let mut shapes: BTreeMap<String, (Vec<EvidenceId>, EvidenceId, bool)> = BTreeMap::new();
    for event in view.events().filter(|event| event.presumed.is_none()) {
        let Some(arg) = destination(event) else { continue };
        if arg.value.shape.is_empty() && known_text(&arg.value).is_none() {
            continue;
        }
        let text = told(view, arg);
        let entry = shapes.entry(text).or_insert_with(|| (Vec::new(), event.evidence, arg.value.text.is_some()));
        entry.0.push(event.evidence);
        // The steps of a path to this address name the lines where it is made.
        for path in view.index.paths_to(event.evidence).filter(|path| path.sink.kind == "network.destination") {
            entry.0.extend(path.steps.iter().skip(1).map(|step| step.evidence).take(4));
        }
    }
    let mut shapes: Vec<_> = shapes.into_iter().collect();
    shapes.sort_by_key(|(_, (_, first, _))| *first);
    let more = shapes.len().saturating_sub(6);
    let mut drafts: Vec<Draft> = shapes
        .into_iter()
        .take(6)
        .enumerate()
        .map(|(at, (text, (places, _, _)))| {
            let sentence = format!("{} → request URL{}.", capital(&text), view.places(&places));
            Draft::new(Field::Flows, "flow.url", 60 + i32::try_from(at).unwrap_or(0), sentence).at(places).important(2)
        })
        .collect();
    if more > 0 {
        let sentence = format!("{} are built as well.", count(more, "other request URL", "other request URLs"));
        drafts.push(Draft::new(Field::Flows, "flow.url", 68, sentence));
    }
    drafts
}

/// What a flow is worth to a reader who has to decide, 0 to 9.
fn weight(path: &Path) -> u32 {
    let source = interest(&path.source.kind);
    let sink = match path.sink.kind.as_str() {
        "network.send" | "process.command" | "code.execute" | "memory.execute" | "persistence" => 3,
        "code.load" | "file.write" | "network.destination" | "deserialize" | "database.query" => 2,
        _ => 0,
    };
    if sink == 0 { source.min(2) } else { source + sink - 1 }
}

fn order(path: &Path) -> usize {
    Family::of_sink(&path.sink.kind).map_or(99, |family| family as usize)
}

/// Kinds of source whose values leave by the network, with the places, for the analysis.
pub(crate) fn sent(view: &View<'_>) -> BTreeMap<String, Vec<EvidenceId>> {
    let mut sent: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    for path in view.paths().filter(|path| path.sink.kind == "network.send" && path.presumed.is_none()) {
        sent.entry(path.source.kind.to_string()).or_default().push(path.sink.evidence);
    }
    sent
}
