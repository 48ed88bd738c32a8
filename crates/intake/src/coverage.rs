//! What was read of a target, and what was not.
//!
//! A statement about a package reaches only as far as its coverage, so every entry that was seen is counted here, and every one that was not read whole is named with the reason.

use serde::{Deserialize, Serialize};

/// The record of what was read of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Regular files seen, in the target and in the archives inside it.
    pub files: u64,
    /// Bytes of the files that were read.
    pub bytes: u64,
    /// Files whose content was read whole.
    pub read: u64,
    /// Folders seen as entries of archives.
    pub folders: u64,
    /// Links seen.
    pub links: u64,
    /// What was not read, or not read whole.
    pub unread: Vec<Unread>,
    /// What is odd about how the target is packed or written.
    pub notes: Vec<Note>,
}

/// Something that was not read, or not read whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unread {
    /// The file, as it is named in the target.
    pub file: String,
    /// Why it was not read.
    pub why: String,
    /// Whether it could be code that runs: source, an executable, an archive, or something that cannot be told. Documents and images do not matter.
    pub matters: bool,
}

/// Something odd about how a file is packed or written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The file, as it is named in the target.
    pub file: String,
    /// What is odd about it.
    pub what: String,
}

impl Coverage {
    /// Whether something that could be code that runs was not read.
    #[must_use]
    pub fn hides_code(&self) -> bool {
        self.unread.iter().any(|unread| unread.matters)
    }

    pub(crate) fn unread(&mut self, file: &str, why: impl Into<String>, matters: bool) {
        self.unread.push(Unread { file: file.to_owned(), why: why.into(), matters });
    }

    pub(crate) fn note(&mut self, file: &str, what: impl Into<String>) {
        self.notes.push(Note { file: file.to_owned(), what: what.into() });
    }
}
