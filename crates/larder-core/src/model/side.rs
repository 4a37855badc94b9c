//! The sides of a project's conflicts. A lock has a solution for each.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Label, LabelError};

/// The exclusive groups whose lines count together in one solution of a lock, written `cpu`, or `cpu+web` where several
/// conflicts are declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Side(Arc<str>);

impl Side {
    /// Joins groups.
    pub fn new(groups: &BTreeSet<Label>) -> Self {
        let names: Vec<&str> = groups.iter().map(Label::as_str).collect();
        Self(names.join("+").into())
    }

    /// Returns the names of its groups, sorted.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.split('+')
    }

    /// Returns whether the side contains a group.
    pub fn has(&self, group: &Label) -> bool {
        self.groups().any(|name| name == group.as_str())
    }
}

impl FromStr for Side {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        Ok(Self::new(&text.split('+').map(str::parse).collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sides of a project's conflicts, sorted. Empty if no groups exclude each other: then the lock has a single solution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides(Vec<Side>);

impl Sides {
    /// Returns whether the project has no conflicts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of sides.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the sides, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Side> {
        self.0.iter()
    }

    /// Returns whether a group is on some sides only.
    pub fn is_exclusive(&self, group: &Label) -> bool {
        self.0.iter().any(|side| side.has(group))
    }

    /// Returns whether the lines of a group count on a side. Those of `dependencies` (`None`) count on every side.
    pub fn counts(&self, group: Option<&Label>, side: &Side) -> bool {
        group.is_none_or(|group| side.has(group) || !self.is_exclusive(group))
    }

    /// Returns the side of an environment with these groups: the first that contains all of its exclusive groups. Returns
    /// `None` if no side does.
    pub fn of<'g>(&self, groups: impl IntoIterator<Item = &'g Label>) -> Option<&Side> {
        let exclusive: Vec<&Label> = groups.into_iter().filter(|group| self.is_exclusive(group)).collect();
        self.0.iter().find(|side| exclusive.iter().all(|group| side.has(group)))
    }
}

impl FromIterator<Side> for Sides {
    fn from_iter<I: IntoIterator<Item = Side>>(sides: I) -> Self {
        Self(sides.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_has_the_first_side_with_its_exclusive_groups() {
        let sides: Sides = ["gpu+web", "cpu+doc", "cpu+web"].into_iter().map(|text| text.parse().unwrap()).collect();
        let of = |groups: &[&str]| {
            let groups: Vec<Label> = groups.iter().map(|group| group.parse().unwrap()).collect();
            sides.of(&groups).map(ToString::to_string)
        };
        assert_eq!(of(&[]).as_deref(), Some("cpu+doc"));
        assert_eq!(of(&["test", "web"]).as_deref(), Some("cpu+web"));
        assert_eq!(of(&["gpu"]).as_deref(), Some("gpu+web"));
        assert_eq!(of(&["gpu", "cpu"]), None);
        assert_eq!(Sides::default().of(&[]), None);
    }

    #[test]
    fn a_side_is_written_in_one_way() {
        let side: Side = "web+cpu+web".parse().unwrap();
        assert_eq!(side.to_string(), "cpu+web");
        assert!("".parse::<Side>().is_err() && "a+".parse::<Side>().is_err() && "a b".parse::<Side>().is_err());
    }
}
