//! Functions of Python's library that call, bind or look up what they are handed: `functools`, `operator`, `itertools`,
//! and classes that are made by a call of `type`.

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::value::{ObjectId, Ref, Value};

/// The field of a class that was made by a call with the classes it derives from.
const BASES: &str = "\u{1}bases";
/// Most classes made by calls that are looked through for one member.
const MOST_MADE: u32 = 32;
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
        if let Some(value) = self.stream_call(module, name, receiver, args, site) {
            return Some(value);
        }
        if let Some(value) = self.unpickled(module, name, receiver, args, site) {
            return Some(value);
        }
        let first = args.positional.first().map(|(value, _)| value.clone());
        // A namespace that is asked for a name as a dictionary is.
        if let (Some(owner), Some(key)) =
            (name.strip_suffix(".get").or_else(|| name.strip_suffix(".__getitem__")), first.as_ref())
            && (owner.ends_with("__dict__") || matches!(owner, "globals()" | "sys.modules" | "__builtins__"))
        {
            let names = Value::reference(Ref::Symbol(SmolStr::new(owner)));
            if let Some(found) = self.namespace_item(&names, key) {
                return Some(self.touched(found, module, site.id, site.span));
            }
        }
        if name.ends_with(".__new__")
            && let Some(value) = self.made_by_new(module, name, args, site)
        {
            return Some(value);
        }
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
            super::closures::CLOSURE => self.call_closure(module, receiver?, args, site),
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
                let given = first?;
                let read = |engine: &mut Self, path: &str| {
                    let mut value = given.clone();
                    for name in path.split('.') {
                        value = engine.attr(&value, &SmolStr::new(name), site.span);
                    }
                    // What is read by name is read, as if the name stood there.
                    engine.touched(value, module, site.id, site.span)
                };
                if name == "\u{1}attrgetter" && object.items.len() > 1 {
                    let mut values = Vec::with_capacity(object.items.len());
                    for path in &object.items {
                        let path = path.known_text()?.clone();
                        values.push(read(self, &path));
                    }
                    return Some(self.container(ObjectKind::Tuple, values, true));
                }
                let path = object.items.first()?.known_text()?.clone();
                let value = read(self, &path);
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
                let item = self.item_of(&container, &key)?;
                Some(self.touched(item, module, site.id, site.span))
            }
            "itertools.cycle" => Some(kept("\u{1}cycle", first?)),
            "itertools.repeat" => {
                let value = first?;
                let count = args.get(1, "times").map(|times| times.known().cloned());
                match count {
                    None => {
                        let one = self.container(ObjectKind::List, vec![value], true);
                        Some(kept("\u{1}cycle", one))
                    }
                    Some(Some(Const::Int(count))) => {
                        let count = usize::try_from(count).unwrap_or(0);
                        if count > MOST_ITEMS {
                            return None;
                        }
                        self.budget.step(count)?;
                        Some(self.container(ObjectKind::List, vec![value; count], true))
                    }
                    Some(_) => None,
                }
            }
            "itertools.count" => {
                let number = |value: Option<&Value>, default: i64| match value.map(|value| value.known().cloned()) {
                    None => Some(default),
                    Some(Some(Const::Int(number))) => Some(number),
                    Some(_) => None,
                };
                let (start, step) = (number(args.get(0, "start"), 0)?, number(args.get(1, "step"), 1)?);
                let numbers = [start, step].map(|number| Value::constant(Const::Int(number)));
                let pair = self.container(ObjectKind::Tuple, numbers.to_vec(), true);
                Some(kept("\u{1}count", pair))
            }
            "itertools.accumulate" => {
                let function = args.get(1, "func").filter(|value| value.known() != Some(&Const::None)).cloned();
                let mut sums = Vec::new();
                let mut sum: Option<Value> =
                    args.named.iter().find(|(name, ..)| name == "initial").map(|a| a.1.clone());
                sums.extend(sum.clone());
                for item in self.elements(&first?)? {
                    self.budget.step(4)?;
                    let next = match (sum, &function) {
                        (None, _) => item,
                        (Some(sum), None) => self.binary(BinOp::Add, &sum, &item, site.span),
                        (Some(sum), Some(function)) => {
                            self.call(module, &function.clone(), Args::of(vec![sum, item]), site)
                        }
                    };
                    sums.push(next.clone());
                    sum = Some(next);
                }
                (sums.len() <= MOST_ITEMS).then(|| self.container(ObjectKind::List, sums, true))
            }
            "itertools.islice" => {
                let (bounds, value) = (args.positional.get(1..).unwrap_or_default(), first?);
                let number = |at: usize| match bounds.get(at).map(|(value, _)| value.known()) {
                    Some(Some(Const::Int(number))) => usize::try_from(*number).ok(),
                    _ => None,
                };
                let (from, until, step) = match bounds.len() {
                    1 => (0, number(0)?, 1),
                    2 => (number(0)?, number(1)?, 1),
                    3 => (number(0)?, number(1)?, number(2)?),
                    _ => return None,
                };
                if until > MOST_ITEMS || !self.is_endless(&value) {
                    return None;
                }
                let (items, _) = self.column(&value, until)?;
                let part = items.into_iter().skip(from).step_by(step.max(1)).collect();
                Some(self.container(ObjectKind::List, part, true))
            }
            "itertools.takewhile" | "itertools.dropwhile" | "itertools.filterfalse" => {
                let function = first?;
                let items = self.elements(&args.positional.get(1)?.0.clone())?;
                let mut kept = Vec::new();
                let mut dropping = name == "itertools.dropwhile";
                for item in items {
                    self.budget.step(4)?;
                    if name == "itertools.dropwhile" && !dropping {
                        kept.push(item);
                        continue;
                    }
                    let said = self.call(module, &function, Args::of(vec![item.clone()]), site);
                    let truth = self.truth(&said)?;
                    match name {
                        "itertools.takewhile" if !truth => break,
                        "itertools.takewhile" => kept.push(item),
                        "itertools.filterfalse" if !truth => kept.push(item),
                        "itertools.dropwhile" if !truth => {
                            dropping = false;
                            kept.push(item);
                        }
                        _ => {}
                    }
                }
                Some(self.container(ObjectKind::List, kept, true))
            }
            "itertools.compress" => {
                let items = self.elements(&first?)?;
                let chosen = self.elements(&args.positional.get(1)?.0.clone())?;
                let chosen: Option<Vec<bool>> = chosen.iter().map(|value| self.truth(value)).collect();
                let kept = items.into_iter().zip(chosen?).filter(|(_, keep)| *keep).map(|(item, _)| item).collect();
                Some(self.container(ObjectKind::List, kept, true))
            }
            "itertools.tee" => {
                let count = match args.get(1, "n").map(|value| value.known().cloned()) {
                    None => 2,
                    Some(Some(Const::Int(count))) => usize::try_from(count).ok().filter(|count| *count < 16)?,
                    Some(_) => return None,
                };
                Some(self.container(ObjectKind::Tuple, vec![first?; count], true))
            }
            "itertools.pairwise" | "itertools.batched" => {
                let size = match (name, args.get(1, "n").map(|value| value.known().cloned())) {
                    ("itertools.batched", Some(Some(Const::Int(size)))) => {
                        usize::try_from(size).ok().filter(|n| *n > 0)?
                    }
                    ("itertools.batched", _) => return None,
                    _ => 2,
                };
                let items = self.elements(&first?)?;
                self.budget.step(items.len().checked_mul(2)?)?;
                let groups: Vec<Vec<Value>> = if name == "itertools.batched" {
                    items.chunks(size).map(<[Value]>::to_vec).collect()
                } else {
                    items.windows(2).map(<[Value]>::to_vec).collect()
                };
                let groups = groups.into_iter().map(|group| self.container(ObjectKind::Tuple, group, true)).collect();
                Some(self.container(ObjectKind::List, groups, true))
            }
            "collections.deque" => {
                let items = match args.get(0, "iterable") {
                    Some(value) => {
                        let value = self.iterable(module, value.clone(), site);
                        self.elements(&value)?
                    }
                    None => Vec::new(),
                };
                let longest = args.get(1, "maxlen").filter(|value| value.known() != Some(&Const::None)).cloned();
                let bounded = longest.is_some();
                let items = match longest {
                    None => items,
                    Some(longest) => {
                        let Some(Const::Int(longest)) = longest.known() else { return None };
                        let skipped = items.len().saturating_sub(usize::try_from(*longest).ok()?);
                        items.into_iter().skip(skipped).collect()
                    }
                };
                let deque = self.container(ObjectKind::List, items, true);
                // What is put in later drives out what is there.
                if let Some(id) = deque.object().filter(|_| bounded) {
                    self.mix(id);
                }
                Some(deque)
            }
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
            "type" | "type.__call__" | "type.__new__" => {
                let given = args.positional.len().checked_sub(3)?;
                let [_, bases, members] = args.positional.get(given..)? else { return None };
                let (bases, members) = (bases.0.clone(), members.0.clone());
                self.made_class(&bases, Some(&members))
            }
            "types.new_class" => {
                let bases = args.get(1, "bases").cloned().unwrap_or_default();
                let members = self.allocate(ObjectKind::Dict, Vec::new(), true);
                let members = Value::reference(Ref::Object(members));
                if let Some(fill) = args.get(3, "exec_body").cloned() {
                    self.call(module, &fill, Args::of(vec![members.clone()]), site);
                    // What it puts in may not be followed: then nobody knows what the class has.
                    if members.object().and_then(|id| self.object(id)).is_none_or(|members| members.fields.is_empty()) {
                        return None;
                    }
                }
                self.made_class(&bases, Some(&members))
            }
            // Calling a made class gives something with its members.
            "\u{1}made" => {
                let instance = receiver?.clone();
                let constructor = self.made_member(instance.object()?, "__init__", &instance);
                if let Some(constructor) = constructor {
                    let mut all = args.clone();
                    let bound = |reference: &Ref| matches!(reference, Ref::Function(_, Some(_)) | Ref::Method(..));
                    if !constructor.refs().iter().any(bound) {
                        all.positional.insert(0, (instance.clone(), None));
                    }
                    self.call(module, &constructor, all, site);
                }
                Some(instance)
            }
            "staticmethod" | "classmethod" => first,
            "property" => Some(kept("\u{1}property", first?)),
            _ => None,
        }
    }

    /// A class that is made by a call: what its members are, and where it has the others from.
    pub(crate) fn made_class(&mut self, bases: &Value, members: Option<&Value>) -> Option<Value> {
        let id = self.allocate(ObjectKind::Opaque, Vec::new(), false);
        let members = members.and_then(Value::object).and_then(|id| self.object(id)).cloned();
        for (name, value) in members.iter().flat_map(|members| members.fields.iter()) {
            self.store_field(id, name, value.clone());
        }
        self.store_field(id, &SmolStr::new_static(BASES), bases.clone());
        let mut value = Value::reference(Ref::Object(id));
        value.add_ref(kept("\u{1}made", Value::reference(Ref::Object(id))).refs().first().cloned()?);
        Some(value)
    }

    /// The classes that a class which was made by a call derives from.
    pub(crate) fn bases_of_made(&self, id: ObjectId) -> Vec<Value> {
        let bases = self.object(id).and_then(|object| object.fields.get(BASES));
        bases.and_then(|bases| self.items(bases)).unwrap_or_default()
    }

    /// A member of a class that was made by a call: its own, or that of one of the classes it derives from.
    pub(crate) fn made_member(&mut self, id: ObjectId, name: &str, receiver: &Value) -> Option<Value> {
        let name = SmolStr::new(name);
        let mut left = vec![id];
        for _ in 0..MOST_MADE {
            let id = left.pop()?;
            if let Some(own) = self.object(id)?.fields.get(&name) {
                return Some(own.clone());
            }
            for base in self.bases_of_made(id).iter().rev().flat_map(Value::refs) {
                match base {
                    Ref::Class(class) => {
                        let found = self.class_attr(*class, &name, Some(receiver), true);
                        if found.is_some() {
                            return found;
                        }
                    }
                    Ref::Object(base) => left.push(*base),
                    _ => {}
                }
            }
        }
        None
    }

    /// `zip` with endless iterations among finite ones.
    fn zipped(&mut self, args: &Args) -> Option<Value> {
        let values: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
        if !values.iter().any(|value| self.is_endless(value)) {
            return None;
        }
        let rows = self.rows(&values)?;
        let rows = rows.into_iter().map(|row| self.container(ObjectKind::Tuple, row, true)).collect();
        Some(self.container(ObjectKind::List, rows, true))
    }

    /// The rows of several iterations side by side, as many as the shortest has; at least one of them ends.
    pub(crate) fn rows(&mut self, values: &[Value]) -> Option<Vec<Vec<Value>>> {
        // An iteration that ends is gone through once.
        let mut ending: Vec<Option<Vec<Value>>> = Vec::with_capacity(values.len());
        for value in values {
            ending.push(if self.is_endless(value) { None } else { Some(self.elements(value)?) });
        }
        let count = ending.iter().flatten().map(Vec::len).min()?;
        if count > MOST_ITEMS {
            return None;
        }
        self.budget.step(count.checked_mul(4)?)?;
        let mut columns = Vec::with_capacity(values.len());
        for (value, items) in values.iter().zip(ending) {
            let items = match items {
                Some(items) => items,
                None => self.column(value, count)?.0,
            };
            columns.push(items.into_iter());
        }
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let row: Option<Vec<Value>> = columns.iter_mut().map(Iterator::next).collect();
            rows.push(row?);
        }
        Some(rows)
    }

    /// True for an iteration that never ends: `itertools.cycle`, `repeat` and `count`.
    pub(crate) fn is_endless(&self, value: &Value) -> bool {
        value
            .refs()
            .iter()
            .any(|reference| matches!(reference, Ref::Method(name, _) if name == "\u{1}cycle" || name == "\u{1}count"))
    }

    /// The first items of an iteration, and whether it goes on.
    fn column(&mut self, value: &Value, count: usize) -> Option<(Vec<Value>, bool)> {
        let endless = value.refs().iter().find_map(|reference| match reference {
            Ref::Method(name, inner) if name == "\u{1}cycle" || name == "\u{1}count" => {
                Some((name == "\u{1}cycle", inner.clone()))
            }
            _ => None,
        });
        let Some((cycles, inner)) = endless else {
            let mut items = self.elements(value)?;
            items.truncate(count);
            return Some((items, false));
        };
        let items = self.elements(&inner)?;
        self.budget.step(count)?;
        if cycles {
            (!items.is_empty() || count == 0).then_some(())?;
            return Some((items.iter().cycle().take(count).cloned().collect(), true));
        }
        let [Some(Const::Int(start)), Some(Const::Int(step))] = [items.first()?.known(), items.get(1)?.known()] else {
            return None;
        };
        let number = |at: usize| i64::try_from(at).ok().and_then(|at| at.checked_mul(*step)?.checked_add(*start));
        let numbers: Option<Vec<Value>> = (0..count).map(|at| Some(Value::constant(Const::Int(number(at)?)))).collect();
        Some((numbers?, true))
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
