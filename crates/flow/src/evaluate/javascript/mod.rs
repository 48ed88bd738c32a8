//! Concrete evaluation of JavaScript's pure operations on fully known operands.
//!
//! As in the parent module, the answer is the language's answer or `None`: when a call would throw, when the result
//! depends on something unknown, or when the budget does not allow the work. Texts are kept as Unicode scalar values;
//! positions count UTF-16 units, as the language does, and what would split a pair is not answered.

mod bytes;
mod convert;
mod functions;
#[macro_use]
mod machine_macros;
mod machine;
mod machine_calls;
mod machine_values;
mod regexes;
#[cfg(test)]
mod tests;
mod text;

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{BinOp, CmpOp, UnaryOp};

pub(crate) use self::convert::type_of;
use self::convert::{joins, number, to_int32, to_integer, to_number};
pub(crate) use self::functions::{function, is_pure};
pub(crate) use self::machine::Machine;
pub(crate) use self::regexes::matches;
use super::{Budget, Concrete, Outcome, list_of};

/// `ToBoolean`
pub(crate) fn truthy(value: &Concrete) -> bool {
    match value {
        Concrete::Undefined | Concrete::None => false,
        Concrete::Bool(b) => *b,
        Concrete::Int(n) => *n != 0,
        Concrete::Float(f) => *f != 0.0 && !f.is_nan(),
        Concrete::Str(s) => !s.is_empty(),
        _ => true,
    }
}

/// The text of a value in a template or behind `+`.
pub(crate) fn to_text(value: &Concrete) -> Option<Arc<str>> {
    convert::to_text(value)
}

/// `left op right`
pub(crate) fn binary(op: BinOp, left: &Concrete, right: &Concrete, budget: &mut Budget) -> Option<Concrete> {
    budget.step(1)?;
    if op == BinOp::Add && (joins(left) || joins(right)) {
        let (a, b) = (convert::to_text(left)?, convert::to_text(right)?);
        budget.produce(a.len() + b.len())?;
        return Some(Concrete::Str(Arc::from(format!("{a}{b}"))));
    }
    if matches!(left, Concrete::Big(_)) || matches!(right, Concrete::Big(_)) {
        return super::binary(op, left, right, budget);
    }
    let bits = |a: i32| Concrete::Int(i64::from(a));
    let (a, b) = (to_number(left), to_number(right));
    let shift = || to_int32(right).cast_unsigned() & 31;
    Some(match op {
        BinOp::Add => number(a + b),
        BinOp::Sub => number(a - b),
        BinOp::Mul => number(a * b),
        BinOp::Div => number(a / b),
        BinOp::Mod => number(a % b),
        BinOp::Pow => number(a.powf(b)),
        BinOp::BitAnd => bits(to_int32(left) & to_int32(right)),
        BinOp::BitOr => bits(to_int32(left) | to_int32(right)),
        BinOp::BitXor => bits(to_int32(left) ^ to_int32(right)),
        BinOp::Shl => bits(to_int32(left).wrapping_shl(shift())),
        BinOp::Shr => bits(to_int32(left).wrapping_shr(shift())),
        BinOp::UShr => Concrete::Int(i64::from(to_int32(left).cast_unsigned().wrapping_shr(shift()))),
        BinOp::FloorDiv | BinOp::MatMul => return None,
    })
}

/// `op value`
pub(crate) fn unary(op: UnaryOp, value: &Concrete) -> Option<Concrete> {
    Some(match op {
        UnaryOp::Not => Concrete::Bool(!truthy(value)),
        UnaryOp::Neg => number(-to_number(value)),
        UnaryOp::Pos => number(to_number(value)),
        UnaryOp::Invert => Concrete::Int(i64::from(!to_int32(value))),
        UnaryOp::TypeOf => Concrete::text(type_of(value)),
        UnaryOp::Void => Concrete::Undefined,
        UnaryOp::Delete => return None,
    })
}

/// A comparison; `None` between objects, whose identity is not known.
pub(crate) fn compare(op: CmpOp, left: &Concrete, right: &Concrete) -> Option<bool> {
    use std::cmp::Ordering;
    let order = || -> Option<Ordering> {
        match (left, right) {
            (Concrete::Str(a), Concrete::Str(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            _ => to_number(left).partial_cmp(&to_number(right)),
        }
    };
    match op {
        CmpOp::StrictEq | CmpOp::Is => strictly(left, right),
        CmpOp::StrictNotEq | CmpOp::IsNot => strictly(left, right).map(|same| !same),
        CmpOp::Eq => loosely(left, right),
        CmpOp::NotEq => loosely(left, right).map(|same| !same),
        CmpOp::Lt => Some(order() == Some(Ordering::Less)),
        CmpOp::LtE => Some(matches!(order(), Some(Ordering::Less | Ordering::Equal))),
        CmpOp::Gt => Some(order() == Some(Ordering::Greater)),
        CmpOp::GtE => Some(matches!(order(), Some(Ordering::Greater | Ordering::Equal))),
        CmpOp::In => has(right, left),
        CmpOp::NotIn => has(right, left).map(|found| !found),
        CmpOp::InstanceOf => None,
    }
}

fn is_object(value: &Concrete) -> bool {
    matches!(
        value,
        Concrete::List(_)
            | Concrete::Tuple(_)
            | Concrete::Set(_)
            | Concrete::Dict(_)
            | Concrete::Bytes(_)
            | Concrete::ByteArray(_)
            | Concrete::Regex(..)
    )
}

fn strictly(left: &Concrete, right: &Concrete) -> Option<bool> {
    if is_object(left) && is_object(right) {
        return None;
    }
    Some(match (left, right) {
        (Concrete::Int(_) | Concrete::Float(_), Concrete::Int(_) | Concrete::Float(_)) => {
            // Numbers are compared by value.
            #[allow(clippy::float_cmp)]
            let same = to_number(left) == to_number(right);
            same
        }
        _ => left == right,
    })
}

fn loosely(left: &Concrete, right: &Concrete) -> Option<bool> {
    let nothing = |value: &Concrete| matches!(value, Concrete::None | Concrete::Undefined);
    if nothing(left) || nothing(right) {
        return Some(nothing(left) && nothing(right));
    }
    if type_of(left) == type_of(right) {
        return strictly(left, right);
    }
    match (left, right) {
        (Concrete::Str(_), other) | (other, Concrete::Str(_)) if is_object(other) => {
            Some(convert::to_text(left)? == convert::to_text(right)?)
        }
        _ => {
            #[allow(clippy::float_cmp)]
            let same = to_number(left) == to_number(right);
            Some(same)
        }
    }
}

/// `key in object`
fn has(object: &Concrete, key: &Concrete) -> Option<bool> {
    match object {
        Concrete::Dict(_) | Concrete::List(_) => Some(property(object, key).is_some()),
        _ => None,
    }
}

/// `base[key]` of a value that is known. `None` where the value is a method or not known to be absent.
pub(crate) fn property(base: &Concrete, key: &Concrete) -> Option<Concrete> {
    let name = convert::to_text(key)?;
    let position = || name.parse::<usize>().ok().filter(|number| number.to_string() == *name);
    match base {
        Concrete::Str(text) => match (&*name, position()) {
            ("length", _) => Some(number_of(text::length(text))),
            (_, Some(at)) => text::unit(text, at).map(|unit| Concrete::Str(Arc::from(unit))),
            _ => None,
        },
        Concrete::List(items) | Concrete::Tuple(items) => match (&*name, position()) {
            ("length", _) => Some(number_of(items.len())),
            (_, Some(at)) => items.get(at).cloned(),
            _ => None,
        },
        Concrete::Bytes(bytes) | Concrete::ByteArray(bytes) => match (&*name, position()) {
            ("length" | "byteLength", _) => Some(number_of(bytes.len())),
            (_, Some(at)) => bytes.get(at).map(|byte| Concrete::Int(i64::from(*byte))),
            _ => None,
        },
        Concrete::Dict(pairs) => {
            pairs.iter().find(|(known, _)| convert::to_text(known).as_deref() == Some(&*name)).map(|(_, v)| v.clone())
        }
        Concrete::Regex(pattern, flags) => match &*name {
            "source" => Some(Concrete::Str(Arc::clone(pattern))),
            "flags" => Some(Concrete::text(flags)),
            _ => None,
        },
        _ => None,
    }
}

fn number_of(count: usize) -> Concrete {
    Concrete::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// What `for (… of value)` sees: code points, items, bytes.
pub(crate) fn iterate(value: &Concrete) -> Option<Vec<Concrete>> {
    match value {
        Concrete::Str(text) => Some(text.chars().map(|c| Concrete::Str(Arc::from(c.to_string()))).collect()),
        Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => Some(items.as_ref().clone()),
        Concrete::Bytes(bytes) | Concrete::ByteArray(bytes) => {
            Some(bytes.iter().map(|byte| Concrete::Int(i64::from(*byte))).collect())
        }
        _ => None,
    }
}

/// Calls a method that does not change its receiver and calls nothing back.
pub(crate) fn method(receiver: &Concrete, name: &str, args: &[Concrete], budget: &mut Budget) -> Option<Outcome> {
    budget.step(1)?;
    match receiver {
        Concrete::Str(text) => text::method(text, name, args, budget),
        Concrete::Bytes(data) | Concrete::ByteArray(data) => bytes::method(data, name, args, budget),
        Concrete::List(items) | Concrete::Tuple(items) => list_method(items, name, args, budget),
        Concrete::Int(_) | Concrete::Float(_) => number_method(receiver, name, args),
        Concrete::Bool(_) if name == "toString" => Some(Concrete::Str(convert::to_text(receiver)?).into()),
        Concrete::Regex(pattern, flags) => regexes::method(pattern, flags, name, args, budget),
        Concrete::Dict(_) if name == "toString" => Some(Concrete::text("[object Object]").into()),
        Concrete::Dict(_) if name == "hasOwnProperty" => {
            Some(Concrete::Bool(property(receiver, args.first()?).is_some()).into())
        }
        _ => None,
    }
}

fn number_method(value: &Concrete, name: &str, args: &[Concrete]) -> Option<Outcome> {
    let number = to_number(value);
    let text = match name {
        "toString" | "toLocaleString" if args.is_empty() => convert::number_text(number),
        "toString" => {
            let radix = u32::try_from(to_integer(args.first()?)).ok().filter(|radix| (2..=36).contains(radix))?;
            if radix == 10 { convert::number_text(number) } else { in_radix(number, radix)? }
        }
        "toFixed" => {
            let digits = args.first().map_or(0, to_integer);
            format!("{number:.*}", usize::try_from(digits).ok().filter(|digits| *digits <= 100)?)
        }
        "valueOf" => return Some(value.clone().into()),
        _ => return None,
    };
    Some(Concrete::Str(Arc::from(text)).into())
}

/// An integer in another radix; fractions are not answered.
fn in_radix(value: f64, radix: u32) -> Option<String> {
    let Concrete::Int(whole) = number(value) else { return None };
    let mut rest = whole.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % u64::from(radix)).ok()?;
        digits.push(char::from_digit(digit, radix)?);
        rest /= u64::from(radix);
        if rest == 0 {
            break;
        }
    }
    if whole < 0 {
        digits.push('-');
    }
    Some(digits.iter().rev().collect())
}

/// The half-open range that `slice(start, end)` takes of so many items.
fn range(length: usize, args: &[Concrete]) -> (usize, usize) {
    let clamp = |value: Option<&Concrete>, default: usize| match value {
        None | Some(Concrete::Undefined) => default,
        Some(value) => {
            let at = to_integer(value);
            let whole = i64::try_from(length).unwrap_or(i64::MAX);
            let at = if at < 0 { whole.saturating_add(at).max(0) } else { at.min(whole) };
            usize::try_from(at).unwrap_or(length)
        }
    };
    let start = clamp(args.first(), 0);
    (start, clamp(args.get(1), length).max(start))
}

fn list_method(items: &Rc<Vec<Concrete>>, name: &str, args: &[Concrete], budget: &mut Budget) -> Option<Outcome> {
    budget.step(items.len())?;
    let found = |reverse: bool| {
        let wanted = args.first()?;
        let mut places = items.iter().enumerate().filter(|(_, item)| strictly(item, wanted) == Some(true));
        if reverse { places.next_back() } else { places.next() }
            .map(|(at, _)| number_of(at))
            .or(Some(Concrete::Int(-1)))
    };
    let value = match name {
        "join" | "toString" => {
            let comma = Concrete::text(",");
            let separator = match args.first() {
                None | Some(Concrete::Undefined) => &comma,
                Some(value) => value,
            };
            let separator = convert::to_text(separator)?;
            let mut text = String::new();
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(&separator);
                }
                if !matches!(item, Concrete::None | Concrete::Undefined) {
                    text.push_str(&convert::to_text(item)?);
                }
                budget.produce(separator.len() + 8)?;
            }
            budget.produce(text.len())?;
            Concrete::Str(Arc::from(text))
        }
        "slice" => {
            let (start, end) = range(items.len(), args);
            list_of(items.get(start..end)?.to_vec(), budget)?
        }
        "concat" => {
            let mut all = items.as_ref().clone();
            for arg in args {
                match arg {
                    Concrete::List(more) => all.extend(more.iter().cloned()),
                    other => all.push(other.clone()),
                }
            }
            list_of(all, budget)?
        }
        "reverse" | "toReversed" => {
            let turned = items.iter().rev().cloned().collect();
            return Some(Outcome { value: list_of(turned, budget)?, coding: Some("reverse") });
        }
        "indexOf" => found(false)?,
        "lastIndexOf" => found(true)?,
        "includes" => Concrete::Bool(found(false)? != Concrete::Int(-1)),
        "at" => {
            let at = to_integer(args.first()?);
            let length = i64::try_from(items.len()).ok()?;
            let at = if at < 0 { at + length } else { at };
            usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or(Concrete::Undefined)
        }
        "flat" => {
            let mut all = Vec::new();
            for item in items.iter() {
                match item {
                    Concrete::List(inner) => all.extend(inner.iter().cloned()),
                    other => all.push(other.clone()),
                }
            }
            list_of(all, budget)?
        }
        _ => return None,
    };
    Some(value.into())
}
