//! What the arguments of a command say together: its text, its words, and the base that paths stand on.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::Const;
use smol_str::SmolStr;

use super::Engine;
use super::events::MOST_CONTEXT_VALUES;
use super::model::Bound;
use super::value::{Ref, Term, Value};
use crate::facts::EvidenceId;

impl Engine<'_> {
    /// Remembers which parameters say what a command runs.
    pub(crate) fn programmed_by(&mut self, event: usize, program: &Value) {
        let params: Vec<u32> =
            self.deep(program).0.iter().map(|label| label.origin).filter(|origin| self.is_param(*origin)).collect();
        if !params.is_empty() {
            self.programs.entry(event).or_default().extend(params);
        }
    }

    /// What arrives at a command by a parameter that says what runs says what runs.
    pub(crate) fn names_program(&mut self, sink: &super::SinkData, parameter: u32, origin: u32) {
        let Some(event) = sink.event.filter(|_| sink.key.kind == "process.command") else { return };
        if !self.programs.get(&event).is_some_and(|params| params.contains(&parameter)) {
            return;
        }
        if self.is_param(origin) {
            self.programs.entry(event).or_default().insert(origin);
            return;
        }
        let Some(kind) = self.origins.get(origin as usize).map(|origin| origin.kind.clone()) else { return };
        let args = self.events.get_mut(event).map(|event| event.args.as_mut_slice()).unwrap_or_default();
        for arg in args.iter_mut().filter(|arg| arg.name == "program") {
            arg.fact.labels.insert(kind.clone());
        }
    }

    /// A program and its arguments that are passed one by one are one command as well.
    pub(crate) fn one_command(
        &self,
        bound: &[Bound],
        whole: Option<&Value>,
        facts: &mut [(SmolStr, Vec<SmolStr>, crate::facts::ValueFact, EvidenceId)],
    ) {
        if let Some(list) = whole {
            self.listed_command(list, facts);
            return;
        }
        let parts: Vec<&Value> = bound
            .iter()
            .filter(|arg| arg.roles.iter().any(|role| role == "process.command"))
            .map(|arg| &arg.value)
            .filter(|value| !matches!(value.known(), Some(Const::None)))
            .collect();
        if parts.len() < 2 {
            return;
        }
        let texts: Vec<&Arc<str>> = parts.iter().filter_map(|value| value.known_text()).collect();
        if texts.len() < parts.len() {
            return;
        }
        let whole = texts.iter().map(|text| &***text).collect::<Vec<_>>().join(" ");
        let known =
            (Arc::from(whole.as_str()), parts.iter().any(|value| value.data().is_some_and(|d| !d.codings.is_empty())));
        for (_, roles, fact, _) in facts.iter_mut() {
            if roles.iter().any(|role| role == "process.command")
                && !fact.known_as.contains(&known)
                && fact.known_as.len() < MOST_CONTEXT_VALUES
            {
                fact.known_as.push(known.clone());
            }
        }
    }

    /// A program and the list of its arguments: one command line, known as far as its words are.
    fn listed_command(&self, list: &Value, facts: &mut [(SmolStr, Vec<SmolStr>, crate::facts::ValueFact, EvidenceId)]) {
        let line = self.value_fact(list, false);
        let decoded = !line.codings.is_empty();
        for (_, roles, fact, _) in facts.iter_mut() {
            if !roles.iter().any(|role| role == "process.command") {
                continue;
            }
            for pattern in &line.patterns {
                let known = (Arc::clone(pattern), decoded);
                if pattern.contains("{}") {
                    if !fact.patterns.contains(pattern) && fact.patterns.len() < MOST_CONTEXT_VALUES {
                        fact.patterns.push(Arc::clone(pattern));
                    }
                } else if !fact.known_as.contains(&known) && fact.known_as.len() < MOST_CONTEXT_VALUES {
                    fact.known_as.push(known);
                }
            }
        }
    }

    /// A path that is asked of a client with an address of its own (`HTTPSConnection(host).request("POST", path)`,
    /// `Client(base_url=…).post(path)`) is the address with the path behind it.
    pub(crate) fn on_base(&self, bound: &mut [Bound]) {
        let Some((base, secure, codings)) = bound.first().filter(|arg| arg.name == "self").and_then(|arg| {
            let kind = arg.value.refs().iter().find_map(|reference| match reference {
                Ref::Instance(kind) => Some(kind.clone()),
                _ => None,
            })?;
            let codings = arg.value.data().map(|data| data.codings.clone()).unwrap_or_default();
            Some((arg.value.term()?, kind.contains("HTTPS"), codings))
        }) else {
            return;
        };
        let addressed =
            |arg: &&mut Bound| arg.name == "url" && arg.roles.iter().any(|role| role == "network.destination");
        for arg in bound.iter_mut().filter(addressed) {
            let Some(path) = arg.value.term() else { continue };
            let relative = |text: &String| !text.contains("://") && !text.starts_with("{}");
            if !path.patterns().iter().all(relative) {
                continue;
            }
            let bases = base.patterns();
            let named = |text: &String| {
                let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
                host.contains(['.', ':']) && !host.starts_with("{}") && !host.contains(['(', ' ', '/', '@'])
                    || text.contains("://")
            };
            if bases.is_empty() || !bases.iter().all(named) {
                continue;
            }
            let mut whole = Rc::clone(&base);
            if !bases.iter().all(|text| text.contains("://")) {
                let scheme = if secure { "https://" } else { "http://" };
                whole = Term::join(&Rc::new(Term::Text(Arc::from(scheme))), &whole);
            }
            let slashed = bases.iter().all(|text| text.ends_with('/'));
            let begins = path.patterns().iter().all(|text| text.starts_with('/'));
            if let (true, Term::Text(text)) = (slashed && begins, &*whole) {
                whole = Rc::new(Term::Text(Arc::from(text.trim_end_matches('/'))));
            } else if !slashed && !begins {
                whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from("/"))));
            }
            let whole = Term::join(&whole, &path);
            let known = match whole.patterns().as_slice() {
                [text] if arg.value.known_text().is_some() && !text.contains("{}") => {
                    Some(Const::Str(Arc::from(text.as_str())))
                }
                _ => None,
            };
            let data = arg.value.edit();
            data.known = known;
            data.term = Some(whole);
            for coding in &codings {
                if !data.codings.contains(coding) {
                    data.codings.push(coding.clone());
                }
            }
        }
    }

    /// A program and the list of its arguments, where a model has them apart, as one list; with the name of the second.
    pub(crate) fn whole_command(&mut self, bound: &[Bound]) -> Option<(Value, SmolStr)> {
        let mut parts = bound.iter().filter(|arg| arg.roles.iter().any(|role| role == "process.command"));
        let (program, rest) = (parts.next()?, parts.next()?);
        let mut items = self.items(&rest.value).filter(|items| !items.is_empty())?;
        if program.value.object().is_some() || program.name == "self" {
            return None;
        }
        items.insert(0, program.value.clone());
        Some((self.container(super::heap::ObjectKind::List, items, true), rest.name.clone()))
    }
}
