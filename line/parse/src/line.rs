//! One line after the other: decode, header, body, time, case.

use crate::charset::{self, Decoded};
use crate::header::{Header, read_header};
use crate::header_5424::cut_data;
use crate::json_names::Names;
use crate::settings::{SourceMemory, SourceSettings};
use crate::text::{Cut, Out, Text};
use crate::time::{Against, ZoneCache, line_time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wardwatch_event::{BatchBuilder, ColumnValue, EventBatch, Head, LineBatch, LineNote, NativeKind, Parsed, TimeNote};
use wardwatch_pack::{Activity, Charset, FieldId, HeaderKind, Pack, header_names};
use wardwatch_scan::Checked;
use wardwatch_schema::Kind;

/// Parses lines with a pack. Never fails and never panics: every line gets one row.
pub fn parse(pack: &Arc<Pack>, lines: LineBatch, settings: &SourceSettings) -> EventBatch {
    parse_remembering(pack, lines, settings, &mut SourceMemory::default())
}

/// As [`parse`], with what earlier lines of the source told.
pub fn parse_remembering(
    pack: &Arc<Pack>,
    lines: LineBatch,
    settings: &SourceSettings,
    memory: &mut SourceMemory,
) -> EventBatch {
    let count = lines.received.len();
    let mut builder = BatchBuilder::new(lines, Arc::clone(pack));
    let start = (memory, &mut builder);
    let parser = catch_unwind(AssertUnwindSafe(move || {
        let (memory, builder) = start;
        Parser::new(pack, settings, memory, builder)
    }));
    let Ok(mut parser) = parser else {
        (0..count).for_each(|_| end_unread(&mut builder));
        return builder.finish();
    };
    for row in 0..count {
        let whole = catch_unwind(AssertUnwindSafe(|| parser.line(row, &mut builder)));
        if builder.row() <= row {
            end_poisoned(&mut builder);
        }
        if whole.is_err() {
            parser.reset();
        }
    }
    builder.finish()
}

/// Ends the current row as one that hurt the parser: kept raw, found, counted, looked at by nobody else.
fn end_poisoned(builder: &mut BatchBuilder) {
    builder.discard_row();
    builder.note("poison");
    let time = builder.lines().received.at;
    builder.end_row(Head {
        time,
        time_note: TimeNote::Received,
        class_uid: 0,
        activity_id: 0,
        case: None,
        parsed: Parsed::Poison,
    });
}

/// Ends the current row, of a line that the parser never came to, as poison; what intake noted is kept.
pub(crate) fn end_unread(builder: &mut BatchBuilder) {
    let row = builder.row();
    let notes = builder.lines().received.notes.iter().filter(|(at, _)| *at as usize == row);
    let notes: Vec<LineNote> = notes.map(|(_, note)| *note).collect();
    notes.into_iter().for_each(|note| builder.note(intake_note(note)));
    end_poisoned(builder);
}

/// What UTF-8's replacement characters become when a sender reads them as GBK: damage that nobody can undo.
const MOJIBAKE: &str = "锟斤拷";

/// The fields of the header, looked up once per batch.
struct HeaderFields {
    pri: Option<FieldId>,
    facility: Option<FieldId>,
    severity: Option<FieldId>,
    time: Option<FieldId>,
    host: Option<FieldId>,
    tag: Option<FieldId>,
    pid: Option<FieldId>,
    msgid: Option<FieldId>,
    relay: Option<FieldId>,
    message: Option<FieldId>,
}

/// What lasts for one batch.
pub(crate) struct Parser<'p> {
    pub pack: Arc<Pack>,
    settings: &'p SourceSettings,
    pub memory: &'p mut SourceMemory,
    checked: Checked,
    fields: HeaderFields,
    peer: Option<String>,
    charset: Charset,
    /// The line at hand, if it had to be decoded.
    pub decoded: Option<Arc<Decoded>>,
    zones: ZoneCache,
    /// Names of nested values, by prefix and format.
    pub names: Vec<(Box<str>, bool, Names)>,
    pub columns: crate::columns::ColumnFields,
    /// Some line of the batch was damaged by its sender.
    damaged: bool,
    /// The first note of intake that is about no earlier line.
    next_note: usize,
    /// How deep sub-parsers lie inside each other at the moment.
    pub depth: usize,
}

impl<'p> Parser<'p> {
    fn new(
        pack: &Arc<Pack>,
        settings: &'p SourceSettings,
        memory: &'p mut SourceMemory,
        builder: &mut BatchBuilder,
    ) -> Self {
        let syslog = !matches!(pack.input.header, HeaderKind::None | HeaderKind::Prefix(_));
        let wanted = pack.names_used();
        let mut field = |name: &str| if syslog { builder.field(name) } else { None };
        let fields = HeaderFields {
            pri: field(header_names::PRI),
            facility: wanted.facility.then(|| field(header_names::FACILITY)).flatten(),
            severity: wanted.severity.then(|| field(header_names::SEVERITY)).flatten(),
            time: field(header_names::TIME),
            host: field(header_names::HOST),
            tag: field(header_names::TAG),
            pid: field(header_names::PID),
            msgid: field(header_names::MSGID),
            relay: field(header_names::RELAY),
            message: if pack.body.is_none() || wanted.message { builder.field(header_names::MESSAGE) } else { None },
        };
        Self {
            pack: Arc::clone(pack),
            settings,
            memory,
            checked: builder.checked().clone(),
            fields,
            peer: builder.lines().received.peer.map(|peer| peer.to_string()),
            charset: settings.charset.unwrap_or(pack.input.charset),
            decoded: None,
            zones: ZoneCache::default(),
            names: Vec::new(),
            columns: crate::columns::ColumnFields::default(),
            damaged: !builder.checked().is_ascii()
                && memchr::memmem::find(builder.checked().as_bytes(), MOJIBAKE.as_bytes()).is_some(),
            next_note: 0,
            depth: 0,
        }
    }

    /// Forgets what a panic may have left half done.
    fn reset(&mut self) {
        self.names.clear();
        self.columns = crate::columns::ColumnFields::default();
        self.depth = 0;
    }

    fn line(&mut self, row: usize, builder: &mut BatchBuilder) {
        while let Some((at, note)) = builder.lines().received.notes.get(self.next_note).copied()
            && at as usize <= row
        {
            self.next_note += 1;
            if at as usize == row {
                builder.note(intake_note(note));
            }
        }
        let Some(range) = builder.lines().received.range(row) else { return };
        let checked = self.checked.clone();
        let line = checked.get(range.clone()).unwrap_or_default();
        let plain = builder.is_text(row)
            && match self.charset {
                Charset::Auto | Charset::Utf8 => true,
                Charset::Gb18030 => line.is_ascii(),
                Charset::Utf16le => false,
            };
        if plain {
            self.decoded = None;
            self.text(Text::batch(line, range.start), &mut Out::new(builder));
            return;
        }
        let mut decoded = Decoded::default();
        let bytes = builder.lines().received.bytes.clone();
        let raw = bytes.get(range).unwrap_or_default();
        if let Some(note) = charset::decode(raw, self.charset, &mut self.memory.charset, &mut decoded) {
            builder.note(note);
        }
        let decoded = Arc::new(decoded);
        self.decoded = Some(Arc::clone(&decoded));
        self.text(Text::decoded(&decoded.text, &decoded.raw_of), &mut Out::new(builder));
    }

    fn text(&mut self, line: Text<'_>, out: &mut Out<'_>) {
        let end = line.s.trim_end_matches(['\r', '\n', '\0', ' ']).len();
        let start = if line.s.starts_with('\u{feff}') { 3 } else { 0 };
        let line = line.sub(start, end.max(start));
        if self.damaged && line.s.contains(MOJIBAKE) {
            out.note("mojibake");
        }
        let (message, header) = self.header(line, out);
        let mut parsed = self.body(message, out);
        let pack = Arc::clone(&self.pack);
        let against = Against {
            received: out.builder.lines().received.at,
            zone: pack.input.zone.as_ref().unwrap_or(&self.settings.zone),
            skew_micros_max: self.settings.skew_ms_max.map(|ms| ms.saturating_mul(1_000)),
        };
        let clock = header.and_then(|header| header.time.map(|(_, clock)| clock));
        let (time, time_note) = line_time(&pack, clock, &against, &mut self.zones, out);
        let case = out.builder.choose();
        let (class_uid, activity) = pack.class_of(case);
        let activity_id = match activity {
            Activity::Fixed(number) => *number,
            Activity::By(rule) => match out.builder.evaluate(rule, Kind::Int) {
                Some(ColumnValue::Int(n)) => u8::try_from(n).unwrap_or(99),
                _ => 0,
            },
        };
        if parsed == Parsed::Whole {
            parsed = self.required(case, out);
        }
        out.builder.end_row(Head { time, time_note, class_uid, activity_id, case, parsed });
    }

    /// Reads the header and puts its parts; gives the message.
    fn header<'t>(&mut self, line: Text<'t>, out: &mut Out<'_>) -> (Text<'t>, Option<Header>) {
        match &self.pack.input.header {
            HeaderKind::None => return (line, None),
            HeaderKind::Auto if !matches!(line.bytes(), [b'<', b'0'..=b'9', ..]) => return (line, None),
            HeaderKind::Prefix(prefix) => {
                let start = line.s.find(&**prefix).map(|at| at + prefix.len());
                if start.is_none() {
                    out.note("unparsed:header");
                }
                return (line.from(start.unwrap_or(0)), None);
            }
            HeaderKind::Auto | HeaderKind::Syslog => {}
        }
        let header = read_header(line.s);
        self.put_header(&header, line, out);
        let message = line.from(header.message);
        let message = if message.s.starts_with('\u{feff}') { message.from(3) } else { message };
        (message, Some(header))
    }

    fn put_header(&self, header: &Header, line: Text<'_>, out: &mut Out<'_>) {
        let fields = &self.fields;
        let mut put = |field: Option<FieldId>, kind: NativeKind, part: Option<&crate::header::Part>| {
            if let (Some(field), Some(part)) = (field, part) {
                out.put(field, kind, line.sub(part.start, part.end));
            }
        };
        put(fields.pri, NativeKind::Number, header.pri.as_ref());
        put(fields.time, NativeKind::Text, header.time.as_ref().map(|(part, _)| part));
        put(fields.host, NativeKind::Text, header.host.as_ref());
        put(fields.relay, NativeKind::Text, header.relay.as_ref());
        put(fields.tag, NativeKind::Text, header.tag.as_ref());
        put(fields.pid, NativeKind::Text, header.pid.as_ref());
        put(fields.msgid, NativeKind::Text, header.msgid.as_ref());
        if header.pri.is_some() && header.pri_value.is_none() {
            out.note("pri_out_of_range");
        }
        if let (Some(value), Some(part)) = (header.pri_value, &header.pri) {
            let from = line.sub(part.start, part.end);
            for (field, number) in [(fields.facility, value / 8), (fields.severity, value % 8)] {
                if let Some(field) = field {
                    out.put_made(field, NativeKind::Number, &number.to_string(), from);
                }
            }
        }
        if header.hostless
            && let (Some(field), Some(peer)) = (fields.host, &self.peer)
        {
            out.builder.text(field, NativeKind::Text, peer, 0, 0);
            out.note("host_from_peer");
        }
        if let Some(data) = &header.data {
            cut_data(line.sub(data.start, data.end), out);
        }
    }

    fn body(&mut self, message: Text<'_>, out: &mut Out<'_>) -> Parsed {
        if let Some(field) = self.fields.message {
            out.put(field, NativeKind::Text, message);
        }
        let pack = Arc::clone(&self.pack);
        let cut = match &pack.body {
            None => Cut::Whole,
            Some(body) => self.cut(body, message, out),
        };
        let mut parsed = match cut {
            Cut::Whole => Parsed::Whole,
            Cut::Partly(what) => {
                out.note(format!("unparsed:{what}"));
                Parsed::Partly
            }
            Cut::Not => {
                out.note("unparsed:body");
                Parsed::Unparsed
            }
        };
        if out.builder.row_len() >= wardwatch_limits::FIELDS {
            out.note("too_many_fields");
            parsed = Parsed::Partly;
        }
        let whole = self.subs(&pack.subs, out);
        if parsed == Parsed::Whole && !whole { Parsed::Partly } else { parsed }
    }

    fn required(&self, case: Option<u16>, out: &mut Out<'_>) -> Parsed {
        let program = self.pack.program(case);
        let mut parsed = Parsed::Whole;
        for at in &program.required {
            let Some(rule) = program.columns.get(*at) else { continue };
            if out.builder.evaluate(&rule.rule, rule.kind).is_none() {
                let name = rule.column.column().map_or("", |column| column.name);
                out.note(format!("missing:{name}"));
                parsed = Parsed::Partly;
            }
        }
        parsed
    }
}

fn intake_note(note: LineNote) -> &'static str {
    match note {
        LineNote::Truncated => "truncated",
        LineNote::Unterminated => "unterminated",
        LineNote::FramingResync => "framing_resync",
        LineNote::BulkNotIndex => "bulk_not_index",
    }
}
