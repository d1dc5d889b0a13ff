//! A tenant's search reaches that tenant's rows, whatever the text says.

use crate::world::{Files, T1, T2, WIDE, World, block_on, row, seqs, shown};
use wardwatch_lake::Layout;
use wardwatch_search::SearchFault;

#[test]
fn no_text_reaches_a_foreign_row() {
    let world = World::new();
    block_on(async {
        world.file(T1, Layout::L1, &[row(1, Some(1), &[("raw", "ours"), ("host", "a"), ("user", "u")])]).await;
        world.file(T2, Layout::L1, &[row(2, Some(1), &[("raw", "theirs"), ("host", "b"), ("user", "u")])]).await;
        world.hot(T2, 3, &["theirs, hot"]).await;
        for text in [
            "*".to_owned(),
            "theirs".to_owned(),
            "NOT ours".to_owned(),
            format!("tenant:{T2}"),
            format!("NOT tenant:{T1}"),
            format!("raw:* OR tenant_id:{T2} OR tenant:*"),
            format!("\"events/v1/tenant={T2}/day=2026-11-25\""),
            "x:\"') OR 1=1 --\"".to_owned(),
            "host:\"b' OR 'a'='a\"".to_owned(),
            "user:u".to_owned(),
        ] {
            let answer = world.ask(T1, &text).await.unwrap();
            assert!(seqs(&answer).iter().all(|seq| *seq == 1), "{text}");
            assert_eq!(answer.scanned.rows, 1, "{text}: foreign rows were counted");
        }
        let answer = world.ask(T1, "* | stats count, dc(host) by user").await.unwrap();
        assert_eq!(shown(&answer), "user=u count=1 dc(host)=1");
        let answer = world.ask(T2, "*").await.unwrap();
        assert_eq!(seqs(&answer), [3, 2]);
        let nobody = world.ask(wardwatch_ident::TenantId(7), "*").await.unwrap();
        assert_eq!((nobody.rows(), nobody.scanned.files), (0, 0));
    });
}

#[test]
fn a_catalogue_that_leaks_is_refused() {
    let world = World::with(WIDE, Files { leaking: true, ..Files::default() });
    block_on(async {
        world.file(T1, Layout::L1, &[row(1, Some(1), &[("raw", "ours")])]).await;
        world.file(T2, Layout::L1, &[row(2, Some(1), &[("raw", "theirs")])]).await;
        assert!(matches!(world.ask(T1, "*").await, Err(SearchFault::Engine(_))));
    });
}
