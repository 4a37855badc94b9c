//! Archives of private packages: what larder packed, and nothing else.

use super::archives::{Tar, gzip};
use super::*;
use crate::model::EntryPath;
use crate::package::{self, ArchiveFile, NotAsPacked};

pub(super) const MANIFEST: &str = "package \"thing\" version=\"1.0.0+build.3\"\n";

/// Packs files, which are given in the order of their paths.
pub(super) fn thing(files: &[(&str, &str)]) -> Vec<u8> {
    let file = |(path, content): &(&str, &str)| ArchiveFile {
        path: EntryPath::parse(path).unwrap(),
        executable: content.starts_with("#!"),
        content: content.as_bytes().to_vec(),
    };
    package::write("thing-1.0.0", &files.iter().map(file).collect::<Vec<_>>())
}

fn fault(archive: &[u8]) -> ArchiveFault {
    refused(ArtifactKind::Package, archive).fault().clone()
}

#[test]
fn a_package_is_unpacked_and_known_by_the_digest_of_its_files() {
    let large = "0123456789".repeat(300_000);
    let list = [("bin/run", "#!/bin/sh\n"), ("larder.kdl", MANIFEST), ("large", large.as_str())];
    let archive = thing(&list);
    let (_folder, tree) = unpacks(ArtifactKind::Package, &archive);
    assert_eq!(paths(&tree), ["bin/run", "larder.kdl", "large"]);
    assert!(tree.entry("bin/run").unwrap().executable && !tree.entry("larder.kdl").unwrap().executable);
    let files: Vec<ArchiveFile> = list
        .iter()
        .map(|(path, content)| ArchiveFile {
            path: EntryPath::parse(path).unwrap(),
            executable: content.starts_with("#!"),
            content: content.as_bytes().to_vec(),
        })
        .collect();
    assert_eq!(tree.digest, package::tree_digest(&files), "what was signed is what is in the store");
}

#[test]
fn what_larder_would_not_have_packed_is_refused() {
    let honest = Tar::default().file("thing-1.0.0/larder.kdl", MANIFEST.as_bytes());
    assert!(matches!(fault(&honest.gz()), ArchiveFault::NotAsPacked(_)));
    let mut named = thing(&[("larder.kdl", MANIFEST)]);
    named[3] = 8;
    assert_eq!(fault(&named), ArchiveFault::NotAsPacked(NotAsPacked::Gzip));
    assert_eq!(fault(b"<html>not found</html>"), ArchiveFault::NotAsPacked(NotAsPacked::Gzip));
    assert_eq!(fault(b"\x1f\x8b"), ArchiveFault::Truncated);
    assert!(matches!(fault(&gzip(b"no tar")), ArchiveFault::NotAsPacked(_) | ArchiveFault::Truncated));
    assert!(matches!(
        fault(&thing(&[("larder.kdl", MANIFEST), ("a", "")])),
        ArchiveFault::NotAsPacked(NotAsPacked::Order(_))
    ));
    assert!(matches!(fault(&thing(&[("../x", "")][..0])), ArchiveFault::NoFiles));
    assert!(matches!(
        fault(&thing(&[("README", ""), ("larder.kdl", MANIFEST), ("readme", "")])),
        ArchiveFault::CaseCollision(_)
    ));
    assert_eq!(fault(&thing(&[("a", ""), ("a/b", ""), ("larder.kdl", MANIFEST)])), ArchiveFault::FileAndFolder);
}

#[test]
fn a_package_says_which_it_is() {
    assert_eq!(fault(&thing(&[("a", "")])), ArchiveFault::NoManifest);
    for (manifest, reason) in [
        ("package \"other\" version=\"1.0.0\"\n", "`other` 1.0.0"),
        ("package \"thing\" version=\"1.0.1\"\n", "`thing` 1.0.1"),
        ("project \"thing\" version=\"1.0.0\"\n", "it has no `package`"),
        ("package \"thing\" vrsion=\"1.0.0\"\n", "needs a version"),
    ] {
        let refusal = refused(ArtifactKind::Package, &thing(&[("larder.kdl", manifest)])).to_string();
        assert!(refusal.contains(reason), "{refusal}");
    }
}
