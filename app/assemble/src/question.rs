//! A search, from the edge's question to its answer.

use crate::machine::Machine;
use serde_json::Value;
use wardwatch_access::OpContext;
use wardwatch_api::{Dataset, Fault, SearchAnswer, SearchAsk};
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_predicate::query::{Query, read_query};
use wardwatch_schema::dataset;
use wardwatch_search::{Answer, Asked, Cell, SearchFault, plan};

/// Runs the query, and once more for the bars of the histogram if they are wanted and the query has no pipes.
pub async fn search(machine: &Machine, cx: &OpContext, ask: &SearchAsk) -> Result<SearchAnswer, Fault> {
    let read = read_query(&ask.query).map_err(Fault::query)?;
    let rows = run(machine, cx, ask, &read.query, ask.limit).await?;
    let bars = if ask.bars > 0 && read.query.pipes.is_empty() { bars(machine, cx, ask).await? } else { Vec::new() };
    Ok(SearchAnswer {
        columns: rows.columns.iter().map(|c| c.name.clone()).collect(),
        rows: rows.each_row().map(|row| row.iter().map(value).collect()).collect(),
        more: rows.truncated,
        bars,
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

async fn run(machine: &Machine, cx: &OpContext, ask: &SearchAsk, query: &Query, rows_max: usize) -> Result<Answer, Fault> {
    let asked = Asked {
        query,
        dataset: match ask.dataset {
            Dataset::Events => dataset::EVENTS,
            Dataset::Alerts => dataset::ALERTS,
            Dataset::Quarantine => dataset::QUARANTINE,
        },
        range: (Some(ask.from), Some(ask.to)),
        rows_max,
        now: machine.clock.now(),
        zone: &Zone::china(),
        natives: &machine.content,
    };
    let plan = plan(asked).map_err(refused)?;
    machine.queries.run(cx, &plan).await.map_err(refused)
}

/// How many rows match in each stretch: the times alone are fetched and counted here.
async fn bars(machine: &Machine, cx: &OpContext, ask: &SearchAsk) -> Result<Vec<(Timestamp, u64)>, Fault> {
    let text = format!("{} | fields time", ask.query);
    let Ok(read) = read_query(&text) else { return Ok(Vec::new()) };
    let times = run(machine, cx, ask, &read.query, wardwatch_limits::SEARCH_ROWS).await?;
    let found: Vec<Timestamp> = times
        .each_row()
        .filter_map(|row| match row.first() {
            Some(Cell::Time(at)) => Some(*at),
            _ => None,
        })
        .collect();
    // A cut answer would draw a wrong picture.
    let (Some(first), Some(last), false) = (found.iter().min(), found.iter().max(), times.truncated) else {
        return Ok(Vec::new());
    };
    let stretch = (last.micros_since(*first) / i64::from(ask.bars)).max(0) + 1;
    let mut bars: Vec<(Timestamp, u64)> =
        (0..i64::from(ask.bars)).map(|n| (first.plus_micros(n * stretch), 0)).collect();
    for at in &found {
        if let Some(bar) = bars.get_mut((at.micros_since(*first) / stretch) as usize) {
            bar.1 += 1;
        }
    }
    Ok(bars)
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
        SearchFault::TooLate => Fault::busy(),
        SearchFault::Engine(cause) => Fault::failed("search", cause),
        about_the_text => Fault::query(about_the_text),
    }
}
