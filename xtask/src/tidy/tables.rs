//! Tables in documents against the code: the metrics they name, the tests they promise.

use super::documents::{declared, prose};
use crate::tree::{Finding, Tree};

/// Metrics that documents name are metrics that there are.
pub fn metrics(tree: &Tree) -> Finding {
    const PREFIX: &str = "wardwatch_";
    const ENDINGS: [&str; 4] = ["_total", "_seconds", "_bytes", "_refused"];
    let mut complaints = Vec::new();
    let mut looked = 0;
    for file in tree.ending("md") {
        for (number, line) in prose(file) {
            for piece in line.split('`').skip(1).step_by(2) {
                let name: String = piece.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if !name.starts_with(PREFIX) || !ENDINGS.iter().any(|e| name.ends_with(e)) {
                    continue;
                }
                looked += 1;
                let quoted = format!("\"{name}\"");
                if !tree.ending("rs").any(|f| f.text().contains(&quoted)) {
                    complaints.push(format!("{}:{number}: there is no metric `{name}`", file.path));
                }
            }
        }
    }
    Finding { check: "metrics that documents name", complaints, note: Some(format!("{looked} named")) }
}

/// Every row of the table of bad input names a test that there is.
pub fn bad_input(tree: &Tree) -> Finding {
    const TABLE: &str = "docs/decisions/0008-bad-input.md";
    let declared = declared(tree);
    let mut complaints = Vec::new();
    let mut looked = 0;
    for (number, line) in tree.file(TABLE).into_iter().flat_map(prose) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [input, decision, counter, test] = cells.as_slice() else { continue };
        if *input == "input" || input.starts_with("---") {
            continue;
        }
        looked += 1;
        let tests: Vec<&str> = test.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() || decision.is_empty() || counter.is_empty() {
            complaints.push(format!("{TABLE}:{number}: {input}: a decision, a counter and a test are owed"));
        }
        for test in tests.iter().filter(|t| !declared.contains(**t)) {
            complaints.push(format!("{TABLE}:{number}: {input}: there is no test `{test}`"));
        }
    }
    Finding { check: "bad input has decision, counter, test", complaints, note: Some(format!("{looked} rows")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    #[test]
    fn metrics_named_are_there() {
        let text = "`wardwatch_lines_total{source=\"a\"}` and `wardwatch_gone_total`, `wardwatch_x`";
        let tree = sample::tree("d13", &[("a.md", text), ("a/src/lib.rs", "\"wardwatch_lines_total\"")]);
        assert_eq!(metrics(&tree).complaints.len(), 1);
    }

    #[test]
    fn rows_of_bad_input() {
        let table = "| input | decision | counter | test |\n|---|---|---|---|\n| a | kept | x | `good` |\n| b | kept | x | |\n| c | kept | x | `gone` |\n";
        let tree =
            sample::tree("d12", &[("docs/decisions/0008-bad-input.md", table), ("a/tests/it/main.rs", "fn good() {}")]);
        assert_eq!(bad_input(&tree).complaints.len(), 2);
    }
}
