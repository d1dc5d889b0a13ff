//! The values of one event that its candidates ask for: each field read once, each value folded once, each atom answered
//! once. Used again for the next event without giving memory back.

use crate::fold::push_folded;
use crate::pattern::Subject;
use crate::reading::{Others, View};
use crate::record::{FieldKey, Record, Value, ValueKind};
use crate::sigma::CompiledItem;

/// Bytes of texts that are kept from event to event; what one long event needed beyond is given back.
const KEPT_BYTES: usize = 1024 * 1024;

/// Values and answers of one event.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    round: u32,
    /// By field; the last is that of all values, for keywords.
    fields: Vec<Loaded>,
    values: Vec<Kept>,
    texts: String,
    /// By atom: the round of the answer, doubled, and the answer.
    answers: Vec<u64>,
    work: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Loaded {
    round: u32,
    first: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    kind: ValueKind,
    text: (u32, u32),
    folded: (u32, u32),
}

impl Sheet {
    /// For the next event; `fields` and `atoms` are how many there are.
    pub(crate) fn begin(&mut self, fields: usize, atoms: usize) {
        if self.fields.len() != fields + 1 || self.answers.len() != atoms || self.round == u32::MAX {
            self.fields = vec![Loaded::default(); fields + 1];
            self.answers = vec![0; atoms];
            self.round = 0;
        }
        self.round += 1;
        self.values.clear();
        self.texts.clear();
        if self.texts.capacity() > KEPT_BYTES {
            self.texts = String::new();
        }
        self.work = 0;
    }

    /// Bytes of values that atoms have looked at in this event.
    pub(crate) fn work_bytes(&self) -> u64 {
        self.work
    }

    /// Whether the item holds, which is the atom with this number.
    pub(crate) fn holds(&mut self, atom: u32, item: &CompiledItem, record: &dyn Record, names: &[String]) -> bool {
        let round = u64::from(self.round) << 1;
        match self.answers.get(atom as usize) {
            Some(answer) if answer & !1 == round => return answer & 1 != 0,
            _ => {}
        }
        self.load(item.field, record, names);
        item.tests.iter().filter_map(|test| test.refers_to()).for_each(|other| self.load(Some(other), record, names));
        let values = self.of(item.field);
        let bytes: usize = values.iter().map(|kept| (kept.text.1 - kept.text.0) as usize).sum();
        let times = if item.many.is_some() { 1 } else { item.tests.len() };
        let holds = self.answer(item, values);
        self.work = self.work.saturating_add(bytes as u64 * times as u64);
        if let Some(answer) = self.answers.get_mut(atom as usize) {
            *answer = round | u64::from(holds);
        }
        holds
    }

    fn answer(&self, item: &CompiledItem, values: &[Kept]) -> bool {
        if item.neq {
            let others = item.tests.iter().filter_map(|test| test.refers_to());
            let there = has_value(values) && others.map(|other| self.of(Some(other))).all(has_value);
            return there && !self.any_or_all(item, values);
        }
        self.any_or_all(item, values)
    }

    fn any_or_all(&self, item: &CompiledItem, values: &[Kept]) -> bool {
        if let Some(many) = &item.many {
            return values.iter().any(|kept| many.fits(self.view(kept)));
        }
        let mut tests = item.tests.iter().map(|test| {
            if test.asks_presence() {
                let null = values.iter().any(|kept| kept.kind == ValueKind::Null);
                return test.presence(values.is_empty(), null);
            }
            values.iter().any(|kept| test.fits(self.view(kept), self))
        });
        if item.all { tests.all(|holds| holds) } else { tests.any(|holds| holds) }
    }

    fn of(&self, field: Option<u32>) -> &[Kept] {
        let at = field.map_or(self.fields.len().saturating_sub(1), |field| field as usize);
        let Some(loaded) = self.fields.get(at).filter(|loaded| loaded.round == self.round) else { return &[] };
        self.values.get(loaded.first as usize..(loaded.first + loaded.count) as usize).unwrap_or_default()
    }

    fn view(&self, kept: &Kept) -> View<'_> {
        let text = |(from, to): (u32, u32)| self.texts.get(from as usize..to as usize).unwrap_or_default();
        View { kind: kept.kind, subject: Subject { text: text(kept.text), folded: text(kept.folded) } }
    }

    fn load(&mut self, field: Option<u32>, record: &dyn Record, names: &[String]) {
        let at = field.map_or(self.fields.len().saturating_sub(1), |field| field as usize);
        let Some(loaded) = self.fields.get_mut(at).filter(|loaded| loaded.round != self.round) else { return };
        let first = self.values.len() as u32;
        let (values, texts) = (&mut self.values, &mut self.texts);
        let mut keep = |value: Value<'_>| {
            let from = texts.len();
            texts.push_str(&value.text);
            let end = texts.len();
            let changes = |byte: u8| byte.is_ascii_uppercase() || !byte.is_ascii();
            let folded = if value.text.bytes().any(changes) {
                push_folded(&value.text, texts);
                (end, texts.len())
            } else {
                (from, end)
            };
            let (text, folded) = ((from as u32, end as u32), (folded.0 as u32, folded.1 as u32));
            values.push(Kept { kind: value.kind, text, folded });
        };
        match field {
            Some(number) => {
                let name = names.get(number as usize).map_or("", String::as_str);
                record.each_value(FieldKey { name, number }, &mut keep);
            }
            None => record.each_of_all(&mut keep),
        }
        *loaded = Loaded { round: self.round, first, count: self.values.len() as u32 - first };
    }
}

fn has_value(values: &[Kept]) -> bool {
    values.iter().any(|kept| kept.kind != ValueKind::Null)
}

impl Others for Sheet {
    fn any(&self, field: u32, fits: &mut dyn FnMut(View<'_>) -> bool) -> bool {
        self.of(Some(field)).iter().any(|kept| fits(self.view(kept)))
    }
}
