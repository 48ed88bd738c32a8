//! The pages on models and behaviors name every key that the loaders accept. The keys are asked of the loaders: each
//! names those that it knows when it meets one that it does not.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use sluice_catalog::behavior::{PSEUDO_ROLES, SOURCE_ROLES};
use sluice_catalog::load::Reason;
use sluice_catalog::pages::{self, FIELDS};
use sluice_catalog::{Catalog, Classes, kinds};

fn document(name: &str) -> String {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands under a heading; under the empty one what stands before the first.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = if heading.is_empty() { 0 } else { text.find(&format!("\n## {heading}\n")).unwrap() + 1 };
    let rest = &text[start..];
    rest.find("\n## ").map_or(rest, |end| &rest[..end])
}

/// True if a key stands in the text as code, at the start of a line of an example, or as a table's head.
fn names(text: &str, key: &str) -> bool {
    let assigned =
        |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    text.contains(&format!("`{key}`"))
        || text.lines().any(assigned)
        || [format!("[{key}]"), format!("[[rule.{key}]]")].iter().any(|head| text.contains(head))
}

fn check(page: &str, part: &str, text: &str, keys: &[String]) {
    assert!(keys.len() > 2, "{part}: {keys:?}");
    for key in keys {
        assert!(names(text, key), "docs/{page} does not explain `{key}` of {part}");
    }
}

/// The keys that an error says were expected.
fn expected(reason: &str) -> Vec<String> {
    let (_, list) = reason.split_once("expected").unwrap_or_else(|| panic!("{reason}"));
    list.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The keys of a part of a theme, whose text has a key that is none.
fn of_theme(part: &str) -> Vec<String> {
    let text = format!("theme = \"t\"\norigin = \"https://docs.example.invalid/\"\n{part}no_key = 1\n");
    match Catalog::default().load_theme("t.toml", &text).unwrap_err().reason {
        Reason::UnknownKey { expected, .. } => expected.split(", ").map(ToOwned::to_owned).collect(),
        other => panic!("{other}"),
    }
}

/// The keys of a part of a page, whose front matter has a key that is none.
fn of_page(front: &str) -> Vec<String> {
    let error = pages::parse("family/name", &format!("+++\n{front}\n+++\n"), &Classes::default()).unwrap_err();
    expected(&error.reason)
}

#[test]
fn the_page_on_models_names_every_key() {
    let text = document("catalog.md");
    check("catalog.md", "a theme", &text, &of_theme(""));
    for (part, heading) in [
        ("model", "Functions, methods, classes"),
        ("attribute", "Values that are read without a call"),
        ("presumption", "Presumptions"),
    ] {
        check("catalog.md", part, section(&text, heading), &of_theme(&format!("[[{part}]]\n")));
    }
}

#[test]
fn the_page_on_behaviors_names_every_key() {
    let text = document("behaviors.md");
    let intro = section(&text, "");
    check("behaviors.md", "a page", intro, &of_page("no_key = 1"));
    check("behaviors.md", "a rule", intro, &of_page("[[rule]]\nno_key = 1"));
    let steps = format!("{intro}{}", section(&text, "A step"));
    check("behaviors.md", "a step", &steps, &of_page("[[rule]]\n[[rule.step]]\nno_key = 1"));
    check("behaviors.md", "a predicate", &steps, &of_page("[[rule]]\n[[rule.step]]\nwith = { any = { no_key = 1 } }"));
    let class = Classes::default().add("file", "[x]\nnoun = \"n\"\nno_key = 1\n").unwrap_err();
    check("behaviors.md", "a class", section(&text, "Classes of values"), &expected(&class.reason));
}

#[test]
fn the_page_on_behaviors_names_every_role_placeholder_and_entry() {
    let text = document("behaviors.md");
    let steps = section(&text, "A step");
    for role in PSEUDO_ROLES.iter().chain(SOURCE_ROLES) {
        assert!(steps.contains(&format!("`{role}`")), "docs/behaviors.md does not explain the role `{role}`");
    }
    for entry in kinds::ENTRIES {
        assert!(steps.contains(&format!("`{entry}`")), "docs/behaviors.md does not explain the entry `{entry}`");
    }
    for field in FIELDS {
        let shown = [format!("`.{field}`"), format!("`{{STEP.{field}}}`")];
        let named = shown.iter().any(|shown| steps.contains(shown));
        assert!(named, "docs/behaviors.md does not explain the placeholder `{field}`");
    }
}
