//! A finished [`Review`](sluice_review::Review) as text for a terminal, JSON, JSON Lines or Markdown.
//!
//! Nothing here decides anything: no score, no order of importance that the review does not hold. Every renderer
//! escapes control characters itself, so that a text which slipped through cannot reach a terminal.

mod frame;
mod json;
mod markdown;
mod page;
mod text;

pub use json::{json, json_array, jsonl, report};
pub use markdown::markdown;
pub use text::text;

/// How text for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns to wrap at; less than 40 counts as 40.
    pub width: usize,
    /// True to color with ANSI sequences.
    pub color: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// The JSON Schema of what [`json`] and [`jsonl`] print.
pub const SCHEMA: &str = include_str!("../schema/review.schema.json");
