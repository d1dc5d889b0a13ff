//! The first page over invented data, to look at it: `cargo run -p wardwatch-api --example page`, then open the link.
//! Several one-time links are printed, one for each browser one wants to try. Without a window:
//! `chromium --headless --no-sandbox --window-size=1440,900 --screenshot=page.png LINK` (not `--virtual-time-budget`: the
//! live stream never ends, so virtual time never passes).

#[path = "../tests/it/fake.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "shared with the tests"
)]
mod fake;

use std::sync::Arc;
use wardwatch_access::{Actor, Mint};
use wardwatch_api::{PageSetup, Sessions, page_router};
use wardwatch_ident::{Clock, TenantId, Timestamp};

struct WallClock;

impl Clock for WallClock {
    #[allow(clippy::disallowed_methods, reason = "an example to look at has no other clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(since.as_micros() as i64)
    }
}

#[tokio::main]
#[allow(clippy::disallowed_methods, reason = "an example stands in for app/assemble")]
async fn main() -> std::io::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8471").await?;
    let page = listener.local_addr()?;
    let sessions = Arc::new(Sessions::new(page));
    let fleet = Mint::new().fleet(&fake::HOSPITALS.iter().map(|h| TenantId::from_slug(h.0)).collect::<Vec<_>>());
    for _ in 0..12 {
        let token = sessions.invite(Actor::Person("demo".into()), fleet.clone(), clock.now())?;
        println!("http://localhost:{}/?t={token}", page.port());
    }
    let mut desk = fake::FakeDesk::new(clock.clone());
    desk.lively = true;
    let (_closing, closing) = tokio::sync::watch::channel(false);
    let setup = PageSetup { desk: Arc::new(desk), clock, sessions, page, demo: true, closing };
    axum::serve(listener, page_router(setup)).await
}
