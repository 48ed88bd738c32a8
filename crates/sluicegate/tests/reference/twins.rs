//! Files of the same shapes as the two reference files, which are our own, with one fact changed at a time.
//!
//! `tests/twins/<shape>/base.py` is the file, the others differ from it by one fact. Beside each stands a `.diff`, written
//! from the source, that says how the review differs from that of `base.py`; everything it does not name is the same:
//!
//! - `- fact`: it is no longer there;
//! - `+ fact: what @lines`: it is new;
//! - `~ fact: what @lines`: what it says, or where, has changed. Lines that the change of the source has moved count as
//!   the same;
//! - `? words` and `! words`: the report says them, or must not say them. They are names of the source and words that no
//!   true sentence on it can do with or without.
//!
//! Facts are paths, dead stores, unused helpers, raises, handlers, destinations, presumed calls, constants, behaviors, the
//! verdict, the numbers `malware` and `obfuscated`, and claims: of these the words stand in no file, but are compared with
//! those of the claim on `base.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use sluicegate::Facts;

use crate::subject::Subject;

/// What is said of a fact, and the lines where.
type Said = (String, Vec<u32>);

/// One trial for each file, but the bases.
pub fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twins");
    let mut trials = Vec::new();
    for shape in ["request", "sync_tables"] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(root.join(shape)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.retain(|file| file.extension().is_some_and(|end| end == "py") && !file.ends_with("base.py"));
        let count = files.len();
        trials.push(Trial::test(format!("twins::{shape}_has_at_least_eight"), move || {
            assert!(count >= 8, "{count}");
            Ok(())
        }));
        for file in files {
            let base = root.join(shape).join("base.py");
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            trials.push(Trial::test(format!("twins::{shape}::{name}"), move || judge(&base, &file)));
        }
    }
    trials
}

/// A file whose `.diff` has a line `# known miss: why` must fail, so that the label goes when the miss does.
fn judge(base: &Path, file: &Path) -> Result<(), Failed> {
    let labelled = fs::read_to_string(file.with_extension("diff"))
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("# known miss: ")));
    match (compare(base, file), labelled) {
        (Ok(()), true) => Err(format!("{}: no longer missed, take the label out", file.display()).into()),
        (Err(_), true) => Ok(()),
        (result, false) => result,
    }
}

fn compare(base: &Path, file: &Path) -> Result<(), Failed> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (base, text) = (read(base), read(file));
    let expected = read(&file.with_extension("diff"));
    let expected: Vec<&str> = expected.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let (words, expected): (Vec<&str>, Vec<&str>) = expected.iter().partition(|line| line.starts_with(['?', '!']));
    assert!(!expected.is_empty(), "a twin differs from its base");
    // The same name for both, which is no fact of the source.
    let (before, after) = (Subject::of_file("twin.py", &base), Subject::of_file("twin.py", &text));
    let found = differences(&normal(&before), &normal(&after), &moved(&base, &text));
    let missing: Vec<_> = expected.iter().filter(|line| !found.iter().any(|other| other == *line)).collect();
    let surplus: Vec<_> = found.iter().filter(|line| !expected.contains(&line.as_str())).collect();
    let report = after.report().prose().map(|(_, text)| text).join("\n");
    let wrong: Vec<_> = words
        .iter()
        .filter(|line| report.contains(line.get(2..).unwrap_or_default()) != line.starts_with('?'))
        .collect();
    if missing.is_empty() && surplus.is_empty() && wrong.is_empty() {
        return Ok(());
    }
    let mut message = format!("{}\n", file.display());
    for line in missing {
        message.push_str(&format!("expected, not found: {line}\n"));
    }
    for line in surplus {
        message.push_str(&format!("found, not expected: {line}\n"));
    }
    for line in wrong {
        message.push_str(&format!("words: {line}\n{report}\n"));
    }
    Err(message.into())
}

/// For each line of `base` (from 1) the line of `other` that it has become, if it has not been taken out.
fn moved(base: &str, other: &str) -> BTreeMap<u32, u32> {
    let (a, b): (Vec<&str>, Vec<&str>) =
        (base.lines().map(str::trim).collect(), other.lines().map(str::trim).collect());
    // Length of the longest common subsequence of the two rests.
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let mut same = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            same.push((i, j));
            i += 1;
            j += 1;
        } else if common[i + 1][j] >= common[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    same.push((a.len(), b.len()));
    let mut map = BTreeMap::new();
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in same {
        // A line that is written anew in its place is still that line.
        if next_i - i == next_j - j {
            map.extend((i..next_i).zip(j..next_j));
        }
        map.insert(next_i, next_j);
        (i, j) = (next_i + 1, next_j + 1);
    }
    map.into_iter().map(|(from, to)| (from as u32 + 1, to as u32 + 1)).collect()
}

fn differences(
    base: &BTreeMap<String, Said>,
    other: &BTreeMap<String, Said>,
    moved: &BTreeMap<u32, u32>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (fact, (said, lines)) in base {
        match other.get(fact) {
            None => found.push(format!("- {fact}")),
            Some((now, at)) => {
                let same: Vec<_> = lines.iter().map(|line| moved.get(line).copied()).collect();
                let at_same: Vec<_> = at.iter().copied().map(Some).collect();
                if said != now || same != at_same {
                    found.push(shown('~', fact, now, at));
                }
            }
        }
    }
    found.extend(
        other.iter().filter(|(fact, _)| !base.contains_key(*fact)).map(|(fact, (said, at))| shown('+', fact, said, at)),
    );
    found.sort();
    found
}

fn shown(sign: char, fact: &str, said: &str, lines: &[u32]) -> String {
    let mut text = format!("{sign} {fact}");
    if !said.is_empty() && !fact.starts_with("claim") && !fact.starts_with("score") {
        text.push_str(": ");
        text.push_str(said);
    }
    if !lines.is_empty() && fact != "claim flow" {
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        text.push_str(" @");
        text.push_str(&lines.join(","));
    }
    text
}

/// The facts of a review by name, with what is said of each.
fn normal(subject: &Subject) -> BTreeMap<String, Said> {
    let mut all: Vec<(String, String, Vec<u32>)> = Vec::new();
    paths(subject, &mut all);
    code(&subject.facts, &mut all);
    let review = &subject.review;
    claims(subject, &mut all);
    for behavior in &review.behaviors {
        all.push((format!("behavior {}", behavior.id), String::new(), Vec::new()));
    }
    all.push((format!("verdict {}", review.verdict.word()), String::new(), Vec::new()));
    for (name, value) in [("malware", review.report.malware), ("obfuscated", review.report.obfuscated)] {
        all.push((format!("score {name}"), value.to_string(), Vec::new()));
    }
    all.sort_by(|a, b| (&a.0, &a.2, &a.1).cmp(&(&b.0, &b.2, &b.1)));
    let mut facts: BTreeMap<String, Said> = BTreeMap::new();
    for (fact, said, lines) in all {
        let fact = fact.trim_end().to_owned();
        let mut name = fact.clone();
        let mut number = 1;
        while facts.contains_key(&name) {
            number += 1;
            name = format!("{fact} #{number}");
        }
        facts.insert(name, (said, lines));
    }
    facts
}

/// Kinds of claim that one review makes several of, and puts together in its own way: they count as one fact.
const TOGETHER: [&str; 2] = ["flow", "sink.presumed"];

/// Claims by kind, and by what they are about where a review can have several of the kind.
fn claims(subject: &Subject, all: &mut Vec<(String, String, Vec<u32>)>) {
    for kind in TOGETHER {
        let mut texts: Vec<_> = subject.claims_of(kind).map(|claim| without_lines(&claim.text)).collect();
        texts.sort();
        let mut lines: Vec<u32> = subject.claims_of(kind).flat_map(|claim| claim.lines.clone()).collect();
        lines.sort_unstable();
        lines.dedup();
        if !texts.is_empty() {
            all.push((format!("claim {kind}"), texts.join(" "), lines));
        }
    }
    for claim in &subject.review.claims {
        let about = match claim.kind.as_str() {
            // What could not be read is coverage, and no fact of the file.
            "unmodelled" => continue,
            kind if TOGETHER.contains(&kind) => continue,
            // The function, or the call on the last line.
            "source.parameter" | "flow.url" | "purpose.request" => {
                let last = claim.evidence.iter().map(|id| subject.place(id)).max_by_key(|place| place.start);
                last.and_then(|place| place.symbol.clone()).unwrap_or_default()
            }
            kind if ["sink.", "handler.", "raise", "destination", "import", "machine"]
                .iter()
                .any(|start| kind.starts_with(start)) =>
            {
                String::new()
            }
            _ => claim.symbol.clone().unwrap_or_default(),
        };
        all.push((format!("claim {} {about}", claim.kind), without_lines(&claim.text), claim.lines.clone()));
    }
}

fn paths(subject: &Subject, all: &mut Vec<(String, String, Vec<u32>)>) {
    for path in &subject.review.paths {
        let (source, sink) = (&path.source, &path.sink);
        let name = format!(
            "path {} {} of {} -> {} {}({}) of {}",
            source.kind,
            source.symbol,
            source.function,
            sink.kind,
            sink.symbol,
            sink.detail.as_deref().unwrap_or(""),
            sink.function
        );
        let mut said: Vec<String> = source.detail.iter().cloned().collect();
        said.extend(path.presumed.iter().map(|_| "presumed".to_owned()));
        said.extend(
            path.guards.iter().map(|guard| format!("{}{}", if guard.holds { "if " } else { "unless " }, guard.text)),
        );
        said.extend(path.entry.iter().map(|entry| format!("on {entry}")));
        let mut lines: Vec<u32> = path.steps.iter().map(|id| subject.place(id).start.line).collect();
        lines.dedup();
        all.push((name, said.join("; "), lines));
    }
}

fn code(facts: &Facts, all: &mut Vec<(String, String, Vec<u32>)>) {
    let function = |id| facts.function(id).map_or("?", |function| function.qualified.as_str());
    for store in &facts.dead_stores {
        let mut said: Vec<String> = store.lost.iter().map(|name| format!("loses {name}")).collect();
        said.extend(store.shadowed.iter().map(|(key, value)| format!("fixes {key} at {value}")));
        let mut lines: Vec<_> = store.container.iter().map(|place| facts.line(*place)).collect();
        lines.push(facts.line(store.evidence));
        let key = store.key.as_deref().map_or(String::new(), |key| format!("[{key}]"));
        all.push((
            format!("dead-store {}{key} of {}", store.variable, function(store.function)),
            said.join("; "),
            lines,
        ));
    }
    for helper in &facts.unused_helpers {
        let lines = vec![facts.line(helper.sibling_call)];
        let said = format!("{} instead, {}", helper.sibling, helper.unused.join(", "));
        all.push((format!("unused-helper {} for {}", function(helper.helper), function(helper.user)), said, lines));
    }
    for raise in &facts.raises {
        let mut said: Vec<String> = raise
            .guards
            .iter()
            .map(|guard| format!("{}{}", if guard.holds { "if " } else { "unless " }, guard.text))
            .collect();
        if raise.passes_caught {
            said.push("what was caught".to_owned());
        }
        let name = format!("raise {}({}) of {}", raise.exception, raise.args.join(", "), function(raise.function));
        all.push((name, said.join("; "), vec![facts.line(raise.evidence)]));
    }
    for handler in &facts.handlers {
        let what = if handler.exceptions.is_empty() { "everything".to_owned() } else { handler.exceptions.join(", ") };
        let mut said = Vec::new();
        for (is, word) in
            [(handler.broad, "broad"), (handler.swallows, "swallows"), (handler.import_fallback, "fall-back")]
        {
            said.extend(is.then_some(word));
        }
        let name = format!("handler of {what} in {}", function(handler.function));
        all.push((name, said.join("; "), vec![facts.line(handler.evidence)]));
    }
    for event in &facts.events {
        for arg in event.args.iter().filter(|arg| arg.roles.iter().any(|role| role == "network.destination")) {
            let name = format!("destination of {} in {}", event.symbol, function(event.function));
            all.push((name, arg.value.patterns.join(" or "), vec![facts.line(event.evidence)]));
        }
        if event.presumed.is_some() {
            let name = format!("presumed {} in {}", event.symbol, function(event.function));
            all.push((name, String::new(), vec![facts.line(event.evidence)]));
        }
    }
    for constant in &facts.constants {
        let said = constant.value.text.as_deref().unwrap_or("").to_owned();
        all.push((format!("constant {}", constant.name), said, vec![facts.line(constant.evidence)]));
    }
}

/// A text without the numbers of lines that it holds: `(22, 48)`, `line 48`.
fn without_lines(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        out.push_str(before);
        out.push('(');
        rest = match after.split_once(')') {
            Some((inside, behind)) if inside.chars().all(|c| c.is_ascii_digit() || ", –;".contains(c)) => {
                out.push(')');
                behind
            }
            _ => after,
        };
    }
    out.push_str(rest);
    let mut pieces = out.split("line ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + "line " + piece.trim_start_matches(|c: char| c.is_ascii_digit()))
}
