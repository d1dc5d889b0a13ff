//! The live stream: marks, changes, and its end.

use crate::{House, house, request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

struct Stream(axum::body::Body, String);

impl Stream {
    async fn open(house: &House, cookie: &str, more: &[(&str, &str)]) -> Self {
        let headers: Vec<(&str, &str)> = [("cookie", cookie)].into_iter().chain(more.iter().copied()).collect();
        let answer = house.router.clone().oneshot(request("/api/v1/live", &headers)).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(answer.into_body(), String::new())
    }

    /// Id and data of the next event; none at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        while !self.1.contains("\n\n") {
            let frame = self.0.frame().await?.unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref()?).unwrap());
        }
        let (event, rest) = self.1.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        self.1 = rest;
        let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        Some((field("id:"), serde_json::from_str(&field("data:")).unwrap()))
    }
}

#[tokio::test(start_paused = true)]
async fn each_beat_has_a_mark_and_only_what_changed() {
    let house = house();
    let cookie = house.sign_in(&["yunqi"]).await;
    let mut stream = Stream::open(&house, &cookie, &[]).await;
    let (id, first) = stream.next().await.unwrap();
    assert_eq!((id.as_str(), first["counts"].as_array().unwrap().len()), ("101", 2));
    assert_eq!(first["alerts"].as_array().unwrap().len(), 0);
    house.pass(1);
    let (id, second) = stream.next().await.unwrap();
    assert_eq!(id, "102");
    let moved: Vec<&str> = second["counts"].as_array().unwrap().iter().filter_map(|c| c["source"].as_str()).collect();
    assert_eq!(moved, ["usg"], "the silent source is not repeated");
    assert_eq!(*house.desk.asked.lock().unwrap(), ["pulse None", "pulse Some(101)"]);
}

#[tokio::test(start_paused = true)]
async fn a_reconnecting_browser_goes_on_at_its_mark() {
    let house = house();
    let cookie = house.sign_in(&["yunqi"]).await;
    for (mark, asked, missed) in
        [("41", "pulse Some(41)", false), ("1", "pulse Some(1)", true), ("x", "pulse None", false)]
    {
        let mut stream = Stream::open(&house, &cookie, &[("last-event-id", mark)]).await;
        let (_, event) = stream.next().await.unwrap();
        assert_eq!(event["missed"], missed, "{mark}");
        assert_eq!(house.desk.asked.lock().unwrap().last().map(String::as_str), Some(asked));
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_the_session_and_with_the_server() {
    let house = house();
    let cookie = house.sign_in(&["yunqi"]).await;
    let mut stream = Stream::open(&house, &cookie, &[]).await;
    assert!(stream.next().await.is_some());
    house.pass(12 * 60 * 60);
    assert!(stream.next().await.is_none(), "the session is over");

    let cookie = house.sign_in(&["yunqi"]).await;
    let mut stream = Stream::open(&house, &cookie, &[]).await;
    assert!(stream.next().await.is_some());
    house.closing.send(true).unwrap();
    assert!(stream.next().await.is_none(), "the server drains");
}

#[tokio::test(start_paused = true)]
async fn viewers_are_bounded() {
    let house = house();
    let cookie = house.sign_in(&["yunqi"]).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(Stream::open(&house, &cookie, &[]).await);
    }
    let answer = house.router.clone().oneshot(request("/api/v1/live", &[("cookie", &cookie)])).await.unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    open.pop();
    let answer = house.router.clone().oneshot(request("/api/v1/live", &[("cookie", &cookie)])).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "a closed tab makes room");
}
