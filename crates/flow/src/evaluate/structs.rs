//! `struct.pack`, `unpack` and `calcsize`.

use super::args::Args;
use super::order::exact;
use super::{Budget, Concrete, Handler, Outcome, numbers, truthy, tuple_of};
use num_traits::ToPrimitive;

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("struct.pack", pack),
    ("struct.unpack", |a, b| {
        let (layout, data) = a.two()?;
        let data = data.as_bytes()?;
        let layout = Layout::read(layout, b)?;
        (layout.size == data.len()).then_some(())?;
        unpack(&layout, data, b)
    }),
    ("struct.unpack_from", |a, b| {
        let [layout, data, at] = a.bind(["", "buffer", "offset"])?;
        let layout = Layout::read(layout?, b)?;
        let at = usize::try_from(super::args::int_or(at, 0)?).ok()?;
        unpack(&layout, data?.as_bytes()?.get(at..)?, b)
    }),
    ("struct.calcsize", |a, b| Some(Concrete::Int(i64::try_from(Layout::read(a.one()?, b)?.size).ok()?).into())),
];

/// One field: its code, its offset and its size in bytes.
struct Field {
    code: char,
    at: usize,
    size: usize,
}

/// A format, laid out. Native sizes and alignment are those of 64-bit little-endian machines.
struct Layout {
    fields: Vec<Field>,
    size: usize,
    big: bool,
}

impl Layout {
    fn read(format: &Concrete, b: &mut Budget) -> Option<Self> {
        let text = match format {
            Concrete::Str(s) => s.as_ref(),
            Concrete::Bytes(s) => std::str::from_utf8(s).ok()?,
            _ => return None,
        };
        let mut chars = text.chars().peekable();
        let order = chars.next_if(|c| matches!(c, '@' | '=' | '<' | '>' | '!')).unwrap_or('@');
        let native = order == '@';
        let mut layout = Self { fields: Vec::new(), size: 0, big: matches!(order, '>' | '!') };
        while let Some(c) = chars.next() {
            if c.is_ascii_whitespace() {
                continue;
            }
            let mut count = None;
            let mut code = c;
            while let Some(digit) = code.to_digit(10) {
                count = Some(count.unwrap_or(0_usize).checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)?);
                code = chars.next()?;
            }
            let size = match code {
                'x' | 'c' | 'b' | 'B' | '?' | 's' | 'p' => 1,
                'h' | 'H' | 'e' => 2,
                'i' | 'I' | 'f' => 4,
                'l' | 'L' => {
                    if native {
                        8
                    } else {
                        4
                    }
                }
                'q' | 'Q' | 'd' => 8,
                'n' | 'N' | 'P' if native => 8,
                _ => return None,
            };
            let count = count.unwrap_or(1);
            if native {
                layout.size = layout.size.checked_next_multiple_of(size)?;
            }
            let total = size.checked_mul(count)?;
            b.produce(total)?;
            let end = layout.size.checked_add(total)?;
            match code {
                'x' => {}
                's' | 'p' => layout.fields.push(Field { code, at: layout.size, size: count }),
                _ => {
                    b.produce(count.checked_mul(size_of::<Field>())?)?;
                    layout.fields.extend((0..count).map(|i| Field { code, at: layout.size + i * size, size }));
                }
            }
            layout.size = end;
        }
        Some(layout)
    }
}

fn pack(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let (format, values) = a.positional()?.split_first()?;
    let layout = Layout::read(format, b)?;
    (layout.fields.len() == values.len()).then_some(())?;
    b.produce(layout.size)?;
    let mut out = vec![0; layout.size];
    for (field, value) in layout.fields.iter().zip(values) {
        let place = out.get_mut(field.at..field.at + field.size)?;
        match field.code {
            's' | 'p' => {
                let bytes = value.as_bytes()?;
                let place = if field.code == 'p' {
                    let (length, rest) = place.split_first_mut()?;
                    *length = u8::try_from(bytes.len().min(rest.len()).min(255)).ok()?;
                    rest
                } else {
                    place
                };
                for (to, from) in place.iter_mut().zip(bytes) {
                    *to = *from;
                }
                continue;
            }
            'c' => {
                let Concrete::Bytes(bytes) = value else { return None };
                let [byte] = bytes.as_ref() else { return None };
                place.fill(*byte);
                continue;
            }
            '?' => {
                place.fill(u8::from(truthy(value)));
                continue;
            }
            _ => {}
        }
        let word = match field.code {
            'd' => numbers::as_float(value)?.to_bits(),
            'f' => {
                let wide = numbers::as_float(value)?;
                let narrow = wide as f32;
                if narrow.is_infinite() && wide.is_finite() {
                    return None;
                }
                u64::from(narrow.to_bits())
            }
            'e' => return None,
            code if code.is_ascii_lowercase() => {
                let n = exact(value)?.to_i64()?;
                let limit = 1_i128 << (field.size * 8 - 1);
                (-limit..limit).contains(&i128::from(n)).then_some(n as u64)?
            }
            _ => {
                let n = exact(value)?.to_u64()?;
                (u128::from(n) >> (field.size * 8) == 0).then_some(n)?
            }
        };
        let bytes = word.to_le_bytes();
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = from;
        }
        if layout.big {
            place.reverse();
        }
    }
    Some(Concrete::bytes(&out).into())
}

fn unpack(layout: &Layout, data: &[u8], b: &mut Budget) -> Option<Outcome> {
    let mut values = Vec::new();
    (data.len() >= layout.size).then_some(())?;
    for field in &layout.fields {
        let bytes = data.get(field.at..field.at + field.size)?;
        let mut room = [0; 8];
        for (i, to) in room.iter_mut().enumerate().take(field.size) {
            let from = if layout.big { field.size - 1 - i } else { i };
            *to = *bytes.get(from)?;
        }
        let word = u64::from_le_bytes(room);
        values.push(match field.code {
            's' => Concrete::bytes(bytes),
            'p' => {
                let (length, rest) = bytes.split_first()?;
                Concrete::bytes(rest.get(..usize::from(*length).min(rest.len()))?)
            }
            'c' => Concrete::bytes(bytes),
            '?' => Concrete::Bool(word != 0),
            'd' => Concrete::Float(f64::from_bits(word)),
            'f' => Concrete::Float(f64::from(f32::from_bits(u32::try_from(word).ok()?))),
            'e' => Concrete::Float(half(u16::try_from(word).ok()?)),
            code if code.is_ascii_lowercase() => {
                let unused = 64 - 8 * u32::try_from(field.size).ok()?;
                Concrete::Int((word << unused) as i64 >> unused)
            }
            _ => Concrete::integer(word.into()),
        });
    }
    Some(tuple_of(values, b)?.into())
}

/// A float of 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let mantissa = f64::from(bits & 0x3FF);
    match (bits >> 10) & 0x1F {
        0 => sign * mantissa * 2.0_f64.powi(-24),
        0x1F if mantissa == 0.0 => sign * f64::INFINITY,
        0x1F => f64::NAN,
        exponent => sign * (1024.0 + mantissa) * 2.0_f64.powi(i32::from(exponent) - 25),
    }
}
