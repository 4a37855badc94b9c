//! Work on many files or folders at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::parallel;

/// The most files that a run has open, connections included: a few for each artifact that is being fetched.
const OPEN_FILES: i32 = 512;

/// Grows the process's table of open files, to be called before any thread is started.
///
/// Linux doubles the table whenever it is full, and in a process with several threads each doubling stalls them all for some
/// milliseconds (`synchronize_rcu`).
pub fn expect_open_files() {
    // If the limit of open files is lower, the table need not grow.
    drop(rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), OPEN_FILES - 1));
}

/// Below this many items a second thread costs more than it brings.
const WORTH_IT: usize = 8;

/// Calls `work` for every item on up to four threads. Returns the results in the items' order, or an error, with which the work ends.
pub fn map_parallel<'a, T: Sync, R: Send, E: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    if threads == 1 || items.len() < WORTH_IT {
        return items.iter().map(work).collect();
    }
    let has_failed = AtomicBool::new(false);
    let results = parallel::map_parallel(items, threads, |item| {
        let is_wanted = !has_failed.load(Ordering::Relaxed);
        is_wanted.then(|| work(item).inspect_err(|_| has_failed.store(true, Ordering::Relaxed)))
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_and_an_error_stops() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = map_parallel(&items, |&item| Ok::<_, ()>(item * 2)).unwrap();
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let error = map_parallel(&items, |&item| if item == 500 { Err("no") } else { Ok(()) });
        assert_eq!(error, Err("no"));
    }
}
