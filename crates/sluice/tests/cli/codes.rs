//! The codes, and what is said where something is wrong.

use crate::place::{PLAIN, Place, THIEF, ran};

#[test]
fn nothing_at_a_threshold_is_0_and_something_is_1() {
    let place = Place::with_both();
    assert_eq!(place.run(&["review", "plain.py"]).code, 0);
    assert_eq!(place.run(&["review", "thief.py"]).code, 1);
    assert_eq!(place.run(&["review", "plain.py", "thief.py", "plain.py"]).code, 1);
}

#[test]
fn a_threshold_is_reached_at_equality() {
    let place = Place::with_both();
    let score = place.run(&["review", "thief.py", "--format", "report"]).json()["malware"].as_f64().unwrap();
    let code = |fail_on: &str| place.run(&["review", "thief.py", "--fail-on", fail_on]).code;
    assert_eq!(code(&format!("malware={score}")), 1);
    assert_eq!(code("none"), 0);
    assert_eq!(place.run(&["review", "plain.py", "--fail-on", "obfuscated=0"]).code, 1, "0 is reached by everything");
    assert_eq!(place.run(&["review", "plain.py", "--fail-on", "obfuscated=1,malware=1"]).code, 0);
}

#[test]
fn the_prior_moves_the_score() {
    let place = Place::with_both();
    let malware = |prior: &str| {
        place.run(&["review", "thief.py", "--format", "report", "--prior", prior]).json()["malware"].as_f64().unwrap()
    };
    assert!(malware("0.9") > malware("0.000001"));
}

#[test]
fn a_missing_target_is_2_and_the_others_are_reviewed() {
    let ran = Place::with_both().run(&["review", "plain.py", "missing.py", "thief.py", "--format", "jsonl"]);
    assert_eq!(ran.code, 2);
    let targets: Vec<String> = ran.lines().iter().map(|review| review["target"].as_str().unwrap().to_owned()).collect();
    assert_eq!(targets, ["plain.py", "thief.py"]);
    assert!(ran.stderr.contains("`missing.py` does not exist"), "{}", ran.stderr);
}

#[test]
fn wrong_command_lines_are_2_with_advice() {
    let place = Place::with_both();
    for (args, wanted) in [
        (vec!["review"], "<TARGET>"),
        (vec!["review", "plain.py", "--format", "yaml"], "possible values"),
        (vec!["review", "plain.py", "--fail-on", "risk=1"], "the scores are malware, obfuscated and securityRisk"),
        (vec!["review", "plain.py", "--fail-on", "malware=2"], "from 0 to 1"),
        (vec!["review", "plain.py", "--prior", "1"], "above 0 and below 1"),
        (vec!["review", "plain.py", "--jobs", "0"], "--jobs"),
        (vec!["review", "-", "--language", "klingon"], "The languages are: html, javascript, python, typescript"),
        (vec!["review", "plain.py", "thief.py", "--format", "report"], "--format jsonl"),
        (vec!["review", "pypi:"], "is not a package name"),
        (vec!["review", "pypi:demo@one two"], "is not a version"),
        (vec!["review", "pypi:x@>=1"], "it is a range, and one version is reviewed; write `pypi:x@1`"),
        (vec!["review", "npm:x@ 1"], "it has a space; write `npm:x@1`"),
        (vec!["review", "cargo:left"], "only `pypi:"),
        (vec!["review", "pkg:pypi"], "is not a package name"),
        (vec!["explain", "exfiltration/enviroment"], "Did you mean `exfiltration/environment`"),
        (vec!["explain", "nothing-like-it"], "`sluice behaviors` lists all of them"),
        (vec!["reviews", "plain.py"], "review"),
        (vec!["dev", "ir", "missing.py"], "`missing.py` cannot be read"),
    ] {
        let ran = place.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains(wanted), "{args:?}: {wanted:?} is not in {}", ran.stderr);
    }
}

#[test]
fn standard_input_is_a_target_once() {
    let place = Place::new();
    let mut command = place.command();
    let ran = ran(command.args(["review", "-", "--language", "python", "--format", "json"]).write_stdin(THIEF));
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json()["target"], "-");

    let typed = "interface Words { one: string }\nexport const words = <T extends Words>(of: T): string => of.one;\n";
    let page = "<p>Words</p><script>const words = 1;</script>";
    for (language, text) in [("typescript", typed), ("ts", typed), ("TypeScript", typed), ("html", page)] {
        let mut command = place.command();
        let ran = crate::place::ran(
            command.args(["review", "-", "--language", language, "--format", "json"]).write_stdin(text),
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{language}");
        assert_eq!(ran.json()["verdict"], "benign", "{language}");
        assert_eq!(ran.json()["coverage"]["unread"].as_array().map(Vec::len), Some(0), "{language}");
    }
    let mut command = place.command();
    let ran = crate::place::ran(
        command.args(["review", "-", "--language", "javascript", "--format", "json"]).write_stdin(typed),
    );
    assert_ne!(ran.json()["coverage"]["unread"].as_array().map(Vec::len), Some(0), "types are no JavaScript");

    let mut command = place.command();
    let ran = crate::place::ran(command.args(["review", "-", "-", "--format", "jsonl"]).write_stdin(PLAIN));
    assert_eq!((ran.code, ran.lines().len()), (2, 1));
    assert!(ran.stderr.contains("named more than once"), "{}", ran.stderr);
}

#[test]
fn help_and_version_are_results() {
    let place = Place::new();
    let help = place.run(&["review", "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for line in
        ["0  every target was reviewed", "1  at least one target", "2  wrong usage", "3  no score is at a threshold"]
    {
        assert!(help.stdout.contains(line), "{line:?} is not in {}", help.stdout);
    }
    let version = place.run(&["--version"]);
    assert_eq!((version.code, version.stdout), (0, format!("sluice {}\n", env!("CARGO_PKG_VERSION"))));
    let top = place.run(&["--help"]).stdout;
    assert!(!top.contains("worker") && !top.contains("dev "), "hidden verbs are hidden: {top}");
}
