//! Lets only some requests go to a server by `https` until one of them is answered.
//!
//! A server that speaks HTTP/2 takes all requests by one connection. Which servers do shows only with the first connection: if
//! fifty requests went at once, fifty connections would be made, and all but one closed again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// Requests that go before the server is known.
const FIRST: usize = 6;

/// The servers that were asked so far, by host and port.
#[derive(Default)]
pub(super) struct FirstRequests(Mutex<HashMap<String, Arc<Semaphore>>>);

/// One of the first requests to a server. When it is dropped, all others go.
pub(super) struct FirstRequest(Arc<Semaphore>);

impl FirstRequests {
    /// Waits until a request may go. Returns `None` if nothing depends on its answer.
    pub(super) async fn wait(&self, url: &reqwest::Url) -> Option<FirstRequest> {
        if url.scheme() != "https" {
            return None;
        }
        let server = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
        let semaphore = {
            let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(servers.entry(server).or_insert_with(|| Arc::new(Semaphore::new(FIRST))))
        };
        semaphore.acquire().await.ok()?.forget();
        Some(FirstRequest(semaphore))
    }
}

impl Drop for FirstRequest {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Returns what a request to a server gets without waiting.
    fn wait(requests: &FirstRequests, url: &str) -> Poll<Option<FirstRequest>> {
        let url = url.parse().unwrap();
        pin!(requests.wait(&url)).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn some_requests_go_first_and_the_others_after_an_answer() {
        let requests = FirstRequests::default();
        let first: Vec<_> = (0..FIRST).map(|_| wait(&requests, "https://h/a")).collect();
        assert!(first.iter().all(|first| matches!(first, Poll::Ready(Some(_)))));
        assert!(wait(&requests, "https://h/b").is_pending() && wait(&requests, "https://h:443/").is_pending());
        assert!(matches!(wait(&requests, "https://h:8443/"), Poll::Ready(Some(_))));
        assert!(matches!(wait(&requests, "http://h/"), Poll::Ready(None)));
        drop(first);
        assert!((0..3 * FIRST).all(|_| matches!(wait(&requests, "https://h/b"), Poll::Ready(None))));
    }
}
