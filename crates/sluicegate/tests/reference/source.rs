//! Gets the packages that hold the reference files, as bytes.

use std::ffi::OsStr;
use std::fmt;

use sluice_intake::{IndexError, IntakeError};
use sluicegate::intake::{Coverage, Input, Options, Part, Shape, Target, plan};

use crate::subject::Subject;

/// A source archive of the index.
pub struct Sdist {
    target: &'static str,
    archive: &'static str,
    /// SHA-256 in lower-case hexadecimal.
    digest: &'static str,
}

/// Why there is no archive.
pub enum Missing {
    /// The index cannot be reached: nothing is known about the product.
    Unreachable(String),
    /// The index gives something else than it should, or the product does not take it.
    Wrong(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) | Self::Wrong(why) => formatter.write_str(why),
        }
    }
}

impl From<IntakeError> for Missing {
    fn from(error: IntakeError) -> Self {
        match &error {
            IntakeError::Index(
                IndexError::NoIndex
                | IndexError::Forbidden { .. }
                | IndexError::Request { .. }
                | IndexError::Status { .. },
            ) => Self::Unreachable(error.to_string()),
            _ => Self::Wrong(error.to_string()),
        }
    }
}

impl Sdist {
    pub const ANALYTICS: Self = Self {
        target: "pypi:analytics-python@1.4.post1",
        archive: "analytics-python-1.4.post1.tar.gz",
        digest: "b083e69c149c39e7ad17067f0e5c1742fbd15fdc469ade36c4d1ad5edf31ee5e",
    };
    pub const CARTO: Self = Self {
        target: "pypi:carto@1.11.3",
        archive: "carto-1.11.3.tar.gz",
        digest: "62803241c902852598b5c899f677a672048481e8fade71bd0146fb1af68b61e9",
    };

    /// Fetches the archive through the product's own intake, once for the run, and checks its digest.
    pub fn fetch(&self) -> Result<Archive, Missing> {
        let wrong = |why: String| Missing::Wrong(format!("{}: {why}", self.target));
        let target = Target::parse(OsStr::new(self.target)).map_err(|error| wrong(error.to_string()))?;
        let options = Options::default();
        let planned = plan(&target, &options)?;
        let [planned] = planned.as_slice() else {
            return Err(wrong(format!("is planned as {} targets", planned.len())));
        };
        let version = planned.load(&options)?;
        let names: Vec<_> = version.parts.iter().map(|part| part.path.clone()).collect();
        let part = version
            .parts
            .into_iter()
            .find(|part| part.path == self.archive)
            .ok_or_else(|| wrong(format!("holds {names:?}, and not {}", self.archive)))?;
        let input = Input {
            name: self.archive.to_owned(),
            shape: Shape::Archive,
            parts: vec![part],
            coverage: Coverage::default(),
        };
        // The digest of an input that is one archive is that of the archive's bytes.
        if input.digest() != self.digest {
            return Err(wrong(format!("the SHA-256 of {} is {}", self.archive, input.digest())));
        }
        Ok(Archive { input })
    }
}

/// A fetched archive.
pub struct Archive {
    input: Input,
}

impl Archive {
    /// The review of one file of it, as of a file that stands alone.
    pub fn file(&self, path: &str) -> Subject {
        let package = sluicegate::intake::unpack(self.input.clone(), &Options::default().limits);
        let file = package.files.iter().find(|file| file.path.ends_with(&format!("/{path}"))).expect(path);
        let (_, name) = path.rsplit_once('/').expect(path);
        Subject::of_file(name, file.text.as_ref().expect(path))
    }

    /// The review of one file of it, in the review of the whole.
    pub fn inside(&self, path: &str) -> Subject {
        Subject::of_input(self.input.clone(), Some(path))
    }
}

/// One file that stands alone, as an input.
pub fn lone_file(name: &str, text: &str) -> Input {
    Input {
        name: name.to_owned(),
        shape: Shape::File,
        parts: vec![Part { path: name.to_owned(), bytes: text.as_bytes().to_vec() }],
        coverage: Coverage::default(),
    }
}
