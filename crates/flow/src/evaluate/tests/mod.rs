//! Tests: literals computed by CPython, a differential test against the CPython at hand, and hostile operands.

mod differential;
mod hostile;
mod literal;
mod pool;

use super::{Budget, Concrete};

/// A budget that no test of correctness reaches.
pub(super) fn ample() -> Budget {
    Budget::new(50_000_000, 50_000_000)
}

pub(super) fn s(text: &str) -> Concrete {
    Concrete::text(text)
}

pub(super) fn y(bytes: &[u8]) -> Concrete {
    Concrete::bytes(bytes)
}

fn i(number: i64) -> Concrete {
    Concrete::Int(number)
}

fn list(items: Vec<Concrete>) -> Concrete {
    super::list_of(items, &mut ample()).expect("bounded")
}

fn tuple(items: Vec<Concrete>) -> Concrete {
    super::tuple_of(items, &mut ample()).expect("bounded")
}

fn set(items: Vec<Concrete>) -> Concrete {
    super::set_of(items, &mut ample()).expect("hashable")
}

fn dict(pairs: Vec<(Concrete, Concrete)>) -> Concrete {
    super::dict_of(pairs, &mut ample()).expect("hashable")
}
