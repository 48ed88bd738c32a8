//! `sluice review`: targets in, reviews out, in the order given.
//!
//! This process reads and fetches targets and prints results. Opening archives and analyzing happens in workers.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sluice_isolation::{Outcome, Pool};
use sluicegate::intake::{self, Input, Planned, Target};
use sluicegate::render::{self, Look};
use sluicegate::weights::WeightsFile;
use sluicegate::{Engine, Options, Review, Verdict, escape};

use crate::bisect::{self, Died};
use crate::cli::{Format, ReviewArgs, Score, Thresholds};
use crate::exit::{Code, Failure};
use crate::output::{Output, Reader};
use crate::worker::{self, Conversation};

/// Work shorter than this shows no progress.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);
/// How often the display of progress is drawn.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Reviews all targets and prints the result.
pub fn run(args: &ReviewArgs) -> Result<Code, Failure> {
    let language = language(args.language.as_deref())?;
    let resolve =
        intake::Options { language: language.clone(), index_url: args.index_url.clone(), ..intake::Options::default() };
    let jobs = plan(&args.targets, &resolve);
    if args.format == Format::Report && jobs.len() > 1 {
        return Err(Failure::ReportOfSeveral { targets: jobs.len() });
    }
    let mut printer = Printer::open(args, jobs.len())?;
    let weights = weights(args.weights.as_deref())?;
    let options = Options { language, prior: args.prior, weights, ..Options::default() };
    let number = args.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let number = number.min(jobs.len()).max(1);
    let pool = worker::pool(number)?;
    let progress = Progress::new(jobs.len(), !args.no_progress);
    let mut code = Code::Clean;
    let mut broken = None;
    review_all(jobs, &pool, &resolve, &options, &progress, |done, _| {
        let listening = match done {
            Err(failure) => {
                code = code.worse(failure.code());
                progress.aside(|| failure.tell());
                true
            }
            Ok(review) => {
                code = code.worse(code_of(&review, &args.fail_on));
                match progress.aside(|| printer.print(*review)) {
                    Ok(reader) => reader == Reader::Listens,
                    Err(failure) => {
                        broken = Some(failure);
                        false
                    }
                }
            }
        };
        progress.finished();
        listening
    });
    progress.end();
    if let Some(failure) = broken {
        return Err(failure);
    }
    printer.finish()?;
    Ok(code)
}

/// The weights file that is named, if one is.
pub fn weights(path: Option<&Path>) -> Result<Option<WeightsFile>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
    WeightsFile::try_from(text).map(Some).map_err(|error| Failure::Weights { path: path.to_owned(), error })
}

/// Reviews paths for another verb: the results in the order given, with the time that each took.
pub fn reviews(
    paths: &[OsString],
    options: &Options,
    jobs: Option<NonZeroUsize>,
    quiet: bool,
) -> Result<Vec<(Done, Duration)>, Failure> {
    let resolve = intake::Options::default();
    let planned: Vec<Job> = paths
        .iter()
        .map(|path| {
            let mut planned = intake::plan(&Target::Path(path.into()), &resolve)?;
            match planned.len() {
                1 => planned.pop().ok_or(Failure::Workers("no target".to_owned())),
                _ => Err(Failure::Evaluation { what: format!("`{}` is not one target", path.to_string_lossy()) }),
            }
        })
        .collect();
    let number = jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let pool = worker::pool(number.min(planned.len()).max(1))?;
    let progress = Progress::new(planned.len(), !quiet);
    let mut results = Vec::with_capacity(planned.len());
    review_all(planned, &pool, &resolve, options, &progress, |done, took| {
        results.push((done, took));
        progress.finished();
        true
    });
    progress.end();
    Ok(results)
}

/// The name of the language that is asked for.
fn language(asked: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(name) = asked else { return Ok(None) };
    let unknown = || Failure::Language { name: name.to_owned(), known: sluicegate::languages().collect() };
    sluicegate::language(name).map(|name| Some(name.to_owned())).ok_or_else(unknown)
}

/// The code of a run of this target alone.
fn code_of(review: &Review, thresholds: &Thresholds) -> Code {
    let report = &review.report;
    let reached = thresholds.reached(|score| match score {
        Score::Malware => report.malware,
        Score::Obfuscated => report.obfuscated,
        Score::SecurityRisk => report.security_risk,
    });
    match (reached, review.verdict) {
        (true, _) => Code::Threshold,
        (false, Verdict::Inconclusive) => Code::Inconclusive,
        (false, Verdict::Benign | Verdict::Malicious) => Code::Clean,
    }
}

/// One thing to review, or the reason why it cannot be, in its place in the order.
type Job = Result<Planned, Failure>;

/// Looks at every target without reading it. A folder of archives becomes one job for each.
fn plan(targets: &[OsString], resolve: &intake::Options) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut stdin = false;
    for typed in targets {
        match plan_one(typed, resolve, &mut stdin) {
            Ok(planned) => jobs.extend(planned.into_iter().map(Ok)),
            Err(failure) => jobs.push(Err(failure)),
        }
    }
    jobs
}

fn plan_one(typed: &OsStr, resolve: &intake::Options, stdin: &mut bool) -> Result<Vec<Planned>, Failure> {
    let target = Target::parse(typed)?;
    if target == Target::Stdin && std::mem::replace(stdin, true) {
        return Err(Failure::StdinTwice);
    }
    Ok(intake::plan(&target, resolve)?)
}

/// A result, or a failure in its place.
pub type Done = Result<Box<Review>, Failure>;

/// Targets on their way: read, given to a worker, not yet answered.
#[derive(Default)]
struct UnderWay {
    /// By the number of the request: the place of the target in the order given, and its bytes, which are needed again
    /// if the worker dies.
    asked: BTreeMap<usize, (usize, Input)>,
    /// By place: targets that came to no request.
    failed: BTreeMap<usize, Failure>,
}

/// Has all jobs reviewed by workers and tells of the results in order, until `tell` gives false.
fn review_all(
    jobs: Vec<Job>,
    pool: &Pool,
    resolve: &intake::Options,
    options: &Options,
    progress: &Progress,
    mut tell: impl FnMut(Done, Duration) -> bool,
) {
    let under_way = Mutex::new(UnderWay::default());
    let lock = || under_way.lock().unwrap_or_else(PoisonError::into_inner);
    let mut numbers = 0_usize..;
    let requests = jobs.into_iter().enumerate().filter_map(|(place, job)| {
        let read = job.and_then(|planned| {
            progress.started(planned.name());
            let input = planned.load(resolve)?;
            Ok((worker::question(&input, options)?, input))
        });
        match read {
            Ok((request, input)) => {
                lock().asked.insert(numbers.next()?, (place, input));
                Some(request)
            }
            Err(failure) => {
                lock().failed.insert(place, failure);
                None
            }
        }
    });
    let mut listening = true;
    pool.run(requests, |number, outcome, took| {
        let Some((place, input)) = lock().asked.remove(&number) else { return ControlFlow::Break(()) };
        listening = listening && failures_before(&under_way, place, &mut tell);
        let began = Instant::now();
        let done = finish(&input, outcome, pool, options);
        listening = listening && tell(done, took + began.elapsed());
        if listening { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if listening {
        failures_before(&under_way, usize::MAX, &mut tell);
    }
}

/// Tells of the failures that stand before a place in the order given.
fn failures_before(under_way: &Mutex<UnderWay>, place: usize, tell: &mut impl FnMut(Done, Duration) -> bool) -> bool {
    let failed = {
        let mut under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let after = under_way.failed.split_off(&place);
        std::mem::replace(&mut under_way.failed, after)
    };
    failed.into_values().all(|failure| tell(Err(failure), Duration::ZERO))
}

/// The review out of a worker's answer. A worker that died costs the files that killed it, never the run.
fn finish(input: &Input, outcome: Outcome, pool: &Pool, options: &Options) -> Done {
    let died = match worker::review(outcome)? {
        Ok(review) => return Ok(review),
        Err(died) => died,
    };
    let mut conversation = Conversation::after(died, pool, input, options);
    let result = bisect::review(&mut conversation);
    if let Some(failure) = conversation.broken {
        return Err(failure);
    }
    match result {
        Ok(review) => Ok(review),
        Err(Died(why)) => Ok(Box::new(Engine::new()?.incomplete(&input.name, &input.digest(), &why))),
    }
}

/// Renders reviews into the output as they come.
struct Printer {
    output: Output,
    format: Format,
    look: Look,
    /// For an array, which is printed at the end.
    collected: Option<Vec<Review>>,
    printed: usize,
}

impl Printer {
    fn open(args: &ReviewArgs, jobs: usize) -> Result<Self, Failure> {
        let output = Output::open(args.output.as_deref())?;
        let look = Look { width: output.width(), color: output.color(args.color) };
        let collected = (args.format == Format::Json && jobs > 1).then(Vec::new);
        Ok(Self { output, format: args.format, look, collected, printed: 0 })
    }

    fn print(&mut self, review: Review) -> Result<Reader, Failure> {
        let text = match self.format {
            Format::Text => render::text(&review, self.look),
            Format::Report => render::report(&review)?,
            Format::Json => match &mut self.collected {
                Some(reviews) => {
                    reviews.push(review);
                    self.printed += 1;
                    return Ok(Reader::Listens);
                }
                None => render::json(&review)?,
            },
            Format::Jsonl => render::jsonl(&review)?,
            Format::Markdown => render::markdown(&review),
        };
        let between = match self.format {
            Format::Text | Format::Markdown if self.printed > 0 => "\n",
            _ => "",
        };
        self.printed += 1;
        self.output.write(&format!("{between}{text}"))
    }

    /// Ends the output. If no target could be reviewed there is none, and a file keeps what it had.
    fn finish(mut self) -> Result<(), Failure> {
        if self.printed == 0 {
            return Ok(());
        }
        if let Some(reviews) = self.collected.take() {
            self.output.write(&render::json_array(&reviews)?)?;
        }
        self.output.finish()
    }
}

/// Progress on standard error, if that is a terminal and the work is long. Its display is drawn by threads of its own.
struct Progress {
    bar: ProgressBar,
    done: Arc<AtomicBool>,
}

impl Progress {
    fn new(jobs: usize, wanted: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(jobs as u64), ProgressDrawTarget::hidden());
        let done = Arc::new(AtomicBool::new(false));
        if wanted && io::stderr().is_terminal() {
            // The template is a constant that a test reads; a wrong one would leave the default style.
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
            let (bar, done) = (bar.clone(), Arc::clone(&done));
            thread::spawn(move || {
                thread::sleep(PROGRESS_AFTER);
                if !done.load(Ordering::Relaxed) {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(PROGRESS_EVERY);
                }
            });
        }
        Self { bar, done }
    }

    /// A target is being read. Targets are read ahead of those that are reviewed.
    fn started(&self, name: &str) {
        self.bar.set_message(escape(name));
    }

    fn finished(&self) {
        self.bar.inc(1);
    }

    /// Runs something that prints, with the display out of its way.
    fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    fn end(&self) {
        self.done.store(true, Ordering::Relaxed);
        self.bar.finish_and_clear();
    }
}

/// How progress looks: a spinner, how many are done, how long it takes, the target begun last.
const TEMPLATE: &str = "{spinner} {pos}/{len} reviewed, {elapsed} {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_of_progress_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn a_threshold_comes_before_inconclusive() {
        let engine = Engine::new().unwrap();
        let mut review = engine.incomplete("x", "", "test");
        assert_eq!(code_of(&review, &"malware=0.5".parse().unwrap()), Code::Inconclusive);
        review.report.security_risk = 0.8;
        assert_eq!(code_of(&review, &"malware=0.5,securityRisk=0.8".parse().unwrap()), Code::Threshold);
        assert_eq!(code_of(&review, &"none".parse().unwrap()), Code::Inconclusive);
        review.verdict = Verdict::Malicious;
        assert_eq!(code_of(&review, &"none".parse().unwrap()), Code::Clean);
    }
}
