//! The same operations evaluated here and by the `python3` of this machine. Every answer given here must be the one
//! CPython gives; not answering is allowed, and counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use sluice_syntax::ir::{BinOp, CmpOp, UnaryOp};
use smol_str::SmolStr;

use super::pool::{self, Dice};
use super::{Budget, Concrete, i, s};
use crate::evaluate::{self as ev, FUNCTIONS, METHODS};

/// One operation, as Python spells it, and the answer given here.
struct Case {
    label: String,
    source: String,
    answer: Option<Concrete>,
}

/// A value as Python source.
fn source(value: &Concrete) -> String {
    let items = |items: &[Concrete]| items.iter().map(source).collect::<Vec<_>>().join(", ");
    match value {
        Concrete::Float(f) if !f.is_finite() => format!("float('{f}')"),
        Concrete::Int(n) => format!("({n})"),
        Concrete::Big(n) => format!("({n})"),
        Concrete::Float(_) => format!("({})", ev::repr(value).expect("shown")),
        Concrete::List(v) => format!("[{}]", items(v)),
        Concrete::Tuple(v) if v.is_empty() => String::from("()"),
        Concrete::Tuple(v) => format!("({},)", items(v)),
        Concrete::Set(v) => format!("set([{}])", items(v)),
        Concrete::Dict(v) => {
            let pairs: Vec<_> = v.iter().map(|(key, value)| format!("{}: {}", source(key), source(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => ev::repr(other).expect("shown"),
    }
}

/// A value as the script below shows it: as `repr` does, with the items of a set sorted by how they are shown.
fn show(value: &Concrete) -> String {
    let items = |items: &[Concrete]| items.iter().map(show).collect::<Vec<_>>();
    match value {
        Concrete::List(v) => format!("[{}]", items(v).join(", ")),
        Concrete::Tuple(v) if v.len() == 1 => format!("({},)", show(&v[0])),
        Concrete::Tuple(v) => format!("({})", items(v).join(", ")),
        Concrete::Set(v) => {
            let mut shown = items(v);
            shown.sort();
            format!("set<{}>", shown.join(", "))
        }
        Concrete::Dict(v) => {
            let pairs: Vec<_> = v.iter().map(|(key, value)| format!("{}: {}", show(key), show(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Concrete::Big(n) if n.bits() > 4000 => format!("{:#x}", n.as_ref()),
        other => ev::repr(other).expect("shown"),
    }
}

const PRELUDE: &str = r#"
import sys, base64, binascii, codecs, zlib, gzip, bz2, lzma, urllib.parse, html, json, struct, marshal, operator, math, socket
import itertools, textwrap, string, re, os.path, posixpath, ntpath, warnings
warnings.simplefilter("ignore")
sys.set_int_max_str_digits(0)
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (300, 300))
except (ImportError, ValueError, OSError):
    pass
def show(v, depth=0):
    t = type(v)
    if depth > 60: return "deep"
    if t is list: return "[" + ", ".join(show(x, depth + 1) for x in v) + "]"
    if t is tuple: return "(" + show(v[0], depth + 1) + ",)" if len(v) == 1 else "(" + ", ".join(show(x, depth + 1) for x in v) + ")"
    if t in (set, frozenset): return "set<" + ", ".join(sorted(show(x, depth + 1) for x in v)) + ">"
    if t is dict: return "{" + ", ".join(show(k, depth + 1) + ": " + show(x, depth + 1) for k, x in v.items()) + "}"
    if t is int and v.bit_length() > 4000: return hex(v)
    if t in (str, bytes, bytearray, int, float, bool, type(None), type(Ellipsis)): return repr(v)
    if isinstance(v, int): return repr(int(v))
    return show(list(v), depth)
def changed(r, f):
    v = f(r)
    return (v, r)
def setitem(r, i, v):
    r[i] = v
def t(n, f):
    try:
        out = show(f())
    except Exception as e:
        out = "!" + type(e).__name__
    print(n, out.encode("utf-8", "surrogatepass").hex())
"#;

fn call(head: &str, args: &[Concrete], named: &[(SmolStr, Concrete)]) -> String {
    let mut parts: Vec<String> = args.iter().map(source).collect();
    parts.extend(named.iter().map(|(name, value)| format!("{name}={}", source(value))));
    format!("{head}({})", parts.join(", "))
}

/// What an evaluation gives, unless the budget was short: then CPython might work too long.
fn judged(run: impl FnOnce(&mut Budget) -> Option<Concrete>) -> Option<Option<Concrete>> {
    let mut b = Budget::new(4_000_000, 4_000_000);
    let answer = run(&mut b);
    (!b.exhausted).then_some(answer)
}

fn method(cases: &mut Vec<Case>, receiver: &Concrete, name: &str, args: &[Concrete], named: &[(SmolStr, Concrete)]) {
    let Some(answer) = judged(|b| ev::method(receiver, name, args, named, b).map(|outcome| outcome.value)) else {
        return;
    };
    // Spellings of Python 2 have no counterpart to compare with.
    let bytewise = |codec: &Concrete| matches!(codec.as_str(), Some("hex" | "base64" | "zlib" | "bz2"));
    if receiver.as_str().is_some() && (name == "decode" || args.first().is_some_and(bytewise))
        || receiver.as_bytes().is_some() && name == "encode"
    {
        return;
    }
    let head = format!("({}).{name}", source(receiver));
    cases.push(Case { label: format!("{}.{name}", receiver.type_name()), source: call(&head, args, named), answer });
}

fn function(cases: &mut Vec<Case>, symbol: &str, args: &[Concrete], named: &[(SmolStr, Concrete)]) {
    if matches!(symbol, "unichr" | "unicode" | "long" | "xrange" | "base64.decodestring" | "base64.encodestring") {
        return;
    }
    if symbol.starts_with("urllib.") && !symbol.starts_with("urllib.parse.") {
        return;
    }
    // Powers of ten with a huge exponent.
    if symbol == "round" && args.get(1).is_some_and(|digits| digits.as_i64().is_none_or(|n| n.unsigned_abs() > 400)) {
        return;
    }
    let Some(answer) = judged(|b| ev::function(symbol, args, named, b).map(|outcome| outcome.value)) else { return };
    cases.push(Case { label: symbol.to_owned(), source: call(symbol, args, named), answer });
}

const BINARY: &[(BinOp, &str)] = &[
    (BinOp::Add, "+"),
    (BinOp::Sub, "-"),
    (BinOp::Mul, "*"),
    (BinOp::Div, "/"),
    (BinOp::FloorDiv, "//"),
    (BinOp::Mod, "%"),
    (BinOp::Pow, "**"),
    (BinOp::Shl, "<<"),
    (BinOp::Shr, ">>"),
    (BinOp::BitAnd, "&"),
    (BinOp::BitOr, "|"),
    (BinOp::BitXor, "^"),
];

const COMPARE: &[(CmpOp, &str)] = &[
    (CmpOp::Eq, "=="),
    (CmpOp::NotEq, "!="),
    (CmpOp::Lt, "<"),
    (CmpOp::LtE, "<="),
    (CmpOp::Gt, ">"),
    (CmpOp::GtE, ">="),
    (CmpOp::In, "in"),
    (CmpOp::NotIn, "not in"),
];

fn operators(cases: &mut Vec<Case>, dice: &mut Dice) {
    let (all, numbers) = (pool::all(), pool::numbers());
    let mut pairs: Vec<(Concrete, Concrete)> = Vec::new();
    for x in &numbers {
        for y in &numbers {
            pairs.push((x.clone(), y.clone()));
        }
    }
    for _ in 0..1_000 {
        pairs.push((dice.pick(&all).clone(), dice.pick(&all).clone()));
    }
    for (l, r) in &pairs {
        for (op, spelling) in BINARY {
            if let Some(answer) = judged(|b| ev::binary(*op, l, r, b)) {
                let source = format!("{} {spelling} {}", source(l), source(r));
                cases.push(Case { label: format!("op {spelling}"), source, answer });
            }
        }
        for (op, spelling) in COMPARE {
            let answer = ev::compare(*op, l, r).map(Concrete::Bool);
            let source = format!("{} {spelling} {}", source(l), source(r));
            cases.push(Case { label: format!("op {spelling}"), source, answer });
        }
    }
    for value in &all {
        for (op, spelling) in [(UnaryOp::Neg, "-"), (UnaryOp::Pos, "+"), (UnaryOp::Invert, "~"), (UnaryOp::Not, "not ")]
        {
            let source = format!("{spelling}{}", source(value));
            cases.push(Case { label: format!("op {spelling}"), source, answer: ev::unary(op, value) });
        }
    }
}

fn subscripts(cases: &mut Vec<Case>, dice: &mut Dice) {
    let all = pool::all();
    let bounds = [None, Some(0), Some(1), Some(2), Some(-1), Some(-2), Some(-3), Some(100), Some(-100)];
    let shown = |bound: Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
    for base in &all {
        for at in [0, 1, 2, -1, -2, 97, 100, -100] {
            let source = format!("{}[{at}]", source(base));
            cases.push(Case { label: String::from("index"), source, answer: ev::index(base, &i(at)) });
        }
        for _ in 0..40 {
            let (lower, upper, step) = (*dice.pick(&bounds), *dice.pick(&bounds), *dice.pick(&bounds));
            let source = format!("{}[{}:{}:{}]", source(base), shown(lower), shown(upper), shown(step));
            let answer = ev::slice(base, lower, upper, step, &mut super::ample()).map(|outcome| outcome.value);
            cases.push(Case { label: String::from("slice"), source, answer });
        }
    }
}

fn formats(cases: &mut Vec<Case>, dice: &mut Dice) {
    let fills = ["", "<", ">", "^", "=", "*<", "é^", "0>", "0="];
    let (signs, marks, zeros) = (["", "+", " ", "-"], ["", "", "#"], ["", "", "0"]);
    let (widths, groups) = (["", "5", "12", "3"], ["", "", ",", "_"]);
    let (precisions, kinds) = (
        ["", "", ".0", ".1", ".3", ".10"],
        ["", "s", "d", "b", "o", "x", "X", "c", "e", "E", "f", "F", "g", "G", "%", "n", "z"],
    );
    let mut values = pool::numbers();
    values.extend(pool::texts().into_iter().take(12));
    values.extend([Concrete::None, super::list(vec![i(1)])]);
    for value in &values {
        for _ in 0..100 {
            let spec = [
                *dice.pick(&fills),
                *dice.pick(&signs),
                *dice.pick(&marks),
                *dice.pick(&zeros),
                *dice.pick(&widths),
                *dice.pick(&groups),
                *dice.pick(&precisions),
                *dice.pick(&kinds),
            ]
            .concat();
            function(cases, "format", &[value.clone(), s(&spec)], &[]);
            let mut template = String::from("{!r:");
            template.push_str(&spec);
            template.push('}');
            method(cases, &s(&template), "format", std::slice::from_ref(value), &[]);
        }
    }
    let (flags, widths, precisions) =
        (["", "-", "0", "+", " ", "#", "#0", "-0", "+0"], ["", "6", "3", "12"], ["", ".0", ".2", ".7", "."]);
    let kinds = ["d", "i", "u", "o", "x", "X", "e", "E", "f", "F", "g", "G", "c", "r", "s", "a", "%"];
    values.extend(pool::byte_strings().into_iter().take(4));
    for value in &values {
        for _ in 0..50 {
            let spec =
                ["<%", *dice.pick(&flags), *dice.pick(&widths), *dice.pick(&precisions), *dice.pick(&kinds), ">"]
                    .concat();
            for template in [s(&spec), super::y(spec.as_bytes())] {
                let right = super::tuple(vec![value.clone()]);
                let source = format!("{} % {}", source(&template), source(&right));
                if let Some(answer) = judged(|b| ev::binary(BinOp::Mod, &template, &right, b)) {
                    cases.push(Case { label: String::from("% formatting"), source, answer });
                }
            }
        }
    }
}

fn calls(cases: &mut Vec<Case>, dice: &mut Dice) {
    let all = pool::all();
    let receivers: BTreeMap<&str, Vec<&Concrete>> = METHODS
        .iter()
        .map(|(class, _)| (*class, all.iter().filter(|value| value.type_name() == *class).collect()))
        .collect();
    let names: [SmolStr; 12] = [
        "sep",
        "maxsplit",
        "encoding",
        "errors",
        "keepends",
        "tabsize",
        "signed",
        "byteorder",
        "a",
        "default",
        "reverse",
        "base",
    ]
    .map(SmolStr::from);
    for (class, methods) in METHODS {
        for name in *methods {
            for receiver in &receivers[class] {
                method(cases, receiver, name, &[], &[]);
                for _ in 0..6 {
                    // Mostly operands of the same type: others only raise.
                    let same = &receivers[class];
                    let pick = |dice: &mut Dice| {
                        if dice.roll(3) > 0 && !same.is_empty() {
                            (*dice.pick(same)).clone()
                        } else {
                            dice.pick(&all).clone()
                        }
                    };
                    let mut args = vec![pick(dice)];
                    if dice.roll(3) == 0 {
                        args.push(if dice.roll(2) == 0 { i(dice.roll(7) as i64 - 2) } else { pick(dice) });
                    }
                    if dice.roll(6) == 0 {
                        args.push(i(dice.roll(9) as i64 - 3));
                    }
                    let named = if dice.roll(8) == 0 { vec![(dice.pick(&names).clone(), pick(dice))] } else { vec![] };
                    method(cases, receiver, name, &args, &named);
                }
            }
        }
    }
    for name in ev::operators::names() {
        for receiver in &all {
            method(cases, receiver, &name, &[], &[]);
            method(cases, receiver, &name, std::slice::from_ref(receiver), &[]);
            for _ in 0..6 {
                method(cases, receiver, &name, &[dice.pick(&all).clone()], &[]);
            }
        }
    }
    let mut symbols: Vec<&str> = FUNCTIONS.keys().copied().collect();
    symbols.sort_unstable();
    for symbol in symbols {
        function(cases, symbol, &[], &[]);
        for value in &all {
            function(cases, symbol, std::slice::from_ref(value), &[]);
        }
        for _ in 0..40 {
            let count = 2 + dice.roll(2);
            let args: Vec<Concrete> = (0..count).map(|_| dice.pick(&all).clone()).collect();
            function(cases, symbol, &args, &[]);
        }
    }
}

/// Calls with operands chosen to be meaningful to the function.
fn chosen(cases: &mut Vec<Case>) {
    let (texts, bytes) = (pool::texts(), pool::byte_strings());
    let codecs = [
        "hex",
        "base64",
        "rot13",
        "rot_13",
        "utf-8",
        "UTF8",
        "latin-1",
        "iso-8859-1",
        "ascii",
        "utf-16",
        "utf-16-le",
        "utf_16_be",
        "utf-32",
        "utf-32-be",
        "unicode_escape",
        "raw_unicode_escape",
        "cp1252",
        "utf-8-sig",
        "gbk",
        "cp1251",
        "koi8-r",
        "bz2",
        "zlib",
        "nonesuch",
    ];
    for codec in codecs {
        for errors in ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace"] {
            for value in &texts {
                method(cases, value, "encode", &[s(codec), s(errors)], &[]);
            }
            for value in &bytes {
                // Python 3 has these for `codecs.decode` only.
                if !matches!(codec, "hex" | "base64" | "zlib" | "bz2") {
                    method(cases, value, "decode", &[s(codec), s(errors)], &[]);
                }
            }
        }
        for value in bytes.iter().chain(&texts) {
            // Text in place of bytes is Python 2's.
            if value.as_str().is_none() || !matches!(codec, "base64" | "zlib" | "bz2") {
                function(cases, "codecs.decode", &[value.clone(), s(codec)], &[]);
            }
            if !matches!(codec, "zlib" | "bz2") {
                function(cases, "codecs.encode", &[value.clone(), s(codec)], &[]);
            }
        }
    }
    let pairs = [("a", "b"), ("X", "--"), ("", "."), ("b", ""), ("XX", "X"), ("\n", " ")];
    for value in &texts {
        for (old, new) in pairs {
            method(cases, value, "replace", &[s(old), s(new)], &[]);
            method(cases, value, "replace", &[s(old), s(new), i(1)], &[]);
        }
        for base in [0, 2, 8, 10, 16, 36] {
            function(cases, "int", &[value.clone(), i(base)], &[]);
        }
        for (pattern, new) in [
            ("[a-z]", "<\\g<0>>"),
            ("(.)X", "\\1"),
            ("[^a-zA-Z0-9]", ""),
            ("\\s+", " "),
            ("(?P<n>\\d)", "[\\g<n>]"),
            ("X|l", "#"),
            ("a?", "-"),
            ("\\d+$", "N"),
            (".", "."),
            ("(a)|(b)", "\\2"),
            ("[A-Z]{1,2}", "u"),
            ("(?i)x", "y"),
            ("\\bb", "B"),
        ] {
            function(cases, "re.sub", &[s(pattern), s(new), value.clone()], &[]);
            function(cases, "re.sub", &[s(pattern), s(new), value.clone(), i(1)], &[]);
            function(cases, "re.findall", &[s(pattern), value.clone()], &[]);
            function(cases, "re.split", &[s(pattern), value.clone()], &[]);
            function(cases, "re.findall", &[s(pattern), value.clone(), i(2)], &[]);
        }
        for other in &texts {
            function(cases, "os.path.join", &[value.clone(), other.clone(), s("end")], &[]);
            function(cases, "ntpath.join", &[value.clone(), other.clone(), s("end")], &[]);
        }
    }
    for format in [
        "<Bhq",
        ">I",
        "!H2s",
        "<4s",
        "=bBhHiIlLqQ",
        "@bq",
        "fd",
        ">d",
        "e",
        "3x2B",
        "p",
        "4p",
        "?",
        "c",
        "8B",
        "<Q",
        "2h2H",
    ] {
        function(cases, "struct.calcsize", &[s(format)], &[]);
        for data in &bytes {
            function(cases, "struct.unpack", &[s(format), data.clone()], &[]);
            function(cases, "struct.unpack_from", &[s(format), data.clone(), i(1)], &[]);
        }
        for value in pool::all() {
            function(cases, "struct.pack", &[s(format), value.clone()], &[]);
            function(cases, "struct.pack", &[s(format), value.clone(), value], &[]);
        }
    }
    for value in pool::numbers() {
        for length in [0, 1, 2, 4, 8, 20] {
            for order in ["big", "little"] {
                for signed in [true, false] {
                    let named = [(SmolStr::from("signed"), Concrete::Bool(signed))];
                    method(cases, &value, "to_bytes", &[i(length), s(order)], &named);
                }
            }
        }
        for digits in -3..4 {
            function(cases, "round", &[value.clone(), i(digits)], &[]);
        }
        for modulus in [1, 7, -7, 1_000_003] {
            function(cases, "pow", &[value.clone(), i(13), i(modulus)], &[]);
            function(cases, "pow", &[value.clone(), i(-1), i(modulus)], &[]);
        }
    }
    for data in &bytes {
        for order in ["big", "little"] {
            function(
                cases,
                "int.from_bytes",
                &[data.clone(), s(order)],
                &[(SmolStr::from("signed"), Concrete::Bool(true))],
            );
            function(cases, "int.from_bytes", &[data.clone(), s(order)], &[]);
        }
        function(cases, "base64.b64decode", &[data.clone(), super::y(b"-_")], &[]);
        function(
            cases,
            "base64.b64decode",
            std::slice::from_ref(data),
            &[(SmolStr::from("validate"), Concrete::Bool(true))],
        );
        function(
            cases,
            "base64.a85decode",
            std::slice::from_ref(data),
            &[(SmolStr::from("adobe"), Concrete::Bool(true))],
        );
        function(
            cases,
            "base64.b32decode",
            std::slice::from_ref(data),
            &[(SmolStr::from("casefold"), Concrete::Bool(true))],
        );
        method(cases, data, "hex", &[s(":"), i(2)], &[]);
        method(cases, data, "hex", &[s("-"), i(-3)], &[]);
    }
    for value in pool::containers() {
        for named in [
            vec![],
            vec![("indent", i(2))],
            vec![("sort_keys", Concrete::Bool(true))],
            vec![("ensure_ascii", Concrete::Bool(false))],
        ] {
            let named: Vec<_> = named.into_iter().map(|(name, value)| (SmolStr::from(name), value)).collect();
            function(cases, "json.dumps", std::slice::from_ref(&value), &named);
        }
        function(cases, "sorted", std::slice::from_ref(&value), &[(SmolStr::from("reverse"), Concrete::Bool(true))]);
    }
}

fn mutations(cases: &mut Vec<Case>, dice: &mut Dice) {
    let all = pool::all();
    let names = [
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "sort",
        "clear",
        "update",
        "setdefault",
        "popitem",
        "add",
        "discard",
        "__setitem__",
        "__delitem__",
    ];
    for receiver in all.iter().filter(|value| matches!(value.type_name(), "list" | "dict" | "set" | "bytearray")) {
        for name in names {
            for round in 0..30 {
                let count = if round == 0 { 0 } else { 1 + dice.roll(2) };
                let args: Vec<Concrete> = (0..count)
                    .map(|_| if dice.roll(2) == 0 { i(dice.roll(6) as i64 - 2) } else { dice.pick(&all).clone() })
                    .collect();
                // Which item a set gives up is CPython's own affair.
                if matches!(receiver, Concrete::Set(_)) && name == "pop" {
                    continue;
                }
                let Some(answer) = judged(|b| {
                    let mut changed = receiver.clone();
                    let result = ev::mutate(&mut changed, name, &args, b);
                    if result.is_none() {
                        assert_eq!(show(&changed), show(receiver), "{name} changed its receiver and failed");
                    }
                    ev::tuple_of(vec![result?, changed], b)
                }) else {
                    continue;
                };
                let source =
                    format!("changed({}, lambda r: {})", source(receiver), call(&format!("r.{name}"), &args, &[]));
                cases.push(Case { label: format!("{}.{name}", receiver.type_name()), source, answer });
            }
        }
    }
}

/// Runs the cases in one interpreter; `None` when there is none that is recent enough.
fn reference(cases: &[Case]) -> Option<Vec<String>> {
    let version = Command::new("python3")
        .args(["-I", "-c", "import sys; sys.exit(0 if sys.implementation.name == 'cpython' and sys.version_info[:2] >= (3, 11) else 1)"])
        .status();
    if !version.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut script = String::from(PRELUDE);
    for (n, case) in cases.iter().enumerate() {
        writeln!(script, "t({n}, lambda: {})", case.source).expect("a string grows");
    }
    let mut child = Command::new("python3")
        .args(["-I", "-W", "ignore", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child.stdin.take().expect("piped").write_all(script.as_bytes()).expect("the script is read");
    let output = child.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "the reference interpreter failed");
    let lines: Vec<String> = String::from_utf8(output.stdout)
        .expect("ASCII")
        .lines()
        .map(|line| {
            let hex = line.split(' ').nth(1).unwrap_or("");
            let bytes: Vec<u8> = hex
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal"))
                .collect();
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .collect();
    assert_eq!(lines.len(), cases.len());
    Some(lines)
}

fn check(name: &str, cases: &[Case]) {
    let Some(expected) = reference(cases) else {
        eprintln!("{name}: skipped, there is no python3 of 3.11 or later");
        return;
    };
    let (mut wrong, mut unanswered, mut values) =
        (BTreeMap::<&str, Vec<String>>::new(), BTreeMap::<&str, Vec<&str>>::new(), 0);
    for (case, expected) in cases.iter().zip(&expected) {
        let raised = expected.starts_with('!');
        values += usize::from(!raised);
        match &case.answer {
            Some(answer) if show(answer) != *expected => {
                let line = format!("{}\n   here:    {}\n   CPython: {expected}", case.source, show(answer));
                wrong.entry(&case.label).or_default().push(line);
            }
            None if !raised => unanswered.entry(&case.label).or_default().push(&case.source),
            _ => {}
        }
    }
    let count: usize = unanswered.values().map(Vec::len).sum();
    eprintln!("{name}: {} operations, {values} with a value, {count} of them not answered", cases.len());
    for (label, sources) in &unanswered {
        eprintln!(
            "  not answered: {label}: {}, as {}",
            sources.len(),
            sources[0].chars().take(200).collect::<String>()
        );
    }
    let shown: Vec<String> = wrong
        .iter()
        .map(|(label, lines)| format!("{label}: {} times\n{}", lines.len(), lines[..lines.len().min(3)].join("\n")))
        .collect();
    assert!(wrong.is_empty(), "answers differ from CPython's:\n{}", shown.join("\n"));
    assert!(count * 10 < values, "{count} of {values} values not answered");
}

#[test]
fn operators_agree() {
    let mut cases = Vec::new();
    operators(&mut cases, &mut Dice(1));
    subscripts(&mut cases, &mut Dice(2));
    check("operators", &cases);
}

#[test]
fn formats_agree() {
    let mut cases = Vec::new();
    formats(&mut cases, &mut Dice(3));
    check("formats", &cases);
}

#[test]
fn calls_agree() {
    let mut cases = Vec::new();
    calls(&mut cases, &mut Dice(4));
    check("calls", &cases);
}

#[test]
fn chosen_calls_agree() {
    let mut cases = Vec::new();
    chosen(&mut cases);
    check("chosen calls", &cases);
}

#[test]
fn mutations_agree() {
    let mut cases = Vec::new();
    mutations(&mut cases, &mut Dice(5));
    check("mutations", &cases);
}
