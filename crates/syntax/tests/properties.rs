//! What holds for any text.

mod common;

use proptest::prelude::*;
use sluice_syntax::ir::Language;
use sluice_syntax::print::print;
use sluice_syntax::{parse, parse_robust};

/// Pieces that mean something to Python, so that random text gets further than its first character.
const PIECES: [&str; 74] = [
    "def ",
    "class ",
    "lambda ",
    "if ",
    "elif ",
    "else",
    "for ",
    "while ",
    "try",
    "except ",
    "finally",
    "with ",
    "as ",
    "import ",
    "from ",
    "return ",
    "yield ",
    "await ",
    "async ",
    "global ",
    "nonlocal ",
    "del ",
    "match ",
    "case ",
    "print ",
    "exec ",
    "raise ",
    "assert ",
    "in ",
    "not ",
    "is ",
    "and ",
    "or ",
    "pass",
    "type ",
    "a",
    "b",
    "_",
    "x1",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    ".",
    "=",
    ":=",
    "->",
    "@",
    "*",
    "**",
    "+",
    "-",
    "~",
    "<>",
    "`",
    "'",
    "\"",
    "'''",
    "f'",
    "rb\"",
    "\\",
    "\n",
    "\n    ",
    "\n\t",
    " ",
    "0777",
    "1L",
    "é",
    "\0",
];

/// The same for JavaScript and TypeScript.
const SCRIPT_PIECES: [&str; 60] = [
    "function ",
    "class ",
    "extends ",
    "const ",
    "let ",
    "var ",
    "if(",
    "else ",
    "for(",
    "of ",
    "in ",
    "while(",
    "do ",
    "switch(",
    "case ",
    "default",
    "break",
    "continue ",
    "return ",
    "throw ",
    "try{",
    "catch",
    "finally",
    "import ",
    "export ",
    "from ",
    "async ",
    "await ",
    "yield ",
    "new ",
    "delete ",
    "typeof ",
    "static ",
    "get ",
    "enum ",
    "type ",
    "a",
    "b",
    "#p",
    "x:",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "...",
    "=",
    "=>",
    "?.",
    "??",
    "`${",
    "`",
    "/r/",
    "<b>",
    "'s'",
    "\n",
    "\0",
];

fn script() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&SCRIPT_PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

fn program() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_is_read(text in any::<String>()) {
        common::check(&parse("any.py", &text, Language::Python));
        common::check(&parse_robust("any.py", &text, Language::Python));
    }

    #[test]
    fn any_pieces_of_scripts_are_read(text in script(), any in any::<String>()) {
        for (name, language) in [("p.js", Language::JavaScript), ("p.ts", Language::TypeScript)] {
            let module = parse(name, &text, language);
            common::check(&module);
            prop_assert_eq!(print(&module), print(&parse(name, &text, language)));
            common::check(&parse(name, &any, language));
        }
    }

    #[test]
    fn any_pieces_of_python_are_read(text in program()) {
        let module = parse("pieces.py", &text, Language::Python);
        common::check(&module);
        let robust = parse_robust("pieces.py", &text, Language::Python);
        common::check(&robust);
        prop_assert_eq!(print(&module), print(&parse("pieces.py", &text, Language::Python)));
    }
}
