//! Reads behaviors from their pages, and checks them.
//!
//! A page is TOML front matter between two lines `+++`, then Markdown whose code fences are tests. Every name in the
//! front matter is checked against the closed lists, so that a misspelled kind is an error with its line and never a
//! rule that silently matches nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use smol_str::SmolStr;
use toml::Spanned;

use crate::behavior::{
    ARG_PREFIX, ArgPredicate, Behavior, Body, Example, ExampleFile, Expectation, PSEUDO_ROLES, Pattern, Rule,
    SOURCE_PREFIX, SOURCE_ROLES, Stance, Step, inflate,
};
use crate::classes::Classes;
use crate::kinds;

/// The line that opens and closes the front matter.
const FENCE: &str = "+++";

/// The least number of harmless examples that a page with a rule against something must hold.
pub const MIN_HARMLESS: usize = 3;

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct PageError {
    /// The page, as `family/name.md`.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// The reason, a clause without a final stop.
    pub reason: String,
}

/// A page as `build.rs` packs it.
pub(crate) struct Packed {
    pub id: &'static str,
    pub front: (usize, usize),
    pub body_line: u32,
    pub body: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The behaviors built into the binary, ordered by id.
///
/// # Errors
/// The first page that does not hold what the grammar asks for. A test reads all of them with [`parse`], so a binary
/// that was tested never gives one.
pub fn embedded(classes: &Classes) -> Result<Vec<Behavior>, PageError> {
    let fronts = inflate(FRONTS).ok_or_else(|| PageError {
        file: "behaviors".to_owned(),
        line: 0,
        reason: "the packed pages are damaged".to_owned(),
    })?;
    PAGES
        .iter()
        .map(|page| {
            let front = fronts.get(page.front.0..page.front.1).unwrap_or_default();
            front_matter(page.id, front, Body::deflated(page.body, page.body_line), classes)
        })
        .collect()
}

/// Reads one page and checks it whole, its examples included.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn parse(id: &str, text: &str, classes: &Classes) -> Result<Behavior, PageError> {
    let (front, body, body_line) = split(text).ok_or_else(|| PageError {
        file: format!("{id}.md"),
        line: 1,
        reason: "the page must start with front matter between two lines `+++`".to_owned(),
    })?;
    let behavior = front_matter(id, front, Body::plain(body, body_line), classes)?;
    let steps = behavior.rules.iter().flat_map(|rule| rule.steps.iter().chain(&rule.absent));
    let patterns = steps.flat_map(|step| {
        let with = step.with.iter().flat_map(|with| with.matches.iter().chain(&with.matches_not));
        with.chain(&step.guard_matches).chain(&step.guard_matches_not)
    });
    for pattern in patterns {
        pattern.check().map_err(|error| {
            let line = front.lines().position(|line| line.contains(pattern.as_str())).unwrap_or(0);
            let line = u32::try_from(line).unwrap_or(u32::MAX).saturating_add(2);
            PageError { file: format!("{id}.md"), line, reason: format!("not a regular expression: {error}") }
        })?;
    }
    check_body(&behavior, body, body_line)?;
    Ok(behavior)
}

/// The front matter, what follows it, and the line on which that starts.
fn split(text: &str) -> Option<(&str, &str, u32)> {
    let rest = text.strip_prefix(FENCE)?.strip_prefix('\n')?;
    let end = rest.find("\n+++\n")?;
    let front = rest.get(..=end)?;
    let body = rest.get(end + FENCE.len() + 2..)?;
    let line = u32::try_from(front.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(3);
    Some((front, body, line))
}

/// A list that may be written as one text.
#[derive(Default)]
struct List(Vec<SmolStr>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = List;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a text or a list of texts")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<List, E> {
                Ok(List(vec![text.into()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<List, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element::<SmolStr>()? {
                    list.push(item);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

type Names = Option<Spanned<List>>;
type Word = Option<Spanned<SmolStr>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPage {
    title: Spanned<String>,
    stance: Stance,
    specificity: Spanned<f64>,
    severity: Spanned<f64>,
    #[serde(default)]
    attack: Names,
    #[serde(default)]
    cwe: Vec<u32>,
    sentence: Spanned<String>,
    advice: Spanned<String>,
    rule: Spanned<Vec<Spanned<RawRule>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default)]
    name: SmolStr,
    #[serde(default)]
    sentence: Option<Spanned<String>>,
    #[serde(default)]
    step: Vec<Spanned<RawStep>>,
    #[serde(default)]
    absent: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    #[serde(default)]
    name: Word,
    #[serde(default)]
    source: Names,
    #[serde(default)]
    sink: Names,
    #[serde(default)]
    event: Names,
    #[serde(default)]
    symbol: Names,
    #[serde(default)]
    symbol_not: Names,
    #[serde(default)]
    source_symbol: Names,
    source_symbol_not: Names,
    #[serde(default)]
    bind: BTreeMap<SmolStr, Spanned<SmolStr>>,
    #[serde(default)]
    with: BTreeMap<SmolStr, Spanned<RawPredicate>>,
    #[serde(default)]
    after: Word,
    #[serde(default)]
    near: Word,
    #[serde(default)]
    other_file: Word,
    #[serde(default)]
    through: Word,
    #[serde(default)]
    entry: Names,
    #[serde(default)]
    layer: Option<bool>,
    #[serde(default)]
    codings: u32,
    #[serde(default)]
    guard: Names,
    #[serde(default)]
    guard_not: Names,
    #[serde(default)]
    guard_matches: Option<SmolStr>,
    #[serde(default)]
    guard_matches_not: Option<SmolStr>,
    #[serde(default)]
    silent: Option<bool>,
    dropped: Option<bool>,
    acts: Option<bool>,
    #[serde(default)]
    looped: Option<bool>,
    dense: Option<bool>,
    #[serde(default)]
    source_near: bool,
    #[serde(default)]
    reached: bool,
    #[serde(default)]
    distinct: u32,
    #[serde(default)]
    presumed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPredicate {
    #[serde(default)]
    is: Names,
    #[serde(default)]
    is_not: Names,
    #[serde(default)]
    matches: Option<SmolStr>,
    #[serde(default)]
    matches_not: Option<SmolStr>,
    #[serde(default)]
    known: Option<bool>,
    #[serde(default)]
    literal: Option<bool>,
    #[serde(default)]
    decoded: Option<bool>,
    #[serde(default)]
    given: Option<bool>,
    #[serde(default)]
    labels: Names,
    #[serde(default)]
    labels_not: Names,
}

/// Turns offsets in the front matter into lines of the page.
struct Place<'a> {
    file: &'a str,
    front: &'a str,
}

impl Place<'_> {
    fn error(&self, offset: usize, reason: impl Into<String>) -> PageError {
        let before = self.front.get(..offset).unwrap_or(self.front);
        // The front matter starts on the second line of the page.
        let line = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(2);
        PageError { file: format!("{}.md", self.file), line, reason: reason.into() }
    }

    fn names(&self, list: Names, what: &str, known: impl Fn(&str) -> bool) -> Result<Vec<SmolStr>, PageError> {
        let Some(list) = list else { return Ok(Vec::new()) };
        let offset = list.span().start;
        let names = list.into_inner().0;
        if names.is_empty() {
            return Err(self.error(offset, format!("an empty list of {what}s fits nothing")));
        }
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(self.error(offset, format!("unknown {what} `{name}`"))),
            None => Ok(names),
        }
    }

    fn share(&self, number: &Spanned<f64>, what: &str) -> Result<f64, PageError> {
        let value = *number.get_ref();
        if (0.0..=1.0).contains(&value) {
            Ok(value)
        } else {
            Err(self.error(number.span().start, format!("{what} must lie between 0 and 1")))
        }
    }
}

fn front_matter(id: &str, front: &str, body: Body, classes: &Classes) -> Result<Behavior, PageError> {
    let place = Place { file: id, front };
    let raw: RawPage = toml::from_str(front)
        .map_err(|error| place.error(error.span().map_or(0, |span| span.start), error.message().trim().to_owned()))?;
    if raw.rule.get_ref().is_empty() {
        return Err(place.error(raw.rule.span().start, "a behavior needs at least one rule"));
    }
    let mut rules = Vec::new();
    let title_at = raw.title.span().start;
    for rule in raw.rule.into_inner() {
        rules.push(read_rule(&place, rule, &raw.sentence, classes)?);
    }
    let behavior = Behavior {
        id: id.into(),
        title: raw.title.into_inner(),
        stance: raw.stance,
        specificity: place.share(&raw.specificity, "specificity")?,
        severity: place.share(&raw.severity, "severity")?,
        attack: place.names(raw.attack, "ATT&CK technique", |name| {
            name.strip_prefix('T').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        })?,
        cwe: raw.cwe,
        sentence: raw.sentence.into_inner(),
        advice: raw.advice.into_inner(),
        rules,
        body,
    };
    if behavior.title.ends_with('.') || behavior.title.is_empty() {
        return Err(place.error(title_at, "a title has words and no final stop"));
    }
    Ok(behavior)
}

fn read_rule(
    place: &Place<'_>,
    raw: Spanned<RawRule>,
    default_sentence: &Spanned<String>,
    classes: &Classes,
) -> Result<Rule, PageError> {
    let rule_at = raw.span().start;
    let raw = raw.into_inner();
    if raw.step.is_empty() {
        return Err(place.error(rule_at, "a rule needs at least one step"));
    }
    let mut names: BTreeSet<SmolStr> = BTreeSet::new();
    let mut variables: BTreeMap<SmolStr, (usize, usize)> = BTreeMap::new();
    let mut steps = Vec::new();
    for step in raw.step {
        let at = step.span().start;
        let step = read_step(place, step, &names, &mut variables, classes)?;
        if step.name.is_empty() {
            return Err(place.error(at, "a step needs a name"));
        }
        if !names.insert(step.name.clone()) {
            return Err(place.error(at, format!("two steps are named `{}`", step.name)));
        }
        steps.push(step);
    }
    let mut absent = Vec::new();
    for step in raw.absent {
        absent.push(read_step(place, step, &names, &mut variables, classes)?);
    }
    if let Some((variable, (_, at))) = variables.iter().find(|(_, (times, _))| *times < 2) {
        return Err(place.error(*at, format!("variable `{variable}` is bound only once and joins nothing")));
    }
    let own = raw.sentence.as_ref();
    let sentence = own.unwrap_or(default_sentence);
    for placeholder in placeholders(sentence.get_ref()) {
        let step = placeholder.split('.').next().unwrap_or_default();
        if !names.contains(step) {
            let reason = format!("the sentence names a step `{step}` that the rule does not have");
            return Err(place.error(own.map_or(rule_at, |own| own.span().start), reason));
        }
        let field = placeholder.get(step.len()..).unwrap_or_default().trim_start_matches('.');
        if !is_field(field) {
            let reason = format!("unknown placeholder `{placeholder}` in the sentence");
            return Err(place.error(sentence.span().start, reason));
        }
    }
    if let [only] = steps.as_mut_slice() {
        only.alone = true;
    }
    Ok(Rule { name: raw.name, sentence: raw.sentence.map(Spanned::into_inner), steps, absent })
}

/// The fields of a placeholder behind the step's name.
pub const FIELDS: &[&str] = &[
    "symbol",
    "line",
    "file",
    "function",
    "destination",
    "kind",
    "guard",
    "sources",
    "source.symbol",
    "source.line",
    "source.noun",
    "source.name",
    "source.phrase",
    "source.file",
    "source.function",
];

fn is_field(field: &str) -> bool {
    FIELDS.contains(&field) || field.strip_prefix("arg.").is_some_and(|role| !role.is_empty())
}

/// The texts between braces.
pub(crate) fn placeholders(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(inside, _)| inside))
}

fn read_step(
    place: &Place<'_>,
    raw: Spanned<RawStep>,
    earlier: &BTreeSet<SmolStr>,
    variables: &mut BTreeMap<SmolStr, (usize, usize)>,
    classes: &Classes,
) -> Result<Step, PageError> {
    let at = raw.span().start;
    let raw = raw.into_inner();
    let any = |_: &str| true;
    let source = place.names(raw.source, "source kind", |name| name == "any" || kinds::is_source(name))?;
    let sink = place.names(raw.sink, "sink kind", kinds::is_sink)?;
    let event = place.names(raw.event, "action or sink kind", |name| kinds::is_action(name) || kinds::is_sink(name))?;
    let symbol = place.names(raw.symbol, "symbol", any)?;
    if source.is_empty() != sink.is_empty() {
        return Err(place.error(at, "a step over a path names both `source` and `sink` (`source = \"any\"` fits all)"));
    }
    if sink.is_empty() && event.is_empty() && symbol.is_empty() {
        return Err(place.error(at, "a step names a path (`source` and `sink`) or an event (`event` or `symbol`)"));
    }
    if !sink.is_empty() && !event.is_empty() {
        return Err(place.error(at, "a step is over a path or over an event, not over both"));
    }
    let is_path = !sink.is_empty();
    let of_path = raw.distinct > 0 || raw.source_near || raw.source_symbol.is_some() || raw.source_symbol_not.is_some();
    if !is_path && of_path {
        let named = "`distinct`, `source_near`, `source_symbol` and `source_symbol_not`";
        return Err(place.error(at, format!("{named} are for steps over a path")));
    }
    let step_of = |word: Word, what: &str| -> Result<Option<SmolStr>, PageError> {
        match word {
            Some(name) if !earlier.contains(name.get_ref()) => Err(place
                .error(name.span().start, format!("`{what}` names `{}`, which is no earlier step", name.get_ref()))),
            other => Ok(other.map(Spanned::into_inner)),
        }
    };
    let after = step_of(raw.after, "after")?;
    let near = step_of(raw.near, "near")?;
    let other_file = step_of(raw.other_file, "other_file")?;
    let through = step_of(raw.through, "through")?;
    let mut bind = BTreeMap::new();
    for (role, variable) in raw.bind {
        check_role(place, &role, is_path, variable.span().start)?;
        let entry = variables.entry(variable.get_ref().clone()).or_insert((0, variable.span().start));
        entry.0 += 1;
        bind.insert(role, variable.into_inner());
    }
    let mut with = Vec::new();
    for (role, predicate) in raw.with {
        check_role(place, &role, is_path, predicate.span().start)?;
        with.push(read_predicate(place, role, predicate.into_inner(), classes)?);
    }
    let guard_kind = |name: &str| kinds::GUARDS.contains(&name);
    Ok(Step {
        name: raw.name.map(Spanned::into_inner).unwrap_or_default(),
        source,
        sink,
        event,
        symbol,
        symbol_not: place.names(raw.symbol_not, "symbol", any)?,
        source_symbol: place.names(raw.source_symbol, "symbol", any)?,
        source_symbol_not: place.names(raw.source_symbol_not, "symbol", any)?,
        bind,
        with,
        after,
        near,
        other_file,
        through,
        alone: false,
        entry: place.names(raw.entry, "entry point", |name| kinds::ENTRIES.contains(&name))?,
        layer: raw.layer,
        codings: raw.codings,
        guard: place.names(raw.guard, "guard", guard_kind)?,
        guard_not: place.names(raw.guard_not, "guard", guard_kind)?,
        guard_matches: raw.guard_matches.map(Pattern::new),
        guard_matches_not: raw.guard_matches_not.map(Pattern::new),
        silent: raw.silent,
        dropped: raw.dropped,
        acts: raw.acts,
        looped: raw.looped,
        dense: raw.dense,
        source_near: raw.source_near,
        reached: raw.reached,
        distinct: raw.distinct,
        presumed: raw.presumed,
    })
}

fn check_role(place: &Place<'_>, roles: &str, is_path: bool, at: usize) -> Result<(), PageError> {
    for role in roles.split('|') {
        let bare = role.strip_prefix(SOURCE_PREFIX).unwrap_or(role);
        if bare.len() < role.len() && !is_path {
            return Err(place.error(at, format!("role `{role}` is for steps over a path")));
        }
        let named = bare.strip_prefix(ARG_PREFIX).is_some_and(|name| !name.is_empty());
        if !named && !PSEUDO_ROLES.contains(&role) && !SOURCE_ROLES.contains(&role) && !kinds::is_role(bare) {
            return Err(place.error(at, format!("unknown role `{role}`")));
        }
    }
    Ok(())
}

fn read_predicate(
    place: &Place<'_>,
    role: SmolStr,
    raw: RawPredicate,
    classes: &Classes,
) -> Result<ArgPredicate, PageError> {
    Ok(ArgPredicate {
        role,
        is: place.names(raw.is, "class of values", |name| classes.knows(name))?,
        is_not: place.names(raw.is_not, "class of values", |name| classes.knows(name))?,
        matches: raw.matches.map(Pattern::new),
        matches_not: raw.matches_not.map(Pattern::new),
        known: raw.known,
        literal: raw.literal,
        decoded: raw.decoded,
        given: raw.given,
        labels: place.names(raw.labels, "source kind", kinds::is_source)?,
        labels_not: place.names(raw.labels_not, "source kind", kinds::is_source)?,
    })
}

/// The Markdown without the fences that are tests.
pub(crate) fn explanation(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut inside = false;
    for line in body.lines() {
        let fence = line.starts_with("```");
        if !inside && !fence {
            text.push_str(line);
            text.push('\n');
        }
        if fence {
            inside = !inside;
        }
    }
    // What introduced the fences leaves runs of blank lines.
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned()
}

/// The examples of a page's body that starts on line `first`.
pub(crate) fn examples(id: &str, body: &str, first: u32) -> Result<Vec<Example>, PageError> {
    let error = |line: u32, reason: String| PageError { file: format!("{id}.md"), line, reason };
    let mut examples: Vec<Example> = Vec::new();
    let mut open: Option<(Info, u32, String)> = None;
    let mut line_number = first;
    for line in body.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let info = Info::parse(info).map_err(|reason| error(line_number, reason))?;
                open = Some((info, line_number, String::new()));
            }
            (Some((_, _, code)), None) => {
                code.push_str(line);
                code.push('\n');
            }
            (Some(_), Some(_)) => {
                if let Some((info, at, code)) = open.take() {
                    close(&mut examples, info, at, code).map_err(|reason| error(at, reason))?;
                }
            }
            (None, None) => {}
        }
        line_number = line_number.saturating_add(1);
    }
    match open {
        Some((_, at, _)) => Err(error(at, "the code fence is not closed".to_owned())),
        None => Ok(examples),
    }
}

fn close(examples: &mut Vec<Example>, info: Info, line: u32, code: String) -> Result<(), String> {
    let Info { language, path, when, expectation } = info;
    let file = ExampleFile { path, language, when, code };
    match expectation {
        Some((expectation, why)) => examples.push(Example { expectation, why, files: vec![file], line }),
        None => {
            let example = examples.last_mut().ok_or("`more` needs an example before it")?;
            if example.files.iter().any(|earlier| earlier.path == file.path) {
                return Err(format!("two files of the example are named `{}`", file.path));
            }
            example.files.push(file);
        }
    }
    Ok(())
}

/// The info string of a fence: `python|javascript [file=PATH] [when=ENTRY] (more | EXPECTATION: why)`.
struct Info {
    language: SmolStr,
    path: SmolStr,
    when: Option<SmolStr>,
    /// `None` for `more`.
    expectation: Option<(Expectation, String)>,
}

impl Info {
    fn parse(info: &str) -> Result<Self, String> {
        let (head, why) = match info.split_once(": ") {
            Some((head, why)) => (head, Some(why.trim())),
            None => (info, None),
        };
        let mut words = head.split_whitespace();
        let language = SmolStr::new(words.next().ok_or("a code fence needs a language")?);
        let path = if language == "javascript" { "example.js" } else { "example.py" };
        let mut parsed = Self { path: path.into(), language, when: None, expectation: None };
        let mut more = false;
        for word in words {
            let expectation = match word {
                "found" => Expectation::Found,
                "harmless" => Expectation::Harmless,
                "found-missed" => Expectation::Missed,
                "false-alarm" => Expectation::FalseAlarm,
                "more" => {
                    more = true;
                    continue;
                }
                _ => match word.split_once('=') {
                    Some(("file", path)) => {
                        parsed.path = path.into();
                        continue;
                    }
                    Some(("when", when)) if kinds::ENTRIES.contains(&when) => {
                        parsed.when = Some(when.into());
                        continue;
                    }
                    _ => return Err(format!("unknown word `{word}` in the info string of a code fence")),
                },
            };
            let why =
                why.filter(|why| !why.is_empty()).ok_or_else(|| format!("`{word}` needs a reason: `{word}: why`"))?;
            parsed.expectation = Some((expectation, why.to_owned()));
        }
        if more == parsed.expectation.is_some() {
            return Err("a code fence needs an expectation (`found: why`, `harmless: why`) or `more`".to_owned());
        }
        Ok(parsed)
    }
}

/// Checks what stands below the front matter.
fn check_body(behavior: &Behavior, body: &str, first: u32) -> Result<(), PageError> {
    let error =
        |line: u32, reason: &str| PageError { file: format!("{}.md", behavior.id), line, reason: reason.to_owned() };
    let examples = examples(&behavior.id, body, first)?;
    let expecting = |found: bool| {
        let wanted = |expectation| match expectation {
            Expectation::Found | Expectation::Missed => found,
            Expectation::Harmless | Expectation::FalseAlarm => !found,
        };
        examples.iter().filter(|example| wanted(example.expectation)).count()
    };
    if expecting(true) == 0 {
        return Err(error(first, "a page needs an example in which the behavior is found"));
    }
    if expecting(false) < MIN_HARMLESS {
        return Err(error(first, "a page needs three harmless examples that differ from the found one by one fact"));
    }
    let text = explanation(body);
    let mut headings = vec!["## What honest code does", "## How to tell"];
    if behavior.stance == Stance::Malicious {
        headings.push("## Where it was seen");
    }
    if behavior.stance == Stance::Harmless {
        headings.retain(|heading| *heading != "## What honest code does");
    }
    match headings.into_iter().find(|heading| !text.lines().any(|line| line == *heading)) {
        Some(heading) => Err(error(first, &format!("the explanation lacks `{heading}`"))),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
