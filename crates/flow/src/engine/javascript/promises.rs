//! Promises. One is what it resolves to: `await` and `then` hand the value on.

use std::rc::Rc;

use sluice_syntax::ir::{ExprKind, Module};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{ObjectId, Ref, Value};

/// The field of a promise that holds what it was rejected with.
const REJECTED: &str = "\u{1}rejected";

/// True if the value can be called. A library's name for a value of a known type (`process.env`) cannot.
pub(super) fn is_function(value: &Value) -> bool {
    let is_typed = value.refs().iter().any(|reference| matches!(reference, Ref::Instance(_)));
    value.refs().iter().any(|reference| match reference {
        Ref::Function(..) | Ref::Class(_) | Ref::Method(..) => true,
        Ref::Symbol(symbol) => !is_typed && (symbol.contains('.') || symbol == "eval" || symbol == "Function"),
        _ => false,
    })
}

impl Engine<'_> {
    /// `promise.then(f)`, `.catch(f)`, `.finally(f)`. `None` for any other method.
    pub(crate) fn promised(
        &mut self,
        module: &Rc<Module>,
        receiver: &Value,
        method: &str,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let first = args.positional.first().map(|(value, _)| value.clone())?;
        match method {
            "then" => {
                let second = args.positional.get(1).map(|(value, _)| value.clone());
                let failure = self.rejection(module, receiver, site);
                if let Some(second) = second {
                    self.call_back(module, &second, &super::super::callbacks::Given::of(&[failure]), site);
                } else if !failure.is_unknown() {
                    // The next handler in the chain gets it.
                    let here = self.here().module;
                    self.realm.rejections.insert((here, site.id), failure);
                }
                if !is_function(&first) {
                    return Some(receiver.clone());
                }
                Some(self.call(module, &first, Args::of(vec![receiver.clone()]), site))
            }
            "catch" if is_function(&first) => {
                let failure = self.rejection(module, receiver, site);
                let other = self.call(module, &first, Args::of(vec![failure]), site);
                Some(if other.is_unknown() { receiver.clone() } else { receiver.join(&other) })
            }
            "finally" if is_function(&first) => {
                let failure = self.rejection(module, receiver, site);
                let here = self.here().module;
                if !failure.is_unknown() {
                    self.realm.rejections.insert((here, site.id), failure);
                }
                self.call(module, &first, Args::default(), site);
                Some(receiver.clone())
            }
            _ => None,
        }
    }

    /// What a promise may be rejected with: what the code rejected it with itself, or an answer in the library's exception.
    fn rejection(&mut self, module: &Module, promise: &Value, site: Site) -> Value {
        let own = promise.object().and_then(|id| self.object(id)).and_then(|object| object.fields.get(REJECTED));
        let mut failure = own.cloned().unwrap_or_default();
        if let Some(ExprKind::Attr { base, .. }) = module.expr(site.callee).map(|expr| &expr.kind)
            && let Some(before) = self.realm.rejections.get(&(self.here().module, *base))
        {
            failure = if failure.is_unknown() { before.clone() } else { failure.join(before) };
        }
        for label in promise.labels().to_vec() {
            let Some(origin) = self.origins.get(label.origin as usize) else { continue };
            if origin.kind == "network.response" {
                let symbol = origin.symbol.clone();
                let mut one = Value::UNKNOWN;
                one.add_labels(&[label]);
                let answer = self.failed_answer(&one, &symbol);
                failure.add_labels(answer.labels());
            }
        }
        failure
    }

    /// `new Promise(executor)`: what the executor resolves it with.
    pub(super) fn new_promise(&mut self, module: &Rc<Module>, args: &Args, site: Site) -> Value {
        let Some((executor, _)) = args.positional.first().cloned() else { return Value::UNKNOWN };
        let cell = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let holder = Value::reference(Ref::Object(cell));
        let settle = |holder: &Value| Value::reference(Ref::Method(SmolStr::new_static("\u{1}settle"), holder.clone()));
        let failed = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let reject = settle(&Value::reference(Ref::Object(failed)));
        self.call(module, &executor, Args::of(vec![settle(&holder), reject]), site);
        let result = self.object(cell).map(|object| object.rest.clone()).unwrap_or_default();
        let failure = self.object(failed).map(|object| object.rest.clone()).unwrap_or_default();
        if result.is_unknown() && !failure.is_unknown() { self.rejected(failure) } else { result }
    }

    /// A promise resolves to a value. Where it may resolve to several objects, what each holds is said of all: a place in
    /// them is looked up in one.
    pub(super) fn settle(&mut self, promise: ObjectId, value: &Value) {
        self.store_any(promise, value);
        let (labels, tokens) = self.deep(value);
        let Some(object) = self.object_mut(promise) else { return };
        let is_object = |reference: &&Ref| matches!(reference, Ref::Object(_));
        if !labels.is_empty() && object.rest.refs().iter().filter(is_object).count() > 1 {
            object.rest.add_labels(&labels);
            object.rest.add_tokens(&tokens);
            object.rest.edit().joined = true;
        }
    }

    /// A promise that is rejected with a value.
    pub(super) fn rejected(&mut self, value: Value) -> Value {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(REJECTED), value);
        Value::reference(Ref::Object(id))
    }
}
