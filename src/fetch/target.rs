//! Where something of a registry lies, whichever of its places is asked.

use super::place::Place;
use crate::model::Url;

/// Where something lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Relative to the registry's URL, at whichever mirror answers.
    Below(&'a str),
    /// Relative to what holds the registry's URL (files beside `…/simple/`), at whichever mirror answers; from the
    /// root of its host where it begins with `/`.
    Beside(&'a str),
    /// At a URL of its own.
    At(&'a str),
}

impl Default for Target<'_> {
    fn default() -> Self {
        Self::Below("")
    }
}

impl Target<'_> {
    /// Returns the URL at one place; `None` if it is none, or does not lie where it is said to.
    pub(super) fn url(&self, place: &Place) -> Option<Url> {
        match self {
            Self::Below(path) => {
                format!("{}{path}", place.url()).parse().ok().filter(|url: &Url| url.is_below(place.url()))
            }
            Self::Beside(path) => place.files().join(path).ok(),
            Self::At(url) => url.parse().ok(),
        }
    }

    /// Returns what may be shown.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Below(path) | Self::Beside(path) => format!("`{}`", path.trim_end_matches('/')),
            Self::At(at) => Url::mask(at),
        }
    }
}
