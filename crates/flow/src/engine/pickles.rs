//! Pickles: what they hold, and what unpickling calls.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{Ref, Value};
use crate::evaluate::pickle::{self, Pickled};

/// Most calls of one pickle that are followed.
const MOST_CALLS: usize = 64;
/// Deepest nesting of calls that is followed.
const DEEPEST: u32 = 24;

impl Engine<'_> {
    /// `pickle.loads(data)` of known bytes: what is called is called here, and the value is what comes out.
    pub(crate) fn unpickled(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let data = match (name, receiver) {
            ("pickle.loads" | "dill.loads" | "cloudpickle.loads", None) => args.get(0, "data")?.clone(),
            ("pickle.load" | "dill.load" | "joblib.load", None) => {
                let stream = args.positional.first()?.0.clone();
                self.content_of(&stream)?
            }
            ("pickle.Unpickler.load", Some(receiver)) => self.content_of(receiver)?,
            ("pickle.Unpickler", None) => {
                // The stream is read when the unpickler is asked.
                let stream = args.positional.first()?.0.clone();
                let content = self.content_of(&stream)?;
                let mut value = self.modelled(module, name, None, args, site);
                let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                self.store_field(id, &SmolStr::new_static(super::data::CONTENT), content);
                value.edit().refs.insert(0, Ref::Object(id));
                value.add_ref(Ref::Instance(SmolStr::new_static("pickle.Unpickler")));
                return Some(value);
            }
            _ => return None,
        };
        let Some(Const::Bytes(bytes)) = data.known() else { return None };
        let bytes = Arc::clone(bytes);
        let (result, called) = pickle::read(&bytes, &mut self.budget)?;
        let model = self.modelled(module, name, receiver, args, site);
        let mut made: Vec<(Pickled, Value)> = Vec::new();
        for call in called.iter().take(MOST_CALLS) {
            self.pickled(module, call, &mut made, site, DEEPEST);
        }
        let mut value = self.pickled(module, &result, &mut made, site, DEEPEST);
        self.inherit(&mut value, &[&data], Some("pickle"));
        value.add_labels(model.labels());
        value.add_tokens(model.tokens());
        Some(value)
    }

    /// A value of a pickle. A call is made once, however often its result is used.
    fn pickled(
        &mut self,
        module: &Rc<Module>,
        value: &Pickled,
        made: &mut Vec<(Pickled, Value)>,
        site: Site,
        depth: u32,
    ) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return Value::UNKNOWN };
        match value {
            Pickled::Known(value) => self.abstracted(value),
            Pickled::Items(kind, items) => {
                let items = items.iter().map(|item| self.pickled(module, item, made, site, depth)).collect();
                let kind = match *kind {
                    "tuple" => ObjectKind::Tuple,
                    "set" => ObjectKind::Set,
                    _ => ObjectKind::List,
                };
                self.container(kind, items, true)
            }
            Pickled::Pairs(pairs) => {
                let id = self.allocate(ObjectKind::Dict, Vec::new(), true);
                for (key, value) in pairs.iter() {
                    let key = self.pickled(module, key, made, site, depth);
                    let value = self.pickled(module, value, made, site, depth);
                    match self.key_field(&key) {
                        Some(name) => self.store_field(id, &name, value),
                        None => self.store_any(id, &value),
                    }
                }
                Value::reference(Ref::Object(id))
            }
            Pickled::Global(name) => self.pickled_name(name),
            Pickled::Call(call) => {
                let same = |known: &Pickled| matches!(known, Pickled::Call(other) if Rc::ptr_eq(other, call));
                if let Some((_, value)) = made.iter().find(|(known, _)| same(known)) {
                    return value.clone();
                }
                let function = self.pickled(module, &call.0, made, site, depth);
                let values = call.1.iter().map(|arg| self.pickled(module, arg, made, site, depth)).collect();
                let result = self.call(module, &function, Args::of(values), site);
                if made.len() < MOST_CALLS {
                    made.push((value.clone(), result.clone()));
                }
                result
            }
            Pickled::Built(built) => {
                let object = self.pickled(module, &built.0, made, site, depth);
                let state = self.pickled(module, &built.1, made, site, depth);
                self.hook(module, &object, "__setstate__", vec![state.clone()], site.span);
                if let (Some(id), Some(fields)) = (object.object(), state.object().and_then(|id| self.object(id))) {
                    for (name, field) in fields.fields.clone().iter() {
                        self.store_field(id, name, field.clone());
                    }
                }
                object
            }
            Pickled::Unknown => Value::UNKNOWN,
        }
    }

    /// What a name in a pickle is: something of the package, or of a library.
    fn pickled_name(&mut self, name: &str) -> Value {
        let here = self.file_of(self.here().module);
        if let Some((owner, member)) = name.rsplit_once('.') {
            let target = if owner == "__main__" { Some(here) } else { self.program.absolute(here, owner) };
            if let Some(target) = target {
                self.run_module(target);
                if let Some(value) = self.module_attr(target, member) {
                    return value;
                }
            }
        }
        self.symbol(name)
    }
}
