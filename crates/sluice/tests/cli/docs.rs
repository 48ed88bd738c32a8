//! The documentation is held against the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sluice_isolation::{WorkerLimits, wall_clock};
use sluicegate::intake::Limits;

use crate::place::Place;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// `TRYCMD=overwrite` writes what the program prints into the page.
#[test]
fn the_usage_page_shows_what_the_program_prints() {
    assert!(page("usage.md").is_file());
    trycmd::TestCases::new().register_bin("sluice", Path::new(env!("CARGO_BIN_EXE_sluice"))).case(page("usage.md"));
}

/// Every row of the table, in its order: what stands there is what the program does, and nothing else stands there.
#[test]
fn the_table_of_limits_is_true() {
    let text = fs::read_to_string(page("limits.md")).unwrap();
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let row = |what: &str, limit: String| format!("| {what} | {limit} |");
    let limits = Limits::default();
    let worker = WorkerLimits::default();
    let per_mib = wall_clock(1 << 20) - wall_clock(0);
    let rows = [
        row("bytes of one file, or of one archive inside another", mib(limits.file_bytes)),
        row("bytes of a target, unpacked", mib(limits.package_bytes)),
        row("files, folders and links of a target", thousands(limits.entries)),
        row(
            &format!("unpacked bytes for one packed byte, from {} on", mib(limits.ratio_from)),
            limits.ratio.to_string(),
        ),
        row("archives inside archives, the outermost counted", limits.archive_depth.to_string()),
        row("bytes fetched for one version of a registry package", mib(limits.fetch_bytes)),
        row("bytes kept of a file that is not text", mib(limits.binary_bytes)),
        row("bytes of one file of data that code is given which reads it", mib(sluicegate::DATA_FILE_BYTES)),
        row("the same, of all such files of a package", mib(sluicegate::DATA_BYTES)),
        row("memory of one xz stream", mib(limits.xz_memory)),
        row("words and signs of one text", thousands(sluice_syntax::MAX_TOKENS as u64)),
        row("the same, by the slower parser for broken Python", thousands(sluice_syntax::MAX_TOKENS_ROBUST as u64)),
        row("bytes of one text, by that parser", thousands(sluice_syntax::MAX_BYTES_ROBUST as u64)),
        row(
            "nesting of expressions, and of statements, that is analyzed",
            thousands(u64::from(sluice_syntax::MAX_DEPTH)),
        ),
        row("nesting of expressions that is followed, over all calls", thousands(u64::from(sluice_flow::MOST_NESTING))),
        row("items of one list", thousands(sluice_flow::MOST_ITEMS as u64)),
        row("evaluation steps of a file", thousands(sluice_flow::EVALUATION_STEPS_FILE)),
        row("evaluation steps of a package", thousands(sluice_flow::EVALUATION_STEPS)),
        row("bytes that evaluation produces for a file", mib(sluice_flow::EVALUATION_BYTES_FILE)),
        row("bytes that evaluation produces for a package", mib(sluice_flow::EVALUATION_BYTES)),
        row("layers inside layers", sluice_flow::MOST_LAYER_DEPTH.to_string()),
        row("layers of a package", thousands(sluice_flow::MOST_LAYERS as u64)),
        row(
            "dependencies from addresses that are read of one `package.json`",
            sluice_syntax::MOST_ADDRESSES.to_string(),
        ),
        row("commands that are read of one build file of `node-gyp`", sluice_syntax::MOST_COMMANDS.to_string()),
        row(
            "lines that are tried as the beginning of a script of a component whose template is no HTML",
            sluice_syntax::MOST_TRIED.to_string(),
        ),
        row("bytes of one layer", mib(sluice_flow::LONGEST_LAYER as u64)),
        row("memory of a worker", mib(worker.memory)),
        row(
            "processor time of a worker",
            format!("{} s, and {} s for each MiB", worker.processor_seconds, worker.processor_seconds_per_mib),
        ),
        row(
            "wall clock of a worker, a last resort",
            format!("{} s, and {} s for each MiB", wall_clock(0).as_secs(), per_mib.as_secs()),
        ),
    ];
    // The first line of the table is its head.
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(table, rows);
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// Every flag that the help of a verb names stands on the page of that verb.
#[test]
fn every_flag_stands_on_its_page() {
    for (verb, name) in [
        ("review", "usage.md"),
        ("explain", "usage.md"),
        ("behaviors", "usage.md"),
        ("eval", "eval.md"),
        ("train", "training.md"),
    ] {
        let text = fs::read_to_string(page(name)).unwrap();
        let help = Place::new().run(&[verb, "--help"]).stdout;
        let flags: Vec<&str> = help
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")))
            .collect();
        assert!(flags.contains(&"--help"), "{help}");
        for flag in flags.into_iter().filter(|flag| *flag != "--help") {
            let shown = [format!("`{flag}`"), format!("`{flag} ")];
            assert!(
                shown.iter().any(|shown| text.contains(shown)),
                "docs/{name} does not explain `{flag}` of `{verb}`"
            );
        }
    }
}

/// The names of all properties in a schema.
fn properties_of(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            let properties = object.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(|properties| properties.keys().cloned()));
            object.values().for_each(|value| properties_of(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| properties_of(item, names)),
        _ => {}
    }
}

/// Every key of a review, and of its parts, stands on the page.
#[test]
fn every_key_of_the_json_stands_on_its_page() {
    let text = fs::read_to_string(page("json.md")).unwrap();
    let mut names = BTreeSet::new();
    properties_of(&serde_json::from_str(sluicegate::render::SCHEMA).unwrap(), &mut names);
    assert!(names.contains("report_number") && names.contains("reviewer"), "{names:?}");
    for name in names {
        assert!(text.contains(&format!("`{name}`")), "docs/json.md does not explain `{name}`");
    }
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

/// Every file and folder of a crate has its place in the architecture.
#[test]
fn the_architecture_names_every_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, list) = text.split_once("\n## Where to look\n").unwrap();
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (_, own) = list.split_once(&format!("**{name}**: ")).unwrap_or_else(|| panic!("crate {name} has no place"));
        let own = own.split("**").next().unwrap();
        let mut names = names_in(&folder.join("src"));
        if name == "flow" {
            // The engine's files are told one by one.
            names.extend(names_in(&folder.join("src/engine")));
        }
        for file in names {
            assert!(own.contains(&format!("`{file}`")), "ARCHITECTURE.md has no place for `{file}` of {name}");
        }
    }
}

/// The modules of a folder by their names; folders end with a slash.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if ["lib", "main", "mod", "tests"].contains(&stem.as_str()) || stem.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            names.push(format!("{stem}/"));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.push(stem);
        }
    }
    names
}
