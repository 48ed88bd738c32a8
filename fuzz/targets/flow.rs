//! The engines over the modules of a package: the pieces of the bytes are the modules.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sluice_catalog::Catalog;
use sluice_flow::{Context, Entry, Source, analyze};
use sluice_fuzz::pieces;
use sluice_syntax::ir::Language;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded("python").expect("the catalog is sound"));

const NAMES: [&str; 4] = ["a/__init__.py", "a/b.py", "a/c/__init__.py", "setup.py"];

fuzz_target!(|data: &[u8]| {
    let source = |(path, piece): (&str, &[u8])| Source {
        path: path.to_owned(),
        text: Arc::from(String::from_utf8_lossy(piece)),
        language: Language::Python,
        robust: false,
    };
    let sources: Vec<Source> = NAMES.into_iter().zip(pieces(data)).map(source).collect();
    let entry = Entry { when: "install".into(), file: "setup.py".to_owned(), function: None };
    let context = Context { entries: vec![entry], ..Context::default() };
    sluicegate::stages::on_big_stack(|| analyze(&sources, &context, &CATALOG)).expect("no panic");
});
