//! Lowering of statements, targets and patterns.

use ruff_python_ast::{ExceptHandler, Expr as Node, Pattern, Stmt as StmtNode};
use ruff_text_size::{Ranged, TextRange};

use super::lower::Lowerer;
use super::{MAX_BLOCKS, python2, span};
use crate::ir::{Arg, ArgKind, Const, ExprId, ExprKind, Handler, MatchArm, SlotRef, Span, Stmt, StmtKind, Target};

/// How many branches of an `elif` chain are nested in each other; the rest follow as separate `if` statements.
const MAX_ELIF: usize = 100;

impl<'a> Lowerer<'a> {
    /// Lowers a block.
    pub(super) fn block(&mut self, body: &'a [StmtNode]) -> Vec<Stmt> {
        if self.blocks > MAX_BLOCKS {
            return self.lost_block(body);
        }
        self.blocks += 1;
        let lowered = self.nested(|this| {
            let mut out = Vec::with_capacity(body.len());
            let mut rest = body;
            while let Some((first, tail)) = rest.split_first() {
                rest = tail;
                if let Some(command) = python2::command(this.text, first, tail) {
                    let end = command.operands.last().map_or(first.end(), |last| last.end());
                    let range = TextRange::new(first.start(), end.max(first.end()));
                    let value = this.command(&command, range);
                    out.push(Stmt { kind: StmtKind::Expr(value), span: span(range) });
                    rest = tail.get(command.taken - 1..).unwrap_or_default();
                } else {
                    this.statement(first, &mut out);
                }
            }
            out
        });
        self.blocks -= 1;
        match lowered {
            Some(out) => out,
            None => self.lost_block(body),
        }
    }

    fn lost_block(&mut self, body: &'a [StmtNode]) -> Vec<Stmt> {
        let (Some(first), Some(last)) = (body.first(), body.last()) else { return Vec::new() };
        let range = TextRange::new(first.start(), last.end());
        self.too_deep(range);
        vec![Stmt { kind: StmtKind::Unknown(Vec::new()), span: span(range) }]
    }

    /// `print …` and `exec …` of Python 2 as calls.
    fn command(&mut self, command: &python2::Command<'a>, range: TextRange) -> ExprId {
        let callee = self.expr(command.callee);
        let mut args: Vec<Arg> = command
            .operands
            .iter()
            .map(|operand| Arg { kind: ArgKind::Positional, value: self.expr(operand) })
            .collect();
        if let Some(file) = command.file {
            args.push(Arg { kind: ArgKind::Named("file".into()), value: self.expr(file) });
        }
        self.push(ExprKind::Call { callee, args, new: false }, span(range))
    }

    fn statement(&mut self, node: &'a StmtNode, out: &mut Vec<Stmt>) {
        let kind = match node {
            StmtNode::FunctionDef(node) => {
                let func = self.function(node);
                StmtKind::Function(func, self.scopes.bind(&node.name))
            }
            StmtNode::ClassDef(node) => {
                let func = self.class(node);
                StmtKind::Class(func, self.scopes.bind(&node.name))
            }
            StmtNode::Return(node) => StmtKind::Return(node.value.as_deref().map(|value| self.expr(value))),
            StmtNode::Delete(node) => {
                StmtKind::Delete(node.targets.iter().map(|target| self.target(target, false)).collect())
            }
            StmtNode::TypeAlias(node) => {
                let value = self.type_alias(node);
                StmtKind::Assign { targets: vec![self.target(&node.name, false)], value }
            }
            StmtNode::Assign(node) => {
                let value = self.expr(&node.value);
                let targets = node.targets.iter().map(|target| self.target(target, false)).collect();
                StmtKind::Assign { targets, value }
            }
            StmtNode::AugAssign(node) => {
                let (target, old) = self.read_and_write(&node.target);
                let value = self.expr(&node.value);
                StmtKind::AugAssign { target, old, op: super::expression::binary_operator(node.op), value }
            }
            StmtNode::AnnAssign(node) => return self.annotated(node, out),
            StmtNode::For(node) => {
                let iterable = self.expr(&node.iter);
                self.scopes.enter_loop();
                let target = self.target(&node.target, false);
                let body = self.block(&node.body);
                self.scopes.leave_loop();
                let otherwise = self.block(&node.orelse);
                StmtKind::For { target, iterable, body, otherwise }
            }
            StmtNode::While(node) => {
                self.scopes.enter_loop();
                let test = self.expr(&node.test);
                let body = self.block(&node.body);
                self.scopes.leave_loop();
                let otherwise = self.block(&node.orelse);
                StmtKind::While { test, body, otherwise, step: None, test_last: false }
            }
            StmtNode::If(node) => self.conditional(node),
            StmtNode::With(node) => {
                let items = node
                    .items
                    .iter()
                    .map(|item| {
                        let context = self.expr(&item.context_expr);
                        (context, item.optional_vars.as_deref().map(|target| self.target(target, false)))
                    })
                    .collect();
                StmtKind::With { items, body: self.block(&node.body) }
            }
            StmtNode::Match(node) => {
                let subject = self.expr(&node.subject);
                StmtKind::Match { subject, arms: node.cases.iter().map(|case| self.arm(case)).collect() }
            }
            StmtNode::Raise(node) => {
                let exception = node.exc.as_deref().map(|exception| self.raised(exception));
                StmtKind::Raise { exception, cause: node.cause.as_deref().map(|cause| self.expr(cause)) }
            }
            StmtNode::Try(node) => {
                let body = self.block(&node.body);
                let handlers = node.handlers.iter().map(|handler| self.handler(handler)).collect();
                let otherwise = self.block(&node.orelse);
                StmtKind::Try { body, handlers, otherwise, finally: self.block(&node.finalbody) }
            }
            StmtNode::Assert(node) => StmtKind::Assert {
                test: self.expr(&node.test),
                message: node.msg.as_deref().map(|message| self.expr(message)),
            },
            StmtNode::Import(node) => {
                let whole = node.names.len() == 1;
                for alias in &node.names {
                    let place = span(if whole { node.range } else { alias.range });
                    self.import(alias, place, out);
                }
                return;
            }
            StmtNode::ImportFrom(node) => return self.import_from(node, out),
            StmtNode::Global(_) | StmtNode::Nonlocal(_) | StmtNode::Pass(_) => StmtKind::Pass,
            StmtNode::Expr(node) => StmtKind::Expr(self.expr(&node.value)),
            StmtNode::Break(_) => StmtKind::Break,
            StmtNode::Continue(_) => StmtKind::Continue,
            StmtNode::IpyEscapeCommand(_) => StmtKind::Unknown(Vec::new()),
        };
        out.push(Stmt { kind, span: span(node.range()) });
    }

    fn import(&mut self, alias: &ruff_python_ast::Alias, place: Span, out: &mut Vec<Stmt>) {
        let path = alias.name.as_str();
        let name = match &alias.asname {
            Some(name) => name.as_str(),
            None => path.split('.').next().unwrap_or_default(),
        };
        let kind = if name.is_empty() {
            StmtKind::Unknown(Vec::new())
        } else {
            let slot = self.scopes.bind(name);
            StmtKind::Import { path: path.into(), slot, whole: alias.asname.is_some() }
        };
        out.push(Stmt { kind, span: place });
    }

    fn import_from(&mut self, node: &'a ruff_python_ast::StmtImportFrom, out: &mut Vec<Stmt>) {
        let module = node.module.as_ref().map_or("", |module| module.as_str());
        let level = node.level;
        if node.names.is_empty() {
            out.push(Stmt { kind: StmtKind::Unknown(Vec::new()), span: span(node.range) });
        }
        let single = node.names.len() == 1;
        for alias in &node.names {
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let kind = match name {
                "*" => StmtKind::ImportStar { module: module.into(), level },
                "" => StmtKind::Unknown(Vec::new()),
                _ => StmtKind::ImportFrom {
                    module: module.into(),
                    level,
                    name: alias.name.as_str().into(),
                    slot: self.scopes.bind(name),
                },
            };
            out.push(Stmt { kind, span: span(if single { node.range } else { alias.range }) });
        }
    }

    /// `target: annotation = value`. The annotation is kept where it is evaluated and can have an effect.
    fn annotated(&mut self, node: &'a ruff_python_ast::StmtAnnAssign, out: &mut Vec<Stmt>) {
        let evaluated = !node.simple || self.scopes.in_class() || self.scopes.in_module();
        let effect = evaluated && super::expression::may_have_effect(&node.annotation);
        if effect {
            let annotation = self.expr(&node.annotation);
            out.push(Stmt { kind: StmtKind::Expr(annotation), span: span(node.annotation.range()) });
        }
        let kind = match node.value.as_deref() {
            Some(value) => {
                let value = self.expr(value);
                StmtKind::Assign { targets: vec![self.target(&node.target, false)], value }
            }
            None if matches!(&*node.target, Node::Name(_)) => StmtKind::Pass,
            None => StmtKind::Expr(self.expr(&node.target)),
        };
        out.push(Stmt { kind, span: span(node.range) });
    }

    fn conditional(&mut self, node: &'a ruff_python_ast::StmtIf) -> StmtKind {
        let test = self.expr(&node.test);
        let then = self.block(&node.body);
        let whole = span(node.range);
        // Each branch is lowered in the order of the text, then folded from the last to the first.
        let mut branches: Vec<(Span, ExprId, Vec<Stmt>)> = Vec::new();
        let mut otherwise = Vec::new();
        let depth = *self.depth_mut();
        for (position, clause) in node.elif_else_clauses.iter().enumerate() {
            // A branch is nested as deeply as the branches before it, up to the bound.
            *self.depth_mut() = depth.saturating_add(u32::try_from(position.min(MAX_ELIF)).unwrap_or(u32::MAX));
            let place = Span { start: span(clause.range).start, end: whole.end };
            match &clause.test {
                Some(test) => {
                    let test = self.expr(test);
                    let body = self.block(&clause.body);
                    branches.push((place, test, body));
                }
                None => otherwise = self.block(&clause.body),
            }
        }
        *self.depth_mut() = depth;
        if branches.len() > MAX_ELIF {
            self.diagnose(node.range, "branches of a long elif chain stand side by side", false);
        }
        StmtKind::If { test, then, otherwise: fold_branches(branches, otherwise) }
    }

    /// The operand of `raise`; `raise Type, message` of Python 2 as a call.
    fn raised(&mut self, exception: &'a Node) -> ExprId {
        if let Node::Tuple(tuple) = exception
            && !tuple.parenthesized
            && let [kind, message, ..] = tuple.elts.as_slice()
        {
            let callee = self.expr(kind);
            let args = vec![Arg { kind: ArgKind::Positional, value: self.expr(message) }];
            return self.push(ExprKind::Call { callee, args, new: false }, span(tuple.range));
        }
        self.expr(exception)
    }

    fn handler(&mut self, handler: &'a ExceptHandler) -> Handler {
        let ExceptHandler::ExceptHandler(node) = handler;
        let (exception, name) = match node.type_.as_deref() {
            Some(kind) => match python2::handler(kind) {
                Some((kind, name)) if node.name.is_none() => (Some(kind), Some(name.as_str())),
                _ => (Some(kind), node.name.as_deref()),
            },
            None => (None, node.name.as_deref()),
        };
        let exception = exception.map(|exception| self.expr(exception));
        let slot = name.filter(|name| !name.is_empty()).map(|name| self.scopes.bind(name));
        Handler { exception, slot, body: self.block(&node.body), span: span(node.range) }
    }

    fn arm(&mut self, case: &'a ruff_python_ast::MatchCase) -> MatchArm {
        let mut arm =
            MatchArm { values: Vec::new(), bindings: Vec::new(), guard: None, irrefutable: false, body: Vec::new() };
        self.pattern(&case.pattern, &mut arm);
        arm.guard = case.guard.as_deref().map(|guard| self.expr(guard));
        arm.irrefutable = arm.guard.is_none() && is_irrefutable(&case.pattern);
        arm.body = self.block(&case.body);
        arm
    }

    /// Collects the values that a pattern compares with and the names that it binds.
    fn pattern(&mut self, pattern: &'a Pattern, arm: &mut MatchArm) {
        let mut open = vec![pattern];
        while let Some(pattern) = open.pop() {
            let mut name = None;
            match pattern {
                Pattern::MatchValue(node) => arm.values.push(self.expr(&node.value)),
                Pattern::MatchSingleton(node) => {
                    let value = match node.value {
                        ruff_python_ast::Singleton::None => Const::None,
                        ruff_python_ast::Singleton::True => Const::Bool(true),
                        ruff_python_ast::Singleton::False => Const::Bool(false),
                    };
                    arm.values.push(self.push(ExprKind::Const(value), span(node.range)));
                }
                Pattern::MatchSequence(node) => open.extend(node.patterns.iter().rev()),
                Pattern::MatchMapping(node) => {
                    for key in &node.keys {
                        arm.values.push(self.expr(key));
                    }
                    name = node.rest.as_ref();
                    open.extend(node.patterns.iter().rev());
                }
                Pattern::MatchClass(node) => {
                    open.extend(node.arguments.keywords.iter().rev().map(|keyword| &keyword.pattern));
                    open.extend(node.arguments.patterns.iter().rev());
                }
                Pattern::MatchStar(node) => name = node.name.as_ref(),
                Pattern::MatchAs(node) => {
                    name = node.name.as_ref();
                    open.extend(node.pattern.as_deref());
                }
                Pattern::MatchOr(node) => open.extend(node.patterns.iter().rev()),
            }
            if let Some(name) = name.filter(|name| name.is_valid()) {
                let slot = self.scopes.bind(name);
                arm.bindings.push(Target::Slot(slot, span(name.range)));
            }
        }
    }

    /// Lowers an assignment target. `overlay` is true for the variables of a comprehension.
    pub(super) fn target(&mut self, node: &'a Node, overlay: bool) -> Target {
        let place = span(node.range());
        match node {
            Node::Name(name) => match self.bound(&name.id, overlay) {
                Some(slot) => Target::Slot(slot, place),
                None => Target::Unknown(place),
            },
            Node::Attribute(node) => {
                let base = self.expr(&node.value);
                Target::Attr { base, name: node.attr.as_str().into(), span: place }
            }
            Node::Subscript(node) => {
                let base = self.expr(&node.value);
                Target::Index { base, index: self.expr(&node.slice), span: place }
            }
            Node::Tuple(node) => self.sequence_target(&node.elts, node.range, overlay),
            Node::List(node) => self.sequence_target(&node.elts, node.range, overlay),
            Node::Starred(starred) => {
                let inner = self.nested(|this| this.target(&starred.value, overlay));
                inner.map_or_else(|| self.deep_target(starred.range), |inner| Target::Rest(Box::new(inner)))
            }
            // Not a target in any Python; its operands still run in the author's mind, so they are kept as a key.
            other => {
                let base = self.expr(other);
                let index = self.push(ExprKind::Unknown(Vec::new()), place);
                Target::Index { base, index, span: place }
            }
        }
    }

    fn sequence_target(&mut self, items: &'a [Node], range: TextRange, overlay: bool) -> Target {
        let items = self.nested(|this| items.iter().map(|item| this.target(item, overlay)).collect());
        items.map_or_else(|| self.deep_target(range), Target::Sequence)
    }

    fn deep_target(&mut self, range: TextRange) -> Target {
        self.too_deep(range);
        Target::Unknown(span(range))
    }

    /// The slot that an assignment to a name writes.
    pub(super) fn bound(&mut self, name: &str, overlay: bool) -> Option<SlotRef> {
        match name {
            "" => None,
            _ if overlay => self.scopes.resolve(name),
            _ => Some(self.scopes.bind(name)),
        }
    }

    /// The target of an augmented assignment, and the same place as an expression.
    fn read_and_write(&mut self, node: &'a Node) -> (Target, ExprId) {
        let place = span(node.range());
        match node {
            Node::Attribute(node) => {
                let base = self.expr(&node.value);
                let name: smol_str::SmolStr = node.attr.as_str().into();
                let old = self.push(ExprKind::Attr { base, name: name.clone() }, place);
                (Target::Attr { base, name, span: place }, old)
            }
            Node::Subscript(node) => {
                let base = self.expr(&node.value);
                let index = self.expr(&node.slice);
                let old = self.push(ExprKind::Index { base, index }, place);
                (Target::Index { base, index, span: place }, old)
            }
            other => {
                let old = self.expr(other);
                (self.target(other, false), old)
            }
        }
    }
}

/// The else branch of an `if` with these `elif` branches. Those beyond [`MAX_ELIF`] stand side by side.
pub(super) fn fold_branches(mut branches: Vec<(Span, ExprId, Vec<Stmt>)>, mut otherwise: Vec<Stmt>) -> Vec<Stmt> {
    let mut flat: Vec<Stmt> = Vec::new();
    for (span, test, then) in branches.drain(MAX_ELIF.min(branches.len())..) {
        flat.push(Stmt { kind: StmtKind::If { test, then, otherwise: Vec::new() }, span });
    }
    flat.append(&mut otherwise);
    otherwise = flat;
    for (span, test, then) in branches.into_iter().rev() {
        otherwise = vec![Stmt { kind: StmtKind::If { test, then, otherwise }, span }];
    }
    otherwise
}

/// True if the pattern matches everything.
fn is_irrefutable(pattern: &Pattern) -> bool {
    let mut open = vec![pattern];
    while let Some(pattern) = open.pop() {
        match pattern {
            Pattern::MatchAs(node) => match &node.pattern {
                None => return true,
                Some(inner) => open.push(inner),
            },
            Pattern::MatchOr(node) => open.extend(&node.patterns),
            _ => {}
        }
    }
    false
}
