//! Files that list digests: `SHASUMS256.txt` of Node, `SHA256SUMS` of python-build-standalone.

use crate::model::{Algorithm, Digest};

/// Returns the files of a list with their digests: on each line the digest in hexadecimal, white space, and the name, before which a `*` may
/// stand. Other lines are skipped.
pub(super) fn entries(text: &str) -> impl Iterator<Item = (&str, Digest)> {
    text.lines().filter_map(|line| {
        let (digest, name) = line.split_once([' ', '\t'])?;
        let name = name.trim_start_matches([' ', '\t']).trim_end();
        let name = name.strip_prefix('*').unwrap_or(name);
        let digest = Digest::from_hex(Algorithm::Sha256, digest).ok()?;
        Some((name.strip_prefix("./").unwrap_or(name), digest)).filter(|(name, _)| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_line_are_read_and_others_skipped() {
        let hex = "0f".repeat(32);
        let text = format!("{hex}  a.tar.gz\n{hex} *./b.zip\nshort  c\n{hex}\n\n{hex}  \n");
        let names: Vec<&str> = entries(&text).map(|(name, _)| name).collect();
        assert_eq!(names, ["a.tar.gz", "b.zip"]);
        assert_eq!(entries(&text).next().unwrap().1.to_hex(), hex);
    }
}
