//! Claims on where values leave, one for each family.

use std::collections::{BTreeMap, BTreeSet};

use sluice_flow::facts::{ArgFact, Event, EvidenceId, Raise};

use crate::claims::Draft;
use crate::model::Field;
use crate::prose::chain::spoken;
use crate::prose::family::{Family, arg, prints};
use crate::prose::value::known_text;
use crate::prose::words::{code, code_up_to, commas, list, within};
use crate::view::View;

/// All families of sinks.
pub(crate) fn sinks(view: &View<'_>) -> Vec<Draft> {
    let mut families: BTreeMap<Family, Vec<&Event>> = BTreeMap::new();
    let mut presumed: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in view.events() {
        let Some(family) = Family::of_event(event) else { continue };
        match event.presumed.as_deref() {
            Some(reason) => presumed.entry(reason).or_default().push(event),
            None => families.entry(family).or_default().push(event),
        }
    }
    let mut drafts = Vec::new();
    for (family, events) in families {
        if family == Family::Log {
            let (prints, logs): (Vec<&Event>, Vec<&Event>) = events.into_iter().partition(|event| prints(event));
            drafts.extend(log(view, &logs));
            drafts.extend(log(view, &prints));
        } else {
            drafts.extend(plain(view, family, &events));
        }
    }
    for (reason, events) in presumed {
        drafts.push(presumed_sinks(view, reason, &events));
    }
    drafts.extend(elsewhere(view));
    // In a package exceptions are too many to tell, and what they carry stays inside.
    if view.is_file() {
        drafts.extend(exceptions(view));
    }
    drafts
}

fn plain(view: &View<'_>, family: Family, events: &[&Event]) -> Option<Draft> {
    let mut order: Vec<String> = Vec::new();
    let mut calls: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let name = spoken(view, event);
        if !calls.contains_key(&name) {
            order.push(name.clone());
        }
        calls.entry(name).or_default().push(event);
    }
    // Each call with what is known of it; calls on the same kind of session stand together.
    let mut items: Vec<(Vec<String>, String)> = Vec::new();
    for name in &order {
        for (places, detail) in calls.get(name).map(|events| by_detail(view, family, events)).unwrap_or_default() {
            let text = format!("{name}{}", view.places(&places));
            match items.last_mut() {
                Some((known, shared)) if *shared == detail && detail.starts_with(ON) => known.push(text),
                _ => items.push((vec![text], detail)),
            }
        }
    }
    let items: Vec<String> = items.into_iter().map(|(calls, detail)| format!("{}{detail}", list(&calls, 6))).collect();
    if items.is_empty() {
        return None;
    }
    let importance = match family {
        Family::Network | Family::Commands | Family::Code | Family::Persistence => 4,
        Family::Memory => 6,
        Family::Files | Family::Database | Family::Clipboard => 3,
        _ => 1,
    };
    let text = format!("{}: {}.", family.title(), within(view, &items, if view.is_file() { 10 } else { 6 }));
    let rank = 10 + family as i32;
    Some(
        Draft::new(Field::Sinks, family.kind(), rank, text)
            .at(events.iter().map(|event| event.evidence))
            .important(importance)
            .symbol(events.first().map_or("", |event| event.symbol.as_str())),
    )
}

/// What is known of a call, with the word before it.
type Detail = (&'static str, Option<String>);

/// How a detail on the object of a call starts.
const ON: &str = " on a ";

/// The places of calls of one name by what is known of them: what one call does is not said of another.
fn by_detail(view: &View<'_>, family: Family, events: &[&Event]) -> Vec<(Vec<EvidenceId>, String)> {
    let mut groups: Vec<(Vec<EvidenceId>, Detail)> = Vec::new();
    for event in events {
        let detail = detail(view, family, event);
        match groups.iter_mut().find(|(_, known)| *known == detail) {
            Some((places, _)) => places.push(event.evidence),
            None => groups.push((vec![event.evidence], detail)),
        }
    }
    let shown = |word: &str, text: &str| if word.is_empty() { text.to_owned() } else { format!(" {word} {text}") };
    if groups.len() <= 4 {
        return groups
            .into_iter()
            .map(|(places, (word, text))| (places, text.map_or_else(String::new, |text| shown(word, &text))))
            .collect();
    }
    let word = groups.iter().find_map(|(_, (word, text))| text.as_ref().map(|_| *word)).unwrap_or("");
    let texts: Vec<String> = groups.iter().filter_map(|(_, (_, text))| text.clone()).collect();
    let all = texts.len() == groups.len();
    let mut text = if all { list(&texts, 4) } else { commas(texts.get(..4).unwrap_or(&texts), 4) };
    if !all {
        text.push_str(" and others");
    }
    let text = if word.is_empty() { String::new() } else { format!(" {word} {text}") };
    vec![(groups.into_iter().flat_map(|(places, _)| places).collect(), text)]
}

/// What is known of a call: the command, the code's origin, the path, the session it is made on; with the word before
/// it, which is empty where the text has its own.
fn detail(view: &View<'_>, family: Family, event: &Event) -> Detail {
    let known = |roles: &[&str]| -> Option<String> {
        let mut seen = BTreeSet::new();
        let texts: Vec<String> = roles
            .iter()
            .filter_map(|role| arg(event, role))
            .filter_map(|arg| known_text(&arg.value))
            .filter(|text| seen.insert(text.clone()))
            .map(|text| code_up_to(&text, 120))
            .collect();
        (!texts.is_empty()).then(|| list(&texts, 4))
    };
    match family {
        Family::Commands => ("running", known(&["process.command"])),
        Family::Files => ("on", known(&["file.path", "file.delete"])),
        Family::Network => {
            let session = made_at_top_level(view, event).or_else(|| {
                let symbol = event.receiver.as_ref()?.symbol.as_deref()?;
                symbol.contains('.').then(|| code(symbol))
            });
            match session {
                Some(session) => ("", Some(format!("{ON}{session}"))),
                None => ("to", known(&["network.destination"])),
            }
        }
        Family::Code => ("loading", known(&["code.load"])),
        Family::Serialization => {
            let with = own_classes(view, event);
            ("with", (!with.is_empty()).then(|| list(&with, 4)))
        }
        _ => ("", None),
    }
}

/// Classes of the target that are passed to a library: `with DatetimeSerializer`.
fn own_classes(view: &View<'_>, event: &Event) -> Vec<String> {
    event
        .args
        .iter()
        .filter_map(|arg| {
            let symbol = arg.value.symbol.as_deref()?;
            let name = symbol.rsplit(['.', ':']).next()?;
            let module = view.module_of(event.evidence)?;
            let own = view.index.has_class(&module.path, name);
            own.then(|| code(name))
        })
        .collect()
}

/// "`requests.Session` that is made on import (13)".
fn made_at_top_level(view: &View<'_>, event: &Event) -> Option<String> {
    let receiver = event.receiver.as_ref()?;
    let maker = view.index.maker(&receiver.tokens).filter(|maker| maker.evidence != event.evidence)?;
    Some(format!("{} that is made on import{}", code(&maker.symbol), view.places(&[maker.evidence])))
}

/// Log lines with a constant text tell nothing; the others are told with what they receive. What is printed is told
/// apart.
fn log(view: &View<'_>, events: &[&Event]) -> Option<Draft> {
    let mut order: Vec<String> = Vec::new();
    let mut calls: BTreeMap<String, Vec<(String, Vec<EvidenceId>)>> = BTreeMap::new();
    let mut places: Vec<EvidenceId> = Vec::new();
    for event in events {
        // The category of a warning, the level of a record and the like are given and not logged.
        let logs = |arg: &ArgFact| arg.roles.iter().any(|role| role == "log");
        let named = event.args.iter().any(logs);
        let received: Vec<String> = event
            .args
            .iter()
            .filter(|arg| !named || logs(arg))
            .filter(|arg| !arg.value.literal && arg.value.text.is_none())
            .filter_map(|arg| logged(view.facts().text(arg.evidence), view.is_file()))
            .filter(|text| text != "``")
            .collect();
        if received.is_empty() {
            continue;
        }
        let name = spoken(view, event);
        if !calls.contains_key(&name) {
            order.push(name.clone());
        }
        let what = list(&received, 4);
        let known = calls.entry(name).or_default();
        match known.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) => places.push(event.evidence),
            None => known.push((what, vec![event.evidence])),
        }
        places.push(event.evidence);
    }
    if order.is_empty() {
        return None;
    }
    let items: Vec<String> = order
        .iter()
        .filter_map(|name| {
            let received: Vec<String> =
                calls.get(name)?.iter().map(|(what, places)| format!("{what}{}", view.places(places))).collect();
            let shown = match received.get(..3).filter(|_| received.len() > 4 && !view.is_file()) {
                Some(first) => format!("{} and other values", first.join(", ")),
                None => list(&received, 4),
            };
            Some(format!("{name} receives {shown}"))
        })
        .collect();
    let title = if events.iter().any(|event| prints(event)) { "Output" } else { "Log" };
    let text = format!("{title}: {}.", within(view, &items, 6));
    Some(Draft::new(Field::Sinks, Family::Log.kind(), 10 + Family::Log as i32, text).at(places).important(2))
}

/// What a log receives, by whole names: a long text by the values that are put into it.
fn logged(text: &str, is_file: bool) -> Option<String> {
    /// Longer texts are told by their values.
    const LONG: usize = 60;
    if is_file || text.chars().count() <= LONG {
        return Some(code_up_to(text, LONG));
    }
    let mut names: Vec<String> = Vec::new();
    for part in text.split('{').skip(1).filter_map(|part| part.split(['}', ':', '!']).next()) {
        let plain = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "._[]()".contains(c));
        if plain && !part.chars().all(|c| c.is_ascii_digit()) && !names.contains(&code(part)) {
            names.push(code(part));
        }
    }
    Some(if names.is_empty() {
        "a text that is put together".to_owned()
    } else {
        format!("a text with {}", list(&names, 3))
    })
}

fn presumed_sinks(view: &View<'_>, reason: &str, events: &[&Event]) -> Draft {
    let mut families = BTreeSet::new();
    let mut by_name: BTreeMap<String, (EvidenceId, Vec<EvidenceId>)> = BTreeMap::new();
    for event in events {
        families.extend(Family::of_event(event).map(|family| family.title().to_lowercase()));
        let name = code_up_to(view.facts().text(event.evidence), 60);
        by_name.entry(name).or_insert_with(|| (event.evidence, Vec::new())).1.push(event.evidence);
    }
    let mut items: Vec<((u32, u32), String)> = by_name
        .iter()
        .map(|(name, (first, places))| (view.position(*first), format!("{name}{}", view.places(places))))
        .collect();
    items.sort();
    let items: Vec<String> = items.into_iter().map(|(_, text)| text).collect();
    let families: Vec<String> = families.into_iter().collect();
    let owners: BTreeSet<String> = events.iter().filter_map(|event| owner(event)).collect();
    let owners: Vec<String> = owners.into_iter().collect();
    let methods = if events.len() == 1 { "a method" } else { "methods" };
    let owners = if owners.is_empty() { String::new() } else { format!(", {methods} of {}", list(&owners, 3)) };
    let text = format!(
        "Presumably {}: {}{owners}; {}.",
        list(&families, 3),
        commas(&items, if view.is_file() { 8 } else { 4 }),
        crate::model::escape(reason.trim_end_matches('.'))
    );
    Draft::new(Field::Sinks, "sink.presumed", 25, text)
        .at(events.iter().map(|event| event.evidence))
        .presumed(true)
        .important(2)
}

/// The class that has the called method, where it is known by name: `pyrestcli.resources.Resource`.
fn owner(event: &Event) -> Option<String> {
    let (class, _) = event.symbol.rsplit_once('.')?;
    let named = class.chars().all(|character| character.is_alphanumeric() || "._".contains(character));
    (named && is_class_name(class)).then(|| code(class))
}

/// Requests that a function of another file makes which this file calls: "`super().run()` (106) makes a POST by
/// `self.send()` (resources.py:37)".
fn elsewhere(view: &View<'_>) -> Option<Draft> {
    let file = view.file?;
    let mut items: Vec<String> = Vec::new();
    let mut places: Vec<EvidenceId> = Vec::new();
    let mut presumed = true;
    for (_, function) in view.numbered_functions() {
        for (callee, place) in &function.calls {
            let events: Vec<&Event> = view
                .index
                .requests(*callee)
                .filter(|event| view.module_of(event.evidence).is_some_and(|module| module.path != file))
                .collect();
            if events.is_empty() {
                continue;
            }
            let sure = events.iter().any(|event| event.presumed.is_none());
            let does: Vec<String> = events
                .iter()
                .filter(|event| !sure || event.presumed.is_none())
                .map(|event| {
                    let what = method(event).map_or_else(|| "a request".to_owned(), |method| format!("a {method}"));
                    format!("{what} by {}{}", spoken(view, event), view.places(&[event.evidence]))
                })
                .collect();
            let call = code_up_to(view.facts().text(*place), 60);
            let makes = if sure { "makes" } else { "presumably makes" };
            let item = format!("{call}{} {makes} {}", view.places(&[*place]), list(&does, 2));
            if !items.contains(&item) {
                items.push(item);
                places.push(*place);
                places.extend(events.iter().map(|event| event.evidence));
                presumed &= events.iter().all(|event| event.presumed.is_some());
            }
        }
    }
    if items.is_empty() {
        return None;
    }
    let text = format!("Network, in another file: {}.", commas(&items, 6));
    Some(Draft::new(Field::Sinks, "sink.elsewhere", 24, text).at(places).presumed(presumed).important(2))
}

/// The method of a request, from the name of the call or from an argument.
fn method(event: &Event) -> Option<String> {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let name = event.symbol.rsplit('.').next().unwrap_or("");
    let texts = event.args.iter().filter_map(|arg| arg.value.text.as_deref());
    std::iter::once(name).chain(texts).map(str::to_uppercase).find(|text| METHODS.contains(&text.as_str()))
}

/// Exceptions that carry something.
fn exceptions(view: &View<'_>) -> Option<Draft> {
    let mut order: Vec<&str> = Vec::new();
    let mut by_type: BTreeMap<&str, Vec<(String, Vec<EvidenceId>)>> = BTreeMap::new();
    let mut places = Vec::new();
    for raise in view.raises() {
        let carried: Vec<String> =
            raise.args.iter().filter(|text| !is_constant(text)).map(|text| code_up_to(text, 50)).collect();
        // An exception that is only named as the cause is not told to whoever reads the message.
        let passes = raise.passes_caught && !is_chained(view, raise);
        if carried.is_empty() && !passes {
            continue;
        }
        // A lower-case name is a variable or a function that gives the exception.
        let name = raise.exception.as_str();
        if !leaves(view, raise) {
            continue;
        }
        if !by_type.contains_key(name) {
            order.push(name);
        }
        let what = if passes { "the caught exception".to_owned() } else { list(&carried, 4) };
        let carried = by_type.entry(name).or_default();
        match carried.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) => places.push(raise.evidence),
            None => carried.push((what, vec![raise.evidence])),
        }
        places.push(raise.evidence);
    }
    if order.is_empty() {
        return None;
    }
    let items: Vec<String> = order
        .iter()
        .filter_map(|name| {
            let carried: Vec<String> =
                by_type.get(name)?.iter().map(|(what, places)| format!("{what}{}", view.places(places))).collect();
            Some(format!("{} carries {}", code(name), list(&carried, 3)))
        })
        .collect();
    let text = format!("Exceptions: {}.", items.join("; "));
    Some(Draft::new(Field::Sinks, Family::Exceptions.kind(), 10 + Family::Exceptions as i32, text).at(places))
}

/// True if what was caught is the cause of the new exception, and no argument of it.
pub(crate) fn is_chained(view: &View<'_>, raise: &Raise) -> bool {
    view.facts().text(raise.evidence).contains(") from ")
}

/// True if the exception is named by its class and leaves its function, as far as the handlers show: one that the
/// function catches again further down does not. A handler beside its own, of the same `try`, does not catch it.
pub(crate) fn leaves(view: &View<'_>, raise: &Raise) -> bool {
    if !is_class_name(&raise.exception) {
        return false;
    }
    let own = raise.handler.and_then(|at| view.facts().handlers.get(at as usize));
    let column = |id: EvidenceId| view.place(id).map(|place| place.column);
    let start = view.position(raise.evidence);
    !view
        .index
        .handlers_of(raise.function)
        .filter(|handler| view.position(handler.evidence) > start)
        .filter(|handler| own.is_none_or(|own| column(own.evidence) != column(handler.evidence)))
        .any(|handler| {
            handler.broad || handler.exceptions.iter().any(|caught| is_kind_of(view, &raise.exception, caught))
        })
}

/// True if a class of the target, by its bases, or any class by its name is the other one.
fn is_kind_of(view: &View<'_>, name: &str, other: &str) -> bool {
    let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    let other = last(other);
    let mut open = vec![last(name)];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if name == other {
            return true;
        }
        if seen.len() < 32 && seen.insert(name.clone()) {
            open.extend(view.index.bases_of(&name).iter().map(|base| (*base).to_owned()));
        }
    }
    false
}

/// True if the last part of a dotted name is written as classes are.
pub(crate) fn is_class_name(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
}

/// True for the text of a literal: a quoted text or a number.
fn is_constant(text: &str) -> bool {
    let text = text.trim();
    let plain = text.trim_start_matches(|character: char| character.is_ascii_alphabetic());
    let quoted = ["'", "\"", "`"].iter().any(|quote| {
        plain.len() >= 2 && plain.starts_with(quote) && plain.ends_with(quote) && plain.matches(quote).count() % 2 == 0
    });
    let formatted = text.starts_with(['f', 'F']) && text.contains('{') || text.contains("${") || text.contains('%');
    (quoted && !formatted) || text.parse::<f64>().is_ok() || matches!(text, "None" | "True" | "False" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_told_from_values() {
        for text in ["'x'", "\"a b\"", "12", "None", "b'x'"] {
            assert!(is_constant(text), "{text}");
        }
        for text in ["x", "res.text", "f'{x}'", "'a' + b", "'%s' % x"] {
            assert!(!is_constant(text), "{text}");
        }
    }
}
