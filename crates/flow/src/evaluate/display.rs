//! `repr`, `str` and `ascii` of values.

use std::fmt::Write;

use super::{Budget, Concrete, MAX_DEPTH, classify, radix};

/// `repr(value)`
pub(super) fn repr(value: &Concrete, b: &mut Budget) -> Option<String> {
    let mut out = String::new();
    write(&mut out, value, MAX_DEPTH + 2, b)?;
    Some(out)
}

/// `str(value)`
pub(super) fn to_text(value: &Concrete, b: &mut Budget) -> Option<String> {
    match value {
        Concrete::Str(s) => {
            b.produce(s.len())?;
            Some(s.as_ref().to_owned())
        }
        _ => repr(value, b),
    }
}

/// `ascii(value)`
pub(super) fn ascii(value: &Concrete, b: &mut Budget) -> Option<String> {
    let repr = repr(value, b)?;
    b.produce(repr.len())?;
    let mut out = String::with_capacity(repr.len());
    for c in repr.chars() {
        if c.is_ascii() { out.push(c) } else { escape(&mut out, c)? }
    }
    Some(out)
}

fn write(out: &mut String, value: &Concrete, depth: usize, b: &mut Budget) -> Option<()> {
    b.step(1)?;
    let depth = depth.checked_sub(1)?;
    match value {
        Concrete::None => out.push_str("None"),
        Concrete::Ellipsis => out.push_str("Ellipsis"),
        // Values of another language have no such form.
        Concrete::Undefined | Concrete::Regex(..) => return None,
        Concrete::Bool(v) => out.push_str(if *v { "True" } else { "False" }),
        Concrete::Int(_) | Concrete::Big(_) => out.push_str(&radix::digits(value, 10, b)?),
        Concrete::Float(f) => out.push_str(&radix::float(*f)),
        Concrete::Str(s) => {
            b.produce(s.len() + 2)?;
            text(out, s)?;
        }
        Concrete::Bytes(s) => {
            b.produce(s.len() + 3)?;
            bytes(out, s)?;
        }
        Concrete::ByteArray(s) => {
            b.produce(s.len() + 14)?;
            out.push_str("bytearray(");
            bytes(out, s)?;
            out.push(')');
        }
        Concrete::List(items) => {
            out.push('[');
            separated(out, items, depth, b)?;
            out.push(']');
        }
        Concrete::Tuple(items) => {
            out.push('(');
            separated(out, items, depth, b)?;
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Concrete::Set(items) => match items.as_slice() {
            [] => out.push_str("set()"),
            [item] => {
                out.push('{');
                write(out, item, depth, b)?;
                out.push('}');
            }
            _ => return None,
        },
        Concrete::Dict(items) => {
            out.push('{');
            for (i, (key, value)) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write(out, key, depth, b)?;
                out.push_str(": ");
                write(out, value, depth, b)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn separated(out: &mut String, items: &[Concrete], depth: usize, b: &mut Budget) -> Option<()> {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(out, item, depth, b)?;
    }
    Some(())
}

fn escape(out: &mut String, c: char) -> Option<()> {
    let code = u32::from(c);
    match code {
        0..=0xFF => write!(out, "\\x{code:02x}"),
        0x100..=0xFFFF => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    }
    .ok()
}

/// A text's literal.
fn text(out: &mut String, s: &str) -> Option<()> {
    let quote = if s.contains('\'') && !s.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in s.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            _ if classify::printable(c) => out.push(c),
            _ => escape(out, c)?,
        }
    }
    out.push(quote);
    Some(())
}

/// A bytes literal.
fn bytes(out: &mut String, s: &[u8]) -> Option<()> {
    let quote = if s.contains(&b'\'') && !s.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for byte in s {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => {
                let c = char::from(*byte);
                if c == quote {
                    out.push('\\');
                }
                out.push(c);
            }
            _ => write!(out, "\\x{byte:02x}").ok()?,
        }
    }
    out.push(quote);
    Some(())
}
