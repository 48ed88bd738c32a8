//! The state of one lowering: the arena, the functions and the open scopes.

use std::sync::Arc;

use oxc_ast::ast::{self, Statement as S};
use oxc_span::Span as Place;
use smol_str::SmolStr;

use super::scope::Scopes;
use crate::MAX_DEPTH;
use crate::ir::{
    Const, Diagnostic, Expr, ExprId, ExprKind, FuncId, Function, FunctionKind, Language, Module, SlotRef, Span, Stmt,
    StmtKind, Target,
};

/// How many functions may be nested in each other.
const MAX_FRAMES: usize = 200;

/// How many places below the depth bound get a diagnostic of their own.
const MAX_DEEP: usize = 50;

pub(super) fn span(place: Place) -> Span {
    Span { start: place.start, end: place.end }
}

/// Lowers one parsed text.
pub(super) struct Lowerer<'a> {
    pub(super) text: &'a str,
    pub(super) scopes: Scopes,
    /// The name for the next function or class without one.
    pub(super) hint: Option<SmolStr>,
    /// Documentation comments: where they end, and their text, in the order of the text.
    pub(super) docs: Vec<(u32, &'a str)>,
    exprs: Vec<Expr>,
    functions: Vec<Function>,
    diagnostics: Vec<Diagnostic>,
    depth: u32,
    deep: usize,
}

impl<'a> Lowerer<'a> {
    pub(super) fn new(text: &'a str, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            text,
            scopes: Scopes::default(),
            hint: None,
            docs: Vec::new(),
            // The usual density.
            exprs: Vec::with_capacity(text.len() / 8),
            functions: Vec::new(),
            diagnostics,
            depth: 0,
            deep: 0,
        }
    }

    /// Lowers the module body. Called once.
    pub(super) fn module(&mut self, body: &[S<'a>]) {
        let whole = Span { start: 0, end: u32::try_from(self.text.len()).unwrap_or(u32::MAX) };
        let func = self.reserve(FunctionKind::Module, "<module>", whole, Span::default());
        self.scopes.open(func);
        let body = self.frame(body);
        let doc = self.docs.first().filter(|(end, text)| (*end as usize) < text.len() + 200);
        let doc = doc.map(|(_, text)| Arc::from(*text));
        self.fill(func, |function| {
            function.body = body;
            function.doc = doc;
        });
    }

    /// The module.
    pub(super) fn finish(mut self, path: &str, language: Language) -> Module {
        if self.functions.is_empty() {
            self.module(&[]);
        }
        Module::assemble((path, language, self.text), self.exprs, self.functions, self.diagnostics)
    }

    /// Adds a function without a body, so that its id comes before those of the functions inside.
    pub(super) fn reserve(&mut self, kind: FunctionKind, name: &str, span: Span, name_span: Span) -> FuncId {
        let id = FuncId(u32::try_from(self.functions.len()).unwrap_or(u32::MAX));
        let parent = (kind != FunctionKind::Module).then(|| self.scopes.current());
        self.functions.push(Function::empty(kind, name, span, name_span, parent));
        id
    }

    /// Closes the innermost frame and completes its function.
    pub(super) fn fill(&mut self, func: FuncId, complete: impl FnOnce(&mut Function)) {
        let closed = self.scopes.close();
        // A function expression that reads its own name holds itself in that variable.
        let own = closed.own.map(|slot| {
            let place = self.functions.get(func.0 as usize).map(|function| function.name_span).unwrap_or_default();
            let value = self.push_at(ExprKind::Function(func), place);
            let target = Target::Slot(SlotRef { func, slot }, place);
            Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span: place }
        });
        if let Some(function) = self.functions.get_mut(func.0 as usize) {
            function.slots = closed.slots;
            function.is_generator |= closed.is_generator;
            complete(function);
            if let Some(own) = own {
                function.body.insert(0, own);
            }
        }
    }

    /// Changes a function that is filled already.
    pub(super) fn amend(&mut self, func: FuncId, change: impl FnOnce(&mut Function)) {
        if let Some(function) = self.functions.get_mut(func.0 as usize) {
            change(function);
        }
    }

    /// The documentation comment directly before a place.
    pub(super) fn doc(&self, start: u32) -> Option<Arc<str>> {
        let behind = self.docs.partition_point(|(end, _)| *end <= start);
        let (end, text) = self.docs.get(behind.checked_sub(1)?)?;
        let between = self.text.get(*end as usize..start as usize)?;
        if between.len() > 100 {
            return None;
        }
        between
            .split_whitespace()
            .all(|word| matches!(word, "export" | "default" | "async" | "static" | "public" | "private"))
            .then(|| Arc::from(*text))
    }

    /// Adds an expression to the arena.
    pub(super) fn push(&mut self, kind: ExprKind, place: Place) -> ExprId {
        self.push_at(kind, span(place))
    }

    /// Adds an expression to the arena.
    pub(super) fn push_at(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.exprs.len()).unwrap_or(u32::MAX));
        self.exprs.push(Expr { kind, span });
        id
    }

    /// What an expression is.
    pub(super) fn kind_of(&self, id: ExprId) -> Option<&ExprKind> {
        self.exprs.get(id.0 as usize).map(|expr| &expr.kind)
    }

    /// A text constant.
    pub(super) fn string(&mut self, text: &str, place: Place) -> ExprId {
        self.push(ExprKind::Const(Const::Str(Arc::from(text))), place)
    }

    /// Runs `inner` one level deeper, on more stack if needed; `None` if the bound is reached.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = if self.depth.is_multiple_of(8) { on_stack(|| inner(self)) } else { inner(self) };
        self.depth -= 1;
        Some(result)
    }

    /// False if functions are nested as deeply as they may.
    pub(super) fn has_frames_left(&self) -> bool {
        self.scopes.len() <= MAX_FRAMES
    }

    /// Records that something below the depth bound was left out.
    pub(super) fn too_deep(&mut self, place: Place) {
        self.deep += 1;
        if self.deep <= MAX_DEEP {
            self.diagnose(place, "nested too deeply to be read", true);
        }
    }

    /// Records a diagnostic.
    pub(super) fn diagnose(&mut self, place: Place, message: &str, lost: bool) {
        self.diagnostics.push(Diagnostic { span: span(place), message: message.to_owned(), lost });
    }

    /// A list of parameters' or a class's decorators, evaluated where the definition stands.
    pub(super) fn decorators(&mut self, decorators: &[ast::Decorator<'a>]) -> Vec<ExprId> {
        decorators.iter().map(|decorator| self.expr(&decorator.expression)).collect()
    }
}

/// Runs `inner` on more stack if little is left.
pub(super) fn on_stack<T>(inner: impl FnOnce() -> T) -> T {
    const RED_ZONE: usize = 256 * 1024;
    const NEW_STACK: usize = 4 * 1024 * 1024;
    stacker::maybe_grow(RED_ZONE, NEW_STACK, inner)
}
