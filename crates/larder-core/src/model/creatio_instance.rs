//! The instance of the platform that packages are for: what it provides, so that it is not fetched.

use std::collections::BTreeMap;

use super::{CreatioVersion, Ecosystem, PackageId, PackageName, Requirement};

/// How the versions count that packages of feeds state of what they depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StatedVersions {
    /// They do not: any version will do.
    #[default]
    Any,
    /// As lower bounds.
    Minimum,
}

/// What `creatio` says of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TargetInstance {
    /// `platform=`
    pub platform: Option<CreatioVersion>,
    /// `provides`: the packages that it has, with their versions where these are known.
    pub provided: BTreeMap<PackageName, Option<CreatioVersion>>,
    /// `constraints`
    pub stated_versions: StatedVersions,
}

impl TargetInstance {
    /// The ecosystem of the packages that an instance has. Its name is that of the block which says what the instance has.
    pub const ECOSYSTEM: Ecosystem = Ecosystem::CREATIO;

    /// Returns whether the instance has the package that a requirement is for.
    pub fn provides(&self, requirement: &Requirement) -> bool {
        requirement.ecosystem() == Self::ECOSYSTEM && self.provided.contains_key(requirement.name())
    }

    /// Returns the packages that the instance has.
    pub fn packages(&self) -> impl Iterator<Item = PackageId> {
        self.provided.keys().map(|name| PackageId::new(Self::ECOSYSTEM, name.clone()))
    }

    /// Returns the version that the instance has of a requirement's package, if that is none which satisfies it.
    pub fn contradicts(&self, requirement: &Requirement) -> Option<&CreatioVersion> {
        if requirement.ecosystem() != Self::ECOSYSTEM {
            return None;
        }
        let version = self.provided.get(requirement.name())?.as_ref()?;
        (!requirement.matches(&version.clone().into())).then_some(version)
    }

    /// Returns what a lock writes: a sentence for each thing that is said.
    pub fn lines(&self) -> Vec<String> {
        let platform = self.platform.iter().map(|version| format!("platform {version}"));
        let constraints = (self.stated_versions == StatedVersions::Minimum).then(|| "constraints minimum".to_owned());
        let provided = self.provided.iter().map(|(name, version)| match version {
            Some(version) => format!("provides {name} {version}"),
            None => format!("provides {name}"),
        });
        platform.chain(constraints).chain(provided).collect()
    }

    /// Adds what a line of a lock says.
    ///
    /// # Errors
    /// The reason why it is no such line, as the end of a sentence.
    pub fn read_line(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["platform", version] => self.platform = Some(CreatioVersion::parse(version)?),
            ["constraints", "minimum"] => self.stated_versions = StatedVersions::Minimum,
            ["provides", name] => self.provide(name, None)?,
            ["provides", name, version] => self.provide(name, Some(CreatioVersion::parse(version)?))?,
            _ => return Err(format!("`{}` says nothing of an instance", line.escape_debug())),
        }
        Ok(())
    }

    fn provide(&mut self, name: &str, version: Option<CreatioVersion>) -> Result<(), String> {
        let name = PackageName::parse(Ecosystem::CREATIO, name).map_err(|error| error.to_string())?;
        self.provided.insert(name, version);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lock_says_of_an_instance_comes_back() {
        let lines = ["platform 8.1.3", "constraints minimum", "provides CrtBase", "provides CrtOrders 1.5.0"];
        let mut instance = TargetInstance::default();
        for line in lines {
            instance.read_line(line).unwrap();
        }
        assert_eq!(instance.lines(), lines);
        assert!(TargetInstance::default().lines().is_empty());
        for wrong in ["", "platform", "provides", "provides a b c", "provides a-b", "constraints exact", "x y"] {
            assert!(TargetInstance::default().read_line(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_version_that_the_instance_has_counts() {
        let mut instance = TargetInstance::default();
        instance.read_line("provides CrtOrders 1.5").unwrap();
        instance.read_line("provides CrtBase").unwrap();
        let needs = |name: &str, range: &str| {
            Requirement::creatio(PackageName::parse(Ecosystem::CREATIO, name).unwrap(), range.parse().unwrap())
        };
        assert!(instance.provides(&needs("crtorders", ">=9")) && !instance.provides(&needs("Other", "")));
        assert_eq!(
            instance.contradicts(&needs("CrtOrders", ">=1.6")).map(ToString::to_string).as_deref(),
            Some("1.5.0")
        );
        assert_eq!(instance.contradicts(&needs("CrtOrders", ">=1.4")), None);
        assert_eq!(instance.contradicts(&needs("CrtBase", ">=99")), None);
    }
}
