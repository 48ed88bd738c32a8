//! Summaries: what a function does whatever it is called with, and what a call makes of that.

use std::rc::Rc;

use sluice_syntax::ir::{Const, FuncId, FunctionKind, Module, ParamKind, Span};
use smol_str::SmolStr;

use super::call::Site;
use super::heap::ObjectKind;
use super::programs::lies_in_a_folder;
use super::value::{Data, Key, Label, Ref, Term, Value};
use super::{Engine, MOST_CONTEXTS, MOST_FRAMES, MOST_INLINED, MOST_LATE_CONTEXTS, Origin, OriginKey};
use crate::dialect::Receiver;
use crate::facts::StepKind;

/// A text from this length on may be more than a word: what a function makes of it is looked at.
const LONG_TEXT: usize = 16;
/// A text, or list, from this length on in an instance is looked at the same way.
const SHORT_TEXT: usize = 6;

impl Engine<'_> {
    /// Interprets a function once with unknown parameters.
    pub(crate) fn summarize(&mut self, key: Key) {
        /// A function that reads a variable of an enclosing one is interpreted again so often when that changes.
        const MOST_AGAIN: u32 = 3;
        let stale = self.summaries.get(&key).is_some_and(|summary| {
            summary.done
                && summary.again < MOST_AGAIN
                && summary
                    .captured
                    .iter()
                    .any(|(place, seen)| self.versions.get(place).copied().unwrap_or_default() != *seen)
        });
        if (!stale && self.summaries.get(&key).is_some_and(|summary| summary.done))
            || self.frames.len() >= MOST_FRAMES
            || self.frames.iter().any(|frame| frame.key == key && frame.generic)
        {
            return;
        }
        let module = self.module(key.module);
        let (values, this) = self.unknown_arguments(&module, key);
        let result = self.interpret(&module, key, values, None, this);
        // What the function that it gives does with its variables tells whether these are worth knowing.
        for reference in result.refs().to_vec() {
            if let Ref::Function(inner, _) = reference
                && inner.module == key.module
                && module.function(FuncId(inner.func)).is_some_and(|inner| inner.parent == Some(FuncId(key.func)))
            {
                self.summarize(inner);
            }
        }
        let summary = self.summaries.entry(key).or_default();
        summary.again += u32::from(stale);
        summary.done = true;
        summary.result = result;
    }

    /// What a function is called with of which nothing is known: its parameters, and what it is a method of.
    pub(crate) fn unknown_arguments(
        &mut self,
        module: &Rc<Module>,
        key: Key,
    ) -> (Vec<Value>, Option<(Value, Option<Value>)>) {
        let Some(function) = module.function(FuncId(key.func)) else { return (Vec::new(), None) };
        let class = function
            .parent
            .filter(|parent| module.function(*parent).is_some_and(|parent| parent.kind == FunctionKind::Class));
        let class = class.map(|parent| Key { module: key.module, func: parent.0 });
        // What a class body defines under a name that it declares global is no method of it.
        let is_global = function.kind == FunctionKind::Function;
        let class = class.filter(|class| !is_global || self.slot_named(*class, &function.name).is_some());
        let is_static = class.is_some() && self.decorator_names(module, key).iter().any(|name| name == "staticmethod");
        let is_class_method =
            class.is_some() && self.decorator_names(module, key).iter().any(|name| name == "classmethod");
        let receiver = self.dialect_of(key.module).receiver();
        let this = match receiver {
            Receiver::This => self.generic_this(key, 0).map(|this| (this, None)),
            Receiver::Parameter => None,
        };
        let mut values = Vec::with_capacity(function.params.len());
        for (index, param) in function.params.iter().enumerate() {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            if index == 0
                && let Some(class) = class
                && !is_static
                && receiver == Receiver::Parameter
            {
                values.push(if is_class_method {
                    Value::reference(Ref::Class(class))
                } else {
                    let id = self.generic_self(class);
                    Value::reference(Ref::Object(id))
                });
                continue;
            }
            values.push(self.parameter(key, number, &param.name, param.kind, param.span));
        }
        (values, this)
    }

    /// The unknown value of a parameter.
    pub(crate) fn parameter(&mut self, key: Key, index: u32, name: &SmolStr, kind: ParamKind, span: Span) -> Value {
        let place = self.place_in(key.module, span, Some(name));
        let label = self.origin(Origin {
            key: OriginKey::Param(key, index),
            kind: SmolStr::new_static("parameter"),
            symbol: name.clone(),
            detail: None,
            place,
            function: key,
            event: None,
            start: 0,
        });
        let token =
            super::stable_hash(&[b"param", &key.module.to_le_bytes(), &key.func.to_le_bytes(), &index.to_le_bytes()]);
        let mut data = Data::default();
        data.labels.push(label);
        data.tokens.push(token);
        match kind {
            ParamKind::Star | ParamKind::StarStar => {
                let inner = Value::new(data);
                let kind = if kind == ParamKind::Star { ObjectKind::List } else { ObjectKind::Dict };
                let id = self.allocate(kind, Vec::new(), false);
                // The object belongs to the frame that is about to open.
                let depth = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
                if let Some(object) = self.object_mut(id) {
                    object.born = (depth.saturating_add(1), 0);
                }
                self.store_any(id, &inner);
                Value::reference(Ref::Object(id))
            }
            _ => {
                data.term = Some(Rc::new(Term::Name(name.clone())));
                let mut value = Value::new(data);
                // Left out, it is its default: what that refers to may be called.
                if let Some(default) = self.defaults.get(&(key, index)) {
                    for reference in default.refs() {
                        if matches!(reference, Ref::Symbol(_) | Ref::Method(..) | Ref::Function(..)) {
                            value.add_ref(reference.clone());
                        }
                    }
                }
                value
            }
        }
    }

    /// Interprets a body with values for its parameters and gives its result.
    pub(crate) fn interpret(
        &mut self,
        module: &Rc<Module>,
        key: Key,
        values: Vec<Value>,
        entry: Option<(crate::facts::EvidenceId, SmolStr)>,
        this: Option<(Value, Option<Value>)>,
    ) -> Value {
        let Some(function) = module.function(FuncId(key.func)) else { return Value::UNKNOWN };
        let mut frame = self.new_frame(key, entry.is_none());
        if let Some((place, name)) = entry {
            let passed = values.iter().flat_map(|value| self.deep(value).0).map(|label| label.origin).collect();
            let mark = u32::try_from(self.ways.len()).unwrap_or(u32::MAX);
            frame.entry = Some(super::Entry { place, name, mark, passed });
        }
        for (param, value) in function.params.iter().zip(&values) {
            if let Some(slot) = frame.slots.get_mut(param.slot as usize) {
                *slot = value.clone();
            }
        }
        match this {
            Some((this, arguments)) => {
                frame.this = Some(this);
                // Without known arguments those that have a parameter are in the list.
                frame.arguments = arguments.or_else(|| Some(self.container(ObjectKind::List, values.clone(), false)));
            }
            None => frame.this = values.first().cloned(),
        }
        // How a generator was called is asked again when something is sent to it.
        let given = (self.dialect_of(key.module).receiver() == Receiver::Parameter && function.is_generator)
            .then(|| values.clone());
        self.enter(frame);
        // Captured parameters are read by inner functions after this frame is gone.
        for (param, value) in function.params.iter().zip(values) {
            let captured = function.slots.get(param.slot as usize).is_some_and(|slot| slot.captured);
            if captured {
                let place = (key.module, sluice_syntax::ir::SlotRef { func: FuncId(key.func), slot: param.slot });
                self.share(place, &value);
            }
            let value = match param.default.filter(|_| self.dialect.receiver() == Receiver::This) {
                Some(default) => self.defaulted(module, param.slot, default, value),
                None => value,
            };
            if let Some(pattern) = &param.pattern {
                self.assign(module, pattern, value);
            }
        }
        self.block(module, &function.body);
        let Some(mut frame) = self.exit() else { return Value::UNKNOWN };
        let slots = std::mem::take(&mut frame.slots);
        if frame.generic {
            let captured: Vec<((u32, sluice_syntax::ir::SlotRef), u32)> = frame
                .captured
                .iter()
                .map(|place| (*place, self.versions.get(place).copied().unwrap_or_default()))
                .collect();
            let summary = self.summaries.entry(key).or_default();
            summary.captured = captured;
            summary.asks |= frame.asks;
            summary.dispatches |= frame.dispatches;
        }
        let result = frame.returns.unwrap_or_else(|| Value::constant(self.dialect_of(key.module).nothing()));
        match frame.yields {
            Some(element) => {
                let id = self.allocate(ObjectKind::List, frame.yielded, !frame.yields_more);
                if let Some(given) = given {
                    self.generated(id, key, given, result);
                }
                if frame.yields_more {
                    self.store_any(id, &element);
                } else if let Some(object) = self.object_mut(id) {
                    object.plain = object.items.iter().all(Value::is_plain);
                }
                Value::reference(Ref::Object(id))
            }
            None if frame.generic => result,
            None => self.enclosed(key, &slots, result),
        }
    }

    /// True if a function may be interpreted with known arguments. Where nothing is left, some functions still are for the
    /// first time: work without end in front of a call hides nothing.
    pub(crate) fn steps_are_left(&self, summary: &super::Summary) -> bool {
        self.inline_steps > 0 || (summary.contexts == 0 && self.late_contexts < MOST_LATE_CONTEXTS)
    }

    /// True if one more interpretation of a function with known arguments is allowed.
    pub(crate) fn may_enter(&self, key: Key, summary: &super::Summary) -> bool {
        self.inlined < MOST_INLINED
            && !(summary.effects && summary.contexts >= MOST_CONTEXTS)
            && self.frames.len() + 2 < MOST_FRAMES
            && self.enters_again(key, summary)
    }

    /// True if a function may be entered that perhaps runs already: one that only hands its arguments on is on the way to
    /// everything that is called by it, and does something else each time.
    fn enters_again(&self, key: Key, summary: &super::Summary) -> bool {
        /// Longest body of such a function, and how often it is entered inside of itself.
        const LONGEST: usize = 3;
        const MOST: usize = 5;
        let running = self.frames.iter().filter(|frame| frame.key == key).count();
        if running == 0 {
            return true;
        }
        let direct = self.frames.last().is_some_and(|frame| frame.key == key);
        running < MOST
            && !direct
            && !summary.forwards.is_empty()
            && self
                .modules
                .get(key.module as usize)
                .and_then(|module| module.function(FuncId(key.func)))
                .is_some_and(|function| function.body.len() <= LONGEST)
    }

    /// True if a function that calls itself with known values is followed: what it computes ends by itself, or with the
    /// steps that are left.
    fn recurses(&self, key: Key, summary: &super::Summary, bound: &[Option<Value>]) -> bool {
        !summary.effects
            && !bound.is_empty()
            && self.inlined > 0
            && self.inline_steps > 0
            && self.frames.len() + 4 < MOST_FRAMES
            && self.frames.last().is_some_and(|frame| frame.key == key && !frame.generic && frame.unsure == 0)
            && bound.iter().all(|value| value.as_ref().is_some_and(|value| self.is_concrete(value, 3)))
    }

    /// True if knowing the arguments can change what the summary says.
    pub(crate) fn worth_inlining(
        &self,
        key: Key,
        summary: &super::Summary,
        bound: &[Option<Value>],
        this: Option<&Value>,
        listed: bool,
    ) -> bool {
        self.recurses(key, summary, bound)
            || (self.steps_are_left(summary) && self.would_tell(key, summary, bound, this, listed))
    }

    /// The same whether or not there are steps left to do it.
    pub(crate) fn would_tell(
        &self,
        key: Key,
        summary: &super::Summary,
        bound: &[Option<Value>],
        this: Option<&Value>,
        listed: bool,
    ) -> bool {
        if !self.may_enter(key, summary) {
            return false;
        }
        if listed || self.enters_closure(key) {
            return true;
        }
        let specific = |engine: &Self, value: &Value| {
            value.known().is_some()
                || value.refs().iter().any(|reference| match reference {
                    Ref::Object(id) => {
                        !engine.stands_for_all(*id)
                            && engine.object(*id).is_some_and(|object| {
                                // Which class it is tells what its methods do.
                                let instance = matches!(object.kind, ObjectKind::Instance(_));
                                instance && engine.dialect.receiver() == Receiver::Parameter
                                    || object.fields.values().chain(&object.items).any(|value| !value.is_unknown())
                            })
                    }
                    Ref::Unresolved(..) => false,
                    _ => true,
                })
                // A text that a branch may not have set is one of several all the same.
                || matches!(value.term().as_deref(), Some(Term::Join(_) | Term::Either(_) | Term::Text(_)))
        };
        for (index, value) in bound.iter().enumerate() {
            let Some(value) = value else { continue };
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            if summary.telling.contains(number) && specific(self, value) {
                return true;
            }
            if summary.forwards.contains(number) && summary.contexts < MOST_CONTEXTS && self.worth_forwarding(value) {
                return true;
            }
            let calls = |reference: &Ref| {
                matches!(reference, Ref::Function(..) | Ref::Class(_) | Ref::Symbol(_) | Ref::Method(..))
            };
            if summary.stored.contains(number) && summary.contexts < MOST_CONTEXTS && value.refs().iter().any(calls) {
                return true;
            }
            // A text that is long enough to be code tells what is executed where the variable is read.
            let text = matches!(value.known(), Some(Const::Str(text)) if text.len() >= LONG_TEXT);
            if summary.kept.contains(number) && summary.contexts < MOST_CONTEXTS && (text || self.sources(value) > 0) {
                return true;
            }
            if summary.stored.contains(number) && summary.contexts < MOST_CONTEXTS && self.fills_a_variable(key, value)
            {
                return true;
            }
            if summary.filled.contains(number)
                && summary.contexts < MOST_CONTEXTS
                && value.object().is_some_and(|id| !self.stands_for_all(id))
            {
                return true;
            }
            if summary.copied.contains(number)
                && value.refs().iter().any(|reference| matches!(reference, Ref::Symbol(_)))
            {
                return true;
            }
        }
        // An instance whose fields are known, on a method that does something of weight.
        if summary.weighty
            && let Some(first) = this.or_else(|| bound.first().and_then(Option::as_ref))
            && let Some(id) = first.object()
            && self.object(id).is_some_and(|object| {
                matches!(object.kind, ObjectKind::Instance(_))
                    && object.fields.values().any(|value| value.known().is_some() || !value.refs().is_empty())
            })
            && !self.stands_for_all(id)
        {
            return true;
        }
        // A method that calls what the instance holds.
        if summary.asks
            && let Some(first) = this.or_else(|| bound.first().and_then(Option::as_ref))
            && let Some(id) = first.object()
            && !self.stands_for_all(id)
            && self.object(id).is_some_and(|object| object.fields.values().any(|value| !value.refs().is_empty()))
        {
            return true;
        }
        if self.is_dispatched(key, summary, this) || self.closes_over_others(key, summary) {
            return true;
        }
        // A text that is passed and comes back changed is worth following, whatever else the function does.
        let returned = summary.result.labels();
        let comes_back = bound.iter().enumerate().any(|(index, value)| {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            let is_long = |value: &Value| {
                value.known().is_some_and(|known| match known {
                    Const::Str(text) => text.len() >= LONG_TEXT,
                    Const::Bytes(bytes) => bytes.len() >= LONG_TEXT,
                    _ => false,
                })
            };
            // `*args` holds the texts.
            let holds = |value: &Value| {
                let object = value.object().and_then(|id| self.object(id));
                object.is_some_and(|object| object.kind == ObjectKind::Tuple && object.items.iter().any(is_long))
            };
            let long = value.as_ref().is_some_and(|value| is_long(value) || holds(value));
            long && self
                .param_origin(key, number)
                .is_some_and(|origin| returned.iter().any(|label| label.origin == origin))
        });
        if comes_back && summary.result.known().is_none() {
            return true;
        }
        // So is what a method makes of a text that its instance holds.
        if !summary.effects
            && summary.result.known().is_none()
            && let Some(id) = this.or_else(|| bound.first().and_then(Option::as_ref)).and_then(Value::object)
            && self.object(id).is_some_and(|object| {
                // Classes that a call makes are few, and mostly made for a purpose.
                let short = if object.kind == ObjectKind::Opaque { 1 } else { SHORT_TEXT };
                matches!(object.kind, ObjectKind::Instance(_) | ObjectKind::Opaque)
                    && object.fields.values().any(|value| {
                        value.known().is_some_and(|known| match known {
                            Const::Str(text) => text.len() >= short,
                            Const::Bytes(bytes) => bytes.len() >= short,
                            _ => false,
                        }) || value
                            .object()
                            .and_then(|id| self.object(id))
                            .is_some_and(|object| object.complete && object.items.len() >= SHORT_TEXT)
                    })
            })
            && !self.stands_for_all(id)
        {
            return true;
        }
        // A function without effects of known arguments is worth its result.
        if summary.effects || summary.result.known().is_some() || bound.is_empty() {
            return false;
        }
        bound.iter().all(|value| value.as_ref().is_some_and(|value| self.is_concrete(value, 3)))
    }

    /// What a call does according to the summary of the function.
    pub(crate) fn apply_summary(
        &mut self,
        key: Key,
        summary: &super::Summary,
        bound: &[Option<Value>],
        place: crate::facts::EvidenceId,
        name: &SmolStr,
    ) -> Value {
        self.unknown_calls += 1;
        // Steps are made only for labels that go somewhere: to a sink of the summary or into the result.
        let returned = self.deep(&summary.result).0;
        let mut passed: Vec<Vec<Label>> = Vec::with_capacity(bound.len());
        for (index, value) in bound.iter().enumerate() {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            let sinks = summary.flows.iter().any(|(param, _, _)| *param == number);
            let comes_back = returned.iter().any(|label| {
                self.origins
                    .get(label.origin as usize)
                    .is_some_and(|origin| origin.key == OriginKey::Param(key, number))
            });
            let labels = value.as_ref().map(|value| self.deep(value).0).unwrap_or_default();
            let stores = summary.stored.contains(number) || summary.kept.contains(number);
            let kept: Vec<Label> = labels
                .into_iter()
                .filter(|label| sinks || comes_back || stores || !self.is_param(label.origin))
                .collect();
            let trace = self.ways.step_all(&kept, StepKind::Pass, place, name).unwrap_or(0);
            let kept: Vec<Label> = kept.iter().map(|label| Label { origin: label.origin, trace }).collect();
            for label in &kept {
                let through = self.is_param(label.origin);
                if !through || stores {
                    self.applied.entry((key, number, label.origin)).or_insert(trace);
                }
                if through && stores {
                    self.stores_through(label.origin);
                }
            }
            passed.push(kept);
        }
        let constructor = self.is_constructor(key);
        for (index, inner, sink) in summary.flows.iter() {
            let Some(parameter) = self.param_origin(key, *index) else { continue };
            for label in passed.get(*index as usize).cloned().unwrap_or_default() {
                let through = self.is_param(label.origin);
                // A field that another method sends is told of the constructor: whoever passes a parameter of its own
                // to the constructor need not call that method. What a parameter of a caller does to the log or an
                // exception of a function further down is told of that function.
                if through && ((constructor && sink.function != key) || !super::told::is_telling(&sink.key.kind)) {
                    continue;
                }
                // The name of a folder in which a program lies says nothing of what the program does.
                if !bound.get(*index as usize).and_then(Option::as_ref).is_some_and(lies_in_a_folder) {
                    self.names_program(sink, parameter, label.origin);
                }
                if self.flows.contains_key(&(label.origin, sink.key.clone())) {
                    continue;
                }
                let trace = self.ways.splice(label.trace, Label { origin: parameter, trace: *inner });
                self.record_flow(Label { origin: label.origin, trace }, sink);
            }
        }
        let name = name.clone();
        // Labels that come back the same way share the step.
        let mut came_back: Option<(u32, u32)> = None;
        let mut replace = |engine: &mut Self, label: Label| -> Vec<Label> {
            match engine.origins.get(label.origin as usize).map(|origin| origin.key.clone()) {
                Some(OriginKey::Param(function, index)) if function == key => passed
                    .get(index as usize)
                    .map(|labels| {
                        // The labels of one argument have the call as their common last step.
                        let Some(first) = labels.first() else { return Vec::new() };
                        let trace = engine.ways.splice(first.trace, label);
                        labels.iter().map(|outer| Label { origin: outer.origin, trace }).collect()
                    })
                    .unwrap_or_default(),
                _ => {
                    let trace = match came_back {
                        Some((before, trace)) if before == label.trace => trace,
                        _ => engine.ways.step(label.trace, StepKind::Return, place, &name),
                    };
                    came_back = Some((label.trace, trace));
                    vec![Label { origin: label.origin, trace }]
                }
            }
        };
        let mut result = self.substitute(&summary.result, &mut replace, Some((key, bound)), 3);
        if result.tokens().is_empty() {
            let tokens: Vec<u64> = bound.iter().flatten().flat_map(|value| value.tokens().to_vec()).collect();
            if !result.is_unknown() && result.known().is_none() {
                result.add_tokens(&tokens);
            }
        }
        result
    }

    /// A parameter that is passed to a function which stores it is stored by this one.
    fn stores_through(&mut self, origin: u32) {
        if let Some(OriginKey::Param(outer, index)) = self.origins.get(origin as usize).map(|origin| origin.key.clone())
            && outer == self.here()
        {
            self.summaries.entry(outer).or_default().stored.insert(index);
        }
    }

    /// True if the constructor will be interpreted with this instance, so that its fields need no filling.
    pub(crate) fn fresh_instance(
        &self,
        key: Key,
        summary: &super::Summary,
        bound: &[Option<Value>],
        instance: &Value,
    ) -> bool {
        let this = (self.dialect_of(key.module).receiver() == Receiver::This).then_some(instance);
        summary.done && self.worth_inlining(key, summary, bound, this, false)
    }

    /// The value of a parameter with a default that is evaluated in its own frame.
    fn defaulted(&mut self, module: &Rc<Module>, slot: u32, default: sluice_syntax::ir::ExprId, given: Value) -> Value {
        let absent = given.known() == Some(&Const::Undefined);
        if !absent && !given.is_unknown() && given.labels().iter().all(|label| !self.is_param(label.origin)) {
            return given;
        }
        let other = self.eval(module, default);
        let value = if absent || given.is_unknown() { other } else { given.join(&other) };
        self.set_slot(slot, value.clone());
        value
    }

    pub(crate) fn fill_from_summary(
        &mut self,
        init: Key,
        id: super::value::ObjectId,
        fields: super::heap::Fields,
        bound: &[Option<Value>],
        site: Site,
    ) {
        let place = self.place(site.span, None);
        let passed: Vec<Vec<Label>> =
            bound.iter().map(|value| value.as_ref().map(|value| self.deep(value).0).unwrap_or_default()).collect();
        for (name, field) in fields.iter().take(256) {
            // A field that is exactly a parameter takes the argument itself, with all that is known of it.
            let single = match (field.labels(), field.data()) {
                ([label], Some(data))
                    if data.refs.is_empty() && matches!(data.term.as_deref(), Some(Term::Name(_))) =>
                {
                    match self.origins.get(label.origin as usize).map(|origin| origin.key.clone()) {
                        Some(OriginKey::Param(function, index)) if function == init => {
                            bound.get(index as usize).cloned().flatten()
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            let value = match single {
                Some(value) => self.stepped(value, StepKind::Pass, place, name),
                None => {
                    let mut replace = |engine: &mut Self, label: Label| -> Vec<Label> {
                        match engine.origins.get(label.origin as usize).map(|origin| origin.key.clone()) {
                            Some(OriginKey::Param(function, index)) if function == init => passed
                                .get(index as usize)
                                .map(|labels| {
                                    let pass = engine.ways.step_all(labels, StepKind::Pass, place, &SmolStr::default());
                                    let trace = engine.ways.splice(pass.unwrap_or(0), label);
                                    labels.iter().map(|outer| Label { origin: outer.origin, trace }).collect()
                                })
                                .unwrap_or_default(),
                            _ => vec![label],
                        }
                    };
                    self.substitute(field, &mut replace, Some((init, bound)), 2)
                }
            };
            self.store_field(id, name, value);
        }
    }

    /// True if the function is a constructor.
    pub(crate) fn is_constructor(&self, key: Key) -> bool {
        self.modules
            .get(key.module as usize)
            .and_then(|module| module.function(FuncId(key.func)))
            .is_some_and(|function| function.name == self.dialect_of(key.module).constructor())
    }

    /// True if the origin is a parameter.
    pub(crate) fn is_param(&self, origin: u32) -> bool {
        self.origins.get(origin as usize).is_some_and(|origin| matches!(origin.key, OriginKey::Param(..)))
    }

    /// What a property's getter gives.
    pub(crate) fn property(&mut self, key: Key, receiver: Option<&Value>) -> Value {
        let span = self.attr_span;
        self.edge(key, span);
        self.summarize(key);
        let Some(summary) = self.summaries.get(&key).filter(|summary| summary.done).cloned() else {
            return Value::UNKNOWN;
        };
        self.note(summary.weighty, summary.effects);
        // What an instance holds tells what the property is.
        if self.dialect_of(key.module).receiver() == Receiver::Parameter
            && let Some(receiver) = receiver
            && (self.worth_inlining(key, &summary, &[Some(receiver.clone())], None, false)
                || (!summary.effects && self.is_member(receiver) && self.inlined < MOST_INLINED))
        {
            let module = self.module(self.here().module);
            let nowhere = sluice_syntax::ir::ExprId(u32::MAX);
            let site = Site { id: nowhere, callee: nowhere, span };
            return self.call_function(&module, key, Some(receiver.clone()), &super::call::Args::default(), site);
        }
        summary.result
    }
}
