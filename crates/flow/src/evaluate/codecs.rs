//! The codings from bytes to bytes and between bytes and ASCII: base16 to base85, hexadecimal, rot13; `base64`,
//! `binascii` and the bytes side of `codecs`.

use std::sync::Arc;

use super::args::{Args, flag_or, int_or, str_or, switch_or};
use super::{Budget, Concrete, Handler, Outcome, bytes, compress, encodings};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("base64.b64decode", |a, b| {
        let [s, alt, validate] = a.bind(["s", "altchars", "validate"])?;
        let alt = match alt {
            None | Some(Concrete::None) => None,
            Some(alt) => Some(ascii(alt)?),
        };
        base64(s?, alt, switch_or(validate, false)?, b)
    }),
    ("base64.standard_b64decode", |a, b| base64(only(a, "s")?, None, false, b)),
    ("base64.urlsafe_b64decode", |a, b| base64(only(a, "s")?, Some(b"-_"), false, b)),
    ("base64.decodebytes", |a, b| {
        let s = only(a, "s")?;
        s.as_bytes()?;
        base64(s, None, false, b)
    }),
    // Python 2, where text is bytes.
    ("base64.decodestring", |a, b| base64(only(a, "s")?, None, false, b)),
    ("base64.b64encode", |a, b| {
        let [s, alt] = a.bind(["s", "altchars"])?;
        let mut text = base64_text(s?.as_bytes()?, b)?;
        if let Some(alt) = alt
            && *alt != Concrete::None
        {
            let [plus, slash] = alt.as_bytes()? else { return None };
            for byte in &mut text {
                match byte {
                    b'+' => *byte = *plus,
                    b'/' => *byte = *slash,
                    _ => {}
                }
            }
        }
        Some(made(text))
    }),
    ("base64.standard_b64encode", |a, b| Some(made(base64_text(only(a, "s")?.as_bytes()?, b)?))),
    ("base64.urlsafe_b64encode", |a, b| {
        let mut text = base64_text(only(a, "s")?.as_bytes()?, b)?;
        for byte in &mut text {
            match byte {
                b'+' => *byte = b'-',
                b'/' => *byte = b'_',
                _ => {}
            }
        }
        Some(made(text))
    }),
    ("base64.encodebytes", |a, b| Some(made(base64_lines(only(a, "s")?.as_bytes()?, b)?))),
    ("base64.encodestring", |a, b| Some(made(base64_lines(only(a, "s")?.as_bytes()?, b)?))),
    ("base64.b32decode", |a, b| {
        let [s, fold, map] = a.bind(["s", "casefold", "map01"])?;
        let map = match map {
            None | Some(Concrete::None) => None,
            Some(map) => match ascii(map)? {
                [letter] => Some(*letter),
                _ => return None,
            },
        };
        base32(ascii(s?)?, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", flag_or(fold, false), map, b)
    }),
    ("base64.b32hexdecode", |a, b| {
        let [s, fold] = a.bind(["s", "casefold"])?;
        base32(ascii(s?)?, b"0123456789ABCDEFGHIJKLMNOPQRSTUV", flag_or(fold, false), None, b)
    }),
    ("base64.b32encode", |a, b| {
        let s = only(a, "s")?.as_bytes()?;
        b.produce(s.len().checked_mul(2)?)?;
        Some(made(base32_text(s)))
    }),
    ("base64.b16decode", |a, b| {
        let [s, fold] = a.bind(["s", "casefold"])?;
        let s = ascii(s?)?;
        if !flag_or(fold, false) && s.iter().any(u8::is_ascii_lowercase) {
            return None;
        }
        Some(decoded(unhex(s, b)?, "base16"))
    }),
    ("base64.b16encode", |a, b| {
        let s = only(a, "s")?.as_bytes()?;
        b.produce(s.len().checked_mul(2)?)?;
        Some(made(hex_text(s).to_ascii_uppercase()))
    }),
    ("base64.b85decode", |a, b| Some(decoded(base85(ascii(only(a, "b")?)?, b)?, "base85"))),
    ("base64.a85decode", |a, b| {
        let ([s], named) = (a.pos, a.named) else { return None };
        let (mut fold, mut adobe, mut ignored) = (false, false, &b" \t\n\r\x0b"[..]);
        for (name, value) in named {
            match name.as_str() {
                "foldspaces" => fold = super::truthy(value),
                "adobe" => adobe = super::truthy(value),
                "ignorechars" => ignored = value.as_bytes()?,
                _ => return None,
            }
        }
        Some(decoded(ascii85(ascii(s)?, fold, adobe, ignored, b)?, "ascii85"))
    }),
    ("binascii.a2b_base64", |a, b| {
        let (s, strict) = match (a.pos, a.named) {
            ([s], []) => (s, false),
            ([s], [(name, strict)]) if name == "strict_mode" => (s, super::truthy(strict)),
            _ => return None,
        };
        base64(s, None, strict, b)
    }),
    ("binascii.b2a_base64", |a, b| {
        let (s, newline) = match (a.pos, a.named) {
            ([s], []) => (s, true),
            ([s], [(name, newline)]) if name == "newline" => (s, super::truthy(newline)),
            _ => return None,
        };
        let mut text = base64_text(s.as_bytes()?, b)?;
        if newline {
            text.push(b'\n');
        }
        Some(made(text))
    }),
    ("binascii.unhexlify", |a, b| Some(decoded(unhex(ascii(only(a, "hexstr")?)?, b)?, "hex"))),
    ("binascii.a2b_hex", |a, b| Some(decoded(unhex(ascii(only(a, "hexstr")?)?, b)?, "hex"))),
    ("binascii.a2b_uu", |a, b| Some(decoded(uu(ascii(only(a, "data")?)?, b)?, "uu"))),
    ("binascii.a2b_qp", |a, b| Some(decoded(quoted_printable(ascii(only(a, "data")?)?, b)?, "quoted-printable"))),
    ("binascii.hexlify", hexlify),
    ("binascii.b2a_hex", hexlify),
    ("binascii.crc32", crc32),
    ("zlib.crc32", crc32),
    ("zlib.adler32", |a, b| {
        let [data, start] = a.bind(["", ""])?;
        let data = data?.as_bytes()?;
        b.step(data.len())?;
        let start = int_or(start, 1)? & 0xFFFF_FFFF;
        let (mut low, mut high) = ((start & 0xFFFF) % 65521, (start >> 16) % 65521);
        for byte in data {
            low = (low + i64::from(*byte)) % 65521;
            high = (high + low) % 65521;
        }
        Some(Concrete::Int(high << 16 | low).into())
    }),
    ("codecs.decode", |a, b| {
        let [object, encoding, errors] = a.bind(["obj", "encoding", "errors"])?;
        let (object, encoding, errors) = (object?, str_or(encoding, "utf-8")?, str_or(errors, "strict")?);
        if is_rot13(encoding) {
            return Some(Outcome::decoded(Concrete::text(&rot13(object.as_str()?, b)?), "rot13"));
        }
        let bytes = match object {
            Concrete::Str(s) => s.as_bytes(),
            other => other.as_bytes()?,
        };
        if let Some((bytes, coding)) = decode_bytes(bytes, encoding, b) {
            return Some(decoded(bytes, coding));
        }
        if object.as_str().is_some() && !encodings::takes_text(encoding) {
            return None;
        }
        encodings::decode(bytes, encoding, errors, b)
    }),
    ("codecs.encode", |a, b| {
        let [object, encoding, errors] = a.bind(["obj", "encoding", "errors"])?;
        let (object, encoding, errors) = (object?, str_or(encoding, "utf-8")?, str_or(errors, "strict")?);
        match object {
            Concrete::Str(s) if is_rot13(encoding) => Some(Outcome::decoded(Concrete::text(&rot13(s, b)?), "rot13")),
            Concrete::Str(s) => Some(made(encodings::encode(s, encoding, errors, b)?)),
            other => Some(made(encode_bytes(other.as_bytes()?, encoding, b)?)),
        }
    }),
];

/// The only parameter of a function, by its name.
fn only<'a>(a: &Args<'a>, name: &'static str) -> Option<&'a Concrete> {
    let [value] = a.bind([name])?;
    value
}

fn decoded(bytes: Vec<u8>, coding: &'static str) -> Outcome {
    Outcome::decoded(Concrete::Bytes(Arc::from(bytes)), coding)
}

/// One line of uuencoded data: its length, then six bits a character.
fn uu(line: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.produce(line.len())?;
    let line = line.trim_ascii_end();
    let (length, digits) = line.split_first()?;
    let value = |byte: u8| (0x20..=0x60).contains(&byte).then(|| u32::from(byte - 0x20) & 0x3f);
    let length = usize::try_from(value(*length)?).ok()?;
    // What is more than the length says is an error, and what is less is filled up with zeros by some releases only.
    if length == 0 || digits.len() > length.div_ceil(3) * 4 || digits.len() * 3 < length * 4 - 8 {
        return None;
    }
    let mut out = Vec::with_capacity(length);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            bits = (bits << 6) | group.get(place).map_or(Some(0), |byte| value(*byte))?;
        }
        out.extend(bits.to_be_bytes().get(1..)?);
    }
    // Spaces at the end of a line may have been cut.
    out.resize(length, 0);
    Some(out)
}

/// Quoted-printable, without the header form.
fn quoted_printable(text: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.produce(text.len())?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'=' {
            out.push(*first);
            continue;
        }
        if let Some(tail) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = tail;
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = rest.get(2..).unwrap_or_default();
            }
            // At the end it stands for nothing; a pair of them is one.
            None if rest.is_empty() => {}
            None => {
                rest = rest.strip_prefix(b"=").unwrap_or(rest);
                out.push(b'=');
            }
        }
    }
    Some(out)
}

fn made(bytes: Vec<u8>) -> Outcome {
    Concrete::Bytes(Arc::from(bytes)).into()
}

/// What the decoders of ASCII take: bytes, or text that is ASCII.
fn ascii(value: &Concrete) -> Option<&[u8]> {
    match value {
        Concrete::Str(s) => s.is_ascii().then_some(s.as_bytes()),
        other => other.as_bytes(),
    }
}

/// An encoding's name in the form codecs are looked up by.
pub(super) fn normalized(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['-', ' ', '.'], "_")
}

/// Whether a codec's name is one of rot13's.
pub(super) fn is_rot13(name: &str) -> bool {
    matches!(normalized(name).as_str(), "rot13" | "rot_13")
}

/// Rotates the ASCII letters by 13.
pub(super) fn rot13(text: &str, b: &mut Budget) -> Option<String> {
    b.produce(text.len())?;
    b.step(text.len())?;
    let turn =
        |c: char, first: u8| u8::try_from(u32::from(c)).map_or(c, |code| char::from((code - first + 13) % 26 + first));
    Some(
        text.chars()
            .map(|c| match c {
                'a'..='z' => turn(c, b'a'),
                'A'..='Z' => turn(c, b'A'),
                _ => c,
            })
            .collect(),
    )
}

/// Decodes with a codec from bytes to bytes; `None` also when the name is not one.
pub(super) fn decode_bytes(s: &[u8], encoding: &str, b: &mut Budget) -> Option<(Vec<u8>, &'static str)> {
    match normalized(encoding).as_str() {
        "hex" | "hex_codec" => Some((unhex(s, b)?, "hex")),
        "base64" | "base64_codec" | "base_64" => Some((unbase64(s, None, false, b)?, "base64")),
        "zlib" | "zlib_codec" | "zip" => Some((compress::zlib(s, 15, b)?, "zlib")),
        "bz2" | "bz2_codec" => Some((compress::bz2(s, b)?, "bz2")),
        _ => None,
    }
}

/// Encodes with a codec from bytes to bytes; compressing is not answered, since its bytes depend on the library.
pub(super) fn encode_bytes(s: &[u8], encoding: &str, b: &mut Budget) -> Option<Vec<u8>> {
    match normalized(encoding).as_str() {
        "hex" | "hex_codec" => {
            b.produce(s.len().checked_mul(2)?)?;
            Some(hex_text(s))
        }
        "base64" | "base64_codec" | "base_64" => base64_lines(s, b),
        _ => None,
    }
}

fn hex_text(s: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    s.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'))
        .collect()
}

fn hexlify(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [data, sep, group] = a.bind(["data", "sep", "bytes_per_sep"])?;
    let sep = sep.map_or(Some(None), |sep| ascii(sep).map(Some))?;
    let outcome = bytes::hex(data?.as_bytes()?, sep, int_or(group, 1)?, b)?;
    Some(made(outcome.value.as_str()?.as_bytes().to_vec()))
}

/// Pairs of hexadecimal digits.
fn unhex(s: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(s.len())?;
    b.produce(s.len() / 2)?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    s.chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// What a text in base64 holds, whatever the language that undoes it.
pub(crate) fn from_base64(text: &str, b: &mut Budget) -> Option<Vec<u8>> {
    unbase64(text.as_bytes(), None, false, b)
}

fn base64(s: &Concrete, alt: Option<&[u8]>, strict: bool, b: &mut Budget) -> Option<Outcome> {
    Some(decoded(unbase64(ascii(s)?, alt, strict, b)?, "base64"))
}

/// CPython's base64: unless strict, what is not of the alphabet is skipped, and what follows the padding is ignored.
fn unbase64(s: &[u8], alt: Option<&[u8]>, strict: bool, b: &mut Budget) -> Option<Vec<u8>> {
    b.step(s.len())?;
    b.produce(s.len() / 4 * 3)?;
    let alt = match alt {
        None => None,
        Some([plus, slash]) => Some((*plus, *slash)),
        Some(_) => return None,
    };
    let mut out = Vec::with_capacity(s.len() / 4 * 3);
    let (mut place, mut left, mut pads) = (0_u8, 0_u8, 0_u8);
    let mut ended = false;
    for byte in s {
        let byte = match alt {
            Some((plus, _)) if *byte == plus => b'+',
            Some((_, slash)) if *byte == slash => b'/',
            _ => *byte,
        };
        if strict && ended {
            return None;
        }
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                pads = pads.saturating_add(u8::from(place >= 2));
                if strict && place < 2 {
                    return None;
                }
                if place >= 2 && place + pads >= 4 {
                    ended = true;
                    if !strict {
                        break;
                    }
                }
                continue;
            }
            _ if strict => return None,
            _ => continue,
        };
        if strict && pads > 0 {
            return None;
        }
        pads = 0;
        match place {
            0 => {}
            1 => out.push(left << 2 | six >> 4),
            2 => out.push(left << 4 | six >> 2),
            _ => out.push(left << 6 | six),
        }
        left = match place {
            1 => six & 15,
            2 => six & 3,
            _ => six,
        };
        place = (place + 1) % 4;
    }
    (ended || place == 0).then_some(out)
}

fn base64_text(s: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    b.produce(s.len().checked_mul(2)?)?;
    let mut out = Vec::with_capacity(s.len() / 3 * 4 + 4);
    for chunk in s.chunks(3) {
        let group = chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for i in 0..4 {
            let six = group >> (18 - 6 * i) & 63;
            out.push(if i <= chunk.len() { *ALPHABET.get(six)? } else { b'=' });
        }
    }
    Some(out)
}

/// Lines of 76 characters, each with its line end.
fn base64_lines(s: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for line in s.chunks(57) {
        out.extend(base64_text(line, b)?);
        out.push(b'\n');
    }
    Some(out)
}

fn base32(s: &[u8], alphabet: &[u8; 32], fold: bool, map: Option<u8>, b: &mut Budget) -> Option<Outcome> {
    b.step(s.len())?;
    b.produce(s.len() / 8 * 5)?;
    if !s.len().is_multiple_of(8) {
        return None;
    }
    let body = s.strip_suffix(b"======").or_else(|| s.strip_suffix(b"====")).or_else(|| s.strip_suffix(b"==="));
    let body = body.or_else(|| s.strip_suffix(b"=")).unwrap_or(s);
    let mut out = Vec::with_capacity(s.len() / 8 * 5);
    let (mut bits, mut held) = (0_u32, 0_u64);
    for byte in body {
        let byte = match (map, *byte) {
            (Some(_), b'0') => b'O',
            (Some(letter), b'1') => letter,
            (_, byte) if fold => byte.to_ascii_uppercase(),
            (_, byte) => byte,
        };
        let five = alphabet.iter().position(|known| *known == byte)?;
        held = (held << 5 | five as u64) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
    }
    Some(decoded(out, "base32"))
}

fn base32_text(s: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = Vec::new();
    for chunk in s.chunks(5) {
        let group = chunk.iter().chain(&[0; 4]).take(5).fold(0_u64, |group, byte| group << 8 | u64::from(*byte));
        let full = (chunk.len() * 8).div_ceil(5);
        for i in 0..8_usize {
            let five = usize::try_from(group >> (35 - 5 * i) & 31).unwrap_or(0);
            out.push(if i < full { ALPHABET.get(five).copied().unwrap_or(b'=') } else { b'=' });
        }
    }
    out
}

/// Base85 as Git and Mercurial write it.
fn base85(s: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 85] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    b.step(s.len().checked_mul(8)?)?;
    b.produce(s.len())?;
    let mut out = Vec::with_capacity(s.len() / 5 * 4 + 4);
    for chunk in s.chunks(5) {
        let mut group = 0_u64;
        for i in 0..5 {
            let digit = match chunk.get(i) {
                Some(byte) => ALPHABET.iter().position(|known| known == byte)?,
                None => 84,
            };
            group = group * 85 + digit as u64;
        }
        let word = u32::try_from(group).ok()?.to_be_bytes();
        out.extend(word.iter().take(chunk.len() - 1));
    }
    Some(out)
}

/// Ascii85, with `z` for four zero bytes, `y` for four spaces, and Adobe's frame.
fn ascii85(s: &[u8], fold: bool, adobe: bool, ignored: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(s.len().checked_mul(4)?)?;
    let s = if adobe {
        let body = s.strip_suffix(b"~>")?;
        body.strip_prefix(b"<~").unwrap_or(body)
    } else {
        s
    };
    let mut out = Vec::new();
    let mut group: Vec<u8> = Vec::with_capacity(5);
    let word = |group: &[u8]| {
        let value = group.iter().fold(0_u64, |value, byte| value * 85 + u64::from(byte - b'!'));
        u32::try_from(value).ok().map(u32::to_be_bytes)
    };
    for byte in s {
        match byte {
            b'!'..=b'u' => {
                group.push(*byte);
                if group.len() == 5 {
                    b.produce(4)?;
                    out.extend(word(&group)?);
                    group.clear();
                }
            }
            b'z' | b'y' if *byte == b'z' || fold => {
                group.is_empty().then_some(())?;
                b.produce(4)?;
                out.extend(if *byte == b'z' { [0; 4] } else { *b"    " });
            }
            _ if ignored.contains(byte) => {}
            _ => return None,
        }
    }
    if !group.is_empty() {
        let kept = group.len() - 1;
        group.resize(5, b'u');
        out.extend(word(&group)?.into_iter().take(kept));
    }
    Some(out)
}

fn crc32(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [data, start] = a.bind(["", ""])?;
    let data = data?.as_bytes()?;
    b.step(data.len())?;
    let start = u32::try_from(int_or(start, 0)? & 0xFFFF_FFFF).ok()?;
    let crc = data.iter().fold(!start, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    Some(Concrete::Int(i64::from(!crc)).into())
}
