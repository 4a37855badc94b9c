use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::fetch::testing::{ReceivedRequest, Reply, TestServer};
use crate::fetch::{Authorization, Quota, Retry};

fn client() -> Client {
    let retry = Retry { pause: Duration::from_millis(1), ..Retry::default() };
    Client::new(ClientOptions { retry, read_timeout: Duration::from_millis(500), ..ClientOptions::default() })
}

fn endpoint(places: Vec<RegistryAddress>) -> Arc<Endpoint> {
    Arc::new(Endpoint::new("acme".parse().unwrap(), places, Quota::default()))
}

fn at(url: &str) -> Arc<Endpoint> {
    endpoint(vec![RegistryAddress::http(url.parse().unwrap(), Some(Authorization::bearer("secret")))])
}

fn below(path: &str) -> Request<'_> {
    Request { target: RequestTarget::Below(path), ..Request::default() }
}

fn text(document: &FullResponse) -> &str {
    std::str::from_utf8(&document.bytes).unwrap()
}

#[test]
fn a_busy_server_is_asked_again() {
    let count = AtomicU32::new(0);
    let server = TestServer::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(503),
        1 => Reply::status(429).with("Retry-After", "0"),
        2 => Reply { torn: true, ..Reply::ok("whole") },
        _ => Reply::ok("whole"),
    });
    let document = client().read(&at(&server.url), &below("x")).unwrap();
    assert_eq!((text(&document), server.paths().len()), ("whole", 4));
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let server = TestServer::start(|_| Reply::status(500));
    let error = client().read(&at(&server.url), &below("x")).unwrap_err();
    assert!(matches!(error, RequestError::Status { status: 500, .. }));
    assert_eq!(server.paths().len(), 4);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn what_was_packed_for_its_way_is_unpacked() {
    use crate::fetch::coding::tests::{BROTLI, zstd};
    for (packed, coding, whole) in [
        (gzip("whole"), "GZIP", "whole".to_owned()),
        ([gzip("wh"), gzip("ole")].concat(), "gzip", "whole".to_owned()),
        (zstd("whole"), "zstd", "whole".to_owned()),
        (BROTLI.to_vec(), "br", "whole ".repeat(40)),
    ] {
        let server = TestServer::start(move |asked| {
            assert_eq!(asked.header("accept-encoding"), Some("gzip, zstd;q=0.9, br;q=0.8"));
            Reply::ok(packed.clone()).with("Content-Encoding", coding)
        });
        let document = client().read(&at(&server.url), &below("x")).unwrap();
        assert_eq!(text(&document), whole);
        let response = client().get(&at(&server.url), &below("x")).unwrap();
        assert_eq!((response.length, io::read_to_string(response.body).unwrap()), (None, whole));
    }
    let nothing = TestServer::start(|_| Reply::status(304).with("Content-Encoding", "gzip"));
    assert_eq!(text(&client().read(&at(&nothing.url), &below("x")).unwrap()), "");
    let bare = TestServer::start(|asked| {
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
        Reply::ok(gzip("tarball"))
    });
    let file = Request { encoding: Encoding::Identity, ..below("x.tgz") };
    assert_eq!(client().read(&at(&bare.url), &file).unwrap().bytes, gzip("tarball"));
}

#[test]
fn what_was_packed_badly_is_asked_for_again_and_given_up() {
    let cut = |packed: Vec<u8>| packed[..packed.len() - 3].to_vec();
    for packed in [cut(gzip("whole")), b"plain".to_vec()] {
        let server = TestServer::start(move |_| Reply::ok(packed.clone()).with("Content-Encoding", "gzip"));
        let error = client().read(&at(&server.url), &below("x")).unwrap_err();
        assert!(matches!(error, RequestError::Unreachable { .. }), "{error:?}");
        assert_eq!(server.paths().len(), 4);
    }
}

#[test]
fn no_document_is_larger_than_it_may_be_however_it_is_packed() {
    let text = "0123456789".repeat(1000);
    let bodies = [(text.clone().into_bytes(), "identity"), (gzip(&text), "gzip")];
    for (body, coding) in bodies.into_iter().chain([([gzip(&text), gzip(&text)].concat(), "gzip")]) {
        let server = TestServer::start(move |_| Reply::ok(body.clone()).with("Content-Encoding", coding));
        let limited = |limit| Request { limit: Some(limit), ..below("x") };
        let error = client().read(&at(&server.url), &limited(9_999)).unwrap_err();
        assert!(matches!(error, RequestError::TooLarge { limit: 9_999, .. }), "{error:?}");
        assert!(client().read(&at(&server.url), &limited(20_000)).is_ok());
    }
}

#[test]
fn refusals_are_told_apart_and_not_repeated() {
    for (status, expect) in [(401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (410, "not_found")] {
        let server = TestServer::start(move |_| Reply::status(status));
        let error = client().read(&at(&server.url), &below("x")).unwrap_err();
        let code = miette::Diagnostic::code(&error).unwrap().to_string();
        assert_eq!(code, format!("larder::fetch::{expect}"));
        assert_eq!(server.paths().len(), 1);
    }
}

#[test]
fn mirrors_answer_for_a_server_that_does_not() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let busy = TestServer::start(|_| Reply::status(502));
    let mirror = TestServer::start(|asked| Reply::ok(asked.path.clone()));
    let places = [format!("http://{gone}/"), busy.url, mirror.url.clone()];
    let endpoint = endpoint(places.iter().map(|url| RegistryAddress::http(url.parse().unwrap(), None)).collect());
    let document = client().read(&endpoint, &below("a/b")).unwrap();
    assert_eq!((text(&document), &document.response.base), ("/a/b", &mirror.url));
}

#[test]
fn mirrors_are_not_asked_for_what_does_not_exist() {
    let registry = TestServer::start(|_| Reply::status(404));
    let mirror = TestServer::start(|_| Reply::ok("no"));
    let places = [&registry.url, &mirror.url].map(|url| RegistryAddress::http(url.parse().unwrap(), None)).to_vec();
    assert!(client().read(&endpoint(places), &below("x")).unwrap_err().is_not_found());
    assert!(mirror.paths().is_empty());
}

#[test]
fn a_silent_server_times_out_and_its_mirror_answers() {
    let silent = TestServer::start(|_| {
        std::thread::sleep(Duration::from_secs(5));
        Reply::ok("late")
    });
    let mirror = TestServer::start(|_| Reply::ok("soon"));
    let places = [&silent.url, &mirror.url].map(|url| RegistryAddress::http(url.parse().unwrap(), None)).to_vec();
    let endpoint = endpoint(places);
    let client = client();
    assert_eq!(text(&client.read(&endpoint, &below("x")).unwrap()), "soon");
    assert_eq!(text(&client.read(&endpoint, &below("y")).unwrap()), "soon");
    assert_eq!(silent.paths(), ["/x"]);
}

#[test]
fn a_server_that_drips_is_given_up_and_its_mirror_answers() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dripping = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\nContent-Length: 1000000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    let error = client().read(&at(&dripping), &below("x")).unwrap_err();
    assert!(matches!(error, RequestError::Timeout { .. }), "{error:?}");
    let mirror = TestServer::start(|_| Reply::ok("soon"));
    let places = [&dripping, &mirror.url].map(|url| RegistryAddress::http(url.parse().unwrap(), None)).to_vec();
    assert_eq!(text(&client().read(&endpoint(places), &below("x")).unwrap()), "soon");
}

/// 20 MiB of one letter, in brotli.
const BROTLI_BOMB: [u8; 40] = [
    203, 255, 255, 63, 248, 37, 240, 226, 177, 64, 32, 247, 254, 143, 255, 255, 127, 240, 75, 0, 196, 97, 17, 128, 238,
    253, 95, 254, 255, 255, 224, 151, 0, 136, 195, 2, 0, 221, 251, 31,
];

#[test]
fn a_document_that_inflates_as_only_a_bomb_does_is_refused() {
    let bomb = gzip(&"x".repeat(20 << 20));
    let large: String =
        (0..3_000_000_u32).map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 28) as u8)).collect();
    let large = large.repeat(4);
    let packed = gzip(&large);
    let server = TestServer::start(move |asked| {
        let body = if asked.path == "/bomb" { &bomb } else { &packed };
        Reply::ok(body.clone()).with("Content-Encoding", "gzip")
    });
    let error = client().read(&at(&server.url), &below("bomb")).unwrap_err();
    assert!(matches!(error, RequestError::TooLarge { .. }), "{error:?}");
    let other = TestServer::start(|_| Reply::ok(BROTLI_BOMB).with("Content-Encoding", "br"));
    let error = client().read(&at(&other.url), &below("bomb")).unwrap_err();
    assert!(matches!(error, RequestError::TooLarge { .. }), "{error:?}");
    let document = client().read(&at(&server.url), &below("large")).unwrap();
    assert_eq!(document.bytes.len(), large.len());
}

#[test]
fn a_token_stays_with_its_host() {
    let other = TestServer::start(|_| Reply::ok("elsewhere"));
    let elsewhere = other.url.clone();
    let home = TestServer::start(move |asked| match asked.path.as_str() {
        "/away" => Reply::status(302).with("Location", format!("{elsewhere}file")),
        "/moved" => Reply::status(301).with("Location", "/here"),
        _ => Reply::ok("here"),
    });
    let (client, endpoint) = (client(), at(&home.url));
    assert_eq!(text(&client.read(&endpoint, &below("away")).unwrap()), "elsewhere");
    assert_eq!(text(&client.read(&endpoint, &below("moved")).unwrap()), "here");
    let direct = format!("{}direct", other.url);
    client.read(&endpoint, &Request { target: RequestTarget::At(&direct), ..Request::default() }).unwrap();
    assert!(home.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer secret")));
    assert_eq!(home.paths(), ["/away", "/moved", "/here"]);
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
    assert_eq!(other.paths(), ["/file", "/direct"]);
}

#[test]
fn plain_http_elsewhere_is_refused() {
    let server = TestServer::start(|_| Reply::status(302).with("Location", "http://registry.npmjs.org/x"));
    let error = client().read(&at(&server.url), &below("x")).unwrap_err();
    assert!(matches!(error, RequestError::Refused { .. }), "{error}");
}

#[test]
fn offline_asks_nobody() {
    let server = TestServer::start(|_| Reply::ok(""));
    let client = Client::new(ClientOptions { network: Network::Offline, ..ClientOptions::default() });
    let error = client.read(&at(&server.url), &below("react")).unwrap_err();
    assert_eq!(error.to_string(), "offline, and `react` of registry `acme` is not cached");
    assert!(server.paths().is_empty());
}

#[test]
fn connections_are_kept_and_larder_names_itself() {
    let server = TestServer::start(|_| Reply::ok("x"));
    let (client, endpoint) = (client(), at(&server.url));
    client.read(&endpoint, &below("a")).unwrap();
    client.read(&endpoint, &below("b")).unwrap();
    let agent = concat!("larder/", env!("CARGO_PKG_VERSION"));
    assert!(server.asked().iter().all(|asked| asked.header("user-agent") == Some(agent)));
}

#[test]
fn a_kept_connection_that_ends_is_replaced_and_counts_as_no_try() {
    let count = AtomicU32::new(0);
    let server = TestServer::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        1 => Reply { unsaid: true, ..Reply::ok("") },
        _ => Reply::ok("x"),
    });
    let retry = Retry { times: 0, ..Retry::default() };
    let (client, endpoint) = (Client::new(ClientOptions { retry, ..ClientOptions::default() }), at(&server.url));
    client.read(&endpoint, &below("a")).unwrap();
    assert_eq!(text(&client.read(&endpoint, &below("b")).unwrap()), "x");
    assert_eq!(server.paths(), ["/a", "/b", "/b"]);

    let silent = TestServer::start(|_| Reply { unsaid: true, ..Reply::ok("") });
    let error = client.read(&at(&silent.url), &below("a")).unwrap_err();
    assert!(matches!(error, RequestError::Unreachable { .. }), "{error}");
    assert_eq!(silent.paths().len(), 2);
}

#[test]
fn a_folder_is_as_good_as_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        crate::fs::create_dir_all(path.parent().unwrap()).unwrap();
        crate::fs::write_new(&path, text.as_bytes(), 0o644).unwrap();
    };
    write("npm/@s/a/index.json", "packument");
    write("npm/@s/a/-/a-1.tgz", "tarball");
    write("secret", "secret");
    let endpoint = endpoint(vec![RegistryAddress::folder(&folder.path().join("npm")).unwrap()]);
    let client = Client::new(ClientOptions { network: Network::Offline, ..ClientOptions::default() });
    assert_eq!(text(&client.read(&endpoint, &below("@s%2fa")).unwrap()), "packument");
    assert_eq!(text(&client.read(&endpoint, &below("@s/a/-/a-1.tgz")).unwrap()), "tarball");
    let tail = Request { range: Some(ByteRange::Last(3)), ..below("@s/a/-/a-1.tgz") };
    assert_eq!(text(&client.read(&endpoint, &tail).unwrap()), "all");
    assert!(client.read(&endpoint, &below("../../etc/passwd")).unwrap_err().is_not_found());
    assert!(client.read(&endpoint, &below("%2e%2e/secret")).unwrap_err().is_not_found());
}

#[test]
fn header_values_are_read_as_the_standard_has_them() {
    assert_eq!(max_age("public, max-age=600"), Some(600));
    assert_eq!(max_age("max-age=600, no-cache"), Some(0));
    assert_eq!(max_age("private"), None);
    assert_eq!(retry_after("7"), Some(7));
    assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
    assert_eq!(part(Some("bytes 5-9/10")), Some(BodyRange::Part { start: 5, total: 10 }));
}

#[test]
fn a_document_that_came_encrypted_has_no_say_in_what_is_asked_of_this_machine() {
    let server = TestServer::start(|_| Reply::ok("local"));
    let ask = |by| {
        let at = format!("{}admin", server.url);
        client()
            .read(&at_https(), &Request { target: RequestTarget::At(&at), stated_by: Some(by), ..Request::default() })
    };
    let error = ask("https://npm.acme.example/left").unwrap_err();
    assert!(matches!(error, RequestError::Refused { reason: "not https", .. }), "{error:?}");
    assert!(server.paths().is_empty());
    assert_eq!(text(&ask("http://127.0.0.1:1/left").unwrap()), "local");
}

fn at_https() -> Arc<Endpoint> {
    at("https://npm.acme.example/")
}

#[test]
fn a_token_is_for_what_lies_below_its_registry() {
    let server = TestServer::start(|asked| match asked.header("authorization") {
        Some(_) => Reply::ok("known"),
        None => Reply::status(401),
    });
    let npm = at(&format!("{}npm/", server.url));
    let ask = |path: &str| {
        let url = format!("{}{path}", server.url);
        client().read(&npm, &Request { target: RequestTarget::At(&url), ..Request::default() })
    };
    assert_eq!(text(&ask("npm/files/left.tgz").unwrap()), "known");
    for path in ["other/left.tgz", "npm/../other/left.tgz", "npm/%2e%2e/other/left.tgz"] {
        let error = ask(path).unwrap_err();
        assert!(matches!(error, RequestError::OutsideRegistry { .. }), "{path}: {error:?}");
    }
}

#[test]
fn a_file_goes_on_where_its_connection_broke() {
    let whole: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let (content, breaks) = (whole.clone(), AtomicU32::new(3));
    let server = TestServer::start(move |asked| {
        let reply = Reply::range(asked, &content).with("ETag", "\"one\"");
        let is_torn = breaks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        Reply { torn: is_torn, ..reply }
    });
    let file = Request { encoding: Encoding::Identity, ..below("x.tgz") };
    let mut response = client().get(&at(&server.url), &file).unwrap();
    let mut read = Vec::new();
    io::Read::read_to_end(&mut response.body, &mut read).unwrap();
    assert!(read == whole);
    let asked = server.asked();
    let ranges: Vec<_> = asked.iter().filter_map(|asked| asked.header("range")).collect();
    assert_eq!(ranges, ["bytes=2000000-", "bytes=3000000-", "bytes=3500000-"]);
    assert!(asked[1..].iter().all(|asked| asked.header("if-range") == Some("\"one\"")));
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some("Bearer secret")));
}

#[test]
fn a_file_that_is_another_one_by_now_is_not_joined() {
    let other = |asked: &ReceivedRequest, total: &str| {
        let start = asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')).unwrap();
        Reply { status: 206, ..Reply::ok("rest") }.with("Content-Range", format!("bytes {start}-7/{total}"))
    };
    let answer = move |what: &str, asked: &ReceivedRequest| match what {
        "another tag" => Reply::ok("newnewne").with("ETag", "\"two\""),
        "another length" => other(asked, "9"),
        "another place" => Reply { status: 206, ..Reply::ok("rest") }.with("Content-Range", "bytes 0-3/8"),
        "no place" => Reply { status: 206, ..Reply::ok("rest") },
        _ => Reply::status(404),
    };
    for what in ["another tag", "another length", "another place", "no place", "gone"] {
        let server = TestServer::start(move |asked| match asked.header("range") {
            None => Reply { torn: true, ..Reply::ok("oldoldol").with("ETag", "\"one\"") },
            Some(_) => answer(what, asked),
        });
        let file = Request { encoding: Encoding::Identity, ..below("x.tgz") };
        let response = client().get(&at(&server.url), &file).unwrap();
        assert!(io::read_to_string(response.body).is_err(), "{what}");
        assert_eq!(server.paths().len(), 2, "{what}");
    }
}

#[test]
fn a_server_without_ranges_sends_what_was_received_once_more() {
    let count = AtomicU32::new(0);
    let server = TestServer::start(move |_| {
        let reply = Reply::ok("the same").with("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT");
        Reply { torn: count.fetch_add(1, Ordering::SeqCst) == 0, ..reply }
    });
    let file = Request { encoding: Encoding::Identity, ..below("x.tgz") };
    let response = client().get(&at(&server.url), &file).unwrap();
    assert_eq!(io::read_to_string(response.body).unwrap(), "the same");
    assert_eq!(server.asked()[1].header("if-range"), Some("Wed, 21 Oct 2015 07:28:00 GMT"));
}

#[test]
fn who_waits_to_go_on_keeps_nobody_from_asking() {
    let whole = vec![7; 100_000];
    let content = whole.clone();
    let server = TestServer::start(move |asked| {
        let reply = Reply::range(asked, &content).with("ETag", "\"one\"");
        Reply { torn: asked.header("range").is_none(), ..reply }
    });
    let limits = Quota { concurrency: 1, ..Quota::default() };
    let endpoint = Arc::new(Endpoint::new(
        "acme".parse().unwrap(),
        vec![RegistryAddress::http(server.url.parse().unwrap(), None)],
        limits,
    ));
    let client = client();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let file = Request { encoding: Encoding::Identity, ..below("x.tgz") };
                let mut read = Vec::new();
                io::Read::read_to_end(&mut client.get(&endpoint, &file).unwrap().body, &mut read).unwrap();
                assert!(read == whole);
            });
        }
    });
}

#[test]
fn a_registry_has_its_own_time_to_answer() {
    let server = TestServer::start(|_| {
        std::thread::sleep(Duration::from_millis(1500));
        Reply::ok("late")
    });
    let within = |timeout| {
        let places = vec![RegistryAddress::http(server.url.parse().unwrap(), None)];
        let limits = Quota { timeout, ..Quota::default() };
        let endpoint = Arc::new(Endpoint::new("acme".parse().unwrap(), places, limits));
        let retry = Retry { times: 0, ..Retry::default() };
        let client =
            Client::new(ClientOptions { retry, read_timeout: Duration::from_millis(500), ..ClientOptions::default() });
        client.read(&endpoint, &below("x")).map(|answer| text(&answer).to_owned())
    };
    assert_eq!(within(Some(Duration::from_secs(20))).unwrap(), "late");
    assert!(matches!(within(None), Err(RequestError::Timeout { .. })));
    assert!(matches!(within(Some(Duration::from_millis(100))), Err(RequestError::Timeout { .. })));
}
