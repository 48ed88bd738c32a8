//! Functions and classes that are handed over to be called later: decorators, tools of assistants, commands of an installer.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Function, FunctionKind, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::closures::CLOSURE;
use super::heap::ObjectKind;
use super::value::{Key, Ref, Value};

fn is_own_function(reference: &Ref) -> bool {
    match reference {
        Ref::Function(..) => true,
        Ref::Method(name, _) => name == CLOSURE,
        _ => false,
    }
}

impl Engine<'_> {
    /// What a decorator makes of a function.
    pub(crate) fn decorated(&mut self, module: &Rc<Module>, id: ExprId, decorator: &Value, function: Value) -> Value {
        self.belongs_to_another(module, id, &function);
        for reference in decorator.refs().to_vec() {
            match reference {
                // A function, or one with the variables that it closes over.
                Ref::Function(..) | Ref::Method(..) if is_own_function(&reference) => {
                    let site = Site { id, callee: id, span: module.expr(id).map(|expr| expr.span).unwrap_or_default() };
                    let args = Args::of(vec![function.clone()]);
                    let result = self.call(module, &Value::reference(reference), args, site);
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

    /// `@cli.command()` where `cli` is a function that some library has wrapped: who calls that one calls this one, as the
    /// command line or the argument says.
    fn belongs_to_another(&mut self, module: &Rc<Module>, id: ExprId, function: &Value) {
        let kind = |id: ExprId| module.expr(id).map(|expr| &expr.kind);
        let callee = match kind(id) {
            Some(ExprKind::Call { callee, .. }) => *callee,
            _ => id,
        };
        let Some(ExprKind::Attr { base, name }) = kind(callee) else { return };
        // The parts of one property call one another by the attribute, not by the name.
        if matches!(name.as_str(), "setter" | "getter" | "deleter") {
            return;
        }
        let Some(ExprKind::Slot(slot)) = kind(*base) else { return };
        let keys = |value: &Value| -> Vec<Key> {
            let functions = value.refs().iter().filter_map(|reference| match reference {
                Ref::Function(key, _) => Some(*key),
                _ => None,
            });
            functions.collect()
        };
        let (callers, callees) = (keys(&self.read(module, *slot)), keys(function));
        let place = self.place(module.expr(id).map(|expr| expr.span).unwrap_or_default(), None);
        for caller in callers {
            for callee in callees.iter().filter(|callee| **callee != caller) {
                self.add_call(caller, *callee, place);
            }
        }
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

    /// `setup(cmdclass={"install": Command})`: the installer makes the command and runs it. Where the table is not known
    /// whole, any command of the package may be in it.
    pub(crate) fn command_classes(&mut self, args: &Args, site: Site) {
        let named =
            |wanted: &str| args.named.iter().find(|(name, _, _)| name == wanted).map(|(_, value, _)| value.clone());
        if let Some(class) = named("distclass") {
            self.command(&class, true, site);
        }
        let Some(table) = named("cmdclass") else { return };
        let object = table.object().and_then(|id| self.object(id)).cloned();
        let mut whole = object.as_ref().is_some_and(|object| object.complete && object.kind == ObjectKind::Dict);
        let mut seen: Vec<Key> = Vec::new();
        let mut lost = false;
        if let Some(object) = object {
            let rest = SmolStr::default();
            for (name, class) in object.fields.iter().chain(std::iter::once((&rest, &object.rest))) {
                let by_installer = name.is_empty() || BY_INSTALLER.contains(&name.as_str());
                let found = self.command(class, by_installer, site);
                whole &= found || !by_installer || class.is_unknown();
                lost |= !found && by_installer && !name.is_empty();
                seen.extend(class.refs().iter().filter_map(|reference| match reference {
                    Ref::Class(class) => Some(*class),
                    _ => None,
                }));
            }
        }
        if !whole || lost {
            self.loose_methods(site);
        }
        if whole {
            return;
        }
        let mut classes: Vec<Key> = self.classes.keys().copied().filter(|class| !seen.contains(class)).collect();
        classes.sort_unstable();
        for class in classes {
            if self.is_command(class) {
                self.command(&Value::reference(Ref::Class(class)), true, site);
            }
        }
    }

    /// Functions of the script of an installation that are written as methods of a command and stand in no class: where
    /// nobody knows how a command was made, they may be what it was made of.
    fn loose_methods(&mut self, site: Site) {
        let here = self.here().module;
        let module = self.module(here);
        if module.path.rsplit('/').next() != Some("setup.py") {
            return;
        }
        let in_class = |function: &Function| {
            let parent = function.parent.and_then(|parent| module.function(parent));
            parent.is_some_and(|parent| parent.kind == FunctionKind::Class)
        };
        for (function, func) in module.functions.iter().zip(0..) {
            let method = matches!(function.name.as_str(), "run" | "initialize_options" | "finalize_options");
            if method && function.params.first().is_some_and(|param| param.name == "self") && !in_class(function) {
                let found = Value::reference(Ref::Function(Key { module: here, func }, None));
                self.run_by_installer(&found, true, site);
            }
        }
    }

    /// True for a class that an installer can run as one of its commands: it derives from one, or from something that is
    /// not known in the script of the installation.
    fn is_command(&self, class: Key) -> bool {
        match self.external_base(class) {
            Some(base) => is_command_symbol(&base),
            None => {
                let unknown = |value: &Value| {
                    !value.refs().iter().any(|reference| matches!(reference, Ref::Class(_) | Ref::Symbol(_)))
                };
                let script = self
                    .modules
                    .get(class.module as usize)
                    .is_some_and(|module| module.path.rsplit('/').next() == Some("setup.py"));
                script && self.classes.get(&class).is_some_and(|bases| bases.iter().any(unknown))
            }
        }
    }

    /// Registers the methods of a command that the installer calls. False if the value is no class that is known.
    fn command(&mut self, class: &Value, by_installer: bool, site: Site) -> bool {
        let mut found = false;
        for reference in class.refs().to_vec() {
            match reference {
                Ref::Class(class) => {
                    found = true;
                    let id = self.generic_self(class);
                    let receiver = Value::reference(Ref::Object(id));
                    for method in COMMAND_METHODS {
                        let method = self.class_attr(class, &SmolStr::new_static(method), Some(&receiver), true);
                        self.run_by_installer(&method.unwrap_or_default(), by_installer, site);
                    }
                }
                // A class that was made by a call of `type`.
                Ref::Object(id) => {
                    let Some(object) = self.object(id).filter(|object| object.kind == ObjectKind::Opaque) else {
                        continue;
                    };
                    found |= COMMAND_METHODS.iter().any(|method| object.fields.contains_key(method));
                    found |= !self.bases_of_made(id).is_empty();
                    let receiver = Value::reference(Ref::Object(id));
                    for method in COMMAND_METHODS {
                        let method = self.made_member(id, method, &receiver);
                        self.run_by_installer(&method.unwrap_or_default(), by_installer, site);
                    }
                }
                // The library's own.
                Ref::Symbol(_) => found = true,
                _ => {}
            }
        }
        found
    }

    fn run_by_installer(&mut self, method: &Value, by_installer: bool, site: Site) {
        for reference in method.refs() {
            if let Ref::Function(key, _) = reference {
                if by_installer {
                    self.edge(*key, site.span);
                }
                let when = if by_installer { "install" } else { "run" };
                self.registered.entry(*key).or_default().insert(SmolStr::new_static(when));
            }
        }
    }

    /// `install.run = function`: what is put in the place of a command's method is run by the installer.
    pub(crate) fn command_replaced(&mut self, owner: &str, name: &str, value: &Value, site: Site) {
        let last = owner.rsplit('.').next().unwrap_or(owner);
        let command = BY_INSTALLER.contains(&last) || matches!(last, "Command" | "Distribution");
        if command && is_command_symbol(owner) && COMMAND_METHODS.contains(&name) {
            self.run_by_installer(value, true, site);
        }
    }
}

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

/// Methods of a command, or of a distribution, that the installer calls.
const COMMAND_METHODS: &[&str] = &[
    "__init__",
    "initialize_options",
    "finalize_options",
    "run",
    "run_command",
    "run_commands",
    "parse_command_line",
    "parse_config_files",
    "get_command_class",
    // What the commands of the library call in the middle of their work.
    "build_extension",
    "build_extensions",
    "build_libraries",
    "build_module",
    "build_modules",
    "build_packages",
    "build_package_data",
    "byte_compile",
    "copy_extensions_to_source",
    "find_sources",
    "install",
    "install_egg_scripts",
    "install_for_development",
    "install_namespaces",
    "make_distribution",
    "make_release_tree",
    "swig_sources",
];

/// True for the symbol of a command of an installer, or of the distribution that runs them.
pub(super) fn is_command_symbol(symbol: &str) -> bool {
    let owner = symbol.split('.').next().unwrap_or(symbol);
    let last = symbol.rsplit('.').next().unwrap_or(symbol);
    let commands = symbol.contains(".command.") || matches!(last, "Command" | "Distribution");
    (matches!(owner, "setuptools" | "distutils") && commands)
        || (BY_INSTALLER.contains(&last)
            && matches!(owner, "wheel" | "numpy" | "Cython" | "torch" | "pybind11" | "skbuild"))
}
