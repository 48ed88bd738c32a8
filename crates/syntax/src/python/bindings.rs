//! Finds the names that a body binds, before the body is lowered.

use ruff_python_ast::{Expr, InterpolatedStringElement, Pattern, Stmt};

use super::scope::Scopes;
use super::{MAX_BLOCKS, python2};

/// Declares in the innermost frame every name that `body` binds, without those of nested functions.
///
/// `walrus` is false if the text has no `:=`, so that expressions need not be searched.
pub(super) fn declare(scopes: &mut Scopes, body: &[Stmt], walrus: bool) {
    let mut collector = Collector { scopes, walrus };
    // `global` and `nonlocal` hold for the whole body, also for what stands before them.
    collector.declarations(body, 0);
    collector.block(body, 0);
}

/// Declares in the innermost frame every name that a walrus in a lambda's body binds.
pub(super) fn declare_in_expression(scopes: &mut Scopes, body: &Expr, walrus: bool) {
    Collector { scopes, walrus }.expression(body);
}

/// Gives the module a slot for every name that some function of the text declares `global`.
pub(super) fn declare_globals(scopes: &mut Scopes, body: &[Stmt]) {
    let mut open: Vec<std::slice::Iter<'_, Stmt>> = vec![body.iter()];
    while let Some(block) = open.last_mut() {
        let Some(stmt) = block.next() else {
            open.pop();
            continue;
        };
        if let Stmt::Global(global) = stmt {
            for name in &global.names {
                scopes.declare_module_slot(name);
            }
        } else {
            let before = open.len();
            for_each_block(stmt, true, |block| open.push(block.iter()));
            if let Some(added) = open.get_mut(before..) {
                added.reverse();
            }
        }
    }
}

/// Calls `visit` with every block of a statement, in the order of the text.
fn for_each_block<'a>(stmt: &'a Stmt, functions: bool, mut visit: impl FnMut(&'a [Stmt])) {
    match stmt {
        Stmt::FunctionDef(def) if functions => visit(&def.body),
        Stmt::ClassDef(def) if functions => visit(&def.body),
        Stmt::For(node) => {
            visit(&node.body);
            visit(&node.orelse);
        }
        Stmt::While(node) => {
            visit(&node.body);
            visit(&node.orelse);
        }
        Stmt::If(node) => {
            visit(&node.body);
            for clause in &node.elif_else_clauses {
                visit(&clause.body);
            }
        }
        Stmt::With(node) => visit(&node.body),
        Stmt::Match(node) => {
            for case in &node.cases {
                visit(&case.body);
            }
        }
        Stmt::Try(node) => {
            visit(&node.body);
            for handler in &node.handlers {
                let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                visit(&handler.body);
            }
            visit(&node.orelse);
            visit(&node.finalbody);
        }
        _ => {}
    }
}

struct Collector<'s> {
    scopes: &'s mut Scopes,
    walrus: bool,
}

impl Collector<'_> {
    fn declarations(&mut self, body: &[Stmt], depth: u32) {
        if depth > MAX_BLOCKS {
            return;
        }
        for stmt in body {
            match stmt {
                Stmt::Global(global) => {
                    for name in &global.names {
                        self.scopes.declare_global(name);
                    }
                }
                Stmt::Nonlocal(nonlocal) => {
                    for name in &nonlocal.names {
                        self.scopes.declare_nonlocal(name);
                    }
                }
                _ => for_each_block(stmt, false, |block| self.declarations(block, depth + 1)),
            }
        }
    }

    fn block(&mut self, body: &[Stmt], depth: u32) {
        if depth > MAX_BLOCKS {
            return;
        }
        for stmt in body {
            self.statement(stmt);
            self.inner_blocks(stmt, depth);
        }
    }

    fn inner_blocks(&mut self, stmt: &Stmt, depth: u32) {
        // The blocks of a `try` and of a `match` alternate with names that they bind; the order of slots is that of
        // the text.
        match stmt {
            Stmt::Try(node) => {
                self.block(&node.body, depth + 1);
                for handler in &node.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(kind) = &handler.type_ {
                        self.expression(kind);
                        if let Some((_, name)) = python2::handler(kind) {
                            self.name(name);
                        }
                    }
                    if let Some(name) = &handler.name {
                        self.name(name);
                    }
                    self.block(&handler.body, depth + 1);
                }
                self.block(&node.orelse, depth + 1);
                self.block(&node.finalbody, depth + 1);
            }
            Stmt::Match(node) => {
                for case in &node.cases {
                    self.pattern(&case.pattern);
                    if let Some(guard) = &case.guard {
                        self.expression(guard);
                    }
                    self.block(&case.body, depth + 1);
                }
            }
            Stmt::If(node) => {
                self.block(&node.body, depth + 1);
                for clause in &node.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.expression(test);
                    }
                    self.block(&clause.body, depth + 1);
                }
            }
            _ => for_each_block(stmt, false, |block| self.block(block, depth + 1)),
        }
    }

    fn name(&mut self, name: &str) {
        if !name.is_empty() {
            self.scopes.declare(name);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                for decorator in &def.decorator_list {
                    self.expression(&decorator.expression);
                }
                for parameter in def.parameters.iter_non_variadic_params() {
                    if let Some(default) = &parameter.default {
                        self.expression(default);
                    }
                }
                self.name(&def.name);
            }
            Stmt::ClassDef(def) => {
                for decorator in &def.decorator_list {
                    self.expression(&decorator.expression);
                }
                if let Some(arguments) = &def.arguments {
                    for argument in arguments.iter_source_order() {
                        self.expression(argument.value());
                    }
                }
                self.name(&def.name);
            }
            Stmt::Assign(node) => {
                for target in &node.targets {
                    self.target(target);
                }
                self.expression(&node.value);
            }
            Stmt::AugAssign(node) => {
                self.target(&node.target);
                self.expression(&node.value);
            }
            Stmt::AnnAssign(node) => {
                self.target(&node.target);
                if let Some(value) = &node.value {
                    self.expression(value);
                }
            }
            Stmt::TypeAlias(node) => self.target(&node.name),
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.target(target);
                }
            }
            Stmt::For(node) => {
                self.target(&node.target);
                self.expression(&node.iter);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.expression(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.target(target);
                    }
                }
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    match &alias.asname {
                        Some(name) => self.name(name),
                        None => self.name(alias.name.split('.').next().unwrap_or_default()),
                    }
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    if name.as_str() != "*" {
                        self.name(name);
                    }
                }
            }
            Stmt::Return(node) => self.optional(node.value.as_deref()),
            Stmt::Expr(node) => self.expression(&node.value),
            Stmt::While(node) => self.expression(&node.test),
            Stmt::If(node) => self.expression(&node.test),
            Stmt::Match(node) => self.expression(&node.subject),
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref());
                self.optional(node.cause.as_deref());
            }
            Stmt::Assert(node) => {
                self.expression(&node.test);
                self.optional(node.msg.as_deref());
            }
            _ => {}
        }
    }

    fn optional(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expression(expr);
        }
    }

    /// Names bound by a target. A walrus inside an index of a target is found too.
    fn target(&mut self, target: &Expr) {
        if let Expr::Name(name) = target {
            self.name(&name.id);
            return;
        }
        let mut open = vec![target];
        while let Some(target) = open.pop() {
            match target {
                Expr::Name(name) => self.name(&name.id),
                Expr::Tuple(node) => open.extend(node.elts.iter().rev()),
                Expr::List(node) => open.extend(node.elts.iter().rev()),
                Expr::Starred(node) => open.push(&node.value),
                other => self.expression(other),
            }
        }
    }

    /// Names bound by a walrus inside an expression.
    fn expression(&mut self, expr: &Expr) {
        if !self.walrus || matches!(expr, Expr::Name(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_)) {
            return;
        }
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            if let Expr::Named(node) = expr
                && let Expr::Name(name) = &*node.target
            {
                self.name(&name.id);
            }
            children(expr, &mut open);
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let mut open = vec![pattern];
        while let Some(pattern) = open.pop() {
            match pattern {
                Pattern::MatchValue(node) => self.expression(&node.value),
                Pattern::MatchSingleton(_) => {}
                Pattern::MatchSequence(node) => open.extend(node.patterns.iter().rev()),
                Pattern::MatchMapping(node) => {
                    if let Some(rest) = &node.rest {
                        self.name(rest);
                    }
                    open.extend(node.patterns.iter().rev());
                }
                Pattern::MatchClass(node) => {
                    open.extend(node.arguments.keywords.iter().rev().map(|keyword| &keyword.pattern));
                    open.extend(node.arguments.patterns.iter().rev());
                }
                Pattern::MatchStar(node) => {
                    if let Some(name) = &node.name {
                        self.name(name);
                    }
                }
                Pattern::MatchAs(node) => {
                    if let Some(name) = &node.name {
                        self.name(name);
                    }
                    if let Some(pattern) = &node.pattern {
                        open.push(pattern);
                    }
                }
                Pattern::MatchOr(node) => open.extend(node.patterns.iter().rev()),
            }
        }
    }
}

/// Pushes the operands of an expression that are evaluated in the same frame, the first one last.
pub(super) fn children<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    let start = out.len();
    match expr {
        Expr::BoolOp(node) => out.extend(&node.values),
        Expr::Named(node) => out.extend([&*node.target, &*node.value]),
        Expr::BinOp(node) => out.extend([&*node.left, &*node.right]),
        Expr::UnaryOp(node) => out.push(&node.operand),
        Expr::Lambda(node) => {
            if let Some(parameters) = &node.parameters {
                out.extend(parameters.iter_non_variadic_params().filter_map(|parameter| parameter.default.as_deref()));
            }
        }
        Expr::If(node) => out.extend([&*node.body, &*node.test, &*node.orelse]),
        Expr::Dict(node) => {
            for item in &node.items {
                out.extend(&item.key);
                out.push(&item.value);
            }
        }
        Expr::Set(node) => out.extend(&node.elts),
        Expr::ListComp(node) => comprehension([Some(&*node.elt), None], &node.generators, out),
        Expr::SetComp(node) => comprehension([Some(&*node.elt), None], &node.generators, out),
        Expr::Generator(node) => comprehension([Some(&*node.elt), None], &node.generators, out),
        Expr::DictComp(node) => comprehension([node.key.as_deref(), Some(&*node.value)], &node.generators, out),
        Expr::Await(node) => out.push(&node.value),
        Expr::Yield(node) => out.extend(node.value.as_deref()),
        Expr::YieldFrom(node) => out.push(&node.value),
        Expr::Compare(node) => {
            out.push(&node.left);
            out.extend(&node.comparators);
        }
        Expr::Call(node) => {
            out.push(&node.func);
            out.extend(node.arguments.iter_source_order().map(|argument| argument.value()));
        }
        Expr::FString(node) => node.value.elements().for_each(|element| interpolation(element, out)),
        Expr::TString(node) => node.value.elements().for_each(|element| interpolation(element, out)),
        Expr::Attribute(node) => out.push(&node.value),
        Expr::Subscript(node) => out.extend([&*node.value, &*node.slice]),
        Expr::Starred(node) => out.push(&node.value),
        Expr::List(node) => out.extend(&node.elts),
        Expr::Tuple(node) => out.extend(&node.elts),
        Expr::Slice(node) => {
            out.extend(node.lower.as_deref());
            out.extend(node.upper.as_deref());
            out.extend(node.step.as_deref());
        }
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_)
        | Expr::Name(_)
        | Expr::IpyEscapeCommand(_) => {}
    }
    if let Some(added) = out.get_mut(start..) {
        added.reverse();
    }
}

fn comprehension<'a>(
    elements: [Option<&'a Expr>; 2],
    generators: &'a [ruff_python_ast::Comprehension],
    out: &mut Vec<&'a Expr>,
) {
    out.extend(elements.into_iter().flatten());
    for generator in generators {
        out.push(&generator.iter);
        out.extend(&generator.ifs);
    }
}

fn interpolation<'a>(element: &'a InterpolatedStringElement, out: &mut Vec<&'a Expr>) {
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        if let InterpolatedStringElement::Interpolation(node) = element {
            out.push(&node.expression);
            if let Some(spec) = &node.format_spec {
                open.extend(spec.elements.iter());
            }
        }
    }
}
