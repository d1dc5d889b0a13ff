//! Listeners and file readers: bytes in, lines with their tenant out.
//!
//! It never looks into a line: no character check, no parsing, no filter before the lines are durable. A sender is told
//! that its lines are safe only after [`Durable::append`] said so, all or nothing per request.

pub mod bulk;
pub mod datagram;
pub mod evtx_file;
pub mod files;
pub mod follow;
pub mod framing;
pub mod kernel_loss;
pub mod lines;
pub mod ndjson;
pub mod relp_frame;
pub mod unpack;

mod ports;

mod body;
mod credential;
mod elastic;
mod followed_file;
mod http;
mod intake;
mod joining;
mod listen;
mod meters;
mod positions;
mod preface;
mod refusal;
mod relp;
mod serve_http;
mod stop;
mod stream;
mod tls;
mod udp;

pub use body::{BATCH_HEADER, Caller};
pub use credential::{Credentials, HashFault, Origin};
pub use elastic::version_of;
pub use http::{ndjson_router, router};
pub use intake::{Bounds, Intake};
pub use joining::Joins;
pub use listen::{Kind, ListenFault, ListenerConfig, Listening};
pub use meters::{IntakeReading, Meters, SourceMeter, SourceReading};
pub use ports::{Durable, Position, Positions, Refused, Stored};
pub use positions::PositionsFolder;
pub use serve_http::serve as serve_http;
pub use stop::{Stop, Stopper};
pub use tls::{TlsFault, TlsFiles};
