//! Creatio packages: NuGet v3 feeds, the marketplace, and folders of archives.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `protocol` | which of the three a registry is, and opening archives |
//! | `listing` | what a registry has of a package |
//! | `archived` | a package as its own archive describes it, and its form in the cache |
//! | `container` | the files that archives come in: as they are, in a zip, in a nupkg |
//! | `feed`, `nuspec` | NuGet v3: the service index, lists of versions, packages |
//! | `marketplace` | the current file of each application |
//! | `folder` | all archives of a folder |
//! | `error` | what a registry or a file can do wrong |

mod archived;
mod container;
mod error;
mod feed;
mod folder;
mod listing;
mod marketplace;
mod nuspec;
mod protocol;

pub(super) use protocol::CreatioProtocol;
