//! Layers: text that reaches execution, and what is known of it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use sluice_catalog::commands::Started;
use sluice_syntax::ir::{Const, FuncId, Module, StmtKind};
use smol_str::SmolStr;

use super::call::Site;
use super::programs::{
    file_beside, fixed_program, interpreter, is_script, lies_in_a_folder, program, started_by_python, told_word,
};
use super::value::{Key, Ref, Term, Value};
use super::{Engine, LayerData, Progress, stable_hash};
use crate::dialect;
use crate::evaluate::Concrete;
use crate::facts::EvidenceId;

/// Most layers inside each other, after chains of decoders are collapsed.
pub const MOST_LAYER_DEPTH: u32 = 64;
/// Most layers of one package.
pub const MOST_LAYERS: usize = 4_096;
/// Longest text of a layer that is analyzed, in bytes.
pub const LONGEST_LAYER: usize = 50 << 20;
/// Most known texts that are written to files and remembered, and the longest text that one file is remembered to hold.
const MOST_WRITTEN: usize = 256;
const LONGEST_WRITTEN: usize = 8 << 20;
/// The shortest part of a path by which a command names a file.
const SHORTEST_PATH: usize = 5;
/// The shortest known part of a script of which the rest is not known.
const SHORTEST_SCRIPT: usize = 12;

/// A known text that is written to a file.
#[derive(Debug)]
pub struct Written {
    /// The path as far as it is known, with `{}` for unknown parts.
    path: Option<String>,
    /// Identities of the file, where its path is not known.
    tokens: Vec<u64>,
    text: String,
    /// False if parts of the text are not known; they stand in it as `{}`.
    whole: bool,
    codings: Vec<SmolStr>,
}

impl Engine<'_> {
    /// A value reaches code execution: as a layer if its text is known, else as something that could not be opened.
    pub(crate) fn executed(
        &mut self,
        module: &Rc<Module>,
        kind: &str,
        value: &Value,
        event: usize,
        place: EvidenceId,
        symbol: &SmolStr,
    ) {
        let text: Option<Arc<str>> = match value.known() {
            Some(Const::Str(text)) => Some(Arc::clone(text)),
            Some(Const::Bytes(bytes)) => std::str::from_utf8(bytes).ok().map(Arc::from),
            _ => None,
        };
        let codings = value.data().map(|data| data.codings.to_vec()).unwrap_or_default();
        match kind {
            "code.execute" if symbol != "compile" => match text {
                Some(text) => {
                    self.unopened.shift_remove(&place);
                    self.add_layer(module, text, self.dialect.name(), codings, event, place);
                }
                // A function that is handed over is code that is read where it stands.
                None if value
                    .refs()
                    .iter()
                    .any(|reference| matches!(reference, Ref::Function(..) | Ref::Method(..))) => {}
                None => {
                    let opened = self.layers.len();
                    if self.either_layer(module, value, &codings, event, place)
                        || (codings.is_empty() && self.runs_own_file(value, place))
                    {
                        return;
                    }
                    let partly = self.layers.len() > opened;
                    let (labels, _) = self.deep(value);
                    let kinds: BTreeSet<SmolStr> = self.label_kinds(&labels);
                    // What was decoded and is no text (a code object) is a layer that nobody can read.
                    // So is what was decrypted out of a file that lies with the code.
                    // So is what is known but no text: a code object out of a data file of the package.
                    let whole = matches!(value.known(), Some(Const::Bytes(_)));
                    let of_package = kinds.iter().all(|kind| kind == "file" || (whole && kind == "package.data"));
                    let hidden =
                        kinds.is_empty() || (of_package && (whole || codings.iter().any(|coding| coding == "decrypt")));
                    if !codings.is_empty() && hidden {
                        self.add_layer(module, Arc::from(""), "unknown", codings, event, place);
                    }
                    if partly || !self.layers.iter().any(|layer| layer.place == place && !layer.text.is_empty()) {
                        let compiled = match value.known() {
                            Some(Const::Bytes(bytes)) => sluice_syntax::bytecode::read(bytes),
                            _ => None,
                        };
                        let why = if let Some(compiled) = compiled {
                            format!("it is compiled; it {}", compiled.told())
                        } else if kinds.is_empty() {
                            "its text is computed in a way that was not followed".to_owned()
                        } else {
                            "its text comes from outside of the code".to_owned()
                        };
                        self.unopened.entry(place).or_insert((event, why, kinds));
                    }
                }
            },
            "process.command" => self.command_layer(module, value, text, codings, event, place),
            "code.load" => self.written_layer(module, value, event, place),
            _ => {}
        }
    }

    /// A text that is one of several: all that are known are layers. False if none is, or if another may be executed.
    fn either_layer(
        &mut self,
        module: &Rc<Module>,
        value: &Value,
        codings: &[SmolStr],
        event: usize,
        place: EvidenceId,
    ) -> bool {
        let Some(term) = value.term() else { return false };
        let texts = term.constants();
        let whole = !codings.is_empty() || matches!(&*term, Term::Either(parts) if parts.len() == texts.len());
        for text in &texts {
            self.add_layer(module, Arc::from(text.as_str()), self.dialect.name(), codings.to_vec(), event, place);
        }
        whole && !texts.is_empty()
    }

    /// `python -c TEXT` as an argument list, or a command line.
    fn command_layer(
        &mut self,
        module: &Rc<Module>,
        value: &Value,
        text: Option<Arc<str>>,
        codings: Vec<SmolStr>,
        event: usize,
        place: EvidenceId,
    ) {
        let words: Vec<Arc<str>> = match (&text, self.concrete(value, 3)) {
            // On Windows a backslash is part of a path: where the words cannot be told, there are none.
            (Some(text), _) if text.len() < 64 << 10 => shlex::split(&text.replace('\\', "\\\\"))
                .unwrap_or_default()
                .iter()
                .map(|word| Arc::from(word.as_str()))
                .collect(),
            (Some(_), _) => Vec::new(),
            (None, Some(Concrete::List(items) | Concrete::Tuple(items))) => items
                .iter()
                .filter_map(|item| match item {
                    Concrete::Str(text) => Some(Arc::clone(text)),
                    _ => None,
                })
                .collect(),
            // The interpreter's own path is unknown (`sys.executable`), what stands behind it is known.
            (None, None) if value.object().is_none() => {
                let patterns = value.term().map(|term| term.patterns()).unwrap_or_default();
                let [pattern] = patterns.as_slice() else { return };
                let words = shlex::split(&pattern.replace('\\', "\\\\")).unwrap_or_default();
                words.iter().map(|word| Arc::from(if word == "{}" { "" } else { word.as_str() })).collect()
            }
            _ => self
                .items(value)
                .unwrap_or_default()
                .iter()
                .map(|item| item.known_text().cloned().unwrap_or_else(|| Arc::from(file_beside(item).as_str())))
                .collect(),
        };
        self.written_layer(module, value, event, place);
        self.own_program(&words, place);
        self.own_text(module, &words, event, place);
        let code_at = words.iter().position(|word| &**word == "-c").or_else(|| {
            let language_of =
                |word: &Arc<str>| dialect::all().into_iter().find(|language| language.code_flags().contains(&&**word));
            let (at, language) = words.iter().enumerate().find_map(|(at, word)| Some((at, language_of(word)?)))?;
            let known = words.get(..at)?.iter().any(|word| interpreter(word) == Some(language.name()));
            let is_own = at > 0 && language.name() == self.dialect.name() && self.starts_itself(value);
            (known || is_own).then_some(at)
        });
        if let Some(at) = code_at
            && let Some(code) = words.get(at + 1)
            && !code.is_empty()
        {
            // The interpreter may be unknown (`sys.executable`), or stand behind `start` or `sudo`.
            let before = words.get(..at).unwrap_or_default();
            let known = before.iter().rev().find_map(|word| interpreter(word));
            let unknown = text.is_none() && before.iter().any(|word| word.is_empty());
            if let Some(language) = known.or(unknown.then_some(self.dialect.name())) {
                self.add_layer(module, Arc::clone(code), language, codings, event, place);
                return;
            }
        }
        if words.iter().any(|word| interpreter(word) == Some("powershell"))
            && let Some(script) = self.encoded_powershell(&words)
        {
            let mut codings = codings;
            codings.push(SmolStr::new_static("base64"));
            // The command is what it decodes to.
            self.runs_script(event, &script, true);
            self.add_layer(module, Arc::from(script), "powershell", codings, event, place);
            return;
        }
        if let Some(text) = text {
            let lower = text.to_ascii_lowercase();
            let language =
                if lower.starts_with("powershell") || lower.contains("powershell ") { "powershell" } else { "shell" };
            if !codings.is_empty() || text.len() > 24 {
                // Quotes, variables and what is decoded on the way hide what a line says.
                if language == "shell" && text.contains(['$', '`', '\\', '\'', '"', '\n', '|', '<']) {
                    self.runs_script(event, &text, !codings.is_empty());
                }
                self.add_layer(module, text, language, codings, event, place);
            }
        }
    }

    /// True if the first word of a command is the program that runs the code itself.
    pub(crate) fn starts_itself(&self, command: &Value) -> bool {
        self.items(command).unwrap_or_default().first().is_some_and(|word| self.is_own_program(word))
    }

    /// True for the program that runs the code itself.
    pub(crate) fn is_own_program(&self, value: &Value) -> bool {
        let (names, words) = (self.dialect.own_program(), self.dialect.own_words());
        let by_name = |reference: &Ref| matches!(reference, Ref::Symbol(symbol) if names.contains(&symbol.as_str()));
        value.refs().iter().any(by_name)
            || value.labels().iter().any(|label| {
                let origin = self.origins.get(label.origin as usize);
                origin.is_some_and(|origin| words == Some(origin.symbol.as_str()))
            })
            || matches!(value.term().as_deref(), Some(Term::Name(name)) if names.contains(&name.as_str()))
    }

    pub(crate) fn add_layer(
        &mut self,
        parent: &Rc<Module>,
        text: Arc<str>,
        language: &str,
        codings: Vec<SmolStr>,
        event: usize,
        place: EvidenceId,
    ) {
        let here = self.here().module;
        let hash = stable_hash(&[text.as_bytes()]);
        if self.layer_index.contains_key(&(place, hash)) {
            return;
        }
        let depth = self.depth.get(here as usize).copied().unwrap_or(0) + 1;
        if depth > MOST_LAYER_DEPTH || self.layers.len() >= MOST_LAYERS || text.len() > LONGEST_LAYER {
            self.limits.push((here, "layers", "a further layer was not opened".to_owned()));
            return;
        }
        let index = self.layers.len();
        self.layer_index.insert((place, hash), index);
        self.layers.push(LayerData {
            parent: here,
            place,
            event,
            language: SmolStr::new(language),
            codings,
            text: Arc::clone(&text),
            module: None,
        });
        let Some(language) = sluice_syntax::ir::Language::from_name(language) else { return };
        let lowered = sluice_syntax::parse(&parent.path, &text, language);
        // What is executed and was not read to its end may do anything behind that.
        if lowered.diagnostics.iter().any(|lost| lost.lost && lost.message.ends_with("the rest is not read")) {
            self.limits.push((here, "layers", "a layer was not read to its end".to_owned()));
        }
        let module = u32::try_from(self.modules.len()).unwrap_or(u32::MAX);
        self.modules.push(Rc::new(lowered));
        self.depth.push(depth);
        self.progress.push(Progress::No);
        self.imports.push(Vec::new());
        self.computed_names.push(0);
        let mut root = here;
        while let Some(parent) = self.layer_parent.get(&root) {
            root = *parent;
        }
        self.layer_parent.insert(module, here);
        let names = self.layer_names.entry(root).or_default();
        if let Some(body) = self.modules.get(module as usize).and_then(|lowered| lowered.function(FuncId::MODULE)) {
            for slot in &body.slots {
                names.insert(slot.name.clone(), module);
            }
        }
        if let Some(layer) = self.layers.get_mut(index) {
            layer.module = Some(module);
        }
        self.read_members(module);
        let body = Key { module, func: FuncId::MODULE.0 };
        let caller = self.here();
        self.add_call(caller, body, place);
        self.run_module(module);
        let in_place =
            self.events.get(event).is_some_and(|event| event.actions.iter().any(|name| name == "code.execute"));
        if in_place {
            self.rebind(module, root);
        }
    }

    /// What a layer binds is also what the code that executes it has under these names. What was there stays beside it:
    /// the text may have names of its own, and hides nothing.
    fn rebind(&mut self, layer: u32, root: u32) {
        let body = Key { module: root, func: FuncId::MODULE.0 };
        let top = self.here() == body;
        let lowered = self.module(layer);
        let Some(names) = lowered.function(FuncId::MODULE).map(|body| &body.slots) else { return };
        for name in names {
            let Some(slot) = self.slot_named(body, &name.name) else { continue };
            let Some(value) = self.module_attr(layer, &name.name).filter(|value| !value.is_unknown()) else { continue };
            self.share((root, slot), &value);
            if top {
                let both = self.slot(slot.slot).join(&value);
                self.set_slot(slot.slot, both);
            }
        }
    }

    /// What a command runs: of a list of words the first that is neither an interpreter, nor a launcher, nor a flag of
    /// either. A command line that is one text is not taken apart where it is not wholly known.
    pub(crate) fn program_of(&self, value: &Value) -> Value {
        const LAUNCHERS: &[&str] = &[
            "start", "cscript", "wscript", "mshta", "rundll32", "regsvr32", "msiexec", "sudo", "nohup", "env",
            "setsid", "open", "xdg-open", "wine", "mono", "java", "call", "exec",
        ];
        let object = value.object().and_then(|id| self.object(id));
        let Some(words) = object.map(|object| &object.items).filter(|items| !items.is_empty()) else {
            return fixed_program(value, LAUNCHERS).map_or_else(|| value.clone(), |word| Value::text(&word));
        };
        let passes = |word: &Value| match word.known_text() {
            Some(text) => {
                text.starts_with('-')
                    || text.starts_with('/') && !text.trim_start_matches('/').contains(['/', '.'])
                    || interpreter(text).is_some()
                    || LAUNCHERS.contains(&program(text).as_str())
            }
            None => {
                let named =
                    |pattern: &String| interpreter(pattern).is_some() || LAUNCHERS.contains(&program(pattern).as_str());
                let own = self.dialect.own_program();
                word.refs()
                    .iter()
                    .any(|reference| matches!(reference, Ref::Symbol(symbol) if own.contains(&symbol.as_str())))
                    // Where an interpreter was looked for (`shutil.which("python")`) one was found.
                    || word.term().is_some_and(|term| term.patterns().iter().any(named))
            }
        };
        // Launchers with options and words of their own, and programs that are given code in one word.
        let told: Vec<String> = words.iter().map(told_word).collect();
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        let (words, code) = match sluice_catalog::commands::started(&told) {
            Started::At(at) => (words.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(words), None),
            Started::Word(at) => (words.as_slice(), words.get(at)),
        };
        let mut program =
            code.or(words.iter().find(|word| !passes(word))).or(words.first()).cloned().unwrap_or_default();
        // What a shell takes in one word is a command again, with a program of its own.
        let shell = words.iter().take_while(|word| passes(word)).filter_map(Value::known_text);
        let mut languages = shell.map(|word| interpreter(word));
        if (code.is_some() || languages.any(|language| matches!(language, Some("shell" | "powershell"))))
            && let Some(word) = fixed_program(&program, LAUNCHERS)
        {
            return Value::text(&word);
        }
        // No shell reads a list: a path that ends in a fixed name is that program, wherever its folder's name came from.
        if lies_in_a_folder(&program) {
            program.edit().labels = Default::default();
        }
        program
    }

    /// The script that `powershell -EncodedCommand` takes: UTF-16 in base64.
    fn encoded_powershell(&mut self, words: &[Arc<str>]) -> Option<String> {
        let at = words.iter().position(|word| {
            let flag = word.to_ascii_lowercase();
            let name = flag.trim_start_matches(['-', '/']);
            name.len() < flag.len() && (name == "ec" || (!name.is_empty() && "encodedcommand".starts_with(name)))
        })?;
        let blob = words.get(at + 1)?.trim_matches(['"', '\'']);
        let bytes = crate::evaluate::codecs::from_base64(blob, &mut self.budget)?;
        let units: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes)).collect();
        String::from_utf16(&units).ok().filter(|text| !text.is_empty())
    }

    /// The value of an expression that is evaluated from a text, which is a layer by now.
    pub(crate) fn evaluated_layer(&mut self, text: &Arc<str>, site: Site) -> Option<Value> {
        let place = self.place(site.span, None);
        let index = *self.layer_index.get(&(place, stable_hash(&[text.as_bytes()])))?;
        let module = self.layers.get(index)?.module?;
        let lowered = self.module(module);
        let [only] = lowered.function(FuncId::MODULE)?.body.as_slice() else { return None };
        let StmtKind::Expr(id) = only.kind else { return None };
        if self.frames.len() >= super::MOST_FRAMES {
            return None;
        }
        let frame = self.new_frame(Key { module, func: FuncId::MODULE.0 }, true);
        self.enter(frame);
        let value = self.eval(&lowered, id);
        self.exit();
        Some(value)
    }

    /// A command that runs a module or a script of this package enters it as the main program.
    fn own_program(&mut self, words: &[Arc<str>], place: EvidenceId) {
        // `a && b`, `a; b`, `a | b` are commands of their own.
        for part in words.split(|word| matches!(&**word, "&&" | "||" | ";" | "|" | "&")) {
            self.own_script(part, place);
            self.one_program(part, place);
        }
    }

    /// `npm run NAME` runs another script of the same manifest.
    fn own_script(&mut self, words: &[Arc<str>], place: EvidenceId) {
        let [manager, rest @ ..] = words else { return };
        if !matches!(program(manager).as_str(), "npm" | "yarn" | "pnpm" | "bun") {
            return;
        }
        let Some(name) =
            rest.iter().find(|word| &***word != "run" && &***word != "run-script" && !word.starts_with('-'))
        else {
            return;
        };
        let here = self.here();
        let Some(value) = self.global_named(name) else { return };
        for reference in value.refs() {
            if let Ref::Function(key, _) = reference
                && *key != here
            {
                self.add_call(here, *key, place);
            }
        }
    }

    /// An interpreter that is given a file of the package which is no source by its name reads it as source all the same.
    fn own_text(&mut self, module: &Rc<Module>, words: &[Arc<str>], event: usize, place: EvidenceId) {
        for part in words.split(|word| matches!(&**word, "&&" | "||" | ";" | "|" | "&")) {
            let run_by = part.iter().position(|word| word.is_empty() || interpreter(word).is_some());
            let rest = part.get(run_by.map_or(0, |at| at + 1)..).unwrap_or_default();
            // Switches of the shell of Windows (`/c`), and what PowerShell is told to run by name.
            let is_switch = |word: &str| word.starts_with('-') || (word.len() <= 3 && word.starts_with('/'));
            let by_name = rest.iter().position(|word| matches!(&*word.to_ascii_lowercase(), "-file" | "-f"));
            let by_name = by_name.and_then(|at| rest.get(at + 1));
            let Some(script) = by_name.or_else(|| rest.iter().find(|word| !is_switch(word))) else { continue };
            let language = match run_by.and_then(|at| part.get(at)) {
                Some(word) => interpreter(word).unwrap_or(self.dialect.name()),
                None if [".sh", ".bash", ".bat", ".cmd"].iter().any(|suffix| script.ends_with(suffix)) => "shell",
                None => continue,
            };
            let Some(text) = self.data_text(&script.replace('\\', "/")) else { continue };
            if language == "shell" {
                self.runs_script(event, &text, false);
            }
            self.add_layer(module, text, language, Vec::new(), event, place);
        }
    }

    /// What is written to the input of a process is told together with the command that started it.
    pub(super) fn told_command(&mut self, words: &[Arc<str>], event: usize, place: EvidenceId) {
        let line = words.iter().map(|word| if word.is_empty() { "{}" } else { word }).collect::<Vec<_>>().join(" ");
        let whole = words.iter().all(|word| !word.is_empty());
        let line: Arc<str> = Arc::from(line);
        let mut fact = crate::facts::ValueFact::default();
        if whole {
            fact.text = Some(line);
        } else {
            fact.patterns.push(line);
        }
        let Some(event) = self.events.get_mut(event) else { return };
        let name = SmolStr::new_static("command");
        if !event.args.iter().any(|arg| arg.name == name) {
            event.args.push(super::EventArg { roles: vec![name.clone()], name, fact, place });
        }
    }

    /// A command that runs a script of a shell does what the commands of the script do.
    pub(crate) fn runs_script(&mut self, event: usize, text: &str, decoded: bool) {
        let here = self.here().module;
        if text.len() > sluice_syntax::shell::LONGEST {
            self.limits.push((here, "layers", "a script of a shell was not read".to_owned()));
            return;
        }
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let mut told = vec![(lines.join("; "), decoded)];
        if let Some(script) = sluice_syntax::shell::read(text) {
            if !script.complete {
                self.limits.push((here, "layers", "a script of a shell was not read to its end".to_owned()));
            }
            told.push((script.commands, decoded));
            told.extend(script.decoded.into_iter().map(|commands| (commands, true)));
        }
        let args = self.events.get_mut(event).map(|event| event.args.as_mut_slice()).unwrap_or_default();
        for arg in args.iter_mut().filter(|arg| arg.roles.iter().any(|role| role == "process.command")) {
            for (commands, decoded) in &told {
                let known = (Arc::from(commands.as_str()), *decoded);
                let is_told = arg.fact.text.as_deref() == Some(commands) || arg.fact.known_as.contains(&known);
                if !is_told && arg.fact.known_as.len() < super::events::MOST_CONTEXT_VALUES {
                    arg.fact.known_as.push(known);
                }
            }
        }
    }

    fn one_program(&mut self, words: &[Arc<str>], place: EvidenceId) {
        // An empty word is `sys.executable` or another value that is not known.
        let run_by = words
            .iter()
            .position(|word| word.is_empty() || matches!(interpreter(word), Some("python" | "javascript" | "shell")));
        // A script may be named alone (`fork("./worker.js")`).
        let at = match (run_by, words.first()) {
            (Some(at), _) => at + 1,
            (None, Some(first)) if is_script(first) => 0,
            _ => return,
        };
        let here = self.here();
        let mut rest = words.iter().skip(at).skip_while(|word| word.starts_with('-') && &***word != "-m");
        let target = match rest.next() {
            Some(flag) if &**flag == "-m" => {
                rest.next().and_then(|name| self.program.absolute(self.file_of(here.module), name))
            }
            Some(script) if is_script(script) || run_by.is_some() => {
                let script = script.trim_start_matches("./").replace('\\', "/");
                let own = self.program.resolve(self.file_of(here.module), &format!("./{script}"));
                let fits = |path: &str| path == script || path.ends_with(&format!("/{script}"));
                let by_name = || {
                    let mut files = self.modules.iter().zip(&self.depth);
                    let found = files.position(|(module, depth)| *depth == 0 && fits(&module.path));
                    found.and_then(|index| u32::try_from(index).ok()).filter(|_| is_script(&script))
                };
                own.or_else(by_name)
            }
            _ => None,
        };
        if let Some(target) = target.filter(|target| *target != here.module) {
            let body = Key { module: target, func: FuncId::MODULE.0 };
            self.add_call(here, body, place);
            self.started.insert((here, body));
            self.run_module(target);
        }
    }

    /// A known text is written to a file.
    pub(crate) fn remember_written(&mut self, file: &Value, text: &Value) {
        let (known, whole): (String, bool) = match text.known() {
            Some(Const::Str(text)) => (text.to_string(), true),
            Some(Const::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), true),
                Err(_) => return,
            },
            // The folder that a script works in is rarely known, its commands are.
            _ => match text.term().and_then(|term| term.patterns().into_iter().next()) {
                Some(pattern) if pattern.replace("{}", "").trim().len() >= SHORTEST_SCRIPT => (pattern, false),
                _ => return,
            },
        };
        if known.len() > LONGEST_WRITTEN || known.trim().is_empty() {
            return;
        }
        let codings = text.data().map(|data| data.codings.to_vec()).unwrap_or_default();
        let path = file.term().and_then(|term| term.patterns().into_iter().next());
        let path = path.filter(|path| path.replace("{}", "").len() >= SHORTEST_PATH);
        let tokens = if path.is_some() { Vec::new() } else { file.tokens().to_vec() };
        let same = |written: &Written| match (&path, &written.path) {
            (Some(a), Some(b)) => a == b,
            (None, None) => tokens.iter().any(|token| written.tokens.contains(token)),
            _ => false,
        };
        // One file is written in parts.
        if let Some(written) = self.written.iter_mut().find(|written| same(written)) {
            if !written.text.contains(&known) && written.text.len() + known.len() <= LONGEST_WRITTEN {
                written.text.push_str(&known);
                written.whole &= whole;
            }
            return;
        }
        if self.written.len() < MOST_WRITTEN {
            self.written.push(Written { path, tokens, text: known, whole, codings });
        }
    }

    /// Text that is written to a file which Python reads whenever it starts runs then.
    pub(crate) fn startup_layer(
        &mut self,
        module: &Rc<Module>,
        file: &Value,
        text: &Value,
        event: usize,
        place: EvidenceId,
    ) {
        let Some(lines_only) = file.term().and_then(|term| started_by_python(&term.patterns())) else { return };
        // What stands before or behind in the file may be unknown.
        let mut texts = Vec::new();
        match text.term() {
            Some(term) => term.literals(&mut texts),
            None => return,
        }
        let codings = text.data().map(|data| data.codings.to_vec()).unwrap_or_default();
        for text in texts {
            // Text of a file of the package hides nothing: it is reviewed where it stands.
            let codings = codings.iter().filter(|coding| coding.as_str() != "file").cloned().collect();
            self.at_startup(module, &text, lines_only, codings, event, place);
        }
    }

    /// A data file of the package that is copied to such a place.
    pub(crate) fn startup_copy(
        &mut self,
        module: &Rc<Module>,
        bound: &[super::model::Bound],
        event: usize,
        place: EvidenceId,
    ) {
        let with_role = |name: &str| {
            let fitting = bound.iter().find(|arg| arg.roles.iter().any(|role| role == name));
            fitting.and_then(|arg| arg.value.term()).map(|term| term.patterns())
        };
        let Some(lines_only) = with_role("destination").and_then(|patterns| started_by_python(&patterns)) else {
            return;
        };
        let Some(text) = with_role("source").and_then(|patterns| match patterns.as_slice() {
            [pattern] => self.data_text(pattern),
            _ => None,
        }) else {
            return;
        };
        self.at_startup(module, &text, lines_only, Vec::new(), event, place);
    }

    fn at_startup(
        &mut self,
        module: &Rc<Module>,
        text: &str,
        lines_only: bool,
        codings: Vec<SmolStr>,
        event: usize,
        place: EvidenceId,
    ) {
        /// Shortest text that is worth a layer, and the longest that is looked at.
        const SHORTEST: usize = 12;
        if text.len() < SHORTEST || text.len() > LONGEST_WRITTEN {
            return;
        }
        let code: String = if lines_only {
            let runs = |line: &&str| line.starts_with("import ") || line.starts_with("import\t");
            text.lines().filter(runs).collect::<Vec<_>>().join("\n")
        } else {
            text.to_owned()
        };
        if code.trim().is_empty() {
            return;
        }
        let before = self.modules.len();
        self.add_layer(module, Arc::from(code.as_str()), "python", codings, event, place);
        if let Ok(module) = u32::try_from(before)
            && self.modules.len() > before
        {
            let body = Key { module, func: FuncId::MODULE.0 };
            self.registered.entry(body).or_default().insert(SmolStr::new_static("startup"));
        }
    }

    /// A command that runs a file which was written with a known text runs that text.
    fn written_layer(&mut self, module: &Rc<Module>, value: &Value, event: usize, place: EvidenceId) {
        if self.written.is_empty() {
            return;
        }
        let fact = self.value_fact(value, false);
        let patterns: Vec<&str> = fact.patterns.iter().map(AsRef::as_ref).chain(fact.text.as_deref()).collect();
        let found = self.written.iter().find(|written| match &written.path {
            Some(path) => patterns.iter().any(|pattern| pattern.contains(path.as_str())),
            None => written.tokens.iter().any(|token| fact.tokens.contains(token)),
        });
        let Some(written) = found else { return };
        let path = written.path.clone().unwrap_or_default().to_ascii_lowercase();
        let run_by = patterns
            .iter()
            .flat_map(|pattern| pattern.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .find_map(|word| interpreter(&word));
        let own = match path.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("py" | "pyw") => Some("python"),
            Some("sh" | "bat" | "cmd") => Some("shell"),
            Some("ps1") => Some("powershell"),
            Some("js" | "mjs" | "cjs") => Some("javascript"),
            _ => None,
        };
        let by_content = || {
            let text = written.text.trim_start();
            let python = text.starts_with("import ") || text.starts_with("from ") || text.contains("\nimport ");
            if python {
                "python"
            } else if text.starts_with("const ") || text.contains("require(") {
                "javascript"
            } else if text.starts_with("#!") {
                "shell"
            } else {
                "unknown"
            }
        };
        let language = own.or(run_by).unwrap_or_else(by_content);
        // Of a script of commands a part tells something; of a program it does not.
        if !written.whole && !matches!(language, "shell" | "powershell") {
            return;
        }
        let (text, codings): (Arc<str>, _) = (Arc::from(written.text.as_str()), written.codings.clone());
        if language == "shell" {
            self.runs_script(event, &text, !codings.is_empty());
        }
        self.add_layer(module, text, language, codings, event, place);
    }
}
