//! The only place that touches the file system.
//!
//! Functions take whole paths. [`Dir`] is an open folder, for work on many files below it without resolving its path for
//! each. Every error is an [`FsError`], which names the operation and the path.
#![allow(clippy::disallowed_methods, reason = "this is the one module that may call std::fs")]

mod dir;
mod disk_space;
mod error;
mod failed_read;
mod file;
mod folder;
mod link;
mod lock;
mod name;
mod no_follow;
mod ownership;
mod parallel;
mod partial_file;
mod pending_file;
mod private;
mod replace;
mod stat;
mod tree;
mod usage;
mod volume;

pub use std::fs::File;

pub use dir::Dir;
pub use disk_space::Demand;
pub use error::{Action, FsError};
pub use failed_read::FailedRead;
pub use file::{
    Durability, copy, create, find_below, open, open_end, open_sized, read, read_below, read_if_exists, read_start,
    read_text_below, read_to_string, read_up_to, remove_file, rename, set_executable, touch, write_new,
};
pub use folder::{DirEntry, canonicalize, create_dir, create_dir_all, exclusive_size, names, read_dir, walk};
pub use link::{Linked, hard_link_or_copy, read_link, symlink};
pub use lock::{FileLock, FolderLock};
pub use name::random_name;
pub use no_follow::{PathState, inspect_below, read_record};
pub use ownership::{give_tree, open_to_all, set_umask};
pub use parallel::{expect_open_files, map_parallel};
pub use partial_file::PartialFile;
pub use pending_file::PendingFile;
pub use private::{make_private, set_private};
pub use replace::{
    is_temporary, remove_abandoned, remove_abandoned_beside, remove_temporary, replace_symlink, write_atomic,
    write_parts_atomic, write_parts_new,
};
pub use stat::{Kind, Stamp, Stat, lstat, stat};
pub use tree::remove_tree;
pub use usage::{Usage, disk_use, free_space, usage};
pub use volume::{is_network, sync_volume};
