//! Concrete evaluation of Python's pure operations on fully known operands.
//!
//! The partial evaluator asks this module what an operation gives once every operand is known, so that encoded text
//! can be read. The answer is CPython 3's answer, or `None` when CPython would raise, when the result depends on
//! something not known here (the hash order of a set, the locale), or when the [`Budget`] does not allow the work.
//! A few Python 2 spellings (`"6869".decode("hex")`, `string.letters`) are answered too, because code under review
//! still uses them.
//!
//! Nothing is executed: there are no objects with behavior, no files, no environment, no clock.
//!
//! Two invariants protect the host from hostile operands. A container is only built through [`list_of`], [`tuple_of`],
//! [`set_of`] and [`dict_of`], which bound its nesting by [`MAX_DEPTH`] and charge its logical size, so that walking,
//! comparing or dropping a value recurses a bounded number of times and does bounded work even when parts are shared.
//! And data is charged before it is allocated.

mod addresses;
mod args;
mod builtins;
mod bytes;
pub(crate) mod ciphers;
mod classify;
pub(crate) mod codecs;
mod collections;
mod compress;
mod constants;
mod digests;
mod display;
mod encodings;
mod format;
mod html;
pub(crate) mod javascript;
mod json;
mod library;
mod marshal;
mod numbers;
pub(crate) mod operators;
mod order;
mod parse;
mod paths;
mod patterns;
mod percent;
pub(crate) mod pickle;
mod radix;
mod search;
mod sequence;
pub(crate) mod sounds;
mod structs;
mod template;
#[cfg(test)]
mod tests;
mod text;

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use rustc_hash::FxHashMap;
use sluice_syntax::ir::{BinOp, CmpOp, Const, UnaryOp};
use smol_str::SmolStr;

use args::Args;
pub use collections::{dict_of, list_of, set_of, tuple_of};
pub use constants::constant;
pub use digests::{digest, hex_of, is_digest};

/// Containers nest at most this many levels; a deeper value is not built.
pub const MAX_DEPTH: usize = 48;

/// The most bits an integer may have (128 KiB of magnitude).
const MAX_BITS: u64 = 1 << 20;

/// Work allowed to the operations that take no budget, in steps and in bytes.
const FREE_STEPS: u64 = 4 << 20;
const FREE_BYTES: u64 = 4 << 20;

/// A fully known Python value.
///
/// `==` on this type is structural (`Int(1) != Bool(true)`); Python's equality is [`compare`] with [`CmpOp::Eq`].
#[derive(Clone, Debug, PartialEq)]
pub enum Concrete {
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// JavaScript's `undefined`.
    Undefined,
    /// JavaScript's regular expression: the pattern and the flags.
    Regex(Arc<str>, SmolStr),
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that does not fit 64 bits: never one that would be an [`Concrete::Int`].
    Big(Arc<BigInt>),
    /// A float.
    Float(f64),
    /// Text without lone surrogates.
    Str(Arc<str>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `bytearray`
    ByteArray(Arc<[u8]>),
    /// A list, and also what `range`, `zip`, `map`-like iterators give once they are spelled out.
    List(Rc<Vec<Concrete>>),
    /// A tuple.
    Tuple(Rc<Vec<Concrete>>),
    /// A set, in insertion order, without duplicates (by Python's equality).
    Set(Rc<Vec<Concrete>>),
    /// A dict, in insertion order, without duplicate keys (by Python's equality).
    Dict(Rc<Vec<(Concrete, Concrete)>>),
}

impl Concrete {
    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Str(Arc::from(text))
    }

    /// Bytes.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Arc::from(bytes))
    }

    /// An integer of any size, in the variant its size asks for.
    #[must_use]
    pub fn integer(value: BigInt) -> Self {
        match value.to_i64() {
            Some(small) => Self::Int(small),
            None => Self::Big(Arc::new(value)),
        }
    }

    /// The value as a 64-bit integer, when it is an `int` or a `bool` that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// The text of a `str`.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The bytes of a `bytes` or a `bytearray`.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(b) | Self::ByteArray(b) => Some(b),
            _ => None,
        }
    }

    /// The name of its type in Python.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::Undefined => "undefined",
            Self::Regex(..) => "regex",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Big(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::Dict(_) => "dict",
        }
    }
}

/// What is left of the work an evaluation may do.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Elements or characters that may still be processed.
    pub steps: u64,
    /// Bytes of data that may still be produced.
    pub bytes: u64,
    /// Set once an operation was refused for lack of steps or bytes. It stays set.
    pub exhausted: bool,
}

impl Budget {
    /// A fresh budget.
    #[must_use]
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps, bytes, exhausted: false }
    }

    /// The fixed budget of the operations that take none.
    fn free() -> Self {
        Self::new(FREE_STEPS, FREE_BYTES)
    }

    /// Takes `n` steps, or refuses.
    pub fn step(&mut self, n: usize) -> Option<()> {
        let Some(left) = self.steps.checked_sub(n as u64) else {
            self.exhausted = true;
            return None;
        };
        self.steps = left;
        Some(())
    }

    /// Takes `n` bytes of produced data (and a step per 16 of them), or refuses.
    pub fn produce(&mut self, n: usize) -> Option<()> {
        let Some(left) = self.bytes.checked_sub(n as u64) else {
            self.exhausted = true;
            return None;
        };
        self.step(n / 16 + 1)?;
        self.bytes = left;
        Some(())
    }
}

/// A value, and the coding that was undone to get it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The value.
    pub value: Concrete,
    /// The coding an operation undid: `base16`, `base32`, `base64`, `base85`, `ascii85`, `hex`, `zlib`, `gzip`,
    /// `bz2`, `lzma`, `rot13`, `reverse`, `translate`, `escape`, `url`, `html`, `integer`, `marshal`. `None` for any
    /// operation that is no decoder.
    pub coding: Option<&'static str>,
}

impl Outcome {
    fn decoded(value: Concrete, coding: &'static str) -> Self {
        Self { value, coding: Some(coding) }
    }
}

impl From<Concrete> for Outcome {
    fn from(value: Concrete) -> Self {
        Self { value, coding: None }
    }
}

/// How a function is evaluated.
type Handler = fn(&Args<'_>, &mut Budget) -> Option<Outcome>;

/// Every function, by canonical symbol, without the `builtins.` prefix.
static FUNCTIONS: LazyLock<FxHashMap<&'static str, Handler>> = LazyLock::new(|| {
    [
        addresses::FUNCTIONS,
        builtins::FUNCTIONS,
        codecs::FUNCTIONS,
        ciphers::FUNCTIONS,
        compress::FUNCTIONS,
        digests::FUNCTIONS,
        encodings::FUNCTIONS,
        html::FUNCTIONS,
        json::FUNCTIONS,
        library::FUNCTIONS,
        marshal::FUNCTIONS,
        paths::FUNCTIONS,
        patterns::FUNCTIONS,
        structs::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
});

/// The pure methods, by type, for the unbound spelling (`str.join`).
const METHODS: &[(&str, &[&str])] = &[
    ("str", text::METHODS),
    ("bytes", bytes::METHODS),
    ("bytearray", bytes::METHODS),
    ("list", sequence::LIST_METHODS),
    ("tuple", sequence::TUPLE_METHODS),
    ("set", collections::SET_METHODS),
    ("frozenset", collections::SET_METHODS),
    ("dict", collections::DICT_METHODS),
    ("int", numbers::INT_METHODS),
    ("bool", numbers::INT_METHODS),
    ("float", numbers::FLOAT_METHODS),
];

/// A constant of the source as a value; `None` for a numeral that is not Python's.
#[must_use]
pub fn from_const(constant: &Const) -> Option<Concrete> {
    Some(match constant {
        Const::Str(s) => Concrete::Str(Arc::clone(s)),
        Const::Bytes(b) => Concrete::Bytes(Arc::clone(b)),
        Const::Int(n) => Concrete::Int(*n),
        Const::BigInt(digits) => parse::integer_literal(digits, &mut Budget::free())?,
        Const::Float(f) => Concrete::Float(*f),
        Const::Bool(b) => Concrete::Bool(*b),
        Const::None => Concrete::None,
        Const::Ellipsis => Concrete::Ellipsis,
        Const::Undefined => Concrete::Undefined,
        Const::Regex { pattern, flags } => Concrete::Regex(Arc::clone(pattern), flags.clone()),
    })
}

/// `bool(value)`
#[must_use]
pub fn truthy(value: &Concrete) -> bool {
    match value {
        Concrete::None | Concrete::Undefined => false,
        Concrete::Ellipsis | Concrete::Big(_) | Concrete::Regex(..) => true,
        Concrete::Bool(b) => *b,
        Concrete::Int(n) => *n != 0,
        Concrete::Float(f) => *f != 0.0,
        Concrete::Str(s) => !s.is_empty(),
        Concrete::Bytes(b) | Concrete::ByteArray(b) => !b.is_empty(),
        Concrete::List(v) | Concrete::Tuple(v) | Concrete::Set(v) => !v.is_empty(),
        Concrete::Dict(v) => !v.is_empty(),
    }
}

/// `l op r`
pub fn binary(op: BinOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<Concrete> {
    b.step(1)?;
    match (op, l, r) {
        (BinOp::Mod, Concrete::Str(template), _) => percent::text(template, r, b).map(|s| Concrete::Str(Arc::from(s))),
        (BinOp::Mod, Concrete::Bytes(template), _) => {
            percent::bytes(template, r, b).map(|s| Concrete::Bytes(Arc::from(s)))
        }
        (BinOp::Mod, Concrete::ByteArray(template), _) => {
            percent::bytes(template, r, b).map(|s| Concrete::ByteArray(Arc::from(s)))
        }
        _ => numbers::binary(op, l, r, b).or_else(|| sequence::binary(op, l, r, b)),
    }
}

/// `op value`
#[must_use]
pub fn unary(op: UnaryOp, value: &Concrete) -> Option<Concrete> {
    match op {
        UnaryOp::Not => Some(Concrete::Bool(!truthy(value))),
        _ => numbers::unary(op, value),
    }
}

/// `l op r` for a comparison. `is` is answered only where CPython's identity is certain: `None`, `...`, truth values,
/// and values of different types.
#[must_use]
pub fn compare(op: CmpOp, l: &Concrete, r: &Concrete) -> Option<bool> {
    order::compare(op, l, r, &mut Budget::free())
}

/// `base[index]` for an index that is not a slice.
#[must_use]
pub fn index(base: &Concrete, index: &Concrete) -> Option<Concrete> {
    sequence::index(base, index)
}

/// `base[lower:upper:step]`; the coding is `reverse` for `[::-1]`.
pub fn slice(
    base: &Concrete,
    lower: Option<i64>,
    upper: Option<i64>,
    step: Option<i64>,
    b: &mut Budget,
) -> Option<Outcome> {
    sequence::slice(base, lower, upper, step, b)
}

/// What a `for` loop over the value sees: characters, bytes as integers, items, the keys of a dict. At most
/// four million of them. A set gives its items in insertion order, which CPython does not promise.
#[must_use]
pub fn iterate(value: &Concrete) -> Option<Vec<Concrete>> {
    sequence::elements(value, &mut Budget::free())
}

/// `format(value, spec)`, after the conversion `r`, `s` or `a` if there is one: the value of one f-string piece.
#[must_use]
pub fn format_value(value: &Concrete, conversion: Option<char>, spec: &str) -> Option<String> {
    format::converted(value, conversion, spec, &mut Budget::free())
}

/// `repr(value)`; `None` for a set of several items, whose order is not known.
#[must_use]
pub fn repr(value: &Concrete) -> Option<String> {
    display::repr(value, &mut Budget::free())
}

/// `str(value)`; see [`repr`].
#[must_use]
pub fn to_text(value: &Concrete) -> Option<String> {
    display::to_text(value, &mut Budget::free())
}

/// Calls the function with this canonical symbol: a builtin (`chr` or `builtins.chr`), a function of the standard
/// library (`base64.b64decode`), or a method of a built-in type in its unbound spelling (`str.join`).
pub fn function(symbol: &str, args: &[Concrete], named: &[(SmolStr, Concrete)], b: &mut Budget) -> Option<Outcome> {
    b.step(1)?;
    let symbol = symbol.strip_prefix("builtins.").unwrap_or(symbol);
    if let Some(handler) = FUNCTIONS.get(symbol) {
        return handler(&Args { pos: args, named }, b);
    }
    let (class, name) = unbound(symbol)?;
    let (receiver, rest) = args.split_first()?;
    let fits = match (class, receiver.type_name()) {
        ("frozenset", "set") | ("int", "bool") => true,
        (class, name) => class == name,
    };
    if !fits {
        return None;
    }
    method(receiver, name, rest, named, b)
}

/// The type and the method of an unbound spelling.
fn unbound(symbol: &str) -> Option<(&str, &str)> {
    let (class, name) = symbol.split_once('.')?;
    let (_, methods) = METHODS.iter().find(|(known, _)| *known == class)?;
    (methods.contains(&name) || operators::is_operator(name)).then_some((class, name))
}

/// Calls a method that does not change its receiver.
pub fn method(
    receiver: &Concrete,
    name: &str,
    args: &[Concrete],
    named: &[(SmolStr, Concrete)],
    b: &mut Budget,
) -> Option<Outcome> {
    b.step(1)?;
    let args = Args { pos: args, named };
    if operators::is_operator(name) {
        return operators::method(receiver, name, &args, b);
    }
    match receiver {
        Concrete::Str(s) => text::method(s, name, &args, b),
        Concrete::Bytes(_) | Concrete::ByteArray(_) => bytes::method(receiver, name, &args, b),
        Concrete::List(items) | Concrete::Tuple(items) => sequence::method(receiver, items, name, &args, b),
        Concrete::Set(items) => collections::set_method(receiver, items, name, &args, b),
        Concrete::Dict(items) => collections::dict_method(receiver, items, name, &args, b),
        Concrete::Int(_) | Concrete::Big(_) | Concrete::Bool(_) | Concrete::Float(_) => {
            numbers::method(receiver, name, &args, b)
        }
        Concrete::None | Concrete::Ellipsis | Concrete::Undefined | Concrete::Regex(..) => None,
    }
}

/// Calls a method that changes its receiver (`list.append`, `dict.update`, `set.add`, `bytearray.extend`, …) and gives
/// what it returns. When the result is `None`, CPython would raise or the budget is short, and the receiver is as it was.
pub fn mutate(receiver: &mut Concrete, name: &str, args: &[Concrete], b: &mut Budget) -> Option<Concrete> {
    b.step(1)?;
    match receiver {
        Concrete::List(items) => sequence::mutate_list(items, name, args, b),
        Concrete::Dict(items) => collections::mutate_dict(items, name, args, b),
        Concrete::Set(items) => collections::mutate_set(items, name, args, b),
        Concrete::ByteArray(bytes) => bytes::mutate(bytes, name, args, b),
        _ => None,
    }
}

/// Whether two values are equal.
pub(crate) fn equal(left: &Concrete, right: &Concrete, b: &mut Budget) -> Option<bool> {
    order::equal(left, right, b)
}

/// The places of the items in the order that sorting gives them.
pub(crate) fn sorted_order(items: &[Concrete], reverse: bool, b: &mut Budget) -> Option<Vec<usize>> {
    b.step(items.len())?;
    // Equal items stay as they stood: the place decides between them, and is no part of what is compared otherwise.
    let placed = items.iter().zip(0_i64..).map(|(item, at)| {
        let at = if reverse { -at } else { at };
        Concrete::Tuple(Rc::new(vec![item.clone(), Concrete::Int(at)]))
    });
    let sorted = sequence::sort(placed.collect(), reverse, b)?;
    sorted
        .iter()
        .map(|pair| match pair {
            Concrete::Tuple(pair) => usize::try_from(pair.get(1)?.as_i64()?.unsigned_abs()).ok(),
            _ => None,
        })
        .collect()
}

/// `base[index] = value`, for a list, a dict or a bytearray; `None` when CPython would raise, with `base` as it was.
pub fn store(base: &mut Concrete, index: &Concrete, value: &Concrete, b: &mut Budget) -> Option<()> {
    b.step(1)?;
    match base {
        Concrete::List(items) => sequence::store_list(items, index, value, b),
        Concrete::Dict(items) => collections::store_dict(items, index, value, b),
        Concrete::ByteArray(bytes) => bytes::store(bytes, index, value, b),
        _ => None,
    }
}

/// Whether [`function`] knows this symbol: the function has no effect and depends on its arguments only.
#[must_use]
pub fn is_pure(symbol: &str) -> bool {
    let symbol = symbol.strip_prefix("builtins.").unwrap_or(symbol);
    FUNCTIONS.contains_key(symbol) || unbound(symbol).is_some()
}
