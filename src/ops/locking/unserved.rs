//! Lines that nothing could answer, told before anything is asked: for private packages that neither a member has the name of, nor a
//! registry could have; and for applications of a marketplace where none is declared.

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure, nearest};
use crate::manifest::RegistryForm;
use crate::model::{Ecosystem, PackageId, PackageName};
use crate::ops::project::LinePlace;
use crate::ops::{Project, Result};
use crate::registry::path::LocalMatch;

/// Fails for lines that nothing can answer.
pub(in crate::ops) fn check(project: &Project) -> Result<()> {
    let registries = &project.manifest.registries;
    let serves_private = registries.iter().any(|registry| registry.ecosystem.is_published_with_larder());
    let has_marketplace = registries.iter().any(|registry| registry.form == RegistryForm::Marketplace);
    let (settings, idle) = (&project.manifest.settings, project.idle_groups());
    let mut unserved: Vec<Unserved> = Vec::new();
    for (line, place) in project.lines.iter().zip(&project.places) {
        let requirement = &line.requirement;
        let is_overridden = settings.override_of(None, &requirement.package(), None).is_some();
        let is_idle = line.group.as_ref().is_some_and(|group| idle.contains(group));
        if line.optional || is_idle || is_overridden || settings.instance.provides(requirement) {
            continue;
        }
        let application = requirement.application();
        let is_answered = serves_private
            || !requirement.ecosystem().is_published_with_larder()
            || project.sources.contains_key(&requirement.package())
            || project.names.find_match(requirement) != LocalMatch::None;
        if !is_answered {
            unserved.push(Unserved::private(project, requirement.name(), place));
        } else if application.is_some() && !has_marketplace {
            unserved.push(Unserved::application(&requirement.package(), place));
        }
    }
    let mut unserved = unserved.into_iter();
    match unserved.next() {
        Some(first) => Err(Unserved { others: unserved.collect(), ..first }.into()),
        None => Ok(()),
    }
}

/// A line that nothing answers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
#[diagnostic(code(larder::registry::none), help("{help}"))]
struct Unserved {
    message: String,
    help: String,
    #[source_code]
    file: NamedSource<Arc<str>>,
    #[label("asked for here")]
    line: Option<SourceSpan>,
    /// Other lines that nothing answers.
    #[related]
    others: Vec<Unserved>,
}

impl Unserved {
    fn application(package: &PackageId, place: &LinePlace) -> Self {
        let message = format!(
            "`{}` is to come from an application of a marketplace, and no registry has `form \"marketplace\"`",
            package.name
        );
        let help = format!(
            "declare it in larder.kdl: registries {{ {} \"marketplace\" \"https://…\" {{ form \"marketplace\"; }} }}",
            package.ecosystem
        );
        Self::at(place, message, help)
    }

    fn at(place: &LinePlace, message: String, help: String) -> Self {
        Self { message, help, file: place.file.clone(), line: place.span, others: Vec::new() }
    }

    fn private(project: &Project, package: &PackageName, place: &LinePlace) -> Self {
        let names = project.names.names(Ecosystem::PRIVATE).map(PackageName::as_str);
        let declare = "declare a registry in larder.kdl: registries { larder \"name\" \"https://…\" }";
        let help = match nearest(package.as_str(), names) {
            Some(near) => format!("did you mean the member `{near}`? Else {declare}"),
            None => declare.to_owned(),
        };
        let message = format!("no registry serves larder packages such as `{package}`, and no member has this name");
        Self::at(place, message, help)
    }
}

impl Failure for Unserved {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
