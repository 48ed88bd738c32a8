//! Results computed by CPython 3.11, written out.

use sluice_syntax::ir::{BinOp, CmpOp, Const};
use smol_str::SmolStr;

use super::{Concrete, ample, dict, i, list, s, tuple, y};
use crate::evaluate as ev;

fn call(symbol: &str, args: &[Concrete]) -> Option<Concrete> {
    ev::function(symbol, args, &[], &mut ample()).map(|outcome| outcome.value)
}

fn coding(symbol: &str, args: &[Concrete]) -> Option<&'static str> {
    ev::function(symbol, args, &[], &mut ample())?.coding
}

fn method(receiver: &Concrete, name: &str, args: &[Concrete]) -> Option<Concrete> {
    ev::method(receiver, name, args, &[], &mut ample()).map(|outcome| outcome.value)
}

#[test]
fn decoders_name_their_coding() {
    for (symbol, argument, value, name) in [
        ("base64.b64decode", s("aGVsbG8="), y(b"hello"), "base64"),
        ("base64.b64decode", s("aGV\n*sb-G8=rest"), y(b"hello"), "base64"),
        ("base64.urlsafe_b64decode", s("-_8="), y(b"\xfb\xff"), "base64"),
        ("base64.b32decode", s("NBSWY3DP"), y(b"hello"), "base32"),
        ("base64.b16decode", s("68656C6C6F"), y(b"hello"), "base16"),
        ("base64.b85decode", s("Xk~0{Zv"), y(b"hello"), "base85"),
        ("base64.a85decode", s("BOu!rDZ"), y(b"hello"), "ascii85"),
        ("bytes.fromhex", s("68 65 6c6C 6f"), y(b"hello"), "hex"),
        ("binascii.unhexlify", s("68656c6C6f"), y(b"hello"), "hex"),
        ("urllib.parse.unquote", s("%68%C3%A9+%zz"), s("hé+%zz"), "url"),
        ("html.unescape", s("&lt;&#104;&eacute&notit;"), s("<hé¬it;"), "html"),
        ("marshal.loads", y(b"\xa9\x02\xe9\x01\x00\x00\x00\xda\x02hi"), tuple(vec![i(1), s("hi")]), "marshal"),
        (
            "zlib.decompress",
            y(b"x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15"),
            y(b"hello"),
            "zlib",
        ),
        (
            "gzip.decompress",
            y(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00"),
            y(b"hello"),
            "gzip",
        ),
        (
            "bz2.decompress",
            y(b"BZh91AY&SY\x191e=\x00\x00\x00\x81\x00\x02D\xa0\x00!\x9ah3M\x073\x8b\xb9\"\x9c(H\x0c\x98\xb2\x9e\x80"),
            y(b"hello"),
            "bz2",
        ),
        (
            "lzma.decompress",
            y(b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\x01\x00\x04hello\x00\x00\x00\x00\xb17\xb9\xdb\xe5\xda\x1e\x9b\x00\x01\x1d\x05\xb8-\x80\xaf\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ"),
            y(b"hello"),
            "lzma",
        ),
    ] {
        assert_eq!(call(symbol, std::slice::from_ref(&argument)), Some(value), "{symbol}");
        assert_eq!(coding(symbol, &[argument]), Some(name), "{symbol}");
    }
    assert_eq!(call("codecs.decode", &[s("uryyb"), s("rot13")]), Some(s("hello")));
    assert_eq!(coding("codecs.decode", &[s("uryyb"), s("rot_13")]), Some("rot13"));
    assert_eq!(coding("codecs.decode", &[y(b"68"), s("hex")]), Some("hex"));
    assert_eq!(coding("reversed", &[s("abc")]), Some("reverse"));
    let reversed = ev::slice(&s("olleh"), None, None, Some(-1), &mut ample()).expect("a slice");
    assert_eq!((reversed.value, reversed.coding), (s("hello"), Some("reverse")));
    assert_eq!(coding("base64.b64encode", &[y(b"hello")]), None);
}

#[test]
fn what_raises_has_no_value() {
    for (symbol, argument) in [
        ("base64.b64decode", s("aGVsbG8")),
        ("base64.b64decode", s("é")),
        ("binascii.unhexlify", s("abc")),
        ("zlib.decompress", y(b"x\x9c\xcbH\xcd")),
        ("gzip.decompress", y(b"no gzip at all")),
        ("chr", i(0x11_0000)),
        ("chr", i(0xD800)),
        ("ord", s("ab")),
        ("int", s("1__0")),
        ("int", s("")),
        ("float", s("1_")),
        ("sum", list(vec![s("a")])),
        ("bytes", list(vec![i(256)])),
        ("sorted", list(vec![i(1), s("a")])),
        ("json.loads", s("{'a': 1}")),
        ("dict.fromkeys", list(vec![list(vec![])])),
    ] {
        assert_eq!(call(symbol, std::slice::from_ref(&argument)), None, "{symbol}({argument:?})");
    }
    let mut b = ample();
    assert_eq!(ev::binary(BinOp::Div, &i(1), &i(0), &mut b), None);
    assert_eq!(ev::binary(BinOp::Mod, &s("%d"), &s("x"), &mut b), None);
    assert_eq!(ev::binary(BinOp::Mod, &s("a"), &i(1), &mut b), None);
    assert_eq!(ev::binary(BinOp::Add, &s("a"), &i(1), &mut b), None);
    assert_eq!(ev::index(&s("abc"), &i(3)), None);
    assert!(!b.exhausted);
}

#[test]
fn python_2_spellings() {
    assert_eq!(method(&s("68656c6c6f"), "decode", &[s("hex")]), Some(s("hello")));
    assert_eq!(method(&s("aGVsbG8="), "decode", &[s("base64")]), Some(s("hello")));
    assert_eq!(method(&s("uryyb"), "decode", &[s("rot13")]), Some(s("hello")));
    assert_eq!(method(&s("hello"), "encode", &[s("hex")]), Some(s("68656c6c6f")));
    assert_eq!(method(&y(b"68"), "decode", &[s("hex")]), Some(y(b"h")));
    let packed = method(&s("eJzLSM3JyQcABiwCFQ=="), "decode", &[s("base64")]).expect("base64");
    assert_eq!(method(&packed, "decode", &[s("zlib")]), Some(s("hello")));
    assert_eq!(
        ev::from_const(&Const::BigInt("0xFFFFFFFFFFFFFFFFFL".into())).and_then(|v| ev::repr(&v)).as_deref(),
        Some("295147905179352825855")
    );
    assert_eq!(ev::constant("string.letters"), ev::constant("string.ascii_letters"));
}

#[test]
fn unbound_methods() {
    assert_eq!(call("str.join", &[s("-"), list(vec![s("a"), s("b")])]), Some(s("a-b")));
    assert_eq!(call("builtins.bytes.decode", &[y(b"caf\xc3\xa9")]), Some(s("café")));
    assert_eq!(call("str.join", &[y(b"-"), list(vec![])]), None);
    assert_eq!(call("int.to_bytes", &[i(258), i(2), s("big")]), Some(y(b"\x01\x02")));
    assert_eq!(call("dict.get", &[dict(vec![(s("a"), i(1))]), s("b"), i(7)]), Some(i(7)));
}

#[test]
fn formatting() {
    for (value, spec, text) in [
        (i(255), "#010x", "0x000000ff"),
        (i(1_234_567), ",", "1,234,567"),
        (i(1234), "08,", "0,001,234"),
        (Concrete::Float(2.71728), ".2f", "2.72"),
        (Concrete::Float(1234567.891), ",.1f", "1,234,567.9"),
        (Concrete::Float(0.000012345), "g", "1.2345e-05"),
        (Concrete::Float(1e20), "", "1e+20"),
        (Concrete::Float(0.5), ".0%", "50%"),
        (s("ab"), "*^7", "**ab***"),
        (s("abcdef"), ".3", "abc"),
        (Concrete::Bool(true), "d", "1"),
    ] {
        assert_eq!(ev::format_value(&value, None, spec).as_deref(), Some(text), "{value:?} {spec}");
    }
    assert_eq!(ev::format_value(&s("a'b"), Some('r'), ">8").as_deref(), Some("   \"a'b\""));
    assert_eq!(ev::format_value(&s("x"), None, "d"), None);
    let named = [(SmolStr::from("k"), dict(vec![(s("a"), i(5))]))];
    let out = ev::method(&s("{0:>{1}}|{k[a]:02}|{{}}"), "format", &[s("x"), i(3)], &named, &mut ample());
    assert_eq!(out.map(|o| o.value), Some(s("  x|05|{}")));
    let values = tuple(vec![s("a"), i(-5), Concrete::Float(2.5)]);
    assert_eq!(ev::binary(BinOp::Mod, &s("%s|%05d|%.2f%%"), &values, &mut ample()), Some(s("a|-0005|2.50%")));
    let values = dict(vec![(s("n"), i(255))]);
    assert_eq!(ev::binary(BinOp::Mod, &s("%(n)#x %(n)o"), &values, &mut ample()), Some(s("0xff 377")));
}

#[test]
fn representations() {
    for (value, text) in [
        (s("it's"), "\"it's\""),
        (s("a\n\u{e9}\u{200b}\u{1f600}"), "'a\\né\\u200b😀'"),
        (y(b"\x00'\xff"), "b\"\\x00'\\xff\""),
        (Concrete::Float(1e16), "1e+16"),
        (Concrete::Float(123456789012345.0), "123456789012345.0"),
        (Concrete::Float(9007199254740992.0 / 10.0), "900719925474099.2"),
        (tuple(vec![i(1)]), "(1,)"),
        (dict(vec![(s("a"), list(vec![Concrete::None]))]), "{'a': [None]}"),
    ] {
        assert_eq!(ev::repr(&value).as_deref(), Some(text));
    }
    assert_eq!(ev::repr(&super::set(vec![i(1), i(2)])), None, "the order of a set is not known");
}

#[test]
fn equality_and_identity() {
    let one = [i(1), Concrete::Float(1.0), Concrete::Bool(true)];
    for x in &one {
        for z in &one {
            assert_eq!(ev::compare(CmpOp::Eq, x, z), Some(true));
        }
    }
    assert_eq!(super::set(one.to_vec()), super::set(vec![i(1)]));
    assert_eq!(ev::compare(CmpOp::Eq, &Concrete::Float(f64::NAN), &Concrete::Float(f64::NAN)), Some(false));
    assert_eq!(ev::compare(CmpOp::Is, &Concrete::None, &Concrete::None), Some(true));
    assert_eq!(ev::compare(CmpOp::Is, &i(1), &s("1")), Some(false));
    assert_eq!(ev::compare(CmpOp::Is, &s("a"), &s("a")), None, "it depends on CPython's caches");
    assert_eq!(ev::compare(CmpOp::In, &s("b"), &dict(vec![(s("b"), i(1))])), Some(true));
    assert_eq!(ev::compare(CmpOp::Lt, &i(1), &s("a")), None);
}

#[test]
fn changing_methods() {
    let mut b = ample();
    let mut items = list(vec![i(3), i(1)]);
    let shared = items.clone();
    assert_eq!(ev::mutate(&mut items, "append", &[i(2)], &mut b), Some(Concrete::None));
    assert_eq!(ev::mutate(&mut items, "sort", &[], &mut b), Some(Concrete::None));
    assert_eq!(items, list(vec![i(1), i(2), i(3)]));
    assert_eq!(shared, list(vec![i(3), i(1)]), "the other holder keeps its value");
    assert_eq!(ev::mutate(&mut items, "pop", &[i(0)], &mut b), Some(i(1)));
    assert_eq!(ev::mutate(&mut items, "pop", &[i(9)], &mut b), None);
    assert_eq!(ev::store(&mut items, &i(-1), &s("z"), &mut b), Some(()));
    assert_eq!(items, list(vec![i(2), s("z")]));
    let mut table = dict(vec![(s("a"), i(1))]);
    let more = list(vec![tuple(vec![s("b"), i(2)]), tuple(vec![s("a"), i(3)])]);
    assert_eq!(ev::mutate(&mut table, "update", &[more], &mut b), Some(Concrete::None));
    assert_eq!(table, dict(vec![(s("a"), i(3)), (s("b"), i(2))]));
    assert_eq!(ev::mutate(&mut table, "setdefault", &[s("a"), i(9)], &mut b), Some(i(3)));
    let mut bytes = Concrete::ByteArray(b"ab"[..].into());
    assert_eq!(ev::mutate(&mut bytes, "extend", &[y(b"cd")], &mut b), Some(Concrete::None));
    assert_eq!(ev::store(&mut bytes, &i(0), &i(0x41), &mut b), Some(()));
    assert_eq!(bytes, Concrete::ByteArray(b"Abcd"[..].into()));
}
