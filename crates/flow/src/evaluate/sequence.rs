//! Indexing, slicing, iteration, repetition, and the methods of lists and tuples.

use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::BinOp;

use super::args::{Args, bound_of};
use super::collections::{admit, binary as combine, list_of, lookup, tuple_of, unshare};
use super::order::{equal, order};
use super::search::{self, Kind};
use super::{Budget, Concrete, Outcome, truthy};

/// Pure methods of `list`.
pub(super) const LIST_METHODS: &[&str] = &["copy", "count", "index"];

/// Pure methods of `tuple`.
pub(super) const TUPLE_METHODS: &[&str] = &["count", "index"];

/// What iteration gives; see [`super::iterate`].
pub(super) fn elements(value: &Concrete, b: &mut Budget) -> Option<Vec<Concrete>> {
    let count = match value {
        Concrete::Str(s) => s.len(),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => s.len(),
        Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => items.len(),
        Concrete::Dict(items) => items.len(),
        _ => return None,
    };
    b.step(count)?;
    Some(match value {
        Concrete::Str(s) => s.chars().map(character).collect(),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => s.iter().map(|byte| Concrete::Int(i64::from(*byte))).collect(),
        Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => items.to_vec(),
        Concrete::Dict(items) => items.iter().map(|(key, _)| key.clone()).collect(),
        _ => return None,
    })
}

/// What iteration gives when its order shows in the result: not a set of several items, whose order is CPython's own.
pub(super) fn ordered(value: &Concrete, b: &mut Budget) -> Option<Vec<Concrete>> {
    match value {
        Concrete::Set(items) if items.len() > 1 => None,
        _ => elements(value, b),
    }
}

/// A text of one character.
pub(super) fn character(c: char) -> Concrete {
    let mut room = [0; 4];
    Concrete::Str(Arc::from(&*c.encode_utf8(&mut room)))
}

/// `len(value)`
pub(super) fn length(value: &Concrete) -> Option<usize> {
    Some(match value {
        Concrete::Str(s) => s.chars().count(),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => s.len(),
        Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => items.len(),
        Concrete::Dict(items) => items.len(),
        _ => return None,
    })
}

fn place(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let index = if index < 0 { index.checked_add(len)? } else { index };
    (index < len).then_some(())?;
    usize::try_from(index).ok()
}

/// `base[index]`
pub(super) fn index(base: &Concrete, index: &Concrete) -> Option<Concrete> {
    if let Concrete::Dict(items) = base {
        let (_, value) = lookup(items, index, &mut Budget::free())??;
        return Some(value.clone());
    }
    let i = index.as_i64()?;
    match base {
        Concrete::Str(s) => char_at(s, i).map(character),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => {
            s.get(place(i, s.len())?).map(|byte| Concrete::Int(i64::from(*byte)))
        }
        Concrete::List(items) | Concrete::Tuple(items) => items.get(place(i, items.len())?).cloned(),
        _ => None,
    }
}

fn char_at(s: &str, i: i64) -> Option<char> {
    if let Ok(i) = usize::try_from(i) {
        // Within an ASCII prefix the character's position is the byte's.
        if s.as_bytes().get(..=i)?.is_ascii() {
            return s.as_bytes().get(i).map(|byte| char::from(*byte));
        }
        return s.chars().nth(i);
    }
    let back = usize::try_from(i.checked_neg()?).ok()?;
    s.chars().rev().nth(back.checked_sub(1)?)
}

/// The positions a slice selects: first, how many, and the step.
pub(super) fn span(len: usize, lower: Option<i64>, upper: Option<i64>, step: i64) -> Option<(i64, usize)> {
    let len = i64::try_from(len).ok()?;
    let clamp = |bound: i64, low: i64, high: i64| {
        let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
        bound.clamp(low, high)
    };
    let (start, count) = match step {
        0 => return None,
        1.. => {
            let start = lower.map_or(0, |v| clamp(v, 0, len));
            let stop = upper.map_or(len, |v| clamp(v, 0, len));
            (start, if stop > start { (stop - start - 1) / step + 1 } else { 0 })
        }
        _ => {
            let start = lower.map_or(len - 1, |v| clamp(v, -1, len - 1));
            let stop = upper.map_or(-1, |v| clamp(v, -1, len - 1));
            (start, if start > stop { (start - stop - 1) / step.checked_neg()? + 1 } else { 0 })
        }
    };
    Some((start, usize::try_from(count).ok()?))
}

fn select<T: Clone>(items: &[T], start: i64, count: usize, step: i64) -> Option<Vec<T>> {
    let mut selected = Vec::with_capacity(count);
    let mut i = start;
    for _ in 0..count {
        selected.push(items.get(usize::try_from(i).ok()?)?.clone());
        i = i.saturating_add(step);
    }
    Some(selected)
}

/// `base[lower:upper:step]`
pub(super) fn slice(
    base: &Concrete,
    lower: Option<i64>,
    upper: Option<i64>,
    step: Option<i64>,
    b: &mut Budget,
) -> Option<Outcome> {
    let stride = step.unwrap_or(1);
    let value = match base {
        Concrete::Str(s) if s.is_ascii() => {
            let (start, count) = span(s.len(), lower, upper, stride)?;
            b.produce(count)?;
            if stride == 1 {
                let start = usize::try_from(start).ok()?;
                Concrete::Str(Arc::from(s.get(start..start + count)?))
            } else {
                b.step(count)?;
                let bytes = select(s.as_bytes(), start, count, stride)?;
                Concrete::Str(Arc::from(String::from_utf8(bytes).ok()?))
            }
        }
        Concrete::Str(s) => {
            b.step(s.len())?;
            let chars: Vec<char> = s.chars().collect();
            let (start, count) = span(chars.len(), lower, upper, stride)?;
            b.produce(count)?;
            Concrete::Str(Arc::from(select(&chars, start, count, stride)?.into_iter().collect::<String>()))
        }
        Concrete::Bytes(s) | Concrete::ByteArray(s) => {
            let (start, count) = span(s.len(), lower, upper, stride)?;
            b.produce(count)?;
            let bytes: Arc<[u8]> = if stride == 1 {
                let start = usize::try_from(start).ok()?;
                Arc::from(s.get(start..start + count)?)
            } else {
                b.step(count)?;
                Arc::from(select(s, start, count, stride)?)
            };
            if matches!(base, Concrete::Bytes(_)) { Concrete::Bytes(bytes) } else { Concrete::ByteArray(bytes) }
        }
        Concrete::List(items) | Concrete::Tuple(items) => {
            let (start, count) = span(items.len(), lower, upper, stride)?;
            b.step(count)?;
            b.produce(count * size_of::<Concrete>())?;
            let selected = select(items, start, count, stride)?;
            if matches!(base, Concrete::List(_)) { list_of(selected, b)? } else { tuple_of(selected, b)? }
        }
        _ => return None,
    };
    let reversed = lower.is_none() && upper.is_none() && stride == -1;
    Some(Outcome { value, coding: reversed.then_some("reverse") })
}

/// `+` and `*` on sequences; the operators of sets and dicts.
pub(super) fn binary(op: BinOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<Concrete> {
    match (op, l, r) {
        (BinOp::Add, Concrete::Str(x), Concrete::Str(y)) => {
            concatenated(x.len(), y.len(), b)?;
            let mut sum = String::with_capacity(x.len() + y.len());
            sum.push_str(x);
            sum.push_str(y);
            Some(Concrete::Str(Arc::from(sum)))
        }
        (BinOp::Add, Concrete::Bytes(x) | Concrete::ByteArray(x), Concrete::Bytes(y) | Concrete::ByteArray(y)) => {
            concatenated(x.len(), y.len(), b)?;
            let sum: Arc<[u8]> = Arc::from([x.as_ref(), y.as_ref()].concat());
            Some(if matches!(l, Concrete::Bytes(_)) { Concrete::Bytes(sum) } else { Concrete::ByteArray(sum) })
        }
        (BinOp::Add, Concrete::List(x), Concrete::List(y)) => {
            b.produce((x.len() + y.len()) * size_of::<Concrete>())?;
            list_of(x.iter().chain(y.iter()).cloned().collect(), b)
        }
        (BinOp::Add, Concrete::Tuple(x), Concrete::Tuple(y)) => {
            b.produce((x.len() + y.len()) * size_of::<Concrete>())?;
            tuple_of(x.iter().chain(y.iter()).cloned().collect(), b)
        }
        (BinOp::Mul, sequence, count) | (BinOp::Mul, count, sequence)
            if search::view(sequence).is_some() || matches!(sequence, Concrete::List(_) | Concrete::Tuple(_)) =>
        {
            repeat(sequence, count.as_i64()?, b)
        }
        _ => combine(op, l, r, b),
    }
}

/// Charges a concatenation. The left side, usually what a loop has gathered so far, is charged at a sixteenth: gathering
/// character by character stays affordable, and what a loop can make the host copy and keep stays bounded.
fn concatenated(left: usize, right: usize, b: &mut Budget) -> Option<()> {
    b.produce(left / 16 + right)
}

fn repeat(sequence: &Concrete, count: i64, b: &mut Budget) -> Option<Concrete> {
    let count = usize::try_from(count.max(0)).ok()?;
    if let Some((kind, bytes)) = search::view(sequence) {
        let Some(len) = bytes.len().checked_mul(count) else {
            b.exhausted = true;
            return None;
        };
        b.produce(len)?;
        return kind.build(bytes.repeat(count));
    }
    let (Concrete::List(items) | Concrete::Tuple(items)) = sequence else { return None };
    let Some(len) = items.len().checked_mul(count).and_then(|len| len.checked_mul(size_of::<Concrete>())) else {
        b.exhausted = true;
        return None;
    };
    b.produce(len)?;
    let mut repeated = Vec::with_capacity(items.len() * count);
    if !items.is_empty() {
        for _ in 0..count {
            repeated.extend(items.iter().cloned());
        }
    }
    if matches!(sequence, Concrete::List(_)) { list_of(repeated, b) } else { tuple_of(repeated, b) }
}

/// Methods of lists and tuples that change nothing.
pub(super) fn method(
    receiver: &Concrete,
    items: &[Concrete],
    name: &str,
    args: &Args<'_>,
    b: &mut Budget,
) -> Option<Outcome> {
    let value = match (name, args.positional()?) {
        ("copy", []) if matches!(receiver, Concrete::List(_)) => receiver.clone(),
        ("count", [wanted]) => {
            let mut count = 0;
            for item in items {
                count += i64::from(equal(item, wanted, b)?);
            }
            Concrete::Int(count)
        }
        ("index", [wanted, bounds @ ..]) if bounds.len() <= 2 => {
            let lower = bound_of(bounds.first())?;
            let upper = bound_of(bounds.get(1))?;
            let (start, count) = span(items.len(), lower, upper, 1)?;
            let start = usize::try_from(start).ok()?;
            let mut found = None;
            for (i, item) in items.iter().enumerate().skip(start).take(count) {
                if equal(item, wanted, b)? {
                    found = Some(i);
                    break;
                }
            }
            Concrete::Int(i64::try_from(found?).ok()?)
        }
        _ => return None,
    };
    Some(value.into())
}

/// Sorts as CPython does: stably, by `<`. `None` when two items do not order.
pub(super) fn sort(items: Vec<Concrete>, reverse: bool, b: &mut Budget) -> Option<Vec<Concrete>> {
    let mut items = items;
    // Reversing before and after keeps equal items in their order, as CPython's `reverse=True` does.
    if reverse {
        items.reverse();
    }
    let mut width = 1;
    let len = items.len();
    while width < len {
        b.step(len)?;
        let mut merged = Vec::with_capacity(len);
        for pair in items.chunks(width * 2) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([x, others @ ..], [y, rest @ ..]) = (left, right) {
                if order(y, x, b)? == Ordering::Less {
                    merged.push(y.clone());
                    right = rest;
                } else {
                    merged.push(x.clone());
                    left = others;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        items = merged;
        width *= 2;
    }
    if reverse {
        items.reverse();
    }
    Some(items)
}

/// `list[index] = value`
pub(super) fn store_list(
    items: &mut Rc<Vec<Concrete>>,
    index: &Concrete,
    value: &Concrete,
    b: &mut Budget,
) -> Option<()> {
    let i = place(index.as_i64()?, items.len())?;
    admit(std::iter::once(value), b)?;
    unshare(items, b)?;
    *Rc::make_mut(items).get_mut(i)? = value.clone();
    Some(())
}

/// Methods that change a list.
pub(super) fn mutate_list(
    items: &mut Rc<Vec<Concrete>>,
    name: &str,
    args: &[Concrete],
    b: &mut Budget,
) -> Option<Concrete> {
    match (name, args) {
        ("append", [item]) => {
            admit(std::iter::once(item), b)?;
            unshare(items, b)?;
            Rc::make_mut(items).push(item.clone());
        }
        ("extend" | "__iadd__", [other]) => {
            let more = ordered(other, b)?;
            admit(more.iter(), b)?;
            unshare(items, b)?;
            Rc::make_mut(items).extend(more);
        }
        ("insert", [at, item]) => {
            admit(std::iter::once(item), b)?;
            let (start, _) = span(items.len(), Some(at.as_i64()?), None, 1)?;
            let start = usize::try_from(start).ok()?;
            unshare(items, b)?;
            b.step(items.len() / 8)?;
            Rc::make_mut(items).insert(start, item.clone());
        }
        ("pop", []) => {
            (!items.is_empty()).then_some(())?;
            unshare(items, b)?;
            return Rc::make_mut(items).pop();
        }
        ("pop" | "__delitem__", [at]) => {
            let i = place(at.as_i64()?, items.len())?;
            unshare(items, b)?;
            b.step(items.len() / 8)?;
            let item = Rc::make_mut(items).remove(i);
            return Some(if name == "pop" { item } else { Concrete::None });
        }
        ("remove", [item]) => {
            let mut found = None;
            for (i, known) in items.iter().enumerate() {
                if equal(known, item, b)? {
                    found = Some(i);
                    break;
                }
            }
            let i = found?;
            unshare(items, b)?;
            Rc::make_mut(items).remove(i);
        }
        ("reverse", []) => {
            b.step(items.len())?;
            unshare(items, b)?;
            Rc::make_mut(items).reverse();
        }
        ("sort", []) => *items = Rc::new(sort(items.to_vec(), false, b)?),
        ("clear", []) => *items = Rc::default(),
        ("__setitem__", [at, value]) => store_list(items, at, value, b)?,
        _ => return None,
    }
    Some(Concrete::None)
}

/// `any(items)` and `all(items)`.
pub(super) fn quantify(items: &[Concrete], all: bool) -> bool {
    if all { items.iter().all(truthy) } else { items.iter().any(truthy) }
}

/// The kind and the bytes of text or bytes, for callers that treat both alike.
pub(super) fn same_kind(kind: Kind, value: &Concrete) -> Option<&[u8]> {
    let (other, bytes) = search::view(value)?;
    (kind.is_text() == other.is_text()).then_some(bytes)
}
