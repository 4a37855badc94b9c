//! Archives of runtimes, laid out as their hosts have them: Node below `/node/`, Python below `/python/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::archive::sha256_hex;
use super::{Registry, Universe};

/// A file or a link of an archive.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A file with its content and whether it is executable.
    File(Vec<u8>, bool),
    /// A symbolic link.
    Link(String),
    /// A hard link to an entry of the archive.
    HardLink(String),
}

/// The entries of an archive, by path.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// Packs a gzipped tar, each path under `folder`.
pub(crate) fn packed(folder: &str, entries: &Entries) -> Vec<u8> {
    pack(folder, entries, flate2::Compression::fast())
}

/// The same, for what is large.
pub(crate) fn packed_fast(folder: &str, entries: &Entries) -> Vec<u8> {
    pack(folder, entries, flate2::Compression::none())
}

fn pack(folder: &str, entries: &Entries, compression: flate2::Compression) -> Vec<u8> {
    let gzip = flate2::GzBuilder::new().mtime(0).write(Vec::new(), compression);
    let mut archive = tar::Builder::new(gzip);
    for (path, entry) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(499_162_500);
        header.set_mode(if matches!(entry, Entry::File(_, false)) { 0o644 } else { 0o755 });
        header.set_size(0);
        let path = format!("{folder}/{path}");
        match entry {
            Entry::File(content, _) => {
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, path, content.as_slice()).expect("a tar in memory");
            }
            Entry::Link(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                archive.append_link(&mut header, path, target).expect("a tar in memory");
            }
            Entry::HardLink(target) => {
                header.set_entry_type(tar::EntryType::Link);
                archive.append_link(&mut header, path, format!("{folder}/{target}")).expect("a tar in memory");
            }
        }
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a tar in memory")
}

fn script(text: &str) -> Entry {
    Entry::File(text.as_bytes().to_vec(), true)
}

/// Returns what stands for a Node: programs that say which version they are, and headers.
pub(crate) fn node(version: &str) -> Entries {
    [
        ("bin/node", script(&format!("#!/bin/sh\necho \"node {version}\" \"$@\"\n"))),
        ("bin/npm", Entry::Link("../lib/node_modules/npm/bin/npm-cli.js".to_owned())),
        ("bin/npx", Entry::Link("../lib/node_modules/npm/bin/npx-cli.js".to_owned())),
        ("bin/corepack", Entry::Link("../lib/node_modules/corepack/dist/corepack.js".to_owned())),
        ("lib/node_modules/npm/bin/npm-cli.js", script("#!/usr/bin/env node\n")),
        ("lib/node_modules/npm/bin/npx-cli.js", script("#!/usr/bin/env node\n")),
        ("lib/node_modules/corepack/dist/corepack.js", script("#!/usr/bin/env node\n")),
        ("include/node/node.h", Entry::File(b"// node\n".to_vec(), false)),
    ]
    .map(|(path, entry)| (path.to_owned(), entry))
    .into()
}

/// Returns a Python that was made of this machine's: its interpreter, its library without tests, and what it was built with.
pub(crate) fn python(installation: &Path) -> Entries {
    let mut entries = Entries::new();
    add(installation, Path::new(""), &mut entries);
    entries
}

fn add(root: &Path, below: &Path, entries: &mut Entries) {
    const LEFT_OUT: [&str; 12] = [
        "__pycache__",
        "site-packages",
        "test",
        "tests",
        "idlelib",
        "tkinter",
        "turtledemo",
        "ensurepip",
        "lib2to3",
        "share",
        "pydoc_data",
        "distutils",
    ];
    for found in std::fs::read_dir(root.join(below)).expect("a folder that can be read") {
        let found = found.expect("an entry");
        let path = below.join(found.file_name());
        let name = found.file_name().to_string_lossy().into_owned();
        let kind = found.file_type().expect("a kind");
        let text = path.to_string_lossy().into_owned();
        let is_archive = path.extension().is_some_and(|extension| extension == "a");
        if LEFT_OUT.contains(&name.as_str()) || is_archive {
            continue;
        }
        if kind.is_dir() {
            add(root, &path, entries);
        } else if kind.is_symlink() {
            let target = std::fs::read_link(found.path()).expect("a link");
            if target.is_relative() {
                entries.insert(text, Entry::Link(target.to_string_lossy().into_owned()));
            }
        } else {
            let executable = std::os::unix::fs::PermissionsExt::mode(&found.metadata().expect("a file").permissions());
            let content = std::fs::read(found.path()).expect("a file");
            entries.insert(text, Entry::File(relocatable(root, content), executable & 0o111 != 0));
        }
    }
}

/// Lets an executable find its library beside itself, as those of python-build-standalone do, where it names the place that it was
/// built for.
fn relocatable(root: &Path, mut content: Vec<u8>) -> Vec<u8> {
    let (from, to) = (format!("{}/lib\0", root.display()), b"$ORIGIN/../lib");
    if content.starts_with(b"\x7fELF") && from.len() > to.len() {
        let found = memchr::memmem::find_iter(&content, from.as_bytes()).collect::<Vec<_>>();
        for at in found.into_iter().filter(|at| *at > 0) {
            if content[at - 1] == 0 {
                content[at..at + from.len()].fill(0);
                content[at..at + to.len()].copy_from_slice(to);
            }
        }
    }
    content
}

impl Universe {
    /// Adds a distribution of Node: each version with what it has for each platform, as its index names them.
    pub(crate) fn node(mut self, versions: &[(&str, &[&str])]) -> Self {
        let mut index = Vec::new();
        for (version, platforms) in versions {
            let archives: Vec<(&str, Vec<u8>)> = platforms
                .iter()
                .map(|platform| (*platform, packed(&format!("node-v{version}-{platform}"), &node(version))))
                .collect();
            self = self.node_archives(version, &archives);
            let files: Vec<String> =
                platforms.iter().map(|platform| platform.replace("darwin-arm64", "osx-arm64-tar")).collect();
            index.push(json!({"version": format!("v{version}"), "files": files}));
        }
        self.file("/node/index.json", json!(index).to_string().into_bytes())
    }

    /// Adds the archives of a version of Node, by platform, with their digests.
    pub(crate) fn node_archives(mut self, version: &str, archives: &[(&str, Vec<u8>)]) -> Self {
        let mut sums = String::new();
        for (platform, archive) in archives {
            let file = format!("node-v{version}-{platform}.tar.gz");
            let _ = writeln!(sums, "{}  {file}", sha256_hex(archive));
            self = self.file(&format!("/node/v{version}/{file}"), archive.clone());
        }
        self.file(&format!("/node/v{version}/SHASUMS256.txt"), sums.into_bytes())
    }

    /// Adds a release of Python: its tag, and the archives by version and target triple. The last one that is added is the newest.
    pub(crate) fn python_release(mut self, tag: &str, archives: &[(&str, &str, Vec<u8>)]) -> Self {
        let mut sums = String::new();
        for (version, triple, archive) in archives {
            let file = format!("cpython-{version}+{tag}-{triple}-install_only.tar.gz");
            let _ = writeln!(sums, "{}  {file}", sha256_hex(archive));
            self = self.file(&format!("/python/{tag}/{file}"), archive.clone());
        }
        let mut tags: Vec<String> = self.files.keys().filter_map(|path| tag_of(path)).collect();
        tags.push(tag.to_owned());
        let tags: Vec<_> = tags.iter().map(|tag| json!({"name": tag})).collect();
        self.file(&format!("/python/{tag}/SHA256SUMS"), sums.into_bytes())
            .file("/python/latest-release.json", json!({"version": 1, "tag": tag}).to_string().into_bytes())
            .file("/python/tags.json", json!(tags).to_string().into_bytes())
    }
}

fn tag_of(path: &str) -> Option<String> {
    Some(path.strip_prefix("/python/")?.strip_suffix("/SHA256SUMS")?.to_owned())
}

impl Registry {
    /// Returns the lines of a manifest that take runtimes from this server.
    pub(crate) fn runtimes(&self) -> String {
        let (node, python) = (self.url("/node/"), self.url("/python/"));
        format!(
            "    runtime \"node\" \"{node}\"\n    runtime \"node-musl\" \"{node}\"\n    runtime \"python\" \"{python}\"\n"
        )
    }
}
