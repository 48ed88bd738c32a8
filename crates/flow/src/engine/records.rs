//! Members that are more than what stands in the class body: fields of records that calling the class fills, members
//! of enumerations, properties and descriptors, and tuples with names.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, FuncId, FunctionKind, Module, Span};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::members::meets;
use super::value::{Key, ObjectId, Ref, Value};

/// Most fields of a record.
const MOST_FIELDS: usize = 64;
/// Most members of an enumeration that a loop goes over.
const MOST_MEMBERS: usize = 256;

/// A call that the language makes by itself.
fn nowhere(span: Span) -> Site {
    let nowhere = ExprId(u32::MAX);
    Site { id: nowhere, callee: nowhere, span }
}

/// What is kept under one of the engine's own names.
fn kept<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.refs().iter().find_map(|reference| match reference {
        Ref::Method(known, inner) if known == name => Some(inner),
        _ => None,
    })
}

/// True for a function or a class.
fn is_code(value: &Value) -> bool {
    value.refs().iter().any(|reference| matches!(reference, Ref::Function(..) | Ref::Class(_)))
}

impl Engine<'_> {
    /// True if calling the class fills the fields that its body declares.
    pub(crate) fn is_record(&self, class: Key) -> bool {
        let Some(module) = self.modules.get(class.module as usize) else { return false };
        let decorated = self.decorator_names(module, class).iter().any(|name| {
            let last = name.rsplit('.').next().unwrap_or(name);
            matches!(last, "dataclass" | "define" | "frozen" | "mutable" | "attrs" | "attributes") || name == "attr.s"
        });
        decorated || self.external_base(class).is_some_and(|base| is_record_base(&base))
    }

    /// The record that makes the instances of a class: the class itself, or the nearest of its bases that is one.
    pub(crate) fn record_of(&self, class: Key) -> Option<Key> {
        let mut seen: Vec<Key> = Vec::new();
        let mut next = vec![class];
        while let Some(class) = next.pop() {
            if !meets(&mut seen, class) {
                continue;
            }
            if self.is_record(class) {
                return Some(class);
            }
            let bases = self.classes.get(&class).map(Vec::as_slice).unwrap_or_default();
            for base in bases.iter().rev().flat_map(|base| base.refs().iter().rev()) {
                if let Ref::Class(base) = base {
                    next.push(*base);
                }
            }
        }
        None
    }

    /// The fields of a record in order, with what stands for them in the class body.
    fn record_fields(&mut self, class: Key) -> Vec<(SmolStr, Value)> {
        self.record_fields_in(class, &mut Vec::new())
    }

    fn record_fields_in(&mut self, class: Key, seen: &mut Vec<Key>) -> Vec<(SmolStr, Value)> {
        let mut fields: Vec<(SmolStr, Value)> = Vec::new();
        if !meets(seen, class) {
            return fields;
        }
        for base in self.classes.get(&class).cloned().unwrap_or_default() {
            if let Some(names) = kept(&base, "\u{1}record").cloned() {
                let names = self.elements(&names).unwrap_or_default();
                fields.extend(names.iter().filter_map(Self::named_by).map(|name| (name, Value::UNKNOWN)));
            }
            for reference in base.refs() {
                if let Ref::Class(base) = reference {
                    fields.extend(self.record_fields_in(*base, seen));
                }
            }
        }
        let module = self.module(class.module);
        let names: Vec<SmolStr> = module
            .function(FuncId(class.func))
            .map(|function| function.slots.iter().map(|slot| slot.name.clone()).collect())
            .unwrap_or_default();
        for name in names.into_iter().filter(|name| !name.starts_with("__")).take(MOST_FIELDS) {
            let Some(slot) = self.slot_named(class, &name) else { continue };
            let value = self.shared.get(&(class.module, slot)).cloned().unwrap_or_default();
            if is_code(&value) && kept(&value, "\u{1}factory").is_none() {
                continue;
            }
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, default)) => *default = value,
                None => fields.push((name, value)),
            }
        }
        fields.truncate(MOST_FIELDS);
        fields
    }

    /// Fills the fields of a new instance of a record from the arguments, and calls what is to run behind that.
    pub(crate) fn fill_record(&mut self, module: &Rc<Module>, class: Key, instance: &Value, args: &Args, site: Site) {
        let Some(id) = instance.object() else { return };
        let mut positional = args.positional.iter().map(|(value, _)| value.clone());
        for (name, default) in self.record_fields(class) {
            let named = args.named.iter().find(|(known, _, _)| *known == name).map(|(_, value, _)| value.clone());
            let given = positional.next().or(named);
            let value = match given {
                Some(value) => {
                    let place = self.place(site.span, None);
                    self.stepped(value, crate::facts::StepKind::Pass, place, &name)
                }
                None => match kept(&default, "\u{1}factory").cloned() {
                    Some(factory) => self.call(module, &factory, Args::default(), site),
                    None => default,
                },
            };
            if value.is_unknown() {
                continue;
            }
            self.store_field(id, &name, value);
        }
        for given in [&args.star, &args.star_star].into_iter().flatten() {
            self.store_any(id, &given.0);
        }
        self.hook(module, instance, "__post_init__", Vec::new(), site.span);
        self.hook(module, instance, "__attrs_post_init__", Vec::new(), site.span);
    }

    /// What reading a member of an instance's class gives, if that is computed: by a property, a descriptor, a factory.
    pub(crate) fn computed_member(&mut self, class: Key, value: &Value, receiver: Option<&Value>) -> Option<Value> {
        let site = nowhere(self.attr_span);
        let module = self.module(self.here().module);
        if let (Some(getter), Some(receiver)) = (kept(value, "\u{1}property").cloned(), receiver) {
            return Some(self.call(&module, &getter, Args::of(vec![receiver.clone()]), site));
        }
        if let Some(factory) = kept(value, "\u{1}factory").cloned() {
            return Some(self.call(&module, &factory, Args::default(), site));
        }
        let owner = Value::reference(Ref::Class(class));
        let instance = receiver.cloned().unwrap_or_default();
        self.is_instance(value)
            .then(|| self.hook(&module, value, "__get__", vec![instance, owner], site.span))
            .flatten()
    }

    /// A member of an enumeration: its value, with the object that `.value` and `.name` are read of.
    pub(crate) fn enum_member(&mut self, class: Key, name: &SmolStr, mut value: Value) -> Value {
        if name.starts_with('_') || is_code(&value) || !self.is_enum(class) {
            return value;
        }
        let key = (class, name.clone());
        let id = match self.enum_objects.get(&key) {
            Some(id) => *id,
            None => {
                let id = self.allocate(ObjectKind::Instance(class), Vec::new(), false);
                let mut plain = value.clone();
                if plain.is_open() {
                    plain.edit().open = false;
                }
                self.store_field(id, &SmolStr::new_static("value"), plain);
                self.store_field(id, &SmolStr::new_static("name"), Value::text(name));
                self.enum_objects.insert(key, id);
                id
            }
        };
        if value.is_open() {
            value.edit().open = false;
        }
        value.edit().refs.insert(0, Ref::Object(id));
        value
    }

    /// The members of an enumeration in order. `None` if the class is none.
    pub(crate) fn enum_members(&mut self, class: Key) -> Option<Value> {
        if !self.is_enum(class) {
            return None;
        }
        let members: Vec<Value> = self
            .member_values(class)
            .into_iter()
            .filter(|(name, value)| !name.starts_with('_') && !is_code(value))
            .take(MOST_MEMBERS)
            .map(|(name, value)| self.enum_member(class, &name, value))
            .collect();
        Some(self.container(ObjectKind::List, members, true))
    }

    /// True if the value is one member of an enumeration: its fields are all known.
    pub(crate) fn is_member(&self, value: &Value) -> bool {
        value.object().and_then(|id| self.object(id)).is_some_and(|object| match object.kind {
            ObjectKind::Instance(class) => object.fields.get("value").is_some() && self.is_enum(class),
            _ => false,
        })
    }

    /// True if the class is an enumeration.
    fn is_enum(&self, class: Key) -> bool {
        self.is_enum_in(class, &mut Vec::new())
    }

    fn is_enum_in(&self, class: Key, seen: &mut Vec<Key>) -> bool {
        meets(seen, class)
            && self.classes.get(&class).into_iter().flatten().flat_map(Value::refs).any(|reference| match reference {
                Ref::Symbol(symbol) => symbol.starts_with("enum."),
                Ref::Class(base) => self.is_enum_in(*base, seen),
                _ => false,
            })
    }

    /// What a class holds under a name, as it stands there.
    pub(crate) fn raw_member(&mut self, class: Key, name: &str) -> Option<Value> {
        self.raw_member_in(class, name, &mut Vec::new())
    }

    fn raw_member_in(&mut self, class: Key, name: &str, seen: &mut Vec<Key>) -> Option<Value> {
        if !meets(seen, class) {
            return None;
        }
        if let Some(slot) = self.slot_named(class, name) {
            return self.shared.get(&(class.module, slot)).cloned();
        }
        for base in self.classes.get(&class).cloned().unwrap_or_default() {
            for reference in base.refs() {
                if let Ref::Class(base) = reference
                    && let Some(found) = self.raw_member_in(*base, name, seen)
                {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Calls what stores a field in place of the language: the setter of a property, `__set__` of a descriptor,
    /// `__setattr__`. True if the field itself is not stored.
    pub(crate) fn set_by_code(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        id: ObjectId,
        name: &SmolStr,
        value: &Value,
        span: Span,
    ) -> bool {
        let Some(ObjectKind::Instance(class)) = self.object(id).map(|object| object.kind) else { return false };
        if let Some(member) = self.raw_member(class, name) {
            for reference in member.refs().to_vec() {
                let Ref::Function(key, _) = reference else { continue };
                if self.decorator_names(module, key).iter().any(|name| name.ends_with(".setter")) {
                    let args = Args::of(vec![value.clone()]);
                    self.call_function(module, key, Some(object.clone()), &args, nowhere(span));
                    return true;
                }
            }
            if self.is_instance(&member)
                && self.hook(module, &member, "__set__", vec![object.clone(), value.clone()], span).is_some()
            {
                return true;
            }
        }
        // `object.__setattr__` inside of it stores the field.
        let inside = self.frames.last().is_some_and(|frame| {
            self.modules
                .get(frame.key.module as usize)
                .and_then(|module| module.function(FuncId(frame.key.func)))
                .is_some_and(|function| function.name == "__setattr__")
        });
        if !inside {
            self.hook(module, object, "__setattr__", vec![Value::text(name), value.clone()], span);
        }
        false
    }

    /// A call of `collections.namedtuple` and of what it gives, `dataclasses.field`, `types.SimpleNamespace`.
    pub(crate) fn record_call(&mut self, name: &str, receiver: Option<&Value>, args: &Args) -> Option<Value> {
        match name {
            "collections.namedtuple" | "typing.NamedTuple" => {
                let names = args.get(1, "field_names")?.clone();
                let names: Vec<Value> = match names.known_text() {
                    Some(text) => {
                        text.replace(',', " ").split_whitespace().take(MOST_FIELDS).map(Value::text).collect()
                    }
                    None => {
                        let items = self.elements(&names)?;
                        let first = |engine: &Self, item: &Value| match engine.items(item) {
                            Some(pair) => pair.first().cloned().unwrap_or_default(),
                            None => item.clone(),
                        };
                        items.iter().take(MOST_FIELDS).map(|item| first(self, item)).collect()
                    }
                };
                let names = self.container(ObjectKind::Tuple, names, true);
                Some(Value::reference(Ref::Method(SmolStr::new_static("\u{1}record"), names)))
            }
            "\u{1}record" => {
                let names = self.elements(&receiver?.clone())?;
                let mut positional = args.positional.iter().map(|(value, _)| value.clone());
                let mut fields = Vec::with_capacity(names.len());
                for name in names.iter().filter_map(Self::named_by) {
                    let named = args.named.iter().find(|(known, _, _)| *known == name).map(|(_, value, _)| value);
                    let value = positional.next().or_else(|| named.cloned()).unwrap_or_default();
                    fields.push((name, value));
                }
                let items = fields.iter().map(|(_, value)| value.clone()).collect();
                let id = self.allocate(ObjectKind::Tuple, items, args.star.is_none());
                for (name, value) in fields {
                    self.store_field(id, &name, value);
                }
                Some(Value::reference(Ref::Object(id)))
            }
            "dataclasses.field"
            | "attr.ib"
            | "attr.field"
            | "attrs.field"
            | "pydantic.Field"
            | "pydantic.fields.Field" => {
                let named = |wanted: &[&str]| {
                    args.named.iter().find(|(name, _, _)| wanted.contains(&name.as_str())).map(|(_, value, _)| value)
                };
                if let Some(factory) = named(&["default_factory", "factory"]) {
                    return Some(Value::reference(Ref::Method(SmolStr::new_static("\u{1}factory"), factory.clone())));
                }
                Some(named(&["default"]).cloned().unwrap_or_default())
            }
            "types.SimpleNamespace" | "argparse.Namespace" => {
                let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                for (name, value, _) in &args.named {
                    self.store_field(id, name, value.clone());
                }
                for given in [&args.star, &args.star_star].into_iter().flatten() {
                    self.store_any(id, &given.0);
                }
                Some(Value::reference(Ref::Object(id)))
            }
            // Every key that is missing gets what the factory makes.
            "collections.defaultdict" => {
                let factory = args.get(0, "default_factory")?.clone();
                let kind = factory.refs().iter().find_map(|reference| match reference {
                    Ref::Symbol(symbol) => match symbol.strip_prefix("builtins.").unwrap_or(symbol) {
                        "list" => Some(ObjectKind::List),
                        "set" => Some(ObjectKind::Set),
                        "dict" => Some(ObjectKind::Dict),
                        _ => None,
                    },
                    _ => None,
                })?;
                if args.positional.len() > 1 {
                    return None;
                }
                let id = self.allocate(ObjectKind::Dict, Vec::new(), false);
                let inner = self.container(kind, Vec::new(), false);
                self.store_any(id, &inner);
                Some(Value::reference(Ref::Object(id)))
            }
            _ => None,
        }
    }

    /// True if the class has a constructor of its own, or one of its bases in the package has.
    pub(crate) fn has_constructor(&mut self, class: Key) -> bool {
        self.raw_member(class, "__init__").is_some_and(|value| {
            value.refs().iter().any(|reference| match reference {
                Ref::Function(key, _) => self
                    .modules
                    .get(key.module as usize)
                    .and_then(|module| module.function(FuncId(key.func)))
                    .is_some_and(|function| function.kind == FunctionKind::Function),
                _ => false,
            })
        })
    }
}

/// True for a base that makes a class a record.
fn is_record_base(base: &str) -> bool {
    matches!(
        base,
        "typing.NamedTuple"
            | "typing_extensions.NamedTuple"
            | "pydantic.BaseModel"
            | "pydantic.main.BaseModel"
            | "msgspec.Struct"
    )
}
