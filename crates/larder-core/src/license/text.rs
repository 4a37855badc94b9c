//! Licenses by their texts, compared with those that SPDX lists.

use spdx::detection::scan::Scanner;
use spdx::detection::{Store, TextData};

use crate::model::LicenseExpression;

/// The texts that SPDX lists. They are unpacked when they are needed for the first time.
#[derive(Default)]
pub struct LicenseTexts(std::sync::OnceLock<Option<Store>>);

/// How alike a text has to be, from 0 to 1.
const CONFIDENCE: f32 = 0.9;
/// The most bytes of a text that are looked at.
const LONGEST: usize = 400_000;
/// The most licenses that are looked for in one text.
const MOST: u16 = 8;

impl LicenseTexts {
    /// Returns the licenses whose texts a file has; several hold together. `None` if it has none that SPDX lists.
    pub fn recognise(&self, text: &str) -> Option<LicenseExpression> {
        let store = self.0.get_or_init(|| Store::load_inline().ok()).as_ref()?;
        let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
        let data = TextData::new(&text[..end]);
        let whole = store.analyze(&data);
        if whole.score >= CONFIDENCE {
            return whole.name.parse().ok();
        }
        let scanner = Scanner::new(store).confidence_threshold(CONFIDENCE).optimize(true).max_passes(MOST);
        let found = scanner.scan(&data);
        let contained = found.containing.iter().map(|one| one.license.name).chain(found.license.map(|one| one.name));
        let mut names: Vec<&str> = contained.collect();
        names.sort_unstable();
        names.dedup();
        LicenseExpression::all(names.into_iter().filter_map(|name| name.parse().ok()))
    }
}

impl std::fmt::Debug for LicenseTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LicenseTexts")
    }
}

/// Returns whether a file at the top of a package is one with license texts, by its name.
pub fn is_license_file(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_code = [".JS", ".TS", ".PY", ".JSON", ".MAP", ".HTML"].iter().any(|end| upper.ends_with(end));
    let starts = ["LICENSE", "LICENCE", "UNLICENSE", "COPYING", "MIT-LICENSE", "APACHE-LICENSE"];
    !is_code && (starts.iter().any(|start| upper.starts_with(start)) || upper == "COPYRIGHT")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "The MIT License (MIT)\n\nCopyright (c) 2014 Some Body <some@body.example>\n\nPermission is hereby granted, \
        free of charge, to any person obtaining a copy\nof this software and associated documentation files (the \"Software\"), to \
        deal\nin the Software without restriction, including without limitation the rights\nto use, copy, modify, merge, publish, \
        distribute, sublicense, and/or sell\ncopies of the Software, and to permit persons to whom the Software is\nfurnished to do \
        so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in\nall \
        copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS \
        OR\nIMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\nFITNESS FOR A PARTICULAR PURPOSE AND \
        NONINFRINGEMENT. IN NO EVENT SHALL THE\nAUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\nLIABILITY, \
        WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\nOUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR \
        OTHER DEALINGS IN\nTHE SOFTWARE.\n";

    const ISC: &str = "Copyright (c) Isaac Z. Schlueter and Contributors\n\nPermission to use, copy, modify, and/or distribute this \
        software for any\npurpose with or without fee is hereby granted, provided that the above\ncopyright notice and this permission \
        notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES\nWITH REGARD TO THIS \
        SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF\nMERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR\nANY \
        SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES\nWHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, \
        WHETHER IN AN\nACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR\nIN CONNECTION WITH THE USE OR \
        PERFORMANCE OF THIS SOFTWARE.\n";

    #[test]
    fn texts_are_recognised() {
        let texts = LicenseTexts::default();
        let name = |text: &str| texts.recognise(text).map(|expression| expression.to_string());
        assert_eq!(name(MIT).as_deref(), Some("MIT"));
        assert_eq!(name(ISC).as_deref(), Some("ISC"));
        assert_eq!(
            name(&MIT.replace("Permission is", "You may do what you like, as it").replace("AS IS", "")[..200]),
            None
        );
        assert_eq!(name("All rights reserved. Nobody may use this."), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn license_files_are_known_by_their_names() {
        for name in ["LICENSE", "license.md", "LICENCE.txt", "COPYING", "COPYING.LESSER", "LICENSE-MIT", "UNLICENSE"] {
            assert!(is_license_file(name), "{name}");
        }
        for name in ["license.js", "README.md", "licenses.json", "package.json", "copyright.py"] {
            assert!(!is_license_file(name), "{name}");
        }
    }
}
