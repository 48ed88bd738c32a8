//! A target whose worker dies is reviewed all the same: the files that kill are read on the robust path, and left out
//! if they kill there too.
//!
//! The parent never opens the target itself. It asks fresh workers about ranges of its files and learns only whether
//! they live.

use std::ops::Range;

use sluicegate::{Exception, Review, Treatment};

/// Questions to workers about one target. Each may last as long as a worker may live, so there are few; they find one
/// killer among a million files, or a handful among a thousand.
const MAX_QUESTIONS: u32 = 48;

/// What a worker can be asked about one target.
pub trait Ask {
    /// Reviews the target with some files treated apart.
    fn review(&mut self, exceptions: &[Exception]) -> Result<Box<Review>, Died>;
    /// Lists the target's files, each with the bytes of source in it.
    fn files(&mut self) -> Result<Vec<(String, u64)>, Died>;
    /// Analyzes a range of the target's files with some treated apart.
    fn probe(&mut self, range: Range<usize>, exceptions: &[Exception]) -> Result<(), Died>;
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
    let mut exceptions: Vec<Exception> = Vec::new();
    let mut questions = 0;
    while questions < MAX_QUESTIONS {
        let Some(range) = find(ask, files.len(), &exceptions, &mut questions) else { return Err(died) };
        if range.len() > 1 {
            // Together they are too much. The largest are left out, as few as will do.
            let mut largest: Vec<&(String, u64)> = files.get(range).unwrap_or_default().iter().collect();
            largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
            let mut left_out = 1;
            while questions < MAX_QUESTIONS && left_out <= largest.len() {
                let names = largest.iter().take(left_out).map(|(name, _)| name);
                treat(&mut exceptions, names, Treatment::LeftOut, &died);
                questions += 1;
                match ask.review(&exceptions) {
                    Ok(review) => return Ok(review),
                    Err(again) => died = again,
                }
                left_out *= 2;
            }
            continue;
        }
        let killers = || files.get(range.clone()).unwrap_or_default().iter().map(|(name, _)| name);
        let mut changed = treat(&mut exceptions, killers(), Treatment::Robust, &died);
        if changed {
            questions += 1;
            if let Err(again) = ask.probe(range.clone(), &exceptions) {
                treat(&mut exceptions, killers(), Treatment::LeftOut, &again);
            }
        } else {
            changed = treat(&mut exceptions, killers(), Treatment::LeftOut, &died);
        }
        if !changed {
            return Err(died);
        }
        match ask.review(&exceptions) {
            Ok(review) => return Ok(review),
            Err(again) => died = again,
        }
        questions += 1;
    }
    Err(died)
}

/// Has files treated in a way, unless they are treated so or more severely already. Gives whether anything changed.
fn treat<'f>(
    exceptions: &mut Vec<Exception>,
    files: impl Iterator<Item = &'f String>,
    treatment: Treatment,
    died: &Died,
) -> bool {
    let why = match treatment {
        Treatment::Robust => format!("was read with less detail, because {}", died.0),
        Treatment::LeftOut => format!("was left out, because {}", died.0),
    };
    let mut changed = false;
    for file in files {
        match exceptions.iter_mut().find(|exception| exception.file == *file) {
            Some(exception) if exception.treatment >= treatment => continue,
            Some(exception) => {
                exception.treatment = treatment;
                exception.why.clone_from(&why);
            }
            None => exceptions.push(Exception { file: file.clone(), treatment, why: why.clone() }),
        }
        changed = true;
    }
    changed
}

/// The smallest range of files that a worker is seen to die of: one file, or those whose halves live. `None` if no
/// question is left.
fn find(ask: &mut impl Ask, count: usize, exceptions: &[Exception], questions: &mut u32) -> Option<Range<usize>> {
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
        if ask.probe(low..middle, exceptions).is_err() {
            high = middle;
            continue;
        }
        *questions += 1;
        if ask.probe(middle..high, exceptions).is_ok() {
            return Some(low..high);
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
        /// Files that kill on every path.
        killers: Vec<usize>,
        /// Files that kill unless they are read on the robust path.
        fragile: Vec<usize>,
        memory: u64,
        asked: u32,
    }

    impl Target {
        fn new(count: usize, killers: &[usize]) -> Self {
            Self { sizes: vec![1; count], killers: killers.to_vec(), fragile: Vec::new(), memory: u64::MAX, asked: 0 }
        }

        fn run(&mut self, range: Range<usize>, exceptions: &[Exception]) -> Result<(), Died> {
            self.asked += 1;
            let treatment = |index: usize| {
                exceptions.iter().find(|exception| exception.file == index.to_string()).map(|found| found.treatment)
            };
            let kept: Vec<usize> = range.filter(|index| treatment(*index) != Some(Treatment::LeftOut)).collect();
            let bytes: u64 = kept.iter().map(|index| self.sizes[*index]).sum();
            let kills = |index: &usize| {
                self.killers.contains(index) || self.fragile.contains(index) && treatment(*index).is_none()
            };
            if bytes > self.memory || kept.iter().any(kills) {
                return Err(Died("it died".to_owned()));
            }
            Ok(())
        }
    }

    impl Ask for Target {
        fn review(&mut self, exceptions: &[Exception]) -> Result<Box<Review>, Died> {
            self.run(0..self.sizes.len(), exceptions)?;
            let engine = sluicegate::Engine::new().unwrap();
            let mut names: Vec<String> = exceptions
                .iter()
                .map(|exception| match exception.treatment {
                    Treatment::Robust => format!("{} robust", exception.file),
                    Treatment::LeftOut => exception.file.clone(),
                })
                .collect();
            names.sort();
            Ok(Box::new(engine.incomplete(&names.join(","), "", "test")))
        }

        fn files(&mut self) -> Result<Vec<(String, u64)>, Died> {
            Ok(self.sizes.iter().enumerate().map(|(index, size)| (index.to_string(), *size)).collect())
        }

        fn probe(&mut self, range: Range<usize>, exceptions: &[Exception]) -> Result<(), Died> {
            self.run(range, exceptions)
        }
    }

    fn exceptions(target: &mut Target) -> Result<String, Died> {
        review(target).map(|review| review.target)
    }

    #[test]
    fn nothing_is_left_out_of_a_target_that_lives() {
        let mut target = Target::new(5, &[]);
        assert_eq!(exceptions(&mut target), Ok(String::new()));
        assert_eq!(target.asked, 1);
    }

    #[test]
    fn exactly_the_killers_are_left_out() {
        for killers in [vec![0], vec![999], vec![500], vec![3, 700], vec![0, 1, 2]] {
            let mut wanted: Vec<String> = killers.iter().map(ToString::to_string).collect();
            wanted.sort();
            assert_eq!(exceptions(&mut Target::new(1000, &killers)), Ok(wanted.join(",")));
        }
        assert_eq!(exceptions(&mut Target::new(1, &[0])), Ok("0".to_owned()));
    }

    #[test]
    fn what_lives_on_the_robust_path_is_not_left_out() {
        let mut target = Target::new(1000, &[700]);
        target.fragile = vec![3];
        assert_eq!(exceptions(&mut target), Ok("3 robust,700".to_owned()));
        let mut target = Target::new(1, &[]);
        target.fragile = vec![0];
        assert_eq!(exceptions(&mut target), Ok("0 robust".to_owned()));
        assert_eq!(target.asked, 3, "the review, the file on the robust path, the review again");
    }

    #[test]
    fn of_files_that_kill_only_together_the_largest_are_left_out() {
        let mut target = Target::new(8, &[]);
        target.memory = 5;
        assert_eq!(exceptions(&mut target), Ok("0,1,2,3".to_owned()));
        let mut target = Target::new(1000, &[]);
        (target.sizes[17], target.sizes[800], target.memory) = (900, 400, 1500);
        assert_eq!(exceptions(&mut target), Ok("17".to_owned()));
        assert_eq!(target.asked, 4, "the review, each half, the review again");
        // A killer among them is found as well.
        let mut target = Target::new(1000, &[3]);
        (target.sizes[17], target.sizes[800], target.memory) = (900, 400, 1500);
        assert_eq!(exceptions(&mut target), Ok("17,3".to_owned()));
    }

    #[test]
    fn the_questions_end() {
        let killers: Vec<usize> = (0..1000).collect();
        let mut target = Target::new(1000, &killers);
        assert!(exceptions(&mut target).is_err());
        assert!(target.asked <= 2 * MAX_QUESTIONS, "{}", target.asked);
    }

    #[test]
    fn the_page_of_limits_names_the_number_of_questions() {
        let page = include_str!("../../../docs/limits.md").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(&format!("After {MAX_QUESTIONS} such questions")), "docs/limits.md");
    }
}
