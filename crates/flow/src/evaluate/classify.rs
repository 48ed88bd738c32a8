//! Character classes and case, as CPython's `str` has them.

use unicode_general_category::{GeneralCategory as G, get_general_category};

/// `str.isprintable` of one character: what `repr` shows as itself.
pub(super) fn printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !matches!(
        get_general_category(c),
        G::Control
            | G::Format
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::SpaceSeparator
    )
}

/// `str.isalpha` of one character.
pub(super) fn alphabetic(c: char) -> bool {
    matches!(
        get_general_category(c),
        G::UppercaseLetter | G::LowercaseLetter | G::TitlecaseLetter | G::ModifierLetter | G::OtherLetter
    )
}

/// `str.isdecimal` of one character.
pub(super) fn decimal(c: char) -> bool {
    get_general_category(c) == G::DecimalNumber
}

/// `str.isdigit` of one character, `None` where it is not known here.
fn digit(c: char) -> Option<bool> {
    match c {
        '²' | '³' | '¹' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}' => Some(true),
        _ if decimal(c) => Some(true),
        _ if get_general_category(c) == G::OtherNumber && c > '\u{ff}' => None,
        _ => Some(false),
    }
}

/// `str.isnumeric` of one character, `None` where it is not known here: ideographs may be numerals.
fn numeric(c: char) -> Option<bool> {
    match get_general_category(c) {
        G::DecimalNumber | G::LetterNumber | G::OtherNumber => Some(true),
        G::OtherLetter if c > '\u{2fff}' => None,
        _ => Some(false),
    }
}

/// Whether each character of a text that is not empty has the property of this `is…` method; `None` when the method is
/// not one, or the answer is not known here.
pub(super) fn is_all(name: &str, text: &str) -> Option<bool> {
    if name == "isascii" {
        return Some(text.is_ascii());
    }
    if name == "isprintable" {
        return Some(text.chars().all(printable));
    }
    if text.is_empty() {
        return known(name).then_some(false);
    }
    let every = |property: fn(char) -> Option<bool>| {
        text.chars().try_fold(true, |all, c| property(c).map(|holds| all && holds))
    };
    match name {
        "isalpha" => every(|c| Some(alphabetic(c))),
        "isdecimal" => every(|c| Some(decimal(c))),
        "isdigit" => every(digit),
        "isnumeric" => every(numeric),
        "isalnum" => every(|c| {
            if alphabetic(c) || decimal(c) {
                return Some(true);
            }
            numeric(c)
        }),
        "isspace" => every(|c| Some(c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))),
        "isupper" => cased(text, char::is_uppercase, char::is_lowercase),
        "islower" => cased(text, char::is_lowercase, char::is_uppercase),
        "istitle" => text.is_ascii().then(|| is_title(text)),
        "isidentifier" => {
            let mut chars = text.chars();
            let first = chars.next()?;
            text.is_ascii().then(|| {
                (first.is_ascii_alphabetic() || first == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        }
        _ => None,
    }
}

fn known(name: &str) -> bool {
    matches!(
        name,
        "isalpha"
            | "isdecimal"
            | "isdigit"
            | "isnumeric"
            | "isalnum"
            | "isspace"
            | "isupper"
            | "islower"
            | "istitle"
            | "isidentifier"
    )
}

fn cased(text: &str, wanted: fn(char) -> bool, other: fn(char) -> bool) -> Option<bool> {
    let title = |c: char| get_general_category(c) == G::TitlecaseLetter;
    Some(text.chars().any(wanted) && !text.chars().any(|c| other(c) || title(c)))
}

/// `istitle` of ASCII text.
fn is_title(text: &str) -> bool {
    let (mut previous, mut any) = (false, false);
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            if previous {
                return false;
            }
            (previous, any) = (true, true);
        } else if c.is_ascii_lowercase() {
            if !previous {
                return false;
            }
            any = true;
        } else {
            previous = false;
        }
    }
    any
}

/// A character whose title case is its upper case, and a single character.
fn plain_title(c: char) -> Option<char> {
    if matches!(c, '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}' | '\u{10d0}'..='\u{10ff}') {
        return None;
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// The case methods; `None` when the name is not one, or for the rare characters whose case folding or title case is
/// not known here.
pub(super) fn recase(name: &str, text: &str) -> Option<String> {
    Some(match name {
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "casefold" => {
            let mut folded = String::with_capacity(text.len());
            for c in text.chars() {
                match c {
                    'ß' => folded.push_str("ss"),
                    'ſ' => folded.push('s'),
                    'µ' => folded.push('μ'),
                    '\u{149}' | '\u{1f0}' => return None,
                    '\0'..='\u{24f}' | '\u{400}'..='\u{52f}' | '\u{4e00}'..='\u{9fff}' => {
                        folded.extend(c.to_lowercase())
                    }
                    _ => return None,
                }
            }
            folded
        }
        "swapcase" => {
            if text.contains('Σ') {
                return None;
            }
            let mut swapped = String::with_capacity(text.len());
            for c in text.chars() {
                if c.is_uppercase() {
                    swapped.extend(c.to_lowercase());
                } else if c.is_lowercase() {
                    swapped.extend(c.to_uppercase());
                } else {
                    swapped.push(c);
                }
            }
            swapped
        }
        "capitalize" => {
            let mut chars = text.chars();
            let Some(first) = chars.next() else { return Some(String::new()) };
            let rest = chars.as_str();
            if rest.contains('Σ') {
                return None;
            }
            let mut capital = String::from(plain_title(first)?);
            capital.push_str(&rest.to_lowercase());
            capital
        }
        "title" => {
            if text.contains('Σ') {
                return None;
            }
            let mut title = String::with_capacity(text.len());
            let mut previous = false;
            for c in text.chars() {
                if previous {
                    title.extend(c.to_lowercase());
                } else {
                    title.push(plain_title(c)?);
                }
                previous = c.is_uppercase() || c.is_lowercase() || get_general_category(c) == G::TitlecaseLetter;
            }
            title
        }
        _ => return None,
    })
}
