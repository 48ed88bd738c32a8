//! Values as facts: what a finding tells of an evaluated value.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sluice_syntax::ir::Const;
use smol_str::SmolStr;

use super::value::{Term, Value};
use super::{Engine, stable_hash};

impl Engine<'_> {
    /// The value as a fact.
    pub(crate) fn value_fact(&self, value: &Value, literal: bool) -> crate::facts::ValueFact {
        let mut fact = crate::facts::ValueFact { literal, ..Default::default() };
        fact.codings = self.codings(value).iter().cloned().collect();
        if let Some(Const::Str(text)) = value.known() {
            fact.text = Some(crate::facts::clip(text, 4096));
        } else if let Some(Const::Bytes(bytes)) = value.known()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            fact.text = Some(crate::facts::clip(text, 4096));
        } else if let Some(Const::Bytes(bytes)) = value.known() {
            fact.shape = described(bytes);
        }
        let term = value.term().or_else(|| self.container_term(value, 0));
        if let Some(term) = &term {
            term.shape(&mut fact.shape);
            term.literals(&mut fact.literals);
            fact.patterns = term.patterns().into_iter().map(|pattern| Arc::from(pattern.as_str())).collect();
        }
        let (labels, mut tokens) = self.deep(value);
        if let Some(text) = &fact.text
            && text.len() >= 3
        {
            tokens.push(stable_hash(&[b"text", text.as_bytes()]));
        }
        fact.tokens = tokens;
        fact.labels = self.label_kinds(&labels);
        if let Some(text) = &fact.text
            && !text.is_empty()
            && !self.called_by_tests()
        {
            fact.known_as.push((Arc::clone(text), !fact.codings.is_empty()));
        }
        fact.symbol = value.refs().first().and_then(|reference| self.symbol_of(reference));
        fact
    }

    /// A list of known pieces as one term: the words of a command.
    fn container_term(&self, value: &Value, depth: u32) -> Option<Rc<Term>> {
        let object = self.object(value.object()?)?;
        if object.items.is_empty() || depth > 2 {
            return None;
        }
        let space = Rc::new(Term::Text(Arc::from(" ")));
        let mut whole: Option<Rc<Term>> = None;
        for item in object.items.iter().take(16) {
            // A word without text is a word all the same: the next one is not its own.
            let empty = item.known_text().is_some_and(|text| text.is_empty());
            let quoted = || Rc::new(Term::Text(Arc::from("\"\"")));
            let piece = empty
                .then(quoted)
                .or_else(|| item.term())
                .or_else(|| self.container_term(item, depth + 1))
                .unwrap_or_else(|| Rc::new(Term::Name(SmolStr::new_static("…"))));
            whole = Some(match whole {
                Some(before) => Term::join(&Term::join(&before, &space), &piece),
                None => piece,
            });
        }
        whole
    }
}

/// True for a text that reads like base64 or hexadecimal digits: long, without spaces or separators, of mixed characters.
pub(crate) fn is_encoded(text: &str) -> bool {
    const SHORTEST: usize = 16;
    let of = |test: fn(&u8) -> bool| text.bytes().any(|byte| test(&byte));
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let mixed = of(u8::is_ascii_uppercase) && of(u8::is_ascii_lowercase);
    text.len() >= SHORTEST && plain && (mixed || text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// True if knowing the value at such a sink changes what the reader should think of it.
pub(crate) fn is_telling(kind: &str) -> bool {
    matches!(
        kind,
        "network.destination"
            | "network.send"
            | "page.input"
            | "process.command"
            | "code.execute"
            | "code.load"
            | "file.path"
            | "file.write"
            | "file.delete"
            | "persistence"
            | "memory.execute"
            | "clipboard.write"
            | "deserialize"
            | "database.query"
    )
}

/// What bytes are that are no text, by the marks that formats begin with.
fn described(bytes: &[u8]) -> String {
    let what = match bytes {
        [b'M', b'Z', ..] => "a program for Windows",
        [0x7f, b'E', b'L', b'F', ..] => "a program for Linux",
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => {
            "a program for macOS or a virtual machine"
        }
        [b'P', b'K', 3, 4, ..] => "an archive",
        _ => "binary data",
    };
    format!("{what} ({} bytes)", bytes.len())
}

pub(super) fn trimmed_lines(text: &str) -> FxHashSet<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// True if every line of a text stands in another, whose trimmed lines are given. The text's first and last line may
/// share theirs with the quotes and the call around them, and so may a few more that are put together.
pub(super) fn stands_in(text: &str, parent: &str, lines: &FxHashSet<String>) -> bool {
    /// Lines that are looked for anywhere in the parent's text, each by reading all of it.
    const SEARCHED: usize = 16;
    let mut searched = 0;
    text.trim().lines().map(str::trim).all(|line| {
        lines.contains(line) || {
            searched += 1;
            searched <= SEARCHED && parent.contains(line)
        }
    })
}
