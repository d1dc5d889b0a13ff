//! The eight queries: five in the analysts' language through the product's engine, three (a histogram by time, a join with
//! 100,000 indicators, a percentile) that the language does not have, by DataFusion alone with the engine's settings.

use crate::feed::{Fed, NEEDLE_IP, NEEDLE_WORD, begun};
use crate::{cpu, median};
use datafusion::functions::datetime::expr_fn::date_trunc;
use datafusion::functions_aggregate::expr_fn::{approx_percentile_cont, count, min};
use datafusion::prelude::{DataFrame, JoinType, ParquetReadOptions, SessionConfig, SessionContext, cast, col, lit};
use std::sync::Arc;
use wardwatch_access::{Actor, Mint, OpContext, Purpose, TraceId};
use wardwatch_ident::{FixedClock, Timestamp, Zone};
use wardwatch_measure::Dice;
use wardwatch_predicate::query::read_query;
use wardwatch_query_datafusion::{DataFusionQueries, EngineParts};
use wardwatch_search::{Asked, NoNativeNames, QueryEngine, SearchPlan, plan};

pub const NAMES: [&str; 8] = [
    "q1_count_by_minute",
    "q2_top_talkers",
    "q3_needle_ip",
    "q4_needle_substring",
    "q5_distinct_users",
    "q6_ioc_join_100k",
    "q7_last100_host",
    "q8_p95",
];

/// The host of which the latest rows are asked.
pub const HOST: &str = "QH-FW1";

/// One query's figures.
pub struct Figure {
    pub cpu_ms: f64,
    pub rows: usize,
}

/// Indicators: 100,000 addresses, the same here and there.
pub fn indicators() -> Vec<String> {
    let mut dice = Dice::new(100_000);
    let address = |dice: &mut Dice| format!("198.51.{}.{}", dice.below(256), dice.below(256));
    let other = |dice: &mut Dice| {
        format!("{}.{}.{}.{}", 11 + dice.below(80), dice.below(256), dice.below(256), dice.below(256))
    };
    (0..100_000).map(|n| if n % 50 == 0 { address(&mut dice) } else { other(&mut dice) }).collect()
}

fn texts() -> [Option<String>; 8] {
    [
        None,
        Some("* | stats sum(bytes_out) as total by src_ip | sort -total | head 20".into()),
        Some(format!("dst_ip:{NEEDLE_IP} | fields time, src_ip, dst_ip")),
        Some(format!("{NEEDLE_WORD} | fields time, raw")),
        Some("* | stats dc(user) as users".into()),
        None,
        Some(format!("host:{HOST} | head 100 | fields time, host, raw")),
        None,
    ]
}

pub async fn run(fed: &Fed, rounds: usize) -> Vec<Figure> {
    let parts = EngineParts {
        lake: fed.lake.clone(),
        root: fed.root.clone(),
        spill: fed.root.with_extension("spill"),
        cores: 2,
        clock: Arc::new(FixedClock::new(begun())),
    };
    let engine = DataFusionQueries::open(parts).expect("an engine");
    let cx = context(fed);
    let mut figures = Vec::new();
    for (at, text) in texts().into_iter().enumerate() {
        let (mut spent, mut rows) = (Vec::new(), 0);
        // The first round warms the cache of footers and is not counted, here and there.
        for round in 0..=rounds {
            let before = cpu();
            rows = match &text {
                Some(text) => engine.run(&cx, &planned(text)).await.unwrap_or_else(|e| panic!("{text}: {e}")).rows(),
                None => direct(fed, at).await.expect("a query"),
            };
            if round > 0 {
                spent.push((cpu() - before) * 1e3);
            }
        }
        figures.push(Figure { cpu_ms: median(spent), rows });
    }
    figures
}

fn planned(text: &str) -> SearchPlan {
    let query = read_query(text).unwrap_or_else(|e| panic!("{text}: {e}")).query;
    let zone = Zone::china();
    let asked = Asked {
        query: &query,
        dataset: "events",
        range: (None, None),
        rows_max: 100_000,
        now: begun(),
        zone: &zone,
        natives: &NoNativeNames,
    };
    plan(asked).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[allow(clippy::disallowed_methods)]
fn context(fed: &Fed) -> OpContext {
    OpContext {
        who: Actor::Operator,
        scope: Mint::new().tenant(fed.tenant),
        why: Purpose("measurement".into()),
        until: Timestamp::from_micros(i64::MAX),
        trace: TraceId(0),
    }
}

async fn direct(fed: &Fed, at: usize) -> datafusion::error::Result<usize> {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().execution.parquet.pushdown_filters = true;
    config.options_mut().execution.parquet.reorder_filters = true;
    let session = SessionContext::new_with_config(config);
    let paths: Vec<String> = fed
        .files
        .iter()
        .filter(|f| f.components().any(|c| c.as_os_str() == "events"))
        .map(|f| f.display().to_string())
        .collect();
    let rows = session.read_parquet(paths, ParquetReadOptions::default()).await?;
    let asked: DataFrame = match at {
        0 => rows.aggregate(
            vec![date_trunc(lit("minute"), col("time_received")).alias("minute")],
            vec![count(lit(1)).alias("n")],
        )?,
        5 => {
            let known: datafusion::arrow::array::StringViewArray = indicators().into_iter().map(Some).collect();
            let batch =
                datafusion::arrow::record_batch::RecordBatch::try_from_iter([("indicator", Arc::new(known) as _)])?;
            let known = session.read_batch(batch)?;
            rows.join(known, JoinType::LeftSemi, &["dst_ip"], &["indicator"], None)?
                .aggregate(vec![col("dst_ip")], vec![count(lit(1)).alias("n"), min(col("time_received"))])?
        }
        _ => {
            let sort = cast(col("bytes_out"), datafusion::arrow::datatypes::DataType::Float64).sort(true, false);
            rows.filter(col("bytes_out").is_not_null())?.aggregate(
                vec![col("app")],
                vec![approx_percentile_cont(sort, lit(0.95), None).alias("p95"), count(lit(1)).alias("n")],
            )?
        }
    };
    Ok(asked.collect().await?.iter().map(|batch| batch.num_rows()).sum())
}
