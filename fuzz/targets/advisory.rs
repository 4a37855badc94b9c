#![no_main]
//! What a registry or a database says of vulnerabilities: an OSV record, an answer of npm's bulk endpoint.

use larder_core::advisory::{AskedVersions, parse_npm_bulk, parse_osv, vulnerabilities};
use larder_core::model::{Ecosystem, PackageId, PackageKey, PackageName, Version};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let ms = PackageName::npm("ms").expect("a name");
    let key = PackageKey {
        id: PackageId::new(Ecosystem::Npm, ms),
        version: Version::parse(Ecosystem::Npm, "2.1.2").expect("a version"),
    };
    if let Ok(Some(advisory)) = parse_osv(bytes) {
        drop(vulnerabilities(&key, &[advisory]));
    }
    drop(parse_npm_bulk(Ecosystem::Npm, &AskedVersions::default(), bytes));
});
