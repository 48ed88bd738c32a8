//! Decompression, with the output bounded by the budget while it is produced.

use std::io::Read;
use std::sync::Arc;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::args::{Args, int_or};
use super::{Budget, Concrete, Handler, Outcome};

/// The most memory, in KiB, that an LZMA dictionary may ask for.
const LZMA_MEMORY: u32 = 64 * 1024;

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("zlib.decompress", |a, b| {
        let [data, wbits, _] = a.bind(["", "wbits", "bufsize"])?;
        done(zlib(data?.as_bytes()?, int_or(wbits, 15)?, b)?, "zlib")
    }),
    ("gzip.decompress", |a, b| done(gzip(only(a)?, b)?, "gzip")),
    ("bz2.decompress", |a, b| done(bz2(only(a)?, b)?, "bz2")),
    ("lzma.decompress", |a, b| done(lzma(only(a)?, b)?, "lzma")),
];

fn only<'a>(a: &Args<'a>) -> Option<&'a [u8]> {
    let [data] = a.bind(["data"])?;
    data?.as_bytes()
}

fn done(bytes: Vec<u8>, coding: &'static str) -> Option<Outcome> {
    Some(Outcome::decoded(Concrete::Bytes(Arc::from(bytes)), coding))
}

/// Reads to the end, or refuses once more comes out than the budget allows.
fn drain(mut reader: impl Read, b: &mut Budget) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let count = reader.read(&mut chunk).ok()?;
        if count == 0 {
            return Some(out);
        }
        b.produce(count)?;
        out.extend_from_slice(chunk.get(..count)?);
    }
}

/// `zlib.decompress`; what follows the stream is ignored.
pub(super) fn zlib(data: &[u8], wbits: i64, b: &mut Budget) -> Option<Vec<u8>> {
    b.step(data.len())?;
    let gzip = data.starts_with(&[0x1f, 0x8b]);
    match wbits {
        0 | 8..=15 => drain(ZlibDecoder::new(data), b),
        -15..=-8 => drain(DeflateDecoder::new(data), b),
        24..=31 => drain(flate2::read::GzDecoder::new(data), b),
        40..=47 if gzip => drain(flate2::read::GzDecoder::new(data), b),
        40..=47 => drain(ZlibDecoder::new(data), b),
        _ => None,
    }
}

fn gzip(data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(data.len())?;
    // CPython takes zero bytes after the last member for padding.
    let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |i| i + 1);
    // The trailer may end in zeros of its own.
    (end.min(data.len())..=(end + 8).min(data.len())).find_map(|end| drain(MultiGzDecoder::new(data.get(..end)?), b))
}

/// `bz2.decompress`: one stream or several.
pub(super) fn bz2(data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(data.len())?;
    if data.is_empty() {
        return Some(Vec::new());
    }
    drain(bzip2::read::MultiBzDecoder::new(data), b)
}

/// `lzma.decompress` of an `.xz` or `.lzma` file.
fn lzma(data: &[u8], b: &mut Budget) -> Option<Vec<u8>> {
    b.step(data.len())?;
    if data.starts_with(&[0xFD, b'7', b'z', b'X', b'Z', 0]) {
        return drain(lzma_rust2::XzReader::new_mem_limit(data, true, LZMA_MEMORY), b);
    }
    drain(lzma_rust2::LzmaReader::new_mem_limit(data, LZMA_MEMORY, None).ok()?, b)
}
