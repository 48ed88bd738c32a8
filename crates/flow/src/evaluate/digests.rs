//! Digests and checksums of known bytes: what keys are derived from.

use std::sync::Arc;

use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::args::{Args, int_or};
use super::{Budget, Concrete, Handler, Outcome};

/// Steps that one round of a key derivation costs.
const STEPS_PER_ROUND: usize = 20;

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("hashlib.pbkdf2_hmac", |a, b| {
        let [kind, password, salt, rounds, length] =
            a.bind(["hash_name", "password", "salt", "iterations", "dklen"])?;
        let kind = kind?.as_str()?.to_ascii_lowercase();
        let (password, salt) = (password?.as_bytes()?, salt?.as_bytes()?);
        let rounds = usize::try_from(rounds?.as_i64()?).ok().filter(|rounds| *rounds > 0)?;
        let size = digest(&kind, None, b"", b)?.len();
        let length = match length {
            None | Some(Concrete::None) => size,
            Some(length) => usize::try_from(length.as_i64()?).ok()?,
        };
        bytes(derived(&kind, password, salt, rounds, length, b)?)
    }),
    ("hmac.digest", |a, b| {
        let [key, message, kind] = a.bind(["key", "msg", "digest"])?;
        let kind = kind?.as_str()?.to_ascii_lowercase();
        bytes(digest(&kind, Some(key?.as_bytes()?), message?.as_bytes()?, b)?)
    }),
    ("zlib.crc32", crc),
    ("binascii.crc32", crc),
    ("zlib.adler32", |a, b| {
        let [data, start] = a.bind(["", ""])?;
        let data = data?.as_bytes()?;
        b.step(data.len())?;
        let start = u32::try_from(int_or(start, 1)?).ok()?;
        let (mut low, mut high) = (start & 0xFFFF, start >> 16);
        for byte in data {
            low = (low + u32::from(*byte)) % 65_521;
            high = (high + low) % 65_521;
        }
        Some(Concrete::Int(i64::from(high << 16 | low)).into())
    }),
];

fn bytes(data: Vec<u8>) -> Option<Outcome> {
    Some(Concrete::Bytes(Arc::from(data)).into())
}

fn crc(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [data, start] = a.bind(["", ""])?;
    let data = data?.as_bytes()?;
    b.step(data.len())?;
    if int_or(start, 0)? != 0 {
        return None;
    }
    let mut crc = flate2::Crc::new();
    crc.update(data);
    Some(Concrete::Int(i64::from(crc.sum())).into())
}

/// True for an algorithm that [`digest`] knows.
#[must_use]
pub fn is_digest(kind: &str) -> bool {
    matches!(kind, "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512")
}

/// The digest of some bytes, or with a key their HMAC.
pub fn digest(kind: &str, key: Option<&[u8]>, data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(cost(data) + key.map_or(0, cost) + 8)?;
    match kind {
        "md5" => Some(one::<Md5>(key, data, 64)),
        "sha1" => Some(one::<Sha1>(key, data, 64)),
        "sha224" => Some(one::<Sha224>(key, data, 64)),
        "sha256" => Some(one::<Sha256>(key, data, 64)),
        "sha384" => Some(one::<Sha384>(key, data, 128)),
        "sha512" => Some(one::<Sha512>(key, data, 128)),
        _ => None,
    }
}

/// Steps that digesting some bytes costs.
fn cost(data: &[u8]) -> usize {
    data.len() / 4
}

/// The states of an HMAC behind its key, inner and outer.
fn keyed<D: Digest>(key: &[u8], block: usize) -> (D, D) {
    let mut padded = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(block, 0);
    let state = |mask: u8| {
        let pad: Vec<u8> = padded.iter().map(|byte| byte ^ mask).collect();
        D::new_with_prefix(pad)
    };
    (state(0x36), state(0x5C))
}

fn one<D: Digest>(key: Option<&[u8]>, data: &[u8], block: usize) -> Vec<u8> {
    match key {
        None => D::digest(data).to_vec(),
        Some(key) => {
            let (inner, outer) = keyed::<D>(key, block);
            let inner = inner.chain_update(data).finalize();
            outer.chain_update(inner).finalize().to_vec()
        }
    }
}

/// PBKDF2 with the HMAC of a digest.
pub(super) fn derived(
    kind: &str,
    password: &[u8],
    salt: &[u8],
    rounds: usize,
    length: usize,
    b: &mut Budget,
) -> Option<Vec<u8>> {
    b.produce(length)?;
    b.step(cost(password))?;
    match kind {
        "md5" => stretched::<Md5>(password, salt, rounds, length, 64, b),
        "sha1" => stretched::<Sha1>(password, salt, rounds, length, 64, b),
        "sha224" => stretched::<Sha224>(password, salt, rounds, length, 64, b),
        "sha256" => stretched::<Sha256>(password, salt, rounds, length, 64, b),
        "sha384" => stretched::<Sha384>(password, salt, rounds, length, 128, b),
        "sha512" => stretched::<Sha512>(password, salt, rounds, length, 128, b),
        _ => None,
    }
}

fn stretched<D: Digest + Clone>(
    password: &[u8],
    salt: &[u8],
    rounds: usize,
    length: usize,
    block: usize,
    b: &mut Budget,
) -> Option<Vec<u8>> {
    let (inner, outer) = keyed::<D>(password, block);
    let mac = |data: &[u8]| {
        let inside = inner.clone().chain_update(data).finalize();
        outer.clone().chain_update(inside).finalize().to_vec()
    };
    let mut out = Vec::new();
    let mut number = 1_u32;
    while out.len() < length {
        b.step(rounds.checked_mul(STEPS_PER_ROUND)?.checked_add(cost(salt))?)?;
        let mut last = mac(&[salt, &number.to_be_bytes()].concat());
        let mut sum = last.clone();
        for _ in 1..rounds {
            last = mac(&last);
            sum.iter_mut().zip(&last).for_each(|(to, from)| *to ^= from);
        }
        out.extend(sum);
        number = number.checked_add(1)?;
    }
    out.truncate(length);
    Some(out)
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hex_of(data: &[u8]) -> String {
    data.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
