//! Calls: what is called, with which arguments, and what a function of the package makes of them.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Arg, ArgKind, Const, ExprId, ExprKind, FuncId, FunctionKind, Module, Span};
use smol_str::SmolStr;

use super::closures::CLOSURE;
use super::heap::{ObjectKind, field_name};
use super::value::{Key, Ref, Term, Value};
use super::{Engine, OriginKey};
use crate::dialect::Receiver;
use crate::facts::StepKind;

/// Most constants that `*items` gives as arguments.
const MOST_CONSTANTS: usize = 100_000;

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    /// By position, with their expressions.
    pub positional: Vec<(Value, Option<ExprId>)>,
    /// By name.
    pub named: Vec<(SmolStr, Value, Option<ExprId>)>,
    /// What `*items` may give beyond the known ones.
    pub star: Option<(Value, Option<ExprId>)>,
    /// What `**mapping` may give beyond the known ones.
    pub star_star: Option<(Value, Option<ExprId>)>,
}

impl Args {
    /// Only positional values without places.
    pub(crate) fn of(values: Vec<Value>) -> Self {
        Self { positional: values.into_iter().map(|value| (value, None)).collect(), ..Self::default() }
    }

    /// All values.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.positional
            .iter()
            .map(|(value, _)| value)
            .chain(self.named.iter().map(|(_, value, _)| value))
            .chain(self.star.iter().map(|(value, _)| value))
            .chain(self.star_star.iter().map(|(value, _)| value))
    }

    /// The value at a position or under a name.
    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional
            .get(position)
            .map(|(value, _)| value)
            .or_else(|| self.named.iter().find(|(known, _, _)| known == name).map(|(_, value, _)| value))
    }
}

/// The site of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// The call.
    pub id: ExprId,
    /// What is called.
    pub callee: ExprId,
    /// The whole call.
    pub span: Span,
}

/// True if a function may be run for its result: nothing in it is told, and its result is not known already.
fn this_is_pure(summary: &super::Summary) -> bool {
    !summary.weighty && summary.result.known().is_none()
}

/// `super().method`
fn is_super(module: &Module, callee: ExprId) -> bool {
    let Some(ExprKind::Attr { base, .. }) = module.expr(callee).map(|expr| &expr.kind) else { return false };
    let Some(ExprKind::Call { callee, .. }) = module.expr(*base).map(|expr| &expr.kind) else { return false };
    matches!(module.expr(*callee).map(|expr| &expr.kind), Some(ExprKind::Free(name)) if name == "super")
}

impl Engine<'_> {
    /// `callee(args)`
    pub(crate) fn eval_call(
        &mut self,
        module: &Rc<Module>,
        id: ExprId,
        callee: ExprId,
        args: &[Arg],
        new: bool,
        span: Span,
    ) -> Value {
        let function = self.eval(module, callee);
        let site = Site { id, callee, span };
        let args = self.eval_args(module, args);
        if (args.star.is_some() || args.star_star.is_some()) && !is_super(module, callee) {
            self.passes_on(&args);
        }
        self.constructing = new;
        self.call(module, &function, args, site)
    }

    pub(crate) fn eval_args(&mut self, module: &Rc<Module>, args: &[Arg]) -> Args {
        let mut all = Args::default();
        for arg in args {
            let value = self.eval(module, arg.value);
            match &arg.kind {
                ArgKind::Positional if all.star.is_none() => all.positional.push((value, Some(arg.value))),
                ArgKind::Positional => {
                    if let Some((star, _)) = &mut all.star {
                        *star = star.join(&value);
                    }
                }
                ArgKind::Named(name) => all.named.push((name.clone(), value, Some(arg.value))),
                ArgKind::Star => match self.elements(&value) {
                    // Many arguments are followed only as numbers and texts, of which nothing is made but a value.
                    Some(items)
                        if all.star.is_none()
                            && (items.len() < 64
                                || items.len() < MOST_CONSTANTS
                                    && self.budget.step(items.len()).is_some()
                                    && items.iter().all(|item| item.known().is_some())) =>
                    {
                        all.positional.extend(items.into_iter().map(|item| (item, Some(arg.value))));
                        if !value.labels().is_empty() {
                            all.star = Some((self.only_labels(&value), Some(arg.value)));
                        }
                    }
                    _ => {
                        let element = self.element_of(&value);
                        all.star = Some((element, Some(arg.value)));
                    }
                },
                ArgKind::StarStar => {
                    let object = value.object().and_then(|id| self.object(id)).cloned();
                    match object {
                        Some(object) => {
                            for (name, field) in object.fields.iter() {
                                if !name.starts_with('\u{1}') {
                                    all.named.push((name.clone(), field.clone(), Some(arg.value)));
                                }
                            }
                            // `**message.get("args", {})` is more than the default that is known.
                            if !object.complete || !value.labels().is_empty() {
                                let mut rest = object.rest;
                                rest.add_labels(value.labels());
                                all.star_star = Some((rest, Some(arg.value)));
                            }
                        }
                        None => {
                            let rest = self.only_labels(&value);
                            all.star_star = Some((rest, Some(arg.value)));
                        }
                    }
                }
            }
        }
        all
    }

    /// Calls whatever a value refers to.
    pub(crate) fn call(&mut self, module: &Rc<Module>, function: &Value, args: Args, site: Site) -> Value {
        let constructing = std::mem::take(&mut self.constructing);
        if self.inlined > 0 {
            self.inline_steps = self.inline_steps.saturating_sub(1);
        }
        for label in function.labels() {
            if let Some(OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| &origin.key)
            {
                let (key, index) = (*key, *index);
                self.summaries.entry(key).or_default().telling.insert(index);
                // What a method stored is called by another one.
                if Some(key) != self.frames.last().map(|frame| frame.key)
                    && (self.dialect.receiver() == Receiver::Parameter || self.is_constructor(key))
                    && let Some(frame) = self.frames.last_mut()
                {
                    frame.asks = true;
                }
            }
        }
        // A method that calls something of its receiver which only instances have (`this.tool.run()`).
        if self.dialect.receiver() == Receiver::This
            && self.asks_receiver(module, site, function)
            && let Some(frame) = self.frames.last_mut()
        {
            frame.asks = true;
        }
        if self.dialect.receiver() == Receiver::This
            && self.names_several_methods(module, site.callee)
            && let Some(frame) = self.frames.last_mut()
        {
            frame.dispatches = true;
        }
        self.command_classes(&args, site);
        let mut result: Option<Value> = None;
        let mut refs = function.refs().to_vec();
        // A function that puts another in its own place is called first.
        if refs.len() > 1
            && self.dialect.receiver() == Receiver::This
            && let Some(Ref::Function(outer, _)) = refs.first().cloned()
        {
            refs.retain(
                |other| !matches!(other, Ref::Function(inner, _) if *inner != outer && self.replaces(*inner, outer)),
            );
        }
        // A function together with the variables that it closes over tells more than the function.
        if refs.len() > 1 && refs.iter().any(|one| matches!(one, Ref::Method(name, _) if name == CLOSURE)) {
            let all = refs.clone();
            refs.retain(|one| !matches!(one, Ref::Function(function, _) if self.closes(&all, *function)));
        }
        let single = refs.len() == 1;
        // Of a copy of a library (see `or_modelled`) the catalog tells the result; the copy's own code runs too.
        let copy = self.is_copy(&refs);
        for reference in refs {
            let value = match reference {
                Ref::Symbol(symbol) => Some(self.call_symbol(module, &symbol, None, &args, site)),
                Ref::Method(symbol, receiver) => Some(self.call_symbol(module, &symbol, Some(&receiver), &args, site)),
                Ref::Function(key, _) if constructing => Some(self.instantiate(module, key, &args, site)),
                Ref::Function(key, receiver) => Some(self.call_function(module, key, receiver, &args, site)),
                Ref::Class(key) => Some(self.instantiate(module, key, &args, site)),
                // `answer.text()` where the library has an attribute: other releases, and other libraries, have a call.
                Ref::Instance(kind) if matches!(kind.as_str(), "str" | "bytes" | "String" | "Buffer") => {
                    Some(function.clone())
                }
                Ref::Instance(kind) => {
                    let member = self.canonical(&format!("{kind}.__call__"));
                    (single || self.catalog.model(&member).is_some())
                        .then(|| self.call_symbol(module, &member, Some(function), &args, site))
                }
                Ref::Object(id) => match self.object(id).map(|object| object.kind) {
                    Some(ObjectKind::Instance(class)) => {
                        let method = self.class_attr(class, &SmolStr::new_static("__call__"), Some(function), true);
                        method
                            .filter(|method| !method.refs().is_empty())
                            .map(|method| self.call(module, &method, args.clone(), site))
                    }
                    Some(ObjectKind::Opaque) => self.trapped_call(module, id, function, &args, site),
                    _ => None,
                },
                Ref::Unresolved(name, receiver) => Some(self.call_unresolved(module, &name, &receiver, &args, site)),
                Ref::Module(_) | Ref::Super(..) => None,
            };
            if let Some(value) = value {
                result = Some(match result {
                    Some(before) if copy => before,
                    Some(before) => before.join(&value),
                    None => value,
                });
            }
        }
        match result {
            Some(value) => value,
            None => {
                let run = self.dialect.receiver() == Receiver::This;
                let found = run.then(|| self.run_variable(module, site.callee, &args)).flatten();
                found.unwrap_or_else(|| self.call_unknown(module, function, &args, site))
            }
        }
    }

    /// True if what is called was looked for, in vain, in what stands for any receiver of this function.
    fn asks_receiver(&self, module: &Module, site: Site, function: &Value) -> bool {
        /// Longest chain of members that is gone back.
        const LONGEST: u32 = 6;
        // A name that the global object may have, for a function that is called without a receiver, is not found.
        let found = |reference: &Ref| !matches!(reference, Ref::Unresolved(..) | Ref::Symbol(_));
        if !self.frames.last().is_some_and(|frame| frame.generic) || function.refs().iter().any(found) {
            return false;
        }
        let mut at = site.callee;
        for _ in 0..LONGEST {
            match module.expr(at).map(|expr| &expr.kind) {
                Some(ExprKind::Attr { base, .. } | ExprKind::Index { base, .. }) => at = *base,
                Some(ExprKind::This) => return true,
                _ => return false,
            }
        }
        false
    }

    /// A call of which nothing is known: what goes in may come out.
    pub(crate) fn call_unknown(&mut self, module: &Rc<Module>, function: &Value, args: &Args, site: Site) -> Value {
        self.unknown_calls += 1;
        self.hand_over(args.all().chain([function]));
        let written = self.written(module, site.callee);
        let mut value = Value::UNKNOWN;
        let all: Vec<Value> = args.all().cloned().collect();
        self.inherit(&mut value, &all.iter().collect::<Vec<_>>(), None);
        let (labels, tokens) = self.of_receiver(function);
        value.add_labels(&labels);
        value.add_tokens(&tokens);
        self.escape(module, args, site);
        let value = self.through(value, module, site, &written);
        if !value.labels().is_empty() {
            let place = self.place(site.span, None);
            self.unknown_sites.insert(place);
        }
        self.named_result(value, module, site, args)
    }

    /// Functions handed to something unknown may be called by it.
    pub(crate) fn escape(&mut self, _module: &Rc<Module>, args: &Args, site: Site) {
        let escaped: Vec<Key> = args.all().flat_map(|value| self.functions_of(value)).collect();
        for key in escaped {
            self.edge(key, site.span);
        }
    }

    /// The functions of the package that a value is, those bound to their first arguments included.
    pub(crate) fn functions_of(&self, value: &Value) -> Vec<Key> {
        let mut found = Vec::new();
        for reference in value.refs() {
            match reference {
                Ref::Function(key, _) => found.push(*key),
                Ref::Method(name, list) if name == super::javascript::BOUND => {
                    let items = list.object().and_then(|id| self.object(id)).map(|list| &list.items);
                    let function = items.and_then(|items| items.first());
                    found.extend(function.map(Value::refs).unwrap_or_default().iter().filter_map(
                        |inner| match inner {
                            Ref::Function(key, _) => Some(*key),
                            _ => None,
                        },
                    ));
                }
                _ => {}
            }
        }
        found
    }

    /// A call inside the package.
    pub(crate) fn edge(&mut self, callee: Key, span: Span) {
        let caller = self.here();
        let main = self
            .frames
            .last()
            .is_some_and(|frame| frame.guards.iter().any(|guard| guard.kind == "main" && guard.holds));
        if !main {
            self.main_calls.remove(&(caller, callee));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.order += 1;
            let order = frame.order;
            self.call_orders.entry((caller, callee)).or_insert(order);
        }
        if !self.calls.contains_key(&(caller, callee)) {
            if main {
                self.main_calls.insert((caller, callee));
            }
            let place = self.place(span, None);
            self.add_call(caller, callee, place);
        }
    }

    /// Remembers that one function calls another, and where it does so first.
    pub(crate) fn add_call(&mut self, caller: Key, callee: Key, place: crate::facts::EvidenceId) {
        self.calls.entry((caller, callee)).or_insert(place);
        self.called.insert(callee);
    }

    /// The callee as written, at most 80 bytes.
    pub(crate) fn written(&self, module: &Module, callee: ExprId) -> SmolStr {
        let text = module.expr(callee).map_or("", |expr| module.slice(expr.span));
        if text.len() <= 80 && !text.contains('\n') {
            return SmolStr::new(text);
        }
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        SmolStr::new(crate::facts::clip(&flat, 80))
    }

    /// A step through a call for every label.
    pub(crate) fn through(&mut self, value: Value, _module: &Module, site: Site, written: &SmolStr) -> Value {
        if value.labels().is_empty() {
            return value;
        }
        let place = self.place(site.span, Some(written));
        self.stepped(value, StepKind::Through, place, written)
    }

    /// The result's identity and words, if it has none.
    pub(crate) fn named_result(&mut self, mut value: Value, module: &Module, site: Site, args: &Args) -> Value {
        if value.tokens().is_empty() {
            let token = self.site_token(site.id);
            value.add_tokens(&[token]);
        }
        if value.term().is_none() && value.object().is_none() {
            let written = self.written(module, site.callee);
            let inner = args.positional.first().and_then(|(value, _)| value.term());
            let term = match inner {
                Some(inner) if args.positional.len() == 1 && args.named.is_empty() => {
                    Term::through(&format!("{written}()"), &inner)
                }
                _ => Rc::new(Term::Name(SmolStr::new(format!("{written}()")))),
            };
            value.edit().term = Some(term);
        }
        value
    }

    pub(crate) fn call_unresolved(
        &mut self,
        module: &Rc<Module>,
        name: &SmolStr,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Value {
        if let Some(value) = self.known_method(receiver, name, args) {
            return value;
        }
        if self.dialect.receiver() == Receiver::Parameter
            && !receiver.is_unknown()
            && let Some(value) = self.operator_called(name, Some(receiver), args, site)
        {
            return value;
        }
        if self.dialect.receiver() == Receiver::This {
            let found = self.called_through(module, name, receiver, args, site);
            let found = found.or_else(|| self.promised(module, receiver, name, args, site));
            let found = found.or_else(|| self.dialect.special(self, module, name, Some(receiver), args, site));
            if let Some(value) = found {
                return value;
            }
        }
        let names = self.dialect.containers();
        let kind = match receiver.known() {
            Some(Const::Str(_)) => Some(names.text),
            Some(Const::Bytes(_)) => Some(names.bytes),
            Some(Const::Int(_)) => Some(names.number),
            _ => None,
        };
        let kind = kind.or_else(|| {
            // A value made of text is a text.
            matches!(receiver.term().as_deref(), Some(Term::Join(_) | Term::Text(_)))
                .then_some(names.text)
                .or_else(|| self.dialect.text_method(name))
        });
        if let Some(kind) = kind {
            let member = SmolStr::new(format!("{kind}.{name}"));
            if self.catalog.model(&member).is_some() {
                return self.call_symbol(module, &member, Some(receiver), args, site);
            }
        }
        self.hand_over(args.all());
        if name == "pipe" && self.takes_a_stream(args) {
            // Where it is written tells what it is: something that can be read.
            return self.call_symbol(module, &SmolStr::new_static("stream.Readable.pipe"), Some(receiver), args, site);
        }
        if self.presume(module, name, receiver, args, site) {
            let mut value = Value::UNKNOWN;
            let all: Vec<Value> = args.all().cloned().collect();
            self.inherit(&mut value, &all.iter().collect::<Vec<_>>(), None);
            return self.named_result(value, module, site, args);
        }
        self.stores_by_name(module, name, receiver, args, site);
        if self.dialect.receiver() == Receiver::This {
            self.call_handed(module, receiver, args, site);
        }
        self.call_unknown(module, receiver, args, site)
    }

    /// A method that is named for storing: what goes in stays in the receiver.
    pub(crate) fn stores_by_name(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) {
        const STORES: &[&str] =
            &["append", "extend", "add", "update", "insert", "write", "put", "push", "setdefault", "attach", "set_"];
        if args.positional.is_empty() || !STORES.iter().any(|prefix| name.starts_with(prefix)) {
            return;
        }
        let Some(ExprKind::Attr { base, .. }) = module.expr(site.callee).map(|expr| &expr.kind) else { return };
        let base = *base;
        let id = match receiver.object() {
            Some(id) => id,
            None => self.opaque(module, receiver, base),
        };
        let place = self.place(site.span, None);
        let written = self.written(module, site.callee);
        for value in args.all().cloned().collect::<Vec<_>>() {
            // Labels inside a container take the step too, so the container's own identity is left behind.
            let value = if value.object().is_some() { self.only_labels(&value) } else { value };
            let value = self.stepped(value, StepKind::Store, place, &written);
            self.store_any(id, &value);
        }
    }

    /// A pure method of a known receiver with known arguments.
    pub(crate) fn known_method(&mut self, receiver: &Value, name: &str, args: &Args) -> Option<Value> {
        if args.star.is_some() || args.star_star.is_some() {
            return None;
        }
        let concrete = self.concrete(receiver, 4)?;
        let positional: Option<Vec<_>> = args.positional.iter().map(|(value, _)| self.concrete(value, 4)).collect();
        let named: Option<Vec<_>> =
            args.named.iter().map(|(name, value, _)| Some((name.clone(), self.concrete(value, 4)?))).collect();
        let outcome = self.dialect.method(&concrete, name, &positional?, &named?, &mut self.budget)?;
        let mut value = self.abstracted(&outcome.value);
        let mut from: Vec<&Value> = args.all().collect();
        from.push(receiver);
        self.inherit(&mut value, &from, outcome.coding);
        Some(value)
    }

    /// A pure function of a library with known arguments.
    pub(crate) fn known_function(&mut self, symbol: &str, args: &Args) -> Option<Value> {
        if args.star.is_some() || args.star_star.is_some() || !self.dialect.is_pure(symbol) {
            return None;
        }
        let positional: Option<Vec<_>> = args.positional.iter().map(|(value, _)| self.concrete(value, 4)).collect();
        let named: Option<Vec<_>> =
            args.named.iter().map(|(name, value, _)| Some((name.clone(), self.concrete(value, 4)?))).collect();
        let Some(positional) = positional else { return self.decoded_either(symbol, args) };
        let outcome = self.dialect.function(symbol, &positional, &named?, &mut self.budget)?;
        let mut value = self.abstracted(&outcome.value);
        let from: Vec<&Value> = args.all().collect();
        self.inherit(&mut value, &from, outcome.coding);
        Some(value)
    }

    /// What a decoder makes of a text that is one of several, as far as these are known: one of several again.
    fn decoded_either(&mut self, symbol: &str, args: &Args) -> Option<Value> {
        let [(value, _)] = args.positional.as_slice() else { return None };
        if !args.named.is_empty() || value.object().is_some() {
            return None;
        }
        let mut term: Option<Rc<Term>> = None;
        let mut coding = None;
        for text in value.term()?.constants() {
            let text = crate::evaluate::Concrete::text(&text);
            let Some(outcome) = self.dialect.function(symbol, &[text], &[], &mut self.budget) else { continue };
            let known = self.abstracted(&outcome.value);
            let decoded = match known.known() {
                Some(Const::Str(text)) => Arc::clone(text),
                Some(Const::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                    Ok(text) => Arc::from(text),
                    Err(_) => continue,
                },
                _ => continue,
            };
            coding = coding.or(outcome.coding);
            let one = Rc::new(Term::Text(decoded));
            term = Some(match term {
                Some(before) => Term::either(&before, &one),
                None => one,
            });
        }
        let (term, coding) = (term?, coding?);
        let mut result = Value::UNKNOWN;
        self.inherit(&mut result, &[value], Some(coding));
        result.edit().term = Some(term);
        Some(result)
    }

    /// A call of a function of the package.
    pub(crate) fn call_function(
        &mut self,
        module: &Rc<Module>,
        key: Key,
        receiver: Option<Value>,
        args: &Args,
        site: Site,
    ) -> Value {
        self.edge(key, site.span);
        self.summarize(key);
        let this = receiver.clone().filter(|_| self.dialect_of(key.module).receiver() == Receiver::This);
        let around = if this.is_none() { self.lexical_this(key) } else { None };
        let mut bound = self.bind_args(key, receiver, args);
        let target = self.module(key.module);
        let Some(function) = target.function(FuncId(key.func)) else { return Value::UNKNOWN };
        let name = function.name.clone();
        let place = self.place(site.span, Some(&name));
        let Some(summary) = self.summaries.get(&key).cloned() else {
            return self.call_unknown(module, &Value::UNKNOWN, args, site);
        };
        self.note(summary.weighty, summary.effects);
        self.pass_dispatch(&summary, this.as_ref().or(around.as_ref()));
        self.pass_copied(&summary, &bound);
        if this_is_pure(&summary)
            && self.dialect_of(key.module).receiver() == Receiver::This
            && let Some(value) = self.run_decoder(key, args)
        {
            return value;
        }
        if !summary.done {
            // Recursion: what goes in may come out, and reaches what the function turns out to reach.
            for (index, value) in bound.iter().enumerate() {
                let labels = value.as_ref().map(|value| self.deep(value).0).unwrap_or_default();
                let sources: Vec<_> = labels.into_iter().filter(|label| !self.is_param(label.origin)).collect();
                let Some(trace) = self.ways.step_all(&sources, StepKind::Pass, place, &name) else { continue };
                let number = u32::try_from(index).unwrap_or(u32::MAX);
                for label in sources {
                    self.applied.entry((key, number, label.origin)).or_insert(trace);
                }
            }
            let mut value = Value::UNKNOWN;
            let all: Vec<&Value> = args.all().collect();
            self.inherit(&mut value, &all, None);
            self.hand_over(bound.iter().flatten());
            return value;
        }
        self.pass_listed(&target, key, &bound, place, &name);
        let listed = summary.lists && self.worth_listing(&summary, args);
        if self.worth_inlining(key, &summary, &bound, this.as_ref(), listed)
            || (self.steps_are_left(&summary) && self.is_dispatched(key, &summary, around.as_ref()))
        {
            if let Some(summary) = self.summaries.get_mut(&key) {
                summary.contexts += 1;
            }
            if self.inline_steps == 0 {
                self.late_contexts += 1;
            }
            self.inlined += 1;
            let values = bound
                .iter()
                .map(|value| {
                    let value = value.clone().unwrap_or_default();
                    self.stepped(value, StepKind::Pass, place, &name)
                })
                .collect();
            let all = (this.is_some() || self.dialect_of(key.module).receiver() == Receiver::This).then(|| {
                let items = args.positional.iter().map(|(value, _)| value.clone()).collect();
                self.container(ObjectKind::List, items, args.star.is_none())
            });
            let this = match (this, &all) {
                (None, Some(_)) => around.or_else(|| self.generic_this(key, 0)),
                (this, _) => this,
            };
            let result =
                self.interpret(&target, key, values, Some((place, name.clone())), this.map(|this| (this, all)));
            self.inlined -= 1;
            // What it keeps is perhaps read by a function whose summary stands already.
            let keeps = (0..).zip(&bound).any(|(index, value)| {
                summary.kept.contains(index) && value.as_ref().is_some_and(|value| self.sources(value) > 0)
            });
            if keeps && !summary.flows.is_empty() {
                self.apply_summary(key, &summary, &bound, place, &name);
            }
            return self.stepped(result, StepKind::Return, place, &name);
        }
        if !self.steps_are_left(&summary) && self.would_tell(key, &summary, &bound, this.as_ref(), listed) {
            self.gives_up();
        }
        self.read_passed(module, &summary, &mut bound, site);
        self.share_passed(&target, key, &bound, place, &name);
        let result = self.apply_summary(key, &summary, &bound, place, &name);
        self.hand_over(bound.iter().flatten());
        result
    }

    /// A new instance of a class of the package.
    pub(crate) fn instantiate(&mut self, module: &Rc<Module>, class: Key, args: &Args, site: Site) -> Value {
        self.edge(class, site.span);
        let id = self.allocate(ObjectKind::Instance(class), Vec::new(), false);
        let token = self.site_token(site.id);
        let mut value = Value::reference(Ref::Object(id));
        value.add_tokens(&[token]);
        let constructor = SmolStr::new_static(self.dialect_of(class.module).constructor());
        let init = match self.module(class.module).function(FuncId(class.func)).map(|function| function.kind) {
            Some(FunctionKind::Class) | None => self.class_attr(class, &constructor, Some(&value), true),
            // A function that `new` calls makes the instance itself.
            Some(_) => Some(Value::reference(Ref::Function(class, Some(value.clone())))),
        };
        let mut library = false;
        if let Some(init) = init {
            for reference in init.refs().to_vec() {
                match reference {
                    Ref::Function(key, _) => {
                        // The summary fills the object that stands for any instance; its fields, with this call's
                        // arguments in place of the parameters, are this instance's.
                        self.summarize(key);
                        let generic = self.generic_self(class);
                        let bound = self.bind_args(key, Some(value.clone()), args);
                        let before = self.object(generic).map(|object| object.fields.clone()).unwrap_or_default();
                        let inlined = self
                            .summaries
                            .get(&key)
                            .cloned()
                            .is_some_and(|summary| self.fresh_instance(key, &summary, &bound, &value));
                        let made = self.call_function(module, key, Some(value.clone()), args, site);
                        if key == class {
                            // What the function returns takes the place of the instance, if it is an object.
                            made.refs().iter().for_each(|reference| value.add_ref(reference.clone()));
                        }
                        if !inlined {
                            self.fill_from_summary(key, id, before, &bound, site);
                        }
                    }
                    Ref::Method(..) | Ref::Symbol(_) => library = true,
                    _ => {}
                }
            }
        } else {
            library = !self.classes.get(&class).is_none_or(Vec::is_empty);
        }
        if self.dialect_of(class.module).receiver() == Receiver::Parameter && !self.has_constructor(class) {
            if let Some(record) = self.record_of(class) {
                self.fill_record(module, record, &value, args, site);
            } else {
                self.hook(module, &value, "__new__", args.all().cloned().collect(), site.span);
            }
        }
        let raises = self.dialect_of(class.module).receiver() == Receiver::Parameter
            && !args.positional.is_empty()
            && self.is_raised(class);
        if raises && !self.has_constructor(class) {
            let items = args.positional.iter().map(|(value, _)| value.clone()).collect();
            let all = self.container(ObjectKind::Tuple, items, args.star.is_none());
            self.store_field(id, &SmolStr::new_static("args"), all);
        }
        if library {
            // The constructor is a library's: what goes in is in the instance.
            for value in args.all().cloned().collect::<Vec<_>>() {
                self.store_any(id, &value);
            }
        }
        // A text of a class of its own is that text.
        let of_text =
            self.classes.get(&class).into_iter().flatten().flat_map(Value::refs).find_map(|base| match base {
                Ref::Symbol(symbol) if matches!(symbol.as_str(), "str" | "bytes") => Some(symbol.clone()),
                _ => None,
            });
        if let Some(base) = of_text.filter(|_| self.dialect_of(class.module).receiver() == Receiver::Parameter)
            && self.raw_member(class, "__new__").is_none()
        {
            let made = self.call_symbol(module, &base, None, args, site);
            if made.known_text().is_some() {
                let instance = std::mem::replace(&mut value, made);
                instance.refs().iter().for_each(|reference| value.add_ref(reference.clone()));
                value.add_tokens(instance.tokens());
            }
        }
        // An instance of a metaclass is a class.
        if let [_, (bases, _), (members, _)] = args.positional.as_slice()
            && self.external_base(class).is_some_and(|base| base == "type")
            && let Some(made) = self.made_class(bases, Some(members))
        {
            made.refs().iter().for_each(|reference| value.add_ref(reference.clone()));
        }
        // An instance of a subclass of a library's type is an instance of that type too.
        for base in self.classes.get(&class).cloned().unwrap_or_default() {
            for reference in base.refs() {
                if let Ref::Symbol(symbol) = reference {
                    value.add_ref(Ref::Instance(symbol.clone()));
                }
            }
        }
        value
    }

    /// A constant key's field name.
    pub(crate) fn key_name(value: &Value) -> Option<SmolStr> {
        value.known().and_then(field_name)
    }
}
