//! What a package says of itself, beside what it depends on.

use super::Platform;

/// What sync must know of a package without asking its registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// npm's `os` list; empty allows all.
    pub os: Vec<String>,
    /// npm's `cpu` list.
    pub cpu: Vec<String>,
    /// npm's `libc` list.
    pub libc: Vec<String>,
    /// npm's `engines.node`.
    pub node: Option<String>,
    /// Python's `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether it declares executables.
    pub bin: bool,
    /// Whether it declares install scripts, which larder never runs.
    pub install_script: bool,
    /// npm's deprecation message.
    pub deprecated: Option<String>,
    /// Python: whether its registry had withdrawn it (PEP 592) when it was locked.
    pub yanked: bool,
}

impl Facts {
    /// Tells whether npm's lists admit a platform.
    pub fn admit(&self, platform: Platform) -> bool {
        platform.allows(&self.os, &self.cpu, &self.libc)
    }

    /// Returns which of npm's lists rule a platform out, as the beginning of a sentence: "its `os` is win32". `None` if
    /// they admit it.
    pub fn why_not(&self, platform: Platform) -> Option<String> {
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
