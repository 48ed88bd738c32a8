//! What it is and what to do: the only prose that follows from the scores, so that the two cannot contradict.

use std::collections::BTreeSet;

use sluice_catalog::{Stance, kinds};
use sluice_flow::facts::Event;

use crate::claims::Draft;
use crate::model::{Field, Polarity, Verdict, escape};
use crate::prose::behavior::distinct;
use crate::prose::chain::condition;
use crate::prose::family::{Family, does};
use crate::prose::flows::sent;
use crate::prose::phrases::outermost;
use crate::prose::sources::interest;
use crate::prose::words::{capital, code, cut, list, lower_first};
use crate::scores::{Found, Numbers};
use crate::view::View;

/// The conclusion, as claims of its field.
pub(crate) fn conclusion(view: &View<'_>, numbers: &Numbers, found: &[Found<'_>], drafts: &[Draft]) -> Vec<Draft> {
    let mut out = match numbers.verdict {
        Some(Verdict::Malicious) => malicious(view, found),
        Some(Verdict::Inconclusive) => {
            let does = benign(&view.told()).into_iter().filter(|draft| draft.kind != "conclusion.benign");
            inconclusive(numbers).into_iter().chain(does).collect()
        }
        // What only tests and examples do is not what the code is for.
        _ => benign(&view.told()),
    };
    if numbers.verdict != Some(Verdict::Malicious) {
        out.extend(suspicious(view, found));
        out.extend(advice(view, found, drafts));
    }
    out
}

fn say(kind: &str, rank: i32, text: String) -> Draft {
    Draft::new(Field::Conclusion, kind, rank, text)
}

/// Most facts that the conclusion tells.
const MOST_FACTS: usize = 3;

/// One thing that the code does: when, where it stands, what.
struct Fact {
    when: String,
    /// Functions that somebody has to call for it.
    callers: BTreeSet<String>,
    /// The earliest entry point, as a number.
    rank: usize,
    place: (u32, u32),
    /// Files in which it stands; none in the report on one.
    actors: BTreeSet<String>,
    /// A predicate without its subject, or a whole clause.
    what: String,
    is_clause: bool,
}

/// "Malicious: on install, `setup.py` sends all environment variables to `https://…`. Replace …"
fn malicious(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut distinct = distinct(view, found);
    // What it does says more than that it hides something; the order among equals stays.
    distinct.sort_by_key(|found| is_form(found));
    // Beside what it does, one word on how that is hidden is enough.
    let acts = distinct.iter().any(|found| !is_form(found));
    let mut facts: Vec<Fact> = Vec::new();
    let mut places = Vec::new();
    let mut forms = 0;
    for found in &distinct {
        let fact = fact(view, found);
        if let Some(known) = facts.iter_mut().find(|known| known.what == fact.what && known.rank == fact.rank) {
            known.actors.extend(fact.actors);
            known.callers.extend(fact.callers);
        } else if facts.len() < MOST_FACTS && !(acts && is_form(found) && forms > 0) {
            forms += usize::from(is_form(found));
            places.extend(found.item.evidence.iter().copied().take(4));
            facts.push(fact);
        }
    }
    // As it happens, where it happens in one file.
    facts.sort_by_key(|fact| (fact.rank, fact.place));
    let mut what = told(&mut facts);
    if view.disguised().next().is_some() {
        let join = if what.is_empty() { "" } else { "; " };
        what.push_str(&format!("{join}it hides a program behind the name of source code"));
    }
    if what.is_empty() {
        what = "its form, and what it hides, are those of malware; no single act of it was seen".to_owned();
    }
    let mut drafts = vec![say("conclusion.malicious", 0, format!("Malicious: {what}.")).at(places)];
    if let Some(relation) = view.relations().iter().find(|relation| relation.name == "near-name") {
        drafts.push(say("conclusion.name", 1, relation.text.clone()));
    }
    // One piece of advice: that on the gravest of what is told.
    let gravest = distinct.iter().take(MOST_FACTS).filter(|found| !found.behavior.advice.trim().is_empty()).fold(
        None,
        |best: Option<&&Found<'_>>, found| match best {
            Some(best) if best.behavior.severity >= found.behavior.severity => Some(best),
            _ => Some(found),
        },
    );
    let advice = gravest.map_or_else(
        || "Do not install or run it; where it ran, treat the machine and its credentials as lost.".to_owned(),
        |found| sentence(&found.behavior.advice),
    );
    drafts.push(say("conclusion.advice", 3, advice));
    drafts
}

/// True for a match that says how code is kept or started, and not what it does.
fn is_form(found: &Found<'_>) -> bool {
    ["evasion/", "execution/"].iter().any(|family| found.behavior.id.starts_with(family))
        && !["execution/downloaded", "execution/miner", "execution/decoded-command", "execution/installs-unasked"]
            .contains(&found.behavior.id.as_str())
}

/// Facts that happen at one time in one file are one clause.
fn told(facts: &mut [Fact]) -> String {
    for fact in facts.iter_mut().filter(|fact| !fact.callers.is_empty()) {
        let callers: Vec<String> = fact.callers.iter().cloned().collect();
        let (names, verb) = (list(&callers, 3), if callers.len() == 1 { "is" } else { "are" });
        fact.when = format!("only when {names} {verb} called");
    }
    let facts: &[Fact] = facts;
    let mut clauses: Vec<(&String, &BTreeSet<String>, String)> = Vec::new();
    for fact in facts {
        let actors: Vec<String> = fact.actors.iter().cloned().collect();
        let own = |subject: &str| {
            if fact.is_clause { fact.what.clone() } else { format!("{subject} {}", fact.what) }
        };
        let several = if actors.len() > 1 { format!(", in {}", list(&actors, 2)) } else { String::new() };
        let first = match actors.as_slice() {
            [one] => one.as_str(),
            _ => "it",
        };
        match clauses.last_mut() {
            Some((when, known, clause)) if **when == fact.when && **known == fact.actors => {
                clause.push_str(&format!("; {}", own("it")));
            }
            _ => clauses.push((&fact.when, &fact.actors, format!("{}, {}{several}", fact.when, own(first)))),
        }
    }
    let clauses: Vec<String> = clauses.into_iter().map(|(.., clause)| clause).collect();
    clauses.join("; ")
}

fn fact(view: &View<'_>, found: &Found<'_>) -> Fact {
    let events: Vec<&Event> = found.item.steps.iter().filter_map(|step| view.facts().event(step.event?)).collect();
    let last = events.last().copied();
    let file = last
        .map(|event| outermost(view.facts(), event.evidence))
        .and_then(|place| view.module_of(place))
        .filter(|_| !view.is_file())
        .map(|module| code(&view.shown_file(&module.path)));
    let gist =
        if found.item.gist.is_empty() { lower_first(&escape(&found.behavior.title)) } else { escape(&found.item.gist) };
    let is_clause = gist.starts_with(|c: char| c.is_uppercase() || c == '`')
        || ["code ", "installing ", "whether ", "of each ", "the ", "a "].iter().any(|word| gist.starts_with(word));
    let gist = last.map_or_else(|| gist.clone(), |event| with_all(view, event, &gist));
    let carried = last.map_or_else(String::new, |event| carried(view, event));
    let condition = last
        .and_then(|event| event.guards.iter().rev().find(|guard| DECIDING.contains(&guard.kind.as_str())))
        .map_or_else(String::new, |guard| format!(", {}", condition(guard)));
    Fact {
        when: when(found),
        callers: last
            .filter(|_| !ENTRIES.iter().any(|(entry, _)| found.entries.contains(entry)))
            .and_then(|event| view.function_name(event.function))
            .map(|name| code(&name))
            .into_iter()
            .collect(),
        rank: ENTRIES.iter().position(|(entry, _)| found.entries.contains(entry)).unwrap_or(ENTRIES.len()),
        place: last.map(|event| view.position(outermost(view.facts(), event.evidence))).unwrap_or_default(),
        actors: file.into_iter().collect(),
        what: format!("{}{carried}{condition}", lower_first(&gist)),
        is_clause,
    }
}

/// Entry points, the earliest first, and when they run.
const ENTRIES: [(&str, &str); 6] = [
    ("install", "on install"),
    ("build", "on build"),
    ("startup", "when the interpreter starts"),
    ("activate", "when it is activated"),
    ("import", "on import"),
    ("run", "when it is run"),
];

/// Conditions on which malware waits.
const DECIDING: [&str; 4] = ["platform", "date", "host", "locale"];

/// "sends A to …" with everything that goes there with A.
fn with_all(view: &View<'_>, event: &Event, gist: &str) -> String {
    let Some((_, to)) = gist.strip_prefix("sends ").and_then(|rest| rest.split_once(" to `")) else {
        return gist.to_owned();
    };
    let paths: Vec<_> = view
        .index
        .paths_to(event.evidence)
        .filter(|path| {
            path.sink.kind == "network.send"
                && path.presumed.is_none()
                && interest(&path.source.kind) >= 3
                && !crate::prose::chain::is_guess(view, path)
        })
        .collect();
    if paths.len() < 2 {
        return gist.to_owned();
    }
    let what = crate::prose::phrases::sources(view.facts(), paths, 5, &shown);
    format!("sends {what} to `{to}")
}

/// A text of the code, short enough for a list.
fn shown(text: &str) -> String {
    cut(&escape(text), 120).replace('`', "'")
}

/// What goes into a command that a sentence shows.
fn carried(view: &View<'_>, event: &Event) -> String {
    let paths = view.index.paths_to(event.evidence).filter(|path| {
        path.sink.kind == "process.command" && path.presumed.is_none() && interest(&path.source.kind) >= 4
    });
    let what = crate::prose::phrases::sources(view.facts(), paths, 3, &shown);
    if what.is_empty() { what } else { format!(", with {what} in it") }
}

/// When it happens, by the entry points that reach it.
fn when(found: &Found<'_>) -> String {
    let reached = ENTRIES.iter().filter(|(entry, _)| found.entries.contains(entry));
    let when: Vec<String> = reached.map(|(_, words)| (*words).to_owned()).collect();
    if when.is_empty() { "when that file is loaded or run".to_owned() } else { list(&when, 3) }
}

fn inconclusive(numbers: &Numbers) -> Vec<Draft> {
    let why = numbers.undecided.clone().unwrap_or_else(|| "something that could matter was not read".to_owned());
    vec![
        say("conclusion.inconclusive", 0, format!("Not decided: {why}.")),
        say("conclusion.bounds", 1, "The numbers are lower bounds; what was read is told above.".to_owned()),
    ]
}

/// The sinks by which a caller's value chooses a command.
const COMMAND: &[&str] = &["process.command"];

/// The sinks by which a caller's value chooses code.
const CODE: &[&str] = &["code.execute", "code.load"];

/// True for an import by call whose module is named by a constant.
fn imports_by_constant(event: &Event) -> bool {
    does(event, "import.dynamic")
        && !does(event, "code.execute")
        && crate::prose::family::arg(event, "code.load").is_some_and(|arg| arg.value.text.is_some())
}

fn benign(view: &View<'_>) -> Vec<Draft> {
    if !view.is_file() && view.modules().all(|module| is_manifest(&module.path)) {
        let text = "A package without source code: installing it brings what it names as dependencies, and its data.";
        return vec![say("conclusion.benign", 0, text.to_owned())];
    }
    let events: Vec<_> = view.events().filter(|event| event.presumed.is_none()).collect();
    let has = |family: Family| events.iter().any(|event| Family::of_event(event) == Some(family));
    let sends = events.iter().any(|event| does(event, "network.request"));
    let listens = events.iter().any(|event| does(event, "network.listen"));
    let presumed =
        view.events().any(|event| event.presumed.is_some() && Family::of_event(event) == Some(Family::Network));
    let module_when = |entry: &str| view.modules().any(|module| module.depth == 0 && module.when.contains(entry));
    // What stands under a test for the main program, its own tests for instance, is not what the code is for.
    let aside = |event: &Event| !view.is_file() && event.guards.iter().any(|guard| guard.kind == "main" && guard.holds);
    // A signal that is sent to a process runs none.
    let commands: Vec<&Event> = events
        .iter()
        .copied()
        .filter(|event| !aside(event))
        .filter(|event| {
            does(event, "process.spawn")
                || does(event, "process.replace")
                || crate::prose::family::arg(event, "process.command").is_some()
        })
        .collect();
    // A module that is loaded under a name that stands in the text is an import like any other.
    let loads = events
        .iter()
        .any(|event| Family::of_event(event) == Some(Family::Code) && !imports_by_constant(event) && !aside(event));
    let only_defines = events.is_empty() && !presumed;
    let kind = if view.is_file() && (module_when("install") || module_when("build")) {
        "An ordinary build script"
    } else if !commands.is_empty() && sends {
        "A tool that runs commands and talks to the network"
    } else if !commands.is_empty() {
        "A tool that runs commands"
    } else if sends && reports_unasked(view) {
        "Code that tells a server about the machine without being called"
    } else if sends && !listens {
        "An ordinary API client"
    } else if listens || has(Family::Network) {
        "Ordinary network code"
    } else if presumed {
        "Ordinary client code, as far as it can be seen here"
    } else if has(Family::Database) {
        "Ordinary database code"
    } else if loads {
        "Library code"
    } else if has(Family::Files) {
        "Ordinary code that works on the file system"
    } else if only_defines {
        "Library code that reaches nothing outside of itself"
    } else {
        "Library code that sends nothing and runs nothing"
    };
    let mut drafts = Vec::new();
    let quiet = kind.starts_with("Library code that reaches") || kind.starts_with("Library code that sends");
    let bound = if quiet && !loads { unknown(view) } else { String::new() };
    drafts.push(say("conclusion.benign", 0, format!("{kind}{bound}.")));
    drafts.extend(sending(view));
    if !commands.is_empty() {
        drafts.push(say("conclusion.runs", 2, format!("It {}.", running(view, &commands))));
    }
    if loads {
        let whose = if asked(view, CODE) { "that its caller chooses" } else { "of its own choice" };
        drafts.push(say("conclusion.loads", 2, format!("It loads or executes code {whose}.")));
    }
    drafts.extend(unasked(view, &events));
    drafts
}

/// True if what tells of the machine leaves it on install or import.
fn reports_unasked(view: &View<'_>) -> bool {
    view.paths().any(|path| {
        path.sink.kind == "network.send"
            && path.presumed.is_none()
            && interest(&path.source.kind) >= 5
            && ["install", "import", "startup", "build"].iter().any(|entry| path.when.contains(*entry))
    })
}

/// What a caller asks for is what the caller's values choose.
fn asked(view: &View<'_>, kinds: &[&str]) -> bool {
    view.paths().any(|path| path.source.kind == "parameter" && kinds.contains(&path.sink.kind.as_str()))
}

/// The limit of what is denied: the libraries that were not read.
fn unknown(view: &View<'_>) -> String {
    let names = crate::prose::analysis::libraries(view);
    let imports = crate::prose::analysis::imports(view);
    if names.is_empty() && imports.is_empty() {
        ", as far as its calls are known".to_owned()
    } else if names.is_empty() {
        format!("; what it imports from {} was not read", list(&imports, 3))
    } else {
        format!("; what {} may do with what it is given was not read", list(&names, 3))
    }
}

/// "runs `tar` and `node`", "runs commands that its caller chooses".
fn running(view: &View<'_>, commands: &[&Event]) -> String {
    let programs: BTreeSet<String> = commands
        .iter()
        .filter_map(|event| crate::prose::family::arg(event, "process.command"))
        .filter_map(|arg| match arg.value.text.as_deref() {
            Some(text) => text.split_whitespace().next(),
            // Of a list the first word is the program, where it stands there as a text.
            None => {
                let first = view.facts().text(arg.evidence).strip_prefix(['[', '('])?.trim_start();
                let quote = first.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                first.get(1..)?.split(quote).next()
            }
        })
        .filter(|name| name.len() < 40 && name.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c)))
        .map(code)
        .collect();
    let programs: Vec<String> = programs.into_iter().collect();
    let caller = asked(view, COMMAND);
    match (programs.is_empty(), caller) {
        (true, true) => "runs commands that its caller chooses".to_owned(),
        (true, false) => "runs commands of its own".to_owned(),
        (false, true) => format!("runs {}, and commands that its caller chooses", list(&programs, 4)),
        (false, false) => format!("runs {}", list(&programs, 4)),
    }
}

/// What it does of itself when it is installed or imported.
fn unasked(view: &View<'_>, events: &[&Event]) -> Option<Draft> {
    if view.is_file() {
        return None;
    }
    let mut parts = Vec::new();
    let mut places = Vec::new();
    for (entry, words) in [("install", "On install"), ("import", "on import")] {
        let reached: Vec<&&Event> = events
            .iter()
            .filter(|event| event.when.contains(entry) && (entry == "install" || view.on_import(event)))
            .collect();
        let of = |family: Family| reached.iter().filter(move |event| Family::of_event(event) == Some(family));
        let what: Vec<String> = [(Family::Network, "talks to the network"), (Family::Commands, "runs commands")]
            .into_iter()
            .filter(|(family, _)| of(*family).next().is_some())
            .map(|(_, words)| words.to_owned())
            .collect();
        if !what.is_empty() {
            parts.push(format!("{words} it {}", list(&what, 2)));
            places.extend([Family::Network, Family::Commands].into_iter().flat_map(of).map(|event| event.evidence));
        }
    }
    (!parts.is_empty()).then(|| say("conclusion.when", 3, format!("{}.", capital(&parts.join("; ")))).at(places))
}

/// "It sends what its caller passes to `api.example.invalid`, with the caller's `key`."
fn sending(view: &View<'_>) -> Option<Draft> {
    let sent = sent(view);
    if sent.is_empty() {
        return None;
    }
    let mut nouns: Vec<String> = Vec::new();
    for kind in sent.keys() {
        let noun = match kind.as_str() {
            "parameter" => "what its caller passes",
            "time" => "a time stamp",
            // An answer, a number or an option that goes back tells nothing of the machine.
            "network.response" | "random" if !view.is_file() && sent.len() > 1 => continue,
            other => kinds::noun(other),
        };
        nouns.push(noun.to_owned());
    }
    nouns.sort_by_key(|noun| noun != "what its caller passes");
    let hosts = crate::prose::analysis::fixed_hosts(view);
    let hosts: Vec<String> = hosts.iter().map(|host| code(host)).collect();
    let from = |kinds: &[&str]| {
        view.paths().any(|path| path.sink.kind == "network.destination" && kinds.contains(&path.source.kind.as_str()))
    };
    let (caller, settings) = (from(&["parameter"]), from(&["environment", "file", "argument"]));
    let whose = match (caller, settings) {
        (true, true) => "an address that its caller or its settings name",
        (true, false) => "an address that its caller names",
        (false, true) => "an address that its settings name",
        (false, false) => "an address that is not known here",
    };
    let to = match (hosts.is_empty(), crate::prose::analysis::goes_elsewhere(view)) {
        (true, false) => String::new(),
        (true, true) => format!(" to {whose}"),
        (false, false) => format!(" to {}", list(&hosts, 3)),
        (false, true) => format!(" to {}, or to {whose}", list(&hosts, 3)),
    };
    let text = format!("It sends {}{to}.", list(&nouns, 4));
    Some(say("conclusion.sent", 1, text).at(sent.into_values().flatten()))
}

/// True for a file that only describes the package.
pub(crate) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("package.json")
}

/// Malicious behaviors that did not come to a verdict are not passed over.
fn suspicious(view: &View<'_>, found: &[Found<'_>]) -> Option<Draft> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut places = Vec::new();
    for found in found.iter().filter(|found| found.behavior.stance == Stance::Malicious) {
        let fact = fact(view, found);
        if facts.len() < MOST_FACTS && !facts.iter().any(|known| known.what == fact.what) {
            facts.push(fact);
        }
        places.extend(found.item.evidence.iter().copied().take(4));
    }
    let what = told(&mut facts);
    (!facts.is_empty())
        .then(|| say("conclusion.suspicious", 3, format!("Look at this before you trust it: {what}.")).at(places))
}

/// What to do about weaknesses and loose ends.
fn advice(view: &View<'_>, found: &[Found<'_>], drafts: &[Draft]) -> Option<Draft> {
    let mut parts: Vec<String> = Vec::new();
    // What only tests do concerns nobody who uses the code.
    let beside = |found: &&Found<'_>| {
        !view.is_file()
            && found
                .item
                .evidence
                .iter()
                .filter_map(|place| view.module_of(*place))
                .any(|module| view.is_beside(&module.path))
    };
    let weaknesses = found.iter().filter(|found| found.behavior.stance == Stance::Weakness && !found.item.presumed);
    for found in weaknesses.filter(|found| !beside(found)) {
        let text = sentence(&found.behavior.advice);
        if !text.is_empty() && !parts.contains(&text) {
            parts.push(text);
        }
    }
    parts.truncate(2);
    let mut mend: Vec<String> = Vec::new();
    for draft in drafts.iter().filter(|draft| draft.polarity == Polarity::Positive) {
        let part = match (draft.kind.as_str(), draft.symbol.as_deref()) {
            // Nothing of the caller's is lost where the whole value serves nothing.
            ("dead-store", Some(name)) if draft.importance < 2 => format!("see why nothing reads {}", code(name)),
            ("dead-store", Some(name)) => format!("mend the lost {}", code(name)),
            ("unused-helper", Some(name)) => format!("see why {} is never called", code(&format!("{name}()"))),
            // The advice of the weakness says it better.
            ("log.exposure", _) if found.iter().any(|found| found.behavior.cwe.contains(&532)) => continue,
            ("log.exposure", _) => "mind the log where the data is personal".to_owned(),
            _ => continue,
        };
        if !mend.contains(&part) {
            mend.push(part);
        }
    }
    mend.truncate(3);
    if !mend.is_empty() {
        parts.push(capital(&format!("{}.", mend.join("; "))));
    }
    (!parts.is_empty()).then(|| say("conclusion.advice", 5, parts.join(" ")))
}

fn sentence(text: &str) -> String {
    let text = escape(text.trim());
    if text.is_empty() || text.ends_with(['.', '!']) { text } else { format!("{text}.") }
}
