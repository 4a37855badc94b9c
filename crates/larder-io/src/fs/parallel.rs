//! Work on many files or folders at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

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

/// Calls `work` for every item on up to four threads. Returns the results in the items' order, or the first error.
pub fn map_parallel<'a, T: Sync, R: Send + Sync, E: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    if threads == 1 || items.len() < WORTH_IT {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<E>> = Mutex::new(None);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    match work(item) {
                        Ok(result) => drop(results[at].set(result)),
                        Err(error) => {
                            next.store(items.len(), Ordering::Relaxed);
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(results.into_iter().filter_map(OnceLock::into_inner).collect()),
    }
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
