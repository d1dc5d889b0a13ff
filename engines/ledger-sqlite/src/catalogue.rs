//! Files of the lake, and how far it has come: the queries of port `Catalogue`.

use crate::alert_book::{move_position, position};
use crate::open::SqliteLedger;
use crate::packed_alerts::PackedFault;
use crate::row::{self, COLUMNS};
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::{Connection, Params, Transaction, params};
use wardwatch_access::OpContext;
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Cursor, SourceId, TenantId, Timestamp};
use wardwatch_lake::{Catalogue, CatalogueFault, LakeAccount, Pending, Publish, SegmentRow};
use wardwatch_schema::dataset;

const RETIRE: &str = "UPDATE segment SET retired = $1 WHERE id = $2 AND retired IS NULL";
const VIEW: &str =
    "WHERE tenant = $1 AND dataset = $2 AND received_to >= $3 AND received_from <= $4 AND retired IS NULL
    ORDER BY received_from, id";
const LIVE: &str = "WHERE retired IS NULL ORDER BY tenant, received_from, id";
const RETIRED: &str = "WHERE retired < $1 ORDER BY id";
const EXPIRE: &str = "UPDATE segment SET retired = $1 WHERE tenant = $2 AND day < $3 AND retired IS NULL";
const FORGET: &str = "DELETE FROM segment WHERE id = $1 AND retired IS NOT NULL";
const MOVED: &str = "DELETE FROM alert_blob WHERE number = $1";
const ACCOUNT: &str = "INSERT INTO lake_account (tenant, source, stored, quarantined, duplicates)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, source) DO UPDATE SET
      stored = lake_account.stored + excluded.stored,
      quarantined = lake_account.quarantined + excluded.quarantined,
      duplicates = lake_account.duplicates + excluded.duplicates";
const ACCOUNTS: &str =
    "SELECT tenant, source, stored, quarantined, duplicates FROM lake_account ORDER BY tenant, source";

/// A [`CatalogueFault`] on its way out of a transaction.
pub(crate) struct Fault(pub CatalogueFault);

impl From<rusqlite::Error> for Fault {
    fn from(e: rusqlite::Error) -> Self {
        Self(CatalogueFault::Engine(Box::new(e)))
    }
}

impl From<PackedFault> for Fault {
    fn from(e: PackedFault) -> Self {
        Self(CatalogueFault::Engine(Box::new(e)))
    }
}

fn conflict<T>(why: String) -> Result<T, Fault> {
    Err(Fault(CatalogueFault::Conflict(why)))
}

impl SqliteLedger {
    fn publish_now(&self, change: &Publish) -> Result<(), Fault> {
        let now = self.clock.now();
        self.write(|tx| {
            let at = position(tx, "lake")?;
            if let Some((after, _)) = change.cursor
                && after != at
            {
                return conflict(format!("the lake stands at line {}, not at {}", at.0, after.0));
            }
            for id in &change.replace {
                if tx.prepare_cached(RETIRE)?.execute(params![now.as_micros(), id.to_be_bytes()])? != 1 {
                    return conflict(format!("file {id:032x} is no longer live"));
                }
            }
            for file in &change.add {
                match row::add(tx, file) {
                    Err(e) if is_doubled(&e) => return conflict(format!("file {:032x} is there already", file.id)),
                    other => other?,
                }
            }
            count(tx, change)?;
            for blob in &change.moved_alerts {
                tx.prepare_cached(MOVED)?.execute([*blob as i64])?;
            }
            if let Some((_, through)) = change.cursor {
                move_position(tx, "lake", through)?;
            }
            Ok(())
        })
    }

    fn files(&self, which: &str, values: impl Params) -> Result<Vec<SegmentRow>, CatalogueFault> {
        self.read(|conn| -> Result<_, Fault> {
            let mut rows = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM segment {which}"))?;
            let files = rows.query_map(values, row::read)?;
            Ok(files.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .map_err(|Fault(fault)| fault)
    }
}

fn is_doubled(fault: &rusqlite::Error) -> bool {
    fault.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// Rows that are new are counted; a file that replaces others holds rows that were counted when they came.
fn count(tx: &Transaction<'_>, change: &Publish) -> rusqlite::Result<()> {
    for file in change.add.iter().filter(|_| change.replace.is_empty()) {
        for (source, rows) in &file.sources {
            match file.dataset.as_str() {
                dataset::EVENTS => account(tx, file.tenant, *source, [*rows, 0, 0])?,
                dataset::QUARANTINE => account(tx, file.tenant, *source, [0, *rows, 0])?,
                _ => {}
            }
        }
    }
    for (tenant, source, rows) in &change.duplicates {
        account(tx, *tenant, *source, [0, 0, *rows])?;
    }
    Ok(())
}

fn account(conn: &Connection, tenant: TenantId, source: SourceId, rows: [u64; 3]) -> rusqlite::Result<()> {
    let [stored, quarantined, duplicates] = rows.map(|n| n as i64);
    let (tenant, source) = (tenant.0.to_be_bytes(), source.0.to_be_bytes());
    conn.prepare_cached(ACCOUNT)?.execute(params![tenant, source, stored, quarantined, duplicates])?;
    Ok(())
}

impl Catalogue for SqliteLedger {
    fn cursor(&self) -> Result<Cursor, CatalogueFault> {
        self.read(|conn| -> Result<_, Fault> { Ok(position(conn, "lake")?) }).map_err(|Fault(fault)| fault)
    }

    fn publish(&self, change: Publish) -> BoxFuture<'_, Result<(), CatalogueFault>> {
        async move { self.publish_now(&change).map_err(|Fault(fault)| fault) }.boxed()
    }

    fn view(
        &self,
        cx: &OpContext,
        dataset: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let tenant = cx.scope.tenant().0.to_be_bytes();
        self.files(VIEW, params![tenant, dataset, from.as_micros(), to.as_micros()])
    }

    fn all_live(&self) -> Result<Vec<SegmentRow>, CatalogueFault> {
        self.files(LIVE, [])
    }

    fn pending_alerts(&self, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.pending(bytes_max)
    }

    fn pending_numbers(&self, cx: &OpContext) -> Result<Vec<u64>, CatalogueFault> {
        self.numbers(cx.scope.tenant())
    }

    fn pending_alerts_of(&self, cx: &OpContext, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.pending_of(cx.scope.tenant(), bytes_max)
    }

    fn pending_alert(&self, cx: &OpContext, id: AlertId) -> Result<Option<Alert>, CatalogueFault> {
        self.pending_with(cx.scope.tenant(), id)
    }

    fn expire<'a>(
        &'a self,
        tenant: TenantId,
        before_day: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u64, CatalogueFault>> {
        async move {
            let values = params![now.as_micros(), tenant.0.to_be_bytes(), before_day];
            self.write(|tx| -> Result<_, Fault> { Ok(tx.prepare_cached(EXPIRE)?.execute(values)? as u64) })
                .map_err(|Fault(fault)| fault)
        }
        .boxed()
    }

    fn retired(&self, until: Timestamp) -> Result<Vec<SegmentRow>, CatalogueFault> {
        self.files(RETIRED, [until.as_micros()])
    }

    fn forget<'a>(&'a self, ids: &'a [u128]) -> BoxFuture<'a, Result<(), CatalogueFault>> {
        async move {
            self.write(|tx| -> Result<_, Fault> {
                for id in ids {
                    tx.prepare_cached(FORGET)?.execute([id.to_be_bytes()])?;
                }
                Ok(())
            })
            .map_err(|Fault(fault)| fault)
        }
        .boxed()
    }

    fn accounts(&self) -> Result<Vec<LakeAccount>, CatalogueFault> {
        self.read(|conn| -> Result<_, Fault> {
            let mut rows = conn.prepare_cached(ACCOUNTS)?;
            let rows = rows.query_map([], |row| {
                Ok(LakeAccount {
                    tenant: TenantId(u128::from_be_bytes(row.get(0)?)),
                    source: SourceId(u128::from_be_bytes(row.get(1)?)),
                    stored: row.get::<_, i64>(2)? as u64,
                    quarantined: row.get::<_, i64>(3)? as u64,
                    duplicates: row.get::<_, i64>(4)? as u64,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .map_err(|Fault(fault)| fault)
    }
}
