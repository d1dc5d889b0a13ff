//! An SQL statement that has certain properties, as far as simple statements do. A guess: the caller reads it back.

/// The beginning of a statement of each kind, and what stands behind its tables.
const KINDS: [(&str, &str, &str, &str); 16] = [
    ("select", "read", "SELECT", ""),
    ("insert", "write", "INSERT INTO", " VALUES (1)"),
    ("update", "write", "UPDATE", " SET c = 1"),
    ("delete", "write", "DELETE FROM", ""),
    ("truncate", "ddl", "TRUNCATE TABLE", ""),
    ("create", "ddl", "CREATE TABLE", " (c INT)"),
    ("alter", "ddl", "ALTER TABLE", " ADD c INT"),
    ("drop", "ddl", "DROP TABLE", ""),
    ("grant", "rights", "GRANT SELECT ON", " TO canary"),
    ("revoke", "rights", "REVOKE SELECT ON", " FROM canary"),
    ("call", "call", "EXEC", ""),
    ("load", "write", "LOAD DATA INFILE '/c' INTO TABLE", ""),
    ("backup", "read", "BACKUP DATABASE", " TO DISK = 'c'"),
    ("restore", "write", "RESTORE DATABASE", " FROM DISK = 'c'"),
    ("show", "session", "SHOW TABLES", ""),
    ("copy", "read", "COPY", " TO '/c'"),
];

/// A statement with these properties (name and value); `attempt` varies what is left open.
pub(crate) fn statement(wanted: &[(&str, &str)], attempt: u32) -> String {
    let all =
        |name: &str| wanted.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let one = |name: &str| all(name).first().copied();
    let yes = |name: &str| one(name) == Some("true");
    let (kind, class) = (one("x-sql.kind"), one("x-sql.class"));
    let able: Vec<_> = KINDS
        .iter()
        .filter(|(word, of, ..)| kind.is_none_or(|kind| kind == *word) && class.is_none_or(|class| class == *of))
        .collect();
    let chosen = able.get(attempt as usize % able.len().max(1)).copied();
    let (word, _, front, back) = chosen.copied().unwrap_or(("select", "read", "SELECT", ""));
    let tables = [all("x-sql.qualified"), all("x-sql.tables")].concat();
    let tables = if tables.is_empty() { vec!["canary"] } else { tables };
    let condition = if yes("x-sql.where") { " WHERE c = 1" } else { "" };
    if word == "call" || one("x-sql.procedures").is_some() {
        let inner = if yes("x-sql.dynamic") { " 'SELECT 1'" } else { "" };
        return format!("EXEC {}{inner}", one("x-sql.procedures").unwrap_or("sp_executesql"));
    }
    if word != "select" {
        return format!("{front} {}{back}{condition}", tables.join(", "));
    }
    let columns: usize = one("x-sql.columns").and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut items: Vec<String> = Vec::new();
    let (aggregates, aggregated) = (all("x-sql.aggregates"), all("x-sql.aggregated"));
    for at in 0..aggregates.len().max(aggregated.len()) {
        let (call, column) = (aggregates.get(at).unwrap_or(&"sum"), aggregated.get(at).unwrap_or(&"c"));
        items.push(format!("{call}({column})"));
    }
    let grouped = all("x-sql.grouped");
    items.extend(grouped.iter().map(|column| (*column).to_owned()));
    if yes("x-sql.star") {
        items.push("*".to_owned());
    }
    items.extend((items.len()..columns.min(200)).map(|at| format!("c{at}")));
    let distinct = if yes("x-sql.distinct") { "DISTINCT " } else { "" };
    let group = match (grouped.as_slice(), yes("x-sql.group_by")) {
        ([], false) => String::new(),
        ([], true) => " GROUP BY c0".to_owned(),
        (columns, _) => format!(" GROUP BY {}", columns.join(", ")),
    };
    let limit = one("x-sql.limit").map(|rows| format!(" LIMIT {rows}")).unwrap_or_default();
    let file = if yes("x-sql.to_file") { " INTO OUTFILE '/c'" } else { "" };
    format!("SELECT {distinct}{} FROM {}{condition}{group}{limit}{file}", items.join(", "), tables.join(", "))
}
