//! What the engines found: typed facts with places, and nothing that is not in the code.
//!
//! Ids are indexes into the lists of one [`Facts`]. They are dense, in a deterministic order, and stable for the same
//! bytes and engine version. Facts do not keep the IR.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;
use thin_vec::ThinVec;

/// Index into [`Facts::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// Index into [`Facts::evidence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EvidenceId(pub u32);

/// Index into [`Facts::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u32);

/// Index into [`Facts::paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(pub u32);

/// Index into [`Facts::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// Everything found in one package (or set of files).
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The files that were analyzed, and the layers found in them.
    pub modules: Vec<ModuleFacts>,
    /// Places in the text that other facts point to.
    pub evidence: Vec<Evidence>,
    /// Calls and reads that the catalog knows, and presumed ones.
    pub events: Vec<Event>,
    /// Sources joined to sinks.
    pub paths: Vec<Path>,
    /// The functions, classes and module bodies.
    pub functions: Vec<FunctionFacts>,
    /// Values that are stored where nothing reads them.
    pub dead_stores: Vec<DeadStore>,
    /// Helpers that the method they are named for does not call.
    pub unused_helpers: Vec<UnusedHelper>,
    /// Raised exceptions.
    pub raises: Vec<Raise>,
    /// Exception handlers.
    pub handlers: Vec<HandlerFacts>,
    /// Text that reaches code execution, as modules of their own.
    pub layers: Vec<Layer>,
    /// Code that is executed or loaded and could not be known.
    pub unopened: Vec<Unopened>,
    /// Calls that leave the package and that the catalog does not know.
    pub unmodelled: Vec<Unmodelled>,
    /// Constants of modules and classes that were computed, or that are addresses.
    pub constants: Vec<ConstantFact>,
    /// Files that are named as source code and are a program whose bytes are masked. Whoever reads the package's bytes
    /// fills this in: the engines read none.
    pub disguised: Vec<Disguised>,
    /// Where a budget ended the work.
    pub limits: Vec<LimitHit>,
    /// How much was made on the way.
    pub work: Work,
}

/// A program behind the name of source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disguised {
    /// The file.
    pub file: String,
    /// The format of the program: `PE executable`.
    pub what: String,
}

/// Counts of what the engine made: a measure of work that does not depend on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Abstract objects.
    pub objects: u64,
    /// Steps of ways.
    pub traces: u64,
    /// Places where a label starts.
    pub origins: u64,
    /// Places in the text that something points to.
    pub places: u64,
    /// Statements and calls that were interpreted again, for the sake of known arguments.
    pub inlined: u64,
    /// Call sites at which something outside of the package is called: modelled, evaluated or in [`Facts::unmodelled`].
    pub leaving: u64,
    /// Of these the ones that call what the language itself brings.
    pub own: u64,
}

/// True for a file of tests, documentation or examples, by its folder or name.
#[must_use]
pub fn is_beside_code(path: &str) -> bool {
    const FOLDERS: [&str; 9] =
        ["test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "samples"];
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or("");
    name.starts_with("test_") || name.starts_with("conftest.") || parts.any(|folder| FOLDERS.contains(&folder))
}

/// A variable of a module or class body whose value is one known text.
#[derive(Clone, Debug)]
pub struct ConstantFact {
    /// The qualified name: `SyncTableJob.Meta.collection_endpoint`.
    pub name: SmolStr,
    /// The value.
    pub value: ValueFact,
    /// The assignment.
    pub evidence: EvidenceId,
    /// The module or class body.
    pub function: FunctionId,
}

/// One analyzed file or layer.
#[derive(Clone, Debug)]
pub struct ModuleFacts {
    /// The path of the file inside its package. A layer has the path of the file it came from.
    pub path: String,
    /// The dotted module name the language gives it, if any.
    pub name: Option<String>,
    /// 0 for the file itself, 1 for text decoded from it, and so on.
    pub depth: u32,
    /// The layer, for depth above 0: index into [`Facts::layers`].
    pub layer: Option<u32>,
    /// The name of the language.
    pub language: SmolStr,
    /// The docstring or leading documentation comment.
    pub doc: Option<Arc<str>>,
    /// Modules it imports, with the place.
    pub imports: Vec<Import>,
    /// What the front end could not read.
    pub diagnostics: Vec<(EvidenceId, String)>,
    /// Of these the places whose text was not understood or not read, so that code in it was not followed.
    pub lost: Vec<EvidenceId>,
    /// Number of lines.
    pub lines: u32,
    /// Number of bytes of text.
    pub bytes: u64,
    /// The text.
    pub text: Arc<str>,
    /// The function that is the module body.
    pub body: FunctionId,
    /// When its body runs, from entry points and imports inside the package: entries of the closed list. Empty if nothing
    /// that runs reaches it.
    pub when: BTreeSet<SmolStr>,
    /// Measures of form.
    pub form: Form,
}

/// An import statement or call.
#[derive(Clone, Debug)]
pub struct Import {
    /// The dotted name, absolute where it could be resolved.
    pub name: SmolStr,
    /// The module of this package it is, if it is one.
    pub internal: Option<ModuleId>,
    /// Where.
    pub evidence: EvidenceId,
    /// True if it stands in a handler of a failed import: a fall-back.
    pub fallback: bool,
}

/// Measures of how a text is written.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Length of the longest string or bytes literal, in bytes.
    pub longest_literal: u32,
    /// Where the longest literal stands.
    pub longest_literal_at: Option<EvidenceId>,
    /// Bytes in literals of 200 bytes or more whose entropy is above 4.5 bits a byte.
    pub dense_literal_bytes: u64,
    /// Where the first of them stands.
    pub dense_literal_at: Option<EvidenceId>,
    /// Length of the longest line, in bytes.
    pub longest_line: u32,
    /// Names that were computed rather than written: attribute or import by evaluated string.
    pub computed_names: u32,
    /// Number of invisible or look-alike characters.
    pub strange_characters: u32,
    /// Where the first of them stands.
    pub strange_at: Option<EvidenceId>,
    /// Number of lines with code pushed beyond column 200 by white space.
    pub pushed_lines: u32,
    /// Where the first of them stands.
    pub pushed_at: Option<EvidenceId>,
}

/// A place in the text.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The module.
    pub module: ModuleId,
    /// Offset of the start in the module's text, in bytes.
    pub start: u32,
    /// Offset just behind the end, in bytes.
    pub end: u32,
    /// 1-based line of the start.
    pub line: u32,
    /// 1-based column of the start, in Unicode scalar values.
    pub column: u32,
    /// 1-based line of the end.
    pub end_line: u32,
    /// 1-based column just behind the end.
    pub end_column: u32,
    /// The symbol or name that the place is about, if it has one.
    pub symbol: Option<SmolStr>,
}

/// A value as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueFact {
    /// The text, if the value is one known string, or bytes that are text. At most 4 KiB of it.
    pub text: Option<Arc<str>>,
    /// The value for a reader, in the words of the code: `` `host`, or `https://api.example.invalid`, + `/v1` ``.
    pub shape: String,
    /// The constant pieces of the value, in order, over all alternatives.
    pub literals: Vec<Arc<str>>,
    /// The alternatives with `{}` for an unknown part: `https://{}/v1`. At most 8.
    pub patterns: Vec<Arc<str>>,
    /// Identities that the value is or is made from. Two values that share one concern the same resource.
    pub tokens: Vec<u64>,
    /// Kinds of source with a label in the value.
    pub labels: BTreeSet<SmolStr>,
    /// The symbol that the value is, if it is a function, class, module or instance of a library.
    pub symbol: Option<SmolStr>,
    /// True if the value is a literal in the call itself.
    pub literal: bool,
    /// The codings that were undone to get it, outermost first: `base64`, `zlib`; `decrypt`, and `table` for what a table
    /// of texts gave.
    pub codings: ThinVec<SmolStr>,
    /// The texts that it is, whole and from nowhere else, where the function is called with known arguments; at most
    /// 16. `true` for one that stood in the code only encoded.
    pub known_as: Vec<(Arc<str>, bool)>,
}

/// An argument of an event.
#[derive(Clone, Debug)]
pub struct ArgFact {
    /// The parameter's name in the model; the position where there is none.
    pub name: SmolStr,
    /// The roles that the model gives it: sink kinds and others.
    pub roles: Vec<SmolStr>,
    /// The value.
    pub value: ValueFact,
    /// The argument's place.
    pub evidence: EvidenceId,
}

/// A modelled call or read.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it is: entries of the closed list of actions.
    pub actions: Vec<SmolStr>,
    /// The source kind that its result yields.
    pub source: Option<SmolStr>,
    /// The canonical symbol: `requests.Session.post`.
    pub symbol: SmolStr,
    /// The call as written, without arguments: `_session.post`.
    pub written: SmolStr,
    /// The place.
    pub evidence: EvidenceId,
    /// The function it stands in.
    pub function: FunctionId,
    /// The arguments that were given.
    pub args: Vec<ArgFact>,
    /// The receiver, for a method.
    pub receiver: Option<ValueFact>,
    /// Identities of the result.
    pub result: Vec<u64>,
    /// The tests that decide whether it runs.
    pub guards: Guards,
    /// True if every error around it is swallowed.
    pub silent: bool,
    /// True if it stands in a loop.
    pub looped: bool,
    /// True if it is a statement of its own, whose result nothing takes.
    pub dropped: bool,
    /// Position in the order of execution inside its function.
    pub order: u32,
    /// When it can run: entries of the closed list that reach its function.
    pub when: BTreeSet<SmolStr>,
    /// The reason, if the link is presumed.
    pub presumed: Option<String>,
}

/// A condition on which something stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// The kind, from the closed list; empty for an ordinary condition.
    pub kind: SmolStr,
    /// The condition as written, at most 120 characters.
    pub text: SmolStr,
    /// False if it must not hold.
    pub holds: bool,
    /// The place of the condition.
    pub evidence: EvidenceId,
}

/// The conditions on which something stands, outermost first. What stands under the same conditions shares the list.
pub type Guards = Arc<[Guard]>;

/// A source joined to a sink.
#[derive(Clone, Debug)]
pub struct Path {
    /// Where the value enters.
    pub source: PathSource,
    /// Where it leaves.
    pub sink: PathSink,
    /// The way between them; the first step is the source, the last the sink. Of a long way the ends are kept.
    pub steps: Vec<PathStep>,
    /// The reason, if a link is presumed.
    pub presumed: Option<String>,
    /// True if an independent walk back from the sink found the source as well.
    pub proven: bool,
    /// The tests on which the sink stands.
    pub guards: Guards,
    /// When it can run.
    pub when: BTreeSet<SmolStr>,
}

/// Where a value enters.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSource {
    /// The kind.
    pub kind: SmolStr,
    /// The symbol (`os.environ`), or the parameter's name.
    pub symbol: SmolStr,
    /// The key, path or name that was asked for, where it is known: `AWS_SECRET_ACCESS_KEY`.
    pub detail: Option<String>,
    /// The place.
    pub evidence: EvidenceId,
    /// The function it stands in; for a parameter, the function it belongs to.
    pub function: FunctionId,
    /// The event, if the source is a modelled call or read.
    pub event: Option<EventId>,
}

/// Where a value leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSink {
    /// The kind.
    pub kind: SmolStr,
    /// The symbol.
    pub symbol: SmolStr,
    /// The parameter that takes it.
    pub arg: SmolStr,
    /// The place.
    pub evidence: EvidenceId,
    /// The function it stands in.
    pub function: FunctionId,
    /// The event, if the sink is a modelled call; a `raise` or `return` has none.
    pub event: Option<EventId>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathStep {
    /// The place.
    pub evidence: EvidenceId,
    /// What happens there.
    pub kind: StepKind,
    /// The name that takes the value, the function called, the operation.
    pub text: SmolStr,
}

/// What a step of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepKind {
    /// The value enters.
    Source,
    /// It is stored in a variable.
    Assign,
    /// It is stored in an attribute, an item or a buffer.
    Store,
    /// It passes through a call of a library.
    Through,
    /// It is passed to a function of the package.
    Pass,
    /// It is returned from a function of the package.
    Return,
    /// It is read back from an attribute or item.
    Load,
    /// It leaves.
    Sink,
}

/// A function, method, class body or module body.
#[derive(Clone, Debug)]
pub struct FunctionFacts {
    /// The module.
    pub module: ModuleId,
    /// The name as defined.
    pub name: SmolStr,
    /// `Class.method`, `outer.inner`; the module's path for a module body.
    pub qualified: String,
    /// What it is: `module`, `function`, `method`, `class`, `lambda`.
    pub kind: SmolStr,
    /// The class it belongs to, for a method.
    pub class: Option<FunctionId>,
    /// Its parameters, without the receiver.
    pub params: Vec<SmolStr>,
    /// The place of the name (of the first line for a module).
    pub evidence: EvidenceId,
    /// The docstring.
    pub doc: Option<Arc<str>>,
    /// True if its name and those around it are public and it is not nested in a function.
    pub public: bool,
    /// Calls inside the package, with their places.
    pub calls: Vec<(FunctionId, EvidenceId)>,
    /// For each of them its position in the order of execution inside this function, on the scale of [`Event::order`];
    /// 0 where it is not known.
    pub call_orders: Vec<u32>,
    /// Bases of a class: canonical symbols, or qualified names inside the package.
    pub bases: Vec<SmolStr>,
    /// When it can run: entries of the closed list that reach it.
    pub when: BTreeSet<SmolStr>,
    /// Parameters that nothing in the function reads.
    pub unused_params: Vec<SmolStr>,
    /// True if the function can be seen to do nothing but return constants or its parameters.
    pub trivial: bool,
    /// True for a method that is read like an attribute and not called.
    pub property: bool,
}

/// A value that is stored where nothing reads it.
#[derive(Clone, Debug)]
pub struct DeadStore {
    /// The variable, or the container's variable for a store into an item.
    pub variable: SmolStr,
    /// The item's key, for a store into an item.
    pub key: Option<SmolStr>,
    /// What is stored, as written, at most 120 characters.
    pub value: String,
    /// The parameters that reach nothing else but this store and conditions.
    pub lost: Vec<SmolStr>,
    /// Constants that the dead container holds under keys that a later call takes from elsewhere: key, constant.
    pub shadowed: Vec<(SmolStr, String)>,
    /// The place of the store.
    pub evidence: EvidenceId,
    /// The place of the container's creation, for a store into an item.
    pub container: Option<EvidenceId>,
    /// The function.
    pub function: FunctionId,
}

/// A helper `get_X_endpoint` that nothing calls, while `X` calls a sibling of the same shape.
#[derive(Clone, Debug)]
pub struct UnusedHelper {
    /// The helper.
    pub helper: FunctionId,
    /// The method it is named for.
    pub user: FunctionId,
    /// The sibling that the method calls instead, as written.
    pub sibling: SmolStr,
    /// The place of that call.
    pub sibling_call: EvidenceId,
    /// What the helper adds that is never used: the constants in its result.
    pub unused: Vec<String>,
}

/// A raised exception.
#[derive(Clone, Debug)]
pub struct Raise {
    /// The exception's type as written.
    pub exception: SmolStr,
    /// Its arguments as written.
    pub args: Vec<String>,
    /// The place.
    pub evidence: EvidenceId,
    /// The function.
    pub function: FunctionId,
    /// The conditions on which it stands, early returns included.
    pub guards: Vec<Guard>,
    /// The handler it stands in: index into [`Facts::handlers`].
    pub handler: Option<u32>,
    /// True if it passes on the exception that the handler caught.
    pub passes_caught: bool,
}

/// An exception handler.
#[derive(Clone, Debug)]
pub struct HandlerFacts {
    /// The exceptions as written; empty for one that catches everything.
    pub exceptions: Vec<SmolStr>,
    /// True if it catches everything, or `Exception`.
    pub broad: bool,
    /// True if it does nothing with the error: `pass`, `continue`, a constant.
    pub swallows: bool,
    /// The place.
    pub evidence: EvidenceId,
    /// The function.
    pub function: FunctionId,
    /// True if it only catches failed imports.
    pub import_fallback: bool,
}

/// Text that reaches code execution.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The module that holds the site.
    pub parent: ModuleId,
    /// The module made of the text, if its language is read.
    pub module: Option<ModuleId>,
    /// The language: `python`, `javascript`, `shell`, `powershell`, `unknown`.
    pub language: SmolStr,
    /// The place where it is executed.
    pub evidence: EvidenceId,
    /// The event that executes it.
    pub event: EventId,
    /// The decoders it went through, in order: `base64`, `zlib`.
    pub codings: Vec<SmolStr>,
    /// The text, at most 256 KiB; longer text is analyzed whole and shown in part.
    pub text: Arc<str>,
    /// True if the text stands in the file as it is executed: it hides nothing.
    pub visible: bool,
}

/// Code that is executed or loaded and could not be known.
#[derive(Clone, Debug)]
pub struct Unopened {
    /// The event.
    pub event: EventId,
    /// The place.
    pub evidence: EvidenceId,
    /// Why, as a clause without a final stop.
    pub why: String,
    /// Kinds of source with a label in the value.
    pub labels: BTreeSet<SmolStr>,
}

/// A call that leaves the package and that the catalog does not know.
#[derive(Clone, Debug)]
pub struct Unmodelled {
    /// The symbol as far as it is known.
    pub symbol: SmolStr,
    /// The place.
    pub evidence: EvidenceId,
    /// The function it stands in.
    pub function: FunctionId,
}

/// Where a budget ended the work.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitHit {
    /// The module.
    pub module: ModuleId,
    /// The budget: `evaluation steps`, `layers`, `nesting`, `items`.
    pub budget: SmolStr,
    /// What was left out, as a clause.
    pub what: String,
}

impl Facts {
    /// The place with this id.
    #[must_use]
    pub fn evidence(&self, id: EvidenceId) -> Option<&Evidence> {
        self.evidence.get(id.0 as usize)
    }

    /// The line of a place; 0 if the id is foreign.
    #[must_use]
    pub fn line(&self, id: EvidenceId) -> u32 {
        self.evidence(id).map_or(0, |evidence| evidence.line)
    }

    /// The text of a place; empty if the id is foreign.
    #[must_use]
    pub fn text(&self, id: EvidenceId) -> &str {
        self.evidence(id)
            .and_then(|evidence| {
                let module = self.modules.get(evidence.module.0 as usize)?;
                module.text.get(evidence.start as usize..evidence.end as usize)
            })
            .unwrap_or("")
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.0 as usize)
    }

    /// The function with this id.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> Option<&FunctionFacts> {
        self.functions.get(id.0 as usize)
    }
}

/// At most `most` bytes of a text, cut on a character boundary.
#[must_use]
pub fn clip(text: &str, most: usize) -> Arc<str> {
    let mut end = text.len().min(most);
    while end > 0 && !text.is_char_boundary(end) {
        end -= 1;
    }
    Arc::from(text.get(..end).unwrap_or(""))
}
