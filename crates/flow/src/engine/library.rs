//! Functions of Python's library that call, bind or look up what they are handed: `functools`, `operator`, `itertools`,
//! and classes that are made by a call of `type`.

use std::rc::Rc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{Ref, Value};

/// Most items that a made-up iteration lists.
const MOST_ITEMS: usize = 100_000;

/// A reference to what this module keeps for a later call.
fn kept(name: &'static str, value: Value) -> Value {
    Value::reference(Ref::Method(SmolStr::new_static(name), value))
}

impl Engine<'_> {
    /// A call that this module knows; `None` leaves it to the catalog.
    pub(crate) fn library_call(
        &mut self,
        module: &Rc<Module>,
        name: &str,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        if let Some(value) = self.record_call(name, receiver, args) {
            return Some(value);
        }
        let first = args.positional.first().map(|(value, _)| value.clone());
        match name {
            "functools.partial" => {
                let function = first?;
                let bound: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
                let list = self.container(ObjectKind::List, bound, args.star.is_none());
                let id = list.object()?;
                for (name, value, _) in &args.named {
                    self.store_field(id, name, value.clone());
                }
                let mut value = kept("\u{1}partial", list);
                let (labels, tokens) = self.deep(&function);
                value.add_labels(&labels);
                value.add_tokens(&tokens);
                Some(value)
            }
            "\u{1}partial" => {
                let object = self.object(receiver?.object()?)?.clone();
                let function = object.items.first()?.clone();
                let mut all = args.clone();
                all.positional = object
                    .items
                    .iter()
                    .skip(1)
                    .map(|value| (value.clone(), None))
                    .chain(args.positional.iter().cloned())
                    .collect();
                for (name, value) in object.fields.iter() {
                    if !all.named.iter().any(|(given, _, _)| given == name) {
                        all.named.push((name.clone(), value.clone(), None));
                    }
                }
                Some(self.call(module, &function, all, site))
            }
            "operator.call" => {
                let function = first?;
                let rest = Args { positional: args.positional.iter().skip(1).cloned().collect(), ..args.clone() };
                Some(self.call(module, &function, rest, site))
            }
            "operator.attrgetter" | "operator.methodcaller" | "operator.itemgetter" => {
                first.as_ref()?;
                let bound: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
                let list = self.container(ObjectKind::List, bound, true);
                Some(kept(
                    match name {
                        "operator.attrgetter" => "\u{1}attrgetter",
                        "operator.methodcaller" => "\u{1}methodcaller",
                        _ => "\u{1}itemgetter",
                    },
                    list,
                ))
            }
            "\u{1}attrgetter" | "\u{1}methodcaller" => {
                let object = self.object(receiver?.object()?)?.clone();
                let mut value = first?;
                let path = object.items.first()?.known_text()?.clone();
                for name in path.split('.') {
                    value = self.attr(&value, &SmolStr::new(name), site.span);
                }
                if name == "\u{1}attrgetter" {
                    return Some(value);
                }
                let rest = object.items.iter().skip(1).cloned().collect();
                Some(self.call(module, &value, Args::of(rest), site))
            }
            "\u{1}itemgetter" | "operator.getitem" => {
                let (container, key) = if name == "operator.getitem" {
                    (first?, args.positional.get(1)?.0.clone())
                } else {
                    (first?, self.object(receiver?.object()?)?.items.first()?.clone())
                };
                self.item_of(&container, &key)
            }
            "itertools.cycle" => Some(kept("\u{1}cycle", first?)),
            "itertools.chain" => {
                let mut items = Vec::new();
                for (value, _) in &args.positional {
                    items.extend(self.elements(&value.clone())?);
                }
                (items.len() <= MOST_ITEMS).then(|| self.container(ObjectKind::List, items, true))
            }
            "itertools.chain.from_iterable" => {
                let mut items = Vec::new();
                for inner in self.elements(&first?)? {
                    items.extend(self.elements(&inner)?);
                }
                (items.len() <= MOST_ITEMS).then(|| self.container(ObjectKind::List, items, true))
            }
            "itertools.starmap" => {
                let function = first?;
                let mut results = Vec::new();
                for inner in self.elements(&args.positional.get(1)?.0.clone())? {
                    let values = self.elements(&inner)?;
                    self.budget.step(4)?;
                    results.push(self.call(module, &function, Args::of(values), site));
                }
                Some(self.container(ObjectKind::List, results, true))
            }
            "zip" => self.zipped(args),
            "sorted" | "min" | "max" | "list.sort" => {
                // The key is called whatever comes out.
                let (_, key, _) = args.named.iter().find(|(name, _, _)| name == "key").cloned()?;
                let list = match receiver {
                    Some(receiver) => receiver.clone(),
                    None => first?,
                };
                let element = self.element_of(&list);
                self.call_back(module, &key, &super::callbacks::Given::of(&[element]), site);
                None
            }
            "type" if args.positional.len() == 3 => {
                let members = args.positional.get(2)?.0.clone();
                let object = self.object(members.object()?)?.clone();
                let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
                for (name, value) in object.fields.iter() {
                    self.store_field(id, name, value.clone());
                }
                let mut value = Value::reference(Ref::Object(id));
                value.add_ref(kept("\u{1}made", Value::reference(Ref::Object(id))).refs().first().cloned()?);
                Some(value)
            }
            // Calling a made class gives something with its members.
            "\u{1}made" => receiver.cloned(),
            "staticmethod" | "classmethod" => first,
            "property" => Some(kept("\u{1}property", first?)),
            _ => None,
        }
    }

    /// `zip` with endless iterations among finite ones.
    fn zipped(&mut self, args: &Args) -> Option<Value> {
        let endless = |value: &Value| {
            value.refs().iter().find_map(|reference| match reference {
                Ref::Method(name, inner) if name == "\u{1}cycle" => Some(inner.clone()),
                _ => None,
            })
        };
        if !args.positional.iter().any(|(value, _)| endless(value).is_some()) {
            return None;
        }
        let mut columns: Vec<(Vec<Value>, bool)> = Vec::new();
        for (value, _) in &args.positional {
            let (inner, cycles) = match endless(value) {
                Some(inner) => (inner, true),
                None => (value.clone(), false),
            };
            columns.push((self.elements(&inner)?, cycles));
        }
        let count = columns.iter().filter(|(_, cycles)| !cycles).map(|(items, _)| items.len()).min()?;
        if count > MOST_ITEMS || columns.iter().any(|(items, _)| items.is_empty() && count > 0) {
            return None;
        }
        self.budget.step(count.checked_mul(4)?)?;
        let mut rows = Vec::with_capacity(count);
        for row in 0..count {
            let cells: Option<Vec<Value>> = columns
                .iter()
                .map(|(items, cycles)| items.get(if *cycles { row % items.len() } else { row }).cloned())
                .collect();
            rows.push(self.container(ObjectKind::Tuple, cells?, true));
        }
        Some(self.container(ObjectKind::List, rows, true))
    }

    /// `container[key]` where both are known enough.
    pub(crate) fn item_of(&mut self, container: &Value, key: &Value) -> Option<Value> {
        if let (Some(container_known), Some(position)) = (container.known(), key.known())
            && let (Some(inner), Some(position)) =
                (crate::evaluate::from_const(container_known), crate::evaluate::from_const(position))
        {
            let item = self.dialect.index(&inner, &position)?;
            let mut value = self.abstracted(&item);
            self.inherit(&mut value, &[container], None);
            return Some(value);
        }
        if let Some(value) = self.namespace_item(container, key) {
            return Some(value);
        }
        let id = container.object()?;
        match self.key_field(key) {
            Some(name) => self.load_field(id, &name),
            None => Some(self.load_any(id)),
        }
    }

    /// The value of a member that was made by `property`: what its getter gives.
    pub(crate) fn made_property(
        &mut self,
        module: &Rc<Module>,
        member: &Value,
        object: &Value,
        site: Site,
    ) -> Option<Value> {
        let getter = member.refs().iter().find_map(|reference| match reference {
            Ref::Method(name, inner) if name == "\u{1}property" => Some(inner.clone()),
            _ => None,
        })?;
        Some(self.call(module, &getter, Args::of(vec![object.clone()]), site))
    }

    /// A value that is looked up by name: knowing the name, and of what it is a name, tells more of the function.
    pub(crate) fn mark_telling(&mut self, value: &Value) {
        for label in value.labels() {
            if let Some(super::OriginKey::Param(key, index)) =
                self.origins.get(label.origin as usize).map(|origin| origin.key.clone())
            {
                self.summaries.entry(key).or_default().telling.insert(index);
            }
        }
    }

    /// True if the constant is a text that names something.
    pub(crate) fn named_by(value: &Value) -> Option<SmolStr> {
        match value.known()? {
            Const::Str(text) if text.len() <= 256 => Some(SmolStr::new(&**text)),
            _ => None,
        }
    }
}
