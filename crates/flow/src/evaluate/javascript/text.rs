//! Methods of texts.

use std::sync::Arc;

use super::convert::{to_integer, to_text};
use super::{number_of, range, regexes};
use crate::evaluate::{Budget, Concrete, Outcome, list_of};

/// The number of UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The unit at a position as a text; `None` behind the end and for half of a pair.
pub(super) fn unit(text: &str, at: usize) -> Option<String> {
    substring(text, at, at + 1).filter(|unit| !unit.is_empty())
}

/// The units of a half-open range; `None` where a pair would be split.
pub(super) fn substring(text: &str, start: usize, end: usize) -> Option<String> {
    if text.is_ascii() {
        return Some(text.get(start.min(text.len())..end.min(text.len()))?.to_owned());
    }
    let (mut at, mut found) = (0, String::new());
    for c in text.chars() {
        let next = at + c.len_utf16();
        if at >= end {
            break;
        }
        if at >= start && next <= end {
            found.push(c);
        } else if next > start {
            return None;
        }
        at = next;
    }
    Some(found)
}

/// The number of units in front of a byte offset.
fn units_before(text: &str, offset: usize) -> usize {
    length(text.get(..offset).unwrap_or(text))
}

/// The code unit at a position.
fn code_unit(text: &str, at: usize) -> Option<u16> {
    if text.is_ascii() {
        return text.as_bytes().get(at).map(|byte| u16::from(*byte));
    }
    text.encode_utf16().nth(at)
}

pub(super) fn method(text: &Arc<str>, name: &str, args: &[Concrete], budget: &mut Budget) -> Option<Outcome> {
    // Positions in a text that is not ASCII are counted from its start.
    if !text.is_ascii() {
        budget.step(text.len() / 16)?;
    }
    let whole = length(text);
    let first = args.first();
    let text_arg = |at: usize| args.get(at).and_then(to_text);
    let position = |at: usize| usize::try_from(args.get(at).map_or(0, to_integer).max(0)).unwrap_or(usize::MAX);
    let made = |made: String, budget: &mut Budget| {
        budget.produce(made.len())?;
        Some(Concrete::Str(Arc::from(made)))
    };
    let value = match name {
        "toString" | "valueOf" => Concrete::Str(Arc::clone(text)),
        "charAt" => Concrete::Str(Arc::from(unit(text, position(0)).unwrap_or_default())),
        "at" => {
            let at = first.map_or(0, to_integer);
            let at = if at < 0 { at + i64::try_from(whole).ok()? } else { at };
            match usize::try_from(at).ok().and_then(|at| unit(text, at)) {
                Some(unit) => Concrete::Str(Arc::from(unit)),
                None => Concrete::Undefined,
            }
        }
        "charCodeAt" => match code_unit(text, position(0)) {
            Some(unit) => Concrete::Int(i64::from(unit)),
            None => Concrete::Float(f64::NAN),
        },
        "codePointAt" => {
            let from = substring(text, position(0), whole)?;
            from.chars().next().map_or(Concrete::Undefined, |c| Concrete::Int(i64::from(u32::from(c))))
        }
        "concat" => {
            let mut all = text.to_string();
            for arg in args {
                all.push_str(&to_text(arg)?);
            }
            made(all, budget)?
        }
        "startsWith" => Concrete::Bool(substring(text, position(1), whole)?.starts_with(&*text_arg(0)?)),
        "endsWith" => Concrete::Bool(text.ends_with(&*text_arg(0)?)),
        "includes" => Concrete::Bool(text.contains(&*text_arg(0)?)),
        "indexOf" => {
            let start = position(1).min(whole);
            let rest = substring(text, start, whole)?;
            match rest.find(&*text_arg(0)?) {
                Some(offset) => number_of(start + units_before(&rest, offset)),
                None => Concrete::Int(-1),
            }
        }
        "lastIndexOf" => match text.rfind(&*text_arg(0)?) {
            Some(offset) => number_of(units_before(text, offset)),
            None => Concrete::Int(-1),
        },
        "padStart" | "padEnd" => {
            let wanted = position(0);
            let filler = text_arg(1).unwrap_or_else(|| Arc::from(" "));
            if wanted <= whole || filler.is_empty() {
                return Some(Concrete::Str(Arc::clone(text)).into());
            }
            budget.produce(wanted)?;
            let missing: String = filler.chars().cycle().take(wanted - whole).collect();
            made(if name == "padStart" { format!("{missing}{text}") } else { format!("{text}{missing}") }, budget)?
        }
        "repeat" => {
            let times = position(0);
            budget.produce(text.len().checked_mul(times)?)?;
            Concrete::Str(Arc::from(text.repeat(times)))
        }
        "slice" => {
            let (start, end) = range(whole, args);
            made(substring(text, start, end)?, budget)?
        }
        "substring" => {
            let (a, b) = (position(0).min(whole), args.get(1).map_or(whole, |_| position(1).min(whole)));
            made(substring(text, a.min(b), a.max(b))?, budget)?
        }
        "substr" => {
            let (start, _) = range(whole, args.get(..1).unwrap_or(args));
            let count = args.get(1).map_or(whole, |_| position(1));
            made(substring(text, start, start.saturating_add(count).min(whole))?, budget)?
        }
        "toLowerCase" | "toLocaleLowerCase" => made(text.to_lowercase(), budget)?,
        "toUpperCase" | "toLocaleUpperCase" => made(text.to_uppercase(), budget)?,
        "trim" => made(text.trim().to_owned(), budget)?,
        "trimStart" | "trimLeft" => made(text.trim_start().to_owned(), budget)?,
        "trimEnd" | "trimRight" => made(text.trim_end().to_owned(), budget)?,
        "split" => split(text, first, args.get(1), budget)?,
        "replace" | "replaceAll" => {
            let replaced = replace(text, name == "replaceAll", first?, &text_arg(1)?, budget)?;
            made(replaced, budget)?
        }
        "match" | "matchAll" | "search" => match first? {
            Concrete::Regex(pattern, flags) => regexes::text_method(pattern, flags, name, text, budget)?,
            _ => return None,
        },
        "normalize" if text.is_ascii() => Concrete::Str(Arc::clone(text)),
        _ => return None,
    };
    Some(value.into())
}

fn split(text: &str, by: Option<&Concrete>, limit: Option<&Concrete>, budget: &mut Budget) -> Option<Concrete> {
    let piece = |piece: &str| Concrete::Str(Arc::from(piece));
    let mut pieces: Vec<Concrete> = match by {
        None | Some(Concrete::Undefined) => vec![piece(text)],
        Some(Concrete::Regex(pattern, flags)) => {
            let mut pieces = Vec::new();
            let mut last = 0;
            for found in regexes::matches(pattern, &format!("{flags}g"), text, budget)? {
                let (start, end) = found.span();
                if end == 0 || (start == end && start >= text.len()) {
                    continue;
                }
                pieces.push(piece(text.get(last..start)?));
                last = end;
            }
            pieces.push(piece(text.get(last..)?));
            pieces
        }
        Some(by) => {
            let by = to_text(by)?;
            budget.step(text.len())?;
            if by.is_empty() {
                text.chars().map(|c| piece(&c.to_string())).collect()
            } else {
                text.split(&*by).map(piece).collect()
            }
        }
    };
    budget.step(pieces.len())?;
    if let Some(limit) = limit.filter(|limit| !matches!(limit, Concrete::Undefined)) {
        pieces.truncate(usize::try_from(to_integer(limit)).unwrap_or(usize::MAX));
    }
    list_of(pieces, budget)
}

fn replace(text: &str, all: bool, what: &Concrete, by: &str, budget: &mut Budget) -> Option<String> {
    budget.step(text.len())?;
    match what {
        Concrete::Regex(pattern, flags) => {
            let mut result = String::new();
            let mut last = 0;
            for found in regexes::matches(pattern, flags, text, budget)? {
                let (start, end) = found.span();
                result.push_str(text.get(last..start)?);
                result.push_str(&found.expand(by, text)?);
                last = end;
                budget.produce(by.len())?;
            }
            result.push_str(text.get(last..)?);
            Some(result)
        }
        other => {
            let what = to_text(other)?;
            // `$&` and its like stand for parts of the match.
            if by.contains('$') {
                return None;
            }
            if all {
                let count = text.matches(&*what).count();
                budget.produce(count.checked_mul(by.len())?)?;
                Some(text.replace(&*what, by))
            } else {
                Some(text.replacen(&*what, by, 1))
            }
        }
    }
}
