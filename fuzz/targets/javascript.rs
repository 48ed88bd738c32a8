//! The front end of JavaScript and TypeScript, and what reads pages, `package.json` and `binding.gyp`.
#![no_main]

#[path = "../../crates/syntax/tests/common/mod.rs"]
mod common;

use libfuzzer_sys::fuzz_target;
use sluice_syntax::ir::Language;
use sluice_syntax::parse;
use sluice_syntax::print::print;

const NAMES: [(&str, Language); 9] = [
    ("a.js", Language::JavaScript),
    ("a.mjs", Language::JavaScript),
    ("a.ts", Language::TypeScript),
    ("package.json", Language::PackageJson),
    ("binding.gyp", Language::PackageJson),
    ("a.html", Language::Page),
    ("a.svg", Language::Page),
    ("a.svelte", Language::Page),
    ("a.astro", Language::Page),
];

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for (name, language) in NAMES {
        let module = parse(name, &text, language);
        common::check(&module);
        let _ = print(&module);
    }
});
