//! A registry in memory: npm packages that depend on each other, drawn from a fixed seed.

use std::sync::Arc;

use larder::model::{
    Dependent, Ecosystem, Marker, PackageId, PackageName, Platform, Requirement, Routes, Settings, TargetPlatform,
    Version,
};
use larder::resolve::{
    Candidate, Chosen, Dependency, DependencyKind, Index, IndexError, Preferences, Release, RequiredLine, Requirements,
    Versions, Wants,
};

/// Versions of each package: major versions 1 to 4, five of each.
const VERSIONS: u32 = 20;

/// Dependencies of each version, at most.
const DEPENDENCIES: u32 = 6;

/// Packages that each depend on later ones, so that there are no cycles and everything can be solved.
pub(crate) struct Universe {
    packages: Vec<(Arc<Versions>, Vec<Arc<Release>>)>,
}

impl Universe {
    pub(crate) fn of(packages: u32) -> Self {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let packages = (0..packages).map(|package| {
            let versions: Vec<Candidate> =
                (0..VERSIONS).map(|ordinal| Candidate::new(version(1 + ordinal / 5, ordinal % 5))).collect();
            let release = |_| {
                let count = random.below(DEPENDENCIES + 1).min(packages - package - 1);
                let dependencies = (0..count).map(|_| {
                    let on = package + 1 + random.below((packages - package - 1).min(60));
                    let range = format!("^{}.{}.0", 1 + random.below(4), random.below(5));
                    Dependency::new(DependencyKind::Normal, Wants::Requirement(requirement(on, &range)))
                });
                Arc::new(Release { dependencies: dependencies.collect(), ..Release::default() })
            };
            let releases = (0..VERSIONS).map(release).collect();
            (Arc::new(Versions { candidates: versions, ..Versions::default() }), releases)
        });
        Self { packages: packages.collect() }
    }

    /// Asks for every tenth package.
    pub(crate) fn requirements(&self) -> Requirements {
        let lines = (0..self.packages.len() as u32).step_by(10).map(|package| RequiredLine {
            dependent: Dependent::Project,
            group: None,
            requirement: requirement(package, ">=1"),
            optional: false,
            when: Marker::default(),
            prereleases: false,
        });
        let settings = Settings {
            platforms: vec![TargetPlatform::new(Platform::LinuxX64)],
            node: Some("22".into()),
            ..Settings::default()
        };
        Requirements {
            lines: lines.collect(),
            settings,
            preferences: Preferences::default(),
            routes: Routes::default(),
        }
    }

    fn package(&self, id: &PackageId) -> Option<&(Arc<Versions>, Vec<Arc<Release>>)> {
        self.packages.get(id.name.as_str().strip_prefix("package-")?.parse::<usize>().ok()?)
    }
}

impl Index for Universe {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        Ok(self.package(package).map(|(versions, _)| Arc::clone(versions)).unwrap_or_default())
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        Ok(self.package(package).map(|(_, releases)| Arc::clone(&releases[ordinal as usize])).unwrap_or_default())
    }

    fn prefetch(&self, _: &[Requirement]) {}

    fn prefetch_releases(&self, _: &PackageId, _: &[u32]) {}

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        Ok(vec![None; chosen.len()])
    }

    fn oldest_system(&self, _: &PackageId, _: u32, _: Platform) -> Option<(u32, u32)> {
        None
    }
}

fn version(major: u32, minor: u32) -> Version {
    Version::parse(Ecosystem::Npm, &format!("{major}.{minor}.0")).expect("a version")
}

fn requirement(package: u32, range: &str) -> Requirement {
    let name = PackageName::npm(&format!("package-{package}")).expect("a name");
    Requirement::Npm { alias: name.clone(), name, range: range.parse().expect("a range") }
}

/// Numbers that are the same on every run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as u32) % end.max(1)
    }
}
