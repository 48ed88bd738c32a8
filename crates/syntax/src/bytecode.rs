//! Code that CPython compiled, as `marshal` writes it: the names that it uses and the texts that it holds.
//!
//! What the code does with them is not read: its instructions change with every version. The format is that of CPython's
//! `Python/marshal.c`; code objects have the fields of `PyCode_New` of their version.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::cursor::Cursor;

/// Most names, and most texts, that are kept.
const MOST: usize = 4096;

/// Longest text that is kept, in bytes.
const LONGEST: usize = 4096;

/// Deepest nesting that is read. CPython itself refuses 2,000.
const DEEPEST: u32 = 200;

/// What a compiled module or function holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// Names that its instructions use: modules, functions, attributes. In the order of the bytes, each once.
    pub names: Vec<String>,
    /// Its constant texts, in the order of the bytes, each once.
    pub texts: Vec<String>,
    /// How many functions, classes and modules it has.
    pub codes: usize,
}

/// Which fields a code object has: how many numbers stand in front, and what follows the names.
#[derive(Clone, Copy)]
struct Layout {
    numbers: usize,
    /// Objects between the names and the name of the file.
    middle: usize,
    /// Objects behind that, in front of the number of the first line.
    own_names: usize,
    /// Objects behind the number of the first line.
    tables: usize,
}

/// Python 3.11 and later; 3.8 to 3.10; 3.0 to 3.7; 2.3 to 2.7.
const LAYOUTS: [Layout; 4] = [
    Layout { numbers: 5, middle: 2, own_names: 2, tables: 2 },
    Layout { numbers: 6, middle: 3, own_names: 1, tables: 1 },
    Layout { numbers: 5, middle: 3, own_names: 1, tables: 1 },
    Layout { numbers: 4, middle: 3, own_names: 1, tables: 1 },
];

/// Reads a `.pyc` file: a head of 8, 12 or 16 bytes, then a code object. `None` if it is none.
#[must_use]
pub fn read_file(bytes: &[u8]) -> Option<Compiled> {
    [16, 12, 8].into_iter().find_map(|head| read(bytes.get(head..)?))
}

/// Reads what `marshal.dumps` makes of a code object. `None` if it is none, or is not whole.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Compiled> {
    if bytes.first()? & 0x7F != b'c' {
        return None;
    }
    LAYOUTS.iter().find_map(|layout| {
        let mut reader = Reader {
            bytes: Cursor::new(bytes),
            known: Vec::new(),
            layout: *layout,
            found: Compiled::default(),
            seen: FxHashSet::default(),
        };
        reader.object(DEEPEST)?;
        Some(reader.found)
    })
}

/// An object, as far as it says something.
#[derive(Clone)]
enum Object {
    Text(Rc<str>),
    Texts(Rc<[Rc<str>]>),
    Other,
}

struct Reader<'a> {
    bytes: Cursor<'a>,
    /// Objects to which later ones may refer, in CPython's order.
    known: Vec<Object>,
    layout: Layout,
    found: Compiled,
    /// What is kept already: names, and texts.
    seen: FxHashSet<(bool, Rc<str>)>,
}

impl Reader<'_> {
    fn short(&mut self) -> Option<usize> {
        self.bytes.byte().map(usize::from)
    }

    fn text(&mut self, size: usize) -> Option<Object> {
        let bytes = self.bytes.take(size)?;
        let kept = bytes.get(..LONGEST).unwrap_or(bytes);
        Some(Object::Text(Rc::from(String::from_utf8_lossy(kept).as_ref())))
    }

    fn object(&mut self, depth: u32) -> Option<Object> {
        let kind = self.bytes.byte()?;
        // A place is kept before the parts are read: CPython numbers containers ahead of what they hold.
        let place = (kind & 0x80 != 0).then(|| {
            self.known.push(Object::Other);
            self.known.len() - 1
        });
        let object = self.body(kind & 0x7F, depth.checked_sub(1)?)?;
        if let Some(known) = place.and_then(|place| self.known.get_mut(place)) {
            known.clone_from(&object);
        }
        Some(object)
    }

    fn body(&mut self, kind: u8, depth: u32) -> Option<Object> {
        match kind {
            b'N' | b'F' | b'T' | b'S' | b'.' | b'0' => {}
            b'i' => drop(self.bytes.take(4)?),
            b'I' | b'g' => drop(self.bytes.take(8)?),
            b'y' => drop(self.bytes.take(16)?),
            b'f' => {
                let size = self.short()?;
                self.bytes.take(size)?;
            }
            b'x' => {
                for _ in 0..2 {
                    let size = self.short()?;
                    self.bytes.take(size)?;
                }
            }
            b'l' => {
                let digits = self.bytes.long()?.unsigned_abs();
                self.bytes.take(usize::try_from(digits).ok()?.checked_mul(2)?)?;
            }
            b's' | b't' | b'u' | b'a' | b'A' => {
                let size = self.bytes.size()?;
                let text = self.text(size)?;
                if kind == b't' {
                    // Python 2 refers to such texts by their number.
                    self.known.push(text.clone());
                }
                return Some(text);
            }
            b'z' | b'Z' => {
                let size = self.short()?;
                return self.text(size);
            }
            b'(' | b'[' | b'<' | b'>' => {
                let size = self.bytes.size()?;
                return self.items(size, depth);
            }
            b')' => {
                let size = self.short()?;
                return self.items(size, depth);
            }
            b'{' => {
                while !matches!(self.bytes.rest().first()?, b'0') {
                    self.object(depth)?;
                    self.object(depth)?;
                }
            }
            b':' => {
                for _ in 0..3 {
                    self.object(depth)?;
                }
            }
            b'r' | b'R' => {
                let place = self.bytes.size()?;
                return self.known.get(place).cloned();
            }
            b'c' => self.code(depth)?,
            _ => return None,
        }
        if kind == b'{' {
            self.bytes.take(1)?;
        }
        Some(Object::Other)
    }

    fn items(&mut self, size: usize, depth: u32) -> Option<Object> {
        // Each item has a byte at least.
        if size > self.bytes.rest().len() {
            return None;
        }
        let mut texts: Vec<Rc<str>> = Vec::new();
        for _ in 0..size {
            match self.object(depth)? {
                Object::Text(text) if texts.len() < MOST => texts.push(text),
                Object::Texts(inner) => texts.extend(inner.iter().take(MOST.saturating_sub(texts.len())).cloned()),
                _ => {}
            }
        }
        Some(Object::Texts(Rc::from(texts)))
    }

    fn code(&mut self, depth: u32) -> Option<()> {
        self.found.codes += 1;
        self.bytes.take(self.layout.numbers.checked_mul(4)?)?;
        // The instructions.
        let Object::Text(_) = self.object(depth)? else { return None };
        let Object::Texts(constants) = self.object(depth)? else { return None };
        let Object::Texts(names) = self.object(depth)? else { return None };
        for _ in 0..self.layout.middle {
            self.object(depth)?;
        }
        let Object::Text(_) = self.object(depth)? else { return None };
        for _ in 0..self.layout.own_names {
            let Object::Text(_) = self.object(depth)? else { return None };
        }
        self.bytes.take(4)?;
        for _ in 0..self.layout.tables {
            self.object(depth)?;
        }
        self.keep(true, &names);
        self.keep(false, &constants);
        Some(())
    }

    fn keep(&mut self, are_names: bool, found: &[Rc<str>]) {
        let kept = if are_names { &mut self.found.names } else { &mut self.found.texts };
        for text in found {
            if kept.len() < MOST && !text.trim().is_empty() && self.seen.insert((are_names, Rc::clone(text))) {
                kept.push(text.to_string());
            }
        }
    }
}

impl Compiled {
    /// What it holds, as a clause behind a subject: `uses the names …, and holds the texts …`. The names and those texts
    /// that are an address, a path or a command, as far as they are few.
    #[must_use]
    pub fn told(&self) -> String {
        let telling = |text: &&String| {
            text.contains("://") || (text.contains(['/', '\\']) && !text.contains('\n') && text.len() <= 200)
        };
        let list = |words: &[&String], most: usize| {
            let shown: Vec<String> = words.iter().take(most).map(|word| format!("`{}`", one_line(word))).collect();
            let more = words.len().saturating_sub(most);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            shown.join(", ") + &more
        };
        // What every module and class has says nothing.
        const COMMON: [&str; 6] =
            ["__doc__", "__firstlineno__", "__module__", "__name__", "__qualname__", "__static_attributes__"];
        let names: Vec<&String> = self.names.iter().filter(|name| !COMMON.contains(&name.as_str())).collect();
        let texts: Vec<&String> = self.texts.iter().filter(telling).collect();
        let texts = match texts.as_slice() {
            [] => String::new(),
            texts => format!(", and holds {}", list(texts, 6)),
        };
        match names.as_slice() {
            [] => format!("uses no names{texts}"),
            names => format!("uses the names {}{texts}", list(names, 16)),
        }
    }
}

/// A text on one line, and not longer than a reader wants.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).take(120).collect();
    if clean.len() < text.len() && clean.chars().count() == 120 { clean + "…" } else { clean }
}

#[cfg(test)]
mod tests {
    use super::{Compiled, read, read_file};

    fn short(text: &str) -> Vec<u8> {
        let mut bytes = vec![b'z', u8::try_from(text.len()).unwrap()];
        bytes.extend(text.as_bytes());
        bytes
    }

    fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![b')', u8::try_from(items.len()).unwrap()];
        bytes.extend(items.concat());
        bytes
    }

    /// A code object with so many numbers in front, as each version of CPython writes it.
    fn code(numbers: usize, constants: &[Vec<u8>], names: &[Vec<u8>]) -> Vec<u8> {
        let instructions = [&b"s\x02\0\0\0"[..], &[100, 0]].concat();
        let mut bytes = vec![b'c' | 0x80];
        bytes.extend(vec![0; numbers * 4]);
        bytes.extend([instructions.clone(), tuple(constants), tuple(names)].concat());
        let modern = numbers == 5;
        bytes.extend(vec![tuple(&[]); if modern { 1 } else { 3 }].concat());
        if modern {
            bytes.extend(&instructions);
        }
        bytes.extend([short("one.py"), short("<module>")].concat());
        if modern {
            bytes.extend(short("<module>"));
        }
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(vec![instructions; if modern { 2 } else { 1 }].concat());
        bytes
    }

    #[test]
    fn names_and_texts_of_every_version_are_read() {
        for numbers in [4, 5, 6] {
            let inner = code(numbers, &[short("https://files.example.invalid/a")], &[short("urlopen"), short("read")]);
            let bytes = code(numbers, &[b"N".to_vec(), inner, short("told")], &[short("os"), short("read")]);
            let found = read(&bytes).unwrap();
            let expected = Compiled {
                names: ["urlopen", "read", "os"].map(str::to_owned).to_vec(),
                texts: ["https://files.example.invalid/a", "told"].map(str::to_owned).to_vec(),
                codes: 2,
            };
            assert_eq!(found, expected, "{numbers}");
            let mut file = vec![0; 16];
            file.extend(&bytes);
            assert_eq!(read_file(&file), Some(expected), "{numbers}");
            for cut in 0..bytes.len() {
                let _ = read(&bytes[..cut]);
            }
        }
    }

    #[test]
    fn hostile_code_ends() {
        assert!(read(b"").is_none());
        assert!(read(&[b'c'; 100_000]).is_none());
        assert!(read(&[&[b'c'][..], &[0; 24], &b")\x01".repeat(100_000)].concat()).is_none());
        assert!(read(&[&[b'c'][..], &[0; 24], b"(\xff\xff\xff\x7f"].concat()).is_none());
    }
}
