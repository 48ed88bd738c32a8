//! The facts of one file or of the whole target, in the order of the text, as the reviewers look at them.
//!
//! [`Index`] sorts all facts by file once, so that the reviews of all files cost no more than one pass. A layer belongs
//! to the file that it was decoded from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_flow::facts::{
    Disguised, Event, EventId, Evidence, EvidenceId, Facts, FunctionFacts, FunctionId, HandlerFacts, ModuleFacts,
    ModuleId, Path, PathId, is_beside_code,
};

use crate::package::PackageInfo;
use crate::prose::family::Family;
use crate::relations::{self, Relation};

/// The facts that belong to one file, as indexes into the lists of [`Facts`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub modules: Vec<usize>,
    pub events: Vec<usize>,
    pub paths: Vec<usize>,
    pub functions: Vec<usize>,
    pub dead_stores: Vec<usize>,
    pub unused_helpers: Vec<usize>,
    pub raises: Vec<usize>,
    pub handlers: Vec<usize>,
    pub layers: Vec<usize>,
    pub unopened: Vec<usize>,
    pub unmodelled: Vec<usize>,
    pub constants: Vec<usize>,
    pub limits: Vec<usize>,
}

impl Part {
    fn extend(&mut self, other: &Self) {
        let lists: [(&mut Vec<usize>, &Vec<usize>); 13] = [
            (&mut self.modules, &other.modules),
            (&mut self.events, &other.events),
            (&mut self.paths, &other.paths),
            (&mut self.functions, &other.functions),
            (&mut self.dead_stores, &other.dead_stores),
            (&mut self.unused_helpers, &other.unused_helpers),
            (&mut self.raises, &other.raises),
            (&mut self.handlers, &other.handlers),
            (&mut self.layers, &other.layers),
            (&mut self.unopened, &other.unopened),
            (&mut self.unmodelled, &other.unmodelled),
            (&mut self.constants, &other.constants),
            (&mut self.limits, &other.limits),
        ];
        for (own, added) in lists {
            own.extend(added);
        }
    }

    /// Puts the lists in order after what was added: once for all, since a target may have thousands of files.
    fn settle(&mut self) {
        let lists: [&mut Vec<usize>; 13] = [
            &mut self.modules,
            &mut self.events,
            &mut self.paths,
            &mut self.functions,
            &mut self.dead_stores,
            &mut self.unused_helpers,
            &mut self.raises,
            &mut self.handlers,
            &mut self.layers,
            &mut self.unopened,
            &mut self.unmodelled,
            &mut self.constants,
            &mut self.limits,
        ];
        for list in lists {
            list.sort_unstable();
            list.dedup();
        }
    }
}

/// All facts by file.
pub(crate) struct Index<'a> {
    pub facts: &'a Facts,
    pub package: &'a PackageInfo,
    /// By the path of the file.
    pub files: BTreeMap<&'a str, Part>,
    pub all: Part,
    /// All files but tests, documentation and examples: what a package's prose tells first.
    pub told: Part,
    /// The folder `name-version/` that all files stand in, with its slash; empty if there is none.
    pub root: String,
    events_at: FxHashMap<(u32, u32, u32), EventId>,
    /// Paths by the place of their sink.
    paths_to: FxHashMap<EvidenceId, Vec<usize>>,
    /// Events at the top level of a file by the identity of their result.
    makers: FxHashMap<u64, EventId>,
    /// Classes by file and name.
    classes: FxHashSet<(&'a str, &'a str)>,
    /// Functions that the top level of some file calls, directly or through others.
    loaded: FxHashSet<FunctionId>,
    /// Names of functions of the target.
    names: FxHashSet<&'a str>,
    /// Places of calls that leave the target and are not modelled.
    unread: FxHashSet<(u32, u32, u32)>,
    /// Functions with a call that reaches the network, presumed ones included.
    network_functions: FxHashSet<FunctionId>,
    /// The requests in a function's own text, presumed ones included.
    requests: FxHashMap<FunctionId, Vec<EventId>>,
    /// Exception handlers by their function.
    handlers_of: FxHashMap<FunctionId, Vec<usize>>,
    /// Last names of the bases of classes, by the name of the class.
    bases_of: FxHashMap<&'a str, Vec<&'a str>>,
    /// What the target is in relation to others, found when it is first asked for.
    relations: OnceLock<Vec<Relation>>,
    /// Numbers of the lines that look like a credential, by module, once one was asked about: the report on a file and
    /// that on the whole target both ask.
    credentials: Vec<OnceLock<Vec<u32>>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(facts: &'a Facts, package: &'a PackageInfo) -> Self {
        let mut files: BTreeMap<&'a str, Part> = BTreeMap::new();
        let mut all = Part::default();
        let file_of = |module: ModuleId| facts.modules.get(module.0 as usize).map(|module| module.path.as_str());
        let file_at = |evidence: EvidenceId| facts.evidence(evidence).and_then(|evidence| file_of(evidence.module));
        macro_rules! sort_in {
            ($list:ident, $file:expr) => {
                for (at, item) in facts.$list.iter().enumerate() {
                    all.$list.push(at);
                    #[allow(clippy::redundant_closure_call)]
                    if let Some(file) = $file(item) {
                        files.entry(file).or_default().$list.push(at);
                    }
                }
            };
        }
        sort_in!(modules, |module: &'a ModuleFacts| Some(module.path.as_str()));
        sort_in!(events, |event: &Event| file_at(event.evidence));
        sort_in!(functions, |function: &FunctionFacts| file_of(function.module));
        sort_in!(dead_stores, |store: &sluice_flow::facts::DeadStore| file_at(store.evidence));
        sort_in!(unused_helpers, |helper: &sluice_flow::facts::UnusedHelper| facts
            .function(helper.helper)
            .and_then(|function| file_of(function.module)));
        sort_in!(raises, |raise: &sluice_flow::facts::Raise| file_at(raise.evidence));
        sort_in!(handlers, |handler: &HandlerFacts| file_at(handler.evidence));
        sort_in!(layers, |layer: &sluice_flow::facts::Layer| file_of(layer.parent));
        sort_in!(unopened, |unopened: &sluice_flow::facts::Unopened| file_at(unopened.evidence));
        sort_in!(unmodelled, |call: &sluice_flow::facts::Unmodelled| file_at(call.evidence));
        sort_in!(constants, |constant: &sluice_flow::facts::ConstantFact| file_at(constant.evidence));
        sort_in!(limits, |limit: &sluice_flow::facts::LimitHit| file_of(limit.module));
        // A path that crosses files belongs to the file of its source and to that of its sink.
        for (at, path) in facts.paths.iter().enumerate() {
            all.paths.push(at);
            let (source, sink) = (file_at(path.source.evidence), file_at(path.sink.evidence));
            if let Some(file) = source {
                files.entry(file).or_default().paths.push(at);
            }
            if let Some(file) = sink.filter(|_| sink != source) {
                files.entry(file).or_default().paths.push(at);
            }
        }
        let mut events_at = FxHashMap::default();
        for (at, event) in facts.events.iter().enumerate() {
            if let (Some(place), Ok(id)) = (facts.evidence(event.evidence), u32::try_from(at)) {
                events_at.entry((place.module.0, place.start, place.end)).or_insert(EventId(id));
            }
        }
        let mut paths_to: FxHashMap<EvidenceId, Vec<usize>> = FxHashMap::default();
        for (at, path) in facts.paths.iter().enumerate() {
            paths_to.entry(path.sink.evidence).or_default().push(at);
        }
        let mut handlers_of: FxHashMap<FunctionId, Vec<usize>> = FxHashMap::default();
        for (at, handler) in facts.handlers.iter().enumerate() {
            handlers_of.entry(handler.function).or_default().push(at);
        }
        let mut bases_of: FxHashMap<&'a str, Vec<&'a str>> = FxHashMap::default();
        for class in facts.functions.iter().filter(|function| function.kind == "class") {
            let bases = class.bases.iter().map(|base| base.rsplit('.').next().unwrap_or(base));
            bases_of.entry(class.name.as_str()).or_default().extend(bases);
        }
        let mut classes = FxHashSet::default();
        for function in facts.functions.iter().filter(|function| function.kind == "class") {
            if let Some(file) = file_of(function.module) {
                classes.insert((file, function.name.as_str()));
            }
        }
        let mut makers = FxHashMap::default();
        let mut network_functions = FxHashSet::default();
        let mut requests: FxHashMap<FunctionId, Vec<EventId>> = FxHashMap::default();
        for (at, event) in facts.events.iter().enumerate() {
            let Ok(id) = u32::try_from(at) else { break };
            if Family::of_event(event) == Some(Family::Network) {
                network_functions.insert(event.function);
            }
            if event.actions.iter().any(|action| action == "network.request") {
                requests.entry(event.function).or_default().push(EventId(id));
            }
            if is_top_level(facts, event.function) {
                for token in &event.result {
                    makers.entry(*token).or_insert(EventId(id));
                }
            }
        }
        let loaded = loaded(facts);
        let names = facts
            .functions
            .iter()
            .filter(|function| matches!(function.kind.as_str(), "function" | "method" | "class"))
            .map(|function| function.name.as_str())
            .collect();
        let root = crate::prose::phrases::root_of(facts).to_owned();
        let mut told = Part::default();
        for (file, part) in &files {
            if !is_beside_code(file.strip_prefix(root.as_str()).unwrap_or(file)) {
                told.extend(part);
            }
        }
        told.settle();
        // A path from a test into the code says how the test calls it.
        let outside = |id: EvidenceId| {
            file_at(id).is_some_and(|file| is_beside_code(file.strip_prefix(root.as_str()).unwrap_or(file)))
        };
        told.paths.retain(|at| {
            facts.paths.get(*at).is_some_and(|path| !outside(path.source.evidence) && !outside(path.sink.evidence))
        });
        if told.modules.is_empty() {
            told = all.clone();
        }
        let by_place = |id: EvidenceId| facts.evidence(id).map(|place| (place.module, place.start, place.end));
        for part in files.values_mut().chain([&mut all, &mut told]) {
            part.events.sort_by_key(|at| facts.events.get(*at).and_then(|event| by_place(event.evidence)));
            part.raises.sort_by_key(|at| facts.raises.get(*at).and_then(|raise| by_place(raise.evidence)));
            part.handlers.sort_by_key(|at| facts.handlers.get(*at).and_then(|handler| by_place(handler.evidence)));
            part.functions.sort_by_key(|at| facts.functions.get(*at).and_then(|function| by_place(function.evidence)));
        }
        Self {
            facts,
            package,
            files,
            all,
            told,
            root,
            events_at,
            paths_to,
            makers,
            classes,
            loaded,
            names,
            unread: facts
                .unmodelled
                .iter()
                .filter_map(|call| facts.evidence(call.evidence))
                .map(|place| (place.module.0, place.start, place.end))
                .collect(),
            network_functions,
            requests,
            handlers_of,
            bases_of,
            relations: OnceLock::new(),
            credentials: vec![OnceLock::new(); facts.modules.len()],
        }
    }

    /// The numbers of the lines of a module that look like a credential, looked for at the first question.
    pub(crate) fn credentials(&self, module: usize, find: impl FnOnce() -> Vec<u32>) -> &[u32] {
        self.credentials.get(module).map_or(&[], |known| known.get_or_init(find).as_slice())
    }

    /// The exception handlers of a function.
    pub(crate) fn handlers_of(&self, function: FunctionId) -> impl Iterator<Item = &'a HandlerFacts> + use<'a, '_> {
        let facts = self.facts;
        self.handlers_of.get(&function).into_iter().flatten().filter_map(move |at| facts.handlers.get(*at))
    }

    /// Last names of the bases of the classes of this name.
    pub(crate) fn bases_of(&self, class: &str) -> &[&'a str] {
        self.bases_of.get(class).map_or(&[], Vec::as_slice)
    }

    /// The requests in a function's own text, presumed ones included.
    pub(crate) fn requests(&self, function: FunctionId) -> impl Iterator<Item = &'a Event> + use<'a, '_> {
        let facts = self.facts;
        self.requests.get(&function).into_iter().flatten().filter_map(move |id| facts.event(*id))
    }

    /// True if the call at this place leaves the target and is not modelled.
    pub(crate) fn is_unread(&self, id: EvidenceId) -> bool {
        let place = self.facts.evidence(id);
        place.is_some_and(|place| self.unread.contains(&(place.module.0, place.start, place.end)))
    }

    /// The event whose place is exactly this one.
    pub(crate) fn event_at(&self, id: EvidenceId) -> Option<&'a Event> {
        let place = self.facts.evidence(id)?;
        self.events_at.get(&(place.module.0, place.start, place.end)).and_then(|event| self.facts.event(*event))
    }

    /// The paths whose sink stands at this place.
    pub(crate) fn paths_to(&self, sink: EvidenceId) -> impl Iterator<Item = &'a Path> + use<'a, '_> {
        let facts = self.facts;
        self.paths_to.get(&sink).into_iter().flatten().filter_map(move |at| facts.paths.get(*at))
    }

    /// The event at the top level of a file that made a value with one of these identities.
    pub(crate) fn maker(&self, tokens: &[u64]) -> Option<&'a Event> {
        tokens.iter().find_map(|token| self.makers.get(token)).and_then(|id| self.facts.event(*id))
    }

    /// True if the file defines a class of this name.
    pub(crate) fn has_class(&self, file: &str, name: &str) -> bool {
        self.classes.contains(&(file, name))
    }

    /// True if the target defines a function of this name.
    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// True if a call in the function reaches the network.
    pub(crate) fn talks(&self, function: FunctionId) -> bool {
        self.network_functions.contains(&function)
    }
}

/// The functions that run when some file's top level does, by the calls inside the target.
fn loaded(facts: &Facts) -> FxHashSet<FunctionId> {
    let mut loaded = FxHashSet::default();
    let mut open: Vec<FunctionId> = (0..facts.functions.len())
        .filter_map(|at| u32::try_from(at).ok())
        .map(FunctionId)
        .filter(|id| is_top_level(facts, *id))
        .collect();
    while let Some(id) = open.pop() {
        if loaded.insert(id)
            && let Some(function) = facts.function(id)
        {
            open.extend(function.calls.iter().map(|(callee, _)| *callee));
        }
    }
    loaded
}

/// True if the function is a module or class body that runs when its file does.
fn is_top_level(facts: &Facts, id: FunctionId) -> bool {
    let mut id = id;
    // Classes nest in classes, at most as deep as the text.
    for _ in 0..64 {
        match facts.function(id) {
            Some(function) if function.kind == "module" => return true,
            Some(function) if function.kind == "class" => match function.class {
                Some(outer) => id = outer,
                None => return function.public || !function.qualified.contains('.'),
            },
            _ => return false,
        }
    }
    false
}

/// The facts that one report is about.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub index: &'a Index<'a>,
    pub part: &'a Part,
    /// The file, for a report about one file; `None` for a report about the whole target.
    pub file: Option<&'a str>,
}

macro_rules! lists {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(
            pub(crate) fn $name(&self) -> impl Iterator<Item = &'a $type> + use<'a> {
                let facts = self.index.facts;
                self.part.$name.iter().filter_map(move |at| facts.$name.get(*at))
            }
        )*
    };
}

impl<'a> View<'a> {
    /// Programs behind the name of source code. A file that was read as code is none.
    pub(crate) fn disguised(&self) -> impl Iterator<Item = &'a Disguised> {
        let whole = self.file.is_none();
        self.facts().disguised.iter().filter(move |_| whole)
    }

    lists! {
        modules: ModuleFacts,
        events: Event,
        paths: Path,
        functions: FunctionFacts,
        dead_stores: sluice_flow::facts::DeadStore,
        unused_helpers: sluice_flow::facts::UnusedHelper,
        raises: sluice_flow::facts::Raise,
        handlers: HandlerFacts,
        layers: sluice_flow::facts::Layer,
        unopened: sluice_flow::facts::Unopened,
        unmodelled: sluice_flow::facts::Unmodelled,
        limits: sluice_flow::facts::LimitHit,
        constants: sluice_flow::facts::ConstantFact,
    }

    pub(crate) fn facts(&self) -> &'a Facts {
        self.index.facts
    }

    /// Paths with their ids.
    pub(crate) fn numbered_paths(&self) -> impl Iterator<Item = (PathId, &'a Path)> + use<'a> {
        let facts = self.index.facts;
        self.part.paths.iter().filter_map(move |at| Some((PathId(u32::try_from(*at).ok()?), facts.paths.get(*at)?)))
    }

    /// Functions with their ids.
    pub(crate) fn numbered_functions(&self) -> impl Iterator<Item = (FunctionId, &'a FunctionFacts)> + use<'a> {
        let facts = self.index.facts;
        self.part
            .functions
            .iter()
            .filter_map(move |at| Some((FunctionId(u32::try_from(*at).ok()?), facts.functions.get(*at)?)))
    }

    /// What the target is in relation to others. Of a single file nothing is known.
    pub(crate) fn relations(&self) -> &'a [Relation] {
        let whole = View { part: &self.index.all, ..*self };
        if self.is_file() { &[] } else { self.index.relations.get_or_init(|| relations::relations(&whole)) }
    }

    pub(crate) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    pub(crate) fn place(&self, id: EvidenceId) -> Option<&'a Evidence> {
        self.index.facts.evidence(id)
    }

    /// True for a file of tests, documentation or examples, as told by its path in the package.
    pub(crate) fn is_beside(&self, path: &str) -> bool {
        is_beside_code(path.strip_prefix(self.index.root.as_str()).unwrap_or(path))
    }

    /// The same without tests, documentation and examples.
    pub(crate) fn told(&self) -> Self {
        if self.is_file() { *self } else { Self { part: &self.index.told, ..*self } }
    }

    /// True if the event runs when its file is imported. A file that is a script as well calls its functions below a
    /// test of its name, which is no import.
    pub(crate) fn on_import(&self, event: &Event) -> bool {
        // Decoded text runs when the call does that executes it; layers nest no deeper than they are numbered.
        let mut event = event;
        for _ in 0..64 {
            let Some(module) = self.module_of(event.evidence).filter(|module| module.depth > 0) else { break };
            let site = module.layer.and_then(|layer| self.index.facts.layers.get(layer as usize));
            let Some(outer) = site.and_then(|layer| self.index.facts.event(layer.event)) else { break };
            if !self.is_top_level(event.function) {
                return false;
            }
            event = outer;
        }
        let guarded = event.guards.iter().any(|guard| guard.text.contains("__main__"));
        let script = || self.module_of(event.evidence).is_some_and(|module| module.text.contains("__main__"));
        !guarded && (self.is_top_level(event.function) || self.is_loaded(event) && !script())
    }

    /// True if the top level of a file leads to the event, be it below a test of the file's name.
    pub(crate) fn is_loaded(&self, event: &Event) -> bool {
        self.index.loaded.contains(&event.function) || event.when.contains("import")
    }

    /// The order of the text: module, offset.
    pub(crate) fn position(&self, id: EvidenceId) -> (u32, u32) {
        self.place(id).map_or((u32::MAX, 0), |place| (place.module.0, place.start))
    }

    pub(crate) fn module_of(&self, id: EvidenceId) -> Option<&'a ModuleFacts> {
        let place = self.place(id)?;
        self.index.facts.modules.get(place.module.0 as usize)
    }

    pub(crate) fn function(&self, id: FunctionId) -> Option<&'a FunctionFacts> {
        self.index.facts.function(id)
    }

    /// `post()`, `Class.method()`; the file or "the top level" for a module body.
    pub(crate) fn function_name(&self, id: FunctionId) -> Option<String> {
        let function = self.function(id)?;
        match function.kind.as_str() {
            "module" | "class" | "lambda" => None,
            _ if function.property => Some(function.qualified.clone()),
            _ => Some(format!("{}()", function.qualified)),
        }
    }

    /// True if the function is a module or class body that runs when its file does.
    pub(crate) fn is_top_level(&self, id: FunctionId) -> bool {
        is_top_level(self.index.facts, id)
    }
}
