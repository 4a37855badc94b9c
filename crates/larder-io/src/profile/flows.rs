//! The deployed flows of the current generation, and their files.

use std::io::Read;
use std::path::Path;

use crate::fs::{self, Action, Dir, FsError, Kind};
use crate::model::{EntryPath, Label};

use super::ProfileError;
use super::deployed_flow::{self, DeployedFlows, FLOWS, FLOWS_FOLDER};
use super::generation::{Contents, Generation};
use super::profiles::Profiles;

/// No file of a flow has more bytes.
const MAX_FILE: u64 = 64 << 20;

impl Profiles {
    /// Returns the flows of an environment's current generation. Where its record is damaged, `flows.json` tells: the trees that it
    /// names are found by their content.
    pub fn flows(&self, environment: &Label) -> Result<DeployedFlows, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(DeployedFlows::new()) };
        let folder = self.generation_folder(environment, number)?;
        let flows = match Generation::read(&folder) {
            Ok(generation) => generation.flows,
            Err(_) => fs::read_record(&folder.join(FLOWS))
                .ok()
                .flatten()
                .and_then(|text| deployed_flow::parse(&text))
                .unwrap_or_default(),
        };
        Ok(if deployed_flow::stray(&flows).is_some() { DeployedFlows::new() } else { flows })
    }

    /// Returns the paths of the files that a flow of the current generation has, as the generation's record lists them.
    pub fn flow_paths(&self, environment: &Label, flow: &str) -> Result<Vec<EntryPath>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(Vec::new()) };
        let contents = Contents::read(&self.generation_folder(environment, number)?)?;
        let folder = format!("{FLOWS_FOLDER}/{flow}/");
        let paths = contents.generated.keys().filter_map(|path| EntryPath::parse(path.strip_prefix(&*folder)?).ok());
        Ok(paths.collect())
    }

    /// Reads a file that a flow of the current generation has: a path in the flow's folder.
    pub fn flow_file(
        &self,
        environment: &Label,
        flow: &str,
        path: &EntryPath,
    ) -> Result<Option<Vec<u8>>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(None) };
        let folder = self.generation_folder(environment, number)?;
        let inside = Path::new(FLOWS_FOLDER).join(flow).join(path.folder().unwrap_or_default());
        let Some(dir) = Dir::open_below(&folder, &inside)? else { return Ok(None) };
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        if dir.stat(name)?.is_none_or(|stat| stat.kind != Kind::File) {
            return Ok(None);
        }
        let mut content = Vec::new();
        let mut file = dir.open_file(name)?.take(MAX_FILE);
        file.read_to_end(&mut content).map_err(|error| FsError::new(Action::Read, dir.path().join(name), error))?;
        Ok(Some(content))
    }
}
