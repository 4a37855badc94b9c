//! The only place that touches the file system.
//!
//! Functions take whole paths; [`Dir`] is an open folder, for work on many files of one place, so that long paths are
//! not walked again for each. Every error is an [`FsError`], which says what was tried and where.
#![allow(clippy::disallowed_methods, reason = "this is the one module that may call std::fs")]

mod dir;
mod error;
mod file;
mod folder;
mod link;
mod lock;
mod name;
mod parallel;
mod parted;
mod private;
mod replace;
mod room;
mod stat;
mod tree;
mod volume;
mod way;

pub use std::fs::File;

pub use dir::Dir;
pub use error::{Action, FsError};
pub use file::{
    Durability, copy, create, open, open_sized, read, read_if_exists, read_start, read_to_string, read_up_to,
    remove_file, rename, set_executable, touch, write_new,
};
pub use folder::{Found, canonicalize, create_dir, create_dir_all, exclusive_size, names, read_dir, walk};
pub use link::{Linked, hard_link_or_copy, read_link, symlink};
pub use lock::{FileLock, FolderLock};
pub use name::random_name;
pub use parallel::{expect_open_files, map_parallel};
pub use parted::Parted;
pub use private::{make_private, set_private};
pub use replace::{
    is_temporary, remove_left, remove_left_beside, remove_temporary, replace_symlink, write_atomic, write_parts_atomic,
    write_parts_new,
};
pub use room::Demand;
pub use stat::{Kind, Stat, lstat, stat};
pub use tree::remove_tree;
pub use volume::{is_network, sync_volume};
pub use way::{Way, look_along, read_record};
