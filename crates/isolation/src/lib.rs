//! Workers: processes of their own for what must not take the parent with it.
//!
//! A worker takes one request at a time over its standard input and answers over its standard output. It is [`serve`]d with limits on memory and processor time that the system enforces. The parent's
//! [`Pool`] keeps several workers busy, gives answers in the order of the requests, kills a worker that takes too long or too much, and says how each request that got no answer ended.
//!
//! What requests and answers mean is not known here. Nothing is retried with less work, and no request is taken apart: that is for the caller, who knows what is in it.
//!
//! On systems other than Linux fewer limits exist; [`confine`] says which ones are missing.

mod death;
mod frame;
mod pool;
mod process;
mod worker;

pub use death::{Cause, WorkerDeath};
pub use pool::{Outcome, Pool, wall_clock};
pub use worker::{Confinement, ServeError, WorkerLimits, confine, serve};
