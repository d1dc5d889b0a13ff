//! What readers may ask: parameters checked and turned into times, limits and ids.

use crate::fault::Fault;
use crate::ports::{AlertAsk, Dataset, SearchAsk};
use serde::Deserialize;
use wardwatch_finding::{Origin, Severity};
use wardwatch_ident::{AlertId, Timestamp};
use wardwatch_limits::ALERTS_PER_ANSWER;

/// Rows that a search gives when nothing is said.
const ROWS: usize = 200;
/// Bars of a histogram.
const BARS: u32 = 120;

/// Parameters of the alert list.
#[derive(Deserialize, Debug, Default)]
pub(crate) struct AlertQuestion {
    pub(crate) tenant: Option<String>,
    severity: Option<String>,
    origin: Option<String>,
    source: Option<String>,
    since: Option<String>,
    before: Option<String>,
    before_id: Option<String>,
    limit: Option<String>,
}

impl AlertQuestion {
    pub(crate) fn ask(&self, now: Timestamp) -> Result<AlertAsk, Fault> {
        let none_if_empty = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(str::to_owned);
        let before = none_if_empty(&self.before).map(|t| instant("before", &t)).transpose()?;
        let id = none_if_empty(&self.before_id).map(|t| t.parse::<AlertId>());
        let id = id.transpose().map_err(|_| Fault::parameter("before_id", "不是告警编号", "is no id of an alert"))?;
        Ok(AlertAsk {
            severity_min: none_if_empty(&self.severity).map(|t| word::<Severity>("severity", &t)).transpose()?,
            origin: none_if_empty(&self.origin).map(|t| word::<Origin>("origin", &t)).transpose()?,
            source: none_if_empty(&self.source),
            since: none_if_empty(&self.since).map(|t| since("since", &t, now)).transpose()?,
            // Lines of one batch share their time of reception: the last one's neighbours belong to the next page too.
            before: before.map(|t| t.plus_micros(1)),
            below: before.zip(id),
            limit: number("limit", self.limit.as_deref(), 200, ALERTS_PER_ANSWER)?,
        })
    }
}

/// Parameters of a search: in the URL for the page, in the body on the control socket.
#[derive(Deserialize, Debug, Default)]
pub(crate) struct SearchQuestion {
    pub(crate) tenant: Option<String>,
    #[serde(default)]
    query: String,
    dataset: Option<String>,
    since: Option<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default, deserialize_with = "text_or_number")]
    limit: Option<String>,
    #[serde(default, deserialize_with = "text_or_number")]
    bars: Option<String>,
    pub(crate) format: Option<String>,
}

/// A day and a minute.
const CLOCK_AHEAD_MICROS: i64 = (24 * 3_600 + 60) * 1_000_000;

impl SearchQuestion {
    pub(crate) fn ask(&self, now: Timestamp) -> Result<SearchAsk, Fault> {
        if self.query.len() > wardwatch_limits::QUERY_BYTES {
            return Err(Fault::query(format!("longer than {} bytes", wardwatch_limits::QUERY_BYTES)));
        }
        let given = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(str::to_owned);
        let from = match (given(&self.from), given(&self.since)) {
            (Some(from), _) => instant("from", &from)?,
            (None, Some(span)) => since("since", &span, now)?,
            (None, None) => now.plus_micros(-24 * 3_600 * 1_000_000),
        };
        // The parser believes clocks that are up to a day ahead, and a device that writes local time as UTC is 8 h ahead
        // in China: "until now" must find their lines too.
        let to = given(&self.to).map(|t| instant("to", &t)).transpose()?.unwrap_or(now.plus_micros(CLOCK_AHEAD_MICROS));
        if to <= from {
            return Err(Fault::parameter("to", "结束时间必须晚于开始时间", "must be later than the start"));
        }
        Ok(SearchAsk {
            query: self.query.clone(),
            dataset: given(&self.dataset).map(|t| word::<Dataset>("dataset", &t)).transpose()?.unwrap_or_default(),
            from,
            to,
            limit: number("limit", self.limit.as_deref(), ROWS, wardwatch_limits::SEARCH_ROWS)?,
            bars: number("bars", self.bars.as_deref(), 0, BARS as usize)? as u32,
        })
    }
}

/// `15m`, `24h`, `30d`, or an RFC 3339 time.
pub(crate) fn since(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Ok(at);
    }
    let fault =
        || Fault::parameter(name, "请写 15m、24h、30d 或 RFC 3339 时间", "write 15m, 24h, 30d or an RFC 3339 time");
    let unit = text.chars().last().ok_or_else(fault)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(fault()),
    };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(fault());
    }
    let count: i64 = digits.parse().map_err(|_| fault())?;
    let micros = count.checked_mul(seconds).and_then(|s| s.checked_mul(1_000_000)).ok_or_else(fault)?;
    Ok(now.plus_micros(-micros))
}

pub(crate) fn instant(name: &str, text: &str) -> Result<Timestamp, Fault> {
    // `+` of a zone arrives as a blank where a client did not encode it.
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&text.replace(' ', "+"))).ok_or_else(|| {
        Fault::parameter(
            name,
            "请写 RFC 3339 时间，如 2026-11-25T10:00:00+08:00",
            "write an RFC 3339 time such as 2026-11-25T10:00:00+08:00",
        )
    })
}

/// One of the words that a type is written as.
fn word<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|e| {
        let known = e.to_string();
        Fault::parameter(name, &known, &known)
    })
}

fn number(name: &str, text: Option<&str>, default: usize, most: usize) -> Result<usize, Fault> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(default) };
    let value: usize = text.parse().map_err(|_| Fault::parameter(name, "必须是整数", "must be a whole number"))?;
    if value > most {
        return Err(Fault::parameter(name, &format!("最多 {most}"), &format!("at most {most}")));
    }
    Ok(value)
}

/// The URL has text where the control socket's JSON has numbers.
fn text_or_number<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(d)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}
