//! `/health` and `/metrics`: how the machine is, for whoever watches it. No line, alert or address of a hospital is in them.

use crate::ports::{Health, Metric, MetricKind, State as Condition};
use crate::server::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// `GET /health`: 200 while it works (also degraded), 503 when a part has failed.
pub(crate) async fn health(State(shared): State<Shared>) -> Response {
    let health = shared.setup.desk.health().await;
    let status = if health.state() == Condition::Failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(health_document(&health))).into_response()
}

/// The answer of `/health`; the control socket's `status` has it too.
pub(crate) fn health_document(health: &Health) -> Value {
    let parts: Map<String, Value> = health
        .parts
        .iter()
        .map(|part| {
            let mut value = json!({ "state": part.state, "detail": part.detail });
            if let Some(object) = value.as_object_mut() {
                object.extend(part.figures.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure))));
            }
            (part.name.to_owned(), value)
        })
        .collect();
    json!({
        "state": health.state(),
        "version": health.version,
        "uptime_seconds": health.uptime_seconds,
        "parts": parts,
    })
}

/// `GET /metrics`: Prometheus text format 0.0.4.
pub(crate) async fn metrics(State(shared): State<Shared>) -> Response {
    let text = exposition(&shared.setup.desk.metrics().await);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Metrics as Prometheus reads them: each name once, its samples below it.
pub fn exposition(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        let help = metric.help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {} {help}\n# TYPE {} {kind}", metric.name, metric.name);
        for (labels, value) in &metric.samples {
            let inner: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape_label(value))).collect();
            let braces = if inner.is_empty() { String::new() } else { format!("{{{}}}", inner.join(",")) };
            let _ = writeln!(text, "{}{braces} {}", metric.name, figure(*value));
        }
    }
    text
}

fn escape_label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn figure(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        (if value > 0.0 { "+Inf" } else { "-Inf" }).into()
    } else {
        format!("{value}")
    }
}
