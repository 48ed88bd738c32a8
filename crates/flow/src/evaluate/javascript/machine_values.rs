//! What a [`Machine`](super::machine::Machine) works on: values, objects and environments.

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use sluice_syntax::ir::FuncId;
use smol_str::SmolStr;

use crate::evaluate::{Budget, Concrete};

/// Most items of an array.
const MOST_ITEMS: usize = 200_000;
/// Most objects, and most calls with their variables, of one machine.
const MOST_OBJECTS: usize = 400_000;
const MOST_ENVIRONMENTS: usize = 600_000;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing is known: using it stops the run.
    Unknown,
    /// A primitive, a regular expression, or bytes.
    Plain(Concrete),
    /// An array or another object.
    Object(usize),
    /// A function, the environment it was made in, and the `this` that it keeps.
    Function(FuncId, usize, Option<Rc<Value>>),
    /// A global of the language by its symbol.
    Host(SmolStr),
    /// A method of a value.
    Method(Rc<Value>, SmolStr),
}

impl Value {
    pub(super) const UNDEFINED: Self = Self::Plain(Concrete::Undefined);
}

/// What an object is.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Plain,
    Array(Vec<Value>),
}

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub thing: Thing,
    pub properties: IndexMap<SmolStr, Value, FxBuildHasher>,
}

#[derive(Debug)]
struct Environment {
    owner: FuncId,
    parent: Option<usize>,
    slots: Vec<Value>,
}

/// All objects and environments.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: Vec<Object>,
    environments: Vec<Environment>,
    globals: FxHashMap<SmolStr, Value>,
    /// Properties of functions, by the function and its environment.
    statics: FxHashMap<(FuncId, usize), usize>,
    /// What objects and variables held that were there before the mark, in the order in which they were changed first.
    changed: Vec<Change>,
    /// Those of them that are kept already.
    kept: FxHashSet<(usize, usize)>,
    mark: Mark,
}

#[derive(Debug)]
enum Change {
    Object(usize, Box<Object>),
    Slot(usize, usize, Value),
    Statics((FuncId, usize)),
    Global(SmolStr, Option<Value>),
}

/// Stands for the whole object among the keys of what is kept.
const WHOLE: usize = usize::MAX;

/// A moment of the run.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    objects: usize,
    environments: usize,
}

/// What `typeof` says of a global; `None` if that depends on the host.
pub(super) fn global_kind(name: &str) -> Option<&'static str> {
    match name {
        "window" | "document" | "self" | "navigator" => Some("undefined"),
        "globalThis" | "global" | "process" | "JSON" | "Math" | "module" | "exports" => Some("object"),
        "require" | "\u{1}global" | "Function" | "Array" | "Object" | "RegExp" | "Date" => Some("function"),
        name if super::is_pure(name) => Some("function"),
        _ => None,
    }
}

/// The name of a property for a key.
pub(super) fn property_name(key: &Value) -> Option<SmolStr> {
    match key {
        Value::Plain(known) => super::to_text(known).map(SmolStr::new),
        _ => None,
    }
}

fn index_of(name: &str) -> Option<usize> {
    let number = name.parse::<usize>().ok()?;
    (name == "0" || !name.starts_with('0')).then_some(number)
}

impl Store {
    pub(super) fn environment(&mut self, owner: FuncId, parent: Option<usize>, slots: usize) -> usize {
        self.environments.push(Environment { owner, parent, slots: vec![Value::UNDEFINED; slots] });
        self.environments.len() - 1
    }

    /// True if no more calls can be made.
    pub(super) fn is_full(&self) -> bool {
        self.environments.len() >= MOST_ENVIRONMENTS
    }

    pub(super) fn owner(&self, env: usize) -> Option<(FuncId, Option<usize>)> {
        self.environments.get(env).map(|env| (env.owner, env.parent))
    }

    pub(super) fn slot(&self, env: usize, slot: usize) -> Option<Value> {
        self.environments.get(env)?.slots.get(slot).cloned()
    }

    pub(super) fn set_slot(&mut self, env: usize, slot: usize, value: Value) {
        let Some(place) = self.environments.get_mut(env).and_then(|env| env.slots.get_mut(slot)) else { return };
        let old = std::mem::replace(place, value);
        if env < self.mark.environments && self.kept.insert((env, slot)) {
            self.changed.push(Change::Slot(env, slot, old));
        }
    }

    /// Begins to keep what is changed.
    pub(super) fn mark(&mut self) {
        self.changed.clear();
        self.kept.clear();
        self.mark = Mark { objects: self.objects.len(), environments: self.environments.len() };
    }

    /// Keeps what an object holds before it is changed.
    fn keep(&mut self, id: usize) {
        if id < self.mark.objects
            && !self.kept.contains(&(id, WHOLE))
            && let Some(object) = self.objects.get(id)
        {
            self.changed.push(Change::Object(id, Box::new(object.clone())));
            self.kept.insert((id, WHOLE));
        }
    }

    /// Takes back what was changed since the mark: a statement that meets something unknown is as if it had not begun.
    pub(super) fn take_back(&mut self) {
        while let Some(change) = self.changed.pop() {
            match change {
                Change::Object(id, old) => {
                    if let Some(object) = self.objects.get_mut(id) {
                        *object = *old;
                    }
                }
                Change::Slot(env, slot, old) => {
                    if let Some(place) = self.environments.get_mut(env).and_then(|env| env.slots.get_mut(slot)) {
                        *place = old;
                    }
                }
                Change::Statics(key) => {
                    self.statics.remove(&key);
                }
                Change::Global(name, old) => {
                    match old {
                        Some(old) => self.globals.insert(name, old),
                        None => self.globals.remove(&name),
                    };
                }
            }
        }
        self.kept.clear();
    }

    pub(super) fn object(&mut self, object: Object) -> Value {
        if self.objects.len() >= MOST_OBJECTS {
            return Value::Unknown;
        }
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    pub(super) fn array(&mut self, items: Vec<Value>) -> Value {
        self.object(Object { thing: Thing::Array(items), properties: IndexMap::default() })
    }

    pub(super) fn is_array(&self, id: usize) -> bool {
        self.objects.get(id).is_some_and(|object| matches!(object.thing, Thing::Array(_)))
    }

    pub(super) fn global(&self, name: &SmolStr) -> Value {
        self.globals.get(name).cloned().unwrap_or_else(|| Value::Host(name.clone()))
    }

    pub(super) fn set_global(&mut self, name: &SmolStr, value: Value) {
        let old = self.globals.insert(name.clone(), value);
        self.changed.push(Change::Global(name.clone(), old));
    }

    /// An object's own property. `None` if the object's content is not known.
    pub(super) fn own(&self, id: usize, name: &str) -> Option<Option<Value>> {
        let object = self.objects.get(id)?;
        if let Some(value) = object.properties.get(name) {
            return Some(Some(value.clone()));
        }
        match &object.thing {
            Thing::Plain => Some(None),
            Thing::Array(items) => Some(match (name, index_of(name)) {
                ("length", _) => Some(Value::Plain(Concrete::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)))),
                (_, Some(at)) => items.get(at).cloned(),
                _ => None,
            }),
        }
    }

    pub(super) fn property(&self, base: &Value, name: &SmolStr) -> Option<Value> {
        let method = || Value::Method(Rc::new(base.clone()), name.clone());
        match base {
            Value::Unknown => None,
            Value::Plain(known) => {
                let found = super::property(known, &Concrete::text(name));
                let behind = || name.parse::<usize>().is_ok().then_some(Value::UNDEFINED);
                Some(found.map(Value::Plain).or_else(behind).unwrap_or_else(method))
            }
            Value::Object(id) => match self.own(*id, name)? {
                Some(value) => Some(value),
                None => {
                    if let Some(Value::Object(prototype)) = self.objects.get(*id)?.properties.get("\u{1}prototype")
                        && let Some(Some(value)) = self.own(*prototype, name)
                    {
                        return Some(value);
                    }
                    let known = matches!(name.as_str(), "hasOwnProperty" | "toString");
                    Some(if self.is_array(*id) && index_of(name).is_none() || known {
                        method()
                    } else {
                        Value::UNDEFINED
                    })
                }
            },
            Value::Function(func, env, _) => {
                let own = self.statics.get(&(*func, *env)).and_then(|id| self.own(*id, name)).flatten();
                Some(own.unwrap_or_else(|| match name.as_str() {
                    "call" | "apply" | "bind" => method(),
                    "constructor" => Value::Host(SmolStr::new_static("Function")),
                    "toString" => Value::Unknown,
                    _ => Value::UNDEFINED,
                }))
            }
            Value::Host(host) => {
                if matches!(host.as_str(), "globalThis" | "window" | "global" | "self") {
                    return Some(self.global(name));
                }
                if matches!(name.as_str(), "call" | "apply") {
                    return Some(method());
                }
                Some(Value::Host(SmolStr::new(format!("{host}.{name}"))))
            }
            Value::Method(..) => match name.as_str() {
                "call" | "apply" | "bind" => Some(method()),
                "constructor" => Some(Value::Host(SmolStr::new_static("Function"))),
                _ => None,
            },
        }
    }

    pub(super) fn set_property(&mut self, base: &Value, name: &SmolStr, value: Value) -> Option<()> {
        let id = match base {
            Value::Object(id) => *id,
            Value::Host(host) if matches!(host.as_str(), "globalThis" | "global") => {
                self.set_global(name, value);
                return Some(());
            }
            Value::Function(func, env, _) => match self.statics.get(&(*func, *env)) {
                Some(id) => *id,
                None => {
                    let made = self.object(Object { thing: Thing::Plain, properties: IndexMap::default() });
                    let Value::Object(id) = made else { return None };
                    self.statics.insert((*func, *env), id);
                    self.changed.push(Change::Statics((*func, *env)));
                    id
                }
            },
            _ => return None,
        };
        self.keep(id);
        let object = self.objects.get_mut(id)?;
        if let (Thing::Array(items), Some(at)) = (&mut object.thing, index_of(name)) {
            if at >= MOST_ITEMS {
                return None;
            }
            while items.len() <= at {
                items.push(Value::UNDEFINED);
            }
            *items.get_mut(at)? = value;
            return Some(());
        }
        if let (Thing::Array(items), "length") = (&mut object.thing, name.as_str()) {
            let Value::Plain(Concrete::Int(length)) = value else { return None };
            items.truncate(usize::try_from(length).ok()?);
            return Some(());
        }
        if object.properties.len() >= MOST_ITEMS {
            return None;
        }
        object.properties.insert(name.clone(), value);
        Some(())
    }

    /// Gives an instance the prototype of its function.
    pub(super) fn inherit(&mut self, instance: &Value, function: &Value) {
        let (Value::Object(id), Value::Function(func, env, _)) = (instance, function) else { return };
        let statics = self.statics.get(&(*func, *env)).copied();
        let mut prototype = statics.and_then(|id| self.own(id, "prototype")).flatten();
        if prototype.is_none() {
            let made = self.object(Object { thing: Thing::Plain, properties: IndexMap::default() });
            if self.set_property(function, &SmolStr::new_static("prototype"), made.clone()).is_some() {
                prototype = Some(made);
            }
        }
        if let (Some(object), Some(prototype)) = (self.objects.get_mut(*id), prototype) {
            object.properties.insert(SmolStr::new_static("\u{1}prototype"), prototype);
        }
    }

    /// What an iteration gives.
    pub(super) fn items(&self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::Plain(known) => Some(super::iterate(known)?.into_iter().map(Value::Plain).collect()),
            Value::Object(id) => match &self.objects.get(*id)?.thing {
                Thing::Array(items) => Some(items.clone()),
                Thing::Plain => None,
            },
            _ => None,
        }
    }

    /// The names of the properties that can be enumerated.
    pub(super) fn keys(&self, value: &Value) -> Option<Vec<String>> {
        let Value::Object(id) = value else { return None };
        let object = self.objects.get(*id)?;
        let mut keys: Vec<String> = match &object.thing {
            Thing::Array(items) => (0..items.len()).map(|at| at.to_string()).collect(),
            Thing::Plain => Vec::new(),
        };
        keys.extend(object.properties.keys().filter(|key| !key.starts_with('\u{1}')).map(ToString::to_string));
        Some(keys)
    }

    pub(super) fn type_of(&self, value: &Value) -> Option<&'static str> {
        match value {
            Value::Unknown => None,
            Value::Plain(known) => Some(super::type_of(known)),
            Value::Object(_) => Some("object"),
            Value::Function(..) | Value::Method(..) => Some("function"),
            Value::Host(name) => global_kind(name),
        }
    }

    /// The value as a known one, so many containers deep.
    pub(super) fn to_concrete(&self, value: &Value, depth: u32) -> Option<Concrete> {
        match value {
            Value::Plain(known) => Some(known.clone()),
            Value::Object(id) => {
                let depth = depth.checked_sub(1)?;
                let object = self.objects.get(*id)?;
                match &object.thing {
                    Thing::Array(items) => {
                        let items: Option<Vec<Concrete>> =
                            items.iter().map(|item| self.to_concrete(item, depth)).collect();
                        Some(Concrete::List(Rc::new(items?)))
                    }
                    Thing::Plain => {
                        let pairs: Option<Vec<(Concrete, Concrete)>> = object
                            .properties
                            .iter()
                            .filter(|(name, _)| !name.starts_with('\u{1}'))
                            .map(|(name, value)| Some((Concrete::text(name), self.to_concrete(value, depth)?)))
                            .collect();
                        Some(Concrete::Dict(Rc::new(pairs?)))
                    }
                }
            }
            _ => None,
        }
    }

    /// The primitive of a value, as an operator takes it.
    pub(super) fn to_primitive(&self, value: &Value) -> Option<Concrete> {
        self.to_concrete(value, 8)
    }

    pub(super) fn adopt(&mut self, value: &Concrete) -> Value {
        match value {
            Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => {
                let items = items.iter().map(|item| self.adopt(item)).collect();
                self.array(items)
            }
            Concrete::Dict(pairs) => {
                let mut properties = IndexMap::default();
                for (key, value) in pairs.iter() {
                    let name = super::to_text(key).map(SmolStr::new).unwrap_or_default();
                    let value = self.adopt(value);
                    properties.insert(name, value);
                }
                self.object(Object { thing: Thing::Plain, properties })
            }
            other => Value::Plain(other.clone()),
        }
    }

    /// A method that changes an array, or takes it apart without looking at its items.
    pub(super) fn change_array(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &[Value],
        budget: &mut Budget,
    ) -> Option<Value> {
        let Value::Object(id) = receiver else { return None };
        let number = |at: usize| match args.get(at) {
            Some(Value::Plain(Concrete::Int(number))) => Some(*number),
            _ => None,
        };
        let changes = matches!(name, "push" | "pop" | "shift" | "unshift" | "reverse" | "splice" | "fill");
        if changes {
            self.keep(*id);
        }
        let Thing::Array(items) = &mut self.objects.get_mut(*id)?.thing else { return None };
        let length = i64::try_from(items.len()).ok()?;
        let count = |items: &Vec<Value>| Value::Plain(Concrete::Int(i64::try_from(items.len()).unwrap_or(0)));
        let bound = |at: i64| usize::try_from(if at < 0 { (length + at).max(0) } else { at.min(length) }).ok();
        Some(match name {
            "push" => {
                if items.len() + args.len() > MOST_ITEMS {
                    return None;
                }
                items.extend(args.iter().cloned());
                count(items)
            }
            "pop" => items.pop().unwrap_or(Value::UNDEFINED),
            "shift" if items.is_empty() => Value::UNDEFINED,
            "shift" => {
                budget.step(items.len() / 64)?;
                items.remove(0)
            }
            "unshift" => {
                budget.step(items.len() / 64)?;
                items.splice(0..0, args.iter().cloned());
                count(items)
            }
            "reverse" => {
                budget.step(items.len() / 16)?;
                items.reverse();
                receiver.clone()
            }
            "splice" => {
                let start = bound(number(0)?)?;
                let end = match args.len() {
                    1 => items.len(),
                    _ => start.saturating_add(usize::try_from(number(1)?).ok()?).min(items.len()),
                };
                let removed: Vec<Value> = items.splice(start..end, args.iter().skip(2).cloned()).collect();
                self.array(removed)
            }
            "slice" => {
                let start = if args.is_empty() { 0 } else { bound(number(0)?)? };
                let end = if args.len() < 2 { items.len() } else { bound(number(1)?)? };
                let part = items.get(start..end.max(start))?.to_vec();
                budget.step(part.len())?;
                self.array(part)
            }
            "concat" => {
                let mut all = items.clone();
                for arg in args {
                    match arg {
                        Value::Object(other) if self.is_array(*other) => all.extend(self.items(arg)?),
                        other => all.push(other.clone()),
                    }
                }
                budget.step(all.len())?;
                self.array(all)
            }
            _ => return None,
        })
    }
}
