//! stats, sort, head, fields.

use crate::world::{T1, World, block_on, row, shown};
use wardwatch_lake::Layout;

#[test]
fn steps_give_the_table_they_say() {
    let world = World::new();
    block_on(async {
        world
            .file(
                T1,
                Layout::L0,
                &[
                    row(1, Some(1), &[("host", "a"), ("user", "x"), ("bytes_in", "10"), ("raw", "r")]),
                    row(
                        2,
                        Some(2),
                        &[
                            ("host", "a"),
                            ("user", "y"),
                            ("bytes_in", "20"),
                            ("raw", "r"),
                            ("unmapped", r#"{"Size":"7"}"#),
                        ],
                    ),
                    row(
                        3,
                        Some(3),
                        &[("host", "b"), ("user", "x"), ("raw", "r"), ("unmapped", r#"{"Size":40,"EventID":7}"#)],
                    ),
                ],
            )
            .await;
        world
            .file(T1, Layout::L1, &[row(4, Some(4), &[("raw", "r"), ("code", "7"), ("unmapped", r#"{"Size":"n/a"}"#)])])
            .await;
        for (text, expect) in [
            ("* | stats count", "count=4"),
            ("user:x | stats count", "count=2"),
            ("* | stats count by host", "host=a count=2; host=b count=1; count=1"),
            ("* | stats count as n by host | sort -n, host | head 1", "host=a n=2"),
            ("* | stats dc(user), count(user)", "dc(user)=2 count(user)=3"),
            (
                "* | stats sum(bytes_in), avg(bytes_in), min(bytes_in), max(bytes_in)",
                "sum(bytes_in)=30 avg(bytes_in)=15 min(bytes_in)=10 max(bytes_in)=20",
            ),
            (
                "* | stats sum(Size), min(Size), max(Size), count(Size)",
                "sum(Size)=47 min(Size)=7 max(Size)=40 count(Size)=3",
            ),
            ("* | stats min(host), max(user)", "min(host)=a max(user)=y"),
            ("* | stats count by EventID", "EventID=7 count=2; count=2"),
            ("* | stats max(time)", "max(time)=2026-11-25T00:00:04.000000Z"),
            (
                "* | stats count by host, user",
                "host=a user=x count=1; host=a user=y count=1; host=b user=x count=1; count=1",
            ),
            ("* | sort user, -host | fields host, user", "host=b user=x; host=a user=x; host=a user=y; "),
            ("* | head 2 | fields time", "time=2026-11-25T00:00:04.000000Z; time=2026-11-25T00:00:03.000000Z"),
            ("* | sort time | head 2 | stats count by host", "host=a count=2"),
            ("* | fields host, Size, host | sort -Size | head 2", "Size=n/a; host=a Size=7"),
            ("nothing | stats count", "count=0"),
            ("nothing | stats count by host", ""),
        ] {
            let answer = world.ask(T1, text).await.unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(shown(&answer), expect, "{text}");
            assert!(!answer.whole_rows);
        }
    });
}
