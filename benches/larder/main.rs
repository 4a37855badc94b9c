//! What larder spends its time on, a phase at a time, on made-up data of a fixed seed: nothing of it needs a network.
//!
//! ```sh
//! cargo bench                    # all of it
//! cargo bench -- solve           # one phase
//! cargo bench -- --test          # once each, to see that they run
//! ```

mod universe;

use divan::{Bencher, black_box};
use larder::lock::{self, Lockfile};
use larder::manifest;
use larder::model::{NpmRange, Requirement, parse_npm_version};
use larder::resolve::resolve;

use universe::Universe;

fn main() {
    divan::main();
}

/// Packages of a small, a usual and a large project.
const SIZES: [u32; 3] = [50, 400, 1_500];

#[divan::bench(args = SIZES)]
fn solve(bencher: Bencher, packages: u32) {
    let universe = Universe::of(packages);
    let requirements = universe.requirements();
    bencher.bench(|| resolve(black_box(&requirements), &universe).expect("a solution").graph.packages.len());
}

/// Returns a solved lock.
fn locked(packages: u32) -> Lockfile {
    let universe = Universe::of(packages);
    let requirements = universe.requirements();
    let solved = resolve(&requirements, &universe).expect("a solution");
    Lockfile::new(requirements.settings, solved.graph)
}

#[divan::bench(args = SIZES)]
fn lock_write(bencher: Bencher, packages: u32) {
    let lockfile = locked(packages);
    bencher.bench(|| black_box(&lockfile).to_text());
}

#[divan::bench(args = SIZES)]
fn lock_read(bencher: Bencher, packages: u32) {
    let text = locked(packages).to_text();
    bencher.bench(|| lock::parse("larder.lock", black_box(&text)).expect("a lock"));
}

#[divan::bench(args = [10, 100, 500])]
fn manifest_read(bencher: Bencher, lines: u32) {
    let line = |number: u32| {
        format!("    npm \"package-{number}\" \"^{}.0\"\n    pypi \"library-{number}\" \">=1.{number}\"\n", number % 9)
    };
    let lines: String = (0..lines).map(line).collect();
    let text = format!("runtimes {{ node \"22\"; python \"3.12\"; }}\ndependencies {{\n{lines}}}\n");
    bencher
        .bench(|| manifest::parse("larder.kdl", black_box(&text), manifest::ManifestKind::Root).expect("a manifest"));
}

#[divan::bench]
fn npm_range_read(bencher: Bencher) {
    bencher.bench(|| black_box("^1.2.3 || >=2.0.0-beta.1 <3 || 4.x").parse::<NpmRange>().expect("a range"));
}

#[divan::bench]
fn npm_version_read(bencher: Bencher) {
    bencher.bench(|| parse_npm_version(black_box("10.20.30-beta.1")).expect("a version"));
}

#[divan::bench]
fn python_requirement_read(bencher: Bencher) {
    let text = "uvicorn[standard]>=0.20,<1 ; python_version >= '3.9' and sys_platform != 'win32'";
    bencher.bench(|| Requirement::from_pep508(black_box(text)).expect("a requirement"));
}
