//! One table: values and when they hold.

use crate::times::instant;
use crate::weekly::Weekly;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_limits::{CONTEXT_NETWORKS, CONTEXT_PROBLEMS, CONTEXT_ROWS};
use wardwatch_predicate::{Network, fold};

const COLUMNS: [&str; 5] = ["value", "from", "until", "weekly", "note"];

/// Values with their rows, and networks beside them.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// By folded value.
    rows: HashMap<Box<str>, Vec<Row>>,
    networks: Vec<(Network, Row)>,
    zone: Zone,
    /// Hash of the content.
    pub(crate) version: Arc<str>,
}

/// When one row holds.
#[derive(Clone, Debug)]
struct Row {
    number: u32,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    weekly: Option<Box<Weekly>>,
}

impl Row {
    fn holds(&self, at: Timestamp, zone: &Zone) -> bool {
        self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
            && self.weekly.as_ref().is_none_or(|weekly| weekly.holds(at, zone))
    }
}

/// Where the columns stand in this file.
struct Header([Option<usize>; COLUMNS.len()]);

impl Header {
    fn read(record: &csv::StringRecord) -> Result<Header, String> {
        let mut at = [None; COLUMNS.len()];
        for (place, name) in record.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
            let known = COLUMNS.iter().position(|column| *column == name);
            match known.and_then(|column| at.get_mut(column)) {
                Some(slot @ None) => *slot = Some(place),
                Some(_) => return Err(format!("column `{name}` stands there twice")),
                None => return Err(format!("unknown column `{name}`; known: {}", COLUMNS.join(", "))),
            }
        }
        if at[0].is_none() {
            return Err("the header has no column `value`".to_owned());
        }
        Ok(Header(at))
    }

    fn cell<'r>(&self, record: &'r csv::StringRecord, column: usize) -> &'r str {
        self.0.get(column).copied().flatten().and_then(|place| record.get(place)).unwrap_or_default().trim()
    }
}

impl Table {
    /// Reads a whole file: all rows are good, or the problems of the first bad ones.
    pub(crate) fn read(bytes: &[u8], zone: &Zone) -> Result<Table, Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().flexible(false).comment(Some(b'#')).from_reader(bytes);
        let header = reader.headers().map_err(|e| vec![format!("header: {e}")])?;
        let header = Header::read(header).map_err(|why| vec![format!("header: {why}")])?;
        let version = hex::encode(Sha256::digest(bytes)).get(..16).unwrap_or_default().into();
        let mut table = Table { rows: HashMap::new(), networks: Vec::new(), zone: zone.clone(), version };
        let mut problems = Vec::new();
        for (number, record) in (1u32..).zip(reader.records()) {
            let done = match record {
                Ok(record) => table.add(number, &header, &record),
                Err(e) => Err(e.to_string()),
            };
            if let Err(why) = done {
                problems.push(format!("row {number}: {why}"));
            }
            if problems.len() >= CONTEXT_PROBLEMS {
                break;
            }
            if number as usize > CONTEXT_ROWS {
                problems.push(format!("more than {CONTEXT_ROWS} rows: split it"));
                break;
            }
        }
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    fn add(&mut self, number: u32, header: &Header, record: &csv::StringRecord) -> Result<(), String> {
        let value = header.cell(record, 0);
        if value.is_empty() {
            return Err("no value".to_owned());
        }
        let (from, until) =
            (instant(header.cell(record, 1), &self.zone)?, instant(header.cell(record, 2), &self.zone)?);
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            return Err("`until` does not lie behind `from`".to_owned());
        }
        let weekly = Weekly::read(header.cell(record, 3))?.map(Box::new);
        let row = Row { number, from, until, weekly };
        if value.contains('/')
            && let Some(network) = Network::read(value)
        {
            if self.networks.len() >= CONTEXT_NETWORKS {
                return Err(format!("more than {CONTEXT_NETWORKS} networks: join neighbours"));
            }
            self.networks.push((network, row));
            return Ok(());
        }
        self.rows.entry(fold(value).into()).or_default().push(row);
        Ok(())
    }

    /// The first row that holds for the value at that time.
    pub(crate) fn row_of(&self, value: &str, at: Timestamp) -> Option<u32> {
        let rows = self.rows.get(&*fold(value)).map_or(&[][..], Vec::as_slice);
        let named = rows.iter().find(|row| row.holds(at, &self.zone)).map(|row| row.number);
        named.or_else(|| {
            let within = |(network, row): &&(Network, Row)| network.contains_text(value) && row.holds(at, &self.zone);
            self.networks.iter().find(within).map(|(_, row)| row.number)
        })
    }

    /// The values that hold at that time, folded and sorted; networks are no members.
    pub(crate) fn members(&self, at: Timestamp) -> Vec<String> {
        let holds = |rows: &[Row]| rows.iter().any(|row| row.holds(at, &self.zone));
        let mut found: Vec<String> =
            self.rows.iter().filter(|(_, rows)| holds(rows)).map(|(value, _)| value.to_string()).collect();
        found.sort_unstable();
        found
    }
}
