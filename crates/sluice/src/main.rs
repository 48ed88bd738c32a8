//! The command `sluice`: reads the command line, runs one verb, ends with its code.

mod bisect;
mod cli;
mod dev;
mod eval;
mod exit;
mod explain;
mod floor;
mod output;
mod review;
mod train;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Verb};

/// The interpreter makes and drops small values all the time: the system's allocator took a quarter of a review.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Review(args) => review::run(&args),
        Verb::Eval(args) => eval::run(&args),
        Verb::Train(args) => train::run(&args),
        Verb::Explain(args) => explain::explain(&args),
        Verb::Behaviors(args) => explain::behaviors(&args),
        Verb::Dev(args) => dev::run(&args),
        Verb::Worker => worker::serve(),
    };
    match result {
        Ok(code) => code.into(),
        Err(failure) => {
            failure.tell();
            failure.code().into()
        }
    }
}
