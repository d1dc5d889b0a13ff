//! As much of Elasticsearch as its senders ask for: who are you, may I, here is a batch.
//!
//! Templates, policies and pipelines are acknowledged and forgotten: Wardwatch has no indices.

use crate::body;
use crate::bulk::{self, Filter};
use crate::credential::Origin;
use crate::http::{caller, known, store};
use crate::intake::Intake;
use crate::refusal::Refusal;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_ident::BatchKey;
use wardwatch_limits::BODY_LINES;

/// Distinguishes the generated `_id`s of two requests of the same microsecond.
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Every path wants the credential, as at the original. All answers carry `X-Elastic-Product`.
pub(crate) fn router(intake: Arc<Intake>) -> Router {
    let named = any(forgotten);
    Router::new()
        .route("/", get(greeting))
        .route("/_license", get(license))
        .route("/_xpack", get(xpack))
        .route("/_cluster/health", get(health))
        .route("/_cat/health", get(cat_health))
        .route("/_index_template/{*name}", named.clone())
        .route("/_template/{*name}", named.clone())
        .route("/_component_template/{*name}", named.clone())
        .route("/_ilm/policy/{*name}", named.clone())
        .route("/_data_stream/{*name}", named.clone())
        .route("/_ingest/pipeline/{*name}", named)
        .route("/_bulk", post(bulk_request).put(bulk_request))
        .route("/{index}/_bulk", post(bulk_request).put(bulk_request))
        .fallback(absent)
        .layer(from_fn_with_state(intake.clone(), dressed))
        .with_state(intake)
}

/// Lets only known senders in and gives every answer the headers that official clients insist on.
async fn dressed(State(intake): State<Arc<Intake>>, request: Request, next: Next) -> Response {
    let compatible = compatible_with(request.headers());
    let (parts, body) = request.into_parts();
    let mut response = match body::authorise(&intake, caller(&parts), &parts.headers) {
        Err(refusal) => refusal.elastic(),
        Ok(origin) => {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(origin);
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    headers.insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    if let Some(kind) = compatible {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    response
}

/// The answer's type for a client that asks for `application/vnd.elasticsearch+json; compatible-with=N`.
fn compatible_with(headers: &HeaderMap) -> Option<HeaderValue> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    let rest = accept.strip_prefix("application/vnd.elasticsearch+json")?;
    let version = rest.split_once("compatible-with=")?.1.chars().next().filter(char::is_ascii_digit)?;
    HeaderValue::from_str(&format!("application/vnd.elasticsearch+json;compatible-with={version}")).ok()
}

fn json(text: impl Into<String>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text.into()).into_response()
}

async fn greeting(State(intake): State<Arc<Intake>>, headers: HeaderMap) -> Response {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let version = version_of(agent).unwrap_or(&intake.elastic_version);
    let body = serde_json::json!({
        "name": "wardwatch",
        "cluster_name": "wardwatch",
        "cluster_uuid": "d2FyZHdhdGNoLWludGFrZQ",
        "version": {
            "number": version,
            "build_flavor": "default",
            "build_type": "tar",
            "build_hash": "0000000000000000000000000000000000000000",
            "build_date": "2026-01-01T00:00:00.000000000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    });
    json(body.to_string())
}

/// The version of the Elastic product in a `User-Agent`: Beats refuse a server that is older than they are.
pub fn version_of(agent: &str) -> Option<&str> {
    agent.split([' ', '(', ')', ';', ',']).find_map(|product| {
        let (name, version) = product.split_once('/')?;
        let name = name.to_ascii_lowercase();
        let known = name.contains("beat")
            || name.contains("logstash")
            || name.starts_with("elasticsearch")
            || (name.starts_with("elastic-") && !name.contains("transport"));
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let number = version.get(..end)?;
        let parts: Vec<&str> = number.split('.').collect();
        let plausible = parts.len() == 3
            && parts.iter().all(|p| (1..=3).contains(&p.len()))
            && parts.first().is_some_and(|major| matches!(*major, "6" | "7" | "8" | "9"));
        (known && plausible).then_some(number)
    })
}

async fn license() -> Response {
    json(
        r#"{"license":{"status":"active","uid":"d2FyZHdhdGNoLWludGFrZQ","type":"basic","issue_date_in_millis":1767225600000,"expiry_date_in_millis":4102444800000,"max_nodes":1000,"issued_to":"wardwatch","issuer":"wardwatch","start_date_in_millis":-1}}"#,
    )
}

async fn xpack() -> Response {
    json(
        r#"{"license":{"status":"active","mode":"basic","type":"basic"},"features":{"ilm":{"available":false,"enabled":false}}}"#,
    )
}

async fn health() -> Response {
    json(
        r#"{"cluster_name":"wardwatch","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1}"#,
    )
}

/// What rsyslog's omelasticsearch asks before it sends.
async fn cat_health() -> &'static str {
    "wardwatch green 1 1 0 0 0 0 0 0 - 100.0%\n"
}

async fn forgotten(method: Method) -> Response {
    match method {
        Method::GET | Method::HEAD => json("{}"),
        _ => json(r#"{"acknowledged":true}"#),
    }
}

async fn absent() -> Response {
    let body =
        r#"{"error":{"type":"resource_not_found_exception","reason":"wardwatch takes _bulk only"},"status":404}"#;
    (StatusCode::NOT_FOUND, json(body)).into_response()
}

#[derive(Deserialize)]
struct Parameters {
    filter_path: Option<String>,
}

async fn bulk_request(
    State(intake): State<Arc<Intake>>,
    index: Option<Path<String>>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response {
    let began = tokio::time::Instant::now();
    let (parts, body) = request.into_parts();
    let Some(origin) = parts.extensions.get().copied() else { return Refusal::Unauthorised.elastic() };
    let index = index.map(|Path(index)| index).unwrap_or_default();
    let filter = match Filter::new(parameters.filter_path.as_deref()) {
        Ok(filter) => filter,
        Err(fault) => {
            intake.meter(origin).invalid();
            return Refusal::from(fault).elastic();
        }
    };
    let nonce = match body::batch_key(&parts.headers) {
        Ok(Some(key)) => nonce_of(origin, &key),
        Ok(None) => (intake.clock.now().as_micros() as u64) ^ REQUESTS.fetch_add(1, Ordering::Relaxed).rotate_left(48),
        Err(refusal) => {
            intake.meter(origin).invalid();
            return refusal.elastic();
        }
    };
    let line_bytes = intake.bounds.line_bytes;
    let cut = move |bytes: &[u8], lines: &mut _, grow: &mut dyn FnMut(usize) -> bool| {
        let request = bulk::Request { index: &index, nonce, filter: &filter, line_bytes, lines_max: BODY_LINES };
        Ok(bulk::cut(bytes, request, lines, grow)?)
    };
    match store(&intake, origin, caller(&parts), &parts, body, cut).await {
        Ok(done) => {
            let took_ms = began.elapsed().as_millis() as u64;
            known(done.known, json(bulk::answer(took_ms, &done.extra, &filter)))
        }
        Err(refusal) => refusal.elastic(),
    }
}

/// The same for the same source and batch, also after a restart: a repeated batch gets the first answer's `_id`s again.
fn nonce_of(origin: Origin, key: &BatchKey) -> u64 {
    let mut hash = Sha256::new();
    hash.update(origin.tenant.0.to_be_bytes());
    hash.update(origin.source.0.to_be_bytes());
    hash.update(key.n.to_be_bytes());
    hash.update(key.epoch.as_bytes());
    hash.finalize().iter().take(8).fold(0, |nonce, byte| nonce << 8 | u64::from(*byte))
}
