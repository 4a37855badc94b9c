//! What a request asks for, independent of the address that is asked.

use super::address::RegistryAddress;
use crate::model::Url;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTarget<'a> {
    /// A path below the registry's URL, or below that of a mirror.
    Below(&'a str),
    /// The registry's own URL: a page, or a folder.
    Itself,
    /// Relative to what holds the registry's URL (files beside `…/simple/`), at whichever mirror answers; from the
    /// root of its host where it begins with `/`.
    Beside(&'a str),
    /// A URL that does not depend on the address.
    At(&'a str),
}

impl Default for RequestTarget<'_> {
    fn default() -> Self {
        Self::Below("")
    }
}

impl RequestTarget<'_> {
    /// Returns the URL at an address. Returns `None` if that is no valid URL, or leaves the registry.
    pub(super) fn url(&self, address: &RegistryAddress) -> Option<Url> {
        match self {
            Self::Below(path) => {
                format!("{}{path}", address.url()).parse().ok().filter(|url: &Url| url.is_below(address.url()))
            }
            // A page is none with a slash behind it.
            Self::Itself => {
                let text = address.url().as_str();
                let page = text.trim_end_matches('/');
                let is_page = [".html", ".htm", ".json"].iter().any(|end| page.to_ascii_lowercase().ends_with(end));
                if is_page { page } else { text }.parse().ok()
            }
            Self::Beside(path) => address.files().join(path).ok(),
            Self::At(url) => url.parse().ok(),
        }
    }

    /// Returns the text for messages, without credentials.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Itself => "its page of files".to_owned(),
            Self::Below(path) | Self::Beside(path) => format!("`{}`", path.trim_end_matches('/')),
            Self::At(at) => Url::mask(at),
        }
    }
}
