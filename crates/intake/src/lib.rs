//! The first stage: takes a target as it was typed and gives a package as named, decoded files.
//!
//! It has two sides. The parent process parses the typed [`Target`], [`plan`]s it and loads each [`Planned`] target into an [`Input`]: it reads the disk and the network, and opens no archive. A worker
//! process [`unpack`]s the input into a [`Package`]: it opens archives, tells files apart by content, decodes text, reads the manifest, and touches neither disk nor network. An [`Input`] crosses the pipe
//! as [`Input::to_bytes`].
//!
//! What is read is hostile. Nothing here fails on content, and nothing is left out silently: every file is in [`Package::files`] or among what its [`Coverage`] names as unread.
//!
//! Source code is not parsed here, and nothing is judged.

mod archive;
mod classify;
mod coverage;
mod decode;
mod entry;
mod error;
mod index;
mod ini;
mod input;
mod json;
mod limits;
mod magic;
mod manifest;
mod notebook;
mod npm;
mod package;
mod record;
mod resolve;
mod target;
mod unpack;

pub use classify::{MASKED, is_named_as_package};
pub use coverage::{Coverage, Note, Unread};
pub use error::IntakeError;
pub use index::IndexError;
pub use input::{Input, Part, Shape};
pub use limits::Limits;
pub use package::{Ecosystem, EntryKind, EntryPoint, FileKind, Manifest, Package, PackageKind, SourceFile};
pub use resolve::{Options, Planned, plan, resolve};
pub use target::{Target, TargetError};
pub use unpack::unpack;
