//! Creatio packages as many as a product has: locked, laid out in their order, packed again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::support::Project;
use crate::support::creatio_product::{DEPTH, EDGES, FAN_OUT, PACKAGES, Product, ROOTS};

/// Writes a product's files into `vendor/`, and a manifest that asks for its roots.
fn vendored(project: &Project, product: &Product) {
    let vendor = project.path("vendor");
    std::fs::create_dir_all(&vendor).expect("a folder");
    for (file, content) in product.files() {
        std::fs::write(vendor.join(file), content).expect("a file");
    }
    let lines: Vec<String> = product.roots().map(|name| format!("creatio \"{name}\"")).collect();
    let lines = lines.join("; ");
    project.with_registry_line("    creatio \"local\" \"vendor/\"\n", &format!("dependencies {{\n{lines}}}\n"));
}

/// Returns the names of the packages of the active environment, in the order of installation.
fn order(project: &Project) -> Vec<String> {
    let order: serde_json::Value =
        serde_json::from_str(&project.read(".larder/active/packages/creatio/order.json")).expect("JSON");
    let packages = order["packages"].as_array().expect("a list");
    packages.iter().map(|package| package["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_product_has_the_shape_of_a_real_one() {
    for seed in [1, 2, 3] {
        let product = Product::new(seed);
        assert_eq!((product.packages.len(), product.edges.len()), (PACKAGES, EDGES));
        assert_eq!((product.depth(), product.roots().count()), (DEPTH, ROOTS), "{seed}");
        let fan_out = |from: usize| product.edges.iter().filter(|edge| edge.0 == from).count();
        assert_eq!((0..PACKAGES).map(fan_out).max(), Some(FAN_OUT));
        let names: Vec<&str> = product.packages.iter().map(|package| package.name.as_str()).collect();
        assert!(names.iter().filter(|name| name.contains('.')).count() > 50);
        assert!(product.packages.iter().filter(|package| package.version.is_none()).count() > 10);
    }
}

#[test]
fn a_product_is_locked_laid_out_in_order_and_packed_again() {
    let product = Product::new(1);
    let project = Project::alone();
    vendored(&project, &product);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    project.run("larder lock --check").exits(0);
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock, "a lock is a function of what it is made from");
    project.run("larder sync").exits(0);
    let order = order(&project);
    let place: BTreeMap<&str, usize> = order.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    assert_eq!(place.len(), PACKAGES);
    for (from, to) in &product.edges {
        let [from, to] = [from, to].map(|at| product.packages[*at].name.as_str());
        assert!(place[to] < place[from], "{to} comes before {from}");
    }
    project.run("larder verify").exits(0);
    // What was laid out is a workspace. Packed, laid out and packed again, its archives have the same bytes.
    let archives = |project: &Project, folder: &str| -> BTreeMap<String, Vec<u8>> {
        let files = std::fs::read_dir(project.path(folder)).expect("a folder").flatten();
        let read = |file: std::fs::DirEntry| {
            (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).expect("an archive"))
        };
        files.map(read).collect()
    };
    to_workspace(&project);
    project.run("larder pack --creatio --out packed").exits(0);
    let packed = archives(&project, "packed");
    assert_eq!(packed.len(), PACKAGES);
    let other = Project::alone();
    vendored(&other, &product);
    std::fs::remove_dir_all(other.path("vendor")).expect("a folder of ours");
    std::fs::create_dir(other.path("vendor")).expect("a folder");
    for (file, content) in &packed {
        std::fs::write(other.path("vendor").join(file), content).expect("a file");
    }
    other.run("larder sync").exits(0);
    to_workspace(&other);
    other.run("larder pack --creatio --out packed").exits(0);
    assert!(archives(&other, "packed") == packed, "other bytes");
}

/// Makes a project a workspace of the packages of its active environment.
fn to_workspace(project: &Project) {
    let laid_out = project.path(".larder/active/packages/creatio");
    for entry in std::fs::read_dir(&laid_out).expect("packages").flatten().filter(|entry| entry.path().is_dir()) {
        copy(&entry.path(), &project.path("packages").join(entry.file_name()));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// `LARDER_BINARY=target/release/larder cargo test product_takes -- --ignored --nocapture`
#[test]
#[ignore = "a figure of a release build"]
fn a_lock_of_a_product_takes_little_time() {
    let project = Project::alone();
    vendored(&project, &Product::new(1));
    project.run("larder lock").exits(0);
    let mut times = Vec::new();
    for _ in 0..5 {
        std::fs::remove_file(project.path("larder.lock")).expect("a lock");
        let start = Instant::now();
        project.run("larder lock").exits(0);
        times.push(start.elapsed().as_millis());
    }
    crate::sweep::say(&format!("lock of {PACKAGES} packages, warm: {times:?} ms"));
    assert!(times.iter().min().is_some_and(|least| *least <= 100), "{times:?}");
}
