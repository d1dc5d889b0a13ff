//! The page's connections under bounds: so many at once, a request head in time, an end when the server drains.

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use wardwatch_limits::{HANDSHAKE_MS, PAGE_CONNECTIONS};

/// A viewer whose request is under way has so long when the server drains.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until `closing` turns true.
pub async fn serve(listener: TcpListener, router: Router, mut closing: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(PAGE_CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        // No more than the cap is accepted; the next connection waits in the kernel's queue.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        match accepted {
            Ok((connection, _)) => {
                let (router, closing) = (router.clone(), closing.clone());
                open.spawn(async move {
                    talk(connection, router, closing).await;
                    drop(permit);
                });
            }
            Err(e) => {
                tracing::warn!(%e, "the page could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        while open.try_join_next().is_some() {}
    }
    while open.join_next().await.is_some() {}
}

async fn talk(connection: TcpStream, router: Router, mut closing: watch::Receiver<bool>) {
    let _ = connection.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HANDSHAKE_MS))
        .serve_connection(TokioIo::new(connection), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(DRAIN, connection).await;
}
