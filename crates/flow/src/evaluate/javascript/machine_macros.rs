//! How a [`Machine`](super::machine::Machine) hands on what is thrown.

/// Takes the value, or ends with what was thrown.
macro_rules! value {
    ($got:expr) => {
        match $got? {
            Got::Value(value) => value,
            Got::Throw(value) => return Ok(Got::Throw(value)),
        }
    };
}

/// The same inside of a statement.
macro_rules! value_or_end {
    ($got:expr) => {
        match $got? {
            Got::Value(value) => value,
            Got::Throw(value) => return Ok(End::Throw(value)),
        }
    };
}
