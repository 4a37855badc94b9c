//! Validated values that every other module speaks in: names, versions, ranges, markers, platforms, digests.
//!
//! Each type is checked once, where it is parsed; afterwards it cannot be wrong. No I/O happens here.

mod artifact;
mod check;
mod core_metadata;
mod digest;
mod ecosystem;
mod facts;
mod graph;
mod larder;
mod marker;
#[cfg(test)]
pub(crate) mod mutation;
mod name;
mod npm;
mod path;
mod pep508;
mod platform;
mod pypi;
mod range;
mod requirement;
mod routes;
mod settings;
mod side;
mod solutions;
mod text;
mod url;
mod version;

pub use artifact::{Artifact, ArtifactKind};
pub use check::{CheckName, Severity};
pub use core_metadata::CoreMetadata;
pub use digest::{Algorithm, Digest, DigestError, TreeDigest};
pub use ecosystem::{Ecosystem, PerEcosystem};
pub use facts::Facts;
pub use graph::{Dependent, Dropped, Edge, EdgeKind, Graph, Instance, InstanceKey, Package, PackageKey, RootEdge};
pub use larder::range::SemverRange;
pub use marker::{Marker, MarkerError, PythonVersion};
pub use name::{ExtraName, Label, LabelError, NameError, PackageId, PackageName};
pub use npm::range::{NpmRange, parse_npm_version};
pub use pep508::Pep508Error;
pub use platform::{Arch, Libc, Os, Platform, PlatformError, TargetPlatform};
pub use pypi::range::PypiSpecifier;
pub use range::RangeError;
pub use requirement::Requirement;
pub use routes::Routes;
pub use settings::{Edition, Engines, Extension, FileOwner, NpmPeers, Override, Prereleases, Settings};
pub use side::{Side, Sides};
pub use text::Text;
pub use url::{Url, UrlError};
pub use version::{Version, VersionError};
