//! Rust crates of packages that are built from source: from their Cargo.lock, by checksum, and no others.

use crate::support::{Metadata, Project, Registry, Universe, archive};

const BY_RUST: &str = "[build-system]\nrequires = ['maturin']\nbuild-backend = 'hooks'\nbackend-path = ['.']\n";

/// A back end that fails and tells which crates it sees.
const HOOKS: &str = "import os\ndef build_wheel(*_, **__):\n    crates = sorted(os.listdir('/vendor'))\n    \
                     text = open('/.cargo/config.toml').read()\n    \
                     raise SystemExit('seen: %s, %s' % (crates, 'directory = \"/vendor\"' in text or \"directory = '/vendor'\" in text))\n";

/// A registry with a package that is built by Rust's back end. `lock` is its Cargo.lock, if it has one.
fn registry(lock: Option<&str>) -> Registry {
    let package = Universe::new().pypi("maturin", "1.0", |p| p).pypi("paint", "1.0", |p| {
        let package = p.source_only(Metadata::Stated).source("pyproject.toml", BY_RUST).source("hooks.py", HOOKS);
        let package = package.source("Cargo.toml", "[package]\nname = \"paint\"\n");
        match lock {
            Some(lock) => package.source("Cargo.lock", lock),
            None => package,
        }
    });
    package.serve()
}

/// A project that may build it, with a mirror of crates.io that has one crate, and the checksum of that.
fn project(registry: &Registry) -> (Project, String) {
    let mut project = Project::new(registry);
    project.dependencies(&["pypi \"paint\""]);
    let packed = archive::tarball(
        "tiny-1.0.0+x",
        &[archive::File::new("src/lib.rs", ""), archive::File::new("package.json", "{}")],
    );
    let checksum = archive::sha256_hex(&packed);
    let folder = project.path("crates");
    std::fs::create_dir_all(folder.join("tiny")).expect("a folder");
    std::fs::write(folder.join("tiny/tiny-1.0.0+x.crate"), packed).expect("a crate");
    project.set("LARDER_MIRROR_CRATES_IO", folder.to_str().expect("UTF-8"));
    project.run("larder builds allow pypi:paint").exits(0);
    (project, checksum)
}

fn locked(source: &str, checksum: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"paint\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"tiny\"\nversion = \"1.0.0+x\"\n\
         source = \"{source}\"\nchecksum = \"{checksum}\"\n"
    )
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn checksum() -> String {
    project(&registry(None)).1
}

#[test]
fn the_crates_of_the_lock_are_there_and_no_network_is() {
    let registry = registry(Some(&locked(CRATES_IO, &checksum())));
    let (project, _) = project(&registry);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    out.exits(1).names(["seen: ['tiny-1.0.0+x'], True"]);
}

#[test]
fn a_crate_that_is_not_what_the_lock_says_is_refused() {
    let registry = registry(Some(&locked(CRATES_IO, &"0".repeat(64))));
    let (project, _) = project(&registry);
    project.run("larder lock").exits(4).names(["tiny-1.0.0+x.crate"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn crates_of_git_and_sources_without_a_lock_are_refused_with_a_way_out() {
    for (lock, named) in [
        (None, "it is written in Rust and has no Cargo.lock"),
        (
            Some(locked("git+https://git.example/tiny#abc", &checksum())),
            "`git+https://git.example/tiny#abc`, and larder fetches",
        ),
        (Some("not toml".to_owned()), "its Cargo.lock cannot be read"),
    ] {
        let registry = registry(lock.as_deref());
        let (project, _) = project(&registry);
        project.run("larder lock").exits(1).names(["larder::builds::crates", named, "has a wheel"]);
    }
}
