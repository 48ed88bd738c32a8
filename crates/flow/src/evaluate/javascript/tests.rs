use super::*;

fn budget() -> Budget {
    Budget::new(1_000_000, 1 << 20)
}

fn text(value: &str) -> Concrete {
    Concrete::text(value)
}

fn list(items: &[Concrete]) -> Concrete {
    Concrete::List(Rc::new(items.to_vec()))
}

fn call(symbol: &str, args: &[Concrete]) -> Option<Concrete> {
    function(symbol, args, &mut budget()).map(|outcome| outcome.value)
}

fn on(receiver: &Concrete, name: &str, args: &[Concrete]) -> Option<Concrete> {
    method(receiver, name, args, &mut budget()).map(|outcome| outcome.value)
}

fn op(op: BinOp, left: Concrete, right: Concrete) -> Option<Concrete> {
    binary(op, &left, &right, &mut budget())
}

#[test]
fn plus_joins_what_is_text_or_an_object() {
    assert_eq!(op(BinOp::Add, text("a"), Concrete::Int(1)), Some(text("a1")));
    assert_eq!(op(BinOp::Add, list(&[]), list(&[])), Some(text("")));
    assert_eq!(op(BinOp::Add, Concrete::Bool(false), list(&[])), Some(text("false")));
    assert_eq!(op(BinOp::Add, Concrete::Undefined, list(&[])), Some(text("undefined")));
    assert_eq!(op(BinOp::Add, Concrete::Bool(true), Concrete::Bool(true)), Some(Concrete::Int(2)));
    assert_eq!(op(BinOp::Add, Concrete::None, Concrete::Int(1)), Some(Concrete::Int(1)));
}

#[test]
fn bits_are_those_of_32_bit_integers() {
    assert_eq!(op(BinOp::BitXor, Concrete::Int(0xff), Concrete::Int(0x0f)), Some(Concrete::Int(0xf0)));
    assert_eq!(op(BinOp::BitOr, Concrete::Float(3.7), Concrete::Int(0)), Some(Concrete::Int(3)));
    assert_eq!(op(BinOp::Shl, Concrete::Int(1), Concrete::Int(31)), Some(Concrete::Int(-2_147_483_648)));
    assert_eq!(op(BinOp::UShr, Concrete::Int(-1), Concrete::Int(0)), Some(Concrete::Int(4_294_967_295)));
    assert_eq!(op(BinOp::Div, Concrete::Int(1), Concrete::Int(2)), Some(Concrete::Float(0.5)));
    assert_eq!(op(BinOp::Mod, Concrete::Int(-5), Concrete::Int(3)), Some(Concrete::Int(-2)));
}

#[test]
fn texts_are_indexed_by_utf_16_units() {
    let emoji = text("a\u{1f600}b");
    assert_eq!(property(&emoji, &text("length")), Some(Concrete::Int(4)));
    assert_eq!(property(&emoji, &Concrete::Int(3)), Some(text("b")));
    // Half of a pair is no text that is kept.
    assert_eq!(property(&emoji, &Concrete::Int(1)), None);
    assert_eq!(on(&emoji, "charCodeAt", &[Concrete::Int(1)]), Some(Concrete::Int(0xd83d)));
    assert_eq!(on(&emoji, "codePointAt", &[Concrete::Int(1)]), Some(Concrete::Int(0x1f600)));
    assert_eq!(on(&text("abcdef"), "substr", &[Concrete::Int(-3), Concrete::Int(2)]), Some(text("de")));
    assert_eq!(on(&text("abcdef"), "substring", &[Concrete::Int(4), Concrete::Int(1)]), Some(text("bcd")));
    assert_eq!(on(&text("abcdef"), "slice", &[Concrete::Int(-2)]), Some(text("ef")));
}

#[test]
fn decoders_give_the_text_and_their_name() {
    let decoded = function("atob", &[text("aHR0cDovL2V4YW1wbGUuaW52YWxpZA")], &mut budget()).unwrap();
    assert_eq!((decoded.value, decoded.coding), (text("http://example.invalid"), Some("base64")));
    let bytes = call("Buffer.from", &[text("68692 "), text("hex")]).unwrap();
    assert_eq!(on(&bytes, "toString", &[]), Some(text("hi")));
    assert_eq!(on(&bytes, "toString", &[text("base64")]), Some(text("aGk=")));
    assert_eq!(call("unescape", &[text("%u0068%69")]), Some(text("hi")));
    assert_eq!(call("decodeURIComponent", &[text("%C3%A4%20")]), Some(text("ä ")));
    assert_eq!(call("decodeURIComponent", &[text("%E4")]), None);
    assert_eq!(call("String.fromCharCode", &[Concrete::Int(104), Concrete::Int(105)]), Some(text("hi")));
}

#[test]
fn numbers_are_read_as_the_language_reads_them() {
    assert_eq!(call("parseInt", &[text("12px")]), Some(Concrete::Int(12)));
    assert_eq!(call("parseInt", &[text("ff"), Concrete::Int(16)]), Some(Concrete::Int(255)));
    assert_eq!(call("parseInt", &[text("0x1f")]), Some(Concrete::Int(31)));
    assert_eq!(call("parseFloat", &[text("1.5e2x")]), Some(Concrete::Int(150)));
    assert_eq!(call("Number", &[text("")]), Some(Concrete::Int(0)));
    assert_eq!(on(&Concrete::Int(255), "toString", &[Concrete::Int(36)]), Some(text("73")));
    assert_eq!(to_text(&Concrete::Float(1e21)).as_deref(), Some("1e+21"));
    assert_eq!(to_text(&Concrete::Float(0.1)).as_deref(), Some("0.1"));
}

#[test]
fn equality_is_strict_or_loose() {
    use super::compare;
    assert_eq!(compare(CmpOp::Eq, &text("1"), &Concrete::Int(1)), Some(true));
    assert_eq!(compare(CmpOp::StrictEq, &text("1"), &Concrete::Int(1)), Some(false));
    assert_eq!(compare(CmpOp::Eq, &Concrete::None, &Concrete::Undefined), Some(true));
    assert_eq!(compare(CmpOp::StrictEq, &list(&[]), &list(&[])), None);
    assert_eq!(compare(CmpOp::Lt, &text("10"), &text("9")), Some(true));
    assert_eq!(compare(CmpOp::Lt, &text("10"), &Concrete::Int(9)), Some(false));
}

#[test]
fn patterns_replace_and_split() {
    let regex = |pattern: &str, flags: &str| Concrete::Regex(Arc::from(pattern), flags.into());
    let source = text("a1-b22-c");
    assert_eq!(on(&source, "replace", &[regex(r"\d+", "g"), text("#")]), Some(text("a#-b#-c")));
    assert_eq!(on(&source, "replace", &[regex(r"(\w)(\d)", ""), text("$2$1")]), Some(text("1a-b22-c")));
    assert_eq!(on(&source, "split", &[regex("-", "")]), Some(list(&[text("a1"), text("b22"), text("c")])));
    assert_eq!(on(&source, "match", &[regex(r"\d+", "g")]), Some(list(&[text("1"), text("22")])));
    assert_eq!(on(&source, "replace", &[regex("(?=x)", "g"), text("#")]), None);
}

#[test]
fn lists_are_joined_and_turned() {
    let items = list(&[text("a"), Concrete::None, Concrete::Int(1)]);
    assert_eq!(on(&items, "join", &[text("")]), Some(text("a1")));
    assert_eq!(to_text(&items).as_deref(), Some("a,,1"));
    let split = on(&text("abc"), "split", &[text("")]).unwrap();
    let turned = on(&split, "reverse", &[]).unwrap();
    assert_eq!(on(&turned, "join", &[text("")]), Some(text("cba")));
}

#[test]
fn a_budget_bounds_what_is_made() {
    let mut small = Budget::new(1_000, 1_000);
    assert!(method(&text("abc"), "repeat", &[Concrete::Int(1 << 40)], &mut small).is_none());
    assert!(small.exhausted);
}

#[test]
fn a_table_that_code_rotates_and_decodes_is_opened() {
    use sluice_syntax::ir::{FuncId, Language};
    let source = r#"
        function table() { const all = ["YQ==", "aG9zdG5hbWU=", "b3M="]; table = function () { return all; }; return table(); }
        function word(at) {
            const all = table();
            if (word.memory === undefined) { word.memory = {}; }
            if (word.memory[at] === undefined) { word.memory[at] = atob(all[at - 16]); }
            return word.memory[at];
        }
        (function (list, wanted) {
            const all = list();
            while (true) {
                try { if (atob(all[0]) === wanted) break; all.push(all.shift()); } catch (e) { all.push(all.shift()); }
            }
        })(table, "os");
        const host = require(word(16))[word(18)]();
        send(host);
    "#;
    let module = Rc::new(sluice_syntax::parse("x.js", source, Language::JavaScript));
    let mut machine = Machine::new(&module, 10_000_000);
    let function = module.functions.iter().position(|function| function.name == "word").unwrap();
    let function = FuncId(u32::try_from(function).unwrap());
    let mut asked = |at: i64| machine.call_known(function, &[Concrete::Int(at)]);
    // What the statement that needs the host had remembered does not get lost.
    assert_eq!(asked(16), Some(text("os")));
    assert_eq!(asked(18), Some(text("hostname")));
}

#[test]
fn what_never_ends_is_ended() {
    use sluice_syntax::ir::{FuncId, Language};
    for source in [
        "function f(a) { while (true) { a = a + 1; } }",
        "function f(a) { return f(a + 1); }",
        "function f(a) { let s = 'x'; for (;;) { s = s + s; } }",
        "function f(a) { const l = []; for (;;) { l.push(l); } }",
    ] {
        // The walk is bounded, but deep, as everywhere in this crate.
        let run = move || {
            let module = Rc::new(sluice_syntax::parse("x.js", source, Language::JavaScript));
            let mut machine = Machine::new(&module, 10_000_000);
            machine.call_known(FuncId(1), &[Concrete::Int(1)]).is_none()
        };
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap();
        assert!(thread.join().unwrap(), "{source}");
    }
}
