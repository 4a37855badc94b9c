//! Bodies on their way from the runtime's tasks to the threads that read them.
//!
//! They are handed over in large pieces, as waking a thread costs as much as receiving a small document. The first piece is one
//! buffer: nearly always it is all of the body, and is unpacked where it lies, while the connection's own buffers are free for what
//! comes next. Of a large body the chunks follow as they came, without a copy.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::connection_error::broken;
use super::pace::Pace;

/// So many bytes are gathered before they are handed over: nearly all documents and npm packages come in one piece.
const FIRST: usize = 256 << 10;

/// So many bytes are gathered of what comes after that. They lie in memory while the thread is busy with those before.
const FURTHER: usize = 64 << 10;

/// How long bytes wait for others to be handed over with them, so that progress is seen on slow lines.
const PATIENCE: Duration = Duration::from_millis(100);

/// Pieces that wait to be taken, besides the one that is being gathered.
const WAITING: usize = 1;

/// Some of a body, and how it ended if it did.
#[derive(Default)]
struct Piece {
    chunks: Vec<Bytes>,
    end: Option<io::Result<()>>,
}

/// A body as its task receives it.
pub(super) struct Arriving {
    response: reqwest::Response,
    pace: Pace,
}

/// A body as a thread takes it.
pub(super) struct Pieces {
    chunks: VecDeque<Bytes>,
    end: Option<io::Result<()>>,
    rest: Option<mpsc::Receiver<Piece>>,
}

impl Arriving {
    pub(super) fn new(response: reqwest::Response, pace: Pace) -> Self {
        Self { response, pace }
    }

    /// Waits for the first piece, and returns it with the way for the rest, if there is a rest.
    pub(super) async fn begin(&mut self) -> (Pieces, Option<Rest>) {
        let expected = self.response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut first = Vec::with_capacity(expected.unwrap_or_default().min(FIRST));
        let (mut began, mut over) = (None, Bytes::new());
        let end = loop {
            match self.receive().await {
                Ok(Some(mut chunk)) => {
                    over = chunk.split_off(chunk.len().min(FIRST - first.len()));
                    first.extend_from_slice(&chunk);
                }
                Ok(None) => break Some(Ok(())),
                Err(error) => break Some(Err(error)),
            }
            if first.len() >= FIRST || began.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                break None;
            }
        };
        let way = end.is_none().then(|| mpsc::channel(WAITING));
        let (rest, receiver) = way.map(|(sender, receiver)| (Rest(sender), receiver)).unzip();
        let chunks = [first.into(), over].into_iter().filter(|chunk| !chunk.is_empty()).collect();
        (Pieces { chunks, end, rest: receiver }, rest)
    }

    /// Sends what comes after the first piece, for as long as somebody takes it.
    pub(super) async fn send_on(&mut self, rest: Rest) {
        loop {
            let piece = self.gather().await;
            let is_end = piece.end.is_some();
            if rest.0.send(piece).await.is_err() || is_end {
                return;
            }
        }
    }

    /// Gathers a further piece.
    async fn gather(&mut self) -> Piece {
        let (mut piece, mut size, mut began) = (Piece::default(), 0, None);
        while size < FURTHER && began.is_none_or(|began: Instant| began.elapsed() < PATIENCE) {
            match self.receive().await {
                Ok(Some(chunk)) => {
                    size += chunk.len();
                    piece.chunks.push(chunk);
                    began.get_or_insert_with(Instant::now);
                }
                end => {
                    piece.end = Some(end.map(|_| ()));
                    break;
                }
            }
        }
        piece
    }

    /// Waits for the next chunk; `None` at the end.
    async fn receive(&mut self) -> io::Result<Option<Bytes>> {
        let asked = Instant::now();
        let chunk = self.response.chunk().await.map_err(|error| broken(&error))?;
        if let Some(chunk) = &chunk {
            self.pace.arrived(chunk.len(), asked.elapsed())?;
        }
        Ok(chunk)
    }
}

/// The way for what comes after the first piece.
pub(super) struct Rest(mpsc::Sender<Piece>);

impl Pieces {
    /// Returns the next bytes, and none at the end. Blocks until some are there.
    pub(super) fn next(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(chunk) = self.chunks.pop_front() {
                return Ok(chunk);
            }
            match &mut self.end {
                Some(Ok(())) => return Ok(Bytes::new()),
                Some(Err(error)) => {
                    let kind = error.kind();
                    return Err(std::mem::replace(error, kind.into()));
                }
                None => {}
            }
            let piece = self.rest.as_mut().and_then(mpsc::Receiver::blocking_recv);
            let Piece { chunks, end } = piece.unwrap_or_else(|| Piece {
                end: Some(Err(io::ErrorKind::ConnectionAborted.into())),
                ..Piece::default()
            });
            (self.chunks, self.end) = (chunks.into(), end);
        }
    }
}
