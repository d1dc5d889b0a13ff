//! Transports without acknowledgement: UDP datagrams, and lines over TCP or TLS.

use crate::connect::{Patience, Pipe, connect_patiently};
use crate::{Batch, Job, SendFault, Summary, Via};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UdpSocket;

/// One line, one datagram.
pub(crate) struct Datagrams {
    socket: UdpSocket,
    to: String,
}

impl Datagrams {
    pub async fn open(job: &Job) -> Result<Self, SendFault> {
        let to = job.to.shown();
        let fault = |why: std::io::Error| SendFault::Unreachable { to: to.clone(), why: why.to_string() };
        let own = if job.to.host.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(own).await.map_err(fault)?;
        socket.connect((job.to.host.as_str(), job.to.port)).await.map_err(fault)?;
        Ok(Self { socket, to })
    }

    pub async fn deliver(&self, batch: &Batch) -> Result<(), SendFault> {
        for line in &batch.lines {
            // A closed port answers by ICMP at the *next* send; UDP promises nothing, so it is no reason to stop.
            match self.socket.send(line).await {
                Err(e) if e.kind() != std::io::ErrorKind::ConnectionRefused => {
                    return Err(SendFault::Refused { to: self.to.clone(), status: 0, why: e.to_string() });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Lines over a connection that is made again when it breaks; the batch that was being written is written again.
pub(crate) struct Stream {
    job: Job,
    pipe: Option<Box<dyn Pipe>>,
    patience: Patience,
    first: bool,
}

impl Stream {
    pub fn new(job: &Job) -> Self {
        let mut job = job.clone();
        job.to.tls = job.via == Via::Tls;
        Self { patience: Patience::of(&job), job, pipe: None, first: true }
    }

    pub async fn deliver(&mut self, batch: &Batch, summary: &mut Summary) -> Result<(), SendFault> {
        let mut bytes = Vec::new();
        for line in &batch.lines {
            if self.job.via == Via::Tcp {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            } else {
                bytes.extend_from_slice(format!("{} ", line.len()).as_bytes());
                bytes.extend_from_slice(line);
            }
        }
        loop {
            let pipe = match &mut self.pipe {
                Some(pipe) => pipe,
                None => {
                    let made = connect_patiently(&self.job, &mut self.patience, summary, self.first).await?;
                    self.first = false;
                    self.pipe.insert(made)
                }
            };
            let written = match pipe.write_all(&bytes).await {
                Ok(()) => pipe.flush().await,
                Err(e) => Err(e),
            };
            match written {
                Ok(()) => {
                    self.patience.renew();
                    return Ok(());
                }
                Err(e) => {
                    self.pipe = None;
                    summary.retries += 1;
                    let fault = SendFault::Unreachable { to: self.job.to.shown(), why: e.to_string() };
                    self.patience.after(fault, Duration::ZERO).await?;
                }
            }
        }
    }

    /// Ends the stream in order, so that the receiver reads to its end.
    pub async fn finish(&mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.shutdown().await;
        }
    }
}
