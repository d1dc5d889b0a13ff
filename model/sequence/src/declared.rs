//! Windows over groups that should be there: a backup that did not run, a heartbeat that is lost while the host answers.
//!
//! Events are counted in cells, so that a window costs the same whether a host beats once or a thousand times, and the
//! order of arrival cannot matter. A window is looked at once, when the watermark has passed its end.

use crate::compile::{Compiled, DeclaredWindow};
use crate::group_key;
use crate::run::{Entry, Firing};
use crate::window::{Shown, Stamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wardwatch_ident::SourceId;
use wardwatch_limits::{ABSENCE_CATCH_UP, ABSENCE_GROUPS, CORRELATION_GROUPS};
use wardwatch_predicate::sigma::DeclaredGroups;

const DAY_MICROS: i64 = 86_400_000_000;

/// What is known of the groups of one correlation and tenant.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Declared {
    /// Where the tenant's time stood when the correlation came; the least there is if it was there from the beginning.
    pub created: i64,
    /// Windows that began before are not judged: nobody looked.
    pub since: i64,
    /// Where the last window that was looked at ended.
    pub looked_until: Option<i64>,
    pub groups: HashMap<Vec<u8>, Presence>,
    /// The last window that was looked at held no event of any group.
    pub quiet: bool,
}

/// When one group was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Presence {
    /// Events per cell.
    pub counted: BTreeMap<i64, u32>,
    /// Cells in which the rule was seen that is asked for meanwhile.
    pub meanwhile: BTreeSet<i64>,
    /// Its silence was said.
    pub silent: bool,
    /// Its last event.
    pub last: Option<(Stamp, SourceId, i64)>,
}

/// The groups that a set holds at a time.
pub(crate) type Set<'s> = &'s dyn Fn(&str, i64) -> Option<Vec<Vec<String>>>;

/// How looking went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    pub windows_skipped: u64,
    pub sets_unknown: u64,
    pub groups_refused: u64,
}

impl Declared {
    /// False if there was no room for another group.
    pub(crate) fn take(&mut self, window: &DeclaredWindow, key: &[u8], entry: &Entry) -> bool {
        if self.groups.len() >= CORRELATION_GROUPS && !self.groups.contains_key(key) {
            return false;
        }
        let cell = entry.stamp.time.div_euclid(window.calendar.cell_micros());
        let presence = self.groups.entry(key.to_vec()).or_default();
        if window.meanwhile == Some(usize::from(entry.reference)) {
            presence.meanwhile.insert(cell);
            return true;
        }
        let count = presence.counted.entry(cell).or_default();
        *count = count.saturating_add(1);
        if presence.last.is_none_or(|(last, ..)| last < entry.stamp) {
            presence.last = Some((entry.stamp, SourceId(entry.source.get()), entry.received));
        }
        true
    }

    /// Looks at the windows that have ended by `watermark`. The work is that of the windows in which something happened
    /// and one more, however far the clock has jumped; of daily windows no more than a month is made up for.
    pub(crate) fn look(
        &mut self,
        rule: &Compiled,
        window: &DeclaredWindow,
        watermark: i64,
        set: Set<'_>,
        out: &mut Vec<(Vec<u8>, Firing)>,
    ) -> Looked {
        let mut looked = Looked::default();
        loop {
            let after = self.looked_until.unwrap_or_else(|| self.since.saturating_sub(1));
            let after = self.pass_over(window, after, watermark, &mut looked);
            let (start, end) = window.calendar.next_after(after);
            if end > watermark || end == i64::MAX {
                return looked;
            }
            self.looked_until = Some(end);
            if start >= self.since {
                match declared_keys(window, &|name| set(name, end)) {
                    Some(keys) => self.judge(rule, window, (start, end), &keys, out),
                    None => looked.sets_unknown += 1,
                }
            }
            self.forget_before(window, window.calendar.next_after(end).0);
        }
    }

    /// After a jump of the clock: where to go on, so that only windows are looked at in which something can have changed.
    fn pass_over(&self, window: &DeclaredWindow, after: i64, watermark: i64, looked: &mut Looked) -> i64 {
        if !window.calendar.is_rolling() {
            let earliest = watermark.saturating_sub((ABSENCE_CATCH_UP as i64).saturating_mul(DAY_MICROS));
            if after < earliest {
                looked.windows_skipped += u64::try_from(earliest.saturating_sub(after) / DAY_MICROS).unwrap_or(0);
            }
            return after.max(earliest);
        }
        if !self.quiet {
            return after;
        }
        // The last window was empty, and so is every one until the next event: what is missing has been said.
        let cell = window.calendar.cell_micros();
        let first = |p: &Presence| p.counted.keys().next().into_iter().chain(p.meanwhile.first()).min().copied();
        let next = self.groups.values().filter_map(first).min().map_or(i64::MAX, |n| n.saturating_mul(cell));
        after.max(next.min(watermark).saturating_sub(cell))
    }

    fn judge(
        &mut self,
        rule: &Compiled,
        window: &DeclaredWindow,
        (start, end): (i64, i64),
        keys: &BTreeSet<Vec<u8>>,
        out: &mut Vec<(Vec<u8>, Firing)>,
    ) {
        let cell = window.calendar.cell_micros();
        let cells = start.div_euclid(cell)..end.div_euclid(cell);
        let middle = cells.start + (cells.end - cells.start) / 2;
        let seen = |p: &Presence| {
            p.counted.range(cells.clone()).next().is_some() || p.meanwhile.range(cells.clone()).next().is_some()
        };
        self.quiet = !self.groups.values().any(seen);
        for key in keys {
            let presence = self.groups.get(key);
            let count = presence.map_or(0, |p| p.counted.range(cells.clone()).map(|(_, n)| u64::from(*n)).sum::<u64>());
            let answers = window.meanwhile.is_none()
                || presence.is_some_and(|p| {
                    p.meanwhile.range(cells.start..middle).next().is_some()
                        && p.meanwhile.range(middle..cells.end).next().is_some()
                });
            let missing = rule.limits.hold(count as f64) && answers;
            let said = presence.is_some_and(|p| p.silent);
            if missing && !(said && window.calendar.is_rolling()) {
                out.push((key.clone(), firing(presence, (start, end), count)));
            }
            if missing != said {
                self.groups.entry(key.clone()).or_default().silent = missing;
            }
        }
        let declared = |key: &Vec<u8>| keys.contains(key);
        self.groups.retain(|key, p| declared(key) || !p.counted.is_empty() || !p.meanwhile.is_empty());
    }

    fn forget_before(&mut self, window: &DeclaredWindow, start: i64) {
        let first = start.div_euclid(window.calendar.cell_micros());
        for presence in self.groups.values_mut() {
            presence.counted = presence.counted.split_off(&first);
            presence.meanwhile = presence.meanwhile.split_off(&first);
        }
    }

    /// Bytes it takes, about.
    pub(crate) fn weigh(&self) -> usize {
        let cells = |p: &Presence| 160 + 24 * p.counted.len() + 16 * p.meanwhile.len();
        self.groups.iter().map(|(key, presence)| key.len() + cells(presence)).sum()
    }
}

fn firing(presence: Option<&Presence>, (start, end): (i64, i64), count: u64) -> Firing {
    let last = presence.and_then(|p| p.last).unwrap_or((Stamp::default(), SourceId(0), 0));
    let (stamp, source, received) = last;
    let events = if stamp == Stamp::default() { Vec::new() } else { vec![stamp.id()] };
    Firing {
        time: end,
        from: start,
        anchor: [start as u64 as u128, u128::MAX],
        figure: count as f64,
        shown: Shown { first: stamp, last: stamp, count, events, estimated: false },
        clamped: false,
        source,
        received,
    }
}

/// The groups there should be, as keys; none if the tenant has no such set.
fn declared_keys(window: &DeclaredWindow, set: &dyn Fn(&str) -> Option<Vec<Vec<String>>>) -> Option<BTreeSet<Vec<u8>>> {
    let key = |values: &Vec<String>| {
        let mut key = Vec::new();
        values.iter().for_each(|value| group_key::append(&mut key, value));
        key
    };
    Some(match &window.groups {
        DeclaredGroups::Whole => BTreeSet::from([Vec::new()]),
        DeclaredGroups::Listed(groups) => groups.iter().map(key).collect(),
        DeclaredGroups::Set(named) => set(&named.name)?.iter().take(ABSENCE_GROUPS).map(key).collect(),
    })
}
