//! Claims on what the code is for: what it says, quoted as such, and what it does.

use std::collections::BTreeSet;

use sluice_flow::facts::{Event, FunctionFacts, ModuleFacts, StepKind};

use crate::claims::Draft;
use crate::model::{Field, escape};
use crate::package::PackageKind;
use crate::prose::chain::{conditions, is_guess, parameter, spoken};
use crate::prose::conclusion::is_manifest;
use crate::prose::family::{Family, does};
use crate::prose::value::{destination, hosts, is_address, is_built, told_address};
use crate::prose::words::{code, count, cut, first_sentence, list};
use crate::view::View;

/// What the documentation or the manifest says.
pub(crate) fn said(view: &View<'_>) -> Option<Draft> {
    let package = view.index.package;
    if !view.is_file() {
        let name = match (&package.name, &package.version) {
            (Some(name), Some(version)) => format!("{} {}", code(name), escape(version)),
            (Some(name), None) => code(name),
            _ => return None,
        };
        let text = match package.summary.as_deref().and_then(quoted) {
            Some(summary) => format!("{name} says of itself: {summary}."),
            None => format!("{name} has no summary in its manifest."),
        };
        return Some(Draft::new(Field::Purpose, "purpose.said", 10, text).symbol("manifest"));
    }
    let module = view.modules().find(|module| module.depth == 0)?;
    let body = view.function(module.body);
    if let Some(sentence) = module.doc.as_deref().and_then(first_sentence) {
        let text = format!("Its documentation says: \"{}\".", escape(&sentence));
        let place = body.map(|body| body.evidence);
        return Some(Draft::new(Field::Purpose, "purpose.said", 20, text).at(place));
    }
    // Without a word about the file, its only documented function or class speaks for it.
    let documented: Vec<&FunctionFacts> = view
        .functions()
        .filter(|function| function.public && function.kind != "module" && function.doc.is_some())
        .collect();
    let [only] = documented.as_slice() else { return None };
    let sentence = only.doc.as_deref().and_then(first_sentence)?;
    let name = if only.kind == "class" { only.qualified.clone() } else { format!("{}()", only.qualified) };
    let text = format!("The documentation of {} says: \"{}\".", code(&name), escape(&sentence));
    Some(Draft::new(Field::Purpose, "purpose.said", 20, text).at([only.evidence]))
}

fn quoted(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('"', "'");
    let line = line.trim_end_matches('.');
    (!line.is_empty()).then(|| format!("\"{}\"", cut(&escape(line), 200)))
}

/// What it does: the requests it sends and how, or what else leaves it.
pub(crate) fn done(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = requests(view);
    if drafts.is_empty() {
        drafts.extend(defines(view));
    }
    if !view.is_file() {
        drafts.extend(size(view));
    }
    drafts
}

/// "`post()` sends `**kwargs`, as JSON, with gzip if `gzip`, by POST to … (48)."
fn requests(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut seen = BTreeSet::new();
    for event in view.events().filter(|event| event.presumed.is_none() && does(event, "network.request")) {
        let Some(text) = request(view, event) else { continue };
        if seen.insert(text.clone()) {
            let sentence = format!("{text}{}.", view.places(&[event.evidence]));
            drafts.push(
                Draft::new(Field::Purpose, "purpose.request", 10, sentence)
                    .at([event.evidence])
                    .symbol(event.symbol.as_str()),
            );
        }
    }
    let most = if view.is_file() { 3 } else { 2 };
    if drafts.len() > most {
        let rest = drafts.split_off(most);
        let places: Vec<_> = rest.iter().flat_map(|draft| draft.evidence.iter().copied()).collect();
        let text =
            format!("{} made as well.", count(rest.len(), "other kind of request is", "other kinds of request are"));
        drafts.push(Draft::new(Field::Purpose, "purpose.request", 11, text).at(places));
    }
    drafts
}

fn request(view: &View<'_>, event: &Event) -> Option<String> {
    let who = view.function_name(event.function).map_or_else(|| "Its top level".to_owned(), |name| code(&name));
    let destination = destination(event)?;
    let target = told_address(view, event, destination);
    let mut sources: Vec<String> = Vec::new();
    let mut means: Vec<String> = Vec::new();
    for path in
        view.index.paths_to(event.evidence).filter(|path| path.sink.kind == "network.send" && !is_guess(view, path))
    {
        if matches!(path.sink.arg.as_str(), "auth" | "headers" | "cookies") {
            continue;
        }
        let label = if path.source.kind == "parameter" {
            parameter(view, path.source.function, &path.source.symbol)
        } else {
            crate::prose::chain::source_label(view, path)
        };
        if !sources.contains(&label) {
            sources.push(label);
        }
        for step in path.steps.iter().filter(|step| matches!(step.kind, StepKind::Through | StepKind::Store)) {
            let Some(through) = view.index.event_at(step.evidence) else { continue };
            let by = if does(through, "serialize") {
                format!("by {}", spoken(view, through))
            } else if ["compress", "encrypt"].iter().any(|action| does(through, action)) {
                let conditions = conditions(
                    through
                        .guards
                        .iter()
                        .filter(|guard| !event.guards.iter().any(|known| known.evidence == guard.evidence)),
                );
                let word = if does(through, "compress") { "compressed" } else { "encrypted" };
                if conditions.is_empty() { word.to_owned() } else { format!("{word} {conditions}") }
            } else {
                continue;
            };
            if !means.contains(&by) {
                means.push(by);
            }
        }
    }
    let method = event.symbol.rsplit('.').next().unwrap_or("").to_uppercase();
    // A method of that name that takes no address is none of HTTP.
    let verb = is_address(destination)
        && ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method.as_str());
    let by = if verb { format!("by {method}") } else { format!("by {}", spoken(view, event)) };
    let serialized = means.iter().filter_map(|text| text.strip_prefix("by ")).any(|text| text.contains("json"));
    let mut how: Vec<String> = Vec::new();
    if serialized {
        how.push("as JSON".to_owned());
    }
    how.extend(means.iter().filter(|text| !text.starts_with("by ")).cloned());
    let how = if how.is_empty() { String::new() } else { format!(", {},", how.join(", ")) };
    // What is sent was built before: its name is no address.
    Some(if is_built(view, destination) {
        format!("{who} sends the request {target} {by}")
    } else if sources.is_empty() {
        format!("{who} makes a request {by} to {target}")
    } else {
        format!("{who} sends {}{how} {by} to {target}", list(&sources, 4))
    })
}

/// The public classes and functions, each with what its documentation says.
fn defines(view: &View<'_>) -> Option<Draft> {
    let mut items = Vec::new();
    let mut places = Vec::new();
    let most = if view.is_file() { 5 } else { 4 };
    let public: Vec<_> = view
        .numbered_functions()
        .filter(|(_, function)| {
            function.public
                && function.class.is_none()
                && matches!(function.kind.as_str(), "class" | "function")
                && !function.qualified.contains('.')
        })
        .collect();
    if public.is_empty() || !view.is_file() {
        return None;
    }
    // In a file of a few classes there is room for what its methods say of themselves.
    let few = public.len() <= 3;
    for (id, function) in public.iter().take(most) {
        let mut methods: Vec<String> = view
            .functions()
            .filter(|method| {
                method.class == Some(*id) && method.public && method.kind == "method" && !method.name.starts_with('_')
            })
            .map(|method| {
                let name = if method.property { code(&method.name) } else { code(&format!("{}()", method.name)) };
                let doc = method.doc.as_deref().filter(|_| few).and_then(first_sentence);
                doc.map_or_else(|| name.clone(), |doc| format!("{name} (\"{}\")", cut(&escape(&doc), 90)))
            })
            .collect();
        // Overloads of one method have one name.
        let mut seen = BTreeSet::new();
        methods.retain(|method| seen.insert(method.split(" (").next().unwrap_or("").to_owned()));
        let name = if function.kind == "class" { code(&function.name) } else { code(&format!("{}()", function.name)) };
        let mut item = name;
        if let Some(doc) = function.doc.as_deref().and_then(first_sentence) {
            item.push_str(&format!(" (\"{}\")", escape(&doc)));
        }
        if !methods.is_empty() {
            item.push_str(&format!(" with {}", list(&methods, 5)));
        }
        items.push(item);
        places.push(function.evidence);
    }
    let mut seen = BTreeSet::new();
    items.retain(|item| seen.insert(item.clone()));
    let rest = public.len().saturating_sub(most);
    let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    let text = format!("It defines {}{more}.", items.join("; "));
    Some(Draft::new(Field::Purpose, "purpose.defines", 30, text).at(places))
}

/// True for a file of code, and not the manifest whose commands were read as such.
fn is_source(module: &ModuleFacts) -> bool {
    module.depth == 0 && !is_manifest(&module.path)
}

/// How large it is, and what kind of code it is by its sinks.
fn size(view: &View<'_>) -> Option<Draft> {
    let all = View { part: &view.index.all, ..*view };
    let files: BTreeSet<&str> =
        all.modules().filter(|module| is_source(module)).map(|module| module.path.as_str()).collect();
    let left_out = files.len() - view.modules().filter(|module| is_source(module)).count().min(files.len());
    let lines: u64 = all.modules().filter(|module| is_source(module)).map(|module| u64::from(module.lines)).sum();
    if files.is_empty() {
        let text = "It holds no source code.".to_owned();
        return Some(Draft::new(Field::Purpose, "purpose.size", 40, text));
    }
    let families: BTreeSet<Family> =
        view.events().filter(|event| event.presumed.is_none()).filter_map(Family::of_event).collect();
    let changes = view.events().filter(|event| event.presumed.is_none()).any(Family::changes_files);
    let does: Vec<String> = families
        .iter()
        .filter_map(|family| {
            Some(match family {
                Family::Network => "talks to the network",
                Family::Commands => "runs commands",
                Family::Code => "loads or executes code",
                Family::Files if changes => "writes files",
                Family::Files => "works with paths from outside",
                Family::Database => "queries databases",
                _ => return None,
            })
        })
        .map(str::to_owned)
        .collect();
    let hosts: BTreeSet<String> = view
        .events()
        .filter(|event| event.presumed.is_none())
        .filter_map(destination)
        .flat_map(|arg| hosts(&arg.value))
        .collect();
    let hosts: Vec<String> = hosts.iter().map(|host| code(host)).collect();
    let what = if view.index.package.kind == PackageKind::Package { "It has" } else { "The target has" };
    let mut text = format!(
        "{what} {} of source code with {}",
        count(files.len(), "file", "files"),
        count(usize::try_from(lines).unwrap_or(usize::MAX), "line", "lines")
    );
    if !does.is_empty() {
        text.push_str(&format!("; its code {}", list(&does, 6)));
    }
    if !hosts.is_empty() {
        text.push_str(&format!("; hosts named in its requests: {}", list(&hosts, 6)));
    }
    text.push('.');
    if left_out > 0 {
        text.push_str(&format!(
            " {} of tests, documentation and examples {} told apart, with the files.",
            count(left_out, "file", "files"),
            if left_out == 1 { "is" } else { "are" }
        ));
    }
    Some(Draft::new(Field::Purpose, "purpose.size", 40, text))
}
