//! `sluice eval`: labels in, measures out.

use crate::place::{PLAIN, Place, THIEF};

fn labelled() -> Place {
    Place::new().file("bad/family/thief.py", THIEF).file("bad/other/quiet.py", PLAIN).file("good/plain.py", PLAIN).file(
        "list.tsv",
        "# two of three\nbad/family/thief.py\tmalicious\tfamily\tsmall\ngood/plain.py\tbenign\t\tsmall\n",
    )
}

#[test]
fn a_list_is_measured() {
    let place = labelled();
    let ran = place.run(&["eval", "list.tsv", "--out", "run", "--no-progress"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("recall                      100.0 %"), "{}", ran.stdout);
    assert!(ran.stdout.contains("false-positive rate         0.0 %"), "{}", ran.stdout);
    let page = std::fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("Precision over recall") && !page.contains("<script"));
}

#[test]
fn each_stratum_ecosystem_and_year_is_measured() {
    let place = labelled().file(
        "list.csv",
        "year,label,path,ecosystem\n2024,malicious,bad/family/thief.py,pypi\n2025,malicious,bad/other/quiet.py,npm\n",
    );
    let run = place.run(&["eval", "list.csv", "--out", "run", "--no-progress", "--format", "json"]).json();
    let recall = |group: &str, name: &str| run[group][name]["recall"]["value"].as_f64();
    assert_eq!((recall("years", "2024"), recall("years", "2025")), (Some(1.0), Some(0.0)));
    assert_eq!((recall("ecosystems", "pypi"), recall("ecosystems", "npm")), (Some(1.0), Some(0.0)));
    assert!(run["time"]["longest"].as_u64() >= run["time"]["median"].as_u64());
    if cfg!(target_os = "linux") {
        assert!(run["memory"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{}", run["memory"]);
    }
    let page = std::fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("<h2>Years</h2>") && !page.contains("<h2>Strata</h2>"));
    let wrong = place.file("wrong.csv", "path,label,owner\n");
    let ran = wrong.run(&["eval", "wrong.csv", "--out", "run", "--no-progress"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("line 1 of `wrong.csv` has a column `owner`"), "{}", ran.stderr);
}

#[test]
fn folders_give_families_and_bars_are_held() {
    let place = labelled();
    let args = ["eval", "--malicious", "bad", "--benign", "good", "--out", "run", "--format", "json", "--no-progress"];
    let run = place.run(&args).json();
    assert_eq!(run["all"]["counts"]["found"], 1);
    assert_eq!(run["all"]["counts"]["missed"], 1);
    assert_eq!(run["families"]["all"], 2);
    assert_eq!(run["families"]["any"]["value"], 0.5);
    assert_eq!(place.run(&[&args[..], &["--require", "recall=0.9"]].concat()).code, 1);
    assert_eq!(place.run(&[&args[..], &["--require", "recall=0.4,fpr=0"]].concat()).code, 0);
}

#[test]
fn two_runs_are_compared_and_one_goes_on() {
    let place = labelled();
    let first = ["eval", "list.tsv", "--out", "run", "--no-progress"];
    assert_eq!(place.run(&first).code, 0);
    let before = std::fs::read_to_string(place.path("run/run.json")).unwrap();
    // Older programs measured other times.
    std::fs::write(
        place.path("old.json"),
        before.replace("\"called\": true", "\"called\": false").replace("\"p95\"", "\"most\""),
    )
    .unwrap();
    let args = [&first[..], &["--resume", "--against", "old.json"]].concat();
    let ran = place.run(&args);
    assert!(ran.stdout.contains("now called malicious"), "{}", ran.stdout);
    // Nothing was reviewed again, so nothing was added to what is done.
    assert_eq!(std::fs::read_to_string(place.path("run/done.jsonl")).unwrap().lines().count(), 2);
}

#[test]
fn what_changed_is_reviewed_again() {
    let place = labelled();
    let args = ["eval", "list.tsv", "--out", "run", "--no-progress", "--resume"];
    assert!(place.run(&args).stdout.contains("recall                      100.0 %"));
    std::fs::write(place.path("bad/family/thief.py"), PLAIN).unwrap();
    assert!(place.run(&args).stdout.contains("recall                      0.0 %"));
    // What another build decided is not taken over.
    let done = place.path("run/done.jsonl");
    let text = std::fs::read_to_string(&done).unwrap().replace("\"engine\":\"sluice", "\"engine\":\"other");
    std::fs::write(&done, text.replace("\"called\":false", "\"called\":true")).unwrap();
    assert!(place.run(&args).stdout.contains("recall                      0.0 %"));
}

#[test]
fn what_could_not_be_reviewed_holds_no_bar() {
    let place =
        labelled().file("gone.tsv", "# a list\npath\tlabel\nbad/family/thief.py\tmalicious\ngone.py\tmalicious\n");
    let args = ["eval", "gone.tsv", "--out", "run", "--no-progress", "--format", "json"];
    let run = place.run(&args).json();
    assert_eq!((&run["unreviewed"], &run["all"]["counts"]["found"]), (&1.into(), &1.into()));
    assert_eq!(place.run(&[&args[..], &["--require", "recall=0.5"]].concat()).code, 1);
}

#[test]
fn a_wrong_list_is_named_with_its_line() {
    let place = labelled().file("wrong.tsv", "good/plain.py\tgood\n");
    let ran = place.run(&["eval", "wrong.tsv", "--out", "run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("line 1 of `wrong.tsv`") && ran.stderr.contains("`good`"), "{}", ran.stderr);
    assert_eq!(place.run(&["eval", "--out", "run"]).code, 2);
    let place = place.file("bad.json", "{").file("other.json", "{\"schema\": \"sluice.review/1\"}");
    for file in ["bad.json", "other.json", "missing.json", "good"] {
        let ran = place.run(&["eval", "list.tsv", "--out", "run", "--against", file]);
        assert_eq!(ran.code, 2, "{file}");
        assert!(ran.stderr.contains(&format!("`{file}` ")), "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains("`--against` takes the file `run.json`"), "{file}: {}", ran.stderr);
        assert!(!ran.stderr.contains("A list names"), "{file}: {}", ran.stderr);
    }
    assert_eq!(place.run(&["eval", "list.tsv", "--out", "run", "--require", "speed=1"]).code, 2);
}
