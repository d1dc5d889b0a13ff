//! A fact: what is unusual, with the numbers that make it so. It is no claim that something happened.

use crate::{ProfileKind, Title};
use serde::{Deserialize, Serialize};
use wardwatch_ident::Timestamp;

/// Something unusual about an entity. Only a tenant's baselines make one, and nothing makes an alert of one.
///
/// ```compile_fail
/// let fact = wardwatch_baseline::Fact { entity: "host".to_owned() };
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact {
    /// The definition's id.
    pub definition: String,
    /// Its titles, Chinese and English.
    pub title: (String, String),
    /// The field that names the entity.
    pub entity_field: String,
    /// The entity, cut at 256 bytes.
    pub entity: String,
    /// The value, where the definition has one, cut at 256 bytes.
    pub value: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// What makes it unusual.
    pub numbers: Numbers,
    /// Points of risk it adds to a match, 1-20.
    pub risk: u8,
}

/// The numbers of a fact.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Numbers {
    /// Never seen with this entity before.
    FirstSeen {
        /// Days the entity has been watched.
        days: u32,
        /// Other entities it was seen with, at most.
        with: u32,
        /// Other entities there are.
        others: u32,
        /// The entity's role, how many of its peers it was seen with at most, and how many peers there are.
        peers: Option<(String, u32, u32)>,
    },
    /// Hardly ever seen anywhere.
    Rare {
        /// How often, at most; older observations count half a day.
        count: u32,
        /// Of so many.
        total: u64,
    },
    /// So many different values at once.
    FanOut {
        /// How many.
        distinct: u32,
        /// By a count that errs by 1.6 %.
        estimated: bool,
        /// What is usual.
        usual: f32,
        /// Its standard deviation.
        deviation: f32,
    },
    /// So much in one hour.
    Volume {
        /// How much so far.
        amount: f64,
        /// What is usual at this hour of the week.
        usual: f32,
        /// Its standard deviation.
        deviation: f32,
    },
    /// At an hour without precedent.
    Hours {
        /// Day of the week, Monday is 0.
        weekday: u8,
        /// Hour of the day on the site's clocks.
        hour: u8,
        /// Hours in which the entity was active so far.
        active: u32,
    },
    /// Silent for longer than ever.
    Absent {
        /// Seconds of silence.
        silent_seconds: u64,
        /// Usual seconds between two events.
        usual_seconds: f32,
        /// The longest silence before.
        longest_seconds: u64,
    },
    /// Too many values are new at once to name each.
    Storm {
        /// New values in this hour until now.
        new: u32,
    },
}

impl Numbers {
    pub(crate) fn risk(&self) -> u8 {
        match self {
            Self::FirstSeen { with: 0, others: 1.., .. } => 12,
            Self::FirstSeen { .. } => 8,
            Self::Rare { .. } => 8,
            Self::FanOut { .. } => 12,
            Self::Volume { .. } | Self::Hours { .. } | Self::Absent { .. } => 8,
            Self::Storm { .. } => 4,
        }
    }

    /// Which question it answers; a storm is one of first-seen values.
    pub fn kind(&self) -> ProfileKind {
        match self {
            Self::FirstSeen { .. } | Self::Storm { .. } => ProfileKind::FirstSeen,
            Self::Rare { .. } => ProfileKind::Rare,
            Self::FanOut { .. } => ProfileKind::FanOut,
            Self::Volume { .. } => ProfileKind::Volume,
            Self::Hours { .. } => ProfileKind::Hours,
            Self::Absent { .. } => ProfileKind::Absent,
        }
    }
}

const WEEKDAYS_ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Fact {
    /// The fact in Chinese.
    pub fn chinese(&self) -> String {
        let (title, entity) = (&self.title.0, &self.entity);
        let value = self.value.as_deref().unwrap_or_default();
        let said = match &self.numbers {
            Numbers::FirstSeen { days, with, others, peers } => {
                let peers = match peers {
                    Some((role, with, all)) => format!(",同角色“{role}”{all} 个中有 {with} 个"),
                    None => String::new(),
                };
                format!("“{entity}”观察 {days} 天以来首次出现“{value}”:其他 {others} 个对象中有 {with} 个出现过{peers}")
            }
            Numbers::Rare { count, total } => {
                format!("“{entity}”出现全院罕见的“{value}”:{total} 次观察中至多 {count} 次")
            }
            Numbers::FanOut { distinct, estimated, usual, deviation } => format!(
                "“{entity}”涉及{} {distinct} 个不同的值,通常为 {usual:.1}(标准差 {deviation:.1})",
                if *estimated { "约" } else { "" }
            ),
            Numbers::Volume { amount, usual, deviation } => {
                format!("“{entity}”本小时已达 {amount:.0},该时段通常为 {usual:.1}(标准差 {deviation:.1})")
            }
            Numbers::Hours { weekday, hour, active } => format!(
                "“{entity}”首次在{} {hour} 时活动,此前在 {active} 个小时内活动过",
                WEEKDAYS_ZH.get(usize::from(*weekday)).unwrap_or(&"")
            ),
            Numbers::Absent { silent_seconds, usual_seconds, longest_seconds } => format!(
                "“{entity}”已静默 {},通常间隔 {},此前最长 {}",
                span_zh(*silent_seconds),
                span_zh(*usual_seconds as u64),
                span_zh(*longest_seconds)
            ),
            Numbers::Storm { new } => {
                format!("“{entity}”本小时已有 {new} 个新值,可能是批量安装或变更,其余不再逐条列出")
            }
        };
        format!("{title}:{said}")
    }

    /// The fact in English.
    pub fn english(&self) -> String {
        let (title, entity) = (&self.title.1, &self.entity);
        let value = self.value.as_deref().unwrap_or_default();
        let said = match &self.numbers {
            Numbers::FirstSeen { days, with, others, peers } => {
                let peers = match peers {
                    Some((role, with, all)) => format!(", {with} of {all} with the role `{role}`"),
                    None => String::new(),
                };
                format!("first time `{value}` on `{entity}` in {days} days, seen on {with} of {others} others{peers}")
            }
            Numbers::Rare { count, total } => {
                format!(
                    "`{value}` on `{entity}` was seen at most {count} times in {total} observations of the whole site"
                )
            }
            Numbers::FanOut { distinct, estimated, usual, deviation } => format!(
                "{}{distinct} different values for `{entity}`, usually {usual:.1} (deviation {deviation:.1})",
                if *estimated { "about " } else { "" }
            ),
            Numbers::Volume { amount, usual, deviation } => format!(
                "{amount:.0} for `{entity}` in this hour so far, usually {usual:.1} at this time of the week (deviation {deviation:.1})"
            ),
            Numbers::Hours { weekday, hour, active } => format!(
                "`{entity}` is active on {} at {hour}:00 for the first time, after {active} active hours",
                WEEKDAYS_EN.get(usize::from(*weekday)).unwrap_or(&"")
            ),
            Numbers::Absent { silent_seconds, usual_seconds, longest_seconds } => format!(
                "`{entity}` has been silent for {}, usually {} pass, at most {} so far",
                span_en(*silent_seconds),
                span_en(*usual_seconds as u64),
                span_en(*longest_seconds)
            ),
            Numbers::Storm { new } => format!(
                "{new} new values on `{entity}` in this hour: a roll-out or a change, further ones are only counted"
            ),
        };
        format!("{title}: {said}")
    }
}

fn span_zh(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} 秒"),
        120..7_200 => format!("{} 分钟", seconds / 60),
        7_200..172_800 => format!("{} 小时", seconds / 3_600),
        _ => format!("{} 天", seconds / 86_400),
    }
}

fn span_en(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl From<&Title> for (String, String) {
    fn from(title: &Title) -> Self {
        (title.zh.clone(), title.en.clone())
    }
}
