//! A folder with a pyproject.toml, packed and described as Python's indexes take it: a form for each file.
//!
//! What its build made is sent: the files of its version in `dist/`. Where there is none, and all of `[project]` is stated and not
//! computed, a source distribution is made of the folder (PEP 643).

use std::borrow::Cow;
use std::fmt::Write;

use serde::Deserialize;

use super::location;
use crate::fetch::{Endpoint, RequestTarget, Upload, UploadMethod, UploadPlace};
use crate::import::behind_extra;
use crate::model::{Digest, EntryPath, PackageName};
use crate::package::{self, ArchiveFile};
use crate::registry::release::{PackedRelease, ReleaseFolder, ReleaseUpload};

/// Where builds leave what they made.
const BUILT: &str = "dist/";

#[derive(Deserialize)]
struct Pyproject {
    project: Option<ProjectFields>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ProjectFields {
    name: String,
    version: Option<String>,
    #[serde(default)]
    dynamic: Vec<String>,
    description: Option<String>,
    readme: Option<toml::Value>,
    requires_python: Option<String>,
    license: Option<toml::Value>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    classifiers: Vec<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    optional_dependencies: std::collections::BTreeMap<String, Vec<String>>,
    #[serde(default)]
    urls: std::collections::BTreeMap<String, String>,
}

/// Packs a folder. Returns `None` if it has no `[project]`.
pub(super) fn pack_release(endpoint: &Endpoint, folder: &ReleaseFolder<'_>) -> Result<Option<PackedRelease>, String> {
    let Some(text) = folder.text("pyproject.toml") else { return Ok(None) };
    let parsed: Pyproject =
        toml::from_str(text).map_err(|error| format!("pyproject.toml cannot be read: {}", error.message()))?;
    let Some(project) = parsed.project else { return Ok(None) };
    if project.classifiers.iter().any(|one| one.starts_with("Private ::")) {
        return Ok(None);
    }
    let name = PackageName::pypi(&project.name).map_err(|error| error.to_string())?;
    let version = project.version.clone().ok_or("its version is computed: state it in [project]")?;
    let stem = format!("{}-{version}", name.as_str().replace('-', "_"));
    let is_built = |path: &str| {
        let file = path.strip_prefix(BUILT)?;
        let is_own = file.starts_with(&format!("{stem}-")) && is_wheel(file);
        (is_own || file == format!("{stem}.tar.gz")).then_some(())
    };
    let mut files: Vec<(String, Vec<u8>)> = folder
        .files
        .iter()
        .filter(|file| is_built(file.path.as_str()).is_some())
        .map(|file| (file.path.as_str()[BUILT.len()..].to_owned(), file.content.clone()))
        .collect();
    let fields = fields(&project, &version, folder)?;
    if files.is_empty() {
        if !project.dynamic.is_empty() {
            return Err(format!(
                "its {} is computed by its build, and `dist` has nothing of version {version}: build it first",
                project.dynamic.join(", ")
            ));
        }
        files.push((format!("{stem}.tar.gz"), source_distribution(&stem, &fields, folder)?));
    }
    let place = match endpoint.own_url(RequestTarget::Below("")) {
        Some(url) => location::upload_place(&url),
        None => return Err("there is no server to upload to".to_owned()),
    };
    let uploads = files.into_iter().map(|(file, content)| ReleaseUpload {
        digest: Digest::sha256_of(&content).to_hex(),
        document: format!("{name}/"),
        upload: form(&file, &content, &fields, place.clone()),
        file,
    });
    let uploads = uploads.collect();
    Ok(Some(PackedRelease { name: name.to_string(), version, uploads }))
}

/// The fields of the core metadata, in order; the description is last.
type Fields = Vec<(&'static str, String)>;

fn fields(project: &ProjectFields, version: &str, folder: &ReleaseFolder<'_>) -> Result<Fields, String> {
    let mut fields: Fields =
        vec![("Metadata-Version", "2.4".to_owned()), ("Name", project.name.clone()), ("Version", version.to_owned())];
    fields.extend(project.description.clone().map(|text| ("Summary", text)));
    fields.extend(project.requires_python.clone().map(|text| ("Requires-Python", text)));
    if let Some(toml::Value::String(license)) = &project.license {
        fields.push(("License-Expression", license.clone()));
    }
    if !project.keywords.is_empty() {
        fields.push(("Keywords", project.keywords.join(",")));
    }
    fields.extend(project.classifiers.iter().map(|text| ("Classifier", text.clone())));
    fields.extend(project.urls.iter().map(|(label, url)| ("Project-URL", format!("{label}, {url}"))));
    fields.extend(project.dependencies.iter().map(|text| ("Requires-Dist", text.clone())));
    for (extra, requirements) in &project.optional_dependencies {
        fields.push(("Provides-Extra", extra.clone()));
        fields.extend(requirements.iter().map(|text| ("Requires-Dist", behind_extra(text, extra))));
    }
    if let Some((_, bad)) = fields.iter().find(|(_, value)| value.contains(['\n', '\r', '\0'])) {
        return Err(format!("[project] has a value of several lines: {}", bad.escape_debug()));
    }
    let readme = match &project.readme {
        Some(toml::Value::String(file)) => Some(file.as_str()),
        Some(toml::Value::Table(table)) => table.get("file").and_then(toml::Value::as_str),
        _ => None,
    };
    if let Some(file) = readme {
        let text = folder.text(file).ok_or_else(|| format!("[project] names `{file}`, which is not there"))?;
        let is_markdown = file.rsplit('.').next().is_some_and(|end| end.eq_ignore_ascii_case("md"));
        let kind = if is_markdown { "text/markdown" } else { "text/x-rst" };
        fields.push(("Description-Content-Type", kind.to_owned()));
        fields.push(("Description", text.to_owned()));
    }
    Ok(fields)
}

/// Returns a source distribution of the folder.
fn source_distribution(stem: &str, fields: &Fields, folder: &ReleaseFolder<'_>) -> Result<Vec<u8>, String> {
    let mut text = String::new();
    let mut description = "";
    for (name, value) in fields {
        match *name {
            "Description" => description = value,
            // Writing to a string does not fail.
            name => drop(writeln!(text, "{name}: {value}")),
        }
    }
    if !description.is_empty() {
        let _ = write!(text, "\n{description}");
    }
    let path = EntryPath::parse("PKG-INFO").map_err(|error| error.to_string())?;
    let own = ArchiveFile { path, executable: false, content: text.into_bytes() };
    let is_source = |file: &&ArchiveFile| {
        let path = file.path.as_str();
        path != "PKG-INFO" && !path.starts_with(BUILT)
    };
    let mut files: Vec<ArchiveFile> = folder.files.iter().filter(is_source).cloned().chain([own]).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(package::write(stem, &files))
}

/// Returns the form for a file.
fn form(file: &str, content: &[u8], fields: &Fields, place: UploadPlace) -> Upload {
    let sha256 = Digest::sha256_of(content).to_hex();
    // What is the digest of the content is not in it.
    let boundary = format!("larder-{sha256}");
    let is_wheel = is_wheel(file);
    let python = file.trim_end_matches(".whl").rsplit('-').nth(2).unwrap_or("py3");
    let fixed = [
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("filetype", if is_wheel { "bdist_wheel" } else { "sdist" }),
        ("pyversion", if is_wheel { python } else { "source" }),
        ("sha256_digest", &*sha256),
    ];
    let named = fields.iter().map(|(name, value)| (form_name(name), value.as_str()));
    let mut body = Vec::with_capacity(content.len() + 8192);
    for (name, value) in fixed.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).chain(named) {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    body.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{file}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .as_bytes(),
    );
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Upload {
        place,
        method: UploadMethod::Post,
        content_type: Cow::Owned(format!("multipart/form-data; boundary={boundary}")),
        content: body.into(),
    }
}

fn is_wheel(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|ending| ending == "whl")
}

/// Returns what a form calls a field of the metadata.
fn form_name(field: &str) -> Cow<'static, str> {
    match field {
        "Classifier" => "classifiers".into(),
        "Project-URL" => "project_urls".into(),
        other => other.to_ascii_lowercase().replace('-', "_").into(),
    }
}
