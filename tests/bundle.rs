//! Bundles: an environment in one file, and deployments that know nothing else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{Project, Registry, Universe, conforms, sha256_hex};

const MAIN_JS: &str = "console.log(require('left/package.json').version, require('theme'))\n";
const MAIN_PY: &str = "import ruler, tool\nprint(ruler.__name__, tool.NAME)\n";

pub(crate) fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .pypi("ruler", "1.0", |p| p.file("ruler/__init__.py", ""))
}

/// A project of both halves, with a local package of each and files that belong to nobody else.
pub(crate) fn shop(registry: &Registry, left: &str) -> Project {
    let project = Project::new(registry);
    project.manifest(&format!(
        "dependencies {{ npm \"left\" \"{left}\"; pypi \"ruler\"; path \"packages/theme\"; path \"packages/tool\"; }}\n\
         tasks {{ hello \"node main.js\"; }}\n"
    ));
    project
        .write("main.js", MAIN_JS)
        .write("main.py", MAIN_PY)
        .write("greeting.txt", &format!("of {left}\n"))
        .write("packages/theme/package.json", "{\"name\":\"theme\",\"version\":\"1.0.0\"}")
        .write("packages/theme/index.js", "module.exports = 'theme'\n")
        .write("packages/tool/pyproject.toml", "[project]\nname = \"tool\"\nversion = \"1.0\"\n")
        .write("packages/tool/tool/__init__.py", "NAME = 'tool'\n")
        .write(".gitignore", "*.log\ndist\n")
        .write("noise.log", "noise\n")
        .write("dist/app.js", "1\n");
    project.run("larder lock").exits(0);
    project
}

/// A machine that has nothing but larder.
pub(crate) fn host() -> Project {
    Project::alone()
}

pub(crate) fn bundled(project: &Project, name: &str) -> PathBuf {
    project.run(&format!("larder bundle --env production -o {name}")).exits(0);
    project.path(name)
}

fn unbundle(host: &Project, file: &Path) -> serde_json::Value {
    host.run_json(&format!("larder unbundle {} shop --json", file.display()))
}

#[test]
fn an_environment_runs_where_there_is_nothing_else() {
    let registry = universe().serve();
    let project = shop(&registry, "1.0.0");
    let written = project.run_json("larder bundle --env production -o shop.tar.zst --json");
    conforms(&written, "bundle");
    assert_eq!(written["packages"], 2);
    project.run("larder ci --env production").exits(0);
    let record = project.read(".larder/active/generation.json");
    let digest = serde_json::from_str::<serde_json::Value>(&record).unwrap()["digest"].clone();
    let file = host().folder().join("moved.tar.zst");
    let host = host();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::copy(project.path("shop.tar.zst"), &file).unwrap();
    drop((project, registry));

    let made = unbundle(&host, &file);
    conforms(&made, "unbundle");
    assert_eq!((&made["generation"], &made["built"], &made["digest"]), (&1.into(), &true.into(), &digest));
    for forgotten in ["noise.log", "dist", ".gitignore"] {
        assert!(!host.has(&format!("shop/{forgotten}")), "{forgotten}");
    }
    host.run("larder -C shop run node main.js").exits(0).names(["1.0.0 theme"]);
    host.run("larder -C shop run hello").exits(0).names(["1.0.0 theme"]);
    host.run("larder -C shop run python main.py").exits(0).names(["ruler tool"]);
    host.run("larder -C shop verify").exits(0);
    // Plain Node finds its packages as well.
    host.program("node", &["shop/main.js"]).exits(0).names(["1.0.0 theme"]);
    let again = unbundle(&host, &file);
    assert_eq!((&again["generation"], &again["built"]), (&1.into(), &false.into()));
    // Nothing of what came in the bundle is written over.
    let before = host.read("shop/larder.lock");
    for command in ["sync", "add npm:left", "remove npm:dep", "update", "builds allow npm:dep"] {
        host.run(&format!("larder -C shop {command}")).exits(1).names(["came in a bundle", "larder unbundle"]);
    }
    assert!(host.path("shop/larder.kdl").is_symlink() && host.path("shop/larder.lock").is_symlink());
    assert_eq!(host.read("shop/larder.lock"), before);

    // A deployment may be moved.
    std::fs::rename(host.path("shop"), host.path("elsewhere")).unwrap();
    host.run("larder -C elsewhere run node main.js").exits(0).names(["1.0.0 theme"]);
    host.run("larder -C elsewhere run python main.py").exits(0).names(["ruler tool"]);
    host.run("larder -C elsewhere verify").exits(0);
}

#[test]
fn two_bundles_are_rolled_back_between_with_the_projects_files() {
    let registry = universe().serve();
    let (first, second) = (shop(&registry, "1.0.0"), shop(&registry, "2.0.0"));
    second.write("only-here.txt", "2\n");
    let (first, second) = (bundled(&first, "a.tar.zst"), bundled(&second, "b.tar.zst"));
    let host = host();
    unbundle(&host, &first);
    let made = unbundle(&host, &second);
    assert_eq!((&made["generation"], &made["built"]), (&2.into(), &true.into()));
    host.run("larder -C shop run hello").exits(0).names(["2.0.0 theme"]);
    assert_eq!(host.read("shop/greeting.txt"), "of 2.0.0\n");
    assert!(host.has("shop/only-here.txt"));
    let history = host.run_json("larder -C shop history --json");
    assert_eq!(history["generations"].as_array().map(Vec::len), Some(2), "{history}");

    host.run("larder -C shop rollback").exits(0);
    host.run("larder -C shop run hello").exits(0).names(["1.0.0 theme"]);
    assert_eq!(host.read("shop/greeting.txt"), "of 1.0.0\n");
    assert!(!host.has("shop/only-here.txt"));
    host.run("larder -C shop verify").exits(0);
    host.run("larder -C shop rollback 2").exits(0);
    host.run("larder -C shop run hello").exits(0).names(["2.0.0 theme"]);
    host.run("larder -C shop verify").exits(0);

    // What somebody changed is damage, and the bundle that brought it heals it.
    let harmed = || {
        let damaged = host.run("larder -C shop verify");
        assert_ne!(damaged.status, 0);
        let damaged = damaged.names(["larder unbundle FILE"]);
        assert!(!damaged.stderr.contains("--repair"), "{}", damaged.stderr);
        unbundle(&host, &second);
        host.run("larder -C shop verify").exits(0);
        host.run("larder -C shop run hello").exits(0).names(["2.0.0 theme"]);
        assert_eq!(host.read("shop/greeting.txt"), "of 2.0.0\n");
    };
    std::fs::write(host.path("shop/.larder/active/project/greeting.txt"), "changed\n").unwrap();
    host.run("larder -C shop verify").exits(4).names(["project/greeting.txt"]);
    harmed();
    std::fs::write(host.path("shop/node_modules/theme/index.js"), "changed\n").unwrap();
    harmed();
    std::fs::remove_file(host.path("shop/.larder/active/project/greeting.txt")).unwrap();
    harmed();
    // The store of a user who is no more.
    std::fs::remove_dir_all(host.store()).unwrap();
    harmed();
    assert_eq!(unbundle(&host, &second)["built"], false);
}

#[test]
fn a_bundle_has_the_same_bytes_wherever_it_is_made() {
    let registry = universe().serve();
    let (one, other) = (shop(&registry, "1.0.0"), shop(&registry, "1.0.0"));
    let first = std::fs::read(bundled(&one, "shop.tar.zst")).unwrap();
    let again = std::fs::read(bundled(&one, "shop.tar.zst")).unwrap();
    std::fs::set_permissions(other.path("main.js"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let there = std::fs::read(bundled(&other, "shop.tar.zst")).unwrap();
    assert!(first == again, "the file that is written is no part of itself");
    assert!(first == there, "two folders, two times, two umasks");
}

#[test]
fn what_belongs_to_a_project_is_chosen_and_secrets_stay() {
    let registry = universe().serve();
    let project = shop(&registry, "1.0.0");
    let files =
        |options: &str| project.run_json(&format!("larder bundle --env production -o out.log {options} --json"));
    let without = files("")["files"].as_u64().unwrap();
    assert_eq!(files("--include 'dist/**'")["files"].as_u64().unwrap(), without + 1);
    project.run("larder bundle --env production -o out.log --include '['").exits(2).names(["is no glob"]);
    project.write(".env", "TOKEN=ghp_0123456789abcdefghijklmnopqrstuvwxyzAB\n");
    project.run("larder bundle --env production -o secret.log").exits(1).names([".env", "--allow-secret"]);
    assert!(!project.has("secret.log"), "nothing is written");
    files("--allow-secret .env");
    project.write("larder.kdl", &project.read("larder.kdl").replace("\"1.0.0\"", "\"2.0.0\""));
    project.run("larder bundle --env production -o stale.log").exits(1);
}

#[test]
fn a_bundle_that_larder_would_not_write_changes_nothing() {
    let registry = universe().serve();
    let project = shop(&registry, "1.0.0");
    let file = bundled(&project, "shop.tar.zst");
    let bytes = std::fs::read(&file).unwrap();
    let host = host();
    let refused = |name: &str, content: &[u8], status: i32| {
        std::fs::write(host.path(name), content).unwrap();
        let output = host.run(&format!("larder unbundle {name} shop")).exits(status);
        assert!(!host.has("shop/larder.kdl") && !host.has("shop/.larder/active"), "{name} changed something");
        output
    };
    for length in [0, 3, 20, bytes.len() / 2, bytes.len() - 1] {
        refused("cut", &bytes[..length], 4);
    }
    refused("longer", &[bytes.as_slice(), b"x"].concat(), 4).names(["does not belong to it"]);
    refused("text", b"no bundle at all, but long enough to be one", 4);
    host.run("larder unbundle nothing shop").exits(2).names(["no file"]);

    let tar = unpacked(&bytes);
    let changed = |from: &str, to: &str| packed(&replaced(&tar, from.as_bytes(), to.as_bytes()));
    refused("content", &changed("of 1.0.0\n", "of 9.9.9\n"), 4).names(["project", "is not what the bundle says"]);
    refused("document", &changed("\"version\":1,", "\"version\":9,"), 4).names(["version is 9"]);
    refused("platform", &changed("\"platform\":\"linux-", "\"platform\":\"lunix-"), 1);
    refused("path", &changed("bundle/project/main.js\0", "bundle/../../main.js\0\0\0"), 4);
    // One flipped byte anywhere is found, unless what comes out is the same.
    let mut found = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 23) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x20;
        let mut content = Vec::new();
        let is_same = ruzstd::decoding::StreamingDecoder::new(flipped.as_slice())
            .is_ok_and(|mut decoder| std::io::Read::read_to_end(&mut decoder, &mut content).is_ok() && content == tar);
        if !is_same {
            refused("flipped", &flipped, 4);
            found += 1;
        }
    }
    assert!(found > 15, "{found}");
    host.run(&format!("larder unbundle {} shop --sha256 00", file.display())).exits(4).names(["expected bundle"]);
    project.run("larder unbundle shop.tar.zst").exits(1).names(["a project of its own"]);
    unbundle(&host, &file);
}

#[test]
fn what_lies_in_the_way_is_never_touched() {
    let registry = universe().serve();
    let project = shop(&registry, "1.0.0");
    let file = bundled(&project, "shop.tar.zst");
    let host = host();
    host.write("shop/main.js", "mine\n");
    host.run(&format!("larder unbundle {} shop", file.display())).exits(1).names(["main.js"]);
    assert_eq!(host.read("shop/main.js"), "mine\n");
    assert!(!host.has("shop/larder.kdl"));
}

/// The calls that put something into its place.
const PLACING: &str = "rename,renameat,renameat2,symlink,symlinkat";

#[test]
#[cfg(target_os = "linux")]
fn a_kill_leaves_the_older_generation_or_the_newer_one() {
    let registry = universe().serve();
    let (first, second) = (shop(&registry, "1.0.0"), shop(&registry, "2.0.0"));
    let (first, second) = (bundled(&first, "a.tar.zst"), bundled(&second, "b.tar.zst"));
    let host = host();
    // Without strace nothing is killed.
    if host.program("strace", &["-V"]).status != 0 {
        return;
    }
    unbundle(&host, &first);
    let before = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &Path| {
        let from = format!("{}/.", from.display());
        assert!(std::process::Command::new("cp").args(["-a", &from]).arg(to).status().unwrap().success());
    };
    copy(host.folder(), before.path());
    let command = format!("larder unbundle {} shop", second.display());
    let (mut killed, mut newer) = (0, 0);
    for call in 1..400 {
        for entry in std::fs::read_dir(host.folder()).unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copy(before.path(), host.folder());
        let inject = format!("inject={PLACING}:signal=KILL:when={call}");
        let trace = format!("trace={PLACING}");
        let output = host.under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject], &command);
        if output.status == 0 {
            break;
        }
        killed += 1;
        let greeting = host.read("shop/greeting.txt");
        let version = greeting.trim().strip_prefix("of ").expect("a greeting").to_owned();
        newer += usize::from(version == "2.0.0");
        host.run("larder -C shop run hello").exits(0).names([&version]);
        host.run("larder -C shop verify").exits(0);
        host.run(&command).exits(0);
        host.run("larder -C shop run hello").exits(0).names(["2.0.0 theme"]);
    }
    assert!(killed > 5 && newer < killed, "{killed} kills, {newer} of them after the switch");
}

#[test]
fn an_image_is_what_the_specification_says_and_the_same_everywhere() {
    let registry = universe().serve();
    let (one, other) = (shop(&registry, "1.0.0"), shop(&registry, "1.0.0"));
    let written = one.run_json("larder bundle --env production --oci image --json");
    conforms(&written, "bundle");
    let again = other.run_json("larder bundle --env production --oci image --json");
    assert_eq!(written["image"]["digest"], again["image"]["digest"]);
    assert_eq!(one.run_json("larder bundle --env production --oci image --json")["image"], written["image"]);

    let read = |path: &str| -> serde_json::Value { serde_json::from_str(&one.read(&format!("image/{path}"))).unwrap() };
    assert_eq!(read("oci-layout")["imageLayoutVersion"], "1.0.0");
    let blob = |described: &serde_json::Value| {
        let digest = described["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
        let bytes = std::fs::read(one.path(&format!("image/blobs/sha256/{digest}"))).unwrap();
        assert_eq!((sha256_hex(&bytes), Some(bytes.len() as u64)), (digest, described["size"].as_u64()));
        bytes
    };
    let index = read("index.json");
    assert_eq!((&index["schemaVersion"], &index["manifests"][0]["digest"]), (&2.into(), &written["image"]["digest"]));
    let manifest: serde_json::Value = serde_json::from_slice(&blob(&index["manifests"][0])).unwrap();
    let configuration: serde_json::Value = serde_json::from_slice(&blob(&manifest["config"])).unwrap();
    let diff_ids = configuration["rootfs"]["diff_ids"].as_array().unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!((layers.len(), diff_ids.len()), (2, 2), "there are no managed runtimes");
    let mut names = Vec::new();
    for (layer, diff_id) in layers.iter().zip(diff_ids) {
        let packed = blob(layer);
        let mut tar = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut tar).unwrap();
        assert_eq!(*diff_id, format!("sha256:{}", sha256_hex(&tar)));
        let text = String::from_utf8_lossy(&tar);
        assert!(!text.contains(&*one.folder().display().to_string()), "nothing leads to where the image was made");
        for entry in tar::Archive::new(tar.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let (path, header) = (entry.path().unwrap().display().to_string(), entry.header());
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (0, 0), "{path}");
            if let Some(target) = entry.link_name().unwrap().filter(|target| target.is_absolute()) {
                let is_python = path.contains("/python/bin/");
                assert!(target.starts_with("/app/") || is_python, "{path} leads to {}", target.display());
            }
            names.push(path);
        }
    }
    for name in ["app/main.js", "app/.larder/active", "app/node_modules", "app/larder.lock"] {
        assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
    }
    one.run("larder bundle --env production --oci packages").exits(2).names(["neither an image layout nor empty"]);
    one.run("larder bundle --env production").exits(2);
}

fn unpacked(bundle: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(bundle).expect("a frame");
    std::io::Read::read_to_end(&mut decoder, &mut tar).expect("what was compressed");
    tar
}

fn packed(tar: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(tar, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Replaces the first occurrence of some bytes by as many others, and the checksums of tar headers with them.
fn replaced(tar: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut tar = tar.to_vec();
    let at = tar.windows(from.len()).position(|window| window == from).expect("it is there");
    tar[at..at + to.len()].copy_from_slice(to);
    let block = &mut tar[at / 512 * 512..at / 512 * 512 + 512];
    if &block[257..262] == b"ustar" {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    tar
}
