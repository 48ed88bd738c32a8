//! Fetching a version of a package from the index that the user's own pip is set up for.
//!
//! No index is known here: its address comes from the user's options, environment and configuration files, or out of an installed pip. Nothing that was fetched is opened on this side.

mod config;
mod error;
mod fetch;
mod http;
mod npm;
mod npmrc;
mod page;
mod select;

pub use error::IndexError;

use crate::error::IntakeError;
use crate::input::Input;
use crate::resolve::Options;

use config::Environment;

/// Fetches a version of a package for Node; the one tagged `latest` when `version` is none.
pub(crate) fn fetch_npm(name: &str, version: Option<&str>, options: &Options) -> Result<Input, IntakeError> {
    Ok(npm::fetch(name, version, options, &Environment::of_process())?)
}

/// Fetches the source archives and wheels of one version; the newest final one when `version` is none.
pub(crate) fn fetch(name: &str, version: Option<&str>, options: &Options) -> Result<Input, IntakeError> {
    Ok(fetch::fetch(name, version, options, &Environment::of_process())?)
}
