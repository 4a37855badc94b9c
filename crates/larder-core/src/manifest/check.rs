//! Checks across the parts of a manifest and its members: groups, registries, runtimes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use miette::SourceSpan;

use crate::diagnostic::nearest;
use crate::model::{Ecosystem, Label, Source};

use super::dependencies::{condition, seen_as};
use super::environments::check_declared;
use super::node::Errors;
use super::{
    Claim, DependencyLine, DependencySpec, Group, Manifest, ManifestError, ManifestErrors, Registry, Spanned, alerts,
    conflicts, monitor, normal_name, tasks,
};

/// Checks a root manifest. If it has members, its groups are checked later, by [`join_members`].
pub(super) fn check_alone(root: &Manifest, errors: &mut Errors) {
    check_lines(root, root, errors);
    check_claims(root, errors);
    check_build_caches(root, errors);
    tasks::check_environments(&root.tasks, &root.environments, errors);
    for name in root.monitor.restarts.iter().flat_map(|restart| &restart.environments) {
        check_declared(name, &root.environments, errors);
    }
    monitor::check_tasks(&root.monitor, &root.tasks, errors);
    alerts::check_rules(&root.alerts.rules, &root.monitor, errors);
    if root.members.is_empty() {
        check_includes(root, &[], errors);
        conflicts::check(root, &[], errors);
    }
}

/// Checks a project's members against its root and the root against its members' groups, and gives the built-in
/// `development` environment the members' groups. Returns the errors, file by file.
pub fn join_members(root: &mut Manifest, members: &[Manifest]) -> Vec<ManifestErrors> {
    let mut failures = Vec::new();
    if !root.members.is_empty() {
        let mut errors = Errors::new();
        check_includes(root, members, &mut errors);
        conflicts::check(root, members, &mut errors);
        failures.extend(ManifestErrors::new(&root.file, &root.text, errors));
    }
    for member in members {
        let mut errors = Errors::new();
        check_lines(member, root, &mut errors);
        tasks::check_environments(&member.tasks, &root.environments, &mut errors);
        failures.extend(ManifestErrors::new(&member.file, &member.text, errors));
    }
    let development = root.environments.iter_mut().find(|e| e.spans.is_none() && e.name.as_str() == "development");
    if let Some(development) = development {
        for group in members.iter().flat_map(|member| &member.groups) {
            if !development.include.contains(&group.name.value) {
                development.include.push(group.name.value.clone());
            }
        }
    }
    failures
}

/// Checks the lines of a manifest against the root's runtimes and registries.
fn check_lines(manifest: &Manifest, root: &Manifest, errors: &mut Errors) {
    let features = || manifest.package.iter().flat_map(|package| &package.features);
    let lines = || {
        let groups = manifest.groups.iter().flat_map(|group| &group.dependencies);
        manifest.dependencies.iter().chain(groups).chain(features().flat_map(|feature| &feature.dependencies))
    };
    // A package alone needs neither, and is read as one once nothing else is wrong with it.
    let may_stand_alone = manifest.file == root.file
        && (manifest.package.is_some(), manifest.project.is_none(), errors.is_empty()) == (true, true, false);
    if root.settings.python.is_none()
        && !may_stand_alone
        && let Some(line) = lines().find(|line| line.ecosystem().has_markers())
    {
        errors.push(ManifestError::NoPython { span: line.span });
    }
    check_names(&lines(), errors);
    for (place, line) in lines().enumerate() {
        errors.extend(contradicts_the_instance(line, root));
        errors.extend(lines().take(place).find_map(|first| of_another_application(line, first)));
        if line.registry.is_some() || !may_stand_alone {
            check_registry(line, root, errors);
        }
        check_tool(line, root, errors);
        errors.extend(claimed_by_another(line, manifest, root));
    }
}

/// Returns the error of a line that asks for another version than the platform provides.
fn contradicts_the_instance(line: &DependencyLine, root: &Manifest) -> Option<ManifestError> {
    let DependencySpec::Package(requirement) = &line.spec else { return None };
    let provided = root.settings.instance.contradicts(requirement)?;
    Some(ManifestError::BadValue {
        value: requirement.range_text(),
        what: "a range that the instance satisfies",
        reason: format!("it provides {} {provided}", requirement.name()),
        help: Some("correct the range, or what `provides` says of the instance".to_owned()),
        span: line.range_span,
    })
}

/// Returns the error of a line that has a package from another application of the marketplace than a line before it.
fn of_another_application(line: &DependencyLine, first: &DependencyLine) -> Option<ManifestError> {
    let of = |line: &DependencyLine| match &line.spec {
        DependencySpec::Package(requirement) => Some((requirement.package(), requirement.application()?)),
        DependencySpec::Folder(_) => None,
    };
    let ((package, here), (other, there)) = (of(line)?, of(first)?);
    (package == other && here != there).then_some(ManifestError::Applications {
        here,
        there,
        span: line.range_span,
        first: first.range_span,
    })
}

/// Reports private packages that have the name of an npm package: in a `node_modules` there is one of a name.
fn check_names<'m>(lines: &(impl Iterator<Item = &'m DependencyLine> + Clone), errors: &mut Errors) {
    for line in lines.clone().filter(|line| line.ecosystem().has_features()) {
        let is_same = |other: &&DependencyLine| {
            other.ecosystem().has_scopes()
                && seen_as(other) == seen_as(line)
                && !condition(other).is_disjoint(condition(line))
        };
        if let Some(other) = lines.clone().find(is_same) {
            let (first, span) = if other.span.offset() < line.span.offset() { (other, line) } else { (line, other) };
            errors.push(ManifestError::Repeated {
                what: format!("`{}`, the name of a private package and of an npm package,", seen_as(line)),
                help: Some(format!(
                    "Node sees one package of a name: rename the npm package, `npm \"{name}-npm\" \"npm:{name}@…\"`, or do \
                     without one of the two",
                    name = seen_as(line)
                )),
                span: span.span,
                first: first.span,
            });
        }
    }
}

/// Returns the error if a registry claims the package of a line, and the line names another registry or a place outside.
fn claimed_by_another(line: &DependencyLine, manifest: &Manifest, root: &Manifest) -> Option<ManifestError> {
    let DependencySpec::Package(requirement) = &line.spec else { return None };
    let (name, span) = match (&line.registry, &line.source) {
        (Some(name), _) => (name.to_string(), line.registry_span),
        (None, Some(source)) => (source.value.to_string(), Some(source.span)),
        (None, None) => return None,
    };
    let package = requirement.package();
    let claims = || root.registries.iter().filter_map(|registry| Some((registry, registry.claim_on(&package)?)));
    if line.source.is_none() && claims().any(|(registry, _)| registry.name.as_str() == name) {
        return None;
    }
    let (claimant, claim) = claims().next()?;
    Some(ManifestError::Claimed {
        package: package.name.to_string(),
        claimant: claimant.name.to_string(),
        registry: name,
        span: span.unwrap_or(line.span),
        claim: (manifest.file == root.file).then_some(claim.span),
    })
}

/// Checks that no two registries of one priority claim a package by its name: nobody could say which is meant, unless a line does.
fn check_claims(root: &Manifest, errors: &mut Errors) {
    let pinned = pinned(root);
    let mut claims: BTreeMap<(Ecosystem, _, String), (&Registry, &Claim)> = BTreeMap::new();
    for registry in &root.registries {
        for claim in registry.packages.iter().filter(|claim| claim.is_name()) {
            let name = normal_name(registry.ecosystem, claim.as_str());
            let is_pinned = !root.members.is_empty() || pinned.contains(&(registry.ecosystem, name.clone()));
            match claims.entry((registry.ecosystem, registry.priority, name)) {
                Entry::Vacant(free) => drop(free.insert((registry, claim))),
                Entry::Occupied(taken) => {
                    let (other, first) = *taken.get();
                    if other.name != registry.name && !is_pinned {
                        errors.push(ManifestError::RivalClaims {
                            package: claim.as_str().into(),
                            registries: [other.name.as_str().into(), registry.name.as_str().into()],
                            span: claim.span,
                            first: first.span,
                        });
                    }
                }
            }
        }
    }
}

/// Returns the packages of which a line of the root says the registry. Members' manifests, which may say it too, are not known here.
fn pinned(root: &Manifest) -> BTreeSet<(Ecosystem, String)> {
    let grouped = root.groups.iter().flat_map(|group| &group.dependencies);
    let lines = root.dependencies.iter().chain(grouped).filter(|line| line.registry.is_some());
    let name = |line: &DependencyLine| match &line.spec {
        DependencySpec::Package(requirement) => {
            Some((line.ecosystem(), normal_name(line.ecosystem(), requirement.name().as_str())))
        }
        DependencySpec::Folder(_) => None,
    };
    lines.filter_map(name).collect()
}

/// Checks that caches of builds are registries of private packages, with the signers that they name.
fn check_build_caches(root: &Manifest, errors: &mut Errors) {
    for cache in &root.build_caches {
        let private = || root.registries.iter().filter(|registry| registry.ecosystem.is_published_with_larder());
        let name = &cache.registry.value;
        match private().find(|registry| registry.name == *name) {
            None => {
                let known = private().map(|registry| registry.name.as_str());
                errors.push(undeclared("registry of kind larder", name, known, cache.registry.span));
            }
            Some(registry) if registry.log.signers.iter().all(|signer| signer.name != cache.signer.value) => {
                let known = registry.log.signers.iter().map(|signer| signer.name.as_str());
                errors.push(undeclared("signer", &cache.signer.value, known, cache.signer.span));
            }
            Some(_) => {}
        }
    }
}

/// Checks that a tool has a file for every declared platform on which its line holds.
fn check_tool(line: &DependencyLine, root: &Manifest, errors: &mut Errors) {
    let Some(Spanned { value: Source::Archive(source), span }) = &line.source else { return };
    let python = root.settings.marker_python();
    let declared = root.settings.platforms.iter().map(|target| target.platform);
    let missing = declared.filter(|platform| !source.serves(*platform) && line.when.holds(*platform, &python, &[]));
    for platform in missing {
        errors.push(ManifestError::BadValue {
            value: source.url().to_owned(),
            what: "a URL for every declared platform",
            reason: format!("nothing stands for `{{platform}}` on {platform}"),
            help: Some(format!("add `platform \"{platform}\" as=\"…\"`, or say with `when=` where the tool is needed")),
            span: *span,
        });
    }
}

fn check_registry(line: &DependencyLine, root: &Manifest, errors: &mut Errors) {
    let (ecosystem, registries) = (line.ecosystem(), &root.registries);
    let serves = |registry: &&Registry| registry.ecosystem == ecosystem;
    let Some(name) = &line.registry else {
        // Members are asked for by their names as well.
        let may_be_member = ecosystem.is_published_with_larder() && !root.members.is_empty();
        let needs_registry = ecosystem.has_registries() && line.source.is_none() && !may_be_member;
        let of_marketplace = matches!(&line.spec, DependencySpec::Package(asked) if asked.application().is_some());
        let form = if of_marketplace { " { form \"marketplace\"; }" } else { "" };
        if needs_registry && !registries.iter().any(|registry| serves(&registry)) {
            errors.push(ManifestError::Undeclared {
                what: "registry of kind",
                name: ecosystem.to_string(),
                help: Some(format!("declare one: `registries {{ {ecosystem} \"NAME\" \"https://HOST/\"{form} }}`")),
                span: line.span,
            });
        }
        return;
    };
    let span = line.registry_span.unwrap_or(line.span);
    match registries.iter().find(|registry| registry.name == *name) {
        None => {
            let known = registries.iter().filter(serves).map(|registry| registry.name.as_str());
            errors.push(undeclared("registry", name, known, span));
        }
        Some(registry) if !serves(&registry) => errors.push(ManifestError::RegistryKind {
            name: name.to_string(),
            kind: registry.ecosystem.as_str(),
            ecosystem: ecosystem.as_str(),
            span,
        }),
        Some(_) => {}
    }
}

/// Checks that included groups exist and are allowed.
fn check_includes(root: &Manifest, members: &[Manifest], errors: &mut Errors) {
    let groups = || root.groups.iter().chain(members.iter().flat_map(|member| &member.groups));
    for environment in &root.environments {
        let Some(spans) = &environment.spans else { continue };
        for (name, span) in environment.include.iter().zip(&spans.include) {
            let mut blocks = groups().filter(|group| group.name.value == *name).peekable();
            if blocks.peek().is_none() {
                errors.push(undeclared("group", name, groups().map(|group: &Group| group.name.value.as_str()), *span));
            } else if environment.forbid_dev_groups
                && blocks.any(|group| group.dev)
                && let Some(rule) = spans.forbid_dev_groups
            {
                errors.push(ManifestError::DevGroup {
                    environment: environment.name.to_string(),
                    group: name.to_string(),
                    span: *span,
                    rule,
                });
            }
        }
    }
}

fn undeclared<'a>(
    what: &'static str,
    name: &Label,
    known: impl Iterator<Item = &'a str>,
    span: SourceSpan,
) -> ManifestError {
    let help = match nearest(name.as_str(), known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare a {what} of this name, or leave it out"),
    };
    ManifestError::Undeclared { what, name: name.to_string(), help: Some(help), span }
}
