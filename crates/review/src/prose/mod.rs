//! Facts in words: short plain sentences with names in backticks and line numbers.
//!
//! Every function here makes claims from typed facts. None of them concludes; what the facts come to is said by
//! [`conclusion`] once the scores are known.

pub(crate) mod analysis;
pub(crate) mod anomalies;
pub(crate) mod behavior;
pub(crate) mod chain;
pub(crate) mod conclusion;
pub(crate) mod family;
pub(crate) mod flows;
pub(crate) mod phrases;
pub(crate) mod purpose;
pub(crate) mod sinks;
pub(crate) mod sources;
pub(crate) mod value;
pub(crate) mod words;
