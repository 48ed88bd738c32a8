//! Functions that leave the call which made them: a closure keeps the variables of that call, a generator its arguments.

use std::rc::Rc;

use sluice_syntax::ir::{Const, FuncId, Module, SlotRef};
use smol_str::SmolStr;

use super::call::{Args, Site};
use super::value::{Key, ObjectId, Ref, Value};
use super::{Engine, MOST_FRAMES, MOST_INLINED};
use crate::dialect::Receiver;
use crate::structure::reassigned;

/// The method that stands for a function with the variables that it closes over; its receiver is their number.
pub(crate) const CLOSURE: &str = "\u{1}closure";
/// Most closures and generators that are kept apart.
const MOST_KEPT: usize = 4_096;
/// Most variables of one closure.
const MOST_VARIABLES: usize = 24;

/// The variables of a closure. One that is assigned more than once has no value of its own: the closure sees what is
/// assigned after it was made, so it is all that was ever assigned.
type Variables = Vec<((u32, SlotRef), Option<Value>)>;

/// A function with the variables that it closes over.
#[derive(Debug)]
pub(crate) struct Closure {
    function: Key,
    receiver: Option<Value>,
    variables: Variables,
}

/// A closure that is being called.
#[derive(Debug)]
pub(crate) struct Running {
    closure: Rc<Closure>,
    /// Number of frames when it was called: what is entered later may have newer variables.
    depth: usize,
}

/// A generator: how it was called, and what it returns in the end.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    function: Key,
    given: Rc<Vec<Value>>,
    returned: Value,
}

/// What is kept of closures and generators.
#[derive(Debug, Default)]
pub(crate) struct Escaped {
    closures: Vec<Rc<Closure>>,
    running: Vec<Running>,
    generators: rustc_hash::FxHashMap<ObjectId, Generator>,
    /// What `send` gave to the generators of a function.
    sent: rustc_hash::FxHashMap<Key, Value>,
    /// The variables of a module that are assigned more than once, by its index.
    reassigned: rustc_hash::FxHashMap<u32, Rc<rustc_hash::FxHashSet<SlotRef>>>,
}

/// The number of a closure.
fn number(receiver: &Value) -> Option<usize> {
    match receiver.known() {
        Some(Const::Int(number)) => usize::try_from(*number).ok(),
        _ => None,
    }
}

impl Engine<'_> {
    /// A result that is a function of the frame which gives it keeps the variables of that frame.
    pub(crate) fn enclosed(&mut self, key: Key, slots: &[Value], mut result: Value) -> Value {
        if self.dialect_of(key.module).receiver() != Receiver::Parameter {
            return result;
        }
        let module = self.module(key.module);
        let inner = result.refs().iter().find_map(|reference| match reference {
            Ref::Function(inner, receiver)
                if inner.module == key.module
                    && module.function(FuncId(inner.func)).is_some_and(|f| f.parent == Some(FuncId(key.func))) =>
            {
                Some((*inner, receiver.clone()))
            }
            _ => None,
        });
        let (Some((inner, receiver)), Some(function)) = (inner, module.function(FuncId(key.func))) else {
            return result;
        };
        let again = self.reassigned_in(key.module);
        let mut variables: Variables = (0u32..)
            .zip(&function.slots)
            .filter(|(_, slot)| slot.captured)
            .filter_map(|(position, _)| {
                let value = slots.get(position as usize).filter(|value| !value.is_unknown())?;
                let slot = SlotRef { func: FuncId(key.func), slot: position };
                Some(((key.module, slot), (!again.contains(&slot)).then(|| value.clone())))
            })
            .take(MOST_VARIABLES)
            .collect();
        // The frame may itself be that of a closure.
        if let Some(running) = self.escaped.running.last() {
            let more = running.closure.variables.iter().filter(|(place, _)| place.1.func != FuncId(key.func));
            variables.extend(more.take(MOST_VARIABLES).cloned());
        }
        if variables.is_empty() || self.escaped.closures.len() >= MOST_KEPT {
            return result;
        }
        let position = i64::try_from(self.escaped.closures.len()).unwrap_or(i64::MAX);
        self.escaped.closures.push(Rc::new(Closure { function: inner, receiver, variables }));
        let kept = Value::constant(Const::Int(position));
        result.edit().refs.insert(0, Ref::Method(SmolStr::new_static(CLOSURE), kept));
        result
    }

    /// The variables of a module that are assigned more than once.
    pub(crate) fn reassigned_in(&mut self, index: u32) -> Rc<rustc_hash::FxHashSet<SlotRef>> {
        let module = self.module(index);
        Rc::clone(self.escaped.reassigned.entry(index).or_insert_with(|| Rc::new(reassigned(&module))))
    }

    /// True if a value holds a function together with the variables that it closes over: then the plain function tells less.
    pub(crate) fn closes(&self, refs: &[Ref], function: Key) -> bool {
        refs.iter().any(|reference| match reference {
            Ref::Method(name, receiver) if name == CLOSURE => number(receiver)
                .and_then(|number| self.escaped.closures.get(number))
                .is_some_and(|closure| closure.function == function),
            _ => false,
        })
    }

    /// Calls a closure.
    pub(crate) fn call_closure(
        &mut self,
        module: &Rc<Module>,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let closure = Rc::clone(self.escaped.closures.get(number(receiver)?)?);
        let (function, bound) = (closure.function, closure.receiver.clone());
        self.escaped.running.push(Running { closure, depth: self.frames.len() });
        let value = self.call_function(module, function, bound, args, site);
        self.escaped.running.pop();
        Some(value)
    }

    /// True if the function is about to be entered as a closure.
    pub(crate) fn enters_closure(&self, function: Key) -> bool {
        self.escaped
            .running
            .last()
            .is_some_and(|running| running.closure.function == function && running.depth == self.frames.len())
    }

    /// A variable of an enclosing function as the running closure keeps it.
    pub(crate) fn closed_over(&self, place: (u32, SlotRef)) -> Option<Value> {
        let owner = Key { module: place.0, func: place.1.func.0 };
        for running in self.escaped.running.iter().rev() {
            let Some((_, value)) = running.closure.variables.iter().find(|(known, _)| *known == place) else {
                continue;
            };
            let newer = self.frames.iter().skip(running.depth).any(|frame| frame.key == owner);
            let value = value.as_ref().or_else(|| self.shared.get(&place));
            return value.filter(|_| !newer).cloned();
        }
        None
    }

    /// Remembers how a generator was called.
    pub(crate) fn generated(&mut self, id: ObjectId, function: Key, given: Vec<Value>, returned: Value) {
        if self.escaped.generators.len() < MOST_KEPT {
            self.escaped.generators.insert(id, Generator { function, given: Rc::new(given), returned });
        }
    }

    /// A copy of what a generator gives is a generator.
    pub(crate) fn generator_copied(&mut self, from: ObjectId, to: ObjectId) {
        if self.escaped.generators.len() < MOST_KEPT
            && let Some(generator) = self.escaped.generators.get(&from).cloned()
        {
            self.escaped.generators.insert(to, generator);
        }
    }

    /// What a generator returns in the end: `yield from` has it as its value.
    pub(crate) fn returned_by(&self, value: &Value) -> Value {
        value
            .object()
            .and_then(|id| self.escaped.generators.get(&id))
            .map(|generator| generator.returned.clone())
            .unwrap_or_default()
    }

    /// What `send` gave to the generator that is being interpreted.
    pub(crate) fn sent_here(&self) -> Value {
        self.escaped.sent.get(&self.here()).cloned().unwrap_or_default()
    }

    /// `generator.send(value)`: the generator is interpreted with the value that its `yield` has from now on.
    pub(crate) fn send(&mut self, generator: &Value, value: &Value, site: Site) -> Option<Value> {
        let Generator { function, given, .. } = self.escaped.generators.get(&generator.object()?)?.clone();
        if self.inlined >= MOST_INLINED
            || self.inline_steps == 0
            || self.frames.len() + 2 >= MOST_FRAMES
            || self.frames.iter().any(|frame| frame.key == function)
        {
            return None;
        }
        let all = match self.escaped.sent.get(&function) {
            Some(before) => before.join(value),
            None => value.clone(),
        };
        self.escaped.sent.insert(function, all);
        let target = self.module(function.module);
        let name = target.function(FuncId(function.func)).map(|function| function.name.clone()).unwrap_or_default();
        let place = self.place(site.span, Some(&name));
        self.edge(function, site.span);
        self.inlined += 1;
        let given = Rc::unwrap_or_clone(given);
        let values = self.interpret(&target, function, given, Some((place, name)), None);
        self.inlined -= 1;
        Some(self.element_of(&values))
    }

    /// Marks the parameters that a function passes on as they came, by `*args` and `**named`: knowing them tells what the
    /// function that is called gets.
    pub(crate) fn passes_on(&mut self, args: &Args) {
        let here = self.here();
        let passed = args.star.iter().chain(args.star_star.iter());
        let labels: Vec<u32> = passed.flat_map(|(value, _)| value.labels().iter().map(|label| label.origin)).collect();
        for origin in labels {
            if let Some(super::OriginKey::Param(key, index)) =
                self.origins.get(origin as usize).map(|origin| origin.key.clone())
                && key == here
            {
                self.summaries.entry(key).or_default().forwards.insert(index);
            }
        }
    }

    /// True if the arguments that a function passes on hold something whose use depends on where it arrives.
    pub(crate) fn worth_forwarding(&self, value: &Value) -> bool {
        /// Values that are looked at.
        const WIDE: usize = 32;
        let Some(object) = value.object().and_then(|id| self.object(id)) else { return false };
        object.items.iter().chain(object.fields.values()).take(WIDE).any(|value| {
            self.sources(value) > 0
                || value.refs().iter().any(|reference| !matches!(reference, Ref::Unresolved(..)))
                || matches!(value.known(), Some(Const::Str(_) | Const::Bytes(_)))
        })
    }
}
