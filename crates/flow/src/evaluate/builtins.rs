//! The built-in functions and constructors.

use std::sync::Arc;

use super::args::{Args, int_or, str_or};
use super::collections::{dict_of, list_of, pairs_of, set_of, tuple_of};
use super::order::order;
use super::sequence::{self, elements, length, ordered};
use super::{Budget, Concrete, Handler, Outcome, binary, bytes, display, format, numbers, parse, radix, text, truthy};
use sluice_syntax::ir::BinOp;

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("abs", |a, _| numbers::absolute(a.one()?).map(Outcome::from)),
    ("all", |a, b| Some(Concrete::Bool(sequence::quantify(&elements(a.one()?, b)?, true)).into())),
    ("any", |a, b| Some(Concrete::Bool(sequence::quantify(&elements(a.one()?, b)?, false)).into())),
    ("ascii", |a, b| Some(Concrete::text(&display::ascii(a.one()?, b)?).into())),
    ("bin", |a, b| Some(Concrete::text(&radix::prefixed(a.one()?, 2, "0b", b)?).into())),
    ("bool", |a, _| match a.positional()? {
        [] => Some(Concrete::Bool(false).into()),
        [value] => Some(Concrete::Bool(truthy(value)).into()),
        _ => None,
    }),
    ("bytearray", |a, b| Some(Concrete::ByteArray(Arc::from(bytes::constructor(a, b)?)).into())),
    ("bytes", |a, b| Some(Concrete::Bytes(Arc::from(bytes::constructor(a, b)?)).into())),
    ("bytes.fromhex", |a, b| Some(Outcome::decoded(Concrete::Bytes(Arc::from(bytes::from_hex(a, b)?)), "hex"))),
    ("bytearray.fromhex", |a, b| Some(Outcome::decoded(Concrete::ByteArray(Arc::from(bytes::from_hex(a, b)?)), "hex"))),
    ("bytes.maketrans", byte_table),
    ("bytearray.maketrans", byte_table),
    ("chr", chr),
    ("unichr", chr),
    ("dict", dict),
    ("dict.fromkeys", |a, b| {
        let [keys, value] = a.bind(["", ""])?;
        let value = value.cloned().unwrap_or(Concrete::None);
        let pairs = ordered(keys?, b)?.into_iter().map(|key| (key, value.clone())).collect();
        Some(dict_of(pairs, b)?.into())
    }),
    ("divmod", |a, b| {
        let (x, y) = a.two()?;
        let (quotient, rest) = numbers::divide(x, y, b)?;
        Some(tuple_of(vec![quotient, rest], b)?.into())
    }),
    ("enumerate", |a, b| {
        let [items, start] = a.bind(["iterable", "start"])?;
        let start = int_or(start, 0)?;
        let items = ordered(items?, b)?;
        let mut pairs = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            let number = start.checked_add(i64::try_from(i).ok()?)?;
            pairs.push(tuple_of(vec![Concrete::Int(number), item], b)?);
        }
        Some(list_of(pairs, b)?.into())
    }),
    ("float", parse::float),
    ("format", |a, b| {
        let [value, spec] = a.bind(["", ""])?;
        Some(Concrete::text(&format::format(value?, str_or(spec, "")?, b)?).into())
    }),
    ("frozenset", set),
    ("hex", |a, b| Some(Concrete::text(&radix::prefixed(a.one()?, 16, "0x", b)?).into())),
    ("int", parse::int),
    ("long", parse::int),
    ("int.from_bytes", numbers::from_bytes),
    ("iter", |a, b| Some(list_of(ordered(a.one()?, b)?, b)?.into())),
    ("len", |a, b| {
        let value = a.one()?;
        if let Concrete::Str(s) = value {
            b.step(s.len() / 32)?;
        }
        Some(Concrete::Int(i64::try_from(length(value)?).ok()?).into())
    }),
    ("list", |a, b| sequence_of(a, list_of, b)),
    ("max", |a, b| extreme(a, true, b)),
    ("min", |a, b| extreme(a, false, b)),
    ("oct", |a, b| Some(Concrete::text(&radix::prefixed(a.one()?, 8, "0o", b)?).into())),
    ("ord", |a, _| {
        let code = match a.one()? {
            Concrete::Str(s) => {
                let mut chars = s.chars();
                let c = chars.next()?;
                chars.next().is_none().then_some(u32::from(c))?
            }
            Concrete::Bytes(s) | Concrete::ByteArray(s) => match s.as_ref() {
                [byte] => u32::from(*byte),
                _ => return None,
            },
            _ => return None,
        };
        Some(Concrete::Int(i64::from(code)).into())
    }),
    ("pow", |a, b| {
        let [base, exponent, modulus] = a.bind(["base", "exp", "mod"])?;
        let value = match modulus {
            None | Some(Concrete::None) => binary(BinOp::Pow, base?, exponent?, b)?,
            Some(modulus) => numbers::power_modulo(base?, exponent?, modulus, b)?,
        };
        Some(value.into())
    }),
    ("range", range),
    ("xrange", range),
    ("repr", |a, b| Some(Concrete::text(&display::repr(a.one()?, b)?).into())),
    ("reversed", |a, b| {
        let items = a.one()?;
        if matches!(items, Concrete::Set(_)) {
            return None;
        }
        let mut items = elements(items, b)?;
        items.reverse();
        Some(Outcome::decoded(list_of(items, b)?, "reverse"))
    }),
    ("round", |a, _| {
        let [number, digits] = a.bind(["number", "ndigits"])?;
        let digits = match digits {
            None | Some(Concrete::None) => None,
            Some(digits) => Some(digits.as_i64()?),
        };
        Some(numbers::round(number?, digits)?.into())
    }),
    ("set", set),
    ("sorted", |a, b| {
        let (items, reverse) = match (a.pos, a.named) {
            ([items], []) => (items, false),
            ([items], [(name, flag)]) if name == "reverse" => (items, truthy(flag)),
            _ => return None,
        };
        let items = elements(items, b)?;
        let sorted = sequence::sort(items, reverse, b)?;
        Some(list_of(sorted, b)?.into())
    }),
    ("str", text::constructor),
    ("unicode", text::constructor),
    ("str.maketrans", text::make_translation),
    ("sum", |a, b| {
        let [items, start] = a.bind(["", "start"])?;
        let mut sum = start.cloned().unwrap_or(Concrete::Int(0));
        if matches!(sum, Concrete::Str(_) | Concrete::Bytes(_) | Concrete::ByteArray(_)) {
            return None;
        }
        for item in ordered(items?, b)? {
            sum = binary(BinOp::Add, &sum, &item, b)?;
        }
        Some(sum.into())
    }),
    ("tuple", |a, b| sequence_of(a, tuple_of, b)),
    ("zip", |a, b| {
        let strict = match a.named {
            [] => false,
            [(name, flag)] if name == "strict" => truthy(flag),
            _ => return None,
        };
        let columns: Option<Vec<Vec<Concrete>>> = a.pos.iter().map(|items| ordered(items, b)).collect();
        let columns = columns?;
        let shortest = columns.iter().map(Vec::len).min().unwrap_or(0);
        if strict && columns.iter().any(|column| column.len() != shortest) {
            return None;
        }
        let mut rows = Vec::new();
        for i in 0..shortest {
            let row: Option<Vec<_>> = columns.iter().map(|column| column.get(i).cloned()).collect();
            rows.push(tuple_of(row?, b)?);
        }
        Some(list_of(rows, b)?.into())
    }),
];

fn chr(a: &Args<'_>, _: &mut Budget) -> Option<Outcome> {
    let c = char::from_u32(u32::try_from(a.one()?.as_i64()?).ok()?)?;
    Some(sequence::character(c).into())
}

fn sequence_of(
    a: &Args<'_>,
    build: fn(Vec<Concrete>, &mut Budget) -> Option<Concrete>,
    b: &mut Budget,
) -> Option<Outcome> {
    let items = match a.positional()? {
        [] => Vec::new(),
        [items] => ordered(items, b)?,
        _ => return None,
    };
    Some(build(items, b)?.into())
}

fn set(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let items = match a.positional()? {
        [] => Vec::new(),
        [items] => elements(items, b)?,
        _ => return None,
    };
    Some(set_of(items, b)?.into())
}

fn dict(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let mut pairs = match a.pos {
        [] => Vec::new(),
        [source] => pairs_of(source, b)?,
        _ => return None,
    };
    pairs.extend(a.named.iter().map(|(name, value)| (Concrete::text(name), value.clone())));
    Some(dict_of(pairs, b)?.into())
}

fn range(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    if a.pos.iter().any(|bound| matches!(bound, Concrete::Big(_))) {
        b.exhausted = true;
    }
    let bounds: Option<Vec<i64>> = a.positional()?.iter().map(Concrete::as_i64).collect();
    let (start, stop, step) = match bounds?.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] => (*start, *stop, *step),
        _ => return None,
    };
    let distance = match step {
        0 => return None,
        1.. => i128::from(stop) - i128::from(start),
        _ => i128::from(start) - i128::from(stop),
    };
    let stride = i128::from(step).abs();
    let count = usize::try_from(((distance + stride - 1) / stride).max(0)).ok()?;
    let Some(size) = count.checked_mul(size_of::<Concrete>()) else {
        b.exhausted = true;
        return None;
    };
    b.produce(size)?;
    let numbers: Option<Vec<Concrete>> = (0..i64::try_from(count).ok()?)
        .map(|i| Some(Concrete::Int(i.checked_mul(step)?.checked_add(start)?)))
        .collect();
    Some(list_of(numbers?, b)?.into())
}

fn extreme(a: &Args<'_>, largest: bool, b: &mut Budget) -> Option<Outcome> {
    let default = match a.named {
        [] => None,
        [(name, value)] if name == "default" && a.pos.len() == 1 => Some(value),
        _ => return None,
    };
    let items = match a.pos {
        [items] => elements(items, b)?,
        several => several.to_vec(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else { return Some(default?.clone().into()) };
    for item in items {
        let found = order(&item, &best, b)?;
        if (largest && found.is_gt()) || (!largest && found.is_lt()) {
            best = item;
        }
    }
    Some(best.into())
}

fn byte_table(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let (from, to) = a.two()?;
    let (from, to) = (from.as_bytes()?, to.as_bytes()?);
    (from.len() == to.len()).then_some(())?;
    b.produce(256)?;
    let mut table: Vec<u8> = (0..=255).collect();
    for (x, y) in from.iter().zip(to) {
        *table.get_mut(usize::from(*x))? = *y;
    }
    Some(Concrete::bytes(&table).into())
}
