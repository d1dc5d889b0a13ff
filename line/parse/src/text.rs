//! A piece of a line's text that knows where it came from, and how pieces become values of the row.

use wardwatch_event::{BatchBuilder, NativeKind};
use wardwatch_pack::FieldId;

/// Text with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'t> {
    pub s: &'t str,
    place: Place<'t>,
}

#[derive(Clone, Copy, Debug)]
enum Place<'t> {
    /// It lies at this offset of the batch's text: values are spans.
    Batch(usize),
    /// It lies at this offset of a decoded line; the table gives the raw offset of each decoded byte, and one more.
    Decoded { at: usize, raw_of: &'t [u32] },
    /// It was made from this range of the raw line.
    Made(u32, u32),
}

impl<'t> Text<'t> {
    pub fn batch(s: &'t str, at: usize) -> Self {
        Self { s, place: Place::Batch(at) }
    }

    pub fn decoded(s: &'t str, raw_of: &'t [u32]) -> Self {
        Self { s, place: Place::Decoded { at: 0, raw_of } }
    }

    pub fn made(s: &'t str, raw: (u32, u32)) -> Self {
        Self { s, place: Place::Made(raw.0, raw.1) }
    }

    /// A part; empty if the range does not lie on characters.
    #[inline]
    pub fn sub(self, start: usize, end: usize) -> Self {
        let s = self.s.get(start..end).unwrap_or_default();
        let place = match self.place {
            Place::Batch(at) => Place::Batch(at + start),
            Place::Decoded { at, raw_of } => Place::Decoded { at: at + start, raw_of },
            made => made,
        };
        Self { s, place }
    }

    #[inline]
    pub fn from(self, start: usize) -> Self {
        self.sub(start, self.s.len())
    }

    pub fn trim(self) -> Self {
        let start = self.s.len() - self.s.trim_start().len();
        self.sub(start, start + self.s.trim().len())
    }

    pub fn bytes(self) -> &'t [u8] {
        self.s.as_bytes()
    }
}

/// Where values go: the row being built.
pub(crate) struct Out<'r> {
    pub builder: &'r mut BatchBuilder,
    /// Where the line starts in the batch.
    line_start: usize,
    /// Before names that a format brings.
    pub prefix: &'r str,
    scratch: String,
}

impl<'r> Out<'r> {
    pub fn new(builder: &'r mut BatchBuilder) -> Self {
        let line_start = builder.lines().received.range(builder.row()).map_or(0, |r| r.start);
        Self { builder, line_start, prefix: "", scratch: String::new() }
    }

    /// The same row, with a prefix to names.
    pub fn with_prefix<'s>(&'s mut self, prefix: &'s str) -> Out<'s> {
        Out { builder: self.builder, line_start: self.line_start, prefix, scratch: String::new() }
    }

    /// The field of a name that the line brings.
    #[inline]
    pub fn field(&mut self, name: &str) -> Option<FieldId> {
        if self.prefix.is_empty() {
            return self.builder.field(name);
        }
        self.scratch.clear();
        self.scratch.push_str(self.prefix);
        self.scratch.push_str(name);
        self.builder.field(&self.scratch)
    }

    /// As [`Out::field`], only if the name has been met.
    pub fn known_field(&self, name: &str) -> Option<FieldId> {
        self.builder.known_field(name)
    }

    /// A value that is the text itself.
    #[inline]
    pub fn put(&mut self, field: FieldId, kind: NativeKind, text: Text<'_>) {
        match text.place {
            Place::Batch(at) => {
                self.builder.span(field, kind, at, at + text.s.len());
            }
            _ => self.put_made(field, kind, text.s, text),
        }
    }

    /// A text with JSON's escapes in it, undone when somebody asks; refused where the text does not lie in the batch.
    #[inline]
    pub fn put_escaped(&mut self, field: FieldId, text: Text<'_>) -> bool {
        match text.place {
            Place::Batch(at) => self.builder.escaped(field, at, at + text.s.len()),
            _ => false,
        }
    }

    /// A value that was made from `from`.
    pub fn put_made(&mut self, field: FieldId, kind: NativeKind, made: &str, from: Text<'_>) {
        let (start, end) = self.raw(from);
        self.builder.text(field, kind, made, start, end);
    }

    pub fn note(&mut self, note: impl Into<std::borrow::Cow<'static, str>>) {
        self.builder.note(note);
    }

    /// The range in the raw line.
    pub fn raw(&self, text: Text<'_>) -> (u32, u32) {
        match text.place {
            Place::Batch(at) => {
                let start = at.saturating_sub(self.line_start);
                (start as u32, (start + text.s.len()) as u32)
            }
            Place::Decoded { at, raw_of } => {
                let of = |at: usize| raw_of.get(at).or(raw_of.last()).copied().unwrap_or(0);
                (of(at), of(at + text.s.len()))
            }
            Place::Made(start, end) => (start, end),
        }
    }
}

/// How a text was cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// All of it.
    Whole,
    /// Some of it; the code says what was wrong.
    Partly(&'static str),
    /// It is something else.
    Not,
}
