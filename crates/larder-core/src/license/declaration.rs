//! A declaration of a license, as a package states it.

use crate::model::LicenseExpression;

/// What a package's metadata says of its license.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    /// The text as it stands there, for people. `None` if there is none.
    pub stated: Option<String>,
    /// What it comes to.
    pub meaning: Meaning,
}

/// What a declaration comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing that says which license it is.
    #[default]
    Unknown,
    /// This expression.
    Expression(LicenseExpression),
    /// One of these licenses, of which the text says which: `BSD`.
    OneOf(&'static [&'static str]),
    /// The whole text of a license stands in its place.
    Text(String),
    /// The file has it.
    File(String),
    /// None: nobody may use it.
    Proprietary,
}

impl Declaration {
    /// Creates a declaration of a text that people wrote.
    pub(super) fn stated(text: &str, meaning: Meaning) -> Self {
        const LONGEST: usize = 200;
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        Self { stated: (!line.is_empty()).then(|| line.chars().take(LONGEST).collect()), meaning }
    }
}
