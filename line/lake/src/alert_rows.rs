//! Alerts become rows of dataset `alerts`, and rows become the same alerts again.
//!
//! The typed columns are for looking; `evidence` holds as JSON what has no column (matches, entities, tags), so that
//! nothing of an alert is lost on the way.

use crate::row_shape::{UTC, alerts_shape};
use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, Int64Builder, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wardwatch_finding::{Alert, AlertEvidence, Fact, Match, Origin, RuleRef, Severity, VendorClaim};
use wardwatch_ident::{AlertId, EventId, TenantId, Timestamp};

/// What stands in column `evidence`.
#[derive(Serialize, Deserialize)]
struct EvidenceCell {
    matched: Vec<Match>,
    entities: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Whether there is a device's claim at all, even one in which nothing was sent.
    vendor: bool,
}

/// Why a row is no alert.
#[derive(thiserror::Error, Debug)]
pub enum AlertRowFault {
    /// A column is missing, or holds what it may not.
    #[error("row {row} of an alerts file: column `{column}` is missing or holds no valid value")]
    Cell {
        /// Which row.
        row: usize,
        /// Which column.
        column: &'static str,
    },
    /// `evidence` is not the JSON we write.
    #[error("row {row} of an alerts file: column `evidence` cannot be read: {source}")]
    Evidence {
        /// Which row.
        row: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// One row per alert, every column present. `source_name` gives a source's short name.
///
/// # Errors
/// Arrow's, if the columns do not fit together, which would be a defect.
pub fn rows_of(alerts: &[Alert], source_name: &dyn Fn(&Alert) -> String) -> Result<RecordBatch, ArrowError> {
    let shape = alerts_shape();
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(shape.fields().len());
    for field in shape.fields() {
        let name = field.name().as_str();
        arrays.push(match field.data_type() {
            DataType::FixedSizeBinary(width) => {
                let mut ids = FixedSizeBinaryBuilder::with_capacity(alerts.len(), *width);
                for alert in alerts {
                    let id = if name == "id" { alert.id.0 } else { alert.event.0 };
                    ids.append_value(id.to_be_bytes())?;
                }
                Arc::new(ids.finish())
            }
            DataType::Timestamp(..) => {
                let instant = |a: &Alert| if name == "time" { a.time } else { a.received };
                let times = TimestampMicrosecondArray::from_iter_values(alerts.iter().map(|a| instant(a).as_micros()));
                Arc::new(times.with_timezone(UTC))
            }
            DataType::Int64 => {
                let mut numbers = Int64Builder::with_capacity(alerts.len());
                alerts.iter().for_each(|alert| numbers.append_option(number(alert, name)));
                Arc::new(numbers.finish())
            }
            _ => {
                let mut texts = StringBuilder::new();
                alerts.iter().for_each(|alert| texts.append_option(text(alert, name, source_name)));
                Arc::new(texts.finish())
            }
        });
    }
    RecordBatch::try_new(shape, arrays)
}

fn number(alert: &Alert, column: &str) -> Option<i64> {
    let vendor = alert.vendor.as_ref()?;
    match column {
        "vendor_severity_id" => vendor.severity_id,
        "vendor_disposition_id" => vendor.disposition_id,
        "vendor_confidence_id" => vendor.confidence_id,
        "vendor_direction_id" => vendor.direction_id,
        "vendor_count" => vendor.count,
        _ => None,
    }
}

fn text(alert: &Alert, column: &str, source_name: &dyn Fn(&Alert) -> String) -> Option<String> {
    let (rule, vendor) = (alert.rule.as_ref(), alert.vendor.as_ref());
    match column {
        "source" => Some(source_name(alert)),
        "source_id" => Some(alert.source.to_string()),
        "origin" => word(&alert.origin),
        "severity" => word(&alert.severity),
        "title" => Some(alert.title.clone()),
        "rule_id" => rule.map(|r| r.id.clone()),
        "rule_version" => rule.map(|r| r.version.clone()),
        "rule_title" => rule.map(|r| r.title.clone()),
        "level" => rule.and_then(|r| r.level.clone()),
        "tags" => rule.filter(|r| !r.tags.is_empty()).map(|r| r.tags.join(" ")),
        "pack" => Some(alert.evidence.pack.clone()),
        "raw" => Some(alert.evidence.raw.clone()),
        "evidence" => evidence(alert),
        "vendor_rule_uid" => vendor.and_then(|v| v.rule_uid.clone()),
        "vendor_rule_name" => vendor.and_then(|v| v.rule_name.clone()),
        "vendor_threat" => vendor.and_then(|v| v.threat.clone()),
        "vendor_threat_class" => vendor.and_then(|v| v.threat_class.clone()),
        "vendor_attack_id" => vendor.and_then(|v| v.attack_id.clone()),
        "vendor_attack_stage" => vendor.and_then(|v| v.attack_stage.clone()),
        "vendor_attack_result" => vendor.and_then(|v| v.attack_result.clone()),
        "vendor_excerpt" => vendor.and_then(|v| v.excerpt.clone()),
        entity => alert.entities.iter().find(|(name, _)| name == entity).map(|(_, value)| value.clone()),
    }
}

fn evidence(alert: &Alert) -> Option<String> {
    let cell = EvidenceCell {
        matched: alert.evidence.matched.clone(),
        facts: alert.evidence.facts.clone(),
        entities: alert.entities.clone(),
        tags: alert.rule.as_ref().map(|r| r.tags.clone()).unwrap_or_default(),
        vendor: alert.vendor.is_some(),
    };
    serde_json::to_string(&cell).ok()
}

/// The word an enum is written as.
fn word<T: Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Some(word),
        _ => None,
    }
}

/// The alerts that the rows were made of.
///
/// # Errors
/// [`AlertRowFault`] with the row and the column, for rows that [`rows_of`] did not make.
pub fn alerts_of(rows: &RecordBatch, tenant: TenantId) -> Result<Vec<Alert>, AlertRowFault> {
    (0..rows.num_rows()).map(|row| Cells { rows, row }.alert(tenant)).collect()
}

/// One row of a batch whose null columns may be missing.
struct Cells<'a> {
    rows: &'a RecordBatch,
    row: usize,
}

impl Cells<'_> {
    fn alert(&self, tenant: TenantId) -> Result<Alert, AlertRowFault> {
        let cell: EvidenceCell = serde_json::from_str(&self.need("evidence")?)
            .map_err(|source| AlertRowFault::Evidence { row: self.row, source })?;
        let rule = match self.text("rule_id") {
            None => None,
            Some(id) => Some(RuleRef {
                id,
                version: self.need("rule_version")?,
                title: self.need("rule_title")?,
                level: self.text("level"),
                tags: cell.tags,
            }),
        };
        Ok(Alert {
            id: AlertId(self.id("id")?),
            tenant,
            source: self.need("source_id")?.parse().map_err(|_| self.fault("source_id"))?,
            origin: self.read_word::<Origin>("origin")?,
            time: self.instant("time")?,
            received: self.instant("time_received")?,
            event: EventId(self.id("event_id")?),
            severity: self.read_word::<Severity>("severity")?,
            title: self.need("title")?,
            rule,
            evidence: AlertEvidence {
                matched: cell.matched,
                facts: cell.facts,
                raw: self.need("raw")?,
                pack: self.need("pack")?,
            },
            vendor: cell.vendor.then(|| self.vendor()),
            entities: cell.entities,
        })
    }

    fn vendor(&self) -> VendorClaim {
        VendorClaim {
            rule_uid: self.text("vendor_rule_uid"),
            rule_name: self.text("vendor_rule_name"),
            threat: self.text("vendor_threat"),
            threat_class: self.text("vendor_threat_class"),
            attack_id: self.text("vendor_attack_id"),
            severity_id: self.number("vendor_severity_id"),
            disposition_id: self.number("vendor_disposition_id"),
            attack_stage: self.text("vendor_attack_stage"),
            attack_result: self.text("vendor_attack_result"),
            confidence_id: self.number("vendor_confidence_id"),
            direction_id: self.number("vendor_direction_id"),
            count: self.number("vendor_count"),
            excerpt: self.text("vendor_excerpt"),
        }
    }

    fn fault(&self, column: &'static str) -> AlertRowFault {
        AlertRowFault::Cell { row: self.row, column }
    }

    fn valid(&self, column: &str) -> Option<&ArrayRef> {
        self.rows.column_by_name(column).filter(|array| array.is_valid(self.row))
    }

    fn text(&self, column: &str) -> Option<String> {
        self.valid(column)?.as_string_opt::<i32>().map(|texts| texts.value(self.row).to_owned())
    }

    fn need(&self, column: &'static str) -> Result<String, AlertRowFault> {
        self.text(column).ok_or_else(|| self.fault(column))
    }

    fn number(&self, column: &str) -> Option<i64> {
        self.valid(column)?.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(self.row))
    }

    fn id(&self, column: &'static str) -> Result<u128, AlertRowFault> {
        let bytes = self.valid(column).and_then(|a| a.as_fixed_size_binary_opt()).map(|ids| ids.value(self.row));
        let bytes: [u8; 16] = bytes.and_then(|b| b.try_into().ok()).ok_or_else(|| self.fault(column))?;
        Ok(u128::from_be_bytes(bytes))
    }

    fn instant(&self, column: &'static str) -> Result<Timestamp, AlertRowFault> {
        let times = self.valid(column).and_then(|a| a.as_primitive_opt::<TimestampMicrosecondType>());
        times.map(|t| Timestamp::from_micros(t.value(self.row))).ok_or_else(|| self.fault(column))
    }

    fn read_word<T: for<'de> Deserialize<'de>>(&self, column: &'static str) -> Result<T, AlertRowFault> {
        serde_json::from_value(serde_json::Value::String(self.need(column)?)).map_err(|_| self.fault(column))
    }
}
