//! The way through all stages in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::thread;

use serde::{Deserialize, Serialize};
use sluice_catalog::Catalog;
use sluice_flow::facts::Facts;
use sluice_intake::{Input, Limits, Package, Part, Shape};
use sluice_review::model::{Coverage, Review, Unread};
use sluice_review::{PackageInfo, Weights};

use crate::convert;
use crate::stages::Stages;
use crate::weights::WeightsFile;

/// The stack of the thread that analyzes, in bytes: what the bounds on nesting are made for. It is reserved, not used,
/// until the code under review is nested deeply.
pub const STACK_BYTES: usize = 256 * 1024 * 1024;

/// How a review is made. The default reads Python and takes the prior of the weights file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Options {
    /// The language of a text that comes without a file, from standard input or by [`review_bytes`]; `None`: Python.
    pub language: Option<String>,
    /// The probability of malice before anything is known. `None`: that of the weights file.
    pub prior: Option<Prior>,
    /// A weights file in place of the weights that the program ships.
    pub weights: Option<WeightsFile>,
    /// The bounds on what is read.
    pub limits: Limits,
}

/// A probability above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Prior(f64);

impl Prior {
    /// `None` if the number is not above 0 and below 1.
    #[must_use]
    pub fn new(probability: f64) -> Option<Self> {
        (probability > 0.0 && probability < 1.0).then_some(Self(probability))
    }

    /// The probability.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A file that is not read as the others are, because it ends the process that reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The path, as in [`Engine::files`].
    pub file: String,
    /// What is done instead.
    pub treatment: Treatment,
    /// What was done and why, as a clause about the file without a final stop.
    pub why: String,
}

/// What is done with a file that ends the process that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Treatment {
    /// It is read on the robust path, which a note in the coverage says.
    Robust,
    /// It is not analyzed and recorded as unread, which makes the review inconclusive.
    LeftOut,
}

/// Why the engine cannot be set up: the data inside the program is damaged.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The catalog.
    #[error("the catalog cannot be read: {0}")]
    Catalog(String),
    /// The weights.
    #[error("the weights cannot be read: {0}")]
    Weights(String),
}

/// The analysis ended before its end. Nothing of the review is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The system gave no more memory.
    #[error("there was no memory left for the analysis")]
    OutOfMemory,
    /// A panic, which is a defect of the engine.
    #[error("the analysis stopped with an internal error: {0}")]
    Internal(String),
}

/// What all reviews share: the catalog and the weights. Reviews may run in several threads at once.
#[derive(Debug)]
pub struct Engine {
    catalog: Catalog,
    weights: Weights,
}

impl Engine {
    /// The engine with what the program ships.
    ///
    /// # Errors
    /// When the shipped data cannot be read.
    pub fn new() -> Result<Self, EngineError> {
        let catalog = Catalog::shipped().map_err(|error| EngineError::Catalog(error.to_string()))?;
        let weights = Weights::embedded().map_err(|error| EngineError::Weights(error.to_string()))?;
        Ok(Self { catalog, weights })
    }

    /// The catalog in use.
    #[must_use]
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Reviews an input. A panic inside becomes an incomplete review.
    #[must_use]
    pub fn review(&self, input: Input, options: &Options) -> Review {
        let name = input.name.clone();
        let digest = input.digest();
        match self.try_review(input, options, &[]) {
            Ok(review) => review,
            Err(stopped) => self.incomplete(&name, &digest, &stopped.to_string()),
        }
    }

    /// Reviews an input, with the files in `exceptions` treated as these say.
    ///
    /// # Errors
    /// When the analysis panics. A stack overflow or the end of memory ends the process: only a worker process survives that.
    pub fn try_review(&self, input: Input, options: &Options, exceptions: &[Exception]) -> Result<Review, Stopped> {
        on_big_stack(|| {
            let mut package = sluice_intake::unpack(input, &options.limits);
            leave_out(&mut package, exceptions);
            self.review_files(&package, options, exceptions)
        })
    }

    /// Analyzes some files of an input and drops the result: for finding the file that ends a worker.
    /// `range` counts in the list that [`Engine::files`] gives; files that `exceptions` leaves out are taken away from it.
    ///
    /// # Errors
    /// As [`Engine::try_review`].
    pub fn probe(
        &self,
        input: Input,
        options: &Options,
        range: Range<usize>,
        exceptions: &[Exception],
    ) -> Result<(), Stopped> {
        on_big_stack(|| {
            let mut package = sluice_intake::unpack(input, &options.limits);
            let mut index = 0_usize;
            package.files.retain(|_| {
                let keep = range.contains(&index);
                index += 1;
                keep
            });
            leave_out(&mut package, exceptions);
            self.review_files(&package, options, exceptions);
        })
    }

    /// The files of an input in the order in which they are analyzed, each with the bytes of source in it.
    ///
    /// # Errors
    /// As [`Engine::try_review`].
    pub fn files(&self, input: Input, options: &Options) -> Result<Vec<(String, u64)>, Stopped> {
        let with_size = |file: sluice_intake::SourceFile| {
            let bytes = convert::source(&file).map_or(0, |(text, _)| text.len() as u64);
            (file.path, bytes)
        };
        on_big_stack(|| sluice_intake::unpack(input, &options.limits).files.into_iter().map(with_size).collect())
    }

    /// Reviews a package that has been unpacked. A panic inside becomes an incomplete review.
    #[must_use]
    pub fn review_package(&self, package: &Package, options: &Options) -> Review {
        match on_big_stack(|| self.review_files(package, options, &[])) {
            Ok(review) => review,
            Err(stopped) => self.incomplete(&package.name, &package.digest, &stopped.to_string()),
        }
    }

    /// What the engines find in a package, without a review.
    ///
    /// # Errors
    /// As [`Engine::try_review`].
    pub fn facts(&self, package: &Package) -> Result<Facts, Stopped> {
        on_big_stack(|| {
            let analysis = convert::analysis(package, &BTreeMap::new());
            sluice_flow::analyze(&analysis.sources, &analysis.context, &self.catalog)
        })
    }

    /// The review of a target of which nothing could be analyzed: inconclusive, with the reason in its coverage.
    #[must_use]
    pub fn incomplete(&self, target: &str, digest: &str, why: &str) -> Review {
        let info = PackageInfo {
            target: target.to_owned(),
            digest: if digest.is_empty() { String::new() } else { format!("sha256:{digest}") },
            coverage: Coverage {
                unread: vec![Unread { file: target.to_owned(), why: why.to_owned(), matters: true }],
                ..Coverage::default()
            },
            ..PackageInfo::default()
        };
        sluice_review::review(&info, &Facts::default(), &self.catalog, &self.weights)
    }

    pub(crate) const fn weights(&self) -> &Weights {
        &self.weights
    }

    fn review_files(&self, package: &Package, options: &Options, exceptions: &[Exception]) -> Review {
        let stages = Stages::new(self, package, options, exceptions);
        let facts = stages.analyze(stages.lower());
        let findings = stages.find(&facts);
        stages.review(&facts, &findings)
    }
}

/// Takes the files that are left out of a package.
fn leave_out(package: &mut Package, exceptions: &[Exception]) {
    let out: BTreeSet<&str> = exceptions
        .iter()
        .filter(|exception| exception.treatment == Treatment::LeftOut)
        .map(|exception| exception.file.as_str())
        .collect();
    package.files.retain(|file| !out.contains(file.path.as_str()));
}

/// Runs on a thread whose stack is large enough for the deepest nesting that the engines accept.
///
/// # Errors
/// When the work panics.
pub fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Stopped> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("review".to_owned()).stack_size(STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(work)))
            .map_err(|error| Stopped::Internal(format!("no thread can be started: {error}")))?;
        match thread.join() {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(panic)) | Err(panic) => Err(stopped_by(panic.as_ref())),
        }
    })
}

fn stopped_by(panic: &(dyn std::any::Any + Send)) -> Stopped {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    match text {
        // A library asks for a further piece of stack and panics where the system has none.
        Some(text) if text.contains("mmap failed") => Stopped::OutOfMemory,
        // A message may hold a piece of the input; it is bounded here and escaped where it is shown.
        text => Stopped::Internal(text.unwrap_or("no message").chars().take(200).collect()),
    }
}

/// The engine that the free functions share.
fn shared() -> &'static Result<Engine, EngineError> {
    static ENGINE: OnceLock<Result<Engine, EngineError>> = OnceLock::new();
    ENGINE.get_or_init(Engine::new)
}

/// Reviews the bytes of one file or archive under the name `name`, in this process.
///
/// An archive is opened in memory. Any other text is read as [`Options::language`] says, as Python if that is `None`: the
/// name decides nothing. Nothing is executed or written. A panic inside becomes an incomplete review.
///
/// # Panics
/// When the data that the program ships is damaged, which its own tests exclude.
#[must_use]
pub fn review_bytes(name: &str, bytes: &[u8], options: &Options) -> Review {
    let input = Input {
        name: name.to_owned(),
        // Standard input is the shape whose kind is told by the bytes alone.
        shape: Shape::Stdin {
            language: options.language.as_deref().map(|name| crate::language(name).unwrap_or(name).to_owned()),
        },
        parts: vec![Part { path: name.to_owned(), bytes: bytes.to_vec() }],
        coverage: sluice_intake::Coverage::default(),
    };
    with_shared(|engine| engine.review(input, options))
}

/// Reviews a package that has been unpacked, in this process; see [`review_bytes`].
///
/// # Panics
/// As [`review_bytes`].
#[must_use]
pub fn review_package(package: &Package, options: &Options) -> Review {
    with_shared(|engine| engine.review_package(package, options))
}

#[expect(clippy::panic, reason = "without its own data the library can say nothing, and no review may be made up")]
fn with_shared(work: impl FnOnce(&Engine) -> Review) -> Review {
    match shared() {
        Ok(engine) => work(engine),
        Err(error) => panic!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message() {
        assert_eq!(on_big_stack(|| -> u32 { panic!("at {}", 7) }), Err(Stopped::Internal("at 7".to_owned())));
        let mapped = || -> u32 { panic!("mprotect/mmap failed: Cannot allocate memory (os error 12)") };
        assert_eq!(on_big_stack(mapped), Err(Stopped::OutOfMemory));
        assert_eq!(on_big_stack(|| 7), Ok(7));
    }

    #[test]
    fn an_incomplete_review_is_inconclusive_and_says_why() {
        let engine = Engine::new().unwrap();
        let review = engine.incomplete("x.py", "", "the worker ran out of memory");
        assert_eq!(review.verdict, sluice_review::Verdict::Inconclusive);
        assert_eq!(review.coverage.unread.len(), 1);
        assert!(review.report.malware < 0.5);
    }

    #[test]
    fn a_file_left_out_makes_the_review_inconclusive_and_one_read_with_care_does_not() {
        let engine = Engine::new().unwrap();
        let part = |path: &str, text: &str| Part { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        let input = Input {
            name: "set".to_owned(),
            shape: Shape::FileSet,
            parts: vec![part("a.py", "A = 1\n"), part("b.py", "B = 2\n")],
            coverage: sluice_intake::Coverage::default(),
        };
        let options = Options::default();
        let names = engine.files(input.clone(), &options).unwrap().into_iter().map(|(name, _)| name);
        assert!(names.eq(["a.py", "b.py"]));
        let whole = engine.try_review(input.clone(), &options, &[]).unwrap();
        assert!(whole.coverage.notes.is_empty());
        assert_eq!((whole.verdict, whole.coverage.files), (sluice_review::Verdict::Benign, 2));
        let exception =
            |treatment| [Exception { file: "b.py".to_owned(), treatment, why: "was read with care".to_owned() }];
        let review = engine.try_review(input.clone(), &options, &exception(Treatment::Robust)).unwrap();
        assert_eq!((review.verdict, review.coverage.files), (sluice_review::Verdict::Benign, 2));
        assert_eq!(review.coverage.notes, ["`b.py` was read with care"]);
        let review = engine.try_review(input, &options, &exception(Treatment::LeftOut)).unwrap();
        assert_eq!((review.verdict, review.coverage.files), (sluice_review::Verdict::Inconclusive, 1));
        assert!(review.coverage.unread.iter().any(|unread| unread.file == "b.py" && unread.matters));
    }
}
