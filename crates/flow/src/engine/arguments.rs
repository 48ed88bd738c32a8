//! Arguments of a call of the package's own functions: to which parameters they go, and what is known of them there.

use std::rc::Rc;

use sluice_syntax::ir::{FuncId, Module, ParamKind};
use smol_str::SmolStr;

use super::call::Args;
use super::heap::ObjectKind;
use super::value::{Key, Ref, Value};
use super::{Engine, OriginKey};
use crate::dialect::Receiver;
use crate::facts::StepKind;

impl Engine<'_> {
    /// The arguments bound to the parameters of a function of the package.
    pub(crate) fn bind_args(&mut self, key: Key, receiver: Option<Value>, args: &Args) -> Vec<Option<Value>> {
        let module = self.module(key.module);
        let Some(function) = module.function(FuncId(key.func)) else { return Vec::new() };
        let mut bound: Vec<Option<Value>> = vec![None; function.params.len()];
        let receiver = receiver.filter(|_| self.dialect_of(key.module).receiver() == Receiver::Parameter);
        let mut positional = receiver.into_iter().chain(args.positional.iter().map(|(value, _)| value.clone()));
        let mut extra_items = Vec::new();
        let mut star_at = None;
        let mut star_star_at = None;
        for (index, param) in function.params.iter().enumerate() {
            match param.kind {
                ParamKind::PositionalOnly | ParamKind::Positional => {
                    if let (Some(value), Some(place)) = (positional.next(), bound.get_mut(index)) {
                        *place = Some(value);
                    }
                }
                ParamKind::Star => star_at = Some(index),
                ParamKind::StarStar => star_star_at = Some(index),
                ParamKind::NamedOnly => {}
            }
        }
        extra_items.extend(positional);
        let mut extra_named = Vec::new();
        for (name, value, _) in &args.named {
            let position = function
                .params
                .iter()
                .position(|param| param.name == *name && !matches!(param.kind, ParamKind::Star | ParamKind::StarStar));
            match position.and_then(|position| bound.get_mut(position)) {
                Some(place) => *place = Some(value.clone()),
                None => extra_named.push((name.clone(), value.clone())),
            }
        }
        if let Some(index) = star_at {
            let complete = args.star.is_none();
            let list = self.container(ObjectKind::Tuple, extra_items, complete);
            if let (Some((star, _)), Some(id)) = (&args.star, list.object()) {
                self.store_any(id, star);
            }
            if let Some(place) = bound.get_mut(index) {
                *place = Some(list);
            }
        }
        if let Some(index) = star_star_at {
            let id = self.allocate(ObjectKind::Dict, Vec::new(), args.star_star.is_none());
            let depth = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
            if let Some(object) = self.object_mut(id) {
                object.born = (depth.saturating_add(1), 0);
            }
            for (name, value) in extra_named {
                self.store_field(id, &name, value);
            }
            if let Some((rest, _)) = &args.star_star {
                self.store_any(id, rest);
            }
            if let Some(place) = bound.get_mut(index) {
                *place = Some(Value::reference(Ref::Object(id)));
            }
        }
        // What `*items` and `**mapping` may hold may be any parameter that was not given.
        let may: Option<Value> = match (&args.star, &args.star_star) {
            (Some((a, _)), Some((b, _))) => Some(a.join(b)),
            (Some((a, _)), None) | (None, Some((a, _))) => Some(a.clone()),
            (None, None) => None,
        };
        for (index, place) in bound.iter_mut().enumerate() {
            if place.is_none() {
                let number = u32::try_from(index).unwrap_or(u32::MAX);
                let default = self.defaults.get(&(key, number)).cloned();
                *place = match (&may, default) {
                    (Some(may), Some(default)) => Some(default.join(may)),
                    (Some(may), None) => Some(may.clone()),
                    (None, default) => default,
                };
            }
        }
        bound
    }

    /// What `*args` and `**named` hold is passed here as well.
    pub(super) fn pass_listed(
        &mut self,
        target: &Rc<Module>,
        key: Key,
        bound: &[Option<Value>],
        place: crate::facts::EvidenceId,
        name: &SmolStr,
    ) {
        let Some(function) = target.function(FuncId(key.func)) else { return };
        for (param, value) in function.params.iter().zip(bound) {
            if !matches!(param.kind, ParamKind::Star | ParamKind::StarStar) {
                continue;
            }
            let object = value.as_ref().and_then(Value::object).filter(|id| self.object(*id).is_some_and(|o| !o.plain));
            let Some(object) = object.and_then(|id| Some((id, self.object(id)?.clone()))) else { continue };
            let (id, mut object) = object;
            for value in object.items.iter_mut().chain(object.fields.values_mut()) {
                *value = self.stepped(std::mem::take(value), StepKind::Pass, place, name);
            }
            object.rest = self.stepped(std::mem::take(&mut object.rest), StepKind::Pass, place, name);
            if let Some(kept) = self.object_mut(id) {
                *kept = object;
            }
        }
    }

    /// True if arguments that a function reads as a list are worth following.
    pub(super) fn worth_listing(&self, summary: &super::Summary, args: &Args) -> bool {
        summary.contexts < super::MOST_CONTEXTS
            && args.positional.iter().any(|(value, _)| {
                self.sources(value) > 0
                    || value.known_text().is_some()
                    || value.refs().iter().any(|reference| matches!(reference, Ref::Symbol(_) | Ref::Function(..)))
            })
    }

    /// A parameter that is handed to a function which copies it name by name is copied by this one.
    pub(super) fn pass_copied(&mut self, summary: &super::Summary, bound: &[Option<Value>]) {
        let here = self.here();
        for (index, value) in bound.iter().enumerate() {
            if !summary.copied.contains(u32::try_from(index).unwrap_or(u32::MAX)) {
                continue;
            }
            for label in value.as_ref().map(Value::labels).unwrap_or_default() {
                if let Some(OriginKey::Param(key, number)) =
                    self.origins.get(label.origin as usize).map(|origin| origin.key.clone())
                    && key == here
                {
                    self.summaries.entry(key).or_default().copied.insert(number);
                }
            }
        }
    }

    /// What is passed for a parameter that an inner function reads is what that function reads, later and elsewhere.
    pub(super) fn share_passed(
        &mut self,
        target: &Rc<Module>,
        key: Key,
        bound: &[Option<Value>],
        place: crate::facts::EvidenceId,
        name: &SmolStr,
    ) {
        let Some(function) = target.function(FuncId(key.func)) else { return };
        for (param, value) in function.params.iter().zip(bound) {
            let captured = function.slots.get(param.slot as usize).is_some_and(|slot| slot.captured);
            let Some(value) = value.as_ref().filter(|value| captured && !value.is_unknown()) else { continue };
            let is_called = |value: &Value| {
                value.refs().iter().any(|reference| {
                    matches!(reference, Ref::Function(..) | Ref::Symbol(_) | Ref::Method(..) | Ref::Class(_))
                })
            };
            // `*functions` holds them.
            let holds = value.object().and_then(|id| self.object(id)).is_some_and(|object| {
                matches!(object.kind, ObjectKind::Tuple | ObjectKind::List)
                    && object.items.iter().take(64).any(is_called)
            });
            let calls = is_called(value) || holds;
            if calls || value.known().is_some() || self.sources(value) > 0 {
                let value = self.stepped(value.clone(), StepKind::Pass, place, name);
                let slot = sluice_syntax::ir::SlotRef { func: FuncId(key.func), slot: param.slot };
                self.share((key.module, slot), &value);
            }
        }
    }
}
