//! Requirements files that have the versions of what other files ask for, as pip-tools, constraints and releases have them: they are
//! lockfiles of those.

use super::{Imported, ImportedLine};

impl Imported {
    /// Adds the contents of a requirements file, `file` relative to the root. Versions of what is asked for already make it a lockfile of
    /// what asks for that.
    pub fn merge_requirements(&mut self, mut other: Self, file: &str) {
        let mut has_pins = false;
        for line in std::mem::take(&mut other.lines) {
            if !self.has_looser(&line) {
                other.lines.push(line);
                continue;
            }
            has_pins = true;
            // Its extras, if it has any, are asked for besides.
            other.lines.extend(line.name.contains('[').then_some(ImportedLine { range: None, ..line }));
        }
        if has_pins && !self.pin_files.iter().any(|known| known == file) {
            self.pin_files.push(file.to_owned());
        }
        self.merge(other);
    }

    /// Returns whether a line pins what is asked for already, by the project's own package or by a line that pins nothing.
    fn has_looser(&self, line: &ImportedLine) -> bool {
        let is_looser = |index: &usize| {
            let known = &self.lines[*index];
            !known.is_pin() && known.source.is_none() && !known.marker().is_disjoint(&line.marker())
        };
        let is_provided = || line.group.is_none() && self.provided.contains(&line.key().2);
        line.is_pin() && (is_provided() || self.indices.get(&line.key()).into_iter().flatten().any(is_looser))
    }
}
