//! The parent's side: several workers, answers in order.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::death::{Cause, WorkerDeath};
use crate::process::Process;

/// How a request ended: the worker's answer, or its death.
pub type Outcome = Result<Vec<u8>, WorkerDeath>;

/// The default wall clock of a request: 300 seconds, and five more for each MiB.
///
/// It is five times the processor time of [`WorkerLimits`](crate::WorkerLimits), so that on a busy machine, too, a worker
/// ends by what it uses and not by what runs beside it. It is left for a worker that waits instead of working.
#[must_use]
pub fn wall_clock(bytes: u64) -> Duration {
    Duration::from_secs(5 * (60 + (bytes >> 20)))
}

/// Environment variables that a worker gets. It needs none of the user's, which may hold secrets.
const KEPT: [&str; 5] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "SYSTEMROOT", "TZ"];

/// How workers are started and watched.
pub struct Pool {
    command: PathBuf,
    args: Vec<OsString>,
    jobs: usize,
    memory: u64,
    answer_bytes: u64,
    wall_clock: Box<dyn Fn(u64) -> Duration + Send + Sync>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("command", &self.command)
            .field("args", &self.args)
            .field("jobs", &self.jobs)
            .field("memory", &self.memory)
            .field("answer_bytes", &self.answer_bytes)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Workers of `command args…`, which must [`serve`](crate::serve). By default there is one at a time, with 1 GiB of resident memory, answers of 256 MiB, and [`wall_clock`].
    pub fn new(command: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self {
            command: command.to_path_buf(),
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            jobs: 1,
            memory: 1 << 30,
            answer_bytes: 256 << 20,
            wall_clock: Box::new(wall_clock),
        }
    }

    /// Workers at the same time; at least one.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Resident memory of a worker, in bytes, above which it is killed. Watched on Linux only.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Largest answer taken, in bytes.
    #[must_use]
    pub fn answer_bytes(mut self, bytes: u64) -> Self {
        self.answer_bytes = bytes;
        self
    }

    /// The wall clock of a request of so many bytes.
    #[must_use]
    pub fn wall_clock(mut self, of: impl Fn(u64) -> Duration + Send + Sync + 'static) -> Self {
        self.wall_clock = Box::new(of);
        self
    }

    /// Has one request answered by a worker of its own.
    ///
    /// # Errors
    /// When the worker dies over it.
    pub fn run_one(&self, request: Vec<u8>) -> Outcome {
        Slot { pool: self, worker: None }.answer(request)
    }

    /// Has all requests answered, and gives each outcome with its number and the time its worker took, in the order of
    /// the requests. Ends early when `on_result` breaks.
    ///
    /// Requests are taken from the iterator when a worker is free, on the workers' threads; at most three for each job
    /// are under way or waiting for an earlier one at the same time. The outcome of a request does not depend on those
    /// before it: a death in a worker that has answered before is tried again in a new one.
    pub fn run(
        &self,
        requests: impl Iterator<Item = Vec<u8>> + Send,
        mut on_result: impl FnMut(usize, Outcome, Duration) -> ControlFlow<()>,
    ) {
        let window = self.jobs * 3;
        let queue = Queue {
            requests: Mutex::new((requests, 0)),
            progress: Mutex::new(Progress { delivered: 0, stopped: false }),
            moved: Condvar::new(),
            window,
        };
        thread::scope(|scope| {
            // Stops the threads also when `on_result` panics; the scope waits for them.
            let _stop = StopOnDrop(&queue.progress, &queue.moved);
            let (outcomes, finished) = mpsc::channel();
            for _ in 0..self.jobs {
                let (queue, outcomes) = (&queue, outcomes.clone());
                scope.spawn(move || {
                    let mut slot = Slot { pool: self, worker: None };
                    while let Some((number, request)) = queue.take() {
                        let began = Instant::now();
                        let outcome = slot.answer(request);
                        if outcomes.send((number, outcome, began.elapsed())).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(outcomes);
            let mut early = BTreeMap::new();
            let mut next = 0;
            for (number, outcome, took) in finished {
                early.insert(number, (outcome, took));
                while let Some((outcome, took)) = early.remove(&next) {
                    if on_result(next, outcome, took).is_break() {
                        return;
                    }
                    next += 1;
                    lock(&queue.progress).delivered = next;
                    queue.moved.notify_all();
                }
            }
        });
    }

    fn start(&self) -> Result<Process, WorkerDeath> {
        let mut command = Command::new(&self.command);
        command.args(&self.args).env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // A worker without memory would ask for some to write a backtrace, and wait for itself for ever.
        command.env("RUST_BACKTRACE", "0");
        Process::start(command, self.answer_bytes)
    }
}

/// One place for a worker, refilled when the worker dies.
struct Slot<'a> {
    pool: &'a Pool,
    worker: Option<Process>,
}

impl Slot<'_> {
    fn answer(&mut self, request: Vec<u8>) -> Outcome {
        let wall_clock = (self.pool.wall_clock)(request.len() as u64);
        let request = Arc::new(request);
        loop {
            let mut worker = match self.worker.take().and_then(Process::if_ready) {
                Some(worker) => worker,
                None => self.pool.start()?,
            };
            let used = worker.is_used();
            match worker.ask(&request, wall_clock, self.pool.memory) {
                Ok(answer) => {
                    self.worker = Some(worker);
                    return Ok(answer);
                }
                // What earlier requests left behind may have killed it. A new worker is never used, so this ends.
                Err(death) if used && !matches!(death.why, Cause::TimedOut { .. } | Cause::OutOfProcessorTime) => {}
                Err(death) => return Err(death),
            }
        }
    }
}

struct Progress {
    delivered: usize,
    stopped: bool,
}

/// Requests in order, given out only as far ahead of the delivered outcomes as memory allows.
struct Queue<I> {
    requests: Mutex<(I, usize)>,
    progress: Mutex<Progress>,
    moved: Condvar,
    window: usize,
}

impl<I: Iterator<Item = Vec<u8>>> Queue<I> {
    fn take(&self) -> Option<(usize, Vec<u8>)> {
        let mut requests = lock(&self.requests);
        let number = requests.1;
        let progress = lock(&self.progress);
        let progress =
            self.moved.wait_while(progress, |progress| !progress.stopped && number >= progress.delivered + self.window);
        if progress.unwrap_or_else(PoisonError::into_inner).stopped {
            return None;
        }
        let request = requests.0.next()?;
        requests.1 += 1;
        Some((number, request))
    }
}

struct StopOnDrop<'a>(&'a Mutex<Progress>, &'a Condvar);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        lock(self.0).stopped = true;
        self.1.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
