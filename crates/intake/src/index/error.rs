//! Why a package cannot be fetched.

use std::path::PathBuf;

use thiserror::Error;

/// Why a package of an index gives no input. Addresses are shown without credentials.
#[derive(Debug, Error)]
pub enum IndexError {
    /// No address of an index was found.
    #[error(
        "no package index is set up: neither `--index-url`, `PIP_INDEX_URL`, a pip.conf nor an installed pip names one; set PIP_INDEX_URL, or install pip"
    )]
    NoIndex,
    /// No address of a registry for Node was found.
    #[error(
        "no registry is set up for npm: neither `npm_config_registry`, an .npmrc nor an installed npm names one; set `registry` in your .npmrc, or install npm"
    )]
    NoRegistry,
    /// pip is set not to use an index.
    #[error("pip is set not to use an index (`no-index` in {found_in}); give `--index-url`, or name a file")]
    Forbidden {
        /// Where that is said.
        found_in: String,
    },
    /// The address of an index is not one.
    #[error("`{url}`, from {found_in}, is not the address of a package index: {why}")]
    Address {
        /// The address.
        url: String,
        /// Where it was found.
        found_in: String,
        /// What is wrong with it.
        why: String,
    },
    /// The certificates cannot be read.
    #[error("the certificates in `{}` cannot be used: {why}; correct PIP_CERT, REQUESTS_CA_BUNDLE or `cert` in pip.conf", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The proxy's address is not one.
    #[error("the proxy set in {found_in} cannot be used: {why}")]
    Proxy {
        /// Where it was found.
        found_in: String,
        /// What is wrong with it.
        why: String,
    },
    /// The index cannot be reached, or broke off.
    #[error(
        "`{url}` cannot be fetched: {why}; check the network, the proxy and the index that pip or npm is set up for"
    )]
    Request {
        /// The address.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// The index answers with an error.
    #[error("`{url}` answers with status {status}; check the index that pip or npm is set up for, and its credentials")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The index answers with something that is no project page.
    #[error("`{url}` is not a project page of a package index: {why}")]
    Page {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The index has no such project.
    #[error(
        "the package index has no project `{name}` (asked: {asked}); check the spelling, or the index that pip or npm is set up for"
    )]
    UnknownProject {
        /// The name as typed.
        name: String,
        /// The addresses that were asked.
        asked: String,
    },
    /// The project has no such version.
    #[error("`{name}` has no version `{version}`; {nearest}")]
    UnknownVersion {
        /// The name as typed.
        name: String,
        /// The version as typed.
        version: String,
        /// The nearest versions, in words.
        nearest: String,
    },
    /// The project has nothing that an installer would take.
    #[error("`{name}` has nothing to review: {why}")]
    Nothing {
        /// The name as typed.
        name: String,
        /// What it has instead.
        why: String,
    },
    /// A file is not the one that the index lists.
    #[error(
        "`{file}` from `{url}` is not the file that the index lists: its digest is {found}, and the index says {listed}; do not use it, and tell whoever runs the index or the proxy"
    )]
    Digest {
        /// The file's name.
        file: String,
        /// Where it came from.
        url: String,
        /// The digest that the index lists.
        listed: String,
        /// The digest of what was fetched.
        found: String,
    },
}
