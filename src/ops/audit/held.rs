//! Lines that hold a vulnerable version where it is, and that `--force` does not widen: overrides, aliases, lines of members.

use crate::diagnostic::Position;
use crate::model::{Dependent, PackageKey};
use crate::ops::Project;
use crate::ops::session::MANIFEST;

/// Returns the lines that ask for just this version of a package and that are not widened, with their places.
pub(super) fn lines(project: &Project, package: &PackageKey) -> Vec<String> {
    let settings = &project.manifest.settings;
    let overrides = settings.overrides.iter().filter(|one| one.package == package.id);
    let holds = overrides.filter_map(|one| one.replacement.as_ref()).filter(|one| one.matches(&package.version));
    let mut held: Vec<String> =
        holds.map(|one| format!("the override of {} with `{}` in {MANIFEST}", package.id, one.range_text())).collect();
    for (line, place) in project.lines.iter().zip(&project.places) {
        let requirement = &line.requirement;
        let is_of_member = line.dependent != Dependent::Project;
        let is_alias = *requirement.seen_as() != requirement.package().name;
        if requirement.package() != package.id || !requirement.matches(&package.version) || !(is_of_member || is_alias)
        {
            continue;
        }
        let text = place.file.inner();
        let number = place.span.map(|span| format!(":{}", Position::of(text, span.offset()).line)).unwrap_or_default();
        let name = requirement.seen_as();
        held.push(format!("`{name} {}` in {}{number}", requirement.range_text(), place.file.name()));
    }
    held
}
