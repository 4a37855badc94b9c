//! The files that archives come in.
//!
//! ```text
//! UsrOrders.gz                 one archive, as it is
//! application.zip              an archive for each package, at the root
//! UsrOrders.1.4.0.nupkg        a zip with a nuspec, and one archive below tools/
//! ```

use std::io::{Cursor, Read};

use crate::fetch::ArchiveRefusal;
use crate::fetch::zip::ZipArchive;
use crate::model::PackageName;

/// The most bytes of a file, and of all archives in it: 512 MiB.
pub(super) const LARGEST: u64 = 512 << 20;

/// The most entries of a zip. A product has some hundred packages.
const MOST_ENTRIES: usize = 10_000;

/// The most bytes of a nuspec.
const LARGEST_NUSPEC: u64 = 1 << 20;

/// A file with archives in it, whose names were looked at, and whose archives were not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Container {
    /// The archives, each with the package that its name promises, without case: none if the file is the archive itself.
    pub(super) archives: Vec<(Option<String>, Vec<u8>)>,
    /// The nuspec of a NuGet package.
    pub(super) nuspec: Option<Vec<u8>>,
}

impl Container {
    /// Reads a file.
    ///
    /// # Errors
    /// The reason why it has no archives that can be used.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, String> {
        match &bytes[..] {
            [0x1f, 0x8b, ..] => Ok(Self { archives: vec![(None, bytes)], nuspec: None }),
            [b'P', b'K', ..] => read_zip(&bytes),
            _ => Err("it is neither gzip nor a zip".to_owned()),
        }
    }

    /// Returns the archive of a package. A file that is an archive itself is taken at its word.
    pub(super) fn archive_of(&self, package: &PackageName) -> Option<&[u8]> {
        let is_of = |promised: &Option<String>| {
            promised.as_ref().is_none_or(|promised| promised.eq_ignore_ascii_case(package.as_str()))
        };
        self.archives.iter().find(|(promised, _)| is_of(promised)).map(|(_, archive)| archive.as_slice())
    }
}

/// The part of a zip that counts.
enum ContainerPart {
    Archive(String),
    Nuspec,
}

fn read_zip(bytes: &[u8]) -> Result<Container, String> {
    let refused = |refusal: ArchiveRefusal| refusal.to_string();
    let mut zip = ZipArchive::open(Cursor::new(bytes), MOST_ENTRIES).map_err(refused)?;
    let is_nuget = zip.entries().iter().any(|entry| matches!(part(entry.name(), false), Some(ContainerPart::Nuspec)));
    let mut parts: Vec<(usize, u64, ContainerPart)> = Vec::new();
    let has_direct = zip.entries().iter().any(|entry| is_directly_in_tools(entry.name()));
    for (place, entry) in zip.entries().iter().enumerate() {
        match part(entry.name(), is_nuget) {
            // Beside the package's archive, what lies deeper is content of others.
            Some(ContainerPart::Archive(_)) if is_nuget && has_direct && !is_directly_in_tools(entry.name()) => {}
            Some(part) => parts.push((place, entry.size(), part)),
            None => {}
        }
    }
    let mut container = Container { archives: Vec::new(), nuspec: None };
    let mut left = LARGEST;
    for (place, size, part) in parts {
        let limit = match part {
            ContainerPart::Archive(_) => left,
            ContainerPart::Nuspec => LARGEST_NUSPEC,
        };
        if size > limit {
            return Err(format!("its archives are larger than {LARGEST} bytes, or its nuspec than {LARGEST_NUSPEC}"));
        }
        let mut content = Vec::new();
        let mut body = zip.body(place).map_err(refused)?;
        body.read_to_end(&mut content).map_err(|error| format!("its entry cannot be read: {error}"))?;
        match part {
            ContainerPart::Archive(name) => {
                let is_there = |(known, _): &(Option<String>, _)| {
                    known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&name))
                };
                if container.archives.iter().any(is_there) {
                    return Err(format!("it has two archives of `{}`", name.escape_debug()));
                }
                left = left.saturating_sub(size);
                container.archives.push((Some(name), content));
            }
            ContainerPart::Nuspec if container.nuspec.is_some() => return Err("it has two nuspecs".to_owned()),
            ContainerPart::Nuspec => container.nuspec = Some(content),
        }
    }
    match container.archives.len() {
        0 if is_nuget => Err("it has no archive below tools/: it is no Creatio package".to_owned()),
        0 => Err("it has no archive `NAME.gz` at its root".to_owned()),
        1 => Ok(container),
        _ if is_nuget => Err("it has several archives below tools/".to_owned()),
        _ => Ok(container),
    }
}

/// Returns whether an entry of a NuGet package is an archive in the folder `tools`, and in none below it.
fn is_directly_in_tools(name: &str) -> bool {
    let path = name.replace('\\', "/");
    let is_in_tools = path.rsplit_once('/').is_some_and(|(folder, _)| folder.eq_ignore_ascii_case("tools"));
    is_in_tools && matches!(part(name, true), Some(ContainerPart::Archive(_)))
}

/// Returns what an entry of a zip is, by its name.
fn part(name: &str, is_nuget: bool) -> Option<ContainerPart> {
    let path = name.replace('\\', "/");
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = |extension: &str| {
        let at = file.len().checked_sub(extension.len())?;
        let end = file.get(at..)?;
        (at > 0 && end.eq_ignore_ascii_case(extension)).then(|| &file[..at])
    };
    if folder.is_empty() && stem(".nuspec").is_some() {
        return Some(ContainerPart::Nuspec);
    }
    let top = folder.split('/').next().unwrap_or_default();
    let is_there = if is_nuget { top.eq_ignore_ascii_case("tools") } else { folder.is_empty() };
    stem(".gz").filter(|_| is_there).map(|stem| ContainerPart::Archive(stem.to_owned()))
}
