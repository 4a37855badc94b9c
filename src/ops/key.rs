//! `larder key`: the keys that sign packages, and the histories of registries.
//!
//! ```text
//! ~/.config/larder/keys/
//! ├── release.key                 the secret key: 0600. Of a publisher as minisign has it without a password, of a log as signed notes
//! └── release.pub                 the key by which its signatures are checked
//! ```

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Result};
use crate::diagnostic::{Exit, Failure, list, nearest};
use crate::fs;
use crate::model::{Label, LogKey};
use crate::package::log::LogSigner;
use crate::package::{PublisherKey, SignatureError, SigningKey};

/// The name of a key that is given none.
pub const DEFAULT_NAME: &str = "default";

/// `larder key list --json`: see `schema/key.json`. `larder key new --json` has the new key alone.
#[derive(Debug, Serialize)]
pub struct Keys {
    /// The keys, sorted by name.
    pub keys: Vec<ListedKey>,
}

/// A key of this user.
#[derive(Debug, Serialize)]
pub struct ListedKey {
    /// Its name.
    pub name: String,
    /// `publisher` or `log`
    pub kind: &'static str,
    /// What others check its signatures with.
    pub public: String,
    /// The file of the secret key.
    pub file: PathBuf,
}

/// What a key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// What publishers say of packages.
    Publisher,
    /// The history of the registry of this origin.
    Log {
        /// The origin: `packages.acme.example`.
        origin: String,
    },
}

/// Makes a key.
pub fn new(context: &Context<'_>, name: &Label, kind: &KeyKind) -> Result<Keys> {
    let folder = folder(context);
    let (secret, public) = files(&folder, name.as_str());
    if let Some(existing) = [&secret, &public].into_iter().find(|file| fs::lstat(file).is_ok_and(|stat| stat.is_some()))
    {
        return Err(KeyError::Exists { name: name.to_string(), file: existing.clone() }.into());
    }
    let (text, shown, note) = match kind {
        KeyKind::Publisher => {
            let key = SigningKey::generate().map_err(KeyError::Key)?;
            let shown = key.public().map_err(KeyError::Key)?.to_string();
            (key.to_text(), shown, format!("untrusted comment: larder key {name}\n"))
        }
        KeyKind::Log { origin } => {
            let key = LogSigner::generate(origin).ok_or_else(|| KeyError::Origin(origin.clone()))?;
            (format!("{}\n", key.to_secret()), key.key().to_string(), String::new())
        }
    };
    fs::create_dir_all(&folder)?;
    fs::set_private(&folder, true)?;
    fs::write_new(&secret, text.as_bytes(), 0o600)?;
    fs::write_new(&public, format!("{note}{shown}\n").as_bytes(), 0o644)?;
    Ok(Keys { keys: vec![ListedKey { name: name.to_string(), kind: kind.as_str(), public: shown, file: secret }] })
}

/// Lists the keys of this user.
pub fn list_all(context: &Context<'_>) -> Result<Keys> {
    let folder = folder(context);
    let mut keys = Vec::new();
    for name in names(&folder)? {
        let (secret, public) = files(&folder, &name);
        // A file that holds no key is none of larder's.
        let text = fs::read_to_string(&public)?;
        let publisher = text.parse::<PublisherKey>().map(|key| (KeyKind::PUBLISHER, key.to_string()));
        let log = || text.trim().parse::<LogKey>().map(|key| (KeyKind::LOG, key.to_string()));
        if let Ok((kind, public)) = publisher.or_else(|_| log()) {
            keys.push(ListedKey { name, kind, public, file: secret });
        }
    }
    Ok(Keys { keys })
}

impl KeyKind {
    const PUBLISHER: &'static str = "publisher";
    const LOG: &'static str = "log";

    /// Returns the word for the kind.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Publisher => Self::PUBLISHER,
            Self::Log { .. } => Self::LOG,
        }
    }
}

/// Finds a publisher's secret key: by its name, as `file=PATH`, or as `env=NAME` of a variable that holds it.
pub fn find(context: &Context<'_>, asked: &str) -> Result<SigningKey> {
    Ok(secret_text(context, asked)?.parse().map_err(KeyError::Key)?)
}

/// Finds the secret key of a log like [`find`].
pub fn find_log(context: &Context<'_>, asked: &str) -> Result<LogSigner> {
    let text = secret_text(context, asked)?;
    Ok(text.parse().map_err(|_| KeyError::NoLogKey(asked.to_owned()))?)
}

/// Reads the text of a secret key.
fn secret_text(context: &Context<'_>, asked: &str) -> Result<String> {
    if let Some(variable) = asked.strip_prefix("env=") {
        let text = context.variables.text(variable).ok_or_else(|| KeyError::NoVariable(variable.to_owned()))?;
        return Ok(text);
    }
    let file = if let Some(path) = asked.strip_prefix("file=") {
        context.folder.join(path)
    } else {
        let folder = folder(context);
        let name: Label = asked.parse().map_err(|_| unknown(&folder, asked))?;
        files(&folder, name.as_str()).0
    };
    match fs::stat(&file)? {
        None => Err(unknown(&folder(context), asked).into()),
        Some(stat) if stat.mode & 0o077 != 0 => Err(KeyError::Open { file, mode: stat.mode & 0o777 }.into()),
        Some(_) => Ok(fs::read_to_string(&file)?),
    }
}

fn folder(context: &Context<'_>) -> PathBuf {
    context.configuration.join("keys")
}

/// Returns the files of a key: the secret one, and the one for others.
fn files(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{name}.key")), folder.join(format!("{name}.pub")))
}

/// Returns the names of the keys in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    if fs::stat(folder)?.is_none() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?;
    Ok(entries.iter().filter_map(|entry| entry.path.to_str()?.strip_suffix(".pub").map(str::to_owned)).collect())
}

fn unknown(folder: &Path, asked: &str) -> KeyError {
    let known = names(folder).unwrap_or_default();
    let help = match nearest(asked, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("make one: `larder key new {DEFAULT_NAME}`"),
        None => format!("there are:{}", list(&known)),
    };
    KeyError::Unknown { asked: asked.to_owned(), help }
}

/// Why a key is not made, or not used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum KeyError {
    /// A key of this name is there.
    #[error("there is a key `{name}` already: {}", file.display())]
    #[diagnostic(
        code(larder::key::exists),
        help("give the new one another name; who removes the old one can never sign with it again")
    )]
    Exists {
        /// The name.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// There is no such key.
    #[error("there is no key `{asked}`")]
    #[diagnostic(code(larder::key::unknown), help("{help}"))]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        help: String,
    },
    /// The variable that should hold a key is not set.
    #[error("the variable {0}, which should hold the key, is not set")]
    #[diagnostic(code(larder::key::no_variable), help("set it to the text of the key's file"))]
    NoVariable(String),
    /// Others can read the secret key.
    #[error("others can read the secret key {}: its mode is {mode:o}", file.display())]
    #[diagnostic(
        code(larder::key::open),
        help("take their right away, `chmod 600`; who may have read it can sign as you")
    )]
    Open {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// An origin of a key that signs packages.
    #[error("a key that signs packages has no origin")]
    #[diagnostic(code(larder::key::no_origin), help("leave `--origin` out, or make a key of a log: `--kind log`"))]
    NoOrigin,
    /// No log can have this origin.
    #[error("`{0}` is no origin of a registry")]
    #[diagnostic(code(larder::key::origin), help("an origin is like packages.acme.example: no white space and no `+`"))]
    Origin(String),
    /// The key is none of a log.
    #[error("`{0}` is no key of a log")]
    #[diagnostic(code(larder::key::no_log_key), help("make one: `larder key new NAME --kind log`"))]
    NoLogKey(String),
    /// The text is no key.
    #[error("the key cannot be used: {0}")]
    #[diagnostic(code(larder::key::unusable))]
    Key(SignatureError),
}

impl Failure for KeyError {
    fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } | Self::Open { .. } => Exit::Refused,
            Self::Unknown { .. }
            | Self::NoVariable(_)
            | Self::NoOrigin
            | Self::Origin(_)
            | Self::NoLogKey(_)
            | Self::Key(_) => Exit::Manifest,
        }
    }
}
