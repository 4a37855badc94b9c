//! The grammar of the commands that tell what a lock has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::Platform;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The form
    #[arg(value_name = "FORM")]
    pub(in crate::cli) form: ExportFormName,
    /// Write this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Only what this platform needs [default: what any declared platform needs]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) platform: Option<Platform>,
    /// With package-json: that of this member
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) member: Option<String>,
}

/// The form of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormName {
    /// pylock.toml (PEP 751), for pip and uv
    Pylock,
    /// Requirements with digests, for pip install --require-hashes
    Requirements,
    /// package-lock.json, for npm ci
    PackageLock,
    /// pnpm-lock.yaml, for pnpm install --frozen-lockfile
    PnpmLock,
    /// The package.json beside which npm and pnpm read their locks
    PackageJson,
}
