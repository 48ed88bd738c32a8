//! Arithmetic on `int`, `bool` and `float`, and their methods.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{FromPrimitive, One, Signed, ToPrimitive, Zero};
use sluice_syntax::ir::{BinOp, UnaryOp};

use super::args::{Args, flag_or, int_or};
use super::order::exact;
use super::{Budget, Concrete, MAX_BITS, Outcome, radix};

/// Pure methods of `int` and `bool`.
pub(super) const INT_METHODS: &[&str] = &["as_integer_ratio", "bit_count", "bit_length", "conjugate", "to_bytes"];

/// Pure methods of `float`.
pub(super) const FLOAT_METHODS: &[&str] = &["as_integer_ratio", "conjugate", "hex", "is_integer"];

/// A number, in the cheapest form.
enum Number {
    Small(i64),
    Big(BigInt),
    Float(f64),
}

fn number(value: &Concrete) -> Option<Number> {
    Some(match value {
        Concrete::Bool(v) => Number::Small(i64::from(*v)),
        Concrete::Int(n) => Number::Small(*n),
        Concrete::Big(n) => Number::Big(n.as_ref().clone()),
        Concrete::Float(f) => Number::Float(*f),
        _ => return None,
    })
}

impl Number {
    fn big(self) -> Option<BigInt> {
        match self {
            Self::Small(n) => Some(BigInt::from(n)),
            Self::Big(n) => Some(n),
            Self::Float(_) => None,
        }
    }

    /// As a float, as CPython converts: `None` when an integer is too large.
    fn float(&self) -> Option<f64> {
        match self {
            Self::Small(n) => Some(*n as f64),
            Self::Big(n) => n.to_f64().filter(|f| f.is_finite()),
            Self::Float(f) => Some(*f),
        }
    }
}

/// A value where CPython asks for `__index__`, if it fits 64 bits.
pub(super) fn integer_index(value: &Concrete) -> Option<i64> {
    value.as_i64()
}

/// The value as a float: `float(value)` of a number.
pub(super) fn as_float(value: &Concrete) -> Option<f64> {
    number(value)?.float()
}

/// `l op r` of two numbers.
pub(super) fn binary(op: BinOp, l: &Concrete, r: &Concrete, b: &mut Budget) -> Option<Concrete> {
    if let (Concrete::Bool(x), Concrete::Bool(y)) = (l, r) {
        match op {
            BinOp::BitAnd => return Some(Concrete::Bool(x & y)),
            BinOp::BitOr => return Some(Concrete::Bool(x | y)),
            BinOp::BitXor => return Some(Concrete::Bool(x ^ y)),
            _ => {}
        }
    }
    match (number(l)?, number(r)?) {
        (Number::Small(x), Number::Small(y)) => match small(op, x, y) {
            Some(value) => Some(value),
            None => large(op, BigInt::from(x), BigInt::from(y), b),
        },
        (x @ Number::Float(_), y) | (x, y @ Number::Float(_)) => {
            floats(op, x.float()?, y.float()?).map(Concrete::Float)
        }
        (x, y) => large(op, x.big()?, y.big()?, b),
    }
}

/// The operation on integers of 64 bits, when the result fits as well.
fn small(op: BinOp, x: i64, y: i64) -> Option<Concrete> {
    let value = match op {
        BinOp::Add => x.checked_add(y)?,
        BinOp::Sub => x.checked_sub(y)?,
        BinOp::Mul => x.checked_mul(y)?,
        BinOp::FloorDiv => {
            let quotient = x.checked_div(y)?;
            if x % y != 0 && ((x < 0) != (y < 0)) { quotient - 1 } else { quotient }
        }
        BinOp::Mod => {
            let rest = x.checked_rem(y)?;
            if rest != 0 && ((rest < 0) != (y < 0)) { rest + y } else { rest }
        }
        BinOp::Pow => x.checked_pow(u32::try_from(y).ok()?)?,
        BinOp::Shl => {
            let count = u32::try_from(y).ok().filter(|count| *count < 63)?;
            let shifted = x << count;
            (shifted >> count == x).then_some(shifted)?
        }
        BinOp::Shr => x >> u32::try_from(y).ok()?.min(63),
        BinOp::BitAnd => x & y,
        BinOp::BitOr => x | y,
        BinOp::BitXor => x ^ y,
        BinOp::Div | BinOp::MatMul | BinOp::UShr => return None,
    };
    Some(Concrete::Int(value))
}

fn limbs(bits: u64) -> usize {
    usize::try_from(bits / 64 + 1).unwrap_or(usize::MAX)
}

/// Sees that an integer of so many bits may be built.
fn allow(bits: u64, b: &mut Budget) -> Option<()> {
    if bits > MAX_BITS {
        b.exhausted = true;
        return None;
    }
    b.produce(limbs(bits) * 8)
}

fn large(op: BinOp, x: BigInt, y: BigInt, b: &mut Budget) -> Option<Concrete> {
    let (xs, ys) = (x.bits(), y.bits());
    b.step(limbs(xs) + limbs(ys))?;
    let value = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => {
            allow(xs + ys, b)?;
            b.step(limbs(xs).saturating_mul(limbs(ys)) / 4)?;
            x * y
        }
        BinOp::Div => return quotient(&x, &y, b).map(Concrete::Float),
        BinOp::FloorDiv | BinOp::Mod => {
            if y.is_zero() {
                return None;
            }
            b.step(limbs(xs).saturating_mul(limbs(ys)) / 4)?;
            if op == BinOp::Mod { x.mod_floor(&y) } else { x.div_floor(&y) }
        }
        BinOp::Pow => {
            if y.is_negative() {
                let (x, y) = (Number::Big(x).float()?, Number::Big(y).float()?);
                return floats(BinOp::Pow, x, y).map(Concrete::Float);
            }
            if x.is_zero() || x.is_one() || (-&x).is_one() {
                let odd = y.is_odd();
                return Some(Concrete::integer(if y.is_zero() || (x.is_negative() && !odd) {
                    BigInt::one()
                } else {
                    x
                }));
            }
            let Some(exponent) = y.to_u32() else {
                b.exhausted = true;
                return None;
            };
            let bits = xs.checked_mul(u64::from(exponent))?;
            allow(bits, b)?;
            b.step(limbs(bits).saturating_mul(limbs(bits)) / 4)?;
            x.pow(exponent)
        }
        BinOp::Shl => {
            if y.is_negative() {
                return None;
            }
            if x.is_zero() {
                return Some(Concrete::Int(0));
            }
            let count = y.to_u64()?;
            allow(xs.checked_add(count)?, b)?;
            x << count
        }
        BinOp::Shr => {
            if y.is_negative() {
                return None;
            }
            match y.to_u64() {
                Some(count) => x >> count.min(MAX_BITS + 1),
                None => BigInt::from(if x.is_negative() { -1 } else { 0 }),
            }
        }
        BinOp::BitAnd => x & y,
        BinOp::BitOr => x | y,
        BinOp::BitXor => x ^ y,
        BinOp::MatMul | BinOp::UShr => return None,
    };
    allow(value.bits(), b)?;
    Some(Concrete::integer(value))
}

/// The correctly rounded quotient of two integers.
fn quotient(x: &BigInt, y: &BigInt, b: &mut Budget) -> Option<f64> {
    if y.is_zero() {
        return None;
    }
    let exactly = |n: &BigInt| n.to_i64().filter(|n| n.unsigned_abs() <= 1 << 53).map(|n| n as f64);
    if let (Some(x), Some(y)) = (exactly(x), exactly(y)) {
        return Some(x / y);
    }
    if x.is_zero() {
        return Some(if y.is_negative() { -0.0 } else { 0.0 });
    }
    // At least 66 bits of the quotient and a sticky bit round as the infinite quotient does.
    let shift = (y.bits() + 66).saturating_sub(x.bits());
    b.step(limbs(x.bits() + shift).saturating_mul(limbs(y.bits())))?;
    let (whole, rest) = (x.abs() << shift).div_rem(&y.abs());
    let sticky = if rest.is_zero() { whole } else { whole | BigInt::one() };
    let mut value = sticky.to_f64()?;
    let mut shift = i64::try_from(shift).ok()?;
    while shift > 0 {
        let part = shift.min(1000);
        value /= 2.0_f64.powi(i32::try_from(part).ok()?);
        shift -= part;
    }
    if !value.is_finite() || value < f64::MIN_POSITIVE {
        return None;
    }
    Some(if x.is_negative() == y.is_negative() { value } else { -value })
}

/// CPython's float operations; `None` where it raises or goes complex.
fn floats(op: BinOp, x: f64, y: f64) -> Option<f64> {
    Some(match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div => {
            (y != 0.0).then_some(())?;
            x / y
        }
        BinOp::FloorDiv => float_divmod(x, y)?.0,
        BinOp::Mod => float_divmod(x, y)?.1,
        BinOp::Pow => {
            if (x == 0.0 && y < 0.0) || (x < 0.0 && x.is_finite() && y.is_finite() && y.fract() != 0.0) {
                return None;
            }
            let power = x.powf(y);
            if power.is_infinite() && x.is_finite() && y.is_finite() {
                return None;
            }
            power
        }
        _ => return None,
    })
}

fn float_divmod(x: f64, y: f64) -> Option<(f64, f64)> {
    (y != 0.0).then_some(())?;
    let mut rest = x % y;
    let mut div = (x - rest) / y;
    if rest != 0.0 {
        if (y < 0.0) != (rest < 0.0) {
            rest += y;
            div -= 1.0;
        }
    } else {
        rest = 0.0_f64.copysign(y);
    }
    let floor = if div != 0.0 {
        let floor = div.floor();
        if div - floor > 0.5 { floor + 1.0 } else { floor }
    } else {
        0.0_f64.copysign(x / y)
    };
    Some((floor, rest))
}

/// `-v`, `+v`, `~v`
pub(super) fn unary(op: UnaryOp, value: &Concrete) -> Option<Concrete> {
    let value = number(value)?;
    Some(match (op, value) {
        (UnaryOp::Neg, Number::Float(f)) => Concrete::Float(-f),
        (UnaryOp::Pos, Number::Float(f)) => Concrete::Float(f),
        (UnaryOp::Neg, n) => Concrete::integer(-n.big()?),
        (UnaryOp::Pos, n) => Concrete::integer(n.big()?),
        (UnaryOp::Invert, n) => Concrete::integer(-n.big()? - 1),
        _ => return None,
    })
}

/// `abs(v)`
pub(super) fn absolute(value: &Concrete) -> Option<Concrete> {
    Some(match number(value)? {
        Number::Float(f) => Concrete::Float(f.abs()),
        n => Concrete::integer(n.big()?.abs()),
    })
}

/// `divmod(x, y)`
pub(super) fn divide(x: &Concrete, y: &Concrete, b: &mut Budget) -> Option<(Concrete, Concrete)> {
    Some((binary(BinOp::FloorDiv, x, y, b)?, binary(BinOp::Mod, x, y, b)?))
}

/// `pow(base, exponent, modulus)`
pub(super) fn power_modulo(
    base: &Concrete,
    exponent: &Concrete,
    modulus: &Concrete,
    b: &mut Budget,
) -> Option<Concrete> {
    let (base, exponent, modulus) = (exact(base)?, exact(exponent)?, exact(modulus)?);
    if modulus.is_zero() {
        return None;
    }
    let size = limbs(modulus.bits());
    let rounds = usize::try_from(exponent.bits()).ok()?;
    b.step(size.checked_mul(size)?.checked_mul(rounds)?)?;
    b.step(limbs(base.bits()).saturating_mul(size))?;
    let value = if exponent.is_negative() {
        base.modinv(&modulus)?.modpow(&-exponent, &modulus)
    } else {
        base.modpow(&exponent, &modulus)
    };
    Some(Concrete::integer(value.mod_floor(&modulus)))
}

/// `round(value)` and `round(value, digits)`
pub(super) fn round(value: &Concrete, digits: Option<i64>) -> Option<Concrete> {
    match (number(value)?, digits) {
        (Number::Float(f), None) => integer_part(f.round_ties_even()),
        (Number::Float(f), Some(digits)) => {
            if !f.is_finite() || f == 0.0 {
                return Some(Concrete::Float(f));
            }
            if digits >= 0 {
                let digits = usize::try_from(digits).ok()?;
                if digits > 323 {
                    return Some(Concrete::Float(f));
                }
                return Some(Concrete::Float(format!("{f:.digits$}").parse().ok()?));
            }
            if digits < -308 {
                return Some(Concrete::Float(0.0_f64.copysign(f)));
            }
            let unit = BigInt::from(10).pow(u32::try_from(-digits).ok()?);
            let whole = BigInt::from_f64(f.trunc())?;
            let rounded = round_to(&whole, &unit, f.fract() != 0.0);
            let value: f64 = rounded.to_string().parse().ok()?;
            Some(Concrete::Float(if value == 0.0 { value.copysign(f) } else { value }))
        }
        (n, None) => Some(Concrete::integer(n.big()?)),
        (n, Some(digits)) => {
            let n = n.big()?;
            if digits >= 0 {
                return Some(Concrete::integer(n));
            }
            if digits < -4000 || n.bits() > 64 * 1024 {
                return None;
            }
            let unit = BigInt::from(10).pow(u32::try_from(-digits).ok()?);
            Some(Concrete::integer(round_to(&n, &unit, false)))
        }
    }
}

/// To the nearest multiple, ties to the even one; `more` says that the magnitude is a fraction above `n`.
fn round_to(n: &BigInt, unit: &BigInt, more: bool) -> BigInt {
    let (mut count, rest) = n.abs().div_rem(unit);
    let twice = rest * 2;
    if twice > *unit || (twice == *unit && (more || count.is_odd())) {
        count += 1;
    }
    let rounded = count * unit;
    if n.is_negative() { -rounded } else { rounded }
}

/// A float without a fraction as an integer.
pub(super) fn integer_part(f: f64) -> Option<Concrete> {
    if f.is_finite() { BigInt::from_f64(f).map(Concrete::integer) } else { None }
}

/// `int.to_bytes`
fn to_bytes(value: &Concrete, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [length, order, signed] = args.bind(["length", "byteorder", "signed"])?;
    if args.pos.len() > 2 {
        return None;
    }
    let length = usize::try_from(int_or(length, 1)?).ok()?;
    let big_endian = match order {
        None => true,
        Some(order) => endian(order)?,
    };
    let value = exact(value)?;
    b.produce(length)?;
    let (mut bytes, fill) = if flag_or(signed, false) {
        let bytes = value.to_signed_bytes_le();
        (if value.is_zero() { Vec::new() } else { bytes }, if value.is_negative() { 0xFF } else { 0 })
    } else {
        if value.is_negative() {
            return None;
        }
        (if value.is_zero() { Vec::new() } else { value.to_bytes_le().1 }, 0)
    };
    if bytes.len() > length {
        return None;
    }
    bytes.resize(length, fill);
    if big_endian {
        bytes.reverse();
    }
    let coding = (length > 8).then_some("integer");
    Some(Outcome { value: Concrete::bytes(&bytes), coding })
}

fn endian(order: &Concrete) -> Option<bool> {
    match order.as_str()? {
        "big" => Some(true),
        "little" => Some(false),
        _ => None,
    }
}

/// `int.from_bytes`
pub(super) fn from_bytes(args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [bytes, order, signed] = args.bind(["bytes", "byteorder", "signed"])?;
    if args.pos.len() > 2 {
        return None;
    }
    let bytes = match bytes? {
        Concrete::Bytes(s) | Concrete::ByteArray(s) => s.to_vec(),
        other => super::bytes::constructor(&Args { pos: std::slice::from_ref(other), named: &[] }, b)
            .filter(|_| matches!(other, Concrete::List(_) | Concrete::Tuple(_)))?,
    };
    allow(bytes.len() as u64 * 8, b)?;
    let big_endian = match order {
        None => true,
        Some(order) => endian(order)?,
    };
    let value = match (big_endian, flag_or(signed, false)) {
        (true, false) => BigInt::from_bytes_be(Sign::Plus, &bytes),
        (false, false) => BigInt::from_bytes_le(Sign::Plus, &bytes),
        (true, true) => BigInt::from_signed_bytes_be(&bytes),
        (false, true) => BigInt::from_signed_bytes_le(&bytes),
    };
    Some(Concrete::integer(value).into())
}

/// Methods of numbers.
pub(super) fn method(receiver: &Concrete, name: &str, args: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    if let Concrete::Float(f) = receiver {
        args.none()?;
        return Some(
            match name {
                "is_integer" => Concrete::Bool(f.is_finite() && f.fract() == 0.0),
                "hex" => Concrete::text(&radix::float_hex(*f)),
                "conjugate" => Concrete::Float(*f),
                "as_integer_ratio" => ratio(*f, b)?,
                _ => return None,
            }
            .into(),
        );
    }
    if name == "to_bytes" {
        return to_bytes(receiver, args, b);
    }
    args.none()?;
    let value = exact(receiver)?;
    let count = match name {
        "bit_length" => value.bits(),
        "bit_count" => value.magnitude().count_ones(),
        "conjugate" => return Some(Concrete::integer(value).into()),
        "as_integer_ratio" => {
            let pair = vec![Concrete::integer(value), Concrete::Int(1)];
            return Some(super::tuple_of(pair, b)?.into());
        }
        _ => return None,
    };
    Some(Concrete::Int(i64::try_from(count).ok()?).into())
}

fn ratio(f: f64, b: &mut Budget) -> Option<Concrete> {
    if !f.is_finite() {
        return None;
    }
    let mut denominator = BigInt::one();
    let mut value = f;
    while value.fract() != 0.0 {
        // Doubling a float is exact until it is whole: a fraction is far from the largest exponent.
        value *= 2.0;
        denominator <<= 1;
    }
    super::tuple_of(vec![integer_part(value)?, Concrete::integer(denominator)], b)
}
