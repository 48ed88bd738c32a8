//! What can go wrong in a run, what is said of it, and the code the process ends with: one table.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use sluicegate::EngineError;
use sluicegate::intake::{IntakeError, TargetError};
use thiserror::Error;

/// The codes the process ends with. `docs/exit-codes.md` explains them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Everything was reviewed and no score is at a threshold.
    Clean = 0,
    /// A score is at a threshold.
    Threshold = 1,
    /// Wrong usage or configuration, or a target that does not exist.
    Usage = 2,
    /// No score is at a threshold, but a review is inconclusive.
    Inconclusive = 3,
}

impl Code {
    /// The code that says more about a run: 2 before 1 before 3 before 0.
    pub fn worse(self, other: Self) -> Self {
        [Self::Usage, Self::Threshold, Self::Inconclusive]
            .into_iter()
            .find(|code| *code == self || *code == other)
            .unwrap_or(Self::Clean)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a run, or one target of it, failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// A target as typed means nothing.
    #[error("{0}")]
    TargetSyntax(#[from] TargetError),
    /// A target cannot be read or fetched.
    #[error("{0}")]
    Target(#[from] IntakeError),
    /// Standard input is named more than once.
    #[error("standard input (`-`) is named more than once")]
    StdinTwice,
    /// No front end of this name.
    #[error("the language `{name}` is not known")]
    Language {
        /// As typed.
        name: String,
        /// The languages that are.
        known: Vec<&'static str>,
    },
    /// No behavior of this id.
    #[error("there is no behavior `{id}`")]
    Behavior {
        /// As typed.
        id: String,
        /// The ids that look most like it.
        nearest: Vec<String>,
    },
    /// What `--against` names is no run that was written.
    #[error("`{}` {why}", path.display())]
    Against {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// `--format report` for several targets.
    #[error("`--format report` prints one object and there are {targets} targets")]
    ReportOfSeveral {
        /// How many.
        targets: usize,
    },
    /// The result cannot be written.
    #[error("{what} cannot be written: {source}")]
    Output {
        /// A file's name, or `standard output`.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// What `eval` was given cannot be measured.
    #[error("{what}")]
    Evaluation {
        /// What is wrong.
        what: String,
    },
    /// A weights file cannot be used.
    #[error("`{}` is no weights file: {error}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// Why.
        error: sluicegate::weights::WeightsError,
    },
    /// Nothing can be learned.
    #[error("{0}")]
    Train(#[from] sluice_training::TrainError),
    /// A file of a developer's verb cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The engine's own data is damaged.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// No worker process can be started.
    #[error("no worker process can be started: {0}")]
    Workers(String),
    /// The engine failed in this process.
    #[error("{0}")]
    Stopped(#[from] sluicegate::Stopped),
    /// A review cannot be written as JSON.
    #[error("the review cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// The table: for each failure the code of the run, and what to do about it, if the message does not say.
    fn row(&self) -> (Code, Option<String>) {
        match self {
            Self::TargetSyntax(_) | Self::Target(_) => (Code::Usage, None),
            Self::StdinTwice => (Code::Usage, Some("It can be read once; remove the second `-`.".to_owned())),
            Self::Language { known, .. } => (Code::Usage, Some(format!("The languages are: {}.", known.join(", ")))),
            Self::Behavior { nearest, .. } if nearest.is_empty() => {
                (Code::Usage, Some("`sluice behaviors` lists all of them.".to_owned()))
            }
            Self::Behavior { nearest, .. } => (
                Code::Usage,
                Some(format!("Did you mean {}? `sluice behaviors` lists all of them.", alternatives(nearest))),
            ),
            Self::ReportOfSeveral { .. } => (
                Code::Usage,
                Some("Use `--format jsonl`: one object a line, with the report in its field `report`.".to_owned()),
            ),
            Self::Output { .. } => {
                (Code::Usage, Some("Check that the folder exists and may be written to.".to_owned()))
            }
            Self::Evaluation { .. } => (
                Code::Usage,
                Some("A list names a path and `malicious` or `benign` on each line, between tabs, commas or as JSON; see docs/eval.md.".to_owned()),
            ),
            Self::Against { .. } => (
                Code::Usage,
                Some("`--against` takes the file `run.json` that an earlier `sluice eval` wrote into its folder `--out`; without `--against` nothing is compared.".to_owned()),
            ),
            Self::Weights { .. } => (Code::Usage, Some("`sluice train` writes one; see docs/training.md.".to_owned())),
            Self::Train(_) => (Code::Usage, Some("See docs/training.md for what is needed.".to_owned())),
            Self::File { .. } => (Code::Usage, None),
            Self::Engine(_) | Self::Stopped(_) | Self::Json(_) => {
                (Code::Usage, Some("This is a defect of sluice; please report it.".to_owned()))
            }
            Self::Workers(_) => (
                Code::Usage,
                Some(
                    "The program starts itself as its own worker: it must be readable, executable and unmoved."
                        .to_owned(),
                ),
            ),
        }
    }

    /// The code that a run with this failure ends with.
    pub fn code(&self) -> Code {
        self.row().0
    }

    /// Tells the user on standard error. Control characters in what was typed or read are written out.
    pub fn tell(&self) {
        tell(self);
        if let Some(advice) = self.row().1 {
            anstream::eprintln!("  {}", sluicegate::escape(&advice));
        }
    }
}

/// One line on standard error.
fn tell(error: &dyn fmt::Display) {
    anstream::eprintln!("sluice: {}", sluicegate::escape(&error.to_string()));
}

fn alternatives(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_2_1_3_0() {
        use Code::{Clean, Inconclusive, Threshold, Usage};
        let order = [Usage, Threshold, Inconclusive, Clean];
        for (place, high) in order.iter().enumerate() {
            for low in &order[place..] {
                assert_eq!(high.worse(*low), *high);
                assert_eq!(low.worse(*high), *high);
            }
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        let names: Vec<String> = ["a/b", "c/d", "e/f"].map(String::from).to_vec();
        assert_eq!(alternatives(&names), "`a/b`, `c/d` or `e/f`");
        assert_eq!(alternatives(&names[..1]), "`a/b`");
    }
}
