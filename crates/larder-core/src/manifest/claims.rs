//! Claims: `packages "@acme/*"` of a registry. Claimed names come from no other registry.

use globset::{Glob, GlobBuilder};
use miette::SourceSpan;

use crate::model::{Ecosystem, NameGlob, PackageId};

use super::notation;

/// A glob of package names. It covers every spelling of a name: letters are compared without case, and in names of Python and
/// private packages a run of `-`, `_` and `.` is one `-` (PEP 503). A claim keeps names away from other registries, so covering a look-alike is
/// safe.
#[derive(Clone, Debug)]
pub struct Claim {
    glob: NameGlob,
    /// Its span in the manifest.
    pub span: SourceSpan,
}

/// Parses a glob of an ecosystem's names, which is compared with names in their normal form.
///
/// # Errors
/// The reason why the text is not a glob, in a few words.
pub(super) fn name_glob(ecosystem: Ecosystem, text: &str) -> Result<NameGlob, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    // Errors refer to the text as written, so it is parsed before it is normalised.
    Glob::new(text).map_err(|error| error.kind().to_string())?;
    let normal = notation::for_ecosystem(ecosystem).normal_glob(text);
    let glob = GlobBuilder::new(&normal).case_insensitive(true).build().map_err(|error| error.kind().to_string())?;
    Ok(NameGlob::new(ecosystem, text, glob.compile_matcher()))
}

impl Claim {
    /// Parses a glob of an ecosystem's names.
    ///
    /// # Errors
    /// The reason why the text is not a glob, in a few words.
    pub fn parse(ecosystem: Ecosystem, text: &str, span: SourceSpan) -> Result<Self, String> {
        Ok(Self { glob: name_glob(ecosystem, text)?, span })
    }

    /// Returns the glob as it was written.
    pub fn as_str(&self) -> &str {
        self.glob.as_str()
    }

    /// Returns whether the claim is a name, and no pattern.
    pub fn is_name(&self) -> bool {
        !self.as_str().contains(['*', '?', '[', '{', '\\'])
    }

    /// Returns whether the claim covers a package.
    pub fn covers(&self, package: &PackageId) -> bool {
        self.glob.covers(package)
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        self.glob == other.glob
    }
}

impl Eq for Claim {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PackageName;

    #[track_caller]
    fn check(ecosystem: Ecosystem, glob: &str, covered: &[&str], others: &[&str]) {
        let claim = Claim::parse(ecosystem, glob, (0, 0).into()).unwrap();
        let covers =
            |name: &&str| claim.covers(&PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap()));
        assert!(covered.iter().all(covers), "{glob} covers {covered:?}");
        assert!(!others.iter().any(covers), "{glob} covers none of {others:?}");
        assert_eq!(claim.as_str(), glob);
    }

    #[test]
    fn python_claims_are_compared_as_names_are_normalised() {
        let spellings = ["acme-tool", "Acme_Tool", "acme.tool", "acme__.tool"];
        let globs = [
            "acme_*",
            "Acme-*",
            "acme.*",
            "ACME--*",
            "acme_.*",
            "acme\\.*",
            "acme[_.]*",
            "acme[._-]*",
            "[A-Z]cme[!xt]*",
            "acme?tool",
            "{Acme_,other.}*",
            "Acme.Tool",
            "acme-tool",
        ];
        for glob in globs {
            check(Ecosystem::Pypi, glob, &spellings, &["acmetool", "x-acme-tool"]);
        }
        check(Ecosystem::Pypi, "acme_*", &["acme-x"], &["acme"]);
    }

    #[test]
    fn npm_claims_cover_look_alikes_in_other_letters() {
        check(Ecosystem::Npm, "@Acme/*", &["@acme/money", "@Acme/money"], &["@acme-x/money", "acme"]);
        check(Ecosystem::Npm, "JSON*", &["JSONStream", "jsonstream"], &["xjson"]);
        check(Ecosystem::Npm, "acme_*", &["acme_x"], &["acme-x"]);
        check(Ecosystem::Larder, "Orders-*", &["orders-schema", "orders_schema", "orders.schema"], &["order"]);
    }

    #[test]
    fn a_claim_is_of_one_ecosystem() {
        let claim = Claim::parse(Ecosystem::Npm, "*", (0, 0).into()).unwrap();
        assert!(!claim.covers(&PackageId::new(Ecosystem::Pypi, PackageName::pypi("a").unwrap())));
    }

    #[test]
    fn what_is_no_glob_is_told_of_as_it_was_written() {
        for glob in ["", "a[", "a{b", "a[_", "[z-a]", "a\\"] {
            assert!(Claim::parse(Ecosystem::Pypi, glob, (0, 0).into()).is_err(), "{glob}");
        }
    }
}
