//! What each word of SQL says about the words after it.

use crate::reading::{Bound, Clause, Frame, Reading, Role, Start};
use crate::words::{is_filler, is_reserved, verb};
use crate::{Dialect, Kind};

impl Reading<'_> {
    /// Takes a bare word as a keyword; false if it is a name where it stands. `ahead` is the word behind a bracket that
    /// follows, empty if there is none in it.
    pub(crate) fn keyword(&mut self, word: &str, ahead: Option<&str>) -> bool {
        let taken = self.verb(word, ahead)
            || self.clause_word(word)
            || self.table_word(word, ahead)
            || self.bound_word(word)
            || self.other_word(word);
        if taken {
            return true;
        }
        let frame = self.frame();
        if is_filler(word) && frame.table_next {
            return true;
        }
        // A reserved word is never a table or an alias; as a function's name (LEFT, REPLACE) it stays one.
        if is_reserved(word) && ahead.is_none() || is_reserved(word) && frame.table_next {
            (frame.table_next, frame.alias_next) = (false, word == "as" && frame.alias_next);
            return true;
        }
        false
    }

    /// Words that begin statements, where they do.
    fn verb(&mut self, word: &str, ahead: Option<&str>) -> bool {
        let Some(kind) = verb(word) else { return false };
        let called = ahead.is_some() && !matches!(word, "select" | "values" | "exec" | "execute" | "copy");
        let inside_with = self.base.clause == Clause::With && self.depth() > 0;
        let merging = self.kind == Some(Kind::Merge);
        if matches!(self.kind, Some(Kind::Grant | Kind::Revoke)) && self.start == Start::No {
            return true;
        }
        if !called && self.follows_unparted(kind, word) {
            self.start = Start::Soft;
            *self.frame() = Frame::default();
            self.before_delete = None;
            self.items_done |= self.items_at.take().is_some();
        }
        let held = inside_with || merging && self.start == Start::Soft;
        if self.start != Start::No && !called && !held {
            self.begin(kind);
            if matches!(word, "begin" | "go" | "if" | "while") {
                self.start = Start::Soft;
            }
            if kind == Kind::Call {
                self.procedure_next = true;
            }
            if word == "prepare" {
                (self.runs_text, self.out.dynamic) = (true, true);
            }
        }
        if called && kind != Kind::Select {
            return false;
        }
        match kind {
            Kind::Select if word == "select" => self.select(),
            Kind::Select => return false,
            Kind::Insert | Kind::Merge => self.target(),
            Kind::Update => {
                let part = ["for", "key", "on", "of", "before", "after", "or", "do"].contains(&self.before.as_str());
                if part { self.frame().table_next = false } else { self.target() }
            }
            // ON DELETE CASCADE and triggers delete nothing now.
            Kind::Delete if ["on", "before", "after", "or"].contains(&self.before.as_str()) => {}
            Kind::Delete => {
                self.target();
                self.before_delete = Some((self.out.tables.len(), self.out.qualified.len()));
            }
            Kind::Truncate | Kind::Copy => self.target(),
            Kind::Session if word == "set" => {
                let frame = self.frame();
                (frame.clause, frame.table_next, frame.alias_next) = (Clause::Other, false, false);
            }
            // Elsewhere these are names often enough (`desc`, `comment`, `start`, `open`).
            _ if self.start == Start::No && self.kind != Some(kind) => return false,
            _ => {}
        }
        true
    }

    /// SQL Server needs no `;`: a verb that can stand nowhere else begins the next statement.
    fn follows_unparted(&self, kind: Kind, word: &str) -> bool {
        let begins =
            matches!(kind, Kind::Insert | Kind::Update | Kind::Delete | Kind::Drop | Kind::Truncate | Kind::Merge)
                && !matches!(word, "replace" | "upsert")
                || matches!(kind, Kind::Create | Kind::Alter) && matches!(word, "create" | "alter")
                || matches!(word, "exec" | "execute");
        let within = matches!(
            self.kind,
            Some(Kind::Create | Kind::Alter | Kind::Grant | Kind::Revoke | Kind::Merge | Kind::Load | Kind::Show)
                | None
        );
        let part =
            ["for", "key", "on", "of", "before", "after", "or", "do", "with", "as"].contains(&self.before.as_str());
        begins && !within && !part && self.depth() == 0 && self.base.clause != Clause::With
    }

    fn select(&mut self) {
        let depth = self.depth();
        let outermost = depth == 0
            || matches!(self.base.clause, Clause::None | Clause::Target)
                && self.frames.iter().rev().skip(1).all(|f| f.clause == Clause::None);
        if outermost && self.items_at.is_none() && !self.items_done && self.run_level() {
            self.items_at = Some(depth);
            self.items_done = true;
        }
        let frame = self.frame();
        frame.role = Role::Query;
        (frame.clause, frame.table_next, frame.alias_next) = (Clause::Items, false, false);
    }

    /// True where a SELECT is not a value inside another clause.
    fn run_level(&mut self) -> bool {
        self.depth() == 0 || matches!(self.frame().clause, Clause::None) && self.frame().role == Role::Plain
    }

    fn target(&mut self) {
        let frame = self.frame();
        frame.role = Role::Query;
        (frame.clause, frame.table_next, frame.alias_next) = (Clause::Target, true, false);
    }

    /// Words that begin a clause.
    fn clause_word(&mut self, word: &str) -> bool {
        let depth = self.depth();
        let outer = depth == 0 || self.items_at == Some(depth);
        let clause = match word {
            "where" => {
                self.out.has_where |= outer;
                Clause::Where
            }
            "by" => {
                let grouping = self.before == "group";
                self.out.group_by |= grouping;
                if grouping { Clause::GroupBy } else { Clause::Other }
            }
            "having" | "order" | "union" | "intersect" | "except" | "minus" | "returning" | "qualify" | "connect" => {
                if self.frame().table_next {
                    return false;
                }
                Clause::Other
            }
            "with" => {
                let heads = matches!(self.before.as_str(), "" | "as" | "explain" | "begin")
                    && self.frame().clause == Clause::None
                    || self.kind == Some(Kind::Insert) && self.frame().clause == Clause::Target && depth == 0;
                if !heads {
                    return true;
                }
                self.frame().given_next = true;
                Clause::With
            }
            "recursive" if self.frame().given_next => return true,
            _ => return false,
        };
        let frame = self.frame();
        // PARTITION BY and ORDER BY inside a bracket end nothing but that bracket's clause.
        (frame.clause, frame.table_next, frame.alias_next) = (clause, false, false);
        true
    }

    /// Words after which tables stand.
    fn table_word(&mut self, word: &str, ahead: Option<&str>) -> bool {
        let kind = self.kind;
        let frame = *self.frame();
        let target = |reading: &mut Self, clause| {
            let frame = reading.frame();
            (frame.clause, frame.table_next, frame.alias_next) = (clause, true, false);
            true
        };
        match word {
            "from" => {
                let in_function = matches!(frame.role, Role::Function | Role::Aggregate);
                let of_rights =
                    matches!(kind, Some(Kind::Revoke | Kind::Copy | Kind::Session | Kind::Backup | Kind::Restore))
                        && frame.role != Role::Query;
                let copied = kind == Some(Kind::Copy) && self.depth() == 0;
                let lists =
                    kind == Some(Kind::Show) && matches!(self.before.as_str(), "tables" | "databases" | "schemas");
                if in_function || of_rights || copied || lists || self.before == "distinct" {
                    return true;
                }
                if let Some((tables, qualified)) = self.before_delete.take() {
                    self.out.tables.truncate(tables);
                    self.out.qualified.truncate(qualified);
                }
                target(self, Clause::From)
            }
            "join" | "straight_join" | "apply" => target(self, Clause::From),
            "using" if matches!(kind, Some(Kind::Merge | Kind::Delete)) && ahead.is_none_or(|w| w == "select") => {
                target(self, Clause::From)
            }
            "into" => self.word_into(),
            "references" => target(self, frame.clause),
            "table" | "view" | "tables" if ahead.is_none() => {
                let ddl = matches!(
                    kind,
                    Some(
                        Kind::Create
                            | Kind::Alter
                            | Kind::Drop
                            | Kind::Truncate
                            | Kind::Session
                            | Kind::Load
                            | Kind::Insert
                    )
                );
                ddl && frame.role != Role::Query && target(self, Clause::Target) || frame.table_next
            }
            "on" if self.depth() == 0 && frame.role != Role::Query => {
                matches!(kind, Some(Kind::Create | Kind::Drop | Kind::Alter | Kind::Grant | Kind::Revoke))
                    && target(self, Clause::Target)
            }
            "procedure" | "function" | "package" | "schema" | "database" | "sequence" | "user" | "role" | "type"
            | "index" | "trigger"
                if frame.table_next && frame.clause == Clause::Target =>
            {
                self.frame().table_next = false;
                true
            }
            "to" if kind == Some(Kind::Copy) && self.depth() == 0 => {
                self.out.to_file = true;
                true
            }
            _ => false,
        }
    }

    fn word_into(&mut self) -> bool {
        let kind = self.kind;
        let makes_table = matches!(self.dialect, Dialect::SqlServer | Dialect::Postgres | Dialect::Unknown);
        let frame = self.frame();
        match kind {
            Some(Kind::Insert | Kind::Merge | Kind::Load) => {
                (frame.clause, frame.table_next, frame.alias_next) = (Clause::Target, true, false);
            }
            // SELECT .. INTO makes a table for SQL Server and PostgreSQL; for Oracle and MySQL it fills a variable.
            Some(Kind::Select) if frame.clause == Clause::Items && makes_table => {
                (frame.clause, frame.table_next, frame.alias_next) = (Clause::Target, true, false);
            }
            _ => frame.table_next = false,
        }
        if self.items_at == Some(self.depth()) {
            self.items_at = None;
        }
        true
    }

    /// Words that bound the number of rows.
    fn bound_word(&mut self, word: &str) -> bool {
        self.bound = match word {
            "limit" if self.frame().clause != Clause::None => {
                let frame = self.frame();
                (frame.clause, frame.table_next, frame.alias_next) = (Clause::Other, false, false);
                Bound::Next
            }
            "top" if matches!(self.before.as_str(), "select" | "distinct" | "all" | "delete" | "update" | "insert") => {
                Bound::Next
            }
            "first" | "next" if self.before == "fetch" => Bound::Next,
            "rownum" => Bound::Rownum,
            _ => {
                self.bound = Bound::No;
                return false;
            }
        };
        true
    }

    fn other_word(&mut self, word: &str) -> bool {
        match word {
            "distinct" => self.out.distinct = true,
            "outfile" | "dumpfile" => {
                self.out.to_file = true;
                self.frame().table_next = false;
            }
            "immediate" if self.kind == Some(Kind::Call) => {
                (self.procedure_next, self.runs_text, self.out.dynamic) = (false, true, true);
            }
            "then" | "else" | "loop" | "begin" => {
                let procedural = matches!(self.kind, Some(Kind::Session | Kind::Call | Kind::Create | Kind::Unknown));
                if procedural && self.start == Start::No && self.frame().role != Role::Query {
                    self.start = Start::Soft;
                }
                let frame = self.frame();
                frame.alias_next = false;
            }
            "case" | "when" | "end" | "asc" | "desc" | "over" | "partition" | "rows" | "rollup" | "cube"
            | "grouping" | "sets" | "interval" | "and" | "or" | "not" | "is" | "null" | "separator" | "within"
            | "as" | "like" | "between" | "materialized" | "true" | "false" | "percent" | "offset" => {
                let frame = self.frame();
                if frame.table_next && is_filler(word) {
                    return true;
                }
                if word == "offset" {
                    frame.alias_next = false;
                }
            }
            _ => return false,
        }
        true
    }
}
