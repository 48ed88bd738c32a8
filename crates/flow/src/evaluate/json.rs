//! pending
use super::Handler;
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[];
