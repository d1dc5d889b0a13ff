//! Who gets in.

use crate::house;
use axum::http::StatusCode;

/// Every door, what it answers without a session and with one. A new route without a row here is seen by the last test.
const DOORS: &[(&str, u16, u16)] = &[
    ("/", 401, 200),
    ("/app.js", 200, 200),
    ("/app.css", 200, 200),
    ("/icon.svg", 200, 200),
    ("/health", 200, 200),
    ("/metrics", 200, 200),
    ("/api/v1/sources", 401, 200),
    ("/api/v1/counts", 401, 200),
    ("/api/v1/alerts", 401, 200),
    ("/api/v1/alerts/0123456789abcdef0123456789abcdef", 401, 404),
    ("/api/v1/alerts/not-an-id", 401, 404),
    ("/api/v1/search", 401, 200),
    ("/api/v1/live", 401, 0),
    ("/api/v1/anything", 401, 404),
    ("/search", 401, 404),
    ("/verify", 401, 404),
    ("/../etc/passwd", 401, 404),
];

#[tokio::test]
async fn doors_open_only_with_a_session() {
    let house = house();
    let cookie = house.sign_in(&["qinghe"]).await;
    for (path, without, with) in DOORS {
        let got = house.send(path, &[]).await;
        assert_eq!(got.status.as_u16(), *without, "{path} without a session");
        // The live stream does not end by itself; its own tests read it.
        if *with != 0 {
            let got = house.send(path, &[("cookie", &cookie)]).await;
            assert_eq!(got.status.as_u16(), *with, "{path} with a session");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let house = house();
    for (path, ..) in DOORS {
        let got = house.send(path, &[]).await;
        let csp = got.header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && csp.contains("script-src 'self'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe-inline") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(got.header(name), value, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn the_page_has_nothing_inline() {
    let house = house();
    let cookie = house.sign_in(&["qinghe"]).await;
    for (page, headers) in [("/", vec![("cookie", cookie.as_str())]), ("/", vec![])] {
        let html = house.send(page, &headers).await.text;
        for tag in html.split('<').filter(|t| t.starts_with("script")) {
            assert!(tag.contains("src=\"/app.js\"") && tag.ends_with('>'), "inline script: {tag}");
        }
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="));
    }
    let script = house.send("/app.js", &[]).await.text;
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"] {
        assert!(!script.contains(word), "{word} makes HTML or code of text");
    }
}

#[tokio::test]
async fn a_link_works_once_and_not_for_long() {
    let house = house();
    let token = house.invite(&["qinghe"]);
    let path = format!("/?t={token}");
    let looked_ahead = house.send(&path, &[("sec-purpose", "prefetch;prerender")]).await;
    assert_eq!(looked_ahead.status, StatusCode::UNAUTHORIZED);
    let first = house.send(&path, &[]).await;
    assert_eq!(first.status, StatusCode::OK);
    let cookie = first.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains(&token), "the cookie is not the link");
    assert!(!first.text.contains(&token) && first.text.contains("/app.js"), "the page itself, without the token");

    let second = house.send(&path, &[]).await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED);
    assert_eq!(second.header("set-cookie"), "");
    assert!(second.text.contains("一次性链接") && second.text.contains("one-time link"));

    let late = house.invite(&["qinghe"]);
    house.pass(10 * 60);
    assert_eq!(house.send(&format!("/?t={late}"), &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sessions_end_and_are_not_guessed() {
    let house = house();
    let cookie = house.sign_in(&["qinghe"]).await;
    let other = format!("wardwatch_8471={}", cookie.split('=').next_back().unwrap());
    for (cookie, status) in [
        (cookie.as_str(), 200),
        ("wardwatch_8470=", 401),
        ("wardwatch_8470=0000", 401),
        (other.as_str(), 401),
        (&format!("a=b; {cookie}; c=d"), 200),
    ] {
        let got = house.send("/api/v1/counts", &[("cookie", cookie)]).await;
        assert_eq!(got.status.as_u16(), status, "{cookie}");
    }
    house.pass(12 * 60 * 60);
    assert_eq!(house.send("/api/v1/counts", &[("cookie", &cookie)]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sessions_are_bounded_and_the_oldest_goes() {
    let house = house();
    let first = house.sign_in(&["qinghe"]).await;
    house.pass(1);
    for _ in 0..256 {
        house.sign_in(&["qinghe"]).await;
    }
    assert_eq!(house.send("/api/v1/counts", &[("cookie", &first)]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let house = house();
    for (host, status) in [
        ("localhost:8470", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8470", 200),
        ("[::1]:8470", 200),
        ("evil.example:8470", 403),
        ("localhost.evil.example", 403),
        ("198.51.100.7:8470", 403),
        ("", 403),
    ] {
        assert_eq!(house.send("/health", &[("host", host)]).await.status.as_u16(), status, "{host}");
    }
}
