//! From a lock's closure and the store's trees to a [`Layout`]: which packages are realised under which keys, and who sees what
//! under which name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lock::{Closure, Lockfile};
use crate::model::{Dependent, Ecosystem, FileOwner, InstanceKey, PackageKey};
use crate::store::Tree;

use super::ProfileError;
use super::key::{KeyDependency, KeyInput, RealisedKey, keys};
use super::layout::{
    AskedBy, ClosurePackage, Dependencies, Layout, LinkTarget, OwnerRule, PackageContent, RealisedPackage,
    RealisedRuntime,
};
use super::layout_input::{LayoutInput, PackageToPlace, RealisedKeys};
use super::placement;
use super::private::PrivateContent;
use super::undeclared::add_undeclared;

/// Computes the layout and the closure of a profile.
pub(super) fn compute_layout(input: &LayoutInput<'_>) -> Result<(Layout, Vec<ClosurePackage>), ProfileError> {
    let realised = realise_packages(input)?;
    let closure = input.closure;
    let direct: BTreeSet<&InstanceKey> =
        closure.roots.iter().flat_map(|root| closure.root_edges(root)).map(|edge| &edge.to).collect();
    let mut layout = Layout { packages: realised.packages, ..Layout::default() };
    layout.runtimes = input
        .runtimes
        .iter()
        .map(|tree| {
            (
                tree.key.name.as_str().into(),
                RealisedRuntime::new(input.platform, (tree.key, tree.tree.digest), input.files),
            )
        })
        .collect();
    for root in &closure.roots {
        let (links, folder) = match &root.dependent {
            Dependent::Project => (&mut layout.node_modules, ""),
            Dependent::Member(folder) => (layout.members.entry(folder.clone()).or_default(), &**folder),
        };
        for edge in closure.root_edges(root) {
            // A member that is installed where it lies has no link to itself. The root is its own Node package only where a line says so.
            let is_itself =
                |target: &LinkTarget| !folder.is_empty() && matches!(target, LinkTarget::Folder(to) if **to == *folder);
            if let Some(target) = input
                .target(&realised.keys, &edge.to)
                .filter(|target| is_in_node_modules(edge.to.package.id.ecosystem) && !is_itself(target))
            {
                links.insert(edge.name.as_str().into(), target);
            }
        }
    }
    let named_by_extras = closure.named_by_extras();
    for &key in closure.instances.keys() {
        let asked_by = match (direct.contains(key), named_by_extras.contains(key)) {
            (true, _) => AskedBy::Line,
            (false, true) => AskedBy::Extra,
            (false, false) => AskedBy::Packages,
        };
        let placed = PackageToPlace { input, keys: &realised.keys, key, asked_by, is_in_node_modules };
        placement::of(key.package.id.ecosystem).place(&placed, &mut layout)?;
    }
    for ecosystem in Ecosystem::ALL {
        placement::of(ecosystem).complete(input, &mut layout)?;
    }
    layout.python.sort_by(|a, b| a.name.cmp(&b.name));
    let is_there = |name: &str| {
        layout.python.iter().any(|distribution| *distribution.name == *name)
            || layout.folders.iter().any(|(folder, kind)| kind.python && **folder == *name)
    };
    let owners = input.lock.settings.owners.iter().filter(|owner| is_there(owner.package.name.as_str()));
    let owner =
        |owner: &FileOwner| OwnerRule { package: owner.package.name.as_str().into(), files: owner.files.clone() };
    layout.owners = owners.map(owner).collect();
    layout.members.retain(|_, links| !links.is_empty());
    add_undeclared(input, &realised.keys, &mut layout);
    Ok((layout, members(input, &direct)?))
}

/// Reads what the private packages and the tools among unpacked packages bring.
pub(super) fn read_private(
    trees: &BTreeMap<PackageKey, Arc<Tree>>,
    lock: &Lockfile,
) -> Result<BTreeMap<PackageKey, PrivateContent>, ProfileError> {
    let private = trees.iter().filter(|(key, _)| placement::of(key.id.ecosystem).has_halves());
    let content = |(key, tree): (&PackageKey, &Arc<Tree>)| {
        let locked = lock.graph.packages.get(key).ok_or_else(|| ProfileError::NotFetched(key.clone()))?;
        Ok((key.clone(), placement::of(key.id.ecosystem).content(key, locked, tree)?))
    };
    private.map(content).collect()
}

/// The realised packages, and which instance got which key.
pub(super) struct Realisation<'a> {
    pub(super) packages: BTreeMap<RealisedKey, RealisedPackage>,
    pub(super) keys: RealisedKeys<'a>,
}

/// Returns how a closure's packages are realised.
pub(super) fn realise_packages<'a>(input: &LayoutInput<'a>) -> Result<Realisation<'a>, ProfileError> {
    let is_realised = |key: &&InstanceKey| placement::of(key.package.id.ecosystem).is_realised();
    let instances: Vec<&InstanceKey> = input.closure.instances.keys().copied().filter(is_realised).collect();
    let place: BTreeMap<&InstanceKey, usize> = instances.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    let mut ingredients = Vec::with_capacity(instances.len());
    for key in &instances {
        let mut depends: Vec<(&str, KeyDependency<'_>)> = input
            .closure
            .edges(key)
            .filter(|edge| is_in_node_modules(edge.to.package.id.ecosystem))
            .filter_map(|edge| {
                let on = match place.get(&edge.to) {
                    Some(&at) => KeyDependency::On(at),
                    None => KeyDependency::Folder(input.npm_folder(&edge.to)?.node_folder()),
                };
                Some((edge.name.as_str(), on))
            })
            .collect();
        depends.sort_by_key(|(name, _)| *name);
        depends.dedup_by_key(|(name, _)| *name);
        ingredients.push(KeyInput {
            package: &key.package,
            peers: &key.peers,
            tree: input.tree(&key.package)?,
            files: input.link_mode(&key.package),
            extensions: extensions(input, &key.package),
            dependencies: depends,
        });
    }
    let keys = keys(input.platform, &ingredients);
    let packages = instances
        .iter()
        .zip(&ingredients)
        .zip(&keys)
        .map(|((instance, from), key)| {
            let dependencies = from
                .dependencies
                .iter()
                .filter_map(|(name, on)| {
                    let target = match on {
                        KeyDependency::On(at) => {
                            LinkTarget::Package(keys[*at].clone(), input.node_path(&instances[*at].package)?)
                        }
                        KeyDependency::Folder(folder) => LinkTarget::Folder((*folder).into()),
                    };
                    Some(((*name).into(), target))
                })
                .collect();
            let realised = RealisedPackage {
                name: instance.package.id.name.as_str().into(),
                tree: from.tree,
                files: from.files,
                bin: input.lock.graph.packages.get(&instance.package).is_some_and(|package| package.facts.bin),
                dependencies,
                private: input.private.get(&instance.package).cloned(),
            };
            (key.clone(), realised)
        })
        .collect();
    let keys = instances.into_iter().zip(keys).collect();
    Ok(Realisation { packages, keys })
}

/// Returns the dependencies of each Python package, local ones included.
pub(super) fn python_dependencies(closure: &Closure<'_>) -> Dependencies {
    let mut dependencies = Dependencies::new();
    for key in closure.instances.keys() {
        let names = closure
            .edges(key)
            .filter(|edge| placement::of(edge.to.package.id.ecosystem).is_in_environment())
            .map(|edge| edge.to.package.id.name.as_str().into());
        dependencies.entry(key.package.id.name.as_str().into()).or_default().extend(names);
    }
    dependencies
}

fn extensions(input: &LayoutInput<'_>, package: &PackageKey) -> Vec<String> {
    let of_package = input.lock.settings.extensions.iter().filter(|extension| extension.package.is_same(&package.id));
    let mut extensions: Vec<_> = of_package
        .map(|extension| format!("{} {}", extension.dependency.seen_as(), extension.dependency.range_text()))
        .collect();
    extensions.sort_unstable();
    extensions
}

fn members(input: &LayoutInput<'_>, direct: &BTreeSet<&InstanceKey>) -> Result<Vec<ClosurePackage>, ProfileError> {
    let mut members: Vec<ClosurePackage> = input
        .closure
        .instances
        .keys()
        .map(|&key| {
            let content = match input.folders.get(&key.package) {
                Some(folder) => PackageContent::Folder(folder.folder.clone()),
                None => PackageContent::Tree(input.tree(&key.package)?),
            };
            Ok(ClosurePackage {
                ecosystem: key.package.id.ecosystem,
                name: key.package.id.name.as_str().into(),
                version: key.package.version.to_string().into(),
                registry: key.package.id.registry.as_ref().map(|registry| registry.as_str().into()),
                peers: key.peers.clone(),
                content,
                direct: direct.contains(key),
            })
        })
        .collect::<Result<_, ProfileError>>()?;
    members.sort_unstable();
    Ok(members)
}

fn is_in_node_modules(ecosystem: Ecosystem) -> bool {
    placement::of(ecosystem).is_in_node_modules()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::super::link_mode::LinkMode;
    use super::*;

    fn key_of(layout: &Layout, name: &str) -> RealisedKey {
        layout.packages.iter().find(|(_, realised)| &*realised.name == name).unwrap().0.clone()
    }

    #[test]
    fn who_sees_what_follows_the_edges_that_hold() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[("index.js", "")]).npm("dep@1.0.0", &[("index.js", "")]);
        fixture.npm("unreached@1.0.0", &[("index.js", "")]);
        fixture.edge("app@1.0.0", "alias", "dep@1.0.0").edge("app@1.0.0", "unreached", "unreached@1.0.0");
        fixture.root("app", "app@1.0.0").leave_out("unreached@1.0.0");
        let (layout, closure) = fixture.layout();
        assert_eq!(layout.node_modules.keys().map(|name| &**name).collect::<Vec<_>>(), ["app"]);
        let app = &layout.packages[&key_of(&layout, "app")];
        let dep = LinkTarget::Package(key_of(&layout, "dep"), "dep".into());
        assert_eq!(app.dependencies, [("alias".into(), dep)].into());
        let listed: Vec<_> = closure.iter().map(|member| (&*member.name, member.direct)).collect();
        assert_eq!(listed, [("app", true), ("dep", false)]);
    }

    #[test]
    fn writable_packages_have_another_key_and_so_have_their_dependents() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[]).npm("dep@1.0.0", &[]).npm("other@1.0.0", &[]);
        fixture.edge("app@1.0.0", "dep", "dep@1.0.0").root("app", "app@1.0.0");
        let before = fixture.layout().0;
        fixture.writable("dep");
        let after = fixture.layout().0;
        for (name, same) in [("app", false), ("dep", false), ("other", true)] {
            assert_eq!(key_of(&before, name) == key_of(&after, name), same, "{name}");
        }
        assert_eq!(after.packages[&key_of(&after, "dep")].files, LinkMode::Writable);
    }

    #[test]
    fn local_packages_are_linked_and_get_a_node_modules() {
        let mut fixture = Fixture::new();
        fixture.npm("react@18.3.1", &[]).folder("theme", "packages/theme", &[("package.json", "{}")]);
        fixture.path_edge("theme", "react", "react@18.3.1").root_path("theme");
        let layout = fixture.layout().0;
        let folder = LinkTarget::Folder("packages/theme".into());
        assert_eq!(layout.node_modules, [("theme".into(), folder)].into());
        assert!(layout.package_links.is_empty());
        assert_eq!(layout.members.keys().map(|member| &**member).collect::<Vec<_>>(), ["packages/theme"]);
        assert!(layout.members["packages/theme"].contains_key("react"));
    }

    #[test]
    fn a_package_that_was_not_fetched_is_named() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[]).root("app", "app@1.0.0");
        fixture.trees.clear();
        assert_eq!(fixture.try_layout().unwrap_err().to_string(), "npm:app@1.0.0 is not in the store");
    }
}
