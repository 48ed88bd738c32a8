//! The abstract heap: containers and instances, field-sensitive on constant keys.
//!
//! A store is strong (it replaces) while no undecided branch was entered since the object was made, and weak (it joins)
//! otherwise. `complete` says that the object holds nothing but what is listed.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::Const;
use smol_str::SmolStr;
use thin_vec::ThinVec;

use super::value::{Key, Label, ObjectId, Ref, Term, Value};
use super::{Engine, OriginKey};
use crate::evaluate::Concrete;

/// Most keys that an object keeps apart; what comes after goes to the rest.
const MOST_FIELDS: usize = 512;
/// Most items of a list that are kept apart.
pub const MOST_ITEMS: usize = 150_000;
/// How deep labels are looked for in containers inside containers.
const DEEP: u32 = 4;
/// How many contained values are looked at for labels.
const WIDE: usize = 256;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    List,
    Tuple,
    Set,
    Dict,
    /// An instance of a class of this package.
    Instance(Key),
    /// Something of a library, with what was stored into it.
    Opaque,
}

type FieldMap = IndexMap<SmolStr, Value, rustc_hash::FxBuildHasher>;

/// The fields of an object by name. Most objects have none, so that having none costs a word.
#[derive(Clone, Debug, Default)]
pub struct Fields(Option<Box<FieldMap>>);

impl Fields {
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.as_mut()?.get_mut(name)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn insert(&mut self, name: SmolStr, value: Value) {
        self.0.get_or_insert_default().insert(name, value);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    pub fn keys(&self) -> impl Iterator<Item = &SmolStr> {
        self.iter().map(|(name, _)| name)
    }

    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// Takes a field out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.as_mut()?.shift_remove(name)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().flat_map(|map| map.values_mut())
    }

    pub fn clear(&mut self) {
        self.0 = None;
    }
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    pub kind: ObjectKind,
    pub items: ThinVec<Value>,
    pub fields: Fields,
    pub rest: Value,
    pub complete: bool,
    /// True if the items stand in no known order, or some of them may be gone: then none is known by its place.
    pub mixed: bool,
    /// Frame depth and number of undecided branches when it was made.
    pub born: (u32, u32),
    /// True while nothing stored in it had a label, an identity or a reference: then nothing is to be looked for inside.
    pub plain: bool,
    /// The last walk that came by, so that a walk enters each object once.
    seen: Cell<u64>,
}

/// The name of a field for a constant key. Integers and texts are kept apart.
pub fn field_name(key: &Const) -> Option<SmolStr> {
    match key {
        Const::Str(text) if text.len() <= 512 => Some(SmolStr::new(text)),
        Const::Bytes(bytes) if bytes.len() <= 512 => {
            std::str::from_utf8(bytes).ok().map(|text| SmolStr::new(format!("\u{1}b{text}")))
        }
        Const::Int(number) => Some(SmolStr::new(format!("\u{1}i{number}"))),
        Const::Bool(value) => Some(SmolStr::new(format!("\u{1}i{}", u8::from(*value)))),
        Const::None => Some(SmolStr::new_static("\u{1}n")),
        _ => None,
    }
}

pub(crate) fn key_of(name: &str) -> Const {
    if let Some(number) = name.strip_prefix("\u{1}i") {
        return number.parse().map_or(Const::None, Const::Int);
    }
    if let Some(text) = name.strip_prefix("\u{1}b") {
        return Const::Bytes(Arc::from(text.as_bytes()));
    }
    if name == "\u{1}n" {
        return Const::None;
    }
    Const::Str(Arc::from(name))
}

/// The constant of a concrete value that is none of the containers.
pub fn const_of(value: &Concrete) -> Option<Const> {
    Some(match value {
        Concrete::None => Const::None,
        Concrete::Ellipsis => Const::Ellipsis,
        Concrete::Undefined => Const::Undefined,
        Concrete::Regex(pattern, flags) => Const::Regex { pattern: Arc::clone(pattern), flags: flags.clone() },
        Concrete::Bool(value) => Const::Bool(*value),
        Concrete::Int(number) => Const::Int(*number),
        Concrete::Big(number) => Const::BigInt(Arc::from(number.to_string())),
        Concrete::Float(value) => Const::Float(*value),
        Concrete::Str(text) => Const::Str(Arc::clone(text)),
        Concrete::Bytes(bytes) => Const::Bytes(Arc::clone(bytes)),
        _ => return None,
    })
}

impl Engine<'_> {
    /// A new object.
    pub(crate) fn allocate(&mut self, kind: ObjectKind, items: Vec<Value>, complete: bool) -> ObjectId {
        let depth = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let born = (depth, self.frames.last().map_or(0, |frame| frame.unsure));
        let plain = items.iter().all(Value::is_plain);
        ObjectId(self.heap.push(Object {
            kind,
            items: items.into(),
            fields: Fields::default(),
            rest: Value::UNKNOWN,
            complete,
            mixed: false,
            born,
            plain,
            seen: Cell::new(0),
        }))
    }

    /// A new object as a value.
    pub(crate) fn container(&mut self, kind: ObjectKind, items: Vec<Value>, complete: bool) -> Value {
        Value::reference(Ref::Object(self.allocate(kind, items, complete)))
    }

    pub(crate) fn object(&self, id: ObjectId) -> Option<&Object> {
        self.heap.get(id.0)
    }

    pub(crate) fn object_mut(&mut self, id: ObjectId) -> Option<&mut Object> {
        self.heap.get_mut(id.0)
    }

    /// From here on nobody knows which items an object has, or in which order: each keeps what is known of it.
    pub(crate) fn mix(&mut self, id: ObjectId) {
        let container = |kind| !matches!(kind, ObjectKind::Instance(_) | ObjectKind::Opaque);
        if let Some(object) = self.object_mut(id).filter(|object| container(object.kind)) {
            object.complete = false;
            object.mixed = object.kind != ObjectKind::Dict;
        }
    }

    /// True if a store into the object replaces.
    pub(crate) fn strong(&self, id: ObjectId) -> bool {
        let Some(object) = self.object(id) else { return false };
        let now = self.frames.last().map_or(0, |frame| frame.unsure);
        // What a method does whatever the instance is joins what the others do.
        let any = self.frames.last().is_some_and(|frame| frame.generic) && self.stands_for_all(id);
        if any && object.born.0 == 0 {
            return false;
        }
        object.born.0 as usize > self.frames.len()
            || (object.born.0 as usize == self.frames.len() && object.born.1 >= now)
            || (now == 0 && object.born.1 == 0 && self.inlined > 0)
    }

    /// True if the object stands for every instance of its class.
    pub(crate) fn stands_for_all(&self, id: ObjectId) -> bool {
        self.object(id).is_some_and(|object| match object.kind {
            ObjectKind::Instance(class) => self.selves.get(&class) == Some(&id),
            _ => false,
        })
    }

    /// Stores a value under a constant key.
    pub(crate) fn store_field(&mut self, id: ObjectId, name: &SmolStr, value: Value) {
        if !value.labels().is_empty() {
            self.note_stored(id, &value);
        }
        let strong = self.strong(id);
        let Some(object) = self.object_mut(id) else { return };
        object.plain &= value.is_plain();
        if matches!(object.kind, ObjectKind::List)
            && let Some(position) = name.strip_prefix("\u{1}i").and_then(|digits| digits.parse::<i64>().ok())
        {
            let length = object.items.len();
            let position = if position < 0 { position + i64::try_from(length).unwrap_or(0) } else { position };
            let strong = strong && !object.mixed;
            if let Some(item) = usize::try_from(position).ok().and_then(|position| object.items.get_mut(position)) {
                *item = if strong { value } else { item.join(&value) };
                return;
            }
        }
        if !strong && !matches!(object.kind, ObjectKind::Instance(_)) {
            object.complete = false;
        }
        if object.fields.len() >= MOST_FIELDS && !object.fields.contains_key(name) {
            object.rest = object.rest.join(&value);
            object.complete = false;
            return;
        }
        match object.fields.get_mut(name) {
            Some(field) => *field = if strong { value } else { field.join(&value) },
            None => {
                object.fields.insert(name.clone(), value);
            }
        }
    }

    /// Notes the parameters of the function here that are stored in an object from outside of it.
    fn note_stored(&mut self, id: ObjectId, value: &Value) {
        let Some(frame) = self.frames.last().filter(|frame| frame.generic) else { return };
        let here = frame.key;
        if id.0 as usize >= frame.first_object {
            return;
        }
        for label in value.labels() {
            if let Some(OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| &origin.key)
                && *key == here
            {
                let index = *index;
                self.summaries.entry(here).or_default().stored.insert(index);
            }
        }
    }

    /// Stores a value somewhere inside.
    pub(crate) fn store_any(&mut self, id: ObjectId, value: &Value) {
        if !value.labels().is_empty() {
            self.note_stored(id, value);
        }
        if let Some(object) = self.object_mut(id) {
            object.plain &= value.is_plain();
            object.rest = if object.rest.is_unknown() { value.clone() } else { object.rest.join(value) };
            object.complete = false;
        }
    }

    /// Appends an item.
    pub(crate) fn append(&mut self, id: ObjectId, value: Value) {
        if !value.labels().is_empty() {
            self.note_stored(id, &value);
        }
        let strong = self.strong(id);
        let Some(object) = self.object_mut(id) else { return };
        object.plain &= value.is_plain();
        if strong && object.items.len() < MOST_ITEMS {
            object.items.push(value);
        } else {
            object.rest = object.rest.join(&value);
            object.complete = false;
        }
    }

    /// The value under a constant key: the field, or what may be anywhere inside. `None` if it is certainly absent.
    pub(crate) fn load_field(&self, id: ObjectId, name: &SmolStr) -> Option<Value> {
        let object = self.object(id)?;
        if object.mixed {
            return Some(self.load_any(id));
        }
        if matches!(object.kind, ObjectKind::List | ObjectKind::Tuple)
            && let Some(position) = name.strip_prefix("\u{1}i").and_then(|digits| digits.parse::<i64>().ok())
        {
            let length = i64::try_from(object.items.len()).unwrap_or(0);
            let position = if position < 0 && object.complete { position + length } else { position };
            if let Some(item) = usize::try_from(position).ok().and_then(|position| object.items.get(position)) {
                return Some(item.clone());
            }
        }
        if let Some(field) = object.fields.get(name) {
            return Some(field.clone());
        }
        if object.complete {
            return None;
        }
        Some(object.rest.clone())
    }

    /// Everything that may be inside, joined.
    pub(crate) fn load_any(&self, id: ObjectId) -> Value {
        let Some(object) = self.object(id) else { return Value::UNKNOWN };
        let mut all = object.rest.clone();
        for value in object.items.iter().take(WIDE).chain(object.fields.values().take(WIDE)) {
            all = if all.is_unknown() { value.clone() } else { all.join(value) };
        }
        all
    }

    /// The items, if the value is a container whose items are all known to be there.
    pub(crate) fn items(&self, value: &Value) -> Option<Vec<Value>> {
        let object = self.object(value.object()?)?;
        if !object.complete || value.refs().len() > 1 || Self::is_perhaps(value) {
            return None;
        }
        match object.kind {
            ObjectKind::List | ObjectKind::Tuple | ObjectKind::Set => Some(object.items.to_vec()),
            ObjectKind::Dict => Some(object.fields.keys().map(|name| Value::constant(key_of(name))).collect()),
            ObjectKind::Instance(_) | ObjectKind::Opaque => None,
        }
    }

    /// True if the object is only one of what the value may be, and the other came from somewhere
    /// (`given ? JSON.parse(text) : {}`).
    fn is_perhaps(value: &Value) -> bool {
        value.data().is_some_and(|data| data.joined && !data.labels.is_empty())
    }

    /// What comes out of an object, where the receiver is perhaps another value: then it may be a part of that one.
    pub(crate) fn or_of_another(&self, receiver: &Value, value: Value) -> Value {
        if !Self::is_perhaps(receiver) {
            return value;
        }
        let mut other = Value::UNKNOWN;
        other.add_labels(receiver.labels());
        other.add_tokens(receiver.tokens());
        value.join(&other)
    }

    /// The key and value pairs of a complete dictionary.
    pub(crate) fn pairs(&self, value: &Value) -> Option<Vec<(Value, Value)>> {
        let object = self.object(value.object()?)?;
        if !object.complete || object.kind != ObjectKind::Dict || Self::is_perhaps(value) {
            return None;
        }
        Some(object.fields.iter().map(|(name, value)| (Value::constant(key_of(name)), value.clone())).collect())
    }

    /// Labels and identities of the value and of what it contains.
    pub(crate) fn deep(&self, value: &Value) -> (Vec<Label>, Vec<u64>) {
        let simple = value.refs().iter().all(|reference| match reference {
            Ref::Object(id) => self.object(*id).is_none_or(|object| object.plain),
            Ref::Method(_, receiver) | Ref::Unresolved(_, receiver) | Ref::Function(_, Some(receiver)) => {
                receiver.is_unknown()
            }
            _ => true,
        });
        if simple {
            return (value.labels().to_vec(), value.tokens().to_vec());
        }
        let mut all = Value::UNKNOWN;
        let mut left = WIDE;
        self.walks.set(self.walks.get() + 1);
        self.deep_into(value, &mut all, DEEP, &mut left);
        (all.labels().to_vec(), all.tokens().to_vec())
    }

    /// True if the value is an instance of a class of this package.
    pub(crate) fn is_instance(&self, value: &Value) -> bool {
        value
            .object()
            .and_then(|id| self.object(id))
            .is_some_and(|object| matches!(object.kind, ObjectKind::Instance(_)))
    }

    /// Labels and identities that a method's result may have from its receiver: of a container those inside, of an
    /// instance only its own, since a method says by itself which fields it reads.
    pub(crate) fn of_receiver(&self, value: &Value) -> (Vec<Label>, Vec<u64>) {
        if self.is_instance(value) {
            return (value.labels().to_vec(), value.tokens().to_vec());
        }
        self.deep(value)
    }

    /// Everything an instance holds, its fields included.
    pub(crate) fn whole(&self, value: &Value) -> Vec<Label> {
        let mut all = Value::UNKNOWN;
        all.add_labels(value.labels());
        if let Some(object) = value.object().and_then(|id| self.object(id)) {
            for inner in object.fields.values().chain(&object.items).chain(std::iter::once(&object.rest)).take(WIDE) {
                all.add_labels(&self.deep(inner).0);
            }
        }
        all.labels().to_vec()
    }

    fn deep_into(&self, value: &Value, all: &mut Value, depth: u32, left: &mut usize) {
        all.add_labels(value.labels());
        all.add_tokens(value.tokens());
        if depth == 0 || *left == 0 {
            return;
        }
        *left -= 1;
        for reference in value.refs() {
            match reference {
                Ref::Object(id) => {
                    let Some(object) = self.object(*id).filter(|object| !object.plain) else { continue };
                    if object.seen.replace(self.walks.get()) == self.walks.get() {
                        continue;
                    }
                    if self.stands_for_all(*id) {
                        // The receiver of a method as such: its fields are read by name, not with the whole.
                        continue;
                    }
                    // The first way of a label is the one that is told: what is known to lie inside goes before what
                    // may lie anywhere.
                    for inner in object.items.iter().chain(object.fields.values()) {
                        if inner.is_unknown() {
                            continue;
                        }
                        if *left == 0 {
                            break;
                        }
                        self.deep_into(inner, all, depth - 1, left);
                    }
                    self.deep_into(&object.rest, all, depth - 1, left);
                }
                Ref::Method(_, receiver) | Ref::Unresolved(_, receiver) | Ref::Function(_, Some(receiver)) => {
                    if self.is_instance(receiver) {
                        continue;
                    }
                    self.deep_into(receiver, all, depth - 1, left);
                }
                _ => {}
            }
        }
    }

    /// The value as a whole, if it is known down to its leaves. A container costs four steps for each item.
    pub(crate) fn concrete(&mut self, value: &Value, depth: u32) -> Option<Concrete> {
        if let Some(known) = value.known() {
            return crate::evaluate::from_const(known);
        }
        if value.refs().len() != 1 || Self::is_perhaps(value) {
            return None;
        }
        let object = self.object(value.object()?)?;
        if !object.complete || matches!(object.kind, ObjectKind::Instance(_) | ObjectKind::Opaque) {
            return None;
        }
        let mut left = self.budget.steps;
        let result = self.concrete_within(value, depth, &mut left);
        self.budget.steps = left;
        result
    }

    /// True if [`Self::concrete`] would know the value, as far as its first items tell.
    pub(crate) fn is_concrete(&self, value: &Value, depth: u32) -> bool {
        if value.known().is_some() {
            return true;
        }
        let Some(object) = value.object().and_then(|id| self.object(id)) else { return false };
        depth > 0
            && value.refs().len() == 1
            && object.complete
            && !matches!(object.kind, ObjectKind::Instance(_) | ObjectKind::Opaque)
            && object
                .items
                .iter()
                .chain(object.fields.values())
                .take(WIDE)
                .all(|item| self.is_concrete(item, depth - 1))
    }

    fn concrete_within(&self, value: &Value, depth: u32, left: &mut u64) -> Option<Concrete> {
        *left = left.checked_sub(4)?;
        if let Some(known) = value.known() {
            return crate::evaluate::from_const(known);
        }
        if depth == 0 || value.refs().len() != 1 || Self::is_perhaps(value) {
            return None;
        }
        let object = self.object(value.object()?)?;
        if !object.complete {
            return None;
        }
        match object.kind {
            ObjectKind::Dict => {
                let pairs: Option<Vec<(Concrete, Concrete)>> = object
                    .fields
                    .iter()
                    .map(|(name, value)| {
                        Some((
                            crate::evaluate::from_const(&key_of(name))?,
                            self.concrete_within(value, depth - 1, left)?,
                        ))
                    })
                    .collect();
                Some(Concrete::Dict(Rc::new(pairs?)))
            }
            ObjectKind::List | ObjectKind::Tuple | ObjectKind::Set => {
                let items: Option<Vec<Concrete>> =
                    object.items.iter().map(|item| self.concrete_within(item, depth - 1, left)).collect();
                let items = Rc::new(items?);
                Some(match object.kind {
                    ObjectKind::List => Concrete::List(items),
                    ObjectKind::Tuple => Concrete::Tuple(items),
                    _ => Concrete::Set(items),
                })
            }
            ObjectKind::Instance(_) | ObjectKind::Opaque => None,
        }
    }

    /// A concrete value on the heap.
    pub(crate) fn abstracted(&mut self, value: &Concrete) -> Value {
        if let Some(constant) = const_of(value) {
            return Value::constant(constant);
        }
        match value {
            Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => {
                let kind = match value {
                    Concrete::List(_) => ObjectKind::List,
                    Concrete::Tuple(_) => ObjectKind::Tuple,
                    _ => ObjectKind::Set,
                };
                let items = items.iter().map(|item| self.abstracted(item)).collect();
                self.container(kind, items, true)
            }
            Concrete::Dict(pairs) => {
                let id = self.allocate(ObjectKind::Dict, Vec::new(), true);
                for (key, value) in pairs.iter() {
                    let value = self.abstracted(value);
                    match const_of(key).as_ref().and_then(field_name) {
                        Some(name) => self.store_field(id, &name, value),
                        None => self.store_any(id, &value),
                    }
                }
                Value::reference(Ref::Object(id))
            }
            Concrete::ByteArray(bytes) => {
                let items = bytes.iter().map(|byte| Value::constant(Const::Int(i64::from(*byte)))).collect();
                self.container(ObjectKind::List, items, true)
            }
            _ => Value::UNKNOWN,
        }
    }

    /// Where a value is a parameter itself, or perhaps is, it refers to what was passed for it: a function that hands
    /// a module on, or a value in an object of its own, hides neither.
    fn identify(&self, copy: &mut Value, value: &Value, label: Label, key: Key, bound: &[Option<Value>]) {
        let Some(OriginKey::Param(function, index)) = self.origins.get(label.origin as usize).map(|origin| &origin.key)
        else {
            return;
        };
        if *function != key {
            return;
        }
        let Some(Some(passed)) = bound.get(*index as usize) else { return };
        if passed.refs().is_empty() {
            return;
        }
        let name = self
            .modules
            .get(key.module as usize)
            .and_then(|module| module.function(sluice_syntax::ir::FuncId(key.func)))
            .and_then(|function| function.params.get(*index as usize))
            .map(|param| &param.name);
        let is_it = |term: &Term| matches!(term, Term::Name(written) if Some(written) == name);
        let itself = match value.data().and_then(|data| data.term.as_deref()) {
            Some(Term::Either(parts)) => parts.iter().any(|part| is_it(part)),
            Some(term) => is_it(term),
            None => false,
        };
        for reference in passed.refs().iter().filter(|_| itself) {
            if !matches!(reference, Ref::Unresolved(..)) {
                copy.add_ref(reference.clone());
            }
        }
    }

    /// True if a value in the object, down to the given depth, has a label. Each object is entered once, however many
    /// hold it, and costs a step.
    fn holds_labels(&mut self, object: ObjectId, depth: u32) -> bool {
        let mut seen: FxHashSet<ObjectId> = FxHashSet::default();
        let mut level = vec![object];
        let mut found = false;
        for left in (0..=depth).rev() {
            let mut next: Vec<ObjectId> = Vec::new();
            for object in level.iter().filter_map(|id| self.object(*id)) {
                let items = object.items.iter().take(WIDE);
                for value in std::iter::once(&object.rest).chain(items).chain(object.fields.values().take(WIDE)) {
                    found |= !value.labels().is_empty();
                    let inner = value.object().filter(|_| left > 0);
                    if let Some(inner) = inner.filter(|id| self.object(*id).is_some_and(|inner| !inner.plain))
                        && seen.insert(inner)
                    {
                        next.push(inner);
                    }
                }
                if found {
                    break;
                }
            }
            if found || next.is_empty() {
                break;
            }
            level = next;
        }
        self.budget.steps = self.budget.steps.saturating_sub(seen.len() as u64);
        found
    }

    /// A copy of a value in which the labels of a called function's parameters are replaced by those of its arguments.
    pub(crate) fn substitute(
        &mut self,
        value: &Value,
        replace: &mut dyn FnMut(&mut Self, Label) -> Vec<Label>,
        given: Option<(Key, &[Option<Value>])>,
        depth: u32,
    ) -> Value {
        self.substituted(value, replace, given, depth, &mut FxHashMap::default())
    }

    /// The same; `copies` has the objects that were copied on the way. Each is copied once, however many hold it, and costs
    /// a step for each value in it. Where no step is left, what objects hold stays as it is.
    fn substituted(
        &mut self,
        value: &Value,
        replace: &mut dyn FnMut(&mut Self, Label) -> Vec<Label>,
        given: Option<(Key, &[Option<Value>])>,
        depth: u32,
        copies: &mut FxHashMap<ObjectId, ObjectId>,
    ) -> Value {
        if value.is_unknown() {
            return Value::UNKNOWN;
        }
        let mut copy = value.clone();
        if !value.labels().is_empty() {
            let old = value.labels().to_vec();
            copy.edit().labels.clear();
            for label in old {
                let new = replace(self, label);
                copy.add_labels(&new);
                if let Some((key, bound)) = given {
                    self.identify(&mut copy, value, label, key, bound);
                }
            }
        }
        if depth == 0 {
            return copy;
        }
        if let Some(position) = value.refs().iter().position(|reference| matches!(reference, Ref::Object(_)))
            && let Some(Ref::Object(id)) = value.refs().get(position)
            && let Some(known) = copies.get(id)
        {
            let known = Ref::Object(*known);
            if let Some(reference) = copy.edit().refs.get_mut(position) {
                *reference = known;
            }
        } else if let Some(position) = value.refs().iter().position(|reference| matches!(reference, Ref::Object(_)))
            && let Some(Ref::Object(id)) = value.refs().get(position)
            && self.budget.steps > 0
            && self.object(*id).is_some_and(|object| !object.plain)
            && self.holds_labels(*id, depth)
            && let Some(object) = self.object(*id)
        {
            // The copy is changed in place: every call makes some, and a map that is filled anew takes more room.
            let mut object = object.clone();
            let old = *id;
            let new = self.allocate(object.kind, Vec::new(), object.complete);
            copies.insert(old, new);
            let held = object.items.len() + object.fields.len();
            self.budget.steps = self.budget.steps.saturating_sub(held as u64);
            self.generator_copied(old, new);
            if self.streams.contains(&old) {
                self.streams.insert(new);
            }
            for item in &mut object.items {
                *item = self.substituted(item, replace, given, depth - 1, copies);
            }
            for field in object.fields.values_mut() {
                *field = self.substituted(field, replace, given, depth - 1, copies);
            }
            let rest = self.substituted(&object.rest, replace, given, depth - 1, copies);
            if let Some(target) = self.object_mut(new) {
                target.plain = false;
                target.mixed = object.mixed;
                target.items = object.items;
                target.fields = object.fields;
                target.rest = rest;
            }
            if let Some(reference) = copy.edit().refs.get_mut(position) {
                *reference = Ref::Object(new);
            }
        }
        copy
    }
}
