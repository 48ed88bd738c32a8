//! Archives of every format, opened as a target of their own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_fuzz::{check_package, input, limits};
use sluice_intake::{Shape, unpack};

fuzz_target!(|data: &[u8]| {
    for name in ["p-1.0.tar.gz", "p-1.0-py3-none-any.whl"] {
        check_package(&unpack(input(name, Shape::Archive, vec![(name.to_owned(), data.to_vec())]), &limits()));
    }
});
