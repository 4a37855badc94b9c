//! Packages of a Python index: described by a test, served as pages, metadata and wheels.

use std::fmt::Write;

use serde_json::{Value, json};

use super::archive::{File, sha256_hex, tarball, wheel, zipped};

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
    /// The files of its source distribution, which is all that there is of it.
    source: Option<Vec<File>>,
    is_zipped: bool,
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
            source: None,
            is_zipped: false,
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

    /// Has a source distribution and no wheel. It states its metadata only if it `states` them; its back end, which lies in it,
    /// makes the wheel that the package would have been.
    pub(crate) fn source_only(mut self, metadata: Metadata) -> Self {
        let name = format!("{}-{}", module(&self.name), self.version);
        let built: String = self.files.iter().map(python_literal).collect();
        let hooks = format!("{BACK_END}\nNAME = {name:?}\nMETADATA = {:?}\nFILES = {{{built}}}\n", self.metadata());
        let mut files = vec![
            File::new(
                "pyproject.toml",
                "[build-system]\nrequires = []\nbuild-backend = 'hooks'\nbackend-path = ['.']\n",
            ),
            File::new("hooks.py", hooks),
            File::new("tools.py", "TOOLS = []\nASKED = []\n"),
        ];
        let head = if metadata == Metadata::Stated { "2.2" } else { "2.1" };
        files.push(File::new("PKG-INFO", self.metadata().replacen("2.1", head, 1)));
        self.source = Some(files);
        self
    }

    /// Is built with these tools: `required` by its pyproject.toml, `asked` for by its back end. Its module knows their versions.
    pub(crate) fn built_with(self, required: &[&str], asked: &[&str]) -> Self {
        let pyproject =
            format!("[build-system]\nrequires = {required:?}\nbuild-backend = 'hooks'\nbackend-path = ['.']\n");
        let tools = format!("TOOLS = {required:?} + {asked:?}\nASKED = {asked:?}\n");
        self.source("pyproject.toml", &pyproject).source("tools.py", &tools)
    }

    /// Replaces a file of the source distribution.
    pub(crate) fn source(mut self, path: &str, content: &str) -> Self {
        let files = self.source.as_mut().expect("a source distribution");
        files.retain(|file| file.path != path);
        files.push(File::new(path, content));
        self
    }

    /// Packs the source distribution as a zip, as old ones are.
    pub(crate) fn zipped(mut self) -> Self {
        self.is_zipped = true;
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
        match self.source {
            Some(_) if self.is_zipped => format!("{}-{}.zip", module(&self.name), self.version),
            Some(_) => format!("{}-{}.tar.gz", module(&self.name), self.version),
            None => format!("{}-{}-{}.whl", module(&self.name), self.version, self.tag),
        }
    }

    /// Packs the file: the wheel, or the source distribution.
    pub(crate) fn archive(&self) -> Vec<u8> {
        match &self.source {
            Some(files) => {
                let folder = format!("{}-{}", module(&self.name), self.version);
                if self.is_zipped { zipped(&folder, files) } else { tarball(&folder, files) }
            }
            None => self.wheel(),
        }
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
        if self.source.is_none() {
            let _ = write!(attributes, " data-core-metadata=\"sha256={}\"", sha256_hex(self.metadata().as_bytes()));
        }
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
            "yanked": self.yanked,
            "size": wheel.len(),
        });
        if self.source.is_none() {
            file["core-metadata"] = json!({ "sha256": sha256_hex(self.metadata().as_bytes()) });
        }
        if let Some(time) = &self.uploaded {
            file["upload-time"] = json!(time);
        }
        if let Some(python) = &self.requires_python {
            file["requires-python"] = json!(python);
        }
        file
    }
}

/// Whether a source distribution states its metadata (PEP 643).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metadata {
    Stated,
    Dynamic,
}

/// A back end that packs the files in `FILES`, and needs nothing.
const BACK_END: &str = r#"
import base64, hashlib, importlib, os, zipfile
import tools

def get_requires_for_build_wheel(config_settings=None):
    return tools.ASKED

def _wheel(files):
    info = NAME + ".dist-info/"
    files = dict(files)
    for tool in tools.TOOLS:
        version = importlib.import_module(tool).__version__
        files[f"built_with_{tool}.py"] = f"VERSION = {version!r}\n"
    files[info + "METADATA"] = METADATA
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}")
    files[info + "RECORD"] = "\n".join(lines + [info + "RECORD,,", ""])
    return files

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = NAME + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        for path, text in _wheel(FILES).items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return name

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = NAME + ".dist-info"
    os.makedirs(os.path.join(metadata_directory, folder))
    with open(os.path.join(metadata_directory, folder, "METADATA"), "w") as file:
        file.write(METADATA)
    return folder
"#;

/// Returns a name as PEP 503 normalises it.
pub(crate) fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Returns a file as an item of a dictionary of Python.
fn python_literal(file: &File) -> String {
    format!("{:?}: {:?}, ", file.path, String::from_utf8_lossy(&file.content))
}

fn module(name: &str) -> String {
    normalised(name).replace('-', "_")
}
