//! How the matching rows lie in time: from the answer itself if it holds all of them, else by reading their times alone,
//! in the same turn and over the same view.

use crate::rows::TenantRows;
use crate::tests_as_expr::{named, restriction};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_search::{Answer, Bars, Cell, SearchPlan};

/// Counts every row that matches, whatever the plan's bound of rows is.
pub(crate) async fn bars(
    session: &SessionContext,
    rows: TenantRows,
    plan: &SearchPlan,
    answer: &Answer,
) -> Result<Vec<(Timestamp, u64)>> {
    let mut bars = Bars::default();
    if !answer.truncated {
        let places = [answer.place("time"), answer.place("time_received")];
        for row in answer.each_row() {
            let instant = |place: &Option<usize>| match place.and_then(|place| row.get(place)) {
                Some(Cell::Time(at)) => Some(*at),
                _ => None,
            };
            places.iter().find_map(instant).into_iter().for_each(|at| bars.add(at));
        }
        return Ok(bars.drawn(plan.bars));
    }
    let mut frame = session.read_table(Arc::new(rows))?;
    if let Some(restriction) = restriction(plan) {
        frame = frame.filter(restriction)?;
    }
    let time = coalesce(vec![named("time"), named("time_received")]).alias("at");
    let mut times = frame.select(vec![time])?.execute_stream().await?;
    while let Some(batch) = times.next().await {
        let batch = batch?;
        let Some(column) = batch.columns().first().and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        else {
            continue;
        };
        column.iter().flatten().for_each(|micros| bars.add(Timestamp::from_micros(micros)));
    }
    Ok(bars.drawn(plan.bars))
}
