//! Functions that are handed to a library: what a model says it calls, and with what.

use std::rc::Rc;

use sluice_catalog::Model;
use sluice_syntax::ir::{ExprId, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::model::Bound;
use super::value::{Ref, Value};
use crate::dialect::Receiver;

/// The type that an entry of `calls` gives to the result (`result`, `*result`, `result:Type`), empty if it gives none.
/// `None` if it names no result.
fn result_type(source: &str) -> Option<&str> {
    let name = source.trim_start_matches('*');
    if name == "result" { Some("") } else { name.strip_prefix("result:") }
}

/// What a function is called with by a library, by position, by name, and beyond that.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) values: Vec<Value>,
    pub(crate) named: Vec<(SmolStr, Value)>,
    pub(crate) rest: Value,
}

impl Given {
    /// Only positional values.
    pub(crate) fn of(values: &[Value]) -> Self {
        Self { values: values.to_vec(), ..Self::default() }
    }
}

impl Engine<'_> {
    /// Calls what a model says the library calls.
    pub(crate) fn call_backs(
        &mut self,
        module: &Rc<Module>,
        model: &Model,
        bound: &[Bound],
        result: &mut Value,
        site: Site,
    ) {
        let with_this = self.dialect.receiver() == Receiver::This;
        // What is called with the result is called last: the result holds by then what the others gave.
        let wants = |sources: &[SmolStr]| sources.iter().any(|source| result_type(source).is_some());
        let (last, first): (Vec<_>, Vec<_>) = model.calls.iter().partition(|(_, sources)| wants(sources));
        for (target, sources) in first.into_iter().chain(last) {
            let callbacks = self.callbacks(target, bound, site);
            let mut given = Given::default();
            if with_this {
                given.values = self.callback_values(sources, bound, result);
            }
            for source in sources.iter().filter(|_| !with_this) {
                if let Some(kind) = result_type(source) {
                    let mut value = Value::UNKNOWN;
                    value.add_labels(result.labels());
                    value.add_tokens(result.tokens());
                    if !kind.is_empty() {
                        value.add_ref(Ref::Instance(SmolStr::new(kind)));
                    }
                    if source.starts_with('*') {
                        given.rest = value;
                        continue;
                    }
                    given.values.push(value);
                }
                if source == "_" {
                    given.values.push(Value::UNKNOWN);
                }
                self.give(model, source.trim_start_matches('*'), bound, &mut given);
            }
            for (callback, expr) in callbacks {
                // What a bound method stores is stored in the value that it was taken from (`retrbinary(…, buffer.write)`).
                let bound_method = !with_this && callback.refs().iter().any(|one| matches!(one, Ref::Method(..)));
                let callee = expr.filter(|_| bound_method).unwrap_or(site.callee);
                let given = self.call_back(module, &callback, &given, Site { callee, ..site });
                // What is waited for holds what the function gives (`submit(f).result()`).
                if !with_this && model.from.is_none() {
                    let (labels, tokens) = self.deep(&given);
                    if !labels.is_empty() {
                        result.add_labels(&labels);
                        result.add_tokens(&tokens);
                    }
                }
            }
        }
    }

    /// Adds the arguments that are bound to a parameter of a model. A mapping of names to values, and what a parameter
    /// with two stars takes, is given by name.
    fn give(&mut self, model: &Model, source: &str, bound: &[Bound], given: &mut Given) {
        if let Some(inner) = source.strip_suffix("[]") {
            return self.give_items(inner, bound, given);
        }
        let Some(param) = model.params.iter().find(|param| param.name == source) else {
            return self.give_positional(source, bound, given);
        };
        if param.stars == 2 {
            let own = |name: &SmolStr| model.params.iter().any(|param| param.name == *name && param.stars != 2);
            let more = bound.iter().filter(|arg| !arg.name.is_empty() && arg.name != "**" && !own(&arg.name));
            given.named.extend(more.map(|arg| (arg.name.clone(), arg.value.clone())));
            return;
        }
        if !matches!(source, "kwargs" | "kwds") {
            return self.give_positional(source, bound, given);
        }
        for arg in bound.iter().filter(|arg| arg.name == source) {
            let Some(object) = arg.value.object().and_then(|id| self.object(id)) else {
                if !arg.value.labels().is_empty() {
                    given.rest.add_labels(arg.value.labels());
                }
                continue;
            };
            let fields = object.fields.iter().filter(|(name, _)| !name.starts_with('\u{1}'));
            given.named.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
            if !object.complete {
                given.rest.add_labels(object.rest.labels());
            }
        }
    }

    /// Adds an item of each argument that is bound to a parameter (`iterable[]`); of an item that is several values, each
    /// of them (`iterable[][]`).
    fn give_items(&mut self, source: &str, bound: &[Bound], given: &mut Given) {
        /// Most known items that are joined; beyond, all are told as one.
        const MOST: usize = 64;
        let (name, spread) = source.strip_suffix("[]").map_or((source, false), |name| (name, true));
        let values: Vec<Value> = bound.iter().filter(|arg| arg.name == name).map(|arg| arg.value.clone()).collect();
        for value in values {
            let item = match self.elements(&value) {
                Some(items) if !items.is_empty() && items.len() <= MOST => {
                    items.into_iter().reduce(|all, item| all.join(&item)).unwrap_or_default()
                }
                _ => self.element_of(&value),
            };
            match self.elements(&item).filter(|_| spread) {
                Some(parts) => given.values.extend(parts),
                None => given.values.push(item),
            }
        }
    }

    fn give_positional(&mut self, source: &str, bound: &[Bound], given: &mut Given) {
        for arg in bound.iter().filter(|arg| arg.name == source) {
            match self.elements(&arg.value) {
                Some(items) if arg.value.object().is_some() => given.values.extend(items),
                _ => given.values.push(arg.value.clone()),
            }
        }
    }

    /// What a model calls: an argument, or a method of an argument (`destination.write`); with where it stands.
    fn callbacks(&mut self, target: &SmolStr, bound: &[Bound], site: Site) -> Vec<(Value, Option<ExprId>)> {
        let (name, method) = match target.split_once('.') {
            Some((name, method)) => (name, Some(SmolStr::new(method))),
            None => (target.as_str(), None),
        };
        let args: Vec<(Value, Option<ExprId>)> =
            bound.iter().filter(|arg| arg.name == name).map(|arg| (arg.value.clone(), arg.expr)).collect();
        match method {
            // The functions that an object holds, one level down for each star.
            Some(method) if method.starts_with('*') => {
                let levels = method.split('.').count();
                let held = args.iter().flat_map(|(value, _)| self.held_functions(value, levels));
                held.map(|function| (function, None)).collect()
            }
            Some(method) => args
                .iter()
                .map(|(value, _)| {
                    let mut found = self.attr(value, &method, site.span);
                    // What the library does by itself, its own models tell.
                    if self.dialect.receiver() == Receiver::Parameter && !found.refs().is_empty() {
                        found.edit().refs.retain(|reference| matches!(reference, Ref::Function(..)));
                    }
                    (found, None)
                })
                .collect(),
            None => args,
        }
    }

    /// Calls a function that was handed over.
    pub(crate) fn call_back(&mut self, module: &Rc<Module>, callback: &Value, given: &Given, site: Site) -> Value {
        let mut results = Value::UNKNOWN;
        let named = given.named.iter().map(|(name, value)| (name.clone(), value.clone(), None)).collect();
        let given_args = Args { named, ..Args::of(given.values.clone()) };
        for reference in callback.refs().to_vec() {
            let args = given_args.clone();
            let result = match reference {
                Ref::Function(key, receiver) => {
                    self.registered.entry(key).or_default();
                    let mut args = args;
                    // A callback that wants more than is known gets unknown values.
                    args.star = Some((given.rest.clone(), None));
                    if !given.rest.is_unknown() {
                        args.star_star = Some((given.rest.clone(), None));
                    }
                    self.call_function(module, key, receiver, &args, site)
                }
                Ref::Symbol(symbol) if symbol != "print" => self.call_symbol(module, &symbol, None, &args, site),
                Ref::Method(symbol, receiver) => self.call_symbol(module, &symbol, Some(&receiver), &args, site),
                // `Thread(target=Agent, args=(…,))`, and an instance that can be called.
                Ref::Class(_) | Ref::Object(_) if self.dialect.receiver() == Receiver::Parameter => {
                    self.call(module, &Value::reference(reference), args, site)
                }
                // A value whose type says what calling it does (`ctypes.cast(address, PROTOTYPE)`).
                Ref::Instance(kind) if self.catalog.model(&format!("{kind}.__call__")).is_some() => {
                    let symbol = SmolStr::new(format!("{kind}.__call__"));
                    self.call_symbol(module, &symbol, Some(callback), &args, site)
                }
                _ => continue,
            };
            results = if results.is_unknown() { result } else { results.join(&result) };
        }
        results
    }
}
