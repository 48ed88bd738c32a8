//! Operands that the differential and the hostile tests draw from.

use num_bigint::BigInt;

use super::{dict, i, list, s, set, tuple, y};
use crate::evaluate::Concrete;

/// A generator of numbers that repeats itself from run to run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.roll(items.len())]
    }
}

pub(super) fn texts() -> Vec<Concrete> {
    [
        "",
        "a",
        "abc",
        "Hello World",
        " \t x  y \n",
        "aXbXXc",
        "ß Ünïcödé",
        "1234",
        "-42",
        "+7",
        " 12_000 ",
        "a,b,,c",
        "l1\nl2\r\nl3\x0b4\x1c5",
        "ǅx",
        "中文字",
        "İI",
        "x\u{85}y\u{2028}z",
        "AbC dEf",
        "00ff",
        "aGVsbG8=",
        "aGVsbG8",
        "😀!",
        "they're \"bill's\"",
        "\tindent\n\t\tmore\n",
        "0x1F",
        "0b101",
        "1e5",
        "nan",
        "-inf",
        "%41%zz%C3%A9+b",
        "&lt;a&gt;&amp&nbsp;&notit;&#65;&#x42;",
        "NBSWY3DP",
        "/usr//lib/../x.tar.gz",
        "C:\\dir\\f.txt",
        "..",
        "{}",
        "{0}-{1!r:>5}",
        "{a}",
        "[1, 2.5, \"x\\u00e9\", null, {\"k\": true}]",
        "\\x41\\n\\u00e9\\101\\q",
        "<Bhq",
        "uryyb",
        "X",
        ",",
        " ",
        "\n",
        "utf-8",
        "hex",
        "rot13",
        "base64",
        "latin-1",
        "utf-16",
        "ascii",
        "ignore",
        "replace",
        "big",
        "little",
        "%d",
        "%s|%5.2f",
        "%x",
        "[a-c]+",
        "(\\w)(\\d?)",
        "\\s+",
        "-",
        "_.",
        "²",
        "٣",
        "Ⅷ",
        "\u{a0}",
        "\u{ad}",
        "\u{e000}",
    ]
    .into_iter()
    .map(s)
    .collect()
}

pub(super) fn byte_strings() -> Vec<Concrete> {
    [
        &b""[..],
        b"a",
        b"abc",
        b"Hello World",
        b" \t x  y \n",
        b"aXbXXc",
        b"\xff\xfe\x00",
        b"\xe9\xa9",
        b"1234",
        b"-42",
        b"a,b,,c",
        b"l1\nl2\r\nl3\x0b4",
        b"aGVsbG8=",
        b"aGVs\nbG8=",
        b"_-8=",
        b"00fF",
        b"NBSWY3DP",
        b"\x01\x02\x03\x04\x05\x06\x07\x08",
        b"\\x41\\n\\101\\q",
        b"h\x00i\x00",
        b"X",
        b",",
        b" ",
        b"xQ{Y!",
        b"87cURD]i,\"",
        b"<~87cUR~>",
        b"\x00\x00\xfe\xff\x00\x00\x00A",
        b"\xe3\x81",
        b"caf\xc3\xa9",
        b"%d",
        b"%s",
        b"[\x02\x00\x00\x00i\x01\x00\x00\x00N",
        b"x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15",
    ]
    .into_iter()
    .map(y)
    .collect()
}

pub(super) fn numbers() -> Vec<Concrete> {
    let mut numbers: Vec<Concrete> = [
        0,
        1,
        -1,
        2,
        3,
        5,
        7,
        -7,
        8,
        10,
        16,
        36,
        64,
        65,
        97,
        255,
        256,
        300,
        1000,
        65536,
        -1_000_003,
        i64::MAX,
        i64::MIN,
    ]
    .into_iter()
    .map(i)
    .collect();
    numbers
        .extend([BigInt::from(2).pow(63), BigInt::from(10).pow(20), -BigInt::from(3).pow(50)].map(Concrete::integer));
    numbers.extend(
        [
            0.0,
            -0.0,
            0.5,
            1.5,
            2.5,
            -2.5,
            0.1,
            1e16,
            1e15,
            123456.789,
            1e-5,
            1e22,
            5e-324,
            1.7976931348623157e308,
            3.0,
            -7.25,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            2.675,
            1e100,
            9007199254740993.0,
        ]
        .map(Concrete::Float),
    );
    numbers.extend([Concrete::Bool(true), Concrete::Bool(false)]);
    numbers
}

pub(super) fn containers() -> Vec<Concrete> {
    vec![
        list(vec![]),
        list(vec![i(3), i(1), i(2)]),
        list(vec![s("b"), s("a"), s("c")]),
        list(vec![i(104), i(105)]),
        list(vec![i(1), Concrete::Float(1.0), Concrete::Bool(true), Concrete::None]),
        list(vec![tuple(vec![s("k"), i(1)]), tuple(vec![s("j"), i(2)])]),
        list(vec![y(b"x"), y(b"yz")]),
        list(vec![list(vec![i(1)]), list(vec![])]),
        tuple(vec![]),
        tuple(vec![i(1)]),
        tuple(vec![s("a"), s("X")]),
        tuple(vec![i(5), Concrete::Float(2.5)]),
        tuple(vec![y(b"a"), y(b"X")]),
        set(vec![]),
        set(vec![i(4)]),
        set(vec![i(4), i(2), s("x")]),
        set(vec![i(2), i(9)]),
        dict(vec![]),
        dict(vec![(s("a"), i(1)), (s("b"), s("two"))]),
        dict(vec![(i(97), s("A")), (i(98), Concrete::None), (i(99), i(100))]),
        dict(vec![(i(1), s("x")), (Concrete::Float(2.5), list(vec![i(1)]))]),
    ]
}

pub(super) fn all() -> Vec<Concrete> {
    let mut all = texts();
    all.extend(byte_strings());
    all.extend(numbers());
    all.extend(containers());
    all.extend([Concrete::None, Concrete::Ellipsis]);
    all.extend(byte_strings().iter().take(8).filter_map(Concrete::as_bytes).map(|b| Concrete::ByteArray(b.into())));
    all
}
