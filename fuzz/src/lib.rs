//! What the fuzz targets share: how bytes become a package, and what must hold of every package and review.

use sluice_intake::{Coverage, Input, Limits, Package, Part, Shape};
use sluice_review::Verdict;
use sluice_review::model::Review;

/// Limits small enough that a run is short, and otherwise the defaults.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        file_bytes: 1 << 20,
        package_bytes: 8 << 20,
        entries: 500,
        ratio_from: 1 << 20,
        xz_memory: 8 << 20,
        ..Limits::default()
    }
}

/// An input of these parts.
#[must_use]
pub fn input(name: &str, shape: Shape, parts: Vec<(String, Vec<u8>)>) -> Input {
    let parts = parts.into_iter().map(|(path, bytes)| Part { path, bytes }).collect();
    Input { name: name.to_owned(), shape, parts, coverage: Coverage::default() }
}

/// Splits bytes at each `0xff 0xfe 0xff`, which is in no text: several files out of one run's bytes.
pub fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let here = rest?;
        match here.windows(3).position(|window| window == [0xff, 0xfe, 0xff]) {
            Some(at) => {
                rest = here.get(at + 3..);
                here.get(..at)
            }
            None => {
                rest = None;
                Some(here)
            }
        }
    })
}

/// What holds of every package, whatever it was made from.
///
/// # Panics
/// When something does not hold.
pub fn check_package(package: &Package) {
    let coverage = &package.coverage;
    assert!(package.files.is_sorted_by(|a, b| a.path < b.path), "names are sorted and unique");
    let told = !coverage.unread.is_empty() || !coverage.notes.is_empty() || coverage.folders + coverage.links > 0;
    assert!(!package.files.is_empty() || told, "something is left out in silence");
    for file in &package.files {
        assert_eq!(file.digest.len(), 64, "{}", file.path);
    }
    for point in &package.manifest.entry_points {
        if let Some(name) = &point.file {
            assert!(package.files.iter().any(|file| file.path == *name), "{name} is an entry point and no file");
        }
    }
}

/// What holds of every review, whatever it is of.
///
/// # Panics
/// When something does not hold.
pub fn check_review(review: &Review) {
    let text = review.to_json().expect("a review is JSON");
    let back: Review = serde_json::from_str(&text).expect("the JSON of a review is a review");
    assert!(back == *review, "a review does not survive its JSON");
    assert!(review.report.malware >= 0.0 && review.report.malware <= 1.0);
    if review.coverage.unread.iter().any(|unread| unread.matters) {
        assert!(review.verdict != Verdict::Benign, "what was not read is called benign");
    }
    assert!(!text.contains("internal error"), "{text}");
    for shown in [sluice_render::text(review, sluice_render::Look::default()), sluice_render::markdown(review), text] {
        let bad = shown.chars().find(|&c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c));
        assert!(bad.is_none(), "{bad:?} reaches the reader");
    }
}
