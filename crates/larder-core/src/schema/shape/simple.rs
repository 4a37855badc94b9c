//! Types of values and their facets.

use std::collections::BTreeSet;
use std::fmt;

use crate::expression::{Number, ValueType};

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SimpleType {
    pub(crate) kind: ValueKind,
    /// Whether the text is a list of such values, separated by white space.
    pub(crate) is_list: bool,
    pub(crate) facets: Facets,
}

/// What a value is, before facets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ValueKind {
    /// Anything.
    Any,
    String,
    Boolean,
    /// A number without a fraction.
    Integer,
    /// A number with an exact decimal form.
    Decimal,
    /// A number of any form, also `INF` and `NaN` in XML.
    Float,
    Date,
    DateTime,
    Time,
    Duration,
    /// A part of a date: `gYear` and its siblings.
    DatePart,
    /// Base64 or hexadecimal text.
    Binary,
    Uri,
    /// A name with a prefix.
    QualifiedName,
}

/// What restricts the values of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facets {
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) min_length: Option<Number>,
    pub(crate) max_length: Option<Number>,
    pub(crate) total_digits: Option<Number>,
    pub(crate) fraction_digits: Option<Number>,
    /// The values that are possible, as they are written; `null` and Booleans too.
    pub(crate) enumeration: Option<BTreeSet<String>>,
    /// The types of JSON that scalars may have, if there are several: `integer`, `string`.
    pub(crate) types: Option<BTreeSet<&'static str>>,
    /// Patterns, formats and other rules of which only the text is compared.
    pub(crate) rules: BTreeSet<String>,
}

/// A bound of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The bound as it is written.
    pub(crate) text: String,
    /// Whether the bound itself is out of it.
    pub(crate) is_exclusive: bool,
}

impl SimpleType {
    pub(crate) fn of(kind: ValueKind) -> Self {
        Self { kind, is_list: false, facets: Facets::default() }
    }

    /// Returns whether an element of this type may be empty. Where rules might decide it, it may not.
    pub(crate) fn accepts_empty(&self) -> bool {
        let facets = &self.facets;
        let is_text = matches!(self.kind, ValueKind::Any | ValueKind::String | ValueKind::Uri | ValueKind::Binary);
        (is_text || self.is_list)
            && facets.rules.is_empty()
            && facets.min_length.as_ref().is_none_or(|least| *least <= Number::ZERO)
            && facets.enumeration.as_ref().is_none_or(|values| values.contains(""))
    }

    /// Returns the type that expressions see.
    pub(crate) fn value_type(&self) -> ValueType {
        match self.kind {
            ValueKind::Any => ValueType::Any,
            _ if self.is_list => ValueType::String,
            ValueKind::Boolean => ValueType::Boolean,
            ValueKind::Integer | ValueKind::Decimal | ValueKind::Float => ValueType::Number,
            _ => ValueType::String,
        }
    }
}

impl ValueKind {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any value",
            Self::String => "a string",
            Self::Boolean => "a Boolean",
            Self::Integer => "an integer",
            Self::Decimal => "a decimal",
            Self::Float => "a number",
            Self::Date => "a date",
            Self::DateTime => "a date with a time",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::DatePart => "a part of a date",
            Self::Binary => "binary data",
            Self::Uri => "a URI",
            Self::QualifiedName => "a qualified name",
        })
    }
}
