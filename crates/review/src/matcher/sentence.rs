//! Fills the placeholders of a behavior's sentence with the facts of a match.
//!
//! What comes from the code under review is cut and freed of control characters and backticks, so that it cannot break
//! out of the code span that the sentence puts it in.

use sluice_catalog::behavior::Step;
use sluice_catalog::{Behavior, Rule, kinds};
use sluice_flow::facts::{EvidenceId, FunctionId, Guard, Path};

use super::context::Context;
use super::value::Candidate;
use crate::prose::phrases::{self, callable};
use crate::prose::words::capital;

/// The longest text of a value that is shown, in characters: addresses and commands stand there whole.
const SHOWN: usize = 240;

/// How many sources are named before the rest is counted.
const NAMED_SOURCES: usize = 4;

/// A sentence, and its core: without places, names of calls, and the time at which it happens.
pub(super) struct Rendered {
    pub(super) sentence: String,
    pub(super) gist: String,
}

pub(super) fn render(
    context: &Context<'_>,
    behavior: &Behavior,
    rule: &Rule,
    chosen: &[Candidate],
    candidates: &[Vec<Candidate>],
) -> Rendered {
    let template = rule.sentence.as_ref().unwrap_or(&behavior.sentence);
    let fill = |template: &str| filled(context, rule, template, (chosen, candidates));
    Rendered {
        sentence: capital(&timed(context, chosen, fill(template))),
        gist: fill(&core(template)).trim_end_matches('.').to_owned(),
    }
}

/// What takes the place of a placeholder.
enum Shown {
    /// A text of the code under review.
    Code(String),
    /// Words of a sentence, which stand in no code span.
    Words(String),
}

fn filled(
    context: &Context<'_>,
    rule: &Rule,
    template: &str,
    (chosen, candidates): (&[Candidate], &[Vec<Candidate>]),
) -> String {
    let mut sentence = String::with_capacity(template.len() + 64);
    let mut places = Places { several: several_files(context), named: None };
    let mut rest = template;
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
        let Some((candidate, column, step)) = step else { continue };
        match field_text(context, step, (candidate, column), field, &mut places) {
            Shown::Code(text) => sentence.push_str(&text),
            Shown::Words(text) => {
                // Words need no code span, and a place with its file no word before it.
                if let Some(behind) = rest.strip_prefix('`').filter(|_| sentence.ends_with('`')) {
                    sentence.pop();
                    rest = behind.strip_prefix("()").unwrap_or(behind);
                }
                if field.ends_with("line") && !text.starts_with(|c: char| c.is_ascii_digit()) {
                    for word in ["line ", "lines "] {
                        let kept = sentence.strip_suffix(word).map(str::len);
                        sentence.truncate(kept.unwrap_or(sentence.len()));
                    }
                }
                sentence.push_str(&text);
            }
        }
    }
    sentence.push_str(rest);
    sentence
}

/// The sentence of a page without what says where and by which call: "sends {send.sources} to `{send.destination}`".
fn core(template: &str) -> String {
    const TIMES: [&str; 9] = [
        "As soon as it is installed or imported, ",
        "While it is installed or imported, ",
        "When it is installed or imported, ",
        "When it is imported or installed, ",
        "As soon as it is imported, ",
        "While it is installed, ",
        "When it is imported, ",
        "Without being asked, ",
        "",
    ];
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    // Brackets around a place go; those of a call stand inside of them or behind its name.
    while let Some((before, after)) = rest.split_once(" (") {
        let close = closing(after).unwrap_or(after.len());
        let inside = after.get(..close).unwrap_or("");
        out.push_str(before);
        if !inside.contains("line}") {
            out.push_str(" (");
            out.push_str(inside);
            out.push(')');
        }
        rest = after.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
    for before in [" with `{", ": `{", ", by looking up a name `{"] {
        while let Some((at, end)) = named_call(&out, before) {
            out.replace_range(at..end, "");
        }
    }
    let plain = TIMES.iter().find_map(|time| out.strip_prefix(time)).unwrap_or(&out);
    let plain = plain.strip_prefix("it ").or_else(|| plain.strip_prefix("It ")).unwrap_or(plain);
    plain.trim_end_matches(['.', ',', ' ']).trim().replace(",,", ",")
}

/// Where the bracket closes that is open at the start of the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The span of "with `{step.symbol}()`" and the like.
fn named_call(text: &str, before: &str) -> Option<(usize, usize)> {
    text.match_indices(before).find_map(|(at, found)| {
        let inside = text.get(at + found.len()..)?;
        let (placeholder, behind) = inside.split_once('}')?;
        let behind = behind.strip_prefix("()").unwrap_or(behind).strip_prefix('`')?;
        (placeholder.ends_with(".symbol") && !placeholder.ends_with("source.symbol"))
            .then(|| (at, text.len() - behind.len()))
    })
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

/// How places are told in one sentence: with their file where there are several, once for what follows.
struct Places {
    several: bool,
    named: Option<(String, u32)>,
}

fn several_files(context: &Context<'_>) -> bool {
    let mut files = context.facts.modules.iter().filter(|module| module.depth == 0);
    let first = files.next();
    files.next().is_some() || first.is_some_and(|module| module.path.contains('/'))
}

fn field_text(
    context: &Context<'_>,
    step: &Step,
    (candidate, column): (Candidate, &[Candidate]),
    field: &str,
    places: &mut Places,
) -> Shown {
    let path = context.path(candidate);
    let event = context.event(candidate);
    let code = Shown::Code;
    let words = Shown::Words;
    match field {
        "symbol" => match (path, event) {
            (Some(path), _) => code(clean(callable(&path.sink.symbol))),
            (None, Some(event)) => code(clean(callable(&event.symbol))),
            (None, None) => code(String::new()),
        },
        "line" => words(line(context, context.site(candidate), places)),
        "file" => code(file(context, context.site(candidate))),
        "function" => code(function(context, context.function(candidate))),
        "kind" => match (path, event) {
            (Some(path), _) => words(kinds::noun(&path.sink.kind).to_owned()),
            (None, event) => {
                words(event.and_then(|event| event.actions.first()).map(ToString::to_string).unwrap_or_default())
            }
        },
        "guard" => {
            let asked = |guard: &&Guard| match &step.guard_matches {
                Some(pattern) => pattern.is_match(&guard.text),
                None if step.guard.is_empty() => !guard.kind.is_empty(),
                None => step.guard.contains(&guard.kind),
            };
            let told = |guard: &Guard| {
                if guard.holds { clean(&guard.text) } else { format!("not ({})", clean(&guard.text)) }
            };
            code(context.guards(candidate).iter().find(asked).map(told).unwrap_or_default())
        }
        "destination" => value_text(context, candidate, "destination")
            .map_or_else(|| words("an address that is not known".to_owned()), |text| code(with_port(text))),
        "sources" => words(sources(context, candidate, column)),
        "source.symbol" => code(path.map(|path| origin(context, path)).unwrap_or_default()),
        "source.line" => words(line(context, path.map(|path| path.source.evidence), places)),
        "source.noun" => words(path.map(|path| kinds::noun(&path.source.kind).to_owned()).unwrap_or_default()),
        "source.phrase" => words(path.map(|path| phrases::source(context.facts, path, &clean)).unwrap_or_default()),
        "source.name" => code(path.map(|path| source_name(context, path)).unwrap_or_default()),
        "source.file" => code(file(context, path.map(|path| path.source.evidence))),
        "source.function" => code(function(context, path.map(|path| path.source.function))),
        _ => {
            let role = field.strip_prefix("arg.").unwrap_or(field);
            value_text(context, candidate, role).map_or_else(|| words(unknown(role).to_owned()), code)
        }
    }
}

/// What is said of a value that is not known.
fn unknown(role: &str) -> &'static str {
    match role {
        "command" | "program" | "process.command" => "a command that is not known",
        "file" | "file.path" | "file.delete" => "a file whose name is not known",
        "address" | "network.destination" => "an address that is not known",
        "data" => "what is not known",
        _ => "a value that is not known",
    }
}

/// A host and its port, which the engine joins by a space.
fn with_port(text: String) -> String {
    let mut text = text;
    // Of several labels that are not known one mark is enough.
    while text.starts_with("….….") {
        text = text.replacen("….", "", 1);
    }
    match text.split_once(' ') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => format!("{host}:{port}"),
        _ => text,
    }
}

/// Where a value comes from: the address of a request where it is known, else the name of the call.
fn origin(context: &Context<'_>, path: &Path) -> String {
    let event = path.source.event.filter(|_| path.source.kind == "network.response");
    // A socket or a session knows whom it is connected to.
    let address = event
        .and_then(|event| value_text(context, Candidate::Event(event), "destination"))
        .map(with_port)
        .filter(|text| text.contains([':', '/']) && !text.contains(['(', '…']));
    address.unwrap_or_else(|| clean(callable(&path.source.symbol)))
}

fn source_name(context: &Context<'_>, path: &Path) -> String {
    let detail = path.source.detail.as_deref().filter(|detail| !detail.is_empty());
    clean(detail.or_else(|| context.command_of(path)).unwrap_or_else(|| callable(&path.source.symbol)))
}

/// What all sources give that reach the same sink by this step.
fn sources(context: &Context<'_>, candidate: Candidate, column: &[Candidate]) -> String {
    let site = context.site(candidate);
    let same = column.iter().filter(|other| context.site(**other) == site).filter_map(|other| context.path(*other));
    phrases::sources(context.facts, same, NAMED_SOURCES, &clean)
}

/// The line in its file, and how deep the text lies of which it is a line.
fn line(context: &Context<'_>, evidence: Option<EvidenceId>, places: &mut Places) -> String {
    let facts = context.facts;
    let Some(id) = evidence else { return "?".to_owned() };
    let outer = phrases::outermost(facts, id);
    let (Some(place), Some(inner)) = (facts.evidence(outer), facts.evidence(id)) else { return "?".to_owned() };
    let name = shown_file(context, outer);
    let before = places.named.replace((name.clone(), place.line));
    let known = !places.several || before.as_ref().is_some_and(|(file, _)| *file == name);
    let number = if known { place.line.to_string() } else { format!("{name}:{}", place.line) };
    let same = before.is_some_and(|before| before == (name, place.line));
    let deep = phrases::module_of(facts, id)
        .filter(|module| module.depth > 0)
        .map(|module| phrases::depth(module, &inner.line.to_string()));
    match deep {
        Some(deep) if same => deep,
        Some(deep) => format!("{number}, {deep}"),
        None => number,
    }
}

fn shown_file(context: &Context<'_>, id: EvidenceId) -> String {
    let path = phrases::module_of(context.facts, id).map_or("", |module| module.path.as_str());
    clean(path.strip_prefix(context.root).unwrap_or(path))
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

#[cfg(test)]
mod tests {
    use super::core;

    #[test]
    fn the_core_of_a_sentence_is_what_happens() {
        for (template, gist) in [
            (
                "While it is installed, it sends {send.sources} to `{send.destination}` with `{send.symbol}()` (line {send.line}).",
                "sends {send.sources} to `{send.destination}`",
            ),
            (
                "It executes what `{run.source.symbol}` (line {run.source.line}) brings from the network, as code: `{run.symbol}()` ({run.line}).",
                "executes what `{run.source.symbol}` brings from the network, as code",
            ),
            (
                "It sends {send.sources} to `{send.destination}`, where anybody can collect, with `{send.symbol}()` (line {send.line}).",
                "sends {send.sources} to `{send.destination}`, where anybody can collect",
            ),
            (
                "It runs a miner: `{run.arg.command}` (`{run.symbol}()`, line {run.line}).",
                "runs a miner: `{run.arg.command}`",
            ),
        ] {
            assert_eq!(core(template), gist);
        }
    }
}
