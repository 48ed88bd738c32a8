//! Expressions.

use std::rc::Rc;

use sluice_syntax::ir::{
    Arg, Const, ExprId, ExprKind, FuncId, FunctionKind, LogicOp, Module, SequenceKind, Span, Target, UnaryOp,
};
use smol_str::SmolStr;

use super::Engine;
use super::heap::ObjectKind;
use super::value::{Key, ObjectId, Ref, Term, Value};
use crate::dialect::Receiver;
use crate::evaluate;

/// Deepest nesting of expressions, over all frames, that is followed.
pub const MOST_NESTING: u32 = 4_000;

impl Engine<'_> {
    /// An expression whose value is dropped.
    pub(crate) fn eval_dropped(&mut self, module: &Rc<Module>, id: ExprId) {
        self.eval(module, id);
        let key = (self.here().module, self.dropped_call(module, id));
        let Some(index) = self.event_index.get(&key).copied() else { return };
        let Some(event) = self.events.get_mut(index) else { return };
        event.dropped = true;
        // A request that was made before is answered by what sends it.
        let opens = matches!(event.symbol.as_str(), "urllib.request.urlopen" | "urllib.request.OpenerDirector.open");
        if opens {
            let asked: Vec<u64> = event.args.iter().flat_map(|arg| arg.fact.tokens.iter().copied()).collect();
            for event in
                self.events.iter_mut().rev().skip_while(|event| event.symbol != "urllib.request.Request").take(64)
            {
                if event.symbol == "urllib.request.Request" && event.result.iter().any(|token| asked.contains(token)) {
                    event.dropped = true;
                }
            }
        }
    }

    /// The call whose result is dropped: behind `.catch(…)` and `.finally(…)` stands the one that does something.
    fn dropped_call(&self, module: &Module, id: ExprId) -> ExprId {
        let mut at = id;
        for _ in 0..6 {
            let (callee, args) = match module.expr(at).map(|expr| &expr.kind) {
                // Waiting for it is not looking at it.
                Some(ExprKind::Await(inner)) => {
                    at = *inner;
                    continue;
                }
                Some(ExprKind::Call { callee, args, .. }) => (*callee, args),
                _ => break,
            };
            let Some(ExprKind::Attr { base, name }) = module.expr(callee).map(|expr| &expr.kind) else { break };
            let ignores = |arg: &Arg| match module.expr(arg.value).map(|expr| &expr.kind) {
                Some(ExprKind::Function(func)) => {
                    module.function(*func).is_some_and(|function| function.params.is_empty())
                }
                _ => false,
            };
            match name.as_str() {
                "catch" | "finally" | "close" | "read" => {}
                // A callback that takes no answer.
                "then" if args.first().is_some_and(ignores) => {}
                _ => break,
            }
            at = *base;
        }
        at
    }

    /// True if a call that ends the process was made here: what stands behind it does not run.
    pub(crate) fn ends_here(&self, id: ExprId) -> bool {
        self.event_index
            .get(&(self.here().module, id))
            .and_then(|index| self.events.get(*index))
            .is_some_and(|event| event.actions.iter().any(|action| action == "exit"))
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

    pub(crate) fn eval_kind(&mut self, module: &Rc<Module>, id: ExprId) -> Value {
        let Some(expr) = module.expr(id) else { return Value::UNKNOWN };
        let span = expr.span;
        match &expr.kind {
            ExprKind::Const(constant) => Value::constant(constant.clone()),
            ExprKind::Slot(slot) => {
                let value = self.read(module, *slot);
                self.touched(value, module, id, span)
            }
            ExprKind::Free(name) => {
                if let Some(text) = self.module_names(name) {
                    return text;
                }
                if let Some(value) = self.star_attr(self.here().module, name) {
                    return self.touched(value, module, id, span);
                }
                if self.dialect.receiver() == Receiver::This {
                    let value = self.free_name(name);
                    return self.touched(value, module, id, span);
                }
                // What a host or a protector puts among the built-ins has a model under its plain name.
                if self.dialect.is_builtin(name) || self.catalog.model(name).is_some() {
                    return Value::reference(Ref::Symbol(self.canonical(name)));
                }
                Value::UNKNOWN
            }
            ExprKind::Attr { base, name } => {
                let object = self.eval(module, *base);
                let value = self.attr(&object, name, span);
                if self.dialect.receiver() == Receiver::This {
                    self.asks_of_this(module, *base, &value);
                }
                self.touched(value, module, id, span)
            }
            ExprKind::Index { base, index } => {
                let mut value = self.eval_index(module, id, *base, *index, span);
                if let Some(folder) = self.folder_variable(module, *index, &value) {
                    value.edit().term = Some(folder);
                }
                value
            }
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.eval(module, *part);
                }
                Value::UNKNOWN
            }
            ExprKind::Call { callee, args, new } => self.eval_call(module, id, *callee, args, *new, span),
            ExprKind::Binary { op, left, right } => self.eval_binary(module, *op, *left, *right, span),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(module, *operand);
                let value = if *op == UnaryOp::Not { self.as_condition(module, value, span) } else { value };
                if let Some(method) = super::hooks::unary_method(*op)
                    && self.is_instance(&value)
                    && let Some(said) = self.hook(module, &value, method, Vec::new(), span)
                {
                    return said;
                }
                if *op == UnaryOp::TypeOf
                    && let Some(name) = self.type_named(&value)
                {
                    return Value::text(name);
                }
                let known = self.concrete(&value, 4).and_then(|concrete| self.dialect.unary(*op, &concrete));
                if let Some(known) = known {
                    let mut result = self.abstracted(&known);
                    if value.is_open() {
                        result.edit().open = true;
                    }
                    return result;
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
                    let said = self.compared(module, *op, &before, &after, span);
                    let open = before.is_open() || after.is_open();
                    let step = match (self.concrete(&before, 3), self.concrete(&after, 3)) {
                        (Some(a), Some(b)) if !open => self.dialect.compare(*op, &a, &b),
                        _ => said,
                    };
                    result = match (result, step) {
                        (Some(false), _) | (_, Some(false)) => Some(false),
                        (Some(true), Some(true)) => Some(true),
                        _ => None,
                    };
                    self.probe_labels(&before);
                    self.probe_labels(&after);
                    self.digest_compared(id, span, &before);
                    self.digest_compared(id, span, &after);
                    before = after;
                }
                result.map_or(Value::UNKNOWN, |truth| Value::constant(Const::Bool(truth)))
            }
            ExprKind::Conditional { test, then, otherwise } => {
                let (truth, kind, _) = self.tested(module, *test);
                if let Some(truth) = truth
                    && kind.is_empty()
                {
                    let (taken, other) = if truth { (*then, *otherwise) } else { (*otherwise, *then) };
                    self.excluded_operand(module, other);
                    return self.taken(module, taken);
                }
                let a = self.taken(module, *then);
                let b = self.taken(module, *otherwise);
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
                        let value = self.iterated(module, &value, span).unwrap_or(value);
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
                            match self.key_field(&key) {
                                Some(name) => {
                                    // A getter and a setter share their name.
                                    let before = self.object(id).and_then(|object| object.fields.get(&name));
                                    let value = match before {
                                        Some(before) if self.is_accessor(&value) && self.is_accessor(before) => {
                                            before.join(&value)
                                        }
                                        _ => value,
                                    };
                                    self.store_field(id, &name, value);
                                }
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
                let inner = self.converted(module, &inner, span).unwrap_or(inner);
                let spec = spec.map(|spec| self.eval(module, spec));
                let spec_text = match &spec {
                    None => Some(String::new()),
                    Some(spec) => spec.known_text().map(|text| text.to_string()),
                };
                let shown = self.formatted(module, &inner, spec_text.as_deref().unwrap_or_default(), span);
                let inner = shown.unwrap_or(inner);
                if let (Some(concrete), Some(spec)) = (self.concrete(&inner, 4), spec_text)
                    && let Some(text) = self.dialect.format(&concrete, *conversion, &spec)
                {
                    let mut result = Value::text(&text);
                    self.inherit(&mut result, &[&inner], None);
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
            ExprKind::Await(inner) => {
                let value = self.eval(module, *inner);
                if !self.is_instance(&value) || self.dialect.receiver() == Receiver::This {
                    return value;
                }
                self.hook(module, &value, "__await__", Vec::new(), span).unwrap_or(value)
            }
            ExprKind::Yield(inner) => {
                let value = inner.map(|inner| self.eval(module, inner)).unwrap_or_default();
                if let Some(frame) = self.frames.last_mut() {
                    if frame.unsure > 0 || frame.looped > 0 || frame.yielded.len() >= super::heap::MOST_ITEMS {
                        frame.yields_more = true;
                    } else {
                        frame.yielded.push(value.clone());
                    }
                    frame.yields = Some(match frame.yields.take() {
                        Some(before) => before.join(&value),
                        None => value,
                    });
                }
                self.sent_here()
            }
            ExprKind::YieldFrom(inner) => {
                let value = self.eval(module, *inner);
                let element = self.element_of(&value);
                let items = self.elements(&value);
                if let Some(frame) = self.frames.last_mut() {
                    match items {
                        Some(items) if frame.unsure == 0 && frame.looped == 0 => frame.yielded.extend(items),
                        _ => frame.yields_more = true,
                    }
                    frame.yields = Some(match frame.yields.take() {
                        Some(before) => before.join(&element),
                        None => element,
                    });
                }
                self.returned_by(&value)
            }
            ExprKind::This => self.frames.last().and_then(|frame| frame.this.clone()).unwrap_or_default(),
            ExprKind::ImportCall(inner) => {
                let value = self.eval(module, *inner);
                self.import_call(module, id, *inner, &value, span)
            }
            ExprKind::Comma(items) => {
                let mut last = Value::UNKNOWN;
                for item in items {
                    last = self.eval(module, *item);
                }
                last
            }
            ExprKind::Update { target, old, op, prefix } => {
                let old = self.eval(module, *old);
                let one = Value::constant(Const::Int(1));
                let number = match self.concrete(&old, 2).and_then(|known| self.dialect.unary(UnaryOp::Pos, &known)) {
                    Some(known) => self.abstracted(&known),
                    None => self.only_labels(&old),
                };
                let new = if number.known().is_some() { self.binary(*op, &number, &one, span) } else { number.clone() };
                self.assign(module, target, new.clone());
                let mut value = if *prefix { new } else { number };
                // A count that another function keeps has what every call before this one left in it.
                if self.counts_for_another(target) && value.known().is_some() {
                    value.edit().open = true;
                }
                value
            }
            ExprKind::Keys(inner) => {
                let object = self.eval(module, *inner);
                let args = super::call::Args::of(vec![object.clone()]);
                self.entries_of(&object, "keys", &args)
            }
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

    /// True for a variable of another function.
    fn counts_for_another(&self, target: &Target) -> bool {
        matches!(target, Target::Slot(slot, _) if slot.func.0 != self.here().func)
    }

    /// What `typeof` says of something that is no known value.
    fn type_named(&self, value: &Value) -> Option<&'static str> {
        if value.data().is_some_and(|data| data.joined) {
            return None;
        }
        match value.refs() {
            [Ref::Function(..) | Ref::Class(_) | Ref::Method(..)] => Some("function"),
            [Ref::Object(_)] => Some("object"),
            _ => None,
        }
    }

    pub(crate) fn probe_labels(&mut self, value: &Value) {
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

    pub(crate) fn eval_index(
        &mut self,
        module: &Rc<Module>,
        at: ExprId,
        base: ExprId,
        index: ExprId,
        span: Span,
    ) -> Value {
        let mut object = self.eval(module, base);
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
        let at_key = index;
        let mut key = self.eval(module, index);
        if self.dialect.receiver() == Receiver::This
            && key.known().is_none()
            && object.object().is_none()
            && let Some(found) = self.text_of_variable(module, at_key)
        {
            key = found;
        }
        if self.dialect.receiver() == Receiver::This && self.is_property_key(&key) {
            let value = self.item_named(&object, &key, span);
            let value = self.touched(value, module, at, span);
            self.named_member(&key, module, index);
            return value;
        }
        // Reading one environment variable names it.
        if let Some(name) = key.known_text() {
            let name = name.to_string();
            object = self.named_item(&object, &name);
        } else if key.known().is_none()
            && let Some(name) = self.chosen_name(&key)
        {
            // One whose name is made of parts, or that something else chooses, is one as well, and not all of them.
            object = self.named_item(&object, &name);
        }
        if let (Some(container), Some(position)) = (object.known(), key.known())
            && let (Some(container), Some(position)) = (evaluate::from_const(container), evaluate::from_const(position))
            && let Some(item) = self.dialect.index(&container, &position)
        {
            let mut value = self.abstracted(&item);
            self.inherit(&mut value, &[&object], None);
            return value;
        }
        if let Some(id) = object.object().filter(|_| !self.is_instance(&object)) {
            let mut found = match self.key_field(&key) {
                Some(name) => self.load_field(id, &name),
                None => Some(self.load_any(id)),
            };
            // One of several objects: any of them.
            for reference in object.refs().iter().skip(1) {
                let Ref::Object(other) = reference else { continue };
                if *other == id {
                    continue;
                }
                let more = match self.key_field(&key) {
                    Some(name) => self.load_field(*other, &name),
                    None => Some(self.load_any(*other)),
                };
                found = match (found, more) {
                    (Some(a), Some(b)) => Some(a.join(&b)),
                    (a, b) => a.or(b),
                };
            }
            if let Some(mut found) = found {
                found.add_labels(object.labels());
                return found;
            }
        }
        if let Some(target) = self.namespace_item(&object, &key) {
            return self.touched(target, module, at, span);
        }
        for method in ["__getitem__", "__missing__"] {
            if let Some(found) = self.hook(module, &object, method, vec![key.clone()], span) {
                return found;
            }
        }
        // `vars(instance)["field"]`: an instance without a method for it has no items of its own.
        if self.is_instance(&object)
            && let (Some(id), Some(name)) = (object.object(), Self::named_by(&key))
            && let Some(found) = self.object(id).and_then(|object| object.fields.get(&name)).cloned()
        {
            return found;
        }
        let mut value = self.only_labels(&object);
        if self.dialect.receiver() == Receiver::This && key.known().is_none() {
            for reference in self.any_member(&object).refs() {
                value.add_ref(reference.clone());
            }
        }
        let written = module.slice(span);
        if written.len() <= 60 && !written.contains('\n') {
            value.edit().term = Some(Rc::new(Term::Name(SmolStr::new(written))));
        }
        value
    }

    /// How a key that is not known is told as the name of one item: with its parts, if some are known. `None` for a key that
    /// comes out of the many itself, and for a caller's own parameter, which may be each of them in turn. What stands in a
    /// caller's record is one setting of it.
    fn chosen_name(&self, key: &Value) -> Option<String> {
        let origins = || key.labels().iter().filter_map(|label| self.origins.get(label.origin as usize));
        if origins().any(|origin| origin.kind == "environment" && origin.detail.is_none()) {
            return None;
        }
        let patterns = key.term().map(|term| term.patterns()).unwrap_or_default();
        let told = |pattern: &String| pattern.replace("{}", "").contains(|character: char| !character.is_whitespace());
        match patterns.first() {
            Some(pattern) if patterns.iter().all(told) => Some(pattern.replace("{}", "…")),
            _ => {
                let in_record = matches!(key.term().as_deref(), Some(Term::Name(name)) if name.contains(['[', '.']));
                (in_record || origins().all(|origin| origin.kind != "parameter")).then(|| "…".to_owned())
            }
        }
    }

    /// Labels, identities and codings of what a value was made from.
    pub(crate) fn inherit(&self, value: &mut Value, from: &[&Value], coding: Option<&'static str>) {
        for source in from {
            let (labels, tokens) = self.deep(source);
            value.add_labels(&labels);
            value.add_tokens(&tokens);
            if source.is_open() {
                value.edit().open = true;
            }
            let codings = self.codings(source);
            if value.data().map_or(0, |own| own.codings.len()) < codings.len() {
                value.edit().codings = codings.iter().cloned().collect();
            }
        }
        if let Some(coding) = coding {
            let codings = &mut value.edit().codings;
            if codings.last().is_none_or(|last| last != coding) && codings.len() < 64 {
                codings.push(SmolStr::new_static(coding));
            }
        }
    }

    /// The codings that were undone to get a value, or the items of a list.
    pub(crate) fn codings<'v>(&'v self, value: &'v Value) -> &'v [SmolStr] {
        let own = value.data().map_or(&[][..], |data| data.codings.as_slice());
        if !own.is_empty() {
            return own;
        }
        let object = value.object().and_then(|id| self.object(id));
        let items = object.map_or(&[][..], |object| object.items.as_slice());
        let decoded = items.iter().take(8).filter_map(Value::data).find(|data| !data.codings.is_empty());
        decoded.map_or(&[][..], |data| data.codings.as_slice())
    }

    pub(crate) fn eval_logic(&mut self, module: &Rc<Module>, op: LogicOp, operands: &[ExprId]) -> Value {
        let mut result: Option<Value> = None;
        for (position, operand) in operands.iter().enumerate() {
            let value = self.taken(module, *operand);
            let last = position + 1 == operands.len();
            let span = module.expr(*operand).map(|expr| expr.span).unwrap_or_default();
            let asked = if last { value.clone() } else { self.as_condition(module, value.clone(), span) };
            let truth = self.truth(&asked);
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
                if let Some(next) = operands.get(position + 1) {
                    self.excluded_operand(module, *next);
                }
                break;
            }
        }
        result.unwrap_or_default()
    }

    /// `{**other}`
    pub(crate) fn merge_mapping(&mut self, id: ObjectId, other: &Value) {
        if self.dialect.receiver() == Receiver::This {
            let any = self.any_member(other);
            if !any.is_unknown() {
                self.store_any(id, &any);
            }
        }
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
        let in_own_frame = self.dialect.receiver() == Receiver::This;
        for (index, param) in function.params.iter().enumerate().filter(|_| !in_own_frame) {
            if let Some(default) = param.default {
                let value = self.eval(module, default);
                self.defaults.insert((key, u32::try_from(index).unwrap_or(u32::MAX)), value);
            }
        }
        if !in_own_frame {
            let noted = function.params.iter().filter_map(|param| param.annotation).chain(function.returns);
            for annotation in noted {
                // Most name a type. One that calls something does so when the function is defined.
                if module.expr(annotation).is_some_and(|expr| module.slice(expr.span).contains('(')) {
                    self.eval(module, annotation);
                }
            }
        }
        // An arrow function has the `this` of the code around it.
        let this = match (self.dialect.receiver(), function.kind) {
            (Receiver::This, FunctionKind::Lambda) => self.frames.last().and_then(|frame| frame.this.clone()),
            _ => None,
        };
        let mut value = Value::reference(Ref::Function(key, this));
        for decorator in function.decorators.iter().rev() {
            // A property with a setter is still what its getter gives.
            if let Some(ExprKind::Attr { base, name }) = module.expr(*decorator).map(|expr| &expr.kind)
                && matches!(name.as_str(), "setter" | "deleter" | "getter")
            {
                let mut property = self.eval(module, *base);
                if property.refs().iter().any(|reference| matches!(reference, Ref::Function(..))) {
                    value.refs().iter().for_each(|reference| property.add_ref(reference.clone()));
                    value = property;
                    continue;
                }
            }
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
        let mut arguments = Vec::new();
        for base in &class.bases {
            let value = self.eval(module, base.value);
            arguments.push((base.clone(), value.clone()));
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
        self.class_hooks(module, key, &arguments, &value);
        for decorator in class.decorators.iter().rev() {
            let applied = self.eval(module, *decorator);
            value = self.decorated(module, *decorator, &applied, value);
        }
        value
    }
}
