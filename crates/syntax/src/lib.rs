//! From one file's text to a [`Module`] of the common IR, with names resolved and spans kept.
//!
//! This crate holds every parser. Nothing behind it depends on a language's own crate.
//!
//! [`parse`] never fails: what it cannot read stands as `Unknown` in the IR, with a [`Diagnostic`].
//! It does not detect the language of a file and does not decode bytes to text.

mod assemble;
mod bounded;
pub mod bytecode;
pub mod cursor;
pub mod ir;
mod javascript;
pub mod print;
mod python;
pub mod shell;

/// The most of these that are read of one file; the rest is named as lost.
pub use javascript::{MOST_ADDRESSES, MOST_COMMANDS, MOST_TRIED};

use ir::{Diagnostic, Function, FunctionKind, Language, Module, Span};

/// The deepest nesting of expressions, and apart from that of statements, that [`parse`] puts into the IR.
///
/// Only a left spine ([`Attr`](ir::ExprKind::Attr) and [`Index`](ir::ExprKind::Index) bases,
/// [`Call`](ir::ExprKind::Call) callees, left operands of [`Binary`](ir::ExprKind::Binary)) may be longer, up to one
/// link for each byte of text: walk it with a loop.
pub const MAX_DEPTH: u32 = 1_000;

/// The most words and signs of one text that [`parse`] reads; the rest is named as lost. Tokens, tree and IR take up to
/// 200 bytes for each; honest text has one for every three bytes or more.
pub const MAX_TOKENS: usize = 4_000_000;

/// The same on the path of [`parse_robust`] for Python, where they take about 350 bytes each.
pub const MAX_TOKENS_ROBUST: usize = 1_500_000;

/// The most bytes of one text on that path. Text made for it takes tree-sitter up to 400 bytes of memory for each.
pub const MAX_BYTES_ROBUST: usize = 4_000_000;

/// Reads one source text.
///
/// `path` is kept for output only. The text is taken as it is, with or without a byte order mark.
#[must_use]
pub fn parse(path: &str, text: &str, language: Language) -> Module {
    if u32::try_from(text.len()).is_err() {
        return unreadable(path, text, language, "text is longer than 4 GiB");
    }
    match language {
        Language::Python => python::parse(path, text, language),
        Language::JavaScript | Language::TypeScript | Language::PackageJson | Language::Page => {
            javascript::parse(path, text, language)
        }
    }
}

/// Reads one source text on the path that [`parse`] takes for text nested too deeply for the fast parser.
///
/// For a text that killed the process that read it: slower, and with less detail, but without recursion over the text.
/// JavaScript and TypeScript have no such path: of them the module is empty, and its diagnostics say so.
#[must_use]
pub fn parse_robust(path: &str, text: &str, language: Language) -> Module {
    if u32::try_from(text.len()).is_err() {
        return unreadable(path, text, language, "text is longer than 4 GiB");
    }
    match language {
        Language::Python => python::parse_robust(path, text, language),
        Language::JavaScript | Language::TypeScript | Language::PackageJson | Language::Page => {
            javascript::parse_robust(path, text, language)
        }
    }
}

/// Parses one source text with the fast parser alone and drops the tree: the part of [`parse`] that nothing can avoid,
/// for measuring.
///
/// Gives the number of tokens. A text that the fast parser is kept from, for its nesting or its length, gives 0.
#[must_use]
pub fn parse_only(text: &str, language: Language) -> usize {
    if u32::try_from(text.len()).is_err() {
        return 0;
    }
    match language {
        Language::Python => python::parse_only(text),
        Language::JavaScript | Language::TypeScript | Language::PackageJson | Language::Page => {
            javascript::parse_only(text, language)
        }
    }
}

/// A module without statements whose only diagnostic says why.
fn unreadable(path: &str, text: &str, language: Language, why: &str) -> Module {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let span = Span { start: 0, end };
    Module {
        path: path.to_owned(),
        language,
        text: "".into(),
        exprs: Vec::new(),
        functions: vec![Function::empty(FunctionKind::Module, "<module>", Span::default(), Span::default(), None)],
        diagnostics: vec![Diagnostic { span, message: why.to_owned(), lost: true }],
        line_starts: vec![0],
    }
}
