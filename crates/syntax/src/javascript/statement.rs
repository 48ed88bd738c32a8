//! Statements and blocks.

use oxc_ast::ast::{self, BindingPattern, Expression as E, Statement as S};
use oxc_span::{GetSpan, Span as Place};
use smol_str::SmolStr;

use super::hoist::{hoisted, lexical, names};
use super::lower::{Lowerer, span};
use crate::ir::{Const, ExprId, ExprKind, Handler, SlotRef, Stmt, StmtKind, SwitchArm, Target};

/// How many branches of an `else if` chain are nested in each other; the rest follow as separate `if` statements.
const MAX_ELSE_IF: usize = 100;

fn is_function(stmt: &S<'_>) -> bool {
    match stmt {
        S::FunctionDeclaration(_) => true,
        S::ExportDeclaration(node) => matches!(node.declaration, ast::Declaration::FunctionDeclaration(_)),
        S::ExportDefaultDeclaration(node) => {
            matches!(node.declaration, ast::ExportDefaultDeclarationKind::FunctionDeclaration(_))
        }
        _ => false,
    }
}

impl<'a> Lowerer<'a> {
    /// A function's body: `var` and function names first, function definitions moved to the front.
    pub(super) fn frame(&mut self, body: &[S<'a>]) -> Vec<Stmt> {
        for name in hoisted(body) {
            self.scopes.declare(name);
        }
        self.block(body)
    }

    /// Statements whose scope is open.
    pub(super) fn block(&mut self, body: &[S<'a>]) -> Vec<Stmt> {
        let mut bound = Vec::new();
        body.iter().for_each(|stmt| lexical(stmt, &mut bound));
        for name in bound {
            self.scopes.declare(name);
        }
        let lowered = self.nested(|this| {
            let mut out = Vec::with_capacity(body.len());
            for stmt in body.iter().filter(|stmt| is_function(stmt)) {
                this.stmt(stmt, &mut out);
            }
            for stmt in body.iter().filter(|stmt| !is_function(stmt)) {
                this.stmt(stmt, &mut out);
            }
            out
        });
        match (lowered, body.first(), body.last()) {
            (Some(out), ..) => out,
            (None, Some(first), Some(last)) => {
                let place = Place::new(first.span().start, last.span().end);
                self.too_deep(place);
                vec![Stmt { kind: StmtKind::Unknown(Vec::new()), span: span(place) }]
            }
            (None, ..) => Vec::new(),
        }
    }

    /// A statement in a scope of its own.
    pub(super) fn scoped(&mut self, stmt: &S<'a>) -> Vec<Stmt> {
        match stmt {
            S::BlockStatement(node) => self.scoped_all(&node.body),
            other => self.scoped_all(std::slice::from_ref(other)),
        }
    }

    /// Statements in a scope of their own.
    pub(super) fn scoped_all(&mut self, body: &[S<'a>]) -> Vec<Stmt> {
        self.scopes.open_block();
        let out = self.block(body);
        self.scopes.close_block();
        out
    }

    fn stmt(&mut self, stmt: &S<'a>, out: &mut Vec<Stmt>) {
        let place = stmt.span();
        let kind = match stmt {
            S::ExpressionStatement(node) => self.effect(&node.expression, out),
            S::BlockStatement(_) => {
                out.append(&mut self.scoped(stmt));
                return;
            }
            S::IfStatement(node) => self.conditional(node),
            S::WhileStatement(node) => StmtKind::While {
                test: self.expr(&node.test),
                body: self.scoped(&node.body),
                step: None,
                otherwise: Vec::new(),
                test_last: false,
            },
            S::DoWhileStatement(node) => {
                let body = self.scoped(&node.body);
                StmtKind::While {
                    test: self.expr(&node.test),
                    body,
                    step: None,
                    otherwise: Vec::new(),
                    test_last: true,
                }
            }
            S::ForStatement(node) => self.counted(node, out),
            S::ForOfStatement(node) => {
                let iterable = self.expr(&node.right);
                self.iteration(&node.left, iterable, &node.body)
            }
            S::ForInStatement(node) => {
                let value = self.expr(&node.right);
                let iterable = self.push(ExprKind::Keys(value), node.right.span());
                self.iteration(&node.left, iterable, &node.body)
            }
            S::ReturnStatement(node) => StmtKind::Return(node.argument.as_ref().map(|value| self.expr(value))),
            S::ThrowStatement(node) => StmtKind::Raise { exception: Some(self.expr(&node.argument)), cause: None },
            S::BreakStatement(node) => match &node.label {
                Some(label) => StmtKind::Jump { label: label.name.as_str().into(), again: false },
                None => StmtKind::Break,
            },
            S::ContinueStatement(node) => match &node.label {
                Some(label) => StmtKind::Jump { label: label.name.as_str().into(), again: true },
                None => StmtKind::Continue,
            },
            S::LabeledStatement(node) => {
                let label: SmolStr = node.label.name.as_str().into();
                StmtKind::Label { label, body: self.scoped(&node.body) }
            }
            S::SwitchStatement(node) => self.switch(node),
            S::TryStatement(node) => {
                let body = self.scoped_all(&node.block.body);
                let handlers = node.handler.iter().map(|handler| self.handler(handler)).collect();
                let finally = node.finalizer.as_ref().map(|block| self.scoped_all(&block.body)).unwrap_or_default();
                StmtKind::Try { body, handlers, otherwise: Vec::new(), finally }
            }
            S::WithStatement(node) => {
                self.diagnose(node.span, "names inside `with` may be properties of its object", false);
                StmtKind::With { items: vec![(self.expr(&node.object), None)], body: self.scoped(&node.body) }
            }
            S::ImportDeclaration(node) => return self.import(node, out),
            S::ExportDeclaration(node) => return self.export_declaration(node, out),
            S::ExportDefaultDeclaration(node) => return self.export_default(node, out),
            S::ExportNamedDeclaration(node) => {
                if node.export_kind.is_type() {
                    return;
                }
                for specifier in node.specifiers.iter().filter(|specifier| !specifier.export_kind.is_type()) {
                    let value = self.identifier(specifier.local.name().as_str(), specifier.local.span());
                    self.export(specifier.exported.name().as_str(), value, specifier.span, out);
                }
                return;
            }
            S::ExportFromDeclaration(node) => {
                if node.export_kind.is_type() {
                    return;
                }
                for specifier in &node.specifiers {
                    let name = specifier.local.name();
                    let value = self.imported(&node.source, name.as_str(), specifier.span, out);
                    self.export(specifier.exported.name().as_str(), value, specifier.span, out);
                }
                return;
            }
            S::ExportAllDeclaration(node) => {
                if node.export_kind.is_type() {
                    return;
                }
                let module: SmolStr = node.source.value.as_str().into();
                match &node.exported {
                    None => StmtKind::ExportStar { module },
                    Some(name) => {
                        let slot = self.scopes.hidden(name.name().as_str());
                        let kind = StmtKind::Import { path: module, slot, whole: true };
                        out.push(Stmt { kind, span: span(place) });
                        let value = self.push(ExprKind::Slot(slot), place);
                        return self.export(name.name().as_str(), value, place, out);
                    }
                }
            }
            S::TSExportAssignment(node) => {
                let module = self.push(ExprKind::Free("module".into()), place);
                let target = Target::Attr { base: module, name: "exports".into(), span: span(place) };
                let value = self.expr(&node.expression);
                StmtKind::Assign { targets: vec![target], value }
            }
            S::EmptyStatement(_) | S::DebuggerStatement(_) | S::TSNamespaceExportDeclaration(_) => StmtKind::Pass,
            other => {
                if let Some(node) = other.as_declaration() {
                    self.declaration(node, place, out);
                }
                return;
            }
        };
        out.push(Stmt { kind, span: span(place) });
    }

    /// An expression whose value is dropped.
    fn effect(&mut self, node: &E<'a>, out: &mut Vec<Stmt>) -> StmtKind {
        match node {
            E::AssignmentExpression(node) => self.assignment_statement(node),
            E::SequenceExpression(node) => {
                // `a(), b()` as a statement is two statements.
                let Some((last, first)) = node.expressions.split_last() else { return StmtKind::Pass };
                for part in first {
                    let place = span(part.span());
                    let kind = self.effect(part, out);
                    out.push(Stmt { kind, span: place });
                }
                self.effect(last, out)
            }
            other => StmtKind::Expr(self.expr(other)),
        }
    }

    fn conditional(&mut self, node: &ast::IfStatement<'a>) -> StmtKind {
        let test = self.expr(&node.test);
        let then = self.scoped(&node.consequent);
        let mut branches: Vec<(Place, ExprId, Vec<Stmt>)> = Vec::new();
        let mut otherwise = Vec::new();
        let mut rest = node.alternate.as_ref();
        while let Some(stmt) = rest {
            if let S::IfStatement(inner) = stmt {
                let test = self.expr(&inner.test);
                branches.push((inner.span, test, self.scoped(&inner.consequent)));
                rest = inner.alternate.as_ref();
            } else {
                otherwise = self.scoped(stmt);
                break;
            }
        }
        if branches.len() > MAX_ELSE_IF {
            self.diagnose(node.span, "branches of a long else-if chain stand side by side", false);
        }
        // Folded from the last to the first; beyond the bound, a group of branches begins anew.
        let mut tail: Vec<Stmt> = Vec::new();
        for (index, (place, test, then)) in branches.into_iter().enumerate().rev() {
            let stmt = Stmt { kind: StmtKind::If { test, then, otherwise }, span: span(place) };
            if (index + 1).is_multiple_of(MAX_ELSE_IF) {
                tail.insert(0, stmt);
                otherwise = Vec::new();
            } else {
                otherwise = vec![stmt];
            }
        }
        otherwise.append(&mut tail);
        StmtKind::If { test, then, otherwise }
    }

    fn counted(&mut self, node: &ast::ForStatement<'a>, out: &mut Vec<Stmt>) -> StmtKind {
        self.scopes.open_block();
        match &node.init {
            Some(ast::ForStatementInit::VariableDeclaration(node)) => {
                if !node.kind.is_var() {
                    let mut bound = Vec::new();
                    node.declarations.iter().for_each(|declarator| names(&declarator.id, &mut bound));
                    for name in bound {
                        self.scopes.declare(name);
                    }
                }
                self.variables(node, out);
            }
            Some(init) => {
                let init = init.to_expression();
                let kind = self.effect(init, out);
                out.push(Stmt { kind, span: span(init.span()) });
            }
            None => {}
        }
        let test = match &node.test {
            Some(test) => self.expr(test),
            None => self.push(ExprKind::Const(Const::Bool(true)), node.span),
        };
        let body = self.scoped(&node.body);
        let step = node.update.as_ref().map(|update| self.expr(update));
        self.scopes.close_block();
        StmtKind::While { test, body, step, otherwise: Vec::new(), test_last: false }
    }

    fn iteration(&mut self, left: &ast::ForStatementLeft<'a>, iterable: ExprId, body: &S<'a>) -> StmtKind {
        self.scopes.open_block();
        let target = match left {
            ast::ForStatementLeft::VariableDeclaration(node) => match node.declarations.first() {
                Some(declarator) => {
                    if !node.kind.is_var() {
                        let mut bound = Vec::new();
                        names(&declarator.id, &mut bound);
                        for name in bound {
                            self.scopes.declare(name);
                        }
                    }
                    self.pattern(&declarator.id)
                }
                None => Target::Unknown(span(node.span)),
            },
            other => self.assigned(other.to_assignment_target()),
        };
        let body = self.scoped(body);
        self.scopes.close_block();
        StmtKind::For { target, iterable, body, otherwise: Vec::new() }
    }

    fn switch(&mut self, node: &ast::SwitchStatement<'a>) -> StmtKind {
        let subject = self.expr(&node.discriminant);
        self.scopes.open_block();
        let mut bound = Vec::new();
        node.cases.iter().flat_map(|case| &case.consequent).for_each(|stmt| lexical(stmt, &mut bound));
        for name in bound {
            self.scopes.declare(name);
        }
        let arms = node
            .cases
            .iter()
            .map(|case| SwitchArm {
                value: case.test.as_ref().map(|test| self.expr(test)),
                body: self.block(&case.consequent),
            })
            .collect();
        self.scopes.close_block();
        StmtKind::Switch { subject, arms }
    }

    fn handler(&mut self, handler: &ast::CatchClause<'a>) -> Handler {
        self.scopes.open_block();
        let mut body = Vec::new();
        let slot = handler.param.as_ref().map(|param| match &param.pattern {
            BindingPattern::BindingIdentifier(id) => self.scopes.declare(id.name.as_str()),
            pattern => {
                let mut bound = Vec::new();
                names(pattern, &mut bound);
                let slot = self.scopes.hidden("caught");
                for name in bound {
                    self.scopes.declare(name);
                }
                let value = self.push(ExprKind::Slot(slot), param.span);
                let targets = vec![self.pattern(pattern)];
                body.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(param.span) });
                slot
            }
        });
        body.append(&mut self.block(&handler.body.body));
        self.scopes.close_block();
        Handler { exception: None, slot, body, span: span(handler.span) }
    }

    fn variables(&mut self, node: &ast::VariableDeclaration<'a>, out: &mut Vec<Stmt>) {
        if node.declare {
            return;
        }
        for declarator in &node.declarations {
            if let Some(init) = &declarator.init {
                if let BindingPattern::BindingIdentifier(id) = &declarator.id {
                    self.name_next(init, id.name.as_str());
                }
                let value = self.expr(init);
                let targets = vec![self.pattern(&declarator.id)];
                out.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(declarator.span) });
            }
        }
    }

    fn declaration(&mut self, node: &ast::Declaration<'a>, place: Place, out: &mut Vec<Stmt>) {
        let kind = match node {
            ast::Declaration::VariableDeclaration(node) => return self.variables(node, out),
            ast::Declaration::FunctionDeclaration(node) => {
                // An overload or ambient declaration has no body.
                let (Some(id), true) = (&node.id, node.body.is_some()) else { return };
                let slot = self.scopes.declare(id.name.as_str());
                match self.function(node) {
                    Some(func) => StmtKind::Function(func, slot),
                    None => StmtKind::Unknown(Vec::new()),
                }
            }
            ast::Declaration::ClassDeclaration(node) => {
                let Some(id) = node.id.as_ref().filter(|_| !node.declare) else { return };
                let slot = self.scopes.declare(id.name.as_str());
                match self.class(node) {
                    Some(func) => StmtKind::Class(func, slot),
                    None => StmtKind::Unknown(Vec::new()),
                }
            }
            ast::Declaration::TSEnumDeclaration(node) => {
                if node.declare {
                    return;
                }
                self.enumeration(node)
            }
            ast::Declaration::TSNamespaceDeclaration(node) => return self.namespace(node, out),
            ast::Declaration::TSImportEqualsDeclaration(node) => {
                if node.import_kind.is_type() {
                    return;
                }
                let value = match &node.module_reference {
                    ast::TSModuleReference::ExternalModuleReference(module) => {
                        let callee = self.push(ExprKind::Free("require".into()), module.span);
                        let name = self.string(module.expression.value.as_str(), module.expression.span);
                        let arg = crate::ir::Arg { kind: crate::ir::ArgKind::Positional, value: name };
                        self.push(ExprKind::Call { callee, args: vec![arg], new: false }, module.span)
                    }
                    ast::TSModuleReference::IdentifierReference(id) => self.identifier(id.name.as_str(), id.span),
                    ast::TSModuleReference::QualifiedName(name) => self.qualified(name),
                };
                let targets = vec![self.named(node.id.name.as_str(), node.id.span)];
                StmtKind::Assign { targets, value }
            }
            // Types.
            _ => return,
        };
        out.push(Stmt { kind, span: span(place) });
    }

    fn qualified(&mut self, name: &ast::TSQualifiedName<'a>) -> ExprId {
        let mut names = vec![(name.right.name.as_str(), name.span)];
        let mut left = &name.left;
        let mut value = loop {
            match left {
                ast::TSTypeName::IdentifierReference(id) => break self.identifier(id.name.as_str(), id.span),
                ast::TSTypeName::ThisExpression(node) => break self.push(ExprKind::This, node.span),
                ast::TSTypeName::QualifiedName(name) => {
                    names.push((name.right.name.as_str(), name.span));
                    left = &name.left;
                }
            }
        };
        for (name, place) in names.into_iter().rev() {
            value = self.push(ExprKind::Attr { base: value, name: name.into() }, place);
        }
        value
    }

    /// `enum Name { A, B = value }` as an object.
    fn enumeration(&mut self, node: &ast::TSEnumDeclaration<'a>) -> StmtKind {
        let mut entries = Vec::new();
        let mut next = Some(0_i64);
        for member in &node.body.members {
            let name = member.id.static_name();
            let key = self.string(name.as_str(), member.id.span());
            let value = match &member.initializer {
                Some(value) => {
                    next = match value {
                        #[allow(clippy::cast_possible_truncation)]
                        E::NumericLiteral(number) => Some(number.value as i64 + 1),
                        _ => None,
                    };
                    self.expr(value)
                }
                None => {
                    let value = next.map_or(Const::Undefined, Const::Int);
                    next = next.map(|next| next.saturating_add(1));
                    self.push(ExprKind::Const(value), member.span)
                }
            };
            entries.push((Some(key), value));
        }
        let value = self.push(ExprKind::Mapping(entries), node.span);
        let slot = self.scopes.declare(node.id.name.as_str());
        StmtKind::Assign { targets: vec![Target::Slot(slot, span(node.id.span))], value }
    }

    /// `namespace Name { … }`: a block whose exports are stored in an object.
    fn namespace(&mut self, node: &ast::TSNamespaceDeclaration<'a>, out: &mut Vec<Stmt>) {
        if node.declare {
            return;
        }
        let slot = self.scopes.declare(node.id.name.as_str());
        let value = self.push(ExprKind::Mapping(Vec::new()), node.id.span);
        let targets = vec![Target::Slot(slot, span(node.id.span))];
        out.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(node.id.span) });
        let inner = self.nested(|this| match &node.body {
            ast::TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                this.scopes.open_block();
                let mut body = Vec::new();
                this.namespace(inner, &mut body);
                let value = this.identifier(inner.id.name.as_str(), inner.id.span);
                this.store_member(slot, inner.id.name.as_str(), value, inner.id.span, &mut body);
                this.scopes.close_block();
                body
            }
            ast::TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                this.scopes.open_block();
                for name in hoisted(&block.body) {
                    this.scopes.declare(name);
                }
                let body = this.block(&block.body);
                // An export of the block is a member of the object, not of the module.
                let body = body
                    .into_iter()
                    .map(|stmt| match stmt.kind {
                        StmtKind::Export { name, value } => {
                            let base = this.push_at(ExprKind::Slot(slot), stmt.span);
                            let target = Target::Attr { base, name, span: stmt.span };
                            Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span: stmt.span }
                        }
                        _ => stmt,
                    })
                    .collect();
                this.scopes.close_block();
                body
            }
        });
        match inner {
            Some(mut body) => out.append(&mut body),
            None => self.too_deep(node.span),
        }
    }

    fn store_member(&mut self, slot: SlotRef, name: &str, value: ExprId, place: Place, out: &mut Vec<Stmt>) {
        let base = self.push(ExprKind::Slot(slot), place);
        let target = Target::Attr { base, name: name.into(), span: span(place) };
        out.push(Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span: span(place) });
    }

    fn import(&mut self, node: &ast::ImportDeclaration<'a>, out: &mut Vec<Stmt>) {
        if node.import_kind.is_type() {
            return;
        }
        let module: SmolStr = node.source.value.as_str().into();
        let Some(specifiers) = &node.specifiers else {
            // Only for its effects: the same as `import("module")` whose value is dropped.
            let name = self.string(&module, node.source.span);
            let value = self.push(ExprKind::ImportCall(name), node.span);
            out.push(Stmt { kind: StmtKind::Expr(value), span: span(node.span) });
            return;
        };
        for specifier in specifiers {
            let slot = self.scopes.declare(specifier.local().name.as_str());
            let from = |name: &str| StmtKind::ImportFrom { module: module.clone(), level: 0, name: name.into(), slot };
            let kind = match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(node) => {
                    if node.import_kind.is_type() {
                        continue;
                    }
                    from(node.imported.name().as_str())
                }
                ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => from("default"),
                ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {
                    StmtKind::Import { path: module.clone(), slot, whole: true }
                }
            };
            let place = if specifiers.len() == 1 { node.span } else { specifier.span() };
            out.push(Stmt { kind, span: span(place) });
        }
    }

    /// What another module exports under a name, in a variable of its own.
    fn imported(&mut self, source: &ast::StringLiteral<'a>, name: &str, place: Place, out: &mut Vec<Stmt>) -> ExprId {
        let slot = self.scopes.hidden(name);
        let module = source.value.as_str().into();
        let kind = StmtKind::ImportFrom { module, level: 0, name: name.into(), slot };
        out.push(Stmt { kind, span: span(place) });
        self.push(ExprKind::Slot(slot), place)
    }

    fn export(&mut self, name: &str, value: ExprId, place: Place, out: &mut Vec<Stmt>) {
        out.push(Stmt { kind: StmtKind::Export { name: name.into(), value }, span: span(place) });
    }

    fn export_declaration(&mut self, node: &ast::ExportDeclaration<'a>, out: &mut Vec<Stmt>) {
        let mut bound = Vec::new();
        match &node.declaration {
            ast::Declaration::VariableDeclaration(node) => {
                node.declarations.iter().for_each(|declarator| names(&declarator.id, &mut bound));
            }
            ast::Declaration::FunctionDeclaration(node) if node.body.is_some() => {
                bound.extend(node.id.as_ref().map(|id| id.name.as_str()));
            }
            ast::Declaration::ClassDeclaration(node) => bound.extend(node.id.as_ref().map(|id| id.name.as_str())),
            ast::Declaration::TSEnumDeclaration(node) => bound.push(node.id.name.as_str()),
            ast::Declaration::TSNamespaceDeclaration(node) => bound.push(node.id.name.as_str()),
            ast::Declaration::TSImportEqualsDeclaration(node) => bound.push(node.id.name.as_str()),
            _ => {}
        }
        self.declaration(&node.declaration, node.span, out);
        for name in bound {
            let value = self.identifier(name, node.span);
            self.export(name, value, node.span, out);
        }
    }

    fn export_default(&mut self, node: &ast::ExportDefaultDeclaration<'a>, out: &mut Vec<Stmt>) {
        let place = node.span;
        let (kind, slot) = match &node.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(node) => {
                if node.body.is_none() {
                    return;
                }
                let slot = self.default_slot(node.id.as_ref());
                self.hint = Some("default".into());
                let Some(func) = self.function(node) else { return };
                (StmtKind::Function(func, slot), slot)
            }
            ast::ExportDefaultDeclarationKind::ClassDeclaration(node) => {
                let slot = self.default_slot(node.id.as_ref());
                self.hint = Some("default".into());
                let Some(func) = self.class(node) else { return };
                (StmtKind::Class(func, slot), slot)
            }
            other => {
                let Some(value) = other.as_expression() else { return };
                self.name_next(value, "default");
                let value = self.expr(value);
                return self.export("default", value, place, out);
            }
        };
        out.push(Stmt { kind, span: span(place) });
        let value = self.push(ExprKind::Slot(slot), place);
        self.export("default", value, place, out);
    }

    fn default_slot(&mut self, id: Option<&ast::BindingIdentifier<'a>>) -> SlotRef {
        match id {
            Some(id) => self.scopes.declare(id.name.as_str()),
            None => self.scopes.hidden("default"),
        }
    }
}
