//! Methods that the language calls by itself: when an operator meets an instance, when a class is made, when a name is
//! missing.

use std::rc::Rc;

use sluice_syntax::ir::{Arg, ArgKind, BinOp, CmpOp, ExprId, FuncId, Module, Span, UnaryOp};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::members::meets;
use super::value::{Key, Ref, Value};
use crate::dialect::Receiver;

/// The method behind an operator.
pub(crate) const fn operator_method(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "__add__",
        BinOp::Sub => "__sub__",
        BinOp::Mul => "__mul__",
        BinOp::Div => "__truediv__",
        BinOp::FloorDiv => "__floordiv__",
        BinOp::Mod => "__mod__",
        BinOp::Pow => "__pow__",
        BinOp::MatMul => "__matmul__",
        BinOp::Shl => "__lshift__",
        BinOp::Shr | BinOp::UShr => "__rshift__",
        BinOp::BitAnd => "__and__",
        BinOp::BitOr => "__or__",
        BinOp::BitXor => "__xor__",
    }
}

/// The method behind a comparison.
pub(crate) const fn comparison_method(op: CmpOp) -> &'static str {
    match op {
        CmpOp::NotEq | CmpOp::StrictNotEq => "__ne__",
        CmpOp::Lt => "__lt__",
        CmpOp::LtE => "__le__",
        CmpOp::Gt => "__gt__",
        CmpOp::GtE => "__ge__",
        _ => "__eq__",
    }
}

/// The method behind an operator with one operand.
pub(crate) const fn unary_method(op: UnaryOp) -> Option<&'static str> {
    match op {
        UnaryOp::Neg => Some("__neg__"),
        UnaryOp::Pos => Some("__pos__"),
        UnaryOp::Invert => Some("__invert__"),
        _ => None,
    }
}

impl Engine<'_> {
    /// The class of the package that a value is an instance of.
    fn class_of(&self, value: &Value) -> Option<Key> {
        value.refs().iter().find_map(|reference| match reference {
            Ref::Object(id) => match self.object(*id)?.kind {
                ObjectKind::Instance(class) => Some(class),
                _ => None,
            },
            _ => None,
        })
    }

    /// Calls a special method of an instance. `None` if its class has none.
    pub(crate) fn hook(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &'static str,
        args: Vec<Value>,
        span: Span,
    ) -> Option<Value> {
        let Some(class) = self.class_of(object) else { return self.class_hook(module, object, name, args, span) };
        let method = self.class_attr(class, &SmolStr::new_static(name), Some(object), true)?;
        if !method.refs().iter().any(|reference| matches!(reference, Ref::Function(..))) {
            return None;
        }
        self.asked(module, &method, args, span)
    }

    /// What a special method gives. It may ask again, and again.
    fn asked(&mut self, module: &Rc<Module>, method: &Value, args: Vec<Value>, span: Span) -> Option<Value> {
        if self.asking >= super::MOST_ASKING {
            return None;
        }
        let nowhere = ExprId(u32::MAX);
        self.asking += 1;
        let value = self.call(module, method, Args::of(args), Site { id: nowhere, callee: nowhere, span });
        self.asking -= 1;
        Some(value)
    }

    /// A comparison that a class says the meaning of; the right side is asked where the left one has nothing to say. The
    /// truth, if that is known.
    pub(crate) fn compared(
        &mut self,
        module: &Rc<Module>,
        op: CmpOp,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Option<bool> {
        if matches!(op, CmpOp::Is | CmpOp::IsNot) || self.dialect.receiver() != Receiver::Parameter {
            return None;
        }
        let is_some =
            |engine: &Self, value: &Value| engine.is_instance(value) || matches!(value.refs(), [Ref::Class(_)]);
        if matches!(op, CmpOp::In | CmpOp::NotIn) {
            if !is_some(self, right) {
                return None;
            }
            let said = self.hook(module, right, "__contains__", vec![left.clone()], span);
            let said =
                said.or_else(|| self.hook(module, right, "__iter__", Vec::new(), span).map(|_| Value::UNKNOWN))?;
            return self.truth(&said).map(|truth| truth == (op == CmpOp::In));
        }
        let mut said = None;
        if is_some(self, left) {
            said = self.hook(module, left, comparison_method(op), vec![right.clone()], span);
        }
        if said.is_none() && is_some(self, right) {
            let reflected = match op {
                CmpOp::Lt => CmpOp::Gt,
                CmpOp::Gt => CmpOp::Lt,
                CmpOp::LtE => CmpOp::GtE,
                CmpOp::GtE => CmpOp::LtE,
                other => other,
            };
            said = self.hook(module, right, comparison_method(reflected), vec![left.clone()], span);
        }
        said.and_then(|said| self.truth(&said))
    }

    /// Calls a special method of a class: one of its metaclass, or the `__class_getitem__` of its own.
    pub(crate) fn class_hook(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &'static str,
        args: Vec<Value>,
        span: Span,
    ) -> Option<Value> {
        let class = object.refs().iter().find_map(|reference| match reference {
            Ref::Class(class) => Some(*class),
            _ => None,
        })?;
        let meta = self.metaclass_of(object).and_then(|meta| {
            meta.refs().iter().find_map(|reference| match reference {
                Ref::Class(meta) => Some(*meta),
                _ => None,
            })
        });
        let mut method = None;
        if let Some(meta) = meta {
            method = self.class_attr(meta, &SmolStr::new_static(name), Some(object), true);
        }
        if method.is_none() && name == "__getitem__" {
            let name = SmolStr::new_static("__class_getitem__");
            method = self.class_attr(class, &name, Some(object), true);
        }
        let method = method?;
        if !method.refs().iter().any(|reference| matches!(reference, Ref::Function(..))) {
            return None;
        }
        self.asked(module, &method, args, span)
    }

    /// The metaclass of a class of the package.
    pub(crate) fn metaclass_of(&self, class: &Value) -> Option<Value> {
        class.refs().iter().find_map(|reference| match reference {
            Ref::Class(class) => self.metaclasses.get(class).cloned().or_else(|| self.metaclass_above(*class)),
            _ => None,
        })
    }

    /// True if the class of an instance, or the class itself, has a special method of this name.
    pub(crate) fn has_special(&mut self, object: &Value, name: &str) -> bool {
        let class = self.class_of(object).or_else(|| {
            object.refs().iter().find_map(|reference| match reference {
                Ref::Class(class) => Some(*class),
                _ => None,
            })
        });
        class.is_some_and(|class| self.raw_member(class, name).is_some())
    }

    /// What making a class calls: its metaclass, its bases' `__init_subclass__`, its members' `__set_name__`.
    pub(crate) fn class_hooks(&mut self, module: &Rc<Module>, key: Key, arguments: &[(Arg, Value)], class: &Value) {
        let target = self.module(key.module);
        let Some(function) = target.function(FuncId(key.func)) else { return };
        let nowhere = ExprId(u32::MAX);
        let site = Site { id: nowhere, callee: nowhere, span: function.name_span };
        let named: Vec<(SmolStr, Value, Option<ExprId>)> = arguments
            .iter()
            .filter_map(|(arg, value)| match &arg.kind {
                ArgKind::Named(name) if name != "metaclass" => Some((name.clone(), value.clone(), None)),
                _ => None,
            })
            .collect();
        let metaclass =
            arguments.iter().find(|(arg, _)| matches!(&arg.kind, ArgKind::Named(name) if name == "metaclass"));
        let metaclass = match metaclass {
            Some((_, meta)) => Some(meta.clone()),
            None => self.metaclass_above(key),
        };
        if let Some(meta) = &metaclass {
            self.metaclasses.insert(key, meta.clone());
        }
        if let Some(meta) = &metaclass
            && let Some(Ref::Class(meta_class)) = meta.refs().first().cloned()
        {
            let members = self.members_of(key);
            let bases = self.classes.get(&key).cloned().unwrap_or_default();
            let bases = self.container(ObjectKind::Tuple, bases, true);
            let name = Value::text(&function.name);
            for (method, first) in [("__new__", meta.clone()), ("__init__", class.clone())] {
                let found = self.class_attr(meta_class, &SmolStr::new_static(method), Some(&first), true);
                for reference in found.map(|found| found.refs().to_vec()).unwrap_or_default() {
                    if let Ref::Function(function, _) = reference {
                        let args = Args {
                            named: named.clone(),
                            ..Args::of(vec![name.clone(), bases.clone(), members.clone()])
                        };
                        self.call_function(module, function, Some(first.clone()), &args, site);
                    }
                }
            }
        }
        for base in self.classes.get(&key).cloned().unwrap_or_default() {
            for reference in base.refs().to_vec() {
                let Ref::Class(base) = reference else { continue };
                let name = SmolStr::new_static("__init_subclass__");
                let Some(found) = self.class_attr(base, &name, Some(class), true) else { continue };
                for reference in found.refs().to_vec() {
                    if let Ref::Function(function, _) = reference {
                        let args = Args { named: named.clone(), ..Args::default() };
                        self.call_function(module, function, Some(class.clone()), &args, site);
                    }
                }
            }
        }
        let own = ExprId(u32::MAX.wrapping_sub(1).wrapping_sub(key.func));
        self.handling_methods(module, key, Site { id: own, callee: own, span: site.span });
        for (slot, member) in self.member_values(key) {
            self.hook(module, &member, "__set_name__", vec![class.clone(), Value::text(&slot)], site.span);
        }
    }

    /// `Library.__new__(cls, …)`: an instance of a class of the package that is one of the library's type.
    pub(crate) fn made_by_new(&mut self, module: &Rc<Module>, name: &str, args: &Args, site: Site) -> Option<Value> {
        let owner = SmolStr::new(name.strip_suffix(".__new__")?);
        self.catalog.model(&owner).filter(|model| model.result.as_ref() == Some(&owner))?;
        let (class, _) = args.positional.first()?.clone();
        let rest = Args { positional: args.positional.iter().skip(1).cloned().collect(), ..args.clone() };
        let mut made = self.call_symbol(module, &owner, None, &rest, site);
        for reference in class.refs() {
            let instance = match reference {
                Ref::Object(_) => reference.clone(),
                Ref::Class(class) => Ref::Object(self.generic_self(*class)),
                _ => continue,
            };
            made.edit().refs.insert(0, instance);
        }
        Some(made)
    }

    /// The metaclass that a class has from its bases.
    fn metaclass_above(&self, class: Key) -> Option<Value> {
        self.metaclass_in(class, &mut Vec::new())
    }

    fn metaclass_in(&self, class: Key, seen: &mut Vec<Key>) -> Option<Value> {
        if !meets(seen, class) {
            return None;
        }
        self.classes.get(&class)?.iter().flat_map(|base| base.refs()).find_map(|reference| match reference {
            Ref::Class(base) => self.metaclasses.get(base).cloned().or_else(|| self.metaclass_in(*base, seen)),
            _ => None,
        })
    }

    pub(crate) fn member_values(&mut self, key: Key) -> Vec<(SmolStr, Value)> {
        let module = self.module(key.module);
        let Some(function) = module.function(FuncId(key.func)) else { return Vec::new() };
        let slots = function.slots.iter().enumerate();
        slots
            .filter_map(|(position, slot)| {
                let place = sluice_syntax::ir::SlotRef {
                    func: FuncId(key.func),
                    slot: u32::try_from(position).unwrap_or(u32::MAX),
                };
                Some((slot.name.clone(), self.shared.get(&(key.module, place))?.clone()))
            })
            .collect()
    }

    /// The members of a class as a dictionary.
    fn members_of(&mut self, key: Key) -> Value {
        let members = self.member_values(key);
        let id = self.allocate(ObjectKind::Dict, Vec::new(), true);
        for (name, value) in members {
            self.store_field(id, &name, value);
        }
        Value::reference(Ref::Object(id))
    }
}
