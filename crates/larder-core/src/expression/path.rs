//! Paths into documents: child steps and a last attribute step, with prefixes in XML: `o:Lines/o:Line/@no`. `.` is the value
//! itself. There are no axes, predicates or functions.

use std::fmt;
use std::str::FromStr;

/// A path into a document. Without steps it is the place that it starts from, written `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// The steps. Only the last may be an attribute.
    pub steps: Vec<PathStep>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathStep {
    /// Whether it leads to an attribute.
    pub attribute: bool,
    /// The prefix of a namespace.
    pub prefix: Option<Box<str>>,
    /// The name of an element, an attribute or a member of an object.
    pub name: Box<str>,
}

/// Why a text is not a path. `at` is the byte at which it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A step has no name.
    #[error("a step has no name")]
    Empty {
        /// The byte.
        at: usize,
    },
    /// A character that names do not have.
    #[error("`{character}` cannot be in a path")]
    Character {
        /// The byte.
        at: usize,
        /// The character.
        character: char,
    },
    /// A name in backticks that does not end.
    #[error("the name in backticks does not end")]
    Open {
        /// The byte.
        at: usize,
    },
    /// A step below an attribute.
    #[error("nothing is below an attribute")]
    BelowAttribute {
        /// The byte.
        at: usize,
    },
    /// A path of too many steps.
    #[error("the path has more than {MAX_STEPS} steps")]
    TooLong {
        /// The byte.
        at: usize,
    },
}

/// The most steps of a path.
const MAX_STEPS: usize = 64;

impl PathError {
    /// Returns the byte at which the path goes wrong.
    pub fn at(self) -> usize {
        match self {
            Self::Empty { at }
            | Self::Character { at, .. }
            | Self::Open { at }
            | Self::BelowAttribute { at }
            | Self::TooLong { at } => at,
        }
    }
}

impl Path {
    /// Reads a path at the start of a text. Returns it with its length.
    pub(super) fn read(text: &str) -> Result<(Self, usize), PathError> {
        if text.starts_with('.') && !text[1..].starts_with(is_name_character) {
            return Ok((Self { steps: Vec::new() }, 1));
        }
        let mut steps: Vec<PathStep> = Vec::new();
        let mut at = 0;
        loop {
            if steps.last().is_some_and(|step| step.attribute) {
                return Err(PathError::BelowAttribute { at });
            }
            if steps.len() == MAX_STEPS {
                return Err(PathError::TooLong { at });
            }
            let attribute = text[at..].starts_with('@');
            at += usize::from(attribute);
            let (mut name, mut end) = name(text, at)?;
            let mut prefix = None;
            if text[end..].starts_with(':') {
                prefix = Some(name);
                (name, end) = self::name(text, end + 1)?;
            }
            steps.push(PathStep { attribute, prefix, name });
            at = end;
            if !text[at..].starts_with('/') {
                return Ok((Self { steps }, at));
            }
            at += 1;
        }
    }

    /// Returns the path of another place, as seen from where this one starts.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self { steps: self.steps.iter().chain(&below.steps).cloned().collect() }
    }
}

/// Reads a name. Returns where it ends.
fn name(text: &str, start: usize) -> Result<(Box<str>, usize), PathError> {
    let rest = &text[start..];
    if let Some(quoted) = rest.strip_prefix('`') {
        return match quoted.find('`') {
            None => Err(PathError::Open { at: start }),
            Some(0) => Err(PathError::Empty { at: start }),
            Some(length) => Ok((quoted[..length].into(), start + length + 2)),
        };
    }
    let length = rest.find(|c| !is_name_character(c)).unwrap_or(rest.len());
    match rest[..length].chars().next() {
        None => Err(PathError::Empty { at: start }),
        Some(character) if !is_name_start(character) => Err(PathError::Character { at: start, character }),
        Some(_) => Ok((rest[..length].into(), start + length)),
    }
}

/// Returns whether a name without backticks may start with the character.
pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$')
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let (path, end) = Self::read(text)?;
        match text[end..].chars().next() {
            None => Ok(path),
            Some(character) => Err(PathError::Character { at: end, character }),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str(".");
        }
        for (place, step) in self.steps.iter().enumerate() {
            if place > 0 {
                f.write_str("/")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attribute {
            f.write_str("@")?;
        }
        if let Some(prefix) = &self.prefix {
            write_name(f, prefix)?;
            f.write_str(":")?;
        }
        write_name(f, &self.name)
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let is_plain = name.starts_with(is_name_start) && name.chars().all(is_name_character);
    if is_plain { f.write_str(name) } else { write!(f, "`{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_they_are_read() {
        for text in
            [".", "a", "a/b", "o:Lines/o:Line/@no", "@x:id", "first-name/a.b_c", "`odd name`/`x:y`", "größe", "$id"]
        {
            assert_eq!(text.parse::<Path>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_path_is_refused_where_it_goes_wrong() {
        for (text, expect) in [
            ("", PathError::Empty { at: 0 }),
            ("/a", PathError::Empty { at: 0 }),
            ("a//b", PathError::Empty { at: 2 }),
            ("a/", PathError::Empty { at: 2 }),
            ("@a/b", PathError::BelowAttribute { at: 3 }),
            ("a[1]", PathError::Character { at: 1, character: '[' }),
            ("../a", PathError::Character { at: 0, character: '.' }),
            ("1a", PathError::Character { at: 0, character: '1' }),
            ("a:b:c", PathError::Character { at: 3, character: ':' }),
            ("`a", PathError::Open { at: 0 }),
            ("``", PathError::Empty { at: 0 }),
            ("a*", PathError::Character { at: 1, character: '*' }),
        ] {
            assert_eq!(text.parse::<Path>(), Err(expect), "{text}");
        }
        assert_eq!("a/".repeat(65).parse::<Path>(), Err(PathError::TooLong { at: 128 }));
    }
}
