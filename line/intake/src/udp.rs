//! Syslog over UDP: datagrams in rounds, one batch per peer, and what the kernel dropped.
//!
//! There is nobody to make wait: while the journal is behind, the kernel's buffer holds what it can, and what it drops is
//! counted as rejected.

use crate::credential::Origin;
use crate::datagram;
use crate::intake::Intake;
use crate::joining::PeerJoiners;
use crate::kernel_loss::KernelLoss;
use crate::lines::Lines;
use crate::meters::SourceMeter;
use crate::stop::Stop;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};
use wardwatch_event::RejectReason;
use wardwatch_limits::{BATCH_BYTES, UDP_RCVBUF_BYTES};

/// How often the kernel is asked what it dropped.
const LOSS_EVERY: Duration = Duration::from_secs(1);
/// When draining: silence that means the kernel holds no more.
const DRAIN_QUIET: Duration = Duration::from_millis(20);
/// When draining: more than the kernel's buffer holds.
const DRAIN_ROUNDS: u32 = 32;
/// The largest datagram there is.
const DATAGRAM_BYTES: usize = 65_535;
/// Peers of one round: each becomes a batch of its own.
const PEERS: usize = 256;

/// A bound UDP socket.
pub struct Datagrams {
    socket: UdpSocket,
    loss: Option<KernelLoss>,
}

impl Datagrams {
    pub(crate) fn bind(bind: SocketAddr) -> std::io::Result<Self> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(bind), socket2::Type::DGRAM, None)?;
        // Past the system's limit where we may, else up to it.
        if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, UDP_RCVBUF_BYTES).is_err() {
            socket.set_recv_buffer_size(UDP_RCVBUF_BYTES)?;
        }
        let given = socket.recv_buffer_size()?;
        if given < UDP_RCVBUF_BYTES {
            tracing::warn!(
                bytes = given,
                "small UDP receive buffer: set net.core.rmem_max to {UDP_RCVBUF_BYTES} or more"
            );
        }
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        let loss = KernelLoss::of(&socket, bind.is_ipv6());
        if let Err(error) = &loss {
            tracing::warn!(%error, "the kernel does not tell how many datagrams it drops: loss will not be counted");
        }
        Ok(Self { socket: UdpSocket::from_std(socket.into())?, loss: loss.ok() })
    }

    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves until `stop`, then takes what the kernel holds.
pub(crate) async fn serve(intake: &Intake, mut socket: Datagrams, origin: Origin, mut stop: Stop) {
    let meter = intake.meter(origin);
    let joining = intake.joiner(origin).map(PeerJoiners::new);
    let mut round = Round { peers: BTreeMap::new(), bytes: 0, buffer: vec![0; DATAGRAM_BYTES], joining };
    let began = Instant::now();
    let mut asked = Instant::now();
    let mut rounds_left = None;
    while rounds_left != Some(0) {
        let patience = if rounds_left.is_some() { DRAIN_QUIET } else { round.patience(began) };
        tokio::select! {
            biased;
            ready = timeout(patience, socket.socket.readable()) => if let Ok(Err(error)) = ready {
                tracing::warn!(%error, "waiting for datagrams failed; trying again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            },
            () = stop.stopped(), if rounds_left.is_none() => {}
        }
        let found = round.fill(&socket.socket, intake.bounds.frame_bytes);
        if rounds_left.is_some() || asked.elapsed() >= LOSS_EVERY {
            asked = Instant::now();
            round.count_loss(&mut socket);
        }
        round.tick(began, rounds_left);
        round.hand_over(intake, origin, &meter, &stop).await;
        rounds_left = match rounds_left {
            Some(left) if found => Some(left - 1),
            Some(_) => Some(0),
            None => stop.is_stopped().then_some(DRAIN_ROUNDS),
        };
    }
}

/// What one look at the socket brought.
struct Round {
    peers: BTreeMap<Option<IpAddr>, Lines>,
    bytes: usize,
    buffer: Vec<u8>,
    joining: Option<PeerJoiners>,
}

impl Round {
    /// Takes datagrams until there are none or the round is full. False: there were none.
    fn fill(&mut self, socket: &UdpSocket, limit: usize) -> bool {
        let mut found = false;
        while self.bytes < BATCH_BYTES && self.peers.len() < PEERS {
            let (size, peer) = match socket.try_recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // An ICMP answer to something; the next call goes on.
                Err(error) => {
                    tracing::debug!(%error, "receiving a datagram failed");
                    continue;
                }
            };
            found = true;
            let peer = Some(peer.ip().to_canonical());
            let lines = self.peers.entry(peer).or_default();
            let datagram = self.buffer.get(..size).unwrap_or_default();
            match &mut self.joining {
                None => datagram::cut(datagram, limit, lines),
                Some(joining) => {
                    let mut parts = Lines::default();
                    datagram::cut(datagram, limit, &mut parts);
                    joining.push(peer, &parts, lines);
                }
            }
            // Empty datagrams count too, so that a round always ends.
            self.bytes += size.max(64);
        }
        found
    }

    /// How long to wait for a datagram: no longer than the next record does.
    fn patience(&self, began: Instant) -> Duration {
        let due = self.joining.as_ref().and_then(PeerJoiners::due_ms).map(Duration::from_millis);
        due.map_or(LOSS_EVERY, |due| due.saturating_sub(began.elapsed()).min(LOSS_EVERY))
    }

    /// Records that waited long enough are complete; all are in the last round.
    fn tick(&mut self, began: Instant, rounds_left: Option<u32>) {
        if let Some(joining) = &mut self.joining {
            let now_ms = if rounds_left.is_some() { u64::MAX } else { began.elapsed().as_millis() as u64 };
            joining.tick(now_ms, &mut self.peers);
        }
    }

    fn count_loss(&mut self, socket: &mut Datagrams) {
        let Some(loss) = &mut socket.loss else { return };
        match loss.newly_dropped() {
            Ok(0) => {}
            Ok(dropped) => self.peers.entry(None).or_default().reject(RejectReason::UdpKernelDrop, dropped),
            Err(error) => tracing::warn!(%error, "reading the kernel's count of dropped datagrams failed"),
        }
    }

    /// Makes the round durable, all peers at once so that they share a commit.
    async fn hand_over(&mut self, intake: &Intake, origin: Origin, meter: &SourceMeter, stop: &Stop) {
        self.bytes = 0;
        let now = intake.clock.now();
        let batches = std::mem::take(&mut self.peers).into_iter().filter(|(_, lines)| !lines.is_empty());
        let appends = batches
            .map(|(peer, mut lines)| intake.append_patiently(lines.take(origin, now, peer), meter, stop.clone()));
        futures::future::join_all(appends).await;
    }
}
