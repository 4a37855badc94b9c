//! Measures the machine.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use larder::fs::{self, Usage};
use sysinfo::{MemoryRefreshKind, System};

use crate::engine::{CacheUse, Measurement};

/// Bytes in an MB.
const MEGABYTE: u64 = 1_000_000;

/// The most files of a cache that are counted.
const MOST_ENTRIES: u64 = 5_000_000;

/// Measures the machine.
#[derive(Debug)]
pub struct Gauges {
    /// Processors are measured from one look to the next.
    system: Mutex<System>,
    /// A folder on the disk that is measured.
    root: PathBuf,
    cache: PathBuf,
    /// The limit of the cache, in MB: what lies beyond is not counted.
    cache_limit: Option<u64>,
}

impl Gauges {
    /// Prepares for measuring.
    pub fn new(root: PathBuf, cache: PathBuf, cache_limit: Option<u64>) -> Self {
        Self { system: Mutex::new(System::new()), root, cache, cache_limit }
    }

    /// Measures. What cannot be measured is left out.
    #[allow(clippy::cast_precision_loss, reason = "shares for people")]
    pub fn measure(&self, cache: CacheUse) -> Measurement {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let is_first = system.cpus().is_empty();
        system.refresh_cpu_usage();
        let (total, available) = (system.total_memory(), system.available_memory());
        let memory = (total > 0).then(|| total.saturating_sub(available) as f64 * 100.0 / total as f64);
        let cpu = (!is_first).then(|| f64::from(system.global_cpu_usage()));
        let limit = self.cache_limit.filter(|_| cache == CacheUse::Measured);
        let size = limit.and_then(|limit| {
            let most = Usage { bytes: limit.saturating_add(1).saturating_mul(MEGABYTE), entries: MOST_ENTRIES };
            fs::usage(&self.cache, most).ok()
        });
        Measurement {
            memory,
            cpu,
            disk: fs::disk_use(&self.root).ok(),
            cache: size.map(|size| size.bytes as f64 / MEGABYTE as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_memory_a_disk_and_from_the_second_look_on_processors() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("big"), vec![1; 3 << 20]).unwrap();
        let gauges = Gauges::new(folder.path().to_owned(), folder.path().to_owned(), Some(1));
        let first = gauges.measure(CacheUse::Skipped);
        assert_eq!((first.cpu, first.cache), (None, None));
        let second = gauges.measure(CacheUse::Measured);
        for share in [first.memory, first.disk, second.cpu] {
            assert!(share.is_some_and(|share| (0.0..=100.0).contains(&share)), "{share:?}");
        }
        assert!(second.cache.is_some_and(|size| size > 1.0));
    }
}
