//! Helpers that the method they are named for does not call.
//!
//! The rule is about names: in one class, `get_rotate_key_path` is named for the method `rotate_key`, and `rotate_key`
//! calls a sibling of the same first and last word on the same object, such as `get_item_path`. If nothing in the
//! package mentions the helper, then what it adds is not in effect, and a reader who sees the helper would think it is.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::{
    Const, ExprId, ExprKind, FuncId, Function, FunctionKind, Module, SlotRef, Span, Stmt, StmtKind, Target,
};
use smol_str::SmolStr;

use super::{HelperCandidate, RawUnusedHelper, Structure, UnusedConstant, params, walk};

/// Finds the helpers whose namesake calls a sibling in their place.
pub(super) fn find(module: &Module, found: &mut Structure) {
    for class in module.functions.iter().filter(|function| function.kind == FunctionKind::Class) {
        let methods: BTreeMap<&str, FuncId> = class
            .body
            .iter()
            .filter_map(|stmt| match stmt.kind {
                StmtKind::Function(func, _) => Some((module.function(func)?.name.as_str(), func)),
                _ => None,
            })
            .collect();
        for (name, helper) in &methods {
            let Some(shape) = Shape::of(name) else { continue };
            for user in namesakes(name) {
                let Some(user) = methods.get(user).filter(|user| *user != helper) else { continue };
                found.helpers.extend(sibling_instead(module, *helper, name, *user, &shape));
            }
        }
    }
}

/// The first and last word of a helper's name.
#[derive(PartialEq, Eq)]
struct Shape<'a> {
    first: &'a str,
    last: &'a str,
}

impl<'a> Shape<'a> {
    /// The shape of a name of three words or more that begins with a word for making something.
    fn of(name: &'a str) -> Option<Self> {
        let name = name.trim_start_matches('_');
        let (first, rest) = name.split_once('_')?;
        let (_, last) = rest.rsplit_once('_')?;
        let makes = matches!(first, "get" | "build" | "make" | "create" | "compose" | "format");
        (makes && !last.is_empty()).then_some(Self { first, last })
    }
}

/// The names inside a helper's name that are long enough to be no accident, longest first.
fn namesakes(name: &str) -> impl Iterator<Item = &str> {
    let inner = name.trim_start_matches('_').split_once('_').map_or("", |(_, rest)| rest);
    let cuts = inner.rmatch_indices('_').filter_map(move |(at, _)| inner.get(..at));
    cuts.filter(|user| user.len() >= 6 || user.trim_matches('_').contains('_'))
}

/// The call of a sibling of the same shape on the receiver of `user`, if it calls the sibling and not the helper.
fn sibling_instead(
    module: &Module,
    helper: FuncId,
    name: &str,
    user: FuncId,
    shape: &Shape<'_>,
) -> Option<HelperCandidate> {
    let function = module.function(user)?;
    let receiver = SlotRef { func: user, slot: params::receiver(module, function)? };
    let mut sibling: Option<(SmolStr, Span)> = None;
    let mut calls_helper = false;
    each_in_function(module, function, |_, kind, span| {
        let ExprKind::Call { callee, .. } = kind else { return };
        let Some(ExprKind::Attr { base, name: called }) = module.expr(*callee).map(|expr| &expr.kind) else { return };
        if !matches!(module.expr(*base).map(|expr| &expr.kind), Some(ExprKind::Slot(slot)) if *slot == receiver) {
            return;
        }
        if called == name {
            calls_helper = true;
        } else if sibling.is_none() && Shape::of(called).is_some_and(|other| other == *shape) {
            sibling = Some((called.clone(), span));
        }
    });
    let (sibling, sibling_call) = sibling.filter(|_| !calls_helper)?;
    Some(HelperCandidate { helper, user, sibling, sibling_call })
}

/// Calls `visit` for every expression of a function's own frame.
fn each_in_function<'m>(module: &'m Module, function: &'m Function, mut visit: impl FnMut(ExprId, &'m ExprKind, Span)) {
    walk::each_stmt(&function.body, |stmt| {
        walk::own_exprs(module, stmt, &mut |root| {
            walk::each_expr(module, root, |id, expr| visit(id, &expr.kind, expr.span));
        });
    });
}

/// Decides over all modules of a package which candidates nothing uses.
///
/// A use is an attribute or variable of that name, a string that is the name, a string that such a name can be made
/// from (`"get_%s_path"`), another definition of it, or its occurrence in text that could not be read.
#[must_use]
pub fn unused_helpers(modules: &[(&Module, &Structure)]) -> Vec<RawUnusedHelper> {
    if modules.iter().all(|(_, found)| found.helpers.is_empty()) {
        return Vec::new();
    }
    let package = Package::read(modules);
    let mut unused = Vec::new();
    for (index, (module, found)) in modules.iter().enumerate() {
        let constants = if found.helpers.is_empty() { FxHashMap::default() } else { constants(module) };
        for candidate in &found.helpers {
            let Some(function) = module.function(candidate.helper) else { continue };
            if package.uses(&function.name) {
                continue;
            }
            unused.push(RawUnusedHelper {
                module: index,
                candidate: candidate.clone(),
                unused: unused_constants(&package, module, index, function, &constants),
            });
        }
    }
    unused
}

/// The names and strings of a package, each text read once.
#[derive(Default)]
struct Package<'m> {
    /// Attributes, imported names, strings: what can name something of another module.
    outside: FxHashSet<&'m str>,
    /// Variables that are read.
    variables: FxHashSet<&'m str>,
    /// How often a function of that name is defined.
    defined: FxHashMap<&'m str, u32>,
    /// How often a string constant is written.
    strings: FxHashMap<&'m str, u32>,
    /// How often a module variable is read: module, variable.
    reads: FxHashMap<(usize, SlotRef), u32>,
    /// Beginnings, with their `_`, and endings, from their `_`, of names that code may put together.
    starts: FxHashSet<&'m str>,
    ends: FxHashSet<&'m str>,
    /// Names in text that could not be read.
    lost: FxHashSet<&'m str>,
}

impl<'m> Package<'m> {
    fn read(modules: &[(&'m Module, &Structure)]) -> Self {
        let mut package = Self::default();
        for (index, (module, _)) in modules.iter().enumerate() {
            let module: &'m Module = module;
            for function in &module.functions {
                *package.defined.entry(&function.name).or_default() += 1;
                walk::each_stmt(&function.body, |stmt| package.statement(stmt));
            }
            for expr in &module.exprs {
                match &expr.kind {
                    ExprKind::Attr { name, .. } => {
                        package.outside.insert(name);
                    }
                    ExprKind::Free(name) => {
                        package.variables.insert(name);
                    }
                    ExprKind::Slot(slot) => {
                        package.variables.insert(slot_name(module, *slot));
                        if slot.func == FuncId::MODULE {
                            *package.reads.entry((index, *slot)).or_default() += 1;
                        }
                    }
                    ExprKind::Const(Const::Str(text)) => package.string(text),
                    _ => {}
                }
            }
            package.lost_text(module);
        }
        package
    }

    fn statement(&mut self, stmt: &'m Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => {
                for target in targets {
                    if let Target::Attr { name, .. } = target {
                        self.outside.insert(name);
                    }
                }
            }
            StmtKind::ImportFrom { name, .. } => {
                self.outside.insert(name);
            }
            _ => {}
        }
    }

    fn string(&mut self, text: &'m str) {
        /// Longer text is not a piece of a name.
        const LONGEST: usize = 200;
        self.outside.insert(text);
        *self.strings.entry(text).or_default() += 1;
        if text.len() > LONGEST {
            return;
        }
        let start = text.find(['%', '{']).and_then(|end| text.get(..end)).unwrap_or(text);
        if start.ends_with('_') {
            self.starts.insert(start);
        }
        let end = text.rfind('_').and_then(|at| text.get(at..)).unwrap_or("");
        let before = text.len() - end.len();
        if text.get(..before).is_some_and(|head| head.is_empty() || head.ends_with(['s', 'r', '}'])) {
            self.ends.insert(end);
        }
    }

    /// Takes the names around text that could not be read: the parser may have dropped what stands there.
    fn lost_text(&mut self, module: &'m Module) {
        const AROUND: u32 = 4096;
        for note in module.diagnostics.iter().filter(|note| note.lost) {
            let start = module.text.floor_char_boundary(note.span.start.saturating_sub(AROUND) as usize);
            let end = module.text.ceil_char_boundary(note.span.end.saturating_add(AROUND) as usize);
            let around = module.text.get(start..end.min(module.text.len())).unwrap_or("");
            self.lost.extend(around.split(|character: char| character != '_' && !character.is_alphanumeric()));
        }
    }

    /// True if something other than its definition may name this method.
    fn uses(&self, name: &str) -> bool {
        let mut cuts = name.match_indices('_').filter_map(|(at, _)| Some((name.get(..=at)?, name.get(at..)?)));
        // Around lost text the definition itself may stand, and then the method is in doubt as well.
        self.outside.contains(name)
            || self.variables.contains(name)
            || self.lost.contains(name)
            || self.defined.get(name) != Some(&1)
            || cuts.any(|(start, end)| self.starts.contains(start) || self.ends.contains(end))
    }
}

fn slot_name(module: &Module, slot: SlotRef) -> &str {
    module.function(slot.func).and_then(|owner| owner.slots.get(slot.slot as usize)).map_or("", |slot| &slot.name)
}

/// The constants that nothing in the package but the helper uses: module variables and strings.
fn unused_constants(
    package: &Package<'_>,
    module: &Module,
    index: usize,
    helper: &Function,
    constants: &FxHashMap<SlotRef, Option<ExprId>>,
) -> Vec<UnusedConstant> {
    let mut variables: BTreeMap<SlotRef, u32> = BTreeMap::new();
    let mut strings: BTreeMap<&str, u32> = BTreeMap::new();
    each_in_function(module, helper, |_, kind, _| match kind {
        ExprKind::Slot(slot) if slot.func == FuncId::MODULE => *variables.entry(*slot).or_default() += 1,
        ExprKind::Const(Const::Str(text)) if text.chars().any(char::is_alphanumeric) => {
            *strings.entry(text).or_default() += 1;
        }
        _ => {}
    });
    if let Some(doc) = &helper.doc {
        strings.remove(&**doc);
    }
    let mut unused = Vec::new();
    for (slot, count) in variables {
        let Some(value) = constants.get(&slot).copied().flatten() else { continue };
        let name = slot_name(module, slot);
        if package.reads.get(&(index, slot)) == Some(&count) && !package.outside.contains(name) {
            let text = walk::string_of(module, value).map(str::to_owned);
            let value = text.unwrap_or_else(|| walk::quote_expr(module, value));
            unused.push(UnusedConstant { name: Some(name.into()), value });
        }
    }
    for (text, count) in strings {
        if package.strings.get(text) == Some(&count) && !unused.iter().any(|known| known.value == text) {
            unused.push(UnusedConstant { name: None, value: text.to_owned() });
        }
    }
    unused
}

/// The module variables that the module body assigns at its top level, with the constant of those assigned once.
fn constants(module: &Module) -> FxHashMap<SlotRef, Option<ExprId>> {
    let mut found: FxHashMap<SlotRef, Option<ExprId>> = FxHashMap::default();
    let body = module.function(FuncId::MODULE).map(|function| function.body.as_slice()).unwrap_or_default();
    for stmt in body {
        let StmtKind::Assign { targets, value } = &stmt.kind else { continue };
        let constant = module.expr(*value).is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_)));
        for target in targets {
            if let Target::Slot(slot, _) = target {
                found.entry(*slot).and_modify(|known| *known = None).or_insert(constant.then_some(*value));
            }
        }
    }
    found
}
