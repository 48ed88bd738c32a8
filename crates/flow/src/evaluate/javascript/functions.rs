//! Functions of the language and of Node that have no effect.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::bytes;
use super::convert::{number, to_integer, to_number, to_text};
use crate::evaluate::{self, Budget, Concrete, Outcome, list_of};

/// The functions that are answered, by canonical symbol.
static PURE: std::sync::LazyLock<FxHashSet<&'static str>> =
    std::sync::LazyLock::new(|| NAMES.iter().copied().collect());

const NAMES: &[&str] = &[
    "Array.isArray",
    "Array.of",
    "Boolean",
    "Buffer.concat",
    "Buffer.from",
    "JSON.parse",
    "JSON.stringify",
    "Math.abs",
    "Math.ceil",
    "Math.floor",
    "Math.max",
    "Math.min",
    "Math.pow",
    "Math.round",
    "Math.sign",
    "Math.sqrt",
    "Math.trunc",
    "Number",
    "Number.isInteger",
    "Number.isNaN",
    "Number.parseFloat",
    "Number.parseInt",
    "Object.entries",
    "Object.fromEntries",
    "Object.keys",
    "Object.values",
    "RegExp",
    "String",
    "String.fromCharCode",
    "String.fromCodePoint",
    "TextDecoder.decode",
    "TextEncoder.encode",
    "Uint8Array",
    "Uint8Array.from",
    "atob",
    "btoa",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "isNaN",
    "parseFloat",
    "parseInt",
    "path.basename",
    "path.dirname",
    "path.extname",
    "path.join",
    "path.normalize",
    "path.resolve",
    "querystring.unescape",
    "unescape",
    "zlib.gunzipSync",
    "zlib.inflateRawSync",
    "zlib.inflateSync",
    "zlib.unzipSync",
];

/// True if [`function`] may answer.
pub(crate) fn is_pure(symbol: &str) -> bool {
    PURE.contains(symbol)
}

/// `unescape`: `%uXXXX` and `%XX` are code units.
fn unescape(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hex = |from: usize, to: usize| rest.get(from..to).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let (unit, used) = match c {
            '%' if rest.get(1..2) == Some("u") => match hex(2, 6) {
                Some(unit) => (Some(unit), 6),
                None => (None, 1),
            },
            '%' => match hex(1, 3) {
                Some(unit) => (Some(unit), 3),
                None => (None, 1),
            },
            _ => (None, c.len_utf8()),
        };
        match unit {
            Some(unit) => units.push(unit),
            None => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
        rest = rest.get(used..)?;
    }
    String::from_utf16(&units).ok()
}

/// `decodeURIComponent`; `None` where it would throw.
fn decode_uri(text: &str) -> Option<String> {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(decoded).ok()
}

/// `encodeURIComponent` and `encodeURI` by the characters that stay.
fn encode_uri(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || kept.contains(c) {
            encoded.push(c);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `parseInt(text, radix)`
fn parse_int(text: &str, radix: i64) -> f64 {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (radix, text) = match (radix, hex) {
        (0 | 16, Some(rest)) => (16, rest),
        (0, None) => (10, text),
        (other, _) => (other, text),
    };
    let Some(radix) = u32::try_from(radix).ok().filter(|radix| (2..=36).contains(radix)) else { return f64::NAN };
    let mut value = 0.0_f64;
    let mut any = false;
    for digit in text.chars().map_while(|c| c.to_digit(radix)) {
        value = value * f64::from(radix) + f64::from(digit);
        any = true;
    }
    match (any, negative) {
        (false, _) => f64::NAN,
        (true, true) => -value,
        (true, false) => value,
    }
}

/// `parseFloat(text)`: the longest prefix that is a number.
fn parse_float(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let mut seen_dot = false;
    let mut seen_exponent = false;
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => end = at + 1,
            '+' | '-' if at == 0 || text.get(..at).is_some_and(|before| before.ends_with(['e', 'E'])) => {}
            '.' if !seen_dot && !seen_exponent => seen_dot = true,
            'e' | 'E' if !seen_exponent && end > 0 => seen_exponent = true,
            _ => break,
        }
    }
    text.get(..end).filter(|digits| !digits.is_empty()).map_or(f64::NAN, |digits| to_number(&Concrete::text(digits)))
}

/// The bytes of a value as `Buffer.from` takes them.
fn buffer(value: &Concrete, encoding: &str) -> Option<(Vec<u8>, Option<&'static str>)> {
    match value {
        Concrete::Str(text) => bytes::encode(text, encoding),
        Concrete::Bytes(data) | Concrete::ByteArray(data) => Some((data.to_vec(), None)),
        Concrete::List(items) | Concrete::Tuple(items) => {
            let low = |item: &Concrete| u8::try_from(to_integer(item) & 0xff).unwrap_or(0);
            Some((items.iter().map(low).collect(), None))
        }
        _ => None,
    }
}

/// Decompresses with what Python calls so.
fn inflate(symbol: &str, data: &Concrete, raw: bool, budget: &mut Budget) -> Option<Outcome> {
    let Concrete::Bytes(_) = data else { return None };
    let named: Vec<(SmolStr, Concrete)> =
        if raw { vec![(SmolStr::new_static("wbits"), Concrete::Int(-15))] } else { Vec::new() };
    evaluate::function(symbol, std::slice::from_ref(data), &named, budget)
}

/// A path by Node's rules on POSIX.
fn joined_path(parts: &[Arc<str>], absolute: bool) -> String {
    let mut whole = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if absolute && part.starts_with('/') {
            whole.clear();
        }
        if !whole.is_empty() {
            whole.push('/');
        }
        whole.push_str(part);
    }
    let rooted = whole.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in whole.split('/') {
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            other => kept.push(other),
        }
    }
    let path = kept.join("/");
    match (rooted, path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => ".".to_owned(),
        (false, false) => path,
    }
}

fn pairs(value: &Concrete) -> Option<Vec<(Concrete, Concrete)>> {
    match value {
        Concrete::Dict(pairs) => Some(
            pairs
                .iter()
                .map(|(key, value)| Some((Concrete::Str(to_text(key)?), value.clone())))
                .collect::<Option<_>>()?,
        ),
        Concrete::List(items) => {
            Some(items.iter().enumerate().map(|(at, item)| (Concrete::text(&at.to_string()), item.clone())).collect())
        }
        _ => None,
    }
}

/// Calls a pure function. `None` where it would throw, or is not known.
pub(crate) fn function(symbol: &str, args: &[Concrete], budget: &mut Budget) -> Option<Outcome> {
    budget.step(1)?;
    let first = args.first();
    let text = |at: usize| args.get(at).and_then(to_text);
    let numbers = || args.iter().map(to_number);
    let plain = |value: f64| Some(Outcome::from(number(value)));
    let made = |made: String, coding: Option<&'static str>, budget: &mut Budget| {
        budget.produce(made.len())?;
        Some(Outcome { value: Concrete::Str(Arc::from(made)), coding })
    };
    match symbol {
        "String" => {
            Some(first.map_or_else(|| Some(Concrete::text("")), |value| to_text(value).map(Concrete::Str))?.into())
        }
        "Number" => plain(first.map_or(0.0, to_number)),
        "Boolean" => Some(Concrete::Bool(first.is_some_and(super::truthy)).into()),
        "parseInt" | "Number.parseInt" => plain(parse_int(&text(0)?, args.get(1).map_or(0, to_integer))),
        "parseFloat" | "Number.parseFloat" => plain(parse_float(&text(0)?)),
        "isNaN" | "Number.isNaN" => Some(Concrete::Bool(to_number(first?).is_nan()).into()),
        "Number.isInteger" => Some(Concrete::Bool(matches!(first?, Concrete::Int(_))).into()),
        "Math.abs" => plain(to_number(first?).abs()),
        "Math.ceil" => plain(to_number(first?).ceil()),
        "Math.floor" => plain(to_number(first?).floor()),
        "Math.trunc" => plain(to_number(first?).trunc()),
        "Math.sqrt" => plain(to_number(first?).sqrt()),
        "Math.sign" => {
            let value = to_number(first?);
            plain(if value == 0.0 { 0.0 } else { value.signum() })
        }
        // Halves go up, also below zero.
        "Math.round" => plain((to_number(first?) + 0.5).floor()),
        "Math.pow" => plain(to_number(first?).powf(to_number(args.get(1)?))),
        "Math.max" => plain(numbers().fold(f64::NEG_INFINITY, f64::max)),
        "Math.min" => plain(numbers().fold(f64::INFINITY, f64::min)),
        "String.fromCharCode" => {
            budget.produce(args.len())?;
            let units: Vec<u16> = args.iter().map(|arg| u16::try_from(to_integer(arg) & 0xffff).unwrap_or(0)).collect();
            Some(Concrete::Str(Arc::from(String::from_utf16(&units).ok()?)).into())
        }
        "String.fromCodePoint" => {
            budget.produce(args.len())?;
            let points: Option<String> =
                args.iter().map(|arg| u32::try_from(to_integer(arg)).ok().and_then(char::from_u32)).collect();
            Some(Concrete::Str(Arc::from(points?)).into())
        }
        "atob" => {
            let data = bytes::from_base64(&text(0)?);
            made(data.iter().map(|byte| char::from(*byte)).collect(), Some("base64"), budget)
        }
        "btoa" => {
            let data: Option<Vec<u8>> = text(0)?.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            made(bytes::to_base64(&data?, false), None, budget)
        }
        "unescape" | "querystring.unescape" => made(unescape(&text(0)?)?, Some("url"), budget),
        "escape" => {
            let text = text(0)?;
            text.is_ascii().then(|| made(encode_uri(&text, "@*_+-./"), None, budget)).flatten()
        }
        "decodeURIComponent" | "decodeURI" => made(decode_uri(&text(0)?)?, Some("url"), budget),
        "encodeURIComponent" => made(encode_uri(&text(0)?, "-_.!~*'()"), None, budget),
        "encodeURI" => made(encode_uri(&text(0)?, "-_.!~*'();/?:@&=+$,#"), None, budget),
        "Buffer.from" | "Uint8Array.from" | "Uint8Array" | "TextEncoder.encode" => {
            let encoding = match args.get(1) {
                Some(Concrete::Str(name)) => Arc::clone(name),
                _ => Arc::from("utf8"),
            };
            let (data, coding) = buffer(first?, &encoding)?;
            budget.produce(data.len())?;
            Some(Outcome { value: Concrete::bytes(&data), coding })
        }
        "Buffer.concat" => {
            let Concrete::List(parts) = first? else { return None };
            let mut all = Vec::new();
            for part in parts.iter() {
                let Concrete::Bytes(data) = part else { return None };
                budget.produce(data.len())?;
                all.extend_from_slice(data);
            }
            Some(Concrete::bytes(&all).into())
        }
        "TextDecoder.decode" => {
            let (data, _) = buffer(first?, "utf8")?;
            made(String::from_utf8_lossy(&data).into_owned(), None, budget)
        }
        "RegExp" => {
            let pattern = match first? {
                Concrete::Regex(pattern, _) => Arc::clone(pattern),
                other => to_text(other)?,
            };
            Some(Concrete::Regex(pattern, SmolStr::new(text(1).unwrap_or_else(|| Arc::from("")))).into())
        }
        "Array.isArray" => Some(Concrete::Bool(matches!(first?, Concrete::List(_))).into()),
        "Array.of" => Some(list_of(args.to_vec(), budget)?.into()),
        "Object.keys" => {
            let keys = pairs(first?)?.into_iter().map(|(key, _)| key).collect();
            Some(list_of(keys, budget)?.into())
        }
        "Object.values" => {
            let values = pairs(first?)?.into_iter().map(|(_, value)| value).collect();
            Some(list_of(values, budget)?.into())
        }
        "Object.entries" => {
            let mut entries = Vec::new();
            for (key, value) in pairs(first?)? {
                entries.push(list_of(vec![key, value], budget)?);
            }
            Some(list_of(entries, budget)?.into())
        }
        "Object.fromEntries" => {
            let Concrete::List(entries) = first? else { return None };
            let mut found = Vec::new();
            for entry in entries.iter() {
                let Concrete::List(pair) = entry else { return None };
                found.push((Concrete::Str(to_text(pair.first()?)?), pair.get(1)?.clone()));
            }
            Some(evaluate::dict_of(found, budget)?.into())
        }
        "JSON.parse" => evaluate::function("json.loads", &[Concrete::Str(text(0)?)], &[], budget),
        "JSON.stringify" => {
            if args.len() > 1 {
                return None;
            }
            let tight = evaluate::tuple_of(vec![Concrete::text(","), Concrete::text(":")], budget)?;
            let named = [
                (SmolStr::new_static("separators"), tight),
                (SmolStr::new_static("ensure_ascii"), Concrete::Bool(false)),
            ];
            evaluate::function("json.dumps", std::slice::from_ref(first?), &named, budget)
        }
        "zlib.inflateSync" => inflate("zlib.decompress", first?, false, budget),
        "zlib.gunzipSync" => inflate("gzip.decompress", first?, false, budget),
        "zlib.inflateRawSync" => inflate("zlib.decompress", first?, true, budget),
        "zlib.unzipSync" => inflate("gzip.decompress", first?, false, budget)
            .or_else(|| inflate("zlib.decompress", first?, false, budget)),
        "path.join" | "path.normalize" => {
            let parts: Option<Vec<Arc<str>>> = args.iter().map(to_text).collect();
            made(joined_path(&parts?, false), None, budget)
        }
        "path.resolve" => {
            let parts: Option<Vec<Arc<str>>> = args.iter().map(to_text).collect();
            let path = joined_path(&parts?, true);
            // A relative path is resolved from a folder that is not known.
            path.starts_with('/').then(|| made(path, None, budget)).flatten()
        }
        "path.basename" => {
            let path = text(0)?;
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned();
            let name = match text(1) {
                Some(suffix) => name.strip_suffix(&*suffix).map_or(name.clone(), str::to_owned),
                None => name,
            };
            made(name, None, budget)
        }
        "path.dirname" => {
            let path = text(0)?;
            let folder = path.trim_end_matches('/').rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
            made(folder, None, budget)
        }
        "path.extname" => {
            let path = text(0)?;
            let name = path.rsplit('/').next().unwrap_or("");
            let suffix = name.rfind('.').filter(|at| *at > 0).and_then(|at| name.get(at..)).unwrap_or("").to_owned();
            made(suffix, None, budget)
        }
        _ => None,
    }
}
