//! The condition of a rule: text to a tree over the numbers of the rule's selections.
//!
//! Precedence from weakest: `or`, `and`, `not`, `x of`, brackets. Operators are read in any case, names exactly.
//! A name or pattern that matches no selection is a fault: a condition over nothing would be true of everything.

use super::fault::RuleFault;
use crate::place::Place;
use wardwatch_limits::QUERY_DEPTH;

/// A checked condition; numbers are places in the rule's list of selections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Any holds.
    Or(Vec<Condition>),
    /// All hold.
    And(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The selection holds.
    Selection(usize),
    /// At least `least` of the selections hold; `text` is how the rule wrote it.
    Of {
        /// How many must hold.
        least: usize,
        /// Which.
        of: Vec<usize>,
        /// As written, for `explain`.
        text: String,
    },
}

impl Condition {
    /// Calls `see` with the number of each selection that the condition names.
    pub fn each_selection(&self, see: &mut impl FnMut(usize)) {
        match self {
            Condition::Or(inner) | Condition::And(inner) => inner.iter().for_each(|c| c.each_selection(see)),
            Condition::Not(inner) => inner.each_selection(see),
            Condition::Selection(number) => see(*number),
            Condition::Of { of, .. } => of.iter().copied().for_each(see),
        }
    }
}

/// Reads a condition over selections called `names`; `place` is where the text stands in the file.
///
/// # Errors
/// With the place inside the condition as far as the text stands on one line.
pub fn read_condition(text: &str, names: &[&str], place: Place) -> Result<Condition, RuleFault> {
    let tokens = cut(text, place)?;
    let mut parser = Parser { tokens: &tokens, at: 0, names, end: place.right(text.chars().count()), depth: 0 };
    let condition = parser.or()?;
    match parser.peek() {
        None => Ok(condition),
        Some(token) => {
            let reason = format!("`{}` cannot stand here: an `and` or an `or` is missing before it", token.text);
            Err(RuleFault::new(token.place, reason))
        }
    }
}

#[derive(Clone, Copy)]
struct Token<'t> {
    text: &'t str,
    place: Place,
}

fn cut(text: &str, place: Place) -> Result<Vec<Token<'_>>, RuleFault> {
    let mut tokens = Vec::new();
    let mut begun: Option<usize> = None;
    let column = |at: usize| place.right(text.get(..at).map_or(0, |before| before.chars().count()));
    let word = |from: usize, to: usize| Token { text: text.get(from..to).unwrap_or_default(), place: column(from) };
    for (at, c) in text.char_indices() {
        let bracket = matches!(c, '(' | ')');
        if c == '|' {
            let reason = "aggregations (`| count() …`) left the specification: write a correlation rule";
            return Err(RuleFault::new(column(at), reason));
        }
        if (c.is_whitespace() || bracket)
            && let Some(from) = begun.take()
        {
            tokens.push(word(from, at));
        }
        if bracket {
            tokens.push(word(at, at + c.len_utf8()));
        } else if !c.is_whitespace() && begun.is_none() {
            begun = Some(at);
        }
    }
    if let Some(from) = begun {
        tokens.push(word(from, text.len()));
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    names: &'t [&'t str],
    end: Place,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.text.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Condition, RuleFault> {
        let mut members = vec![self.and()?];
        while self.eat("or") {
            members.push(self.and()?);
        }
        Ok(one_or(members, Condition::Or))
    }

    fn and(&mut self) -> Result<Condition, RuleFault> {
        let mut members = vec![self.not()?];
        while self.eat("and") {
            members.push(self.not()?);
        }
        Ok(one_or(members, Condition::And))
    }

    fn not(&mut self) -> Result<Condition, RuleFault> {
        let place = self.peek().map_or(self.end, |token| token.place);
        self.depth += 1;
        if self.depth > QUERY_DEPTH {
            return Err(RuleFault::new(place, format!("nested deeper than {QUERY_DEPTH} levels: flatten it")));
        }
        let condition = if self.eat("not") {
            Condition::Not(Box::new(self.not()?))
        } else if self.eat("(") {
            let inner = self.or()?;
            if !self.eat(")") {
                return Err(RuleFault::new(place, "this bracket is not closed: add `)`"));
            }
            inner
        } else {
            self.named()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn named(&mut self) -> Result<Condition, RuleFault> {
        let Some(token) = self.peek() else {
            return Err(RuleFault::new(self.end, "the condition ends where a selection is expected: name one"));
        };
        self.at += 1;
        if self.eat("of") {
            return self.quantified(token);
        }
        if let Some(number) = self.names.iter().position(|name| *name == token.text) {
            return Ok(Condition::Selection(number));
        }
        let reason = match token.text.to_ascii_lowercase().as_str() {
            "and" | "or" | ")" => format!("`{}` cannot stand here: a selection is expected before it", token.text),
            _ if token.text.contains('*') => format!("write `1 of {0}` or `all of {0}`", token.text),
            _ => format!("no selection is called `{}`: the rule has {}", token.text, self.listed()),
        };
        Err(RuleFault::new(token.place, reason))
    }

    fn quantified(&mut self, quantity: Token<'t>) -> Result<Condition, RuleFault> {
        let Some(target) = self.peek() else {
            return Err(RuleFault::new(self.end, "`of` needs `them` or a pattern of names behind it"));
        };
        self.at += 1;
        let of: Vec<usize> = if target.text.eq_ignore_ascii_case("them") {
            self.numbers(|name| !name.starts_with('_'))
        } else {
            self.numbers(|name| fits(target.text, name))
        };
        if of.is_empty() {
            let reason = format!("`{}` matches no selection: the rule has {}", target.text, self.listed());
            return Err(RuleFault::new(target.place, reason));
        }
        let least = match quantity.text.to_ascii_lowercase().as_str() {
            "all" => of.len(),
            "any" => 1,
            number => match number.parse::<usize>() {
                Ok(least) if (1..=of.len()).contains(&least) => least,
                Ok(least) => {
                    let reason = format!("`{least} of` can never hold or always holds: {} selections match", of.len());
                    return Err(RuleFault::new(quantity.place, reason));
                }
                Err(_) => {
                    let reason = format!("`{} of` is not known: write `1 of`, `any of` or `all of`", quantity.text);
                    return Err(RuleFault::new(quantity.place, reason));
                }
            },
        };
        Ok(Condition::Of { least, of, text: format!("{} of {}", quantity.text, target.text) })
    }

    fn numbers(&self, fits: impl Fn(&str) -> bool) -> Vec<usize> {
        self.names.iter().enumerate().filter(|(_, name)| fits(name)).map(|(number, _)| number).collect()
    }

    fn listed(&self) -> String {
        let shown: Vec<String> = self.names.iter().take(8).map(|name| format!("`{name}`")).collect();
        let more = if self.names.len() > shown.len() { " and more" } else { "" };
        format!("{}{more}", shown.join(", "))
    }
}

fn one_or(mut members: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match members.pop() {
        Some(only) if members.is_empty() => only,
        Some(last) => {
            members.push(last);
            join(members)
        }
        None => join(members),
    }
}

/// Whether `name` fits a pattern whose only wildcard is `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
