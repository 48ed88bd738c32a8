//! Objects of Python's library that hold known bytes: streams in memory and what reads them, decompressors, digests.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::data::CONTENT;
use super::heap::ObjectKind;
use super::value::{ObjectId, Ref, Value};

/// The field of a stream that holds where it is read and written next, in characters or bytes. Without it, the stream was
/// not touched so far; not known, nobody knows.
const AT: &str = "\u{1}at";
/// The fields of a cipher with how it begins, and of a decompressor with what it is told of the format.
const START: &str = "\u{1}start";
/// Marks a cipher or a decompressor that was used: what it gives next depends on what it was given before.
const USED: &str = "\u{1}used";
/// The field of a decompressor that names the function which does the same at once.
const DECODER: &str = "\u{1}decoder";
/// The fields of a digest: the algorithm, the key if it has one, what it was fed.
const DIGEST: &str = "\u{1}digest";
const KEY: &str = "\u{1}key";
const FED: &str = "\u{1}fed";
/// The field of a cipher that names its mode.
const CIPHER: &str = "\u{1}cipher";
/// Most bytes that are fed to a digest piece by piece, or written to a stream.
const MOST_BYTES: usize = 16 << 20;

/// The bytes of a constant.
fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value.known()? {
        Const::Bytes(bytes) => Some(bytes),
        Const::Str(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// How many characters or bytes a constant has.
fn length_of(value: &Value) -> Option<i64> {
    match value.known()? {
        Const::Bytes(bytes) => i64::try_from(bytes.len()).ok(),
        Const::Str(text) => i64::try_from(text.chars().count()).ok(),
        _ => None,
    }
}

fn is_data(value: &Value) -> bool {
    matches!(value.known(), Some(Const::Bytes(_) | Const::Str(_)))
}

/// A call of a method of an object that holds known bytes.
#[derive(Clone, Copy)]
struct Used<'c> {
    module: &'c Rc<Module>,
    /// The symbol that is called, and its last part.
    name: &'c str,
    method: &'c str,
    id: ObjectId,
    receiver: &'c Value,
    args: &'c Args,
    site: Site,
}

impl Engine<'_> {
    /// What the catalog makes of a call.
    pub(super) fn modelled(
        &mut self,
        module: &Rc<Module>,
        symbol: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Value {
        match self.catalog.model(symbol) {
            Some(model) => self.apply_model(module, model, receiver, args, site, None),
            None => Value::UNKNOWN,
        }
    }

    /// A known result together with what the catalog says of the call.
    fn told_as(&mut self, mut known: Value, model: &Value) -> Value {
        known.add_labels(model.labels());
        known.add_tokens(model.tokens());
        known
    }

    /// A call that makes or uses an object which holds known bytes.
    pub(crate) fn stream_call(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        match receiver {
            None => self.made_stream(module, name, args, site),
            Some(receiver) => {
                let id = receiver.object()?;
                let object = self.object(id)?;
                let method = name.rsplit('.').next()?;
                let used = Used { module, name, method, id, receiver, args, site };
                // Which of several is meant is not known.
                if self.is_several(receiver) {
                    self.lose_streams(receiver, 1);
                    return None;
                }
                if object.fields.contains_key(super::sounds::SOUND) {
                    return self.sound_method(module, name, id, receiver, args, site);
                }
                // What an unpickler reads, and how far, is told with what it calls.
                if object.fields.contains_key(CONTENT) && name != "pickle.Unpickler.load" {
                    return self.stream_method(used);
                }
                if object.fields.contains_key(DECODER) {
                    let known = self.decoder_method(used);
                    self.use_up(id, known.is_some());
                    return known;
                }
                if object.fields.contains_key(CIPHER) {
                    let known = self.cipher_method(used);
                    self.use_up(id, known.is_some());
                    return known;
                }
                if object.fields.contains_key(DIGEST) {
                    return self.digest_method(used);
                }
                None
            }
        }
    }

    fn made_stream(&mut self, module: &Rc<Module>, name: &str, args: &Args, site: Site) -> Option<Value> {
        let field = |name| SmolStr::new_static(name);
        match name {
            "io.BytesIO" | "io.StringIO" => {
                let given = args.get(0, "initial_bytes").or_else(|| args.get(0, "initial_value")).cloned();
                let empty = if name == "io.BytesIO" { Const::Bytes(Arc::from([])) } else { Const::Str(Arc::from("")) };
                let content = match given {
                    Some(value) if is_data(&value) => value,
                    Some(_) => return None,
                    None => Value::constant(empty),
                };
                let model = self.modelled(module, name, None, args, site);
                Some(self.stream_of(content, model))
            }
            "gzip.GzipFile" | "gzip.open" | "bz2.open" | "bz2.BZ2File" | "lzma.open" | "lzma.LZMAFile" => {
                let under = args.named.iter().find(|(name, _, _)| name == "fileobj" || name == "filename");
                let under = under.map(|(_, value, _)| value).or_else(|| {
                    args.positional.iter().map(|(value, _)| value).find(|value| self.content_of(value).is_some())
                });
                let under = under?.clone();
                let mode = args.get(1, "mode").and_then(Value::known_text).cloned();
                if mode.as_deref().is_some_and(|mode| mode.contains(['w', 'a', 'x'])) {
                    return None;
                }
                let content = self.content_of(&under)?;
                self.move_to(under.object()?, None);
                let decoder = match name.split('.').next()? {
                    "gzip" => "gzip.decompress",
                    "bz2" => "bz2.decompress",
                    _ => "lzma.decompress",
                };
                let mut content = self.known_function(decoder, &Args::of(vec![content]))?;
                if mode.as_deref().is_some_and(|mode| mode.contains('t')) {
                    content = self.decoded(&content, args.get(3, "encoding"), args.get(4, "errors"))?;
                }
                let model = self.modelled(module, name, None, args, site);
                Some(self.stream_of(content, model))
            }
            "io.TextIOWrapper" | "io.BufferedReader" | "io.BufferedRandom" => {
                let under = args.positional.first()?.0.clone();
                let mut content = self.content_of(&under)?;
                // What is written to the one arrives in the other.
                self.lose_streams(&under, 0);
                if name == "io.TextIOWrapper" {
                    content = self.decoded(&content, args.get(1, "encoding"), args.get(2, "errors"))?;
                }
                let model = self.modelled(module, name, None, args, site);
                Some(self.stream_of(content, model))
            }
            "zlib.decompressobj" | "bz2.BZ2Decompressor" | "lzma.LZMADecompressor" => {
                let decoder = match name {
                    "zlib.decompressobj" => "zlib.decompress",
                    "bz2.BZ2Decompressor" => "bz2.decompress",
                    _ => "lzma.decompress",
                };
                let mut model = self.modelled(module, name, None, args, site);
                let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                self.store_field(id, &field(DECODER), Value::text(decoder));
                if let (Some(window), "zlib.decompressobj") = (args.get(0, "wbits"), name) {
                    self.store_field(id, &field(START), window.clone());
                }
                self.streams.insert(id);
                model.edit().refs.insert(0, Ref::Object(id));
                Some(model)
            }
            "cryptography.fernet.Fernet" => {
                let key = args.get(0, "key")?.clone();
                bytes_of(&key)?;
                let model = self.modelled(module, name, None, args, site);
                Some(self.cipher_of("fernet", key, None, model))
            }
            "Crypto.Cipher.ARC4.new" => {
                let key = args.get(0, "key")?.clone();
                bytes_of(&key)?;
                if args.all().count() > 1 {
                    return None;
                }
                let model = self.modelled(module, name, None, args, site);
                Some(self.cipher_of("rc4", key, None, model))
            }
            "Crypto.Cipher.AES.new" => {
                let key = args.get(0, "key")?.clone();
                bytes_of(&key)?;
                let (mode, start) = self.cipher_mode(args)?;
                let model = self.modelled(module, name, None, args, site);
                Some(self.cipher_of(&mode, key, start, model))
            }
            "hmac.new" => {
                let (key, fed) = (args.get(0, "key")?.clone(), args.get(1, "msg").cloned());
                let kind = args.get(2, "digestmod")?;
                let kind = kind.known_text().cloned().or_else(|| {
                    kind.refs().iter().find_map(|reference| match reference {
                        Ref::Symbol(symbol) => symbol.strip_prefix("hashlib.").map(Arc::from),
                        _ => None,
                    })
                })?;
                bytes_of(&key)?;
                let fed = fed.filter(|fed| fed.known() != Some(&Const::None));
                let model = self.modelled(module, name, None, args, site);
                self.digest_of(&kind, Some(key), fed, model)
            }
            "hashlib.new" => {
                let kind = args.get(0, "name")?.known_text()?.to_ascii_lowercase();
                let fed = args.get(1, "data").cloned();
                let model = self.modelled(module, name, None, args, site);
                self.digest_of(&kind, None, fed, model)
            }
            _ => {
                let kind = name.strip_prefix("hashlib.").filter(|kind| crate::evaluate::is_digest(kind))?;
                let fed = args.get(0, "string").or_else(|| args.get(0, "data")).cloned();
                let kind = kind.to_owned();
                let model = self.modelled(module, name, None, args, site);
                self.digest_of(&kind, None, fed, model)
            }
        }
    }

    /// The text of bytes in the encoding that a stream is told.
    fn decoded(&mut self, content: &Value, encoding: Option<&Value>, errors: Option<&Value>) -> Option<Value> {
        let given = [(encoding, "utf-8"), (errors, "strict")];
        let how = given.map(|(value, default)| match value {
            Some(value) if value.known() != Some(&Const::None) => value.clone(),
            _ => Value::text(default),
        });
        self.known_method(content, "decode", &Args::of(how.to_vec()))
    }

    fn stream_of(&mut self, content: Value, mut model: Value) -> Value {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(CONTENT), content);
        self.store_field(id, &SmolStr::new_static(super::data::MEMORY), Value::constant(Const::Bool(true)));
        model.edit().refs.insert(0, Ref::Object(id));
        self.streams.insert(id);
        model
    }

    fn digest_of(&mut self, kind: &str, key: Option<Value>, fed: Option<Value>, mut model: Value) -> Option<Value> {
        let fed = fed.unwrap_or_else(|| Value::constant(Const::Bytes(Arc::from([]))));
        if !matches!(fed.known(), Some(Const::Bytes(_))) || !crate::evaluate::is_digest(kind) {
            return (!model.is_unknown()).then_some(model);
        }
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(DIGEST), Value::text(kind));
        self.store_field(id, &SmolStr::new_static(FED), fed);
        if let Some(key) = key {
            self.store_field(id, &SmolStr::new_static(KEY), key);
        }
        self.streams.insert(id);
        model.edit().refs.insert(0, Ref::Object(id));
        Some(model)
    }

    fn cipher_of(&mut self, mode: &str, key: Value, start: Option<Value>, mut model: Value) -> Value {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(CIPHER), Value::text(mode));
        self.store_field(id, &SmolStr::new_static(KEY), key);
        if let Some(start) = start {
            self.store_field(id, &SmolStr::new_static(START), start);
        }
        model.edit().refs.insert(0, Ref::Object(id));
        self.streams.insert(id);
        model
    }

    /// The mode of a cipher and how it begins, if all that it is told is understood.
    fn cipher_mode(&self, args: &Args) -> Option<(String, Option<Value>)> {
        let mode = args.get(1, "mode")?;
        let mode = mode.refs().iter().find_map(|reference| match reference {
            Ref::Symbol(symbol) => symbol.rsplit_once("MODE_").map(|(_, mode)| mode.to_ascii_lowercase()),
            _ => None,
        });
        // The numbers of the modes, where they are written as such.
        let mode = mode.or_else(|| match args.get(1, "mode")?.known() {
            Some(Const::Int(1)) => Some("ecb".to_owned()),
            Some(Const::Int(2)) => Some("cbc".to_owned()),
            Some(Const::Int(3)) => Some("cfb".to_owned()),
            Some(Const::Int(5)) => Some("ofb".to_owned()),
            Some(Const::Int(6)) => Some("ctr".to_owned()),
            _ => None,
        })?;
        if args.star.is_some() || args.star_star.is_some() || args.positional.len() > 3 {
            return None;
        }
        let counts = mode == "ctr";
        let mut start = args.positional.get(2).map(|(value, _)| value.clone()).filter(|_| !counts);
        let mut segment = 8;
        for (name, value, _) in &args.named {
            match (name.as_str(), value.known()) {
                ("key" | "mode" | "use_aesni", _) => {}
                ("iv" | "IV", Some(Const::Bytes(_))) if !counts => start = Some(value.clone()),
                ("nonce", Some(Const::Bytes(nonce))) if counts && nonce.len() < 16 => start = Some(value.clone()),
                ("initial_value", Some(Const::Int(0))) if counts => {}
                ("segment_size", Some(Const::Int(bits))) if mode == "cfb" => segment = *bits,
                _ => return None,
            }
        }
        // What is not given is made up by chance.
        (start.is_some() || mode == "ecb").then_some(())?;
        match (mode.as_str(), segment) {
            ("cfb", 8) => Some(("cfb8".to_owned(), start)),
            ("cfb", 128) | ("ecb" | "cbc" | "ofb" | "ctr", _) => Some((mode, start)),
            _ => None,
        }
    }

    /// Notes that a cipher or a decompressor was used: whether what it was given is known, or nobody knows.
    fn use_up(&mut self, id: ObjectId, known: bool) {
        let known = known && self.strong(id);
        if let Some(object) = self.object_mut(id) {
            object.fields.insert(SmolStr::new_static(USED), Value::constant(Const::Bool(known)));
        }
    }

    /// True for a cipher or a decompressor that nobody has used so far.
    fn is_fresh(&self, id: ObjectId) -> bool {
        self.strong(id) && self.object(id).is_some_and(|object| !object.fields.contains_key(USED))
    }

    fn cipher_method(&mut self, used: Used<'_>) -> Option<Value> {
        let Used { module, name, method, id, receiver, args, site } = used;
        let [(data, _)] = args.positional.as_slice() else { return None };
        let data = data.clone();
        let (mode, key, start) = (self.kept_in(id, CIPHER), self.kept_in(id, KEY), self.kept_in(id, START));
        let mode = mode.known_text()?.clone();
        let keeps_nothing = matches!(&*mode, "fernet" | "ecb");
        if method != "decrypt" || args.all().count() > 1 || !(keeps_nothing || self.is_fresh(id)) {
            return None;
        }
        let text = if &*mode == "fernet" {
            // Key and token are written in the alphabet for addresses.
            let key = self.known_function("base64.urlsafe_b64decode", &Args::of(vec![key]))?;
            let token = self.known_function("base64.urlsafe_b64decode", &Args::of(vec![data.clone()]))?;
            crate::evaluate::ciphers::fernet(bytes_of(&key)?, bytes_of(&token)?, &mut self.budget)?
        } else if &*mode == "rc4" {
            crate::evaluate::ciphers::rc4(bytes_of(&key)?, bytes_of(&data)?, &mut self.budget)?
        } else {
            let mut start = bytes_of(&start).unwrap_or_default().to_vec();
            // A nonce is the front of the counter.
            if &*mode == "ctr" {
                start.resize(start.len().max(16), 0);
            }
            crate::evaluate::ciphers::aes(&mode, bytes_of(&key)?, &start, bytes_of(&data)?, &mut self.budget)?
        };
        let model = self.modelled(module, name, Some(receiver), args, site);
        let mut value = Value::constant(Const::Bytes(Arc::from(text)));
        self.inherit(&mut value, &[&data, receiver], Some("decrypt"));
        Some(self.told_as(value, &model))
    }

    fn kept_in(&self, id: ObjectId, field: &str) -> Value {
        self.object(id).and_then(|object| object.fields.get(field)).cloned().unwrap_or_default()
    }

    /// Puts more behind the bytes that an object holds; what is not known makes them unknown.
    fn add_bytes(&mut self, id: ObjectId, field: &'static str, more: &Value) {
        let before = self.kept_in(id, field);
        let joined = match (before.known(), more.known()) {
            (Some(Const::Bytes(a)), Some(Const::Bytes(b))) if a.len() + b.len() <= MOST_BYTES && self.strong(id) => {
                let all: Vec<u8> = a.iter().chain(b.iter()).copied().collect();
                Value::constant(Const::Bytes(Arc::from(all)))
            }
            (Some(Const::Str(a)), Some(Const::Str(b))) if a.len() + b.len() <= MOST_BYTES && self.strong(id) => {
                Value::text(&format!("{a}{b}"))
            }
            _ => Value::UNKNOWN,
        };
        let mut joined = joined;
        self.inherit(&mut joined, &[&before, more], None);
        let spent = bytes_of(&joined).map_or(0, <[u8]>::len);
        if self.budget.produce(spent).is_none() {
            joined = self.only_labels(&joined);
        }
        if let Some(object) = self.object_mut(id) {
            object.plain &= joined.is_plain();
            object.fields.insert(SmolStr::new_static(field), joined);
        }
    }

    fn stream_method(&mut self, used: Used<'_>) -> Option<Value> {
        let Used { module, name, method, id, receiver, args, site } = used;
        let content = self.kept_in(id, CONTENT);
        let at = self.stream_place(id);
        match method {
            // What is known is known at its end only: what is written elsewhere replaces something.
            "write" => {
                let more = args.positional.first().map(|(value, _)| value.clone()).unwrap_or_default();
                if args.all().count() == 1 && at.is_some() && at == length_of(&content) {
                    self.add_bytes(id, CONTENT, &more);
                    let end = length_of(&self.kept_in(id, CONTENT));
                    self.move_to(id, end);
                } else {
                    self.lose_content(id, args);
                }
                return None;
            }
            "seek" => {
                let to = self.sought(args, at, &content);
                self.move_to(id, to);
                return None;
            }
            "close" | "closed" | "tell" | "flush" | "fileno" | "isatty" | "readable" | "writable" | "seekable"
            | "__enter__" | "__exit__" => return None,
            "read" | "read1" | "getvalue" | "readlines" | "readline" => {}
            "__next__" | "__iter__" | "peek" | "readinto" => {
                self.move_to(id, None);
                return None;
            }
            _ => {
                self.lose_content(id, args);
                return None;
            }
        }
        let whole = method == "getvalue";
        let known = self.read_part(method, receiver, args, &content, if whole { Some(0) } else { at });
        if !whole {
            let length = known.as_ref().and_then(|(_, length)| i64::try_from(*length).ok());
            self.move_to(id, at.zip(length).and_then(|(at, length)| at.checked_add(length)));
        }
        let (part, _) = known?;
        let model = self.modelled(module, name, Some(receiver), args, site);
        Some(self.told_as(part, &model))
    }

    /// What a call reads from a known place of a stream, and how long it is.
    fn read_part(
        &mut self,
        method: &str,
        receiver: &Value,
        args: &Args,
        content: &Value,
        from: Option<i64>,
    ) -> Option<(Value, usize)> {
        if !is_data(content) {
            return None;
        }
        let size = match (args.positional.as_slice(), args.all().count()) {
            ([], 0) => None,
            ([(size, _)], 1) => match size.known()? {
                Const::None => None,
                Const::Int(size) if *size < 0 => None,
                Const::Int(size) if matches!(method, "read" | "read1") => Some(*size),
                _ => return None,
            },
            _ => return None,
        };
        let from = from?;
        let concrete = self.concrete(content, 1)?;
        let until = size.map(|size| from.saturating_add(size));
        let part = crate::evaluate::slice(&concrete, Some(from), until, None, &mut self.budget)?;
        let mut part = self.abstracted(&part.value);
        // A value that is perhaps an open file is decoded no more than the stream is.
        self.inherit(&mut part, &[content], None);
        part.add_labels(receiver.labels());
        part.add_tokens(receiver.tokens());
        let mut length = usize::try_from(length_of(&part)?).ok()?;
        if method.starts_with("readline") {
            let lines = Args::of(vec![Value::constant(Const::Bool(true))]);
            let lines = self.known_method(&part, "splitlines", &lines)?;
            if method == "readlines" {
                return Some((lines, length));
            }
            part = self.items(&lines)?.into_iter().next().unwrap_or(part);
            length = usize::try_from(length_of(&part)?).ok()?;
        }
        Some((part, length))
    }

    /// True if a value is one of several objects. What a stream writes into stands beside it, and is no other.
    pub(super) fn is_several(&self, value: &Value) -> bool {
        let objects = value.refs().iter().filter_map(|reference| match reference {
            Ref::Object(id) => Some(self.object(*id).is_some_and(|object| object.fields.contains_key(CONTENT))),
            _ => None,
        });
        let (all, streams) = objects.fold((0, 0), |(all, streams), is| (all + 1, streams + usize::from(is)));
        streams > 1 || (all > 1 && value.data().is_some_and(|data| data.joined))
    }

    /// Where a stream is read and written next.
    pub(super) fn stream_place(&self, id: ObjectId) -> Option<i64> {
        match self.object(id)?.fields.get(AT) {
            None => Some(0),
            Some(at) => match at.known()? {
                Const::Int(at) => Some(*at),
                _ => None,
            },
        }
    }

    /// Moves a stream to a place, or to one that nobody knows.
    pub(crate) fn move_to(&mut self, id: ObjectId, place: Option<i64>) {
        let place = place.filter(|_| self.strong(id));
        let place = place.map_or(Value::UNKNOWN, |place| Value::constant(Const::Int(place)));
        if let Some(object) = self.object_mut(id) {
            object.fields.insert(SmolStr::new_static(AT), place);
        }
    }

    /// The place that `seek` goes to.
    fn sought(&self, args: &Args, at: Option<i64>, content: &Value) -> Option<i64> {
        let Some(Const::Int(to)) = args.get(0, "offset").or_else(|| args.get(0, "cookie"))?.known() else {
            return None;
        };
        let whence = args.get(1, "whence").map_or(Some(0), |whence| match (whence.known(), whence.refs().first()) {
            (Some(Const::Int(whence)), _) => Some(*whence),
            (_, Some(Ref::Symbol(symbol))) => match symbol.rsplit('.').next()? {
                "SEEK_SET" => Some(0),
                "SEEK_CUR" => Some(1),
                "SEEK_END" => Some(2),
                _ => None,
            },
            _ => None,
        });
        let place = match whence? {
            0 => *to,
            1 => at?.checked_add(*to)?,
            2 => length_of(content)?.checked_add(*to)?,
            _ => return None,
        };
        (place >= 0 && args.star.is_none() && args.star_star.is_none()).then_some(place)
    }

    /// Nobody knows what a stream, a digest or a cipher holds from here on; where it came from stays, and what is given to
    /// it is in it too.
    fn lose_content(&mut self, id: ObjectId, args: &Args) {
        let given: Vec<Value> = args.all().cloned().collect();
        for field in [CONTENT, FED] {
            let before = self.kept_in(id, field);
            let Some(object) = self.object(id) else { return };
            if !object.fields.contains_key(field) {
                continue;
            }
            let mut lost = self.only_labels(&before);
            for value in &given {
                let (labels, tokens) = self.deep(value);
                lost.add_labels(&labels);
                lost.add_tokens(&tokens);
            }
            if let Some(object) = self.object_mut(id) {
                object.plain &= lost.is_plain();
                object.fields.insert(SmolStr::new_static(field), lost);
            }
        }
        let stateful =
            |object: &super::heap::Object| object.fields.contains_key(CIPHER) || object.fields.contains_key(DECODER);
        if self.object(id).is_some_and(stateful) {
            self.use_up(id, false);
        }
        self.move_to(id, None);
    }

    /// Streams, digests and ciphers that are handed to code which is not followed to its end: it may have read, written or
    /// replaced what they hold.
    pub(crate) fn hand_over<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        if self.streams.is_empty() {
            return;
        }
        values.for_each(|value| self.lose_streams(value, 2));
    }

    /// The same of one value and what it holds.
    pub(crate) fn lose_streams(&mut self, value: &Value, depth: u32) {
        /// Values that are looked at.
        const MOST: usize = 128;
        /// Items of one list that are gone through for each call.
        const MOST_ITEMS: usize = 1024;
        if self.streams.is_empty() {
            return;
        }
        let mut left = vec![(value.clone(), depth)];
        let mut seen = 0;
        while let Some((value, depth)) = left.pop() {
            for reference in value.refs() {
                let id = match reference {
                    Ref::Object(id) => *id,
                    // Who has a method of something has what it is called on.
                    Ref::Method(_, receiver) | Ref::Unresolved(_, receiver) | Ref::Function(_, Some(receiver)) => {
                        if !receiver.refs().is_empty() {
                            left.push((receiver.clone(), depth));
                        }
                        continue;
                    }
                    _ => continue,
                };
                if self.streams.contains(&id) {
                    self.lose_content(id, &Args::default());
                    continue;
                }
                // What is plain holds nothing that could be a stream.
                let Some(object) = self.object(id).filter(|object| depth > 0 && !object.plain) else { continue };
                if object.items.len() > MOST_ITEMS {
                    seen = MOST;
                }
                let items = object.items.iter().take(MOST_ITEMS);
                let inner = object.fields.values().chain(items).chain(std::iter::once(&object.rest));
                left.extend(
                    inner.filter(|value| !value.refs().is_empty()).take(MOST).map(|inner| (inner.clone(), depth - 1)),
                );
                seen += 1;
            }
            if seen + left.len() > MOST {
                // What is not looked at may hold any of them.
                for id in self.streams.iter().copied().collect::<Vec<_>>() {
                    self.lose_content(id, &Args::default());
                }
                self.streams.clear();
                return;
            }
        }
    }

    fn decoder_method(&mut self, used: Used<'_>) -> Option<Value> {
        let Used { module, name, method, id, receiver, args, site } = used;
        match method {
            "decompress" if self.is_fresh(id) && args.all().count() == 1 => {
                let decoder = self.kept_in(id, DECODER).known_text()?.clone();
                let mut given = vec![args.positional.first()?.0.clone()];
                let window = self.kept_in(id, START);
                if window.known().is_some() {
                    given.push(window);
                }
                let known = self.known_function(&decoder, &Args::of(given))?;
                let model = self.modelled(module, name, Some(receiver), args, site);
                Some(self.told_as(known, &model))
            }
            // All was given at once.
            "flush" if self.strong(id) && self.kept_in(id, USED).known() == Some(&Const::Bool(true)) => {
                let model = self.modelled(module, name, Some(receiver), args, site);
                let mut rest = Value::constant(Const::Bytes(Arc::from([])));
                self.inherit(&mut rest, &[receiver], None);
                Some(self.told_as(rest, &model))
            }
            _ => None,
        }
    }

    fn digest_method(&mut self, used: Used<'_>) -> Option<Value> {
        let Used { module, name, method, id, receiver, args, site } = used;
        match method {
            "update" => {
                let more = args.positional.first().map(|(value, _)| value.clone()).unwrap_or_default();
                self.add_bytes(id, FED, &more);
                None
            }
            "digest" | "hexdigest" if args.all().next().is_none() => {
                let (kind, fed, key) = (self.kept_in(id, DIGEST), self.kept_in(id, FED), self.kept_in(id, KEY));
                let kind = kind.known_text()?.clone();
                let known = crate::evaluate::digest(&kind, bytes_of(&key), bytes_of(&fed)?, &mut self.budget)?;
                let model = self.modelled(module, name, Some(receiver), args, site);
                let mut value = if method == "digest" {
                    Value::constant(Const::Bytes(Arc::from(known)))
                } else {
                    Value::text(&crate::evaluate::hex_of(&known))
                };
                self.inherit(&mut value, &[receiver], None);
                Some(self.told_as(value, &model))
            }
            _ => None,
        }
    }
}
