//! Names and attributes: what a variable, an attribute or a member of a class refers to, and what reading it yields.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprId, FuncId, Module, SlotRef, Span};
use smol_str::SmolStr;

use super::heap::ObjectKind;
use super::value::{Data, Key, Label, ObjectId, Ref, Term, Value};
use super::{Engine, Origin, OriginKey, Progress};
use crate::dialect::Receiver;

/// The method that stands for the namespace of a module, class or instance of the package.
pub(crate) const NAMESPACE: &str = "\u{1}namespace";

impl Engine<'_> {
    /// The value of a variable.
    pub(crate) fn read(&mut self, module: &Rc<Module>, slot: SlotRef) -> Value {
        let here = self.here();
        if slot.func.0 == here.func {
            let value =
                self.frames.last().and_then(|frame| frame.slots.get(slot.slot as usize)).cloned().unwrap_or_default();
            if !value.is_unknown() {
                return value;
            }
            // A function may be interpreted before the one that fills its captured or global variable.
            return self.shared.get(&(here.module, slot)).cloned().unwrap_or_default();
        }
        let key = Key { module: here.module, func: slot.func.0 };
        if slot.func != FuncId::MODULE {
            self.captured(here.module, slot);
            if let Some(value) = self.closed_over((here.module, slot)) {
                return value;
            }
        }
        let live = self
            .frames
            .iter()
            .rev()
            .find(|frame| frame.key == key)
            .and_then(|frame| frame.slots.get(slot.slot as usize))
            .filter(|value| !value.is_unknown())
            .cloned();
        if let Some(value) = live {
            return value;
        }
        if slot.func == FuncId::MODULE && self.progress.get(here.module as usize) == Some(&Progress::No) {
            self.run_module(here.module);
        }
        let value = self.shared.get(&(here.module, slot)).cloned().unwrap_or_default();
        // A callback may be met in the statement that gives the variable its value (`const s = connect(() => s.write(x))`).
        let running = self.progress.get(here.module as usize) == Some(&Progress::Running);
        if value.is_unknown() && slot.func == FuncId::MODULE && running {
            self.captured(here.module, slot);
        }
        if value.is_unknown() && slot.func != FuncId::MODULE {
            let name = self.slot_name(module, slot);
            return Value::new(Data { term: Some(Rc::new(Term::Name(name))), ..Data::default() });
        }
        if slot.func == FuncId::MODULE { self.perhaps_assigned(module, here.module, slot, value) } else { value }
    }

    /// Notes that what this frame does depends on a variable of another: where that changes, it is interpreted again.
    fn captured(&mut self, module: u32, slot: SlotRef) {
        /// Variables that are watched for one function.
        const MOST_WATCHED: usize = 16;
        if let Some(frame) = self.frames.last_mut()
            && frame.captured.len() < MOST_WATCHED
            && !frame.captured.contains(&(module, slot))
        {
            frame.captured.push((module, slot));
        }
    }

    /// Reading a library's value may be a source.
    pub(crate) fn touched(&mut self, mut value: Value, module: &Rc<Module>, id: ExprId, span: Span) -> Value {
        let Some(Ref::Symbol(symbol)) = value.refs().first() else { return value };
        let Some(attribute) = self.catalog.attribute(symbol) else { return value };
        let attribute = attribute.clone();
        if let (Some(guard), Some(probe)) = (&attribute.guard, &mut self.guard_probe) {
            probe.insert(guard.clone());
        }
        if let Some(text) = &attribute.value
            && value.known().is_none()
        {
            let number = text.parse::<i64>().ok().filter(|_| attribute.result.as_deref() == Some("int"));
            value.edit().known = Some(match number {
                Some(number) => Const::Int(number),
                None => Const::Str(Arc::from(text.as_str())),
            });
        }
        if let Some(kind) = &attribute.source {
            let written = SmolStr::new(crate::facts::clip(module.slice(span), 120));
            let event = self.attribute_event(id, span, &attribute, written);
            let place = self.place(span, Some(&attribute.symbol));
            let label = self.origin(Origin {
                key: OriginKey::Source(self.here().module, id, kind.clone()),
                kind: kind.clone(),
                symbol: attribute.symbol.clone(),
                detail: None,
                place,
                function: self.here(),
                event: Some(event),
                start: 0,
            });
            value.add_labels(&[label]);
            let token = self.site_token(id);
            value.add_tokens(&[token]);
        }
        if let Some(result) = &attribute.result {
            value.add_ref(Ref::Instance(result.clone()));
        }
        if value.term().is_none() {
            value.edit().term = Some(Rc::new(Term::Name(attribute.symbol.clone())));
        }
        value
    }

    /// The identity of what an expression makes.
    pub(crate) fn site_token(&self, id: ExprId) -> u64 {
        let here = self.here();
        super::stable_hash(&[b"site", &here.module.to_le_bytes(), &id.0.to_le_bytes()])
    }

    /// `object.name`
    pub(crate) fn attr(&mut self, object: &Value, name: &SmolStr, span: Span) -> Value {
        self.attr_span = span;
        let mut result: Option<Value> = None;
        let add = |value: Value, result: &mut Option<Value>| {
            *result = Some(match result.take() {
                Some(before) => before.join(&value),
                None => value,
            });
        };
        let with_this = self.dialect.receiver() == Receiver::This;
        if with_this
            && let Some(concrete) = self.concrete(object, 2)
            && let Some(found) = self.dialect.index(&concrete, &crate::evaluate::Concrete::text(name))
        {
            let mut value = self.abstracted(&found);
            self.inherit(&mut value, &[object], None);
            return value;
        }
        if with_this && let Some(value) = self.patched(object, name) {
            return value;
        }
        for reference in object.refs().to_vec() {
            if with_this && let Some(found) = self.property_of(&reference, object, name) {
                if let Some(mut value) = found {
                    if let Some(key) = self.getter_of(&value) {
                        value = self.property(key, Some(object));
                    }
                    value.add_labels(object.labels());
                    add(value, &mut result);
                }
                continue;
            }
            match reference {
                Ref::Symbol(symbol) => {
                    let member = self.canonical(&format!("{symbol}.{name}"));
                    // What the catalog knows of the value's type says more than a path of names that it does not know.
                    let known =
                        |member: &str| self.catalog.model(member).is_some() || self.catalog.attribute(member).is_some();
                    let by_type = !known(&member)
                        && object.refs().iter().any(|other| match other {
                            Ref::Instance(kind) => known(&self.catalog.canonical(&format!("{kind}.{name}"))),
                            _ => false,
                        });
                    // A member of what entered, of which the catalog tells no type, comes from there too.
                    let entered = !known(&member)
                        && !object.labels().is_empty()
                        && self.catalog.attribute(&symbol).is_some_and(|attribute| attribute.result.is_none());
                    // A library's function has the methods of any function, and its module those of any object.
                    let is_any = matches!(symbol.as_str(), "object" | "type" | "types.ModuleType");
                    let reflects = !is_any
                        && !with_this
                        && !known(&member)
                        && matches!(name.as_str(), "__call__" | "__getattribute__");
                    if !by_type && !entered && !reflects {
                        add(Value::reference(Ref::Symbol(member)), &mut result);
                    }
                }
                // An object with items by name (`process.env.HOME`).
                Ref::Instance(kind) if with_this && self.is_item(&kind, name) => {
                    let item = self.named_item(object, name);
                    let mut value = self.only_labels(&item);
                    if let Some(kind) = self.catalog.item(&kind, None).and_then(|attribute| attribute.result.clone()) {
                        value.add_ref(Ref::Instance(kind));
                    }
                    add(value, &mut result);
                }
                Ref::Instance(kind) => {
                    let member = self.canonical(&format!("{kind}.{name}"));
                    if let Some(attribute) = self.catalog.attribute(&member) {
                        let kind = attribute.result.clone();
                        let mut value = Value::reference(Ref::Symbol(member.clone()));
                        if let Some(kind) = kind {
                            value.add_ref(Ref::Instance(kind));
                        }
                        let (labels, tokens) = self.of_receiver(object);
                        value.add_labels(&labels);
                        value.add_tokens(&tokens);
                        add(value, &mut result);
                    } else {
                        let receiver = object.clone();
                        let mut value = Value::reference(Ref::Method(member, receiver));
                        let (labels, tokens) = self.of_receiver(object);
                        value.add_labels(&labels);
                        value.add_tokens(&tokens);
                        add(value, &mut result);
                    }
                }
                Ref::Module(module) => {
                    self.run_module(module);
                    if let Some(value) = self.module_attr(module, name) {
                        let value = self.or_modelled(value, module, name);
                        add(value, &mut result);
                    } else if let Some(symbol) = self.of_library(module, name) {
                        add(Value::reference(Ref::Symbol(symbol)), &mut result);
                    }
                }
                Ref::Class(class) => {
                    let value = self.class_attr(class, name, Some(object), false);
                    // What was put into the class by code that makes none of its names.
                    let value = value.or_else(|| {
                        let id = self.selves.get(&class).filter(|_| !with_this)?;
                        self.object(*id)?.fields.get(name).cloned()
                    });
                    if let Some(value) = value {
                        let value = if with_this { value } else { self.enum_member(class, name, value) };
                        add(value, &mut result);
                    }
                }
                Ref::Object(id) => {
                    if let Some(value) = self.object_attr(id, object, name) {
                        add(value, &mut result);
                    }
                }
                Ref::Super(class, receiver) => {
                    let bases = self.classes.get(&class).cloned().unwrap_or_default();
                    let mut found = None;
                    for base in &bases {
                        for reference in base.refs() {
                            found = match reference {
                                Ref::Class(base) => self.class_attr(*base, name, Some(&receiver), true),
                                Ref::Symbol(symbol) => {
                                    let member = self.canonical(&format!("{symbol}.{name}"));
                                    Some(Value::reference(Ref::Method(member, receiver.clone())))
                                }
                                _ => None,
                            };
                            if found.is_some() {
                                break;
                            }
                        }
                        if found.is_some() {
                            break;
                        }
                    }
                    add(found.unwrap_or_default(), &mut result);
                }
                Ref::Method(..) | Ref::Unresolved(..) | Ref::Function(..) => {}
            }
        }
        if let Some(value) = result
            && !value.is_unknown()
        {
            return value;
        }
        if !with_this && !name.starts_with("__") && self.is_instance(object) {
            let module = self.module(self.here().module);
            if let Some(value) = self.hook(&module, object, "__getattr__", vec![Value::text(name)], span) {
                return value;
            }
        }
        if let Some(value) = self.reflected(object, name) {
            return value;
        }
        let mut value = Value::reference(Ref::Unresolved(name.clone(), object.clone()));
        let (labels, tokens) = self.of_receiver(object);
        value.add_labels(&labels);
        value.add_tokens(&tokens);
        let here = self.here().module;
        if let Some(module) = self.modules.get(here as usize) {
            let written = module.slice(span);
            if written.len() <= 60 && !written.contains('\n') {
                value.edit().term = Some(Rc::new(Term::Name(SmolStr::new(written))));
            }
        }
        value
    }

    /// True if the values of a type have items by name, and this is no name of its own.
    fn is_item(&mut self, kind: &str, name: &SmolStr) -> bool {
        let member = self.canonical(&format!("{kind}.{name}"));
        self.catalog.item(kind, None).is_some_and(|attribute| attribute.symbol.ends_with(".*"))
            && self.catalog.attribute(&member).is_none()
            && self.catalog.model(&member).is_none()
    }

    pub(crate) fn object_attr(&mut self, id: ObjectId, receiver: &Value, name: &SmolStr) -> Option<Value> {
        let object = self.object(id)?;
        match object.kind {
            ObjectKind::Instance(class) => {
                if self.stands_for_all(id) && self.dialect_of(class.module).receiver() == Receiver::Parameter {
                    return self.attr_of_any(id, class, receiver, name);
                }
                if let Some(field) = object.fields.get(name) {
                    return Some(field.clone());
                }
                if let Some(value) = self.class_attr(class, name, Some(receiver), true) {
                    return Some(value);
                }
                // A method that ran on the class as such may have set it.
                let generic = *self.selves.get(&class)?;
                if generic != id && self.dialect_of(class.module).receiver() == Receiver::Parameter {
                    return self.attr_of_any(generic, class, receiver, name);
                }
                if generic != id {
                    return self.object(generic)?.fields.get(name).cloned();
                }
                None
            }
            ObjectKind::Opaque => {
                let own = object.fields.get(name).cloned();
                let member = own.or_else(|| self.made_member(id, name, receiver))?;
                let module = self.module(self.here().module);
                let nowhere = ExprId(u32::MAX);
                let site = super::call::Site { id: nowhere, callee: nowhere, span: self.attr_span };
                Some(self.made_property(&module, &member, receiver, site).unwrap_or(member))
            }
            kind => {
                // A tuple with names.
                if kind == ObjectKind::Tuple
                    && let Some(field) = object.fields.get(name)
                {
                    return Some(field.clone());
                }
                let names = self.dialect.containers();
                let owner = match kind {
                    ObjectKind::List => names.list,
                    ObjectKind::Tuple => names.tuple,
                    ObjectKind::Set => names.set,
                    _ => names.dict,
                };
                Some(Value::reference(Ref::Method(method_name(owner, name), receiver.clone())))
            }
        }
    }

    /// An attribute of a class or its bases; bound to the receiver if it is a method of an instance.
    pub(crate) fn class_attr(
        &mut self,
        class: Key,
        name: &SmolStr,
        receiver: Option<&Value>,
        instance: bool,
    ) -> Option<Value> {
        self.class_attr_in(class, name, receiver, instance, &mut Vec::new())
    }

    fn class_attr_in(
        &mut self,
        class: Key,
        name: &SmolStr,
        receiver: Option<&Value>,
        instance: bool,
        seen: &mut Vec<Key>,
    ) -> Option<Value> {
        if !super::members::meets(seen, class) {
            return None;
        }
        let module = self.module(class.module);
        if let Some(slot) = self.slot_named(class, name) {
            let mut value = self.shared.get(&(class.module, slot)).cloned().unwrap_or_default();
            if value.is_unknown() {
                let live = self
                    .frames
                    .iter()
                    .rev()
                    .find(|frame| frame.key == class)
                    .and_then(|frame| frame.slots.get(slot.slot as usize))
                    .cloned();
                value = live.unwrap_or_default();
            }
            let bound: Vec<Ref> = value
                .refs()
                .iter()
                .map(|reference| match reference {
                    Ref::Function(key, None) => self.bind(&module, *key, receiver, instance, class),
                    other => other.clone(),
                })
                .collect();
            if self.dialect_of(class.module).receiver() == Receiver::Parameter {
                value = self.perhaps_other(name, value, Some(class));
                if instance && let Some(made) = self.computed_member(class, &value, receiver) {
                    return Some(made);
                }
            }
            // A property's value is what its getter returns.
            let getter = bound.iter().find_map(|reference| match reference {
                Ref::Function(key, Some(_)) if self.is_property(*key) || self.is_getter(*key) => Some(*key),
                _ => None,
            });
            if let Some(key) = getter.filter(|_| instance) {
                return Some(self.property(key, receiver));
            }
            if !bound.is_empty() {
                value.edit().refs = bound.into();
            }
            return Some(value);
        }
        let bases = self.classes.get(&class).cloned().unwrap_or_default();
        for base in &bases {
            for reference in base.refs() {
                let found = match reference {
                    Ref::Class(base) => self.class_attr_in(*base, name, receiver, instance, seen),
                    Ref::Symbol(symbol) => {
                        let member = self.canonical(&format!("{symbol}.{name}"));
                        (self.catalog.model(&member).is_some() || self.catalog.attribute(&member).is_some()).then(
                            || match receiver {
                                Some(receiver) if instance => Value::reference(Ref::Method(member, receiver.clone())),
                                _ => Value::reference(Ref::Symbol(member)),
                            },
                        )
                    }
                    _ => None,
                };
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    pub(crate) fn bind(&self, module: &Module, key: Key, receiver: Option<&Value>, instance: bool, class: Key) -> Ref {
        let decorators = self.decorator_names(module, key);
        if decorators.iter().any(|name| name == "staticmethod") {
            return Ref::Function(key, None);
        }
        if decorators.iter().any(|name| name == "classmethod") {
            return Ref::Function(key, Some(Value::reference(Ref::Class(class))));
        }
        match receiver {
            Some(receiver) if instance => Ref::Function(key, Some(receiver.clone())),
            _ => Ref::Function(key, None),
        }
    }

    /// The decorators of a function as written, without arguments.
    pub(crate) fn decorator_names(&self, module: &Module, key: Key) -> Vec<SmolStr> {
        let Some(other) = self.modules.get(key.module as usize) else { return Vec::new() };
        let _ = module;
        let Some(function) = other.function(FuncId(key.func)) else { return Vec::new() };
        function
            .decorators
            .iter()
            .filter_map(|id| other.expr(*id))
            .map(|expr| {
                let text = other.slice(expr.span);
                SmolStr::new(text.split('(').next().unwrap_or(text).trim())
            })
            .collect()
    }

    pub(crate) fn is_property(&self, key: Key) -> bool {
        let Some(module) = self.modules.get(key.module as usize) else { return false };
        self.decorator_names(module, key)
            .iter()
            .any(|name| name == "property" || name.ends_with("cached_property") || name == "reify")
    }

    /// `object.__call__`, `object.__getattribute__`, `object.__dict__`: the object itself under another name.
    fn reflected(&mut self, object: &Value, name: &SmolStr) -> Option<Value> {
        if self.dialect.receiver() == Receiver::This || object.refs().is_empty() {
            return None;
        }
        match name.as_str() {
            "__call__" => {
                let callable = object.refs().iter().any(|reference| {
                    matches!(reference, Ref::Symbol(_) | Ref::Method(..) | Ref::Function(..) | Ref::Class(_))
                });
                callable.then(|| object.clone())
            }
            "__dict__" => {
                let is_own = |reference: &Ref| matches!(reference, Ref::Module(_) | Ref::Class(_) | Ref::Object(_));
                let mut view = object
                    .refs()
                    .iter()
                    .any(is_own)
                    .then(|| Value::reference(Ref::Method(SmolStr::new_static(NAMESPACE), object.clone())))?;
                let (labels, tokens) = self.of_receiver(object);
                view.add_labels(&labels);
                view.add_tokens(&tokens);
                Some(view)
            }
            "__doc__" | "__name__" | "__qualname__" => {
                let [Ref::Function(key, _) | Ref::Class(key)] = object.refs() else { return None };
                let module = self.modules.get(key.module as usize)?;
                let function = module.function(FuncId(key.func))?;
                if name == "__doc__" {
                    return function.doc.as_ref().map(|doc| Value::text(doc));
                }
                Some(Value::text(&function.name))
            }
            "__defaults__" => {
                let [Ref::Function(key, _)] = object.refs() else { return None };
                let key = *key;
                let count = self.modules.get(key.module as usize)?.function(FuncId(key.func))?.params.len();
                let values: Vec<Value> = (0..u32::try_from(count).ok()?)
                    .filter_map(|index| self.defaults.get(&(key, index)).cloned())
                    .collect();
                Some(self.container(ObjectKind::Tuple, values, true))
            }
            "__getattribute__" | "__getattr__" => {
                Some(Value::reference(Ref::Method(SmolStr::new_static("\u{1}getattribute"), object.clone())))
            }
            _ => None,
        }
    }

    /// Names that every module has: what they are is known of the text that is read.
    pub(crate) fn module_names(&mut self, name: &str) -> Option<Value> {
        if self.dialect.receiver() == Receiver::This || !matches!(name, "__doc__" | "__file__") {
            return None;
        }
        let here = self.here().module;
        if name == "__file__" {
            self.names_itself = true;
            let term = Some(Rc::new(Term::Name(SmolStr::new_static("__file__"))));
            return Some(Value::new(Data { term, ..Data::default() }));
        }
        let doc = self.modules.get(here as usize)?.function(FuncId::MODULE)?.doc.clone()?;
        Some(Value::text(&doc))
    }

    /// The slot of a name in a frame, by an index made at the first question.
    pub(crate) fn slot_named(&mut self, key: Key, name: &str) -> Option<SlotRef> {
        if !self.slot_index.contains_key(&key) {
            let module = self.module(key.module);
            let mut index = rustc_hash::FxHashMap::default();
            if let Some(function) = module.function(FuncId(key.func)) {
                for (position, slot) in function.slots.iter().enumerate() {
                    index.entry(slot.name.clone()).or_insert(u32::try_from(position).unwrap_or(u32::MAX));
                }
            }
            self.slot_index.insert(key, index);
        }
        let slot = *self.slot_index.get(&key)?.get(name)?;
        Some(SlotRef { func: FuncId(key.func), slot })
    }

    /// A value of which one item is read by name: what comes from a source that has many items comes from this one.
    pub(crate) fn named_item(&mut self, value: &Value, name: &str) -> Value {
        let mut labels = value.labels().to_vec();
        let mut changed = false;
        for label in &mut labels {
            let Some(origin) = self.origins.get(label.origin as usize) else { continue };
            if origin.detail.is_some() || !matches!(origin.kind.as_str(), "environment" | "argument" | "request") {
                continue;
            }
            *label = self.labelled_item(*label, name);
            changed = true;
        }
        let mut item = value.clone();
        if changed {
            item.edit().labels = labels.into_iter().collect();
        }
        item
    }

    /// The label of one item of the source of another label: it came the same way.
    fn labelled_item(&mut self, label: Label, name: &str) -> Label {
        /// Longest name that is kept.
        const LONGEST: usize = 120;
        let Some(origin) = self.origins.get(label.origin as usize) else { return label };
        let name: SmolStr = name.chars().take(LONGEST).collect();
        let item = Origin {
            key: OriginKey::Item(label.origin, name.clone()),
            detail: Some(name.to_string()),
            ..origin.clone()
        };
        Label { origin: self.origin(item).origin, ..label }
    }

    /// The label of a source at its place. A place that is reached in several contexts may read something else in each
    /// (`os.environ.get(self.key)`): each that is named another way is a source of its own.
    pub(crate) fn source(&mut self, origin: Origin) -> Label {
        /// Most names of one place that are told apart.
        const MOST: usize = 8;
        let name = origin.detail.clone();
        let key = origin.key.clone();
        let label = self.origin(origin);
        let Some(name) = name else { return label };
        let first = self.origins.get(label.origin as usize).and_then(|known| known.detail.as_ref());
        if first == Some(&name) {
            return label;
        }
        let others = self.places_named.entry(key).or_default();
        if !others.contains(&name) {
            if others.len() >= MOST {
                return label;
            }
            others.push(name.clone());
        }
        self.labelled_item(label, &name)
    }

    /// The object that stands for any instance of a class.
    pub(crate) fn generic_self(&mut self, class: Key) -> ObjectId {
        if let Some(id) = self.selves.get(&class) {
            return *id;
        }
        let id = self.allocate(ObjectKind::Instance(class), Vec::new(), false);
        if let Some(object) = self.object_mut(id) {
            // Every method may run after every other: stores into it join.
            object.born = (0, 0);
        }
        self.selves.insert(class, id);
        id
    }

    /// What a name stands for in another frame; for `globals()["name"]` and the like.
    pub(crate) fn global_named(&mut self, name: &str) -> Option<Value> {
        let here = self.here().module;
        self.slot_named(Key { module: here, func: FuncId::MODULE.0 }, name)?;
        self.module_attr(here, name)
    }
}

fn method_name(kind: &str, name: &str) -> SmolStr {
    SmolStr::new(format!("{kind}.{name}"))
}
