//! The command as a user sees it: arguments in, bytes and a code out.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a failure here is a failed test"
)]

mod changes;
mod codes;
mod dev;
mod docs;
mod eval;
mod excluded;
mod flows;
mod formats;
mod front;
mod hidden;
mod honest;
mod hostile;
mod javascript;
mod knowledge;
mod objects;
mod place;
mod spellings;
mod train;
