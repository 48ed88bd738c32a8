//! `operator`, `math`, `itertools`, `textwrap` and `string`: the small pure functions.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Signed;
use sluice_syntax::ir::{BinOp, CmpOp, UnaryOp};

use super::args::{Args, bound_of};
use super::order::{compare, exact};
use super::sequence::{self, length, ordered};
use super::{Budget, Concrete, Handler, Outcome, binary, list_of, numbers, truthy, tuple_of, unary};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("operator.add", |a, b| two(a, BinOp::Add, b)),
    ("operator.concat", |a, b| {
        length(a.two()?.0)?;
        two(a, BinOp::Add, b)
    }),
    ("operator.sub", |a, b| two(a, BinOp::Sub, b)),
    ("operator.mul", |a, b| two(a, BinOp::Mul, b)),
    ("operator.truediv", |a, b| two(a, BinOp::Div, b)),
    ("operator.floordiv", |a, b| two(a, BinOp::FloorDiv, b)),
    ("operator.mod", |a, b| two(a, BinOp::Mod, b)),
    ("operator.pow", |a, b| two(a, BinOp::Pow, b)),
    ("operator.xor", |a, b| two(a, BinOp::BitXor, b)),
    ("operator.and_", |a, b| two(a, BinOp::BitAnd, b)),
    ("operator.or_", |a, b| two(a, BinOp::BitOr, b)),
    ("operator.lshift", |a, b| two(a, BinOp::Shl, b)),
    ("operator.rshift", |a, b| two(a, BinOp::Shr, b)),
    ("operator.eq", |a, b| related(a, CmpOp::Eq, b)),
    ("operator.ne", |a, b| related(a, CmpOp::NotEq, b)),
    ("operator.lt", |a, b| related(a, CmpOp::Lt, b)),
    ("operator.le", |a, b| related(a, CmpOp::LtE, b)),
    ("operator.gt", |a, b| related(a, CmpOp::Gt, b)),
    ("operator.ge", |a, b| related(a, CmpOp::GtE, b)),
    ("operator.contains", |a, b| {
        let (container, item) = a.two()?;
        Some(Concrete::Bool(compare(CmpOp::In, item, container, b)?).into())
    }),
    ("operator.neg", |a, _| Some(unary(UnaryOp::Neg, a.one()?)?.into())),
    ("operator.pos", |a, _| Some(unary(UnaryOp::Pos, a.one()?)?.into())),
    ("operator.invert", |a, _| Some(unary(UnaryOp::Invert, a.one()?)?.into())),
    ("operator.inv", |a, _| Some(unary(UnaryOp::Invert, a.one()?)?.into())),
    ("operator.not_", |a, _| Some(Concrete::Bool(!truthy(a.one()?)).into())),
    ("operator.truth", |a, _| Some(Concrete::Bool(truthy(a.one()?)).into())),
    ("operator.getitem", |a, _| {
        let (base, at) = a.two()?;
        Some(sequence::index(base, at)?.into())
    }),
    ("math.floor", |a, _| rounded(a, f64::floor)),
    ("math.ceil", |a, _| rounded(a, f64::ceil)),
    ("math.trunc", |a, _| rounded(a, f64::trunc)),
    ("math.sqrt", |a, _| {
        let f = numbers::as_float(a.one()?)?;
        (f >= 0.0 || f.is_nan()).then(|| Concrete::Float(f.sqrt()).into())
    }),
    ("math.isqrt", |a, b| {
        let n = exact(a.one()?)?;
        b.step(usize::try_from(n.bits()).ok()?)?;
        (!n.is_negative()).then(|| Concrete::integer(n.sqrt()).into())
    }),
    ("math.gcd", |a, b| {
        let mut gcd = BigInt::ZERO;
        for value in a.positional()? {
            let n = exact(value)?;
            let bits = usize::try_from(n.bits().max(gcd.bits())).ok()?;
            b.step((bits / 64 + 1).saturating_mul(bits / 8 + 1))?;
            gcd = gcd.gcd(&n);
        }
        Some(Concrete::integer(gcd).into())
    }),
    ("math.fabs", |a, _| Some(Concrete::Float(numbers::as_float(a.one()?)?.abs()).into())),
    ("math.factorial", |a, b| {
        let n = a.one()?.as_i64().filter(|n| *n >= 0)?;
        if n > 2_000 {
            b.exhausted = true;
            return None;
        }
        b.step(usize::try_from(n).ok()?.pow(2) / 16)?;
        Some(Concrete::integer((1..=n).map(BigInt::from).product()).into())
    }),
    ("itertools.chain", |a, b| {
        let mut chained = Vec::new();
        for items in a.positional()? {
            chained.extend(ordered(items, b)?);
        }
        Some(list_of(chained, b)?.into())
    }),
    ("itertools.chain.from_iterable", |a, b| {
        let mut chained = Vec::new();
        for items in ordered(a.one()?, b)? {
            chained.extend(ordered(&items, b)?);
        }
        Some(list_of(chained, b)?.into())
    }),
    ("itertools.islice", |a, b| {
        let (items, bounds) = a.positional()?.split_first()?;
        let (lower, upper, step) = match bounds {
            [upper] => (None, bound_of(Some(upper))?, None),
            [lower, upper] => (bound_of(Some(lower))?, bound_of(Some(upper))?, None),
            [lower, upper, step] => (bound_of(Some(lower))?, bound_of(Some(upper))?, bound_of(Some(step))?),
            _ => return None,
        };
        if [lower, upper].into_iter().flatten().any(|bound| bound < 0) || step.is_some_and(|step| step < 1) {
            return None;
        }
        let items = list_of(ordered(items, b)?, b)?;
        Some(sequence::slice(&items, lower, upper, step, b)?.value.into())
    }),
    ("itertools.zip_longest", |a, b| {
        let fill = match a.named {
            [] => Concrete::None,
            [(name, value)] if name == "fillvalue" => value.clone(),
            _ => return None,
        };
        let columns: Option<Vec<Vec<Concrete>>> = a.pos.iter().map(|items| ordered(items, b)).collect();
        let columns = columns?;
        let mut rows = Vec::new();
        for i in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
            b.step(columns.len())?;
            let row = columns.iter().map(|column| column.get(i).unwrap_or(&fill).clone()).collect();
            rows.push(tuple_of(row, b)?);
        }
        Some(list_of(rows, b)?.into())
    }),
    ("textwrap.dedent", |a, b| {
        let text = a.one()?.as_str()?;
        b.step(text.len())?;
        b.produce(text.len())?;
        Some(Concrete::text(&dedent(text)).into())
    }),
    ("string.capwords", |a, b| {
        let text = a.one()?.as_str()?;
        b.step(text.len())?;
        b.produce(text.len().checked_mul(2)?)?;
        let space = |c: char| super::search::is_space(super::search::Kind::Text, c);
        let words: Option<Vec<String>> = text
            .split(space)
            .filter(|word| !word.is_empty())
            .map(|word| super::classify::recase("capitalize", word))
            .collect();
        Some(Concrete::text(&words?.join(" ")).into())
    }),
];

fn two(a: &Args<'_>, op: BinOp, b: &mut Budget) -> Option<Outcome> {
    let (l, r) = a.two()?;
    Some(binary(op, l, r, b)?.into())
}

fn related(a: &Args<'_>, op: CmpOp, b: &mut Budget) -> Option<Outcome> {
    let (l, r) = a.two()?;
    Some(Concrete::Bool(compare(op, l, r, b)?).into())
}

fn rounded(a: &Args<'_>, round: fn(f64) -> f64) -> Option<Outcome> {
    Some(match a.one()? {
        Concrete::Float(f) => numbers::integer_part(round(*f))?.into(),
        other => Concrete::integer(exact(other)?).into(),
    })
}

/// `textwrap.dedent`: lines of blanks lose their blanks, the others the blanks they all begin with.
fn dedent(text: &str) -> String {
    let blank = |c: char| matches!(c, ' ' | '\t');
    let lines: Vec<&str> =
        text.split('\n').map(|line| if line.trim_matches(blank).is_empty() { "" } else { line }).collect();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let indent = line.get(..line.len() - line.trim_start_matches(blank).len()).unwrap_or("");
        margin = Some(match margin {
            None => indent,
            Some(margin) => {
                let common = margin.bytes().zip(indent.bytes()).take_while(|(x, y)| x == y).count();
                margin.get(..common).unwrap_or("")
            }
        });
    }
    let margin = margin.unwrap_or("");
    let lines: Vec<&str> = lines.into_iter().map(|line| line.strip_prefix(margin).unwrap_or(line)).collect();
    lines.join("\n")
}
