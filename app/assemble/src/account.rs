//! Does every line that was acknowledged stand somewhere? Fetches the numbers; `wardwatch_journal::verify` compares them.

use crate::config::Config;
use crate::machine::Machine;
use std::collections::BTreeMap;
use wardwatch_access::FleetScope;
use wardwatch_api::{Account, VerifyReport};
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_journal::{
    JournalAccounts, LakeCount, Pending, SourceVerdict, pending_after, steady_accounts, verify as compare,
};
use wardwatch_lake::SegmentRow;

/// What a quick look can tell.
const QUICK: &str = "the account of every source, and of every lake file its presence, its length and the rows that its end tells of; \
    silent damage inside a file or a journal batch is found by --deep, which reads every byte back and compares the checksums \
    that were kept when it was written";
/// What reading everything back can tell.
const DEEP: &str = "the account of every source; every journal batch and every lake file was read back and compared with the \
    checksum that was kept when it was written";

/// Looks before a moving machine is given up on.
const LOOKS: usize = 8;

/// Numbers that were taken at one moment.
struct Moment {
    journal: JournalAccounts,
    lake: Vec<(TenantId, SourceId, LakeCount)>,
    pending: Pending,
}

/// Proves the account of every source in reach; `deep` also reads every journal batch and lake file back.
pub async fn verify(machine: &Machine, fleet: &FleetScope, deep: bool) -> Result<VerifyReport, String> {
    // Hot rows are stored by contract; a flush makes the catalogue say so.
    machine.lake.flush(machine.clock.now()).await.map_err(|e| e.to_string())?;
    let mut report = VerifyReport { checked: if deep { DEEP } else { QUICK }, ..VerifyReport::default() };
    let mut balanced = false;
    for _ in 0..LOOKS {
        let moment = moment(machine)?;
        let verdicts = compare(&moment.journal, &moment.lake, &moment.pending);
        report.accounts = accounts(&machine.config, &moment.journal, &verdicts, fleet);
        balanced = report.accounts.iter().all(|a| a.difference == 0);
        if balanced {
            break;
        }
    }
    for account in report.accounts.iter().filter(|a| a.difference != 0) {
        let (what, count) =
            if account.difference > 0 { ("missing", account.difference) } else { ("too many", -account.difference) };
        report.problems.push(format!("{}/{}: {count} lines {what}", account.tenant, account.source));
    }
    for file in machine.catalogue.all_live().map_err(|e| e.to_string())? {
        report.problems.extend(missing_or_cut(machine, &file).await);
    }
    if deep {
        read_back(machine, &mut report).await?;
    }
    report.ok = balanced && report.problems.is_empty();
    Ok(report)
}

fn moment(machine: &Machine) -> Result<Moment, String> {
    for _ in 0..LOOKS {
        let cursor = machine.catalogue.cursor().map_err(|e| e.to_string())?;
        let lake = machine.catalogue.accounts().map_err(|e| e.to_string())?;
        if machine.catalogue.cursor().map_err(|e| e.to_string())? != cursor {
            continue;
        }
        let Some((end, journal)) = steady_accounts(&*machine.journal).map_err(|e| e.to_string())? else { continue };
        let pending = pending_after(&*machine.journal, cursor, end.max(cursor)).map_err(|e| e.to_string())?;
        let count = |stored, quarantined, duplicates| LakeCount { stored, quarantined, duplicates };
        let lake = lake.iter().map(|a| (a.tenant, a.source, count(a.stored, a.quarantined, a.duplicates))).collect();
        return Ok(Moment { journal, lake, pending });
    }
    Err("the lake is being written without pause; try again in a moment".into())
}

fn accounts(
    config: &Config,
    journal: &JournalAccounts,
    verdicts: &[SourceVerdict],
    fleet: &FleetScope,
) -> Vec<Account> {
    let by_source: BTreeMap<_, _> = journal.iter().map(|(t, s, account)| ((*t, *s), account)).collect();
    let in_reach = verdicts.iter().filter(|v| fleet.narrow(v.tenant).is_some());
    in_reach
        .map(|v| {
            let account = by_source.get(&(v.tenant, v.source));
            let (tenant, source) = names(config, v.tenant, v.source);
            let reason = |r: &wardwatch_event::RejectReason| {
                serde_json::to_value(r).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
            };
            let standing = v.stored + v.quarantined + v.rejected + v.pending;
            Account {
                tenant,
                source,
                received: v.received,
                stored: v.stored,
                quarantined: v.quarantined,
                rejected: account.map_or_else(Vec::new, |a| a.rejected.iter().map(|(r, n)| (reason(r), *n)).collect()),
                waiting: v.pending,
                repeated: account.map_or(0, |a| a.repeated),
                duplicates: v.duplicates,
                difference: v.received as i64 - standing as i64,
            }
        })
        .collect()
}

/// Short names; the ids of what is no longer configured.
fn names(config: &Config, tenant: TenantId, source: SourceId) -> (String, String) {
    let Some(known) = config.tenants.iter().find(|t| t.id == tenant) else {
        return (tenant.to_string(), source.to_string());
    };
    let slug = known.sources.iter().find(|s| s.id == source).map_or_else(|| source.to_string(), |s| s.slug.clone());
    (known.slug.clone(), slug)
}

async fn read_back(machine: &Machine, report: &mut VerifyReport) -> Result<(), String> {
    if let Some(journal) = &machine.journal_sqlite {
        let journal = std::sync::Arc::clone(journal);
        let checked = tokio::task::spawn_blocking(move || journal.check()).await.map_err(|e| e.to_string())?;
        report.read_back += checked.batches;
        let named = |d: &wardwatch_journal_sqlite::Damage| {
            format!("journal {} up to line {}: {}", d.segment, d.cursor.0, d.why)
        };
        report.problems.extend(checked.damage.iter().map(named));
    }
    for file in machine.catalogue.all_live().map_err(|e| e.to_string())? {
        report.read_back += 1;
        report.problems.extend(check_file(machine, &file).await);
    }
    Ok(())
}

/// A file that the catalogue counts as stored must lie there with its length, and its own end must tell of as many rows;
/// compaction may have replaced it meanwhile.
async fn missing_or_cut(machine: &Machine, file: &SegmentRow) -> Option<String> {
    let path = machine.config.data.join("lake").join(&file.path);
    let why = match std::fs::metadata(&path) {
        Ok(found) if found.len() == file.bytes => match machine.store.rows(&file.path).await {
            Ok(rows) if rows == file.rows => return None,
            Ok(rows) => format!("its end tells of {rows} rows, the catalogue of {}", file.rows),
            Err(e) => format!("its end cannot be read: {e}"),
        },
        Ok(found) => format!("it has {} bytes, the catalogue says {}", found.len(), file.bytes),
        Err(e) => e.to_string(),
    };
    let still = machine.catalogue.all_live().ok()?.iter().any(|f| f.id == file.id);
    still.then(|| format!("lake file {}: {why}", file.path))
}

/// Reads a file whole and compares rows and checksum with the catalogue; compaction may have replaced it meanwhile.
async fn check_file(machine: &Machine, file: &SegmentRow) -> Option<String> {
    let path = machine.config.data.join("lake").join(&file.path);
    let hashed = tokio::task::spawn_blocking(move || sha256_of(&path)).await;
    let found = match hashed.unwrap_or_else(|e| Err(std::io::Error::other(e))) {
        Ok(sha256) if sha256 != file.sha256 => Err("its checksum is not the one in the catalogue".to_owned()),
        Ok(_) => machine.store.read(&file.path).await.map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    let why = match found {
        Ok(batches) => {
            let rows: usize = batches.iter().map(arrow::record_batch::RecordBatch::num_rows).sum();
            if rows as u64 == file.rows {
                return None;
            }
            format!("it has {rows} rows, the catalogue says {}", file.rows)
        }
        Err(why) => why,
    };
    let still = machine.catalogue.all_live().ok()?.iter().any(|f| f.id == file.id);
    still.then(|| format!("lake file {}: {why}", file.path))
}

fn sha256_of(path: &std::path::Path) -> std::io::Result<String> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
    Ok(hex::encode(hash.finalize()))
}
