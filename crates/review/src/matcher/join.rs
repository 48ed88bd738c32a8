//! Joins the candidates of a rule's steps: variables, order, nearness, absence.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use sluice_catalog::{Rule, Step};
use sluice_flow::facts::EventId;

use super::context::Context;
use super::value::{Candidate, Identity};
use super::{JOIN_FUEL, MAX_MATCHES};

/// Complete joins: one candidate for each step.
pub(super) struct Joined {
    pub(super) matches: Vec<Vec<Candidate>>,
    pub(super) exhausted: bool,
}

/// A candidate with the identities that it binds to variables.
struct Bound<'r> {
    candidate: Candidate,
    variables: BTreeMap<&'r str, Identity>,
}

/// The candidates of one step, by identity of the variables.
struct Column<'r> {
    step: &'r Step,
    bound: Vec<Bound<'r>>,
    by_token: FxHashMap<(&'r str, u64), Vec<usize>>,
    by_event: FxHashMap<(&'r str, EventId), Vec<usize>>,
    /// Candidates that a text may join.
    with_text: FxHashMap<&'r str, Vec<usize>>,
}

impl<'r> Column<'r> {
    fn new(context: &Context<'_>, step: &'r Step, candidates: &[Candidate]) -> Self {
        let mut column = Self {
            step,
            bound: Vec::with_capacity(candidates.len()),
            by_token: FxHashMap::default(),
            by_event: FxHashMap::default(),
            with_text: FxHashMap::default(),
        };
        for (index, candidate) in candidates.iter().enumerate() {
            let mut variables: BTreeMap<&str, Identity> = BTreeMap::new();
            for (role, variable) in &step.bind {
                let identity = Identity::of(&context.views(role, *candidate), role.contains("command"));
                for token in &identity.tokens {
                    column.by_token.entry((variable, *token)).or_default().push(index);
                }
                for event in &identity.events {
                    column.by_event.entry((variable, *event)).or_default().push(index);
                }
                if identity.has_texts() {
                    column.with_text.entry(variable).or_default().push(index);
                }
                variables.insert(variable, identity);
            }
            column.bound.push(Bound { candidate: *candidate, variables });
        }
        column
    }

    /// The candidates that may join one of these identities; a superset of those that do.
    fn joining(&self, variable: &str, earlier: &[&Identity]) -> Vec<usize> {
        let mut found = Vec::new();
        for identity in earlier {
            for token in &identity.tokens {
                found.extend(self.by_token.get(&(variable, *token)).into_iter().flatten());
            }
            for event in &identity.events {
                found.extend(self.by_event.get(&(variable, *event)).into_iter().flatten());
            }
            if identity.has_texts() {
                found.extend(self.with_text.get(variable).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

struct Search<'s, 'a, 'r> {
    context: &'s Context<'a>,
    columns: &'s [Column<'r>],
    absent: &'s [Column<'r>],
    fuel: u32,
    matches: Vec<Vec<Candidate>>,
}

pub(super) fn join(
    context: &Context<'_>,
    rule: &Rule,
    candidates: &[Vec<Candidate>],
    absent: &[Vec<Candidate>],
) -> Joined {
    let columns: Vec<Column<'_>> =
        rule.steps.iter().zip(candidates).map(|(step, candidates)| Column::new(context, step, candidates)).collect();
    let absent: Vec<Column<'_>> =
        rule.absent.iter().zip(absent).map(|(step, candidates)| Column::new(context, step, candidates)).collect();
    let mut search = Search { context, columns: &columns, absent: &absent, fuel: JOIN_FUEL, matches: Vec::new() };
    search.extend(&mut Vec::new());
    Joined { matches: search.matches, exhausted: search.fuel == 0 }
}

impl<'r> Search<'_, '_, 'r> {
    /// Extends the chosen candidates (one index for each step so far) by the next step. The depth of the recursion is
    /// the number of steps of a rule.
    fn extend(&mut self, chosen: &mut Vec<usize>) {
        let Some(column) = self.columns.get(chosen.len()) else {
            if !self.absent.iter().any(|column| self.any_fits(column, chosen)) {
                let candidates = self.bound(chosen).map(|bound| bound.candidate).collect();
                self.matches.push(candidates);
            }
            return;
        };
        let next = self.next(column, chosen);
        self.fuel = self.fuel.saturating_sub(gathering(&next));
        for index in next {
            // More matches than are kept apart need not be told from each other.
            if self.fuel == 0 || self.matches.len() >= MAX_MATCHES * MAX_MATCHES {
                self.fuel = 0;
                return;
            }
            self.fuel -= 1;
            if !self.is_chosen(column, index, chosen) && self.fits(column, index, chosen) {
                chosen.push(index);
                self.extend(chosen);
                chosen.pop();
            }
        }
    }

    fn bound<'b>(&'b self, chosen: &'b [usize]) -> impl Iterator<Item = &'b Bound<'r>> + 'b {
        self.columns.iter().zip(chosen).filter_map(|(column, index)| column.bound.get(*index))
    }

    /// The identities that earlier steps bound to a variable.
    fn earlier<'b>(&'b self, variable: &str, chosen: &'b [usize]) -> Vec<&'b Identity> {
        self.bound(chosen).filter_map(|bound| bound.variables.get(variable)).collect()
    }

    /// The candidates of a column worth a look, given what is chosen.
    fn next(&self, column: &Column<'_>, chosen: &[usize]) -> Vec<usize> {
        for variable in column.step.bind.values() {
            let earlier = self.earlier(variable, chosen);
            if !earlier.is_empty() {
                return column.joining(variable, &earlier);
            }
        }
        (0..column.bound.len()).collect()
    }

    /// One candidate is no two steps. It may be what `absent` forbids, though: a connection that stands in both places.
    fn is_chosen(&self, column: &Column<'_>, index: usize, chosen: &[usize]) -> bool {
        column.bound.get(index).is_some_and(|bound| self.bound(chosen).any(|other| other.candidate == bound.candidate))
    }

    fn fits(&self, column: &Column<'_>, index: usize, chosen: &[usize]) -> bool {
        let Some(bound) = column.bound.get(index) else { return false };
        let joins = bound.variables.iter().all(|(variable, identity)| {
            let earlier = self.earlier(variable, chosen);
            earlier.is_empty() || earlier.iter().any(|other| other.shares(identity))
        });
        let named = |name: &smol_str::SmolStr| {
            let position = self.columns.iter().position(|column| column.step.name == *name)?;
            self.bound(chosen).nth(position).map(|bound| bound.candidate)
        };
        let step = column.step;
        joins
            && step
                .near
                .as_ref()
                .is_none_or(|name| named(name).is_some_and(|other| self.context.near(bound.candidate, other)))
            && step
                .other_file
                .as_ref()
                .is_none_or(|name| named(name).is_some_and(|other| self.context.in_other_file(bound.candidate, other)))
            && step
                .through
                .as_ref()
                .is_none_or(|name| named(name).is_some_and(|other| self.context.passes(bound.candidate, other)))
            && step
                .after
                .as_ref()
                .is_none_or(|name| named(name).is_some_and(|other| self.context.runs_after(bound.candidate, other)))
    }

    fn any_fits(&mut self, column: &Column<'_>, chosen: &[usize]) -> bool {
        let next = self.next(column, chosen);
        self.fuel = self.fuel.saturating_sub(gathering(&next));
        for index in next {
            if self.fuel == 0 {
                return false;
            }
            self.fuel -= 1;
            if self.fits(column, index, chosen) {
                return true;
            }
        }
        false
    }
}

/// What gathering candidates costs, in comparisons: much less than comparing them, but not nothing.
fn gathering(candidates: &[usize]) -> u32 {
    u32::try_from(candidates.len() / 8).unwrap_or(u32::MAX)
}
