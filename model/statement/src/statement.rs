//! What is known of a statement, and the fields rules see.

use crate::lexer::Lexer;
use crate::reading::Reading;
use sha2::{Digest, Sha256};
use wardwatch_limits::STATEMENT_BYTES;

/// The database's language, where the source says it. It settles what the text alone leaves open: whether a backslash
/// escapes a quote, whether `"x"` is a name or a literal, whether `SELECT .. INTO x` makes a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dialect {
    /// Not known: readings are chosen by what stands around.
    #[default]
    Unknown,
    /// MySQL, MariaDB and those that speak it (OceanBase, TiDB, GoldenDB).
    MySql,
    /// Oracle and those that speak it (Dameng).
    Oracle,
    /// SQL Server, Sybase.
    SqlServer,
    /// PostgreSQL and those that speak it (openGauss, Kingbase).
    Postgres,
}

impl Dialect {
    pub(crate) fn may_be(self, other: Self) -> bool {
        self == Self::Unknown || self == other
    }

    /// A backslash before a quote in plain text literals may escape it.
    pub(crate) fn escapes(self) -> bool {
        self.may_be(Self::MySql)
    }
}

/// What a statement does, by its first word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the words of SQL")]
pub enum Kind {
    Select,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    Create,
    Alter,
    Drop,
    Grant,
    Revoke,
    /// A procedure, or text run as a statement.
    Call,
    /// A file into a table.
    Load,
    /// A table into a file, or the other way round.
    Copy,
    Backup,
    Restore,
    /// Looks at definitions or plans.
    Show,
    /// Transactions, settings, control flow.
    Session,
    /// Begins with a word that begins nothing: a fragment.
    Unknown,
}

/// What that means for data and structure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// Gives rows.
    Read,
    /// Changes rows.
    Write,
    /// Changes definitions.
    Ddl,
    /// Changes rights.
    Rights,
    /// Runs what stands elsewhere.
    Call,
    /// Changes nothing that lasts.
    Session,
    /// Not known.
    Unknown,
}

/// A value of a derived field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldValue<'s> {
    /// One of possibly several texts under the same name.
    Text(&'s str),
    /// A number.
    Int(u64),
    /// Yes or no.
    Bool(bool),
}

/// What one SQL text does. Lists are in order of appearance, without repetitions, in lower case, bounded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statement {
    /// Kinds of the statements in the text; several where `;` parts them.
    pub kinds: Vec<Kind>,
    /// Tables and views, last part of the name only. Names given by `WITH`, aliases and table functions are none.
    pub tables: Vec<String>,
    /// The same with database and schema, as written.
    pub qualified: Vec<String>,
    /// Aggregate functions that are called, see [`crate::AGGREGATES`].
    pub aggregates: Vec<String>,
    /// Columns inside calls of aggregate functions, last part of the name.
    pub aggregated: Vec<String>,
    /// Columns of any GROUP BY.
    pub grouped: Vec<String>,
    /// Procedures that are called.
    pub procedures: Vec<String>,
    /// There is a GROUP BY.
    pub group_by: bool,
    /// There is a DISTINCT.
    pub distinct: bool,
    /// The outermost statement has a WHERE.
    pub has_where: bool,
    /// The list of the outermost SELECT has a `*`.
    pub star: bool,
    /// Items in the list of the outermost SELECT, `*` is one; 0 without a SELECT.
    pub columns: u32,
    /// Rows asked for at most by the outermost LIMIT, TOP, FETCH FIRST or ROWNUM.
    pub limit: Option<u64>,
    /// Text is run as a statement (EXEC('..'), EXECUTE IMMEDIATE, sp_executesql, PREPARE); it was read as well.
    pub dynamic: bool,
    /// Rows go into a file on the server (INTO OUTFILE, DUMPFILE, COPY .. TO).
    pub to_file: bool,
    /// The text ends inside a literal, a comment or a bracket, or was longer than what is read.
    pub truncated: bool,
    /// The text with `?` for literals, lists of literals as one `?`, one blank between words, lower case, no comments.
    pub normal: String,
    /// Bytes looked at: at most a few times the length of the text.
    pub work: u64,
}

impl Statement {
    /// Reads a statement of which the database is not known. Never fails.
    pub fn read(text: &str) -> Self {
        Self::read_as(text, Dialect::Unknown)
    }

    /// Reads a statement of a known database. Never fails; text beyond 256 KiB is not looked at.
    pub fn read_as(text: &str, dialect: Dialect) -> Self {
        let cut = text.get(..text.floor_char_boundary(STATEMENT_BYTES)).unwrap_or_default();
        let mut reading = Reading::new(dialect);
        let mut lexer = Lexer::new(cut, dialect);
        reading.tokens(&mut lexer);
        let mut statement = reading.finish();
        statement.truncated |= lexer.unended || cut.len() < text.len();
        statement.work += lexer.work;
        statement
    }

    /// The first 128 bits of SHA-256 of [`Statement::normal`], 32 hexadecimal digits: the same for statements that differ
    /// in values, blanks, case and comments only. Fit for lists of statements that are known to be harmless.
    pub fn hash(&self) -> String {
        let hash = Sha256::digest(self.normal.as_bytes());
        hex::encode(hash.get(..16).unwrap_or_default())
    }

    /// The fields that rules see, see [`FIELDS`]. A name stands several times for several values; the hash is left out,
    /// it is asked for with [`Statement::hash`].
    pub fn each_field<'s>(&'s self, field: &mut dyn FnMut(&'static str, FieldValue<'s>)) {
        let mut classes: Vec<Class> = Vec::new();
        for kind in &self.kinds {
            field("x-sql.kind", FieldValue::Text(kind.word()));
            if !classes.contains(&kind.class()) {
                classes.push(kind.class());
                field("x-sql.class", FieldValue::Text(kind.class().word()));
            }
        }
        for (name, values) in [
            ("x-sql.tables", &self.tables),
            ("x-sql.qualified", &self.qualified),
            ("x-sql.aggregates", &self.aggregates),
            ("x-sql.aggregated", &self.aggregated),
            ("x-sql.grouped", &self.grouped),
            ("x-sql.procedures", &self.procedures),
        ] {
            values.iter().for_each(|value| field(name, FieldValue::Text(value)));
        }
        for (name, value) in [
            ("x-sql.group_by", self.group_by),
            ("x-sql.distinct", self.distinct),
            ("x-sql.where", self.has_where),
            ("x-sql.star", self.star),
            ("x-sql.dynamic", self.dynamic),
            ("x-sql.to_file", self.to_file),
            ("x-sql.truncated", self.truncated),
        ] {
            field(name, FieldValue::Bool(value));
        }
        field("x-sql.columns", FieldValue::Int(u64::from(self.columns)));
        if let Some(limit) = self.limit {
            field("x-sql.limit", FieldValue::Int(limit));
        }
    }
}

/// Every derived field and what it means.
pub const FIELDS: &[(&str, &str)] = &[
    (
        "x-sql.kind",
        "select, insert, update, delete, merge, truncate, create, alter, drop, grant, revoke, call, load, copy, backup, restore, show, session or unknown; one for each statement of the text",
    ),
    ("x-sql.class", "read, write, ddl, rights, call, session or unknown"),
    ("x-sql.tables", "tables and views, last part of the name"),
    ("x-sql.qualified", "the same as written, with schema and database"),
    ("x-sql.aggregates", "aggregate functions that are called"),
    ("x-sql.aggregated", "columns inside their brackets"),
    ("x-sql.grouped", "columns of GROUP BY"),
    ("x-sql.procedures", "procedures that are called"),
    ("x-sql.group_by", "true or false"),
    ("x-sql.distinct", "true or false"),
    ("x-sql.where", "true if the outermost statement has a WHERE"),
    ("x-sql.star", "true if the outermost SELECT gives all columns"),
    ("x-sql.columns", "items of the outermost SELECT"),
    ("x-sql.limit", "rows asked for at most; absent without a limit"),
    ("x-sql.dynamic", "true if text is run as a statement"),
    ("x-sql.to_file", "true if rows go into a file"),
    ("x-sql.truncated", "true if the text was cut before it ended"),
    ("x-sql.hash", "hash of the statement without its values"),
];
