//! Alerts that detection found, and how far it has come: the queries of port `AlertBook`.

use crate::open::SqliteLedger;
use crate::packed_alerts::{PackedFault, pack, unpack};
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use wardwatch_access::OpContext;
use wardwatch_detect::{AlertBook, BookFault};
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, TenantId};

const POSITION: &str = "SELECT seq FROM position WHERE name = $1";
const MOVE_POSITION: &str = "INSERT INTO position (name, seq) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET seq = excluded.seq";
const NEXT_BLOB: &str = "INSERT INTO counter (name, value) VALUES ('alert_blob', 1)
    ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
const ADD_BLOB: &str = "INSERT INTO alert_blob (tenant, number, alerts, body) VALUES ($1, $2, $3, $4)";
const SAY: &str = "INSERT INTO said (tenant, alert, received) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const NEWEST_BLOBS: &str = "SELECT alerts, body FROM alert_blob WHERE tenant = $1 ORDER BY number DESC";

/// A position's name and the line it stands at; 0 at the very start.
pub(crate) fn position(conn: &Connection, name: &str) -> rusqlite::Result<Cursor> {
    let seq: Option<i64> = conn.prepare_cached(POSITION)?.query_row([name], |row| row.get(0)).optional()?;
    Ok(Cursor(seq.unwrap_or(0) as u64))
}

pub(crate) fn move_position(conn: &Connection, name: &str, to: Cursor) -> rusqlite::Result<()> {
    let seq = i64::try_from(to.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    conn.prepare_cached(MOVE_POSITION)?.execute(params![name, seq])?;
    Ok(())
}

/// A [`BookFault`] on its way out of a transaction.
struct Fault(BookFault);

impl From<rusqlite::Error> for Fault {
    fn from(e: rusqlite::Error) -> Self {
        Self(BookFault::Engine(Box::new(e)))
    }
}

impl From<PackedFault> for Fault {
    fn from(e: PackedFault) -> Self {
        Self(BookFault::Engine(Box::new(e)))
    }
}

impl SqliteLedger {
    fn keep(&self, after: Cursor, through: Cursor, alerts: &[Alert], once: &[Alert]) -> Result<(), Fault> {
        let mut by_tenant: BTreeMap<TenantId, Vec<&Alert>> = BTreeMap::new();
        for alert in alerts {
            by_tenant.entry(alert.tenant).or_default().push(alert);
        }
        // Packed before the transaction: others wait for the writer as short as possible.
        let mut blobs = Vec::with_capacity(by_tenant.len());
        for (tenant, alerts) in by_tenant {
            blobs.extend(pack(&alerts)?.into_iter().map(|(count, body)| (tenant, count, body)));
        }
        self.write(|tx| {
            let at = position(tx, "detect")?;
            if at != after {
                return Err(Fault(BookFault::Conflict { after, at }));
            }
            // Few: correlations and their like. Which are new is only known here.
            for alert in once {
                let key = params![alert.tenant.0.to_be_bytes(), alert.id.0.to_be_bytes(), alert.received.as_micros()];
                if tx.prepare_cached(SAY)?.execute(key)? == 0 {
                    continue;
                }
                for (count, body) in pack(&[alert])? {
                    add_blob(tx, alert.tenant, count, &body)?;
                }
            }
            for (tenant, count, body) in &blobs {
                add_blob(tx, *tenant, *count, body)?;
            }
            Ok(move_position(tx, "detect", through)?)
        })
    }
}

fn add_blob(tx: &Connection, tenant: TenantId, count: usize, body: &[u8]) -> rusqlite::Result<()> {
    let number: i64 = tx.prepare_cached(NEXT_BLOB)?.query_row([], |row| row.get(0))?;
    tx.prepare_cached(ADD_BLOB)?.execute(params![tenant.0.to_be_bytes(), number, count as i64, body])?;
    Ok(())
}

impl AlertBook for SqliteLedger {
    fn cursor(&self) -> Result<Cursor, BookFault> {
        self.read(|conn| Ok(position(conn, "detect")?)).map_err(|Fault(fault)| fault)
    }

    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
        once: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        async move { self.keep(after, through, alerts, once).map_err(|Fault(fault)| fault) }.boxed()
    }

    fn recent(&self, cx: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault> {
        let tenant = cx.scope.tenant().0.to_be_bytes();
        let mut alerts = self
            .read(|conn| -> Result<_, Fault> {
                let mut alerts: Vec<Alert> = Vec::new();
                let mut rows = conn.prepare_cached(NEWEST_BLOBS)?;
                let mut rows = rows.query([tenant])?;
                while alerts.len() < limit
                    && let Some(row) = rows.next()?
                {
                    alerts.extend(unpack(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
                }
                Ok(alerts)
            })
            .map_err(|Fault(fault)| fault)?;
        // Blobs are in the order of their lines, except that one window may have filled several.
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.event.seq()), alert.id));
        alerts.truncate(limit);
        Ok(alerts)
    }
}
