//! What a reference means.

use crate::diagnostic::nearest;
use crate::model::{AssetKind, AssetReference};

use super::link::Unresolved;
use super::package::{AssetIndex, PackageIndex};
use super::set::AssetSet;

impl AssetSet<'_> {
    /// Returns the asset of a kind that a reference in a file of a package means.
    pub fn resolve(
        &self,
        from: PackageIndex,
        kind: AssetKind,
        reference: &AssetReference,
    ) -> Result<AssetIndex, Unresolved> {
        let package = self.package_of(from, reference)?;
        let name = &self.packages()[package].name;
        let all = || self.of_package(package).filter(|at| self.asset(*at).id.kind == kind);
        let mut found: Vec<AssetIndex> = all().filter(|at| self.asset(*at).id.name == reference.name).collect();
        if found.is_empty() {
            // `service.wsdl#place/input` names the file.
            let file = reference.name.as_str();
            let is_file = |at: &AssetIndex| {
                let path = self.asset(*at).declaration.file.value.as_str();
                path.rsplit('/').next() == Some(file)
            };
            found = all().filter(is_file).collect();
        }
        if let Some(version) = &reference.version {
            let versions: Vec<String> = found.iter().map(|at| self.asset(*at).id.version.to_string()).collect();
            found.retain(|at| self.asset(*at).id.version == *version);
            if found.is_empty() && !versions.is_empty() {
                return Err(Unresolved {
                    message: format!("{kind} `{}` of {name} has no version {version}", reference.name),
                    help: format!("it has {}", versions.join(", ")),
                });
            }
        }
        match found[..] {
            [one] => Ok(one),
            [] => Err(self.unknown(package, kind, reference)),
            _ => {
                let are_named = found.iter().all(|at| self.asset(*at).id.name == reference.name);
                if !are_named {
                    let names = found.iter().map(|at| format!("`{}`", self.asset(*at).id.name));
                    return Err(Unresolved {
                        message: format!("several files of {name} are called `{}`", reference.name),
                        help: format!("name the asset that is meant: {}", names.collect::<Vec<_>>().join(", ")),
                    });
                }
                let versions = found.iter().map(|at| format!("`{}@{}`", reference.name, self.asset(*at).id.version));
                Err(Unresolved {
                    message: format!("{kind} `{}` of {name} has several versions", reference.name),
                    help: format!("write which one is meant: {}", versions.collect::<Vec<_>>().join(", ")),
                })
            }
        }
    }

    fn package_of(&self, from: PackageIndex, reference: &AssetReference) -> Result<PackageIndex, Unresolved> {
        let Some(wanted) = &reference.package else { return Ok(from) };
        let own = &self.packages()[from];
        let folded = wanted.folded();
        if own.name.folded() == folded {
            return Ok(from);
        }
        if let Some(found) = own.dependencies.get(&*folded) {
            return Ok(*found);
        }
        if let Some(reason) = own.absent.get(&*folded) {
            return Err(Unresolved {
                message: format!("the assets of `{wanted}` are not here: {reason}"),
                help: "`larder lock` and `larder fetch` bring what the manifest asks for".to_owned(),
            });
        }
        let known = own.dependencies.keys().chain(own.absent.keys()).map(String::as_str);
        Err(Unresolved {
            message: format!("{} does not depend on `{wanted}`", own.name),
            help: match nearest(wanted.as_str(), known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add `larder \"{wanted}\" \"^1\"` to the dependencies of {}", own.name),
            },
        })
    }

    fn unknown(&self, package: PackageIndex, kind: AssetKind, reference: &AssetReference) -> Unresolved {
        let owner = &self.packages()[package].name;
        let name = reference.name.as_str();
        let of_kind = || self.of_package(package).filter(|at| self.asset(*at).id.kind == kind);
        let names = of_kind().map(|at| self.asset(at).id.name.as_str());
        let other = self.of_package(package).find(|at| self.asset(*at).id.name == reference.name);
        let help = match (nearest(name, names), other) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(other)) => format!("{} has a {} of that name", owner, self.asset(other).id.kind),
            (None, None) if of_kind().next().is_none() => format!("{owner} declares no {kind}: add it to `assets`"),
            (None, None) => {
                let names: Vec<&str> = of_kind().map(|at| self.asset(at).id.name.as_str()).take(12).collect();
                format!("there is {}", names.join(", "))
            }
        };
        Unresolved { message: format!("there is no {kind} `{name}` in {owner}"), help }
    }
}
