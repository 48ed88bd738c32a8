//! A review for a reader at a terminal: the verdict, the twelve fields, the reasons for the scores, behaviors with
//! their code, flows, and for a package the files that matter.

use anstyle::Style;
use sluice_review::model::{BehaviorMatch, Change, Claim, Coverage, FileReview, FlowPath, Polarity, Report, Scores};
use sluice_review::{Review, Verdict};

use crate::Look;
use crate::frame::{MAX_PLACES, Place, Tone, frame, path_places};
use crate::page::{BAD, FAINT, GOOD, PLAIN, Page, STRONG, WARN};

/// Flows, files and unread entries beyond these are counted in one line; JSON holds all of them.
const MAX_FLOWS: usize = 12;
const MAX_FILES: usize = 20;
const MAX_UNREAD: usize = 10;
/// Matches of one behavior that are shown.
const MAX_MATCHES: usize = 3;
/// Paths whose code is shown for one match.
const MAX_FRAMES: usize = 2;

/// The review as text with a final line break.
#[must_use]
pub fn text(review: &Review, look: Look) -> String {
    let mut page = Page::new(look);
    verdict_line(&mut page, &review.target, review.verdict, &review.report);
    digest_line(&mut page, review);
    for (name, prose) in review.report.prose() {
        section(&mut page, name);
        page.prose(2, prose);
    }
    numbers(&mut page, review);
    behaviors(&mut page, review);
    flows(&mut page, review);
    layers(&mut page, review);
    files(&mut page, review);
    coverage(&mut page, review);
    page.finish()
}

fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Benign => GOOD,
        Verdict::Inconclusive => WARN,
        Verdict::Malicious => BAD,
    }
}

fn verdict_line(page: &mut Page, target: &str, verdict: Verdict, report: &Report) {
    page.put(STRONG, target);
    page.put(PLAIN, ": ");
    page.put(verdict_style(verdict), verdict.word());
    let scores: Vec<String> =
        [("malware", report.malware), ("obfuscated", report.obfuscated), ("securityRisk", report.security_risk)]
            .into_iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
    page.put(PLAIN, &format!(" ({}; confidence {})", scores.join(", "), report.confidence));
    page.end();
}

fn digest_line(page: &mut Page, review: &Review) {
    let mut parts = vec![review.engine.clone()];
    if !review.digest.is_empty() {
        parts.push(review.digest.clone());
    }
    page.line(FAINT, &parts.join(" · "));
}

fn section(page: &mut Page, name: &str) {
    page.end();
    let mut letters = name.chars();
    let title: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    page.line(STRONG, &title);
}

fn numbers(page: &mut Page, review: &Review) {
    section(page, "scores");
    for ((name, value), changes) in review.report.numbers().into_iter().zip(by_number(&review.scores)) {
        page.put(PLAIN, &format!("  {name:<12}  "));
        page.put(STRONG, &value.to_string());
        page.end();
        for change in changes {
            let reason = reason(&review.claims, change);
            page.hanging(&format!("    {:>+7.2}  ", change.change), &" ".repeat(13), &reason);
        }
    }
    let number = review.report.report_number;
    let leader = usize::try_from(number)
        .ok()
        .and_then(|number| review.panel.reports.get(number.checked_sub(1)?))
        .map_or_else(String::new, |report| format!(" ({})", report.reviewer));
    let critiques = review.panel.critiques.len();
    page.line(
        FAINT,
        &format!(
            "  Report {number}{leader} of {} leads; {} by the critics.",
            review.panel.reports.len().max(1),
            count(critiques, "remark", "remarks")
        ),
    );
}

fn by_number(scores: &Scores) -> [&[Change]; 4] {
    [&scores.confidence, &scores.obfuscated, &scores.malware, &scores.security_risk]
}

/// The claim behind a change in its own words, with its id for who looks it up in the JSON.
fn reason(claims: &[Claim], change: &Change) -> String {
    match claims.iter().find(|claim| claim.id == change.claim) {
        Some(claim) => format!("{} [{}]", claim.text, claim.id),
        None => change.claim.clone(),
    }
}

fn behaviors(page: &mut Page, review: &Review) {
    if review.behaviors.is_empty() {
        return;
    }
    section(page, "behaviors");
    let mut matches: Vec<(&str, usize)> = Vec::new();
    for behavior in &review.behaviors {
        let number = match matches.iter_mut().find(|(id, _)| *id == behavior.id) {
            Some((_, number)) => {
                *number += 1;
                *number
            }
            None => {
                if !matches.is_empty() {
                    page.end();
                }
                matches.push((&behavior.id, 1));
                1
            }
        };
        if number <= MAX_MATCHES {
            one_behavior(page, review, behavior);
        }
    }
    for (id, number) in matches {
        if let Some(rest) = number.checked_sub(MAX_MATCHES).filter(|rest| *rest > 0) {
            page.line(FAINT, &format!("  … and {} of {id}", count(rest, "further match", "further matches")));
        }
    }
}

fn one_behavior(page: &mut Page, review: &Review, behavior: &BehaviorMatch) {
    let presumed = if behavior.presumed { " (presumed)" } else { "" };
    let title = format!("{}{presumed}", behavior.title);
    match behavior.stance.as_str() {
        "malicious" => frames(page, review, behavior, Tone::Bad, &format!("behavior {}", behavior.id), &title),
        "weakness" => frames(page, review, behavior, Tone::Warn, &format!("weakness {}", behavior.id), &title),
        // What honest code does is said and not shown.
        _ => page.hanging("  ", "    ", &format!("{}: {title}", behavior.id)),
    }
    page.prose(2, &behavior.sentence);
    page.prose(2, &format!("{} See `sluice explain {}`.", behavior.advice, behavior.id));
    let mut labels: Vec<String> = behavior.attack.clone();
    labels.extend(behavior.cwe.iter().map(|number| format!("CWE-{number}")));
    if !labels.is_empty() {
        page.line(FAINT, &format!("  {}", labels.join(", ")));
    }
}

/// The code of a behavior: its paths, or, where it has none, its places.
fn frames(page: &mut Page, review: &Review, behavior: &BehaviorMatch, tone: Tone, name: &str, title: &str) {
    let look = page.look();
    let paths: Vec<Vec<Place<'_>>> =
        behavior.paths.iter().map(|id| path_places(review, id)).filter(|places| !places.is_empty()).collect();
    for places in paths.iter().take(MAX_FRAMES) {
        page.rendered(&frame(look, tone, name, title, places));
    }
    left_out(page, paths.len().saturating_sub(MAX_FRAMES), "further path", "further paths");
    if paths.is_empty() {
        let evidence = behavior.evidence.iter().filter_map(|id| review.evidence(id));
        let places: Vec<Place<'_>> = evidence.map(|evidence| Place { evidence, label: String::new() }).collect();
        page.rendered(&frame(look, tone, name, title, &places));
        left_out(page, places.len().saturating_sub(MAX_PLACES), "further place", "further places");
    }
}

fn left_out(page: &mut Page, number: usize, one: &str, many: &str) {
    if number > 0 {
        page.line(FAINT, &format!("  … and {}", count(number, one, many)));
    }
}

fn flows(page: &mut Page, review: &Review) {
    if review.paths.is_empty() {
        return;
    }
    section(page, "paths");
    for path in review.paths.iter().take(MAX_FLOWS) {
        page.hanging("  ", "    ", &flow_sentence(review, path));
    }
    left_out(page, review.paths.len().saturating_sub(MAX_FLOWS), "further path", "further paths");
}

/// One path in a line: `` `kwargs` → `body` → `json.dumps()` → network.send (requests.Session.post), api.py:16–48 ``.
fn flow_sentence(review: &Review, path: &FlowPath) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in &path.words {
        if words.last() != Some(word) {
            words.push(word.clone());
        }
    }
    let mut sentence = if words.is_empty() {
        format!("{} `{}` → {} `{}`", path.source.kind, path.source.symbol, path.sink.kind, path.sink.symbol)
    } else {
        format!("{}: {} ({})", path.source.kind, words.join(" → "), path.sink.kind)
    };
    if let (Some(from), Some(to)) = (review.evidence(&path.source.evidence), review.evidence(&path.sink.evidence)) {
        let (first, last) = (from.start.line, to.start.line);
        if from.file == to.file && first == last {
            sentence.push_str(&format!(", {}:{first}", from.file));
        } else if from.file == to.file {
            sentence.push_str(&format!(", {}:{}–{}", from.file, first.min(last), first.max(last)));
        } else {
            sentence.push_str(&format!(", {}:{first} to {}:{last}", from.file, to.file));
        }
    }
    if !path.entry.is_empty() {
        sentence.push_str(&format!(", at {}", path.entry.join(", ")));
    }
    if let Some(why) = &path.presumed {
        sentence.push_str(&format!(", presumed: {why}"));
    }
    sentence
}

fn layers(page: &mut Page, review: &Review) {
    if review.layers.is_empty() {
        return;
    }
    section(page, "layers");
    for layer in &review.layers {
        let codings = if layer.codings.is_empty() { "plain text".to_owned() } else { layer.codings.join(" → ") };
        let line = review.evidence(&layer.evidence).map_or_else(String::new, |at| format!(":{}", at.start.line));
        page.hanging("  ", "    ", &format!("{}: {} from {}{line}, {codings}", layer.id, layer.language, layer.file));
        let mut lines = layer.text.lines().filter(|line| !line.trim().is_empty());
        for line in lines.by_ref().take(6) {
            let cut: String = line.chars().take(page.look().width.saturating_sub(6)).collect();
            page.line(FAINT, &format!("    │ {cut}"));
        }
        if layer.cut || lines.next().is_some() {
            page.line(FAINT, "    │ …");
        }
    }
}

/// True if a reader of the package should look at this file: it is under suspicion, carries a behavior that counts,
/// or something odd was found in it.
pub(crate) fn matters(review: &Review, file: &FileReview) -> bool {
    file.verdict != Verdict::Benign
        || file.claims.iter().any(|claim| claim.polarity == Polarity::Positive && claim.field.name() == "anomalies")
        || review
            .behaviors
            .iter()
            .filter(|behavior| behavior.stance != "harmless")
            .flat_map(|behavior| &behavior.evidence)
            .filter_map(|id| review.evidence(id))
            .any(|evidence| evidence.file == file.file)
}

/// The files that matter, the most suspicious first, and how many matter and do not.
pub(crate) fn files_that_matter(review: &Review) -> (Vec<&FileReview>, usize) {
    let mut shown: Vec<&FileReview> = review.files.iter().filter(|file| matters(review, file)).collect();
    let rest = review.files.len() - shown.len();
    shown.sort_by(|a, b| {
        let by_malware = b.scores.malware_log_odds().total_cmp(&a.scores.malware_log_odds());
        let by_risk = b.report.security_risk.total_cmp(&a.report.security_risk);
        by_malware.then(by_risk).then_with(|| a.file.cmp(&b.file))
    });
    (shown, rest)
}

fn files(page: &mut Page, review: &Review) {
    if review.files.is_empty() {
        return;
    }
    section(page, "files");
    let (shown, rest) = files_that_matter(review);
    for file in shown.iter().take(MAX_FILES) {
        page.put(PLAIN, "  ");
        verdict_line(page, &file.file, file.verdict, &file.report);
        for (name, prose) in file.report.prose() {
            if matches!(name, "purpose" | "flows" | "anomalies" | "conclusion") && !prose.is_empty() {
                page.hanging(&format!("    {name}: "), "      ", prose);
            }
        }
    }
    left_out(page, shown.len().saturating_sub(MAX_FILES), "further file with findings", "further files with findings");
    let word = if shown.is_empty() { "file" } else { "other file" };
    page.line(FAINT, &format!("  {} without findings.", count(rest, word, &format!("{word}s"))));
}

fn coverage(page: &mut Page, review: &Review) {
    section(page, "coverage");
    let coverage = &review.coverage;
    page.line(
        PLAIN,
        &format!(
            "  {} analyzed, {}.{}",
            count_u64(coverage.files, "file", "files"),
            count_u64(coverage.bytes, "byte", "bytes"),
            of_all(coverage)
        ),
    );
    let mut unread: Vec<_> = coverage.unread.iter().collect();
    // What the verdict depends on comes first; the sort keeps the order otherwise.
    unread.sort_by_key(|unread| !unread.matters);
    for entry in unread.iter().take(MAX_UNREAD) {
        let word = if entry.matters { "not read, and it could matter" } else { "not read" };
        page.hanging("  ", "    ", &format!("{}: {word}: {}", entry.file, entry.why));
    }
    left_out(page, unread.len().saturating_sub(MAX_UNREAD), "further entry", "further entries");
    for note in coverage.notes.iter().take(MAX_UNREAD) {
        page.hanging("  ", "    ", note);
    }
    left_out(page, coverage.notes.len().saturating_sub(MAX_UNREAD), "further note", "further notes");
}

/// What there is beside the files that were analyzed; empty where that is nothing.
pub(crate) fn of_all(coverage: &Coverage) -> String {
    if coverage.seen <= coverage.files && coverage.data == 0 {
        return String::new();
    }
    let there = count_u64(coverage.seen.max(coverage.files), "file", "files");
    format!(" {there} in all, {} read as data.", coverage.data)
}

/// A number with its noun: `no remarks`, `1 remark`, `2 remarks`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    count_u64(number as u64, one, many)
}

fn count_u64(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}
