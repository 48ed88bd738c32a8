//! What a test that holds tells of a variable.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{CmpOp, Const, ExprId, ExprKind, LogicOp, Module, SlotRef, UnaryOp};

use super::Engine;
use super::value::Term;

/// How deep a condition is taken apart.
const DEPTH: u32 = 6;

impl Engine<'_> {
    /// A text that was tested for its ending (`name.endswith(".key")`) has that ending from here on, one that was
    /// compared with others is one of them.
    pub(crate) fn refine(&mut self, module: &Rc<Module>, test: ExprId, holds: bool) {
        let mut told = Vec::new();
        told_by(module, test, holds, DEPTH, &mut told);
        for (slot, told) in told {
            let value = self.read(module, slot);
            if value.known().is_some() || slot.func.0 != self.here().func {
                continue;
            }
            let before = value.term().unwrap_or_else(|| Rc::new(Term::Name(self.slot_name(module, slot))));
            // Of a value that is known in part more is known than the test tells.
            if !matches!(&*before, Term::Name(_)) {
                continue;
            }
            let term = match told {
                Told::Ends(ending) => Term::join(&before, &Rc::new(Term::Text(ending))),
                Told::Is(texts) => {
                    let mut terms = texts.into_iter().map(|text| Rc::new(Term::Text(text)));
                    let Some(first) = terms.next() else { continue };
                    terms.fold(first, |one, other| Term::either(&one, &other))
                }
            };
            let mut refined = value.clone();
            refined.edit().term = Some(term);
            self.set_slot(slot.slot, refined);
        }
    }
}

/// What a test tells of a text.
enum Told {
    /// What it ends with.
    Ends(Arc<str>),
    /// The texts of which it is one.
    Is(Vec<Arc<str>>),
}

fn told_by(module: &Module, test: ExprId, holds: bool, depth: u32, found: &mut Vec<(SlotRef, Told)>) {
    let Some(expr) = module.expr(test).filter(|_| depth > 0) else { return };
    let kind = |id: ExprId| module.expr(id).map(|expr| &expr.kind);
    let text = |id: ExprId| match kind(id) {
        Some(ExprKind::Const(Const::Str(text))) => Some(Arc::clone(text)),
        _ => None,
    };
    match &expr.kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => told_by(module, *operand, !holds, depth - 1, found),
        ExprKind::Logic { op, operands } if holds == (*op == LogicOp::And) => {
            operands.iter().for_each(|operand| told_by(module, *operand, holds, depth - 1, found));
        }
        ExprKind::Call { callee, args, .. } if holds => {
            let (Some(ExprKind::Attr { base, name }), [arg]) = (kind(*callee), args.as_slice()) else { return };
            if let (Some(ExprKind::Slot(slot)), Some(ending)) = (kind(*base), text(arg.value))
                && matches!(name.as_str(), "endswith" | "endsWith")
            {
                found.push((*slot, Told::Ends(ending)));
            }
        }
        ExprKind::Compare { left, rest } => {
            let (Some(ExprKind::Slot(slot)), [(op, right)]) = (kind(*left), rest.as_slice()) else { return };
            let equal = matches!(op, CmpOp::Eq | CmpOp::StrictEq) && holds;
            let unequal = matches!(op, CmpOp::NotEq | CmpOp::StrictNotEq) && !holds;
            let within = (*op == CmpOp::In && holds) || (*op == CmpOp::NotIn && !holds);
            let texts: Vec<Arc<str>> = match kind(*right) {
                // One that is not known may be it.
                Some(ExprKind::Sequence { items, .. }) if within => {
                    items.iter().map(|item| text(*item)).collect::<Option<_>>().unwrap_or_default()
                }
                _ if equal || unequal => text(*right).into_iter().collect(),
                _ => Vec::new(),
            };
            if !texts.is_empty() {
                found.push((*slot, Told::Is(texts)));
            }
        }
        _ => {}
    }
}
