//! The whole way: any bytes are one valid review.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_fuzz::{check_review, limits};

fuzz_target!(|data: &[u8]| {
    let options = sluicegate::Options { limits: limits(), ..sluicegate::Options::default() };
    let review = sluicegate::review_bytes("a.py", data, &options);
    check_review(&review);
});
