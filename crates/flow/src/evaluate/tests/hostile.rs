//! Hostile operands: bombs, exhaustion, deep and shared nesting, and every name with random operands.

use std::rc::Rc;

use proptest::prelude::*;
use sluice_syntax::ir::{BinOp, CmpOp, UnaryOp};
use smol_str::SmolStr;

use super::pool;
use super::{Budget, Concrete, ample, i, list, s, y};
use crate::evaluate::{self as ev, FUNCTIONS, MAX_DEPTH, METHODS};

/// The operation is refused, says why, and leaves what the budget allowed.
fn refused(bytes: u64, run: impl FnOnce(&mut Budget) -> Option<Concrete>) {
    let mut b = Budget::new(10_000_000, bytes);
    assert!(run(&mut b).is_none());
    assert!(b.exhausted, "the budget says why");
}

fn call(symbol: &str, args: &[Concrete], b: &mut Budget) -> Option<Concrete> {
    ev::function(symbol, args, &[], b).map(|outcome| outcome.value)
}

/// A stream that grows a thousandfold: what `zlib.compress(bytes(n))` gives.
fn deflated(n: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; n]).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn a_decompression_bomb_stops_at_the_budget() {
    let bomb = deflated(8 << 20);
    assert!(bomb.len() < 20_000);
    refused(1 << 20, |b| call("zlib.decompress", &[y(&bomb)], b));
    let mut b = Budget::new(10_000_000, 1 << 20);
    assert!(call("zlib.decompress", &[y(&bomb)], &mut b).is_none());
    assert!(b.steps > 0, "it stops long before the steps end");
    let whole = call("zlib.decompress", &[y(&bomb)], &mut ample()).expect("the budget is ample");
    assert_eq!(whole.as_bytes().map(<[u8]>::len), Some(8 << 20));
}

#[test]
fn a_bzip2_bomb_stops_at_the_budget() {
    use std::io::Read;
    let zeros = vec![0; 4 << 20];
    let mut bomb = Vec::new();
    bzip2::read::BzEncoder::new(zeros.as_slice(), bzip2::Compression::best()).read_to_end(&mut bomb).expect("memory");
    refused(1 << 20, |b| call("bz2.decompress", &[y(&bomb)], b));
    assert!(call("bz2.decompress", &[y(&bomb)], &mut ample()).is_some());
}

/// Streams damaged at one byte, which a decoder meets with an error or with other bytes.
#[test]
fn damaged_streams_do_not_panic() {
    let mut dice = pool::Dice(9);
    let xz = b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\x01\x00\x04hello\x00\x00\x00\x00\xb17\xb9\xdb\xe5\xda\x1e\x9b\x00\x01\x1d\x05\xb8-\x80\xaf\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ";
    let bz = b"BZh91AY&SY\x191e=\x00\x00\x00\x81\x00\x02D\xa0\x00!\x9ah3M\x073\x8b\xb9\"\x9c(H\x0c\x98\xb2\x9e\x80";
    let alone = b"]\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x004\x19I\xee\x8eh!\xff\xff\xff\xb9\xe0\x00\x00";
    assert_eq!(call("lzma.decompress", &[y(alone)], &mut ample()), Some(y(b"hello")));
    let zlib = deflated(4_000);
    let streams: [(&str, &[u8]); 5] = [
        ("lzma.decompress", xz),
        ("lzma.decompress", alone),
        ("bz2.decompress", bz),
        ("zlib.decompress", &zlib),
        (
            "gzip.decompress",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00",
        ),
    ];
    for (symbol, stream) in streams {
        for _ in 0..400 {
            let mut damaged = stream.to_vec();
            let at = dice.roll(damaged.len());
            damaged[at] = u8::try_from(dice.roll(256)).expect("a byte");
            damaged.truncate(damaged.len() - dice.roll(3));
            let _ = call(symbol, &[y(&damaged)], &mut Budget::new(1_000_000, 1 << 20));
        }
    }
}

#[test]
fn large_results_are_refused_before_they_are_built() {
    let huge = i(1 << 40);
    refused(1 << 20, |b| ev::binary(BinOp::Mul, &s("ab"), &huge, b));
    refused(1 << 20, |b| ev::binary(BinOp::Mul, &list(vec![i(1)]), &huge, b));
    refused(1 << 20, |b| ev::binary(BinOp::Pow, &i(3), &i(100_000_000), b));
    refused(1 << 20, |b| ev::binary(BinOp::Shl, &i(1), &huge, b));
    refused(1 << 20, |b| call("range", std::slice::from_ref(&huge), b));
    refused(1 << 20, |b| call("bytes", std::slice::from_ref(&huge), b));
    refused(1 << 20, |b| call("format", &[i(1), s("1000000000d")], b));
    refused(1 << 20, |b| ev::method(&s("x"), "center", std::slice::from_ref(&huge), &[], b).map(|o| o.value));
    refused(1 << 20, |b| ev::method(&s("x"), "zfill", std::slice::from_ref(&huge), &[], b).map(|o| o.value));
    refused(1 << 20, |b| ev::method(&i(1), "to_bytes", &[huge.clone(), s("big")], &[], b).map(|o| o.value));
    refused(1 << 20, |b| ev::binary(BinOp::Mod, &s("%999999999d"), &i(1), b));
    refused(1 << 20, |b| {
        let text = s(&"a".repeat(2_000));
        ev::method(&text, "replace", &[s(""), text.clone()], &[], b).map(|o| o.value)
    });
    refused(1 << 20, |b| {
        let parts = list(vec![s(&"a".repeat(40_000)); 40]);
        ev::method(&s(""), "join", &[parts], &[], b).map(|o| o.value)
    });
    refused(1 << 20, |b| ev::method(&s("{:>99999999}"), "format", &[i(1)], &[], b).map(|o| o.value));
    refused(1 << 20, |b| call("struct.pack", &[s("99999999x")], b));
}

#[test]
fn every_step_is_counted() {
    let mut b = Budget::new(100, 1 << 20);
    let text = s(&"61".repeat(2_000));
    assert!(call("bytes.fromhex", &[text], &mut b).is_none());
    assert!(b.exhausted);
    let mut b = Budget::new(1_000, 1 << 20);
    let mut calls = 0;
    while call("chr", &[i(97)], &mut b).is_some() {
        calls += 1;
        assert!(calls <= 1_000);
    }
    assert!(b.exhausted);
}

#[test]
fn nesting_is_bounded() {
    let mut b = ample();
    let mut value = list(vec![]);
    let mut depth = 1;
    while let Some(deeper) = ev::list_of(vec![value.clone()], &mut b) {
        value = deeper;
        depth += 1;
        assert!(depth <= MAX_DEPTH);
    }
    assert_eq!(depth, MAX_DEPTH);
    assert!(!b.exhausted, "depth is no matter of the budget");
    assert!(ev::repr(&value).is_some());
    assert!(ev::mutate(&mut list(vec![]), "append", &[value.clone()], &mut b).is_none());
    let text = s(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert!(call("json.loads", &[text], &mut b).is_none());
    let marshal = y(&b"\xa9\x01".repeat(100_000));
    assert!(call("marshal.loads", &[marshal], &mut b).is_none());
}

#[test]
fn shared_parts_are_paid_for_each_time() {
    let mut b = Budget::new(1_000_000, 1 << 30);
    let mut value = list(vec![i(1)]);
    let mut doublings = 0;
    while let Some(wider) = ev::list_of(vec![value.clone(), value.clone()], &mut b) {
        value = wider;
        doublings += 1;
        assert!(doublings < 25, "the logical size doubles each time");
    }
    assert!(b.exhausted);
    // Values that did not come through the bounded building do not hang what walks them.
    let mut wide = Concrete::List(Rc::new(vec![i(1)]));
    for _ in 0..40 {
        wide = Concrete::List(Rc::new(vec![wide.clone(), wide]));
    }
    assert!(ev::repr(&wide).is_none());
    assert!(ev::compare(CmpOp::Eq, &wide, &wide.clone()).is_none());
    assert!(ev::list_of(vec![wide], &mut Budget::new(1_000_000, 1 << 20)).is_none());
}

#[test]
fn long_decimal_numerals_are_bounded() {
    let digits = "7".repeat(2_000_000);
    assert!(call("int", &[s(&digits)], &mut ample()).is_none());
    assert!(ev::from_const(&sluice_syntax::ir::Const::BigInt(digits.as_str().into())).is_none());
    assert!(call("int", &[s(&"7".repeat(5_000))], &mut ample()).is_some());
}

#[test]
fn patterns_are_bounded() {
    assert!(call("re.findall", &[s("(a{1000}){1000}"), s("a")], &mut ample()).is_none());
    assert!(call("re.findall", &[s(&"(".repeat(10_000)), s("a")], &mut ample()).is_none());
    let text = s(&"a".repeat(100_000));
    assert!(call("re.sub", &[s("(a+)+b"), s(""), text], &mut ample()).is_some(), "linear time");
}

#[test]
fn every_listed_name_is_pure() {
    for symbol in FUNCTIONS.keys() {
        assert!(ev::is_pure(symbol), "{symbol}");
        assert!(ev::is_pure(&format!("builtins.{symbol}")));
    }
    for (class, methods) in METHODS {
        for name in *methods {
            assert!(ev::is_pure(&format!("{class}.{name}")), "{class}.{name}");
        }
    }
    for symbol in ["exec", "eval", "open", "input", "__import__", "os.system", "list.append", "os.path.exists", "print"]
    {
        assert!(!ev::is_pure(symbol), "{symbol}");
    }
}

fn value() -> impl Strategy<Value = Concrete> {
    let leaf = prop_oneof![
        Just(Concrete::None),
        Just(Concrete::Ellipsis),
        any::<bool>().prop_map(Concrete::Bool),
        any::<i64>().prop_map(Concrete::Int),
        (-300_i64..300).prop_map(Concrete::Int),
        any::<i128>().prop_map(|n| Concrete::integer(n.into())),
        any::<f64>().prop_map(Concrete::Float),
        ".{0,12}".prop_map(|text| s(&text)),
        "[ -~\\n]{0,40}".prop_map(|text| s(&text)),
        "[%{}!:<>=^+# 0-9a-z.,\\[\\]()*?\\\\$-]{0,16}".prop_map(|text| s(&text)),
        proptest::collection::vec(any::<u8>(), 0..24).prop_map(|bytes| y(&bytes)),
        proptest::collection::vec(any::<u8>(), 0..24).prop_map(|bytes| Concrete::ByteArray(bytes.into())),
        proptest::sample::select(pool::all()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let items = || proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            items().prop_map(|items| ev::list_of(items, &mut ample()).expect("bounded")),
            items().prop_map(|items| ev::tuple_of(items, &mut ample()).expect("bounded")),
            items().prop_map(|items| ev::set_of(items, &mut ample()).unwrap_or(Concrete::None)),
            proptest::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(|pairs| ev::dict_of(
                pairs,
                &mut ample()
            )
            .unwrap_or(Concrete::None)),
        ]
    })
}

const BINARY: [BinOp; 14] = [
    BinOp::Add,
    BinOp::Sub,
    BinOp::Mul,
    BinOp::Div,
    BinOp::FloorDiv,
    BinOp::Mod,
    BinOp::Pow,
    BinOp::MatMul,
    BinOp::Shl,
    BinOp::Shr,
    BinOp::UShr,
    BinOp::BitAnd,
    BinOp::BitOr,
    BinOp::BitXor,
];
const COMPARE: [CmpOp; 13] = [
    CmpOp::Eq,
    CmpOp::NotEq,
    CmpOp::StrictEq,
    CmpOp::StrictNotEq,
    CmpOp::Lt,
    CmpOp::LtE,
    CmpOp::Gt,
    CmpOp::GtE,
    CmpOp::Is,
    CmpOp::IsNot,
    CmpOp::In,
    CmpOp::NotIn,
    CmpOp::InstanceOf,
];
const UNARY: [UnaryOp; 7] =
    [UnaryOp::Not, UnaryOp::Neg, UnaryOp::Pos, UnaryOp::Invert, UnaryOp::TypeOf, UnaryOp::Void, UnaryOp::Delete];
const CHANGING: [&str; 17] = [
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
    "difference_update",
    "__setitem__",
    "__delitem__",
    "__iadd__",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        args in proptest::collection::vec(value(), 0..4),
        receiver in value(),
        other in value(),
        name in proptest::sample::select(vec!["sep", "encoding", "errors", "key", "base", "signed", "width", "indent"]),
        bounds in any::<(Option<i64>, Option<i64>, Option<i64>)>(),
    ) {
        let fresh = || Budget::new(200_000, 1 << 20);
        let named = [(SmolStr::from(name), other.clone())];
        for symbol in FUNCTIONS.keys() {
            let _ = ev::function(symbol, &args, &[], &mut fresh());
            let _ = ev::function(symbol, &args, &named, &mut fresh());
        }
        for (class, methods) in METHODS {
            for method in *methods {
                let _ = ev::method(&receiver, method, &args, &[], &mut fresh());
                let _ = ev::method(&receiver, method, &args, &named, &mut fresh());
                let _ = ev::function(&format!("{class}.{method}"), &args, &[], &mut fresh());
            }
        }
        for op in BINARY {
            let _ = ev::binary(op, &receiver, &other, &mut fresh());
        }
        for op in COMPARE {
            let _ = ev::compare(op, &receiver, &other);
        }
        for op in UNARY {
            let _ = ev::unary(op, &receiver);
        }
        for method in CHANGING {
            let mut changed = receiver.clone();
            let _ = ev::mutate(&mut changed, method, &args, &mut fresh());
            let _ = ev::store(&mut changed, &other, &receiver, &mut fresh());
        }
        let (lower, upper, step) = bounds;
        let _ = ev::slice(&receiver, lower, upper, step, &mut fresh());
        let _ = ev::index(&receiver, &other);
        let _ = ev::iterate(&receiver);
        let _ = ev::repr(&receiver);
        let _ = ev::to_text(&receiver);
        let _ = ev::truthy(&receiver);
        if let Some(spec) = other.as_str() {
            for conversion in [None, Some('r'), Some('s'), Some('a'), Some('x')] {
                let _ = ev::format_value(&receiver, conversion, spec);
            }
        }
    }
}
