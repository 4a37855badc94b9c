//! The registries: npm, PyPI and local folders; their metadata, the cache, and the [`Index`](crate::resolve::Index) over them.
//!
//! Nothing here reads the environment: tokens, mirrors and folders are passed in [`RegistryOptions`].
//!
//! | file | what it owns |
//! | --- | --- |
//! | `registries`, `options` | all registries of a project: the index and the source of artifacts |
//! | `routing` | which registries may serve a package |
//! | `prefetch`, `once` | jobs that run ahead of the solver; values that are computed once |
//! | `credentials` | the credentials that other tools keep for registries |
//! | `mirror_folder` | a folder that has what locks need, for machines without a network |
//! | `ecosystems` | the table of the ecosystems' protocols |
//! | `npm`, `pypi`, `larder`, `path`, `creatio` | an ecosystem's protocol and its listings |
//! | `runtimes` | where the runtimes come from that larder brings; which version is taken |
//! | `open_artifact`, `platform_metadata` | where an artifact is looked for; artifacts with different dependencies |
//! | `protocol` | the contract of an ecosystem: `Protocol` and `PackageListing` |
//! | `source`, `source_reader` | packages outside of registries; the contract by which an ecosystem reads them |
//! | `release` | packages of a project that are sent to their registries |
//! | `advisories` | advisories about packages: where they come from, and the databases of them in the cache |
//! | `tarball` | single files of archives |
//! | `client`, `cache`, `listing_record`, `provenance` | listings: fetching, caching, their compact form, their age |
//! | `parsing` | what registries answer, read without asking them: for `fuzz` and `benches` |

mod advisories;
mod bytes;
mod cache;
mod client;
mod creatio;
pub mod credentials;
mod ecosystems;
mod error;
mod larder;
mod listing_record;
mod locked;
mod mirror_folder;
mod npm;
mod once;
mod open_artifact;
mod options;
pub mod parsing;
pub mod path;
mod platform_metadata;
mod prefetch;
mod protocol;
mod provenance;
mod pypi;
mod registries;
mod release;
mod routing;
mod runtimes;
mod source;
mod source_reader;
mod stale;
mod tarball;

pub use advisories::{AdvisoryDatabases, AdvisoryError, AdvisoryQuestion, DatabaseStatus, VulnerabilitiesHere};
pub use cache::CachePolicy;
pub use ecosystems::{packed_files, preparation_needs};
pub use error::RegistryError;
pub use larder::folder::{Change, FolderError, FolderRegistry, LockedFolder};
pub use larder::{WitnessedLog, export_witnesses, forget_history, import_witnesses};
pub use locked::LockedIndex;
pub use mirror_folder::{MirrorFolder, MirrorFolderError};
pub use options::RegistryOptions;
pub use registries::{
    Account, AttestedFile, CopyProgress, MirrorFailure, Mirrored, PublishedVersion, Registries, StatedSignatures,
};
pub use release::{PackedRelease, ReleaseFolder, ReleaseUpload, UploadRefused, Uploaded};
pub use routing::Routing;
pub use runtimes::{ChosenRuntimes, NoRuntime, RuntimeOffer, choose as choose_runtimes};
pub use source::{FetchedSource, SourceClient, SourceFailure, SourceRelease};
pub use source_reader::{PreparationNeed, SourceContent, SourceFiles};
pub use stale::{StaleAnswers, find_stale};

#[cfg(test)]
mod tests;
