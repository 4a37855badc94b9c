//! The loop that drives the engine: does what it asks for, each thing on its own, and tells it what came of that.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use larder::diagnostic::{Exit, Failure};
use larder::logs::{LogLevel, LogName, Logs};
use larder::model::AlertLevel;
use larder::ops::health::{self, DependencyHealth};
use larder::ops::{Context, Session};
use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;

use crate::alert::ChannelKind;
use crate::channel::Receivers;
use crate::clock::Clock;
use crate::endpoint::{self, Answer, Asked, EndpointError, Question};
use crate::engine::{Engine, EngineAction, FailedOperation, Measurement, Note, Saved, Settings};
use crate::operations;
use crate::probe::{Gauges, Prober};
use crate::report::{HealthReport, PackagesReport, json_lines, prometheus};
use crate::restart;
use crate::state_file::StateFile;
use crate::status::Observation;

/// How many events may wait.
const WAITING_EVENTS: usize = 1024;

/// The threads that drive connections.
const WORKERS: usize = 2;

/// The most things at once that hold up a thread: mail, commands, measuring.
const MOST_BLOCKING: usize = 64;

/// What a monitor works with.
pub struct Watch<'a> {
    /// What is checked.
    pub settings: Settings,
    /// What an earlier monitor left.
    pub saved: Saved,
    /// Who is told.
    pub receivers: Receivers,
    /// Looks at services.
    pub prober: Prober,
    /// Measures the machine.
    pub gauges: Gauges,
    /// Where what happens is written down.
    pub logs: Logs,
    /// Where what outlives the monitor is kept.
    pub state: StateFile,
    /// The project's folder.
    pub root: PathBuf,
    /// How dependencies are looked at.
    pub context: Context<'static>,
    /// Hears what happens.
    pub notes: &'a dyn Fn(&Note),
    /// Hears what goes wrong with the monitor itself.
    pub warn: &'a dyn Fn(&str),
}

/// How long a monitor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Each check once.
    Once,
    /// Until a signal ends it; it answers at this address.
    Endless(SocketAddr),
}

/// Something that happened outside of the engine.
enum WatchEvent {
    Observed(usize, Observation),
    Restarted(usize, Result<(), String>),
    Measured(Measurement),
    OperationsRead(Vec<FailedOperation>),
    Inspected(Result<DependencyHealth, String>),
    Sent(ChannelKind, Result<(), String>),
    Asked(Asked),
    Stop,
}

impl From<Asked> for WatchEvent {
    fn from(asked: Asked) -> Self {
        Self::Asked(asked)
    }
}

impl Watch<'_> {
    /// Watches. Returns how everything was at the end.
    ///
    /// # Errors
    /// The address is taken, or the system gives no threads.
    pub fn run(self, duty: Duty) -> Result<HealthReport, WatchError> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let builder = builder.worker_threads(WORKERS).max_blocking_threads(MOST_BLOCKING).thread_name("larder-monitor");
        let runtime = builder.enable_all().build().map_err(WatchError::NoThreads)?;
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        let stop = sender.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(WatchError::NoThreads)?;
        let handle = signals.handle();
        let wait =
            move || signals.forever().take_while(|_| stop.blocking_send(WatchEvent::Stop).is_ok()).for_each(drop);
        std::thread::Builder::new().name("larder-signals".to_owned()).spawn(wait).map_err(WatchError::NoThreads)?;
        let outcome = runtime.block_on(async {
            if let Duty::Endless(address) = duty {
                tokio::spawn(endpoint::serve(endpoint::bind(address).await?, sender.clone()));
            }
            Ok(Loop::new(self, sender).run(events, duty == Duty::Once).await)
        });
        handle.close();
        // What is under way may wait for others; nothing of it has to be finished.
        runtime.shutdown_background();
        outcome
    }
}

struct Loop<'a> {
    engine: Engine,
    clock: Clock,
    receivers: Receivers,
    prober: Prober,
    gauges: Arc<Gauges>,
    logs: Logs,
    state: StateFile,
    root: PathBuf,
    context: Context<'static>,
    notes: &'a dyn Fn(&Note),
    warn: &'a dyn Fn(&str),
    sender: mpsc::Sender<WatchEvent>,
    /// Whether the state could be written when that was last tried.
    is_state_written: bool,
    /// Whether it was said that the log cannot be written.
    has_warned_of_log: Cell<bool>,
}

impl<'a> Loop<'a> {
    fn new(watch: Watch<'a>, sender: mpsc::Sender<WatchEvent>) -> Self {
        let clock = Clock::start();
        Self {
            engine: Engine::new(watch.settings, watch.saved, clock.now()),
            clock,
            receivers: watch.receivers,
            prober: watch.prober,
            gauges: Arc::new(watch.gauges),
            logs: watch.logs,
            state: watch.state,
            root: watch.root,
            context: watch.context,
            notes: watch.notes,
            warn: watch.warn,
            sender,
            is_state_written: true,
            has_warned_of_log: Cell::new(false),
        }
    }

    async fn run(mut self, mut events: mpsc::Receiver<WatchEvent>, is_once: bool) -> HealthReport {
        let first = self.engine.due(self.clock.now());
        self.perform(first);
        loop {
            self.save();
            if is_once && !self.engine.is_busy() {
                break;
            }
            let idle = self.engine.idle_for(self.clock.now());
            let actions = match tokio::time::timeout(idle, events.recv()).await {
                Ok(Some(WatchEvent::Stop) | None) => break,
                Ok(Some(event)) => self.take(event),
                Err(_) => Vec::new(),
            };
            self.perform(actions);
            if !is_once {
                let due = self.engine.due(self.clock.now());
                self.perform(due);
            }
        }
        self.save();
        self.engine.health(self.clock.now())
    }

    /// Tells the engine what happened.
    fn take(&mut self, event: WatchEvent) -> Vec<EngineAction> {
        let now = self.clock.now();
        match event {
            WatchEvent::Observed(check, observation) => self.engine.observe(check, observation, now),
            WatchEvent::Restarted(check, outcome) => self.engine.restarted(check, outcome, now),
            WatchEvent::Measured(measurement) => {
                self.log(LogLevel::Debug, &MetricsLine { event: "metrics", machine: measurement });
                self.engine.measured(&measurement, now)
            }
            WatchEvent::OperationsRead(failed) => self.engine.read_operations(failed, now),
            WatchEvent::Inspected(outcome) => {
                let report = outcome.map(|found| PackagesReport {
                    total: found.packages,
                    health_score: found.score,
                    critical: found.vulnerabilities.critical,
                    high: found.vulnerabilities.high,
                    moderate: found.vulnerabilities.moderate,
                    low: found.vulnerabilities.low,
                    last_check: now.time,
                });
                self.engine.inspected(report, now)
            }
            WatchEvent::Sent(kind, outcome) => self.engine.sent(kind, outcome, now),
            WatchEvent::Asked((question, tell)) => {
                // Whoever asked may have gone.
                let _ = tell.send(self.answer(question));
                Vec::new()
            }
            WatchEvent::Stop => Vec::new(),
        }
    }

    /// Begins what the engine asks for. Each ends with an event.
    fn perform(&self, actions: Vec<EngineAction>) {
        for action in actions {
            let sender = self.sender.clone();
            let tell = move |event| async move {
                // At the end nobody listens any more.
                let _ = sender.send(event).await;
            };
            match action {
                EngineAction::Note(note) => {
                    self.log(level(note.level), &note);
                    (self.notes)(&note);
                }
                EngineAction::Probe(number) => {
                    let Some(check) = self.engine.settings().checks.get(number) else { continue };
                    let (prober, probe, timeout) = (self.prober.clone(), check.probe.clone(), check.timeout);
                    tokio::spawn(async move {
                        let observation = prober.probe(&probe, timeout).await;
                        tell(WatchEvent::Observed(number, observation)).await;
                    });
                }
                EngineAction::Measure(cache) => {
                    let gauges = Arc::clone(&self.gauges);
                    tokio::spawn(async move {
                        let measured = tokio::task::spawn_blocking(move || gauges.measure(cache)).await;
                        tell(WatchEvent::Measured(measured.unwrap_or_default())).await;
                    });
                }
                EngineAction::ReadOperations(since) => {
                    let (logs, environment) = (self.logs.clone(), self.context.environment.clone().unwrap_or_default());
                    tokio::spawn(async move {
                        let read = move || operations::failed_since(&logs, since, &environment).unwrap_or_default();
                        let read = tokio::task::spawn_blocking(read).await;
                        tell(WatchEvent::OperationsRead(read.unwrap_or_default())).await;
                    });
                }
                EngineAction::InspectDependencies => {
                    let context = self.context.clone();
                    tokio::spawn(async move {
                        let inspected = tokio::task::spawn_blocking(move || inspect(&context)).await;
                        let inspected =
                            inspected.unwrap_or_else(|_| Err("the thread that looked at them ended".to_owned()));
                        tell(WatchEvent::Inspected(inspected)).await;
                    });
                }
                EngineAction::Restart(number) => {
                    let restart = self.engine.settings().checks.get(number).and_then(|check| check.restart.clone());
                    let Some(restart) = restart else { continue };
                    let root = self.root.clone();
                    tokio::spawn(async move {
                        let done = tokio::task::spawn_blocking(move || restart::run(&restart.command, &root)).await;
                        let done = done.unwrap_or_else(|_| Err("the thread that ran it ended".to_owned()));
                        tell(WatchEvent::Restarted(number, done)).await;
                    });
                }
                EngineAction::Send(kind, alert) => {
                    let receivers = self.receivers.clone();
                    tokio::spawn(async move {
                        let sent = receivers.send(kind, &alert).await;
                        tell(WatchEvent::Sent(kind, sent)).await;
                    });
                }
            }
        }
    }

    /// Writes a line of the log. A disk that is full does not end a monitor, which is needed then.
    fn log(&self, level: LogLevel, body: &impl Serialize) {
        let written = self.logs.note(LogName::Monitoring, level, self.clock.now().time, body);
        if let Err(error) = written
            && !self.has_warned_of_log.replace(true)
        {
            (self.warn)(&format!("the log of the monitor is not written: {error}"));
        }
    }

    fn answer(&self, question: Question) -> Answer {
        let now = self.clock.now();
        // Maps, texts and finite numbers can always be serialized.
        let json = |text: serde_json::Result<String>| text.unwrap_or_default() + "\n";
        let (text, is_unhealthy) = match question {
            Question::Health => {
                let health = self.engine.health(now);
                (json(serde_json::to_string(&health)), health.status == crate::status::Status::Unhealthy)
            }
            Question::Status => (json(serde_json::to_string(&self.engine.status())), false),
            Question::Metrics => (prometheus(&self.engine.metrics()), false),
            Question::MetricLines => (json_lines(&self.engine.metrics(), now.time), false),
        };
        Answer { text, is_unhealthy }
    }

    /// Writes what outlives the monitor, if it changed. A disk that is full does not end a monitor, which is needed then.
    fn save(&mut self) {
        let Some(saved) = self.engine.take_changed() else { return };
        match self.state.write(saved) {
            Ok(()) => self.is_state_written = true,
            Err(error) => {
                if self.is_state_written {
                    (self.warn)(&format!("the state of the monitor is not kept: {error}"));
                }
                self.is_state_written = false;
            }
        }
    }
}

/// What the log has of each measurement.
#[derive(Serialize)]
struct MetricsLine {
    event: &'static str,
    #[serde(flatten)]
    machine: Measurement,
}

fn level(level: AlertLevel) -> LogLevel {
    match level {
        AlertLevel::Info => LogLevel::Info,
        AlertLevel::Warning => LogLevel::Warning,
        AlertLevel::Error | AlertLevel::Critical => LogLevel::Error,
    }
}

fn inspect(context: &Context<'static>) -> Result<DependencyHealth, String> {
    health::dependencies(&Session::new(context)).map_err(|error| error.in_short())
}

/// Why nothing is watched.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WatchError {
    /// The system.
    #[error("the monitor cannot start: {0}")]
    #[diagnostic(code(larder::monitor::no_threads))]
    NoThreads(std::io::Error),
    /// The address.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Endpoint(#[from] EndpointError),
}

impl Failure for WatchError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoThreads(_) => Exit::Machine,
            Self::Endpoint(error) => error.exit(),
        }
    }
}
