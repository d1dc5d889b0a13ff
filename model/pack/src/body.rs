//! How the body of a line is cut: the checked settings of `[body]` and `sub`. The cutting itself is the parser's.

use crate::convert::Step;
use crate::fields::{FieldId, Fields};
use crate::rule::{Source, When};
use crate::template::Template;

/// How one text is cut into native fields.
#[derive(Debug, Clone)]
pub struct BodySpec {
    /// The format.
    pub kind: BodyKind,
    /// Stands before every name that the format itself brings.
    pub prefix: Box<str>,
}

/// The formats.
#[derive(Debug, Clone)]
pub enum BodyKind {
    /// Pairs of key and value.
    Kv(Box<KeyValue>),
    /// JSON, flattened to dotted names; what stands before the first `{` or `[` is skipped.
    Json,
    /// Delimited columns.
    Csv(Delimited),
    /// Templates, tried in order.
    Dissect(Vec<Template>),
    /// ArcSight CEF.
    Cef,
    /// IBM LEEF 1 and 2.
    Leef,
    /// XML, flattened to dotted names without the root element; attributes as `Element.@name`.
    Xml,
    /// A Windows event: XML, JSON in the shape of the `evtx` crate, Winlogbeat's or NXLog's shape.
    Evtx,
    /// W3C extended log; the columns come from the stream's own `#Fields:` line, or from `columns`.
    W3c(Vec<FieldId>),
    /// Zeek's tab-separated log; the columns come from the stream's own `#fields` line, or from `columns`.
    ZeekTsv(Vec<FieldId>),
    /// Linear regular expressions with named groups, tried in order.
    Regex(Vec<Expression>),
}

impl BodyKind {
    /// The word in the manifest.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Kv(_) => "kv",
            Self::Json => "json",
            Self::Csv(_) => "csv",
            Self::Dissect(_) => "dissect",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Xml => "xml",
            Self::Evtx => "evtx",
            Self::W3c(_) => "w3c",
            Self::ZeekTsv(_) => "zeek_tsv",
            Self::Regex(_) => "regex",
        }
    }
}

/// Settings of `kv`.
#[derive(Debug, Clone)]
pub struct KeyValue {
    /// Between key and value.
    pub pair: Vec<Box<str>>,
    /// Between pairs.
    pub sep: Vec<Box<str>>,
    /// Characters that enclose a value.
    pub quote: Vec<u8>,
    /// Characters cut from the end of the last value.
    pub trim_end: Box<str>,
    /// A value goes on to the next separator that is followed by a key the pack knows.
    pub until_next_key: bool,
    /// The keys the pack knows, if values go on to the next one.
    pub known: Fields,
    /// The pairs lie between these brackets; an opening one counts only where a key and a pair sign follow.
    pub brackets: Option<(Box<str>, Box<str>)>,
    /// Upper and lower case of keys are one (ASCII): known keys in lower case, and the pack's own spelling.
    pub fold: Option<Folded>,
    /// What each byte may begin; see [`KeyValue::PAIR`] and its neighbours.
    pub class: Box<[u8; 256]>,
}

/// Known keys in lower case, with the field each stands for.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// The keys.
    pub keys: Fields,
    /// The field of each.
    pub fields: Vec<FieldId>,
}

impl KeyValue {
    /// The byte begins a pair sign.
    pub const PAIR: u8 = 1;
    /// The byte begins a separator.
    pub const SEP: u8 = 2;
    /// The byte is a quote.
    pub const QUOTE: u8 = 4;
    /// The byte alone is a whole pair sign or separator: nothing more to compare.
    pub const EXACT: u8 = 8;

    /// Whether the pack knows this key.
    pub fn knows(&self, key: &str) -> bool {
        self.known.id(key).is_some()
            || self.fold.as_ref().is_some_and(|f| f.keys.id(&key.to_ascii_lowercase()).is_some())
    }

    pub(crate) fn classify(&mut self) {
        let mut class = [0u8; 256];
        let mut mark = |byte: u8, bits: u8| {
            if let Some(slot) = class.get_mut(usize::from(byte)) {
                *slot |= bits;
            }
        };
        for (signs, bit) in [(&self.pair, Self::PAIR), (&self.sep, Self::SEP)] {
            for sign in signs {
                if let Some(first) = sign.bytes().next() {
                    let shared = signs.iter().any(|other| other.len() > 1 && other.bytes().next() == Some(first));
                    mark(first, bit | if sign.len() == 1 && !shared { Self::EXACT } else { 0 });
                }
            }
        }
        self.quote.iter().for_each(|quote| mark(*quote, Self::QUOTE));
        *self.class = class;
    }
}

/// Settings of `csv`.
#[derive(Debug, Clone)]
pub struct Delimited {
    /// Between columns.
    pub sep: Box<str>,
    /// Encloses a value; doubled inside it stands for itself.
    pub quote: Option<u8>,
    /// Names of the columns; none = skipped.
    pub columns: Vec<Option<FieldId>>,
    /// Columns by the word in one of them.
    pub by: Option<ColumnsBy>,
}

/// Columns that depend on a word.
#[derive(Debug, Clone)]
pub struct ColumnsBy {
    /// Which column holds the word, counted from 0.
    pub at: usize,
    /// The words.
    pub words: Fields,
    /// The columns for each.
    pub columns: Vec<Vec<Option<FieldId>>>,
}

/// A regular expression with the field of each group.
#[derive(Debug, Clone)]
pub struct Expression {
    /// The expression.
    pub regex: regex::Regex,
    /// Group number and field.
    pub groups: Vec<(usize, FieldId)>,
}

/// A field that is parsed again.
#[derive(Debug, Clone)]
pub struct SubSpec {
    /// The field.
    pub from: Source,
    /// What is done to its text first.
    pub steps: Vec<Step>,
    /// How the text is cut.
    pub body: BodySpec,
    /// A text that does not fit is no defect.
    pub optional: bool,
    /// Only if this holds.
    pub when: Option<When>,
    /// Parsed again inside it.
    pub sub: Vec<SubSpec>,
}
