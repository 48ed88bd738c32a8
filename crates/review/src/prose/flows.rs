//! Claims on which flows join sources to sinks.

use std::collections::{BTreeMap, BTreeSet};

use sluice_flow::facts::{Event, EvidenceId, Path, PathId, StepKind};

use crate::claims::Draft;
use crate::model::Field;
use crate::prose::chain::{Chain, parameter, spoken};
use crate::prose::family::{Family, reads_memory};
use crate::prose::sinks::{is_class_name, leaves};
use crate::prose::sources::interest;
use crate::prose::value::{destination, hosts, is_built, known_text, told_address};
use crate::prose::words::{capital, code, count, list};
use crate::view::View;

/// Most chains that are told one by one.
const MOST_CHAINS: usize = 14;

/// What makes two chains one line of text: steps, sink, presumed, place of the sink.
type Tail = ((Vec<String>, String, bool), EvidenceId);

/// What joins two paths to one line: source, its function, place of the sink, its argument, what was asked for.
type Ends<'a> = (&'a str, u32, EvidenceId, &'a str, Option<&'a str>);

/// All flows, the telling ones first.
pub(crate) fn flows(view: &View<'_>) -> Vec<Draft> {
    let mut drafts = urls(view);
    let told_urls: BTreeSet<EvidenceId> = drafts.iter().flat_map(|draft| draft.evidence.iter().copied()).collect();
    drafts.extend(constants(view));
    drafts.extend(inherited_paths(view));
    drafts.extend(client_host(view));
    let caught: BTreeSet<(u32, u32)> = view
        .raises()
        .filter(|raise| is_class_name(&raise.exception) && !leaves(view, raise))
        .map(|raise| view.position(raise.evidence))
        .collect();
    // One path for each source and sink: the one with most to tell.
    let mut best: BTreeMap<Ends<'_>, (PathId, &Path)> = BTreeMap::new();
    for (id, path) in view.numbered_paths() {
        let unlisted =
            path.source.kind == "parameter" && (!view.is_file() && path.when.is_empty() || path.sink.kind == "return");
        let inside = path.sink.kind == "serialize" || in_memory(view, path) || by_receiver_only(view, path);
        // What an unread call gives back is guessed, which serves only where something may leave.
        let guessed = matches!(path.sink.kind.as_str(), "deserialize" | "log" | "exception" | "return")
            && crate::prose::chain::is_guess(view, path);
        let buffered = path.source.event.and_then(|event| view.facts().event(event)).is_some_and(reads_memory);
        let stays = path.sink.kind == "exception" && caught.contains(&view.position(path.sink.evidence));
        let url = path.sink.kind == "network.destination" && told_urls.contains(&path.sink.evidence);
        // A request that was built before is no address.
        let built = path.sink.kind == "network.destination"
            && path
                .sink
                .event
                .and_then(|event| view.facts().event(event))
                .and_then(destination)
                .is_some_and(|arg| is_built(view, arg));
        if unlisted
            || inside
            || guessed
            || built
            || buffered
            || stays
            || url
            || path.sink.kind == "return" && interest(&path.source.kind) < 3
        {
            continue;
        }
        let key = (
            path.source.symbol.as_str(),
            path.source.function.0,
            path.sink.evidence,
            path.sink.arg.as_str(),
            path.source.detail.as_deref(),
        );
        let better = best.get(&key).is_none_or(|(_, known)| {
            (path.presumed.is_none(), path.proven, path.steps.len())
                > (known.presumed.is_none(), known.proven, known.steps.len())
        });
        if better {
            best.insert(key, (id, path));
        }
    }
    let mut groups: BTreeMap<Tail, Vec<(Chain, &Path)>> = BTreeMap::new();
    for (id, path) in best.into_values() {
        let chain = Chain::new(view, id, path);
        groups.entry((chain.tail(), path.sink.evidence)).or_default().push((chain, path));
    }
    // The same flow to the same kind of sink at several places is one line with several numbers.
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for group in groups.into_values() {
        let Some((first, path)) = group.first() else { continue };
        let mut chain = first.clone();
        let mut sources: Vec<String> = Vec::new();
        let mut places = Vec::new();
        for (other, _) in &group {
            if !sources.contains(&other.source) {
                sources.push(other.source.clone());
            }
            places.extend(other.places.iter().copied());
        }
        places.sort_unstable();
        places.dedup();
        chain.places = Vec::new();
        let key = chain.text(view, &sources);
        let importance = group.iter().map(|(_, path)| weight(path)).max().unwrap_or(0);
        let line = lines.entry(key).or_insert_with(|| Line {
            chain: chain.clone(),
            sources,
            places: Vec::new(),
            importance,
            sink: path.sink.evidence,
            order: (order(path), view.position(path.source.evidence), view.position(path.sink.evidence)),
            family: Family::of_sink(&path.sink.kind),
            paths: Vec::new(),
        });
        line.places.extend(places);
        line.importance = line.importance.max(importance);
        line.paths.extend(group.iter().map(|(chain, _)| chain.path));
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    if !view.is_file() {
        lines = by_sink(lines);
        for line in &mut lines {
            line.fit(view);
        }
    }
    lines.sort_by(|a, b| (b.importance > 3, a.order).cmp(&(a.importance > 3, b.order)).then(a.sources.cmp(&b.sources)));
    let shown = lines.len().min(if view.is_file() { MOST_CHAINS } else { 7 });
    for (at, line) in lines.iter().take(shown).enumerate() {
        let mut chain = line.chain.clone();
        chain.places.clone_from(&line.places);
        let text = format!("{}.", capital(&chain.text(view, &line.sources)));
        let rank = if line.importance > 3 { 10 } else { 100 };
        let mut draft = Draft::new(Field::Flows, "flow", rank + i32::try_from(at).unwrap_or(0), text)
            .at(line.places.iter().copied())
            .presumed(chain.presumed)
            .important(line.importance);
        if let Some(path) = line.paths.first() {
            draft = draft.path(*path);
        }
        drafts.push(draft);
    }
    if let Some(rest) = lines.get(shown..).filter(|rest| !rest.is_empty()) {
        drafts.push(remainder(rest));
    }
    drafts
}

/// True for a write into a buffer of a compressing writer: the value goes on, it does not leave.
fn in_memory(view: &View<'_>, path: &Path) -> bool {
    path.sink.kind == "file.write"
        && path.sink.event.and_then(|event| view.facts().event(event)).is_some_and(crate::prose::family::in_memory)
}

/// True for a presumed flow that rests on a method without arguments whose receiver holds the value: what such a method
/// gives back is not known.
fn by_receiver_only(view: &View<'_>, path: &Path) -> bool {
    path.presumed.is_some()
        && path.steps.iter().any(|step| {
            step.kind == StepKind::Through
                && view.facts().text(step.evidence).ends_with("()")
                && view.index.event_at(step.evidence).is_none()
        })
}

struct Line {
    chain: Chain,
    sources: Vec<String>,
    places: Vec<EvidenceId>,
    importance: u32,
    sink: EvidenceId,
    order: (usize, (u32, u32), (u32, u32)),
    family: Option<Family>,
    paths: Vec<PathId>,
}

impl Line {
    /// Leaves out what is on the way where the line would be too long to read: its ends say most.
    fn fit(&mut self, view: &View<'_>) {
        /// Characters of a line.
        const LONG: usize = 250;
        let long = |line: &Self| {
            let chain = Chain { places: line.places.clone(), ..line.chain.clone() };
            chain.text(view, &line.sources).chars().count() > LONG
        };
        if long(self) && self.chain.steps.len() > 2 {
            let last = self.chain.steps.pop();
            self.chain.steps = std::iter::once("…".to_owned()).chain(last).collect();
        }
        if long(self) && self.chain.steps.len() > 1 {
            self.chain.steps = vec!["…".to_owned()];
        }
        if long(self) {
            self.places.truncate(2);
        }
    }
}

/// Flows into one sink are one line: their sources, and the steps that all of them take before it.
fn by_sink(lines: Vec<Line>) -> Vec<Line> {
    let mut merged: BTreeMap<(EvidenceId, String, String, bool, bool), Line> = BTreeMap::new();
    for line in lines {
        let chain = &line.chain;
        let key = (line.sink, chain.sink.clone(), chain.condition.clone(), chain.presumed, chain.guessed);
        let Some(known) = merged.get_mut(&key) else {
            merged.insert(key, line);
            continue;
        };
        let shared = known.chain.steps.iter().rev().zip(line.chain.steps.iter().rev());
        let shared = shared.take_while(|(one, other)| one == other && *one != "…").count();
        let steps = &known.chain.steps;
        let cut = steps.len() > shared || line.chain.steps.len() > shared;
        let tail = steps.get(steps.len() - shared..).unwrap_or(&[]).to_vec();
        known.chain.steps = cut.then(|| "…".to_owned()).into_iter().chain(tail).collect();
        for source in line.sources {
            // The list names a few and counts; this many are counted one by one.
            if known.sources.len() < 200 && !known.sources.contains(&source) {
                known.sources.push(source);
            }
        }
        known.places.extend(line.places);
        known.importance = known.importance.max(line.importance);
        known.order = known.order.min(line.order);
        known.paths.extend(line.paths);
    }
    merged.into_values().collect()
}

/// "And 12 more flows: 7 to the log, 5 to files."
fn remainder(rest: &[Line]) -> Draft {
    let mut families: BTreeMap<Option<Family>, usize> = BTreeMap::new();
    for line in rest {
        *families.entry(line.family).or_default() += 1;
    }
    let parts: Vec<String> = families
        .iter()
        .map(|(family, number)| {
            format!("{number} to {}", family.map_or("other sinks".to_owned(), |family| family.title().to_lowercase()))
        })
        .collect();
    let text = format!("{}: {}.", capital(&count(rest.len(), "further flow", "further flows")), parts.join(", "));
    Draft::new(Field::Flows, "flow.more", 900, text)
        .at(rest.iter().flat_map(|line| line.places.iter().copied()).take(32))
}

/// The addresses of requests, told by their shape: it names parameters and constants in one phrase.
fn urls(view: &View<'_>) -> Vec<Draft> {
    let mut shapes: BTreeMap<(String, String), (Vec<EvidenceId>, EvidenceId)> = BTreeMap::new();
    for event in view.events().filter(|event| event.presumed.is_none()) {
        let Some(arg) = destination(event).filter(|arg| !is_built(view, arg)) else { continue };
        // The new name of a file is no address.
        if Family::of_event(event) != Some(Family::Network) {
            continue;
        }
        if arg.value.shape.is_empty() && known_text(&arg.value).is_none() {
            continue;
        }
        let what = crate::prose::chain::address_label(view, event);
        let text = told_address(view, event, arg);
        // The steps of a path to this address name the lines where it is made.
        let made: Vec<EvidenceId> = view
            .index
            .paths_to(event.evidence)
            .filter(|path| path.sink.kind == "network.destination")
            .filter(|path| text.contains(&format!("`{}`", path.source.symbol)))
            .flat_map(|path| path.steps.iter().skip(1))
            .filter(|step| matches!(step.kind, StepKind::Assign | StepKind::Store | StepKind::Through))
            .map(|step| step.evidence)
            .take(6)
            .collect();
        let entry = shapes.entry((text, what)).or_insert_with(|| (Vec::new(), event.evidence));
        entry.0.push(event.evidence);
        entry.0.extend(made);
    }
    let mut shapes: Vec<_> = shapes.into_iter().collect();
    shapes.sort_by_key(|(_, (_, first))| view.position(*first));
    // The same address, once more behind a call that carries it, tells nothing new.
    let plain: BTreeSet<String> =
        shapes.iter().filter(|((text, _), _)| !text.contains(" through ")).map(|((text, _), _)| text.clone()).collect();
    shapes.retain(|((text, _), _)| {
        text.split_once(" through ").is_none_or(|(head, tail)| !plain.contains(head) || tail.contains(" + "))
    });
    let most = if view.is_file() { 6 } else { 4 };
    let more = shapes.len().saturating_sub(most);
    let mut drafts: Vec<Draft> = shapes
        .into_iter()
        .take(most)
        .enumerate()
        .map(|(at, ((text, what), (places, ..)))| {
            let sentence = format!("{} → {what}{}.", capital(&text), view.places(&places));
            Draft::new(Field::Flows, "flow.url", 60 + i32::try_from(at).unwrap_or(0), sentence).at(places).important(2)
        })
        .collect();
    if more > 0 {
        let sentence = format!("{} built as well.", count(more, "other address is", "other addresses are"));
        drafts.push(Draft::new(Field::Flows, "flow.url", 68, sentence));
    }
    drafts
}

/// Addresses that are constants of the code, where it talks to the network and no request above names them.
fn constants(view: &View<'_>) -> Vec<Draft> {
    let talks: Vec<&Event> = view.events().filter(|event| Family::of_event(event) == Some(Family::Network)).collect();
    if talks.is_empty() || !view.is_file() {
        return Vec::new();
    }
    let named = |text: &str| {
        talks
            .iter()
            .filter_map(|event| destination(event))
            .any(|arg| arg.value.literals.iter().chain(&arg.value.text).any(|literal| literal.contains(text)))
    };
    view.constants()
        .filter_map(|constant| Some((constant, constant.value.text.as_deref()?)))
        .filter(|(_, text)| text.contains("://") || text.contains('/') && !text.contains(' '))
        .filter(|(_, text)| !text.contains(['{', '%']) && !named(text))
        .take(4)
        .map(|(constant, text)| {
            let sentence = format!(
                "{} is the constant {}{}.",
                code(&constant.name),
                code(text),
                view.places(&[constant.evidence])
            );
            Draft::new(Field::Flows, "flow.constant", 70, sentence)
                .at([constant.evidence])
                .symbol(constant.name.as_str())
        })
        .collect()
}

/// Paths of presumed requests that a method gives which was not read.
fn inherited_paths(view: &View<'_>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    if !view.is_file() {
        return drafts;
    }
    let plain = |text: &str| text.chars().all(|character| character.is_alphanumeric() || character == '_');
    for event in view.events().filter(|event| event.presumed.is_some()) {
        // The first argument of a request method is its address.
        let Some(arg) = destination(event).or_else(|| event.args.first()) else { continue };
        let written = view.facts().text(arg.evidence);
        let Some((receiver, method)) = written.strip_suffix("()").and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        if !plain(method) || !plain(receiver) {
            continue;
        }
        let mut places = vec![event.evidence, arg.evidence];
        let is_own = |method: &str| view.functions().any(|function| function.name == method);
        let own = view.numbered_functions().find(|(_, function)| function.name == method);
        let text = if let Some((id, function)) = own {
            // The file's own method may put the path together from an inherited one.
            let own_call = |text: &str| {
                text.strip_suffix("()")
                    .and_then(|name| name.rsplit_once('.'))
                    .is_some_and(|(receiver, method)| plain(receiver) && plain(method) && !is_own(method))
            };
            let unread = view.unmodelled().filter(|call| call.function == id).map(|call| call.evidence);
            let named = unread.map(|place| (view.facts().text(place), place)).find(|(text, _)| own_call(text));
            // Without a place of its own, the shape of the value names it; the method stands for the place.
            let by_shape = || {
                let name = arg.value.shape.split('`').find(|text| own_call(text))?;
                let place = view.events().find(|event| event.function == id).map_or(function.evidence, |e| e.evidence);
                Some((name, place))
            };
            let Some((inherited, place)) = named.or_else(by_shape) else { continue };
            let constants: BTreeSet<&str> = view
                .events()
                .filter(|event| event.function == id)
                .flat_map(|event| event.args.iter().filter_map(|arg| arg.value.text.as_deref()))
                .chain(arg.value.literals.iter().map(AsRef::as_ref))
                .collect();
            let constants: Vec<String> = constants.into_iter().filter(|text| !text.is_empty()).map(code).collect();
            let joined = if constants.is_empty() { String::new() } else { format!(", and of {}", list(&constants, 3)) };
            places.push(place);
            format!(
                "The path of {} comes from {}{}: it is made of {}, which is not defined here{joined}{}.",
                spoken(view, event),
                code(written),
                view.places(&[event.evidence]),
                code(inherited),
                view.places(&[place])
            )
        } else {
            format!(
                "The path of {} comes from {}, which is not defined here{}.",
                spoken(view, event),
                code(written),
                view.places(&[event.evidence])
            )
        };
        if drafts.iter().all(|draft| draft.text != text) {
            drafts.push(Draft::new(Field::Flows, "flow.inherited-path", 72, text).at(places).presumed(true));
        }
    }
    drafts
}

/// Whose host the presumed requests go to, where no request names one: that of the client that a constructor hands to
/// its base class.
fn client_host(view: &View<'_>) -> Option<Draft> {
    const CLIENTS: [&str; 4] = ["client", "session", "connection", "transport"];
    let sends: Vec<&Event> = view.events().filter(|event| Family::of_event(event) == Some(Family::Network)).collect();
    let named = view.constants().any(|constant| constant.value.literals.iter().any(|text| text.contains("://")))
        || sends.iter().flat_map(|event| &event.args).any(|arg| !hosts(&arg.value).is_empty());
    if !view.is_file() || named || sends.is_empty() || sends.iter().any(|event| event.presumed.is_none()) {
        return None;
    }
    let classes: BTreeSet<_> = sends.iter().filter_map(|event| view.function(event.function)?.class).collect();
    let client = |name: &str| CLIENTS.iter().any(|word| name.to_lowercase().contains(word));
    view.numbered_functions()
        .filter(|(_, function)| function.class.is_some_and(|class| classes.contains(&class)))
        .filter(|(_, function)| function.name.starts_with("__init__") || function.name == "constructor")
        .find_map(|(id, function)| {
            let name = function.params.iter().find(|name| client(name))?;
            // A constructor that calls one of its own name hands its arguments on.
            let calls = function.calls.iter().map(|(_, place)| *place);
            let unread = view.unmodelled().filter(|call| call.function == id).map(|call| call.evidence);
            let given = calls.chain(unread).find(|place| {
                view.facts().text(*place).rsplit_once(&format!(".{}(", function.name)).is_some_and(|(_, given)| {
                    given
                        .trim_end_matches(')')
                        .split(',')
                        .any(|arg| arg.rsplit('=').next().unwrap_or(arg).trim() == name.as_str())
                })
            });
            let gets =
                given.map(|place| format!(", which the base class gets{}", view.places(&[place]))).unwrap_or_default();
            let text = format!(
                "No host is named here: it is presumably that of the client, {}{}{gets}.",
                parameter(view, id, name),
                view.places(&[function.evidence])
            );
            Some(
                Draft::new(Field::Flows, "flow.host", 74, text)
                    .at(given.into_iter().chain([function.evidence]))
                    .symbol(name.as_str())
                    .presumed(true),
            )
        })
}

/// What a flow is worth to a reader who has to decide, 0 to 9.
fn weight(path: &Path) -> u32 {
    let source = interest(&path.source.kind);
    let sink = match path.sink.kind.as_str() {
        "network.send" | "process.command" | "code.execute" | "memory.execute" | "persistence" => 3,
        "code.load" | "file.write" | "network.destination" | "page.input" | "deserialize" | "database.query" => 2,
        _ => 0,
    };
    if sink == 0 { source.min(2) } else { source + sink - 1 }
}

fn order(path: &Path) -> usize {
    Family::of_sink(&path.sink.kind).map_or(99, |family| family as usize)
}

/// Kinds of source whose values leave by the network, with the places, for the analysis.
pub(crate) fn sent(view: &View<'_>) -> BTreeMap<String, Vec<EvidenceId>> {
    let mut sent: BTreeMap<String, Vec<EvidenceId>> = BTreeMap::new();
    // What a client calls itself tells of nobody.
    let agent = |path: &Path| {
        path.sink.arg == "headers" && path.source.detail.as_deref().is_some_and(|name| name.contains("user_agent"))
    };
    let sending = view.paths().filter(|path| path.sink.kind == "network.send" && path.presumed.is_none());
    for path in sending.filter(|path| !agent(path)) {
        sent.entry(path.source.kind.to_string()).or_default().push(path.sink.evidence);
    }
    sent
}
