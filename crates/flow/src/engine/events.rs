//! Events: what is kept of a modelled call or read, joined over all the contexts in which it is met.

use std::sync::Arc;

use sluice_catalog::Model;
use sluice_syntax::ir::{ExprId, Span};
use smol_str::SmolStr;

use super::value::Value;
use super::{Engine, EventArg, EventData};
use crate::facts::{EvidenceId, ValueFact};

/// Most different texts, literals and identities that an event keeps for one argument over all its contexts.
pub(crate) const MOST_CONTEXT_VALUES: usize = 16;

/// The joined value of an argument in two contexts.
fn join_facts(a: &mut ValueFact, b: &ValueFact) {
    if a.text.is_none() && a.patterns.len() <= 1 && b.text.is_some() {
        a.text = b.text.clone();
    }
    if a.shape.is_empty() {
        a.shape = b.shape.clone();
    }
    for literal in &b.literals {
        if a.literals.len() < MOST_CONTEXT_VALUES && !a.literals.contains(literal) {
            a.literals.push(Arc::clone(literal));
        }
    }
    for pattern in &b.patterns {
        if a.patterns.len() < MOST_CONTEXT_VALUES && !a.patterns.contains(pattern) {
            a.patterns.push(Arc::clone(pattern));
        }
    }
    for token in &b.tokens {
        if a.tokens.len() < MOST_CONTEXT_VALUES && !a.tokens.contains(token) {
            a.tokens.push(*token);
        }
    }
    for known in &b.known_as {
        if a.known_as.len() < MOST_CONTEXT_VALUES && !a.known_as.contains(known) {
            a.known_as.push(known.clone());
        }
    }
    if a.codings.is_empty() {
        a.codings.clone_from(&b.codings);
    }
    a.labels.extend(b.labels.iter().cloned());
    if a.symbol.is_none() {
        a.symbol = b.symbol.clone();
    }
}

/// Most events besides the first that one call is.
const MOST_SYMBOLS: usize = 7;

/// What a further context adds of which the values do not count.
fn join_identities(a: &mut ValueFact, b: &ValueFact) {
    for token in &b.tokens {
        if a.tokens.len() < MOST_CONTEXT_VALUES && !a.tokens.contains(token) {
            a.tokens.push(*token);
        }
    }
    a.labels.extend(b.labels.iter().cloned());
}

impl Engine<'_> {
    /// The event at a call, made at its first meeting.
    pub(crate) fn event(
        &mut self,
        id: ExprId,
        place: EvidenceId,
        symbol: &SmolStr,
        written: &SmolStr,
        presumed: Option<Arc<str>>,
    ) -> usize {
        let here = self.here();
        // A call that calls one thing here and another there (`f(*args)` of a wrapper) is an event for each of them.
        let first = self.event_index.get(&(here.module, id)).copied();
        if let Some(first) = first {
            // What was presumed of any receiver is known of the one that is passed (`send(requests.Session(), path)`).
            if presumed.is_none()
                && let Some(event) = self.events.get_mut(first).filter(|event| event.presumed.is_some())
            {
                event.presumed = None;
                event.symbol = symbol.clone();
                return first;
            }
            let same = |index: usize| self.events.get(index).is_none_or(|event| event.symbol == *symbol);
            let others = self.other_events.get(&(here.module, id)).map_or(&[][..], Vec::as_slice);
            if same(first) || id.0 == u32::MAX || others.len() >= MOST_SYMBOLS {
                return first;
            }
            if let Some(index) = others.iter().find(|index| same(**index)) {
                return *index;
            }
        }
        let index = self.events.len();
        let guards = self.guards_here();
        let (silent, looped, order) = match self.frames.last_mut() {
            Some(frame) => {
                frame.order += 1;
                (frame.silent > 0, frame.looped > 0, frame.order)
            }
            None => (false, false, 0),
        };
        self.events.push(EventData {
            actions: Vec::new(),
            source: None,
            symbol: symbol.clone(),
            written: written.clone(),
            place,
            function: here,
            args: Vec::new(),
            receiver: None,
            result: Vec::new(),
            guards,
            silent,
            looped,
            dropped: false,
            order,
            presumed,
            by_tests: false,
        });
        match first {
            None => {
                self.event_index.insert((here.module, id), index);
            }
            Some(_) => self.other_events.entry((here.module, id)).or_default().push(index),
        }
        index
    }

    pub(crate) fn fill_event(
        &mut self,
        index: usize,
        model: &Model,
        facts: Vec<(SmolStr, Vec<SmolStr>, ValueFact, EvidenceId)>,
        id: ExprId,
    ) {
        let token = self.site_token(id);
        let by_tests = self.called_by_tests();
        let Some(event) = self.events.get_mut(index) else { return };
        // What tests call it with, it has only where nothing else calls it.
        if event.by_tests && !by_tests {
            event.args.clear();
            event.receiver = None;
        }
        let known = !event.args.is_empty() || event.receiver.is_some();
        event.by_tests = by_tests && (event.by_tests || !known);
        let join = if by_tests && !event.by_tests { join_identities } else { join_facts };
        for action in &model.actions {
            if !event.actions.contains(action) {
                event.actions.push(action.clone());
            }
        }
        if event.source.is_none() {
            event.source.clone_from(&model.source);
        }
        if !event.result.contains(&token) {
            event.result.push(token);
        }
        for (name, roles, fact, place) in facts {
            if name == "self" {
                match &mut event.receiver {
                    Some(before) => join(before, &fact),
                    None => event.receiver = Some(fact.clone()),
                }
                if roles.is_empty() {
                    continue;
                }
            }
            let full = event.args.len() >= 64;
            match event.args.iter_mut().find(|arg| arg.name == name && arg.place == place) {
                Some(arg) => join(&mut arg.fact, &fact),
                None if !full => event.args.push(EventArg { name, roles, fact, place }),
                None => {}
            }
        }
    }

    /// The event of comparing a digest, which tells of what it was taken: one that is taken and not compared checks
    /// nothing.
    pub(crate) fn digest_compared(&mut self, id: ExprId, span: Span, value: &Value) {
        if self.digests.is_empty() {
            return;
        }
        let (_, tokens) = self.deep(value);
        if !tokens.iter().any(|token| self.digests.contains(token)) {
            return;
        }
        let place = self.place(span, None);
        let symbol = SmolStr::new_static("digest.compare");
        let index = self.event(id, place, &symbol, &symbol, None);
        let model = Model { symbol: symbol.clone(), actions: vec![SmolStr::new_static("compare")], ..Model::default() };
        let data = SmolStr::new_static("data");
        let fact = self.value_fact(value, false);
        self.fill_event(index, &model, vec![(data.clone(), vec![data], fact, place)], id);
    }

    /// The event of reading a library's value.
    pub(crate) fn attribute_event(
        &mut self,
        id: ExprId,
        span: Span,
        attribute: &sluice_catalog::Attribute,
        written: SmolStr,
    ) -> usize {
        let place = self.place(span, Some(&attribute.symbol));
        let index = self.event(id, place, &attribute.symbol, &written, None);
        let token = self.site_token(id);
        if let Some(event) = self.events.get_mut(index) {
            event.source.clone_from(&attribute.source);
            if !event.result.contains(&token) {
                event.result.push(token);
            }
        }
        let weighty = attribute.source.as_deref().is_some_and(|source| source != "platform");
        self.note(weighty, true);
        index
    }
}
