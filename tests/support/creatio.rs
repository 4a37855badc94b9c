//! Creatio packages, made from the layout: archives, applications, packages of feeds; and a server that has them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::Universe;

/// A package that is described in a test.
#[derive(Clone)]
pub(crate) struct CreatioPackage {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    uid: String,
    depends_on: Vec<(String, String, Option<String>)>,
    files: Vec<(String, Vec<u8>)>,
    mark: bool,
    separator: char,
}

impl CreatioPackage {
    /// Describes a package whose `UId` is made of its name.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: (!version.is_empty()).then(|| version.to_owned()),
            uid: uid_of(name),
            depends_on: Vec::new(),
            files: Vec::new(),
            mark: true,
            separator: '\\',
        }
    }

    /// Adds a dependency on a package of a version.
    pub(crate) fn needs(mut self, name: &str, version: &str) -> Self {
        self.depends_on.push((name.to_owned(), uid_of(name), (!version.is_empty()).then(|| version.to_owned())));
        self
    }

    /// Adds a dependency that states another `UId`.
    pub(crate) fn needs_uid(mut self, name: &str, uid: &str) -> Self {
        self.depends_on.push((name.to_owned(), uid.to_owned(), None));
        self
    }

    pub(crate) fn uid(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.uid);
        self
    }

    /// Adds a file, before the descriptor.
    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.to_owned(), content.as_bytes().to_vec()));
        self
    }

    /// Packs without a byte order mark, and with `/` between the parts of paths.
    pub(crate) fn packed_on_unix(self) -> Self {
        Self { mark: false, separator: '/', ..self }
    }

    fn json(&self) -> String {
        let version = |version: &Option<String>| {
            version.as_ref().map_or_else(String::new, |version| format!("\"PackageVersion\": \"{version}\", "))
        };
        let mut depends = String::new();
        for (name, uid, stated) in &self.depends_on {
            let _ = write!(depends, "{{ \"UId\": \"{uid}\", {}\"Name\": \"{name}\" }},", version(stated));
        }
        format!(
            "{}{{ \"Descriptor\": {{ \"UId\": \"{}\", {}\"Name\": \"{}\", \"Type\": 1, \
             \"ModifiedOnUtc\": \"\\/Date(1701358154000)\\/\", \"Maintainer\": \"Acme\", \"InstallBehavior\": 1, \"DependsOn\": [{depends}] }} }}",
            if self.mark { "\u{feff}" } else { "" },
            self.uid.to_uppercase(),
            version(&self.version),
            self.name,
        )
    }

    /// Packs the archive.
    pub(crate) fn gz(&self) -> Vec<u8> {
        let mut records = Vec::new();
        for (path, content) in &self.files {
            records.extend(record(&path.replace('/', &self.separator.to_string()), content));
        }
        records.extend(record("descriptor.json", self.json().as_bytes()));
        gzip(&records)
    }

    /// Packs a package of a feed.
    pub(crate) fn nupkg(&self) -> Vec<u8> {
        self.nupkg_saying(&self.name, self.version.as_deref().unwrap_or("0.0.0"))
    }

    /// Packs a package of a feed whose nuspec says that it is another.
    pub(crate) fn nupkg_saying(&self, id: &str, version: &str) -> Vec<u8> {
        let nuspec = format!(
            "<?xml version=\"1.0\"?>\n<package><metadata><id>{id}</id><version>{version}</version>\
             <packageTypes><packageType name=\"CreatioPackage\" /></packageTypes></metadata></package>"
        );
        zip(&[
            ("[Content_Types].xml", b"<Types/>".to_vec()),
            (&format!("{id}.nuspec"), nuspec.into_bytes()),
            (&format!("tools/{}.gz", self.name), self.gz()),
        ])
    }
}

/// Packs an application of packages.
pub(crate) fn application(packages: &[&CreatioPackage]) -> Vec<u8> {
    let archives: Vec<(String, Vec<u8>)> =
        packages.iter().map(|package| (format!("{}.gz", package.name), package.gz())).collect();
    zip(&archives.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>())
}

/// Returns one record of an archive.
pub(crate) fn record(path: &str, content: &[u8]) -> Vec<u8> {
    let units: Vec<u16> = path.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).expect("a short name").to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes.extend(u32::try_from(content.len()).expect("a small file").to_le_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// Compresses as the platform does.
pub(crate) fn gzip(records: &[u8]) -> Vec<u8> {
    let mut gzip = GzBuilder::new().operating_system(0x0a).write(Vec::new(), Compression::fast());
    gzip.write_all(records).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}

/// Packs a zip.
pub(crate) fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, stored).expect("a file of a zip");
        zip.write_all(content).expect("memory takes it");
    }
    zip.finish().expect("memory takes it").into_inner()
}

/// Returns the `UId` of a package, which its name decides.
pub(crate) fn uid_of(name: &str) -> String {
    let hash = Sha256::digest(name.to_lowercase());
    let hex: String = hash.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// Adds a NuGet feed to a universe, at `/nuget/v3/index.json`.
pub(crate) fn with_feed(universe: Universe, packages: &[CreatioPackage]) -> Universe {
    let mut universe = universe.file(
        "/nuget/v3/index.json",
        br#"{"version":"3.0.0","resources":[{"@id":"../flat/","@type":"PackageBaseAddress/3.0.0"}]}"#.to_vec(),
    );
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let (id, version) = (package.name.to_lowercase(), package.version.clone().unwrap_or_default());
        universe = universe.file(&format!("/nuget/flat/{id}/{version}/{id}.{version}.nupkg"), package.nupkg());
        // A feed need not sort.
        lists.entry(id).or_default().insert(0, format!("\"{version}\""));
    }
    for (id, versions) in lists {
        let list = format!("{{\"versions\":[{}]}}", versions.join(","));
        universe = universe.file(&format!("/nuget/flat/{id}/index.json"), list.into_bytes());
    }
    universe
}

/// Adds an application to a marketplace at `/market/`.
pub(crate) fn with_application(universe: Universe, id: u32, file: &[u8]) -> Universe {
    let description = format!(
        "{{\"Name\":\"App {id}\",\"Maintainer\":\"Acme\",\"FileLink\":\"/market/files/{id}.zip\",\"IsLicenseRequired\":true}}"
    );
    universe
        .file(&format!("/market/marketplace/install?appId=com-{id}"), description.into_bytes())
        .file(&format!("/market/files/{id}.zip"), file.to_vec())
}
