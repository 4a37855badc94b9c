//! Packages of the Creatio platform: their formats. Nothing here touches a disk or a network.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `records` | the archive of a package: files, one after the other, read as they arrive and written in one form |
//! | `descriptor` | `descriptor.json`: which package it is, and what it depends on |
//! | `application` | `Files/app-descriptor.json`: the application that a package belongs to |
//! | `workspace` | `.clio/workspaceSettings.json`: the packages of a workspace |
//! | `application_file` | the zip that has the archives of an application |
//! | `packing` | which files of a package's folder are in its archive |
//! | `json` | JSON in which no key is there twice |

mod application;
mod application_file;
mod descriptor;
mod json;
mod packing;
mod records;
mod workspace;

pub use application::{APP_DESCRIPTOR, Application};
pub use application_file::write_application;
pub use descriptor::{DESCRIPTOR, Descriptor, DescriptorError, PackageReference, is_descriptor};
pub use packing::is_packed;
pub use records::{ArchiveRecord, RecordFault, RecordReader, write};
pub use workspace::{CreatioWorkspace, WORKSPACE_SETTINGS};

/// The most files of an archive.
pub const MAX_FILES: usize = 100_000;
/// The most bytes of a file, unpacked: 512 MiB.
pub const MAX_FILE: u64 = 512 << 20;
/// The most bytes of all files of an archive, unpacked: 2 GiB.
pub const MAX_SIZE: u64 = 2 << 30;
