//! From bytes to text: byte order marks, the declared source encoding, UTF-16 without a mark, and Latin-1 when nothing else fits.
//!
//! Text is always given, never refused: a file that an interpreter would not accept is still read by the reviewer, with a note.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Text and how it was found.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub text: String,
    pub encoding: String,
    pub notes: Vec<String>,
}

/// Byte order of UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// The byte order, if the bytes are UTF-16 with a mark, or have its pattern of NUL bytes.
pub(crate) fn utf16_order(bytes: &[u8]) -> Option<Order> {
    // UTF-32 begins with the same mark and two NUL bytes; it is not UTF-16.
    if bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xff\xfe\0\0") {
        return plausible(bytes, Order::Little).then_some(Order::Little);
    }
    if bytes.starts_with(b"\xfe\xff") {
        return plausible(bytes, Order::Big).then_some(Order::Big);
    }
    let head = bytes.get(..1024.min(bytes.len() & !1))?;
    if head.len() < 8 {
        return None;
    }
    let pairs = head.len() / 2;
    let even = head.iter().step_by(2).filter(|&&b| b == 0).count();
    let odd = head.iter().skip(1).step_by(2).filter(|&&b| b == 0).count();
    // Nearly every other byte is NUL and the rest are not: text of mostly ASCII.
    let order = if even == 0 && odd * 10 >= pairs * 8 {
        Order::Little
    } else if odd == 0 && even * 10 >= pairs * 8 {
        Order::Big
    } else {
        return None;
    };
    plausible(bytes, order).then_some(order)
}

/// Whether the first units are characters that text has, so that binary data which begins with a mark stays binary.
fn plausible(bytes: &[u8], order: Order) -> bool {
    let head = bytes.get(..2048.min(bytes.len())).unwrap_or(bytes);
    let (mut units, mut control) = (0_usize, 0_usize);
    for pair in head.chunks_exact(2) {
        let [a, b] = *pair else { continue };
        let unit = if order == Order::Little { u16::from_le_bytes([a, b]) } else { u16::from_be_bytes([a, b]) };
        units += 1;
        control += usize::from(
            unit < 32 && !matches!(unit, 9 | 10 | 12 | 13)
                || unit >= 0xfffe
                || (0xd800..0xe000).contains(&unit) && units == 1,
        );
    }
    control * 20 <= units
}

/// Decodes text of a file that is not source, or source of a language that declares no encoding.
pub(crate) fn plain(bytes: &[u8]) -> Decoded {
    marked(bytes).unwrap_or_else(|| utf8_or_latin1(bytes, Vec::new()))
}

/// Decodes Python source as the interpreter would, where the interpreter accepts it.
pub(crate) fn python(bytes: &[u8]) -> Decoded {
    let Some(name) = cookie(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) else {
        return plain(bytes);
    };
    if let Some(mut decoded) = marked(bytes) {
        if canonical(&name) != decoded.encoding {
            decoded.notes.push(format!(
                "declares the encoding `{}`, and its byte order mark says {}",
                shown(&name),
                decoded.encoding
            ));
        }
        return decoded;
    }
    let canonical = canonical(&name);
    match canonical.as_str() {
        "utf-8" => utf8_or_latin1(bytes, Vec::new()),
        "ascii" => {
            let notes = bytes
                .iter()
                .position(|b| !b.is_ascii())
                .map(|at| format!("declares ASCII, and byte {at} is not"))
                .into_iter()
                .collect();
            utf8_or_latin1(bytes, notes)
        }
        "iso-8859-1" => Decoded { text: latin1(bytes), encoding: canonical, notes: Vec::new() },
        "unicode-escape" | "raw-unicode-escape" => {
            let notes = vec![format!(
                "declares the encoding `{}`, in which escapes anywhere in the file are code",
                shown(&name)
            )];
            Decoded { text: unescape(bytes, canonical == "unicode-escape"), encoding: canonical, notes }
        }
        "utf-7" => {
            let notes =
                vec!["declares the encoding `utf-7`, in which encoded runs anywhere in the file are code".to_owned()];
            Decoded { text: utf7(bytes), encoding: canonical, notes }
        }
        "rot-13" => {
            let notes = vec!["declares the encoding `rot-13`, which only Python 2 accepts".to_owned()];
            Decoded { text: rot13(&latin1(bytes)), encoding: canonical, notes }
        }
        label => match Encoding::for_label(label.as_bytes()) {
            Some(encoding) => {
                let (text, broken) = encoding.decode_without_bom_handling(bytes);
                let notes =
                    if broken { vec![format!("holds bytes that are not {}", shown(&name))] } else { Vec::new() };
                Decoded { text: text.into_owned(), encoding: encoding.name().to_ascii_lowercase(), notes }
            }
            None => utf8_or_latin1(
                bytes,
                vec![format!("declares the encoding `{}`, which is not known here", shown(&name))],
            ),
        },
    }
}

/// At most 40 characters of a declared name, which the file's author chose.
fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Text that says its own encoding by a mark or by its pattern of NUL bytes.
fn marked(bytes: &[u8]) -> Option<Decoded> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Some(utf8_or_latin1(rest, Vec::new()));
    }
    let order = utf16_order(bytes)?;
    let encoding = if order == Order::Little { UTF_16LE } else { UTF_16BE };
    let mut notes = Vec::new();
    if !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff") {
        notes.push("is UTF-16 without a byte order mark".to_owned());
    }
    let (text, broken) = encoding.decode_with_bom_removal(bytes);
    if broken {
        notes.push("holds unpaired surrogates or an odd number of bytes".to_owned());
    }
    Some(Decoded { text: text.into_owned(), encoding: encoding.name().to_ascii_lowercase(), notes })
}

fn utf8_or_latin1(bytes: &[u8], mut notes: Vec<String>) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: text.to_owned(), encoding: "utf-8".to_owned(), notes },
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes.iter().take(at).filter(|&&b| b == b'\n').count() + 1;
            notes.push(format!("is not UTF-8 from byte {at} (line {line}) on, and is read as Latin-1"));
            Decoded { text: latin1(bytes), encoding: "iso-8859-1".to_owned(), notes }
        }
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

/// The encoding that one of the first two lines declares; the second counts only when the first is blank or a comment.
fn cookie(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split(|&b| b == b'\n' || b == b'\r').filter({
        // CR LF leaves an empty piece between them, which is no line.
        let mut previous_ended = false;
        move |line| {
            let empty_after_cr = line.is_empty() && previous_ended;
            previous_ended = true;
            !empty_after_cr
        }
    });
    for _ in 0..2 {
        let line = lines.next()?;
        let line = line.get(..512).unwrap_or(line);
        let trimmed = line.trim_ascii_start();
        if let Some(comment) = trimmed.strip_prefix(b"#") {
            if let Some(name) = cookie_in(comment) {
                return Some(name);
            }
        } else if !trimmed.is_empty() {
            return None;
        }
    }
    None
}

fn cookie_in(comment: &[u8]) -> Option<String> {
    let mut rest = comment;
    while let Some(at) = rest.windows(6).position(|window| window == b"coding") {
        let after = rest.get(at + 6..)?;
        if let Some((b':' | b'=', after)) = after.split_first() {
            let name: String = after
                .iter()
                .skip_while(|&&b| b == b' ' || b == b'\t')
                .take_while(|&&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                .map(|&b| char::from(b))
                .collect();
            if !name.is_empty() {
                return Some(name);
            }
        }
        rest = after;
    }
    None
}

/// A declared name in one spelling: the interpreter's aliases folded, and names in the form the encoding standard has them.
fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['_', ' '], "-");
    match name.as_str() {
        "utf8" | "utf-8" | "utf-8-sig" | "utf8-sig" | "u8" | "utf" | "cp65001" | "utf8-ucs2" | "utf8-ucs4" => "utf-8",
        "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => "ascii",
        "latin1" | "latin-1" | "latin" | "l1" | "iso8859-1" | "iso-8859-1" | "8859" | "cp819" | "iso-ir-100" => {
            "iso-8859-1"
        }
        "unicode-escape" | "unicodeescape" => "unicode-escape",
        "raw-unicode-escape" | "rawunicodeescape" => "raw-unicode-escape",
        "utf7" | "utf-7" | "u7" | "unicode-1-1-utf-7" => "utf-7",
        "rot13" | "rot-13" => "rot-13",
        "cp932" | "ms932" | "mskanji" | "ms-kanji" | "sjis" | "s-jis" | "shiftjis" => "shift_jis",
        "shift-jis" | "csshiftjis" => "shift_jis",
        "cp936" | "ms936" | "936" => "gbk",
        "cp949" | "949" | "uhc" | "ms949" => "euc-kr",
        "cp950" | "950" | "ms950" => "big5",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "euckr" => "euc-kr",
        "cp866" | "866" => "ibm866",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "latin2" | "latin-2" => "iso-8859-2",
        "latin9" | "latin-9" => "iso-8859-15",
        other => {
            if let Some(number) =
                other.strip_prefix("cp").filter(|number| number.len() == 4 && number.starts_with("125"))
            {
                return format!("windows-{number}");
            }
            if let Some(number) = other.strip_prefix("iso8859-") {
                return format!("iso-8859-{number}");
            }
            other
        }
    }
    .to_owned()
}

/// Backslash escapes undone over the whole file; `all` undoes every kind, else only `\u` and `\U`.
fn unescape(bytes: &[u8], all: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            text.push(char::from(first));
            continue;
        }
        let Some((&code, after)) = rest.split_first() else {
            text.push('\\');
            break;
        };
        let width = match code {
            b'u' => 4,
            b'U' => 8,
            b'x' if all => 2,
            _ => 0,
        };
        if width > 0
            && let Some(digits) = after.get(..width)
            && let Ok(digits) = std::str::from_utf8(digits)
            && let Some(c) = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
        {
            text.push(c);
            rest = after.get(width..).unwrap_or_default();
            continue;
        }
        let simple = match code {
            b'n' => Some("\n"),
            b't' => Some("\t"),
            b'r' => Some("\r"),
            b'\\' => Some("\\"),
            b'\'' => Some("'"),
            b'"' => Some("\""),
            b'a' => Some("\x07"),
            b'b' => Some("\x08"),
            b'f' => Some("\x0c"),
            b'v' => Some("\x0b"),
            b'\n' => Some(""),
            _ => None,
        }
        .filter(|_| all);
        if let Some(simple) = simple {
            text.push_str(simple);
            rest = after;
            continue;
        }
        let octal: Vec<u8> = rest.iter().copied().take(3).take_while(|b| (b'0'..=b'7').contains(b)).collect();
        if all && !octal.is_empty() {
            let value = octal.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            text.push(char::from_u32(value).unwrap_or('\u{fffd}'));
            rest = rest.get(octal.len()..).unwrap_or_default();
            continue;
        }
        text.push('\\');
        text.push(char::from(code));
        rest = after;
    }
    text
}

/// UTF-7: runs of modified base 64 between `+` and the first character outside its alphabet.
fn utf7(bytes: &[u8]) -> String {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(u32::from(b - b'A')),
        b'a'..=b'z' => Some(u32::from(b - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(b - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'+' {
            text.push(char::from(first));
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"-") {
            text.push('+');
            rest = after;
            continue;
        }
        let run: Vec<u32> = rest.iter().map_while(|&b| value(b)).collect();
        rest = rest.get(run.len()..).unwrap_or_default();
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
        let (mut bits, mut held) = (0_u32, 0_u32);
        let mut units = Vec::new();
        for six in run {
            held = (held << 6) | six;
            bits += 6;
            if bits >= 16 {
                bits -= 16;
                units.push((held >> bits) as u16);
                held &= (1 << bits) - 1;
            }
        }
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
    }
    text
}

fn rot13(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='m' | 'A'..='M' => char::from_u32(c as u32 + 13).unwrap_or(c),
            'n'..='z' | 'N'..='Z' => char::from_u32(c as u32 - 13).unwrap_or(c),
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: Order) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if order == Order::Little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn byte_order_marks() {
        let decoded = python(b"\xef\xbb\xbfx = 1");
        assert_eq!((decoded.text.as_str(), decoded.encoding.as_str()), ("x = 1", "utf-8"));
        let mut bytes = b"\xff\xfe".to_vec();
        bytes.extend(utf16("print('é')", Order::Little));
        let decoded = python(&bytes);
        assert_eq!((decoded.text.as_str(), decoded.encoding.as_str()), ("print('é')", "utf-16le"));
    }

    #[test]
    fn utf16_is_known_by_its_pattern() {
        for order in [Order::Little, Order::Big] {
            let decoded = python(&utf16("import os\nprint(1)\n", order));
            assert_eq!(decoded.text, "import os\nprint(1)\n");
            assert_eq!(decoded.notes.len(), 1);
        }
        assert_eq!(utf16_order(&[0; 64]), None);
    }

    #[test]
    fn declared_encodings() {
        for (source, wanted, encoding) in [
            (&b"# -*- coding: latin-1 -*-\nx = '\xe9'"[..], "x = 'é'", "iso-8859-1"),
            (b"#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\nx = '\xff'", "x = 'я'", "windows-1251"),
            (b"\r\n# coding: cp1252\r\nx = '\x80'", "x = '€'", "windows-1252"),
            (b"# coding=shift_jis\nx = '\x82\xa0'", "x = 'あ'", "shift_jis"),
            (b"# coding: unicode_escape\nx = 1 # \\x0aimport os", "import os", "unicode-escape"),
            (b"# coding: raw_unicode_escape\n\\u0069mport os", "import os", "raw-unicode-escape"),
            (b"# coding: utf7\n+AGkAbQBwAG8AcgB0- os", "import os", "utf-7"),
        ] {
            let decoded = python(source);
            assert!(decoded.text.ends_with(wanted), "{:?}", decoded.text);
            assert_eq!(decoded.encoding, encoding);
        }
    }

    #[test]
    fn a_declaration_counts_only_where_the_interpreter_looks() {
        assert_eq!(cookie(b"x = 1\n# coding: latin-1\n"), None);
        assert_eq!(cookie(b"#\n#\n# coding: latin-1\n"), None);
        assert_eq!(cookie(b"# encoding of things: coding : x\n"), None);
        assert_eq!(cookie(b"# coding: latin-1 coding: utf-8"), Some("latin-1".into()));
    }

    #[test]
    fn broken_bytes_are_read_as_latin1_and_placed() {
        let decoded = python(b"a = 1\nb = '\xff'\n");
        assert_eq!(decoded.text, "a = 1\nb = 'ÿ'\n");
        assert!(decoded.notes[0].contains("byte 11 (line 2)"), "{:?}", decoded.notes);
    }

    #[test]
    fn unknown_declarations_are_noted() {
        let decoded = python(b"# coding: klingon\nx = 1\n");
        assert!(decoded.notes[0].contains("klingon"));
        assert_eq!(decoded.encoding, "utf-8");
    }
}
