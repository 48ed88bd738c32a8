//! Runs pure JavaScript of the code under review step by step, over the IR.
//!
//! Disguises keep their texts in tables that code rotates, decodes and hands out. What such a decoder gives is found by
//! doing what it does: with no host, so that nothing it does has an effect, and with counted fuel. A value of the host
//! stops the run; what a statement had changed until then is taken back.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use sluice_syntax::ir::{
    BinOp, CmpOp, Expr, ExprId, ExprKind, FuncId, FunctionKind, LogicOp, Module, PatternKey, SequenceKind, SlotRef,
    Stmt, StmtKind, Target, UnaryOp,
};
use smol_str::SmolStr;

use super::machine_values::{Object, Store, Thing, Value, global_kind, property_name};
use crate::evaluate::{self, Budget, Concrete};

/// Deepest nesting of expressions and statements.
const MOST_NESTING: u32 = 900;
/// Steps for the statements of a module, and for one call after that.
const MODULE_STEPS: u64 = 24_000_000;
const CALL_STEPS: u64 = 400_000;
/// Bytes that texts may take up in one run.
const BYTES: u64 = 32 << 20;

/// The run met something that is not known, or its fuel is spent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop;

pub(super) type Run<T> = Result<T, Stop>;

/// How a statement ends.
pub(super) enum End {
    Next,
    Break(Option<SmolStr>),
    Continue(Option<SmolStr>),
    Return(Value),
    Throw(Value),
}

/// An expression ends with a value, or something is thrown.
pub(super) enum Got {
    Value(Value),
    Throw(Value),
}

/// A module that is run step by step.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) module: Rc<Module>,
    pub(super) store: Store,
    pub(super) budget: Budget,
    pub(super) calls: u32,
    pub(super) nesting: u32,
    /// Frames that are being run: the environment, `this`, the arguments.
    pub(super) frames: Vec<(usize, Value, Vec<Value>)>,
    /// Steps that the statements left over.
    body_left: u64,
    /// Steps left for calls.
    left: u64,
    /// What calls gave, by function and arguments.
    known: FxHashMap<(u32, String), Option<Concrete>>,
}

impl Machine {
    /// Steps that running the statements took.
    pub(crate) fn spent(&self, steps: u64) -> u64 {
        steps.min(MODULE_STEPS).saturating_sub(self.body_left)
    }

    /// Runs the statements of a module's body. One that cannot be run is passed over, and what it would have set is
    /// not known from then on.
    ///
    /// `steps` bounds the statements and all later calls together, each.
    pub(crate) fn new(module: &Rc<Module>, steps: u64) -> Self {
        let mut machine = Self {
            module: Rc::clone(module),
            store: Store::default(),
            budget: Budget::new(steps.min(MODULE_STEPS), BYTES),
            body_left: 0,
            left: steps.min(MODULE_STEPS),
            calls: 0,
            nesting: 0,
            frames: Vec::new(),
            known: FxHashMap::default(),
        };
        let module = Rc::clone(module);
        let Some(body) = module.function(FuncId::MODULE) else { return machine };
        let env = machine.store.environment(FuncId::MODULE, None, body.slots.len());
        machine.frames.push((env, Value::Host(SmolStr::new_static("globalThis")), Vec::new()));
        for stmt in &body.body {
            machine.store.mark();
            let before = machine.budget.steps;
            // One statement does not take the fuel of all.
            machine.budget.steps = before - before / 8;
            let allowed = machine.budget.steps;
            let ended = machine.stmt(&module, stmt);
            let spent = allowed.saturating_sub(machine.budget.steps);
            machine.budget.steps = before.saturating_sub(spent);
            machine.budget.exhausted = false;
            match ended {
                Ok(End::Next) => {}
                Ok(_) | Err(Stop) => {
                    machine.calls = 0;
                    machine.nesting = 0;
                    machine.frames.truncate(1);
                    machine.store.take_back();
                    machine.poison(&module, stmt);
                }
            }
        }
        machine.body_left = machine.budget.steps;
        machine
    }

    /// What a statement that was not run would have set.
    fn poison(&mut self, _module: &Module, stmt: &Stmt) {
        let mut targets: Vec<&Target> = Vec::new();
        match &stmt.kind {
            StmtKind::Assign { targets: all, .. } => targets.extend(all),
            StmtKind::AugAssign { target, .. } => targets.push(target),
            StmtKind::Import { slot, .. } | StmtKind::ImportFrom { slot, .. } | StmtKind::Class(_, slot) => {
                self.set_slot(*slot, Value::Unknown);
            }
            _ => {}
        }
        while let Some(target) = targets.pop() {
            match target {
                Target::Slot(slot, _) => self.set_slot(*slot, Value::Unknown),
                Target::Sequence(inner) => targets.extend(inner),
                Target::Keys(entries) => targets.extend(entries.iter().map(|(_, target)| target)),
                Target::Rest(inner) | Target::Default(inner, _) => targets.push(inner),
                Target::Free(..) | Target::Attr { .. } | Target::Index { .. } | Target::Unknown(_) => {}
            }
        }
    }

    /// Calls a function of the module's own level with known values.
    pub(crate) fn call_known(&mut self, function: FuncId, args: &[Concrete]) -> Option<Concrete> {
        let key = (function.0, format!("{args:?}"));
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let result = self.call_own(function, args);
        self.known.insert(key, result.clone());
        result
    }

    /// Calls what a variable of the module's own level holds.
    pub(crate) fn call_variable(&mut self, slot: u32, args: &[Concrete]) -> Option<Concrete> {
        let key = (slot | 1 << 31, format!("{args:?}"));
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let held = self.store.slot(0, slot as usize)?;
        let result = matches!(held, Value::Function(..)).then(|| self.run(&held, args)).flatten();
        self.known.insert(key, result.clone());
        result
    }

    /// What a variable of the module's own level holds, if it is a text.
    pub(crate) fn variable(&self, slot: u32) -> Option<Concrete> {
        match self.store.slot(0, slot as usize)? {
            Value::Plain(text @ Concrete::Str(_)) => Some(text),
            _ => None,
        }
    }

    fn call_own(&mut self, function: FuncId, args: &[Concrete]) -> Option<Concrete> {
        let parent = self.module.function(function)?.parent?;
        if parent != FuncId::MODULE {
            return None;
        }
        // The variable that holds the function may hold another by now.
        let name = self.module.function(function)?.name.clone();
        let body = self.module.function(FuncId::MODULE)?;
        let slot = body.slots.iter().position(|slot| slot.name == name);
        let held = slot.and_then(|slot| self.store.slot(0, slot));
        let called = match held {
            Some(Value::Function(..)) => held?,
            _ => Value::Function(function, 0, None),
        };
        self.run(&called, args)
    }

    fn run(&mut self, called: &Value, args: &[Concrete]) -> Option<Concrete> {
        let allowed = CALL_STEPS.min(self.left);
        self.budget = Budget::new(allowed, BYTES);
        let values = args.iter().map(|arg| self.store.adopt(arg)).collect();
        self.store.mark();
        let result = match self.call(called, Value::Plain(Concrete::Undefined), values) {
            Ok(Got::Value(value)) => self.store.to_concrete(&value, 4),
            Ok(Got::Throw(_)) => None,
            Err(Stop) => {
                self.calls = 0;
                self.nesting = 0;
                self.frames.truncate(1);
                self.store.take_back();
                None
            }
        };
        self.left = self.left.saturating_sub(allowed.saturating_sub(self.budget.steps));
        result
    }

    pub(super) fn expr<'m>(&self, module: &'m Module, id: ExprId) -> Run<&'m Expr> {
        module.expr(id).ok_or(Stop)
    }

    pub(super) fn step(&mut self) -> Run<()> {
        self.budget.step(1).ok_or(Stop)
    }

    fn environment_of(&self, func: FuncId) -> Run<usize> {
        let mut env = self.frames.last().ok_or(Stop)?.0;
        loop {
            let (owner, parent) = self.store.owner(env).ok_or(Stop)?;
            if owner == func {
                return Ok(env);
            }
            env = parent.ok_or(Stop)?;
        }
    }

    fn set_slot(&mut self, slot: SlotRef, value: Value) {
        if let Ok(env) = self.environment_of(slot.func) {
            self.store.set_slot(env, slot.slot as usize, value);
        }
    }

    pub(super) fn block(&mut self, module: &Rc<Module>, stmts: &[Stmt]) -> Run<End> {
        for stmt in stmts {
            match self.stmt(module, stmt)? {
                End::Next => {}
                end => return Ok(end),
            }
        }
        Ok(End::Next)
    }

    fn stmt(&mut self, module: &Rc<Module>, stmt: &Stmt) -> Run<End> {
        self.step()?;
        self.nesting += 1;
        if self.nesting > MOST_NESTING {
            return Err(Stop);
        }
        let end = self.stmt_kind(module, stmt);
        self.nesting -= 1;
        end
    }

    fn stmt_kind(&mut self, module: &Rc<Module>, stmt: &Stmt) -> Run<End> {
        match &stmt.kind {
            StmtKind::Expr(id) => {
                value_or_end!(self.eval(module, *id));
            }
            StmtKind::Assign { targets, value } => {
                let value = value_or_end!(self.eval(module, *value));
                for target in targets {
                    if let Got::Throw(thrown) = self.assign(module, target, value.clone())? {
                        return Ok(End::Throw(thrown));
                    }
                }
            }
            StmtKind::AugAssign { target, old, op, value } => {
                let old = value_or_end!(self.eval(module, *old));
                let more = value_or_end!(self.eval(module, *value));
                let result = self.binary(*op, &old, &more)?;
                if let Got::Throw(thrown) = self.assign(module, target, result)? {
                    return Ok(End::Throw(thrown));
                }
            }
            StmtKind::Return(value) => {
                return Ok(End::Return(match value {
                    Some(id) => value_or_end!(self.eval(module, *id)),
                    None => Value::UNDEFINED,
                }));
            }
            StmtKind::Raise { exception, .. } => {
                return Ok(End::Throw(match exception {
                    Some(id) => value_or_end!(self.eval(module, *id)),
                    None => Value::UNDEFINED,
                }));
            }
            StmtKind::If { test, then, otherwise } => {
                let test = value_or_end!(self.eval(module, *test));
                let branch = if self.truth(&test)? { then } else { otherwise };
                return self.block(module, branch);
            }
            StmtKind::Switch { subject, arms } => {
                let subject = value_or_end!(self.eval(module, *subject));
                let mut entered = None;
                for (position, arm) in arms.iter().enumerate() {
                    let Some(id) = arm.value else { continue };
                    let case = value_or_end!(self.eval(module, id));
                    if self.strictly_equal(&subject, &case)? {
                        entered = Some(position);
                        break;
                    }
                }
                let start = entered.or_else(|| arms.iter().position(|arm| arm.value.is_none()));
                for arm in arms.iter().skip(start.unwrap_or(arms.len())) {
                    match self.block(module, &arm.body)? {
                        End::Next => {}
                        End::Break(None) => return Ok(End::Next),
                        end => return Ok(end),
                    }
                }
            }
            StmtKind::While { test, body, step, test_last, .. } => {
                return self.while_loop(module, *test, body, *step, *test_last, None);
            }
            StmtKind::For { target, iterable, body, .. } => {
                let value = value_or_end!(self.eval(module, *iterable));
                for item in self.store.items(&value).ok_or(Stop)? {
                    self.step()?;
                    if let Got::Throw(thrown) = self.assign(module, target, item)? {
                        return Ok(End::Throw(thrown));
                    }
                    match self.block(module, body)? {
                        End::Next | End::Continue(None) => {}
                        End::Break(None) => break,
                        end => return Ok(end),
                    }
                }
            }
            StmtKind::Try { body, handlers, finally, .. } => {
                let mut end = self.block(module, body)?;
                if let End::Throw(thrown) = end {
                    end = match handlers.first() {
                        Some(handler) => {
                            if let Some(slot) = handler.slot {
                                self.set_slot(slot, thrown);
                            }
                            self.block(module, &handler.body)?
                        }
                        None => End::Throw(thrown),
                    };
                }
                return Ok(match self.block(module, finally)? {
                    End::Next => end,
                    last => last,
                });
            }
            StmtKind::Function(func, slot) => {
                let env = self.frames.last().ok_or(Stop)?.0;
                self.set_slot(*slot, Value::Function(*func, env, None));
            }
            StmtKind::Label { label, body } => {
                let end = match body.as_slice() {
                    [Stmt { kind: StmtKind::While { test, body, step, test_last, .. }, .. }] => {
                        self.while_loop(module, *test, body, *step, *test_last, Some(label))?
                    }
                    _ => self.block(module, body)?,
                };
                return Ok(match end {
                    End::Break(Some(name)) if name == *label => End::Next,
                    end => end,
                });
            }
            StmtKind::Jump { label, again } => {
                let label = Some(label.clone());
                return Ok(if *again { End::Continue(label) } else { End::Break(label) });
            }
            StmtKind::Break => return Ok(End::Break(None)),
            StmtKind::Continue => return Ok(End::Continue(None)),
            StmtKind::Pass => {}
            _ => return Err(Stop),
        }
        Ok(End::Next)
    }

    fn while_loop(
        &mut self,
        module: &Rc<Module>,
        test: ExprId,
        body: &[Stmt],
        step: Option<ExprId>,
        test_last: bool,
        label: Option<&SmolStr>,
    ) -> Run<End> {
        let mut first = test_last;
        loop {
            self.step()?;
            if !first {
                let test = value_or_end!(self.eval(module, test));
                if !self.truth(&test)? {
                    return Ok(End::Next);
                }
            }
            first = false;
            match self.block(module, body)? {
                End::Next | End::Continue(None) => {}
                End::Continue(Some(name)) if Some(&name) == label => {}
                End::Break(None) => return Ok(End::Next),
                end => return Ok(end),
            }
            if let Some(step) = step {
                value_or_end!(self.eval(module, step));
            }
        }
    }

    pub(super) fn eval(&mut self, module: &Rc<Module>, id: ExprId) -> Run<Got> {
        self.step()?;
        self.nesting += 1;
        if self.nesting > MOST_NESTING {
            return Err(Stop);
        }
        let got = self.eval_kind(module, id);
        self.nesting -= 1;
        got
    }

    fn eval_kind(&mut self, module: &Rc<Module>, id: ExprId) -> Run<Got> {
        let expr = self.expr(module, id)?;
        let plain = |value: Concrete| Ok(Got::Value(Value::Plain(value)));
        match &expr.kind {
            ExprKind::Const(constant) => plain(evaluate::from_const(constant).ok_or(Stop)?),
            ExprKind::Slot(slot) => {
                let env = self.environment_of(slot.func)?;
                match self.store.slot(env, slot.slot as usize).ok_or(Stop)? {
                    Value::Unknown => Err(Stop),
                    value => Ok(Got::Value(value)),
                }
            }
            ExprKind::Free(name) => match name.as_str() {
                "undefined" => plain(Concrete::Undefined),
                "NaN" => plain(Concrete::Float(f64::NAN)),
                "Infinity" => plain(Concrete::Float(f64::INFINITY)),
                "arguments" => {
                    let items = self.frames.last().ok_or(Stop)?.2.clone();
                    Ok(Got::Value(self.store.array(items)))
                }
                _ => Ok(Got::Value(self.store.global(name))),
            },
            ExprKind::This => Ok(Got::Value(self.frames.last().ok_or(Stop)?.1.clone())),
            ExprKind::Attr { base, name } => {
                let base = value!(self.eval(module, *base));
                self.property(&base, name)
            }
            ExprKind::Index { base, index } => {
                let base = value!(self.eval(module, *base));
                let index = value!(self.eval(module, *index));
                let name = property_name(&index).ok_or(Stop)?;
                self.property(&base, &name)
            }
            ExprKind::Call { callee, args, new } => self.eval_call(module, *callee, args, *new),
            ExprKind::Binary { op, left, right } => {
                let left = value!(self.eval(module, *left));
                let right = value!(self.eval(module, *right));
                Ok(Got::Value(self.binary(*op, &left, &right)?))
            }
            ExprKind::Unary { op: UnaryOp::TypeOf, operand } => {
                let kind = match self.eval(module, *operand)? {
                    Got::Value(value) => self.store.type_of(&value).ok_or(Stop)?,
                    Got::Throw(_) => "undefined",
                };
                plain(Concrete::text(kind))
            }
            ExprKind::Unary { op, operand } => {
                let value = value!(self.eval(module, *operand));
                match op {
                    UnaryOp::Not => plain(Concrete::Bool(!self.truth(&value)?)),
                    _ => {
                        let known = self.store.to_concrete(&value, 4).ok_or(Stop)?;
                        plain(super::unary(*op, &known).ok_or(Stop)?)
                    }
                }
            }
            ExprKind::Logic { op, operands } => {
                let mut last = Value::UNDEFINED;
                for operand in operands {
                    last = value!(self.eval(module, *operand));
                    let done = match op {
                        LogicOp::And => !self.truth(&last)?,
                        LogicOp::Or => self.truth(&last)?,
                        LogicOp::Nullish => !matches!(last, Value::Plain(Concrete::Undefined | Concrete::None)),
                    };
                    if done {
                        break;
                    }
                }
                Ok(Got::Value(last))
            }
            ExprKind::Compare { left, rest } => {
                let mut before = value!(self.eval(module, *left));
                let mut holds = true;
                for (op, right) in rest {
                    let after = value!(self.eval(module, *right));
                    holds = holds && self.compare(*op, &before, &after)?;
                    before = after;
                }
                plain(Concrete::Bool(holds))
            }
            ExprKind::Conditional { test, then, otherwise } => {
                let test = value!(self.eval(module, *test));
                let branch = if self.truth(&test)? { *then } else { *otherwise };
                self.eval(module, branch)
            }
            ExprKind::Sequence { kind: SequenceKind::List | SequenceKind::Tuple, items } => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    if let Some(ExprKind::Spread(inner)) = module.expr(*item).map(|expr| &expr.kind) {
                        let inner = value!(self.eval(module, *inner));
                        values.extend(self.store.items(&inner).ok_or(Stop)?);
                    } else {
                        values.push(value!(self.eval(module, *item)));
                    }
                }
                Ok(Got::Value(self.store.array(values)))
            }
            ExprKind::Mapping(entries) => {
                let mut properties = IndexMap::default();
                for (key, value) in entries {
                    let Some(key) = key else { return Err(Stop) };
                    let key = value!(self.eval(module, *key));
                    let name = property_name(&key).ok_or(Stop)?;
                    let value = value!(self.eval(module, *value));
                    properties.insert(name, value);
                }
                Ok(Got::Value(self.store.object(Object { thing: Thing::Plain, properties })))
            }
            ExprKind::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    let value = value!(self.eval(module, *part));
                    let known = self.store.to_concrete(&value, 4).ok_or(Stop)?;
                    text.push_str(&super::to_text(&known).ok_or(Stop)?);
                }
                self.budget.produce(text.len()).ok_or(Stop)?;
                plain(Concrete::Str(Arc::from(text)))
            }
            ExprKind::Format { value, .. } => self.eval(module, *value),
            ExprKind::Function(func) => {
                let (env, this, _) = self.frames.last().ok_or(Stop)?;
                let is_arrow = module.function(*func).is_some_and(|function| function.kind == FunctionKind::Lambda);
                let this = is_arrow.then(|| Rc::new(this.clone()));
                Ok(Got::Value(Value::Function(*func, *env, this)))
            }
            ExprKind::Bind { target, value } => {
                let value = value!(self.eval(module, *value));
                match self.assign(module, target, value.clone())? {
                    Got::Value(_) => Ok(Got::Value(value)),
                    thrown @ Got::Throw(_) => Ok(thrown),
                }
            }
            ExprKind::Comma(items) => {
                let mut last = Value::UNDEFINED;
                for item in items {
                    last = value!(self.eval(module, *item));
                }
                Ok(Got::Value(last))
            }
            ExprKind::Update { target, old, op, prefix } => {
                let old = value!(self.eval(module, *old));
                let known = self.store.to_concrete(&old, 2).ok_or(Stop)?;
                let number = super::unary(UnaryOp::Pos, &known).ok_or(Stop)?;
                let new = super::binary(*op, &number, &Concrete::Int(1), &mut self.budget).ok_or(Stop)?;
                if let Got::Throw(thrown) = self.assign(module, target, Value::Plain(new.clone()))? {
                    return Ok(Got::Throw(thrown));
                }
                plain(if *prefix { new } else { number })
            }
            ExprKind::Keys(inner) => {
                let value = value!(self.eval(module, *inner));
                let keys = self.store.keys(&value).ok_or(Stop)?;
                let items = keys.iter().map(|key| Value::Plain(Concrete::text(key))).collect();
                Ok(Got::Value(self.store.array(items)))
            }
            _ => Err(Stop),
        }
    }

    pub(super) fn truth(&self, value: &Value) -> Run<bool> {
        match value {
            Value::Plain(known) => Ok(super::truthy(known)),
            Value::Unknown => Err(Stop),
            Value::Host(name) => global_kind(name).map(|kind| kind != "undefined").ok_or(Stop),
            Value::Object(_) | Value::Function(..) | Value::Method(..) => Ok(true),
        }
    }

    fn strictly_equal(&self, left: &Value, right: &Value) -> Run<bool> {
        Ok(match (left, right) {
            (Value::Plain(a), Value::Plain(b)) => super::compare(CmpOp::StrictEq, a, b).ok_or(Stop)?,
            (Value::Object(a), Value::Object(b)) => a == b,
            (Value::Function(a, x, _), Value::Function(b, y, _)) => a == b && x == y,
            (Value::Unknown | Value::Host(_), _) | (_, Value::Unknown | Value::Host(_)) => return Err(Stop),
            _ => false,
        })
    }

    fn compare(&mut self, op: CmpOp, left: &Value, right: &Value) -> Run<bool> {
        match (op, left, right) {
            (CmpOp::StrictEq | CmpOp::StrictNotEq, ..) => {
                Ok(self.strictly_equal(left, right)? == (op == CmpOp::StrictEq))
            }
            (CmpOp::In, key, object) => {
                let name = property_name(key).ok_or(Stop)?;
                let Value::Object(id) = object else { return Err(Stop) };
                Ok(self.store.own(*id, &name).ok_or(Stop)?.is_some())
            }
            _ => {
                let a = self.store.to_concrete(left, 4).ok_or(Stop)?;
                let b = self.store.to_concrete(right, 4).ok_or(Stop)?;
                super::compare(op, &a, &b).ok_or(Stop)
            }
        }
    }

    fn binary(&mut self, op: BinOp, left: &Value, right: &Value) -> Run<Value> {
        let a = self.store.to_primitive(left).ok_or(Stop)?;
        let b = self.store.to_primitive(right).ok_or(Stop)?;
        super::binary(op, &a, &b, &mut self.budget).map(Value::Plain).ok_or(Stop)
    }

    pub(super) fn assign(&mut self, module: &Rc<Module>, target: &Target, value: Value) -> Run<Got> {
        match target {
            Target::Slot(slot, _) => self.set_slot(*slot, value),
            Target::Free(name, _) => self.store.set_global(name, value),
            Target::Attr { base, name, .. } => {
                let base = value!(self.eval(module, *base));
                self.store.set_property(&base, name, value).ok_or(Stop)?;
            }
            Target::Index { base, index, .. } => {
                let base = value!(self.eval(module, *base));
                let index = value!(self.eval(module, *index));
                let name = property_name(&index).ok_or(Stop)?;
                self.store.set_property(&base, &name, value).ok_or(Stop)?;
            }
            Target::Sequence(targets) => {
                let items = self.store.items(&value).ok_or(Stop)?;
                for (position, target) in targets.iter().enumerate() {
                    let part = match target {
                        Target::Rest(_) => {
                            let rest = items.get(position..).unwrap_or_default().to_vec();
                            self.store.array(rest)
                        }
                        _ => items.get(position).cloned().unwrap_or(Value::UNDEFINED),
                    };
                    if let thrown @ Got::Throw(_) = self.assign(module, target, part)? {
                        return Ok(thrown);
                    }
                }
            }
            Target::Keys(entries) => {
                for (key, target) in entries {
                    let name = match key {
                        PatternKey::Name(name) => name.clone(),
                        PatternKey::Computed(id) => {
                            let key = value!(self.eval(module, *id));
                            property_name(&key).ok_or(Stop)?
                        }
                        PatternKey::Rest => return Err(Stop),
                    };
                    let part = value!(self.property(&value, &name));
                    if let thrown @ Got::Throw(_) = self.assign(module, target, part)? {
                        return Ok(thrown);
                    }
                }
            }
            Target::Rest(inner) => return self.assign(module, inner, value),
            Target::Default(inner, default) => {
                let value = match value {
                    Value::Plain(Concrete::Undefined) => value!(self.eval(module, *default)),
                    value => value,
                };
                return self.assign(module, inner, value);
            }
            Target::Unknown(_) => return Err(Stop),
        }
        Ok(Got::Value(Value::UNDEFINED))
    }

    pub(super) fn thrown(&mut self, message: &str) -> Got {
        let mut properties = IndexMap::default();
        properties.insert(SmolStr::new_static("message"), Value::Plain(Concrete::text(message)));
        Got::Throw(self.store.object(Object { thing: Thing::Plain, properties }))
    }

    pub(super) fn property(&mut self, base: &Value, name: &SmolStr) -> Run<Got> {
        if matches!(base, Value::Plain(Concrete::Undefined | Concrete::None)) {
            return Ok(self.thrown("a property of nothing"));
        }
        self.store.property(base, name).map(Got::Value).ok_or(Stop)
    }
}
