//! What a test that holds tells of a variable.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprId, ExprKind, LogicOp, Module, SlotRef, UnaryOp};
use smol_str::SmolStr;

use super::Engine;
use super::value::Term;

/// How deep a condition is taken apart.
const DEPTH: u32 = 6;

impl Engine<'_> {
    /// A text that was tested for its ending (`name.endswith(".key")`) has that ending from here on.
    pub(crate) fn refine(&mut self, module: &Rc<Module>, test: ExprId, holds: bool) {
        let mut endings = Vec::new();
        endings_of(module, test, holds, DEPTH, &mut endings);
        for (slot, ending) in endings {
            let value = self.read(module, slot);
            if value.known().is_some() || slot.func.0 != self.here().func {
                continue;
            }
            let before = value.term().unwrap_or_else(|| Rc::new(Term::Name(self.slot_name(module, slot))));
            // Whatever comes before it is not known to be all of it.
            if !matches!(&*before, Term::Name(_)) {
                continue;
            }
            let mut refined = value.clone();
            refined.edit().term = Some(Term::join(&before, &Rc::new(Term::Text(ending))));
            self.set_slot(slot.slot, refined);
        }
    }
}

fn endings_of(module: &Module, test: ExprId, holds: bool, depth: u32, found: &mut Vec<(SlotRef, Arc<str>)>) {
    let Some(expr) = module.expr(test).filter(|_| depth > 0) else { return };
    match &expr.kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => endings_of(module, *operand, !holds, depth - 1, found),
        ExprKind::Logic { op, operands } if holds == (*op == LogicOp::And) => {
            operands.iter().for_each(|operand| endings_of(module, *operand, holds, depth - 1, found));
        }
        ExprKind::Call { callee, args, .. } if holds => {
            let Some(ExprKind::Attr { base, name }) = module.expr(*callee).map(|expr| &expr.kind) else { return };
            let ends: [SmolStr; 2] = [SmolStr::new_static("endswith"), SmolStr::new_static("endsWith")];
            let [arg] = args.as_slice() else { return };
            let given = module.expr(arg.value).map(|expr| &expr.kind);
            if let (Some(ExprKind::Slot(slot)), Some(ExprKind::Const(Const::Str(ending)))) =
                (module.expr(*base).map(|expr| &expr.kind), given)
                && ends.contains(name)
            {
                found.push((*slot, Arc::clone(ending)));
            }
        }
        _ => {}
    }
}
