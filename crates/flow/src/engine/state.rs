//! What the engine keeps while it interprets: where labels start and end, events, summaries and frames.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{ExprId, SlotRef};
use smol_str::SmolStr;

use super::value::{Key, Value};
use crate::facts::{EvidenceId, Guard, Guards};

/// Where a label starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OriginKey {
    /// A parameter of a function.
    Param(Key, u32),
    /// A source: the expression and the kind.
    Source(u32, ExprId, SmolStr),
    /// One item of a source that has many, by name: a variable of the environment.
    Item(u32, SmolStr),
}

/// A source.
#[derive(Clone, Debug)]
pub struct Origin {
    pub key: OriginKey,
    pub kind: SmolStr,
    pub symbol: SmolStr,
    pub detail: Option<String>,
    pub place: EvidenceId,
    pub function: Key,
    pub event: Option<usize>,
    /// The first step of its way; set by [`Engine::origin`].
    pub start: u32,
}

/// Where a label can end: an argument of an event, or a raise or return.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SinkKey {
    pub module: u32,
    pub place: EvidenceId,
    pub kind: SmolStr,
    pub arg: SmolStr,
}

/// A label that reached a sink.
#[derive(Clone, Debug)]
pub struct FlowData {
    pub origin: u32,
    pub trace: u32,
    pub sink: Rc<SinkData>,
}

/// A sink as met.
#[derive(Debug)]
pub struct SinkData {
    pub key: SinkKey,
    pub symbol: SmolStr,
    pub function: Key,
    pub event: Option<usize>,
    pub presumed: Option<Arc<str>>,
    pub guards: Guards,
}

/// An argument of an event, joined over all contexts.
#[derive(Clone, Debug)]
pub struct EventArg {
    pub name: SmolStr,
    pub roles: Vec<SmolStr>,
    pub fact: crate::facts::ValueFact,
    pub place: EvidenceId,
}

/// An event, joined over all contexts.
#[derive(Clone, Debug)]
pub struct EventData {
    pub actions: Vec<SmolStr>,
    pub source: Option<SmolStr>,
    pub symbol: SmolStr,
    pub written: SmolStr,
    pub place: EvidenceId,
    pub function: Key,
    pub args: Vec<EventArg>,
    pub receiver: Option<crate::facts::ValueFact>,
    pub result: Vec<u64>,
    pub guards: Guards,
    pub silent: bool,
    pub looped: bool,
    pub dropped: bool,
    pub order: u32,
    pub presumed: Option<Arc<str>>,
    /// True if only tests and examples have called it with known arguments so far.
    pub by_tests: bool,
}

/// What is known of a function after one interpretation with unknown parameters.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub done: bool,
    pub result: Value,
    /// Parameter index and flow, for each sink that a parameter reaches. Shared, since every call reads it.
    pub flows: Rc<Vec<(u32, u32, Rc<SinkData>)>>,
    /// Parameters whose known value changes what happens.
    pub telling: ParamSet,
    /// Parameters that it stores in a variable of an enclosing function: who reads that next gets what was passed.
    pub kept: ParamSet,
    /// Parameters that it stores in an object which it did not make: what is called there later is what was passed.
    pub stored: ParamSet,
    /// Parameters in which it stores something that can be called.
    pub filled: ParamSet,
    /// Parameters of which something is read by a name that is not known: copying a module name by name is that.
    pub copied: ParamSet,
    /// True if a modelled event of weight stands in it or in what it calls.
    pub weighty: bool,
    /// True if something in it has an effect or a source, so that its result cannot be had by evaluation alone.
    pub effects: bool,
    /// Number of contexts interpreted.
    pub contexts: u32,
    /// Variables of enclosing functions that it read, with the state they were in.
    pub captured: Vec<((u32, SlotRef), u32)>,
    /// How often it was interpreted again because such a variable took another meaning.
    pub again: u32,
    /// Parameters (`*args`, `**named`) that it passes on as they came.
    pub forwards: ParamSet,
    /// True if it calls something that its instance holds.
    pub asks: bool,
    /// True if it calls a method of its receiver to which several classes give a meaning: which class it is decides.
    pub dispatches: bool,
    /// True if it reads its arguments as a list: those that no parameter names count too.
    pub lists: bool,
}

/// A set of parameters by index. Those from the 63rd on share one place: what is true of one is taken to be true of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamSet(u64);

impl ParamSet {
    fn bit(index: u32) -> u64 {
        1 << index.min(63)
    }

    /// Adds a parameter.
    pub fn insert(&mut self, index: u32) {
        self.0 |= Self::bit(index);
    }

    /// True if there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if the parameter is in the set.
    pub fn contains(self, index: u32) -> bool {
        self.0 & Self::bit(index) != 0
    }
}

/// Whether a module's body was interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    No,
    Running,
    Done,
}

/// How a frame with known arguments was entered.
pub struct Entry {
    pub place: EvidenceId,
    pub name: SmolStr,
    /// Traces from here on were made inside.
    pub mark: u32,
    /// Origins whose labels the arguments brought in.
    pub passed: Vec<u32>,
}

/// What a `break` or `continue` leaves, and the values of variables at those that are perhaps taken.
#[derive(Debug, Default)]
pub struct Scope {
    /// Changes of variables from here on were made inside.
    pub mark: usize,
    /// Undecided branches around it.
    pub unsure: u32,
    /// True if it was perhaps broken off.
    pub broke: bool,
    pub breaks: Vec<(u32, Value)>,
    pub continues: Vec<(u32, Value)>,
}

/// A frame of the interpretation.
pub struct Frame {
    /// For an interpretation with known arguments: the call.
    pub entry: Option<Entry>,
    pub key: Key,
    /// Objects from this one on were made in it, or in what it called.
    pub first_object: usize,
    pub slots: Vec<Value>,
    /// Old values of slots, while a branch is open.
    pub undo: Vec<(u32, Value)>,
    pub open: u32,
    pub returns: Option<Value>,
    pub yields: Option<Value>,
    pub guards: Vec<Guard>,
    /// The guards as one shared list, until they change.
    pub shared_guards: Option<Guards>,
    pub silent: u32,
    pub looped: u32,
    /// Loops and the like around the current statement, the innermost last.
    pub scopes: Vec<Scope>,
    /// Branches so far of which known values decided which way is walked.
    pub decided: u32,
    /// Number of undecided branches around the current statement.
    pub unsure: u32,
    /// True if an undecided branch left a loop or the function since it was last cleared.
    pub left: bool,
    /// What a generator gives, in order, as long as that is sure.
    pub yielded: Vec<Value>,
    /// True if something was given where it was not sure whether, or how often.
    pub yields_more: bool,
    /// Variables of enclosing functions that were read.
    pub captured: Vec<(u32, SlotRef)>,
    /// True if something was called that a constructor stored in the instance.
    pub asks: bool,
    /// As in [`Summary::dispatches`].
    pub dispatches: bool,
    /// The receiver.
    pub this: Option<Value>,
    /// All arguments as one list, where the language has a name for it.
    pub arguments: Option<Value>,
    pub order: u32,
    /// True for the interpretation that makes the summary.
    pub generic: bool,
    /// The caught exception, in a handler.
    pub caught: Vec<Value>,
    /// Number of statements around the current one whose exceptions are handled in this frame.
    pub tries: u32,
    /// What was thrown in the innermost of them so far.
    pub thrown: Option<Value>,
    /// What was met so far, as in [`Summary::weighty`] and [`Summary::effects`].
    pub weighty: bool,
    pub effects: bool,
}

/// A piece of code text that reaches execution.
#[derive(Clone, Debug)]
pub struct LayerData {
    pub parent: u32,
    pub place: EvidenceId,
    pub event: usize,
    pub language: SmolStr,
    pub codings: Vec<SmolStr>,
    pub text: Arc<str>,
    pub module: Option<u32>,
}
