//! Everything that declares something: core metadata, `setup.cfg`, `pyproject.toml`, entry points, `RECORD`.
//! The pieces of the bytes are the files, each with its name in the first byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_fuzz::{check_package, input, limits, pieces};
use sluice_intake::{Shape, unpack};

const NAMES: [&str; 16] = [
    "pyproject.toml",
    "setup.cfg",
    "PKG-INFO",
    "a.egg-info/PKG-INFO",
    "a.egg-info/requires.txt",
    "a.egg-info/top_level.txt",
    "a.egg-info/entry_points.txt",
    "a-1.dist-info/METADATA",
    "a-1.dist-info/RECORD",
    "a-1.dist-info/entry_points.txt",
    "a-1.dist-info/top_level.txt",
    "EGG-INFO/PKG-INFO",
    "package.json",
    "a/__init__.py",
    "a.pth",
    "setup.py",
];

fuzz_target!(|data: &[u8]| {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for piece in pieces(data).take(8) {
        let Some((first, rest)) = piece.split_first() else { continue };
        let name = NAMES[usize::from(*first) % NAMES.len()];
        if parts.iter().all(|(known, _)| known != name) {
            parts.push((name.to_owned(), rest.to_vec()));
        }
    }
    parts.sort();
    if parts.is_empty() {
        return;
    }
    check_package(&unpack(input("set", Shape::Folder, parts.clone()), &limits()));
    let parts = parts.into_iter().map(|(path, bytes)| (format!("a-1-py3-none-any.whl!/{path}"), bytes)).collect();
    let shape = Shape::PypiVersion { name: "a".to_owned(), version: "1".to_owned() };
    check_package(&unpack(input("pypi:a", shape, parts), &limits()));
});
