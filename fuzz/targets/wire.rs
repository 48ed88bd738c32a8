//! What goes through the pipe between parent and worker: an input, and a review as it comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_intake::Input;
use sluice_review::model::Review;

fuzz_target!(|data: &[u8]| {
    if let Ok(input) = Input::from_bytes(data) {
        let bytes = input.to_bytes().expect("an input can be written");
        assert_eq!(Input::from_bytes(&bytes).expect("what was written can be read"), input);
    }
    if let Ok(review) = serde_json::from_slice::<Review>(data) {
        // A worker that was taken over may say anything; what it says may still not reach the terminal as it is.
        for shown in [sluice_render::text(&review, sluice_render::Look::default()), sluice_render::markdown(&review)] {
            assert!(!shown.contains('\u{1b}'), "an escape reaches the terminal");
        }
    }
});
