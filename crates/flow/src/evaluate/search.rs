//! What text and bytes have in common: finding, splitting, replacing, trimming, joining.
//!
//! Text is handled as its UTF-8 bytes. A search for valid UTF-8 in valid UTF-8 only matches at character boundaries,
//! so that the two need one implementation; only positions are converted.

use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memmem;

use super::args::{Args, bound_of, int_or, switch_or};
use super::collections::{list_of, tuple_of};
use super::sequence::{ordered, same_kind, span};
use super::{Budget, Concrete, Outcome};

/// Which of the three types a result has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bytes,
    ByteArray,
}

impl Kind {
    pub(super) fn is_text(self) -> bool {
        self == Self::Text
    }

    /// A value of this kind, whose bytes are already paid for.
    pub(super) fn build(self, bytes: Vec<u8>) -> Option<Concrete> {
        Some(match self {
            Self::Text => Concrete::Str(Arc::from(String::from_utf8(bytes).ok()?)),
            Self::Bytes => Concrete::Bytes(Arc::from(bytes)),
            Self::ByteArray => Concrete::ByteArray(Arc::from(bytes)),
        })
    }

    /// A copy of these bytes as a value, paid for here.
    pub(super) fn copy(self, bytes: &[u8], b: &mut Budget) -> Option<Concrete> {
        b.produce(bytes.len())?;
        self.build(bytes.to_vec())
    }
}

/// The kind and the bytes of text or bytes.
pub(super) fn view(value: &Concrete) -> Option<(Kind, &[u8])> {
    match value {
        Concrete::Str(s) => Some((Kind::Text, s.as_bytes())),
        Concrete::Bytes(s) => Some((Kind::Bytes, s)),
        Concrete::ByteArray(s) => Some((Kind::ByteArray, s)),
        _ => None,
    }
}

/// The bytes at which a text's or bytes' positions begin and end.
struct Window {
    from: usize,
    to: usize,
}

fn char_len(kind: Kind, s: &[u8]) -> usize {
    if kind.is_text() { s.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() } else { s.len() }
}

/// The byte offset of the `n`th position.
fn offset(kind: Kind, s: &[u8], n: usize) -> usize {
    if !kind.is_text() || s.is_ascii() {
        return n.min(s.len());
    }
    s.iter().enumerate().filter(|(_, byte)| (**byte & 0xC0) != 0x80).nth(n).map_or(s.len(), |(i, _)| i)
}

fn window(kind: Kind, s: &[u8], lower: Option<&Concrete>, upper: Option<&Concrete>) -> Option<Option<Window>> {
    let len = char_len(kind, s);
    let lower = bound_of(lower)?;
    let upper = bound_of(upper)?;
    let (start, count) = span(len, lower, upper, 1)?;
    // A start beyond the end selects nothing, not even the empty string at the end.
    let beyond = lower.is_some_and(|v| usize::try_from(v).is_ok_and(|v| v > len));
    let stop = upper.map_or(len as i64, |v| if v < 0 { (v + len as i64).max(0) } else { v.min(len as i64) });
    if beyond || stop < start {
        return Some(None);
    }
    let start = usize::try_from(start).ok()?;
    Some(Some(Window { from: offset(kind, s, start), to: offset(kind, s, start + count) }))
}

/// The methods that text and bytes share. `None` also means that the name is not one of them.
pub(super) fn method(kind: Kind, s: &[u8], name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    b.step(s.len() / 16)?;
    let value = match name {
        "find" | "rfind" | "index" | "rindex" => find(kind, s, name, args)?,
        "count" => count(kind, s, args, b)?,
        "startswith" | "endswith" => affix(kind, s, name == "startswith", args)?,
        "removeprefix" => {
            let affix = same_kind(kind, args.one()?)?;
            kind.copy(s.strip_prefix(affix).unwrap_or(s), b)?
        }
        "removesuffix" => {
            let affix = same_kind(kind, args.one()?)?;
            kind.copy(s.strip_suffix(affix).unwrap_or(s), b)?
        }
        "replace" => {
            let [old, new, limit] = args.bind(["", "", "count"])?;
            replace(kind, s, same_kind(kind, old?)?, same_kind(kind, new?)?, int_or(limit, -1)?, b)?
        }
        "partition" | "rpartition" => {
            let sep = same_kind(kind, args.one()?)?;
            (!sep.is_empty()).then_some(())?;
            let at = if name == "partition" { memmem::find(s, sep) } else { memmem::rfind(s, sep) };
            let parts: [&[u8]; 3] = match at {
                Some(i) => [s.get(..i)?, sep, s.get(i + sep.len()..)?],
                None if name == "partition" => [s, &[], &[]],
                None => [&[], &[], s],
            };
            let parts: Option<Vec<_>> = parts.into_iter().map(|part| kind.copy(part, b)).collect();
            tuple_of(parts?, b)?
        }
        "split" | "rsplit" => {
            let [sep, limit] = args.bind(["sep", "maxsplit"])?;
            let limit = usize::try_from(int_or(limit, -1)?).unwrap_or(usize::MAX);
            let parts = match sep {
                None | Some(Concrete::None) => words(kind, s, limit, name == "rsplit", b)?,
                Some(sep) => split(s, same_kind(kind, sep)?, limit, name == "rsplit", b)?,
            };
            let parts: Option<Vec<_>> = parts.into_iter().map(|part| kind.copy(part, b)).collect();
            list_of(parts?, b)?
        }
        "join" => join(kind, s, args.one()?, b)?,
        "strip" | "lstrip" | "rstrip" => strip(kind, s, name, args, b)?,
        "splitlines" => {
            let [keep] = args.bind(["keepends"])?;
            let parts: Option<Vec<_>> =
                lines(kind, s, switch_or(keep, false)?).into_iter().map(|part| kind.copy(part, b)).collect();
            list_of(parts?, b)?
        }
        "expandtabs" => {
            let [size] = args.bind(["tabsize"])?;
            expand_tabs(kind, s, int_or(size, 8)?, b)?
        }
        "center" | "ljust" | "rjust" => justify(kind, s, name, args, b)?,
        "zfill" => {
            let width = usize::try_from(args.one()?.as_i64()?.max(0)).ok()?;
            let missing = width.saturating_sub(char_len(kind, s));
            b.produce(missing.checked_add(s.len())?)?;
            let signed = missing > 0 && matches!(s.first(), Some(b'+' | b'-'));
            let (sign, digits) = s.split_at(usize::from(signed));
            kind.build([sign, &vec![b'0'; missing], digits].concat())?
        }
        _ => return None,
    };
    Some(value.into())
}

/// What `find`, `count` and their kin look for: bytes also take a single byte as an integer.
fn needle<'a>(kind: Kind, value: &'a Concrete, room: &'a mut [u8; 1]) -> Option<&'a [u8]> {
    if let Some(bytes) = same_kind(kind, value) {
        return Some(bytes);
    }
    if kind.is_text() {
        return None;
    }
    *room = [u8::try_from(value.as_i64()?).ok()?];
    Some(room)
}

fn find(kind: Kind, s: &[u8], name: &str, args: &Args<'_>) -> Option<Concrete> {
    let [wanted, lower, upper] = args.bind(["", "", ""])?;
    let mut room = [0];
    let wanted = needle(kind, wanted?, &mut room)?;
    let found = window(kind, s, lower, upper)?.and_then(|w| {
        let part = s.get(w.from..w.to)?;
        let at = if name.starts_with('r') { memmem::rfind(part, wanted) } else { memmem::find(part, wanted) }?;
        Some(char_len(kind, s.get(..w.from + at)?))
    });
    match found {
        Some(at) => Some(Concrete::Int(i64::try_from(at).ok()?)),
        None if name.ends_with("find") => Some(Concrete::Int(-1)),
        None => None,
    }
}

fn count(kind: Kind, s: &[u8], args: &Args<'_>, b: &mut Budget) -> Option<Concrete> {
    let [wanted, lower, upper] = args.bind(["", "", ""])?;
    let mut room = [0];
    let wanted = needle(kind, wanted?, &mut room)?;
    b.step(s.len() / 4)?;
    let Some(w) = window(kind, s, lower, upper)? else { return Some(Concrete::Int(0)) };
    let part = s.get(w.from..w.to)?;
    let count = if wanted.is_empty() { char_len(kind, part) + 1 } else { memmem::find_iter(part, wanted).count() };
    Some(Concrete::Int(i64::try_from(count).ok()?))
}

fn affix(kind: Kind, s: &[u8], front: bool, args: &Args<'_>) -> Option<Concrete> {
    let [wanted, lower, upper] = args.bind(["", "", ""])?;
    let wanted = match wanted? {
        Concrete::Tuple(items) => items.iter().map(|item| same_kind(kind, item)).collect::<Option<Vec<_>>>()?,
        one => vec![same_kind(kind, one)?],
    };
    let found = match window(kind, s, lower, upper)? {
        None => false,
        Some(w) => {
            let part = s.get(w.from..w.to)?;
            wanted.iter().any(|affix| if front { part.starts_with(affix) } else { part.ends_with(affix) })
        }
    };
    Some(Concrete::Bool(found))
}

/// `s.replace(old, new, limit)`, with the length known before the result is built.
pub(super) fn replace(kind: Kind, s: &[u8], old: &[u8], new: &[u8], limit: i64, b: &mut Budget) -> Option<Concrete> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    b.step(s.len() / 4)?;
    let places: Vec<usize> = if old.is_empty() {
        let starts = (0..s.len()).filter(|i| !kind.is_text() || s.get(*i).is_some_and(|byte| (byte & 0xC0) != 0x80));
        starts.chain(std::iter::once(s.len())).take(limit).collect()
    } else {
        memmem::find_iter(s, old).take(limit).collect()
    };
    let len = places.len().checked_mul(new.len())?.checked_add(s.len() - places.len() * old.len())?;
    b.produce(len)?;
    b.step(places.len())?;
    let mut replaced = Vec::with_capacity(len);
    let mut from = 0;
    for at in places {
        replaced.extend_from_slice(s.get(from..at)?);
        replaced.extend_from_slice(new);
        from = at + old.len();
    }
    replaced.extend_from_slice(s.get(from..)?);
    kind.build(replaced)
}

fn split<'a>(s: &'a [u8], sep: &[u8], limit: usize, back: bool, b: &mut Budget) -> Option<Vec<&'a [u8]>> {
    (!sep.is_empty()).then_some(())?;
    b.step(s.len() / 4)?;
    let mut parts = Vec::new();
    if back {
        let mut rest = s;
        while parts.len() < limit
            && let Some(at) = memmem::rfind(rest, sep)
        {
            parts.push(rest.get(at + sep.len()..)?);
            rest = rest.get(..at)?;
        }
        parts.push(rest);
        parts.reverse();
    } else {
        let mut from = 0;
        for at in memmem::find_iter(s, sep).take(limit) {
            parts.push(s.get(from..at)?);
            from = at + sep.len();
        }
        parts.push(s.get(from..)?);
    }
    b.step(parts.len())?;
    Some(parts)
}

/// Whether a character is white space to `str`, or a byte to `bytes`.
pub(super) fn is_space(kind: Kind, c: char) -> bool {
    if kind.is_text() {
        c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
    } else {
        matches!(c, ' ' | '\t'..='\r')
    }
}

/// The characters with their byte ranges; for bytes, each byte as the character of its number.
fn characters(kind: Kind, s: &[u8]) -> Vec<(usize, usize, char)> {
    match std::str::from_utf8(s) {
        Ok(text) if kind.is_text() => text.char_indices().map(|(i, c)| (i, i + c.len_utf8(), c)).collect(),
        _ => s.iter().enumerate().map(|(i, byte)| (i, i + 1, char::from(*byte))).collect(),
    }
}

fn words<'a>(kind: Kind, s: &'a [u8], limit: usize, back: bool, b: &mut Budget) -> Option<Vec<&'a [u8]>> {
    b.step(s.len())?;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut open = None;
    for (from, _, c) in characters(kind, s) {
        match (is_space(kind, c), open) {
            (true, Some(start)) => {
                spans.push((start, from));
                open = None;
            }
            (false, None) => open = Some(from),
            _ => {}
        }
    }
    if let Some(start) = open {
        spans.push((start, s.len()));
    }
    if spans.len() > limit {
        // What is beyond the limit stays in one piece, trimmed on the side the splitting came from and on the outer side
        // only up to the next word.
        if back {
            let kept = spans.split_off(spans.len() - limit);
            let (_, end) = *spans.last()?;
            spans = std::iter::once((0, end)).chain(kept).collect();
        } else {
            let (start, _) = *spans.get(limit)?;
            spans.truncate(limit);
            spans.push((start, s.len()));
        }
    }
    spans.into_iter().map(|(from, to)| s.get(from..to)).collect()
}

fn join(kind: Kind, sep: &[u8], items: &Concrete, b: &mut Budget) -> Option<Concrete> {
    let items: std::borrow::Cow<'_, [Concrete]> = match items {
        Concrete::List(items) | Concrete::Tuple(items) => {
            b.step(items.len())?;
            std::borrow::Cow::Borrowed(items)
        }
        other => ordered(other, b)?.into(),
    };
    let parts: Option<Vec<&[u8]>> = items.iter().map(|item| same_kind(kind, item)).collect();
    let parts = parts?;
    let gaps = parts.len().saturating_sub(1).checked_mul(sep.len())?;
    b.produce(parts.iter().try_fold(gaps, |sum, part| sum.checked_add(part.len()))?)?;
    kind.build(parts.join(sep))
}

fn strip(kind: Kind, s: &[u8], name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Concrete> {
    let set = match args.bind([""])? {
        [None | Some(Concrete::None)] => None,
        [Some(set)] => Some(same_kind(kind, set)?),
    };
    b.step(s.len() + set.map_or(0, <[u8]>::len))?;
    let set: Option<BTreeSet<char>> = set.map(|set| characters(kind, set).into_iter().map(|(_, _, c)| c).collect());
    let drop = |c: char| match &set {
        Some(set) => set.contains(&c),
        None => is_space(kind, c),
    };
    let text = if kind.is_text() { std::str::from_utf8(s).ok() } else { None };
    let (mut from, mut to) = (0, s.len());
    if name != "rstrip" {
        from = match text {
            Some(text) => text.char_indices().find(|(_, c)| !drop(*c)).map_or(s.len(), |(i, _)| i),
            None => s.iter().position(|byte| !drop(char::from(*byte))).unwrap_or(s.len()),
        };
    }
    if name != "lstrip" {
        to = match text {
            Some(text) => text.char_indices().rev().find(|(_, c)| !drop(*c)).map_or(0, |(i, c)| i + c.len_utf8()),
            None => s.iter().rposition(|byte| !drop(char::from(*byte))).map_or(0, |i| i + 1),
        };
    }
    kind.copy(s.get(from..to.max(from))?, b)
}

/// The lines of a text, as `splitlines` sees them.
pub(super) fn lines(kind: Kind, s: &[u8], keep: bool) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = characters(kind, s).into_iter().peekable();
    while let Some((from, mut to, c)) = chars.next() {
        let breaks = match c {
            '\n' | '\r' => true,
            '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => kind.is_text(),
            _ => false,
        };
        if !breaks {
            continue;
        }
        if c == '\r'
            && let Some((_, end, '\n')) = chars.peek().copied()
        {
            to = end;
            chars.next();
        }
        lines.extend(s.get(start..if keep { to } else { from }));
        start = to;
    }
    if start < s.len() {
        lines.extend(s.get(start..));
    }
    lines
}

fn expand_tabs(kind: Kind, s: &[u8], size: i64, b: &mut Budget) -> Option<Concrete> {
    let size = usize::try_from(i32::try_from(size).ok()?.max(0)).ok()?;
    let tabs = s.iter().filter(|byte| **byte == b'\t').count();
    b.step(s.len())?;
    b.produce(tabs.checked_mul(size)?.checked_add(s.len())?)?;
    let mut expanded = Vec::new();
    let mut column = 0;
    for (from, to, c) in characters(kind, s) {
        match c {
            '\t' => {
                if size > 0 {
                    let fill = size - column % size;
                    expanded.resize(expanded.len() + fill, b' ');
                    column += fill;
                }
            }
            _ => {
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
                expanded.extend_from_slice(s.get(from..to)?);
            }
        }
    }
    kind.build(expanded)
}

fn justify(kind: Kind, s: &[u8], name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Concrete> {
    let [width, fill] = args.bind(["", ""])?;
    let width = usize::try_from(width?.as_i64()?.max(0)).ok()?;
    let fill = match fill {
        None => b" ",
        Some(fill) => same_kind(kind, fill)?,
    };
    (char_len(kind, fill) == 1).then_some(())?;
    let missing = width.saturating_sub(char_len(kind, s));
    b.produce(missing.checked_mul(fill.len())?.checked_add(s.len())?)?;
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        // CPython puts the odd cell to the left only when the width is odd.
        _ => missing / 2 + (missing & width & 1),
    };
    kind.build([&fill.repeat(left), s, &fill.repeat(missing - left)].concat())
}
