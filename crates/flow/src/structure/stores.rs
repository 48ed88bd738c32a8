//! Dead stores worth telling.
//!
//! Most dead stores are left-overs. Told are those in which something of the caller's or of another call is lost: the
//! value mentions a parameter or is the result of a call with arguments, or the variable is a fresh container that is
//! filled and never read.

use std::collections::{BTreeMap, BTreeSet};

use sluice_syntax::ir::{
    ArgKind, ComprehensionKind, ExprId, ExprKind, FuncId, Function, FunctionKind, Module, SequenceKind, Span, Stmt,
    StmtKind, Target,
};
use smol_str::SmolStr;

use super::liveness::{Dead, Mutation, Reads, dead_assignments, mutation};
use super::scan::{Frame, Scan, bound_by};
use super::{RawDeadStore, Structure, keyed, params, walk};

/// Finds the dead stores of every function.
pub(super) fn find(module: &Module, scan: &Scan, found: &mut Structure) {
    for (index, function) in module.functions.iter().enumerate() {
        let func = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        let Some(frame) = scan.frame(func) else { continue };
        if function.kind != FunctionKind::Function || frame.opaque {
            continue;
        }
        match in_function(module, func, function, frame) {
            Some(stores) => found.dead_stores.extend(stores),
            None => found.skipped.push(func),
        }
    }
}

/// How many containers of one function are followed.
const MAX_CONTAINERS: usize = 200;

/// A dead store that is told.
struct Told<'m> {
    stmt: &'m Stmt,
    slot: u32,
    /// The stored expressions.
    values: Vec<ExprId>,
    key: Option<SmolStr>,
    container: Option<Span>,
    /// Constants under string keys that the store puts into the container.
    constants: Vec<(SmolStr, ExprId)>,
}

fn in_function(module: &Module, func: FuncId, function: &Function, frame: &Frame) -> Option<Vec<RawDeadStore>> {
    let tellable = |dead: &Dead<'_>| {
        frame.is_private(dead.slot)
            && function.slots.get(dead.slot as usize).is_some_and(|slot| !is_placeholder(&slot.name))
    };
    let mut unread = dead_assignments(module, func, function, Reads::All)?;
    unread.retain(tellable);
    let mut fresh = Vec::new();
    if creates_container(module, func, function) {
        fresh = dead_assignments(module, func, function, Reads::NotMutations)?;
        fresh.retain(|dead| tellable(dead) && is_fresh_container(module, function, dead.value));
    }
    let unasked = keyed::unasked(module, func, function, frame);
    if unread.is_empty() && fresh.is_empty() && unasked.is_empty() {
        return Some(Vec::new());
    }
    if fresh.len() > MAX_CONTAINERS {
        return None;
    }
    let filled = Fill::run(module, func, function, &fresh);
    let containers: BTreeSet<Span> = filled.iter().map(|fill| fill.container).collect();
    let calls = if fresh.is_empty() { BTreeMap::new() } else { keywords(module, function) };
    let unread_at: BTreeSet<Span> = unread.iter().map(|dead| dead.stmt.span).collect();
    let mut told: Vec<Told<'_>> = Vec::new();
    for dead in &fresh {
        let constants = display_constants(module, dead.value);
        let shadows =
            unread_at.contains(&dead.stmt.span) && !shadowed(module, &constants, dead.stmt.span.end, &calls).is_empty();
        if containers.contains(&dead.stmt.span) || shadows {
            told.push(Told {
                stmt: dead.stmt,
                slot: dead.slot,
                values: vec![dead.value],
                key: None,
                container: None,
                constants,
            });
        }
    }
    let known: BTreeSet<Span> = told.iter().map(|store| store.stmt.span).collect();
    for dead in &unread {
        if !known.contains(&dead.stmt.span) && is_worth_telling(module, func, function, dead.value) {
            told.push(Told {
                stmt: dead.stmt,
                slot: dead.slot,
                values: vec![dead.value],
                key: None,
                container: None,
                constants: Vec::new(),
            });
        }
    }
    for fill in filled {
        let Mutation { slot, index, name, values } = fill.mutation;
        let text = index.and_then(|index| walk::string_of(module, index));
        let mut constants = Vec::new();
        if let (Some(key), [value]) = (text, values.as_slice()) {
            constants.push((SmolStr::new(key), *value));
        }
        let key = match (text, index, name) {
            (Some(text), ..) => Some(SmolStr::new(text)),
            (None, Some(index), _) => Some(walk::quote_expr(module, index).into()),
            (None, None, name) => name.map(SmolStr::new),
        };
        told.push(Told { stmt: fill.stmt, slot, values, key, container: Some(fill.container), constants });
    }
    for store in unasked {
        let Mutation { slot, index, values, .. } = store.mutation;
        let key = index.and_then(|index| walk::string_of(module, index)).map(SmolStr::new);
        told.push(Told {
            stmt: store.stmt,
            slot,
            values,
            key,
            container: Some(store.container),
            constants: Vec::new(),
        });
    }
    told.sort_by_key(|store| (store.stmt.span, store.slot));
    let lost = lost_params(module, func, function, frame, &told);
    Some(told.iter().map(|store| raw(module, func, function, store, &lost, &calls)).collect())
}

fn raw(
    module: &Module,
    func: FuncId,
    function: &Function,
    store: &Told<'_>,
    lost: &BTreeMap<u32, SmolStr>,
    calls: &BTreeMap<SmolStr, Vec<(u32, ExprId)>>,
) -> RawDeadStore {
    let span = store.values.iter().filter_map(|value| module.expr(*value)).map(|expr| expr.span).reduce(Span::to);
    let mut mentioned = BTreeSet::new();
    for value in &store.values {
        carried(module, *value, &mut |slot| {
            if slot.func == func && lost.contains_key(&slot.slot) {
                mentioned.insert(slot.slot);
            }
        });
    }
    let behind = store.container.unwrap_or(store.stmt.span).end;
    RawDeadStore {
        func,
        variable: function.slots.get(store.slot as usize).map(|slot| slot.name.clone()).unwrap_or_default(),
        key: store.key.clone(),
        value: span.map(|span| walk::quote(module, span)).unwrap_or_default(),
        lost: mentioned.iter().filter_map(|slot| lost.get(slot).cloned()).collect(),
        shadowed: shadowed(module, &store.constants, behind, calls),
        span: store.stmt.span,
        container: store.container,
    }
}

/// True for names by which an author says that the value is not wanted.
fn is_placeholder(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('_') || ["unused", "ignore", "dummy", "junk", "discard"].iter().any(|word| lower.starts_with(word))
}

/// True if the value mentions a parameter other than the receiver, or the result of a call with arguments.
fn is_worth_telling(module: &Module, func: FuncId, function: &Function, value: ExprId) -> bool {
    let receiver = params::receiver(module, function);
    let mut worth = false;
    walk::each_expr(module, value, |_, expr| match &expr.kind {
        ExprKind::Slot(slot) => {
            // Parameters have the first slots.
            let is_param = slot.func == func && (slot.slot as usize) < function.params.len();
            worth |= is_param && Some(slot.slot) != receiver;
        }
        ExprKind::Call { args, .. } => worth |= !args.is_empty(),
        _ => {}
    });
    worth
}

/// True if some assignment of the function creates a container.
fn creates_container(module: &Module, func: FuncId, function: &Function) -> bool {
    let mut creates = false;
    walk::each_stmt(&function.body, |stmt| {
        if let StmtKind::Assign { targets, value } = &stmt.kind
            && matches!(targets.as_slice(), [Target::Slot(slot, _)] if slot.func == func)
        {
            creates |= is_fresh_container(module, function, *value);
        }
    });
    creates
}

/// True for a display, a comprehension or a constructor whose result nothing else can hold.
fn is_fresh_container(module: &Module, function: &Function, value: ExprId) -> bool {
    const CONSTRUCTORS: &[&str] = &["dict", "list", "set", "bytearray"];
    const LIBRARY: &[&str] = &["OrderedDict", "defaultdict", "deque", "Counter", "SimpleNamespace"];
    match module.expr(value).map(|expr| &expr.kind) {
        Some(ExprKind::Mapping(_)) => true,
        Some(ExprKind::Sequence { kind, .. }) => *kind != SequenceKind::Tuple,
        Some(ExprKind::Comprehension { kind, .. }) => *kind != ComprehensionKind::Generator,
        Some(ExprKind::Call { callee, .. }) => match module.expr(*callee).map(|expr| &expr.kind) {
            Some(ExprKind::Free(name)) => CONSTRUCTORS.contains(&name.as_str()) || LIBRARY.contains(&name.as_str()),
            Some(ExprKind::Attr { name, .. }) => LIBRARY.contains(&name.as_str()),
            Some(ExprKind::Slot(slot)) => module
                .function(slot.func)
                .filter(|owner| !std::ptr::eq(*owner, function))
                .and_then(|owner| owner.slots.get(slot.slot as usize))
                .is_some_and(|slot| LIBRARY.contains(&slot.name.as_str())),
            _ => false,
        },
        _ => false,
    }
}

/// The constants that a display, or a call of `dict`, holds under string keys.
fn display_constants(module: &Module, value: ExprId) -> Vec<(SmolStr, ExprId)> {
    match module.expr(value).map(|expr| &expr.kind) {
        Some(ExprKind::Mapping(entries)) => entries
            .iter()
            .filter_map(|(key, value)| Some((SmolStr::new(walk::string_of(module, (*key)?)?), *value)))
            .collect(),
        Some(ExprKind::Call { args, .. }) => args
            .iter()
            .filter_map(|arg| match &arg.kind {
                ArgKind::Named(name) => Some((name.clone(), arg.value)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The values that calls of the function take by name: name to start of the call and value.
fn keywords(module: &Module, function: &Function) -> BTreeMap<SmolStr, Vec<(u32, ExprId)>> {
    let mut calls: BTreeMap<SmolStr, Vec<(u32, ExprId)>> = BTreeMap::new();
    walk::each_stmt(&function.body, |stmt| {
        walk::own_exprs(module, stmt, &mut |root| {
            walk::each_expr(module, root, |_, expr| {
                let ExprKind::Call { args, .. } = &expr.kind else { return };
                for arg in args {
                    if let ArgKind::Named(name) = &arg.kind {
                        calls.entry(name.clone()).or_default().push((expr.span.start, arg.value));
                    }
                }
            });
        });
    });
    calls
}

/// The constants whose key a call behind `behind` takes with another value.
fn shadowed(
    module: &Module,
    constants: &[(SmolStr, ExprId)],
    behind: u32,
    calls: &BTreeMap<SmolStr, Vec<(u32, ExprId)>>,
) -> Vec<(SmolStr, String)> {
    let constant = |id: ExprId| match module.expr(id).map(|expr| &expr.kind) {
        Some(ExprKind::Const(constant)) => Some(constant),
        _ => None,
    };
    constants
        .iter()
        .filter(|(key, value)| {
            let Some(held) = constant(*value) else { return false };
            let differs = |given: &ExprId| constant(*given).is_none_or(|given| *given != *held);
            calls.get(key).is_some_and(|given| given.iter().any(|(at, given)| *at >= behind && differs(given)))
        })
        .map(|(key, value)| (key.clone(), walk::quote_expr(module, *value)))
        .collect()
}

/// The parameters that are read in the told stores and otherwise only in conditions, by slot.
fn lost_params(
    module: &Module,
    func: FuncId,
    function: &Function,
    frame: &Frame,
    told: &[Told<'_>],
) -> BTreeMap<u32, SmolStr> {
    let receiver = params::receiver(module, function);
    let mut stored: BTreeMap<u32, u32> = BTreeMap::new();
    for value in told.iter().flat_map(|store| &store.values) {
        carried(module, *value, &mut |slot| {
            if slot.func == func {
                *stored.entry(slot.slot).or_default() += 1;
            }
        });
    }
    let mut tested: BTreeMap<u32, u32> = BTreeMap::new();
    let mut test = |id: ExprId| {
        carried(module, id, &mut |slot| {
            if slot.func == func {
                *tested.entry(slot.slot).or_default() += 1;
            }
        });
    };
    walk::each_stmt(&function.body, |stmt| {
        if let StmtKind::If { test: condition, .. } | StmtKind::While { test: condition, .. } = &stmt.kind {
            test(*condition);
        }
    });
    function
        .params
        .iter()
        .filter(|param| {
            let stored = stored.get(&param.slot).copied().unwrap_or(0);
            let tested = tested.get(&param.slot).copied().unwrap_or(0);
            Some(param.slot) != receiver
                && stored > 0
                && frame.is_private(param.slot)
                && frame.reads_of(param.slot) == stored + tested
        })
        .map(|param| (param.slot, param.name.clone()))
        .collect()
}

/// Built-in functions that hand their argument to nothing else.
const INERT: &[&str] =
    &["isinstance", "len", "bool", "callable", "str", "int", "float", "dict", "list", "tuple", "set"];

/// Calls `visit` for the variables whose value an expression carries without handing it to a call.
fn carried(module: &Module, root: ExprId, visit: &mut impl FnMut(sluice_syntax::ir::SlotRef)) {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        let Some(expr) = module.expr(id) else { continue };
        match &expr.kind {
            ExprKind::Slot(slot) => visit(*slot),
            ExprKind::Call { callee, args, .. } => {
                let inert = matches!(
                    module.expr(*callee).map(|callee| &callee.kind),
                    Some(ExprKind::Free(name)) if INERT.contains(&name.as_str())
                );
                if inert {
                    stack.extend(args.iter().map(|arg| arg.value));
                }
            }
            ExprKind::Attr { .. }
            | ExprKind::Index { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Compare { .. }
            | ExprKind::Conditional { .. }
            | ExprKind::Sequence { .. }
            | ExprKind::Mapping(_)
            | ExprKind::Spread(_)
            | ExprKind::Template(_)
            | ExprKind::Format { .. } => walk::children(module, &expr.kind, &mut |child| stack.push(child)),
            _ => {}
        }
    }
}

/// A store into a container that nothing reads.
struct Filled<'m> {
    stmt: &'m Stmt,
    mutation: Mutation<'m>,
    /// The statement that creates the container.
    container: Span,
}

/// Variables that surely hold a container that nothing reads, with the statement that created it.
type Held = BTreeMap<u32, Span>;

/// A forward walk that finds the stores into containers that nothing reads.
///
/// A store counts only if on every way to it the variable was last bound to such a container. Loops and handlers start
/// without the variables that are bound inside them, which makes one walk enough.
struct Fill<'a, 'm> {
    module: &'m Module,
    func: FuncId,
    /// The creations, by place: variable.
    fresh: &'a BTreeMap<Span, u32>,
    found: Vec<Filled<'m>>,
}

impl<'m> Fill<'_, 'm> {
    fn run(module: &'m Module, func: FuncId, function: &'m Function, fresh: &[Dead<'m>]) -> Vec<Filled<'m>> {
        if fresh.is_empty() {
            return Vec::new();
        }
        let fresh = fresh.iter().map(|dead| (dead.stmt.span, dead.slot)).collect();
        let mut fill = Fill { module, func, fresh: &fresh, found: Vec::new() };
        fill.block(&function.body, &mut Held::new());
        fill.found
    }

    fn block(&mut self, body: &'m [Stmt], held: &mut Held) {
        for stmt in body {
            self.statement(stmt, held);
        }
    }

    fn statement(&mut self, stmt: &'m Stmt, held: &mut Held) {
        if let Some(mutation) = mutation(self.module, self.func, stmt) {
            if let Some(container) = held.get(&mutation.slot).copied() {
                self.found.push(Filled { stmt, mutation, container });
            }
            return;
        }
        match &stmt.kind {
            StmtKind::If { .. } => self.branches(stmt, held),
            StmtKind::Match { .. } => self.arms(stmt, held),
            StmtKind::While { .. } | StmtKind::For { .. } => self.repeated(stmt, held),
            StmtKind::Try { .. } => self.guarded(stmt, held),
            StmtKind::With { body, .. } => {
                self.unbind(stmt, held);
                let mut stopped = held.clone();
                self.unbind_all(body, &mut stopped);
                self.block(body, held);
                meet(held, &stopped);
            }
            _ => {
                self.unbind(stmt, held);
                if let Some(slot) = self.fresh.get(&stmt.span) {
                    held.insert(*slot, stmt.span);
                }
            }
        }
    }

    #[inline(never)]
    fn branches(&mut self, stmt: &'m Stmt, held: &mut Held) {
        let Some((arms, otherwise)) = walk::elif_chain(stmt) else { return };
        // Every arm starts without what any test binds.
        self.unbind_tests(&arms, held);
        let mut behind = held.clone();
        self.block(otherwise, &mut behind);
        for (_, then) in arms {
            let mut branch = held.clone();
            self.block(then, &mut branch);
            meet(&mut behind, &branch);
        }
        *held = behind;
    }

    fn unbind_tests(&self, arms: &[walk::Arm<'_>], held: &mut Held) {
        for (test, _) in arms {
            self.unbind_expr(*test, held);
        }
    }

    #[inline(never)]
    fn arms(&mut self, stmt: &'m Stmt, held: &mut Held) {
        let StmtKind::Match { arms, .. } = &stmt.kind else { return };
        self.unbind(stmt, held);
        let before = held.clone();
        for arm in arms {
            let mut branch = before.clone();
            self.block(&arm.body, &mut branch);
            meet(held, &branch);
        }
    }

    #[inline(never)]
    fn repeated(&mut self, stmt: &'m Stmt, held: &mut Held) {
        let (StmtKind::While { body, otherwise, .. } | StmtKind::For { body, otherwise, .. }) = &stmt.kind else {
            return;
        };
        self.unbind(stmt, held);
        self.unbind_all(body, held);
        let mut inner = held.clone();
        self.block(body, &mut inner);
        meet(held, &inner);
        let mut ended = held.clone();
        self.block(otherwise, &mut ended);
        meet(held, &ended);
    }

    #[inline(never)]
    fn guarded(&mut self, stmt: &'m Stmt, held: &mut Held) {
        let StmtKind::Try { body, handlers, otherwise, finally } = &stmt.kind else { return };
        let mut caught = held.clone();
        self.unbind(stmt, &mut caught);
        self.unbind_all(body, &mut caught);
        self.block(body, held);
        self.block(otherwise, held);
        for handler in handlers {
            let mut branch = caught.clone();
            self.block(&handler.body, &mut branch);
            meet(held, &branch);
        }
        if !finally.is_empty() {
            for handler in handlers {
                self.unbind_all(&handler.body, &mut caught);
            }
            self.unbind_all(otherwise, &mut caught);
            meet(held, &caught);
            self.block(finally, held);
        }
    }

    /// Forgets the variables that the statement itself binds.
    fn unbind(&self, stmt: &Stmt, held: &mut Held) {
        if held.is_empty() {
            return;
        }
        bound_by(stmt, &mut |slot| {
            if slot.func == self.func {
                held.remove(&slot.slot);
            }
        });
        walk::own_exprs(self.module, stmt, &mut |id| self.unbind_expr(id, held));
    }

    fn unbind_expr(&self, id: ExprId, held: &mut Held) {
        walk::each_expr(self.module, id, |_, expr| {
            if let ExprKind::Bind { target, .. } = &expr.kind {
                walk::target_slots(target, &mut |slot| {
                    held.remove(&slot.slot);
                });
            }
        });
    }

    /// Forgets the variables that a block binds at any depth.
    fn unbind_all(&self, body: &[Stmt], held: &mut Held) {
        if !held.is_empty() {
            walk::each_stmt(body, |stmt| self.unbind(stmt, held));
        }
    }
}

/// Keeps what holds on both ways. A container created in two places counts as the first of them.
fn meet(held: &mut Held, other: &Held) {
    held.retain(|slot, created| match other.get(slot) {
        Some(span) => {
            *created = (*created).min(*span);
            true
        }
        None => false,
    });
}
