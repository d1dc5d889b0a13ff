//! The routers over a desk with invented data: who gets in, what they reach, and that hostile text stays text.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test may fail loudly, and its helpers need no manual"
)]

mod control;
mod doors;
mod fake;
mod routes;
mod stream;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use fake::FakeDesk;
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::watch;
use tower::ServiceExt;
use wardwatch_access::{Actor, FleetScope, Mint};
use wardwatch_api::{PageSetup, Sessions, page_router};
use wardwatch_ident::{FixedClock, TenantId, Timestamp};

pub const NOON: &str = "2026-11-25T04:00:00Z";

/// A page server over the fake desk, and the means to sign in.
pub struct House {
    pub router: Router,
    pub clock: Arc<FixedClock>,
    pub desk: Arc<FakeDesk>,
    pub sessions: Arc<Sessions>,
    pub closing: watch::Sender<bool>,
}

/// What came back.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// Reach over these hospitals.
#[allow(clippy::disallowed_methods, reason = "the tests stand in for app/assemble")]
pub fn fleet(slugs: &[&str]) -> FleetScope {
    Mint::new().fleet(&slugs.iter().map(|s| TenantId::from_slug(s)).collect::<Vec<_>>())
}

pub fn house() -> House {
    house_with(|_, _| {})
}

/// A house whose desk is changed before it opens.
pub fn house_with(change: impl FnOnce(&mut FakeDesk, &Arc<FixedClock>)) -> House {
    let clock = Arc::new(FixedClock::new(Timestamp::parse_rfc3339(NOON).unwrap()));
    let mut desk = FakeDesk::new(clock.clone());
    change(&mut desk, &clock);
    let desk = Arc::new(desk);
    let page = "127.0.0.1:8470".parse().unwrap();
    let sessions = Arc::new(Sessions::new(page));
    let (closing, watch) = watch::channel(false);
    let setup = PageSetup {
        desk: desk.clone(),
        clock: clock.clone(),
        sessions: sessions.clone(),
        page,
        demo: true,
        closing: watch,
    };
    House { router: page_router(setup), clock, desk, sessions, closing }
}

impl House {
    /// Sends a request as a browser on this machine would.
    pub async fn send(&self, path: &str, more: &[(&str, &str)]) -> Got {
        let answer = self.router.clone().oneshot(request(path, more)).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Got { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Signs in with a reach and gives the cookie to send.
    pub async fn sign_in(&self, slugs: &[&str]) -> String {
        let token = self.invite(slugs);
        let got = self.send(&format!("/?t={token}"), &[]).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text);
        got.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub fn invite(&self, slugs: &[&str]) -> String {
        use wardwatch_ident::Clock;
        self.sessions.invite(Actor::Person("tester".into()), fleet(slugs), self.clock.now()).unwrap()
    }

    /// Asks as somebody who reaches these hospitals.
    pub async fn ask(&self, slugs: &[&str], path: &str) -> Got {
        let cookie = self.sign_in(slugs).await;
        self.send(path, &[("cookie", &cookie)]).await
    }

    pub fn pass(&self, seconds: i64) {
        use wardwatch_ident::Clock;
        self.clock.set(self.clock.now().plus_micros(seconds * 1_000_000));
    }
}

pub fn request(path: &str, more: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    if !more.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:8470");
    }
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}
