//! One live worker as the parent sees it.
//!
//! Each of its three pipes has a thread of its own, so that no amount of output on one of them can block another, and waiting for an answer can always be given up.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::death::{Cause, WorkerDeath};
use crate::frame::{self, Received};

/// Bytes kept of what a worker writes to its standard error.
const TAIL: usize = 8 * 1024;

/// How often a waiting parent looks at a worker's memory.
const WATCH: Duration = Duration::from_millis(50);

/// How long a worker that closed its pipes may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// The end of the standard error, and whether the pipe is closed.
#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    closed: bool,
}

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    requests: Option<Sender<(u64, Arc<Vec<u8>>)>>,
    received: Receiver<Received>,
    tail: Arc<Mutex<Tail>>,
    number: u64,
}

impl Process {
    pub(crate) fn start(mut command: Command, answer_bytes: u64) -> Result<Self, WorkerDeath> {
        let not_started = |why: String| WorkerDeath { why: Cause::NotStarted { why }, stderr: String::new() };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| not_started(error.to_string()))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(not_started("it has no pipes".to_owned()));
        };
        let (requests, todo) = mpsc::channel::<(u64, Arc<Vec<u8>>)>();
        thread::spawn(move || {
            for (number, bytes) in todo {
                // A worker that closed its input is dead or dying, which the other pipes tell.
                if frame::write(&mut stdin, number, &bytes).is_err() {
                    break;
                }
            }
        });
        let (answers, received) = mpsc::channel();
        thread::spawn(move || receive(stdout, answer_bytes, &answers));
        let tail = Arc::new(Mutex::new(Tail::default()));
        let kept = Arc::clone(&tail);
        thread::spawn(move || keep_tail(stderr, &kept));
        Ok(Self { child, requests: Some(requests), received, tail, number: 0 })
    }

    /// Whether the worker has answered before, and so may hold something from earlier requests.
    pub(crate) fn is_used(&self) -> bool {
        self.number > 0
    }

    /// The worker, unless something has happened to it since its last answer.
    pub(crate) fn if_ready(mut self) -> Option<Self> {
        let ready = matches!(self.child.try_wait(), Ok(None))
            && matches!(self.received.try_recv(), Err(mpsc::TryRecvError::Empty));
        ready.then_some(self)
    }

    /// Sends a request and waits for its answer. After a death the process is of no more use.
    pub(crate) fn ask(
        &mut self,
        bytes: &Arc<Vec<u8>>,
        wall_clock: Duration,
        memory: u64,
    ) -> Result<Vec<u8>, WorkerDeath> {
        self.number += 1;
        if let Some(requests) = &self.requests {
            // The receiver is gone only when the worker is: then no answer comes either.
            let _ = requests.send((self.number, Arc::clone(bytes)));
        }
        let start = Instant::now();
        loop {
            let left = wall_clock.saturating_sub(start.elapsed());
            match self.received.recv_timeout(left.min(WATCH)) {
                Ok(Received::Frame { number, bytes }) if number == self.number => return Ok(bytes),
                Ok(Received::Frame { .. } | Received::Garbage) => return Err(self.kill(Cause::Garbage)),
                Ok(Received::TooLarge) => return Err(self.kill(Cause::AnswerTooLarge)),
                Ok(Received::End | Received::Broken) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.died());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if resident(self.child.id()).is_some_and(|bytes| bytes > memory) {
                        return Err(self.kill(Cause::OutOfMemory));
                    }
                    if start.elapsed() >= wall_clock {
                        return Err(self.kill(Cause::TimedOut { after: wall_clock }));
                    }
                }
            }
        }
    }

    fn kill(&mut self, why: Cause) -> WorkerDeath {
        // The child is not waited for before this, so that its number cannot belong to another process.
        let _ = self.child.kill();
        let _ = self.child.wait();
        WorkerDeath { why, stderr: self.stderr() }
    }

    /// The worker closed its output: finds out how it ended.
    fn died(&mut self) -> WorkerDeath {
        let Some(status) = self.wait(GRACE) else {
            return self.kill(Cause::Garbage);
        };
        let stderr = self.stderr();
        WorkerDeath { why: cause(status, &stderr), stderr }
    }

    /// The exit status, if the worker ends in time.
    fn wait(&mut self, most: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if start.elapsed() >= most {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// What the dead worker wrote last. The pipe may be held open by a process that the worker started, so the wait for its end is short.
    fn stderr(&self) -> String {
        let start = Instant::now();
        loop {
            let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.closed || start.elapsed() >= GRACE {
                let bytes: Vec<u8> = tail.bytes.iter().copied().collect();
                return String::from_utf8_lossy(&bytes).into_owned();
            }
            drop(tail);
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An idle worker ends when its input does.
        self.requests = None;
        if self.wait(GRACE).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn receive(mut stdout: ChildStdout, most: u64, to: &Sender<Received>) {
    loop {
        let received = frame::read(&mut stdout, most);
        let last = !matches!(received, Received::Frame { .. });
        if to.send(received).is_err() || last {
            return;
        }
    }
}

fn keep_tail(mut stderr: ChildStderr, tail: &Mutex<Tail>) {
    let mut buffer = [0; 4096];
    loop {
        let read = stderr.read(&mut buffer).unwrap_or(0);
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if read == 0 {
            tail.closed = true;
            return;
        }
        tail.bytes.extend(buffer.iter().take(read));
        let excess = tail.bytes.len().saturating_sub(TAIL);
        tail.bytes.drain(..excess);
    }
}

/// Why a process ended by itself.
fn cause(status: ExitStatus, stderr: &str) -> Cause {
    // The allocator's last words, written before it aborts.
    if !status.success() && stderr.contains("memory allocation of ") {
        return Cause::OutOfMemory;
    }
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return if signal == Signal::KILL.as_raw() {
                Cause::Killed
            } else if signal == Signal::XCPU.as_raw() {
                Cause::OutOfProcessorTime
            } else {
                Cause::Crashed { signal }
            };
        }
    }
    Cause::Exited { status: status.code() }
}

/// Resident memory of a process in bytes, where the system tells it cheaply.
fn resident(process: u32) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}
