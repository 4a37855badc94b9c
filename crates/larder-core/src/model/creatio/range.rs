//! The ranges of Creatio packages: bounds, NuGet's intervals, and what the marketplace has now.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::version::CreatioVersion;
use crate::model::RangeError;

/// The word before the number of an application of the marketplace.
const APPLICATION: &str = "marketplace:";

/// The range of a Creatio package.
///
/// ```text
/// *, or nothing      any version
/// >=1.4              >, <, <= and = too; several, with commas or spaces between, hold together
/// 1.4                what NuGet reads: this version or a later one
/// 1.*                from 1.0.0 up to 2.0.0
/// [1.4,2.0)          NuGet's intervals; [1.4] is exactly this version
/// R2_final           a version that is not made of numbers: exactly this one
/// marketplace:21874  what the marketplace has of this application
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatioRange {
    text: Arc<str>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Bounds(Vec<Bound>),
    Application(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    relation: Relation,
    version: CreatioVersion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    Exactly,
    AtLeast,
    Greater,
}

impl CreatioRange {
    /// Returns the range that every version satisfies.
    pub fn any() -> Self {
        Self { text: "".into(), form: Form::Bounds(Vec::new()) }
    }

    /// Returns the range of a version and all later ones. A version that is not made of numbers has no later ones, and any will do.
    pub fn at_least(version: &CreatioVersion) -> Self {
        if !version.is_numeric() {
            return Self::any();
        }
        let bound = Bound { relation: Relation::AtLeast, version: version.clone() };
        Self { text: format!(">={version}").into(), form: Form::Bounds(vec![bound]) }
    }

    /// Returns what the marketplace has of an application.
    pub fn of_application(id: u32) -> Self {
        Self { text: format!("{APPLICATION}{id}").into(), form: Form::Application(id) }
    }

    /// Returns the application of the marketplace that the package is to come from.
    pub fn application(&self) -> Option<u32> {
        match self.form {
            Form::Application(id) => Some(id),
            Form::Bounds(_) => None,
        }
    }

    /// Returns whether every version satisfies it.
    pub fn is_any(&self) -> bool {
        matches!(&self.form, Form::Bounds(bounds) if bounds.is_empty()) || self.application().is_some()
    }

    /// Returns whether it admits whatever will be published.
    pub fn is_unbounded(&self) -> bool {
        matches!(&self.form, Form::Bounds(bounds) if bounds.is_empty())
    }

    /// Returns whether a version satisfies it.
    pub fn matches(&self, version: &CreatioVersion) -> bool {
        match &self.form {
            Form::Application(_) => true,
            Form::Bounds(bounds) => bounds.iter().all(|bound| bound.admits(version)),
        }
    }

    /// Returns the text as it was written; nothing for any version.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Bound {
    fn new(relation: Relation, version: &str) -> Result<Self, String> {
        let version = CreatioVersion::parse(version.trim())?;
        if relation != Relation::Exactly && !version.is_numeric() {
            return Err(format!("`{version}` is not made of numbers, so that nothing is before or after it"));
        }
        Ok(Self { relation, version })
    }

    fn admits(&self, version: &CreatioVersion) -> bool {
        let order = version.cmp(&self.version);
        match self.relation {
            Relation::Exactly => order.is_eq(),
            _ if !version.is_numeric() => false,
            Relation::Less => order.is_lt(),
            Relation::AtMost => order.is_le(),
            Relation::AtLeast => order.is_ge(),
            Relation::Greater => order.is_gt(),
        }
    }
}

impl FromStr for CreatioRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let error = |reason: String| RangeError::new("creatio", text, reason);
        let text = text.trim();
        if matches!(text, "" | "*") {
            return Ok(Self::any());
        }
        if let Some(id) = text.strip_prefix(APPLICATION) {
            let id = id.parse().ok().filter(|id| *id > 0);
            return id.map(Self::of_application).ok_or_else(|| error("an application has a number".to_owned()));
        }
        let bounds = match text.strip_prefix(['[', '(']) {
            Some(rest) => interval(text.starts_with('['), rest),
            None => bounds(text),
        };
        Ok(Self { text: text.into(), form: Form::Bounds(bounds.map_err(error)?) })
    }
}

/// Reads what follows the first bracket of an interval.
fn interval(includes_first: bool, rest: &str) -> Result<Vec<Bound>, String> {
    let includes_last = rest.ends_with(']');
    let inside = rest.strip_suffix([']', ')']).ok_or("the interval does not end with `]` or `)`")?;
    let Some((first, last)) = inside.split_once(',') else {
        return match (includes_first, includes_last) {
            (true, true) => Bound::new(Relation::Exactly, inside).map(|bound| vec![bound]),
            _ => Err("an interval of one version is written `[1.4]`".to_owned()),
        };
    };
    let mut bounds = Vec::new();
    let relations = [
        (first, if includes_first { Relation::AtLeast } else { Relation::Greater }),
        (last, if includes_last { Relation::AtMost } else { Relation::Less }),
    ];
    for (version, relation) in relations.into_iter().filter(|(version, _)| !version.trim().is_empty()) {
        bounds.push(Bound::new(relation, version)?);
    }
    if bounds.is_empty() { Err("the interval has no version".to_owned()) } else { Ok(bounds) }
}

/// Reads bounds with commas or spaces between them; a relation may be apart from its version.
fn bounds(text: &str) -> Result<Vec<Bound>, String> {
    let mut bounds = Vec::new();
    let mut waiting: Option<Relation> = None;
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        let end = word.find(|c| !"<>=".contains(c)).unwrap_or(word.len());
        let (sign, version) = word.split_at(end);
        let relation = match sign {
            "" => None,
            "<" => Some(Relation::Less),
            "<=" => Some(Relation::AtMost),
            "=" => Some(Relation::Exactly),
            ">=" => Some(Relation::AtLeast),
            ">" => Some(Relation::Greater),
            sign => return Err(format!("`{sign}` is not a relation")),
        };
        let relation = match (waiting.take(), relation) {
            (Some(_), Some(_)) => return Err("a relation has no version".to_owned()),
            (waiting, relation) => waiting.or(relation),
        };
        if version.is_empty() {
            waiting = relation;
            continue;
        }
        match (relation, version.strip_suffix(".*")) {
            (Some(relation), None) => bounds.push(Bound::new(relation, version)?),
            (None, Some(start)) => bounds.extend(floating(start)?),
            (Some(_), Some(_)) => return Err("`.*` stands without a relation".to_owned()),
            (None, None) if CreatioVersion::parse(version)?.is_numeric() => {
                bounds.push(Bound::new(Relation::AtLeast, version)?);
            }
            (None, None) => bounds.push(Bound::new(Relation::Exactly, version)?),
        }
    }
    match waiting {
        Some(_) => Err("a relation has no version".to_owned()),
        None => Ok(bounds),
    }
}

/// Returns the bounds of `1.4.*`, by what precedes the star.
fn floating(start: &str) -> Result<[Bound; 2], String> {
    let first = Bound::new(Relation::AtLeast, start)?;
    let next = first
        .version
        .next_at(start.matches('.').count())
        .filter(|_| start.matches('.').count() < 3 && !first.version.is_prerelease());
    let next = next.ok_or("`.*` follows one to three numbers")?;
    Ok([first, Bound { relation: Relation::Less, version: next }])
}

impl fmt::Display for CreatioRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let range: CreatioRange = range.parse().unwrap();
        let matches = |text: &&str| range.matches(&CreatioVersion::parse(text).unwrap());
        assert!(inside.iter().all(matches), "{range} admits {inside:?}");
        assert!(!outside.iter().any(matches), "{range} admits none of {outside:?}");
        assert_eq!(range.to_string().parse::<CreatioRange>().unwrap(), range);
    }

    #[test]
    fn ranges_are_bounds_and_the_intervals_of_nuget() {
        check("", &["0.0.0", "R1", "9"], &[]);
        check("*", &["0.0.0", "R1"], &[]);
        check(">=1.4", &["1.4", "1.4.0.1", "2.0"], &["1.3.9", "1.4.0-rc", "R1"]);
        check(">= 1.4, < 2", &["1.4", "1.9"], &["2.0"]);
        check(">=1.4 <2", &["1.4"], &["2.0", "1.3"]);
        check(">1.4 <=2", &["1.4.1", "2.0.0.0"], &["1.4", "2.0.1"]);
        check("1.4", &["1.4", "9.0"], &["1.3"]);
        check("=1.4", &["1.4.0"], &["1.4.1"]);
        check("[1.4,2.0)", &["1.4", "1.9.9"], &["2.0", "1.3"]);
        check("(1.4,2.0]", &["1.5", "2.0"], &["1.4", "2.1"]);
        check("[1.4]", &["1.4"], &["1.5"]);
        check("(,2.0]", &["0.1", "2.0"], &["2.1"]);
        check("[1.4,)", &["1.4", "5"], &["1.3"]);
        check("1.*", &["1.0", "1.99.0.7"], &["2.0", "0.9"]);
        check("1.4.*", &["1.4.7"], &["1.5"]);
        check("R2_final", &["R2_final"], &["R2", "1.0"]);
        check("=R2", &["R2"], &["R1"]);
        check("marketplace:21874", &["1.0", "R1"], &[]);
        assert_eq!(CreatioRange::at_least(&CreatioVersion::parse("7.8").unwrap()).to_string(), ">=7.8.0");
        assert!(CreatioRange::at_least(&CreatioVersion::parse("R1").unwrap()).is_any());
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "^1.4",
            "~1.4",
            ">=",
            ">= >=1",
            "==1",
            ">>1",
            "[1.4",
            "[1.4,2",
            "(1.4)",
            "[,]",
            "(,)",
            ">R1",
            "[R1,2]",
            "1.2.3.4.*",
            "R.*",
            ">=1.*",
            "1.4-rc.*",
            "marketplace:",
            "marketplace:0",
            "marketplace:x",
            "1/2",
        ] {
            assert!(text.parse::<CreatioRange>().is_err(), "{text}");
        }
    }
}
