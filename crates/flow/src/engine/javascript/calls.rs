//! How arguments meet the parameters of a model, and calls through `call`, `apply` and `bind`.

use std::rc::Rc;

use sluice_catalog::Model;
use sluice_syntax::ir::Module;
use smol_str::SmolStr;

use super::promises::is_function;
use crate::dialect::Receiver;
use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::model::Bound;
use crate::engine::value::{Ref, Value};

/// The method that stands for a function which was bound to its first arguments.
pub(crate) const BOUND: &str = "\u{1}bound";

/// The parameter that takes the settings of a call as an object.
const OPTIONS: &str = "options";

impl Engine<'_> {
    /// True if the value is an object display.
    fn is_mapping(&self, value: &Value) -> bool {
        value.object().and_then(|id| self.object(id)).is_some_and(|object| object.kind == ObjectKind::Dict)
    }

    /// Binds arguments to the parameters of a model.
    ///
    /// A function passes over parameters that may be absent to the next one that is called, an object in the first
    /// place over a first parameter that may be absent to the options. The fields of the options are what parameters
    /// by name are in other languages.
    pub(crate) fn bind_javascript(&mut self, model: &Model, receiver: Option<&Value>, args: &Args) -> Vec<Bound> {
        let roles = |name: &str| model.args.get(name).cloned().unwrap_or_default();
        let mut bound = Vec::new();
        let is_method = model.is_method();
        if let (true, Some(receiver)) = (is_method, receiver) {
            bound.push(Bound {
                name: SmolStr::new_static("self"),
                roles: roles("self"),
                value: receiver.clone(),
                expr: None,
            });
        }
        let params: Vec<_> =
            model.params.iter().skip(usize::from(is_method)).filter(|param| !param.named_only).collect();
        let mut next = 0;
        for (position, (value, expr)) in args.positional.iter().enumerate() {
            if is_function(value)
                && params.get(next).is_none_or(|param| !model.calls.contains_key(&param.name) && param.stars == 0)
                && let Some(at) = params.iter().skip(next).position(|param| model.calls.contains_key(&param.name))
                && params.iter().skip(next).take(at).all(|param| param.optional)
            {
                next += at;
            }
            if position == 0
                && self.is_mapping(value)
                && params.first().is_some_and(|param| param.optional && param.name != OPTIONS)
                && params.get(1).is_some_and(|param| param.name == OPTIONS)
            {
                next = 1;
            }
            let (name, roles) = match params.get(next) {
                Some(param) => (param.name.clone(), roles(&param.name)),
                None => (SmolStr::default(), Vec::new()),
            };
            if params.get(next).is_some_and(|param| param.stars == 0) {
                next += 1;
            }
            bound.push(Bound { name, roles, value: value.clone(), expr: *expr });
        }
        if let Some((rest, expr)) = &args.star {
            let all = model.args.iter().filter(|(name, _)| *name != "self").flat_map(|(_, roles)| roles.clone());
            bound.push(Bound {
                name: SmolStr::new_static("arguments"),
                roles: all.collect(),
                value: rest.clone(),
                expr: *expr,
            });
        }
        let options = bound.iter().find(|arg| arg.name == OPTIONS).map(|arg| (arg.value.clone(), arg.expr));
        if let Some((options, expr)) = options
            && let Some(id) = options.object()
        {
            for param in model.params.iter().filter(|param| param.named_only) {
                let field = self.object(id).and_then(|object| object.fields.get(&param.name)).cloned();
                if let Some(value) = field {
                    bound.push(Bound { name: param.name.clone(), roles: roles(&param.name), value, expr });
                }
            }
        }
        bound
    }

    /// The values that a callback of a model is called with, by position.
    pub(crate) fn callback_values(&mut self, sources: &[SmolStr], bound: &[Bound], result: &Value) -> Vec<Value> {
        let mut values = Vec::with_capacity(sources.len());
        for source in sources {
            let (name, kind) = match source.split_once(':') {
                Some((name, kind)) => (name, Some(kind)),
                None => (source.as_str(), None),
            };
            let mut value = match name {
                "_" => Value::UNKNOWN,
                "result" => {
                    let mut given = Value::UNKNOWN;
                    given.add_labels(result.labels());
                    given.add_tokens(result.tokens());
                    if let Some(term) = result.term() {
                        given.edit().term = Some(term);
                    }
                    given
                }
                name => {
                    let arg = bound.iter().find(|arg| arg.name == name.trim_start_matches('*'));
                    match arg.map(|arg| arg.value.clone()) {
                        Some(value) if kind.is_some() || value.object().is_none() => {
                            if kind.is_some() {
                                self.only_labels(&value)
                            } else {
                                // Of a library's list it is called with the items.
                                self.modelled_item(&value, None).unwrap_or(value)
                            }
                        }
                        Some(value) => self.element_of(&value),
                        None => Value::UNKNOWN,
                    }
                }
            };
            if let Some(kind) = kind.filter(|kind| *kind != "_") {
                value.add_ref(Ref::Instance(SmolStr::new(kind)));
            }
            values.push(value);
        }
        values
    }

    /// Calls a function with a receiver.
    pub(crate) fn call_with(
        &mut self,
        module: &Rc<Module>,
        function: &Value,
        this: &Value,
        args: Args,
        site: Site,
    ) -> Value {
        let mut function = function.clone();
        let plain = this.is_unknown()
            || this.known().is_some_and(|known| {
                matches!(known, sluice_syntax::ir::Const::None | sluice_syntax::ir::Const::Undefined)
            });
        if !plain {
            for reference in function.edit().refs.iter_mut() {
                match reference {
                    Ref::Function(key, _) => *reference = Ref::Function(*key, Some(this.clone())),
                    // `Array.prototype.slice.call(list)`
                    Ref::Symbol(symbol) if self.catalog.model(symbol).is_some_and(Model::is_method) => {
                        *reference = Ref::Method(symbol.clone(), this.clone());
                    }
                    Ref::Method(symbol, _) => *reference = Ref::Method(symbol.clone(), this.clone()),
                    _ => {}
                }
            }
        }
        self.call(module, &function, args, site)
    }

    /// `f.call(…)`, `f.apply(…)`, `f.bind(…)`. `None` for another method, or if the receiver is no function.
    pub(crate) fn called_through(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let callable = receiver
            .refs()
            .iter()
            .any(|reference| matches!(reference, Ref::Function(..) | Ref::Class(_) | Ref::Method(..) | Ref::Symbol(_)));
        if !callable {
            return None;
        }
        let this = args.positional.first().map(|(value, _)| value.clone()).unwrap_or_default();
        match name {
            "call" => {
                let rest = Args {
                    positional: args.positional.iter().skip(1).cloned().collect(),
                    star: args.star.clone(),
                    ..Args::default()
                };
                Some(self.call_with(module, receiver, &this, rest, site))
            }
            "apply" => {
                let list = args.positional.get(1).map(|(value, _)| value.clone());
                let inner = match list {
                    Some(list) => self.listed(&list),
                    None => Args::default(),
                };
                Some(self.call_with(module, receiver, &this, inner, site))
            }
            "bind" => {
                let mut value = receiver.clone();
                for reference in value.edit().refs.iter_mut() {
                    if let Ref::Function(key, _) = reference {
                        *reference = Ref::Function(*key, Some(this.clone()));
                    }
                }
                if args.positional.len() < 2 {
                    return Some(value);
                }
                // What it is called with later stands behind what it was bound to.
                let mut items = vec![receiver.clone()];
                items.extend(args.positional.iter().map(|(value, _)| value.clone()));
                let list = self.container(ObjectKind::List, items, true);
                let mut partial = Value::reference(Ref::Method(SmolStr::new_static(BOUND), list));
                for (arg, _) in args.positional.iter().skip(1) {
                    let (labels, tokens) = self.deep(arg);
                    partial.add_labels(&labels);
                    partial.add_tokens(&tokens);
                }
                Some(partial)
            }
            _ => None,
        }
    }

    /// A call of what `f.bind(this, …)` gave.
    pub(super) fn call_bound(&mut self, module: &Rc<Module>, list: &Value, args: &Args, site: Site) -> Option<Value> {
        let items = self.object(list.object()?)?.items.to_vec();
        let mut items = items.into_iter();
        let (function, this) = (items.next()?, items.next()?);
        let mut all = args.clone();
        all.positional = items.map(|value| (value, None)).chain(args.positional.iter().cloned()).collect();
        Some(self.call_with(module, &function, &this, all, site))
    }

    /// True if the first argument of a call can be written to as a stream.
    pub(crate) fn takes_a_stream(&self, args: &Args) -> bool {
        let writable = |reference: &Ref| match reference {
            Ref::Instance(kind) => {
                kind.contains('.') && self.catalog.model(&self.catalog.canonical(&format!("{kind}.write"))).is_some()
            }
            _ => false,
        };
        self.dialect.receiver() == Receiver::This
            && args.positional.first().is_some_and(|(value, _)| value.refs().iter().any(writable))
    }

    /// Functions handed to something unknown are called with what it may have.
    pub(crate) fn call_handed(&mut self, module: &Rc<Module>, receiver: &Value, args: &Args, site: Site) {
        let callbacks: Vec<Value> =
            args.positional.iter().map(|(value, _)| value.clone()).filter(is_function).collect();
        if callbacks.is_empty() {
            return;
        }
        let mut given = Value::UNKNOWN;
        let (labels, tokens) = self.of_receiver(receiver);
        given.add_labels(&labels);
        given.add_tokens(&tokens);
        for (value, _) in &args.positional {
            if !is_function(value) {
                let (labels, tokens) = self.deep(value);
                given.add_labels(&labels);
                given.add_tokens(&tokens);
            }
        }
        for callback in callbacks {
            if callback.refs().iter().any(|reference| matches!(reference, Ref::Function(..))) {
                self.call_back(module, &callback, &super::super::callbacks::Given::of(&[given.clone()]), site);
            }
        }
    }
}
