//! Statements: control flow, and what leaves a function by a return or a raise.

use std::rc::Rc;

use sluice_syntax::ir::{Const, ExprId, ExprKind, Handler, MatchArm, Module, Span, Stmt, StmtKind, SwitchArm, Target};
use smol_str::SmolStr;

use super::Engine;
use super::heap::ObjectKind;
use super::value::Value;
use crate::dialect::Receiver;
use crate::facts::{EvidenceId, Guard};

/// What follows a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next statement.
    On,
    /// The end of the loop.
    Break,
    /// The next round.
    Continue,
    /// The caller: return or raise.
    Leave,
}

/// Longest condition, in bytes, of which is asked whether it names the command line.
const SHORT_TEST: u32 = 200;

/// Variables with their new values.
pub(crate) type Changes = Vec<(u32, Value)>;

impl Engine<'_> {
    /// A list of statements.
    pub(crate) fn block(&mut self, module: &Rc<Module>, body: &[Stmt]) -> Next {
        let guards = self.frames.last().map_or(0, |frame| frame.guards.len());
        let mut next = Next::On;
        for (position, stmt) in body.iter().enumerate() {
            next = self.stmt(module, stmt);
            if next != Next::On {
                // Behind a statement that only leaves, nothing runs, whatever is known.
                let leaves = matches!(
                    stmt.kind,
                    StmtKind::Return(_)
                        | StmtKind::Raise { .. }
                        | StmtKind::Break
                        | StmtKind::Continue
                        | StmtKind::Jump { .. }
                );
                if !leaves {
                    self.excluded(module, body.get(position + 1..).unwrap_or_default(), || None);
                }
                break;
            }
        }
        if let Some(frame) = self.frames.last_mut()
            && frame.guards.len() > guards
        {
            frame.guards.truncate(guards);
            frame.shared_guards = None;
        }
        next
    }

    /// Starts to remember changes of slots.
    pub(crate) fn mark(&mut self) -> usize {
        let Some(frame) = self.frames.last_mut() else { return 0 };
        frame.open += 1;
        frame.undo.len()
    }

    /// Takes back all changes since the mark and gives the values they had led to.
    pub(crate) fn unwind(&mut self, mark: usize) -> Changes {
        let Some(frame) = self.frames.last_mut() else { return Vec::new() };
        let mut changes: Changes = Vec::new();
        while frame.undo.len() > mark {
            let Some((slot, old)) = frame.undo.pop() else { break };
            if let Some(value) = frame.slots.get_mut(slot as usize) {
                let new = std::mem::replace(value, old);
                if !changes.iter().any(|(known, _)| *known == slot) {
                    changes.push((slot, new));
                }
            }
        }
        frame.open = frame.open.saturating_sub(1);
        changes
    }

    /// Closes a mark and keeps the changes. True if a variable has another value than at the mark.
    pub(crate) fn progressed(&mut self, mark: usize) -> bool {
        let Some(frame) = self.frames.last_mut() else { return false };
        let changed = frame
            .undo
            .iter()
            .skip(mark)
            .any(|(slot, old)| frame.slots.get(*slot as usize).is_some_and(|value| value.known() != old.known()));
        frame.open = frame.open.saturating_sub(1);
        if frame.open == 0 {
            frame.undo.clear();
        }
        changed
    }

    /// Sets slots; remembered if a mark is open.
    pub(crate) fn apply(&mut self, changes: Changes) {
        for (slot, value) in changes {
            self.set_slot(slot, value);
        }
    }

    /// Joins two ways into the present state.
    pub(crate) fn merge(&mut self, a: Changes, b: Changes) {
        for (slot, value) in &a {
            let other = b.iter().find(|(known, _)| known == slot).map(|(_, value)| value.clone());
            let other = other.unwrap_or_else(|| self.slot(*slot));
            self.set_slot(*slot, value.join(&other));
        }
        for (slot, value) in b {
            if !a.iter().any(|(known, _)| *known == slot) {
                let old = self.slot(slot);
                self.set_slot(slot, old.join(&value));
            }
        }
    }

    pub(crate) fn slot(&self, slot: u32) -> Value {
        self.frames.last().and_then(|frame| frame.slots.get(slot as usize)).cloned().unwrap_or_default()
    }

    pub(crate) fn set_slot(&mut self, slot: u32, value: Value) {
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(place) = frame.slots.get_mut(slot as usize) {
            let old = std::mem::replace(place, value);
            if frame.open > 0 {
                frame.undo.push((slot, old));
            }
        }
    }

    pub(crate) fn unsure(&mut self, more: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.unsure = if more { frame.unsure + 1 } else { frame.unsure.saturating_sub(1) };
        }
    }

    pub(crate) fn push_guard(&mut self, guard: Guard) {
        if let Some(frame) = self.frames.last_mut() {
            frame.guards.push(guard);
            frame.shared_guards = None;
        }
    }

    pub(crate) fn pop_guard(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.guards.pop();
            frame.shared_guards = None;
        }
    }

    pub(crate) fn leave(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && frame.unsure > 0
        {
            frame.left = true;
        }
    }

    pub(crate) fn stmt(&mut self, module: &Rc<Module>, stmt: &Stmt) -> Next {
        if self.inlined > 0 {
            self.inline_steps = self.inline_steps.saturating_sub(1);
        }
        self.reached(stmt.span.start);
        match &stmt.kind {
            StmtKind::Expr(id) => {
                self.eval_dropped(module, *id);
                if self.ends_here(*id) {
                    self.leave();
                    return Next::Leave;
                }
                Next::On
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(module, *value);
                for target in targets {
                    self.assign(module, target, value.clone());
                }
                Next::On
            }
            StmtKind::AugAssign { target, old, op, value } => {
                self.augment(module, target, *old, *op, *value, stmt.span);
                Next::On
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    if let Target::Slot(slot, _) = target
                        && slot.func.0 == self.here().func
                    {
                        self.set_slot(slot.slot, Value::UNKNOWN);
                    } else if self.dialect.receiver() == Receiver::Parameter {
                        self.deleted(module, target);
                    }
                }
                Next::On
            }
            StmtKind::Return(value) => {
                let result = match value {
                    Some(id) => self.eval(module, *id),
                    None => Value::constant(self.dialect.nothing()),
                };
                let result = self.stepped_return(result);
                if let Some(frame) = self.frames.last_mut() {
                    frame.returns = Some(match frame.returns.take() {
                        Some(before) => before.join(&result),
                        None => result,
                    });
                }
                self.leave();
                Next::Leave
            }
            StmtKind::Raise { exception, cause } => {
                self.raise(module, *exception, *cause, stmt.span);
                self.leave();
                Next::Leave
            }
            StmtKind::Assert { test, message } => {
                self.tested(module, *test);
                if let Some(message) = message {
                    self.eval(module, *message);
                }
                Next::On
            }
            StmtKind::If { test, then, otherwise } => self.branch(module, *test, then, otherwise),
            StmtKind::Match { subject, arms } => self.arms(module, *subject, arms),
            StmtKind::While { test, body, otherwise, test_last, step } => {
                self.while_loop(module, *test, body, otherwise, *test_last, *step)
            }
            StmtKind::Switch { subject, arms } => {
                let value = self.eval(module, *subject);
                match self.known_switch(module, &value, arms) {
                    Some(next) => next,
                    None => {
                        let arms: Vec<MatchArm> = arms.iter().map(as_arm).collect();
                        self.open_scope();
                        let next = self.arms_of(module, &value, &arms, Next::Break);
                        self.close_scope();
                        next
                    }
                }
            }
            StmtKind::Label { body, .. } => {
                self.open_scope();
                let next = self.block(module, body);
                self.close_scope();
                if next == Next::Break { Next::On } else { next }
            }
            StmtKind::Jump { again, .. } => self.jump(if *again { Next::Continue } else { Next::Break }),
            StmtKind::Export { name, value } => {
                let value = self.eval(module, *value);
                self.export(name, value);
                Next::On
            }
            StmtKind::ExportStar { module: from } => {
                self.export_star(from, stmt.span);
                Next::On
            }
            StmtKind::For { target, iterable, body, otherwise } => {
                self.for_loop(module, target, *iterable, body, otherwise)
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.guarded(module, body, handlers, otherwise, finally)
            }
            StmtKind::With { items, body } => {
                let mut left = Vec::new();
                for (context, target) in items {
                    let value = self.eval(module, *context);
                    left.push(value.clone());
                    let entered = self.entered(module, *context, value);
                    if let Some(target) = target {
                        self.assign(module, target, entered);
                    }
                }
                let next = self.block(module, body);
                for value in left.iter().rev().filter(|_| self.dialect.receiver() == Receiver::Parameter) {
                    for method in ["__exit__", "__aexit__"] {
                        self.hook(module, value, method, vec![Value::UNKNOWN; 3], stmt.span);
                    }
                }
                next
            }
            StmtKind::Function(func, slot) => {
                let value = self.define(module, *func);
                self.assign(module, &Target::Slot(*slot, stmt.span), value);
                Next::On
            }
            StmtKind::Class(func, slot) => {
                let value = self.define_class(module, *func);
                self.assign(module, &Target::Slot(*slot, stmt.span), value);
                Next::On
            }
            StmtKind::Import { path, slot, whole } => {
                let value = match self.dialect.receiver() {
                    Receiver::Parameter => self.import(path, *whole, stmt.span),
                    Receiver::This => self.module_value(path, stmt.span),
                };
                self.assign(module, &Target::Slot(*slot, stmt.span), value);
                Next::On
            }
            StmtKind::ImportFrom { module: from, level, name, slot } => {
                let value = match self.dialect.receiver() {
                    Receiver::Parameter => self.import_from(from, *level, name, stmt.span),
                    Receiver::This => self.module_member(from, name, stmt.span),
                };
                self.assign(module, &Target::Slot(*slot, stmt.span), value);
                Next::On
            }
            StmtKind::ImportStar { module: from, level } => {
                match self.dialect.receiver() {
                    Receiver::Parameter => self.import_star(from, *level, stmt.span),
                    Receiver::This => {
                        self.module_value(from, stmt.span);
                    }
                }
                Next::On
            }
            StmtKind::Break => self.jump(Next::Break),
            StmtKind::Continue => self.jump(Next::Continue),
            StmtKind::Pass => Next::On,
            StmtKind::Unknown(parts) => {
                for part in parts {
                    self.eval(module, *part);
                }
                Next::On
            }
        }
    }

    /// The condition as a guard, and its truth if it is known.
    pub(crate) fn test(&mut self, module: &Rc<Module>, test: ExprId) -> (Option<bool>, Guard) {
        let (truth, kind, place) = self.tested(module, test);
        (truth, Self::guard(module, test, kind, place))
    }

    /// A tested condition as a guard.
    fn guard(module: &Module, test: ExprId, kind: SmolStr, evidence: EvidenceId) -> Guard {
        let span = module.expr(test).map_or(Span::default(), |expr| expr.span);
        Guard { kind, text: in_one_line(module.slice(span)), holds: true, evidence }
    }

    /// The truth of a condition if it is known, its kind as a guard, and its place.
    pub(crate) fn tested(&mut self, module: &Rc<Module>, test: ExprId) -> (Option<bool>, SmolStr, EvidenceId) {
        let before = self.guard_probe.replace(std::collections::BTreeSet::new());
        let value = self.eval(module, test);
        let span = module.expr(test).map_or(Span::default(), |expr| expr.span);
        let value = self.as_condition(module, value, span);
        let mut kinds = self.guard_probe.take().unwrap_or_default();
        self.guard_probe = before;
        for kind in self.label_kinds(value.labels()) {
            let guard = match kind.as_str() {
                "platform" => "platform",
                "time" => "date",
                "host.identity" => "host",
                "argument" => "argument",
                "environment" => "environment",
                _ => continue,
            };
            kinds.insert(SmolStr::new_static(guard));
        }
        let place = self.place(span, None);
        if is_main_test(module, test) {
            kinds.insert(SmolStr::new_static("main"));
        }
        // The command line, under the name that a function has for it.
        if span.end - span.start <= SHORT_TEST && module.slice(span).contains("argv[") {
            kinds.insert(SmolStr::new_static("argument"));
        }
        (self.truth(&value), kinds.into_iter().next().unwrap_or_default(), place)
    }

    /// The truth of a value, if it is known.
    pub(crate) fn truth(&self, value: &Value) -> Option<bool> {
        if value.is_open() {
            return None;
        }
        if let Some(known) = value.known() {
            return crate::evaluate::from_const(known).map(|concrete| self.dialect.truthy(&concrete));
        }
        let object = self.object(value.object()?)?;
        if value.refs().len() > 1 || value.data().is_some_and(|data| data.joined) {
            return None;
        }
        match object.kind {
            ObjectKind::Instance(_) | ObjectKind::Opaque => None,
            _ if !self.dialect.empty_is_false() => Some(true),
            _ if !object.complete => None,
            _ => Some(!object.items.is_empty() || !object.fields.is_empty()),
        }
    }

    pub(crate) fn branch(&mut self, module: &Rc<Module>, test: ExprId, then: &[Stmt], otherwise: &[Stmt]) -> Next {
        let (truth, kind, place) = self.tested(module, test);
        // A constant condition at the level of text (`if False:`, a version test) is decided only where the walk
        // follows known values: what a reader calls dead code is still told in the generic walk.
        let decided = if kind.is_empty() { truth } else { None };
        if let Some(truth) = decided {
            if let Some(frame) = self.frames.last_mut() {
                frame.decided = frame.decided.wrapping_add(1);
            }
            let (taken, other) = if truth { (then, otherwise) } else { (otherwise, then) };
            if !is_constant(module, test) {
                self.excluded(module, other, || {
                    Some(Guard { holds: !truth, ..Self::guard(module, test, kind, place) })
                });
            }
            return self.block(module, taken);
        }
        let guard = Self::guard(module, test, kind, place);
        self.unsure(true);
        let mark = self.mark();
        self.push_guard(guard.clone());
        self.refine(module, test, true);
        let next_then = self.block(module, then);
        self.pop_guard();
        let changes_then = self.unwind(mark);
        let mark = self.mark();
        self.push_guard(Guard { holds: false, ..guard.clone() });
        self.refine(module, test, false);
        let next_otherwise = self.block(module, otherwise);
        self.pop_guard();
        let changes_otherwise = self.unwind(mark);
        self.unsure(false);
        match (next_then, next_otherwise) {
            (Next::On, Next::On) => {
                self.merge(changes_then, changes_otherwise);
                Next::On
            }
            (Next::On, _) => {
                self.apply(changes_then);
                self.push_guard(guard);
                Next::On
            }
            (_, Next::On) => {
                self.apply(changes_otherwise);
                self.push_guard(Guard { holds: false, ..guard });
                Next::On
            }
            (a, b) => {
                self.merge(changes_then, changes_otherwise);
                if a == b { a } else { Next::Continue }
            }
        }
    }

    pub(crate) fn arms(&mut self, module: &Rc<Module>, subject: ExprId, arms: &[MatchArm]) -> Next {
        let value = self.eval(module, subject);
        self.arms_of(module, &value, arms, Next::On)
    }

    /// Walks all arms. `end` is how an arm may end, besides with its last statement, for the walk to go on behind them.
    fn arms_of(&mut self, module: &Rc<Module>, value: &Value, arms: &[MatchArm], end: Next) -> Next {
        let mut all: Option<Changes> = None;
        let mut other = Next::Leave;
        let mut on = !arms.iter().any(|arm| arm.irrefutable && arm.guard.is_none());
        self.unsure(true);
        for arm in arms {
            let mark = self.mark();
            for id in &arm.values {
                self.eval(module, *id);
            }
            let part = self.part_of(value);
            for target in &arm.bindings {
                self.assign(module, target, part.clone());
            }
            if let Some(guard) = arm.guard {
                self.tested(module, guard);
            }
            let next = self.block(module, &arm.body);
            let changes = self.unwind(mark);
            if next == Next::On || next == end {
                on = true;
                all = Some(match all {
                    None => changes,
                    Some(before) => self.joined_changes(before, changes),
                });
            } else if next != Next::Leave {
                other = next;
            }
        }
        self.unsure(false);
        if let Some(changes) = all {
            self.merge(changes, Vec::new());
        }
        if on || arms.is_empty() { Next::On } else { other }
    }

    pub(crate) fn joined_changes(&self, mut a: Changes, b: Changes) -> Changes {
        for (slot, value) in b {
            match a.iter_mut().find(|(known, _)| *known == slot) {
                Some((_, before)) => *before = before.join(&value),
                None => {
                    let old = self.slot(slot);
                    a.push((slot, old.join(&value)));
                }
            }
        }
        a
    }

    /// A value that the subject is or contains.
    pub(crate) fn part_of(&self, value: &Value) -> Value {
        let mut part = Value::UNKNOWN;
        let (labels, tokens) = self.deep(value);
        part.add_labels(&labels);
        part.add_tokens(&tokens);
        part
    }

    pub(crate) fn guarded(
        &mut self,
        module: &Rc<Module>,
        body: &[Stmt],
        handlers: &[Handler],
        otherwise: &[Stmt],
        finally: &[Stmt],
    ) -> Next {
        let silent = handlers.iter().any(swallows);
        let mark = self.mark();
        let mut outer = None;
        if let Some(frame) = self.frames.last_mut() {
            frame.silent += u32::from(silent);
            frame.tries += u32::from(!handlers.is_empty());
            outer = frame.thrown.take();
        }
        let mut next = self.block(module, body);
        let mut thrown = None;
        if let Some(frame) = self.frames.last_mut() {
            frame.silent -= u32::from(silent);
            frame.tries -= u32::from(!handlers.is_empty());
            thrown = std::mem::replace(&mut frame.thrown, outer);
        }
        let thrown = thrown.unwrap_or_default();
        if next == Next::On {
            next = self.block(module, otherwise);
        }
        let tried = self.unwind(mark);
        let mut all: Option<Changes> = (next == Next::On).then(|| tried.clone());
        self.unsure(true);
        for handler in handlers {
            let mark = self.mark();
            // The body may have stopped anywhere: a handler sees what was before joined with what came after.
            self.merge(tried.clone(), Vec::new());
            if let Some(exception) = handler.exception {
                self.eval(module, exception);
            }
            let caught = thrown.clone();
            if let Some(slot) = handler.slot {
                self.assign(module, &Target::Slot(slot, handler.span), caught.clone());
            }
            if let Some(frame) = self.frames.last_mut() {
                frame.caught.push(caught);
            }
            let result = self.block(module, &handler.body);
            if let Some(frame) = self.frames.last_mut() {
                frame.caught.pop();
            }
            let changes = self.unwind(mark);
            if result == Next::On {
                all = Some(match all {
                    None => changes,
                    Some(before) => self.joined_changes(before, changes),
                });
            } else if next == Next::Leave && result != Next::Leave {
                next = result;
            }
        }
        self.unsure(false);
        let on = all.is_some();
        match all {
            Some(changes) => self.apply(changes),
            None => self.merge(tried, Vec::new()),
        }
        let last = self.block(module, finally);
        if last != Next::On {
            return last;
        }
        if on { Next::On } else { next }
    }
}

/// The first 120 bytes of a text in one line.
fn in_one_line(text: &str) -> SmolStr {
    const MOST: usize = 120;
    let mut before = b' ';
    let plain = text.len() <= MOST
        && text.bytes().all(|byte| {
            let plain = byte.is_ascii_graphic() || byte == b' ' && before != b' ';
            before = byte;
            plain
        });
    // Most conditions are written in one line already.
    if plain && before != b' ' {
        return SmolStr::new(text);
    }
    SmolStr::new(crate::facts::clip(text, MOST).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// True for a condition that is a constant as it is written.
fn is_constant(module: &Module, test: ExprId) -> bool {
    module.expr(test).is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_)))
}

/// `__name__ == "__main__"`
fn is_main_test(module: &Module, test: ExprId) -> bool {
    let Some(ExprKind::Compare { left, rest }) = module.expr(test).map(|expr| &expr.kind) else { return false };
    let [(sluice_syntax::ir::CmpOp::Eq, right)] = rest.as_slice() else { return false };
    let kind = |id: &ExprId| module.expr(*id).map(|expr| &expr.kind);
    let is_name = |id: &ExprId| matches!(kind(id), Some(ExprKind::Free(name)) if name == "__name__");
    let is_main = |id: &ExprId| matches!(kind(id), Some(ExprKind::Const(Const::Str(text))) if &**text == "__main__");
    (is_name(left) && is_main(right)) || (is_name(right) && is_main(left))
}

/// True if a handler hides that something failed.
fn swallows(handler: &Handler) -> bool {
    handler.body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Pass | StmtKind::Continue | StmtKind::Break => true,
        StmtKind::Return(_) | StmtKind::Expr(_) => handler.body.len() == 1 && stmt.span.end - stmt.span.start < 14,
        _ => false,
    })
}

/// An arm of a `switch` as one of a pattern match. What it falls through to runs in an arm of its own.
fn as_arm(arm: &SwitchArm) -> MatchArm {
    let mut body = arm.body.clone();
    if matches!(body.last(), Some(Stmt { kind: StmtKind::Break, .. })) {
        body.pop();
    }
    MatchArm {
        values: arm.value.into_iter().collect(),
        bindings: Vec::new(),
        guard: None,
        irrefutable: arm.value.is_none(),
        body,
    }
}
