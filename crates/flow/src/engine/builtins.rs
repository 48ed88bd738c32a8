//! What the language's own functions mean for names, containers and code: `getattr`, `globals`, `super`, `exec`,
//! `import_module`, `list.append` and their like. Effects on the outside stand in the catalog, not here.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprId, ExprKind, FuncId, FunctionKind, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::heap::ObjectKind;
use super::native::{is_builtin, shown};
use super::paths::Restart;
use super::value::{Key, Ref, Term, Value};

/// Longest range whose numbers are listed.
const LONGEST_RANGE: u64 = 100_000;

impl Engine<'_> {
    /// A call that this module knows; `None` leaves it to the catalog.
    pub(crate) fn special(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let name = symbol.strip_prefix("builtins.").unwrap_or(symbol);
        if let Some(value) = self.operator_called(name, receiver, args, site) {
            return Some(value);
        }
        if let Some(receiver) = receiver
            && let Some((kind, method)) = name.split_once('.')
            && matches!(kind, "list" | "dict" | "set" | "tuple")
        {
            return self.container_method(module, receiver, kind, method, args, site);
        }
        self.importing_call(module, name, args, site);
        if let Some(value) = self.reads_data(module, name, receiver, args, site) {
            return Some(value);
        }
        if let Some(value) = self.library_call(module, name, receiver, args, site) {
            return Some(value);
        }
        if receiver.is_none()
            && let Some(value) = self.asked_by(module, name, args, site)
        {
            return Some(value);
        }
        let first = args.get(0, "").cloned();
        if args.all().next().is_none()
            && let Some(base) = name.strip_suffix(".__str__").or_else(|| name.strip_suffix(".__repr__"))
            && let Some(text) = shown(base)
        {
            return Some(Value::constant(Const::Str(Arc::from(text))));
        }
        match name {
            "str" | "repr"
                if args.positional.len() == 1
                    && name == "str"
                    && first.as_ref().is_some_and(|value| self.exception_text(value).is_some()) =>
            {
                self.exception_text(&first?)
            }
            "str" | "repr" if args.positional.len() == 1 => {
                let value = first?;
                match value.refs().first() {
                    Some(Ref::Symbol(symbol)) => Some(Value::constant(Const::Str(Arc::from(shown(symbol)?)))),
                    _ => None,
                }
            }
            "getattr"
            | "object.__getattribute__"
            | "type.__getattribute__"
            | "types.ModuleType.__getattribute__"
            | "inspect.getattr_static"
            | "\u{1}getattribute" => {
                let at = usize::from(name != "\u{1}getattribute");
                let object = if at == 1 { first? } else { receiver?.clone() };
                let key = args.positional.get(at).map(|(value, _)| value.clone())?;
                let Some(text) = key.known_text().cloned() else {
                    if let Some(found) = self.fitting(&object, &key) {
                        return Some(found);
                    }
                    self.mark_telling(&key);
                    self.mark_telling(&object);
                    return None;
                };
                self.computed_name(&key, module, args, at);
                let attribute = SmolStr::new(&*text);
                let value = self.attr(&object, &attribute, site.span);
                Some(self.touched(value, module, site.id, site.span))
            }
            "setattr" | "object.__setattr__" | "type.__setattr__" => {
                let object = first?;
                let key = args.positional.get(1).map(|(value, _)| value.clone())?;
                let value = args.positional.get(2).map(|(value, _)| value.clone())?;
                match key.known_text() {
                    Some(text) => {
                        let name = SmolStr::new(&**text);
                        let base = args.positional.first().and_then(|(_, expr)| *expr);
                        self.set_property(module, &object, &name, &value, site);
                        self.store_attr(module, &object, &name, value, base);
                    }
                    None => self.store_any(object.object()?, &value),
                }
                Some(Value::constant(Const::None))
            }
            "globals" | "locals" | "vars" | "dir" if args.positional.is_empty() => {
                Some(Value::reference(Ref::Symbol(SmolStr::new_static("globals()"))))
            }
            // Of a module its names, of an instance its fields.
            "vars" => {
                let object = first?;
                match object.refs().first() {
                    Some(Ref::Symbol(_) | Ref::Module(_)) => {
                        Some(self.attr(&object, &SmolStr::new_static("__dict__"), site.span))
                    }
                    _ => Some(object),
                }
            }
            "compile" => {
                let source = first.clone().or_else(|| args.get(0, "source").cloned())?;
                if let Some(model) = self.catalog.model(symbol) {
                    self.apply_model(module, model, None, args, site, None);
                }
                // Executing the result executes the text.
                Some(source)
            }
            "eval" => {
                let text = first.as_ref()?.known_text()?.clone();
                if let Some(model) = self.catalog.model(symbol) {
                    self.apply_model(module, model, None, args, site, None);
                }
                self.evaluated_layer(&text, site)
            }
            "codecs.getencoder" | "codecs.getdecoder" => {
                let kind = if name == "codecs.getencoder" { "codecs.encode" } else { "codecs.decode" };
                let coding = first?;
                coding.known_text()?;
                Some(Value::reference(Ref::Method(SmolStr::new(format!("{kind}()")), coding)))
            }
            // What `codecs.getencoder(coding)` gives: the result, and how much was read.
            "codecs.encode()" | "codecs.decode()" => {
                let data = first?;
                let coding = receiver?.clone();
                let inner = Args::of(vec![data.clone(), coding]);
                let result = self.known_function(name.trim_end_matches("()"), &inner);
                let result = result.unwrap_or_else(|| self.only_labels(&data));
                Some(self.container(ObjectKind::Tuple, vec![result, Value::UNKNOWN], true))
            }
            "super" => Some(self.super_of(module, args)),
            "type" if args.positional.len() == 1 => {
                let object = first?;
                // The class of a class makes classes.
                match object.refs() {
                    [Ref::Class(_)] => {
                        let plain = || Value::reference(Ref::Symbol(SmolStr::new_static("type")));
                        return Some(self.metaclass_of(&object).unwrap_or_else(plain));
                    }
                    [Ref::Symbol(symbol)] if super::registered::is_command_symbol(symbol) => {
                        return Some(Value::reference(Ref::Symbol(SmolStr::new_static("type"))));
                    }
                    _ => {}
                }
                let class = object.refs().iter().find_map(|reference| match reference {
                    Ref::Object(id) => match self.object(*id)?.kind {
                        ObjectKind::Instance(class) => Some(class),
                        _ => None,
                    },
                    _ => None,
                })?;
                Some(Value::reference(Ref::Class(class)))
            }
            "importlib.util.spec_from_file_location"
            | "importlib.machinery.SourceFileLoader"
            | "imp.load_source"
            | "runpy.run_path" => {
                // A file of the package that is loaded by its path is imported.
                let path = args.get(usize::from(name != "runpy.run_path"), "location").cloned();
                let path = path.or_else(|| args.get(1, "path").cloned())?;
                let target = self.module_at(&path)?;
                let model = self.catalog.model(symbol);
                let value = model.map(|model| self.apply_model(module, model, None, args, site, None));
                self.enter_module(target, site.span);
                let mut value = value.unwrap_or_default();
                value.edit().refs.insert(0, Ref::Module(target));
                Some(value)
            }
            "importlib.util.module_from_spec" => {
                let spec = first?;
                let module = spec.refs().iter().find(|reference| matches!(reference, Ref::Module(_)))?.clone();
                Some(Value::reference(module))
            }
            "__import__" | "importlib.import_module" | "importlib.__import__" => {
                let name = first.clone().or_else(|| args.get(0, "name").cloned())?;
                let text = name.known_text()?.clone();
                self.computed_name(&name, module, args, 0);
                // The catalog's model still makes the event; the value is the module.
                if let Some(model) = self.catalog.model(symbol) {
                    self.apply_model(module, model, None, args, site, None);
                }
                let here = self.file_of(self.here().module);
                let relative = text.chars().take_while(|character| *character == '.').count();
                let target = if relative > 0 {
                    let rest = text.trim_start_matches('.');
                    self.program.relative(here, u32::try_from(relative).unwrap_or(1), rest)
                } else {
                    self.program.absolute(here, &text)
                };
                if let Some(target) = target {
                    self.run_module(target);
                    return Some(Value::reference(Ref::Module(target)));
                }
                let shown = if name_is_import(symbol) { text.split('.').next().unwrap_or(&text) } else { &*text };
                Some(self.symbol(shown))
            }
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "bytearray"
                if args.positional.len() == 1 && args.named.is_empty() && receiver.is_none() =>
            {
                let value = self.iterable(module, first?, site);
                // Items keep what is known of each.
                let keeps = matches!(name, "list" | "tuple" | "iter") && value.object().is_some();
                if !keeps && let Some(known) = self.known_function(name, args) {
                    return Some(known);
                }
                let kind = match name {
                    "tuple" => ObjectKind::Tuple,
                    "set" | "frozenset" => ObjectKind::Set,
                    _ => ObjectKind::List,
                };
                match self.elements(&value) {
                    Some(mut items) if !matches!(name, "sorted" | "set" | "frozenset") => {
                        if name == "reversed" {
                            items.reverse();
                        }
                        Some(self.container(kind, items, true))
                    }
                    _ => {
                        let element = self.element_of(&value);
                        let list = self.container(kind, Vec::new(), false);
                        if let Some(id) = list.object() {
                            self.store_any(id, &element);
                        }
                        Some(list)
                    }
                }
            }
            "iter" if args.positional.len() == 2 => {
                let (function, last) = (first?, args.positional.get(1)?.0.clone());
                Some(self.called_until(module, &function, &last, site))
            }
            "list" | "tuple" | "set" if args.positional.is_empty() && args.star.is_none() => {
                let kind = match name {
                    "tuple" => ObjectKind::Tuple,
                    "set" => ObjectKind::Set,
                    _ => ObjectKind::List,
                };
                Some(self.container(kind, Vec::new(), true))
            }
            "dict" | "collections.OrderedDict" => {
                let id = self.allocate(ObjectKind::Dict, Vec::new(), true);
                if let Some((value, _)) = args.positional.first() {
                    match self.elements(value) {
                        Some(pairs)
                            if value
                                .object()
                                .and_then(|id| self.object(id))
                                .is_some_and(|o| o.kind != ObjectKind::Dict) =>
                        {
                            for pair in pairs {
                                match self.items(&pair).as_deref() {
                                    Some([key, value]) => match Self::key_name(key) {
                                        Some(name) => self.store_field(id, &name, value.clone()),
                                        None => self.store_any(id, value),
                                    },
                                    _ => self.store_any(id, &pair),
                                }
                            }
                        }
                        _ => {
                            let value = value.clone();
                            self.merge_mapping(id, &value);
                        }
                    }
                }
                for (name, value, _) in &args.named {
                    self.store_field(id, name, value.clone());
                }
                if let Some((rest, _)) = &args.star_star {
                    self.store_any(id, rest);
                }
                Some(Value::reference(Ref::Object(id)))
            }
            "map" | "filter" => {
                let function = first?;
                let lists: Vec<Option<Vec<Value>>> = args
                    .positional
                    .iter()
                    .skip(1)
                    .map(|(value, _)| value.clone())
                    .collect::<Vec<_>>()
                    .iter()
                    .map(|value| self.elements(value))
                    .collect();
                if let [Some(items)] = lists.as_slice()
                    && (items.len() as u64) < self.budget.steps
                    && items.len() < 20_000
                {
                    self.budget.steps = self.budget.steps.saturating_sub(items.len() as u64);
                    let mut results = Vec::with_capacity(items.len());
                    let mut whole = true;
                    for item in items {
                        let result = self.call_one(module, &function, vec![item.clone()], site);
                        if name == "map" {
                            results.push(result);
                        } else {
                            match self.truth(&result) {
                                Some(true) => results.push(item.clone()),
                                Some(false) => {}
                                None => {
                                    results.push(item.clone());
                                    whole = false;
                                }
                            }
                        }
                    }
                    return Some(self.container(ObjectKind::List, results, whole));
                }
                let values: Vec<Value> = args.positional.iter().skip(1).map(|(value, _)| value.clone()).collect();
                if name == "map"
                    && values.len() > 1
                    && let Some(rows) = self.rows(&values).filter(|rows| rows.len() < 20_000)
                {
                    let mut results = Vec::with_capacity(rows.len());
                    for row in rows {
                        self.budget.steps = self.budget.steps.saturating_sub(1);
                        results.push(self.call_one(module, &function, row, site));
                    }
                    return Some(self.container(ObjectKind::List, results, true));
                }
                let mut elements = Vec::new();
                for (value, _) in args.positional.iter().skip(1) {
                    elements.push(self.element_of(&value.clone()));
                }
                let result = self.call_one(module, &function, elements.clone(), site);
                let list = self.container(ObjectKind::List, Vec::new(), false);
                if let Some(id) = list.object() {
                    let kept = if name == "map" { result } else { elements.first().cloned().unwrap_or_default() };
                    self.store_any(id, &kept);
                }
                Some(list)
            }
            "functools.reduce" | "reduce" => {
                let function = first?;
                let list = args.positional.get(1).map(|(value, _)| value.clone())?;
                let Some(items) = self.elements(&list) else {
                    let element = self.element_of(&list);
                    let first = args.positional.get(2).map_or_else(|| element.clone(), |(value, _)| value.clone());
                    // What one round gives goes into the next.
                    let once = self.call_one(module, &function, vec![first.clone(), element.clone()], site);
                    let again = self.call_one(module, &function, vec![first.join(&once), element], site);
                    return Some(once.join(&again));
                };
                let mut items = items.into_iter();
                let mut value = match args.positional.get(2) {
                    Some((value, _)) => value.clone(),
                    None => items.next()?,
                };
                for item in items {
                    self.budget.steps = self.budget.steps.checked_sub(1)?;
                    value = self.call_one(module, &function, vec![value, item], site);
                }
                Some(value)
            }
            "next" => {
                let value = first?;
                if let Some(symbol) = self.protocol(&value, "__next__") {
                    return Some(self.call_symbol(module, &symbol, Some(&value), &Args::default(), site));
                }
                let (written, default) = (args.positional.first().and_then(|arg| arg.1), args.positional.get(1));
                Some(self.next_of(module, &value, written, default.map(|(value, _)| value)))
            }
            "enumerate" | "zip" | "range" | "xrange" => {
                if name.ends_with("range") {
                    // Every round of a loop over it costs more than making it.
                    let rounds = args.positional.iter().filter_map(|(value, _)| match value.known() {
                        Some(Const::Int(number)) => Some(number.unsigned_abs()),
                        _ => None,
                    });
                    let rounds = rounds.max().unwrap_or(0);
                    if rounds > LONGEST_RANGE || rounds.saturating_mul(10) > self.budget.steps {
                        self.gives_up();
                        return Some(Value::UNKNOWN);
                    }
                    self.budget.steps = self.budget.steps.saturating_sub(rounds.saturating_mul(10));
                }
                if let Some(known) = self.known_function(if name == "xrange" { "range" } else { name }, args) {
                    return Some(known);
                }
                let mut parts = Vec::new();
                if name == "enumerate" {
                    parts.push(Value::UNKNOWN);
                }
                for (value, _) in &args.positional {
                    let value = self.iterable(module, value.clone(), site);
                    parts.push(self.element_of(&value));
                }
                if name.ends_with("range") {
                    return Some(Value::UNKNOWN);
                }
                let pair = self.container(ObjectKind::Tuple, parts, true);
                let list = self.container(ObjectKind::List, Vec::new(), false);
                if let Some(id) = list.object() {
                    self.store_any(id, &pair);
                }
                Some(list)
            }
            "os.path.join" | "posixpath.join" | "ntpath.join" => {
                if let Some(known) = self.known_function("os.path.join", args) {
                    return Some(known);
                }
                Some(self.joined_path(module, args, Restart::AtSlash))
            }
            "str.format" => {
                let receiver = receiver?;
                let formats = super::text::formats(&*receiver.term()?);
                if formats.is_empty() {
                    return None;
                }
                if let Some(value) = self.known_method(receiver, "format", args) {
                    return Some(value);
                }
                let positional: Vec<Value> = args.positional.iter().map(|(value, _)| value.clone()).collect();
                let named: Vec<(SmolStr, Value)> =
                    args.named.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
                let mut value = Value::UNKNOWN;
                let all: Vec<&Value> = args.all().collect();
                self.inherit(&mut value, &all, None);
                let terms = formats.iter().map(|format| self.format_term(format, &positional, &named));
                value.edit().term = terms.reduce(|before, term| Term::either(&before, &term));
                Some(value)
            }
            "str.replace" => {
                let receiver = receiver?;
                if let Some(value) = self.known_method(receiver, "replace", args) {
                    return Some(value);
                }
                let old = args.positional.first()?.0.known_text()?.clone();
                let new = args.positional.get(1)?.0.term()?;
                let term = self.replaced(&receiver.term()?, &old, &new)?;
                let mut value = Value::UNKNOWN;
                let with = args.positional.get(1).map(|(value, _)| value);
                let kept: Vec<&Value> = with.into_iter().chain([receiver]).collect();
                self.inherit(&mut value, &kept, None);
                value.edit().term = Some(term);
                Some(value)
            }
            "str.join" => {
                let receiver = receiver?;
                if let Some(value) = self.known_method(receiver, "join", args) {
                    return Some(value);
                }
                let list = self.iterable(module, first?, site);
                let separator = receiver.term()?;
                let mut value = Value::UNKNOWN;
                self.inherit(&mut value, &[&list, receiver], None);
                if let Some(items) = self.items(&list) {
                    let mut term: Option<Rc<Term>> = None;
                    for item in items.iter().take(64) {
                        let piece = item.term().unwrap_or_else(|| Rc::new(Term::Name(SmolStr::new_static("…"))));
                        term = Some(match term {
                            Some(before) => Term::join(&Term::join(&before, &separator), &piece),
                            None => piece,
                        });
                    }
                    value.edit().term = term;
                }
                Some(value)
            }
            "str" | "unicode" if args.positional.len() == 1 && receiver.is_none() => {
                let value = first?;
                if let Some(known) = self.known_function("str", args) {
                    return Some(known);
                }
                let id = args.positional.first().and_then(|(_, id)| *id).unwrap_or(ExprId(u32::MAX));
                Some(self.as_text(module, &value, id))
            }
            "len" if first.as_ref().is_some_and(|value| value.object().is_some()) => {
                let value = first?;
                let object = self.object(value.object()?)?;
                let count = match object.kind {
                    ObjectKind::Dict => object.fields.len(),
                    _ => object.items.len(),
                };
                Some(if object.complete && value.refs().len() == 1 {
                    Value::constant(Const::Int(i64::try_from(count).unwrap_or(i64::MAX)))
                } else {
                    Value::UNKNOWN
                })
            }
            // What an exception was made with is in it.
            _ if receiver.is_none()
                && !name.contains('.')
                && is_exception(name)
                && !args.positional.is_empty()
                && self.catalog.model(symbol).is_none() =>
            {
                let made = self.call_unmodelled(module, symbol, None, args, site);
                Some(self.exception(&made, args))
            }
            // What is printed into the input of a process is written there.
            "print" => {
                let (_, file, _) = args.named.iter().find(|(name, _, _)| name == "file").cloned()?;
                let writes = file.refs().iter().find_map(|reference| match reference {
                    Ref::Instance(kind) => Some(SmolStr::new(format!("{kind}.write"))),
                    _ => None,
                })?;
                let catalog = self.catalog;
                let model = catalog.model(&writes)?;
                let feeds = |roles: &Vec<SmolStr>| roles.iter().any(|role| role == "process.input");
                if !model.args.values().any(feeds) {
                    return None;
                }
                let data = Args { positional: vec![args.positional.first()?.clone()], ..Args::default() };
                Some(self.apply_model(module, model, Some(&file), &data, site, None))
            }
            "isinstance" | "issubclass" | "hasattr" | "callable" | "len" | "id" | "hash" | "bool" => {
                Some(self.known_function(name, args).unwrap_or_default())
            }
            _ => None,
        }
    }

    /// A call whose result depends on what was called before: where it reads a stream, its body is interpreted each time.
    fn call_again(&mut self, module: &Rc<Module>, function: &Value, site: Site) -> Value {
        let [Ref::Function(key, receiver)] = function.refs() else {
            return self.call_one(module, function, Vec::new(), site);
        };
        let (key, receiver) = (*key, receiver.clone());
        let room = self.frames.len() < super::MOST_FRAMES && self.inlined < super::MOST_INLINED;
        if self.streams.is_empty() || self.inline_steps == 0 || !room {
            return self.call_one(module, function, Vec::new(), site);
        }
        self.edge(key, site.span);
        let bound = self.bind_args(key, receiver, &Args::default());
        let target = self.module(key.module);
        let Some(name) = target.function(FuncId(key.func)).map(|function| function.name.clone()) else {
            return Value::UNKNOWN;
        };
        let place = self.place(site.span, Some(&name));
        let values = bound.into_iter().map(Option::unwrap_or_default).collect();
        self.inlined += 1;
        let result = self.interpret(&target, key, values, Some((place, name.clone())), None);
        self.inlined -= 1;
        self.stepped(result, crate::facts::StepKind::Return, place, &name)
    }

    /// `iter(function, last)`: what a function gives, call by call, until it gives the last.
    fn called_until(&mut self, module: &Rc<Module>, function: &Value, last: &Value, site: Site) -> Value {
        /// Most calls that are followed, and evaluation steps that one costs.
        const MOST: usize = 4_096;
        const STEPS: usize = 64;
        let mut items = Vec::new();
        let end = self.concrete(last, 2);
        loop {
            let value = self.call_again(module, function, site);
            let known = self.concrete(&value, 2).zip(end.as_ref());
            let ends = known.and_then(|(value, end)| crate::evaluate::equal(&value, end, &mut self.budget));
            match ends {
                Some(true) => return self.container(ObjectKind::List, items, true),
                Some(false) if items.len() < MOST && self.budget.step(STEPS).is_some() => items.push(value),
                // The function is called again and again, and gives something like this.
                _ => {
                    let list = self.container(ObjectKind::List, items, false);
                    if let Some(id) = list.object() {
                        self.store_any(id, &value);
                    }
                    return list;
                }
            }
        }
    }

    fn call_one(&mut self, module: &Rc<Module>, function: &Value, values: Vec<Value>, site: Site) -> Value {
        self.call(module, function, Args::of(values), site)
    }

    /// Counts a name that was computed rather than written.
    pub(crate) fn computed_name(&mut self, value: &Value, module: &Rc<Module>, args: &Args, position: usize) {
        let written = args
            .positional
            .get(position)
            .and_then(|(_, id)| *id)
            .and_then(|id| module.expr(id))
            .is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_) | ExprKind::Slot(_)));
        let decoded = value.data().is_some_and(|data| !data.codings.is_empty());
        let here = self.here().module;
        let site = args.positional.get(position).and_then(|(_, id)| *id).unwrap_or(ExprId(u32::MAX));
        if (!written || decoded)
            && self.computed_sites.insert((here, site))
            && let Some(count) = self.computed_names.get_mut(here as usize)
        {
            *count += 1;
        }
    }

    fn super_of(&mut self, module: &Rc<Module>, args: &Args) -> Value {
        let here = self.here();
        let explicit = args.positional.first().and_then(|(value, _)| {
            value.refs().iter().find_map(|reference| match reference {
                Ref::Class(class) => Some(*class),
                _ => None,
            })
        });
        // Without arguments, the class is the one whose body the method stands in.
        let implicit = || {
            let mut func = Some(FuncId(here.func));
            while let Some(id) = func {
                let function = module.function(id)?;
                if function.kind == FunctionKind::Class {
                    return Some(Key { module: here.module, func: id.0 });
                }
                func = function.parent;
            }
            None
        };
        let receiver = args
            .positional
            .get(1)
            .map(|(value, _)| value.clone())
            .or_else(|| self.frames.last().and_then(|frame| frame.this.clone()))
            .unwrap_or_default();
        match explicit.or_else(implicit) {
            Some(class) => Value::reference(Ref::Super(class, receiver)),
            None => receiver,
        }
    }

    /// True if the symbol is a module of a library as far as the catalog tells: it has no model, and its members do.
    fn is_module_symbol(&self, symbol: &str) -> bool {
        !symbol.contains('(') && self.catalog.model(symbol).is_none() && self.catalog.attribute(symbol).is_none()
    }

    /// `globals()["name"]`, `sys.modules["name"]`, `__builtins__["name"]`.
    pub(crate) fn namespace_item(&mut self, object: &Value, key: &Value) -> Option<Value> {
        if key.known_text().is_none()
            && matches!(object.refs().first(), Some(Ref::Symbol(symbol)) if symbol == "globals()")
        {
            let here = Value::reference(Ref::Module(self.here().module));
            return self.fitting(&here, key);
        }
        let name = key.known_text()?.clone();
        for reference in object.refs().to_vec() {
            if let Ref::Method(view, inner) = &reference
                && view == super::names::NAMESPACE
            {
                return Some(self.attr(inner, &SmolStr::new(&*name), self.attr_span));
            }
            let Ref::Symbol(symbol) = reference else { continue };
            match symbol.as_str() {
                "globals()" => {
                    if let Some(value) = self.global_named(&name) {
                        return Some(value);
                    }
                    if &*name == "__builtins__" || is_builtin(&name) {
                        return Some(Value::reference(Ref::Symbol(SmolStr::new(&*name))));
                    }
                }
                "__builtins__" | "builtins" | "__builtins__.__dict__" | "builtins.__dict__" => {
                    return Some(Value::reference(Ref::Symbol(SmolStr::new(&*name))));
                }
                "sys.modules" => return Some(self.symbol(&name)),
                other if other != "globals()" && !other.ends_with(".__dict__") && self.is_module_symbol(other) => {
                    return Some(self.symbol(&format!("{other}.{name}")));
                }
                other => {
                    if let Some(owner) = other.strip_suffix(".__dict__") {
                        return Some(self.symbol(&format!("{owner}.{name}")));
                    }
                }
            }
        }
        None
    }
}

/// True for an exception of the language.
pub(crate) fn is_exception(name: &str) -> bool {
    matches!(
        name,
        "Exception"
            | "BaseException"
            | "StopIteration"
            | "StopAsyncIteration"
            | "SystemExit"
            | "KeyboardInterrupt"
            | "GeneratorExit"
    ) || name.ends_with("Error")
        || name.ends_with("Warning")
}

fn name_is_import(symbol: &str) -> bool {
    symbol.ends_with("__import__")
}
