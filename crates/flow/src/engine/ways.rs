//! The ways that labels took, step by step, linked backward.
//!
//! A step is shared by all labels that take it together: a value that is assigned makes one step, however many labels it
//! carries. Where labels meet that came different ways, the step keeps a branch for each.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::arena::Arena;
use super::state::SinkData;
use super::value::{Key, Label};
use crate::facts::{EvidenceId, StepKind};

/// What was before a step.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Nothing: the source itself.
    Start,
    /// The same step for every label.
    One(u32),
    /// A branch for each label: a range of [`Ways::branches`].
    Many { start: u32, count: u32 },
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    before: Before,
    /// What happens.
    pub kind: StepKind,
    /// Where.
    pub place: EvidenceId,
    text: u32,
    /// Steps inside a called function, told behind this one: the last of them, and the origin whose way they are.
    pub inner: Option<(u32, u32)>,
}

/// All steps of one analysis.
#[derive(Debug, Default)]
pub struct Ways {
    steps: Arena<Step>,
    /// Origin and step before, for steps at which ways meet.
    branches: Vec<(u32, u32)>,
    texts: Vec<SmolStr>,
    text_index: FxHashMap<SmolStr, u32>,
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Ways {
    /// Number of steps so far: the next step has this id.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    fn push(&mut self, before: Before, kind: StepKind, place: EvidenceId, text: &SmolStr) -> u32 {
        let text = match self.text_index.get(text) {
            Some(id) => *id,
            None => {
                let id = number(self.texts.len());
                self.texts.push(text.clone());
                self.text_index.insert(text.clone(), id);
                id
            }
        };
        self.steps.push(Step { before, kind, place, text, inner: None })
    }

    /// The first step of a way.
    pub fn start(&mut self, place: EvidenceId, text: &SmolStr) -> u32 {
        self.push(Before::Start, StepKind::Source, place, text)
    }

    /// A step behind another.
    pub fn step(&mut self, before: u32, kind: StepKind, place: EvidenceId, text: &SmolStr) -> u32 {
        self.push(Before::One(before), kind, place, text)
    }

    /// One step for all labels: each of them has it as its last from then on. `None` without labels.
    pub fn step_all(&mut self, labels: &[Label], kind: StepKind, place: EvidenceId, text: &SmolStr) -> Option<u32> {
        let (first, rest) = labels.split_first()?;
        if rest.iter().all(|label| label.trace == first.trace) {
            return Some(self.step(first.trace, kind, place, text));
        }
        let start = number(self.branches.len());
        self.branches.extend(labels.iter().map(|label| (label.origin, label.trace)));
        Some(self.push(Before::Many { start, count: number(labels.len()) }, kind, place, text))
    }

    /// A step like `trace`, with the steps of a called function told behind it.
    pub fn splice(&mut self, trace: u32, inner: Label) -> u32 {
        let Some(last) = self.steps.get(trace).copied() else { return trace };
        self.steps.push(Step { inner: Some((inner.trace, inner.origin)), ..last })
    }

    /// The place of a step.
    pub fn place(&self, trace: u32) -> Option<EvidenceId> {
        self.steps.get(trace).map(|step| step.place)
    }

    /// The text of a step.
    pub fn text(&self, step: &Step) -> SmolStr {
        self.texts.get(step.text as usize).cloned().unwrap_or_default()
    }

    /// The way of an origin's label from its last step back to its source, at most `most` steps.
    pub fn back(&self, trace: u32, origin: u32, most: usize) -> Vec<&Step> {
        let mut way = Vec::new();
        let mut next = Some(trace);
        while let Some(step) = next.and_then(|id| self.steps.get(id)) {
            way.push(step);
            if way.len() >= most {
                break;
            }
            next = match step.before {
                Before::Start => None,
                Before::One(before) => Some(before),
                Before::Many { start, count } => self
                    .branches
                    .get(start as usize..(start as usize).saturating_add(count as usize))
                    .and_then(|branches| branches.iter().find(|(known, _)| *known == origin))
                    .map(|(_, before)| *before),
            };
        }
        way
    }
}

impl super::Engine<'_> {
    /// Applies flows that a summary gained after it was applied (through fields and recursion). Two rounds follow a
    /// field that is filled from a field; more depth is not told.
    pub(super) fn replay(&mut self) {
        for _ in 0..2 {
            let before = self.flows.len();
            let applied: Vec<((Key, u32, u32), u32)> = self.applied.iter().map(|(key, trace)| (*key, *trace)).collect();
            for ((callee, param, origin), trace) in applied {
                let flows: Vec<(u32, Rc<SinkData>)> = self
                    .summaries
                    .get(&callee)
                    .map(|summary| {
                        summary
                            .flows
                            .iter()
                            .filter(|(index, _, _)| *index == param)
                            .map(|(_, inner, sink)| (*inner, Rc::clone(sink)))
                            .collect()
                    })
                    .unwrap_or_default();
                let Some(parameter) = self.param_origin(callee, param) else { continue };
                for (inner, sink) in flows {
                    if self.flows.contains_key(&(origin, sink.key.clone()))
                        || (sink.function != callee && self.is_constructor(callee) && self.is_param(origin))
                    {
                        continue;
                    }
                    let trace = self.ways.splice(trace, Label { origin: parameter, trace: inner });
                    self.record_flow(Label { origin, trace }, &sink);
                }
            }
            if self.flows.len() == before {
                break;
            }
        }
    }
}
