//! The format mini-language: `format(value, spec)` and the pieces of f-strings and of `str.format`.

use super::{Budget, Concrete, display, numbers, radix};

/// The longest precision that is answered; CPython has no such limit, and no honest code comes near it.
const MAX_PRECISION: usize = 1_000;

/// A parsed specification.
#[derive(Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn parse(spec: &str) -> Option<Spec> {
    let mut parsed = Spec::default();
    let mut chars = spec.chars().peekable();
    let is_align = |c: char| matches!(c, '<' | '>' | '=' | '^');
    let mut ahead = spec.chars();
    match (ahead.next(), ahead.next()) {
        (Some(fill), Some(align)) if is_align(align) => {
            parsed.fill = Some(fill);
            parsed.align = Some(align);
            chars.next();
            chars.next();
        }
        (Some(align), _) if is_align(align) => {
            parsed.align = Some(align);
            chars.next();
        }
        _ => {}
    }
    parsed.sign = chars.next_if(|c| matches!(c, '+' | '-' | ' '));
    parsed.alternate = chars.next_if_eq(&'#').is_some();
    if parsed.fill.is_none() && chars.next_if_eq(&'0').is_some() {
        parsed.fill = Some('0');
        parsed.align = parsed.align.or(Some('0'));
    }
    parsed.width = decimal(&mut chars)?.unwrap_or(0);
    parsed.grouping = chars.next_if(|c| matches!(c, ',' | '_'));
    if chars.next_if_eq(&'.').is_some() {
        parsed.precision = Some(decimal(&mut chars)??);
    }
    parsed.kind = chars.next();
    chars.next().is_none().then_some(parsed)
}

/// Digits as a number: `Some(None)` when there are none, `None` when there are too many.
fn decimal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Option<usize>> {
    let mut value: Option<usize> = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
        value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)?);
    }
    Some(value)
}

/// The value of a replacement field.
pub(super) fn converted(value: &Concrete, conversion: Option<char>, spec: &str, b: &mut Budget) -> Option<String> {
    let text = match conversion {
        None => return format(value, spec, b),
        Some('s') => display::to_text(value, b)?,
        Some('r') => display::repr(value, b)?,
        Some('a') => display::ascii(value, b)?,
        Some(_) => return None,
    };
    if spec.is_empty() { Some(text) } else { text_field(&text, &parse(spec)?, b) }
}

/// `format(value, spec)`
pub(super) fn format(value: &Concrete, spec: &str, b: &mut Budget) -> Option<String> {
    if spec.is_empty() {
        return display::to_text(value, b);
    }
    let parsed = parse(spec)?;
    match value {
        Concrete::Str(s) => text_field(s, &parsed, b),
        Concrete::Bool(v) => integer_field(&Concrete::Int(i64::from(*v)), &parsed, b),
        Concrete::Int(_) | Concrete::Big(_) => integer_field(value, &parsed, b),
        Concrete::Float(f) => float_field(*f, &parsed, b),
        _ => None,
    }
}

fn text_field(text: &str, spec: &Spec, b: &mut Budget) -> Option<String> {
    let plain = spec.sign.is_none() && !spec.alternate && spec.grouping.is_none() && spec.align != Some('=');
    if !plain || !matches!(spec.kind, None | Some('s')) {
        return None;
    }
    b.step(text.len())?;
    let kept: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    // A zero before the width only changes the fill of text.
    let align = spec.align.filter(|align| *align != '0').unwrap_or('<');
    pad("", &kept, spec, align, b)
}

/// Pads a prefix (sign and radix) and a body to the width.
fn pad(prefix: &str, body: &str, spec: &Spec, align: char, b: &mut Budget) -> Option<String> {
    let fill = spec.fill.unwrap_or(' ');
    let len = prefix.chars().count() + body.chars().count();
    let missing = spec.width.saturating_sub(len);
    b.produce(missing.checked_mul(fill.len_utf8())?.checked_add(prefix.len() + body.len())?)?;
    let fills = |count: usize| std::iter::repeat_n(fill, count).collect::<String>();
    Some(match align {
        '<' => format!("{prefix}{body}{}", fills(missing)),
        '^' => format!("{}{prefix}{body}{}", fills(missing / 2), fills(missing - missing / 2)),
        '=' | '0' => format!("{prefix}{}{body}", fills(missing)),
        _ => format!("{}{prefix}{body}", fills(missing)),
    })
}

fn sign_of(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

fn integer_field(value: &Concrete, spec: &Spec, b: &mut Budget) -> Option<String> {
    let (base, mark, every) = match spec.kind {
        None | Some('d' | 'n') => (10, "", 3),
        Some('b') => (2, "0b", 4),
        Some('o') => (8, "0o", 4),
        Some('x') => (16, "0x", 4),
        Some('X') => (16, "0X", 4),
        Some('c') => {
            if spec.sign.is_some() || spec.alternate || spec.grouping.is_some() || spec.precision.is_some() {
                return None;
            }
            let c = char::from_u32(u32::try_from(value.as_i64()?).ok()?)?;
            return pad("", &c.to_string(), spec, spec.align.unwrap_or('<'), b);
        }
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return float_field(numbers::as_float(value)?, spec, b),
        Some(_) => return None,
    };
    let grouping_fits = match spec.grouping {
        None => true,
        Some(_) if spec.kind == Some('n') => false,
        Some(',') => base == 10,
        Some(_) => true,
    };
    if spec.precision.is_some() || !grouping_fits {
        return None;
    }
    let digits = radix::digits(value, base, b)?;
    let (negative, digits) = radix::signed(&digits);
    let digits = if spec.kind == Some('X') { digits.to_uppercase() } else { digits.to_owned() };
    let prefix = format!("{}{}", sign_of(negative, spec), if spec.alternate { mark } else { "" });
    finish(&prefix, &digits, "", spec, every, b)
}

/// Groups the digits of the whole part, and pads.
fn finish(prefix: &str, whole: &str, rest: &str, spec: &Spec, every: usize, b: &mut Budget) -> Option<String> {
    let align = spec.align.unwrap_or('>');
    let Some(separator) = spec.grouping else {
        return pad(prefix, &format!("{whole}{rest}"), spec, align, b);
    };
    let mut whole = whole.to_owned();
    if matches!(align, '=' | '0') && spec.fill == Some('0') {
        // Zeros that fill the width are grouped as well.
        b.produce(spec.width)?;
        let room = spec.width.saturating_sub(prefix.len() + rest.len());
        let mut count = whole.len();
        while count + count.saturating_sub(1) / every < room {
            count += 1;
        }
        whole.insert_str(0, &"0".repeat(count - whole.len()));
    }
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(every) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    pad(prefix, &format!("{grouped}{rest}"), spec, align, b)
}

fn float_field(f: f64, spec: &Spec, b: &mut Budget) -> Option<String> {
    let kind = spec.kind;
    if spec.grouping.is_some() && kind == Some('n') {
        return None;
    }
    let body = float_digits(f, kind, spec.precision, spec.alternate)?;
    let prefix = sign_of(f.is_sign_negative() && !f.is_nan(), spec);
    if !body.starts_with(|c: char| c.is_ascii_digit()) {
        return pad(prefix, &body, spec, spec.align.unwrap_or('>'), b);
    }
    let end = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
    let (whole, rest) = body.split_at_checked(end)?;
    finish(prefix, whole, rest, spec, 3, b)
}

/// The magnitude of a float in one of the presentation types, `None` being the one without a letter.
pub(super) fn float_digits(f: f64, kind: Option<char>, precision: Option<usize>, alternate: bool) -> Option<String> {
    let known = matches!(kind, None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%'));
    if !known || precision.is_some_and(|precision| precision > MAX_PRECISION) {
        return None;
    }
    let magnitude = if kind == Some('%') { f.abs() * 100.0 } else { f.abs() };
    let percent = if kind == Some('%') { "%" } else { "" };
    if !magnitude.is_finite() {
        let word = if magnitude.is_nan() { "nan" } else { "inf" };
        let word = if matches!(kind, Some('E' | 'F' | 'G')) { word.to_uppercase() } else { word.to_owned() };
        return Some(word + percent);
    }
    let letter = if matches!(kind, Some('E' | 'G')) { 'E' } else { 'e' };
    Some(match kind {
        Some('f' | 'F' | '%') => {
            let after = precision.unwrap_or(6);
            let point = if alternate && after == 0 { "." } else { "" };
            format!("{magnitude:.after$}{point}{percent}")
        }
        Some('e' | 'E') => {
            let decimal = radix::significant(magnitude, precision.unwrap_or(6) + 1);
            radix::exponential(&decimal, letter, alternate)
        }
        Some('g' | 'G' | 'n') => general(magnitude, precision.unwrap_or(6).max(1), 0, alternate, letter),
        None => match precision {
            None if alternate => return None,
            None => radix::float(magnitude),
            Some(precision) => {
                let text = general(magnitude, precision.max(1), 1, alternate, letter);
                if text.contains(['.', 'e']) { text } else { text + ".0" }
            }
        },
        Some(_) => return None,
    })
}

/// The `g` presentation. `margin` is 1 where CPython leaves room for a fraction.
fn general(magnitude: f64, precision: usize, margin: i64, alternate: bool, letter: char) -> String {
    let mut decimal = radix::significant(magnitude, precision);
    let exponential = decimal.point <= -4 || decimal.point > i64::try_from(precision).unwrap_or(i64::MAX) - margin;
    if !alternate {
        let kept = decimal.digits.trim_end_matches('0').len().max(1);
        decimal.digits.truncate(kept);
    }
    if exponential {
        return radix::exponential(&decimal, letter, alternate);
    }
    let text = radix::fixed(&decimal);
    if alternate && !text.contains('.') { text + "." } else { text }
}
