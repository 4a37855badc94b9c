//! Registries that lie, break off and attack: a clear error, the right exit code, nothing left.

use std::fs;
use std::io::Write;

use flate2::{Compression, GzBuilder};

use crate::support::{Output, Project, PypiPackage, Registry, Universe, host_platform};

fn serve() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.16", |p| p).serve()
}

fn depends(registry: &Registry, line: &str) -> Project {
    let project = Project::new(registry);
    project.dependencies(&[line]);
    project
}

const LEFT: &str = "npm \"left\" \"^1\"";
const SIX: &str = "pypi \"six\"";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// A gigabyte of zeros in a megabyte.
fn zeros() -> Vec<u8> {
    gzip(&vec![0; 16 << 20]).repeat(64)
}

/// Returns an answer with a status line, headers and a body.
fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    // The registry hangs up after what it plays: where it did not say so, the next request would meet a reset or not.
    let head = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    bytes
}

fn ok(kind: &str, body: &[u8]) -> Vec<u8> {
    answer("200 x", &format!("content-type: {kind}\r\n"), body)
}

/// Locks against a registry that answers so for the package; nothing may be written.
#[track_caller]
fn locks(line: &str, path: &str, raw: &[u8]) -> Output {
    let registry = serve();
    let project = depends(&registry, line);
    registry.plays(path, raw, usize::MAX);
    let output = project.run("larder lock");
    assert!(output.status == 0 || !project.has("larder.lock"), "{}", output.stderr);
    output
}

fn packument(body: &str) -> Vec<u8> {
    ok("application/json", body.as_bytes())
}

#[test]
fn answers_that_are_no_packument_name_package_and_registry() {
    let deep = format!("{{\"name\":\"left\",\"versions\":{}", "[".repeat(100_000));
    for body in ["<html>log in</html>", "{\"name\":\"left\",\"versions\":{\"1.0.0\":{\"name\"", "", "null", "[]", &deep]
    {
        locks(LEFT, "/npm/left", &packument(body)).exits(5).names(["`left`", "`npmjs`"]);
    }
}

#[test]
fn an_answer_for_another_package_is_an_integrity_failure() {
    let lie = "{\"name\":\"right\",\"dist-tags\":{\"latest\":\"1.0.0\"},\"versions\":{\"1.0.0\":{\"name\":\"right\",\
               \"version\":\"1.0.0\",\"dist\":{\"tarball\":\"x\",\"integrity\":\"sha512-AAAA\"}}}}";
    locks(LEFT, "/npm/left", &packument(lie)).exits(4).names(["`left`", "right", "`npmjs`"]);
}

#[test]
fn versions_that_are_none_are_no_versions() {
    let nonsense = "{\"name\":\"left\",\"dist-tags\":{\"latest\":\"one\"},\"versions\":{\"one\":{},\"1.0\":{},\
                    \"99999999999999999999.0.0\":{}}}";
    locks(LEFT, "/npm/left", &packument(nonsense)).exits(3).names(["left has no versions", "none that can be read"]);
}

#[test]
fn pages_of_nonsense_name_package_and_registry() {
    for body in ["[]", "{\"files\":", "\u{0}\u{1}\u{2}"] {
        let page = ok("application/vnd.pypi.simple.v1+json", body.as_bytes());
        locks(SIX, "/pypi/simple/six/", &page).exits(5).names(["`six`", "`pypi`"]);
    }
    let page =
        "<a href=\"six-not.a.version-py3-none-any.whl\">x</a><a href=><a href='six-1.0.tar.gz#sha256=zz'>\u{fffd}";
    let output = locks(SIX, "/pypi/simple/six/", &ok("text/html", page.as_bytes()));
    assert!([3, 5].contains(&output.status), "{}", output.stderr);
}

#[test]
fn a_page_of_a_later_form_is_not_read() {
    let body = r#"{"meta":{"api-version":"9.0"},"name":"six","files":[]}"#;
    let page = ok("application/vnd.pypi.simple.v9+json", body.as_bytes());
    locks(SIX, "/pypi/simple/six/", &page).exits(5).names(["`six`", "`pypi`", "9.0", "larder::pypi::newer_index"]);
}

#[test]
fn refusals_and_breakdowns_end_with_5() {
    for (raw, code) in [
        (answer("401 x", "", b""), "larder::fetch::unauthorized"),
        (answer("403 x", "", b""), "larder::fetch::forbidden"),
        (answer("302 x", "location: /npm/left\r\n", b""), "larder::fetch::redirect"),
        (answer("302 x", "", b""), "larder::fetch::redirect"),
        (answer("302 x", "location: http://example.invalid/left\r\n", b""), "larder::fetch::redirect"),
        (answer("302 x", "location: file:///etc/passwd\r\n", b""), "larder::fetch::redirect"),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), "larder::fetch::unreachable"),
        (ok("application/json", b"{}")[..50].to_vec(), "larder::fetch::unreachable"),
        (answer("500 x", "", b""), "larder::fetch::status"),
    ] {
        let output = locks(LEFT, "/npm/left", &raw);
        let first = String::from_utf8_lossy(&raw[..raw.len().min(60)]).into_owned();
        assert_eq!(output.status, 5, "{first}\n{}", output.stderr);
        output.names([code, "npmjs"]);
    }
}

#[test]
fn what_breaks_a_few_times_is_asked_again() {
    let half = ok("application/json", &[b' '; 3000])[..2000].to_vec();
    for (raw, times) in [(answer("500 x", "", b""), 2), (answer("429 x", "retry-after: 1\r\n", b""), 1), (half, 2)] {
        for (line, path) in [(LEFT, "/npm/left"), (SIX, "/pypi/simple/six/"), (LEFT, "/npm/left/-/left-1.0.0.tgz")] {
            let registry = serve();
            registry.plays(path, &raw, times);
            depends(&registry, line).run("larder sync").exits(0);
        }
    }
}

#[test]
fn a_document_that_inflates_without_end_is_given_up() {
    let headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let raw = answer("200 x", headers, &zeros());
    let registry = serve();
    let project = depends(&registry, LEFT);
    registry.plays("/npm/left", &raw, usize::MAX);
    let output = project.under(&["/bin/sh", "-c", "ulimit -v 1500000; exec \"$@\"", "sh"], "larder lock");
    output.exits(5).names(["larder::fetch::too_large", "npmjs"]);
}

/// One entry of a tar, as bytes.
fn entry(name: &str, kind: u8, link: &str, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Syncs a project whose one package has this archive, with its true digest; it must be refused, and leave nothing.
#[track_caller]
fn refuses(universe: Universe, line: &str, named: [&str; 2]) {
    let registry = universe.npm("honest", "1.0.0", |p| p).serve();
    let project = depends(&registry, "npm \"honest\" \"^1\"");
    project.run("larder sync").exits(0);
    let trees = |project: &Project| {
        let shards = fs::read_dir(project.store().join("v1/trees")).expect("a store");
        shards.map(|shard| fs::read_dir(shard.expect("an entry").path()).expect("a shard").count()).sum::<usize>()
    };
    let before = trees(&project);
    project.dependencies(&["npm \"honest\" \"^1\"", line]).run("larder lock").exits(0);
    let state = project.state();
    let output = project.under(&["/bin/sh", "-c", "ulimit -v 1500000; exec \"$@\"", "sh"], "larder sync");
    output.exits(4).names(named);
    assert_eq!(project.state(), state);
    assert_eq!(trees(&project), before);
    assert_eq!(fs::read_dir(project.store().join("v1/staging")).expect("a folder").count(), 0);
    project.run("larder verify").exits(0);
}

#[test]
fn hostile_tarballs_are_refused_and_leave_nothing() {
    let tar = |entries: &[Vec<u8>]| gzip(&entries.concat());
    let bomb = |name: &str| [gzip(&entry(name, b'0', "", 1 << 30)), zeros()].concat();
    for (archive, named) in [
        (tar(&[entry("package/../../x", b'0', "", 0)]), "../../x"),
        (tar(&[entry("/etc/x", b'0', "", 0)]), "/etc/x"),
        (tar(&[entry("package/link", b'2', "../../..", 0)]), "package/link"),
        (tar(&[entry("package/hard", b'1', "/etc/passwd", 0)]), "package/hard"),
        (tar(&[entry("package/disk", b'4', "", 0)]), "package/disk"),
        (tar(&[entry("package/pipe", b'6', "", 0)]), "package/pipe"),
        (tar(&[entry("package/lib/", b'5', "", 0)]), "has no files"),
        (bomb("package/zeros"), "package/zeros"),
        // Nothing but padding, without end.
        ([gzip(&entry("package/a", b'0', "", 0)), zeros()].concat(), "hostile"),
        (gzip(&vec![7; 4096]), "hostile"),
        (b"<html>".to_vec(), "hostile"),
        ([tar(&[entry("package/a", b'0', "", 0)]), b"more".to_vec()].concat(), "hostile"),
    ] {
        let universe = Universe::new().npm("hostile", "1.0.0", |p| p.packed(archive));
        refuses(universe, "npm \"hostile\" \"^1\"", [named, "npmjs"]);
    }
}

/// Changes the bytes of a wheel.
fn wheel(change: impl FnOnce(&mut Vec<u8>)) -> Universe {
    Universe::new().pypi("hostile", "1.0", |p| {
        let p = p.file("hostile/data.txt", "the quick brown fox");
        let mut bytes = p.wheel();
        change(&mut bytes);
        p.packed(bytes)
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    (0..bytes.len() - what.len()).filter(|at| bytes[*at..].starts_with(what)).collect()
}

#[test]
fn hostile_wheels_are_refused_and_leave_nothing() {
    let renamed = |bytes: &mut Vec<u8>, place: usize, to: &[u8]| {
        let at = find(bytes, b"hostile/data.txt")[place];
        bytes[at..at + to.len()].copy_from_slice(to);
    };
    for (universe, named) in [
        (wheel(|bytes| bytes.extend(b"more")), "hostile"),
        (wheel(|bytes| bytes.truncate(bytes.len() - 30)), "hostile"),
        (wheel(|bytes| bytes.splice(0..0, *b"#!/bin/sh\n").for_each(drop)), "hostile"),
        // Local and central headers give two names.
        (wheel(|bytes| renamed(bytes, 0, b"hostile/other.tx")), "hostile"),
        // Both give one that leaves the folder.
        (
            wheel(|bytes| {
                let places = find(bytes, b"hostile/data.txt").len();
                for place in (0..places).rev() {
                    renamed(bytes, place, b"../../../../.txt");
                }
            }),
            "../../../../.txt",
        ),
        // A checksum that is not its content's.
        (
            wheel(|bytes| {
                for at in find(bytes, b"PK\x01\x02") {
                    bytes[at + 16] ^= 1;
                }
            }),
            "hostile",
        ),
        // Ten gigabytes, it says.
        (
            wheel(|bytes| {
                for at in find(bytes, b"PK\x01\x02") {
                    bytes[at + 24..at + 28].copy_from_slice(&[0xf0; 4]);
                }
            }),
            "hostile",
        ),
        // Another package's, and another version's.
        (wheel(|bytes| *bytes = PypiPackage::new("other", "1.0").wheel()), "`other` 1.0"),
        (wheel(|bytes| *bytes = PypiPackage::new("hostile", "2.0").wheel()), "hostile-2.0.dist-info/METADATA"),
        // Encrypted, it says.
        (
            wheel(|bytes| {
                for at in find(bytes, b"PK\x01\x02") {
                    bytes[at + 8] |= 1;
                }
            }),
            "is encrypted",
        ),
        // Another method, in one header only.
        (
            wheel(|bytes| {
                let at = find(bytes, b"PK\x03\x04")[0];
                bytes[at + 8] ^= 8;
            }),
            "disagree about its method",
        ),
        // More entries than there are.
        (
            wheel(|bytes| {
                let at = bytes.len() - 22;
                bytes[at + 8..at + 12].copy_from_slice(&[0xfe; 4]);
            }),
            "hostile",
        ),
    ] {
        refuses(universe, "pypi \"hostile\"", [named, "pypi"]);
    }
}

#[test]
fn a_digest_that_is_none_is_not_taken_for_one() {
    let registry = serve();
    let project = depends(&registry, LEFT);
    let tarball = registry.npm_url() + "left/-/left-1.0.0.tgz";
    let says = |integrity: &str| {
        let body = format!(
            "{{\"name\":\"left\",\"dist-tags\":{{\"latest\":\"1.0.0\"}},\"versions\":{{\"1.0.0\":{{\"name\":\"left\",\
             \"version\":\"1.0.0\",\"dist\":{{\"tarball\":\"{tarball}\",\"integrity\":\"{integrity}\"}}}}}}}}"
        );
        registry.plays("/npm/left", &packument(&body), usize::MAX);
        let _ = fs::remove_dir_all(project.folder().join("cache"));
    };
    for integrity in ["sha512-%%%", "sha512-AAAA", "nonsense"] {
        says(integrity);
        let said = project.run("larder lock").exits(4).stderr;
        for part in ["`npmjs`", "`left@1.0.0`", integrity] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!project.has("larder.lock"));
    }
    // Of an algorithm that larder does not know, or none: the tarball is fetched and hashed.
    for integrity in ["md5-AAAA", ""] {
        says(integrity);
        project.run("larder lock").exits(0);
        assert!(project.read("larder.lock").contains("sha512-"), "{}", project.read("larder.lock"));
        fs::remove_file(project.path("larder.lock")).expect("a lock");
    }
}

#[test]
fn a_tarball_elsewhere_is_not_asked_with_anything_of_ours() {
    let registry = serve();
    let project = depends(&registry, LEFT);
    let body = "{\"name\":\"left\",\"dist-tags\":{\"latest\":\"1.0.0\"},\"versions\":{\"1.0.0\":{\"name\":\"left\",\
                \"version\":\"1.0.0\",\"dist\":{\"tarball\":\"http://example.invalid/left.tgz\",\"integrity\":\"sha512-\
                z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"}}}}";
    registry.plays("/npm/left", &packument(body), usize::MAX);
    project.run("larder lock").exits(0);
    let output = project.run("larder sync");
    assert!([4, 5].contains(&output.status), "{}", output.stderr);
    assert!(!project.has("node_modules"));
}

#[test]
fn a_token_goes_to_its_own_registry_and_nowhere_else() {
    let (path, tarball) = ("/npm/left", "/npm/left/-/left-1.0.0.tgz");
    for at_once in [true, false] {
        let (own, other) = (serve(), serve());
        // There is no such file at the other one: it is enough that it was asked, and without the token.
        let elsewhere = other.npm_url() + "files/left.tgz";
        if at_once {
            let digest = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
            let body = format!(
                "{{\"name\":\"left\",\"dist-tags\":{{\"latest\":\"1.0.0\"}},\"versions\":{{\"1.0.0\":{{\"name\":\"left\",\
                 \"version\":\"1.0.0\",\"dist\":{{\"tarball\":\"{elsewhere}\",\"integrity\":\"sha512-{digest}\"}}}}}}}}"
            );
            own.plays(path, &packument(&body), usize::MAX);
            own.fail(tarball, 404);
        } else {
            own.plays(tarball, &answer("302 x", &format!("location: {elsewhere}\r\n"), b""), usize::MAX);
        }
        let project = Project::alone();
        project.write("token", "secret\n").write(
            "larder.kdl",
            &format!(
                "project \"case\"\nplatforms \"{}\"\nruntimes {{ node \"20\"; }}\nregistries {{\n    \
                 npm \"npmjs\" \"{}\" {{\n        token file=\"token\"\n    }}\n}}\ndependencies {{ {LEFT}; }}\n",
                host_platform(),
                own.npm_url()
            ),
        );
        project.run("larder sync").exits(5);
        assert!(own.authorized().contains(&path.to_owned()));
        assert!(other.take_log().contains(&"/npm/files/left.tgz".to_owned()));
        assert!(other.authorized().is_empty(), "{:?}", other.authorized());
        assert!(!project.read("larder.lock").contains("secret"));
    }
}

#[test]
fn names_that_differ_in_case_are_refused_where_a_declared_platform_folds_it() {
    let archive =
        gzip(&[entry("package/package.json", b'0', "", 0), entry("package/package.JSON", b'0', "", 0)].concat());
    let universe = Universe::new().npm("twins", "1.0.0", |p| p.file("lib/A.js", "1").file("lib/a.js", "2"));
    let registry = universe.npm("broken", "1.0.0", |p| p.packed(archive)).serve();
    let project = Project::new(&registry);
    let line = "npm \"twins\" \"^1\"";
    project.dependencies(&[line]).run("larder sync").exits(0);
    assert_eq!(project.read("node_modules/twins/lib/A.js"), "1");
    assert_eq!(project.read("node_modules/twins/lib/a.js"), "2");
    project.run("larder verify").exits(0);
    for other in ["macos-arm64", "windows-x64"] {
        // The store has the tree already, and it counts for this project none the less.
        let beside = project.beside();
        beside.dependencies(&[line]);
        let platforms = format!("platforms \"{}\"", host_platform());
        beside.write("larder.kdl", &beside.read("larder.kdl").replace(&platforms, &format!("{platforms} \"{other}\"")));
        beside.run("larder sync").exits(4).names(["larder::fetch::refused", "lib/a.js"]);
        assert!(!beside.has("node_modules"));
    }
}
