//! Health, status and metrics, as they are now.

use super::{Engine, Watched};
use crate::clock::Now;
use crate::report::{CheckReport, HealthReport, Metric, ServiceReport, StatusReport};
use crate::status::Status;

impl Engine {
    /// Returns `/health`.
    pub fn health(&self, now: Now) -> HealthReport {
        let services = self.settings.checks.iter().zip(&self.checks).map(|(settings, check)| {
            let response_time = response_milliseconds(check);
            (settings.name.clone(), CheckReport { status: check.state.status(), response_time })
        });
        let machine = self.machine.states();
        let machine = machine.map(|(name, status)| (name.to_owned(), CheckReport { status, response_time: None }));
        let checks: std::collections::BTreeMap<_, _> = services.chain(machine).collect();
        let status = checks.values().map(|check| check.status).max().unwrap_or(Status::Healthy);
        HealthReport { status, timestamp: now.time, checks }
    }

    /// Returns `/status`.
    pub fn status(&self) -> StatusReport {
        let services = self.settings.checks.iter().zip(&self.checks).map(|(settings, check)| ServiceReport {
            name: settings.name.clone(),
            status: check.state.status(),
            last_check: check.state.last_check,
            response_time: response_milliseconds(check),
            failures: check.state.failures,
            restarts: check.restarts.count,
            error: check.state.error().map(str::to_owned),
        });
        StatusReport { metrics: self.machine.report, services: services.collect(), packages: self.packages }
    }

    /// Returns the metrics; those of one name follow each other.
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        let checks = || self.settings.checks.iter().zip(&self.checks);
        let mut of_checks = |name, help, value: &dyn Fn(&Watched) -> Option<f64>| {
            metrics.extend(checks().filter_map(|(settings, check)| {
                Some(Metric { name, help, labels: vec![("check", settings.name.clone())], value: value(check)? })
            }));
        };
        of_checks("larder_check_up", "Whether the last look at it showed no fault.", &|check| {
            check.state.last.as_ref().map(|last| f64::from(u8::from(last.outcome.is_ok())))
        });
        of_checks("larder_check_failures", "Failures in a row.", &|check| Some(f64::from(check.state.failures)));
        of_checks("larder_check_response_seconds", "How long the last answer took.", &|check| {
            Some(check.state.last.as_ref()?.response_time.as_secs_f64())
        });
        of_checks("larder_check_restarts", "Restarts since it was last healthy.", &|check| {
            Some(f64::from(check.restarts.count))
        });
        let mut single = |name, help, value: Option<f64>| {
            metrics.extend(value.map(|value| Metric { name, help, labels: Vec::new(), value }));
        };
        let machine = self.machine.report;
        single("larder_memory_used_percent", "The share of the machine's memory that is in use.", machine.memory);
        single("larder_cpu_used_percent", "The share of the processors' time that is in use.", machine.cpu);
        single("larder_disk_used_percent", "The share of the project's disk that is in use.", machine.disk);
        single("larder_cache_megabytes", "The size of the cache.", machine.cache);
        let packages = self.packages;
        single(
            "larder_health_score",
            "The health score of the dependencies, up to 100.",
            packages.map(|packages| f64::from(packages.health_score)),
        );
        single("larder_packages", "Locked packages.", packages.map(|packages| count(packages.total)));
        for (severity, value) in packages.into_iter().flat_map(|packages| {
            let all = [packages.critical, packages.high, packages.moderate, packages.low];
            ["critical", "high", "moderate", "low"].into_iter().zip(all)
        }) {
            let labels = vec![("severity", severity.to_owned())];
            let help = "Known vulnerabilities in what is locked.";
            metrics.push(Metric { name: "larder_vulnerabilities", help, labels, value: count(value) });
        }
        for (level, raised) in &self.alerts_raised {
            let labels = vec![("level", level.to_string())];
            let help = "Alerts raised since the monitor began.";
            #[allow(clippy::cast_precision_loss, reason = "a gauge for people")]
            metrics.push(Metric { name: "larder_alerts_total", help, labels, value: *raised as f64 });
        }
        for (kind, outbox) in &self.outboxes {
            let labels = vec![("channel", kind.to_string())];
            let (help, value) = ("Whether it takes alerts.", f64::from(u8::from(!outbox.is_dead())));
            metrics.push(Metric { name: "larder_channel_up", help, labels, value });
        }
        metrics
    }
}

pub(super) fn response_milliseconds(check: &Watched) -> Option<f64> {
    // A tenth of a millisecond is as much as a look at something can tell.
    let last = check.state.last.as_ref().filter(|last| last.outcome.is_ok())?;
    Some((last.response_time.as_secs_f64() * 10_000.0).round() / 10.0)
}

#[allow(clippy::cast_precision_loss, reason = "a number of packages")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}
