//! The codecs between text and bytes.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::codecs::normalized;
use super::{Budget, Concrete, Handler, Outcome};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[("codecs.escape_decode", |a, b| {
    let bytes = match a.positional()? {
        [Concrete::Str(s)] => s.as_bytes(),
        [other] => other.as_bytes()?,
        _ => return None,
    };
    let text = unescape(bytes, Escapes::Bytes, b)?;
    let plain = super::text::latin1(&text)?;
    let pair = vec![Concrete::bytes(&plain), Concrete::Int(i64::try_from(bytes.len()).ok()?)];
    Some(Outcome::decoded(super::tuple_of(pair, b)?, "escape"))
})];

/// A codec known here.
#[derive(Clone, Copy)]
enum Codec {
    Utf8,
    Utf8Sig,
    Ascii,
    Latin1,
    /// Byte order: `None` reads it from the mark and writes one.
    Utf16(Option<Order>),
    Utf32(Option<Order>),
    UnicodeEscape,
    RawUnicodeEscape,
    StringEscape,
    Table(&'static Encoding),
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Little,
    Big,
}

/// What a codec does with what it cannot convert.
#[derive(Clone, Copy, PartialEq)]
enum Errors {
    Strict,
    Ignore,
    Replace,
    Backslash,
    Xml,
}

fn codec(name: &str) -> Option<Codec> {
    Some(match normalized(name).as_str() {
        "utf_8" | "utf8" | "u8" | "utf" | "cp65001" | "utf8_ucs2" | "utf8_ucs4" => Codec::Utf8,
        "utf_8_sig" | "utf8_sig" => Codec::Utf8Sig,
        "ascii" | "us_ascii" | "646" | "ansi_x3_4_1968" => Codec::Ascii,
        "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "iso8859" | "8859" | "cp819"
        | "iso_ir_100" => Codec::Latin1,
        "utf_16" | "utf16" | "u16" => Codec::Utf16(None),
        "utf_16_le" | "utf_16le" | "utf16le" | "utf16_le" | "unicodelittleunmarked" => {
            Codec::Utf16(Some(Order::Little))
        }
        "utf_16_be" | "utf_16be" | "utf16be" | "utf16_be" | "unicodebigunmarked" => Codec::Utf16(Some(Order::Big)),
        "utf_32" | "utf32" | "u32" => Codec::Utf32(None),
        "utf_32_le" | "utf_32le" | "utf32le" => Codec::Utf32(Some(Order::Little)),
        "utf_32_be" | "utf_32be" | "utf32be" => Codec::Utf32(Some(Order::Big)),
        "unicode_escape" | "unicodeescape" => Codec::UnicodeEscape,
        "raw_unicode_escape" | "rawunicodeescape" => Codec::RawUnicodeEscape,
        "string_escape" => Codec::StringEscape,
        other => Codec::Table(table(other)?),
    })
}

/// Single-byte and East Asian encodings under Python's names. Where the standard of the web gives a character to a byte
/// that Python leaves undefined, see [`decode_table`].
fn table(name: &str) -> Option<&'static Encoding> {
    let label = match name {
        "cp1250" | "windows_1250" => "windows-1250",
        "cp1251" | "windows_1251" => "windows-1251",
        "cp1252" | "windows_1252" => "windows-1252",
        "cp1253" | "windows_1253" => "windows-1253",
        "cp1254" | "windows_1254" => "windows-1254",
        "cp1256" | "windows_1256" => "windows-1256",
        "cp1257" | "windows_1257" => "windows-1257",
        "cp866" | "866" | "ibm866" => "ibm866",
        "koi8_r" => "koi8-r",
        "koi8_u" => "koi8-u",
        "iso8859_2" | "iso_8859_2" | "latin2" | "latin_2" | "l2" => "iso-8859-2",
        "iso8859_5" | "iso_8859_5" | "cyrillic" => "iso-8859-5",
        "iso8859_15" | "iso_8859_15" | "latin9" | "latin_9" | "l9" => "iso-8859-15",
        "mac_cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "gb18030" | "gb18030_2000" => "gb18030",
        "gbk" | "936" | "cp936" | "ms936" => "gbk",
        "euc_kr" | "euckr" => "euc-kr",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

fn errors_of(name: &str) -> Option<Errors> {
    Some(match name {
        // No lone surrogate is held here, so that these two can only differ from `strict` where they would make one.
        "strict" | "surrogateescape" | "surrogatepass" => Errors::Strict,
        "ignore" => Errors::Ignore,
        "replace" => Errors::Replace,
        "backslashreplace" => Errors::Backslash,
        "xmlcharrefreplace" => Errors::Xml,
        _ => return None,
    })
}

/// Whether `codecs.decode` takes text for this encoding.
pub(super) fn takes_text(encoding: &str) -> bool {
    matches!(codec(encoding), Some(Codec::UnicodeEscape | Codec::RawUnicodeEscape | Codec::StringEscape))
}

/// `bytes.decode(encoding, errors)`
pub(super) fn decode(s: &[u8], encoding: &str, errors: &str, b: &mut Budget) -> Option<Outcome> {
    let codec = codec(encoding)?;
    let errors = errors_of(errors)?;
    b.step(s.len())?;
    b.produce(s.len().checked_mul(if errors == Errors::Strict { 2 } else { 4 })?)?;
    let text: Cow<'_, str> = match codec {
        Codec::Utf8 => utf8(s, errors)?,
        Codec::Utf8Sig => utf8(s.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(s), errors)?,
        Codec::Ascii => Cow::Owned(each(s, errors, |byte| byte.is_ascii().then(|| char::from(byte)))?),
        Codec::Latin1 => Cow::Owned(super::text::of_latin1(s)),
        Codec::Utf16(order) => {
            let (order, s) = marked(s, order, &[0xFF, 0xFE], &[0xFE, 0xFF]);
            Cow::Owned(utf16(s, order, errors)?)
        }
        Codec::Utf32(order) => {
            let (order, s) = marked(s, order, &[0xFF, 0xFE, 0, 0], &[0, 0, 0xFE, 0xFF]);
            Cow::Owned(utf32(s, order, errors)?)
        }
        Codec::UnicodeEscape | Codec::RawUnicodeEscape | Codec::StringEscape => {
            let escapes = match codec {
                Codec::UnicodeEscape => Escapes::Text,
                Codec::RawUnicodeEscape => Escapes::Raw,
                _ => Escapes::Bytes,
            };
            return Some(Outcome::decoded(Concrete::text(&unescape(s, escapes, b)?), "escape"));
        }
        Codec::Table(encoding) => Cow::Owned(decode_table(s, encoding)?),
    };
    Some(Concrete::Str(Arc::from(text.as_ref())).into())
}

fn substitute(out: &mut String, bytes: &[u8], errors: Errors) -> Option<()> {
    match errors {
        Errors::Strict | Errors::Xml => return None,
        Errors::Ignore => {}
        Errors::Replace => out.push('\u{FFFD}'),
        Errors::Backslash => bytes.iter().try_for_each(|byte| write!(out, "\\x{byte:02x}").ok())?,
    }
    Some(())
}

fn utf8(s: &[u8], errors: Errors) -> Option<Cow<'_, str>> {
    if let Ok(text) = std::str::from_utf8(s) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::new();
    for chunk in s.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            substitute(&mut out, chunk.invalid(), errors)?;
        }
    }
    Some(Cow::Owned(out))
}

fn each(s: &[u8], errors: Errors, read: fn(u8) -> Option<char>) -> Option<String> {
    let mut out = String::with_capacity(s.len());
    for byte in s {
        match read(*byte) {
            Some(c) => out.push(c),
            None => substitute(&mut out, &[*byte], errors)?,
        }
    }
    Some(out)
}

/// Takes the byte order mark off, where the codec reads one.
fn marked<'a>(s: &'a [u8], order: Option<Order>, little: &[u8], big: &[u8]) -> (Order, &'a [u8]) {
    match order {
        Some(order) => (order, s),
        None => match (s.strip_prefix(little), s.strip_prefix(big)) {
            (Some(rest), _) => (Order::Little, rest),
            (_, Some(rest)) => (Order::Big, rest),
            _ => (Order::Little, s),
        },
    }
}

fn utf16(s: &[u8], order: Order, errors: Errors) -> Option<String> {
    let mut out = String::new();
    let pairs = s.chunks_exact(2);
    let rest = pairs.remainder();
    let units = pairs.filter_map(|pair| {
        let pair = <[u8; 2]>::try_from(pair).ok()?;
        Some(if order == Order::Little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    });
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => out.push(c),
            // The bytes of the unit in their order are not kept, so that no escape of them is given.
            Err(_) if errors == Errors::Backslash => return None,
            Err(_) => substitute(&mut out, &[], errors)?,
        }
    }
    if !rest.is_empty() {
        substitute(&mut out, rest, errors)?;
    }
    Some(out)
}

fn utf32(s: &[u8], order: Order, errors: Errors) -> Option<String> {
    let mut out = String::new();
    let units = s.chunks_exact(4);
    let rest = units.remainder();
    for unit in units {
        let bytes = <[u8; 4]>::try_from(unit).ok()?;
        let code = if order == Order::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
        match char::from_u32(code) {
            Some(c) => out.push(c),
            None => substitute(&mut out, unit, errors)?,
        }
    }
    if !rest.is_empty() {
        substitute(&mut out, rest, errors)?;
    }
    Some(out)
}

/// Decodes with a table. Bytes that Python leaves undefined come out as control or private characters: then no answer is
/// given.
fn decode_table(s: &[u8], encoding: &'static Encoding) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(s)?;
    let doubtful = |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fffd}');
    (!text.contains(doubtful)).then(|| text.into_owned())
}

/// Which escapes a codec knows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Escapes {
    /// Those of a text literal.
    Text,
    /// `\u` and `\U` only.
    Raw,
    /// Those of a bytes literal.
    Bytes,
}

/// Undoes the escapes of a literal. A byte stands for the character of its number.
pub(super) fn unescape(s: &[u8], escapes: Escapes, b: &mut Budget) -> Option<String> {
    b.step(s.len())?;
    b.produce(s.len().checked_mul(2)?)?;
    let mut out = String::with_capacity(s.len());
    let mut bytes = s.iter().copied().peekable();
    // In raw text, a backslash escapes only when an odd number of them stands before the `u`.
    let mut odd = false;
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            odd = false;
            out.push(char::from(byte));
            continue;
        }
        if escapes == Escapes::Raw {
            odd = !odd;
            let count = match bytes.peek() {
                Some(b'u') if odd => 4,
                Some(b'U') if odd => 8,
                _ => {
                    out.push('\\');
                    continue;
                }
            };
            bytes.next();
            odd = false;
            out.push(code(&mut bytes, count)?);
            continue;
        }
        let escape = bytes.next()?;
        match escape {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(char::from(escape)),
            b'a' => out.push('\x07'),
            b'b' => out.push('\x08'),
            b'f' => out.push('\x0c'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'v' => out.push('\x0b'),
            b'0'..=b'7' => {
                let mut value = u32::from(escape - b'0');
                for _ in 0..2 {
                    match bytes.next_if(|byte| matches!(byte, b'0'..=b'7')) {
                        Some(digit) => value = value * 8 + u32::from(digit - b'0'),
                        None => break,
                    }
                }
                let value = if escapes == Escapes::Bytes { value & 0xFF } else { value };
                out.push(char::from_u32(value)?);
            }
            b'x' => out.push(code(&mut bytes, 2)?),
            b'u' if escapes == Escapes::Text => out.push(code(&mut bytes, 4)?),
            b'U' if escapes == Escapes::Text => out.push(code(&mut bytes, 8)?),
            // Names of characters are not known here.
            b'N' if escapes == Escapes::Text => return None,
            other => {
                out.push('\\');
                out.push(char::from(other));
            }
        }
    }
    Some(out)
}

/// The character of a hexadecimal escape. CPython keeps a surrogate, which text here cannot hold.
fn code(bytes: &mut impl Iterator<Item = u8>, count: usize) -> Option<char> {
    let number = (0..count).try_fold(0_u32, |value, _| {
        let digit = char::from(bytes.next()?).to_digit(16)?;
        value.checked_mul(16)?.checked_add(digit)
    });
    char::from_u32(number?)
}

/// `str.encode(encoding, errors)`
pub(super) fn encode(text: &str, encoding: &str, errors: &str, b: &mut Budget) -> Option<Vec<u8>> {
    let codec = codec(encoding)?;
    let errors = errors_of(errors)?;
    b.step(text.len())?;
    b.produce(text.len())?;
    Some(match codec {
        Codec::Utf8 => text.as_bytes().to_vec(),
        Codec::Utf8Sig => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        Codec::Ascii => narrow(text, 0x80, errors, b)?,
        Codec::Latin1 => narrow(text, 0x100, errors, b)?,
        Codec::Utf16(order) => {
            b.produce(text.len())?;
            let mark = order.is_none().then_some(0xFEFF);
            let units = mark.into_iter().chain(text.encode_utf16());
            match order.unwrap_or(Order::Little) {
                Order::Little => units.flat_map(u16::to_le_bytes).collect(),
                Order::Big => units.flat_map(u16::to_be_bytes).collect(),
            }
        }
        Codec::Utf32(order) => {
            b.produce(text.len().checked_mul(3)?)?;
            let mark = order.is_none().then_some(0xFEFF);
            let units = mark.into_iter().chain(text.chars().map(u32::from));
            match order.unwrap_or(Order::Little) {
                Order::Little => units.flat_map(u32::to_le_bytes).collect(),
                Order::Big => units.flat_map(u32::to_be_bytes).collect(),
            }
        }
        Codec::UnicodeEscape => {
            b.produce(text.len().checked_mul(4)?)?;
            let mut out = String::new();
            for c in text.chars() {
                match c {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    ' '..='~' => out.push(c),
                    _ => escaped(&mut out, c)?,
                }
            }
            out.into_bytes()
        }
        Codec::RawUnicodeEscape => {
            b.produce(text.len().checked_mul(3)?)?;
            let mut out = Vec::new();
            for c in text.chars() {
                match u8::try_from(u32::from(c)) {
                    Ok(byte) => out.push(byte),
                    Err(_) => {
                        let mut escape = String::new();
                        escaped(&mut escape, c)?;
                        out.extend(escape.bytes());
                    }
                }
            }
            out
        }
        Codec::StringEscape => return None,
        Codec::Table(encoding) => {
            let (bytes, _, unmappable) = encoding.encode(text);
            let doubtful = |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}');
            if unmappable || text.contains(doubtful) || errors == Errors::Xml {
                return None;
            }
            bytes.into_owned()
        }
    })
}

fn escaped(out: &mut String, c: char) -> Option<()> {
    let code = u32::from(c);
    match code {
        0..=0xFF => write!(out, "\\x{code:02x}"),
        0x100..=0xFFFF => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    }
    .ok()
}

/// One byte a character, for the characters below a limit.
fn narrow(text: &str, limit: u32, errors: Errors, b: &mut Budget) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let code = u32::from(c);
        if code < limit {
            out.push(u8::try_from(code).ok()?);
            continue;
        }
        b.produce(10)?;
        match errors {
            Errors::Strict => return None,
            Errors::Ignore => {}
            Errors::Replace => out.push(b'?'),
            Errors::Backslash => {
                let mut escape = String::new();
                escaped(&mut escape, c)?;
                out.extend(escape.bytes());
            }
            Errors::Xml => out.extend(format!("&#{code};").bytes()),
        }
    }
    Some(out)
}
