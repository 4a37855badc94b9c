use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::diagnostic::Exit;
use crate::fetch::testing::{ReceivedRequest, Reply, TestServer};
use crate::fetch::{ArtifactSource, Client, ClientOptions, Network, Retry};
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Ecosystem, PackageId, PackageKey, PackageName, Platform, Settings, TargetPlatform, Version};
use crate::resolve::{Index, IndexError};

fn registry(ecosystem: Ecosystem, url: &str) -> Registry {
    let name = if ecosystem == Ecosystem::Npm { "npmjs" } else { "pypi" };
    Registry::new(ecosystem, name.parse().unwrap(), RegistryUrl::Http(url.parse().unwrap()))
}

fn options(registries: Vec<Registry>) -> RegistryOptions {
    let platforms = [Platform::LinuxX64, Platform::MacosArm64].map(TargetPlatform::new).to_vec();
    RegistryOptions {
        registries,
        settings: Settings { platforms, python: Some("3.12".parse().unwrap()), ..Settings::default() },
        client: client(Network::Online),
        ..RegistryOptions::default()
    }
}

fn client(network: Network) -> Arc<Client> {
    let retry = Retry { pause: Duration::from_millis(1), ..Retry::default() };
    Arc::new(Client::new(ClientOptions { network, retry, ..ClientOptions::default() }))
}

fn npm(name: &str) -> PackageId {
    PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap())
}

fn pypi(name: &str) -> PackageId {
    PackageId::new(Ecosystem::Pypi, PackageName::pypi(name).unwrap())
}

fn packument(asked: &ReceivedRequest) -> Reply {
    if asked.path.contains("/-/") {
        return Reply::ok(format!("bytes of {}", asked.path));
    }
    let name = asked.path[1..].replace("%2f", "/");
    let next = match name.as_str() {
        "a" => r#""@s/b":"^1""#,
        "@s/b" => r#""c":"*""#,
        "c" => "",
        _ => return Reply::status(404),
    };
    let body = format!(
        r#"{{"name":"{name}","dist-tags":{{"latest":"1.0.0"}},"versions":{{"1.0.0":{{"dependencies":{{{next}}}}}}}}}"#
    );
    Reply::ok(body).with("ETag", "\"1\"")
}

fn failure(error: &IndexError) -> (String, Exit) {
    match error {
        IndexError::Failed(failure) => (failure.code().unwrap().to_string(), failure.exit()),
        IndexError::Unbuilt(_) | IndexError::Outside(_) | IndexError::NotFound { .. } | IndexError::Unserved(_) => {
            panic!("{error}")
        }
    }
}

#[test]
fn dependencies_are_fetched_before_they_are_asked_for() {
    let server = TestServer::start(packument);
    let registries = Registries::new(options(vec![registry(Ecosystem::Npm, &server.url)]));
    let requirement = crate::model::Requirement::Npm {
        alias: PackageName::npm("a").unwrap(),
        name: PackageName::npm("a").unwrap(),
        range: "^1".parse().unwrap(),
    };
    registries.prefetch(&[requirement]);
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while server.paths().len() < 3 && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(server.paths(), ["/a", "/@s%2fb", "/c"]);
    assert_eq!(registries.versions(&npm("c")).unwrap().candidates.len(), 1);
    assert_eq!(server.paths().len(), 3);
}

#[test]
fn a_package_that_is_not_there_has_no_versions() {
    let server = TestServer::start(packument);
    let registries = Registries::new(options(vec![registry(Ecosystem::Npm, &server.url)]));
    for _ in 0..2 {
        let error = registries.versions(&npm("nope")).unwrap_err();
        assert_eq!(error.to_string(), "npm:nope is not in registry `npmjs`");
    }
    assert_eq!(server.paths(), ["/nope"]);
}

#[test]
fn lies_and_nonsense_are_named() {
    let server = TestServer::start(|asked| match asked.path.as_str() {
        "/lie" => Reply::ok(r#"{"name":"react","versions":{}}"#),
        _ => Reply::ok("<html>Please log in</html>"),
    });
    let registries = Registries::new(options(vec![registry(Ecosystem::Npm, &server.url)]));
    let of = |name: &str| failure(&registries.versions(&npm(name)).unwrap_err());
    assert_eq!(of("lie"), ("larder::registry::wrong_package".to_owned(), Exit::Integrity));
    assert_eq!(of("portal"), ("larder::npm::bad_metadata".to_owned(), Exit::Network));
}

#[test]
fn the_cache_answers_until_it_is_old_and_is_then_revalidated() {
    let server = TestServer::start(|asked| match asked.header("if-none-match") {
        Some("\"1\"") => Reply::status(304),
        _ => packument(asked).with("Cache-Control", "max-age=60"),
    });
    let cache = tempfile::tempdir().unwrap();
    let of = |freshness, network| {
        let mut options = options(vec![registry(Ecosystem::Npm, &server.url)]);
        (options.cache, options.cache_policy, options.client) =
            (Some(cache.path().to_owned()), freshness, client(network));
        let registries = Registries::new(options);
        registries.release(&npm("a"), 0).unwrap().dependencies.len()
    };
    let conditions = || server.asked().iter().map(|asked| asked.header("if-none-match").is_some()).collect::<Vec<_>>();
    assert_eq!(of(CachePolicy::MaxAge, Network::Online), 1);
    assert_eq!(of(CachePolicy::MaxAge, Network::Online), 1);
    let asked: Vec<_> = server.paths().into_iter().filter(|path| path == "/a").collect();
    assert_eq!(asked, ["/a"]);
    assert_eq!(of(CachePolicy::Revalidate, Network::Online), 1);
    assert!(conditions().contains(&true));
    let before = server.paths().len();
    assert_eq!(of(CachePolicy::Revalidate, Network::Offline), 1);
    assert!(server.paths()[before..].iter().all(|path| path != "/a"));
}

#[test]
fn offline_without_a_cache_is_a_network_failure() {
    let mut options = options(vec![registry(Ecosystem::Npm, "https://registry.npmjs.org/")]);
    options.client = client(Network::Offline);
    let registries = Registries::new(options);
    let error = registries.versions(&npm("react")).unwrap_err();
    assert_eq!(failure(&error), ("larder::fetch::offline".to_owned(), Exit::Network));
}

#[test]
fn the_answer_is_the_same_whichever_mirror_gave_it() {
    let direct = TestServer::start(mirrored);
    let mirror = TestServer::start(mirrored);
    let answer = |options: RegistryOptions| {
        let registries = Registries::new(options);
        let npm = registries.release(&npm("a"), 0).unwrap();
        let pypi = registries.release(&pypi("w"), 0).unwrap();
        (npm.artifacts.clone(), pypi.artifacts.clone())
    };
    let both = |url: &str| {
        let simple = format!("{url}root/simple/");
        vec![registry(Ecosystem::Npm, url), registry(Ecosystem::Pypi, &simple)]
    };
    let mut through = options(both(&direct.url));
    through.mirrors = BTreeMap::from([
        ("npmjs".parse().unwrap(), vec![RegistryUrl::Http(mirror.url.parse().unwrap())]),
        ("pypi".parse().unwrap(), vec![RegistryUrl::Http(format!("{}root/simple/", mirror.url).parse().unwrap())]),
    ]);
    let (npm, pypi) = answer(options(both(&direct.url)));
    let asked = direct.paths().len();
    assert_eq!(answer(through), (npm.clone(), pypi.clone()));
    assert_eq!(direct.paths().len(), asked);
    assert_eq!(npm[0].location, None);
    assert_eq!(pypi[0].location.as_deref(), Some("files/w-1.0-py3-none-any.whl"));
}

fn mirrored(asked: &ReceivedRequest) -> Reply {
    let host = asked.header("host").unwrap();
    match asked.path.as_str() {
        "/a" => Reply::ok(format!(
            r#"{{"name":"a","versions":{{"1.0.0":{{"dist":{{"tarball":"http://{host}/a/-/a-1.0.0.tgz"}}}}}}}}"#
        )),
        "/root/simple/w/" => Reply::ok(format!(r#"<a href="http://{host}/root/files/w-1.0-py3-none-any.whl">w</a>"#)),
        "/root/files/w-1.0-py3-none-any.whl.metadata" => Reply::ok("Name: w\nVersion: 1.0\n\n"),
        _ => Reply::status(404),
    }
}

#[test]
fn a_mirror_that_passes_pages_on_is_asked_for_metadata_first() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let path = |name: &str| format!("packages/aa/bb/{}/{name}-1.0-py3-none-any.whl", "0".repeat(60));
    let files = TestServer::start(|asked| {
        let name = asked.path.rsplit('/').next().unwrap().split('-').next().unwrap();
        Reply::ok(format!("Name: {name}\nVersion: 1.0\n\n"))
    });
    for has_files in [true, false] {
        let public = files.url.clone();
        let mirror = TestServer::start(move |asked| match asked.path.strip_prefix("/root/simple/") {
            Some(page) => {
                let name = page.trim_end_matches('/');
                let attributes = "data-core-metadata=\"true\"";
                Reply::ok(format!("<a {attributes} href=\"{public}{}\">{name}-1.0-py3-none-any.whl</a>", path(name)))
            }
            None if has_files && asked.path.starts_with("/root/packages/") => {
                let name = asked.path.rsplit('/').next().unwrap().split('-').next().unwrap();
                Reply::ok(format!("Name: {name}\nVersion: 1.0\n\n"))
            }
            None => Reply::status(404),
        });
        let mut options = options(vec![registry(Ecosystem::Pypi, "https://pypi.org/simple/")]);
        let in_front = RegistryUrl::Http(format!("{}root/simple/", mirror.url).parse().unwrap());
        options.mirrors = BTreeMap::from([("pypi".parse().unwrap(), vec![in_front])]);
        let registries = Registries::new(options);
        for name in names {
            let release = registries.release(&pypi(name), 0).unwrap();
            assert_eq!(release.artifacts[0].location.as_deref(), Some(path(name).as_str()));
        }
        let asked_of_mirror = mirror.paths().iter().filter(|path| path.ends_with(".metadata")).count();
        let asked_of_public = files.paths().len();
        // One that never has any is not asked for ever.
        assert_eq!((asked_of_mirror, asked_of_public), if has_files { (6, 0) } else { (4, 6) });
    }
}

#[test]
fn artifacts_are_opened_where_the_lock_and_the_registry_say() {
    let server = TestServer::start(|asked| match asked.path.as_str() {
        "/@s%2fa" => Reply::ok(r#"{"name":"@s/a","versions":{"1.0.0":{"dist":{"tarball":"/files/9/a.tgz"}}}}"#),
        "/odd" => Reply::ok(r#"{"name":"odd","versions":{"1.0.0":{"dist":{"tarball":"/z"}}}}"#),
        "/odd/-/odd-1.0.0.tgz" => Reply::status(404),
        path => Reply::ok(format!("bytes of {path}")),
    });
    let registries = Registries::new(options(vec![registry(Ecosystem::Npm, &server.url)]));
    let open = |name: &str, location: Option<&str>| {
        let key = PackageKey { id: npm(name), version: Version::parse(Ecosystem::Npm, "1.0.0").unwrap() };
        let artifact = crate::model::Artifact {
            file: format!("{}-1.0.0.tgz", name.trim_start_matches("@s/")),
            kind: crate::model::ArtifactKind::Tarball,
            digest: None,
            location: location.map(str::to_owned),
            platforms: Vec::new(),
        };
        let (mut body, length) = registries
            .open(&(&key).into(), &crate::model::Origin::Registry("npmjs".parse().unwrap()), &artifact)
            .unwrap();
        let mut text = String::new();
        body.read_to_string(&mut text).unwrap();
        assert_eq!(length, Some(text.len() as u64));
        text
    };
    assert_eq!(open("@s/a", None), "bytes of /@s/a/-/a-1.0.0.tgz");
    assert_eq!(open("@s/a", Some("files/9/a.tgz")), "bytes of /files/9/a.tgz");
    // What the registry does not say is not asked for.
    for hint in ["files/8/a.tgz", "../z", &format!("{}z", server.url), "http://127.0.0.1:1/z"] {
        assert_eq!(open("@s/a", Some(hint)), "bytes of /@s/a/-/a-1.0.0.tgz", "{hint}");
    }
    assert_eq!(open("odd", None), "bytes of /z");
    let asked = server.paths();
    assert!(!asked.iter().any(|path| path.contains("/8/")), "{asked:?}");
}

#[test]
fn a_path_package_is_read_from_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let text = br#"{"name":"theme","version":"1.2.3","dependencies":{"react":"^18"}}"#;
    let folder = root.path().join("packages/theme");
    crate::fs::create_dir_all(&folder).unwrap();
    crate::fs::write_new(&folder.join("package.json"), text, 0o644).unwrap();
    let name = PackageName::npm("theme").unwrap();
    let folder: Arc<str> = "packages/theme".into();
    let options = RegistryOptions {
        root: root.path().to_owned(),
        folders: BTreeMap::from([(name.clone(), folder.clone())]),
        ..options(Vec::new())
    };
    let registries = Registries::new(options);
    let id = PackageId::new(Ecosystem::Path, name);
    assert_eq!(registries.versions(&id).unwrap().candidates[0].version.to_string(), "1.2.3");
    let release = registries.release(&id, 0).unwrap();
    assert_eq!((release.folder.clone(), release.dependencies.len()), (Some(folder), 1));
}
