//! A prototype that lowers JavaScript to the IR, to find out what the IR lacks before it is frozen.
//!
//! `cargo run -p sluice-syntax --example lower_javascript FILE.js` prints the IR. Not a front end: it recurses without
//! a bound, and what it cannot say in the IR is marked by a diagnostic that begins with `gap:`.

mod expression;
mod function;
mod pattern;
mod statement;

use oxc_allocator::Allocator;
use oxc_ast::ast::{self, BindingPattern, Statement as S};
use oxc_span::{SourceType, Span as Place};
use rustc_hash::FxHashMap;
use sluice_syntax::ir::{
    Diagnostic, Expr, ExprId, ExprKind, FuncId, Function, FunctionKind, Language, Module, Slot, SlotRef, Span,
};
use smol_str::SmolStr;

pub(crate) fn span(place: Place) -> Span {
    Span { start: place.start, end: place.end }
}

/// One lexical scope: a function's or a block's names, as slots of the function's frame.
pub(crate) struct Scope {
    pub(crate) func: usize,
    pub(crate) names: FxHashMap<SmolStr, u32>,
}

pub(crate) struct Lowerer {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) functions: Vec<Function>,
    diagnostics: Vec<Diagnostic>,
    pub(crate) scopes: Vec<Scope>,
}

pub(crate) fn function(kind: FunctionKind, name: &str, place: Place, parent: Option<FuncId>) -> Function {
    Function {
        kind,
        name: name.into(),
        span: span(place),
        name_span: span(place),
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
    }
}

/// The names that a pattern binds.
pub(crate) fn names<'a>(pattern: &'a BindingPattern<'a>, out: &mut Vec<&'a str>) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => out.push(id.name.as_str()),
        BindingPattern::ObjectPattern(node) => {
            node.properties.iter().for_each(|property| names(&property.value, out));
            node.rest.iter().for_each(|rest| names(&rest.argument, out));
        }
        BindingPattern::ArrayPattern(node) => {
            node.elements.iter().flatten().for_each(|element| names(element, out));
            node.rest.iter().for_each(|rest| names(&rest.argument, out));
        }
        BindingPattern::AssignmentPattern(node) => names(&node.left, out),
    }
}

/// `var` names of a statement, which belong to the function.
pub(crate) fn hoisted<'a>(stmt: &'a S<'a>, out: &mut Vec<&'a str>) {
    let declared = |node: &'a ast::VariableDeclaration<'a>, out: &mut Vec<&'a str>| {
        if node.kind == ast::VariableDeclarationKind::Var {
            node.declarations.iter().for_each(|declarator| names(&declarator.id, out));
        }
    };
    match stmt {
        S::VariableDeclaration(node) => declared(node, out),
        S::BlockStatement(node) => node.body.iter().for_each(|stmt| hoisted(stmt, out)),
        S::IfStatement(node) => {
            hoisted(&node.consequent, out);
            node.alternate.iter().for_each(|stmt| hoisted(stmt, out));
        }
        S::ForStatement(node) => {
            if let Some(ast::ForStatementInit::VariableDeclaration(node)) = &node.init {
                declared(node, out);
            }
            hoisted(&node.body, out);
        }
        S::ForInStatement(node) => {
            if let ast::ForStatementLeft::VariableDeclaration(node) = &node.left {
                declared(node, out);
            }
            hoisted(&node.body, out);
        }
        S::ForOfStatement(node) => {
            if let ast::ForStatementLeft::VariableDeclaration(node) = &node.left {
                declared(node, out);
            }
            hoisted(&node.body, out);
        }
        S::WhileStatement(node) => hoisted(&node.body, out),
        S::DoWhileStatement(node) => hoisted(&node.body, out),
        S::LabeledStatement(node) => hoisted(&node.body, out),
        S::TryStatement(node) => {
            node.block.body.iter().for_each(|stmt| hoisted(stmt, out));
            node.handler.iter().flat_map(|handler| &handler.body.body).for_each(|stmt| hoisted(stmt, out));
            node.finalizer.iter().flat_map(|block| &block.body).for_each(|stmt| hoisted(stmt, out));
        }
        S::SwitchStatement(node) => {
            node.cases.iter().flat_map(|case| &case.consequent).for_each(|stmt| hoisted(stmt, out));
        }
        S::ExportDeclaration(node) => {
            if let ast::Declaration::VariableDeclaration(node) = &node.declaration {
                declared(node, out);
            }
        }
        _ => {}
    }
}

impl Lowerer {
    pub(crate) fn gap(&mut self, place: Place, what: &str) {
        self.diagnostics.push(Diagnostic { span: span(place), message: format!("gap: {what}"), lost: false });
    }

    pub(crate) fn push(&mut self, kind: ExprKind, place: Place) -> ExprId {
        self.exprs.push(Expr { kind, span: span(place) });
        ExprId(u32::try_from(self.exprs.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn current(&self) -> usize {
        self.scopes.last().map_or(0, |scope| scope.func)
    }

    pub(crate) fn declare(&mut self, name: &str) -> SlotRef {
        let func = self.current();
        let reference = |slot| SlotRef { func: FuncId(u32::try_from(func).unwrap_or(u32::MAX)), slot };
        if let Some(slot) = self.scopes.last().and_then(|scope| scope.names.get(name)) {
            return reference(*slot);
        }
        let mut slot = 0;
        if let Some(function) = self.functions.get_mut(func) {
            slot = u32::try_from(function.slots.len()).unwrap_or(u32::MAX);
            function.slots.push(Slot { name: name.into(), captured: false });
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.insert(name.into(), slot);
        }
        reference(slot)
    }

    pub(crate) fn resolve(&mut self, name: &str) -> Option<SlotRef> {
        let current = self.current();
        let found = self.scopes.iter().rev().find_map(|scope| Some((scope.func, *scope.names.get(name)?)));
        let (func, slot) = found?;
        if func != current
            && let Some(slot) = self.functions.get_mut(func).and_then(|function| function.slots.get_mut(slot as usize))
        {
            slot.captured = true;
        }
        Some(SlotRef { func: FuncId(u32::try_from(func).unwrap_or(u32::MAX)), slot })
    }

    pub(crate) fn open(&mut self, kind: FunctionKind, name: &str, place: Place) -> usize {
        let parent = (kind != FunctionKind::Module).then(|| FuncId(u32::try_from(self.current()).unwrap_or(u32::MAX)));
        self.functions.push(function(kind, name, place, parent));
        self.scopes.push(Scope { func: self.functions.len() - 1, names: FxHashMap::default() });
        self.functions.len() - 1
    }

    pub(crate) fn close(&mut self, func: usize, complete: impl FnOnce(&mut Function)) -> FuncId {
        self.scopes.pop();
        if let Some(function) = self.functions.get_mut(func) {
            complete(function);
        }
        FuncId(u32::try_from(func).unwrap_or(u32::MAX))
    }
}

/// Lowers a text; an empty module if the parser gave up.
fn lower(path: &str, text: &str) -> Module {
    let allocator = Allocator::default();
    let parsed = oxc_parser::Parser::new(&allocator, text, SourceType::unambiguous()).parse();
    let mut low = Lowerer { exprs: Vec::new(), functions: Vec::new(), diagnostics: Vec::new(), scopes: Vec::new() };
    if parsed.panicked {
        low.gap(parsed.program.span, "the parser gave up");
    }
    let func = low.open(FunctionKind::Module, "<module>", parsed.program.span);
    let body = low.frame(&parsed.program.body);
    low.close(func, |function| function.body = body);
    low.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    Module {
        path: path.to_owned(),
        // The IR has no name for JavaScript yet, and the printer does not show it.
        language: Language::Python,
        text: text.into(),
        exprs: low.exprs,
        functions: low.functions,
        diagnostics: low.diagnostics,
        line_starts: Module::find_line_starts(text),
    }
}

#[allow(clippy::print_stdout)]
fn main() {
    for path in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        print!("{}", sluice_syntax::print::print(&lower(&path, &text)));
    }
}
