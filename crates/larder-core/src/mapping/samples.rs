//! Mappings on their samples.

use super::difference;
use super::model::{Document, Mapping, Sample};
use crate::diagnostic::SourceFinding;
use crate::document::SourceFile;
use crate::schema::{EntryError, Schema};

/// The schema of one side, with the entry that documents start at.
#[derive(Clone, Copy, Debug)]
pub struct SchemaSide<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What stands behind `#`.
    pub entry: Option<&'a str>,
}

impl Mapping {
    /// Runs all samples: each is valid, what is made of it is valid, and it is what is expected. `read` gives the text of a
    /// file of the package. The mapping has no errors against the shapes of the two sides.
    pub fn check_samples(
        &self,
        source: SchemaSide<'_>,
        target: SchemaSide<'_>,
        read: &dyn Fn(&str) -> Option<SourceFile>,
    ) -> Vec<SourceFinding> {
        let mut findings: Vec<SourceFinding> =
            self.samples.iter().flat_map(|sample| self.check_sample(sample, source, target, read)).collect();
        findings.sort();
        findings.dedup();
        findings
    }

    fn check_sample(
        &self,
        sample: &Sample,
        source: SchemaSide<'_>,
        target: SchemaSide<'_>,
        read: &dyn Fn(&str) -> Option<SourceFile>,
    ) -> Vec<SourceFinding> {
        let of_entry = |error: &EntryError| self.error("mapping.path", self.position, error.to_string());
        let (from, to) = match (source.schema.shape(source.entry), target.schema.shape(target.entry)) {
            (Ok(from), Ok(to)) => (from, to),
            (from, to) => return [from.err(), to.err()].iter().flatten().map(of_entry).collect(),
        };
        let file = |name: &str| {
            read(name).ok_or_else(|| {
                self.error("mapping.sample", sample.position, format!("the package has no file `{name}`"))
            })
        };
        let (given, expected) = match (file(&sample.sample), file(&sample.expect)) {
            (Ok(given), Ok(expected)) => (given, expected),
            (given, expected) => return [given.err(), expected.err()].into_iter().flatten().collect(),
        };
        let mut findings = source.schema.validate(source.entry, &given);
        findings.extend(target.schema.validate(target.entry, &expected));
        if !findings.is_empty() {
            return findings;
        }
        let (input, wanted) = match (Document::parse(&given, from.format()), Document::parse(&expected, to.format())) {
            (Ok(input), Ok(wanted)) => (input, wanted),
            (input, wanted) => return [input.err(), wanted.err()].into_iter().flatten().collect(),
        };
        let made = match self.run(&from, &to, &input) {
            Ok(made) => made,
            Err(findings) => return findings,
        };
        let differences = difference::compare(&wanted, &made, &to.graph, to.root.type_id);
        if !differences.is_empty() {
            let findings = differences.into_iter().map(|difference| {
                let position = expected.position(difference.offset);
                let finding = SourceFinding::error("mapping.difference", &expected.file, position, difference.message);
                finding.with_path(difference.path)
            });
            return findings.collect();
        }
        // What is expected is valid. What is made has the same values, and may still be of another form.
        let text = SourceFile::new(format!("{} (as mapped)", sample.expect), made.to_text());
        target.schema.validate(target.entry, &text)
    }
}
