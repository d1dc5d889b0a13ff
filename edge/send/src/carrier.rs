//! One way to deliver for each protocol, all used alike: deliver a batch, whole, or say what is in the way.

use crate::http::HttpCarrier;
use crate::plan::{Plan, Summary, Via};
use crate::relp::RelpCarrier;
use crate::syslog::{StreamCarrier, UdpCarrier};
use crate::tls::Target;
use std::path::Path;
use std::time::Duration;

/// Lines that are delivered together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `<epoch>/<n>`.
    pub(crate) key: String,
    pub(crate) lines: Vec<Vec<u8>>,
    /// The first so many lines are acknowledged already (RELP).
    pub(crate) answered: usize,
    /// The first so many lines were on the network already: another delivery may store them twice.
    pub(crate) tried: usize,
}

/// Why a batch was not delivered.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Try again.
    Again {
        why: String,
        /// When the receiver wants to be asked again, if it said so.
        after: Option<Duration>,
        /// The receiver refused, as opposed to being away.
        refused: bool,
    },
    /// Trying again would not help.
    Final(String),
}

impl Trouble {
    pub(crate) fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), after: None, refused: false }
    }
}

/// A protocol with its connection.
pub(crate) enum Carrier {
    Udp(UdpCarrier),
    Stream(StreamCarrier),
    Relp(RelpCarrier),
    Http(HttpCarrier),
}

impl Carrier {
    pub(crate) fn new(plan: &Plan) -> Result<Self, String> {
        let needs_ca = || plan.ca.as_deref().ok_or("TLS needs the authority to trust: --ca FILE");
        let target = |ca: Option<&Path>| Target::new(&plan.to, ca);
        Ok(match plan.via {
            Via::Udp => Self::Udp(UdpCarrier::new(&plan.to)),
            Via::Tcp => Self::Stream(StreamCarrier::new(target(None)?, false)),
            Via::Counted => Self::Stream(StreamCarrier::new(target(None)?, true)),
            Via::Tls => Self::Stream(StreamCarrier::new(target(Some(needs_ca()?))?, true)),
            Via::Relp => Self::Relp(RelpCarrier::new(target(None)?)),
            Via::RelpTls => Self::Relp(RelpCarrier::new(target(Some(needs_ca()?))?)),
            Via::Http | Via::Bulk => Self::Http(HttpCarrier::new(plan)?),
        })
    }

    /// Delivers what of the batch is not answered yet.
    pub(crate) async fn deliver(&mut self, batch: &mut Batch, summary: &mut Summary) -> Result<(), Trouble> {
        match self {
            Self::Udp(carrier) => carrier.deliver(batch).await,
            Self::Stream(carrier) => carrier.deliver(batch, summary).await,
            Self::Relp(carrier) => carrier.deliver(batch, summary).await,
            Self::Http(carrier) => carrier.deliver(batch, summary).await,
        }
    }

    /// Ends the connection in order.
    pub(crate) async fn close(self) {
        match self {
            Self::Udp(_) | Self::Http(_) => {}
            Self::Stream(carrier) => carrier.close().await,
            Self::Relp(carrier) => carrier.close().await,
        }
    }
}
