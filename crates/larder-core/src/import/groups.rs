//! The groups of an import: which there are, which are installed unasked, and which exclude each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::parse_folder;
use crate::model::{ExtraName, Label, PackageName};

use super::{Imported, ImportedLine, NotTaken};

/// Whose extras are asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtraOf {
    /// The package in a folder, relative to that of the file.
    Folder(String),
    /// The Python package of a name.
    Name(PackageName),
}

impl ExtraOf {
    /// Returns that of a Python package; `None` if this is no name of one.
    pub fn name(name: &str) -> Option<Self> {
        PackageName::pypi(name).ok().map(Self::Name)
    }
}

/// The most groups that exclude others: each has a solution of its own, and a lock has some thirty.
const MOST_EXCLUSIVE: usize = 30;

/// The group that environments have before others.
const FIRST: &str = "dev";

impl Imported {
    /// Adds what a member's own file says that concerns the whole project. Its groups are those of the project with their names; its
    /// extras are no groups.
    pub fn take_from_member(&mut self, member: Self) {
        self.runtimes.merge(member.runtimes);
        let of_groups = member.conflicts.into_iter().filter(|groups| groups.is_subset(&member.dev_groups));
        of_groups.for_each(|groups| self.add_conflict(groups));
        for group in member.dev_groups {
            if member.optional_groups.contains(&group) {
                let is_known = self.has_group(&group) || self.member_groups.contains(&group);
                if !is_known {
                    self.optional_groups.insert(group.clone());
                }
            } else {
                self.optional_groups.remove(&group);
            }
            self.member_groups.insert(group);
        }
    }

    /// Returns whether a line is in the group.
    pub(super) fn has_group(&self, group: &Label) -> bool {
        self.lines.iter().any(|line| line.group.as_ref() == Some(group))
    }

    /// Returns whether there is a group of this name, one of a member among them.
    pub fn has_any_group(&self, group: &Label) -> bool {
        self.has_group(group) || self.member_groups.contains(group)
    }

    /// Notes that groups exclude each other, if a manifest can have it.
    pub(super) fn add_conflict(&mut self, groups: BTreeSet<Label>) {
        if groups.len() < 2 || self.conflicts.contains(&groups) {
            return;
        }
        let all: BTreeSet<&Label> = self.conflicts.iter().flatten().chain(&groups).collect();
        if all.len() > MOST_EXCLUSIVE {
            let names: Vec<&str> = groups.iter().map(Label::as_str).collect();
            return self.refuse(
                format!("conflicts of the groups {}", names.join(" ")),
                "each is solved by itself, and these are too many",
            );
        }
        self.conflicts.push(groups);
    }

    /// Returns the groups that exclude each other, as far as there are such groups.
    pub(super) fn conflicts(&self) -> Vec<BTreeSet<Label>> {
        let all = self.all_groups();
        let there = self.conflicts.iter().map(|groups| groups.intersection(&all).cloned().collect::<BTreeSet<_>>());
        let mut there: Vec<_> = there.filter(|groups| groups.len() > 1).collect();
        there.sort();
        there.dedup();
        there
    }

    /// Lists the groups that exclude each other as what a manifest that is there does not get.
    pub fn tell_conflicts(&mut self) {
        self.conflicts_told().into_iter().for_each(|told| self.leave_out(told));
    }

    /// Returns the groups that exclude each other as what a manifest that is there does not get.
    pub fn conflicts_told(&self) -> Vec<NotTaken> {
        let told = self.conflicts().into_iter().map(|groups| {
            let names: Vec<String> = groups.iter().map(|group| format!("\"{group}\"")).collect();
            let why =
                format!("write `conflicts {{ group {}; }}`, and environments with one of them each", names.join(" "));
            NotTaken::new(format!("conflicts of the groups {}", names.join(" ").replace('"', "")), why)
        });
        told.collect()
    }

    /// Returns the groups that development includes: those that a tool installs unasked. Of some that exclude each other it has one.
    pub(super) fn included_groups(&self) -> Vec<Label> {
        let (all, conflicts) = (self.all_groups(), self.conflicts());
        let (first, others): (Vec<&Label>, Vec<&Label>) =
            all.difference(&self.optional_groups).partition(|group| group.as_str() == FIRST);
        let mut included: Vec<Label> = Vec::new();
        for group in first.into_iter().chain(others) {
            let excludes = |other: &Label| conflicts.iter().any(|set| set.contains(group) && set.contains(other));
            if !included.iter().any(excludes) {
                included.push(group.clone());
            }
        }
        included.sort();
        included
    }

    /// Returns the groups that no environment of the manifest includes, extras among them.
    pub(super) fn groups_on_demand(&self) -> Vec<Label> {
        let included = self.included_groups();
        self.all_groups().into_iter().filter(|group| !included.contains(group)).collect()
    }

    /// Leaves out what groups on demand take from elsewhere than the others have it: a package has one place in a project.
    pub fn settle_sources(&mut self) {
        let on_demand = self.groups_on_demand();
        let is_on_demand = |line: &ImportedLine| line.group.as_ref().is_some_and(|group| on_demand.contains(group));
        let name = |line: &ImportedLine| (line.ecosystem, line.key().2);
        let elsewhere = self.lines.iter().filter(|line| line.source.is_none() || !is_on_demand(line));
        let mut places: BTreeMap<_, BTreeSet<Option<String>>> = BTreeMap::new();
        for line in elsewhere {
            places.entry(name(line)).or_default().insert(line.source.as_ref().map(ToString::to_string));
        }
        let provided = self.provided.clone();
        self.leave_out_lines(|line| {
            let source = line.source.as_ref().filter(|_| is_on_demand(line))?.to_string();
            let others = places.get(&name(line));
            let is_provided = line.ecosystem.has_markers() && provided.contains(&line.key().2);
            let differs = is_provided || others.is_some_and(|others| !others.contains(&Some(source)));
            let why = "others have the package from elsewhere, and it has one place in a project";
            differs.then(|| NotTaken::new(line.what(), why))
        });
    }

    /// Returns the extras that lines ask for.
    pub fn asked_extras(&self) -> BTreeSet<(ExtraOf, ExtraName)> {
        let mut found = BTreeSet::new();
        for line in &self.lines {
            let Some((bare, extras)) = line.name.strip_suffix(']').and_then(|name| name.split_once('[')) else {
                continue;
            };
            let of = if line.ecosystem.is_local() {
                parse_folder(bare).ok().map(|spec| ExtraOf::Folder(spec.folder.to_string()))
            } else {
                ExtraOf::name(bare)
            };
            let extras = extras.split(',').filter_map(|extra| extra.trim().parse::<ExtraName>().ok());
            found.extend(of.into_iter().flat_map(|of| extras.clone().map(move |extra| (of.clone(), extra))));
        }
        found
    }

    /// Returns those that are no extras, which nobody expects in an environment.
    pub fn dependency_groups_on_demand(&self) -> Vec<Label> {
        let is_told = |group: &Label| self.dev_groups.contains(group) || self.member_groups.contains(group);
        self.groups_on_demand().into_iter().filter(is_told).collect()
    }

    /// Returns the names of the project's groups, the members' among them.
    pub(super) fn all_groups(&self) -> BTreeSet<Label> {
        self.lines.iter().filter_map(|line| line.group.clone()).chain(self.member_groups.iter().cloned()).collect()
    }

    /// Returns the groups with their lines, sorted by name.
    pub(super) fn groups(&self) -> BTreeMap<&Label, Vec<&ImportedLine>> {
        let mut groups: BTreeMap<&Label, Vec<&ImportedLine>> = BTreeMap::new();
        for line in &self.lines {
            if let Some(group) = &line.group {
                groups.entry(group).or_default().push(line);
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use crate::import::{Imported, Template, pyproject, template};
    use crate::model::Platform;

    const ALTERNATIVES: &str = "[project]\nname='x'\nversion='1'\n[dependency-groups]\ndev=['a', {include-group='test'}]\ntest=['b']\n\
                                docs=['c']\nold=['d==1']\nnew=['d==2']\n";

    fn environments(imported: &Imported) -> String {
        let text =
            template(&Template { name: "x", host: Platform::LinuxX64, node: None, python: Some("3.12.1"), imported });
        let from = text.find("\nconflicts").or_else(|| text.find("\nenvironment")).unwrap_or(text.len());
        text[from..].to_owned()
    }

    #[test]
    fn alternatives_that_no_tool_installs_are_in_no_environment() {
        let imported = pyproject(ALTERNATIVES).unwrap();
        let expected = "\nenvironment \"development\" {\n    include \"dev\" \"test\"\n}\nenvironment \"production\"\n";
        assert_eq!(environments(&imported), expected);
        assert!(imported.groups_on_demand().iter().map(ToString::to_string).eq(["docs", "new", "old"]));
        let no_dev = pyproject(&ALTERNATIVES.replace("dev=", "lint=")).unwrap();
        assert!(environments(&no_dev).is_empty() && no_dev.groups_on_demand().is_empty());
    }

    #[test]
    fn what_a_group_on_demand_has_from_elsewhere_than_others_is_left_out() {
        let text = ALTERNATIVES
            .replace("new=['d==2']", "new=['d @ https://host/d.tar.gz', 'e']\nnewer=['f @ https://host/f.tar.gz']");
        let mut imported = pyproject(&text).unwrap();
        imported.settle_sources();
        let left_out: Vec<&str> = imported.not_taken.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(left_out, ["pypi d https://host/d.tar.gz"]);
        assert!(imported.groups_on_demand().iter().map(ToString::to_string).eq(["docs", "new", "newer", "old"]));
    }

    #[test]
    fn groups_that_pdm_did_not_lock_are_in_no_environment() {
        let lock = "[metadata]\ngroups = ['default', 'dev', 'test', 'docs', 'old']\n";
        let files = |file: &str| match file {
            "pyproject.toml" => Some(ALTERNATIVES.to_owned()),
            "pdm.lock" => Some(lock.to_owned()),
            _ => None,
        };
        let imported = crate::import::python(&files).unwrap();
        assert!(imported.groups_on_demand().iter().map(ToString::to_string).eq(["new"]));
    }

    #[test]
    fn poetry_installs_all_groups_without_a_table_of_its_own() {
        let on_demand = |lock: &str, text: &str| {
            let files = |file: &str| match file {
                "pyproject.toml" => Some(text.to_owned()),
                _ => (file == lock).then(String::new),
            };
            crate::import::python(&files).unwrap().groups_on_demand().len()
        };
        let built = format!("{ALTERNATIVES}[build-system]\nbuild-backend='poetry.core.masonry.api'\n");
        assert_eq!([on_demand("poetry.lock", ALTERNATIVES), on_demand("", &built)], [0, 0]);
        assert_eq!([on_demand("", ALTERNATIVES), on_demand("uv.lock", &built)], [3, 4]);
    }

    #[test]
    fn conflicts_of_uv_are_conflicts() {
        let conflicts = "[project.optional-dependencies]\ncpu=['e==1']\ngpu=['e==2']\n[tool.uv]\ndefault-groups='all'\n\
                         conflicts=[[{extra='cpu'},{package='x',extra='gpu'},{package='other',extra='old'}],[{group='Test'},{group='old'}],\
                         [{group='old'},{group='new'}],[{group='gone'},{group='new'}]]\n";
        let mut imported = pyproject(&format!("{ALTERNATIVES}{conflicts}")).unwrap();
        // `dev` has the lines of `test`.
        let expected = "\nconflicts {\n    group \"cpu\" \"gpu\"\n    group \"dev\" \"old\"\n    group \"new\" \"old\"\n    group \"old\" \"test\"\n}\n\
                        \nenvironment \"development\" {\n    include \"dev\" \"docs\" \"new\" \"test\"\n}\nenvironment \"production\"\n";
        assert_eq!(environments(&imported), expected);
        imported.tell_conflicts();
        assert_eq!(imported.not_taken[0].what, "conflicts of the groups cpu gpu");
    }
}
