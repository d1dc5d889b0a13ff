//! Alerts that no file of the lake holds yet: the part of port `Catalogue` that unpacks blobs. Holds never more unpacked
//! than the caller's bound and one blob.

use crate::catalogue::Fault;
use crate::open::SqliteLedger;
use crate::packed_alerts::{read, text_of};
use rusqlite::{Params, Row};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, TenantId};
use wardwatch_lake::{CatalogueFault, Pending};

const OLDEST: &str = "SELECT number, alerts, body FROM alert_blob ORDER BY number";
const NEWEST_OF: &str = "SELECT number, alerts, body FROM alert_blob WHERE tenant = $1 ORDER BY number DESC";
const NUMBERS_OF: &str = "SELECT number FROM alert_blob WHERE tenant = $1 ORDER BY number";

impl SqliteLedger {
    /// The oldest blobs of all tenants.
    pub(crate) fn pending(&self, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.unpacked(OLDEST, [], bytes_max)
    }

    /// The newest blobs of one tenant.
    pub(crate) fn pending_of(&self, tenant: TenantId, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.unpacked(NEWEST_OF, [tenant.0.to_be_bytes()], bytes_max)
    }

    /// The numbers of one tenant's blobs.
    pub(crate) fn numbers(&self, tenant: TenantId) -> Result<Vec<u64>, CatalogueFault> {
        self.read(|conn| -> Result<_, Fault> {
            let mut rows = conn.prepare_cached(NUMBERS_OF)?;
            let numbers = rows.query_map([tenant.0.to_be_bytes()], |row| Ok(row.get::<_, i64>(0)? as u64))?;
            Ok(numbers.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .map_err(|Fault(fault)| fault)
    }

    /// One tenant's alert of this id.
    pub(crate) fn pending_with(&self, tenant: TenantId, id: AlertId) -> Result<Option<Alert>, CatalogueFault> {
        let name = id.to_string();
        self.read(|conn| -> Result<_, Fault> {
            let mut rows = conn.prepare_cached(NEWEST_OF)?;
            let mut rows = rows.query([tenant.0.to_be_bytes()])?;
            while let Some(row) = rows.next()? {
                let text = unpacked_text(row)?;
                // Most blobs do not hold it: looking for its name is a hundredth of the work of reading the alerts.
                if !std::str::from_utf8(&text).is_ok_and(|text| text.contains(&name)) {
                    continue;
                }
                let found = read(&text)?.into_iter().find(|alert| alert.id == id);
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        })
        .map_err(|Fault(fault)| fault)
    }

    fn unpacked(&self, which: &str, values: impl Params, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.read(|conn| -> Result<_, Fault> {
            let (mut pending, mut bytes) = (Pending::default(), 0);
            let mut rows = conn.prepare_cached(which)?;
            let mut rows = rows.query(values)?;
            while let Some(row) = rows.next()? {
                if bytes >= bytes_max && !pending.blobs.is_empty() {
                    pending.left_out += row.get::<_, i64>(1)? as u64;
                    continue;
                }
                let text = unpacked_text(row)?;
                bytes += text.len();
                pending.blobs.push((row.get::<_, i64>(0)? as u64, read(&text)?));
            }
            Ok(pending)
        })
        .map_err(|Fault(fault)| fault)
    }
}

fn unpacked_text(row: &Row<'_>) -> Result<Vec<u8>, Fault> {
    Ok(text_of(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?)
}
