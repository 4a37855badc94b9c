//! Uploads: a file that is sent to a registry.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{self, HeaderValue};

use super::{Client, DOCUMENT_DEADLINE, missing, read_failure, refused, retry_after, send_failure, unreachable};
use crate::fetch::pace::Pace;
use crate::fetch::request::{Upload, UploadAnswer, UploadMethod, UploadPlace};
use crate::fetch::transport::HostRole;
use crate::fetch::{Endpoint, Network, Request, RequestError, RequestTarget, retry};

/// The most bytes of an answer.
const LARGEST_ANSWER: u64 = 1 << 20;

impl Client {
    /// Sends a file to a registry. Mirrors are not asked, and redirects not followed. A server that is out of order is
    /// asked again: an upload that arrives twice is one.
    ///
    /// Returns the server's answer, which may be a refusal.
    pub fn put(&self, endpoint: &Arc<Endpoint>, upload: &Upload) -> Result<UploadAnswer, RequestError> {
        let mut tries = 0;
        loop {
            let error = match self.put_once(endpoint, upload) {
                Ok(answer) => match answer.outage() {
                    None => return Ok(answer),
                    Some(error) => error,
                },
                Err(error) => error,
            };
            tries += 1;
            match self.options.retry.pause(tries, &error, retry::random()) {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(error),
            }
        }
    }

    fn put_once(&self, endpoint: &Arc<Endpoint>, upload: &Upload) -> Result<UploadAnswer, RequestError> {
        let target = match &upload.place {
            UploadPlace::Below(path) => RequestTarget::Below(path),
            UploadPlace::Beside(path) => RequestTarget::Beside(path),
            UploadPlace::Named(url) => RequestTarget::At(url),
        };
        let own = endpoint.addresses().iter().find(|address| !address.is_mirror());
        let found = own.and_then(|address| Some((address, target.url(address)?)));
        let (address, url) = found.ok_or_else(|| missing(endpoint, &target.what()))?;
        let server = endpoint.server(Some(address));
        if !url.is_safe() || address.on_disk().is_some() {
            return Err(refused(server, &url, "no server to upload to"));
        }
        if self.options.network == Network::Offline {
            return Err(RequestError::Offline { registry: endpoint.name().clone(), what: target.what() });
        }
        let _permit = endpoint.permit();
        endpoint.keep_pace();
        let authorization = match &upload.place {
            UploadPlace::Named(_) => address.own_authorization(),
            UploadPlace::Below(_) | UploadPlace::Beside(_) => address.authorization(&url),
        };
        let headers = super::headers(&Request { target, ..Request::default() }, authorization);
        let mut headers = headers
            .map_err(|_| unreachable(server.clone(), url.as_str(), "a header that no server takes".to_owned()))?;
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let content_type = HeaderValue::from_str(&upload.content_type)
            .map_err(|_| unreachable(server.clone(), url.as_str(), "a header that no server takes".to_owned()))?;
        headers.insert(header::CONTENT_TYPE, content_type);
        let method = match upload.method {
            UploadMethod::Put => reqwest::Method::PUT,
            UploadMethod::Post => reqwest::Method::POST,
        };
        let sent = self.transport.exchange(
            &self.options,
            (&url, HostRole::Registry),
            (headers, Some((method, upload.content.clone()))),
            Pace::new(endpoint.timeout().unwrap_or(self.options.read_timeout), DOCUMENT_DEADLINE),
        );
        let mut answer = sent.map_err(|error| send_failure(&server, &url, error))?;
        let (status, content_type) = (answer.status, answer.header("content-type").map(str::to_owned));
        let retry_after = answer.header("retry-after").and_then(retry_after);
        let mut bytes = Vec::new();
        loop {
            let piece: Bytes =
                answer.body.next().map_err(|error| read_failure(server.clone(), url.as_str(), &error))?;
            if piece.is_empty() {
                return Ok(UploadAnswer { server, url: url.masked(), status, content_type, retry_after, bytes });
            }
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > LARGEST_ANSWER {
                return Err(RequestError::TooLarge { server, url: url.masked(), limit: LARGEST_ANSWER });
            }
        }
    }
}
