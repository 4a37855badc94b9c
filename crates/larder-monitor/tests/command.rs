//! The command line, and what the monitor answers.

use crate::support::{Project, free_address};

const NOTHING: &str = "monitor { dependencies \"never\"; memory 100; }";

#[test]
fn one_look_tells_by_its_status_whether_all_is_well() {
    let address = free_address();
    let project =
        Project::new(&format!("monitor {{ dependencies \"never\"; memory 100; check \"api\" tcp=\"{address}\"; }}"));
    for expected in ["degraded", "degraded", "unhealthy"] {
        let health = project.json(&["--once"], 1);
        assert_eq!(health["checks"]["api"]["status"], expected, "{health}");
    }
    let _listener = std::net::TcpListener::bind(address).expect("a port");
    let health = project.json(&["--once"], 0);
    assert_eq!((&health["status"], &health["checks"]["api"]["status"]), (&"healthy".into(), &"healthy".into()));
    assert!(health["checks"]["api"]["responseTime"].is_number());
    let listed = project.json(&["alerts", "list"], 0);
    // It was told, and then that it is over.
    let alerts = listed["alerts"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = alerts.iter().map(|alert| (&alert["rule"], alert.get("resolved").is_some())).collect();
    assert_eq!(told, [(&"service-down".into(), true), (&"service-down".into(), false)]);
}

#[test]
fn a_second_monitor_of_an_environment_does_not_begin() {
    let project = Project::new(NOTHING);
    let _monitor = project.start("production");
    let out = project.run(&["--env", "production", "--once"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && said.contains("another monitor of this environment runs"), "{said}");
    assert_eq!(
        project.json(&["--env", "staging", "--once"], 2)["error"]["code"],
        "larder::project::unknown_environment"
    );
    assert_eq!(project.json(&["--env", "development", "--once"], 0)["status"], "healthy");
}

#[test]
fn wrong_usage_and_taken_addresses_are_named() {
    let project = Project::new(NOTHING);
    for words in [
        &["--interval", "0s"][..],
        &["--interval", "x"],
        &["--listen", "0.0.0.0:1"],
        &["--once", "--listen", "127.0.0.1:1"],
        &["frob"],
    ] {
        assert_eq!(project.run(words).status.code(), Some(2), "{words:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let failure = project.json(&["--listen", &address], 6);
    assert_eq!(failure["error"]["code"], "larder::monitor::listen");
    project.write("larder.kdl", "monitor { check \"api\" tcp=\"x\"; }");
    assert_eq!(project.json(&["--once"], 2)["error"]["code"], "larder::manifest::invalid");
}

#[test]
fn a_damaged_state_and_a_folder_that_cannot_be_written_are_told_and_survived() {
    let project = Project::new(NOTHING);
    project.write(".larder/monitor/development.json", "{\"version\":");
    let out = project.run(&["--once"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(0) && said.contains("says nothing that can be read"), "{said}");
    std::fs::remove_dir_all(project.path(".larder")).expect("a folder");
    std::os::unix::fs::symlink("/tmp", project.path(".larder")).expect("a link");
    assert_eq!(project.json(&["--once"], 1)["error"]["code"], "larder::monitor::blocked");
}

#[test]
fn the_answers_have_their_types_and_odd_requests_do_no_harm() {
    let project = Project::new("monitor { dependencies \"never\"; memory 100; disk 100; }");
    let monitor = project.start("development");
    monitor.wait_for("disk", "healthy");
    let health = monitor.document("/health");
    assert_eq!(health["checks"]["disk"], serde_json::json!({ "status": "healthy", "responseTime": null }));
    let status = monitor.document("/status");
    assert!(status["metrics"]["memory"].as_f64().is_some_and(|share| share > 0.0), "{status}");
    assert_eq!((&status["services"], &status["packages"]), (&serde_json::json!([]), &serde_json::Value::Null));
    assert!(monitor.ask("/metrics").1.contains("# TYPE larder_memory_used_percent gauge\n"));
    for line in monitor.ask("/metrics.jsonl").1.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("a document");
    }
    assert_eq!(monitor.ask("/").0, 404);
    assert_eq!(monitor.ask("/health/../health").0, 404);
    assert_eq!(
        monitor.send("POST /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").0,
        405
    );
    assert_eq!(monitor.send("rubbish\r\n\r\n").0, 400);
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    assert!(matches!(monitor.send(&long).0, 0 | 414 | 431));
    // Connections that say nothing take places, and none for long.
    let idle: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(monitor.address())).collect();
    assert_eq!(monitor.ask("/health").0, 200);
    drop(idle);
    assert_eq!(monitor.stop(), Some(0));
}
