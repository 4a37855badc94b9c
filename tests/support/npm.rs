//! Packages of an npm registry: described by a test, served as packuments and tarballs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use larder::model::{Algorithm, Digest, RegistryKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};
use sha2::Sha512;

use super::archive::{File, tarball};

/// One version of an npm package.
#[derive(Clone, Debug)]
pub(crate) struct NpmPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    manifest: Map<String, Value>,
    files: Vec<File>,
    packed: Option<Vec<u8>>,
    is_weak: bool,
    tarball_url: Option<String>,
    /// When it was published, where the registry tells.
    pub(crate) published: Option<String>,
    signed_by: Option<SigningKey>,
}

impl NpmPackage {
    /// Describes a package whose `index.js` exports its name and version.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let mut manifest = Map::new();
        manifest.insert("name".into(), json!(name));
        manifest.insert("version".into(), json!(version));
        manifest.insert("main".into(), json!("index.js"));
        let index = format!("module.exports = {{ name: {name:?}, version: {version:?} }};\n");
        Self {
            name: name.into(),
            version: version.into(),
            manifest,
            files: vec![File::new("index.js", index)],
            packed: None,
            is_weak: false,
            tarball_url: None,
            published: None,
            signed_by: None,
        }
    }

    /// Adds a dependency.
    pub(crate) fn dep(self, name: &str, range: &str) -> Self {
        self.entry("dependencies", name, json!(range))
    }

    /// Adds an optional dependency.
    pub(crate) fn optional(self, name: &str, range: &str) -> Self {
        self.entry("optionalDependencies", name, json!(range))
    }

    /// Adds a peer dependency.
    pub(crate) fn peer(self, name: &str, range: &str) -> Self {
        self.entry("peerDependencies", name, json!(range))
    }

    /// Adds an executable, with its script.
    pub(crate) fn bin(self, name: &str, path: &str, script: &str) -> Self {
        let mut package = self.entry("bin", name, json!(path));
        package.files.push(File { executable: true, ..File::new(path, script) });
        package
    }

    /// Sets a field of `package.json`.
    pub(crate) fn field(mut self, name: &str, value: Value) -> Self {
        self.manifest.insert(name.into(), value);
        self
    }

    /// Has this archive, whatever it holds.
    pub(crate) fn packed(mut self, archive: Vec<u8>) -> Self {
        self.packed = Some(archive);
        self
    }

    /// Has no digest but SHA-1, as in old days.
    pub(crate) fn weak(mut self) -> Self {
        self.is_weak = true;
        self
    }

    /// Says that the tarball lies at another URL than it usually does.
    pub(crate) fn tarball_at(mut self, url: &str) -> Self {
        self.tarball_url = Some(url.into());
        self
    }

    /// Says when it was published.
    pub(crate) fn published(mut self, time: &str) -> Self {
        self.published = Some(time.into());
        self
    }

    /// Has the registry's signature.
    pub(crate) fn signed_by(mut self, key: &SigningKey) -> Self {
        self.signed_by = Some(key.clone());
        self
    }

    /// Adds a file, or replaces one.
    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.files.retain(|file| file.path != path);
        self.files.push(File::new(path, content));
        self
    }

    fn entry(mut self, table: &str, key: &str, value: Value) -> Self {
        let table = self.manifest.entry(table).or_insert_with(|| json!({}));
        table.as_object_mut().expect("a table of package.json").insert(key.into(), value);
        self
    }

    /// Returns the path of the tarball below the registry.
    pub(crate) fn tarball_path(&self) -> String {
        let bare = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{}/-/{bare}-{}.tgz", self.name, self.version)
    }

    /// Packs the tarball.
    pub(crate) fn tarball(&self) -> Vec<u8> {
        if let Some(packed) = &self.packed {
            return packed.clone();
        }
        let manifest = serde_json::to_vec_pretty(&self.manifest).expect("JSON");
        let mut files = vec![File::new("package.json", manifest)];
        files.extend(self.files.iter().cloned());
        tarball("package", &files)
    }

    /// Returns the version's element of the packument.
    pub(crate) fn metadata(&self, base: &str, tarball: &[u8]) -> Value {
        let mut version = self.manifest.clone();
        if version.get("scripts").and_then(Value::as_object).is_some_and(|scripts| scripts.contains_key("postinstall"))
        {
            version.insert("hasInstallScript".into(), json!(true));
        }
        let digest = if self.is_weak {
            ("shasum", Digest::new(Algorithm::Sha1, &Sha1::digest(tarball)).to_hex())
        } else {
            ("integrity", format!("sha512-{}", STANDARD.encode(Sha512::digest(tarball))))
        };
        let url = self.tarball_url.clone().unwrap_or_else(|| format!("{base}{}", self.tarball_path()));
        let mut dist = json!({ "tarball": url, digest.0: &digest.1 });
        if let Some(key) = &self.signed_by {
            dist["signatures"] = key.signatures(&format!("{}@{}:{}", self.name, self.version, digest.1));
        }
        version.insert("dist".into(), dist);
        Value::Object(version)
    }
}

/// A key with which a registry signs.
#[derive(Clone, Debug)]
pub(crate) struct SigningKey {
    pkcs8: Vec<u8>,
    public: String,
}

impl SigningKey {
    /// Makes a new one.
    pub(crate) fn new() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).expect("a key");
        let mut key = Self { pkcs8: pkcs8.as_ref().to_vec(), public: String::new() };
        let prefix = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").expect("base64");
        key.public = STANDARD.encode([&prefix[..], key.pair().public_key().as_ref()].concat());
        key
    }

    /// Returns the public half, as a registry's block has it.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    fn pair(&self) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8, &SystemRandom::new()).expect("a key")
    }

    fn signatures(&self, text: &str) -> Value {
        let signature = self.pair().sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
        let id = self.public.parse::<RegistryKey>().expect("a key").id();
        json!([{ "keyid": id, "sig": STANDARD.encode(signature.as_ref()) }])
    }
}
