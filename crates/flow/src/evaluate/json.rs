//! `json.loads` and `json.dumps`.

use std::sync::Arc;

use num_bigint::BigInt;

use super::args::{Args, flag_or};
use super::sequence::sort;
use super::{Budget, Concrete, Handler, MAX_DEPTH, Outcome, dict_of, list_of, radix};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("json.loads", |a, b| {
        let text = match a.one()? {
            Concrete::Str(s) => s.as_ref(),
            other => std::str::from_utf8(other.as_bytes()?).ok()?,
        };
        let mut parser = Parser { rest: text };
        let value = parser.value(MAX_DEPTH, b)?;
        parser.space();
        parser.rest.is_empty().then_some(value.into())
    }),
    ("json.dumps", dumps),
];

/// What is left of a JSON text.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize, b: &mut Budget) -> Option<Concrete> {
        b.step(1)?;
        self.space();
        let inner = depth.checked_sub(1);
        if self.take("{") {
            let mut pairs = Vec::new();
            self.space();
            if self.take("}") {
                return dict_of(pairs, b);
            }
            loop {
                self.space();
                let key = self.take("\"").then(|| self.string(b)).flatten()?;
                self.space();
                self.take(":").then_some(())?;
                pairs.push((key, self.value(inner?, b)?));
                self.space();
                if self.take("}") {
                    return dict_of(pairs, b);
                }
                self.take(",").then_some(())?;
            }
        }
        if self.take("[") {
            let mut items = Vec::new();
            self.space();
            if self.take("]") {
                return list_of(items, b);
            }
            loop {
                items.push(self.value(inner?, b)?);
                self.space();
                if self.take("]") {
                    return list_of(items, b);
                }
                self.take(",").then_some(())?;
            }
        }
        if self.take("\"") {
            return self.string(b);
        }
        for (token, value) in [
            ("true", Concrete::Bool(true)),
            ("false", Concrete::Bool(false)),
            ("null", Concrete::None),
            ("NaN", Concrete::Float(f64::NAN)),
            ("Infinity", Concrete::Float(f64::INFINITY)),
            ("-Infinity", Concrete::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(token) {
                return Some(value);
            }
        }
        self.number(b)
    }

    fn number(&mut self, b: &mut Budget) -> Option<Concrete> {
        let text = self.rest;
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let mut end = usize::from(text.starts_with('-'));
        let whole = digits(text.get(end..)?);
        if whole == 0 || (whole > 1 && text.get(end..)?.starts_with('0')) {
            return None;
        }
        end += whole;
        let mut float = false;
        if text.get(end..)?.starts_with('.') {
            let fraction = digits(text.get(end + 1..)?);
            if fraction > 0 {
                float = true;
                end += 1 + fraction;
            }
        }
        if text.get(end..)?.starts_with(['e', 'E']) {
            let sign = usize::from(text.get(end + 1..)?.starts_with(['+', '-']));
            let exponent = digits(text.get(end + 1 + sign..)?);
            if exponent > 0 {
                float = true;
                end += 1 + sign + exponent;
            }
        }
        let (number, rest) = text.split_at_checked(end)?;
        self.rest = rest;
        if float {
            return number.parse().ok().map(Concrete::Float);
        }
        // More digits than CPython reads in decimal.
        if number.len() > 4301 {
            return None;
        }
        b.step(number.len() * number.len() / 256)?;
        number.parse::<BigInt>().ok().map(Concrete::integer)
    }

    /// A string after its quote.
    fn string(&mut self, b: &mut Budget) -> Option<Concrete> {
        let mut out = String::new();
        loop {
            let end = self.rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ')?;
            let (plain, rest) = self.rest.split_at_checked(end)?;
            b.produce(plain.len() + 1)?;
            b.step(plain.len())?;
            out.push_str(plain);
            let mut chars = rest.chars();
            let mark = chars.next()?;
            self.rest = chars.as_str();
            match mark {
                '"' => return Some(Concrete::Str(Arc::from(out))),
                '\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(match c {
            '"' | '\\' | '/' => c,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                if !(0xD800..0xDC00).contains(&unit) {
                    return char::from_u32(unit);
                }
                self.take("\\u").then_some(())?;
                let low = self.unit()?;
                (0xDC00..0xE000).contains(&low).then_some(())?;
                char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// How `json.dumps` writes.
struct Style {
    ascii: bool,
    sort: bool,
    indent: Option<String>,
    comma: String,
    colon: String,
}

fn dumps(a: &Args<'_>, b: &mut Budget) -> Option<Outcome> {
    let [value] = a.pos else { return None };
    let mut style =
        Style { ascii: true, sort: false, indent: None, comma: String::from(", "), colon: String::from(": ") };
    let mut separators = None;
    for (name, value) in a.named {
        match name.as_str() {
            "ensure_ascii" => style.ascii = flag_or(Some(value), true),
            "sort_keys" => style.sort = flag_or(Some(value), false),
            "indent" => {
                style.indent = match value {
                    Concrete::None => None,
                    Concrete::Str(s) => Some(s.as_ref().to_owned()),
                    other => Some(" ".repeat(usize::try_from(other.as_i64()?.clamp(0, 64)).ok()?)),
                };
            }
            "separators" => separators = Some(value),
            _ => return None,
        }
    }
    if style.indent.is_some() {
        style.comma = String::from(",");
    }
    match separators {
        None | Some(Concrete::None) => {}
        Some(Concrete::Tuple(pair) | Concrete::List(pair)) => {
            let [comma, colon] = pair.as_slice() else { return None };
            style.comma = comma.as_str()?.to_owned();
            style.colon = colon.as_str()?.to_owned();
        }
        Some(_) => return None,
    }
    let mut out = String::new();
    style.write(&mut out, value, 0, b)?;
    b.produce(out.len())?;
    Some(Concrete::text(&out).into())
}

impl Style {
    fn write(&self, out: &mut String, value: &Concrete, level: usize, b: &mut Budget) -> Option<()> {
        b.step(1)?;
        if level > MAX_DEPTH {
            return None;
        }
        match value {
            Concrete::None => out.push_str("null"),
            Concrete::Bool(v) => out.push_str(if *v { "true" } else { "false" }),
            Concrete::Int(_) | Concrete::Big(_) => out.push_str(&radix::digits(value, 10, b)?),
            Concrete::Float(f) => out.push_str(&float(*f)),
            Concrete::Str(s) => self.string(out, s, b)?,
            Concrete::List(items) | Concrete::Tuple(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.separate(out, i, level + 1, b)?;
                    self.write(out, item, level + 1, b)?;
                }
                self.close(out, items.is_empty(), level, b)?;
                out.push(']');
            }
            Concrete::Dict(items) => {
                let mut items: Vec<_> = items.to_vec();
                if self.sort {
                    let keys = sort(items.iter().map(|(key, _)| key.clone()).collect(), false, b)?;
                    let sorted: Option<Vec<_>> =
                        keys.into_iter().map(|key| items.iter().find(|(known, _)| *known == key).cloned()).collect();
                    b.step(items.len().saturating_mul(items.len()))?;
                    items = sorted?;
                }
                out.push('{');
                for (i, (key, value)) in items.iter().enumerate() {
                    self.separate(out, i, level + 1, b)?;
                    let key = match key {
                        Concrete::Str(s) => s.as_ref().to_owned(),
                        Concrete::None => String::from("null"),
                        Concrete::Bool(v) => String::from(if *v { "true" } else { "false" }),
                        Concrete::Int(_) | Concrete::Big(_) => radix::digits(key, 10, b)?,
                        Concrete::Float(f) => float(*f),
                        _ => return None,
                    };
                    self.string(out, &key, b)?;
                    out.push_str(&self.colon);
                    self.write(out, value, level + 1, b)?;
                }
                self.close(out, items.is_empty(), level, b)?;
                out.push('}');
            }
            _ => return None,
        }
        Some(())
    }

    fn line(&self, out: &mut String, level: usize, b: &mut Budget) -> Option<()> {
        if let Some(indent) = &self.indent {
            b.produce(indent.len() * level + 1)?;
            out.push('\n');
            out.push_str(&indent.repeat(level));
        }
        Some(())
    }

    fn separate(&self, out: &mut String, i: usize, level: usize, b: &mut Budget) -> Option<()> {
        if i > 0 {
            b.produce(self.comma.len() + self.colon.len())?;
            out.push_str(&self.comma);
        }
        self.line(out, level, b)
    }

    fn close(&self, out: &mut String, empty: bool, level: usize, b: &mut Budget) -> Option<()> {
        if empty { Some(()) } else { self.line(out, level, b) }
    }

    fn string(&self, out: &mut String, s: &str, b: &mut Budget) -> Option<()> {
        b.produce(s.len() + 2)?;
        out.push('"');
        for c in s.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                ' '..='~' => out.push(c),
                '\x7f' => out.push(c),
                _ if c < ' ' || self.ascii => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => out.push(c),
            }
        }
        out.push('"');
        Some(())
    }
}

fn float(f: f64) -> String {
    if f.is_nan() {
        String::from("NaN")
    } else if f.is_infinite() {
        String::from(if f > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        radix::float(f)
    }
}
