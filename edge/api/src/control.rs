//! The control socket in the data folder: `search`, `verify`, `coverage`, `status` for the operator's own commands.
//!
//! Whoever may open the socket (mode 0600) is the operator; there is no other credential.

use crate::awake::{self, AwakeQuestion};
use crate::data::{run, search_document, tenants};
use crate::fault::{Fault, Tongue};
use crate::machine::health_document;
use crate::question::SearchQuestion;
use crate::server::Told;
use crate::{Desk, sheet};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get, routing::post};
use serde::Deserialize;
use serde_json::json;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use wardwatch_access::{Actor, FleetScope, OpContext, Purpose, TraceId};
use wardwatch_ident::Clock;

/// What the control socket is made of.
#[derive(Clone)]
pub struct ControlSetup {
    /// Answers the questions.
    pub desk: Arc<dyn Desk>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The operator's reach: every tenant of the configuration.
    pub fleet: FleetScope,
}

impl ControlSetup {
    fn context(&self, why: &str) -> OpContext<FleetScope> {
        OpContext {
            who: Actor::Operator,
            scope: self.fleet.clone(),
            why: Purpose(why.to_owned()),
            until: self.clock.now().plus_micros(wardwatch_limits::SEARCH_MS as i64 * 1_000),
            trace: TraceId(rand::random()),
        }
    }
}

/// `POST /search`, `POST /verify`, `POST /coverage`, `GET /status`.
pub fn control_router(setup: ControlSetup) -> Router {
    Router::new()
        .route("/search", post(search))
        .route("/verify", post(verify))
        .route("/coverage", post(coverage))
        .route("/status", get(status))
        .fallback(|headers: HeaderMap| async move { Fault::not_found().answer(Tongue::of(&headers)) })
        .with_state(setup)
}

/// Binds the socket so that at no moment anybody but its owner may open it: it is made inside a private folder, its mode
/// is set there, and then it is moved to `path` over a stale one.
///
/// # Errors
/// What the file system says. The caller holds the folder's lock, so a socket that is already there is stale.
pub fn control_listener(path: &Path) -> std::io::Result<tokio::net::UnixListener> {
    let folder = path.with_extension(format!("{}.new", std::process::id()));
    match std::fs::remove_dir_all(&folder) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let inside = folder.join("s");
    let made = (|| {
        let listener = tokio::net::UnixListener::bind(&inside)?;
        std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&inside, path)?;
        Ok(listener)
    })();
    std::fs::remove_dir_all(&folder)?;
    made
}

/// A body that could be read at all.
fn asked<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Fault> {
    body.map(|Json(question)| question).map_err(|e| Fault::parameter("body", &e.body_text(), &e.body_text()))
}

/// `POST /search` `{query, tenant?, dataset?, since?|from?, to?, limit?, format?: document|json|csv}`
async fn search(
    State(setup): State<ControlSetup>,
    headers: HeaderMap,
    question: Result<Json<SearchQuestion>, JsonRejection>,
) -> Result<Response, Told> {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let question = asked(question).map_err(told)?;
    let ask = question.ask(setup.clock.now()).map_err(told)?;
    let cx = setup.context("search");
    let scopes = tenants(&cx.scope, question.tenant.as_deref()).map_err(told)?;
    let [scope] = scopes.as_slice() else {
        let (zh, en) =
            ("有多家医院，请写明是哪一家（--tenant 简称）", "there are several: say which (--tenant SHORT-NAME)");
        return Err(told(Fault::parameter("tenant", zh, en)));
    };
    let answer = run(setup.desk.as_ref(), &cx.with_scope(*scope), &ask).await.map_err(told)?;
    Ok(match question.format.as_deref() {
        Some("csv") => {
            ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], sheet::csv(&answer).map_err(told)?).into_response()
        }
        Some("json") => ([(header::CONTENT_TYPE, "application/x-ndjson")], sheet::lines(&answer)).into_response(),
        _ => Json(search_document(&answer, &ask)).into_response(),
    })
}

#[derive(Deserialize)]
struct VerifyQuestion {
    #[serde(default)]
    deep: bool,
}

/// `POST /verify` `{deep}`
async fn verify(
    State(setup): State<ControlSetup>,
    headers: HeaderMap,
    question: Result<Json<VerifyQuestion>, JsonRejection>,
) -> Result<Response, Told> {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let deep = asked(question).map_err(told)?.deep;
    let report = setup.desk.verify(&setup.context("verify"), deep).await.map_err(told)?;
    Ok(Json(report).into_response())
}

/// `POST /coverage` `{tenant?, rule?, state?, rules?}`: which rules are awake.
async fn coverage(
    State(setup): State<ControlSetup>,
    headers: HeaderMap,
    question: Result<Json<AwakeQuestion>, JsonRejection>,
) -> Result<Response, Told> {
    let told = |fault| Told(fault, Tongue::of(&headers));
    let question = asked(question).map_err(told)?;
    let report = awake::answer(setup.desk.as_ref(), &setup.context("coverage"), &question).await.map_err(told)?;
    Ok(Json(report).into_response())
}

/// `GET /status`: health and every source.
async fn status(State(setup): State<ControlSetup>, headers: HeaderMap) -> Result<Response, Told> {
    let hospitals = setup.desk.hospitals(&setup.context("status")).await.map_err(|f| Told(f, Tongue::of(&headers)))?;
    let health = health_document(&setup.desk.health().await);
    Ok(Json(json!({ "at": setup.clock.now(), "health": health, "hospitals": hospitals })).into_response())
}
