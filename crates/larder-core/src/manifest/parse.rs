//! The top level of a manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::SourceSpan;

use crate::model::{Catalogs, Ecosystem, EntryPath, Label, Override, RuntimeName, RuntimeSource, Settings};

use super::alerts::Alerts;
use super::dependencies::{read_dependencies, read_group};
use super::environments::DraftEnvironment;
use super::error::MAX_REPORTED;
use super::monitor::Monitor;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, UniqueNodes, nodes};
use super::runtime_registries::read_runtime_registries;
use super::runtimes::{DeclaredPlatforms, read_runtimes};
use super::{
    AdvisorySource, AssetDeclaration, BuildCache, Conflict, DependencyLine, Group, Hoisting, Hook, Manifest,
    ManifestError, ManifestErrors, Package, PatchLine, Policy, ProjectMetadata, Registry, RuleSpans, RuntimeAddress,
    RuntimeRegistry, Spanned, Task, advisories, alerts, assets, builds, catalogs, check, conflicts, denied,
    environments, hooks, monitor, notation, package, patches, registries, resolution, source, syntax, tasks,
};

/// The kind of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestKind<'a> {
    /// The manifest of a project.
    Root,
    /// The manifest of a member or path package. It has only `project`, `package`, `assets`, `dependencies`, `group`s and `tasks`; its lines may
    /// refer to the catalogs of the root.
    Member(&'a Catalogs),
    /// The manifest of a package that stands alone, as in an archive: of a project's manifest only `project`, `package`,
    /// `assets`, `dependencies`, catalogs, `members` and `order` are read. Where its dependencies come from, and for which runtimes, its dependents decide.
    Package,
}

/// What a root manifest has, besides the blocks of ecosystems.
const TOP: [&str; 22] = [
    "project",
    "package",
    "assets",
    "runtimes",
    "platforms",
    "platform",
    "registries",
    "catalog",
    "dependencies",
    "group",
    "environment",
    "conflicts",
    "resolution",
    "members",
    "order",
    "policy",
    "builds",
    "tasks",
    "patch",
    "hooks",
    "monitor",
    "alerts",
];
const MEMBER: [&str; 6] = ["project", "package", "assets", "dependencies", "group", "tasks"];
/// What is read of the manifest of a package that stands alone.
const PACKAGE: [&str; 7] = ["project", "package", "assets", "dependencies", "catalog", "members", "order"];

/// Returns what a root manifest has.
fn known_at_the_top() -> Vec<&'static str> {
    let names = Ecosystem::ALL.map(Ecosystem::as_str).into_iter();
    TOP.into_iter().chain(names.filter(|name| notation::block_reader(name).is_some())).collect()
}

fn report_unknown(node: ManifestNode<'_>, known: &[&'static str], errors: &mut Errors) {
    node.report_unknown("at the top of a manifest", known, errors);
}

/// Parses the manifest at `file`, a path relative to the root. Reports all errors of the file at once.
pub fn parse(file: &str, text: &str, kind: ManifestKind<'_>) -> Result<Manifest, ManifestErrors> {
    let length = text.len();
    let text: Arc<str> = text.into();
    let (manifest, errors) = match syntax::parse_shared(&text) {
        Ok(parsed) => {
            let mut errors = Errors::new();
            let mut draft = DraftManifest::default();
            if let ManifestKind::Member(catalogs) = kind {
                draft.catalogs = catalogs.clone();
            } else {
                // Lines refer to catalogs wherever they stand.
                let blocks = nodes(&parsed.document, &parsed.blanked).filter(|node| node.name() == "catalog");
                blocks.for_each(|block| catalogs::read_catalog(block, &mut draft.catalogs, &mut errors));
            }
            for node in nodes(&parsed.document, &parsed.blanked) {
                draft.read(node, kind, &mut errors);
                if errors.len() >= MAX_REPORTED {
                    break;
                }
            }
            let manifest = draft.finish(file, &text, kind, &mut errors);
            // Errors about the empty string that replaced an unquoted version are reported already.
            errors.retain(|error| !parsed.repaired.iter().any(|repaired| repaired.span() == error.span()));
            errors.extend(parsed.repaired.iter().cloned());
            (Some(manifest), errors)
        }
        Err(errors) => (None, errors),
    };
    match (ManifestErrors::new(file, &text, errors), manifest) {
        (None, Some(manifest)) => Ok(manifest),
        (Some(errors), _) => Err(errors),
        // The parser gave no reason: its thread could not be started.
        (None, None) => Err(ManifestErrors {
            file: file.into(),
            source_code: miette::NamedSource::new(file, text),
            errors: vec![ManifestError::TooLong {
                limit: length.saturating_sub(1),
                unit: "bytes on this machine",
                span: (0, 0).into(),
            }],
        }),
    }
}

/// Reads only the `package` of a manifest, whatever else is wrong or refers to other files. Returns `None` if it has none.
pub fn declared_package(text: &str) -> Option<Package> {
    let parsed = syntax::parse_shared(&text.into()).ok()?;
    let node = nodes(&parsed.document, &parsed.blanked).find(|node| node.name() == "package")?;
    package::read_package(node, &Catalogs::default(), &mut Errors::new())
}

/// A manifest of which some nodes have been read.
#[derive(Default)]
struct DraftManifest<'a> {
    once: UniqueNodes<'a>,
    project: Option<ProjectMetadata>,
    package: Option<Package>,
    assets: Vec<AssetDeclaration>,
    assets_span: Option<SourceSpan>,
    /// Whether there is a `package`, even a wrong one.
    names_package: bool,
    settings: Settings,
    member_overrides: Vec<Spanned<Override>>,
    rule_spans: RuleSpans,
    hoisting: Hoisting,
    /// Whether `runtimes` has a `python`, even a wrong or misspelt one.
    names_python: bool,
    platforms: DeclaredPlatforms,
    build_caches: Vec<BuildCache>,
    registries: Vec<Registry>,
    runtime_registries: Vec<RuntimeRegistry>,
    advisory_sources: Vec<AdvisorySource>,
    runtime_spans: BTreeMap<RuntimeName, SourceSpan>,
    catalogs: Catalogs,
    dependencies: Vec<DependencyLine>,
    groups: Vec<Group>,
    environments: Vec<DraftEnvironment>,
    policy: Policy,
    conflicts: Vec<Conflict>,
    members: Vec<Spanned<String>>,
    order: Vec<Spanned<Label>>,
    tasks: Vec<Task>,
    hooks: Vec<Hook>,
    monitor: Monitor,
    alerts: Alerts,
    patches: Vec<PatchLine>,
    age_span: Option<SourceSpan>,
    provided_lists: Vec<Spanned<EntryPath>>,
}

impl<'a> DraftManifest<'a> {
    fn read(&mut self, node: ManifestNode<'a>, kind: ManifestKind<'_>, errors: &mut Errors) {
        const BLOCK: NodeShape = NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "" };
        let of_ecosystem = notation::block_reader(node.name());
        let is_known = TOP.contains(&node.name()) || of_ecosystem.is_some();
        if kind == ManifestKind::Package && is_known && !PACKAGE.contains(&node.name()) {
            return;
        }
        if matches!(kind, ManifestKind::Member(_)) && is_known && !MEMBER.contains(&node.name()) {
            errors.push(ManifestError::UnknownNode {
                name: node.name().to_owned(),
                place: "in a member's manifest",
                help: Some(
                    "move it to the root manifest: members have only `package`, `assets`, `dependencies`, `group`s and `tasks`"
                        .to_owned(),
                ),
                span: node.name_span(),
            });
            return;
        }
        if !matches!(node.name(), "group" | "environment" | "platform" | "conflicts" | "catalog" | "patch") {
            self.once.check(node, errors);
        }
        match node.name() {
            "project" => self.project = read_project(node, errors).or(self.project.take()),
            "package" => {
                self.names_package = true;
                self.package = package::read_package(node, &self.catalogs, errors).or(self.package.take());
            }
            "assets" => {
                self.assets_span = Some(node.head_span());
                self.assets = assets::read_assets(node, errors);
            }
            "runtimes" => {
                self.names_python = node.children().any(|runtime| runtime.name() != "node");
                self.runtime_spans = read_runtimes(node, &mut self.settings, errors);
            }
            "platforms" => self.platforms.list(node, errors),
            "platform" => self.platforms.detail(node, errors),
            "registries" => {
                node.read_parts(&BLOCK, errors);
                self.registries.extend(registries::read_registries(node, errors));
                self.runtime_registries.extend(read_runtime_registries(node, errors));
                self.advisory_sources.extend(advisories::read_sources(node, errors));
            }
            "dependencies" => {
                node.read_parts(&BLOCK, errors);
                self.dependencies.extend(read_dependencies(node, &self.catalogs, errors));
            }
            "group" => read_group(node, &mut self.groups, &self.catalogs, errors),
            // Read before all else.
            "catalog" => {}
            "environment" => self.environments.extend(environments::read_environment(node, errors)),
            "conflicts" => self.conflicts.extend(conflicts::read_conflicts(node, errors)),
            "builds" => builds::read_builds(node, (&mut self.settings.builds, &mut self.build_caches), errors),
            "resolution" => {
                let into = (&mut self.settings, &mut self.member_overrides, &mut self.rule_spans, &mut self.hoisting);
                resolution::read_resolution(node, into, errors);
            }
            "order" => self.order = package::read_order(node, errors),
            "members" => self.members.extend(read_members(node, errors)),
            "patch" => patches::read_patch(node, &mut self.patches, errors),
            "tasks" => self.tasks.extend(tasks::read_tasks(node, errors)),
            "hooks" => self.hooks = hooks::read_hooks(node, errors),
            "monitor" => self.monitor = monitor::read_monitor(node, errors),
            "alerts" => self.alerts = alerts::read_alerts(node, errors),
            "policy" => {
                self.policy = environments::read_policy(node, errors);
                if let Some(age) = self.policy.age.take() {
                    (self.settings.age, self.age_span) = (Some(age.minimum), Some(age.span));
                }
            }
            _ => match of_ecosystem {
                Some(read) => self.provided_lists = read(node, &mut self.settings.instance, errors),
                None if matches!(kind, ManifestKind::Member(_)) => report_unknown(node, &MEMBER, errors),
                None => report_unknown(node, &known_at_the_top(), errors),
            },
        }
    }

    fn finish(mut self, file: &str, text: &Arc<str>, kind: ManifestKind<'_>, errors: &mut Errors) -> Manifest {
        let mut environments = Vec::new();
        if kind == ManifestKind::Root {
            self.settings.platforms = self.platforms.complete();
            registries::complete(&mut self.registries, errors);
            advisories::check_registries(&self.advisory_sources, &self.registries, errors);
            let policies = environments::own_policies(&self.environments).chain([&self.policy]);
            denied::check_sources(policies, (&self.registries, &self.runtime_registries), errors);
            let takes_packages = |registry: &RuntimeRegistry| registry.address == RuntimeAddress::NpmPackages;
            if self.runtime_registries.iter().any(takes_packages)
                && let Some(node) = self.settings.managed.get_mut(RuntimeName::Node)
            {
                node.source = RuntimeSource::NpmPackages;
            }
            let exempt = self.settings.age.as_ref().map(|age| &*age.exempt).unwrap_or_default();
            environments = environments::complete(self.environments, (&self.policy, exempt), &self.groups, errors);
        }
        if kind != ManifestKind::Package {
            let of_features = self.package.iter_mut().flat_map(|package| &mut package.features);
            let of_features = of_features.flat_map(|feature| &mut feature.dependencies);
            let grouped = self.groups.iter_mut().flat_map(|group| &mut group.dependencies);
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            source::place(self.dependencies.iter_mut().chain(grouped).chain(of_features), folder, errors);
        }
        if let (Some(span), false) = (self.assets_span, self.names_package) {
            errors.push(assets::no_package(span));
        }
        let manifest = Manifest {
            file: file.into(),
            text: Arc::clone(text),
            project: self.project,
            package: self.package,
            assets: self.assets,
            settings: self.settings,
            member_overrides: self.member_overrides,
            rule_spans: self.rule_spans,
            hoisting: self.hoisting,
            registries: self.registries,
            runtime_registries: self.runtime_registries,
            build_caches: self.build_caches,
            advisory_sources: self.advisory_sources,
            runtime_spans: self.runtime_spans,
            catalogs: self.catalogs,
            dependencies: self.dependencies,
            groups: self.groups,
            environments,
            conflicts: self.conflicts,
            members: self.members,
            order: self.order,
            tasks: self.tasks,
            hooks: self.hooks,
            monitor: self.monitor,
            alerts: self.alerts,
            patches: self.patches,
            age_span: self.age_span,
            provided_lists: self.provided_lists,
        };
        if kind == ManifestKind::Root {
            check::check_alone(&manifest, errors);
            if self.names_python {
                errors.retain(|error| !matches!(error, ManifestError::NoPython { .. }));
            }
        }
        manifest
    }
}

fn read_project(node: ManifestNode<'_>, errors: &mut Errors) -> Option<ProjectMetadata> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["version", "license"],
        block: BlockRule::Never,
        example: "project \"NAME\" version=\"0.1.0\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let version = parts.property("version").and_then(|value| value.version(errors));
    let version = version.and_then(|text| match semver::Version::parse(text.value) {
        Ok(version) => Some(version),
        Err(e) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a version",
                reason: e.to_string(),
                help: Some("versions are those of SemVer 2, like \"0.4.0\"".to_owned()),
                span: text.span,
            });
            None
        }
    });
    let license = parts.property("license").and_then(|value| value.string(errors));
    let name = parts.argument(0)?.string(errors)?;
    if let Err(e) = crate::model::PackageName::npm(name.value) {
        errors.push(ManifestError::BadName { reason: e.to_string(), help: None, span: name.span });
    }
    Some(ProjectMetadata {
        name: Spanned { value: name.value.to_owned(), span: name.span },
        version,
        license: license.map(|text| text.value.to_owned()),
    })
}

fn read_members(node: ManifestNode<'_>, errors: &mut Errors) -> Vec<Spanned<String>> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "members \"packages/*\"",
    };
    let mut globs: Vec<Spanned<String>> = Vec::new();
    for value in node.read_parts(&SHAPE, errors).arguments {
        let Some(glob) = registries::read_glob(value, errors) else { continue };
        let path = glob.strip_prefix('!').unwrap_or(&glob);
        let leaves =
            path.starts_with(['/', '~', '!']) || path.contains('\\') || path.split('/').any(|part| part == "..");
        if leaves {
            errors.push(ManifestError::BadValue {
                value: glob,
                what: "a glob of members",
                reason: "it leads out of the root".to_owned(),
                help: Some("write it relative to the manifest, like \"packages/*\"".to_owned()),
                span: value.span,
            });
            continue;
        }
        globs.push(Spanned { value: glob, span: value.span });
    }
    globs
}
