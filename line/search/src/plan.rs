//! From a checked query to a plan: names resolved, times made instants, bounds set.

use crate::field::{Access, NativeNames, resolve};
use crate::{SearchFault, columns_of};
use wardwatch_ident::{Civil, Timestamp, Zone};
use wardwatch_limits::SEARCH_ROWS;
use wardwatch_predicate::Pattern;
use wardwatch_predicate::query::{Bound, Filter, Function, Is, Measure, Pipe, Query, RangeValue, Term, TimeWord};
use wardwatch_schema::{Column, Kind};

/// What somebody asks.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The checked text.
    pub query: &'a Query,
    /// `events`, `quarantine` or `alerts`.
    pub dataset: &'a str,
    /// The range where the text leaves it open: from (inclusive) and to (exclusive); none is unbounded.
    pub range: (Option<Timestamp>, Option<Timestamp>),
    /// Rows at most; never more than `wardwatch_limits::SEARCH_ROWS`.
    pub rows_max: usize,
    /// Now, for `since:24h`.
    pub now: Timestamp,
    /// The reader's zone, for times without one.
    pub zone: &'a Zone,
    /// The packs' native names.
    pub natives: &'a dyn NativeNames,
}

/// What an engine runs. Holds no tenant: that comes with the context.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchPlan {
    /// Which rows.
    pub dataset: String,
    /// First and last instant, both inclusive, of the event's time (reception where the line does not say).
    pub time: (Timestamp, Timestamp),
    /// Which of them.
    pub test: Test,
    /// What becomes of them.
    pub steps: Vec<Step>,
    /// Rows at most.
    pub rows_max: usize,
    /// Into how many stretches of time all matching rows are counted; 0 for none. Only for plans without steps.
    pub bars: u32,
}

impl SearchPlan {
    /// The same plan, its matching rows counted over time as well; a plan with steps has no such picture.
    #[must_use]
    pub fn with_bars(self, bars: u32) -> Self {
        let bars = if self.steps.is_empty() { bars } else { 0 };
        Self { bars, ..self }
    }
}

/// Which rows, names resolved. A missing value answers no test.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// All.
    All,
    /// All of these.
    And(Vec<Test>),
    /// Any of these.
    Or(Vec<Test>),
    /// Not this.
    Not(Box<Test>),
    /// The raw line contains this anywhere, in any case.
    Line(Pattern),
    /// A field's value (any of its values) is this.
    Field {
        /// Which field.
        access: Access,
        /// What it must be.
        is: Is,
    },
    /// A column of time lies between.
    Instant {
        /// Which column.
        column: &'static Column,
        /// Between what.
        between: Instants,
    },
}

/// Bounds of an instant and whether they belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instants {
    /// The lower.
    pub low: Option<(Timestamp, bool)>,
    /// The upper.
    pub high: Option<(Timestamp, bool)>,
}

/// A step after the test.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// One row per group; missing values are a group of their own.
    Stats {
        /// The figures.
        figures: Vec<Figure>,
        /// The groups: where the values are, and the column's name.
        by: Vec<(Place, String)>,
    },
    /// Order; missing values come last.
    Sort(Vec<(Place, bool)>),
    /// The first so many.
    Head(usize),
    /// These columns.
    Fields(Vec<(Place, String)>),
}

/// Where a step finds a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the rows of the lake.
    Row(Access),
    /// In a column that an earlier step made.
    Made(String),
}

/// A figure over a group.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Which.
    pub function: Function,
    /// Over what; none counts rows.
    pub over: Option<Place>,
    /// The column's name.
    pub name: String,
}

/// Makes the plan.
///
/// # Errors
/// [`SearchFault`]'s first five: no such dataset or field, a time that cannot be read, a figure without numbers.
pub fn plan(asked: Asked<'_>) -> Result<SearchPlan, SearchFault> {
    if columns_of(asked.dataset).is_none() {
        return Err(SearchFault::Dataset(asked.dataset.to_owned()));
    }
    let planner = Planner { asked, made: None };
    let time = planner.time()?;
    let test = planner.test(&asked.query.filter)?;
    let steps = planner.steps(&asked.query.pipes)?;
    let rows_max = asked.rows_max.clamp(1, SEARCH_ROWS);
    Ok(SearchPlan { dataset: asked.dataset.to_owned(), time, test, steps, rows_max, bars: 0 })
}

struct Planner<'a> {
    asked: Asked<'a>,
    /// The columns there are after a `stats` or `fields`.
    made: Option<Vec<String>>,
}

impl Planner<'_> {
    fn time(&self) -> Result<(Timestamp, Timestamp), SearchFault> {
        let (earliest, latest) = self.asked.range;
        let range = &self.asked.query.range;
        let from = range.earliest.as_ref().map(|word| self.instant(word)).transpose()?.or(earliest);
        let to = range.latest.as_ref().map(|word| self.instant(word)).transpose()?.or(latest);
        let first = from.unwrap_or(Timestamp::from_micros(i64::MIN));
        let last = to.map_or(Timestamp::from_micros(i64::MAX), |to| to.plus_micros(-1));
        if first > last { Err(SearchFault::EmptyRange) } else { Ok((first, last)) }
    }

    fn instant(&self, word: &TimeWord) -> Result<Timestamp, SearchFault> {
        match word {
            TimeWord::Ago(seconds) => {
                let micros = i64::try_from(*seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
                Ok(self.asked.now.plus_micros(-micros))
            }
            TimeWord::At(text) => read_instant(text, self.asked.zone),
        }
    }

    fn test(&self, filter: &Filter) -> Result<Test, SearchFault> {
        let all = |inner: &[Filter]| inner.iter().map(|filter| self.test(filter)).collect::<Result<Vec<_>, _>>();
        Ok(match filter {
            Filter::All => Test::All,
            Filter::And(inner) => Test::And(all(inner)?),
            Filter::Or(inner) => Test::Or(all(inner)?),
            Filter::Not(inner) => Test::Not(Box::new(self.test(inner)?)),
            Filter::Term(Term::Text(pattern)) => Test::Line(pattern.clone()),
            Filter::Term(Term::Field { field, is }) => self.field_test(field, is)?,
        })
    }

    fn field_test(&self, field: &str, is: &Is) -> Result<Test, SearchFault> {
        let access = resolve(self.asked.dataset, field, self.asked.natives)?;
        if let (Access::Column(column), Is::Between { low, high }) = (&access, is)
            && column.kind == Kind::Time
        {
            let bound = |bound: &Option<Bound>| bound.as_ref().map(|bound| self.bound(bound)).transpose();
            return Ok(Test::Instant { column, between: Instants { low: bound(low)?, high: bound(high)? } });
        }
        Ok(Test::Field { access, is: is.clone() })
    }

    fn bound(&self, bound: &Bound) -> Result<(Timestamp, bool), SearchFault> {
        let at = match &bound.value {
            RangeValue::Text(text) => match TimeWord::read(text) {
                Some(word) => self.instant(&word)?,
                None => return Err(SearchFault::Time(text.clone())),
            },
            RangeValue::Number(number) => return Err(SearchFault::Time(format!("{number:?}"))),
            RangeValue::Address(address) => return Err(SearchFault::Time(address.to_string())),
        };
        Ok((at, bound.inclusive))
    }

    fn steps(mut self, pipes: &[Pipe]) -> Result<Vec<Step>, SearchFault> {
        let mut steps = Vec::with_capacity(pipes.len());
        for pipe in pipes {
            steps.push(self.step(pipe)?);
        }
        Ok(steps)
    }

    fn step(&mut self, pipe: &Pipe) -> Result<Step, SearchFault> {
        let named = |planner: &Self, fields: &[String]| -> Result<Vec<(Place, String)>, SearchFault> {
            fields.iter().map(|field| Ok((planner.place(field)?, field.clone()))).collect()
        };
        Ok(match pipe {
            Pipe::Stats { measures, by } => {
                let by = named(self, by)?;
                let figures = measures.iter().map(|measure| self.figure(measure)).collect::<Result<Vec<_>, _>>()?;
                let made = by.iter().map(|(_, name)| name).chain(figures.iter().map(|figure| &figure.name));
                self.made = Some(made.cloned().collect());
                Step::Stats { figures, by }
            }
            Pipe::Sort(keys) => {
                let keys = keys.iter().map(|key| Ok((self.place(&key.field)?, key.descending)));
                Step::Sort(keys.collect::<Result<Vec<_>, SearchFault>>()?)
            }
            Pipe::Head(rows) => Step::Head(usize::try_from(*rows).unwrap_or(SEARCH_ROWS).min(SEARCH_ROWS)),
            Pipe::Fields(fields) => {
                let mut wanted = named(self, fields)?;
                // A column asked for twice is given once.
                let mut seen = std::collections::HashSet::new();
                wanted.retain(|(_, name)| seen.insert(name.clone()));
                self.made = Some(fields.clone());
                Step::Fields(wanted)
            }
        })
    }

    fn place(&self, field: &str) -> Result<Place, SearchFault> {
        match &self.made {
            Some(made) if made.iter().any(|name| name == field) => Ok(Place::Made(field.to_owned())),
            Some(made) => Err(SearchFault::Field {
                field: field.to_owned(),
                dataset: self.asked.dataset.to_owned(),
                known: made.join(", "),
            }),
            None => resolve(self.asked.dataset, field, self.asked.natives).map(Place::Row),
        }
    }

    fn figure(&self, measure: &Measure) -> Result<Figure, SearchFault> {
        let over = measure.field.as_ref().map(|field| self.place(field)).transpose()?;
        let sums = matches!(measure.function, Function::Sum | Function::Average);
        if let Some(Place::Row(Access::Column(column))) = &over
            && sums
            && let Some(holds) = no_numbers(column.kind)
        {
            let figure = measure.function.word();
            return Err(SearchFault::Figure { figure, field: column.name.to_owned(), holds });
        }
        Ok(Figure { function: measure.function, over, name: measure.name.clone() })
    }
}

/// What a column holds instead of numbers to add. Text may hold numbers; what is none is left out.
fn no_numbers(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Ip => Some("addresses"),
        Kind::Time => Some("times"),
        Kind::Text | Kind::Port | Kind::Int => None,
    }
}

/// A date, or a date and time; `zone` where the text has none.
fn read_instant(text: &str, zone: &Zone) -> Result<Timestamp, SearchFault> {
    let fault = || SearchFault::Time(text.to_owned());
    let text_of_time = match text.len() {
        10 => format!("{text}T00:00:00"),
        16 => format!("{text}:00"),
        _ => with_seconds(text),
    };
    if let Some(at) = Timestamp::parse_rfc3339(&text_of_time) {
        return Ok(at);
    }
    match Civil::parse_iso(text_of_time.as_bytes()) {
        Some((civil, [])) => Ok(zone.instant(civil)),
        _ => Err(fault()),
    }
}

/// `2026-11-25T08:00Z` has no seconds; everything else is as it was.
fn with_seconds(text: &str) -> String {
    match (text.get(..16), text.get(16..)) {
        (Some(minutes), Some(zone)) if zone.starts_with(['Z', 'z', '+', '-']) => format!("{minutes}:00{zone}"),
        _ => text.to_owned(),
    }
}
