//! Claims on where values enter.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use sluice_catalog::kinds;
use sluice_flow::facts::{ArgFact, Event, EvidenceId, FunctionId, StepKind};

use crate::claims::Draft;
use crate::model::Field;
use crate::prose::chain::{parameter, spoken};
use crate::prose::family::{does, reads_input, reads_memory};
use crate::prose::words::{capital, code, commas, list, within};
use crate::view::View;

/// What a name server answers: a source of its own for a reader.
const RESOLVED: &str = "network.address";

/// What is typed or piped in.
const INPUT: &str = "input";

/// Most functions whose parameters are listed one by one.
const MOST_FUNCTIONS: usize = 8;

/// Parameters, function by function. In a file's report those of functions that lead somewhere; in a package's report
/// those that a public entry reaches.
pub(crate) fn parameters(view: &View<'_>) -> Vec<Draft> {
    // Functions in the order of the text, each with the parameters that a flow starts from.
    let mut leading: BTreeSet<(EvidenceId, FunctionId)> = BTreeSet::new();
    for path in view.paths().filter(|path| path.source.kind == "parameter" && path.sink.kind != "return") {
        if !view.is_file() && path.when.is_empty() {
            continue;
        }
        if let Some(function) = view.function(path.source.function) {
            leading.insert((function.evidence, path.source.function));
        }
    }
    // Where a call leaves by the network, the parameters of its function matter even if no flow was found.
    if view.is_file() {
        for (id, function) in view.numbered_functions() {
            if function.public && !function.params.is_empty() && view.index.talks(id) {
                leading.insert((function.evidence, id));
            }
        }
    }
    if leading.is_empty() && view.is_file() {
        for (id, function) in view.numbered_functions() {
            let ordinary = function.public && !function.name.starts_with("__");
            if ordinary && !function.params.is_empty() && matches!(function.kind.as_str(), "function" | "method") {
                leading.insert((function.evidence, id));
            }
        }
    }
    let functions = leading.len();
    let mut drafts = Vec::new();
    // Public functions are what a reader calls; helpers come behind them.
    let mut ordered: Vec<_> = leading.into_iter().collect();
    ordered.sort_by_key(|(evidence, id)| {
        (!view.function(*id).is_some_and(|facts| facts.public), view.position(*evidence))
    });
    let most = if view.is_file() { MOST_FUNCTIONS } else { 3 };
    // Functions with the same parameters are told together.
    let mut groups: Vec<(Vec<String>, Vec<String>, Vec<EvidenceId>)> = Vec::new();
    for (evidence, id) in ordered.iter().take(most) {
        let Some(function) = view.function(*id) else { continue };
        let names: Vec<String> = function.params.iter().map(|name| parameter(view, *id, name)).collect();
        let Some(name) = view.function_name(*id).filter(|_| !names.is_empty()) else { continue };
        match groups.iter_mut().find(|(known, ..)| *known == names) {
            Some((_, functions, places)) => {
                if !functions.contains(&code(&name)) {
                    functions.push(code(&name));
                }
                places.push(*evidence);
            }
            None => groups.push((names, vec![code(&name)], vec![*evidence])),
        }
    }
    for (names, functions, places) in groups {
        let most = if view.is_file() { 24 } else { 8 };
        let text = format!("Parameters of {}{}: {}.", list(&functions, 8), view.places(&places), commas(&names, most));
        drafts.push(Draft::new(Field::Sources, "source.parameter", 10, text).at(places));
    }
    let rest = ordered.get(most.min(functions)..).unwrap_or(&[]);
    if !rest.is_empty() {
        let mut names: Vec<String> = rest.iter().filter_map(|(_, id)| Some(code(&view.function_name(*id)?))).collect();
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let places: Vec<EvidenceId> = rest.iter().map(|(evidence, _)| *evidence).collect();
        // Functions without a name are told by what they do.
        if !names.is_empty() {
            let text = if view.is_file() || names.len() < 4 {
                format!("Also those of {}.", list(&names, 8))
            } else {
                format!("Also those of {} further functions.", names.len())
            };
            drafts.push(Draft::new(Field::Sources, "source.parameter", 11, text).at(places));
        }
    }
    drafts
}

/// Reads of the outer world, by kind.
pub(crate) fn reads(view: &View<'_>) -> Vec<Draft> {
    let mut by_kind: BTreeMap<(usize, &str), Vec<&Event>> = BTreeMap::new();
    for event in view.events().filter(|event| !reads_memory(event)) {
        if let Some(kind) = event.source.as_deref() {
            let kind = match kind {
                _ if does(event, "network.resolve") => RESOLVED,
                "argument" if reads_input(&event.symbol) || reads_input(&event.written) => INPUT,
                kind => kind,
            };
            by_kind.entry((order(kind), kind)).or_default().push(event);
        }
    }
    // What a call reads from is told with the call: `os.environ` in `os.environ.get()`.
    for events in by_kind.values_mut() {
        let span = |event: &Event| {
            let place = view.place(event.evidence);
            place.map_or((0, 0, Reverse(0)), |place| (place.module.0, place.start, Reverse(place.end)))
        };
        events.sort_by_key(|event| span(event));
        // The end of the call that reaches farthest so far, with its file and start.
        let mut outer = (u32::MAX, 0, 0);
        events.retain(|event| {
            let (module, start, Reverse(end)) = span(event);
            let within = outer.0 == module && end <= outer.2 && (start, end) != (outer.1, outer.2);
            let inside = within && !view.facts().text(event.evidence).ends_with(')');
            if !within {
                outer = (module, start, end);
            }
            !inside
        });
        events.retain(|event| !removes(event));
    }
    by_kind.retain(|_, events| !events.is_empty());
    // Sources that are no event: an attribute that is read, a literal.
    let mut bare: BTreeMap<(usize, &str), BTreeMap<String, Vec<EvidenceId>>> = BTreeMap::new();
    for path in view.paths() {
        let kind = path.source.kind.as_str();
        if kind == "parameter" || path.source.event.is_some() {
            continue;
        }
        if view.is_file() && view.module_of(path.source.evidence).map(|module| module.path.as_str()) != view.file {
            continue;
        }
        // A name that the code gives to what it read is no way to read.
        let symbol = path.source.symbol.as_str();
        if !view.is_file()
            && path.source.detail.is_none()
            && !symbol.contains(['.', '('])
            && by_kind.contains_key(&(order(kind), kind))
        {
            continue;
        }
        let name = match (&path.source.detail, path.source.symbol.is_empty()) {
            (Some(detail), false) => format!("{} {}", code(&path.source.symbol), code(detail)),
            (Some(detail), true) => code(detail),
            (None, _) => code(&path.source.symbol),
        };
        bare.entry((order(kind), kind)).or_default().entry(name).or_default().push(path.source.evidence);
    }
    let mut drafts = Vec::new();
    let keys: BTreeSet<(usize, &str)> = by_kind.keys().chain(bare.keys()).copied().collect();
    for key in keys {
        let (rank, kind) = key;
        let mut calls: BTreeMap<String, (Vec<EvidenceId>, BTreeSet<String>, bool)> = BTreeMap::new();
        let mut first: BTreeMap<String, EvidenceId> = BTreeMap::new();
        for event in by_kind.get(&key).into_iter().flatten() {
            let mut name = spoken(view, event);
            // Each answer is that of its own request; what is asked of the machine is told together.
            if kind == "network.response"
                && let Some(asked) = asked_for(view, event)
            {
                name.push_str(&format!(" for {asked}"));
            }
            first.entry(name.clone()).or_insert(event.evidence);
            let entry = calls.entry(name).or_default();
            entry.0.push(event.evidence);
            entry.1.extend(asked_for(view, event).filter(|_| kind != "network.response"));
            entry.2 |= event.presumed.is_some();
        }
        for (name, places) in bare.get(&key).into_iter().flatten() {
            if let Some(place) = places.first() {
                first.entry(name.clone()).or_insert(*place);
            }
            calls.entry(name.clone()).or_default().0.extend(places);
        }
        let mut names: Vec<String> = calls.keys().cloned().collect();
        names.sort_by_key(|name| first.get(name).map(|place| view.position(*place)));
        let most = if view.is_file() { 6 } else { 4 };
        let items: Vec<String> = names
            .iter()
            .filter_map(|name| {
                let (places, details, presumed) = calls.get(name)?;
                let details: Vec<String> = details.iter().cloned().collect();
                let asked = if details.is_empty() { String::new() } else { format!(" for {}", list(&details, most)) };
                let presumed = if *presumed { "presumably " } else { "" };
                Some(format!("{presumed}{name}{asked}{}", view.places(places)))
            })
            .collect();
        let stored = stored_as(view, kind, calls.values().map(|(places, ..)| places.len()).sum());
        let noun = match kind {
            RESOLVED => "the addresses of a name",
            INPUT => "standard input",
            "network.response" => "the server's answer",
            _ => kinds::noun(kind),
        };
        let text = format!("{}: {}{stored}.", capital(noun), within(view, &items, 8));
        let places = calls.values().flat_map(|(places, ..)| places.iter().copied());
        let presumed = calls.values().all(|(_, _, presumed)| *presumed);
        drafts.push(
            Draft::new(Field::Sources, &format!("source.{kind}"), 20 + i32::try_from(rank).unwrap_or(0), text)
                .at(places)
                .symbol(kind)
                .presumed(presumed)
                .important(interest(kind)),
        );
    }
    drafts
}

/// "stored as `x`", for the only read of its kind whose result gets one name.
fn stored_as(view: &View<'_>, kind: &str, calls: usize) -> String {
    if calls != 1 {
        return String::new();
    }
    let names: BTreeSet<&str> = view
        .paths()
        .filter(|path| path.source.kind == kind)
        .filter_map(|path| {
            path.steps
                .iter()
                .skip(1)
                .take_while(|step| !matches!(step.kind, StepKind::Pass | StepKind::Return))
                .find(|step| matches!(step.kind, StepKind::Assign | StepKind::Store))
                .map(|step| step.text.as_str())
                // `list.append` is a call that takes the value, not its name.
                .filter(|text| !crate::prose::chain::is_plain(text))
        })
        .collect();
    match names.first() {
        Some(name) if names.len() == 1 && !name.is_empty() => format!(", stored as {}", code(name)),
        _ => String::new(),
    }
}

/// The key, path or name that a read asks for: its text where that is known, else what it is written as.
fn asked_for(view: &View<'_>, event: &Event) -> Option<String> {
    const TOLD: [&str; 6] = ["key", "name", "file.path", "network.destination", "process.command", "pattern"];
    let has = |arg: &&ArgFact, role: &str| arg.roles.iter().any(|name| name == role);
    let arg = event.args.iter().find(|arg| TOLD.iter().any(|role| has(arg, role)))?;
    match arg.value.text.as_deref() {
        Some(text) => (!text.is_empty()).then(|| code(text)),
        // Beside names that are known, one that is not would be missed in the list.
        None if has(&arg, "key") => {
            let written = view.facts().text(arg.evidence);
            let short = !written.is_empty() && written.chars().count() <= 40;
            Some(if short { format!("the value of {}", code(written)) } else { "a computed name".to_owned() })
        }
        None => None,
    }
}

/// True for a removal whose result nothing takes: `os.environ.pop("NAME", None)` as a statement reads nothing.
fn removes(event: &Event) -> bool {
    event.dropped && matches!(event.symbol.rsplit('.').next(), Some("pop" | "popitem"))
}

fn order(kind: &str) -> usize {
    kinds::SOURCES.iter().position(|(name, _)| *name == kind).unwrap_or(kinds::SOURCES.len())
}

/// How much a reader who has to decide wants to know of a source, 1 to 6.
pub(crate) fn interest(kind: &str) -> u32 {
    match kind {
        "file.credential" | "browser.profile" | "wallet" | "keystroke" | "intercepted" | "screen" | "camera"
        | "process.memory" => 6,
        "clipboard" | "file.source-code" | "host.identity" => 5,
        "environment" | "process.output" => 4,
        "network.response" | "file" | "request" | "literal" => 3,
        "argument" | "platform" | "package.data" => 2,
        _ => 1,
    }
}
