//! Reviews of real packages, which need the package index of the machine's pip.
//!
//! Where the index cannot be reached these tests say so and count as ignored. With `SLUICE_REQUIRE_REGISTRY=1` they
//! fail instead.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const PACKAGE: &str = "pypi:analytics-python@1.4.post1";

fn review(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sluice")).arg("review").args(args).output().unwrap()
}

/// Why the index cannot be used, in the words of the program; `None` if it can.
fn unreachable() -> Option<String> {
    let output = review(&[PACKAGE, "--format", "report"]);
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let of_the_index =
        ["cannot be fetched", "answers with status", "no package index is set up", "set not to use an index"];
    (output.status.code() == Some(2) && of_the_index.iter().any(|words| stderr.contains(words))).then_some(stderr)
}

fn check(holds: bool, what: impl Into<Failed>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn json(output: &Output) -> Result<Value, Failed> {
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn the_main_job_gives_a_report() -> Result<(), Failed> {
    let output = review(&[PACKAGE, "--format", "json"]);
    check(output.status.code() == Some(0), format!("{output:?}"))?;
    let review = json(&output)?;
    check(review["target"] == PACKAGE, "the target is not the one typed")?;
    check(review["verdict"] == "benign", format!("the verdict is {}", review["verdict"]))?;
    let files = review["files"].as_array().unwrap();
    check(
        files.iter().any(|file| file["file"].as_str().unwrap().ends_with("analytics/request.py")),
        "a file is missing",
    )?;
    let purpose = review["report"]["purpose"].as_str().unwrap();
    check(!purpose.is_empty(), "the purpose is empty")
}

fn the_bytes_do_not_depend_on_the_number_of_jobs() -> Result<(), Failed> {
    let run = |jobs| review(&[PACKAGE, "--format", "jsonl", "--jobs", jobs]).stdout;
    let one = run("1");
    check(!one.is_empty(), "there is no output")?;
    check(one == run("4"), "the output differs")
}

fn a_version_that_does_not_exist_is_2() -> Result<(), Failed> {
    let output = review(&["pypi:analytics-python@99999.0"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    check(output.status.code() == Some(2), format!("{output:?}"))?;
    check(stderr.contains("has no version `99999.0`"), stderr)
}

fn a_package_that_does_not_exist_is_2() -> Result<(), Failed> {
    let output = review(&["pypi:sluice-no-such-package-0"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    check(output.status.code() == Some(2), format!("{output:?}"))?;
    check(stderr.contains("has no project `sluice-no-such-package-0`"), stderr)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("SLUICE_REQUIRE_REGISTRY").is_some_and(|value| value == "1");
    let unreachable = if arguments.list || required { None } else { unreachable() };
    if let Some(why) = &unreachable {
        eprintln!("skipped: the tests of the registry: {why}");
    }
    let skip = unreachable.is_some();
    let trials = vec![
        Trial::test("the_main_job_gives_a_report", the_main_job_gives_a_report),
        Trial::test("the_bytes_do_not_depend_on_the_number_of_jobs", the_bytes_do_not_depend_on_the_number_of_jobs),
        Trial::test("a_version_that_does_not_exist_is_2", a_version_that_does_not_exist_is_2),
        Trial::test("a_package_that_does_not_exist_is_2", a_package_that_does_not_exist_is_2),
    ];
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(skip)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
