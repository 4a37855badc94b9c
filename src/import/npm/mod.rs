//! What npm, pnpm, Yarn, Bun and Lerna declare.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `package_json` | package.json |
//! | `overrides` | npm's `overrides`, Yarn's `resolutions`, pnpm's `overrides` |
//! | `npmrc` | .npmrc: registries |
//! | `hoisting` | pnpm's settings about packages that are found by those that do not declare them |
//! | `workspaces` | pnpm-workspace.yaml, lerna.json: members, and what else is set there |

mod hoisting;
mod npmrc;
mod overrides;
mod package_json;
mod workspaces;

use crate::model::Ecosystem;

pub use npmrc::npmrc;
pub use package_json::{package_json, package_ranges};
pub use workspaces::{lerna, pnpm_workspace};

/// The ecosystem of all that is declared here.
const ECOSYSTEM: Ecosystem = Ecosystem::Npm;
