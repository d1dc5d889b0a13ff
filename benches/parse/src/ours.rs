//! Our side: lines as the journal hands them over, parsed, every typed column into vectors that are kept.

use crate::clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use wardwatch_event::{ColumnValue, EventBatch, LineBatch, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp, Zone};
use wardwatch_pack::Pack;
use wardwatch_parse::{SourceSettings, parse};
use wardwatch_schema::{COLUMNS, ColumnId};

/// Lines of a batch: about a megabyte, as intake hands on.
pub const BATCH: usize = 2_000;

/// A pack, lines, and room for their columns.
pub struct Ours {
    pack: Arc<Pack>,
    settings: SourceSettings,
    batches: Vec<LineBatch>,
    sink: Sink,
}

/// One vector for each column, as a writer of columns keeps them: row numbers, and either numbers or texts.
#[derive(Default)]
struct Vector {
    rows: Vec<u32>,
    numbers: Vec<i64>,
    ends: Vec<u32>,
    text: String,
}

struct Sink {
    columns: Vec<Vector>,
    times: Vec<i64>,
    data: Vector,
    unmapped: String,
}

impl Vector {
    fn clear(&mut self) {
        self.rows.clear();
        self.numbers.clear();
        self.ends.clear();
        self.text.clear();
    }

    fn push_text(&mut self, row: u32, text: &str) {
        self.rows.push(row);
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }
}

impl Sink {
    fn new() -> Self {
        let columns = COLUMNS.iter().map(|_| Vector::default()).collect();
        Self { columns, times: Vec::new(), data: Vector::default(), unmapped: String::new() }
    }

    fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vector::clear);
        self.times.clear();
        self.data.clear();
        self.unmapped.clear();
    }
}

fn push(columns: &mut [Vector], row: u32, column: ColumnId, value: ColumnValue<'_>) {
    let vector = &mut columns[usize::from(column.0)];
    match value {
        ColumnValue::Text(text) => vector.push_text(row, &text),
        ColumnValue::Int(number) => {
            vector.rows.push(row);
            vector.numbers.push(number);
        }
    }
}

impl Ours {
    /// Lines received when the formats say they were written.
    pub fn new(pack: Arc<Pack>, lines: &[Vec<u8>]) -> Self {
        let at = Timestamp::parse_rfc3339("2026-11-25T02:30:00Z").expect("a time");
        Self::at(pack, lines, at, Zone::china())
    }

    /// Lines received at a time, of a source in a zone.
    pub fn at(pack: Arc<Pack>, lines: &[Vec<u8>], at: Timestamp, zone: Zone) -> Self {
        let tenant = TenantId::from_slug("bench");
        let source = SourceId::from_slug(tenant, "bench");
        let batch = |lines: &[Vec<u8>]| LineBatch {
            received: Received::of_lines(tenant, source, at, lines),
            first: EventId::new(at, NodeId(0), 1),
        };
        let settings = SourceSettings { zone, ..SourceSettings::default() };
        Self { pack, settings, batches: lines.chunks(BATCH).map(batch).collect(), sink: Sink::new() }
    }

    /// CPU seconds of one pass. `data`: structured data is handed on too, parameter by parameter.
    pub fn columns(&mut self, data: bool) -> f64 {
        self.pass(|batch, sink| {
            let structured: Vec<bool> = if data { structured(batch) } else { Vec::new() };
            for event in batch.events() {
                sink.times.push(event.head().time.as_micros());
                event.columns(&mut |column, value| push(&mut sink.columns, event.row(), column, value));
                if data {
                    for (field, value) in event.natives() {
                        if structured.get(usize::from(field.0)).copied().unwrap_or(false) {
                            sink.data.push_text(event.row(), value.text);
                        }
                    }
                }
            }
        })
    }

    /// CPU seconds of one pass with what no column holds, as the lake wants it.
    pub fn columns_and_unmapped(&mut self) -> f64 {
        self.pass(|batch, sink| {
            for event in batch.events() {
                sink.times.push(event.head().time.as_micros());
                let (columns, unmapped) = (&mut sink.columns, &mut sink.unmapped);
                event.columns_and_unmapped(&mut |column, value| push(columns, event.row(), column, value), unmapped);
            }
        })
    }

    fn pass(&mut self, build: impl Fn(&EventBatch, &mut Sink)) -> f64 {
        let mut spent = 0.0;
        for lines in &self.batches {
            let lines = lines.clone();
            let before = clock();
            self.sink.clear();
            let batch = parse(&self.pack, lines, &self.settings);
            build(&batch, &mut self.sink);
            drop(batch);
            spent += clock() - before;
            std::hint::black_box(&self.sink.columns);
        }
        spent
    }

    /// Lines in a pass.
    pub fn len(&self) -> usize {
        self.batches.iter().map(|b| b.received.len()).sum()
    }

    /// The first lines' fields by name, as text; structured data under its native name.
    pub fn named(&mut self, count: usize) -> Vec<BTreeMap<String, String>> {
        let mut out = Vec::new();
        for lines in &self.batches {
            let batch = parse(&self.pack, lines.clone(), &self.settings);
            let structured = structured(&batch);
            for event in batch.events() {
                let mut fields = BTreeMap::from([("time".to_owned(), event.head().time.as_micros().to_string())]);
                event.columns(&mut |column, value| {
                    let name = column.column().expect("a column").name;
                    let text = match value {
                        ColumnValue::Text(text) => text.into_owned(),
                        ColumnValue::Int(number) => number.to_string(),
                    };
                    fields.insert(name.to_owned(), text);
                });
                for (field, value) in event.natives() {
                    if structured.get(usize::from(field.0)).copied().unwrap_or(false) {
                        fields.insert(batch.field_name(field).expect("a name").to_owned(), value.text.to_owned());
                    }
                }
                out.push(fields);
                if out.len() == count {
                    return out;
                }
            }
        }
        out
    }
}

/// Which fields of a batch are parameters of structured data.
fn structured(batch: &EventBatch) -> Vec<bool> {
    let known = (0u16..).map_while(|field| batch.field_name(wardwatch_event::FieldId(field)));
    known.map(|name| name.starts_with("sd.")).collect()
}
