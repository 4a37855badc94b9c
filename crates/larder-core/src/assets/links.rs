//! Which asset refers to which.

use crate::diagnostic::Position;
use crate::model::{AssetKind, AssetReference};

use super::link::{Link, LinkRole, Unresolved};
use super::package::AssetIndex;
use super::set::{AssetBody, AssetSet};
use super::{Reference, Strength};

impl AssetSet<'_> {
    /// Returns the references of an asset, in the order of its file.
    pub fn links(&self, at: AssetIndex) -> &[Link] {
        self.asset(at).links.get_or_init(|| self.read_links(at))
    }

    /// Returns the assets to which an asset refers.
    pub fn targets(&self, at: AssetIndex) -> impl Iterator<Item = AssetIndex> + '_ {
        self.links(at).iter().filter_map(|link| link.to.as_ref().ok().copied())
    }

    fn read_links(&self, at: AssetIndex) -> Vec<Link> {
        let package = self.asset(at).package;
        let to = |kind, role, reference: &Reference| Link {
            to: self.resolve(package, kind, &reference.to),
            kind,
            role,
            strength: Strength::Required,
            position: reference.position,
        };
        let mut links = Vec::new();
        let content = self.content(at);
        match &content.body {
            AssetBody::Schema(_) => {
                let found = content.imported.iter().filter_map(|file| self.schema_of_file(&file.file));
                links.extend(found.filter(|found| *found != at).map(|found| Link {
                    to: Ok(found),
                    kind: AssetKind::Schema,
                    role: LinkRole::Import,
                    strength: Strength::Required,
                    position: Position { line: 1, column: 1 },
                }));
            }
            AssetBody::Adapter(Some(adapter)) => {
                links.extend(adapter.document.iter().map(|one| to(AssetKind::Schema, LinkRole::Schema, one)));
                links.extend(adapter.response.iter().map(|one| to(AssetKind::Schema, LinkRole::Response, one)));
            }
            AssetBody::Mapping(Some(mapping)) => {
                for (role, endpoint) in [(LinkRole::From, mapping.from()), (LinkRole::To, mapping.to())] {
                    let found = match endpoint.text.parse::<AssetReference>() {
                        Ok(reference) => self.resolve(package, AssetKind::Schema, &reference),
                        Err(error) => Err(Unresolved {
                            message: error.to_string(),
                            help: "write it as `name`, `package/name`, `name@2` or `name#Entry`".to_owned(),
                        }),
                    };
                    let (kind, strength, position) = (AssetKind::Schema, Strength::Required, endpoint.position);
                    links.push(Link { to: found, kind, role, strength, position });
                }
            }
            AssetBody::Flow(Some(flow)) => {
                links.extend(flow.from.iter().map(|one| to(AssetKind::Adapter, LinkRole::From, one)));
                links.extend(flow.maps.iter().map(|one| to(AssetKind::Mapping, LinkRole::Map, one)));
                links.extend(flow.targets().map(|one| to(AssetKind::Adapter, LinkRole::To, one)));
                links.extend(flow.on_error.iter().map(|way| to(AssetKind::Adapter, LinkRole::OnError, &way.to)));
                links.extend(
                    flow.depends
                        .iter()
                        .map(|one| Link { strength: one.strength, ..to(one.kind, LinkRole::Depends, &one.to) }),
                );
            }
            AssetBody::Adapter(None) | AssetBody::Mapping(None) | AssetBody::Flow(None) => {}
        }
        links
    }
}
