use super::*;

fn file(content: &str) -> PatchedFile {
    PatchedFile { content: content.as_bytes().to_vec(), executable: false }
}

fn state(files: &[(&str, &str)]) -> FileState {
    files.iter().map(|(path, content)| ((*path).to_owned(), file(content))).collect()
}

/// Returns the files after a patch.
fn patched(files: &FileState, patch: &[u8]) -> Result<FileState, PatchError> {
    let mut after = files.clone();
    for (path, change) in PackagePatch::parse(patch)?.apply(|path| Ok::<_, PatchError>(files.get(path).cloned()))? {
        match change {
            Change::Write(file) => drop(after.insert(path, file)),
            Change::Remove => drop(after.remove(&path)),
        }
    }
    Ok(after)
}

#[test]
fn what_is_made_of_two_states_leads_from_one_to_the_other() {
    let before = state(&[
        ("lib/index.js", "a\nb\nc\n"),
        ("old.js", "gone\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("same", "x"),
        ("a b.txt", "1"),
        ("ü.txt", "ä\n"),
    ]);
    let mut after = state(&[
        ("lib/index.js", "a\nB\nc"),
        ("new/file.js", "new\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("same", "x"),
        ("a b.txt", "2\n"),
        ("ü.txt", "ö\n"),
        ("empty", ""),
    ]);
    after.get_mut("run.sh").unwrap().executable = true;
    let patch = create(&before, &after).unwrap();
    assert_eq!(patched(&before, &patch).unwrap(), after, "{}", String::from_utf8_lossy(&patch));
    assert_eq!(create(&before, &before).unwrap(), b"");
    let latin: FileState = [("l".to_owned(), PatchedFile { content: b"caf\xe9\n".to_vec(), executable: true })].into();
    let patch = create(&before, &latin).unwrap();
    assert_eq!(patched(&before, &patch).unwrap(), latin);
}

#[test]
fn patches_of_pnpm_and_git_are_read() {
    let before = state(&[("index.js", "module.exports = 1;\n"), ("a.txt", "x\ny\n")]);
    let pnpm = b"diff --git a/index.js b/index.js\nindex 1..2 100644\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = 1;\n+module.exports = 2;\n\
        diff --git a/a.txt b/a.txt\ndeleted file mode 100644\nindex 3..0000000000000000000000000000000000000000\n";
    assert_eq!(patched(&before, pnpm).unwrap(), state(&[("index.js", "module.exports = 2;\n")]));
    let rename = b"diff --git a/a.txt b/b/c.txt\nsimilarity index 100%\nrename from a.txt\nrename to b/c.txt\n";
    assert_eq!(
        patched(&before, rename).unwrap(),
        state(&[("b/c.txt", "x\ny\n"), ("index.js", "module.exports = 1;\n")])
    );
}

#[test]
fn hostile_and_unfit_patches_are_refused() {
    let before = state(&[("a.txt", "x\n")]);
    let new = |path: &str, mode: &str| {
        format!("diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")
    };
    let refused = |patch: &str| patched(&before, patch.as_bytes()).unwrap_err();
    for path in ["../x", "b/../../x", "/etc/passwd", "c:/x", "./x", "a//b", "a\\..\\x"] {
        let error = refused(&new(path, "100644"));
        assert!(matches!(error, PatchError::Path { .. } | PatchError::Syntax(_)), "{path}: {error:?}");
    }
    let out = "diff --git a/a.txt b/../b.txt\nsimilarity index 100%\nrename from a.txt\nrename to ../b.txt\n";
    assert!(matches!(refused(out), PatchError::Path { .. }));
    assert!(matches!(refused(&new("link", "120000")), PatchError::Link { .. }));
    assert!(matches!(refused(&new("a.txt", "100644")), PatchError::Occupied { .. }));
    assert!(matches!(refused(&[new("b", "100644"), new("b", "100644")].concat()), PatchError::Twice { .. }));
    assert!(matches!(refused("no patch at all\n"), PatchError::Empty | PatchError::Syntax(_)));
    assert!(matches!(refused(""), PatchError::Empty | PatchError::Syntax(_)));
    let change = |path: &str, line: &str| {
        format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{line}\n+z\n")
    };
    assert!(matches!(refused(&change("a.txt", "y")), PatchError::Mismatch { .. }));
    assert!(matches!(refused(&change("gone.txt", "y")), PatchError::Missing { .. }));
    let binary = "diff --git a/a.txt b/a.txt\nindex 1..2 100644\nBinary files a/a.txt and b/a.txt differ\n";
    assert!(matches!(refused(binary), PatchError::Binary { .. }));
    let with_zero: FileState = [("a.txt".to_owned(), file("\0"))].into();
    assert!(matches!(create(&before, &with_zero), Err(PatchError::Binary { .. })));
    // Cut anywhere, it is an error or another patch, never a panic.
    let whole = [change("a.txt", "x"), new("b", "100755")].concat();
    for end in 0..whole.len() {
        let _ = patched(&before, &whole.as_bytes()[..end]);
    }
}
