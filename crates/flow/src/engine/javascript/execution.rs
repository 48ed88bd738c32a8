//! Text that becomes code: what `Function`, `vm`, workers, timers and addresses of scripts make of it.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprId, FuncId, Module, Span};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::value::{Key, Ref, Value};

/// The beginnings of addresses that are scripts themselves.
const SCRIPTS: &[&str] = &["text/javascript", "application/javascript", "text/ecmascript", "application/ecmascript"];
/// What the address of a script that is kept in memory begins with.
const BLOB: &str = "blob:";

/// The function whose parameters and body are these texts. Lines of the body keep their numbers.
fn function_text(params: &[Arc<str>], body: &str) -> String {
    format!("(function anonymous({}) {{{body}\n}})", params.join(", "))
}

impl Engine<'_> {
    /// A text is evaluated as code, as `eval` does it.
    pub(super) fn evaluates(
        &mut self,
        module: &Rc<Module>,
        text: Value,
        expr: Option<ExprId>,
        site: Site,
    ) -> Option<Value> {
        let model = self.catalog.model("eval")?;
        let known = text.known_text().cloned();
        let args = Args { positional: vec![(text, expr)], ..Args::default() };
        self.apply_model(module, model, None, &args, site, None);
        self.evaluated_layer(&known?, site)
    }

    /// `vm.runInThisContext(text)`: the result is what the text gives.
    pub(super) fn run_in_context(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let text = args.positional.first()?.0.known_text()?.clone();
        let model = self.catalog.model(symbol)?;
        let result = self.apply_model(module, model, None, args, site, None);
        Some(self.evaluated_layer(&text, site).unwrap_or(result))
    }

    /// `new Function(…, text)`, `vm.compileFunction(text, names)`: a function whose body is the text.
    pub(super) fn compiled_function(
        &mut self,
        module: &Rc<Module>,
        symbol: &SmolStr,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        let model = self.catalog.model(symbol)?;
        let own = symbol == "Function";
        let (mut body, expr) = if own { args.positional.last() } else { args.positional.first() }.cloned()?;
        let params: Option<Vec<Arc<str>>> = if own {
            let before = args.positional.len().saturating_sub(1);
            args.positional.iter().take(before).map(|(value, _)| value.known_text().cloned()).collect()
        } else {
            let list = args.positional.get(1).map(|(value, _)| value.clone());
            list.and_then(|list| self.elements(&list))
                .unwrap_or_default()
                .iter()
                .map(|value| value.known_text().cloned())
                .collect()
        };
        // Names of parameters are no code.
        let params = params.unwrap_or_default();
        if let Some(text) = body.known_text().cloned()
            && !params.is_empty()
        {
            body.edit().known = Some(Const::Str(Arc::from(function_text(&params, &text))));
        }
        let given = Args { positional: vec![(body.clone(), expr)], star: args.star.clone(), ..Args::default() };
        let result = self.apply_model(module, model, None, &given, site, None);
        let Some(text) = body.known_text() else { return Some(result) };
        let place = self.place(site.span, None);
        let index = *self.layer_index.get(&(place, crate::engine::stable_hash(&[text.as_bytes()])))?;
        let layer = self.layers.get(index)?.module?;
        let function = Key { module: layer, func: FuncId::MODULE.0 + 1 };
        let wrapped = !params.is_empty()
            && self.module(layer).function(FuncId(function.func)).is_some_and(|function| function.name == "anonymous");
        if !wrapped {
            return Some(Value::reference(Ref::Function(Key { module: layer, func: FuncId::MODULE.0 }, None)));
        }
        // Whoever makes a function of a text calls it, wherever that is.
        self.edge(function, site.span);
        self.summarize(function);
        Some(Value::reference(Ref::Function(function, None)))
    }

    /// `setTimeout(text, …)`: what is no function is evaluated.
    pub(super) fn timer(&mut self, module: &Rc<Module>, symbol: &str, args: &Args, site: Site) {
        let Some((first, expr)) = args.positional.first().cloned() else { return };
        if symbol == "setInterval" {
            let repeated = self.functions_of(&first);
            self.realm.repeated.extend(repeated);
        }
        let answered = || {
            first.refs().iter().all(|reference| !matches!(reference, Ref::Function(..) | Ref::Class(_)))
                && self.label_kinds(first.labels()).contains("network.response")
        };
        if first.known_text().is_some() || answered() {
            self.evaluates(module, first, expr, site);
        }
    }

    /// `new Worker(text, { eval: true })`, and one whose address is a script itself.
    pub(super) fn worker(&mut self, module: &Rc<Module>, args: &Args, site: Site) {
        let Some((first, expr)) = args.positional.first().cloned() else { return };
        let options = args.positional.get(1).and_then(|(value, _)| value.object());
        let flag = options.and_then(|id| self.load_field(id, &SmolStr::new_static("eval")));
        if flag.is_some_and(|flag| flag.known() == Some(&Const::Bool(true))) {
            self.evaluates(module, first, expr, site);
        } else if let Some(script) = self.script_of(&first) {
            self.evaluates(module, script, expr, site);
        }
    }

    /// `import(specifier)`
    pub(crate) fn import_call(
        &mut self,
        module: &Rc<Module>,
        id: ExprId,
        written: ExprId,
        value: &Value,
        span: Span,
    ) -> Value {
        let site = Site { id, callee: id, span };
        if let Some(script) = self.script_of(value) {
            return self.evaluates(module, script, Some(written), site).unwrap_or_default();
        }
        let args = Args { positional: vec![(value.clone(), Some(written))], ..Args::default() };
        match value.known_text().cloned() {
            Some(text) => {
                self.loads_written(module, "import", &text, &args, site);
                self.module_value(&text, span)
            }
            None => match self.catalog.model("import") {
                Some(model) => self.apply_model(module, model, None, &args, site, None),
                None => self.only_labels(value),
            },
        }
    }

    /// A file that the code wrote itself is loaded: its text is a layer.
    pub(super) fn loads_written(&mut self, module: &Rc<Module>, symbol: &str, text: &str, args: &Args, site: Site) {
        let is_path = text.starts_with(['.', '/']) || text.contains(":\\") || text.starts_with("file:");
        let name = || {
            let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
            name.rsplit_once('.').map_or(name, |(stem, _)| stem)
        };
        if is_path
            && (!self.written.is_empty() || self.kept_path(name()).is_some())
            && let Some(model) = self.catalog.model(symbol)
        {
            self.apply_model(module, model, None, args, site, None);
        }
    }

    /// The script that an address holds: `data:text/javascript,…`, and `blob:` of a script that was put in memory.
    fn script_of(&mut self, address: &Value) -> Option<Value> {
        let text = match address.known_text() {
            Some(text) => Arc::clone(text),
            None => {
                // Of an address whose beginning is known the rest is the script, whatever it is.
                let patterns = address.term().map(|term| term.patterns()).unwrap_or_default();
                let [pattern] = patterns.as_slice() else { return None };
                let script = pattern.strip_prefix("data:")?;
                if !SCRIPTS.iter().any(|kind| script.starts_with(kind)) {
                    return None;
                }
                let mut value = self.only_labels(address);
                value.edit().codings = self.codings(address).iter().cloned().collect();
                return Some(value);
            }
        };
        if let Some(code) = text.strip_prefix(BLOB) {
            let mut value = Value::text(code);
            self.inherit(&mut value, &[address], None);
            return Some(value);
        }
        let (kind, payload) = text.strip_prefix("data:")?.split_once(',')?;
        if !SCRIPTS.iter().any(|script| kind.starts_with(script)) {
            return None;
        }
        let (decoder, coding) =
            if kind.ends_with(";base64") { ("atob", Some("base64")) } else { ("decodeURIComponent", None) };
        let decoded = self.known_function(decoder, &Args::of(vec![Value::text(payload)]))?;
        let mut value = Value::text(decoded.known_text()?);
        self.inherit(&mut value, &[address], coding);
        Some(value)
    }

    /// `new Blob([text], { type: "text/javascript" })`: a script in memory.
    pub(super) fn script_blob(&mut self, args: &Args) -> Option<Value> {
        let parts = args.positional.first()?.0.clone();
        let options = args.positional.get(1)?.0.object()?;
        let kind = self.load_field(options, &SmolStr::new_static("type"))?;
        if !SCRIPTS.contains(&&**kind.known_text()?) {
            return None;
        }
        let parts = self.elements(&parts)?;
        let texts: Option<Vec<Arc<str>>> = parts.iter().map(|part| part.known_text().cloned()).collect();
        let mut value = Value::text(&texts?.concat());
        self.inherit(&mut value, &parts.iter().collect::<Vec<_>>(), None);
        value.add_ref(Ref::Instance(SmolStr::new_static("Blob")));
        Some(value)
    }

    /// `URL.createObjectURL(blob)` of such a script.
    pub(super) fn blob_address(&mut self, blob: &Value) -> Option<Value> {
        if !blob.refs().iter().any(|reference| matches!(reference, Ref::Instance(kind) if kind == "Blob")) {
            return None;
        }
        let mut value = Value::text(&format!("{BLOB}{}", blob.known_text()?));
        self.inherit(&mut value, &[blob], None);
        Some(value)
    }
}
