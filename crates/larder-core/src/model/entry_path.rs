//! Paths of files inside a package: entries of archives, files of trees.

use std::fmt;

/// The path of a file in a package: relative, with `/` between parts, none of which is empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<str>);

/// Why a text is not a path in a package, as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `/etc/passwd`, `C:\x`.
    #[error("is absolute")]
    Absolute,
    /// Any `..`, even one that would stay inside.
    #[error("has `..` in its path")]
    Parent,
    /// Windows reads it as a separator.
    #[error("has a backslash in its path")]
    Backslash,
    /// The system ends a path there.
    #[error("has a NUL in its path")]
    Nul,
    /// A part longer than 255 bytes, or a path longer than 2,048.
    #[error("has a path that is too long")]
    TooLong,
    /// Nothing is left after empty parts and `.` were dropped.
    #[error("has an empty path")]
    Empty,
    /// A name of a file that ends as those of folders do.
    #[error("ends with a separator, as a folder does")]
    Folder,
    /// A character that Windows allows in no name.
    #[error("has one of `< > : \" | ? *`, or a control character, in its path, which Windows does not allow")]
    Character,
    /// A part that ends with a dot or a space.
    #[error("has a part that ends with a dot or a space, which Windows drops")]
    TrailingDot,
    /// A part that stands for a device on Windows.
    #[error("has a part that Windows keeps for a device")]
    Device,
}

impl EntryPath {
    /// Checks a path. Empty parts and `.` are dropped.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        check(text)?;
        let mut path = String::with_capacity(text.len());
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(PathError::Parent),
                part if part.len() > 255 => return Err(PathError::TooLong),
                part => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
        }
        match path.len() {
            0 => Err(PathError::Empty),
            1..=2048 => Ok(Self(path.into())),
            _ => Err(PathError::TooLong),
        }
    }

    /// Checks that a disk of Windows or macOS can hold the path too.
    pub fn check_portable(&self) -> Result<(), PathError> {
        for part in self.0.split('/') {
            if part.contains(|c: char| c.is_control() || "<>:\"|?*".contains(c)) {
                return Err(PathError::Character);
            }
            if part.ends_with(['.', ' ']) {
                return Err(PathError::TrailingDot);
            }
            if is_device(part) {
                return Err(PathError::Device);
            }
        }
        Ok(())
    }

    /// Returns the path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folder of the file. Returns `None` if that is the tree itself.
    pub fn folder(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(folder, _)| folder)
    }
}

/// Returns whether Windows keeps a name for a device, whatever follows its first dot, and whatever its case.
pub(in crate::model) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |start: &str| {
        stem.strip_prefix(start).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']) || is_superscript(rest))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || is_numbered("com")
        || is_numbered("lpt")
}

/// Returns whether a text is one of the digits that Windows takes for plain ones in names of devices: those of Latin-1.
fn is_superscript(text: &str) -> bool {
    matches!(text, "\u{b9}" | "\u{b2}" | "\u{b3}")
}

fn check(text: &str) -> Result<(), PathError> {
    let bytes = text.as_bytes();
    if bytes.contains(&0) {
        return Err(PathError::Nul);
    }
    let drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if text.starts_with('/') || drive {
        return Err(PathError::Absolute);
    }
    if bytes.contains(&b'\\') {
        return Err(PathError::Backslash);
    }
    Ok(())
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_stay_inside_are_taken_and_normalised() {
        for (text, path) in [("a", "a"), ("a//b/./c", "a/b/c"), ("./a", "a"), ("..a/b..", "..a/b..")] {
            assert_eq!(EntryPath::parse(text).unwrap().as_str(), path);
        }
    }

    #[test]
    fn paths_that_could_leave_or_mislead_are_refused() {
        for (text, error) in [
            ("/etc/passwd", PathError::Absolute),
            ("C:/x", PathError::Absolute),
            ("../x", PathError::Parent),
            ("a/../b", PathError::Parent),
            ("a/..", PathError::Parent),
            ("a\\..\\b", PathError::Backslash),
            ("a\0b", PathError::Nul),
            ("", PathError::Empty),
            ("./.", PathError::Empty),
        ] {
            assert_eq!(EntryPath::parse(text).unwrap_err(), error, "{text:?}");
        }
        assert_eq!(EntryPath::parse(&"x".repeat(256)).unwrap_err(), PathError::TooLong);
        assert_eq!(EntryPath::parse(&"x/".repeat(1500)).unwrap_err(), PathError::TooLong);
    }

    #[test]
    fn paths_that_another_system_could_not_hold_are_told() {
        let checked = |text: &str| EntryPath::parse(text).unwrap().check_portable();
        for (text, error) in [
            ("ab:c", PathError::Character),
            ("x/a?.js", PathError::Character),
            ("a\tb", PathError::Character),
            ("dir./x", PathError::TrailingDot),
            ("x ", PathError::TrailingDot),
            ("Aux.js", PathError::Device),
            ("src/COM1", PathError::Device),
            ("src/COM\u{b9}", PathError::Device),
            ("lpt\u{b3}.txt", PathError::Device),
            ("CONIN$", PathError::Device),
            ("a/conout$.log", PathError::Device),
        ] {
            assert_eq!(checked(text), Err(error), "{text:?}");
        }
        for text in
            ["console.js", "conin", "com\u{b9}0", "com\u{2074}", "com10", "com0/x", "größe.txt", "a b/.c", "aux-1.js"]
        {
            assert_eq!(checked(text), Ok(()), "{text}");
        }
    }
}
