//! `re.sub`, `re.findall`, `re.split` and `re.escape`, for the patterns that mean the same to the `regex` crate.
//!
//! That crate takes time linear in the text, so that no pattern makes the host hang. A pattern is refused when its
//! syntax reads differently in the two dialects, when it may match the empty string (the two go on differently after
//! such a match), and when a class depends on Unicode properties and the text is not ASCII.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, Look};

use super::args::{Args, int_or};
use super::{Budget, Concrete, Handler, Outcome, list_of, tuple_of};

/// The most bytes a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("re.sub", |a, b| substitute(a, false, b)),
    ("re.subn", |a, b| substitute(a, true, b)),
    ("re.findall", |a, b| {
        let [pattern, text, flags] = a.bind(["pattern", "string", "flags"])?;
        let text = text?.as_str()?;
        let pattern = compile(pattern?.as_str()?, int_or(flags, 0)?, text, b)?;
        let mut found = Vec::new();
        for captures in pattern.captures_iter(text) {
            let groups: Vec<Concrete> =
                captures.iter().map(|group| Concrete::text(group.map_or("", |group| group.as_str()))).collect();
            b.produce(captures.get_match().len() * groups.len())?;
            found.push(match groups.as_slice() {
                [whole] => whole.clone(),
                [_, only] => only.clone(),
                [_, several @ ..] => tuple_of(several.to_vec(), b)?,
                [] => return None,
            });
        }
        Some(list_of(found, b)?.into())
    }),
    ("re.split", |a, b| {
        let [pattern, text, limit, flags] = a.bind(["pattern", "string", "maxsplit", "flags"])?;
        let text = text?.as_str()?;
        let pattern = compile(pattern?.as_str()?, int_or(flags, 0)?, text, b)?;
        let limit = limit_of(limit)?;
        let mut parts = Vec::new();
        let mut from = 0;
        for captures in pattern.captures_iter(text).take(limit) {
            let whole = captures.get_match();
            b.produce(text.len() / 64 + whole.len() * captures.len())?;
            parts.push(Concrete::text(text.get(from..whole.start())?));
            parts.extend(
                captures
                    .iter()
                    .skip(1)
                    .map(|group| group.map_or(Concrete::None, |group| Concrete::text(group.as_str()))),
            );
            from = whole.end();
        }
        parts.push(Concrete::text(text.get(from..)?));
        b.produce(text.len())?;
        Some(list_of(parts, b)?.into())
    }),
    ("re.escape", |a, b| {
        let text = a.one()?.as_str()?;
        b.produce(text.len().checked_mul(2)?)?;
        let mut escaped = String::new();
        for c in text.chars() {
            if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        Some(Concrete::text(&escaped).into())
    }),
];

/// How many matches a count allows: 0 is all of them.
fn limit_of(count: Option<&Concrete>) -> Option<usize> {
    Some(match int_or(count, 0)? {
        0 => usize::MAX,
        count => usize::try_from(count).unwrap_or(0),
    })
}

/// Compiles a pattern that means the same in both dialects on this text.
fn compile(pattern: &str, flags: i64, text: &str, b: &mut Budget) -> Option<Regex> {
    b.step(pattern.len().checked_mul(64)?.checked_add(text.len().checked_mul(4)?)?)?;
    // IGNORECASE, MULTILINE and DOTALL; UNICODE is the default.
    if flags & !(2 | 8 | 16 | 32) != 0 {
        return None;
    }
    let ignore_case = flags & 2 != 0;
    let plain = alike(pattern)?;
    // ASCII text, without the separators that only Python takes for white space.
    let simple = text.bytes().all(|byte| byte.is_ascii() && !(0x1c..=0x1f).contains(&byte));
    if !simple && (ignore_case || !plain) {
        return None;
    }
    let hir: Hir = regex_syntax::ParserBuilder::new()
        .case_insensitive(ignore_case)
        .multi_line(flags & 8 != 0)
        .dot_matches_new_line(flags & 16 != 0)
        .nest_limit(64)
        .build()
        .parse(pattern)
        .ok()?;
    let properties = hir.properties();
    if properties.minimum_len().unwrap_or(0) == 0 {
        return None;
    }
    // Python's `$` also matches before a line end that ends the text.
    if properties.look_set().contains(Look::End) && text.ends_with('\n') {
        return None;
    }
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(flags & 8 != 0)
        .dot_matches_new_line(flags & 16 != 0)
        .nest_limit(64)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
        .ok()
}

/// Reads a pattern for syntax that differs; the answer tells whether it is free of classes by Unicode property.
fn alike(pattern: &str) -> Option<bool> {
    let mut plain = true;
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    let mut quantified = false;
    while let Some(c) = chars.next() {
        let mut quantifier = false;
        match c {
            '\\' => match chars.next()? {
                'w' | 'W' | 's' | 'S' | 'd' | 'D' | 'b' => plain = false,
                'A' | 'n' | 't' | 'r' | 'f' | 'v' | 'a' if !class => {}
                'n' | 't' | 'r' | 'f' | 'v' | 'a' => {}
                'x' => {
                    (chars.next()?.is_ascii_hexdigit() && chars.next()?.is_ascii_hexdigit()).then_some(())?;
                }
                escaped if escaped.is_ascii_punctuation() && !matches!(escaped, '<' | '>') => {}
                _ => return None,
            },
            '[' if class => return None,
            '[' => {
                class = true;
                chars.next_if_eq(&'^');
                chars.next_if_eq(&']');
            }
            ']' if class => class = false,
            '&' | '~' | '-' if class && chars.peek() == Some(&c) => return None,
            _ if class => {}
            '(' if chars.peek() == Some(&'?') => {
                chars.next();
                match chars.next()? {
                    ':' => {}
                    'P' => (chars.next()? == '<').then_some(())?,
                    _ => return None,
                }
            }
            '(' => {}
            '*' | '+' | '?' => {
                // A question mark after a quantifier makes it lazy in both; anything else there differs.
                if quantified && c != '?' {
                    return None;
                }
                quantifier = !(quantified && c == '?');
                if quantified && matches!(chars.peek(), Some('*' | '+' | '?' | '{')) {
                    return None;
                }
            }
            '{' => {
                if quantified || !matches!(chars.peek(), Some('0'..='9')) {
                    return None;
                }
                loop {
                    match chars.next()? {
                        '0'..='9' | ',' => {}
                        '}' => break,
                        _ => return None,
                    }
                }
                quantifier = true;
            }
            '}' | ']' => return None,
            _ => {}
        }
        quantified = quantifier;
    }
    (!class).then_some(plain)
}

/// A piece of a replacement.
enum Piece {
    Text(String),
    Group(usize),
    Name(String),
}

/// Reads a replacement with its references to groups.
fn replacement(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        let escape = chars.next()?;
        let piece = match escape {
            'n' => {
                plain.push('\n');
                continue;
            }
            't' => {
                plain.push('\t');
                continue;
            }
            'r' => {
                plain.push('\r');
                continue;
            }
            '\\' => {
                plain.push('\\');
                continue;
            }
            '1'..='9' => {
                // Two digits may be a group or an octal escape.
                if chars.peek().is_some_and(char::is_ascii_digit) {
                    return None;
                }
                Piece::Group(usize::try_from(escape.to_digit(10)?).ok()?)
            }
            'g' => {
                (chars.next()? == '<').then_some(())?;
                let mut name = String::new();
                loop {
                    match chars.next()? {
                        '>' => break,
                        c => name.push(c),
                    }
                }
                name.parse().map_or(Piece::Name(name), Piece::Group)
            }
            c if !c.is_ascii_alphanumeric() => {
                plain.push('\\');
                plain.push(c);
                continue;
            }
            _ => return None,
        };
        pieces.push(Piece::Text(std::mem::take(&mut plain)));
        pieces.push(piece);
    }
    pieces.push(Piece::Text(plain));
    Some(pieces)
}

fn substitute(a: &Args<'_>, counted: bool, b: &mut Budget) -> Option<Outcome> {
    let [pattern, new, text, count, flags] = a.bind(["pattern", "repl", "string", "count", "flags"])?;
    let text = text?.as_str()?;
    let pattern = compile(pattern?.as_str()?, int_or(flags, 0)?, text, b)?;
    let pieces = replacement(new?.as_str()?)?;
    let mut out = String::new();
    let (mut from, mut changes) = (0, 0);
    b.produce(text.len())?;
    for captures in pattern.captures_iter(text).take(limit_of(count)?) {
        let whole = captures.get_match();
        out.push_str(text.get(from..whole.start())?);
        for piece in &pieces {
            let part = match piece {
                Piece::Text(text) => text,
                Piece::Group(i) if *i < captures.len() => captures.get(*i).map_or("", |group| group.as_str()),
                Piece::Group(_) => return None,
                Piece::Name(name) => {
                    pattern.capture_names().flatten().any(|known| known == name).then_some(())?;
                    captures.name(name).map_or("", |group| group.as_str())
                }
            };
            b.produce(part.len())?;
            out.push_str(part);
        }
        from = whole.end();
        changes += 1;
    }
    out.push_str(text.get(from..)?);
    let value = Concrete::text(&out);
    Some(if counted { tuple_of(vec![value, Concrete::Int(changes)], b)?.into() } else { value.into() })
}
