//! A search, from the edge's question to its answer.

use crate::machine::Machine;
use serde_json::Value;
use wardwatch_access::OpContext;
use wardwatch_api::{Dataset, Fault, SearchAnswer, SearchAsk};
use wardwatch_ident::Zone;
use wardwatch_predicate::query::{Query, read_query};
use wardwatch_schema::dataset;
use wardwatch_search::{Answer, Asked, Cell, SearchFault, plan};

/// Runs the query; the bars of the histogram, if they are wanted and the query has no pipes, come from the same run.
pub async fn search(machine: &Machine, cx: &OpContext, ask: &SearchAsk) -> Result<SearchAnswer, Fault> {
    let read = read_query(&ask.query).map_err(Fault::query)?;
    let rows = run(machine, cx, ask, &read.query).await?;
    Ok(SearchAnswer {
        columns: rows.columns.iter().map(|c| c.name.clone()).collect(),
        rows: rows.each_row().map(|row| row.iter().map(value).collect()).collect(),
        more: rows.truncated,
        bars: rows.bars.clone(),
        took_ms: u64::try_from(rows.took_us / 1_000).unwrap_or(0),
        notes: read.notes.iter().map(|n| format!("{}: {}", n.place, n.note)).chain(missing(&rows)).collect(),
    })
}

/// What the answer lacks because files could not be read.
fn missing(rows: &Answer) -> Option<String> {
    let first = rows.unreadable.first()?;
    let files = rows.unreadable.len();
    Some(format!(
        "有 {files} 个数据文件无法读取，其中的行未包含在结果里 / {files} data file(s) could not be read, their rows are missing: {first}"
    ))
}

async fn run(machine: &Machine, cx: &OpContext, ask: &SearchAsk, query: &Query) -> Result<Answer, Fault> {
    let asked = Asked {
        query,
        dataset: match ask.dataset {
            Dataset::Events => dataset::EVENTS,
            Dataset::Alerts => dataset::ALERTS,
            Dataset::Quarantine => dataset::QUARANTINE,
        },
        range: (Some(ask.from), Some(ask.to)),
        rows_max: ask.limit,
        now: machine.clock.now(),
        zone: &Zone::china(),
        natives: &*machine.content(),
    };
    let plan = plan(asked).map_err(refused)?.with_bars(ask.bars);
    machine.queries.run(cx, &plan).await.map_err(refused)
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => Value::from(text.as_ref()),
        Cell::Int(number) => Value::from(*number),
        Cell::Float(number) => serde_json::Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Cell::Time(at) => Value::from(at.to_string()),
    }
}

fn refused(fault: SearchFault) -> Fault {
    match fault {
        SearchFault::TooSlow(_) | SearchFault::TooLarge => Fault::bounds(fault),
        SearchFault::TooLate | SearchFault::TooMany => Fault::busy(),
        SearchFault::Engine(cause) => Fault::failed("search", cause),
        about_the_text => Fault::query(about_the_text),
    }
}
