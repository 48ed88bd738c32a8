//! Sounds: what the `wave` module reads of a RIFF file.

use sluice_syntax::cursor::Cursor;

/// A sound as it lies in a file.
pub(crate) struct Sound<'a> {
    pub(crate) channels: u16,
    /// Bytes of one sample.
    pub(crate) width: u16,
    pub(crate) rate: u32,
    /// The samples of all channels, frame by frame.
    pub(crate) frames: &'a [u8],
}

impl Sound<'_> {
    /// Bytes of one frame.
    pub(crate) fn frame(&self) -> usize {
        usize::from(self.channels) * usize::from(self.width)
    }
}

fn short(bytes: &mut Cursor<'_>) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.take(2)?.try_into().ok()?))
}

/// Reads a sound. `None` for what is none. Each chunk is looked at once.
pub(crate) fn read(bytes: &[u8]) -> Option<Sound<'_>> {
    let mut file = Cursor::new(bytes);
    if file.take(4)? != b"RIFF" {
        return None;
    }
    file.take(4)?;
    if file.take(4)? != b"WAVE" {
        return None;
    }
    let mut format: Option<(u16, u16, u32)> = None;
    loop {
        let name = file.take(4)?;
        let size = usize::try_from(u32::from_le_bytes(file.take(4)?.try_into().ok()?)).ok()?;
        // A file that ends early gives what there is.
        let body = file.rest().get(..size.min(file.rest().len()))?;
        match name {
            b"fmt " => {
                let mut fields = Cursor::new(body);
                short(&mut fields)?;
                let channels = short(&mut fields)?;
                let rate = u32::from_le_bytes(fields.take(4)?.try_into().ok()?);
                fields.take(6)?;
                let bits = short(&mut fields)?;
                format = Some((channels, bits.div_ceil(8), rate));
            }
            b"data" => {
                let (channels, width, rate) = format?;
                let sound = Sound { channels, width, rate, frames: body };
                return (sound.frame() > 0).then_some(sound);
            }
            _ => {}
        }
        // Chunks begin at even places.
        file.take(size.checked_add(size % 2)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    /// A sound of one channel with a chunk of an odd length in front of the samples.
    fn sound(samples: &[u8]) -> Vec<u8> {
        let mut all = b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00".to_vec();
        all.extend(8_000_u32.to_le_bytes());
        all.extend(8_000_u32.to_le_bytes());
        all.extend(b"\x01\x00\x08\x00note\x03\x00\x00\x00abc\x00data");
        all.extend(u32::try_from(samples.len()).unwrap_or(0).to_le_bytes());
        all.extend(samples);
        all
    }

    #[test]
    fn frames_are_read_behind_other_chunks() {
        let bytes = sound(b"hello");
        let read = read(&bytes).expect("a sound");
        assert_eq!((read.channels, read.width, read.rate, read.frames), (1, 1, 8_000, &b"hello"[..]));
    }

    #[test]
    fn a_sound_that_is_cut_gives_what_there_is_and_anything_else_nothing() {
        let bytes = sound(b"hello");
        for end in 0..bytes.len() {
            let cut = bytes.get(..end).unwrap_or_default();
            let frames = read(cut).map(|sound| sound.frames.to_vec());
            assert!(frames.is_none_or(|frames| b"hello".starts_with(&frames)), "{end}");
        }
        assert!(read(b"RIFX\x00\x00\x00\x00WAVE").is_none());
        let mut endless = bytes.clone();
        endless.splice(40..44, [255; 4]);
        read(&endless);
    }
}
