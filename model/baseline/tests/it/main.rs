//! Tests of baselines: each kind of profile, what is not said, wrong clocks, bounds, snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod bounds;
mod definitions;
mod profiles;
mod replay;
mod silence;

use std::sync::Arc;
use wardwatch_baseline::{Baselines, Definitions, Look, Observation, Shift, Site};
use wardwatch_ident::Timestamp;

/// Monday 2026-06-01 00:00 on the site's clocks.
pub(crate) const MONDAY: i64 = 1_780_243_200;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const HOUR: i64 = 3_600;

/// A definition of each kind, `0` to `5` in the order of the promise.
pub(crate) const TEXT: &str = r#"
[[baseline]]
id = "new"
kind = "first_seen"
title = { zh = "新程序", en = "new program" }
entity = "host"
value = "proc_path"

[[baseline]]
id = "rare"
kind = "rare"
title = { zh = "罕见程序", en = "rare program" }
entity = "host"
value = "proc_path"
share_ppm_max = 100

[[baseline]]
id = "fan"
kind = "fan_out"
title = { zh = "目标数", en = "targets" }
entity = "host"
value = "dst_ip"

[[baseline]]
id = "volume"
kind = "volume"
title = { zh = "外发量", en = "bytes out" }
entity = "host"
value = "bytes_out"

[[baseline]]
id = "hours"
kind = "hours"
title = { zh = "非常规时间", en = "unusual hour" }
entity = "host"

[[baseline]]
id = "absent"
kind = "absent"
title = { zh = "任务未运行", en = "job did not run" }
entity = "host"
"#;

pub(crate) fn site() -> Site {
    Site {
        shifts: vec![Shift { role: Some("night".into()), days: [true; 7], from_hour: 22, to_hour: 6 }],
        ..Site::china()
    }
}

pub(crate) fn baselines() -> Baselines {
    Baselines::new(Arc::new(Definitions::read(TEXT).unwrap()), site(), [3; 16])
}

/// An observation of one entity by definition, without role, received when it happened.
pub(crate) fn seen<'e>(definition: usize, entity: &'e str, value: Option<&'e str>, secs: i64) -> Observation<'e> {
    let at = Timestamp::from_secs(secs);
    Observation { definition, source: "src", entity, value, role: None, on_shift: false, at, received: at }
}

/// The facts in English.
pub(crate) fn said(look: &Look) -> Vec<String> {
    look.facts.iter().map(|f| f.english()).collect()
}
