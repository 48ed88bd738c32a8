//! Claims on what is odd in how the code is written, and on what was looked for and not found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use regex::Regex;
use sluice_flow::facts::{DeadStore, EvidenceId, UnusedHelper};

use crate::claims::Draft;
use crate::model::{Field, escape};
use crate::prose::chain::{called, parameter};
use crate::prose::family::{Family, does};
use crate::prose::words::{capital, code, code_up_to, commas, count, list};
use crate::view::View;

/// Values that are stored where nothing reads them.
pub(crate) fn dead_stores(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut quiet: Vec<&DeadStore> = Vec::new();
    for store in view.dead_stores() {
        if store.lost.is_empty() && store.shadowed.is_empty() {
            quiet.push(store);
            continue;
        }
        let container = store.container.map_or_else(
            || view.places(&[store.evidence]),
            |container| view.span(container, store.evidence),
        );
        let lost: Vec<String> = store.lost.iter().map(|name| parameter(view, store.function, name)).collect();
        let mut text = if lost.is_empty() {
            format!("{} is filled{container}, but nothing reads it", code(&store.variable))
        } else {
            let (goes, it) = if lost.len() == 1 { ("goes", "it is") } else { ("go", "they are") };
            let item = if store.key.is_some() { "stored in" } else { "assigned to" };
            format!("{} {goes} nowhere: {it} {item} {}{container}, which nothing reads afterwards", list(&lost, 4), code(&store.variable))
        };
        if !store.shadowed.is_empty() {
            let fixed: Vec<String> = store
                .shadowed
                .iter()
                .map(|(key, constant)| format!("{} at {}", code(key), escape(constant)))
                .collect();
            let pronoun = if fixed.len() == 1 { "it" } else { "them" };
            text.push_str(&format!("; the same store fixes {}, while the call takes {pronoun} from elsewhere", list(&fixed, 3)));
        }
        text.push('.');
        let mut draft = Draft::new(Field::Anomalies, "dead-store", 40, text)
            .at(std::iter::once(store.evidence).chain(store.container))
            .important(if lost.is_empty() { 1 } else { 3 });
        if let Some(name) = store.lost.first() {
            draft = draft.symbol(name.as_str());
        }
        drafts.push(draft);
    }
    if !quiet.is_empty() {
        let names: Vec<String> =
            quiet.iter().map(|store| code(&store.variable)).collect::<BTreeSet<_>>().into_iter().collect();
        let places: Vec<EvidenceId> = quiet.iter().map(|store| store.evidence).collect();
        let text = format!("Stored and never read: {}{}.", list(&names, 5), view.places(&places));
        drafts.push(Draft::new(Field::Anomalies, "dead-store.quiet", 60, text).at(places).important(0));
    }
    merge_same_container(drafts)
}

/// Several keys of one container that is never read are one fact.
fn merge_same_container(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut seen = BTreeSet::new();
    drafts.into_iter().filter(|draft| seen.insert((draft.text.clone(), draft.kind.clone()))).collect()
}

/// Helpers that the method they are named for does not call.
pub(crate) fn unused_helpers(view: &View<'_>) -> Vec<Draft> {
    view.unused_helpers().filter_map(|helper| unused_helper(view, helper)).collect()
}

fn unused_helper(view: &View<'_>, fact: &UnusedHelper) -> Option<Draft> {
    let (helper, user) = (view.function(fact.helper)?, view.function(fact.user)?);
    let where_not = if view.is_file() && view.index.package.kind == crate::package::PackageKind::File {
        "nothing in this file calls it"
    } else {
        "nothing calls it"
    };
    let unused: Vec<String> = fact.unused.iter().map(|text| code_up_to(text, 60)).collect();
    let lost = if unused.is_empty() { String::new() } else { format!(", and {} is never used", list(&unused, 3)) };
    let text = format!(
        "{} is defined{}, but {where_not}: {} uses {}{}{lost}.",
        code(&format!("{}()", helper.name)),
        view.places(&[helper.evidence]),
        code(&format!("{}()", user.name)),
        called(&fact.sibling),
        view.places(&[fact.sibling_call]),
    );
    Some(
        Draft::new(Field::Anomalies, "unused-helper", 41, text)
            .at([helper.evidence, user.evidence, fact.sibling_call])
            .symbol(helper.name.as_str())
            .important(3),
    )
}

/// Handlers that hide errors or catch everything.
pub(crate) fn handlers(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let silent: Vec<EvidenceId> = view
        .handlers()
        .filter(|handler| handler.swallows && !handler.import_fallback)
        .filter(|handler| handler.broad)
        .map(|handler| handler.evidence)
        .collect();
    if !silent.is_empty() {
        let text = format!("Every error is swallowed without a trace{}.", view.places(&silent));
        drafts.push(Draft::new(Field::Anomalies, "handler.swallows", 45, text).at(silent).important(2));
    }
    let mut wrapping = BTreeSet::new();
    for raise in view.raises().filter(|raise| raise.passes_caught) {
        let Some(handler) = raise.handler.and_then(|at| view.facts().handlers.get(at as usize)) else { continue };
        if !handler.broad {
            continue;
        }
        let Some(name) = view.function_name(raise.function) else { continue };
        wrapping.insert(raise.function);
        let again = if raise.exception.is_empty() {
            "raises it again".to_owned()
        } else {
            format!("raises it again as {}", code(&raise.exception))
        };
        let text = format!(
            "{} catches every exception and {again}{}.",
            code(&name),
            view.places(&[handler.evidence, raise.evidence])
        );
        drafts.push(
            Draft::new(Field::Anomalies, "handler.wraps", 46, text)
                .at([handler.evidence, raise.evidence])
                .symbol(name)
                .important(2),
        );
    }
    // The siblings that catch nothing, where a reader would take one method's care for all.
    if view.is_file() && !wrapping.is_empty() {
        let catching: BTreeSet<_> = view.handlers().map(|handler| handler.function).collect();
        let bare: Vec<(EvidenceId, String)> = view
            .numbered_functions()
            .filter(|(id, function)| {
                function.public
                    && !catching.contains(id)
                    && matches!(function.kind.as_str(), "function" | "method")
                    && view.index.talks(*id)
            })
            .filter_map(|(id, function)| Some((function.evidence, code(&view.function_name(id)?))))
            .collect();
        if !bare.is_empty() {
            let names: Vec<String> = bare.iter().map(|(_, name)| name.clone()).collect();
            let verb = if names.len() == 1 { "catches" } else { "catch" };
            let text = format!("{} {verb} nothing.", list(&names, 6));
            drafts.push(
                Draft::new(Field::Anomalies, "handler.none", 47, text).at(bare.iter().map(|(evidence, _)| *evidence)),
            );
        }
    }
    drafts
}

/// Data that is sent and written to the log as well.
pub(crate) fn logged(view: &View<'_>) -> Option<Draft> {
    let sent: BTreeSet<(&str, u32)> = view
        .paths()
        .filter(|path| path.source.kind == "parameter" && path.sink.kind == "network.send")
        .filter(|path| !matches!(path.sink.arg.as_str(), "headers" | "auth"))
        .map(|path| (path.source.symbol.as_str(), path.source.function.0))
        .collect();
    let mut names: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    for path in view.paths().filter(|path| path.sink.kind == "log" && path.presumed.is_none()) {
        let sensitive = path.source.kind != "parameter" && crate::prose::sources::interest(&path.source.kind) >= 4;
        let also_sent =
            path.source.kind == "parameter" && sent.contains(&(path.source.symbol.as_str(), path.source.function.0));
        if also_sent {
            let name = parameter(view, path.source.function, &path.source.symbol);
            names.entry(format!("the data of {name}")).or_default().push(path.sink.evidence);
        } else if sensitive {
            let label = crate::prose::chain::source_label(view, path);
            names.entry(label).or_default().push(path.sink.evidence);
        }
    }
    if names.is_empty() {
        return None;
    }
    let places: Vec<EvidenceId> = names.values().flatten().copied().collect();
    let many = names.len() > 1;
    let names: Vec<String> = names.into_keys().collect();
    let text = format!(
        "{} {} also written to the log{}.",
        capital(&list(&names, 4)),
        if many { "are" } else { "is" },
        view.places(&places)
    );
    Some(Draft::new(Field::Anomalies, "log.exposure", 42, text).at(places).important(2))
}

/// Text that is executed and does not stand in the file as a reader sees it, and code that could not be opened.
pub(crate) fn hidden(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for layer in view.layers() {
        let visible = view
            .facts()
            .modules
            .get(layer.parent.0 as usize)
            .is_some_and(|parent| layer.codings.is_empty() && parent.text.contains(&*layer.text));
        let codings: Vec<String> = layer.codings.iter().map(|coding| code(coding)).collect();
        let language = if layer.language == "unknown" { "text" } else { layer.language.as_str() };
        let text = if codings.is_empty() {
            format!(
                "{} {} is put together and executed{}.",
                capital(language),
                if language == "text" { "" } else { "text" },
                view.places(&[layer.evidence])
            )
            .replace("  ", " ")
        } else {
            format!(
                "Hidden code: {language} is decoded by {} and executed{}.",
                list(&codings, 8),
                view.places(&[layer.evidence])
            )
        };
        let importance = if visible { 2 } else { 7 };
        drafts.push(Draft::new(Field::Anomalies, "layer", 12, text).at([layer.evidence]).important(importance));
    }
    let unopened: Vec<_> = view.unopened().collect();
    for fact in unopened.iter().take(4) {
        let what = view.facts().event(fact.event).map_or_else(
            || "code".to_owned(),
            |event| format!("the code that {} runs", called(&event.written)),
        );
        let text = format!(
            "{} is not known{}: {}.",
            capital(&what),
            view.places(&[fact.evidence]),
            escape(fact.why.trim_end_matches('.'))
        );
        drafts.push(Draft::new(Field::Anomalies, "unopened", 14, text).at([fact.evidence]).important(4));
    }
    if unopened.len() > 4 {
        let places: Vec<EvidenceId> = unopened.iter().skip(4).map(|fact| fact.evidence).collect();
        let text = format!("{} more run code that is not known{}.", count(places.len(), "place", "places"), view.places(&places));
        drafts.push(Draft::new(Field::Anomalies, "unopened", 15, text).at(places));
    }
    drafts.extend(form(view));
    drafts
}

/// Measures of form that a reader should know.
fn form(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for module in view.modules() {
        let name = if view.is_file() { String::new() } else { format!(" in {}", code(&module.path)) };
        let form = &module.form;
        if form.strange_characters > 0 {
            let text = format!(
                "{}{name}.",
                capital(&count(form.strange_characters as usize, "invisible or look-alike character", "invisible or look-alike characters"))
            );
            drafts.push(Draft::new(Field::Anomalies, "form.characters", 16, text).important(4));
        }
        if form.computed_names > 0 && module.depth == 0 {
            let text = format!("{} computed instead of written{name}.",
                count(form.computed_names as usize, "name is", "names are"));
            drafts.push(Draft::new(Field::Anomalies, "form.computed-names", 18, text).important(2));
        }
        if form.dense_literal_bytes >= 400 {
            let at: Vec<EvidenceId> = form.longest_literal_at.into_iter().collect();
            let text = format!(
                "Dense literals hold {} bytes{name}; the longest has {}{}.",
                form.dense_literal_bytes,
                form.longest_literal,
                view.places(&at)
            );
            drafts.push(Draft::new(Field::Anomalies, "form.dense-literals", 20, text).at(at).important(2));
        }
    }
    if drafts.len() > 12 {
        let rest = drafts.len() - 12;
        drafts.truncate(12);
        let text = format!("{} more remarks on form.", rest);
        drafts.push(Draft::new(Field::Anomalies, "form.more", 21, text).important(0));
    }
    drafts
}

/// Texts that look like a credential. The check is modest: well-known prefixes, key blocks, and a quoted text of
/// eight and more characters that is bound to a name like `password`.
pub(crate) fn credentials(view: &View<'_>) -> Option<Draft> {
    static FORMS: OnceLock<Option<Regex>> = OnceLock::new();
    static NAMED: OnceLock<Option<Regex>> = OnceLock::new();
    let forms = FORMS.get_or_init(|| {
        Regex::new(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{30,})|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----").ok()
    });
    let named = NAMED.get_or_init(|| {
        Regex::new(r#"(?i)\b[a-z_]*(?:password|passwd|secret|api_?key|access_?key|auth_?token|access_?token|private_?key)\s*(?::\s*str\s*)?[=:]\s*["']([^"'\s{}<>$%]{8,})["']"#).ok()
    });
    let mut lines: BTreeMap<(String, u32), Vec<u32>> = BTreeMap::new();
    for module in view.modules() {
        for (at, line) in module.text.lines().enumerate() {
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let by_form = forms.as_ref().is_some_and(|forms| forms.is_match(line));
            let by_name = named.as_ref().and_then(|named| named.captures(line)).is_some_and(|found| {
                found.get(1).is_some_and(|value| looks_random(value.as_str()))
            });
            if by_form || by_name {
                lines.entry((module.path.clone(), module.depth)).or_default().push(number);
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let places: Vec<String> = lines
        .iter()
        .map(|((file, depth), numbers)| {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            let numbers = commas(&numbers, 6);
            let own = view.file == Some(file.as_str()) && *depth == 0;
            if own { numbers } else { format!("{}:{numbers}", escape(file)) }
        })
        .collect();
    let text = format!("A text in the code looks like a credential ({}).", commas(&places, 6));
    Some(Draft::new(Field::Anomalies, "credential", 22, text).important(3))
}

/// True for a text that mixes letters and digits and is no word of a placeholder.
fn looks_random(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let placeholder = ["example", "your", "changeme", "xxxx", "test", "dummy", "secret", "password", "token", "placeholder"];
    let mixed = value.chars().any(|character| character.is_ascii_digit())
        && value.chars().any(|character| character.is_ascii_alphabetic());
    mixed && !placeholder.iter().any(|word| lower.contains(word))
}

/// The one sentence on what was looked for and not found.
pub(crate) fn absence(view: &View<'_>, credential: bool) -> Option<Draft> {
    let hidden = view.layers().next().is_some()
        || view.modules().any(|module| module.form.dense_literal_bytes >= 400 || module.form.strange_characters > 0);
    let decodes = view.events().any(|event| does(event, "decode") || does(event, "decrypt"));
    let dynamic = view.unopened().next().is_some()
        || view.modules().any(|module| module.form.computed_names > 0)
        || view.events().any(|event| {
            matches!(Family::of_event(event), Some(Family::Code | Family::Memory)) || does(event, "code.compile")
        });
    let commands = view.events().any(|event| Family::of_event(event) == Some(Family::Commands));
    let mut nothing = Vec::new();
    let mut excludes = Vec::new();
    if !hidden && !decodes {
        nothing.push("no encoded text".to_owned());
        excludes.extend(["layer", "form.dense-literals"]);
    }
    if !dynamic {
        nothing.push("no dynamic execution".to_owned());
        excludes.extend(["unopened", "sink.code", "sink.memory"]);
    }
    if !commands {
        nothing.push("no command execution".to_owned());
        excludes.push("sink.command");
    }
    if !credential {
        nothing.push("no hard-coded credential".to_owned());
        excludes.push("credential");
    }
    if nothing.is_empty() {
        return None;
    }
    let text = if !hidden && !dynamic {
        format!("Nothing is hidden: {}.", commas(&nothing, 5))
    } else {
        format!("Looked for and not found: {}.", commas(&nothing, 5).replace("no ", ""))
    };
    Some(Draft::new(Field::Anomalies, "absence", 90, text).negative(&excludes))
}

/// What the front end could not read.
pub(crate) fn diagnostics(view: &View<'_>) -> Option<Draft> {
    let mut places = Vec::new();
    let mut first = None;
    for module in view.modules() {
        for (place, text) in &module.diagnostics {
            places.push(*place);
            first.get_or_insert(text);
        }
    }
    let first = first?;
    let text = format!("The text is not well-formed{}: {}.", view.places(&places), escape(first.trim_end_matches('.')));
    Some(Draft::new(Field::Anomalies, "diagnostic", 50, text).at(places).important(1))
}
