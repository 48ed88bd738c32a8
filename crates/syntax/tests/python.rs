//! What Python text becomes. The fixtures are read as they are; each snapshot is the printed IR.

mod common;

use sluice_syntax::ir::Language;
use sluice_syntax::print::print;
use sluice_syntax::{parse, parse_robust};

/// Reads a fixture on one of the paths, checks it and prints it.
macro_rules! fixture {
    ($read:ident, $name:literal) => {{
        let text = include_str!(concat!("fixtures/", $name, ".py"));
        let module = $read(concat!($name, ".py"), text, Language::Python);
        common::check(&module);
        print(&module)
    }};
}

#[test]
fn names_resolve_to_the_frames_that_own_them() {
    insta::assert_snapshot!("scopes", fixture!(parse, "scopes"));
}

#[test]
fn calls_and_operators_keep_their_operands() {
    insta::assert_snapshot!("calls", fixture!(parse, "calls"));
}

#[test]
fn control_flow_keeps_its_blocks() {
    insta::assert_snapshot!("control", fixture!(parse, "control"));
}

#[test]
fn imports_bind_what_they_name() {
    insta::assert_snapshot!("imports", fixture!(parse, "imports"));
}

#[test]
fn definitions_keep_parameters_decorators_and_texts() {
    insta::assert_snapshot!("definitions", fixture!(parse, "definitions"));
}

#[test]
fn patterns_compare_and_bind() {
    insta::assert_snapshot!("matching", fixture!(parse, "matching"));
}

#[test]
fn python_2_is_put_right() {
    insta::assert_snapshot!("python2", fixture!(parse, "python2"));
}

#[test]
fn broken_text_is_read_around_its_errors() {
    let dump = fixture!(parse, "broken");
    assert!(dump.contains("os#0.popen(\"id\")"), "{dump}");
    insta::assert_snapshot!("broken", dump);
}

#[test]
fn the_robust_path_reads_the_same_statements() {
    for (name, dump) in [
        ("robust_scopes", fixture!(parse_robust, "scopes")),
        ("robust_calls", fixture!(parse_robust, "calls")),
        ("robust_control", fixture!(parse_robust, "control")),
        ("robust_definitions", fixture!(parse_robust, "definitions")),
    ] {
        insta::assert_snapshot!(name, dump);
    }
}

#[test]
fn spans_and_lines_point_into_the_text() {
    let module = parse("lines.py", "é = 1\r\nfoo.bar('x')\n", Language::Python);
    let call = module.exprs.iter().find(|expr| module.slice(expr.span) == "foo.bar('x')").unwrap();
    assert_eq!(module.line_column(call.span.start), (2, 1));
    assert_eq!(module.line_column(call.span.start + 4), (2, 5));
}
