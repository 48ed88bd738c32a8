//! One pass over a module that collects what the other passes ask for.

use rustc_hash::FxHashSet;
use sluice_syntax::ir::{ComprehensionKind, ExprId, ExprKind, FuncId, FunctionKind, Module, SlotRef, Stmt, StmtKind};

use super::walk;

/// What one pass over the module found.
pub(super) struct Scan {
    /// What was found of each function.
    frames: Vec<Frame>,
    /// String and bytes constants that are statements: docstrings and comments in string form.
    pub(super) dropped: FxHashSet<ExprId>,
}

/// What was found of one function.
#[derive(Default)]
pub(super) struct Frame {
    /// How often each slot is read, wherever that happens.
    pub(super) reads: Vec<u32>,
    /// Slots that another frame, or a generator that runs later, reads or writes.
    pub(super) shared: Vec<bool>,
    /// True if some of the code is unknown or may read variables by name.
    pub(super) opaque: bool,
}

impl Frame {
    fn mark_shared(&mut self, slot: u32) {
        if let Some(shared) = self.shared.get_mut(slot as usize) {
            *shared = true;
        }
    }

    /// True if only the function's own statements read and write the slot.
    pub(super) fn is_private(&self, slot: u32) -> bool {
        self.shared.get(slot as usize).is_some_and(|shared| !shared)
    }

    /// How often the slot is read.
    pub(super) fn reads_of(&self, slot: u32) -> u32 {
        self.reads.get(slot as usize).copied().unwrap_or(u32::MAX)
    }
}

impl Scan {
    /// What was found of a function.
    pub(super) fn frame(&self, func: FuncId) -> Option<&Frame> {
        self.frames.get(func.0 as usize)
    }

    fn frame_mut(&mut self, func: FuncId) -> Option<&mut Frame> {
        self.frames.get_mut(func.0 as usize)
    }
}

/// Free names whose use means that variables may be read by name.
const BY_NAME: &[&str] = &["locals", "vars", "exec", "eval", "globals", "dir", "execfile"];

/// Attributes whose use means that variables may be read by name. Data frames evaluate names of the calling frame.
const BY_NAME_ATTRS: &[&str] = &["locals", "exec", "eval", "_getframe", "currentframe", "f_locals"];

/// Looks at every statement and expression once.
pub(super) fn scan(module: &Module) -> Scan {
    let frames = module
        .functions
        .iter()
        .map(|function| Frame {
            reads: vec![0; function.slots.len()],
            shared: function.slots.iter().map(|slot| slot.captured).collect(),
            opaque: false,
        })
        .collect();
    let mut scan = Scan { frames, dropped: FxHashSet::default() };
    for (index, function) in module.functions.iter().enumerate() {
        let func = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        walk::each_stmt(&function.body, |stmt| statement(module, func, stmt, &mut scan));
        for param in &function.params {
            if let Some(pattern) = &param.pattern {
                walk::target_exprs(pattern, &mut |id| expression(module, func, id, &mut scan));
            }
        }
    }
    lost_text(module, &mut scan);
    scan
}

fn statement(module: &Module, func: FuncId, stmt: &Stmt, scan: &mut Scan) {
    match &stmt.kind {
        StmtKind::Expr(value) => {
            if matches!(module.expr(*value).map(|expr| &expr.kind), Some(ExprKind::Const(_))) {
                scan.dropped.insert(*value);
            }
        }
        StmtKind::Unknown(_) => {
            if let Some(frame) = scan.frame_mut(func) {
                frame.opaque = true;
            }
        }
        // `del` is a use: the variable is bound so that it can be removed.
        StmtKind::Delete(targets) => {
            for target in targets {
                walk::target_slots(target, &mut |slot| read(func, slot, scan));
            }
        }
        _ => {}
    }
    bound_by(stmt, &mut |slot| written(func, slot, scan));
    walk::own_exprs(module, stmt, &mut |id| expression(module, func, id, scan));
}

fn expression(module: &Module, func: FuncId, root: ExprId, scan: &mut Scan) {
    walk::each_expr(module, root, |_, expr| match &expr.kind {
        ExprKind::Slot(slot) => read(func, *slot, scan),
        ExprKind::Bind { target, .. } => walk::target_slots(target, &mut |slot| written(func, slot, scan)),
        // The body of a generator runs when it is consumed, after stores that follow it in the text.
        ExprKind::Comprehension { kind: ComprehensionKind::Generator, .. } => {
            walk::children(module, &expr.kind, &mut |child| {
                walk::each_expr(module, child, |_, inner| {
                    if let ExprKind::Slot(slot) = &inner.kind
                        && let Some(frame) = scan.frame_mut(slot.func)
                    {
                        frame.mark_shared(slot.slot);
                    }
                });
            });
        }
        ExprKind::Unknown(_) => opaque(func, scan),
        ExprKind::Free(name) if BY_NAME.contains(&name.as_str()) => opaque(func, scan),
        ExprKind::Attr { name, .. } if BY_NAME_ATTRS.contains(&name.as_str()) => opaque(func, scan),
        _ => {}
    });
}

fn opaque(func: FuncId, scan: &mut Scan) {
    if let Some(frame) = scan.frame_mut(func) {
        frame.opaque = true;
    }
}

fn read(func: FuncId, slot: SlotRef, scan: &mut Scan) {
    let Some(frame) = scan.frame_mut(slot.func) else { return };
    if let Some(reads) = frame.reads.get_mut(slot.slot as usize) {
        *reads = reads.saturating_add(1);
    }
    if slot.func != func {
        frame.mark_shared(slot.slot);
    }
}

fn written(func: FuncId, slot: SlotRef, scan: &mut Scan) {
    if slot.func != func
        && let Some(frame) = scan.frame_mut(slot.func)
    {
        frame.mark_shared(slot.slot);
    }
}

/// The variables that a statement itself binds, those of its handlers and arms included.
pub(super) fn bound_by(stmt: &Stmt, visit: &mut impl FnMut(SlotRef)) {
    match &stmt.kind {
        StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => {
            for target in targets {
                walk::target_slots(target, visit);
            }
        }
        StmtKind::AugAssign { target, .. } | StmtKind::For { target, .. } => walk::target_slots(target, visit),
        StmtKind::With { items, .. } => {
            for (_, target) in items {
                if let Some(target) = target {
                    walk::target_slots(target, visit);
                }
            }
        }
        StmtKind::Match { arms, .. } => {
            for target in arms.iter().flat_map(|arm| &arm.bindings) {
                walk::target_slots(target, visit);
            }
        }
        StmtKind::Try { handlers, .. } => handlers.iter().filter_map(|handler| handler.slot).for_each(visit),
        StmtKind::Function(_, slot)
        | StmtKind::Class(_, slot)
        | StmtKind::Import { slot, .. }
        | StmtKind::ImportFrom { slot, .. } => visit(*slot),
        _ => {}
    }
}

/// The variables that may be assigned more than once, or by another function than their own: what one holds at one time
/// tells not what it holds later.
pub(crate) fn reassigned(module: &Module) -> FxHashSet<SlotRef> {
    let mut once: FxHashSet<SlotRef> = FxHashSet::default();
    let mut again: FxHashSet<SlotRef> = FxHashSet::default();
    for (index, function) in module.functions.iter().enumerate() {
        let func = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        once.extend(function.params.iter().map(|param| SlotRef { func, slot: param.slot }));
        let mut left: Vec<(&[Stmt], bool)> = vec![(&function.body, false)];
        while let Some((block, looped)) = left.pop() {
            for stmt in block {
                let looped = looped || matches!(stmt.kind, StmtKind::For { .. } | StmtKind::While { .. });
                bound_by(stmt, &mut |slot| {
                    if looped || slot.func != func || !once.insert(slot) {
                        again.insert(slot);
                    }
                });
                walk::blocks(stmt, &mut |inner| left.push((inner, looped)));
            }
        }
    }
    for expr in &module.exprs {
        let mut add = |target| walk::target_slots(target, &mut |slot| again.extend([slot]));
        match &expr.kind {
            ExprKind::Bind { target, .. } | ExprKind::Update { target, .. } => add(target),
            ExprKind::Comprehension { clauses, .. } => clauses.iter().for_each(|clause| add(&clause.target)),
            _ => {}
        }
    }
    again
}

/// Marks every function in which text was lost, and those around it.
fn lost_text(module: &Module, scan: &mut Scan) {
    let mut lost: Vec<u32> = module.diagnostics.iter().filter(|note| note.lost).map(|note| note.span.start).collect();
    if lost.is_empty() {
        return;
    }
    lost.sort_unstable();
    for (function, frame) in module.functions.iter().zip(&mut scan.frames) {
        let first = lost.partition_point(|at| *at < function.span.start);
        // A repaired definition may end before the text that was lost, so the next token is taken in as well.
        let inside = lost.get(first).is_some_and(|at| *at <= function.span.end);
        frame.opaque |= inside && function.kind != FunctionKind::Class;
    }
}
