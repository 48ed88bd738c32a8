//! `sluice train`: labels in, weights out, and what the weights are good for.

use crate::place::{PLAIN, Place, THIEF};

/// Thieves in ten families and plain files, as many as are needed.
fn labelled() -> Place {
    let mut place = Place::new();
    let mut list = String::new();
    for at in 0..24 {
        place = place
            .file(&format!("bad/thief{at}.py"), format!("{THIEF}\nVERSION = {at}\n"))
            .file(&format!("good/plain{at}.py"), format!("{PLAIN}\nVERSION = {at}\n"));
        list.push_str(&format!("bad/thief{at}.py\tmalicious\tfamily{}\tsmall\n", at % 10));
        list.push_str(&format!("good/plain{at}.py\tbenign\t\tsmall\n"));
    }
    place.file("list.tsv", &list)
}

#[test]
fn weights_are_learned_and_can_be_used() {
    let place = labelled();
    let ran = place.run(&["train", "list.tsv", "--out", "learned", "--folds", "3", "--prior", "0.5", "--no-progress"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("recall                    100.0 %"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Without behaviors:"), "{}", ran.stdout);
    let weights = std::fs::read_to_string(place.path("learned/weights.toml")).unwrap();
    assert!(weights.contains("samples = 48") && weights.contains("\"list.tsv\" = \"sha256:"), "{weights}");
    let args = ["review", "bad/thief1.py", "--weights", "learned/weights.toml", "--format", "json"];
    let review = place.run(&args).json();
    assert_eq!(review["verdict"], "malicious");
    // What was learned from files of two kinds says less than what ships, and is what is used.
    let shipped = place.run(&["review", "bad/thief1.py", "--format", "json"]).json();
    assert_ne!(review["scores"]["malware"], shipped["scores"]["malware"]);
    assert_eq!(review["features"], shipped["features"]);
    // The same targets give the same weights, and what was reviewed is not reviewed again.
    let again = place.run(&[
        "train",
        "list.tsv",
        "--out",
        "learned",
        "--folds",
        "3",
        "--prior",
        "0.5",
        "--no-progress",
        "--resume",
    ]);
    assert_eq!(again.stdout, ran.stdout);
    assert_eq!(std::fs::read_to_string(place.path("learned/weights.toml")).unwrap(), weights);
}

#[test]
fn what_cannot_be_learned_from_is_told() {
    let place = Place::new().file("a.py", PLAIN).file("list.tsv", "a.py\tbenign\n").file("wrong.toml", "prior = 2\n");
    let ran = place.run(&["train", "list.tsv", "--out", "learned", "--no-progress"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("0 malicious targets are too few"), "{}", ran.stderr);
    let ran = place.run(&["review", "a.py", "--weights", "wrong.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`wrong.toml` is no weights file"), "{}", ran.stderr);
    assert_eq!(place.run(&["review", "a.py", "--weights", "gone.toml"]).code, 2);
}
