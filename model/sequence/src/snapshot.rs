//! State to bytes and back, one piece per tenant and correlation, so that only what changed is written.
//!
//! A piece names the rule's version. A changed rule keeps its state only if kind, group-by and timespan are the same.
//! Bytes that cannot be read give an empty piece and a reason, never a panic.

use crate::codec::{Broken, Reader, Writer};
use crate::compile::{Compiled, Correlations, Mode};
use crate::declared::{Declared, Presence};
use crate::distinct::{Distinct, Pane};
use crate::group::{Ahead, FEW, Group};
use crate::numbers::{Number, Numbers};
use crate::part::{At, Part};
use crate::run::{Entry, Firing, Run};
use crate::state::{Promptness, Settings, State};
use crate::tenant::Tenant;
use crate::window::{Brings, Shown, Stamp, Wide, Window};
use std::collections::VecDeque;
use std::sync::Arc;
use wardwatch_ident::{AlertId, SourceId, TenantId};
use wardwatch_limits::{CORRELATION_SNAPSHOT_BYTES, CORRELATION_TENANTS};

const FORMAT: u8 = 1;

/// A piece of state. Kept under (`tenant`, `correlation`): a newer one replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Whose.
    pub tenant: TenantId,
    /// The correlation's id; none for the tenant's time.
    pub correlation: Option<String>,
    /// What to give back to [`State::restore`].
    pub bytes: Vec<u8>,
}

/// A piece that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRestored {
    /// Whose.
    pub tenant: TenantId,
    /// Of which correlation; none for the tenant's time.
    pub correlation: Option<String>,
    /// Why, and what follows.
    pub reason: String,
}

impl State {
    /// Everything.
    #[must_use]
    pub fn snapshot(&self, rules: &Correlations) -> Vec<Saved> {
        self.tenants.values().flat_map(|tenant| pieces(rules, tenant, |_| true)).collect()
    }

    /// What changed since it was asked last. All pieces kept under their names are together what [`State::snapshot`]
    /// would give.
    pub fn changed(&mut self, rules: &Correlations) -> Vec<Saved> {
        let mut saved = Vec::new();
        for tenant in self.tenants.values_mut() {
            if !tenant.changed && !tenant.parts.iter().any(|part| part.changed) {
                continue;
            }
            saved.extend(pieces(rules, tenant, |part| part.changed));
            tenant.changed = false;
            tenant.parts.iter_mut().for_each(|part| part.changed = false);
        }
        saved
    }

    /// State from the pieces that were kept, in any order, and what could not be taken over.
    #[must_use]
    pub fn restore(settings: Settings, rules: &Correlations, saved: &[Saved]) -> (State, Vec<NotRestored>) {
        let early = settings.promptness == Promptness::Early;
        let mut state = State::new(settings);
        let mut lost = Vec::new();
        let mut not = |piece: &Saved, reason: String| {
            let (tenant, correlation) = (piece.tenant, piece.correlation.clone());
            lost.push(NotRestored { tenant, correlation, reason });
        };
        for piece in saved.iter().filter(|piece| piece.correlation.is_none()) {
            match read_time(piece, rules) {
                Ok(_) if state.tenants.len() >= CORRELATION_TENANTS => not(piece, "too many tenants".to_owned()),
                Ok(tenant) => drop(state.tenants.insert(piece.tenant, tenant)),
                Err(broken) => not(piece, format!("{broken}; the tenant begins anew")),
            }
        }
        for piece in saved {
            let Some(id) = &piece.correlation else { continue };
            let Some(tenant) = state.tenants.get_mut(&piece.tenant) else {
                not(piece, "the tenant's time is missing; the correlation begins anew".to_owned());
                continue;
            };
            let Some(correlation) = rules.rules.iter().position(|rule| rule.about.id == *id) else {
                not(piece, "there is no such correlation any more".to_owned());
                continue;
            };
            let Some(rule) = rules.rules.get(correlation) else { continue };
            let at = At { correlation, rule, tenant: piece.tenant, early };
            match (read_part(at, piece), tenant.parts.get_mut(correlation)) {
                (Ok(part), Some(slot)) => *slot = part,
                (Ok(_), None) => {}
                (Err(broken), _) => not(piece, format!("{broken}; the correlation begins anew")),
            }
        }
        (state, lost)
    }

    /// The same state under other rules: what a reload of rules does.
    #[must_use]
    pub fn under(&self, old: &Correlations, new: &Correlations) -> (State, Vec<NotRestored>) {
        State::restore(self.settings.clone(), new, &self.snapshot(old))
    }
}

fn pieces(rules: &Correlations, tenant: &Tenant, which: impl Fn(&Part) -> bool) -> Vec<Saved> {
    let mut time = Writer::default();
    time.byte(FORMAT);
    [tenant.first, tenant.newest, tenant.watermark].into_iter().for_each(|at| time.signed(at));
    let mut saved = vec![Saved { tenant: tenant.id, correlation: None, bytes: time.bytes }];
    for (rule, part) in rules.rules.iter().zip(&tenant.parts).filter(|(_, part)| which(part)) {
        let bytes = write_part(rule, part);
        saved.push(Saved { tenant: tenant.id, correlation: Some(rule.about.id.clone()), bytes });
    }
    saved
}

fn read_time(piece: &Saved, rules: &Correlations) -> Result<Tenant, Broken> {
    let mut reader = Reader::new(&piece.bytes);
    reader.format(FORMAT)?;
    let mut tenant = Tenant::new(piece.tenant, rules);
    (tenant.first, tenant.newest, tenant.watermark) = (reader.signed()?, reader.signed()?, reader.signed()?);
    // What has no piece came later than the tenant.
    tenant.parts = rules.rules.iter().map(|rule| Part::new(rule, tenant.watermark)).collect();
    Ok(tenant)
}

fn write_part(rule: &Compiled, part: &Part) -> Vec<u8> {
    let mut to = Writer::default();
    to.byte(FORMAT);
    to.text(&rule.about.version);
    to.raw(&rule.shape);
    match &part.declared {
        Some(declared) => {
            to.byte(1);
            write_declared(&mut to, declared);
        }
        None => to.byte(0),
    }
    let groups = part.groups();
    to.count(groups.len());
    for group in groups {
        write_group(&mut to, group);
    }
    to.bytes
}

fn read_part(at: At<'_>, piece: &Saved) -> Result<Part, Broken> {
    if piece.bytes.len() > CORRELATION_SNAPSHOT_BYTES {
        return Err(Broken("it is larger than any that is written"));
    }
    let mut from = Reader::new(&piece.bytes);
    from.format(FORMAT)?;
    let same = from.text()? == at.rule.about.version;
    if from.raw::<16>()? != at.rule.shape {
        return Err(Broken("type, group-by or timespan of the rule changed"));
    }
    let declared = if from.byte()? == 1 { Some(read_declared(&mut from)?) } else { None };
    if declared.is_some() != matches!(at.rule.mode, Mode::Declared(_)) {
        return Err(Broken("type, group-by or timespan of the rule changed"));
    }
    let mut part = Part::default();
    part.declared = declared;
    for _ in 0..from.count()? {
        part.put_back(at.rule, read_group(at, &mut from, same)?);
    }
    Ok(part)
}

fn write_group(to: &mut Writer, group: &Group) {
    to.blob(&group.key);
    to.signed(group.last);
    write_run(to, &group.settled);
    let Some(ahead) = &group.ahead else { return to.byte(0) };
    to.byte(if ahead.stale { 2 } else { 1 });
    to.count(ahead.waiting.len());
    ahead.waiting.iter().for_each(|entry| write_entry(to, entry));
    to.count(ahead.said.len());
    ahead.said.iter().for_each(|(id, _)| to.wide(id.0));
}

fn read_group(at: At<'_>, from: &mut Reader<'_>, same: bool) -> Result<Group, Broken> {
    let key: Arc<[u8]> = Arc::from(from.blob()?);
    let mut group = Group::new(Arc::clone(&key), at.rule);
    group.last = from.signed()?;
    group.settled = read_run(from, at.rule)?;
    let flag = from.byte()?;
    if flag == 0 {
        return Ok(group);
    }
    let mut ahead = Ahead { stale: flag == 2 || !same, ..Ahead::default() };
    for _ in 0..from.count()? {
        ahead.waiting.push_back(read_entry(from)?);
    }
    let mut ids = Vec::new();
    for _ in 0..from.count()? {
        ids.push(AlertId(from.wide()?));
    }
    let early = at.early && matches!(at.rule.mode, Mode::Reached);
    if early {
        let mut tip = group.settled.clone();
        let firings = ahead.waiting.iter().filter_map(|entry| tip.step(at.rule, entry));
        let firings: Vec<(AlertId, Firing)> = firings.map(|firing| (at.name(&key, &firing.anchor), firing)).collect();
        // What was said and is not found again is taken back when it is certain.
        ahead.stale |= firings.len() != ids.len() || !firings.iter().all(|(id, _)| ids.contains(id));
        ahead.said = firings;
        ahead.tip = (ahead.waiting.len() > FEW).then(|| Box::new(tip));
    }
    if !early || ahead.stale {
        ahead.said = ids.into_iter().map(|id| (id, nothing())).collect();
    }
    group.ahead = Some(Box::new(ahead));
    Ok(group)
}

/// Stands in for a firing of which only the name matters.
fn nothing() -> Firing {
    Firing {
        time: 0,
        from: 0,
        anchor: [0; 2],
        figure: 0.0,
        shown: Shown::default(),
        clamped: false,
        source: SourceId(0),
        received: 0,
    }
}

fn write_run(to: &mut Writer, run: &Run) {
    [run.opened, run.said_at, run.clamped_at].into_iter().for_each(|at| to.maybe(at));
    to.byte(u8::from(run.holding));
    to.stamp(run.last.0);
    to.wide(run.last.1.get());
    to.wide(run.source.get());
    to.signed(run.received);
    match &run.window {
        Window::Ring { items, own } => {
            to.byte(0);
            to.stamps(items.iter().copied());
            to.byte(u8::from(own.is_some()));
            if let Some(own) = own {
                to.stamp(own.0);
                to.unsigned(own.1);
            }
        }
        Window::Distinct(distinct) => {
            to.byte(1);
            to.signed(distinct.cut_until);
            to.count(distinct.current().count());
            for (stamp, hash) in distinct.current() {
                to.stamp(stamp);
                to.wide(hash.get());
            }
            to.count(distinct.panes.len());
            for pane in &distinct.panes {
                to.signed(pane.number);
                to.blob(&pane.registers);
            }
        }
        Window::Seen(seen) => {
            to.byte(2);
            to.count(seen.len());
            for stamp in seen {
                to.byte(u8::from(stamp.is_some()));
                stamp.iter().for_each(|stamp| to.stamp(*stamp));
            }
        }
        Window::Chain(chains) => {
            to.byte(3);
            to.count(chains.len());
            chains.iter().for_each(|chain| to.stamps(chain.iter().copied()));
        }
        Window::Numbers(numbers) => {
            to.byte(4);
            to.signed(numbers.cut_until);
            to.count(numbers.items.len());
            for (stamp, number) in &numbers.items {
                to.stamp(*stamp);
                write_number(to, *number);
            }
        }
    }
}

fn read_run(from: &mut Reader<'_>, rule: &Compiled) -> Result<Run, Broken> {
    let mut run = Run::new(rule);
    (run.opened, run.said_at, run.clamped_at) = (from.maybe()?, from.maybe()?, from.maybe()?);
    run.holding = from.byte()? == 1;
    run.last = (from.stamp()?, Wide::new(from.wide()?));
    run.source = Wide::new(from.wide()?);
    run.received = from.signed()?;
    let tag = from.byte()?;
    run.window = match (tag, &run.window) {
        (0, Window::Ring { .. }) => {
            let items = from.stamps()?.into();
            let own = if from.byte()? == 1 { Some(Box::new((from.stamp()?, from.unsigned()?))) } else { None };
            Window::Ring { items, own }
        }
        (1, Window::Distinct(_)) => Window::Distinct(Box::new(read_distinct(from)?)),
        (2, Window::Seen(slots)) => {
            let mut seen = Vec::new();
            for _ in 0..from.count()? {
                seen.push(if from.byte()? == 1 { Some(from.stamp()?) } else { None });
            }
            if seen.len() != slots.len() {
                return Err(Broken("it is of a rule with other rules"));
            }
            Window::Seen(seen)
        }
        (3, Window::Chain(slots)) => {
            let mut chains = Vec::new();
            for _ in 0..from.count()? {
                chains.push(from.stamps()?);
            }
            if chains.len() != slots.len() {
                return Err(Broken("it is of a rule with other rules"));
            }
            Window::Chain(chains)
        }
        (4, Window::Numbers(_)) => {
            let cut_until = from.signed()?;
            let mut items = Vec::new();
            for _ in 0..from.count()? {
                items.push((from.stamp()?, read_number(from)?));
            }
            Window::Numbers(Box::new(Numbers::of(items, cut_until, rule.kind)))
        }
        _ => return Err(Broken("it is of a rule of another type")),
    };
    Ok(run)
}

fn read_distinct(from: &mut Reader<'_>) -> Result<Distinct, Broken> {
    let cut_until = from.signed()?;
    let mut values = Vec::new();
    for _ in 0..from.count()? {
        values.push((from.stamp()?, Wide::new(from.wide()?)));
    }
    let mut panes = VecDeque::new();
    for _ in 0..from.count()? {
        panes.push_back(Pane { number: from.signed()?, registers: from.blob()?.to_vec() });
    }
    Ok(Distinct::of(values, cut_until, panes))
}

fn write_number(to: &mut Writer, number: Number) {
    match number {
        Number::Integer(integer) => {
            to.byte(0);
            to.wide(integer.get());
        }
        Number::Float(float) => {
            to.byte(1);
            to.raw(&float.to_bits().to_le_bytes());
        }
    }
}

fn read_number(from: &mut Reader<'_>) -> Result<Number, Broken> {
    match from.byte()? {
        0 => Number::whole(from.wide()? as i128).ok_or(Broken("a number is out of bounds")),
        _ => Ok(Number::Float(f64::from_bits(u64::from_le_bytes(from.raw()?)))),
    }
}

fn write_entry(to: &mut Writer, entry: &Entry) {
    to.stamp(entry.stamp);
    to.byte(entry.reference);
    to.byte(u8::from(entry.clamped) | (u8::from(entry.origin != Wide::ZERO) << 1));
    if entry.origin != Wide::ZERO {
        to.wide(entry.origin.get());
    }
    to.wide(entry.source.get());
    to.signed(entry.received);
    match entry.brings {
        Brings::Nothing => to.byte(0),
        Brings::Value(hash) => {
            to.byte(1);
            to.wide(hash.get());
        }
        Brings::Number(number) => {
            to.byte(2);
            write_number(to, number);
        }
    }
}

fn read_entry(from: &mut Reader<'_>) -> Result<Entry, Broken> {
    let stamp: Stamp = from.stamp()?;
    let reference = from.byte()?;
    let flags = from.byte()?;
    let origin = if flags & 2 == 2 { Wide::new(from.wide()?) } else { Wide::ZERO };
    let source = Wide::new(from.wide()?);
    let received = from.signed()?;
    let brings = match from.byte()? {
        0 => Brings::Nothing,
        1 => Brings::Value(Wide::new(from.wide()?)),
        _ => Brings::Number(read_number(from)?),
    };
    Ok(Entry { stamp, origin, reference, clamped: flags & 1 == 1, brings, source, received })
}

fn write_declared(to: &mut Writer, declared: &Declared) {
    to.signed(declared.created);
    to.signed(declared.since);
    to.maybe(declared.looked_until);
    to.byte(u8::from(declared.quiet));
    let mut groups: Vec<_> = declared.groups.iter().collect();
    groups.sort_unstable_by_key(|(key, _)| *key);
    to.count(groups.len());
    for (key, presence) in groups {
        to.blob(key);
        to.byte(u8::from(presence.silent) | (u8::from(presence.last.is_some()) << 1));
        if let Some((stamp, source, received)) = &presence.last {
            to.stamp(*stamp);
            to.wide(source.0);
            to.signed(*received);
        }
        to.count(presence.counted.len());
        for (cell, count) in &presence.counted {
            to.signed(*cell);
            to.unsigned(u64::from(*count));
        }
        to.count(presence.meanwhile.len());
        presence.meanwhile.iter().for_each(|cell| to.signed(*cell));
    }
}

fn read_declared(from: &mut Reader<'_>) -> Result<Declared, Broken> {
    let mut declared =
        Declared { created: from.signed()?, since: from.signed()?, looked_until: from.maybe()?, ..Declared::default() };
    declared.quiet = from.byte()? == 1;
    for _ in 0..from.count()? {
        let key = from.blob()?.to_vec();
        let flags = from.byte()?;
        let mut presence = Presence { silent: flags & 1 == 1, ..Presence::default() };
        if flags & 2 == 2 {
            presence.last = Some((from.stamp()?, SourceId(from.wide()?), from.signed()?));
        }
        for _ in 0..from.count()? {
            let cell = from.signed()?;
            presence.counted.insert(cell, u32::try_from(from.unsigned()?).unwrap_or(u32::MAX));
        }
        for _ in 0..from.count()? {
            presence.meanwhile.insert(from.signed()?);
        }
        declared.groups.insert(key, presence);
    }
    Ok(declared)
}
