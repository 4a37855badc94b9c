//! Choosing the tools that build a package: a solve of its own, over the project's registries and settings.

use std::collections::BTreeSet;

use crate::lock;
use crate::model::{
    BuildRequirements, Builds, Dependent, Graph, Marker, Package, PackageKey, Platform, Requirement, Routes, Settings,
};
use crate::ops::locking::solutions::{self, Unknown};
use crate::ops::project::Project;
use crate::ops::{Error, Result, Session, artifacts, failure};
use crate::registry::Registries;
use crate::resolve::{Preferences, RequiredLine, Requirements, ResolveError};

use super::error::BuildsError;

/// Tools that were chosen for one package.
pub(super) struct ChosenTools {
    /// The tools with the platforms on which they are needed.
    pub(super) requirements: BuildRequirements,
    /// Their packages and artifacts.
    pub(super) graph: Graph,
}

/// What tools are chosen by, besides what is required.
#[derive(Clone, Copy)]
pub(super) struct ToolChooser<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) project: &'a Project,
    pub(super) registries: &'a Registries,
}

impl ToolChooser<'_> {
    /// Chooses tools for what a package requires, given as PEP 508 has it, on these platforms. Versions of `old` are kept where
    /// they fit.
    pub(super) fn choose(
        &self,
        package: &PackageKey,
        requires: Vec<String>,
        platforms: &[Platform],
        old: Option<&BuildRequirements>,
    ) -> Result<ChosenTools> {
        let problem = self.problem(package, &requires, platforms, old)?;
        let no_tools = |because: String| Error::from(BuildsError::NoTools { package: package.clone(), because });
        let find_out = |unknown: Unknown<'_>| match unknown {
            Unknown::Unbuilt(tool) => {
                Err(BuildsError::ToolFromSource { package: package.clone(), tool: tool.package.clone() }.into())
            }
            Unknown::Outside(asked) => {
                Err(no_tools(format!("{} takes {} from {}", asked.dependent, asked.package, asked.source)))
            }
        };
        let resolution =
            solutions::resolve_for_sure(&problem, self.registries, &find_out).map_err(|error| match error {
                ResolveError::NoSolution(core) => no_tools(core.because.join("\n")),
                ResolveError::TooManyPeerContexts(error) => no_tools(error.to_string()),
                ResolveError::Index(error) => failure::of_index(error),
            })?;
        let mut graph = resolution.graph;
        artifacts::complete(self.session, self.registries, &mut graph, None)?;
        let is_built = |tool: &Package| tool.artifacts.iter().any(|artifact| artifact.kind.needs_build());
        if let Some((tool, _)) = graph.packages.iter().find(|(_, tool)| is_built(tool)) {
            return Err(BuildsError::ToolFromSource { package: package.clone(), tool: tool.clone() }.into());
        }
        let needed = lock::platforms_of(&graph, &BTreeSet::new(), platforms);
        let tools = needed.into_iter().map(|(tool, mut on)| {
            on.sort();
            (tool, if on.len() == problem.settings.platforms.len() { Vec::new() } else { on })
        });
        Ok(ChosenTools { requirements: BuildRequirements { requires, tools: tools.collect() }, graph })
    }

    fn problem(
        &self,
        package: &PackageKey,
        requires: &[String],
        platforms: &[Platform],
        old: Option<&BuildRequirements>,
    ) -> Result<Requirements> {
        let declared = self.project.manifest.settings.clone();
        let mut settings = Settings { node: None, overrides: Vec::new(), extensions: Vec::new(), ..declared };
        settings.platforms.retain(|target| platforms.contains(&target.platform));
        let mut lines = Vec::with_capacity(requires.len());
        for text in requires {
            let requirement = Requirement::from_pep508(text).map_err(|error| BuildsError::BadRequirement {
                package: package.clone(),
                text: text.as_str().into(),
                reason: error.to_string().into(),
            })?;
            lines.push(RequiredLine {
                dependent: Dependent::Project,
                group: None,
                requirement,
                optional: false,
                when: Marker::default(),
                prereleases: false,
            });
        }
        let mut preferences = Preferences::default();
        for tool in old.iter().flat_map(|old| old.tools.keys()) {
            preferences.versions.entry(tool.id.clone()).or_default().insert(tool.version.clone());
        }
        Ok(Requirements { lines, settings, preferences, routes: Routes::default() })
    }
}

/// Adds the tools of a package to those of a lock.
pub(super) fn add(builds: &mut Builds, package: PackageKey, chosen: ChosenTools) {
    for (key, mut tool) in chosen.graph.packages {
        tool.artifacts.sort();
        // Another package may need it on other platforms, for which it has other wheels.
        let known = builds.tools.entry(key).or_insert_with(|| tool.clone());
        for artifact in tool.artifacts {
            if !known.artifacts.iter().any(|other| other.file == artifact.file) {
                known.artifacts.push(artifact);
            }
        }
        known.artifacts.sort();
    }
    builds.requirements.insert(package, chosen.requirements);
}
