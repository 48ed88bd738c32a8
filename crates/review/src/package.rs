//! What a review needs to know about the target besides the facts: filled by the facade from what intake read.

use crate::model::Coverage;

/// The target of a review.
#[derive(Clone, Debug, Default)]
pub struct PackageInfo {
    /// The target as the user typed it.
    pub target: String,
    /// Digest of the bytes with its algorithm: `sha256:…`. Empty if there is none.
    pub digest: String,
    /// One file, a set of files, or a package.
    pub kind: PackageKind,
    /// The name from the manifest.
    pub name: Option<String>,
    /// The version from the manifest.
    pub version: Option<String>,
    /// The one-line summary from the manifest.
    pub summary: Option<String>,
    /// The long description from the manifest.
    pub description: Option<String>,
    /// Addresses from the manifest: home page, repository.
    pub urls: Vec<String>,
    /// The index of packages among whose names this one's stands: `pypi`, `npm`.
    pub index: Option<String>,
    /// Where name or version are others than those under which the package is offered, as ends of a sentence about it.
    pub contradictions: Vec<String>,
    /// Dependencies that come from elsewhere than a registry, as ends of a sentence that begins with `Its`.
    pub foreign: Vec<String>,
    /// What the manifest declares to run.
    pub entry_points: Vec<EntryPoint>,
    /// The files of the target, in a fixed order.
    pub files: Vec<FileInfo>,
    /// What was read and what was not.
    pub coverage: Coverage,
}

/// What kind of target it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PackageKind {
    /// One file: the review is that file's.
    #[default]
    File,
    /// Files that belong to no package: a folder without a manifest.
    FileSet,
    /// An archive, an installed distribution, or a folder with a manifest.
    Package,
}

/// Something that runs without the user's code calling it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryPoint {
    /// `install`, `build`, `startup`, `import`, `activate`, `run`.
    pub when: String,
    /// The name of a command or hook, such as the console script's; empty if it has none.
    pub name: String,
    /// The file that runs, if it is known.
    pub file: Option<String>,
    /// The function that runs, if the entry point names one.
    pub function: Option<String>,
    /// The command line, for an entry point that is one.
    pub command: Option<String>,
}

/// A file of the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// The path inside the package; `!/` joins names inside nested archives.
    pub path: String,
    /// What it is: `source`, `text`, `data`, `binary`, `archive`, `empty`.
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
}
