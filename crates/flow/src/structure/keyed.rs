//! Containers that are read key by key.
//!
//! A dictionary of which every read asks for a constant key keeps alive only what stands under those keys: an item
//! that is stored under another constant key goes nowhere.

use std::collections::{BTreeMap, BTreeSet};

use sluice_syntax::ir::{ExprKind, FuncId, Function, Module, Span, Stmt, StmtKind, Target};
use smol_str::SmolStr;

use super::liveness::{Mutation, mutation};
use super::scan::Frame;
use super::walk;

/// A store under a key that nothing asks for.
pub(super) struct Unasked<'m> {
    /// The statement.
    pub(super) stmt: &'m Stmt,
    /// What it stores where.
    pub(super) mutation: Mutation<'m>,
    /// The statement that creates the container.
    pub(super) container: Span,
}

#[derive(Default)]
struct Uses<'m> {
    /// Times the variable is mentioned at all.
    mentions: u32,
    /// Times it is mentioned as the base of a constant key, read or stored.
    by_key: u32,
    /// The keys that are read.
    asked: BTreeSet<SmolStr>,
    /// Times it is bound.
    bound: u32,
    /// The creation.
    creation: Option<Span>,
    stores: Vec<(&'m Stmt, Mutation<'m>)>,
}

/// The stores of a function into dictionaries under keys that nothing asks for. Only dictionaries that are bound
/// once, to a display, and are mentioned from then on in no other way than with a constant key count.
pub(super) fn unasked<'m>(module: &'m Module, func: FuncId, function: &'m Function, frame: &Frame) -> Vec<Unasked<'m>> {
    let mut uses: BTreeMap<u32, Uses<'m>> = BTreeMap::new();
    walk::each_stmt(&function.body, |stmt| {
        super::scan::bound_by(stmt, &mut |slot| {
            if slot.func == func {
                uses.entry(slot.slot).or_default().bound += 1;
            }
        });
        if let StmtKind::Assign { targets, value } = &stmt.kind
            && let [Target::Slot(slot, _)] = targets.as_slice()
            && slot.func == func
            && matches!(module.expr(*value).map(|expr| &expr.kind), Some(ExprKind::Mapping(_)))
        {
            // A creation among the function's own statements runs once: what the variable was before does not matter.
            let once = function.body.iter().any(|own| std::ptr::eq(own, stmt));
            let uses = uses.entry(slot.slot).or_default();
            if once {
                *uses = Uses { bound: 1, ..Uses::default() };
            }
            uses.creation = Some(stmt.span);
        }
        let store = mutation(module, func, stmt)
            .filter(|store| store.index.is_some_and(|index| walk::string_of(module, index).is_some()));
        walk::own_exprs(module, stmt, &mut |root| {
            walk::each_expr(module, root, |_, expr| match &expr.kind {
                ExprKind::Slot(slot) if slot.func == func => uses.entry(slot.slot).or_default().mentions += 1,
                ExprKind::Index { base, index } => {
                    if let Some(ExprKind::Slot(slot)) = module.expr(*base).map(|expr| &expr.kind)
                        && slot.func == func
                        && let Some(key) = walk::string_of(module, *index)
                    {
                        let uses = uses.entry(slot.slot).or_default();
                        uses.by_key += 1;
                        uses.asked.insert(SmolStr::new(key));
                    }
                }
                _ => {}
            });
        });
        if let Some(store) = store {
            let uses = uses.entry(store.slot).or_default();
            uses.by_key += 1;
            uses.stores.push((stmt, store));
        }
    });
    let mut found = Vec::new();
    for (slot, uses) in uses {
        let Some(container) = uses.creation else { continue };
        if uses.bound != 1 || uses.asked.is_empty() || uses.mentions != uses.by_key || !frame.is_private(slot) {
            continue;
        }
        for (stmt, mutation) in uses.stores {
            let key = mutation.index.and_then(|index| walk::string_of(module, index));
            if key.is_some_and(|key| !uses.asked.contains(key)) {
                found.push(Unasked { stmt, mutation, container });
            }
        }
    }
    found
}
