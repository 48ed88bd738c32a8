//! Facts that follow from the structure of one module alone: dead stores, raises, handlers, unread parameters, helpers
//! that nothing calls, measures of form.
//!
//! Nothing here evaluates a value, resolves a call or consults the catalog. Where the structure leaves a doubt (text
//! that was lost, a frame that is read by name) nothing is told.

mod errors;
mod form;
mod helpers;
mod keyed;
mod liveness;
mod params;
mod scan;
mod stores;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

use sluice_syntax::ir::{ExprId, FuncId, Module, Span};
use smol_str::SmolStr;

pub use helpers::unused_helpers;
pub(crate) use scan::reassigned;

/// What the structure of one module tells.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    /// Values that are stored where nothing reads them, in the order of the functions and then of the text.
    pub dead_stores: Vec<RawDeadStore>,
    /// Every `raise`, in the order of the functions and then of the text.
    pub raises: Vec<RawRaise>,
    /// Every exception handler, in the order of the functions and then of the text.
    pub handlers: Vec<RawHandler>,
    /// Functions with parameters that nothing in them reads, in the order of the functions.
    pub unused_params: Vec<(FuncId, Vec<SmolStr>)>,
    /// Measures of form.
    pub form: RawForm,
    /// Methods that are named for another method of their class which calls a sibling instead; only
    /// [`unused_helpers`] can tell whether something else in the package uses them.
    pub helpers: Vec<HelperCandidate>,
    /// Functions whose stores were not looked at because they are too large.
    pub skipped: Vec<FuncId>,
}

/// A value that is stored where nothing reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDeadStore {
    /// The function.
    pub func: FuncId,
    /// The variable, or the container's variable for a store into an item.
    pub variable: SmolStr,
    /// The item's key, attribute, or adding method (`append`), for a store into a container.
    pub key: Option<SmolStr>,
    /// What is stored, as written, at most 120 characters.
    pub value: String,
    /// The parameters in the value that nothing but dead stores and conditions read.
    pub lost: Vec<SmolStr>,
    /// Constants that the dead container holds under keys that a later call takes from elsewhere: key, constant.
    pub shadowed: Vec<(SmolStr, String)>,
    /// The statement.
    pub span: Span,
    /// The statement that creates the container, for a store into one.
    pub container: Option<Span>,
}

/// A condition on which something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawGuard {
    /// The condition.
    pub condition: ExprId,
    /// Its place.
    pub span: Span,
    /// The condition as written, at most 120 characters.
    pub text: String,
    /// False if it must not hold.
    pub holds: bool,
}

/// A raised exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRaise {
    /// The function, module or class body it stands in.
    pub func: FuncId,
    /// The exception's type, or variable, as written; empty for a bare `raise`.
    pub exception: SmolStr,
    /// Its arguments as written, each at most 120 characters.
    pub args: Vec<String>,
    /// The statement.
    pub span: Span,
    /// The conditions on which it stands inside its function, outermost first, early exits included; at most the 32
    /// innermost.
    pub guards: Vec<RawGuard>,
    /// The innermost handler it stands in: index into [`Structure::handlers`].
    pub handler: Option<u32>,
    /// True if it passes on the exception that a handler around it caught.
    pub passes_caught: bool,
}

/// An exception handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawHandler {
    /// The function, module or class body it stands in.
    pub func: FuncId,
    /// The exceptions as written; empty for one that catches everything.
    pub exceptions: Vec<SmolStr>,
    /// True if it catches everything, or `Exception`.
    pub broad: bool,
    /// True if it does nothing with the error: `pass`, `continue`, a constant.
    pub swallows: bool,
    /// The whole handler.
    pub span: Span,
    /// True if it only catches failed imports.
    pub import_fallback: bool,
}

/// Measures of how a text is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawForm {
    /// Length in bytes of the longest string or bytes literal after decoding. Docstrings do not count.
    pub longest_literal: u32,
    /// Where it stands.
    pub longest_literal_at: Option<Span>,
    /// Bytes in literals of 200 bytes or more whose entropy is above 4.5 bits a byte and that are not prose.
    pub dense_literal_bytes: u64,
    /// The longest of these literals.
    pub dense_literal_at: Option<Span>,
    /// Length in bytes of the longest line.
    pub longest_line: u32,
    /// The longest line.
    pub longest_line_at: Span,
    /// Number of invisible or direction-changing characters, and of names written with look-alike letters.
    pub strange_characters: u32,
    /// The first of them.
    pub strange_at: Option<Span>,
    /// Number of lines whose code goes on beyond column 200 behind a gap of 100 columns or more.
    pub pushed_lines: u32,
    /// The code behind the gap on the first of them.
    pub pushed_at: Option<Span>,
}

/// A method that is named for another method of its class, which calls a sibling of the same shape instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperCandidate {
    /// The helper: `get_rotate_key_path`.
    pub helper: FuncId,
    /// The method it is named for: `rotate_key`.
    pub user: FuncId,
    /// The sibling's name: `get_item_path`.
    pub sibling: SmolStr,
    /// The call of the sibling.
    pub sibling_call: Span,
}

/// A [`HelperCandidate`] that nothing in the package uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawUnusedHelper {
    /// Index of its module in the list given to [`unused_helpers`].
    pub module: usize,
    /// The helper and what is called in its place.
    pub candidate: HelperCandidate,
    /// What the helper alone uses.
    pub unused: Vec<UnusedConstant>,
}

/// A constant that only an unused helper uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedConstant {
    /// The module variable that holds it, if it is not written in the helper itself.
    pub name: Option<SmolStr>,
    /// The text of a string; any other constant as written.
    pub value: String,
}

/// Finds what the structure of a module tells. Takes time linear in the size of the module for a bounded depth of
/// nesting.
#[must_use]
pub fn structure(module: &Module) -> Structure {
    let scan = scan::scan(module);
    let mut found = Structure { form: form::measure(module, &scan), ..Structure::default() };
    stores::find(module, &scan, &mut found);
    errors::find(module, &mut found);
    params::find(module, &scan, &mut found);
    helpers::find(module, &mut found);
    found
}
