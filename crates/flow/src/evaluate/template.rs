//! `str.format`.

use smol_str::SmolStr;

use super::collections::lookup;
use super::{Budget, Concrete, format, sequence};

/// The arguments of a template, and how its fields number them.
struct Fields<'a> {
    pos: &'a [Concrete],
    named: &'a [(SmolStr, Concrete)],
    /// The next automatic number; `None` once a field was numbered by hand.
    next: Option<usize>,
}

/// `template.format(*pos, **named)`
pub(super) fn format(
    template: &str,
    pos: &[Concrete],
    named: &[(SmolStr, Concrete)],
    b: &mut Budget,
) -> Option<String> {
    let mut fields = Fields { pos, named, next: Some(0) };
    fields.expand(template, 2, b)
}

impl<'a> Fields<'a> {
    /// Expands a template, or a specification inside one: fields nest two levels deep.
    fn expand(&mut self, template: &str, depth: usize, b: &mut Budget) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        b.step(template.len())?;
        b.produce(template.len())?;
        let mut out = String::new();
        let mut chars = template.chars();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.as_str().starts_with('{') => {
                    chars.next();
                    out.push('{');
                }
                '}' => {
                    (chars.next()? == '}').then_some(())?;
                    out.push('}');
                }
                '{' => {
                    let (field, rest) = enclosed(chars.as_str())?;
                    chars = rest.chars();
                    let piece = self.field(field, depth, b)?;
                    b.produce(piece.len())?;
                    out.push_str(&piece);
                }
                _ => out.push(c),
            }
        }
        Some(out)
    }

    fn field(&mut self, field: &str, depth: usize, b: &mut Budget) -> Option<String> {
        let (name, conversion, spec) = parts(field)?;
        let value = self.value(name, b)?;
        let spec = if spec.contains(['{', '}']) { self.expand(spec, depth, b)? } else { spec.to_owned() };
        format::converted(&value, conversion, &spec, b)
    }

    fn value(&mut self, name: &str, b: &mut Budget) -> Option<Concrete> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut path) = name.split_at_checked(end)?;
        let mut value = if first.is_empty() {
            let next = self.next?;
            self.next = Some(next + 1);
            self.pos.get(next)?.clone()
        } else if first.bytes().all(|byte| byte.is_ascii_digit()) {
            // Numbering by hand and automatic numbering do not mix.
            if self.next.is_some_and(|next| next > 0) {
                return None;
            }
            self.next = None;
            self.pos.get(first.parse::<usize>().ok()?)?.clone()
        } else {
            self.named.iter().find(|(known, _)| known == first)?.1.clone()
        };
        while !path.is_empty() {
            let (key, rest) = path.strip_prefix('[')?.split_once(']')?;
            value = match (&value, key.parse::<i64>()) {
                (Concrete::Dict(items), Err(_)) => lookup(items, &Concrete::text(key), b)??.1.clone(),
                (_, Ok(i)) if !key.starts_with(['-', '+']) => sequence::index(&value, &Concrete::Int(i))?,
                _ => return None,
            };
            path = rest;
        }
        Some(value)
    }
}

/// The inside of a field, up to the brace that closes it, and what follows. A brace inside `[…]` is part of a key.
fn enclosed(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut key) = (0_usize, false);
    for (i, c) in text.char_indices() {
        match c {
            '[' if depth == 0 => key = true,
            ']' => key = false,
            '{' if !key => depth += 1,
            '}' if !key => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some((text.get(..i)?, text.get(i + 1..)?)),
            },
            _ => {}
        }
    }
    None
}

/// Name, conversion and specification of a field.
fn parts(field: &str) -> Option<(&str, Option<char>, &str)> {
    let mut key = false;
    let end = field.char_indices().find(|(_, c)| {
        match c {
            '[' => key = true,
            ']' => key = false,
            _ => {}
        }
        !key && matches!(c, '!' | ':')
    });
    let Some((end, mark)) = end else { return Some((field, None, "")) };
    let (name, rest) = (field.get(..end)?, field.get(end + 1..)?);
    if name.contains(['{', '}']) && !name.contains('[') {
        return None;
    }
    if mark == ':' {
        return Some((name, None, rest));
    }
    let mut chars = rest.chars();
    let conversion = chars.next()?;
    match chars.next() {
        None => Some((name, Some(conversion), "")),
        Some(':') => Some((name, Some(conversion), chars.as_str())),
        Some(_) => None,
    }
}
