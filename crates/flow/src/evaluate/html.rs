//! Text of the web: `urllib.parse` and `html`.

use std::sync::Arc;

use super::args::{Args, flag_or, str_or};
use super::{Budget, Concrete, Handler, Outcome, encodings};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("urllib.parse.unquote", |a, b| unquote(a, false, b)),
    ("urllib.unquote", |a, b| unquote(a, false, b)),
    ("urllib.parse.unquote_plus", |a, b| unquote(a, true, b)),
    ("urllib.unquote_plus", |a, b| unquote(a, true, b)),
    ("urllib.parse.unquote_to_bytes", |a, b| {
        let [text] = a.bind(["string"])?;
        let bytes = match text? {
            Concrete::Str(s) => s.as_bytes(),
            Concrete::Bytes(s) => s.as_ref(),
            _ => return None,
        };
        Some(Outcome::decoded(Concrete::Bytes(Arc::from(percent(bytes, b)?)), "url"))
    }),
    ("urllib.parse.quote", |a, b| quote(a, "/", false, b)),
    ("urllib.quote", |a, b| quote(a, "/", false, b)),
    ("urllib.parse.quote_plus", |a, b| quote(a, "", true, b)),
    ("urllib.quote_plus", |a, b| quote(a, "", true, b)),
    ("html.unescape", |a, b| {
        let [text] = a.bind(["s"])?;
        let text = text?.as_str()?;
        b.step(text.len())?;
        b.produce(text.len().checked_mul(2)?)?;
        // Where CPython drops a character that HTML keeps, the reference is a number of a control character.
        if dropped(text) {
            return None;
        }
        Some(Outcome::decoded(Concrete::text(&htmlize::unescape(text)), "html"))
    }),
    ("html.escape", |a, b| {
        let [text, quote] = a.bind(["s", "quote"])?;
        let text = text?.as_str()?;
        b.step(text.len())?;
        let mut escaped = String::new();
        for c in text.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' if flag_or(quote, true) => escaped.push_str("&quot;"),
                '\'' if flag_or(quote, true) => escaped.push_str("&#x27;"),
                _ => escaped.push(c),
            }
        }
        b.produce(escaped.len())?;
        Some(Concrete::text(&escaped).into())
    }),
];

/// Whether a text has a numeric character reference to what `html.unescape` treats in a way of its own.
fn dropped(text: &str) -> bool {
    text.split("&#").skip(1).any(|rest| {
        let (digits, radix) = match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (rest, 10),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let Some(digits) = digits.get(..end).filter(|digits| !digits.is_empty()) else { return false };
        match u32::from_str_radix(digits, radix) {
            Ok(code) => match char::from_u32(code) {
                Some('\t' | '\n' | '\x0c' | ' '..='~') => false,
                Some(c) => c.is_control() || code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code),
                None => true,
            },
            Err(_) => true,
        }
    })
}

/// Undoes percent escapes; what is not one stays.
fn percent(s: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(s.len())?;
    b.produce(s.len())?;
    let mut out = Vec::with_capacity(s.len());
    let mut rest = s;
    while let [byte, tail @ ..] = rest {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = tail;
        if *byte == b'%'
            && let [high, low, after @ ..] = tail
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*byte);
        }
    }
    Some(out)
}

fn unquote(a: &Args<'_>, plus: bool, b: &mut Budget) -> Option<Outcome> {
    let [text, encoding, errors] = a.bind(["string", "encoding", "errors"])?;
    let (encoding, errors) = (str_or(encoding, "utf-8")?, str_or(errors, "replace")?);
    let text = match text? {
        Concrete::Str(s) if plus => s.replace('+', " "),
        Concrete::Str(s) => s.as_ref().to_owned(),
        Concrete::Bytes(s) if !plus => {
            let decoded = encodings::decode(&percent(s, b)?, encoding, errors, b)?;
            return Some(Outcome::decoded(decoded.value, "url"));
        }
        _ => return None,
    };
    if !text.contains('%') {
        b.produce(text.len())?;
        return Some(Outcome::decoded(Concrete::text(&text), "url"));
    }
    // Text outside ASCII is kept as it is; escapes are decoded where they stand together.
    let mut out = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        let (ascii, tail) = rest.split_at_checked(end)?;
        let part = encodings::decode(&percent(ascii.as_bytes(), b)?, encoding, errors, b)?;
        out.push_str(part.value.as_str()?);
        let end = tail.find(|c: char| c.is_ascii()).unwrap_or(tail.len());
        let (kept, tail) = tail.split_at_checked(end)?;
        out.push_str(kept);
        rest = tail;
    }
    Some(Outcome::decoded(Concrete::text(&out), "url"))
}

fn quote(a: &Args<'_>, safe: &str, plus: bool, b: &mut Budget) -> Option<Outcome> {
    let [text, more] = a.bind(["string", "safe"])?;
    let safe = str_or(more, safe)?;
    let bytes = match text? {
        Concrete::Str(s) => s.as_bytes(),
        other => other.as_bytes()?,
    };
    if !safe.is_ascii() {
        return None;
    }
    b.step(bytes.len())?;
    b.produce(bytes.len().checked_mul(3)?)?;
    let mut out = String::new();
    for byte in bytes {
        let c = char::from(*byte);
        match byte {
            b' ' if plus => out.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(c),
            _ if byte.is_ascii() && safe.contains(c) => out.push(c),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(Concrete::text(&out).into())
}
