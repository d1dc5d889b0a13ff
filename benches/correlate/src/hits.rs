//! The hits: made from a seed, in order of arrival.

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    EventCount,
    ValueCount,
}

impl Shape {
    pub fn word(self) -> &'static str {
        match self {
            Shape::EventCount => "event_count",
            Shape::ValueCount => "value_count",
        }
    }

    /// The part of a document under `correlation`.
    pub fn document(self) -> String {
        let condition = match self {
            Shape::EventCount => "{gte: 10}",
            Shape::ValueCount => "{field: value, gte: 8}",
        };
        format!(
            "title: T\nid: 11111111-1111-4111-8111-111111111111\nname: many\ncorrelation:\n  type: {}\n  rules: [single]\n  \
             group-by: [user]\n  timespan: 10m\n  condition: {condition}\n",
            self.word()
        )
    }
}

/// A hit: event time in seconds, the group's and the value's text.
pub struct One {
    pub seconds: i64,
    pub user: String,
    pub value: String,
}

/// All of them.
pub struct Hits {
    pub shape: Shape,
    pub all: Vec<One>,
}

impl Hits {
    pub fn new(shape: Shape, count: usize, groups: usize) -> Hits {
        let mut seed = wardwatch_measure::Dice::new(17);
        let mut all: Vec<(i64, One)> = (0..count)
            .map(|n| {
                // A thousand hits a second; one in ten arrives up to four minutes late.
                let seconds = 1_790_000_000 + (n / 1_000) as i64;
                let late = if seed.below(10) == 0 { seed.below(240) as i64 } else { 0 };
                let user = format!("user{:06}", seed.below(groups as u64));
                (seconds + late, One { seconds, user, value: format!("host{}", seed.below(64)) })
            })
            .collect();
        all.sort_by_key(|(arrival, _)| *arrival);
        Hits { shape, all: all.into_iter().map(|(_, one)| one).collect() }
    }
}
