//! What exists: the packages of both registries, and how they are served.

use std::collections::BTreeMap;
use std::time::Duration;

use super::npm::NpmPackage;
use super::pypi::PypiPackage;
use super::registry::Registry;

/// The packages that a test wants to exist.
#[derive(Clone, Debug, Default)]
pub(crate) struct Universe {
    pub(crate) npm: Vec<NpmPackage>,
    pub(crate) pypi: Vec<PypiPackage>,
    pub(crate) tags: BTreeMap<(String, String), String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) manner: Manner,
}

/// How a registry answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Versions in a random order, answers after random delays.
    pub(crate) shuffled: Option<u64>,
    /// For how long metadata may be used without asking again, in seconds.
    pub(crate) max_age: u32,
    /// How long each answer takes.
    pub(crate) slow: Duration,
    /// Whether a third of the first answers fail: with a status, without an answer, or in the middle.
    pub(crate) stumbles: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { shuffled: None, max_age: 300, slow: Duration::ZERO, stumbles: false }
    }
}

impl Universe {
    /// Starts with nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a version of an npm package. The last one added is `latest`.
    pub(crate) fn npm(mut self, name: &str, version: &str, with: impl FnOnce(NpmPackage) -> NpmPackage) -> Self {
        self.npm.push(with(NpmPackage::new(name, version)));
        self
    }

    /// Adds a version of a Python package.
    pub(crate) fn pypi(mut self, name: &str, version: &str, with: impl FnOnce(PypiPackage) -> PypiPackage) -> Self {
        self.pypi.push(with(PypiPackage::new(name, version)));
        self
    }

    /// Sets a dist-tag of an npm package.
    pub(crate) fn tag(mut self, name: &str, tag: &str, version: &str) -> Self {
        self.tags.insert((name.into(), tag.into()), version.into());
        self
    }

    /// Adds a file at a path of the server.
    pub(crate) fn file(mut self, path: &str, bytes: Vec<u8>) -> Self {
        self.files.insert(path.into(), bytes);
        self
    }

    /// Serves versions in a random order and answers after random delays, both repeatable by the seed.
    pub(crate) fn shuffled(mut self, seed: u64) -> Self {
        self.manner.shuffled = Some(seed);
        self
    }

    /// Fails now and then where it is asked for something the first time; needs [`Self::shuffled`] for its seed.
    pub(crate) fn stumbling(mut self) -> Self {
        self.manner.stumbles = true;
        self
    }

    /// Lets each answer take so long.
    pub(crate) fn slow(mut self, delay: Duration) -> Self {
        self.manner.slow = delay;
        self
    }

    /// Lets metadata be used for so many seconds without asking again.
    pub(crate) fn max_age(mut self, seconds: u32) -> Self {
        self.manner.max_age = seconds;
        self
    }

    /// Serves it on loopback.
    pub(crate) fn serve(&self) -> Registry {
        Registry::start(self)
    }
}
