//! The command line as typed: verbs, flags and how their values are read.
//!
//! Nothing here opens a file or looks at a target; a value that cannot be right is refused with its reason.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sluicegate::Prior;

/// Reviews source code that somebody is about to trust.
///
/// Nothing that is reviewed is ever run, imported or built.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Review files, folders, archives and registry packages
    #[command(after_long_help = REVIEW_HELP)]
    Review(ReviewArgs),
    /// Measure how good the verdicts are on targets whose answer is known
    Eval(EvalArgs),
    /// Learn the weights of the score `malware` from targets whose answer is known
    Train(TrainArgs),
    /// Print the page of a behavior
    Explain(ExplainArgs),
    /// List the behaviors that a review can name
    Behaviors(BehaviorsArgs),
    /// Print what an engine sees (for developers; the output may change at any time)
    #[command(hide = true)]
    Dev(DevArgs),
    /// Review what arrives on standard input, as a child of `review`
    #[command(hide = true)]
    Worker,
}

const REVIEW_HELP: &str = "\
Exit codes:
  0  every target was reviewed and no score is at a threshold of --fail-on
  1  at least one target has a score at or above a threshold
  2  wrong usage or configuration, or a target that does not exist
  3  no score is at a threshold, but at least one review is inconclusive
With several reasons the first of 2, 1, 3, 0 is given.

Examples:
  sluice review pypi:NAME@VERSION
  sluice review src/module.py --format report
  sluice review ./folder pkg-1.0.tar.gz pkg.whl --format json --output out.json
  cat setup.py | sluice review - --language python";

/// `sluice review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// A file, a folder, an archive, `-` for standard input, `pypi:NAME[@VERSION]` or `npm:NAME[@VERSION]`; may be repeated and mixed
    #[arg(required = true, value_name = "TARGET")]
    pub targets: Vec<OsString>,

    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Write the result to this file, whole or not at all, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The language of what standard input (`-`) gives: `python`, `javascript`, `typescript` or `html`
    #[arg(long, value_name = "NAME")]
    pub language: Option<String>,

    /// Exit with 1 when a score is at or above its threshold; `none` switches all thresholds off
    #[arg(long, value_name = "FIELD=SCORE,…", default_value = "malware=0.5,securityRisk=0.8")]
    pub fail_on: Thresholds,

    /// How likely a target is malicious before anything is known of it, above 0 and below 1
    #[arg(long, value_name = "P", value_parser = parse_prior)]
    pub prior: Option<Prior>,

    /// A weights file that `sluice train` wrote, in place of the weights that the program ships
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// The number of targets reviewed at the same time; the output is the same for every number
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// When to color text; `auto` asks the terminal and the variable NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,

    /// The package index to fetch `pypi:` targets from, in place of the one that pip is set up for
    #[arg(long, value_name = "URL")]
    pub index_url: Option<String>,

    /// Do not show progress
    #[arg(long)]
    pub no_progress: bool,
}

/// `sluice explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The id of a behavior, as `sluice behaviors` lists it
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `sluice behaviors`.
#[derive(Debug, Args)]
pub struct BehaviorsArgs {
    /// How the list is written
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// Targets whose answer is known, and how they are reviewed.
#[derive(Debug, Args)]
pub struct LabelledArgs {
    /// A list of targets with `malicious` or `benign`, between tabs, between commas (`.csv`) or as JSON Lines (`.jsonl`), as
    /// docs/eval.md shows; may be repeated
    #[arg(value_name = "LIST")]
    pub list: Vec<PathBuf>,

    /// A folder of malicious archives, in a folder for each family; may be repeated
    #[arg(long, value_name = "FOLDER")]
    pub malicious: Vec<PathBuf>,

    /// A folder of benign archives; may be repeated
    #[arg(long, value_name = "FOLDER")]
    pub benign: Vec<PathBuf>,

    /// The folder that the results are written to
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,

    /// Go on where an earlier run with the same folder was ended
    #[arg(long)]
    pub resume: bool,

    /// A weights file that `sluice train` wrote, in place of the weights that the program ships
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// How many targets are reviewed at once
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,

    /// Show no progress
    #[arg(long)]
    pub no_progress: bool,
}

/// `sluice train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    pub labelled: LabelledArgs,

    /// The share of malicious targets for which the score is calibrated, above 0 and below 1
    #[arg(long, value_name = "P", value_parser = parse_prior, default_value = "0.05")]
    pub prior: Prior,

    /// How firmly weights are held at their defaults
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0)]
    pub ridge: f64,

    /// Into how many parts the families are split for the evaluation
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u8).range(2..=100))]
    pub folds: u8,
}

/// `sluice eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    #[command(flatten)]
    pub labelled: LabelledArgs,

    /// How likely a target is malicious before anything is known of it, above 0 and below 1
    #[arg(long, value_name = "P", value_parser = parse_prior)]
    pub prior: Option<Prior>,

    /// The run.json of an earlier run: tell what is decided differently
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,

    /// End with code 1 if a bar is missed: `recall=0.95,family-recall=0.93,precision=0.9,fpr=0.01`
    #[arg(long, value_name = "BARS", default_value = "", hide_default_value = true)]
    pub require: Bars,

    /// How the summary is written
    #[arg(long, value_enum, default_value_t = EvalFormat::Text)]
    pub format: EvalFormat,
}

/// How `eval` writes its summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvalFormat {
    /// A few lines.
    Text,
    /// The whole run, as in run.json.
    Json,
}

/// Bars that a run must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bars {
    pub recall: Option<f64>,
    pub family_recall: Option<f64>,
    pub precision: Option<f64>,
    pub fpr: Option<f64>,
}

impl FromStr for Bars {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bars = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` has no `=`"))?;
            let value: f64 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{value}` is not from 0 to 1"));
            }
            match name {
                "recall" => bars.recall = Some(value),
                "family-recall" => bars.family_recall = Some(value),
                "precision" => bars.precision = Some(value),
                "fpr" => bars.fpr = Some(value),
                _ => return Err(format!("`{name}` is none of recall, family-recall, precision, fpr")),
            }
        }
        Ok(bars)
    }
}

/// `sluice dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// The stage to show
    #[arg(value_enum)]
    pub stage: Stage,
    /// Files that are read together, as one package; for `floor`, targets, each for itself
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// How a review is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a reader at a terminal
    Text,
    /// Exactly the object of twelve fields, for a single target
    Report,
    /// One object for a single target, an array for several
    Json,
    /// One object for each target, a line each, in the order given
    Jsonl,
    /// For a page or a comment
    Markdown,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Columns
    Text,
    /// An array of objects
    Json,
}

/// When to color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A stage that `dev` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// The intermediate representation
    Ir,
    /// Functions, imports and calls as resolved
    Symbols,
    /// Arguments of modelled calls as evaluated
    Values,
    /// Sources joined to sinks
    Paths,
    /// Text that reaches code execution
    Layers,
    /// Calls that leave the package and that the catalog does not know
    Unmodelled,
    /// What every stage takes, and the whole as a multiple of what nothing can avoid
    Floor,
}

/// A score that can have a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// `malware`.
    Malware,
    /// `obfuscated`.
    Obfuscated,
    /// `securityRisk`.
    SecurityRisk,
}

impl Score {
    const ALL: [Self; 3] = [Self::Malware, Self::Obfuscated, Self::SecurityRisk];

    /// The name as in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Obfuscated => "obfuscated",
            Self::SecurityRisk => "securityRisk",
        }
    }
}

/// The thresholds of `--fail-on`, in the order typed; empty for `none`.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds(Vec<(Score, f64)>);

impl Thresholds {
    /// True if some score is at or above its threshold. `score` gives the value of a score, 0 to 1.
    pub fn reached(&self, score: impl Fn(Score) -> f64) -> bool {
        self.0.iter().any(|(name, threshold)| score(*name) >= *threshold)
    }
}

impl FromStr for Thresholds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(parse_threshold).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_threshold(text: &str) -> Result<(Score, f64), String> {
    let Some((name, value)) = text.trim().split_once('=') else {
        return Err(format!("`{}` is not of the form FIELD=SCORE, as in malware=0.5", text.escape_debug()));
    };
    let Some(score) = Score::ALL.into_iter().find(|score| score.name() == name) else {
        return Err(format!(
            "`{}` is not a score; the scores are malware, obfuscated and securityRisk",
            name.escape_debug()
        ));
    };
    match value.parse::<f64>() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok((score, threshold)),
        _ => Err(format!("the threshold of {} must be a number from 0 to 1", score.name())),
    }
}

impl fmt::Display for Thresholds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("none");
        }
        for (index, (score, threshold)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{}={threshold}", score.name())?;
        }
        Ok(())
    }
}

fn parse_prior(text: &str) -> Result<Prior, String> {
    text.parse()
        .ok()
        .and_then(Prior::new)
        .ok_or_else(|| "the prior must be a number above 0 and below 1, such as 0.01".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn thresholds_are_reached_at_equality() {
        let thresholds: Thresholds = "malware=0.5,securityRisk=0.8".parse().unwrap();
        assert!(thresholds.reached(|score| if score == Score::Malware { 0.5 } else { 0.0 }));
        assert!(thresholds.reached(|score| if score == Score::SecurityRisk { 0.8 } else { 0.0 }));
        assert!(!thresholds.reached(|score| if score == Score::Obfuscated { 1.0 } else { 0.49 }));
        assert!(!"none".parse::<Thresholds>().unwrap().reached(|_| 1.0));
    }

    #[test]
    fn thresholds_that_mean_nothing_are_refused() {
        for wrong in ["", "malware", "malware=", "malware=1.5", "malware=NaN", "risk=0.5", "malware=0.5,"] {
            assert!(wrong.parse::<Thresholds>().is_err(), "{wrong}");
        }
        assert_eq!("malware=0.5,obfuscated=1".parse::<Thresholds>().unwrap().to_string(), "malware=0.5,obfuscated=1");
    }

    #[test]
    fn a_prior_is_a_probability_strictly_between_its_ends() {
        assert_eq!(parse_prior("0.25").map(Prior::get), Ok(0.25));
        for wrong in ["0", "1", "-0.1", "NaN", "half"] {
            assert!(parse_prior(wrong).is_err(), "{wrong}");
        }
    }
}
