//! The wheels that an interpreter can install, and their order of preference (PEP 425, 600, 656): that of `sys_tags` in the
//! `packaging` library.

use super::file_name::WheelName;
use crate::model::{Arch, Libc, Os, Platform, PythonVersion, TargetPlatform};

/// A CPython on a platform, for which wheels are chosen.
#[derive(Clone, Debug)]
pub(super) struct WheelTarget {
    target: TargetPlatform,
    python: PythonVersion,
}

/// The preference for a wheel. The smallest rank is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u32);

impl WheelTarget {
    pub(super) fn new(target: TargetPlatform, python: PythonVersion) -> Self {
        Self { target, python }
    }

    /// Returns the platform.
    pub(super) fn platform(&self) -> Platform {
        self.target.platform
    }

    /// Ranks a wheel, which may have several tags of each kind. Returns `None` if it cannot be installed.
    pub(super) fn rank(&self, wheel: &WheelName<'_>) -> Option<Rank> {
        let tags = [wheel.python, wheel.abi, wheel.platform];
        if tags.iter().any(|tags| tags.bytes().any(|byte| byte.is_ascii_uppercase())) {
            let [python, abi, platform] = tags.map(str::to_ascii_lowercase);
            return self.rank(&WheelName { python: &python, abi: &abi, platform: &platform, ..*wheel });
        }
        let platform = wheel.platform.split('.').filter_map(|tag| self.platform_rank(tag)).min();
        let any = wheel.platform.split('.').any(|tag| tag == "any");
        let pairs = || wheel.python.split('.').flat_map(|python| wheel.abi.split('.').map(move |abi| (python, abi)));
        let native = platform.and_then(|platform| {
            pairs().filter_map(|(python, abi)| self.native_rank(python, abi)).min().map(|rank| rank * 10_000 + platform)
        });
        let pure = any
            .then(|| pairs().filter_map(|(python, abi)| self.pure_rank(python, abi)).min())
            .flatten()
            .map(|rank| (1_000 + rank) * 10_000);
        native.into_iter().chain(pure).min().map(Rank)
    }

    /// Returns the oldest system version of this platform that can install a wheel. Returns `None` if no version can.
    pub(super) fn oldest_system(&self, wheel: &WheelName<'_>) -> Option<(u32, u32)> {
        let numbers = |tag: &str| {
            let (_, rest) = tag.split_once('_')?;
            let (major, rest) = rest.split_once('_')?;
            Some((major.parse().ok()?, rest.split_once('_')?.0.parse().ok()?))
        };
        let named = wheel.platform.split('.').filter_map(numbers);
        let takes = |baseline: &(u32, u32)| {
            let target = TargetPlatform { baseline: *baseline, ..self.target.clone() };
            Self { target, ..self.clone() }.rank(wheel).is_some()
        };
        named.filter(takes).min()
    }

    /// Ranks the interpreter and ABI tags of a wheel for specific platforms.
    fn native_rank(&self, python: &str, abi: &str) -> Option<u32> {
        let minor = self.python.minor;
        if let Some(built_for) = self.minor_of(python, "cp") {
            return match abi {
                "abi3" if built_for == minor => Some(1),
                "abi3" if (2..minor).contains(&built_for) => Some(3 + minor - built_for),
                "none" if built_for == minor => Some(2),
                _ if built_for == minor && self.is_own_abi(abi) => Some(0),
                _ => None,
            };
        }
        (abi == "none").then(|| self.generic_rank(python).map(|rank| 200 + rank)).flatten()
    }

    /// Ranks the interpreter and ABI tags of a wheel for any platform.
    fn pure_rank(&self, python: &str, abi: &str) -> Option<u32> {
        if abi != "none" {
            return None;
        }
        if self.minor_of(python, "cp") == Some(self.python.minor) {
            return Some(0);
        }
        self.generic_rank(python).map(|rank| 1 + rank)
    }

    /// Ranks `py312`, `py3`, `py311`, … `py30`.
    fn generic_rank(&self, python: &str) -> Option<u32> {
        if python.strip_prefix("py").and_then(|major| major.parse().ok()) == Some(self.python.major) {
            return Some(1);
        }
        let minor = self.minor_of(python, "py")?;
        match self.python.minor.checked_sub(minor)? {
            0 => Some(0),
            older => Some(1 + older),
        }
    }

    /// Parses the 12 of `cp312`.
    fn minor_of(&self, python: &str, prefix: &str) -> Option<u32> {
        let digits = python.strip_prefix(prefix)?;
        let (major, minor) = digits.split_at_checked(1)?;
        (major.parse() == Ok(self.python.major)).then(|| minor.parse().ok()).flatten()
    }

    fn is_own_abi(&self, abi: &str) -> bool {
        // Up to 3.7 the ABI tag ends with `m`. `t` is for free-threaded interpreters, which cannot be declared.
        let digits = if self.python.minor <= 7 { abi.strip_suffix('m').unwrap_or(abi) } else { abi };
        self.minor_of(digits, "cp") == Some(self.python.minor)
    }

    fn platform_rank(&self, tag: &str) -> Option<u32> {
        let platform = self.target.platform;
        match (platform.os(), platform.libc()) {
            (Os::Linux, Some(Libc::Glibc)) => self.manylinux_rank(tag),
            (Os::Linux, _) => self.musllinux_rank(tag),
            (Os::Macos, _) => self.macos_rank(tag),
            (Os::Windows, _) => (tag == "win_amd64").then_some(0),
        }
    }

    fn manylinux_rank(&self, tag: &str) -> Option<u32> {
        let machine = self.target.platform.machine();
        let Some(rest) = tag.strip_prefix("manylinux") else { return last_of(tag, machine) };
        let oldest = if machine == "x86_64" { 5 } else { 17 };
        let (minor, alias) = if let Some(rest) = rest.strip_prefix('_') {
            ((minor_of_major(rest, 2, machine)?), 0)
        } else {
            let (year, tail) = rest.split_once('_')?;
            let minor = match year {
                "1" => 5,
                "2010" => 12,
                "2014" => 17,
                _ => return None,
            };
            (if tail == machine { minor } else { return None }, 1)
        };
        (minor >= oldest).then(|| self.age(minor)).flatten().map(|age| age * 2 + alias)
    }

    fn musllinux_rank(&self, tag: &str) -> Option<u32> {
        let machine = self.target.platform.machine();
        let Some(rest) = tag.strip_prefix("musllinux_") else { return last_of(tag, machine) };
        self.age(minor_of_major(rest, 1, machine)?)
    }

    /// Returns by how much a minor version is older than the baseline. Returns `None` if it is newer.
    fn age(&self, minor: u32) -> Option<u32> {
        self.target.baseline.1.checked_sub(minor)
    }

    fn macos_rank(&self, tag: &str) -> Option<u32> {
        let (major, rest) = tag.strip_prefix("macosx_")?.split_once('_')?;
        let (minor, format) = rest.split_once('_')?;
        let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
        if (major, minor) > self.target.baseline || major < 10 {
            return None;
        }
        let formats: &[&str] = match self.target.platform.arch() {
            Arch::X64 => &["x86_64", "intel", "fat64", "fat32", "universal2", "universal"],
            // macOS 10 does not run on this processor, but its fat binaries may contain code for it.
            Arch::Arm64 if major == 10 => &["", "universal2"],
            Arch::Arm64 => &["arm64", "universal2"],
        };
        let format = formats.iter().position(|known| *known == format)? as u32;
        let older = (self.target.baseline.0 - major) * 100 + (99 - minor.min(99));
        Some((older * 8 + format).min(9_999))
    }
}

/// Ranks `linux_x86_64` last, because it names no baseline.
fn last_of(tag: &str, machine: &str) -> Option<u32> {
    (tag.strip_prefix("linux_")? == machine).then_some(9_999)
}

/// Parses the 17 of `2_17_x86_64`.
fn minor_of_major(rest: &str, major: u32, machine: &str) -> Option<u32> {
    let (found, rest) = rest.split_once('_')?;
    let (minor, tail) = rest.split_once('_')?;
    (tail == machine && found.parse() == Ok(major)).then(|| minor.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PackageName;
    use crate::registry::pypi::file_name::FileName;

    fn ranked<'a>(platform: Platform, python: &str, tags: &[&'a str]) -> Vec<&'a str> {
        let interpreter = WheelTarget::new(TargetPlatform::new(platform), python.parse().unwrap());
        let name = PackageName::pypi("a").unwrap();
        let mut ranked: Vec<_> = tags
            .iter()
            .filter_map(|tags| {
                let file = format!("a-1-{tags}.whl");
                let Some(FileName::Wheel(wheel)) = FileName::parse(&name, &file) else { panic!("{tags}") };
                Some((interpreter.rank(&wheel)?, *tags))
            })
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, tags)| tags).collect()
    }

    #[test]
    fn wheels_rank_as_packaging_ranks_them() {
        let best_first = [
            "cp312-cp312-manylinux_2_28_x86_64",
            "cp312-cp312-manylinux_2_17_x86_64",
            "cp312-cp312-manylinux2014_x86_64",
            "cp312-cp312-manylinux1_x86_64",
            "cp312-cp312-linux_x86_64",
            "cp312-abi3-manylinux_2_17_x86_64",
            "cp312-none-manylinux_2_17_x86_64",
            "cp311-abi3-manylinux_2_28_x86_64",
            "cp38-abi3-manylinux_2_17_x86_64",
            "py312-none-manylinux_2_17_x86_64",
            "py3-none-manylinux_2_17_x86_64",
            "py311-none-manylinux_2_17_x86_64",
            "cp312-none-any",
            "py312-none-any",
            "py2.py3-none-any",
            "py311-none-any",
        ];
        let mut shuffled = best_first;
        shuffled.reverse();
        assert_eq!(ranked(Platform::LinuxX64, "3.12", &shuffled), best_first);
    }

    #[test]
    fn tags_are_compared_without_case() {
        for tags in ["PY3-None-Any", "CP312-CP312-Manylinux_2_17_X86_64", "cp312-ABI3-manylinux2014_x86_64"] {
            assert_eq!(ranked(Platform::LinuxX64, "3.12", &[tags]), [tags]);
            assert!(ranked(Platform::LinuxX64, "2.7", &[tags]).is_empty());
        }
    }

    #[test]
    fn wheels_for_others_are_not_taken() {
        let others = [
            "cp312-cp312-manylinux_2_34_x86_64",
            "cp312-cp312-manylinux_2_17_aarch64",
            "cp312-cp312-musllinux_1_1_x86_64",
            "cp313-cp313-manylinux_2_17_x86_64",
            "cp313-abi3-manylinux_2_17_x86_64",
            "cp312-cp312t-manylinux_2_17_x86_64",
            "pp310-pypy310_pp73-manylinux_2_17_x86_64",
            "cp312-cp312-win_amd64",
            "py2-none-any",
            "py313-none-any",
            "cp311-cp311-manylinux_2_17_x86_64",
        ];
        assert!(ranked(Platform::LinuxX64, "3.12", &others).is_empty());
    }

    #[test]
    fn macos_takes_what_its_baseline_runs() {
        let tags = [
            "cp312-cp312-macosx_12_0_arm64",
            "cp312-cp312-macosx_12_0_universal2",
            "cp312-cp312-macosx_11_0_arm64",
            "cp312-cp312-macosx_10_9_universal2",
            "cp312-cp312-macosx_14_0_arm64",
            "cp312-cp312-macosx_10_9_x86_64",
        ];
        assert_eq!(ranked(Platform::MacosArm64, "3.12", &tags), &tags[..4]);
        assert_eq!(ranked(Platform::MacosX64, "3.12", &tags), [tags[1], tags[5], tags[3]]);
    }

    #[test]
    fn the_oldest_system_of_a_wheel_is_what_its_tag_names() {
        let oldest = |platform: Platform, tags: &str| {
            let interpreter = WheelTarget::new(TargetPlatform::new(platform), "3.12".parse().unwrap());
            let (name, file) = (PackageName::pypi("a").unwrap(), format!("a-1-{tags}.whl"));
            let Some(FileName::Wheel(wheel)) = FileName::parse(&name, &file) else { panic!("{tags}") };
            interpreter.oldest_system(&wheel)
        };
        assert_eq!(oldest(Platform::MacosArm64, "cp312-cp312-macosx_14_0_arm64"), Some((14, 0)));
        assert_eq!(oldest(Platform::MacosArm64, "cp312-cp312-macosx_14_0_x86_64"), None);
        assert_eq!(oldest(Platform::MacosArm64, "cp313-cp313-macosx_14_0_arm64"), None);
        assert_eq!(oldest(Platform::LinuxX64, "cp312-abi3-manylinux_2_34_x86_64"), Some((2, 34)));
        assert_eq!(oldest(Platform::LinuxX64, "cp312-cp312-musllinux_1_2_x86_64"), None);
        assert_eq!(oldest(Platform::LinuxX64Musl, "cp312-cp312-musllinux_1_3_x86_64"), Some((1, 3)));
        assert_eq!(oldest(Platform::LinuxX64, "py3-none-any"), None);
    }

    #[test]
    fn a_wheel_of_several_platforms_counts_as_its_best() {
        let tags = [
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64",
        ];
        assert_eq!(ranked(Platform::LinuxX64, "3.12", &[tags[1], tags[0]]), tags);
        assert_eq!(ranked(Platform::LinuxX64Musl, "3.12", &["cp312-cp312-musllinux_1_2_x86_64"]).len(), 1);
        assert_eq!(ranked(Platform::LinuxArm64, "3.7", &["cp37-cp37m-manylinux2014_aarch64"]).len(), 1);
    }
}
