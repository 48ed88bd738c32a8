//! Lines and columns of offsets in a text.

use super::Module;

/// How many Unicode scalar values stand in front of places of a text, so that none are counted twice.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Counts at every [`Columns::EVERY`] bytes; empty for a text that is not indexed.
    counts: Vec<u32>,
    /// True if each byte is a character.
    ascii: bool,
}

impl Columns {
    /// A place in a long line costs counting half of that, and the index a byte for each hundredth of the text.
    const EVERY: usize = 512;

    /// An index of the text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // A byte that begins no character is a continuation.
        let begins = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let mut counts = Vec::with_capacity(text.len() / Self::EVERY + 1);
        let mut count = 0_u32;
        for chunk in text.as_bytes().chunks(Self::EVERY) {
            counts.push(count);
            count = count.saturating_add(u32::try_from(begins(chunk)).unwrap_or(u32::MAX));
        }
        Self { counts, ascii: count as usize == text.len() }
    }

    /// Scalar values between two offsets that lie on boundaries.
    fn between(&self, text: &str, start: usize, end: usize) -> usize {
        if self.ascii && end <= text.len() {
            return end.saturating_sub(start);
        }
        let plain = |start: usize, end: usize| text.get(start..end).map_or(0, |text| text.chars().count());
        if end.saturating_sub(start) < Self::EVERY || self.counts.is_empty() {
            return plain(start, end);
        }
        let before = |offset: usize| {
            let at = offset / Self::EVERY;
            let bytes = text.as_bytes().get(at * Self::EVERY..offset).unwrap_or_default();
            let count = self.counts.get(at).copied().unwrap_or(0) as usize;
            count + bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
        };
        before(end).saturating_sub(before(start))
    }
}

impl Module {
    /// 1-based line and 1-based column, the column counted in Unicode scalar values.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        self.line_column_by(&Columns::default(), offset)
    }

    /// The same with an index of the text, for many places in long lines.
    #[must_use]
    pub fn line_column_by(&self, columns: &Columns, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = columns.between(&self.text, start as usize, offset as usize);
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Byte offsets of the starts of lines of a text; `\n`, `\r\n` and a lone `\r` end a line.
    #[must_use]
    pub fn find_line_starts(text: &str) -> Vec<u32> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for position in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes.get(position) == Some(&b'\r') && bytes.get(position + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(u32::try_from(position + 1).unwrap_or(u32::MAX));
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Module};
    use crate::ir::Language;

    #[test]
    fn an_index_gives_the_same_columns() {
        let text = "aä€😀".repeat(3_000) + "\nb" + &"é".repeat(5_000);
        let module = Module {
            text: text.as_str().into(),
            line_starts: Module::find_line_starts(&text),
            ..crate::parse("x.py", "", Language::Python)
        };
        let columns = Columns::of(&text);
        for (offset, _) in text.char_indices().step_by(997) {
            let offset = u32::try_from(offset).unwrap_or(0);
            assert_eq!(module.line_column_by(&columns, offset), module.line_column(offset), "{offset}");
        }
    }
}
