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

/// The field of a stream that holds how far it was read.
const AT: &str = "\u{1}at";
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

fn is_data(value: &Value) -> bool {
    matches!(value.known(), Some(Const::Bytes(_) | Const::Str(_)))
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
                if object.fields.contains_key(CONTENT) {
                    return self.stream_method(module, name, method, id, receiver, args, site);
                }
                if object.fields.contains_key(DECODER) {
                    return self.decoder_method(module, name, method, id, receiver, args, site);
                }
                if object.fields.contains_key(CIPHER) {
                    return self.cipher_method(module, name, method, id, receiver, args, site);
                }
                if object.fields.contains_key(DIGEST) {
                    return self.digest_method(module, name, method, id, receiver, args, site);
                }
                None
            }
        }
    }

    fn made_stream(&mut self, module: &Rc<Module>, name: &str, args: &Args, site: Site) -> Option<Value> {
        let field = |name| SmolStr::new_static(name);
        match name {
            "io.BytesIO" | "io.StringIO" => {
                let given = args.positional.first().map(|(value, _)| value);
                let given = given.or_else(|| args.named.first().map(|(_, value, _)| value)).cloned();
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
                let decoder = match name.split('.').next()? {
                    "gzip" => "gzip.decompress",
                    "bz2" => "bz2.decompress",
                    _ => "lzma.decompress",
                };
                let mut content = self.known_function(decoder, &Args::of(vec![content]))?;
                if mode.as_deref().is_some_and(|mode| mode.contains('t')) {
                    content = self.known_method(&content, "decode", &Args::default())?;
                }
                let model = self.modelled(module, name, None, args, site);
                Some(self.stream_of(content, model))
            }
            "io.TextIOWrapper" | "io.BufferedReader" | "io.BufferedRandom" => {
                let mut content = self.content_of(&args.positional.first()?.0.clone())?;
                if name == "io.TextIOWrapper" {
                    content = self.known_method(&content, "decode", &Args::default())?;
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
                    self.store_field(id, &field(AT), window.clone());
                }
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
                let model = self.modelled(module, name, None, args, site);
                Some(self.cipher_of("rc4", key, None, model))
            }
            "Crypto.Cipher.AES.new" => {
                let key = args.get(0, "key")?.clone();
                bytes_of(&key)?;
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
                let wide = args
                    .named
                    .iter()
                    .any(|(name, value, _)| name == "segment_size" && value.known() == Some(&Const::Int(128)));
                let mode = if mode == "cfb" && !wide { "cfb8".to_owned() } else { mode };
                let named =
                    |wanted: &str| args.named.iter().find(|(name, _, _)| name == wanted).map(|(_, v, _)| v.clone());
                let start = args.get(2, "iv").cloned().or_else(|| named("IV")).or_else(|| named("nonce"));
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

    fn stream_of(&mut self, content: Value, mut model: Value) -> Value {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(CONTENT), content);
        self.store_field(id, &SmolStr::new_static(super::data::MEMORY), Value::constant(Const::Bool(true)));
        model.edit().refs.insert(0, Ref::Object(id));
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
        model.edit().refs.insert(0, Ref::Object(id));
        Some(model)
    }

    fn cipher_of(&mut self, mode: &str, key: Value, start: Option<Value>, mut model: Value) -> Value {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        self.store_field(id, &SmolStr::new_static(CIPHER), Value::text(mode));
        self.store_field(id, &SmolStr::new_static(KEY), key);
        if let Some(start) = start {
            self.store_field(id, &SmolStr::new_static(AT), start);
        }
        model.edit().refs.insert(0, Ref::Object(id));
        model
    }

    #[allow(clippy::too_many_arguments)]
    fn cipher_method(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        method: &str,
        id: ObjectId,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        if !matches!(method, "decrypt" | "decrypt_and_verify") {
            return None;
        }
        let data = args.positional.first()?.0.clone();
        let (mode, key, start) = (self.kept_in(id, CIPHER), self.kept_in(id, KEY), self.kept_in(id, AT));
        let mode = mode.known_text()?.clone();
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
            joined = Value::UNKNOWN;
        }
        if let Some(object) = self.object_mut(id) {
            object.plain &= joined.is_plain();
            object.fields.insert(SmolStr::new_static(field), joined);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn stream_method(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        method: &str,
        id: ObjectId,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let content = self.kept_in(id, CONTENT);
        if method == "write" {
            let more = args.positional.first().map(|(value, _)| value.clone()).unwrap_or_default();
            self.add_bytes(id, CONTENT, &more);
            return None;
        }
        if !is_data(&content) {
            return None;
        }
        let at = match self.kept_in(id, AT).known() {
            Some(Const::Int(at)) => *at,
            _ => 0,
        };
        match method {
            "seek" => {
                let to = args.positional.first().map(|(value, _)| value.clone()).unwrap_or_default();
                let whole = args.positional.len() == 1;
                let to = if whole && matches!(to.known(), Some(Const::Int(_))) { to } else { Value::UNKNOWN };
                self.store_field(id, &SmolStr::new_static(AT), to);
                None
            }
            "read" | "read1" | "getvalue" | "getbuffer" | "readlines" | "readline" | "peek" => {
                let size = match args.positional.first().map(|(value, _)| value.known()) {
                    None | Some(Some(Const::None)) => None,
                    Some(Some(Const::Int(size))) if *size < 0 => None,
                    Some(Some(Const::Int(size))) if method != "readlines" => Some(*size),
                    Some(_) => return None,
                };
                let model = self.modelled(module, name, Some(receiver), args, site);
                let from = if method.starts_with("get") { 0 } else { at };
                let concrete = self.concrete(&content, 1)?;
                let until = size.map(|size| from.saturating_add(size));
                let part = crate::evaluate::slice(&concrete, Some(from), until, None, &mut self.budget)?;
                let mut part = self.abstracted(&part.value);
                // A value that is perhaps an open file is decoded no more than the stream is.
                self.inherit(&mut part, &[&content], None);
                part.add_labels(receiver.labels());
                part.add_tokens(receiver.tokens());
                if method.starts_with("readline") {
                    let lines = Args::of(vec![Value::constant(Const::Bool(true))]);
                    let lines = self.known_method(&part, "splitlines", &lines)?;
                    if method == "readlines" {
                        return Some(self.told_as(lines, &model));
                    }
                    part = self.items(&lines)?.into_iter().next().unwrap_or(part);
                }
                // Who reads without a size reads what was not read; what is read again after that is taken to be meant.
                let moves = size.is_some() || method == "readline";
                if moves && !method.starts_with("get") && method != "peek" && self.strong(id) {
                    let length = match part.known() {
                        Some(Const::Str(text)) => text.chars().count(),
                        Some(Const::Bytes(bytes)) => bytes.len(),
                        _ => 0,
                    };
                    let now = from.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
                    self.store_field(id, &SmolStr::new_static(AT), Value::constant(Const::Int(now)));
                }
                Some(self.told_as(part, &model))
            }
            _ => None,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn decoder_method(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        method: &str,
        id: ObjectId,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        match method {
            "decompress" => {
                let decoder = self.kept_in(id, DECODER).known_text()?.clone();
                let mut given = vec![args.positional.first()?.0.clone()];
                let window = self.kept_in(id, AT);
                if window.known().is_some() {
                    given.push(window);
                }
                let known = self.known_function(&decoder, &Args::of(given))?;
                let model = self.modelled(module, name, Some(receiver), args, site);
                Some(self.told_as(known, &model))
            }
            "flush" => {
                let model = self.modelled(module, name, Some(receiver), args, site);
                let mut rest = Value::constant(Const::Bytes(Arc::from([])));
                self.inherit(&mut rest, &[receiver], None);
                Some(self.told_as(rest, &model))
            }
            _ => None,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn digest_method(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        method: &str,
        id: ObjectId,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
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
