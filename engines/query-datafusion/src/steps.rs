//! A plan's steps on top of its rows: stats, sort, head, fields.

use crate::functions::{as_number, as_text, native_text};
use crate::tests_as_expr::named;
use datafusion::common::Result;
use datafusion::dataframe::DataFrame;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{avg, count, count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, SortExpr, lit};
use wardwatch_predicate::query::Function;
use wardwatch_schema::{Kind, dataset};
use wardwatch_search::{Access, Figure, Place, SearchPlan, Step};

/// The rows a plan asks for, bounded by one more than its `rows_max`, and whether they are still whole rows.
pub(crate) fn apply(rows: DataFrame, plan: &SearchPlan) -> Result<(DataFrame, bool)> {
    let newest = newest_first(&plan.dataset);
    let mut state = State { rows, ordered: false, made: false, newest };
    for step in &plan.steps {
        state = state.step(step, &plan.dataset)?;
    }
    let whole_rows = !state.made;
    let rows = state.ordered()?.rows.limit(0, Some(plan.rows_max + 1))?;
    Ok((rows, whole_rows))
}

struct State {
    rows: DataFrame,
    /// Somebody has put them in order.
    ordered: bool,
    /// They are no rows of the lake any more.
    made: bool,
    newest: Vec<SortExpr>,
}

/// The order of rows when nobody asks for one.
fn newest_first(dataset: &str) -> Vec<SortExpr> {
    let id = if dataset == dataset::ALERTS { "id" } else { "event_id" };
    let time = coalesce(vec![named("time"), named("time_received")]);
    vec![time.sort(false, false), named(id).sort(false, false)]
}

impl State {
    fn ordered(mut self) -> Result<Self> {
        if !self.ordered && !self.made {
            self.rows = self.rows.sort(self.newest.clone())?;
            self.ordered = true;
        }
        Ok(self)
    }

    fn step(mut self, step: &Step, dataset: &str) -> Result<Self> {
        match step {
            Step::Stats { figures, by } => {
                self.rows = stats(self.rows, figures, by, dataset)?;
                (self.made, self.ordered) = (true, true);
            }
            Step::Sort(keys) => {
                let keys = keys.iter().map(|(place, descending)| value(place, dataset).sort(!descending, false));
                self.rows = self.rows.sort(keys.collect())?;
                self.ordered = true;
            }
            Step::Head(rows) => {
                self = self.ordered()?;
                self.rows = self.rows.limit(0, Some(*rows))?;
            }
            Step::Fields(fields) => {
                self = self.ordered()?;
                let columns = fields.iter().map(|(place, name)| value(place, dataset).alias(name));
                self.rows = self.rows.select(columns.collect::<Vec<_>>())?;
                self.made = true;
            }
        }
        Ok(self)
    }
}

/// One row per group, ordered by the groups: the same question gives the same table.
fn stats(rows: DataFrame, figures: &[Figure], by: &[(Place, String)], dataset: &str) -> Result<DataFrame> {
    let groups: Vec<Expr> = by.iter().map(|(place, name)| value(place, dataset).alias(name)).collect();
    let made: Vec<Expr> = figures.iter().map(|figure| measure(figure, dataset).alias(&figure.name)).collect();
    let names: Vec<&String> = by.iter().map(|(_, name)| name).chain(figures.iter().map(|f| &f.name)).collect();
    let grouped =
        rows.aggregate(groups, made)?.select(names.into_iter().map(|name| named(name)).collect::<Vec<_>>())?;
    if by.is_empty() {
        return Ok(grouped);
    }
    grouped.sort(by.iter().map(|(_, name)| named(name).sort(true, false)).collect())
}

fn measure(figure: &Figure, dataset: &str) -> Expr {
    let Some(place) = &figure.over else { return count(lit(1)) };
    let plain = value(place, dataset);
    let number = || if holds_numbers(place) { plain.clone() } else { as_number(plain.clone()) };
    // Native values are texts; least and greatest of them are meant as numbers.
    let ordered = || if matches!(place, Place::Row(Access::Native { .. })) { number() } else { plain.clone() };
    match figure.function {
        Function::Count => count(plain),
        Function::Distinct => count_distinct(plain),
        Function::Sum => sum(number()),
        Function::Average => avg(number()),
        Function::Least => min(ordered()),
        Function::Greatest => max(ordered()),
    }
}

fn holds_numbers(place: &Place) -> bool {
    matches!(place, Place::Row(Access::Column(column)) if matches!(column.kind, Kind::Int | Kind::Port))
}

/// The value at a place. A native name's is a text: the first column of its that has one, else the one under `unmapped`.
fn value(place: &Place, dataset: &str) -> Expr {
    match place {
        Place::Made(name) => named(name),
        Place::Row(Access::Column(column)) => named(column.name),
        Place::Row(Access::Native { key, columns }) => {
            let unmapped = (dataset != dataset::ALERTS).then(|| native_text(key, named("unmapped")));
            let texts: Vec<Expr> = columns.iter().map(|column| as_text(named(column.name))).chain(unmapped).collect();
            coalesce(texts)
        }
    }
}
