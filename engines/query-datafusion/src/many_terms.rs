//! A test of very many terms as one function. An expression per term would cost the planner seconds and, nested, the
//! thread its stack; here terms about the same values are looked for together, however many they are.
//!
//! The same reading as the expressions' own; it gives up only their passing over of files by statistics.

use crate::compute::text_of;
use crate::holds::Holds;
use crate::native::NativeKey;
use crate::tests_as_expr::named;
use aho_corasick::AhoCorasick;
use datafusion::arrow::array::{Array, AsArray, BooleanBuilder, StringViewArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_predicate::query::Is;
use wardwatch_predicate::{Matcher, Number, Pattern, Subject, fold};
use wardwatch_schema::dataset;
use wardwatch_search::{Access, Instants, Test};

/// The prepared test. `usize` is the place of a column among the function's arguments.
#[derive(Debug)]
enum Tree {
    All,
    Any(Vec<Tree>),
    Every(Vec<Tree>),
    Not(Box<Tree>),
    /// The text contains one of many.
    Contains(usize, Box<AhoCorasick>),
    /// The text fits, wildcards and all.
    Fits(usize, Box<Matcher>),
    Value(usize, OneOf),
    Native(usize, Box<NativeKey>, OneOf),
    Instant(usize, Instants),
}

/// Is a value one of these?
#[derive(Debug, Default)]
struct OneOf {
    /// Folded texts that are no numbers.
    texts: HashSet<String>,
    others: Vec<Holds>,
}

impl OneOf {
    fn add(&mut self, is: &Is) {
        match is {
            Is::Text(pattern) => match pattern.as_literal().filter(|text| Number::read(text).is_none()) {
                Some(text) => _ = self.texts.insert(fold(text).into_owned()),
                None => self.others.push(Holds::new(is)),
            },
            _ => self.others.push(Holds::new(is)),
        }
    }

    fn test(&self, text: &str, folded: &str) -> bool {
        self.texts.contains(folded) || self.others.iter().any(|holds| holds.test(text))
    }
}

/// What is asked of a column: its text, or its instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Text,
    Instant,
}

#[derive(Debug)]
enum Values {
    Texts(StringViewArray),
    Instants(TimestampMicrosecondArray),
}

struct Maker<'t> {
    dataset: &'t str,
    slots: Vec<(&'static str, Form)>,
}

/// Terms of which any suffices, those about the same values together.
#[derive(Default)]
struct Group<'t> {
    lines: Vec<&'t Pattern>,
    values: BTreeMap<(usize, Option<String>), OneOf>,
    others: Vec<Tree>,
}

impl<'t> Maker<'t> {
    fn slot(&mut self, name: &'static str, form: Form) -> usize {
        self.slots.iter().position(|slot| *slot == (name, form)).unwrap_or_else(|| {
            self.slots.push((name, form));
            self.slots.len() - 1
        })
    }

    fn tree(&mut self, test: &'t Test) -> Tree {
        match test {
            Test::All => Tree::All,
            Test::And(inner) => self.every(inner),
            Test::Not(inner) => Tree::Not(Box::new(self.tree(inner))),
            Test::Instant { column, between } => Tree::Instant(self.slot(column.name, Form::Instant), *between),
            Test::Or(_) | Test::Line(_) | Test::Field { .. } => self.any(&[test]),
        }
    }

    /// `NOT a NOT b` is `NOT (a OR b)`, whose terms are looked for together.
    fn every(&mut self, tests: &'t [Test]) -> Tree {
        let (mut not, mut parts) = (Vec::new(), Vec::new());
        for test in tests {
            match test {
                Test::Not(inner) => not.push(&**inner),
                other => parts.push(self.tree(other)),
            }
        }
        if !not.is_empty() {
            parts.push(Tree::Not(Box::new(self.any(&not))));
        }
        Tree::Every(parts)
    }

    fn any(&mut self, tests: &[&'t Test]) -> Tree {
        let mut group = Group::default();
        tests.iter().for_each(|test| self.gather(test, &mut group));
        let mut parts = group.others;
        for ((slot, key), one_of) in group.values {
            parts.push(match key {
                Some(key) => Tree::Native(slot, Box::new(NativeKey::new(&key)), one_of),
                None => Tree::Value(slot, one_of),
            });
        }
        if !group.lines.is_empty() {
            self.lines(&group.lines, &mut parts);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                parts.extend(last);
                Tree::Any(parts)
            }
        }
    }

    fn gather(&mut self, test: &'t Test, group: &mut Group<'t>) {
        let mut add = |slot, key, is| group.values.entry((slot, key)).or_default().add(is);
        match test {
            Test::Or(inner) => inner.iter().for_each(|test| self.gather(test, group)),
            Test::Line(pattern) => group.lines.push(pattern),
            Test::Field { access: Access::Column(column), is } => add(self.slot(column.name, Form::Text), None, is),
            Test::Field { access: Access::Native { key, columns }, is } => {
                columns.iter().for_each(|column| add(self.slot(column.name, Form::Text), None, is));
                if self.dataset != dataset::ALERTS {
                    add(self.slot("unmapped", Form::Text), Some(key.clone()), is);
                }
            }
            Test::All | Test::And(_) | Test::Not(_) | Test::Instant { .. } => group.others.push(self.tree(test)),
        }
    }

    fn lines(&mut self, patterns: &[&Pattern], parts: &mut Vec<Tree>) {
        let raw = self.slot("raw", Form::Text);
        let open = |pattern: &&Pattern| Matcher::new(&(*pattern).clone().open_front().open_back(), false);
        let (plain, others): (Vec<_>, Vec<_>) =
            patterns.iter().map(open).partition(|matcher| matcher.as_within().is_some());
        match AhoCorasick::new(plain.iter().filter_map(Matcher::as_within)) {
            Ok(_) if plain.is_empty() => {}
            Ok(many) => parts.push(Tree::Contains(raw, Box::new(many))),
            // Too large for it: one by one.
            Err(_) => parts.extend(plain.into_iter().map(|matcher| Tree::Fits(raw, Box::new(matcher)))),
        }
        parts.extend(others.into_iter().map(|matcher| Tree::Fits(raw, Box::new(matcher))));
    }
}

/// One row's values, each folded once.
struct Row<'r> {
    columns: &'r [Values],
    folded: Vec<OnceCell<Cow<'r, str>>>,
    at: usize,
}

impl<'r> Row<'r> {
    fn text(&self, slot: usize) -> Option<&'r str> {
        match self.columns.get(slot)? {
            Values::Texts(texts) => texts.is_valid(self.at).then(|| texts.value(self.at)),
            Values::Instants(_) => None,
        }
    }

    fn both(&self, slot: usize) -> Option<Subject<'_>> {
        let text = self.text(slot)?;
        Some(Subject { text, folded: self.folded.get(slot)?.get_or_init(|| fold(text)) })
    }

    fn instant(&self, slot: usize) -> Option<Timestamp> {
        match self.columns.get(slot)? {
            Values::Instants(times) => times.is_valid(self.at).then(|| Timestamp::from_micros(times.value(self.at))),
            Values::Texts(_) => None,
        }
    }

    /// A missing value answers no term.
    fn answers(&self, tree: &Tree) -> bool {
        match tree {
            Tree::All => true,
            Tree::Any(inner) => inner.iter().any(|tree| self.answers(tree)),
            Tree::Every(inner) => inner.iter().all(|tree| self.answers(tree)),
            Tree::Not(inner) => !self.answers(inner),
            Tree::Contains(slot, many) => self.both(*slot).is_some_and(|text| many.is_match(text.folded)),
            Tree::Fits(slot, matcher) => self.both(*slot).is_some_and(|text| matcher.matches(text)),
            Tree::Value(slot, one_of) => self.both(*slot).is_some_and(|both| one_of.test(both.text, both.folded)),
            Tree::Native(slot, key, one_of) => self.text(*slot).is_some_and(|json| native(json, key, one_of)),
            Tree::Instant(slot, between) => self.instant(*slot).is_some_and(|at| lies(at, *between)),
        }
    }
}

fn native(json: &str, key: &NativeKey, one_of: &OneOf) -> bool {
    let mut found = false;
    key.each(json, &mut |text| {
        found = one_of.test(text, &fold(text));
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

fn lies(at: Timestamp, between: Instants) -> bool {
    let above = between.low.is_none_or(|(low, inclusive)| at > low || (inclusive && at == low));
    above && between.high.is_none_or(|(high, inclusive)| at < high || (inclusive && at == high))
}

/// The function. A plan has at most one, so it is equal to itself only.
#[derive(Debug)]
struct ManyTerms {
    tree: Arc<Tree>,
    forms: Vec<Form>,
    signature: Signature,
}

impl PartialEq for ManyTerms {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tree, &other.tree)
    }
}

impl Eq for ManyTerms {}

impl Hash for ManyTerms {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.tree).hash(state);
    }
}

impl ScalarUDFImpl for ManyTerms {
    fn name(&self) -> &'static str {
        "many_terms"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let given = args.args.into_iter().zip(&self.forms);
        let columns = given.map(|(value, form)| values(&value.into_array(rows)?, *form));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut out = BooleanBuilder::with_capacity(rows);
        for at in 0..rows {
            let row = Row { columns: &columns, folded: vec![OnceCell::new(); columns.len()], at };
            out.append_value(row.answers(&self.tree));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

fn values(column: &Arc<dyn Array>, form: Form) -> Result<Values, DataFusionError> {
    match form {
        Form::Text => Ok(Values::Texts(text_of(column)?.as_string_view().clone())),
        Form::Instant => match column.as_primitive_opt::<TimestampMicrosecondType>() {
            Some(times) => Ok(Values::Instants(times.clone())),
            None => exec_err!("instants are kept in microseconds"),
        },
    }
}

/// Whether a row answers the test. Never null.
pub(crate) fn answers(test: &Test, dataset: &str) -> Expr {
    let mut maker = Maker { dataset, slots: Vec::new() };
    let tree = Arc::new(maker.tree(test));
    let forms = maker.slots.iter().map(|(_, form)| *form).collect();
    let signature = Signature::any(maker.slots.len(), Volatility::Immutable);
    let columns = maker.slots.iter().map(|(name, _)| named(name)).collect();
    ScalarUDF::new_from_impl(ManyTerms { tree, forms, signature }).call(columns)
}
