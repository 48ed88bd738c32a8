//! The bounds on what is read, in one table.
//!
//! Every bound is counted, never timed, so the same bytes give the same result on every machine. Reaching one never stops a review: what lies beyond it is recorded in
//! [`Coverage`](crate::Coverage).

use serde::{Deserialize, Serialize};

/// One mebibyte, in bytes.
const MIB: u64 = 1024 * 1024;

/// The bounds on one target. [`Limits::default`] holds the documented defaults.
///
/// | field | default | counted in |
/// |---|---|---|
/// | `file_bytes` | 50 MiB | bytes of one file, or of one archive inside another |
/// | `package_bytes` | 1 GiB | bytes of all files of a target together, after unpacking |
/// | `entries` | 100,000 | files, folders and links of a target together |
/// | `ratio` | 200 | unpacked bytes for one packed byte … |
/// | `ratio_from` | 10 MiB | … once so many bytes were unpacked |
/// | `archive_depth` | 8 | archives inside archives; the outermost counts as 1 |
/// | `fetch_bytes` | 256 MiB | bytes fetched for one version of a registry package |
/// | `binary_bytes` | 1 MiB | bytes kept of a file that is not text (its size and digest cover all of it) |
/// | `xz_memory` | 96 MiB | memory an xz stream may ask for |
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Most bytes read for one target, after unpacking.
    pub package_bytes: u64,
    /// Most entries read for one target.
    pub entries: u64,
    /// Most unpacked bytes for one packed byte, once `ratio_from` bytes were unpacked.
    pub ratio: u64,
    /// Unpacked bytes below which `ratio` is not looked at.
    pub ratio_from: u64,
    /// Most archives inside one another; the outermost counts as 1.
    pub archive_depth: u32,
    /// Most bytes fetched for one version of a registry package.
    pub fetch_bytes: u64,
    /// Most bytes kept of a file that is not text.
    pub binary_bytes: u64,
    /// Most memory one xz stream may ask for, in bytes.
    pub xz_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 50 * MIB,
            package_bytes: 1024 * MIB,
            entries: 100_000,
            ratio: 200,
            ratio_from: 10 * MIB,
            archive_depth: 8,
            fetch_bytes: 256 * MIB,
            binary_bytes: MIB,
            xz_memory: 96 * MIB,
        }
    }
}

impl Limits {
    /// Whether `unpacked` bytes out of `packed` bytes are more than an honest archive gives.
    #[must_use]
    pub fn is_bomb(&self, packed: u64, unpacked: u64) -> bool {
        unpacked > self.ratio_from && unpacked > packed.max(1).saturating_mul(self.ratio)
    }
}
