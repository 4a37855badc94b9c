//! The store: unpacked artifacts, addressed by content, shared by all of a user's projects.
//!
//! ```text
//! store/v1/
//! ├── trees/<first two digits>/<tree digest>/     one folder per artifact, files 0444
//! ├── trees/<first two digits>/<tree digest>.index   its entries: path, mode, size, mtime, digest
//! ├── artifacts/<algorithm>/<hex>                  artifact digest → tree digest
//! └── staging/                                     where trees are unpacked before they are renamed into place
//! ```

mod tree;

pub use tree::{Tree, TreeEntry};
