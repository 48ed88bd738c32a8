//! A check that holds for every module, whatever the text was.

use sluice_syntax::ir::{ExprKind, Module, SlotRef, Span, Stmt, StmtKind, Target};

/// Panics if a span does not lie in the text on character boundaries, or if an id leads nowhere.
pub fn check(module: &Module) {
    let span = |span: Span| {
        let range = span.start as usize..span.end as usize;
        assert!(module.text.get(range).is_some(), "{span:?} does not lie in the text of {} bytes", module.text.len());
    };
    let slot = |slot: SlotRef| {
        let slots = module.function(slot.func).map_or(0, |function| function.slots.len());
        assert!(slots > slot.slot as usize, "{slot:?} leads nowhere");
    };
    for (index, expr) in module.exprs.iter().enumerate() {
        span(expr.span);
        match &expr.kind {
            ExprKind::Slot(reference) => slot(*reference),
            ExprKind::Attr { base, .. } => assert!((base.0 as usize) < index, "an operand comes before its expression"),
            ExprKind::Binary { left, right, .. } => assert!((left.0.max(right.0) as usize) < index),
            ExprKind::Call { callee, args, .. } => {
                assert!((callee.0 as usize) < index);
                assert!(args.iter().all(|arg| (arg.value.0 as usize) < index));
            }
            ExprKind::Function(func) | ExprKind::Class(func) => assert!(module.function(*func).is_some()),
            _ => {}
        }
    }
    for function in &module.functions {
        span(function.span);
        span(function.name_span);
        for (index, param) in function.params.iter().enumerate() {
            span(param.span);
            assert_eq!(param.slot as usize, index, "parameters come first");
        }
        assert!(function.parent.is_none_or(|parent| module.function(parent).is_some()));
        let mut open: Vec<&Stmt> = function.body.iter().collect();
        while let Some(stmt) = open.pop() {
            span(stmt.span);
            match &stmt.kind {
                StmtKind::If { then, otherwise, .. } => open.extend(then.iter().chain(otherwise)),
                StmtKind::While { body, otherwise, .. } => open.extend(body.iter().chain(otherwise)),
                StmtKind::For { body, otherwise, target, .. } => {
                    open.extend(body.iter().chain(otherwise));
                    if let Target::Slot(reference, place) = target {
                        slot(*reference);
                        span(*place);
                    }
                }
                StmtKind::Try { body, handlers, otherwise, finally } => {
                    open.extend(body.iter().chain(otherwise).chain(finally));
                    for handler in handlers {
                        span(handler.span);
                        open.extend(&handler.body);
                    }
                }
                StmtKind::With { body, .. } => open.extend(body),
                StmtKind::Match { arms, .. } => open.extend(arms.iter().flat_map(|arm| &arm.body)),
                StmtKind::Import { slot: reference, .. }
                | StmtKind::ImportFrom { slot: reference, .. }
                | StmtKind::Function(_, reference)
                | StmtKind::Class(_, reference) => slot(*reference),
                _ => {}
            }
        }
    }
    for diagnostic in &module.diagnostics {
        span(diagnostic.span);
    }
    let starts = &module.line_starts;
    assert!(starts.is_sorted_by(|one, next| one < next));
    assert!(starts.iter().all(|start| module.text.is_char_boundary(*start as usize)));
}
