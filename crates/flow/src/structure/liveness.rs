//! Backward liveness of a function's variables over its structured statements.
//!
//! The analysis errs on the side of "live": every statement of a `try` or `with` body may raise, every iterable may be
//! empty, a `while True` may end, and variables that another frame shares are never looked at by the callers.
//!
//! One round walks the whole body once, from the end to the start. What is live at the head of each loop is kept from
//! round to round and only grows, so the rounds end, after about as many as loops are nested, and nested loops do not
//! multiply the work.

use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Function, Module, Stmt, StmtKind, Target};

use super::walk;

/// A set of slots of one function.
#[derive(Clone, Default)]
pub(super) struct Slots(Vec<u64>);

impl Slots {
    pub(super) fn new(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64)])
    }

    pub(super) fn insert(&mut self, slot: u32) {
        if let Some(word) = self.0.get_mut(slot as usize / 64) {
            *word |= 1 << (slot % 64);
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(word) = self.0.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word & (1 << (slot % 64)) != 0)
    }

    /// Adds another set; true if that changed anything.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            changed |= *more & !*word != 0;
            *word |= *more;
        }
        changed
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Every variable: nothing is known to be unread.
    fn fill(&mut self) {
        self.0.fill(u64::MAX);
    }
}

/// A store into a variable that is not live behind it.
pub(super) struct Dead<'m> {
    /// The assignment.
    pub(super) stmt: &'m Stmt,
    /// The variable.
    pub(super) slot: u32,
    /// The value.
    pub(super) value: ExprId,
}

/// What counts as a read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Every mention.
    All,
    /// Every mention but a store into the variable's own items, as in [`mutation`].
    NotMutations,
}

/// How many words of sets one function may touch.
const BUDGET: u64 = 40_000_000;

/// How many rounds a function may take; loops are nested less deeply.
const ROUNDS: u32 = 300;

/// The assignments of a function to variables that nothing reads afterwards, in the order of the text; `None` if the
/// function is too large.
pub(super) fn dead_assignments<'m>(
    module: &'m Module,
    func: FuncId,
    function: &'m Function,
    reads: Reads,
) -> Option<Vec<Dead<'m>>> {
    let slots = function.slots.len();
    let mut pass = Pass {
        module,
        func,
        reads,
        slots,
        heads: Vec::new(),
        next_head: 0,
        changed: false,
        report: None,
        cost: 0,
        over: false,
        escapes: Vec::new(),
    };
    for _ in 0..ROUNDS {
        pass.round(&function.body);
        if pass.over {
            return None;
        }
        if !pass.changed {
            pass.report = Some(Vec::new());
            pass.round(&function.body);
            let mut dead = pass.report.take().unwrap_or_default();
            dead.sort_by_key(|dead| (dead.stmt.span, dead.slot));
            return (!pass.over).then_some(dead);
        }
    }
    None
}

/// A statement that does nothing but store into a variable's container: the variable, what is stored where.
pub(super) struct Mutation<'m> {
    /// The variable that holds the container.
    pub(super) slot: u32,
    /// The key of an item.
    pub(super) index: Option<ExprId>,
    /// The attribute or the method that stores.
    pub(super) name: Option<&'m str>,
    /// What is stored.
    pub(super) values: Vec<ExprId>,
}

/// Methods of built-in containers that only add to them.
const ADDING: &[&str] =
    &["append", "extend", "insert", "update", "add", "setdefault", "appendleft", "extendleft", "clear"];

/// Reads `c[k] = v`, `c.k = v` and `c.append(v)` where `c` is a variable of the function.
pub(super) fn mutation<'m>(module: &'m Module, func: FuncId, stmt: &'m Stmt) -> Option<Mutation<'m>> {
    let slot_of = |id: ExprId| match module.expr(id)?.kind {
        ExprKind::Slot(slot) if slot.func == func => Some(slot.slot),
        _ => None,
    };
    match &stmt.kind {
        StmtKind::Assign { targets, value } => match targets.as_slice() {
            [Target::Index { base, index, .. }] => {
                Some(Mutation { slot: slot_of(*base)?, index: Some(*index), name: None, values: vec![*value] })
            }
            [Target::Attr { base, name, .. }] => {
                Some(Mutation { slot: slot_of(*base)?, index: None, name: Some(name), values: vec![*value] })
            }
            _ => None,
        },
        StmtKind::Expr(value) => {
            let ExprKind::Call { callee, args, new: false } = &module.expr(*value)?.kind else { return None };
            let ExprKind::Attr { base, name } = &module.expr(*callee)?.kind else { return None };
            if !ADDING.contains(&name.as_str()) {
                return None;
            }
            let values = args.iter().map(|arg| arg.value).collect();
            Some(Mutation { slot: slot_of(*base)?, index: None, name: Some(name), values })
        }
        _ => None,
    }
}

/// What is live where control can go other than to the next statement.
struct Around<'a> {
    /// Where an exception can go.
    raised: &'a Slots,
    /// Behind and at the head of the innermost loop.
    jump: Option<(&'a Slots, &'a Slots)>,
}

struct Pass<'m> {
    module: &'m Module,
    func: FuncId,
    reads: Reads,
    slots: usize,
    /// What is live at the head of each loop, in the order in which a round comes to them.
    heads: Vec<Slots>,
    next_head: usize,
    changed: bool,
    report: Option<Vec<Dead<'m>>>,
    /// Words touched so far.
    cost: u64,
    over: bool,
    /// What is live behind each enclosing loop, for jumps that leave through a `finally`.
    escapes: Vec<Slots>,
}

impl<'m> Pass<'m> {
    fn round(&mut self, body: &'m [Stmt]) {
        self.next_head = 0;
        self.changed = false;
        let nothing = Slots::new(self.slots);
        let mut live = nothing.clone();
        self.block(body, &mut live, &Around { raised: &nothing, jump: None });
    }

    /// Turns what is live behind a block into what is live before it.
    fn block(&mut self, body: &'m [Stmt], live: &mut Slots, around: &Around<'_>) {
        live.join(around.raised);
        for stmt in body.iter().rev() {
            self.cost += 4 + self.slots as u64 / 16;
            if self.cost > BUDGET {
                self.over = true;
                return;
            }
            self.statement(stmt, live, around);
            live.join(around.raised);
        }
    }

    fn statement(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => self.assignment(stmt, targets, *value, live),
            StmtKind::AugAssign { .. } | StmtKind::Assert { .. } | StmtKind::Delete(_) => self.uses(stmt, live),
            StmtKind::Return(_) | StmtKind::Raise { .. } => {
                live.clear();
                self.uses(stmt, live);
            }
            StmtKind::Break => {
                if let Some((behind, _)) = around.jump {
                    live.clone_from(behind);
                }
            }
            StmtKind::Continue => {
                if let Some((_, head)) = around.jump {
                    live.clone_from(head);
                }
            }
            StmtKind::Function(_, slot)
            | StmtKind::Class(_, slot)
            | StmtKind::Import { slot, .. }
            | StmtKind::ImportFrom { slot, .. } => {
                if slot.func == self.func {
                    live.remove(slot.slot);
                }
                self.uses(stmt, live);
            }
            StmtKind::Expr(_) => self.expression_statement(stmt, live),
            StmtKind::If { .. } => self.branches(stmt, live, around),
            StmtKind::Match { .. } => self.arms(stmt, live, around),
            StmtKind::While { .. } | StmtKind::For { .. } => self.repeated(stmt, live, around),
            StmtKind::Try { .. } => self.guarded(stmt, live, around),
            StmtKind::With { .. } => self.managed(stmt, live, around),
            StmtKind::ImportStar { .. } | StmtKind::ExportStar { .. } | StmtKind::Pass => {}
            StmtKind::Switch { .. } | StmtKind::Label { .. } => self.crossed(stmt, live, around),
            // Where a jump ends is not followed: everything is alive there.
            StmtKind::Jump { .. } => live.fill(),
            StmtKind::Export { .. } | StmtKind::Unknown(_) => self.uses(stmt, live),
        }
    }

    /// Adds what the statement's own expressions read.
    fn uses(&mut self, stmt: &Stmt, live: &mut Slots) {
        let (module, func) = (self.module, self.func);
        walk::own_exprs(module, stmt, &mut |id| read(module, func, id, live));
        if let StmtKind::Delete(targets) = &stmt.kind {
            for target in targets {
                walk::target_slots(target, &mut |slot| {
                    if slot.func == func {
                        live.insert(slot.slot);
                    }
                });
            }
        }
    }

    fn read(&self, id: ExprId, live: &mut Slots) {
        read(self.module, self.func, id, live);
    }

    fn expression_statement(&mut self, stmt: &'m Stmt, live: &mut Slots) {
        match self.own_mutation(stmt) {
            Some(mutation) => self.mutation_reads(&mutation, live),
            None => self.uses(stmt, live),
        }
    }

    fn own_mutation(&self, stmt: &'m Stmt) -> Option<Mutation<'m>> {
        if self.reads == Reads::All { None } else { mutation(self.module, self.func, stmt) }
    }

    fn mutation_reads(&self, mutation: &Mutation<'_>, live: &mut Slots) {
        for id in mutation.values.iter().chain(&mutation.index) {
            self.read(*id, live);
        }
    }

    fn assignment(&mut self, stmt: &'m Stmt, targets: &'m [Target], value: ExprId, live: &mut Slots) {
        if let Some(mutation) = self.own_mutation(stmt) {
            self.mutation_reads(&mutation, live);
            return;
        }
        if let [Target::Slot(slot, _)] = targets
            && slot.func == self.func
            && !live.contains(slot.slot)
            && let Some(report) = &mut self.report
        {
            report.push(Dead { stmt, slot: slot.slot, value });
        }
        for target in targets {
            // Only a plain variable is surely bound; the rest of a pattern may fail to unpack.
            if let Target::Slot(slot, _) = target
                && slot.func == self.func
            {
                live.remove(slot.slot);
            }
        }
        self.uses(stmt, live);
    }

    #[inline(never)]
    fn branches(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        let Some((arms, otherwise)) = walk::elif_chain(stmt) else { return };
        let behind = live.clone();
        self.block(otherwise, live, around);
        for (test, then) in arms.into_iter().rev() {
            let mut branch = behind.clone();
            self.block(then, &mut branch, around);
            live.join(&branch);
            self.read(test, live);
            // A test may raise, also one behind `elif`.
            live.join(around.raised);
            self.cost += self.slots as u64 / 16;
        }
    }

    #[inline(never)]
    fn arms(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        let StmtKind::Match { arms, .. } = &stmt.kind else { return };
        let behind = live.clone();
        for arm in arms {
            let mut branch = behind.clone();
            self.block(&arm.body, &mut branch, around);
            live.join(&branch);
        }
        self.uses(stmt, live);
    }

    /// A `switch` or a labelled statement, whose jumps are not followed: everything is alive in it and in front of it.
    fn crossed(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        live.fill();
        let all = live.clone();
        let inside = Around { raised: around.raised, jump: Some((&all, &all)) };
        match &stmt.kind {
            StmtKind::Switch { arms, .. } => {
                for arm in arms {
                    self.block(&arm.body, &mut all.clone(), &inside);
                }
            }
            StmtKind::Label { body, .. } => self.block(body, &mut all.clone(), &inside),
            _ => {}
        }
    }

    #[inline(never)]
    fn repeated(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        let index = self.next_head;
        self.next_head += 1;
        if self.heads.len() <= index {
            self.heads.resize_with(index + 1, || Slots::new(self.slots));
        }
        let behind = live.clone();
        let mut head = self.heads.get(index).cloned().unwrap_or_default();
        let (body, otherwise) = match &stmt.kind {
            StmtKind::While { body, otherwise, .. } | StmtKind::For { body, otherwise, .. } => (body, otherwise),
            _ => return,
        };
        self.block(otherwise, live, around);
        let mut inner = head.clone();
        self.escapes.push(behind.clone());
        self.escapes.push(head.clone());
        self.block(body, &mut inner, &Around { raised: around.raised, jump: Some((&behind, &head)) });
        self.escapes.truncate(self.escapes.len().saturating_sub(2));
        live.join(&inner);
        match &stmt.kind {
            StmtKind::While { test, .. } => self.read(*test, live),
            StmtKind::For { target, .. } => {
                walk::target_exprs(target, &mut |id| read(self.module, self.func, id, live));
            }
            _ => {}
        }
        self.changed |= head.join(live);
        live.join(&head);
        if let Some(kept) = self.heads.get_mut(index) {
            *kept = head;
        }
        if let StmtKind::For { iterable, .. } = &stmt.kind {
            self.read(*iterable, live);
        }
        self.cost += self.slots as u64 / 4;
    }

    #[inline(never)]
    fn guarded(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        let StmtKind::Try { body, handlers, otherwise, finally } = &stmt.kind else { return };
        let mut raised = around.raised.clone();
        if !finally.is_empty() {
            // A `finally` goes on to wherever the body was going: behind it, out of a loop, to an outer handler.
            for escape in &self.escapes {
                live.join(escape);
            }
            self.cost += (self.escapes.len() * self.slots / 64) as u64;
            self.block(finally, live, around);
            raised.join(live);
        }
        let behind = live.clone();
        let mut caught = raised.clone();
        for handler in handlers {
            let mut branch = behind.clone();
            self.block(&handler.body, &mut branch, &Around { raised: &raised, jump: around.jump });
            if let Some(slot) = handler.slot
                && slot.func == self.func
            {
                branch.remove(slot.slot);
            }
            caught.join(&branch);
        }
        for exception in handlers.iter().filter_map(|handler| handler.exception) {
            self.read(exception, &mut caught);
        }
        self.block(otherwise, live, &Around { raised: &raised, jump: around.jump });
        self.block(body, live, &Around { raised: &caught, jump: around.jump });
        self.cost += (handlers.len() as u64 + 4) * self.slots as u64 / 16;
    }

    #[inline(never)]
    fn managed(&mut self, stmt: &'m Stmt, live: &mut Slots, around: &Around<'_>) {
        let StmtKind::With { body, .. } = &stmt.kind else { return };
        // A context may suppress the exception, and then control goes on behind the body.
        let mut raised = live.clone();
        raised.join(around.raised);
        self.block(body, live, &Around { raised: &raised, jump: around.jump });
        self.uses(stmt, live);
    }
}

/// Adds what an expression reads.
fn read(module: &Module, func: FuncId, id: ExprId, live: &mut Slots) {
    walk::each_expr(module, id, |_, expr| {
        if let ExprKind::Slot(slot) = &expr.kind
            && slot.func == func
        {
            live.insert(slot.slot);
        }
    });
}
