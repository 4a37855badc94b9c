//! The one error type of the use cases: the failure of any room, kept whole.

use std::sync::Arc;

use super::Failure;

/// A failure of any room, ready to be told.
#[derive(Clone)]
pub struct Error(Arc<dyn Failure>);

/// What every use case returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns the failure itself.
    pub fn failure(&self) -> &dyn Failure {
        &*self.0
    }

    /// Returns what is wrong in one line: of several errors the first.
    pub fn in_short(&self) -> String {
        let first = self.0.related().and_then(|mut related| related.next().map(ToString::to_string));
        first.unwrap_or_else(|| self.0.to_string()).replace('\n', " ")
    }
}

impl<F: Failure> From<F> for Error {
    fn from(failure: F) -> Self {
        Self(Arc::new(failure))
    }
}

impl From<Arc<dyn Failure>> for Error {
    fn from(failure: Arc<dyn Failure>) -> Self {
        Self(failure)
    }
}

impl From<Error> for Arc<dyn Failure> {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&*self.0, f)
    }
}
