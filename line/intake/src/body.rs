//! One HTTP request into one batch: who sent it, its body within bounds, its key.
//!
//! Nothing is handed on before the last byte has arrived: a sender that dies halfway has sent nothing.

use crate::credential::Origin;
use crate::intake::Intake;
use crate::lines::Lines;
use crate::refusal::Refusal;
use crate::unpack::{self, Packing, UnpackFault};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wardwatch_event::Received;
use wardwatch_ident::BatchKey;
use wardwatch_limits::{BODIES_IN_FLIGHT_BYTES, BODY_BYTES};

/// The header that names a batch: `<epoch>/<n>`.
pub const BATCH_HEADER: &str = "x-wardwatch-batch";
/// Bodies up to here are cut on the spot; larger and packed ones on a thread that may block.
const INLINE_BYTES: usize = 64 * 1024;
/// A body that comes more slowly than this, after a time of grace, is cut off: its bytes hold room that others need.
const SLOWEST_BYTES_PER_SECOND: usize = 64 * 1024;

/// Who is at the other end of a connection, as the socket and TLS know it. Put into the request by `serve_http`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller {
    /// The address.
    pub peer: Option<IpAddr>,
    /// Whom the client certificate stands for.
    pub certificate: Option<Origin>,
    /// Whom the listener stands for when nothing else says it.
    pub listener: Option<Origin>,
}

/// Whose lines a request brings: its token; without one the certificate; without that the listener.
pub(crate) fn authorise(intake: &Intake, caller: Caller, headers: &HeaderMap) -> Result<Origin, Refusal> {
    let found = match only(headers, &header::AUTHORIZATION)? {
        Some(value) => candidates(value.as_bytes()).iter().find_map(|token| intake.credentials.by_token(token)),
        None => caller.certificate.or(caller.listener),
    };
    found.ok_or_else(|| {
        intake.unknown_credential(caller.peer);
        Refusal::Unauthorised
    })
}

/// What in an `Authorization` header may be the token: after `Bearer`; the password of `Basic`; the key of `ApiKey`, or
/// the `ApiKey` as it stands.
fn candidates(value: &[u8]) -> Vec<Vec<u8>> {
    let Some(blank) = value.iter().position(|b| *b == b' ') else { return Vec::new() };
    let (scheme, rest) = value.split_at(blank);
    let rest = rest.trim_ascii();
    let secret = || {
        let pair = STANDARD.decode(rest).ok()?;
        let colon = pair.iter().position(|b| *b == b':')?;
        pair.get(colon + 1..).map(<[u8]>::to_vec)
    };
    match scheme.to_ascii_lowercase().as_slice() {
        b"bearer" => vec![rest.to_vec()],
        b"basic" => secret().into_iter().collect(),
        b"apikey" => secret().into_iter().chain([rest.to_vec()]).collect(),
        _ => Vec::new(),
    }
}

/// The only value of a header; a second one is refused, because another reader could believe the other.
fn only<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Result<Option<&'h HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        _ => Err(Refusal::Malformed(format!("the header {name} stands there twice; send it once"))),
    }
}

/// The sender's name for the batch, if it gave one.
pub(crate) fn batch_key(headers: &HeaderMap) -> Result<Option<BatchKey>, Refusal> {
    let Some(value) = only(headers, &header::HeaderName::from_static(BATCH_HEADER))? else { return Ok(None) };
    Ok(Some(String::from_utf8_lossy(value.as_bytes()).parse()?))
}

/// Memory for all bodies that are being read, and how much of it each sender holds.
#[derive(Debug)]
pub(crate) struct Bodies {
    all: Arc<Semaphore>,
    held: Mutex<HashMap<Origin, usize>>,
}

/// What the bodies of one sender may hold together; a single one may hold more while it is unpacked, which does not take
/// long.
const SHARE: usize = if BODIES_IN_FLIGHT_BYTES / 4 > BODY_BYTES { BODIES_IN_FLIGHT_BYTES / 4 } else { BODY_BYTES };

impl Default for Bodies {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(BODIES_IN_FLIGHT_BYTES)), held: Mutex::default() }
    }
}

/// Memory set aside for one request's body. Given back when dropped.
pub(crate) struct Room {
    bodies: Arc<Bodies>,
    origin: Origin,
    taken: Option<OwnedSemaphorePermit>,
    /// Asked for, and granted.
    wanted: usize,
    held: usize,
}

impl Room {
    fn new(bodies: Arc<Bodies>, origin: Origin) -> Self {
        Self { bodies, origin, taken: None, wanted: 0, held: 0 }
    }

    fn grow(&mut self, bytes: usize) -> bool {
        self.wanted = self.wanted.saturating_add(bytes);
        let Ok(permits) = u32::try_from(bytes) else { return false };
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_origin = held.entry(self.origin).or_default();
        let others = of_origin.saturating_sub(self.held);
        if others > 0 && self.wanted.saturating_add(others) > SHARE {
            return false;
        }
        match (self.bodies.all.clone().try_acquire_many_owned(permits), &mut self.taken) {
            (Ok(more), Some(taken)) => taken.merge(more),
            (Ok(more), none) => *none = Some(more),
            (Err(_), _) => return false,
        }
        *of_origin += bytes;
        self.held += bytes;
        true
    }

    /// Why there is no room: a body that would not fit if it were alone must not be sent again for ever.
    fn refusal(&self) -> Refusal {
        if self.wanted > BODIES_IN_FLIGHT_BYTES {
            let max = BODIES_IN_FLIGHT_BYTES;
            return Refusal::TooLarge(format!(
                "the body takes more than {max} bytes, packed and unpacked; send less at once"
            ));
        }
        Refusal::NoRoom
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut of_origin) = held.entry(self.origin) {
            *of_origin.get_mut() = of_origin.get().saturating_sub(self.held);
            if *of_origin.get() == 0 {
                of_origin.remove();
            }
        }
    }
}

/// Reads and unpacks a body and lets `cut` make lines of it. What `cut` gives comes back beside the batch, and the
/// room, which must be kept as long as the lines are in memory.
pub(crate) async fn take<T: Send + 'static>(
    intake: &Intake,
    origin: Origin,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    body: Body,
    cut: impl FnOnce(&[u8], &mut Lines, &mut dyn FnMut(usize) -> bool) -> Result<T, Refusal> + Send + 'static,
) -> Result<(Received, T, Room), Refusal> {
    let key = batch_key(headers)?;
    let packing = packing(headers)?;
    let mut room = Room::new(intake.bodies.clone(), origin);
    let packed = read(intake, headers, body, &mut room).await?;
    let max = intake.bounds.body_unpacked_bytes;
    let inline = packing == Packing::None && packed.len() <= INLINE_BYTES;
    let work = move || -> Result<(Lines, T, Room), Refusal> {
        let mut lines = Lines::default();
        let extra = match packing {
            Packing::None => cut(&packed, &mut lines, &mut |bytes| room.grow(bytes))?,
            _ => {
                let unpacked = unpack::unpack(packing, &packed, max, &mut |bytes| room.grow(bytes));
                let unpacked = unpacked.map_err(|fault| match fault {
                    UnpackFault::NoRoom => room.refusal(),
                    other => other.into(),
                })?;
                cut(&unpacked, &mut lines, &mut |bytes| room.grow(bytes))?
            }
        };
        Ok((lines, extra, room))
    };
    let (mut lines, extra, room) = if inline {
        work()?
    } else {
        // A panic in there is a fault of ours; the sender keeps its batch and tries again.
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(Refusal::NotStored(crate::ports::Refused::Failed)))?
    };
    let mut batch = lines.take(origin, intake.clock.now(), peer);
    batch.key = key;
    Ok((batch, extra, room))
}

fn packing(headers: &HeaderMap) -> Result<Packing, Refusal> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Packing::None) };
    let name = String::from_utf8_lossy(value.as_bytes());
    Packing::from_encoding(&name).ok_or_else(|| Refusal::Encoding(name.chars().take(40).collect()))
}

async fn read(intake: &Intake, headers: &HeaderMap, body: Body, room: &mut Room) -> Result<Vec<u8>, Refusal> {
    let max = intake.bounds.body_bytes;
    let too_large = || Refusal::TooLarge(format!("the body is larger than {max} bytes; send less at once"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > max as u64) {
        return Err(too_large());
    }
    let idle = Duration::from_millis(intake.bounds.body_idle_ms);
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    let began = tokio::time::Instant::now();
    loop {
        // As much as has come earns as much time; the idle time is given on top, once.
        let earned = Duration::from_millis((bytes.len() * 1_000 / SLOWEST_BYTES_PER_SECOND) as u64);
        let latest = (began + idle + earned).min(tokio::time::Instant::now() + idle);
        let frame = tokio::time::timeout_at(latest, body.frame()).await;
        let data = match frame {
            Err(_) => return Err(Refusal::Slow { seconds: idle.as_secs() }),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(error))) => return Err(Refusal::Malformed(format!("the body breaks off: {error}"))),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        if bytes.len() + data.len() > max {
            return Err(too_large());
        }
        if !room.grow(data.len()) {
            return Err(room.refusal());
        }
        bytes.extend_from_slice(&data);
    }
}
