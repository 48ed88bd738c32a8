//! A page of styled text under construction. All text that is put on it is escaped; only the page writes sequences.

use anstyle::{AnsiColor, Effects, Style};
use sluice_review::model::escape;

use crate::Look;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const STRONG: Style = Style::new().effects(Effects::BOLD);
pub(crate) const FAINT: Style = Style::new().effects(Effects::DIMMED);
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
pub(crate) const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);

pub(crate) struct Page {
    text: String,
    look: Look,
}

impl Page {
    pub(crate) fn new(look: Look) -> Self {
        Self { text: String::new(), look: Look { width: look.width.max(40), ..look } }
    }

    pub(crate) const fn look(&self) -> Look {
        self.look
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Text in a style, escaped.
    pub(crate) fn put(&mut self, style: Style, text: &str) {
        self.raw(style, &escape(text));
    }

    /// The end of the line; blanks at its end are dropped.
    pub(crate) fn end(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// One line in one style.
    pub(crate) fn line(&mut self, style: Style, text: &str) {
        self.put(style, text);
        self.end();
    }

    /// What another renderer made from escaped text.
    pub(crate) fn rendered(&mut self, block: &str) {
        for line in block.lines() {
            self.text.push_str(line);
            self.end();
        }
    }

    /// Prose, wrapped, each line behind `indent` blanks. Code between backticks is set off.
    pub(crate) fn prose(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), &" ".repeat(indent), text);
    }

    /// Prose whose first line stands behind `first` and all others behind `rest`.
    pub(crate) fn hanging(&mut self, first: &str, rest: &str, text: &str) {
        let escaped = escape(text);
        let options = textwrap::Options::new(self.look.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            // An address that is cut cannot be copied.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let mut in_code = false;
        for line in textwrap::wrap(&escaped, options) {
            for (index, piece) in line.split('`').enumerate() {
                if index > 0 {
                    in_code = !in_code;
                    // Color takes the place of the backticks.
                    if !self.look.color {
                        self.raw(PLAIN, "`");
                    }
                }
                self.raw(if in_code { CODE } else { PLAIN }, piece);
            }
            self.end();
        }
    }

    fn raw(&mut self, style: Style, escaped: &str) {
        if self.look.color && style != PLAIN && !escaped.is_empty() {
            self.text.push_str(&format!("{style}{escaped}{style:#}"));
        } else {
            self.text.push_str(escaped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_on_a_page_is_escaped() {
        let mut page = Page::new(Look { width: 80, color: true });
        page.put(BAD, "a\u{1b}[2Jb");
        page.prose(2, "c\u{9b}31m `d\u{202e}`\r\n\u{7}");
        let text = page.finish();
        assert!(text.contains("a\\u{1b}[2Jb"), "{text:?}");
        assert!(text.contains("c\\u{9b}31m"), "{text:?}");
        assert!(text.contains("d\\u{202e}"), "{text:?}");
        assert!(!text.contains(['\r', '\u{7}', '\u{9b}', '\u{202e}']), "{text:?}");
        let own = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[36m"];
        let rest = own.iter().fold(text, |text, sequence| text.replace(sequence, ""));
        assert!(!rest.contains('\u{1b}'), "only the page's own sequences: {rest:?}");
    }

    #[test]
    fn prose_is_wrapped_and_loses_nothing() {
        let mut page = Page::new(Look { width: 40, color: false });
        let words = "`alpha` beta ".repeat(30);
        page.prose(4, &words);
        let text = page.finish();
        assert!(text.lines().all(|line| line.len() <= 40 && line.starts_with("    ")), "{text}");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), words.split_whitespace().collect::<Vec<_>>());
    }
}
