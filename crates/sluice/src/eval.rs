//! `sluice eval`: how good the verdicts are on labelled targets.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sluice_evaluation::{self as evaluation, Bin, Change, Estimate, Families, Fired, Measures, Record, Threshold};
use sluicegate::weights::Features;
use sluicegate::{Field, Options, Review, Verdict};

use crate::cli::{Bars, EvalArgs, EvalFormat, LabelledArgs};
use crate::exit::{Code, Failure};
use crate::review;

/// A target with its label.
#[derive(Clone, Debug)]
struct Labelled {
    path: PathBuf,
    malicious: bool,
    family: Option<String>,
    stratum: Option<String>,
}

/// What is kept of a target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub record: Record,
    digest: String,
    /// The engine that decided: version and digest of its program.
    engine: String,
    /// What tells whether the target is still what was decided on; see [`stamp`].
    #[serde(default)]
    stamp: String,
    verdict: String,
    /// The first claims on its behaviors.
    evidence: Vec<String>,
    /// What its score was computed from.
    #[serde(default)]
    pub features: Features,
    /// Why it could not be reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A whole run, as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    schema: String,
    engine: String,
    seconds: f64,
    /// Targets that could not be reviewed, and stand in no sum.
    #[serde(default)]
    unreviewed: usize,
    all: Measures,
    families: Families,
    strata: BTreeMap<String, Measures>,
    curve: Vec<Threshold>,
    reliability: Vec<Bin>,
    calibration_error: f64,
    between: Option<Estimate>,
    behaviors: BTreeMap<String, Fired>,
    changes: Vec<Change>,
    targets: Vec<Entry>,
}

const SCHEMA: &str = "sluice.eval/1";
/// Targets are reviewed in parts, so that what is done is kept if the run is ended.
const PART: usize = 64;

fn wrong(what: impl Into<String>) -> Failure {
    Failure::Evaluation { what: what.into() }
}

/// The targets that the command line names.
fn labelled(args: &LabelledArgs) -> Result<Vec<Labelled>, Failure> {
    let mut all = Vec::new();
    for list in &args.list {
        let text = fs::read_to_string(list).map_err(|source| Failure::File { path: list.clone(), source })?;
        let folder = list.parent().unwrap_or(Path::new(""));
        let mut first = true;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let header = std::mem::take(&mut first);
            let mut cells = line.split('\t');
            let (path, label) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            let malicious = match label.trim() {
                "malicious" => true,
                "benign" => false,
                "label" if header => continue,
                other => {
                    return Err(wrong(format!(
                        "line {} of `{}` has the label `{other}`, which is neither `malicious` nor `benign`",
                        number + 1,
                        list.display()
                    )));
                }
            };
            let cell = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
            let (family, stratum) = (cell(cells.next()), cell(cells.next()));
            all.push(Labelled { path: folder.join(path), malicious, family, stratum });
        }
    }
    for (folders, malicious) in [(&args.malicious, true), (&args.benign, false)] {
        for folder in folders {
            let mut files = Vec::new();
            archives(folder, &mut files).map_err(|source| Failure::File { path: folder.clone(), source })?;
            files.sort();
            let stratum = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            all.extend(files.into_iter().map(|path| {
                let inside = path.strip_prefix(folder).unwrap_or(&path);
                // `family/…/archive`: an archive that lies in the folder itself is of no family.
                let first = inside.components().next().filter(|_| inside.components().count() > 1);
                let family = first.map(|name| name.as_os_str().to_string_lossy().into_owned());
                Labelled { malicious, family: family.filter(|_| malicious), stratum: stratum.clone(), path }
            }));
        }
    }
    if all.is_empty() {
        return Err(wrong("no target is named: give a list, or folders by `--malicious` and `--benign`"));
    }
    Ok(all)
}

fn archives(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { archives(&entry.path(), into)? } else { into.push(entry.path()) }
    }
    Ok(())
}

/// SHA-256, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The engine: its version, and the digest of the program that runs, since two builds of a version may decide differently.
/// Other weights or another prior decide differently too.
fn engine(options: &Options) -> String {
    let version = concat!("sluice ", env!("CARGO_PKG_VERSION"));
    // A program whose bytes cannot be had is taken to be new each time.
    let build = std::env::current_exe().and_then(fs::read).map_or_else(
        |_| format!("{:?}", std::time::SystemTime::now()),
        |bytes| digest(&bytes).chars().take(16).collect(),
    );
    let weights = options.weights.as_ref().map(|file| digest(file.text().as_bytes()).chars().take(8).collect::<String>());
    let weights = weights.map_or_else(String::new, |digest| format!(", weights {digest}"));
    let prior = options.prior.map_or_else(String::new, |prior| format!(", prior {}", prior.get()));
    format!("{version} ({build}{weights}{prior})")
}

/// What changes when the files of a target do: their names, sizes and contents.
fn stamp(path: &Path) -> String {
    let mut files = Vec::new();
    let is_folder = path.is_dir();
    if is_folder && archives(path, &mut files).is_err() {
        return String::new();
    }
    if !is_folder {
        files.push(path.to_owned());
    }
    files.sort();
    let mut all = String::new();
    for file in files {
        // What is no regular file may never end.
        let known = fs::symlink_metadata(&file).is_ok_and(|data| data.is_file() || (!is_folder && file.is_file()));
        let digest =
            if known { fs::read(&file).map(|bytes| digest(&bytes)).unwrap_or_default() } else { String::new() };
        let _ = writeln!(all, "{digest} {:?}", file.strip_prefix(path).unwrap_or(&file));
    }
    digest(all.as_bytes())
}

fn entry(label: &Labelled, done: Result<Box<Review>, Failure>, engine: &str, stamp: String) -> Entry {
    let target = label.path.display().to_string();
    let record = |called, inconclusive, score, behaviors| Record {
        target: target.clone(),
        malicious: label.malicious,
        called,
        inconclusive,
        score,
        family: label.family.clone(),
        stratum: label.stratum.clone(),
        behaviors,
    };
    match done {
        Ok(review) => {
            let behaviors: BTreeSet<String> = review.behaviors.iter().map(|behavior| behavior.id.to_string()).collect();
            let claims = review.claims.iter().filter(|claim| claim.field == Field::Anomalies);
            let evidence = claims.take(3).map(|claim| claim.text.clone()).collect();
            let verdict = match review.verdict {
                Verdict::Malicious => "malicious",
                Verdict::Benign => "benign",
                Verdict::Inconclusive => "inconclusive",
            };
            Entry {
                record: record(
                    review.verdict == Verdict::Malicious,
                    review.verdict == Verdict::Inconclusive,
                    review.report.malware,
                    behaviors,
                ),
                digest: review.digest.clone(),
                engine: engine.to_owned(),
                stamp,
                verdict: verdict.to_owned(),
                evidence,
                features: review.features.clone(),
                error: None,
            }
        }
        // What cannot be reviewed is told, and is in no sum.
        Err(failure) => Entry {
            record: record(false, true, 0.0, BTreeSet::new()),
            digest: String::new(),
            engine: engine.to_owned(),
            stamp,
            verdict: "inconclusive".to_owned(),
            evidence: Vec::new(),
            features: Features::new(),
            error: Some(failure.to_string()),
        },
    }
}

/// Reviews labelled targets and writes what came out.
pub fn run(args: &EvalArgs) -> Result<Code, Failure> {
    let before = args.against.as_deref().map(read_run).transpose()?;
    let started = Instant::now();
    let weights = review::weights(args.labelled.weights.as_deref())?;
    let options = Options { prior: args.prior, weights, ..Options::default() };
    let (targets, engine) = decided(&args.labelled, &options)?;
    let run = measured(targets, engine, started.elapsed().as_secs_f64(), before.as_ref());
    let out = &args.labelled.out;
    write(&out.join("run.json"), &serde_json::to_string_pretty(&run)?)?;
    write(&out.join("report.html"), &page(&run))?;
    let shown = match args.format {
        EvalFormat::Text => summary(&run),
        EvalFormat::Json => format!("{}\n", serde_json::to_string_pretty(&run)?),
    };
    let mut output = crate::output::Output::open(None)?;
    output.write(&shown)?;
    output.finish()?;
    Ok(if bars_hold(&run, &args.require) { Code::Clean } else { Code::Threshold })
}

/// Reviews what the command line names, or takes up what an earlier run decided; with the engine that decided.
pub fn decided(args: &LabelledArgs, options: &Options) -> Result<(Vec<Entry>, String), Failure> {
    let all = labelled(args)?;
    fs::create_dir_all(&args.out).map_err(|source| Failure::File { path: args.out.clone(), source })?;
    let done_path = args.out.join("done.jsonl");
    let engine = engine(options);
    let mut known: BTreeMap<String, Entry> = BTreeMap::new();
    if args.resume
        && let Ok(text) = fs::read_to_string(&done_path)
    {
        let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
        // What another engine decided is decided anew, and so is what has changed since.
        let own = entries.filter(|entry| entry.engine == engine && entry.error.is_none());
        known.extend(own.map(|entry| (entry.record.target.clone(), entry)));
        known.retain(|target, entry| !entry.stamp.is_empty() && entry.stamp == stamp(Path::new(target)));
    } else {
        write(&done_path, "")?;
    }
    let left: Vec<&Labelled> = all.iter().filter(|one| !known.contains_key(&one.path.display().to_string())).collect();
    let mut reviewed = 0_usize;
    for part in left.chunks(PART) {
        let stamps: Vec<String> = part.iter().map(|one| stamp(&one.path)).collect();
        let mut stamps = stamps.into_iter();
        let paths: Vec<OsString> = part.iter().map(|one| one.path.clone().into_os_string()).collect();
        let mut labels = part.iter();
        let mut lines = String::new();
        let results = review::reviews(&paths, options, args.jobs, args.no_progress)?;
        for done in results {
            let Some(label) = labels.next() else { break };
            let entry = entry(label, done, &engine, stamps.next().unwrap_or_default());
            lines.push_str(&serde_json::to_string(&entry)?);
            lines.push('\n');
            known.insert(entry.record.target.clone(), entry);
        }
        append(&done_path, &lines)?;
        reviewed += part.len();
        if !args.no_progress && left.len() > PART {
            eprintln!("{reviewed} of {} targets reviewed", left.len());
        }
    }
    // The label is the list's of today, whoever decided when; a target that is listed twice counts twice.
    let targets: Vec<Entry> = all
        .iter()
        .filter_map(|one| {
            let mut entry = known.get(&one.path.display().to_string())?.clone();
            entry.record.malicious = one.malicious;
            entry.record.family.clone_from(&one.family);
            entry.record.stratum.clone_from(&one.stratum);
            Some(entry)
        })
        .collect();
    Ok((targets, engine))
}

fn read_run(path: &Path) -> Result<Run, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|error| wrong(format!("`{}` is no run of `sluice eval`: {error}", path.display())))
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Output { what: format!("`{}`", path.display()), source };
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}

pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|source| Failure::Output { what: format!("`{}`", path.display()), source })
}

fn measured(targets: Vec<Entry>, engine: String, seconds: f64, before: Option<&Run>) -> Run {
    let reviewed = targets.iter().filter(|entry| entry.error.is_none());
    let records: Vec<Record> = reviewed.map(|entry| entry.record.clone()).collect();
    let every: Vec<&Record> = records.iter().collect();
    let mut strata: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in &records {
        if let Some(stratum) = &record.stratum {
            strata.entry(stratum.clone()).or_default().push(record);
        }
    }
    let (reliability, calibration_error) = evaluation::reliability(&records);
    let between = records.iter().filter(|record| record.score > 0.2 && record.score < 0.8).count();
    let old: Vec<Record> =
        before.map(|run| run.targets.iter().map(|entry| entry.record.clone()).collect()).unwrap_or_default();
    Run {
        schema: SCHEMA.to_owned(),
        engine,
        seconds,
        unreviewed: targets.len() - records.len(),
        all: evaluation::measures(&every),
        families: evaluation::families(&records),
        strata: strata.into_iter().map(|(name, records)| (name, evaluation::measures(&records))).collect(),
        curve: evaluation::curve(&records),
        reliability,
        calibration_error,
        between: evaluation::share(between, records.len()),
        behaviors: evaluation::by_behavior(&records),
        changes: evaluation::changes(&records, &old),
        targets,
    }
}

/// True if every bar that was asked for holds. A measure that the targets do not give does not hold, and none does while
/// a target could not be reviewed: what is not in a sum must not make it better.
fn bars_hold(run: &Run, bars: &Bars) -> bool {
    let asked = [bars.recall, bars.family_recall, bars.precision, bars.fpr];
    if run.unreviewed > 0 && asked.iter().any(Option::is_some) {
        return false;
    }
    let at_least =
        |bar: Option<f64>, value: Option<Estimate>| bar.is_none_or(|bar| value.is_some_and(|v| v.value >= bar));
    at_least(bars.recall, run.all.recall)
        && at_least(bars.family_recall, run.families.any)
        && at_least(bars.precision, run.all.precision)
        && bars.fpr.is_none_or(|bar| run.all.false_positive_rate.is_some_and(|value| value.value <= bar))
}

pub fn percent(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { value, low, high }) => {
            format!("{:.1} % ({:.1}–{:.1})", value * 100.0, low * 100.0, high * 100.0)
        }
        None => "—".to_owned(),
    }
}

fn number(estimate: Estimate) -> String {
    format!("{:.3} ({:.3}–{:.3})", estimate.value, estimate.low, estimate.high)
}

/// False alarms from the highest score down, then misses from the lowest up.
fn worst(run: &Run) -> (Vec<&Entry>, Vec<&Entry>) {
    let mut alarms: Vec<&Entry> =
        run.targets.iter().filter(|entry| entry.record.called && !entry.record.malicious).collect();
    alarms.sort_by(|a, b| b.record.score.total_cmp(&a.record.score).then(a.record.target.cmp(&b.record.target)));
    let mut misses: Vec<&Entry> =
        run.targets.iter().filter(|entry| !entry.record.called && entry.record.malicious).collect();
    misses.sort_by(|a, b| a.record.score.total_cmp(&b.record.score).then(a.record.target.cmp(&b.record.target)));
    (alarms, misses)
}

fn rows(run: &Run) -> Vec<(String, String)> {
    let counts = run.all.counts;
    vec![
        (
            "targets".to_owned(),
            format!(
                "{}: {} malicious, {} benign, {} verdicts inconclusive, {} not reviewed",
                run.targets.len(),
                counts.found + counts.missed,
                counts.accused + counts.cleared,
                counts.inconclusive,
                run.unreviewed
            ),
        ),
        ("recall".to_owned(), percent(run.all.recall)),
        ("families with one found".to_owned(), percent(run.families.any)),
        ("families with all found".to_owned(), percent(run.families.every)),
        ("precision".to_owned(), percent(run.all.precision)),
        ("false-positive rate".to_owned(), percent(run.all.false_positive_rate)),
        ("F1".to_owned(), number(run.all.f1)),
        ("MCC".to_owned(), number(run.all.mcc)),
        ("calibration error".to_owned(), format!("{:.3}", run.calibration_error)),
        ("scores between 0.2 and 0.8".to_owned(), percent(run.between)),
    ]
}

fn summary(run: &Run) -> String {
    let mut text = String::new();
    for (name, value) in rows(run) {
        let _ = writeln!(text, "{name:<27} {value}");
    }
    for (name, measures) in &run.strata {
        let counts = measures.counts;
        let _ = writeln!(
            text,
            "{:<27} recall {}, accused {}",
            sluicegate::escape(name),
            percent(measures.recall),
            if counts.accused + counts.cleared == 0 { "—".to_owned() } else { percent(measures.false_positive_rate) }
        );
    }
    for change in &run.changes {
        let what = if change.called { "now called malicious" } else { "no longer called malicious" };
        let _ = writeln!(
            text,
            "{} ({}): {what}; appeared: {}; vanished: {}",
            sluicegate::escape(&change.target),
            if change.malicious { "malicious" } else { "benign" },
            change.appeared.join(", "),
            change.vanished.join(", ")
        );
    }
    text
}

/// Text for a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A curve in a square of 300 units, with points of `(x, y)` from 0 to 1.
fn plot(title: &str, x: &str, y: &str, points: &[(f64, f64)], dots: bool) -> String {
    let place = |(a, b): &(f64, f64)| format!("{:.1},{:.1}", 40.0 + a * 250.0, 270.0 - b * 250.0);
    let mut svg = format!(
        "<figure><svg viewBox=\"0 0 310 310\" role=\"img\" aria-label=\"{0}\"><rect x=\"40\" y=\"20\" width=\"250\" height=\"250\" class=\"frame\"/>",
        escaped(title)
    );
    if dots {
        let _ = write!(svg, "<line x1=\"40\" y1=\"270\" x2=\"290\" y2=\"20\" class=\"frame\"/>");
        for point in points {
            let at = place(point);
            let (cx, cy) = at.split_once(',').unwrap_or(("0", "0"));
            let _ = write!(svg, "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"dot\"/>");
        }
    } else {
        let line: Vec<String> = points.iter().map(place).collect();
        let _ = write!(svg, "<polyline points=\"{}\" class=\"line\"/>", line.join(" "));
    }
    let _ = write!(
        svg,
        "<text x=\"165\" y=\"295\" text-anchor=\"middle\">{}</text><text x=\"16\" y=\"145\" text-anchor=\"middle\" transform=\"rotate(-90 16 145)\">{}</text></svg><figcaption>{}</figcaption></figure>",
        escaped(x),
        escaped(y),
        escaped(title)
    );
    svg
}

/// One page that needs nothing beside itself.
fn page(run: &Run) -> String {
    const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #8886;padding:.25rem .75rem;text-align:left;vertical-align:top}svg{width:20rem;max-width:100%}figure{display:inline-block;margin:0 1rem 1rem 0}.frame{fill:none;stroke:#8888}.line{fill:none;stroke:#27c;stroke-width:2}.dot{fill:#27c}text{fill:currentColor;font-size:12px}code{overflow-wrap:anywhere}";
    /// Longest list of worst targets.
    const MOST: usize = 100;
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>sluice eval</title><style>{STYLE}</style><h1>How good the verdicts are</h1><p>{}, {:.1} s.</p><table>",
        escaped(&run.engine),
        run.seconds
    );
    for (name, value) in rows(run) {
        let _ = write!(html, "<tr><th>{}</th><td>{}</td></tr>", escaped(&name), escaped(&value));
    }
    html.push_str("</table>");
    let precision: Vec<(f64, f64)> = run.curve.iter().map(|point| (point.recall, point.precision)).collect();
    let reliability: Vec<(f64, f64)> = run.reliability.iter().map(|bin| (bin.score, bin.share)).collect();
    html.push_str(&plot("Precision over recall", "recall", "precision", &precision, false));
    html.push_str(&plot("Reliability", "score", "share of malicious", &reliability, true));
    html.push_str("<h2>Collections</h2><table><tr><th>collection<th>recall<th>accused<th>targets</tr>");
    for (name, measures) in &run.strata {
        let counts = measures.counts;
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            percent(measures.recall),
            percent(measures.false_positive_rate),
            counts.found + counts.missed + counts.accused + counts.cleared
        );
    }
    html.push_str("</table>");
    let (alarms, misses) = worst(run);
    for (title, entries) in [("False alarms", alarms), ("Misses", misses)] {
        let _ = write!(
            html,
            "<h2>{title}: {}</h2><table><tr><th>target<th>score<th>behaviors<th>evidence</tr>",
            entries.len()
        );
        for entry in entries.iter().take(MOST) {
            let behaviors: Vec<&str> = entry.record.behaviors.iter().map(String::as_str).collect();
            let evidence = entry.error.clone().unwrap_or_else(|| entry.evidence.join(". "));
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{:.2}</td><td>{}</td><td>{}</td></tr>",
                escaped(&entry.record.target),
                entry.record.score,
                escaped(&behaviors.join(", ")),
                escaped(&evidence)
            );
        }
        html.push_str("</table>");
    }
    html.push_str("<h2>Behaviors</h2><table><tr><th>behavior<th>malicious<th>benign</tr>");
    for (name, fired) in &run.behaviors {
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            fired.malicious,
            fired.benign
        );
    }
    html.push_str("</table><h2>Thresholds</h2><table><tr><th>from<th>precision<th>recall<th>accused</tr>");
    for point in &run.curve {
        let _ = write!(
            html,
            "<tr><td>{:.2}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            point.from, point.precision, point.recall, point.false_positive_rate
        );
    }
    html.push_str("</table>");
    if !run.changes.is_empty() {
        html.push_str("<h2>Decided differently</h2><table><tr><th>target<th>label<th>now<th>appeared<th>vanished</tr>");
        for change in &run.changes {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&change.target),
                if change.malicious { "malicious" } else { "benign" },
                if change.called { "called malicious" } else { "not called so" },
                escaped(&change.appeared.join(", ")),
                escaped(&change.vanished.join(", "))
            );
        }
        html.push_str("</table>");
    }
    html.push_str("</html>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_target_is_markup() {
        let record = Record {
            target: "<script>x</script>".to_owned(),
            malicious: false,
            called: true,
            inconclusive: false,
            score: 0.9,
            family: None,
            stratum: Some("a&b".to_owned()),
            behaviors: BTreeSet::new(),
        };
        let entry = Entry {
            record,
            digest: String::new(),
            engine: String::new(),
            stamp: String::new(),
            verdict: "malicious".to_owned(),
            evidence: vec!["<img>".to_owned()],
            features: Features::new(),
            error: None,
        };
        let html = page(&measured(vec![entry], "sluice".to_owned(), 0.0, None));
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("a&amp;b") && html.contains("False alarms: 1"));
    }
}
