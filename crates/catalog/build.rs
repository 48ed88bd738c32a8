//! Packs the catalog's data for the binary: the themes of models, checked, in a compact form, and the behaviors' pages.

// Cargo reads what a build script prints.
#![allow(clippy::print_stdout)]

#[allow(dead_code, unreachable_pub)]
#[path = "src/kinds.rs"]
mod kinds;
#[allow(dead_code, unreachable_pub)]
#[path = "src/model.rs"]
mod model;
#[path = "build/pages.rs"]
mod pages;
#[allow(dead_code, unreachable_pub)]
#[path = "src/signature.rs"]
mod signature;
#[allow(dead_code, unreachable_pub)]
#[path = "src/theme.rs"]
mod theme;
#[path = "build/themes.rs"]
mod themes;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The plain message, so that its `file:line:` stands at the start of a line.
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Result<(), Box<dyn Error>> {
    for file in ["src/kinds.rs", "src/model.rs", "src/signature.rs", "src/theme.rs", "build", "build.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    themes::pack(&out)?;
    pages::pack(&out)?;
    Ok(())
}
