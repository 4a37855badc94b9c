//! The files of an environment that have its path written in, rewritten after the checkout was moved.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::TreeDigest;

use super::super::ProfileError;
use super::super::checkout_move::{CheckoutMove, RewrittenText, TextChange, rewrite_file};
use super::super::shell::start_of;
use super::record::{self, Recorded};

/// A file with new content.
pub(in super::super) struct Rewritten {
    /// Relative to the environment.
    pub(in super::super) path: String,
    /// The new digest.
    pub(in super::super) digest: TreeDigest,
}

/// Writes the files of an environment anew that name its place. `generated` are those that larder wrote, relative to the
/// environment; what somebody else has changed since is left alone.
pub(in super::super) fn rewritten(
    moved: &CheckoutMove<'_>,
    environment: &Path,
    generated: &BTreeMap<String, TreeDigest>,
) -> Result<Vec<Rewritten>, ProfileError> {
    let mut done = Vec::new();
    let mut rewrite = |path: &str, change: &TextChange<'_>| -> Result<Option<RewrittenText>, ProfileError> {
        let Some(digest) = generated.get(path) else { return Ok(None) };
        let pair = rewrite_file(&environment.join(path), digest, moved, change)?;
        if let Some(pair) = &pair {
            done.push(Rewritten { path: path.to_owned(), digest: TreeDigest::of(&pair.new) });
        }
        Ok(pair)
    };
    // Where larder brings Python, its home lies in the checkout.
    rewrite("pyvenv.cfg", &|moved, text| {
        let line = |line: &str| match line.split_once(" = ") {
            Some((name @ ("home" | "executable"), path)) => {
                format!("{name} = {}\n", moved.path(Path::new(path)).display())
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    })?;
    for script in ["bin/activate", "bin/activate.csh"] {
        rewrite(script, &|moved, text| text.replace(&start_of(moved.from), &start_of(moved.to)))?;
    }
    for path in generated.keys() {
        let Some((site, stem)) = editable(path) else { continue };
        let line = |moved: &CheckoutMove<'_>, text: &str| {
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

/// Returns `site-packages` and the name with the version of a local package, from the place of its `.pth`.
fn editable(path: &str) -> Option<(&str, &str)> {
    let (site, name) = path.rsplit_once('/')?;
    Some((site, name.strip_prefix("__editable__.")?.strip_suffix(".pth")?))
}
