//! The license of a Python package, by the headers of its METADATA.
//!
//! Source: PEP 639, and before it the "Core metadata specifications" of the Python packaging user guide.

use super::declaration::{Declaration, Meaning};
use super::names;
use crate::model::{LicenseExpression, LicenseHeaders};

/// Returns what the headers declare: `License-Expression`, else `License`, else the classifiers. A whole text in `License` is one to
/// be recognised.
pub fn metadata(headers: &LicenseHeaders) -> Declaration {
    if let Some(expression) = headers.expression.as_deref().filter(|text| !text.is_empty()) {
        let declaration = Declaration::stated(expression, names::meaning(expression));
        if declaration.meaning != Meaning::Unknown {
            return declaration;
        }
    }
    let classified = classified(&headers.classifiers);
    let Some(license) = headers.license.as_deref().map(str::trim).filter(|text| says_something(text)) else {
        return classified;
    };
    if license.len() > LONGEST_NAME || license.contains('\n') {
        // A text and the classifiers say the same; classifiers are more certain where they say which version.
        return match classified.meaning {
            Meaning::Expression(_) => classified,
            _ => Declaration::stated(license, Meaning::Text(license.to_owned())),
        };
    }
    let named = Declaration::stated(license, names::meaning(license));
    match (&named.meaning, &classified.meaning) {
        // The name leaves it open, and the classifiers say it.
        (Meaning::Unknown | Meaning::OneOf(_), Meaning::Expression(_)) => classified,
        (Meaning::Unknown, Meaning::OneOf(_)) => Declaration { meaning: classified.meaning, ..named },
        _ => named,
    }
}

/// The longest name of a license; what is longer is its text.
const LONGEST_NAME: usize = 200;

fn says_something(text: &str) -> bool {
    !text.is_empty() && !text.eq_ignore_ascii_case("UNKNOWN") && !text.eq_ignore_ascii_case("none")
}

/// Returns what the classifiers come to. Of several licenses all hold: which of them may be chosen they do not say.
fn classified(classifiers: &[String]) -> Declaration {
    let names: Vec<&str> = classifiers
        .iter()
        .filter_map(|classifier| classifier.strip_prefix("License ::"))
        .filter_map(|path| path.rsplit("::").next())
        .map(str::trim)
        .filter(|name| *name != "OSI Approved")
        .collect();
    let meanings: Vec<Meaning> = names.iter().map(|name| names::meaning(name)).collect();
    let meaning = if let [one] = &*meanings {
        one.clone()
    } else {
        let expressions = meanings.iter().map(|meaning| match meaning {
            Meaning::Expression(expression) => Some(expression.clone()),
            _ => None,
        });
        let all = expressions.collect::<Option<Vec<_>>>().and_then(LicenseExpression::all);
        all.map_or(Meaning::Unknown, Meaning::Expression)
    };
    Declaration::stated(&names.join(", "), meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Meaning {
        metadata(&LicenseHeaders::parse(format!("Name: a\nVersion: 1\n{text}\n\nbody\n").as_bytes())).meaning
    }

    #[test]
    fn the_newest_header_goes_first() {
        let expression = |text: &str| Meaning::Expression(text.parse().unwrap());
        for (text, meaning) in [
            ("License-Expression: MIT OR Apache-2.0\nLicense: BSD", expression("MIT OR Apache-2.0")),
            ("License: MIT", expression("MIT")),
            ("License: MIT License\nClassifier: License :: OSI Approved :: MIT License", expression("MIT")),
            ("Classifier: License :: OSI Approved :: Apache Software License", expression("Apache-2.0")),
            ("License: BSD\nClassifier: License :: OSI Approved :: BSD License", Meaning::OneOf(names::BSD)),
            ("License: Dual License\nClassifier: License :: OSI Approved :: BSD License", Meaning::OneOf(names::BSD)),
            (
                "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: ISC License (ISCL)",
                expression("MIT AND ISC"),
            ),
            ("License: UNKNOWN\nClassifier: License :: OSI Approved", Meaning::Unknown),
            ("", Meaning::Unknown),
        ] {
            assert_eq!(read(text), meaning, "{text}");
        }
        let text = format!("License: Copyright X\n        {}", "Permission is hereby granted ".repeat(20));
        assert!(matches!(read(&text), Meaning::Text(text) if text.contains("granted")));
    }
}
