//! Ciphers of known bytes with a known key: what hides text whose key lies beside it.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};

use super::{Budget, Concrete, Handler, digest};

/// Bytes of a block.
const BLOCK: usize = 16;
/// Bytes in front of and behind what a Fernet token holds: version, time, initialization vector, HMAC.
const FERNET_HEAD: usize = 1 + 8 + BLOCK;
const FERNET_MAC: usize = 32;

/// The cipher with a key.
enum Keyed {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

impl Keyed {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::Short),
            24 => Aes192::new_from_slice(key).ok().map(Self::Middle),
            32 => Aes256::new_from_slice(key).ok().map(Self::Long),
            _ => None,
        }
    }

    fn back(&self, block: &mut Block) {
        match self {
            Self::Short(cipher) => cipher.decrypt_block(block),
            Self::Middle(cipher) => cipher.decrypt_block(block),
            Self::Long(cipher) => cipher.decrypt_block(block),
        }
    }

    fn forth(&self, block: &mut Block) {
        match self {
            Self::Short(cipher) => cipher.encrypt_block(block),
            Self::Middle(cipher) => cipher.encrypt_block(block),
            Self::Long(cipher) => cipher.encrypt_block(block),
        }
    }
}

/// A block with these bytes in front, zeros behind.
fn block(bytes: &[u8]) -> Block {
    let mut block = Block::default();
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

/// Decrypts with AES. `mode` is `ecb`, `cbc`, `cfb` (of whole blocks), `cfb8`, `ofb` or `ctr`; `start` is the
/// initialization vector, or the first block of the counter.
pub fn aes(mode: &str, key: &[u8], start: &[u8], data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(data.len())?;
    b.produce(data.len())?;
    let cipher = Keyed::new(key)?;
    let whole = data.len().is_multiple_of(BLOCK);
    if (matches!(mode, "ecb" | "cbc") && !whole) || (mode != "ecb" && start.len() != BLOCK) {
        return None;
    }
    let mut before = block(start);
    let mut out = Vec::with_capacity(data.len());
    if mode == "cfb8" {
        b.step(data.len().checked_mul(4)?)?;
        let mut register = start.to_vec();
        for byte in data {
            let mut one = block(&register);
            cipher.forth(&mut one);
            out.push(byte ^ one.first()?);
            register.remove(0);
            register.push(*byte);
        }
        return Some(out);
    }
    for part in data.chunks(BLOCK) {
        match mode {
            "ecb" | "cbc" => {
                let mut one = block(part);
                cipher.back(&mut one);
                if mode == "cbc" {
                    one.iter_mut().zip(&before).for_each(|(to, from)| *to ^= from);
                    before = block(part);
                }
                out.extend_from_slice(&one);
            }
            "cfb" | "ofb" | "ctr" => {
                let mut stream = before;
                cipher.forth(&mut stream);
                out.extend(part.iter().zip(&stream).map(|(byte, mask)| byte ^ mask));
                match mode {
                    "cfb" => before = block(part),
                    "ofb" => before = stream,
                    _ => {
                        for byte in before.iter_mut().rev() {
                            *byte = byte.wrapping_add(1);
                            if *byte != 0 {
                                break;
                            }
                        }
                    }
                }
            }
            _ => return None,
        }
    }
    Some(out)
}

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[("Crypto.Util.Padding.unpad", |a, b| {
    let [data, size, style] = a.bind(["padded_data", "block_size", "style"])?;
    let (data, size) = (data?.as_bytes()?, usize::try_from(size?.as_i64()?).ok()?);
    if style.is_some_and(|style| style.as_str() != Some("pkcs7")) {
        return None;
    }
    let padding = usize::from(*data.last()?);
    let length = data.len().checked_sub(padding).filter(|_| (1..=size).contains(&padding))?;
    b.produce(length)?;
    Some(Concrete::bytes(data.get(..length)?).into())
})];

/// Decrypts with RC4.
pub fn rc4(key: &[u8], data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    (!key.is_empty()).then_some(())?;
    b.step(data.len())?;
    b.produce(data.len())?;
    let mut state: Vec<u8> = (0..=u8::MAX).collect();
    let mut other = 0_u8;
    for (at, part) in (0..=u8::MAX).zip(key.iter().cycle()) {
        other = other.wrapping_add(*state.get(usize::from(at))?).wrapping_add(*part);
        state.swap(usize::from(at), usize::from(other));
    }
    let (mut at, mut other) = (0_u8, 0_u8);
    let mut out = Vec::with_capacity(data.len());
    for byte in data {
        at = at.wrapping_add(1);
        other = other.wrapping_add(*state.get(usize::from(at))?);
        state.swap(usize::from(at), usize::from(other));
        let sum = state.get(usize::from(at))?.wrapping_add(*state.get(usize::from(other))?);
        out.push(byte ^ state.get(usize::from(sum))?);
    }
    Some(out)
}

/// The text of a Fernet token, as bytes before base64, for a key of 32 bytes.
pub fn fernet(key: &[u8], token: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    let (signing, cipher) = key.split_at_checked(BLOCK)?;
    let (signed, mac) = token.split_at_checked(token.len().checked_sub(FERNET_MAC)?)?;
    (cipher.len() == BLOCK && signed.first() == Some(&0x80)).then_some(())?;
    (digest("sha256", Some(signing), signed, b)? == mac).then_some(())?;
    let start = signed.get(FERNET_HEAD - BLOCK..FERNET_HEAD)?;
    let mut text = aes("cbc", cipher, start, signed.get(FERNET_HEAD..)?, b)?;
    let padding = usize::from(*text.last()?);
    let length = text.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
    text.truncate(length);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{aes, fernet, rc4};
    use crate::evaluate::Budget;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    /// The examples of NIST SP 800-38A.
    #[test]
    fn the_published_examples_come_out() {
        let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
        let start = bytes("000102030405060708090a0b0c0d0e0f");
        let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let plain = bytes("6bc1bee22e409f96e93d7e117393172a");
        for (mode, start, data) in [
            ("ecb", &start, "3ad77bb40d7a3660a89ecaf32466ef97"),
            ("cbc", &start, "7649abac8119b246cee98e9b12e9197d"),
            ("cfb", &start, "3b3fd92eb72dad20333449f8e83cfb4a"),
            ("ofb", &start, "3b3fd92eb72dad20333449f8e83cfb4a"),
            ("ctr", &counter, "874d6191b620e3261bef6864990db6ce"),
        ] {
            let mut budget = Budget::new(10_000, 10_000);
            assert_eq!(aes(mode, &key, start, &bytes(data), &mut budget).as_deref(), Some(&*plain), "{mode}");
        }
        let mut budget = Budget::new(10_000, 10_000);
        assert_eq!(aes("cbc", &key, &start, &[0; 15], &mut budget), None, "no whole block");
        assert_eq!(aes("cbc", &key[..5], &start, &[0; 16], &mut budget), None, "no key");
    }

    #[test]
    fn rc4_is_its_own_inverse_and_gives_the_published_bytes() {
        let mut budget = Budget::new(10_000, 10_000);
        assert_eq!(rc4(b"Key", b"Plaintext", &mut budget), Some(bytes("bbf316e8d940af0ad3")));
        assert_eq!(rc4(b"", b"Plaintext", &mut budget), None);
    }

    #[test]
    fn a_token_that_is_not_signed_with_the_key_gives_nothing() {
        let mut budget = Budget::new(10_000, 10_000);
        assert_eq!(fernet(&[1; 32], &[0x80; 73], &mut budget), None);
        assert_eq!(fernet(&[1; 32], &[], &mut budget), None);
    }
}
