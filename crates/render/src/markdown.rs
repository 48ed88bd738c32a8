//! A review as Markdown for a page or a comment.
//!
//! The reviewed code chooses many of the words, so nothing of it is taken as markup: text between backticks stays code,
//! everything else is escaped, and no address becomes a link.

use std::fmt::Write as _;

use sluice_review::Review;
use sluice_review::model::escape;

use crate::text::{count, files_that_matter};

/// Rows of the longer tables; JSON holds all of them.
const MAX_ROWS: usize = 50;

/// The review as Markdown with a final line break.
#[must_use]
pub fn markdown(review: &Review) -> String {
    let mut out = String::new();
    heading(&mut out, 1, &format!("{}: {}", inline(&review.target), review.verdict.word()));
    scores(&mut out, review);
    for (name, prose) in review.report.prose() {
        let mut letters = name.chars();
        let title: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
        heading(&mut out, 2, &title);
        line(&mut out, &inline(prose));
    }
    behaviors(&mut out, review);
    paths(&mut out, review);
    files(&mut out, review);
    coverage(&mut out, review);
    line(&mut out, "");
    let digest = if review.digest.is_empty() { String::new() } else { format!(", `{}`", code(&review.digest)) };
    line(&mut out, &format!("*{}{digest}*", inline(&review.engine)));
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn heading(out: &mut String, level: usize, text: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    line(out, &format!("{} {text}\n", "#".repeat(level)));
}

fn scores(out: &mut String, review: &Review) {
    line(out, "| score | value | |");
    line(out, "|---|---|---|");
    let changes =
        [&review.scores.confidence, &review.scores.obfuscated, &review.scores.malware, &review.scores.security_risk];
    for ((name, value), changes) in review.report.numbers().into_iter().zip(changes) {
        let reasons: Vec<String> = changes
            .iter()
            .map(|change| {
                let claim = review.claims.iter().find(|claim| claim.id == change.claim);
                let text = claim.map_or(change.claim.as_str(), |claim| claim.text.as_str());
                format!("{:+.2} {}", change.change, inline(text))
            })
            .collect();
        line(out, &format!("| {name} | {value} | {} |", reasons.join("; ")));
    }
    line(out, &format!("| report_number | {} | |", review.report.report_number));
}

fn behaviors(out: &mut String, review: &Review) {
    if review.behaviors.is_empty() {
        return;
    }
    heading(out, 2, "Behaviors");
    for behavior in &review.behaviors {
        let presumed = if behavior.presumed { " (presumed)" } else { "" };
        let mut labels = behavior.attack.clone();
        labels.extend(behavior.cwe.iter().map(|number| format!("CWE-{number}")));
        let labels = if labels.is_empty() { String::new() } else { format!(" ({})", inline(&labels.join(", "))) };
        line(
            out,
            &format!(
                "- **{}**{presumed}, `{}`, {}{labels}: {} {}",
                inline(&behavior.title),
                code(&behavior.id),
                inline(&behavior.stance),
                inline(&behavior.sentence),
                inline(&behavior.advice)
            ),
        );
        let places = behavior.evidence.iter().filter_map(|id| review.evidence(id));
        for place in places.take(MAX_ROWS) {
            line(out, &format!("  - `{}:{}`: `{}`", code(&place.file), place.start.line, code(&place.text)));
        }
    }
}

fn paths(out: &mut String, review: &Review) {
    if review.paths.is_empty() {
        return;
    }
    heading(out, 2, "Paths");
    line(out, "| source | sink | way | place |");
    line(out, "|---|---|---|---|");
    for path in review.paths.iter().take(MAX_ROWS) {
        let place = review
            .evidence(&path.sink.evidence)
            .map_or_else(String::new, |sink| format!("`{}:{}`", code(&sink.file), sink.start.line));
        let presumed = path.presumed.as_ref().map_or_else(String::new, |why| format!(" (presumed: {})", inline(why)));
        line(
            out,
            &format!(
                "| {} `{}` | {} `{}` | {}{presumed} | {place} |",
                inline(&path.source.kind),
                code(&path.source.symbol),
                inline(&path.sink.kind),
                code(&path.sink.symbol),
                inline(&path.words.join(" → ")),
            ),
        );
    }
    more(out, review.paths.len(), "further path", "further paths");
}

fn files(out: &mut String, review: &Review) {
    if review.files.is_empty() {
        return;
    }
    heading(out, 2, "Files");
    let (shown, rest) = files_that_matter(review);
    for file in shown.iter().take(MAX_ROWS) {
        line(
            out,
            &format!(
                "- `{}`: {} (malware {}, obfuscated {}, securityRisk {}). {}",
                code(&file.file),
                file.verdict.word(),
                file.report.malware,
                file.report.obfuscated,
                file.report.security_risk,
                inline(&file.report.conclusion)
            ),
        );
    }
    more(out, shown.len(), "further file with findings", "further files with findings");
    line(out, &format!("- {} without findings.", count(rest, "file", "files")));
}

fn coverage(out: &mut String, review: &Review) {
    heading(out, 2, "Coverage");
    let all = crate::text::of_all(&review.coverage);
    line(out, &format!("{} files analyzed, {} bytes.{all}", review.coverage.files, review.coverage.bytes));
    if !review.coverage.unread.is_empty() || !review.coverage.notes.is_empty() {
        line(out, "");
    }
    for unread in review.coverage.unread.iter().take(MAX_ROWS) {
        let word = if unread.matters { "not read, and it could matter" } else { "not read" };
        line(out, &format!("- `{}`: {word}: {}", code(&unread.file), inline(&unread.why)));
    }
    more(out, review.coverage.unread.len(), "further entry", "further entries");
    for note in review.coverage.notes.iter().take(MAX_ROWS) {
        line(out, &format!("- {}", inline(note)));
    }
    more(out, review.coverage.notes.len(), "further note", "further notes");
}

fn more(out: &mut String, all: usize, one: &str, many: &str) {
    if let Some(rest) = all.checked_sub(MAX_ROWS).filter(|rest| *rest > 0) {
        line(out, &format!("\n… and {}.", count(rest, one, many)));
    }
}

/// Text for the inside of a code span, in a table or out of it.
fn code(text: &str) -> String {
    // A backtick would end the span, a bar the cell of a table. Neither can be escaped inside a span.
    escape(text).replace('`', "ʼ").replace('|', "¦")
}

/// Prose with code between backticks: the code stays code, everything else loses its power as markup.
fn inline(text: &str) -> String {
    let escaped = escape(text);
    let mut pieces: Vec<&str> = escaped.split('`').collect();
    // An odd number of backticks: the last one opens nothing.
    let stray = if pieces.len().is_multiple_of(2) { pieces.pop() } else { None };
    let mut out = String::with_capacity(escaped.len());
    for (index, piece) in pieces.into_iter().enumerate() {
        if index.is_multiple_of(2) {
            plain(&mut out, piece);
        } else if piece.trim().is_empty() {
            plain(&mut out, "``");
        } else {
            let _ = write!(out, "`{}`", code(piece));
        }
    }
    if let Some(stray) = stray {
        plain(&mut out, "`");
        plain(&mut out, stray);
    }
    out
}

fn plain(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A colon or an at sign written as an entity keeps an address from becoming a link or a mention.
            ':' => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_words_are_no_markup() {
        assert_eq!(
            inline("see `a|b` <img src=x> [x](https://example.invalid) @team #1"),
            "see `a¦b` &lt;img src=x&gt; \\[x\\](https&#58;//example.invalid) &#64;team \\#1"
        );
        assert_eq!(inline("odd ` tick <b>"), "odd \\` tick &lt;b&gt;");
        assert_eq!(inline("a `` b"), "a \\`\\` b");
        assert_eq!(inline("a\nb\u{1b}"), "a\\nb\\\\u{1b}".replace("a\\n", "a\\\\n"));
    }
}
