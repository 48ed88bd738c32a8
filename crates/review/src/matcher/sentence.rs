//! Fills the placeholders of a behavior's sentence with the facts of a match.
//!
//! What comes from the code under review is cut and freed of control characters and backticks, so that it cannot break
//! out of the code span that the sentence puts it in.

use std::collections::BTreeSet;

use sluice_catalog::behavior::Step;
use sluice_catalog::{Behavior, Rule, kinds};
use sluice_flow::facts::{EvidenceId, FunctionId, Guard, Path};

use super::context::Context;
use super::value::Candidate;

/// The longest text of a value that is shown, in characters.
const SHOWN: usize = 80;

/// How many sources are named before the rest is counted.
const NAMED_SOURCES: usize = 4;

pub(super) fn render(
    context: &Context<'_>,
    behavior: &Behavior,
    rule: &Rule,
    chosen: &[Candidate],
    candidates: &[Vec<Candidate>],
) -> String {
    let template = rule.sentence.as_ref().unwrap_or(&behavior.sentence);
    let several = several_modules(context, chosen);
    let mut sentence = String::with_capacity(template.len() + 64);
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        sentence.push_str(before);
        let Some((placeholder, after)) = after.split_once('}') else {
            sentence.push('{');
            rest = after;
            continue;
        };
        rest = after;
        let (name, field) = placeholder.split_once('.').unwrap_or((placeholder, ""));
        let position = rule.steps.iter().position(|step| step.name == name);
        let step = position
            .and_then(|position| Some((*chosen.get(position)?, candidates.get(position)?, rule.steps.get(position)?)));
        if let Some((candidate, column, step)) = step {
            sentence.push_str(&field_text(context, step, (candidate, column), field, several));
        }
    }
    sentence.push_str(rest);
    timed(context, chosen, sentence)
}

/// Which of the two it is that a sentence says: being installed, or being imported.
fn timed(context: &Context<'_>, chosen: &[Candidate], sentence: String) -> String {
    const BOTH: &str = "installed or imported";
    if !sentence.contains(BOTH) {
        return sentence;
    }
    let reached = |entries: [&str; 2]| {
        chosen.iter().any(|candidate| {
            context.when(*candidate).is_some_and(|when| entries.iter().any(|entry| when.contains(*entry)))
        })
    };
    match (reached(["install", "build"]), reached(["import", "startup"])) {
        (true, false) => sentence.replacen(BOTH, "installed", 1),
        (false, true) => sentence.replacen(BOTH, "imported", 1),
        _ => sentence,
    }
}

fn several_modules(context: &Context<'_>, chosen: &[Candidate]) -> bool {
    let places = chosen.iter().flat_map(|candidate| {
        let source = context.path(*candidate).map(|path| path.source.evidence);
        [context.site(*candidate), source]
    });
    let modules: BTreeSet<u32> =
        places.flatten().filter_map(|id| context.facts.evidence(id)).map(|place| place.module.0).collect();
    modules.len() > 1
}

fn field_text(
    context: &Context<'_>,
    step: &Step,
    (candidate, column): (Candidate, &[Candidate]),
    field: &str,
    several: bool,
) -> String {
    let path = context.path(candidate);
    let event = context.event(candidate);
    match field {
        "symbol" => match (path, event) {
            (Some(path), _) => clean(&path.sink.symbol),
            (None, Some(event)) => clean(&event.symbol),
            (None, None) => String::new(),
        },
        "line" => line(context, context.site(candidate), several),
        "file" => file(context, context.site(candidate)),
        "function" => function(context, context.function(candidate)),
        "kind" => match (path, event) {
            (Some(path), _) => kinds::noun(&path.sink.kind).to_owned(),
            (None, event) => event.and_then(|event| event.actions.first()).map(ToString::to_string).unwrap_or_default(),
        },
        "guard" => {
            let asked = |guard: &&Guard| match &step.guard_matches {
                Some(pattern) => pattern.is_match(&guard.text),
                None if step.guard.is_empty() => !guard.kind.is_empty(),
                None => step.guard.contains(&guard.kind),
            };
            let words = |guard: &Guard| {
                if guard.holds { clean(&guard.text) } else { format!("not ({})", clean(&guard.text)) }
            };
            context.guards(candidate).iter().find(asked).map(words).unwrap_or_default()
        }
        "destination" => {
            value_text(context, candidate, "destination").unwrap_or_else(|| "an address unknown here".to_owned())
        }
        "sources" => sources(context, candidate, column),
        "source.symbol" => path.map(|path| clean(&path.source.symbol)).unwrap_or_default(),
        "source.line" => line(context, path.map(|path| path.source.evidence), several),
        "source.noun" => path.map(|path| kinds::noun(&path.source.kind).to_owned()).unwrap_or_default(),
        "source.name" => path.map(source_name).unwrap_or_default(),
        "source.file" => file(context, path.map(|path| path.source.evidence)),
        "source.function" => function(context, path.map(|path| path.source.function)),
        _ => {
            let role = field.strip_prefix("arg.").unwrap_or(field);
            value_text(context, candidate, role).unwrap_or_else(|| "an unknown value".to_owned())
        }
    }
}

fn source_name(path: &Path) -> String {
    match path.source.detail.as_deref() {
        Some(detail) if !detail.is_empty() => clean(detail),
        _ => clean(&path.source.symbol),
    }
}

/// The names of all sources that reach the same sink by this step, each in a code span.
fn sources(context: &Context<'_>, candidate: Candidate, column: &[Candidate]) -> String {
    let site = context.site(candidate);
    let same = column.iter().filter(|other| context.site(**other) == site).filter_map(|other| context.path(*other));
    let names: BTreeSet<String> = same.map(source_name).collect();
    let shown: Vec<String> = names.iter().take(NAMED_SOURCES).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    match (shown.split_last(), more) {
        (None, _) => String::new(),
        (Some(_), 1..) => format!("{} and {more} more", shown.join(", ")),
        (Some((only, [])), 0) => only.clone(),
        (Some((last, first)), 0) => format!("{} and {last}", first.join(", ")),
    }
}

/// The line; with the file where a match spans several, and with the number of a layer.
fn line(context: &Context<'_>, evidence: Option<EvidenceId>, several: bool) -> String {
    let Some(place) = evidence.and_then(|id| context.facts.evidence(id)) else { return "?".to_owned() };
    let module = context.facts.modules.get(place.module.0 as usize);
    // Layers have numbers, by which the rest of the report names them.
    let layer = module.and_then(|module| module.layer);
    let number = match module {
        Some(module) if several => format!("{}:{}", clean(&module.path), place.line),
        _ => place.line.to_string(),
    };
    match layer {
        Some(index) => format!("{number} of layer {}", index + 1),
        None => number,
    }
}

fn file(context: &Context<'_>, evidence: Option<EvidenceId>) -> String {
    let place = evidence.and_then(|id| context.facts.evidence(id));
    let module = place.and_then(|place| context.facts.modules.get(place.module.0 as usize));
    module.map(|module| clean(&module.path)).unwrap_or_default()
}

fn function(context: &Context<'_>, id: Option<FunctionId>) -> String {
    id.and_then(|id| context.facts.function(id)).map(|function| clean(&function.qualified)).unwrap_or_default()
}

fn value_text(context: &Context<'_>, candidate: Candidate, role: &str) -> Option<String> {
    let views = context.views(role, candidate);
    // A text with something known in it says more than one without.
    let texts = views.iter().filter_map(|view| {
        let texts = view.texts();
        let telling = texts.iter().find(|text| text.replace("{}", "").chars().any(char::is_alphanumeric));
        telling.or(texts.first()).copied()
    });
    texts.map(|text| clean(text).replace("{}", "…")).find(|text| !text.is_empty())
}

/// At most [`SHOWN`] characters without control characters, bidirectional overrides and backticks.
fn clean(text: &str) -> String {
    let strange = |c: &char| {
        c.is_control()
            || matches!(*c, '`' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown: String = text.chars().filter(|c| !strange(c)).take(SHOWN + 1).collect();
    if shown.chars().count() > SHOWN {
        shown = shown.chars().take(SHOWN).collect();
        shown.push('…');
    }
    shown
}
