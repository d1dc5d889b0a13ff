//! Marks, and the check that counts them.

use futures::FutureExt;
use futures::future::BoxFuture;
use wardwatch_send::{Checker, check, marked, number_of};

#[test]
fn marks_make_lines_unique_and_keep_json_json() {
    for (line, expect) in [
        ("<13>a", "<13>a wardwatch-send=e-0000000007"),
        ("{\"a\":1}", "{\"a\":1,\"wardwatch_send\":\"wardwatch-send=e-0000000007\"}"),
        ("{}", "{\"wardwatch_send\":\"wardwatch-send=e-0000000007\"}"),
        (" { } ", " { \"wardwatch_send\":\"wardwatch-send=e-0000000007\"}"),
        ("a}", "a} wardwatch-send=e-0000000007"),
    ] {
        let line = String::from_utf8(marked(line.as_bytes(), "e", 7)).unwrap();
        assert_eq!(line, expect);
        assert_eq!(number_of(&line, "e"), Some(7));
        assert_eq!(number_of(&line, "f"), None);
        if line.starts_with('{') {
            serde_json::from_str::<serde_json::Value>(&line).unwrap();
        }
    }
}

struct Stored(Vec<String>);

impl Checker for Stored {
    fn lines<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, String>> {
        async move { Ok(self.0.iter().filter(|l| l.contains(prefix)).cloned().collect()) }.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn missing_and_doubled_lines_are_named() {
    let line = |n: u64| String::from_utf8(marked(b"x", "e", n)).unwrap();
    let all: Vec<String> = (0..20_005).map(line).collect();
    assert!(check(&Stored(all.clone()), "e", 20_005).await.unwrap().is_clean());
    let mut some: Vec<String> = all.into_iter().filter(|l| !l.ends_with("0000010003")).collect();
    some.extend([line(20_004), line(20_004), "another wardwatch-send=f-0000000001".into()]);
    let report = check(&Stored(some), "e", 20_005).await.unwrap();
    assert_eq!((report.found, report.missing, report.doubled), (20_004, 1, 2));
    assert_eq!((report.missing_first, report.doubled_first), (vec![10_003], vec![20_004]));
}
