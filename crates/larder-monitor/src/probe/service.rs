//! Looks at services.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use larder::manifest::monitor::Probe;
use larder::model::Url;
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

use crate::status::Observation;

/// The longest file with the number of a process.
const LONGEST_PID_FILE: u64 = 64;

/// Bytes in an MB.
const MEGABYTE: u64 = 1_000_000;

/// Looks at services.
#[derive(Clone, Debug)]
pub struct Prober {
    http: reqwest::Client,
    /// The project's folder.
    root: PathBuf,
}

impl Prober {
    /// Makes one that asks with `http`, which must not follow redirects.
    pub fn new(http: reqwest::Client, root: &Path) -> Self {
        Self { http, root: root.to_owned() }
    }

    /// Looks at what a check is about. What does not answer in time is a failure.
    pub async fn probe(&self, probe: &Probe, timeout: Duration) -> Observation {
        let begun = Instant::now();
        let look = async {
            match probe {
                Probe::Http(url) => self.http(url).await,
                Probe::Tcp { host, port } => tcp(host, *port).await,
                Probe::Process { file, memory } => process(&self.root.join(&**file), *memory),
            }
        };
        let outcome = tokio::time::timeout(timeout, look).await;
        let outcome =
            outcome.unwrap_or_else(|_| Err(format!("no answer within {}", larder::model::span_text(timeout))));
        Observation { outcome, response_time: begun.elapsed() }
    }

    async fn http(&self, url: &Url) -> Result<(), String> {
        let answer = self.http.get(url.inner().clone()).send().await.map_err(|error| innermost(&error))?;
        let status = answer.status().as_u16();
        if (200..400).contains(&status) { Ok(()) } else { Err(format!("it answers with status {status}")) }
    }
}

async fn tcp(host: &str, port: u16) -> Result<(), String> {
    tokio::net::TcpStream::connect((host, port)).await.map(drop).map_err(|error| error.to_string())
}

/// Looks at the process whose number is in a file.
fn process(file: &Path, memory: Option<u64>) -> Result<(), String> {
    let text = larder::fs::read_up_to(file, LONGEST_PID_FILE).map_err(|error| error.to_string())?;
    let text = text.ok_or_else(|| format!("there is no {}", file.display()))?;
    let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let number = number.filter(|number| *number > 0);
    let pid = Pid::from_u32(number.ok_or_else(|| format!("{} has no number of a process", file.display()))?);
    let mut system = System::new();
    let wanted = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
    let Some(found) = system.process(pid) else { return Err(format!("there is no process {pid}")) };
    if matches!(found.status(), ProcessStatus::Zombie | ProcessStatus::Dead) {
        return Err(format!("process {pid} has ended"));
    }
    let used = found.memory() / MEGABYTE;
    match memory {
        Some(most) if used > most => Err(format!("process {pid} takes {used} MB of memory, and may take {most} MB")),
        _ => Ok(()),
    }
}

/// Returns what is at the bottom of a failed request: the layers above say only that it failed.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    // The outer layer names the URL, which may be a secret.
    if std::ptr::eq(std::ptr::from_ref(deepest).cast::<()>(), std::ptr::from_ref(error).cast::<()>()) {
        return "the request failed".to_owned();
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_or_takes_too_much_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("worker.pid");
        let look = |memory| process(&file, memory);
        assert!(look(None).unwrap_err().contains("there is no /"));
        for wrong in ["", "x", "-1", "0", "4294967296"] {
            std::fs::write(&file, wrong).unwrap();
            assert!(look(None).unwrap_err().contains("no number of a process"), "{wrong}");
        }
        std::fs::write(&file, "9".repeat(100)).unwrap();
        assert!(look(None).is_err());
        std::fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert_eq!((look(None), look(Some(1 << 20))), (Ok(()), Ok(())));
        assert!(look(Some(1)).unwrap_err().contains("may take 1 MB"));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        std::fs::write(&file, child.id().to_string()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(look(None).unwrap_err().contains("has ended"), "not reaped yet");
        child.wait().unwrap();
        assert!(look(None).unwrap_err().contains("there is no process"));
    }
}
