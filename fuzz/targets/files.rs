//! One file: told apart by content and name, and decoded. The first byte chooses the name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_fuzz::{check_package, input, limits};
use sluice_intake::{Shape, unpack};

const NAMES: [&str; 18] = [
    "a.py", "a.pyw", "a.pyi", "a.pth", "tool", "a.txt", "a.png", "a.woff2", "a.dat", "a.pyc", "a.ipynb", "a.html",
    "a.js", "a.md", "a.so", "a.json", "a.svg", "a.astro",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let package = unpack(input(name, Shape::File, vec![(name.to_owned(), rest.to_vec())]), &limits());
    check_package(&package);
    assert!(package.files.iter().any(|file| file.path == name));
});
