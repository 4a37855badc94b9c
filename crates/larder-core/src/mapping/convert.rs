//! Texts of values as types have them.

use crate::expression::Number;
use crate::schema::shape::{SimpleType, ValueKind};

/// What `convert` makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    String,
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
}

impl Conversion {
    /// All conversions with their names.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("decimal", Self::Decimal),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("date-time", Self::DateTime),
    ];

    /// Returns the kind of what it gives.
    pub(super) fn kind(self) -> ValueKind {
        match self {
            Self::String => ValueKind::String,
            Self::Integer => ValueKind::Integer,
            Self::Decimal => ValueKind::Decimal,
            Self::Boolean => ValueKind::Boolean,
            Self::Date => ValueKind::Date,
            Self::DateTime => ValueKind::DateTime,
        }
    }

    /// Returns whether it takes values of a kind at all.
    pub(super) fn takes(self, kind: ValueKind) -> bool {
        use ValueKind as Kind;
        let is_text = matches!(kind, Kind::String | Kind::Any);
        match self {
            Self::String => true,
            Self::Integer | Self::Decimal => is_text || kind.is_number(),
            Self::Boolean => is_text || kind == Kind::Boolean || kind == Kind::Integer,
            Self::Date => is_text || matches!(kind, Kind::Date | Kind::DateTime),
            Self::DateTime => is_text || kind == Kind::DateTime,
        }
    }

    /// Converts a text. Returns why it cannot be converted.
    pub(super) fn convert(self, text: &str) -> Result<String, String> {
        let trimmed = text.trim();
        let number = || trimmed.parse::<Number>().map_err(|_| format!("`{}` is no number", short(trimmed)));
        match self {
            Self::String => Ok(text.to_owned()),
            Self::Decimal => Ok(plain(&number()?)),
            Self::Integer => {
                let number = number()?;
                if number.is_integer() {
                    Ok(plain(&number))
                } else {
                    Err(format!("`{}` is no integer", short(trimmed)))
                }
            }
            Self::Boolean => match trimmed {
                "true" | "1" => Ok("true".to_owned()),
                "false" | "0" => Ok("false".to_owned()),
                _ => Err(format!("`{}` is neither true nor false", short(trimmed))),
            },
            Self::Date => {
                let date = trimmed.split_once('T').map_or(trimmed, |(date, _)| date);
                if is_date(date) { Ok(date.to_owned()) } else { Err(format!("`{}` is no date", short(trimmed))) }
            }
            Self::DateTime => match trimmed.split_once('T') {
                Some((date, time)) if is_date(date) && is_time(time) => Ok(trimmed.to_owned()),
                _ => Err(format!("`{}` is no date with a time", short(trimmed))),
            },
        }
    }
}

/// Returns a number as XML has it: without an exponent.
pub(super) fn plain(number: &Number) -> String {
    number.to_plain_string()
}

/// Returns whether a text has the form of a date, with or without a time zone.
fn is_date(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let shape = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return false };
        let number =
            |text: &str, most: u32| text.len() == 2 && text.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n));
        year.len() >= 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && number(month, 12) && number(day, 31)
    };
    let zone = rest.strip_suffix('Z').or_else(|| {
        let at = rest.len().checked_sub(6)?;
        let zone = rest.get(at..)?;
        (zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':').then(|| &rest[..at])
    });
    shape(rest) || zone.is_some_and(shape)
}

fn is_time(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, ':');
    parts.next().is_some_and(digits)
        && parts.next().is_some_and(digits)
        && parts.next().is_some_and(|rest| rest.len() >= 2)
}

/// Returns why values of one kind do not become values of another without a conversion. `None` if they do.
pub(super) fn obstacle(from: ValueKind, to: ValueKind) -> Option<&'static str> {
    use ValueKind as Kind;
    match (from, to) {
        (from, to) if from == to => None,
        // What a value is, the sample tells.
        (Kind::Any, _)
        | (_, Kind::Any | Kind::String)
        | (Kind::Integer, Kind::Decimal | Kind::Float)
        | (Kind::Decimal, Kind::Float)
        | (
            Kind::String,
            Kind::Uri | Kind::QualifiedName | Kind::Binary | Kind::Time | Kind::Duration | Kind::DatePart,
        ) => None,
        (_, Kind::Integer) => Some("convert \"integer\""),
        (_, Kind::Decimal | Kind::Float) => Some("convert \"decimal\""),
        (_, Kind::Boolean) => Some("convert \"boolean\""),
        (_, Kind::Date) => Some("convert \"date\""),
        (_, Kind::DateTime) => Some("convert \"date-time\""),
        _ => Some("another field"),
    }
}

/// Returns why a text is no value of a type. Facets of which only the text is known are left to validation.
pub(super) fn misfit(text: &str, simple: &SimpleType) -> Option<String> {
    let conversion = match simple.kind {
        ValueKind::Integer => Some(Conversion::Integer),
        ValueKind::Decimal => Some(Conversion::Decimal),
        ValueKind::Boolean => Some(Conversion::Boolean),
        ValueKind::Date => Some(Conversion::Date),
        ValueKind::DateTime => Some(Conversion::DateTime),
        _ => None,
    };
    if simple.is_list {
        return None;
    }
    if let Some(conversion) = conversion
        && let Err(problem) = conversion.convert(text)
    {
        return Some(problem);
    }
    let values = simple.facets.enumeration.as_ref()?;
    let is_number = simple.kind.is_number();
    let same = |value: &String| {
        if is_number { value.parse::<Number>().ok() == text.trim().parse::<Number>().ok() } else { value == text }
    };
    if values.iter().any(same) {
        return None;
    }
    let shown: Vec<&str> = values.iter().take(12).map(String::as_str).collect();
    Some(format!("`{}` is none of `{}`", short(text), shown.join("`, `")))
}

fn short(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_converted_or_refused() {
        use Conversion as To;
        for (to, text, expect) in [
            (To::Decimal, " 010.50 ", Ok("10.5")),
            (To::Decimal, "1e3", Ok("1000")),
            (To::Decimal, "12345678901234567890.123456789", Ok("12345678901234567890.123456789")),
            (To::Decimal, "ten", Err("`ten` is no number")),
            (To::Integer, "7.0", Ok("7")),
            (To::Integer, "7.5", Err("`7.5` is no integer")),
            (To::Boolean, "1", Ok("true")),
            (To::Boolean, "yes", Err("`yes` is neither true nor false")),
            (To::Date, "2026-02-03T10:00:00Z", Ok("2026-02-03")),
            (To::Date, "2026-02-03+01:00", Ok("2026-02-03+01:00")),
            (To::Date, "03.02.2026", Err("`03.02.2026` is no date")),
            (To::DateTime, "2026-02-03T10:00:00Z", Ok("2026-02-03T10:00:00Z")),
            (To::DateTime, "2026-02-03", Err("`2026-02-03` is no date with a time")),
            (To::String, " x ", Ok(" x ")),
        ] {
            let expect = expect.map(ToOwned::to_owned).map_err(ToOwned::to_owned);
            assert_eq!(to.convert(text), expect, "{to:?} {text}");
        }
    }
}
