//! A linear scan that bounds what a recursive parser would have to nest, before it is asked.
//!
//! The scan knows strings, f-strings, comments and brackets, and nothing else. Where it differs from the parser on
//! broken text only memory is at stake, because the parser grows its stack: never correctness.

use std::ops::Range;

use memchr::{memchr2, memchr3};
use ruff_python_ast::token::{TokenKind, Tokens};

use crate::MAX_DEPTH;

/// How many links a word adds to the expression or the line it stands in. Words that name something nest nothing. A word
/// that brings names, defaults or a block of its own takes the parser through several functions for each level.
fn links_of(word: &[u8]) -> u32 {
    match word {
        b"not" | b"and" | b"or" | b"in" | b"is" | b"else" | b"await" | b"async" | b"yield" | b"from" => 1,
        b"lambda" | b"if" | b"elif" | b"for" | b"while" | b"with" | b"try" | b"except" | b"finally" | b"class"
        | b"def" | b"match" | b"case" => 2,
        _ => 0,
    }
}

/// How many links may stand in one expression outside of the brackets that are closed: one for each operator. The parser takes
/// about a kilobyte of stack for each prefix operator.
const MAX_LINKS: u32 = 200_000;

/// What a byte is to the scan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Word,
    Operator,
    Open,
    Close,
    Quote,
    Comma,
    Newline,
    Comment,
    Backslash,
}

// Evaluated by the compiler: an index out of bounds would not build.
#[allow(clippy::indexing_slicing)]
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Operator; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | 0x0c => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => Class::Word,
            b'(' | b'[' | b'{' => Class::Open,
            b')' | b']' | b'}' => Class::Close,
            b'\'' | b'"' => Class::Quote,
            b',' | b';' => Class::Comma,
            b'\n' | b'\r' => Class::Newline,
            b'#' => Class::Comment,
            b'\\' => Class::Backslash,
            _ => Class::Operator,
        };
        byte += 1;
    }
    classes
};

/// An open bracket, or an f-string around a replacement field.
struct Level {
    /// Links of the surrounding expression.
    links: u32,
    /// The f-string that goes on when this field is closed.
    string: Option<Quote>,
}

/// How a string ends.
#[derive(Clone, Copy)]
struct Quote {
    byte: u8,
    triple: bool,
}

/// The byte offset at which the text is nested too deeply for the fast parser; `None` if it is not.
pub(super) fn first_excess(text: &str) -> Option<usize> {
    let mut scan = Scan::new(text, true);
    scan.run().then_some(scan.at)
}

/// The comments of a text, as ranges of bytes.
pub(super) fn comments(text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan::new(text, false);
    scan.run();
    scan.comments
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    levels: Vec<Level>,
    /// Links at the innermost level.
    links: u32,
    /// Links at all open levels.
    total: u32,
    /// True to stop at the bounds, false to collect comments.
    bounded: bool,
    comments: Vec<Range<usize>>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str, bounded: bool) -> Self {
        let comments = Vec::new();
        Scan { bytes: text.as_bytes(), at: 0, levels: Vec::new(), links: 0, total: 0, bounded, comments }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// True if the bound is exceeded at the current place.
    fn run(&mut self) -> bool {
        while let Some(byte) = self.peek(0) {
            let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Operator);
            match class {
                Class::Space => self.skip(Class::Space),
                Class::Word => {
                    let start = self.at;
                    self.skip(Class::Word);
                    if self.link(self.bytes.get(start..self.at).map_or(0, links_of)) {
                        return true;
                    }
                }
                Class::Operator => {
                    if byte == b':' && self.levels.last().is_some_and(|level| level.string.is_some()) {
                        // A format specification: text again, up to the brace that closes the field.
                        self.at += 1;
                        if self.string_text() {
                            return true;
                        }
                        continue;
                    }
                    self.at += 1;
                    if self.link(1) {
                        return true;
                    }
                }
                Class::Open => {
                    self.at += 1;
                    if self.open(None) {
                        return true;
                    }
                }
                Class::Close => {
                    self.at += 1;
                    if let Some(level) = self.levels.pop() {
                        self.total = self.total.saturating_sub(self.links);
                        self.links = level.links;
                        if level.string.is_some() && byte == b'}' {
                            if self.resume(level.string) {
                                return true;
                            }
                        } else if self.link(1) {
                            return true;
                        }
                    }
                }
                Class::Quote => {
                    if self.quote(byte) {
                        return true;
                    }
                }
                Class::Comma => {
                    self.at += 1;
                    self.end_segment();
                }
                Class::Newline => {
                    self.at += 1;
                    if self.levels.is_empty() {
                        self.end_segment();
                    }
                }
                Class::Comment => {
                    let start = self.at;
                    let rest = self.rest();
                    self.at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    if !self.bounded {
                        self.comments.push(start..self.at);
                    }
                }
                // A continued line, or nothing Python knows.
                Class::Backslash => self.at += 2,
            }
        }
        false
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, class: Class) {
        let rest = self.rest();
        let length = rest.iter().position(|byte| CLASSES.get(usize::from(*byte)) != Some(&class));
        self.at += length.unwrap_or(rest.len());
    }

    fn link(&mut self, links: u32) -> bool {
        self.links += links;
        self.total += links;
        self.bounded && self.total > MAX_LINKS
    }

    fn end_segment(&mut self) {
        self.total = self.total.saturating_sub(self.links);
        self.links = 0;
    }

    fn open(&mut self, string: Option<Quote>) -> bool {
        self.levels.push(Level { links: self.links, string });
        self.links = 0;
        self.bounded && self.levels.len() > MAX_DEPTH as usize
    }

    /// A string, read to its end if it is a plain one.
    fn quote(&mut self, byte: u8) -> bool {
        let triple = self.peek(1) == Some(byte) && self.peek(2) == Some(byte);
        let quote = Quote { byte, triple };
        let formatted = self.is_formatted();
        self.at += if triple { 3 } else { 1 };
        if formatted {
            return self.resume(Some(quote));
        }
        loop {
            let rest = self.rest();
            let stop = if triple { memchr2(byte, b'\\', rest) } else { memchr3(byte, b'\\', b'\n', rest) };
            let Some(stop) = stop else {
                self.at += rest.len();
                return false;
            };
            self.at += stop;
            match self.peek(0) {
                Some(b'\\') => self.at += 2,
                Some(next) if next == byte => {
                    if !triple {
                        self.at += 1;
                        return false;
                    }
                    if self.peek(1) == Some(byte) && self.peek(2) == Some(byte) {
                        self.at += 3;
                        return false;
                    }
                    self.at += 1;
                }
                _ => return false,
            }
        }
    }

    /// True if the prefix in front of the quote makes an f-string or t-string.
    fn is_formatted(&self) -> bool {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        let is_prefix = |byte: &u8| matches!(byte, b'f' | b'F' | b't' | b'T' | b'r' | b'R');
        let length = before.iter().rev().take(3).take_while(|byte| is_prefix(byte)).count();
        let prefix = before.get(before.len() - length..).unwrap_or_default();
        prefix.iter().any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T'))
    }

    /// The text of an f-string, up to its end or into its next replacement field.
    fn resume(&mut self, quote: Option<Quote>) -> bool {
        let Some(quote) = quote else { return false };
        while let Some(next) = self.peek(0) {
            match next {
                b'\\' if !matches!(self.peek(1), Some(b'{' | b'}')) => self.at += 2,
                b'{' if self.peek(1) == Some(b'{') => self.at += 2,
                b'{' => {
                    self.at += 1;
                    return self.open(Some(quote));
                }
                b'\n' | b'\r' if !quote.triple => return false,
                _ if next == quote.byte
                    && (!quote.triple || (self.peek(1) == Some(next) && self.peek(2) == Some(next))) =>
                {
                    self.at += if quote.triple { 3 } else { 1 };
                    return false;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// A format specification, up to the end of its field, into a field inside it, or to the end of a broken string.
    fn string_text(&mut self) -> bool {
        while let Some(next) = self.peek(0) {
            match next {
                b'}' | b'\n' | b'\r' => return false,
                b'{' => {
                    // The field inside is closed by a brace of its own, behind which this specification goes on as
                    // code; that reads a few more links than there are.
                    self.at += 1;
                    return self.open(None);
                }
                b'\'' | b'"' => return false,
                _ => self.at += 1,
            }
        }
        false
    }
}

/// An upper bound of the depth of the tree that was parsed from these tokens.
///
/// Every level of the tree is made by a token of its own logical line, or by a block around it.
pub(super) fn tree_depth(tokens: &Tokens) -> usize {
    /// Up to here the count of all tokens of a line is good enough.
    const COARSE: usize = 4_000;
    let (mut line, mut longest, mut blocks, mut deepest) = (0usize, 0usize, 0usize, 0usize);
    for token in tokens {
        match token.kind() {
            TokenKind::Newline => line = 0,
            TokenKind::Indent => {
                blocks += 1;
                deepest = deepest.max(blocks);
            }
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            _ => {
                line += 1;
                longest = longest.max(line);
            }
        }
    }
    if longest > COARSE {
        longest = line_depth(tokens);
    }
    // A block and its statement are two levels, a level of an expression up to two.
    2 * (longest + 2 * deepest) + 16
}

/// Like [`tree_depth`] for one logical line, with tokens counted between commas and semicolons.
fn line_depth(tokens: &Tokens) -> usize {
    /// What is known about an open bracket.
    #[derive(Default)]
    struct Open {
        /// Tokens since the last comma.
        links: usize,
        /// The deepest bracket closed since the last comma.
        inner: usize,
        /// The deepest segment.
        best: usize,
        /// Block statements begun on this line. What follows them on it may stand inside all of them.
        headers: usize,
    }
    impl Open {
        fn end_segment(&mut self) {
            self.best = self.best.max(self.links + self.inner);
            self.links = self.headers;
            self.inner = 0;
        }
    }
    let mut deepest = 0;
    let mut open = vec![Open::default()];
    let mut before = TokenKind::Newline;
    let mut close = |open: &mut Vec<Open>| {
        let Some(mut closed) = open.pop() else { return };
        closed.end_segment();
        match open.last_mut() {
            Some(outer) => {
                outer.inner = outer.inner.max(closed.best);
                outer.links += 1;
            }
            None => {
                deepest = deepest.max(closed.best);
                open.push(Open::default());
            }
        }
    };
    for token in tokens {
        let kind = token.kind();
        // The same words inside of an expression stand behind something else.
        if begins_block(kind)
            && matches!(before, TokenKind::Colon | TokenKind::Semi | TokenKind::Async)
            && let Some(last) = open.last_mut()
        {
            last.headers += 1;
        }
        before = kind;
        match kind {
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => open.push(Open { links: 1, ..Open::default() }),
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd | TokenKind::TStringEnd => {
                close(&mut open)
            }
            TokenKind::Newline => {
                while open.len() > 1 {
                    close(&mut open);
                }
                close(&mut open);
            }
            TokenKind::Comma | TokenKind::Semi => {
                if let Some(last) = open.last_mut() {
                    last.end_segment();
                }
            }
            // Neighbors are joined without nesting.
            TokenKind::String | TokenKind::Comment | TokenKind::NonLogicalNewline => {}
            _ => {
                if let Some(last) = open.last_mut() {
                    last.links += 1;
                }
            }
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    close(&mut open);
    deepest
}

/// True for a word that begins a statement with a block.
const fn begins_block(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Class
            | TokenKind::Def
            | TokenKind::If
            | TokenKind::Elif
            | TokenKind::Else
            | TokenKind::For
            | TokenKind::While
            | TokenKind::With
            | TokenKind::Try
            | TokenKind::Except
            | TokenKind::Finally
            | TokenKind::Match
            | TokenKind::Case
    )
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};

    use super::*;

    fn depth(text: &str) -> usize {
        tree_depth(parse_unchecked(text, ParseOptions::from(Mode::Module)).tokens())
    }

    #[test]
    fn statements_of_one_line_do_not_add_up_but_blocks_around_them_do() {
        assert!(depth(&"x = 1; ".repeat(10_000)) < 100);
        assert!(depth(&"x = a if b else c; ".repeat(10_000)) < 100);
        assert!(depth(&"f(a, b); ".repeat(10_000)) < 100);
        assert!(depth(&format!("x = {}1", "-".repeat(10_000))) > 10_000);
        assert!(depth(&format!("{}x; y", "if a: ".repeat(3_000))) > 6_000);
        let nested = format!("{}x; {}1", "if a: ".repeat(3_000), "-".repeat(10_000));
        assert!(depth(&nested) > 2 * 12_000, "{}", depth(&nested));
    }
}
