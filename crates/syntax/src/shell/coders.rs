//! What programs that only change text make of it: escapes, base64, hex, `tr`.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// A text with the escapes of `echo -e`, `printf` and `$'…'` undone.
pub(super) fn unescaped(text: &str) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut buffer = [0; 4];
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        let digits = |radix: u32, most: usize, chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut value = 0u32;
            let mut count = 0;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)).filter(|_| count < most) {
                value = value.wrapping_mul(radix).wrapping_add(digit);
                count += 1;
                chars.next();
            }
            (count > 0).then_some(value)
        };
        match chars.next() {
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('r') => bytes.push(b'\r'),
            Some('x') => bytes.extend(digits(16, 2, &mut chars).and_then(|value| u8::try_from(value).ok())),
            Some(kind @ ('u' | 'U')) => {
                let most = if kind == 'u' { 4 } else { 8 };
                if let Some(c) = digits(16, most, &mut chars).and_then(char::from_u32) {
                    bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                }
            }
            Some(first @ '0'..='7') => {
                let value = digits(8, 3 - usize::from(first != '0'), &mut chars);
                let shift = if value.is_some_and(|value| value > 7) { 64 } else { 8 };
                let high = first.to_digit(8).unwrap_or(0) * if value.is_some() { shift } else { 1 };
                bytes.push(u8::try_from((high + value.unwrap_or(0)) & 0xff).unwrap_or(0));
            }
            Some(next) => bytes.extend_from_slice(next.encode_utf8(&mut buffer).as_bytes()),
            None => bytes.push(b'\\'),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What `base64 -d` prints, if that is text.
pub(super) fn from_base64(text: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let clean: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(clean).ok()?;
    String::from_utf8(bytes).ok()
}

/// What `xxd -r -p` prints, if that is text.
pub(super) fn from_hex(text: &str) -> Option<String> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).filter_map(|digit| u8::try_from(digit).ok()).collect();
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    String::from_utf8(bytes).ok()
}

/// The characters of a set of `tr`: `A-Za-z`.
pub(super) fn set_of(text: &str) -> Option<Vec<char>> {
    let chars: Vec<char> = text.chars().collect();
    let mut set = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        if first == '[' && chars.get(at + 1) == Some(&':') {
            return None;
        }
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(&last)) if first <= last => {
                set.extend(first..=last);
                at += 3;
            }
            _ => {
                set.push(first);
                at += 1;
            }
        }
        if set.len() > 4096 {
            return None;
        }
    }
    Some(set)
}
