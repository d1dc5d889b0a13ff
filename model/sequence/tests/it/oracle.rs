//! The slow obvious way: sort, and for each event look at all events of its window anew. Must say what the state says.

use crate::world::{Case, SECOND, batch, one};
use proptest::prelude::*;
use wardwatch_sequence::Fired;

pub const SPAN: i64 = 10 * SECOND;

/// What is compared: group, time, figure, first and last event.
pub type Plain = (String, i64, String, u128, u128);

pub fn plain(fired: &[Fired]) -> Vec<Plain> {
    let mut plain: Vec<Plain> = fired
        .iter()
        .map(|f| {
            let group = f.group.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",");
            (group, f.time.as_micros(), format!("{:.9}", f.figure), f.first.unwrap().0.0, f.last.unwrap().0.0)
        })
        .collect();
    plain.sort();
    plain
}

/// Kind, condition and the text of the document.
#[derive(Clone, Debug)]
pub struct Spec {
    pub kind: &'static str,
    pub comparison: &'static str,
    pub limit: i64,
}

impl Spec {
    pub fn inner(&self) -> String {
        let Spec { kind, comparison, limit } = self;
        let field = match *kind {
            "event_count" | "temporal" | "temporal_ordered" => "",
            "value_percentile" => "field: v, percentile: 75, ",
            _ => "field: v, ",
        };
        let condition = match *kind {
            "temporal_ordered" => String::new(),
            _ => format!("condition: {{{field}{comparison}: {limit}}}"),
        };
        format!("type: {kind}\nrules: [a, b, c]\ngroup-by: [g]\ntimespan: 10s\n{condition}")
    }

    fn holds(&self, figure: f64) -> bool {
        let limit = self.limit as f64;
        match (self.kind, self.comparison) {
            ("temporal_ordered", _) => figure >= 3.0,
            (_, "gt") => figure > limit,
            (_, "gte") => figure >= limit,
            (_, "lt") => figure < limit,
            (_, "lte") => figure <= limit,
            (_, "eq") => figure == limit,
            _ => figure != limit,
        }
    }

    fn closing(&self) -> bool {
        self.kind != "temporal_ordered" && !matches!(self.comparison, "gt" | "gte")
    }

    /// Figure, and the events shown for it.
    fn figure(&self, window: &[&Case]) -> Option<(f64, Vec<u128>)> {
        let value = |case: &Case| case.fields.0.iter().find(|(name, _)| name == "v").unwrap().1.to_lowercase();
        let ids = |cases: &[&Case]| cases.iter().map(|case| case.id).collect::<Vec<_>>();
        let last_of = |same: &dyn Fn(&Case, &Case) -> bool| -> Vec<u128> {
            let last = |(n, case): &(usize, &&Case)| !window[n + 1..].iter().any(|later| same(case, later));
            window.iter().enumerate().filter(last).map(|(_, case)| case.id).collect()
        };
        Some(match self.kind {
            "event_count" => {
                // The state keeps as many events as decide.
                let most = (1..).find(|n| self.holds(*n as f64)).filter(|_| !self.closing()).unwrap_or(usize::MAX);
                let shown = &window[window.len().saturating_sub(most)..];
                (shown.len() as f64, ids(shown))
            }
            "value_count" => {
                // Of a value twice in one instant the first event stands for it.
                let mut window = window.to_vec();
                window.reverse();
                window.sort_by_key(|case| case.time);
                let last = |n: usize| !window[n + 1..].iter().any(|later| value(later) == value(window[n]));
                let mut shown: Vec<&Case> = (0..window.len()).filter(|n| last(*n)).map(|n| window[n]).collect();
                shown.sort_by_key(|case| (case.time, case.id));
                (shown.len() as f64, ids(&shown))
            }
            "temporal" => {
                let shown = last_of(&|a, b| a.rule == b.rule);
                (shown.len() as f64, shown)
            }
            "temporal_ordered" => {
                // Backwards from the last possible end: the chain that begins last.
                let before = |end: usize, rule: u32| (0..end).rev().filter(move |n| window[*n].rule == rule);
                let chains = before(window.len(), 2)
                    .flat_map(|c| before(c, 1).flat_map(move |b| before(b, 0).map(move |a| vec![a, b, c])));
                let best: Vec<u128> = chains.take(1).flatten().map(|n| window[n].id).collect();
                (best.len() as f64, best)
            }
            numeric => {
                let mut numbers: Vec<f64> = window.iter().filter_map(|case| value(case).parse().ok()).collect();
                let shown =
                    window.iter().filter(|case| value(case).parse::<f64>().is_ok()).map(|case| case.id).collect();
                let sum: f64 = numbers.iter().sum();
                let count = numbers.len() as f64;
                numbers.sort_by(f64::total_cmp);
                let at = |percent: f64| {
                    let rank = percent / 100.0 * (count - 1.0);
                    let (low, high) = (numbers[rank.floor() as usize], numbers[rank.ceil() as usize]);
                    low + (high - low) * rank.fract()
                };
                if numbers.is_empty() {
                    return None;
                }
                let figure = match numeric {
                    "value_sum" => sum,
                    "value_avg" => sum / count,
                    "value_median" => at(50.0),
                    _ => at(75.0),
                };
                (figure, shown)
            }
        })
    }

    /// What should be said.
    pub fn expected(&self, cases: &[Case]) -> Vec<Plain> {
        let mut groups: Vec<&str> = cases.iter().map(|case| case.fields.0[0].1.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        let numeric = !matches!(self.kind, "event_count" | "value_count" | "temporal" | "temporal_ordered");
        let mut said = Vec::new();
        for group in groups {
            let counts =
                |case: &&Case| case.fields.0[0].1 == group && (!numeric || case.fields.0[1].1.parse::<f64>().is_ok());
            let mut sorted: Vec<&Case> = cases.iter().filter(counts).collect();
            sorted.sort_by_key(|case| (case.time, case.id));
            let until = cases.iter().map(|case| case.time).max().unwrap();
            let mut speak = |time: i64, figure: f64, shown: &[u128]| {
                let first = shown.first().copied().unwrap_or_default();
                let last = shown.last().copied().unwrap_or_default();
                said.push((group.to_owned(), time, format!("{figure:.9}"), first, last));
            };
            if self.closing() {
                let mut rest = sorted.as_slice();
                while let Some(first) = rest.first() {
                    let end = first.time + SPAN;
                    let inside = rest.iter().take_while(|case| case.time < end).count();
                    if end <= until + 1
                        && let Some((figure, shown)) = self.figure(&rest[..inside])
                        && self.holds(figure)
                    {
                        speak(end, figure, &shown);
                    }
                    rest = &rest[inside..];
                }
                continue;
            }
            let (mut holding, mut said_at) = (false, i64::MIN / 2);
            for (n, case) in sorted.iter().enumerate() {
                let window: Vec<&Case> = sorted[..=n].iter().filter(|c| c.time > case.time - SPAN).copied().collect();
                match self.figure(&window).filter(|(figure, _)| self.holds(*figure)) {
                    None => holding = false,
                    Some((figure, shown)) => {
                        if !holding || case.time - said_at >= SPAN {
                            said_at = case.time;
                            speak(case.time, figure, &shown);
                        }
                        holding = true;
                    }
                }
            }
        }
        said.sort();
        said
    }
}

pub fn specs() -> impl Strategy<Value = Spec> {
    let kinds = prop::sample::select(vec![
        "event_count",
        "value_count",
        "temporal",
        "temporal_ordered",
        "value_sum",
        "value_avg",
        "value_percentile",
        "value_median",
    ]);
    let comparisons = prop::sample::select(vec!["gt", "gte", "gte", "gte", "lt", "lte", "eq", "neq"]);
    (kinds, comparisons, 1..4_i64).prop_filter_map("a condition that is read", |(kind, comparison, limit)| {
        let never = (kind, comparison, limit) == ("temporal", "gt", 3);
        let only_zero = comparison == "lt" && limit == 1 && matches!(kind, "event_count" | "value_count" | "temporal");
        (!never && !only_zero).then_some(Spec { kind, comparison, limit })
    })
}

/// Hits of a minute in two groups, with few values and many ties.
pub fn hits() -> impl Strategy<Value = Vec<Case>> {
    let values = prop::sample::select(vec!["0", "1", "2", "3", "-1", "0.5", "2.25", "x", "X"]);
    let hit = (0..120_i64, 0..3_u32, prop::sample::select(vec!["p", "q"]), values);
    prop::collection::vec(hit, 1..60).prop_map(|hits| {
        let case = |(n, (half, rule, group, value)): (usize, (i64, u32, &str, &str))| Case {
            time: half * SECOND / 2,
            id: n as u128 + 1,
            rule,
            fields: crate::world::fields_of(&format!("g={group} v={value}")),
        };
        hits.into_iter().enumerate().map(case).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_eight_types_say_what_sorting_and_scanning_says(spec in specs(), cases in hits()) {
        let rules = one(&spec.inner());
        prop_assert_eq!(plain(&batch(&rules, &cases)), spec.expected(&cases));
    }
}
