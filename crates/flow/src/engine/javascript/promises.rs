//! Promises. One is what it resolves to: `await` and `then` hand the value on.

use std::rc::Rc;

use sluice_syntax::ir::Module;
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{Ref, Value};

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
                if let Some(second) = second {
                    self.call_back(module, &second, &[Value::UNKNOWN], &Value::UNKNOWN, site);
                }
                if !is_function(&first) {
                    return Some(receiver.clone());
                }
                Some(self.call(module, &first, Args::of(vec![receiver.clone()]), site))
            }
            "catch" if is_function(&first) => {
                let other = self.call(module, &first, Args::of(vec![Value::UNKNOWN]), site);
                Some(if other.is_unknown() { receiver.clone() } else { receiver.join(&other) })
            }
            "finally" if is_function(&first) => {
                self.call(module, &first, Args::default(), site);
                Some(receiver.clone())
            }
            _ => None,
        }
    }

    /// `new Promise(executor)`: what the executor resolves it with.
    pub(super) fn new_promise(&mut self, module: &Rc<Module>, args: &Args, site: Site) -> Value {
        let Some((executor, _)) = args.positional.first().cloned() else { return Value::UNKNOWN };
        let cell = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let holder = Value::reference(Ref::Object(cell));
        let settle = |holder: &Value| Value::reference(Ref::Method(SmolStr::new_static("\u{1}settle"), holder.clone()));
        let dropped = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let reject = settle(&Value::reference(Ref::Object(dropped)));
        self.call(module, &executor, Args::of(vec![settle(&holder), reject]), site);
        self.object(cell).map(|object| object.rest.clone()).unwrap_or_default()
    }
}
