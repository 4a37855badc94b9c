//! Real services that crash, hang, eat memory and start slowly.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Project, free_address, until};

/// A service: it answers at a port, after a while, with what a file says; `hang` keeps it from answering, `eat` makes it take memory.
const SERVICE: &str = r#"
import http.server, os, sys, time
port, pause = int(sys.argv[1]), float(sys.argv[2])
open("service.pid", "w").write(str(os.getpid()))
time.sleep(pause)
eaten = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        while os.path.exists("hang"):
            time.sleep(0.1)
        if os.path.exists("eat"):
            eaten.append(bytearray(80_000_000))
        self.send_response(500 if os.path.exists("fail") else 200)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

/// A service that runs; it ends with the test.
struct Service(Child);

impl Service {
    fn start(project: &Project, port: u16, pause: f32) -> Self {
        project.write("service.py", SERVICE);
        let mut command = Command::new("python3");
        command.args(["service.py", &port.to_string(), &pause.to_string()]).current_dir(project.path(""));
        Self(command.stdin(Stdio::null()).spawn().expect("tests need python3"))
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

fn project(address: SocketAddr, rest: &str) -> Project {
    Project::new(&format!(
        "monitor {{\n    dependencies \"never\"\n    check \"api\" http=\"http://{address}/health\" every=\"1s\" timeout=\"1s\"\n{rest}\n}}"
    ))
}

#[test]
fn a_service_that_starts_slowly_crashes_and_comes_back_is_seen_in_each_state() {
    let address = free_address();
    let project = project(address, "");
    let mut service = Service::start(&project, address.port(), 1.5);
    let monitor = project.start("development");
    assert_eq!(monitor.wait_for("api", "healthy")[0], "degraded", "it starts slowly");
    let report = &monitor.document("/status")["services"][0];
    assert!(report["responseTime"].as_f64().is_some_and(|time| time > 0.0), "{report}");
    service.kill();
    assert_eq!(monitor.wait_for("api", "unhealthy"), ["healthy", "degraded", "unhealthy"]);
    let (status, text) = monitor.ask("/health");
    assert!(status == 503 && text.contains("\"status\":\"unhealthy\""), "{status} {text}");
    let report = &monitor.document("/status")["services"][0];
    assert!(report["error"].as_str().is_some_and(|error| error.contains("refused")), "{report}");
    let _again = Service::start(&project, address.port(), 0.0);
    assert_eq!(monitor.wait_for("api", "healthy"), ["unhealthy", "healthy"]);
    assert_eq!(monitor.ask("/health").0, 200);
    assert_eq!(monitor.stop(), Some(0));
}

#[test]
fn a_service_that_hangs_or_answers_with_an_error_fails_and_holds_up_no_other() {
    let (address, other) = (free_address(), free_address());
    let project = project(address, &format!("check \"other\" tcp=\"{other}\" every=\"1s\""));
    let _service = Service::start(&project, address.port(), 0.0);
    let _other = std::net::TcpListener::bind(other).expect("a port");
    let monitor = project.start("development");
    monitor.wait_for("api", "healthy");
    project.write("hang", "");
    monitor.wait_for("api", "unhealthy");
    let services = monitor.document("/status")["services"].clone();
    assert_eq!((&services[0]["error"], &services[1]["status"]), (&"no answer within 1s".into(), &"healthy".into()));
    std::fs::remove_file(project.path("hang")).expect("a file");
    monitor.wait_for("api", "healthy");
    project.write("fail", "");
    monitor.wait_for("api", "unhealthy");
    assert_eq!(monitor.document("/status")["services"][0]["error"], "it answers with status 500");
}

#[test]
fn a_service_that_eats_memory_is_seen_by_its_process() {
    let address = free_address();
    let project = project(address, "check \"worker\" process=\"service.pid\" memory=100 every=\"1s\"");
    let mut service = Service::start(&project, address.port(), 0.0);
    let monitor = project.start("development");
    monitor.wait_for("worker", "healthy");
    project.write("eat", "");
    monitor.wait_for("worker", "unhealthy");
    let error = monitor.document("/status")["services"][1]["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("MB of memory, and may take 100 MB"), "{error}");
    service.kill();
    assert!(until(Duration::from_secs(5), || monitor.document("/status")["services"][1]["error"]
        .as_str()
        .is_some_and(|error| error.contains("there is no process"))));
}

#[test]
fn a_crashed_service_is_restarted_where_the_manifest_says_so() {
    let address = free_address();
    let command = format!("echo restarted >> restarts; python3 service.py {} 0 > /dev/null 2>&1 &", address.port());
    let project =
        project(address, &format!("restart \"api\" command=\"{command}\" after=2 {{ environments \"production\"; }}"));
    let mut service = Service::start(&project, address.port(), 0.0);
    let monitor = project.start("production");
    monitor.wait_for("api", "healthy");
    service.kill();
    monitor.wait_for("api", "degraded");
    monitor.wait_for("api", "healthy");
    assert_eq!(project.read("restarts"), "restarted\n");
    assert_eq!(monitor.document("/status")["services"][0]["restarts"], 1);
    // After ten seconds of health it is as if nothing had been.
    assert!(until(Duration::from_secs(15), || monitor.document("/status")["services"][0]["restarts"] == 0));
    let pid = project.read("service.pid");
    let _ = Command::new("kill").arg(pid.trim()).status();
    drop(monitor);

    // Elsewhere it is told, and nothing is run.
    let monitor = project.start("development");
    monitor.wait_for("api", "unhealthy");
    assert_eq!(project.read("restarts"), "restarted\n");
}

#[test]
fn a_service_that_never_comes_back_is_restarted_ten_times_four_seconds_apart_and_then_left_alone() {
    let address = free_address();
    let project = project(
        address,
        "restart \"api\" command=\"date +%s.%N >> restarts\" after=1 { environments \"production\"; }",
    );
    let mut monitor = project.start("production");
    let times = || -> Vec<f64> { project.read("restarts").lines().filter_map(|line| line.parse().ok()).collect() };
    assert!(until(Duration::from_secs(60), || times().len() >= 4));
    // A monitor that is killed and begins again goes on counting.
    monitor.kill();
    monitor = project.start("production");
    assert!(until(Duration::from_secs(90), || times().len() >= 10));
    let told = || project.read(".larder/monitor/production.json").contains("is left alone now");
    assert!(until(Duration::from_secs(20), told), "{}", project.read(".larder/monitor/production.json"));
    std::thread::sleep(Duration::from_secs(5));
    let times = times();
    assert_eq!(times.len(), 10);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 3.9), "{times:?}");
    assert_eq!(monitor.document("/status")["services"][0]["restarts"], 10);
}

#[test]
fn a_monitor_that_looks_often_and_is_asked_often_does_not_grow() {
    let address = free_address();
    let checks: Vec<String> =
        (0..30).map(|number| format!("check \"c{number}\" tcp=\"{address}\" every=\"1s\"")).collect();
    let project = project(address, &checks.join("\n"));
    let monitor = project.start("development");
    let ask = |seconds: u64| {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            for path in ["/health", "/status", "/metrics", "/metrics.jsonl", "/none"] {
                monitor.ask(path);
            }
        }
        monitor.resources()
    };
    let (files, memory) = ask(4);
    let (files_later, memory_later) = ask(8);
    assert!(files_later <= files + 20 && files_later < 100, "{files} → {files_later}");
    assert!(memory_later < memory + 8_000, "{memory} kB → {memory_later} kB");
}
