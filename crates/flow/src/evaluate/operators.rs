//! The methods behind operators, called by their names: `(7).__rsub__(x)` is `x - 7`.

use sluice_syntax::ir::{BinOp, CmpOp, UnaryOp};

use super::args::Args;
use super::{Budget, Concrete, Outcome, binary, format_value, numbers, order, repr, sequence, to_text, truthy, unary};

/// The operator of a name without underscores.
pub(crate) fn plain(name: &str) -> Option<BinOp> {
    Some(match name {
        "add" => BinOp::Add,
        "sub" => BinOp::Sub,
        "mul" => BinOp::Mul,
        "truediv" => BinOp::Div,
        "floordiv" => BinOp::FloorDiv,
        "mod" => BinOp::Mod,
        "pow" => BinOp::Pow,
        "lshift" => BinOp::Shl,
        "rshift" => BinOp::Shr,
        "and" => BinOp::BitAnd,
        "or" => BinOp::BitOr,
        "xor" => BinOp::BitXor,
        _ => return None,
    })
}

/// The operator behind a method, and whether the receiver is its right side.
pub(crate) fn operator(name: &str) -> Option<(BinOp, bool)> {
    let name = name.strip_prefix("__")?.strip_suffix("__")?;
    plain(name).map(|op| (op, false)).or_else(|| Some((plain(name.strip_prefix('r')?)?, true)))
}

fn comparison(name: &str) -> Option<CmpOp> {
    Some(match name {
        "__eq__" => CmpOp::Eq,
        "__ne__" => CmpOp::NotEq,
        "__lt__" => CmpOp::Lt,
        "__le__" => CmpOp::LtE,
        "__gt__" => CmpOp::Gt,
        "__ge__" => CmpOp::GtE,
        _ => return None,
    })
}

/// Methods of operators, and of functions of the language, that take no operand.
const ALONE: &[&str] = &[
    "__neg__",
    "__pos__",
    "__invert__",
    "__abs__",
    "__int__",
    "__index__",
    "__float__",
    "__bool__",
    "__len__",
    "__str__",
    "__repr__",
];

/// True for the name of a method that [`method`] may know.
pub(super) fn is_operator(name: &str) -> bool {
    name.starts_with("__")
        && (operator(name).is_some()
            || comparison(name).is_some()
            || ALONE.contains(&name)
            || matches!(name, "__contains__" | "__getitem__" | "__format__"))
}

fn is_whole(value: &Concrete) -> bool {
    matches!(value, Concrete::Int(_) | Concrete::Big(_) | Concrete::Bool(_))
}

/// True if the type of the receiver has the method and takes the operand. Where it does not, the interpreter gives
/// `NotImplemented` to who calls the method by its name.
fn takes(receiver: &Concrete, op: BinOp, reflected: bool, other: &Concrete) -> bool {
    let bytes = |value: &Concrete| value.as_bytes().is_some();
    match receiver {
        Concrete::Int(_) | Concrete::Big(_) | Concrete::Bool(_) => is_whole(other),
        Concrete::Float(_) => is_whole(other) || matches!(other, Concrete::Float(_)),
        Concrete::Str(_) => match op {
            BinOp::Add => !reflected && other.as_str().is_some(),
            BinOp::Mul => is_whole(other),
            BinOp::Mod => !reflected || other.as_str().is_some(),
            _ => false,
        },
        Concrete::Bytes(_) | Concrete::ByteArray(_) => match op {
            BinOp::Add => !reflected && bytes(other),
            BinOp::Mul => is_whole(other),
            BinOp::Mod => !reflected || other.type_name() == receiver.type_name(),
            _ => false,
        },
        Concrete::List(_) | Concrete::Tuple(_) => match op {
            BinOp::Add => !reflected && other.type_name() == receiver.type_name(),
            BinOp::Mul => is_whole(other),
            _ => false,
        },
        Concrete::Set(_) => {
            matches!(op, BinOp::BitAnd | BinOp::BitOr | BinOp::BitXor | BinOp::Sub) && matches!(other, Concrete::Set(_))
        }
        Concrete::Dict(_) => op == BinOp::BitOr && matches!(other, Concrete::Dict(_)),
        Concrete::None | Concrete::Ellipsis | Concrete::Undefined | Concrete::Regex(..) => false,
    }
}

/// Calls the method behind an operator.
pub(super) fn method(receiver: &Concrete, name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    if let Some((op, reflected)) = operator(name) {
        let other = args.one()?;
        if !takes(receiver, op, reflected, other) {
            return None;
        }
        let (left, right) = if reflected { (other, receiver) } else { (receiver, other) };
        let value = binary(op, left, right, b)?;
        return Some(Outcome { value, coding: (op == BinOp::BitXor).then_some("xor") });
    }
    if let Some(op) = comparison(name) {
        let other = args.one()?;
        let same = receiver.type_name() == other.type_name()
            || is_whole(other) && (is_whole(receiver) || matches!(receiver, Concrete::Float(_)));
        return same.then(|| Some(Concrete::Bool(order::compare(op, receiver, other, b)?).into()))?;
    }
    let is_number = is_whole(receiver) || matches!(receiver, Concrete::Float(_));
    let value = match name {
        "__contains__" => Concrete::Bool(order::contains(receiver, args.one()?, b)?),
        "__getitem__" => sequence::index(receiver, args.one()?)?,
        "__format__" => Concrete::text(&format_value(receiver, None, args.one()?.as_str()?)?),
        _ => {
            args.none()?;
            match name {
                "__neg__" => unary(UnaryOp::Neg, receiver)?,
                "__pos__" => unary(UnaryOp::Pos, receiver)?,
                "__invert__" => unary(UnaryOp::Invert, receiver)?,
                "__abs__" if is_number => super::function("abs", std::slice::from_ref(receiver), &[], b)?.value,
                "__int__" if is_number => super::function("int", std::slice::from_ref(receiver), &[], b)?.value,
                "__index__" if is_whole(receiver) => unary(UnaryOp::Pos, receiver)?,
                "__float__" if is_number => Concrete::Float(numbers::as_float(receiver)?),
                "__bool__" if is_number => Concrete::Bool(truthy(receiver)),
                "__len__" => Concrete::Int(i64::try_from(sequence::length(receiver)?).ok()?),
                "__str__" => Concrete::text(&to_text(receiver)?),
                "__repr__" => Concrete::text(&repr(receiver)?),
                _ => return None,
            }
        }
    };
    Some(value.into())
}

#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    let plain = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor"];
    let mut all: Vec<String> = plain.iter().flat_map(|name| [format!("__{name}__"), format!("__r{name}__")]).collect();
    all.extend(["eq", "ne", "lt", "le", "gt", "ge", "contains", "getitem", "format"].map(|name| format!("__{name}__")));
    all.extend(ALONE.iter().map(|name| (*name).to_owned()));
    all
}
