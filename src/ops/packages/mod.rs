//! The private packages that a repository holds: found, and made ready to be published.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `discover` | every package of the repository, and which depends on which |
//! | `own` | the package whose folder larder was started in |
//! | `files` | the files of a package: chosen, read, refused |
//! | `of_project` | the packages that a project holds to what publishing asks |
//! | `walk` | the folders and files of a checkout that git does not ignore |
//! | `prepare` | a package made ready: its body and its archive |

mod discover;
mod files;
mod of_project;
mod own;
mod prepare;
mod walk;

pub(in crate::ops) use discover::{Discovered, Repository, Searched};
pub(in crate::ops) use files::{GITIGNORE, read_project};
pub(in crate::ops) use of_project::ProjectPackages;
pub(in crate::ops) use own::OwnPackage;
pub(in crate::ops) use prepare::{PublishablePackage, prepare};
pub(in crate::ops) use walk::{below, checkout_files, is_ignored, walk};
