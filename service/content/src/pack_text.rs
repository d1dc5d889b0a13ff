//! Writes a drafted pack as TOML that a person reads, corrects and keeps.

use crate::kinds::{Kinds, names_a_kind};
use crate::propose::{SeenField, TimeGuess, rank, words_for};
use crate::recognise::Shape;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use wardwatch_schema::{COLUMNS, Kind, find_column};

/// What is known when the text is written.
pub(crate) struct PackText<'d> {
    pub id: &'d str,
    pub charset: &'d str,
    pub header: bool,
    pub shape: &'d Shape,
    pub fields: &'d [SeenField],
    pub time: Option<&'d TimeGuess>,
    pub kinds: &'d Kinds,
    pub lines: usize,
}

impl PackText<'_> {
    /// The whole manifest.
    pub fn write(&self) -> String {
        let mut out = String::new();
        let vendor = self.id.split('/').next().unwrap_or_default();
        line(&mut out, "# Draft: check each line against the vendor's document, then name it here.");
        line(&mut out, "# 草稿：请逐行对照厂商文档核对，并在此注明文档地址。");
        line(&mut out, "# reference = 'https://…'");
        line(
            &mut out,
            &format!(
                "pack = {{ id = {}, title = {}, title_zh = {}, vendor = {}, format = 1 }}",
                text(self.id),
                text(self.id),
                text(self.id),
                text(vendor)
            ),
        );
        let header = if self.header { "syslog" } else { "none" };
        line(&mut out, &format!("input = {{ header = '{header}', charset = '{}', zone = 'source' }}", self.charset));
        self.write_match(&mut out);
        let left: Vec<&str> = self.left().map(|field| field.name.as_str()).collect();
        if let Some(body) = body_of(self.shape, &left) {
            line(&mut out, &format!("body = {body}"));
        }
        self.write_time(&mut out);
        self.write_map(&mut out);
        self.write_case(&mut out);
        self.write_values(&mut out);
        out
    }

    fn write_match(&self, out: &mut String) {
        let clues = self.clues();
        if clues.is_empty() {
            line(
                out,
                "# match = { all = [{ contains = '…' }] }   # what stands in every line of this source and in no other",
            );
        } else {
            line(out, &format!("match = {{ all = [{}] }}", clues.join(", ")));
        }
    }

    /// Up to two names or words that stand in every line; long ones first, because they are rarer elsewhere.
    fn clues(&self) -> Vec<String> {
        let always = self.fields.iter().filter(|f| f.lines == self.lines && self.lines > 0 && !f.name.starts_with('@'));
        let constant = |name: &str| {
            self.fields
                .iter()
                .find(|f| f.name == name && f.values.len() == 1 && f.lines == self.lines)
                .and_then(|f| f.values.first())
        };
        let header_tag = constant("@header.tag").map(|tag| format!("{{ program = {} }}", text(tag)));
        match self.shape {
            Shape::Cef | Shape::Leef => {
                let (vendor, product) =
                    if *self.shape == Shape::Cef { ("DeviceVendor", "DeviceProduct") } else { ("Vendor", "Product") };
                match (constant(vendor), constant(product)) {
                    (Some(vendor), Some(product)) => {
                        vec![format!("{{ contains = {} }}", text(&format!("|{vendor}|{product}|")))]
                    }
                    _ => Vec::new(),
                }
            }
            Shape::Json | Shape::Evtx => {
                let mut names: Vec<&str> = always.filter_map(|f| f.name.rsplit('.').next()).collect();
                names.sort_by_key(|name| std::cmp::Reverse(name.len()));
                names.dedup();
                names.iter().take(2).map(|name| format!("{{ json_key = {} }}", text(name))).collect()
            }
            Shape::Kv { pair, .. } => {
                let mut names: Vec<&str> = always.map(|f| f.name.as_str()).collect();
                names.sort_by_key(|name| std::cmp::Reverse(name.len()));
                let clue = |name: &&str| format!("{{ contains = {} }}", text(&format!("{name}{pair}")));
                names.iter().take(2).map(clue).collect()
            }
            Shape::Delimited { sep, .. } => {
                let words = always.filter(|f| f.values.len() == 1).filter_map(|f| f.values.first());
                words
                    .filter(|w| w.chars().count() > 3)
                    .take(1)
                    .map(|w| format!("{{ contains = {} }}", text(&format!("{w}{sep}"))))
                    .collect()
            }
            Shape::Text => header_tag.into_iter().collect(),
        }
    }

    fn write_time(&self, out: &mut String) {
        match self.time {
            Some(time) => line(
                out,
                &format!(
                    "time = {{ from = {}, formats = [{}] }}",
                    if self.header { format!("[{}, '@header.time']", text(&time.from)) } else { text(&time.from) },
                    if self.header { format!("{}, 'bsd', 'iso'", text(&time.format)) } else { text(&time.format) },
                ),
            ),
            None if self.header => line(out, "time = { from = '@header.time' }"),
            None => line(
                out,
                "# time = { from = '…', formats = ['%Y-%m-%d %H:%M:%S'] }   # no field was recognised as the time",
            ),
        }
    }

    fn write_map(&self, out: &mut String) {
        let by_column = self.by_column();
        line(out, "map = [");
        if self.header {
            let own = by_column.get("host").into_iter().flatten().map(|f| text(&f.name));
            let names: Vec<String> = own.chain(["'@header.host'".to_owned()]).collect();
            line(out, &format!("  {{ host = [{}] }},", names.join(", ")));
        }
        for column in COLUMNS.iter().filter(|column| column.name != "host" || !self.header) {
            let Some(fields) = by_column.get(column.name) else { continue };
            let shown: Vec<&str> = fields.iter().filter_map(|f| f.values.first()).take(2).map(String::as_str).collect();
            let comment = shown.iter().map(|v| one_line(v)).collect::<Vec<_>>().join(" | ");
            let guess = if fields.iter().all(|f| f.because == Some("name")) { "" } else { "(guess 猜测) " };
            line(
                out,
                &format!("  {{ {} = {} }},   # {guess}{comment}", column.name, rule(column.name, column.kind, fields)),
            );
        }
        let left: Vec<&SeenField> = self.left().collect();
        line(out, "]");
        for field in left.iter().filter(|f| self.time.is_none_or(|t| t.from.split('+').all(|part| part != f.name))) {
            let shown: Vec<String> = field.values.iter().take(3).map(|v| one_line(v)).collect();
            line(out, &format!("# {} : {}", one_line(&field.name), shown.join(" | ")));
        }
    }

    /// Fields that fill no column.
    fn left(&self) -> impl Iterator<Item = &SeenField> {
        self.fields.iter().filter(|f| f.column.is_none() && !f.name.starts_with('@'))
    }

    fn by_column(&self) -> BTreeMap<&str, Vec<&SeenField>> {
        let mut by_column: BTreeMap<&str, Vec<&SeenField>> = BTreeMap::new();
        for field in self.fields {
            if let Some(column) = &field.column {
                by_column.entry(column.as_str()).or_default().push(field);
            }
        }
        for fields in by_column.values_mut() {
            fields.sort_by_key(|f| (f.because != Some("name"), rank(&f.name), std::cmp::Reverse(f.lines)));
        }
        by_column
    }

    fn write_case(&self, out: &mut String) {
        let has: BTreeSet<&str> = self.fields.iter().filter_map(|f| f.column.as_deref()).collect();
        let network = has.contains("src_ip") && has.contains("dst_ip");
        match self.kinds {
            Kinds::Alarms => {
                line(
                    out,
                    "\n# Looks like alarms of the device 设备告警. Give `when` if it sends other kinds of events too.",
                );
                self.write_when(out);
                line(out, "class = 2004\nactivity = 1");
            }
            Kinds::Mixed { field, alarms, others } => {
                let words = |words: &[String]| words.iter().map(|word| text(word)).collect::<Vec<_>>().join(", ");
                let (name, test) = match alarms.as_slice() {
                    // It is there in alarms and nowhere else.
                    [] => (text(field), "has = ''".to_owned()),
                    alarms => (text(field), format!("in = [{}]", words(alarms))),
                };
                line(out, "\n# (guess 猜测) alarms of the device 设备告警: lines that name a threat.");
                line(out, &format!("[[case]]\nwhen = {{ field = {name}, {test} }}\nclass = 2004\nactivity = 1"));
                let (class, activity, what) = if network {
                    (4001, 6, "network traffic 网络流量")
                } else {
                    (0, 0, "what is no alarm 非告警")
                };
                line(out, &format!("\n# (guess 猜测) {what}\n[[case]]"));
                if !others.is_empty() {
                    line(out, &format!("when = {{ field = {name}, in = [{}] }}", words(others)));
                }
                line(out, &format!("class = {class}\nactivity = {activity}"));
            }
            Kinds::Untold | Kinds::Plain if network => {
                line(
                    out,
                    "\n# Looks like network traffic 网络流量. Give `when` if the source sends other kinds of events too.",
                );
                self.write_when(out);
                line(out, "class = 4001\nactivity = 6");
            }
            Kinds::Untold | Kinds::Plain => line(
                out,
                "\n# [[case]]\n# when = { field = '…', is = '…' }\n# class = 4001      # 2004 alarm, 3002 login, 4001 network, 4002 HTTP, 6005 database, …\n# activity = 6",
            ),
        }
        if *self.kinds == Kinds::Untold {
            line(
                out,
                "# Some lines name a threat, and no field tells them from the others: alarms are class 2004, in a case of their own.",
            );
        }
    }

    /// Begins a case and proposes by what it may be told.
    fn write_when(&self, out: &mut String) {
        line(out, "[[case]]");
        if let Some(kind) = self.kind_field() {
            let words: Vec<String> = kind.values.iter().map(|word| text(word)).collect();
            line(out, &format!("# when = {{ field = {}, in = [{}] }}", text(&kind.name), words.join(", ")));
        }
    }

    /// The field that tells kinds of events apart: few words, in every line.
    fn kind_field(&self) -> Option<&SeenField> {
        let fits = |f: &&SeenField| f.lines == self.lines && (2..=12).contains(&f.values.len());
        self.fields.iter().filter(fits).find(|f| names_a_kind(&f.name))
    }

    fn write_values(&self, out: &mut String) {
        let by_column = self.by_column();
        let mapped: Vec<_> = by_column.iter().filter(|(column, fields)| maps_values(column, fields)).collect();
        if mapped.is_empty() {
            return;
        }
        line(out, "\n[value]");
        for (column, fields) in mapped {
            let words = words_for(column).unwrap_or_default();
            let mut known = BTreeMap::new();
            let mut unknown = BTreeSet::new();
            for value in
                fields.iter().flat_map(|f| &f.values).map(|v| v.trim().to_lowercase()).filter(|v| !v.is_empty())
            {
                match words.iter().find(|(word, _)| *word == value) {
                    Some((_, number)) => {
                        known.insert(value, *number);
                    }
                    None => {
                        unknown.insert(value);
                    }
                }
            }
            if *column == "severity_id"
                && let Some(scale) = syslog_scale(&unknown)
            {
                line(
                    out,
                    "# (guess 猜测) the severities of syslog, 0 the worst; turn them round if the device counts upwards.",
                );
                known.extend(scale);
                unknown.clear();
            }
            if known.is_empty() {
                known.extend(words.iter().take(1).map(|(word, number)| ((*word).to_owned(), *number)));
            }
            let pairs: Vec<String> = known.iter().map(|(word, number)| format!("{} = {number}", key(word))).collect();
            line(out, &format!("{column} = {{ {} }}", pairs.join(", ")));
            for value in unknown.iter().take(20) {
                line(out, &format!("# {column}: {} = ?", one_line(value)));
            }
        }
    }
}

/// OCSF's severities for those of syslog (RFC 5424 6.2.1), if all words are such numbers.
fn syslog_scale(words: &BTreeSet<String>) -> Option<impl Iterator<Item = (String, i64)> + use<>> {
    const SCALE: [i64; 8] = [6, 5, 5, 4, 3, 2, 1, 1];
    let fits = !words.is_empty() && words.iter().all(|word| matches!(word.as_bytes(), [b'0'..=b'7']));
    fits.then(|| SCALE.into_iter().enumerate().map(|(number, severity)| (number.to_string(), severity)))
}

/// The body's settings; none for plain text.
///
/// `keys`: fields that fill no column and still end the value before them.
pub(crate) fn body_of(shape: &Shape, keys: &[&str]) -> Option<String> {
    Some(match shape {
        Shape::Text => return None,
        Shape::Json | Shape::Evtx | Shape::Cef | Shape::Leef => format!("{{ kind = '{}' }}", shape.word()),
        Shape::Kv { pair, sep, runs_on, quoted } => {
            let keys: Vec<String> = keys.iter().map(|key| text(key)).collect();
            let until = match (runs_on, keys.is_empty()) {
                (false, _) => String::new(),
                (true, true) => ", until_next_key = true".to_owned(),
                (true, false) => format!(", until_next_key = true, keys = [{}]", keys.join(", ")),
            };
            let quote = if *quoted { ", quote = '\"'" } else { "" };
            format!("{{ kind = 'kv', pair = {}, sep = [{}]{quote}{until} }}", text(pair), text(sep))
        }
        Shape::Delimited { sep, columns } => {
            let names: Vec<String> = (1..=*columns).map(|n| format!("'c{n}'")).collect();
            format!("{{ kind = 'csv', sep = {}, columns = [{}] }}", text(sep), names.join(", "))
        }
    })
}

fn maps_values(column: &str, fields: &[&SeenField]) -> bool {
    let numbers = || fields.iter().flat_map(|f| &f.values).all(|v| v.trim().parse::<i64>().is_ok());
    words_for(column).is_some() && !(column == "proto" && numbers())
}

fn rule(column: &str, kind: Kind, fields: &[&SeenField]) -> String {
    let names: Vec<String> = fields.iter().map(|f| text(&f.name)).collect();
    let from = match names.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    if maps_values(column, fields) {
        return format!("{{ from = {from}, map = '{column}' }}");
    }
    let seconds = |f: &&SeenField| {
        let name = f.name.to_lowercase();
        !name.contains("ms") && ["duration", "elapsed", "时长", "持续"].iter().any(|word| name.contains(word))
    };
    if find_column(column) == find_column("duration_ms") && kind == Kind::Int && fields.iter().all(seconds) {
        return format!("{{ from = {from}, as = 'sec' }}");
    }
    from
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

/// A device's text inside a comment: one line, short.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    clean.trim().to_owned()
}

/// A TOML string: literal where that is possible.
fn text(value: &str) -> String {
    if !value.contains('\'') && !value.chars().any(char::is_control) {
        return format!("'{value}'");
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A TOML key: bare where that is possible.
fn key(value: &str) -> String {
    let bare = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { value.to_owned() } else { text(value) }
}
