//! The data routes. Each narrows the session's fleet to the tenants that are asked for, and asks the desk per tenant.
//!
//! A tenant outside the reach answers exactly as one that does not exist.

use crate::fault::{Fault, Tongue};
use crate::ports::{AlertAsk, AlertPage, Hospital, SearchAnswer, SearchAsk};
use crate::question::{AlertQuestion, SearchQuestion, instant};
use crate::server::{Shared, Told};
use crate::sessions::Session;
use crate::wire::Names;
use crate::{Code, Desk, sheet};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use wardwatch_access::{FleetScope, OpContext, TenantScope};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_limits::{ANSWER_BYTES, SEARCH_MS};

/// A value without its text.
const CELL_BYTES: usize = size_of::<Value>();

type Answer = Result<Response, Told>;

/// The tenants a request is about: the one that is named, or all in reach.
pub(crate) fn tenants(fleet: &FleetScope, slug: Option<&str>) -> Result<Vec<TenantScope>, Fault> {
    match slug.filter(|s| !s.is_empty()) {
        Some(slug) => Ok(vec![fleet.narrow(TenantId::from_slug(slug)).ok_or_else(Fault::not_found)?]),
        None => Ok(fleet.tenants().iter().filter_map(|id| fleet.narrow(*id)).collect()),
    }
}

/// Parameters that could be read at all: none twice, no broken escapes.
fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Fault> {
    query.map(|Query(question)| question).map_err(|e| Fault::parameter("?", &e.body_text(), &e.body_text()))
}

/// `GET /api/v1/sources`
pub(crate) async fn sources(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
) -> Answer {
    let cx = shared.context(&session, "sources");
    let hospitals = shared.setup.desk.hospitals(&cx).await.map_err(|f| Told(f, Tongue::of(&headers)))?;
    Ok(Json(json!({ "at": shared.now(), "demo": shared.setup.demo, "hospitals": hospitals })).into_response())
}

/// `GET /api/v1/counts`
pub(crate) async fn counts(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
) -> Answer {
    let cx = shared.context(&session, "counts");
    let pulse = shared.setup.desk.pulse(&cx, None).await.map_err(|f| Told(f, Tongue::of(&headers)))?;
    let body = json!({
        "at": pulse.at, "counts": pulse.counts, "lag_seconds": pulse.lag_seconds, "waiting": pulse.waiting,
    });
    Ok(Json(body).into_response())
}

/// `GET /api/v1/alerts`
pub(crate) async fn alerts(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    question: Result<Query<AlertQuestion>, QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let question = asked(question).map_err(told)?;
    let ask = question.ask(shared.now()).map_err(told)?;
    let cx = shared.context(&session, "alerts");
    let names = Names::of(&shared.setup.desk.hospitals(&cx).await.map_err(told)?);
    let desk = shared.setup.desk.as_ref();
    let mut whole = AlertPage::default();
    for scope in tenants(&cx.scope, question.tenant.as_deref()).map_err(told)? {
        // Whatever is older than a full page of the hospitals before is not looked for.
        let since = ask.since.max(whole.alerts.get(ask.limit.saturating_sub(1)).map(|oldest| oldest.received));
        let page = desk.alerts(&cx.with_scope(scope), &AlertAsk { since, ..ask.clone() }).await.map_err(told)?;
        join(&mut whole, page, ask.limit);
    }
    let full = ask.limit > 0 && whole.alerts.len() == ask.limit;
    let last = whole.alerts.last().filter(|_| full);
    let (next, next_id) = (last.map(|last| last.received).or(whole.looked_back_to), last.map(|last| last.id));
    let rows: Vec<Value> = whole.alerts.iter().map(|alert| names.row(desk, alert)).collect();
    let body = json!({
        "alerts": rows, "more": next.is_some(), "next": next, "next_id": next_id, "waiting": whole.waiting,
    });
    Ok(Json(body).into_response())
}

/// Adds one hospital's page: newest first, no more than `limit`, and nothing older than what every hospital was looked at.
fn join(whole: &mut AlertPage, page: AlertPage, limit: usize) {
    whole.alerts.extend(page.alerts);
    whole.waiting += page.waiting;
    whole.looked_back_to = whole.looked_back_to.max(page.looked_back_to);
    if let Some(back_to) = whole.looked_back_to {
        whole.alerts.retain(|alert| alert.received >= back_to);
    }
    whole.alerts.sort_by_key(|alert| std::cmp::Reverse((alert.received, alert.id)));
    whole.alerts.truncate(limit);
}

/// Which hospital an alert is looked for in (all in reach if none is named), and when it was received, if that is known.
#[derive(Deserialize)]
pub(crate) struct Where {
    tenant: Option<String>,
    received: Option<String>,
}

/// `GET /api/v1/alerts/{id}`
pub(crate) async fn alert(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    place: Result<Query<Where>, QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let place = asked(place).map_err(told)?;
    let id = id.parse().map_err(|_| told(Fault::not_found()))?;
    let received = place.received.as_deref().filter(|text| !text.is_empty()).map(|text| instant("received", text));
    let received = received.transpose().map_err(told)?;
    let cx = shared.context(&session, "alert");
    let names = Names::of(&shared.setup.desk.hospitals(&cx).await.map_err(told)?);
    for scope in tenants(&cx.scope, place.tenant.as_deref()).map_err(told)? {
        if let Some(alert) = shared.setup.desk.alert(&cx.with_scope(scope), id, received).await.map_err(told)? {
            return Ok(Json(names.whole(shared.setup.desk.as_ref(), &alert)).into_response());
        }
    }
    Err(told(Fault::not_found()))
}

/// `GET /api/v1/search`: rows of one hospital or of all in reach, as JSON or (`format=csv`) as a download.
pub(crate) async fn search(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    question: Result<Query<SearchQuestion>, QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let question = asked(question).map_err(told)?;
    let now = shared.now();
    let ask = question.ask(now).map_err(told)?;
    let cx = shared.context(&session, "search");
    let hospitals = shared.setup.desk.hospitals(&cx).await.map_err(told)?;
    let scopes = tenants(&cx.scope, question.tenant.as_deref()).map_err(told)?;
    let (whole, unfinished) = search_all(&shared, &cx, &scopes, &hospitals, &ask).await.map_err(told)?;
    if question.format.as_deref() == Some("csv") {
        return Ok(download(&sheet::csv(&whole).map_err(told)?, now, &unfinished));
    }
    let mut document = search_document(&whole, &ask);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("unfinished".to_owned(), json!(unfinished));
    }
    Ok(Json(document).into_response())
}

/// One answer of several hospitals: the time and the bytes of one search for all of them. Gives also the short names of
/// those that were not searched to the end: what one cannot give must not take away what the others have given.
async fn search_all(
    shared: &Shared,
    cx: &OpContext<FleetScope>,
    scopes: &[TenantScope],
    hospitals: &[Hospital],
    ask: &SearchAsk,
) -> Result<(SearchAnswer, Vec<String>), Fault> {
    let (mut whole, mut unfinished, mut bytes, mut first) = (SearchAnswer::default(), Vec::new(), 0, None);
    for (done, scope) in scopes.iter().enumerate() {
        let slug = hospital_slug(hospitals, *scope);
        let (now, waiting) = (shared.now(), (scopes.len() - done) as i64);
        let left = cx.until.micros_since(now);
        if bytes >= ANSWER_BYTES || (left <= 0 && done > 0) {
            unfinished.push(slug.to_owned());
            continue;
        }
        // What a hospital does not use of its share is the next ones'.
        let one = OpContext { until: now.plus_micros(left / waiting), ..cx.with_scope(*scope) };
        match run(shared.setup.desk.as_ref(), &one, ask).await {
            Ok(answer) => {
                bytes += weight(&answer);
                merge(&mut whole, answer, slug);
                if whole.rows.len() > 2 * ask.limit || bytes >= ANSWER_BYTES {
                    settle(&mut whole, ask);
                    bytes = weight(&whole);
                }
            }
            Err(fault) if scopes.len() > 1 && matches!(fault.code, Code::Bounds | Code::Busy | Code::Failed) => {
                tracing::warn!(tenant.id = slug, cause = %fault, "a hospital is missing in the answer of a search over several");
                unfinished.push(slug.to_owned());
                first.get_or_insert(fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    settle(&mut whole, ask);
    match first {
        Some(fault) if unfinished.len() == scopes.len() => Err(fault),
        _ => {
            whole.notes.extend(not_searched(&unfinished));
            Ok((whole, unfinished))
        }
    }
}

fn not_searched(slugs: &[String]) -> Option<String> {
    let names = slugs.join(", ");
    (!slugs.is_empty())
        .then(|| format!("以下医院没有查完，结果里没有它们的行 / not searched to the end, rows are missing: {names}"))
}

/// Roughly what an answer's rows take in memory.
fn weight(answer: &SearchAnswer) -> usize {
    let cell = |value: &Value| CELL_BYTES + value.as_str().map_or(0, str::len);
    answer.rows.iter().flatten().map(cell).sum()
}

/// One tenant's search, cut off a little after the engine should have done so itself.
pub(crate) async fn run(desk: &dyn Desk, cx: &OpContext<TenantScope>, ask: &SearchAsk) -> Result<SearchAnswer, Fault> {
    let most = Duration::from_millis(SEARCH_MS + 5_000);
    match tokio::time::timeout(most, desk.search(cx, ask)).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault::bounds(format!("no answer within {} s", SEARCH_MS / 1_000))),
    }
}

/// The answer as one JSON document.
pub(crate) fn search_document(answer: &SearchAnswer, ask: &SearchAsk) -> Value {
    json!({
        "columns": answer.columns, "rows": answer.rows, "more": answer.more, "bars": answer.bars,
        "took_ms": answer.took_ms, "notes": answer.notes, "from": ask.from, "to": ask.to,
    })
}

fn hospital_slug(hospitals: &[Hospital], scope: TenantScope) -> &str {
    hospitals.iter().find(|h| h.id == scope.tenant()).map_or("", |h| h.slug.as_str())
}

/// Adds one hospital's rows, its name in front. Columns that only one hospital has are filled with null for the other.
fn merge(whole: &mut SearchAnswer, answer: SearchAnswer, slug: &str) {
    if whole.columns.is_empty() {
        whole.columns.push("hospital".into());
    }
    let places: Vec<usize> = answer
        .columns
        .iter()
        .map(|name| {
            whole.columns.iter().position(|c| c == name).unwrap_or_else(|| {
                whole.columns.push(name.clone());
                whole.columns.len() - 1
            })
        })
        .collect();
    for row in answer.rows {
        let mut wide = vec![Value::Null; whole.columns.len()];
        if let Some(first) = wide.first_mut() {
            *first = Value::String(slug.to_owned());
        }
        for (place, value) in places.iter().zip(row) {
            if let Some(cell) = wide.get_mut(*place) {
                *cell = value;
            }
        }
        whole.rows.push(wide);
    }
    let mut bars: BTreeMap<Timestamp, u64> = whole.bars.drain(..).collect();
    for (start, count) in answer.bars {
        *bars.entry(start).or_default() += count;
    }
    whole.bars = bars.into_iter().collect();
    whole.more |= answer.more;
    whole.took_ms += answer.took_ms;
    whole.notes.extend(answer.notes);
}

/// Rows of several hospitals in one order: newest first where rows are lines; a query with `|` keeps its own order.
fn settle(whole: &mut SearchAnswer, ask: &SearchAsk) {
    let width = whole.columns.len();
    for row in &mut whole.rows {
        row.resize(width, Value::Null);
    }
    let by = ["time_received", "time"].iter().find_map(|name| whole.columns.iter().position(|c| c == name));
    if let (Some(by), false) = (by, is_piped(&ask.query)) {
        let time = |row: &[Value]| row.get(by).and_then(Value::as_str).unwrap_or_default().to_owned();
        whole.rows.sort_by_key(|row| std::cmp::Reverse(time(row)));
    }
    if whole.rows.len() > ask.limit {
        whole.rows.truncate(ask.limit);
        whole.more = true;
    }
}

/// Whether a `|` stands outside quotes.
fn is_piped(query: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for c in query.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '|' if !quoted => return true,
            _ => {}
        }
    }
    false
}

/// A CSV file to keep; the byte order mark lets spreadsheets read Chinese.
///
/// A file says in its name that hospitals are missing in it, because nobody sees a header later.
fn download(body: &[u8], now: Timestamp, unfinished: &[String]) -> Response {
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend_from_slice(body);
    let stamp: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let part = if unfinished.is_empty() { "" } else { "-incomplete" };
    let name = format!("attachment; filename=\"wardwatch-{stamp}{part}.csv\"");
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response();
    if let Ok(value) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
