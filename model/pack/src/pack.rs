//! A compiled pack, and what one asks it.

use crate::body::{BodySpec, SubSpec};
use crate::cases::{Activity, Case, CaseList, Logsource};
use crate::fields::{FieldId, Fields};
use crate::input::{Clues, HeaderKind, InputSpec, TimeSpec};
use crate::rule::{ColumnRule, Rule, Source};
use crate::value::ValueMap;
use wardwatch_schema::{ColumnId, Kind};

/// Names that the header gives, whatever the dialect. Structured data of RFC 5424 is named `sd.<id>.<name>`.
pub mod header_names {
    /// The priority's number, as written.
    pub const PRI: &str = "@header.pri";
    /// Facility, 0-23.
    pub const FACILITY: &str = "@header.facility";
    /// Severity, 0-7.
    pub const SEVERITY: &str = "@header.severity";
    /// The time, as written.
    pub const TIME: &str = "@header.time";
    /// The host.
    pub const HOST: &str = "@header.host";
    /// The program: tag of RFC 3164, APP-NAME of RFC 5424.
    pub const TAG: &str = "@header.tag";
    /// The process id.
    pub const PID: &str = "@header.pid";
    /// MSGID of RFC 5424.
    pub const MSGID: &str = "@header.msgid";
    /// The outer host of a doubled header.
    pub const RELAY: &str = "@header.relay";
    /// What is left after the header.
    pub const MESSAGE: &str = "@message";
    /// A time of the line that was not believed.
    pub const CLAIMED_TIME: &str = "@claimed_time";
    /// All of them.
    pub const ALL: [&str; 11] = [PRI, FACILITY, SEVERITY, TIME, HOST, TAG, PID, MSGID, RELAY, MESSAGE, CLAIMED_TIME];
}

/// How the columns of one kind of event are filled.
#[derive(Debug, Default)]
pub struct Program {
    /// Each column once.
    pub columns: Vec<ColumnRule>,
    /// Places in `columns` of those that `[expect]` requires.
    pub required: Vec<usize>,
}

/// A compiled pack.
#[derive(Debug)]
pub struct Pack {
    /// `<vendor>/<product>`.
    pub id: String,
    /// Hash of the manifest and its maps, 16 hexadecimal digits: stands in each row.
    pub version: String,
    /// The native names the pack knows.
    pub fields: Fields,
    /// English title.
    pub title: String,
    /// Chinese title; the English one if the pack has none.
    pub title_zh: String,
    /// Vendor, product and versions, as the manifest says; may be empty.
    pub about: About,
    /// What stands around the body.
    pub input: InputSpec,
    /// How its lines are known.
    pub clues: Clues,
    /// How the body is cut; none = the header is all there is.
    pub body: Option<BodySpec>,
    /// Fields that are parsed again.
    pub subs: Vec<SubSpec>,
    /// Where the time is; none = in the header.
    pub time: Option<TimeSpec>,
    /// Value maps.
    pub values: Vec<ValueMap>,
    /// Natural key: the fields that tell one event from its copy.
    pub identity: Vec<Source>,
    /// Columns or fields with personal or secret content, and which kind it is. Kept here; masking is another stage's.
    pub mask: Vec<(String, String)>,
    pub(crate) used: NamesUsed,
    /// By field: how far the row says it otherwise.
    pub(crate) told: Vec<Told>,
    pub(crate) required: Vec<ColumnId>,
    pub(crate) sigma: Option<Logsource>,
    pub(crate) cases: Vec<Case>,
    pub(crate) outer: CaseList,
    /// The program of events without a case, then that of each case.
    pub(crate) programs: Vec<Program>,
}

/// See [`Pack::told`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing else says it.
    No,
    /// The event's time says it, if it was taken from the line.
    ByTime,
    /// The raw line and other columns say it: parts of the header.
    Always,
}

/// See [`Pack::names_used`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NamesUsed {
    /// `@header.facility`
    pub facility: bool,
    /// `@header.severity`
    pub severity: bool,
    /// `@message`
    pub message: bool,
}

/// What a pack says of its source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Versions it was written for.
    pub versions: Vec<String>,
}

impl Pack {
    /// A pack that knows no field and maps nothing: for lines of a source nobody has described, and for tests.
    pub fn bare(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: "0".repeat(16),
            fields: Fields::default(),
            title: id.to_owned(),
            title_zh: id.to_owned(),
            about: About::default(),
            input: InputSpec { header: HeaderKind::None, ..InputSpec::default() },
            clues: Clues::default(),
            body: None,
            subs: Vec::new(),
            time: None,
            values: Vec::new(),
            identity: Vec::new(),
            mask: Vec::new(),
            used: NamesUsed::default(),
            told: Vec::new(),
            required: Vec::new(),
            sigma: None,
            cases: Vec::new(),
            outer: CaseList::default(),
            programs: vec![Program::default()],
        }
    }

    /// The log source of events of this case (or of none): the case's own, else its parent's, else the pack's.
    pub fn sigma_of(&self, case: Option<u16>) -> Option<&Logsource> {
        let own = case.and_then(|case| self.cases.get(usize::from(case))).and_then(|case| case.sigma.as_ref());
        own.or(self.sigma.as_ref())
    }

    /// The name of a case, made from its condition: `type=traffic`, nested ones `Channel=Security/EventID=4624`.
    pub fn case_name(&self, case: u16) -> Option<&str> {
        self.cases.get(usize::from(case)).map(|case| case.name.as_str())
    }

    /// The cases by number.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The innermost case that takes an event with these values.
    #[inline]
    pub fn choose<'v>(&self, value: impl Fn(FieldId) -> Option<&'v str>) -> Option<u16> {
        self.outer.choose(&self.cases, &value)
    }

    /// OCSF class and where the activity comes from, for events of this case (or of none).
    pub fn class_of(&self, case: Option<u16>) -> (u32, &Activity) {
        const NONE: &Activity = &Activity::Fixed(0);
        case.and_then(|case| self.cases.get(usize::from(case))).map_or((0, NONE), |c| (c.class_uid, &c.activity))
    }

    /// How columns are filled, for events of this case (or of none).
    #[inline]
    pub fn program(&self, case: Option<u16>) -> &Program {
        const EMPTY: &Program = &Program { columns: Vec::new(), required: Vec::new() };
        let at = case.map_or(0, |case| usize::from(case) + 1);
        self.programs.get(at).unwrap_or(EMPTY)
    }

    /// Columns that `[expect]` requires.
    pub fn required(&self) -> &[ColumnId] {
        &self.required
    }

    /// Every column that some path fills.
    pub fn columns(&self) -> std::collections::BTreeSet<ColumnId> {
        self.programs.iter().flat_map(|program| program.columns.iter().map(|rule| rule.column)).collect()
    }

    /// The type of a column of the schema; text if there is no such column.
    pub(crate) fn kind(column: ColumnId) -> Kind {
        column.column().map_or(Kind::Text, |column| column.kind)
    }

    /// Which of the header's made-up names the pack reads: those nobody reads need not be made.
    pub fn names_used(&self) -> NamesUsed {
        self.used
    }

    /// How far a row says a field's value otherwise, so that it need not be kept beside the columns.
    #[inline]
    pub fn told(&self, field: FieldId) -> Told {
        self.told.get(usize::from(field.0)).copied().unwrap_or(Told::No)
    }

    pub(crate) fn find_told(&self) -> Vec<Told> {
        let always = [
            header_names::PRI,
            header_names::FACILITY,
            header_names::SEVERITY,
            header_names::TIME,
            header_names::MESSAGE,
        ];
        let zone = self.time.as_ref().and_then(|time| match &time.zone {
            crate::TimeZoneSpec::Field(source) => Some(source.field),
            _ => None,
        });
        let told = |(at, name): (usize, &str)| {
            let field = FieldId(at as u16);
            let of_time =
                self.time.as_ref().is_some_and(|t| t.from.iter().flatten().any(|source| source.field == field));
            match () {
                () if always.contains(&name) => Told::Always,
                () if of_time || zone == Some(field) => Told::ByTime,
                () => Told::No,
            }
        };
        self.fields.names().iter().map(AsRef::as_ref).enumerate().map(told).collect()
    }

    pub(crate) fn find_used(&self) -> NamesUsed {
        let reads = |name: &str| self.fields.id(name).is_some_and(|field| self.reads(field));
        NamesUsed {
            facility: reads(header_names::FACILITY),
            severity: reads(header_names::SEVERITY),
            message: reads(header_names::MESSAGE),
        }
    }

    /// Whether a rule, a condition, a sub-parser or the time reads this field.
    pub fn reads(&self, field: FieldId) -> bool {
        fn by_when(when: Option<&crate::When>, field: FieldId) -> bool {
            when.is_some_and(|when| when.0.iter().any(|condition| condition.field == field))
        }
        fn by_rule(rule: &Rule, field: FieldId) -> bool {
            rule.from.iter().any(|source| source.field == field)
                || by_when(rule.when.as_ref(), field)
                || rule.or.as_ref().is_some_and(|or| by_rule(or, field))
        }
        fn by_sub(sub: &SubSpec, field: FieldId) -> bool {
            sub.from.field == field
                || by_when(sub.when.as_ref(), field)
                || sub.sub.iter().any(|inner| by_sub(inner, field))
        }
        self.rules().any(|rule| by_rule(rule, field))
            || self.cases.iter().any(|case| by_when(case.when.as_ref(), field))
            || self.cases.iter().any(|case| matches!(&case.activity, Activity::By(rule) if by_rule(rule, field)))
            || self.subs.iter().any(|sub| by_sub(sub, field))
            || self.identity.iter().any(|source| source.field == field)
            || self.time.as_ref().is_some_and(|t| t.from.iter().flatten().any(|source| source.field == field))
    }

    /// Every rule of every path, for checks of content.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.programs.iter().flat_map(|program| program.columns.iter().map(|rule| &rule.rule))
    }
}
