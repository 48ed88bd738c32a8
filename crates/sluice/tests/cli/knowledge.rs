//! What the program can tell about itself: its behaviors and their pages.

use std::collections::BTreeSet;

use crate::place::Place;

#[test]
fn the_list_and_the_pages_name_the_same_behaviors() {
    let place = Place::new();
    let listed = place.run(&["behaviors", "--format", "json"]);
    assert_eq!((listed.code, listed.stderr.as_str()), (0, ""));
    let ids: Vec<String> =
        listed.json().as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(ids.len() >= 15, "{ids:?}");
    assert!(ids.is_sorted());
    let text = place.run(&["behaviors"]).stdout;
    let in_text: BTreeSet<&str> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(in_text, ids.iter().map(String::as_str).collect());
    for id in &ids {
        let page = place.run(&["explain", id]);
        assert_eq!(page.code, 0, "{id}");
        assert!(page.stdout.contains(id.as_str()) && page.stdout.contains("What to do: "), "{id}: {}", page.stdout);
        assert!(page.stdout.contains("\nFound: ") && page.stdout.contains("\nNot found: "), "{id}: {}", page.stdout);
    }
}

#[test]
fn the_list_carries_attack_and_cwe() {
    let listed = Place::new().run(&["behaviors", "--format", "json"]).json();
    let rows = listed.as_array().unwrap();
    for row in rows {
        for key in ["id", "title", "stance", "specificity", "severity", "attack", "cwe", "advice"] {
            assert!(row.get(key).is_some(), "{key} is not in {row}");
        }
    }
    assert!(rows.iter().any(|row| !row["attack"].as_array().unwrap().is_empty()));
}
