//! What a run of larder said, and how it ended.

use std::os::unix::process::ExitStatusExt;

use serde_json::Value;

/// A finished run.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) command: String,
    /// The exit status, or 128 + the signal.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Takes over what a process left.
    pub(crate) fn of(command: &str, finished: &std::process::Output) -> Self {
        let status = finished.status;
        Self {
            command: command.to_owned(),
            status: status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1),
            stdout: String::from_utf8_lossy(&finished.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&finished.stderr).into_owned(),
        }
    }

    /// Fails the test unless the run ended with `status`.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "\n$ {}\n{}{}", self.command, self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the messages name each of these, wherever their lines are broken: paths of temporary
    /// folders are longer on one machine than on another.
    #[track_caller]
    pub(crate) fn names<const N: usize>(self, words: [&str; N]) -> Self {
        let texts = [&self.stderr, &self.stdout];
        let in_one_line =
            texts.map(|text| text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" "));
        for word in words {
            let said =
                texts.iter().any(|text| text.contains(word)) || in_one_line.iter().any(|text| text.contains(word));
            assert!(said, "`{word}` is not named:\n$ {}\n{}{}", self.command, self.stdout, self.stderr);
        }
        self
    }

    /// Parses the one document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n$ {}\n{}{}", self.command, self.stdout, self.stderr))
    }

    /// Returns the error document's `error`.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let document = self.json();
        assert!(document["error"]["code"].is_string(), "no error document: {document}");
        document["error"].clone()
    }
}

/// What differs from run to run, for snapshots: patterns and what stands in their place.
pub(crate) const FILTERS: &[(&str, &str)] = &[
    (r"/(?:private/)?(?:tmp|var|dev/shm)/[^\s:'`\u{22}]*/project", "[PROJECT]"),
    (r"http://127\.0\.0\.1:\d+", "[REGISTRY]"),
    (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[NOW]"),
    (r"\b(linux|macos|windows)-(x64|arm64)(-musl)?\b", "[PLATFORM]"),
    (r"(sha1|sha256|sha512)-[A-Za-z0-9+/=]{20,}", "$1-[DIGEST]"),
    (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
    (r"\b\d+(\.\d+)?\s?(ms|s)\b", "[TIME]"),
];

/// Compares a text with an inline snapshot, paths, digests and times left out.
macro_rules! assert_transcript {
    ($text:expr, @$snapshot:literal) => {
        insta::with_settings!({ filters => crate::support::FILTERS.to_vec() }, {
            insta::assert_snapshot!($text, @$snapshot);
        });
    };
}
pub(crate) use assert_transcript;
