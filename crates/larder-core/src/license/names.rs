//! What people write instead of SPDX's identifiers.

use super::declaration::Meaning;
use crate::model::LicenseExpression;

/// The licenses that are called BSD.
pub(super) const BSD: &[&str] = &["BSD-3-Clause", "BSD-2-Clause", "0BSD", "BSD-4-Clause", "BSD-1-Clause"];
/// The versions of GNU's General Public License.
pub(super) const GPL: &[&str] = &["GPL-3.0-only", "GPL-2.0-only", "GPL-1.0-only"];
/// The versions of GNU's Lesser General Public License.
pub(super) const LGPL: &[&str] = &["LGPL-3.0-only", "LGPL-2.1-only", "LGPL-2.0-only"];
/// The versions of GNU's Affero General Public License.
const AGPL: &[&str] = &["AGPL-3.0-only", "AGPL-1.0-only"];
/// The versions of Apache's license.
const APACHE: &[&str] = &["Apache-2.0", "Apache-1.1", "Apache-1.0"];
/// The versions of Mozilla's license.
const MPL: &[&str] = &["MPL-2.0", "MPL-1.1", "MPL-1.0"];

/// Spellings in lower case without punctuation and without the words "the", "license" and "version", with what they mean.
const NAMES: &[(&str, &str)] = &[
    ("mit", "MIT"),
    ("mit mit", "MIT"),
    ("mit x11", "MIT"),
    ("x11 mit", "MIT"),
    ("expat", "MIT"),
    ("mit expat", "MIT"),
    ("mit licensed", "MIT"),
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("apache2.0", "Apache-2.0"),
    ("apache v2", "Apache-2.0"),
    ("apache v2.0", "Apache-2.0"),
    ("apache software", "Apache-2.0"),
    ("apache software 2.0", "Apache-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("al2", "Apache-2.0"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("2 clause bsd", "BSD-2-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
    ("freebsd", "BSD-2-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("3 clause bsd", "BSD-3-Clause"),
    ("bsd 3 clause new", "BSD-3-Clause"),
    ("bsd 3", "BSD-3-Clause"),
    ("new bsd", "BSD-3-Clause"),
    ("modified bsd", "BSD-3-Clause"),
    ("revised bsd", "BSD-3-Clause"),
    ("isc", "ISC"),
    ("isc iscl", "ISC"),
    ("unlicense", "Unlicense"),
    ("unlicense unlicense", "Unlicense"),
    ("mpl 2", "MPL-2.0"),
    ("mpl2", "MPL-2.0"),
    ("mpl v2", "MPL-2.0"),
    ("mozilla public 2.0", "MPL-2.0"),
    ("mozilla public 2.0 mpl 2.0", "MPL-2.0"),
    ("mozilla public 1.1 mpl 1.1", "MPL-1.1"),
    ("gplv2", "GPL-2.0-only"),
    ("gpl v2", "GPL-2.0-only"),
    ("gpl 2", "GPL-2.0-only"),
    ("gnu general public v2 gplv2", "GPL-2.0-only"),
    ("gnu general public v2 or later gplv2+", "GPL-2.0-or-later"),
    ("gplv2+", "GPL-2.0-or-later"),
    ("gplv3", "GPL-3.0-only"),
    ("gpl v3", "GPL-3.0-only"),
    ("gpl 3", "GPL-3.0-only"),
    ("gnu gplv3", "GPL-3.0-only"),
    ("gnu general public v3 gplv3", "GPL-3.0-only"),
    ("gnu general public v3 or later gplv3+", "GPL-3.0-or-later"),
    ("gplv3+", "GPL-3.0-or-later"),
    ("lgplv2.1", "LGPL-2.1-only"),
    ("lgpl v2.1", "LGPL-2.1-only"),
    ("lgplv2.1+", "LGPL-2.1-or-later"),
    ("gnu lesser general public v2 lgplv2", "LGPL-2.0-only"),
    ("gnu lesser general public v2 or later lgplv2+", "LGPL-2.0-or-later"),
    ("gnu lesser general public v3 lgplv3", "LGPL-3.0-only"),
    ("gnu lesser general public v3 or later lgplv3+", "LGPL-3.0-or-later"),
    ("lgplv3", "LGPL-3.0-only"),
    ("lgpl v3", "LGPL-3.0-only"),
    ("lgplv3+", "LGPL-3.0-or-later"),
    ("gnu affero general public v3", "AGPL-3.0-only"),
    ("gnu affero general public v3 or later agplv3+", "AGPL-3.0-or-later"),
    ("agplv3", "AGPL-3.0-only"),
    ("agplv3+", "AGPL-3.0-or-later"),
    ("psf", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("psf 2.0", "PSF-2.0"),
    ("python software foundation", "PSF-2.0"),
    ("zpl 2.1", "ZPL-2.1"),
    ("zope public", "ZPL-2.1"),
    ("zlib", "Zlib"),
    ("zlib libpng", "Zlib"),
    ("boost software 1.0 bsl 1.0", "BSL-1.0"),
    ("eclipse public 1.0 epl 1.0", "EPL-1.0"),
    ("eclipse public 2.0 epl 2.0", "EPL-2.0"),
    ("historical permission notice and disclaimer hpnd", "HPND"),
    ("cc0 1.0 universal cc0 1.0 public domain dedication", "CC0-1.0"),
    ("cc0", "CC0-1.0"),
    ("wtfpl", "WTFPL"),
    ("do what the fuck you want to public wtfpl", "WTFPL"),
    ("artistic 2.0", "Artistic-2.0"),
    ("mit no attribution mit 0", "MIT-0"),
    ("blueoak 1.0.0", "BlueOak-1.0.0"),
    ("universal permissive upl", "UPL-1.0"),
];

/// Spellings that leave open which version of a license is meant.
const FAMILIES: &[(&str, &[&str])] = &[
    ("bsd", BSD),
    ("bsd style", BSD),
    ("bsd like", BSD),
    ("bsd derived", BSD),
    ("apache", APACHE),
    ("gpl", GPL),
    ("gnu gpl", GPL),
    ("gnu general public", GPL),
    ("gnu general public gpl", GPL),
    ("lgpl", LGPL),
    ("gnu lgpl", LGPL),
    ("gnu lesser general public", LGPL),
    ("gnu library or lesser general public lgpl", LGPL),
    ("agpl", AGPL),
    ("gnu agpl", AGPL),
    ("gnu affero general public", AGPL),
    ("mpl", MPL),
];

/// Where the texts of licenses lie, without scheme and `www.`: what follows is a license's name.
const ADDRESSES: &[&str] =
    &["opensource.org/licenses/", "opensource.org/license/", "spdx.org/licenses/", "apache.org/licenses/"];

/// Returns what a name of a license means: an expression of SPDX, or what people write for one.
pub(super) fn meaning(text: &str) -> Meaning {
    let named = named_by_address(text.trim());
    let text = named.as_deref().unwrap_or(text.trim());
    if let Ok(expression) = text.parse::<LicenseExpression>() {
        return Meaning::Expression(expression);
    }
    let plain = plain(text);
    if let Some((_, id)) = NAMES.iter().find(|(name, _)| *name == plain)
        && let Ok(expression) = id.parse()
    {
        return Meaning::Expression(expression);
    }
    if let Some((_, ids)) = FAMILIES.iter().find(|(name, _)| *name == plain) {
        return Meaning::OneOf(ids);
    }
    choice(text).map_or(Meaning::Unknown, Meaning::Expression)
}

/// Returns the name that an address of a license's text ends in: `MIT` of `https://opensource.org/licenses/MIT`.
fn named_by_address(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let file = ADDRESSES.iter().find_map(|address| rest.strip_prefix(address))?.trim_end_matches('/');
    let stem = [".html", ".php", ".txt", ".json"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let is_apache = rest.starts_with("apache.org/");
    Some(if is_apache { stem.replacen("LICENSE", "apache", 1) } else { stem.to_owned() })
}

/// Returns the expression of names with `/`, `|` or `or` between them, each of which means one license.
fn choice(text: &str) -> Option<LicenseExpression> {
    let spaced = text.replace(['/', '|', ','], " or ").replace(" OR ", " or ");
    let parts: Vec<&str> = spaced.split(" or ").map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() < 2 || parts.len() > 5 {
        return None;
    }
    let expressions = parts.into_iter().map(|part| {
        let part = part.trim_matches(['(', ')']);
        let plain = plain(part);
        let known = NAMES.iter().find(|(name, _)| *name == plain).and_then(|(_, id)| id.parse().ok());
        part.parse().ok().or(known)
    });
    LicenseExpression::any(expressions.collect::<Option<Vec<_>>>()?)
}

/// Returns a name in lower case without punctuation and words that say nothing.
fn plain(text: &str) -> String {
    const SAY_NOTHING: [&str; 8] = ["the", "license", "licence", "licensed", "version", "osi", "approved", "under"];
    let text = text.to_ascii_lowercase().replace("license", "license ").replace("licence", "licence ");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+'));
    let words = words.map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty());
    words.filter(|word| !SAY_NOTHING.contains(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, expect) in [
            ("MIT License", "MIT"),
            ("The MIT License (MIT)", "MIT"),
            ("MIT/X11", "MIT"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("Apache Software License 2.0", "Apache-2.0"),
            ("Apache 2.0", "Apache-2.0"),
            ("BSD 3-Clause License", "BSD-3-Clause"),
            ("New BSD License", "BSD-3-Clause"),
            ("3-Clause BSD License", "BSD-3-Clause"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("MIT or GPL v3", "MIT OR GPL-3.0-only"),
            ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
            ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
            ("ISC License (ISCL)", "ISC"),
            ("Python Software Foundation License", "PSF-2.0"),
            ("zlib/libpng License", "Zlib"),
            ("https://opensource.org/licenses/MIT", "MIT"),
            ("http://www.opensource.org/licenses/mit-license.php", "MIT"),
            ("https://opensource.org/license/bsd-3-clause/", "BSD-3-Clause"),
            ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
            ("https://spdx.org/licenses/ISC.html", "ISC"),
        ] {
            assert_eq!(meaning(text), Meaning::Expression(expect.parse().unwrap()), "{text}");
        }
        for (_, id) in NAMES {
            assert!(id.parse::<LicenseExpression>().is_ok(), "{id}");
        }
        assert_eq!(meaning("BSD"), Meaning::OneOf(BSD));
        assert_eq!(meaning("BSD License"), Meaning::OneOf(BSD));
        assert_eq!(meaning("GNU GPL"), Meaning::OneOf(GPL));
        assert_eq!(meaning("AGPL"), Meaning::OneOf(AGPL));
        for unknown in [
            "",
            "Dual License",
            "see LICENSE",
            "UNKNOWN",
            "proprietary",
            "MIT or so",
            "BSD/GPL",
            "https://example.com/MIT",
        ] {
            assert_eq!(meaning(unknown), Meaning::Unknown, "{unknown}");
        }
    }
}
