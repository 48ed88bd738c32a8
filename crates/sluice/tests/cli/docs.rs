//! The documentation is held against the program.

use std::fs;
use std::path::{Path, PathBuf};

use sluice_isolation::{WorkerLimits, wall_clock};
use sluicegate::intake::Limits;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// `TRYCMD=overwrite` writes what the program prints into the page.
#[test]
fn the_usage_page_shows_what_the_program_prints() {
    assert!(page("usage.md").is_file());
    trycmd::TestCases::new().register_bin("sluice", Path::new(env!("CARGO_BIN_EXE_sluice"))).case(page("usage.md"));
}

#[test]
fn the_table_of_limits_is_true() {
    let text = fs::read_to_string(page("limits.md")).unwrap();
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let limits = Limits::default();
    let worker = WorkerLimits::default();
    let per_mib = wall_clock(1 << 20) - wall_clock(0);
    for (what, limit) in [
        ("bytes of one file, or of one archive inside another", mib(limits.file_bytes)),
        ("bytes of a target, unpacked", mib(limits.package_bytes)),
        ("files, folders and links of a target", thousands(limits.entries)),
        (&format!("unpacked bytes for one packed byte, from {} on", mib(limits.ratio_from)), limits.ratio.to_string()),
        ("archives inside archives, the outermost counted", limits.archive_depth.to_string()),
        ("bytes fetched for one version of a registry package", mib(limits.fetch_bytes)),
        ("bytes kept of a file that is not text", mib(limits.binary_bytes)),
        ("memory of one xz stream", mib(limits.xz_memory)),
        ("nesting of expressions, and of statements, that is analyzed", thousands(u64::from(sluice_syntax::MAX_DEPTH))),
        ("memory of a worker", mib(worker.memory)),
        (
            "processor time of a worker",
            format!("{} s, and {} s for each MiB", worker.processor_seconds, worker.processor_seconds_per_mib),
        ),
        (
            "wall clock of a worker, a last resort",
            format!("{} s, and {} s for each MiB", wall_clock(0).as_secs(), per_mib.as_secs()),
        ),
    ] {
        let row = format!("| {what} | {limit} |");
        assert!(text.lines().any(|line| line == row), "docs/limits.md has no row {row}");
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[test]
fn the_table_of_codes_is_the_one_of_the_help() {
    let text = fs::read_to_string(page("exit-codes.md")).unwrap();
    for code in
        ["| 0 | every target was reviewed", "| 1 | at least one target", "| 2 | wrong usage", "| 3 | no score is at"]
    {
        assert!(text.contains(code), "{code}");
    }
}
