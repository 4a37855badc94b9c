//! How much a build may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much a build may use of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxLimits {
    /// How long it may run.
    pub time: Duration,
    /// Bytes of memory that one of its processes may write to.
    pub memory: u64,
    /// Processes and threads at one time.
    pub processes: u64,
    /// Bytes that the folders it may write to take on the disk.
    pub disk: u64,
    /// Files, folders and links in these folders.
    pub files: u64,
    /// Bytes of `/tmp` and of `/dev/shm`, which are in memory.
    pub temporary: u64,
    /// Bytes of output that its log keeps.
    pub log: u64,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            time: Duration::from_secs(60 * 60),
            memory: 16 * GIB,
            processes: 4096,
            disk: 16 * GIB,
            files: 2_000_000,
            temporary: 4 * GIB,
            log: 64 << 20,
        }
    }
}
