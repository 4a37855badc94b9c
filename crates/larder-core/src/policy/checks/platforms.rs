//! npm packages that are needed on a platform which their own `os`, `cpu` or `libc` exclude.

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashMap;

use crate::lock::Closure;
use crate::model::{CheckName, Dependent, Edge, EdgeKind, Package, PackageKey, Platform};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct PlatformsCheck;

impl Check for PlatformsCheck {
    fn name(&self) -> CheckName {
        CheckName::Platforms
    }

    fn code(&self) -> &'static str {
        "larder::policy::platforms"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "packages that do not run on a declared platform"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "leave the package out there (`when=`), or do not declare the platform"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let mut told: BTreeMap<(&PackageKey, Platform), (String, String)> = BTreeMap::new();
        // Few packages name platforms, so that most edges need no second look.
        let names_platforms = |(_, Package { facts, .. }): &(&PackageKey, &Package)| {
            !(facts.os.is_empty() && facts.cpu.is_empty() && facts.libc.is_empty())
        };
        let particular: FxHashMap<&PackageKey, &Package> =
            input.lock.graph.packages.iter().filter(names_platforms).collect();
        if particular.is_empty() {
            return Vec::new();
        }
        for closure in input.by_platform().iter() {
            let Some(platform) = closure.platform else { continue };
            for (dependent, edge) in required(closure) {
                let Some((&key, package)) = particular.get_key_value(&edge.to.package) else { continue };
                let Some(why) = package.facts.exclusion_reason(platform) else { continue };
                let said = (dependent.to_string(), why);
                told.entry((key, platform))
                    .and_modify(|known| *known = said.clone().min(known.clone()))
                    .or_insert(said);
            }
        }
        // All platforms that are ruled out for one reason are told together.
        let mut by_reason: BTreeMap<(&PackageKey, String, String), Vec<&str>> = BTreeMap::new();
        for ((key, platform), (dependent, why)) in told {
            by_reason.entry((key, why, dependent)).or_default().push(platform.as_str());
        }
        let found = by_reason.into_iter().map(|((key, why, dependent), platforms)| {
            let message = format!("{key}: {why}, and {dependent} needs it on {}", platforms.join(", "));
            self.package_finding(key, message)
        });
        found.collect()
    }
}

/// The manifest or package that requires a package.
enum RequiredBy<'a> {
    Line(&'a Dependent),
    Package(&'a PackageKey),
}

impl fmt::Display for RequiredBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(Dependent::Project) => f.write_str("the project"),
            Self::Line(Dependent::Member(folder)) => write!(f, "member {folder}"),
            Self::Package(key) => write!(f, "{} {}", key.id.name, key.version),
        }
    }
}

/// Returns the edges of a closure that are not optional, each with its dependent.
fn required<'c, 'a>(closure: &'c Closure<'a>) -> impl Iterator<Item = (RequiredBy<'a>, &'a Edge)> + use<'c, 'a> {
    let by_lines = closure.roots.iter().filter(|root| !root.optional);
    let by_lines =
        by_lines.flat_map(|root| closure.root_edges(root).map(|edge| (RequiredBy::Line(&root.dependent), edge)));
    let by_packages = closure.instances.keys();
    let by_packages = by_packages
        .flat_map(|instance| closure.edges(instance).map(|edge| (RequiredBy::Package(&instance.package), edge)));
    by_lines.chain(by_packages).filter(|(_, edge)| matches!(edge.kind, EdgeKind::Normal | EdgeKind::Peer))
}
