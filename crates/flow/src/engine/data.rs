//! Data files of the package: what code reads from beside itself is known.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sluice_syntax::ir::{Const, FuncId, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{Key, Ref, Term, Value};
use crate::facts::EvidenceId;

/// The field of a stream that holds what can be read from it.
pub(crate) const CONTENT: &str = "\u{1}content";
/// Marks a stream in memory: what it holds comes out of no file.
pub(crate) const MEMORY: &str = "\u{1}memory";
/// The shortest name of a file by which a path with unknown folders is taken to mean it.
const SHORTEST_NAME: usize = 3;

/// True for the path of the module itself, however it is made absolute.
fn is_own_file(term: &Term) -> bool {
    match term {
        Term::Name(name) => name == "__file__",
        Term::Through(operation, inner) => {
            let operation = operation.trim_end_matches("()").rsplit('.').next().unwrap_or(operation);
            matches!(
                operation,
                "abspath" | "realpath" | "normpath" | "resolve" | "absolute" | "str" | "fspath" | "Path"
            ) && is_own_file(inner)
        }
        _ => false,
    }
}

/// The data files of a package by path.
pub(crate) type Data = FxHashMap<String, Arc<[u8]>>;

impl Engine<'_> {
    /// The file of the package that a path means: the folders in front may be unknown, as those of the code itself are.
    fn in_package<T>(&self, path: &Value, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let patterns = path.term()?.patterns();
        let [pattern] = patterns.as_slice() else { return None };
        self.in_package_named(pattern, find)
    }

    /// The same for the text of a path with `{}` for what is not known.
    pub(crate) fn in_package_named<T>(&self, pattern: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let name = pattern.trim_start_matches("{}").trim_start_matches('/').trim_start_matches("./");
        if name.contains("{}") || name.len() < SHORTEST_NAME || name.contains("..") {
            return None;
        }
        let file = self.file_of(self.here().module);
        let here = self.modules.get(file as usize)?;
        let mut folder = here.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        loop {
            let slash = if folder.is_empty() { "" } else { "/" };
            if let Some(found) = find(&format!("{folder}{slash}{name}")) {
                return Some(found);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// The data file that a path means.
    fn data_at(&mut self, path: &Value) -> Option<Arc<[u8]>> {
        // Code that reads its own file: what stands in its comments, or behind its end.
        let found = if self.names_itself && path.term().is_some_and(|term| is_own_file(&term)) {
            let file = self.file_of(self.here().module);
            let text = &self.modules.get(file as usize)?.text;
            Arc::clone(self.own_files.entry(file).or_insert_with(|| Arc::from(text.as_bytes())))
        } else {
            self.in_package(path, |path| self.data.get(path).map(Arc::clone))?
        };
        // Each reader gets a text of its own.
        self.budget.step(found.len() / 64)?;
        Some(found)
    }

    /// The module of the package that the file at a path is.
    pub(crate) fn module_at(&self, path: &Value) -> Option<u32> {
        self.in_package(path, |path| self.program.at_path(path))
    }

    /// Code that is read from a file of the package to be executed (`exec(open("_version.py").read())`): the file runs
    /// there. False if it is none.
    pub(crate) fn runs_own_file(&mut self, value: &Value, place: EvidenceId) -> bool {
        let (labels, _) = self.deep(value);
        if !self.label_kinds(&labels).iter().any(|kind| kind.starts_with("file")) {
            return false;
        }
        let Some(target) = self.module_at(value).filter(|target| *target != self.here().module) else { return false };
        let (caller, callee) = (self.here(), Key { module: target, func: FuncId::MODULE.0 });
        self.add_call(caller, callee, place);
        self.run_module(target);
        true
    }

    /// The text of the data file at a path with `{}` for what is not known. Source that is parsed is none.
    pub(crate) fn data_text(&self, pattern: &str) -> Option<Arc<str>> {
        let bytes = self.in_package_named(pattern, |path| self.data.get(path).map(Arc::clone))?;
        std::str::from_utf8(&bytes).ok().map(Arc::from)
    }

    fn content(bytes: &Arc<[u8]>, as_bytes: bool) -> Value {
        match std::str::from_utf8(bytes) {
            Ok(text) if !as_bytes => Value::constant(Const::Str(Arc::from(text))),
            _ => Value::constant(Const::Bytes(Arc::clone(bytes))),
        }
    }

    /// A call that opens or reads a data file of the package. `None` for any other.
    pub(crate) fn reads_data(
        &mut self,
        module: &std::rc::Rc<Module>,
        name: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        if self.data.is_empty() && !self.names_itself {
            return None;
        }
        let first = args.get(0, "file").cloned();
        let with_labels = |engine: &mut Self, mut content: Value, from: Value| {
            engine.inherit(&mut content, &[&from], Some("file"));
            content
        };
        match name {
            "open" | "io.open" | "codecs.open" => {
                let bytes = self.data_at(&first?)?;
                let mode = args.get(1, "mode").and_then(Value::known_text).cloned();
                let as_bytes = mode.as_deref().is_some_and(|mode| mode.contains('b'));
                if mode.as_deref().is_some_and(|mode| mode.contains(['w', 'a', 'x', '+'])) {
                    return None;
                }
                let model = self.catalog.model(name)?;
                let mut value = self.apply_model(module, model, None, args, site, None);
                let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                self.store_field(id, &SmolStr::new_static(CONTENT), Self::content(&bytes, as_bytes));
                self.streams.insert(id);
                value.edit().refs.insert(0, Ref::Object(id));
                Some(value)
            }
            "wave.open" | "wave.Wave_read" => {
                let mode = args.get(1, "mode").and_then(Value::known_text).cloned();
                if mode.as_deref().is_some_and(|mode| mode.contains('w')) {
                    return None;
                }
                let file = args.get(0, "f").cloned()?;
                let bytes = match self.read_whole(&file) {
                    Some(content) => match content.known() {
                        Some(Const::Bytes(bytes)) => Arc::clone(bytes),
                        _ => return None,
                    },
                    None => self.data_at(&file)?,
                };
                self.opened_sound(module, name, &bytes, args, site)
            }
            "json.load" => {
                let stream = args.get(0, "fp").cloned()?;
                let content = self.read_whole(&stream)?;
                let value = self.known_function("json.loads", &Args::of(vec![content]))?;
                Some(with_labels(self, value, stream))
            }
            "pkgutil.get_data" | "importlib.resources.read_text" | "importlib.resources.read_binary" => {
                let bytes = self.data_at(&args.positional.get(1)?.0.clone())?;
                let model = self.catalog.model(name);
                let label = model.map(|model| self.apply_model(module, model, None, args, site, None));
                let content = Self::content(&bytes, !name.ends_with("text"));
                Some(with_labels(self, content, label.unwrap_or_default()))
            }
            "linecache.getlines" => {
                let path = args.positional.first()?.0.clone();
                let bytes = self.data_at(&path)?;
                let model = self.catalog.model(name);
                let label = model.map(|model| self.apply_model(module, model, None, args, site, None));
                let whole = Args::of(vec![Value::constant(Const::Bool(true))]);
                let lines = self.known_method(&Self::content(&bytes, false), "splitlines", &whole)?;
                Some(with_labels(self, lines, label.unwrap_or_default()))
            }
            "fs.readFileSync" | "fs.promises.readFile" => {
                let path = args.positional.first()?.0.clone();
                let bytes = self.data_at(&path)?;
                let model = self.catalog.model(name)?;
                let label = self.apply_model(module, model, None, args, site, None);
                let as_text = args.positional.len() > 1;
                let content = Self::content(&bytes, !as_text);
                Some(with_labels(self, content, label))
            }
            _ => {
                let receiver = receiver?.clone();
                let method = name.rsplit('.').next()?;
                if method == "open" && name.contains("Path") {
                    let mode = args.get(0, "mode").and_then(Value::known_text).cloned();
                    if mode.as_deref().is_some_and(|mode| mode.contains(['w', 'a', 'x', '+'])) {
                        return None;
                    }
                    let bytes = self.data_at(&receiver)?;
                    let as_bytes = mode.as_deref().is_some_and(|mode| mode.contains('b'));
                    let model = self.catalog.model(name)?;
                    let mut value = self.apply_model(module, model, Some(&receiver), args, site, None);
                    let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                    self.store_field(id, &SmolStr::new_static(CONTENT), Self::content(&bytes, as_bytes));
                    self.streams.insert(id);
                    value.edit().refs.insert(0, Ref::Object(id));
                    return Some(value);
                }
                let content = match method {
                    "read" | "readlines" | "splitlines" if self.is_in_memory(&receiver) => return None,
                    "read" | "readlines" if args.all().next().is_some() => return None,
                    "read" | "readlines" => self.read_whole(&receiver)?,
                    "splitlines" => self.content_of(&receiver)?,
                    "read_text" | "read_bytes" if name.contains("Path") => {
                        let bytes = self.data_at(&receiver)?;
                        Self::content(&bytes, method == "read_bytes")
                    }
                    _ => return None,
                };
                let model = self.catalog.model(name);
                let label = model.map(|model| self.apply_model(module, model, Some(&receiver), args, site, None));
                let content = match method {
                    "readlines" => self.known_method(&content, "splitlines", &Args::default())?,
                    _ => content,
                };
                let mut value = with_labels(self, content, receiver);
                if let Some(label) = label {
                    value.add_labels(label.labels());
                }
                Some(value)
            }
        }
    }

    fn is_in_memory(&self, stream: &Value) -> bool {
        stream.object().and_then(|id| self.object(id)).is_some_and(|object| object.fields.contains_key(MEMORY))
    }

    /// What can be read from a stream of which nothing was read so far.
    pub(crate) fn content_of(&self, stream: &Value) -> Option<Value> {
        let id = stream.object().filter(|_| !self.is_several(stream))?;
        let content = self.object(id)?.fields.get(CONTENT).filter(|content| content.known().is_some());
        content.filter(|_| self.stream_place(id) == Some(0)).cloned()
    }

    /// The same for who reads it, so that nothing of it is read twice.
    pub(crate) fn read_whole(&mut self, stream: &Value) -> Option<Value> {
        let content = self.content_of(stream)?;
        self.move_to(stream.object()?, None);
        Some(content)
    }
}
