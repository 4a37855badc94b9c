//! `larder key`: the keys that sign packages, and the histories of registries.
//!
//! ```text
//! ~/.config/larder/keys/
//! ├── release.key                 the secret key: 0600. Of a publisher as minisign has it, of a log as signed notes have it. Not there if
//! │                               the system's keyring has it
//! └── release.pub                 the key by which its signatures are checked
//! ```

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::secrets::keyring::Keyring;
use super::{Context, Result};
use crate::diagnostic::{Exit, Failure, list, nearest};
use crate::fs::{self, Durability};
use crate::model::{Label, LogKey};
use crate::package::log::LogSigner;
use crate::package::{PublisherKey, SignatureError, SigningKey};
use crate::registry::credentials::Secret;

/// The name of a key that is given none.
pub const DEFAULT_NAME: &str = "default";

/// The variable that holds the password of a key, for machines at which nobody sits.
pub const PASSWORD: &str = "LARDER_KEY_PASSWORD";

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
    /// `file` or `keyring`: where the secret key is.
    #[serde(rename = "keptIn")]
    pub kept_in: &'static str,
    /// The file of the secret key. `None` if the keyring has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// `larder key sign --json`: see `schema/key-sign.json`.
#[derive(Debug, Serialize)]
pub struct SignedFile {
    /// The file of the signature.
    pub signature: PathBuf,
    /// The public key that checks it.
    pub public: String,
}

/// Where a new secret key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In a file that only its owner can read.
    File,
    /// In such a file, encrypted with a password.
    Protected(Secret),
    /// In the keyring of the system.
    Keyring,
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
pub fn new(context: &Context<'_>, name: &Label, kind: &KeyKind, keeping: &Keeping) -> Result<Keys> {
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
            let text = match keeping {
                Keeping::Protected(password) => key.to_protected_text(password.text()).map_err(KeyError::Key)?,
                Keeping::File | Keeping::Keyring => key.to_text(),
            };
            (text, shown, format!("untrusted comment: larder key {name}\n"))
        }
        KeyKind::Log { .. } if matches!(keeping, Keeping::Protected(_)) => return Err(KeyError::LogPassword.into()),
        KeyKind::Log { origin } => {
            let key = LogSigner::generate(origin).ok_or_else(|| KeyError::Origin(origin.clone()))?;
            (format!("{}\n", key.to_secret()), key.key().to_string(), String::new())
        }
    };
    fs::create_dir_all(&folder)?;
    fs::set_private(&folder, true)?;
    if *keeping == Keeping::Keyring {
        let keyring = Keyring::find(context).ok_or(KeyError::NoKeyring)?;
        keyring.keep(&account(name.as_str()), &Secret::new(&text))?;
    } else {
        fs::write_new(&secret, text.as_bytes(), 0o600)?;
    }
    fs::write_new(&public, format!("{note}{shown}\n").as_bytes(), 0o644)?;
    Ok(Keys { keys: vec![ListedKey::new(name.to_string(), kind.as_str(), shown, secret)?] })
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
            keys.push(ListedKey::new(name, kind, public, secret)?);
        }
    }
    Ok(Keys { keys })
}

impl ListedKey {
    /// Describes a key whose secret is in this file, if that is there.
    fn new(name: String, kind: &'static str, public: String, secret: PathBuf) -> Result<Self> {
        let file = fs::stat(&secret)?.map(|_| secret);
        let kept_in = if file.is_some() { "file" } else { "keyring" };
        Ok(Self { name, kind, public, kept_in, file })
    }
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
    let text = secret_text(context, asked)?;
    let key = match text.parse::<SigningKey>() {
        Err(SignatureError::Protected) => {
            let known = context.variables.text(PASSWORD);
            let ask = || (context.ask_secret)(&format!("Password of the key `{asked}`: "));
            let password = known.or_else(ask).ok_or_else(|| KeyError::NoPassword(asked.to_owned()))?;
            SigningKey::unprotect(&text, &password)
        }
        key => key,
    };
    Ok(key.map_err(KeyError::Key)?)
}

/// Fails unless there is a publisher's secret key. Nobody is asked for its password.
pub(super) fn check(context: &Context<'_>, asked: &str) -> Result<()> {
    match secret_text(context, asked)?.parse::<SigningKey>() {
        Ok(_) | Err(SignatureError::Protected) => Ok(()),
        Err(error) => Err(KeyError::Key(error).into()),
    }
}

/// Signs a file with a publisher's key: the signature lies beside it, with `.minisig` behind its name.
pub fn sign(context: &Context<'_>, asked: &str, file: &Path) -> Result<SignedFile> {
    let key = find(context, asked)?;
    let file = context.folder.join(file);
    let signed = fs::read(&file)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let signature = file.with_file_name(format!("{name}.minisig"));
    fs::write_atomic(&signature, key.sign(&signed, &format!("file:{name}")).as_bytes(), Durability::Whole)?;
    Ok(SignedFile { signature, public: key.public().map_err(KeyError::Key)?.to_string() })
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
        let name: Label = asked.parse().map_err(|_| unknown(context, asked))?;
        let (secret, public) = files(&folder(context), name.as_str());
        if fs::stat(&secret)?.is_none() && fs::stat(&public)?.is_some() {
            let keyring = Keyring::find(context).ok_or(KeyError::NoKeyring)?;
            let kept = keyring.secret(&account(name.as_str()))?;
            return Ok(kept.ok_or_else(|| KeyError::Lost(name.to_string()))?.text().to_owned());
        }
        secret
    };
    match fs::stat(&file)? {
        None => Err(unknown(context, asked).into()),
        Some(stat) if stat.mode & 0o077 != 0 => Err(KeyError::Open { file, mode: stat.mode & 0o777 }.into()),
        Some(_) => Ok(fs::read_to_string(&file)?),
    }
}

/// Returns the name of a key in the keyring.
fn account(name: &str) -> String {
    format!("key {name}")
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

fn unknown(context: &Context<'_>, asked: &str) -> KeyError {
    // Nobody asks for a log's key by a name.
    let keys = list_all(context).map(|keys| keys.keys).unwrap_or_default();
    let known: Vec<String> =
        keys.into_iter().filter(|key| key.kind == KeyKind::PUBLISHER).map(|key| key.name).collect();
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
    /// The key is of another kind than those that sign logs.
    #[error("`{0}` is no key of a log")]
    #[diagnostic(code(larder::key::no_log_key), help("make one: `larder key new NAME --kind log`"))]
    NoLogKey(String),
    /// Nobody can be asked for a password.
    #[error("the key `{0}` has a password, and nobody can be asked for it")]
    #[diagnostic(code(larder::key::no_password), help("set {PASSWORD}, or sign at a terminal"))]
    NoPassword(String),
    /// Two passwords that should be one.
    #[error("the two passwords differ, or are empty")]
    #[diagnostic(code(larder::key::other_password), help("nothing was made: try again"))]
    OtherPassword,
    /// A key of a log with a password.
    #[error("a key of a log has no password: it signs by itself, whenever something is published")]
    #[diagnostic(code(larder::key::log_password), help("keep it in the keyring: `--keyring`"))]
    LogPassword,
    /// This system or this session has no keyring.
    #[error("there is no keyring in this session")]
    #[diagnostic(
        code(larder::key::no_keyring),
        help(
            "on Linux that takes `secret-tool` of libsecret and a session bus; else keep the key in a file, with `--password`"
        )
    )]
    NoKeyring,
    /// The keyring does not have it any more.
    #[error("the system's keyring has no key `{0}` any more")]
    #[diagnostic(code(larder::key::lost), help("make another, and remove the file of its public part"))]
    Lost(String),
    /// The text is no key.
    #[error("the key cannot be used: {0}")]
    #[diagnostic(code(larder::key::unusable))]
    Key(SignatureError),
}

impl Failure for KeyError {
    fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } | Self::Open { .. } | Self::NoPassword(_) | Self::OtherPassword | Self::Lost(_) => {
                Exit::Refused
            }
            Self::Unknown { .. }
            | Self::NoVariable(_)
            | Self::NoOrigin
            | Self::LogPassword
            | Self::NoKeyring
            | Self::Origin(_)
            | Self::NoLogKey(_)
            | Self::Key(_) => Exit::Manifest,
        }
    }
}
