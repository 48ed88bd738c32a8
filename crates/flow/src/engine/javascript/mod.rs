//! What the engine does for JavaScript: modules and their exports, `this` and prototypes, the language's own functions.

mod addresses;
mod arrays;
mod calls;
mod dispatch;
mod execution;
mod handlers;
mod modules;
mod objects;
mod promises;
mod protocols;
mod replaced;
pub(crate) mod switch;

pub(crate) use calls::BOUND;

use std::rc::Rc;

use sluice_syntax::ir::{Const, ExprId, ExprKind, FuncId, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::paths::Restart;
use super::value::{Data, Key, ObjectId, Ref, Term, Value};

/// What is kept of the JavaScript modules of a package.
#[derive(Debug, Default)]
pub struct Realm {
    /// By module: the object `module`, and the object that `exports` is at first.
    exports: rustc_hash::FxHashMap<u32, (ObjectId, ObjectId)>,
    /// Properties of functions and classes.
    functions: rustc_hash::FxHashMap<Key, ObjectId>,
    /// The objects that instances of a function or class inherit from.
    prototypes: rustc_hash::FxHashMap<Key, ObjectId>,
    /// Modules that are run step by step for what their decoders give, by module.
    machines: rustc_hash::FxHashMap<u32, crate::evaluate::javascript::Machine>,
    /// Steps that they took.
    machine_steps: u64,
    /// How often a function was run so without a result.
    failures: rustc_hash::FxHashMap<Key, u32>,
    /// Properties that were put on the host's own functions and prototypes.
    hosts: rustc_hash::FxHashMap<(SmolStr, SmolStr), Value>,
    /// The values of imported files of data.
    files: rustc_hash::FxHashMap<SmolStr, Value>,
    /// Events by name.
    events: rustc_hash::FxHashMap<SmolStr, protocols::Happening>,
    /// What a promise in a chain of calls may be rejected with, by the call that gives it.
    rejections: rustc_hash::FxHashMap<(u32, ExprId), Value>,
    /// Variables that nothing declares, and properties of the global object.
    globals: rustc_hash::FxHashMap<SmolStr, Value>,
    /// Functions that a timer calls over and over.
    pub(super) repeated: rustc_hash::FxHashSet<Key>,
    /// In how many classes of the package a method has a name.
    methods: Option<rustc_hash::FxHashMap<SmolStr, u32>>,
    /// The first words of the symbols that the catalog has, once they were asked for.
    roots: Option<rustc_hash::FxHashSet<SmolStr>>,
}

/// Names of the object that holds all globals.
pub(crate) fn is_global_object(name: &str) -> bool {
    matches!(name, "globalThis" | "window" | "self" | "global" | "top" | "parent" | "frames" | "globalThis.window")
}

/// What the types of objects that Windows makes by a name begin with.
pub(crate) const COM: &str = "com.";

/// The symbol of the object that holds all globals.
const GLOBAL: &str = "globalThis";

impl Engine<'_> {
    /// A name that nothing binds.
    pub(crate) fn free_name(&mut self, name: &SmolStr) -> Value {
        if let Some(value) = self.realm.globals.get(name) {
            return value.clone();
        }
        match name.as_str() {
            "undefined" => return Value::constant(Const::Undefined),
            "NaN" => return Value::constant(Const::Float(f64::NAN)),
            "Infinity" => return Value::constant(Const::Float(f64::INFINITY)),
            "module" | "exports" => {
                let file = self.file_of(self.here().module);
                if let Some((module, exports)) = self.realm.exports.get(&file) {
                    let id = if name == "module" { *module } else { *exports };
                    return Value::reference(Ref::Object(id));
                }
            }
            "__dirname" | "__filename" => {
                return Value::new(Data { term: Some(Rc::new(Term::Name(name.clone()))), ..Data::default() });
            }
            "arguments" => {
                let here = self.here();
                self.summaries.entry(here).or_default().lists = true;
                return self.frames.last().and_then(|frame| frame.arguments.clone()).unwrap_or_default();
            }
            other if is_global_object(other) => return Value::reference(Ref::Symbol(SmolStr::new_static(GLOBAL))),
            _ => {}
        }
        // What nothing in the package binds is the host's.
        self.symbol(name)
    }

    /// Stores into a variable that nothing declares.
    pub(crate) fn store_free(&mut self, name: &SmolStr, value: Value) {
        let joined = match self.realm.globals.get(name) {
            Some(before) if self.frames.last().is_some_and(|frame| frame.unsure > 0) => before.join(&value),
            _ => value,
        };
        self.realm.globals.insert(name.clone(), joined);
    }

    /// A call that this module knows; `None` leaves it to the catalog.
    pub(crate) fn javascript_special(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let first = args.positional.first().map(|(value, _)| value.clone());
        if let Some(value) = self.reads_data(module, symbol, receiver, args, site) {
            return Some(value);
        }
        let method = symbol.rsplit_once('.').map_or(symbol.as_str(), |(_, method)| method);
        self.happens(module, method, receiver, args, site);
        if let Some(receiver) = receiver {
            let (owner, method) = symbol.rsplit_once('.').unwrap_or(("", symbol));
            if let Some(value) = self.known_callback(module, receiver, method, args, site) {
                return Some(value);
            }
            if let Some(value) = self.array_method(module, receiver, owner, method, args, site) {
                return Some(value);
            }
            if let Some(value) = self.promised(module, receiver, method, args, site) {
                return Some(value);
            }
        }
        match symbol.as_str() {
            "super" => Some(self.call_super(module, args, site)),
            "require"
            | "module.require"
            | "process.mainModule.require"
            | "require.main.require"
            | "module._load"
            | "process.getBuiltinModule" => self.require(module, symbol, args, site),
            "process.binding" | "process._linkedBinding" => {
                let name = first?.known_text()?.clone();
                if let Some(model) = self.catalog.model(symbol) {
                    self.apply_model(module, model, None, args, site, None);
                }
                Some(self.symbol(&format!("process.binding.{name}")))
            }
            // What all functions have: calling it does nothing.
            "Function.prototype" => Some(Value::constant(Const::Undefined)),
            "Function.call" | "Function.apply" | "Function.bind" => {
                self.called_through(module, method, receiver?, args, site)
            }
            "\u{1}bound" => self.call_bound(module, receiver?, args, site),
            "\u{1}member" => Some(self.call_unknown(module, receiver?, args, site)),
            "vm.runInThisContext" | "vm.runInNewContext" | "vm.runInContext" => {
                self.run_in_context(module, symbol, args, site)
            }
            "setTimeout" | "setInterval" | "setImmediate" => {
                self.timer(module, symbol, args, site);
                None
            }
            "worker_threads.Worker" | "Worker" | "SharedWorker" => {
                self.worker(module, args, site);
                None
            }
            "Blob" | "buffer.Blob" => self.script_blob(args),
            "URL" | "url.URL" => self.based_address(module, args, site),
            "URL.createObjectURL" => self.blob_address(&first?),
            "module.wrap" => {
                let script = first?;
                let text = script.known_text()?.clone();
                let mut value = Value::text(&format!(
                    "(function (exports, require, module, __filename, __dirname) {{ {text}\n}});"
                ));
                self.inherit(&mut value, &[&script], None);
                Some(value)
            }
            "Object.getPrototypeOf" | "Reflect.getPrototypeOf" => {
                let object = first?;
                if promises::is_function(&object) {
                    return Some(self.prototype_of_function(&object));
                }
                let id = object.object()?;
                self.object(id)?.fields.get(objects::PROTOTYPE).cloned()
            }
            "module.createRequire" => Some(Value::reference(Ref::Symbol(SmolStr::new_static("require")))),
            "eval" => {
                let text = first.as_ref()?.known_text()?.clone();
                if let Some(model) = self.catalog.model(symbol) {
                    self.apply_model(module, model, None, args, site, None);
                }
                self.evaluated_layer(&text, site)
            }
            "Function" | "vm.compileFunction" => self.compiled_function(module, symbol, args, site),
            "Promise" => Some(self.new_promise(module, args, site)),
            "Promise.resolve" | "Promise.all" | "Promise.race" | "Promise.any" | "Promise.allSettled"
            | "Object.freeze" | "Object.seal" | "util.promisify" | "structuredClone" | "Symbol" => first,
            "Promise.reject" => Some(self.rejected(first?)),
            "\u{1}settle" => {
                let id = receiver?.object()?;
                let value = first.unwrap_or_default();
                self.settle(id, &value);
                Some(Value::constant(Const::Undefined))
            }
            "Object.assign" => {
                let target = first?;
                if let Some(id) = target.object() {
                    for (value, _) in args.positional.iter().skip(1) {
                        self.merge_mapping(id, &value.clone());
                    }
                }
                Some(target)
            }
            "Object.defineProperty" | "Reflect.set" | "Reflect.defineProperty" => {
                let name = args.positional.get(1).and_then(|(value, _)| self.key_field(value));
                let given = args.positional.get(2).map(|(value, _)| value.clone())?;
                let value = if symbol == "Reflect.set" { given } else { self.described(module, &given, site) };
                let Some(id) = first.as_ref()?.object() else {
                    // What the host has is replaced as by an assignment.
                    self.replaces_member(module, first.as_ref()?, &name?, &value, site);
                    return None;
                };
                match name {
                    Some(name) => self.store_field(id, &name, value),
                    None => self.store_any(id, &value),
                }
                first
            }
            "Object.create" | "Object.setPrototypeOf" => {
                let prototype =
                    args.positional.get(usize::from(symbol.ends_with("Of"))).map(|(value, _)| value.clone())?;
                let target =
                    if symbol.ends_with("Of") { first? } else { self.container(ObjectKind::Dict, Vec::new(), false) };
                if let Some(id) = target.object() {
                    self.store_field(id, &SmolStr::new_static(objects::PROTOTYPE), prototype);
                }
                Some(target)
            }
            "Reflect.get" => {
                let object = first?;
                let key = args.positional.get(1).map(|(value, _)| value.clone())?;
                Some(self.item_named(&object, &key, site.span))
            }
            "Reflect.apply" => {
                let list = args.positional.get(2).map(|(value, _)| value.clone()).unwrap_or_default();
                let this = args.positional.get(1).map(|(value, _)| value.clone()).unwrap_or_default();
                let args = self.listed(&list);
                Some(self.call_with(module, &first?, &this, args, site))
            }
            "Reflect.construct" => {
                let list = args.positional.get(1).map(|(value, _)| value.clone()).unwrap_or_default();
                self.constructing = true;
                let args = self.listed(&list);
                Some(self.call(module, &first?, args, site))
            }
            "JSON.stringify" | "Object.entries" | "Object.values" if self.is_storage(first.as_ref()) => {
                // The storage of the page as a whole.
                let model = self.catalog.model("Storage.getItem")?;
                let whole = self.apply_model(module, model, first.as_ref(), &Args::default(), site, None);
                Some(self.only_labels(&whole))
            }
            "Object.keys" | "Object.values" | "Object.entries" | "Object.getOwnPropertyNames" => {
                Some(self.entries_of(&first?, symbol.rsplit('.').next().unwrap_or(""), args))
            }
            "Array.from" => {
                let source = first?;
                let items = self.elements(&source);
                let list = match items {
                    Some(items) => self.container(ObjectKind::List, items, true),
                    None => {
                        let element = self.element_of(&source);
                        let list = self.container(ObjectKind::List, Vec::new(), false);
                        if let Some(id) = list.object() {
                            self.store_any(id, &element);
                        }
                        list
                    }
                };
                match args.positional.get(1).map(|(value, _)| value.clone()) {
                    Some(function) => {
                        let call = Args::of(vec![function]);
                        self.array_method(module, &list, "Array", "map", &call, site)
                    }
                    None => Some(list),
                }
            }
            "Array" => {
                let sized = args.positional.len() == 1
                    && first
                        .as_ref()
                        .is_some_and(|value| matches!(value.known(), Some(Const::Int(_))) || value.is_unknown());
                let items =
                    if sized { Vec::new() } else { args.positional.iter().map(|(value, _)| value.clone()).collect() };
                Some(self.container(ObjectKind::List, items, !sized))
            }
            "Map" | "Set" | "WeakMap" | "WeakSet" => Some(self.new_collection(symbol, first)),
            "define" => {
                // A module in the form of loaders: the function gets what the names stand for.
                let list = args.positional.iter().find(|(value, _)| value.object().is_some())?.0.clone();
                let function = args.positional.iter().find(|(value, _)| promises::is_function(value))?.0.clone();
                let names = self.elements(&list)?;
                let mut given = Vec::with_capacity(names.len());
                for name in names.iter().take(256) {
                    given.push(match name.known_text().map(|text| text.to_string()).as_deref() {
                        Some(own @ ("require" | "module" | "exports")) => self.free_name(&SmolStr::new(own)),
                        Some(specifier) => self.module_value(specifier, site.span),
                        None => Value::UNKNOWN,
                    });
                }
                self.call_back(module, &function, &super::callbacks::Given::of(&given), site);
                Some(Value::UNKNOWN)
            }
            "Proxy" => {
                let handler = args.positional.get(1).map(|(value, _)| value.clone()).unwrap_or_default();
                let target = first?;
                self.host_traps(module, &target, &handler, site);
                Some(self.proxy(module, &target, &handler, site.span))
            }
            "JSON.stringify" => {
                let plain = self.as_json(module, &first?, site.span)?;
                let mut given = args.clone();
                if let Some((value, _)) = given.positional.first_mut() {
                    *value = plain;
                }
                Some(self.call_symbol(module, symbol, None, &given, site))
            }
            "ActiveXObject" | "WScript.CreateObject" | "GetObject" => {
                // The class is named by a text; names of classes and members do not tell case.
                let name = first?.known_text()?.to_ascii_lowercase();
                let symbol = SmolStr::new(format!("{COM}{name}"));
                let place = self.site_token(site.id);
                let mut value = Value::reference(Ref::Instance(symbol));
                value.add_tokens(&[place]);
                Some(value)
            }
            "path.join" | "path.resolve" if args.star.is_none() => {
                let known = self.known_function(symbol, args);
                let restart = if symbol.ends_with("resolve") { Restart::AtSlash } else { Restart::Never };
                known.or_else(|| Some(self.joined_path(module, args, restart)))
            }
            "String.raw" => self.raw_text(args, site.span),
            _ => None,
        }
    }

    /// What a function of the package gives for known arguments, run step by step: a decoder whose table another
    /// statement prepares.
    pub(crate) fn run_decoder(&mut self, key: Key, args: &Args) -> Option<Value> {
        /// Functions that gave nothing so often are not asked again.
        const MOST_FAILURES: u32 = 4;
        if args.star.is_some()
            || args.positional.is_empty()
            || args.positional.len() > 8
            || self.layer_parent.contains_key(&key.module)
            || self.realm.failures.get(&key).is_some_and(|count| *count >= MOST_FAILURES)
        {
            return None;
        }
        let known: Option<Vec<crate::evaluate::Concrete>> =
            args.positional.iter().map(|(value, _)| crate::evaluate::from_const(value.known()?)).collect();
        let known = known?;
        match self.machine(key.module)?.call_known(FuncId(key.func), &known) {
            Some(found) if !matches!(found, crate::evaluate::Concrete::Undefined) => {
                let mut value = self.abstracted(&found);
                let from: Vec<&Value> = args.all().collect();
                self.inherit(&mut value, &from, Some("table"));
                Some(value)
            }
            _ => {
                *self.realm.failures.entry(key).or_default() += 1;
                None
            }
        }
    }

    /// The machine of a module, made at the first question.
    fn machine(&mut self, index: u32) -> Option<&mut crate::evaluate::javascript::Machine> {
        /// Most modules of a package that are run step by step.
        const MOST_MACHINES: usize = 64;
        /// Steps of all modules' statements together.
        const PACKAGE_STEPS: u64 = 60_000_000;
        if !self.realm.machines.contains_key(&index) {
            if self.realm.machines.len() >= MOST_MACHINES || self.layer_parent.contains_key(&index) {
                return None;
            }
            let module = self.module(index);
            let steps = PACKAGE_STEPS.saturating_sub(self.realm.machine_steps);
            let machine = crate::evaluate::javascript::Machine::new(&module, steps);
            self.realm.machine_steps += machine.spent(steps);
            self.realm.machines.insert(index, machine);
        }
        self.realm.machines.get_mut(&index)
    }

    /// What a call gives of whose callee only the variable is known.
    pub(crate) fn run_variable(&mut self, module: &Module, callee: ExprId, args: &Args) -> Option<Value> {
        let Some(ExprKind::Slot(slot)) = module.expr(callee).map(|expr| &expr.kind) else { return None };
        if slot.func != FuncId::MODULE || args.star.is_some() || args.positional.is_empty() {
            return None;
        }
        let known: Option<Vec<crate::evaluate::Concrete>> =
            args.positional.iter().map(|(value, _)| crate::evaluate::from_const(value.known()?)).collect();
        let (known, here) = (known?, self.here().module);
        let found = self.machine(here)?.call_variable(slot.slot, &known)?;
        let mut value = self.abstracted(&found);
        let from: Vec<&Value> = args.all().collect();
        self.inherit(&mut value, &from, Some("table"));
        Some(value)
    }

    /// The text that a variable of the module holds, where only running its code tells.
    pub(crate) fn text_of_variable(&mut self, module: &Module, id: ExprId) -> Option<Value> {
        let Some(ExprKind::Slot(slot)) = module.expr(id).map(|expr| &expr.kind) else { return None };
        if slot.func != FuncId::MODULE {
            return None;
        }
        let here = self.here().module;
        let found = self.machine(here)?.variable(slot.slot)?;
        Some(self.abstracted(&found))
    }

    /// True if the function is defined inside of the other, which it replaces when that is called first.
    pub(crate) fn replaces(&self, inner: Key, outer: Key) -> bool {
        let Some(module) = self.modules.get(inner.module as usize).filter(|_| inner.module == outer.module) else {
            return false;
        };
        let mut next = module.function(FuncId(inner.func)).and_then(|function| function.parent);
        for _ in 0..8 {
            match next {
                Some(parent) if parent.0 == outer.func => return true,
                Some(parent) => next = module.function(parent).and_then(|function| function.parent),
                None => return false,
            }
        }
        false
    }

    /// The items of a list of arguments that is one value.
    pub(crate) fn listed(&mut self, list: &Value) -> Args {
        match self.elements(list) {
            Some(items) => Args::of(items),
            None => {
                let element = self.element_of(list);
                Args { star: Some((element, None)), ..Args::default() }
            }
        }
    }

    /// What a property descriptor gives: its `value`, or what its getter returns.
    fn described(&mut self, module: &Rc<Module>, descriptor: &Value, site: Site) -> Value {
        let Some(id) = descriptor.object() else { return self.only_labels(descriptor) };
        if let Some(value) = self.load_field(id, &SmolStr::new_static("value")) {
            return value;
        }
        match self.load_field(id, &SmolStr::new_static("get")) {
            Some(getter) => self.call(module, &getter, Args::default(), site),
            None => Value::UNKNOWN,
        }
    }

    /// `this` in a function that is interpreted as such.
    pub(crate) fn generic_this(&mut self, key: Key, depth: u32) -> Option<Value> {
        use sluice_syntax::ir::{FunctionKind, Member};
        let module = self.module(key.module);
        let function = module.function(FuncId(key.func))?;
        let parent = function.parent.map(|parent| Key { module: key.module, func: parent.0 });
        let in_class = function
            .parent
            .and_then(|parent| module.function(parent))
            .is_some_and(|parent| parent.kind == FunctionKind::Class);
        match function.kind {
            FunctionKind::Module => match self.realm.exports.get(&key.module) {
                Some((_, exports)) => Some(Value::reference(Ref::Object(*exports))),
                // A text that is executed has the global object.
                None => Some(Value::reference(Ref::Symbol(SmolStr::new_static(GLOBAL)))),
            },
            FunctionKind::Lambda if depth < 32 => self.generic_this(parent?, depth + 1),
            FunctionKind::Lambda => None,
            FunctionKind::Class => Some(Value::reference(Ref::Class(key))),
            FunctionKind::Function if in_class && function.member == Member::Static => {
                Some(Value::reference(Ref::Class(parent?)))
            }
            FunctionKind::Function if in_class => {
                let id = self.generic_self(parent?);
                Some(Value::reference(Ref::Object(id)))
            }
            FunctionKind::Function => {
                // Without a receiver a function has the global object; `Function("return this")()` asks for it.
                let id = self.generic_self(key);
                let mut value = Value::reference(Ref::Object(id));
                value.add_ref(Ref::Symbol(SmolStr::new_static(GLOBAL)));
                Some(value)
            }
        }
    }
}
