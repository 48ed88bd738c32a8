//! Both ends of the pipe between the parent and a worker: what is asked, what is answered.
//!
//! A worker is this program under its hidden verb `worker`. One whole target goes in, one finished review comes out; a
//! review crosses as JSON, everything else in a compact form. How the process is limited and killed is the business of
//! `sluice-isolation`.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sluice_isolation::{Cause, Outcome, Pool, WorkerLimits};
#[cfg(debug_assertions)]
use sluicegate::Treatment;
use sluicegate::intake::Input;
use sluicegate::{Engine, Exception, Options, Review, STACK_BYTES, Stopped};

use crate::bisect::{Ask, Died};
use crate::exit::{Code, Failure};

/// In builds for development, a worker that is to analyze a file of this name aborts. Tests kill workers with it.
#[cfg(debug_assertions)]
const CRASH_ON: &str = "SLUICE_TEST_CRASH_ON";
/// As [`CRASH_ON`], but only if the file is not to be read on the robust path.
#[cfg(debug_assertions)]
const CRASH_ON_FAST: &str = "SLUICE_TEST_CRASH_ON_FAST";

/// In builds for development, the engine of a worker that has answered before stops over a file of this name, as it does
/// when earlier targets have used up the memory. Tests see with it that what came before does not matter.
#[cfg(debug_assertions)]
const STOP_ON: &str = "SLUICE_TEST_STOP_ON";

/// What a worker is to die of, or to stop over; see [`CRASH_ON`] and [`STOP_ON`].
#[derive(Serialize, Deserialize)]
struct Crash {
    file: String,
    fast_path_only: bool,
    stop_only: bool,
}

/// One question to a worker. The parent borrows the input, the worker owns it.
#[derive(Serialize, Deserialize)]
struct Question<'a> {
    task: Task,
    options: Cow<'a, Options>,
    input: Cow<'a, Input>,
    /// Always none in a release.
    crash: Option<Crash>,
}

#[derive(Serialize, Deserialize)]
enum Task {
    /// Review the target with some files treated apart.
    Review { exceptions: Vec<Exception> },
    /// List the target's files.
    Files,
    /// Analyze a range of the list of files, with some treated apart.
    Probe { from: usize, to: usize, exceptions: Vec<Exception> },
}

#[derive(Serialize, Deserialize)]
enum Answer {
    /// The review as JSON.
    Review(String),
    Files(Vec<(String, u64)>),
    Alive,
    /// The engine failed without ending the process.
    Stopped(String),
}

/// What to ask a worker to have a target reviewed.
pub fn question(input: &Input, options: &Options) -> Result<Vec<u8>, Failure> {
    encode(Task::Review { exceptions: Vec::new() }, input, options)
}

fn encode(task: Task, input: &Input, options: &Options) -> Result<Vec<u8>, Failure> {
    let question = Question { task, options: Cow::Borrowed(options), input: Cow::Borrowed(input), crash: crash() };
    postcard::to_stdvec(&question).map_err(|error| Failure::Workers(error.to_string()))
}

fn crash() -> Option<Crash> {
    #[cfg(debug_assertions)]
    return [(CRASH_ON, false, false), (CRASH_ON_FAST, true, false), (STOP_ON, false, true)].into_iter().find_map(
        |(name, fast_path_only, stop_only)| Some(Crash { file: std::env::var(name).ok()?, fast_path_only, stop_only }),
    );
    #[cfg(not(debug_assertions))]
    None
}

/// The parent's workers.
pub fn pool(jobs: usize) -> Result<Pool, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::Workers(error.to_string()))?;
    Ok(Pool::new(&program, ["worker"]).jobs(jobs))
}

/// Reads the answer to a [`question`].
pub fn review(outcome: Outcome) -> Result<Result<Box<Review>, Died>, Failure> {
    Ok(match answer(outcome)? {
        Ok(Answer::Review(json)) => Ok(Box::new(serde_json::from_str(&json)?)),
        Ok(other) => Err(unexpected(other)),
        Err(died) => Err(died),
    })
}

/// The outer error ends the run: no worker can be had at all.
fn answer(outcome: Outcome) -> Result<Result<Answer, Died>, Failure> {
    match outcome {
        Ok(bytes) => Ok(postcard::from_bytes(&bytes).map_err(|_| Died("the worker's output was no answer".to_owned()))),
        Err(death) => match death.why {
            Cause::NotStarted { why } => Err(Failure::Workers(why)),
            _ => Ok(Err(Died(death.to_string()))),
        },
    }
}

fn unexpected(answer: Answer) -> Died {
    match answer {
        Answer::Stopped(why) => Died(why),
        Answer::Review(_) | Answer::Files(_) | Answer::Alive => Died("the worker answered another question".to_owned()),
    }
}

/// Questions about one target, each to a worker of its own.
pub struct Conversation<'a> {
    pool: &'a Pool,
    input: &'a Input,
    options: &'a Options,
    /// How the first question ended, which the pool has asked already.
    first: Option<Died>,
    /// Why no worker can be had any more.
    pub broken: Option<Failure>,
}

impl<'a> Conversation<'a> {
    /// About a target over which a worker has died.
    pub const fn after(first: Died, pool: &'a Pool, input: &'a Input, options: &'a Options) -> Self {
        Self { pool, input, options, first: Some(first), broken: None }
    }

    fn ask(&mut self, task: Task) -> Result<Answer, Died> {
        let outcome = encode(task, self.input, self.options).and_then(|question| answer(self.pool.run_one(question)));
        match outcome {
            Ok(answer) => answer,
            Err(failure) => {
                let died = Died(failure.to_string());
                self.broken = Some(failure);
                Err(died)
            }
        }
    }
}

impl Ask for Conversation<'_> {
    fn review(&mut self, exceptions: &[Exception]) -> Result<Box<Review>, Died> {
        if let Some(died) = self.first.take() {
            return Err(died);
        }
        match self.ask(Task::Review { exceptions: exceptions.to_vec() })? {
            Answer::Review(json) => serde_json::from_str(&json)
                .map(Box::new)
                .map_err(|error| Died(format!("the worker's review is broken: {error}"))),
            other => Err(unexpected(other)),
        }
    }

    fn files(&mut self) -> Result<Vec<(String, u64)>, Died> {
        match self.ask(Task::Files)? {
            Answer::Files(files) => Ok(files),
            other => Err(unexpected(other)),
        }
    }

    fn probe(&mut self, range: Range<usize>, exceptions: &[Exception]) -> Result<(), Died> {
        match self.ask(Task::Probe { from: range.start, to: range.end, exceptions: exceptions.to_vec() })? {
            Answer::Alive => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}

/// With what a worker ends that has answered before and whose engine stopped. The parent asks a new one.
const STOPPED: i32 = 70;

/// The worker's side: answers questions until standard input ends.
pub fn serve() -> Result<Code, Failure> {
    let limits = WorkerLimits::default();
    let limits = WorkerLimits { reserved: limits.reserved.saturating_add(STACK_BYTES as u64), ..limits };
    let engine = Engine::new()?;
    let mut used = false;
    let served = sluice_isolation::serve(&limits, |question| {
        let answer = reply(&engine, &question, used);
        // What earlier targets left behind, above all their memory, may be what stopped it. The pool asks a new worker
        // when a used one ends, and so the outcome of a target does not depend on those before it.
        if used && matches!(answer, Answer::Stopped(_)) {
            std::process::exit(STOPPED);
        }
        used = true;
        // An answer that cannot be encoded is empty, which the parent takes for a death.
        postcard::to_stdvec(&answer).unwrap_or_default()
    });
    match served {
        Ok(()) => Ok(Code::Clean),
        Err(error) => Err(Failure::Workers(error.to_string())),
    }
}

fn reply(engine: &Engine, question: &[u8], used: bool) -> Answer {
    let question: Question<'_> = match postcard::from_bytes(question) {
        Ok(question) => question,
        Err(error) => return Answer::Stopped(format!("the question is broken: {error}")),
    };
    #[cfg(debug_assertions)]
    if crashes(engine, &question) {
        match &question.crash {
            Some(crash) if crash.stop_only && used => return Answer::Stopped("it was asked to".to_owned()),
            Some(crash) if crash.stop_only => {}
            _ => std::process::abort(),
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = used;
    let (input, options) = (question.input.into_owned(), &*question.options);
    let answer = match question.task {
        Task::Review { exceptions } => engine.try_review(input, options, &exceptions).and_then(|review| {
            serde_json::to_string(&review).map(Answer::Review).map_err(|error| Stopped::Internal(error.to_string()))
        }),
        Task::Files => engine.files(input, options).map(Answer::Files),
        Task::Probe { from, to, exceptions } => {
            engine.probe(input, options, from..to, &exceptions).map(|()| Answer::Alive)
        }
    };
    answer.unwrap_or_else(|stopped| Answer::Stopped(stopped.to_string()))
}

/// True if the question is to analyze a file that one of the names for tests says.
#[cfg(debug_assertions)]
fn crashes(engine: &Engine, question: &Question<'_>) -> bool {
    let Some(crash) = &question.crash else { return false };
    let files = engine.files(question.input.clone().into_owned(), &question.options).unwrap_or_default();
    let (range, exceptions) = match &question.task {
        Task::Review { exceptions } => (0..files.len(), exceptions),
        Task::Probe { from, to, exceptions } => (*from..*to, exceptions),
        Task::Files => return false,
    };
    let treatment =
        |file: &str| exceptions.iter().find(|exception| exception.file == file).map(|found| found.treatment);
    let asked = files.get(range).unwrap_or_default();
    asked.iter().any(|(file, _)| {
        file.rsplit('/').next() == Some(&crash.file)
            && match treatment(file) {
                None => true,
                Some(Treatment::Robust) => !crash.fast_path_only,
                Some(Treatment::LeftOut) => false,
            }
    })
}
