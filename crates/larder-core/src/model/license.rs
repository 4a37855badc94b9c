//! License expressions, as SPDX defines them: `MIT`, `Apache-2.0 WITH LLVM-exception`, `MIT OR GPL-3.0-only`.

use std::fmt;
use std::str::FromStr;

use spdx::ParseMode;
use spdx::identifiers::{EXCEPTIONS, LICENSES};

/// A license expression with the identifiers that SPDX lists, in its spelling.
#[derive(Clone)]
pub struct LicenseExpression(Box<spdx::Expression>);

/// One license of an expression, with its exception if it has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LicenseTerm(spdx::LicenseReq);

/// A text that is no license expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no SPDX license expression: {reason}")]
pub struct LicenseError {
    /// The text.
    pub text: String,
    /// The reason, as the end of a sentence.
    pub reason: String,
}

/// The most bytes of an expression.
const LONGEST: usize = 2_000;

impl LicenseExpression {
    /// Returns the licenses that the expression names, in its order.
    pub fn terms(&self) -> impl Iterator<Item = LicenseTerm> {
        self.0.requirements().map(|requirement| LicenseTerm(requirement.req.clone()))
    }

    /// Returns whether the licenses that `accepts` admits are enough: of `OR` one side, of `AND` both.
    pub fn is_satisfied(&self, mut accepts: impl FnMut(&LicenseTerm) -> bool) -> bool {
        self.0.evaluate(|requirement| accepts(&LicenseTerm(requirement.clone())))
    }

    /// Joins expressions of which all hold. `None` if there are none.
    pub fn all(expressions: impl IntoIterator<Item = Self>) -> Option<Self> {
        Self::joined(expressions, " AND ")
    }

    /// Joins expressions of which any may be chosen. `None` if there are none.
    pub fn any(expressions: impl IntoIterator<Item = Self>) -> Option<Self> {
        Self::joined(expressions, " OR ")
    }

    fn joined(expressions: impl IntoIterator<Item = Self>, operator: &str) -> Option<Self> {
        let mut all: Vec<Self> = Vec::new();
        for expression in expressions {
            if !all.contains(&expression) {
                all.push(expression);
            }
        }
        if all.len() < 2 {
            return all.pop();
        }
        let text = |expression: Self| match expression.terms().count() {
            1 => expression.to_string(),
            _ => format!("({expression})"),
        };
        all.into_iter().map(text).collect::<Vec<_>>().join(operator).parse().ok()
    }
}

impl LicenseTerm {
    /// Returns whether a rule that admits this license admits `other`. An exception only adds to what a license allows; a license
    /// that may be exchanged for a later version is admitted with its own version.
    pub fn admits(&self, other: &Self) -> bool {
        let addition = self.0.addition.is_none() || self.0.addition == other.0.addition;
        let is_later = |term: &Self| term.to_string().split(' ').next().is_some_and(|id| id.ends_with("-or-later"));
        addition && self.is_same_version(other) && (!is_later(self) || is_later(other))
    }

    /// Returns whether a rule that excludes this license excludes `other`: also with an exception, and also where it may be
    /// exchanged for a later version.
    pub fn excludes(&self, other: &Self) -> bool {
        (self.0.addition.is_none() || self.0.addition == other.0.addition) && self.is_same_version(other)
    }

    /// Returns the identifier, without an exception. `None` if SPDX does not list the license.
    pub fn id(&self) -> Option<&'static str> {
        self.0.license.id().map(|id| id.name)
    }

    fn is_same_version(&self, other: &Self) -> bool {
        match (self.0.license.id(), other.0.license.id()) {
            (Some(a), Some(b)) if a.is_gnu() && b.is_gnu() => (a.base(), a.version()) == (b.base(), b.version()),
            (Some(a), Some(b)) => a == b,
            _ => self.0.license == other.0.license,
        }
    }
}

impl FromStr for LicenseExpression {
    type Err = LicenseError;

    /// Parses an expression. Identifiers and operators may be in any case, and may be the deprecated ones of GNU's licenses.
    fn from_str(text: &str) -> Result<Self, LicenseError> {
        let error = |reason: String| LicenseError { text: text.chars().take(100).collect(), reason };
        if text.len() > LONGEST {
            return Err(error("it is too long".to_owned()));
        }
        let mode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };
        let parsed = spdx::Expression::parse_mode(&respelt(text), mode);
        parsed.map(|parsed| Self(Box::new(parsed))).map_err(|wrong| error(wrong.reason.to_string()))
    }
}

impl FromStr for LicenseTerm {
    type Err = LicenseError;

    fn from_str(text: &str) -> Result<Self, LicenseError> {
        let expression: LicenseExpression = text.parse()?;
        let mut terms = expression.terms();
        match (terms.next(), terms.next()) {
            (Some(term), None) => Ok(term),
            _ => Err(LicenseError { text: text.to_owned(), reason: "it names several licenses".to_owned() }),
        }
    }
}

/// Returns an expression in SPDX's own spelling.
fn respelt(text: &str) -> String {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_ascii_whitespace().map(respelt_word).collect();
    words.join(" ")
}

fn respelt_word(word: &str) -> String {
    if ["or", "and", "with"].iter().any(|operator| operator.eq_ignore_ascii_case(word)) {
        return word.to_ascii_uppercase();
    }
    let (plain, plus) = word.strip_suffix('+').map_or((word, false), |plain| (plain, true));
    let license = LICENSES.iter().find(|license| license.name.eq_ignore_ascii_case(plain)).map(|license| license.name);
    let exception = || EXCEPTIONS.iter().find(|one| one.name.eq_ignore_ascii_case(plain)).map(|one| one.name);
    let Some(name) = license.or_else(exception) else { return word.to_owned() };
    let is_bare_gnu = spdx::license_id(name).is_some_and(|id| id.is_gnu() && id.is_deprecated());
    let base = name.trim_end_matches('+');
    match (is_bare_gnu, plus || name.ends_with('+')) {
        (true, true) if spdx::license_id(&format!("{base}-or-later")).is_some() => format!("{base}-or-later"),
        (true, false) if spdx::license_id(&format!("{base}-only")).is_some() => format!("{base}-only"),
        (_, true) => format!("{base}+"),
        (_, false) => name.to_owned(),
    }
}

impl fmt::Display for LicenseExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The parser keeps the text that it was given, which is spelt as SPDX does.
        f.write_str(&self.0.to_string().replace("( ", "(").replace(" )", ")"))
    }
}

impl fmt::Debug for LicenseExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LicenseExpression({self})")
    }
}

impl fmt::Display for LicenseTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for LicenseExpression {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for LicenseExpression {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_spelt_as_spdx_does() {
        for (text, expect) in [
            ("MIT", "MIT"),
            ("mit", "MIT"),
            ("(MIT or apache-2.0)", "(MIT OR Apache-2.0)"),
            ("Apache-2.0 with llvm-exception", "Apache-2.0 WITH LLVM-exception"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("gpl-2.0+", "GPL-2.0-or-later"),
            ("LGPL-2.1+ AND (BSD-3-Clause OR MIT)", "LGPL-2.1-or-later AND (BSD-3-Clause OR MIT)"),
            ("LicenseRef-acme", "LicenseRef-acme"),
        ] {
            let parsed: LicenseExpression = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(parsed.to_string(), expect, "{text}");
            assert_eq!(parsed.to_string().parse::<LicenseExpression>().unwrap(), parsed);
        }
        let deep = "(".repeat(1_500);
        for wrong in
            ["", "MIT/X11", "BSD", "MIT OR", "MIT License", "SEE LICENSE IN X", "(MIT", &deep, &"x".repeat(3_000)]
        {
            assert!(wrong.parse::<LicenseExpression>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rule_for_a_license_is_for_its_exceptions_too() {
        let term = |text: &str| text.parse::<LicenseTerm>().unwrap();
        let check = |rule: &str, other: &str, admits: bool, excludes: bool| {
            assert_eq!(term(rule).admits(&term(other)), admits, "{rule} admits {other}");
            assert_eq!(term(rule).excludes(&term(other)), excludes, "{rule} excludes {other}");
        };
        check("MIT", "MIT", true, true);
        check("MIT", "ISC", false, false);
        check("Apache-2.0", "Apache-2.0 WITH LLVM-exception", true, true);
        check("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", false, false);
        check("GPL-3.0-only", "GPL-3.0-or-later", true, true);
        check("GPL-3.0-or-later", "GPL-3.0-only", false, true);
        check("GPL-2.0-only", "GPL-3.0-only", false, false);
        check("LGPL-3.0-only", "GPL-3.0-only", false, false);
        check("LicenseRef-a", "LicenseRef-b", false, false);
    }

    #[test]
    fn of_a_choice_one_is_enough() {
        let satisfied = |text: &str, allowed: &[&str]| {
            let expression: LicenseExpression = text.parse().unwrap();
            expression.is_satisfied(|term| allowed.iter().any(|rule| rule.parse::<LicenseTerm>().unwrap().admits(term)))
        };
        assert!(satisfied("MIT OR GPL-3.0-only", &["MIT"]));
        assert!(!satisfied("MIT AND GPL-3.0-only", &["MIT"]));
        assert!(satisfied("(MIT OR GPL-3.0-only) AND ISC", &["MIT", "ISC"]));
        let join = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<LicenseExpression>>();
        let both = LicenseExpression::all(join(&["MIT OR ISC", "BSD-3-Clause", "MIT OR ISC"])).unwrap();
        assert_eq!(both.to_string(), "(MIT OR ISC) AND BSD-3-Clause");
        assert_eq!(LicenseExpression::any(join(&["MIT"])).unwrap().to_string(), "MIT");
        assert!(LicenseExpression::any([]).is_none());
    }
}
