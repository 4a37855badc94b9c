//! Failures of connections, told apart.

use std::io;

use super::roots;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// It took too long.
    Timeout,
    /// The server's certificate is not trusted, for this reason.
    Distrusted(String),
    /// The user's own certificate cannot be used, for this reason.
    NoIdentity(String),
    /// There is no connection, or it broke.
    Failed(String),
}

/// Tells whether a connection ended before an answer came.
pub(super) fn is_hang_up(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

    !error.is_connect()
        && chain(error).any(|error| match error {
            Cause::Io(error) => {
                matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
            }
            Cause::Other(error) => error
                .downcast_ref::<hyper::Error>()
                .is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed()),
        })
}

pub(super) fn send_error(error: &reqwest::Error) -> SendError {
    if error.is_timeout() {
        return SendError::Timeout;
    }
    let mut chain = chain(error);
    let distrust = chain.find_map(|cause| match cause {
        Cause::Io(error) => error.get_ref()?.downcast_ref().and_then(roots::distrust),
        Cause::Other(error) => error.downcast_ref().and_then(roots::distrust),
    });
    distrust.map_or_else(|| SendError::Failed(innermost(error)), SendError::Distrusted)
}

/// Returns a failure of the body as a reader's error.
pub(super) fn broken(error: &reqwest::Error) -> io::Error {
    if error.is_timeout() {
        return io::ErrorKind::TimedOut.into();
    }
    let kind = chain(error).find_map(|cause| match cause {
        Cause::Io(error) => Some(error.kind()),
        Cause::Other(_) => None,
    });
    io::Error::new(kind.unwrap_or(io::ErrorKind::UnexpectedEof), innermost(error))
}

/// One link of an error's chain.
enum Cause<'a> {
    /// Its own source would skip what it wraps.
    Io(&'a io::Error),
    Other(&'a (dyn std::error::Error + 'static)),
}

/// Returns an error with all that caused it.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = Cause<'_>> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        let Some(io) = error.downcast_ref::<io::Error>() else {
            next = error.source();
            return Some(Cause::Other(error));
        };
        next = io.get_ref().map(|inner| inner as _);
        Some(Cause::Io(io))
    })
}

/// Returns what the last cause of an error says: those before it name the layers of a library.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let last = chain(error).last();
    last.map_or_else(String::new, |cause| match cause {
        Cause::Io(error) => error.to_string(),
        Cause::Other(error) => error.to_string(),
    })
}
