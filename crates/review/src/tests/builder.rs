//! Facts made by hand: places are found by the code they stand for.

// A wrong offset is a failed test, not a crash on hostile input.
#![allow(clippy::string_slice)]

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_flow::facts::*;
use smol_str::SmolStr;

/// Facts under construction, over one or more files.
pub(super) struct Builder {
    pub facts: Facts,
    module: ModuleId,
}

impl Builder {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let mut builder = Self { facts: Facts::default(), module: ModuleId(0) };
        builder.file(path, text);
        builder
    }

    /// Adds a file; what follows stands in it.
    pub(super) fn file(&mut self, path: &str, text: &str) -> FunctionId {
        self.module = ModuleId(self.facts.modules.len() as u32);
        let body = FunctionId(self.facts.functions.len() as u32);
        self.facts.modules.push(ModuleFacts {
            path: path.to_owned(),
            name: None,
            depth: 0,
            layer: None,
            language: "python".into(),
            doc: None,
            imports: Vec::new(),
            diagnostics: Vec::new(),
            lost: Vec::new(),
            lines: text.lines().count() as u32,
            bytes: text.len() as u64,
            text: text.into(),
            body,
            when: BTreeSet::new(),
            form: Form::default(),
        });
        let evidence = self.at_offsets(0, text.find('\n').unwrap_or(text.len()));
        self.function_with(path, path, "module", None, &[], evidence)
    }

    /// Adds a layer decoded from the current file, executed at `site`.
    pub(super) fn layer(&mut self, site: EvidenceId, event: EventId, codings: &[&str], text: &str) -> FunctionId {
        let parent = self.module;
        let path = self.facts.modules[parent.0 as usize].path.clone();
        let body = self.file(&path, text);
        let layer = self.facts.layers.len() as u32;
        let module = self.facts.modules.last_mut().unwrap();
        module.depth = 1;
        module.layer = Some(layer);
        self.facts.layers.push(Layer {
            parent,
            module: Some(self.module),
            language: "python".into(),
            evidence: site,
            event,
            codings: codings.iter().map(SmolStr::new).collect(),
            text: text.into(),
            visible: false,
        });
        body
    }

    fn at_offsets(&mut self, start: usize, end: usize) -> EvidenceId {
        let text = &self.facts.modules[self.module.0 as usize].text;
        let line = |at: usize| 1 + text[..at].matches('\n').count() as u32;
        let column =
            |at: usize| 1 + text[text[..at].rfind('\n').map_or(0, |newline| newline + 1)..at].chars().count() as u32;
        let evidence = Evidence {
            module: self.module,
            start: start as u32,
            end: end as u32,
            line: line(start),
            column: column(start),
            end_line: line(end),
            end_column: column(end),
            symbol: None,
        };
        self.facts.evidence.push(evidence);
        EvidenceId(self.facts.evidence.len() as u32 - 1)
    }

    /// The place of the first occurrence of a piece of code in the current file.
    pub(super) fn at(&mut self, code: &str) -> EvidenceId {
        let text = Arc::clone(&self.facts.modules[self.module.0 as usize].text);
        let start = text.find(code).unwrap_or_else(|| panic!("no {code:?} in the text"));
        self.at_offsets(start, start + code.len())
    }

    pub(super) fn function(&mut self, qualified: &str, params: &[&str]) -> FunctionId {
        let name = qualified.rsplit('.').next().unwrap();
        let evidence = self.at(&format!("{name}("));
        let kind = if qualified.contains('.') { "method" } else { "function" };
        self.function_with(name, qualified, kind, None, params, evidence)
    }

    pub(super) fn class(&mut self, name: &str) -> FunctionId {
        let evidence = self.at(&format!("class {name}"));
        self.function_with(name, name, "class", None, &[], evidence)
    }

    fn function_with(
        &mut self,
        name: &str,
        qualified: &str,
        kind: &str,
        class: Option<FunctionId>,
        params: &[&str],
        evidence: EvidenceId,
    ) -> FunctionId {
        self.facts.functions.push(FunctionFacts {
            module: self.module,
            name: name.into(),
            qualified: qualified.to_owned(),
            kind: kind.into(),
            class,
            params: params.iter().map(SmolStr::new).collect(),
            evidence,
            doc: None,
            public: true,
            calls: Vec::new(),
            call_orders: Vec::new(),
            bases: Vec::new(),
            when: BTreeSet::new(),
            unused_params: Vec::new(),
            trivial: false,
            property: false,
        });
        FunctionId(self.facts.functions.len() as u32 - 1)
    }

    /// A modelled call at a piece of code.
    pub(super) fn event(&mut self, function: FunctionId, code: &str, symbol: &str, actions: &[&str]) -> EventId {
        let evidence = self.at(code);
        let written = code.split('(').next().unwrap();
        self.facts.events.push(Event {
            actions: actions.iter().map(SmolStr::new).collect(),
            source: None,
            symbol: symbol.into(),
            written: written.into(),
            evidence,
            function,
            args: Vec::new(),
            receiver: None,
            result: Vec::new(),
            guards: [].into(),
            silent: false,
            looped: false,
            dropped: false,
            order: 0,
            when: BTreeSet::new(),
            presumed: None,
        });
        EventId(self.facts.events.len() as u32 - 1)
    }

    pub(super) fn event_mut(&mut self, id: EventId) -> &mut Event {
        &mut self.facts.events[id.0 as usize]
    }

    pub(super) fn arg(&mut self, event: EventId, name: &str, roles: &[&str], code: &str, value: ValueFact) {
        let evidence = self.at(code);
        let arg = ArgFact { name: name.into(), roles: roles.iter().map(SmolStr::new).collect(), value, evidence };
        self.event_mut(event).args.push(arg);
    }

    pub(super) fn guard(&mut self, code: &str, holds: bool) -> Guard {
        Guard { kind: "".into(), text: code.into(), holds, evidence: self.at(code) }
    }

    /// A path from a parameter or an event to an argument of an event.
    pub(super) fn path(
        &mut self,
        source: (&str, &str, FunctionId, Option<EventId>),
        sink: (&str, EventId, &str),
        steps: &[(StepKind, &str, &str)],
    ) -> PathId {
        let (kind, symbol, function, event) = source;
        let source_place = match event {
            Some(event) => self.facts.events[event.0 as usize].evidence,
            None => self.facts.functions[function.0 as usize].evidence,
        };
        let (sink_kind, sink_event, arg) = sink;
        let sink_fact = self.facts.events[sink_event.0 as usize].clone();
        let mut all = vec![PathStep { evidence: source_place, kind: StepKind::Source, text: symbol.into() }];
        for (kind, text, code) in steps {
            // The place of a modelled call is the place of its event.
            let evidence = self
                .facts
                .events
                .iter()
                .map(|event| event.evidence)
                .find(|evidence| self.facts.text(*evidence) == *code)
                .unwrap_or_else(|| self.at(code));
            all.push(PathStep { evidence, kind: *kind, text: (*text).into() });
        }
        all.push(PathStep { evidence: sink_fact.evidence, kind: StepKind::Sink, text: sink_fact.written.clone() });
        self.facts.paths.push(Path {
            source: PathSource {
                kind: kind.into(),
                symbol: symbol.into(),
                detail: None,
                evidence: source_place,
                function,
                event,
            },
            sink: PathSink {
                kind: sink_kind.into(),
                symbol: sink_fact.symbol.clone(),
                arg: arg.into(),
                evidence: sink_fact.evidence,
                function: sink_fact.function,
                event: Some(sink_event),
            },
            steps: all,
            presumed: sink_fact.presumed.clone(),
            proven: true,
            guards: sink_fact.guards.clone(),
            when: sink_fact.when.clone(),
        });
        PathId(self.facts.paths.len() as u32 - 1)
    }
}

pub(super) fn text(text: &str) -> ValueFact {
    ValueFact { text: Some(text.into()), literal: true, shape: format!("`{text}`"), ..ValueFact::default() }
}

pub(super) fn shaped(shape: &str) -> ValueFact {
    ValueFact { shape: shape.to_owned(), ..ValueFact::default() }
}

impl From<Facts> for Builder {
    fn from(facts: Facts) -> Self {
        Self { facts, module: ModuleId(0) }
    }
}
