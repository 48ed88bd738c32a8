//! Equality, ordering and membership.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};
use sluice_syntax::ir::CmpOp;

use super::collections::Keys;
use super::{Budget, Concrete, MAX_DEPTH};

/// `l op r`
pub(super) fn compare(op: CmpOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<bool> {
    match op {
        CmpOp::Eq | CmpOp::StrictEq => equal(l, r, b),
        CmpOp::NotEq | CmpOp::StrictNotEq => equal(l, r, b).map(|same| !same),
        CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => relation(op, l, r, b),
        CmpOp::Is => identical(l, r),
        CmpOp::IsNot => identical(l, r).map(|same| !same),
        CmpOp::In => contains(r, l, b),
        CmpOp::NotIn => contains(r, l, b).map(|found| !found),
        CmpOp::InstanceOf => None,
    }
}

/// Python's `==`; `None` only when the budget is short.
pub(super) fn equal(l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<bool> {
    equal_at(l, r, b, MAX_DEPTH + 2)
}

fn equal_at(l: &Concrete, r: &Concrete, b: &mut Budget, depth: usize) -> Option<bool> {
    b.step(1)?;
    let depth = depth.checked_sub(1)?;
    Some(match (l, r) {
        (Concrete::None, Concrete::None) | (Concrete::Ellipsis, Concrete::Ellipsis) => true,
        (Concrete::Int(x), Concrete::Int(y)) => x == y,
        (Concrete::Str(x), Concrete::Str(y)) => x == y,
        (Concrete::Bytes(x) | Concrete::ByteArray(x), Concrete::Bytes(y) | Concrete::ByteArray(y)) => x == y,
        (Concrete::List(x), Concrete::List(y)) | (Concrete::Tuple(x), Concrete::Tuple(y)) => {
            if x.len() != y.len() {
                return Some(false);
            }
            for (a, c) in x.iter().zip(y.iter()) {
                if !equal_at(a, c, b, depth)? {
                    return Some(false);
                }
            }
            true
        }
        (Concrete::Set(x), Concrete::Set(y)) => {
            if x.len() != y.len() {
                return Some(false);
            }
            let keys = Keys::of(y.iter(), b)?;
            for item in x.iter() {
                if keys.find(item, b)?.is_none() {
                    return Some(false);
                }
            }
            true
        }
        (Concrete::Dict(x), Concrete::Dict(y)) => {
            if x.len() != y.len() {
                return Some(false);
            }
            let keys = Keys::of(y.iter().map(|(key, _)| key), b)?;
            for (key, value) in x.iter() {
                let Some(i) = keys.find(key, b)? else { return Some(false) };
                let (_, other) = y.get(i)?;
                if !equal_at(value, other, b, depth)? {
                    return Some(false);
                }
            }
            true
        }
        _ => numeric(l, r) == Some(Ordering::Equal),
    })
}

/// The order of two numbers; `None` when one is no number or is NaN.
pub(super) fn numeric(l: &Concrete, r: &Concrete) -> Option<Ordering> {
    match (l, r) {
        (Concrete::Float(x), Concrete::Float(y)) => x.partial_cmp(y),
        (Concrete::Float(x), _) => exact(r).and_then(|y| against(&y, *x)).map(Ordering::reverse),
        (_, Concrete::Float(y)) => exact(l).and_then(|x| against(&x, *y)),
        _ => match (l.as_i64(), r.as_i64()) {
            (Some(x), Some(y)) => Some(x.cmp(&y)),
            _ => Some(exact(l)?.cmp(&exact(r)?)),
        },
    }
}

/// An integer as a big one.
pub(super) fn exact(value: &Concrete) -> Option<BigInt> {
    match value {
        Concrete::Big(n) => Some(n.as_ref().clone()),
        other => other.as_i64().map(BigInt::from),
    }
}

fn against(x: &BigInt, y: f64) -> Option<Ordering> {
    if y.is_nan() {
        return None;
    }
    if y.is_infinite() {
        return Some(if y > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    if let Some(small) = x.to_i64()
        && small.unsigned_abs() <= 1 << 53
    {
        return (small as f64).partial_cmp(&y);
    }
    let whole = BigInt::from_f64(y.trunc())?;
    Some(x.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&y.fract()).unwrap_or(Ordering::Equal)))
}

/// Python's order; `None` when the types do not order, or for NaN.
pub(super) fn order(l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<Ordering> {
    order_at(l, r, b, MAX_DEPTH + 2)
}

fn order_at(l: &Concrete, r: &Concrete, b: &mut Budget, depth: usize) -> Option<Ordering> {
    b.step(1)?;
    let depth = depth.checked_sub(1)?;
    match (l, r) {
        (Concrete::Str(x), Concrete::Str(y)) => Some(x.cmp(y)),
        (Concrete::Bytes(x) | Concrete::ByteArray(x), Concrete::Bytes(y) | Concrete::ByteArray(y)) => Some(x.cmp(y)),
        (Concrete::List(x), Concrete::List(y)) | (Concrete::Tuple(x), Concrete::Tuple(y)) => {
            for (a, c) in x.iter().zip(y.iter()) {
                if !equal_at(a, c, b, depth)? {
                    return order_at(a, c, b, depth);
                }
            }
            Some(x.len().cmp(&y.len()))
        }
        _ => numeric(l, r),
    }
}

fn relation(op: CmpOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<bool> {
    if let (Concrete::Set(x), Concrete::Set(y)) = (l, r) {
        let (small, large, strict) = match op {
            CmpOp::Lt => (x, y, true),
            CmpOp::LtE => (x, y, false),
            CmpOp::Gt => (y, x, true),
            _ => (y, x, false),
        };
        let keys = Keys::of(large.iter(), b)?;
        for item in small.iter() {
            if keys.find(item, b)?.is_none() {
                return Some(false);
            }
        }
        return Some(!strict || small.len() < large.len());
    }
    if let (Concrete::Float(nan), other) | (other, Concrete::Float(nan)) = (l, r)
        && (nan.is_nan() || matches!(other, Concrete::Float(f) if f.is_nan()))
    {
        let number = matches!(other, Concrete::Float(_)) || exact(other).is_some();
        return number.then_some(false);
    }
    let found = order(l, r, b)?;
    Some(match op {
        CmpOp::Lt => found.is_lt(),
        CmpOp::LtE => found.is_le(),
        CmpOp::Gt => found.is_gt(),
        _ => found.is_ge(),
    })
}

/// Identity, where it does not depend on how CPython caches objects.
fn identical(l: &Concrete, r: &Concrete) -> Option<bool> {
    match (l, r) {
        (Concrete::None, Concrete::None) | (Concrete::Ellipsis, Concrete::Ellipsis) => Some(true),
        (Concrete::Bool(x), Concrete::Bool(y)) => Some(x == y),
        _ if l.type_name() != r.type_name() => Some(false),
        (Concrete::Int(x), Concrete::Int(y)) if x != y => Some(false),
        (Concrete::Str(x), Concrete::Str(y)) if x != y => Some(false),
        (Concrete::Bytes(x), Concrete::Bytes(y)) if x != y => Some(false),
        _ => None,
    }
}

/// `item in container`
pub(super) fn contains(container: &Concrete, item: &Concrete, b: &mut Budget) -> Option<bool> {
    match (container, item) {
        (Concrete::Str(s), Concrete::Str(part)) => {
            b.step(s.len() / 16 + 1)?;
            Some(memchr::memmem::find(s.as_bytes(), part.as_bytes()).is_some())
        }
        (Concrete::Bytes(s) | Concrete::ByteArray(s), Concrete::Bytes(part) | Concrete::ByteArray(part)) => {
            b.step(s.len() / 16 + 1)?;
            Some(memchr::memmem::find(s, part).is_some())
        }
        (Concrete::Bytes(s) | Concrete::ByteArray(s), _) => {
            let byte = u8::try_from(item.as_i64()?).ok()?;
            Some(s.contains(&byte))
        }
        (Concrete::List(items) | Concrete::Tuple(items), _) => among(items.iter(), item, b),
        (Concrete::Set(items), _) => {
            hashable(item).then_some(())?;
            among(items.iter(), item, b)
        }
        (Concrete::Dict(items), _) => {
            hashable(item).then_some(())?;
            among(items.iter().map(|(key, _)| key), item, b)
        }
        _ => None,
    }
}

fn among<'a>(mut items: impl Iterator<Item = &'a Concrete>, item: &Concrete, b: &mut Budget) -> Option<bool> {
    items.try_fold(false, |found, other| if found { Some(true) } else { equal(other, item, b) })
}

/// Whether the value may be a key. A set stands for a frozenset as well, so it may not.
pub(super) fn hashable(value: &Concrete) -> bool {
    hashable_at(value, MAX_DEPTH + 2)
}

fn hashable_at(value: &Concrete, depth: usize) -> bool {
    match value {
        Concrete::List(_) | Concrete::Set(_) | Concrete::Dict(_) | Concrete::ByteArray(_) => false,
        Concrete::Tuple(items) => depth > 0 && items.iter().all(|item| hashable_at(item, depth - 1)),
        _ => true,
    }
}
