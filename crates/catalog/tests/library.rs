//! The models of JavaScript and of Node's modules name functions that are there, with no fewer parameters than they take.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use sluice_catalog::{Catalog, Model};

/// The version that the models are compared with. Others lack functions.
const VERSION: &str = "v20.";

/// Models that this version does not have in the form in which they are called, with the reason.
const DIFFERENT: &[(&str, &[&str])] = &[
    (
        "it came with a later version",
        &[
            "Array.fromAsync",
            "ArrayBuffer.transfer",
            "JSON.rawJSON",
            "Map.groupBy",
            "Object.groupBy",
            "Promise.try",
            "Promise.withResolvers",
            "RegExp.escape",
            "Set.difference",
            "Set.intersection",
            "Set.isDisjointFrom",
            "Set.isSubsetOf",
            "Set.isSupersetOf",
            "Set.symmetricDifference",
            "Set.union",
            "Uint8Array.fromBase64",
            "Uint8Array.fromHex",
            "Uint8Array.toBase64",
            "Uint8Array.toHex",
            "assert.partialDeepStrictEqual",
            "fs.glob",
            "fs.globSync",
            "fs.promises.glob",
            "module.enableCompileCache",
            "module.findPackageJSON",
            "module.registerHooks",
            "module.stripTypeScriptTypes",
            "util.getCallSites",
        ],
    ),
    (
        "it is there only in a process that another one forked",
        &[
            "child_process.ChildProcess.disconnect",
            "child_process.ChildProcess.send",
            "process.disconnect",
            "process.send",
        ],
    ),
    ("it is there only if a flag says so", &["vm.SourceTextModule"]),
    ("the kinds of keys have it, not their base", &["crypto.KeyObject.export"]),
    ("a generator is a list here, and has what an iterator has", &["Array.next", "Array.return", "Array.throw"]),
    ("what else it takes is not documented", &["assert.fail", "fs.promises.opendir"]),
];

/// The themes that model the language and Node alone.
fn is_of_the_library(theme: &str) -> bool {
    theme.starts_with("node_") || ["language", "values", "globals", "buffers", "urls"].contains(&theme)
}

fn line(model: &Model) -> String {
    let positional = model.params.iter().filter(|param| param.name != "self" && !param.named_only && param.stars == 0);
    let count = match model.params.iter().any(|param| param.stars > 0) {
        true => "*".to_owned(),
        false => positional.count().to_string(),
    };
    let kind = if model.is_method() { "method" } else { "function" };
    format!("{}\t{count}\t{kind}\n", model.symbol)
}

/// What differs, by symbol, and how many were compared; nothing without the right Node.
fn compare(lines: &str) -> Option<(BTreeMap<String, String>, usize)> {
    let version = Command::new("node").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).starts_with(VERSION) {
        return None;
    }
    let mut child = Command::new("node")
        .args(["--no-warnings", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/library.mjs")])
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
    Some((different.map(|(symbol, why)| (symbol.to_owned(), why.to_owned())).collect(), compared))
}

#[test]
fn models_of_the_language_and_of_node_are_functions_that_are_there() {
    let mut catalog = Catalog::default();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/javascript")).unwrap() {
        let path = entry.unwrap().path();
        if is_of_the_library(path.file_stem().unwrap().to_str().unwrap()) {
            catalog.load_theme(path.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()).unwrap();
        }
    }
    let symbols = catalog.symbols();
    let models = symbols.iter().filter_map(|symbol| catalog.model(symbol).filter(|model| model.symbol == *symbol));
    // A value that is called itself has its model under a name of the catalog's own.
    let models = models.filter(|model| !model.symbol.ends_with(".__call__"));
    let Some((different, compared)) = compare(&models.map(line).collect::<String>()) else {
        eprintln!("skipped: no node of version {VERSION}");
        return;
    };
    assert!(compared > 1300, "only {compared} models could be compared");
    let allowed: Vec<&str> = DIFFERENT.iter().flat_map(|(_, symbols)| symbols.iter().copied()).collect();
    let wrong: Vec<_> = different.iter().filter(|(symbol, _)| !allowed.contains(&symbol.as_str())).collect();
    assert!(wrong.is_empty(), "{} models differ: {wrong:#?}", wrong.len());
    let stale: Vec<_> = allowed.iter().filter(|symbol| !different.contains_key(**symbol)).collect();
    assert!(stale.is_empty(), "these are there and need no exception: {stale:?}");
}
