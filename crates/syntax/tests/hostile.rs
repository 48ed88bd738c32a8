//! Text that is made to overflow, panic or lose a parser.

mod common;

use sluice_syntax::ir::{ExprKind, Language, Module, StmtKind};
use sluice_syntax::print::print;
use sluice_syntax::{parse, parse_robust};

const DEEP: usize = 100_000;

/// Reads on both paths, on a test's small stack, and checks what came out.
fn read(text: &str) -> Module {
    let robust = parse_robust("robust.py", text, Language::Python);
    common::check(&robust);
    let _ = print(&robust);
    let module = parse("hostile.py", text, Language::Python);
    common::check(&module);
    let _ = print(&module);
    module
}

fn wrapped(open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}\n", open.repeat(DEEP), close.repeat(DEEP))
}

/// True if some part of the text is declared as not read.
fn is_lost(module: &Module) -> bool {
    module.diagnostics.iter().any(|diagnostic| diagnostic.lost)
}

#[test]
fn brackets_nested_deeply_are_reported_and_survived() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("{0:", "}"), ("f(", ")"), ("a[", "]"), ("f'{", "}'")] {
        assert!(is_lost(&read(&wrapped(open, "1", close))), "{open}");
        assert!(is_lost(&read(&wrapped(open, "", ""))), "{open} left open");
    }
    read(&wrapped("", "", ")"));
    read(&wrapped("", "", "]}"));
}

#[test]
fn chains_that_nest_to_the_right_are_reported_and_survived() {
    for prefix in ["-", "not ", "~", "await ", "lambda: ", "x if y else ", "a ** ", "lambda a=", "yield ", "*"] {
        assert!(is_lost(&read(&wrapped(prefix, "a", ""))), "{prefix}");
    }
}

#[test]
fn blocks_that_nest_on_one_line_are_reported_and_survived() {
    for prefix in
        ["if a: ", "class A: ", "while a: ", "try: ", "with a: ", "for a in b: ", "def f(): ", "def f(a=lambda b="]
    {
        assert!(is_lost(&read(&wrapped(prefix, "a", ""))), "{prefix}");
    }
}

#[test]
fn chains_that_nest_to_the_left_are_read_whole() {
    // More than CPython compiles.
    const LONG: usize = 60_000;
    for (suffix, links) in [(".b", LONG), ("()", LONG), ("[0]", LONG), (" + a", LONG), (".b(1)[0]", 3 * LONG / 4)] {
        let text = format!("a{}\n", suffix.repeat(if links == LONG { LONG } else { links / 3 }));
        let module = parse("chain.py", &text, Language::Python);
        common::check(&module);
        let _ = print(&module);
        assert!(module.diagnostics.is_empty(), "{suffix}: {:?}", module.diagnostics.first());
        let StmtKind::Expr(mut id) = module.functions[0].body[0].kind else { panic!("{suffix}") };
        let mut length = 0;
        while let Some(expr) = module.expr(id) {
            id = match &expr.kind {
                ExprKind::Attr { base, .. } | ExprKind::Index { base, .. } => *base,
                ExprKind::Call { callee, .. } => *callee,
                ExprKind::Binary { left, .. } => *left,
                _ => break,
            };
            length += 1;
        }
        assert_eq!(length, links, "{suffix}");
        let _ = parse_robust("chain.py", &text, Language::Python);
    }
}

#[test]
fn long_flat_constructs_are_read_whole() {
    let elif = format!("if a: b\n{}else: c\n", "elif a: b\n".repeat(10_000));
    for text in [
        elif,
        format!("x = {}\n", "'a' ".repeat(DEEP)),
        format!("x = [{}]\n", "1, ".repeat(DEEP)),
        format!("a{}\n", " and a".repeat(DEEP / 2)),
        format!("a{}\n", " < a".repeat(DEEP / 2)),
        format!("{}1\n", "a = ".repeat(DEEP / 2)),
        format!("{}def f(): pass\n", "@a\n".repeat(DEEP / 2)),
        format!("import a{}\n", ".b".repeat(DEEP / 2)),
        format!("from {} import a\n", ".".repeat(DEEP / 2)),
        format!("[a {}]\n", "for a in b ".repeat(1_000)),
        "try: pass\nexcept: pass\n".repeat(1_000),
    ] {
        let module = read(&text);
        assert!(!is_lost(&module), "{:.40}: {:?}", text, module.diagnostics.first());
    }
}

#[test]
fn nested_blocks_are_bounded() {
    let mut text = String::new();
    for depth in 0..400 {
        text.push_str(&" ".repeat(depth));
        text.push_str(if depth % 2 == 0 { "if a:\n" } else { "def f():\n" });
    }
    text.push_str(&" ".repeat(400));
    text.push_str("pass\n");
    assert!(is_lost(&read(&text)));
    for header in ["if a: ", "class A: ", "try: ", "while a: ", "def f(): ", "with a: "] {
        read(&header.repeat(DEEP / 10));
    }
    let nested = format!("{}pass\n", "class A:\n ".repeat(5));
    read(&nested);
}

#[test]
fn a_megabyte_of_one_character_is_survived() {
    for character in
        ["+", "-", "\0", "'", "\"", "\\", "\\\n", "`", "(", ",", ":", "=", "@", "\n", "\r", " ", "\t", "é", "$"]
    {
        let module = parse("same.py", &character.repeat(1_000_000 / character.len()), Language::Python);
        common::check(&module);
        assert!(module.diagnostics.len() <= 300, "{character:?}");
    }
}

#[test]
fn continued_lines_do_not_stall_the_robust_path() {
    for end in ["\\\n", "\\\r\n", "\\\r"] {
        let module = parse_robust("slow.py", &format!("x = {}1\n", end.repeat(DEEP)), Language::Python);
        common::check(&module);
        assert!(print(&module).contains("x#0 = 1"), "{end:?}");
    }
}

#[test]
fn runs_of_comments_and_blank_lines_do_not_stall_the_robust_path() {
    for line in ["# one\n", "  # it's \"two\"\n", "\n", "  \n", "\t\r\n"] {
        let text = format!("if a:\n  x = 1\n{}y = 2\n", line.repeat(DEEP));
        let module = parse_robust("slow.py", &text, Language::Python);
        common::check(&module);
        assert!(print(&module).contains("y#1 = 2"), "{line:?}");
    }
}

#[test]
fn a_payload_beside_the_nesting_is_read() {
    let text =
        format!("{}\nimport os\ndef run(cmd):\n    os.system('id ' + cmd)\n", "[".repeat(2_000) + &"]".repeat(2_000));
    let dump = print(&read(&text));
    assert!(dump.contains("os#0@f0.system((Add \"id \" cmd#0))"), "{dump}");
    assert!(dump.contains("read on the robust path"), "{dump}");
}

#[test]
fn nul_bytes_and_byte_order_marks_are_read_over() {
    let dump = print(&read("x = 1\0\ny = f('a\0b')\n"));
    assert!(dump.contains("y#1 = f(\"a\\0b\")"), "{dump}");
    let dump = print(&read("\u{feff}import os\n"));
    assert!(dump.contains("import os -> os#0"), "{dump}");
    assert!(!dump.contains("lost"), "{dump}");
}

#[test]
fn escapes_without_a_character_do_not_panic() {
    read("x = '\\ud800' '\\udfff'\ny = b'\\xff\\777'\nz = '\\N{no such name}'\nw = '\\U00110000'\nv = '\\x'\n");
    read("x = 0x");
    read(&format!("x = {}\n", "9".repeat(DEEP)));
    read(&format!("x = 1e{}\n", "9".repeat(DEEP)));
}

#[test]
fn text_too_long_for_the_robust_path_is_read_to_its_bound() {
    let text =
        format!("{}first()\n{}last()\n", "(".repeat(2_000) + &")".repeat(2_000) + "\n", "# é\n".repeat(1_000_000));
    let module = parse("long.py", &text, Language::Python);
    common::check(&module);
    let dump = print(&module);
    assert!(dump.contains("first()") && !dump.contains("last()"), "{dump}");
    assert!(dump.contains("the rest is not read"), "{dump}");
}

#[test]
fn more_tokens_than_memory_allows_are_read_to_their_bound() {
    let text = format!("first()\nx = [{}]\nlast()\n", "1,".repeat(2_100_000));
    let module = parse("long.py", &text, Language::Python);
    common::check(&module);
    assert_eq!(module.text.len(), text.len());
    assert!(module.exprs.len() > 1_900_000 && module.exprs.len() < 2_100_000, "{}", module.exprs.len());
    let lost: Vec<&str> = module.diagnostics.iter().filter(|one| one.lost).map(|one| one.message.as_str()).collect();
    assert!(lost.iter().any(|message| message.contains("the rest is not read")), "{lost:?}");
}
