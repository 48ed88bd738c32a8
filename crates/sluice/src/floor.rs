//! What a review takes, stage by stage, as a multiple of the work that nothing can avoid: reading, decompressing and
//! parsing the same input.
//!
//! Everything happens in this process, one target after another, on one thread at a time. What workers add (their start,
//! the pipe) is not in it. Times are of the wall clock: a machine that does something else at the same time gives other
//! numbers.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sluicegate::intake::{self, Input, Planned, Target, unpack};
use sluicegate::stages::{Stages, on_big_stack};
use sluicegate::{Engine, Options, escape, render};

use crate::exit::Failure;

/// What the stages of some reviews took.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// Bytes of source that were analyzed.
    bytes: u64,
    read: Duration,
    unpack: Duration,
    /// The fast parser alone, in a pass of its own.
    parse: Duration,
    /// Parsing and lowering to the IR, as a review does it.
    modules: Duration,
    analyze: Duration,
    /// Matching behaviors, and the panel.
    review: Duration,
    render: Duration,
    /// The whole review from reading to rendering, with all that is dropped on the way, without the pass of `parse`.
    whole: Duration,
}

impl Times {
    fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        for (sum, part) in [
            (&mut self.read, other.read),
            (&mut self.unpack, other.unpack),
            (&mut self.parse, other.parse),
            (&mut self.modules, other.modules),
            (&mut self.analyze, other.analyze),
            (&mut self.review, other.review),
            (&mut self.render, other.render),
            (&mut self.whole, other.whole),
        ] {
            *sum += part;
        }
    }

    /// The work that nothing can avoid.
    fn floor(&self) -> Duration {
        self.read + self.unpack + self.parse
    }

    /// A line of the table. The name stands last, so that its length moves no column.
    fn line(&self, name: &str) -> String {
        let mut line = format!("{:>9.3}", self.bytes as f64 / 1e6);
        let lower = self.modules.saturating_sub(self.parse);
        for time in [
            self.read,
            self.unpack,
            self.parse,
            self.floor(),
            lower,
            self.analyze,
            self.review,
            self.render,
            self.whole,
        ] {
            let _ = write!(line, " {:>9.4}", time.as_secs_f64());
        }
        let floor = self.floor().as_secs_f64();
        if floor > 0.0 {
            let _ = write!(line, " {:>9.2}", self.whole.as_secs_f64() / floor);
        } else {
            let _ = write!(line, " {:>9}", "-");
        }
        format!("{line}  {name}\n")
    }
}

/// The columns of the table. `lower` is what a review needs for parsing and lowering, less `parse`.
const COLUMNS: [&str; 11] =
    ["MB", "read", "unpack", "parse", "floor", "lower", "analyze", "review", "render", "whole", "multiple"];

/// Measures every target, and gives the table: seconds, one line for each target in the order given, and the total.
pub fn measure(targets: &[PathBuf]) -> Result<String, Failure> {
    let engine = Engine::new()?;
    let options = Options::default();
    let resolve = intake::Options::default();
    let mut table = String::new();
    for (index, column) in COLUMNS.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        let _ = write!(table, "{space}{column:>9}");
    }
    table.push_str("  target\n");
    let mut total = Times::default();
    for typed in targets {
        for planned in intake::plan(&Target::parse(typed.as_os_str())?, &resolve)? {
            let times = measure_one(&engine, &planned, &resolve, &options)?;
            total.add(&times);
            table.push_str(&times.line(&escape(planned.name())));
        }
    }
    table.push_str(&total.line("total"));
    Ok(table)
}

fn measure_one(
    engine: &Engine,
    planned: &Planned,
    resolve: &intake::Options,
    options: &Options,
) -> Result<Times, Failure> {
    let mut times = Times::default();
    let start = Instant::now();
    let input: Input = planned.load(resolve)?;
    times.read = start.elapsed();
    let json = on_big_stack(|| {
        let start = Instant::now();
        let package = unpack(input, &options.limits);
        times.unpack = start.elapsed();
        let stages = Stages::new(engine, &package, options, &[]);
        times.bytes = stages.source_bytes();
        let begun = start.elapsed();

        let parse = Instant::now();
        std::hint::black_box(stages.parse_only());
        times.parse = parse.elapsed();

        let start = Instant::now();
        let json = {
            let modules = stages.lower();
            times.modules = start.elapsed();
            let facts = stages.analyze(modules);
            let analyzed = start.elapsed();
            times.analyze = analyzed.saturating_sub(times.modules);
            let findings = stages.find(&facts);
            let review = stages.review(&facts, &findings);
            let reviewed = start.elapsed();
            times.review = reviewed.saturating_sub(analyzed);
            let json = render::json(&review);
            times.render = start.elapsed().saturating_sub(reviewed);
            json
        };
        drop(stages);
        drop(package);
        times.whole = times.read + begun + start.elapsed();
        json
    })?;
    std::hint::black_box(json?);
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_its_multiple_is_of_the_floor() {
        let second = Duration::from_secs(1);
        let mut times = Times {
            bytes: 1_500_000,
            read: second,
            unpack: second,
            parse: second * 2,
            modules: second * 3,
            analyze: second * 4,
            review: second,
            render: second,
            whole: second * 12,
        };
        let line = times.line("a");
        let numbers: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            numbers,
            [
                "1.500", "1.0000", "1.0000", "2.0000", "4.0000", "1.0000", "4.0000", "1.0000", "1.0000", "12.0000",
                "3.00", "a"
            ]
        );
        assert_eq!(numbers.len(), COLUMNS.len() + 1);
        times.add(&times.clone());
        assert_eq!(times.line("a").len(), line.len());
        assert!(times.line("a").contains(" 3.00  a"), "a multiple does not grow with the number of targets");
        assert!(Times::default().line("nothing").ends_with("        -  nothing\n"));
    }
}
