//! Regular expressions, as far as an engine without backtracking knows them. Look-around and back references are not
//! answered.

use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use super::convert::to_text;
use super::{Budget, Concrete, Outcome, list_of, number_of};

/// Largest compiled pattern, in bytes.
const LARGEST: usize = 1 << 20;
/// Most matches that are looked at.
const MOST: usize = 100_000;

/// One match: byte offsets of the whole and of the groups.
#[derive(Debug)]
pub(crate) struct Match {
    groups: Vec<Option<(usize, usize)>>,
}

impl Match {
    /// The whole match.
    pub(crate) fn span(&self) -> (usize, usize) {
        self.groups.first().copied().flatten().unwrap_or((0, 0))
    }

    /// What a replacing function is called with: the match, then the groups.
    pub(crate) fn texts(&self, text: &str) -> Vec<Concrete> {
        self.groups
            .iter()
            .map(|group| match group.and_then(|(start, end)| text.get(start..end)) {
                Some(part) => Concrete::text(part),
                None => Concrete::Undefined,
            })
            .collect()
    }

    /// A replacement with `$1`, `$&` and `$$` filled in.
    pub(super) fn expand(&self, by: &str, text: &str) -> Option<String> {
        if !by.contains('$') {
            return Some(by.to_owned());
        }
        let mut result = String::new();
        let mut rest = by.chars().peekable();
        while let Some(c) = rest.next() {
            if c != '$' {
                result.push(c);
                continue;
            }
            match rest.peek().copied() {
                Some('$') => {
                    rest.next();
                    result.push('$');
                }
                Some('&') => {
                    rest.next();
                    let (start, end) = self.span();
                    result.push_str(text.get(start..end)?);
                }
                Some(digit) if digit.is_ascii_digit() => {
                    rest.next();
                    let group = usize::try_from(digit.to_digit(10)?).ok()?;
                    if let Some((start, end)) = self.groups.get(group).copied().flatten() {
                        result.push_str(text.get(start..end)?);
                    }
                }
                _ => result.push('$'),
            }
        }
        Some(result)
    }
}

/// The pattern in the syntax of the engine that is used. `None` for what it does not know.
fn compile(pattern: &str, flags: &str) -> Option<Regex> {
    let mut translated = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                '/' => translated.push('/'),
                // In JavaScript `\d` and its like are ASCII.
                'd' => translated.push_str(if in_class { "0-9" } else { "[0-9]" }),
                'w' => translated.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                'W' if !in_class => translated.push_str("[^0-9A-Za-z_]"),
                'D' if !in_class => translated.push_str("[^0-9]"),
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    translated.push_str(&format!("\\u{{{digits}}}"));
                }
                c if c.is_alphanumeric() && !"dswDSWbBnrtfv0x".contains(c) => return None,
                '0' => translated.push_str("\\x00"),
                other => {
                    translated.push('\\');
                    translated.push(other);
                }
            },
            '[' if in_class => translated.push_str("\\["),
            '[' => {
                in_class = true;
                translated.push('[');
                if rest.peek() == Some(&'^') {
                    rest.next();
                    translated.push('^');
                }
                // `[^]` is any character, `[]` is none.
                if rest.peek() == Some(&']') {
                    return None;
                }
            }
            ']' => {
                in_class = false;
                translated.push(']');
            }
            '&' | '~' if in_class => {
                translated.push('\\');
                translated.push(c);
            }
            '$' if !in_class && !flags.contains('m') => translated.push_str("\\z"),
            _ => translated.push(c),
        }
    }
    RegexBuilder::new(&translated)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(LARGEST)
        .build()
        .ok()
}

fn groups(captures: &Captures<'_>) -> Match {
    Match { groups: captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect() }
}

/// The matches: all with the flag `g`, else the first.
pub(crate) fn matches(pattern: &str, flags: &str, text: &str, budget: &mut Budget) -> Option<Vec<Match>> {
    budget.step(text.len() / 4 + pattern.len())?;
    let regex = compile(pattern, flags)?;
    if !flags.contains('g') {
        return Some(regex.captures(text).iter().map(groups).collect());
    }
    let mut all = Vec::new();
    for captures in regex.captures_iter(text) {
        budget.step(8)?;
        if all.len() >= MOST {
            return None;
        }
        all.push(groups(&captures));
    }
    Some(all)
}

/// `regex.test(text)` and `regex.exec(text)`.
pub(super) fn method(
    pattern: &str,
    flags: &str,
    name: &str,
    args: &[Concrete],
    budget: &mut Budget,
) -> Option<Outcome> {
    // With `g` or `y` the result depends on the last call.
    if flags.contains(['g', 'y']) && name != "toString" {
        return None;
    }
    let value = match name {
        "test" => {
            let text = to_text(args.first()?)?;
            Concrete::Bool(!matches(pattern, flags, &text, budget)?.is_empty())
        }
        "exec" => {
            let text = to_text(args.first()?)?;
            match matches(pattern, flags, &text, budget)?.first() {
                Some(found) => list_of(found.texts(&text), budget)?,
                None => Concrete::None,
            }
        }
        "toString" => Concrete::Str(Arc::from(format!("/{pattern}/{flags}"))),
        _ => return None,
    };
    Some(value.into())
}

/// `text.match(regex)`, `text.search(regex)`.
pub(super) fn text_method(pattern: &str, flags: &str, name: &str, text: &str, budget: &mut Budget) -> Option<Concrete> {
    let all = matches(pattern, flags, text, budget)?;
    match name {
        "search" => Some(match all.first() {
            Some(found) => number_of(super::text::length(text.get(..found.span().0)?)),
            None => Concrete::Int(-1),
        }),
        "match" if all.is_empty() => Some(Concrete::None),
        "match" if flags.contains('g') => {
            let found: Vec<Concrete> = all.iter().filter_map(|found| found.texts(text).into_iter().next()).collect();
            list_of(found, budget)
        }
        "match" => list_of(all.first()?.texts(text), budget),
        _ => None,
    }
}
