//! One walk of the code that resolves, evaluates and taints.
//!
//! The engine interprets every function once with its parameters unknown and keeps a summary: what its result is made
//! of, which parameters reach which sinks. A call applies the summary; where knowing the arguments matters (a
//! destination, a command, a decoder, a callback), the body is interpreted again with them, within a budget. Branches
//! that known values decide are decided; others are walked both ways and joined.

mod arena;
mod arguments;
mod aside;
mod builtins;
pub(crate) mod call;
pub(crate) mod callbacks;
mod closures;
mod commands;
mod containers;
pub(crate) mod data;
pub(crate) mod events;
mod expr;
mod finish;
mod handles;
mod heap;
mod hooks;
mod imports;
mod iteration;
pub(crate) mod javascript;
mod layers;
mod library;
mod loaders;
mod loops;
mod members;
pub(crate) mod model;
mod names;
pub(crate) mod native;
mod paths;
mod pickles;
mod pipes;
mod presume;
mod programs;
mod protocols;
mod records;
mod refine;
mod registered;
mod sinks;
mod sounds;
pub mod state;
pub(crate) mod stmt;
mod store;
mod streams;
mod summary;
mod text;
mod told;
pub mod value;
mod ways;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use sluice_catalog::Catalog;
use sluice_syntax::ir::{ExprId, FuncId, Module, SlotRef, Span};
use smol_str::SmolStr;

pub use self::expr::MOST_NESTING;
pub use self::heap::MOST_ITEMS;
use self::heap::Object;
pub use self::layers::{LONGEST_LAYER, MOST_LAYER_DEPTH, MOST_LAYERS};
pub use self::state::{
    Entry, EventArg, EventData, FlowData, Frame, LayerData, Origin, OriginKey, Progress, SinkData, SinkKey, Summary,
};
use self::value::{Key, Label, ObjectId, Value};
use crate::dialect::{Dialect, Receiver};
use crate::evaluate::Budget;
use crate::facts::{EvidenceId, Guards, StepKind};
use crate::program::Program;

/// Statements and calls interpreted again for the sake of known arguments: at most so many for one file, and for a
/// package so many as a base and one more for every so many bytes of source.
const INLINE_STEPS_FILE: u64 = 200_000;
const INLINE_STEPS_BASE: u64 = 80_000;
/// Of them each of the first files has this much, whatever those before it took.
const INLINE_STEPS_SHARE: u64 = 10_000;
const FILES_WITH_SHARE: u32 = 64;
const BYTES_PER_INLINE_STEP: u64 = 128;
/// Functions of a package that are interpreted once with known arguments although no step is left.
const MOST_LATE_CONTEXTS: u32 = 1_000;
/// Deepest chain of functions interpreted inside each other.
const MOST_FRAMES: usize = 60;
/// Deepest chain of interpretations with known arguments.
const MOST_INLINED: u32 = 10;
/// Most interpretations with known arguments of one function that has effects: an event keeps no more different
/// arguments. One without effects is a computation: only the budget of steps bounds it.
const MOST_CONTEXTS: u32 = 48;
/// Evaluation steps of one file.
pub const EVALUATION_STEPS_FILE: u64 = 5_000_000;
/// Evaluation steps of a package.
pub const EVALUATION_STEPS: u64 = 50_000_000;
/// Bytes that the evaluation of one file produces.
pub const EVALUATION_BYTES_FILE: u64 = 64 << 20;
/// Bytes that the evaluation of a package produces.
pub const EVALUATION_BYTES: u64 = 512 << 20;

/// Most special methods that are called inside of one another.
const MOST_ASKING: u32 = 32;

/// A map in the order of insertion, with the hashes of all other maps here.
type FxIndexMap<K, V> = IndexMap<K, V, rustc_hash::FxBuildHasher>;

/// The engine.
pub struct Engine<'a> {
    /// The catalog of the language of the module being interpreted.
    pub catalog: &'a Catalog,
    /// The dialect of the module being interpreted.
    pub(crate) dialect: &'static dyn Dialect,
    /// True once a frame was entered.
    spoken: bool,
    /// The catalogs by dialect.
    catalogs: Vec<(&'static str, &'a Catalog)>,
    pub modules: Vec<Rc<Module>>,
    pub depth: Vec<u32>,
    pub program: Program,
    pub progress: Vec<Progress>,
    pub heap: arena::Arena<Object>,
    /// Walks over the heap so far.
    pub walks: std::cell::Cell<u64>,
    pub frames: Vec<Frame>,
    pub shared: FxHashMap<(u32, SlotRef), Value>,
    /// How often a shared variable came to refer to something new.
    pub versions: FxHashMap<(u32, SlotRef), u32>,
    /// Names that code added to the namespace of its module, by module.
    pub added_names: FxHashMap<(u32, SmolStr), Value>,
    /// The place of the attribute being read.
    pub attr_span: Span,
    pub selves: FxHashMap<Key, ObjectId>,
    pub classes: FxHashMap<Key, Vec<Value>>,
    /// Who writes which attributes, and which classes stand below which.
    members: members::Members,
    /// The classes above and below a class.
    relatives: FxHashMap<Key, (usize, Rc<Vec<Key>>)>,
    /// Metaclasses by class.
    metaclasses: FxHashMap<Key, Value>,
    /// Members of enumerations.
    enum_objects: FxHashMap<(Key, SmolStr), ObjectId>,
    pub summaries: FxHashMap<Key, Summary>,
    pub origins: Vec<Origin>,
    pub origin_index: FxHashMap<OriginKey, u32>,
    /// By source: the further names under which its place reads in other contexts; see [`Engine::source`].
    pub places_named: FxHashMap<OriginKey, Vec<String>>,
    pub ways: ways::Ways,
    pub events: Vec<EventData>,
    /// The parameters that say what a command runs, by event.
    pub(crate) programs: FxHashMap<usize, BTreeSet<u32>>,
    pub event_index: FxHashMap<(u32, ExprId), usize>,
    /// Further events of calls that call more than one thing.
    other_events: FxHashMap<(u32, ExprId), Vec<usize>>,
    pub flows: FxIndexMap<(u32, SinkKey), FlowData>,
    /// Summaries that were applied: callee, parameter, the label that went in.
    pub applied: FxIndexMap<(Key, u32, u32), u32>,
    pub places: Vec<(u32, Span, Option<SmolStr>)>,
    pub place_index: FxHashMap<(u32, Span), EvidenceId>,
    pub calls: FxIndexMap<(Key, Key), EvidenceId>,
    /// The functions that some call of the package enters.
    pub(crate) called: FxHashSet<Key>,
    /// Where in the order of execution of the caller a call comes first.
    pub call_orders: FxHashMap<(Key, Key), u32>,
    /// Calls that stand only under a test for the main program.
    pub main_calls: FxHashSet<(Key, Key)>,
    /// Edges of the call graph by which a command starts a file as a program of its own.
    pub started: FxHashSet<(Key, Key)>,
    /// Sites at which a name was computed.
    pub computed_sites: FxHashSet<(u32, ExprId)>,
    /// Functions that something outside of the package calls back, with the entry kind if it is one.
    pub registered: FxIndexMap<Key, BTreeSet<SmolStr>>,
    pub layers: Vec<LayerData>,
    pub layer_index: FxHashMap<(EvidenceId, u64), usize>,
    /// Known texts that were written to files.
    pub written: Vec<layers::Written>,
    /// Modules that the code may have written.
    pub kept: Vec<imports::Kept>,
    pub unopened: FxIndexMap<EvidenceId, (usize, String, BTreeSet<SmolStr>)>,
    pub unmodelled: FxIndexMap<EvidenceId, (SmolStr, Key)>,
    /// Processes that are started.
    pub processes: Vec<pipes::Process>,
    /// Sites at which something outside of the package is called, and whether that is the language's own.
    pub leaving: FxHashMap<(u32, Span), bool>,
    pub imports: Vec<Vec<(SmolStr, Option<u32>, EvidenceId)>>,
    /// Files in which something known was too long to be followed. What was computed of it is not known for that reason alone.
    gave_up: Vec<u32>,
    /// The module whose code executes a layer.
    pub layer_parent: FxHashMap<u32, u32>,
    /// By file, the names that its layers define, with the last layer that does.
    pub layer_names: FxHashMap<u32, FxHashMap<SmolStr, u32>>,
    pub slot_index: FxHashMap<Key, FxHashMap<SmolStr, u32>>,
    pub defaults: FxHashMap<(Key, u32), Value>,
    /// Star imports of a module: the module of the package, if it is one, and the name.
    pub stars: FxHashMap<u32, Vec<(Option<u32>, SmolStr)>>,
    /// Names that a module has from no star so far, by dialect.
    not_starred: FxHashSet<(&'static str, u32, SmolStr)>,
    pub limits: Vec<(u32, &'static str, String)>,
    pub computed_names: Vec<u32>,
    pub canonical: FxHashMap<(&'static str, SmolStr), SmolStr>,
    pub budget: Budget,
    /// Evaluation steps left for the files to come.
    pub steps_left: u64,
    /// Bytes that evaluation may still produce for the files to come.
    pub bytes_left: u64,
    pub inline_steps: u64,
    /// Inline steps left for the files to come.
    pub inline_steps_left: u64,
    /// Interpretations with known arguments after the last step was taken.
    pub late_contexts: u32,
    pub inlined: u32,
    /// Inline steps of the files so far.
    pub inlined_steps: u64,
    /// Expressions being evaluated inside each other, over all frames.
    pub nesting: u32,
    /// Calls so far of which nothing was known, or of which a summary was applied.
    pub unknown_calls: u64,
    /// Calls so far that the catalog knows as an event.
    pub known_calls: u64,
    /// Calls of which nothing is known: what they give is only taken to contain what goes in.
    pub unknown_sites: FxHashSet<EvidenceId>,
    pub guard_probe: Option<BTreeSet<SmolStr>>,
    /// The data files of the package.
    pub(crate) data: data::Data,
    /// What is kept of JavaScript's modules and objects.
    pub(crate) realm: javascript::Realm,
    /// What is kept of closures and generators.
    escaped: closures::Escaped,
    /// Special methods that are being called inside of one another.
    asking: u32,
    /// True once code asked for the path of its own file.
    names_itself: bool,
    /// The text of files that read themselves.
    own_files: FxHashMap<u32, Arc<[u8]>>,
    /// Streams, digests and ciphers whose content is known.
    streams: FxHashSet<ObjectId>,
    /// What a module imports by name, by the variable.
    imported_names: FxHashMap<u32, Rc<imports::Imported>>,
    /// True between `new` and the call that it belongs to.
    pub(crate) constructing: bool,
    /// The identities of digests.
    pub(crate) digests: FxHashSet<u64>,
    pub(crate) aside: aside::Aside,
}

/// A hash that is stable over runs and platforms (FNV-1a, 64 bits).
pub fn stable_hash(parts: &[&[u8]]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in *part {
            hash ^= u64::from(*byte);
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= 0xff;
        hash = hash.wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

impl<'a> Engine<'a> {
    /// An engine over lowered modules.
    pub fn new(modules: Vec<Rc<Module>>, catalog: &'a Catalog) -> Self {
        let paths: Vec<&str> = modules.iter().map(|module| module.path.as_str()).collect();
        let mut program = Program::new(&paths);
        for (index, module) in (0..).zip(&modules) {
            if crate::program::WAYS_TO_SEARCH.iter().any(|way| module.text.contains(way)) {
                program.searches(index);
            }
        }
        let count = modules.len();
        let catalogs: Vec<(&'static str, &'a Catalog)> =
            crate::dialect::all().iter().map(|dialect| (dialect.name(), catalog.of(dialect.name()))).collect();
        let first = modules.first().map_or(sluice_syntax::ir::Language::Python, |module| module.language);
        let bytes: u64 = modules.iter().map(|module| module.text.len() as u64).sum();
        Self {
            catalog,
            dialect: crate::dialect::of(first),
            spoken: false,
            catalogs,
            depth: vec![0; count],
            progress: vec![Progress::No; count],
            imports: vec![Vec::new(); count],
            gave_up: Vec::new(),
            computed_names: vec![0; count],
            modules,
            program,
            heap: arena::Arena::default(),
            walks: std::cell::Cell::new(0),
            frames: Vec::new(),
            shared: FxHashMap::default(),
            versions: FxHashMap::default(),
            added_names: FxHashMap::default(),
            attr_span: Span::default(),
            selves: FxHashMap::default(),
            classes: FxHashMap::default(),
            members: members::Members::default(),
            relatives: FxHashMap::default(),
            metaclasses: FxHashMap::default(),
            enum_objects: FxHashMap::default(),
            summaries: FxHashMap::default(),
            origins: Vec::new(),
            origin_index: FxHashMap::default(),
            places_named: FxHashMap::default(),
            ways: ways::Ways::default(),
            events: Vec::new(),
            event_index: FxHashMap::default(),
            programs: FxHashMap::default(),
            other_events: FxHashMap::default(),
            flows: FxIndexMap::default(),
            applied: FxIndexMap::default(),
            places: Vec::new(),
            place_index: FxHashMap::default(),
            calls: FxIndexMap::default(),
            called: FxHashSet::default(),
            call_orders: FxHashMap::default(),
            main_calls: FxHashSet::default(),
            started: FxHashSet::default(),
            computed_sites: FxHashSet::default(),
            registered: FxIndexMap::default(),
            layers: Vec::new(),
            layer_index: FxHashMap::default(),
            written: Vec::new(),
            kept: Vec::new(),
            unopened: FxIndexMap::default(),
            unmodelled: FxIndexMap::default(),
            processes: Vec::new(),
            leaving: FxHashMap::default(),
            limits: Vec::new(),
            stars: FxHashMap::default(),
            not_starred: FxHashSet::default(),
            slot_index: FxHashMap::default(),
            layer_parent: FxHashMap::default(),
            layer_names: FxHashMap::default(),
            defaults: FxHashMap::default(),
            canonical: FxHashMap::default(),
            budget: Budget::new(EVALUATION_STEPS_FILE, EVALUATION_BYTES_FILE),
            bytes_left: EVALUATION_BYTES,
            steps_left: EVALUATION_STEPS,
            inline_steps: 0,
            inline_steps_left: INLINE_STEPS_BASE + bytes / BYTES_PER_INLINE_STEP,
            late_contexts: 0,
            inlined: 0,
            inlined_steps: 0,
            nesting: 0,
            unknown_calls: 0,
            known_calls: 0,
            unknown_sites: FxHashSet::default(),
            guard_probe: None,
            data: data::Data::default(),
            realm: javascript::Realm::default(),
            escaped: closures::Escaped::default(),
            names_itself: false,
            own_files: FxHashMap::default(),
            streams: FxHashSet::default(),
            imported_names: FxHashMap::default(),
            asking: 0,
            digests: FxHashSet::default(),
            aside: aside::Aside::default(),
            constructing: false,
        }
    }

    /// Interprets every module body, every function and every layer.
    pub fn run(&mut self) {
        for index in 0..self.modules.len() {
            self.read_members(u32::try_from(index).unwrap_or(u32::MAX));
        }
        let mut next = 0;
        while next < self.modules.len() {
            let index = u32::try_from(next).unwrap_or(u32::MAX);
            let allowed = EVALUATION_STEPS_FILE.min(self.steps_left);
            self.budget.steps = allowed;
            let allowed_bytes = EVALUATION_BYTES_FILE.min(self.bytes_left);
            self.budget.bytes = allowed_bytes;
            // Files before it do not take all: what hides in one file is not hidden by what stands in others.
            let share = if index < FILES_WITH_SHARE { INLINE_STEPS_SHARE } else { 0 };
            let allowed_inline = INLINE_STEPS_FILE.min(self.inline_steps_left.max(share));
            self.inline_steps = allowed_inline;
            self.run_module(index);
            self.run_functions(index);
            self.steps_left = self.steps_left.saturating_sub(allowed.saturating_sub(self.budget.steps));
            self.bytes_left = self.bytes_left.saturating_sub(allowed_bytes.saturating_sub(self.budget.bytes));
            let inlined = allowed_inline.saturating_sub(self.inline_steps);
            self.inlined_steps += inlined;
            self.inline_steps_left = self.inline_steps_left.saturating_sub(inlined);
            if self.budget.exhausted {
                self.budget.exhausted = false;
                self.limits.push((index, "evaluation steps", "some values were not evaluated".to_owned()));
            }
            next += 1;
            if next == self.modules.len() {
                self.run_later();
                self.walk_excluded();
            }
        }
        self.replay();
        // Where no executed code is unknown, a loop that was not followed to its end hides none.
        if self.unopened.values().any(|(_, _, kinds)| kinds.is_empty()) {
            for file in std::mem::take(&mut self.gave_up) {
                let hit = (file, "evaluation steps", "some values were not evaluated".to_owned());
                if !self.limits.contains(&hit) {
                    self.limits.push(hit);
                }
            }
        }
    }

    /// Something known is too long to be followed.
    pub(crate) fn gives_up(&mut self) {
        let file = self.file_of(self.here().module);
        if !self.gave_up.contains(&file) {
            self.gave_up.push(file);
        }
    }

    /// Interprets a module body once.
    pub fn run_module(&mut self, index: u32) {
        if self.progress.get(index as usize) != Some(&Progress::No) || self.frames.len() >= MOST_FRAMES {
            return;
        }
        if let Some(progress) = self.progress.get_mut(index as usize) {
            *progress = Progress::Running;
        }
        let key = Key { module: index, func: FuncId::MODULE.0 };
        let module = self.module(index);
        let mut frame = self.new_frame(key, true);
        if self.dialect_of(index).receiver() == Receiver::This {
            self.open_exports(index);
            frame.this = self.generic_this(key, 0);
        }
        self.enter(frame);
        if let Some(body) = module.function(FuncId::MODULE) {
            self.block(&module, &body.body);
        }
        if let Some(frame) = self.exit() {
            self.keep_slots(key, frame.slots);
        }
        self.close_exports(index);
        if let Some(progress) = self.progress.get_mut(index as usize) {
            *progress = Progress::Done;
        }
    }

    /// Keeps the last values of a frame whose variables outlive it: a module's or a class's.
    fn keep_slots(&mut self, key: Key, slots: Vec<Value>) {
        for (slot, value) in slots.into_iter().enumerate() {
            if value.is_unknown() {
                continue;
            }
            let slot = SlotRef { func: FuncId(key.func), slot: u32::try_from(slot).unwrap_or(u32::MAX) };
            let place = (key.module, slot);
            let joined = match self.shared.get(&place) {
                Some(before) => before.join(&value),
                None => value,
            };
            self.shared.insert(place, joined);
        }
    }

    fn run_functions(&mut self, index: u32) {
        let module = self.module(index);
        for (func, function) in module.functions.iter().enumerate() {
            use sluice_syntax::ir::FunctionKind;
            if matches!(function.kind, FunctionKind::Function | FunctionKind::Lambda) {
                let key = Key { module: index, func: u32::try_from(func).unwrap_or(u32::MAX) };
                self.summarize(key);
                self.with_defaults(&module, key);
                self.with_overridden(&module, key);
            }
        }
        if self.dialect_of(index).receiver() == Receiver::This {
            self.serve(index);
        }
    }

    /// Interprets a function with what it takes where a caller leaves something out, if that hides something: a text
    /// that is kept encoded and stands nowhere but as a default.
    fn with_defaults(&mut self, module: &Rc<Module>, key: Key) {
        let Some(function) = module.function(FuncId(key.func)) else { return };
        let Some(telling) = self.summaries.get(&key).filter(|summary| summary.done).map(|summary| summary.telling)
        else {
            return;
        };
        let hides = |engine: &Self, index: u32| {
            let default = engine.defaults.get(&(key, index))?;
            default.known_text().is_some_and(|text| told::is_encoded(text)).then(|| default.clone())
        };
        let numbers = 0..u32::try_from(function.params.len()).unwrap_or(0);
        if !numbers.clone().any(|index| telling.contains(index) && hides(self, index).is_some()) {
            return;
        }
        let mut values = Vec::with_capacity(function.params.len());
        for (index, param) in numbers.zip(&function.params) {
            values.push(match hides(self, index) {
                Some(value) => value,
                None => self.parameter(key, index, &param.name, param.kind, param.span),
            });
        }
        let place = self.place_in(key.module, function.name_span, Some(&function.name));
        self.interpret(module, key, values, Some((place, function.name.clone())), None);
    }

    /// The module with this index.
    pub fn module(&self, index: u32) -> Rc<Module> {
        match self.modules.get(index as usize) {
            Some(module) => Rc::clone(module),
            None => Rc::new(Module {
                path: String::new(),
                language: sluice_syntax::ir::Language::Python,
                text: Arc::from(""),
                exprs: Vec::new(),
                functions: Vec::new(),
                diagnostics: Vec::new(),
                line_starts: vec![0],
            }),
        }
    }

    pub(crate) fn new_frame(&self, key: Key, generic: bool) -> Frame {
        let slots = self
            .modules
            .get(key.module as usize)
            .and_then(|module| module.function(FuncId(key.func)))
            .map_or(0, |function| function.slots.len());
        Frame {
            entry: None,
            key,
            first_object: self.heap.len(),
            slots: vec![Value::UNKNOWN; slots],
            undo: Vec::new(),
            open: 0,
            returns: None,
            yields: None,
            yielded: Vec::new(),
            yields_more: false,
            captured: Vec::new(),
            asks: false,
            dispatches: false,
            guards: Vec::new(),
            shared_guards: None,
            silent: 0,
            looped: u32::from(self.realm.repeated.contains(&key)),
            scopes: Vec::new(),
            decided: 0,
            unsure: 0,
            left: false,
            this: None,
            arguments: None,
            order: 0,
            generic,
            caught: Vec::new(),
            tries: 0,
            thrown: None,
            weighty: false,
            effects: false,
        }
    }

    /// The guards at this place.
    pub(crate) fn guards_here(&mut self) -> Guards {
        let Some(frame) = self.frames.last_mut() else { return Guards::from([]) };
        Guards::clone(frame.shared_guards.get_or_insert_with(|| Guards::from(frame.guards.as_slice())))
    }

    /// Opens a frame.
    pub(crate) fn enter(&mut self, frame: Frame) {
        self.frames.push(frame);
        self.speak();
    }

    /// Takes the dialect and the catalog of the innermost frame's module.
    fn speak(&mut self) {
        let Some(module) = self.frames.last().and_then(|frame| self.modules.get(frame.key.module as usize)) else {
            return;
        };
        let dialect = crate::dialect::of(module.language);
        if dialect.name() == self.dialect.name() && self.spoken {
            return;
        }
        self.spoken = true;
        self.dialect = dialect;
        if let Some((_, catalog)) = self.catalogs.iter().find(|(name, _)| *name == dialect.name()) {
            self.catalog = catalog;
        }
    }

    /// The dialect of a module.
    pub(crate) fn dialect_of(&self, module: u32) -> &'static dyn Dialect {
        self.modules.get(module as usize).map_or(self.dialect, |module| crate::dialect::of(module.language))
    }

    /// Closes the innermost frame. What it met counts for its function and for the frame around it.
    pub(crate) fn exit(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.speak();
        if frame.weighty || frame.effects {
            let summary = self.summaries.entry(frame.key).or_default();
            summary.weighty |= frame.weighty;
            summary.effects |= frame.effects;
            self.note(frame.weighty, frame.effects);
        }
        Some(frame)
    }

    /// Notes that something of weight, or with an effect, stands in the innermost frame.
    pub(crate) fn note(&mut self, weighty: bool, effects: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.weighty |= weighty;
            frame.effects |= effects;
        }
    }

    /// The function being interpreted.
    pub(crate) fn here(&self) -> Key {
        self.frames.last().map_or(Key { module: 0, func: 0 }, |frame| frame.key)
    }

    /// The place of a span in the module being interpreted.
    pub(crate) fn place(&mut self, span: Span, symbol: Option<&SmolStr>) -> EvidenceId {
        self.place_in(self.here().module, span, symbol)
    }

    /// The place of a span in a module.
    pub(crate) fn place_in(&mut self, module: u32, span: Span, symbol: Option<&SmolStr>) -> EvidenceId {
        if let Some(id) = self.place_index.get(&(module, span)) {
            if let (Some(symbol), Some(place)) = (symbol, self.places.get_mut(id.0 as usize))
                && place.2.is_none()
            {
                place.2 = Some(symbol.clone());
            }
            return *id;
        }
        let id = EvidenceId(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.places.push((module, span, symbol.cloned()));
        self.place_index.insert((module, span), id);
        id
    }

    /// The origin of a parameter's label.
    pub(crate) fn param_origin(&self, function: Key, index: u32) -> Option<u32> {
        self.origin_index.get(&OriginKey::Param(function, index)).copied()
    }

    /// The label of a source, made at its first meeting.
    pub(crate) fn origin(&mut self, mut origin: Origin) -> Label {
        if let Some(id) = self.origin_index.get(&origin.key) {
            let id = *id;
            if let (Some(known), Some(detail)) = (self.origins.get_mut(id as usize), origin.detail.take())
                && known.detail.is_none()
            {
                known.detail = Some(detail);
            }
            return Label { origin: id, trace: self.origins.get(id as usize).map_or(0, |known| known.start) };
        }
        let id = u32::try_from(self.origins.len()).unwrap_or(u32::MAX);
        let trace = self.ways.start(origin.place, &origin.symbol);
        origin.start = trace;
        self.origin_index.insert(origin.key.clone(), id);
        self.origins.push(origin);
        Label { origin: id, trace }
    }

    /// The labels at their next step: those that came into a frame inside of an argument have the call on their way.
    pub(crate) fn labels_entered(&mut self, labels: &[Label]) -> Vec<Label> {
        // Labels that came the same way and into the same frames share the steps.
        let mut made: Vec<(u32, Vec<EvidenceId>, u32)> = Vec::new();
        let mut entered = Vec::with_capacity(labels.len());
        for label in labels {
            let calls: Vec<(EvidenceId, SmolStr)> = self
                .frames
                .iter()
                .filter_map(|frame| frame.entry.as_ref())
                .filter(|entry| label.trace < entry.mark && entry.passed.contains(&label.origin))
                .map(|entry| (entry.place, entry.name.clone()))
                .collect();
            if calls.is_empty() {
                entered.push(*label);
                continue;
            }
            let places: Vec<EvidenceId> = calls.iter().map(|(place, _)| *place).collect();
            let known = made.iter().find(|(from, through, _)| *from == label.trace && *through == places);
            let trace = match known {
                Some((_, _, trace)) => *trace,
                None => {
                    let mut trace = label.trace;
                    for (place, name) in calls {
                        if self.ways.place(trace) != Some(place) {
                            trace = self.ways.step(trace, StepKind::Pass, place, &name);
                        }
                    }
                    made.push((label.trace, places, trace));
                    trace
                }
            };
            entered.push(Label { origin: label.origin, trace });
        }
        entered
    }

    /// The value with a further step on the way of each of its labels.
    pub(crate) fn stepped(&mut self, mut value: Value, kind: StepKind, place: EvidenceId, text: &SmolStr) -> Value {
        if value.labels().is_empty() {
            return value;
        }
        let trace = if self.inlined > 0 {
            let labels = self.labels_entered(value.labels());
            self.ways.step_all(&labels, kind, place, text)
        } else {
            self.ways.step_all(value.labels(), kind, place, text)
        };
        if let Some(trace) = trace {
            value.edit().labels.iter_mut().for_each(|label| label.trace = trace);
        }
        value
    }

    /// Keeps that a label reached a sink.
    pub(crate) fn record_flow(&mut self, label: Label, sink: &Rc<SinkData>) {
        /// Most flows that one function's summary keeps.
        const MOST_FLOWS: usize = 32;
        let key = (label.origin, sink.key.clone());
        if let Some(before) = self.flows.get_mut(&key) {
            // What is known of one receiver stands before what is presumed of any.
            if before.sink.presumed.is_some() && sink.presumed.is_none() {
                *before = FlowData { origin: label.origin, trace: label.trace, sink: Rc::clone(sink) };
            }
            return;
        }
        if let Some(OriginKey::Param(function, index)) = self.origins.get(label.origin as usize).map(|o| o.key.clone())
        {
            let summary = self.summaries.entry(function).or_default();
            if summary.flows.len() >= MOST_FLOWS {
                return;
            }
            Rc::make_mut(&mut summary.flows).push((index, label.trace, Rc::clone(sink)));
            if told::is_telling(&sink.key.kind) {
                summary.telling.insert(index);
            }
        }
        self.flows.insert(key, FlowData { origin: label.origin, trace: label.trace, sink: Rc::clone(sink) });
    }

    /// The canonical symbol, remembered.
    pub(crate) fn canonical(&mut self, symbol: &str) -> SmolStr {
        let key = (self.dialect.name(), SmolStr::new(symbol));
        if let Some(known) = self.canonical.get(&key) {
            return known.clone();
        }
        let mut canonical = self.catalog.canonical(symbol);
        // A copy of a library that another carries (`pip._vendor.requests`) is that library.
        let copied = crate::program::copied(symbol);
        if copied.len() < symbol.len() && !copied.is_empty() && self.catalog.model(&canonical).is_none() {
            canonical = self.catalog.canonical(copied);
        }
        if let Some(within) = self.of_inner_module(symbol, &canonical) {
            canonical = within;
        }
        self.canonical.insert(key, canonical.clone());
        canonical
    }

    /// Kinds of source with a label in the value or what it contains.
    pub(crate) fn label_kinds(&self, labels: &[Label]) -> BTreeSet<SmolStr> {
        labels
            .iter()
            .filter_map(|label| self.origins.get(label.origin as usize))
            .map(|origin| origin.kind.clone())
            .collect()
    }

    /// True if what is being interpreted was called with what a test or an example calls it with.
    pub(crate) fn called_by_tests(&self) -> bool {
        let in_tests = |key: Key| {
            self.modules.get(key.module as usize).is_some_and(|module| crate::facts::is_beside_code(&module.path))
        };
        self.frames.last().is_some_and(|frame| frame.entry.is_some() && !in_tests(frame.key))
            && self.frames.iter().any(|frame| in_tests(frame.key))
    }
}
