//! `int(…)` and `float(…)`: numbers read from text.

use num_bigint::BigInt;
use num_traits::Num;

use super::args::Args;
use super::{Budget, Concrete, MAX_BITS, Outcome, numbers};

/// `int(…)`
pub(super) fn int(args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [value, base] = args.bind(["", "base"])?;
    let Some(value) = value else { return base.is_none().then_some(Concrete::Int(0).into()) };
    let text = match value {
        Concrete::Str(s) => s.as_ref(),
        Concrete::Bytes(s) | Concrete::ByteArray(s) => std::str::from_utf8(s).ok().filter(|s| s.is_ascii())?,
        _ if base.is_some() => return None,
        Concrete::Int(_) | Concrete::Big(_) => return Some(value.clone().into()),
        Concrete::Bool(v) => return Some(Concrete::Int(i64::from(*v)).into()),
        Concrete::Float(f) => return numbers::integer_part(f.trunc()).map(Outcome::from),
        _ => return None,
    };
    let base = base.map_or(Some(10), Concrete::as_i64)?;
    let spaces = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    integer(text.trim_matches(spaces), u32::try_from(base).ok()?, b).map(Outcome::from)
}

/// A literal of the source: decimal, or with a radix prefix, or Python 2's octal and `L`.
pub(super) fn integer_literal(text: &str, b: &mut Budget) -> Option<Concrete> {
    let text = text.trim_end_matches(['l', 'L']);
    integer(text, 0, b).or_else(|| integer(text.strip_prefix('0')?, 8, b))
}

/// Text as an integer in a base of 2 to 36, or 0 for a literal's prefix.
fn integer(text: &str, base: u32, b: &mut Budget) -> Option<Concrete> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = |prefix: &str| {
        let (head, tail) = text.split_at_checked(2)?;
        head.eq_ignore_ascii_case(prefix).then_some(tail)
    };
    let (base, digits, prefix) = match base {
        0 => {
            if let Some(rest) = lower("0x") {
                (16, rest, true)
            } else if let Some(rest) = lower("0o") {
                (8, rest, true)
            } else if let Some(rest) = lower("0b") {
                (2, rest, true)
            } else {
                // A decimal literal has no leading zero unless it is zero.
                if text.starts_with('0') && text.chars().any(|c| !matches!(c, '0' | '_')) {
                    return None;
                }
                (10, text, false)
            }
        }
        16 => lower("0x").map_or((16, text, false), |rest| (16, rest, true)),
        8 => lower("0o").map_or((8, text, false), |rest| (8, rest, true)),
        2 => lower("0b").map_or((2, text, false), |rest| (2, rest, true)),
        3..=36 => (base, text, false),
        _ => return None,
    };
    // One underscore may stand between digits, and after a prefix.
    let digits = if prefix { digits.strip_prefix('_').unwrap_or(digits) } else { digits };
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    b.step(digits.len())?;
    if let Ok(small) = i64::from_str_radix(&digits, base) {
        return Some(Concrete::Int(if negative { -small } else { small }));
    }
    let bits = digits.len().checked_mul(usize::try_from(base.ilog2() + 1).ok()?)?;
    if bits as u64 > MAX_BITS + 64 {
        b.exhausted = true;
        return None;
    }
    b.produce(bits / 8)?;
    if !base.is_power_of_two() {
        b.step((digits.len() / 16).saturating_mul(digits.len() / 16))?;
    }
    let value = BigInt::from_str_radix(&digits, base).ok()?;
    Some(Concrete::integer(if negative { -value } else { value }))
}

/// `float(…)`
pub(super) fn float(args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [value] = args.bind([""])?;
    let text = match value {
        None => return Some(Concrete::Float(0.0).into()),
        Some(Concrete::Str(s)) => s.as_ref(),
        Some(Concrete::Bytes(s) | Concrete::ByteArray(s)) => std::str::from_utf8(s).ok()?,
        Some(number) => return numbers::as_float(number).map(|f| Concrete::Float(f).into()),
    };
    b.step(text.len())?;
    float_text(text).map(|f| Concrete::Float(f).into())
}

/// Text as a float.
fn float_text(text: &str) -> Option<f64> {
    let spaces = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    let text = text.trim_matches(spaces);
    if !text.is_ascii() {
        return None;
    }
    // An underscore stands between two digits only.
    let bytes = text.as_bytes();
    let lone = bytes.iter().enumerate().any(|(i, byte)| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        *byte == b'_' && !(digit(i.checked_sub(1)) && digit(i.checked_add(1)))
    });
    if lone {
        return None;
    }
    text.replace('_', "").parse().ok()
}
