//! The body that a manifest stands for.

use super::document::sorted;
use super::{Body, BodyAsset, BodyDependency, BodyFeature};
use crate::manifest::{
    AssetDeclaration, DependencyLine, DependencySpec, Manifest, ManifestError, ManifestErrors, Package,
};
use crate::model::{AssetKind, TreeDigest};

impl Body {
    /// Returns the body of a manifest's package, whose files have this digest.
    ///
    /// # Errors
    /// The lines that mean nothing to those who have the package and not the checkout.
    pub fn of(manifest: &Manifest, package: &Package, tree: TreeDigest) -> Result<Self, ManifestErrors> {
        let mut errors = Vec::new();
        let dependencies = dependencies(&manifest.dependencies, &mut errors);
        let features = package.features.iter().map(|feature| {
            let includes = feature.includes.iter().map(|name| name.value.clone()).collect();
            let dependencies = self::dependencies(&feature.dependencies, &mut errors);
            (feature.name.value.clone(), BodyFeature { includes, dependencies })
        });
        let features = features.collect();
        let texts = |list: &[String]| list.iter().map(|text| text.as_str().into()).collect();
        let body = Self {
            name: package.name.value.clone(),
            version: package.version.value.clone(),
            description: package.description.as_deref().map(Into::into),
            license: package.license.as_deref().map(Into::into),
            category: package.category.as_ref().map(|category| category.value.clone()),
            keywords: texts(&package.keywords),
            status: package.status.clone(),
            origins: texts(&package.origins),
            dependencies,
            features,
            node: package.node.as_ref().map(|folder| folder.value.as_str().into()),
            python: package.python.as_ref().map(|folder| folder.value.as_str().into()),
            bin: package.bin.iter().map(|bin| (bin.name.value.clone(), bin.file.value.clone())).collect(),
            assets: assets(&manifest.assets),
            tree,
        };
        let size = body.to_json().len();
        if errors.is_empty() && size > Self::MAX_SIZE {
            errors.push(ManifestError::BadValue {
                value: body.name.to_string(),
                what: "a package that can be published",
                reason: format!("what it says has {size} bytes, and {} are allowed", Self::MAX_SIZE),
                help: Some("shorten its description, or its list of dependencies".to_owned()),
                span: package.span,
            });
        }
        ManifestErrors::new(&manifest.file, &manifest.text, errors).map_or(Ok(body), Err)
    }
}

fn assets(declared: &[AssetDeclaration]) -> Vec<BodyAsset> {
    let asset = |one: &AssetDeclaration| BodyAsset {
        kind: one.kind,
        name: one.name.value.clone(),
        version: one.version.clone(),
        file: one.file.value.clone(),
        state: (one.kind == AssetKind::Flow).then_some(one.state),
    };
    let mut assets: Vec<BodyAsset> = declared.iter().map(asset).collect();
    assets.sort();
    assets
}

fn dependencies(lines: &[DependencyLine], errors: &mut Vec<ManifestError>) -> Vec<BodyDependency> {
    sorted(lines.iter().filter_map(|line| dependency(line).map_err(|error| errors.push(error)).ok()).collect())
}

fn dependency(line: &DependencyLine) -> Result<BodyDependency, ManifestError> {
    let refused = |reason: String, help: &str| ManifestError::BadValue {
        value: crate::manifest::seen_as(line).to_owned(),
        what: "a dependency of a package",
        reason,
        help: Some(help.to_owned()),
        span: line.span,
    };
    let requirement = match &line.spec {
        DependencySpec::Package(requirement) => requirement.clone(),
        DependencySpec::Folder(_) => {
            return Err(refused(
                "a folder of this checkout is nowhere else".to_owned(),
                "write the name of the package in it: `larder \"NAME\" \"^1.2\"`; inside of the project the folder answers to it",
            ));
        }
    };
    if let Some(source) = &line.source {
        return Err(refused(
            format!("it comes from `{}=`, and packages depend on packages of registries", source.value.kind()),
            "publish it to a registry, or let those who use this package name its source",
        ));
    }
    if line.prereleases {
        return Err(refused(
            "`prereleases=\"allow\"` is for a project to say".to_owned(),
            "name the pre-release in the range, like \">=2.0rc1\"",
        ));
    }
    Ok(BodyDependency { requirement, optional: line.optional, when: line.when.clone() })
}
