//! Real workers that answer, crash, hang, and take too much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sluice_isolation::{Cause, Outcome, Pool};

fn pool() -> Pool {
    Pool::new(Path::new(env!("CARGO_BIN_EXE_isolation-test-worker")), [""; 0])
}

fn all(pool: &Pool, requests: &[&str]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    pool.run(requests.iter().map(|request| request.as_bytes().to_vec()), |number, outcome, _| {
        assert_eq!(number, outcomes.len());
        outcomes.push(outcome);
        ControlFlow::Continue(())
    });
    outcomes
}

fn why(outcome: &Outcome) -> &Cause {
    &outcome.as_ref().unwrap_err().why
}

#[test]
fn answers_come_in_order_from_few_workers() {
    let requests: Vec<String> = (0..200).map(|n| format!("echo {n}")).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    let outcomes = all(&pool().jobs(3), &requests);
    assert_eq!(outcomes.len(), 200);
    for (request, outcome) in requests.iter().zip(&outcomes) {
        assert_eq!(outcome.as_ref().unwrap(), request.as_bytes());
    }
    let counts = all(&pool(), &["count"; 5]);
    assert_eq!(counts[4].as_ref().unwrap(), b"5", "one worker answers all");
}

#[test]
fn every_death_is_told_apart_and_harms_no_other_request() {
    let requests = ["echo a", "panic", "echo b", "abort", "exit", "echo c", "garbage", "echo d"];
    let outcomes = all(&pool().jobs(2), &requests);
    for (request, outcome) in requests.iter().zip(&outcomes).filter(|(request, _)| request.starts_with("echo")) {
        assert_eq!(outcome.as_ref().unwrap(), request.as_bytes());
    }
    assert_eq!(*why(&outcomes[1]), Cause::Exited { status: Some(101) });
    assert!(outcomes[1].as_ref().unwrap_err().stderr.contains("as asked"));
    assert!(matches!(why(&outcomes[3]), Cause::Crashed { signal: 6 }), "{:?}", outcomes[3]);
    assert!(outcomes[3].as_ref().unwrap_err().stderr.contains("about to abort"));
    assert_eq!(*why(&outcomes[4]), Cause::Exited { status: Some(7) });
    assert_eq!(*why(&outcomes[6]), Cause::Garbage);
}

#[test]
fn a_worker_that_hangs_is_killed() {
    let pool =
        pool().wall_clock(|bytes| if bytes == 4 { Duration::from_millis(200) } else { Duration::from_secs(600) });
    let outcomes = all(&pool, &["echo a", "hang", "echo b"]);
    assert_eq!(*why(&outcomes[1]), Cause::TimedOut { after: Duration::from_millis(200) });
    assert_eq!(outcomes[2].as_ref().unwrap(), b"echo b");
}

#[test]
#[cfg(unix)]
fn processor_time_ends_before_the_wall_clock() {
    let outcomes = all(&pool(), &["echo a", "spin", "echo b"]);
    assert_eq!(*why(&outcomes[1]), Cause::OutOfProcessorTime);
    assert_eq!(outcomes[2].as_ref().unwrap(), b"echo b");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_limited_by_the_system_and_by_the_parent() {
    // The worker's own limit is 256 MiB in all.
    let outcomes = all(&pool(), &["memory", "echo a"]);
    assert_eq!(*why(&outcomes[0]), Cause::OutOfMemory);
    assert!(outcomes[0].as_ref().unwrap_err().stderr.contains("memory allocation"), "{:?}", outcomes[0]);
    assert_eq!(outcomes[1].as_ref().unwrap(), b"echo a");
    // One that has nothing left to write a backtrace with ends too, whatever the user's environment says of them.
    let outcomes = all(&pool(), &["crumbs", "echo a"]);
    assert_eq!(*why(&outcomes[0]), Cause::OutOfMemory);
    assert_eq!(outcomes[1].as_ref().unwrap(), b"echo a");
    assert_eq!(pool().run_one(b"environment RUST_BACKTRACE".to_vec()).unwrap(), b"0");
    // The parent kills one that holds more than it says, whatever its own limit.
    let outcome = pool().memory(1 << 10).run_one(b"hang".to_vec());
    assert_eq!(*why(&outcome), Cause::OutOfMemory);
    assert_eq!(pool().run_one(b"stack".to_vec()).unwrap(), b"5");
}

#[test]
fn large_requests_and_answers_pass_at_the_same_time() {
    let mut request = b"echo ".to_vec();
    request.resize(24 << 20, b'y');
    let mut answers = 0;
    pool().jobs(2).run((0..4).map(|_| request.clone()), |_, outcome, _| {
        assert_eq!(outcome.unwrap().len(), 24 << 20);
        answers += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(answers, 4);
    assert_eq!(pool().run_one(b"noise".to_vec()).unwrap(), b"noise");
}

#[test]
fn an_answer_has_a_largest_size() {
    let pool = pool().answer_bytes(1000);
    let outcomes = all(&pool, &["large 1000", "large 1001", "large 10"]);
    assert_eq!(outcomes[0].as_ref().unwrap().len(), 1000);
    assert_eq!(*why(&outcomes[1]), Cause::AnswerTooLarge);
    assert_eq!(outcomes[2].as_ref().unwrap().len(), 10);
}

#[test]
fn what_a_request_leaves_behind_does_not_harm_the_next() {
    let outcomes = all(&pool(), &["poison", "large 3000000", "echo a", "poison", "poison", "echo b"]);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

#[test]
fn requests_are_taken_only_as_they_are_needed() {
    let taken = AtomicUsize::new(0);
    let requests = (0..100).map(|n| {
        taken.fetch_add(1, Ordering::SeqCst);
        format!("echo {n}").into_bytes()
    });
    pool().jobs(2).run(requests, |number, _, _| {
        assert!(taken.load(Ordering::SeqCst) <= number + 6, "at most three for each job are under way");
        ControlFlow::Continue(())
    });
    assert_eq!(taken.load(Ordering::SeqCst), 100);
}

#[test]
fn a_run_can_be_ended_early() {
    let mut seen = 0;
    pool().jobs(2).run((0..).map(|n| format!("echo {n}").into_bytes()), |_, _, _| {
        seen += 1;
        if seen == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, 5);
}

#[test]
fn a_program_that_is_not_there_is_an_outcome_of_each_request() {
    let pool = Pool::new(Path::new("/nowhere/at/all"), [""; 0]);
    let outcomes = all(&pool, &["echo a", "echo b"]);
    assert!(outcomes.iter().all(|outcome| matches!(why(outcome), Cause::NotStarted { .. })));
}

#[test]
#[cfg(unix)]
fn workers_write_no_files_and_see_no_secrets() {
    let path = std::env::temp_dir().join(format!("isolation-{}", std::process::id()));
    let outcome = pool().run_one(format!("write {}", path.display()).into_bytes());
    // The file may be made, but holds nothing; the attempt is refused or deadly.
    assert_ne!(outcome.unwrap_or_default(), b"written");
    let size = std::fs::metadata(&path).map_or(0, |meta| meta.len());
    let _ = std::fs::remove_file(&path);
    assert_eq!(size, 0);
    assert!(std::env::var("PATH").is_ok());
    assert_eq!(pool().run_one(b"environment PATH".to_vec()).unwrap(), b"nothing");
}
