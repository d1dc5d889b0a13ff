//! Does every line that was made durable stand somewhere? Per source: received = stored + rejected + quarantined +
//! still on the way. Compares numbers only; whoever calls fetches them.

use crate::{Journal, JournalAccounts, ReadFault};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use wardwatch_ident::{Cursor, SourceId, TenantId};
use wardwatch_limits::WINDOW_BYTES;

/// What the lake says of one source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LakeCount {
    /// Rows that ever reached dataset `events`.
    pub stored: u64,
    /// Rows that ever reached dataset `quarantine`.
    pub quarantined: u64,
    /// Of `stored`, rows taken out again because the sender had sent them twice.
    pub duplicates: u64,
}

/// Lines that the journal holds and the lake has not covered yet, by source.
pub type Pending = BTreeMap<(TenantId, SourceId), u64>;

/// How a source's account comes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "balance", content = "lines")]
pub enum Balance {
    /// Every line stands somewhere, exactly once.
    Exact,
    /// So many lines stand nowhere.
    Missing(u64),
    /// So many lines stand somewhere without ever having been received.
    Surplus(u64),
}

/// One row of what `wardwatch verify` prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct SourceVerdict {
    /// Whose.
    pub tenant: TenantId,
    /// Which source.
    pub source: SourceId,
    /// Lines made durable, and records refused.
    pub received: u64,
    /// In dataset `events`.
    pub stored: u64,
    /// Refused, by the journal's count.
    pub rejected: u64,
    /// In dataset `quarantine`.
    pub quarantined: u64,
    /// In the journal, after the lake's cursor.
    pub pending: u64,
    /// Of `stored`, taken out as doubled by the sender.
    pub duplicates: u64,
    /// Whether it comes out.
    #[serde(flatten)]
    pub balance: Balance,
}

/// Compares the journal's account with the lake's, for every source that either of them knows.
pub fn verify(
    journal: &JournalAccounts,
    lake: &[(TenantId, SourceId, LakeCount)],
    pending: &Pending,
) -> Vec<SourceVerdict> {
    let journal: BTreeMap<_, _> = journal.iter().map(|(tenant, source, a)| ((*tenant, *source), a)).collect();
    let lake: BTreeMap<_, _> = lake.iter().map(|(tenant, source, count)| ((*tenant, *source), *count)).collect();
    let sources: BTreeSet<_> = journal.keys().chain(lake.keys()).chain(pending.keys()).copied().collect();
    sources
        .into_iter()
        .map(|place| {
            let (lines, rejected) =
                journal.get(&place).map_or((0, 0), |a| (a.lines, a.rejected.iter().map(|(_, n)| n).sum()));
            let kept = lake.get(&place).copied().unwrap_or_default();
            let pending = pending.get(&place).copied().unwrap_or_default();
            SourceVerdict {
                tenant: place.0,
                source: place.1,
                received: lines + rejected,
                stored: kept.stored,
                rejected,
                quarantined: kept.quarantined,
                pending,
                duplicates: kept.duplicates,
                balance: balance(lines, kept.stored + kept.quarantined + pending),
            }
        })
        .collect()
}

fn balance(lines: u64, standing: u64) -> Balance {
    match lines.checked_sub(standing) {
        Some(0) => Balance::Exact,
        Some(missing) => Balance::Missing(missing),
        None => Balance::Surplus(standing - lines),
    }
}

/// Counts the lines in `(cursor, through]` by source, by reading them (every checksum on the way is checked). Damage is
/// stepped over: its lines stand nowhere, and that is what the account has to say.
///
/// # Errors
/// [`ReadFault`] if the journal cannot be read there, or if damage does not say where it ends.
pub fn pending_after(journal: &dyn Journal, cursor: Cursor, through: Cursor) -> Result<Pending, ReadFault> {
    let mut pending = Pending::new();
    let mut at = cursor;
    while at < through {
        let batches = match journal.read(at, WINDOW_BYTES) {
            Err(ReadFault::Corrupt { cursor, .. }) if cursor > at => {
                at = cursor;
                continue;
            }
            read => read?,
        };
        let Some(last) = batches.last() else { break };
        at = last.through();
        for batch in batches.iter().filter(|batch| batch.through() <= through) {
            let lines = batch.received.len() as u64;
            *pending.entry((batch.received.tenant(), batch.received.source)).or_default() += lines;
        }
    }
    Ok(pending)
}

/// The accounts together with the cursor they stand at, while others go on appending; `None` if the journal never
/// stood still between two looks (try again).
///
/// # Errors
/// [`ReadFault`] if the journal cannot tell.
pub fn steady_accounts(journal: &dyn Journal) -> Result<Option<(Cursor, JournalAccounts)>, ReadFault> {
    for _ in 0..1_000 {
        let before = journal.end();
        let accounts = journal.accounts()?;
        if journal.end() == before {
            return Ok(Some((before, accounts)));
        }
    }
    Ok(None)
}
