//! Pickles, read as what they are: a small program that puts values together and names functions to call.
//!
//! Nothing is called here. What a pickle would call is given as a [`Pickled::Call`], for the engine to follow.

use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;
use sluice_syntax::cursor::Cursor;

use super::encodings::{Escapes, unescape};
use super::{Budget, Concrete, MAX_DEPTH};

/// A value of a pickle.
#[derive(Clone, Debug)]
pub enum Pickled {
    /// A plain value.
    Known(Concrete),
    /// A list, tuple or set of values that are not all plain, with the name of its type.
    Items(&'static str, Rc<Vec<Pickled>>),
    /// A dictionary of values that are not all plain.
    Pairs(Rc<Vec<(Pickled, Pickled)>>),
    /// A function or class by its name.
    Global(Arc<str>),
    /// What a call gives.
    Call(Rc<Call>),
    /// An object and the state that is put into it.
    Built(Rc<(Pickled, Pickled)>),
    /// What this reader does not know.
    Unknown,
}

/// A call of a pickle.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub function: Pickled,
    /// The arguments by position.
    pub args: Vec<Pickled>,
    /// The arguments by name, as a dictionary.
    pub named: Option<Pickled>,
}

/// What a pickle gives.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The value that comes out.
    pub value: Pickled,
    /// All that is called on the way, in order.
    pub called: Vec<Pickled>,
    /// True if it was read to its end, and nothing of it was left out.
    pub whole: bool,
}

/// Most values that stand on the stack or are remembered.
const MOST_VALUES: usize = 200_000;

struct Reader<'a> {
    bytes: Cursor<'a>,
    stack: Vec<Pickled>,
    /// Where the groups on the stack begin.
    marks: Vec<usize>,
    memo: rustc_hash::FxHashMap<u64, Pickled>,
    /// What is called on the way, in order, whether or not it is in the result.
    called: Vec<Pickled>,
    /// True once something was too deep to be kept.
    cut: bool,
}

/// What a pickle gives, and all that is called on the way.
pub fn read(data: &[u8], b: &mut Budget) -> Reading {
    let mut reader = Reader {
        bytes: Cursor::new(data),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: rustc_hash::FxHashMap::default(),
        called: Vec::new(),
        cut: false,
    };
    // What is called has happened, whatever stands behind it.
    let value = reader.run(b);
    let whole = value.is_some() && !reader.cut;
    Reading { value: value.unwrap_or(Pickled::Unknown), called: reader.called, whole }
}

/// How deep values stand in one another; counted only as far as it matters.
fn depth(value: &Pickled, b: &mut Budget) -> usize {
    let mut deepest = 0;
    let mut left = vec![(value, 1)];
    let mut steps = 0;
    while let Some((value, depth)) = left.pop() {
        deepest = deepest.max(depth);
        steps += 1;
        if deepest > MAX_DEPTH || steps > 4_096 || b.step(1).is_none() {
            return MAX_DEPTH + 1;
        }
        match value {
            Pickled::Items(_, items) => left.extend(items.iter().map(|item| (item, depth + 1))),
            Pickled::Pairs(pairs) => left.extend(pairs.iter().flat_map(|(a, b)| [(a, depth + 1), (b, depth + 1)])),
            Pickled::Call(call) => {
                left.push((&call.function, depth + 1));
                left.extend(call.args.iter().chain(&call.named).map(|item| (item, depth + 1)));
            }
            Pickled::Built(built) => left.extend([(&built.0, depth + 1), (&built.1, depth + 1)]),
            Pickled::Known(_) | Pickled::Global(_) | Pickled::Unknown => {}
        }
    }
    deepest
}

/// A list, tuple or set; plain if all its items are.
fn items(kind: &'static str, values: Vec<Pickled>, b: &mut Budget) -> Option<Pickled> {
    if values.iter().all(|value| matches!(value, Pickled::Known(_))) {
        let plain = values.into_iter().filter_map(|value| match value {
            Pickled::Known(value) => Some(value),
            _ => None,
        });
        let plain: Vec<Concrete> = plain.collect();
        return Some(Pickled::Known(match kind {
            "list" => super::list_of(plain, b)?,
            "tuple" => super::tuple_of(plain, b)?,
            _ => super::set_of(plain, b)?,
        }));
    }
    let value = Pickled::Items(kind, Rc::new(values));
    Some(if depth(&value, b) > MAX_DEPTH { Pickled::Unknown } else { value })
}

fn pairs(values: Vec<(Pickled, Pickled)>, b: &mut Budget) -> Option<Pickled> {
    if values.iter().all(|pair| matches!(pair, (Pickled::Known(_), Pickled::Known(_)))) {
        let plain = values.into_iter().filter_map(|pair| match pair {
            (Pickled::Known(key), Pickled::Known(value)) => Some((key, value)),
            _ => None,
        });
        return Some(Pickled::Known(super::dict_of(plain.collect(), b)?));
    }
    let value = Pickled::Pairs(Rc::new(values));
    Some(if depth(&value, b) > MAX_DEPTH { Pickled::Unknown } else { value })
}

/// The items of a value, where it has some.
fn items_of(value: &Pickled) -> Option<Vec<Pickled>> {
    match value {
        Pickled::Items(_, items) => Some(items.to_vec()),
        Pickled::Known(Concrete::Tuple(items) | Concrete::List(items) | Concrete::Set(items)) => {
            Some(items.iter().cloned().map(Pickled::Known).collect())
        }
        _ => None,
    }
}

fn text_of(value: &Pickled) -> Option<Arc<str>> {
    match value {
        Pickled::Known(Concrete::Str(text)) => Some(Arc::clone(text)),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    /// An unsigned number of so many bytes.
    fn number(&mut self, size: usize) -> Option<u64> {
        let mut room = [0; 8];
        for (to, from) in room.iter_mut().zip(self.bytes.take(size)?) {
            *to = *from;
        }
        Some(u64::from_le_bytes(room))
    }

    fn counted(&mut self, size: usize, b: &mut Budget) -> Option<&'a [u8]> {
        let count = usize::try_from(self.number(size)?).ok()?;
        let bytes = self.bytes.take(count)?;
        b.produce(count)?;
        Some(bytes)
    }

    /// The program to its end: the value on top of the stack.
    fn run(&mut self, b: &mut Budget) -> Option<Pickled> {
        loop {
            b.step(1)?;
            if self.stack.len() > MOST_VALUES || self.memo.len() > MOST_VALUES {
                return None;
            }
            match self.bytes.byte()? {
                b'.' => return self.stack.pop(),
                operation => self.operate(operation, b)?,
            }
        }
    }

    fn raw_line(&mut self) -> Option<&'a [u8]> {
        let at = memchr::memchr(b'\n', self.bytes.rest())?;
        let line = self.bytes.take(at)?;
        self.bytes.take(1)?;
        Some(line)
    }

    fn line(&mut self) -> Option<&'a str> {
        let line = self.raw_line()?;
        std::str::from_utf8(line).ok().map(|line| line.trim_end_matches('\r'))
    }

    fn text(&mut self, size: usize, b: &mut Budget) -> Option<()> {
        let bytes = self.counted(size, b)?;
        self.known(Concrete::text(std::str::from_utf8(bytes).ok()?))
    }

    fn known(&mut self, value: Concrete) -> Option<()> {
        self.stack.push(Pickled::Known(value));
        Some(())
    }

    /// What stands behind the last mark.
    fn group(&mut self) -> Option<Vec<Pickled>> {
        let at = self.marks.pop()?;
        (at <= self.stack.len()).then(|| self.stack.split_off(at))
    }

    fn call(&mut self, function: Pickled, args: Vec<Pickled>, named: Option<Pickled>, b: &mut Budget) {
        let mut call = Pickled::Call(Rc::new(Call { function: function.clone(), args, named }));
        // That it is called is known, however much it is given.
        if depth(&call, b) > MAX_DEPTH {
            self.cut = true;
            let function = if depth(&function, b) < MAX_DEPTH { function } else { Pickled::Unknown };
            call = Pickled::Call(Rc::new(Call { function, args: vec![Pickled::Unknown], named: None }));
        }
        self.called.push(call.clone());
        self.stack.push(call);
    }

    /// Puts items into the container on top of the stack.
    fn extend(&mut self, more: Vec<Pickled>, b: &mut Budget) -> Option<()> {
        b.step(more.len())?;
        let container = self.stack.pop()?;
        let kind = match &container {
            Pickled::Items(kind, _) => *kind,
            Pickled::Known(Concrete::Set(_)) => "set",
            Pickled::Known(Concrete::List(_)) => "list",
            // `list` of something that is made by a call.
            _ => {
                self.stack.push(container);
                return Some(());
            }
        };
        let mut all = items_of(&container)?;
        b.step(all.len())?;
        all.extend(more);
        self.stack.push(items(kind, all, b)?);
        Some(())
    }

    fn store(&mut self, more: Vec<(Pickled, Pickled)>, b: &mut Budget) -> Option<()> {
        b.step(more.len())?;
        let container = self.stack.pop()?;
        let mut all = match &container {
            Pickled::Pairs(pairs) => pairs.to_vec(),
            Pickled::Known(Concrete::Dict(pairs)) => {
                pairs.iter().map(|(a, b)| (Pickled::Known(a.clone()), Pickled::Known(b.clone()))).collect()
            }
            _ => {
                self.stack.push(container);
                return Some(());
            }
        };
        b.step(all.len())?;
        all.extend(more);
        self.stack.push(pairs(all, b)?);
        Some(())
    }

    fn in_pairs(group: Vec<Pickled>) -> Vec<(Pickled, Pickled)> {
        let mut group = group.into_iter();
        let mut all = Vec::new();
        while let (Some(key), Some(value)) = (group.next(), group.next()) {
            all.push((key, value));
        }
        all
    }

    fn integer(digits: &[u8]) -> Concrete {
        Concrete::integer(BigInt::from_signed_bytes_le(digits))
    }

    fn operate(&mut self, operation: u8, b: &mut Budget) -> Option<()> {
        match operation {
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.stack.pop()?;
                }
            }
            b'1' => {
                self.group()?;
            }
            b'2' => self.stack.push(self.stack.last()?.clone()),
            b'N' => self.known(Concrete::None)?,
            0x88 => self.known(Concrete::Bool(true))?,
            0x89 => self.known(Concrete::Bool(false))?,
            b'I' => {
                let line = self.line()?;
                self.known(match line {
                    "00" => Concrete::Bool(false),
                    "01" => Concrete::Bool(true),
                    digits => Concrete::Int(digits.trim().parse().ok()?),
                })?;
            }
            b'L' => {
                let digits = self.line()?.trim_end_matches('L');
                b.step(digits.len())?;
                (digits.len() < 4_096).then_some(())?;
                self.known(Concrete::integer(digits.parse().ok()?))?;
            }
            b'K' => {
                let number = self.number(1)?;
                self.known(Concrete::Int(i64::try_from(number).ok()?))?;
            }
            b'M' => {
                let number = self.number(2)?;
                self.known(Concrete::Int(i64::try_from(number).ok()?))?;
            }
            b'J' => {
                let number = self.number(4)? as u32 as i32;
                self.known(Concrete::Int(i64::from(number)))?;
            }
            0x8a => {
                let digits = self.counted(1, b)?;
                self.known(Self::integer(digits))?;
            }
            0x8b => {
                let digits = self.counted(4, b)?;
                self.known(Self::integer(digits))?;
            }
            b'F' => {
                let number = self.line()?.parse().ok()?;
                self.known(Concrete::Float(number))?;
            }
            b'G' => {
                let bytes = self.bytes.take(8)?.try_into().ok()?;
                self.known(Concrete::Float(f64::from_be_bytes(bytes)))?;
            }
            b'S' => {
                let inner = match self.raw_line()?.trim_ascii() {
                    [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
                    _ => return None,
                };
                self.known(Concrete::text(&unescape(inner, Escapes::Bytes, b)?))?;
            }
            b'V' => {
                let line = self.raw_line()?;
                self.known(Concrete::text(&unescape(line, Escapes::Raw, b)?))?;
            }
            b'T' => self.text(4, b)?,
            b'U' | 0x8c => self.text(1, b)?,
            b'X' => self.text(4, b)?,
            0x8d => self.text(8, b)?,
            b'B' => {
                let bytes = self.counted(4, b)?;
                self.known(Concrete::bytes(bytes))?;
            }
            b'C' => {
                let bytes = self.counted(1, b)?;
                self.known(Concrete::bytes(bytes))?;
            }
            0x8e => {
                let bytes = self.counted(8, b)?;
                self.known(Concrete::bytes(bytes))?;
            }
            0x96 => {
                let bytes = self.counted(8, b)?;
                self.known(Concrete::ByteArray(Arc::from(bytes)))?;
            }
            b')' => self.known(super::tuple_of(Vec::new(), b)?)?,
            b']' => self.known(super::list_of(Vec::new(), b)?)?,
            b'}' => self.known(super::dict_of(Vec::new(), b)?)?,
            0x8f => self.known(super::set_of(Vec::new(), b)?)?,
            b't' | b'l' | 0x91 => {
                let group = self.group()?;
                b.step(group.len())?;
                let kind = match operation {
                    b't' => "tuple",
                    b'l' => "list",
                    _ => "set",
                };
                let value = items(kind, group, b)?;
                self.stack.push(value);
            }
            0x85..=0x87 => {
                let count = usize::from(operation - 0x84);
                let at = self.stack.len().checked_sub(count)?;
                let group = self.stack.split_off(at);
                let value = items("tuple", group, b)?;
                self.stack.push(value);
            }
            b'd' => {
                let group = self.group()?;
                let value = pairs(Self::in_pairs(group), b)?;
                self.stack.push(value);
            }
            b'a' => {
                let item = self.stack.pop()?;
                self.extend(vec![item], b)?;
            }
            b'e' | 0x90 => {
                let group = self.group()?;
                self.extend(group, b)?;
            }
            b's' => {
                let value = self.stack.pop()?;
                let key = self.stack.pop()?;
                self.store(vec![(key, value)], b)?;
            }
            b'u' => {
                let group = self.group()?;
                self.store(Self::in_pairs(group), b)?;
            }
            b'p' | b'q' | b'r' | 0x94 => {
                let place = match operation {
                    b'p' => self.line()?.parse().ok()?,
                    b'q' => self.number(1)?,
                    b'r' => self.number(4)?,
                    _ => self.memo.len() as u64,
                };
                self.memo.insert(place, self.stack.last()?.clone());
            }
            b'g' | b'h' | b'j' => {
                let place = match operation {
                    b'g' => self.line()?.parse().ok()?,
                    b'h' => self.number(1)?,
                    _ => self.number(4)?,
                };
                let value = self.memo.get(&place).cloned().unwrap_or(Pickled::Unknown);
                self.stack.push(value);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(global(module, name));
            }
            0x93 => {
                let name = self.stack.pop()?;
                let module = self.stack.pop()?;
                let value = match (text_of(&module), text_of(&name)) {
                    (Some(module), Some(name)) => global(&module, &name),
                    _ => Pickled::Unknown,
                };
                self.stack.push(value);
            }
            b'R' => {
                let args = self.stack.pop()?;
                let function = self.stack.pop()?;
                let args = items_of(&args).unwrap_or_else(|| vec![Pickled::Unknown]);
                b.step(args.len())?;
                self.call(function, args, None, b);
            }
            // `i` names the class in the text, `o` has it in front of the group.
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let group = self.group()?;
                self.call(global(module, name), group, None, b);
            }
            b'o' => {
                let mut group = self.group()?;
                (!group.is_empty()).then_some(())?;
                let class = group.remove(0);
                self.call(class, group, None, b);
            }
            0x81 => {
                let args = self.stack.pop()?;
                let class = self.stack.pop()?;
                let args = items_of(&args).unwrap_or_else(|| vec![Pickled::Unknown]);
                self.call(class, args, None, b);
            }
            0x92 => {
                let named = self.stack.pop()?;
                let args = self.stack.pop()?;
                let class = self.stack.pop()?;
                let args = items_of(&args).unwrap_or_else(|| vec![Pickled::Unknown]);
                self.call(class, args, Some(named), b);
            }
            b'b' => {
                let state = self.stack.pop()?;
                let object = self.stack.pop()?;
                let built = Pickled::Built(Rc::new((object, state)));
                let built = if depth(&built, b) > MAX_DEPTH { Pickled::Unknown } else { built };
                self.stack.push(built);
            }
            b'P' => {
                self.line()?;
                self.stack.push(Pickled::Unknown);
            }
            b'Q' => {
                self.stack.pop()?;
                self.stack.push(Pickled::Unknown);
            }
            0x80 => {
                self.bytes.take(1)?;
            }
            0x95 => {
                self.bytes.take(8)?;
            }
            // Numbers of a registry that nobody knows, of one, two and four bytes.
            0x82..=0x84 => {
                self.bytes.take(1 << (operation - 0x82))?;
                self.stack.push(Pickled::Unknown);
            }
            0x97 => self.stack.push(Pickled::Unknown),
            0x98 => {}
            _ => return None,
        }
        Some(())
    }
}

/// A global by module and name, in today's spelling.
fn global(module: &str, name: &str) -> Pickled {
    let module = match module {
        "__builtin__" | "builtins" => return Pickled::Global(Arc::from(name)),
        "posix" | "nt" => "os",
        "copy_reg" => "copyreg",
        "commands" => "subprocess",
        other => other,
    };
    Pickled::Global(Arc::from(format!("{module}.{name}")))
}
