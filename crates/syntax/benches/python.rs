//! Speed of parsing alone, of parsing and lowering, and of the robust path, over the Python standard library.
//!
//! The library's folder is asked from `python3`; without one there is nothing to measure.

use std::path::PathBuf;
use std::process::Command;

use divan::counter::BytesCount;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use sluice_syntax::ir::Language;

fn main() {
    divan::main();
}

/// The texts of all Python files of the standard library itself.
fn texts() -> Vec<String> {
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let Ok(output) = Command::new("python3").args(["-c", script]).output() else { return Vec::new() };
    let mut folders = vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("site-packages") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                texts.extend(std::fs::read_to_string(path));
            }
        }
    }
    texts
}

fn measure(bencher: divan::Bencher, read: impl Fn(&str) + Sync) {
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| texts.iter().for_each(|text| read(text)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn parse_alone(bencher: divan::Bencher) {
    measure(bencher, |text| {
        divan::black_box(parse_unchecked(text, ParseOptions::from(Mode::Module)));
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn parse_and_lower(bencher: divan::Bencher) {
    measure(bencher, |text| {
        divan::black_box(sluice_syntax::parse("bench.py", text, Language::Python));
    });
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn robust_path(bencher: divan::Bencher) {
    measure(bencher, |text| {
        divan::black_box(sluice_syntax::parse_robust("bench.py", text, Language::Python));
    });
}
