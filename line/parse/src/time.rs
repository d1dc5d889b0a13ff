//! From what a line says about its time to an instant: year, zone, and whether it can be believed.

use crate::text::Out;
use wardwatch_event::TimeNote;
use wardwatch_ident::{Civil, Timestamp, Zone};
use wardwatch_pack::{Clock, FieldId, Pack, Pick, Reading, Source, TimeSpec, TimeZoneSpec, header_names, offset_of};

/// A line may be this much ahead of its reception before another year is tried for a time without one.
const AHEAD_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The offset of a zone for the last quarter of an hour that was asked: lines of one source mostly share it.
#[derive(Debug, Default)]
pub(crate) struct ZoneCache {
    key: Option<(i32, u8, u8, u8, u8)>,
    offset_micros: i64,
}

impl ZoneCache {
    fn instant(&mut self, zone: &Zone, civil: Civil) -> Timestamp {
        if let Zone::Fixed(offset) = zone {
            return civil.at_offset(*offset);
        }
        let key = (civil.year, civil.month, civil.day, civil.hour, civil.minute / 15);
        let utc = civil.at_offset(0);
        if self.key != Some(key) {
            self.offset_micros = utc.micros_since(zone.instant(civil));
            self.key = Some(key);
        }
        utc.plus_micros(-self.offset_micros)
    }
}

/// What the line's time is measured against.
pub(crate) struct Against<'a> {
    pub received: Timestamp,
    pub zone: &'a Zone,
    /// How far a line's time may lie from its reception, in microseconds; none = it is believed as it is.
    pub skew_micros_max: Option<i64>,
}

/// The time that the pack's `[time]` finds, else the header's.
pub(crate) fn line_time(
    pack: &Pack,
    header: Option<Clock>,
    against: &Against<'_>,
    cache: &mut ZoneCache,
    out: &mut Out<'_>,
) -> (Timestamp, TimeNote) {
    let found = pack.time.as_ref().and_then(|spec| by_spec(spec, against, cache, out));
    let found = found.or_else(|| header.and_then(|clock| of_clock(clock, against.zone, against, cache)));
    let Some((time, note)) = found else { return (against.received, TimeNote::Received) };
    let off = time.micros_since(against.received).saturating_abs();
    if against.skew_micros_max.is_some_and(|max| off > max) {
        if let Some(field) = pack.fields.id(header_names::CLAIMED_TIME).or_else(|| out.builder.field(header_names::CLAIMED_TIME)) {
            out.builder.text(field, wardwatch_event::NativeKind::Text, &time.to_string(), 0, 0);
        }
        out.note("time_off");
        return (against.received, TimeNote::Received);
    }
    (time, note)
}

fn by_spec(spec: &TimeSpec, against: &Against<'_>, cache: &mut ZoneCache, out: &mut Out<'_>) -> Option<(Timestamp, TimeNote)> {
    let fixed;
    let mut line_zone = false;
    let zone = match &spec.zone {
        TimeZoneSpec::Input => against.zone,
        TimeZoneSpec::Fixed(zone) => zone,
        TimeZoneSpec::Field(source) => match value(*source, out).and_then(|text| offset_of(&text)) {
            Some(offset) => {
                line_zone = true;
                fixed = Zone::Fixed(offset);
                &fixed
            }
            None => against.zone,
        },
    };
    let mut unread = false;
    for parts in &spec.from {
        let text = match parts.as_slice() {
            [one] => value(*one, out),
            many => many.iter().map(|source| value(*source, out)).collect::<Option<Vec<_>>>().map(|t| t.join(" ")),
        };
        let Some(text) = text.filter(|text| !wardwatch_pack::says_nothing(text)) else { continue };
        match spec.formats.iter().find_map(|format| format.read(&text)) {
            Some(Reading::Instant(micros)) => return Some((Timestamp::from_micros(micros), TimeNote::Exact)),
            Some(Reading::Clock(clock)) => {
                if let Some((time, note)) = of_clock(clock, zone, against, cache) {
                    let exact = line_zone && note == TimeNote::ZoneAssumed;
                    return Some((time, if exact { TimeNote::Exact } else { note }));
                }
                unread = true;
            }
            None => unread = true,
        }
    }
    if unread {
        out.note("unparsed:time");
    }
    None
}

fn value(source: Source, out: &Out<'_>) -> Option<String> {
    debug_assert_eq!(source.pick, Pick::First);
    text_of(source.field, out).map(str::to_owned)
}

fn text_of<'o>(field: FieldId, out: &'o Out<'_>) -> Option<&'o str> {
    out.builder.get(field).map(|native| native.text)
}

/// The instant of a clock's reading; none if its day does not exist.
fn of_clock(clock: Clock, zone: &Zone, against: &Against<'_>, cache: &mut ZoneCache) -> Option<(Timestamp, TimeNote)> {
    let mut at = |year: i32| {
        let c = clock;
        let civil = Civil::new(year, c.month, c.day, c.hour, c.minute, c.second, c.micros)?;
        Some(match c.offset {
            Some(offset) => civil.at_offset(offset),
            None => cache.instant(zone, civil),
        })
    };
    if let Some(year) = clock.year {
        let note = if clock.offset.is_some() { TimeNote::Exact } else { TimeNote::ZoneAssumed };
        return at(year).map(|time| (time, note));
    }
    // The year that puts it nearest to the reception, but not more than a day after; 29 February looks further back.
    let year = zone.civil(against.received).year;
    let candidates = [year, year - 1, year + 1, year - 2, year - 3, year - 4];
    let near = candidates.iter().filter_map(|year| at(*year)).filter(|time| time.micros_since(against.received) <= AHEAD_MICROS);
    near.min_by_key(|time| time.micros_since(against.received).saturating_abs()).map(|time| (time, TimeNote::YearAssumed))
}
