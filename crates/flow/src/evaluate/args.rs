//! Binding of the arguments of a call to the parameters of the callee.

use smol_str::SmolStr;

use super::{Concrete, truthy};

/// The arguments of one call.
pub(super) struct Args<'a> {
    /// Positional arguments.
    pub(super) pos: &'a [Concrete],
    /// Keyword arguments.
    pub(super) named: &'a [(SmolStr, Concrete)],
}

impl<'a> Args<'a> {
    /// Binds the arguments to parameters of these names, in this order; `""` names a positional-only parameter.
    /// `None` when an argument has no parameter, or a parameter two arguments.
    pub(super) fn bind<const N: usize>(&self, names: [&str; N]) -> Option<[Option<&'a Concrete>; N]> {
        let mut bound = [None; N];
        for (i, value) in self.pos.iter().enumerate() {
            *bound.get_mut(i)? = Some(value);
        }
        for (name, value) in self.named {
            if name.is_empty() {
                return None;
            }
            let i = names.iter().position(|known| known == name)?;
            let place = bound.get_mut(i)?;
            if place.is_some() {
                return None;
            }
            *place = Some(value);
        }
        Some(bound)
    }

    /// The only argument, positional.
    pub(super) fn one(&self) -> Option<&'a Concrete> {
        match (self.pos, self.named) {
            ([value], []) => Some(value),
            _ => None,
        }
    }

    /// The two arguments, positional.
    pub(super) fn two(&self) -> Option<(&'a Concrete, &'a Concrete)> {
        match (self.pos, self.named) {
            ([first, second], []) => Some((first, second)),
            _ => None,
        }
    }

    /// The positional arguments, when there are no keyword arguments.
    pub(super) fn positional(&self) -> Option<&'a [Concrete]> {
        self.named.is_empty().then_some(self.pos)
    }

    /// Whether the call has no argument.
    pub(super) fn none(&self) -> Option<()> {
        (self.pos.is_empty() && self.named.is_empty()).then_some(())
    }
}

/// An integer parameter with a default; `None` when it is given and is no integer of 64 bits.
pub(super) fn int_or(value: Option<&Concrete>, default: i64) -> Option<i64> {
    value.map_or(Some(default), Concrete::as_i64)
}

/// A text parameter with a default; `None` when it is given and is no text.
pub(super) fn str_or<'a>(value: Option<&'a Concrete>, default: &'a str) -> Option<&'a str> {
    value.map_or(Some(default), Concrete::as_str)
}

/// A truth-value parameter with a default.
pub(super) fn flag_or(value: Option<&Concrete>, default: bool) -> bool {
    value.map_or(default, truthy)
}

/// A truth-value parameter that CPython takes as an integer; `None` when it is another type.
pub(super) fn switch_or(value: Option<&Concrete>, default: bool) -> Option<bool> {
    match value {
        None => Some(default),
        Some(Concrete::Bool(_) | Concrete::Int(_)) => value.map(truthy),
        Some(_) => None,
    }
}

/// An optional bound, as of a slice: `Some(None)` when absent or Python's `None`.
pub(super) fn bound_of(value: Option<&Concrete>) -> Option<Option<i64>> {
    match value {
        None | Some(Concrete::None) => Some(None),
        Some(value) => value.as_i64().map(Some),
    }
}
