//! Sets and dicts, the bounded building of every container, and the index of keys behind them.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_syntax::ir::BinOp;

use super::args::Args;
use super::order::{equal, hashable};
use super::sequence::elements;
use super::{Budget, Concrete, MAX_DEPTH, Outcome};

/// Pure methods of `set`.
pub(super) const SET_METHODS: &[&str] =
    &["copy", "difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union"];

/// Pure methods of `dict`.
pub(super) const DICT_METHODS: &[&str] = &["copy", "get", "items", "keys", "values"];

/// A list of these items; `None` when the budget is short or the items nest too deeply.
pub fn list_of(items: Vec<Concrete>, b: &mut Budget) -> Option<Concrete> {
    admit(items.iter(), b)?;
    Some(Concrete::List(Rc::new(items)))
}

/// A tuple of these items; see [`list_of`].
pub fn tuple_of(items: Vec<Concrete>, b: &mut Budget) -> Option<Concrete> {
    admit(items.iter(), b)?;
    Some(Concrete::Tuple(Rc::new(items)))
}

/// A set of these items, the first of equal ones kept; `None` also when one of them is not hashable.
pub fn set_of(items: Vec<Concrete>, b: &mut Budget) -> Option<Concrete> {
    admit(items.iter(), b)?;
    let mut keys = Keys::default();
    let mut kept = Vec::new();
    for item in items {
        if keys.insert(&item, kept.len(), b)?.is_none() {
            kept.push(item);
        }
    }
    Some(Concrete::Set(Rc::new(kept)))
}

/// A dict of these pairs, later values replacing earlier ones under the first key; `None` also when a key is not
/// hashable.
pub fn dict_of(pairs: Vec<(Concrete, Concrete)>, b: &mut Budget) -> Option<Concrete> {
    admit(pairs.iter().flat_map(|(key, value)| [key, value]), b)?;
    let mut keys = Keys::default();
    let mut kept: Vec<(Concrete, Concrete)> = Vec::new();
    for (key, value) in pairs {
        match keys.insert(&key, kept.len(), b)? {
            None => kept.push((key, value)),
            Some(i) => kept.get_mut(i)?.1 = value,
        }
    }
    Some(Concrete::Dict(Rc::new(kept)))
}

/// Charges the logical size of a container's items and refuses items that nest too deeply.
pub(super) fn admit<'a>(items: impl Iterator<Item = &'a Concrete>, b: &mut Budget) -> Option<()> {
    let mut count = 0;
    for item in items {
        count += 1;
        if matches!(item, Concrete::List(_) | Concrete::Tuple(_) | Concrete::Set(_) | Concrete::Dict(_)) {
            weigh(item, MAX_DEPTH - 1, b)?;
        }
    }
    b.step(count)?;
    b.produce(count * size_of::<Concrete>())
}

fn weigh(item: &Concrete, depth: usize, b: &mut Budget) -> Option<()> {
    match item {
        Concrete::List(items) | Concrete::Tuple(items) | Concrete::Set(items) => {
            let depth = depth.checked_sub(1)?;
            b.step(items.len() + 1)?;
            items.iter().try_for_each(|item| weigh(item, depth, b))
        }
        Concrete::Dict(items) => {
            let depth = depth.checked_sub(1)?;
            b.step(items.len() * 2 + 1)?;
            items.iter().try_for_each(|(key, value)| {
                weigh(key, depth, b)?;
                weigh(value, depth, b)
            })
        }
        _ => Some(()),
    }
}

/// A part of a key that decides where it is filed: equal keys (by Python's equality) are filed alike.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Drawer<'a> {
    Nothing,
    Ellipsis,
    Number(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Tuple(usize),
}

/// The positions of keys, for membership in constant time.
#[derive(Default)]
pub(super) struct Keys {
    /// From the hash of the drawer to the keys filed there and their positions.
    drawers: FxHashMap<u64, Vec<(Concrete, usize)>>,
}

impl Keys {
    /// An index of these keys by position; `None` when one is not hashable.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a Concrete>, b: &mut Budget) -> Option<Self> {
        let mut keys = Self::default();
        for (i, item) in items.enumerate() {
            keys.insert(item, i, b)?;
        }
        Some(keys)
    }

    /// Files a key at a position, unless an equal one is filed: then its position is given.
    pub(super) fn insert(&mut self, key: &Concrete, position: usize, b: &mut Budget) -> Option<Option<usize>> {
        if !hashable(key) {
            return None;
        }
        if let Some(found) = self.find(key, b)? {
            return Some(Some(found));
        }
        self.drawers.entry(drawer(key)).or_default().push((key.clone(), position));
        Some(None)
    }

    /// The position of an equal key.
    pub(super) fn find(&self, key: &Concrete, b: &mut Budget) -> Option<Option<usize>> {
        b.step(1)?;
        let Some(filed) = self.drawers.get(&drawer(key)) else { return Some(None) };
        for (known, position) in filed {
            if equal(known, key, b)? {
                return Some(Some(*position));
            }
        }
        Some(None)
    }
}

fn drawer(key: &Concrete) -> u64 {
    use std::hash::BuildHasher;
    let drawer = match key {
        Concrete::None => Drawer::Nothing,
        Concrete::Ellipsis | Concrete::Undefined | Concrete::Regex(..) => Drawer::Ellipsis,
        Concrete::Bool(v) => Drawer::Number((f64::from(u8::from(*v))).to_bits()),
        Concrete::Int(n) => Drawer::Number((*n as f64 + 0.0).to_bits()),
        Concrete::Float(f) => Drawer::Number((f + 0.0).to_bits()),
        Concrete::Big(n) => {
            use num_traits::ToPrimitive;
            Drawer::Number(n.to_f64().unwrap_or(f64::INFINITY).to_bits())
        }
        Concrete::Str(s) => Drawer::Text(s),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => Drawer::Bytes(s),
        Concrete::Tuple(items) | Concrete::List(items) | Concrete::Set(items) => Drawer::Tuple(items.len()),
        Concrete::Dict(items) => Drawer::Tuple(items.len()),
    };
    rustc_hash::FxBuildHasher.hash_one(drawer)
}

/// The value under a key, by a walk: a dict of obfuscated code is small, and no index outlives the call.
pub(super) fn lookup<'a>(
    items: &'a [(Concrete, Concrete)],
    key: &Concrete,
    b: &mut Budget,
) -> Option<Option<(usize, &'a Concrete)>> {
    if !hashable(key) {
        return None;
    }
    for (i, (known, value)) in items.iter().enumerate() {
        let same = match (known, key) {
            (Concrete::Str(x), Concrete::Str(y)) => x == y,
            (Concrete::Int(x), Concrete::Int(y)) => x == y,
            _ => equal(known, key, b)?,
        };
        if same {
            b.step(i / 8 + 1)?;
            return Some(Some((i, value)));
        }
    }
    b.step(items.len() / 8 + 1)?;
    Some(None)
}

/// Operators on two sets or two dicts.
pub(super) fn binary(op: BinOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<Concrete> {
    match (op, l, r) {
        (BinOp::BitOr, Concrete::Dict(x), Concrete::Dict(y)) => dict_of(x.iter().chain(y.iter()).cloned().collect(), b),
        (_, Concrete::Set(x), Concrete::Set(y)) => {
            let name = match op {
                BinOp::BitOr => "union",
                BinOp::BitAnd => "intersection",
                BinOp::Sub => "difference",
                BinOp::BitXor => "symmetric_difference",
                _ => return None,
            };
            combine(name, x, y, b)
        }
        _ => None,
    }
}

fn combine(name: &str, x: &[Concrete], y: &[Concrete], b: &mut Budget) -> Option<Concrete> {
    let left = Keys::of(x.iter(), b)?;
    let right = Keys::of(y.iter(), b)?;
    let mut kept = Vec::new();
    for item in x {
        let both = right.find(item, b)?.is_some();
        let keep = match name {
            "union" => true,
            "intersection" => both,
            _ => !both,
        };
        if keep {
            kept.push(item.clone());
        }
    }
    if name == "union" || name == "symmetric_difference" {
        for item in y {
            if left.find(item, b)?.is_none() {
                kept.push(item.clone());
            }
        }
    }
    set_of(kept, b)
}

/// Methods of a set.
pub(super) fn set_method(
    receiver: &Concrete,
    items: &[Concrete],
    name: &str,
    args: &Args<'_>,
    b: &mut Budget,
) -> Option<Outcome> {
    let others = args.positional()?;
    match (name, others) {
        ("copy", []) => Some(receiver.clone().into()),
        ("union" | "intersection" | "difference", _) => {
            let mut result = receiver.clone();
            for other in others {
                let Concrete::Set(current) = &result else { return None };
                result = combine(name, current, &elements(other, b)?, b)?;
            }
            Some(result.into())
        }
        ("symmetric_difference", [other]) => Some(combine(name, items, &elements(other, b)?, b)?.into()),
        ("issubset" | "issuperset" | "isdisjoint", [other]) => {
            let other = elements(other, b)?;
            let (small, large) = if name == "issuperset" { (&other[..], items) } else { (items, &other[..]) };
            let keys = Keys::of(large.iter(), b)?;
            let wanted = name != "isdisjoint";
            for item in small {
                if !hashable(item) {
                    return None;
                }
                if keys.find(item, b)?.is_some() != wanted {
                    return Some(Concrete::Bool(false).into());
                }
            }
            Some(Concrete::Bool(true).into())
        }
        _ => None,
    }
}

/// Methods of a dict.
pub(super) fn dict_method(
    receiver: &Concrete,
    items: &[(Concrete, Concrete)],
    name: &str,
    args: &Args<'_>,
    b: &mut Budget,
) -> Option<Outcome> {
    let value = match (name, args.positional()?) {
        ("copy", []) => receiver.clone(),
        ("keys", []) => list_of(items.iter().map(|(key, _)| key.clone()).collect(), b)?,
        ("values", []) => list_of(items.iter().map(|(_, value)| value.clone()).collect(), b)?,
        ("items" | "iteritems", []) => {
            let pairs: Option<Vec<_>> =
                items.iter().map(|(key, value)| tuple_of(vec![key.clone(), value.clone()], b)).collect();
            list_of(pairs?, b)?
        }
        ("get", [key]) => lookup(items, key, b)?.map_or(Concrete::None, |(_, value)| value.clone()),
        ("get", [key, default]) => lookup(items, key, b)?.map_or_else(|| default.clone(), |(_, value)| value.clone()),
        ("has_key", [key]) => Concrete::Bool(lookup(items, key, b)?.is_some()),
        _ => return None,
    };
    Some(value.into())
}

/// The pairs `dict(x)` or `d.update(x)` takes from its argument.
pub(super) fn pairs_of(value: &Concrete, b: &mut Budget) -> Option<Vec<(Concrete, Concrete)>> {
    if let Concrete::Dict(items) = value {
        b.step(items.len())?;
        return Some(items.to_vec());
    }
    elements(value, b)?
        .iter()
        .map(|pair| {
            let pair = elements(pair, b)?;
            match pair.as_slice() {
                [key, value] => Some((key.clone(), value.clone())),
                _ => None,
            }
        })
        .collect()
}

/// Sees that changing a shared container, which copies it, is paid for.
pub(super) fn unshare<T>(items: &Rc<Vec<T>>, b: &mut Budget) -> Option<()> {
    if Rc::strong_count(items) > 1 {
        b.step(items.len())?;
        b.produce(items.len() * size_of::<T>())?;
    }
    Some(())
}

/// `d[key] = value`
pub(super) fn store_dict(
    items: &mut Rc<Vec<(Concrete, Concrete)>>,
    key: &Concrete,
    value: &Concrete,
    b: &mut Budget,
) -> Option<()> {
    admit([key, value].into_iter(), b)?;
    let place = lookup(items, key, b)?.map(|(i, _)| i);
    unshare(items, b)?;
    let items = Rc::make_mut(items);
    match place {
        Some(i) => items.get_mut(i)?.1 = value.clone(),
        None => items.push((key.clone(), value.clone())),
    }
    Some(())
}

/// Methods that change a dict.
pub(super) fn mutate_dict(
    items: &mut Rc<Vec<(Concrete, Concrete)>>,
    name: &str,
    args: &[Concrete],
    b: &mut Budget,
) -> Option<Concrete> {
    match (name, args) {
        ("update", [other]) => {
            let mut pairs = items.to_vec();
            b.step(pairs.len())?;
            pairs.extend(pairs_of(other, b)?);
            let Concrete::Dict(merged) = dict_of(pairs, b)? else { return None };
            *items = merged;
            Some(Concrete::None)
        }
        ("__setitem__", [key, value]) => store_dict(items, key, value, b).map(|()| Concrete::None),
        ("setdefault", [key]) => set_default(items, key, &Concrete::None, b),
        ("setdefault", [key, default]) => set_default(items, key, default, b),
        ("pop" | "__delitem__", [key]) => {
            let (i, _) = lookup(items, key, b)??;
            unshare(items, b)?;
            b.step(items.len() / 8)?;
            let (_, value) = Rc::make_mut(items).remove(i);
            Some(if name == "pop" { value } else { Concrete::None })
        }
        ("pop", [key, default]) => match lookup(items, key, b)? {
            None => Some(default.clone()),
            Some(_) => mutate_dict(items, "pop", std::slice::from_ref(key), b),
        },
        ("popitem", []) => {
            let (key, value) = items.last()?.clone();
            let pair = tuple_of(vec![key, value], b)?;
            unshare(items, b)?;
            Rc::make_mut(items).pop();
            Some(pair)
        }
        ("clear", []) => {
            *items = Rc::default();
            Some(Concrete::None)
        }
        _ => None,
    }
}

fn set_default(
    items: &mut Rc<Vec<(Concrete, Concrete)>>,
    key: &Concrete,
    default: &Concrete,
    b: &mut Budget,
) -> Option<Concrete> {
    if let Some((_, value)) = lookup(items, key, b)? {
        return Some(value.clone());
    }
    store_dict(items, key, default, b)?;
    Some(default.clone())
}

/// Methods that change a set.
pub(super) fn mutate_set(
    items: &mut Rc<Vec<Concrete>>,
    name: &str,
    args: &[Concrete],
    b: &mut Budget,
) -> Option<Concrete> {
    match (name, args) {
        ("add", [item]) => {
            admit(std::iter::once(item), b)?;
            if position(items, item, b)?.is_none() {
                unshare(items, b)?;
                Rc::make_mut(items).push(item.clone());
            }
            Some(Concrete::None)
        }
        ("discard" | "remove", [item]) => {
            match position(items, item, b)? {
                Some(i) => {
                    unshare(items, b)?;
                    Rc::make_mut(items).remove(i);
                }
                None if name == "remove" => return None,
                None => {}
            }
            Some(Concrete::None)
        }
        ("update" | "difference_update" | "intersection_update", others) => {
            let combination = match name {
                "update" => "union",
                "difference_update" => "difference",
                _ => "intersection",
            };
            let mut current = Rc::clone(items);
            for other in others {
                let Concrete::Set(next) = combine(combination, &current, &elements(other, b)?, b)? else {
                    return None;
                };
                current = next;
            }
            *items = current;
            Some(Concrete::None)
        }
        ("clear", []) => {
            *items = Rc::default();
            Some(Concrete::None)
        }
        _ => None,
    }
}

fn position(items: &[Concrete], item: &Concrete, b: &mut Budget) -> Option<Option<usize>> {
    if !hashable(item) {
        return None;
    }
    for (i, known) in items.iter().enumerate() {
        if equal(known, item, b)? {
            return Some(Some(i));
        }
    }
    Some(None)
}
