//! Every example of every behavior's page, through the front end, the flow engine and the matcher.
//!
//! `found` must be found and `harmless` must not. `found-missed` and `false-alarm` label what is known to be wrong; they
//! fail as soon as it is right, so that the label goes away with the fault.

// A failure in a helper is a failed test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use sluice_catalog::behavior::{Example, ExampleFile};
use sluice_catalog::{Behavior, Catalog};
use sluice_flow::facts::Facts;
use sluice_flow::{Context, Entry, Source, analyze};
use sluice_review::matcher;
use sluice_syntax::ir::Language;

/// When the body of an example's file runs: what its fence says, else what its name says.
fn entry(file: &ExampleFile) -> Entry {
    let name = file.path.rsplit('/').next().unwrap();
    let by_name = if matches!(name, "setup.py" | "install.js") { "install" } else { "import" };
    Entry { when: file.when.clone().unwrap_or_else(|| by_name.into()), file: file.path.to_string(), function: None }
}

fn facts_of(example: &Example, catalog: &Catalog) -> Facts {
    let sources: Vec<Source> = example
        .files
        .iter()
        .map(|file| Source {
            path: file.path.to_string(),
            text: file.code.as_str().into(),
            language: Language::from_name(if file.path.ends_with("package.json") {
                "package.json"
            } else {
                &file.language
            })
            .unwrap_or_else(|| panic!("language `{}`", file.language)),
            robust: false,
        })
        .collect();
    let context = Context { entries: example.files.iter().map(entry).collect(), ..Context::default() };
    analyze(&sources, &context, catalog)
}

fn check(behavior: &Behavior, catalog: &Catalog) -> Vec<String> {
    let mut wrong = Vec::new();
    for example in behavior.examples() {
        let facts = facts_of(&example, catalog);
        let matches = matcher::find(&facts, catalog);
        let found: Vec<_> = matches.iter().filter(|found| found.behavior == behavior.id).collect();
        if found.is_empty() == example.expectation.finds() {
            let got = found.first().map_or("nothing is found".to_owned(), |found| format!("found: {}", found.sentence));
            let place = format!("crates/catalog/behaviors/{}.md:{}", behavior.id, example.line);
            wrong.push(format!("{place}: {:?} ({}), but {got}", example.expectation, example.why));
        }
        for found in found {
            let hole =
                sluice_catalog::pages::FIELDS.iter().any(|field| found.sentence.contains(&format!(".{field}}}")));
            if hole || found.sentence.contains("``") || found.evidence.is_empty() {
                wrong.push(format!("{}: the sentence has a hole: {}", behavior.id, found.sentence));
            }
        }
    }
    wrong
}

#[test]
fn every_example_is_judged_as_its_page_says() {
    let catalog = Catalog::shipped().unwrap();
    let behaviors = catalog.behaviors();
    assert!(behaviors.len() >= 20, "the pages are not built in");
    let only = std::env::var("BEHAVIOR").unwrap_or_default();
    let chosen = behaviors.iter().filter(|behavior| behavior.id.contains(only.as_str()));
    let wrong: Vec<String> = chosen.flat_map(|behavior| check(behavior, &catalog)).collect();
    assert!(wrong.is_empty(), "{} examples are judged wrongly:\n{}", wrong.len(), wrong.join("\n"));
}
