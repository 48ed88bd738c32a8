//! Parameters that nothing reads.

use sluice_syntax::ir::{ExprKind, FuncId, Function, FunctionKind, Module, ParamKind, Stmt, StmtKind};
use smol_str::SmolStr;

use super::scan::Scan;
use super::{Structure, walk};

/// Finds the functions with parameters that nothing in them reads.
pub(super) fn find(module: &Module, scan: &Scan, found: &mut Structure) {
    for (index, function) in module.functions.iter().enumerate() {
        let func = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        let Some(frame) = scan.frame(func) else { continue };
        if function.kind != FunctionKind::Function || frame.opaque || is_contract(module, function) {
            continue;
        }
        let receiver = receiver(module, function);
        let unused: Vec<SmolStr> = function
            .params
            .iter()
            .filter(|param| {
                Some(param.slot) != receiver
                    && param.pattern.is_none()
                    && !param.name.starts_with('_')
                    && frame.reads_of(param.slot) == 0
            })
            .map(|param| param.name.clone())
            .collect();
        if !unused.is_empty() {
            found.unused_params.push((func, unused));
        }
    }
}

/// The slot of `self` or `cls`, if the function is a method that has one.
pub(super) fn receiver(module: &Module, function: &Function) -> Option<u32> {
    let first = function.params.first()?;
    if !matches!(first.kind, ParamKind::Positional | ParamKind::PositionalOnly) {
        return None;
    }
    let named = matches!(first.name.as_str(), "self" | "cls" | "mcs" | "mcls" | "metacls");
    let in_class = class_of(module, function).is_some() && !is_decorated(module, function, &["staticmethod"]);
    (named || in_class).then_some(first.slot)
}

/// The class whose body defines the function.
pub(super) fn class_of<'m>(module: &'m Module, function: &Function) -> Option<&'m Function> {
    module.function(function.parent?).filter(|parent| parent.kind == FunctionKind::Class)
}

/// True if a decorator's last name is one of these.
fn is_decorated(module: &Module, function: &Function, names: &[&str]) -> bool {
    function.decorators.iter().any(|decorator| {
        let Some(expr) = module.expr(*decorator) else { return false };
        let text = module.slice(expr.span);
        text.rsplit('.').next().is_some_and(|last| names.contains(&last))
    })
}

/// True if others decide what the function takes and its body gives it no reason to read it: abstract and empty
/// bodies, protocol methods, one-line overrides.
fn is_contract(module: &Module, function: &Function) -> bool {
    let abstracts = ["abstractmethod", "abstractproperty", "overload", "override", "singledispatch"];
    if is_decorated(module, function, &abstracts) {
        return true;
    }
    let class = class_of(module, function);
    let special = function.name.starts_with("__") && function.name.ends_with("__");
    if class.is_some() && special && !matches!(function.name.as_str(), "__init__" | "__new__" | "__call__") {
        return true;
    }
    let is_text = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Expr(value) => walk::is_constant(module, *value),
        _ => matches!(stmt.kind, StmtKind::Pass),
    };
    let mut rest = function.body.iter().filter(|stmt| !is_text(stmt));
    match (rest.next(), rest.next()) {
        (None, _) => true,
        (Some(only), None) => match &only.kind {
            StmtKind::Raise { .. } | StmtKind::Return(None) => true,
            StmtKind::Return(Some(value)) => {
                let plain = matches!(
                    module.expr(*value).map(|expr| &expr.kind),
                    Some(ExprKind::Slot(_) | ExprKind::Free(_) | ExprKind::Attr { .. })
                );
                plain || walk::is_constant(module, *value) || class.is_some_and(|class| !class.bases.is_empty())
            }
            StmtKind::Expr(_) | StmtKind::Assign { .. } => class.is_some_and(|class| !class.bases.is_empty()),
            _ => false,
        },
        _ => false,
    }
}
