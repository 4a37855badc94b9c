//! The generations that are never collected: `.profiles/<environment>/pins` has their numbers, a line each.

use std::collections::BTreeSet;

use crate::fs::{self, Durability};
use crate::model::Label;

use super::ProfileError;
use super::profiles::Profiles;
use super::project_lock::ProjectLock;

const PINS: &str = "pins";

impl Profiles {
    /// Returns the generations that are never collected.
    pub fn pins(&self, environment: &Label) -> Result<BTreeSet<u64>, ProfileError> {
        let file = self.profile(environment)?.join(PINS);
        let Some(bytes) = fs::read_record(&file)? else { return Ok(BTreeSet::new()) };
        let text = String::from_utf8_lossy(&bytes);
        let number = |line: &str| {
            let problem = || format!("`{line}` is no number of a generation");
            line.parse().map_err(|_| ProfileError::BadRecord { file: file.clone(), problem: problem() })
        };
        text.lines().map(number).collect()
    }

    /// Sets the generations that are never collected.
    pub fn set_pins(&self, _lock: &ProjectLock, environment: &Label, pins: &BTreeSet<u64>) -> Result<(), ProfileError> {
        let text = pins.iter().fold(String::new(), |text, number| format!("{text}{number}\n"));
        Ok(fs::write_atomic(&self.profile(environment)?.join(PINS), text.as_bytes(), Durability::Whole)?)
    }
}
