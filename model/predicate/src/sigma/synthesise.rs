//! An event that must make a rule hold, out of the rule's own condition: its canary.
//!
//! Alternatives are chosen by [`Dice`], values are made for what must hold, and the plain evaluation says whether they
//! do: nothing is called a canary that the oracle does not confirm. What stands under a `not` is left absent where that
//! is enough. Knows no route and no format of events: the caller says which values it can give to certain fields.

use super::compile::{CompiledBody, CompiledItem, CompiledRule};
use super::condition::Condition;
use super::dice::Dice;
use super::sample::{Sampled, filler, merged, samples};
use super::test::Test;
use crate::reading::{Held, Others, Reading, View};
use crate::record::{FieldKey, Record, Value, ValueKind};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use wardwatch_limits::CANARY_TRIES;

/// The texts that certain fields can have at all, by the field's number: what the route of the event says.
pub type Givable = BTreeMap<u32, Vec<String>>;

/// Values that make a rule hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Synthesis {
    /// By the field's number; several values are an array.
    pub fields: BTreeMap<u32, Vec<(ValueKind, String)>>,
    /// Texts that may stand in any field.
    pub keywords: Vec<String>,
    /// Which attempt this was: ask again from the next one on for another.
    pub attempt: u32,
}

/// Why there is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unmade {
    /// The field cannot have such a value in the events of this route.
    #[error("no event of this route has such a `{0}`")]
    NotGivable(String),
    /// No value was found that fits all that is asked of the field.
    #[error("no value was found that fits all that is asked of `{0}`")]
    NoValue(String),
    /// What is excluded held for each event that was made.
    #[error("each event that was made falls under what the rule excludes, or its items contradict each other")]
    Excluded,
}

impl CompiledRule {
    /// Values that make the rule hold by the plain evaluation, of the attempts from `from` on. `names` are the rule
    /// set's fields.
    ///
    /// # Errors
    /// Why none was found within `CANARY_TRIES` attempts.
    pub fn synthesise(&self, names: &[String], givable: &Givable, from: u32) -> Result<Synthesis, Unmade> {
        let mut why = Unmade::Excluded;
        for attempt in from..CANARY_TRIES {
            let mut maker = Maker { rule: self, names, givable, dice: Dice::of(attempt), wishes: Wishes::default() };
            maker.want(&self.condition, true);
            match maker.make() {
                Ok(made) => {
                    let made = Synthesis { attempt, ..made };
                    if self.matches(&Reading::new(names, &made)) {
                        return Ok(made);
                    }
                }
                Err(unmade) => why = unmade,
            }
        }
        Err(why)
    }
}

/// The event that the values are.
impl Record for Synthesis {
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
        out.extend(self.fields.get(&field.number).into_iter().flatten().map(value_of));
    }

    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>) {
        let texts =
            self.fields.values().flatten().filter(|(kind, _)| matches!(kind, ValueKind::Str | ValueKind::Number));
        out.extend(texts.map(value_of));
        out.extend(self.keywords.iter().map(|text| Value::text(text)));
    }
}

fn value_of((kind, text): &(ValueKind, String)) -> Value<'_> {
    Value { kind: *kind, text: Cow::Borrowed(text), span: None }
}

/// What must be so.
#[derive(Default)]
struct Wishes<'r> {
    /// Tests that a value must fit.
    fits: BTreeMap<u32, Vec<&'r Test>>,
    /// Items no test of which may fit, for a field that has a value.
    differs: BTreeMap<u32, Vec<&'r CompiledItem>>,
    /// There must be a value.
    present: BTreeSet<u32>,
    absent: BTreeSet<u32>,
    keywords: Vec<&'r Test>,
}

struct Maker<'r> {
    rule: &'r CompiledRule,
    names: &'r [String],
    givable: &'r Givable,
    dice: Dice,
    wishes: Wishes<'r>,
}

impl<'r> Maker<'r> {
    fn want(&mut self, condition: &'r Condition, holds: bool) {
        match (condition, holds) {
            (Condition::Not(inner), _) => self.want(inner, !holds),
            (Condition::And(inner), true) | (Condition::Or(inner), false) => {
                inner.iter().for_each(|inner| self.want(inner, holds));
            }
            (Condition::Or(inner), true) | (Condition::And(inner), false) => {
                let picked = self.dice.pick(inner.len());
                inner.get(picked).into_iter().for_each(|inner| self.want(inner, holds));
            }
            (Condition::Selection(number), _) => self.selection(*number, holds),
            (Condition::Of { least, of, .. }, true) => {
                let first = self.dice.pick(of.len());
                of.iter().cycle().skip(first).take((*least).min(of.len())).for_each(|n| self.selection(*n, true));
            }
            (Condition::Of { of, .. }, false) => of.iter().for_each(|number| self.selection(*number, false)),
        }
    }

    fn selection(&mut self, number: usize, holds: bool) {
        let rule = self.rule;
        rule.selections.get(number).into_iter().for_each(|selection| self.body(&selection.body, holds));
    }

    fn body(&mut self, body: &'r CompiledBody, holds: bool) {
        match (body, holds) {
            (CompiledBody::All(items), true) => items.iter().for_each(|item| self.item(item, true)),
            (CompiledBody::All(items), false) => {
                let picked = self.dice.pick(items.len());
                items.get(picked).into_iter().for_each(|item| self.item(item, false));
            }
            (CompiledBody::Any(bodies), true) => {
                let picked = self.dice.pick(bodies.len());
                bodies.get(picked).into_iter().for_each(|body| self.body(body, true));
            }
            (CompiledBody::Any(bodies), false) => bodies.iter().for_each(|body| self.body(body, false)),
            (CompiledBody::Item(item), _) => self.item(item, holds),
        }
    }

    fn item(&mut self, item: &'r CompiledItem, holds: bool) {
        let Some(field) = item.field else {
            if holds {
                let chosen = self.chosen(item, None);
                self.wishes.keywords.extend(chosen);
            }
            return;
        };
        match (holds, item.neq) {
            (true, true) => self.wishes.differs.entry(field).or_default().push(item),
            (true, false) => {
                for test in self.chosen(item, self.givable.get(&field)) {
                    self.test(field, test);
                }
            }
            // Absent is enough, but for what holds by absence.
            (false, false) if item.tests.iter().any(Test::holds_when_missing) => {
                self.wishes.present.insert(field);
            }
            (false, false) if item.tests.iter().any(|test| matches!(test, Test::Exists(true))) => {
                self.wishes.absent.insert(field);
            }
            (false, _) => {}
        }
    }

    /// The tests of an item that are to hold: all of them, or one that the field's values can fit.
    fn chosen(&mut self, item: &'r CompiledItem, givable: Option<&Vec<String>>) -> Vec<&'r Test> {
        if item.all {
            return item.tests.iter().collect();
        }
        let can = |test: &&Test| givable.is_none_or(|texts| texts.iter().any(|text| fits_text(test, text)));
        let able: Vec<&Test> = item.tests.iter().filter(can).collect();
        let among = if able.is_empty() { item.tests.iter().collect() } else { able };
        self.dice.one_of(&among).copied().into_iter().collect()
    }

    fn test(&mut self, field: u32, test: &'r Test) {
        match test {
            Test::AnyOf(spellings) => {
                let picked = self.dice.pick(spellings.len());
                spellings.get(picked).into_iter().for_each(|test| self.test(field, test));
            }
            Test::Null | Test::Exists(false) => drop(self.wishes.absent.insert(field)),
            Test::Exists(true) => drop(self.wishes.present.insert(field)),
            test => self.wishes.fits.entry(field).or_default().push(test),
        }
    }

    fn make(mut self) -> Result<Synthesis, Unmade> {
        let wishes = std::mem::take(&mut self.wishes);
        let mut made = Synthesis::default();
        let concerned = wishes.fits.keys().chain(wishes.differs.keys()).chain(&wishes.present);
        for field in concerned.copied().collect::<BTreeSet<u32>>() {
            if !wishes.absent.contains(&field) {
                let values = self.values(field, &wishes)?;
                made.fields.insert(field, values);
            }
        }
        self.refer(&wishes, &mut made);
        for test in &wishes.keywords {
            let sampled = samples(test, &mut self.dice);
            let text = sampled.into_iter().find(|(_, text)| fits_text(test, text));
            made.keywords.push(text.ok_or_else(|| Unmade::NoValue("keywords".to_owned()))?.1);
        }
        Ok(made)
    }

    /// The values of one field: one that fits everything where there is one, else one for each test.
    fn values(&mut self, field: u32, wishes: &Wishes<'r>) -> Result<Vec<Sampled>, Unmade> {
        let none = Vec::new();
        let tests: Vec<&Test> = wishes.fits.get(&field).unwrap_or(&none).iter().copied().filter(own).collect();
        let differs = wishes.differs.get(&field).map_or(&[][..], Vec::as_slice);
        if tests.is_empty() && differs.is_empty() && !wishes.present.contains(&field) {
            return Ok(Vec::new());
        }
        let differ = |value: &Sampled| differs.iter().all(|item| item.tests.iter().all(|test| !fits(test, value)));
        let fit = |value: &Sampled| tests.iter().all(|test| fits(test, value)) && differ(value);
        let name = || self.names.get(field as usize).cloned().unwrap_or_default();
        if let Some(texts) = self.givable.get(&field) {
            let able: Vec<Sampled> = texts.iter().map(|text| kinded(text)).filter(fit).collect();
            return self.dice.one_of(&able).map(|value| vec![value.clone()]).ok_or_else(|| Unmade::NotGivable(name()));
        }
        let each: Vec<Vec<Sampled>> = tests.iter().map(|test| samples(test, &mut self.dice)).collect();
        let mut candidates: Vec<Sampled> = Vec::new();
        if tests.len() > 1 {
            candidates.extend(merged(&tests, &mut self.dice).map(|text| (ValueKind::Str, text)));
        }
        candidates.extend(each.iter().flatten().cloned());
        if tests.is_empty() {
            candidates = filler(&mut self.dice);
        }
        let first = self.dice.pick(candidates.len());
        candidates.rotate_left(first);
        if let Some(value) = candidates.into_iter().find(fit) {
            return Ok(vec![value]);
        }
        let name = || self.names.get(field as usize).cloned().unwrap_or_default();
        let one = |(test, sampled): (&&Test, Vec<Sampled>)| {
            sampled.into_iter().find(|value| fits(test, value) && differ(value)).ok_or_else(|| Unmade::NoValue(name()))
        };
        let several = tests.iter().zip(each).map(one).collect::<Result<Vec<_>, _>>()?;
        if several.is_empty() { Err(Unmade::NoValue(name())) } else { Ok(several) }
    }

    /// Comparisons with other fields, once those have their values.
    fn refer(&self, wishes: &Wishes<'r>, made: &mut Synthesis) {
        let first = |made: &Synthesis, field: u32| made.fields.get(&field).and_then(|values| values.first()).cloned();
        for (field, tests) in &wishes.fits {
            for other in tests.iter().filter_map(|test| test.refers_to()) {
                let value = first(made, other).or_else(|| first(made, *field));
                let value = value.unwrap_or_else(|| (ValueKind::Str, "canary".to_owned()));
                for place in [*field, other] {
                    let values = made.fields.entry(place).or_default();
                    if !values.contains(&value) {
                        values.push(value.clone());
                    }
                }
            }
        }
        for items in wishes.differs.values() {
            for other in items.iter().flat_map(|item| &item.tests).filter_map(Test::refers_to) {
                made.fields.entry(other).or_insert_with(|| vec![(ValueKind::Str, "another".to_owned())]);
            }
        }
    }
}

/// Tests that a value answers by itself.
fn own(test: &&Test) -> bool {
    test.refers_to().is_none()
}

/// No other field is known.
struct Alone;

impl Others for Alone {
    fn any(&self, _: u32, _: &mut dyn FnMut(View<'_>) -> bool) -> bool {
        false
    }
}

fn fits(test: &Test, value: &Sampled) -> bool {
    test.fits(Held::new(value_of(value)).view(), &Alone)
}

fn fits_text(test: &Test, text: &str) -> bool {
    fits(test, &kinded(text))
}

/// A text as an event would have it.
fn kinded(text: &str) -> Sampled {
    let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (if number { ValueKind::Number } else { ValueKind::Str }, text.to_owned())
}
