//! Whether adapters reach what they name, as `larder ready --probe` tries it.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::network::{HttpsServer, fixture};
use crate::support::{Project, conforms};

/// A package with these adapters, by their names.
fn project(adapters: &[(&str, String)]) -> Project {
    let project = Project::alone();
    let mut assets = vec!["schema \"order\" \"order.json\"".to_owned()];
    for (name, text) in adapters {
        assets.push(format!("adapter \"{name}\" \"{name}.kdl\""));
        project.write(&format!("{name}.kdl"), text);
    }
    project.write("order.json", "{\"type\": \"object\"}\n");
    project.write("larder.kdl", &format!("package \"p\" version=\"1.0.0\"\nassets {{\n{}\n}}\n", assets.join("\n")));
    project
}

fn rest(url: &str) -> String {
    format!(
        "adapter kind=\"rest\" direction=\"out\" {{ request \"order\"; url \"{url}\"; path \"/orders\"; method \"POST\"; }}\n"
    )
}

fn sftp(port: u16) -> String {
    format!(
        "adapter kind=\"sftp\" direction=\"in\" {{ schema \"order\"; host \"127.0.0.1\"; port {port}; path \"/in\"; credentials env=\"A\"; }}\n"
    )
}

/// A server of HTTP that answers with this status.
fn http(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    format!("http://{address}/api")
}

fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn probes(document: &Value) -> Vec<(String, String, bool)> {
    let list = document["probes"].as_array().expect("probes").iter();
    let text = |probe: &Value, key: &str| probe[key].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = list
        .map(|probe| (text(probe, "adapter"), text(probe, "protocol"), probe["reached"] == Value::Bool(true)))
        .collect();
    all.sort();
    all
}

#[test]
fn each_kind_is_tried_by_what_it_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let secure = HttpsServer::start();
    let secure_port: u16 =
        secure.url.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let mail = format!(
        "adapter kind=\"email\" direction=\"out\" {{ schema \"order\"; protocol \"smtp\"; host \"127.0.0.1\"; port {secure_port}; from \"a@b.example\"; to \"c@d.example\"; credentials env=\"A\"; }}\n"
    );
    let mut project = project(&[
        ("a-file", "adapter kind=\"file\" direction=\"in\" { schema \"order\"; path \"/tmp\"; }\n".to_owned()),
        ("b-gone", "adapter kind=\"file\" direction=\"in\" { schema \"order\"; path \"/nowhere\"; }\n".to_owned()),
        ("c-sftp", sftp(listener.local_addr().expect("an address").port())),
        ("d-closed", sftp(closed())),
        ("e-http", rest(&http("405 Method Not Allowed"))),
        ("f-failing", rest(&http("503 Off"))),
        ("g-https", rest(&format!("{}api", secure.url))),
        ("h-mail", mail),
    ]);
    let expected = |trusted: bool| {
        [
            ("a-file", "folder", true),
            ("b-gone", "folder", false),
            ("c-sftp", "tcp", true),
            ("d-closed", "tcp", false),
            ("e-http", "http", true),
            ("f-failing", "http", false),
            ("g-https", "https", trusted),
            ("h-mail", "tls", trusted),
        ]
        .map(|(name, protocol, reached)| (format!("adapter:p/{name}@1"), protocol.to_owned(), reached))
    };
    let told = project.run("larder ready --probe --json").exits(1).json();
    conforms(&told, "ready");
    assert_eq!(probes(&told), expected(false), "nobody vouches for the server: {told:#}");
    project.set("SSL_CERT_FILE", &fixture("root.pem"));
    let told = project.run("larder ready --probe --json").exits(1).json();
    assert_eq!(probes(&told), expected(true), "{told:#}");
    assert!(told["issues"].to_string().contains("Only 5/8 adapters have validated connections"), "{told:#}");
    // What came of it is kept, and holds as long as the adapter is the same.
    // Which were not reached, where and when, is told again.
    let told = project.run("larder ready").exits(1).names([
        "Only 5/8 adapters have validated connections",
        "adapter:p/b-gone@1 did not reach ",
        "there is no such folder",
        "adapter:p/d-closed@1 did not reach 127.0.0.1:",
        "No active flows available for deployment",
    ]);
    assert_eq!(told.stdout.lines().filter(|line| line.contains(" did not reach ")).count(), 3, "{}", told.stdout);
    let told = project.run("larder ready --json").exits(1).json();
    conforms(&told, "ready");
    assert_eq!(told["issues"].as_array().map(Vec::len), Some(5), "{told:#}");
    for name in ["b-gone", "d-closed", "f-failing"] {
        project.write(&format!("{name}.kdl"), &format!("// moved\n{}", project.read(&format!("{name}.kdl"))));
    }
    let told = project.run("larder ready").exits(1).stdout;
    assert!(!told.contains("adapters have validated"), "{told}");
    project.run("larder ready --probe --offline").exits(5);
}
