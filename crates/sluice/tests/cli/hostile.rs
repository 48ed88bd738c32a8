//! Input that wants to break the reader, its worker or the terminal.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::place::{PLAIN, Place, Ran, THIEF, ran};

fn run_with_killer(place: &Place, killer: &str, args: &[&str]) -> Ran {
    ran(place.command().env("SLUICE_TEST_CRASH_ON", killer).args(args))
}

fn unread(review: &serde_json::Value) -> Vec<String> {
    let unread = review["coverage"]["unread"].as_array().unwrap();
    unread
        .iter()
        .filter(|entry| entry["matters"] == true)
        .map(|entry| entry["file"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
#[cfg(debug_assertions)]
fn a_dead_worker_costs_one_file_and_not_the_run() {
    let mut place = Place::with_both();
    for number in 0..9 {
        place = place.file(&format!("set/module_{number}.py"), format!("NUMBER = {number}\n"));
    }
    let args = ["review", "plain.py", "set", "thief.py", "--format", "jsonl"];
    let ran = run_with_killer(&place, "module_6.py", &args);
    let reviews = ran.lines();
    assert_eq!(reviews.len(), 3);
    assert_eq!(ran.code, 1, "the thief is still found");
    let set = &reviews[1];
    assert_eq!(set["verdict"], "inconclusive");
    assert_eq!(unread(set), ["module_6.py"]);
    assert_eq!(set["coverage"]["files"], 8, "all other files were reviewed");
    let why = set["coverage"]["unread"][0]["why"].as_str().unwrap();
    assert!(why.contains("crashed"), "{why}");

    let undisturbed = place.run(&args).lines();
    assert_eq!(undisturbed[0], reviews[0]);
    assert_eq!(undisturbed[2], reviews[2]);
}

#[test]
#[cfg(debug_assertions)]
fn a_single_file_that_kills_is_inconclusive_and_3() {
    let place = Place::with_both();
    let ran = run_with_killer(&place, "plain.py", &["review", "plain.py", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let review = ran.json();
    assert_eq!(review["verdict"], "inconclusive");
    assert_eq!(unread(&review), ["plain.py"]);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);

    let ran = run_with_killer(&place, "plain.py", &["review", "plain.py", "thief.py"]);
    assert_eq!(ran.code, 1, "a threshold comes before inconclusive");
    let ran = run_with_killer(&place, "plain.py", &["review", "plain.py", "missing.py"]);
    assert_eq!(ran.code, 2, "usage comes before inconclusive");
}

#[test]
#[cfg(unix)]
fn control_characters_of_names_do_not_reach_the_terminal() {
    let name = "evil\u{1b}[2J\u{7}\u{202e}\nname.py";
    let place = Place::new().file(name, THIEF).file(&format!("set/{name}"), THIEF).file("set/ok.py", PLAIN);
    for format in ["text", "markdown", "json", "jsonl"] {
        for color in ["never", "always"] {
            let ran = place.run(&["review", name, "set", "--format", format, "--color", color]);
            assert_eq!(ran.code, 1);
            assert!(!ran.stdout.contains("\u{1b}[2J"), "{format}");
            assert!(!ran.stdout.contains(['\u{7}', '\u{202e}']), "{format}");
        }
    }
    let ran = place.run(&["review", "missing\u{1b}[2J\u{7}.py"]);
    assert_eq!(ran.code, 2);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}']), "{:?}", ran.stderr);
    let ran = place.run(&["explain", "\u{1b}[2Jx"]);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::with_both();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(place.path("."))
        .args(["review", "--format", "jsonl", "--jobs", "1"])
        .args(std::iter::repeat_n("plain.py", 40))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 1];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn nesting_without_bound_is_an_ordinary_result() {
    let place = Place::new()
        .file("brackets.py", "(".repeat(200_000))
        .file("minus.py", format!("x = {}1\n", "-".repeat(200_000)))
        .file("bytes.py", [0xff, 0xfe, 0x00, 0x80, b'\n', 0xc3].repeat(1000))
        .file("empty.py", "");
    for file in ["brackets.py", "minus.py", "bytes.py", "empty.py"] {
        let ran = place.run(&["review", file, "--format", "json"]);
        assert!(ran.code == 0 || ran.code == 3, "{file}: {} {}", ran.code, ran.stderr);
        assert_eq!(ran.json()["target"], file);
    }
}

#[test]
fn nothing_in_the_package_is_obeyed() {
    let place = Place::new()
        .file("set/thief.py", format!("# sluice: ignore\n# noqa\n# nosec\n{THIEF}"))
        .file("set/.sluiceignore", "thief.py\n")
        .file("set/.gitignore", "*.py\n")
        .file("set/sluice.toml", "fail-on = \"none\"\n");
    let ran = place.run(&["review", "set", "--format", "json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json()["coverage"]["files"], 1);
}
