//! The front end of Python, on the fast path and on the robust one.
#![no_main]

#[path = "../../crates/syntax/tests/common/mod.rs"]
mod common;

use libfuzzer_sys::fuzz_target;
use sluice_syntax::ir::Language;
use sluice_syntax::print::print;
use sluice_syntax::{parse, parse_robust};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for read in [parse, parse_robust] {
        let module = read("a.py", &text, Language::Python);
        common::check(&module);
        let _ = print(&module);
    }
});
