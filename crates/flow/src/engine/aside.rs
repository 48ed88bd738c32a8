//! Code that known values exclude: the other arm of a condition that they decide, what stands behind an end that is
//! sure. It is walked at last, beside all else, if nothing else led there. Whoever wants to hide code would only have to
//! find a value that is known wrongly; so nothing that is excluded stays unread. What it finds is guarded by the
//! condition that excludes it.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use sluice_syntax::ir::{ExprId, FuncId, Module, Stmt, StmtKind};

use super::Engine;
use super::value::{Key, Value};
use crate::facts::Guard;

/// Most such pieces of one package, most variables that are kept for all of them, and the steps that they take at most.
const MOST_PIECES: usize = 512;
const MOST_VALUES: usize = 200_000;
const STEPS: u64 = 400_000;
const INLINE_STEPS: u64 = 200_000;

/// What was walked, and what is left.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// By module: a bit for each byte of its text, set where a statement or an operand that was walked begins.
    reached: Vec<Vec<u64>>,
    pieces: Vec<Piece>,
    known: FxHashSet<(u32, u32)>,
    values: usize,
    /// Functions that were interpreted once more.
    later: FxHashSet<Key>,
}

/// What is left out, and the state in which it was.
#[derive(Debug)]
struct Piece {
    key: Key,
    /// Where it begins.
    start: u32,
    /// The operand, if it is one.
    operand: Option<ExprId>,
    slots: Vec<Value>,
    this: Option<Value>,
    arguments: Option<Value>,
    guards: Vec<Guard>,
    generic: bool,
}

impl Engine<'_> {
    /// Notes that what begins here is walked.
    pub(crate) fn reached(&mut self, start: u32) {
        let module = self.here().module as usize;
        if self.aside.reached.len() <= module {
            self.aside.reached.resize_with(module + 1, Vec::new);
        }
        let Some(bits) = self.aside.reached.get_mut(module) else { return };
        if bits.is_empty() {
            let bytes = self.modules.get(module).map_or(0, |module| module.text.len());
            bits.resize(bytes / 64 + 1, 0);
        }
        if let Some(word) = bits.get_mut(start as usize / 64) {
            *word |= 1 << (start % 64);
        }
    }

    fn was_reached(&self, module: u32, start: u32) -> bool {
        let word = self.aside.reached.get(module as usize).and_then(|bits| bits.get(start as usize / 64));
        word.is_some_and(|word| word & (1 << (start % 64)) != 0)
    }

    /// An operand that is evaluated.
    pub(crate) fn taken(&mut self, module: &Rc<Module>, operand: ExprId) -> Value {
        if let Some(expr) = module.expr(operand) {
            self.reached(expr.span.start);
        }
        self.eval(module, operand)
    }

    /// Keeps statements that are not walked now, because known values say so.
    pub(crate) fn excluded(&mut self, module: &Rc<Module>, body: &[Stmt], guard: impl FnOnce() -> Option<Guard>) {
        let (Some(first), Some(last)) = (body.first(), body.last()) else { return };
        self.leave_out(module, first.span.start, first.span.to(last.span).end, None, guard);
    }

    /// Keeps an operand that is not evaluated now.
    pub(crate) fn excluded_operand(&mut self, module: &Rc<Module>, operand: ExprId) {
        let Some(span) = module.expr(operand).map(|expr| expr.span) else { return };
        self.leave_out(module, span.start, span.end, Some(operand), || None);
    }

    fn leave_out(
        &mut self,
        module: &Rc<Module>,
        start: u32,
        end: u32,
        operand: Option<ExprId>,
        guard: impl FnOnce() -> Option<Guard>,
    ) {
        let Some(frame) = self.frames.last() else { return };
        let key = frame.key;
        let full = self.aside.pieces.len() >= MOST_PIECES || self.aside.values + frame.slots.len() > MOST_VALUES;
        // A loop leaves the same out in each round: it is looked at once.
        if full || self.was_reached(key.module, start) || !self.aside.known.insert((key.module, start)) {
            return;
        }
        // What calls nothing does nothing.
        if !module.text.get(start as usize..end as usize).is_some_and(|text| text.contains(['(', '`'])) {
            return;
        }
        let mut guards = frame.guards.clone();
        guards.extend(guard());
        let piece = Piece {
            key,
            start,
            operand,
            slots: frame.slots.clone(),
            this: frame.this.clone(),
            arguments: frame.arguments.clone(),
            guards,
            generic: frame.generic,
        };
        self.aside.values += piece.slots.len();
        self.aside.pieces.push(piece);
    }

    /// Interprets once more what libraries call later: threads, handlers, what is run at the end. By then things hold
    /// what was put into them since.
    pub(crate) fn run_later(&mut self) {
        /// Most such functions of a package.
        const MOST: usize = 256;
        let mut later: Vec<Key> = self.registered.keys().copied().collect();
        later.sort_unstable();
        let before = (self.budget.steps, self.inline_steps);
        self.budget.steps = STEPS.min(self.steps_left);
        self.inline_steps = INLINE_STEPS;
        for key in later.into_iter().take(MOST) {
            if !self.aside.later.insert(key) {
                continue;
            }
            let module = self.module(key.module);
            let Some(function) = module.function(FuncId(key.func)) else { continue };
            let (values, this) = self.unknown_arguments(&module, key);
            let place = self.place_in(key.module, function.name_span, Some(&function.name));
            self.interpret(&module, key, values, Some((place, function.name.clone())), this);
        }
        (self.budget.steps, self.inline_steps) = before;
    }

    /// Walks what was left out and nothing led to since. What it leaves out itself is walked too.
    pub(crate) fn walk_excluded(&mut self) {
        let before = (self.budget.steps, self.inline_steps);
        self.budget.steps = STEPS.min(self.steps_left);
        self.inline_steps = INLINE_STEPS;
        while let Some(piece) = self.aside.pieces.pop() {
            self.aside.values = self.aside.values.saturating_sub(piece.slots.len());
            if !self.was_reached(piece.key.module, piece.start) {
                self.walk_piece(piece);
            }
        }
        (self.budget.steps, self.inline_steps) = before;
    }

    fn walk_piece(&mut self, piece: Piece) {
        let module = self.module(piece.key.module);
        let mut frame = self.new_frame(piece.key, piece.generic);
        frame.slots = piece.slots;
        frame.this = piece.this;
        frame.arguments = piece.arguments;
        frame.guards = piece.guards;
        frame.unsure = 1;
        self.enter(frame);
        match piece.operand {
            Some(operand) => {
                self.taken(&module, operand);
            }
            None => {
                let body = module.function(FuncId(piece.key.func)).map(|function| function.body.as_slice());
                if let Some(body) = from(body.unwrap_or_default(), piece.start) {
                    self.block(&module, body);
                }
            }
        }
        self.exit();
    }
}

/// The statements from the one on that begins at a place, wherever in a body they stand.
fn from(body: &[Stmt], start: u32) -> Option<&[Stmt]> {
    if let Some(position) = body.iter().position(|stmt| stmt.span.start == start) {
        return body.get(position..);
    }
    let holds = |stmt: &&Stmt| stmt.span.start <= start && start < stmt.span.end;
    body.iter().filter(holds).find_map(|stmt| match &stmt.kind {
        StmtKind::If { then, otherwise, .. } => from(then, start).or_else(|| from(otherwise, start)),
        StmtKind::While { body, otherwise, .. } | StmtKind::For { body, otherwise, .. } => {
            from(body, start).or_else(|| from(otherwise, start))
        }
        StmtKind::Try { body, handlers, otherwise, finally } => [body, otherwise, finally]
            .into_iter()
            .find_map(|body| from(body, start))
            .or_else(|| handlers.iter().find_map(|handler| from(&handler.body, start))),
        StmtKind::With { body, .. } | StmtKind::Label { body, .. } => from(body, start),
        StmtKind::Match { arms, .. } => arms.iter().find_map(|arm| from(&arm.body, start)),
        StmtKind::Switch { arms, .. } => arms.iter().find_map(|arm| from(&arm.body, start)),
        _ => None,
    })
}
