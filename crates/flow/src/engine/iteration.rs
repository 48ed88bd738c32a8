//! What values hold and what iterating over them gives: elements, items, comprehensions.

use std::rc::Rc;

use sluice_syntax::ir::{Clause, ComprehensionKind, Const, ExprId, ExprKind, Module};

use super::Engine;
use super::heap::{ObjectKind, field_name};
use super::value::{ObjectId, Ref, Value};
use crate::evaluate::{self, Concrete};

impl Engine<'_> {
    pub(crate) fn eval_comprehension(
        &mut self,
        module: &Rc<Module>,
        kind: ComprehensionKind,
        element: ExprId,
        value: Option<ExprId>,
        clauses: &[Clause],
    ) -> Value {
        let id = match kind {
            ComprehensionKind::Dict => self.allocate(ObjectKind::Dict, Vec::new(), true),
            ComprehensionKind::Set => self.allocate(ObjectKind::Set, Vec::new(), true),
            _ => self.allocate(ObjectKind::List, Vec::new(), true),
        };
        self.clause(module, id, element, value, clauses);
        Value::reference(Ref::Object(id))
    }

    pub(crate) fn clause(
        &mut self,
        module: &Rc<Module>,
        id: ObjectId,
        element: ExprId,
        value: Option<ExprId>,
        clauses: &[Clause],
    ) {
        let Some((clause, rest)) = clauses.split_first() else {
            let item = self.eval(module, element);
            match value {
                Some(value) => {
                    let value = self.eval(module, value);
                    match item.known().and_then(field_name) {
                        Some(name) => self.store_field(id, &name, value),
                        None => {
                            let pair = self.container(ObjectKind::Tuple, vec![item, value], true);
                            self.store_any(id, &pair);
                        }
                    }
                }
                None => self.append(id, item),
            }
            return;
        };
        let iterable = self.eval_iterable(module, clause.iterable);
        if let Some(items) = self.elements(&iterable)
            && (items.len() as u64) < self.budget.steps
        {
            let mut rounds = self.rounds();
            let mut whole = true;
            for item in items {
                if !self.another(&mut rounds) {
                    whole = false;
                    break;
                }
                self.budget.steps = self.budget.steps.saturating_sub(10);
                self.assign(module, &clause.target, item);
                let mut passes = Some(true);
                for condition in &clause.conditions {
                    match self.tested(module, *condition).0 {
                        Some(true) => {}
                        Some(false) => {
                            passes = Some(false);
                            break;
                        }
                        None => passes = None,
                    }
                }
                match passes {
                    Some(false) => {}
                    Some(true) => self.clause(module, id, element, value, rest),
                    None => {
                        if let Some(frame) = self.frames.last_mut() {
                            frame.unsure += 1;
                        }
                        self.clause(module, id, element, value, rest);
                        if let Some(frame) = self.frames.last_mut() {
                            frame.unsure = frame.unsure.saturating_sub(1);
                        }
                    }
                }
            }
            if whole {
                return;
            }
        } else if self.elements_left(&iterable) {
            self.gives_up();
        }
        let item = self.element_of(&iterable);
        self.assign(module, &clause.target, item);
        if let Some(frame) = self.frames.last_mut() {
            frame.unsure += 1;
            frame.looped += 1;
        }
        for condition in &clause.conditions {
            self.tested(module, *condition);
            self.refine(module, *condition, true);
        }
        if let Some(object) = self.object_mut(id) {
            object.complete = false;
        }
        self.clause(module, id, element, value, rest);
        if let Some(frame) = self.frames.last_mut() {
            frame.unsure = frame.unsure.saturating_sub(1);
            frame.looped = frame.looped.saturating_sub(1);
        }
    }

    /// The items of an iteration, if all are known to be there.
    pub(crate) fn elements(&mut self, value: &Value) -> Option<Vec<Value>> {
        /// Longest text or bytes that are taken apart.
        const LONGEST: usize = 1_000_000;
        /// Most items that are told to be decoded, each by itself.
        const MOST_DECODED: usize = 10_000;
        if let Some(known) = value.known() {
            let length = match known {
                Const::Str(text) => text.len(),
                Const::Bytes(bytes) => bytes.len(),
                _ => return None,
            };
            if length > LONGEST || length as u64 > self.budget.steps {
                self.gives_up();
                return None;
            }
            let concrete = evaluate::from_const(known)?;
            let items = self.dialect.iterate(&concrete)?;
            self.budget.step(items.len() / 4)?;
            let labels = value.labels().to_vec();
            let codings = value.data().filter(|_| items.len() <= MOST_DECODED).map(|data| data.codings.clone());
            let codings = codings.filter(|codings| !codings.is_empty());
            return Some(
                items
                    .iter()
                    .map(|item: &Concrete| {
                        let mut item = self.abstracted(item);
                        item.add_labels(&labels);
                        if let Some(codings) = &codings {
                            item.edit().codings = codings.clone();
                        }
                        item
                    })
                    .collect(),
            );
        }
        let count = value.object().and_then(|id| self.object(id)).map_or(0, |object| object.items.len());
        self.budget.step(count / 16)?;
        self.items(value)
    }

    /// What `next` gives. Only of an iteration that is written where it is asked is it the first item: one that has a name
    /// was perhaps asked before, and then it is any of its items.
    pub(crate) fn next_of(
        &mut self,
        module: &Rc<Module>,
        value: &Value,
        written: Option<ExprId>,
        default: Option<&Value>,
    ) -> Value {
        let fresh = written
            .and_then(|id| module.expr(id))
            .is_some_and(|expr| matches!(expr.kind, ExprKind::Comprehension { .. }));
        let first = match self.items(value).filter(|_| fresh) {
            Some(items) if items.is_empty() => default.cloned(),
            Some(items) => items.into_iter().next(),
            None => None,
        };
        // What is asked by its name has one item less from here on.
        let named = written
            .and_then(|id| module.expr(id))
            .is_some_and(|expr| !matches!(expr.kind, ExprKind::Comprehension { .. } | ExprKind::Call { .. }));
        if let Some(id) = value.object().filter(|_| named) {
            self.mix(id);
        }
        // Joining the items is work, and whoever asks once asks often.
        if first.is_none() && self.budget.step(256).is_none() {
            return self.only_labels(value);
        }
        first.unwrap_or_else(|| {
            let cycle = value.refs().iter().find_map(|reference| match reference {
                Ref::Method(name, inner) if name == "\u{1}cycle" => Some(inner.clone()),
                _ => None,
            });
            let item = self.element_of(&cycle.unwrap_or_else(|| value.clone()));
            match default.filter(|default| default.known() != Some(&Const::None)) {
                Some(default) if item.is_unknown() => default.clone(),
                Some(default) => item.join(default),
                None => item,
            }
        })
    }

    /// A method that changes which items a container has, or their order. The items stay what they are, with all that is
    /// known of each; what cannot be decided leaves them in no known order.
    pub(crate) fn changed_in_place(&mut self, id: ObjectId, method: &str, args: &super::call::Args) -> Option<Value> {
        if !matches!(method, "sort" | "remove" | "popitem" | "discard" | "__delitem__" | "reverse" | "rotate" | "pop") {
            return None;
        }
        if let Some(result) = self.changed_exactly(id, method, args) {
            return Some(result);
        }
        self.mix(id);
        Some(if method.starts_with("pop") { self.load_any(id) } else { Value::constant(Const::None) })
    }

    /// The same where it is sure what changes; `None` else.
    fn changed_exactly(&mut self, id: ObjectId, method: &str, args: &super::call::Args) -> Option<Value> {
        /// Longest list that is sorted.
        const MOST: usize = 20_000;
        let object = self.object(id)?;
        if !self.strong(id) || !object.complete || args.star.is_some() || args.star_star.is_some() {
            return None;
        }
        let (kind, count) = (object.kind, object.items.len());
        let first = args.positional.first().map(|(value, _)| value.clone());
        let whole = |value: &Value| match value.known() {
            Some(Const::Int(number)) => Some(*number),
            _ => None,
        };
        let none = Value::constant(Const::None);
        if kind == ObjectKind::Dict {
            let last = match method {
                "popitem" => object.fields.keys().last().cloned()?,
                "__delitem__" | "pop" => first.as_ref()?.known().and_then(field_name)?,
                _ => return None,
            };
            let value = self.object_mut(id)?.fields.remove(&last)?;
            return Some(match method {
                "popitem" => {
                    let key = Value::constant(super::heap::key_of(&last));
                    self.container(ObjectKind::Tuple, vec![key, value], true)
                }
                "pop" => value,
                _ => none,
            });
        }
        // Taking an item out, or turning all of them, moves those behind it.
        self.budget.step(count / 64 + 1)?;
        match method {
            "reverse" => self.object_mut(id)?.items.reverse(),
            "rotate" => {
                let by = first.as_ref().map_or(Some(1), whole)?;
                if let Some(length) = i64::try_from(count).ok().filter(|length| *length > 0) {
                    self.object_mut(id)?.items.rotate_right(usize::try_from(by.rem_euclid(length)).ok()?);
                }
            }
            "pop" | "__delitem__" if kind == ObjectKind::List => {
                let at = first.as_ref().map_or(Some(-1), whole)?;
                let at = if at < 0 { at.checked_add(i64::try_from(count).ok()?)? } else { at };
                let at = usize::try_from(at).ok().filter(|at| *at < count)?;
                let item = self.object_mut(id)?.items.remove(at);
                return Some(if method == "pop" { item } else { none });
            }
            "remove" | "discard" => {
                let wanted = self.concrete(&first?, 4)?;
                let mut at = None;
                for (position, item) in self.object(id)?.items.to_vec().iter().enumerate() {
                    let item = self.concrete(item, 4)?;
                    if evaluate::equal(&item, &wanted, &mut self.budget)? {
                        at = Some(position);
                        break;
                    }
                }
                match at {
                    Some(at) => drop(self.object_mut(id)?.items.remove(at)),
                    None if method == "discard" => {}
                    None => return None,
                }
            }
            "sort" if count <= MOST && args.positional.is_empty() => {
                let reverse = match args.named.as_slice() {
                    [] => false,
                    [(name, value, _)] if name == "reverse" => match value.known()? {
                        Const::Bool(reverse) => *reverse,
                        _ => return None,
                    },
                    _ => return None,
                };
                let items = self.object(id)?.items.to_vec();
                let known: Option<Vec<Concrete>> = items.iter().map(|item| self.concrete(item, 4)).collect();
                let order = evaluate::sorted_order(&known?, reverse, &mut self.budget)?;
                let sorted = order.into_iter().filter_map(|at| items.get(at).cloned()).collect::<Vec<_>>();
                self.object_mut(id)?.items = sorted.into();
            }
            _ => return None,
        }
        Some(none)
    }

    /// Whether the items of something are known and more than may still be followed.
    fn elements_left(&self, value: &Value) -> bool {
        let object = value.object().and_then(|id| self.object(id));
        object.is_some_and(|object| object.complete && object.items.len() as u64 >= self.budget.steps)
    }

    /// What an iteration may give, where the items are not all known.
    pub(crate) fn element_of(&mut self, value: &Value) -> Value {
        if value.object().is_none()
            && let Some(item) = self.modelled_item(value, None)
        {
            return item;
        }
        let mut element = Value::UNKNOWN;
        for reference in value.refs() {
            let Ref::Object(id) = reference else { continue };
            let inner = self.load_any(*id);
            element = if element.is_unknown() { inner } else { element.join(&inner) };
        }
        if element.is_unknown() || value.object().is_none() {
            let (labels, tokens) = self.deep(value);
            element.add_labels(&labels);
            element.add_tokens(&tokens);
        } else {
            element.add_labels(value.labels());
        }
        element
    }

    /// An item of a library's value, where the catalog knows what it is.
    pub(crate) fn modelled_item(&mut self, value: &Value, position: Option<usize>) -> Option<Value> {
        let catalog = self.catalog;
        let attribute = value.refs().iter().find_map(|reference| match reference {
            Ref::Instance(kind) => catalog.item(kind, position),
            _ => None,
        })?;
        let (labels, tokens) = self.deep(value);
        let mut item = Value::UNKNOWN;
        item.add_labels(&labels);
        item.add_tokens(&tokens);
        if let Some(kind) = &attribute.result {
            item.add_ref(Ref::Instance(kind.clone()));
        }
        if let Some(term) = value.term() {
            item.edit().term = Some(term);
        }
        Some(item)
    }
}
