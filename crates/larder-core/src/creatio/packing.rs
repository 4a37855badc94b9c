//! Which files of a package's folder are in its archive, as the platform's own tool has it.

use super::descriptor::is_descriptor;

/// The folders of a package that are packed.
const FOLDERS: [&str; 7] = ["Assemblies", "Bin", "Data", "Files", "Resources", "Schemas", "SqlScripts"];

/// Returns whether a file is packed, by its path in the package: the descriptor, and what is in the folders that the platform knows.
pub fn is_packed(path: &str) -> bool {
    match path.split_once('/') {
        None => is_descriptor(path),
        Some((folder, _)) => FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_and_the_known_folders_are_packed() {
        assert!(["descriptor.json", "Files/a", "schemas/X/descriptor.json"].into_iter().all(is_packed));
        assert!(!["README.md", "Tests/a", "files.txt", ".clio/clioignore", "Files"].into_iter().any(is_packed));
    }
}
