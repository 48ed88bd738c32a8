//! Who else writes the fields of an instance, and which classes stand below which: told from the text alone, before
//! anything is interpreted.
//!
//! A method is interpreted on an object that stands for every instance of its class. What that object holds is what was
//! met so far: another method, another class or another module may write the field later, or give the name another
//! meaning in a subclass. This is where the engine asks before it takes a value for the only one.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::{ArgKind, Const, ExprId, ExprKind, FuncId, FunctionKind, Module, SlotRef, StmtKind, Target};
use smol_str::SmolStr;

use super::heap::ObjectKind;
use super::value::{Key, ObjectId, Ref, Value};
use super::{Engine, Progress};
use crate::dialect::Receiver;
use crate::structure::walk;

/// Functions that write a field which are kept by its name.
const MOST_WRITERS: usize = 64;
/// Of them so many are interpreted before one reads the field.
const MOST_SUMMARIZED: usize = 12;
/// Classes above and below one that are looked at.
const MOST_RELATED: usize = 8;
/// Functions that fit a name that is known in part.
const MOST_FITTING: usize = 24;
/// Shortest known part of such a name.
const SHORTEST_PART: usize = 2;
/// Classes in a line of descent that are looked at.
const DEEPEST: u32 = 8;

/// What the text says of attributes and classes.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// The functions that write an attribute, by its name, once for each place.
    writers: FxHashMap<SmolStr, Vec<Key>>,
    /// In how many class bodies a name is bound.
    bound: FxHashMap<SmolStr, u32>,
    /// Attributes and variables whose container is changed or handed on somewhere.
    handed: FxHashSet<SmolStr>,
    /// Variables of modules that other functions write.
    assigned: FxHashSet<(u32, SlotRef)>,
    /// True if attributes are written by computed names.
    any: bool,
    /// Classes by the last name of each base.
    below: FxHashMap<SmolStr, Vec<Key>>,
}

/// Methods that change what they are called on.
fn changes(name: &str) -> bool {
    matches!(
        name,
        "append" | "appendleft" | "extend" | "add" | "insert" | "update" | "setdefault" | "push" | "put" | "write"
    )
}

/// Most classes above one that are looked at.
const MOST_ABOVE: usize = 128;

/// Notes a class that a walk over bases comes to. False where it was before: two ways to a class are one class, and forty
/// classes with two ways each would else be walked a million million times.
pub(crate) fn meets(seen: &mut Vec<Key>, class: Key) -> bool {
    let new = seen.len() < MOST_ABOVE && !seen.contains(&class);
    if new {
        seen.push(class);
    }
    new
}

/// The name of an attribute or a variable.
fn named(module: &Module, id: ExprId) -> Option<SmolStr> {
    match &module.expr(id)?.kind {
        ExprKind::Attr { name, .. } => Some(name.clone()),
        ExprKind::Slot(slot) => Some(module.function(slot.func)?.slots.get(slot.slot as usize)?.name.clone()),
        _ => None,
    }
}

impl Members {
    /// Reads one module.
    pub(crate) fn read(&mut self, module: &Module, index: u32) {
        for (func, function) in module.functions.iter().enumerate() {
            let key = Key { module: index, func: u32::try_from(func).unwrap_or(u32::MAX) };
            if function.kind == FunctionKind::Class {
                let mut names: FxHashSet<&SmolStr> = FxHashSet::default();
                for slot in function.slots.iter().filter(|slot| names.insert(&slot.name)) {
                    *self.bound.entry(slot.name.clone()).or_default() += 1;
                }
                for base in function.bases.iter().filter(|base| matches!(base.kind, ArgKind::Positional)) {
                    if let Some(name) = named(module, base.value) {
                        self.below.entry(name).or_default().push(key);
                    }
                }
            }
            walk::each_stmt(&function.body, |stmt| match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    targets.iter().for_each(|target| self.target(module, key, target));
                    self.handed.extend(named(module, *value));
                }
                StmtKind::AugAssign { target, old, .. } => {
                    self.target(module, key, target);
                    self.handed.extend(named(module, *old));
                }
                StmtKind::Delete(targets) => targets.iter().for_each(|target| self.target(module, key, target)),
                StmtKind::For { target, .. } => self.target(module, key, target),
                StmtKind::With { items, .. } => {
                    items.iter().filter_map(|(_, target)| target.as_ref()).for_each(|t| self.target(module, key, t));
                }
                StmtKind::Return(Some(value)) => self.handed.extend(named(module, *value)),
                _ => {}
            });
        }
        for expr in &module.exprs {
            match &expr.kind {
                ExprKind::Attr { base, name } if changes(name) => self.handed.extend(named(module, *base)),
                ExprKind::Attr { name, .. } if name == "__dict__" || name == "__setattr__" => self.any = true,
                ExprKind::Call { callee, args, .. } => {
                    let builtin = match module.expr(*callee).map(|expr| &expr.kind) {
                        Some(ExprKind::Free(name)) => Some(name.as_str()),
                        _ => None,
                    };
                    match (builtin, args.get(1).and_then(|arg| module.expr(arg.value)).map(|expr| &expr.kind)) {
                        (Some("setattr"), Some(ExprKind::Const(Const::Str(name)))) => {
                            // By whom does not matter: it is one more place than the class shows.
                            let writers = self.writers.entry(SmolStr::new(&**name)).or_default();
                            writers.extend([Key { module: index, func: 0 }; 2]);
                        }
                        (Some("setattr"), _) => self.any = true,
                        (Some("vars"), _) if !args.is_empty() => self.any = true,
                        (Some("vars" | "globals" | "locals"), _) => {}
                        (Some("len" | "str" | "repr" | "bytes" | "tuple" | "sorted" | "sum" | "any" | "all"), _) => {}
                        _ => args.iter().for_each(|arg| self.handed.extend(named(module, arg.value))),
                    }
                }
                ExprKind::Bind { target, .. } => self.target(module, Key { module: index, func: 0 }, target),
                _ => {}
            }
        }
    }

    fn target(&mut self, module: &Module, key: Key, target: &Target) {
        let mut stack = vec![target];
        while let Some(target) = stack.pop() {
            match target {
                Target::Slot(slot, _) if slot.func == FuncId::MODULE && key.func != FuncId::MODULE.0 => {
                    self.assigned.insert((key.module, *slot));
                }
                Target::Slot(..) | Target::Free(..) | Target::Unknown(_) => {}
                Target::Attr { name, .. } => {
                    let writers = self.writers.entry(name.clone()).or_default();
                    if writers.len() < MOST_WRITERS {
                        writers.push(key);
                    }
                }
                Target::Index { base, .. } => self.handed.extend(named(module, *base)),
                Target::Sequence(items) => stack.extend(items),
                Target::Keys(items) => stack.extend(items.iter().map(|(_, item)| item)),
                Target::Rest(inner) | Target::Default(inner, _) => stack.push(inner),
            }
        }
    }

    fn writes(&self, name: &str) -> usize {
        self.writers.get(name).map_or(0, Vec::len)
    }
}

impl Engine<'_> {
    /// The value of a field as far as it may decide what runs: another place may write it, or change what it holds.
    pub(crate) fn perhaps_other(&mut self, name: &str, mut value: Value, class: Option<Key>) -> Value {
        let empty = value.object().filter(|id| self.is_empty_container(*id));
        if value.known().is_none() && empty.is_none() {
            return value;
        }
        let members = &self.members;
        let bound = members.bound.get(name).copied().unwrap_or(0) as usize;
        // In a class the name is bound once by the class itself, in an instance by the one function that writes it. What
        // a class declares as a field, whoever makes an instance fills.
        let other = members.any
            || bound + members.writes(name) > 1
            || class.is_some_and(|class| self.record_of(class).is_some() || self.external_base(class).is_some());
        if other && value.known().is_some() {
            value.edit().open = true;
        }
        if let Some(id) = empty
            && (other || members.handed.contains(name))
            && !self.is_being_made(id)
            && let Some(object) = self.object_mut(id)
        {
            object.complete = false;
        }
        value
    }

    /// The same of a variable of a module that a function reads.
    pub(crate) fn perhaps_assigned(&mut self, module: &Module, index: u32, slot: SlotRef, mut value: Value) -> Value {
        let empty = value.object().filter(|id| self.is_empty_container(*id));
        if value.known().is_none() && empty.is_none() {
            return value;
        }
        let Some(name) = module.function(slot.func).and_then(|function| function.slots.get(slot.slot as usize)) else {
            return value;
        };
        let name = &name.name;
        let other = self.members.assigned.contains(&(index, slot)) || self.members.writes(name) > 0;
        if other && value.known().is_some() {
            value.edit().open = true;
        }
        if let Some(id) = empty
            && (other || self.members.handed.contains(name))
            && let Some(object) = self.object_mut(id)
        {
            object.complete = false;
        }
        value
    }

    fn is_empty_container(&self, id: ObjectId) -> bool {
        self.object(id).is_some_and(|object| {
            object.complete
                && object.items.is_empty()
                && object.fields.is_empty()
                && !matches!(object.kind, ObjectKind::Instance(_) | ObjectKind::Opaque)
        })
    }

    /// True while the frame that made an object is the innermost one: what it does to it is known in order.
    fn is_being_made(&self, id: ObjectId) -> bool {
        self.object(id).is_some_and(|object| object.born.0 as usize == self.frames.len())
            && self.frames.last().is_some_and(|frame| self.is_constructor(frame.key))
    }

    /// The classes of the package below and above one, nearest first, and how many of them are below.
    pub(crate) fn related(&mut self, class: Key) -> (usize, Rc<Vec<Key>>) {
        if let Some((count, known)) = self.relatives.get(&class) {
            return (*count, Rc::clone(known));
        }
        let (mut all, sure) = self.below(class);
        let count = all.len();
        let mut level = vec![class];
        for _ in 0..DEEPEST {
            let mut next = Vec::new();
            for class in level {
                for base in self.classes.get(&class).into_iter().flatten() {
                    next.extend(base.refs().iter().filter_map(|reference| match reference {
                        Ref::Class(base) => Some(*base),
                        _ => None,
                    }));
                }
            }
            next.retain(|base| *base != class && !all.contains(base));
            all.extend(&next);
            level = next;
            if level.is_empty() || all.len() > 2 * MOST_RELATED {
                break;
            }
        }
        let all = Rc::new(all);
        // A class that is still being made may get bases yet.
        if sure && self.classes.contains_key(&class) {
            self.relatives.insert(class, (count, Rc::clone(&all)));
        }
        (count, all)
    }

    /// The classes of the package that derive from one, and whether there will be no further ones.
    fn below(&mut self, class: Key) -> (Vec<Key>, bool) {
        let name_of = |engine: &Self, class: Key| {
            let module = engine.modules.get(class.module as usize)?;
            Some(module.function(FuncId(class.func))?.name.clone())
        };
        let mut all: Vec<Key> = Vec::new();
        let mut sure = true;
        let mut level = vec![class];
        for _ in 0..DEEPEST {
            let mut next = Vec::new();
            for above in level {
                let Some(name) = name_of(self, above) else { continue };
                for below in self.members.below.get(&name).cloned().unwrap_or_default() {
                    if all.len() + next.len() >= MOST_RELATED {
                        break;
                    }
                    // The text tells the base's name only; the class tells whether it is this one.
                    self.run_module(below.module);
                    sure &= self.progress.get(below.module as usize) == Some(&Progress::Done);
                    let derives = self
                        .classes
                        .get(&below)
                        .is_some_and(|bases| bases.iter().any(|base| base.refs().contains(&Ref::Class(above))));
                    if derives && below != class && !all.contains(&below) && !next.contains(&below) {
                        next.push(below);
                    }
                }
            }
            all.extend(&next);
            level = next;
            if level.is_empty() {
                break;
            }
        }
        (all, sure)
    }

    /// An attribute of the object that stands for every instance of a class: what its own methods, those above and those
    /// below it make of the name.
    pub(crate) fn attr_of_any(&mut self, id: ObjectId, class: Key, receiver: &Value, name: &SmolStr) -> Option<Value> {
        let (below, related) = self.related(class);
        self.read_writers(class, &related, name);
        let mut result: Option<Value> = None;
        let add = |value: Value, result: &mut Option<Value>| {
            *result = Some(match result.take() {
                Some(before) => before.join(&value),
                None => value,
            });
        };
        if let Some(field) = self.object(id)?.fields.get(name).cloned() {
            add(field, &mut result);
        }
        for other in related.iter() {
            let Some(other) = self.selves.get(other).filter(|other| **other != id) else { continue };
            if let Some(field) = self.object(*other).and_then(|object| object.fields.get(name)).cloned() {
                add(field, &mut result);
            }
        }
        let written = result.is_some();
        if !written && let Some(value) = self.class_attr(class, name, Some(receiver), true) {
            add(value, &mut result);
        }
        if !name.starts_with("__") {
            for other in related.iter().take(below) {
                if self.slot_named(*other, name).is_some()
                    && let Some(value) = self.class_attr(*other, name, Some(receiver), true)
                {
                    add(value, &mut result);
                }
            }
        }
        let value = result?;
        Some(if written { self.perhaps_other(name, value, None) } else { value })
    }

    /// What a name that is known in part may mean (`getattr(self, "do_" + word)`): every function of the class or module
    /// whose name fits, those first that do something.
    pub(crate) fn fitting(&mut self, object: &Value, key: &Value) -> Option<Value> {
        let patterns = key.term()?.patterns();
        let (head, tail) = match patterns.as_slice() {
            [only] => only.split_once("{}").map(|(head, tail)| (head.to_owned(), tail.to_owned()))?,
            _ => return None,
        };
        if head.len() + tail.len() < SHORTEST_PART || tail.contains("{}") {
            return None;
        }
        let mut owners: Vec<(Key, bool)> = Vec::new();
        for reference in object.refs() {
            match reference {
                Ref::Object(id) => {
                    if let Some(ObjectKind::Instance(class)) = self.object(*id).map(|object| object.kind) {
                        owners.push((class, true));
                        owners.extend(self.related(class).1.iter().map(|other| (*other, true)));
                    }
                }
                Ref::Class(class) => owners.push((*class, false)),
                Ref::Module(module) => owners.push((Key { module: *module, func: FuncId::MODULE.0 }, false)),
                _ => {}
            }
        }
        let mut found: Vec<(bool, Value)> = Vec::new();
        for (owner, instance) in owners {
            let module = self.module(owner.module);
            let Some(function) = module.function(FuncId(owner.func)) else { continue };
            let names: Vec<SmolStr> = function
                .slots
                .iter()
                .map(|slot| slot.name.clone())
                .filter(|name| {
                    name.len() > head.len() + tail.len()
                        && name.starts_with(head.as_str())
                        && name.ends_with(tail.as_str())
                })
                .take(MOST_FITTING)
                .collect();
            for name in names {
                let value = if owner.func == FuncId::MODULE.0 {
                    self.module_attr(owner.module, &name)
                } else {
                    self.class_attr(owner, &name, Some(object), instance)
                };
                let Some(value) = value else { continue };
                let functions: Vec<Key> = value
                    .refs()
                    .iter()
                    .filter_map(|reference| match reference {
                        Ref::Function(key, _) => Some(*key),
                        _ => None,
                    })
                    .collect();
                functions.iter().for_each(|key| self.summarize(*key));
                let weighty = functions.iter().any(|key| self.summaries.get(key).is_some_and(|known| known.weighty));
                if !functions.is_empty() && found.len() < MOST_FITTING {
                    found.push((weighty, value));
                }
            }
        }
        found.sort_by_key(|(weighty, _)| !*weighty);
        found.into_iter().map(|(_, value)| value).reduce(|one, other| one.join(&other))
    }

    /// Interprets the methods that write a field before one that reads it.
    fn read_writers(&mut self, class: Key, related: &[Key], name: &SmolStr) {
        let Some(writers) = self.members.writers.get(name) else { return };
        let mut wanted: Vec<Key> = Vec::new();
        for writer in writers {
            let parent = self
                .modules
                .get(writer.module as usize)
                .and_then(|module| module.function(FuncId(writer.func)))
                .and_then(|function| function.parent);
            let Some(parent) = parent.map(|parent| Key { module: writer.module, func: parent.0 }) else { continue };
            let own = parent == class || related.contains(&parent);
            if own && !wanted.contains(writer) && wanted.len() < MOST_SUMMARIZED {
                wanted.push(*writer);
            }
        }
        for writer in wanted {
            if !self.summaries.get(&writer).is_some_and(|summary| summary.done) {
                self.summarize(writer);
            }
        }
    }

    /// Reads what the text of a module says of attributes and classes.
    pub(crate) fn read_members(&mut self, index: u32) {
        let module = self.module(index);
        if self.dialect_of(index).receiver() == Receiver::Parameter {
            self.members.read(&module, index);
        }
    }
}
