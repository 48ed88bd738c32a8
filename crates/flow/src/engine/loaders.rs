//! The import system: what a finder that is handed to it finds is loaded, and what a loader brings is executed.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, Module, Span};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::value::{Key, Ref, Value};

/// Where finders are put.
const PLACES: [&str; 2] = ["sys.meta_path", "sys.path_hooks"];
/// Methods of a loader that make or fill the module themselves.
const LOADING: [&str; 3] = ["create_module", "exec_module", "load_module"];

impl Engine<'_> {
    /// A call by which the import system is given a finder or a loader.
    pub(crate) fn importing_call(&mut self, module: &Rc<Module>, name: &str, args: &Args, site: Site) {
        if let Some((place, method)) = name.rsplit_once('.')
            && PLACES.contains(&place)
        {
            let finder = match method {
                "append" => args.positional.first(),
                "insert" => args.positional.get(1),
                "extend" => args.positional.first(),
                _ => None,
            };
            if let Some((finder, _)) = finder {
                self.finders(module, place, &finder.clone(), site);
            }
            return;
        }
        match name {
            "importlib.util.spec_from_loader" | "importlib.machinery.ModuleSpec" => {
                if let Some(loader) = args.get(1, "loader").cloned() {
                    self.loader(module, &loader, site);
                }
            }
            "importlib.util.spec_from_file_location" => {
                if let Some((_, loader, _)) = args.named.iter().find(|(name, _, _)| name == "loader").cloned() {
                    self.loader(module, &loader, site);
                }
            }
            // Classes of loaders with the endings of the files that they load.
            "importlib.machinery.FileFinder.path_hook" => {
                for (detail, _) in &args.positional {
                    let loader = self.items(detail).and_then(|items| items.first().cloned());
                    if let Some(loader) = loader {
                        self.loader(module, &loader, site);
                    }
                }
            }
            _ => {}
        }
    }

    /// Something that becomes part of a list of the import system otherwise than by a call (`sys.meta_path[:0] = …`).
    pub(crate) fn becomes_part_of(&mut self, module: &Rc<Module>, list: &Value, value: &Value, id: ExprId, span: Span) {
        let places = list.refs().iter().filter_map(|reference| match reference {
            Ref::Symbol(symbol) => PLACES.into_iter().find(|place| place == symbol),
            _ => None,
        });
        for place in places {
            self.finders(module, place, value, Site { id, callee: id, span });
        }
    }

    /// Finders, or functions that make them, that stand in one of the lists of the import system from now on.
    pub(crate) fn finders(&mut self, module: &Rc<Module>, place: &str, value: &Value, site: Site) {
        if !PLACES.contains(&place) {
            return;
        }
        /// Most of one list that are asked.
        const MOST: usize = 16;
        let found = match self.items(value) {
            Some(items) => items,
            None => vec![value.clone()],
        };
        for mut finder in found.into_iter().take(MOST) {
            if !self.is_of_package(&finder) {
                continue;
            }
            if place == "sys.path_hooks" {
                finder = self.call(module, &finder, Args::of(vec![Value::UNKNOWN]), site);
            }
            for (name, count) in [("find_spec", 3), ("find_module", 2)] {
                let Some(method) = self.method_of_package(&finder, name, site) else { continue };
                let found = self.call(module, &method, Args::of(vec![Value::UNKNOWN; count]), site);
                // What the old method gives is the loader.
                if name == "find_module" {
                    self.loader(module, &found, site);
                }
            }
        }
    }

    /// A loader of the package that the import system uses: what it brings is executed.
    pub(crate) fn loader(&mut self, module: &Rc<Module>, loader: &Value, site: Site) {
        let mut loader = loader.clone();
        if let [Ref::Class(class)] = loader.refs() {
            loader = Value::reference(Ref::Object(self.generic_self(*class)));
        }
        if !self.is_of_package(&loader) {
            return;
        }
        for name in LOADING {
            if let Some(method) = self.method_of_package(&loader, name, site) {
                self.call(module, &method, Args::of(vec![Value::UNKNOWN]), site);
            }
        }
        // What the library's own method does with what is brought is to execute it.
        let Some(base) = self.owner_symbol(&loader) else { return };
        let bringing: &[&'static str] = match base.rsplit('.').next() {
            Some(last) if last.ends_with("SourceLoader") || last.ends_with("FileLoader") => &["get_code", "get_data"],
            Some("InspectLoader" | "ExecutionLoader") => &["get_code", "get_source"],
            _ => return,
        };
        let catalog = self.catalog;
        for name in bringing {
            let Some(method) = self.method_of_package(&loader, name, site) else { continue };
            // Data is asked for by the path that the loader gives the module.
            let path = if *name == "get_data" { self.method_of_package(&loader, "get_filename", site) } else { None };
            let path = path.map(|path| self.call(module, &path, Args::of(vec![Value::UNKNOWN]), site));
            let code = self.call(module, &method, Args::of(vec![path.unwrap_or_default()]), site);
            if let Some(model) = catalog.model("exec") {
                self.apply_model(module, model, None, &Args::of(vec![code]), site, None);
            }
            return;
        }
    }

    /// True if a value is an instance, a class or a function of the package.
    fn is_of_package(&self, value: &Value) -> bool {
        value.refs().iter().any(|reference| match reference {
            Ref::Class(_) | Ref::Function(..) => true,
            Ref::Object(_) => self.is_instance(value),
            Ref::Method(name, _) => name == super::closures::CLOSURE,
            _ => false,
        })
    }

    /// A method that a class of the package has, ready to be called.
    fn method_of_package(&mut self, object: &Value, name: &'static str, site: Site) -> Option<Value> {
        let method = self.attr(object, &SmolStr::new_static(name), site.span);
        let own: Vec<Key> = self.functions_of(&method);
        (!own.is_empty()).then_some(method)
    }
}
