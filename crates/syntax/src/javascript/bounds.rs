//! A linear scan that bounds what a recursive parser would have to nest, before it is asked.
//!
//! The scan knows strings, templates, comments and brackets, and takes every other sign as it comes. A slash that opens a
//! regular expression cannot be told from a division without parsing; brackets inside of one are counted, which can only
//! refuse a text and never let one through that nests deeper, but for closing brackets inside of an expression, of which
//! there are not as many in honest text as it would take.

use crate::{MAX_DEPTH, MAX_TOKENS};

/// How many operators may stand in one expression outside of what ends it. The parser recurses over prefix operators,
/// assignments and conditional expressions, and takes up to a kilobyte of its stack for each.
const MAX_LINKS: u32 = 50_000;

/// How many angle brackets may be open. Type arguments are tried and given up at every `<`, each time to the end.
const MAX_ANGLES: u32 = 500;

/// Why the parser is not given all of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// It nests deeper than the parser is allowed to, at this offset.
    Deep(usize),
    /// It has more words and signs than [`MAX_TOKENS`]. Its last statement before them ends at this offset.
    Long(usize),
}

/// Where a text is more than the parser is allowed to read; `None` if it never is.
pub(super) fn first_excess(text: &str) -> Option<Excess> {
    bounded(text, MAX_TOKENS)
}

fn bounded(text: &str, most: usize) -> Option<Excess> {
    let bytes = text.as_bytes();
    let mut tokens = 0_usize;
    let mut in_word = false;
    // Behind the last statement that ends outside of all brackets.
    let mut whole = 0_usize;
    // True for a bracket, false for a template that is open around it.
    let mut open: Vec<bool> = Vec::new();
    let mut links = 0u32;
    let mut angles = 0u32;
    let mut at = 0usize;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
        if !(byte.is_ascii_whitespace() || word && in_word) {
            tokens += 1;
            if tokens > most {
                return Some(Excess::Long(whole));
            }
        }
        in_word = word;
        at += 1;
        match byte {
            b'(' | b'[' | b'{' => {
                open.push(true);
                if open.len() > MAX_DEPTH as usize {
                    return Some(Excess::Deep(at - 1));
                }
            }
            b')' | b']' if open.last() == Some(&true) => {
                open.pop();
            }
            b'}' => match open.pop() {
                // The end of a substitution: the template goes on.
                Some(true) if open.last() == Some(&false) => {
                    at = template(bytes, at, &mut open);
                }
                Some(false) => open.push(false),
                _ => links = 0,
            },
            b'"' | b'\'' => at = string(bytes, at, byte),
            b'`' => {
                open.push(false);
                if open.len() > MAX_DEPTH as usize {
                    return Some(Excess::Deep(at - 1));
                }
                at = template(bytes, at, &mut open);
            }
            b'/' if next == Some(b'/') => {
                at = memchr::memchr2(b'\n', b'\r', bytes.get(at..).unwrap_or_default())
                    .map_or(bytes.len(), |end| at + end);
            }
            b'/' if next == Some(b'*') => {
                at = memchr::memmem::find(bytes.get(at + 1..).unwrap_or_default(), b"*/")
                    .map_or(bytes.len(), |end| at + end + 3);
            }
            b';' | b',' => {
                links = 0;
                if byte == b';' {
                    angles = 0;
                    if open.is_empty() {
                        whole = at;
                    }
                }
            }
            b'<' => {
                angles = angles.saturating_add(1);
                links = links.saturating_add(1);
            }
            b'>' => angles = angles.saturating_sub(1),
            b'!' | b'~' | b'+' | b'-' | b'=' | b'?' | b':' | b'*' => links = links.saturating_add(1),
            _ => {}
        }
        if links > MAX_LINKS || angles > MAX_ANGLES {
            return Some(Excess::Deep(at - 1));
        }
    }
    None
}

/// The offset behind a string's closing quote, or the end of its line.
fn string(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// The offset behind a template's end, or behind the `${` of a substitution, which stays open.
fn template(bytes: &[u8], mut at: usize, open: &mut Vec<bool>) -> usize {
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'`' => {
                open.pop();
                return at;
            }
            b'$' if bytes.get(at) == Some(&b'{') => {
                open.push(true);
                return at + 1;
            }
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::{Excess, bounded, first_excess};

    #[test]
    fn a_long_text_is_cut_behind_a_whole_statement() {
        let text = "f(a, 'b c d');\nlet x = {y: 1};\n// one comment is one sign\ng(1);\n";
        assert_eq!(bounded(text, 100), None);
        assert_eq!(bounded(text, 20), Some(Excess::Long(text.find("\n//").unwrap())));
        assert_eq!(bounded(text, 3), Some(Excess::Long(0)));
    }

    #[test]
    fn deep_brackets_of_every_kind_are_refused() {
        for bracket in ["(", "[", "{", "`${"] {
            assert!(first_excess(&bracket.repeat(200_000)).is_some(), "{bracket}");
        }
        assert_eq!(first_excess(&"f({a: [1, `x${y}`]});\n".repeat(2_000)), None);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(first_excess(&"x = '(((('; // ((((\n/* (((( */ y = `((((`;\n".repeat(1_000)), None);
    }
}
