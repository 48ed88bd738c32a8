//! How a request ends that gets no answer.

use std::fmt;
use std::time::Duration;

/// A request that got no answer, because its worker died over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerDeath {
    /// Why the worker is dead.
    pub why: Cause,
    /// The last lines that the worker wrote to its standard error, at most 8 KiB. They may hold anything: escape them before showing them.
    pub stderr: String,
}

/// Why a worker is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It used up its processor time, and was killed.
    OutOfProcessorTime,
    /// It took longer than the request's wall clock, and was killed.
    TimedOut {
        /// The wall clock of the request.
        after: Duration,
    },
    /// It took more memory than it may, and was killed, or gave up.
    OutOfMemory,
    /// Something else killed it; most likely the system, being short of memory.
    Killed,
    /// It died of a signal.
    Crashed {
        /// The signal's number.
        signal: i32,
    },
    /// It ended by itself instead of answering.
    Exited {
        /// The exit status; none if the system gives none.
        status: Option<i32>,
    },
    /// It wrote something that is no answer, and was killed.
    Garbage,
    /// Its answer was larger than is taken, and it was killed.
    AnswerTooLarge,
    /// It could not be started.
    NotStarted {
        /// The system's answer.
        why: String,
    },
}

impl fmt::Display for WorkerDeath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Cause::TimedOut { after } => write!(f, "the worker was stopped after {} seconds", after.as_secs_f64()),
            Cause::OutOfProcessorTime => f.write_str("the worker used up the processor time it may take"),
            Cause::OutOfMemory => f.write_str("the worker ran out of the memory it may use"),
            Cause::Killed => f.write_str("the worker was killed, most likely by the system for want of memory"),
            Cause::Crashed { signal } => write!(f, "the worker crashed (signal {signal})"),
            Cause::Exited { status: Some(status) } => write!(f, "the worker ended without an answer (status {status})"),
            Cause::Exited { status: None } => f.write_str("the worker ended without an answer"),
            Cause::Garbage => f.write_str("the worker's output was no answer"),
            Cause::AnswerTooLarge => f.write_str("the worker's answer was too large"),
            Cause::NotStarted { why } => write!(f, "the worker could not be started: {why}"),
        }
    }
}

impl std::error::Error for WorkerDeath {}
