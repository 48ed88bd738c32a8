//! What it is and what to do: the only prose that follows from the scores, so that the two cannot contradict.

use std::collections::BTreeSet;

use sluice_catalog::{Stance, kinds};
use sluice_flow::facts::Event;

use crate::claims::Draft;
use crate::model::{Field, Polarity, Verdict, escape};
use crate::prose::family::{Family, does};
use crate::prose::flows::sent;
use crate::prose::value::{destination, hosts, known_text};
use crate::prose::words::{capital, code, list, lower_first};
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

fn malicious(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut guilty: Vec<&Found<'_>> =
        found.iter().filter(|found| found.behavior.stance == Stance::Malicious && !found.item.presumed).collect();
    guilty.sort_by(|a, b| {
        b.behavior.specificity.total_cmp(&a.behavior.specificity).then_with(|| a.item.evidence.cmp(&b.item.evidence))
    });
    let mut titles: Vec<String> = Vec::new();
    let mut places = Vec::new();
    for found in &guilty {
        let title = lower_first(&escape(&found.behavior.title));
        if !titles.contains(&title) {
            titles.push(title);
            places.extend(found.item.evidence.iter().copied().take(4));
        }
    }
    if view.disguised().next().is_some() {
        titles.push("hides a program behind the name of source code".to_owned());
    }
    let what = if titles.is_empty() { "its form and what it hides".to_owned() } else { list(&titles, 3) };
    let mut drafts = vec![say("conclusion.malicious", 0, format!("Malicious: {what}.")).at(places)];
    let entries: BTreeSet<&str> = guilty.iter().flat_map(|found| found.entries.iter().copied()).collect();
    let when: Vec<String> = ["install", "build", "startup", "activate", "import", "run"]
        .into_iter()
        .filter(|entry| entries.contains(entry))
        .map(|entry| {
            match entry {
                "install" => "on install",
                "build" => "on build",
                "startup" => "when the interpreter starts",
                "activate" => "when it is activated",
                "import" => "on import",
                _ => "when it is run",
            }
            .to_owned()
        })
        .collect();
    if !when.is_empty() {
        drafts.push(say("conclusion.when", 1, format!("It acts {}, without being called.", list(&when, 4))));
    }
    let mut addresses = BTreeSet::new();
    let mut address_places = Vec::new();
    for found in &guilty {
        let events = found.item.steps.iter().filter_map(|step| view.facts().event(step.event?));
        for event in events {
            if let Some(command) = crate::prose::family::arg(event, "process.command") {
                let names = hosts(&command.value);
                if !names.is_empty() {
                    address_places.push(event.evidence);
                }
                addresses.extend(names);
            }
            if let Some(arg) = destination(event) {
                let names = hosts(&arg.value);
                // A path on a server or a file of a database is no place that one talks to.
                let text = known_text(&arg.value).filter(|text| {
                    Family::of_event(event) == Some(Family::Network)
                        && !text.starts_with(['/', '.'])
                        && text.contains(['.', ':'])
                });
                if !names.is_empty() || text.is_some() {
                    address_places.push(event.evidence);
                }
                if names.is_empty() { addresses.extend(text) } else { addresses.extend(names) }
            }
        }
    }
    if !addresses.is_empty() {
        let names: Vec<String> = addresses.iter().map(|address| code(address)).collect();
        drafts.push(say("conclusion.where", 2, format!("It talks to {}.", list(&names, 5))).at(address_places));
    }
    let mut advised: Vec<String> = Vec::new();
    for found in &guilty {
        let text = sentence(&found.behavior.advice);
        if !text.is_empty() && !advised.contains(&text) {
            advised.push(text);
        }
    }
    advised.truncate(2);
    if advised.is_empty() {
        advised
            .push("Do not install or run it; where it ran, treat the machine and its credentials as lost.".to_owned());
    }
    drafts.push(say("conclusion.advice", 3, advised.join(" ")));
    drafts
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
