//! One row of a file of indicators, and the strict reader of such files (CSV, RFC 4180, UTF-8).
//!
//! Header: `type,value,source,confidence` and, in any order and only if wanted, `valid_from,expires,override,note`.
//! A header that is wrong refuses the file; a row that is wrong is refused alone.

use crate::{Kind, Reason, Refused};
use wardwatch_ident::Timestamp;
use wardwatch_limits::{INDICATOR_CELL_BYTES, INDICATOR_FILE_BYTES};

/// One indicator as somebody vouches for it, not yet looked at: see [`crate::Index::build`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its place in the file, the header is 1.
    pub number: u64,
    /// What it is.
    pub kind: Kind,
    /// The value as written, defanged (`hxxp`, `[.]`) or not.
    pub value: String,
    /// Who vouches for it: the feed's name.
    pub source: String,
    /// How sure the source is, 0-100.
    pub confidence: u8,
    /// Not an indicator before this time.
    pub valid_from: Option<Timestamp>,
    /// Not an indicator from this time on.
    pub expires: Option<Timestamp>,
    /// Taken even if it is inside, local or known to everybody.
    pub allowed: bool,
}

/// Why a whole file is refused.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum FileFault {
    /// Too large.
    #[error("the file has {0} bytes, more than {INDICATOR_FILE_BYTES}: split it by what the hospital needs")]
    TooLarge(usize),
    /// No header.
    #[error("the file has no header: the first row is type,value,source,confidence[,valid_from,expires,override,note]")]
    NoHeader,
    /// A column that nobody knows.
    #[error("column `{0}` is unknown: use type, value, source, confidence, valid_from, expires, override and note")]
    UnknownColumn(String),
    /// A column twice.
    #[error("column `{0}` stands twice in the header: remove one")]
    Twice(String),
    /// A column that must be there.
    #[error("column `{0}` is missing: the header needs type, value, source and confidence")]
    Missing(&'static str),
}

const COLUMNS: [&str; 8] = ["type", "value", "source", "confidence", "valid_from", "expires", "override", "note"];

/// Where each of [`COLUMNS`] stands in the file.
type Places = [Option<usize>; COLUMNS.len()];

/// Reads a file of indicators row by row; each row is taken or refused with its number.
pub struct Rows<'f> {
    file: &'f [u8],
    reader: csv::Reader<&'f [u8]>,
    record: csv::ByteRecord,
    places: Places,
    width: usize,
}

impl<'f> Rows<'f> {
    /// Looks at the header.
    pub fn read(file: &'f [u8]) -> Result<Self, FileFault> {
        if file.len() > INDICATOR_FILE_BYTES {
            return Err(FileFault::TooLarge(file.len()));
        }
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = reader.headers().map_err(|_| FileFault::NoHeader)?.clone();
        let mut places: Places = [None; COLUMNS.len()];
        for (at, name) in header.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase();
            let known = COLUMNS.iter().position(|c| *c == name).and_then(|n| places.get_mut(n));
            let place = known.ok_or_else(|| FileFault::UnknownColumn(name.chars().take(64).collect()))?;
            if place.replace(at).is_some() {
                return Err(FileFault::Twice(name));
            }
        }
        if header.is_empty() {
            return Err(FileFault::NoHeader);
        }
        if let Some((name, _)) = COLUMNS.iter().zip(places).take(4).find(|(_, place)| place.is_none()) {
            return Err(FileFault::Missing(name));
        }
        Ok(Self { file, reader, record: csv::ByteRecord::new(), places, width: header.len() })
    }

    fn row(&self, number: u64) -> Result<Row, Reason> {
        if self.record.len() != self.width {
            return Err(Reason::Cells { found: self.record.len(), expected: self.width });
        }
        let mut cells = [""; COLUMNS.len()];
        for ((cell, place), name) in cells.iter_mut().zip(self.places).zip(COLUMNS) {
            let bytes = place.and_then(|at| self.record.get(at)).unwrap_or_default();
            if bytes.len() > INDICATOR_CELL_BYTES {
                return Err(Reason::TooLong { cell: name, bytes: INDICATOR_CELL_BYTES });
            }
            *cell = std::str::from_utf8(bytes).map_err(|_| Reason::NotText)?.trim();
        }
        let [kind, value, source, confidence, valid_from, expires, allowed, _note] = cells;
        for (cell, name) in [(kind, "type"), (value, "value"), (source, "source"), (confidence, "confidence")] {
            if cell.is_empty() {
                return Err(Reason::Empty(name));
            }
        }
        let cut = |text: &str| text.chars().take(32).collect::<String>();
        Ok(Row {
            number,
            kind: Kind::of_word(kind).ok_or_else(|| Reason::UnknownType(cut(kind)))?,
            value: value.to_owned(),
            source: source.to_owned(),
            confidence: confidence
                .parse()
                .ok()
                .filter(|c| *c <= 100 && confidence.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| Reason::Confidence(cut(confidence)))?,
            valid_from: time(valid_from, "valid_from")?,
            expires: time(expires, "expires")?,
            allowed: match allowed.to_ascii_lowercase().as_str() {
                "" | "false" | "no" | "0" => false,
                "true" | "yes" | "1" => true,
                _ => return Err(Reason::Override(cut(allowed))),
            },
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        // A reader over bytes in memory fails at nothing: rows of any width and any bytes are rows.
        if !self.reader.read_byte_record(&mut self.record).ok()? {
            return None;
        }
        let number = self.record.position().map_or(0, |at| self.line(at));
        Some(self.row(number).map_err(|reason| Refused { row: number, value: self.shown(), reason }))
    }
}

impl Rows<'_> {
    /// The line a record starts in. The reader's own count stops before the line feed of a CRLF and before empty lines.
    fn line(&self, at: &csv::Position) -> u64 {
        let rest = self.file.get(at.byte() as usize..).unwrap_or_default();
        let ends = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
        at.line() + ends.filter(|b| **b == b'\n').count() as u64
    }

    fn shown(&self) -> String {
        let value = self.places.get(1).copied().flatten().and_then(|at| self.record.get(at)).unwrap_or_default();
        shown(&String::from_utf8_lossy(value.get(..512).unwrap_or(value)))
    }
}

/// A value as a report shows it.
pub(crate) fn shown(text: &str) -> String {
    text.get(..text.floor_char_boundary(128)).unwrap_or_default().to_owned()
}

/// RFC 3339, or a date, which is its first moment in UTC. Empty is none.
fn time(text: &str, cell: &'static str) -> Result<Option<Timestamp>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    let dated = || Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"));
    let found = Timestamp::parse_rfc3339(text).or_else(dated).ok_or(Reason::Time { cell })?;
    match u32::try_from(found.as_secs()) {
        Ok(_) => Ok(Some(found)),
        Err(_) => Err(Reason::Time { cell }),
    }
}
