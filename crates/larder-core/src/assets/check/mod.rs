//! What is wrong with assets: with each by itself, with what it refers to, and with all of them together.

mod adapter;
mod flow;
mod mapping;

pub use mapping::MAPPING_SECRET;

use crate::diagnostic::{FindingLevel, SourceFinding};
use crate::model::AssetKind;
use crate::parallel::map_parallel;

use super::Strength;
use super::package::AssetIndex;
use super::record::AssetRecords;
use super::set::AssetSet;

/// The most findings that are told at once.
const MOST: usize = 1000;

impl AssetSet<'_> {
    /// Returns all that is wrong with the packages' own assets, in the order of files and lines. `environments` are those that the
    /// project declares; of a package that stands alone they are not known. The work is spread over `threads`.
    pub fn check(&self, environments: Option<&[&str]>, threads: usize) -> Vec<SourceFinding> {
        self.check_since(AssetRecords::default(), environments, threads).0
    }

    /// Checks like [`Self::check`], but reuses the records of an earlier check for all that did not change. Returns the new records too.
    pub fn check_since(
        &self,
        records: AssetRecords,
        environments: Option<&[&str]>,
        threads: usize,
    ) -> (Vec<SourceFinding>, AssetRecords) {
        let recalled = self.recall(records, environments, threads);
        let (known, changed): (Vec<AssetIndex>, Vec<AssetIndex>) =
            self.own().partition(|at| recalled.findings(*at).is_some());
        let checked = map_parallel(&changed, threads, |at| self.check_to_remember(*at, environments));
        let recalled_findings = known.iter().filter_map(|at| recalled.findings(*at)).flatten();
        let new_findings = checked.iter().flat_map(|one| &one.findings);
        let mut found: Vec<SourceFinding> = recalled_findings.chain(new_findings).cloned().collect();
        found.extend(self.check_graph());
        let records = self.record(recalled, changed.into_iter().zip(checked).collect());
        (ordered(found), records)
    }

    /// Returns what is wrong with one asset.
    pub fn check_asset(&self, at: AssetIndex, environments: Option<&[&str]>) -> Vec<SourceFinding> {
        let mut found = self.content(at).findings.clone();
        // What a file that is missing or cannot be read would have declared is unknown, and not wrong.
        let is_unread = |one: &SourceFinding| {
            ["schema.import", "schema.syntax", "schema.unsafe", "schema.limit"].contains(&&*one.code)
        };
        if found.iter().any(is_unread) {
            found.retain(|one| one.code != "schema.unresolved");
        }
        found.extend(self.dangling(at));
        match self.asset(at).id.kind {
            AssetKind::Schema => {}
            AssetKind::Mapping => found.extend(self.check_mapping(at)),
            AssetKind::Adapter => found.extend(self.check_adapter(at, environments)),
            AssetKind::Flow => found.extend(self.check_flow(at)),
        }
        found
    }

    /// Returns the references of an asset that mean nothing: a note where it works as well without, a warning where it works
    /// without, else an error.
    fn dangling(&self, at: AssetIndex) -> Vec<SourceFinding> {
        let Some(source) = &self.content(at).source else { return Vec::new() };
        let finding = |strength, position, message: &str| match strength {
            Strength::Weak => SourceFinding::note("asset.dangling", &source.file, position, message),
            Strength::Optional => SourceFinding::warning("asset.dangling", &source.file, position, message),
            Strength::Required => SourceFinding::error("asset.dangling", &source.file, position, message),
        };
        let broken = self.links(at).iter().filter_map(|link| Some((link, link.to.as_ref().err()?)));
        broken
            .map(|(link, error)| finding(link.strength, link.position, &error.message).with_help(&*error.help))
            .collect()
    }
}

/// Returns findings in the order of files and lines, each once.
pub(super) fn ordered(mut found: Vec<SourceFinding>) -> Vec<SourceFinding> {
    found.sort();
    found.dedup();
    if found.len() > MOST {
        found.sort_by_key(|one| one.level != FindingLevel::Error);
        found.truncate(MOST);
        found.sort();
    }
    found
}
