//! Whose content is taken, and how long a new version is tried: `[[content_key]]` and `[staging]`.

use super::{ConfigFault, Place, explain};
use serde::Deserialize;
use toml::Spanned;
use wardwatch_content::{Least, Terms, TrustedKey, TrustedKeys};
use wardwatch_ident::Timestamp;

/// A key as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    name: String,
    public: Spanned<String>,
    until: Option<Spanned<String>>,
}

/// How long a version is tried, as it stands in the file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct StagingEntry {
    shadow_minutes: Option<u32>,
    shadow_events: Option<u64>,
    canary_minutes: Option<u32>,
    canary_events: Option<u64>,
    watched_minutes: Option<u32>,
}

/// The keys that are trusted.
pub(super) fn keys(
    entries: Vec<KeyEntry>,
    place: &Place<'_>,
    from: &mut explain::Origins<'_>,
) -> Result<TrustedKeys, ConfigFault> {
    let mut keys = Vec::new();
    for entry in entries {
        let at = entry.public.span().start;
        let until = entry.until.map(|until| {
            let why = || format!("`{}` is no time: write it as 2027-12-31T00:00:00Z", until.get_ref());
            Timestamp::parse_rfc3339(until.get_ref()).ok_or_else(|| place.fault(until.span().start, why()))
        });
        let key = TrustedKey::read(&entry.name, entry.public.get_ref(), until.transpose()?);
        let key = key.map_err(|fault| place.fault(at, fault.to_string()))?;
        from.note(&format!("content_key.{}", key.name), key.id(), at);
        keys.push(key);
    }
    TrustedKeys::new(keys).map_err(|fault| place.fault(0, fault.to_string()))
}

/// The terms of a trial.
pub(super) fn terms(entry: Option<Spanned<StagingEntry>>, from: &mut explain::Origins<'_>) -> Terms {
    let usual = Terms::default();
    let Some(entry) = entry else { return usual };
    let at = entry.span().start;
    let entry = entry.into_inner();
    let ms = |minutes: Option<u32>, usual: i64| minutes.map_or(usual, |minutes| i64::from(minutes) * 60_000);
    let terms = Terms {
        shadow: Least {
            ms: ms(entry.shadow_minutes, usual.shadow.ms),
            events: entry.shadow_events.unwrap_or(usual.shadow.events),
        },
        canary: Least {
            ms: ms(entry.canary_minutes, usual.canary.ms),
            events: entry.canary_events.unwrap_or(usual.canary.events),
        },
        watched_ms: ms(entry.watched_minutes, usual.watched_ms),
    };
    from.note("staging", &format!("{terms:?}"), at);
    terms
}
