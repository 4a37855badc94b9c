//! The types that every schema has.

use super::super::shape::{Bound, SimpleType, ValueKind};

/// The names of all built-in types.
pub(super) const NAMES: [&str; 50] = [
    "anyType",
    "anySimpleType",
    "anyAtomicType",
    "untypedAtomic",
    "string",
    "boolean",
    "decimal",
    "float",
    "double",
    "duration",
    "dateTime",
    "time",
    "date",
    "gYearMonth",
    "gYear",
    "gMonthDay",
    "gDay",
    "gMonth",
    "hexBinary",
    "base64Binary",
    "anyURI",
    "QName",
    "NOTATION",
    "normalizedString",
    "token",
    "language",
    "NMTOKEN",
    "NMTOKENS",
    "Name",
    "NCName",
    "ID",
    "IDREF",
    "IDREFS",
    "ENTITY",
    "ENTITIES",
    "integer",
    "nonPositiveInteger",
    "negativeInteger",
    "long",
    "int",
    "short",
    "byte",
    "nonNegativeInteger",
    "unsignedLong",
    "unsignedInt",
    "unsignedShort",
    "unsignedByte",
    "positiveInteger",
    "dateTimeStamp",
    "yearMonthDuration",
];
/// Those of XML Schema 1.1 that are rarely named.
pub(super) const MORE_NAMES: [&str; 2] = ["dayTimeDuration", "error"];

/// Returns whether every schema has a type of this name.
pub(super) fn is_builtin(local: &str) -> bool {
    NAMES.contains(&local) || MORE_NAMES.contains(&local)
}

/// Returns a built-in simple type.
pub(super) fn simple(local: &str) -> Option<SimpleType> {
    let ruled = |kind: ValueKind| {
        let mut simple = SimpleType::of(kind);
        simple.facets.rules.insert(format!("xs:{local}"));
        simple
    };
    let integer = |minimum: Option<&str>, maximum: Option<&str>| {
        let bound = |text: &str| Bound { text: text.to_owned(), is_exclusive: false };
        let mut simple = SimpleType::of(ValueKind::Integer);
        (simple.facets.minimum, simple.facets.maximum) = (minimum.map(bound), maximum.map(bound));
        simple
    };
    Some(match local {
        "anyType" | "anySimpleType" | "anyAtomicType" | "untypedAtomic" => SimpleType::of(ValueKind::Any),
        // White space is all that tells the first three apart, and it is normalised before anything looks at it.
        "string" | "normalizedString" | "token" => SimpleType::of(ValueKind::String),
        "language" | "NMTOKEN" | "Name" | "NCName" | "ID" | "IDREF" | "ENTITY" => ruled(ValueKind::String),
        "NMTOKENS" | "IDREFS" | "ENTITIES" => SimpleType { is_list: true, ..ruled(ValueKind::String) },
        "boolean" => SimpleType::of(ValueKind::Boolean),
        "decimal" => SimpleType::of(ValueKind::Decimal),
        "float" | "double" => SimpleType::of(ValueKind::Float),
        "duration" => SimpleType::of(ValueKind::Duration),
        "yearMonthDuration" | "dayTimeDuration" => ruled(ValueKind::Duration),
        "dateTime" => SimpleType::of(ValueKind::DateTime),
        "dateTimeStamp" => ruled(ValueKind::DateTime),
        "time" => SimpleType::of(ValueKind::Time),
        "date" => SimpleType::of(ValueKind::Date),
        "gYearMonth" | "gYear" | "gMonthDay" | "gDay" | "gMonth" => ruled(ValueKind::DatePart),
        "hexBinary" | "base64Binary" => ruled(ValueKind::Binary),
        "anyURI" => SimpleType::of(ValueKind::Uri),
        "QName" | "NOTATION" => SimpleType::of(ValueKind::QualifiedName),
        "integer" => integer(None, None),
        "nonPositiveInteger" => integer(None, Some("0")),
        "negativeInteger" => integer(None, Some("-1")),
        "long" => integer(Some("-9223372036854775808"), Some("9223372036854775807")),
        "int" => integer(Some("-2147483648"), Some("2147483647")),
        "short" => integer(Some("-32768"), Some("32767")),
        "byte" => integer(Some("-128"), Some("127")),
        "nonNegativeInteger" => integer(Some("0"), None),
        "unsignedLong" => integer(Some("0"), Some("18446744073709551615")),
        "unsignedInt" => integer(Some("0"), Some("4294967295")),
        "unsignedShort" => integer(Some("0"), Some("65535")),
        "unsignedByte" => integer(Some("0"), Some("255")),
        "positiveInteger" => integer(Some("1"), None),
        _ => return None,
    })
}
