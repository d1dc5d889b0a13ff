//! The map under `correlation` to a [`Correlation`]: keys, shapes, and what cannot be meant.
//!
//! Knows one document. Whether the rules it names exist is asked when they are put together.

use super::correlation::{
    Absence, Comparison, Correlation, CorrelationKind, Daily, DeclaredGroups, FieldAlias, Limit, Limits, Named,
};
use super::fault::RuleFault;
use crate::number::Number;
use crate::place::Place;
use crate::yaml::{Key, Kind, Node, Scalar};
use wardwatch_limits::{
    ABSENCE_GROUPS, CORRELATION_COUNT, CORRELATION_FIELDS, CORRELATION_RULES, CORRELATION_TIMESPAN_SECS,
};

type Pairs<'n> = &'n [(Key, Node)];

/// Reads what stands under `correlation`.
pub(super) fn read(pairs: Pairs<'_>, place: Place) -> Result<Correlation, RuleFault> {
    const OWN: [&str; 8] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate", "x-absence"];
    known(pairs, &OWN, "correlation")?;
    let kind = read_kind(pairs, place)?;
    let rules = names(pairs, "rules", CORRELATION_RULES)?;
    if rules.is_empty() {
        return Err(RuleFault::new(place, "`rules` is missing: name the rules by `name` or `id`"));
    }
    let group_by = names(pairs, "group-by", CORRELATION_FIELDS)?;
    let Some(timespan) = get(pairs, "timespan") else {
        return Err(RuleFault::new(place, "`timespan` is missing: write a number and s, m, h, d or w, such as `5m`"));
    };
    let timespan_secs = read_timespan(timespan)?;
    let aliases = read_aliases(pairs, &rules)?;
    let generate = match get(pairs, "generate").map(|node| (node, node.scalar())) {
        None => false,
        Some((_, Some(Scalar::Bool(generate)))) => generate,
        Some((node, _)) => return Err(RuleFault::new(node.place, "`generate` is true or false: write one of them")),
    };
    let mut read = Correlation {
        place,
        kind,
        rules,
        group_by,
        timespan_secs,
        limits: Limits::default(),
        fields: Vec::new(),
        percentile: None,
        aliases,
        generate,
        absence: None,
    };
    read_condition(pairs, &mut read)?;
    if let Some(node) = get(pairs, "x-absence") {
        read.absence = Some(read_absence(node, &read)?);
    }
    check_zero(&read, get(pairs, "condition").map_or(place, |node| node.place))?;
    Ok(read)
}

fn get<'n>(pairs: Pairs<'n>, name: &str) -> Option<&'n Node> {
    pairs.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
}

fn known(pairs: Pairs<'_>, own: &[&str], map: &str) -> Result<(), RuleFault> {
    let foreign = |name: &str| !own.contains(&name) && (!name.starts_with("x-") || map != "correlation");
    match pairs.iter().find(|(key, _)| foreign(&key.text)) {
        None => Ok(()),
        Some((key, _)) => Err(RuleFault::new(
            key.place,
            format!("unknown key `{}` in `{map}`: it has {}; correct or remove it", key.text, own.join(", ")),
        )),
    }
}

fn text(node: &Node, what: &str) -> Result<String, RuleFault> {
    match &node.kind {
        Kind::Scalar { text, .. } if !text.trim().is_empty() => Ok(text.clone()),
        Kind::Scalar { .. } => Err(RuleFault::new(node.place, format!("{what} is empty: write it out"))),
        _ => Err(RuleFault::new(node.place, format!("{what} is a text, not {}: write it out", node.called()))),
    }
}

fn named(node: &Node, what: &str) -> Result<Named, RuleFault> {
    Ok(Named { place: node.place, name: text(node, what)? })
}

/// A list of names, each once; a single name is a list of one.
fn names(pairs: Pairs<'_>, key: &str, most: usize) -> Result<Vec<Named>, RuleFault> {
    let Some(node) = get(pairs, key) else { return Ok(Vec::new()) };
    let nodes = match &node.kind {
        Kind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if nodes.len() > most {
        return Err(RuleFault::new(
            node.place,
            format!("`{key}` has {} entries, at most {most}: split it", nodes.len()),
        ));
    }
    let mut read: Vec<Named> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let name = named(node, &format!("an entry of `{key}`"))?;
        if read.iter().any(|before| before.name == name.name) {
            return Err(RuleFault::new(name.place, format!("`{}` stands in `{key}` twice: name it once", name.name)));
        }
        read.push(name);
    }
    Ok(read)
}

fn read_kind(pairs: Pairs<'_>, place: Place) -> Result<CorrelationKind, RuleFault> {
    let words = CorrelationKind::ALL.map(CorrelationKind::word).join(", ");
    let Some(node) = get(pairs, "type") else {
        return Err(RuleFault::new(place, format!("`type` is missing: write one of {words}")));
    };
    let word = text(node, "`type`")?;
    let found = CorrelationKind::ALL.into_iter().find(|kind| kind.word() == word);
    found.ok_or_else(|| RuleFault::new(node.place, format!("`type` is `{word}`: write one of {words}")))
}

fn read_timespan(node: &Node) -> Result<u64, RuleFault> {
    let text = text(node, "`timespan`")?;
    let refuse = |why: &str| Err(RuleFault::new(node.place, format!("`timespan` is `{text}`: {why}")));
    let Some(unit) = text.chars().last() else { return refuse("write a number and a unit") };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' | 'y' => return refuse("months and years have no fixed length; write days"),
        _ => return refuse("write a number and one of s, m, h, d, w, such as `5m`"),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return refuse("write a whole number and one of s, m, h, d, w, such as `90m` for an hour and a half");
    }
    match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)) {
        Some(0) => refuse("a window of no length holds nothing; write at least `1s`"),
        Some(secs) if secs <= CORRELATION_TIMESPAN_SECS => Ok(secs),
        _ => refuse("at most 31 days are kept in mind; what is rarer is a question for a search"),
    }
}

fn read_aliases(pairs: Pairs<'_>, rules: &[Named]) -> Result<Vec<FieldAlias>, RuleFault> {
    let Some(node) = get(pairs, "aliases") else { return Ok(Vec::new()) };
    let Kind::Map(entries) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("`aliases` is a map of names, not {}", node.called())));
    };
    let mut aliases = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let Kind::Map(fields) = &node.kind else {
            let reason = format!("the alias `{}` is a map of rule and field, not {}", key.text, node.called());
            return Err(RuleFault::new(node.place, reason));
        };
        let mut read = Vec::with_capacity(fields.len());
        for (rule, field) in fields {
            // By which of its two names a rule is meant is known when rules are put together: see the compiler.
            let rule_named = Named { place: rule.place, name: rule.text.clone() };
            read.push((rule_named, text(field, &format!("the field of `{}` in `aliases`", rule.text))?));
        }
        if read.len() > rules.len() + 1 {
            let reason = format!("the alias `{}` names more rules than `rules` has: remove the others", key.text);
            return Err(RuleFault::new(key.place, reason));
        }
        aliases.push(FieldAlias { alias: Named { place: key.place, name: key.text.clone() }, fields: read });
    }
    Ok(aliases)
}

fn read_condition(pairs: Pairs<'_>, read: &mut Correlation) -> Result<(), RuleFault> {
    let temporal = matches!(read.kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
    let all = Limits(vec![(Comparison::Gte, Limit::new(read.rules.len() as f64).unwrap_or_else(zero))]);
    let Some(node) = get(pairs, "condition") else {
        if temporal {
            read.limits = all;
            return Ok(());
        }
        let reason = format!("`condition` is missing: {} needs one, such as `gte: 10`", read.kind.word());
        return Err(RuleFault::new(read.place, reason));
    };
    let Kind::Map(entries) = &node.kind else {
        let reason = "`condition` of a correlation is a map such as `gte: 10`; conditions written as a text of rule \
                      names are not of specification 2.1: leave `condition` out to ask for all rules";
        return Err(RuleFault::new(node.place, reason));
    };
    known(entries, &["gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile"], "condition")?;
    for (key, value) in entries {
        let comparison = match key.text.as_str() {
            "gt" => Comparison::Gt,
            "gte" => Comparison::Gte,
            "lt" => Comparison::Lt,
            "lte" => Comparison::Lte,
            "eq" => Comparison::Eq,
            "neq" => Comparison::Neq,
            _ => continue,
        };
        read.limits.0.push((comparison, read_limit(key, value, read.kind)?));
    }
    read_fields(entries, node.place, read)?;
    if read.limits.0.is_empty() {
        if !temporal {
            return Err(RuleFault::new(node.place, "`condition` has no limit: write one, such as `gte: 10`"));
        }
        read.limits = all;
    }
    check_limits(node.place, read)
}

fn zero() -> Limit {
    Limit::new(0.0).unwrap_or_else(|| unreachable!("zero is finite"))
}

fn read_limit(key: &Key, node: &Node, kind: CorrelationKind) -> Result<Limit, RuleFault> {
    let number = match node.scalar() {
        Some(Scalar::Number(text)) => Number::read(text),
        _ => None,
    };
    let figure = match number {
        Some(Number::Integer(integer)) => integer as f64,
        Some(Number::Float(float)) => float,
        None => return Err(RuleFault::new(node.place, format!("`{}` is a number: write one", key.text))),
    };
    if kind.counts() && (figure < 0.0 || figure.fract() != 0.0 || figure > CORRELATION_COUNT as f64) {
        let reason = format!("`{}` of a count is a whole number from 0 to {CORRELATION_COUNT}", key.text);
        return Err(RuleFault::new(node.place, reason));
    }
    Limit::new(figure)
        .ok_or_else(|| RuleFault::new(node.place, format!("`{}` is not finite: write a number", key.text)))
}

fn read_fields(entries: Pairs<'_>, place: Place, read: &mut Correlation) -> Result<(), RuleFault> {
    let word = read.kind.word();
    read.fields = names(entries, "field", CORRELATION_FIELDS)?;
    if read.kind.has_field() && read.fields.is_empty() {
        return Err(RuleFault::new(place, format!("`field` is missing: {word} looks at the values of a field")));
    }
    if let Some(field) = read.fields.first().filter(|_| !read.kind.has_field()) {
        let reason = format!("`field` has no meaning for {word}: remove it, or count values with value_count");
        return Err(RuleFault::new(field.place, reason));
    }
    if let Some(field) = read.fields.get(1).filter(|_| read.kind != CorrelationKind::ValueCount) {
        return Err(RuleFault::new(field.place, format!("{word} looks at one field: name one")));
    }
    let percentile = get(entries, "percentile");
    match (read.kind, percentile) {
        (CorrelationKind::ValuePercentile, Some(node)) => {
            let number = match node.scalar() {
                Some(Scalar::Number(text)) => Number::read(text),
                _ => None,
            };
            let percent = match number {
                Some(Number::Integer(integer)) => integer as f64,
                Some(Number::Float(float)) => float,
                None => -1.0,
            };
            if !(0.0..=100.0).contains(&percent) {
                return Err(RuleFault::new(
                    node.place,
                    "`percentile` is a number from 0 to 100: write one, such as 95",
                ));
            }
            read.percentile = Limit::new(percent);
            Ok(())
        }
        (CorrelationKind::ValuePercentile, None) => Err(RuleFault::new(
            place,
            "value_percentile without `percentile` can be read in two ways: write `percentile: 95` to compare that \
             percentile of the field with the limit; for a value that is seen in few of the events use a baseline",
        )),
        (_, Some(node)) => {
            Err(RuleFault::new(node.place, format!("`percentile` has no meaning for {word}: remove it")))
        }
        (_, None) => Ok(()),
    }
}

/// A count that no window can have, and an order that is asked for by halves.
fn check_limits(place: Place, read: &Correlation) -> Result<(), RuleFault> {
    let rules = read.rules.len();
    match read.kind {
        CorrelationKind::TemporalOrdered => {
            let whole = |(comparison, limit): &(Comparison, Limit)| {
                matches!(comparison, Comparison::Gte | Comparison::Eq) && limit.get() == rules as f64
            };
            if !read.limits.0.iter().all(whole) {
                let reason = "temporal_ordered asks for all of its rules in order: leave the limits out, or name the \
                              rules of the shorter chain";
                return Err(RuleFault::new(place, reason));
            }
        }
        CorrelationKind::Temporal if !(0..=rules).any(|seen| read.limits.hold(seen as f64)) => {
            let reason = format!("no number of its {rules} rules fulfils the condition: correct it");
            return Err(RuleFault::new(place, reason));
        }
        CorrelationKind::EventCount | CorrelationKind::ValueCount => {
            let most = CORRELATION_COUNT as u32 + 1;
            if !(0..=most).any(|count| read.limits.hold(f64::from(count))) {
                return Err(RuleFault::new(place, "no count fulfils the condition: correct its limits"));
            }
        }
        _ => {}
    }
    if read.kind.counts() && read.limits.is_reached() && read.limits.hold(0.0) {
        return Err(RuleFault::new(place, "the condition holds for any window, even an empty one: raise its limit"));
    }
    Ok(())
}

/// A count of zero has no event that could tell of it.
fn check_zero(read: &Correlation, place: Place) -> Result<(), RuleFault> {
    if !read.kind.counts() || read.absence.is_some() {
        return Ok(());
    }
    let other = (1..=CORRELATION_COUNT as u32 + 1).any(|count| read.limits.hold(f64::from(count)));
    if read.limits.hold(0.0) && !other {
        let reason = "the condition holds only when nothing was seen, and then nobody knows of which group: say with \
                      `x-absence` which groups there should be";
        return Err(RuleFault::new(place, reason));
    }
    Ok(())
}

fn read_absence(node: &Node, read: &Correlation) -> Result<Absence, RuleFault> {
    let Kind::Map(entries) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("`x-absence` is a map of keys, not {}", node.called())));
    };
    known(entries, &["groups", "set", "daily", "while"], "x-absence")?;
    if read.kind != CorrelationKind::EventCount {
        return Err(RuleFault::new(node.place, "`x-absence` goes with the type event_count: write that"));
    }
    if !read.limits.hold(0.0) {
        let reason = "`x-absence` asks what is missing, and the condition does not hold for a count of 0: write \
                      `lt: 1`, or `lt: 3` for fewer than three";
        return Err(RuleFault::new(node.place, reason));
    }
    let groups = read_groups(entries, node.place, read.group_by.len())?;
    let daily = get(entries, "daily").map(|node| read_daily(node, read.timespan_secs)).transpose()?;
    let meanwhile = get(entries, "while").map(|node| named(node, "`while`")).transpose()?;
    if let Some(rule) = meanwhile.as_ref().filter(|rule| read.rules.iter().any(|named| named.name == rule.name)) {
        return Err(RuleFault::new(rule.place, "`while` names a rule that is counted: name another, or leave it out"));
    }
    Ok(Absence { place: node.place, groups, daily, meanwhile })
}

fn read_groups(entries: Pairs<'_>, place: Place, fields: usize) -> Result<DeclaredGroups, RuleFault> {
    let listed = match (get(entries, "groups"), get(entries, "set")) {
        (None, None) if fields == 0 => return Ok(DeclaredGroups::Whole),
        (None, None) => {
            let reason = "which groups there should be is missing: list them in `groups`, or name a `set`";
            return Err(RuleFault::new(place, reason));
        }
        (Some(_), Some(set)) => return Err(RuleFault::new(set.place, "`groups` and `set` exclude each other")),
        (None, Some(set)) => return Ok(DeclaredGroups::Set(named(set, "`set`")?)),
        (Some(listed), None) => listed,
    };
    let Kind::List(nodes) = &listed.kind else {
        return Err(RuleFault::new(listed.place, format!("`groups` is a list, not {}", listed.called())));
    };
    if nodes.is_empty() || nodes.len() > ABSENCE_GROUPS {
        let reason = format!("`groups` has {} entries: write 1 to {ABSENCE_GROUPS}, or name a `set`", nodes.len());
        return Err(RuleFault::new(listed.place, reason));
    }
    let mut groups: Vec<Vec<String>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let values = match &node.kind {
            Kind::List(values) => values.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if values.len() != fields {
            let reason = format!("a group has a value for each of the {fields} fields of `group-by`: write as many");
            return Err(RuleFault::new(node.place, reason));
        }
        groups.push(values.iter().map(|value| text(value, "a value of `groups`")).collect::<Result<_, _>>()?);
    }
    Ok(DeclaredGroups::Listed(groups))
}

fn read_daily(node: &Node, timespan_secs: u64) -> Result<Daily, RuleFault> {
    let Kind::Map(entries) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("`daily` is a map of keys, not {}", node.called())));
    };
    known(entries, &["from", "to", "zone", "days"], "daily")?;
    let needed = |key: &str| {
        let missing = || RuleFault::new(node.place, format!("`{key}` is missing in `daily`: write it"));
        get(entries, key).ok_or_else(missing)
    };
    let (from, to, zone) = (needed("from")?, needed("to")?, needed("zone")?);
    let daily = Daily {
        from_minute: read_minute(from, "from")?,
        to_minute: read_minute(to, "to")?,
        zone: named(zone, "`zone`")?,
        days: read_days(get(entries, "days"))?,
    };
    if timespan_secs != u64::from(daily.minutes()) * 60 {
        let (hours, minutes) = (daily.minutes() / 60, daily.minutes() % 60);
        let write = if minutes == 0 { format!("{hours}h") } else { format!("{}m", daily.minutes()) };
        let reason = format!("`timespan` is not the time from `from` to `to`: write `timespan: {write}`");
        return Err(RuleFault::new(node.place, reason));
    }
    Ok(daily)
}

fn read_minute(node: &Node, key: &str) -> Result<u16, RuleFault> {
    let text = text(node, &format!("`{key}`"))?;
    let part = |part: &str, below: u16| {
        let number = (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
        number.filter(|number| *number < below)
    };
    let read = text.split_once(':').and_then(|(hour, minute)| Some(part(hour, 24)? * 60 + part(minute, 60)?));
    read.ok_or_else(|| RuleFault::new(node.place, format!("`{key}` is a time of day from \"00:00\" to \"23:59\"")))
}

fn read_days(node: Option<&Node>) -> Result<[bool; 7], RuleFault> {
    const WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let Some(node) = node else { return Ok([true; 7]) };
    let Kind::List(nodes) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("`days` is a list, not {}", node.called())));
    };
    let mut days = [false; 7];
    for node in nodes {
        let word = text(node, "a day")?;
        let day = WORDS.iter().zip(&mut days).find(|(known, _)| **known == word).map(|(_, day)| day);
        match day {
            Some(day) => *day = true,
            None => {
                return Err(RuleFault::new(
                    node.place,
                    format!("`{word}` is no day: write one of {}", WORDS.join(", ")),
                ));
            }
        }
    }
    if days.contains(&true) { Ok(days) } else { Err(RuleFault::new(node.place, "`days` is empty: name a day")) }
}
