//! The text → a [`Lockfile`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::canonical;
use super::document::{self, LockDocument, LogTable};
use crate::lock::error::LockProblem;
use crate::lock::{Lockfile, conflict_markers, key};
use crate::model::{
    ArchiveSource, Artifact, ArtifactKind, Attestation, BuildIdentity, BuildRequirements, BuildRules, Builds, CowStr,
    Dependent, Dropped, Ecosystem, Edge, EdgeKind, Edition, Engines, Extension, ExtraName, Facts, FileOwner,
    GitReference, GitSource, Graph, Instance, InstanceKey, Label, LockedProvenance, LockedRuntime, LockedScripts,
    LogKey, ManagedRuntimes, Marker, NpmPeers, Origin, Override, Package, PackageId, PackageKey, PackageName,
    PatchedPackage, PinnedSource, Platform, Prereleases, PythonVersion, Requirement, RootEdge, RuntimeKey,
    RuntimeSource, Runtimes, Settings, Side, Source, SourceError, TargetInstance, TargetPlatform, TransitiveSources,
    Version, WrittenRequirement, parse_folder_text,
};

/// Reads the text of a lockfile.
pub(in crate::lock) fn read(text: &str) -> Result<Lockfile, LockProblem> {
    match canonical::read(text) {
        Some(document) => lockfile(text, &document),
        None => read_toml(text),
    }
}

/// Reads a text, however it is written.
pub(in crate::lock) fn read_toml(text: &str) -> Result<Lockfile, LockProblem> {
    if let Some((found, span)) = declared_version(text).filter(|(version, _)| *version > document::WITH_BUILD_INSTANCES)
    {
        return Err(LockProblem::Newer { found, span });
    }
    let document: LockDocument<'_> =
        toml::from_str(text).map_err(|error| match (conflict_markers::first_marker(text), unknown_table(text)) {
            (Some(span), _) => LockProblem::Conflict { span },
            (None, Some((table, span))) => LockProblem::UnknownTable { table, span },
            (None, None) => LockProblem::Corrupt { reason: error.message().to_owned(), span: error.span() },
        })?;
    lockfile(text, &document)
}

fn lockfile(text: &str, document: &LockDocument<'_>) -> Result<Lockfile, LockProblem> {
    let mut reader = LockReader { text, instances: FxHashMap::default(), labels: FxHashMap::default() };
    reader.lockfile(document)
}

/// Finds the `version` line before anything else is parsed: what follows it may be in a format of the future.
fn declared_version(text: &str) -> Option<(u64, Range<usize>)> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take_while(|line| !line.starts_with('[')) {
        if let Some(value) = line.strip_prefix("version").and_then(|rest| rest.trim_start().strip_prefix('=')) {
            return Some((value.trim().parse().ok()?, start..start + line.trim_end().len()));
        }
        start += line.len();
    }
    None
}

/// Finds the first table that no lock of this larder has: a newer one may have more.
fn unknown_table(text: &str) -> Option<(String, Range<usize>)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let head = line.trim_end();
        let name = head.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
        let name = name.or_else(|| head.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')));
        let is_word =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if let Some(table) = name.and_then(|name| name.split('.').next()).filter(|table| is_word(table))
            && !document::TABLES.contains(&table)
        {
            return Some((head.to_owned(), start..start + head.len()));
        }
        start += line.len();
    }
    None
}

/// Turns texts into values, each distinct key once.
struct LockReader<'a> {
    text: &'a str,
    instances: FxHashMap<&'a str, InstanceKey>,
    labels: FxHashMap<&'a str, Label>,
}

type ReadResult<T> = Result<T, LockProblem>;

impl<'a> LockReader<'a> {
    fn lockfile(&mut self, document: &'a LockDocument<'a>) -> ReadResult<Lockfile> {
        let settings = self.settings(&document.settings)?;
        let roots = document.require.iter().map(|line| self.root(line)).collect::<ReadResult<Vec<_>>>()?;
        let mut packages = Vec::with_capacity(document.package.len());
        let mut instances = Vec::with_capacity(document.package.len());
        for written in &document.package {
            let key = self.package_key(&written.id)?;
            let package = self.package(written, key.id.ecosystem)?;
            let mut add = |reader: &mut Self, peers: &str, edges: &'a [_], dropped: &[_]| -> ReadResult<()> {
                let key = InstanceKey { package: key.clone(), peers: peers.into() };
                instances.push((key, reader.edges_and_dropped(edges, dropped)?));
                Ok(())
            };
            if written.instance.is_empty() {
                add(self, "", &written.edges, &written.dropped)?;
            }
            for one in &written.instance {
                add(self, one.peers.as_deref().unwrap_or_default(), &one.edges, &one.dropped)?;
            }
            packages.push((key, package));
        }
        let (packages_written, instances_written) = (packages.len(), instances.len());
        let packages: BTreeMap<_, _> = packages.into_iter().collect();
        let instances: BTreeMap<_, _> = instances.into_iter().collect();
        if packages.len() != packages_written || instances.len() != instances_written {
            return Err(self.duplicate(document));
        }
        let sides = self.values::<Side>(&document.settings.sides)?.into_iter().collect();
        let (builds, runtimes) = (self.builds(document)?, self.runtimes(document)?);
        let (provenance, log_keys) = (self.provenance(document)?, self.log_keys(document)?);
        Ok(Lockfile {
            builds,
            runtimes,
            provenance,
            log_keys,
            ..Lockfile::new(settings, Graph { roots, packages, instances, sides })
        })
    }

    fn builds(&mut self, document: &'a LockDocument<'a>) -> ReadResult<Builds> {
        let mut builds = Builds::default();
        for written in &document.build {
            let key = self.package_key(&written.id)?;
            let twice =
                |reader: &Self| reader.corrupt(&written.id, format!("the build of `{}` is there twice", &*written.id));
            if let Some(digest) = &written.scripts {
                let approved = written.approved.as_ref().map(|text| self.value(text)).transpose()?;
                let scripts = LockedScripts { digest: self.value(digest)?, approved };
                if builds.scripts.insert(key, scripts).is_some() {
                    return Err(twice(self));
                }
                continue;
            }
            let mut requirements = BuildRequirements {
                requires: written.requires.iter().map(|text| (**text).to_owned()).collect(),
                tools: BTreeMap::new(),
                instances: BTreeMap::new(),
            };
            for tool in &written.tools {
                let mut platforms: Vec<Platform> =
                    tool.more.as_ref().map_or(Ok(Vec::new()), |more| self.values(&more.platforms))?;
                platforms.sort();
                requirements.tools.insert(self.package_key(&tool.to)?, platforms);
            }
            for one in &written.instance {
                let instance = Instance { edges: self.edges(&one.edges)?, dropped: Vec::new() };
                if requirements.instances.insert(self.instance(&one.id)?, instance).is_some() {
                    return Err(self.corrupt(&one.id, format!("`{}` is there twice in one build", &*one.id)));
                }
            }
            if builds.requirements.insert(key, requirements).is_some() {
                return Err(twice(self));
            }
        }
        for written in &document.tool {
            let key = self.package_key(&written.id)?;
            let mut package = self.package(written, key.id.ecosystem)?;
            package.artifacts.sort();
            if builds.tools.insert(key, package).is_some() {
                return Err(self.corrupt(&written.id, format!("tool `{}` is there twice", &*written.id)));
            }
        }
        Ok(builds)
    }

    fn provenance(&self, document: &'a LockDocument<'a>) -> ReadResult<BTreeMap<PackageKey, LockedProvenance>> {
        let mut provenance = BTreeMap::new();
        for written in &document.provenance {
            let identity = |texts: [&Option<CowStr<'a>>; 3]| match texts {
                [None, None, None] => Ok(None),
                [Some(repository), Some(workflow), Some(issuer)] => {
                    let [repository, workflow, issuer] = [repository, workflow, issuer].map(|text| (**text).to_owned());
                    Ok(Some(BuildIdentity { issuer, repository, workflow }))
                }
                _ => Err(self.corrupt(&written.id, "a build has a repository, a workflow and an issuer")),
            };
            let built_by = identity([&written.repository, &written.workflow, &written.issuer])?;
            let before = [&written.before_repository, &written.before_workflow, &written.before_issuer];
            let locked = LockedProvenance { built_by, instead_of: identity(before)? };
            let key = self.package_key(&written.id)?;
            if provenance.insert(key, locked).is_some() {
                return Err(self.corrupt(&written.id, format!("the provenance of `{}` is there twice", &*written.id)));
            }
        }
        Ok(provenance)
    }

    fn log_keys(&self, document: &'a LockDocument<'a>) -> ReadResult<BTreeMap<Label, LogKey>> {
        let mut keys = BTreeMap::new();
        for LogTable { registry, key } in &document.log {
            if keys.insert(self.value(registry)?, self.value(key)?).is_some() {
                return Err(
                    self.corrupt(registry, format!("the log of `{registry}` is there twice", registry = &**registry))
                );
            }
        }
        Ok(keys)
    }

    fn runtimes(&self, document: &'a LockDocument<'a>) -> ReadResult<Runtimes> {
        let mut runtimes = Runtimes::default();
        for written in &document.runtime {
            let key = self.value::<RuntimeKey>(&written.id)?;
            let source = RuntimeSource::ALL.into_iter().find(|source| source.as_str() == &*written.source);
            let source = source.ok_or_else(|| self.corrupt(&written.source, "a runtime comes from no such source"))?;
            let mut artifacts = Vec::with_capacity(written.artifacts.len());
            for one in &written.artifacts {
                let artifact = self.artifact(one, ArtifactKind::OF_RUNTIMES)?;
                if artifact.kind != ArtifactKind::OF_RUNTIMES || artifact.digest.is_none() {
                    return Err(self.corrupt(&one.file, "the archive of a runtime has a digest, and no `kind`"));
                }
                artifacts.push(artifact);
            }
            artifacts.sort();
            let publisher = written.publisher.as_deref().map(str::to_owned);
            if runtimes.0.insert(key, LockedRuntime { source, publisher, artifacts }).is_some() {
                return Err(self.corrupt(&written.id, format!("runtime `{}` is there twice", &*written.id)));
            }
        }
        Ok(runtimes)
    }

    /// Two blocks for one package: no merge makes them, and neither may win.
    fn duplicate(&self, document: &LockDocument<'_>) -> LockProblem {
        let mut seen = std::collections::BTreeSet::new();
        let twice = document.package.iter().map(|package| &package.id).find(|id| !seen.insert(&***id));
        match twice {
            Some(id) => self.corrupt(id, format!("`{}` is there twice", &**id)),
            None => LockProblem::Corrupt { reason: "an instance of a package is there twice".to_owned(), span: None },
        }
    }

    fn settings(&mut self, written: &document::SettingsTable<'a>) -> ReadResult<Settings> {
        Ok(Settings {
            platforms: written.platforms.iter().map(|text| self.target(text)).collect::<ReadResult<_>>()?,
            node: written.node.as_deref().map(Arc::from),
            python: written.python.as_ref().map(|text| self.value::<PythonVersion>(text)).transpose()?,
            npm_peers: self
                .word(written.npm_peers.as_ref(), &[("provided", NpmPeers::Provided), ("strict", NpmPeers::Strict)])?,
            prereleases: self
                .word(written.prereleases.as_ref(), &[("allow", Prereleases::Allow), ("never", Prereleases::Never)])?,
            engines: self.word(written.engines.as_ref(), &[("strict", Engines::Strict)])?,
            released_before: written.released_before.as_ref().map(|text| self.value(text)).transpose()?,
            age: None,
            age_cutoff: written.age_cutoff.as_ref().map(|text| self.value(text)).transpose()?,
            overrides: written.overrides.iter().map(|one| self.replaced(one)).collect::<ReadResult<_>>()?,
            extensions: written.extensions.iter().map(|one| self.extension(one)).collect::<ReadResult<_>>()?,
            writable: written.writable.iter().map(|text| self.id(text)).collect::<ReadResult<_>>()?,
            owners: written.owners.iter().map(|one| self.owner(one)).collect::<ReadResult<_>>()?,
            patches: written.patches.iter().map(|one| self.patch(one)).collect::<ReadResult<_>>()?,
            instance: self.instance_of_platform(&written.instance)?,
            package_extensions: written.forgotten.map(Edition).unwrap_or_default(),
            provided_uids: BTreeMap::new(),
            transitive: TransitiveSources::default(),
            managed: ManagedRuntimes::default(),
            builds: BuildRules::default(),
        })
    }

    fn instance_of_platform(&self, lines: &[CowStr<'_>]) -> ReadResult<TargetInstance> {
        let mut instance = TargetInstance::default();
        for line in lines {
            instance.read_line(line).map_err(|e| self.corrupt(line, e))?;
        }
        Ok(instance)
    }

    fn target(&self, text: &CowStr<'_>) -> ReadResult<TargetPlatform> {
        let (platform, baseline) = text.split_once('@').map_or((&**text, None), |(name, rest)| (name, Some(rest)));
        let platform: Platform = platform.parse().map_err(|e| self.corrupt(text, e))?;
        let Some(baseline) = baseline else { return Ok(TargetPlatform::new(platform)) };
        let numbers = baseline.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        let baseline = numbers.ok_or_else(|| self.corrupt(text, "a baseline is written like `2.28`"))?;
        Ok(TargetPlatform { platform, baseline })
    }

    /// Reads a word that is left out where it says the default.
    fn word<T: Copy + Default>(&self, text: Option<&CowStr<'_>>, known: &[(&str, T)]) -> ReadResult<T> {
        let Some(text) = text else { return Ok(T::default()) };
        let value = known.iter().find(|(word, _)| *word == &**text).map(|(_, value)| *value);
        value.ok_or_else(|| self.corrupt(text, format!("`{}` is not known here", &**text)))
    }

    fn owner(&self, written: &document::OwnerTable<'_>) -> ReadResult<FileOwner> {
        Ok(FileOwner { package: self.id(&written.package)?, files: (&*written.files).into() })
    }

    fn patch(&self, written: &document::PatchTable<'_>) -> ReadResult<PatchedPackage> {
        let package = self.id(&written.package)?;
        let version =
            Version::parse(package.ecosystem, &written.version).map_err(|e| self.corrupt(&written.version, e))?;
        Ok(PatchedPackage { package, version, digest: self.value(&written.digest)? })
    }

    fn replaced(&self, written: &document::OverrideTable<'_>) -> ReadResult<Override> {
        let package = self.id(&written.package)?;
        let (parent, asked) = (written.parent.as_ref(), written.asked.as_ref());
        Ok(Override {
            parent: parent.map(|text| self.name(package.ecosystem, text)).transpose()?,
            package,
            asked: asked.map(|text| text.parse().map_err(|e| self.corrupt(text, e))).transpose()?,
            replacement: written.with.as_ref().map(|requirement| self.requirement(requirement)).transpose()?,
        })
    }

    fn extension(&self, written: &document::ExtensionTable<'_>) -> ReadResult<Extension> {
        Ok(Extension { package: self.id(&written.package)?, dependency: self.requirement(&written.with)? })
    }

    fn requirement(&self, written: &document::RequirementTable<'_>) -> ReadResult<Requirement> {
        let id = self.id(&written.name)?;
        let range = written.range.as_ref();
        let text = range.map_or("", |text| &**text);
        let place = range.unwrap_or(&written.name);
        let written = WrittenRequirement {
            range: text,
            extras: self.values(&written.extras)?,
            marker: written.when.as_ref().map_or(Ok(Marker::default()), |text| self.value(text))?,
            beta: written.beta,
        };
        Requirement::from_written(id, written).map_err(|reason| self.corrupt(place, reason))
    }

    fn root(&mut self, written: &'a document::RequireTable<'a>) -> ReadResult<RootEdge> {
        let requirement = document::RequirementTable {
            name: written.name.clone(),
            range: written.range.clone(),
            extras: written.extras.clone(),
            when: written.when.clone(),
            beta: written.beta,
        };
        Ok(RootEdge {
            dependent: written.member.as_deref().map_or(Dependent::Project, |folder| Dependent::Member(folder.into())),
            group: written.group.as_ref().map(|text| self.value(text)).transpose()?,
            requirement: self.requirement(&requirement)?,
            optional: written.optional,
            to: self.edges(&written.to)?,
        })
    }

    fn package(&mut self, written: &'a document::PackageTable<'a>, ecosystem: Ecosystem) -> ReadResult<Package> {
        let owned = |texts: &[CowStr<'_>]| texts.iter().map(|text| (**text).to_owned()).collect::<Vec<String>>();
        let text = |text: &Option<CowStr<'_>>| text.as_deref().map(str::to_owned);
        let uid = written.uid.as_ref().map(|text| self.value(text)).transpose()?;
        let attestation = match (&written.tree, &written.body, &written.history) {
            (None, None, None) => None,
            (Some(tree), Some(body), Some(history)) => {
                let (tree, body, history) = (self.value(tree)?, self.value(body)?, self.value(history)?);
                Some(Attestation { tree, body, history, is_signed: !written.unsigned })
            }
            (Some(text), ..) | (_, Some(text), _) | (.., Some(text)) => {
                return Err(
                    self.corrupt(text, "a private package is locked by its `tree`, its `body` and its `history`")
                );
            }
        };
        Ok(Package {
            attestation,
            origin: self.origin(written, ecosystem)?,
            folder: written.folder.as_deref().map(parse_folder_text),
            artifacts: written
                .artifacts
                .iter()
                .map(|one| self.artifact(one, ArtifactKind::default_for(ecosystem, &one.file)))
                .collect::<ReadResult<_>>()?,
            facts: Facts {
                os: owned(&written.os),
                cpu: owned(&written.cpu),
                libc: owned(&written.libc),
                node: text(&written.node),
                requires_python: text(&written.requires_python),
                bin: written.bin,
                install_script: written.install_script,
                deprecated: text(&written.deprecated),
                yanked: written.yanked,
                descriptor: uid.map(|uid| Box::new(written.descriptor(uid))),
            },
        })
    }

    /// Reads where a package comes from: a registry, a git repository or a URL.
    fn origin(&mut self, written: &'a document::PackageTable<'a>, ecosystem: Ecosystem) -> ReadResult<Option<Origin>> {
        let source = match (&written.registry, &written.git, &written.url) {
            (None, None, None) => return Ok(None),
            (Some(registry), None, None) => return self.label(registry).map(|label| Some(Origin::Registry(label))),
            (None, Some(repository), None) => Source::Git(self.git_source(written, repository)?),
            (None, None, Some(url)) if ecosystem.is_by_url() => self.archive_source(written, url)?,
            (None, None, Some(url)) => {
                let source = Source::from_url(url).and_then(|source| match source {
                    Source::File(file) => file.placed("").map(Source::File),
                    other => Ok(other),
                });
                source.map_err(|e| self.unfit(url, e))?
            }
            _ => return Err(self.corrupt(&written.id, "a package comes from one place")),
        };
        let commit = written.commit.as_ref().map(|text| text.parse().map_err(|e| self.unfit(text, e))).transpose()?;
        if commit.is_some() != matches!(source, Source::Git(_)) {
            return Err(self.corrupt(&written.id, "a git repository is locked by its commit, and nothing else is"));
        }
        Ok(Some(Origin::Source(Arc::new(PinnedSource { source, commit }))))
    }

    fn archive_source(&self, written: &document::PackageTable<'_>, url: &CowStr<'_>) -> ReadResult<Source> {
        let version = self.package_key(&written.id)?.version.to_string();
        let version = Version::tool(&version).map_err(|reason| self.corrupt(&written.id, reason))?;
        let texts = |list: &'_ [CowStr<'_>]| list.iter().map(|text| (**text).to_owned()).collect::<Vec<String>>();
        let (words, programs) = (texts(&written.words), texts(&written.programs));
        let (words, programs): (Vec<&str>, Vec<&str>) =
            (words.iter().map(String::as_str).collect(), programs.iter().map(String::as_str).collect());
        let source = ArchiveSource::from_texts(url, version, &words, &programs).map_err(|e| self.unfit(url, e))?;
        Ok(Source::Archive(Arc::new(source)))
    }

    fn git_source(&self, written: &document::PackageTable<'_>, repository: &CowStr<'_>) -> ReadResult<GitSource> {
        let references =
            [("branch", &written.branch), ("tag", &written.tag), ("rev", &written.rev), ("range", &written.range)];
        let mut stated = references.into_iter().filter_map(|(kind, text)| Some((kind, text.as_ref()?)));
        let reference = match (stated.next(), stated.next()) {
            (None, _) => GitReference::Head,
            (Some((kind, text)), None) => GitReference::from_parts(kind, text).map_err(|e| self.unfit(text, e))?,
            (Some(_), Some((_, text))) => return Err(self.corrupt(text, "one branch, tag or rev is taken")),
        };
        Ok(GitSource {
            repository: repository.parse().map_err(|e| self.unfit(repository, e))?,
            reference,
            subdirectory: match &written.subdirectory {
                Some(text) => Some(text.parse().map_err(|e| self.unfit(text, e))?),
                None => None,
            },
        })
    }

    /// An error whose reason is the end of a sentence.
    fn unfit(&self, text: &CowStr<'_>, reason: SourceError) -> LockProblem {
        self.corrupt(text, format!("`{}` {reason}", &**text))
    }

    /// Reads an artifact, of the format `usual` where it names none.
    fn artifact(&self, written: &document::ArtifactTable<'_>, usual: ArtifactKind) -> ReadResult<Artifact> {
        let kind = match written.kind.as_ref() {
            None => usual,
            Some(text) => {
                let known = ArtifactKind::ALL.into_iter().find(|kind| kind.as_str() == &**text);
                known.ok_or_else(|| {
                    let known = ArtifactKind::ALL.map(ArtifactKind::as_str).join(", ");
                    self.corrupt(text, format!("an artifact is one of these: {known}"))
                })?
            }
        };
        Ok(Artifact {
            file: (*written.file).to_owned(),
            kind,
            digest: written.digest.as_ref().map(|text| self.value(text)).transpose()?,
            location: written.location.as_deref().map(str::to_owned),
            platforms: self.values(&written.platforms)?,
        })
    }

    fn edges_and_dropped(
        &mut self,
        edges: &'a [document::EdgeEntry<'a>],
        dropped: &[document::DroppedTable<'_>],
    ) -> ReadResult<Instance> {
        let edges = self.edges(edges)?;
        let dropped = dropped
            .iter()
            .map(|one| {
                Ok(Dropped {
                    name: PackageName::npm(&one.name).map_err(|e| self.corrupt(&one.name, e))?,
                    range: one.range.as_deref().unwrap_or_default().to_owned(),
                    reason: one.reason.as_deref().unwrap_or_default().to_owned(),
                })
            })
            .collect::<ReadResult<_>>()?;
        Ok(Instance { edges, dropped })
    }

    fn edges(&mut self, written: &'a [document::EdgeEntry<'a>]) -> ReadResult<Vec<Edge>> {
        written.iter().map(|edge| self.edge(edge)).collect()
    }

    fn edge(&mut self, written: &'a document::EdgeEntry<'a>) -> ReadResult<Edge> {
        let to = self.instance(&written.to)?;
        let Some(more) = &written.more else { return Ok(Edge::plain(to)) };
        let name = more.name.as_ref().map(|text| self.name(to.package.id.ecosystem, text)).transpose()?;
        let kind = match more.kind.as_ref() {
            None => EdgeKind::Normal,
            Some(text) => match &**text {
                "optional" => EdgeKind::Optional,
                "peer" => EdgeKind::Peer,
                "optional-peer" => EdgeKind::OptionalPeer,
                _ => return Err(self.corrupt(text, "an edge is optional, a peer or an optional-peer")),
            },
        };
        let mut edge = Edge::plain(to);
        edge.name = name.unwrap_or(edge.name);
        edge.kind = kind;
        edge.extra = more.extra.as_ref().map(|text| self.value(text)).transpose()?;
        edge.extras = self.values::<ExtraName>(&more.extras)?;
        edge.platforms = self.values(&more.platforms)?;
        edge.unmet = more.unmet.as_deref().map(str::to_owned);
        edge.sides = self.values(&more.sides)?;
        Ok(edge)
    }

    fn instance(&mut self, text: &'a CowStr<'a>) -> ReadResult<InstanceKey> {
        if let Some(key) = self.instances.get(&**text) {
            return Ok(key.clone());
        }
        let key = key::instance_key(text).map_err(|reason| self.corrupt(text, reason))?;
        self.instances.insert(text, key.clone());
        Ok(key)
    }

    fn label(&mut self, text: &'a CowStr<'a>) -> ReadResult<Label> {
        if let Some(label) = self.labels.get(&**text) {
            return Ok(label.clone());
        }
        let label: Label = self.value(text)?;
        self.labels.insert(text, label.clone());
        Ok(label)
    }

    fn package_key(&self, text: &CowStr<'_>) -> ReadResult<PackageKey> {
        key::package_key(text).map_err(|reason| self.corrupt(text, reason))
    }

    fn id(&self, text: &CowStr<'_>) -> ReadResult<PackageId> {
        key::package_id(text).map_err(|reason| self.corrupt(text, reason))
    }

    fn name(&self, ecosystem: Ecosystem, text: &CowStr<'_>) -> ReadResult<PackageName> {
        PackageName::parse(ecosystem, text).map_err(|e| self.corrupt(text, e))
    }

    fn values<T: std::str::FromStr<Err: std::fmt::Display>>(&self, texts: &[CowStr<'_>]) -> ReadResult<Vec<T>> {
        texts.iter().map(|text| self.value(text)).collect()
    }

    fn value<T: std::str::FromStr<Err: std::fmt::Display>>(&self, text: &CowStr<'_>) -> ReadResult<T> {
        text.parse().map_err(|e| self.corrupt(text, e))
    }

    /// An error at a text. What the parser borrowed lies within the file, so its address tells its place.
    fn corrupt(&self, at: &str, reason: impl std::fmt::Display) -> LockProblem {
        let start = (at.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let inside = start.checked_add(at.len()).is_some_and(|end| end <= self.text.len());
        LockProblem::Corrupt { reason: reason.to_string(), span: inside.then(|| start..start + at.len()) }
    }
}
