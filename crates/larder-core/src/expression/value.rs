//! Values and their types.

use std::fmt;

use super::Number;

/// A value that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Box<str>),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// A text.
    String,
    /// Not known before there is a value: can be compared with everything.
    Any,
}

impl Value {
    /// Returns the type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Boolean(_) => ValueType::Boolean,
            Self::Number(_) => ValueType::Number,
            Self::String(_) => ValueType::String,
        }
    }
}

impl ValueType {
    /// Returns whether values of the two types can be compared.
    pub(super) fn fits(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a Boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Any => "a value",
        })
    }
}

impl fmt::Display for Value {
    /// Writes the value as a literal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::String(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Self::String(text) => write!(f, "'{text}'"),
        }
    }
}
