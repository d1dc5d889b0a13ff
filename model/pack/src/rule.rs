//! How a column is filled, and the conditions of cases.

use crate::convert::Step;
use crate::document::Value;
use crate::fault::PackFault;
use crate::fields::{FieldId, Fields};
use crate::value::{Constant, ValueMap, constant};
use wardwatch_schema::{ColumnId, Kind};

/// A native field, and which of its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// The field.
    pub field: FieldId,
    /// Which value, where a field has several.
    pub pick: Pick,
}

/// Which of several values of one field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    /// The first.
    First,
    /// The one after so many others: `name[2]`.
    At(u16),
    /// All, separated by `, `: `name[*]`.
    All,
}

/// How one value is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The first of these that says something.
    pub from: Vec<Source>,
    /// What is done to it.
    pub steps: Vec<Step>,
    /// A value map, by its place in the pack.
    pub map: Option<u16>,
    /// What to do if that gives nothing.
    pub or: Option<Box<Rule>>,
    /// The value if all else gives nothing.
    pub default: Option<Constant>,
    /// Only if this holds.
    pub when: Option<When>,
    /// Where it stands in the manifest, `file:line`.
    pub at: Box<str>,
}

/// A column with its rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnRule {
    /// The column.
    pub column: ColumnId,
    /// Its type.
    pub kind: Kind,
    /// How it is filled.
    pub rule: Rule,
}

/// Conditions that must all hold. Only the first value of a field counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When(pub Vec<Condition>);

/// One condition on a native field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The field.
    pub field: FieldId,
    /// What must be true of it.
    pub test: Test,
}

/// What must be true of a text, case-sensitively; each holds if one of its texts fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Test {
    /// Is one of these.
    Is(Vec<Box<str>>),
    /// Starts with one of these.
    Starts(Vec<Box<str>>),
    /// Contains one of these.
    Has(Vec<Box<str>>),
}

impl Test {
    /// Whether it holds; an absent field never does.
    pub fn holds(&self, text: Option<&str>) -> bool {
        let Some(text) = text else { return false };
        match self {
            Self::Is(words) => words.iter().any(|w| **w == *text),
            Self::Starts(words) => words.iter().any(|w| text.starts_with(&**w)),
            Self::Has(words) => words.iter().any(|w| text.contains(&**w)),
        }
    }
}

impl When {
    /// Whether all conditions hold.
    pub fn holds<'v>(&self, value: impl Fn(FieldId) -> Option<&'v str>) -> bool {
        self.0.iter().all(|condition| condition.test.holds(value(condition.field)))
    }

    /// The one field and the words it must be, if that is all there is to it.
    pub(crate) fn dispatch(&self) -> Option<(FieldId, &[Box<str>])> {
        match self.0.as_slice() {
            [Condition { field, test: Test::Is(words) }] => Some((*field, words)),
            _ => None,
        }
    }

    /// As text: `type=utm|anomaly`.
    pub(crate) fn name(&self, fields: &Fields) -> String {
        let one = |condition: &Condition| {
            let (sign, words) = match &condition.test {
                Test::Is(words) => ("=", words),
                Test::Starts(words) => ("=^", words),
                Test::Has(words) => ("=~", words),
            };
            let field = fields.name(condition.field).unwrap_or_default();
            format!("{field}{sign}{}", words.iter().map(|w| &**w).collect::<Vec<_>>().join("|"))
        };
        self.0.iter().map(one).collect::<Vec<_>>().join("&")
    }
}

/// What rules are read against.
pub(crate) struct RuleContext<'a> {
    pub fields: &'a mut Fields,
    pub values: &'a [ValueMap],
}

impl RuleContext<'_> {
    pub fn intern(&mut self, name: &str, value: Value<'_>) -> Result<FieldId, PackFault> {
        self.fields.intern(name).ok_or_else(|| value.place().fault("the pack names more than 65,534 fields"))
    }

    /// `name`, `name[3]`, `name[*]`, `list[0].name`.
    pub fn source(&mut self, value: Value<'_>) -> Result<Source, PackFault> {
        let text = value.text()?;
        if text.is_empty() {
            return Err(value.place().fault("a field's name is empty"));
        }
        let (name, pick) = field_reference(text);
        Ok(Source { field: self.intern(&name, value)?, pick })
    }

    fn sources(&mut self, value: Value<'_>) -> Result<Vec<Source>, PackFault> {
        value.one_or_more()?.into_iter().map(|v| self.source(v)).collect()
    }

    /// `field`, `["a", "b"]` or `{ from, as, map, or, default, when }`.
    pub fn rule(&mut self, value: Value<'_>, kind: Kind) -> Result<Rule, PackFault> {
        let place = value.place();
        let at: Box<str> = format!("{}:{}", place.file, place.line).into();
        let bare = |from| Rule { from, steps: Vec::new(), map: None, or: None, default: None, when: None, at };
        if !value.is_table() {
            return Ok(bare(self.sources(value)?));
        }
        let mut table = value.table()?;
        let mut rule = bare(Vec::new());
        if let Some(from) = table.take("from") {
            rule.from = self.sources(from)?;
        }
        if let Some(steps) = table.take("as") {
            rule.steps = read_steps(steps)?;
        }
        if let Some(name) = table.take("map") {
            rule.map = Some(self.value_map(name, kind)?);
        }
        if let Some(or) = table.take("or") {
            rule.or = Some(Box::new(self.rule(or, kind)?));
        }
        if let Some(default) = table.take("default") {
            rule.default = Some(match (constant(default)?, kind) {
                (Constant::Text(_), Kind::Int | Kind::Port | Kind::Time) => {
                    return Err(default.place().fault("the column holds a number, so its default must be a number"));
                }
                (Constant::Int(n), Kind::Text | Kind::Ip) => Constant::Text(n.to_string().into()),
                (fits, _) => fits,
            });
        }
        if let Some(when) = table.take("when") {
            rule.when = Some(self.when(when)?);
        }
        table.finish(&["from", "as", "map", "or", "default", "when"])?;
        if rule.from.is_empty() && rule.default.is_none() && rule.or.is_none() {
            return Err(value.place().fault("the rule names no field: give `from`, or `default` for a constant"));
        }
        Ok(rule)
    }

    fn value_map(&mut self, name: Value<'_>, kind: Kind) -> Result<u16, PackFault> {
        let wanted = name.text()?;
        let at = self.values.iter().position(|map| map.name == wanted);
        let (Some(at), Some(map)) = (at, at.and_then(|at| self.values.get(at))) else {
            let known: Vec<&str> = self.values.iter().map(|map| map.name.as_str()).collect();
            return Err(name
                .place()
                .fault(format!("unknown value map `{wanted}`; the pack has: {}", known.join(", "))));
        };
        if map.gives_text() && matches!(kind, Kind::Int | Kind::Port | Kind::Time) {
            return Err(name.place().fault(format!("value map `{wanted}` gives text, but the column holds a number")));
        }
        u16::try_from(at).map_err(|_| name.place().fault("too many value maps"))
    }

    /// `{ field, is | in | starts | has }`, or a list of those that must all hold.
    pub fn when(&mut self, value: Value<'_>) -> Result<When, PackFault> {
        let conditions: Result<Vec<_>, _> = value.one_or_more()?.into_iter().map(|v| self.condition(v)).collect();
        let conditions = conditions?;
        if conditions.is_empty() {
            return Err(value.place().fault("`when` is empty: give a condition or leave it out"));
        }
        Ok(When(conditions))
    }

    fn condition(&mut self, value: Value<'_>) -> Result<Condition, PackFault> {
        let mut table = value.table()?;
        let name = table.need("field")?;
        let field = self.source(name)?.field;
        let words = |v: Value<'_>| -> Result<Vec<Box<str>>, PackFault> {
            let words: Vec<Box<str>> = v.scalars()?.into_iter().map(Into::into).collect();
            if words.is_empty() {
                return Err(v.place().fault("the list is empty, so the condition never holds"));
            }
            Ok(words)
        };
        let mut tests = Vec::new();
        for key in ["is", "in", "starts", "has"] {
            if let Some(v) = table.take(key) {
                let words = words(v)?;
                tests.push(match key {
                    "starts" => Test::Starts(words),
                    "has" => Test::Has(words),
                    _ => Test::Is(words),
                });
            }
        }
        table.finish(&["field", "is", "in", "starts", "has"])?;
        match (tests.pop(), tests.is_empty()) {
            (Some(test), true) => Ok(Condition { field, test }),
            _ => Err(value.place().fault("a condition needs exactly one of `is`, `in`, `starts`, `has`")),
        }
    }
}

/// The steps of `as`: a word or a list of words.
pub(crate) fn read_steps(value: Value<'_>) -> Result<Vec<Step>, PackFault> {
    let step = |v: Value<'_>| {
        let word = v.text()?;
        Step::parse(word).ok_or_else(|| v.place().fault(format!("`{word}` is no conversion; known: {}", Step::WORDS)))
    };
    value.one_or_more()?.into_iter().map(step).collect()
}

/// Takes `[0]` and `[*]` out of a name: arrays repeat the field, so the name of an element is the name of the list.
fn field_reference(text: &str) -> (String, Pick) {
    let mut name = String::with_capacity(text.len());
    let (mut rest, mut pick) = (text, Pick::First);
    while let Some(open) = rest.find('[') {
        let inside = rest.get(open + 1..).and_then(|r| r.split_once(']'));
        let Some((index, after)) = inside else { break };
        match index {
            "*" => pick = Pick::All,
            digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                if pick == Pick::First {
                    pick = digits.parse().ok().filter(|n| *n > 0).map_or(Pick::First, Pick::At);
                }
            }
            _ => {
                name.push_str(rest.get(..=open).unwrap_or_default());
                rest = rest.get(open + 1..).unwrap_or_default();
                continue;
            }
        }
        name.push_str(rest.get(..open).unwrap_or_default());
        rest = after;
    }
    name.push_str(rest);
    (name, pick)
}
