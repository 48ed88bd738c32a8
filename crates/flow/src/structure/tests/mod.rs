//! Each rule on texts that it is about, and on texts beside them that it must not touch.

mod errors;
mod form;
mod helpers;
mod params;
mod stores;

use sluice_syntax::ir::{Language, Module, Span};

use super::{Structure, structure};

/// Reads a text and finds its structure.
fn read(text: &str) -> (Module, Structure) {
    let module = sluice_syntax::parse("sample.py", text, Language::Python);
    let found = structure(&module);
    (module, found)
}

/// The 1-based line of a place.
fn line(module: &Module, span: Span) -> u32 {
    module.line_column(span.start).0
}
