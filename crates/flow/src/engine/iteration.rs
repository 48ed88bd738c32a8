//! What values hold and what iterating over them gives: elements, items, comprehensions.

use std::rc::Rc;

use sluice_syntax::ir::{Clause, ComprehensionKind, Const, ExprId, Module};

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
        self.items(value)
    }

    /// What `next` gives: of an endless iteration its first item, of a list that stands for an iteration as well.
    pub(crate) fn first_of(&mut self, value: &Value) -> Option<Value> {
        if !self.is_endless(value) {
            return None;
        }
        self.rows(&[value.clone(), Value::text("1")])?.into_iter().next()?.into_iter().next()
    }

    /// A method that changes a container which is known to its leaves, with known arguments (`sort`, `remove`, `popitem`).
    pub(crate) fn changed_in_place(
        &mut self,
        receiver: &Value,
        id: ObjectId,
        method: &str,
        args: &super::call::Args,
    ) -> Option<Value> {
        /// Largest container that is written anew.
        const MOST: usize = 20_000;
        let object = self.object(id)?;
        if !self.strong(id)
            || object.items.len() + object.fields.len() > MOST
            || !matches!(
                method,
                "sort" | "remove" | "pop" | "insert" | "popitem" | "discard" | "__delitem__" | "reverse"
            )
            || !args.named.is_empty()
            || args.star.is_some()
        {
            return None;
        }
        let mut known = self.concrete(receiver, 4)?;
        let given: Option<Vec<Concrete>> = args.positional.iter().map(|(value, _)| self.concrete(value, 4)).collect();
        let result = evaluate::mutate(&mut known, method, &given?, &mut self.budget)?;
        let changed = self.abstracted(&known);
        let changed = self.object(changed.object()?)?.clone();
        let object = self.object_mut(id)?;
        object.items = changed.items;
        object.fields = changed.fields;
        Some(self.abstracted(&result))
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
