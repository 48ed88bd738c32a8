//! Values in words: addresses, commands and paths as far as they are known.

use std::collections::BTreeSet;

use sluice_flow::facts::{ArgFact, Event, ValueFact};

use crate::model::escape;
use crate::prose::family::arg;
use crate::prose::words::{code_up_to, cut};
use crate::view::View;

/// The one text that the value is.
pub(crate) fn known_text(value: &ValueFact) -> Option<String> {
    value.text.as_deref().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The value for a reader: its text, else the shape that the evaluation gives it, else the code as written.
pub(crate) fn told(view: &View<'_>, arg: &ArgFact) -> String {
    if let Some(text) = known_text(&arg.value) {
        return code_up_to(&text, 160);
    }
    // Without a constant in it, the shape of a call's result tells less than the name it has in the code.
    let opaque = arg.value.literals.is_empty() && arg.value.shape.contains("()");
    if !arg.value.shape.is_empty() && !opaque {
        let shape = arg.value.shape.replace("`` + ", "").replace(" + ``", "");
        return cut(&escape(&shape), 240);
    }
    code_up_to(view.facts().text(arg.evidence), 80)
}

/// The address argument of a request.
pub(crate) fn destination(event: &Event) -> Option<&ArgFact> {
    arg(event, "network.destination").or_else(|| arg(event, "destination")).or_else(|| arg(event, "address"))
}

/// The hosts that a value names as constants, with their scheme and path as written.
pub(crate) fn hosts(value: &ValueFact) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    let texts = value.text.iter().chain(&value.literals).chain(&value.patterns);
    for text in texts {
        if let Some((_, rest)) = text.split_once("://") {
            let host: String = rest
                .chars()
                .take_while(|character| character.is_alphanumeric() || "-._:[]@".contains(*character))
                .collect();
            let host = host.rsplit('@').next().unwrap_or("").trim_end_matches(['.', ':']).to_owned();
            if !host.is_empty() {
                hosts.insert(escape(&host));
            }
        }
    }
    hosts
}

/// True if some part of the value that decides about the host is not known.
pub(crate) fn open_host(value: &ValueFact) -> bool {
    if value.text.is_some() {
        return false;
    }
    if value.patterns.is_empty() {
        return true;
    }
    value.patterns.iter().any(|pattern| match pattern.split_once("://") {
        Some((scheme, rest)) => scheme.contains("{}") || rest.split(['/', '?']).next().unwrap_or("").contains("{}"),
        None => true,
    })
}

/// True if the value can start with something that is not known: then its scheme is not fixed.
pub(crate) fn open_scheme(value: &ValueFact) -> bool {
    value.text.is_none() && value.patterns.iter().any(|pattern| pattern.starts_with("{}"))
}
