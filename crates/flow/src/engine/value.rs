//! The abstract value: what is known of a value, what it refers to, where it came from.
//!
//! One value has all facets side by side, so that one walk of the code serves resolution (`refs`), evaluation
//! (`known`, `term`) and taint (`labels`). A facet that knows nothing is empty; the empty value costs no allocation.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::Const;
use smol_str::SmolStr;
use thin_vec::{ThinVec, thin_vec};

/// A function, class or module body: module index and function index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Index of the module.
    pub module: u32,
    /// Index of the function in the module.
    pub func: u32,
}

/// An object on the abstract heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// What a value refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum Ref {
    /// A module, function, class or value of a library, by canonical symbol.
    Symbol(SmolStr),
    /// An instance of a library's type.
    Instance(SmolStr),
    /// A method of a library's type, bound to a receiver.
    Method(SmolStr, Value),
    /// A module of this package.
    Module(u32),
    /// A function of this package, with its receiver if it is bound.
    Function(Key, Option<Value>),
    /// A class of this package.
    Class(Key),
    /// An object on the abstract heap: a container or an instance of a class of this package.
    Object(ObjectId),
    /// What `super()` gives in a method: attributes are looked up behind this class, on this receiver.
    Super(Key, Value),
    /// A method that was asked of a value that nothing is known of.
    Unresolved(SmolStr, Value),
}

/// The method that stands for a member of its receiver whose name is not known: what is copied name by name is that.
pub const MEMBER: &str = "\u{1}member";

/// A taint label: where a value came from, and the way it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Index into the engine's origins.
    pub origin: u32,
    /// Index into the engine's traces: the last step so far.
    pub trace: u32,
}

/// How a text is made, as far as it is known. Depth and width are bounded by the constructors.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// Constant text.
    Text(Arc<str>),
    /// A name or short expression of the code.
    Name(SmolStr),
    /// One of several.
    Either(Vec<Rc<Term>>),
    /// Joined end to end.
    Join(Vec<Rc<Term>>),
    /// Passed through an operation.
    Through(SmolStr, Rc<Term>),
}

/// Widest alternative and longest join that a term keeps.
const TERM_WIDTH: usize = 8;
/// Deepest nesting that a term keeps.
const TERM_DEPTH: usize = 6;
/// Deepest nesting of what stays beside a part that is cut for its depth.
const KEPT_DEPTH: usize = 2;
/// Most references, labels and tokens that a value keeps. More are dropped, oldest kept, so that joins stay constant
/// in cost.
const MOST_REFS: usize = 6;
const MOST_LABELS: usize = 16;
const MOST_TOKENS: usize = 12;

/// The facets of a value that is not empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// The constant, if there is exactly one possible.
    pub known: Option<Const>,
    /// How the text is made.
    pub term: Option<Rc<Term>>,
    /// What it refers to.
    pub refs: ThinVec<Ref>,
    /// Where it came from.
    pub labels: ThinVec<Label>,
    /// Identities it is made from.
    pub tokens: ThinVec<u64>,
    /// The decoders that its text went through.
    pub codings: ThinVec<SmolStr>,
    /// True if a branch may have given it another value.
    pub joined: bool,
    /// True if code elsewhere may give it another value: then what is known of it decides no branch.
    pub open: bool,
}

/// An abstract value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value(Option<Rc<Data>>);

impl Value {
    /// The value of which nothing is known.
    pub const UNKNOWN: Self = Self(None);

    /// From facets.
    pub fn new(data: Data) -> Self {
        Self(Some(Rc::new(data)))
    }

    /// A constant.
    pub fn constant(value: Const) -> Self {
        Self::new(Data { known: Some(value), ..Data::default() })
    }

    /// A text constant.
    pub fn text(text: &str) -> Self {
        Self::constant(Const::Str(Arc::from(text)))
    }

    /// A reference.
    pub fn reference(reference: Ref) -> Self {
        Self::new(Data { refs: thin_vec![reference], ..Data::default() })
    }

    /// True if nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// True if it refers to nothing and came from nowhere: at most a constant.
    pub fn is_plain(&self) -> bool {
        self.data().is_none_or(|data| data.refs.is_empty() && data.labels.is_empty() && data.tokens.is_empty())
    }

    /// The facets, if any.
    pub fn data(&self) -> Option<&Data> {
        self.0.as_deref()
    }

    /// The facets for change.
    pub fn edit(&mut self) -> &mut Data {
        Rc::make_mut(self.0.get_or_insert_with(Rc::default))
    }

    /// The constant.
    pub fn known(&self) -> Option<&Const> {
        self.data()?.known.as_ref()
    }

    /// True if code elsewhere may give it another value.
    pub fn is_open(&self) -> bool {
        self.data().is_some_and(|data| data.open)
    }

    /// The constant text.
    pub fn known_text(&self) -> Option<&Arc<str>> {
        match self.known()? {
            Const::Str(text) => Some(text),
            _ => None,
        }
    }

    /// What it refers to.
    pub fn refs(&self) -> &[Ref] {
        self.data().map_or(&[], |data| data.refs.as_slice())
    }

    /// Its own labels, without those of what it contains.
    pub fn labels(&self) -> &[Label] {
        self.data().map_or(&[], |data| data.labels.as_slice())
    }

    /// Its identities.
    pub fn tokens(&self) -> &[u64] {
        self.data().map_or(&[], |data| data.tokens.as_slice())
    }

    /// How its text is made: a constant is its own term.
    pub fn term(&self) -> Option<Rc<Term>> {
        let data = self.data()?;
        match (&data.term, &data.known) {
            (Some(term), _) => Some(Rc::clone(term)),
            (None, Some(Const::Str(text))) => Some(Rc::new(Term::Text(Arc::clone(text)))),
            (None, Some(Const::Bytes(bytes))) => {
                std::str::from_utf8(bytes).ok().map(|text| Rc::new(Term::Text(Arc::from(text))))
            }
            (None, Some(Const::Int(number))) => Some(Rc::new(Term::Text(Arc::from(number.to_string())))),
            _ => None,
        }
    }

    /// The object it is, if it is exactly one.
    pub fn object(&self) -> Option<ObjectId> {
        self.refs().iter().find_map(|reference| match reference {
            Ref::Object(id) => Some(*id),
            _ => None,
        })
    }

    /// Adds labels, keeping the first trace of each origin.
    pub fn add_labels(&mut self, labels: &[Label]) {
        if labels.is_empty() {
            return;
        }
        let data = self.edit();
        for label in labels {
            if data.labels.len() < MOST_LABELS && !data.labels.iter().any(|known| known.origin == label.origin) {
                data.labels.push(*label);
            }
        }
    }

    /// Adds identities.
    pub fn add_tokens(&mut self, tokens: &[u64]) {
        if tokens.is_empty() {
            return;
        }
        let data = self.edit();
        for token in tokens {
            if data.tokens.len() < MOST_TOKENS && !data.tokens.contains(token) {
                data.tokens.push(*token);
            }
        }
    }

    /// Adds a reference.
    pub fn add_ref(&mut self, reference: Ref) {
        if self.refs().len() < MOST_REFS && !self.refs().contains(&reference) {
            self.edit().refs.push(reference);
        }
    }

    /// The value that is one of the two.
    pub fn join(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) if Rc::ptr_eq(a, b) => return self.clone(),
            (None, None) => return Self::UNKNOWN,
            _ => {}
        }
        if self == other {
            return self.clone();
        }
        let (Some(a), Some(b)) = (self.data(), other.data()) else {
            // One side is unknown: what the other knows of refs and labels may still hold.
            let mut value = if self.0.is_some() { self.clone() } else { other.clone() };
            let term = value.term();
            let data = value.edit();
            data.known = None;
            data.term = term;
            data.joined = true;
            return value;
        };
        let term = match (self.term(), other.term()) {
            (Some(x), Some(y)) => Some(Term::either(&x, &y)),
            (Some(x), None) | (None, Some(x)) => Some(x),
            (None, None) => None,
        };
        let known = if a.known == b.known { a.known.clone() } else { None };
        let mut value = Self::new(Data {
            known,
            term,
            refs: a.refs.clone(),
            labels: a.labels.clone(),
            tokens: a.tokens.clone(),
            codings: if a.codings.len() >= b.codings.len() { a.codings.clone() } else { b.codings.clone() },
            joined: true,
            open: a.open || b.open,
        });
        for reference in &b.refs {
            value.add_ref(reference.clone());
        }
        value.add_labels(&b.labels);
        value.add_tokens(&b.tokens);
        value
    }
}

/// True for an operation whose result is another text than what goes in: it finds a value by a name or a pattern, such as
/// `config.get("server.address")`, or codes it.
fn changes_text(operation: &str) -> bool {
    let name = operation.trim_end_matches("()").rsplit('.').next().unwrap_or(operation);
    matches!(name, "get" | "getenv" | "getint" | "getboolean" | "getfloat" | "pop" | "setdefault")
        || matches!(
            name,
            "b64encode"
                | "b64decode"
                | "hexlify"
                | "unhexlify"
                | "fromhex"
                | "compress"
                | "decompress"
                | "btoa"
                | "atob"
        )
        || matches!(
            name,
            "md5" | "sha1" | "sha256" | "digest" | "hexdigest" | "encrypt" | "decrypt" | "dumps" | "stringify"
        )
        || matches!(name, "compile" | "match" | "fullmatch" | "search" | "group" | "groups" | "findall" | "finditer")
        // A part that chance picks.
        || matches!(name, "choice" | "choices" | "sample" | "shuffled" | "token_hex" | "token_urlsafe")
        || name.starts_with("get_")
}

impl Term {
    fn depth(&self) -> usize {
        match self {
            Self::Text(_) | Self::Name(_) => 1,
            Self::Either(parts) | Self::Join(parts) => 1 + parts.iter().map(|part| part.depth()).max().unwrap_or(0),
            Self::Through(_, inner) => 1 + inner.depth(),
        }
    }

    fn bounded(self) -> Rc<Self> {
        if self.depth() <= TERM_DEPTH {
            return Rc::new(self);
        }
        // What is too deep is cut where it is: an address keeps the host in front of whatever was added to it. Little is
        // kept, so that a loop does not fill the term up to its bound again in every round.
        let cut = |part: Rc<Self>| {
            if part.depth() <= KEPT_DEPTH { part } else { Rc::new(Self::Name(SmolStr::new_static("…"))) }
        };
        Rc::new(match self {
            Self::Either(parts) => Self::Either(parts.into_iter().map(cut).collect()),
            Self::Join(parts) => Self::Join(parts.into_iter().map(cut).collect()),
            Self::Through(name, part) => Self::Through(name, cut(part)),
            plain => plain,
        })
    }

    /// One of the two.
    pub fn either(a: &Rc<Self>, b: &Rc<Self>) -> Rc<Self> {
        if a == b {
            return Rc::clone(a);
        }
        let mut parts: Vec<Rc<Self>> = Vec::new();
        for term in [a, b] {
            let alternatives: &[Rc<Self>] = match &**term {
                Self::Either(list) => list,
                _ => std::slice::from_ref(term),
            };
            for alternative in alternatives {
                if parts.len() < TERM_WIDTH && !parts.contains(alternative) {
                    parts.push(Rc::clone(alternative));
                }
            }
        }
        // `x` or a part of `x` is told as `x`.
        let all = parts.clone();
        parts.retain(|part| match &**part {
            Self::Through(operation, inner) if operation.starts_with('[') => {
                let whole: &[Rc<Self>] = match &**inner {
                    Self::Either(list) => list,
                    _ => std::slice::from_ref(inner),
                };
                !whole.iter().all(|whole| all.contains(whole))
            }
            _ => true,
        });
        match parts.as_slice() {
            [only] => Rc::clone(only),
            _ => Self::Either(parts).bounded(),
        }
    }

    /// The one behind the other.
    pub fn join(a: &Rc<Self>, b: &Rc<Self>) -> Rc<Self> {
        let mut parts: Vec<Rc<Self>> = Vec::new();
        for term in [a, b] {
            let pieces: &[Rc<Self>] = match &**term {
                Self::Join(list) => list,
                _ => std::slice::from_ref(term),
            };
            for piece in pieces {
                // What is computed the same way several times over is told once, and nothing is told of no text.
                let same = matches!(&**piece, Self::Through(..)) && parts.last() == Some(piece);
                let empty = matches!(&**piece, Self::Text(text) if text.is_empty()) && !parts.is_empty();
                if same || empty {
                    continue;
                }
                if let (Some(last), Self::Text(text)) = (parts.last_mut(), &**piece)
                    && let Self::Text(before) = &**last
                    && before.len() + text.len() < 8192
                {
                    *last = Rc::new(Self::Text(Arc::from(format!("{before}{text}"))));
                    continue;
                }
                if parts.len() < TERM_WIDTH * 4 {
                    parts.push(Rc::clone(piece));
                }
            }
        }
        Self::Join(parts).bounded()
    }

    /// Passed through an operation.
    pub fn through(operation: &str, inner: &Rc<Self>) -> Rc<Self> {
        Self::Through(SmolStr::new(operation), Rc::clone(inner)).bounded()
    }

    /// The constant pieces in order.
    pub fn literals(&self, into: &mut Vec<Arc<str>>) {
        if into.len() >= 16 {
            return;
        }
        match self {
            Self::Text(text) => {
                if !text.is_empty() && !into.contains(text) {
                    into.push(Arc::clone(text));
                }
            }
            Self::Name(_) => {}
            Self::Either(parts) | Self::Join(parts) => parts.iter().for_each(|part| part.literals(into)),
            Self::Through(_, inner) => inner.literals(into),
        }
    }

    /// The alternatives with `{}` for an unknown part; at most eight.
    pub fn patterns(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.chars().take(4096).collect()],
            Self::Name(_) => vec!["{}".to_owned()],
            Self::Either(parts) => {
                let mut all: Vec<String> = Vec::new();
                for pattern in parts.iter().flat_map(|part| part.patterns()) {
                    if all.len() < 8 && !all.contains(&pattern) {
                        all.push(pattern);
                    }
                }
                all
            }
            Self::Join(parts) => {
                let mut all = vec![String::new()];
                for part in parts {
                    let tails = part.patterns();
                    let mut next: Vec<String> = Vec::new();
                    for head in &all {
                        for tail in &tails {
                            if next.len() < 8 {
                                next.push(format!("{head}{tail}"));
                            }
                        }
                    }
                    all = next;
                }
                all
            }
            // What is looked up by a name is not the name, and a coded text is another.
            Self::Through(operation, _) if changes_text(operation) => vec!["{}".to_owned()],
            Self::Through(_, inner) => inner.patterns(),
        }
    }

    /// The alternatives that are wholly known; at most eight, of not more than a megabyte each.
    pub fn constants(&self) -> Vec<String> {
        const MOST: usize = 8;
        const LONGEST: usize = 1 << 20;
        match self {
            Self::Text(text) => vec![text.to_string()],
            Self::Name(_) | Self::Through(..) => Vec::new(),
            Self::Either(parts) => parts.iter().flat_map(|part| part.constants()).take(MOST).collect(),
            Self::Join(parts) => {
                let mut all = vec![String::new()];
                for part in parts {
                    let tails = part.constants();
                    all = all
                        .iter()
                        .flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")))
                        .filter(|text| text.len() <= LONGEST)
                        .take(MOST)
                        .collect();
                }
                all
            }
        }
    }

    /// For a reader, in the words of the code.
    pub fn shape(&self, into: &mut String) {
        match self {
            Self::Text(text) => {
                into.push('`');
                for (count, character) in text.chars().enumerate() {
                    if count > 160 {
                        into.push('…');
                        break;
                    }
                    if character.is_control() {
                        into.extend(character.escape_default());
                    } else {
                        into.push(character);
                    }
                }
                into.push('`');
            }
            Self::Name(name) => {
                into.push('`');
                into.push_str(name);
                into.push('`');
            }
            Self::Either(parts) => {
                for (position, part) in parts.iter().enumerate() {
                    if position > 0 {
                        into.push_str(" or ");
                    }
                    part.shape(into);
                }
            }
            Self::Join(parts) => {
                for (position, part) in parts.iter().enumerate() {
                    if position > 0 {
                        into.push_str(" + ");
                    }
                    if matches!(&**part, Self::Either(_)) {
                        into.push('(');
                        part.shape(into);
                        into.push(')');
                    } else {
                        part.shape(into);
                    }
                }
            }
            Self::Through(operation, inner) => {
                if matches!(&**inner, Self::Either(_) | Self::Join(_)) {
                    into.push('(');
                    inner.shape(into);
                    into.push(')');
                } else {
                    inner.shape(into);
                }
                into.push_str(" through `");
                into.push_str(operation);
                into.push('`');
            }
        }
    }
}
