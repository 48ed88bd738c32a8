//! Why a target cannot be taken in. Each error says what, where, and the way out.

use std::path::PathBuf;

use thiserror::Error;

use crate::index::IndexError;

/// Why a target gives no input at all. A single file that cannot be read is not an error but an entry of the coverage.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// Nothing has this name.
    #[error("`{}` does not exist; check the spelling, or write `pypi:NAME` or `npm:NAME` for a package of a registry", path.display())]
    NotFound {
        /// The path as typed.
        path: PathBuf,
    },
    /// A FIFO, a device or a socket.
    #[error("`{}` is {what}, which is not opened; pipe its content in and type `-`", path.display())]
    NotRegular {
        /// The path as typed.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The system refuses to say what the path is.
    #[error("`{}` cannot be looked at: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Standard input broke off.
    #[error("standard input cannot be read: {source}")]
    Stdin {
        /// The system's answer.
        source: std::io::Error,
    },
    /// An [`Input`](crate::Input) cannot be encoded or decoded.
    #[error("the input's encoding is broken: {why}")]
    Encoding {
        /// The codec's answer.
        why: String,
    },
    /// The package index does not give the package.
    #[error(transparent)]
    Index(#[from] IndexError),
}
