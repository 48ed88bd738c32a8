//! Expressions.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{
    BinOp, Clause, ComprehensionKind, Const, ExprId, ExprKind, FuncId, FunctionKind, LogicOp, Module, SequenceKind,
    SlotRef, Span, UnaryOp,
};
use smol_str::SmolStr;

use super::builtins::is_builtin;
use super::heap::{ObjectKind, field_name};
use super::value::{Data, Key, ObjectId, Ref, Term, Value};
use super::{Engine, Origin, OriginKey, Progress};
use crate::evaluate::{self, Concrete};

/// Deepest nesting of expressions, over all frames, that is followed.
const MOST_NESTING: u32 = 4_000;

impl Engine<'_> {
    /// An expression whose value is dropped.
    pub(crate) fn eval_dropped(&mut self, module: &Rc<Module>, id: ExprId) {
        self.eval(module, id);
    }

    /// The value of an expression. Nesting beyond the bound is not followed: the front end keeps most nesting below it,
    /// only chains that lean to the left (`a.b.c…`) may be longer.
    pub(crate) fn eval(&mut self, module: &Rc<Module>, id: ExprId) -> Value {
        if self.nesting >= MOST_NESTING {
            let here = self.here().module;
            self.limits.push((here, "nesting", "an expression nested too deeply was not followed".to_owned()));
            return Value::UNKNOWN;
        }
        self.nesting += 1;
        let value = self.eval_kind(module, id);
        self.nesting -= 1;
        value
    }

    fn eval_kind(&mut self, module: &Rc<Module>, id: ExprId) -> Value {
        let Some(expr) = module.expr(id) else { return Value::UNKNOWN };
        let span = expr.span;
        match &expr.kind {
            ExprKind::Const(constant) => Value::constant(constant.clone()),
            ExprKind::Slot(slot) => {
                let value = self.read(module, *slot);
                self.touched(value, module, id, span)
            }
            ExprKind::Free(name) => {
                if let Some(value) = self.star_attr(self.here().module, name) {
                    return self.touched(value, module, id, span);
                }
                if is_builtin(name) {
                    return Value::reference(Ref::Symbol(name.clone()));
                }
                Value::UNKNOWN
            }
            ExprKind::Attr { base, name } => {
                let object = self.eval(module, *base);
                let value = self.attr(&object, name, span);
                self.touched(value, module, id, span)
            }
            ExprKind::Index { base, index } => self.eval_index(module, *base, *index, span),
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.eval(module, *part);
                }
                Value::UNKNOWN
            }
            ExprKind::Call { callee, args, .. } => self.eval_call(module, id, *callee, args, span),
            ExprKind::Binary { op, left, right } => self.eval_binary(module, *op, *left, *right, span),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(module, *operand);
                let known =
                    value.known().and_then(evaluate::from_const).and_then(|concrete| evaluate::unary(*op, &concrete));
                if let Some(known) = known {
                    return self.abstracted(&known);
                }
                if *op == UnaryOp::Not
                    && let Some(truth) = self.truth(&value)
                {
                    return Value::constant(Const::Bool(!truth));
                }
                self.only_labels(&value)
            }
            ExprKind::Logic { op, operands } => self.eval_logic(module, *op, operands),
            ExprKind::Compare { left, rest } => {
                let mut before = self.eval(module, *left);
                let mut result = Some(true);
                for (op, right) in rest {
                    let after = self.eval(module, *right);
                    let step = match (self.concrete(&before, 3), self.concrete(&after, 3)) {
                        (Some(a), Some(b)) => evaluate::compare(*op, &a, &b),
                        _ => None,
                    };
                    result = match (result, step) {
                        (Some(false), _) | (_, Some(false)) => Some(false),
                        (Some(true), Some(true)) => Some(true),
                        _ => None,
                    };
                    self.probe_labels(&before);
                    self.probe_labels(&after);
                    before = after;
                }
                result.map_or(Value::UNKNOWN, |truth| Value::constant(Const::Bool(truth)))
            }
            ExprKind::Conditional { test, then, otherwise } => {
                let (truth, guard) = self.test(module, *test);
                if let Some(truth) = truth
                    && guard.kind.is_empty()
                {
                    return self.eval(module, if truth { *then } else { *otherwise });
                }
                let a = self.eval(module, *then);
                let b = self.eval(module, *otherwise);
                a.join(&b)
            }
            ExprKind::Sequence { kind, items } => {
                let mut values = Vec::with_capacity(items.len());
                let mut complete = true;
                let mut spread = Value::UNKNOWN;
                let most = super::heap::MOST_ITEMS;
                if items.len() > most {
                    complete = false;
                    let here = self.here().module;
                    self.limits.push((here, "items", format!("of a list of {} items, {most} were kept", items.len())));
                }
                for item in items.iter().take(most) {
                    if let Some(ExprKind::Spread(inner)) = module.expr(*item).map(|expr| &expr.kind) {
                        let value = self.eval(module, *inner);
                        match self.elements(&value) {
                            Some(items) => values.extend(items),
                            None => {
                                complete = false;
                                spread = spread.join(&self.element_of(&value));
                            }
                        }
                    } else {
                        values.push(self.eval(module, *item));
                    }
                }
                let kind = match kind {
                    SequenceKind::List => ObjectKind::List,
                    SequenceKind::Tuple => ObjectKind::Tuple,
                    SequenceKind::Set => ObjectKind::Set,
                };
                let value = self.container(kind, values, complete);
                if !complete && let Some(id) = value.object() {
                    self.store_any(id, &spread);
                }
                value
            }
            ExprKind::Mapping(entries) => {
                let id = self.allocate(ObjectKind::Dict, Vec::new(), true);
                for (key, value) in entries {
                    match key {
                        Some(key) => {
                            let key = self.eval(module, *key);
                            let value = self.eval(module, *value);
                            match key.known().and_then(field_name) {
                                Some(name) => self.store_field(id, &name, value),
                                None => {
                                    let kept = self.container(ObjectKind::Tuple, vec![key, value], true);
                                    self.store_any(id, &kept);
                                }
                            }
                        }
                        None => {
                            let other = self.eval(module, *value);
                            self.merge_mapping(id, &other);
                        }
                    }
                }
                Value::reference(Ref::Object(id))
            }
            ExprKind::Spread(inner) => self.eval(module, *inner),
            ExprKind::Template(parts) => self.eval_template(module, parts),
            ExprKind::Format { value, conversion, spec } => {
                let inner = self.eval(module, *value);
                let spec = spec.map(|spec| self.eval(module, spec));
                let spec_text = match &spec {
                    None => Some(String::new()),
                    Some(spec) => spec.known_text().map(|text| text.to_string()),
                };
                if let (Some(concrete), Some(spec)) = (self.concrete(&inner, 4), spec_text)
                    && let Some(text) = evaluate::format_value(&concrete, *conversion, &spec)
                {
                    let mut result = Value::text(&text);
                    result.add_tokens(inner.tokens());
                    result.add_labels(inner.labels());
                    return result;
                }
                self.as_text(module, &inner, *value)
            }
            ExprKind::Function(func) => self.define(module, *func),
            ExprKind::Class(func) => self.define_class(module, *func),
            ExprKind::Comprehension { kind, element, value, clauses } => {
                self.eval_comprehension(module, *kind, *element, *value, clauses)
            }
            ExprKind::Bind { target, value } => {
                let value = self.eval(module, *value);
                self.assign(module, target, value.clone());
                value
            }
            ExprKind::Await(inner) => self.eval(module, *inner),
            ExprKind::Yield(inner) => {
                let value = inner.map(|inner| self.eval(module, inner)).unwrap_or_default();
                if let Some(frame) = self.frames.last_mut() {
                    frame.yields = Some(match frame.yields.take() {
                        Some(before) => before.join(&value),
                        None => value,
                    });
                }
                Value::UNKNOWN
            }
            ExprKind::YieldFrom(inner) => {
                let value = self.eval(module, *inner);
                let element = self.element_of(&value);
                if let Some(frame) = self.frames.last_mut() {
                    frame.yields = Some(match frame.yields.take() {
                        Some(before) => before.join(&element),
                        None => element,
                    });
                }
                Value::UNKNOWN
            }
            ExprKind::This => self.frames.last().and_then(|frame| frame.this.clone()).unwrap_or_default(),
            ExprKind::ImportCall(inner) => self.eval(module, *inner),
            ExprKind::Unknown(parts) => {
                let mut all = Value::UNKNOWN;
                for part in parts {
                    let value = self.eval(module, *part);
                    all.add_labels(value.labels());
                }
                all
            }
        }
    }

    fn probe_labels(&mut self, value: &Value) {
        if value.labels().is_empty() || self.guard_probe.is_none() {
            return;
        }
        let kinds = self.label_kinds(value.labels());
        if let Some(probe) = &mut self.guard_probe {
            for kind in kinds {
                let guard = match kind.as_str() {
                    "platform" => "platform",
                    "time" => "date",
                    "host.identity" => "host",
                    "argument" => "argument",
                    "environment" => "environment",
                    _ => continue,
                };
                probe.insert(SmolStr::new_static(guard));
            }
        }
    }

    /// The labels and identities of a value, and nothing else.
    pub(crate) fn only_labels(&self, value: &Value) -> Value {
        let (labels, tokens) = self.deep(value);
        let mut result = Value::UNKNOWN;
        result.add_labels(&labels);
        result.add_tokens(&tokens);
        result
    }

    /// The value of a variable.
    fn read(&mut self, module: &Rc<Module>, slot: SlotRef) -> Value {
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
        if value.is_unknown() && slot.func != FuncId::MODULE {
            let name = self.slot_name(module, slot);
            return Value::new(Data { term: Some(Rc::new(Term::Name(name))), ..Data::default() });
        }
        value
    }

    /// Reading a library's value may be a source.
    fn touched(&mut self, mut value: Value, module: &Rc<Module>, id: ExprId, span: Span) -> Value {
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
        let mut result: Option<Value> = None;
        let add = |value: Value, result: &mut Option<Value>| {
            *result = Some(match result.take() {
                Some(before) => before.join(&value),
                None => value,
            });
        };
        for reference in object.refs().to_vec() {
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
                    if !by_type {
                        add(Value::reference(Ref::Symbol(member)), &mut result);
                    }
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
                        add(value, &mut result);
                    }
                }
                Ref::Class(class) => {
                    let value = self.class_attr(class, name, Some(object), false, 0);
                    if let Some(value) = value {
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
                                Ref::Class(base) => self.class_attr(*base, name, Some(&receiver), true, 0),
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

    fn object_attr(&mut self, id: ObjectId, receiver: &Value, name: &SmolStr) -> Option<Value> {
        let object = self.object(id)?;
        match object.kind {
            ObjectKind::Instance(class) => {
                if let Some(field) = object.fields.get(name) {
                    return Some(field.clone());
                }
                if let Some(value) = self.class_attr(class, name, Some(receiver), true, 0) {
                    return Some(value);
                }
                // A method that ran on the class as such may have set it.
                let generic = *self.selves.get(&class)?;
                if generic != id {
                    return self.object(generic)?.fields.get(name).cloned();
                }
                None
            }
            ObjectKind::Opaque => object.fields.get(name).cloned(),
            ObjectKind::List => Some(Value::reference(Ref::Method(method_name("list", name), receiver.clone()))),
            ObjectKind::Tuple => Some(Value::reference(Ref::Method(method_name("tuple", name), receiver.clone()))),
            ObjectKind::Set => Some(Value::reference(Ref::Method(method_name("set", name), receiver.clone()))),
            ObjectKind::Dict => Some(Value::reference(Ref::Method(method_name("dict", name), receiver.clone()))),
        }
    }

    /// An attribute of a class or its bases; bound to the receiver if it is a method of an instance.
    pub(crate) fn class_attr(
        &mut self,
        class: Key,
        name: &SmolStr,
        receiver: Option<&Value>,
        instance: bool,
        depth: u32,
    ) -> Option<Value> {
        if depth > 16 {
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
            // A property's value is what its getter returns.
            if let Some(Ref::Function(key, Some(_))) = bound.first()
                && instance
                && self.is_property(*key)
            {
                return Some(self.property(*key, receiver));
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
                    Ref::Class(base) if *base != class => self.class_attr(*base, name, receiver, instance, depth + 1),
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

    fn bind(&self, module: &Module, key: Key, receiver: Option<&Value>, instance: bool, class: Key) -> Ref {
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

    fn is_property(&self, key: Key) -> bool {
        let Some(module) = self.modules.get(key.module as usize) else { return false };
        self.decorator_names(module, key)
            .iter()
            .any(|name| name == "property" || name.ends_with("cached_property") || name == "reify")
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

    fn eval_index(&mut self, module: &Rc<Module>, base: ExprId, index: ExprId, span: Span) -> Value {
        let object = self.eval(module, base);
        if let Some(ExprKind::Slice { lower, upper, step }) = module.expr(index).map(|expr| &expr.kind) {
            let mut bounds = [None, None, None];
            let mut known = true;
            for (bound, part) in bounds.iter_mut().zip([lower, upper, step]) {
                if let Some(part) = part {
                    match self.eval(module, *part).known() {
                        Some(Const::Int(number)) => *bound = Some(*number),
                        Some(Const::None) => {}
                        _ => known = false,
                    }
                }
            }
            if known
                && let Some(concrete) = self.concrete(&object, 4)
                && let [lower, upper, step] = bounds
                && let Some(outcome) = evaluate::slice(&concrete, lower, upper, step, &mut self.budget)
            {
                let mut value = self.abstracted(&outcome.value);
                self.inherit(&mut value, &[&object], outcome.coding);
                return value;
            }
            let mut value = self.only_labels(&object);
            if let Some(term) = object.term() {
                let text = module.slice(module.expr(index).map_or(span, |expr| expr.span));
                value.edit().term = Some(Term::through(&format!("[{text}]"), &term));
            }
            return value;
        }
        let key = self.eval(module, index);
        // Reading one environment variable names it.
        if let Some(name) = key.known_text() {
            let name = name.to_string();
            self.detail(&object, &name);
        }
        if let (Some(container), Some(position)) = (object.known(), key.known())
            && let (Some(container), Some(position)) = (evaluate::from_const(container), evaluate::from_const(position))
            && let Some(item) = evaluate::index(&container, &position)
        {
            let mut value = self.abstracted(&item);
            self.inherit(&mut value, &[&object], None);
            return value;
        }
        if let Some(id) = object.object() {
            let found = match key.known().and_then(field_name) {
                Some(name) => self.load_field(id, &name),
                None => Some(self.load_any(id)),
            };
            if let Some(mut found) = found {
                found.add_labels(object.labels());
                return found;
            }
        }
        if let Some(target) = self.namespace_item(&object, &key) {
            return target;
        }
        let mut value = self.only_labels(&object);
        let written = module.slice(span);
        if written.len() <= 60 && !written.contains('\n') {
            value.edit().term = Some(Rc::new(Term::Name(SmolStr::new(written))));
        }
        value
    }

    /// Names what was asked of a source: an environment variable, a file.
    pub(crate) fn detail(&mut self, value: &Value, name: &str) {
        for label in value.labels() {
            if let Some(origin) = self.origins.get_mut(label.origin as usize)
                && origin.detail.is_none()
                && matches!(origin.kind.as_str(), "environment" | "argument" | "request")
            {
                origin.detail = Some(name.chars().take(120).collect());
            }
        }
    }

    /// Labels, identities and codings of what a value was made from.
    pub(crate) fn inherit(&self, value: &mut Value, from: &[&Value], coding: Option<&'static str>) {
        for source in from {
            let (labels, tokens) = self.deep(source);
            value.add_labels(&labels);
            value.add_tokens(&tokens);
            if let Some(data) = source.data()
                && !data.codings.is_empty()
                && value.data().is_none_or(|own| own.codings.len() < data.codings.len())
            {
                value.edit().codings = data.codings.clone();
            }
        }
        if let Some(coding) = coding {
            let codings = &mut value.edit().codings;
            if codings.last().is_none_or(|last| last != coding) && codings.len() < 64 {
                codings.push(SmolStr::new_static(coding));
            }
        }
    }

    fn eval_binary(&mut self, module: &Rc<Module>, op: BinOp, left: ExprId, right: ExprId, span: Span) -> Value {
        // Long chains lean to the left; they are walked without recursion.
        let mut chain = vec![(op, right, span)];
        let mut first = left;
        while let Some(expr) = module.expr(first) {
            let ExprKind::Binary { op, left, right } = &expr.kind else { break };
            chain.push((*op, *right, expr.span));
            first = *left;
        }
        let mut value = self.eval(module, first);
        let mut written = first;
        while let Some((op, right, span)) = chain.pop() {
            let other = self.eval(module, right);
            value = if op == BinOp::Add {
                let a = self.with_name(module, &value, written);
                let b = self.with_name(module, &other, right);
                self.binary(op, &a, &b, span)
            } else {
                self.binary(op, &value, &other, span)
            };
            written = ExprId(u32::MAX);
        }
        value
    }

    /// The value with the expression's own words as its term, if it has none.
    fn with_name(&self, module: &Module, value: &Value, id: ExprId) -> Value {
        if value.term().is_some() || value.object().is_some() {
            return value.clone();
        }
        let Some(expr) = module.expr(id) else { return value.clone() };
        let text = module.slice(expr.span);
        let mut value = value.clone();
        let name = if text.len() <= 60 && !text.contains('\n') { text } else { "…" };
        value.edit().term = Some(Rc::new(Term::Name(SmolStr::new(name))));
        value
    }

    /// An arithmetic operation on two values.
    pub(crate) fn binary(&mut self, op: BinOp, left: &Value, right: &Value, _span: Span) -> Value {
        if !self.blows_up(op, left, right)
            && let (Some(a), Some(b)) = (self.concrete(left, 4), self.concrete(right, 4))
            && let Some(result) = evaluate::binary(op, &a, &b, &mut self.budget)
        {
            let mut value = self.abstracted(&result);
            let coding = (op == BinOp::BitXor).then_some("xor");
            self.inherit(&mut value, &[left, right], coding);
            return value;
        }
        let mut value = Value::UNKNOWN;
        for side in [left, right] {
            let (labels, tokens) = self.deep(side);
            value.add_labels(&labels);
            value.add_tokens(&tokens);
        }
        match op {
            BinOp::Add => {
                if let (Some(a), Some(b)) = (left.object(), right.object()) {
                    // Lists behind each other.
                    let mut items = self.object(a).map(|object| object.items.to_vec()).unwrap_or_default();
                    items.extend(self.object(b).into_iter().flat_map(|object| object.items.iter().cloned()));
                    let rest = self.object(a).map(|o| o.rest.clone()).unwrap_or_default();
                    let rest = rest.join(&self.object(b).map(|o| o.rest.clone()).unwrap_or_default());
                    let complete =
                        self.object(a).is_some_and(|o| o.complete) && self.object(b).is_some_and(|o| o.complete);
                    let list = self.container(ObjectKind::List, items, complete);
                    if let (Some(id), false) = (list.object(), complete) {
                        self.store_any(id, &rest);
                    }
                    return list;
                }
                let hole = || Rc::new(Term::Name(SmolStr::new_static("…")));
                match (left.term(), right.term()) {
                    (None, None) => {}
                    (a, b) => {
                        let joined = Term::join(&a.unwrap_or_else(hole), &b.unwrap_or_else(hole));
                        value.edit().term = Some(joined);
                    }
                }
            }
            BinOp::Mod => {
                if let Some(Term::Text(format)) = left.term().as_deref() {
                    let parts = self.elements(right).unwrap_or_else(|| vec![right.clone()]);
                    value.edit().term = Some(self.percent_term(format, &parts));
                }
            }
            BinOp::Div => {
                // `pathlib` joins paths with a slash.
                if let (Some(a), Some(b)) = (left.term(), right.term()) {
                    let slash = Rc::new(Term::Text(Arc::from("/")));
                    value.edit().term = Some(Term::join(&Term::join(&a, &slash), &b));
                    for reference in left.refs() {
                        value.add_ref(reference.clone());
                    }
                }
            }
            _ => {}
        }
        value
    }

    /// True if a repetition would make much out of little: such a value hides nothing and is not worth its memory.
    fn blows_up(&self, op: BinOp, left: &Value, right: &Value) -> bool {
        /// Longest text and longest list that a repetition makes.
        const LONGEST: u64 = 1 << 20;
        const MOST: u64 = 20_000;
        if op != BinOp::Mul {
            return false;
        }
        let length = |value: &Value| match value.known() {
            Some(Const::Str(text)) => Some((text.len() as u64, LONGEST)),
            Some(Const::Bytes(bytes)) => Some((bytes.len() as u64, LONGEST)),
            Some(_) => None,
            None => value.object().and_then(|id| self.object(id)).map(|object| (object.items.len() as u64, MOST)),
        };
        let times = |value: &Value| match value.known() {
            Some(Const::Int(number)) => Some(number.unsigned_abs()),
            _ => None,
        };
        let (part, count) = match (length(left), times(right)) {
            (Some(part), Some(count)) => (part, count),
            _ => match (length(right), times(left)) {
                (Some(part), Some(count)) => (part, count),
                _ => return false,
            },
        };
        part.0.saturating_mul(count) > part.1
    }

    /// The term of `format % parts`.
    fn percent_term(&self, format: &str, parts: &[Value]) -> Rc<Term> {
        let mut whole = Rc::new(Term::Text(Arc::from("")));
        let mut rest = format;
        let mut next = 0;
        while let Some(at) = rest.find('%') {
            let (before, behind) = rest.split_at(at);
            whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from(before))));
            let spec_length = behind.char_indices().skip(1).find(|(_, c)| c.is_ascii_alphabetic() || *c == '%');
            let Some((end, letter)) = spec_length else {
                rest = behind;
                break;
            };
            if letter == '%' {
                whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from("%"))));
            } else {
                let part = parts.get(next).and_then(Value::term);
                next += 1;
                whole = Term::join(&whole, &part.unwrap_or_else(|| Rc::new(Term::Name(SmolStr::new_static("…")))));
            }
            rest = behind.get(end + letter.len_utf8()..).unwrap_or("");
        }
        Term::join(&whole, &Rc::new(Term::Text(Arc::from(rest))))
    }

    /// The term of `format.format(args, named)`.
    pub(crate) fn format_term(&self, format: &str, args: &[Value], named: &[(SmolStr, Value)]) -> Rc<Term> {
        let mut whole = Rc::new(Term::Text(Arc::from("")));
        let mut rest = format;
        let mut next = 0;
        while let Some(at) = rest.find('{') {
            let (before, behind) = rest.split_at(at);
            whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from(before))));
            if behind.starts_with("{{") {
                whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from("{"))));
                rest = behind.get(2..).unwrap_or("");
                continue;
            }
            let Some(end) = behind.find('}') else {
                rest = behind;
                break;
            };
            let field = behind.get(1..end).unwrap_or("");
            let name = field.split([':', '!', '.', '[']).next().unwrap_or("");
            let part = if name.is_empty() {
                next += 1;
                args.get(next - 1).cloned()
            } else if let Ok(position) = name.parse::<usize>() {
                args.get(position).cloned()
            } else {
                named.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            };
            let hole = || Rc::new(Term::Name(SmolStr::new(if name.is_empty() { "…" } else { name })));
            whole = Term::join(&whole, &part.and_then(|part| part.term()).unwrap_or_else(hole));
            rest = behind.get(end + 1..).unwrap_or("");
        }
        Term::join(&whole, &Rc::new(Term::Text(Arc::from(rest))))
    }

    fn eval_logic(&mut self, module: &Rc<Module>, op: LogicOp, operands: &[ExprId]) -> Value {
        let mut result: Option<Value> = None;
        for (position, operand) in operands.iter().enumerate() {
            let value = self.eval(module, *operand);
            let last = position + 1 == operands.len();
            let truth = self.truth(&value);
            let stops = match op {
                LogicOp::Or => truth == Some(true),
                LogicOp::And => truth == Some(false),
                LogicOp::Nullish => truth == Some(true),
            };
            let passes = match op {
                LogicOp::Or | LogicOp::Nullish => truth == Some(false),
                LogicOp::And => truth == Some(true),
            };
            if passes && !last {
                continue;
            }
            let named = if op == LogicOp::Or { self.with_name_of(module, &value, *operand) } else { value };
            result = Some(match result {
                Some(before) if op == LogicOp::Or => before.join(&named),
                // `a and b`: the last operand is the value that matters; the labels of those before only decide.
                Some(_) | None => named,
            });
            if stops {
                break;
            }
        }
        result.unwrap_or_default()
    }

    fn with_name_of(&self, module: &Module, value: &Value, id: ExprId) -> Value {
        if value.refs().is_empty() { self.with_name(module, value, id) } else { value.clone() }
    }

    fn eval_template(&mut self, module: &Rc<Module>, parts: &[ExprId]) -> Value {
        let mut whole = Value::text("");
        for part in parts {
            let value = self.eval(module, *part);
            let value = match (whole.known_text(), value.known_text()) {
                (Some(before), Some(text)) if self.budget.bytes > 0 => {
                    let mut joined = Value::text(&format!("{before}{text}"));
                    self.inherit(&mut joined, &[&whole, &value], None);
                    joined
                }
                _ => {
                    let named = self.with_name(module, &value, *part);
                    let mut joined = Value::UNKNOWN;
                    self.inherit(&mut joined, &[&whole, &named], None);
                    if let (Some(a), Some(b)) = (whole.term(), named.term()) {
                        joined.edit().term = Some(Term::join(&a, &b));
                    }
                    joined
                }
            };
            whole = value;
        }
        whole
    }

    /// A value made into text.
    pub(crate) fn as_text(&mut self, module: &Rc<Module>, value: &Value, id: ExprId) -> Value {
        let mut text = self.only_labels(value);
        let term = value.term().or_else(|| self.with_name(module, value, id).term());
        if let Some(term) = term {
            text.edit().term = Some(term);
        }
        if let Some(data) = value.data()
            && !data.codings.is_empty()
        {
            text.edit().codings = data.codings.clone();
        }
        text
    }

    fn eval_comprehension(
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

    fn clause(
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
        let iterable = self.eval(module, clause.iterable);
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
                    match self.test(module, *condition).0 {
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
        }
        let item = self.element_of(&iterable);
        self.assign(module, &clause.target, item);
        if let Some(frame) = self.frames.last_mut() {
            frame.unsure += 1;
            frame.looped += 1;
        }
        for condition in &clause.conditions {
            self.test(module, *condition);
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
        if let Some(known) = value.known() {
            let length = match known {
                Const::Str(text) => text.len(),
                Const::Bytes(bytes) => bytes.len(),
                _ => return None,
            };
            if length > LONGEST || length as u64 > self.budget.steps {
                return None;
            }
            let concrete = evaluate::from_const(known)?;
            let items = evaluate::iterate(&concrete)?;
            let labels = value.labels().to_vec();
            return Some(
                items
                    .iter()
                    .map(|item: &Concrete| {
                        let mut item = self.abstracted(item);
                        item.add_labels(&labels);
                        item
                    })
                    .collect(),
            );
        }
        self.items(value)
    }

    /// What an iteration may give, where the items are not all known.
    pub(crate) fn element_of(&mut self, value: &Value) -> Value {
        if value.object().is_none()
            && let Some(item) = self.modelled_item(value, None)
        {
            return item;
        }
        let mut element = match value.object() {
            Some(id) => self.load_any(id),
            None => Value::UNKNOWN,
        };
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

    /// `{**other}`
    pub(crate) fn merge_mapping(&mut self, id: ObjectId, other: &Value) {
        let Some(source) = other.object().and_then(|source| self.object(source)).cloned() else {
            let inner = self.only_labels(other);
            self.store_any(id, &inner);
            return;
        };
        for (name, value) in source.fields.iter() {
            self.store_field(id, name, value.clone());
        }
        if !source.complete {
            self.store_any(id, &source.rest);
        }
    }

    /// A function or lambda as a value: defaults and decorators are evaluated here.
    pub(crate) fn define(&mut self, module: &Rc<Module>, func: FuncId) -> Value {
        let here = self.here();
        let key = Key { module: here.module, func: func.0 };
        let Some(function) = module.function(func) else { return Value::UNKNOWN };
        for (index, param) in function.params.iter().enumerate() {
            if let Some(default) = param.default {
                let value = self.eval(module, default);
                self.defaults.insert((key, u32::try_from(index).unwrap_or(u32::MAX)), value);
            }
        }
        let mut value = Value::reference(Ref::Function(key, None));
        for decorator in function.decorators.iter().rev() {
            let applied = self.eval(module, *decorator);
            value = self.decorated(module, *decorator, &applied, value);
        }
        value
    }

    /// A class as a value: its body runs in its own frame.
    pub(crate) fn define_class(&mut self, module: &Rc<Module>, func: FuncId) -> Value {
        let here = self.here();
        let key = Key { module: here.module, func: func.0 };
        let Some(class) = module.function(func) else { return Value::UNKNOWN };
        if class.kind != FunctionKind::Class || self.frames.len() >= super::MOST_FRAMES {
            return Value::UNKNOWN;
        }
        let mut bases = Vec::new();
        for base in &class.bases {
            let value = self.eval(module, base.value);
            if matches!(base.kind, sluice_syntax::ir::ArgKind::Positional) {
                bases.push(value);
            }
        }
        self.classes.insert(key, bases);
        self.edge(key, class.name_span);
        let mut frame = self.new_frame(key, true);
        frame.unsure = 0;
        self.enter(frame);
        self.block(module, &class.body);
        if let Some(frame) = self.exit() {
            self.keep_slots(key, frame.slots);
        }
        let mut value = Value::reference(Ref::Class(key));
        for decorator in class.decorators.iter().rev() {
            let applied = self.eval(module, *decorator);
            value = self.decorated(module, *decorator, &applied, value);
        }
        value
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
