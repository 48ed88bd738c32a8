//! ECMAScript's abstract operations `ToString`, `ToNumber`, `ToPrimitive` and the numeric types (ECMA-262, 7.1).

use std::sync::Arc;

use crate::evaluate::Concrete;

/// Largest integer up to which every integer is a number exactly.
const SAFE: f64 = 9_007_199_254_740_992.0;

/// A number: an integer where it is one, so that it can be an index.
pub(super) fn number(value: f64) -> Concrete {
    if value.fract() == 0.0 && value.abs() <= SAFE && !(value == 0.0 && value.is_sign_negative()) {
        // In range by the test before.
        #[allow(clippy::cast_possible_truncation)]
        return Concrete::Int(value as i64);
    }
    Concrete::Float(value)
}

/// `ToNumber`; NaN where the value is none.
pub(super) fn to_number(value: &Concrete) -> f64 {
    match value {
        #[allow(clippy::cast_precision_loss)]
        Concrete::Int(n) => *n as f64,
        Concrete::Float(f) => *f,
        Concrete::Bool(b) => f64::from(u8::from(*b)),
        Concrete::None => 0.0,
        Concrete::Str(text) => parse(text),
        Concrete::List(_) | Concrete::Tuple(_) => to_text(value).map_or(f64::NAN, |text| parse(&text)),
        _ => f64::NAN,
    }
}

/// The value of a text as `Number(text)` reads it.
fn parse(text: &str) -> f64 {
    let text = text.trim();
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok();
    let prefixed = match text.get(..2) {
        Some("0x" | "0X") => Some(radix(text.get(2..).unwrap_or(""), 16)),
        Some("0o" | "0O") => Some(radix(text.get(2..).unwrap_or(""), 8)),
        Some("0b" | "0B") => Some(radix(text.get(2..).unwrap_or(""), 2)),
        _ => None,
    };
    #[allow(clippy::cast_precision_loss)]
    match (prefixed, text) {
        (Some(found), _) => found.map_or(f64::NAN, |found| found as f64),
        (None, "") => 0.0,
        (None, "Infinity" | "+Infinity") => f64::INFINITY,
        (None, "-Infinity") => f64::NEG_INFINITY,
        // Rust reads `inf` and `nan` too, JavaScript does not.
        _ if text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => f64::NAN,
        _ => text.parse().unwrap_or(f64::NAN),
    }
}

/// `ToInt32`
pub(super) fn to_int32(value: &Concrete) -> i32 {
    let number = to_number(value);
    if !number.is_finite() {
        return 0;
    }
    // The remainder lies below 2^32, so the casts keep it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let low = number.trunc().rem_euclid(4_294_967_296.0) as u32;
    low.cast_signed()
}

/// `ToIntegerOrInfinity`, within 64 bits.
pub(super) fn to_integer(value: &Concrete) -> i64 {
    let number = to_number(value);
    if number.is_nan() {
        return 0;
    }
    #[allow(clippy::cast_possible_truncation)]
    let whole = number.trunc() as i64;
    whole
}

/// The text of a number (`Number::toString` with radix 10).
pub(super) fn number_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if (1e-6..1e21).contains(&size) {
        return format!("{value}");
    }
    // `1e21`, `1.5e-7`
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// `ToString` of the value's primitive. `None` for a list that nests too deeply.
pub(super) fn to_text(value: &Concrete) -> Option<Arc<str>> {
    text_at(value, 16)
}

fn text_at(value: &Concrete, depth: u32) -> Option<Arc<str>> {
    Some(match value {
        Concrete::Undefined => Arc::from("undefined"),
        Concrete::None => Arc::from("null"),
        Concrete::Ellipsis => return None,
        Concrete::Bool(b) => Arc::from(if *b { "true" } else { "false" }),
        Concrete::Int(n) => Arc::from(n.to_string()),
        Concrete::Big(n) => Arc::from(n.to_string()),
        Concrete::Float(f) => Arc::from(number_text(*f)),
        Concrete::Str(s) => Arc::clone(s),
        Concrete::Bytes(bytes) | Concrete::ByteArray(bytes) => Arc::from(String::from_utf8_lossy(bytes)),
        Concrete::List(items) | Concrete::Tuple(items) => {
            let depth = depth.checked_sub(1)?;
            let mut text = String::new();
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                if !matches!(item, Concrete::None | Concrete::Undefined) {
                    text.push_str(&text_at(item, depth)?);
                }
            }
            Arc::from(text)
        }
        Concrete::Set(_) => Arc::from("[object Set]"),
        Concrete::Dict(_) => Arc::from("[object Object]"),
        Concrete::Regex(pattern, flags) => Arc::from(format!("/{pattern}/{flags}")),
    })
}

/// What `typeof` says.
pub(crate) fn type_of(value: &Concrete) -> &'static str {
    match value {
        Concrete::Undefined => "undefined",
        Concrete::Bool(_) => "boolean",
        Concrete::Int(_) | Concrete::Float(_) => "number",
        Concrete::Big(_) => "bigint",
        Concrete::Str(_) => "string",
        _ => "object",
    }
}

/// True if the primitive of the value is a text, so that `+` joins.
pub(super) fn joins(value: &Concrete) -> bool {
    !matches!(
        value,
        Concrete::Undefined
            | Concrete::None
            | Concrete::Bool(_)
            | Concrete::Int(_)
            | Concrete::Float(_)
            | Concrete::Big(_)
            | Concrete::Ellipsis
    )
}
