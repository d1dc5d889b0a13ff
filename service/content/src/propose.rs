//! Which column a native field most likely fills, from a table of names that devices use and from the values seen.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::OnceLock;
use wardwatch_pack::TimeFormat;
use wardwatch_schema::{Kind, find_column};

const SYNONYMS: &str = include_str!("synonyms.csv");

/// A native field as seen in the lines.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SeenField {
    /// Its name.
    pub name: String,
    /// In how many lines.
    pub lines: usize,
    /// Some of its values, each once.
    pub values: Vec<String>,
    /// The column proposed, if any.
    pub column: Option<String>,
    /// Why: `name`, `part of the name`, `values`.
    pub because: Option<&'static str>,
}

/// Where the time is, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TimeGuess {
    /// `from` of `[time]`: a field, or two joined by `+`.
    pub from: String,
    /// The format that reads every value seen.
    pub format: String,
}

/// Words of devices for the columns that hold numbers with a meaning.
pub(crate) const WORDS: &[(&str, &[(&str, i64)])] = &[
    (
        "severity_id",
        &[
            ("emergency", 6),
            ("fatal", 6),
            ("alert", 5),
            ("critical", 5),
            ("crit", 5),
            ("urgent", 5),
            ("error", 4),
            ("err", 4),
            ("high", 4),
            ("warning", 3),
            ("warn", 3),
            ("medium", 3),
            ("mid", 3),
            ("notice", 2),
            ("low", 2),
            ("information", 1),
            ("informational", 1),
            ("info", 1),
            ("debug", 1),
            ("严重", 5),
            ("危急", 5),
            ("紧急", 5),
            ("致命", 5),
            ("高", 4),
            ("高危", 4),
            ("中", 3),
            ("中危", 3),
            ("低", 2),
            ("低危", 2),
            ("信息", 1),
            ("提示", 1),
        ],
    ),
    (
        "disposition_id",
        &[
            ("allow", 1),
            ("allowed", 1),
            ("accept", 1),
            ("permit", 1),
            ("pass", 1),
            ("close", 1),
            ("deny", 2),
            ("denied", 2),
            ("block", 2),
            ("blocked", 2),
            ("drop", 2),
            ("dropped", 2),
            ("reset", 2),
            ("discard", 2),
            ("reject", 2),
            ("alert", 17),
            ("detect", 17),
            ("monitor", 17),
            ("log", 17),
            ("允许", 1),
            ("放行", 1),
            ("通过", 1),
            ("拒绝", 2),
            ("阻断", 2),
            ("拦截", 2),
            ("丢弃", 2),
            ("封禁", 2),
            ("告警", 17),
            ("检测", 17),
            ("记录", 17),
        ],
    ),
    (
        "status_id",
        &[
            ("success", 1),
            ("succeeded", 1),
            ("ok", 1),
            ("yes", 1),
            ("true", 1),
            ("failure", 2),
            ("failed", 2),
            ("fail", 2),
            ("no", 2),
            ("false", 2),
            ("成功", 1),
            ("登录成功", 1),
            ("失败", 2),
            ("登录失败", 2),
        ],
    ),
    (
        "direction_id",
        &[
            ("inbound", 1),
            ("in", 1),
            ("outbound", 2),
            ("out", 2),
            ("lateral", 3),
            ("internal", 3),
            ("外对内", 1),
            ("入站", 1),
            ("内对外", 2),
            ("出站", 2),
            ("内对内", 3),
            ("横向", 3),
        ],
    ),
    ("confidence_id", &[("low", 1), ("medium", 2), ("high", 3), ("低", 1), ("中", 2), ("高", 3)]),
    ("proto", &[("tcp", 6), ("udp", 17), ("icmp", 1), ("icmpv6", 58), ("ipv6-icmp", 58), ("gre", 47), ("esp", 50)]),
];

/// The words for a column, if it needs a value map.
pub(crate) fn words_for(column: &str) -> Option<&'static [(&'static str, i64)]> {
    WORDS.iter().find(|(name, _)| *name == column).map(|(_, words)| *words)
}

fn synonyms() -> &'static BTreeMap<String, (usize, &'static str)> {
    static TABLE: OnceLock<BTreeMap<String, (usize, &'static str)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows = SYNONYMS.lines().filter(|line| !line.starts_with('#')).skip(1);
        let pairs = rows.enumerate().filter_map(|(rank, line)| Some((rank, line.split_once(',')?)));
        let mut table = BTreeMap::new();
        for (rank, (column, key)) in pairs {
            table.entry(key.to_lowercase()).or_insert((rank, column));
        }
        table
    })
}

/// How many names the table holds.
pub fn synonym_count() -> usize {
    synonyms().len()
}

/// Fills in the columns of fields. A column gets the fields that fit it best; a field fills one column.
pub(crate) fn propose_columns(fields: &mut [SeenField]) {
    for field in fields.iter_mut().filter(|field| !field.name.starts_with('@')) {
        if let Some((column, because)) = by_name(&field.name).map(|found| numbered(found, field))
            && column != "time"
            && fits(column, &field.values)
        {
            (field.column, field.because) = (Some(column.to_owned()), Some(because));
        }
    }
    for field in fields.iter_mut().filter(|field| !field.name.starts_with('@') && field.column.is_none()) {
        if let Some(column) = by_values(&field.values) {
            (field.column, field.because) = (Some(column.to_owned()), Some("values"));
        }
    }
}

/// Where a name stands in the table: the telling ones of a column come first.
pub(crate) fn rank(name: &str) -> usize {
    synonyms().get(&name.trim().to_lowercase()).map_or(usize::MAX, |(rank, _)| *rank)
}

fn by_name(name: &str) -> Option<(&'static str, &'static str)> {
    let lower = name.trim().to_lowercase();
    if let Some((_, column)) = synonyms().get(&lower) {
        return Some((column, "name"));
    }
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let wanted = bare(&lower);
    if let Some((_, (_, column))) = synonyms().iter().find(|(key, _)| bare(key) == wanted && !wanted.is_empty()) {
        return Some((column, "name"));
    }
    let last = lower.rsplit(['.', '/']).next().filter(|last| *last != lower)?;
    synonyms().get(last).map(|(_, column)| (*column, "part of the name"))
}

/// `sid` is a person's on Windows (`S-1-5-…`) and a signature's at sensors, where it is a number.
fn numbered(found: (&'static str, &'static str), field: &SeenField) -> (&'static str, &'static str) {
    let number = |value: &String| value.parse::<u64>().is_ok();
    let sid = field.name.eq_ignore_ascii_case("sid") && field.values.iter().all(number);
    if sid { ("rule_uid", "values") } else { found }
}

/// What a parser passes over, and words for "not known" that a guess had better not rest on.
pub(crate) fn says_nothing(value: &str) -> bool {
    wardwatch_pack::says_nothing(value) || matches!(value.to_lowercase().as_str(), "?" | "unknown" | "none" | "未知")
}

/// Whether the values can stand in the column at all.
fn fits(column: &str, values: &[String]) -> bool {
    let said: Vec<&String> = values.iter().filter(|v| !says_nothing(v.trim())).collect();
    if said.is_empty() || words_for(column).is_some() {
        return true;
    }
    let most = |test: &dyn Fn(&str) -> bool| said.iter().filter(|v| test(v.trim())).count() * 2 > said.len();
    match find_column(column).and_then(wardwatch_schema::ColumnId::column).map(|c| c.kind) {
        Some(Kind::Ip) => most(&|v| v.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()),
        Some(Kind::Port) => most(&|v| v.parse::<u16>().is_ok()),
        Some(Kind::Int | Kind::Time) => most(&|v| v.parse::<f64>().is_ok() || v.starts_with("0x")),
        Some(Kind::Text) => true,
        None => false,
    }
}

fn by_values(values: &[String]) -> Option<&'static str> {
    let said: Vec<&str> = values.iter().map(|v| v.trim()).filter(|v| !says_nothing(v)).collect();
    if said.len() < 2 {
        return None;
    }
    let all = |test: &dyn Fn(&str) -> bool| said.iter().all(|v| test(v));
    let hex = |v: &str, len: usize| v.len() == len && v.bytes().all(|b| b.is_ascii_hexdigit());
    if all(&|v| hex(v, 64)) {
        Some("sha256")
    } else if all(&|v| hex(v, 32)) {
        Some("md5")
    } else if all(&|v| v.starts_with("http://") || v.starts_with("https://")) {
        Some("url")
    } else {
        None
    }
}

const FORMATS: [&str; 14] = [
    "%Y-%m-%d %H:%M:%S",
    "iso",
    "%Y/%m/%d %H:%M:%S",
    "epoch_auto",
    "bsd",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
];

/// The field that holds the time and a format that reads every value seen.
pub(crate) fn propose_time(fields: &[SeenField]) -> Option<TimeGuess> {
    let mut named: Vec<(usize, &SeenField)> = fields
        .iter()
        .filter(|field| field.column.is_none() && !field.name.starts_with('@'))
        .filter_map(|field| {
            let (rank, column) = *synonyms().get(&field.name.trim().to_lowercase())?;
            (column == "time").then_some((rank, field))
        })
        .collect();
    named.sort_by_key(|(rank, field)| (std::cmp::Reverse(field.lines), *rank));
    if let Some(guess) = date_and_time(fields) {
        return Some(guess);
    }
    let timely = |f: &&SeenField| f.name.to_lowercase().contains("time") || f.name.contains("时间");
    let others = fields.iter().filter(|f| f.column.is_none() && !f.name.starts_with('@')).filter(timely);
    named.iter().map(|(_, field)| *field).chain(others).find_map(|field| {
        let format = read_by(&field.values)?;
        Some(TimeGuess { from: field.name.clone(), format: format.to_owned() })
    })
}

fn date_and_time(fields: &[SeenField]) -> Option<TimeGuess> {
    let find = |names: &[&str]| fields.iter().find(|f| names.contains(&f.name.to_lowercase().as_str()));
    let (date, time) = (find(&["date", "日期", "log_date"])?, find(&["time", "时间", "log_time"])?);
    let joined: Vec<String> = date.values.iter().zip(&time.values).map(|(d, t)| format!("{d} {t}")).collect();
    let format = read_by(&joined)?;
    Some(TimeGuess { from: format!("{}+{}", date.name, time.name), format: format.to_owned() })
}

fn read_by(values: &[String]) -> Option<&'static str> {
    let said: Vec<&String> = values.iter().filter(|v| !says_nothing(v.trim())).collect();
    if said.is_empty() {
        return None;
    }
    FORMATS.into_iter().find(|format| {
        let Ok(read) = TimeFormat::parse(format) else { return false };
        // A small number is no epoch: ports and counters are not times.
        let plausible = |v: &str| {
            *format != "epoch_auto"
                || v.split('.').next().is_some_and(|whole| whole.len() >= 10 && whole.starts_with('1'))
        };
        said.iter().all(|v| plausible(v.trim()) && read.read(v.trim()).is_some())
    })
}
