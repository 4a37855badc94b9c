//! Tools by URL: `archive` lines.

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use lzma_rust2::{XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tar::EntryType::{Fifo, Link, Regular, Symlink};

use crate::support::archive::{self, File};
use crate::support::{Project, Registry, Universe, host_platform};

/// A program that says which version it is.
fn program(version: &str) -> File {
    let content = format!("#!/bin/sh\necho rg {version}\n");
    File { executable: true, ..File::new("rg", content) }
}

/// An archive as its makers publish it, gzipped: the program and a page, in a folder.
fn tarball(version: &str) -> Vec<u8> {
    archive::tarball(&format!("ripgrep-{version}"), &[program(version), File::new("doc/rg.1", "a page\n")])
}

fn tar(version: &str) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(&tarball(version)[..]).read_to_end(&mut tar).expect("a tar");
    tar
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut writer = XzWriter::new(Vec::new(), XzOptions::default()).expect("a writer");
    writer.write_all(content).expect("it is in memory");
    writer.finish().expect("it is in memory")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files {
        // Archives that are made on Windows state no permissions.
        archive.start_file(*path, zip::write::SimpleFileOptions::default()).expect("a zip in memory");
        archive.write_all(content).expect("a zip in memory");
    }
    archive.finish().expect("a zip in memory").into_inner()
}

/// Serves files below `/files/`.
fn serve(files: &[(&str, Vec<u8>)]) -> Registry {
    universe(files).serve()
}

fn universe(files: &[(&str, Vec<u8>)]) -> Universe {
    files.iter().fold(Universe::new(), |all, (name, content)| all.file(&format!("/files/{name}"), content.clone()))
}

/// Writes a manifest with a tool that has a file for each of these platforms.
fn with_tool(project: &Project, url: &str, block: &str) {
    project.dependencies(&[&format!("archive \"ripgrep\" \"14.1.1\" url=\"{url}\" {{ {block} }}")]);
}

#[test]
fn a_tool_is_locked_for_every_platform_and_found_in_bin() {
    let other = if host_platform() == "linux-x64" { "macos-arm64" } else { "linux-x64" };
    let registry = serve(&[
        ("14.1.1/rg-14.1.1-host.tar.gz", tarball("14.1.1")),
        ("14.1.1/rg-14.1.1-other.tar.gz", tarball("other")),
    ]);
    let project = Project::new(&registry);
    let url = registry.url("/files/{version}/rg-{version}-{platform}.tar.gz");
    let words = format!("platform \"{}\" as=\"host\"; platform \"{other}\" as=\"other\"; bin \"rg\"", host_platform());
    with_tool(&project, &url, &words);
    project.platforms(&[host_platform(), other]);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run rg").exits(0).stdout, "rg 14.1.1\n");
    assert!(project.has(".larder/active/packages/ripgrep/ripgrep-14.1.1/doc/rg.1"));
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"archive:ripgrep@14.1.1\"\n") && lock.contains("programs = [\"rg\"]\n"), "{lock}");
    assert_eq!(lock.matches("digest = \"sha256-").count(), 2, "{lock}");
    assert!(lock.contains(&format!("platforms = [\"{other}\"]")), "{lock}");
    for command in [
        "larder verify",
        "larder check",
        "larder check --online",
        "larder sync --locked",
        "larder sync --frozen",
        "larder list",
        "larder why archive:ripgrep",
        "larder tree",
        "larder outdated",
        "larder sbom",
        "larder licenses",
        "larder graph",
    ] {
        project.run(command).exits(0);
    }
    // Nothing is fetched again, and nothing moves.
    registry.take_log();
    project.run("larder lock").exits(0);
    assert_eq!((project.read("larder.lock"), registry.take_log()), (lock.clone(), Vec::new()));
    // What has changed at its URL is refused, and locked by who asks for it.
    registry.becomes(&universe(&[
        ("14.1.1/rg-14.1.1-host.tar.gz", tarball("worse")),
        ("14.1.1/rg-14.1.1-other.tar.gz", tarball("other")),
    ]));
    let other = Project::new(&registry);
    for file in ["larder.kdl", "larder.lock"] {
        other.write(file, &project.read(file));
    }
    other.run("larder sync --locked").exits(4).names(["archive:ripgrep@14.1.1"]);
    assert!(!other.has(".larder/active"));
    project.run("larder update ripgrep").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run rg").exits(0).stdout, "rg worse\n");
    project.run("larder remove archive:ripgrep").exits(0);
    assert!(!project.read("larder.kdl").contains("ripgrep") && !project.read("larder.lock").contains("ripgrep"));
}

#[test]
fn every_usual_form_is_unpacked() {
    let own = program("14.1.1").content;
    let forms: [(&str, Vec<u8>); 7] = [
        ("a.tar.gz", tarball("14.1.1")),
        ("a.tar.zst", compress_to_vec(&tar("14.1.1")[..], CompressionLevel::Fastest)),
        ("a.tar.xz", xz(&tar("14.1.1"))),
        ("a.tar", tar("14.1.1")),
        ("a.zip", zip(&[("tool/rg", &own), ("tool/page", b"x")])),
        ("rg-linux", own.clone()),
        ("rg.xz", xz(&own)),
    ];
    let registry = serve(&forms);
    for (file, _) in &forms {
        let project = Project::new(&registry);
        with_tool(&project, &registry.url(&format!("/files/{file}")), "bin \"rg\"");
        project.run("larder sync").exits(0);
        assert_eq!(project.run("larder run rg").exits(0).stdout, "rg 14.1.1\n", "{file}");
        project.run("larder verify").exits(0);
    }
}

#[test]
fn no_file_is_asked_for_where_the_tool_is_not_needed() {
    let (other, elsewhere) = if cfg!(target_os = "macos") { ("linux-x64", "linux") } else { ("macos-arm64", "darwin") };
    let registry = serve(&[(&format!("rg-{}.tar.gz", host_platform()), tarball("14.1.1"))]);
    let project = Project::new(&registry);
    let url = registry.url("/files/rg-{platform}.tar.gz");
    let line = |when: &str| format!("archive \"ripgrep\" \"14.1.1\" url=\"{url}\" when=\"{when}\" {{ bin \"rg\"; }}");
    project.dependencies(&[&line(&format!("sys_platform != '{elsewhere}'"))]).platforms(&[host_platform(), other]);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run rg").exits(0).stdout, "rg 14.1.1\n");
    project.run("larder lock --locked").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock").matches("digest = \"sha256-").count(), 1);
    // Where it is needed, its file has to be there.
    project.dependencies(&[&line("os_name == 'posix'")]).platforms(&[host_platform(), other]);
    project.run("larder lock").exits(5).names([other]);
}

#[test]
fn links_inside_are_copies_and_hostile_archives_are_refused() {
    let tar = |entries: &[(tar::EntryType, &str, &str)]| {
        let mut builder = tar::Builder::new(Vec::new());
        for (kind, path, text) in entries {
            let mut header = tar::Header::new_ustar();
            let content: &[u8] = if kind.is_file() { text.as_bytes() } else { b"" };
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_size(content.len() as u64);
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            if !kind.is_file() {
                header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
            }
            header.set_cksum();
            builder.append(&header, content).expect("a tar in memory");
        }
        builder.into_inner().expect("a tar in memory")
    };
    let script = "#!/bin/sh\necho linked\n";
    let registry = serve(&[
        (
            "good",
            tar(&[
                (Regular, "t/lib/rg", script),
                (Symlink, "t/bin/rg-link", "../lib/rg"),
                (Link, "t/hard", "t/lib/rg"),
            ]),
        ),
        ("out", tar(&[(Regular, "t/rg", script), (Symlink, "t/x", "../../etc/passwd")])),
        ("up", tar(&[(Regular, "../rg", script)])),
        ("absolute", tar(&[(Regular, "/etc/rg", script)])),
        ("pipe", tar(&[(Regular, "rg", script), (Fifo, "p", "")])),
        ("twice", tar(&[(Regular, "a/rg", script), (Regular, "b/rg", script)])),
        ("none", tar(&[(Regular, "a/other", script), (Regular, "b", script)])),
        ("cut", tarball("14.1.1")[..40].to_vec()),
        ("empty", Vec::new()),
    ]);
    let project = |file: &str, block: &str| {
        let project = Project::new(&registry);
        with_tool(&project, &registry.url(&format!("/files/{file}")), block);
        project
    };
    let good = project("good", "bin \"link\" \"t/bin/rg-link\"; bin \"hard\"");
    good.run("larder sync").exits(0);
    assert_eq!(good.run("larder run link").exits(0).stdout, "linked\n");
    assert_eq!(good.run("larder run hard").exits(0).stdout, "linked\n");
    for (file, expected) in [
        ("out", "leaves the package"),
        ("up", "has `..`"),
        ("absolute", "is absolute"),
        ("pipe", "neither a file nor a folder"),
        ("cut", "truncated"),
        ("empty", "it has no"),
    ] {
        let refused = project(file, "bin \"rg\"");
        refused.run("larder sync").exits(4).names([expected]);
        assert!(!refused.has("larder.lock") && !refused.has(".larder/active"), "{file}");
    }
    project("twice", "bin \"rg\"").run("larder lock").exits(2).names(["a/rg, b/rg", "state which"]);
    project("none", "bin \"rg\"").run("larder lock").exits(2).names(["`rg`: state its path"]);
}

#[test]
fn what_is_wrong_with_a_line_is_said_in_its_place() {
    let project = Project::alone();
    for (line, expected) in [
        ("archive \"rg\" \"1\"", "url="),
        ("archive \"rg\" url=\"https://h/x\"", "it has letters"),
        ("archive \"Rg\" \"1\" url=\"https://h/x\"", "lower case"),
        ("archive \"rg\" \"1\" url=\"http://h/x\"", "not encrypted"),
        ("archive \"rg\" \"1\" url=\"https://me:secret@h/x\"", "credentials"),
        ("archive \"rg\" \"1\" url=\"https://h/{arch}\"", "braces"),
        ("archive \"rg\" \"1\" url=\"https://h/x\" { platform \"linux-x64\" as=\"a\"; }", "has no `{platform}`"),
        ("archive \"rg\" \"1\" url=\"https://h/{platform}\" { platform \"plan9\" as=\"a\"; }", "plan9"),
        ("archive \"rg\" \"1\" url=\"https://h/{platform}\" { platform \"linux-x64\"; }", "macos-arm64"),
        ("archive \"rg\" \"1\" url=\"https://h/x\" { bin \"../rg\"; }", "no program is called like that"),
        ("archive \"rg\" \"1\" url=\"https://h/x\" { bin \"rg\"; bin \"rg\"; }", "said once"),
        ("archive \"rg\" \"1\" url=\"https://h/x\" { script \"rg\"; }", "script"),
        ("archive \"rg\" \"1\" url=\"https://h/x\" registry=\"a\"", "registry"),
    ] {
        project.write("larder.kdl", &format!("platforms \"linux-x64\" \"macos-arm64\"\ndependencies {{ {line}; }}\n"));
        let out = project.run("larder lock").exits(2).names([expected]);
        assert!(!out.stderr.contains("secret"), "{}", out.stderr);
    }
    project.write("larder.kdl", "registries { archive \"x\" \"https://h/\"; }\n");
    project.run("larder lock").exits(2).names(["kind of registry", "`npm`, `pypi`, `larder`"]);
}

#[test]
fn a_tool_is_carried_away_and_bundled() {
    let registry = serve(&[("rg.tar.gz", tarball("14.1.1"))]);
    let project = Project::new(&registry);
    with_tool(&project, &registry.url("/files/rg.tar.gz"), "bin \"rg\"");
    project.run("larder lock").exits(0);
    project.run("larder fetch --to mirror").exits(0);
    let other = Project::alone();
    for file in ["larder.kdl", "larder.lock"] {
        other.write(file, &project.read(file));
    }
    drop(registry);
    other.run(&format!("larder ci --mirror {}", project.path("mirror").display())).exits(0);
    assert_eq!(other.run("larder run rg").exits(0).stdout, "rg 14.1.1\n");
}
