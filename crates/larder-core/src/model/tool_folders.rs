//! Folders of a project that tools own: nobody wrote what is in them, and it is made again where it is missing. Whoever looks through the
//! files of a project leaves them out; which of the caches too, each says for itself.

/// The folders of git, of larder and of the environments that larder makes: the generation is linked as `node_modules` and `.venv`.
const OWNED: [&str; 4] = [".git", ".larder", "node_modules", ".venv"];

/// The folder in which Python keeps the byte-code of the modules beside it.
pub const BYTECODE_FOLDER: &str = "__pycache__";

/// The folders in which Python's tools keep what they can compute again.
const CACHES: [&str; 2] = [BYTECODE_FOLDER, ".mypy_cache"];

/// Returns whether a folder of this name is a tool's: git's, larder's, an environment.
pub fn is_tool_folder(name: &str) -> bool {
    OWNED.contains(&name)
}

/// Returns whether a folder of this name is a cache of Python's tools.
pub fn is_cache_folder(name: &str) -> bool {
    CACHES.contains(&name)
}
