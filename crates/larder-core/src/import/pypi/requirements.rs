//! pip's requirements.txt.

use crate::import::entries::FolderLine;
use crate::import::{Imported, ImportedRegistry};

use super::{ECOSYSTEM, pep508};

/// Returns the folder of a Python project, relative to the root, that a path of a requirements file names; `None` if there is no such
/// project in the checkout.
pub type ProjectFinder<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a requirements.txt. Folders that `project_at` finds become `path` lines; lines that are not requirements are listed as not
/// imported.
pub fn requirements(text: &str, project_at: &ProjectFinder<'_>) -> Imported {
    let mut imported = Imported::default();
    for line in requirement_lines(text) {
        let line = &*line;
        if let Some(file) = included(line) {
            imported.includes.push(file.to_owned());
            continue;
        }
        if let Some((option, url)) = index(line) {
            add_index(&mut imported, option, url);
            continue;
        }
        let written = line;
        let (line, is_editable) = editable(line).map_or((line, false), |place| (place, true));
        if let Some(local) = LocalRequirement::parse(line, is_editable) {
            match project_at(local.path) {
                Some(folder) => {
                    let LocalRequirement { extras, when, .. } = local;
                    imported.take_folder(FolderLine { folder: &folder, extras, seen_as: None, when }, None);
                }
                None => imported.refuse(
                    written,
                    "no Python project of this checkout is there that says without a build what it asks for",
                ),
            }
            continue;
        }
        if let Some(why) = option(line) {
            imported.refuse(line, why);
            continue;
        }
        // Per-requirement options: ` --hash=…`, ` --config-settings …`.
        let requirement = match line.find(" --") {
            Some(at) => {
                let requirement = line[..at].trim_end();
                // Digests are compared with those of the lock.
                if line[at..].split(" --").skip(1).any(|option| !option.starts_with("hash=")) {
                    let why = "the requirement itself is taken; larder has no such options";
                    imported.refuse(format!("the options of {requirement}"), why);
                }
                requirement
            }
            None => line,
        };
        match named_by_fragment(requirement) {
            Some(named) => pep508::take(&mut imported, &named, None),
            None => pep508::take(&mut imported, requirement, None),
        }
    }
    imported
}

/// A requirement for a folder or file of the checkout: `./packages/api[server] ; marker`.
struct LocalRequirement<'t> {
    path: &'t str,
    extras: &'t str,
    when: Option<String>,
}

impl<'t> LocalRequirement<'t> {
    /// Parses a line without `-e`. Returns `None` if it names no place on the disk.
    fn parse(line: &'t str, is_editable: bool) -> Option<Self> {
        let (place, when) = match line.split_once(" ;").or_else(|| line.split_once("; ")) {
            Some((place, when)) => (place.trim(), Some(when.trim().to_owned())),
            None => (line, None),
        };
        let place = place.strip_prefix("file:").filter(|path| !path.starts_with("//")).unwrap_or(place);
        let (path, extras) = match place.strip_suffix(']').and_then(|place| place.rsplit_once('[')) {
            Some((path, extras)) => (path, extras),
            None => (place, ""),
        };
        let is_path = path.starts_with('.') || path.contains('/') && !path.contains(['@', ' ']) || is_editable;
        (is_path && !path.contains(':')).then_some(Self { path, extras, when })
    }
}

/// Returns what `-e` stands before.
fn editable(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--editable").or_else(|| line.strip_prefix("-e"))?;
    Some(rest.strip_prefix(['=', ' ', '\t'])?.trim()).filter(|place| !place.is_empty())
}

/// Returns `git+URL#egg=NAME` as PEP 508 writes it: `NAME @ git+URL`.
fn named_by_fragment(requirement: &str) -> Option<String> {
    let (url, fragment) = requirement.split_once('#').filter(|(url, _)| url.starts_with("git+"))?;
    let (egg, rest): (Vec<&str>, Vec<&str>) = fragment.split('&').partition(|part| part.starts_with("egg="));
    let name = egg.first()?.strip_prefix("egg=").filter(|name| !name.is_empty())?;
    let fragment = if rest.is_empty() { String::new() } else { format!("#{}", rest.join("&")) };
    Some(format!("{name} @ {url}{fragment}"))
}

/// Returns the lines of a requirements.txt, joined where they go on, without comments and empty ones.
pub(in crate::import) fn requirement_lines(text: &str) -> impl Iterator<Item = String> {
    let lines = logical_lines(text).into_iter();
    lines.map(|line| without_comment(&line).to_owned()).filter(|line| !line.is_empty())
}

/// Joins lines that end with a backslash.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let (line, continues) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| open) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
        open = continues;
    }
    lines
}

fn without_comment(line: &str) -> &str {
    let end = if line.starts_with('#') { Some(0) } else { line.find(" #").or_else(|| line.find("\t#")) };
    end.map_or(line, |end| &line[..end]).trim()
}

/// Returns the file that `-r FILE` includes.
fn included(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--requirement").or_else(|| line.strip_prefix("-r"))?;
    Some(rest.trim_start_matches(['=', ' ', '\t']).trim()).filter(|file| !file.is_empty())
}

/// Returns the option that names a place for packages, with what it names.
fn index(line: &str) -> Option<(&str, &str)> {
    let (option, rest) = line.split_once([' ', '=', '\t'])?;
    let is_index = matches!(option, "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links");
    is_index.then(|| (option, rest.trim_start_matches(['=', ' ', '\t']).trim()))
}

/// Takes over an index: pip's own replaces PyPI, an extra one is asked beside it, and so is a folder or page of files.
pub(super) fn add_index(imported: &mut Imported, option: &str, url: &str) {
    let (name, priority) = match option {
        "-i" | "--index-url" => ("pypi", None),
        "--extra-index-url" => (url.split('/').nth(2).unwrap_or("extra"), Some(1)),
        _ => return imported.add_flat(ECOSYSTEM, None, url),
    };
    // The last `--index-url` of a file is the one that counts.
    if priority.is_none() {
        imported.registries.retain(|known| known.name != name || known.is_flat);
    }
    if url.trim_end_matches('/') == "https://pypi.org/simple" {
        return;
    }
    let (name, url) = (name.to_owned(), url.to_owned());
    let packages = Vec::new();
    imported.add_registry(ImportedRegistry { ecosystem: ECOSYSTEM, name, url, packages, priority, is_flat: false });
}

/// Returns why an option line is not imported. Returns `None` if the line is not an option.
fn option(line: &str) -> Option<&'static str> {
    if !line.starts_with('-') {
        return None;
    }
    let word = line.split([' ', '=', '\t']).next().unwrap_or_default();
    Some(match word {
        _ if word.starts_with("-c") || word == "--constraint" => "constraints are `override` lines in `resolution`",
        "--pre" => "write `prereleases \"allow\"` in `resolution`",
        _ => "an option of pip",
    })
}
