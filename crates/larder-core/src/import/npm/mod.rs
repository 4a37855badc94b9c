//! What npm, pnpm, Yarn, Bun and Lerna declare.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `package_json` | package.json |
//! | `fields` | its fields that name packages |
//! | `overrides` | npm's `overrides`, Yarn's `resolutions`, pnpm's `overrides` |
//! | `pnpm_overrides`, `pnpm_checksum` | what pnpm's lockfile repeats of its settings: overrides, the checksum of extensions |
//! | `pnpm_files` | the files in which pnpm finds its settings |
//! | `npmrc`, `yarnrc`, `bunfig` | .npmrc, .yarnrc.yml, bunfig.toml: registries |
//! | `patches`, `extensions` | patched packages; `packageExtensions` |
//! | `peers` | peers of the project's own packages |
//! | `hoisting` | pnpm's settings about packages that are found by those that do not declare them |
//! | `stylelint` | which packages a configuration of stylelint names |
//! | `version_file` | .nvmrc, .node-version |
//! | `workspaces` | pnpm-workspace.yaml, lerna.json: members, and what else is set there |

mod bunfig;
mod extensions;
mod fields;
mod hoisting;
mod npmrc;
pub(super) mod overrides;
mod package_json;
mod patches;
mod peers;
mod pnpm_checksum;
mod pnpm_files;
mod pnpm_overrides;
mod pnpm_patches;
mod stylelint;
mod tool;
mod version_file;
mod workspaces;
mod yarnrc;
mod yarnrc_classic;

use crate::model::Ecosystem;

pub use bunfig::bunfig;
pub use hoisting::hoisted_by_default;
pub use npmrc::{npmrc, npmrc_settings};
pub use package_json::{has_exports, package_json, package_ranges};
pub use peers::{DeclaredPeer, UsedBy, package_peers};
pub use pnpm_checksum::pnpm_extensions_checksum;
pub use pnpm_files::PnpmFiles;
pub use pnpm_overrides::{OverriddenManifest, PnpmOverrides};
pub use pnpm_patches::pnpm_patches;
pub use stylelint::{json_or_yaml, stylelint_packages};
pub use tool::package_manager;
pub use version_file::{NodeVersionFile, node_version_file};
pub use workspaces::{lerna, pnpm_workspace};
pub use yarnrc::yarnrc;
pub use yarnrc_classic::yarnrc_classic;

/// The ecosystem of all that is declared here.
pub(super) const ECOSYSTEM: Ecosystem = Ecosystem::Npm;
