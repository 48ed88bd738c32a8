//! Walks over the IR without recursion.
//!
//! The depth of expressions is bounded by the front end except for left spines, which may be as long as the text, so
//! every walk keeps its own stack.

use sluice_syntax::ir::{Const, Expr, ExprId, ExprKind, FuncId, Module, PatternKey, Span, Stmt, StmtKind, Target};

/// How many characters of code a fact quotes.
const QUOTE: usize = 120;

/// How many characters of code are looked at for a quote: a text may be quoted often and hold more blanks than code.
const LOOKED_AT: usize = 2_000;

/// Calls `visit` for an expression and everything inside that is evaluated in the same frame, parents first.
///
/// Bodies of lambdas and classes are not entered; their defaults, decorators and bases are.
pub(crate) fn each_expr<'m>(module: &'m Module, root: ExprId, mut visit: impl FnMut(ExprId, &'m Expr)) {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        let Some(expr) = module.expr(id) else { continue };
        visit(id, expr);
        let first = stack.len();
        children(module, &expr.kind, &mut |child| stack.push(child));
        if let Some(added) = stack.get_mut(first..) {
            added.reverse();
        }
    }
}

/// Calls `visit` for a block's statements and those in the blocks inside them, in the order of the text.
pub(crate) fn each_stmt<'m>(body: &'m [Stmt], mut visit: impl FnMut(&'m Stmt)) {
    let mut stack: Vec<&[Stmt]> = vec![body];
    while let Some(block) = stack.pop() {
        let Some((first, rest)) = block.split_first() else { continue };
        stack.push(rest);
        visit(first);
        let mark = stack.len();
        blocks(first, &mut |inner| stack.push(inner));
        if let Some(added) = stack.get_mut(mark..) {
            added.reverse();
        }
    }
}

/// The blocks of a statement in the order of the text.
pub(crate) fn blocks<'m>(stmt: &'m Stmt, visit: &mut impl FnMut(&'m [Stmt])) {
    match &stmt.kind {
        StmtKind::If { then, otherwise, .. } => {
            visit(then);
            visit(otherwise);
        }
        StmtKind::While { body, otherwise, .. } | StmtKind::For { body, otherwise, .. } => {
            visit(body);
            visit(otherwise);
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            visit(body);
            for handler in handlers {
                visit(&handler.body);
            }
            visit(otherwise);
            visit(finally);
        }
        StmtKind::With { body, .. } => visit(body),
        StmtKind::Match { arms, .. } => {
            for arm in arms {
                visit(&arm.body);
            }
        }
        StmtKind::Switch { arms, .. } => {
            for arm in arms {
                visit(&arm.body);
            }
        }
        StmtKind::Label { body, .. } => visit(body),
        _ => {}
    }
}

/// The expressions that a statement itself evaluates in its frame, those of its targets included.
pub(crate) fn own_exprs(module: &Module, stmt: &Stmt, visit: &mut impl FnMut(ExprId)) {
    match &stmt.kind {
        StmtKind::Expr(value) => visit(*value),
        StmtKind::Assign { targets, value } => {
            visit(*value);
            for target in targets {
                target_exprs(target, visit);
            }
        }
        StmtKind::AugAssign { target: _, old, value, .. } => {
            visit(*old);
            visit(*value);
        }
        StmtKind::Delete(targets) => {
            for target in targets {
                target_exprs(target, visit);
            }
        }
        StmtKind::Return(value) => value.iter().for_each(|value| visit(*value)),
        StmtKind::Raise { exception, cause } => {
            exception.iter().for_each(|value| visit(*value));
            cause.iter().for_each(|value| visit(*value));
        }
        StmtKind::Assert { test, message } => {
            visit(*test);
            message.iter().for_each(|value| visit(*value));
        }
        StmtKind::If { test, .. } => visit(*test),
        StmtKind::While { test, step, .. } => {
            visit(*test);
            step.iter().for_each(|step| visit(*step));
        }
        StmtKind::Switch { subject, arms } => {
            visit(*subject);
            arms.iter().filter_map(|arm| arm.value).for_each(&mut *visit);
        }
        StmtKind::Export { value, .. } => visit(*value),
        StmtKind::Match { subject, arms } => {
            visit(*subject);
            for arm in arms {
                arm.values.iter().for_each(|value| visit(*value));
                for target in &arm.bindings {
                    target_exprs(target, visit);
                }
                arm.guard.iter().for_each(|guard| visit(*guard));
            }
        }
        StmtKind::For { target, iterable, .. } => {
            visit(*iterable);
            target_exprs(target, visit);
        }
        StmtKind::Try { handlers, .. } => {
            for handler in handlers {
                handler.exception.iter().for_each(|exception| visit(*exception));
            }
        }
        StmtKind::With { items, .. } => {
            for (context, target) in items {
                visit(*context);
                if let Some(target) = target {
                    target_exprs(target, visit);
                }
            }
        }
        StmtKind::Function(func, _) | StmtKind::Class(func, _) => definition_exprs(module, *func, visit),
        StmtKind::Unknown(parts) => parts.iter().for_each(|part| visit(*part)),
        StmtKind::Import { .. }
        | StmtKind::ImportFrom { .. }
        | StmtKind::ImportStar { .. }
        | StmtKind::ExportStar { .. }
        | StmtKind::Label { .. }
        | StmtKind::Jump { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Pass => {}
    }
}

/// What a definition evaluates in the frame around it: decorators, defaults, annotations, bases.
fn definition_exprs(module: &Module, func: FuncId, visit: &mut impl FnMut(ExprId)) {
    let Some(function) = module.function(func) else { return };
    function.decorators.iter().for_each(|decorator| visit(*decorator));
    for param in &function.params {
        param.default.iter().for_each(|default| visit(*default));
        param.annotation.iter().for_each(|annotation| visit(*annotation));
    }
    function.returns.iter().for_each(|returns| visit(*returns));
    function.bases.iter().for_each(|base| visit(base.value));
}

/// The expressions inside a target. Patterns are nested no deeper than expressions.
pub(crate) fn target_exprs(target: &Target, visit: &mut impl FnMut(ExprId)) {
    let mut stack = vec![target];
    while let Some(target) = stack.pop() {
        match target {
            Target::Slot(..) | Target::Free(..) | Target::Unknown(_) => {}
            Target::Attr { base, .. } => visit(*base),
            Target::Index { base, index, .. } => {
                visit(*base);
                visit(*index);
            }
            Target::Sequence(items) => stack.extend(items.iter().rev()),
            Target::Keys(items) => {
                for (key, item) in items.iter().rev() {
                    if let PatternKey::Computed(key) = key {
                        visit(*key);
                    }
                    stack.push(item);
                }
            }
            Target::Rest(inner) => stack.push(inner),
            Target::Default(inner, default) => {
                visit(*default);
                stack.push(inner);
            }
        }
    }
}

/// The variables that a target binds.
pub(crate) fn target_slots(target: &Target, visit: &mut impl FnMut(sluice_syntax::ir::SlotRef)) {
    let mut stack = vec![target];
    while let Some(target) = stack.pop() {
        match target {
            Target::Slot(slot, _) => visit(*slot),
            Target::Free(..) | Target::Unknown(_) | Target::Attr { .. } | Target::Index { .. } => {}
            Target::Sequence(items) => stack.extend(items.iter().rev()),
            Target::Keys(items) => stack.extend(items.iter().rev().map(|(_, item)| item)),
            Target::Rest(inner) | Target::Default(inner, _) => stack.push(inner),
        }
    }
}

/// The operands of an expression in the order of the text.
pub(crate) fn children(module: &Module, kind: &ExprKind, visit: &mut impl FnMut(ExprId)) {
    match kind {
        ExprKind::Const(_) | ExprKind::Slot(_) | ExprKind::Free(_) | ExprKind::This => {}
        ExprKind::Attr { base, .. } => visit(*base),
        ExprKind::Index { base, index } => {
            visit(*base);
            visit(*index);
        }
        ExprKind::Slice { lower, upper, step } => {
            for part in [lower, upper, step] {
                part.iter().for_each(|part| visit(*part));
            }
        }
        ExprKind::Call { callee, args, .. } => {
            visit(*callee);
            args.iter().for_each(|arg| visit(arg.value));
        }
        ExprKind::Binary { left, right, .. } => {
            visit(*left);
            visit(*right);
        }
        ExprKind::Unary { operand, .. } => visit(*operand),
        ExprKind::Logic { operands, .. } => operands.iter().for_each(|operand| visit(*operand)),
        ExprKind::Compare { left, rest } => {
            visit(*left);
            rest.iter().for_each(|(_, operand)| visit(*operand));
        }
        ExprKind::Conditional { test, then, otherwise } => {
            visit(*then);
            visit(*test);
            visit(*otherwise);
        }
        ExprKind::Sequence { items, .. }
        | ExprKind::Template(items)
        | ExprKind::Comma(items)
        | ExprKind::Unknown(items) => {
            items.iter().for_each(|item| visit(*item));
        }
        ExprKind::Update { target, old, .. } => {
            target_exprs(target, visit);
            visit(*old);
        }
        ExprKind::Mapping(entries) => {
            for (key, value) in entries {
                key.iter().for_each(|key| visit(*key));
                visit(*value);
            }
        }
        ExprKind::Spread(value)
        | ExprKind::Await(value)
        | ExprKind::YieldFrom(value)
        | ExprKind::ImportCall(value)
        | ExprKind::Keys(value) => visit(*value),
        ExprKind::Format { value, spec, .. } => {
            visit(*value);
            spec.iter().for_each(|spec| visit(*spec));
        }
        ExprKind::Function(func) | ExprKind::Class(func) => definition_exprs(module, *func, visit),
        ExprKind::Comprehension { element, value, clauses, .. } => {
            visit(*element);
            value.iter().for_each(|value| visit(*value));
            for clause in clauses {
                target_exprs(&clause.target, visit);
                visit(clause.iterable);
                clause.conditions.iter().for_each(|condition| visit(*condition));
            }
        }
        ExprKind::Bind { target, value } => {
            target_exprs(target, visit);
            visit(*value);
        }
        ExprKind::Yield(value) => value.iter().for_each(|value| visit(*value)),
    }
}

/// Code as a fact quotes it: white space runs as one space, at most 120 characters.
pub(crate) fn quote(module: &Module, span: Span) -> String {
    shorten(module.slice(span))
}

/// A text with white space runs as one space, cut to 120 characters.
pub(crate) fn shorten(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut gap = false;
    for (index, character) in text.chars().enumerate() {
        if index == LOOKED_AT {
            if length == QUOTE {
                out.pop();
            }
            out.push('…');
            return out;
        }
        if character.is_whitespace() {
            gap = length > 0;
            continue;
        }
        for character in gap.then_some(' ').into_iter().chain([character]) {
            if length == QUOTE {
                out.pop();
                out.push('…');
                return out;
            }
            out.push(character);
            length += 1;
        }
        gap = false;
    }
    out
}

/// The code of an expression as a fact quotes it.
pub(crate) fn quote_expr(module: &Module, id: ExprId) -> String {
    module.expr(id).map(|expr| quote(module, expr.span)).unwrap_or_default()
}

/// The text of a string constant.
pub(crate) fn string_of(module: &Module, id: ExprId) -> Option<&str> {
    match &module.expr(id)?.kind {
        ExprKind::Const(Const::Str(text)) => Some(text),
        _ => None,
    }
}

/// True for a constant, a signed constant, or a display of nothing else, at most two levels deep.
pub(crate) fn is_constant(module: &Module, id: ExprId) -> bool {
    fn within(module: &Module, id: ExprId, depth: u32) -> bool {
        match module.expr(id).map(|expr| &expr.kind) {
            Some(ExprKind::Const(_)) => true,
            Some(ExprKind::Unary { operand, .. }) if depth > 0 => within(module, *operand, depth - 1),
            Some(ExprKind::Sequence { items, .. }) if depth > 0 => {
                items.iter().all(|item| within(module, *item, depth - 1))
            }
            Some(ExprKind::Mapping(entries)) if depth > 0 => entries.iter().all(|(key, value)| {
                key.is_some_and(|key| within(module, key, depth - 1)) && within(module, *value, depth - 1)
            }),
            _ => false,
        }
    }
    within(module, id, 2)
}

/// A condition with the block that runs if it holds.
pub(super) type Arm<'m> = (ExprId, &'m [Stmt]);

/// The conditions and blocks of an `if` with all its `elif`, and the final `else`. Keeps walks over long chains flat.
pub(crate) fn elif_chain(stmt: &Stmt) -> Option<(Vec<Arm<'_>>, &[Stmt])> {
    let StmtKind::If { test, then, otherwise } = &stmt.kind else { return None };
    let mut arms = vec![(*test, then.as_slice())];
    let mut rest = otherwise.as_slice();
    while let [Stmt { kind: StmtKind::If { test, then, otherwise }, .. }] = rest {
        arms.push((*test, then));
        rest = otherwise;
    }
    Some((arms, rest))
}
