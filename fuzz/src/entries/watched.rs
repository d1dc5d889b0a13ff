//! What detection looks values up in: files of indicators, SQL statements, definitions and snapshots of baselines.

use std::sync::Arc;
use wardwatch_baseline::{Baselines, Definitions, Observation, Site};
use wardwatch_ident::Timestamp;
use wardwatch_indicator::{Index, Kind, PROBES};
use wardwatch_limits::STATEMENT_TABLES;
use wardwatch_statement::{Dialect, Statement};

const NOW: Timestamp = Timestamp::from_secs(1_780_243_200);

/// A file of indicators: whatever is taken is found again by its own value; any text can be looked up.
pub fn indicators(data: &[u8]) {
    let Ok((index, refused)) = Index::read_csv(&[data]) else { return };
    assert!(index.figures().refused >= refused.len());
    for record in index.records() {
        let valid = record.valid_from().is_none_or(|from| from <= NOW) && record.expires().is_none_or(|end| NOW < end);
        let value = record.value();
        if record.kind() == Kind::Network {
            continue;
        }
        let found = index.lookup(record.kind(), &value, NOW);
        assert!(found.is_some() || !valid, "{record:?}");
    }
    let text = String::from_utf8_lossy(data);
    for line in text.lines().take(50) {
        for (_, probe) in PROBES {
            index.probe(*probe, line, NOW, &mut |record, part| assert!(line.contains(part), "{record:?}"));
        }
    }
}

/// A statement: read in linear time under every dialect, bounded, the same twice.
pub fn statement(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for dialect in [Dialect::Unknown, Dialect::MySql, Dialect::Oracle, Dialect::SqlServer, Dialect::Postgres] {
        let read = Statement::read_as(&text, dialect);
        assert!(read.work <= 3 * text.len() as u64 + 64, "{} looked at for {}", read.work, text.len());
        assert!(read.tables.len() <= STATEMENT_TABLES && read.normal.len() <= 8 * text.len() + 64);
        assert_eq!(read, Statement::read_as(&text, dialect));
    }
}

/// Definitions as text, then a snapshot as bytes behind the first NUL: refused, or restored and usable.
pub fn baselines(data: &[u8]) {
    let at = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let (text, snapshot) = data.split_at(at);
    let Ok(definitions) = Definitions::read(&String::from_utf8_lossy(text)) else { return };
    let definitions = Arc::new(definitions);
    let empty = Baselines::new(Arc::clone(&definitions), Site::china(), [0; 16]);
    let mut whole = empty.snapshot();
    let restored = Baselines::restore(Arc::clone(&definitions), Site::china(), [0; 16], &whole);
    assert_eq!(restored.map(|b| b.snapshot()), Ok(whole.clone()));
    // The head stays, so that the fuzzer reaches what is behind it.
    whole.truncate(13);
    whole.extend_from_slice(snapshot.get(1..).unwrap_or_default());
    let Ok(mut tenant) = Baselines::restore(definitions, Site::china(), [0; 16], &whole) else { return };
    for (n, value) in [(0, "1"), (1, "2"), (20, "3"), (40, "4")] {
        let at = Timestamp::from_secs(1_780_243_200 + n * 86_400);
        let about = Observation {
            definition: 0,
            source: "s",
            entity: "",
            value: None,
            role: Some("r"),
            on_shift: false,
            at,
            received: at,
        };
        tenant.event(about, &|_| Some(value));
        tenant.silent();
    }
}
