//! `marshal.loads` of plain data. A code object stays the bytes that it is.

use std::sync::Arc;

use num_bigint::BigInt;
use sluice_syntax::cursor::Cursor;

use super::{Budget, Concrete, Handler, MAX_DEPTH, Outcome, dict_of, list_of, set_of, tuple_of};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[("marshal.loads", |a, b| {
    let data = a.one()?.as_bytes()?;
    if data.first().is_some_and(|kind| kind & 0x7F == b'c') {
        b.step(data.len())?;
        sluice_syntax::bytecode::read(data)?;
        return Some(Outcome::decoded(Concrete::Bytes(Arc::from(data)), "marshal"));
    }
    let mut reader = Reader { bytes: Cursor::new(data), known: Vec::new() };
    Some(Outcome::decoded(reader.value(MAX_DEPTH, b)?, "marshal"))
})];

/// What is left of the data, and the values that later data may refer to.
struct Reader<'a> {
    bytes: Cursor<'a>,
    known: Vec<Option<Concrete>>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize, b: &mut Budget) -> Option<Concrete> {
        b.step(1)?;
        let kind = self.bytes.byte()?;
        // A place is kept before the parts are read, because CPython numbers containers ahead of what they hold.
        let place = (kind & 0x80 != 0).then(|| {
            self.known.push(None);
            self.known.len() - 1
        });
        let value = self.body(kind & 0x7F, depth.checked_sub(1)?, b)?;
        if let Some(place) = place {
            *self.known.get_mut(place)? = Some(value.clone());
        }
        Some(value)
    }

    fn body(&mut self, kind: u8, depth: usize, b: &mut Budget) -> Option<Concrete> {
        Some(match kind {
            b'N' => Concrete::None,
            b'T' => Concrete::Bool(true),
            b'F' => Concrete::Bool(false),
            b'.' => Concrete::Ellipsis,
            b'i' => Concrete::Int(i64::from(self.bytes.long()?)),
            b'l' => self.digits(b)?,
            b'g' => Concrete::Float(f64::from_le_bytes(self.bytes.take(8)?.try_into().ok()?)),
            b's' => {
                let count = self.bytes.size()?;
                Concrete::bytes(self.charged(count, b)?)
            }
            b'u' | b't' => {
                let count = self.bytes.size()?;
                self.text(count, b)?
            }
            b'a' | b'A' => {
                let count = self.bytes.size()?;
                self.ascii(count, b)?
            }
            b'z' | b'Z' => {
                let count = usize::from(self.bytes.byte()?);
                self.ascii(count, b)?
            }
            b'(' => {
                let count = self.bytes.size()?;
                tuple_of(self.items(count, depth, b)?, b)?
            }
            b')' => {
                let count = usize::from(self.bytes.byte()?);
                tuple_of(self.items(count, depth, b)?, b)?
            }
            b'[' => {
                let count = self.bytes.size()?;
                list_of(self.items(count, depth, b)?, b)?
            }
            b'<' | b'>' => {
                let count = self.bytes.size()?;
                set_of(self.items(count, depth, b)?, b)?
            }
            b'{' => {
                let mut pairs = Vec::new();
                while *self.bytes.rest().first()? != b'0' {
                    let key = self.value(depth, b)?;
                    pairs.push((key, self.value(depth, b)?));
                }
                self.bytes.byte()?;
                dict_of(pairs, b)?
            }
            b'r' => {
                let place = self.bytes.size()?;
                self.known.get(place)?.clone()?
            }
            _ => return None,
        })
    }

    fn charged(&mut self, count: usize, b: &mut Budget) -> Option<&'a [u8]> {
        let bytes = self.bytes.take(count)?;
        b.produce(count)?;
        Some(bytes)
    }

    fn text(&mut self, count: usize, b: &mut Budget) -> Option<Concrete> {
        Some(Concrete::Str(Arc::from(std::str::from_utf8(self.charged(count, b)?).ok()?)))
    }

    fn ascii(&mut self, count: usize, b: &mut Budget) -> Option<Concrete> {
        let bytes = self.charged(count, b)?;
        bytes.is_ascii().then(|| Concrete::text(&super::text::of_latin1(bytes)))
    }

    fn items(&mut self, count: usize, depth: usize, b: &mut Budget) -> Option<Vec<Concrete>> {
        // Every item takes a byte at least.
        (count <= self.bytes.rest().len()).then_some(())?;
        (0..count).map(|_| self.value(depth, b)).collect()
    }

    /// An integer in digits of 15 bits.
    fn digits(&mut self, b: &mut Budget) -> Option<Concrete> {
        let size = self.bytes.long()?;
        let count = usize::try_from(size.unsigned_abs()).ok()?;
        let bytes = self.charged(count.checked_mul(2)?, b)?;
        b.step(count.saturating_mul(count / 32))?;
        let mut value = BigInt::ZERO;
        for pair in bytes.chunks_exact(2).rev() {
            let digit = u16::from_le_bytes(pair.try_into().ok()?);
            (digit < 1 << 15).then_some(())?;
            value = (value << 15) + digit;
        }
        Some(Concrete::integer(if size < 0 { -value } else { value }))
    }
}
