//! Numbers as text: decimal and other radixes, and the shortest spelling of floats.

use num_bigint::BigInt;

use super::{Budget, Concrete};

/// The digits of an integer in a radix of 2 to 36, lower case, with the sign. Decimal digits of a long integer take
/// quadratic work, which is charged.
pub(super) fn digits(value: &Concrete, radix: u32, b: &mut Budget) -> Option<String> {
    match value {
        Concrete::Bool(v) => Some(String::from(if *v { "1" } else { "0" })),
        Concrete::Int(n) if radix == 10 => Some(n.to_string()),
        Concrete::Int(n) => Some(BigInt::from(*n).to_str_radix(radix)),
        Concrete::Big(n) => {
            let limbs = usize::try_from(n.bits() / 64 + 1).ok()?;
            b.produce(limbs.saturating_mul(64))?;
            if !radix.is_power_of_two() {
                b.step(limbs.saturating_mul(limbs))?;
            }
            Some(n.to_str_radix(radix))
        }
        _ => None,
    }
}

/// `hex(n)`, `oct(n)`, `bin(n)`.
pub(super) fn prefixed(value: &Concrete, radix: u32, prefix: &str, b: &mut Budget) -> Option<String> {
    let digits = digits(value, radix, b)?;
    Some(match digits.strip_prefix('-') {
        Some(digits) => format!("-{prefix}{digits}"),
        None => format!("{prefix}{digits}"),
    })
}

/// Decimal digits and exponent of a finite float: the value is `0.d₁d₂… × 10^point`.
pub(super) struct Decimal {
    pub(super) digits: String,
    pub(super) point: i64,
}

/// The shortest digits that read back as the same float. Of two that are as short and as near, CPython takes those that
/// correct rounding gives, which end in an even digit.
pub(super) fn shortest(f: f64) -> Decimal {
    let short = scientific(&format!("{:e}", f.abs()));
    let after = short.digits.len() - 1;
    let rounded = format!("{:.after$e}", f.abs());
    if rounded.parse() == Ok(f.abs()) { scientific(&rounded) } else { short }
}

/// Exactly `count` significant digits, at least one, correctly rounded.
pub(super) fn significant(f: f64, count: usize) -> Decimal {
    let after = count.saturating_sub(1);
    scientific(&format!("{:.after$e}", f.abs()))
}

/// Reads `d.ddde±x`.
fn scientific(text: &str) -> Decimal {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    Decimal { digits, point: exponent.parse::<i64>().unwrap_or(0) + 1 }
}

/// `repr(f)`
pub(super) fn float(f: f64) -> String {
    if f.is_nan() {
        return String::from("nan");
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f.is_infinite() {
        return format!("{sign}inf");
    }
    let decimal = shortest(f);
    let body = if f == 0.0 {
        String::from("0.0")
    } else if (-3..=16).contains(&decimal.point) {
        let fixed = fixed(&decimal);
        if fixed.contains('.') { fixed } else { fixed + ".0" }
    } else {
        exponential(&decimal, 'e', false)
    };
    format!("{sign}{body}")
}

/// The digits without an exponent, and without a point when there is no fraction.
pub(super) fn fixed(decimal: &Decimal) -> String {
    let Decimal { digits, point } = decimal;
    match usize::try_from(*point) {
        Ok(point) if point > 0 => {
            let mut text: String = digits.chars().chain(std::iter::repeat('0')).take(point.max(digits.len())).collect();
            if digits.len() > point {
                text.insert(point, '.');
            }
            text
        }
        _ => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
    }
}

/// The digits with an exponent of at least two digits; `point` keeps the decimal point when there is one digit only.
pub(super) fn exponential(decimal: &Decimal, letter: char, point: bool) -> String {
    let exponent = decimal.point - 1;
    let mut mantissa = decimal.digits.clone();
    if mantissa.len() > 1 || point {
        mantissa.insert(1.min(mantissa.len()), '.');
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{letter}{sign}{:02}", exponent.abs())
}

/// `float.hex()`
pub(super) fn float_hex(f: f64) -> String {
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if !f.is_finite() {
        return float(f);
    }
    let bits = f.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = (bits >> 52) & 0x7FF;
    if exponent == 0 && mantissa == 0 {
        return format!("{sign}0x0.0p+0");
    }
    let (lead, power) = if exponent == 0 { (0, -1022) } else { (1, i64::try_from(exponent).unwrap_or(0) - 1023) };
    format!("{sign}0x{lead}.{mantissa:013x}p{power:+}")
}

/// The sign and the magnitude's digits, apart.
pub(super) fn signed(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |digits| (true, digits))
}
