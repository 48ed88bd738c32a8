//! Claims on where values leave, one for each family.

use std::collections::{BTreeMap, BTreeSet};

use sluice_flow::facts::{Event, EvidenceId};

use crate::claims::Draft;
use crate::model::Field;
use crate::prose::chain::called;
use crate::prose::family::{Family, arg};
use crate::prose::value::known_text;
use crate::prose::words::{code, code_up_to, commas, list};
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
        drafts.extend(if family == Family::Log { log(view, &events) } else { plain(view, family, &events) });
    }
    for (reason, events) in presumed {
        drafts.push(presumed_sinks(view, reason, &events));
    }
    // In a package exceptions are too many to tell, and what they carry stays inside.
    drafts.extend(exceptions(view).filter(|_| view.is_file()));
    drafts
}

fn plain(view: &View<'_>, family: Family, events: &[&Event]) -> Option<Draft> {
    let mut order: Vec<String> = Vec::new();
    let mut calls: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let name = called(&event.written);
        if !calls.contains_key(&name) {
            order.push(name.clone());
        }
        calls.entry(name).or_default().push(event);
    }
    let items: Vec<String> = order
        .iter()
        .filter_map(|name| {
            let events = calls.get(name)?;
            let places: Vec<EvidenceId> = events.iter().map(|event| event.evidence).collect();
            Some(format!("{name}{}{}", view.places(&places), details(view, family, events)))
        })
        .collect();
    if items.is_empty() {
        return None;
    }
    let importance = match family {
        Family::Network | Family::Commands | Family::Code | Family::Persistence => 4,
        Family::Memory => 6,
        Family::Files | Family::Database | Family::Clipboard => 3,
        _ => 1,
    };
    let text = format!("{}: {}.", family.title(), commas(&items, if view.is_file() { 10 } else { 6 }));
    let rank = 10 + family as i32;
    Some(
        Draft::new(Field::Sinks, family.kind(), rank, text)
            .at(events.iter().map(|event| event.evidence))
            .important(importance)
            .symbol(events.first().map_or("", |event| event.symbol.as_str())),
    )
}

/// What is known of the calls: the command, the code's origin, the path, the session they are made on.
fn details(view: &View<'_>, family: Family, events: &[&Event]) -> String {
    let known = |roles: &[&str]| -> Vec<String> {
        let mut seen = BTreeSet::new();
        events
            .iter()
            .flat_map(|event| roles.iter().filter_map(|role| arg(event, role)))
            .filter_map(|arg| known_text(&arg.value))
            .filter(|text| seen.insert(text.clone()))
            .map(|text| code_up_to(&text, 120))
            .collect()
    };
    let (word, texts) = match family {
        Family::Commands => ("running", known(&["process.command"])),
        Family::Files => ("on", known(&["file.path", "file.delete"])),
        Family::Network => {
            let session = events.iter().find_map(|event| made_at_top_level(view, event));
            let session = session.or_else(|| {
                let symbol = events.iter().find_map(|event| event.receiver.as_ref()?.symbol.as_deref())?;
                symbol.contains('.').then(|| format!("on a {}", code(symbol)))
            });
            if let Some(session) = session {
                return format!(", {session}");
            }
            ("to", known(&["network.destination"]))
        }
        Family::Code => ("loading", known(&["code.load"])),
        Family::Serialization => {
            let with: BTreeSet<String> = events.iter().flat_map(|event| own_classes(view, event)).collect();
            ("with", with.into_iter().collect())
        }
        _ => return String::new(),
    };
    if texts.is_empty() { String::new() } else { format!(" {word} {}", list(&texts, 4)) }
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

/// "on a `requests.Session` that is made on import (13)".
fn made_at_top_level(view: &View<'_>, event: &Event) -> Option<String> {
    let receiver = event.receiver.as_ref()?;
    let maker = view.index.maker(&receiver.tokens).filter(|maker| maker.evidence != event.evidence)?;
    Some(format!("on a {} that is made on import{}", code(&maker.symbol), view.places(&[maker.evidence])))
}

/// Log lines with a constant text tell nothing; the others are told with what they receive.
fn log(view: &View<'_>, events: &[&Event]) -> Option<Draft> {
    let mut order: Vec<String> = Vec::new();
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut places: Vec<EvidenceId> = Vec::new();
    for event in events {
        let received: Vec<String> = event
            .args
            .iter()
            .filter(|arg| !arg.value.literal && arg.value.text.is_none())
            .map(|arg| code_up_to(view.facts().text(arg.evidence), 60))
            .filter(|text| text != "``")
            .collect();
        if received.is_empty() {
            continue;
        }
        let name = called(&event.written);
        if !calls.contains_key(&name) {
            order.push(name.clone());
        }
        let at = view.places(&[event.evidence]);
        calls.entry(name).or_default().push(format!("{}{at}", list(&received, 4)));
        places.push(event.evidence);
    }
    if order.is_empty() {
        return None;
    }
    let items: Vec<String> =
        order.iter().filter_map(|name| Some(format!("{name} receives {}", list(calls.get(name)?, 4)))).collect();
    let text = format!("Log: {}.", commas(&items, 6));
    Some(Draft::new(Field::Sinks, Family::Log.kind(), 10 + Family::Log as i32, text).at(places).important(2))
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
    let text = format!(
        "Presumably {}: {}; {}.",
        list(&families, 3),
        commas(&items, if view.is_file() { 8 } else { 4 }),
        crate::model::escape(reason.trim_end_matches('.'))
    );
    Draft::new(Field::Sinks, "sink.presumed", 25, text)
        .at(events.iter().map(|event| event.evidence))
        .presumed(true)
        .important(2)
}

/// Exceptions that carry something.
fn exceptions(view: &View<'_>) -> Option<Draft> {
    let mut order: Vec<&str> = Vec::new();
    let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut places = Vec::new();
    for raise in view.raises() {
        let carried: Vec<String> =
            raise.args.iter().filter(|text| !is_constant(text)).map(|text| code_up_to(text, 50)).collect();
        if carried.is_empty() && !raise.passes_caught {
            continue;
        }
        // A lower-case name is a variable or a function that gives the exception.
        let name = raise.exception.as_str();
        if !is_class_name(name) {
            continue;
        }
        if !by_type.contains_key(name) {
            order.push(name);
        }
        let what = if raise.passes_caught { "the caught exception".to_owned() } else { list(&carried, 4) };
        by_type.entry(name).or_default().push(format!("{what}{}", view.places(&[raise.evidence])));
        places.push(raise.evidence);
    }
    if order.is_empty() {
        return None;
    }
    let items: Vec<String> = order
        .iter()
        .filter_map(|name| Some(format!("{} carries {}", code(name), list(by_type.get(name)?, 3))))
        .collect();
    let text = format!("Exceptions: {}.", items.join("; "));
    Some(Draft::new(Field::Sinks, Family::Exceptions.kind(), 10 + Family::Exceptions as i32, text).at(places))
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
