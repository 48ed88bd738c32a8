//! The facts as rules ask for them: by kind, with roles resolved, and with the order and nearness of functions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_catalog::behavior::{ARG_PREFIX, SOURCE_PREFIX};
use sluice_catalog::{Catalog, Classes, Step, kinds};
use sluice_flow::facts::{
    Event, EventId, EvidenceId, Facts, FunctionId, Guard, ModuleId, Path, PathId, is_beside_code,
};
use smol_str::SmolStr;

use super::value::{Candidate, View, holds};

/// Most steps of a path that stays in one file which is short.
const SHORT_WAY: usize = 16;

/// How many calls up two functions may be apart and still be near.
const NEAR_CALLS: u32 = 3;

/// How many callers of a function are looked at.
const MAX_CALLERS: usize = 256;

/// How many connections of one receiver are asked for their destination.
const MAX_CONNECTIONS: usize = 16;

/// Functions that call a function, itself included: how many calls up, and the place of the call in it.
type Callers = BTreeMap<FunctionId, (u32, Option<(EvidenceId, u32)>)>;

/// Facts with their indexes.
pub(super) struct Context<'a> {
    pub(super) facts: &'a Facts,
    /// The folder `name-version/` that holds everything.
    pub(super) root: &'a str,
    catalog: &'a Catalog,
    pub(super) classes: &'a Classes,
    /// Events by action and by sink kind of an argument.
    events: FxHashMap<&'a str, Vec<EventId>>,
    /// Paths by sink kind.
    paths: FxHashMap<&'a str, Vec<PathId>>,
    /// Events that give a receiver or result its destination, by identity.
    connections: FxHashMap<u64, Vec<EventId>>,
    /// For each socket that is made, by identity, whether its family is that of this machine alone.
    sockets: FxHashMap<u64, Vec<bool>>,
    /// Number of decoders on the way to a module.
    module_codings: Vec<u32>,
    /// Number of decoders on the way to what an event executes.
    event_codings: FxHashMap<EventId, u32>,
    /// Direct callers with the place of the call.
    callers: FxHashMap<FunctionId, Vec<(FunctionId, EvidenceId, u32)>>,
    ancestors: RefCell<FxHashMap<FunctionId, Rc<Callers>>>,
    /// True if some function is known to be reached from an entry point.
    declares: bool,
    /// The folder in which everything lies, empty if it is none; `None` if that is a package itself.
    outer: Option<&'a str>,
    /// Folders that are packages: those with an `__init__.py`.
    initialized: FxHashSet<String>,
}

impl<'a> Context<'a> {
    pub(super) fn new(facts: &'a Facts, catalog: &'a Catalog) -> Self {
        let mut events: FxHashMap<&str, Vec<EventId>> = FxHashMap::default();
        let mut connections: FxHashMap<u64, Vec<EventId>> = FxHashMap::default();
        let mut sockets: FxHashMap<u64, Vec<bool>> = FxHashMap::default();
        for (index, event) in facts.events.iter().enumerate() {
            let Ok(index) = u32::try_from(index) else { break };
            let id = EventId(index);
            let roles = event.args.iter().flat_map(|arg| &arg.roles).filter(|role| kinds::is_sink(role));
            for kind in event.actions.iter().chain(roles).map(SmolStr::as_str).collect::<BTreeSet<_>>() {
                events.entry(kind).or_default().push(id);
            }
            if event.symbol == "socket.socket" {
                let family = event.args.iter().find(|arg| arg.name == "family");
                let is_local = family.is_some_and(|arg| arg.value.shape.trim_matches('`').ends_with("AF_UNIX"));
                for token in &event.result {
                    sockets.entry(*token).or_default().push(is_local);
                }
            }
            if names_destination(event) {
                let receiver = event.receiver.iter().flat_map(|value| &value.tokens);
                for token in receiver.chain(&event.result) {
                    connections.entry(*token).or_default().push(id);
                }
            }
        }
        let mut paths: FxHashMap<&str, Vec<PathId>> = FxHashMap::default();
        for (path, index) in facts.paths.iter().zip(0..) {
            paths.entry(path.sink.kind.as_str()).or_default().push(PathId(index));
        }
        let mut callers: FxHashMap<FunctionId, Vec<(FunctionId, EvidenceId, u32)>> = FxHashMap::default();
        for (function, index) in facts.functions.iter().zip(0..) {
            for (position, (callee, place)) in function.calls.iter().enumerate() {
                let order = function.call_orders.get(position).copied().unwrap_or_default();
                callers.entry(*callee).or_default().push((FunctionId(index), *place, order));
            }
        }
        // Importing a module runs its body, and executing text runs the layer's: both are calls for order and nearness.
        for module in &facts.modules {
            for import in &module.imports {
                if let Some(imported) = import.internal.and_then(|id| facts.modules.get(id.0 as usize)) {
                    callers.entry(imported.body).or_default().push((module.body, import.evidence, 0));
                }
            }
        }
        let mut event_codings = FxHashMap::default();
        let module_codings = module_codings(facts);
        for layer in &facts.layers {
            let before = module_codings.get(layer.parent.0 as usize).copied().unwrap_or(0);
            let own = decoders(&layer.codings);
            let codings: &mut u32 = event_codings.entry(layer.event).or_default();
            *codings = (*codings).max(before.saturating_add(own));
            let body = layer.module.and_then(|id| facts.modules.get(id.0 as usize)).map(|module| module.body);
            if let (Some(body), Some(event)) = (body, facts.event(layer.event)) {
                callers.entry(body).or_default().push((event.function, layer.evidence, event.order));
            }
        }
        let (classes, ancestors) = (catalog.classes(), RefCell::default());
        let declares = facts.functions.iter().any(|function| !function.when.is_empty());
        let folders = facts.modules.iter().filter_map(|module| module.path.strip_suffix("/__init__.py"));
        let initialized = folders.map(str::to_owned).collect();
        Self {
            facts,
            root: crate::prose::phrases::root_of(facts),
            catalog,
            classes,
            events,
            paths,
            connections,
            sockets,
            module_codings,
            event_codings,
            callers,
            ancestors,
            declares,
            outer: outer(facts),
            initialized,
        }
    }

    pub(super) fn path(&self, candidate: Candidate) -> Option<&'a Path> {
        candidate.path_id().and_then(|id| self.facts.paths.get(id.0 as usize))
    }

    pub(super) fn event_id(&self, candidate: Candidate) -> Option<EventId> {
        match candidate {
            Candidate::Event(id) => Some(id),
            Candidate::Path(_) => self.path(candidate).and_then(|path| path.sink.event),
        }
    }

    pub(super) fn event(&self, candidate: Candidate) -> Option<&'a Event> {
        self.event_id(candidate).and_then(|id| self.facts.event(id))
    }

    /// Where a step acts: the event, or the sink of the path.
    pub(super) fn site(&self, candidate: Candidate) -> Option<EvidenceId> {
        match self.path(candidate) {
            Some(path) => Some(path.sink.evidence),
            None => self.event(candidate).map(|event| event.evidence),
        }
    }

    pub(super) fn function(&self, candidate: Candidate) -> Option<FunctionId> {
        match self.path(candidate) {
            Some(path) => Some(path.sink.function),
            None => self.event(candidate).map(|event| event.function),
        }
    }

    pub(super) fn presumed(&self, candidate: Candidate) -> bool {
        let event = self.event(candidate).is_some_and(|event| event.presumed.is_some());
        event || self.path(candidate).is_some_and(|path| path.presumed.is_some())
    }

    pub(super) fn guards(&self, candidate: Candidate) -> &'a [Guard] {
        match (self.path(candidate), self.event(candidate)) {
            (Some(path), _) => &path.guards,
            (None, Some(event)) => &event.guards,
            (None, None) => &[],
        }
    }

    /// The candidates that fit a step alone, in the order of the facts.
    pub(super) fn candidates(&self, step: &Step) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = if step.is_path() {
            let kinds = step.sink.iter().filter_map(|kind| self.paths.get(kind.as_str()));
            kinds.flatten().map(|id| Candidate::Path(*id)).collect()
        } else if step.event.is_empty() {
            (0..).zip(&self.facts.events).map(|(id, _)| Candidate::Event(EventId(id))).collect()
        } else {
            let kinds = step.event.iter().filter_map(|kind| self.events.get(kind.as_str()));
            kinds.flatten().map(|id| Candidate::Event(*id)).collect()
        };
        all.retain(|candidate| self.fits(step, *candidate));
        all.sort_unstable();
        all.dedup();
        all
    }

    fn fits(&self, step: &Step, candidate: Candidate) -> bool {
        if !step.presumed && self.presumed(candidate) {
            return false;
        }
        let symbol = match (self.path(candidate), self.event(candidate)) {
            (Some(path), _) => path.sink.symbol.as_str(),
            (None, Some(event)) => event.symbol.as_str(),
            (None, None) => return false,
        };
        if !(step.symbol.is_empty() || symbol_fits(&step.symbol, symbol)) || symbol_fits(&step.symbol_not, symbol) {
            return false;
        }
        if let Some(path) = self.path(candidate) {
            // How a parameter's name is written is a matter of style: `SecretKey`, `secret_key`.
            let named = |symbol: &str| symbol_fits(&step.source_symbol, symbol);
            let named_alike = || path.source.kind == "parameter" && named(&path.source.symbol.to_lowercase());
            if symbol_fits(&step.source_symbol_not, &path.source.symbol) {
                return false;
            }
            if !step.source_symbol.is_empty() && !named(&path.source.symbol) && !named_alike() {
                return false;
            }
            if !self.source_fits(step, path) || (step.source_near && !self.read_near(path)) {
                return false;
            }
        }
        self.stands(step, candidate)
            && step.with.iter().all(|predicate| {
                // A helper that fetches is one event for all that is fetched: which of its texts belongs to the other
                // steps is not known.
                let unasked = (step.alone || matches!(candidate, Candidate::Path(_))) && self.is_unasked(candidate);
                holds(predicate, &self.views(&predicate.role, candidate), self.classes, unasked)
            })
    }

    /// True for what runs without a call: nobody chose then among what it may be given.
    fn is_unasked(&self, candidate: Candidate) -> bool {
        self.when(candidate).is_some_and(|when| when.iter().any(|when| when != "run"))
    }

    /// A read of a file whose path is known to be a particular one counts as the particular kind as well.
    fn source_fits(&self, step: &Step, path: &Path) -> bool {
        let kind = path.source.kind.as_str();
        if step.source.iter().any(|wanted| wanted == "any" || wanted == kind) {
            return true;
        }
        if kind != "file" || step.source.iter().any(|wanted| wanted == "file") {
            return false;
        }
        let event = path.source.event.and_then(|id| self.facts.event(id));
        let paths = event.iter().flat_map(|event| &event.args).filter(|arg| has_role(&arg.roles, "file.path"));
        let texts = paths.flat_map(|arg| View::Value(&arg.value).texts()).chain(path.source.detail.as_deref());
        let particular = self.classes.source_kind("file", texts);
        particular.is_some_and(|particular| step.source.iter().any(|wanted| wanted == particular))
    }

    /// The command whose output the source of a path is: by it one output is another than the next.
    pub(super) fn command_of(&self, path: &Path) -> Option<&'a str> {
        let event = path.source.event.filter(|_| path.source.kind == "process.output");
        let args = event.and_then(|id| self.facts.event(id)).map_or(&[][..], |event| &event.args);
        let command = args.iter().find(|arg| has_role(&arg.roles, "process.command"))?;
        Some(command.value.text.as_deref().unwrap_or(&command.value.shape))
    }

    /// True if most of the candidate's file is dense literals.
    fn dense(&self, candidate: Candidate) -> bool {
        let evidence = match (self.path(candidate), self.event(candidate)) {
            (Some(path), _) => path.sink.evidence,
            (None, Some(event)) => event.evidence,
            (None, None) => return false,
        };
        let place = self.facts.evidence(evidence);
        let module = place.and_then(|place| self.facts.modules.get(place.module.0 as usize));
        module.is_some_and(|module| module.bytes > 0 && module.form.dense_literal_bytes * 2 > module.bytes)
    }

    /// True if the source of a path is read near its sink. What went a long way through a program is joined with
    /// whatever else goes the same way.
    fn read_near(&self, path: &Path) -> bool {
        let (from, to) = (path.source.function, path.sink.function);
        let class = |id| self.facts.function(id).and_then(|function| function.class);
        if from == to || (class(from).is_some() && class(from) == class(to)) {
            return true;
        }
        // A short way inside of one file is near as well, whatever calls lie between.
        let file = |id| self.facts.function(id).map(|function| function.module);
        if path.steps.len() <= SHORT_WAY && file(from) == file(to) {
            return true;
        }
        let (from, to) = (self.ancestors(from), self.ancestors(to));
        from.iter().any(|(id, (up, _))| to.get(id).is_some_and(|(other, _)| up + other <= NEAR_CALLS))
    }

    /// True unless the candidate, or the source of the path, is in what nothing of the package runs and no user imports: in
    /// the body of a script beside its packages that nothing starts and no file imports, or in a test.
    fn reached(&self, candidate: Candidate) -> bool {
        // Of a file alone, or of what declares nothing, nobody knows who starts it.
        if !self.declares {
            return true;
        }
        let source = self.path(candidate).map(|path| path.source.function);
        self.function(candidate).into_iter().chain(source).all(|function| self.runs(function))
    }

    fn runs(&self, function: FunctionId) -> bool {
        let path_of = |id| {
            let found = self.facts.function(id)?;
            self.facts.modules.get(found.module.0 as usize).map(|module| module.path.as_str())
        };
        let found = self.facts.function(function);
        let module = found.and_then(|found| self.facts.modules.get(found.module.0 as usize));
        let (Some(found), Some(module)) = (found, module) else { return true };
        let test = is_test(&module.path);
        let script = module.body == function && self.stands_beside_packages(&module.path);
        // A test that a manifest names is started by whoever develops the package.
        let counts = |when: &BTreeSet<SmolStr>| when.iter().any(|when| !test || when != "run");
        if counts(&found.when) || module.depth > 0 || !(test || script) {
            return true;
        }
        let started = self.facts.function(module.body).is_none_or(|body| counts(&body.when));
        let importers = self.callers.get(&module.body).map_or(&[][..], Vec::as_slice);
        started || importers.iter().any(|(importer, ..)| !test || path_of(*importer).is_none_or(|path| !is_test(path)))
    }

    /// True for a script of Python in the outermost folder of a package, or in a folder there for tests, documentation and
    /// examples: no module lies there that can be imported once the package is installed, unless it is declared. Of a
    /// package for Node every file is installed.
    fn stands_beside_packages(&self, path: &str) -> bool {
        let Some(outer) = self.outer.filter(|_| path.ends_with(".py")) else { return false };
        let Some(inside) = path.strip_prefix(outer) else { return false };
        let inside = inside.trim_start_matches('/');
        match inside.rsplit_once('/') {
            None => true,
            Some((folder, _)) => is_beside_code(inside) && !self.initialized.contains(&format!("{outer}/{folder}")),
        }
    }

    /// The entry points that reach a candidate.
    pub(super) fn when(&self, candidate: Candidate) -> Option<&'a BTreeSet<SmolStr>> {
        match (self.path(candidate), self.event(candidate)) {
            (Some(path), _) => Some(&path.when),
            (None, event) => event.map(|event| &event.when),
        }
    }

    /// Whether the candidate stands where the step asks: entry point, layer, guards, swallowed errors, loop.
    fn stands(&self, step: &Step, candidate: Candidate) -> bool {
        let event = self.event(candidate);
        let Some(when) = self.when(candidate) else { return false };
        if step.reached && !self.reached(candidate) {
            return false;
        }
        if !step.entry.is_empty() && !step.entry.iter().any(|entry| when.contains(entry)) {
            return false;
        }
        let guards = self.guards(candidate);
        let guarded = |kinds: &[SmolStr]| guards.iter().any(|guard| kinds.contains(&guard.kind));
        if (!step.guard.is_empty() && !guarded(&step.guard)) || guarded(&step.guard_not) {
            return false;
        }
        if let Some(pattern) = &step.guard_matches
            && !guards.iter().any(|guard| pattern.is_match(&guard.text))
        {
            return false;
        }
        if let Some(pattern) = &step.guard_matches_not
            && guards.iter().any(|guard| pattern.is_match(&guard.text))
        {
            return false;
        }
        if step.silent.is_some_and(|silent| event.is_none_or(|event| event.silent != silent))
            || step.dropped.is_some_and(|dropped| event.is_none_or(|event| event.dropped != dropped))
            || step.acts.is_some_and(|acts| self.acts(candidate) != acts)
            || step.looped.is_some_and(|looped| event.is_none_or(|event| event.looped != looped))
            || step.dense.is_some_and(|dense| self.dense(candidate) != dense)
        {
            return false;
        }
        let module = self.site(candidate).and_then(|site| self.facts.evidence(site)).map(|place| place.module);
        if let Some(layer) = step.layer {
            let depth = module.and_then(|id| self.facts.modules.get(id.0 as usize)).map_or(0, |module| module.depth);
            if layer != (depth > 0) {
                return false;
            }
        }
        step.codings == 0 || self.codings(candidate, module) >= step.codings
    }

    /// True if what the event executes does something when it is executed, or cannot be read; of an event inside of a
    /// layer, if executing the layer reaches it.
    fn acts(&self, candidate: Candidate) -> bool {
        const IDLE: &[&str] = &["environment.", "callback.", "serialize", "deserialize", "encode", "decode", "log"];
        let Some(id) = self.event_id(candidate) else { return true };
        let mut pending: Vec<usize> = (0..self.facts.layers.len())
            .filter(|index| self.facts.layers.get(*index).is_some_and(|layer| layer.event == id))
            .collect();
        if pending.is_empty() {
            // What stands in a layer itself acts if executing the layer is enough to reach it.
            let own = self.facts.event(id).and_then(|event| Some((event, self.module_of(event.evidence)?)));
            return own.is_none_or(|(event, module)| self.runs_with(event.function, module));
        }
        let mut seen = BTreeSet::new();
        while let Some(index) = pending.pop() {
            let Some(layer) = self.facts.layers.get(index).filter(|_| seen.insert(index)) else { continue };
            let Some(module) = layer.module else { return true };
            let loses = self.facts.modules.get(module.0 as usize).is_some_and(|module| !module.lost.is_empty());
            if loses || self.facts.unopened.iter().any(|unopened| self.module_of(unopened.evidence) == Some(module)) {
                return true;
            }
            let acts = |event: &Event| {
                self.module_of(event.evidence) == Some(module)
                    && self.runs_with(event.function, module)
                    && event.actions.iter().any(|action| {
                        action.contains('.')
                            && !IDLE.iter().any(|idle| action.starts_with(idle))
                            && !action.starts_with("code.")
                            && !action.starts_with("import.")
                    })
            };
            if self.facts.events.iter().any(acts) {
                return true;
            }
            pending.extend(
                (0..self.facts.layers.len())
                    .filter(|inner| self.facts.layers.get(*inner).is_some_and(|inner| inner.parent == module)),
            );
        }
        false
    }

    /// True if running the module's body is enough to run the function. Any other than a layer's body runs anyway.
    fn runs_with(&self, function: FunctionId, module: ModuleId) -> bool {
        let Some(facts) = self.facts.modules.get(module.0 as usize) else { return true };
        facts.depth == 0 || self.ancestors(function).contains_key(&facts.body)
    }

    fn module_of(&self, evidence: EvidenceId) -> Option<ModuleId> {
        self.facts.evidence(evidence).map(|place| place.module)
    }

    fn codings(&self, candidate: Candidate, module: Option<ModuleId>) -> u32 {
        let around = module.and_then(|id| self.module_codings.get(id.0 as usize)).copied().unwrap_or(0);
        let executed = self.event_id(candidate).and_then(|id| self.event_codings.get(&id)).copied().unwrap_or(0);
        // What executes a text is asked of that text, and not of the text in which it stands.
        let executes = self.event(candidate).is_some_and(|event| {
            event.actions.iter().any(|action| matches!(action.as_str(), "code.execute" | "memory.execute"))
        });
        if executes { executed } else { around.max(executed) }
    }

    /// The values behind a role, or behind several joined by `|`.
    pub(super) fn views(&self, roles: &str, candidate: Candidate) -> Vec<View<'a>> {
        let mut views = Vec::new();
        for role in roles.split('|') {
            match role.strip_prefix(SOURCE_PREFIX) {
                None if role == "sink" => {
                    let arg = self.path(candidate).map(|path| path.sink.arg.as_str());
                    let args = self.event(candidate).map_or(&[][..], |event| &event.args);
                    let taking = args.iter().filter(|known| arg == Some(known.name.as_str()));
                    views.extend(taking.map(|arg| View::Value(&arg.value)));
                }
                None => self.event_views(role, self.event_id(candidate), &mut views),
                Some("family") => {
                    let event = self.path(candidate).and_then(|path| path.source.event);
                    views.push(View::Text(self.family(event.and_then(|id| self.facts.event(id)))));
                }
                Some("detail") => {
                    let detail = self.path(candidate).and_then(|path| path.source.detail.as_deref());
                    views.extend(detail.map(View::Text));
                }
                Some(role) => {
                    self.event_views(role, self.path(candidate).and_then(|path| path.source.event), &mut views);
                }
            }
        }
        views
    }

    fn event_views(&self, role: &str, id: Option<EventId>, views: &mut Vec<View<'a>>) {
        let Some((id, event)) = id.and_then(|id| Some((id, self.facts.event(id)?))) else { return };
        match role {
            "self" => views.extend(event.receiver.iter().map(View::Value)),
            "result" => views.push(View::Tokens(&event.result)),
            "event" => views.push(View::Event(id)),
            "any" => {
                views.extend(event.args.iter().map(|arg| View::Value(&arg.value)));
                views.extend(event.receiver.iter().map(View::Value));
            }
            "destination" => self.destinations(event, views),
            _ => match role.strip_prefix(ARG_PREFIX) {
                Some(name) => {
                    views.extend(event.args.iter().filter(|arg| arg.name == name).map(|arg| View::Value(&arg.value)));
                }
                None => {
                    let fitting = event.args.iter().filter(|arg| has_role(&arg.roles, role));
                    views.extend(fitting.map(|arg| View::Value(&arg.value)));
                    // A receiver has the roles that the model gives to `self`, and is no argument.
                    let has_it = || {
                        self.catalog.any_model(&event.symbol).is_some_and(|model| has_role(model.roles("self"), role))
                    };
                    if let Some(receiver) = event.receiver.as_ref().filter(|_| has_it()) {
                        views.push(View::Value(receiver));
                    }
                }
            },
        }
    }

    /// `local` for a socket of this machine alone. One that is perhaps another is one of the network.
    fn family(&self, event: Option<&'a Event>) -> &'static str {
        let tokens = event.and_then(|event| event.receiver.as_ref()).map_or(&[][..], |value| &value.tokens);
        let mut made = tokens.iter().filter_map(|token| self.sockets.get(token)).flatten().peekable();
        let known = made.peek().is_some();
        if known && made.all(|local| *local) { "local" } else { "network" }
    }

    /// The address of the call itself, else those of the connections of its receiver or arguments.
    fn destinations(&self, event: &'a Event, views: &mut Vec<View<'a>>) {
        let before = views.len();
        own_destinations(event, views);
        // A path alone says nothing of the host, which the connection knows.
        let is_path = |view: &View<'_>| match view {
            View::Value(value) => {
                value.text.as_deref().is_some_and(|text| text.starts_with('/') && !text.starts_with("//"))
            }
            _ => false,
        };
        if views.len() > before && !views.iter().skip(before).all(is_path) {
            return;
        }
        let tokens =
            event.receiver.iter().chain(event.args.iter().map(|arg| &arg.value)).flat_map(|value| &value.tokens);
        let mut connections: BTreeSet<EventId> = BTreeSet::new();
        for token in tokens {
            let found = self.connections.get(token).map_or(&[][..], Vec::as_slice);
            connections.extend(found.iter().take(MAX_CONNECTIONS));
        }
        for connection in connections.into_iter().take(MAX_CONNECTIONS) {
            if let Some(event) = self.facts.event(connection) {
                own_destinations(event, views);
            }
        }
        if views.len() == before {
            views.extend(event.receiver.iter().map(View::Value));
        }
    }

    /// True unless the order of execution is known to be the other way round.
    pub(super) fn runs_after(&self, later: Candidate, earlier: Candidate) -> bool {
        let (Some(there), Some(here)) = (self.function(later), self.function(earlier)) else { return false };
        let looped = |candidate| self.event(candidate).is_some_and(|event| event.looped);
        if there == here {
            if looped(later) && looped(earlier) {
                return true;
            }
            return match (self.event(later), self.event(earlier)) {
                (Some(later), Some(earlier)) => later.order >= earlier.order,
                _ => self.stands_after(self.site(later), self.site(earlier)),
            };
        }
        // In the nearest function from which both are reached, the one is called behind the other.
        let (up_later, up_earlier) = (self.ancestors(there), self.ancestors(here));
        let own = |candidate: Candidate| {
            let order = self.event(candidate).map_or(0, |event| event.order);
            self.site(candidate).map(|site| (site, order))
        };
        let common = up_later.iter().filter_map(|(id, (depth, at))| {
            let (other_depth, other_at) = up_earlier.get(id)?;
            Some((depth + other_depth, at.or_else(|| own(later)), other_at.or_else(|| own(earlier))))
        });
        let Some((_, at, other_at)) = common.min_by_key(|(distance, ..)| *distance) else { return true };
        let order = |at: Option<(EvidenceId, u32)>| at.map(|(_, order)| order).filter(|order| *order > 0);
        let met_after = matches!((order(at), order(other_at)), (Some(one), Some(other)) if one >= other);
        let place = |at: Option<(EvidenceId, u32)>| at.map(|(place, _)| place);
        met_after || self.stands_after(place(at), place(other_at)) || (looped(later) && looped(earlier))
    }

    /// True unless one place stands before the other in the text. Of two calls that stand inside each other either may
    /// be made first: an argument before the call, a callback behind it.
    fn stands_after(&self, later: Option<EvidenceId>, earlier: Option<EvidenceId>) -> bool {
        let place = |id: Option<EvidenceId>| {
            let place = id.and_then(|id| self.facts.evidence(id));
            place.map_or(((0, 0), (0, 0)), |place| ((place.module.0, place.start), (place.module.0, place.end)))
        };
        let ((start, end), (other_start, other_end)) = (place(later), place(earlier));
        start >= other_start || end >= other_end
    }

    /// True if the value of a path passes the call of another step.
    pub(super) fn passes(&self, path: Candidate, call: Candidate) -> bool {
        let Some(site) = self.site(call) else { return false };
        self.path(path).is_some_and(|path| path.steps.iter().any(|step| step.evidence == site))
    }

    /// True if both stand in different files. A layer belongs to the file that it came from.
    pub(super) fn in_other_file(&self, left: Candidate, right: Candidate) -> bool {
        let file = |candidate| {
            let place = self.site(candidate).and_then(|site| self.facts.evidence(site))?;
            self.facts.modules.get(place.module.0 as usize).map(|module| module.path.as_str())
        };
        file(left) != file(right)
    }

    /// True if both stand in one function, in methods of one class, or in functions that a common caller reaches in a
    /// few calls (one of them may be that caller).
    pub(super) fn near(&self, left: Candidate, right: Candidate) -> bool {
        let (Some(left), Some(right)) = (self.function(left), self.function(right)) else { return false };
        if left == right {
            return true;
        }
        let class = |id| self.facts.function(id).and_then(|function| function.class);
        if class(left).is_some() && class(left) == class(right) {
            return true;
        }
        let (left, right) = (self.ancestors(left), self.ancestors(right));
        left.keys().any(|id| right.contains_key(id))
    }

    fn ancestors(&self, function: FunctionId) -> Rc<Callers> {
        if let Some(known) = self.ancestors.borrow().get(&function) {
            return Rc::clone(known);
        }
        let mut found: Callers = BTreeMap::from([(function, (0, None))]);
        let mut queue = VecDeque::from([(function, 0)]);
        while let Some((current, depth)) = queue.pop_front() {
            if depth == NEAR_CALLS || found.len() >= MAX_CALLERS {
                break;
            }
            for (caller, place, order) in self.callers.get(&current).map_or(&[][..], Vec::as_slice) {
                found.entry(*caller).or_insert_with(|| {
                    queue.push_back((*caller, depth + 1));
                    (depth + 1, Some((*place, *order)))
                });
            }
        }
        let found = Rc::new(found);
        self.ancestors.borrow_mut().insert(function, Rc::clone(&found));
        found
    }
}

/// Number of decoders on the way to each module. A layer's parent has a smaller depth, so the walk up ends.
/// How many decoders a text went through. A table of texts is how code is shortened and protected as well: what it
/// holds decides.
fn decoders(codings: &[SmolStr]) -> u32 {
    u32::try_from(codings.iter().filter(|coding| *coding != "table").count()).unwrap_or(u32::MAX)
}

fn module_codings(facts: &Facts) -> Vec<u32> {
    let count = |mut layer: Option<u32>| {
        let mut codings = 0u32;
        for _ in 0..=facts.layers.len() {
            let Some(current) = layer.and_then(|index| facts.layers.get(index as usize)) else { break };
            codings = codings.saturating_add(decoders(&current.codings));
            layer = facts.modules.get(current.parent.0 as usize).and_then(|module| module.layer);
        }
        codings
    };
    facts.modules.iter().map(|module| count(module.layer)).collect()
}

/// The one folder in which all modules lie, empty if they have none in common. `None` if it is a package itself.
fn outer(facts: &Facts) -> Option<&str> {
    let mut paths = facts.modules.iter().map(|module| module.path.as_str());
    let (first, _) = paths.next()?.split_once('/').unwrap_or_default();
    let within = |path: &str| path.strip_prefix(first).is_some_and(|rest| rest.starts_with('/'));
    if first.is_empty() || !paths.all(within) {
        return Some("");
    }
    let is_package = |path: &str| path.strip_prefix(first) == Some("/__init__.py");
    (!facts.modules.iter().any(|module| is_package(&module.path))).then_some(first)
}

/// True for a file that a test runner collects by its name, and nothing else imports.
fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    name.starts_with("test_")
        || name.contains(".test.")
        || name.contains(".spec.")
        || parts.any(|folder| matches!(folder, "test" | "tests" | "__tests__" | "spec"))
}

fn has_role(roles: &[SmolStr], role: &str) -> bool {
    roles.iter().any(|known| known == role)
}

/// Roles that hold the address a call talks to.
const DESTINATION_ROLES: &[&str] = &["network.destination", "address", "host"];

fn names_destination(event: &Event) -> bool {
    event.args.iter().flat_map(|arg| &arg.roles).any(|role| DESTINATION_ROLES.contains(&role.as_str()))
}

fn own_destinations<'a>(event: &'a Event, views: &mut Vec<View<'a>>) {
    let named = event.args.iter().filter(|arg| arg.roles.iter().any(|role| DESTINATION_ROLES.contains(&role.as_str())));
    views.extend(named.map(|arg| View::Value(&arg.value)));
}

/// True if one of the patterns fits; `*` at either end is a wildcard.
fn symbol_fits(patterns: &[SmolStr], symbol: &str) -> bool {
    patterns.iter().any(|pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => symbol.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => symbol.ends_with(end),
        (None, Some(start)) => symbol.starts_with(start),
        (None, None) => symbol == pattern,
    })
}
