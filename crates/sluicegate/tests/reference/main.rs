//! What a review of two real files must say, must not say, and how it changes when one fact changes.
//!
//! - `request` and `sync_tables` check every claim of the two reference reviews against typed evidence. The reviewed
//!   files are fetched with their packages from the index of the machine's pip, and checked against their digests. Where
//!   the index cannot be reached these tests say so and count as ignored; with `SLUICE_REQUIRE_REGISTRY=1` they fail.
//! - `twins` holds files of the same shapes that are our own, in which one fact at a time is changed. They need no index.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure here is a failed test"
)]

mod request;
mod source;
mod subject;
mod sync_tables;
mod twins;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use source::{Missing, Sdist};
use subject::Subject;

/// A check of one subject.
type Check = fn(&Subject);

/// The subjects of the reference tests.
struct Subjects {
    request: Arc<Subject>,
    sync_tables: Arc<Subject>,
    sync_tables_in_package: Arc<Subject>,
}

impl Subjects {
    fn fetch() -> Result<Self, Missing> {
        let analytics = Sdist::ANALYTICS.fetch()?;
        let carto = Sdist::CARTO.fetch()?;
        Ok(Self {
            request: Arc::new(analytics.file("analytics/request.py")),
            sync_tables: Arc::new(carto.file("carto/sync_tables.py")),
            sync_tables_in_package: Arc::new(carto.inside("carto/sync_tables.py")),
        })
    }
}

/// One trial for each check, which fails with the reason if there is no subject.
fn trials(
    group: &str,
    checks: &[(&str, Check)],
    subjects: &Result<Subjects, Missing>,
    choose: fn(&Subjects) -> &Arc<Subject>,
) -> Vec<Trial> {
    let required = std::env::var_os("SLUICE_REQUIRE_REGISTRY").is_some_and(|value| value == "1");
    let unreachable = matches!(subjects, Err(Missing::Unreachable(_)));
    checks
        .iter()
        .map(|(name, check)| {
            let check = *check;
            let subject = subjects.as_ref().map(|subjects| Arc::clone(choose(subjects))).map_err(ToString::to_string);
            Trial::test(format!("{group}::{name}"), move || {
                check(&*subject?);
                Ok(())
            })
            .with_ignored_flag(unreachable && !required)
        })
        .collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let subjects = if arguments.list { Err(Missing::Unreachable("not asked".to_owned())) } else { Subjects::fetch() };
    if let (Err(Missing::Unreachable(why)), false) = (&subjects, arguments.list) {
        eprintln!("skipped: the tests of the two reference files: {why}");
    }
    let mut all = twins::trials();
    all.extend(trials("request", request::CHECKS, &subjects, |subjects| &subjects.request));
    all.extend(trials("sync_tables", sync_tables::ALONE, &subjects, |subjects| &subjects.sync_tables));
    all.extend(trials("sync_tables_in_package", sync_tables::IN_PACKAGE, &subjects, |subjects| {
        &subjects.sync_tables_in_package
    }));
    libtest_mimic::run(&arguments, all).exit_code()
}
