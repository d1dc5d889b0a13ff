//! An answer as a table of text, for a terminal.

use crate::answer::{Answer, Cell};
use std::fmt::Write;

/// What a table shows of whole rows, where it has a value.
const SHOWN: &[&str] = &[
    "time",
    "time_received",
    "severity",
    "source",
    "host",
    "user",
    "src_ip",
    "dst_ip",
    "title",
    "threat",
    "message",
    "raw",
];
/// Columns a value may take; longer ones are cut with an ellipsis.
const WIDTH_MAX: usize = 72;

impl Answer {
    /// Columns under each other, values cut at 72 columns, control characters made visible.
    pub fn table(&self) -> String {
        let shown = self.shown();
        let header = shown.iter().filter_map(|at| self.columns.get(*at)).map(|column| column.name.clone()).collect();
        let mut lines: Vec<Vec<String>> = vec![header];
        for row in self.each_row() {
            lines.push(shown.iter().map(|at| row.get(*at).map_or(String::new(), text)).collect());
        }
        let mut widths = vec![0usize; shown.len()];
        for line in &lines {
            for (width, value) in widths.iter_mut().zip(line) {
                *width = (*width).max(columns_of_text(value));
            }
        }
        let mut out = String::new();
        for line in &lines {
            let mut pad = 0;
            for (at, (value, width)) in line.iter().zip(&widths).enumerate() {
                if at > 0 {
                    let _ = write!(out, "{:pad$}  ", "");
                }
                out.push_str(value);
                pad = width - columns_of_text(value);
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        out
    }

    /// The places of the columns to show: all of a made table, the usual ones with values of whole rows.
    fn shown(&self) -> Vec<usize> {
        if !self.whole_rows {
            return (0..self.columns.len()).collect();
        }
        let mut filled = vec![false; self.columns.len()];
        for row in self.each_row() {
            for (flag, cell) in filled.iter_mut().zip(&row) {
                *flag |= *cell != Cell::Null;
            }
        }
        let has = |name: &str| self.place(name).filter(|at| filled.get(*at) == Some(&true));
        let time = has("time").is_some();
        let message = has("message").is_some();
        // One of each pair is enough to read.
        let spared = |name: &str| (time && name == "time_received") || (message && name == "raw");
        let wanted = SHOWN.iter().filter(|name| !spared(name));
        wanted.filter_map(|name| has(name)).collect()
    }
}

fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Text(text) => shown_text(text),
    }
}

/// One line, harmless to a terminal, and not too long.
fn shown_text(text: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for c in text.chars() {
        let visible: String = if is_unprintable(c) { c.escape_default().collect() } else { c.to_string() };
        let columns = columns_of_text(&visible);
        if width + columns >= WIDTH_MAX {
            out.push('…');
            break;
        }
        width += columns;
        out.push_str(&visible);
    }
    out
}

/// Control characters, and those that turn the direction of what follows.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// How many columns a terminal gives the text: two for East Asian wide characters (UAX #11, W and F).
fn columns_of_text(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{303E}' | '\u{3041}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE6F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F300}'..='\u{1FAFF}' | '\u{20000}'..='\u{3FFFD}')
}
