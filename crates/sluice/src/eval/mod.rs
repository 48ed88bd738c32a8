//! `sluice eval`: how good the verdicts are on labelled targets.

mod labels;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sluice_evaluation::{self as evaluation, Bin, Change, Estimate, Families, Fired, Measures, Record, Threshold};
use sluicegate::weights::Features;
use sluicegate::{Field, Options, Verdict};

use crate::cli::{Bars, EvalArgs, EvalFormat, LabelledArgs};
use crate::exit::{Code, Failure};
use crate::review;

use self::labels::{Labelled, labelled};

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
    /// How long a worker took, in milliseconds; `None` in what an older program wrote.
    #[serde(default)]
    milliseconds: Option<u64>,
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
    #[serde(default)]
    ecosystems: BTreeMap<String, Measures>,
    #[serde(default)]
    years: BTreeMap<String, Measures>,
    /// What reviewing a target took, in milliseconds.
    #[serde(default)]
    time: Time,
    /// The most memory that a worker of this run had at once, in bytes. `None` where the system does not tell.
    #[serde(default)]
    memory: Option<u64>,
    curve: Vec<Threshold>,
    reliability: Vec<Bin>,
    calibration_error: f64,
    between: Option<Estimate>,
    behaviors: BTreeMap<String, Fired>,
    changes: Vec<Change>,
    targets: Vec<Entry>,
}

/// How the times of the targets lie, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Time {
    median: u64,
    /// The 95th percentile.
    p95: u64,
    longest: u64,
}

impl Time {
    fn of(targets: &[Entry]) -> Self {
        let reviewed = targets.iter().filter(|entry| entry.error.is_none());
        let mut all: Vec<u64> = reviewed.filter_map(|entry| entry.milliseconds).collect();
        all.sort_unstable();
        // The nearest rank.
        let at = |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        let [median, p95, longest] = [50, 95, 100].map(|percent| at(percent).unwrap_or_default());
        Self { median, p95, longest }
    }
}

/// The most memory that a worker which has ended had at once.
fn memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).ok()?;
        // Linux counts in KiB (getrusage(2)).
        u64::try_from(usage.max_rss()).ok().map(|kib| kib * 1024)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

const SCHEMA: &str = "sluice.eval/1";
/// Targets are reviewed in parts, so that what is done is kept if the run is ended.
const PART: usize = 64;

fn wrong(what: impl Into<String>) -> Failure {
    Failure::Evaluation { what: what.into() }
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
    let weights =
        options.weights.as_ref().map(|file| digest(file.text().as_bytes()).chars().take(8).collect::<String>());
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

fn entry(label: &Labelled, (done, took): (review::Done, Duration), engine: &str, stamp: String) -> Entry {
    let milliseconds = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let target = label.path.display().to_string();
    let record = |called, inconclusive, score, behaviors| Record {
        target: target.clone(),
        malicious: label.malicious,
        called,
        inconclusive,
        score,
        family: label.family.clone(),
        stratum: label.stratum.clone(),
        ecosystem: label.ecosystem.clone(),
        year: label.year,
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
                milliseconds,
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
            milliseconds,
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
    write(&out.join("report.html"), &page::page(&run))?;
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
            entry.record.ecosystem.clone_from(&one.ecosystem);
            entry.record.year = one.year;
            Some(entry)
        })
        .collect();
    Ok((targets, engine))
}

fn read_run(path: &Path) -> Result<Run, Failure> {
    let wrong = |why: String| Failure::Against { path: path.to_owned(), why };
    let text = fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let run: Run =
        serde_json::from_str(&text).map_err(|error| wrong(format!("is no run of `sluice eval`: {error}")))?;
    if run.schema != SCHEMA {
        return Err(wrong(format!("is no run of this `sluice eval`: its schema is `{}`, not `{SCHEMA}`", run.schema)));
    }
    Ok(run)
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Output { what: format!("`{}`", path.display()), source };
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}

pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|source| Failure::Output { what: format!("`{}`", path.display()), source })
}

/// The measures of each group.
fn by(records: &[Record], group: impl Fn(&Record) -> Option<String>) -> BTreeMap<String, Measures> {
    let mut groups: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        if let Some(name) = group(record) {
            groups.entry(name).or_default().push(record);
        }
    }
    groups.into_iter().map(|(name, records)| (name, evaluation::measures(&records))).collect()
}

fn measured(targets: Vec<Entry>, engine: String, seconds: f64, before: Option<&Run>) -> Run {
    let reviewed = targets.iter().filter(|entry| entry.error.is_none());
    let records: Vec<Record> = reviewed.map(|entry| entry.record.clone()).collect();
    let every: Vec<&Record> = records.iter().collect();
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
        strata: by(&records, |record| record.stratum.clone()),
        ecosystems: by(&records, |record| record.ecosystem.clone()),
        years: by(&records, |record| record.year.map(|year| year.to_string())),
        time: Time::of(&targets),
        memory: memory(),
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
        (
            "time of a target".to_owned(),
            format!(
                "median {} ms, 95 of 100 up to {} ms, longest {} ms",
                run.time.median, run.time.p95, run.time.longest
            ),
        ),
        (
            "memory of a worker".to_owned(),
            run.memory.map_or_else(|| "not known".to_owned(), |bytes| format!("up to {} MiB", bytes >> 20)),
        ),
    ]
}

fn summary(run: &Run) -> String {
    let mut text = String::new();
    for (name, value) in rows(run) {
        let _ = writeln!(text, "{name:<27} {value}");
    }
    for (name, measures) in run.strata.iter().chain(&run.ecosystems).chain(&run.years) {
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
            ecosystem: None,
            year: None,
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
            milliseconds: None,
            error: None,
        };
        let html = page::page(&measured(vec![entry], "sluice".to_owned(), 0.0, None));
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("a&amp;b") && html.contains("False alarms: 1"));
    }
}
