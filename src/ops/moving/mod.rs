//! Moving in: what a repository has from other tools, found and taken over.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `requirements` | the requirements files of a repository, and what each is for |
//! | `workspace` | which folders of a repository are members, by what its tools say of it |
//! | `membership` | folders that become members, or stay out, though no workspace says so; what builds compute of them |
//! | `published` | projects that others of the repository have from a registry |
//! | `folders`, `visit`, `flat` | paths of folders; visiting those of a repository; those whose tool puts all packages into one folder |
//! | `places` | where packages came from: what is none of the project's registries |
//! | `own_registries` | registries of a project beside, which claim what its lockfile has from them |
//! | `peers` | peers that other tools installed as if they were dependencies |
//! | `declared` | what its package.json files declare |
//! | `undeclared`, `implied` | packages that its own files use and do not declare, or that tools look for unasked |
//! | `locked` | the versions that other tools' lockfiles chose, and what became of them |
//! | `misfit` | why versions that all admit are not taken: only there as source, or with packages from outside of registries |
//! | `added` | dependencies that packages have in a lockfile and do not declare |
//! | `path_patterns` | configurations with patterns for the paths of packages |
//! | `own_packages` | lines for packages and archives of the project itself |
//! | `deciding` | which of several lockfiles beside one manifest holds |
//! | `gone` | lines that moving in made for versions that are gone |
//! | `pending` | the note of these lockfiles, until there is a lock |

pub(super) mod added;
mod deciding;
mod declared;
pub(super) mod flat;
mod folders;
pub(super) mod gone;
mod implied;
pub(super) mod locked;
pub(super) mod membership;
pub(super) mod misfit;
pub(super) mod own_packages;
pub(super) mod own_registries;
pub(super) mod path_patterns;
pub(super) mod peers;
pub(super) mod pending;
pub(super) mod places;
pub(super) mod published;
pub(super) mod requirements;
pub(super) mod undeclared;
mod visit;
pub(super) mod workspace;
