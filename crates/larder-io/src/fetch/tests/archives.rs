//! Builders of archives, which lie where they are told to.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use tar::{EntryType, Header};

use super::{Algorithm, digest};

/// A tar.
#[derive(Default)]
pub(super) struct Tar(Vec<u8>);

impl Tar {
    pub(super) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, "", 0o644, content)
    }

    pub(super) fn link(self, kind: EntryType, name: &str, target: &str) -> Self {
        self.entry(kind, name, target, 0o777, b"")
    }

    #[allow(clippy::too_many_arguments, reason = "they are the fields of a header")]
    /// Adds an entry whose name is not checked, as a library would.
    pub(super) fn entry(mut self, kind: EntryType, name: &str, target: &str, mode: u32, content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// Adds a pax header for the next entry.
    pub(super) fn pax(self, key: &str, value: &str) -> Self {
        let rest = format!(" {key}={value}\n");
        let length =
            (rest.len()..rest.len() + 9).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
        self.entry(EntryType::XHeader, "pax", "", 0o644, format!("{length}{rest}").as_bytes())
    }

    pub(super) fn gz(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        gzip(&self.0)
    }

    /// Packs it without its end.
    pub(super) fn gz_unfinished(self, bytes: usize) -> Vec<u8> {
        gzip(&self.0[..bytes])
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A file of a zip, with what its headers say.
#[derive(Clone)]
pub(super) struct ZipFile {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
    /// Type and permissions.
    pub(super) mode: u32,
    /// 0 or 8.
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) size: u32,
    /// Where the directory says that it begins. Then it is nowhere else, and only listed.
    pub(super) offset: Option<u32>,
    /// What lies there instead of the packed content.
    pub(super) instead: Option<Vec<u8>>,
    /// What the file's own header says instead.
    pub(super) own: Own,
    /// Extra fields of the directory.
    pub(super) extra: Vec<u8>,
    /// What lies between its data and the next file.
    pub(super) behind: Vec<u8>,
    /// Flags of both headers.
    pub(super) flags: u16,
}

/// What a file's own header says, where that is not what the directory says.
#[derive(Clone, Default)]
pub(super) struct Own {
    pub(super) name: Option<String>,
    pub(super) flags: Option<u16>,
    pub(super) method: Option<u16>,
    /// Checksum, packed size, size.
    pub(super) numbers: Option<[u32; 3]>,
    pub(super) extra: Vec<u8>,
}

impl ZipFile {
    pub(super) fn new(name: &str, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.to_owned(),
            content: content.to_vec(),
            mode: 0o100_644,
            method: 8,
            crc: crc.sum(),
            size: content.len() as u32,
            offset: None,
            instead: None,
            own: Own::default(),
            extra: Vec::new(),
            behind: Vec::new(),
            flags: 0x800,
        }
    }

    /// Returns the content as it lies in the archive.
    pub(super) fn packed(&self) -> Vec<u8> {
        if let Some(packed) = &self.instead {
            return packed.clone();
        }
        if self.method == 0 {
            return self.content.clone();
        }
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&self.content).unwrap();
        deflate.finish().unwrap()
    }
}

/// Packs a zip; `hidden` bytes lie between the files and the directory.
pub(super) fn zip(files: &[ZipFile], hidden: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let packed = file.packed();
        let offset = file.offset.unwrap_or(bytes.len() as u32);
        let header = |name: &str, flags: u16, method: u16, numbers: [u32; 3], extra: &[u8]| {
            let mut header = Vec::new();
            for number in [20, flags, method, 0, 0x21] {
                header.extend(number.to_le_bytes());
            }
            for number in numbers {
                header.extend(number.to_le_bytes());
            }
            header.extend((name.len() as u16).to_le_bytes());
            header.extend((extra.len() as u16).to_le_bytes());
            header
        };
        let numbers = [file.crc, packed.len() as u32, file.size];
        let (own, name) = (&file.own, file.own.name.as_ref().unwrap_or(&file.name));
        let (flags, method) = (own.flags.unwrap_or(file.flags), own.method.unwrap_or(file.method));
        if file.offset.is_none() {
            bytes.extend(b"PK\x03\x04");
            bytes.extend(header(name, flags, method, own.numbers.unwrap_or(numbers), &own.extra));
            bytes.extend(name.as_bytes());
            bytes.extend(&own.extra);
            bytes.extend(packed);
            bytes.extend(&file.behind);
        }

        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(header(&file.name, file.flags, file.method, numbers, &file.extra));
        directory.extend([0; 6]);
        directory.extend((file.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(file.name.as_bytes());
        directory.extend(&file.extra);
    }
    bytes.extend(hidden);
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(files.len() as u16).to_le_bytes(); 2].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// Gives a zip the records of zip64. `change` may change them: the long record, the locator, the short record.
pub(super) fn zip64(archive: &[u8], change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>, &mut Vec<u8>)) -> Vec<u8> {
    let (files, end) = archive.split_at(archive.len() - 22);
    let wide = |bytes: &[u8]| bytes.iter().copied().chain([0; 8]).take(8).collect::<Vec<u8>>();
    let mut long = [&b"PK\x06\x06"[..], &44_u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat();
    long.extend([wide(&end[8..10]), wide(&end[10..12]), wide(&end[12..16]), wide(&end[16..20])].concat());
    let mut locator = [&b"PK\x06\x07"[..], &[0; 4], &(files.len() as u64).to_le_bytes(), &[1, 0, 0, 0]].concat();
    let mut short = [&b"PK\x05\x06"[..], &[0; 4], &[0xff; 12], &[0; 2]].concat();
    change(&mut long, &mut locator, &mut short);
    [files, &long, &locator, &short].concat()
}

/// The place of RECORD in the wheels made here.
pub(super) const RECORD: &str = "thing-1.0.dist-info/RECORD";

/// Returns a true line of RECORD.
pub(super) fn line(name: &str, content: &[u8]) -> String {
    let digest = URL_SAFE_NO_PAD.encode(digest(Algorithm::Sha256, content).bytes());
    format!("{name},sha256={digest},{}\n", content.len())
}

/// Adds a RECORD that is true.
pub(super) fn with_record(mut files: Vec<ZipFile>) -> Vec<ZipFile> {
    let mut text: String =
        files.iter().filter(|file| !file.name.ends_with('/')).map(|file| line(&file.name, &file.content)).collect();
    text += RECORD;
    text += ",,\n";
    files.push(ZipFile::new(RECORD, text.as_bytes()));
    files
}
