//! Packages of a Python index: described by a test, served as pages, metadata and wheels.

use std::fmt::Write;

use serde_json::{Value, json};

use super::archive::{File, sha256_hex, wheel};

/// One version of a Python package, as one wheel.
#[derive(Clone, Debug)]
pub(crate) struct PypiPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    tag: String,
    requires: Vec<String>,
    extras: Vec<String>,
    requires_python: Option<String>,
    yanked: bool,
    scripts: Vec<(String, String)>,
    files: Vec<File>,
    packed: Option<Vec<u8>>,
    uploaded: Option<String>,
    /// Where the page says that the wheel is, where that is not beside it.
    pub(crate) url: Option<String>,
    stated: Option<String>,
}

impl PypiPackage {
    /// Describes a pure Python package whose module knows its version.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let module = module(name);
        let init = format!("__version__ = {version:?}\n");
        Self {
            name: name.into(),
            version: version.into(),
            tag: "py3-none-any".into(),
            requires: Vec::new(),
            extras: Vec::new(),
            requires_python: None,
            yanked: false,
            scripts: Vec::new(),
            files: vec![File::new(format!("{module}/__init__.py"), init)],
            packed: None,
            uploaded: Some("2024-01-01T00:00:00Z".into()),
            url: None,
            stated: None,
        }
    }

    /// Adds a requirement, as `Requires-Dist` has it.
    pub(crate) fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.into());
        self
    }

    /// Adds an extra with one requirement.
    pub(crate) fn extra(mut self, name: &str, requirement: &str) -> Self {
        self.extras.push(name.into());
        self.requires.push(format!("{requirement} ; extra == '{name}'"));
        self
    }

    /// Sets `Requires-Python`.
    pub(crate) fn python(mut self, specifier: &str) -> Self {
        self.requires_python = Some(specifier.into());
        self
    }

    /// Adds a console script: its name and `module:function`.
    pub(crate) fn script(mut self, name: &str, target: &str) -> Self {
        self.scripts.push((name.into(), target.into()));
        self
    }

    /// Marks the version as yanked.
    pub(crate) fn yanked(mut self) -> Self {
        self.yanked = true;
        self
    }

    /// States another version in its METADATA than in its file's name.
    pub(crate) fn states(mut self, version: &str) -> Self {
        self.stated = Some(version.into());
        self
    }

    /// Sets the wheel's tag.
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.tag = tag.into();
        self
    }

    /// Says when the wheel was uploaded, or that nobody knows.
    pub(crate) fn uploaded(mut self, time: Option<&str>) -> Self {
        self.uploaded = time.map(str::to_owned);
        self
    }

    /// Says that the wheel lies at another URL than beside the page.
    pub(crate) fn wheel_at(mut self, url: &str) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Adds a file, or replaces one.
    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.files.retain(|file| file.path != path);
        self.files.push(File::new(path, content));
        self
    }

    /// Returns the wheel's file name.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}-{}.whl", module(&self.name), self.version, self.tag)
    }

    /// Has this archive, whatever it holds.
    pub(crate) fn packed(mut self, archive: Vec<u8>) -> Self {
        self.packed = Some(archive);
        self
    }

    /// Returns the text of METADATA.
    pub(crate) fn metadata(&self) -> String {
        let mut text = format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
            self.name,
            self.stated.as_ref().unwrap_or(&self.version)
        );
        if let Some(python) = &self.requires_python {
            let _ = writeln!(text, "Requires-Python: {python}");
        }
        for extra in &self.extras {
            let _ = writeln!(text, "Provides-Extra: {extra}");
        }
        for requirement in &self.requires {
            let _ = writeln!(text, "Requires-Dist: {requirement}");
        }
        text
    }

    /// Packs the wheel.
    pub(crate) fn wheel(&self) -> Vec<u8> {
        if let Some(packed) = &self.packed {
            return packed.clone();
        }
        let info = format!("{}-{}.dist-info", module(&self.name), self.version);
        let mut files = self.files.clone();
        files.push(File::new(format!("{info}/METADATA"), self.metadata()));
        let about = format!("Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {}\n", self.tag);
        files.push(File::new(format!("{info}/WHEEL"), about));
        if !self.scripts.is_empty() {
            let mut entries = String::from("[console_scripts]\n");
            for (name, target) in &self.scripts {
                let _ = writeln!(entries, "{name} = {target}");
            }
            files.push(File::new(format!("{info}/entry_points.txt"), entries));
        }
        wheel(&info, &files)
    }

    /// Returns the wheel's line of the HTML page; `href` leads to the file.
    pub(crate) fn html(&self, href: &str, wheel: &[u8]) -> String {
        let file = self.file_name();
        let mut attributes = format!("href=\"{href}#sha256={}\"", sha256_hex(wheel));
        let _ = write!(attributes, " data-core-metadata=\"sha256={}\"", sha256_hex(self.metadata().as_bytes()));
        if let Some(python) = &self.requires_python {
            let python = python.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(attributes, " data-requires-python=\"{python}\"");
        }
        if self.yanked {
            attributes.push_str(" data-yanked=\"yanked\"");
        }
        format!("<a {attributes}>{file}</a><br/>\n")
    }

    /// Returns the wheel's element of the JSON page (PEP 691).
    pub(crate) fn json(&self, href: &str, wheel: &[u8]) -> Value {
        let mut file = json!({
            "filename": self.file_name(),
            "url": href,
            "hashes": { "sha256": sha256_hex(wheel) },
            "core-metadata": { "sha256": sha256_hex(self.metadata().as_bytes()) },
            "yanked": self.yanked,
            "size": wheel.len(),
        });
        if let Some(time) = &self.uploaded {
            file["upload-time"] = json!(time);
        }
        if let Some(python) = &self.requires_python {
            file["requires-python"] = json!(python);
        }
        file
    }
}

/// Returns a name as PEP 503 normalises it.
pub(crate) fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn module(name: &str) -> String {
    normalised(name).replace('-', "_")
}
