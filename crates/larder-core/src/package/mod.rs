//! Private packages: their formats. Nothing here touches a disk or a network.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `archive` | the archive of a version: which files, how they are packed, what is read |
//! | `body` | [`Body`]: everything that a publisher says of a version, as the text that is signed |
//! | `bundle_file` | what a bundle says of itself |
//! | `contents` | whether the files of a package are what its manifest says |
//! | `derive` | the body that an archive stands for |
//! | `event` | a line of an index file: what was published, yanked, deprecated |
//! | `index_file` | the index file of a package: its lines, and the versions that they add up to |
//! | `log` | the log of all events: a Merkle tree, checkpoints, heads of the names |
//! | `registry_file` | the description of a registry: where its parts lie |
//! | `build_output` | what a build made, as a registry keeps it for others |
//! | `submission` | what is to be added to a registry by somebody else |
//! | `key_password` | the password of a publisher's key |
//! | `signature` | publishers' keys and signatures: minisign |

mod archive;
mod body;
mod build_output;
mod bundle_file;
mod compatibility;
mod contents;
mod derive;
mod event;
mod index_file;
mod key_password;
pub mod log;
mod registry_file;
mod signature;
mod submission;

pub use archive::{
    ArchiveEntry, ArchiveFile, ArchiveReader, BLOCK, END, IgnoreRules, MANIFEST, MAX_FILES, MAX_SIZE, NotAsPacked,
    PackageFiles, Secret, find_secret, gzip, headers, is_plain_gzip, tree_digest, write,
};
pub use body::{Body, BodyAsset, BodyDependency, BodyError, BodyFeature};
pub use build_output::{OutputFault, SignedOutput, output_paths};
pub use bundle_file::{BUNDLE_FILE, BundleFile, BundleRuntime, BundledPackage, PROJECT, TREES};
pub use compatibility::{Surface, may_break};
pub use contents::check_contents;
pub use derive::{body_of_archive, body_of_manifest, open_archive, read_archive};
pub use event::{Deposit, EventFault, EventKind, MAX_EVENT, PackageEvent, StatusChange, YankRequest};
pub use index_file::{IndexFault, IndexFile, Notice, Published, index_path};
pub use registry_file::{REGISTRY_FILE, RegistryFile};
pub use signature::{PublisherKey, SignatureError, SigningKey, check_signature_form};
pub use submission::{Submission, SubmissionDocument};
