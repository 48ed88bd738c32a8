//! From the engine's tables to [`Facts`]: dense ids, a fixed order, reachability from entry points.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_syntax::ir::{Columns, ExprKind, FuncId, FunctionKind, Module, SlotRef, Span, StmtKind, Target};
use smol_str::SmolStr;

use super::heap::ObjectKind;
use super::told;
use super::value::{Key, Label, Ref};
use super::{Engine, Origin, OriginKey, SinkData};
use crate::facts::{
    self, ArgFact, ConstantFact, DeadStore, Event, EventId, Evidence, EvidenceId, Facts, Form, FunctionFacts,
    FunctionId, Guard, HandlerFacts, Import, Layer, LimitHit, ModuleFacts, ModuleId, Path, PathSink, PathSource,
    PathStep, Raise, StepKind, Unmodelled, Unopened, UnusedHelper,
};
use crate::structure::{self, Structure};
use crate::{Context, confirm};

/// Most steps of a path that are told.
const MOST_STEPS: usize = 48;
/// Most constants of a module that are told.
const MOST_CONSTANTS: usize = 64;
/// Longest text of a layer that facts carry, in bytes.
const LAYER_TEXT: usize = 256 << 10;

/// Functions that a build tool calls by name: those of PEP 517 and 660, and those that hatch and PDM know.
const BUILD_HOOKS: [&str; 19] = [
    "build_wheel",
    "build_sdist",
    "build_editable",
    "prepare_metadata_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "get_requires_for_build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_editable",
    "initialize",
    "finalize",
    "clean",
    "update",
    "dependencies",
    "get_version_data",
    "pdm_build_hook_enabled",
    "pdm_build_initialize",
    "pdm_build_update_files",
    "pdm_build_finalize",
    "pdm_build_clean",
];
/// Methods of a class that an entry point names which are called by whoever makes an instance of it.
const CALLED_OF_CLASS: [&str; 6] =
    ["__init__", "__call__", "initialize_options", "finalize_options", "run", "initialize"];

/// Which entry points reach what.
#[derive(Debug, Default)]
pub(super) struct Whens {
    /// The entries that reach a function or a module body.
    pub(super) reached: FxHashMap<Key, BTreeSet<SmolStr>>,
    /// The files that are started as the main program, and by which entry.
    pub(super) mains: FxHashSet<(u32, SmolStr)>,
}

impl Engine<'_> {
    /// The facts.
    pub fn finish(mut self, context: &Context) -> Facts {
        let structures: Vec<Structure> = self.modules.iter().map(|module| structure::structure(module)).collect();
        let mut ids: BTreeMap<Key, FunctionId> = BTreeMap::new();
        for (module, lowered) in self.modules.iter().enumerate() {
            for func in 0..lowered.functions.len() {
                let key = Key { module: number(module), func: number(func) };
                ids.insert(key, FunctionId(number(ids.len())));
            }
        }
        let whens = self.reach_entries(context);
        let mut facts = Facts::default();
        let function_of = |key: Key| ids.get(&key).copied().unwrap_or(FunctionId(0));

        self.structure_facts(&structures, &function_of, &mut facts);
        self.module_facts(&structures, &whens, &function_of, &mut facts);
        self.function_facts(&structures, &ids, &whens, &mut facts);
        self.event_facts(&whens, &function_of, &mut facts);
        self.path_facts(&whens, &function_of, &mut facts);
        self.constant_facts(&function_of, &mut facts);
        let mut lines: FxHashMap<u32, FxHashSet<String>> = FxHashMap::default();
        for (index, layer) in self.layers.iter().enumerate() {
            // A file of the package stands there to be read too.
            let is_file = || self.data.values().any(|bytes| **bytes == *layer.text.as_bytes());
            let visible = layer.codings.is_empty()
                && (is_file()
                    || self.modules.get(layer.parent as usize).is_some_and(|parent| {
                        let lines = lines.entry(layer.parent).or_insert_with(|| told::trimmed_lines(&parent.text));
                        told::stands_in(&layer.text, &parent.text, lines)
                    }));
            facts.layers.push(Layer {
                visible,
                parent: ModuleId(layer.parent),
                module: layer.module.map(ModuleId),
                language: layer.language.clone(),
                evidence: layer.place,
                event: EventId(number(layer.event)),
                codings: layer.codings.clone(),
                text: facts::clip(&layer.text, LAYER_TEXT),
            });
            if let Some(module) = layer.module.and_then(|module| facts.modules.get_mut(module as usize)) {
                module.layer = Some(number(index));
            }
        }
        for (place, (event, why, labels)) in &self.unopened {
            facts.unopened.push(Unopened {
                event: EventId(number(*event)),
                evidence: *place,
                why: why.clone(),
                labels: labels.clone(),
            });
        }
        for (place, (symbol, key)) in &self.unmodelled {
            facts.unmodelled.push(Unmodelled { symbol: symbol.clone(), evidence: *place, function: function_of(*key) });
        }
        for (module, budget, what) in &self.limits {
            let hit = LimitHit { module: ModuleId(*module), budget: SmolStr::new(*budget), what: what.clone() };
            if !facts.limits.contains(&hit) {
                facts.limits.push(hit);
            }
        }
        facts.work = facts::Work {
            objects: self.heap.len() as u64,
            traces: self.ways.len() as u64,
            origins: self.origins.len() as u64,
            places: self.places.len() as u64,
            inlined: self.inlined_steps,
            leaving: self.leaving.len() as u64,
            own: self.leaving.values().filter(|own| **own).count() as u64,
        };
        let mut columns = FxHashMap::default();
        facts.evidence = self.places.iter().map(|place| self.evidence_of(place, &mut columns)).collect();
        facts
    }

    fn evidence_of(&self, place: &(u32, Span, Option<SmolStr>), columns: &mut FxHashMap<u32, Columns>) -> Evidence {
        let (module, span, symbol) = place;
        let lowered = self.modules.get(*module as usize);
        let text = || lowered.map_or(Columns::default(), |lowered| Columns::of(&lowered.text));
        let columns = columns.entry(*module).or_insert_with(text);
        let (line, column) = lowered.map_or((0, 0), |lowered| lowered.line_column_by(columns, span.start));
        let (end_line, end_column) = lowered.map_or((0, 0), |lowered| lowered.line_column_by(columns, span.end));
        Evidence {
            module: ModuleId(*module),
            start: span.start,
            end: span.end,
            line,
            column,
            end_line,
            end_column,
            symbol: symbol.clone(),
        }
    }

    /// When each function can run: a walk over calls from every entry point.
    fn reach_entries(&self, context: &Context) -> Whens {
        let mut edges: FxHashMap<Key, Vec<Key>> = FxHashMap::default();
        for (caller, callee) in self.calls.keys() {
            edges.entry(*caller).or_default().push(*callee);
        }
        let mut whens = Whens::default();
        let mut queue: VecDeque<(Key, SmolStr)> = VecDeque::new();
        for entry in &context.entries {
            for (module, lowered) in self.modules.iter().enumerate() {
                if self.depth.get(module) != Some(&0) || lowered.path != entry.file {
                    continue;
                }
                if entry.when == "build" {
                    queue.extend(self.build_hooks(number(module)).into_iter().map(|key| (key, entry.when.clone())));
                }
                match &entry.function {
                    None => {
                        queue.push_back((Key { module: number(module), func: 0 }, entry.when.clone()));
                        if matches!(entry.when.as_str(), "run" | "install" | "build") {
                            whens.mains.insert((number(module), entry.when.clone()));
                        }
                    }
                    Some(wanted) => {
                        for (func, _) in lowered.functions.iter().enumerate() {
                            let key = Key { module: number(module), func: number(func) };
                            let name = qualified(lowered, FuncId(key.func));
                            // Of a class the methods that whoever makes an instance of it calls.
                            let method = name
                                .strip_prefix(wanted.as_str())
                                .and_then(|rest| rest.strip_prefix('.'))
                                .is_some_and(|method| CALLED_OF_CLASS.contains(&method));
                            if name == *wanted || (method && entry.when != "run") {
                                queue.push_back((key, entry.when.clone()));
                            }
                        }
                        // Running a function means importing its module first.
                        queue.push_back((Key { module: number(module), func: 0 }, entry.when.clone()));
                    }
                }
            }
        }
        for (key, kinds) in &self.registered {
            for kind in kinds {
                queue.push_back((*key, kind.clone()));
            }
        }
        while let Some((key, when)) = queue.pop_front() {
            if !whens.reached.entry(key).or_default().insert(when.clone()) {
                continue;
            }
            // Only the file that is started itself is the main program; what it imports is not.
            let is_main = whens.mains.contains(&(self.file_of(key.module), when.clone()));
            for callee in edges.get(&key).into_iter().flatten() {
                if self.main_calls.contains(&(key, *callee)) && !is_main {
                    continue;
                }
                // A file that was reached as a module is walked again once it is reached as a program.
                if self.started.contains(&(key, *callee))
                    && whens.mains.insert((callee.module, when.clone()))
                    && let Some(reached) = whens.reached.get_mut(callee)
                {
                    reached.remove(&when);
                }
                queue.push_back((*callee, when.clone()));
            }
        }
        whens
    }

    /// The functions of a module that a build tool calls by their names: those that stand in it, those that it takes from
    /// another one, and methods of classes in it or of objects that it holds.
    fn build_hooks(&self, module: u32) -> Vec<Key> {
        let Some(lowered) = self.modules.get(module as usize) else { return Vec::new() };
        let mut found: Vec<Key> = Vec::new();
        let is_hook = |key: &Key| {
            self.modules
                .get(key.module as usize)
                .and_then(|module| module.function(FuncId(key.func)))
                .is_some_and(|function| BUILD_HOOKS.contains(&function.name.as_str()))
        };
        let members = |class: Key, found: &mut Vec<Key>| {
            let Some(owner) = self.modules.get(class.module as usize) else { return };
            for (func, function) in owner.functions.iter().enumerate() {
                let key = Key { module: class.module, func: number(func) };
                if function.parent == Some(FuncId(class.func)) && is_hook(&key) {
                    found.push(key);
                }
            }
        };
        for (func, function) in lowered.functions.iter().enumerate() {
            let key = Key { module, func: number(func) };
            match function.kind {
                FunctionKind::Class => members(key, &mut found),
                _ if function.parent == Some(FuncId::MODULE) && is_hook(&key) => found.push(key),
                _ => {}
            }
        }
        let slots = lowered.function(FuncId::MODULE).map_or(0, |function| function.slots.len());
        for slot in 0..slots {
            let place = (module, SlotRef { func: FuncId::MODULE, slot: number(slot) });
            for reference in self.shared.get(&place).map(super::value::Value::refs).unwrap_or_default() {
                match reference {
                    Ref::Function(key, _) if is_hook(key) => found.push(*key),
                    Ref::Class(class) => members(*class, &mut found),
                    Ref::Object(id) => {
                        if let Some(ObjectKind::Instance(class)) = self.object(*id).map(|object| object.kind) {
                            members(class, &mut found);
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// When something in a function runs: what stands under a test for the main program does not run on import.
    fn when_of(&self, function: Key, guards: &[Guard], whens: &Whens) -> BTreeSet<SmolStr> {
        let mut when = whens.reached.get(&function).cloned().unwrap_or_default();
        if guards.iter().any(|guard| guard.kind == "main" && guard.holds) {
            let file = self.file_of(function.module);
            when.retain(|when| whens.mains.contains(&(file, when.clone())));
        }
        when
    }

    /// When a value goes from its source to a sink: when both run. What is never called brings nothing to what is.
    fn when_of_path(&self, origin: &Origin, sink: &SinkData, whens: &Whens, events: &[Event]) -> BTreeSet<SmolStr> {
        let mut when = self.when_of(sink.function, &sink.guards, whens);
        if !matches!(origin.key, OriginKey::Param(..))
            && let Some(event) = origin.event.and_then(|event| events.get(event))
        {
            when.retain(|when| event.when.contains(when));
        }
        when
    }

    fn guards(&mut self, module: u32, guards: &[structure::RawGuard]) -> Vec<Guard> {
        guards
            .iter()
            .map(|guard| Guard {
                kind: SmolStr::default(),
                text: SmolStr::new(&guard.text),
                holds: guard.holds,
                evidence: self.place_in(module, guard.span, None),
            })
            .collect()
    }

    fn structure_facts(
        &mut self,
        structures: &[Structure],
        function_of: &dyn Fn(Key) -> FunctionId,
        facts: &mut Facts,
    ) {
        for (index, raw) in structures.iter().enumerate() {
            let module = number(index);
            let key = |func: FuncId| Key { module, func: func.0 };
            let first_handler = number(facts.handlers.len());
            for handler in &raw.handlers {
                facts.handlers.push(HandlerFacts {
                    exceptions: handler.exceptions.clone(),
                    broad: handler.broad,
                    swallows: handler.swallows,
                    evidence: self.place_in(module, handler.span, None),
                    function: function_of(key(handler.func)),
                    import_fallback: handler.import_fallback,
                });
            }
            for store in &raw.dead_stores {
                facts.dead_stores.push(DeadStore {
                    variable: store.variable.clone(),
                    key: store.key.clone(),
                    value: store.value.clone(),
                    lost: store.lost.clone(),
                    shadowed: store.shadowed.clone(),
                    evidence: self.place_in(module, store.span, Some(&store.variable)),
                    container: store.container.map(|span| self.place_in(module, span, Some(&store.variable))),
                    function: function_of(key(store.func)),
                });
            }
            for raise in &raw.raises {
                let guards = self.guards(module, &raise.guards);
                facts.raises.push(Raise {
                    exception: raise.exception.clone(),
                    args: raise.args.clone(),
                    evidence: self.place_in(module, raise.span, Some(&raise.exception)),
                    function: function_of(key(raise.func)),
                    guards,
                    handler: raise.handler.map(|handler| handler + first_handler),
                    passes_caught: raise.passes_caught,
                });
            }
        }
        let modules: Vec<_> = self.modules.clone();
        let pairs: Vec<(&Module, &Structure)> = modules.iter().map(AsRef::as_ref).zip(structures).collect();
        for helper in structure::unused_helpers(&pairs) {
            let module = number(helper.module);
            let key = |func: FuncId| Key { module, func: func.0 };
            facts.unused_helpers.push(UnusedHelper {
                helper: function_of(key(helper.candidate.helper)),
                user: function_of(key(helper.candidate.user)),
                sibling: helper.candidate.sibling.clone(),
                sibling_call: self.place_in(module, helper.candidate.sibling_call, Some(&helper.candidate.sibling)),
                unused: helper
                    .unused
                    .iter()
                    .map(|constant| match &constant.name {
                        Some(name) => format!("{name} = {}", constant.value),
                        None => constant.value.clone(),
                    })
                    .collect(),
            });
        }
    }

    fn module_facts(
        &mut self,
        structures: &[Structure],
        whens: &Whens,
        function_of: &dyn Fn(Key) -> FunctionId,
        facts: &mut Facts,
    ) {
        for (index, raw) in structures.iter().enumerate() {
            let module = number(index);
            let lowered = self.module(module);
            let body = Key { module, func: FuncId::MODULE.0 };
            let lost: Vec<Span> =
                lowered.diagnostics.iter().filter(|diagnostic| diagnostic.lost).map(|d| d.span).collect();
            let lost = lost.into_iter().map(|span| self.place_in(module, span, None)).collect();
            let diagnostics = lowered
                .diagnostics
                .iter()
                .map(|diagnostic| (self.place_in(module, diagnostic.span, None), diagnostic.message.clone()))
                .collect();
            let imports = self.imports.get(index).cloned().unwrap_or_default();
            let mut seen = BTreeSet::new();
            let imports = imports
                .into_iter()
                .filter(|(name, _, place)| seen.insert((name.clone(), *place)))
                .map(|(name, internal, evidence)| Import {
                    fallback: self.places.get(evidence.0 as usize).is_some_and(|(_, span, _)| {
                        raw.handlers.iter().any(|handler| {
                            handler.import_fallback && handler.span.start <= span.start && span.end <= handler.span.end
                        })
                    }),
                    name,
                    internal: internal.map(ModuleId),
                    evidence,
                })
                .collect();
            let form = Form {
                longest_literal: raw.form.longest_literal,
                longest_literal_at: raw.form.longest_literal_at.map(|span| self.place_in(module, span, None)),
                dense_literal_bytes: raw.form.dense_literal_bytes,
                dense_literal_at: raw.form.dense_literal_at.map(|span| self.place_in(module, span, None)),
                longest_line: raw.form.longest_line,
                computed_names: self.computed_names.get(index).copied().unwrap_or(0),
                strange_characters: raw.form.strange_characters,
                strange_at: raw.form.strange_at.map(|span| self.place_in(module, span, None)),
                pushed_lines: raw.form.pushed_lines,
                pushed_at: raw.form.pushed_at.map(|span| self.place_in(module, span, None)),
            };
            let depth = self.depth.get(index).copied().unwrap_or(0);
            let name = self.program.name(module);
            facts.modules.push(ModuleFacts {
                path: lowered.path.clone(),
                name: (depth == 0 && !name.is_empty()).then(|| name.to_owned()),
                depth,
                layer: None,
                language: SmolStr::new(lowered.language.name()),
                doc: lowered.function(FuncId::MODULE).and_then(|function| function.doc.clone()),
                imports,
                diagnostics,
                lost,
                // Behind the last line break no line begins.
                lines: number(lowered.line_starts.partition_point(|start| (*start as usize) < lowered.text.len())),
                bytes: lowered.text.len() as u64,
                text: Arc::clone(&lowered.text),
                body: function_of(body),
                when: whens.reached.get(&body).cloned().unwrap_or_default(),
                form,
            });
        }
    }

    fn function_facts(
        &mut self,
        structures: &[Structure],
        ids: &BTreeMap<Key, FunctionId>,
        whens: &Whens,
        facts: &mut Facts,
    ) {
        let mut calls: BTreeMap<Key, Vec<(FunctionId, EvidenceId)>> = BTreeMap::new();
        let mut orders: BTreeMap<Key, Vec<u32>> = BTreeMap::new();
        for ((caller, callee), place) in &self.calls {
            if let Some(id) = ids.get(callee) {
                calls.entry(*caller).or_default().push((*id, *place));
                let order = self.call_orders.get(&(*caller, *callee)).copied().unwrap_or_default();
                orders.entry(*caller).or_default().push(order);
            }
        }
        for key in ids.keys() {
            let module = self.module(key.module);
            let Some(function) = module.function(FuncId(key.func)) else { continue };
            let class = function
                .parent
                .filter(|parent| module.function(*parent).is_some_and(|f| f.kind == FunctionKind::Class));
            let kind = match (function.kind, class) {
                (FunctionKind::Module, _) => "module",
                (FunctionKind::Class, _) => "class",
                (FunctionKind::Lambda, _) => "lambda",
                (FunctionKind::Function, Some(_)) => "method",
                (FunctionKind::Function, None) => "function",
            };
            let skip = usize::from(class.is_some());
            let bases = self
                .classes
                .get(key)
                .map(|bases| {
                    bases
                        .iter()
                        .zip(&function.bases)
                        .map(|(value, arg)| {
                            value.refs().first().and_then(|reference| self.symbol_of(reference)).unwrap_or_else(|| {
                                SmolStr::new(module.expr(arg.value).map_or("", |expr| module.slice(expr.span)))
                            })
                        })
                        .collect()
                })
                .unwrap_or_default();
            let unused = structures
                .get(key.module as usize)
                .and_then(|raw| {
                    let at = raw.unused_params.binary_search_by_key(&key.func, |(func, _)| func.0).ok()?;
                    raw.unused_params.get(at)
                })
                .map(|(_, names)| names.clone())
                .unwrap_or_default();
            let span = if function.kind == FunctionKind::Module {
                Span { start: 0, end: module.line_starts.get(1).copied().unwrap_or(0).saturating_sub(1) }
            } else {
                function.name_span
            };
            facts.functions.push(FunctionFacts {
                module: ModuleId(key.module),
                name: function.name.clone(),
                qualified: if kind == "module" { module.path.clone() } else { qualified(&module, FuncId(key.func)) },
                kind: SmolStr::new_static(kind),
                class: class.and_then(|class| ids.get(&Key { module: key.module, func: class.0 }).copied()),
                params: function.params.iter().skip(skip).map(|param| param.name.clone()).collect(),
                evidence: self.place_in(key.module, span, Some(&function.name)),
                doc: function.doc.clone(),
                public: is_public(&module, FuncId(key.func)),
                calls: calls.get(key).cloned().unwrap_or_default(),
                call_orders: orders.get(key).cloned().unwrap_or_default(),
                bases,
                when: whens.reached.get(key).cloned().unwrap_or_default(),
                unused_params: unused,
                property: class.is_some() && is_property(&module, function),
                trivial: function.body.len() <= 1
                    && function.body.iter().all(|stmt| matches!(stmt.kind, StmtKind::Pass | StmtKind::Expr(_))),
            });
        }
    }

    fn event_facts(&mut self, whens: &Whens, function_of: &dyn Fn(Key) -> FunctionId, facts: &mut Facts) {
        // Nothing asks for the engine's own any more, and a package may have hundreds of thousands: they are not copied.
        for event in std::mem::take(&mut self.events) {
            let when = self.when_of(event.function, &event.guards, whens);
            facts.events.push(Event {
                actions: event.actions,
                // What a command prints is read only where something takes the call's result.
                source: event.source.filter(|kind| !event.dropped || kind != "process.output"),
                symbol: event.symbol,
                written: event.written,
                evidence: event.place,
                function: function_of(event.function),
                args: event
                    .args
                    .into_iter()
                    .map(|arg| ArgFact { name: arg.name, roles: arg.roles, value: arg.fact, evidence: arg.place })
                    .collect(),
                receiver: event.receiver,
                result: event.result,
                guards: event.guards,
                silent: event.silent,
                looped: event.looped,
                dropped: event.dropped,
                order: event.order,
                when,
                presumed: event.presumed.as_deref().map(str::to_owned),
            });
        }
    }

    fn path_facts(&self, whens: &Whens, function_of: &dyn Fn(Key) -> FunctionId, facts: &mut Facts) {
        let mut confirmer = confirm::Confirmer::new(&self.modules);
        let mut paths: Vec<Path> = Vec::with_capacity(self.flows.len());
        for flow in self.flows.values() {
            let Some(origin) = self.origins.get(flow.origin as usize) else { continue };
            let mut steps = Vec::new();
            self.expand(Label { origin: flow.origin, trace: flow.trace }, &mut steps, 0, false);
            steps.dedup_by(|a, b| a.evidence == b.evidence && a.kind == b.kind);
            if let Some(first) = steps.first_mut() {
                first.kind = StepKind::Source;
            }
            if steps.len() > MOST_STEPS {
                // The ends matter most.
                let tail = steps.split_off(steps.len() - MOST_STEPS / 2);
                steps.truncate(MOST_STEPS / 2);
                steps.extend(tail);
            }
            let sink = &flow.sink;
            // What an unknown call gives may be a part, a number or a status of what went in. That is worth following to
            // the network, a command or a file; of a log or an exception it would be an empty guess.
            let guessed = matches!(sink.key.kind.as_str(), "exception" | "log" | "return" | "serialize")
                && steps
                    .iter()
                    .any(|step| step.kind == StepKind::Through && self.unknown_sites.contains(&step.evidence));
            if guessed {
                continue;
            }
            let is_param = matches!(origin.key, OriginKey::Param(..));
            let proven = sink.presumed.is_none() && !is_param && {
                let marks: Vec<confirm::Mark> = steps
                    .iter()
                    .filter_map(|step| {
                        let (module, span) = self.place_span(step.evidence)?;
                        Some(confirm::Mark { kind: step.kind, module, span, text: step.text.clone() })
                    })
                    .collect();
                confirmer.confirms(&marks)
            };
            let kind = self.source_kind(origin);
            paths.push(Path {
                source: PathSource {
                    kind,
                    symbol: origin.symbol.clone(),
                    detail: origin.detail.clone(),
                    evidence: origin.place,
                    function: function_of(origin.function),
                    event: origin.event.map(|event| EventId(number(event))),
                },
                sink: PathSink {
                    kind: sink.key.kind.clone(),
                    symbol: sink.symbol.clone(),
                    arg: sink.key.arg.clone(),
                    evidence: sink.key.place,
                    function: function_of(sink.function),
                    event: sink.event.map(|event| EventId(number(event))),
                },
                steps,
                presumed: sink.presumed.as_deref().map(str::to_owned),
                proven,
                guards: Arc::clone(&sink.guards),
                when: self.when_of_path(origin, sink, whens, &facts.events),
            });
        }
        let order = |id: EvidenceId| self.places.get(id.0 as usize).map(|(module, span, _)| (*module, *span));
        paths.sort_by(|a, b| {
            order(a.sink.evidence)
                .cmp(&order(b.sink.evidence))
                .then_with(|| order(a.source.evidence).cmp(&order(b.source.evidence)))
                .then_with(|| a.source.kind.cmp(&b.source.kind))
                .then_with(|| a.sink.kind.cmp(&b.sink.kind))
                .then_with(|| a.sink.arg.cmp(&b.sink.arg))
        });
        facts.paths = paths;
    }

    /// The kind of a source, told more exactly by what the path of a file or a command names.
    fn source_kind(&self, origin: &Origin) -> SmolStr {
        let family = match origin.kind.as_str() {
            "file" => "file",
            "process.output" => "command",
            _ => return origin.kind.clone(),
        };
        if let Some(detail) = &origin.detail
            && let Some(kind) = self.catalog.classes().source_kind(family, detail.split(" or "))
        {
            return SmolStr::new(kind);
        }
        origin.kind.clone()
    }

    fn place_span(&self, id: EvidenceId) -> Option<(u32, Span)> {
        self.places.get(id.0 as usize).map(|(module, span, _)| (*module, *span))
    }

    /// The steps of a trace in order.
    fn expand(&self, label: Label, steps: &mut Vec<PathStep>, depth: u32, skip_first: bool) {
        /// Functions inside functions whose steps are told.
        const DEEPEST: u32 = 12;
        /// Nodes of one trace that are looked at.
        const LONGEST: usize = 400;
        let way = self.ways.back(label.trace, label.origin, LONGEST);
        for (position, step) in way.into_iter().rev().enumerate() {
            if !(skip_first && position == 0) {
                steps.push(PathStep { evidence: step.place, kind: step.kind, text: self.ways.text(step) });
            }
            if let Some((trace, origin)) = step.inner
                && depth < DEEPEST
                && steps.len() < LONGEST
            {
                self.expand(Label { origin, trace }, steps, depth + 1, true);
            }
        }
    }

    fn constant_facts(&mut self, function_of: &dyn Fn(Key) -> FunctionId, facts: &mut Facts) {
        for index in 0..self.modules.len() {
            let module = number(index);
            let lowered = self.module(module);
            let mut told = 0;
            for (func, function) in lowered.functions.iter().enumerate() {
                if !matches!(function.kind, FunctionKind::Module | FunctionKind::Class) {
                    continue;
                }
                for stmt in &function.body {
                    let StmtKind::Assign { targets, value } = &stmt.kind else { continue };
                    let [Target::Slot(slot, span)] = targets.as_slice() else { continue };
                    let slot: SlotRef = *slot;
                    let Some(known) = self.shared.get(&(module, slot)) else { continue };
                    let Some(text) = known.known_text() else { continue };
                    let computed = lowered.expr(*value).is_some_and(|expr| !matches!(expr.kind, ExprKind::Const(_)));
                    let address = text.contains("://") || text.starts_with('/') || text.starts_with("api/");
                    if !(computed || address) || text.len() < 3 || told >= MOST_CONSTANTS {
                        continue;
                    }
                    told += 1;
                    let name = self.slot_name(&lowered, slot);
                    let owner = if function.kind == FunctionKind::Module {
                        name.clone()
                    } else {
                        SmolStr::new(format!("{}.{name}", qualified(&lowered, FuncId(number(func)))))
                    };
                    let fact = self.value_fact(&known.clone(), false);
                    facts.constants.push(ConstantFact {
                        name: owner,
                        value: fact,
                        evidence: self.place_in(module, span.to(stmt.span), Some(&name)),
                        function: function_of(Key { module, func: number(func) }),
                    });
                }
            }
        }
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// `Class.method`, `outer.inner`.
fn qualified(module: &Module, func: FuncId) -> String {
    let mut names = Vec::new();
    let mut next = Some(func);
    while let Some(id) = next {
        let Some(function) = module.function(id) else { break };
        if function.kind == FunctionKind::Module {
            break;
        }
        names.push(function.name.as_str());
        next = function.parent;
        if names.len() > 32 {
            break;
        }
    }
    names.reverse();
    names.join(".")
}

/// True if a decorator makes the method an attribute to its users: `@property`, `@functools.cached_property`,
/// `@name.setter`.
fn is_property(module: &Module, function: &sluice_syntax::ir::Function) -> bool {
    function.decorators.iter().filter_map(|id| module.expr(*id)).any(|expr| {
        let name = match &expr.kind {
            ExprKind::Free(name) | ExprKind::Attr { name, .. } => name.as_str(),
            ExprKind::Slot(_) => module.slice(expr.span),
            _ => return false,
        };
        name.ends_with("property") || matches!(name, "setter" | "deleter")
    })
}

fn is_public(module: &Module, func: FuncId) -> bool {
    let mut next = Some(func);
    let mut first = true;
    while let Some(id) = next {
        let Some(function) = module.function(id) else { return true };
        match function.kind {
            FunctionKind::Module => return true,
            FunctionKind::Function | FunctionKind::Lambda if !first => return false,
            FunctionKind::Lambda => return false,
            _ => {}
        }
        if function.name.starts_with('_') && !(function.name.starts_with("__") && function.name.ends_with("__")) {
            return false;
        }
        first = false;
        next = function.parent;
    }
    true
}
