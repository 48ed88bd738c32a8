//! How requests and answers stand on a pipe: a magic word, a number, a length, the bytes.
//!
//! The number of an answer is that of its request, so that output of any other origin is never taken for an answer.

use std::io::{self, Read, Write};

const MAGIC: [u8; 4] = *b"SLW1";

/// What stood on a pipe where a frame was expected.
#[derive(Debug)]
pub(crate) enum Received {
    Frame {
        number: u64,
        bytes: Vec<u8>,
    },
    /// The other side closed the pipe between two frames.
    End,
    /// The other side closed the pipe in the middle of a frame, or the pipe broke.
    Broken,
    /// Something that is no frame.
    Garbage,
    /// A frame larger than is taken.
    TooLarge,
}

pub(crate) fn write(to: &mut dyn Write, number: u64, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&MAGIC)?;
    to.write_all(&number.to_le_bytes())?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// Reads one frame of at most `most` bytes. Memory grows with what arrives, not with what is announced.
pub(crate) fn read(from: &mut dyn Read, most: u64) -> Received {
    let mut magic = Vec::with_capacity(MAGIC.len());
    if from.take(MAGIC.len() as u64).read_to_end(&mut magic).is_err() {
        return Received::Broken;
    }
    if magic.is_empty() {
        return Received::End;
    }
    if magic != MAGIC {
        return if MAGIC.starts_with(&magic) { Received::Broken } else { Received::Garbage };
    }
    let (mut number, mut length) = ([0; 8], [0; 8]);
    if from.read_exact(&mut number).is_err() || from.read_exact(&mut length).is_err() {
        return Received::Broken;
    }
    let length = u64::from_le_bytes(length);
    if length > most {
        return Received::TooLarge;
    }
    let mut bytes = Vec::new();
    match from.take(length).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 == length => Received::Frame { number: u64::from_le_bytes(number), bytes },
        _ => Received::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_written() {
        let mut pipe = Vec::new();
        write(&mut pipe, 7, b"hello").unwrap();
        write(&mut pipe, 8, b"").unwrap();
        let mut pipe = pipe.as_slice();
        assert!(matches!(read(&mut pipe, 5), Received::Frame { number: 7, bytes } if bytes == b"hello"));
        assert!(matches!(read(&mut pipe, 5), Received::Frame { number: 8, bytes } if bytes.is_empty()));
        assert!(matches!(read(&mut pipe, 5), Received::End));
    }

    #[test]
    fn what_is_no_frame_is_told_apart() {
        let mut pipe = Vec::new();
        write(&mut pipe, 1, b"hello").unwrap();
        assert!(matches!(read(&mut pipe.as_slice(), 4), Received::TooLarge));
        assert!(matches!(read(&mut &pipe[..pipe.len() - 1], 5), Received::Broken));
        assert!(matches!(read(&mut &pipe[..2], 5), Received::Broken));
        assert!(matches!(read(&mut b"hello there".as_slice(), 5), Received::Garbage));
        // A length that no memory could hold is refused before anything is reserved for it.
        let mut huge = MAGIC.to_vec();
        huge.extend([0; 8]);
        huge.extend([0xff; 8]);
        assert!(matches!(read(&mut huge.as_slice(), u64::MAX - 1), Received::TooLarge));
    }
}
