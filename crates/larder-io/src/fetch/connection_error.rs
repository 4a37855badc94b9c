//! Failures of connections, told apart.

use std::io;

use super::roots;

/// Why a request got no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// It took too long.
    Timeout,
    /// The server's certificate is not trusted; the reason.
    Distrusted(String),
    /// The client certificate cannot be used; the reason.
    NoIdentity(String),
    /// The connection failed; the reason.
    Failed(String),
}

/// Returns whether the connection was closed before the response began.
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

/// Returns the I/O error for a body that broke off.
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
    /// Treated apart, as `io::Error::source` skips the error that it wraps.
    Io(&'a io::Error),
    Other(&'a (dyn std::error::Error + 'static)),
}

/// Returns the error and its causes, the outermost first.
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

/// Returns the message of the innermost cause. Those before it only name layers of a library.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let last = chain(error).last();
    last.map_or_else(String::new, |cause| match cause {
        Cause::Io(error) => error.to_string(),
        Cause::Other(error) => error.to_string(),
    })
}
