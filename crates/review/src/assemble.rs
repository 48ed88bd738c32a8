//! From the outcome of the panel to the [`Review`]: ids, places, paths, layers.

use std::collections::{BTreeMap, BTreeSet};

use sluice_flow::facts::{EvidenceId, Facts, ModuleFacts, Path, PathId, StepKind};

use crate::claims::Draft;
use crate::critics::Remark;
use crate::model::{
    Change, Claim, Critique, Endpoint, Evidence, FlowPath, GuardInfo, LayerInfo, Position, Scores, escape, escape_block,
};
use crate::prose::chain::called;
use crate::prose::words::cut;
use crate::scores::{Found, Numbers, Reason};

/// Most places of one claim.
const MOST_PLACES: usize = 32;
/// Most paths of one review.
pub(crate) const MOST_PATHS: usize = 5_000;
/// Most characters of a layer's text.
const LAYER_TEXT: usize = 8_000;

/// Gives ids to the places that something points to.
pub(crate) struct Ids<'a> {
    facts: &'a Facts,
    used: BTreeSet<EvidenceId>,
    names: BTreeMap<EvidenceId, String>,
    paths: BTreeMap<PathId, String>,
}

impl<'a> Ids<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        Self { facts, used: BTreeSet::new(), names: BTreeMap::new(), paths: BTreeMap::new() }
    }

    pub(crate) fn use_places(&mut self, places: impl IntoIterator<Item = EvidenceId>) {
        self.used.extend(places.into_iter().filter(|id| self.facts.evidence(*id).is_some()));
    }

    pub(crate) fn use_path(&mut self, id: PathId) {
        let number = self.paths.len() + 1;
        let Some(path) = self.facts.paths.get(id.0 as usize) else { return };
        if self.paths.len() >= MOST_PATHS || self.paths.contains_key(&id) {
            return;
        }
        self.paths.insert(id, format!("p{number}"));
        let guards = path.guards.iter().map(|guard| guard.evidence);
        let ends = [path.source.evidence, path.sink.evidence];
        self.use_places(path.steps.iter().map(|step| step.evidence).chain(guards).chain(ends));
    }

    /// Numbers the places in their order in the facts. Nothing can be used afterwards.
    pub(crate) fn number(&mut self) {
        let used = std::mem::take(&mut self.used);
        for (at, id) in used.into_iter().enumerate() {
            self.names.insert(id, format!("e{}", at + 1));
        }
        // Paths were used in any order; their numbers follow that of the facts.
        let order: Vec<PathId> = self.paths.keys().copied().collect();
        for (at, id) in order.into_iter().enumerate() {
            self.paths.insert(id, format!("p{}", at + 1));
        }
    }

    pub(crate) fn place(&self, id: EvidenceId) -> String {
        self.names.get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn places(&self, ids: &[EvidenceId]) -> Vec<String> {
        ids.iter().take(MOST_PLACES).filter_map(|id| self.names.get(id).cloned()).collect()
    }

    pub(crate) fn path(&self, id: PathId) -> Option<String> {
        self.paths.get(&id).cloned()
    }

    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let mut sources: BTreeMap<u32, Lines> = BTreeMap::new();
        self.names
            .iter()
            .filter_map(|(id, name)| {
                let place = self.facts.evidence(*id)?;
                let module = self.facts.modules.get(place.module.0 as usize)?;
                let text = escape(&cut(self.facts.text(*id), 200));
                let starts = sources.entry(place.module.0).or_insert_with(|| Lines::of(module));
                let line = source_line(module, starts, place);
                Some(Evidence {
                    id: name.clone(),
                    file: escape(&module.path),
                    layer: layer_of(module),
                    start: Position { line: place.line, column: place.column },
                    end: Position { line: place.end_line, column: place.end_column },
                    symbol: place.symbol.as_deref().map(escape),
                    source_line: if line.trim() == text { String::new() } else { line },
                    text,
                })
            })
            .collect()
    }

    pub(crate) fn flow_paths(&self) -> Vec<FlowPath> {
        self.paths
            .iter()
            .filter_map(|(id, name)| Some(self.flow_path(name, self.facts.paths.get(id.0 as usize)?)))
            .collect()
    }

    fn flow_path(&self, name: &str, path: &Path) -> FlowPath {
        let function = |id| self.facts.function(id).map(|function| escape(&function.qualified)).unwrap_or_default();
        FlowPath {
            id: name.to_owned(),
            source: Endpoint {
                kind: path.source.kind.to_string(),
                symbol: escape(&path.source.symbol),
                detail: path.source.detail.as_deref().map(|detail| escape(&cut(detail, 200))),
                function: function(path.source.function),
                evidence: self.place(path.source.evidence),
            },
            sink: Endpoint {
                kind: path.sink.kind.to_string(),
                symbol: escape(&path.sink.symbol),
                detail: (!path.sink.arg.is_empty()).then(|| escape(&path.sink.arg)),
                function: function(path.sink.function),
                evidence: self.place(path.sink.evidence),
            },
            steps: path.steps.iter().map(|step| self.place(step.evidence)).collect(),
            words: path
                .steps
                .iter()
                .map(|step| match step.kind {
                    StepKind::Through | StepKind::Pass => called(&step.text).trim_matches('`').to_owned(),
                    _ => escape(&cut(&step.text, 120)),
                })
                .collect(),
            presumed: path.presumed.as_deref().map(escape),
            proven: path.proven,
            guards: path
                .guards
                .iter()
                .map(|guard| GuardInfo {
                    kind: guard.kind.to_string(),
                    text: escape(&guard.text),
                    holds: guard.holds,
                    evidence: self.place(guard.evidence),
                })
                .collect(),
            entry: path.when.iter().map(ToString::to_string).collect(),
        }
    }

    pub(crate) fn layers(&self) -> Vec<LayerInfo> {
        self.facts
            .layers
            .iter()
            .enumerate()
            .filter_map(|(at, layer)| {
                let parent = self.facts.modules.get(layer.parent.0 as usize)?;
                let text = cut(&layer.text, LAYER_TEXT);
                Some(LayerInfo {
                    id: format!("l{}", at + 1),
                    file: escape(&parent.path),
                    depth: parent.depth + 1,
                    parent: layer_of(parent),
                    language: layer.language.to_string(),
                    codings: layer.codings.iter().map(ToString::to_string).collect(),
                    evidence: self.place(layer.evidence),
                    cut: text.len() != layer.text.len(),
                    text: escape_block(&text),
                })
            })
            .collect()
    }

    /// The claims with their ids: `c1` …, behind `prefix`.
    pub(crate) fn claims(&self, drafts: &[Draft], prefix: &str) -> Vec<Claim> {
        drafts
            .iter()
            .enumerate()
            .map(|(at, draft)| {
                let lines: BTreeSet<u32> = draft
                    .evidence
                    .iter()
                    .take(MOST_PLACES)
                    .map(|id| self.facts.line(*id))
                    .filter(|line| *line > 0)
                    .collect();
                Claim {
                    id: format!("{prefix}c{}", at + 1),
                    field: draft.field,
                    text: draft.text.clone(),
                    evidence: self.places(&draft.evidence),
                    by: draft.by.name().to_owned(),
                    polarity: draft.polarity,
                    kind: draft.kind.clone(),
                    symbol: draft.symbol.as_deref().filter(|symbol| !symbol.is_empty()).map(escape),
                    lines: lines.into_iter().collect(),
                }
            })
            .collect()
    }
}

/// The reasons with the ids of their claims.
pub(crate) fn scores(numbers: &Numbers, drafts: &[Draft], prefix: &str) -> Scores {
    let change = |reason: &Reason| {
        let claim = reason.claim.as_ref().and_then(|(kind, symbol)| {
            drafts.iter().position(|draft| {
                draft.kind == *kind && (symbol.is_empty() || draft.symbol.as_deref() == Some(symbol.as_str()))
            })
        });
        Change {
            claim: claim.map_or_else(|| escape(&reason.text), |at| format!("{prefix}c{}", at + 1)),
            change: reason.change,
        }
    };
    let all = |reasons: &[Reason]| reasons.iter().map(change).collect();
    Scores {
        confidence: all(&numbers.confidence_reasons),
        obfuscated: all(&numbers.obfuscated_reasons),
        malware: all(&numbers.malware_reasons),
        security_risk: all(&numbers.risk_reasons),
    }
}

/// The critiques with the ids of their claims.
pub(crate) fn critiques(remarks: &[Remark]) -> Vec<Critique> {
    remarks
        .iter()
        .map(|remark| Critique {
            by: remark.by.to_owned(),
            claim: remark.claim.map(|at| format!("c{}", at + 1)),
            text: remark.text.clone(),
            effect: remark.effect,
        })
        .collect()
}

/// The match for the JSON.
pub(crate) fn behavior(found: &Found<'_>, ids: &Ids<'_>) -> crate::model::BehaviorMatch {
    let behavior = found.behavior;
    crate::model::BehaviorMatch {
        id: behavior.id.to_string(),
        title: escape(&behavior.title),
        stance: stance(behavior.stance).to_owned(),
        sentence: escape(&found.item.sentence),
        advice: escape(&behavior.advice),
        paths: found.item.steps.iter().filter_map(|step| step.path).filter_map(|path| ids.path(path)).collect(),
        evidence: ids.places(&found.item.evidence),
        specificity: behavior.specificity,
        severity: behavior.severity,
        presumed: found.item.presumed,
        cwe: behavior.cwe.clone(),
        attack: behavior.attack.iter().map(ToString::to_string).collect(),
    }
}

fn stance(stance: sluice_catalog::Stance) -> &'static str {
    match stance {
        sluice_catalog::Stance::Malicious => "malicious",
        sluice_catalog::Stance::Weakness => "weakness",
        sluice_catalog::Stance::Harmless => "harmless",
    }
}

fn layer_of(module: &ModuleFacts) -> Option<String> {
    (module.depth > 0).then(|| module.layer.map(|layer| format!("l{}", layer + 1))).flatten()
}

/// The lines of a text.
struct Lines {
    starts: Vec<usize>,
    /// True if every line ends with `\n`, so that the columns of places are counted from these starts.
    plain: bool,
}

impl Lines {
    fn of(module: &ModuleFacts) -> Self {
        let starts = std::iter::once(0).chain(module.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { starts, plain: !module.text.contains('\r') }
    }
}

/// The line around a place, at most 240 characters of it, escaped.
fn source_line(module: &ModuleFacts, lines: &Lines, place: &sluice_flow::facts::Evidence) -> String {
    /// Characters in front of the place that are shown of a long line.
    const BEFORE: usize = 119;
    let at = (place.line as usize).saturating_sub(1);
    let Some(start) = lines.starts.get(at) else { return String::new() };
    let end = lines.starts.get(at + 1).map_or(module.text.len(), |next| next - 1);
    let text = module.text.get(*start..end).unwrap_or("").trim_end_matches('\r');
    // A line of a packed file can have megabytes: the part around the place is what a reader needs.
    let column = place.column as usize;
    if column <= 200 {
        return escape(&text.chars().take(240).collect::<String>());
    }
    // Such a line may have thousands of places: its beginning is not read again for each.
    let near = place.start as usize;
    if lines.plain
        && let Some((before, behind)) = near.checked_sub(*start).and_then(|near| text.split_at_checked(near))
        && let Some((from, _)) = before.char_indices().nth_back(BEFORE - 1)
    {
        let shown = before.get(from..).unwrap_or("").chars().chain(behind.chars());
        return escape(&shown.take(240).collect::<String>());
    }
    escape(&text.chars().skip(column - BEFORE - 1).take(240).collect::<String>())
}
