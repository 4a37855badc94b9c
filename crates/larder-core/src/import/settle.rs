//! What can be decided only once all files are read: ranges that catalogs have, and overrides of projects beside.

use std::collections::BTreeSet;

use crate::manifest::{OF_MEMBER, names_own_package, overridden_name, parse_folder, parse_requirement, split_override};
use crate::model::{Ecosystem, ExtraName, Marker, NpmRange, PackageId, PackageName, Version, split_at_version};

use super::locks::LockedVersions;
use super::{CatalogRange, FolderOverride, Imported, ImportedLine, npm};

/// What is in a folder by which an override replaces a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderContents {
    /// A package of the project's own that has the name.
    OwnPackage,
    /// The folder does not exist: a link to it takes the package away.
    Nothing,
    /// Another package, or what lies outside of the project.
    Another,
}

/// Overrides as [`Imported::overrides`] has them.
type Overrides = Vec<(Ecosystem, String, Option<String>)>;

/// An override of a project beside the root. Its tools apply it to that project alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OverrideBeside {
    /// The project's folder.
    folder: String,
    ecosystem: Ecosystem,
    /// `name`, `parent>name`, `name@range`
    selector: String,
    range: Option<String>,
}

impl OverrideBeside {
    /// Divides overrides of a project in a folder into those that are to be settled, and those that apply to the whole in any case:
    /// of an ecosystem without scopes there is one version of a name.
    pub(super) fn divide(folder: &str, overrides: Overrides) -> (Vec<Self>, Overrides) {
        let is_of_member = |range: &Option<String>| range.as_deref() == Some(OF_MEMBER);
        let (beside, whole): (Vec<_>, Vec<_>) =
            overrides.into_iter().partition(|(ecosystem, _, range)| ecosystem.has_scopes() && !is_of_member(range));
        let of_folder = |(ecosystem, selector, range)| Self { folder: folder.to_owned(), ecosystem, selector, range };
        (beside.into_iter().map(of_folder).collect(), whole)
    }

    /// Returns an override of the root as it stands; where it would move a version of another project, after one for each package that
    /// has the replaced one by the root's own lockfile.
    fn narrowed(self, own: &LockedVersions, locked: &[(String, LockedVersions)]) -> Vec<Self> {
        let (parent, child) = split_override(&self.selector);
        let Ok(alias) = PackageName::parse(self.ecosystem, overridden_name(&self.selector)) else { return vec![self] };
        let moves_nothing =
            || self.moves(locked).is_none() && self.moves_line(own).is_none() && self.moves_below(own).is_none();
        if parent.is_some() || moves_nothing() {
            return vec![self];
        }
        let below = |parent: &str| Self { selector: format!("{parent}>{child}"), ..self.clone() };
        let parents = own.npm_parents(&alias).into_iter();
        let narrower: Vec<Self> = parents.map(below).filter(|one| one.moves_below(own).is_none()).collect();
        narrower.into_iter().chain([self]).collect()
    }

    /// Returns the package that the override is for, and whether it would move a version of that.
    fn subject(&self) -> Option<(PackageId, impl Fn(&&Version) -> bool)> {
        let (_, child) = split_override(&self.selector);
        let (name, selected) = match split_at_version(child) {
            Some((name, range)) => (name, Some(range.parse::<NpmRange>().ok()?)),
            None => (child, None),
        };
        let id = PackageId::new(self.ecosystem, PackageName::parse(self.ecosystem, name).ok()?);
        let replaced = parse_requirement(self.ecosystem, name, self.range.as_deref(), &Marker::default()).ok()?;
        let is_same_package = self.range.is_some() && replaced.package() == id;
        let is_moved = move |version: &&Version| {
            let is_selected = || selected.as_ref().is_none_or(|range| version.is_in_range(range));
            let is_same = is_same_package && replaced.matches(version);
            !is_same && is_selected()
        };
        Some((id, is_moved))
    }

    /// Returns the first version that a line of the project itself has by its own lockfile, and that the override would move: Yarn 1 leaves
    /// lines as they are.
    fn moves_line<'l>(&self, own: &'l LockedVersions) -> Option<&'l Version> {
        let (id, is_moved) = self.subject()?;
        let (parent, _) = split_override(&self.selector);
        if parent.is_some() {
            return None;
        }
        // A line under another name, or one whose package is replaced by another, is told by its version alone.
        let of_package = own.packages().get(&id)?;
        own.versions_of_lines(&id.name).into_iter().filter(|version| of_package.contains(*version)).find(is_moved)
    }

    /// Returns the first version that a package has by the project's own lockfile, and that an override of a range would move, with that
    /// package: Yarn 2 and later replaces what is asked for by this very range.
    fn moves_below<'l>(&self, own: &'l LockedVersions) -> Option<(&'l str, &'l Version)> {
        let (parent, child) = split_override(&self.selector);
        split_at_version(child)?;
        let (id, is_moved) = self.subject()?;
        let of_package = own.packages().get(&id)?;
        own.npm_parents(&id.name).into_iter().filter(|one| parent.is_none_or(|parent| parent == *one)).find_map(|one| {
            let versions = own.npm_versions_below(one, &id.name);
            let version = versions.into_iter().filter(|version| of_package.contains(*version)).find(&is_moved)?;
            Some((one, version))
        })
    }

    /// Returns the first version of another project that the override would move, with the folder of that project.
    fn moves<'l>(&self, locked: &'l [(String, LockedVersions)]) -> Option<(&'l str, &'l Version)> {
        let (parent, _) = split_override(&self.selector);
        let (id, is_moved) = self.subject()?;
        locked.iter().filter(|(folder, _)| *folder != self.folder).find_map(|(folder, versions)| {
            let of_name: Vec<&Version> = match parent {
                Some(parent) => versions.npm_versions_below(parent, &id.name),
                None => versions.packages().get(&id).into_iter().flatten().collect(),
            };
            of_name.into_iter().find(&is_moved).map(|version| (folder.as_str(), version))
        })
    }
}

impl Imported {
    /// Adds the overrides of projects beside, and lists those that would move a version that the lockfile of another project has. One of
    /// the root that would is listed as well, and is there for the packages alone that have it by the root's own lockfile.
    pub fn settle_overrides(&mut self, locked: &[(String, LockedVersions)]) {
        self.settle_references();
        let own = |folder: &str| locked.iter().find(|(other, _)| other.as_str() == folder).map(|(_, own)| own);
        if let Some(own) = own("") {
            self.settle_deep_overrides(own);
            let (of_root, whole) = OverrideBeside::divide("", std::mem::take(&mut self.overrides));
            self.overrides = whole;
            let narrowed = of_root.into_iter().flat_map(|one| one.narrowed(own, locked));
            self.overrides_beside.splice(..0, narrowed);
        }
        for beside in std::mem::take(&mut self.overrides_beside) {
            let OverrideBeside { folder, ecosystem, selector, range } = &beside;
            let name = overridden_name(selector);
            let own = own(folder);
            let of_line = || own.and_then(|own| beside.moves_line(own));
            let below = || own.and_then(|own| beside.moves_below(own));
            let why = if let Some((other, version)) = beside.moves(locked) {
                let other = if other.is_empty() { "the root" } else { other };
                format!("it would apply to the whole, and {other} has {name} {version}")
            } else if let Some(version) = of_line() {
                format!("it would hold for lines too, and one has {name} {version} by the lockfile")
            } else if let Some((parent, version)) = below() {
                format!("it would hold for {parent} too, which has {name} {version} by the lockfile")
            } else {
                self.add_override(*ecosystem, selector, range.as_deref());
                continue;
            };
            let what = format!("override {selector} {}", range.as_deref().unwrap_or_default());
            let what = if folder.is_empty() { what } else { format!("{folder}: {what}") };
            self.refuse(what.trim_end(), why);
        }
    }

    /// Adds a line for each package that a parent leads to and that has what an override replaces there, where all copies of it have it so.
    fn settle_deep_overrides(&mut self, own: &LockedVersions) {
        let deep = std::mem::take(&mut self.deep_overrides);
        let is_deep = |(ecosystem, selector, _): &&(Ecosystem, String, Option<String>)| {
            *ecosystem == npm::ECOSYSTEM && deep.contains(selector)
        };
        let overrides: Overrides = self.overrides.iter().filter(is_deep).cloned().collect();
        if overrides.is_empty() {
            return;
        }
        let tree = own.npm_tree();
        for (ecosystem, selector, range) in overrides {
            let (Some(parent), child) = split_override(&selector) else { continue };
            let Ok(alias) = PackageName::parse(ecosystem, overridden_name(&selector)) else { continue };
            for below in tree.names_below(parent).into_iter().filter(|below| *below != parent) {
                let versions = tree.versions_below(below, &alias);
                let range = range.clone();
                let one =
                    OverrideBeside { folder: String::new(), ecosystem, selector: format!("{below}>{child}"), range };
                let moved = one.subject().and_then(|(_, is_moved)| versions.iter().copied().find(is_moved));
                match moved {
                    _ if versions.is_empty() => {}
                    None => self.add_override(ecosystem, &one.selector, one.range.as_deref()),
                    Some(version) => {
                        let what = format!("override {} {}", one.selector, one.range.as_deref().unwrap_or_default());
                        let why =
                            format!("it is meant below {parent} alone, and a copy of {below} has {alias} {version}");
                        self.refuse(what.trim_end(), why);
                    }
                }
            }
        }
    }

    /// Adds the patches for every version of a package: a line for each that is locked. What no lockfile has a version of is listed.
    pub fn settle_patches(&mut self, locked: &[(String, LockedVersions)]) {
        for (name, file) in std::mem::take(&mut self.whole_patches) {
            let versions = locked.iter().filter_map(|(_, versions)| versions.npm_versions(&name)).flatten();
            let versions: BTreeSet<String> = versions.map(ToString::to_string).collect();
            if versions.is_empty() {
                let why = "a `patch` line is for one version, and no lockfile has one: write it once larder.lock has the package";
                self.refuse(format!("patchedDependencies {name}"), why);
            }
            for version in versions {
                self.add_patch(npm::ECOSYSTEM, &name, &version, &file);
            }
        }
    }

    /// Gives overrides the ranges of the dependencies that they refer to: `$react`.
    pub(super) fn settle_references(&mut self) {
        for (selector, name) in std::mem::take(&mut self.reference_overrides) {
            let is_it = |line: &&ImportedLine| line.ecosystem == npm::ECOSYSTEM && line.name == name;
            let line = self.lines.iter().find(is_it).cloned();
            let is_of_member = self.workspace.contains(&(npm::ECOSYSTEM, name.clone()));
            match line.filter(|line| line.source.is_none()) {
                Some(_) if is_of_member => self.add_override(npm::ECOSYSTEM, &selector, Some(OF_MEMBER)),
                Some(ImportedLine { catalog: Some(catalog), .. }) => self.catalog_overrides.push((selector, catalog)),
                Some(ImportedLine { range, .. }) => {
                    npm::overrides::take(&selector, range.as_deref().unwrap_or("*"), self);
                }
                None => self.refuse(format!("override {selector} ${name}"), "the root has no such dependency"),
            }
        }
    }

    /// Returns the Python packages that lines ask for by name.
    pub fn python_names(&self) -> BTreeSet<PackageName> {
        let lines = self.lines.iter().map(|line| (line.ecosystem, &line.name));
        let all = lines.chain(self.workspace.iter().map(|(ecosystem, name)| (*ecosystem, name)));
        let python = all.filter(|(ecosystem, _)| ecosystem.has_markers());
        python.filter_map(|(ecosystem, name)| PackageName::parse(ecosystem, name.split('[').next()?).ok()).collect()
    }

    /// Returns the folders that overrides put in the place of packages, relative to the root, each with the name that is overridden.
    pub fn overriding_folders(&self) -> impl Iterator<Item = (&str, PackageName)> {
        let overrides = self.folder_overrides.iter();
        overrides.filter_map(|one| {
            Some((&*one.folder, PackageName::parse(npm::ECOSYSTEM, overridden_name(&one.selector)).ok()?))
        })
    }

    /// Turns overrides by folders into overrides by the project's own packages, and links to nothing into removals. `contents` tells what
    /// is in a folder, relative to the root, for who overrides a name.
    pub fn settle_folder_overrides(&mut self, contents: impl Fn(&str, Ecosystem, &PackageName) -> FolderContents) {
        let ecosystem = npm::ECOSYSTEM;
        for FolderOverride { selector, folder, is_link } in std::mem::take(&mut self.folder_overrides) {
            let name = PackageName::parse(ecosystem, overridden_name(&selector));
            match name.map(|name| contents(&folder, ecosystem, &name)) {
                Ok(FolderContents::OwnPackage) => self.add_override(ecosystem, &selector, Some(OF_MEMBER)),
                Ok(FolderContents::Nothing) if is_link => self.add_override(ecosystem, &selector, None),
                _ => {
                    let why = "no package of the project in this folder has the name: an `override` line is by one of that name";
                    self.refuse(format!("override {selector} by {folder}"), why);
                }
            }
        }
    }

    /// Puts members in the place of what packages of registries ask for by the names that are `linked`, in the members' versions, and lists
    /// overrides by members that are none. `version` returns the version of the member of a name; `Some(None)` if it has none.
    pub fn override_with_members<'n>(
        &mut self,
        linked: impl Iterator<Item = &'n PackageName>,
        version: impl Fn(Ecosystem, &PackageName) -> Option<Option<String>>,
    ) {
        let ecosystem = npm::ECOSYSTEM;
        let of_name =
            |selector: &str| version(ecosystem, &PackageName::parse(ecosystem, overridden_name(selector)).ok()?);
        let is_lost = |(_, selector, range): &(Ecosystem, String, Option<String>)| {
            range.as_deref() == Some(OF_MEMBER) && of_name(selector).is_none()
        };
        let (lost, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.overrides).into_iter().partition(is_lost);
        self.overrides = kept;
        for (_, selector, _) in lost {
            self.refuse(format!("override {selector} {OF_MEMBER}"), "no member of the project has this name");
        }
        for name in linked {
            let is_overridden = self.overrides.iter().any(|(_, known, _)| overridden_name(known) == name.as_str());
            let Some(version) = version(ecosystem, name).filter(|_| !is_overridden) else { continue };
            let version = version.filter(|version| Version::parse(ecosystem, version).is_ok());
            let selector = version.map_or_else(|| name.to_string(), |version| format!("{name}@{version}"));
            self.add_override(ecosystem, &selector, Some(OF_MEMBER));
        }
    }

    /// Takes extras out of the lines for local packages, and lists them. `is_unknown` tells of a folder, relative to the root, and an
    /// extra whether its package lacks that.
    pub fn leave_out_extras(&mut self, is_unknown: impl Fn(&str, &ExtraName) -> bool) {
        self.indices.clear();
        for mut line in std::mem::take(&mut self.lines) {
            if let Some(spec) = parse_folder(&line.name).ok().filter(|_| line.ecosystem.is_local()) {
                let (unknown, known): (Vec<_>, Vec<_>) =
                    spec.extras.iter().partition(|extra| is_unknown(&spec.folder, extra));
                if !unknown.is_empty() {
                    let base = spec.as_written();
                    for extra in unknown {
                        self.refuse(format!("the extra {extra} of {base}"), "its package has no such extra");
                    }
                    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
                    line.name = if known.is_empty() { base.to_owned() } else { format!("{base}[{}]", known.join(",")) };
                }
            }
            self.take(line);
        }
    }

    /// Looks up the overrides whose ranges a catalog has, and takes out the lines whose catalogs do not have them. To be
    /// called once all files are read.
    pub fn settle_catalogs(&mut self) {
        self.settle_references();
        let catalogs = std::mem::take(&mut self.catalogs);
        let has = |line: &ImportedLine| {
            let Some(catalog) = &line.catalog else { return true };
            catalogs
                .iter()
                .any(|known| (&known.catalog, known.ecosystem, &known.name) == (catalog, line.ecosystem, &line.name))
        };
        let (kept, lost): (Vec<_>, Vec<_>) = std::mem::take(&mut self.lines).into_iter().partition(has);
        self.indices.clear();
        for line in kept {
            let is_it = |known: &&CatalogRange| {
                Some(&known.catalog) == line.catalog.as_ref()
                    && (known.ecosystem, &known.name) == (line.ecosystem, &line.name)
            };
            match catalogs.iter().find(is_it).filter(|known| names_own_package(known.ecosystem, &known.range)) {
                Some(own) => self.take_as(&line, &own.range),
                None => self.take(line),
            }
        }
        for line in lost {
            self.refuse(line.what(), "no catalog has it");
        }
        for (selector, catalog) in std::mem::take(&mut self.catalog_overrides) {
            let child = overridden_name(&selector);
            match catalogs.iter().find(|known| known.catalog == catalog && known.name == child) {
                Some(CatalogRange { ecosystem, range, .. }) => self.add_override(*ecosystem, &selector, Some(range)),
                None => self.refuse(format!("override {selector}"), "no catalog has it"),
            }
        }
        self.catalogs = catalogs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::package_json;

    fn overrides(selector: &str, range: Option<&str>) -> Imported {
        let mut project = Imported::default();
        project.add_override(Ecosystem::Npm, selector, range);
        let mut all = Imported::default();
        all.take_settings("client", project);
        let mut locked = LockedVersions::default();
        locked.add_npm("vite", "6.4.3");
        locked.add_npm("qs", "6.15.2");
        let (parent, child) = (locked.add_npm("parent", "1.0.0").unwrap(), locked.add_npm("child", "1.0.0").unwrap());
        locked.add_edge(&parent, "child", &child);
        let mut own = LockedVersions::default();
        own.add_npm("vite", "7.3.5");
        own.add_npm("own", "1.0.0");
        all.settle_overrides(&[("web".to_owned(), locked), ("client".to_owned(), own)]);
        all
    }

    #[test]
    fn an_override_of_the_root_that_would_move_a_version_of_another_project_is_for_its_own_packages_alone() {
        let locked = |versions: &[(&str, &str, &str)]| {
            let mut locked = LockedVersions::default();
            for (parent, parent_version, child) in versions {
                let parent = locked.add_npm(parent, parent_version).unwrap();
                let child = locked.add_npm("strip", child).unwrap();
                locked.add_edge(&parent, "strip", &child);
            }
            locked
        };
        let root = locked(&[("wrap", "7.0.0", "6.0.1"), ("width", "4.0.0", "6.0.1")]);
        let site = locked(&[("width", "5.0.0", "7.2.0")]);
        let mut all = package_json(r#"{"overrides": {"strip": "6.0.1", "other": "2.0.0"}}"#).unwrap();
        all.settle_overrides(&[(String::new(), root), ("site".to_owned(), site)]);
        let overrides: Vec<&str> = all.overrides.iter().map(|(_, selector, _)| selector.as_str()).collect();
        assert_eq!(overrides, ["other", "wrap>strip"]);
        let left: Vec<String> = all.not_taken.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
        let why = "it would apply to the whole, and site has strip 7.2.0";
        assert_eq!(left, [format!("override width>strip 6.0.1: {why}"), format!("override strip 6.0.1: {why}")]);
    }

    #[test]
    fn a_resolution_of_yarn_leaves_lines_as_they_are() {
        let lock = |text: &str| {
            let declared = super::super::locks::DeclaredRanges {
                dependent: crate::model::Dependent::Project,
                ranges: vec![("strip".to_owned(), "^7.0.1".to_owned()), ("wrap".to_owned(), "7.0.0".to_owned())],
            };
            super::super::locks::read("yarn.lock", text, "", &[declared], &crate::model::Settings::default()).unwrap()
        };
        let wrap = "wrap@7.0.0:\n  version \"7.0.0\"\n  dependencies:\n    strip \"^6.0.0\"\n\n";
        let own = "strip@6.0.1, strip@^6.0.0:\n  version \"6.0.1\"\n\nstrip@^7.0.1:\n  version \"7.2.0\"\n";
        let mut all = package_json(r#"{"resolutions": {"strip": "6.0.1"}}"#).unwrap();
        all.settle_overrides(&[(String::new(), lock(&format!("{wrap}{own}")))]);
        let overrides: Vec<&str> = all.overrides.iter().map(|(_, selector, _)| selector.as_str()).collect();
        assert_eq!(overrides, ["wrap>strip"]);
        let why = "it would hold for lines too, and one has strip 7.2.0 by the lockfile";
        assert_eq!((all.not_taken[0].what.as_str(), all.not_taken[0].why.as_str()), ("override strip 6.0.1", why));
        // Others apply them to lines, which are locked so then.
        let mut all = package_json(r#"{"resolutions": {"strip": "6.0.1"}}"#).unwrap();
        all.settle_overrides(&[(
            String::new(),
            lock(&format!("{wrap}strip@6.0.1, strip@^6.0.0, strip@^7.0.1:\n  version \"6.0.1\"\n")),
        )]);
        assert_eq!((all.overrides.len(), all.overrides[0].1.as_str()), (1, "strip"));
    }

    #[test]
    fn a_resolution_of_a_range_is_for_those_that_ask_by_it() {
        let lock = |inner: &str| {
            let text = format!(
                "__metadata:\n  version: 8\n\n\"outer@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"outer@npm:1.0.0\"\n  \
                 dependencies:\n    strip: \"npm:^6.0.0\"\n\n\"{inner}@npm:2.0.0\":\n  version: 2.0.0\n  resolution: \
                 \"{inner}@npm:2.0.0\"\n  dependencies:\n    strip: \"npm:^6.1.0\"\n\n\"strip@npm:6.0.1\":\n  version: 6.0.1\n  \
                 resolution: \"strip@npm:6.0.1\"\n\n\"strip@npm:^6.1.0\":\n  version: 6.2.0\n  resolution: \"strip@npm:6.2.0\"\n"
            );
            super::super::locks::read("yarn.lock", &text, "", &[], &crate::model::Settings::default()).unwrap()
        };
        let settled = |inner: &str| {
            let mut all = package_json(r#"{"resolutions": {"strip@^6.0.0": "6.0.1"}}"#).unwrap();
            all.settle_overrides(&[(String::new(), lock(inner))]);
            let overrides: Vec<String> = all.overrides.iter().map(|(_, selector, _)| selector.clone()).collect();
            (overrides.join(" "), all.not_taken[0].why.clone())
        };
        let why = |parent| format!("it would hold for {parent} too, which has strip 6.2.0 by the lockfile");
        assert_eq!(settled("inner"), ("outer>strip@^6.0.0".to_owned(), why("inner")));
        // No line is for one version of a parent.
        assert_eq!(settled("outer"), (String::new(), why("outer")));
    }

    #[test]
    fn an_override_below_a_parent_is_for_all_that_it_leads_to() {
        let mut locked = LockedVersions::default();
        let mut edge = |from: (&str, &str), to: (&str, &str)| {
            let (from, to) = (locked.add_npm(from.0, from.1).unwrap(), locked.add_npm(to.0, to.1).unwrap());
            locked.add_edge(&from, to.id.name.as_str(), &to);
        };
        edge(("yargs", "16.2.0"), ("cliui", "7.0.4"));
        edge(("yargs", "16.2.0"), ("width", "4.2.3"));
        edge(("cliui", "7.0.4"), ("strip", "6.0.0"));
        edge(("width", "4.2.3"), ("strip", "6.0.0"));
        edge(("width", "5.0.0"), ("strip", "7.0.0"));
        edge(("wrap", "7.0.0"), ("strip", "6.0.1"));
        for text in
            [r#"{"overrides": {"yargs": {"strip": "6.0.0"}}}"#, r#"{"resolutions": {"yargs/**/strip": "6.0.0"}}"#]
        {
            let mut all = package_json(text).unwrap();
            all.settle_overrides(&[(String::new(), locked.clone())]);
            let overrides: Vec<&str> = all.overrides.iter().map(|(_, selector, _)| selector.as_str()).collect();
            assert_eq!(overrides, ["yargs>strip", "cliui>strip"], "{text}");
            let why = "it is meant below yargs alone, and a copy of width has strip 7.0.0";
            assert_eq!(
                (all.not_taken[0].what.as_str(), all.not_taken[0].why.as_str()),
                ("override width>strip 6.0.0", why)
            );
        }
        // pnpm's are for what the parent itself asks for.
        let mut all = package_json(r#"{"pnpm": {"overrides": {"yargs>strip": "6.0.0"}}}"#).unwrap();
        all.settle_overrides(&[(String::new(), locked)]);
        assert_eq!((all.overrides.len(), all.not_taken.len()), (1, 0));
    }

    #[test]
    fn a_patch_for_every_version_is_a_line_for_each_that_is_locked() {
        let mut all = package_json(
            r#"{"pnpm": {"patchedDependencies": {"a": "patches/a.patch", "gone": "patches/gone.patch"}}}"#,
        )
        .unwrap();
        let mut locked = LockedVersions::default();
        locked.add_npm("a", "1.0.0");
        locked.add_npm("a", "2.0.0");
        all.settle_patches(&[(String::new(), locked)]);
        let patches: Vec<_> =
            all.patches.iter().map(|one| format!("{}@{} {}", one.name, one.version, one.file)).collect();
        assert_eq!(patches, ["a@1.0.0 patches/a.patch", "a@2.0.0 patches/a.patch"]);
        assert_eq!(all.not_taken[0].what, "patchedDependencies gone");
    }

    #[test]
    fn an_override_of_one_project_moves_nothing_of_another() {
        for (selector, range, is_taken) in [
            ("vite", Some("^7.3.5"), false),
            ("vite", Some("6"), true),
            ("vite", Some("npm:other@6"), false),
            ("vite", None, false),
            ("vite@5", Some("^5.1.0"), true),
            ("vite@6", Some("^6.5.0"), false),
            ("vitest>vite", Some("^7.3.5"), true),
            ("parent>child", Some("2"), false),
            ("parent>child", Some("^1"), true),
            ("qs", Some(">=6.15.2"), true),
            ("own", Some("2"), true),
            ("nowhere", Some("2"), true),
        ] {
            let all = overrides(selector, range);
            assert_eq!(
                (all.overrides.len(), all.not_taken.is_empty()),
                (usize::from(is_taken), is_taken),
                "{selector} {range:?}"
            );
        }
        let left = &overrides("vite", Some("^7.3.5")).not_taken[0];
        assert_eq!(left.what, "client: override vite ^7.3.5");
        assert_eq!(left.why, "it would apply to the whole, and web has vite 6.4.3");
    }
}
