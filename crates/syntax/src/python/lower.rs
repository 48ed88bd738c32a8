//! The state of one lowering: the arena, the functions and the open frames.

use std::sync::Arc;

use ruff_python_ast::{Expr as Node, Parameters, Stmt as StmtNode};
use ruff_text_size::{Ranged, TextRange};

use super::scope::Scopes;
use super::{bindings, docstring, span};
use crate::MAX_DEPTH;
use crate::ir::{
    Diagnostic, Expr, ExprId, ExprKind, FuncId, Function, FunctionKind, Language, Module, Param, ParamKind, Span, Stmt,
};

/// How many functions may be nested in each other.
const MAX_FRAMES: usize = 200;

/// How many places below the depth bound get a diagnostic of their own.
const MAX_DEEP: usize = 50;

/// Lowers one parsed text.
pub(super) struct Lowerer<'a> {
    pub(super) text: &'a str,
    /// True if the tree is that of a text repaired by [`super::python2::repair`].
    pub(super) repaired: bool,
    /// True if the text may hold a walrus.
    walrus: bool,
    pub(super) scopes: Scopes,
    exprs: Vec<Expr>,
    functions: Vec<Function>,
    diagnostics: Vec<Diagnostic>,
    /// Recursion of statements and expressions; at most [`MAX_DEPTH`].
    depth: u32,
    /// Nesting of blocks; at most [`super::MAX_BLOCKS`].
    pub(super) blocks: u32,
    deep: usize,
    /// Links of left spines that are being lowered; a stack shared by all levels.
    pub(super) spine: Vec<&'a Node>,
}

impl<'a> Lowerer<'a> {
    pub(super) fn new(text: &'a str, repaired: bool, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            text,
            repaired,
            walrus: text.contains(":="),
            scopes: Scopes::default(),
            // The usual density.
            exprs: Vec::with_capacity(text.len() / 16),
            functions: Vec::new(),
            diagnostics,
            depth: 0,
            blocks: 0,
            deep: 0,
            spine: Vec::new(),
        }
    }

    /// Lowers the module body. Called once.
    pub(super) fn module(&mut self, body: &'a [StmtNode]) {
        let whole = Span { start: 0, end: u32::try_from(self.text.len()).unwrap_or(u32::MAX) };
        let func = self.reserve(FunctionKind::Module, "<module>", whole, Span::default());
        self.scopes.open(func, false);
        bindings::declare(&mut self.scopes, body, self.walrus);
        if self.text.contains("global") {
            bindings::declare_globals(&mut self.scopes, body);
        }
        let doc = docstring(body).map(|doc| Arc::from(doc.value.to_str()));
        let body = self.block(body);
        self.fill(func, |function| {
            function.doc = doc;
            function.body = body;
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
        if let Some(function) = self.functions.get_mut(func.0 as usize) {
            function.slots = closed.slots;
            function.is_generator = closed.is_generator;
            complete(function);
        }
    }

    /// Lowers a function definition in the current frame; its name is bound by the caller.
    pub(super) fn function(&mut self, node: &'a ruff_python_ast::StmtFunctionDef) -> FuncId {
        let func = self.reserve(FunctionKind::Function, &node.name, span(node.range), span(node.name.range));
        let decorators = node.decorator_list.iter().map(|decorator| self.expr(&decorator.expression)).collect();
        let type_params = self.begin_type_params(node.type_params.as_deref());
        let mut params = self.parameters(&node.parameters);
        let returns = node.returns.as_deref().map(|returns| self.expr(returns));
        self.scopes.open(func, false);
        for param in &mut params {
            param.slot = self.scopes.declare_parameter(&param.name);
        }
        let doc = docstring(&node.body).map(|doc| Arc::from(doc.value.to_str()));
        let body = self.frame_body(&node.body, node.range);
        self.fill(func, |function| {
            function.params = params;
            function.decorators = decorators;
            function.returns = returns;
            function.doc = doc;
            function.is_async = node.is_async;
            function.body = body;
        });
        self.end_type_params(type_params);
        func
    }

    /// Lowers a class definition in the current frame; its name is bound by the caller.
    pub(super) fn class(&mut self, node: &'a ruff_python_ast::StmtClassDef) -> FuncId {
        let func = self.reserve(FunctionKind::Class, &node.name, span(node.range), span(node.name.range));
        let decorators = node.decorator_list.iter().map(|decorator| self.expr(&decorator.expression)).collect();
        let type_params = self.begin_type_params(node.type_params.as_deref());
        let bases = node.arguments.as_deref().map(|arguments| self.arguments(arguments)).unwrap_or_default();
        self.scopes.open(func, true);
        let doc = docstring(&node.body).map(|doc| Arc::from(doc.value.to_str()));
        let body = self.frame_body(&node.body, node.range);
        self.fill(func, |function| {
            function.bases = bases;
            function.decorators = decorators;
            function.doc = doc;
            function.body = body;
        });
        self.end_type_params(type_params);
        func
    }

    /// Lowers a lambda.
    pub(super) fn lambda(&mut self, node: &'a ruff_python_ast::ExprLambda) -> ExprKind {
        if !self.has_frames_left() {
            self.too_deep(node.range);
            return ExprKind::Unknown(Vec::new());
        }
        let whole = span(node.range);
        let name = Span { start: whole.start, end: whole.start.saturating_add(6).min(whole.end) };
        let func = self.reserve(FunctionKind::Lambda, "<lambda>", whole, name);
        let mut params = node.parameters.as_deref().map(|parameters| self.parameters(parameters)).unwrap_or_default();
        self.scopes.open(func, false);
        for param in &mut params {
            param.slot = self.scopes.declare_parameter(&param.name);
        }
        bindings::declare_in_expression(&mut self.scopes, &node.body, self.walrus);
        let value = self.expr(&node.body);
        let body = vec![Stmt { kind: crate::ir::StmtKind::Return(Some(value)), span: span(node.body.range()) }];
        self.fill(func, |function| {
            function.params = params;
            function.body = body;
        });
        ExprKind::Function(func)
    }

    /// Declares the names of a body in the frame just opened and lowers it.
    fn frame_body(&mut self, body: &'a [StmtNode], range: TextRange) -> Vec<Stmt> {
        if !self.has_frames_left() {
            self.too_deep(range);
            return vec![Stmt { kind: crate::ir::StmtKind::Unknown(Vec::new()), span: span(range) }];
        }
        bindings::declare(&mut self.scopes, body, self.walrus);
        self.block(body)
    }

    /// Lowers the parameters' defaults and annotations in the current frame. The slots are numbered by the caller.
    fn parameters(&mut self, parameters: &'a Parameters) -> Vec<Param> {
        let mut params = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let kind = match parameter {
                ruff_python_ast::AnyParameterRef::Variadic(parameter) => {
                    let star = parameters.vararg.as_deref().is_some_and(|star| std::ptr::eq(star, parameter));
                    if star { ParamKind::Star } else { ParamKind::StarStar }
                }
                ruff_python_ast::AnyParameterRef::NonVariadic(parameter) => {
                    let within = |list: &[ruff_python_ast::ParameterWithDefault]| {
                        list.as_ptr_range().contains(&std::ptr::from_ref(parameter))
                    };
                    if within(&parameters.posonlyargs) {
                        ParamKind::PositionalOnly
                    } else if within(&parameters.kwonlyargs) {
                        ParamKind::NamedOnly
                    } else {
                        ParamKind::Positional
                    }
                }
            };
            let default = parameter.default().map(|default| self.expr(default));
            let annotation = parameter.annotation().map(|annotation| self.expr(annotation));
            params.push(Param {
                name: parameter.name().as_str().into(),
                slot: 0,
                kind,
                default,
                annotation,
                pattern: None,
                span: span(parameter.range()),
            });
        }
        params
    }

    /// Makes type parameters visible until [`Lowerer::end_type_params`]. Their bounds are evaluated lazily, if ever.
    fn begin_type_params(
        &mut self,
        params: Option<&'a ruff_python_ast::TypeParams>,
    ) -> &'a [ruff_python_ast::TypeParam] {
        let params = params.map_or(&[][..], |params| &params.type_params);
        for param in params {
            self.scopes.begin_overlay(param.name());
        }
        params
    }

    fn end_type_params(&mut self, params: &[ruff_python_ast::TypeParam]) {
        for param in params.iter().rev() {
            self.scopes.end_overlay(param.name());
        }
    }

    /// Lowers `type X[T] = value` as far as the value goes.
    pub(super) fn type_alias(&mut self, node: &'a ruff_python_ast::StmtTypeAlias) -> ExprId {
        let type_params = self.begin_type_params(node.type_params.as_deref());
        let value = self.expr(&node.value);
        self.end_type_params(type_params);
        value
    }

    /// Adds an expression to the arena.
    pub(super) fn push(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.exprs.len()).unwrap_or(u32::MAX));
        self.exprs.push(Expr { kind, span });
        id
    }

    /// Runs `inner` one level deeper, on more stack if needed; `None` if the bound is reached.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.enter() {
            return None;
        }
        let result = if self.depth.is_multiple_of(8) { on_stack(|| inner(self)) } else { inner(self) };
        self.leave();
        Some(result)
    }

    /// Goes one level deeper; false if the bound is reached.
    pub(super) fn enter(&mut self) -> bool {
        let free = self.depth < MAX_DEPTH;
        if free {
            self.depth += 1;
        }
        free
    }

    /// Ends a level.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// False if functions are nested as deeply as they may.
    pub(super) fn has_frames_left(&self) -> bool {
        self.scopes.len() <= MAX_FRAMES
    }

    /// Records that something below the depth bound was left out.
    pub(super) fn too_deep(&mut self, range: TextRange) {
        self.deep += 1;
        if self.deep <= MAX_DEEP {
            self.diagnose(range, "nested too deeply to be read", true);
        }
    }

    /// Records a diagnostic.
    pub(super) fn diagnose(&mut self, range: TextRange, message: &str, lost: bool) {
        self.diagnostics.push(Diagnostic { span: span(range), message: message.to_owned(), lost });
    }

    /// The current recursion, for chains that become nesting.
    pub(super) fn depth_mut(&mut self) -> &mut u32 {
        &mut self.depth
    }
}

/// Runs `inner` on more stack if little is left.
pub(super) fn on_stack<T>(inner: impl FnOnce() -> T) -> T {
    // A level takes a few kilobytes in a debug build, and up to eight levels pass between two looks at the stack.
    const RED_ZONE: usize = 256 * 1024;
    const NEW_STACK: usize = 4 * 1024 * 1024;
    stacker::maybe_grow(RED_ZONE, NEW_STACK, inner)
}
