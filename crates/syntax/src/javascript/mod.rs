//! JavaScript and TypeScript: parsing with `oxc_parser` and lowering to the IR.
//!
//! Order of work: the text's nesting is bounded by a scan ([`bounds`]), parsed, and lowered ([`lower`], [`statement`],
//! [`expression`]). The parser gives an empty tree for a fatal error; such a text stands as unknown, and says so.

mod bounds;
mod expression;
mod function;
mod hoist;
mod lower;
mod markup;
mod namespaces;
mod pattern;
mod scope;
mod scripts;
mod statement;

use std::panic::{AssertUnwindSafe, catch_unwind};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use crate::ir::{Diagnostic, Language, Module, Span};
use bounds::Excess;
use lower::Lowerer;
pub use markup::MOST_TRIED;
pub use scripts::{MOST_ADDRESSES, MOST_COMMANDS};

/// How many parse errors become diagnostics of their own.
const MAX_ERRORS: usize = 200;

/// Stack for the parser. It takes at most about 16 KiB for a level of brackets, of which [`bounds`] lets through
/// [`MAX_DEPTH`](crate::MAX_DEPTH).
const STACK: usize = 64 << 20;

/// Reads a text.
pub(crate) fn parse(path: &str, text: &str, language: Language) -> Module {
    if language == Language::PackageJson {
        return manifest(path, text);
    }
    if language == Language::Page {
        return markup::parse(path, text);
    }
    read_front(path, text, text, language)
}

/// Reads `code`, which is the text or what is left of it where the rest is blank.
fn read_front(path: &str, text: &str, code: &str, language: Language) -> Module {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = |at: usize| Span { start: offset(at), end: offset(text.len()) };
    let (front, rest) = match bounds::first_excess(code) {
        None => (code, None),
        Some(Excess::Deep(at)) => {
            return unread(path, text, language, span(at), "brackets are nested too deeply to be read".to_owned());
        }
        Some(Excess::Long(at)) => {
            let message = format!("more than {} words and signs, the rest is not read", crate::MAX_TOKENS);
            let Some(front) = code.get(..at).filter(|front| !front.is_empty()) else {
                return unread(path, text, language, span(0), message);
            };
            (front, Some(Diagnostic { span: span(at), message, lost: true }))
        }
    };
    let lowered = stacker::grow(STACK, || {
        catch_unwind(AssertUnwindSafe(|| {
            let allocator = Allocator::default();
            read(&allocator, path, text, front, rest, language)
        }))
    });
    lowered.unwrap_or_else(|_| {
        let span = Span { start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) };
        unread(path, text, language, span, "the parser gave up on this text".to_owned())
    })
}

/// Reads a manifest, whose scripts are the code.
fn manifest(path: &str, text: &str) -> Module {
    let empty = Lowerer::new(text, Vec::new()).finish(path, Language::PackageJson);
    if path.ends_with(".gyp") || path.ends_with(".gypi") {
        return scripts::build_file(text, empty);
    }
    scripts::read(text, empty).unwrap_or_else(|error| unread(path, text, Language::PackageJson, error.at, error.why))
}

/// Reads a text that ended the process that read it: nothing of it is lowered, and that is said.
pub(crate) fn parse_robust(path: &str, text: &str, language: Language) -> Module {
    let span = Span { start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) };
    let message = "no other way of reading this text is there".to_owned();
    let mut module = unread(path, text, language, span, message.clone());
    // The first diagnostic of a text that is read so says how it is read; what was lost by that stands behind it.
    module.diagnostics.push(Diagnostic { span, message, lost: true });
    module
}

/// Parses a text and drops the tree; see [`parse_only`](crate::parse_only). Gives the number of statements.
pub(crate) fn parse_only(text: &str, language: Language) -> usize {
    if language == Language::Page {
        return markup::parse_only(text);
    }
    if bounds::first_excess(text).is_some() {
        return 0;
    }
    stacker::grow(STACK, || {
        let allocator = Allocator::default();
        let parsed = catch_unwind(AssertUnwindSafe(|| {
            parse_text(&allocator, text, source_type("", language)).program.body.len()
        }));
        parsed.unwrap_or(0)
    })
}

/// Reads the front of a text, which is mostly all of it; `rest` says what is not read.
fn read<'a>(
    allocator: &'a Allocator,
    path: &str,
    text: &str,
    front: &'a str,
    rest: Option<Diagnostic>,
    language: Language,
) -> Module {
    let kind = source_type(path, language);
    let mut parsed = parse_text(allocator, front, kind);
    // A file without imports may still be a sloppy script, which a module is not; and the other way round.
    if is_empty(&parsed.program) && !parsed.diagnostics.is_empty() {
        let other = if kind.is_module() { kind.with_script(true) } else { kind.with_module(true) };
        let again = parse_text(allocator, front, other);
        if !is_empty(&again.program) {
            parsed = again;
        }
    }
    let lost = is_empty(&parsed.program) && !front.trim().is_empty();
    let mut diagnostics = Vec::from_iter(rest);
    for error in parsed.diagnostics.iter().take(MAX_ERRORS) {
        let place = error.labels.first();
        let start = place.map_or(0, |label| label.offset());
        let end = place.map_or(0, |label| label.offset().saturating_add(label.len()));
        diagnostics.push(Diagnostic { span: Span { start, end }, message: error.message.to_string(), lost });
    }
    let mut lowerer = Lowerer::new(text, diagnostics);
    lowerer.module(&parsed.program.body);
    lowerer.finish(path, language)
}

fn is_empty(program: &Program<'_>) -> bool {
    program.body.is_empty() && program.directives.is_empty()
}

fn parse_text<'a>(allocator: &'a Allocator, text: &'a str, kind: SourceType) -> ParserReturn<'a> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    Parser::new(allocator, text, kind).with_options(options).parse()
}

/// The dialect by language and file name: `.d.ts`, `.mts` and the like say more than the language does.
fn source_type(path: &str, language: Language) -> SourceType {
    let by_name = SourceType::from_path(path).ok();
    match (language, by_name) {
        (Language::TypeScript, Some(kind)) if kind.is_typescript() => kind,
        (Language::TypeScript, _) => SourceType::ts(),
        (_, Some(kind)) if kind.is_javascript() => kind.with_jsx(true),
        _ => SourceType::unambiguous().with_jsx(true),
    }
}

/// A module without statements whose diagnostic says why.
fn unread(path: &str, text: &str, language: Language, span: Span, message: String) -> Module {
    let mut lowerer = Lowerer::new(text, vec![Diagnostic { span, message, lost: true }]);
    lowerer.module(&[]);
    lowerer.finish(path, language)
}
