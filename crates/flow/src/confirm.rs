//! An independent walk back along a path: does the text itself join each step to the one before?
//!
//! The walk knows no values and no order. From the expressions at a step it goes to the variables, attributes and
//! results they mention, and to whatever is assigned to those anywhere in the same file, until it meets the step
//! before. A path with a gap that this walk cannot close is not *proven*. The walk finds too much rather than too
//! little, so by itself it proves nothing.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Module, Span, Stmt, StmtKind, Target};
use smol_str::SmolStr;

use crate::facts::StepKind;

/// Most expressions that the walk between two steps visits; a walk that ends here does not confirm.
const MOST_NODES: usize = 4_000;
/// Most expressions that iterators of one module yield and that a loop may take.
const MOST_YIELDED: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// A variable.
    Slot(u32, u32),
    /// An attribute or item by name, whatever the object.
    Attr(SmolStr),
    /// The result of functions with this name.
    Result(SmolStr),
    /// The content of a container.
    Inside(u32, u32),
}

/// What flows into the nodes of one module: expressions.
#[derive(Debug, Default)]
struct Graph {
    into: FxHashMap<Node, Vec<ExprId>>,
    by_span: FxHashMap<Span, Vec<ExprId>>,
    params: FxHashSet<(u32, u32)>,
    /// Variables and attributes that are made on top of another (`archive = ZipFile(buffer, "w")`): what goes into the
    /// one arrives in the other.
    over: FxHashMap<Node, Vec<Node>>,
    /// Variables that a parameter is taken apart into (`([key, value]) => …`), by the place of their name.
    parts: FxHashMap<Span, (u32, u32)>,
    /// What objects with an iterator of their own give, what loops take it, and the variables of classes.
    yielded: Vec<ExprId>,
    taken: Vec<Node>,
    /// Where loops name what they go over.
    over_at: Vec<Span>,
}

/// A step as the walk sees it.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub kind: StepKind,
    pub module: u32,
    pub span: Span,
    /// What the step is about: of a return the function.
    pub text: SmolStr,
}

/// Confirms paths over one package.
pub(crate) struct Confirmer<'a> {
    modules: &'a [Rc<Module>],
    graphs: FxHashMap<u32, Graph>,
    known: FxHashMap<(u32, Span, u32, Span), bool>,
    /// The modules in which functions of a name stand.
    named: Option<FxHashMap<SmolStr, Vec<u32>>>,
}

impl<'a> Confirmer<'a> {
    pub(crate) fn new(modules: &'a [Rc<Module>]) -> Self {
        Self { modules, graphs: FxHashMap::default(), known: FxHashMap::default(), named: None }
    }

    /// True if every step of the path is joined to the one before it.
    pub(crate) fn confirms(&mut self, steps: &[Mark]) -> bool {
        steps.iter().zip(steps.iter().skip(1)).all(|(before, after)| self.joined(before, after))
    }

    fn joined(&mut self, before: &Mark, after: &Mark) -> bool {
        if before.module == after.module && before.span == after.span {
            return true;
        }
        let key = (before.module, before.span, after.module, after.span);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        for module in [before.module, after.module] {
            if !self.graphs.contains_key(&module)
                && let Some(lowered) = self.modules.get(module as usize)
            {
                let mut graph = Graph::default();
                add_module(&mut graph, lowered);
                self.graphs.insert(module, graph);
            }
        }
        let others: Vec<(u32, SmolStr)> = self
            .own_methods(after)
            .into_iter()
            .flat_map(|name| self.named(&name).into_iter().map(move |module| (module, name.clone())))
            .collect();
        for (module, _) in others.iter().cloned() {
            if !self.graphs.contains_key(&module)
                && let Some(lowered) = self.modules.get(module as usize)
            {
                let mut graph = Graph::default();
                add_module(&mut graph, lowered);
                self.graphs.insert(module, graph);
            }
        }
        let joined = self.walk(before, after, &others);
        self.known.insert(key, joined);
        joined
    }

    /// The methods that are called on `this` at a step.
    fn own_methods(&self, after: &Mark) -> Vec<SmolStr> {
        /// Most expressions that are looked at, and most names.
        const MOST: usize = 64;
        const NAMES: usize = 4;
        let mut names: Vec<SmolStr> = Vec::new();
        let Some(module) = self.modules.get(after.module as usize) else { return names };
        let at = self.graphs.get(&after.module).and_then(|graph| graph.by_span.get(&after.span));
        let mut left: Vec<ExprId> = at.into_iter().flatten().copied().collect();
        let mut next = 0;
        while let Some(id) = left.get(next).copied().filter(|_| next < MOST) {
            next += 1;
            let Some(expr) = module.expr(id) else { continue };
            if let ExprKind::Call { callee, .. } = &expr.kind
                && let Some(ExprKind::Attr { base, name }) = module.expr(*callee).map(|callee| &callee.kind)
                && matches!(module.expr(*base).map(|base| &base.kind), Some(ExprKind::This))
                && names.len() < NAMES
                && !names.contains(name)
            {
                names.push(name.clone());
            }
            children(&expr.kind, &mut |child| left.push(child));
        }
        names
    }

    /// The modules in which a function of the name stands: which class an instance is of decides which of them is called.
    fn named(&mut self, name: &SmolStr) -> Vec<u32> {
        /// Most modules that are looked at.
        const MOST: usize = 8;
        let modules = self.modules;
        let named = self.named.get_or_insert_with(|| {
            let mut named: FxHashMap<SmolStr, Vec<u32>> = FxHashMap::default();
            for (index, module) in (0..).zip(modules) {
                for function in &module.functions {
                    let places = named.entry(function.name.clone()).or_default();
                    if places.len() < MOST && places.last() != Some(&index) {
                        places.push(index);
                    }
                }
            }
            named
        });
        named.get(name).cloned().unwrap_or_default()
    }

    fn walk(&self, before: &Mark, after: &Mark, others: &[(u32, SmolStr)]) -> bool {
        let Some(start) = self.graphs.get(&after.module) else { return false };
        // What is passed is taken apart at once.
        if before.kind == StepKind::Pass && start.parts.contains_key(&after.span) {
            return true;
        }
        let mut seen: FxHashSet<(u32, ExprId)> = FxHashSet::default();
        let mut nodes: FxHashSet<(u32, Node)> = FxHashSet::default();
        let mut queue: std::collections::VecDeque<(u32, ExprId)> =
            start.by_span.get(&after.span).into_iter().flatten().map(|id| (after.module, *id)).collect();
        for (other, name) in others {
            let into = self.graphs.get(other).and_then(|graph| graph.into.get(&Node::Result(name.clone())));
            queue.extend(into.into_iter().flatten().map(|id| (*other, *id)));
        }
        let mut computed = false;
        loop {
            let Some((index, id)) = queue.pop_front() else {
                // What is called was handed over, or is the value of an expression: its name stands elsewhere. The text
                // bears out that something is called there, and the function's own text what it gives.
                if after.kind != StepKind::Return || computed || !self.calls_unnamed(after, &seen) {
                    break;
                }
                computed = true;
                for module in [after.module, before.module] {
                    let into =
                        self.graphs.get(&module).and_then(|graph| graph.into.get(&Node::Result(after.text.clone())));
                    queue.extend(into.into_iter().flatten().map(|id| (module, *id)));
                }
                continue;
            };
            if seen.len() > MOST_NODES {
                return false;
            }
            if !seen.insert((index, id)) {
                continue;
            }
            let Some(module) = self.modules.get(index as usize) else { continue };
            let Some(graph) = self.graphs.get(&index) else { continue };
            let Some(expr) = module.expr(id) else { continue };
            // A step that assigns stands at its target, and the walk arrives at the value assigned there.
            let stored = || graph.by_span.get(&before.span).is_some_and(|values| values.contains(&id));
            if index == before.module && (expr.span == before.span || stored()) {
                return true;
            }
            children(&expr.kind, &mut |child| queue.push_back((index, child)));
            let mut follow = |node: Node, everywhere: bool| {
                let modules = if everywhere { [after.module, before.module] } else { [index, index] };
                for other in modules {
                    let Some(graph) = self.graphs.get(&other) else { continue };
                    let mut open = vec![node.clone()];
                    while let Some(node) = open.pop() {
                        if nodes.insert((other, node.clone())) {
                            queue.extend(graph.into.get(&node).into_iter().flatten().map(|id| (other, *id)));
                            open.extend(graph.over.get(&node).into_iter().flatten().cloned());
                        }
                    }
                }
            };
            match &expr.kind {
                ExprKind::Slot(slot) => {
                    // A step that assigns stands at its target: the variable itself is the meeting point.
                    if before.kind == StepKind::Pass && graph.params.contains(&(slot.func.0, slot.slot)) {
                        return true;
                    }
                    if index == before.module && graph.parts.get(&before.span) == Some(&(slot.func.0, slot.slot)) {
                        return true;
                    }
                    follow(Node::Slot(slot.func.0, slot.slot), false);
                    follow(Node::Inside(slot.func.0, slot.slot), false);
                    // A captured or imported name is filled elsewhere.
                    if let Some(named) = module.function(slot.func).and_then(|f| f.slots.get(slot.slot as usize)) {
                        follow(Node::Attr(named.name.clone()), true);
                    }
                }
                ExprKind::Attr { name, .. } | ExprKind::Free(name) => follow(Node::Attr(name.clone()), true),
                ExprKind::Call { callee, .. } => {
                    if let Some(name) = last_name(module, *callee) {
                        follow(Node::Result(name), true);
                    }
                }
                ExprKind::Function(func) => {
                    for stmt in module.function(*func).map_or(&[][..], |function| &function.body) {
                        if let StmtKind::Return(Some(value)) = &stmt.kind {
                            queue.push_back((index, *value));
                        }
                    }
                }
                _ => {}
            }
        }
        // A callback's parameter is filled by the library that calls it: the step before is the registration.
        before.kind == StepKind::Pass && self.meets_parameter(&seen)
            || before.kind == StepKind::Source && self.meets_parameter_of(before, &seen)
    }

    /// True if the value enters as a parameter of the function that stands at the step, and the walk came to one of them.
    fn meets_parameter_of(&self, before: &Mark, seen: &FxHashSet<(u32, ExprId)>) -> bool {
        let Some(module) = self.modules.get(before.module as usize) else { return false };
        let Some(graph) = self.graphs.get(&before.module) else { return false };
        let named = module.functions.iter().position(|function| function.name_span == before.span);
        let Some(func) = named.and_then(|func| u32::try_from(func).ok()) else { return false };
        seen.iter().filter(|(index, _)| *index == before.module).any(|(_, id)| {
            matches!(module.expr(*id).map(|expr| &expr.kind), Some(ExprKind::Slot(slot))
                if slot.func.0 == func && graph.params.contains(&(func, slot.slot)))
        })
    }

    /// True if the walk came to a parameter.
    fn meets_parameter(&self, seen: &FxHashSet<(u32, ExprId)>) -> bool {
        seen.iter().any(|(index, id)| {
            self.modules.get(*index as usize).and_then(|module| module.expr(*id)).is_some_and(|expr| {
                matches!(&expr.kind, ExprKind::Slot(slot)
                    if self.graphs.get(index).is_some_and(|g| g.params.contains(&(slot.func.0, slot.slot))))
            })
        })
    }

    /// True if what is called at a step has no name there, or one that a parameter fills.
    fn calls_unnamed(&self, after: &Mark, seen: &FxHashSet<(u32, ExprId)>) -> bool {
        let Some(module) = self.modules.get(after.module as usize) else { return false };
        let at = self.graphs.get(&after.module).and_then(|graph| graph.by_span.get(&after.span));
        let unnamed = at.into_iter().flatten().any(|id| match module.expr(*id).map(|expr| &expr.kind) {
            Some(ExprKind::Call { callee, .. }) => last_name(module, *callee).is_none(),
            _ => false,
        });
        unnamed || self.meets_parameter(seen)
    }
}

fn last_name(module: &Module, id: ExprId) -> Option<SmolStr> {
    match &module.expr(id)?.kind {
        ExprKind::Slot(slot) => module.function(slot.func)?.slots.get(slot.slot as usize).map(|slot| slot.name.clone()),
        ExprKind::Free(name) | ExprKind::Attr { name, .. } => Some(name.clone()),
        _ => None,
    }
}

fn children(kind: &ExprKind, visit: &mut dyn FnMut(ExprId)) {
    match kind {
        ExprKind::Const(_)
        | ExprKind::Slot(_)
        | ExprKind::Free(_)
        | ExprKind::Function(_)
        | ExprKind::Class(_)
        | ExprKind::This => {}
        ExprKind::Attr { base, .. } => visit(*base),
        ExprKind::Index { base, index } => {
            visit(*base);
            visit(*index);
        }
        ExprKind::Slice { lower, upper, step } => [lower, upper, step].into_iter().flatten().for_each(|id| visit(*id)),
        ExprKind::Call { callee, args, .. } => {
            visit(*callee);
            args.iter().for_each(|arg| visit(arg.value));
        }
        ExprKind::Binary { left, right, .. } => {
            visit(*left);
            visit(*right);
        }
        ExprKind::Unary { operand, .. } => visit(*operand),
        ExprKind::Logic { operands, .. } => operands.iter().for_each(|id| visit(*id)),
        ExprKind::Compare { left, rest } => {
            visit(*left);
            rest.iter().for_each(|(_, id)| visit(*id));
        }
        ExprKind::Conditional { test, then, otherwise } => {
            visit(*test);
            visit(*then);
            visit(*otherwise);
        }
        ExprKind::Sequence { items, .. }
        | ExprKind::Template(items)
        | ExprKind::Comma(items)
        | ExprKind::Unknown(items) => {
            items.iter().for_each(|id| visit(*id));
        }
        ExprKind::Update { old, .. } => visit(*old),
        ExprKind::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            if let Some(key) = key {
                visit(*key);
            }
            visit(*value);
        }),
        ExprKind::Spread(inner)
        | ExprKind::Await(inner)
        | ExprKind::YieldFrom(inner)
        | ExprKind::ImportCall(inner)
        | ExprKind::Keys(inner) => visit(*inner),
        ExprKind::Yield(inner) => inner.iter().for_each(|id| visit(*id)),
        ExprKind::Format { value, spec, .. } => {
            visit(*value);
            if let Some(spec) = spec {
                visit(*spec);
            }
        }
        ExprKind::Comprehension { element, value, clauses, .. } => {
            visit(*element);
            if let Some(value) = value {
                visit(*value);
            }
            for clause in clauses {
                visit(clause.iterable);
                clause.conditions.iter().for_each(|id| visit(*id));
            }
        }
        ExprKind::Bind { value, .. } => visit(*value),
    }
}

fn add_module(graph: &mut Graph, module: &Module) {
    for (id, expr) in module.exprs.iter().enumerate() {
        let id = ExprId(u32::try_from(id).unwrap_or(u32::MAX));
        graph.by_span.entry(expr.span).or_default().push(id);
        match &expr.kind {
            ExprKind::Call { callee, args, .. } => {
                // A method of an object may put its arguments into the object; a call may put one argument into
                // another (`readinto(buffer)`).
                let mut holders: Vec<ExprId> = args.iter().map(|arg| arg.value).collect();
                if let Some(ExprKind::Attr { base, .. }) = module.expr(*callee).map(|expr| &expr.kind) {
                    holders.push(*base);
                }
                for holder in holders {
                    inside(graph, module, holder, id);
                }
            }
            ExprKind::Bind { target, value } => into_target(graph, module, target, *value),
            ExprKind::Comprehension { clauses, .. } => {
                for clause in clauses {
                    into_target(graph, module, &clause.target, clause.iterable);
                }
            }
            _ => {}
        }
    }
    for (func, function) in module.functions.iter().enumerate() {
        let func = u32::try_from(func).unwrap_or(u32::MAX);
        for param in &function.params {
            graph.params.insert((func, param.slot));
            if let Some(pattern) = &param.pattern {
                parts(graph, pattern);
            }
            if let Some(default) = param.default {
                graph.into.entry(Node::Slot(func, param.slot)).or_default().push(default);
            }
        }
        for stmt in &function.body {
            add_stmt(graph, module, FuncId(func), stmt);
        }
    }
    // Which object a loop goes over is not looked for: its class may be anywhere.
    let yielded = std::mem::take(&mut graph.yielded);
    let taken = std::mem::take(&mut graph.taken);
    for span in std::mem::take(&mut graph.over_at).into_iter().filter(|_| !yielded.is_empty()) {
        graph.by_span.entry(span).or_default().extend(yielded.iter().take(MOST_YIELDED));
    }
    for node in taken.into_iter().filter(|_| !yielded.is_empty()) {
        graph.into.entry(node).or_default().extend(yielded.iter().take(MOST_YIELDED));
    }
}

/// The variables that a loop fills.
fn filled(target: &Target, taken: &mut Vec<Node>) {
    match target {
        Target::Slot(slot, _) => taken.push(Node::Slot(slot.func.0, slot.slot)),
        Target::Sequence(targets) => targets.iter().for_each(|target| filled(target, taken)),
        Target::Keys(entries) => entries.iter().for_each(|(_, target)| filled(target, taken)),
        Target::Rest(inner) | Target::Default(inner, _) => filled(inner, taken),
        _ => {}
    }
}

fn inside(graph: &mut Graph, module: &Module, holder: ExprId, value: ExprId) {
    match module.expr(holder).map(|expr| &expr.kind) {
        Some(ExprKind::Slot(slot)) => {
            graph.into.entry(Node::Inside(slot.func.0, slot.slot)).or_default().push(value);
        }
        Some(ExprKind::Attr { name, .. }) => {
            graph.into.entry(Node::Attr(name.clone())).or_default().push(value);
        }
        Some(ExprKind::Index { base, .. }) => inside(graph, module, *base, value),
        _ => {}
    }
}

/// What a variable or attribute holds, as a node of the graph.
fn holder(module: &Module, id: ExprId) -> Option<Node> {
    match module.expr(id).map(|expr| &expr.kind) {
        Some(ExprKind::Slot(slot)) => Some(Node::Inside(slot.func.0, slot.slot)),
        Some(ExprKind::Attr { name, .. }) => Some(Node::Attr(name.clone())),
        _ => None,
    }
}

fn into_target(graph: &mut Graph, module: &Module, target: &Target, value: ExprId) {
    if let Some(ExprKind::Call { args, .. }) = module.expr(value).map(|expr| &expr.kind) {
        let made = match target {
            Target::Slot(slot, _) => Some(Node::Inside(slot.func.0, slot.slot)),
            Target::Attr { name, .. } => Some(Node::Attr(name.clone())),
            _ => None,
        };
        for below in args.iter().filter_map(|arg| holder(module, arg.value)) {
            if let Some(made) = made.as_ref().filter(|made| **made != below) {
                graph.over.entry(below).or_default().push(made.clone());
            }
        }
    }
    match target {
        Target::Slot(slot, span) => {
            graph.by_span.entry(*span).or_default().push(value);
            graph.into.entry(Node::Slot(slot.func.0, slot.slot)).or_default().push(value);
            // A module's variable is an attribute for those who import it.
            if slot.func == FuncId::MODULE
                && let Some(name) = module.function(slot.func).and_then(|f| f.slots.get(slot.slot as usize))
            {
                graph.into.entry(Node::Attr(name.name.clone())).or_default().push(value);
            }
        }
        Target::Free(name, _) => {
            graph.into.entry(Node::Attr(name.clone())).or_default().push(value);
        }
        Target::Attr { base, name, span } => {
            graph.by_span.entry(*span).or_default().push(value);
            graph.into.entry(Node::Attr(name.clone())).or_default().push(value);
            inside(graph, module, *base, value);
        }
        Target::Index { base, span, .. } => {
            graph.by_span.entry(*span).or_default().push(value);
            inside(graph, module, *base, value);
        }
        Target::Sequence(targets) => {
            targets.iter().for_each(|target| into_target(graph, module, target, value));
        }
        Target::Keys(entries) => {
            entries.iter().for_each(|(_, target)| into_target(graph, module, target, value));
        }
        Target::Rest(inner) => into_target(graph, module, inner, value),
        Target::Default(inner, default) => {
            into_target(graph, module, inner, value);
            into_target(graph, module, inner, *default);
        }
        Target::Unknown(_) => {}
    }
}

/// The variables of a parameter that is taken apart. Each is a part of what was passed.
fn parts(graph: &mut Graph, target: &Target) {
    match target {
        Target::Slot(slot, span) => {
            graph.parts.insert(*span, (slot.func.0, slot.slot));
            graph.params.insert((slot.func.0, slot.slot));
        }
        Target::Sequence(targets) => targets.iter().for_each(|target| parts(graph, target)),
        Target::Keys(entries) => entries.iter().for_each(|(_, target)| parts(graph, target)),
        Target::Rest(inner) => parts(graph, inner),
        Target::Default(inner, default) => {
            parts(graph, inner);
            if let Target::Slot(slot, _) = &**inner {
                graph.into.entry(Node::Slot(slot.func.0, slot.slot)).or_default().push(*default);
            }
        }
        Target::Free(..) | Target::Attr { .. } | Target::Index { .. } | Target::Unknown(_) => {}
    }
}

fn add_block(graph: &mut Graph, module: &Module, func: FuncId, body: &[Stmt]) {
    body.iter().for_each(|stmt| add_stmt(graph, module, func, stmt));
}

fn add_stmt(graph: &mut Graph, module: &Module, func: FuncId, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::Assign { targets, value } => {
            targets.iter().for_each(|target| into_target(graph, module, target, *value));
        }
        StmtKind::AugAssign { target, value, .. } => into_target(graph, module, target, *value),
        StmtKind::Return(Some(value)) => {
            if let Some(function) = module.function(func) {
                graph.into.entry(Node::Result(function.name.clone())).or_default().push(*value);
                graph.into.entry(Node::Attr(function.name.clone())).or_default().push(*value);
                graph.by_span.entry(function.name_span).or_default().push(*value);
            }
        }
        StmtKind::Raise { exception: Some(exception), .. } => {
            graph.by_span.entry(stmt.span).or_default().push(*exception);
        }
        StmtKind::If { then, otherwise, .. } => {
            add_block(graph, module, func, then);
            add_block(graph, module, func, otherwise);
        }
        StmtKind::Match { subject, arms } => {
            for arm in arms {
                arm.bindings.iter().for_each(|target| into_target(graph, module, target, *subject));
                add_block(graph, module, func, &arm.body);
            }
        }
        StmtKind::While { body, otherwise, .. } => {
            add_block(graph, module, func, body);
            add_block(graph, module, func, otherwise);
        }
        StmtKind::Class(_, slot) => graph.taken.push(Node::Slot(slot.func.0, slot.slot)),
        StmtKind::For { target, iterable, body, otherwise } => {
            filled(target, &mut graph.taken);
            graph.over_at.extend(module.expr(*iterable).map(|expr| expr.span));
            into_target(graph, module, target, *iterable);
            add_block(graph, module, func, body);
            add_block(graph, module, func, otherwise);
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            add_block(graph, module, func, body);
            handlers.iter().for_each(|handler| add_block(graph, module, func, &handler.body));
            add_block(graph, module, func, otherwise);
            add_block(graph, module, func, finally);
        }
        StmtKind::With { items, body } => {
            for (context, target) in items {
                if let Some(target) = target {
                    into_target(graph, module, target, *context);
                }
            }
            add_block(graph, module, func, body);
        }
        StmtKind::Expr(value) => {
            // What a generator yields is what its caller iterates over.
            if let Some(ExprKind::Yield(Some(inner)) | ExprKind::YieldFrom(inner)) =
                module.expr(*value).map(|expr| &expr.kind)
                && let Some(function) = module.function(func)
            {
                graph.into.entry(Node::Result(function.name.clone())).or_default().push(*inner);
                if matches!(function.name.as_str(), "[Symbol.iterator]" | "[Symbol.asyncIterator]") {
                    graph.yielded.push(*inner);
                }
            }
        }
        _ => {}
    }
}
