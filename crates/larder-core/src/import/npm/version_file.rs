//! Files that name a version of Node: nvm's `.nvmrc`, and `.node-version`.

/// What a version file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeVersionFile {
    /// A version, or the first numbers of one: `20`, `20.11.1`.
    Version(String),
    /// A name that stands for other versions as time goes by, or that only the machine knows: `lts/*`, `node`.
    Moving(String),
}

/// The major versions that nvm has names for: <https://github.com/nodejs/Release>.
const LINES: [(&str, &str); 11] = [
    ("argon", "4"),
    ("boron", "6"),
    ("carbon", "8"),
    ("dubnium", "10"),
    ("erbium", "12"),
    ("fermium", "14"),
    ("gallium", "16"),
    ("hydrogen", "18"),
    ("iron", "20"),
    ("jod", "22"),
    ("krypton", "24"),
];

/// Reads a version file: its first word that is no comment. Returns `None` if it has none.
pub fn node_version_file(text: &str) -> Option<NodeVersionFile> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let word = lines.find_map(|line| line.split('#').next()?.split_whitespace().next())?;
    let line =
        word.strip_prefix("lts/").and_then(|name| LINES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)));
    if let Some((_, major)) = line {
        return Some(NodeVersionFile::Version((*major).to_owned()));
    }
    let bare = ["node-", "v"].iter().fold(word, |rest, prefix| rest.strip_prefix(prefix).unwrap_or(rest));
    let parts: Vec<&str> = bare.split('.').filter(|part| !matches!(*part, "x" | "X" | "*")).collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = (1..=3).contains(&parts.len()) && parts.iter().all(is_number);
    Some(if is_version { NodeVersionFile::Version(parts.join(".")) } else { NodeVersionFile::Moving(word.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_file_names_what_nvm_would_take() {
        for (text, version) in [
            ("v20.11.1\n", "20.11.1"),
            ("20", "20"),
            ("v20.1", "20.1"),
            ("20.x", "20"),
            ("node-v18", "18"),
            ("# ours\n\n22 # jod\n", "22"),
            ("lts/iron", "20"),
            ("lts/Jod", "22"),
        ] {
            assert_eq!(node_version_file(text), Some(NodeVersionFile::Version(version.to_owned())), "{text}");
        }
        for text in ["lts/*", "lts/-1", "lts/zinc", "node", "stable", "system", "iojs-v3.3.1", "20.x.1.2.3"] {
            assert_eq!(node_version_file(text), Some(NodeVersionFile::Moving(text.to_owned())), "{text}");
        }
        assert_eq!(node_version_file(" \n# 20\n"), None);
    }
}
