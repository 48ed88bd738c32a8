//! Python: parsing with `ruff_python_parser` and lowering to the IR.
//!
//! Order of work: the text's nesting is bounded by a scan ([`bounds`]), parsed, repaired if it is Python 2
//! ([`python2`]), and lowered ([`lower`], [`statement`], [`expression`]). Text beyond the bound takes the robust path.

mod bindings;
mod bounds;
mod concrete;
mod expression;
mod lower;
mod python2;
mod robust;
mod robust_expression;
mod scope;
mod statement;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ruff_python_ast::{Mod, Stmt};
use ruff_python_parser::{LexicalErrorType, Mode, ParseError, ParseErrorType, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::TextRange;

use crate::MAX_TOKENS;
use crate::ir::{Diagnostic, Language, Module, Span};
use lower::Lowerer;

/// The deepest nesting of blocks that is lowered. CPython refuses more than 100.
const MAX_BLOCKS: u32 = 200;

/// How many parse errors become diagnostics of their own.
const MAX_ERRORS: usize = 200;

/// How often a text is parsed again after a repair.
const MAX_REPAIRS: usize = 3;

/// Reads a Python text.
pub(crate) fn parse(path: &str, text: &str, language: Language) -> Module {
    let fast = match bounds::first_excess(text) {
        None => parse_fast(path, text, language),
        Some(_) => None,
    };
    match fast {
        Some(module) => module,
        None => robust::parse(path, text, language),
    }
}

/// Reads a Python text on the robust path.
pub(crate) fn parse_robust(path: &str, text: &str, language: Language) -> Module {
    robust::parse(path, text, language)
}

/// Parses a text and drops the tree; see [`parse_only`](crate::parse_only).
pub(crate) fn parse_only(text: &str) -> usize {
    if bounds::first_excess(text).is_some() {
        return 0;
    }
    let Some(parsed) = parse_text(text) else { return 0 };
    let tokens = parsed.tokens().len();
    discard(parsed);
    tokens
}

fn parse_fast(path: &str, text: &str, language: Language) -> Option<Module> {
    // There are no more tokens than bytes, so that only a long text is looked through.
    let most = if text.len() > MAX_TOKENS { robust::bytes_of_tokens(text, MAX_TOKENS) } else { text.len() };
    let front = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    let mut parsed = parse_text(front)?;
    let mut diagnostics = Vec::new();
    report(parsed.errors(), text, &mut diagnostics);
    let mut repaired: Option<String> = None;
    for _ in 0..MAX_REPAIRS {
        let source = repaired.as_deref().unwrap_or(front);
        let Some(next) = python2::repair(source, parsed.errors()) else { break };
        discard(std::mem::replace(&mut parsed, parse_text(&next)?));
        diagnostics.clear();
        report(parsed.errors(), text, &mut diagnostics);
        repaired = Some(next);
    }
    if repaired.is_some() {
        let span = Span { start: 0, end: 0 };
        diagnostics.insert(0, Diagnostic { span, message: "read as Python 2".to_owned(), lost: false });
    }
    if front.len() < text.len() {
        let offset = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let span = Span { start: offset(front.len()), end: offset(text.len()) };
        let message = format!("more than {MAX_TOKENS} words and signs, the rest is not read");
        diagnostics.insert(0, Diagnostic { span, message, lost: true });
    }
    let mut lowerer = Lowerer::new(text, repaired.is_some(), diagnostics);
    if let Mod::Module(module) = parsed.syntax() {
        lowerer.module(&module.body);
    }
    let module = lowerer.finish(path, language);
    discard(parsed);
    Some(module)
}

fn parse_text(text: &str) -> Option<Parsed<Mod>> {
    catch_unwind(AssertUnwindSafe(|| parse_unchecked(text, ParseOptions::from(Mode::Module)))).ok()
}

/// Drops a tree on a stack that is large enough for its recursion.
fn discard(parsed: Parsed<Mod>) {
    /// Measured at 56 bytes in a release build.
    const BYTES_PER_LEVEL: usize = 512;
    const SMALL: usize = 64 * 1024;
    let needed = SMALL + bounds::tree_depth(parsed.tokens()).saturating_mul(BYTES_PER_LEVEL);
    stacker::maybe_grow(needed, needed + SMALL, move || drop(parsed));
}

/// Turns parse errors into diagnostics.
fn report(errors: &[ParseError], text: &str, diagnostics: &mut Vec<Diagnostic>) {
    for error in errors.iter().take(MAX_ERRORS) {
        let lost = loses_text(&error.error);
        diagnostics.push(Diagnostic { span: span_in(text, error.location), message: error.error.to_string(), lost });
    }
    if let Some(rest) = errors.get(MAX_ERRORS..)
        && let (Some(first), Some(last)) = (rest.first(), rest.last())
    {
        diagnostics.push(Diagnostic {
            span: span_in(text, first.location).to(span_in(text, last.location)),
            message: format!("{} more syntax errors", rest.len()),
            lost: rest.iter().any(|error| loses_text(&error.error)),
        });
    }
}

/// False for errors behind which the tree still holds the whole text.
fn loses_text(error: &ParseErrorType) -> bool {
    match error {
        ParseErrorType::EmptySlice
        | ParseErrorType::UnparenthesizedNamedExpression
        | ParseErrorType::UnparenthesizedTupleExpression
        | ParseErrorType::UnparenthesizedGeneratorExpression
        | ParseErrorType::InvalidYieldExpressionUsage
        | ParseErrorType::InvalidStarredExpressionUsage
        | ParseErrorType::ParamAfterVarKeywordParam
        | ParseErrorType::NonDefaultParamAfterDefaultParam
        | ParseErrorType::PositionalAfterKeywordArgument
        | ParseErrorType::PositionalAfterKeywordUnpacking
        | ParseErrorType::InvalidArgumentUnpackingOrder
        | ParseErrorType::IterableUnpackingInComprehension
        | ParseErrorType::SimpleStatementsOnSameLine
        | ParseErrorType::SimpleAndCompoundStatementOnSameLine
        | ParseErrorType::UnexpectedIndentation => false,
        ParseErrorType::Lexical(error) => !matches!(error, LexicalErrorType::IndentationError),
        _ => true,
    }
}

/// A range of the parser as a span that lies in the text on character boundaries.
fn span_in(text: &str, range: TextRange) -> Span {
    let start = text.floor_char_boundary(range.start().to_usize());
    let end = text.ceil_char_boundary(range.end().to_usize()).max(start);
    Span { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
}

/// The span of a node.
fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

/// The statements' own docstring: the leading string constant.
fn docstring(body: &[Stmt]) -> Option<&ruff_python_ast::ExprStringLiteral> {
    match body.first()? {
        Stmt::Expr(node) => match &*node.value {
            ruff_python_ast::Expr::StringLiteral(node) => Some(node),
            _ => None,
        },
        _ => None,
    }
}
