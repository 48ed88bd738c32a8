//! An independent walk back from a sink: does the text at the source reach it at all?
//!
//! The walk knows no values and no order. It goes from the expressions at the sink to the variables, attributes,
//! parameters, arguments and results they mention, and from those to whatever is assigned to them anywhere in the
//! package. A path that this walk does not find is an error of the forward engine, so the critics drop it. The other
//! way round the walk proves nothing, since it finds too much.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Module, Span, Stmt, StmtKind, Target};
use smol_str::SmolStr;

use crate::program::Program;

/// Most nodes that one walk visits; a walk that ends here does not confirm.
const MOST_NODES: usize = 200_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// A variable.
    Slot(u32, u32, u32),
    /// An attribute or item by name, whatever the object.
    Attr(SmolStr),
    /// A parameter's values at all calls of functions with this name.
    Param(SmolStr, u32),
    /// The result of functions with this name.
    Result(SmolStr),
    /// The content of a container.
    Inside(u32, u32, u32),
}

/// What flows into a node: expressions.
#[derive(Debug, Default)]
struct Graph {
    into: FxHashMap<Node, Vec<(u32, ExprId)>>,
    by_span: FxHashMap<(u32, Span), Vec<ExprId>>,
    params: FxHashMap<(u32, u32, u32), (SmolStr, u32)>,
    raises: FxHashMap<(u32, Span), Vec<ExprId>>,
    returns: FxHashMap<(u32, Span), Vec<ExprId>>,
}

/// Confirms paths over one package.
pub(crate) struct Confirmer<'a> {
    modules: &'a [Rc<Module>],
    graph: Graph,
    reached: FxHashMap<(u32, Span), Rc<FxHashSet<(u32, ExprId)>>>,
}

impl<'a> Confirmer<'a> {
    pub(crate) fn new(modules: &'a [Rc<Module>], _program: &Program) -> Self {
        let mut graph = Graph::default();
        for (index, module) in modules.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            add_module(&mut graph, index, module);
        }
        Self { modules, graph, reached: FxHashMap::default() }
    }

    /// True if the walk back from `to` finds the expression at `from`.
    pub(crate) fn confirms(&mut self, from: (u32, Span), to: (u32, Span)) -> bool {
        let reached = match self.reached.get(&to) {
            Some(reached) => Rc::clone(reached),
            None => {
                let reached = Rc::new(self.walk(to));
                self.reached.insert(to, Rc::clone(&reached));
                reached
            }
        };
        self.graph
            .by_span
            .get(&from)
            .is_some_and(|exprs| exprs.iter().any(|expr| reached.contains(&(from.0, *expr))))
    }

    fn walk(&self, to: (u32, Span)) -> FxHashSet<(u32, ExprId)> {
        let mut seen: FxHashSet<(u32, ExprId)> = FxHashSet::default();
        let mut nodes: FxHashSet<Node> = FxHashSet::default();
        let mut queue: Vec<(u32, ExprId)> = Vec::new();
        let starts = [&self.graph.by_span, &self.graph.raises, &self.graph.returns];
        for list in starts {
            queue.extend(list.get(&to).into_iter().flatten().map(|expr| (to.0, *expr)));
        }
        while let Some((index, id)) = queue.pop() {
            if seen.len() > MOST_NODES || !seen.insert((index, id)) {
                continue;
            }
            let Some(module) = self.modules.get(index as usize) else { continue };
            let Some(expr) = module.expr(id) else { continue };
            children(&expr.kind, &mut |child| queue.push((index, child)));
            let mut follow = |node: Node, queue: &mut Vec<(u32, ExprId)>| {
                if nodes.insert(node.clone()) {
                    queue.extend(self.graph.into.get(&node).into_iter().flatten().copied());
                }
            };
            match &expr.kind {
                ExprKind::Slot(slot) => {
                    follow(Node::Slot(index, slot.func.0, slot.slot), &mut queue);
                    follow(Node::Inside(index, slot.func.0, slot.slot), &mut queue);
                    if let Some((name, position)) = self.graph.params.get(&(index, slot.func.0, slot.slot)) {
                        follow(Node::Param(name.clone(), *position), &mut queue);
                        // By name or by spreading, the position is not known.
                        follow(Node::Param(name.clone(), u32::MAX), &mut queue);
                    }
                }
                ExprKind::Attr { name, .. } => follow(Node::Attr(name.clone()), &mut queue),
                ExprKind::Free(name) => follow(Node::Attr(name.clone()), &mut queue),
                ExprKind::Call { callee, .. } => {
                    if let Some(name) = last_name(module, *callee) {
                        follow(Node::Result(name), &mut queue);
                    }
                }
                ExprKind::Function(func) => {
                    if let Some(function) = module.function(*func) {
                        for stmt in &function.body {
                            if let StmtKind::Return(Some(value)) = &stmt.kind {
                                queue.push((index, *value));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        seen
    }
}

fn last_name(module: &Module, id: ExprId) -> Option<SmolStr> {
    match &module.expr(id)?.kind {
        ExprKind::Slot(slot) => {
            module.function(slot.func)?.slots.get(slot.slot as usize).map(|slot| slot.name.clone())
        }
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
        ExprKind::Sequence { items, .. } | ExprKind::Template(items) | ExprKind::Unknown(items) => {
            items.iter().for_each(|id| visit(*id));
        }
        ExprKind::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            if let Some(key) = key {
                visit(*key);
            }
            visit(*value);
        }),
        ExprKind::Spread(inner)
        | ExprKind::Await(inner)
        | ExprKind::YieldFrom(inner)
        | ExprKind::ImportCall(inner) => visit(*inner),
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

fn add_module(graph: &mut Graph, index: u32, module: &Module) {
    for (id, expr) in module.exprs.iter().enumerate() {
        let id = ExprId(u32::try_from(id).unwrap_or(u32::MAX));
        graph.by_span.entry((index, expr.span)).or_default().push(id);
        match &expr.kind {
            ExprKind::Call { callee, args, .. } => {
                if let Some(name) = last_name(module, *callee) {
                    for (position, arg) in args.iter().enumerate() {
                        let position = match arg.kind {
                            sluice_syntax::ir::ArgKind::Positional => u32::try_from(position).unwrap_or(u32::MAX),
                            _ => u32::MAX,
                        };
                        graph.into.entry(Node::Param(name.clone(), position)).or_default().push((index, arg.value));
                    }
                }
                // A method of an object may put its arguments into the object; a call may put one argument into
                // another (`readinto(buffer)`).
                let mut holders: Vec<ExprId> = args.iter().map(|arg| arg.value).collect();
                if let Some(ExprKind::Attr { base, .. }) = module.expr(*callee).map(|expr| &expr.kind) {
                    holders.push(*base);
                }
                for holder in holders {
                    inside(graph, index, module, holder, id);
                }
            }
            ExprKind::Bind { target, value } => into_target(graph, index, module, target, *value),
            ExprKind::Comprehension { clauses, .. } => {
                for clause in clauses {
                    into_target(graph, index, module, &clause.target, clause.iterable);
                }
            }
            _ => {}
        }
    }
    for (func, function) in module.functions.iter().enumerate() {
        let func = u32::try_from(func).unwrap_or(u32::MAX);
        let is_method = function
            .parent
            .and_then(|parent| module.function(parent))
            .is_some_and(|parent| parent.kind == sluice_syntax::ir::FunctionKind::Class);
        for (position, param) in function.params.iter().enumerate() {
            let position = u32::try_from(position).unwrap_or(u32::MAX).saturating_sub(u32::from(is_method));
            let name = if function.name == "__init__" {
                function.parent.and_then(|parent| module.function(parent)).map(|class| class.name.clone())
            } else {
                None
            };
            let name = name.unwrap_or_else(|| function.name.clone());
            graph.params.insert((index, func, param.slot), (name, position));
            if let Some(default) = param.default {
                graph.into.entry(Node::Slot(index, func, param.slot)).or_default().push((index, default));
            }
        }
        for stmt in &function.body {
            add_stmt(graph, index, module, FuncId(func), stmt);
        }
        // What is handed to a callback's registrar reaches the callback's parameters; the name is not known there.
    }
}

fn inside(graph: &mut Graph, index: u32, module: &Module, holder: ExprId, value: ExprId) {
    match module.expr(holder).map(|expr| &expr.kind) {
        Some(ExprKind::Slot(slot)) => {
            graph.into.entry(Node::Inside(index, slot.func.0, slot.slot)).or_default().push((index, value));
        }
        Some(ExprKind::Attr { name, .. }) => {
            graph.into.entry(Node::Attr(name.clone())).or_default().push((index, value));
        }
        Some(ExprKind::Index { base, .. }) => inside(graph, index, module, *base, value),
        _ => {}
    }
}

fn into_target(graph: &mut Graph, index: u32, module: &Module, target: &Target, value: ExprId) {
    match target {
        Target::Slot(slot, _) => {
            graph.into.entry(Node::Slot(index, slot.func.0, slot.slot)).or_default().push((index, value));
            // A module's variable is an attribute for those who import it.
            if slot.func == FuncId::MODULE
                && let Some(name) = module.function(slot.func).and_then(|f| f.slots.get(slot.slot as usize))
            {
                graph.into.entry(Node::Attr(name.name.clone())).or_default().push((index, value));
            }
        }
        Target::Free(name, _) => {
            graph.into.entry(Node::Attr(name.clone())).or_default().push((index, value));
        }
        Target::Attr { base, name, .. } => {
            graph.into.entry(Node::Attr(name.clone())).or_default().push((index, value));
            inside(graph, index, module, *base, value);
        }
        Target::Index { base, .. } => inside(graph, index, module, *base, value),
        Target::Sequence(targets) => {
            targets.iter().for_each(|target| into_target(graph, index, module, target, value));
        }
        Target::Keys(entries) => {
            entries.iter().for_each(|(_, target)| into_target(graph, index, module, target, value));
        }
        Target::Rest(inner) => into_target(graph, index, module, inner, value),
        Target::Default(inner, default) => {
            into_target(graph, index, module, inner, value);
            into_target(graph, index, module, inner, *default);
        }
        Target::Unknown(_) => {}
    }
}

fn add_block(graph: &mut Graph, index: u32, module: &Module, func: FuncId, body: &[Stmt]) {
    body.iter().for_each(|stmt| add_stmt(graph, index, module, func, stmt));
}

fn add_stmt(graph: &mut Graph, index: u32, module: &Module, func: FuncId, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::Assign { targets, value } => {
            targets.iter().for_each(|target| into_target(graph, index, module, target, *value));
        }
        StmtKind::AugAssign { target, value, .. } => into_target(graph, index, module, target, *value),
        StmtKind::Return(Some(value)) => {
            if let Some(function) = module.function(func) {
                graph.into.entry(Node::Result(function.name.clone())).or_default().push((index, *value));
                graph.into.entry(Node::Attr(function.name.clone())).or_default().push((index, *value));
                graph.returns.entry((index, function.name_span)).or_default().push(*value);
            }
        }
        StmtKind::Raise { exception: Some(exception), .. } => {
            graph.raises.entry((index, stmt.span)).or_default().push(*exception);
        }
        StmtKind::If { then, otherwise, .. } => {
            add_block(graph, index, module, func, then);
            add_block(graph, index, module, func, otherwise);
        }
        StmtKind::Match { subject, arms } => {
            for arm in arms {
                arm.bindings.iter().for_each(|target| into_target(graph, index, module, target, *subject));
                add_block(graph, index, module, func, &arm.body);
            }
        }
        StmtKind::While { body, otherwise, .. } => {
            add_block(graph, index, module, func, body);
            add_block(graph, index, module, func, otherwise);
        }
        StmtKind::For { target, iterable, body, otherwise } => {
            into_target(graph, index, module, target, *iterable);
            add_block(graph, index, module, func, body);
            add_block(graph, index, module, func, otherwise);
        }
        StmtKind::Try { body, handlers, otherwise, finally } => {
            add_block(graph, index, module, func, body);
            handlers.iter().for_each(|handler| add_block(graph, index, module, func, &handler.body));
            add_block(graph, index, module, func, otherwise);
            add_block(graph, index, module, func, finally);
        }
        StmtKind::With { items, body } => {
            for (context, target) in items {
                if let Some(target) = target {
                    into_target(graph, index, module, target, *context);
                }
            }
            add_block(graph, index, module, func, body);
        }
        StmtKind::Expr(value) => {
            // What a generator yields is what its caller iterates over.
            if let Some(ExprKind::Yield(Some(inner)) | ExprKind::YieldFrom(inner)) =
                module.expr(*value).map(|expr| &expr.kind)
                && let Some(function) = module.function(func)
            {
                graph.into.entry(Node::Result(function.name.clone())).or_default().push((index, *inner));
            }
        }
        _ => {}
    }
}
