//! Claims on what the facts come to: where requests go, what import does, how errors leave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use regex::Regex;
use sluice_catalog::kinds;
use sluice_flow::facts::{Event, EvidenceId, FunctionId, Raise};

use crate::claims::Draft;
use crate::model::{Field, escape};
use crate::prose::chain::{condition, innermost, parameter, spoken};
use crate::prose::family::{Family, arg, does, reads_input};
use crate::prose::value::{destination, hosts, hosts_of, is_address, is_built, open_host, open_scheme, told};
use crate::prose::words::{capital, code, code_up_to, count, first_sentence, list, lower_first};
use crate::view::View;

/// Where requests go, and who decides.
pub(crate) fn destinations(view: &View<'_>) -> Vec<Draft> {
    let events = addressed(view);
    let by_default = defaults(view);
    if events.is_empty() {
        return by_default;
    }
    let what = if events.iter().any(|event| does(event, "network.request")) { "Requests" } else { "Connections" };
    let mut fixed: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    let mut open: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    for event in &events {
        let Some(arg) = destination(event) else { continue };
        let named = hosts_of(view, arg);
        let is_pair = !named.is_empty() && hosts(&arg.value).is_empty();
        for host in named {
            fixed.entry(host).or_default().push(event.evidence);
        }
        if open_host(&arg.value) && !is_pair {
            open.entry(told(view, arg)).or_default().push(event.evidence);
        }
    }
    let places: Vec<EvidenceId> = events.iter().map(|event| event.evidence).collect();
    let mut drafts = Vec::new();
    let hosts: Vec<String> = fixed.keys().map(|host| code(host)).collect();
    // What the address itself names decides about it; labels that came along other ways need not.
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut made = false;
    for event in &events {
        let Some(arg) = destination(event).filter(|arg| open_host(&arg.value)) else { continue };
        let shape = told(view, arg);
        let own: BTreeSet<(&str, FunctionId)> = view
            .index
            .paths_to(event.evidence)
            .filter(|path| path.sink.kind == "network.destination" && path.presumed.is_none())
            .filter(|path| path.source.kind == "parameter")
            .map(|path| (path.source.symbol.as_str(), path.source.function))
            .collect();
        if is_built(view, arg) {
            made |= !own.is_empty();
            continue;
        }
        let given = view.function(event.function).map_or(&[][..], |function| &function.params);
        let given = given.iter().map(|name| (name.trim_start_matches('*'), event.function));
        let shown: Vec<String> = own
            .iter()
            .copied()
            .chain(given)
            .filter(|(name, _)| shape.contains(&format!("`{name}`")))
            .map(|(name, function)| parameter(view, function, name))
            .collect();
        made |= shown.is_empty() && !own.is_empty();
        named.extend(shown);
    }
    let by_caller = match (named.is_empty(), made) {
        (true, false) => String::new(),
        (true, true) => "an address that is made from what the caller passes".to_owned(),
        (false, false) => format!("what the caller passes as {}", list(&named.into_iter().collect::<Vec<_>>(), 3)),
        (false, true) => format!(
            "what the caller passes as {}, or to an address that is made from what it passes",
            list(&named.into_iter().collect::<Vec<_>>(), 3)
        ),
    };
    let text = match (hosts.is_empty(), open.is_empty(), by_caller.is_empty()) {
        (false, true, _) if hosts.len() == 1 => format!("{what} go to {} only", list(&hosts, 1)),
        (false, true, _) => format!("{what} go to {}", list(&hosts, 6)),
        (false, false, false) => format!("{what} go to {}, or to {by_caller}", list(&hosts, 6)),
        (false, false, true) => format!("{what} go to {}, and to addresses that are not known here", list(&hosts, 6)),
        (true, _, false) => format!("{what} go to {by_caller}"),
        (true, true, true) => return by_default,
        (true, _, true) => {
            let shapes: Vec<String> = open.keys().cloned().collect();
            format!("The address of {} is not fixed in the code: {}", what.to_lowercase(), list(&shapes, 3))
        }
    };
    drafts.push(
        Draft::new(Field::Analysis, "destination", 10, format!("{text}{}.", view.places(&places)))
            .at(places)
            .important(3),
    );
    drafts.extend(by_default);
    drafts.extend(credential(view));
    drafts.extend(scheme(view, &events));
    drafts
}

/// Requests and connections that name an address. To ask for the number of a name is neither.
fn addressed<'a>(view: &View<'a>) -> Vec<&'a Event> {
    view.events()
        .filter(|event| event.presumed.is_none() && (does(event, "network.request") || does(event, "network.connect")))
        .filter(|event| !does(event, "network.resolve"))
        .filter(|event| destination(event).is_some_and(is_address))
        .collect()
}

/// The hosts that requests name as constants.
pub(crate) fn fixed_hosts(view: &View<'_>) -> BTreeSet<String> {
    addressed(view).into_iter().filter_map(destination).flat_map(|arg| hosts_of(view, arg)).collect()
}

/// True if a request goes to an address that does not stand in the code.
pub(crate) fn goes_elsewhere(view: &View<'_>) -> bool {
    addressed(view).into_iter().filter_map(destination).any(|arg| open_host(&arg.value))
}

/// Addresses that stand in the code for the case that a variable of the environment names none: "By default …".
fn defaults(view: &View<'_>) -> Vec<Draft> {
    static ADDRESS: OnceLock<Option<Regex>> = OnceLock::new();
    let Some(address) = ADDRESS
        .get_or_init(|| {
            Regex::new(r#"(?-u)^\s*(?:const |let |var )?([\w.]+)\s*=\s*[fb]?["'](https?://(?u:[^"'{}\s]){4,120})["']"#)
                .ok()
        })
        .as_ref()
    else {
        return Vec::new();
    };
    let mut drafts: Vec<Draft> = Vec::new();
    for event in view.events().filter(|event| event.source.as_deref() == Some("environment")) {
        let name = event.args.iter().find_map(|arg| arg.value.text.as_deref()).unwrap_or("");
        if !["URL", "URI", "HOST", "ENDPOINT", "SERVER"].iter().any(|word| name.to_uppercase().contains(word)) {
            continue;
        }
        let (Some(place), Some(module)) = (view.place(event.evidence), view.module_of(event.evidence)) else {
            continue;
        };
        // A statement that gives a name to the variable's value begins not far before it.
        const NEAR: usize = 200;
        let start = place.start as usize;
        let Some(before) = module.text.as_bytes().get(start.saturating_sub(NEAR)..start) else { continue };
        let Some(back) = before.iter().rev().position(|byte| *byte == b'\n') else { continue };
        let Some(around) = module.text.get(start - back..) else { continue };
        // The name that the variable's value gets, and a line further down that gives it an address.
        let head = around.get(..back).unwrap_or("");
        let Some((given, _)) = head.split_once('=').filter(|(given, _)| is_variable(given)) else { continue };
        let found = around.lines().take(5).skip(1).find_map(|line| {
            let found = address.captures(line)?;
            let (own, url) = (found.get(1)?.as_str(), found.get(2)?.as_str());
            (own == given.trim()).then(|| url.to_owned())
        });
        let Some(url) = found else { continue };
        let text = format!(
            "By default {} is {}; the environment variable {} changes that{}.",
            code(given.trim()),
            code(&url),
            code(name),
            view.places(&[event.evidence])
        );
        let mut draft = Draft::new(Field::Analysis, "destination.default", 11, text).at([event.evidence]).important(3);
        // Classes for waiting and not waiting callers say the same twice.
        match drafts.iter_mut().find(|known| known.symbol.as_deref() == Some(url.as_str())) {
            Some(known) => known.evidence.extend(draft.evidence),
            None => {
                draft.symbol = Some(url);
                drafts.push(draft);
            }
        }
    }
    drafts.truncate(3);
    drafts
}

/// True for the name of a variable or attribute, with nothing else.
fn is_variable(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// Libraries that calls leave to and that were not read, by the names under which they are imported.
pub(crate) fn libraries(view: &View<'_>) -> Vec<String> {
    let (imported, own) = (external(view), own_names(view));
    let symbols: BTreeSet<&str> = view.unmodelled().map(|call| call.symbol.as_str()).collect();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for symbol in symbols {
        let ends = symbol.match_indices(['.', '(']).map(|(at, _)| at).chain([symbol.len()]).take(8);
        let starts: Vec<&str> = ends.filter_map(|end| symbol.get(..end)).collect();
        let Some(at) = starts.iter().position(|start| imported.contains(start)) else { continue };
        // Of a name that others share with this package, the next part says who it is.
        let library = starts.iter().skip(at).take(2).find(|start| !own.contains(&start.replace('.', "/")));
        names.extend(library.filter(|library| **library != symbol || starts.len() == at + 1));
    }
    names.into_iter().map(code).collect()
}

/// Libraries that are imported and were not read.
pub(crate) fn imports(view: &View<'_>) -> Vec<String> {
    let own = own_names(view);
    external(view).into_iter().filter(|name| !own.contains(*name)).map(code).collect()
}

/// Names of imported modules that are neither in the package nor of the language: packages for Python.
fn external<'a>(view: &View<'a>) -> BTreeSet<&'a str> {
    static STANDARD: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    let standard = STANDARD.get_or_init(|| {
        [include_str!("../../data/standard-python.txt"), include_str!("../../data/standard-node.txt")]
            .into_iter()
            .flat_map(str::lines)
            .filter(|line| !line.starts_with('#'))
            .collect()
    });
    let mut imported: BTreeSet<&str> = BTreeSet::new();
    for module in view.modules() {
        let python = module.language == "python";
        let external = module.imports.iter().filter(|import| import.internal.is_none());
        let names = external.map(|import| import.name.strip_prefix("node:").unwrap_or(&import.name));
        let names = names.filter(|name| !name.starts_with(['.', '/']));
        let names = names.map(|name| if python { name.split('.').next().unwrap_or(name) } else { name });
        imported.extend(names.filter(|name| !standard.contains(name)));
    }
    imported
}

/// Names of the target's own folders and files, each by itself and behind the folder it stands in.
fn own_names(view: &View<'_>) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    for module in view.modules() {
        let path = module.path.rsplit_once('.').map_or(module.path.as_str(), |(stem, _)| stem);
        let mut before: Option<&str> = None;
        for part in path.split('/') {
            own.insert(part.to_owned());
            own.extend(before.map(|before| format!("{before}/{part}")));
            before = Some(part);
        }
    }
    own
}

/// The credential that a request carries.
fn credential(view: &View<'_>) -> Option<Draft> {
    let mut names = BTreeSet::new();
    let mut places = Vec::new();
    for path in view.paths().filter(|path| path.sink.kind == "network.send" && path.presumed.is_none()) {
        if path.sink.arg == "auth" && path.source.kind == "parameter" {
            names.insert(parameter(view, path.source.function, &path.source.symbol));
            places.extend(path.steps.iter().skip(1).map(|step| step.evidence).take(4));
            places.push(path.sink.evidence);
        }
    }
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.into_iter().collect();
    let text = format!("The credential that is sent is the caller's {}{}.", list(&names, 3), view.places(&places));
    Some(Draft::new(Field::Analysis, "credential.sent", 12, text).at(places).important(2))
}

/// An address whose scheme the caller chooses, where nothing on the way looks at it.
fn scheme(view: &View<'_>, events: &[&Event]) -> Option<Draft> {
    let (event, path) = events.iter().filter(|event| does(event, "network.request")).find_map(|event| {
        let arg = destination(event).filter(|arg| open_scheme(&arg.value) && !is_built(view, arg))?;
        let path = view.index.paths_to(event.evidence).find(|path| {
            path.sink.kind == "network.destination"
                && path.source.kind == "parameter"
                && path.presumed.is_none()
                && arg.value.shape.contains(&format!("`{}`", path.source.symbol))
        })?;
        Some((event, path))
    })?;
    let name = path.source.symbol.as_str();
    // Anything that tests the parameter, and any function of the target on the way that can refuse it, is a check.
    let tested = |text: &str| mentions(text, name);
    let checked = view.raises().any(|raise| raise.guards.iter().any(|guard| tested(&guard.text)))
        || view.events().any(|event| event.guards.iter().any(|guard| tested(&guard.text)))
        || path.guards.iter().any(|guard| tested(&guard.text));
    if checked {
        return None;
    }
    let key = view.index.paths_to(event.evidence).any(|other| other.sink.arg == "auth");
    let what = if key { "the credential" } else { "the data" };
    let shown = parameter(view, path.source.function, name);
    let text = format!(
        "The scheme of {shown} is not checked here: with an `http://` address {what} would travel in clear text."
    );
    Some(
        Draft::new(Field::Analysis, "scheme.unchecked", 30, text)
            .at([path.source.evidence, event.evidence])
            .symbol(name)
            .important(2),
    )
}

fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, found)| {
        let word = |character: Option<char>| {
            character.is_some_and(|character| character.is_alphanumeric() || character == '_')
        };
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + found.len()..).and_then(|behind| behind.chars().next());
        !word(before) && !word(behind)
    })
}

/// What importing or running the file does.
pub(crate) fn import_effects(view: &View<'_>) -> Vec<Draft> {
    // For a package this is told entry point by entry point.
    if !view.is_file() {
        return Vec::new();
    }
    let makers: BTreeSet<u64> = view
        .events()
        .filter(|event| Family::of_event(event) == Some(Family::Network))
        .filter_map(|event| event.receiver.as_ref())
        .flat_map(|receiver| receiver.tokens.iter().copied())
        .collect();
    let on_import: Vec<&Event> =
        view.events().filter(|event| view.on_import(event)).filter(|event| event.presumed.is_none()).collect();
    let makes: Vec<&Event> = on_import
        .iter()
        .copied()
        .filter(|event| view.is_top_level(event.function) && crate::prose::sinks::is_class_name(&event.symbol))
        .filter(|event| event.result.iter().any(|token| makers.contains(token)))
        .collect();
    let acts: Vec<&Event> = on_import
        .iter()
        .copied()
        .filter(|event| {
            !makes.iter().any(|made| made.evidence == event.evidence)
                && !matches!(Family::of_event(event), None | Some(Family::Serialization | Family::Log))
        })
        .collect();
    let sending = |event: &Event| {
        ["network.request", "network.connect", "network.listen"].iter().any(|action| does(event, action))
            || arg(event, "network.send").is_some()
    };
    // Whatever the top level may lead to counts here, presumed calls and those below a test included.
    let sends = view.events().any(|event| view.is_loaded(event) && sending(event));
    let mut parts = Vec::new();
    let mut places = Vec::new();
    for event in &makes {
        parts.push(format!("makes a {}{}", code(&event.symbol), view.places(&[event.evidence])));
        places.push(event.evidence);
    }
    let mut calls: BTreeMap<((u32, u32), EvidenceId), String> = BTreeMap::new();
    for event in &acts {
        let conditions: Vec<String> = event.guards.last().map(condition).into_iter().collect();
        let conditions = if conditions.is_empty() { String::new() } else { format!(", {}", conditions.join(", ")) };
        calls.insert(
            (view.position(event.evidence), event.evidence),
            format!("{}{}{conditions}", spoken(view, event), view.places(&[event.evidence])),
        );
        places.push(event.evidence);
    }
    let calls: Vec<String> = calls.into_values().collect();
    if !calls.is_empty() {
        parts.push(format!("calls {}", list(&calls, 6)));
    }
    if parts.is_empty() {
        return Vec::new();
    }
    // What an unknown call does on import is not known, so nothing is denied where there is one.
    let unknown = view.unmodelled().any(|call| view.is_top_level(call.function));
    if !sends && !unknown {
        parts.push("sends nothing".to_owned());
    }
    let script = view.modules().any(|module| module.when.contains("install") || module.when.contains("build"));
    let text = format!("{} it {}.", if script { "Running" } else { "Importing" }, list(&parts, 5));
    let mut draft = Draft::new(Field::Analysis, "import-effect", 20, text).at(places);
    draft.importance = if sends || !acts.is_empty() { 4 } else { 1 };
    vec![draft]
}

/// What is typed or piped in.
const INPUT: &str = "input";

/// What of the machine is read.
pub(crate) fn machine(view: &View<'_>) -> Option<Draft> {
    let mut kinds_read: BTreeMap<&str, Vec<EvidenceId>> = BTreeMap::new();
    for event in view.events().filter(|event| !crate::prose::family::reads_memory(event)) {
        if let Some(kind) = event.source.as_deref() {
            let kind = if kind == "argument" && (reads_input(&event.symbol) || reads_input(&event.written)) {
                INPUT
            } else {
                kind
            };
            kinds_read.entry(kind).or_default().push(event.evidence);
        }
    }
    for path in view.paths().filter(|path| path.source.kind != "parameter" && path.source.event.is_none()) {
        if view.module_of(path.source.evidence).map(|module| module.path.as_str()) == view.file {
            kinds_read.entry(path.source.kind.as_str()).or_default().push(path.source.evidence);
        }
    }
    for outside in ["network.response", "literal", "random", "request", "parameter"] {
        kinds_read.remove(outside);
    }
    let nouns: Vec<String> = kinds_read
        .keys()
        .map(|kind| if *kind == INPUT { "standard input" } else { kinds::noun(kind) })
        .map(str::to_owned)
        .collect();
    let places: Vec<EvidenceId> = kinds_read.into_values().flatten().collect();
    let unknown = view.unmodelled().count();
    if !view.is_file() || nouns.len() > 3 {
        return None;
    }
    let caveat = if unknown > 0 { ", as far as its calls are known" } else { "" };
    let text = if nouns.is_empty() {
        format!("It reads nothing from the machine{caveat}.")
    } else {
        // Beside calls that are not known, nothing is denied.
        let only = if unknown > 0 { "" } else { ", and nothing else" };
        format!("Of the machine it reads {}{only}{caveat}.", list(&nouns, 3))
    };
    let excludes: &[&'static str] = if nouns.is_empty() { &["source.environment"] } else { &[] };
    Some(Draft::new(Field::Analysis, "machine", 18, text).at(places).negative(excludes))
}

/// How errors leave: exceptions with the conditions on which they are raised.
pub(crate) fn raises(view: &View<'_>) -> Vec<Draft> {
    static STATUS: OnceLock<Option<Regex>> = OnceLock::new();
    let status = STATUS.get_or_init(|| Regex::new(r"(?-u)status(?:_code|Code)?\s*===?\s*(\d{3})\b").ok());
    let mut drafts = Vec::new();
    let mut by_status: BTreeMap<(u32, String, String), Vec<&Raise>> = BTreeMap::new();
    let mut others: Vec<&Raise> = Vec::new();
    for raise in view.raises().filter(|raise| crate::prose::sinks::leaves(view, raise) && !raise.passes_caught) {
        let number = raise.guards.iter().filter(|guard| !guard.holds).find_map(|guard| {
            let found = status.as_ref()?.captures(&guard.text)?;
            found.get(1).map(|number| number.as_str().to_owned())
        });
        match number {
            Some(number) => {
                by_status.entry((raise.function.0, raise.exception.to_string(), number)).or_default().push(raise);
            }
            None => others.push(raise),
        }
    }
    for ((_, exception, number), raises) in by_status {
        let from: Vec<String> = raises
            .iter()
            .map(|raise| {
                let args: Vec<String> = raise
                    .args
                    .iter()
                    .filter(|text| {
                        text.contains(['.', '[', '(']) && !text.contains("status")
                            || text.chars().all(char::is_alphabetic)
                    })
                    .map(|text| code_up_to(text, 40))
                    .collect();
                let handler = raise
                    .handler
                    .and_then(|at| view.facts().handlers.get(at as usize))
                    .filter(|handler| !handler.exceptions.is_empty())
                    .map(|handler| {
                        let names: Vec<String> = handler.exceptions.iter().map(|name| code(name)).collect();
                        format!("on {} ", list(&names, 3))
                    })
                    .unwrap_or_default();
                let from = if args.is_empty() { String::new() } else { format!("from {}", list(&args, 3)) };
                format!("{handler}{from}{}", view.places(&[raise.evidence])).trim().to_owned()
            })
            .collect();
        // Places alone are no origin.
        let colon = if from.iter().all(|from| from.starts_with('(')) { "" } else { ":" };
        let text = format!("Any status but {number} raises {}{colon} {}.", code(&exception), from.join(", or "));
        drafts.push(
            Draft::new(Field::Analysis, "raise.status", 25, text)
                .at(raises.iter().map(|raise| raise.evidence))
                .symbol(exception)
                .important(2),
        );
    }
    let most = if view.is_file() { 4 } else { 0 };
    for raise in others.iter().filter(|raise| !raise.guards.is_empty() || raise.handler.is_some()).take(most) {
        let conditions = innermost(&raise.guards);
        let on = raise
            .handler
            .and_then(|at| view.facts().handlers.get(at as usize))
            .filter(|handler| !handler.exceptions.is_empty())
            .map(|handler| {
                let names: Vec<String> = handler.exceptions.iter().map(|name| code(name)).collect();
                format!(" on {}", list(&names, 3))
            })
            .unwrap_or_default();
        let who = view.function_name(raise.function).map_or_else(|| "The top level".to_owned(), |name| code(&name));
        let conditions = if conditions.is_empty() { String::new() } else { format!(" {conditions}") };
        let text =
            format!("{who} raises {}{on}{conditions}{}.", code(&raise.exception), view.places(&[raise.evidence]));
        drafts.push(
            Draft::new(Field::Analysis, "raise", 50, text)
                .at([raise.evidence])
                .symbol(raise.exception.as_str())
                .important(0),
        );
    }
    drafts
}

/// Calls that leave the target and are not modelled: what they do is not part of this review.
pub(crate) fn unknown_calls(view: &View<'_>) -> Option<Draft> {
    let raised: BTreeSet<&str> = view.raises().map(|raise| raise.exception.as_str()).collect();
    let mut names: BTreeMap<&str, EvidenceId> = BTreeMap::new();
    for call in view.unmodelled().filter(|call| !raised.contains(call.symbol.as_str())) {
        // A function that is only handed on, to be called later, is not what this call runs.
        let last = call.symbol.trim_end_matches("()").rsplit('.').next().unwrap_or("");
        let text = view.facts().text(call.evidence);
        if text.contains(last) && !text.contains(&format!("{last}(")) && text.ends_with(')') {
            continue;
        }
        names.entry(call.symbol.as_str()).or_insert(call.evidence);
    }
    if names.is_empty() {
        return None;
    }
    let places: Vec<EvidenceId> = names.values().copied().collect();
    // In a package the libraries are named: what a method of an unread object is called says nothing.
    if !view.is_file() {
        let libraries = libraries(view);
        let (noun, verb) = if libraries.len() == 1 { ("library", "does") } else { ("libraries", "do") };
        let text = format!("Not read: what the {noun} {} {verb}.", list(&libraries, 5));
        return (!libraries.is_empty())
            .then(|| Draft::new(Field::Analysis, "unmodelled", 80, text).at(places).important(0));
    }
    let mut ordered: Vec<((u32, u32), &str)> =
        names.iter().map(|(name, place)| (view.position(*place), *name)).collect();
    ordered.sort();
    // A method of a type of the language or of an object without a class is no name of a library's.
    let invented = |name: &str| {
        let name = name.trim_start_matches("builtins.");
        ["object.", "str.", "bytes.", "list.", "dict.", "tuple.", "set.", "type."].iter().any(|t| name.starts_with(t))
            || name.contains(char::is_control)
            || name.contains(".__")
    };
    let shown: Vec<String> = ordered
        .iter()
        .filter(|(_, name)| !invented(name))
        .map(|(_, name)| {
            let call = names.get(name).is_some_and(|place| view.facts().text(*place).ends_with(')'));
            if call { code(&format!("{}()", name.trim_end_matches("()"))) } else { code(name) }
        })
        .collect();
    if shown.is_empty() {
        return None;
    }
    let text = format!("Not read: what is behind {}.", list(&shown, 12));
    Some(Draft::new(Field::Analysis, "unmodelled", 80, text).at(places).important(0))
}

/// A limit that the documentation states for a parameter and that no line of the file compares with.
pub(crate) fn unchecked_limits(view: &View<'_>) -> Vec<Draft> {
    static LIMIT: OnceLock<Option<Regex>> = OnceLock::new();
    let Some(limit) = LIMIT
        .get_or_init(|| {
            Regex::new(r"(?-u):?param(?:eter)?\s+(\w+):(?u:[^\n])*\(\s*([<>]=?)\s*(\d+)(?u:[^)\n])*\)").ok()
        })
        .as_ref()
    else {
        return Vec::new();
    };
    if !view.is_file() {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    for (id, function) in view.numbered_functions() {
        let Some(doc) = function.doc.as_deref() else { continue };
        for found in limit.captures_iter(doc).take(4) {
            let (Some(name), Some(sign), Some(number)) = (found.get(1), found.get(2), found.get(3)) else { continue };
            let name = name.as_str();
            if !function.params.iter().any(|param| param == name) {
                continue;
            }
            let compared = view.modules().flat_map(|module| module.text.lines()).any(|line| {
                mentions(line, name)
                    && !line.trim_start().starts_with(':')
                    && ["<", ">", "min(", "max(", "assert", "range(", "==", " in "]
                        .iter()
                        .any(|test| line.contains(test))
            });
            if compared {
                continue;
            }
            let text = format!(
                "The documented limit of {} ({} {}) is not checked here{}.",
                parameter(view, id, name),
                sign.as_str(),
                number.as_str(),
                view.places(&[function.evidence])
            );
            drafts.push(
                Draft::new(Field::Analysis, "limit.unchecked", 35, text)
                    .at([function.evidence])
                    .symbol(name)
                    .important(1),
            );
        }
    }
    drafts
}

/// When it runs, entry point by entry point, with what each of them reaches.
pub(crate) fn entries(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut quiet: Vec<String> = Vec::new();
    for (at, entry) in ["install", "build", "startup", "activate", "import", "run"].into_iter().enumerate() {
        let mut families: BTreeMap<Family, Vec<EvidenceId>> = BTreeMap::new();
        let reached = |event: &&Event| match entry {
            "import" => view.on_import(event) && event.when.contains(entry),
            _ => event.when.contains(entry),
        };
        for event in view.events().filter(|event| event.presumed.is_none()).filter(reached) {
            if let Some(family) =
                Family::of_event(event).filter(|family| !matches!(family, Family::Serialization | Family::Log))
            {
                families.entry(family).or_default().push(event.evidence);
            }
        }
        let files: Vec<String> = declared(view, entry);
        if families.is_empty() && files.is_empty() {
            continue;
        }
        let verb = if files.len() == 1 { "runs" } else { "run" };
        let runs = if files.is_empty() { String::new() } else { format!(" {} {verb}", list(&files, 4)) };
        let does: Vec<String> = families
            .iter()
            .map(|(family, places)| {
                // A condition on the only place of a family decides whether it happens at all.
                let condition = match places.as_slice() {
                    [place] => view.index.event_at(*place).and_then(|event| event.guards.last()).map(condition),
                    _ => None,
                };
                let condition = condition.map_or_else(String::new, |text| format!(", {text}"));
                let changes = places.iter().filter_map(|place| view.index.event_at(*place)).any(Family::changes_files);
                let what = if *family == Family::Files && changes { "writes or changes files" } else { doing(*family) };
                format!("{what}{}{condition}", view.places(places))
            })
            .collect();
        let when = match entry {
            "install" => "On install",
            "build" => "On build",
            "startup" => "When the interpreter starts",
            "activate" => "When it is activated",
            "import" => "On import",
            _ => "When it is run",
        };
        let text = match (runs.is_empty(), does.is_empty()) {
            (false, true) => format!("{when},{runs}; nothing that it reaches is a known sink."),
            // Commands of a build run when somebody builds with them.
            (false, false) if entry == "build" && files.len() > 4 => {
                format!("A build may run {}; what they reach {}.", list(&files, 3), list(&does, 6))
            }
            (false, false) if files.len() > 1 => format!("{when},{runs}; what they reach {}.", list(&does, 6)),
            (false, false) => format!("{when},{runs}; it {}.", list(&does, 6)),
            (true, _) => format!("{when}, its code {}.", list(&does, 6)),
        };
        let importance = if matches!(entry, "install" | "startup" | "import") && !does.is_empty() { 4 } else { 1 };
        let mut draft =
            Draft::new(Field::Analysis, &format!("entry.{entry}"), 14 + i32::try_from(at).unwrap_or(0), text)
                .at(families.into_values().flatten())
                .important(importance);
        if does.is_empty() {
            draft = draft.negative(&[]);
            // All of them are told in one sentence.
            draft.silent = true;
            quiet.push(format!("{} ({})", lower_first(when), list(&files, 2)));
        }
        drafts.push(draft);
    }
    if !quiet.is_empty() {
        let unknown = if view.unmodelled().next().is_some() { ", as far as its calls are known" } else { "" };
        let text = format!(
            "Nothing that runs {} reaches the network, a command, a file or further code{unknown}.",
            list(&quiet, 6)
        );
        drafts.push(Draft::new(Field::Analysis, "entry.quiet", 20, text).negative(&[]));
    }
    drafts
}

fn declared(view: &View<'_>, entry: &str) -> Vec<String> {
    let mut names = Vec::new();
    for point in view.index.package.entry_points.iter().filter(|point| point.when == entry) {
        if let Some(file) = view.file
            && point.file.as_deref() != Some(file)
        {
            continue;
        }
        // What runs for the tests is not what runs for whoever uses the code.
        if !view.is_file() && point.file.as_deref().is_some_and(|file| view.is_beside(file)) {
            continue;
        }
        let what = match (&point.file, &point.function, &point.command) {
            (_, _, Some(command)) => code(command),
            (Some(file), Some(function), _) => {
                format!("{} of {}", code(&format!("{function}()")), code(&view.shown_file(file)))
            }
            (Some(file), None, _) => code(&view.shown_file(file)),
            (None, Some(function), _) => code(function),
            (None, None, _) if !point.name.is_empty() => code(&point.name),
            _ => continue,
        };
        let what =
            if point.name.is_empty() || entry != "run" { what } else { format!("{} ({what})", code(&point.name)) };
        if !names.contains(&what) {
            names.push(what);
        }
    }
    names
}

fn doing(family: Family) -> &'static str {
    match family {
        Family::Network => "talks to the network",
        Family::Commands => "runs commands",
        Family::Code => "loads or executes code",
        Family::Memory => "makes memory executable",
        Family::Persistence => "makes itself permanent",
        Family::Files => "opens files by a path from outside",
        Family::Database => "queries a database",
        Family::Markup => "writes markup",
        Family::Clipboard => "writes the clipboard",
        Family::Log => "logs",
        Family::Serialization => "serializes",
        Family::Exceptions => "raises exceptions",
        Family::Results => "returns results",
    }
}

/// Whether what it does fits what its summary says: only the plain case of a tool that says it has no network is told.
pub(crate) fn undocumented(view: &View<'_>) -> Option<Draft> {
    if view.is_file() {
        return None;
    }
    let package = view.index.package;
    let summary = package.summary.as_deref().and_then(first_sentence)?;
    let claims_offline = ["no network", "offline", "no dependencies and no network"]
        .iter()
        .any(|word| summary.to_lowercase().contains(word));
    let places: Vec<EvidenceId> = view
        .events()
        .filter(|event| event.presumed.is_none() && does(event, "network.request"))
        .map(|event| event.evidence)
        .collect();
    if !claims_offline || places.is_empty() {
        return None;
    }
    let text = format!("Its summary says \"{}\", yet it makes requests{}.", escape(&summary), view.places(&places));
    Some(Draft::new(Field::Anomalies, "mismatch", 30, capital(&text)).at(places).important(4))
}

/// Names of top-level imports that a fall-back replaces.
pub(crate) fn fallbacks(view: &View<'_>) -> Option<Draft> {
    let mut names = Vec::new();
    let mut places = Vec::new();
    for module in view.modules() {
        for import in module.imports.iter().filter(|import| import.fallback) {
            names.push(code(&import.name));
            places.push(import.evidence);
        }
    }
    if names.is_empty() || !view.is_file() {
        return None;
    }
    names.sort();
    names.dedup();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let text = format!("{} {verb} imported where another import fails{}.", list(&names, 3), view.places(&places));
    Some(Draft::new(Field::Analysis, "import.fallback", 60, text).at(places).important(0))
}

/// Presumed links, counted: what they are stands with the sinks.
pub(crate) fn presumptions(view: &View<'_>) -> Option<Draft> {
    let places: Vec<EvidenceId> =
        view.events().filter(|event| event.presumed.is_some()).map(|event| event.evidence).collect();
    if places.is_empty() {
        return None;
    }
    let text = format!(
        "{} presumed from names and arguments, since the class that defines {} was not read{}.",
        capital(&count(places.len(), "call is", "calls are")),
        if places.len() == 1 { "it" } else { "them" },
        view.places(&places)
    );
    Some(Draft::new(Field::Analysis, "presumed", 40, text).at(places).presumed(true).important(1))
}
