//! The facts of a package: its metadata besides dependencies.

use super::{PackageDescriptor, Platform};

/// The metadata of a package that `sync` needs, and a lock keeps.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// npm's `os` list. Empty allows all systems.
    pub os: Vec<String>,
    /// npm's `cpu` list. Empty allows all processors.
    pub cpu: Vec<String>,
    /// npm's `libc` list. Empty allows all C libraries.
    pub libc: Vec<String>,
    /// npm's `engines.node`.
    pub node: Option<String>,
    /// Python's `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether the package declares executables.
    pub bin: bool,
    /// Whether the package declares install scripts.
    pub install_script: bool,
    /// npm's deprecation message.
    pub deprecated: Option<String>,
    /// Whether the version was yanked (PEP 592) when it was locked.
    pub yanked: bool,
    /// What the package's descriptor says of it. `None` in ecosystems whose packages have none.
    pub descriptor: Option<Box<PackageDescriptor>>,
}

impl Facts {
    /// Returns whether npm's lists admit a platform.
    pub fn admit(&self, platform: Platform) -> bool {
        platform.allows(&self.os, &self.cpu, &self.libc)
    }

    /// Returns the reason why npm's lists exclude a platform, as a clause: "its `os` is win32". Returns `None` if they admit the
    /// platform.
    pub fn exclusion_reason(&self, platform: Platform) -> Option<String> {
        let lists = [
            ("os", &self.os, platform.allows(&self.os, &[], &[])),
            ("cpu", &self.cpu, platform.allows(&[], &self.cpu, &[])),
            ("libc", &self.libc, platform.allows(&[], &[], &self.libc)),
        ];
        let closed = lists.into_iter().filter(|(_, _, admits)| !admits);
        let said: Vec<_> = closed.map(|(name, list, _)| format!("its `{name}` is {}", list.join(", "))).collect();
        (!said.is_empty()).then(|| said.join(" and "))
    }
}
