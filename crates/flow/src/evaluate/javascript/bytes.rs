//! Buffers and typed arrays of bytes: what `Buffer.from` reads, and their methods.

use std::sync::Arc;

use super::convert::{to_integer, to_text};
use super::{number_of, range};
use crate::evaluate::{Budget, Concrete, Outcome};

/// Base64 as `Buffer.from(text, "base64")` and `atob` read it: both alphabets, anything else is passed over, padding
/// may be missing.
pub(super) fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or(0));
        }
    }
    bytes
}

/// Base64 with padding.
pub(super) fn to_base64(bytes: &[u8], alphabet_of_urls: bool) -> String {
    let letters: &[u8; 64] = if alphabet_of_urls {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    } else {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                let letter = usize::try_from((bits >> (18 - 6 * place)) & 63).unwrap_or(0);
                text.push(char::from(letters.get(letter).copied().unwrap_or(b'A')));
            } else if !alphabet_of_urls {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes of a text in an encoding that Node knows.
pub(super) fn encode(text: &str, encoding: &str) -> Option<(Vec<u8>, Option<&'static str>)> {
    Some(match encoding.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "" => (text.as_bytes().to_vec(), None),
        "base64" | "base64url" => (from_base64(text), Some("base64")),
        "hex" => {
            let mut bytes = Vec::with_capacity(text.len() / 2);
            for pair in text.as_bytes().chunks_exact(2) {
                match std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                    Some(byte) => bytes.push(byte),
                    None => break,
                }
            }
            (bytes, Some("hex"))
        }
        "latin1" | "binary" | "ascii" => {
            (text.chars().map(|c| u8::try_from(u32::from(c) & 0xff).unwrap_or(0)).collect(), None)
        }
        "utf16le" | "utf-16le" | "ucs2" | "ucs-2" => (text.encode_utf16().flat_map(u16::to_le_bytes).collect(), None),
        _ => return None,
    })
}

/// The text of bytes in an encoding that Node knows.
pub(super) fn decode(bytes: &[u8], encoding: &str) -> Option<String> {
    Some(match encoding.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "" => String::from_utf8_lossy(bytes).into_owned(),
        "base64" => to_base64(bytes, false),
        "base64url" => to_base64(bytes, true),
        "hex" => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        "latin1" | "binary" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        "ascii" => bytes.iter().map(|byte| char::from(*byte & 0x7f)).collect(),
        "utf16le" | "utf-16le" | "ucs2" | "ucs-2" => {
            let units: Vec<u16> =
                bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => return None,
    })
}

pub(super) fn method(bytes: &Arc<[u8]>, name: &str, args: &[Concrete], budget: &mut Budget) -> Option<Outcome> {
    budget.step(bytes.len() / 16 + 1)?;
    let value = match name {
        "toString" | "toLocaleString" => {
            let encoding = match args.first() {
                None | Some(Concrete::Undefined | Concrete::None) => Arc::from("utf8"),
                Some(value) => to_text(value)?,
            };
            let (start, end) = range(bytes.len(), args.get(1..).unwrap_or_default());
            let text = decode(bytes.get(start..end)?, &encoding)?;
            budget.produce(text.len())?;
            Concrete::Str(Arc::from(text))
        }
        "slice" | "subarray" => {
            let (start, end) = range(bytes.len(), args);
            budget.produce(end - start)?;
            Concrete::bytes(bytes.get(start..end)?)
        }
        "reverse" | "toReversed" => {
            budget.produce(bytes.len())?;
            let turned: Vec<u8> = bytes.iter().rev().copied().collect();
            return Some(Outcome { value: Concrete::bytes(&turned), coding: Some("reverse") });
        }
        "readUInt8" | "at" => {
            let at = usize::try_from(args.first().map_or(0, to_integer)).ok()?;
            Concrete::Int(i64::from(*bytes.get(at)?))
        }
        "join" => {
            let separator = args.first().map_or_else(|| Some(Arc::from(",")), to_text)?;
            budget.produce(bytes.len().checked_mul(separator.len() + 3)?)?;
            let words: Vec<String> = bytes.iter().map(u8::to_string).collect();
            Concrete::Str(Arc::from(words.join(&separator)))
        }
        "indexOf" => {
            let wanted = u8::try_from(to_integer(args.first()?)).ok()?;
            bytes.iter().position(|byte| *byte == wanted).map_or(Concrete::Int(-1), number_of)
        }
        _ => return None,
    };
    Some(value.into())
}
