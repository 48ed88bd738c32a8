//! Small pieces of sentences: names in backticks, lists, line numbers, bounded fields.

use std::collections::BTreeMap;

use sluice_flow::facts::EvidenceId;

use crate::model::escape;
use crate::prose::phrases::{depth, outermost};
use crate::view::View;

/// A name or piece of code in backticks, escaped, at most `max` characters of it.
pub(crate) fn code_up_to(text: &str, max: usize) -> String {
    if text.len() <= max && is_plain_line(text) {
        return format!("`{text}`");
    }
    let one_line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let escaped = escape(&one_line).replace('`', "'");
    format!("`{}`", cut(&escaped, max))
}

/// True for a text of printable ASCII without backticks whose words have one space between them: it is shown as it is.
fn is_plain_line(text: &str) -> bool {
    let mut before = b' ';
    let plain = text.bytes().all(|byte| {
        let plain = matches!(byte, b'!'..=b'~') && byte != b'`' || byte == b' ' && before != b' ';
        before = byte;
        plain
    });
    plain && (before != b' ' || text.is_empty())
}

/// A name or short piece of code in backticks.
pub(crate) fn code(text: &str) -> String {
    code_up_to(text, 80)
}

/// At most `max` characters; a cut shows as `…`.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// "a", "a and b", "a, b and c"; more than `max` items end in "and N more".
pub(crate) fn list(items: &[String], max: usize) -> String {
    let shown = items.get(..max.min(items.len())).unwrap_or(items);
    let rest = items.len() - shown.len();
    if rest > 0 {
        return format!("{} and {rest} more", shown.join(", "));
    }
    match shown {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// As [`list`], without the word "and".
pub(crate) fn commas(items: &[String], max: usize) -> String {
    let shown = items.get(..max.min(items.len())).unwrap_or(items);
    let rest = items.len() - shown.len();
    if rest > 0 { format!("{} and {rest} more", shown.join(", ")) } else { shown.join(", ") }
}

/// As [`commas`]; in a package's report as many of the items as fit into a line that is still read.
pub(crate) fn within(view: &View<'_>, items: &[String], most: usize) -> String {
    /// Characters of such a line.
    const LONG: usize = 230;
    let mut length = 0;
    let fitting = items.iter().take_while(|item| {
        length += item.chars().count() + 2;
        length <= LONG
    });
    let fitting = if view.is_file() { most } else { fitting.count().clamp(1, most) };
    let rest = items.len() - fitting.min(items.len());
    match items.get(..fitting).filter(|_| rest > 0 && !view.is_file()) {
        // The items may end in a count of their own.
        Some(shown) => format!("{}; {rest} more of the kind", shown.join(", ")),
        None => commas(items, fitting),
    }
}

/// "1 call", "3 calls".
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// The text with a capital first letter, unless it starts with code.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The text with a small first letter; a word like "SSH" keeps its capitals.
pub(crate) fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The first sentence of a documentation text, without markup lines; `None` if nothing is left to quote.
pub(crate) fn first_sentence(doc: &str) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for line in doc.lines().map(str::trim) {
        let markup = line.starts_with("..")
            || line.starts_with(':')
            || line.starts_with('@')
            || line.starts_with(">>>")
            || line.starts_with("```")
            || line.starts_with("#!")
            || line.contains("-*-")
            || line.to_ascii_lowercase().starts_with("copyright")
            || line.to_ascii_lowercase().starts_with("licensed under")
            || (!line.is_empty() && !line.chars().any(char::is_alphanumeric));
        if markup || line.is_empty() {
            // One or two words are a heading; what it heads says more.
            if words.len() < 3 {
                words.clear();
                continue;
            }
            break;
        }
        words.extend(line.trim_start_matches(['#', '*', '/', ' ']).split_whitespace());
        if words.len() > 60 {
            break;
        }
    }
    let text = words.join(" ");
    // A stop ends the sentence where a space and a capital or nothing follows; "e.g. this" does not.
    let end = text.match_indices(['.', '!', '?']).find_map(|(at, stop)| {
        let behind = text.get(at + stop.len()..)?;
        let mut next = behind.chars();
        let ends = match (next.next(), next.next()) {
            (None, _) => true,
            (Some(' '), Some(first)) => first.is_uppercase(),
            _ => false,
        };
        ends.then_some(at)
    });
    let sentence = end.map_or(text.as_str(), |at| text.get(..at).unwrap_or(&text));
    let sentence = sentence.trim_end_matches([':', '.', ' ', ',']);
    let plain = escape(&sentence.replace("``", "`").replace('"', "'"));
    (plain.chars().filter(|character| character.is_alphabetic()).count() >= 4).then(|| cut(&plain, 160))
}

/// Joins sentences into a field of at most `limit` characters; what does not fit is counted.
pub(crate) fn field(sentences: &[String], limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for (at, sentence) in sentences.iter().enumerate() {
        let size = sentence.chars().count() + 1;
        if length + size > limit && at > 0 {
            // "52 further flows" stands for 52.
            let counted = |sentence: &String| {
                let number = sentence.split_once(" further")?.0;
                number.parse::<usize>().ok()
            };
            let rest: usize = sentences.iter().skip(at).map(|sentence| counted(sentence).unwrap_or(1)).sum();
            let verb = if rest == 1 { "stands" } else { "stand" };
            out.push_str(&format!(" {rest} more {verb} among the claims."));
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&cut(sentence, limit));
        length += size;
    }
    out
}

impl View<'_> {
    /// "(48, 57)" in a file's report, "(client.py:48, 57)" in a package's; empty without places.
    pub(crate) fn places(&self, ids: &[EvidenceId]) -> String {
        let text = self.bare_places(ids);
        if text.is_empty() { text } else { format!(" ({text})") }
    }

    /// As [`View::places`], without brackets and the leading space.
    pub(crate) fn bare_places(&self, ids: &[EvidenceId]) -> String {
        let most: usize = if self.is_file() { 6 } else { 4 };
        // Layers are told by where they are executed: their numbers say nothing to a reader.
        let mut plain: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut layered: BTreeMap<(String, u32), Vec<EvidenceId>> = BTreeMap::new();
        for id in ids {
            let Some(module) = self.module_of(*id) else { continue };
            let file =
                if self.file == Some(module.path.as_str()) { String::new() } else { self.shown_file(&module.path) };
            let Some(line) = self.place(outermost(self.facts(), *id)).map(|place| place.line) else { continue };
            if module.depth == 0 {
                plain.entry(file).or_default().push(line);
            } else {
                layered.entry((file, line)).or_default().push(*id);
            }
        }
        let mut shown = 0;
        let mut hidden = 0;
        let mut parts = Vec::new();
        let at = |file: &str, lines: String| if file.is_empty() { lines } else { format!("{file}:{lines}") };
        for (file, mut lines) in plain {
            lines.sort_unstable();
            lines.dedup();
            let room = most.saturating_sub(shown);
            hidden += lines.len().saturating_sub(room);
            lines.truncate(room);
            if !lines.is_empty() {
                shown += lines.len();
                parts.push(at(&file, runs(&lines)));
            }
        }
        for ((file, line), ids) in layered {
            if shown >= most {
                hidden += 1;
                continue;
            }
            shown += 1;
            let deepest = ids.iter().filter_map(|id| self.module_of(*id)).max_by_key(|module| module.depth);
            let Some(module) = deepest else { continue };
            let one_depth = ids.iter().filter_map(|id| self.module_of(*id)).all(|other| other.depth == module.depth);
            let mut inner: Vec<u32> = ids.iter().filter_map(|id| Some(self.place(*id)?.line)).collect();
            inner.sort_unstable();
            inner.dedup();
            let deep = if one_depth { depth(module, &runs(&inner)) } else { format!("down to {}", depth(module, "")) };
            parts.push(at(&file, format!("{line}, {deep}")));
        }
        let mut text = parts.join("; ");
        if hidden > 0 {
            text.push_str(&format!(" and {hidden} more"));
        }
        text
    }

    /// The path of a file for prose: without the folder `name-version/` that holds all of an archive.
    pub(crate) fn shown_file(&self, path: &str) -> String {
        let root = self.index.root.as_str();
        escape(path.strip_prefix(root).unwrap_or(path))
    }

    /// "(38–46)": from the first line of one place to the last of another in the same text.
    pub(crate) fn span(&self, first: EvidenceId, last: EvidenceId) -> String {
        let (Some(a), Some(b)) = (self.place(first), self.place(last)) else { return String::new() };
        let (start, end) = (a.line.min(b.line), a.end_line.max(b.end_line));
        if a.module != b.module || start == end {
            return self.places(&[first, last]);
        }
        let file = self.module_of(first).map_or("", |module| module.path.as_str());
        if self.file == Some(file) {
            format!(" ({start}–{end})")
        } else {
            format!(" ({}:{start}–{end})", self.shown_file(file))
        }
    }
}

/// "1, 3–5": runs of three and more lines are written as a range.
fn runs(lines: &[u32]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = lines;
    while let Some((first, _)) = rest.split_first() {
        let length = rest.iter().zip(*first..).take_while(|(line, expected)| **line == *expected).count();
        let (run, behind) = rest.split_at(length.max(1));
        match run {
            [_, _, .., last] => parts.push(format!("{first}–{last}")),
            _ => parts.extend(run.iter().map(u32::to_string)),
        }
        rest = behind;
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_prose() {
        let items: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(list(&items, 5), "a, b and c");
        assert_eq!(list(&items, 2), "a, b and 1 more");
        assert_eq!(commas(&items, 3), "a, b, c");
    }

    #[test]
    fn runs_of_lines_become_ranges() {
        assert_eq!(runs(&[1, 3, 4, 5, 9, 10]), "1, 3–5, 9, 10");
    }

    #[test]
    fn first_sentences_skip_markup() {
        let doc = "\n.. module:: shop.client\n   :synopsis: x\n\nTalks to the shop, e.g. its API. More text.\n";
        assert_eq!(first_sentence(doc).as_deref(), Some("Talks to the shop, e.g. its API"));
        assert_eq!(first_sentence(":param x: y"), None);
    }

    #[test]
    fn fields_are_bounded_and_say_so() {
        let sentences = vec!["One two three.".to_owned(), "Four.".to_owned(), "Five.".to_owned()];
        assert_eq!(field(&sentences, 16), "One two three. 2 more stand among the claims.");
        assert_eq!(field(&sentences, 100), "One two three. Four. Five.");
        let sentences =
            vec!["One two three.".to_owned(), "Four.".to_owned(), "52 further flows: 52 to files.".to_owned()];
        assert_eq!(field(&sentences, 16), "One two three. 53 more stand among the claims.");
    }

    #[test]
    fn code_is_one_escaped_line() {
        assert_eq!(code("a`b\n  \u{1b}c"), "`a'b \\u{1b}c`");
    }
}
