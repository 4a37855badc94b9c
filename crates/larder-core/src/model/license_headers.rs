//! The headers of a Python distribution's metadata that say under which license it is.
//!
//! Source: PEP 639, and the "Core metadata specifications" of the Python packaging user guide.

use super::core_metadata::headers;

/// The headers, as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LicenseHeaders {
    /// `License-Expression`
    pub expression: Option<String>,
    /// `License`: a name, or a whole text with its lines.
    pub license: Option<String>,
    /// `Classifier`
    pub classifiers: Vec<String>,
}

impl LicenseHeaders {
    /// Reads the headers, up to the first empty line. What is not UTF-8 has none.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        for (name, lines) in headers(bytes).unwrap_or_default() {
            // Lines of a text begin with eight spaces and a `|`, or with spaces.
            let text = || {
                let plain = lines.iter().map(|line| line.strip_prefix('|').unwrap_or(line));
                plain.collect::<Vec<_>>().join("\n").trim().to_owned()
            };
            match name.as_str() {
                "license-expression" => found.expression = Some(text()),
                "license" => found.license = Some(text()),
                "classifier" => found.classifiers.push(text()),
                _ => {}
            }
        }
        found
    }
}
