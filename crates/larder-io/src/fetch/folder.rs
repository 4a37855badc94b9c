//! A folder that stands for a server: it holds the same files.

use std::fmt::Write;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::RegistryAddress;
use super::body::Body;
use super::{BodyRange, ByteRange, Endpoint, Request, RequestError, Response};
use crate::fs;
use crate::model::Url;

/// Opens what a URL below the folder stands for. A document whose path is a folder (`simple/requests/`, or a
/// packument whose tarballs lie below it) is that folder's `index.json` or `index.html`.
pub(super) fn open(
    endpoint: &Arc<Endpoint>,
    address: &RegistryAddress,
    asked: &Url,
    request: &Request<'_>,
) -> Result<Response, RequestError> {
    let server = || endpoint.server(Some(address));
    let missing = || RequestError::NotFound { server: server(), url: asked.masked() };
    let root = address.on_disk().ok_or_else(missing)?;
    // Files may lie beside the folder, as those of `…/simple/` do.
    let below = |base: &Url| asked.path().strip_prefix(base.path()).filter(|_| asked.is_below(base));
    let (root, below) = match (below(address.url()), root.parent()) {
        (Some(below), _) => (root.as_path(), below),
        (None, Some(parent)) => (parent, below(&address.url().parent()).ok_or_else(missing)?),
        (None, None) => return Err(missing()),
    };
    let below = percent_encoding::percent_decode_str(below).decode_utf8_lossy();
    let below = below.trim_matches('/');
    if below.split(['/', '\\']).any(|part| part == "..") || below.contains('\0') {
        return Err(missing());
    }
    let exact = root.join(below);
    let named = |extension: &str| {
        let mut name = exact.clone().into_os_string();
        name.push(extension);
        PathBuf::from(name)
    };
    let choices = [exact.clone(), exact.join("index.json"), exact.join("index.html"), named(".json")];
    for path in choices {
        let opened = fs::open_sized(&path).map_err(|error| RequestError::Unreachable {
            server: server(),
            url: path.display().to_string(),
            reason: error.to_string(),
        })?;
        let Some((mut file, length)) = opened else { continue };
        let start = match request.range {
            Some(ByteRange::Last(count)) => length.saturating_sub(count),
            Some(ByteRange::Between(start, _) | ByteRange::From(start)) => start.min(length),
            None => 0,
        };
        if start > 0 {
            file.seek(SeekFrom::Start(start)).map_err(|_| missing())?;
        }
        let content = if start > 0 { BodyRange::Part { start, total: length } } else { BodyRange::Whole };
        return Ok(Response {
            url: asked.to_string(),
            base: address.url().to_string(),
            server: server(),
            content,
            etag: None,
            last_modified: None,
            max_age: Some(0),
            length: Some(length - start),
            body: Body::of(Box::new(file)),
        });
    }
    if matches!(fs::stat(root), Ok(Some(_))) {
        return if below.is_empty() { listing(endpoint, address, asked, root) } else { Err(missing()) };
    }
    Err(RequestError::Unreachable {
        server: server(),
        url: root.display().to_string(),
        reason: "there is no such folder".to_owned(),
    })
}

/// Returns the page of a folder's files, as a server would make one.
fn listing(
    endpoint: &Arc<Endpoint>,
    address: &RegistryAddress,
    asked: &Url,
    root: &Path,
) -> Result<Response, RequestError> {
    let server = endpoint.server(Some(address));
    let found = fs::read_dir(root).map_err(|error| RequestError::Unreachable {
        server: server.clone(),
        url: root.display().to_string(),
        reason: error.to_string(),
    })?;
    let mut names: Vec<String> = found
        .iter()
        .filter(|entry| entry.kind != fs::Kind::Folder)
        .filter_map(|entry| entry.path.to_str().map(str::to_owned))
        .collect();
    names.sort_unstable();
    let mut page = String::from("<!DOCTYPE html>\n");
    for name in names {
        let href = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
        let text = name.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(page, "<a href=\"{href}\">{text}</a>");
    }
    let length = page.len() as u64;
    Ok(Response {
        url: asked.to_string(),
        base: address.url().to_string(),
        server,
        content: BodyRange::Whole,
        etag: None,
        last_modified: None,
        max_age: Some(0),
        length: Some(length),
        body: Body::of(Box::new(std::io::Cursor::new(page.into_bytes()))),
    })
}
