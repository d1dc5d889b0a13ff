//! Who is signed in: one-time links become sessions, sessions carry a reach.
//!
//! Everything lives in memory and ends with the process. Neither links nor cookies are kept, only their SHA-256, so a
//! dump of the memory signs nobody in. Numbers are bounded: the oldest goes.

use axum::http::{HeaderMap, header};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wardwatch_access::{Actor, FleetScope};
use wardwatch_ident::Timestamp;
use wardwatch_limits::{SESSION_MS, SESSIONS, SIGN_IN_LINK_MS, SIGN_IN_LINKS};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub who: Actor,
    /// What they reach.
    pub fleet: FleetScope,
    /// Until when.
    pub until: Timestamp,
}

/// Links and sessions of one server.
pub struct Sessions {
    cookie: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    links: HashMap<[u8; 32], Session>,
    sessions: HashMap<[u8; 32], Session>,
}

impl Sessions {
    /// For the page at this address. Cookies are shared by all ports of a host, so the port is part of the name.
    pub fn new(page: SocketAddr) -> Self {
        Self { cookie: format!("wardwatch_{}", page.port()), inner: Mutex::default() }
    }

    /// A one-time link's token for `who` with this reach: `http://localhost:PORT/?t=TOKEN`.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn invite(&self, who: Actor, fleet: FleetScope, now: Timestamp) -> Result<String, std::io::Error> {
        let token = secret()?;
        let mut inner = self.lock();
        make_room(&mut inner.links, SIGN_IN_LINKS, now);
        inner.links.insert(digest(&token), Session { who, fleet, until: now.plus_micros(SIGN_IN_LINK_MS * 1_000) });
        Ok(token)
    }

    /// Opens a session with a link's token, once; gives the `Set-Cookie` value. `None`: used, too old, or never given.
    pub(crate) fn open(&self, token: &str, now: Timestamp) -> Result<Option<String>, std::io::Error> {
        let mut inner = self.lock();
        let Some(link) = inner.links.remove(&digest(token)).filter(|link| now < link.until) else { return Ok(None) };
        let secret = secret()?;
        make_room(&mut inner.sessions, SESSIONS, now);
        inner.sessions.insert(digest(&secret), Session { until: now.plus_micros(SESSION_MS * 1_000), ..link });
        let seconds = SESSION_MS / 1_000;
        Ok(Some(format!("{}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}", self.cookie)))
    }

    /// The session that a request's cookie stands for.
    pub(crate) fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let secret = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(self.cookie.as_str())?.strip_prefix('='))?;
        self.lock().sessions.get(&digest(secret)).filter(|session| now < session.until).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 random bits as hexadecimal digits.
fn secret() -> Result<String, std::io::Error> {
    let mut bytes = [0_u8; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    Ok(hex::encode(bytes))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Lets the ended go, then the one that ends first, until there is a place.
fn make_room(map: &mut HashMap<[u8; 32], Session>, most: usize, now: Timestamp) {
    map.retain(|_, session| now < session.until);
    while map.len() >= most {
        let Some(first) = map.iter().min_by_key(|(_, session)| session.until).map(|(key, _)| *key) else { return };
        map.remove(&first);
    }
}
