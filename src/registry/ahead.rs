//! Working ahead: values that are made once, by whoever comes first, and the threads that come before the solver.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A value that is made once. Whoever needs it first makes it; others wait for it.
#[derive(Debug)]
pub(super) struct Once<T> {
    state: Mutex<State<T>>,
    done: Condvar,
}

#[derive(Debug)]
enum State<T> {
    Idle,
    Running,
    Done(T),
}

impl<T: Clone> Once<T> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Idle), done: Condvar::new() }
    }

    /// Returns the value, made now if nobody began before.
    pub(super) fn get(&self, make: impl FnOnce() -> T) -> T {
        let mut state = lock(&self.state);
        loop {
            match &*state {
                State::Done(value) => return value.clone(),
                State::Running => state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner),
                State::Idle => break,
            }
        }
        *state = State::Running;
        drop(state);
        let running = Running(self);
        let value = make();
        *lock(&self.state) = State::Done(value.clone());
        drop(running);
        value
    }
}

/// Wakes those who wait; where the making ended in a panic, one of them begins anew instead of waiting for ever.
struct Running<'a, T>(&'a Once<T>);

impl<T> Drop for Running<'_, T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if matches!(*state, State::Running) {
            *state = State::Idle;
        }
        drop(state);
        self.0.done.notify_all();
    }
}

/// Threads that take jobs from a queue; a job may lead to more. They begin when there is something to do and end with
/// the pool.
pub(super) struct Pool<J>(Arc<Queue<J>>);

struct Queue<J> {
    inner: Mutex<Inner<J>>,
    more: Condvar,
    most: usize,
    work: Box<dyn Fn(J) -> Vec<J> + Send + Sync>,
}

struct Inner<J> {
    jobs: VecDeque<J>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl<J: Send + 'static> Pool<J> {
    /// Returns a pool of at most so many threads; none is started yet.
    pub(super) fn new(most: usize, work: impl Fn(J) -> Vec<J> + Send + Sync + 'static) -> Self {
        let inner = Inner { jobs: VecDeque::new(), threads: 0, idle: 0, closed: false };
        Self(Arc::new(Queue { inner: Mutex::new(inner), more: Condvar::new(), most, work: Box::new(work) }))
    }

    /// Adds jobs to the queue's end.
    pub(super) fn add(&self, jobs: Vec<J>) {
        add(&self.0, jobs);
    }
}

fn add<J: Send + 'static>(queue: &Arc<Queue<J>>, jobs: Vec<J>) {
    if jobs.is_empty() {
        return;
    }
    let mut inner = lock(&queue.inner);
    if inner.closed {
        return;
    }
    inner.jobs.extend(jobs);
    let waiting = inner.jobs.len();
    let start = waiting.saturating_sub(inner.idle).min(queue.most.saturating_sub(inner.threads));
    inner.threads += start;
    let woken = waiting.min(inner.idle);
    drop(inner);
    (0..woken).for_each(|_| queue.more.notify_one());
    for _ in 0..start {
        let of = Arc::clone(queue);
        let started = std::thread::Builder::new().name("larder-ahead".to_owned()).spawn(move || serve(&of));
        if started.is_err() {
            // The solver does what nobody did ahead of it.
            lock(&queue.inner).threads -= 1;
        }
    }
}

fn serve<J: Send + 'static>(queue: &Arc<Queue<J>>) {
    let mut inner = lock(&queue.inner);
    loop {
        if inner.closed {
            return;
        }
        if let Some(job) = inner.jobs.pop_front() {
            drop(inner);
            add(queue, (queue.work)(job));
            inner = lock(&queue.inner);
        } else {
            inner.idle += 1;
            inner = queue.more.wait(inner).unwrap_or_else(PoisonError::into_inner);
            inner.idle -= 1;
        }
    }
}

impl<J> Drop for Pool<J> {
    fn drop(&mut self) {
        let mut inner = lock(&self.0.inner);
        inner.closed = true;
        inner.jobs.clear();
        drop(inner);
        self.0.more.notify_all();
    }
}

/// Takes a lock, also from a thread that panicked: what these locks guard is whole at every moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_value_is_made_once() {
        let (once, made) = (Once::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(once.get(|| made.fetch_add(1, Ordering::SeqCst)), 0));
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let once = Once::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| once.get(|| panic!("made badly"))));
        assert!(panicked.is_err());
        assert_eq!(once.get(|| 7), 7);
    }

    #[test]
    fn every_job_is_done() {
        let (send, receive) = mpsc::channel();
        let send = Mutex::new(send);
        let pool = Pool::new(3, move |job: u32| {
            lock(&send).send(job).unwrap();
            if job < 50 { vec![job + 50] } else { Vec::new() }
        });
        pool.add((0..25).collect());
        pool.add((25..50).collect());
        let mut done: Vec<u32> = receive.iter().take(100).collect();
        done.sort_unstable();
        assert!(done.into_iter().eq(0..100));
    }
}
