//! The rule of one group, event by event in order of time: what is in the window, whether the condition holds, and when
//! it is said.

use crate::compile::{Compiled, Mode};
use crate::window::{Brings, Shown, Stamp, Wide, Window};
use std::cmp::Ordering;
use wardwatch_ident::SourceId;
use wardwatch_predicate::sigma::CorrelationKind;

/// A hit as a group keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub stamp: Stamp,
    /// The alert of another correlation that this is; 0 for an event.
    pub origin: Wide,
    pub reference: u8,
    /// Its own stamp lay too far ahead.
    pub clamped: bool,
    pub brings: Brings,
    pub source: Wide,
    pub received: i64,
}

impl Entry {
    /// By time; at one instant in the order of reception, then as the rules are named.
    pub(crate) fn order(&self, other: &Entry) -> Ordering {
        let key = |entry: &Entry| (entry.stamp, entry.reference, entry.origin);
        key(self).cmp(&key(other)).then_with(|| self.brings.partial_cmp(&other.brings).unwrap_or(Ordering::Equal))
    }
}

/// Where a group stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub window: Window,
    /// When the window was opened that is looked at when it ends; none if none is open.
    pub opened: Option<i64>,
    /// When it was said last.
    pub said_at: Option<i64>,
    /// The condition held at the last event.
    pub holding: bool,
    /// Up to when an event with a stamp that was not believed is in the window.
    pub clamped_at: Option<i64>,
    /// The last event that was counted, so that one that several rules found counts once.
    pub last: (Stamp, Wide),
    pub source: Wide,
    pub received: i64,
}

/// The condition came true.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Firing {
    /// Event time of the event that made it true; the end of the window where it is looked at then.
    pub time: i64,
    /// When the window begins.
    pub from: i64,
    /// What names the window: the same whatever order the events came in.
    pub anchor: [u128; 2],
    pub figure: f64,
    pub shown: Shown,
    pub clamped: bool,
    pub source: SourceId,
    pub received: i64,
}

impl Run {
    pub(crate) fn new(rule: &Compiled) -> Run {
        Run {
            window: Window::new(rule),
            opened: None,
            said_at: None,
            holding: false,
            clamped_at: None,
            last: (Stamp::default(), Wide::ZERO),
            source: Wide::ZERO,
            received: 0,
        }
    }

    /// Takes one event; says whether the condition came true with it, or with the end of the window before it.
    pub(crate) fn step(&mut self, rule: &Compiled, entry: &Entry) -> Option<Firing> {
        let ended = self.close(rule, entry.stamp.time);
        let start = entry.stamp.time.saturating_sub(rule.span_micros);
        if matches!(rule.mode, Mode::Reached) {
            self.window.evict(start);
        } else {
            self.opened.get_or_insert(entry.stamp.time);
        }
        let key = (entry.stamp, entry.origin);
        if rule.kind == CorrelationKind::EventCount && self.last == key {
            return ended;
        }
        self.last = key;
        if entry.clamped {
            self.clamped_at = Some(entry.stamp.time);
        }
        (self.source, self.received) = (entry.source, entry.received);
        self.window.push(rule, entry.stamp, usize::from(entry.reference), entry.brings);
        if !matches!(rule.mode, Mode::Reached) {
            return ended;
        }
        let figure = self.window.figure(rule, entry.stamp.time).filter(|figure| rule.limits.hold(*figure));
        let Some(figure) = figure else {
            self.holding = false;
            return None;
        };
        let again = self.said_at.is_none_or(|at| entry.stamp.time.saturating_sub(at) >= rule.span_micros);
        if self.holding && !again {
            return None;
        }
        self.holding = true;
        self.said_at = Some(entry.stamp.time);
        Some(self.firing(rule, entry.stamp.time, entry.stamp.time, figure))
    }

    /// Ends the open window if it has ended by `now`.
    pub(crate) fn close(&mut self, rule: &Compiled, now: i64) -> Option<Firing> {
        let end = self.opened?.saturating_add(rule.span_micros);
        if now < end {
            return None;
        }
        let figure = self.window.figure(rule, end.saturating_sub(1)).filter(|figure| rule.limits.hold(*figure));
        let firing = figure.map(|figure| self.firing(rule, end, end.saturating_sub(1), figure));
        *self = Run { last: self.last, ..Run::new(rule) };
        firing
    }

    fn firing(&self, rule: &Compiled, time: i64, window_end: i64, figure: f64) -> Firing {
        let shown = self.window.shown(rule, window_end);
        // What has only events leave and come begins anew with another first event. A mean can fall and rise over the
        // same first event, so that the last one belongs to its name, too.
        let by_last = !rule.kind.counts() && matches!(rule.mode, Mode::Reached);
        let anchor = [shown.first.id(), if by_last { shown.last.id() } else { 0 }];
        let start = window_end.saturating_sub(rule.span_micros);
        Firing {
            time,
            from: start,
            anchor,
            figure,
            clamped: self.clamped_at.is_some_and(|at| at > start),
            source: SourceId(self.source.get()),
            received: self.received,
            shown,
        }
    }
}
