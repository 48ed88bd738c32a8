//! Loops: rounds that are followed one by one while values are known, a walk for all rounds else, and the jumps that
//! leave a round.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, ExprKind, Module, Stmt, StmtKind, Target};

use super::Engine;
use super::state::Scope;
use super::stmt::{Changes, Next};
use super::value::Value;
use crate::facts::Guard;

/// Rounds of a loop over known values that are followed one by one, times the statements in its body.
const MOST_ROUNDS: u64 = 200_000;
/// Rounds that are followed even if something in them is unknown, and if they do something that the catalog knows: an
/// event keeps no more different arguments. Inside a loop that is followed, the first number holds for both.
const ROUNDS_ANYWAY: u32 = 4;
const ROUNDS_OF_EVENTS: u32 = 16;
/// Evaluation steps that one interpreted statement of a followed loop costs.
const STEPS_PER_STATEMENT: u64 = 10;
/// Loops inside each other that are walked a second time for what the first round brought.
const TWICE_DEPTH: u32 = 2;

/// The rounds of a loop over known values, counted.
pub(crate) struct Rounds {
    done: u32,
    /// Calls of which nothing was known, and calls that the catalog knows, when the loop began.
    unknown: u64,
    known: u64,
}
/// Variables whose values are kept for one jump.
const MOST_KEPT: usize = 256;

impl Engine<'_> {
    pub(crate) fn while_loop(
        &mut self,
        module: &Rc<Module>,
        test: ExprId,
        body: &[Stmt],
        otherwise: &[Stmt],
        test_last: bool,
        step: Option<ExprId>,
    ) -> Next {
        self.open_scope();
        let next = self.while_rounds(module, test, body, test_last, step);
        let broke = self.close_scope();
        self.behind(module, next, otherwise, broke)
    }

    /// The rounds of a loop with a condition. `On` if the condition may have ended it.
    fn while_rounds(
        &mut self,
        module: &Rc<Module>,
        test: ExprId,
        body: &[Stmt],
        test_last: bool,
        step: Option<ExprId>,
    ) -> Next {
        let constant = module.expr(test).is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_)))
            && !super::javascript::switch::is_machine(body);
        let mut counted = self.rounds();
        let mut rounds = MOST_ROUNDS / (body.len() as u64 + 1);
        let mut first = test_last;
        let unknown = self.unknown_calls;
        while !constant
            && rounds > 0
            && self.budget.steps > 0
            && self.unknown_calls == unknown
            && self.another(&mut counted)
        {
            let truth = if first { Some(true) } else { self.tested(module, test).0 };
            first = false;
            match truth {
                Some(false) => {
                    self.excluded(module, body, || None);
                    return Next::On;
                }
                Some(true) => {}
                None => break,
            }
            rounds -= 1;
            self.budget.steps = self.budget.steps.saturating_sub((body.len() as u64 + 1) * STEPS_PER_STATEMENT);
            let mark = self.mark();
            let left = self.frames.last_mut().map(|frame| std::mem::replace(&mut frame.left, false));
            let next = self.block(module, body);
            self.next_round();
            if let (Some(step), Next::On | Next::Continue) = (step, next) {
                self.eval(module, step);
            }
            let unsure = self.frames.last().is_some_and(|frame| frame.left);
            if let (Some(frame), Some(true)) = (self.frames.last_mut(), left) {
                frame.left = true;
            }
            let progress = self.progressed(mark);
            match next {
                Next::Leave | Next::Break if !unsure => return next,
                _ if unsure || !progress => break,
                _ => {}
            }
        }
        let (_, guard) = self.test(module, test);
        let endless = constant && self.truth_of_constant(module, test) == Some(true);
        self.loop_body(
            module,
            body,
            |engine| {
                engine.tested(module, test);
                if let Some(step) = step {
                    engine.eval(module, step);
                }
            },
            (!constant).then_some(guard),
        );
        match (endless, contains_break(body)) {
            (true, true) => Next::Break,
            (true, false) => Next::Leave,
            (false, _) => Next::On,
        }
    }

    /// What follows a loop. Its `else` does not run if it was broken off.
    fn behind(&mut self, module: &Rc<Module>, next: Next, otherwise: &[Stmt], broke: bool) -> Next {
        match next {
            Next::Break => Next::On,
            Next::Leave => Next::Leave,
            Next::On | Next::Continue if otherwise.is_empty() => Next::On,
            Next::On | Next::Continue if !broke => self.block(module, otherwise),
            Next::On | Next::Continue => {
                self.unsure(true);
                let mark = self.mark();
                let next = self.block(module, otherwise);
                let changes = self.unwind(mark);
                self.unsure(false);
                if next == Next::On {
                    self.merge(changes, Vec::new());
                }
                Next::On
            }
        }
    }

    /// Opens what a `break` leaves: a loop, a `switch`, a labelled block.
    pub(crate) fn open_scope(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            let scope = Scope { mark: frame.undo.len(), unsure: frame.unsure, ..Scope::default() };
            frame.scopes.push(scope);
        }
    }

    /// Closes it: the state behind it is also that of every place at which it was perhaps left. True if there is one.
    pub(crate) fn close_scope(&mut self) -> bool {
        let Some(scope) = self.frames.last_mut().and_then(|frame| frame.scopes.pop()) else { return false };
        self.merge(scope.breaks, Vec::new());
        self.merge(scope.continues, Vec::new());
        scope.broke
    }

    /// The state of every place that perhaps jumped to the next round.
    fn jumped(&mut self) -> Changes {
        let scope = self.frames.last_mut().and_then(|frame| frame.scopes.last_mut());
        scope.map(|scope| std::mem::take(&mut scope.continues)).unwrap_or_default()
    }

    /// The state at the start of a further round is also that of every place that jumped there.
    fn next_round(&mut self) {
        let continues = self.jumped();
        self.merge(continues, Vec::new());
    }

    /// A jump to the end or to the next round of a loop. Where it is not sure that it is taken, the way that goes on
    /// has another state than the one that jumps: this one is kept for where it arrives.
    pub(crate) fn jump(&mut self, next: Next) -> Next {
        self.leave();
        let Some(frame) = self.frames.last_mut() else { return next };
        let Some(scope) = frame.scopes.last() else { return next };
        if frame.unsure <= scope.unsure {
            return next;
        }
        let mut changes: Changes = Vec::new();
        for (slot, _) in frame.undo.iter().skip(scope.mark) {
            if changes.len() >= MOST_KEPT {
                break;
            }
            if let Some(value) = frame.slots.get(*slot as usize)
                && !changes.iter().any(|(known, _)| known == slot)
            {
                changes.push((*slot, value.clone()));
            }
        }
        if let Some(scope) = frame.scopes.last_mut() {
            let kept = if next == Next::Break { &mut scope.breaks } else { &mut scope.continues };
            for (slot, value) in changes {
                match kept.iter_mut().find(|(known, _)| *known == slot) {
                    Some((_, before)) => *before = before.join(&value),
                    None => kept.push((slot, value)),
                }
            }
            scope.broke |= next == Next::Break;
        }
        next
    }

    pub(crate) fn truth_of_constant(&mut self, module: &Rc<Module>, test: ExprId) -> Option<bool> {
        let value = self.eval(module, test);
        self.truth(&value)
    }

    /// The body of a loop whose rounds are not counted: once, and once more if the first round changed something that
    /// a further round could read.
    pub(crate) fn loop_body(
        &mut self,
        module: &Rc<Module>,
        body: &[Stmt],
        mut begin: impl FnMut(&mut Self),
        guard: Option<Guard>,
    ) {
        self.unsure(true);
        if let Some(frame) = self.frames.last_mut() {
            frame.looped += 1;
        }
        let rounds = if self.frames.last().is_some_and(|frame| frame.looped <= TWICE_DEPTH) { 2 } else { 1 };
        for _ in 0..rounds {
            let mark = self.mark();
            begin(self);
            let decided_before = self.frames.last().map_or(0, |frame| frame.decided);
            let guarded = guard.clone().map(|guard| self.push_guard(guard)).is_some();
            self.block(module, body);
            if guarded {
                self.pop_guard();
            }
            let mut changes = self.unwind(mark);
            for (slot, value) in self.jumped() {
                match changes.iter_mut().find(|(known, _)| *known == slot) {
                    Some((_, before)) => *before = before.join(&value),
                    None => changes.push((slot, value)),
                }
            }
            // What one round decided by a value that it changed, the next may decide otherwise.
            let decided = self.frames.last().is_some_and(|frame| frame.decided != decided_before);
            let news = changes.iter().any(|(slot, value)| {
                let old = self.slot(*slot);
                (decided && old.known().is_some() && old.known() != value.known())
                    || value.labels().iter().any(|label| !old.labels().iter().any(|known| known.origin == label.origin))
                    || value.refs().iter().any(|reference| !old.refs().contains(reference))
            });
            self.merge(changes, Vec::new());
            if !news {
                break;
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.looped = frame.looped.saturating_sub(1);
        }
        self.unsure(false);
    }

    pub(crate) fn for_loop(
        &mut self,
        module: &Rc<Module>,
        target: &Target,
        iterable: ExprId,
        body: &[Stmt],
        otherwise: &[Stmt],
    ) -> Next {
        let value = self.eval_iterable(module, iterable);
        self.open_scope();
        let next = self.for_rounds(module, target, &value, body);
        let broke = self.close_scope();
        self.behind(module, next, otherwise, broke)
    }

    /// The rounds of a loop over something. `On` if it may have come to its end.
    fn for_rounds(&mut self, module: &Rc<Module>, target: &Target, value: &Value, body: &[Stmt]) -> Next {
        let items = self.elements(value);
        let rounds = |count: usize| (count as u64).saturating_mul(body.len() as u64 + 1);
        if items.as_ref().is_some_and(|items| rounds(items.len()) > self.rounds_allowed(items.len())) {
            self.gives_up();
        } else if let Some(items) = items {
            let mut whole = true;
            let mut rounds = self.rounds();
            for (round, item) in items.iter().enumerate() {
                if !self.another(&mut rounds) {
                    whole = false;
                    break;
                }
                self.budget.steps = self.budget.steps.saturating_sub((body.len() as u64 + 1) * STEPS_PER_STATEMENT);
                if self.budget.steps == 0 {
                    self.gives_up();
                    whole = false;
                    break;
                }
                self.assign(module, target, item.clone());
                let left = self.frames.last_mut().map(|frame| std::mem::replace(&mut frame.left, false));
                let next = self.block(module, body);
                self.next_round();
                let unsure = self.frames.last().is_some_and(|frame| frame.left);
                if let (Some(frame), Some(true)) = (self.frames.last_mut(), left) {
                    frame.left = true;
                }
                match next {
                    Next::Leave | Next::Break if !unsure => return next,
                    _ if unsure && round > 16 => {
                        whole = false;
                        break;
                    }
                    _ => {}
                }
            }
            if whole {
                self.excluded(module, body, || None);
                return Next::On;
            }
        }
        let element = self.element_of(value);
        self.loop_body(module, body, |engine| engine.assign(module, target, element.clone()), None);
        Next::On
    }

    /// Starts to count the rounds of a loop.
    pub(crate) fn rounds(&self) -> Rounds {
        Rounds { done: 0, unknown: self.unknown_calls, known: self.known_calls }
    }

    /// True if one more round is worth following. A loop that computes a value calls nothing unknown and has no effect;
    /// one that does is walked once for all further rounds.
    pub(crate) fn another(&mut self, rounds: &mut Rounds) -> bool {
        rounds.done += 1;
        let of_events = if self.inlined > 0 { ROUNDS_ANYWAY } else { ROUNDS_OF_EVENTS };
        (rounds.done <= ROUNDS_ANYWAY || self.unknown_calls == rounds.unknown)
            && (rounds.done <= of_events || self.known_calls == rounds.known)
    }

    /// Long loops are followed only while the budget for such loops lasts.
    pub(crate) fn rounds_allowed(&self, rounds: usize) -> u64 {
        if rounds <= 24 { u64::MAX } else { MOST_ROUNDS.min(self.budget.steps) }
    }
}

/// True if something in the body leaves the loop that it is the body of.
fn contains_break(body: &[Stmt]) -> bool {
    leaves(body, true)
}

/// The same: a plain `break` counts if it is this loop's `own`, one with a label wherever it stands.
fn leaves(body: &[Stmt], own: bool) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => own,
        StmtKind::Jump { again, .. } => !again,
        StmtKind::If { then, otherwise, .. } => leaves(then, own) || leaves(otherwise, own),
        StmtKind::Try { body, handlers, otherwise, finally } => {
            [body, otherwise, finally].into_iter().any(|body| leaves(body, own))
                || handlers.iter().any(|handler| leaves(&handler.body, own))
        }
        StmtKind::With { body, .. } | StmtKind::Label { body, .. } => leaves(body, own),
        StmtKind::Match { arms, .. } => arms.iter().any(|arm| leaves(&arm.body, own)),
        StmtKind::Switch { arms, .. } => arms.iter().any(|arm| leaves(&arm.body, false)),
        StmtKind::While { body, otherwise, .. } | StmtKind::For { body, otherwise, .. } => {
            leaves(body, false) || leaves(otherwise, own)
        }
        _ => false,
    })
}
