//! The machine that larder runs on.

use std::path::Path;

use crate::fs;
use crate::model::Platform;

/// Returns the platform of this machine, where it is one that larder knows.
pub(in crate::ops) fn platform() -> Option<Platform> {
    let exists = |path| matches!(fs::stat(Path::new(path)), Ok(Some(_)));
    let musl = || !exists(GLIBC_LOADER) && exists(MUSL_LOADER);
    Some(match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") if musl() => Platform::LinuxX64Musl,
        ("linux", "x86_64") => Platform::LinuxX64,
        ("linux", "aarch64") if musl() => Platform::LinuxArm64Musl,
        ("linux", "aarch64") => Platform::LinuxArm64,
        ("macos", "x86_64") => Platform::MacosX64,
        ("macos", "aarch64") => Platform::MacosArm64,
        ("windows", "x86_64") => Platform::WindowsX64,
        _ => return None,
    })
}

// A static binary cannot ask its own C library; the loaders say which programs the system runs.
const GLIBC_LOADER: &str =
    if cfg!(target_arch = "aarch64") { "/lib/ld-linux-aarch64.so.1" } else { "/lib64/ld-linux-x86-64.so.2" };
const MUSL_LOADER: &str =
    if cfg!(target_arch = "aarch64") { "/lib/ld-musl-aarch64.so.1" } else { "/lib/ld-musl-x86_64.so.1" };
