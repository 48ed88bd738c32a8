//! Raises and handlers, with the conditions on which a raise stands.

use sluice_syntax::ir::{Const, ExprId, ExprKind, FuncId, Handler, Module, SequenceKind, SlotRef, Stmt, StmtKind};
use smol_str::SmolStr;

use super::{RawGuard, RawHandler, RawRaise, Structure, walk};

/// Finds the raises and handlers of every function, class body and the module body.
pub(super) fn find(module: &Module, found: &mut Structure) {
    for (index, function) in module.functions.iter().enumerate() {
        let func = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        let mut walker = Walker { module, func, guards: Vec::new(), handlers: Vec::new(), found };
        walker.block(&function.body);
    }
}

/// How many guards of a raise are kept: the innermost.
const MAX_GUARDS: usize = 32;

/// A condition and whether it holds.
type Test = (ExprId, bool);

struct Walker<'a> {
    module: &'a Module,
    func: FuncId,
    /// The conditions on which the current statement stands.
    guards: Vec<Test>,
    /// The handlers around the current statement: index and variable.
    handlers: Vec<(u32, Option<SlotRef>)>,
    found: &'a mut Structure,
}

impl Walker<'_> {
    fn block(&mut self, body: &[Stmt]) {
        let before = self.guards.len();
        for stmt in body {
            self.statement(stmt);
        }
        self.guards.truncate(before);
    }

    fn under(&mut self, test: Option<Test>, body: &[Stmt]) {
        let before = self.guards.len();
        self.guards.extend(test);
        self.block(body);
        self.guards.truncate(before);
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::If { .. } => self.branches(stmt),
            StmtKind::While { test, body, otherwise, .. } => {
                let endless = walk::is_constant(self.module, *test);
                self.under((!endless).then_some((*test, true)), body);
                self.block(otherwise);
            }
            StmtKind::For { body, otherwise, .. } => {
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::With { body, .. } => self.block(body),
            StmtKind::Match { arms, .. } => {
                for arm in arms {
                    self.under(arm.guard.map(|guard| (guard, true)), &arm.body);
                }
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.block(body);
                for handler in handlers {
                    self.handler(handler, body);
                }
                self.block(otherwise);
                self.block(finally);
            }
            StmtKind::Raise { exception, cause } => self.raise(stmt, *exception, *cause),
            _ => {}
        }
    }

    /// Walks an `if` and leaves the conditions that hold behind it because a branch always leaves the block.
    #[inline(never)]
    fn branches(&mut self, stmt: &Stmt) {
        let Some((arms, otherwise)) = walk::elif_chain(stmt) else { return };
        let before = self.guards.len();
        for (test, then) in &arms {
            self.under(Some((*test, true)), then);
            self.guards.push((*test, false));
        }
        self.block(otherwise);
        self.guards.truncate(before);
        // Behind the `if`, an arm was taken that does not leave. If all others leave, its conditions hold; as long as
        // the arms from the first on leave, theirs do not.
        let mut staying = arms.iter().enumerate().filter(|(_, (_, then))| !leaves(self.module, then));
        let last_stays = !leaves(self.module, otherwise);
        let (first, second) = (staying.next(), staying.next());
        match first {
            Some((index, (test, _))) => {
                self.guards.extend(arms.iter().take(index).map(|(test, _)| (*test, false)));
                if second.is_none() && !last_stays {
                    self.guards.push((*test, true));
                }
            }
            None if last_stays => self.guards.extend(arms.iter().map(|(test, _)| (*test, false))),
            None => {}
        }
    }

    #[inline(never)]
    fn handler(&mut self, handler: &Handler, body: &[Stmt]) {
        let exceptions = exception_types(self.module, handler.exception);
        let broad = handler.exception.is_none()
            || exceptions
                .iter()
                .any(|name| matches!(name.rsplit('.').next(), Some("Exception" | "BaseException" | "StandardError")));
        let imports = !exceptions.is_empty()
            && exceptions.iter().all(|name| matches!(name.as_str(), "ImportError" | "ModuleNotFoundError"));
        let index = u32::try_from(self.found.handlers.len()).unwrap_or(u32::MAX);
        self.found.handlers.push(RawHandler {
            func: self.func,
            exceptions,
            broad,
            swallows: handler.body.iter().all(|stmt| is_idle(self.module, stmt)),
            span: handler.span,
            import_fallback: imports && only_imports(self.module, body),
        });
        self.handlers.push((index, handler.slot));
        self.block(&handler.body);
        self.handlers.pop();
    }

    #[inline(never)]
    fn raise(&mut self, stmt: &Stmt, exception: Option<ExprId>, cause: Option<ExprId>) {
        let module = self.module;
        let call = exception.and_then(|id| match &module.expr(id)?.kind {
            ExprKind::Call { callee, args, .. } => Some((*callee, args)),
            _ => None,
        });
        let named = call.map(|(callee, _)| callee).or(exception);
        let mentions = |id: &ExprId| {
            let mut found = false;
            walk::each_expr(module, *id, |_, expr| match &expr.kind {
                ExprKind::Slot(slot) => found |= self.handlers.iter().any(|(_, caught)| *caught == Some(*slot)),
                ExprKind::Attr { name, .. } => found |= !self.handlers.is_empty() && name == "exc_info",
                _ => {}
            });
            found
        };
        let passes_caught = match exception {
            None => !self.handlers.is_empty(),
            Some(_) => exception.iter().chain(&cause).any(mentions),
        };
        let skipped = self.guards.len().saturating_sub(MAX_GUARDS);
        let guards = self
            .guards
            .iter()
            .skip(skipped)
            .map(|(condition, holds)| RawGuard {
                condition: *condition,
                span: module.expr(*condition).map(|expr| expr.span).unwrap_or_default(),
                text: walk::quote_expr(module, *condition),
                holds: *holds,
            })
            .collect();
        self.found.raises.push(RawRaise {
            func: self.func,
            exception: named.map(|id| walk::quote_expr(module, id).into()).unwrap_or_default(),
            args: call
                .map(|(_, args)| {
                    let end = |arg: &sluice_syntax::ir::Arg| module.expr(arg.value).map(|expr| expr.span);
                    args.iter().map(|arg| argument(module, arg, end(arg))).collect()
                })
                .unwrap_or_default(),
            span: stmt.span,
            guards,
            handler: self.handlers.last().map(|(index, _)| *index),
            passes_caught,
        });
    }
}

/// An argument as written, with its name.
fn argument(module: &Module, arg: &sluice_syntax::ir::Arg, span: Option<sluice_syntax::ir::Span>) -> String {
    use sluice_syntax::ir::ArgKind;
    let value = span.map(|span| walk::quote(module, span)).unwrap_or_default();
    let text = match &arg.kind {
        ArgKind::Positional => return value,
        ArgKind::Named(name) => format!("{name}={value}"),
        ArgKind::Star => format!("*{value}"),
        ArgKind::StarStar => format!("**{value}"),
    };
    walk::shorten(&text)
}

/// The exceptions of a handler as written.
fn exception_types(module: &Module, exception: Option<ExprId>) -> Vec<SmolStr> {
    let Some(exception) = exception else { return Vec::new() };
    match module.expr(exception).map(|expr| &expr.kind) {
        Some(ExprKind::Sequence { kind: SequenceKind::Tuple, items }) => {
            items.iter().map(|item| walk::quote_expr(module, *item).into()).collect()
        }
        _ => vec![walk::quote_expr(module, exception).into()],
    }
}

/// True if control never reaches the end of the block.
fn leaves(module: &Module, body: &[Stmt]) -> bool {
    let Some(last) = body.last() else { return false };
    match &last.kind {
        StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::If { .. } => walk::elif_chain(last).is_some_and(|(arms, otherwise)| {
            leaves(module, otherwise) && arms.iter().all(|(_, then)| leaves(module, then))
        }),
        StmtKind::Expr(value) => is_exit(module, *value),
        _ => false,
    }
}

/// True for a call that ends the process.
fn is_exit(module: &Module, value: ExprId) -> bool {
    let Some(ExprKind::Call { callee, .. }) = module.expr(value).map(|expr| &expr.kind) else { return false };
    match module.expr(*callee).map(|expr| &expr.kind) {
        Some(ExprKind::Free(name)) => matches!(name.as_str(), "exit" | "quit"),
        Some(ExprKind::Attr { base, name }) => {
            matches!(name.as_str(), "exit" | "_exit" | "abort")
                && matches!(module.expr(*base).map(|base| module.slice(base.span)), Some("sys" | "os" | "process"))
        }
        _ => false,
    }
}

/// True for a statement that does nothing with an error.
fn is_idle(module: &Module, stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Pass | StmtKind::Continue | StmtKind::Break | StmtKind::Return(None) => true,
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => walk::is_constant(module, *value),
        _ => false,
    }
}

/// True if a guarded body does nothing but import, and set flags to constants.
fn only_imports(module: &Module, body: &[Stmt]) -> bool {
    let is_import = |stmt: &Stmt| {
        matches!(stmt.kind, StmtKind::Import { .. } | StmtKind::ImportFrom { .. } | StmtKind::ImportStar { .. })
    };
    let is_flag = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Assign { value, .. } => {
            matches!(module.expr(*value).map(|expr| &expr.kind), Some(ExprKind::Const(Const::Bool(_) | Const::None)))
        }
        _ => is_idle(module, stmt),
    };
    body.iter().any(is_import) && body.iter().all(|stmt| is_import(stmt) || is_flag(stmt))
}
