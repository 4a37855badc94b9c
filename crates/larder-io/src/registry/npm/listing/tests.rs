use super::record::{decode, encode};
use super::*;
use crate::fetch::{Client, ClientOptions, Endpoint, Quota, RegistryAddress};
use crate::model::mutation;
use crate::registry::cache::{CachePolicy, MetadataCache};
use crate::registry::listing_record::EncodedRecord;
use crate::registry::npm::record::BadDocument;
use crate::registry::provenance::Provenance;

fn read(name: &str, document: &str) -> NpmListing {
    let package = PackageName::npm(name).unwrap();
    listed(name, encode(&package, document.as_bytes(), PackumentForm::Abbreviated).unwrap())
}

fn listed(name: &str, bytes: EncodedRecord) -> NpmListing {
    let name = PackageName::npm(name).unwrap();
    let record = ListingRecord::new(Provenance::default(), bytes);
    let (versions, spans) = decode(&record, PackumentForm::Abbreviated).unwrap();
    let places = vec![RegistryAddress::http("https://r.example/npm/".parse().unwrap(), None)];
    let endpoint = Arc::new(Endpoint::new("r".parse().unwrap(), places, Quota::default()));
    let http = Arc::new(Client::new(ClientOptions::default()));
    let client = RegistryClient {
        http,
        endpoint,
        cache: MetadataCache::disabled(),
        cache_policy: CachePolicy::default(),
        admits_unknown_age: false,
    };
    NpmListing { name, client, record, spans, versions: Arc::new(versions) }
}

fn wants(release: &Release) -> Vec<String> {
    let one = |dependency: &Dependency| match &dependency.wants {
        crate::resolve::Wants::Requirement(wanted) => {
            format!("{:?} {} {}", dependency.kind, wanted.seen_as(), wanted.range_text())
        }
        crate::resolve::Wants::Source { source, .. } => format!("{:?} {source}", dependency.kind),
        crate::resolve::Wants::Unsupported { name, .. } => format!("{:?} ?{name}", dependency.kind),
    };
    release.dependencies.iter().map(one).collect()
}

#[test]
fn versions_are_in_order_and_each_is_there_once() {
    let listing = read(
        "a",
        r#"{"name":"a","dist-tags":{"latest":"1.10.0","gone":"7.0.0","odd":null},"versions":{
            "1.10.0":{},"1.9.0":{"deprecated":"old"},"2.0.0-rc.1":{"deprecated":false},"1.9.0+b":{},"nonsense":{},
            "1.2.0":{"deprecated":true}},
            "time":{"created":"x","1.9.0":"2020-01-02T03:04:05.678Z"}}"#,
    );
    let versions = &listing.versions;
    let texts: Vec<_> =
        versions.candidates.iter().map(|c| format!("{}{}", c.version, if c.deprecated { "!" } else { "" })).collect();
    assert_eq!(texts, ["1.2.0!", "1.9.0!", "1.10.0", "2.0.0-rc.1"]);
    assert_eq!(versions.tags, [("latest".to_owned(), 2)].into());
    assert_eq!(versions.candidates[1].published.unwrap().to_string(), "2020-01-02T03:04:05.678Z");
    assert_eq!(versions.candidates[2].published, None);
}

#[test]
fn versions_come_back_from_the_record_as_they_were() {
    let texts =
        ["1.2.3", "1.2.3-beta.10", "4294967295.0.1", "4294967296.0.1", "20260101000000.0.0-x.1", "5000000000.1.2+b"];
    let versions: Vec<_> = texts.iter().map(|text| format!("\"{text}\":{{}}")).collect();
    let listing = read("a", &format!(r#"{{"name":"a","versions":{{{}}}}}"#, versions.join(",")));
    let read: Vec<_> = listing.versions.candidates.iter().map(|candidate| candidate.version.clone()).collect();
    let mut expected: Vec<_> =
        texts.iter().map(|text| Version::parse(crate::model::Ecosystem::Npm, text).unwrap()).collect();
    expected.sort();
    assert_eq!(read, expected);
}

#[test]
fn odd_places_of_tarballs_do_no_harm() {
    for dist in [
        "null",
        "1",
        "-1.5",
        "true",
        "\"x\"",
        "[{}]",
        r#"{"tarball":7,"integrity":null,"shasum":{}}"#,
        r#"{"tarball":"\ud800"}"#,
    ] {
        let listing = read("a", &format!(r#"{{"name":"a","versions":{{"1.0.0":{{"dist":{dist}}}}}}}"#));
        let artifact = &listing.read(0).unwrap().unwrap().artifacts[0];
        assert_eq!((&artifact.digest, &artifact.location), (&None, &None), "{dist}");
    }
    let listing = read("a", r#"{"name":"a","versions":{"1.0.0":{"dist":{"x":1,"tarball":"https:\/\/h\/a.tgz"}}}}"#);
    assert_eq!(listing.read(0).unwrap().unwrap().artifacts[0].location, None);
    assert_eq!(listing.file_location(&listing.versions.candidates[0].version, "").unwrap().url, "https://h/a.tgz");
}

#[test]
fn what_a_version_says_is_read_in_every_shape() {
    let listing = read(
        "@s/a",
        r#"{"name":"@s/a","versions":{"1.0.0":{
            "dependencies":{"b":"^1","c":"npm:d@2","e":"u/r","both":"1","bundled":"1","peer2":"1"},
            "optionalDependencies":{"both":"2"},"peerDependencies":{"react":">=16","vue":"*","peer2":"2"},
            "peerDependenciesMeta":{"vue":{"optional":true},"react":null},"bundledDependencies":["bundled"],
            "engines":["node >= 0.8","npm"],"os":"!win32","cpu":["x64"],"libc":null,"bin":{"x":"x.js"},
            "scripts":{"postinstall":"node x","test":"t"},"deprecated":"use b",
            "dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709","tarball":"https://r.example/npm/@s/a/-/a-1.0.0.tgz"}}}}"#,
    );
    let release = listing.read(0).unwrap().unwrap();
    assert_eq!(
        wants(&release),
        [
            "Normal b ^1",
            "Normal c npm:d@2",
            "Normal https://github.com/u/r.git",
            "Normal peer2 1",
            "Optional both 2",
            "Peer react >=16",
            "OptionalPeer vue *",
        ]
    );
    let facts = Facts {
        os: vec!["!win32".to_owned()],
        cpu: vec!["x64".to_owned()],
        libc: Vec::new(),
        node: Some(">= 0.8".to_owned()),
        requires_python: None,
        bin: true,
        install_script: true,
        deprecated: Some("use b".to_owned()),
        yanked: false,
        descriptor: None,
    };
    assert_eq!(release.facts, facts);
    let artifact = &release.artifacts[0];
    assert_eq!((artifact.file.as_str(), &artifact.location), ("a-1.0.0.tgz", &None));
    assert_eq!(artifact.digest.as_ref().unwrap().algorithm(), Algorithm::Sha1);
    assert!(listing.read(1).is_none());
}

#[test]
fn a_peer_that_only_the_meta_names_is_an_optional_one() {
    let listing = read(
        "follow",
        r#"{"name":"follow","versions":{"1.0.0":{"dependencies":{"ms":"2"},"optionalDependencies":{"opt":"1"},"peerDependenciesMeta":{
            "debug":{"optional":true},"ms":{"optional":true},"opt":{"optional":true},"no":{"optional":false},"odd":true,
            "none":{},"text":{"optional":"yes"},"../x":{"optional":true}}},
            "2.0.0":{"peerDependencies":{"debug":"^4"},"peerDependenciesMeta":{"debug":{"optional":true},"react-dom":{"optional":true}}}}}"#,
    );
    let release = |ordinal| listing.read(ordinal).unwrap().unwrap();
    assert_eq!(wants(&release(0)), ["Normal ms 2", "Optional opt 1", "OptionalPeer ?follow", "OptionalPeer debug *"]);
    assert_eq!(wants(&release(1)), ["OptionalPeer debug ^4", "OptionalPeer react-dom *"]);
}

#[test]
fn sloppy_documents_are_tolerated() {
    let listing = read(
        "a",
        r#"{"name":"a","versions":{"1.0.0":{"dependencies":null,"optionalDependencies":[],"engines":"node",
            "bundleDependencies":true,"dist":null},"1.0.1":{"dependencies":{"x":"1","y":2},"bundleDependencies":true,
            "hasInstallScript":true,"engines":{"node":">=18"},"bin":""},
            "1.0.2":{"dependencies":{"x":null},"os":["linux"]}}}"#,
    );
    let release = |ordinal| listing.read(ordinal).unwrap().unwrap();
    assert!(release(0).dependencies.is_empty());
    assert_eq!(release(0).facts, Facts::default());
    assert!(release(1).dependencies.is_empty());
    assert_eq!((release(1).facts.node.as_deref(), release(1).facts.bin), (Some(">=18"), false));
    assert!(release(1).facts.install_script);
    assert_eq!(wants(&release(2)), ["Normal x *"]);
}

#[test]
fn bytes_that_are_no_utf_8_do_no_harm() {
    let document =
        b"{\"name\":\"a\",\"versions\":{\"1.0.0\":{\"description\":\"\xff\",\"dependencies\":{\"b\":\"^1\"}}}}";
    let encoded = encode(&PackageName::npm("a").unwrap(), document, PackumentForm::Abbreviated).unwrap();
    assert_eq!(wants(&listed("a", encoded).read(0).unwrap().unwrap()), ["Normal b ^1"]);
}

#[test]
fn what_is_no_packument_is_refused() {
    let name = PackageName::npm("a").unwrap();
    let bad = |text: &str| encode(&name, text.as_bytes(), PackumentForm::Full).unwrap_err();
    for text in ["<html>", "", "{\"name\":\"a\",\"versions\":{\"1.0.0\":{", "[]", "{}"] {
        assert!(matches!(bad(text), BadDocument::Unreadable(_)), "{text}");
    }
    assert_eq!(bad("{\"name\":\"b\"}"), BadDocument::OtherPackage("b".to_owned()));
}

#[test]
fn a_damaged_record_is_no_listing() {
    let name = PackageName::npm("a").unwrap();
    let document = br#"{"name":"a","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"dependencies":{"b":"1"}}}}"#;
    let whole = encode(&name, document, PackumentForm::Abbreviated).unwrap();
    let read = |header: &[u8], body: &[u8], form| {
        let encoded = EncodedRecord { header: header.to_vec(), body: body.to_vec() };
        decode(&ListingRecord::new(Provenance::default(), encoded), form)
    };
    assert!(read(&whole.header, &whole.body, PackumentForm::Abbreviated).is_some());
    assert!(read(&whole.header, &whole.body, PackumentForm::Full).is_none(), "without times");
    for length in 0..whole.header.len() {
        assert!(read(&whole.header[..length], &whole.body, PackumentForm::Abbreviated).is_none(), "{length}");
    }
    for length in 0..whole.body.len() {
        assert!(read(&whole.header, &whole.body[..length], PackumentForm::Abbreviated).is_none(), "{length}");
    }
    for at in 0..whole.header.len() {
        let mut flipped = whole.header.clone();
        flipped[at] ^= 0xff;
        let _ = read(&flipped, &whole.body, PackumentForm::Abbreviated);
    }
}

#[test]
fn a_mutated_document_is_read_or_refused() {
    let document = r#"{"name":"a","dist-tags":{"latest":"1.10.0","odd":null},"versions":{"1.9.0":{"deprecated":"old","dependencies":
        {"b":"^1","c":"npm:d@2","e":"u/r"},"optionalDependencies":{"f":"2"},"peerDependencies":{"react":">=16"},
        "peerDependenciesMeta":{"react":{"optional":true}},"bundledDependencies":["g"],"engines":{"node":">= 0.8"},"os":"!win32",
        "cpu":["x64"],"libc":null,"bin":{"x":"x.js"},"scripts":{"postinstall":"node x"},"dist":{"integrity":"sha512-AA==",
        "shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709","tarball":"https://r.example/npm/a/-/a-1.9.0.tgz"}},"1.10.0":{}},
        "time":{"1.9.0":"2020-01-02T03:04:05.678Z"}}"#;
    let name = PackageName::npm("a").unwrap();
    mutation::of_bytes(&[document.as_bytes()], |bytes| {
        let Ok(encoded) = encode(&name, bytes, PackumentForm::Full) else { return };
        let listing = listed("a", encoded);
        for (ordinal, candidate) in (0..).zip(&listing.versions.candidates) {
            listing.read(ordinal);
            if let Version::Npm(_) = &candidate.version {
                drop(listing.file_location(&candidate.version, ""));
            }
        }
    });
    let EncodedRecord { header, body } = encode(&name, document.as_bytes(), PackumentForm::Full).unwrap();
    // A record that was written by another version, or by nobody.
    mutation::of_bytes(&[&header], |header| {
        let record =
            ListingRecord::new(Provenance::default(), EncodedRecord { header: header.to_vec(), body: body.clone() });
        let _ = decode(&record, PackumentForm::Full);
    });
    mutation::of_bytes(&[&body], |body| {
        let record =
            ListingRecord::new(Provenance::default(), EncodedRecord { header: header.clone(), body: body.to_vec() });
        if decode(&record, PackumentForm::Full).is_some() {
            let listing = listed("a", EncodedRecord { header: header.clone(), body: body.to_vec() });
            listing.read(0);
        }
    });
    mutation::of(&["npm:@s/b@^1 || 2", "git+ssh://git@h/x", "workspace:^", "file:../x", "latest"], |text| {
        drop(requirement::wants(&name, text, text));
    });
}
