//! Functions and classes that are handed over to be called later: decorators, tools of assistants, commands of an installer.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, FuncId, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::value::{Key, Ref, Value};

impl Engine<'_> {
    /// What a decorator makes of a function.
    pub(crate) fn decorated(&mut self, module: &Rc<Module>, id: ExprId, decorator: &Value, function: Value) -> Value {
        for reference in decorator.refs().to_vec() {
            match reference {
                Ref::Function(key, receiver) => {
                    let site = Site { id, callee: id, span: module.expr(id).map(|expr| expr.span).unwrap_or_default() };
                    let args = Args::of(vec![function.clone()]);
                    let result = self.call_function(module, key, receiver, &args, site);
                    // The wrapper calls the wrapped: both are what the name means.
                    let mut both = function;
                    for reference in result.refs() {
                        both.add_ref(reference.clone());
                    }
                    return both;
                }
                Ref::Symbol(symbol) => {
                    self.tool_described(module, id, &symbol, None, &function);
                    self.hands_over(module, id, &symbol, None, &function);
                    self.registered_by(&symbol, &function);
                    return function;
                }
                Ref::Method(symbol, receiver) => {
                    self.hands_over(module, id, &symbol, Some(&receiver), &function);
                    self.registered_by(&symbol, &function);
                    return function;
                }
                Ref::Instance(kind) => {
                    let symbol = SmolStr::new(format!("{kind}.__call__"));
                    self.tool_described(module, id, &symbol, Some(decorator), &function);
                    self.hands_over(module, id, &symbol, Some(decorator), &function);
                }
                _ => {}
            }
        }
        function
    }

    /// A decorator that hands a function with its description to a library: an assistant's tool is described by its
    /// documentation.
    fn tool_described(
        &mut self,
        module: &Rc<Module>,
        id: ExprId,
        symbol: &str,
        receiver: Option<&Value>,
        function: &Value,
    ) {
        let catalog = self.catalog;
        let describes = |model: &&sluice_catalog::Model| {
            model.args.get("description").is_some_and(|roles| roles.iter().any(|role| role == "description"))
                && model.params.iter().any(|param| param.name == "function")
        };
        let Some(model) = catalog.model(symbol).filter(describes) else { return };
        let doc = function.refs().iter().find_map(|reference| match reference {
            Ref::Function(key, _) => self.modules.get(key.module as usize)?.function(FuncId(key.func))?.doc.clone(),
            _ => None,
        });
        let site = Site { id, callee: id, span: module.expr(id).map(|expr| expr.span).unwrap_or_default() };
        let args = Args::of(vec![function.clone(), doc.map(|doc| Value::text(&doc)).unwrap_or_default()]);
        self.apply_model(module, model, receiver, &args, site, None);
    }

    /// A function that a library calls with what arrives: a handler of messages or requests. The model names it `handler`.
    fn hands_over(
        &mut self,
        module: &Rc<Module>,
        id: ExprId,
        symbol: &str,
        receiver: Option<&Value>,
        function: &Value,
    ) {
        let catalog = self.catalog;
        let Some(model) = catalog.model(symbol).filter(|model| model.calls.contains_key("handler")) else { return };
        let site = Site { id, callee: id, span: module.expr(id).map(|expr| expr.span).unwrap_or_default() };
        let named = vec![(SmolStr::new_static("handler"), function.clone(), None)];
        let args = Args { named, ..Args::default() };
        self.apply_model(module, model, receiver, &args, site, None);
    }

    /// Methods by which a class of the package handles what a library's class hands to it.
    pub(crate) fn handling_methods(&mut self, module: &Rc<Module>, key: Key, site: Site) {
        let bases: Vec<SmolStr> = self
            .classes
            .get(&key)
            .into_iter()
            .flatten()
            .flat_map(Value::refs)
            .filter_map(|reference| match reference {
                Ref::Symbol(symbol) => Some(symbol.clone()),
                _ => None,
            })
            .collect();
        let catalog = self.catalog;
        for (name, member) in if bases.is_empty() { Vec::new() } else { self.member_values(key) } {
            for base in &bases {
                let symbol = format!("{base}.{name}");
                let Some(model) = catalog.model(&symbol).filter(|model| model.calls.contains_key("handler")) else {
                    continue;
                };
                let receiver = Value::reference(Ref::Object(self.generic_self(key)));
                let bound: Vec<Value> = member
                    .refs()
                    .iter()
                    .filter_map(|reference| match reference {
                        Ref::Function(method, _) => {
                            Some(Value::reference(Ref::Function(*method, Some(receiver.clone()))))
                        }
                        _ => None,
                    })
                    .collect();
                for handler in bound {
                    let named = vec![(SmolStr::new_static("handler"), handler, None)];
                    let args = Args { named, ..Args::default() };
                    self.apply_model(module, model, Some(&receiver), &args, site, None);
                }
            }
        }
    }

    pub(crate) fn registered_by(&mut self, symbol: &str, function: &Value) {
        let entry = if symbol == "atexit.register" { Some("import") } else { None };
        for reference in function.refs() {
            if let Ref::Function(key, _) = reference {
                let kinds = self.registered.entry(*key).or_default();
                if let Some(entry) = entry {
                    kinds.insert(SmolStr::new_static(entry));
                }
            }
        }
    }

    /// `setup(cmdclass={"install": Command})`: the installer makes the command and runs it.
    pub(crate) fn command_classes(&mut self, args: &Args, site: Site) {
        let Some((_, table, _)) = args.named.iter().find(|(name, _, _)| name == "cmdclass") else { return };
        let Some(object) = table.object().and_then(|id| self.object(id)).cloned() else { return };
        /// Commands that installing or building a package runs; any other runs when somebody asks for it.
        const BY_INSTALLER: &[&str] = &[
            "install",
            "install_lib",
            "install_scripts",
            "install_data",
            "install_headers",
            "install_egg_info",
            "develop",
            "egg_info",
            "build",
            "build_py",
            "build_ext",
            "build_clib",
            "build_scripts",
            "bdist_wheel",
            "bdist_egg",
            "dist_info",
            "editable_wheel",
            "easy_install",
            "sdist",
        ];
        let rest = SmolStr::default();
        for (name, class) in object.fields.iter().chain(std::iter::once((&rest, &object.rest))) {
            let by_installer = name.is_empty() || BY_INSTALLER.contains(&name.as_str());
            for reference in class.refs() {
                let Ref::Class(class) = reference else { continue };
                let id = self.generic_self(*class);
                let receiver = Value::reference(Ref::Object(id));
                for method in ["__init__", "initialize_options", "finalize_options", "run"] {
                    let Some(value) = self.class_attr(*class, &SmolStr::new_static(method), Some(&receiver), true, 0)
                    else {
                        continue;
                    };
                    for reference in value.refs() {
                        if let Ref::Function(key, _) = reference {
                            if by_installer {
                                self.edge(*key, site.span);
                            }
                            let when = if by_installer { "install" } else { "run" };
                            self.registered.entry(*key).or_default().insert(SmolStr::new_static(when));
                        }
                    }
                }
            }
        }
    }
}
