//! What the tests share: documents from short texts, hits from short tables, and what is left of what was said.

use std::collections::BTreeMap;
use wardwatch_ident::{AlertId, EventId, SourceId, TenantId, Timestamp};
use wardwatch_predicate::sigma::{About, Deferred, Document, read_rules};
use wardwatch_sequence::{Correlations, FieldName, Fired, Hit, HitFields, NoSets, NotLoaded, RuleNames, Said, State};

pub const SECOND: i64 = 1_000_000;
pub const TENANT: TenantId = TenantId(7);

/// Rules over single events: a, b, c and d are 0 to 3.
pub fn names() -> RuleNames {
    let mut names = RuleNames::default();
    for (number, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let about = About { id: format!("id-{name}"), name: Some(name.to_owned()), ..About::default() };
        names.add(number as u32, &about);
    }
    names
}

/// A document with what stands under `correlation`.
pub fn document(name: &str, inner: &str) -> Deferred {
    let text =
        format!("title: T {name}\nname: {name}\nid: id-{name}\ncorrelation:\n  {}\n", inner.replace('\n', "\n  "));
    match read_rules(text.as_bytes()).remove(0) {
        Ok(Document::Correlation(deferred)) => *deferred,
        other => panic!("{text}\n{other:?}"),
    }
}

pub fn compile(documents: &[(&str, &str)]) -> (Correlations, Vec<NotLoaded>) {
    let documents: Vec<Deferred> = documents.iter().map(|(name, inner)| document(name, inner)).collect();
    Correlations::compile(&documents, &names())
}

/// One correlation that loads.
pub fn one(inner: &str) -> Correlations {
    all(&[("x", inner)])
}

pub fn all(documents: &[(&str, &str)]) -> Correlations {
    let (rules, refused) = compile(documents);
    assert_eq!(refused, []);
    rules
}

/// Names and values.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields(pub Vec<(String, String)>);

impl HitFields for Fields {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        self.0.iter().filter(|(name, _)| name == field.name).for_each(|(_, value)| take(value));
    }
}

/// A hit that owns what it says. Times are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub time: i64,
    pub id: u128,
    pub rule: u32,
    pub fields: Fields,
}

/// Seconds, rule and `name=value` pairs; ids count up from 1.
pub fn cases(table: &[(i64, u32, &str)]) -> Vec<Case> {
    let case = |(n, (seconds, rule, fields)): (usize, &(i64, u32, &str))| Case {
        time: seconds * SECOND,
        id: n as u128 + 1,
        rule: *rule,
        fields: fields_of(fields),
    };
    table.iter().enumerate().map(case).collect()
}

pub fn fields_of(text: &str) -> Fields {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    Fields(text.split_whitespace().filter_map(pair).collect())
}

impl Case {
    pub fn hit(&self) -> Hit<'_> {
        Hit {
            tenant: TENANT,
            source: SourceId(3),
            rule: self.rule,
            event: EventId(self.id),
            time: Timestamp(self.time),
            received: Timestamp(self.time),
            fields: &self.fields,
        }
    }
}

/// What a batch says: in order of time.
pub fn batch(rules: &Correlations, cases: &[Case]) -> Vec<Fired> {
    let hits: Vec<Hit<'_>> = cases.iter().map(Case::hit).collect();
    wardwatch_sequence::correlate(rules, &hits, &NoSets, &mut State::for_batch())
}

/// When alerts are, in seconds.
pub fn seconds(fired: &[Fired]) -> Vec<i64> {
    fired.iter().map(|fired| fired.time.as_micros() / SECOND).collect()
}

/// What a reader of the alert book sees in the end.
#[derive(Default)]
pub struct Book(pub BTreeMap<AlertId, (Fired, bool)>);

impl Book {
    pub fn keep(&mut self, said: Vec<Said>) {
        for said in said {
            match said {
                Said::Early(fired) => drop(self.0.insert(fired.id, (fired, false))),
                Said::Settled(fired) => drop(self.0.insert(fired.id, (fired, true))),
                Said::Withdrawn { id, .. } => drop(self.0.remove(&id)),
                Said::Forgotten { .. } => {}
            }
        }
    }

    /// All of it, in order of time; everything must be certain.
    pub fn certain(self) -> Vec<Fired> {
        assert!(self.0.values().all(|(_, certain)| *certain), "an early alert was neither settled nor withdrawn");
        let mut fired: Vec<Fired> = self.0.into_values().map(|(fired, _)| fired).collect();
        fired.sort_by_key(|fired| (fired.time, fired.id));
        fired
    }
}
