//! `larder.kdl`: parses KDL into a [`Manifest`], with all errors of a file at once; and edits manifests in place.

mod advisories;
mod age;
pub mod alerts;
mod assets;
mod builds;
mod catalogs;
mod check;
mod claims;
mod conflicts;
mod denied;
mod dependencies;
pub mod edit;
mod environments;
mod error;
mod finding;
mod folder;
mod hoisting;
mod hooks;
mod licenses;
mod log_trust;
mod model;
pub mod monitor;
mod node;
mod notation;
mod package;
mod parse;
mod patches;
mod policy;
mod provenance;
mod registries;
mod registry_key;
mod requirement;
mod resolution;
mod rule_spans;
mod runtime_registries;
mod runtimes;
mod scan;
mod source;
mod spanned;
mod succession;
mod syntax;
mod tasks;
mod tool;

pub use catalogs::names_own_package;
pub use check::join_members;
pub use claims::Claim;
pub use dependencies::seen_as;
pub use error::{ManifestError, ManifestErrors};
pub(crate) use finding::kdl_finding;
pub use folder::{FolderSpec, parse_folder};
pub use hoisting::{FallbackMode, Hoisting};
pub use log_trust::parse_signers;
pub use model::{
    AdvisoryForm, AdvisorySource, AssetDeclaration, BuildCache, Conflict, DependencyLine, DependencySpec, Environment,
    EnvironmentSpans, Executable, Feature, FilesMode, Group, Hook, HookTime, LockedMode, LogTrust, Manifest, Package,
    PatchLine, ProjectMetadata, Registry, RegistryForm, RegistryUrl, RuntimeAddress, RuntimeRegistry, Signer,
    SignerList, SignerListSource, TokenSource,
};
pub(crate) use node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue, UniqueNodes, did_you_mean, nodes, slice};
pub use notation::{
    ProvidedListError, add_provided, compatible_range, normal_name, parse_requirement, range_from, split_argument,
};
pub use parse::{ManifestKind, declared_package, parse};
pub use policy::{
    AdvisoryRules, AllowedSources, DeniedPackages, IgnoredAdvisory, LicenseRule, LicenseRules, PackageLicense, Policy,
    PolicyRule, ProvenanceRules, RequiredAge, RequiredHealth, RequiredProvenance, TrustedRootFile,
};
pub use registries::{built_in_name, has_built_in_registry};
pub use requirement::RequirementError;
pub use resolution::{OF_MEMBER, overridden_name, split_override};
pub use rule_spans::RuleSpans;
pub use spanned::{Spanned, Task};
pub(crate) use syntax::parse as parse_kdl;

#[cfg(test)]
mod mutated;
#[cfg(test)]
mod tests;
