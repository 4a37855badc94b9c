//! The credentials that other tools keep for registries, as those tools read them.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `netrc` | ~/.netrc: by host |
//! | `npmrc` | .npmrc: by host and path |
//! | `index_urls` | pip.conf, uv.toml, and variables of pip's and uv's: URLs with a user and a password |

mod index_urls;
mod netrc;
mod npmrc;

use crate::model::Url;

pub use index_urls::{IndexCredential, of_pip_conf, of_uv_settings, of_variable};
pub use netrc::{NetrcLogin, find_login};
pub use npmrc::{NpmrcCredential, npmrc_credentials};

/// A secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token, without the white space around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// Returns the text, for a header or for the place where it is kept.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What is shown to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A token.
    Token(Secret),
    /// A user and a password.
    Password {
        /// The user. May be empty.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `user:password` in base64, as a header of HTTP has it (RFC 7617).
    Basic(Secret),
}

/// The credentials for one address of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What is shown.
    pub login: Login,
    /// The URL below which it is shown. `None`: what the protocol says of an address.
    pub realm: Option<Url>,
}
