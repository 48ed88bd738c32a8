//! Methods of arrays and collections, and those of texts that call something back.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{BinOp, Const, Module, Span};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{ObjectId, Term, Value};
use crate::evaluate::javascript::matches;

/// Most items for which a callback is followed one by one.
const MOST_CALLS: usize = 20_000;

impl Engine<'_> {
    /// `text.replace(pattern, function)` and `callback` methods of buffers, where all is known.
    pub(super) fn known_callback(
        &mut self,
        module: &Rc<Module>,
        receiver: &Value,
        method: &str,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        if !matches!(method, "replace" | "replaceAll") {
            return None;
        }
        let text = receiver.known_text()?.clone();
        let (function, _) = args.positional.get(1).cloned()?;
        if !super::promises::is_function(&function) {
            return None;
        }
        let Some(Const::Regex { pattern, flags }) = args.positional.first().and_then(|(value, _)| value.known()) else {
            return None;
        };
        let (pattern, flags) = (Arc::clone(pattern), flags.clone());
        let found = matches(&pattern, &flags, &text, &mut self.budget)?;
        let mut result = String::new();
        let mut last = 0;
        for one in found {
            self.budget.step(20)?;
            let (start, end) = one.span();
            let values: Vec<Value> = one.texts(&text).iter().map(|part| self.abstracted(part)).collect();
            let made = self.call(module, &function, Args::of(values), site);
            let made = self.concrete(&made, 2)?;
            result.push_str(text.get(last..start)?);
            result.push_str(&self.dialect.format(&made, None, "")?);
            last = end;
        }
        result.push_str(text.get(last..)?);
        self.budget.produce(result.len())?;
        let mut value = Value::text(&result);
        self.inherit(&mut value, &[receiver], Some("translate"));
        Some(value)
    }

    /// A method of an array, of a set, or of a map.
    pub(super) fn array_method(
        &mut self,
        module: &Rc<Module>,
        receiver: &Value,
        owner: &str,
        method: &str,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let first = args.positional.first().map(|(value, _)| value.clone());
        if matches!(owner, "Map" | "Set") || (owner == "Object" && matches!(method, "get" | "set" | "has")) {
            let id = receiver.object()?;
            match method {
                "get" => {
                    let name = first.as_ref().and_then(|key| self.key_field(key));
                    return Some(match name {
                        Some(name) => self.load_field(id, &name).unwrap_or(Value::constant(Const::Undefined)),
                        None => self.load_any(id),
                    });
                }
                "set" => {
                    let value = args.positional.get(1).map(|(value, _)| value.clone()).unwrap_or_default();
                    match first.as_ref().and_then(|key| self.key_field(key)) {
                        Some(name) => self.store_field(id, &name, value),
                        None => self.store_any(id, &value),
                    }
                    return Some(receiver.clone());
                }
                "add" => {
                    self.append(id, first.unwrap_or_default());
                    return Some(receiver.clone());
                }
                _ => {}
            }
        }
        let is_array = matches!(owner, "Array" | "Buffer" | "Uint8Array" | "Set")
            || receiver.object().and_then(|id| self.object(id)).is_some_and(|object| object.kind == ObjectKind::List);
        if !is_array {
            return None;
        }
        if let Some(value) = self.changing_method(receiver, method, args) {
            return Some(value);
        }
        let function = first?;
        match method {
            "map" | "flatMap" | "forEach" | "filter" | "find" | "findLast" | "findIndex" | "some" | "every" => {
                Some(self.each(module, receiver, method, &function, site))
            }
            "reduce" | "reduceRight" => {
                let mut items = self.elements(receiver)?;
                if method == "reduceRight" {
                    items.reverse();
                }
                let mut items = items.into_iter();
                let mut value = match args.positional.get(1) {
                    Some((value, _)) => value.clone(),
                    None => items.next()?,
                };
                for (position, item) in items.enumerate() {
                    self.budget.step(4)?;
                    let at = Value::constant(Const::Int(i64::try_from(position).unwrap_or(0)));
                    value = self.call(module, &function, Args::of(vec![value, item, at]), site);
                }
                Some(value)
            }
            "sort" => {
                // The order is not followed.
                let element = self.element_of(receiver);
                if let Some(object) = receiver.object().and_then(|id| self.object_mut(id)) {
                    object.items.clear();
                }
                if let Some(id) = receiver.object() {
                    self.store_any(id, &element);
                }
                Some(receiver.clone())
            }
            _ => None,
        }
    }

    /// Calls a function for every item.
    fn each(&mut self, module: &Rc<Module>, receiver: &Value, method: &str, function: &Value, site: Site) -> Value {
        let items = self
            .elements(receiver)
            .filter(|items| items.len() <= MOST_CALLS && (items.len() as u64) < self.budget.steps);
        let Some(items) = items else {
            let element = self.element_of(receiver);
            let args = Args::of(vec![element.clone(), Value::UNKNOWN, receiver.clone()]);
            if let Some(frame) = self.frames.last_mut() {
                frame.looped += 1;
                frame.unsure += 1;
            }
            let result = self.call(module, function, args, site);
            if let Some(frame) = self.frames.last_mut() {
                frame.looped = frame.looped.saturating_sub(1);
                frame.unsure = frame.unsure.saturating_sub(1);
            }
            return match method {
                "map" | "flatMap" | "filter" => {
                    let list = self.container(ObjectKind::List, Vec::new(), false);
                    if method != "filter" {
                        let result = if method == "flatMap" && result.object().is_some() {
                            self.element_of(&result)
                        } else {
                            result
                        };
                        if let Some(id) = list.object() {
                            self.store_any(id, &result);
                        }
                        return list;
                    }
                    // Whatever is in the new list was kept.
                    let kept = self.kept_by(function, element);
                    if let Some(object) = list.object().and_then(|id| self.object_mut(id)) {
                        object.plain &= kept.is_plain();
                        object.rest = kept;
                    }
                    list
                }
                "find" | "findLast" => self.kept_by(function, element),
                _ => Value::UNKNOWN,
            };
        };
        self.budget.steps = self.budget.steps.saturating_sub(items.len() as u64 * 4);
        let mut rounds = self.rounds();
        let mut results = Vec::with_capacity(items.len());
        let mut whole = true;
        let mut codings: Option<Value> = None;
        for (position, item) in items.into_iter().enumerate() {
            if !self.another(&mut rounds) {
                whole = false;
                break;
            }
            let at = Value::constant(Const::Int(i64::try_from(position).unwrap_or(0)));
            let args = Args::of(vec![item.clone(), at, receiver.clone()]);
            let result = self.call(module, function, args, site);
            if codings.is_none() && result.data().is_some_and(|data| !data.codings.is_empty()) {
                codings = Some(result.clone());
            }
            match method {
                "map" => results.push(result),
                "flatMap" => match self.elements(&result) {
                    Some(inner) if result.object().is_some() => results.extend(inner),
                    _ => results.push(result),
                },
                "forEach" => {}
                _ => match self.truth(&result) {
                    Some(true) if matches!(method, "find" | "findLast") && whole => return item,
                    Some(true) if method == "some" => return Value::constant(Const::Bool(true)),
                    Some(false) if method == "every" => return Value::constant(Const::Bool(false)),
                    Some(false) => {}
                    Some(true) => results.push(item),
                    None => {
                        let item = if matches!(method, "filter" | "find" | "findLast") {
                            self.kept_by(function, item)
                        } else {
                            item
                        };
                        results.push(item);
                        whole = false;
                    }
                },
            }
        }
        match method {
            "forEach" => Value::constant(Const::Undefined),
            "some" if whole => Value::constant(Const::Bool(false)),
            "every" if whole => Value::constant(Const::Bool(true)),
            "find" | "findLast" | "some" | "every" | "findIndex" => {
                let list = self.container(ObjectKind::List, results, false);
                if method.starts_with("find") && method != "findIndex" {
                    self.element_of(&list)
                } else {
                    Value::UNKNOWN
                }
            }
            _ => {
                let mut list = self.container(ObjectKind::List, results, whole);
                if let Some(first) = codings {
                    list.edit().codings = first.data().map(|data| data.codings.clone()).unwrap_or_default();
                }
                list
            }
        }
    }

    /// `push`, `pop`, `shift`, `unshift`, `reverse`, `splice`, `concat`, `fill`.
    fn changing_method(&mut self, receiver: &Value, method: &str, args: &Args) -> Option<Value> {
        let id = receiver.object()?;
        let sure = self.strong(id);
        let values: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
        let kind = self.object(id)?.kind;
        if kind != ObjectKind::List {
            return None;
        }
        match method {
            "push" => {
                for value in values {
                    self.append(id, value);
                }
                if let Some((rest, _)) = &args.star {
                    self.store_any(id, rest);
                }
                let object = self.object(id)?;
                let count = i64::try_from(object.items.len()).unwrap_or(0);
                Some(if object.complete { Value::constant(Const::Int(count)) } else { Value::UNKNOWN })
            }
            "unshift" => {
                if sure && self.object(id)?.complete {
                    let object = self.object_mut(id)?;
                    object.plain &= values.iter().all(Value::is_plain);
                    for value in values.into_iter().rev() {
                        object.items.insert(0, value);
                    }
                } else {
                    for value in values {
                        self.store_any(id, &value);
                    }
                }
                Some(Value::UNKNOWN)
            }
            "pop" | "shift" => {
                let object = self.object(id)?;
                if !sure || !object.complete {
                    let any = self.load_any(id);
                    if let Some(object) = self.object_mut(id) {
                        object.complete = false;
                    }
                    return Some(any);
                }
                let object = self.object_mut(id)?;
                if object.items.is_empty() {
                    return Some(Value::constant(Const::Undefined));
                }
                if method == "pop" { object.items.pop() } else { Some(object.items.remove(0)) }
            }
            "reverse" => {
                let object = self.object_mut(id)?;
                if sure && object.complete {
                    object.items.reverse();
                } else {
                    object.complete = false;
                }
                let mut value = receiver.clone();
                let codings = &mut value.edit().codings;
                if codings.last().is_none_or(|last| last != "reverse") {
                    codings.push(SmolStr::new_static("reverse"));
                }
                Some(value)
            }
            "splice" => self.splice(id, &values, sure),
            "concat" => {
                let mut items = self.object(id)?.items.to_vec();
                let mut complete = self.object(id)?.complete;
                let mut rest = self.object(id)?.rest.clone();
                for value in values {
                    match self.elements(&value) {
                        Some(more) if value.object().is_some() => items.extend(more),
                        _ if value.object().is_some() => {
                            complete = false;
                            rest = rest.join(&self.element_of(&value));
                        }
                        _ => items.push(value),
                    }
                }
                let list = self.container(ObjectKind::List, items, complete);
                if !complete && let Some(new) = list.object() {
                    self.store_any(new, &rest);
                }
                Some(list)
            }
            "slice" => {
                let all_known = values.iter().all(|value| matches!(value.known(), Some(Const::Int(_))));
                let object = self.object(id)?;
                if !all_known || !object.complete {
                    let element = self.load_any(id);
                    let list = self.container(ObjectKind::List, Vec::new(), false);
                    if let Some(new) = list.object() {
                        self.store_any(new, &element);
                    }
                    return Some(list);
                }
                let length = i64::try_from(object.items.len()).unwrap_or(0);
                let bound = |at: usize, default: i64| match values.get(at).and_then(Value::known) {
                    Some(Const::Int(number)) if *number < 0 => (length + number).max(0),
                    Some(Const::Int(number)) => (*number).min(length),
                    _ => default,
                };
                let (start, end) = (bound(0, 0), bound(1, length));
                let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end.max(start)).unwrap_or(0);
                let items = object.items.get(range).unwrap_or_default().to_vec();
                Some(self.container(ObjectKind::List, items, true))
            }
            "join" => {
                let codings = receiver.data().is_some_and(|data| !data.codings.is_empty());
                if let Some(mut value) = self.known_method(receiver, "join", args) {
                    if codings {
                        self.inherit(&mut value, &[receiver], None);
                    }
                    return Some(value);
                }
                self.joined_items(receiver, values.first())
            }
            _ => None,
        }
    }

    /// `list.join(separator)` of items that are not all known: how the text is made is.
    fn joined_items(&mut self, list: &Value, separator: Option<&Value>) -> Option<Value> {
        /// Most items of which the text is told.
        const MOST: usize = 64;
        let comma = Value::text(",");
        let separator = separator.unwrap_or(&comma);
        let between = separator.term()?;
        let mut items = self.items(list).unwrap_or_default();
        // Of a list that perhaps holds more, what is known to be in it.
        let object = list.object().and_then(|id| self.object(id)).filter(|object| !object.mixed && !object.complete);
        let partial = object.is_some() && items.is_empty();
        if let Some(object) = object.filter(|_| partial) {
            items.clone_from(&object.items.to_vec());
            items.push(object.rest.clone());
        }
        if items.is_empty() || items.len() > MOST || items.iter().all(|item| item.term().is_none()) {
            return None;
        }
        let mut term: Option<Rc<Term>> = None;
        for item in &items {
            let piece = item.term().unwrap_or_else(|| Rc::new(Term::Name(SmolStr::new_static("…"))));
            term = Some(match term {
                Some(before) => Term::join(&Term::join(&before, &between), &piece),
                None => piece,
            });
        }
        let mut value = Value::UNKNOWN;
        self.inherit(&mut value, &[list, separator], None);
        value.edit().term = term;
        if partial {
            // What one item was decoded from hides nothing of the others.
            value.edit().codings = Default::default();
        }
        Some(value)
    }

    /// A tagged text: `String.raw(strings, …values)`.
    pub(super) fn raw_text(&mut self, args: &Args, span: Span) -> Option<Value> {
        /// Most parts of which the text is made.
        const MOST: usize = 256;
        let mut given = args.positional.iter().map(|(value, _)| value.clone());
        let strings = given.next()?;
        let strings = self.items(&strings).filter(|parts| args.star.is_none() && parts.len() <= MOST)?;
        let named = |value: Value| {
            let mut value = value;
            if value.term().is_none() && value.object().is_none() {
                value.edit().term = Some(Rc::new(Term::Name(SmolStr::new_static("…"))));
            }
            value
        };
        let mut whole = Value::text("");
        let last = strings.len().saturating_sub(1);
        // The front end gives the texts without their escapes.
        let escaped = |part: &Value| {
            part.known_text().is_none_or(|text| text.contains(|one: char| one == '\\' || one.is_control()))
        };
        let doubtful = strings.iter().any(escaped);
        for (position, part) in strings.into_iter().enumerate() {
            whole = self.binary(BinOp::Add, &whole, &named(part), span);
            if position < last
                && let Some(value) = given.next()
            {
                whole = self.binary(BinOp::Add, &whole, &named(value), span);
            }
        }
        if doubtful && let Some(term) = whole.term() {
            let data = whole.edit();
            data.term = Some(term);
            data.known = None;
        }
        Some(whole)
    }

    /// `list.splice(start, count, …items)`
    fn splice(&mut self, id: ObjectId, values: &[Value], sure: bool) -> Option<Value> {
        let position = |at: usize| match values.get(at).and_then(Value::known) {
            Some(Const::Int(number)) => Some(*number),
            _ => None,
        };
        let object = self.object_mut(id)?;
        if let (true, true, Some(start)) = (sure, object.complete, position(0)) {
            let length = i64::try_from(object.items.len()).ok()?;
            let start = usize::try_from(if start < 0 { (length + start).max(0) } else { start.min(length) }).ok()?;
            let left = object.items.len().saturating_sub(start);
            let count = match values.len() {
                1 => left,
                _ => usize::try_from(position(1)?).ok()?.min(left),
            };
            let mut tail: Vec<Value> = object.items.drain(start..).collect();
            let rest = tail.split_off(count);
            object.plain &= values.iter().skip(2).all(Value::is_plain);
            object.items.extend(values.iter().skip(2).cloned());
            object.items.extend(rest);
            return Some(self.container(ObjectKind::List, tail, true));
        }
        let any = self.load_any(id);
        if let Some(object) = self.object_mut(id) {
            object.complete = false;
        }
        for value in values.iter().skip(2) {
            self.store_any(id, value);
        }
        let list = self.container(ObjectKind::List, Vec::new(), false);
        if let Some(new) = list.object() {
            self.store_any(new, &any);
        }
        Some(list)
    }
}
