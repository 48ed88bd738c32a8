//! Which file of the package an import means, and what a module gives to those that import it.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprKind, FuncId, Module, Span};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{Key, Ref, Value};

impl Engine<'_> {
    /// Makes the objects `module` and `exports` of a file, before its body runs.
    pub(crate) fn open_exports(&mut self, module: u32) {
        if self.realm.exports.contains_key(&module) || self.layer_parent.contains_key(&module) {
            return;
        }
        let exports = self.allocate(ObjectKind::Dict, Vec::new(), true);
        let holder = self.allocate(ObjectKind::Dict, Vec::new(), true);
        // They belong to the frame of the body that is about to open, however deep that is: what it assigns takes the
        // place of what was there.
        let depth = u32::try_from(self.frames.len()).unwrap_or(u32::MAX).saturating_add(1);
        for id in [exports, holder] {
            if let Some(object) = self.object_mut(id) {
                object.born = (depth, 0);
            }
        }
        self.store_field(holder, &SmolStr::new_static("exports"), Value::reference(Ref::Object(exports)));
        for (name, symbol) in [("require", "require"), ("constructor", "module")] {
            self.store_field(holder, &SmolStr::new_static(name), Value::reference(Ref::Symbol(symbol.into())));
        }
        let compile = Ref::Method(SmolStr::new_static("module._compile"), Value::UNKNOWN);
        self.store_field(holder, &SmolStr::new_static("_compile"), Value::reference(compile));
        self.realm.exports.insert(module, (holder, exports));
    }

    /// The exports outlive the frame of the body: what functions store later joins.
    pub(crate) fn close_exports(&mut self, module: u32) {
        let Some((holder, exports)) = self.realm.exports.get(&module).copied() else { return };
        for id in [exports, holder] {
            if let Some(object) = self.object_mut(id) {
                object.born = (1, 0);
            }
        }
    }

    /// What `require` of a file gives.
    fn exported(&mut self, module: u32) -> Value {
        self.run_module(module);
        let Some((holder, _)) = self.realm.exports.get(&module).copied() else { return Value::UNKNOWN };
        self.load_field(holder, &SmolStr::new_static("exports")).unwrap_or_default()
    }

    /// `export { value as name }`
    pub(crate) fn export(&mut self, name: &SmolStr, value: Value) {
        let here = self.here().module;
        if let Some((_, exports)) = self.realm.exports.get(&here).copied() {
            self.store_field(exports, name, value);
        }
    }

    /// `export * from "module"`
    pub(crate) fn export_star(&mut self, from: &SmolStr, span: Span) {
        let value = self.module_value(from, span);
        let here = self.here().module;
        if let Some((_, exports)) = self.realm.exports.get(&here).copied()
            && value.object().is_some()
        {
            self.merge_mapping(exports, &value);
        }
    }

    /// The value of a module by its specifier.
    pub(crate) fn module_value(&mut self, specifier: &str, span: Span) -> Value {
        let here = self.here().module;
        let file = self.file_of(here);
        let plain = specifier.strip_prefix("node:").unwrap_or(specifier);
        let internal = self.program.resolve(file, plain);
        let name = SmolStr::new(plain);
        let place = self.place(span, Some(&name));
        if let Some(list) = self.imports.get_mut(here as usize) {
            list.push((name.clone(), internal, place));
        }
        match internal {
            Some(target) if self.module(target).language.is_manifest() => {
                let text = Arc::clone(&self.module(target).text);
                self.parsed_file(&SmolStr::new(format!("{target}")), &text)
            }
            Some(target) => {
                self.edge(Key { module: target, func: FuncId::MODULE.0 }, span);
                self.exported(target)
            }
            None if plain.starts_with('.') && plain.ends_with(".json") => self.data_module(file, plain),
            None if plain.starts_with(['.', '/']) => Value::UNKNOWN,
            None => self.symbol(plain),
        }
    }

    /// What a file of data gives that is imported: its values.
    fn data_module(&mut self, file: u32, specifier: &str) -> Value {
        let folder = self.module(file).path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in specifier.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    parts.pop();
                }
                name => parts.push(name),
            }
        }
        let path = SmolStr::new(parts.join("/"));
        match self.data_text(&path) {
            Some(text) => self.parsed_file(&path, &text),
            None => Value::UNKNOWN,
        }
    }

    /// The values that a file of JSON holds, made once.
    fn parsed_file(&mut self, name: &SmolStr, text: &Arc<str>) -> Value {
        /// Longest file that is taken apart.
        const LONGEST: usize = 256 << 10;
        if let Some(value) = self.realm.files.get(name) {
            return value.clone();
        }
        if text.len() > LONGEST {
            return Value::UNKNOWN;
        }
        let known = Value::constant(Const::Str(Arc::clone(text)));
        let value = self.known_function("JSON.parse", &Args::of(vec![known])).unwrap_or_default();
        self.realm.files.insert(name.clone(), value.clone());
        value
    }

    /// `import name from "module"`
    pub(crate) fn module_member(&mut self, from: &str, name: &SmolStr, span: Span) -> Value {
        let value = self.module_value(from, span);
        let is_library = value.object().is_none();
        if name == "default" {
            let own = value.object().and_then(|id| self.object(id)).and_then(|object| object.fields.get("default"));
            return own.cloned().unwrap_or(value);
        }
        if value.is_unknown() {
            return value;
        }
        if is_library
            && value.refs().len() == 1
            && let Some(Ref::Symbol(symbol)) = value.refs().first()
        {
            let member = self.canonical(&format!("{symbol}.{name}"));
            return Value::reference(Ref::Symbol(member));
        }
        self.attr(&value, name, span)
    }

    /// `require(specifier)`
    pub(super) fn require(&mut self, module: &Rc<Module>, symbol: &SmolStr, args: &Args, site: Site) -> Option<Value> {
        let (value, expr) = args.positional.first().cloned()?;
        let written = expr.and_then(|id| module.expr(id)).is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_)));
        let text = value.known_text().cloned();
        if text.is_none() || !written {
            self.computed_name(&value, module, args, 0);
            if let Some(model) = self.catalog.model(symbol) {
                let result = self.apply_model(module, model, None, args, site, None);
                if text.is_none() {
                    return Some(result);
                }
            }
        }
        let Some(text) = text else {
            return Some(self.only_labels(&value));
        };
        self.loads_written(module, symbol, &text, args, site);
        Some(self.module_value(&text, site.span))
    }
}
