//! The account per source, and who is missing.

use futures::FutureExt;
use futures::future::BoxFuture;
use wardwatch_event::{LineBatch, Received, RejectReason, Rejection};
use wardwatch_ident::{Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_journal::{
    Accounts, AppendFault, Appended, Balance, Journal, JournalAccount, JournalAccounts, LakeCount, Pending, ReadFault,
    pending_after, verify,
};

const PLACE: (TenantId, SourceId) = (TenantId(1), SourceId(2));

fn check((lines, rejected): (u64, u64), (stored, quarantined): (u64, u64), pending: u64, expect: Balance) {
    let account =
        JournalAccount { lines, rejected: vec![(RejectReason::BadFrame, rejected)], ..JournalAccount::default() };
    let lake = LakeCount { stored, quarantined, duplicates: 0 };
    let journal = vec![(PLACE.0, PLACE.1, account)];
    let rows = verify(&journal, &[(PLACE.0, PLACE.1, lake)], &Pending::from([(PLACE, pending)]));
    assert_eq!(rows.len(), 1);
    let row = rows[0];
    assert_eq!(row.balance, expect, "{row:?}");
    assert_eq!(row.received, lines + rejected);
    if row.balance == Balance::Exact {
        assert_eq!(row.received, row.stored + row.rejected + row.quarantined + row.pending);
    }
}

#[test]
fn received_is_stored_rejected_quarantined_or_on_its_way() {
    check((0, 0), (0, 0), 0, Balance::Exact);
    check((10, 3), (7, 1), 2, Balance::Exact);
    check((10, 0), (7, 1), 1, Balance::Missing(1));
    check((10, 99), (0, 0), 0, Balance::Missing(10));
    check((10, 0), (10, 0), 1, Balance::Surplus(1));
    check((0, 5), (1, 0), 0, Balance::Surplus(1));
}

#[test]
fn a_source_that_only_one_side_knows_is_told() {
    let stored = LakeCount { stored: 4, ..LakeCount::default() };
    let rows = verify(&Vec::new(), &[(PLACE.0, PLACE.1, stored)], &Pending::new());
    assert_eq!(rows[0].balance, Balance::Surplus(4));
    let mut accounts = Accounts::new();
    accounts.batch(&Received::of_lines(PLACE.0, PLACE.1, Timestamp::default(), &["a", "b"]));
    let rows = verify(&accounts.list(), &[], &Pending::new());
    assert_eq!(rows[0].balance, Balance::Missing(2));
}

#[test]
fn accounts_add_up_by_source_and_reason() {
    let mut batch = Received::of_lines(PLACE.0, PLACE.1, Timestamp::default(), &["ab", "c"]);
    batch.rejected = vec![
        Rejection { reason: RejectReason::BadRecord, count: 2 },
        Rejection { reason: RejectReason::UdpKernelDrop, count: 1 },
    ];
    let mut accounts = Accounts::new();
    accounts.batch(&batch);
    accounts.batch(&batch);
    accounts.repeated(PLACE.0, PLACE.1);
    let mut twice = accounts.clone();
    twice.merge_all(&accounts);
    let expect = JournalAccount {
        lines: 8,
        bytes: 12,
        batches: 4,
        repeated: 2,
        rejected: vec![(RejectReason::UdpKernelDrop, 4), (RejectReason::BadRecord, 8)],
    };
    assert_eq!(twice.list(), [(PLACE.0, PLACE.1, expect)]);
}

/// Ten batches of one line each; some cannot be read.
struct Torn {
    damaged: std::ops::RangeInclusive<u64>,
    /// Where its damage says that reading goes on.
    on: u64,
}

impl Journal for Torn {
    fn append(&self, _: Received) -> BoxFuture<'_, Result<Appended, AppendFault>> {
        async { Err(AppendFault::Busy("only read here".to_owned())) }.boxed()
    }

    fn read(&self, after: Cursor, _: usize) -> Result<Vec<LineBatch>, ReadFault> {
        let next = after.0 + 1;
        if self.damaged.contains(&next) {
            let why = "checksum".to_owned();
            return Err(ReadFault::Corrupt { segment: "1.db".to_owned(), cursor: Cursor(self.on), why });
        }
        if next > 10 {
            return Ok(Vec::new());
        }
        let received = Received::of_lines(PLACE.0, PLACE.1, Timestamp::default(), &["line"]);
        Ok(vec![LineBatch { received, first: EventId::new(Timestamp::default(), NodeId(0), next) }])
    }

    fn end(&self) -> Cursor {
        Cursor(10)
    }

    fn appended(&self, _: Cursor) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }

    fn covered(&self, _: Cursor) -> Result<(), ReadFault> {
        Ok(())
    }

    fn accounts(&self) -> Result<JournalAccounts, ReadFault> {
        Ok(vec![(PLACE.0, PLACE.1, JournalAccount { lines: 10, ..JournalAccount::default() })])
    }
}

#[test]
fn damaged_lines_that_wait_are_missing_and_do_not_stop_the_account() {
    for (damaged, missing) in [(4..=6, 3), (1..=1, 1), (9..=10, 2), (1..=10, 10)] {
        let torn = Torn { on: *damaged.end(), damaged };
        let pending = pending_after(&torn, Cursor(0), torn.end()).expect("stepped over");
        let rows = verify(&torn.accounts().expect("accounts"), &[], &pending);
        assert_eq!((rows[0].pending, rows[0].balance), (10 - missing, Balance::Missing(missing)));
    }
    // Damage that does not say where it ends would be met for ever.
    let stuck = Torn { damaged: 4..=6, on: 3 };
    assert!(matches!(pending_after(&stuck, Cursor(0), stuck.end()), Err(ReadFault::Corrupt { .. })));
}
