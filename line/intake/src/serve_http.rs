//! HTTP connections under bounds: a cap, a time for the handshake and for each request head, and a graceful end.

use crate::body::Caller;
use crate::credential::Origin;
use crate::intake::Intake;
use crate::listen::{accept, certified, handshake};
use crate::preface::Prefaced;
use crate::stop::Stop;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// Requests at once on one HTTP/2 connection: each may hold a body.
const STREAMS: u32 = 32;
/// When draining: a request that is being sent has so long to finish.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves `router` until `stop`. `origin` is whom requests without credential stand for, if anybody.
pub async fn serve(
    intake: Arc<Intake>,
    socket: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    origin: Option<Origin>,
    router: Router,
    stop: Stop,
) {
    let cap = intake.bounds.connections;
    accept(socket, cap, stop, move |connection: TcpStream, peer, stop| {
        let (intake, tls, router) = (intake.clone(), tls.clone(), router.clone());
        async move {
            let _ = connection.set_nodelay(true);
            let _connected = intake.meters.connected(None);
            let caller = |certificate| Caller { peer: Some(peer), certificate, listener: origin };
            match tls {
                None => talk(&intake, connection, caller(None), router, stop).await,
                Some(tls) => {
                    let Some(connection) = handshake(&intake, tls, connection).await else { return };
                    let certificate = certified(&intake, &connection);
                    talk(&intake, connection, caller(certificate), router, stop).await;
                }
            }
        }
    })
    .await;
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    intake: &Intake,
    connection: S,
    caller: Caller,
    router: Router,
    mut stop: Stop,
) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(caller);
        router.clone().oneshot(request.map(Body::new))
    });
    let head = Duration::from_millis(intake.bounds.body_idle_ms.max(intake.bounds.handshake_ms));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(head)
        .keep_alive_timeout(head);
    let mut connection =
        std::pin::pin!(builder.serve_connection(TokioIo::new(Prefaced::new(connection, head)), service));
    tokio::select! {
        outcome = connection.as_mut() => return ended(caller.peer, outcome.err()),
        () = stop.stopped() => connection.as_mut().graceful_shutdown(),
    }
    if let Ok(outcome) = tokio::time::timeout(DRAIN, connection).await {
        ended(caller.peer, outcome.err());
    }
}

fn ended(peer: Option<IpAddr>, error: Option<Box<dyn std::error::Error + Send + Sync>>) {
    if let Some(error) = error {
        tracing::debug!(?peer, %error, "http connection ended");
    }
}
