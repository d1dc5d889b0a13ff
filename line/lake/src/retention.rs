//! How long rows stay, and what is tidied up afterwards.
//!
//! Rows go by whole days of *reception*, through the catalogue; the bytes follow after a grace for queries that still
//! read them. A file that nobody knows (a crash between writing and publishing) goes after the same grace.

use crate::fault::LakeFault;
use crate::station::Lake;
use std::collections::BTreeSet;
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_limits::{GRACE_MS, RETENTION_DAYS_MIN};

/// What a sweep removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Swept {
    /// Files that were replaced or expired.
    pub retired: u64,
    /// Files that nobody knew.
    pub orphans: u64,
}

/// The first UTC day that stays when `days` whole days are kept besides today.
///
/// # Errors
/// [`LakeFault::TooShort`] below the time the law asks for.
pub fn first_day_kept(now: Timestamp, days: u32) -> Result<String, LakeFault> {
    if days < RETENTION_DAYS_MIN {
        return Err(LakeFault::TooShort(days, RETENTION_DAYS_MIN));
    }
    Ok(now.plus_micros(-i64::from(days) * 86_400_000_000).day())
}

impl Lake {
    /// Takes rows of a tenant that are older than `days` out of what can be searched; gives how many files.
    ///
    /// # Errors
    /// [`LakeFault::TooShort`], or the catalogue's.
    pub async fn expire(&self, tenant: TenantId, days: u32, now: Timestamp) -> Result<u64, LakeFault> {
        let first = first_day_kept(now, days)?;
        Ok(self.catalogue.expire(tenant, &first, now).await?)
    }

    /// The same for every hospital that has a file, also one that is no longer configured; gives how many files of which.
    ///
    /// # Errors
    /// As [`Lake::expire`]; the hospitals before the one that failed are done.
    pub async fn expire_all(&self, days: u32, now: Timestamp) -> Result<Vec<(TenantId, u64)>, LakeFault> {
        let first = first_day_kept(now, days)?;
        let old = self.catalogue.all_live()?.into_iter().filter(|file| file.day < first).map(|file| file.tenant);
        let mut gone = Vec::new();
        for tenant in old.collect::<BTreeSet<TenantId>>() {
            gone.push((tenant, self.expire(tenant, days, now).await?));
        }
        Ok(gone)
    }

    /// Removes the bytes of files that were retired before the grace, and orphans that are older than it.
    ///
    /// # Errors
    /// The store's or the catalogue's; what was removed so far stays removed, the next sweep goes on.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, LakeFault> {
        let before = now.plus_micros(-GRACE_MS * 1_000);
        let mut swept = Swept::default();
        // First the list, then what is known: a file published in between is known by then.
        let stored = self.store.list().await?;
        let mut known: BTreeSet<String> = self.catalogue.all_live()?.into_iter().map(|file| file.path).collect();
        known.extend(self.catalogue.retired(Timestamp::from_micros(i64::MAX))?.into_iter().map(|file| file.path));
        for file in stored.iter().filter(|file| file.modified < before && !known.contains(&file.path)) {
            self.store.remove(&file.path).await?;
            swept.orphans += 1;
        }
        let mut gone = Vec::new();
        for file in self.catalogue.retired(before)? {
            self.store.remove(&file.path).await?;
            gone.push(file.id);
        }
        swept.retired = gone.len() as u64;
        if !gone.is_empty() {
            self.catalogue.forget(&gone).await?;
        }
        Ok(swept)
    }
}
