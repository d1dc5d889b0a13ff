//! What came from each source, counted once per committed batch. Engines add only what is durable.

use crate::{JournalAccount, JournalAccounts};
use std::collections::BTreeMap;
use wardwatch_event::{Received, Rejection};
use wardwatch_ident::{SourceId, TenantId};

/// Accounts by tenant and source, in that order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Accounts(BTreeMap<(TenantId, SourceId), JournalAccount>);

impl Accounts {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one durable batch.
    pub fn batch(&mut self, batch: &Received) {
        self.counts(batch.tenant(), batch.source, batch.len() as u64, batch.bytes.len() as u64, &batch.rejected);
    }

    /// Counts one durable batch by its figures: lines, bytes of lines, refused records.
    pub fn counts(&mut self, tenant: TenantId, source: SourceId, lines: u64, bytes: u64, rejected: &[Rejection]) {
        let one = JournalAccount {
            lines,
            bytes,
            batches: 1,
            repeated: 0,
            rejected: rejected.iter().map(|r| (r.reason, r.count)).collect(),
        };
        self.merge(tenant, source, &one);
    }

    /// Counts a batch that was known already.
    pub fn repeated(&mut self, tenant: TenantId, source: SourceId) {
        self.0.entry((tenant, source)).or_default().repeated += 1;
    }

    /// Adds another account to a source's.
    pub fn merge(&mut self, tenant: TenantId, source: SourceId, other: &JournalAccount) {
        let own = self.0.entry((tenant, source)).or_default();
        own.lines += other.lines;
        own.bytes += other.bytes;
        own.batches += other.batches;
        own.repeated += other.repeated;
        for (reason, count) in other.rejected.iter().filter(|(_, count)| *count > 0) {
            match own.rejected.iter_mut().find(|(known, _)| known == reason) {
                Some((_, sum)) => *sum += count,
                None => own.rejected.push((*reason, *count)),
            }
        }
        own.rejected.sort_by_key(|(reason, _)| *reason);
    }

    /// Adds all accounts of another set.
    pub fn merge_all(&mut self, other: &Self) {
        for ((tenant, source), account) in &other.0 {
            self.merge(*tenant, *source, account);
        }
    }

    /// Each source with its account.
    pub fn iter(&self) -> impl Iterator<Item = (TenantId, SourceId, &JournalAccount)> {
        self.0.iter().map(|((tenant, source), account)| (*tenant, *source, account))
    }

    /// All of them, by tenant and source.
    pub fn list(&self) -> JournalAccounts {
        self.iter().map(|(tenant, source, account)| (tenant, source, account.clone())).collect()
    }
}
