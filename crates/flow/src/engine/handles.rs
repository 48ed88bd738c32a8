//! Open files that are read without a word: by iterating over them, or by handing them to what reads them.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, ExprKind, Module};
use smol_str::SmolStr;

use super::call::{Args, Site};
use super::model::Bound;
use super::value::{Ref, Value};
use super::{Engine, Summary};

/// Roles of an argument that is read as a whole where it is an open file: a body, a form's file, what a process reads.
const READING: [&str; 3] = ["network.send", "process.input", "data"];

/// How deep an open file is looked for in containers (`files={"f": ("name", open(path))}`).
const DEPTH: u32 = 3;

/// Values that are looked at for one argument.
const MOST_LOOKED_AT: usize = 256;

impl Engine<'_> {
    /// What iterating over a value goes over: what its class's or its type's `__iter__` gives, else the value itself.
    pub(crate) fn iterable(&mut self, module: &Rc<Module>, value: Value, site: Site) -> Value {
        if let Some(inner) = self.hook(module, &value, "__iter__", Vec::new(), site.span) {
            return inner;
        }
        if let [Ref::Class(class)] = value.refs()
            && let Some(members) = self.enum_members(*class)
        {
            return members;
        }
        if let Some(inner) = self.iterated(module, &value, site.span) {
            return inner;
        }
        if let Some(content) = self.read_whole(&value) {
            let whole = Args::of(vec![Value::constant(sluice_syntax::ir::Const::Bool(true))]);
            if let Some(mut lines) = self.known_method(&content, "splitlines", &whole) {
                let (labels, tokens) = self.deep(&value);
                lines.add_labels(&labels);
                lines.add_tokens(&tokens);
                return lines;
            }
        }
        match self.protocol(&value, "__iter__").or_else(|| self.protocol(&value, "__aiter__")) {
            Some(symbol) => self.call_symbol(module, &symbol, Some(&value), &Args::default(), site),
            None => value,
        }
    }

    /// The same for an expression that a loop or a comprehension goes over.
    pub(crate) fn eval_iterable(&mut self, module: &Rc<Module>, expr: ExprId) -> Value {
        let value = self.eval(module, expr);
        let span = module.expr(expr).map(|expr| expr.span).unwrap_or_default();
        self.iterable(module, value, Site { id: expr, callee: expr, span })
    }

    /// The method of a value's type by which the language takes something from it, if that is a source.
    pub(crate) fn protocol(&self, value: &Value, method: &str) -> Option<SmolStr> {
        value.refs().iter().find_map(|reference| match reference {
            Ref::Instance(kind) => {
                let symbol = SmolStr::new(format!("{kind}.{method}"));
                self.catalog.model(&symbol).is_some_and(|model| model.source.is_some()).then_some(symbol)
            }
            _ => None,
        })
    }

    /// Adds to the arguments that are read as a whole what the open files among them hold.
    pub(crate) fn read_handles(&mut self, module: &Rc<Module>, bound: &mut [Bound], site: Site) {
        for arg in bound.iter_mut() {
            if arg.roles.iter().any(|role| READING.contains(&role.as_str())) {
                let site = self.site_of(module, arg.expr, site);
                self.read_handle(module, &mut arg.value, site);
            }
        }
    }

    /// The same for the arguments of a function of the package that passes them on to what reads them.
    pub(crate) fn read_passed(
        &mut self,
        module: &Rc<Module>,
        summary: &Summary,
        bound: &mut [Option<Value>],
        site: Site,
    ) {
        for (index, value) in bound.iter_mut().enumerate() {
            let Some(value) = value else { continue };
            let reads = summary
                .flows
                .iter()
                .any(|(param, _, sink)| *param as usize == index && READING.contains(&sink.key.kind.as_str()));
            if reads {
                self.read_handle(module, value, site);
            }
        }
    }

    /// Adds to a value what the open files in it hold.
    pub(crate) fn read_handle(&mut self, module: &Rc<Module>, value: &mut Value, site: Site) {
        let mut handles = Vec::new();
        let mut left = MOST_LOOKED_AT;
        self.handles(value, DEPTH, &mut left, &mut handles);
        for handle in handles {
            // Reading a file is a method of every type whose values are files.
            let Some(symbol) = self.protocol(&handle, "read") else { continue };
            let content = self.call_symbol(module, &symbol, Some(&handle), &Args::default(), site);
            value.add_labels(content.labels());
            value.add_tokens(content.tokens());
        }
    }

    /// Where an argument is read: at the argument, as it is written there.
    fn site_of(&self, module: &Module, expr: Option<ExprId>, call: Site) -> Site {
        let Some((id, expr)) = expr.and_then(|id| Some((id, module.expr(id)?))) else { return call };
        match expr.kind {
            ExprKind::Call { callee, .. } => Site { id, callee, span: expr.span },
            _ => Site { id, callee: id, span: expr.span },
        }
    }

    /// The open files in a value: those whose `read` is a source of its own. A `read` that must be told what to read
    /// (`ConfigParser.read(names)`) is that of no open file.
    fn handles(&self, value: &Value, depth: u32, left: &mut usize, found: &mut Vec<Value>) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let of_file = |symbol: &SmolStr| {
            self.catalog.model(symbol).is_some_and(|model| {
                let asks = model.params.iter().any(|param| param.name != "self" && !param.optional);
                model.source.as_deref() == Some("file") && !asks
            })
        };
        if self.protocol(value, "read").is_some_and(|symbol| of_file(&symbol)) {
            found.push(value.clone());
            return;
        }
        // What is plain refers to nothing.
        let object = value.object().and_then(|id| self.object(id)).filter(|object| depth > 0 && !object.plain);
        let Some(object) = object else { return };
        // What is stored under a name that is not known is in there too.
        let named = object.fields.iter().map(|(_, inner)| inner);
        for inner in named.chain(object.items.iter()).chain(std::iter::once(&object.rest)) {
            self.handles(inner, depth - 1, left, found);
        }
    }
}
