//! Requirements files that have the versions of what other files ask for, as pip-tools, constraints and releases have them: they are
//! lockfiles of those.

use super::{Imported, ImportedLine};

impl Imported {
    /// Notes that a requirements file has versions of what other files ask for, if one was met since the last call.
    pub fn note_pins(&mut self, file: &str) {
        if std::mem::take(&mut self.has_pins) && !self.pin_files.iter().any(|known| known == file) {
            self.pin_files.push(file.to_owned());
        }
    }

    /// Returns what a line of another file asks for besides a version of what is asked for already: its extras, if it has any.
    pub(super) fn without_pin(&mut self, line: ImportedLine) -> Option<ImportedLine> {
        if !self.has_looser(&line) {
            return Some(line);
        }
        self.has_pins = true;
        line.name.contains('[').then_some(ImportedLine { range: None, ..line })
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
