use std::io::Write;

use super::*;
use crate::fetch::testing::{ReceivedRequest, Reply, TestServer};
use crate::fetch::{Client, ClientOptions, Endpoint, Quota, RegistryAddress};
use crate::model::{ArtifactKind, BuildApproval, Platform, Requirement, TargetPlatform, mutation};
use crate::registry::cache::{CachePolicy, MetadataCache};
use crate::registry::client::ListingError;
use crate::registry::open_artifact::open_artifact;
use crate::registry::pypi::{PypiProtocol, file_name, page};
use crate::resolve::{Dependency, Wants};

fn settings(before: Option<&str>) -> Settings {
    Settings {
        platforms: [Platform::LinuxX64, Platform::MacosArm64].map(TargetPlatform::new).to_vec(),
        python: Some("3.12".parse().unwrap()),
        released_before: before.map(|time| time.parse().unwrap()),
        ..Settings::default()
    }
}

fn registry_client(url: &str, cache: MetadataCache) -> RegistryClient {
    let endpoint = Endpoint::new(
        "pypi".parse().unwrap(),
        vec![RegistryAddress::http(url.parse().unwrap(), None)],
        Quota::default(),
    );
    let client = Arc::new(Client::new(ClientOptions::default()));
    RegistryClient {
        http: client,
        endpoint: Arc::new(endpoint),
        cache,
        cache_policy: CachePolicy::default(),
        admits_unknown_age: false,
    }
}

fn ask(server: &TestServer, package: &str, settings: &Settings) -> PypiListing {
    ask_with(MetadataCache::disabled(), server, package, settings)
}

fn ask_with(cache: MetadataCache, server: &TestServer, package: &str, settings: &Settings) -> PypiListing {
    let name = PackageName::pypi(package).unwrap();
    let reached = registry_client(&format!("{}simple/", server.url), cache);
    match PypiProtocol::default().fetch(&reached, &name, settings) {
        Ok(listing) => listing,
        Err(ListingError::Missing) => panic!("no listing"),
        Err(ListingError::Failed(failure)) => panic!("{failure}"),
    }
}

fn page(files: &[(&str, &str)]) -> Reply {
    let anchor =
        |(name, attributes): &(&str, &str)| format!("<a href=\"../../files/{name}\" {attributes}>{name}</a>\n");
    let anchors = files.iter().map(anchor).collect::<Vec<_>>().concat();
    Reply::ok(format!("<html>{anchors}</html>"))
}

fn wheel(name: &str, metadata: &str, padding: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file(format!("{name}-1.0.dist-info/METADATA"), stored).unwrap();
    zip.write_all(metadata.as_bytes()).unwrap();
    zip.start_file("big", stored).unwrap();
    zip.write_all(&vec![0; padding]).unwrap();
    zip.finish().unwrap().into_inner()
}

fn requirements(release: &Release) -> Vec<String> {
    let one = |dependency: &Dependency| match &dependency.wants {
        Wants::Requirement(Requirement::Pypi { name, specifier, marker, .. }) => format!("{name}{specifier};{marker}"),
        wants => format!("{wants:?}"),
    };
    release.dependencies.iter().map(one).collect()
}

#[test]
fn versions_tell_their_wheels_and_yanks() {
    let server = TestServer::start(|_| {
        page(&[
            ("a-1.0.tar.gz", ""),
            ("a-1.10-cp312-cp312-manylinux_2_17_x86_64.whl", "data-requires-python=\"&gt;=3.8\""),
            ("a-1.10-cp312-cp312-win_amd64.whl", ""),
            ("a-1.9-py3-none-any.whl", "data-yanked=\"\""),
            ("a-2.0-py3-none-any.whl", "data-yanked=\"bad\""),
            ("a-2.0.tar.gz", ""),
            ("a-x-y-z.whl", ""),
            ("a-1.0.win32.exe", ""),
        ])
    });
    let listing = ask(&server, "a", &settings(None));
    let texts: Vec<_> = listing.versions.candidates.iter().map(|c| c.version.to_string()).collect();
    assert_eq!(texts, ["1.0", "1.9", "1.10", "2.0"]);
    let [sdist, yanked, linux, half] = &listing.versions.candidates[..] else { panic!("four versions") };
    assert!(sdist.sdist && !sdist.wheels.contains(Platform::LinuxX64));
    assert!(yanked.yanked && yanked.wheels.contains(Platform::MacosArm64));
    assert!(linux.wheels.contains(Platform::LinuxX64) && !linux.wheels.contains(Platform::MacosArm64) && !linux.sdist);
    assert_eq!(linux.requires_python.as_ref().unwrap().to_string(), ">=3.8");
    assert!(!half.yanked && half.sdist && !half.wheels.contains(Platform::LinuxX64));
}

#[test]
fn what_came_too_late_does_not_exist() {
    let server = TestServer::start(|_| {
        page(&[
            ("a-1.0-py3-none-any.whl", "data-upload-time=\"2024-01-01T00:00:00Z\""),
            ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "data-upload-time=\"2025-01-01T00:00:00Z\""),
            ("a-2.0-py3-none-any.whl", "data-upload-time=\"2025-01-01T00:00:00Z\""),
        ])
    });
    let listing = ask(&server, "a", &settings(Some("2024-06-01T00:00:00Z")));
    assert_eq!(listing.files(0).unwrap().1.len(), 1);
    // It is there to be told of, and never chosen.
    let [_, late] = &listing.versions.candidates[..] else { panic!("two versions") };
    assert_eq!(late.published, Some("2025-01-01T00:00:00Z".parse().unwrap()));
    assert!(late.has_no_wheel() && !late.sdist);
}

#[test]
fn what_has_no_time_is_not_known_to_be_in_time() {
    let server = TestServer::start(|_| {
        page(&[
            ("a-1.0-py3-none-any.whl", ""),
            ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "data-upload-time=\"2024-01-01T00:00:00Z\""),
            ("a-2.0-py3-none-any.whl", ""),
        ])
    });
    let listing = ask(&server, "a", &settings(Some("2024-06-01T00:00:00Z")));
    let [known, unknown] = &listing.versions.candidates[..] else { panic!("two versions") };
    assert!(known.wheels.contains(Platform::LinuxX64) && !known.wheels.contains(Platform::MacosArm64));
    assert!(unknown.published.is_none() && unknown.has_no_wheel());
}

#[test]
fn metadata_beside_the_wheel_is_enough() {
    let digest = "0".repeat(64);
    let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[
            (&format!("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl#sha256={digest}"), ""),
            (&format!("a-1.0-cp312-cp312-macosx_11_0_arm64.whl#sha256={digest}"), ""),
            (&format!("a-1.0-cp312-cp312-win_amd64.whl#sha256={digest}"), ""),
        ]),
        path if path.ends_with(".whl.metadata") => {
            Reply::ok("Name: A\nVersion: 1.0.0\nRequires-Dist: b>=1 ; extra == 'X'\nProvides-Extra: X\n\nbody")
        }
        _ => Reply::status(500),
    });
    let listing = ask(&server, "a", &settings(None));
    let release = listing.read(0).unwrap().unwrap();
    assert_eq!(requirements(&release), ["b>=1;extra == 'x'"]);
    assert_eq!(release.extras, ["x".parse().unwrap()]);
    let artifacts: Vec<_> = release.artifacts.iter().map(|a| (a.file.as_str(), a.platforms.as_slice())).collect();
    assert_eq!(
        artifacts,
        [
            ("a-1.0-cp312-cp312-macosx_11_0_arm64.whl", &[Platform::MacosArm64][..]),
            ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", &[Platform::LinuxX64][..]),
        ]
    );
    assert_eq!(release.artifacts[0].digest.as_ref().unwrap().to_hex(), "0".repeat(64));
    assert_eq!(release.artifacts[0].location.as_deref(), Some("files/a-1.0-cp312-cp312-macosx_11_0_arm64.whl"));
}

fn settings_that_build(package: &str) -> Settings {
    let package = PackageId::new(Ecosystem::Pypi, PackageName::pypi(package).unwrap());
    let approvals = vec![BuildApproval {
        package,
        versions: Requirement::from_pep508("a>=1").ok(),
        tools: Vec::new(),
        files: Vec::new(),
        requires: Vec::new(),
    }];
    Settings { builds: BuildRules { approvals, ..BuildRules::default() }, ..settings(None) }
}

#[test]
fn a_source_that_may_be_built_serves_the_platforms_without_a_wheel() {
    let server = TestServer::start(|asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => {
            page(&[("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", ""), ("a-1.0.tar.gz", ""), ("a-0.9.tar.gz", "")])
        }
        path if path.ends_with(".whl.metadata") => Reply::ok("Name: a\nVersion: 1.0\n\n"),
        _ => Reply::status(500),
    });
    let listing = ask(&server, "a", &settings_that_build("a"));
    let [old, new] = &listing.versions.candidates[..] else { panic!("two versions") };
    assert!(old.is_source_only() && new.wheels.contains(Platform::MacosArm64));
    let release = listing.read(1).unwrap().unwrap();
    let artifacts: Vec<_> = release.artifacts.iter().map(|a| (a.file.as_str(), a.platforms.as_slice())).collect();
    assert_eq!(
        artifacts,
        [
            ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", &[Platform::LinuxX64][..]),
            ("a-1.0.tar.gz", &[Platform::MacosArm64][..]),
        ]
    );
    let other = ask(&server, "a", &settings_that_build("b"));
    assert_eq!(other.read(1).unwrap().unwrap().artifacts.len(), 1);
}

#[test]
fn a_source_that_does_not_say_what_it_needs_is_built_only_if_it_may_be() {
    let server = TestServer::start(|asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[("a-1.0.tar.gz", "")]),
        _ => Reply::ok("no archive"),
    });
    let unbuilt = ask(&server, "a", &settings_that_build("a")).read(0).unwrap_err();
    let ReleaseError::Unbuilt(unbuilt) = unbuilt else { panic!("{unbuilt:?}") };
    assert_eq!((unbuilt.package.to_string(), &*unbuilt.sdist.file), ("pypi:a@1.0".to_owned(), "a-1.0.tar.gz"));
    let refused = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
    assert!(matches!(refused.dependencies[0].wants, Wants::Unsupported { .. }));
}

#[test]
fn the_end_of_a_wheel_is_fetched_and_not_the_rest() {
    let bytes = wheel("a", "Name: a\nVersion: 1.0\nRequires-Dist: b\n\n", 1 << 20);
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[("a-1.0-py3-none-any.whl", "")]),
        "/files/a-1.0-py3-none-any.whl" => {
            let reply = Reply::range(asked, &bytes);
            count.fetch_add(reply.body.len(), std::sync::atomic::Ordering::SeqCst);
            reply
        }
        _ => Reply::status(404),
    });
    let release = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
    assert_eq!(requirements(&release), ["b;"]);
    assert!(sent.load(std::sync::atomic::Ordering::SeqCst) < 700_000);
    // The end, and where the metadata lies.
    assert_eq!(server.asked().iter().filter(|asked| asked.header("range").is_some()).count(), 2);
    assert!(release.artifacts[0].platforms.is_empty());
}

#[test]
fn a_server_without_ranges_sends_the_whole_wheel() {
    for status in [200, 501] {
        let bytes = wheel("a", "Name: a\nVersion: 1.0\nRequires-Dist: b\n\n", 1 << 10);
        let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
            "/simple/a/" => page(&[("a-1.0-py3-none-any.whl", "")]),
            "/files/a-1.0-py3-none-any.whl" if status == 501 && asked.header("range").is_some() => Reply::status(416),
            "/files/a-1.0-py3-none-any.whl" => Reply::ok(bytes.clone()),
            _ => Reply::status(404),
        });
        let release = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
        assert_eq!(requirements(&release), ["b;"]);
    }
}

#[test]
fn metadata_of_another_package_is_an_integrity_failure_and_of_another_version_is_set_aside() {
    let server = TestServer::start(|asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[
            (&format!("a-1.0-py3-none-any.whl#sha256={}", "0".repeat(64)), ""),
            (&format!("a-1.1-py3-none-any.whl#sha256={}", "1".repeat(64)), ""),
        ]),
        path if path.contains("a-1.1") => Reply::ok("Name: A\nVersion: 1.1.post1\n\n"),
        _ => Reply::ok("Name: b\nVersion: 1.0\n\n"),
    });
    let folder = tempfile::tempdir().unwrap();
    let endpoint = registry_client(&format!("{}simple/", server.url), MetadataCache::disabled()).endpoint;
    let cache = MetadataCache::for_endpoint(Some(folder.path()), &endpoint);
    let reached = RegistryClient {
        cache: cache.clone(),
        ..registry_client(&format!("{}simple/", server.url), MetadataCache::disabled())
    };
    let name = PackageName::pypi("a").unwrap();
    let Ok(listing) = PypiProtocol::default().fetch(&reached, &name, &settings(None)) else { panic!("a listing") };
    let ReleaseError::Failed(error) = listing.read(0).unwrap_err() else { panic!("a failure") };
    assert_eq!(error.exit(), crate::diagnostic::Exit::Integrity);
    assert_eq!(
        error.to_string(),
        "registry `pypi` lists `a-1.0-py3-none-any.whl` for `a 1.0`, but the file's metadata is of `b 1.0`"
    );
    let refused = listing.read(1).unwrap().unwrap();
    let Wants::Unsupported { reason, .. } = &refused.dependencies[0].wants else { panic!("{refused:?}") };
    assert_eq!(reason, "the metadata of its a-1.1-py3-none-any.whl is of A 1.1.post1");
    assert!(["0", "1"].iter().all(|digit| cache.release(&digit.repeat(64)).is_none()));
}

/// How a server answers a range, given the right answer.
type Manner = Box<dyn Fn(&ReceivedRequest, Reply) -> Reply + Send + Sync>;

#[test]
fn servers_that_are_no_good_at_ranges_send_the_whole_wheel() {
    let bytes = Arc::new(wheel("a", "Name: a\nVersion: 1.0\nRequires-Dist: b\n\n", 400 << 10));
    let lie = |range: String| move |reply: Reply| Reply { headers: vec![("Content-Range", range.clone())], ..reply };
    let length = bytes.len();
    let is_last = |asked: &ReceivedRequest| asked.header("range").is_some_and(|range| range.starts_with("bytes=-"));
    let manners: Vec<(&str, Manner)> = vec![
        ("another part", Box::new(move |_, reply| lie(format!("bytes 5-100/{length}"))(reply))),
        ("no total", Box::new(move |_, reply| lie(format!("bytes {}-{}/*", length - 65536, length - 1))(reply))),
        (
            "a larger total",
            Box::new(move |_, reply| {
                lie(format!("bytes {}-{length}/{}", length + 1 - reply.body.len(), length + 1))(reply)
            }),
        ),
        ("a total past all numbers", Box::new(move |_, reply| lie(format!("bytes {0}-{0}/{0}", u64::MAX))(reply))),
        ("nothing of the part", Box::new(|_, reply| Reply { headers: Vec::new(), ..reply })),
        ("a part that is not the end", Box::new(|_, reply| Reply { body: vec![0; reply.body.len()], ..reply })),
        (
            "the end and no other part",
            Box::new(move |asked, reply| if is_last(asked) { reply } else { Reply::status(416) }),
        ),
        (
            "the end and another part",
            Box::new(
                move |asked, reply| {
                    if is_last(asked) { reply } else { Reply { body: vec![0; reply.body.len()], ..reply } }
                },
            ),
        ),
        (
            "the end and too little",
            Box::new(move |asked, reply| {
                if is_last(asked) {
                    reply
                } else {
                    Reply { body: reply.body[..reply.body.len() / 2].to_vec(), ..reply }
                }
            }),
        ),
    ];
    for (what, manner) in manners {
        let bytes = Arc::clone(&bytes);
        let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
            "/simple/a/" => page(&[("a-1.0-py3-none-any.whl", "")]),
            "/files/a-1.0-py3-none-any.whl" if asked.header("range").is_some() => {
                manner(asked, Reply::range(asked, &bytes))
            }
            "/files/a-1.0-py3-none-any.whl" => Reply::ok(&**bytes),
            _ => Reply::status(404),
        });
        let release = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
        assert_eq!(requirements(&release), ["b;"], "{what}");
    }
}

#[test]
fn a_whole_wheel_is_what_its_index_says() {
    let bytes = wheel("a", "Name: a\nVersion: 1.0\n\n", 10);
    let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[(&format!("a-1.0-py3-none-any.whl#sha256={}", "0".repeat(64)), "")]),
        "/files/a-1.0-py3-none-any.whl" => Reply::ok(bytes.clone()),
        _ => Reply::status(404),
    });
    let ReleaseError::Failed(error) = ask(&server, "a", &settings(None)).read(0).unwrap_err() else {
        panic!("a failure")
    };
    assert_eq!(error.exit(), crate::diagnostic::Exit::Integrity);
    assert!(error.to_string().contains("`a-1.0-py3-none-any.whl`"), "{error}");
}

#[test]
fn metadata_that_nobody_promised_may_fail_in_any_way() {
    for status in [400, 404, 405, 501] {
        let bytes = wheel("a", "Name: a\nVersion: 1.0\nRequires-Dist: b\n\n", 10);
        let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
            "/simple/a/" => page(&[("a-1.0-py3-none-any.whl", "")]),
            path if path.ends_with(".metadata") => Reply::status(status),
            _ => Reply::range(asked, &bytes),
        });
        let release = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
        assert_eq!(requirements(&release), ["b;"], "{status}");
    }
}

#[test]
fn metadata_that_is_no_utf_8_is_named() {
    let latin = b"Name: a\nVersion: 1.0\nAuthor: J\xf6rg\n\n";
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a-1.0.dist-info/METADATA", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(latin).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => page(&[("a-1.0-py3-none-any.whl", "")]),
        path if path.ends_with(".metadata") => Reply::ok(*latin),
        _ => Reply::range(asked, &bytes),
    });
    let release = ask(&server, "a", &settings(None)).read(0).unwrap().unwrap();
    assert!(matches!(
        &release.dependencies[0].wants,
        Wants::Unsupported { text, reason, .. } if text == "a-1.0-py3-none-any.whl" && reason.contains("not UTF-8")
    ));
}

/// Returns the source distribution of `a` 1.0.
fn sdist(metadata: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(metadata.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, "a-1.0/PKG-INFO", metadata.as_bytes()).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_source_distribution_is_read_once_whatever_it_states() {
    for (metadata, is_kept) in [
        ("Metadata-Version: 2.2\nName: a\nVersion: 1.0\n", true),
        ("Metadata-Version: 2.1\nName: a\nVersion: 1.0\n", true),
        // What cannot be read may be read another time.
        ("no metadata", false),
    ] {
        let (folder, bytes) = (tempfile::tempdir().unwrap(), sdist(metadata));
        let digest = Digest::sha256_of(&bytes).to_hex();
        let link = format!("<a href='../../files/a-1.0.tar.gz#sha256={digest}'>a-1.0.tar.gz</a>");
        let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
            "/simple/a/" => Reply::ok(link.clone()),
            _ => Reply::ok(bytes.clone()),
        });
        let releases = [0, 1].map(|_| {
            let cache = MetadataCache::in_folder(Some(folder.path().to_owned()));
            ask_with(cache, &server, "a", &settings(None)).read(0).unwrap().unwrap()
        });
        assert_eq!(releases[0].dependencies, releases[1].dependencies);
        let times = server.asked().iter().filter(|asked| asked.path.contains("tar.gz")).count();
        assert_eq!(times, if is_kept { 1 } else { 2 }, "{metadata}");
    }
}

#[test]
fn a_source_distribution_counts_if_it_is_static() {
    let ask_for = |metadata: &str| {
        let bytes = sdist(metadata);
        let server = TestServer::start(move |asked: &ReceivedRequest| match asked.path.as_str() {
            "/simple/a/" => page(&[("a-1.0.tar.gz", "")]),
            _ => Reply::ok(bytes.clone()),
        });
        ask(&server, "a", &settings(None)).read(0).unwrap().unwrap()
    };
    let release = ask_for("Metadata-Version: 2.2\nName: a\nVersion: 1.0\nRequires-Dist: b\n");
    assert_eq!(requirements(&release), ["b;"]);
    assert_eq!(release.artifacts[0].kind, ArtifactKind::Sdist);
    let release = ask_for("Metadata-Version: 2.4\nName: a\nVersion: 1.0\nDynamic: License\nProvides-Extra: x\n");
    assert_eq!(release.extras, ["x".parse().unwrap()]);
    let head = "Name: a\nVersion: 1.0\nMetadata-Version:";
    for (metadata, why) in [
        (format!("{head} 2.1\n"), "does not state"),
        (format!("{head} 2.2\nDynamic: Requires-Dist\n"), "does not state"),
        (format!("{head} 2.2\nDynamic: requires-python\n"), "does not state"),
        (format!("{head} 2.2\nDynamic: Summary\nDynamic: Provides-Extra\n"), "does not state"),
        ("Metadata-Version: 2.2\n".to_owned(), "no `Name`"),
    ] {
        let release = ask_for(&metadata);
        let wants = &release.dependencies[0].wants;
        assert!(matches!(wants, Wants::Unsupported { reason, .. } if reason.contains(why)), "{metadata}: {wants:?}");
    }
}

#[test]
fn nobody_asks_for_ever_for_metadata_that_is_never_there() {
    let availability = MetadataAvailability::default().wheels;
    (0..4).for_each(|_| availability.record_failure());
    assert!(!availability.is_likely());
    let availability = MetadataAvailability::default().wheels;
    availability.record_success();
    (0..9).for_each(|_| availability.record_failure());
    assert!(availability.is_likely());
}

#[test]
fn a_file_is_found_again_where_the_index_has_it_now() {
    let server = TestServer::start(|asked: &ReceivedRequest| match asked.path.as_str() {
        "/simple/a/" => Reply::ok("<a href='/moved/a-1.0-py3-none-any.whl'>a</a>"),
        "/moved/a-1.0-py3-none-any.whl" => Reply::ok("wheel"),
        _ => Reply::status(404),
    });
    let listing = Arc::new(ask(&server, "a", &settings(None)));
    let open = |location: Option<&str>, file: &str| {
        let artifact = Artifact { location: location.map(str::to_owned), ..Artifact::wheel(file) };
        let version = &listing.versions.candidates[0].version;
        open_artifact(&listing.client, &PypiProtocol::default(), &listing.name, &artifact, &|_| {
            Ok(listing.file_location(version, file))
        })
    };
    let elsewhere = TestServer::start(|_| Reply::ok("old host"));
    for location in [None, Some("files/a-1.0-py3-none-any.whl"), Some(elsewhere.url.as_str())] {
        let response = open(location, "a-1.0-py3-none-any.whl").unwrap();
        assert_eq!(std::io::read_to_string(response.body).unwrap(), "wheel");
    }
    assert!(elsewhere.paths().is_empty());
    let gone = open(None, "a-0.9-py3-none-any.whl").unwrap_err();
    assert_eq!(gone.to_string(), "registry `pypi` no longer lists `a-0.9-py3-none-any.whl`");
}

#[test]
fn a_mutated_page_is_read_or_refused() {
    let html = "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.1\"><base href='../x/'></head><body>\n\
                <!-- <a href=x> --><a href=\"../../files/w-1.0-py3-none-any.whl#sha256=00\" data-requires-python=\"&gt;=3.8\" \
                data-yanked=\"bad &amp; old\" data-core-metadata='sha256=00'>w-1.0-py3-none-any.whl</a><br/>\n\
                <A HREF=w-0.9.tar.gz>w-0.9.tar.gz</A></body></html>";
    let json = r#"{"meta":{"api-version":"1.1"},"name":"w","files":[{"filename":"w-1.0-1b-cp312-cp312-manylinux_2_17_x86_64.whl",
        "url":"../w.whl","hashes":{"sha256":"00"},"requires-python":">=3.8","yanked":"bad","upload-time":"2024-01-02T03:04:05.6Z",
        "core-metadata":{"sha256":"00"},"size":12},{"filename":"w-0.9.tar.gz","url":"w.tar.gz","hashes":{}}]}"#;
    let name = PackageName::pypi("w").unwrap();
    mutation::of_bytes(&[html.as_bytes(), json.as_bytes()], |bytes| {
        let Ok(files) = page::read(&name, "https://i.example/simple/w/", bytes) else { return };
        let encoded = record::encode(&name, &files);
        let (_, versions) = record::decode(&encoded).expect("what was written");
        assert!(versions.len() <= files.len());
    });
    let files = page::read(&name, "https://i.example/simple/w/", json.as_bytes()).unwrap();
    // A record that was written by another version, or by nobody.
    mutation::of_bytes(&[&record::encode(&name, &files)], |bytes| {
        drop(record::decode(bytes));
        for file in record::files(bytes).into_iter().flatten() {
            let _ = (file.url(), file.digest(), file.metadata());
        }
    });
    mutation::of(&["w-1.0-1b-cp312.cp313-abi3-manylinux_2_17_x86_64.whl", "w-0.9.post1.tar.gz"], |file| {
        let _ = file_name::FileName::parse(&name, file);
    });
}

#[test]
fn mutated_metadata_is_read_or_refused() {
    let text = "Metadata-Version: 2.2\nName: w\nVersion: 1.0\nDynamic: Requires-Dist\nRequires-Python: >=3.8, <4\n\
                Provides-Extra: test\nRequires-Dist: a[x] (>=1.0,<2) ; python_version < \"3.9\"\n  and extra == 'test'\n\
                Requires-Dist: b @ https://x.example/b.whl\nRequires-Dist: c>=1.*\n\nA description: of it\n";
    let name = PackageName::pypi("w").unwrap();
    mutation::of_bytes(&[text.as_bytes()], |bytes| {
        let Ok(metadata) = CoreMetadata::parse(bytes) else { return };
        let again = CoreMetadata::parse(metadata.render().as_bytes());
        assert_eq!(again.map(|again| again.render()), Ok(metadata.render()));
        metadata.is_static();
        metadata.is_of(&name, &"1.0".parse().unwrap());
        metadata.extra_names();
        for text in &metadata.requires {
            drop(requirement::dependency(&name, text));
        }
        drop(metadata.requires_python.as_deref().map(requirement::specifiers));
    });
}
