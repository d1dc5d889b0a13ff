//! NDJSON over HTTP: `POST /api/v1/ingest`, and the router that carries it together with the Elasticsearch part.
//!
//! All or nothing per request: 200 when every line is durable, else nothing is stored.

use crate::body::{self, Caller, Room};
use crate::credential::Origin;
use crate::elastic;
use crate::intake::Intake;
use crate::lines::Lines;
use crate::ndjson;
use crate::ports::Refused;
use crate::refusal::Refusal;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::Arc;
use wardwatch_event::Received;
use wardwatch_limits::BODY_LINES;

/// Everything that is spoken over HTTP by senders. It has routes at `/` and `/{index}/_bulk`, so it wants a port of its
/// own; [`ndjson_router`] can be merged into another router.
pub fn router(intake: Arc<Intake>) -> Router {
    ndjson_router(intake.clone()).merge(elastic::router(intake))
}

/// `POST /api/v1/ingest` alone.
pub fn ndjson_router(intake: Arc<Intake>) -> Router {
    Router::new().route("/api/v1/ingest", post(ingest)).with_state(intake)
}

async fn ingest(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = caller(&parts);
    let origin = match body::authorise(&intake, caller, &parts.headers) {
        Ok(origin) => origin,
        Err(refusal) => return refusal.plain(),
    };
    let limit = intake.bounds.line_bytes;
    let cut = move |bytes: &[u8], lines: &mut Lines, _: &mut dyn FnMut(usize) -> bool| {
        Ok(ndjson::cut(bytes, limit, BODY_LINES, lines)?)
    };
    match store(&intake, origin, caller, &parts, body, cut).await {
        Ok(done) => {
            let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            known(done.known, (json, format!("{{\"lines\":{}}}", done.lines)).into_response())
        }
        Err(refusal) => refusal.plain(),
    }
}

/// A repeated batch gets the first answer again; a header tells the two apart.
pub(crate) fn known(known: bool, mut response: Response) -> Response {
    if known {
        response.headers_mut().insert("x-wardwatch-known", HeaderValue::from_static("true"));
    }
    response
}

/// Who is calling, as far as the connection told.
pub(crate) fn caller(parts: &Parts) -> Caller {
    parts.extensions.get::<Caller>().copied().unwrap_or_default()
}

/// A request whose lines are durable.
pub(crate) struct Done<T> {
    pub(crate) lines: usize,
    pub(crate) known: bool,
    pub(crate) extra: T,
}

/// Reads a request, makes it durable and counts it.
pub(crate) async fn store<T: Send + 'static>(
    intake: &Arc<Intake>,
    origin: Origin,
    caller: Caller,
    parts: &Parts,
    body: Body,
    cut: impl FnOnce(&[u8], &mut Lines, &mut dyn FnMut(usize) -> bool) -> Result<T, Refusal> + Send + 'static,
) -> Result<Done<T>, Refusal> {
    let meter = intake.meter(origin);
    let taken = body::take(intake, origin, caller.peer, &parts.headers, body, cut).await;
    let (batch, extra, room): (Received, T, Room) = taken.inspect_err(|refusal| match refusal {
        Refusal::NoRoom | Refusal::NotStored(_) => meter.refused(),
        Refusal::Slow { .. } => meter.cut_off(),
        _ => meter.invalid(),
    })?;
    let lines = batch.len();
    if batch.is_empty() {
        return Ok(Done { lines, known: false, extra });
    }
    // On a task of its own: a sender that hangs up now does not take back what is being written, so it is counted.
    let intake = Arc::clone(intake);
    let appending = tokio::spawn(async move {
        let outcome = intake.append(batch, &meter).await;
        // Until now the lines were in memory.
        drop(room);
        outcome
    });
    let stored = appending.await.unwrap_or(Err(Refused::Failed))?;
    Ok(Done { lines, known: stored.known, extra })
}
