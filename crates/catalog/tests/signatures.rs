//! The models of Python's standard library have the parameters that the library has.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use sluice_catalog::{Catalog, ModelParam};

/// The version after which the models are written. Others rename parameters.
const VERSION: &str = "3.11";

/// Models that differ from the library on purpose, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("logging.basicConfig", "it takes only `**kwargs`, of which its documentation lists the names"),
    ("subprocess.call", "it passes its arguments on to `Popen`, whose parameters are listed instead"),
    ("subprocess.check_call", "it passes its arguments on to `Popen`, whose parameters are listed instead"),
    ("subprocess.check_output", "it passes its arguments on to `run`, whose parameters are listed instead"),
    ("subprocess.run", "it passes its arguments on to `Popen`, whose parameters are listed instead"),
    (
        "xmlrpc.client.ServerProxy.__getattr__.__call__",
        "it stands for any method of the server, and for none of the library's",
    ),
];

fn spelled(param: &ModelParam) -> String {
    format!("{}{}", "*".repeat(usize::from(param.stars)), param.name)
}

/// The symbols that differ with the library's parameters, and how many were compared; nothing without the right Python.
fn compare(lines: &str) -> Option<(BTreeMap<String, String>, usize)> {
    let version = Command::new("python3").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).output();
    let version = version.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if version.as_deref() != Some(VERSION) {
        return None;
    }
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signatures.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let compared = lines.pop().unwrap().parse().unwrap();
    let different = lines.iter().map(|line| line.split_once('\t').unwrap());
    Some((different.map(|(symbol, params)| (symbol.to_owned(), params.to_owned())).collect(), compared))
}

#[test]
fn models_of_the_standard_library_have_its_parameters() {
    let mut catalog = Catalog::default();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/python")).unwrap() {
        let path = entry.unwrap().path();
        catalog.load_theme(path.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()).unwrap();
    }
    let ours: BTreeMap<&str, String> = catalog
        .symbols()
        .into_iter()
        .filter_map(|symbol| catalog.model(symbol).filter(|model| model.symbol == symbol))
        .map(|model| (model.symbol.as_str(), model.params.iter().map(spelled).collect::<Vec<_>>().join(",")))
        .collect();
    let lines: String = ours.iter().map(|(symbol, params)| format!("{symbol}\t{params}\n")).collect();
    let Some((different, compared)) = compare(&lines) else {
        eprintln!("skipped: no python3 of version {VERSION}");
        return;
    };
    assert!(compared > 700, "only {compared} signatures could be compared");
    let allowed: BTreeSet<&str> = DIFFERENT.iter().map(|(symbol, _)| *symbol).collect();
    let wrong: Vec<String> = different
        .iter()
        .filter(|(symbol, _)| !allowed.contains(symbol.as_str()))
        .map(|(symbol, params)| format!("{symbol}\n  catalog ({})\n  library ({params})", ours[symbol.as_str()]))
        .collect();
    assert!(wrong.is_empty(), "{} models differ:\n{}", wrong.len(), wrong.join("\n"));
    let stale: Vec<&&str> = allowed.iter().filter(|symbol| !different.contains_key(**symbol)).collect();
    assert!(stale.is_empty(), "these agree and need no exception: {stale:?}");
}
