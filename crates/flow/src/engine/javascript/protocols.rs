//! What the language does without a word: setters, conversions, iterators, traps of proxies, and listeners of events.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, FuncId, Member, Module, Span};
use smol_str::SmolStr;

use crate::dialect::Receiver;
use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{Key, Ref, Value};

/// The field that holds the handler of a proxy.
pub(super) const HANDLER: &str = "\u{1}handler";
/// The field in which a method stands whose key is the symbol of iterators.
const ITERATOR: &str = "\u{1}Symbol.iterator";
/// Most names of events, and most listeners and arguments of one, that are remembered.
const MOST_EVENTS: usize = 256;
const MOST_LISTENERS: usize = 16;

/// Events that streams, servers and processes have: another object's are told apart by the object.
const COMMON: &[&str] = &[
    "abort",
    "close",
    "connect",
    "connection",
    "data",
    "drain",
    "end",
    "error",
    "exit",
    "finish",
    "listening",
    "message",
    "open",
    "pause",
    "readable",
    "request",
    "response",
    "resume",
    "timeout",
    "upgrade",
];

/// What is known of the events of one name.
#[derive(Debug, Default)]
pub(super) struct Happening {
    /// Listeners, with the identities of what they listen to.
    listeners: Vec<(Value, Vec<u64>)>,
    /// What was handed over, with the identities of what emitted it.
    emitted: Vec<(Vec<Value>, Vec<u64>)>,
}

/// A call that stands nowhere.
fn nowhere(span: Span) -> Site {
    let id = ExprId(u32::MAX);
    Site { id, callee: id, span }
}

impl Engine<'_> {
    fn member_of(&self, key: Key) -> Member {
        self.modules
            .get(key.module as usize)
            .and_then(|module| module.function(FuncId(key.func)))
            .map_or(Member::Plain, |function| function.member)
    }

    /// True if the value is a getter or a setter.
    pub(crate) fn is_accessor(&self, value: &Value) -> bool {
        value.refs().iter().any(|reference| {
            matches!(reference, Ref::Function(key, _) if matches!(self.member_of(*key), Member::Getter | Member::Setter))
        })
    }

    /// The getter among what a property holds.
    pub(crate) fn getter_of(&self, value: &Value) -> Option<Key> {
        value.refs().iter().find_map(|reference| match reference {
            Ref::Function(key, _) if self.is_getter(*key) => Some(*key),
            _ => None,
        })
    }

    /// Assigning a property whose object has a setter for it calls that. True if it was one.
    pub(crate) fn assigned_by_setter(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &SmolStr,
        value: &Value,
        span: Span,
    ) -> bool {
        let Some(id) = object.object() else { return false };
        let Some(found) = self.object(id) else { return false };
        if let Some(handler) = found.fields.get(HANDLER).cloned() {
            let target = self.without_proxy(object, id);
            let args = vec![target, Value::text(name), value.clone(), object.clone()];
            return self.trap(module, &handler, "set", args, span).is_some();
        }
        let held = match (found.fields.get(name), found.kind) {
            (Some(field), _) => Some(field.clone()),
            (None, ObjectKind::Instance(class)) => {
                // The front end keeps the two under names of their own.
                self.slot_named(class, &format!("set {name}"))
                    .and_then(|slot| self.shared.get(&(class.module, slot)).cloned())
            }
            _ => None,
        };
        let setter = held.as_ref().and_then(|held| {
            held.refs().iter().find_map(|reference| match reference {
                Ref::Function(key, _) if self.member_of(*key) == Member::Setter => Some(*key),
                _ => None,
            })
        });
        let Some(setter) = setter else { return false };
        let function = Value::reference(Ref::Function(setter, Some(object.clone())));
        self.call(module, &function, Args::of(vec![value.clone()]), nowhere(span));
        true
    }

    /// True if the value is what a page keeps between its visits.
    pub(super) fn is_storage(&self, value: Option<&Value>) -> bool {
        let is_kept = |reference: &Ref| matches!(reference, Ref::Instance(kind) if kind == "Storage");
        value.is_some_and(|value| value.refs().iter().any(is_kept))
    }

    /// The name under which an object keeps what has one of the language's symbols as its key.
    pub(crate) fn symbol_field(&self, key: &Value) -> Option<SmolStr> {
        key.refs().iter().find_map(|reference| match reference {
            Ref::Symbol(symbol) if symbol.starts_with("Symbol.") => Some(SmolStr::new(format!("\u{1}{symbol}"))),
            _ => None,
        })
    }

    /// A method of an object or instance of the package, by the first of the names that it has.
    fn own_method(&mut self, value: &Value, names: &[&'static str]) -> Option<Value> {
        let id = value.object()?;
        let found = self.object(id)?;
        let class = match found.kind {
            ObjectKind::Instance(class) => Some(class),
            ObjectKind::Dict | ObjectKind::Opaque => None,
            _ => return None,
        };
        for name in names {
            let field = self.object(id).and_then(|found| found.fields.get(name)).cloned();
            let method = match (field, class) {
                (Some(field), _) => Some(field),
                (None, Some(class)) => self.class_attr(class, &SmolStr::new_static(name), Some(value), true),
                (None, None) => None,
            };
            let key = method.as_ref().and_then(|method| {
                method.refs().iter().find_map(|reference| match reference {
                    Ref::Function(key, _) => Some(*key),
                    _ => None,
                })
            });
            if let Some(key) = key {
                return Some(Value::reference(Ref::Function(key, Some(value.clone()))));
            }
        }
        None
    }

    /// What an object is as a text or a primitive value, if it says so itself.
    pub(crate) fn converted(&mut self, module: &Rc<Module>, value: &Value, span: Span) -> Option<Value> {
        if self.dialect.receiver() != Receiver::This || value.object().is_none() {
            return None;
        }
        let method = self.own_method(value, &["\u{1}Symbol.toPrimitive", "toString", "valueOf"])?;
        Some(self.call(module, &method, Args::default(), nowhere(span)))
    }

    /// What `JSON.stringify` takes in the place of an object that says so itself.
    pub(super) fn as_json(&mut self, module: &Rc<Module>, value: &Value, span: Span) -> Option<Value> {
        let method = self.own_method(value, &["toJSON"])?;
        Some(self.call(module, &method, Args::default(), nowhere(span)))
    }

    /// What an object gives that brings an iterator of its own.
    pub(crate) fn iterated(&mut self, module: &Rc<Module>, value: &Value, span: Span) -> Option<Value> {
        if self.dialect.receiver() != Receiver::This || value.object().is_none() {
            return None;
        }
        let method = self.own_method(value, &[ITERATOR, "\u{1}Symbol.asyncIterator"])?;
        Some(self.call(module, &method, Args::default(), nowhere(span)))
    }

    /// `new Proxy(target, handler)`: the target, in front of which the handler stands.
    pub(super) fn proxy(&mut self, module: &Rc<Module>, target: &Value, handler: &Value, span: Span) -> Value {
        if handler.object().is_none() {
            return target.clone();
        }
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(HANDLER), handler.clone());
        // Whoever goes through all of it gets what the traps give for any name.
        let mut any = target.clone();
        any.edit().refs.insert(0, Ref::Object(id));
        for (name, args) in
            [("get", vec![target.clone(), Value::UNKNOWN, any.clone()]), ("ownKeys", vec![target.clone()])]
        {
            let given = self.trap(module, handler, name, args, span).map(|given| self.only_labels(&given));
            if let Some(given) = given.filter(|given| !given.labels().is_empty()) {
                self.store_any(id, &given);
            }
        }
        let mut value = target.clone();
        value.edit().refs.insert(0, Ref::Object(id));
        value
    }

    /// A proxy in front of what belongs to the host, or to a library, is used by code that is not in the package: its
    /// traps are called with what that code passes.
    pub(super) fn host_traps(&mut self, module: &Rc<Module>, target: &Value, handler: &Value, site: Site) {
        const TRAPS: [&str; 6] = ["get", "set", "apply", "construct", "has", "ownKeys"];
        let is_host = target
            .refs()
            .iter()
            .any(|reference| matches!(reference, Ref::Symbol(_) | Ref::Method(..) | Ref::Instance(_)));
        if !is_host || target.object().is_some() {
            return;
        }
        for name in TRAPS {
            if let Some(trap) = self.own_method(handler, &[name]) {
                self.call_back(module, &trap, &super::super::callbacks::Given::of(std::slice::from_ref(target)), site);
            }
        }
    }

    /// The functions that an object holds so many levels down.
    pub(crate) fn held_functions(&self, value: &Value, levels: usize) -> Vec<Value> {
        /// Most values that are looked at.
        const MOST: usize = 512;
        let mut level = vec![value.clone()];
        for _ in 0..levels.min(4) {
            let held = level.iter().filter_map(|value| self.object(value.object()?));
            level = held.flat_map(|object| object.fields.iter().map(|(_, field)| field.clone())).take(MOST).collect();
        }
        level.retain(super::promises::is_function);
        level
    }

    /// The target of a proxy.
    fn without_proxy(&self, proxy: &Value, id: crate::engine::value::ObjectId) -> Value {
        let mut target = proxy.clone();
        target.edit().refs.retain(|reference| *reference != Ref::Object(id));
        target
    }

    /// Calls a trap of a proxy's handler. `None` if it has no such trap.
    fn trap(
        &mut self,
        module: &Rc<Module>,
        handler: &Value,
        name: &'static str,
        args: Vec<Value>,
        span: Span,
    ) -> Option<Value> {
        let id = handler.object()?;
        let trap = self.object(id)?.fields.get(name).cloned()?;
        super::promises::is_function(&trap).then(|| self.call(module, &trap, Args::of(args), nowhere(span)))
    }

    /// What reading a property of a proxy gives.
    pub(super) fn trapped_get(
        &mut self,
        proxy: &Value,
        id: crate::engine::value::ObjectId,
        name: &SmolStr,
    ) -> Option<Value> {
        let found = self.object(id).filter(|found| found.kind == ObjectKind::Opaque)?;
        let handler = found.fields.get(HANDLER).cloned()?;
        let target = self.without_proxy(proxy, id);
        let module = self.module(self.here().module);
        let span = self.attr_span;
        let args = vec![target, Value::text(name), proxy.clone()];
        self.trap(&module, &handler, "get", args, span)
    }

    /// What calling a proxy gives.
    pub(crate) fn trapped_call(
        &mut self,
        module: &Rc<Module>,
        id: crate::engine::value::ObjectId,
        proxy: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let handler = self.object(id)?.fields.get(HANDLER).cloned()?;
        let items = args.positional.iter().map(|(value, _)| value.clone()).collect();
        let list = self.container(ObjectKind::List, items, args.star.is_none());
        let target = self.without_proxy(proxy, id);
        self.trap(module, &handler, "apply", vec![target, Value::UNKNOWN, list], site.span)
    }

    /// `bus.on("name", listener)` and `bus.emit("name", …)`: what is emitted in a package under a name is what its
    /// listeners are called with.
    pub(super) fn happens(
        &mut self,
        module: &Rc<Module>,
        method: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) {
        let listens = matches!(method, "on" | "once" | "addListener" | "prependListener" | "prependOnceListener");
        if !listens && method != "emit" {
            return;
        }
        let Some(name) = args.positional.first().and_then(|(value, _)| self.key_field(value)) else { return };
        let tokens: Vec<u64> = receiver.map(|receiver| receiver.tokens().to_vec()).unwrap_or_default();
        let common = COMMON.contains(&name.as_str());
        let fits = |others: &[u64]| !common || tokens.iter().any(|token| others.contains(token));
        if self.realm.events.len() >= MOST_EVENTS && !self.realm.events.contains_key(&name) {
            return;
        }
        let known = self.realm.events.entry(name).or_default();
        if listens {
            let Some((listener, _)) = args.positional.get(1).cloned() else { return };
            if known.listeners.len() < MOST_LISTENERS && !known.listeners.iter().any(|(other, _)| *other == listener) {
                known.listeners.push((listener.clone(), tokens.clone()));
            }
            let given: Vec<Vec<Value>> =
                known.emitted.iter().filter(|(_, others)| fits(others)).map(|(values, _)| values.clone()).collect();
            for values in given {
                self.call_back(module, &listener, &super::super::callbacks::Given::of(&values), site);
            }
            return;
        }
        let values: Vec<Value> = args.positional.iter().skip(1).map(|(value, _)| value.clone()).collect();
        let listeners: Vec<Value> =
            known.listeners.iter().filter(|(_, others)| fits(others)).map(|(listener, _)| listener.clone()).collect();
        let telling = values.iter().any(|value| !value.is_unknown());
        if telling
            && let Some(known) = args
                .positional
                .first()
                .and_then(|(value, _)| self.key_field(value))
                .and_then(|name| self.realm.events.get_mut(&name))
            && known.emitted.len() < MOST_LISTENERS
            && !known.emitted.iter().any(|(other, _)| *other == values)
        {
            known.emitted.push((values.clone(), tokens.clone()));
        }
        for listener in listeners {
            if !telling {
                // Nothing is handed over, but the listener runs.
                for function in self.functions_of(&listener) {
                    self.edge(function, site.span);
                }
                continue;
            }
            self.call_back(module, &listener, &super::super::callbacks::Given::of(&values), site);
        }
    }
}
