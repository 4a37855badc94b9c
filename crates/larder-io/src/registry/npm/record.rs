//! The compact form of a packument. The list of versions is decoded as a whole, and a version's blob when it is needed.
//!
//! ```text
//! header: form u8, tags u32, (name text, ordinal u32)*,
//! versions u32, (flags u8, version, published i64, blob start u32, blob length u32)* in ascending order,
//! a version being three u32 and, where the flags say so, its pre-release as text; or, where they say that, all text;
//! body: blobs, the JSON of one version each, with short names
//! ```

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::packument::{Packument, PackumentVersion};
use crate::model::{CowStr, PackageName, Settings, parse_npm_version};
use crate::registry::bytes::{ByteReader, ByteWriter};
use crate::registry::listing_record::{EncodedRecord, ListingRecord};
use crate::resolve::{Candidate, Versions};

/// The version of this format.
pub(super) const FORMAT: u32 = 0x6e70_0003;

const DEPRECATED: u8 = 1;
/// The version has a pre-release.
const PRERELEASE: u8 = 2;
/// The version is written as text: a number exceeds 32 bits, or there is build metadata.
const SPELT_OUT: u8 = 4;
const NO_TIME: i64 = i64::MIN;

/// The form of a packument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::registry) enum PackumentForm {
    /// Without publication times.
    Abbreviated,
    /// With publication times.
    Full,
    /// With publication times and the registry's signatures.
    Signed,
}

impl PackumentForm {
    /// Returns the form that resolution with these settings needs.
    pub(super) fn for_settings(settings: &Settings) -> Self {
        if settings.released_before.or(settings.age_cutoff).is_some() { Self::Full } else { Self::Abbreviated }
    }
}

/// The recorded fields of one version.
#[derive(Serialize, Deserialize)]
pub(super) struct VersionBlob<'a> {
    #[serde(borrow, rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) dependencies: Option<&'a RawValue>,
    #[serde(borrow, rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) optional: Option<&'a RawValue>,
    #[serde(borrow, rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) peers: Option<&'a RawValue>,
    #[serde(borrow, rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(super) peers_meta: Option<&'a RawValue>,
    #[serde(borrow, rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(super) bundled: Option<&'a RawValue>,
    #[serde(borrow, rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(super) engines: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) os: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) cpu: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) libc: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) bin: bool,
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) install_script: bool,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(super) deprecated: Option<String>,
    #[serde(borrow, rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) tarball: Option<&'a RawValue>,
    #[serde(borrow, rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub(super) integrity: Option<&'a RawValue>,
    #[serde(borrow, rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(super) shasum: Option<&'a RawValue>,
    #[serde(borrow, rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub(super) signatures: Option<&'a RawValue>,
}

/// The position of a version's blob in the body of its record.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct BlobSpan {
    pub(super) start: u32,
    pub(super) length: u32,
}

/// The reason why a document is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum BadDocument {
    /// The document is not a packument.
    Unreadable(String),
    /// The packument is for another package.
    OtherPackage(String),
}

/// Encodes a packument. Versions that are invalid in npm's grammar are left out.
pub(in crate::registry) fn encode(
    package: &PackageName,
    document: &[u8],
    form: PackumentForm,
) -> Result<EncodedRecord, BadDocument> {
    // UTF-8 is validated once for the whole document. As in Node, invalid bytes are replaced.
    let document = match std::str::from_utf8(document) {
        Ok(document) => Cow::Borrowed(document),
        Err(_) => String::from_utf8_lossy(document),
    };
    let packument: Packument<'_> =
        serde_json::from_str(&document).map_err(|error| BadDocument::Unreadable(error.to_string()))?;
    match &packument.name {
        Some(name) if name.0 == package.as_str() => {}
        Some(name) => return Err(BadDocument::OtherPackage(name.0.to_string())),
        None => return Err(BadDocument::Unreadable("it has no `name`".to_owned())),
    }
    let times: FxHashMap<_, _> = packument
        .time
        .iter()
        .flat_map(|time| &time.0)
        .map(|(version, time)| (version.0.as_ref(), time.get().trim_matches('"')))
        .collect();
    let versions = packument.versions.unwrap_or_default().0;
    let mut parsed: Vec<(deno_semver::Version, &str, &PackumentVersion<'_>)> = versions
        .iter()
        .filter_map(|(text, manifest)| Some((parse_npm_version(&text.0)?, text.0.as_ref(), manifest)))
        .collect();
    parsed.sort_by(|(a, text_a, _), (b, text_b, _)| a.cmp(b).then_with(|| text_a.cmp(text_b)));
    parsed.dedup_by(|(later, ..), (earlier, ..)| (*later).cmp(earlier).is_eq());

    let ordinals: FxHashMap<&str, u32> = parsed.iter().zip(0..).map(|((_, text, _), i)| (*text, i)).collect();
    let tags: Vec<(&str, u32)> = packument
        .tags
        .iter()
        .flat_map(|tags| &tags.0)
        .filter_map(|(tag, version)| Some((tag.0.as_ref(), *ordinals.get(version.as_ref()?.0.as_ref())?)))
        .collect();

    let mut writer = ByteWriter(Vec::with_capacity(document.len() / 8));
    writer.u8(if form == PackumentForm::Abbreviated && !times.is_empty() { PackumentForm::Full } else { form } as u8);
    writer.u32(tags.len() as u32);
    for (tag, ordinal) in tags {
        writer.text(tag);
        writer.u32(ordinal);
    }
    writer.u32(parsed.len() as u32);
    let mut blobs = Vec::with_capacity(document.len() / 8);
    for (version, text, manifest) in parsed {
        let start = blobs.len();
        let deprecated = manifest.deprecation();
        write_version(&mut writer, &version, if deprecated.is_some() { DEPRECATED } else { 0 });
        let time = times.get(text).and_then(|time| time.parse::<jiff::Timestamp>().ok());
        writer.i64(time.map_or(NO_TIME, jiff::Timestamp::as_millisecond));
        let signatures = manifest.dist.signatures.filter(|_| form == PackumentForm::Signed);
        let blob = VersionBlob { signatures, ..blob(manifest, deprecated) };
        let written = serde_json::to_writer(&mut blobs, &blob);
        written.map_err(|error| BadDocument::Unreadable(error.to_string()))?;
        writer.u32(start as u32);
        writer.u32((blobs.len() - start) as u32);
    }
    Ok(EncodedRecord { header: writer.0, body: blobs })
}

/// Decodes the list of versions. Returns `None` if the record is damaged, or lacks what the needed form has.
pub(in crate::registry) fn decode(record: &ListingRecord, needed: PackumentForm) -> Option<(Versions, Vec<BlobSpan>)> {
    let header = record.header();
    let mut reader = ByteReader(header);
    if reader.u8()? < needed as u8 {
        return None;
    }
    let mut versions = Versions::default();
    for _ in 0..reader.u32()? {
        versions.tags.insert(reader.text()?.to_owned(), reader.u32()?);
    }
    let count = reader.u32()?;
    let mut spans = Vec::with_capacity((count as usize).min(header.len()));
    versions.candidates.reserve_exact((count as usize).min(header.len()));
    for _ in 0..count {
        let flags = reader.u8()?;
        let (version, time) = (read_version(&mut reader, flags)?, reader.i64()?);
        spans.push(BlobSpan { start: reader.u32()?, length: reader.u32()? });
        versions.candidates.push(Candidate {
            deprecated: flags & DEPRECATED != 0,
            published: (time != NO_TIME).then(|| jiff::Timestamp::from_millisecond(time).ok()).flatten(),
            ..Candidate::new(version.into())
        });
    }
    let there = |span: &BlobSpan| u64::from(span.start) + u64::from(span.length) <= record.body_length();
    let in_range = versions.tags.values().all(|ordinal| *ordinal < count) && spans.iter().all(there);
    (in_range && reader.0.is_empty()).then_some((versions, spans))
}

fn write_version(writer: &mut ByteWriter, version: &deno_semver::Version, flags: u8) {
    let numbers = [version.major, version.minor, version.patch].map(u32::try_from);
    let ([Ok(major), Ok(minor), Ok(patch)], true) = (numbers, version.build.is_empty()) else {
        writer.u8(flags | SPELT_OUT);
        return writer.text(&version.to_string());
    };
    writer.u8(flags | if version.pre.is_empty() { 0 } else { PRERELEASE });
    for number in [major, minor, patch] {
        writer.u32(number);
    }
    if !version.pre.is_empty() {
        writer.text(&version.pre.join("."));
    }
}

fn read_version(reader: &mut ByteReader<'_>, flags: u8) -> Option<deno_semver::Version> {
    if flags & SPELT_OUT != 0 {
        return parse_npm_version(reader.text()?);
    }
    let mut number = || reader.u32().map(u64::from);
    let mut version =
        deno_semver::Version { major: number()?, minor: number()?, patch: number()?, ..Default::default() };
    if flags & PRERELEASE != 0 {
        version.pre.extend(reader.text()?.split('.').map(deno_semver::VersionPreOrBuild::from_str));
    }
    Some(version)
}

/// Returns the recorded fields of a version, without its signatures.
pub(super) fn blob<'a>(manifest: &PackumentVersion<'a>, deprecated: Option<String>) -> VersionBlob<'a> {
    let integrity = text(manifest.dist.integrity);
    VersionBlob {
        dependencies: filled(manifest.dependencies),
        optional: filled(manifest.optional_dependencies),
        peers: filled(manifest.peer_dependencies),
        peers_meta: filled(manifest.peer_dependencies_meta),
        bundled: filled(manifest.bundle_dependencies.or(manifest.bundled_dependencies)),
        engines: filled(manifest.engines),
        os: filled(manifest.os),
        cpu: filled(manifest.cpu),
        libc: filled(manifest.libc),
        bin: manifest.has_bin(),
        install_script: manifest.has_install_script(),
        deprecated,
        tarball: text(manifest.dist.tarball),
        // The weaker digest counts only if there is no other.
        shasum: text(manifest.dist.shasum).filter(|_| !integrity.is_some_and(|sri| sri.get().starts_with("\"sha"))),
        integrity,
        signatures: None,
    }
}

/// Returns a value if it is a valid string. A string without escapes needs no parsing.
fn text(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get().starts_with('"')).filter(|raw| {
        memchr::memchr(b'\\', raw.get().as_bytes()).is_none() || serde_json::from_str::<CowStr<'_>>(raw.get()).is_ok()
    })
}

fn filled(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| !matches!(raw.get(), "{}" | "[]" | "false"))
}
