//! Claims on what is odd in how the code is written, and on what was looked for and not found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use regex::Regex;
use sluice_flow::facts::{DeadStore, Event, EvidenceId, UnusedHelper};

use crate::claims::Draft;
use crate::model::{Field, escape};
use crate::prose::chain::{called, is_guess, parameter, spoken};
use crate::prose::family::{Family, does, prints};
use crate::prose::phrases::callable;
use crate::prose::words::{capital, code, code_up_to, commas, count, list};
use crate::view::View;

/// Values that are stored where nothing reads them; the stores into one container are one fact.
pub(crate) fn dead_stores(view: &View<'_>) -> Vec<Draft> {
    let mut telling: BTreeMap<(u32, &str), Vec<&DeadStore>> = BTreeMap::new();
    let mut quiet: Vec<&DeadStore> = Vec::new();
    for store in view.dead_stores() {
        if store.lost.is_empty() && store.shadowed.is_empty() {
            quiet.push(store);
        } else {
            telling.entry((store.function.0, store.variable.as_str())).or_default().push(store);
        }
    }
    let mut drafts: Vec<Draft> = telling.values().filter_map(|stores| lost_values(view, stores)).collect();
    quiet.retain(|store| !telling.contains_key(&(store.function.0, store.variable.as_str())));
    if !quiet.is_empty() {
        let names: Vec<String> =
            quiet.iter().map(|store| code(&store.variable)).collect::<BTreeSet<_>>().into_iter().collect();
        let places: Vec<EvidenceId> = quiet.iter().map(|store| store.evidence).collect();
        let text = format!("Stored and never read: {}{}.", list(&names, 5), view.places(&places));
        drafts.push(Draft::new(Field::Anomalies, "dead-store.quiet", 60, text).at(places).important(0));
    }
    drafts
}

/// "`proxies` goes nowhere: it is stored in `kwargs` (38–46), which nothing reads afterwards; …"
fn lost_values(view: &View<'_>, stores: &[&DeadStore]) -> Option<Draft> {
    let first = stores.first()?;
    let mut places: Vec<EvidenceId> =
        stores.iter().flat_map(|store| std::iter::once(store.evidence).chain(store.container)).collect();
    places.sort_by_key(|place| view.place(*place).map(|place| place.start));
    let span = match (places.first(), places.last()) {
        (Some(start), Some(end)) => view.span(*start, *end),
        _ => String::new(),
    };
    let mut lost: Vec<String> = Vec::new();
    let mut fixed: Vec<String> = Vec::new();
    for store in stores {
        for name in &store.lost {
            let name = parameter(view, store.function, name);
            if !lost.contains(&name) {
                lost.push(name);
            }
        }
        for (key, constant) in &store.shadowed {
            let item = format!("{} at {}", code(key), escape(constant));
            if !fixed.contains(&item) {
                fixed.push(item);
            }
        }
    }
    let variable = code(&first.variable);
    let mut text = if lost.is_empty() {
        format!("{variable} is filled{span}, but nothing reads it")
    } else {
        let (goes, it) = if lost.len() == 1 { ("goes", "it is") } else { ("go", "they are") };
        let stored = if stores.iter().any(|store| store.key.is_some()) { "stored in" } else { "assigned to" };
        format!("{} {goes} nowhere: {it} {stored} {variable}{span}, which nothing reads afterwards", list(&lost, 4))
    };
    if !fixed.is_empty() {
        let pronoun = if fixed.len() == 1 { "it" } else { "them" };
        let what = if stores.iter().any(|store| store.container.is_some()) { "container" } else { "value" };
        text.push_str(&format!(
            "; the same {what} fixes {}, while the call takes {pronoun} from elsewhere",
            list(&fixed, 3)
        ));
    }
    text.push('.');
    let mut draft =
        Draft::new(Field::Anomalies, "dead-store", 40, text).at(places).important(if lost.is_empty() { 1 } else { 3 });
    // What is lost, or what holds values that nothing reads.
    draft = draft.symbol(stores.iter().find_map(|store| store.lost.first()).unwrap_or(&first.variable).as_str());
    Some(draft)
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
    // "name = text" of a constant.
    let unused: Vec<String> = fact
        .unused
        .iter()
        .map(|text| match text.split_once(" = ") {
            Some((name, value)) => format!("{} ({})", code(name), code_up_to(value, 60)),
            None => code_up_to(text, 60),
        })
        .collect();
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

/// A function that raises what it caught as something else: its name, the handler, the raise.
type Wrapper = (String, EvidenceId, EvidenceId);

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
        let text = format!("Errors of every kind are swallowed{}.", view.places(&silent));
        drafts.push(Draft::new(Field::Anomalies, "handler.swallows", 45, text).at(silent).important(2));
    }
    let mut wraps: BTreeMap<(bool, String, String), Vec<Wrapper>> = BTreeMap::new();
    for raise in view.raises().filter(|raise| raise.passes_caught) {
        let Some(handler) = raise.handler.and_then(|at| view.facts().handlers.get(at as usize)) else { continue };
        // A bare raise behind some cleaning up is ordinary, and a condition inside of the handler makes it another
        // statement.
        let start = view.position(handler.evidence);
        let conditional = raise.guards.iter().any(|guard| view.position(guard.evidence) > start);
        if conditional || !crate::prose::sinks::leaves(view, raise) {
            continue;
        }
        let caught: Vec<String> = handler.exceptions.iter().map(|name| code(name)).collect();
        let caught = if handler.broad { "every exception".to_owned() } else { list(&caught, 4) };
        let Some(name) = view.function_name(raise.function) else { continue };
        let chained = crate::prose::sinks::is_chained(view, raise);
        let again = if chained {
            format!("raises {} from it", code(&raise.exception))
        } else {
            format!("raises it again as {}", code(&raise.exception))
        };
        wraps.entry((!handler.broad, caught, again)).or_default().push((code(&name), handler.evidence, raise.evidence));
    }
    // To catch one kind of error and name it anew is ordinary; a few are told, where there is room.
    let mut narrow = if view.is_file() { 3 } else { 0 };
    let broad = wraps.keys().filter(|(is_narrow, ..)| !is_narrow).count();
    if !view.is_file() && broad > 1 {
        let functions: Vec<&Wrapper> =
            wraps.iter().filter(|((is_narrow, ..), _)| !is_narrow).flat_map(|(_, functions)| functions).collect();
        let mut names: Vec<String> = functions.iter().map(|(name, ..)| name.clone()).collect();
        names.dedup();
        let places: Vec<EvidenceId> = functions.iter().map(|(_, handler, _)| *handler).collect();
        let text =
            format!("{} catch every exception and raise another for it{}.", list(&names, 3), view.places(&places));
        drafts.push(Draft::new(Field::Anomalies, "handler.wraps", 46, text).at(places).important(2));
        wraps.retain(|(is_narrow, ..), _| *is_narrow);
    }
    for ((is_narrow, caught, again), functions) in &wraps {
        if *is_narrow {
            if narrow == 0 {
                continue;
            }
            narrow -= 1;
        }
        let mut names: Vec<String> = functions.iter().map(|(name, ..)| name.clone()).collect();
        names.dedup();
        let verb = if names.len() == 1 { "catches" } else { "catch" };
        let again = if names.len() == 1 { again.clone() } else { again.replacen("raises", "raise", 1) };
        let places: Vec<EvidenceId> = functions.iter().flat_map(|(_, handler, raise)| [*handler, *raise]).collect();
        let text = format!("{} {verb} {caught} and {again}{}.", list(&names, 4), view.places(&places));
        drafts.push(
            Draft::new(Field::Anomalies, "handler.wraps", 46, text)
                .at(places)
                .symbol(names.first().map_or("", String::as_str).trim_matches('`'))
                .important(if *is_narrow { 1 } else { 2 }),
        );
    }
    // The siblings that catch nothing, where a reader would take one method's care for all.
    let catching: BTreeSet<_> =
        view.handlers().filter(|handler| !handler.import_fallback).map(|handler| handler.function).collect();
    if view.is_file() && !catching.is_empty() {
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
    let keys: BTreeSet<(&str, u32)> = view
        .paths()
        .filter(|path| path.source.kind == "parameter" && path.sink.kind == "network.send" && path.sink.arg == "auth")
        .map(|path| (path.source.symbol.as_str(), path.source.function.0))
        .collect();
    let mut names: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    let mut key_logged = false;
    let mut printed = true;
    for path in view.paths().filter(|path| path.sink.kind == "log" && path.presumed.is_none()) {
        // What an unread call gives back may have nothing of the value.
        if is_guess(view, path) {
            continue;
        }
        let sensitive = path.source.kind != "parameter" && crate::prose::sources::interest(&path.source.kind) >= 4;
        let key =
            path.source.kind == "parameter" && keys.contains(&(path.source.symbol.as_str(), path.source.function.0));
        let also_sent = key
            || path.source.kind == "parameter" && sent.contains(&(path.source.symbol.as_str(), path.source.function.0));
        if !(also_sent || sensitive) {
            continue;
        }
        printed &= path.sink.event.and_then(|event| view.facts().event(event)).is_some_and(prints);
        // What goes a long way through a package to where a credential is taken need not be one.
        let secret = |name: &str| {
            let name = name.to_lowercase();
            ["key", "token", "pass", "secret", "auth", "cred", "login"].iter().any(|word| name.contains(word))
        };
        if key && (view.is_file() || secret(&path.source.symbol)) {
            let name = parameter(view, path.source.function, &path.source.symbol);
            names.entry(format!("the credential {name}")).or_default().push(path.sink.evidence);
            key_logged = true;
        } else if also_sent || key {
            let name = parameter(view, path.source.function, &path.source.symbol);
            names.entry(format!("the data of {name}")).or_default().push(path.sink.evidence);
        } else {
            let label = crate::prose::chain::source_label(view, path);
            names.entry(label).or_default().push(path.sink.evidence);
        }
    }
    if names.is_empty() {
        return None;
    }
    let places: Vec<EvidenceId> = names.values().flatten().copied().collect();
    let many = names.len() > 1;
    let given = |prefix: &str| -> Vec<String> {
        names.keys().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
    };
    let variables = given("environment variable ");
    let mut told: Vec<String> = names
        .keys()
        .filter(|name| !name.starts_with("the data of ") && !name.starts_with("the credential "))
        .filter(|name| variables.len() < 2 || !name.starts_with("environment variable "))
        .cloned()
        .collect();
    if variables.len() > 1 {
        told.push(format!("the environment variables {}", list(&variables, 3)));
    }
    let credentials = given("the credential ");
    let word = if credentials.len() == 1 { "credential" } else { "credentials" };
    for (prefix, names) in [("the data of".to_owned(), given("the data of ")), (format!("the {word}"), credentials)] {
        if !names.is_empty() {
            told.insert(0, format!("{prefix} {}", list(&names, if view.is_file() { 4 } else { 3 })));
        }
    }
    let text = format!(
        "{} {} also written to the {}{}.",
        capital(&list(&told, 5)),
        if many { "are" } else { "is" },
        if printed { "output" } else { "log" },
        view.places(&places)
    );
    Some(Draft::new(Field::Anomalies, "log.exposure", 42, text).at(places).important(if key_logged { 4 } else { 2 }))
}

/// What a text is, by its language.
fn language_words(language: &str) -> &str {
    match language {
        "python" => "Python code",
        "javascript" => "JavaScript code",
        "shell" => "a shell command",
        "powershell" => "a PowerShell command",
        "unknown" => "text of an unknown language",
        other => other,
    }
}

/// Text that is executed and does not stand in the file as a reader sees it, and code that could not be opened.
pub(crate) fn hidden(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    // Texts of one kind are one fact, however many there are and however deep they lie.
    let mut kinds: BTreeMap<(bool, &str, Vec<&str>), Vec<EvidenceId>> = BTreeMap::new();
    for layer in view.layers() {
        let plain = layer.visible || layer.codings.is_empty();
        // A plain command line stands with the commands.
        if plain && matches!(layer.language.as_str(), "shell" | "powershell" | "unknown") {
            continue;
        }
        let codings = layer.codings.iter().map(|coding| coding.as_str()).collect();
        kinds.entry((layer.visible, layer.language.as_str(), codings)).or_default().push(layer.evidence);
    }
    for ((visible, language, codings), places) in kinds {
        let what = language_words(language);
        let at = view.places(&places);
        let text = if visible {
            format!("Text of the code is executed as {what}{at}.")
        } else if codings.is_empty() {
            format!("Text that the code puts together is executed as {what}{at}.")
        } else {
            let codings: Vec<String> = codings.iter().map(|coding| code(coding)).collect();
            let deep = places.iter().filter_map(|place| view.module_of(*place)).map(|module| module.depth + 1).max();
            let deep = deep.filter(|deep| *deep > 1);
            let deep = deep.map_or_else(String::new, |deep| format!(", {deep} layers one inside of the other"));
            format!("Hidden: {what} is decoded by {} and executed{at}{deep}.", list(&codings, 8))
        };
        let importance = if visible { 2 } else { 7 };
        drafts.push(Draft::new(Field::Anomalies, "layer", 12, text).at(places).important(importance));
    }
    let mut unopened: BTreeMap<(String, String), Vec<EvidenceId>> = BTreeMap::new();
    for fact in view.unopened() {
        let what = view
            .facts()
            .event(fact.event)
            .map_or_else(|| "code".to_owned(), |event| format!("the code that {} runs", spoken(view, event)));
        let why = escape(fact.why.trim_end_matches('.'));
        unopened.entry((what, why)).or_default().push(fact.evidence);
    }
    for (at, ((what, why), places)) in unopened.into_iter().enumerate() {
        let text = format!("{} is not known{}: {why}.", capital(&what), view.places(&places));
        let mut draft = Draft::new(Field::Anomalies, "unopened", 14, text).at(places).important(4);
        // The first few stand for the rest, which stand among the claims.
        draft.silent = at >= 4;
        drafts.push(draft);
    }
    for program in view.disguised().take(3) {
        let article = if program.what.starts_with(['E', 'O', 'A', 'I', 'U']) { "an" } else { "a" };
        let text = format!(
            "`{}` has the name of source code and is {article} {}, masked by changing each byte with the same value.",
            escape(&program.file),
            escape(&program.what)
        );
        drafts.push(Draft::new(Field::Anomalies, "form.disguised", 10, text).important(9));
    }
    let mut computed = computed(view);
    // A method that stands in the text under its own name is called by that name, whatever the engine takes it to do.
    let by_name = |event: &Event| event.written.contains('.') && !event.written.contains(['[', '(', '"', '\'']);
    computed.retain(|event| !by_name(event) && !event.symbol.starts_with("builtins.file."));
    if !computed.is_empty() {
        let names: BTreeSet<String> = computed.iter().map(|event| called(callable(&event.symbol))).collect();
        let names: Vec<String> = names.into_iter().collect();
        let places: Vec<EvidenceId> = computed.iter().map(|event| event.evidence).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let text =
            format!("{} {verb} called by a name that the code puts together{}.", list(&names, 5), view.places(&places));
        drafts.push(Draft::new(Field::Anomalies, "form.computed-names", 18, text).at(places).important(4));
    }
    drafts.extend(form(view));
    drafts
}

/// Calls whose name does not stand in their file: it is put together when the code runs.
pub(crate) fn computed<'a>(view: &View<'a>) -> Vec<&'a Event> {
    view.events()
        .filter(|event| {
            let Some(module) = view.module_of(event.evidence) else { return false };
            let name = event.symbol.rsplit('.').next().unwrap_or("");
            module.depth == 0
                && module.form.computed_names > 0
                && !name.is_empty()
                && !name.starts_with("__")
                && event.presumed.is_none()
                && !event.written.contains(name)
                && !module.text.contains(name)
        })
        .collect()
}

/// Measures of form that a reader should know.
fn form(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut dense: (u64, Vec<EvidenceId>) = (0, Vec::new());
    for module in view.modules() {
        let form = &module.form;
        if form.strange_characters > 0 {
            let text = format!(
                "{}.",
                capital(&count(
                    form.strange_characters as usize,
                    "invisible or look-alike character",
                    "invisible or look-alike characters"
                ))
            );
            let text = format!("{}{}.", text.trim_end_matches('.'), view.places(form.strange_at.as_slice()));
            drafts.push(Draft::new(Field::Anomalies, "form.characters", 16, text).at(form.strange_at).important(4));
        }
        if form.pushed_lines > 0 {
            let text = format!(
                "{} pushed out of sight by white space{}.",
                capital(&count(form.pushed_lines as usize, "line has code", "lines have code")),
                view.places(form.pushed_at.as_slice())
            );
            drafts.push(Draft::new(Field::Anomalies, "form.pushed", 17, text).at(form.pushed_at).important(4));
        }
        // What was decoded was told as such.
        if form.dense_literal_bytes >= 400 && module.depth == 0 {
            dense.0 += form.dense_literal_bytes;
            dense.1.extend(form.dense_literal_at);
        }
    }
    // Texts that were decoded from one another are dense in the same way: they are one fact.
    if dense.0 > 0 {
        let verb = if dense.1.len() == 1 { "A dense literal holds" } else { "Dense literals hold" };
        let text = format!("{verb} {} bytes{}.", dense.0, view.places(&dense.1));
        drafts.push(Draft::new(Field::Anomalies, "form.dense-literals", 20, text).at(dense.1).important(2));
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
    let mut lines: BTreeMap<(String, u32), Vec<u32>> = BTreeMap::new();
    for at in &view.part.modules {
        let Some(module) = view.facts().modules.get(*at) else { continue };
        let found = view.index.credentials(*at, || credential_lines(&module.text));
        if !found.is_empty() {
            lines.entry((module.path.clone(), module.depth)).or_default().extend(found);
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
            if own { numbers } else { format!("{}:{numbers}", view.shown_file(file)) }
        })
        .collect();
    let text = format!("A text in the code looks like a credential ({}).", places.join("; "));
    Some(Draft::new(Field::Anomalies, "credential", 22, text).important(3))
}

/// The numbers of the lines that look like a credential.
fn credential_lines(text: &str) -> Vec<u32> {
    static FORMS: OnceLock<Option<Regex>> = OnceLock::new();
    static NAMED: OnceLock<Option<Regex>> = OnceLock::new();
    let forms = FORMS.get_or_init(|| {
        Regex::new(r"(?-u)\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{30,})|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----").ok()
    });
    let named = NAMED.get_or_init(|| {
        Regex::new(r#"(?i-u)\b[a-z_]*(?:password|passwd|secret|api_?key|access_?key|auth_?token|access_?token|private_?key)\s*(?::\s*str\s*)?[=:]\s*["']((?u:[^"' \t{}<>$%]){8,})["']"#).ok()
    });
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if !may_hold_credential(line) {
            continue;
        }
        let by_form = forms.as_ref().is_some_and(|forms| forms.is_match(line));
        let by_name = named
            .as_ref()
            .and_then(|named| named.captures(line))
            .is_some_and(|found| found.get(1).is_some_and(|value| looks_random(value.as_str())));
        if by_form || by_name {
            lines.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
        }
    }
    lines
}

/// A cheap look before the regular expressions: most lines have no quoted text bound to a telling name.
fn may_hold_credential(line: &str) -> bool {
    // One search for all of them: every line of every text is asked.
    static MARKS: OnceLock<Option<Regex>> = OnceLock::new();
    let marks = MARKS.get_or_init(|| {
        Regex::new("AKIA|gh|xox|:AA|PRIVATE KEY|pass|token|secret|key|PASS|TOKEN|SECRET|KEY|Key|Token").ok()
    });
    let shown = line.trim_start();
    // A line of a session in a documentation text is an example.
    !(shown.starts_with(">>>") || shown.starts_with("..."))
        && (line.contains('"') || line.contains('\'') || line.contains("PRIVATE KEY"))
        && marks.as_ref().is_some_and(|marks| marks.is_match(line))
}

/// True for a text that mixes letters and digits and is no word of a placeholder.
fn looks_random(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let placeholder =
        ["example", "your", "changeme", "xxxx", "test", "dummy", "secret", "password", "token", "placeholder"];
    let mixed = value.chars().any(|character| character.is_ascii_digit())
        && value.chars().any(|character| character.is_ascii_alphabetic());
    mixed && !placeholder.iter().any(|word| lower.contains(word))
}

/// The one sentence on what was looked for and not found.
pub(crate) fn absence(view: &View<'_>, credential: bool, malicious: bool) -> Option<Draft> {
    let hidden = view.layers().any(|layer| !layer.visible)
        || view.modules().any(|module| module.form.dense_literal_bytes >= 400 || module.form.strange_characters > 0);
    let decodes = view.events().any(|event| {
        let decoded = |arg: &sluice_flow::facts::ArgFact| {
            !arg.value.codings.is_empty() || arg.value.known_as.iter().any(|(_, decoded)| *decoded)
        };
        does(event, "decode") || does(event, "decrypt") || event.args.iter().any(decoded)
    });
    // What is not known and is named for executing code may well execute some.
    let named = |symbol: &str| {
        let name = symbol.trim_end_matches("()").rsplit('.').next().unwrap_or(symbol);
        name.starts_with("exec") || name.starts_with("eval")
    };
    let dynamic = view.unopened().next().is_some()
        || !computed(view).is_empty()
        || view.unmodelled().any(|call| named(&call.symbol))
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
    // What a library does that is not known may be what was looked for.
    let bound = if view.unmodelled().next().is_some() { ", as far as calls are known" } else { "" };
    let text = if view.is_file() && !hidden && !decodes && !dynamic {
        format!("Nothing is hidden{bound}: {}.", commas(&nothing, 5))
    } else {
        let found: Vec<String> =
            nothing.iter().map(|text| text.trim_start_matches("no ").replace("hard-coded", "a hard-coded")).collect();
        format!("Looked for and not found{bound}: {}.", commas(&found, 5))
    };
    let mut draft = Draft::new(Field::Anomalies, "absence", 90, text).negative(&excludes);
    // Beside what was found, a list of what was not helps nobody.
    draft.silent = malicious;
    Some(draft)
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
