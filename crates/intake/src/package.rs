//! What a worker works on: named files with their text, and what the manifest declares.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;

/// Everything that was read of one target.
#[derive(Debug, Clone)]
pub struct Package {
    /// The target as it is shown to the user.
    pub name: String,
    /// The version, if the target or its manifest names one.
    pub version: Option<String>,
    /// The registry the package is made for, if that can be told.
    pub ecosystem: Option<Ecosystem>,
    /// Whether the target is one file, a set of files, or a package.
    pub kind: PackageKind,
    /// What the package says about itself.
    pub manifest: Manifest,
    /// The files, sorted by path.
    pub files: Vec<SourceFile>,
    /// What was read, and what was not.
    pub coverage: Coverage,
    /// SHA-256 of the target, see [`Input::digest`](crate::Input::digest).
    pub digest: String,
}

/// A package registry's world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Python packages.
    Pypi,
    /// Packages for Node.
    Npm,
}

/// How the files of a target belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// One file.
    File,
    /// Files in a folder without a manifest.
    FileSet,
    /// A package: an archive, a folder with a manifest, or a version from an index.
    Package,
}

/// One file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path in the target; `!/` stands between an archive and a name inside it.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the whole content, in lower-case hexadecimal.
    pub digest: String,
    /// What the file is, by content first and by name second.
    pub kind: FileKind,
    /// The text, if the file is text, without a byte order mark.
    pub text: Option<Arc<str>>,
    /// The content. Of a file that is not text only the first [`Limits::binary_bytes`](crate::Limits::binary_bytes) bytes are kept; of an archive, none.
    pub bytes: Arc<[u8]>,
    /// The text's encoding, in lower case: `utf-8`, `utf-16le`, `iso-8859-1` …
    pub encoding: Option<String>,
    /// What is odd about the file.
    pub notes: Vec<String>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// Python source.
    Python,
    /// A Python stub, which nothing runs.
    PythonStub,
    /// Source in another language, named in lower case (`javascript`, `shell`, `pth` …).
    OtherSource(String),
    /// Text that is no source code.
    Text,
    /// Bytes that are not text and have no known format.
    Data,
    /// A known binary format: `ELF executable`, `PNG image`, `Python bytecode` …
    Binary(String),
    /// An archive, or a compressed file. If its format is read, what it holds are files of their own.
    Archive,
    /// No bytes at all.
    Empty,
}

/// What a package says about itself. Nothing here has been checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The package's name.
    pub name: Option<String>,
    /// The package's version.
    pub version: Option<String>,
    /// One line on what it is for.
    pub summary: Option<String>,
    /// The long description, at most 64 KiB of it.
    pub description: Option<String>,
    /// The author's name or address.
    pub author: Option<String>,
    /// The home page.
    pub home_page: Option<String>,
    /// Other addresses, without their labels.
    pub urls: Vec<String>,
    /// Requirements, as written.
    pub requires: Vec<String>,
    /// What runs, and when.
    pub entry_points: Vec<EntryPoint>,
    /// The files this was read from.
    pub read_from: Vec<String>,
    /// Where the manifest's files contradict one another, or cannot be parsed.
    pub notes: Vec<String>,
    /// Those of the notes that say that name or version are others than those under which the package is offered.
    pub contradictions: Vec<String>,
    /// Dependencies that come from an address or a repository, as ends of a sentence.
    pub foreign: Vec<String>,
}

/// Something that runs without being called by the package's own user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryPoint {
    /// When it runs.
    pub kind: EntryKind,
    /// The file, if it is among the package's files.
    pub file: Option<String>,
    /// The function, as declared (`package.module:function`); the whole file when there is none.
    pub function: Option<String>,
    /// The file that declares it; the file itself when its name or place is the declaration.
    pub declared_in: String,
}

/// When an entry point runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// When the package is installed from source.
    Install,
    /// When the package is built.
    Build,
    /// Whenever the interpreter starts.
    Startup,
    /// When the package is imported.
    Import,
    /// When a command of the package is run.
    Run,
    /// When another program looks for plug-ins.
    Plugin,
}
