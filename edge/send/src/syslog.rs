//! Syslog: datagrams, or lines and counted frames over a stream. Nothing is ever acknowledged.

use crate::carrier::{Batch, Trouble};
use crate::plan::Summary;
use crate::tls::{Talk, Target};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

/// What fits into a datagram (RFC 768 over IPv4).
const DATAGRAM_BYTES: usize = 65_507;
/// At the end: so long for the receiver to take what is under way and close.
const CLOSE: Duration = Duration::from_secs(10);

pub(crate) struct UdpCarrier {
    to: String,
    socket: Option<UdpSocket>,
}

impl UdpCarrier {
    pub(crate) fn new(to: &str) -> Self {
        Self { to: to.to_owned(), socket: None }
    }

    /// Longer lines are cut to what a datagram holds.
    pub(crate) async fn deliver(&mut self, batch: &mut Batch) -> Result<(), Trouble> {
        let again = |why: std::io::Error| Trouble::again(format!("sending to {} failed: {why}", self.to));
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => {
                let to = tokio::net::lookup_host(&self.to).await.map_err(again)?.next();
                let to = to.ok_or_else(|| Trouble::again(format!("{} has no address", self.to)))?;
                let from = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(from).await.map_err(again)?;
                socket.connect(to).await.map_err(again)?;
                none.insert(socket)
            }
        };
        for line in batch.lines.iter().skip(batch.answered) {
            // The error of an earlier datagram nobody listened for is reported by the next: that one was not sent.
            let datagram = line.get(..DATAGRAM_BYTES).unwrap_or(line);
            if socket.send(datagram).await.is_err() {
                socket.send(datagram).await.map_err(again)?;
            }
            batch.answered += 1;
        }
        Ok(())
    }
}

pub(crate) struct StreamCarrier {
    target: Target,
    counted: bool,
    connection: Option<Box<dyn Talk>>,
}

impl StreamCarrier {
    pub(crate) fn new(target: Target, counted: bool) -> Self {
        Self { target, counted, connection: None }
    }

    pub(crate) async fn deliver(&mut self, batch: &mut Batch, summary: &mut Summary) -> Result<(), Trouble> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.target.connect().await?,
        };
        summary.resent += batch.tried as u64;
        let mut frames = Vec::new();
        for line in &batch.lines {
            if self.counted {
                frames.extend_from_slice(format!("{} ", line.len()).as_bytes());
                frames.extend_from_slice(line);
            } else {
                frames.extend_from_slice(line);
                frames.push(b'\n');
            }
        }
        batch.tried = batch.lines.len();
        let written = async {
            connection.write_all(&frames).await?;
            connection.flush().await
        };
        written.await.map_err(|e| Trouble::again(format!("the connection to {} broke: {e}", self.target.address)))?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Says that there is no more and waits until the receiver has closed too.
    pub(crate) async fn close(self) {
        let Some(mut connection) = self.connection else { return };
        if connection.shutdown().await.is_ok() {
            let _ = tokio::time::timeout(CLOSE, connection.read(&mut [0; 64])).await;
        }
    }
}
