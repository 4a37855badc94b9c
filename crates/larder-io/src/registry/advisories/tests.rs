//! Databases, as they are written, read, damaged, and asked much.

use std::io::Write;
use std::time::Instant;

use super::*;
use crate::model::{PackageId, PackageName, Version};

fn npm() -> BTreeSet<Ecosystem> {
    BTreeSet::from(["npm".parse().unwrap()])
}

fn key(name: &str, version: &str) -> PackageKey {
    let ecosystem = "npm".parse().unwrap();
    let id = PackageId::new(ecosystem, PackageName::npm(name).unwrap());
    PackageKey { id, version: Version::parse(ecosystem, version).unwrap() }
}

fn record(id: &str, package: &str, fixed: &str) -> String {
    serde_json::json!({ "id": id, "summary": "S", "database_specific": { "severity": "HIGH" }, "affected": [{
        "package": { "ecosystem": "npm", "name": package },
        "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
    }] })
    .to_string()
}

/// A cache and a project with a folder of records.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new(records: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self { folder };
        for (name, text) in records {
            fixture.write(name, text.as_bytes());
        }
        fixture
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join("osv").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn databases(&self) -> AdvisoryDatabases {
        let url = crate::manifest::RegistryUrl::Folder("osv/".into());
        let source = AdvisorySource { form: crate::manifest::AdvisoryForm::Osv, url, span: (0, 0).into() };
        AdvisoryDatabases::open(&self.folder.path().join("cache"), self.folder.path(), &[source], &npm(), Vec::new())
    }

    fn ids(&self, packages: &[PackageKey]) -> Vec<String> {
        self.databases().vulnerabilities(packages.iter()).unwrap().found.into_iter().map(|found| found.id).collect()
    }
}

#[test]
fn a_folder_is_read_anew_when_a_file_of_it_changes() {
    let fixture = Fixture::new(&[("npm/GHSA-1.json", record("GHSA-1", "a", "1.1.0")), ("b.txt", "no".to_owned())]);
    let packages = [key("a", "1.0.0"), key("b", "1.0.0")];
    assert_eq!(fixture.ids(&packages), ["GHSA-1"]);
    assert_eq!(fixture.ids(&packages), ["GHSA-1"], "from the cache");
    fixture.write("GHSA-2.json", record("GHSA-2", "b", "2.0.0").as_bytes());
    assert_eq!(fixture.ids(&packages), ["GHSA-1", "GHSA-2"]);
    fixture.write("bad.json", b"{");
    let status = fixture.databases().status().unwrap();
    assert_eq!((status[0].advisories, status[0].packages, status[0].unreadable), (2, 2, 1));
    assert!(status[0].faults[0].starts_with("`bad.json`: it is no record of OSV"), "{:?}", status[0].faults);
    fixture.write("c.jsonl", format!("{}\n\n{{\n", record("GHSA-3", "a", "1.2.0").replace('\n', "")).as_bytes());
    assert_eq!(fixture.ids(&packages), ["GHSA-1", "GHSA-3", "GHSA-2"]);
    let status = fixture.databases().status().unwrap();
    assert_eq!(status[0].unreadable, 2);
    assert!(status[0].faults[1].starts_with("`c.jsonl:3`: "), "{:?}", status[0].faults);
}

#[test]
fn a_folder_without_a_readable_record_is_an_error() {
    let fixture = Fixture::new(&[("x.json", "[]".to_owned())]);
    let error = fixture.databases().status().unwrap_err();
    assert_eq!(error.exit(), crate::diagnostic::Exit::Manifest, "nobody was asked");
    let error = error.to_string();
    assert!(error.contains("`x.json`") && error.contains("osv"), "{error}");
}

#[test]
fn archives_in_a_folder_are_records_too() {
    let fixture = Fixture::new(&[]);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for id in ["GHSA-1", "GHSA-2"] {
        zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(record(id, "a", "1.1.0").as_bytes()).unwrap();
    }
    fixture.write("npm/all.zip", &zip.finish().unwrap().into_inner());
    assert_eq!(fixture.ids(&[key("a", "1.0.0")]), ["GHSA-1", "GHSA-2"]);
    fixture.write("npm/all.zip", b"not a zip");
    let error = fixture.databases().status().unwrap_err().to_string();
    assert!(error.contains("all.zip"), "{error}");
}

#[test]
fn a_flipped_byte_is_never_another_answer() {
    let fixture =
        Fixture::new(&[("a.json", record("GHSA-1", "a", "1.1.0")), ("b.json", record("GHSA-2", "b", "2.0.0"))]);
    let packages = [key("a", "1.0.0"), key("b", "1.0.0")];
    let expected = fixture.ids(&packages);
    let path = fixture.databases().files().remove(0);
    let whole = std::fs::read(&path).unwrap();
    for place in (0..whole.len()).step_by(5) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x20;
        std::fs::write(&path, &flipped).unwrap();
        for id in fixture.ids(&packages) {
            assert!(expected.contains(&id), "{id} at {place}");
        }
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(fixture.ids(&packages), expected, "a torn file is made anew");
}

/// The bound that the design states: 20,000 advisories and 5,000 locked packages.
#[test]
fn twenty_thousand_advisories_are_looked_up_for_five_thousand_packages() {
    let fixture = Fixture::new(&[]);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for number in 0..20_000 {
        zip.start_file(format!("GHSA-{number}.json"), stored).unwrap();
        let package = format!("package-{}", number % 10_000);
        zip.write_all(record(&format!("GHSA-{number}"), &package, "1.1.0").as_bytes()).unwrap();
    }
    fixture.write("all.zip", &zip.finish().unwrap().into_inner());
    let packages: Vec<PackageKey> = (0..5_000).map(|number| key(&format!("package-{number}"), "1.0.0")).collect();
    assert_eq!(fixture.ids(&packages).len(), 10_000);
    let size = std::fs::metadata(fixture.databases().files().remove(0)).unwrap().len();
    assert!(size < 10 << 20, "{size} bytes");
    let start = Instant::now();
    assert_eq!(fixture.ids(&packages).len(), 10_000);
    // Unoptimised, and beside other tests: optimised it is a tenth of that.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
