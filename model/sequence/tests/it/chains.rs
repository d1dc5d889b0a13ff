//! Correlations over correlations, and which rules still speak for themselves.

use crate::world::{all, batch, cases, seconds};

const MANY: (&str, &str) =
    ("many", "type: event_count\nrules: [a]\ngroup-by: [user, host]\ntimespan: 5m\ncondition: {gte: 3}");

#[test]
fn brute_force_then_success() {
    let then = ("then", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [user]\ntimespan: 1h");
    let rules = all(&[MANY, then]);
    let table = [(0, 0, "user=u host=h"), (1, 0, "user=u host=h"), (2, 0, "user=u host=h"), (600, 1, "user=U")];
    let fired = batch(&rules, &cases(&table));
    assert_eq!((seconds(&fired), fired[0].correlation), (vec![600], 1));
    assert_eq!(fired[0].group, [("user".to_owned(), "u".to_owned())]);
    // The success alone, or before, is none.
    assert_eq!(batch(&rules, &cases(&table[1..])), []);
    assert_eq!(
        batch(
            &rules,
            &cases(&[(0, 1, "user=u"), (5, 0, "user=u host=h"), (6, 0, "user=u host=h"), (7, 0, "user=u host=h")])
        ),
        []
    );
}

#[test]
fn who_speaks_is_said_by_generate() {
    let quiet = ("then", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [user]\ntimespan: 1h");
    let loud = ("then", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [user]\ntimespan: 1h\ngenerate: true");
    let table = [(0, 0, "user=u host=h"), (1, 0, "user=u host=h"), (2, 0, "user=u host=h"), (600, 1, "user=u")];
    let rules = all(&[MANY, quiet]);
    assert_eq!(seconds(&batch(&rules, &cases(&table))), [600]);
    assert_eq!([0, 1, 2].map(|rule| rules.silences(rule)), [true, true, false]);
    assert_eq!([0, 1, 2].map(|rule| rules.looks_at(rule)), [true, true, false]);
    let rules = all(&[MANY, loud]);
    assert_eq!(seconds(&batch(&rules, &cases(&table))), [2, 600]);
    assert_eq!([0, 1].map(|rule| rules.silences(rule)), [true, false]);
}

#[test]
fn hosts_are_counted_that_each_had_many() {
    let hosts =
        ("hosts", "type: value_count\nrules: [many]\ngroup-by: [user]\ntimespan: 1h\ncondition: {field: host, gte: 2}");
    let mut table = Vec::new();
    for (host, at) in [("h1", 0), ("h2", 100), ("h1", 200)] {
        let fields: &'static str = if host == "h1" { "user=u host=h1" } else { "user=u host=h2" };
        table.extend((at..at + 3).map(|at| (at, 0, fields)));
    }
    assert_eq!(seconds(&batch(&all(&[MANY, hosts]), &cases(&table))), [102]);
}

#[test]
fn order_of_documents_does_not_matter() {
    let then = ("then", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [user]\ntimespan: 1h");
    let table = [(0, 0, "user=u host=h"), (1, 0, "user=u host=h"), (2, 0, "user=u host=h"), (600, 1, "user=u")];
    let ids =
        |documents: &[(&str, &str)]| batch(&all(documents), &cases(&table)).iter().map(|f| f.id).collect::<Vec<_>>();
    assert_eq!(ids(&[MANY, then]), ids(&[then, MANY]));
}
