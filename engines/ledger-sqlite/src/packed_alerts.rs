//! Alerts of one tenant as one blob: a JSON array under zstd, so that a new field of an alert needs no new table.

use serde_json::value::RawValue;
use std::io::Read;
use wardwatch_finding::Alert;
use wardwatch_limits::{LEDGER_BLOB_BYTES, LEDGER_BLOB_UNPACKED_BYTES};

/// Why alerts cannot be packed or unpacked.
#[derive(thiserror::Error, Debug)]
pub(crate) enum PackedFault {
    #[error("an alert cannot be written as JSON or read from it: {0}")]
    Json(#[from] serde_json::Error),
    #[error("alerts cannot be packed or unpacked: {0}")]
    Zstd(#[from] std::io::Error),
    #[error("a blob of alerts unpacks to more than {LEDGER_BLOB_UNPACKED_BYTES} bytes")]
    TooBig,
}

/// Blobs with how many alerts are in each.
pub(crate) fn pack(alerts: &[&Alert]) -> Result<Vec<(usize, Vec<u8>)>, PackedFault> {
    let mut blobs = Vec::new();
    let mut open: Vec<Box<RawValue>> = Vec::new();
    let mut bytes = 0;
    for alert in alerts {
        let one = serde_json::value::to_raw_value(alert)?;
        bytes += one.get().len();
        open.push(one);
        if bytes >= LEDGER_BLOB_BYTES {
            blobs.push(close(&mut open)?);
            bytes = 0;
        }
    }
    if !open.is_empty() {
        blobs.push(close(&mut open)?);
    }
    Ok(blobs)
}

fn close(open: &mut Vec<Box<RawValue>>) -> Result<(usize, Vec<u8>), PackedFault> {
    let text = serde_json::to_vec(open)?;
    if text.len() > LEDGER_BLOB_UNPACKED_BYTES {
        return Err(PackedFault::TooBig);
    }
    let count = open.len();
    open.clear();
    Ok((count, zstd::bulk::compress(&text, 1)?))
}

/// The alerts of a blob.
pub(crate) fn unpack(blob: &[u8]) -> Result<Vec<Alert>, PackedFault> {
    read(&text_of(blob)?)
}

/// The alerts in an unpacked blob.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Alert>, PackedFault> {
    Ok(serde_json::from_slice(text)?)
}

/// A blob unpacked, still JSON.
pub(crate) fn text_of(blob: &[u8]) -> Result<Vec<u8>, PackedFault> {
    let mut text = Vec::new();
    zstd::stream::read::Decoder::with_buffer(blob)?
        .take(LEDGER_BLOB_UNPACKED_BYTES as u64 + 1)
        .read_to_end(&mut text)?;
    if text.len() > LEDGER_BLOB_UNPACKED_BYTES {
        return Err(PackedFault::TooBig);
    }
    Ok(text)
}
