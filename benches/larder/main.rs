//! What larder spends its time on, a phase at a time, on made-up data of a fixed seed: nothing of it needs a network.
//!
//! ```sh
//! cargo bench                    # all of it
//! cargo bench -- solve           # one phase
//! cargo bench -- --test          # once each, to see that they run
//! ```

mod archives;
mod checkout;
mod universe;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use larder::lock::{self, Lockfile};
use larder::manifest;
use larder::model::{ArtifactKind, NpmRange, Requirement, parse_npm_version};
use larder::registry::parsing;
use larder::resolve::resolve;

use archives::Archives;
use checkout::Checkout;
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

#[divan::bench(args = [10, 100, 1_000])]
fn packument_read(bencher: Bencher, versions: u32) {
    let version = |number: u32| {
        format!(
            r#""1.{number}.0": {{"name": "fuzz", "version": "1.{number}.0", "description": "Tidies what others left lying about",
            "scripts": {{"test": "node test.js", "build": "tsc -p ."}}, "repository": {{"type": "git", "url": "git+https://git.example/fuzz.git"}},
            "dependencies": {{"left": "^1.{number}.0", "right": ">=2 <3", "middle": "~0.4.1"}},
            "devDependencies": {{"typescript": "^5.4.0", "vitest": "^2.0.0", "eslint": "^9.1.0"}}, "engines": {{"node": ">=18"}},
            "dist": {{"tarball": "https://registry.npmjs.org/fuzz/-/fuzz-1.{number}.0.tgz", "shasum": "{:040x}", "fileCount": 12, "unpackedSize": 48122}}}}"#,
            u64::from(number) * 7_919
        )
    };
    let versions: Vec<String> = (0..versions).map(version).collect();
    let document = format!(r#"{{"name": "fuzz", "versions": {{{}}}}}"#, versions.join(","));
    bencher.counter(BytesCount::new(document.len())).bench(|| parsing::packument(black_box(document.as_bytes())));
}

/// An archive becomes a tree of the store: inflated, checked, hashed, written.
#[divan::bench(args = [ArtifactKind::Tarball, ArtifactKind::Wheel])]
fn unpack(bencher: Bencher, kind: ArtifactKind) {
    let archives = Archives::of(kind, 20, 50);
    bencher
        .counter(BytesCount::new(archives.unpacked()))
        .with_inputs(archives::new_folder)
        .bench_values(|store| (archives.fetch(&store), store));
}

/// Trees of the store become a generation: every file of each package is linked.
#[divan::bench(args = [50, 400])]
fn link(bencher: Bencher, packages: u32) {
    let checkout = Checkout::of(locked(packages));
    bencher.with_inputs(archives::new_folder).bench_values(|project| (checkout.build(&project), project));
}
