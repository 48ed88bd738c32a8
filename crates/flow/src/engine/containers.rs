//! What the methods of the language's containers do, and what `with` enters.

use std::rc::Rc;

use sluice_syntax::ir::{Const, ExprId, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::{ObjectKind, field_name};
use super::value::{Ref, Value};

impl Engine<'_> {
    /// What `with context as target` gives.
    pub(crate) fn entered(&mut self, module: &Rc<Module>, id: ExprId, value: Value) -> Value {
        let mut result: Option<Value> = None;
        for reference in value.refs().to_vec() {
            let Ref::Object(object) = reference else { continue };
            let Some(ObjectKind::Instance(class)) = self.object(object).map(|object| object.kind) else { continue };
            let enter = self.class_attr(class, &SmolStr::new_static("__enter__"), Some(&value), true);
            let method = match enter {
                Some(method) => Some(method),
                None => self.class_attr(class, &SmolStr::new_static("__aenter__"), Some(&value), true),
            };
            if let Some(method) = method.filter(|method| !method.refs().is_empty()) {
                let site = Site { id, callee: id, span: module.expr(id).map(|expr| expr.span).unwrap_or_default() };
                result = Some(self.call(module, &method, Args::default(), site));
            }
        }
        match result {
            Some(result) if !result.refs().is_empty() => result,
            _ => value,
        }
    }

    pub(crate) fn container_method(
        &mut self,
        module: &Rc<Module>,
        receiver: &Value,
        kind: &str,
        method: &str,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let id = receiver.object()?;
        let first = args.positional.first().map(|(value, _)| value.clone());
        let stores = matches!(
            method,
            "append" | "appendleft" | "add" | "extend" | "extendleft" | "insert" | "update" | "setdefault"
        );
        let place = stores.then(|| self.place(site.span, None));
        let written = self.written(module, site.callee);
        let keep = |engine: &mut Self, value: Value| match place {
            Some(place) => engine.stepped(value, crate::facts::StepKind::Store, place, &written),
            None => value,
        };
        match (kind, method) {
            ("list", "send" | "asend") => self.send(receiver, &first?, site),
            ("list", "appendleft" | "extendleft") => {
                let value = first?;
                let more = if method == "appendleft" { Some(vec![value.clone()]) } else { self.elements(&value) };
                // Each one moves all that are there.
                let count = self.object(id)?.items.len();
                let most = more.as_ref().map_or(0, Vec::len).saturating_add(count);
                let work = more.as_ref().map_or(0, Vec::len).saturating_mul(count / 64 + 1);
                let strong = self.strong(id) && most <= super::heap::MOST_ITEMS && self.budget.step(work).is_some();
                match more {
                    Some(more) if strong => {
                        for item in more {
                            let item = keep(self, item);
                            let object = self.object_mut(id)?;
                            object.plain &= item.is_plain();
                            object.items.insert(0, item);
                        }
                    }
                    _ => {
                        let element = if method == "appendleft" { value } else { self.element_of(&value) };
                        let element = keep(self, element);
                        self.store_any(id, &element);
                        self.mix(id);
                    }
                }
                Some(Value::constant(Const::None))
            }
            ("list", "popleft") => {
                let front = Args::of(vec![Value::constant(Const::Int(0))]);
                self.changed_in_place(id, "pop", &front)
            }
            ("list", "append") | ("set", "add") => {
                let value = keep(self, first?);
                self.append(id, value);
                Some(Value::constant(Const::None))
            }
            ("list", "extend") | ("set", "update") => {
                let value = first?;
                match self.elements(&value) {
                    Some(items) => {
                        for item in items {
                            let item = keep(self, item);
                            self.append(id, item);
                        }
                    }
                    None => {
                        let element = self.element_of(&value);
                        let element = keep(self, element);
                        self.store_any(id, &element);
                    }
                }
                Some(Value::constant(Const::None))
            }
            ("list", "insert") => {
                let value = keep(self, args.positional.get(1)?.0.clone());
                let front = matches!(first?.known(), Some(Const::Int(0)));
                let count = self.object(id)?.items.len();
                let strong = front
                    && self.strong(id)
                    && count < super::heap::MOST_ITEMS
                    && self.budget.step(count / 64 + 1).is_some();
                match self.object_mut(id) {
                    Some(object) if strong => {
                        object.plain &= value.is_plain();
                        object.items.insert(0, value);
                    }
                    _ => {
                        self.store_any(id, &value);
                        self.mix(id);
                    }
                }
                Some(Value::constant(Const::None))
            }
            ("list", "sort") if args.named.iter().any(|(name, ..)| name == "key") => {
                // The key is called whatever comes out.
                let key = args.named.iter().find(|(name, ..)| name == "key").map(|(_, key, _)| key.clone())?;
                let element = self.element_of(receiver);
                self.call_back(module, &key, &super::callbacks::Given::of(&[element]), site);
                self.changed_in_place(id, method, args)
            }
            ("list", "pop")
            | ("list" | "set", "reverse" | "rotate" | "sort" | "remove" | "discard" | "__delitem__") => {
                self.changed_in_place(id, method, args)
            }
            ("list" | "dict" | "set", "clear") => {
                let strong = self.strong(id);
                match self.object_mut(id) {
                    Some(object) if strong => {
                        object.items.clear();
                        object.fields.clear();
                        object.rest = Value::UNKNOWN;
                        object.mixed = false;
                    }
                    _ => self.mix(id),
                }
                Some(Value::constant(Const::None))
            }
            ("dict", "get" | "pop" | "setdefault") => {
                let key = first?;
                let default = args.positional.get(1).map(|(value, _)| value.clone());
                let name = key.known().and_then(field_name);
                let found = match &name {
                    Some(name) => self.load_field(id, name),
                    None => Some(self.load_any(id)),
                };
                if let ("setdefault", None, Some(default)) = (method, &name, &default) {
                    let value = keep(self, default.clone());
                    self.store_any(id, &value);
                }
                if method == "setdefault"
                    && let (Some(name), Some(default)) = (&name, &default)
                    && self.object(id).is_some_and(|object| !object.fields.contains_key(name))
                {
                    let value = keep(self, default.clone());
                    self.store_field(id, name, value);
                }
                let certain =
                    name.as_ref().is_some_and(|name| self.object(id).is_some_and(|o| o.fields.contains_key(name)));
                let value = match (found, default) {
                    (Some(found), _) if certain => found,
                    (Some(found), Some(default)) => found.join(&default),
                    (Some(found), None) => found,
                    (None, Some(default)) => default,
                    (None, None) => Value::constant(Const::None),
                };
                Some(self.or_of_another(receiver, value))
            }
            ("dict", "update") => {
                if let Some(other) = first {
                    let other = keep(self, other);
                    self.merge_mapping(id, &other);
                }
                for (name, value, _) in &args.named {
                    let value = keep(self, value.clone());
                    self.store_field(id, name, value);
                }
                if let Some((rest, _)) = &args.star_star {
                    self.store_any(id, rest);
                }
                Some(Value::constant(Const::None))
            }
            ("dict", "items") => {
                let pairs = self.pairs(receiver);
                match pairs {
                    Some(pairs) => {
                        let items = pairs
                            .into_iter()
                            .map(|(key, value)| self.container(ObjectKind::Tuple, vec![key, value], true))
                            .collect();
                        Some(self.container(ObjectKind::List, items, true))
                    }
                    None => {
                        let any = self.load_any(id);
                        let any = self.or_of_another(receiver, any);
                        let key = self.only_labels(&any);
                        let pair = self.container(ObjectKind::Tuple, vec![key, any], true);
                        let list = self.container(ObjectKind::List, Vec::new(), false);
                        if let Some(list) = list.object() {
                            self.store_any(list, &pair);
                        }
                        Some(list)
                    }
                }
            }
            ("dict", "values") => {
                let object = self.object(id)?.clone();
                let list = self.container(ObjectKind::List, object.fields.values().cloned().collect(), object.complete);
                if let (Some(list), false) = (list.object(), object.complete) {
                    self.store_any(list, &object.rest);
                }
                Some(list)
            }
            ("dict", "keys") => self.items(receiver).map(|items| self.container(ObjectKind::List, items, true)),
            ("dict" | "list" | "set", "copy") => {
                let object = self.object(id)?.clone();
                let copy = self.allocate(object.kind, object.items.to_vec(), object.complete);
                if let Some(new) = self.object_mut(copy) {
                    new.plain = object.plain;
                    new.mixed = object.mixed;
                    new.fields = object.fields;
                    new.rest = object.rest;
                }
                Some(Value::reference(Ref::Object(copy)))
            }
            _ => {
                if let Some(value) = self.known_method(receiver, method, args) {
                    return Some(value);
                }
                if let Some(value) = self.changed_in_place(id, method, args) {
                    return Some(value);
                }
                // Whatever else: it may hold the arguments from now on, and give what it holds.
                for value in args.all().cloned().collect::<Vec<_>>() {
                    if stores {
                        self.store_any(id, &value);
                    }
                }
                Some(self.only_labels(receiver))
            }
        }
    }
}
