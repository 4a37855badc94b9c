//! Answers on loopback: `/health`, `/status`, `/metrics`, `/metrics.jsonl`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use larder::diagnostic::{Exit, Failure};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// The most connections at once; further ones wait.
const MOST_CONNECTIONS: usize = 64;

/// The time for a request's head.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(5);

/// The time for a connection in all.
const CONNECTION_TIME_LIMIT: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// `/health`
    Health,
    /// `/status`
    Status,
    /// `/metrics`, for Prometheus
    Metrics,
    /// `/metrics.jsonl`, as lines of JSON
    MetricLines,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Whether the answer is that something is unhealthy.
    pub is_unhealthy: bool,
}

/// A question, and where its answer is waited for.
pub type Asked = (Question, oneshot::Sender<Answer>);

/// Takes the address.
///
/// # Errors
/// Somebody has it already, or the system refuses.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, EndpointError> {
    TcpListener::bind(address).await.map_err(|source| EndpointError { address, source })
}

/// Answers until the runtime ends.
pub async fn serve<E: From<Asked> + Send + 'static>(listener: TcpListener, ask: mpsc::Sender<E>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // The process has too many open files: some close meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let ask = ask.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let ask = ask.clone();
                async move { Ok::<_, Infallible>(respond(&request, &ask).await) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            let connection = server
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_LIMIT)
                .serve_connection(TokioIo::new(stream), service);
            // One that breaks off asks no more.
            let _ = tokio::time::timeout(CONNECTION_TIME_LIMIT, connection).await;
            drop(place);
        });
    }
}

async fn respond<E: From<Asked>>(request: &Request<Incoming>, ask: &mpsc::Sender<E>) -> Response<Full<Bytes>> {
    let question = match request.uri().path() {
        "/health" => Question::Health,
        "/status" => Question::Status,
        "/metrics" => Question::Metrics,
        "/metrics.jsonl" => Question::MetricLines,
        _ => {
            return response(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "not found: /health, /status, /metrics, /metrics.jsonl\n",
            );
        }
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "only GET and HEAD\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let (tell, told) = oneshot::channel();
    let answer = match ask.try_send((question, tell).into()) {
        Ok(()) => told.await.ok(),
        Err(_) => None,
    };
    let Some(answer) = answer else {
        return response(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "the monitor is busy or ends\n");
    };
    let status = if answer.is_unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let kind = match question {
        Question::Health | Question::Status => "application/json",
        Question::Metrics => "text/plain; version=0.0.4; charset=utf-8",
        Question::MetricLines => "application/jsonl",
    };
    response(status, kind, &answer.text)
}

fn response(status: StatusCode, kind: &'static str, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot listen on {address}: {source}")]
#[diagnostic(
    code(larder::monitor::listen),
    help("another monitor may have it: give each project its own `listen` in `monitor`, or use `--listen`")
)]
pub struct EndpointError {
    address: SocketAddr,
    source: std::io::Error,
}

impl Failure for EndpointError {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
