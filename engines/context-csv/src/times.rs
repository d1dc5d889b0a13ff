//! When a row holds: instants as people write them.

use wardwatch_ident::{Civil, Timestamp, Zone};

/// Reads RFC 3339, or local time with seconds, minutes, or a day alone. Empty is none.
///
/// # Errors
/// What it should look like.
pub(crate) fn instant(text: &str, zone: &Zone) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Ok(Some(at));
    }
    let padded = match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    match Civil::parse_iso(padded.as_bytes()) {
        Some((civil, [])) => Ok(Some(zone.instant(civil))),
        _ => Err(format!("`{text}` is no time: write 2026-11-25, 2026-11-25 08:00 or 2026-11-25T08:00:00+08:00")),
    }
}
