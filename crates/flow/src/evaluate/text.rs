//! Methods of `str`.

use std::sync::Arc;

use super::args::{Args, str_or};
use super::collections::{dict_of, lookup};
use super::numbers::integer_index;
use super::search::{self, Kind};
use super::{Budget, Concrete, Outcome, classify, codecs, encodings, sequence, template};

/// The pure methods.
pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
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

/// Calls a method of a text.
pub(super) fn method(s: &Arc<str>, name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    match name {
        "lower" | "upper" | "casefold" | "swapcase" | "capitalize" | "title" => {
            args.none()?;
            b.produce(s.len().saturating_mul(2))?;
            b.step(s.len())?;
            Some(Concrete::text(&classify::recase(name, s)?).into())
        }
        _ if name.starts_with("is") => {
            args.none()?;
            b.step(s.len())?;
            Some(Concrete::Bool(classify::is_all(name, s)?).into())
        }
        "encode" => {
            let [encoding, errors] = args.bind(["encoding", "errors"])?;
            let encoding = str_or(encoding, "utf-8")?;
            if let Some(bytes) = encodings::encode(s, encoding, str_or(errors, "strict")?, b) {
                return Some(Concrete::Bytes(Arc::from(bytes)).into());
            }
            // Python 2: the codecs from bytes to bytes, on a text of bytes.
            let bytes = codecs::encode_bytes(&latin1(s)?, encoding, b)?;
            Some(Concrete::Str(Arc::from(of_latin1(&bytes))).into())
        }
        "decode" => {
            // Python 2: a text of bytes.
            let [encoding, errors] = args.bind(["encoding", "errors"])?;
            let encoding = str_or(encoding, "ascii")?;
            if codecs::is_rot13(encoding) {
                return Some(Outcome::decoded(Concrete::text(&codecs::rot13(s, b)?), "rot13"));
            }
            let bytes = latin1(s).or_else(|| Some(s.as_bytes().to_vec()))?;
            if let Some((decoded, coding)) = codecs::decode_bytes(&bytes, encoding, b) {
                return Some(Outcome::decoded(Concrete::text(&of_latin1(&decoded)), coding));
            }
            encodings::decode(&bytes, encoding, str_or(errors, "strict")?, b)
        }
        "translate" => translate(s, args.one()?, b),
        "format" => Some(Concrete::text(&template::format(s, args.pos, args.named, b)?).into()),
        "format_map" => {
            let Concrete::Dict(items) = args.one()? else { return None };
            let named: Option<Vec<_>> =
                items.iter().map(|(key, value)| Some((key.as_str()?.into(), value.clone()))).collect();
            Some(Concrete::text(&template::format(s, &[], &named?, b)?).into())
        }
        _ => search::method(Kind::Text, s.as_bytes(), name, args, b),
    }
}

/// The bytes of a text whose characters are all below 256.
pub(super) fn latin1(s: &str) -> Option<Vec<u8>> {
    s.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// The text whose characters are these bytes.
pub(super) fn of_latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// `s.translate(table)` for a dict, or a text or list indexed by code point.
fn translate(s: &str, table: &Concrete, b: &mut Budget) -> Option<Outcome> {
    b.step(s.len())?;
    let mut seen: rustc_hash::FxHashMap<char, Option<Arc<str>>> = rustc_hash::FxHashMap::default();
    let mut translated = String::new();
    for c in s.chars() {
        let entry = match seen.get(&c) {
            Some(entry) => entry.clone(),
            None => {
                let entry = translation(c, table, b)?;
                seen.insert(c, entry.clone());
                entry
            }
        };
        match entry {
            None => translated.push(c),
            Some(text) => {
                b.produce(text.len())?;
                translated.push_str(&text);
            }
        }
    }
    b.produce(translated.len())?;
    Some(Outcome::decoded(Concrete::text(&translated), "translate"))
}

/// What a character becomes: `Some(None)` when the table does not have it.
fn translation(c: char, table: &Concrete, b: &mut Budget) -> Option<Option<Arc<str>>> {
    let key = Concrete::Int(i64::from(u32::from(c)));
    let value = match table {
        Concrete::Dict(items) => match lookup(items, &key, b)? {
            None => return Some(None),
            Some((_, value)) => value.clone(),
        },
        Concrete::Str(_) | Concrete::List(_) | Concrete::Tuple(_) | Concrete::Bytes(_) => {
            match sequence::index(table, &key) {
                None => return Some(None),
                Some(value) => value,
            }
        }
        _ => return None,
    };
    Some(Some(match value {
        Concrete::None => Arc::from(""),
        Concrete::Str(text) => text,
        other => Arc::from(char::from_u32(u32::try_from(integer_index(&other)?).ok()?)?.to_string()),
    }))
}

/// `str.maketrans`
pub(super) fn make_translation(args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let code = |c: char| Concrete::Int(i64::from(u32::from(c)));
    let pairs = match args.positional()? {
        [Concrete::Dict(items)] => items
            .iter()
            .map(|(key, value)| {
                let key = match key {
                    Concrete::Str(s) => {
                        let mut chars = s.chars();
                        let c = chars.next()?;
                        chars.next().is_none().then(|| code(c))?
                    }
                    Concrete::Int(_) | Concrete::Bool(_) => key.clone(),
                    _ => return None,
                };
                Some((key, value.clone()))
            })
            .collect::<Option<Vec<_>>>()?,
        [Concrete::Str(from), Concrete::Str(to), removed @ ..] if removed.len() <= 1 => {
            (from.chars().count() == to.chars().count()).then_some(())?;
            let mut pairs: Vec<_> = from.chars().zip(to.chars()).map(|(x, y)| (code(x), code(y))).collect();
            if let Some(removed) = removed.first() {
                pairs.extend(removed.as_str()?.chars().map(|c| (code(c), Concrete::None)));
            }
            pairs
        }
        _ => return None,
    };
    Some(dict_of(pairs, b)?.into())
}

/// `str(…)`
pub(super) fn constructor(args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [object, encoding, errors] = args.bind(["object", "encoding", "errors"])?;
    let Some(object) = object else { return Some(Concrete::text("").into()) };
    if encoding.is_none() && errors.is_none() {
        if let Concrete::Str(s) = object {
            return Some(Concrete::Str(Arc::clone(s)).into());
        }
        let text = super::display::to_text(object, b)?;
        return Some(Concrete::Str(Arc::from(text)).into());
    }
    let bytes = object.as_bytes()?;
    encodings::decode(bytes, str_or(encoding, "utf-8")?, str_or(errors, "strict")?, b)
}
