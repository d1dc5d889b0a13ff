//! What a correlation is, as its document says it. Nouns only; they are made in `read_correlation.rs` and evaluated
//! elsewhere.

use crate::place::Place;

/// What is looked for among the events of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorrelationKind {
    /// How many events.
    EventCount,
    /// How many different values of a field.
    ValueCount,
    /// Several rules, in any order.
    Temporal,
    /// Several rules, in the order they are named.
    TemporalOrdered,
    /// The sum of a field.
    ValueSum,
    /// The mean of a field.
    ValueAvg,
    /// A percentile of a field.
    ValuePercentile,
    /// The median of a field.
    ValueMedian,
}

impl CorrelationKind {
    /// All of specification 2.1.
    pub const ALL: [CorrelationKind; 8] = [
        CorrelationKind::EventCount,
        CorrelationKind::ValueCount,
        CorrelationKind::Temporal,
        CorrelationKind::TemporalOrdered,
        CorrelationKind::ValueSum,
        CorrelationKind::ValueAvg,
        CorrelationKind::ValuePercentile,
        CorrelationKind::ValueMedian,
    ];

    /// The word of the specification.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            CorrelationKind::EventCount => "event_count",
            CorrelationKind::ValueCount => "value_count",
            CorrelationKind::Temporal => "temporal",
            CorrelationKind::TemporalOrdered => "temporal_ordered",
            CorrelationKind::ValueSum => "value_sum",
            CorrelationKind::ValueAvg => "value_avg",
            CorrelationKind::ValuePercentile => "value_percentile",
            CorrelationKind::ValueMedian => "value_median",
        }
    }

    /// Looks at the values of a field, and so needs `field` in its condition.
    #[must_use]
    pub const fn has_field(self) -> bool {
        !matches!(self, CorrelationKind::EventCount | CorrelationKind::Temporal | CorrelationKind::TemporalOrdered)
    }

    /// Counts something: its limits are whole numbers.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(
            self,
            CorrelationKind::EventCount
                | CorrelationKind::ValueCount
                | CorrelationKind::Temporal
                | CorrelationKind::TemporalOrdered
        )
    }
}

/// A name somewhere in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// Where it stands.
    pub place: Place,
    /// As written.
    pub name: String,
}

/// How a figure is compared with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
}

/// A finite number of a condition. Compared by its bits, so that documents can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit(u64);

impl Limit {
    /// None if it is not finite.
    #[must_use]
    pub fn new(number: f64) -> Option<Limit> {
        number.is_finite().then(|| Limit(number.to_bits()))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl std::fmt::Debug for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.get(), f)
    }
}

/// When a correlation holds: all of its limits, for example `gt: 100` and `lte: 200`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(pub Vec<(Comparison, Limit)>);

impl Limits {
    /// Does this figure hold?
    #[must_use]
    pub fn hold(&self, figure: f64) -> bool {
        self.0.iter().all(|(comparison, limit)| {
            let limit = limit.get();
            match comparison {
                Comparison::Gt => figure > limit,
                Comparison::Gte => figure >= limit,
                Comparison::Lt => figure < limit,
                Comparison::Lte => figure <= limit,
                Comparison::Eq => figure == limit,
                Comparison::Neq => figure != limit,
            }
        })
    }

    /// Only `gt` and `gte`: true from the event that reaches it. Anything else is known at the end of a window only.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.0.iter().all(|(comparison, _)| matches!(comparison, Comparison::Gt | Comparison::Gte))
    }

    /// The greatest limit, for structures that need to hold no more than it.
    #[must_use]
    pub fn greatest(&self) -> f64 {
        self.0.iter().map(|(_, limit)| limit.get()).fold(0.0, f64::max)
    }
}

/// A name for fields that are called differently in the events of different rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAlias {
    /// The name that `group-by` or `field` uses.
    pub alias: Named,
    /// Rule by name or id, and what the field is called in its events.
    pub fields: Vec<(Named, String)>,
}

impl FieldAlias {
    /// The field in the events of a rule that is known by these names.
    #[must_use]
    pub fn field_of(&self, names: &[&str]) -> Option<&str> {
        self.fields.iter().find(|(rule, _)| names.contains(&rule.name.as_str())).map(|(_, field)| field.as_str())
    }
}

/// The part of a document under `correlation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    /// Where it stands.
    pub place: Place,
    /// What it looks for.
    pub kind: CorrelationKind,
    /// The rules it looks at, by name or id, each once.
    pub rules: Vec<Named>,
    /// Fields or aliases whose values separate one count from another; none: one count for the whole tenant.
    pub group_by: Vec<Named>,
    /// The length of a window, seconds.
    pub timespan_secs: u64,
    /// The limits; for `temporal` without a condition, all rules.
    pub limits: Limits,
    /// Fields or aliases whose values are looked at; none for kinds that look at events only.
    pub fields: Vec<Named>,
    /// Which percentile, for [`CorrelationKind::ValuePercentile`].
    pub percentile: Option<Limit>,
    /// Names for fields.
    pub aliases: Vec<FieldAlias>,
    /// The rules it names give alerts of their own, too.
    pub generate: bool,
    /// Our extension `x-absence`: says which groups there should be, so that a count of zero means something.
    pub absence: Option<Absence>,
}

/// Which groups there should be, and when it is asked whether they were there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Where it stands.
    pub place: Place,
    /// The groups.
    pub groups: DeclaredGroups,
    /// Once a day for a part of the day; without it the last `timespan` is looked at all the time.
    pub daily: Option<Daily>,
    /// A rule that must have been seen in both halves of the window, for the same group: the host answers, but.
    pub meanwhile: Option<Named>,
}

/// A list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredGroups {
    /// No `group-by`: the tenant as a whole.
    Whole,
    /// In the document; each with as many values as `group-by` has fields.
    Listed(Vec<Vec<String>>),
    /// The name of a set that each tenant fills.
    Set(Named),
}

/// A part of every day, by the calendar of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daily {
    /// Minute of the day at which it begins.
    pub from_minute: u16,
    /// Minute of the day at which it ends; not after the beginning: on the next day.
    pub to_minute: u16,
    /// An IANA name or an offset, as written.
    pub zone: Named,
    /// On which days it begins, Monday first.
    pub days: [bool; 7],
}

impl Daily {
    /// Its length on a day without a change of the clock, minutes.
    #[must_use]
    pub fn minutes(&self) -> u16 {
        match self.to_minute.checked_sub(self.from_minute) {
            Some(minutes) if minutes > 0 => minutes,
            _ => (1_440 + self.to_minute).saturating_sub(self.from_minute),
        }
    }
}
