//! Pickles: what they hold, and what unpickling calls.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{Ref, Value};
use crate::evaluate::pickle::{self, Call, Pickled};

/// Most calls of one pickle that are followed.
const MOST_CALLS: usize = 4_096;
/// Evaluation steps that following one costs.
const STEPS_PER_CALL: usize = 100;
/// Deepest nesting of values that is followed.
const DEEPEST: u32 = 64;

/// What the calls of a pickle gave so far: each is made once, however often its result is used.
#[derive(Default)]
struct Made {
    results: rustc_hash::FxHashMap<*const Call, Value>,
    /// True once something was not followed.
    cut: bool,
}

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
                self.read_whole(&stream)?
            }
            ("pickle.Unpickler.load", Some(receiver)) => self.read_whole(receiver)?,
            ("pickle.Unpickler", None) => {
                // The stream is read when the unpickler is asked.
                let stream = args.positional.first()?.0.clone();
                let content = self.read_whole(&stream)?;
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
        let reading = pickle::read(&bytes, &mut self.budget);
        if reading.called.is_empty() && matches!(reading.value, Pickled::Unknown) {
            self.pickle_cut();
            return None;
        }
        let model = self.modelled(module, name, receiver, args, site);
        let mut made = Made { cut: !reading.whole, ..Made::default() };
        for call in &reading.called {
            if made.results.len() >= MOST_CALLS || self.budget.step(STEPS_PER_CALL).is_none() {
                made.cut = true;
                break;
            }
            self.pickled(module, call, &mut made, site, DEEPEST);
        }
        let mut value = self.pickled(module, &reading.value, &mut made, site, DEEPEST);
        if made.cut {
            self.pickle_cut();
        }
        self.inherit(&mut value, &[&data], Some("pickle"));
        value.add_labels(model.labels());
        value.add_tokens(model.tokens());
        Some(value)
    }

    /// Tells that what a pickle calls is not all known.
    fn pickle_cut(&mut self) {
        let file = self.file_of(self.here().module);
        let hit = (file, "pickles", "a pickle was not read to its end".to_owned());
        if !self.limits.contains(&hit) {
            self.limits.push(hit);
        }
    }

    /// A value of a pickle.
    fn pickled(&mut self, module: &Rc<Module>, value: &Pickled, made: &mut Made, site: Site, depth: u32) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            made.cut = true;
            return Value::UNKNOWN;
        };
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
                if let Some(value) = made.results.get(&Rc::as_ptr(call)) {
                    return value.clone();
                }
                let function = self.pickled(module, &call.function, made, site, depth);
                let values = call.args.iter().map(|arg| self.pickled(module, arg, made, site, depth)).collect();
                let mut args = Args::of(values);
                if let Some(named) = &call.named {
                    let named = self.pickled(module, named, made, site, depth);
                    match self.pairs(&named) {
                        Some(pairs) => args.named.extend(
                            pairs.into_iter().filter_map(|(name, value)| Some((Self::named_by(&name)?, value, None))),
                        ),
                        None => args.star_star = Some((self.only_labels(&named), None)),
                    }
                }
                let result = self.call(module, &function, args, site);
                if made.results.len() < MOST_CALLS {
                    made.results.insert(Rc::as_ptr(call), result.clone());
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
