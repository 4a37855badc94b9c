//! Comparisons: `total > 10000 and currency == 'EUR'`. Routes of flows and rules of alerts are written in them.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `number` | exact decimal numbers |
//! | `path` | paths into documents: `o:Lines/o:Line/@no` |
//! | `value` | values and their types |
//! | `token` | text → tokens with their places |
//! | `syntax` | tokens → tree |
//! | `names` | which names there are, and what they stand for |
//! | `check` | whether names exist and types fit |
//! | `evaluate` | what an expression says of given values |
//!
//! The language is specified in `schema/expression.md`. It has no functions, no arithmetic and no patterns: reading, checking
//! and evaluating take time proportional to the length of the text.

mod check;
mod error;
mod evaluate;
mod names;
mod number;
mod path;
mod syntax;
mod token;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub use error::ExpressionError;
pub use names::{Lookup, NameTable, Scope, Values};
pub use number::{Number, NumberError};
pub use path::{Path, PathError, PathStep};
pub use value::{Value, ValueType};

/// An expression whose value is true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: Box<str>,
    tree: syntax::SyntaxTree,
}

impl Expression {
    /// Reads an expression. Returns what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Vec<ExpressionError>> {
        let tokens = token::tokens(text)?;
        let tree = syntax::read(&tokens, text.len()).map_err(|error| vec![error])?;
        Ok(Self { text: text.into(), tree })
    }

    /// Returns what is wrong with the expression where these names exist: unknown names, types that cannot be compared.
    pub fn check(&self, scope: &dyn Scope) -> Vec<ExpressionError> {
        check::check(&self.tree, scope)
    }

    /// Returns whether the expression holds for these values. A comparison with a value that is missing, or of another type,
    /// does not hold.
    pub fn evaluate(&self, values: &dyn Values) -> bool {
        evaluate::holds(&self.tree, values)
    }

    /// Returns whether the expression holds whatever the values are: `true`, `1 == 1`. Returns `None` if that depends on them.
    pub fn constant(&self) -> Option<bool> {
        evaluate::constant(&self.tree)
    }

    /// Returns the expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the paths that the expression reads, in the order of the text.
    pub fn paths(&self) -> Vec<&Path> {
        self.tree.paths()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
