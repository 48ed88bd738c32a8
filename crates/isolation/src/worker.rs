//! The worker's side: limits on itself, then one request after another.

use std::io::{self, Read, Write};

use thiserror::Error;

use crate::frame::{self, Received};

/// What a worker may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerLimits {
    /// Memory for data, in bytes.
    pub memory: u64,
    /// Address space that the worker reserves without using it, in bytes: the stacks of its threads, which the system counts as data when they are made.
    pub reserved: u64,
    /// Processor seconds for one request. Unlike the parent's wall clock this does not depend on what else the machine does.
    pub processor_seconds: u64,
    /// Processor seconds more for each MiB of a request.
    pub processor_seconds_per_mib: u64,
    /// Largest request taken, in bytes.
    pub request_bytes: u64,
}

impl Default for WorkerLimits {
    /// 1 GiB of memory, 64 MiB reserved, 60 s and 1 s more for each MiB, requests of 2 GiB.
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            reserved: 64 << 20,
            processor_seconds: 60,
            processor_seconds_per_mib: 1,
            request_bytes: 2 << 30,
        }
    }
}

/// What [`confine`] could and could not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Limits that this system does not have, in words.
    pub missing: Vec<String>,
}

/// Why a worker stops serving.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Standard input did not hold a request.
    #[error(
        "standard input holds no request of at most {most} bytes; workers are started by the program itself, not by hand"
    )]
    NoRequest {
        /// Largest request taken, in bytes.
        most: u64,
    },
    /// Standard output is gone.
    #[error("the answer cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Limits this process for good: memory, no files written, no core dump, no new privileges, and death with the parent's thread that started it. A limit that this system does not have is named in the answer.
///
/// Memory is limited by the data segment and private writable mappings (`RLIMIT_DATA` on Linux), because address space as such is reserved in amounts that say nothing about use. The sum of
/// [`WorkerLimits::memory`] and [`WorkerLimits::reserved`] is the hard bound; the parent watches the resident memory and kills at [`WorkerLimits::memory`].
pub fn confine(limits: &WorkerLimits) -> Confinement {
    let mut confinement = Confinement::default();
    system::confine(limits, &mut confinement.missing);
    confinement
}

/// Answers requests until standard input ends. [`confine`] is called first.
///
/// # Errors
/// When standard input holds something that is no request, or standard output is closed.
pub fn serve(limits: &WorkerLimits, handler: impl FnMut(Vec<u8>) -> Vec<u8>) -> Result<(), ServeError> {
    confine(limits);
    answer(limits, &mut io::stdin().lock(), &mut io::stdout().lock(), handler)
}

fn answer(
    limits: &WorkerLimits,
    from: &mut dyn Read,
    to: &mut dyn Write,
    mut handler: impl FnMut(Vec<u8>) -> Vec<u8>,
) -> Result<(), ServeError> {
    loop {
        match frame::read(from, limits.request_bytes) {
            Received::Frame { number, bytes } => {
                let mib = bytes.len() as u64 >> 20;
                system::allow_processor_time(
                    limits.processor_seconds.saturating_add(mib.saturating_mul(limits.processor_seconds_per_mib)),
                );
                let answer = handler(bytes);
                frame::write(to, number, &answer)?;
            }
            Received::End => return Ok(()),
            // The parent went away in the middle of a request: nobody waits for an answer.
            Received::Broken => return Ok(()),
            Received::Garbage | Received::TooLarge => return Err(ServeError::NoRequest { most: limits.request_bytes }),
        }
    }
}

#[cfg(unix)]
mod system {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use super::WorkerLimits;

    /// Sets a limit, as far as the limit that is there already allows.
    fn limit(resource: Resource, most: u64) -> bool {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    }

    pub(super) fn confine(limits: &WorkerLimits, missing: &mut Vec<String>) {
        let memory = limits.memory.saturating_add(limits.reserved);
        // Outside Linux this limit covers only the data segment, which allocators hardly use.
        if !limit(Resource::Data, memory) || !cfg!(target_os = "linux") {
            missing.push("memory".to_owned());
        }
        if !limit(Resource::Core, 0) {
            missing.push("core dumps".to_owned());
        }
        // Pipes are not files of this kind: answers can still be written.
        if !limit(Resource::Fsize, 0) {
            missing.push("written files".to_owned());
        }
        #[cfg(target_os = "linux")]
        {
            if rustix::thread::set_no_new_privs(true).is_err() {
                missing.push("new privileges".to_owned());
            }
            if rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).is_err() {
                missing.push("death with the parent".to_owned());
            }
        }
        #[cfg(not(target_os = "linux"))]
        missing.extend(["new privileges".to_owned(), "death with the parent".to_owned()]);
    }

    /// Allows so many seconds of processor time from now on. Time used by earlier requests does not count.
    pub(super) fn allow_processor_time(seconds: u64) {
        let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
        let hard = getrlimit(Resource::Cpu).maximum;
        let most = used.saturating_add(seconds).saturating_add(1);
        let current = hard.map_or(most, |hard| hard.min(most));
        // Where the limit cannot be set, the parent's wall clock remains.
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum: hard });
    }
}

#[cfg(not(unix))]
mod system {
    use super::WorkerLimits;

    pub(super) fn confine(_: &WorkerLimits, missing: &mut Vec<String>) {
        missing.extend(
            ["memory", "core dumps", "written files", "new privileges", "death with the parent"].map(ToOwned::to_owned),
        );
    }

    pub(super) fn allow_processor_time(_: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_carry_the_number_of_their_request() {
        let mut requests = Vec::new();
        frame::write(&mut requests, 3, b"abc").unwrap();
        frame::write(&mut requests, 4, b"de").unwrap();
        let mut answers = Vec::new();
        let limits = WorkerLimits::default();
        answer(&limits, &mut requests.as_slice(), &mut answers, |bytes| bytes.to_ascii_uppercase()).unwrap();
        let mut answers = answers.as_slice();
        assert!(matches!(frame::read(&mut answers, 9), Received::Frame { number: 3, bytes } if bytes == b"ABC"));
        assert!(matches!(frame::read(&mut answers, 9), Received::Frame { number: 4, bytes } if bytes == b"DE"));
    }

    #[test]
    fn a_worker_started_by_hand_says_so() {
        let error =
            answer(&WorkerLimits::default(), &mut b"typed by hand\n".as_slice(), &mut Vec::new(), |bytes| bytes)
                .unwrap_err();
        assert!(error.to_string().contains("not by hand"));
    }
}
