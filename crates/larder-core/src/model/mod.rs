//! Validated values that all other modules use: names, versions, ranges, markers, platforms, digests, the solved graph.
//!
//! A value is checked once, where it is parsed, and cannot be invalid afterwards. Nothing here does I/O.

mod advisory_severity;
mod age;
mod alert;
mod archive;
mod archive_source;
mod artifact;
mod asset;
mod attestation;
mod build_identity;
mod build_system;
mod builds;
mod catalogs;
mod check;
mod core_metadata;
mod cow_str;
mod creatio;
mod creatio_instance;
mod digest;
mod ecosystem;
mod entry_path;
mod facts;
mod feature;
mod file_url;
mod graph;
mod hex;
mod larder;
mod level;
mod license;
mod license_headers;
mod local_file;
mod log_key;
mod marker;
#[cfg(any(test, feature = "testing"))]
pub mod mutation;
mod name;
mod npm;
mod path;
mod pep508;
mod platform;
mod pypi;
mod range_error;
mod registry_key;
mod release_line;
mod requirement;
mod routes;
mod runtime;
mod settings;
mod side;
mod solutions;
mod source;
mod source_text;
mod status;
mod tool_folders;
mod url;
mod version;

pub use advisory_severity::{AdvisorySeverity, UnknownAdvisorySeverity};
pub use age::{AgeExemption, MinimumAge, NameGlob, TimeLimits, parse_span, span_text};
pub use alert::{AlertCategory, AlertLevel};
pub use archive::version::ToolVersion;
pub use archive_source::{ArchiveSource, MissingProgram, PROGRAM, program_name};
pub use artifact::{Artifact, ArtifactKind};
pub use asset::{AssetId, AssetKind, AssetQuery, AssetQueryError, AssetReference, FlowState, UnknownAssetKind};
pub use attestation::{Attestation, HistoryError, IndexHistory};
pub use build_identity::{BuildIdentity, LockedProvenance};
pub use build_system::BuildSystem;
pub use builds::{BuildApproval, BuildFile, BuildRequirements, BuildRules, Builds, DEEPEST_TOOL, LockedScripts};
pub use catalogs::Catalogs;
pub use check::{CheckName, Severity};
pub use core_metadata::CoreMetadata;
pub use cow_str::CowStr;
pub use creatio::facts::PackageDescriptor;
pub use creatio::order::{FILE as INSTALL_ORDER, install_order};
pub use creatio::range::CreatioRange;
pub use creatio::uid::{Uid, UidError};
pub use creatio::version::CreatioVersion;
pub use creatio_instance::{StatedVersions, TargetInstance};
pub use digest::{Algorithm, Digest, DigestError, TreeDigest};
pub use ecosystem::{Ecosystem, EcosystemError, PerEcosystem};
pub use entry_path::{EntryPath, PathError};
pub use facts::Facts;
pub use feature::FeatureName;
pub use file_url::{FileUrl, SourceError};
pub use graph::{
    Dependent, Dropped, Edge, EdgeKind, Graph, Instance, InstanceKey, LineKey, Package, PackageKey, RootEdge,
};
pub use hex::{decode_hex, encode_hex};
pub use larder::range::SemverRange;
pub use level::{Level, UnknownLevel};
pub use license::{LicenseError, LicenseExpression, LicenseTerm};
pub use license_headers::LicenseHeaders;
pub use local_file::LocalFile;
pub use log_key::{LogKey, LogKeyError};
pub use marker::{Marker, MarkerError, PythonVersion};
pub use name::{ExtraName, Label, LabelError, NameError, PackageId, PackageName};
pub use npm::name::{split_alias, split_at_version};
pub use npm::range::{NpmRange, parse_npm_version};
pub use pep508::Pep508Error;
pub use platform::{Arch, Libc, Os, Platform, PlatformError, TargetPlatform};
pub use pypi::range::PypiSpecifier;
pub use range_error::RangeError;
pub use registry_key::{RegistryKey, RegistryKeyError};
pub use release_line::ReleaseLine;
pub use requirement::{Requirement, WrittenRequirement, folder_text, parse_folder_text};
pub use routes::Routes;
pub use runtime::{
    ArtifactOwner, LockedRuntime, ManagedRuntime, ManagedRuntimes, RuntimeHost, RuntimeKey, RuntimeName, RuntimeSource,
    RuntimeVersion, Runtimes,
};
pub use settings::{
    Edition, Engines, Extension, FileOwner, NpmPeers, Override, PatchedPackage, Prereleases, Settings,
    TransitiveSources,
};
pub use side::{Side, Sides};
pub use source::{Commit, GitName, GitReference, GitSource, GitUrl, Origin, PinnedSource, Source, Subdirectory};
pub use status::PackageStatus;
pub use tool_folders::{BYTECODE_FOLDER, is_cache_folder, is_tool_folder};
pub use url::{Url, UrlError};
pub use version::{Version, VersionError};
