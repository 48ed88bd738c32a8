//! What the parent process hands to a worker: named bytes, and what they were said to be.
//!
//! The encoding is compact: bytes stay bytes, and everything else is a few bytes around them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::coverage::Coverage;
use crate::error::IntakeError;

/// One target's bytes, before any archive is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The target as it is shown to the user.
    pub name: String,
    /// What the target is.
    pub shape: Shape,
    /// The bytes, sorted by path.
    pub parts: Vec<Part>,
    /// What was seen while reading the target from disk or from the index, and not read.
    pub coverage: Coverage,
}

/// What a target is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// One file that is no archive.
    File,
    /// A folder with a manifest: one package.
    Folder,
    /// A folder without a manifest: a set of files.
    FileSet,
    /// One archive: one package.
    Archive,
    /// The archives of one version of a package from an index: one package.
    PypiVersion {
        /// The project's name, as the index writes it.
        name: String,
        /// The version.
        version: String,
    },
    /// Standard input.
    Stdin {
        /// The language, if the user named it.
        language: Option<String>,
    },
}

/// A file, an archive, or one file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The path relative to the target, with `/` between folders.
    pub path: String,
    /// The content.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

impl Input {
    /// The input as bytes for a pipe or a file.
    ///
    /// # Errors
    /// Never for an input that fits in memory; the encoder's own error is passed on.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IntakeError> {
        postcard::to_stdvec(self).map_err(|error| IntakeError::Encoding { why: error.to_string() })
    }

    /// The input out of the bytes that [`Input::to_bytes`] gave.
    ///
    /// # Errors
    /// When the bytes are not such an encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IntakeError> {
        postcard::from_bytes(bytes).map_err(|error| IntakeError::Encoding { why: error.to_string() })
    }

    /// Bytes of all parts together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes.len() as u64).sum()
    }

    /// SHA-256 in lower-case hexadecimal: of the bytes, for a target that is one file; else over the sorted paths, each with the digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> String {
        let single = matches!(self.shape, Shape::File | Shape::Archive | Shape::Stdin { .. });
        if let (true, [part]) = (single, self.parts.as_slice()) {
            return hex(&Sha256::digest(&part.bytes));
        }
        let mut parts: Vec<&Part> = self.parts.iter().collect();
        parts.sort_by(|a, b| a.path.cmp(&b.path));
        let mut all = Sha256::new();
        for part in parts {
            all.update((part.path.len() as u64).to_le_bytes());
            all.update(part.path.as_bytes());
            all.update(Sha256::digest(&part.bytes));
        }
        hex(&all.finalize())
    }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(parts: &[(&str, &[u8])], shape: Shape) -> Input {
        Input {
            name: "x".into(),
            shape,
            parts: parts.iter().map(|(path, bytes)| Part { path: (*path).into(), bytes: bytes.to_vec() }).collect(),
            coverage: Coverage::default(),
        }
    }

    #[test]
    fn bytes_do_not_grow() {
        let original = input(&[("a.bin", &[0xff; 100_000])], Shape::Folder);
        let bytes = original.to_bytes().unwrap();
        assert!(bytes.len() < 100_100, "{}", bytes.len());
        assert_eq!(Input::from_bytes(&bytes).unwrap(), original);
        assert!(Input::from_bytes(&bytes[..bytes.len() / 2]).is_err());
    }

    #[test]
    fn digest_of_one_file_is_the_files() {
        assert_eq!(
            input(&[("a.py", b"")], Shape::File).digest(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn digest_depends_on_names_and_not_on_order() {
        let ab = input(&[("a", b"1"), ("b", b"2")], Shape::Folder).digest();
        assert_eq!(ab, input(&[("b", b"2"), ("a", b"1")], Shape::Folder).digest());
        assert_ne!(ab, input(&[("a", b"2"), ("b", b"1")], Shape::Folder).digest());
        assert_ne!(ab, input(&[("a", b"12"), ("b", b"")], Shape::Folder).digest());
    }
}
