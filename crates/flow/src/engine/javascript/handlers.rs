//! Functions that answer requests: nothing in the package calls them, a server does, and they are known by what they take.

use rustc_hash::FxHashMap;
use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Module, ParamKind};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::value::{Key, Ref, Value};

/// The name under which the catalog knows whoever calls a handler.
const SERVER: &str = "http.handled";
/// What is read of a request, and of nothing else that comes first of two parameters.
const REQUEST: [&str; 9] =
    ["body", "query", "params", "headers", "cookies", "originalUrl", "url", "path", "rawHeaders"];
/// What is done with a response.
const RESPONSE: [&str; 11] = [
    "send",
    "json",
    "end",
    "status",
    "sendStatus",
    "redirect",
    "writeHead",
    "setHeader",
    "sendFile",
    "render",
    "jsonp",
];

/// The functions of a module that read a request from their first parameter and answer by their second.
fn handlers(module: &Module) -> Vec<u32> {
    /// Read of the first parameter, done with the second.
    #[derive(Default)]
    struct Use {
        reads: u32,
        answers: u32,
    }
    let mut first: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut second: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    for (index, function) in module.functions.iter().enumerate() {
        let plain = |at: usize| {
            let param = function.params.get(at)?;
            matches!(param.kind, ParamKind::Positional | ParamKind::PositionalOnly).then_some(param.slot)
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if let (Some(request), Some(response)) = (plain(0), plain(1))
            && function.params.len() <= 4
        {
            first.insert((index, request), index);
            second.insert((index, response), index);
        }
    }
    if first.is_empty() {
        return Vec::new();
    }
    let mut uses: FxHashMap<u32, Use> = FxHashMap::default();
    // What stands in a callback of the handler reads its parameters too: the slots are the same.
    for expr in &module.exprs {
        let ExprKind::Attr { base, name } = &expr.kind else { continue };
        let Some(ExprKind::Slot(slot)) = module.expr(*base).map(|base| &base.kind) else { continue };
        let place = (slot.func.0, slot.slot);
        if let Some(handler) = first.get(&place)
            && let Some(bit) = REQUEST.iter().position(|known| name == known)
        {
            uses.entry(*handler).or_default().reads |= 1 << bit;
        }
        if let Some(handler) = second.get(&place)
            && let Some(bit) = RESPONSE.iter().position(|known| name == known)
        {
            uses.entry(*handler).or_default().answers |= 1 << bit;
        }
    }
    let mut found: Vec<u32> =
        uses.into_iter().filter(|(_, all)| all.reads > 0 && all.answers > 0).map(|(handler, _)| handler).collect();
    found.sort_unstable();
    found
}

impl Engine<'_> {
    /// Calls the handlers of a module that nobody in the package calls with what a server calls them with.
    pub(crate) fn serve(&mut self, index: u32) {
        let found = handlers(&self.module(index));
        if found.is_empty() {
            return;
        }
        let module = self.module(index);
        let Some(model) = self.catalog.model(SERVER) else { return };
        for func in found {
            let key = Key { module: index, func };
            if self.called.contains(&key) {
                continue;
            }
            let Some(function) = module.function(FuncId(func)) else { continue };
            let nowhere = ExprId(u32::MAX);
            let site = Site { id: nowhere, callee: nowhere, span: function.name_span };
            let frame = self.new_frame(key, true);
            self.enter(frame);
            let args = Args::of(vec![Value::reference(Ref::Function(key, None))]);
            let mut request = self.apply_model(&module, model, None, &args, site, None);
            self.exit();
            request.add_ref(Ref::Instance(SmolStr::new_static("express.Request")));
            let response = Value::reference(Ref::Instance(SmolStr::new_static("express.Response")));
            let this = self.generic_this(key, 0).map(|this| (this, None));
            let place = self.place_in(index, function.name_span, Some(&function.name));
            self.registered.entry(key).or_default();
            self.interpret(&module, key, vec![request, response], Some((place, function.name.clone())), this);
        }
    }
}
