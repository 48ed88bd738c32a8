//! What every front end makes of its parts: an empty function, a whole module.

use smol_str::SmolStr;

use crate::ir::{Diagnostic, Expr, FuncId, Function, FunctionKind, Language, Member, Module, Span};

impl Function {
    /// A function of which nothing but its place is known.
    pub(crate) fn empty(
        kind: FunctionKind,
        name: impl Into<SmolStr>,
        span: Span,
        name_span: Span,
        parent: Option<FuncId>,
    ) -> Self {
        Self {
            kind,
            name: name.into(),
            span,
            name_span,
            parent,
            params: Vec::new(),
            bases: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            slots: Vec::new(),
            body: Vec::new(),
            doc: None,
            is_async: false,
            is_generator: false,
            member: Member::Plain,
        }
    }
}

impl Module {
    /// The module of a text that was lowered. Diagnostics are brought into the order of the text.
    pub(crate) fn assemble(
        (path, language, text): (&str, Language, &str),
        mut exprs: Vec<Expr>,
        mut functions: Vec<Function>,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        // Modules live as long as the analysis: what growing has left over would be a third of them.
        exprs.shrink_to_fit();
        functions.shrink_to_fit();
        Self {
            path: path.to_owned(),
            language,
            text: text.into(),
            exprs,
            functions,
            diagnostics,
            line_starts: Self::find_line_starts(text),
        }
    }
}
