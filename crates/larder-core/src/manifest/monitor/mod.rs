//! The `monitor` block: what `larder monitor` checks, what it restarts, and the services that `larder service export` writes
//! units for.
//!
//! ```kdl
//! monitor {
//!     check "api" http="http://127.0.0.1:3000/health" every="30s"
//!     check "db" tcp="127.0.0.1:5432" timeout="2s"
//!     check "worker" process="worker.pid" memory=512
//!     disk 80; cache 1024; memory 90
//!     dependencies every="1h"
//!     restart "api" command="systemctl restart api" after=3 { environments "production"; }
//!     service "api" task="serve" after="db" memory=512
//!     listen "127.0.0.1:9417"
//! }
//! ```

mod check;
mod service;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue, UniqueNodes};
use super::{ManifestError, Task};

pub use check::{MonitorCheck, Probe};
pub use service::{Restart, Service};

/// What the `monitor` block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// `check` lines.
    pub checks: Vec<MonitorCheck>,
    /// `disk 80`: the share of the project's disk, in percent, above which it is too full.
    pub disk: Option<u8>,
    /// `cache 1024`: the size of larder's cache, in MB, above which it is too large.
    pub cache: Option<u64>,
    /// `memory 90`: the share of the machine's memory, in percent, above which it is too full.
    pub memory: Option<u8>,
    /// `dependencies every="1h"`: how often vulnerabilities and the health score are looked at; `None` for `"never"`.
    pub dependencies: Option<Duration>,
    /// `restart` lines.
    pub restarts: Vec<Restart>,
    /// `service` lines.
    pub services: Vec<Service>,
    /// `listen`: the address on loopback that answers.
    pub listen: SocketAddr,
}

/// The port of a monitor whose manifest names none.
const USUAL_PORT: u16 = 9417;

/// How often dependencies are looked at, unless the manifest says otherwise.
const USUAL_DEPENDENCY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The bounds of intervals between two checks.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

const NODES: [&str; 8] = ["check", "disk", "cache", "memory", "dependencies", "restart", "service", "listen"];

impl Default for Monitor {
    fn default() -> Self {
        Self {
            checks: Vec::new(),
            disk: None,
            cache: None,
            memory: None,
            dependencies: Some(USUAL_DEPENDENCY_INTERVAL),
            restarts: Vec::new(),
            services: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT)),
        }
    }
}

/// Reads the block.
pub(super) fn read_monitor(block: ManifestNode<'_>, errors: &mut Errors) -> Monitor {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "monitor { check \"api\" http=\"http://127.0.0.1:3000/health\"; }",
    };
    block.read_parts(&SHAPE, errors);
    let (mut monitor, mut once) = (Monitor::default(), UniqueNodes::default());
    for node in block.children() {
        if !matches!(node.name(), "check" | "restart" | "service") {
            once.check(node, errors);
        }
        let mut number = |most| node.single_value(errors).and_then(|value| value.number((1, most), errors));
        match node.name() {
            "check" => monitor.checks.extend(check::read_check(node, errors)),
            "disk" => monitor.disk = number(100).and_then(|number| u8::try_from(number).ok()),
            "memory" => monitor.memory = number(100).and_then(|number| u8::try_from(number).ok()),
            "cache" => monitor.cache = number(1 << 30).and_then(|number| u64::try_from(number).ok()),
            "dependencies" => monitor.dependencies = read_dependencies(node, errors),
            "restart" => monitor.restarts.extend(service::read_restart(node, errors)),
            "service" => monitor.services.extend(service::read_service(node, errors)),
            "listen" => {
                if let Some(address) = node.single_value(errors).and_then(|value| read_address(value, errors)) {
                    monitor.listen = address;
                }
            }
            _ => node.report_unknown("in `monitor`", &NODES, errors),
        }
    }
    check::report_names(&monitor.checks, errors);
    service::check_restarts(&monitor.restarts, &monitor.checks, errors);
    service::check_services(&monitor.services, errors);
    monitor
}

/// Checks what the block says against the tasks of the manifest.
pub(super) fn check_tasks(monitor: &Monitor, tasks: &[Task], errors: &mut Errors) {
    service::check_tasks(&monitor.services, tasks, errors);
}

/// Reads `dependencies every="1h"` or `dependencies "never"`.
fn read_dependencies(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Duration> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 1),
        properties: &["every"],
        block: BlockRule::Never,
        example: "dependencies every=\"1h\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    match (parts.argument(0), parts.property("every")) {
        (Some(value), None) => {
            value.choice(&[("never", ())], errors);
            None
        }
        (None, Some(value)) => read_span(value, (SHORTEST_INTERVAL, LONGEST_INTERVAL), errors),
        _ => {
            let help = "it is written `dependencies every=\"1h\"` or `dependencies \"never\"`";
            errors.push(node.missing_error("one of `every=` and `\"never\"`", Some(help.to_owned())));
            None
        }
    }
}

/// Reads a span of time between two bounds.
pub(super) fn read_span(
    value: NodeValue<'_>,
    (least, most): (Duration, Duration),
    errors: &mut Errors,
) -> Option<Duration> {
    let span = value.duration(errors)?;
    if (least..=most).contains(&span) {
        return Some(span);
    }
    let text = crate::model::span_text;
    errors.push(ManifestError::BadValue {
        value: text(span),
        what: "possible here",
        reason: format!("it must lie between {} and {}", text(least), text(most)),
        help: None,
        span: value.span,
    });
    None
}

/// Reads an address of this machine with its port.
fn read_address(value: NodeValue<'_>, errors: &mut Errors) -> Option<SocketAddr> {
    let text = value.string(errors)?;
    let address: Option<SocketAddr> = text.value.parse().ok();
    let reason = match address {
        Some(address) if address.ip().is_loopback() => return Some(address),
        Some(_) => "it is not on loopback: what the monitor answers is for this machine alone",
        None => "an address has a number and a port",
    };
    errors.push(ManifestError::BadValue {
        value: text.value.to_owned(),
        what: "an address to listen on",
        reason: reason.to_owned(),
        help: Some("write it like \"127.0.0.1:9417\"; a proxy in front may let others in".to_owned()),
        span: text.span,
    });
    None
}
