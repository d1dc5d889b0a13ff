//! Tables of words: what aggregates, what begins a statement, what can never be a table's name.

use crate::{Class, Kind};

/// Functions that make one value of many rows, in lower case, in the four dialects.
#[rustfmt::skip]
pub const AGGREGATES: &[&str] = &[
    "sum", "count", "count_big", "avg", "min", "max", "median", "stddev", "stddev_pop", "stddev_samp", "stdev", "stdevp",
    "std", "variance", "var", "varp", "var_pop", "var_samp", "group_concat", "string_agg", "listagg", "wm_concat",
    "xmlagg", "array_agg", "json_agg", "jsonb_agg", "json_arrayagg", "json_objectagg", "json_object_agg", "collect",
    "bit_and", "bit_or", "bool_and", "bool_or", "percentile_cont", "percentile_disc", "approx_count_distinct",
    "checksum_agg", "any_value", "corr", "covar_pop", "covar_samp", "total",
];

/// Words that begin a statement.
pub(crate) fn verb(word: &str) -> Option<Kind> {
    Some(match word {
        "select" | "values" => Kind::Select,
        "insert" | "replace" | "upsert" => Kind::Insert,
        "update" => Kind::Update,
        "delete" => Kind::Delete,
        "merge" => Kind::Merge,
        "truncate" => Kind::Truncate,
        "create" => Kind::Create,
        "alter" | "rename" | "comment" => Kind::Alter,
        "drop" => Kind::Drop,
        "grant" => Kind::Grant,
        "revoke" | "deny" => Kind::Revoke,
        "call" | "exec" | "execute" | "execute_immediate" => Kind::Call,
        "load" | "import" | "bulk" => Kind::Load,
        "copy" | "unload" | "export" => Kind::Copy,
        "backup" | "dump" => Kind::Backup,
        "restore" => Kind::Restore,
        "explain" | "desc" | "describe" | "show" | "help" => Kind::Show,
        "set" | "use" | "begin" | "start" | "commit" | "rollback" | "savepoint" | "lock" | "unlock" | "declare"
        | "prepare" | "deallocate" | "open" | "fetch" | "close" | "go" | "analyze" | "vacuum" | "flush" | "kill"
        | "shutdown" | "reconfigure" | "waitfor" | "print" | "end" | "if" | "while" | "return" => Kind::Session,
        _ => return None,
    })
}

impl Kind {
    /// The word that rules use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::Truncate => "truncate",
            Self::Create => "create",
            Self::Alter => "alter",
            Self::Drop => "drop",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Call => "call",
            Self::Load => "load",
            Self::Copy => "copy",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Show => "show",
            Self::Session => "session",
            Self::Unknown => "unknown",
        }
    }

    /// What it does to data and structure.
    pub fn class(self) -> Class {
        match self {
            Self::Select | Self::Copy | Self::Backup | Self::Show => Class::Read,
            Self::Insert | Self::Update | Self::Delete | Self::Merge | Self::Load => Class::Write,
            // Truncation commits and fires no trigger: databases count it to the definitions.
            Self::Truncate | Self::Create | Self::Alter | Self::Drop | Self::Restore => Class::Ddl,
            Self::Grant | Self::Revoke => Class::Rights,
            Self::Call => Class::Call,
            Self::Session => Class::Session,
            Self::Unknown => Class::Unknown,
        }
    }
}

impl Class {
    /// The word that rules use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Ddl => "ddl",
            Self::Rights => "rights",
            Self::Call => "call",
            Self::Session => "session",
            Self::Unknown => "unknown",
        }
    }
}

/// Words that may stand between what announces a table and its name.
pub(crate) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "only"
            | "lateral"
            | "if"
            | "not"
            | "exists"
            | "low_priority"
            | "high_priority"
            | "ignore"
            | "quick"
            | "delayed"
            | "overwrite"
            | "into"
            | "table"
            | "temporary"
            | "temp"
            | "global"
            | "local"
            | "unlogged"
            | "external"
            | "concurrently"
            | "view"
            | "materialized"
            | "from"
    )
}

/// Words that end a list of tables or an expectation of one, and are no alias.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "select", "from", "where", "group", "order", "having", "union", "intersect", "except", "minus", "limit", "offset",
    "fetch", "join", "inner", "left", "right", "full", "outer", "cross", "natural", "on", "using", "set", "values",
    "as", "and", "or", "not", "in", "is", "null", "like", "between", "case", "when", "then", "else", "end", "for",
    "with", "connect", "start", "partition", "into", "returning", "output", "window", "qualify", "pivot", "unpivot",
    "apply", "straight_join", "force", "use", "ignore", "tablesample", "default", "exists", "distinct", "all", "by",
    "insert", "update", "delete", "merge", "create", "drop", "alter", "exec", "execute", "lock", "to", "begin",
    "option",
];

/// Hints that SQL Server takes in brackets right after a table.
pub(crate) fn is_table_hint(word: &str) -> bool {
    matches!(
        word,
        "nolock"
            | "readuncommitted"
            | "readpast"
            | "holdlock"
            | "updlock"
            | "rowlock"
            | "tablock"
            | "tablockx"
            | "paglock"
            | "xlock"
            | "index"
            | "noexpand"
            | "nowait"
            | "forceseek"
            | "serializable"
    )
}
