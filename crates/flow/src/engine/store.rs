//! Assignment: where a value is stored, in variables, attributes, items and patterns.

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, Const, ExprId, ExprKind, FuncId, Module, PatternKey, SlotRef, Span, Target};
use smol_str::SmolStr;

use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{Key, Ref, Value};
use super::{Engine, OriginKey};
use crate::dialect::Receiver;
use crate::facts::StepKind;

impl Engine<'_> {
    /// Assigns a value to a target.
    pub(crate) fn assign(&mut self, module: &Rc<Module>, target: &Target, value: Value) {
        match target {
            Target::Slot(slot, span) => {
                let value = if value.labels().is_empty() {
                    value
                } else {
                    let name = self.slot_name(module, *slot);
                    let place = self.place(*span, Some(&name));
                    self.stepped(value, StepKind::Assign, place, &name)
                };
                self.write(module, *slot, value);
            }
            Target::Free(name, _) => self.store_free(name, value),
            Target::Unknown(_) => {}
            Target::Attr { base, name, span } => {
                let object = self.eval(module, *base);
                let place = self.place(*span, None);
                let written = SmolStr::new(module.slice(*span));
                let value = self.stepped(value, StepKind::Store, place, &written);
                let site = Site { id: *base, callee: *base, span: *span };
                self.set_property(module, &object, name, &value, site);
                self.store_attr(module, &object, name, value, Some(*base));
            }
            Target::Index { base, index, span } => {
                let object = self.eval(module, *base);
                let key = self.eval(module, *index);
                let place = self.place(*span, None);
                let written = crate::facts::clip(module.slice(*span), 80);
                let value = self.stepped(value, StepKind::Store, place, &SmolStr::new(&written));
                self.becomes_part_of(module, &object, &value, *base, *span);
                self.store_index(module, &object, &key, value, *base, *index);
            }
            Target::Sequence(targets) => {
                let rest = targets.iter().position(|target| matches!(target, Target::Rest(_)));
                let items = self.elements(&value);
                let count = targets.len();
                for (position, target) in targets.iter().enumerate() {
                    let part = match (&items, rest) {
                        (Some(items), None) if items.len() == count => items.get(position).cloned(),
                        (Some(items), Some(rest)) if items.len() + 1 >= count => {
                            let extra = items.len() + 1 - count;
                            if position < rest {
                                items.get(position).cloned()
                            } else if position > rest {
                                items.get(position + extra - 1).cloned()
                            } else {
                                let middle = items.get(rest..rest + extra).unwrap_or(&[]).to_vec();
                                Some(self.container(ObjectKind::List, middle, true))
                            }
                        }
                        _ => Some(self.nth(&value, position)),
                    };
                    self.assign(module, target, part.unwrap_or_default());
                }
            }
            Target::Keys(entries) => {
                for (key, target) in entries {
                    let part = match key {
                        PatternKey::Name(name) => Some(self.attr(&value, name, Span::default())),
                        PatternKey::Computed(key) => {
                            let id = *key;
                            let mut key = self.eval(module, id);
                            if key.known().is_none()
                                && let Some(found) = self.text_of_variable(module, id)
                            {
                                key = found;
                            }
                            Some(self.item_named(&value, &key, Span::default()))
                        }
                        PatternKey::Rest => Some(value.clone()),
                    };
                    self.assign(module, target, part.unwrap_or_default());
                }
            }
            Target::Rest(inner) => self.assign(module, inner, value),
            Target::Default(inner, default) => {
                let default = self.eval(module, *default);
                let absent = value.known() == Some(&Const::Undefined);
                self.assign(module, inner, if absent { default } else { value.join(&default) });
            }
        }
    }

    /// The item of a sequence that is not known whole.
    pub(crate) fn nth(&mut self, value: &Value, position: usize) -> Value {
        if let Some(item) = self.modelled_item(value, Some(position)) {
            return item;
        }
        let name = SmolStr::new(format!("\u{1}i{position}"));
        if let Some(id) = value.object()
            && let Some(found) = self.load_field(id, &name)
        {
            return found;
        }
        self.element_of(value)
    }

    pub(crate) fn slot_name(&self, module: &Module, slot: SlotRef) -> SmolStr {
        module
            .function(slot.func)
            .and_then(|function| function.slots.get(slot.slot as usize))
            .map(|slot| slot.name.clone())
            .unwrap_or_default()
    }

    /// Writes a variable of this or of an enclosing frame.
    pub(crate) fn write(&mut self, module: &Rc<Module>, slot: SlotRef, value: Value) {
        let here = self.here();
        let captured = module
            .function(slot.func)
            .and_then(|function| function.slots.get(slot.slot as usize))
            .is_some_and(|slot| slot.captured);
        if slot.func.0 == here.func {
            if captured {
                self.share((here.module, slot), &value);
            }
            self.set_slot(slot.slot, value);
            return;
        }
        self.share((here.module, slot), &value);
        for label in value.labels() {
            if let Some(OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| &origin.key)
                && *key == here
            {
                let index = *index;
                self.summaries.entry(here).or_default().kept.insert(index);
            }
        }
        let key = Key { module: here.module, func: slot.func.0 };
        if let Some(frame) = self.frames.iter_mut().rev().find(|frame| frame.key == key)
            && let Some(place) = frame.slots.get_mut(slot.slot as usize)
        {
            *place = if place.is_unknown() { value } else { place.join(&value) };
        }
    }

    /// How many sources a value has, parameters left out.
    pub(crate) fn sources(&self, value: &Value) -> usize {
        let origins = value.labels().iter().filter_map(|label| self.origins.get(label.origin as usize));
        origins.filter(|origin| !matches!(origin.key, OriginKey::Param(..))).count()
    }

    pub(crate) fn share(&mut self, place: (u32, SlotRef), value: &Value) {
        let (joined, news) = match self.shared.get(&place) {
            Some(before) => {
                let joined = before.join(value);
                let news = joined.refs().len() != before.refs().len() || self.sources(&joined) != self.sources(before);
                (joined, news)
            }
            None => (value.clone(), !value.refs().is_empty() || self.sources(value) > 0),
        };
        if news {
            *self.versions.entry(place).or_default() += 1;
        }
        self.shared.insert(place, joined);
    }

    /// Assigning a property of a library's value may do something (`image.src = address`): the catalog has a model of the
    /// property's name, which takes the receiver and one value.
    pub(crate) fn set_property(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &SmolStr,
        value: &Value,
        site: Site,
    ) {
        let catalog = self.catalog;
        let kinds: Vec<SmolStr> = object
            .refs()
            .iter()
            .filter_map(|reference| match reference {
                Ref::Instance(kind) => Some(kind.clone()),
                _ => None,
            })
            .collect();
        // A method that is replaced is not called.
        let callable = value.refs().iter().any(|reference| matches!(reference, Ref::Function(..) | Ref::Class(_)));
        if callable {
            self.hooked(module, object, name, value, site);
        }
        for kind in kinds {
            let symbol = self.canonical(&format!("{kind}.{name}"));
            let Some(model) = catalog.model(&symbol) else { continue };
            let [receiver, given] = model.params.as_slice() else { continue };
            let listens = model.args.get(&given.name).is_some_and(|roles| roles.iter().any(|role| role == "callback"));
            if receiver.name == "self" && given.stars == 0 && callable == listens {
                self.apply_model(module, model, Some(object), &Args::of(vec![value.clone()]), site, None);
            }
        }
    }

    pub(crate) fn store_attr(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &SmolStr,
        value: Value,
        base: Option<ExprId>,
    ) {
        let mut stored = false;
        if self.dialect.receiver() == Receiver::This {
            let span = base.and_then(|base| module.expr(base)).map(|expr| expr.span).unwrap_or_default();
            if self.assigned_by_setter(module, object, name, &value, span) {
                return;
            }
        }
        for reference in object.refs().to_vec() {
            // `this` of a function is the global object only if nothing else is.
            let is_global = matches!(&reference, Ref::Symbol(symbol) if symbol == "globalThis");
            if is_global && object.object().is_some() {
                continue;
            }
            if self.dialect.receiver() == Receiver::This && self.store_property(&reference, name, &value) {
                stored = true;
                continue;
            }
            match reference {
                Ref::Object(id) => {
                    let by_code = self.dialect.receiver() == Receiver::Parameter
                        && self.set_by_code(module, object, id, name, &value, self.attr_span);
                    if !by_code {
                        self.store_field(id, name, value.clone());
                    }
                    stored = true;
                }
                Ref::Class(class) => {
                    self.store_class(class, name, &value);
                    stored = true;
                }
                Ref::Symbol(owner) if self.dialect.receiver() == Receiver::Parameter => {
                    // Who uses that name from now on writes to it (`sys.stdout = stream`).
                    self.hand_over(std::iter::once(&value));
                    let nowhere = ExprId(u32::MAX);
                    let site = Site { id: nowhere, callee: nowhere, span: self.attr_span };
                    self.command_replaced(&owner, name, &value, site);
                    self.finders(module, &format!("{owner}.{name}"), &value, site);
                }
                Ref::Module(target) => {
                    let body = Key { module: target, func: FuncId::MODULE.0 };
                    if let Some(slot) = self.slot_named(body, name) {
                        self.share((target, slot), &value);
                    }
                    stored = true;
                }
                _ => {}
            }
        }
        if !stored && let Some(base) = base {
            self.fills(object, &value);
            let id = self.opaque(module, object, base);
            self.store_field(id, name, value);
        }
    }

    /// A function that stores something which can be called, or holds such things, in what it was given
    /// (`module.exports = …`): whoever passes an object finds it there.
    fn fills(&mut self, object: &Value, value: &Value) {
        let tells = value.refs().iter().any(|reference| {
            matches!(
                reference,
                Ref::Symbol(_)
                    | Ref::Function(..)
                    | Ref::Class(_)
                    | Ref::Object(_)
                    | Ref::Method(..)
                    | Ref::Instance(_)
            )
        });
        let here = self.here();
        for label in object.labels() {
            if let Some(OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| &origin.key)
                && *key == here
                && tells
            {
                let index = *index;
                self.summaries.entry(here).or_default().filled.insert(index);
            }
        }
    }

    pub(crate) fn store_class(&mut self, class: Key, name: &SmolStr, value: &Value) {
        if let Some(slot) = self.slot_named(class, name) {
            self.share((class.module, slot), value);
            return;
        }
        let id = self.generic_self(class);
        self.store_field(id, name, value.clone());
    }

    pub(crate) fn store_index(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        key: &Value,
        value: Value,
        base: ExprId,
        index: ExprId,
    ) {
        if self.dialect.receiver() == Receiver::This
            && object.object().is_none()
            && let Some(Const::Str(name)) = key.known()
            && !object.refs().is_empty()
        {
            let name = SmolStr::new(&**name);
            self.store_attr(module, object, &name, value, Some(base));
            return;
        }
        if let (Some(Ref::Symbol(symbol)), Some(name)) = (object.refs().first(), Self::named_by(key))
            && symbol == "globals()"
        {
            let here = self.file_of(self.here().module);
            match self.slot_named(Key { module: here, func: FuncId::MODULE.0 }, &name) {
                Some(slot) if here == self.here().module => self.write(module, slot, value),
                Some(slot) => self.share((here, slot), &value),
                None => {
                    self.added_names.insert((here, name), value);
                }
            }
            return;
        }
        if self.is_instance(object) && self.dialect.receiver() == Receiver::Parameter {
            let span = module.expr(base).map(|expr| expr.span).unwrap_or_default();
            self.hook(module, object, "__setitem__", vec![key.clone(), value.clone()], span);
        }
        let id = match object.object() {
            Some(id) => id,
            None => self.opaque(module, object, base),
        };
        match self.key_field(key) {
            Some(name) => self.store_field(id, &name, value),
            None => {
                // A slice takes the items of what it is given, and any item may be another from here on.
                let slice = matches!(module.expr(index).map(|expr| &expr.kind), Some(ExprKind::Slice { .. }));
                let value = if slice { self.element_of(&value) } else { value };
                self.store_any(id, &value);
                if self.dialect.receiver() == Receiver::Parameter {
                    self.mix(id);
                }
            }
        }
    }

    /// An object for a value that had none, so that what is stored into it is kept; the variable or attribute that
    /// held the value holds the object from now on.
    pub(crate) fn opaque(&mut self, module: &Rc<Module>, value: &Value, base: ExprId) -> super::value::ObjectId {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let mut inner = Value::UNKNOWN;
        inner.add_labels(value.labels());
        inner.add_tokens(value.tokens());
        self.store_any(id, &inner);
        let mut held = value.clone();
        held.edit().refs.insert(0, Ref::Object(id));
        match module.expr(base).map(|expr| &expr.kind) {
            Some(ExprKind::Slot(slot)) => self.write(module, *slot, held),
            Some(ExprKind::Index { base: outer, .. }) => {
                let outer = self.eval(module, *outer);
                if let Some(outer) = outer.object() {
                    self.store_any(outer, &held);
                }
            }
            Some(ExprKind::Attr { base: outer, name }) => {
                let at = *outer;
                let outer = self.eval(module, at);
                let is_name = module.expr(at).is_some_and(|expr| matches!(expr.kind, ExprKind::Slot(_)));
                let inside = match outer.object() {
                    Some(id) => Some(id),
                    // What a part of a library's value holds is in the value (`url.searchParams.set(…)`).
                    None if is_name && outer.refs().iter().any(|other| matches!(other, Ref::Instance(_))) => {
                        Some(self.opaque(module, &outer, at))
                    }
                    None => None,
                };
                if let Some(id) = inside {
                    self.store_field(id, &name.clone(), held);
                }
            }
            _ => {}
        }
        id
    }

    pub(crate) fn augment(
        &mut self,
        module: &Rc<Module>,
        target: &Target,
        old: ExprId,
        op: BinOp,
        value: ExprId,
        span: Span,
    ) {
        let before = self.eval(module, old);
        let more = self.eval(module, value);
        self.becomes_part_of(module, &before, &more, value, span);
        if self.is_instance(&before)
            && self.dialect.receiver() == Receiver::Parameter
            && let Some(result) =
                self.hook(module, &before, super::protocols::changing_method(op), vec![more.clone()], span)
        {
            self.assign(module, target, result);
            return;
        }
        if op == BinOp::Add
            && let Some(id) = before.object()
            && self.object(id).is_some_and(|object| matches!(object.kind, ObjectKind::List))
        {
            match self.elements(&more) {
                Some(items) => items.into_iter().for_each(|item| self.append(id, item)),
                None => {
                    let element = self.element_of(&more);
                    self.store_any(id, &element);
                }
            }
            return;
        }
        let result = self.binary(op, &before, &more, span);
        self.assign(module, target, result);
    }
}
