//! Files that look like secrets: nobody means to publish one.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// What looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What it seems to be: `a private key`.
    pub what: &'static str,
    /// The line, counted from 1. `None` if the file's name tells.
    pub line: Option<usize>,
}

/// Texts by which secrets are found, without case, and what each is.
const NEEDLES: [(&str, Needle); 24] = [
    ("private key-----", Needle::Key),
    ("minisign encrypted secret key", Needle::Always("a minisign key")),
    ("rsign encrypted secret key", Needle::Always("a minisign key")),
    ("AGE-SECRET-KEY-1", Needle::Always("an age key")),
    ("AKIA", Needle::AccessKey),
    ("ghp_", Needle::Token("a GitHub token", 36)),
    ("gho_", Needle::Token("a GitHub token", 36)),
    ("ghs_", Needle::Token("a GitHub token", 36)),
    ("github_pat_", Needle::Token("a GitHub token", 40)),
    ("glpat-", Needle::Token("a GitLab token", 20)),
    ("npm_", Needle::Token("an npm token", 36)),
    ("pypi-AgE", Needle::Token("a PyPI token", 50)),
    ("xoxb-", Needle::Token("a Slack token", 20)),
    ("xoxp-", Needle::Token("a Slack token", 20)),
    ("sk_live_", Needle::Token("a Stripe key", 20)),
    ("token", Needle::Assigned),
    ("secret", Needle::Assigned),
    ("passw", Needle::Assigned),
    ("api_key", Needle::Assigned),
    ("api-key", Needle::Assigned),
    ("apikey", Needle::Assigned),
    ("access_key", Needle::Assigned),
    ("accesskey", Needle::Assigned),
    ("private_key", Needle::Assigned),
];

/// How much of what follows a text must be there.
#[derive(Clone, Copy)]
enum Needle {
    /// It says what it is.
    Always(&'static str),
    /// `-----BEGIN … PRIVATE KEY-----`
    Key,
    /// It begins a token: so many letters and digits follow, and its case counts.
    Token(&'static str, usize),
    /// It begins a key of AWS: 16 upper case letters and digits follow.
    AccessKey,
    /// It is a part of a name to which a value is assigned that nobody could have thought of.
    Assigned,
}

/// The fewest characters of a value that nobody could have thought of, and the fewest bits in each.
const SHORTEST_VALUE: usize = 20;
const LEAST_ENTROPY: f64 = 3.5;
/// Files beyond this size are data.
const LARGEST: usize = 4 << 20;

/// Finds the texts; built once.
static FINDER: OnceLock<Option<AhoCorasick>> = OnceLock::new();

/// Returns what looks like a secret in a file of a package.
pub fn find_secret(path: &str, content: &[u8]) -> Option<Secret> {
    if let Some(what) = by_name(path, content) {
        return Some(Secret { what, line: None });
    }
    if content.len() > LARGEST || content[..content.len().min(8000)].contains(&0) {
        return None;
    }
    let finder = FINDER.get_or_init(|| {
        let words = NEEDLES.iter().map(|(word, _)| *word);
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
    });
    let is_configuration = is_configuration(path);
    let found = finder.as_ref()?.find_overlapping_iter(content).find_map(|found| {
        let (word, needle) = NEEDLES[found.pattern().as_usize()];
        let (before, after) = (&content[..found.start()], &content[found.end()..]);
        let what = match needle {
            Needle::Always(what) => Some(what),
            Needle::Key => begins_key(before).then_some("a private key"),
            Needle::Token(what, length) => {
                let is_written =
                    &content[found.range()] == word.as_bytes() && !before.last().is_some_and(u8::is_ascii_alphanumeric);
                (is_written && run(after, |byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)).len() >= length)
                    .then_some(what)
            }
            Needle::AccessKey => {
                let is_written =
                    &content[found.range()] == word.as_bytes() && !before.last().is_some_and(u8::is_ascii_alphanumeric);
                let key = run(after, |byte| byte.is_ascii_alphanumeric());
                let is_key =
                    key.len() == 16 && key.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
                (is_written && is_key).then_some("an AWS access key")
            }
            Needle::Assigned => is_assigned(after, is_configuration).then_some("a secret in clear text"),
        }?;
        Some((what, found.start()))
    });
    let (what, at) = found?;
    Some(Secret { what, line: Some(memchr::memchr_iter(b'\n', &content[..at]).count() + 1) })
}

/// Returns what a file is by its name.
fn by_name(path: &str, content: &[u8]) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_example =
        || [".example", ".sample", ".template", ".dist", ".defaults"].iter().any(|end| name.ends_with(end));
    match name.as_str() {
        ".env" => Some("a file of variables"),
        _ if name.starts_with(".env.") && !is_example() => Some("a file of variables"),
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" => Some("a private key"),
        ".netrc" | "_netrc" | ".git-credentials" | ".htpasswd" | ".pgpass" => Some("a file of passwords"),
        ".npmrc" if memchr::memmem::find_iter(content, b"_auth=").any(|at| !content[at + 6..].starts_with(b"$")) => {
            Some("a file of passwords")
        }
        ".pypirc" if memchr::memmem::find(content, b"password").is_some() => Some("a file of passwords"),
        _ if [".p12", ".pfx", ".jks", ".keystore", ".kdbx"].iter().any(|end| name.ends_with(end)) => {
            Some("a store of keys")
        }
        _ => None,
    }
}

/// Returns whether values stand without quotes in files of this name.
fn is_configuration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = name.rsplit('.').next().unwrap_or(name);
    matches!(end, "npmrc" | "yarnrc" | "ini" | "cfg" | "conf" | "env" | "properties" | "yml" | "yaml" | "toml" | "sh")
        || name.starts_with(".env")
}

/// Returns whether the text that ends here begins a private key: `-----BEGIN RSA `.
fn begins_key(before: &[u8]) -> bool {
    let line = &before[before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)..];
    memchr::memmem::rfind(line, b"-----BEGIN ").is_some()
}

/// Returns whether what follows a name, or a part of one, assigns a value to it that nobody could have thought of.
fn is_assigned(after: &[u8], is_configuration: bool) -> bool {
    let blank = |byte: u8| byte == b' ' || byte == b'\t';
    let rest = &after[run(after, |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)).len()..];
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let rest = &rest[run(rest, blank).len()..];
    let Some(rest) = rest.strip_prefix(b":=").or_else(|| rest.strip_prefix(b"=")).or_else(|| rest.strip_prefix(b":"))
    else {
        return false;
    };
    let rest = &rest[run(rest, blank).len()..];
    let quote = rest.first().copied().filter(|byte| b"\"'`".contains(byte));
    let rest = if quote.is_some() { &rest[1..] } else { rest };
    let value = run(rest, |byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    let end = rest.get(value.len()).copied();
    let is_whole = match quote {
        Some(quote) => end == Some(quote),
        None => is_configuration && end.is_none_or(|byte| byte.is_ascii_whitespace()),
    };
    let has = |of: fn(&u8) -> bool| value.iter().any(of);
    is_whole
        && value.len() >= SHORTEST_VALUE
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && entropy(value) >= LEAST_ENTROPY
}

/// Returns the bytes at the beginning that are of a kind.
fn run(bytes: &[u8], of: impl Fn(u8) -> bool) -> &[u8] {
    &bytes[..bytes.iter().position(|byte| !of(*byte)).unwrap_or(bytes.len())]
}

/// Returns the bits of information in each byte of a text (Shannon).
#[allow(clippy::cast_precision_loss, reason = "lengths of words")]
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, content: &str) -> Option<(&'static str, Option<usize>)> {
        find_secret(path, content.as_bytes()).map(|secret| (secret.what, secret.line))
    }

    #[test]
    fn files_are_known_by_their_names() {
        for path in [".env", "a/.env.production", "id_ed25519", "x/.netrc", "keys.p12"] {
            assert!(matches!(found(path, ""), Some((_, None))), "{path}");
        }
        assert!(found(".npmrc", "//h/:_auth=dXNlcjpwYXNz").is_some());
        assert!(found(".pypirc", "[pypi]\npassword = x").is_some());
        for path in [".npmrc", ".env.example", "env.py", "id_rsa.pub", ".pypirc", "environment/.envrc"] {
            assert_eq!(found(path, ""), None, "{path}");
        }
    }

    #[test]
    fn keys_and_tokens_are_known_by_how_they_begin() {
        let random = "Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6Js4Gy0Xc8Ae2Ui";
        for (text, line) in [
            ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned(), 2),
            ("untrusted comment: minisign encrypted secret key\n".to_owned(), 1),
            (format!("x\n\nlet t = `ghp_{random}`"), 3),
            ("aws = AKIAIOSFODNN7EXAMPLE".to_owned(), 1),
            (format!("//registry.npmjs.org/:_authToken=npm_{random}"), 1),
        ] {
            assert_eq!(found("src/a.ts", &text).and_then(|(_, line)| line), Some(line), "{text}");
        }
        for text in [
            "-----BEGIN PUBLIC KEY-----",
            "a PRIVATE KEY-----",
            "ghp_short",
            "AKIAIOSFODNN7EXAMPLEx",
            "AKIAiosfodnn7example",
            "npm_config_registry_of_this_machine",
        ] {
            assert_eq!(found("src/a.ts", text), None, "{text}");
        }
    }

    #[test]
    fn a_value_that_nobody_thought_of_is_a_secret_where_a_name_says_so() {
        for (path, text) in [
            ("a.js", "const apiKey = \"Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6\""),
            ("a.py", "DB_PASSWORD='f3a9c1e87b2d4065af19'"),
            ("a.json", "{\"client_secret\": \"Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6\"}"),
            ("c.yaml", "token: Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6\n"),
            (".npmrc", "//h/:_authToken=Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6"),
        ] {
            assert_eq!(found(path, text), Some(("a secret in clear text", Some(1))), "{text}");
        }
        for (path, text) in [
            (".npmrc", "//h/:_authToken=${NPM_TOKEN}"),
            ("a.js", "const token = process.env.TOKEN_OF_SOME_SERVICE_1"),
            ("a.js", "const token = tokenOfTheService1FromTheStore2"),
            ("a.js", "password = \"aaaaaaaaaaaaaaaaaaaaaaaaa1\""),
            ("a.js", "password: 'your-password-goes-here'"),
            ("a.js", "const sha512 = \"Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6\""),
            ("a.json", "\"license_author\": \"2dPREtEZP221u68Akf0JImv5L48\""),
            ("a.js", "tokens: [\"Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6\"]"),
        ] {
            assert_eq!(found(path, text), None, "{text}");
        }
    }

    #[test]
    fn data_is_not_searched() {
        assert_eq!(find_secret("a.bin", b"\0-----BEGIN PRIVATE KEY-----"), None);
    }
}
