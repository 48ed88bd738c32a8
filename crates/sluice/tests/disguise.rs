//! The disguise suite, `tests/disguise/`: a fixed small part of it, with the known misses listed.
//!
//! Behaviors and verdicts must survive every transformation, and honest modules must not be accused in disguise, but for
//! what `known-misses.tsv` lists with its reason; what is listed and right fails too. That a transformation keeps what a
//! program does is tested apart, under a stub that records every call. Both need Python 3.11; without it they count as
//! ignored, and with `SLUICE_REQUIRE_PYTHON=1` they fail.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// The interpreter: of the variable `PYTHON`, else `python3`.
fn python() -> Command {
    Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()))
}

fn available() -> bool {
    let asked = python().args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).output();
    asked.is_ok_and(|output| output.status.success())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disguise")
}

/// Runs a script of the suite. Its own words are the failure.
fn run(script: &str, args: &[&str]) -> Result<(), Failed> {
    let output = python().arg("-B").arg(folder().join(script)).args(args).current_dir(folder()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{script}: {}\n{stdout}\n{stderr}", output.status).into())
}

fn disguises_are_seen_through_but_for_the_known_misses() -> Result<(), Failed> {
    run("known.py", &[env!("CARGO_BIN_EXE_sluice")])
}

fn a_disguise_leaves_the_record_of_its_original() -> Result<(), Failed> {
    run("stub.py", &[])
}

fn the_record_tells_programs_apart() -> Result<(), Failed> {
    run("stub.py", &["--sabotage"])
}

/// The figures are only printed: what the JavaScript part misses is not listed yet.
fn a_disguise_of_javascript_leaves_the_record_of_its_original() -> Result<(), Failed> {
    run("javascript/measure.py", &[env!("CARGO_BIN_EXE_sluice")])
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("SLUICE_REQUIRE_PYTHON").is_some_and(|value| value == "1");
    let skip = !arguments.list && !required && !available();
    if skip {
        eprintln!("skipped: the disguise suite: there is no Python 3.11");
    }
    let trials = vec![
        Trial::test(
            "disguises_are_seen_through_but_for_the_known_misses",
            disguises_are_seen_through_but_for_the_known_misses,
        ),
        Trial::test("a_disguise_leaves_the_record_of_its_original", a_disguise_leaves_the_record_of_its_original),
        Trial::test("the_record_tells_programs_apart", the_record_tells_programs_apart),
    ];
    let javascript = Trial::test(
        "a_disguise_of_javascript_leaves_the_record_of_its_original",
        a_disguise_of_javascript_leaves_the_record_of_its_original,
    );
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(skip));
    let trials = trials.chain([javascript.with_ignored_flag(skip || !node)]).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
