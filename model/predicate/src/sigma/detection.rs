//! The `detection` map of a rule: YAML to selections, items and conditions. Says nothing yet of how they match.

use super::ask;
use super::condition::{Condition, read_condition};
use super::fault::{RuleFault, RuleRemark};
use super::modifier::Modifiers;
use crate::place::Place;
use crate::yaml::{Key, Kind, Node, Scalar};

/// Selections and how they are joined. Several conditions: any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// In the order written.
    pub selections: Vec<Selection>,
    /// At least one.
    pub conditions: Vec<Condition>,
    /// The conditions as written, for `explain`.
    pub texts: Vec<String>,
}

/// A named part of a detection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// What must hold.
    pub body: Body,
}

/// What a selection asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A map: all of it.
    All(Vec<Item>),
    /// A list: any of it.
    Any(Vec<Body>),
    /// Keywords.
    Keywords(Item),
}

/// One line of a map, or a run of keywords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where the key stands.
    pub place: Place,
    /// The field; none for keywords, which look into every value.
    pub field: Option<String>,
    /// The key as written, for `explain`.
    pub key: String,
    /// What the key says to do with the values.
    pub modifiers: Modifiers,
    /// At least one.
    pub values: Vec<Literal>,
}

/// A value as a rule writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Where it stands.
    pub place: Place,
    /// Its kind and text.
    pub scalar: LiteralScalar,
}

/// The kinds a value can have; the difference between `10` and `'10'` is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralScalar {
    /// `null`, `~`, or nothing behind the colon.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// Text.
    Text(String),
}

impl Literal {
    fn of(node: &Node) -> Option<Literal> {
        let scalar = match node.scalar()? {
            Scalar::Null => LiteralScalar::Null,
            Scalar::Bool(value) => LiteralScalar::Bool(value),
            Scalar::Number(text) => LiteralScalar::Number(text.to_owned()),
            Scalar::Text(text) => LiteralScalar::Text(text.to_owned()),
        };
        Some(Literal { place: node.place, scalar })
    }
}

impl Detection {
    /// Reads the value of the key `detection` (or `filter`, without its `rules`).
    ///
    /// # Errors
    /// The first thing that has no meaning.
    pub fn read(pairs: &[(Key, Node)], place: Place, remarks: &mut Vec<RuleRemark>) -> Result<Detection, RuleFault> {
        let mut selections = Vec::new();
        let mut condition = None;
        for (key, node) in pairs {
            match key.text.as_str() {
                "condition" => condition = Some(node),
                "timeframe" => {
                    let reason = "`timeframe` left the specification: write a correlation rule with a `timespan`";
                    return Err(RuleFault::new(key.place, reason));
                }
                name => {
                    let body = read_body(node, remarks)?;
                    selections.push(Selection { name: name.to_owned(), place: key.place, body });
                }
            }
        }
        let Some(condition) = condition else {
            return Err(RuleFault::new(place, "`condition` is missing: say how the selections are joined"));
        };
        if selections.is_empty() {
            return Err(RuleFault::new(place, "there is no selection: add one beside `condition`"));
        }
        let names: Vec<&str> = selections.iter().map(|selection| selection.name.as_str()).collect();
        let (conditions, texts) = read_conditions(condition, &names)?;
        remark_unused(&selections, &conditions, remarks);
        Ok(Detection { selections, conditions, texts })
    }
}

fn read_conditions(node: &Node, names: &[&str]) -> Result<(Vec<Condition>, Vec<String>), RuleFault> {
    let one = std::slice::from_ref(node);
    let nodes: &[Node] = match &node.kind {
        Kind::List(nodes) if !nodes.is_empty() => nodes,
        Kind::Scalar { .. } => one,
        _ => return Err(RuleFault::new(node.place, "`condition` is a text, or a list of texts of which any holds")),
    };
    let mut conditions = Vec::new();
    let mut texts = Vec::new();
    for node in nodes {
        let Kind::Scalar { text, plain } = &node.kind else {
            return Err(RuleFault::new(node.place, format!("a condition is a text, not {}", node.called())));
        };
        let place = if *plain { node.place } else { node.place.right(1) };
        conditions.push(read_condition(text, names, place)?);
        texts.push(text.clone());
    }
    Ok((conditions, texts))
}

fn remark_unused(selections: &[Selection], conditions: &[Condition], remarks: &mut Vec<RuleRemark>) {
    let mut used = vec![false; selections.len()];
    let mut mark = |number: usize| {
        if let Some(slot) = used.get_mut(number) {
            *slot = true;
        }
    };
    conditions.iter().for_each(|condition| condition.each_selection(&mut mark));
    for (selection, _) in selections.iter().zip(&used).filter(|(_, used)| !**used) {
        let remark = format!("selection `{}` is not used by the condition", selection.name);
        remarks.push(RuleRemark::new(selection.place, remark));
    }
}

fn read_body(node: &Node, remarks: &mut Vec<RuleRemark>) -> Result<Body, RuleFault> {
    match &node.kind {
        Kind::Map(pairs) => read_map(node, pairs, remarks),
        Kind::List(nodes) => read_list(node, nodes, remarks),
        Kind::Scalar { .. } => Ok(Body::Keywords(keywords(node.place, vec![keyword(node)?]))),
    }
}

fn read_map(node: &Node, pairs: &[(Key, Node)], remarks: &mut Vec<RuleRemark>) -> Result<Body, RuleFault> {
    if pairs.is_empty() {
        return Err(RuleFault::new(node.place, "an empty map would hold for every event: add an item or remove it"));
    }
    let items = pairs.iter().map(|(key, value)| read_item(key, value, remarks));
    Ok(Body::All(items.collect::<Result<_, _>>()?))
}

fn read_list(node: &Node, nodes: &[Node], remarks: &mut Vec<RuleRemark>) -> Result<Body, RuleFault> {
    let mut any = Vec::new();
    let mut words: Vec<Literal> = Vec::new();
    for inner in nodes {
        match &inner.kind {
            Kind::Map(pairs) => any.push(read_map(inner, pairs, remarks)?),
            Kind::Scalar { .. } => words.push(keyword(inner)?),
            Kind::List(_) => {
                return Err(RuleFault::new(inner.place, "a list inside a list has no meaning here: join the two"));
            }
        }
    }
    if !words.is_empty() {
        any.push(Body::Keywords(keywords(node.place, words)));
    }
    match any.pop() {
        None => Err(RuleFault::new(node.place, "an empty list would never hold: add a value or remove it")),
        Some(only) if any.is_empty() => Ok(only),
        Some(last) => {
            any.push(last);
            Ok(Body::Any(any))
        }
    }
}

fn keywords(place: Place, values: Vec<Literal>) -> Item {
    Item { place, field: None, key: String::new(), modifiers: Modifiers::default(), values }
}

fn keyword(node: &Node) -> Result<Literal, RuleFault> {
    match Literal::of(node) {
        Some(Literal { scalar: LiteralScalar::Null, .. }) | None => {
            Err(RuleFault::new(node.place, "a keyword is a text or a number: an empty one would hold for every event"))
        }
        Some(literal) => Ok(literal),
    }
}

fn read_item(key: &Key, node: &Node, remarks: &mut Vec<RuleRemark>) -> Result<Item, RuleFault> {
    let (field, chain) = match key.text.split_once('|') {
        Some((field, chain)) => (field, Some(chain)),
        None => (key.text.as_str(), None),
    };
    if field.is_empty() && chain.is_none() {
        return Err(RuleFault::new(key.place, "an empty field name: write a field, or a list of keywords"));
    }
    let values = read_values(key, node)?;
    if let Some(asked) = chain.and_then(|chain| ask::read(field, chain, &key.text, key.place, &values)) {
        return asked;
    }
    let modifiers = match chain {
        Some(chain) => Modifiers::read(chain, key.place)?,
        None => Modifiers::default(),
    };
    let (single, null) = (values.len() == 1, values.iter().any(|value| value.scalar == LiteralScalar::Null));
    if modifiers.all && single {
        remarks.push(RuleRemark::new(key.place, "`all` on a single value changes nothing: remove it"));
    }
    if null && !single {
        remarks.push(RuleRemark::new(key.place, "`null` inside a list is against the specification: write two items"));
    }
    let field = (!field.is_empty()).then(|| field.to_owned());
    if field.is_none() && null {
        return Err(RuleFault::new(key.place, "a keyword is a text or a number: null has no place in the event"));
    }
    Ok(Item { place: key.place, field, key: key.text.clone(), modifiers, values })
}

fn read_values(key: &Key, node: &Node) -> Result<Vec<Literal>, RuleFault> {
    let one = std::slice::from_ref(node);
    let nodes: &[Node] = match &node.kind {
        Kind::List(nodes) if nodes.is_empty() => {
            let reason = format!("`{}` has an empty list, which would never hold: add a value", key.text);
            return Err(RuleFault::new(node.place, reason));
        }
        Kind::List(nodes) => nodes,
        _ => one,
    };
    let literal = |node: &Node| {
        Literal::of(node).ok_or_else(|| {
            let reason = format!("a value of `{}` is a text, number, bool or null, not {}", key.text, node.called());
            RuleFault::new(node.place, reason)
        })
    };
    nodes.iter().map(literal).collect()
}
