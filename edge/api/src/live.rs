//! `GET /api/v1/live`: server-sent events, one a second: what each source has received, and new alerts.
//!
//! Each event carries the desk's mark as its id; a browser that reconnects sends it back (`Last-Event-ID`) and misses
//! nothing. Only totals that changed are sent after the first event. The stream ends with the session or the server.

use crate::fault::{Fault, Tongue};
use crate::ports::{Pulse, SourceCount};
use crate::server::{Shared, Told};
use crate::sessions::Session;
use crate::wire::Names;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Between two events.
const BEAT: Duration = Duration::from_secs(1);

/// One viewer.
struct Viewer {
    shared: Shared,
    session: Session,
    names: Names,
    mark: Option<u64>,
    sent: HashMap<(String, String), SourceCount>,
    first: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /api/v1/live`
pub(crate) async fn live(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
) -> Result<Response, Told> {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let place = shared.streams.clone().try_acquire_owned().map_err(|_| told(Fault::busy()))?;
    let mark = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok());
    let cx = shared.context(&session, "live");
    let names = Names::of(&shared.setup.desk.hospitals(&cx).await.map_err(told)?);
    let viewer = Viewer { shared, session, names, mark, sent: HashMap::new(), first: true, _place: place };
    Ok(Sse::new(events(viewer)).into_response())
}

fn events(viewer: Viewer) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(viewer, |mut viewer| async move {
        if !viewer.wait().await {
            return None;
        }
        let event = viewer.next().await;
        Some((Ok(event), viewer))
    })
}

impl Viewer {
    /// Waits for the next beat; false when the stream is over.
    async fn wait(&mut self) -> bool {
        let mut closing = self.shared.setup.closing.clone();
        if *closing.borrow() || self.shared.now() >= self.session.until {
            return false;
        }
        if std::mem::take(&mut self.first) {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(BEAT) => true,
            changed = closing.changed() => {
                // A sender that is gone will never close us; go on beating.
                if changed.is_err() {
                    tokio::time::sleep(BEAT).await;
                }
                !*closing.borrow()
            }
        }
    }

    async fn next(&mut self) -> Event {
        let cx = self.shared.context(&self.session, "live");
        match self.shared.setup.desk.pulse(&cx, self.mark).await {
            Ok(pulse) => {
                self.mark = Some(pulse.mark);
                let body = self.body(pulse);
                Event::default().event("pulse").id(self.mark.unwrap_or_default().to_string()).data(body.to_string())
            }
            Err(fault) => {
                tracing::warn!(cause = %fault, "the live stream has no pulse");
                Event::default().event("fault").data(json!({ "code": fault.code.id() }).to_string())
            }
        }
    }

    fn body(&mut self, pulse: Pulse) -> Value {
        let changed: Vec<SourceCount> = pulse
            .counts
            .into_iter()
            .filter(|count| {
                let key = (count.tenant.clone(), count.source.clone());
                self.sent.get(&key) != Some(count) && {
                    self.sent.insert(key, count.clone());
                    true
                }
            })
            .collect();
        let alerts: Vec<Value> = pulse
            .alerts
            .iter()
            .filter(|alert| self.names.has(alert.tenant))
            .map(|alert| self.names.row(self.shared.setup.desk.as_ref(), alert))
            .collect();
        json!({
            "at": pulse.at, "counts": changed, "lag_seconds": pulse.lag_seconds, "waiting": pulse.waiting,
            "alerts": alerts, "missed": pulse.missed,
        })
    }
}
