//! Operators and texts: what is put together of what, as a value where it is known and as a term where it is not.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{BinOp, Const, ExprId, ExprKind, Module, Span};
use smol_str::SmolStr;

use super::Engine;
use super::heap::ObjectKind;
use super::value::{Ref, Term, Value};

/// The texts that a format may be, if all of them are known: one, or those of the arms that chose it.
pub(crate) fn formats(term: &Term) -> Vec<Arc<str>> {
    let parts: &[Rc<Term>] = match term {
        Term::Text(text) => return vec![Arc::clone(text)],
        Term::Either(parts) => parts,
        _ => return Vec::new(),
    };
    let texts: Option<Vec<Arc<str>>> = parts
        .iter()
        .map(|part| match &**part {
            Term::Text(text) => Some(Arc::clone(text)),
            _ => None,
        })
        .collect();
    texts.unwrap_or_default()
}

impl Engine<'_> {
    pub(crate) fn eval_binary(
        &mut self,
        module: &Rc<Module>,
        op: BinOp,
        left: ExprId,
        right: ExprId,
        span: Span,
    ) -> Value {
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
            let mut other = self.eval(module, right);
            if op == BinOp::Add {
                other = self.converted(module, &other, span).unwrap_or(other);
                value = self.converted(module, &value, span).unwrap_or(value);
            }
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
    pub(crate) fn with_name(&self, module: &Module, value: &Value, id: ExprId) -> Value {
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
    pub(crate) fn binary(&mut self, op: BinOp, left: &Value, right: &Value, span: Span) -> Value {
        let blows_up = self.blows_up(op, left, right);
        let is_text = |value: &Value| matches!(value.known(), Some(Const::Str(_) | Const::Bytes(_)));
        // What is put beside code and executed with it makes the code unknown.
        if blows_up && (is_text(left) || is_text(right)) {
            self.gives_up();
        }
        if !blows_up
            && let (Some(a), Some(b)) = (self.concrete(left, 4), self.concrete(right, 4))
            && let Some(result) = self.dialect.binary(op, &a, &b, &mut self.budget)
        {
            let mut value = self.abstracted(&result);
            let coding = (op == BinOp::BitXor).then_some("xor");
            self.inherit(&mut value, &[left, right], coding);
            return value;
        }
        if self.is_instance(left) || self.is_instance(right) || matches!(left.refs(), [Ref::Class(_)]) {
            let module = self.module(self.here().module);
            if let Some(value) = self.operated(&module, op, left, right, span) {
                return value;
            }
        }
        let mut value = Value::UNKNOWN;
        self.inherit(&mut value, &[left, right], None);
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
                let formats = left.term().map(|term| formats(&term)).unwrap_or_default();
                if !formats.is_empty() {
                    let parts = self.elements(right).unwrap_or_else(|| vec![right.clone()]);
                    let terms = formats.iter().map(|format| self.percent_term(format, &parts));
                    value.edit().term = terms.reduce(|before, term| Term::either(&before, &term));
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

    /// True if a repetition would make much out of little: such a value is not worth its memory.
    pub(crate) fn blows_up(&self, op: BinOp, left: &Value, right: &Value) -> bool {
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
    pub(crate) fn percent_term(&self, format: &str, parts: &[Value]) -> Rc<Term> {
        let mut whole = Rc::new(Term::Text(Arc::from("")));
        let mut rest = format;
        let mut next = 0;
        while let Some(at) = rest.find('%') {
            let (before, behind) = rest.split_at(at);
            whole = Term::join(&whole, &Rc::new(Term::Text(Arc::from(before))));
            // A name in parentheses says which part it is, and is no letter of the form.
            let named = behind.strip_prefix("%(").and_then(|rest| rest.find(')')).map_or(1, |at| at + 3);
            let mut letters = behind.char_indices().skip_while(|(at, _)| *at < named);
            let spec_length = letters.find(|(_, c)| c.is_ascii_alphabetic() || *c == '%');
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

    pub(crate) fn with_name_of(&self, module: &Module, value: &Value, id: ExprId) -> Value {
        if value.refs().is_empty() { self.with_name(module, value, id) } else { value.clone() }
    }

    pub(crate) fn eval_template(&mut self, module: &Rc<Module>, parts: &[ExprId]) -> Value {
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

    /// A term with a text in its constant pieces replaced. `None` if it has none there, or too many.
    pub(crate) fn replaced(&self, term: &Rc<Term>, old: &str, new: &Rc<Term>) -> Option<Rc<Term>> {
        /// Most places that are replaced.
        const MOST: usize = 16;
        let pieces: &[Rc<Term>] = match &**term {
            Term::Join(pieces) => pieces,
            Term::Text(_) => std::slice::from_ref(term),
            Term::Name(_) | Term::Either(_) | Term::Through(..) => return None,
        };
        let count: usize = pieces
            .iter()
            .map(|piece| match &**piece {
                Term::Text(text) => text.matches(old).take(MOST + 1).count(),
                _ => 0,
            })
            .sum();
        if old.is_empty() || count == 0 || count > MOST {
            return None;
        }
        let mut whole: Option<Rc<Term>> = None;
        let mut add = |piece: &Rc<Term>| {
            whole = Some(match whole.take() {
                Some(before) => Term::join(&before, piece),
                None => Rc::clone(piece),
            });
        };
        for piece in pieces {
            let Term::Text(text) = &**piece else {
                add(piece);
                continue;
            };
            for (position, part) in text.split(old).enumerate() {
                if position > 0 {
                    add(new);
                }
                if !part.is_empty() {
                    add(&Rc::new(Term::Text(Arc::from(part))));
                }
            }
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
}
