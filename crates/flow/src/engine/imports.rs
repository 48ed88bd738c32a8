//! Imports: which module a name means, what it holds, and what a star or a layer brings in.

use std::rc::Rc;

use std::sync::Arc;

use sluice_catalog::Model;
use sluice_syntax::ir::{Const, ExprId, FuncId, SlotRef, Span, StmtKind};
use smol_str::SmolStr;

use super::call::{Args, Site};
use super::model::Bound;
use super::value::{Key, Ref, Value};
use super::{Engine, Progress};
use crate::dialect::Receiver;

/// Most paths of modules that are remembered because code wrote to them.
const MOST_KEPT: usize = 64;

/// How the names of files end that an import finds.
const MODULES: &[&str] = &[".py", ".pyc", ".so", ".pyd", ".js", ".mjs", ".cjs", ".node"];

/// The path of a file that can be imported, which code may have written.
#[derive(Debug)]
pub struct Kept {
    /// The file of the code.
    file: u32,
    /// The name of the module.
    name: SmolStr,
    /// The path as far as it is known.
    path: Arc<str>,
}

/// By variable: the module that a name comes from, how many packages up that is looked for, and the name there.
pub(crate) type Imported = rustc_hash::FxHashMap<SlotRef, (SmolStr, u32, SmolStr)>;

impl Engine<'_> {
    /// Remembers which modules a call may write, download or open for that.
    pub(crate) fn keeps(&mut self, model: &Model, bound: &[Bound]) {
        let writes = |action: &SmolStr| matches!(action.as_str(), "file.write" | "file.open" | "network.request");
        if self.kept.len() >= MOST_KEPT || !model.actions.iter().any(writes) {
            return;
        }
        let file = self.file_of(self.here().module);
        let paths = bound.iter().filter(|arg| arg.roles.iter().any(|role| role == "file.path"));
        let patterns: Vec<String> =
            paths.filter_map(|arg| arg.value.term()).flat_map(|term| term.patterns().into_iter().take(4)).collect();
        for pattern in patterns {
            let name = pattern.rsplit(['/', '\\']).next().unwrap_or_default();
            let Some(stem) = MODULES.iter().find_map(|suffix| name.strip_suffix(suffix)) else { continue };
            let name = SmolStr::new(stem);
            let is_known = |kept: &Kept| kept.file == file && kept.name == name && *kept.path == *pattern;
            if !stem.is_empty() && !stem.contains("{}") && !self.kept.iter().any(is_known) {
                self.kept.push(Kept { file, name, path: Arc::from(pattern.as_str()) });
            }
        }
    }

    /// The path of a module of this name that code of the same file may have written.
    pub(crate) fn kept_path(&self, name: &str) -> Option<Arc<str>> {
        if self.kept.is_empty() {
            return None;
        }
        let file = self.file_of(self.here().module);
        self.kept.iter().rev().find(|kept| kept.file == file && kept.name == name).map(|kept| Arc::clone(&kept.path))
    }

    /// An import of a module that the code wrote itself runs what it wrote.
    fn imports_kept(&mut self, name: &str, span: Span) {
        let Some(path) = self.kept_path(name) else { return };
        let Some(model) = self.catalog.model("__import__") else { return };
        let here = self.here().module;
        let module = self.module(here);
        // A statement has no number as expressions have.
        let id = ExprId(u32::MAX.wrapping_sub(1).wrapping_sub(span.start));
        let value = Value::constant(Const::Str(path));
        self.apply_model(&module, model, None, &Args::of(vec![value]), Site { id, callee: id, span }, None);
    }

    pub(crate) fn import(&mut self, path: &SmolStr, whole: bool, span: Span) -> Value {
        let here = self.here().module;
        let file = self.file_of(here);
        self.imports_kept(path.split('.').next().unwrap_or(path), span);
        let internal = self.program.absolute(file, path);
        let place = self.place(span, Some(path));
        if let Some(list) = self.imports.get_mut(here as usize) {
            list.push((path.clone(), internal, place));
        }
        if let Some(target) = internal {
            self.enter_module(target, span);
        }
        let shown = if whole { path.as_str() } else { path.split('.').next().unwrap_or(path) };
        let module = if whole { internal } else { self.program.absolute(file, shown) };
        match module {
            Some(module) => {
                self.run_module(module);
                Value::reference(Ref::Module(module))
            }
            None => self.symbol(shown),
        }
    }

    /// Runs a module of the package because this code imports it; the packages above it run first.
    pub(crate) fn enter_module(&mut self, target: u32, span: Span) {
        for package in self.program.packages_above(target) {
            self.edge(Key { module: package, func: FuncId::MODULE.0 }, span);
            self.run_module(package);
        }
        self.edge(Key { module: target, func: FuncId::MODULE.0 }, span);
        self.run_module(target);
    }

    pub(crate) fn import_from(&mut self, from: &SmolStr, level: u32, name: &SmolStr, span: Span) -> Value {
        let here = self.here().module;
        let file = self.file_of(here);
        self.imports_kept(name, span);
        self.imports_kept(from.rsplit('.').next().unwrap_or(from), span);
        let target =
            if level == 0 { self.program.absolute(file, from) } else { self.program.relative(file, level, from) };
        let absolute = self.program.absolute_name(file, level, from);
        let full = if absolute.is_empty() { name.clone() } else { SmolStr::new(format!("{absolute}.{name}")) };
        let place = self.place(span, Some(&full));
        let child = match target {
            Some(target) => self.program.child(target, name),
            None if level == 0 => self.program.absolute(file, &full),
            None => self.program.relative(file, level, &format!("{from}.{name}")),
        };
        if let Some(list) = self.imports.get_mut(here as usize) {
            let shown = if absolute.is_empty() { name.clone() } else { absolute.clone() };
            list.push((shown, target.or(child), place));
        }
        if let Some(target) = target {
            self.enter_module(target, span);
            // A package that imports a submodule of its own has a variable of that name, which is empty until then.
            if let Some(value) = self.module_attr(target, name).filter(|value| child.is_none() || !value.is_unknown()) {
                return self.or_modelled(value, target, name);
            }
        }
        if let Some(child) = child {
            self.enter_module(child, span);
            return Value::reference(Ref::Module(child));
        }
        self.symbol(&full)
    }

    pub(crate) fn import_star(&mut self, from: &SmolStr, level: u32, span: Span) {
        let here = self.here().module;
        let file = self.file_of(here);
        let target =
            if level == 0 { self.program.absolute(file, from) } else { self.program.relative(file, level, from) };
        let absolute = self.program.absolute_name(file, level, from);
        let place = self.place(span, Some(&absolute));
        if let Some(list) = self.imports.get_mut(here as usize) {
            list.push((absolute.clone(), target, place));
        }
        if let Some(target) = target {
            self.enter_module(target, span);
        }
        let stars = self.stars.entry(here).or_default();
        stars.push((target, absolute));
        self.not_starred.clear();
    }

    /// A function or class of a library that the package carries a copy of is also what the catalog says of it: a copy
    /// need not be followed to its end to know what it does, and that it is there hides nothing. What the catalog says
    /// stands first, see [`Engine::call`].
    pub(crate) fn or_modelled(&mut self, value: Value, module: u32, name: &str) -> Value {
        let own = value.refs().iter().any(|reference| matches!(reference, Ref::Function(..) | Ref::Class(_)));
        if !own && !value.is_unknown() {
            return value;
        }
        let here = self.file_of(self.here().module);
        let Some((library, home)) = self.program.library(module) else { return value };
        // Inside of the copy the library is what its text says.
        let inside =
            self.program.name(here).strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if inside && library.contains('.') {
            return value;
        }
        let symbol = format!("{library}.{name}");
        let symbol = self.canonical(&symbol);
        let tells = |model: &Model| {
            model.source.is_some() || !model.actions.is_empty() || !model.args.is_empty() || model.result.is_some()
        };
        if !self.catalog.model(&symbol).is_some_and(tells) {
            return value;
        }
        let mut both = Value::reference(Ref::Symbol(symbol));
        value.refs().iter().for_each(|reference| both.add_ref(reference.clone()));
        both.add_labels(value.labels());
        both.add_tokens(value.tokens());
        both
    }

    /// What a library's module imports is had through it too: `subprocess.os.system` is `os.system`.
    pub(crate) fn of_inner_module(&self, symbol: &str, canonical: &str) -> Option<SmolStr> {
        /// Names in front of the module.
        const MOST_OUTER: usize = 6;
        let known = |name: &str| self.catalog.model(name).is_some() || self.catalog.attribute(name).is_some();
        if self.dialect.receiver() != Receiver::Parameter || known(canonical) {
            return None;
        }
        let mut rest = symbol;
        for _ in 0..MOST_OUTER {
            rest = rest.split_once('.')?.1;
            let top = rest.split_once('.')?.0;
            // `Series.str.join` is a method, and `str` no module.
            if self.catalog.knows_library(top) && !self.catalog.knows_type(top) {
                let inner = self.catalog.canonical(rest);
                if known(&inner) {
                    return Some(inner);
                }
            }
        }
        None
    }

    /// What a file that is named like a known library does not have is that of the library: the interpreter may never
    /// find the file (`os.py` beside a script, when `os` is imported long since).
    pub(crate) fn of_library(&mut self, module: u32, name: &str) -> Option<SmolStr> {
        let library = self.program.library(module).map(|(library, _)| library)?;
        let plain = !library.contains('.') && self.catalog.knows_library(library);
        let symbol = format!("{library}.{name}");
        plain.then(|| self.canonical(&symbol))
    }

    /// True if a symbol of a library stands before functions and classes of a copy of that library.
    pub(crate) fn is_copy(&self, refs: &[Ref]) -> bool {
        let [Ref::Symbol(symbol), copies @ ..] = refs else { return false };
        let top = symbol.split('.').next();
        let of_copy = |reference: &Ref| match reference {
            Ref::Function(key, _) | Ref::Class(key) => {
                self.program.library(key.module).is_some_and(|(library, _)| library.split('.').next() == top)
            }
            _ => false,
        };
        !copies.is_empty() && copies.iter().all(of_copy)
    }

    /// What a module holds under a name.
    pub(crate) fn module_attr(&mut self, module: u32, name: &str) -> Option<Value> {
        let key = Key { module, func: FuncId::MODULE.0 };
        if let Some(slot) = self.slot_named(key, name) {
            if self.progress.get(module as usize) == Some(&Progress::Running)
                && let Some(frame) = self.frames.iter().rev().find(|frame| frame.key == key)
                && let Some(value) = frame.slots.get(slot.slot as usize)
                && !value.is_unknown()
            {
                return Some(value.clone());
            }
            let value = self.shared.get(&(module, slot)).cloned().unwrap_or_default();
            if value.is_unknown()
                && self.progress.get(module as usize) == Some(&Progress::Running)
                && let Some(later) = self.imported_later(module, name)
            {
                return Some(later);
            }
            let owner = self.module(module);
            return Some(self.perhaps_assigned(&owner, module, slot, value));
        }
        if let Some(child) = self.program.child(module, name) {
            self.run_module(child);
            return Some(Value::reference(Ref::Module(child)));
        }
        self.star_attr(module, name)
    }

    /// What the body of a module imports by name.
    fn imported_names(&mut self, module: u32) -> Rc<Imported> {
        if let Some(known) = self.imported_names.get(&module) {
            return Rc::clone(known);
        }
        let owner = self.module(module);
        let mut names = Imported::default();
        for stmt in owner.function(FuncId::MODULE).map(|body| body.body.as_slice()).unwrap_or_default() {
            if let StmtKind::ImportFrom { module: from, level, name, slot } = &stmt.kind {
                names.entry(*slot).or_insert_with(|| (from.clone(), *level, name.clone()));
            }
        }
        let names = Rc::new(names);
        self.imported_names.insert(module, Rc::clone(&names));
        names
    }

    /// What a module that is still running will import under a name: code that it starts beside itself, or that runs
    /// before it has come so far, finds it there by the time it asks.
    fn imported_later(&mut self, module: u32, name: &str) -> Option<Value> {
        /// Modules that hand a name on to each other.
        const MOST_HANDED_ON: usize = 8;
        let (mut module, mut name) = (module, SmolStr::new(name));
        for _ in 0..MOST_HANDED_ON {
            let key = Key { module, func: FuncId::MODULE.0 };
            let wanted = self.slot_named(key, &name)?;
            let (from, level, original) = self.imported_names(module).get(&wanted)?.clone();
            let target = match level {
                0 => self.program.absolute(module, &from),
                _ => self.program.relative(module, level, &from),
            }?;
            if let Some(child) = self.program.child(target, &original) {
                // A module of the same package is imported in the way that every other is.
                return (target != module).then(|| {
                    self.run_module(child);
                    Value::reference(Ref::Module(child))
                });
            }
            self.run_module(target);
            let key = Key { module: target, func: FuncId::MODULE.0 };
            let slot = self.slot_named(key, &original)?;
            let value = self.shared.get(&(target, slot)).cloned().unwrap_or_default();
            if !value.is_unknown() {
                return Some(self.or_modelled(value, target, &original));
            }
            (module, name) = (target, original);
        }
        None
    }

    /// A name that a module has from a star import: the modules that it takes names from are asked, each once.
    pub(crate) fn star_attr(&mut self, module: u32, name: &str) -> Option<Value> {
        if let Some(value) = self.star_imported(module, name) {
            return Some(value);
        }
        if !self.added_names.is_empty() {
            let file = self.file_of(module);
            if let Some(value) = self.added_names.get(&(file, SmolStr::new(name))) {
                return Some(value.clone());
            }
        }
        // A layer runs in the namespace of the code that executes it, and so do the other layers of the same file.
        let mut root = module;
        while let Some(parent) = self.layer_parent.get(&root).copied() {
            root = parent;
            let key = Key { module: root, func: FuncId::MODULE.0 };
            if self.slot_named(key, name).is_some() {
                return self.module_attr(root, name);
            }
        }
        // A text that is evaluated inside of a function sees that function's variables.
        if root != module {
            for depth in (0..self.frames.len().saturating_sub(1)).rev() {
                let Some(key) = self.frames.get(depth).map(|frame| frame.key) else { break };
                if self.file_of(key.module) != root {
                    break;
                }
                if let Some(slot) = self.slot_named(key, name)
                    && let Some(value) = self.frames.get(depth).and_then(|frame| frame.slots.get(slot.slot as usize))
                    && !value.is_unknown()
                {
                    return Some(value.clone());
                }
            }
        }
        let layer = self.layer_names.get(&root)?.get(name).copied().filter(|layer| *layer != module)?;
        self.module_attr(layer, name)
    }

    /// The file that a module is, or is a layer of: imports are looked up from there.
    pub(crate) fn file_of(&self, module: u32) -> u32 {
        let mut next = module;
        while let Some(parent) = self.layer_parent.get(&next) {
            next = *parent;
        }
        next
    }

    pub(crate) fn star_imported(&mut self, module: u32, name: &str) -> Option<Value> {
        if !self.stars.contains_key(&module) {
            return None;
        }
        // Every name that nothing binds is looked for, most of them again and again. What is not found stays so until
        // there is one more star: the names of modules, and the catalog of their language, do not change.
        let key = (self.dialect.name(), module, SmolStr::new(name));
        if self.not_starred.contains(&key) {
            return None;
        }
        let mut seen = rustc_hash::FxHashSet::default();
        seen.insert(module);
        let mut pending = vec![module];
        while let Some(next) = pending.pop() {
            let stars = self.stars.get(&next).cloned().unwrap_or_default();
            for (target, absolute) in stars.iter().rev() {
                match target {
                    Some(target) => {
                        if !seen.insert(*target) {
                            continue;
                        }
                        let key = Key { module: *target, func: FuncId::MODULE.0 };
                        if self.slot_named(key, name).is_some() {
                            return self.module_attr(*target, name);
                        }
                        pending.push(*target);
                    }
                    None => {
                        let symbol = self.canonical(&format!("{absolute}.{name}"));
                        if self.catalog.model(&symbol).is_some() || self.catalog.attribute(&symbol).is_some() {
                            return Some(Value::reference(Ref::Symbol(symbol)));
                        }
                    }
                }
            }
        }
        self.not_starred.insert(key);
        None
    }

    /// A symbol of a library as a value.
    pub(crate) fn symbol(&mut self, name: &str) -> Value {
        let canonical = self.canonical(name);
        Value::reference(Ref::Symbol(canonical))
    }
}
