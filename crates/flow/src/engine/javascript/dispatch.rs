//! Where knowing the instance, or what a helper was given, tells more than what a function does whoever calls it.

use rustc_hash::FxHashMap;
use sluice_syntax::ir::{ExprId, ExprKind, FuncId, FunctionKind, Module};
use smol_str::SmolStr;

use crate::dialect::Receiver;
use crate::engine::heap::ObjectKind;
use crate::engine::value::{Key, Ref, Value};
use crate::engine::{Engine, MOST_CONTEXTS, Summary};

/// Most functions around one that are looked at.
const MOST_AROUND: u32 = 16;

impl Engine<'_> {
    /// `this` of a function that has none of its own: that of the function around it, as far as that is being interpreted.
    pub(crate) fn lexical_this(&self, key: Key) -> Option<Value> {
        let module = self.modules.get(key.module as usize)?;
        let mut function = module.function(FuncId(key.func))?;
        for _ in 0..MOST_AROUND {
            if function.kind != FunctionKind::Lambda || self.dialect_of(key.module).receiver() != Receiver::This {
                return None;
            }
            let parent = function.parent?;
            let around = Key { module: key.module, func: parent.0 };
            function = module.function(parent)?;
            if function.kind == FunctionKind::Lambda {
                continue;
            }
            let frame = self.frames.iter().rev().find(|frame| frame.key == around)?;
            return frame.this.clone().filter(|this| self.is_instance(this));
        }
        None
    }

    /// True for `this.name` where several classes of the package have a method of the name.
    pub(crate) fn names_several_methods(&mut self, module: &Module, callee: ExprId) -> bool {
        let Some(ExprKind::Attr { base, name }) = module.expr(callee).map(|expr| &expr.kind) else { return false };
        if !matches!(module.expr(*base).map(|base| &base.kind), Some(ExprKind::This)) {
            return false;
        }
        if self.realm.methods.is_none() {
            let mut methods: FxHashMap<SmolStr, u32> = FxHashMap::default();
            let functions = self.modules.iter().flat_map(|module| &module.functions);
            for class in functions.filter(|function| function.kind == FunctionKind::Class) {
                for slot in &class.slots {
                    *methods.entry(slot.name.clone()).or_default() += 1;
                }
            }
            self.realm.methods = Some(methods);
        }
        self.realm.methods.as_ref().and_then(|methods| methods.get(name)).is_some_and(|count| *count > 1)
    }

    /// A method or constructor of the same instance that depends on the instance's class makes this one depend on it.
    pub(crate) fn pass_dispatch(&mut self, summary: &Summary, receiver: Option<&Value>) {
        if summary.dispatches
            && let Some(frame) = self.frames.last_mut()
            && let Some(id) = receiver.and_then(Value::object)
            && frame.this.as_ref().and_then(Value::object) == Some(id)
        {
            frame.dispatches = true;
        }
    }

    /// True if an instance of a class that derives from another decides what a function does.
    pub(crate) fn is_dispatched(&self, key: Key, summary: &Summary, instance: Option<&Value>) -> bool {
        /// Most interpretations of one function for the sake of that.
        const MOST: u32 = 8;
        let derives = |class: &Key| {
            self.classes.get(class).is_some_and(|bases| {
                bases.iter().any(|base| base.refs().iter().any(|one| matches!(one, Ref::Class(_))))
            })
        };
        summary.dispatches
            && summary.contexts < MOST
            && self.may_enter(key, summary)
            && instance.and_then(Value::object).is_some_and(|id| {
                !self.stands_for_all(id)
                    && self.object(id).is_some_and(|object| match &object.kind {
                        ObjectKind::Instance(class) => derives(class),
                        _ => false,
                    })
            })
    }

    /// True if the variables that a function closes over are others by now than those of its summary, which was made anew
    /// as often as it may be: what it does to them is seen only where it is interpreted.
    pub(crate) fn closes_over_others(&self, key: Key, summary: &Summary) -> bool {
        self.dialect_of(key.module).receiver() == Receiver::This
            && summary.contexts < MOST_CONTEXTS
            && summary
                .captured
                .iter()
                .any(|(place, seen)| self.versions.get(place).copied().unwrap_or_default() != *seen)
    }

    /// An attribute of `this` that only a class above may have given to the instance makes a function depend on it.
    pub(crate) fn asks_of_this(&mut self, module: &Module, base: ExprId, value: &Value) {
        if !value.labels().is_empty()
            || value.known().is_some()
            || value.refs().iter().any(|reference| !matches!(reference, Ref::Unresolved(..)))
            || !matches!(module.expr(base).map(|base| &base.kind), Some(ExprKind::This))
            || !self.frames.last().is_some_and(|frame| frame.generic)
        {
            return;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.dispatches = true;
        }
    }

    /// True if a function that keeps what it is given keeps it in a variable of a function around it, and what it is
    /// given says something: a list that is filled by a helper holds what the helper was given.
    pub(crate) fn fills_a_variable(&self, key: Key, value: &Value) -> bool {
        /// Shortest text that says something.
        const SHORTEST: usize = 8;
        if self.dialect_of(key.module).receiver() != Receiver::This {
            return false;
        }
        let Some(module) = self.modules.get(key.module as usize) else { return false };
        let Some(function) = module.function(FuncId(key.func)) else { return false };
        let around = function.parent.and_then(|parent| module.function(parent)).map(|parent| parent.kind);
        if function.kind == FunctionKind::Class || matches!(around, None | Some(FunctionKind::Class)) {
            return false;
        }
        let says = |value: &Value| value.known_text().is_some_and(|text| text.len() >= SHORTEST);
        let lists = |value: &Value| {
            let list = value.object().and_then(|id| self.object(id));
            list.is_some_and(|list| {
                list.kind == ObjectKind::List && list.complete && list.items.iter().take(8).any(says)
            })
        };
        self.sources(value) > 0 || says(value) || lists(value)
    }
}
