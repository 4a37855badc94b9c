//! Lines for private packages that neither a member has the name of, nor a registry could have: told at the line, before anything is
//! asked.

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure, nearest};
use crate::model::{Ecosystem, PackageName};
use crate::ops::project::LinePlace;
use crate::ops::{Project, Result};
use crate::registry::path::LocalMatch;

/// Fails for the first line that nothing can answer.
pub(in crate::ops) fn check(project: &Project) -> Result<()> {
    let mut registries = project.manifest.registries.iter();
    if registries.any(|registry| registry.ecosystem == Ecosystem::PRIVATE) {
        return Ok(());
    }
    for (line, place) in project.lines.iter().zip(&project.places) {
        let requirement = &line.requirement;
        let is_answered = requirement.ecosystem() != Ecosystem::PRIVATE
            || line.optional
            || project.sources.contains_key(&requirement.package())
            || project.names.find_match(requirement) != LocalMatch::None;
        if !is_answered {
            return Err(Unserved::new(project, requirement.name(), place).into());
        }
    }
    Ok(())
}

/// A line for a private package that nothing answers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no registry serves larder packages such as `{package}`, and no member has this name")]
#[diagnostic(code(larder::registry::none), help("{help}"))]
struct Unserved {
    package: PackageName,
    help: String,
    #[source_code]
    file: NamedSource<Arc<str>>,
    #[label("asked for here")]
    line: Option<SourceSpan>,
}

impl Unserved {
    fn new(project: &Project, package: &PackageName, place: &LinePlace) -> Self {
        let names = project.names.names(Ecosystem::PRIVATE).map(PackageName::as_str);
        let declare = "declare a registry in larder.kdl: registries { larder \"name\" \"https://…\" }";
        let help = match nearest(package.as_str(), names) {
            Some(near) => format!("did you mean the member `{near}`? Else {declare}"),
            None => declare.to_owned(),
        };
        Self { package: package.clone(), help, file: place.file.clone(), line: place.span }
    }
}

impl Failure for Unserved {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
