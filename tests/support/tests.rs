//! The support itself: what it promises to the tests that stand on it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::{Random, Universe, schema};

/// Asks for a path on a connection of its own and returns (status, headers, body).
fn get(url: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let rest = url.strip_prefix("http://").expect("a URL");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("a registry that listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n").expect("a request");
    stream.shutdown(std::net::Shutdown::Write).expect("a half-closed connection");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head, answer[end + 4..].to_vec())
}

#[test]
fn packuments_name_their_tarballs_and_digests() {
    let registry = Universe::new().npm("@acme/left", "1.0.0", |p| p.dep("right", "^1")).serve();
    let (status, _, body) = get(&format!("{}@acme%2fleft", registry.npm_url()), "");
    assert_eq!(status, 200);
    let document: Value = serde_json::from_slice(&body).expect("JSON");
    let version = &document["versions"]["1.0.0"];
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    assert_eq!(version["dependencies"], json!({ "right": "^1" }));
    let (status, _, tarball) = get(version["dist"]["tarball"].as_str().expect("a URL"), "");
    assert_eq!((status, &tarball[..2]), (200, &[0x1f, 0x8b][..]));
    assert_eq!(registry.take_log(), ["/npm/@acme/left", "/npm/@acme/left/-/left-1.0.0.tgz"]);
    assert!(registry.take_log().is_empty());
}

#[test]
fn pages_come_as_html_or_json_and_lead_to_wheels_with_a_true_record() {
    let registry = Universe::new().pypi("My.Six", "1.0", |p| p.script("six", "my_six:main").python(">=3.8")).serve();
    let page = format!("{}my-six/", registry.pypi_url());
    let (_, head, html) = get(&page, "");
    assert!(head.contains("text/html") && String::from_utf8_lossy(&html).contains("data-requires-python=\"&gt;=3.8\""));
    let (_, _, json) = get(&page, "accept: application/vnd.pypi.simple.v1+json\r\n");
    let document: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(document["files"][0]["url"], "../../files/my_six-1.0-py3-none-any.whl");
    let (_, _, wheel) = get(&registry.pypi_url().replace("simple/", "files/my_six-1.0-py3-none-any.whl"), "");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(wheel)).expect("a zip");
    let mut record = String::new();
    archive.by_name("my_six-1.0.dist-info/RECORD").expect("a RECORD").read_to_string(&mut record).expect("text");
    assert_eq!(record.lines().count(), archive.len());
}

#[test]
fn known_metadata_is_answered_with_304() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).max_age(7).serve();
    let url = format!("{}left", registry.npm_url());
    let (_, head, _) = get(&url, "");
    assert!(head.contains("max-age=7"));
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag");
    assert_eq!(get(&url, &format!("if-none-match: {etag}\r\n")).0, 304);
    assert_eq!(registry.not_modified(), 1);
}

#[test]
fn a_registry_can_be_told_to_lie_and_to_fail() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let url = format!("{}left/-/left-1.0.0.tgz", registry.npm_url());
    let honest = get(&url, "").2;
    registry.corrupt("left-1.0.0.tgz");
    let harmed = get(&url, "").2;
    assert_eq!(honest.iter().zip(&harmed).filter(|(a, b)| a != b).count(), 1);
    registry.fail("/npm/left", 503);
    assert_eq!(get(&format!("{}left", registry.npm_url()), "").0, 503);
    assert_eq!(get(&format!("{}none", registry.npm_url()), "").0, 404);
}

#[test]
fn a_shuffled_registry_has_the_same_content_in_another_order() {
    let universe = (0..20).fold(Universe::new(), |u, minor| u.npm("left", &format!("1.{minor}.0"), |p| p));
    let read = |universe: &Universe| {
        let registry = universe.serve();
        let text = String::from_utf8(get(&format!("{}left", registry.npm_url()), "").2).expect("text");
        text.replace(&registry.npm_url(), "")
    };
    let (plain, shuffled) = (read(&universe), read(&universe.clone().shuffled(3)));
    assert_ne!(plain, shuffled);
    let document = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(document(&plain), document(&shuffled));
}

#[test]
fn random_numbers_repeat_and_differ_by_seed() {
    let draw = |seed| {
        let mut random = Random::new(seed);
        (0..8).map(|_| random.below(1000)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_eq!((0..10).map(draw).collect::<BTreeSet<_>>().len(), 10);
}

#[test]
fn the_ecosystems_are_listed_in_one_schema() {
    let (common, mut others) = (schema::folder().join("common.json"), Vec::new());
    let read = |path: &Path| std::fs::read_to_string(path).expect("a text");
    for file in std::fs::read_dir(schema::folder()).expect("schemas") {
        let path = file.expect("a file").path();
        let is_schema = path.extension().is_some_and(|extension| extension == "json");
        if is_schema && path != common && read(&path).contains("\"creatio\"") {
            others.push(path);
        }
    }
    assert!(others.is_empty(), "they refer to `common.json#/$defs/ecosystem`: {others:?}");
    let common: Value = serde_json::from_str(&read(&common)).expect("JSON");
    assert_eq!(
        common["$defs"]["ecosystem"]["enum"],
        json!(larder::model::Ecosystem::ALL.map(larder::model::Ecosystem::as_str))
    );
}
