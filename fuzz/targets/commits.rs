#![no_main]
//! Commits as a release reads them, and the files that it writes the version into.

use larder_core::release::{
    MessageCommit, insert_section, next_version, read_history, section, set_package_json_version, set_pyproject_version,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (id, parents) = ("0123456789abcdef", ["0123456789abcdef".to_owned()]);
    let commits = text.split('\0').map(|message| MessageCommit { id, parents: &parents, message, counts: true });
    let history = read_history(commits);
    if let Some(version) = next_version(&semver::Version::new(1, 2, 3), history.bump()) {
        let written = insert_section(text, &version, &section(&version, "2026-01-01", &history));
        assert!(written.contains(&version.to_string()));
    }
    drop(set_package_json_version("package.json", text, "1.2.3"));
    drop(set_pyproject_version("pyproject.toml", text, "1.2.3"));
});
