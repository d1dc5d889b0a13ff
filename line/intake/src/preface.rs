//! Which HTTP is spoken is told by the first bytes; a connection that does not send them ends.
//!
//! The library that serves both versions waits for them without a time of its own. Once it is told, its own times rule:
//! for a request's head (HTTP/1), for an answered ping (HTTP/2).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What an HTTP/2 connection begins with, RFC 9113 3.4; the client's SETTINGS follow, whose head has nine bytes.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD: usize = 9;

/// A connection whose first bytes must come in time.
pub(crate) struct Prefaced<S> {
    inner: S,
    /// Bytes that agree with the preface, and those behind it. None: it is told.
    seen: Option<usize>,
    until: Pin<Box<Sleep>>,
}

impl<S> Prefaced<S> {
    /// It has `patience` from now.
    pub(crate) fn new(inner: S, patience: Duration) -> Self {
        Self { inner, seen: Some(0), until: Box::pin(tokio::time::sleep(patience)) }
    }

    fn look(&mut self, bytes: &[u8]) {
        let Some(seen) = self.seen else { return };
        let expected = PREFACE.get(seen..).unwrap_or_default();
        let agrees = bytes.iter().zip(expected).all(|(byte, wanted)| byte == wanted);
        let seen = seen + bytes.len();
        let told = bytes.is_empty() || !agrees || seen >= PREFACE.len() + FRAME_HEAD;
        self.seen = (!told).then_some(seen);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefaced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, out) {
            Poll::Ready(outcome) => {
                self.look(out.filled().get(before..).unwrap_or_default());
                Poll::Ready(outcome)
            }
            Poll::Pending if self.seen.is_some() && self.until.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request began in time")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefaced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
