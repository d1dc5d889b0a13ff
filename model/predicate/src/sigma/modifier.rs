//! The chain of modifiers behind a field name: which there are, and which go together.
//!
//! Specification 2.1, appendix on modifiers. A combination without a meaning is refused here, once, so that the
//! compiler never has to ask.

use super::fault::RuleFault;
use crate::place::Place;

/// Which ends of the value are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The whole value.
    #[default]
    Whole,
    /// Anywhere in the value.
    Contains,
    /// At its front.
    StartsWith,
    /// At its back.
    EndsWith,
}

/// How a text is encoded before it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-16 little endian (`utf16le`, `wide`).
    Utf16Le,
    /// UTF-16 big endian.
    Utf16Be,
    /// UTF-16 little endian behind a byte order mark.
    Utf16,
    /// Base64 of the whole value.
    Base64,
    /// Base64 at each of the three offsets inside a longer text.
    Base64Offset,
}

/// An order between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
}

/// A part of a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month, 1 to 31.
    Day,
    /// ISO 8601 week, 1 to 53.
    Week,
    /// 1 to 12.
    Month,
    /// Four digits.
    Year,
}

/// What is done with the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Compared by the kind the YAML gives them.
    #[default]
    Compare,
    /// Matched as a regular expression.
    Regex {
        /// `i`: case does not count.
        insensitive: bool,
        /// `m`: `^` and `$` match at line ends.
        lines: bool,
        /// `s`: `.` matches a newline.
        dot_all: bool,
    },
    /// Network membership.
    Cidr,
    /// Presence of the field.
    Exists,
    /// Compared with another field of the event.
    FieldRef,
    /// Ordered against a number.
    Ordered(Order),
}

/// A checked chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Modifiers {
    /// Each value must hold, not any.
    pub all: bool,
    /// The item is negated, but needs a value to differ.
    pub neq: bool,
    /// Case counts.
    pub cased: bool,
    /// `-` and `/` at the start of a word stand for any dash.
    pub windash: bool,
    /// `%name%` is replaced.
    pub expand: bool,
    /// Which ends are open.
    pub anchor: Anchor,
    /// Encodings, in the order written.
    pub encodings: Vec<Encoding>,
    /// Part of a time that is compared instead of the value.
    pub part: Option<TimePart>,
    /// What is done.
    pub operation: Operation,
}

impl Modifiers {
    /// Reads `contains|all` and the like, the text behind the first `|` of a key that stands at `place`.
    ///
    /// # Errors
    /// An unknown modifier, one that stands twice, or two that contradict each other.
    pub fn read(chain: &str, place: Place) -> Result<Modifiers, RuleFault> {
        let mut modifiers = Modifiers::default();
        let mut before: Vec<&str> = Vec::new();
        for name in chain.split('|') {
            if before.contains(&name) {
                return Err(RuleFault::new(place, format!("modifier `{name}` stands twice: remove one")));
            }
            modifiers.add(name, before.last().copied(), place)?;
            before.push(name);
        }
        modifiers.check(place)?;
        Ok(modifiers)
    }

    fn add(&mut self, name: &str, before: Option<&str>, place: Place) -> Result<(), RuleFault> {
        match name {
            "all" => self.all = true,
            "neq" => self.neq = true,
            "cased" => self.cased = true,
            "windash" => self.windash = true,
            "expand" => self.expand = true,
            "contains" => return self.anchor(Anchor::Contains, place),
            "startswith" => return self.anchor(Anchor::StartsWith, place),
            "endswith" => return self.anchor(Anchor::EndsWith, place),
            "utf16le" | "wide" => return self.encode(Encoding::Utf16Le, place),
            "utf16be" => return self.encode(Encoding::Utf16Be, place),
            "utf16" => return self.encode(Encoding::Utf16, place),
            "base64" => return self.encode(Encoding::Base64, place),
            "base64offset" => return self.encode(Encoding::Base64Offset, place),
            "re" => return self.operate(Operation::Regex { insensitive: false, lines: false, dot_all: false }, place),
            "i" | "m" | "s" => return self.regex_flag(name, before, place),
            "cidr" => return self.operate(Operation::Cidr, place),
            "exists" => return self.operate(Operation::Exists, place),
            "fieldref" => return self.operate(Operation::FieldRef, place),
            "lt" => return self.operate(Operation::Ordered(Order::Less), place),
            "lte" => return self.operate(Operation::Ordered(Order::LessOrEqual), place),
            "gt" => return self.operate(Operation::Ordered(Order::Greater), place),
            "gte" => return self.operate(Operation::Ordered(Order::GreaterOrEqual), place),
            "minute" => return self.time(TimePart::Minute, place),
            "hour" => return self.time(TimePart::Hour, place),
            "day" => return self.time(TimePart::Day, place),
            "week" => return self.time(TimePart::Week, place),
            "month" => return self.time(TimePart::Month, place),
            "year" => return self.time(TimePart::Year, place),
            "" => return Err(RuleFault::new(place, "empty modifier: remove the `|` without a word behind it")),
            other => {
                let reason = format!("unknown modifier `{other}`: it is not one of specification 2.1");
                return Err(RuleFault::new(place, reason));
            }
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: Anchor, place: Place) -> Result<(), RuleFault> {
        if self.anchor != Anchor::Whole {
            return Err(RuleFault::new(place, "take one of `contains`, `startswith`, `endswith`, or write two items"));
        }
        self.anchor = anchor;
        Ok(())
    }

    fn encode(&mut self, encoding: Encoding, place: Place) -> Result<(), RuleFault> {
        let base64 = |e: &Encoding| matches!(e, Encoding::Base64 | Encoding::Base64Offset);
        if self.anchor != Anchor::Whole {
            let reason = "encodings stand before `contains`, `startswith` and `endswith`: wildcards cannot be encoded";
            return Err(RuleFault::new(place, reason));
        }
        if self.encodings.iter().any(base64) || (!base64(&encoding) && !self.encodings.is_empty()) {
            let reason = "at most one character encoding (`utf16le`, `wide`, `utf16be`, `utf16`) and then one of `base64`, `base64offset`";
            return Err(RuleFault::new(place, reason));
        }
        self.encodings.push(encoding);
        Ok(())
    }

    fn operate(&mut self, operation: Operation, place: Place) -> Result<(), RuleFault> {
        if self.operation != Operation::Compare {
            let reason =
                "`re`, `cidr`, `exists`, `fieldref`, `lt`, `lte`, `gt`, `gte` exclude each other: write two items";
            return Err(RuleFault::new(place, reason));
        }
        self.operation = operation;
        Ok(())
    }

    fn time(&mut self, part: TimePart, place: Place) -> Result<(), RuleFault> {
        if self.part.is_some() {
            return Err(RuleFault::new(place, "one part of a time per item: write two items"));
        }
        self.part = Some(part);
        Ok(())
    }

    fn regex_flag(&mut self, name: &str, before: Option<&str>, place: Place) -> Result<(), RuleFault> {
        match (&mut self.operation, before) {
            (Operation::Regex { insensitive, lines, dot_all }, Some("re" | "i" | "m" | "s")) => {
                match name {
                    "i" => *insensitive = true,
                    "m" => *lines = true,
                    _ => *dot_all = true,
                }
                Ok(())
            }
            _ => Err(RuleFault::new(place, format!("`{name}` is a part of `re`: write `re|{name}`"))),
        }
    }

    /// What the single steps cannot see: whether the parts fit each other.
    fn check(&self, place: Place) -> Result<(), RuleFault> {
        let refuse = |reason: &str| Err(RuleFault::new(place, reason));
        let text = self.anchor != Anchor::Whole || self.windash || !self.encodings.is_empty();
        match self.operation {
            Operation::Regex { .. } if text => {
                refuse("`re` is not combined with text modifiers: a regular expression is not anchored anyway")
            }
            Operation::Regex { .. } if self.cased => refuse("`re` minds case already: remove `cased`, or add `i`"),
            Operation::Cidr if text || self.cased => refuse("`cidr` takes an address range and no text modifier"),
            Operation::Exists if text || self.cased || self.neq || self.all || self.expand => {
                refuse("`exists` stands alone and takes `true` or `false`")
            }
            Operation::FieldRef if self.windash || self.expand || !self.encodings.is_empty() => {
                refuse("`fieldref` goes with `contains`, `startswith`, `endswith`, `cased`, `neq` and `all` only")
            }
            Operation::Ordered(_) if text || self.cased || self.expand => {
                refuse("an order between numbers takes no text modifier")
            }
            Operation::Regex { .. } | Operation::Cidr | Operation::Exists | Operation::FieldRef
                if self.part.is_some() =>
            {
                refuse("a part of a time is a number: it goes with `lt`, `lte`, `gt`, `gte`, `neq` and `all` only")
            }
            _ if self.part.is_some() && (text || self.cased || self.expand) => {
                refuse("a part of a time is a number: it takes no text modifier")
            }
            _ => Ok(()),
        }
    }
}
