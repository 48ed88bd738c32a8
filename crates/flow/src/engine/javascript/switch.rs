//! `switch` with a subject that is known: control enters at one arm and runs on. Disguises take code apart that way.

use std::rc::Rc;

use sluice_syntax::ir::{CmpOp, Module, Stmt, StmtKind, SwitchArm};

use crate::engine::Engine;
use crate::engine::stmt::Next;
use crate::engine::value::Value;

impl Engine<'_> {
    /// Runs the arms that a known subject enters. `None` if that is not known.
    pub(crate) fn known_switch(&mut self, module: &Rc<Module>, subject: &Value, arms: &[SwitchArm]) -> Option<Next> {
        let known = self.concrete(subject, 2)?;
        let mut entered = None;
        for (position, arm) in arms.iter().enumerate() {
            let Some(id) = arm.value else { continue };
            let case = self.eval(module, id);
            let case = self.concrete(&case, 2)?;
            if self.dialect.compare(CmpOp::StrictEq, &known, &case)? {
                entered = Some(position);
                break;
            }
        }
        let start = entered.or_else(|| arms.iter().position(|arm| arm.value.is_none()));
        for (position, arm) in arms.iter().enumerate() {
            if Some(position) != start {
                self.excluded(module, &arm.body, || None);
            }
        }
        let Some(start) = start else { return Some(Next::On) };
        for arm in arms.iter().skip(start) {
            match self.block(module, &arm.body) {
                Next::On => {}
                Next::Break => return Some(Next::On),
                other => return Some(other),
            }
        }
        Some(Next::On)
    }
}

/// True if a loop without end is a machine that takes its next state from a `switch`.
pub(crate) fn is_machine(body: &[Stmt]) -> bool {
    body.iter().take(3).any(|stmt| matches!(stmt.kind, StmtKind::Switch { .. }))
}
