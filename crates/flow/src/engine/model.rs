//! Calls that leave the package: what the catalog says of them becomes events, labels and flows.

use std::rc::Rc;
use std::sync::Arc;

use sluice_catalog::Model;
use sluice_syntax::ir::{ExprId, ExprKind, Module};
use smol_str::SmolStr;

use super::call::{Args, Site};
use super::events::MOST_CONTEXT_VALUES;
use super::value::{Ref, Term, Value};
use super::{Engine, Origin, OriginKey, SinkKey};
use crate::dialect::Receiver;
use crate::facts::{EvidenceId, StepKind};

/// An argument bound to a parameter of a model.
pub(crate) struct Bound {
    pub name: SmolStr,
    pub roles: Vec<SmolStr>,
    pub value: Value,
    pub expr: Option<ExprId>,
}

/// How a path is put together of its parts. `None` for what makes no path, and where one part says all.
fn path_term(symbol: &str, bound: &[Bound]) -> Option<Rc<Term>> {
    let hole = || Rc::new(Term::Name(SmolStr::new_static("…")));
    let slash = Rc::new(Term::Text(Arc::from("/")));
    match symbol.strip_prefix("pathlib.")? {
        "Path" | "PurePath" | "PosixPath" | "WindowsPath" | "PurePath.joinpath" => {
            let mut parts = bound.iter().filter(|arg| matches!(arg.name.as_str(), "self" | "args"));
            let first = parts.next()?.value.term().unwrap_or_else(hole);
            let mut whole = first;
            let mut more = false;
            for part in parts {
                more = true;
                whole = Term::join(&Term::join(&whole, &slash), &part.value.term().unwrap_or_else(hole));
            }
            more.then_some(whole)
        }
        "Path.home" => Some(Rc::new(Term::Text(Arc::from("~")))),
        // What is found is what the pattern says.
        "Path.glob" | "Path.rglob" => {
            let part = |name: &str| bound.iter().find(|arg| arg.name == name).and_then(|arg| arg.value.term());
            let folder = part("self").unwrap_or_else(hole);
            Some(Term::join(&Term::join(&folder, &slash), &part("pattern").unwrap_or_else(hole)))
        }
        "PurePath.with_name" => {
            let name = bound.iter().find(|arg| arg.name == "name")?.value.term()?;
            let folder = bound.iter().find(|arg| arg.name == "self").and_then(|arg| arg.value.term());
            let folder = match folder.as_deref() {
                Some(Term::Text(text)) => match text.rsplit_once(['/', '\\']) {
                    Some((folder, _)) => Rc::new(Term::Text(Arc::from(folder))),
                    None => return Some(name),
                },
                _ => hole(),
            };
            Some(Term::join(&Term::join(&folder, &slash), &name))
        }
        _ => None,
    }
}

/// True for a function of the language that looks at what a value is, and takes nothing out of it.
fn leaves_alone(symbol: &str) -> bool {
    matches!(
        symbol.strip_prefix("builtins.").unwrap_or(symbol),
        "isinstance" | "issubclass" | "type" | "id" | "hash" | "repr" | "str" | "bool" | "len" | "hasattr" | "callable"
    )
}

impl Engine<'_> {
    /// A call of a function or method of a library.
    pub(crate) fn call_symbol(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Value {
        self.note_leaving(symbol, site);
        if let Some(value) = self.dialect.special(self, module, symbol, receiver, args, site) {
            return value;
        }
        if !leaves_alone(symbol) {
            self.hand_over(args.all());
        }
        let catalog = self.catalog;
        // A proxy has whatever method it is asked for.
        let proxied = || {
            let (owner, _) = symbol.rsplit_once('.')?;
            receiver?;
            catalog.model(&format!("{owner}.__getattr__.__call__"))
        };
        let Some(model) = catalog.model(symbol).or_else(proxied) else {
            return self.call_unmodelled(module, symbol, receiver, args, site);
        };
        // A pure function of known values is its result; one with roles is told as an event too.
        let evaluated = match receiver {
            None => self.known_function(symbol, args),
            Some(receiver) => match symbol.rsplit_once('.') {
                Some((_, name)) => self.known_method(receiver, name, args),
                None => None,
            },
        };
        if let Some(value) = &evaluated
            && model.args.is_empty()
            && model.source.is_none()
        {
            return value.clone();
        }
        let result = self.apply_model(module, model, receiver, args, site, None);
        match evaluated {
            Some(mut value) => {
                value.add_labels(result.labels());
                value.add_tokens(result.tokens());
                value
            }
            None => result,
        }
    }

    /// Counts a site at which the package is left. Exceptions that are made are none, in the way of [`Unmodelled`].
    ///
    /// [`Unmodelled`]: crate::facts::Unmodelled
    fn note_leaving(&mut self, symbol: &SmolStr, site: Site) {
        let own = self.dialect.is_builtin(symbol.split('.').next().unwrap_or(symbol));
        if own && !symbol.contains('.') && self.catalog.model(symbol).is_none() {
            return;
        }
        let here = self.here().module;
        *self.leaving.entry((here, site.span)).or_insert(own) &= own;
    }

    /// Binds arguments to the parameters of a model.
    fn bind_model(&mut self, model: &Model, receiver: Option<&Value>, args: &Args) -> Vec<Bound> {
        let roles = |name: &str, stars: u8| -> Vec<SmolStr> {
            let key = match stars {
                1 => format!("*{name}"),
                2 => format!("**{name}"),
                _ => name.to_owned(),
            };
            model.args.get(key.as_str()).or_else(|| model.args.get(name)).cloned().unwrap_or_default()
        };
        let mut bound = Vec::new();
        let mut params = model.params.iter().peekable();
        let is_method = params.peek().is_some_and(|param| param.name == "self");
        if is_method {
            params.next();
            if let Some(receiver) = receiver {
                bound.push(Bound {
                    name: SmolStr::new_static("self"),
                    roles: roles("self", 0),
                    value: receiver.clone(),
                    expr: None,
                });
            }
        }
        let params: Vec<_> = params.collect();
        let mut positional = args.positional.iter();
        // An unbound method is called with its receiver as the first argument.
        if is_method
            && receiver.is_none()
            && let Some((value, expr)) = positional.next()
        {
            bound.push(Bound {
                name: SmolStr::new_static("self"),
                roles: roles("self", 0),
                value: value.clone(),
                expr: *expr,
            });
        }
        let mut star_star = None;
        for param in &params {
            match param.stars {
                0 if !param.named_only => {
                    if let Some((value, expr)) = positional.next() {
                        bound.push(Bound {
                            name: param.name.clone(),
                            roles: roles(&param.name, 0),
                            value: value.clone(),
                            expr: *expr,
                        });
                    }
                }
                1 => {
                    for (value, expr) in positional.by_ref() {
                        bound.push(Bound {
                            name: param.name.clone(),
                            roles: roles(&param.name, 1),
                            value: value.clone(),
                            expr: *expr,
                        });
                    }
                }
                2 => star_star = Some(param.name.clone()),
                _ => {}
            }
        }
        for (value, expr) in positional {
            bound.push(Bound { name: SmolStr::default(), roles: Vec::new(), value: value.clone(), expr: *expr });
        }
        for (name, value, expr) in &args.named {
            let known = params.iter().any(|param| param.name == *name && param.stars == 0);
            let roles = match (&star_star, known) {
                (_, true) => roles(name, 0),
                (Some(rest), false) => match model.args.get(name.as_str()) {
                    Some(own) => own.clone(),
                    None => roles(rest, 2),
                },
                (None, false) => roles(name, 0),
            };
            bound.push(Bound { name: name.clone(), roles, value: value.clone(), expr: *expr });
        }
        // What `*items` and `**mapping` may hold may be any parameter that was not given.
        let given: Vec<SmolStr> = bound.iter().map(|arg| arg.name.clone()).collect();
        for (value, expr) in [&args.star, &args.star_star].into_iter().flatten() {
            let mut all: Vec<SmolStr> = Vec::new();
            for (name, roles) in &model.args {
                if name == "self" || given.contains(name) {
                    continue;
                }
                for role in roles {
                    if !all.contains(role) {
                        all.push(role.clone());
                    }
                }
            }
            bound.push(Bound { name: SmolStr::new_static("**"), roles: all, value: value.clone(), expr: *expr });
        }
        bound
    }

    /// What a model makes of a call.
    pub(crate) fn apply_model(
        &mut self,
        module: &Rc<Module>,
        model: &Model,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
        presumed: Option<Arc<str>>,
    ) -> Value {
        // A property is written with its owner.
        let written = if site.id == site.callee {
            SmolStr::new(crate::facts::clip(module.slice(site.span), 80))
        } else {
            self.written(module, site.callee)
        };
        let with_this = self.dialect.receiver() == Receiver::This;
        let mut bound = if with_this {
            self.bind_javascript(model, receiver, args)
        } else {
            self.bind_model(model, receiver, args)
        };
        self.read_handles(module, &mut bound, site);
        if !with_this {
            self.on_base(&mut bound);
        }
        if let (Some(guard), Some(probe)) = (&model.guard, &mut self.guard_probe) {
            probe.insert(guard.clone());
        }
        // A resource that is made is an event even if making it does nothing: what is done with it refers back to it.
        let makes = model.result.as_deref().is_some_and(|kind| kind.contains('.') && !kind.starts_with("datetime."));
        let is_event = !model.actions.is_empty()
            || makes
            || model.source.is_some()
            || bound.iter().any(|arg| !arg.roles.is_empty());
        let place = self.place(site.span, Some(&model.symbol));
        self.known_calls += u64::from(is_event);
        let whole = self.whole_command(&bound);
        let event = is_event.then(|| {
            let index = self.event(site.id, place, &model.symbol, &written, presumed.clone());
            let mut facts = Vec::with_capacity(bound.len());
            for arg in &bound {
                let literal =
                    arg.expr.and_then(|id| module.expr(id)).is_some_and(|expr| matches!(expr.kind, ExprKind::Const(_)));
                let mut fact = self.value_fact(&arg.value, literal);
                if fact.shape.is_empty()
                    && let Some(expr) = arg.expr.and_then(|id| module.expr(id))
                {
                    let text = module.slice(expr.span);
                    if text.len() <= 80 && !text.contains('\n') {
                        fact.shape = format!("`{text}`");
                    }
                }
                let span = arg.expr.and_then(|id| module.expr(id)).map_or(site.span, |expr| expr.span);
                let place = self.place(span, None);
                facts.push((arg.name.clone(), arg.roles.clone(), fact, place));
                if arg.roles.iter().any(|role| role == "process.command") {
                    let program = self.program_of(whole.as_ref().map_or(&arg.value, |(list, _)| list));
                    let fact = self.value_fact(&program, false);
                    self.programmed_by(index, &program);
                    facts.push((SmolStr::new_static("program"), vec![SmolStr::new_static("program")], fact, place));
                }
            }
            self.one_command(&bound, whole.as_ref().map(|(list, _)| list), &mut facts);
            self.fill_event(index, model, facts, site.id);
            index
        });
        // The caller's own mark on what this frame does.
        if !model.actions.is_empty() || model.source.is_some() || bound.iter().any(|arg| !arg.roles.is_empty()) {
            self.mark_weight(model, &bound);
        }
        self.keeps(model, &bound);
        let is_stream = |arg: &&Bound| arg.name == "self" || arg.roles.iter().any(|role| role == "file");
        let in_memory = bound.iter().filter(is_stream).any(|arg| self.in_memory(&arg.value, 0));
        if let Some(event) = event {
            self.remember_process(&bound, event, site);
        }
        for arg in &bound {
            let sinks: Vec<&SmolStr> = arg
                .roles
                .iter()
                .filter(|role| sluice_catalog::kinds::is_sink(role) && !(in_memory && role.as_str() == "file.write"))
                .collect();
            if sinks.is_empty() {
                continue;
            }
            let (labels, _) = self.deep(&arg.value);
            for kind in sinks {
                let key = SinkKey { module: self.here().module, place, kind: kind.clone(), arg: arg.name.clone() };
                self.reach(key, model.symbol.clone(), event, presumed.clone(), &labels);
                if kind == "file.write"
                    && let Some(file) =
                        bound.iter().find(|arg| arg.name == "self" || arg.roles.iter().any(|role| role == "file"))
                {
                    self.remember_written(&file.value, &arg.value);
                    if let Some(event) = event {
                        self.startup_layer(module, &file.value, &arg.value, event, place);
                    }
                }
                if matches!(kind.as_str(), "code.execute" | "process.command" | "code.load")
                    && let Some(event) = event
                {
                    match &whole {
                        Some((command, last)) if kind == "process.command" => {
                            if *last == arg.name {
                                self.executed(module, kind, &command.clone(), event, place, &model.symbol);
                            }
                        }
                        _ => self.executed(module, kind, &arg.value, event, place, &model.symbol),
                    }
                }
                if kind == "process.input"
                    && let Some(event) = event
                {
                    self.fed(module, &bound, arg, event, place);
                }
            }
        }
        if let Some(event) = event
            && model.actions.iter().any(|action| matches!(action.as_str(), "file.copy" | "file.rename" | "file.link"))
        {
            self.startup_copy(module, &bound, event, place);
        }
        let mut result = self.model_result(module, model, &bound, event, place, &written, site, args);
        // What is given in place of what is not there is one of the things that it is.
        for arg in bound.iter().filter(|arg| arg.roles.iter().any(|role| role == "default")) {
            if !arg.value.is_unknown() && arg.value.known_text().is_some_and(|text| !text.is_empty()) {
                result = result.join(&arg.value);
            }
        }
        if model.actions.iter().any(|action| action == "digest") {
            let token = self.site_token(site.id);
            self.digests.insert(token);
            result.add_tokens(&[token]);
        }
        if model.actions.iter().any(|action| action == "compare") {
            for arg in &bound {
                self.digest_compared(site.id, site.span, &arg.value);
            }
        }
        for (target, sources) in &model.into {
            let stored: Vec<Value> = bound
                .iter()
                .filter(|arg| sources.iter().any(|source| source.trim_start_matches('*') == arg.name))
                .map(|arg| arg.value.clone())
                .chain(sources.iter().any(|source| source == "result").then(|| result.clone()))
                .collect();
            for value in stored {
                self.store_into(module, &bound, target, value, site, receiver, &written);
            }
        }
        self.call_backs(module, model, &bound, &mut result, site);
        result
    }

    /// True if a stream is a buffer in memory, or writes into one: no file is written.
    fn in_memory(&self, value: &Value, depth: u32) -> bool {
        value.refs().iter().any(|reference| match reference {
            Ref::Instance(kind) => matches!(kind.as_str(), "io.BytesIO" | "io.StringIO"),
            Ref::Object(id) if depth < 4 => self
                .object(*id)
                .and_then(|object| object.fields.get("\u{1}under"))
                .is_some_and(|under| self.in_memory(under, depth + 1)),
            _ => false,
        })
    }

    fn mark_weight(&mut self, model: &Model, bound: &[Bound]) {
        let weighty = model.source.as_deref().is_some_and(|source| !matches!(source, "time" | "random"))
            || bound.iter().any(|arg| {
                arg.roles.iter().any(|role| {
                    sluice_catalog::kinds::is_sink(role)
                        && !matches!(role.as_str(), "log" | "exception" | "return" | "serialize")
                })
            });
        // An import of a library by a known name is what an import statement is.
        let import = model.actions.iter().all(|action| action == "import.dynamic")
            && bound.iter().all(|arg| arg.roles.is_empty() || arg.value.known_text().is_some());
        let weighty = weighty && !import;
        let effects = !model.pure && !import && (weighty || !model.actions.is_empty() || model.source.is_some());
        self.note(weighty, effects);
    }

    #[allow(clippy::too_many_arguments)]
    fn store_into(
        &mut self,
        module: &Rc<Module>,
        bound: &[Bound],
        target: &SmolStr,
        value: Value,
        site: Site,
        receiver: Option<&Value>,
        written: &SmolStr,
    ) {
        let place = self.place(site.span, Some(written));
        let value = self.stepped(value, StepKind::Store, place, written);
        let held = bound.iter().find(|arg| arg.name == *target).map(|arg| (arg.value.clone(), arg.expr));
        let Some((object, expr)) = held.or_else(|| receiver.map(|value| (value.clone(), None))) else { return };
        let base = match (target.as_str(), module.expr(site.callee).map(|expr| &expr.kind)) {
            ("self", Some(ExprKind::Attr { base, .. })) => Some(*base),
            _ => expr,
        };
        match (object.object(), base) {
            (Some(id), _) => self.store_any(id, &value),
            (None, Some(base)) => {
                let id = self.opaque(module, &object, base);
                self.store_any(id, &value);
                // A writer on top of a buffer (`GzipFile(fileobj=buffer)`) writes into the buffer.
            }
            (None, None) => {}
        }
        // A writer on top of a buffer (`GzipFile(fileobj=buffer)`) writes into the buffer too.
        let inner: Vec<super::value::ObjectId> = object
            .object()
            .and_then(|id| self.object(id))
            .map(|object| object.fields.get("\u{1}under").into_iter().filter_map(Value::object).collect::<Vec<_>>())
            .unwrap_or_default();
        for id in inner {
            self.store_any(id, &value);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn model_result(
        &mut self,
        module: &Rc<Module>,
        model: &Model,
        bound: &[Bound],
        event: Option<usize>,
        place: EvidenceId,
        written: &SmolStr,
        site: Site,
        args: &Args,
    ) -> Value {
        let mut value = Value::UNKNOWN;
        let flows: Vec<&Value> = match &model.from {
            None => bound.iter().map(|arg| &arg.value).collect(),
            Some(names) => bound
                .iter()
                .filter(|arg| names.iter().any(|name| name.trim_start_matches('*') == arg.name))
                .map(|arg| &arg.value)
                .collect(),
        };
        if !model.sanitizes {
            self.inherit(&mut value, &flows, None);
        }
        value = self.through(value, module, site, written);
        // What was decrypted could not be read before, whatever it is.
        if self.dialect.receiver() != Receiver::This && model.actions.iter().any(|action| action == "decrypt") {
            let codings = &mut value.edit().codings;
            if !codings.iter().any(|coding| coding == "decrypt") {
                codings.push(SmolStr::new_static("decrypt"));
            }
        }
        // The file that is opened is the resource of what is read from and written to it, whatever the labels.
        for arg in bound {
            if arg.roles.iter().any(|role| matches!(role.as_str(), "file.path" | "file" | "descriptor")) {
                let (_, tokens) = self.deep(&arg.value);
                value.add_tokens(&tokens);
                if let Some(text) = arg.value.known_text() {
                    value.add_tokens(&[super::stable_hash(&[b"text", text.as_bytes()])]);
                }
            }
        }
        // A copy of what entered already (`os.environ.copy()`) is no further source.
        let copies = matches!(model.symbol.rsplit('.').next(), Some("copy" | "items" | "values" | "keys"));
        let receiver = bound.first().filter(|arg| copies && arg.name == "self").map(|arg| arg.value.clone());
        let entered = receiver.is_some_and(|receiver| {
            let (labels, _) = self.deep(&receiver);
            let kinds = self.label_kinds(&labels);
            let entered = model.source.as_ref().is_some_and(|kind| kinds.contains(kind));
            if entered {
                value.add_labels(&labels);
            }
            entered
        });
        if let Some(kind) = model.source.as_ref().filter(|_| !entered) {
            let detail = bound
                .iter()
                .find(|arg| {
                    arg.roles.iter().any(|role| {
                        matches!(
                            role.as_str(),
                            "name" | "key" | "file" | "file.path" | "network.destination" | "process.command"
                        )
                    })
                })
                .or_else(|| bound.iter().find(|arg| arg.name == "self"))
                .and_then(|arg| arg.value.term())
                .map(|term| term.patterns().join(" or "))
                .filter(|text| !text.is_empty() && text != "{}");
            let label = self.source(Origin {
                key: OriginKey::Source(self.here().module, site.id, kind.clone()),
                kind: kind.clone(),
                symbol: model.symbol.clone(),
                detail,
                place,
                function: self.here(),
                event,
                start: 0,
            });
            value.add_labels(&[label]);
            if kind == "network.response" && self.frames.last().is_some_and(|frame| frame.tries > 0) {
                let answer = self.failed_answer(&value, &model.symbol);
                if !answer.is_unknown() {
                    self.thrown(&answer);
                }
            }
        }
        // A resource or what entered is an identity of its own; anything else is what it was made from.
        let makes = model.source.is_some() || model.result.as_deref().is_some_and(|kind| kind.contains('.'));
        if makes || value.tokens().is_empty() {
            let token = self.site_token(site.id);
            value.add_tokens(&[token]);
        }
        if let Some(kind) = &model.result
            && kind != "None"
            && value.object().is_none()
        {
            let own = match kind.strip_prefix('$') {
                None if kind != "self" => None,
                name => {
                    let name = name.unwrap_or("self");
                    Some(
                        bound
                            .iter()
                            .find(|arg| arg.name == name)
                            .map(|arg| arg.value.refs().to_vec())
                            .unwrap_or_default(),
                    )
                }
            };
            match own {
                Some(refs) => refs.into_iter().for_each(|reference| value.add_ref(reference)),
                None => value.add_ref(Ref::Instance(kind.clone())),
            }
        }
        let term = self.result_term(model, bound, written, args);
        if let Some(term) = term {
            value.edit().term = Some(term);
        }
        // The address of a client may stand in the code only encoded.
        let carried = bound.iter().filter(|arg| arg.roles.iter().any(|role| role == "network.destination"));
        if model.result.as_ref() == Some(&model.symbol)
            && let Some(data) = carried.filter_map(|arg| arg.value.data()).find(|data| !data.codings.is_empty())
        {
            value.edit().codings = data.codings.clone();
        }
        if let Some(event) = event
            && let Some(data) = self.events.get_mut(event)
        {
            for token in value.tokens() {
                if data.result.len() < MOST_CONTEXT_VALUES && !data.result.contains(token) {
                    data.result.push(*token);
                }
            }
        }
        // A stream on top of another: what is written to it arrives there.
        let under = bound
            .iter()
            .find(|arg| {
                matches!(arg.name.as_str(), "fileobj" | "raw" | "buffer" | "stream" | "file" | "csvfile" | "fp" | "f")
            })
            .filter(|arg| arg.value.object().is_some() || !arg.value.refs().is_empty())
            .map(|arg| (arg.value.clone(), arg.expr));
        if let Some((under, Some(expr))) = under
            && model.result.is_some()
        {
            let base = match under.object() {
                Some(id) => id,
                None => self.opaque(module, &under, expr),
            };
            let id = self.allocate(super::heap::ObjectKind::Opaque, Vec::new(), false);
            let mut below = under.clone();
            below.edit().refs.insert(0, Ref::Object(base));
            self.store_field(id, &SmolStr::new_static("\u{1}under"), below);
            value.edit().refs.insert(0, Ref::Object(id));
        }
        value
    }

    fn result_term(&self, model: &Model, bound: &[Bound], written: &SmolStr, args: &Args) -> Option<Rc<Term>> {
        if let Some(term) = path_term(&model.symbol, bound).or_else(|| super::paths::folder_term(&model.symbol, bound))
        {
            return Some(term);
        }
        let file = bound.iter().find(|arg| {
            arg.roles.iter().any(|role| matches!(role.as_str(), "file.path" | "file"))
                || (arg.name == "self" && matches!(arg.value.term().as_deref(), Some(Term::Text(_) | Term::Join(_))))
        });
        if let Some(file) = file
            && model.result.is_some()
        {
            return file.value.term();
        }
        // What a pattern is replaced by stands in the text that comes out.
        if matches!(model.symbol.as_str(), "re.sub" | "re.subn" | "re.Pattern.sub" | "re.Pattern.subn")
            && let Some(put) = bound.iter().find(|arg| arg.name == "repl").and_then(|arg| arg.value.term())
        {
            let rest = Rc::new(Term::Name(SmolStr::new_static("…")));
            return Some(Term::join(&Term::join(&rest, &put), &rest));
        }
        // What an address is put into (a request that is sent later, a session) is told by the address.
        let carried = bound.iter().find(|arg| arg.roles.iter().any(|role| role == "network.destination"));
        let makes = model.result.as_ref() == Some(&model.symbol);
        if let Some(address) = carried.and_then(|arg| arg.value.term())
            && model.result.is_some()
            && !model.actions.iter().any(|action| {
                // A client that is made for an address is told by it too.
                action.starts_with("network.") && !(makes && action == "network.connect")
            })
        {
            return Some(address);
        }
        if let Some(from) = &model.from
            && from.is_empty()
        {
            return Some(Rc::new(Term::Name(SmolStr::new(format!("{written}()")))));
        }
        let first = bound.first().and_then(|arg| arg.value.term());
        match first {
            Some(inner) if bound.len() <= 2 || model.pure => {
                let name = model.symbol.rsplit('.').next().unwrap_or(&model.symbol);
                if matches!(
                    name,
                    "encode" | "decode" | "str" | "strip" | "Path" | "bytes" | "which" | "find_executable"
                ) {
                    return Some(inner);
                }
                Some(Term::through(&format!("{name}()"), &inner))
            }
            _ => {
                let _ = args;
                Some(Rc::new(Term::Name(SmolStr::new(format!("{written}()")))))
            }
        }
    }

    pub(crate) fn call_unmodelled(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Value {
        if let Some(value) = self.known_function(symbol, args) {
            return value;
        }
        if let (Some(receiver), Some((_, name))) = (receiver, symbol.rsplit_once('.')) {
            if let Some(value) = self.known_method(receiver, name, args) {
                return value;
            }
            if self.presume(module, &SmolStr::new(name), receiver, args, site) {
                let mut value = Value::UNKNOWN;
                let all: Vec<Value> = args.all().cloned().collect();
                self.inherit(&mut value, &all.iter().collect::<Vec<_>>(), None);
                return self.named_result(value, module, site, args);
            }
            self.stores_by_name(module, name, receiver, args, site);
        }
        let place = self.place(site.span, Some(symbol));
        let here = self.here();
        let is_error = !symbol.contains('.') && self.dialect.is_builtin(symbol);
        if !is_error {
            self.unmodelled.entry(place).or_insert_with(|| (symbol.clone(), here));
        }
        let function = receiver.cloned().unwrap_or_default();
        if self.dialect.receiver() == Receiver::This {
            self.call_handed(module, &function, args, site);
        }
        // Functions handed over may be called by the library.
        let handed: Vec<super::value::Key> = args.all().flat_map(|value| self.functions_of(value)).collect();
        for key in handed {
            self.registered.entry(key).or_default();
            self.edge(key, site.span);
        }
        let mut value = self.call_unknown(module, &function, args, site);
        value.add_ref(Ref::Instance(SmolStr::new(format!("{symbol}()"))));
        value
    }

    /// True if the receiver is an instance of a class of the package that derives from one outside of it.
    pub(crate) fn has_external_base(&self, receiver: &Value) -> bool {
        receiver.refs().iter().any(|reference| match reference {
            Ref::Object(id) => match self.object(*id).map(|object| object.kind) {
                Some(super::heap::ObjectKind::Instance(class)) => self.external_base(class).is_some(),
                _ => false,
            },
            Ref::Class(class) | Ref::Super(class, _) => self.external_base(*class).is_some(),
            _ => false,
        })
    }

    /// The first base class outside of the package, by symbol.
    pub(crate) fn external_base(&self, class: super::Key) -> Option<SmolStr> {
        self.external_base_in(class, &mut Vec::new())
    }

    fn external_base_in(&self, class: super::Key, seen: &mut Vec<super::Key>) -> Option<SmolStr> {
        if !super::members::meets(seen, class) {
            return None;
        }
        for base in self.classes.get(&class)? {
            for reference in base.refs() {
                match reference {
                    Ref::Symbol(symbol) if !matches!(symbol.as_str(), "object" | "Exception") => {
                        return Some(symbol.clone());
                    }
                    Ref::Class(base) => {
                        if let Some(found) = self.external_base_in(*base, seen) {
                            return Some(found);
                        }
                    }
                    _ => {}
                }
            }
        }
        None
    }

    pub(crate) fn owner_symbol(&self, receiver: &Value) -> Option<SmolStr> {
        receiver.refs().iter().find_map(|reference| match reference {
            Ref::Object(id) => match self.object(*id).map(|object| object.kind) {
                Some(super::heap::ObjectKind::Instance(class)) => self.external_base(class),
                _ => None,
            },
            Ref::Super(class, _) => self.external_base(*class),
            _ => None,
        })
    }

    /// The symbol that a reference is, for facts.
    pub(crate) fn symbol_of(&self, reference: &Ref) -> Option<SmolStr> {
        match reference {
            Ref::Symbol(symbol) | Ref::Instance(symbol) | Ref::Method(symbol, _) => Some(symbol.clone()),
            Ref::Function(key, _) | Ref::Class(key) => {
                let module = self.modules.get(key.module as usize)?;
                module.function(sluice_syntax::ir::FuncId(key.func)).map(|function| function.name.clone())
            }
            _ => None,
        }
    }
}
