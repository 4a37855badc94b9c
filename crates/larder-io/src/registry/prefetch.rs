//! Fetching ahead of the solver: queues of jobs, and the threads that run them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::once::lock;

/// The resource that a job needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The processor: more threads than cores are no use.
    Cpu,
    /// The network: one thread for each concurrent request.
    Network,
}

/// Threads that take jobs from queues, one queue for each lane. A job may add jobs. Threads start when there are jobs, and end
/// when the pool is dropped.
pub(super) struct PrefetchPool<J>(Arc<Queues<J>>);

/// Runs a job, and returns the jobs that follow from it.
type Work<J> = dyn Fn(Lane, J) -> Vec<(Lane, J)> + Send + Sync;

struct Queues<J> {
    cpu: Queue<J>,
    network: Queue<J>,
    work: Box<Work<J>>,
}

struct Queue<J> {
    state: Mutex<QueueState<J>>,
    more: Condvar,
    max_threads: usize,
}

struct QueueState<J> {
    jobs: VecDeque<J>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// The most threads of a pool, for each lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadLimits {
    pub(super) cpu: usize,
    pub(super) network: usize,
}

impl<J: Send + 'static> PrefetchPool<J> {
    /// Creates a pool. Starts no thread.
    pub(super) fn new(limits: ThreadLimits, work: impl Fn(Lane, J) -> Vec<(Lane, J)> + Send + Sync + 'static) -> Self {
        let (cpu, network) = (Queue::new(limits.cpu), Queue::new(limits.network));
        Self(Arc::new(Queues { cpu, network, work: Box::new(work) }))
    }

    /// Adds jobs to the end of a lane's queue.
    pub(super) fn add(&self, lane: Lane, jobs: Vec<J>) {
        add(&self.0, lane, jobs);
    }
}

impl<J> Queue<J> {
    fn new(max_threads: usize) -> Self {
        let state = QueueState { jobs: VecDeque::new(), threads: 0, idle: 0, closed: false };
        Self { state: Mutex::new(state), more: Condvar::new(), max_threads }
    }
}

impl<J> Queues<J> {
    fn of(&self, lane: Lane) -> &Queue<J> {
        match lane {
            Lane::Cpu => &self.cpu,
            Lane::Network => &self.network,
        }
    }
}

fn add<J: Send + 'static>(queues: &Arc<Queues<J>>, lane: Lane, jobs: Vec<J>) {
    if jobs.is_empty() {
        return;
    }
    let queue = queues.of(lane);
    let mut state = lock(&queue.state);
    if state.closed {
        return;
    }
    // A thread was woken for each job that is already in the queue.
    let woken = jobs.len().min(state.idle);
    state.jobs.extend(jobs);
    let start = state.jobs.len().saturating_sub(state.idle).min(queue.max_threads.saturating_sub(state.threads));
    state.threads += start;
    drop(state);
    (0..woken).for_each(|_| queue.more.notify_one());
    for _ in 0..start {
        let of = Arc::clone(queues);
        let started = std::thread::Builder::new().name("larder-prefetch".to_owned()).spawn(move || run_jobs(&of, lane));
        if started.is_err() {
            // The solver fetches what was not prefetched.
            lock(&queue.state).threads -= 1;
        }
    }
}

fn run_jobs<J: Send + 'static>(queues: &Arc<Queues<J>>, lane: Lane) {
    let queue = queues.of(lane);
    let mut state = lock(&queue.state);
    loop {
        if state.closed {
            return;
        }
        if let Some(job) = state.jobs.pop_front() {
            drop(state);
            let (mut cpu, mut network) = (Vec::new(), Vec::new());
            for (lane, job) in (queues.work)(lane, job) {
                match lane {
                    Lane::Cpu => cpu.push(job),
                    Lane::Network => network.push(job),
                }
            }
            add(queues, Lane::Network, network);
            add(queues, Lane::Cpu, cpu);
            state = lock(&queue.state);
        } else {
            state.idle += 1;
            state = queue.more.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

impl<J> Drop for PrefetchPool<J> {
    fn drop(&mut self) {
        for queue in [&self.0.cpu, &self.0.network] {
            let mut state = lock(&queue.state);
            state.closed = true;
            state.jobs.clear();
            drop(state);
            queue.more.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn every_job_is_run() {
        let (send, receive) = mpsc::channel();
        let send = Mutex::new(send);
        let pool = PrefetchPool::new(ThreadLimits { cpu: 2, network: 3 }, move |lane, job: u32| {
            lock(&send).send(job).unwrap();
            if job < 50 {
                vec![(if lane == Lane::Cpu { Lane::Network } else { Lane::Cpu }, job + 50)]
            } else {
                Vec::new()
            }
        });
        pool.add(Lane::Cpu, (0..25).collect());
        pool.add(Lane::Network, (25..50).collect());
        let mut done: Vec<u32> = receive.iter().take(100).collect();
        done.sort_unstable();
        assert!(done.into_iter().eq(0..100));
    }
}
