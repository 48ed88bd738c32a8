//! Compressed streams: every member of a file is read, and what stands after the last is counted.

use std::cell::Cell;
use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::limits::Limits;
use crate::magic::{ZSTD, skip_frames};

/// A compression format of whole files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    /// LZMA without a container, as old writers of `.tar.lzma` left it.
    Lzma,
    Zstd,
}

enum Decoder<'a> {
    Gzip(Box<GzDecoder<&'a [u8]>>),
    Bzip2(Box<BzDecoder<&'a [u8]>>),
    Xz(Box<XzReader<&'a [u8]>>),
    Lzma(Box<LzmaReader<&'a [u8]>>),
    Zstd(Box<StreamingDecoder<&'a [u8], FrameDecoder>>),
    /// A member whose header cannot be read: why.
    Unreadable(String),
}

/// A file of one or more compressed members, read as one stream.
///
/// Installers read all members. A decoder that stops after the first would leave out content without an error.
pub(super) struct Stream<'a> {
    codec: Codec,
    decoder: Option<Decoder<'a>>,
    members: u64,
    trailing: u64,
    xz_kib: u32,
}

impl<'a> Stream<'a> {
    pub(super) fn new(codec: Codec, bytes: &'a [u8], limits: &Limits) -> Self {
        let xz_kib = u32::try_from(limits.xz_memory / 1024).unwrap_or(u32::MAX - 1);
        let mut stream = Self { codec, decoder: None, members: 0, trailing: 0, xz_kib };
        stream.start(bytes);
        stream
    }

    /// Compressed members begun so far.
    pub(super) fn members(&self) -> u64 {
        self.members
    }

    /// Bytes after the last member; known once the stream has been read to its end.
    pub(super) fn trailing(&self) -> u64 {
        self.trailing
    }

    fn start(&mut self, bytes: &'a [u8]) {
        self.members += 1;
        self.decoder = Some(match self.codec {
            Codec::Gzip => Decoder::Gzip(Box::new(GzDecoder::new(bytes))),
            Codec::Bzip2 => Decoder::Bzip2(Box::new(BzDecoder::new(bytes))),
            Codec::Xz => Decoder::Xz(Box::new(XzReader::new_mem_limit(bytes, false, self.xz_kib))),
            Codec::Lzma => match LzmaReader::new_mem_limit(bytes, self.xz_kib, None) {
                Ok(decoder) => Decoder::Lzma(Box::new(decoder)),
                Err(error) => Decoder::Unreadable(error.to_string()),
            },
            // The decoder refuses windows of more than 100 MiB by itself.
            Codec::Zstd => match StreamingDecoder::new(skip_frames(bytes)) {
                Ok(decoder) => Decoder::Zstd(Box::new(decoder)),
                Err(error) => Decoder::Unreadable(error.to_string()),
            },
        });
    }

    /// Goes on to the next member, if there is one.
    fn next_member(&mut self) {
        let rest: &'a [u8] = match self.decoder.take() {
            Some(Decoder::Gzip(decoder)) => decoder.into_inner(),
            Some(Decoder::Bzip2(decoder)) => decoder.into_inner(),
            Some(Decoder::Xz(decoder)) => decoder.into_inner(),
            Some(Decoder::Zstd(decoder)) => skip_frames(decoder.into_inner()),
            // Such a stream has no sign by which a second one could be known.
            Some(Decoder::Lzma(decoder)) => {
                self.trailing = decoder.into_inner().len() as u64;
                return;
            }
            Some(Decoder::Unreadable(_)) | None => return,
        };
        let padding = rest.iter().take_while(|&&b| b == 0).count();
        let rest = rest.get(padding..).unwrap_or_default();
        let magic: &[u8] = match self.codec {
            Codec::Gzip => b"\x1f\x8b\x08",
            Codec::Bzip2 => b"BZh",
            Codec::Xz => b"\xfd7zXZ\0",
            Codec::Zstd => ZSTD,
            Codec::Lzma => return,
        };
        if rest.starts_with(magic) {
            self.start(rest);
        } else {
            self.trailing = rest.len() as u64;
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.decoder {
                None => return Ok(0),
                Some(Decoder::Gzip(decoder)) => decoder.read(buffer),
                Some(Decoder::Bzip2(decoder)) => decoder.read(buffer),
                Some(Decoder::Xz(decoder)) => decoder.read(buffer),
                Some(Decoder::Lzma(decoder)) => decoder.read(buffer),
                Some(Decoder::Zstd(decoder)) => decoder.read(buffer),
                Some(Decoder::Unreadable(why)) => Err(io::Error::new(io::ErrorKind::InvalidData, why.clone())),
            };
            match read {
                Ok(0) => self.next_member(),
                other => return other,
            }
        }
    }
}

/// A reader that stops with an error, and says why in `tripped`, when it has given more than the limits allow.
pub(super) struct Metered<'a, R> {
    inner: R,
    packed: u64,
    unpacked: u64,
    limits: &'a Limits,
    tripped: &'a Cell<Option<&'static str>>,
}

impl<'a, R: Read> Metered<'a, R> {
    pub(super) fn new(inner: R, packed: u64, limits: &'a Limits, tripped: &'a Cell<Option<&'static str>>) -> Self {
        Self { inner, packed, unpacked: 0, limits, tripped }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.tripped.get() {
            return Err(io::Error::other(why));
        }
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        if self.limits.is_bomb(self.packed, self.unpacked) {
            self.tripped.set(Some("unpacks to far more than an honest archive does"));
        } else if self.unpacked > self.limits.package_bytes.saturating_mul(2) {
            self.tripped.set(Some("unpacks to more than is read of one target"));
        }
        match self.tripped.get() {
            Some(why) => Err(io::Error::other(why)),
            None => Ok(read),
        }
    }
}
