//! Statements and blocks.

use oxc_ast::ast::{self, BindingPattern, Expression as E, Statement as S};
use oxc_span::GetSpan;
use rustc_hash::FxHashMap;
use sluice_syntax::ir::{Const, ExprKind, Handler, MatchArm, Stmt, StmtKind, Target};
use smol_str::SmolStr;

use crate::{Lowerer, Scope, hoisted, names, span};

impl Lowerer {
    /// A function's body: `var` and function names first, function definitions moved to the front.
    pub(crate) fn frame(&mut self, body: &[S<'_>]) -> Vec<Stmt> {
        let mut vars = Vec::new();
        body.iter().for_each(|stmt| hoisted(stmt, &mut vars));
        for name in vars {
            self.declare(name);
        }
        self.block(body)
    }

    pub(crate) fn block(&mut self, body: &[S<'_>]) -> Vec<Stmt> {
        for stmt in body {
            let mut bound = Vec::new();
            let declaration = match stmt {
                S::ExportDeclaration(node) => Some(&node.declaration),
                other => other.as_declaration(),
            };
            match declaration {
                Some(ast::Declaration::VariableDeclaration(node)) if !node.kind.is_var() => {
                    node.declarations.iter().for_each(|declarator| names(&declarator.id, &mut bound));
                }
                Some(ast::Declaration::FunctionDeclaration(node)) => {
                    bound.extend(node.id.as_ref().map(|id| id.name.as_str()));
                }
                Some(ast::Declaration::ClassDeclaration(node)) => {
                    bound.extend(node.id.as_ref().map(|id| id.name.as_str()));
                }
                _ => {}
            }
            if let S::ImportDeclaration(node) = stmt {
                bound.extend(node.specifiers.iter().flatten().map(|specifier| specifier.local().name.as_str()));
            }
            for name in bound {
                self.declare(name);
            }
        }
        let mut out = Vec::new();
        let (functions, rest): (Vec<_>, Vec<_>) =
            body.iter().partition(|stmt| matches!(stmt, S::FunctionDeclaration(_)));
        for stmt in functions.into_iter().chain(rest) {
            self.stmt(stmt, &mut out);
        }
        out
    }

    pub(crate) fn scoped(&mut self, stmt: &S<'_>) -> Vec<Stmt> {
        self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
        let out = match stmt {
            S::BlockStatement(node) => self.block(&node.body),
            other => self.block(std::slice::from_ref(other)),
        };
        self.scopes.pop();
        out
    }

    pub(crate) fn scoped_all(&mut self, body: &[S<'_>]) -> Vec<Stmt> {
        self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
        let out = self.block(body);
        self.scopes.pop();
        out
    }

    pub(crate) fn stmt(&mut self, stmt: &S<'_>, out: &mut Vec<Stmt>) {
        let place = stmt.span();
        let kind = match stmt {
            S::ExpressionStatement(node) => StmtKind::Expr(self.expr(&node.expression)),
            S::VariableDeclaration(node) => return self.variables(node, out),
            S::FunctionDeclaration(node) => {
                let func = self.function(node);
                let slot = self.declare(node.id.as_ref().map_or("default", |id| id.name.as_str()));
                StmtKind::Function(func, slot)
            }
            S::ClassDeclaration(node) => {
                let func = self.class(node);
                let slot = self.declare(node.id.as_ref().map_or("default", |id| id.name.as_str()));
                StmtKind::Class(func, slot)
            }
            S::BlockStatement(_) => {
                out.append(&mut self.scoped(stmt));
                return;
            }
            S::IfStatement(node) => StmtKind::If {
                test: self.expr(&node.test),
                then: self.scoped(&node.consequent),
                otherwise: node.alternate.as_ref().map(|stmt| self.scoped(stmt)).unwrap_or_default(),
            },
            S::WhileStatement(node) => StmtKind::While {
                test: self.expr(&node.test),
                body: self.scoped(&node.body),
                otherwise: Vec::new(),
                test_last: false,
            },
            S::DoWhileStatement(node) => {
                let body = self.scoped(&node.body);
                StmtKind::While { test: self.expr(&node.test), body, otherwise: Vec::new(), test_last: true }
            }
            S::ForStatement(node) => {
                self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
                match &node.init {
                    Some(ast::ForStatementInit::VariableDeclaration(node)) => {
                        if !node.kind.is_var() {
                            let mut bound = Vec::new();
                            node.declarations.iter().for_each(|declarator| names(&declarator.id, &mut bound));
                            for name in bound {
                                self.declare(name);
                            }
                        }
                        self.variables(node, out);
                    }
                    Some(init) => {
                        let value = self.expr(init.to_expression());
                        out.push(Stmt { kind: StmtKind::Expr(value), span: span(init.span()) });
                    }
                    None => {}
                }
                let test = match &node.test {
                    Some(test) => self.expr(test),
                    None => self.push(ExprKind::Const(Const::Bool(true)), place),
                };
                let mut body = self.scoped(&node.body);
                if let Some(update) = &node.update {
                    self.gap(update.span(), "the step of a loop, which `continue` must not skip");
                    let value = self.expr(update);
                    body.push(Stmt { kind: StmtKind::Expr(value), span: span(update.span()) });
                }
                self.scopes.pop();
                StmtKind::While { test, body, otherwise: Vec::new(), test_last: false }
            }
            S::ForOfStatement(node) => self.iteration(&node.left, &node.right, &node.body),
            S::ForInStatement(node) => {
                self.gap(place, "a loop over keys looks like one over values");
                self.iteration(&node.left, &node.right, &node.body)
            }
            S::ReturnStatement(node) => StmtKind::Return(node.argument.as_ref().map(|value| self.expr(value))),
            S::ThrowStatement(node) => StmtKind::Raise { exception: Some(self.expr(&node.argument)), cause: None },
            S::BreakStatement(node) => {
                if node.label.is_some() {
                    self.gap(place, "a label");
                }
                StmtKind::Break
            }
            S::ContinueStatement(node) => {
                if node.label.is_some() {
                    self.gap(place, "a label");
                }
                StmtKind::Continue
            }
            S::LabeledStatement(node) => return self.stmt(&node.body, out),
            S::SwitchStatement(node) => {
                let subject = self.expr(&node.discriminant);
                self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
                let mut arms = Vec::new();
                for case in &node.cases {
                    let ends = case.consequent.last().is_some_and(|last| {
                        matches!(last, S::BreakStatement(_) | S::ReturnStatement(_) | S::ThrowStatement(_))
                    });
                    if !ends {
                        self.gap(case.span, "an arm that falls through");
                    }
                    arms.push(MatchArm {
                        values: case.test.iter().map(|test| self.expr(test)).collect(),
                        bindings: Vec::new(),
                        guard: None,
                        irrefutable: case.test.is_none(),
                        body: self.block(&case.consequent),
                    });
                }
                self.scopes.pop();
                StmtKind::Match { subject, arms }
            }
            S::TryStatement(node) => {
                let body = self.scoped_all(&node.block.body);
                let handlers = node.handler.iter().map(|handler| self.handler(handler)).collect();
                let finally = node.finalizer.as_ref().map(|block| self.scoped_all(&block.body)).unwrap_or_default();
                StmtKind::Try { body, handlers, otherwise: Vec::new(), finally }
            }
            S::WithStatement(node) => {
                self.gap(place, "names inside `with (object)` may be its properties");
                StmtKind::With { items: vec![(self.expr(&node.object), None)], body: self.scoped(&node.body) }
            }
            S::ImportDeclaration(node) => {
                let module: SmolStr = node.source.value.as_str().into();
                if node.specifiers.is_none() {
                    self.gap(place, "an import without a variable");
                }
                for specifier in node.specifiers.iter().flatten() {
                    let slot = self.declare(specifier.local().name.as_str());
                    let from =
                        |name: &str| StmtKind::ImportFrom { module: module.clone(), level: 0, name: name.into(), slot };
                    let kind = match specifier {
                        ast::ImportDeclarationSpecifier::ImportSpecifier(node) => from(&node.imported.name()),
                        ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => from("default"),
                        ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {
                            StmtKind::Import { path: module.clone(), slot, whole: true }
                        }
                    };
                    out.push(Stmt { kind, span: span(specifier.span()) });
                }
                return;
            }
            S::ExportDeclaration(node) => {
                self.gap(place, "an export");
                match &node.declaration {
                    ast::Declaration::VariableDeclaration(node) => self.variables(node, out),
                    ast::Declaration::FunctionDeclaration(node) => {
                        let func = self.function(node);
                        let slot = self.declare(node.id.as_ref().map_or("default", |id| id.name.as_str()));
                        out.push(Stmt { kind: StmtKind::Function(func, slot), span: span(place) });
                    }
                    ast::Declaration::ClassDeclaration(node) => {
                        let func = self.class(node);
                        let slot = self.declare(node.id.as_ref().map_or("default", |id| id.name.as_str()));
                        out.push(Stmt { kind: StmtKind::Class(func, slot), span: span(place) });
                    }
                    _ => {}
                }
                return;
            }
            S::ExportDefaultDeclaration(node) => {
                self.gap(place, "an export");
                match &node.declaration {
                    ast::ExportDefaultDeclarationKind::FunctionDeclaration(node) => {
                        let func = self.function(node);
                        StmtKind::Function(func, self.declare("default"))
                    }
                    ast::ExportDefaultDeclarationKind::ClassDeclaration(node) => {
                        let func = self.class(node);
                        StmtKind::Class(func, self.declare("default"))
                    }
                    other => match other.as_expression() {
                        Some(value) => StmtKind::Expr(self.expr(value)),
                        None => StmtKind::Pass,
                    },
                }
            }
            S::EmptyStatement(_) | S::DebuggerStatement(_) => StmtKind::Pass,
            _ => {
                self.gap(place, "a statement");
                StmtKind::Unknown(Vec::new())
            }
        };
        out.push(Stmt { kind, span: span(place) });
    }

    pub(crate) fn iteration(&mut self, left: &ast::ForStatementLeft<'_>, right: &E<'_>, body: &S<'_>) -> StmtKind {
        let iterable = self.expr(right);
        self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
        let target = match left {
            ast::ForStatementLeft::VariableDeclaration(node) => match node.declarations.first() {
                Some(declarator) => {
                    let mut bound = Vec::new();
                    names(&declarator.id, &mut bound);
                    for name in bound.into_iter().filter(|_| !node.kind.is_var()) {
                        self.declare(name);
                    }
                    self.pattern(&declarator.id)
                }
                None => Target::Unknown(span(node.span)),
            },
            other => self.assigned(other.to_assignment_target()),
        };
        let body = self.scoped(body);
        self.scopes.pop();
        StmtKind::For { target, iterable, body, otherwise: Vec::new() }
    }

    pub(crate) fn handler(&mut self, handler: &ast::CatchClause<'_>) -> Handler {
        self.scopes.push(Scope { func: self.current(), names: FxHashMap::default() });
        let mut body = Vec::new();
        let slot = handler.param.as_ref().map(|param| match &param.pattern {
            BindingPattern::BindingIdentifier(id) => self.declare(id.name.as_str()),
            pattern => {
                let mut bound = Vec::new();
                names(pattern, &mut bound);
                let slot = self.declare("<caught>");
                for name in bound {
                    self.declare(name);
                }
                let value = self.push(ExprKind::Slot(slot), param.span);
                let targets = vec![self.pattern(pattern)];
                body.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(param.span) });
                slot
            }
        });
        body.append(&mut self.block(&handler.body.body));
        self.scopes.pop();
        Handler { exception: None, slot, body, span: span(handler.span) }
    }

    pub(crate) fn variables(&mut self, node: &ast::VariableDeclaration<'_>, out: &mut Vec<Stmt>) {
        for declarator in &node.declarations {
            if let Some(init) = &declarator.init {
                let value = self.expr(init);
                let targets = vec![self.pattern(&declarator.id)];
                out.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(declarator.span) });
            }
        }
    }
}
