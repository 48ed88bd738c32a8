//! What JavaScript and TypeScript text becomes. The fixtures are read as they are; each snapshot is the printed IR.

mod common;

use sluice_syntax::ir::Language;
use sluice_syntax::parse;
use sluice_syntax::print::print;

/// Reads a fixture, checks it and prints it.
macro_rules! fixture {
    ($name:literal, $language:ident) => {{
        let module = parse($name, include_str!(concat!("fixtures/", $name)), Language::$language);
        common::check(&module);
        print(&module)
    }};
}

#[test]
fn modules_keep_imports_exports_and_members() {
    insta::assert_snapshot!("modules_js", fixture!("modules.js", JavaScript));
}

#[test]
fn control_flow_keeps_steps_labels_and_arms() {
    insta::assert_snapshot!("control_js", fixture!("control.js", JavaScript));
}

#[test]
fn types_are_dropped_and_values_stay() {
    let dump = fixture!("typed.ts", TypeScript);
    assert!(!dump.contains("Iterable") && !dump.contains("Promise") && !dump.contains("abstract"), "{dump}");
    insta::assert_snapshot!("typed_ts", dump);
}

#[test]
fn a_text_without_a_tree_says_so() {
    let module = parse("broken.js", "function f( {", Language::JavaScript);
    assert!(module.diagnostics.iter().any(|diagnostic| diagnostic.lost), "{:?}", module.diagnostics);
}

#[test]
fn deep_text_is_refused_and_not_followed() {
    for piece in ["(", "[", "{", "`${", "f(", "!", "a=", "a?", "a<", "x=>"] {
        let module = parse("deep.ts", &piece.repeat(100_000), Language::TypeScript);
        assert!(module.diagnostics.iter().any(|diagnostic| diagnostic.lost), "{piece}");
    }
}

#[test]
fn a_long_line_of_a_bundle_is_read_whole() {
    let text = "(()=>{var a=1;function b(c){return c+a}b(2)})();".repeat(20_000);
    let module = parse("bundle.js", &text, Language::JavaScript);
    common::check(&module);
    assert!(module.diagnostics.is_empty());
    assert_eq!(module.functions.len(), 1 + 2 * 20_000);
}
