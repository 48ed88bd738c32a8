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
