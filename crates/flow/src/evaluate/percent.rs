//! `template % values`, for text and for bytes.

use super::collections::lookup;
use super::format::float_digits;
use super::search::Kind;
use super::{Budget, Concrete, display, numbers, radix};

/// `str % values`
pub(super) fn text(template: &str, values: &Concrete, b: &mut Budget) -> Option<String> {
    String::from_utf8(fill(Kind::Text, template.as_bytes(), values, b)?).ok()
}

/// `bytes % values`
pub(super) fn bytes(template: &[u8], values: &Concrete, b: &mut Budget) -> Option<Vec<u8>> {
    fill(Kind::Bytes, template, values, b)
}

/// One conversion specifier.
#[derive(Default)]
struct Conversion {
    alternate: bool,
    zero: bool,
    left: bool,
    space: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

fn fill(kind: Kind, template: &[u8], values: &Concrete, b: &mut Budget) -> Option<Vec<u8>> {
    let tuple = match values {
        Concrete::Tuple(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut left = tuple.iter();
    b.step(template.len())?;
    b.produce(template.len())?;
    let mut out = Vec::with_capacity(template.len().min(1 << 16));
    let mut bytes = template.iter().copied().peekable();
    let mut keyed = false;
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut named = None;
        if bytes.next_if_eq(&b'(').is_some() {
            let mut depth = 1;
            let mut key = Vec::new();
            loop {
                let part = bytes.next()?;
                match part {
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                key.push(part);
            }
            let Concrete::Dict(items) = values else { return None };
            let key = kind.build(key)?;
            named = Some(lookup(items, &key, b)??.1);
            keyed = true;
        }
        let mut c = Conversion::default();
        while let Some(flag) = bytes.next_if(|byte| matches!(byte, b'#' | b'0' | b'-' | b' ' | b'+')) {
            match flag {
                b'#' => c.alternate = true,
                b'0' => c.zero = true,
                b'-' => c.left = true,
                b' ' => c.space = true,
                _ => c.plus = true,
            }
        }
        if bytes.next_if_eq(&b'*').is_some() {
            let width = left.next()?.as_i64()?;
            c.left |= width < 0;
            c.width = usize::try_from(width.unsigned_abs()).ok()?;
        } else {
            c.width = decimal(&mut bytes)?;
        }
        if bytes.next_if_eq(&b'.').is_some() {
            c.precision = Some(if bytes.next_if_eq(&b'*').is_some() {
                usize::try_from(left.next()?.as_i64()?.max(0)).ok()?
            } else {
                decimal(&mut bytes)?
            });
        }
        bytes.next_if(|byte| matches!(byte, b'h' | b'l' | b'L'));
        let conversion = bytes.next()?;
        if conversion == b'%' {
            out.push(b'%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None if keyed => return None,
            None => left.next()?,
        };
        let (sign, body) = convert(kind, &c, conversion, value, b)?;
        place(kind, &mut out, &c, conversion, sign, &body, b)?;
    }
    // What CPython takes for a mapping may stay unused.
    let mapping = match values {
        Concrete::Dict(_) | Concrete::List(_) => true,
        Concrete::Bytes(_) | Concrete::ByteArray(_) => kind.is_text(),
        _ => false,
    };
    let done = mapping || left.next().is_none();
    done.then_some(())?;
    Some(out)
}

fn decimal(bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> Option<usize> {
    let mut value: usize = 0;
    while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
        value = value.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
    }
    Some(value)
}

/// The sign with the radix prefix, and the body, before padding.
fn convert(kind: Kind, c: &Conversion, conversion: u8, value: &Concrete, b: &mut Budget) -> Option<(String, Vec<u8>)> {
    let none = String::new();
    match conversion {
        b's' if kind.is_text() => Some((none, cut(display::to_text(value, b)?, c))),
        b's' | b'b' if !kind.is_text() => {
            let bytes = value.as_bytes()?;
            b.produce(bytes.len())?;
            Some((none, bytes.get(..c.precision.unwrap_or(bytes.len()).min(bytes.len()))?.to_vec()))
        }
        b'r' if kind.is_text() => Some((none, cut(display::repr(value, b)?, c))),
        b'r' | b'a' => Some((none, cut(display::ascii(value, b)?, c))),
        b'c' => Some((
            none,
            match (value, kind) {
                (Concrete::Str(s), Kind::Text) if s.chars().count() == 1 => s.as_bytes().to_vec(),
                (Concrete::Bytes(s) | Concrete::ByteArray(s), _) if !kind.is_text() && s.len() == 1 => s.to_vec(),
                (_, Kind::Text) => char::from_u32(u32::try_from(value.as_i64()?).ok()?)?.to_string().into_bytes(),
                _ => vec![u8::try_from(value.as_i64()?).ok()?],
            },
        )),
        b'd' | b'i' | b'u' => {
            let whole = match value {
                Concrete::Float(f) => numbers::integer_part(f.trunc())?,
                other => other.clone(),
            };
            integer(c, &whole, 10, "", false, b)
        }
        b'o' => integer(c, value, 8, "0o", false, b),
        b'x' => integer(c, value, 16, "0x", false, b),
        b'X' => integer(c, value, 16, "0X", true, b),
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let f = numbers::as_float(value)?;
            let letter = char::from(conversion);
            let digits = float_digits(f, Some(letter), Some(c.precision.unwrap_or(6)), c.alternate)?;
            let negative = f.is_sign_negative() && !f.is_nan();
            Some((sign(negative, c), digits.into_bytes()))
        }
        _ => None,
    }
}

fn cut(text: String, c: &Conversion) -> Vec<u8> {
    match c.precision {
        Some(precision) => text.chars().take(precision).collect::<String>().into_bytes(),
        None => text.into_bytes(),
    }
}

fn sign(negative: bool, c: &Conversion) -> String {
    String::from(match (negative, c.plus, c.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    })
}

fn integer(
    c: &Conversion,
    value: &Concrete,
    base: u32,
    mark: &str,
    upper: bool,
    b: &mut Budget,
) -> Option<(String, Vec<u8>)> {
    let text = radix::digits(value, base, b)?;
    let (negative, digits) = radix::signed(&text);
    let digits = if upper { digits.to_uppercase() } else { digits.to_owned() };
    let missing = c.precision.unwrap_or(0).saturating_sub(digits.len());
    b.produce(missing)?;
    let prefix = sign(negative, c) + if c.alternate { mark } else { "" };
    Some((prefix, ("0".repeat(missing) + &digits).into_bytes()))
}

fn place(
    kind: Kind,
    out: &mut Vec<u8>,
    c: &Conversion,
    conversion: u8,
    sign: String,
    body: &[u8],
    b: &mut Budget,
) -> Option<()> {
    let len = if kind.is_text() { body.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() } else { body.len() };
    let missing = c.width.saturating_sub(sign.len() + len);
    b.produce(missing)?;
    let numeric = !matches!(conversion, b's' | b'r' | b'a' | b'b' | b'c');
    let spaces = |count| std::iter::repeat_n(b' ', count);
    if c.left {
        out.extend_from_slice(sign.as_bytes());
        out.extend_from_slice(body);
        out.extend(spaces(missing));
    } else if c.zero && numeric {
        out.extend_from_slice(sign.as_bytes());
        out.extend(std::iter::repeat_n(b'0', missing));
        out.extend_from_slice(body);
    } else {
        out.extend(spaces(missing));
        out.extend_from_slice(sign.as_bytes());
        out.extend_from_slice(body);
    }
    Some(())
}
