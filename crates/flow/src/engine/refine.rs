//! What a test that holds tells of a variable.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{BinOp, CmpOp, Const, ExprId, ExprKind, FuncId, LogicOp, Module, SlotRef, StmtKind, UnaryOp};

use smol_str::SmolStr;

use super::Engine;
use super::value::{Ref, Term, Value};

/// How deep a condition is taken apart.
const DEPTH: u32 = 6;
/// Longest text that is put together of a test's parts.
const LONGEST: usize = 1024;

impl Engine<'_> {
    /// A text that was tested for its ending (`name.endswith(".key")`) has that ending from here on, one that was
    /// compared with others is one of them.
    pub(crate) fn refine(&mut self, module: &Rc<Module>, test: ExprId, holds: bool) {
        let mut told = Vec::new();
        told_by(module, test, holds, DEPTH, &mut told);
        for (slot, told) in told {
            let Some(told) = self.told_known(module, self.here().module, told) else { continue };
            let value = self.read(module, slot);
            if value.known().is_some() || slot.func.0 != self.here().func {
                continue;
            }
            let before = value.term().unwrap_or_else(|| Rc::new(Term::Name(self.slot_name(module, slot))));
            let Some(term) = refined(&before, told) else { continue };
            let mut refined = value.clone();
            refined.edit().term = Some(term);
            self.set_slot(slot.slot, refined);
        }
    }

    /// What a predicate that keeps an item of a list (`list.filter(f)`) tells of the item: what the test that it returns
    /// says of its first parameter.
    pub(crate) fn kept_by(&mut self, predicate: &Value, mut item: Value) -> Value {
        if item.known().is_some() || item.object().is_some() {
            return item;
        }
        for reference in predicate.refs() {
            let Ref::Function(key, _) = reference else { continue };
            let module = self.module(key.module);
            let Some(function) = module.function(FuncId(key.func)) else { continue };
            let (Some(param), Some(StmtKind::Return(Some(test)))) =
                (function.params.first(), function.body.last().map(|stmt| &stmt.kind))
            else {
                continue;
            };
            // What is told of a parameter that is assigned anew is told of another value.
            let again = self.reassigned_in(key.module);
            let mut told = Vec::new();
            told_by(&module, *test, true, DEPTH, &mut told);
            for (slot, told) in told {
                if slot.func.0 != key.func || slot.slot != param.slot || again.contains(&slot) {
                    continue;
                }
                let before = item.term().unwrap_or_else(|| Rc::new(Term::Name(param.name.clone())));
                let Some(told) = self.told_known(&module, key.module, told) else { continue };
                if let Some(term) = refined(&before, told) {
                    item.edit().term = Some(term);
                }
            }
        }
        item
    }

    /// What is told with the texts that stand in the code, or are put together of such.
    fn told_known(&mut self, module: &Rc<Module>, index: u32, told: Told) -> Option<Told> {
        Some(match told {
            Told::EndsAs(id) => Told::Ends(self.written_text(module, index, id, DEPTH)?),
            Told::HoldsAs(id) => Told::Holds(self.written_text(module, index, id, DEPTH)?),
            told => told,
        })
    }

    /// The text that an expression is which is made of constants (`path.join("a", "b.js")`), without evaluating it.
    fn written_text(&mut self, module: &Rc<Module>, index: u32, id: ExprId, depth: u32) -> Option<Arc<str>> {
        let expr = module.expr(id).filter(|_| depth > 0)?;
        match &expr.kind {
            ExprKind::Const(Const::Str(text)) => Some(Arc::clone(text)),
            ExprKind::Slot(slot) => self.variable_of(module, index, *slot).known_text().cloned(),
            ExprKind::Binary { op: BinOp::Add, left, right } => {
                let left = self.written_text(module, index, *left, depth - 1)?;
                let right = self.written_text(module, index, *right, depth - 1)?;
                (left.len() + right.len() <= LONGEST).then(|| Arc::from(format!("{left}{right}")))
            }
            ExprKind::Template(parts) => {
                let mut whole = String::new();
                for part in parts {
                    let inner = match module.expr(*part).map(|expr| &expr.kind) {
                        Some(ExprKind::Format { value, .. }) => *value,
                        _ => *part,
                    };
                    whole.push_str(&self.written_text(module, index, inner, depth - 1)?);
                }
                (whole.len() <= LONGEST).then(|| Arc::from(whole))
            }
            ExprKind::Attr { base, name } if name == "sep" && self.is_paths(module, index, *base) => {
                Some(Arc::from("/"))
            }
            ExprKind::Call { callee, args, .. } => {
                let Some(ExprKind::Attr { base, name }) = module.expr(*callee).map(|expr| &expr.kind) else {
                    return None;
                };
                let joins = matches!(name.as_str(), "join" | "normalize") && self.is_paths(module, index, *base);
                if !joins || args.len() > 16 {
                    return None;
                }
                let parts: Option<Vec<Arc<str>>> =
                    args.iter().map(|arg| self.written_text(module, index, arg.value, depth - 1)).collect();
                let whole = parts?.join("/");
                // What is made shorter is another text.
                let plain = whole.split('/').all(|part| !matches!(part, "" | "." | ".."));
                (plain && whole.len() <= LONGEST).then(|| Arc::from(whole))
            }
            _ => None,
        }
    }

    /// A variable as the code of a module sees it, which need not be the module that is being interpreted.
    fn variable_of(&mut self, module: &Rc<Module>, index: u32, slot: SlotRef) -> Value {
        let here = self.here();
        let shared = self.shared.get(&(index, slot)).cloned();
        if index != here.module {
            return shared.unwrap_or_default();
        }
        shared.filter(|_| slot.func.0 != here.func).unwrap_or_else(|| self.read(module, slot))
    }

    /// True for the library's module of paths.
    fn is_paths(&mut self, module: &Rc<Module>, index: u32, base: ExprId) -> bool {
        let value = match module.expr(base).map(|expr| &expr.kind) {
            Some(ExprKind::Slot(slot)) => self.variable_of(module, index, *slot),
            Some(ExprKind::Attr { base, name }) if name == "path" => {
                let Some(ExprKind::Slot(slot)) = module.expr(*base).map(|expr| &expr.kind) else { return false };
                self.variable_of(module, index, *slot)
            }
            _ => return false,
        };
        let paths = |symbol: &str| matches!(symbol, "os" | "os.path" | "posixpath" | "path" | "path.posix");
        matches!(value.refs(), [Ref::Symbol(symbol)] if paths(symbol))
    }
}

/// A text of which this is told.
fn refined(before: &Rc<Term>, told: Told) -> Option<Rc<Term>> {
    // Of a value that is known in part more is known than the test tells, but for an end that is not known.
    let open_end = || {
        let patterns = before.patterns();
        let tells_end = matches!(told, Told::Ends(_) | Told::Holds(_));
        tells_end && !patterns.is_empty() && patterns.iter().all(|pattern| pattern.ends_with("{}"))
    };
    if !matches!(&**before, Term::Name(_)) && !open_end() {
        return None;
    }
    Some(match told {
        Told::Ends(ending) => Term::join(before, &Rc::new(Term::Text(ending))),
        Told::Holds(part) => {
            let rest = Rc::new(Term::Name(SmolStr::new_static("…")));
            Term::join(&Term::join(before, &Rc::new(Term::Text(part))), &rest)
        }
        Told::Is(texts) => {
            let mut terms = texts.into_iter().map(|text| Rc::new(Term::Text(text)));
            let first = terms.next()?;
            terms.fold(first, |one, other| Term::either(&one, &other))
        }
        Told::EndsAs(_) | Told::HoldsAs(_) => return None,
    })
}

/// What a test tells of a text.
enum Told {
    /// What it ends with.
    Ends(Arc<str>),
    /// What stands in it.
    Holds(Arc<str>),
    /// It ends with, or holds, what an expression is.
    EndsAs(ExprId),
    HoldsAs(ExprId),
    /// The texts of which it is one.
    Is(Vec<Arc<str>>),
}

fn told_by(module: &Module, test: ExprId, holds: bool, depth: u32, found: &mut Vec<(SlotRef, Told)>) {
    let Some(expr) = module.expr(test).filter(|_| depth > 0) else { return };
    let kind = |id: ExprId| module.expr(id).map(|expr| &expr.kind);
    let text = |id: ExprId| match kind(id) {
        Some(ExprKind::Const(Const::Str(text))) => Some(Arc::clone(text)),
        _ => None,
    };
    match &expr.kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => told_by(module, *operand, !holds, depth - 1, found),
        ExprKind::Logic { op, operands } if holds == (*op == LogicOp::And) => {
            operands.iter().for_each(|operand| told_by(module, *operand, holds, depth - 1, found));
        }
        ExprKind::Call { callee, args, .. } if holds => {
            let (Some(ExprKind::Attr { base, name }), [arg]) = (kind(*callee), args.as_slice()) else { return };
            if let (Some(ExprKind::Const(Const::Regex { pattern, flags })), "test", Some(ExprKind::Slot(slot))) =
                (kind(*base), name.as_str(), kind(arg.value))
            {
                // Letters of either case, or the end of any line, are no text.
                let plain = !flags.contains(['i', 'm']);
                found.extend(told_by_pattern(pattern).filter(|_| plain).map(|told| (*slot, told)));
                return;
            }
            let Some(ExprKind::Slot(slot)) = kind(*base) else { return };
            match (name.as_str(), text(arg.value)) {
                ("endswith" | "endsWith", Some(ending)) => found.push((*slot, Told::Ends(ending))),
                ("endswith" | "endsWith", None) => found.push((*slot, Told::EndsAs(arg.value))),
                ("includes", Some(part)) => found.push((*slot, Told::Holds(part))),
                ("includes", None) => found.push((*slot, Told::HoldsAs(arg.value))),
                _ => {}
            }
        }
        ExprKind::Compare { left, rest } => {
            let (Some(ExprKind::Slot(slot)), [(op, right)]) = (kind(*left), rest.as_slice()) else { return };
            let equal = matches!(op, CmpOp::Eq | CmpOp::StrictEq) && holds;
            let unequal = matches!(op, CmpOp::NotEq | CmpOp::StrictNotEq) && !holds;
            let within = (*op == CmpOp::In && holds) || (*op == CmpOp::NotIn && !holds);
            let texts: Vec<Arc<str>> = match kind(*right) {
                // One that is not known may be it.
                Some(ExprKind::Sequence { items, .. }) if within => {
                    items.iter().map(|item| text(*item)).collect::<Option<_>>().unwrap_or_default()
                }
                _ if equal || unequal => text(*right).into_iter().collect(),
                _ => Vec::new(),
            };
            if !texts.is_empty() {
                found.push((*slot, Told::Is(texts)));
            }
        }
        _ => {}
    }
}

/// What a text holds, or ends with, that fits a regular expression: the longest of its plain runs, the last one where the
/// expression is bound to the end.
fn told_by_pattern(pattern: &str) -> Option<Told> {
    const SHORTEST: usize = 4;
    let mut runs: Vec<String> = vec![String::new()];
    let mut chars = pattern.chars().peekable();
    let mut ends = false;
    while let Some(c) = chars.next() {
        let plain = match c {
            '|' | '(' | ')' => return None,
            '$' if chars.peek().is_none() => {
                ends = true;
                continue;
            }
            '\\' => match chars.next() {
                Some(c) if !c.is_alphanumeric() => Some(c),
                _ => None,
            },
            '[' => {
                let class: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // Either separator of a path.
                class.contains('/').then_some('/').filter(|_| !class.starts_with('^'))
            }
            '*' | '+' | '?' | '{' => {
                if let Some(run) = runs.last_mut() {
                    run.pop();
                }
                if c == '{' {
                    chars.by_ref().take_while(|c| *c != '}').for_each(drop);
                }
                None
            }
            '.' | '^' | '$' => None,
            c => Some(c),
        };
        match (plain, runs.last_mut()) {
            (Some(c), Some(run)) => run.push(c),
            _ => runs.push(String::new()),
        }
    }
    if ends {
        return runs.pop().filter(|run| run.len() >= SHORTEST).map(|run| Told::Ends(Arc::from(run)));
    }
    let longest = runs.into_iter().max_by_key(String::len)?;
    (longest.len() >= SHORTEST).then(|| Told::Holds(Arc::from(longest)))
}
