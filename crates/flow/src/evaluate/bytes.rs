//! Methods of `bytes` and `bytearray`, and their constructors.

use std::sync::Arc;

use super::args::{Args, int_or, str_or};
use super::numbers::integer_index;
use super::search::{self, Kind};
use super::sequence::{ordered, span};
use super::{Budget, Concrete, Outcome, codecs, encodings};

/// The pure methods.
pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "center",
    "copy",
    "count",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "hex",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Calls a method of a `bytes` or `bytearray`.
pub(super) fn method(receiver: &Concrete, name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let (kind, s) = search::view(receiver)?;
    match name {
        "lower" | "upper" | "swapcase" | "capitalize" | "title" => {
            args.none()?;
            b.produce(s.len())?;
            Some(kind.build(recase(name, s))?.into())
        }
        _ if name.starts_with("is") => {
            args.none()?;
            b.step(s.len())?;
            Some(Concrete::Bool(is_all(name, s)?).into())
        }
        "decode" => {
            let [encoding, errors] = args.bind(["encoding", "errors"])?;
            let encoding = str_or(encoding, "utf-8")?;
            // Python 2: the codecs from bytes to bytes.
            if let Some((decoded, coding)) = codecs::decode_bytes(s, encoding, b) {
                return Some(Outcome::decoded(Concrete::Bytes(Arc::from(decoded)), coding));
            }
            encodings::decode(s, encoding, str_or(errors, "strict")?, b)
        }
        "encode" => {
            let [encoding, _] = args.bind(["encoding", "errors"])?;
            Some(Concrete::Bytes(Arc::from(codecs::encode_bytes(s, encoding?.as_str()?, b)?)).into())
        }
        "hex" => {
            let [sep, group] = args.bind(["sep", "bytes_per_sep"])?;
            let sep = match sep {
                None => None,
                Some(Concrete::Str(sep)) => Some(sep.as_bytes()),
                Some(Concrete::Bytes(sep)) => Some(sep.as_ref()),
                Some(_) => return None,
            };
            hex(s, sep, int_or(group, 1)?, b)
        }
        "translate" => {
            let [table, delete] = args.bind(["", "delete"])?;
            let table = match table? {
                Concrete::None => None,
                table => Some(table.as_bytes().filter(|table| table.len() == 256)?),
            };
            let delete = delete.map_or(Some(&[][..]), Concrete::as_bytes)?;
            let mut dropped = [false; 256];
            for byte in delete {
                *dropped.get_mut(usize::from(*byte))? = true;
            }
            b.step(s.len())?;
            b.produce(s.len())?;
            let kept = s.iter().filter(|byte| !dropped.get(usize::from(**byte)).is_some_and(|gone| *gone));
            let translated: Option<Vec<u8>> = match table {
                None => Some(kept.copied().collect()),
                Some(table) => kept.map(|byte| table.get(usize::from(*byte)).copied()).collect(),
            };
            Some(Outcome::decoded(kind.build(translated?)?, "translate"))
        }
        "copy" if kind == Kind::ByteArray => {
            args.none()?;
            Some(receiver.clone().into())
        }
        _ => search::method(kind, s, name, args, b),
    }
}

/// The case methods, which know ASCII only.
fn recase(name: &str, s: &[u8]) -> Vec<u8> {
    match name {
        "lower" => s.to_ascii_lowercase(),
        "upper" => s.to_ascii_uppercase(),
        "swapcase" => s
            .iter()
            .map(|byte| if byte.is_ascii_lowercase() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() })
            .collect(),
        _ => {
            let mut upper = true;
            s.iter()
                .map(|byte| {
                    let cased = if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
                    upper = name == "title" && !byte.is_ascii_alphabetic();
                    cased
                })
                .collect()
        }
    }
}

fn is_all(name: &str, s: &[u8]) -> Option<bool> {
    if name == "isascii" {
        return Some(s.is_ascii());
    }
    let every = |property: fn(&u8) -> bool| !s.is_empty() && s.iter().all(property);
    Some(match name {
        "isalpha" => every(u8::is_ascii_alphabetic),
        "isdigit" => every(u8::is_ascii_digit),
        "isalnum" => every(u8::is_ascii_alphanumeric),
        "isspace" => every(|byte| matches!(byte, b' ' | b'\t'..=b'\r')),
        "isupper" => s.iter().any(u8::is_ascii_uppercase) && !s.iter().any(u8::is_ascii_lowercase),
        "islower" => s.iter().any(u8::is_ascii_lowercase) && !s.iter().any(u8::is_ascii_uppercase),
        "istitle" => {
            // Bytes beyond ASCII count as separators here, and so does the replacement.
            let text: String = s.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { ' ' }).collect();
            super::classify::is_all(name, &text)?
        }
        _ => return None,
    })
}

/// Lower-case hexadecimal digits, with a separator between groups counted from the right, or from the left when the
/// group size is negative.
pub(super) fn hex(s: &[u8], sep: Option<&[u8]>, group: i64, b: &mut Budget) -> Option<Outcome> {
    let sep = match sep {
        None => None,
        Some([one]) if one.is_ascii() => Some(char::from(*one)),
        Some(_) => return None,
    };
    b.produce(s.len().checked_mul(3)?)?;
    let size = usize::try_from(group.unsigned_abs()).ok()?;
    let mut digits = String::with_capacity(s.len() * 3);
    for (i, byte) in s.iter().enumerate() {
        if let Some(sep) = sep
            && size > 0
            && i > 0
        {
            let place = if group > 0 { s.len() - i } else { i };
            if place.is_multiple_of(size) {
                digits.push(sep);
            }
        }
        for nibble in [byte >> 4, byte & 15] {
            digits.push(char::from_digit(u32::from(nibble), 16)?);
        }
    }
    Some(Concrete::text(&digits).into())
}

/// `bytes.fromhex`: pairs of digits, with white space between them.
pub(super) fn from_hex(args: &Args<'_>, b: &mut Budget) -> Option<Vec<u8>> {
    let text = args.one()?.as_str()?;
    b.produce(text.len() / 2)?;
    b.step(text.len())?;
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for c in text.chars() {
        match (c.to_digit(16), high) {
            (Some(digit), None) => high = Some(digit),
            (Some(digit), Some(first)) => {
                bytes.push(u8::try_from(first * 16 + digit).ok()?);
                high = None;
            }
            (None, None) if matches!(c, ' ' | '\t'..='\r') => {}
            _ => return None,
        }
    }
    high.is_none().then_some(bytes)
}

/// `bytes(…)` and `bytearray(…)`.
pub(super) fn constructor(args: &Args<'_>, b: &mut Budget) -> Option<Vec<u8>> {
    let [source, encoding, errors] = args.bind(["source", "encoding", "errors"])?;
    let Some(source) = source else { return Some(Vec::new()) };
    if let Concrete::Str(s) = source {
        return encodings::encode(s, encoding?.as_str()?, str_or(errors, "strict")?, b);
    }
    if encoding.is_some() || errors.is_some() {
        return None;
    }
    match source {
        Concrete::Bytes(s) | Concrete::ByteArray(s) => {
            b.produce(s.len())?;
            Some(s.to_vec())
        }
        Concrete::Int(n) => {
            let len = usize::try_from(*n).ok()?;
            b.produce(len)?;
            Some(vec![0; len])
        }
        Concrete::Bool(v) => Some(vec![0; usize::from(*v)]),
        other => {
            let items = ordered(other, b)?;
            b.produce(items.len())?;
            items.iter().map(|item| u8::try_from(integer_index(item)?).ok()).collect()
        }
    }
}

/// Bytes that a `bytearray` takes in.
fn incoming(value: &Concrete, b: &mut Budget) -> Option<Vec<u8>> {
    match value {
        Concrete::Bytes(s) | Concrete::ByteArray(s) => Some(s.to_vec()),
        Concrete::Str(_) => None,
        other => ordered(other, b)?.iter().map(|item| u8::try_from(integer_index(item)?).ok()).collect(),
    }
}

/// Methods that change a `bytearray`. Each copies it: an `Arc<[u8]>` does not grow in place, so the copy is charged at a
/// sixteenth, as a concatenation is.
pub(super) fn mutate(bytes: &mut Arc<[u8]>, name: &str, args: &[Concrete], b: &mut Budget) -> Option<Concrete> {
    b.produce(bytes.len() / 16)?;
    let mut changed;
    let mut result = Concrete::None;
    match (name, args) {
        ("append", [byte]) => {
            changed = bytes.to_vec();
            changed.push(u8::try_from(integer_index(byte)?).ok()?);
        }
        ("extend" | "__iadd__", [other]) => {
            let more = incoming(other, b)?;
            b.produce(more.len())?;
            changed = bytes.to_vec();
            changed.extend(more);
        }
        ("insert", [at, byte]) => {
            let (start, _) = span(bytes.len(), Some(at.as_i64()?), None, 1)?;
            changed = bytes.to_vec();
            changed.insert(usize::try_from(start).ok()?, u8::try_from(integer_index(byte)?).ok()?);
        }
        ("pop", _) if args.len() <= 1 => {
            let at = int_or(args.first(), -1)?;
            let len = i64::try_from(bytes.len()).ok()?;
            let at = usize::try_from(if at < 0 { at.checked_add(len)? } else { at }).ok()?;
            result = Concrete::Int(i64::from(*bytes.get(at)?));
            changed = bytes.to_vec();
            changed.remove(at);
        }
        ("reverse", []) => {
            changed = bytes.to_vec();
            changed.reverse();
        }
        ("clear", []) => changed = Vec::new(),
        ("__setitem__", [at, byte]) => return store(bytes, at, byte, b).map(|()| Concrete::None),
        _ => return None,
    }
    *bytes = Arc::from(changed);
    Some(result)
}

/// `bytearray[index] = byte`
pub(super) fn store(bytes: &mut Arc<[u8]>, index: &Concrete, value: &Concrete, b: &mut Budget) -> Option<()> {
    let len = i64::try_from(bytes.len()).ok()?;
    let at = index.as_i64()?;
    let at = usize::try_from(if at < 0 { at.checked_add(len)? } else { at }).ok()?;
    let byte = u8::try_from(integer_index(value)?).ok()?;
    (at < bytes.len()).then_some(())?;
    if Arc::get_mut(bytes).is_none() {
        b.produce(bytes.len() / 16)?;
        *bytes = Arc::from(bytes.to_vec());
    }
    *Arc::get_mut(bytes)?.get_mut(at)? = byte;
    Some(())
}
