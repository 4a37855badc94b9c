//! Working ahead: values that are made once, by whoever comes first, and the threads that come before the solver.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    Running {
        /// Whether somebody waits for its end: waking nobody costs a system call as well.
        awaited: bool,
    },
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
            match &mut *state {
                State::Done(value) => return value.clone(),
                State::Running { awaited } => {
                    *awaited = true;
                    state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                State::Idle => break,
            }
        }
        *state = State::Running { awaited: false };
        drop(state);
        Running(self).end(make())
    }

    /// Returns the value if it is there, or if nobody makes it and `make` can; waits for nobody.
    pub(super) fn try_get(&self, make: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut state = lock(&self.state);
        match &*state {
            State::Done(value) => return Some(value.clone()),
            State::Running { .. } => return None,
            State::Idle => *state = State::Running { awaited: false },
        }
        drop(state);
        let running = Running(self);
        make().map(|value| running.end(value))
    }

    /// Ends a running.
    fn settle(&self, end: State<T>) {
        let before = std::mem::replace(&mut *lock(&self.state), end);
        if matches!(before, State::Running { awaited: true }) {
            self.done.notify_all();
        }
    }
}

/// Wakes those who wait; where the making ended without a value or in a panic, one of them begins anew instead of
/// waiting for ever.
struct Running<'a, T: Clone>(&'a Once<T>);

impl<T: Clone> Running<'_, T> {
    fn end(self, value: T) -> T {
        self.0.settle(State::Done(value.clone()));
        value
    }
}

impl<T: Clone> Drop for Running<'_, T> {
    fn drop(&mut self) {
        if !matches!(*lock(&self.0.state), State::Done(_)) {
            self.0.settle(State::Idle);
        }
    }
}

/// What a job is expected to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The processor: a few threads do as much as many.
    AtHand,
    /// The network: as many threads as there may be requests.
    Remote,
}

/// Threads that take jobs from queues, one for each lane; a job may lead to more. They begin when there is something to
/// do and end with the pool.
pub(super) struct Pool<J>(Arc<Queues<J>>);

/// Does a job, and returns those that it leads to.
type Work<J> = dyn Fn(Lane, J) -> Vec<(Lane, J)> + Send + Sync;

struct Queues<J> {
    at_hand: Queue<J>,
    remote: Queue<J>,
    work: Box<Work<J>>,
}

struct Queue<J> {
    inner: Mutex<Inner<J>>,
    more: Condvar,
    most: usize,
}

struct Inner<J> {
    jobs: VecDeque<J>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// How many threads a pool may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads {
    pub(super) at_hand: usize,
    pub(super) remote: usize,
}

impl<J: Send + 'static> Pool<J> {
    /// Returns a pool; no thread is started yet.
    pub(super) fn new(most: Threads, work: impl Fn(Lane, J) -> Vec<(Lane, J)> + Send + Sync + 'static) -> Self {
        let (at_hand, remote) = (Queue::new(most.at_hand), Queue::new(most.remote));
        Self(Arc::new(Queues { at_hand, remote, work: Box::new(work) }))
    }

    /// Adds jobs to the end of a lane's queue.
    pub(super) fn add(&self, lane: Lane, jobs: Vec<J>) {
        add(&self.0, lane, jobs);
    }
}

impl<J> Queue<J> {
    fn new(most: usize) -> Self {
        let inner = Inner { jobs: VecDeque::new(), threads: 0, idle: 0, closed: false };
        Self { inner: Mutex::new(inner), more: Condvar::new(), most }
    }
}

impl<J> Queues<J> {
    fn of(&self, lane: Lane) -> &Queue<J> {
        match lane {
            Lane::AtHand => &self.at_hand,
            Lane::Remote => &self.remote,
        }
    }
}

fn add<J: Send + 'static>(queues: &Arc<Queues<J>>, lane: Lane, jobs: Vec<J>) {
    if jobs.is_empty() {
        return;
    }
    let queue = queues.of(lane);
    let mut inner = lock(&queue.inner);
    if inner.closed {
        return;
    }
    // Somebody was woken for each job that waits already.
    let woken = jobs.len().min(inner.idle);
    inner.jobs.extend(jobs);
    let start = inner.jobs.len().saturating_sub(inner.idle).min(queue.most.saturating_sub(inner.threads));
    inner.threads += start;
    drop(inner);
    (0..woken).for_each(|_| queue.more.notify_one());
    for _ in 0..start {
        let of = Arc::clone(queues);
        let started = std::thread::Builder::new().name("larder-ahead".to_owned()).spawn(move || serve(&of, lane));
        if started.is_err() {
            // The solver does what nobody did ahead of it.
            lock(&queue.inner).threads -= 1;
        }
    }
}

fn serve<J: Send + 'static>(queues: &Arc<Queues<J>>, lane: Lane) {
    let queue = queues.of(lane);
    let mut inner = lock(&queue.inner);
    loop {
        if inner.closed {
            return;
        }
        if let Some(job) = inner.jobs.pop_front() {
            drop(inner);
            let (mut at_hand, mut remote) = (Vec::new(), Vec::new());
            for (lane, job) in (queues.work)(lane, job) {
                match lane {
                    Lane::AtHand => at_hand.push(job),
                    Lane::Remote => remote.push(job),
                }
            }
            add(queues, Lane::Remote, remote);
            add(queues, Lane::AtHand, at_hand);
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
        for queue in [&self.0.at_hand, &self.0.remote] {
            let mut inner = lock(&queue.inner);
            inner.closed = true;
            inner.jobs.clear();
            drop(inner);
            queue.more.notify_all();
        }
    }
}

/// Does jobs side by side, on at most so many threads, and returns what they come to, in the order of the jobs.
pub(super) fn side_by_side<J: Sync, T: Send>(jobs: &[J], most: usize, work: impl Fn(&J) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    let serve = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(place) else { return };
            let result = work(job);
            lock(&done).push((place, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..most.min(jobs.len()) {
            // What a thread cannot be had for is done by the others.
            let _ = std::thread::Builder::new().name("larder-ahead".to_owned()).spawn_scoped(scope, serve);
        }
        serve();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Takes a lock, also from a thread that panicked: what these locks guard is whole at every moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
    fn who_cannot_wait_gets_only_what_is_there() {
        let once = Once::new();
        assert_eq!(once.try_get(|| None), None);
        let inside = once.get(|| once.try_get(|| Some(1)).map_or(7, |_: i32| 0));
        assert_eq!((inside, once.try_get(|| None)), (7, Some(7)));
    }

    #[test]
    fn what_is_done_side_by_side_comes_back_in_order() {
        let jobs: Vec<u32> = (0..100).collect();
        assert_eq!(side_by_side(&jobs, 8, |job| job * 2), (0..100).map(|job| job * 2).collect::<Vec<_>>());
        assert!(side_by_side(&[] as &[u32], 8, |job| *job).is_empty());
    }

    #[test]
    fn every_job_is_done() {
        let (send, receive) = mpsc::channel();
        let send = Mutex::new(send);
        let pool = Pool::new(Threads { at_hand: 2, remote: 3 }, move |lane, job: u32| {
            lock(&send).send(job).unwrap();
            if job < 50 {
                vec![(if lane == Lane::AtHand { Lane::Remote } else { Lane::AtHand }, job + 50)]
            } else {
                Vec::new()
            }
        });
        pool.add(Lane::AtHand, (0..25).collect());
        pool.add(Lane::Remote, (25..50).collect());
        let mut done: Vec<u32> = receive.iter().take(100).collect();
        done.sort_unstable();
        assert!(done.into_iter().eq(0..100));
    }
}
