//! What an environment has written in of the place where it is: all that changes when the place does.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fs::{self, Durability};
use crate::model::TreeDigest;

use super::super::ProfileError;
use super::super::relocate::Move;
use super::record::{self, Recorded};

/// A file that says something else than before.
pub(in super::super) struct Rewritten {
    /// Relative to the environment.
    pub(in super::super) path: String,
    /// Its new digest.
    pub(in super::super) digest: TreeDigest,
}

/// Writes the files of an environment anew that name its place. `generated` are those that larder wrote, relative to the
/// environment; what somebody else has changed since is left alone.
pub(in super::super) fn rewritten(
    moved: &Move<'_>,
    environment: &Path,
    generated: &BTreeMap<String, TreeDigest>,
) -> Result<Vec<Rewritten>, ProfileError> {
    let mut done = Vec::new();
    let mut rewrite = |path: &str, change: &Change<'_>| -> Result<Option<Pair>, ProfileError> {
        let Some(digest) = generated.get(path) else { return Ok(None) };
        let pair = replace(&environment.join(path), digest, moved, change)?;
        if let Some(pair) = &pair {
            done.push(Rewritten { path: path.to_owned(), digest: TreeDigest::of(&pair.new) });
        }
        Ok(pair)
    };
    for script in ["bin/activate", "bin/activate.csh"] {
        rewrite(script, &|moved, text| text.replace(&quoted(moved.from), &quoted(moved.to)))?;
    }
    for path in generated.keys() {
        let Some((site, stem)) = editable(path) else { continue };
        let line = |moved: &Move<'_>, text: &str| {
            text.lines().fold(String::new(), |text, line| text + &moved.path(Path::new(line)).to_string_lossy() + "\n")
        };
        let Some(pair) = rewrite(path, &line)? else { continue };
        let name = format!("__editable__.{stem}.pth");
        rewrite(&format!("{site}/{stem}.dist-info/RECORD"), &|direction, text| {
            let content = if direction.to == moved.to { &pair.new } else { &pair.old };
            let mut files = record::parse(text);
            files.insert(name.clone(), Recorded::of(content));
            record::write(&files, &[format!("{stem}.dist-info/RECORD")])
        })?;
    }
    Ok(done)
}

/// What a text becomes when it is moved.
type Change<'a> = dyn Fn(&Move<'_>, &str) -> String + 'a;

/// A file's content before and after.
struct Pair {
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Replaces a file that is what was written, and accepts one that was replaced already.
fn replace(
    file: &Path,
    written: &TreeDigest,
    moved: &Move<'_>,
    change: &Change<'_>,
) -> Result<Option<Pair>, ProfileError> {
    let Some(Ok(text)) = fs::read_if_exists(file)?.map(String::from_utf8) else { return Ok(None) };
    if TreeDigest::of(text.as_bytes()) == *written {
        let new = change(moved, &text);
        if new != text {
            fs::write_atomic(file, new.as_bytes(), Durability::Lazy)?;
        }
        return Ok(Some(Pair { old: text.into_bytes(), new: new.into_bytes() }));
    }
    let old = change(&moved.back(), &text);
    let is_done = TreeDigest::of(old.as_bytes()) == *written;
    Ok(is_done.then(|| Pair { old: old.into_bytes(), new: text.into_bytes() }))
}

/// Returns `site-packages` and the name with the version of a local package, from the place of its `.pth`.
fn editable(path: &str) -> Option<(&str, &str)> {
    let (site, name) = path.rsplit_once('/')?;
    Some((site, name.strip_prefix("__editable__.")?.strip_suffix(".pth")?))
}

/// As it stands between single quotes in a script.
fn quoted(path: &Path) -> String {
    format!("'{}/", path.display().to_string().replace('\'', r"'\''"))
}
