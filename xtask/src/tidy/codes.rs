//! Every error code has a page, and every page a code.

use crate::tree::{Finding, Tree};
use std::collections::BTreeSet;

const FOLDER: &str = "docs/errors";
const INDEX: &str = "docs/errors/README.md";
const PREFIX: &str = "WW-";
const DIGITS: usize = 4;

/// Codes in the source against pages and their index.
pub fn pages(tree: &Tree) -> Finding {
    let product = |path: &str| !path.starts_with("xtask/") && path.contains("/src/");
    let mut used = BTreeSet::new();
    for file in tree.files.iter().filter(|f| product(&f.path) && matches!(f.ending(), "rs" | "js" | "html")) {
        codes(file.text(), &mut used);
    }
    let index = tree.file(INDEX).map_or("", |f| f.text());
    let mut complaints = Vec::new();
    for code in &used {
        if tree.file(&format!("{FOLDER}/{code}.md")).is_none() {
            complaints.push(format!("{code} has no page {FOLDER}/{code}.md"));
        }
        if !index.contains(code.as_str()) {
            complaints.push(format!("{code} is not in {INDEX}"));
        }
    }
    let below = format!("{FOLDER}/{PREFIX}");
    for file in tree.files.iter().filter(|f| f.path.starts_with(&below)) {
        let code = file.name().trim_end_matches(".md");
        if !used.contains(code) {
            complaints.push(format!("{}: no code of ours gives {code}", file.path));
        }
    }
    Finding { check: "error codes have pages", complaints, note: Some(format!("{} codes", used.len())) }
}

fn codes(text: &str, used: &mut BTreeSet<String>) {
    // A code in a comment is an example, not an answer that somebody gets.
    let spoken = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    for piece in spoken.flat_map(|l| l.split(PREFIX).skip(1)) {
        let digits: String = piece.chars().take_while(char::is_ascii_digit).collect();
        if digits.len() == DIGITS {
            used.insert(format!("{PREFIX}{digits}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    #[test]
    fn codes_and_pages_match() {
        let tree = sample::tree(
            "c1",
            &[
                (
                    "edge/api/src/lib.rs",
                    "const A: &str = \"WW-0417\"; // and WW-12 is none\nconst B: &str = \"WW-0101\";",
                ),
                ("docs/errors/WW-0417.md", "x"),
                ("docs/errors/WW-0999.md", "x"),
                ("docs/errors/README.md", "[WW-0417](WW-0417.md)"),
            ],
        );
        let complaints = pages(&tree).complaints;
        assert_eq!(complaints.len(), 3, "no page and no row for 0101, no code for 0999: {complaints:?}");
    }
}
