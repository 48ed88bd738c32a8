//! Properties: of plain objects, functions, classes and instances, along their prototypes.

use std::rc::Rc;

use sluice_syntax::ir::{Const, ExprId, FuncId, FunctionKind, Member, Module, Span};
use smol_str::SmolStr;

use super::{GLOBAL, is_global_object};
use crate::engine::call::{Args, Site};
use crate::engine::heap::ObjectKind;
use crate::engine::value::{Key, MEMBER, ObjectId, Ref, Value};
use crate::engine::{Engine, OriginKey};

/// The field that holds an object's prototype.
pub(super) const PROTOTYPE: &str = "\u{1}prototype";
/// Longest chain of prototypes that is followed.
const MOST_PROTOTYPES: u32 = 16;

/// An array index as a property key, if the text is one in canonical form.
fn index_of(text: &str) -> Option<i64> {
    let digits = text.len() <= 9 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|_| digits)?;
    (number.to_string() == text).then_some(number)
}

impl Engine<'_> {
    /// The name of the field for a key. Keys are texts, and a text that is an index is the index.
    pub(crate) fn key_field(&self, key: &Value) -> Option<SmolStr> {
        let Some(known) = key.known() else {
            return (self.dialect.receiver() == crate::dialect::Receiver::This)
                .then(|| self.symbol_field(key))
                .flatten();
        };
        if let Const::Str(text) = known
            && self.dialect.receiver() == crate::dialect::Receiver::This
            && let Some(number) = index_of(text)
        {
            return crate::engine::heap::field_name(&Const::Int(number));
        }
        crate::engine::heap::field_name(known)
    }

    /// A method that the code itself put on the prototype of a known value's type.
    pub(crate) fn patched(&self, object: &Value, name: &SmolStr) -> Option<Value> {
        if self.realm.hosts.is_empty() {
            return None;
        }
        let names = self.dialect.containers();
        let owner = match object.known() {
            Some(Const::Str(_)) => names.text,
            Some(Const::Int(_) | Const::Float(_)) => names.number,
            _ => match object.object().and_then(|id| self.object(id)).map(|found| found.kind) {
                Some(ObjectKind::List) => names.list,
                _ => return None,
            },
        };
        let value = self.realm.hosts.get(&(SmolStr::new_static(owner), name.clone()))?;
        Some(bound(value, object))
    }

    /// True if a subscript names a property rather than a place in known data.
    pub(crate) fn is_property_key(&self, key: &Value) -> bool {
        match key.known() {
            Some(Const::Str(text)) => index_of(text).is_none(),
            _ => false,
        }
    }

    /// Counts a property that is named by a computed text.
    pub(crate) fn named_member(&mut self, key: &Value, module: &Rc<Module>, index: ExprId) {
        let args = Args { positional: vec![(key.clone(), Some(index))], ..Args::default() };
        self.computed_name(key, module, &args, 0);
    }

    /// `object[key]` with a key that may be a name.
    pub(crate) fn item_named(&mut self, object: &Value, key: &Value, span: Span) -> Value {
        if let Some(name) = key.known().and_then(property_name) {
            let object = self.named_item(object, &name);
            return self.attr(&object, &name, span);
        }
        let mut value = match object.object() {
            Some(id) => self.load_any(id),
            None => self.any_member(object),
        };
        let (labels, tokens) = self.deep(object);
        value.add_labels(&labels);
        value.add_tokens(&tokens);
        value
    }

    /// Marks the parameter of this function that a value is: whoever passes a module or something of the host has it
    /// copied, or a function of it replaced.
    pub(super) fn takes_whole(&mut self, object: &Value) {
        let here = self.here();
        for label in object.labels() {
            if let Some(OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| origin.key.clone())
                && key == here
            {
                self.summaries.entry(key).or_default().copied.insert(index);
            }
        }
    }

    /// What a library's module gives for a name that is not known. Of a parameter it is marked: whoever passes a module
    /// has it copied.
    pub(crate) fn any_member(&mut self, object: &Value) -> Value {
        self.takes_whole(object);
        if object.refs().iter().any(|reference| matches!(reference, Ref::Instance(_))) {
            return Value::UNKNOWN;
        }
        let mut all = Value::UNKNOWN;
        for reference in object.refs() {
            match reference {
                Ref::Symbol(symbol) if symbol != GLOBAL && self.catalog.attribute(symbol).is_none() => {
                    let owner = Value::reference(reference.clone());
                    all.add_ref(Ref::Method(SmolStr::new_static(MEMBER), owner));
                }
                Ref::Method(symbol, _) if symbol == MEMBER => all.add_ref(reference.clone()),
                _ => {}
            }
        }
        all
    }

    /// A property by its name, of what was copied name by name into an object.
    fn copied_member(&mut self, rest: &Value, name: &SmolStr) -> Option<Value> {
        if matches!(
            name.as_str(),
            "hasOwnProperty"
                | "toString"
                | "valueOf"
                | "constructor"
                | "isPrototypeOf"
                | "propertyIsEnumerable"
                | "__esModule"
        ) {
            return None;
        }
        let mut all: Option<Value> = None;
        for reference in rest.refs().to_vec() {
            let Ref::Method(symbol, owner) = reference else { continue };
            if symbol == MEMBER {
                let value = self.attr(&owner, name, Span::default());
                all = Some(all.map_or_else(|| value.clone(), |before| before.join(&value)));
            }
        }
        all
    }

    /// A property of one thing that a value refers to. `None` leaves it to what all languages have in common.
    pub(crate) fn property_of(&mut self, reference: &Ref, object: &Value, name: &SmolStr) -> Option<Option<Value>> {
        if matches!(reference, Ref::Instance(_))
            && let Some(value) = self.address_part(object, name)
        {
            return Some(Some(value));
        }
        match reference {
            // The receiver of a plain function is the global object only if nobody gives it another: what no host has is the
            // other's.
            Ref::Symbol(symbol)
                if (is_global_object(symbol) || symbol == GLOBAL)
                    && object.object().is_some()
                    && !self.is_host_name(name) =>
            {
                Some(None)
            }
            Ref::Symbol(symbol) if is_global_object(symbol) || symbol == GLOBAL => Some(Some(self.free_name(name))),
            Ref::Symbol(symbol) if self.realm.hosts.contains_key(&(symbol.clone(), name.clone())) => {
                Some(self.realm.hosts.get(&(symbol.clone(), name.clone())).cloned())
            }
            Ref::Instance(kind) if kind.starts_with(super::COM) && name.chars().any(|c| c.is_ascii_uppercase()) => {
                let lower = SmolStr::new(name.to_ascii_lowercase());
                let plain = Value::reference(Ref::Instance(kind.clone()));
                let mut own = object.clone();
                own.edit().refs = plain.data().map(|data| data.refs.clone()).unwrap_or_default();
                Some(Some(self.attr(&own, &lower, Span::default())))
            }
            Ref::Symbol(symbol) if symbol == "super" => Some(self.super_member(name)),
            Ref::Symbol(symbol) if symbol == "Function" && name == "prototype" => {
                Some(Some(Value::reference(Ref::Symbol(SmolStr::new_static("Function.prototype")))))
            }
            Ref::Symbol(symbol)
                if symbol == "Function.prototype"
                    && matches!(name.as_str(), "call" | "apply" | "bind" | "toString") =>
            {
                Some(Some(Value::reference(Ref::Symbol(SmolStr::new(format!("Function.{name}"))))))
            }
            // What a function of a library, or a promise of one, has as such.
            Ref::Symbol(symbol) if self.is_of_all(symbol, name) => Some(None),
            // The objects of modules are of the class that the loader exports.
            Ref::Symbol(symbol)
                if name == "constructor"
                    && matches!(symbol.as_str(), "module" | "process.mainModule" | "require.main") =>
            {
                Some(Some(Value::reference(Ref::Symbol(SmolStr::new_static("module")))))
            }
            Ref::Symbol(symbol) if name == "default" || name == "prototype" => {
                Some(Some(Value::reference(Ref::Symbol(symbol.clone()))))
            }
            Ref::Symbol(symbol) if name == "constructor" && self.is_callable(symbol) => Some(Some(function_symbol())),
            Ref::Symbol(symbol) if symbol == "module" && name == "exports" => Some(None),
            Ref::Method(..) if name == "constructor" => Some(Some(function_symbol())),
            Ref::Function(key, _) => Some(self.function_property(*key, name)),
            Ref::Class(key) if name == "prototype" => {
                let id = self.prototype_of(*key);
                Some(Some(Value::reference(Ref::Object(id))))
            }
            Ref::Class(key) => {
                let own = self.realm.functions.get(key).copied();
                let own = own.and_then(|id| self.object(id)).and_then(|found| found.fields.get(name)).cloned();
                if own.is_some() {
                    return Some(own);
                }
                None
            }
            Ref::Object(id) => match self.trapped_get(object, *id, name) {
                Some(value) => Some(Some(value)),
                None => self.object_property(*id, object, name),
            },
            _ => None,
        }
    }

    /// True if a name is one that the host, or code before this, gives the global object.
    fn is_host_name(&mut self, name: &SmolStr) -> bool {
        if self.realm.globals.contains_key(name) || is_global_object(name) || self.dialect.is_builtin(name) {
            return true;
        }
        let catalog = self.catalog;
        let roots = self.realm.roots.get_or_insert_with(|| {
            catalog.names().filter_map(|symbol| symbol.split('.').next()).map(SmolStr::new).collect()
        });
        roots.contains(name) || matches!(name.as_str(), "module" | "exports" | "arguments" | "undefined")
    }

    /// What a function or class inherits from: its base, or what all functions have. The latter makes no functions of
    /// texts; its `constructor` does.
    pub(super) fn prototype_of_function(&self, function: &Value) -> Value {
        let base = function.refs().iter().find_map(|reference| {
            let (Ref::Function(key, _) | Ref::Class(key)) = reference else { return None };
            let own = self.realm.functions.get(key).and_then(|id| self.object(*id));
            let explicit = own.and_then(|own| own.fields.get(PROTOTYPE)).cloned();
            explicit.or_else(|| self.classes.get(key)?.first().cloned()).filter(|base| !base.is_unknown())
        });
        base.unwrap_or_else(|| Value::reference(Ref::Symbol(SmolStr::new_static("Function.prototype"))))
    }

    /// True if the name is a method of every function or every promise, and the library has none of its own by it.
    fn is_of_all(&self, symbol: &str, name: &str) -> bool {
        let asked = match name {
            "call" | "apply" | "bind" => !matches!(symbol, "Function" | "Reflect") && self.is_callable(symbol),
            "then" | "catch" | "finally" => symbol != "Promise",
            _ => false,
        };
        asked && self.catalog.model(&self.catalog.canonical(&format!("{symbol}.{name}"))).is_none()
    }

    /// True if the symbol is a function rather than a value of the host.
    fn is_callable(&self, symbol: &str) -> bool {
        self.catalog.model(symbol).is_some()
            || symbol.rsplit('.').next().and_then(|name| name.chars().next()).is_some_and(char::is_lowercase)
                && symbol.contains('.')
    }

    fn object_property(&mut self, id: ObjectId, object: &Value, name: &SmolStr) -> Option<Option<Value>> {
        let found = self.object(id)?;
        match found.kind {
            ObjectKind::List | ObjectKind::Tuple | ObjectKind::Set => {
                if let Some(value) = found.fields.get(name) {
                    return Some(Some(value.clone()));
                }
                match name.as_str() {
                    "length" | "size" => {
                        let count = i64::try_from(found.items.len()).unwrap_or(i64::MAX);
                        Some(Some(if found.complete { Value::constant(Const::Int(count)) } else { Value::UNKNOWN }))
                    }
                    "constructor" => Some(Some(Value::reference(Ref::Symbol(SmolStr::new_static("Array"))))),
                    _ => match index_of(name) {
                        Some(number) => {
                            let field = crate::engine::heap::field_name(&Const::Int(number))?;
                            Some(self.load_field(id, &field))
                        }
                        None => None,
                    },
                }
            }
            ObjectKind::Dict | ObjectKind::Opaque => {
                let field = match index_of(name) {
                    Some(number) => crate::engine::heap::field_name(&Const::Int(number))?,
                    None => name.clone(),
                };
                if let Some(value) = found.fields.get(&field) {
                    return Some(Some(bound(value, object)));
                }
                let rest = found.rest.clone();
                let complete = found.complete;
                if let Some(value) = self.inherited(id, object, name, 0) {
                    return Some(Some(value));
                }
                // Something of a library is asked by its type; what was stored into it comes along.
                if object.refs().len() > 1 {
                    return Some(None);
                }
                if complete {
                    return match name.as_str() {
                        "hasOwnProperty" | "toString" | "valueOf" | "isPrototypeOf" | "propertyIsEnumerable" => None,
                        "constructor" => Some(Some(Value::reference(Ref::Symbol(SmolStr::new_static("Object"))))),
                        _ => Some(Some(Value::constant(Const::Undefined))),
                    };
                }
                Some(if rest.is_unknown() { None } else { Some(rest) })
            }
            ObjectKind::Instance(class) => {
                if let Some(value) = found.fields.get(name) {
                    return Some(Some(bound(value, object)));
                }
                if let Some(value) = self.inherited(id, object, name, 0) {
                    return Some(Some(value));
                }
                if name == "constructor" {
                    return Some(Some(Value::reference(Ref::Class(class))));
                }
                None
            }
        }
    }

    /// A property that an object has from its prototypes.
    fn inherited(&mut self, id: ObjectId, object: &Value, name: &SmolStr, depth: u32) -> Option<Value> {
        if depth > MOST_PROTOTYPES {
            return None;
        }
        let found = self.object(id)?;
        let explicit = found.fields.get(PROTOTYPE).cloned();
        let rest = found.rest.clone();
        let class = match found.kind {
            ObjectKind::Instance(class) => Some(class),
            _ => None,
        };
        if let Some(prototype) = explicit {
            for reference in prototype.refs().to_vec() {
                let value = match reference {
                    Ref::Object(next) if next != id => {
                        let own = self.object(next).and_then(|next| next.fields.get(name)).cloned();
                        own.or_else(|| self.inherited(next, object, name, depth + 1))
                    }
                    Ref::Symbol(_) if name != "constructor" => {
                        Some(self.attr(&Value::reference(reference), name, Span::default()))
                    }
                    _ => None,
                };
                if let Some(value) = value {
                    return Some(bound(&value, object));
                }
            }
        }
        if let Some(value) = self.copied_member(&rest, name) {
            return Some(value);
        }
        let prototype = self.realm.prototypes.get(&class?).copied()?;
        let own = self.object(prototype).and_then(|next| next.fields.get(name)).cloned();
        own.map(|value| bound(&value, object)).or_else(|| self.inherited(prototype, object, name, depth + 1))
    }

    /// The object that instances of a function or class inherit from.
    fn prototype_of(&mut self, key: Key) -> ObjectId {
        if let Some(id) = self.realm.prototypes.get(&key) {
            return *id;
        }
        let id = self.allocate(ObjectKind::Dict, Vec::new(), false);
        if let Some(object) = self.object_mut(id) {
            object.born = (1, 0);
        }
        self.realm.prototypes.insert(key, id);
        id
    }

    /// The object that holds the properties of a function or class.
    fn holder_of(&mut self, key: Key) -> ObjectId {
        if let Some(id) = self.realm.functions.get(&key) {
            return *id;
        }
        let id = self.allocate(ObjectKind::Dict, Vec::new(), false);
        if let Some(object) = self.object_mut(id) {
            object.born = (1, 0);
        }
        self.realm.functions.insert(key, id);
        id
    }

    fn function_property(&mut self, key: Key, name: &SmolStr) -> Option<Value> {
        match name.as_str() {
            "prototype" => {
                let id = self.prototype_of(key);
                return Some(Value::reference(Ref::Object(id)));
            }
            "constructor" => return Some(function_symbol()),
            "call" | "apply" | "bind" => return None,
            "name" => {
                let module = self.module(key.module);
                let function = module.function(FuncId(key.func))?;
                return Some(Value::text(&function.name));
            }
            _ => {}
        }
        let id = *self.realm.functions.get(&key)?;
        self.object(id)?.fields.get(name).cloned()
    }

    /// Stores a property of a function, class or the global object. True if it was one.
    pub(crate) fn store_property(&mut self, reference: &Ref, name: &SmolStr, value: &Value) -> bool {
        match reference {
            Ref::Function(key, _) | Ref::Class(key) => {
                if name == "prototype" {
                    if let Some(id) = value.object() {
                        self.realm.prototypes.insert(*key, id);
                    }
                    return true;
                }
                let id = self.holder_of(*key);
                self.store_field(id, name, value.clone());
                true
            }
            Ref::Symbol(symbol) if symbol == GLOBAL => {
                self.store_free(name, value.clone());
                true
            }
            // A method that is put on a prototype of the language, or on an object of the host.
            Ref::Symbol(symbol) => {
                let callable = value.refs().iter().any(|other| matches!(other, Ref::Function(..)));
                if callable {
                    self.realm.hosts.insert((symbol.clone(), name.clone()), value.clone());
                }
                callable
            }
            _ => false,
        }
    }

    /// A getter is called when its property is read.
    pub(crate) fn is_getter(&self, key: Key) -> bool {
        self.modules
            .get(key.module as usize)
            .and_then(|module| module.function(FuncId(key.func)))
            .is_some_and(|function| function.member == Member::Getter)
    }

    /// The class whose constructor or method is being interpreted.
    fn class_here(&self) -> Option<Key> {
        let mut key = self.here();
        for _ in 0..MOST_PROTOTYPES {
            let module = self.modules.get(key.module as usize)?;
            let parent = module.function(FuncId(key.func))?.parent?;
            key = Key { module: key.module, func: parent.0 };
            if module.function(parent)?.kind == FunctionKind::Class {
                return Some(key);
            }
        }
        None
    }

    /// `super.name`
    fn super_member(&mut self, name: &SmolStr) -> Option<Value> {
        let class = self.class_here()?;
        let this = self.frames.last().and_then(|frame| frame.this.clone())?;
        let object = Value::reference(Ref::Super(class, this));
        Some(self.attr(&object, name, Span::default()))
    }

    /// `super(…)`: the constructor of the base runs on the instance.
    pub(super) fn call_super(&mut self, module: &Rc<Module>, args: &Args, site: Site) -> Value {
        let this = self.frames.last().and_then(|frame| frame.this.clone()).unwrap_or_default();
        let Some(class) = self.class_here() else { return this };
        for base in self.classes.get(&class).cloned().unwrap_or_default() {
            for reference in base.refs().to_vec() {
                match reference {
                    Ref::Class(base) => {
                        let name = SmolStr::new_static("constructor");
                        if let Some(init) = self.class_attr(base, &name, Some(&this), true) {
                            for reference in init.refs().to_vec() {
                                if let Ref::Function(key, _) = reference {
                                    self.call_function(module, key, Some(this.clone()), args, site);
                                }
                            }
                        }
                    }
                    Ref::Function(key, _) => {
                        self.call_function(module, key, Some(this.clone()), args, site);
                    }
                    Ref::Symbol(symbol) => {
                        if let Some(model) = self.catalog.model(&symbol) {
                            self.apply_model(module, model, None, args, site, None);
                        }
                        if let Some(id) = this.object() {
                            for value in args.all().cloned().collect::<Vec<_>>() {
                                self.store_any(id, &value);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        this
    }

    /// `Object.keys(object)` and its like.
    pub(crate) fn entries_of(&mut self, object: &Value, what: &str, args: &Args) -> Value {
        let symbol = format!("Object.{what}");
        if let Some(value) = self.known_function(&symbol, args) {
            return value;
        }
        let pairs = self.pairs(object);
        let complete = pairs.is_some();
        let mut items = Vec::new();
        for (key, value) in pairs.unwrap_or_default() {
            let key = match key.known() {
                Some(Const::Int(number)) => Value::text(&number.to_string()),
                _ => key,
            };
            if key.known_text().is_some_and(|text| text.starts_with('\u{1}')) {
                continue;
            }
            items.push(match what {
                "values" => value,
                "entries" => self.container(ObjectKind::List, vec![key, value], true),
                _ => key,
            });
        }
        let list = self.container(ObjectKind::List, items, complete);
        if !complete && let Some(id) = list.object() {
            let mut element = match (what, object.object()) {
                ("values", Some(inner)) => self.load_any(inner),
                ("entries", Some(inner)) => {
                    let value = self.load_any(inner);
                    self.container(ObjectKind::List, vec![Value::UNKNOWN, value], true)
                }
                _ => Value::UNKNOWN,
            };
            let (labels, tokens) = self.deep(object);
            element.add_labels(&labels);
            element.add_tokens(&tokens);
            self.store_any(id, &element);
        }
        list
    }

    /// `new Map(entries)`, `new Set(items)`
    pub(super) fn new_collection(&mut self, symbol: &str, first: Option<Value>) -> Value {
        let kind = if symbol.ends_with("Map") { ObjectKind::Dict } else { ObjectKind::Set };
        let id = self.allocate(kind, Vec::new(), true);
        if let Some(source) = first {
            match self.elements(&source) {
                Some(items) if kind == ObjectKind::Dict => {
                    for pair in items {
                        let parts = self.items(&pair).unwrap_or_default();
                        match (parts.first().and_then(|key| self.key_field(key)), parts.get(1)) {
                            (Some(name), Some(value)) => self.store_field(id, &name, value.clone()),
                            _ => self.store_any(id, &pair),
                        }
                    }
                }
                Some(items) => items.into_iter().for_each(|item| self.append(id, item)),
                None => {
                    let element = self.element_of(&source);
                    self.store_any(id, &element);
                }
            }
        }
        let mut value = Value::reference(Ref::Object(id));
        if kind == ObjectKind::Dict {
            value.add_ref(Ref::Instance(SmolStr::new_static("Map")));
        }
        value
    }
}

/// The property that a constant key names.
fn property_name(key: &Const) -> Option<SmolStr> {
    match key {
        Const::Str(text) if text.len() <= 512 => Some(SmolStr::new(text)),
        Const::Int(number) if *number >= 0 => Some(SmolStr::new(number.to_string())),
        Const::Bool(value) => Some(SmolStr::new(value.to_string())),
        Const::Undefined => Some(SmolStr::new_static("undefined")),
        Const::None => Some(SmolStr::new_static("null")),
        _ => None,
    }
}

fn function_symbol() -> Value {
    Value::reference(Ref::Symbol(SmolStr::new_static("Function")))
}

/// A function that is read from an object has the object as `this`.
fn bound(value: &Value, object: &Value) -> Value {
    if !value.refs().iter().any(|reference| matches!(reference, Ref::Function(_, None))) {
        return value.clone();
    }
    let mut value = value.clone();
    for reference in value.edit().refs.iter_mut() {
        if let Ref::Function(key, None) = reference {
            *reference = Ref::Function(*key, Some(object.clone()));
        }
    }
    value
}
