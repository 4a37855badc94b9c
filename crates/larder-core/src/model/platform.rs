//! The platforms that a lock covers, with their names in npm and Python.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// An operating system, processor and C library that packages are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Platform {
    /// Linux on x86-64 with glibc.
    #[serde(rename = "linux-x64")]
    LinuxX64,
    /// Linux on AArch64 with glibc.
    #[serde(rename = "linux-arm64")]
    LinuxArm64,
    /// Linux on x86-64 with musl.
    #[serde(rename = "linux-x64-musl")]
    LinuxX64Musl,
    /// Linux on AArch64 with musl.
    #[serde(rename = "linux-arm64-musl")]
    LinuxArm64Musl,
    /// macOS on Intel.
    #[serde(rename = "macos-x64")]
    MacosX64,
    /// macOS on Apple silicon.
    #[serde(rename = "macos-arm64")]
    MacosArm64,
    /// Windows on x86-64.
    #[serde(rename = "windows-x64")]
    WindowsX64,
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// x86-64.
    X64,
    /// AArch64.
    Arm64,
}

/// A C library of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    /// The GNU C library.
    Glibc,
    /// musl.
    Musl,
}

impl Platform {
    /// Every platform, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::LinuxX64,
        Self::LinuxArm64,
        Self::LinuxX64Musl,
        Self::LinuxArm64Musl,
        Self::MacosX64,
        Self::MacosArm64,
        Self::WindowsX64,
    ];

    /// Returns the name that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LinuxX64 => "linux-x64",
            Self::LinuxArm64 => "linux-arm64",
            Self::LinuxX64Musl => "linux-x64-musl",
            Self::LinuxArm64Musl => "linux-arm64-musl",
            Self::MacosX64 => "macos-x64",
            Self::MacosArm64 => "macos-arm64",
            Self::WindowsX64 => "windows-x64",
        }
    }

    /// Returns the operating system.
    pub fn os(self) -> Os {
        match self {
            Self::LinuxX64 | Self::LinuxArm64 | Self::LinuxX64Musl | Self::LinuxArm64Musl => Os::Linux,
            Self::MacosX64 | Self::MacosArm64 => Os::Macos,
            Self::WindowsX64 => Os::Windows,
        }
    }

    /// Returns the processor.
    pub fn arch(self) -> Arch {
        match self {
            Self::LinuxX64 | Self::LinuxX64Musl | Self::MacosX64 | Self::WindowsX64 => Arch::X64,
            Self::LinuxArm64 | Self::LinuxArm64Musl | Self::MacosArm64 => Arch::Arm64,
        }
    }

    /// Returns the C library. `None` except on Linux.
    pub fn libc(self) -> Option<Libc> {
        match self {
            Self::LinuxX64 | Self::LinuxArm64 => Some(Libc::Glibc),
            Self::LinuxX64Musl | Self::LinuxArm64Musl => Some(Libc::Musl),
            Self::MacosX64 | Self::MacosArm64 | Self::WindowsX64 => None,
        }
    }

    /// Returns Node's `process.platform`.
    pub fn npm_os(self) -> &'static str {
        match self.os() {
            Os::Linux => "linux",
            Os::Macos => "darwin",
            Os::Windows => "win32",
        }
    }

    /// Returns Node's `process.arch`.
    pub fn npm_cpu(self) -> &'static str {
        match self.arch() {
            Arch::X64 => "x64",
            Arch::Arm64 => "arm64",
        }
    }

    /// Returns the name in a package.json's `libc` list.
    pub fn npm_libc(self) -> Option<&'static str> {
        self.libc().map(|libc| match libc {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        })
    }

    /// Returns Python's `platform.machine()`.
    pub fn machine(self) -> &'static str {
        match (self.os(), self.arch()) {
            (Os::Windows, _) => "AMD64",
            (Os::Linux, Arch::Arm64) => "aarch64",
            (_, Arch::X64) => "x86_64",
            (Os::Macos, Arch::Arm64) => "arm64",
        }
    }

    /// Returns whether a package.json with these `os`, `cpu` and `libc` lists may be installed here. An empty list
    /// allows everything; `!name` excludes (the npm docs on package.json).
    pub fn allows(self, os: &[String], cpu: &[String], libc: &[String]) -> bool {
        listed(os, Some(self.npm_os())) && listed(cpu, Some(self.npm_cpu())) && listed(libc, self.npm_libc())
    }
}

fn listed(list: &[String], value: Option<&str>) -> bool {
    if list.is_empty() || list.iter().any(|item| item == "any") {
        return true;
    }
    let Some(value) = value else { return false };
    if list.iter().any(|item| item.strip_prefix('!') == Some(value)) {
        return false;
    }
    list.iter().any(|item| item == value) || list.iter().all(|item| item.starts_with('!'))
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is not the name of a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform")]
pub struct PlatformError(pub String);

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| PlatformError(text.to_owned()))
    }
}

/// A declared platform with the oldest system that is supported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetPlatform {
    /// The platform.
    pub platform: Platform,
    /// The oldest glibc, musl or macOS, as (major, minor). Unused on Windows.
    pub baseline: (u32, u32),
}

impl TargetPlatform {
    /// Returns the platform with the default baseline: glibc 2.28, musl 1.2, macOS 12.0.
    pub fn new(platform: Platform) -> Self {
        let baseline = match (platform.os(), platform.libc()) {
            (_, Some(Libc::Glibc)) => (2, 28),
            (_, Some(Libc::Musl)) => (1, 2),
            (Os::Macos, _) => (12, 0),
            _ => (0, 0),
        };
        Self { platform, baseline }
    }
}

impl TargetPlatform {
    /// Returns whether the baseline is the default one.
    pub fn is_default(&self) -> bool {
        *self == Self::new(self.platform)
    }

    /// Returns the oldest system as people call it: `macOS 14`, `glibc 2.34`.
    pub fn system(&self) -> String {
        let name = match (self.platform.os(), self.platform.libc()) {
            (_, Some(Libc::Glibc)) => "glibc",
            (_, Some(Libc::Musl)) => "musl",
            (Os::Macos, _) => "macOS",
            _ => "Windows",
        };
        format!("{name} {}", self.baseline_text())
    }

    /// Returns the line of a manifest that declares it: `platform "macos-arm64" macos="14"`.
    pub fn declaration(&self) -> String {
        let property = match (self.platform.os(), self.platform.libc()) {
            (_, Some(Libc::Glibc)) => "glibc",
            (_, Some(Libc::Musl)) => "musl",
            (Os::Macos, _) => "macos",
            _ => return format!("platform \"{}\"", self.platform),
        };
        format!("platform \"{}\" {property}=\"{}\"", self.platform, self.baseline_text())
    }

    fn baseline_text(&self) -> String {
        match self.baseline {
            (major, 0) => major.to_string(),
            (major, minor) => format!("{major}.{minor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_lists_allow_and_exclude() {
        let list = |items: &[&str]| items.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        let linux = Platform::LinuxX64;
        assert!(linux.allows(&[], &[], &[]));
        assert!(linux.allows(&list(&["linux", "darwin"]), &list(&["x64"]), &list(&["glibc"])));
        assert!(!linux.allows(&list(&["!linux"]), &[], &[]));
        assert!(linux.allows(&list(&["!win32"]), &[], &[]));
        assert!(!Platform::MacosArm64.allows(&[], &[], &list(&["glibc"])));
    }
}
