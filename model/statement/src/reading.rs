//! Tokens to what the statement does: one pass, one frame for each open bracket, no tree.

use crate::lexer::{Lexer, Token};
use crate::normal::{Normal, lower_into};
use crate::words::AGGREGATES;
use crate::{Dialect, Kind, Statement};
use wardwatch_limits::{STATEMENT_AGGREGATES, STATEMENT_DEPTH, STATEMENT_NAME_BYTES, STATEMENT_TABLES};

/// Which part of a statement the words of a frame belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Clause {
    #[default]
    None,
    /// Between WITH and the statement it belongs to.
    With,
    /// Items of a SELECT.
    Items,
    From,
    Where,
    GroupBy,
    /// What is changed: after UPDATE, INSERT, DELETE, CREATE and the like.
    Target,
    Other,
}

/// Why a bracket was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Role {
    #[default]
    Plain,
    /// A statement or subquery begins in it.
    Query,
    Function,
    Aggregate,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) role: Role,
    pub(crate) clause: Clause,
    /// The next name is a table.
    pub(crate) table_next: bool,
    /// The next name is an alias.
    pub(crate) alias_next: bool,
    /// The next name is given by WITH.
    pub(crate) given_next: bool,
}

/// Whether a verb would begin a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// Whatever comes does.
    Hard,
    /// A verb does, other words do not (after BEGIN, THEN, ELSE).
    Soft,
    No,
}

/// A number that bounds rows is awaited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    No,
    /// After LIMIT, TOP, FETCH FIRST.
    Next,
    /// After the first number of LIMIT: a comma makes the second one count.
    Again,
    /// After ROWNUM, before its comparison.
    Rownum,
}

pub(crate) struct Reading<'t> {
    pub(crate) dialect: Dialect,
    pub(crate) out: Statement,
    pub(crate) frames: Vec<Frame>,
    pub(crate) base: Frame,
    /// Brackets deeper than frames are kept for.
    beyond: usize,
    pub(crate) start: Start,
    pub(crate) kind: Option<Kind>,
    /// The name being put together, in lower case.
    name: String,
    parts: u32,
    quoted: bool,
    /// Last keyword or name, for pairs such as GROUP BY; empty after a sign or value.
    pub(crate) before: String,
    before_sign: char,
    pub(crate) next_role: Role,
    pub(crate) procedure_next: bool,
    pub(crate) bound: Bound,
    bound_depth: usize,
    /// Depth of the outermost SELECT while its items are counted.
    pub(crate) items_at: Option<usize>,
    pub(crate) items_done: bool,
    /// Tables before the names of a DELETE that a FROM may turn out to repeat.
    pub(crate) before_delete: Option<(usize, usize)>,
    pub(crate) given: Vec<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) changed: Option<String>,
    /// Literals that are run.
    pub(crate) runs_text: bool,
    run: Vec<&'t str>,
    nested: bool,
    normal: Normal,
}

impl<'t> Reading<'t> {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            out: Statement::default(),
            frames: Vec::new(),
            base: Frame::default(),
            beyond: 0,
            start: Start::Hard,
            kind: None,
            name: String::new(),
            parts: 0,
            quoted: false,
            before: String::new(),
            before_sign: ' ',
            next_role: Role::Plain,
            procedure_next: false,
            bound: Bound::No,
            bound_depth: usize::MAX,
            items_at: None,
            items_done: false,
            before_delete: None,
            given: Vec::new(),
            aliases: Vec::new(),
            changed: None,
            runs_text: false,
            run: Vec::new(),
            nested: false,
            normal: Normal::default(),
        }
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().unwrap_or(&mut self.base)
    }

    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    pub(crate) fn tokens(&mut self, lexer: &mut Lexer<'t>) {
        while let Some(token) = lexer.next() {
            self.normal.push(token);
            match token {
                Token::Word(text) => self.part(text, false, lexer),
                Token::Name { text, .. } => self.part(text, true, lexer),
                Token::Text(text) => self.text(text),
                Token::Value(text) => self.value(text),
                Token::Sign(sign) => self.sign(sign),
            }
        }
        self.close_name(lexer);
    }

    /// A part of a name; a dot behind it means that more follow.
    fn part(&mut self, text: &str, quoted: bool, lexer: &Lexer<'t>) {
        if self.before_sign != '.' || self.parts == 0 {
            self.name.clear();
            self.parts = 0;
            self.quoted = false;
        }
        self.parts += 1;
        self.quoted |= quoted;
        if self.name.len() < STATEMENT_NAME_BYTES {
            lower_into(text.get(..text.floor_char_boundary(STATEMENT_NAME_BYTES)).unwrap_or_default(), &mut self.name);
        }
        self.before_sign = ' ';
        if !lexer.dot_follows() {
            self.close_name(lexer);
        }
    }

    fn close_name(&mut self, lexer: &Lexer<'t>) {
        if self.parts == 0 {
            return;
        }
        let name = std::mem::take(&mut self.name);
        let bare = self.parts == 1 && !self.quoted;
        self.parts = 0;
        self.count_items();
        let ahead = lexer.bracket_ahead();
        if !(bare && self.keyword(&name, ahead)) {
            self.named(&name, bare, ahead);
        }
        if self.start == Start::Hard && self.base.clause != Clause::With {
            self.begin(Kind::Unknown);
        }
        self.before.clear();
        self.before.push_str(&name);
        self.name = name;
    }

    /// The first item of the outermost SELECT exists as soon as anything follows it.
    fn count_items(&mut self) {
        if self.items_at.is_some() && self.out.columns == 0 {
            self.out.columns = 1;
        }
    }

    pub(crate) fn begin(&mut self, kind: Kind) {
        self.start = Start::No;
        self.kind = Some(kind);
        if !self.out.kinds.contains(&kind) && self.out.kinds.len() < STATEMENT_TABLES {
            self.out.kinds.push(kind);
        }
    }

    /// A name that is no keyword where it stands. `ahead` is the word behind an opening bracket that follows.
    fn named(&mut self, name: &str, bare: bool, ahead: Option<&str>) {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.bound = Bound::No;
        if self.procedure_next {
            self.procedure_next = false;
            self.runs_text |= last == "sp_executesql";
            self.out.dynamic |= self.runs_text;
            keep(&mut self.out.procedures, last);
            return;
        }
        let frame = *self.frame();
        if frame.given_next {
            self.frame().given_next = false;
            if self.given.len() < wardwatch_limits::STATEMENT_WITH_NAMES {
                self.given.push(name.to_owned());
            }
            return;
        }
        if frame.table_next {
            let in_from = frame.clause == Clause::From;
            let function = in_from && ahead.is_some_and(|word| !crate::words::is_table_hint(word));
            if function {
                self.next_role = Role::Function;
                self.runs_text |= matches!(last, "openquery" | "openrowset");
                self.out.dynamic |= self.runs_text;
            } else {
                self.table(name, last);
            }
            let frame = self.frame();
            (frame.table_next, frame.alias_next) = (false, true);
            return;
        }
        if let Some(_word) = ahead {
            self.called(last);
            self.frame().alias_next = false;
            return;
        }
        if frame.alias_next && bare {
            self.frame().alias_next = false;
            keep(&mut self.aliases, name);
            return;
        }
        self.column(last);
    }

    fn table(&mut self, name: &str, last: &str) {
        let frame = *self.frame();
        if frame.clause == Clause::Target && matches!(self.kind, Some(Kind::Update | Kind::Delete)) {
            self.changed = Some(name.to_owned());
        }
        if self.out.qualified.len() < STATEMENT_TABLES {
            keep(&mut self.out.tables, last);
            keep(&mut self.out.qualified, name);
        }
    }

    fn called(&mut self, last: &str) {
        self.next_role = Role::Function;
        if AGGREGATES.contains(&last) {
            self.next_role = Role::Aggregate;
            if self.out.aggregates.len() < STATEMENT_AGGREGATES {
                keep(&mut self.out.aggregates, last);
            }
        } else if matches!(last, "openquery" | "openrowset" | "parse") && self.before_sign == ' ' {
            // DBMS_SQL.PARSE, OPENQUERY: their literals are statements.
            self.runs_text |= last != "parse";
            self.out.dynamic |= self.runs_text;
        }
    }

    fn column(&mut self, last: &str) {
        let mut clause = self.base.clause;
        let mut aggregate = false;
        for frame in self.frames.iter().rev() {
            aggregate |= frame.role == Role::Aggregate;
            if frame.role == Role::Query {
                clause = frame.clause;
                break;
            }
        }
        if aggregate {
            keep(&mut self.out.aggregated, last);
        }
        if clause == Clause::GroupBy {
            keep(&mut self.out.grouped, last);
        }
    }

    fn text(&mut self, text: &'t str) {
        self.leave_name();
        self.frame().table_next = false;
        self.before_sign = ' ';
        if self.runs_text && !self.nested && self.run.len() < STATEMENT_TABLES {
            self.run.push(text);
        }
    }

    fn value(&mut self, text: &str) {
        // `emp@link`: the link is part of the table's name; `TOP (10)` and `LIMIT 10` bound rows.
        self.leave_name();
        self.frame().table_next = false;
        let number = text.parse::<u64>().ok();
        match self.bound {
            Bound::Next => {
                self.bound(number);
                self.bound = Bound::Again;
            }
            Bound::Again if self.before_sign == ',' => {
                self.bound_depth = usize::MAX;
                self.bound(number);
                self.bound = Bound::No;
            }
            Bound::Rownum => {
                self.bound(number);
                self.bound = Bound::No;
            }
            _ => self.bound = Bound::No,
        }
        self.before_sign = ' ';
    }

    fn bound(&mut self, number: Option<u64>) {
        if self.depth() <= self.bound_depth {
            self.out.limit = number.or(self.out.limit);
            self.bound_depth = self.depth();
        }
    }

    /// After a value nothing is in front of a word.
    fn leave_name(&mut self) {
        self.parts = 0;
        self.before.clear();
        self.count_items();
        if self.start == Start::Hard && self.base.clause != Clause::With {
            self.begin(Kind::Unknown);
        }
    }

    fn sign(&mut self, sign: char) {
        if sign == '.' {
            if self.parts > 0 && self.name.len() < STATEMENT_NAME_BYTES {
                self.name.push('.');
            }
            self.before_sign = '.';
            return;
        }
        let starred = self.items_at == Some(self.depth()) && self.frame().clause == Clause::Items;
        match sign {
            '(' => self.open(),
            ')' => self.close(),
            '[' => {
                self.next_role = Role::Function;
                self.open();
            }
            ']' if self.frame().role == Role::Function => self.close(),
            ',' => self.comma(),
            ';' => self.end_statement(),
            '*' if starred => {
                self.count_items();
                let first = matches!(self.before.as_str(), "select" | "distinct" | "all" | "percent" | "unique");
                let after_top = self.bound == Bound::Again;
                self.out.star |= first || after_top || matches!(self.before_sign, ',' | '.');
            }
            _ => {}
        }
        if !matches!(sign, '<' | '=' | '(' | ',' | ')') {
            self.bound = Bound::No;
        }
        self.parts = 0;
        self.before.clear();
        self.before_sign = sign;
    }

    fn open(&mut self) {
        let role = std::mem::take(&mut self.next_role);
        if self.procedure_next {
            // EXEC ('..')
            (self.procedure_next, self.runs_text, self.out.dynamic) = (false, true, true);
        }
        let above = self.frame();
        let joins = above.table_next && above.clause == Clause::From && role == Role::Plain;
        if above.table_next {
            (above.table_next, above.alias_next) = (false, above.clause == Clause::From);
        }
        let clause = if joins { Clause::From } else { Clause::None };
        if self.frames.len() < STATEMENT_DEPTH {
            self.frames.push(Frame { role, clause, table_next: joins, ..Frame::default() });
        } else {
            self.beyond += 1;
        }
    }

    fn close(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else {
            if self.items_at.is_some_and(|depth| depth == self.depth() && depth > 0) {
                self.items_at = None;
            }
            self.frames.pop();
        }
    }

    fn comma(&mut self) {
        let several =
            !matches!(self.kind, Some(Kind::Insert | Kind::Merge | Kind::Create | Kind::Grant | Kind::Revoke));
        let counts = self.items_at == Some(self.depth());
        let frame = self.frame();
        match frame.clause {
            Clause::From => (frame.table_next, frame.alias_next) = (true, false),
            Clause::Target if several => (frame.table_next, frame.alias_next) = (true, false),
            Clause::With => frame.given_next = true,
            Clause::Items if counts => {
                self.count_items();
                self.out.columns += 1;
            }
            _ => {}
        }
    }

    fn end_statement(&mut self) {
        self.frames.clear();
        self.base = Frame::default();
        self.beyond = 0;
        self.start = Start::Hard;
        self.kind = None;
        self.procedure_next = false;
        self.runs_text = false;
        self.before_delete = None;
        self.items_done |= self.items_at.take().is_some();
        self.next_role = Role::Plain;
    }

    pub(crate) fn finish(mut self) -> Statement {
        self.out.truncated |= !self.frames.is_empty();
        let changed = self.changed.take().filter(|name| self.aliases.contains(name));
        let (given, changed) = (std::mem::take(&mut self.given), changed.as_deref());
        let real = |name: &String| !given.contains(name) && Some(name.as_str()) != changed;
        self.out.qualified.retain(real);
        let qualified = &self.out.qualified;
        let last_of = |name: &String| name.rsplit('.').next().unwrap_or_default().to_owned();
        let lasts: Vec<String> = qualified.iter().map(last_of).collect();
        self.out.tables.retain(|name| lasts.contains(name));
        self.out.normal = std::mem::take(&mut self.normal).text();
        for text in std::mem::take(&mut self.run) {
            self.run_text(text);
        }
        self.out
    }

    /// Reads a literal that is run, once: literals inside it that are run again are not read.
    fn run_text(&mut self, text: &'t str) {
        let mut inner = Reading::new(self.dialect);
        inner.nested = true;
        let mut lexer = Lexer::new(text, self.dialect);
        inner.tokens(&mut lexer);
        let inner = inner.finish();
        let out = &mut self.out;
        out.work += lexer.work;
        if inner.kinds.iter().all(|k| *k == Kind::Unknown) {
            return;
        }
        out.kinds.extend(inner.kinds.iter().filter(|k| **k != Kind::Unknown));
        let mut seen = Vec::new();
        out.kinds.retain(|k| {
            !seen.contains(k) && {
                seen.push(*k);
                true
            }
        });
        for (to, from) in [
            (&mut out.tables, inner.tables),
            (&mut out.qualified, inner.qualified),
            (&mut out.aggregates, inner.aggregates),
            (&mut out.aggregated, inner.aggregated),
            (&mut out.grouped, inner.grouped),
            (&mut out.procedures, inner.procedures),
        ] {
            from.iter().for_each(|name| keep(to, name));
        }
        out.group_by |= inner.group_by;
        out.distinct |= inner.distinct;
        out.has_where |= inner.has_where;
        out.star |= inner.star;
        out.to_file |= inner.to_file;
        out.limit = out.limit.or(inner.limit);
        out.columns = out.columns.max(inner.columns);
        out.normal.push_str(" ; ");
        out.normal.push_str(&inner.normal);
    }
}

/// Adds a name that is not yet there, up to the bound.
pub(crate) fn keep(list: &mut Vec<String>, name: &str) {
    if !name.is_empty() && list.len() < STATEMENT_TABLES && !list.iter().any(|n| n == name) {
        list.push(name.to_owned());
    }
}
