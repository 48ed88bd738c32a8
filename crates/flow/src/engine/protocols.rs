//! Special methods that a function of the language calls: `len(x)` is `x.__len__()`, `operator.add(a, b)` is
//! `a.__add__(b)`, and making something a text asks it for that text.

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, Const, Module, Span, Target};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::hooks::operator_method;
use super::members::meets;
use super::value::{Key, Ref, Value};
use crate::dialect::Receiver;

/// The special methods behind a function of the language, the first that a class has. Empty for any other function.
fn methods(function: &str) -> &'static [&'static str] {
    match function {
        "len" => &["__len__"],
        "bool" | "operator.truth" | "operator.not_" => &["__bool__", "__len__"],
        "hash" => &["__hash__"],
        "int" => &["__int__", "__index__", "__trunc__"],
        "float" => &["__float__", "__index__"],
        "complex" => &["__complex__", "__float__"],
        "abs" | "operator.abs" => &["__abs__"],
        "round" => &["__round__"],
        "repr" | "ascii" => &["__repr__"],
        "str" | "print" => &["__str__", "__repr__"],
        "bytes" => &["__bytes__", "__iter__"],
        "format" => &["__format__", "__str__"],
        "reversed" => &["__reversed__"],
        "dir" => &["__dir__"],
        "next" => &["__next__"],
        "iter" => &["__iter__"],
        "hex" | "oct" | "bin" | "chr" | "range" | "operator.index" => &["__index__"],
        "operator.neg" => &["__neg__"],
        "operator.pos" => &["__pos__"],
        "operator.inv" | "operator.invert" => &["__invert__"],
        "math.floor" => &["__floor__"],
        "math.ceil" => &["__ceil__"],
        "math.trunc" => &["__trunc__"],
        "os.fspath" | "os.fsencode" | "os.fsdecode" => &["__fspath__"],
        "copy.copy" => &["__copy__"],
        "copy.deepcopy" => &["__deepcopy__"],
        "sys.getsizeof" => &["__sizeof__"],
        "divmod" => &["__divmod__"],
        "operator.contains" => &["__contains__"],
        "operator.getitem" => &["__getitem__", "__missing__"],
        "operator.setitem" => &["__setitem__"],
        "operator.delitem" => &["__delitem__"],
        "operator.eq" => &["__eq__"],
        "operator.ne" => &["__ne__"],
        "operator.lt" => &["__lt__"],
        "operator.le" => &["__le__"],
        "operator.gt" => &["__gt__"],
        "operator.ge" => &["__ge__"],
        "delattr" => &["__delattr__"],
        _ => &[],
    }
}

/// The operator that a function of `operator` is.
fn operator(function: &str) -> Option<BinOp> {
    let name = function.strip_prefix("operator.")?;
    match name.trim_matches('_').trim_start_matches('i') {
        "concat" => Some(BinOp::Add),
        "matmul" => Some(BinOp::MatMul),
        name => crate::evaluate::operators::plain(name),
    }
}

/// The method behind an operator whose left side has none.
const fn reflected_method(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "__radd__",
        BinOp::Sub => "__rsub__",
        BinOp::Mul => "__rmul__",
        BinOp::Div => "__rtruediv__",
        BinOp::FloorDiv => "__rfloordiv__",
        BinOp::Mod => "__rmod__",
        BinOp::Pow => "__rpow__",
        BinOp::MatMul => "__rmatmul__",
        BinOp::Shl => "__rlshift__",
        BinOp::Shr | BinOp::UShr => "__rrshift__",
        BinOp::BitAnd => "__rand__",
        BinOp::BitOr => "__ror__",
        BinOp::BitXor => "__rxor__",
    }
}

/// The method behind an operator that changes its left side.
pub(crate) const fn changing_method(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "__iadd__",
        BinOp::Sub => "__isub__",
        BinOp::Mul => "__imul__",
        BinOp::Div => "__itruediv__",
        BinOp::FloorDiv => "__ifloordiv__",
        BinOp::Mod => "__imod__",
        BinOp::Pow => "__ipow__",
        BinOp::MatMul => "__imatmul__",
        BinOp::Shl => "__ilshift__",
        BinOp::Shr | BinOp::UShr => "__irshift__",
        BinOp::BitAnd => "__iand__",
        BinOp::BitOr => "__ior__",
        BinOp::BitXor => "__ixor__",
    }
}

impl Engine<'_> {
    /// A function of the language that is called with an instance asks the instance. `None` if it has no such method.
    pub(crate) fn asked_by(&mut self, module: &Rc<Module>, function: &str, args: &Args, site: Site) -> Option<Value> {
        let (first, _) = args.positional.first()?;
        if matches!(function, "isinstance" | "issubclass") {
            let class = args.positional.get(1)?.0.clone();
            let name = if function == "isinstance" { "__instancecheck__" } else { "__subclasscheck__" };
            return self.class_hook(module, &class, name, vec![first.clone()], site.span);
        }
        let is_class = matches!(first.refs(), [Ref::Class(_)]);
        let other = args.positional.get(1).is_some_and(|(value, _)| self.is_instance(value));
        if !(self.is_instance(first) || is_class || other) {
            return None;
        }
        let first = first.clone();
        let rest: Vec<Value> = args.positional.iter().skip(1).map(|(value, _)| value.clone()).collect();
        if let Some(op) = operator(function) {
            return self.operated(module, op, &first, rest.first()?, site.span);
        }
        if function == "hasattr" {
            let name = Self::named_by(rest.first()?)?;
            self.attr(&first, &name, site.span);
            return None;
        }
        if function == "print" {
            for value in std::iter::once(&first).chain(&rest) {
                self.instance_text(module, value, site.span);
            }
            return None;
        }
        let takes = match function {
            "int" | "str" | "bytes" | "float" | "copy.copy" | "copy.deepcopy" | "range" | "dir" => Vec::new(),
            "format" if rest.is_empty() => vec![Value::text("")],
            _ => rest,
        };
        let found = methods(function).iter().find_map(|name| {
            let object = if is_class { self.metaclass_of(&first)? } else { first.clone() };
            self.has_special(&object, name).then_some(*name)
        })?;
        let takes = if found == "__str__" || found == "__repr__" || found == "__len__" { Vec::new() } else { takes };
        self.hook(module, &first, found, takes, site.span)
    }

    /// An operator that is called by its name: `operator.add(a, b)`, `str.__add__(a, b)`, `(7).__rsub__(x)`. `None` for any
    /// other call, and where the type of a known value does not have the operator.
    pub(crate) fn operator_called(
        &mut self,
        name: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let method = name.rsplit('.').next()?;
        let (op, reflected) = match operator(name).filter(|_| receiver.is_none()) {
            // The form that changes its left side in place: a container is another one then.
            Some(_) if method.starts_with('i') && args.positional.first()?.0.object().is_some() => return None,
            Some(op) => (op, false),
            None => crate::evaluate::operators::operator(method)?,
        };
        if !args.named.is_empty() || args.star.is_some() || args.star_star.is_some() {
            return None;
        }
        let mut operands = receiver.into_iter().chain(args.positional.iter().map(|(value, _)| value));
        let (own, other) = (operands.next()?.clone(), operands.next()?.clone());
        if operands.next().is_some() || [&own, &other].into_iter().any(|value| self.is_instance(value)) {
            return None;
        }
        if method.starts_with("__")
            && let (Some(own), Some(other)) = (self.concrete(&own, 4), self.concrete(&other, 4))
        {
            // Who calls the method by its name is told where the type does not take the operand.
            self.dialect.method(&own, method, &[other], &[], &mut self.budget)?;
        }
        let (left, right) = if reflected { (&other, &own) } else { (&own, &other) };
        Some(self.binary(op, left, right, site.span))
    }

    /// `left op right` where one side is an instance whose class says what that is.
    pub(crate) fn operated(
        &mut self,
        module: &Rc<Module>,
        op: BinOp,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Option<Value> {
        if (self.is_instance(left) || matches!(left.refs(), [Ref::Class(_)]))
            && let Some(value) = self.hook(module, left, operator_method(op), vec![right.clone()], span)
        {
            return Some(value);
        }
        if !self.is_instance(right) || self.dialect.receiver() == Receiver::This {
            return None;
        }
        if op == BinOp::Mod && matches!(left.known(), Some(Const::Str(_))) {
            // What says that it is its own text is put in as it is.
            let text = self.instance_text(module, right, span).filter(|text| !self.is_instance(text))?;
            return Some(self.binary(op, left, &text, span));
        }
        self.hook(module, right, reflected_method(op), vec![left.clone()], span)
    }

    /// The text that an instance says it is.
    pub(crate) fn instance_text(&mut self, module: &Rc<Module>, value: &Value, span: Span) -> Option<Value> {
        if !self.is_instance(value) || self.dialect.receiver() == Receiver::This {
            return None;
        }
        self.hook(module, value, "__str__", Vec::new(), span)
            .or_else(|| self.hook(module, value, "__repr__", Vec::new(), span))
    }

    /// The text of an instance in a template.
    pub(crate) fn formatted(&mut self, module: &Rc<Module>, value: &Value, spec: &str, span: Span) -> Option<Value> {
        if !self.is_instance(value) || self.dialect.receiver() == Receiver::This {
            return None;
        }
        self.hook(module, value, "__format__", vec![Value::text(spec)], span)
            .or_else(|| self.instance_text(module, value, span))
    }

    /// What a value is as a condition: an instance says so itself.
    pub(crate) fn as_condition(&mut self, module: &Rc<Module>, value: Value, span: Span) -> Value {
        if !self.is_instance(&value) || self.dialect.receiver() == Receiver::This {
            return value;
        }
        let said = self
            .hook(module, &value, "__bool__", Vec::new(), span)
            .or_else(|| self.hook(module, &value, "__len__", Vec::new(), span));
        match said {
            Some(said) if said.known().is_some() => said,
            _ => value,
        }
    }

    /// `del target`: what the language calls for it.
    pub(crate) fn deleted(&mut self, module: &Rc<Module>, target: &Target) {
        match target {
            Target::Index { base, index, span } => {
                let object = self.eval(module, *base);
                let key = self.eval(module, *index);
                self.hook(module, &object, "__delitem__", vec![key.clone()], *span);
                if let Some(id) = object.object() {
                    self.changed_in_place(id, "__delitem__", &Args::of(vec![key]));
                }
            }
            Target::Attr { base, name, span } => {
                let object = self.eval(module, *base);
                self.hook(module, &object, "__delattr__", vec![Value::text(name)], *span);
            }
            Target::Sequence(items) => items.iter().for_each(|item| self.deleted(module, item)),
            _ => {}
        }
    }

    /// An exception: what it was made with is in its `args`, and its first argument is its text.
    pub(crate) fn exception(&mut self, value: &Value, args: &Args) -> Value {
        let items: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
        let mut made = value.clone();
        let first = items.first().cloned();
        let tuple = self.container(super::heap::ObjectKind::Tuple, items, args.star.is_none());
        if let (Some(id), Some((rest, _))) = (tuple.object(), &args.star) {
            self.store_any(id, rest);
        }
        let id = self.allocate(super::heap::ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static("args"), tuple);
        for name in ["value", "code", "message", "msg"] {
            if let Some(first) = &first {
                self.store_field(id, &SmolStr::new_static(name), first.clone());
            }
        }
        made.edit().refs.insert(0, Ref::Object(id));
        made
    }

    /// True for a class of exceptions.
    pub(crate) fn is_raised(&self, class: Key) -> bool {
        self.is_raised_in(class, &mut Vec::new())
    }

    fn is_raised_in(&self, class: Key, seen: &mut Vec<Key>) -> bool {
        meets(seen, class)
            && self.classes.get(&class).into_iter().flatten().flat_map(Value::refs).any(|reference| match reference {
                Ref::Symbol(symbol) => super::builtins::is_exception(symbol),
                Ref::Class(base) => self.is_raised_in(*base, seen),
                _ => false,
            })
    }

    /// The only text that an exception of the language was made with.
    pub(crate) fn exception_text(&self, value: &Value) -> Option<Value> {
        let object = self.object(value.object()?)?;
        let args = object.fields.get("args")?;
        match self.items(args)?.as_slice() {
            [only] if only.known_text().is_some() => Some(only.clone()),
            _ => None,
        }
    }
}
