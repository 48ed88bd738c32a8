//! What it is and what to do: the only prose that follows from the scores, so that the two cannot contradict.

use sluice_catalog::{Stance, kinds};
use sluice_flow::facts::Event;

use crate::claims::Draft;
use crate::model::{Field, Polarity, Verdict, escape};
use crate::phrases::outermost;
use crate::prose::behavior::distinct;
use crate::prose::chain::condition;
use crate::prose::family::{Family, does};
use crate::prose::flows::sent;
use crate::prose::sources::interest;
use crate::prose::words::{capital, code, cut, list, lower_first};
use crate::scores::{Found, Numbers};
use crate::view::View;

/// The conclusion, as claims of its field.
pub(crate) fn conclusion(view: &View<'_>, numbers: &Numbers, found: &[Found<'_>], drafts: &[Draft]) -> Vec<Draft> {
    let mut out = match numbers.verdict {
        Some(Verdict::Malicious) => malicious(view, found),
        Some(Verdict::Inconclusive) => inconclusive(numbers),
        // What only tests and examples do is not what the code is for.
        _ => benign(&view.told()),
    };
    if numbers.verdict != Some(Verdict::Malicious) {
        out.extend(suspicious(found));
        out.extend(advice(found, drafts));
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
    actor: String,
    /// A predicate without its subject, or a whole clause.
    what: String,
    is_clause: bool,
}

/// "Malicious: on install, `setup.py` sends all environment variables to `https://…`. Replace …"
fn malicious(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut distinct = distinct(view, found);
    // What it does says more than that it hides something; the order among equals stays.
    distinct.sort_by_key(|found| is_form(found));
    let mut facts: Vec<Fact> = Vec::new();
    let mut places = Vec::new();
    for found in &distinct {
        let fact = fact(view, found);
        let known = facts.iter().any(|known| known.what == fact.what && known.actor == fact.actor);
        if !known && facts.len() < MOST_FACTS {
            places.extend(found.item.evidence.iter().copied().take(4));
            facts.push(fact);
        }
    }
    let mut what = told(&facts);
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
    let gravest = distinct
        .iter()
        .take(MOST_FACTS)
        .filter(|found| !found.behavior.advice.trim().is_empty())
        .fold(None, |best: Option<&&Found<'_>>, found| match best {
            Some(best) if best.behavior.severity >= found.behavior.severity => Some(best),
            _ => Some(found),
        });
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
fn told(facts: &[Fact]) -> String {
    let mut clauses: Vec<(&str, &str, String)> = Vec::new();
    for fact in facts {
        let (when, actor) = (fact.when.as_str(), fact.actor.as_str());
        let own = |what: &str, subject: &str| {
            if fact.is_clause { what.to_owned() } else { format!("{subject} {what}") }
        };
        match clauses.last_mut() {
            Some((known_when, known, clause)) if *known_when == when && *known == actor => {
                clause.push_str(&format!("; {}", own(&fact.what, "it")));
            }
            _ => clauses.push((when, actor, format!("{when}, {}", own(&fact.what, actor)))),
        }
    }
    let clauses: Vec<String> = clauses.into_iter().map(|(.., clause)| clause).collect();
    clauses.join("; ")
}

fn fact(view: &View<'_>, found: &Found<'_>) -> Fact {
    let events: Vec<&Event> =
        found.item.steps.iter().filter_map(|step| view.facts().event(step.event?)).collect();
    let last = events.last().copied();
    let file = last
        .map(|event| outermost(view.facts(), event.evidence))
        .and_then(|place| view.module_of(place))
        .filter(|_| !view.is_file())
        .map(|module| code(&view.shown_file(&module.path)));
    let gist = if found.item.gist.is_empty() {
        lower_first(&escape(&found.behavior.title))
    } else {
        escape(&found.item.gist)
    };
    let is_clause = gist.starts_with(|c: char| c.is_uppercase() || c == '`')
        || ["code ", "installing ", "whether ", "of each ", "the ", "a "].iter().any(|word| gist.starts_with(word));
    let carried = last.map_or_else(String::new, |event| carried(view, event));
    let condition = last
        .and_then(|event| event.guards.iter().rev().find(|guard| DECIDING.contains(&guard.kind.as_str())))
        .map_or_else(String::new, |guard| format!(", {}", condition(guard)));
    Fact {
        when: when(view, found, last),
        actor: file.unwrap_or_else(|| "it".to_owned()),
        what: format!("{}{carried}{condition}", lower_first(&gist)),
        is_clause,
    }
}

/// Conditions on which malware waits.
const DECIDING: [&str; 4] = ["platform", "date", "host", "locale"];

/// What goes into a command that a sentence shows.
fn carried(view: &View<'_>, event: &Event) -> String {
    let paths = view.index.paths_to(event.evidence).filter(|path| {
        path.sink.kind == "process.command" && path.presumed.is_none() && interest(&path.source.kind) >= 4
    });
    let what = crate::phrases::sources(view.facts(), paths, 3, &|text| cut(&escape(text), 80).replace('`', "'"));
    if what.is_empty() { what } else { format!(", with {what} in it") }
}

/// When it happens: by the entry points that reach it, else by the function that somebody has to call.
fn when(view: &View<'_>, found: &Found<'_>, last: Option<&Event>) -> String {
    let when: Vec<String> = [
        ("install", "on install"),
        ("build", "on build"),
        ("startup", "when the interpreter starts"),
        ("activate", "when it is activated"),
        ("import", "on import"),
        ("run", "when it is run"),
    ]
    .into_iter()
    .filter(|(entry, _)| found.entries.contains(entry))
    .map(|(_, words)| words.to_owned())
    .collect();
    if !when.is_empty() {
        return list(&when, 3);
    }
    match last.and_then(|event| view.function_name(event.function)) {
        Some(name) => format!("only when {} is called", code(&name)),
        None => "when that file is loaded or run".to_owned(),
    }
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
    let events: Vec<_> = view.events().filter(|event| event.presumed.is_none()).collect();
    let has = |family: Family| events.iter().any(|event| Family::of_event(event) == Some(family));
    let sends = events.iter().any(|event| does(event, "network.request"));
    let listens = events.iter().any(|event| does(event, "network.listen"));
    let presumed =
        view.events().any(|event| event.presumed.is_some() && Family::of_event(event) == Some(Family::Network));
    let module_when = |entry: &str| view.modules().any(|module| module.depth == 0 && module.when.contains(entry));
    // A module that is loaded under a name that stands in the text is an import like any other.
    // What stands under a test for the main program, its own tests for instance, is not what the code is for.
    let aside = |event: &Event| !view.is_file() && event.guards.iter().any(|guard| guard.kind == "main" && guard.holds);
    // A signal that is sent to a process runs none.
    let commands = events.iter().filter(|event| !aside(event)).any(|event| {
        does(event, "process.spawn")
            || does(event, "process.replace")
            || crate::prose::family::arg(event, "process.command").is_some()
    });
    let loads = events
        .iter()
        .any(|event| Family::of_event(event) == Some(Family::Code) && !imports_by_constant(event) && !aside(event));
    // What a caller asks for is what the caller's values choose.
    let asked = |kinds: &[&str]| {
        view.paths().any(|path| path.source.kind == "parameter" && kinds.contains(&path.sink.kind.as_str()))
    };
    let only_defines = events.is_empty() && !presumed;
    let kind = if view.is_file() && (module_when("install") || module_when("build")) {
        "An ordinary build script"
    } else if commands || loads {
        match (commands, loads, sends) {
            (true, true, true) => "A tool that runs commands, loads code and talks to the network",
            (true, _, true) => "A tool that runs commands and talks to the network",
            (_, _, true) => "A tool that loads code and talks to the network",
            (true, true, false) if asked(COMMAND) && asked(CODE) => {
                "Code that runs commands and loads code for its caller"
            }
            (true, true, false) => "Code that runs commands and loads code",
            (true, false, false) if asked(COMMAND) => "Code that runs commands for its caller",
            (true, false, false) => "Code that runs commands of its own",
            (false, _, false) if asked(CODE) => "Code that loads code for its caller",
            (false, _, false) => "Code that executes or loads code of its own choice",
        }
    } else if sends && !listens {
        "An ordinary API client"
    } else if listens || has(Family::Network) {
        "Ordinary network code"
    } else if presumed {
        if view.is_file() {
            "Ordinary client code, as far as this file shows it"
        } else {
            "Ordinary client code, as far as it can be seen here"
        }
    } else if has(Family::Database) {
        "Ordinary database code"
    } else if has(Family::Files) {
        "Ordinary code that works on the file system"
    } else if only_defines && view.unmodelled().next().is_some() {
        "Library code; what it reaches lies behind calls that were not read"
    } else if only_defines {
        "Code that reaches nothing outside of itself, as far as its calls are known"
    } else {
        "Ordinary library code"
    };
    let mut drafts = vec![say("conclusion.benign", 0, format!("{kind}."))];
    let sent = sent(view);
    if !sent.is_empty() {
        let mut nouns: Vec<String> = Vec::new();
        for kind in sent.keys() {
            let noun = match kind.as_str() {
                "parameter" => "what its caller passes",
                "time" => "a time stamp",
                other => kinds::noun(other),
            };
            nouns.push(noun.to_owned());
        }
        nouns.sort_by_key(|noun| noun != "what its caller passes");
        let text = format!("It sends {}.", list(&nouns, 5));
        drafts.push(say("conclusion.sent", 1, text).at(sent.into_values().flatten()));
    }
    drafts
}

/// Malicious behaviors that did not come to a verdict are not passed over.
fn suspicious(found: &[Found<'_>]) -> Option<Draft> {
    let mut titles: Vec<String> = Vec::new();
    let mut places = Vec::new();
    for found in found.iter().filter(|found| found.behavior.stance == Stance::Malicious) {
        let title = lower_first(&escape(&found.behavior.title));
        if !titles.contains(&title) {
            titles.push(title);
        }
        places.extend(found.item.evidence.iter().copied().take(4));
    }
    (!titles.is_empty()).then(|| {
        say("conclusion.suspicious", 3, format!("Look at this before you trust it: {}.", list(&titles, 3))).at(places)
    })
}

/// What to do about weaknesses and loose ends.
fn advice(found: &[Found<'_>], drafts: &[Draft]) -> Option<Draft> {
    let mut parts: Vec<String> = Vec::new();
    for found in found.iter().filter(|found| found.behavior.stance == Stance::Weakness && !found.item.presumed) {
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
