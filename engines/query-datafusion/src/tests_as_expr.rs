//! A plan's test as an expression. Where a plain comparison says the same as the query language, it is used, because
//! statistics and Bloom filters can pass over files by it; the prepared function decides in all other cases.

use crate::functions::{holds, line_contains, native_is};
use crate::line_text::is_caseless;
use crate::many_terms::answers;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use wardwatch_ident::Timestamp;
use wardwatch_lake::UTC;
use wardwatch_predicate::query::{Bound, Is, RangeValue};
use wardwatch_predicate::{Number, Pattern, Piece, fold};
use wardwatch_schema::{Column as LakeColumn, Kind, dataset};
use wardwatch_search::{Access, Instants, SearchPlan, Test};

/// Terms that may be an expression each: each costs the planner time and may pass over files. All further ones are one.
const FEW: usize = 32;

/// A column by its exact name.
pub(crate) fn named(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

pub(crate) fn instant(at: Timestamp) -> Expr {
    Expr::Literal(ScalarValue::TimestampMicrosecond(Some(at.as_micros()), Some(UTC.into())), None)
}

/// Everything that restricts the rows: time first, then the test.
pub(crate) fn restriction(plan: &SearchPlan) -> Option<Expr> {
    let test = bounded(&plan.test, &plan.dataset);
    time(plan.time).into_iter().chain(test).reduce(Expr::and)
}

/// The event's time, reception standing in, lies between the two.
fn time((first, last): (Timestamp, Timestamp)) -> Option<Expr> {
    let bounded = |column: &str| {
        let from = (first.as_micros() > i64::MIN).then(|| named(column).gt_eq(instant(first)));
        let to = (last.as_micros() < i64::MAX).then(|| named(column).lt_eq(instant(last)));
        from.into_iter().chain(to).reduce(Expr::and)
    };
    Some(bounded("time")?.or(named("time").is_null().and(bounded("time_received")?)))
}

/// The test as an expression whose size and depth do not grow with the number of terms.
fn bounded(test: &Test, dataset: &str) -> Option<Expr> {
    if terms(test) <= FEW {
        return expr(test, dataset);
    }
    let Test::And(inner) = test else {
        return Some(one_of(test).unwrap_or_else(|| answers(test, dataset)));
    };
    let (mut left, mut parts, mut rest) = (FEW, Vec::new(), Vec::new());
    for test in inner {
        let listed = one_of(test);
        let weight = if listed.is_some() { 1 } else { terms(test) };
        if weight > left {
            rest.push(test.clone());
            continue;
        }
        left -= weight;
        parts.extend(listed.or_else(|| expr(test, dataset)));
    }
    if !rest.is_empty() {
        parts.push(answers(&Test::And(rest), dataset));
    }
    balanced(parts, Expr::and)
}

/// How many expressions the test would be.
fn terms(test: &Test) -> usize {
    match test {
        Test::All => 0,
        Test::And(inner) | Test::Or(inner) => inner.iter().map(terms).sum(),
        Test::Not(inner) => terms(inner),
        Test::Field { access: Access::Native { columns, .. }, .. } => columns.len() + 1,
        Test::Line(_) | Test::Field { .. } | Test::Instant { .. } => 1,
    }
}

/// Many values of one column, each of which is a plain comparison: a list, by which files can be passed over too.
fn one_of(test: &Test) -> Option<Expr> {
    let Test::Or(inner) = test else { return None };
    let value = |test: &Test| match test {
        Test::Field { access: Access::Column(column), is: Is::Text(pattern) } => {
            Some((column.name, equal_to(column, pattern)?))
        }
        _ => None,
    };
    let (name, _) = value(inner.first()?)?;
    let same = |test| value(test).filter(|(column, _)| *column == name).map(|(_, value)| lit(value));
    Some(named(name).in_list(inner.iter().map(same).collect::<Option<Vec<_>>>()?, false))
}

/// All of them joined, as a tree no deeper than it must be: walks over an expression take stack by its depth.
fn balanced(mut parts: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    while parts.len() > 1 {
        let mut pairs = parts.into_iter();
        let mut joined = Vec::with_capacity(pairs.len().div_ceil(2));
        while let Some(left) = pairs.next() {
            joined.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        parts = joined;
    }
    parts.pop()
}

/// The test; none if every row passes. The expression is true exactly where the test holds, and may be null elsewhere.
fn expr(test: &Test, dataset: &str) -> Option<Expr> {
    match test {
        Test::All => None,
        Test::And(inner) => balanced(inner.iter().filter_map(|test| expr(test, dataset)).collect(), Expr::and),
        Test::Or(inner) => {
            let any: Option<Vec<Expr>> = inner.iter().map(|test| expr(test, dataset)).collect();
            balanced(any?, Expr::or)
        }
        Test::Not(inner) => Some(match expr(inner, dataset) {
            // A missing value is not what was asked, so its row passes: `is not true`, never `not`.
            Some(inner) => inner.is_not_true(),
            None => lit(false),
        }),
        Test::Line(pattern) => Some(line_contains(pattern, named("raw"))),
        Test::Field { access, is } => Some(field(access, is, dataset)),
        Test::Instant { column, between } => Some(between_instants(column, *between)),
    }
}

fn field(access: &Access, is: &Is, dataset: &str) -> Expr {
    match access {
        Access::Column(column) => column_is(column, is),
        Access::Native { key, columns } => {
            let unmapped = (dataset != dataset::ALERTS).then(|| native_is(key, is, named("unmapped")));
            let any = columns.iter().map(|column| column_is(column, is)).chain(unmapped).collect();
            balanced(any, Expr::or).unwrap_or_else(|| lit(false))
        }
    }
}

fn between_instants(column: &LakeColumn, between: Instants) -> Expr {
    let low = between.low.map(|(at, inclusive)| match inclusive {
        true => named(column.name).gt_eq(instant(at)),
        false => named(column.name).gt(instant(at)),
    });
    let high = between.high.map(|(at, inclusive)| match inclusive {
        true => named(column.name).lt_eq(instant(at)),
        false => named(column.name).lt(instant(at)),
    });
    low.into_iter().chain(high).reduce(Expr::and).unwrap_or_else(|| named(column.name).is_not_null())
}

fn column_is(column: &LakeColumn, is: &Is) -> Expr {
    let value = || named(column.name);
    match (is, column.kind) {
        (Is::Present, _) => value().is_not_null(),
        (Is::Text(pattern), Kind::Int | Kind::Port) => {
            whole_number(pattern, value()).unwrap_or_else(|| holds(is, value()))
        }
        (Is::Between { low, high }, Kind::Int | Kind::Port) => {
            whole_range(low.as_ref(), high.as_ref(), &value).unwrap_or_else(|| holds(is, value()))
        }
        (Is::Text(pattern), kind) => match equal_to(column, pattern) {
            Some(same) => value().eq(lit(same)),
            None if kind == Kind::Text && !is_id(column) => text_is(pattern, is, &value),
            None => holds(is, value()),
        },
        _ => holds(is, value()),
    }
}

fn is_id(column: &LakeColumn) -> bool {
    matches!(column.name, "event_id" | "id")
}

/// The one value of the column that the pattern asks for; none where the language lets several be it.
fn equal_to(column: &LakeColumn, pattern: &Pattern) -> Option<ScalarValue> {
    let literal = pattern.as_literal()?;
    match column.kind {
        _ if is_id(column) => id(literal),
        Kind::Int | Kind::Port => match Number::read(literal)? {
            Number::Integer(number) => i64::try_from(number).ok().map(|number| ScalarValue::Int64(Some(number))),
            Number::Float(_) => None,
        },
        // Addresses are kept in canonical text, which is lower case.
        Kind::Ip => Some(text(&fold(literal))),
        // The language compares in any case and takes numbers by value.
        Kind::Text if Number::read(literal).is_none() && literal.chars().all(is_caseless) => Some(text(literal)),
        Kind::Text | Kind::Time => None,
    }
}

fn text(value: &str) -> ScalarValue {
    ScalarValue::Utf8View(Some(value.to_owned()))
}

/// A text column to which no single value answers: a range of the file's sorted texts narrows what is looked at.
fn text_is(pattern: &Pattern, is: &Is, value: &dyn Fn() -> Expr) -> Expr {
    let literal = pattern.as_literal();
    if literal.and_then(Number::read).is_some() {
        return holds(is, value());
    }
    let prefix = match pattern.pieces().first() {
        Some(Piece::Text(prefix)) => ascii_prefix(prefix),
        _ => "",
    };
    if prefix.is_empty() {
        return holds(is, value());
    }
    let whole = literal.is_some_and(|literal| literal.len() == prefix.len());
    let (least, most) = case_range(prefix, whole);
    value().gt_eq(lit(text(&least))).and(value().lt_eq(lit(text(&most)))).and(holds(is, value()))
}

/// The part before the first character that is not ASCII, or that another one than its own other case folds to.
fn ascii_prefix(text: &str) -> &str {
    // The Kelvin sign folds to `k`, a dotted capital I to `i` and a dot.
    let end = text.find(|c: char| !c.is_ascii() || matches!(c, 'k' | 'K' | 'i' | 'I')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Least and greatest text that begins with `prefix` in any case: in ASCII, capitals come before small letters.
fn case_range(prefix: &str, whole: bool) -> (String, String) {
    let mut most = prefix.to_ascii_lowercase();
    if !whole {
        most.push(char::MAX);
    }
    (prefix.to_ascii_uppercase(), most)
}

/// A pattern that is a whole number: equality. One that is no number at all: nothing. Wildcards and fractions: neither.
fn whole_number(pattern: &Pattern, value: Expr) -> Option<Expr> {
    match Number::read(pattern.as_literal()?) {
        None => Some(lit(false)),
        Some(Number::Integer(number)) => Some(i64::try_from(number).map_or(lit(false), |number| value.eq(lit(number)))),
        Some(Number::Float(_)) => None,
    }
}

/// A range of whole numbers; none if a bound is something else.
fn whole_range(low: Option<&Bound>, high: Option<&Bound>, value: &dyn Fn() -> Expr) -> Option<Expr> {
    let whole = |bound: &Bound| match bound.value {
        RangeValue::Number(Number::Integer(number)) => i64::try_from(number).ok(),
        _ => None,
    };
    let low = match low {
        Some(bound) if bound.inclusive => Some(value().gt_eq(lit(whole(bound)?))),
        Some(bound) => Some(value().gt(lit(whole(bound)?))),
        None => None,
    };
    let high = match high {
        Some(bound) if bound.inclusive => Some(value().lt_eq(lit(whole(bound)?))),
        Some(bound) => Some(value().lt(lit(whole(bound)?))),
        None => None,
    };
    low.into_iter().chain(high).reduce(Expr::and)
}

/// 32 hexadecimal digits as the 16 bytes they stand for.
fn id(literal: &str) -> Option<ScalarValue> {
    let id = u128::from_str_radix(literal, 16).ok().filter(|_| literal.len() == 32 && !literal.starts_with('+'))?;
    Some(ScalarValue::FixedSizeBinary(16, Some(id.to_be_bytes().to_vec())))
}
