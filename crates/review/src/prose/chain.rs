//! One flow as a line of text: `` `a` → `b` → request body (48) ``.

use sluice_catalog::kinds;
use sluice_flow::facts::{Event, EvidenceId, FunctionId, Guard, Path, PathId, StepKind};

use crate::prose::phrases::callable;
use crate::prose::words::{code, code_up_to, list};
use crate::view::View;

/// Most steps that are shown between source and sink.
const MOST_STEPS: usize = 6;

/// A flow that is ready to be told.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub source: String,
    pub steps: Vec<String>,
    pub sink: String,
    /// The condition that decides whether the sink is reached; empty if there is none that a reader needs.
    pub condition: String,
    /// The places named behind it.
    pub places: Vec<EvidenceId>,
    pub presumed: bool,
    /// True if a call on the way was not read: what it gives back may have nothing of the value.
    pub guessed: bool,
    pub path: PathId,
}

/// Actions of a call that change the form of a value so that a reader wants to know.
const TELLING: [&str; 9] =
    ["serialize", "deserialize", "compress", "decompress", "encrypt", "decrypt", "digest", "encode", "decode"];

/// Methods that every program calls on text and numbers; they tell nothing about where a value goes.
const PLAIN: [&str; 31] = [
    "encode",
    "decode",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "replace",
    "format",
    "join",
    "split",
    "str",
    "int",
    "float",
    "bytes",
    "isoformat",
    "get",
    "items",
    "keys",
    "values",
    "append",
    "extend",
    "add",
    "insert",
    "update",
    "copy",
    "list",
    "dict",
    "tuple",
    "read",
    "toString",
];

impl Chain {
    pub(crate) fn new(view: &View<'_>, id: PathId, path: &Path) -> Self {
        let at_sink = |guard: &Guard| path.guards.iter().any(|known| known.evidence == guard.evidence);
        let mut steps: Vec<String> = Vec::new();
        let mut places: Vec<EvidenceId> = Vec::new();
        let inner = path.steps.get(1..path.steps.len().saturating_sub(1)).unwrap_or(&[]);
        let mut named = path.source.symbol.to_string();
        let mut through = false;
        for step in inner {
            let event = view.index.event_at(step.evidence);
            let text = match step.kind {
                StepKind::Source | StepKind::Sink | StepKind::Return => continue,
                // The name under which a call's result is known tells less than the call.
                StepKind::Assign if through || !steps.is_empty() && steps.len() > 2 => continue,
                // A value that is written into a buffer goes through the call that writes it.
                StepKind::Store if event.is_some() => {
                    through = true;
                    event.map_or_else(|| called(&step.text), |event| spoken(view, event))
                }
                // What the exception's own constructor calls its parameter is not on the way.
                StepKind::Pass | StepKind::Assign | StepKind::Store
                    if path.sink.kind == "exception" && overlap(view, step.evidence, path.sink.evidence) =>
                {
                    continue;
                }
                StepKind::Assign | StepKind::Store | StepKind::Load | StepKind::Pass => {
                    if step.text.is_empty() || step.text == named || step.text.contains('.') && is_plain(&step.text) {
                        continue;
                    }
                    named = step.text.to_string();
                    through = false;
                    // A function that takes the value, or a method that puts it into its receiver.
                    let call = step.kind == StepKind::Pass && view.index.is_function(last_name(&step.text))
                        || view
                            .facts()
                            .text(step.evidence)
                            .strip_prefix(step.text.as_str())
                            .is_some_and(|rest| rest.starts_with('('));
                    if call { called(&step.text) } else { code(&step.text) }
                }
                StepKind::Through if !tells(event, &step.text) => continue,
                // The exception that leaves is named at the end.
                StepKind::Through
                    if path.sink.kind == "exception" && last_name(&step.text) == last_name(&path.sink.symbol) =>
                {
                    continue;
                }
                StepKind::Through => {
                    through = true;
                    event.map_or_else(|| called(&step.text), |event| spoken(view, event))
                }
            };
            let own = event.map_or(&[][..], |event| &event.guards);
            let own: Vec<&Guard> = own.iter().filter(|guard| !at_sink(guard)).collect();
            let shown = conditions(own.iter().copied().take(2));
            // What is cut is said: a chain of `elif` denies one condition after the other.
            let own = if own.len() > 2 { format!("{shown}, under further conditions") } else { shown };
            let text = if own.is_empty() { text } else { format!("{text}, {own}") };
            if steps.last() != Some(&text) {
                steps.push(text);
                places.push(step.evidence);
            }
        }
        let most = if view.is_file() { MOST_STEPS } else { 4 };
        if steps.len() > most {
            // The first and the last steps say what the value is and how it leaves.
            let cut = steps.len() - most;
            steps.splice(most / 2..most / 2 + cut, ["…".to_owned()]);
        }
        if !view.is_file() {
            // The way through many files stands with the path; prose names its ends.
            places.clear();
        }
        places.push(path.sink.evidence);
        if path.source.kind != "parameter" {
            places.push(path.source.evidence);
        }
        Self {
            source: source_label(view, path),
            steps,
            sink: sink_label(view, path),
            condition: decisive(path),
            places,
            presumed: path.presumed.is_some(),
            guessed: path.presumed.is_none() && is_guess(view, path),
            path: id,
        }
    }

    /// What two chains share that differ only in their source.
    pub(crate) fn tail(&self) -> (Vec<String>, String, bool) {
        (self.steps.clone(), self.sink.clone(), self.presumed)
    }

    pub(crate) fn text(&self, view: &View<'_>, sources: &[String]) -> String {
        let mut text = if view.is_file() { sources.join(", ") } else { list(&grouped(sources), 4) };
        for step in &self.steps {
            text.push_str(" → ");
            text.push_str(step);
        }
        text.push_str(match (self.presumed, self.guessed) {
            (true, _) => " → presumably ",
            (false, true) => " → perhaps ",
            (false, false) => " → ",
        });
        text.push_str(&self.sink);
        if !self.condition.is_empty() {
            text.push_str(&format!(", {}", self.condition));
        }
        text.push_str(&view.places(&self.places));
        text
    }
}

/// Variables of the environment under one noun.
fn grouped(sources: &[String]) -> Vec<String> {
    const VARIABLE: &str = "environment variable ";
    let names: Vec<String> = sources.iter().filter_map(|name| name.strip_prefix(VARIABLE)).map(str::to_owned).collect();
    if names.len() < 2 {
        return sources.to_vec();
    }
    let others = sources.iter().filter(|name| !name.starts_with(VARIABLE)).cloned();
    others.chain([format!("environment variables {}", list(&names, 4))]).collect()
}

/// True if one place stands inside of the other.
fn overlap(view: &View<'_>, one: EvidenceId, other: EvidenceId) -> bool {
    let (Some(one), Some(other)) = (view.place(one), view.place(other)) else { return false };
    one.module == other.module && one.start < other.end && other.start < one.end
}

/// The condition next to a sink that reaches outside, without tests of the file's name.
fn decisive(path: &Path) -> String {
    const OUTSIDE: [&str; 5] = ["network.send", "process.command", "code.execute", "memory.execute", "persistence"];
    if !OUTSIDE.contains(&path.sink.kind.as_str()) {
        return String::new();
    }
    path.guards.last().filter(|guard| !guard.text.contains("__main__")).map(condition).unwrap_or_default()
}

/// True if the value passes through a call that was not read and gives something back: what that has of the value is
/// not known. A class that takes the value holds it.
pub(crate) fn is_guess(view: &View<'_>, path: &Path) -> bool {
    path.steps.iter().any(|step| {
        matches!(step.kind, StepKind::Through | StepKind::Store)
            && view.index.is_unread(step.evidence)
            && !last_name(&step.text).starts_with(char::is_uppercase)
    })
}

fn tells(event: Option<&Event>, text: &str) -> bool {
    if let Some(event) = event
        && event.actions.iter().any(|action| TELLING.contains(&action.as_str()))
    {
        // A text that becomes bytes of the same text is no change of form.
        return !is_plain(&event.written) || event.symbol.contains("codecs") || event.actions.len() > 1;
    }
    !is_plain(text) && last_name(text).starts_with(char::is_uppercase)
}

pub(crate) fn is_plain(text: &str) -> bool {
    PLAIN.contains(&last_name(text))
}

fn last_name(text: &str) -> &str {
    let text = text.trim_end_matches(['(', ')']);
    text.rsplit(['.', ' ']).next().unwrap_or(text)
}

/// "`json.dumps()`".
pub(crate) fn called(name: &str) -> String {
    let plain = name.trim_end_matches("()");
    let callable = plain.chars().all(|character| character.is_alphanumeric() || "._$".contains(character));
    if callable && !plain.is_empty() { code(&format!("{plain}()")) } else { code(&short(name)) }
}

/// A call without arguments that would fill the line, so that no name is cut: "requests.post(…).json()".
fn short(text: &str) -> String {
    /// Longer texts are told by what is called.
    const LONG: usize = 60;
    let (Some(open), Some(close)) = (text.find('('), text.rfind(')')) else { return text.to_owned() };
    if text.len() <= LONG || close < open {
        return text.to_owned();
    }
    // Only a method of the result stands behind the last arguments.
    let behind = text.get(..close).and_then(|text| text.rfind(").")).filter(|at| *at > open);
    let tail = behind.and_then(|at| text.get(at + 1..)).filter(|tail| tail.ends_with("()") && tail.len() < 30);
    format!("{}(…){}", text.get(..open).unwrap_or(""), tail.unwrap_or(""))
}

/// The symbol of a call where the text has a name that tells nothing: one that an obfuscator made, a short name of a
/// module, or an expression.
fn telling_symbol(event: &Event, written: &str) -> Option<String> {
    let symbol = callable(&event.symbol);
    let plain = !symbol.is_empty() && symbol.chars().all(|c| c.is_alphanumeric() || "._$".contains(c));
    if !plain || symbol.starts_with('_') {
        return None;
    }
    let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_$".contains(c));
    let renamed = is_name(written) && symbol.contains('.') && last(symbol) != written;
    let shortened = symbol.split('.').count() == 2
        && written.split_once('.').is_some_and(|(module, name)| {
            module.len() <= 2 && is_name(module) && is_name(name) && last(symbol) == name && !symbol.starts_with(module)
        });
    let expression = written.len() > 40 && written.contains('(');
    (renamed || shortened || expression).then(|| symbol.to_owned())
}

/// An event as it stands in the text: "`json.dumps()`" for a call, "`os.environ`" for what is only read.
pub(crate) fn spoken(view: &View<'_>, event: &Event) -> String {
    let text = view.facts().text(event.evidence).trim_end();
    if text.is_empty() || text.ends_with('`') {
        return called(&event.written);
    }
    let plain = event.written.trim_end_matches("()");
    // Which class and object `super` is given says less than that it is inherited.
    let inherited = plain.strip_prefix("super(").and_then(|rest| rest.split_once(").")).map(|(_, name)| name);
    let plain = inherited.map_or_else(|| plain.to_owned(), |name| format!("super().{name}"));
    let plain = telling_symbol(event, &plain).unwrap_or(plain);
    if text.ends_with(')') && !plain.is_empty() { code(&format!("{plain}()")) } else { code(&plain) }
}

/// "if `a` and `b`, unless `c` or `d`".
pub(crate) fn conditions<'g>(guards: impl IntoIterator<Item = &'g Guard>) -> String {
    let (holding, denied): (Vec<_>, Vec<_>) = guards.into_iter().map(plainly).partition(|(holds, _)| *holds);
    let shown = |guards: Vec<(bool, &str)>, word: &str, join: &str| -> Option<String> {
        let texts: Vec<String> = guards.iter().map(|(_, text)| code_up_to(text, 60)).collect();
        (!texts.is_empty()).then(|| format!("{word} {}", texts.join(join)))
    };
    let parts: Vec<String> =
        [shown(holding, "if", " and "), shown(denied, "unless", " or ")].into_iter().flatten().collect();
    parts.join(", ")
}

/// A condition and whether it holds, without a negation in front of its only operand.
fn plainly(guard: &Guard) -> (bool, &str) {
    let operand = guard
        .text
        .strip_prefix("not ")
        .filter(|rest| ![" and ", " or ", " if "].iter().any(|word| rest.contains(word)));
    operand.filter(|_| !guard.holds).map_or((guard.holds, guard.text.as_str()), |operand| (true, operand))
}

/// The innermost conditions, which say most. What an earlier exit denies is left out where a condition says more.
pub(crate) fn innermost(guards: &[Guard]) -> String {
    let inner = guards.get(guards.len().saturating_sub(2)..).unwrap_or(guards);
    let telling = inner.last().is_some_and(|guard| guard.holds);
    let shown = conditions(inner.iter().filter(|guard| guard.holds || !telling));
    // What is cut is said: whether it runs depends on it too.
    let cut = guards.len() > inner.len() || inner.iter().any(|guard| !guard.holds && telling);
    if cut && !shown.is_empty() { format!("{shown}, under further conditions") } else { shown }
}

/// "if `gzip`", "unless `dry_run`".
pub(crate) fn condition(guard: &Guard) -> String {
    conditions([guard])
}

/// The name of a parameter with the stars it has in the text.
pub(crate) fn parameter(view: &View<'_>, function: FunctionId, name: &str) -> String {
    let stars = view
        .function(function)
        .and_then(|facts| {
            let place = view.place(facts.evidence)?;
            let module = view.facts().modules.get(place.module.0 as usize)?;
            let header = module.text.get(place.start as usize..)?;
            // The parameters of a definition end with its first colon or brace at the end of a line.
            let end = header.find([':', '{']).map_or(header.len(), |_| header_end(header));
            // Most have no parameter with stars, and every path that begins at one of theirs asks.
            let header = header.get(..end).filter(|header| header.contains('*') || header.contains("..."))?;
            let whole = header.match_indices(name).filter(|(at, found)| {
                let behind = header.get(at + found.len()..).and_then(|rest| rest.chars().next());
                behind.is_none_or(|character| !character.is_alphanumeric() && character != '_')
            });
            let before: Vec<&str> = whole.filter_map(|(at, _)| header.get(..at)).collect();
            ["**", "*", "..."].into_iter().find(|stars| before.iter().any(|before| before.ends_with(stars)))
        })
        .unwrap_or("");
    code(&format!("{stars}{name}"))
}

/// Where the brackets that open behind a definition's name close again; bounded to 4,000 bytes.
fn header_end(text: &str) -> usize {
    let mut depth = 0u32;
    for (at, character) in text.char_indices().take(4_000) {
        match character {
            '(' => depth += 1,
            ')' if depth <= 1 => return at,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.char_indices().nth(4_000).map_or(text.len(), |(at, _)| at)
}

/// "request URL", or "address of `sock.connect()`" for a call that is no request.
pub(crate) fn address_label(view: &View<'_>, event: &Event) -> String {
    let name = crate::prose::value::destination(event).filter(|arg| !crate::prose::value::is_address(arg));
    if let Some(arg) = name {
        format!("{} of {}", code(&arg.name), spoken(view, event))
    } else if event.actions.iter().any(|action| action == "network.request") {
        "request URL".to_owned()
    } else {
        format!("address of {}", spoken(view, event))
    }
}

/// What enters: "`**kwargs`", "the clock", "environment variable `HOME`".
pub(crate) fn source_label(view: &View<'_>, path: &Path) -> String {
    let source = &path.source;
    let detail = source.detail.as_deref().filter(|detail| !detail.is_empty());
    match source.kind.as_str() {
        "parameter" => {
            let name = parameter(view, source.function, &source.symbol);
            match view.function_name(source.function) {
                Some(function) if !view.is_file() => format!("{name} of {}", code(&function)),
                _ => name,
            }
        }
        "environment" => detail.map_or_else(
            || {
                let whole = !matches!(last_name(&source.symbol), "getenv" | "get");
                if whole { "the environment".to_owned() } else { "an environment variable".to_owned() }
            },
            |name| format!("environment variable {}", code(name)),
        ),
        kind => {
            let event = source.event.and_then(|event| view.facts().event(event));
            if let Some(event) = event.filter(|event| crate::prose::family::does(event, "network.resolve")) {
                return format!("what {} gives", spoken(view, event));
            }
            let noun = match kind {
                "network.response" => "the server's answer",
                "argument" if crate::prose::family::reads_input(&source.symbol) => "standard input",
                kind => kinds::noun(kind),
            };
            // The address of a request is told with the requests.
            let detail = detail.filter(|_| kind != "network.response");
            // Of several paths that it may be, the first that says something stands for all.
            let detail = detail.and_then(|detail| {
                let telling = |part: &&str| part.replace("{}", "").chars().any(char::is_alphanumeric);
                detail.split(" or ").find(telling).map(|part| part.replace("{}", "…"))
            });
            detail.map_or_else(|| noun.to_owned(), |detail| format!("{noun} ({})", code(&detail)))
        }
    }
}

/// Where it leaves: "request body", "`log.debug()`", "command of `os.system()`".
pub(crate) fn sink_label(view: &View<'_>, path: &Path) -> String {
    let sink = &path.sink;
    let written = sink
        .event
        .and_then(|event| view.facts().event(event))
        .map_or_else(|| called(&sink.symbol), |event| spoken(view, event));
    let call = written;
    if path.presumed.is_some() {
        return match sink.kind.as_str() {
            "network.send" => format!("request of {call}"),
            "network.destination" => format!("request path of {call}"),
            _ => call,
        };
    }
    match sink.kind.as_str() {
        "network.send" => match sink.arg.as_str() {
            "data" | "json" | "body" | "content" | "fields" => "request body".to_owned(),
            "params" | "query" => "query of the request".to_owned(),
            "headers" => "request headers".to_owned(),
            "cookies" => "cookies of the request".to_owned(),
            "auth" => "credentials of the request".to_owned(),
            "files" => "uploaded files".to_owned(),
            _ => call,
        },
        "network.destination" => sink
            .event
            .and_then(|event| view.facts().event(event))
            .map_or_else(|| format!("address of {call}"), |event| address_label(view, event)),
        "process.command" => format!("command of {call}"),
        "code.execute" => format!("code executed by {call}"),
        "code.load" => format!("module loaded by {call}"),
        "memory.execute" => format!("executable memory of {call}"),
        "file.write" => format!("file written by {call}"),
        "file.path" => format!("path of {call}"),
        "file.delete" => format!("deletion by {call}"),
        "database.query" => format!("query of {call}"),
        "return" => match view.function_name(sink.function) {
            Some(function) => format!("result of {}", code(&function)),
            None => "result".to_owned(),
        },
        "exception" => code(&sink.symbol),
        _ => call,
    }
}
