//! Bodies that a task of the runtime receives and a thread reads.
//!
//! A body is handed over in large pieces, as waking a thread costs as much as receiving a small document. The first piece is copied
//! into one buffer: nearly always it is the whole body, which is unpacked in place, while the buffers of the connection are free
//! again. Further pieces are the chunks as they were received, without a copy.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::connection_error::broken;
use super::pace::Pace;

/// The size of the first piece: nearly all documents and npm packages are smaller.
const FIRST: usize = 256 << 10;

/// The size of further pieces. They stay in memory while the thread works on the piece before.
const FURTHER: usize = 64 << 10;

/// How long bytes are held back until more of them can be handed over together. Progress stays visible on slow connections.
const PATIENCE: Duration = Duration::from_millis(100);

/// Pieces that wait to be taken, besides the one that is being gathered.
const WAITING: usize = 1;

/// Some chunks of a body, and the result of reading it if it ended.
#[derive(Default)]
struct Piece {
    chunks: Vec<Bytes>,
    end: Option<io::Result<()>>,
}

/// The side of the task: receives a body and sends it on.
pub(super) struct BodySender {
    response: reqwest::Response,
    pace: Pace,
}

/// The side of the thread: the body as it arrives.
pub(super) struct ReceivedBody {
    chunks: VecDeque<Bytes>,
    end: Option<io::Result<()>>,
    rest: Option<mpsc::Receiver<Piece>>,
}

impl BodySender {
    pub(super) fn new(response: reqwest::Response, pace: Pace) -> Self {
        Self { response, pace }
    }

    /// Waits for the first piece. Returns it with the sender of further pieces, if there are any.
    pub(super) async fn begin(&mut self) -> (ReceivedBody, Option<PieceSender>) {
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
        let channel = end.is_none().then(|| mpsc::channel(WAITING));
        let (rest, receiver) = channel.map(|(sender, receiver)| (PieceSender(sender), receiver)).unzip();
        let chunks = [first.into(), over].into_iter().filter(|chunk| !chunk.is_empty()).collect();
        (ReceivedBody { chunks, end, rest: receiver }, rest)
    }

    /// Sends what comes after the first piece, until the receiver is dropped.
    pub(super) async fn send_on(&mut self, rest: PieceSender) {
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

    /// Waits for the next chunk. Returns `None` at the end.
    async fn receive(&mut self) -> io::Result<Option<Bytes>> {
        let asked = Instant::now();
        let chunk = tokio::time::timeout(self.pace.patience(), self.response.chunk()).await;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it does not go on");
        let chunk = chunk.map_err(late)?.map_err(|error| broken(&error))?;
        if let Some(chunk) = &chunk {
            self.pace.arrived(chunk.len(), asked.elapsed())?;
        }
        Ok(chunk)
    }
}

/// Sends what comes after the first piece.
pub(super) struct PieceSender(mpsc::Sender<Piece>);

impl ReceivedBody {
    /// Returns the next chunk, and an empty one at the end. Blocks until a chunk has arrived.
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
