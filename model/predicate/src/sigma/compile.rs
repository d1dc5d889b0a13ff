//! Rules to a [`RuleSet`]: values become tests, field names become numbers, placeholders get their values.
//!
//! What cannot be compiled is refused with its place; a placeholder without a value makes the rule inactive, because
//! a rule that silently never (or, inside a `not`, always) matches is worse than a rule that is listed as missing.

use super::condition::Condition;
use super::detection::{Body, Detection, Item, Literal, LiteralScalar};
use super::fault::{RuleFault, RuleRemark};
use super::modifier::Modifiers;
use super::rule::{About, Filter, LogSource, Rule};
use super::test::{Many, Test};
use super::value_test::{keywords_allow, label, value_test};
use crate::place::Place;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wardwatch_limits::RULE_VALUE_TEXTS;

/// Values of placeholders, by name without the percent signs.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// Compiled rules over one table of field names.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// Field names as the rules write them; a number in a compiled rule is a place in this table.
    pub fields: Vec<String>,
    /// The rules, in the order they were added.
    pub rules: Vec<Arc<CompiledRule>>,
    /// Conditions of filters that stand by themselves, for tenants that narrow rules: they see no event of their own.
    pub narrows: Vec<Arc<CompiledRule>>,
}

/// A rule ready to be evaluated.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    /// What the rule says about itself.
    pub about: About,
    /// Which logs it is for.
    pub logsource: LogSource,
    /// What its author should look at.
    pub remarks: Vec<RuleRemark>,
    /// Titles or ids of the filters that narrow it.
    pub filters: Vec<String>,
    pub(crate) selections: Vec<CompiledSelection>,
    pub(crate) condition: Condition,
    pub(crate) text: String,
}

impl CompiledRule {
    /// The numbers of the fields it reads, ascending, each once.
    #[must_use]
    pub fn fields(&self) -> Vec<u32> {
        let mut found = Vec::new();
        self.selections.iter().for_each(|selection| selection.body.each_item(&mut |item| found.extend(item.fields())));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether it looks into every value of the event.
    #[must_use]
    pub fn has_keywords(&self) -> bool {
        let mut found = false;
        let mut see = |item: &CompiledItem| found |= item.field.is_none();
        self.selections.iter().for_each(|selection| selection.body.each_item(&mut see));
        found
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledSelection {
    pub name: String,
    pub body: CompiledBody,
}

#[derive(Clone, Debug)]
pub(crate) enum CompiledBody {
    All(Vec<Arc<CompiledItem>>),
    Any(Vec<CompiledBody>),
    Item(Arc<CompiledItem>),
}

impl CompiledBody {
    fn each_item(&self, see: &mut impl FnMut(&CompiledItem)) {
        match self {
            CompiledBody::All(items) => items.iter().for_each(|item| see(item)),
            CompiledBody::Any(bodies) => bodies.iter().for_each(|body| body.each_item(see)),
            CompiledBody::Item(item) => see(item),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledItem {
    /// None for keywords.
    pub field: Option<u32>,
    /// The key as written.
    pub key: String,
    /// Each test must hold, not any.
    pub all: bool,
    /// Negated, with a value present.
    pub neq: bool,
    /// One per value of the rule.
    pub tests: Vec<Test>,
    /// The values as written, for evidence and `explain`; as many as tests.
    pub labels: Vec<String>,
    /// The tests in one pass, where there are many.
    pub many: Option<Many>,
}

impl CompiledItem {
    fn fields(&self) -> impl Iterator<Item = u32> {
        self.field.into_iter().chain(self.tests.iter().filter_map(Test::refers_to))
    }

    fn cost(&self) -> u32 {
        let tests: u32 = self.tests.iter().map(Test::cost).sum();
        if self.field.is_none() { tests.saturating_mul(50) } else { tests }
    }
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the set.
    Active,
    /// It is not in the set: a placeholder has no value.
    Inactive {
        /// Where the placeholder stands.
        place: Place,
        /// Which, and what to do.
        reason: String,
    },
}

/// Makes a [`RuleSet`].
#[derive(Debug, Default)]
pub struct Compiler {
    placeholders: Placeholders,
    numbers: HashMap<String, u32>,
    /// Items by what they ask: rules that ask the same share one.
    items: HashMap<String, Arc<CompiledItem>>,
    set: RuleSet,
}

/// Why an item did not compile.
enum Stop {
    Refused(RuleFault),
    Inactive(Place, String),
}

impl From<RuleFault> for Stop {
    fn from(fault: RuleFault) -> Stop {
        Stop::Refused(fault)
    }
}

impl Compiler {
    /// A compiler that knows these placeholders.
    #[must_use]
    pub fn new(placeholders: Placeholders) -> Compiler {
        Compiler { placeholders, ..Compiler::default() }
    }

    /// Compiles a rule, narrowed by those of `filters` that name it, and adds it.
    ///
    /// # Errors
    /// A value that does not fit its modifier, or a regular expression that does not compile. The set is unchanged.
    pub fn add(&mut self, rule: &Rule, filters: &[Filter]) -> Result<Added, RuleFault> {
        match self.compile(rule, filters) {
            Ok(compiled) => {
                self.set.rules.push(Arc::new(compiled));
                Ok(Added::Active)
            }
            Err(Stop::Refused(fault)) => Err(fault),
            Err(Stop::Inactive(place, reason)) => Ok(Added::Inactive { place, reason }),
        }
    }

    /// Other values of placeholders for what is added from now on.
    pub fn fill(&mut self, placeholders: Placeholders) {
        self.placeholders = placeholders;
    }

    /// How many rules there are: the number that the next one gets.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.set.rules.len()).unwrap_or(u32::MAX)
    }

    /// There is no rule yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.rules.is_empty()
    }

    /// Compiles a filter to stand by itself in [`RuleSet::narrows`]; gives its number there, or that it has none because
    /// a placeholder has no value.
    ///
    /// # Errors
    /// As for [`Compiler::add`].
    pub fn add_narrow(&mut self, filter: &Filter) -> Result<Option<u32>, RuleFault> {
        let mut selections = Vec::new();
        let condition = match self.detection(&filter.detection, "", &mut selections) {
            Ok(condition) => condition,
            Err(Stop::Refused(fault)) => return Err(fault),
            Err(Stop::Inactive(..)) => return Ok(None),
        };
        let number = u32::try_from(self.set.narrows.len()).unwrap_or(u32::MAX);
        self.set.narrows.push(Arc::new(CompiledRule {
            about: filter.about.clone(),
            logsource: filter.logsource.clone(),
            remarks: filter.remarks.clone(),
            filters: Vec::new(),
            selections,
            condition,
            text: filter.detection.texts.join(" or "),
        }));
        Ok(Some(number))
    }

    /// The rules added so far.
    #[must_use]
    pub fn finish(self) -> RuleSet {
        self.set
    }

    fn compile(&mut self, rule: &Rule, filters: &[Filter]) -> Result<CompiledRule, Stop> {
        let mut selections = Vec::new();
        let mut condition = self.detection(&rule.detection, "", &mut selections)?;
        let mut text = rule.detection.texts.join(" or ");
        let mut narrowed = Vec::new();
        for filter in filters.iter().filter(|filter| filter.names(rule)) {
            let prefix = format!("filter {}: ", filter.about.title);
            let narrow = self.detection(&filter.detection, &prefix, &mut selections)?;
            condition = Condition::And(vec![condition, narrow]);
            text = format!("({text}) and filter ({})", filter.detection.texts.join(" or "));
            narrowed.push(filter.about.id.clone());
        }
        let (about, logsource, remarks) = (rule.about.clone(), rule.logsource.clone(), rule.remarks.clone());
        Ok(CompiledRule { about, logsource, remarks, filters: narrowed, selections, condition, text })
    }

    /// Adds a detection's selections behind those there are; gives its condition over the numbers they got.
    fn detection(
        &mut self,
        detection: &Detection,
        prefix: &str,
        selections: &mut Vec<CompiledSelection>,
    ) -> Result<Condition, Stop> {
        let shift = selections.len();
        for selection in &detection.selections {
            let body = self.body(&selection.body)?;
            selections.push(CompiledSelection { name: format!("{prefix}{}", selection.name), body });
        }
        let mut conditions: Vec<Condition> = detection.conditions.iter().map(|c| shifted(c, shift)).collect();
        Ok(match conditions.pop() {
            Some(only) if conditions.is_empty() => only,
            Some(last) => {
                conditions.push(last);
                Condition::Or(conditions)
            }
            None => Condition::Or(conditions),
        })
    }

    fn body(&mut self, body: &Body) -> Result<CompiledBody, Stop> {
        Ok(match body {
            Body::All(items) => {
                let mut items = items.iter().map(|item| self.item(item)).collect::<Result<Vec<_>, _>>()?;
                // All must hold, in any order: the cheapest question first.
                items.sort_by_key(|item| item.cost());
                CompiledBody::All(items)
            }
            Body::Any(bodies) => {
                CompiledBody::Any(bodies.iter().map(|body| self.body(body)).collect::<Result<_, _>>()?)
            }
            Body::Keywords(item) => CompiledBody::Item(self.item(item)?),
        })
    }

    fn item(&mut self, item: &Item) -> Result<Arc<CompiledItem>, Stop> {
        let modifiers = &item.modifiers;
        if item.field.is_none() {
            keywords_allow(modifiers, item.place)?;
        }
        let mut tests = Vec::new();
        let mut labels = Vec::new();
        let mut same = format!("{:?} {}", item.field, item.key);
        for literal in &item.values {
            for literal in self.expanded(modifiers, literal)? {
                let test = value_test(item, &literal, &mut |name| self.number(name));
                tests.push(test.map_err(|reason| RuleFault::new(literal.place, reason))?);
                labels.push(label(&literal));
                same.push_str(&format!("\0{:?}", literal.scalar));
            }
        }
        if let Some(known) = self.items.get(&same) {
            return Ok(Arc::clone(known));
        }
        let many = if modifiers.all { None } else { Many::of(&tests) };
        let field = item.field.as_deref().map(|name| self.number(name));
        let (key, all, neq) = (item.key.clone(), modifiers.all, modifiers.neq);
        let compiled = Arc::new(CompiledItem { field, key, all, neq, tests, labels, many });
        self.items.insert(same, Arc::clone(&compiled));
        Ok(compiled)
    }

    fn number(&mut self, field: &str) -> u32 {
        if let Some(number) = self.numbers.get(field) {
            return *number;
        }
        let number = u32::try_from(self.set.fields.len()).unwrap_or(u32::MAX);
        self.set.fields.push(field.to_owned());
        self.numbers.insert(field.to_owned(), number);
        number
    }

    /// The value with its placeholders replaced, once per combination of their values.
    fn expanded(&self, modifiers: &Modifiers, literal: &Literal) -> Result<Vec<Literal>, Stop> {
        let LiteralScalar::Text(text) = &literal.scalar else { return Ok(vec![literal.clone()]) };
        if !modifiers.expand {
            return Ok(vec![literal.clone()]);
        }
        let mut texts = vec![String::new()];
        let mut rest = text.as_str();
        while let Some((before, name, after)) = next_placeholder(rest) {
            let Some(values) = self.placeholders.get(name).filter(|values| !values.is_empty()) else {
                let reason =
                    format!("placeholder `%{name}%` has no value: add it to the placeholders to activate the rule");
                return Err(Stop::Inactive(literal.place, reason));
            };
            if texts.len().saturating_mul(values.len()) > RULE_VALUE_TEXTS {
                let reason = format!(
                    "`{text}` becomes more than {RULE_VALUE_TEXTS} values: use fewer placeholders in one value"
                );
                return Err(RuleFault::new(literal.place, reason).into());
            }
            let with = |text: &String| values.iter().map(|value| format!("{text}{before}{value}")).collect::<Vec<_>>();
            texts = texts.iter().flat_map(with).collect();
            rest = after;
        }
        let literal = |text: String| Literal { place: literal.place, scalar: LiteralScalar::Text(text + rest) };
        Ok(texts.into_iter().map(literal).collect())
    }
}

impl Filter {
    fn names(&self, rule: &Rule) -> bool {
        self.applies_to(&rule.about, &rule.logsource)
    }

    /// Whether it is about the rule that says this of itself.
    #[must_use]
    pub fn applies_to(&self, rule: &About, source: &LogSource) -> bool {
        let wanted = |own: &Option<String>, its: &Option<String>| own.is_none() || own == its;
        let fits = wanted(&self.logsource.product, &source.product)
            && wanted(&self.logsource.category, &source.category)
            && wanted(&self.logsource.service, &source.service);
        let named = |name: &String| *name == rule.id || Some(name) == rule.name.as_ref();
        fits && (self.rules.is_empty() || self.rules.iter().any(named))
    }
}

fn shifted(condition: &Condition, by: usize) -> Condition {
    let all = |inner: &[Condition]| inner.iter().map(|c| shifted(c, by)).collect();
    match condition {
        Condition::Or(inner) => Condition::Or(all(inner)),
        Condition::And(inner) => Condition::And(all(inner)),
        Condition::Not(inner) => Condition::Not(Box::new(shifted(inner, by))),
        Condition::Selection(number) => Condition::Selection(number + by),
        Condition::Of { least, of, text } => {
            Condition::Of { least: *least, of: of.iter().map(|number| number + by).collect(), text: text.clone() }
        }
    }
}

/// The next `%name%` of a text: what stands before it, its name, what stands behind it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, behind) = text.split_once('%')?;
    let (name, after) = behind.split_once('%')?;
    Some((before, name, after))
}
