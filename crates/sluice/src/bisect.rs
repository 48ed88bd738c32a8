//! A target whose worker dies is reviewed without the files that kill it.
//!
//! The parent never opens the target itself. It asks fresh workers about ranges of its files and learns only whether
//! they live.

use std::ops::Range;

use sluicegate::{LeftOut, Review};

/// Questions to workers about one target. Each may last as long as a worker may live, so there are few; they find one
/// killer among a million files, or a handful among a thousand.
const MAX_QUESTIONS: u32 = 48;

/// What a worker can be asked about one target.
pub trait Ask {
    /// Reviews the target without some files.
    fn review(&mut self, left_out: &[LeftOut]) -> Result<Box<Review>, Died>;
    /// Lists the target's files.
    fn files(&mut self) -> Result<Vec<String>, Died>;
    /// Analyzes a range of the target's files without those left out.
    fn probe(&mut self, range: Range<usize>, left_out: &[LeftOut]) -> Result<(), Died>;
}

/// How a worker ended, as a clause: `the worker ran out of memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Died(pub String);

/// The review of all that can be reviewed, or why nothing can.
pub fn review(ask: &mut impl Ask) -> Result<Box<Review>, Died> {
    let mut died = match ask.review(&[]) {
        Ok(review) => return Ok(review),
        Err(died) => died,
    };
    let files = ask.files()?;
    let mut left_out: Vec<LeftOut> = Vec::new();
    let mut questions = 0;
    while questions < MAX_QUESTIONS {
        let Some(killers) = find(ask, files.len(), &left_out, &mut questions) else { return Err(died) };
        let before = left_out.len();
        for file in files.get(killers).unwrap_or_default() {
            if left_out.iter().all(|left| left.file != *file) {
                left_out.push(LeftOut { file: file.clone(), why: format!("was left out, because {}", died.0) });
            }
        }
        if left_out.len() == before {
            return Err(died);
        }
        match ask.review(&left_out) {
            Ok(review) => return Ok(review),
            Err(again) => died = again,
        }
        questions += 1;
    }
    Err(died)
}

/// The smallest range of files that a worker is seen to die of: one file, or, where halves live that die together,
/// the second of those halves. `None` if no question is left.
fn find(ask: &mut impl Ask, count: usize, left_out: &[LeftOut], questions: &mut u32) -> Option<Range<usize>> {
    let (mut low, mut high) = (0, count);
    if count == 0 {
        return None;
    }
    while high - low > 1 {
        if *questions >= MAX_QUESTIONS {
            return None;
        }
        let middle = low + (high - low) / 2;
        *questions += 1;
        if ask.probe(low..middle, left_out).is_err() {
            high = middle;
            continue;
        }
        *questions += 1;
        if ask.probe(middle..high, left_out).is_ok() {
            return Some(middle..high);
        }
        low = middle;
    }
    Some(low..high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target of numbered files, some of which kill a worker, alone or once a number of bytes stand together.
    struct Target {
        sizes: Vec<u64>,
        killers: Vec<usize>,
        memory: u64,
        asked: u32,
    }

    impl Target {
        fn new(count: usize, killers: &[usize]) -> Self {
            Self { sizes: vec![1; count], killers: killers.to_vec(), memory: u64::MAX, asked: 0 }
        }

        fn run(&mut self, range: Range<usize>, left_out: &[LeftOut]) -> Result<(), Died> {
            self.asked += 1;
            let kept: Vec<usize> =
                range.filter(|index| left_out.iter().all(|left| left.file != index.to_string())).collect();
            let bytes: u64 = kept.iter().map(|index| self.sizes[*index]).sum();
            if bytes > self.memory || kept.iter().any(|index| self.killers.contains(index)) {
                return Err(Died("it died".to_owned()));
            }
            Ok(())
        }
    }

    impl Ask for Target {
        fn review(&mut self, left_out: &[LeftOut]) -> Result<Box<Review>, Died> {
            self.run(0..self.sizes.len(), left_out)?;
            let engine = sluicegate::Engine::new().unwrap();
            let names: Vec<&str> = left_out.iter().map(|left| left.file.as_str()).collect();
            Ok(Box::new(engine.incomplete(&names.join(","), "", "test")))
        }

        fn files(&mut self) -> Result<Vec<String>, Died> {
            Ok((0..self.sizes.len()).map(|index| index.to_string()).collect())
        }

        fn probe(&mut self, range: Range<usize>, left_out: &[LeftOut]) -> Result<(), Died> {
            self.run(range, left_out)
        }
    }

    fn left_out(target: &mut Target) -> Result<String, Died> {
        review(target).map(|review| review.target)
    }

    #[test]
    fn nothing_is_left_out_of_a_target_that_lives() {
        let mut target = Target::new(5, &[]);
        assert_eq!(left_out(&mut target), Ok(String::new()));
        assert_eq!(target.asked, 1);
    }

    #[test]
    fn exactly_the_killers_are_left_out() {
        for killers in [vec![0], vec![999], vec![500], vec![3, 700], vec![0, 1, 2]] {
            let mut target = Target::new(1000, &killers);
            let names: Vec<String> = left_out(&mut target).unwrap().split(',').map(ToOwned::to_owned).collect();
            let mut wanted: Vec<String> = killers.iter().map(ToString::to_string).collect();
            wanted.sort();
            let mut found = names;
            found.sort();
            assert_eq!(found, wanted);
        }
        assert_eq!(left_out(&mut Target::new(1, &[0])), Ok("0".to_owned()));
    }

    #[test]
    fn files_that_kill_only_together_are_halved() {
        let mut target = Target::new(8, &[]);
        target.memory = 5;
        assert_eq!(left_out(&mut target), Ok("4,5,6,7".to_owned()));
    }

    #[test]
    fn the_questions_end() {
        let killers: Vec<usize> = (0..1000).collect();
        let mut target = Target::new(1000, &killers);
        assert!(left_out(&mut target).is_err());
        assert!(target.asked <= 2 * MAX_QUESTIONS, "{}", target.asked);
    }
}
