//! Parsing with tree-sitter in a number of steps that the length of the text bounds.

use std::ops::ControlFlow;

/// Parses bytes; `None` if the parser would look at its progress more than `looks` times. It looks once for every few
/// dozen bytes of honest text, and far more often where it tries many ways to go on.
pub(crate) fn parse(language: &tree_sitter::Language, source: &[u8], looks: usize) -> Option<tree_sitter::Tree> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(language).ok()?;
    let mut left = looks;
    let mut progress = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = tree_sitter::ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _| source.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options))
}
