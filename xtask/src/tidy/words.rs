//! Words and characters that must not stand in the tree.

use crate::tree::{File, Finding, Tree};

/// Marks of work left undone. Written in two halves so that this table does not find itself.
const LEFT_OPEN: [&str; 8] = [
    concat!("to", "do!("),
    concat!("unimp", "lemented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("TO", "DO"),
    concat!("for", " now"),
    concat!("#[ig", "nore"),
    concat!("HA", "CK:"),
];
/// Folders and hosts that exist only where this was written, and registries' addresses.
const OF_A_MACHINE: [&str; 9] = [
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/tmp/", "bash_jobs"),
    concat!("crates.io/", "api"),
    concat!("crates.io/", "crates"),
    concat!("registry.", "npmjs"),
    concat!("py", "pi.org"),
    concat!("python", "hosted"),
    concat!("deb.", "debian"),
];

fn code(file: &File) -> bool {
    matches!(file.ending(), "rs" | "js" | "css" | "html" | "py" | "sh") || file.path == ".ci/run"
}

/// What a person wrote, apart from samples of lines, seeds of fuzzing and locks.
fn written(file: &File) -> bool {
    let data = file.path.contains("/samples/") || file.path.contains("/corpus/") || file.path.contains("/golden");
    !data && (code(file) || matches!(file.ending(), "md" | "toml" | "yml" | "svg" | "csv"))
}

fn lines_with<'t>(file: &'t File, words: &'t [&'t str]) -> impl Iterator<Item = String> + 't {
    file.text().lines().enumerate().filter_map(move |(number, line)| {
        let word = words.iter().find(|w| line.contains(**w))?;
        Some(format!("{}:{}: `{word}`", file.path, number + 1))
    })
}

/// Nothing is left for later without an issue.
pub fn left_open(tree: &Tree) -> Finding {
    let complaints = tree.files.iter().filter(|f| code(f)).flat_map(|f| lines_with(f, &LEFT_OPEN));
    Finding::new("nothing left open", complaints.collect())
}

/// Nothing that is true on one machine only.
pub fn of_this_machine(tree: &Tree) -> Finding {
    let root = tree.root.to_string_lossy();
    let mut words: Vec<&str> = OF_A_MACHINE.to_vec();
    // A very short root would be found everywhere.
    if root.len() > 8 {
        words.push(&root);
    }
    let complaints: Vec<String> =
        tree.files.iter().filter(|f| written(f)).flat_map(|f| lines_with(f, &words)).collect();
    Finding::new("no path of a machine, no registry", complaints)
}

/// No character that a reader does not see: controls, direction marks, joiners, byte order marks.
pub fn invisible(tree: &Tree) -> Finding {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| written(f)) {
        for (number, line) in file.text().split('\n').enumerate() {
            if let Some(c) = line.chars().find(|c| unseen(*c)) {
                complaints.push(format!("{}:{}: U+{:04X}", file.path, number + 1, u32::from(c)));
            }
        }
    }
    Finding::new("no unseen characters", complaints)
}

fn unseen(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One TLS library, without C beyond what a C compiler alone builds.
pub fn foreign_tls(tree: &Tree) -> Finding {
    let banned = ["openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs"];
    let text = tree.file("Cargo.lock").map_or("", |f| f.text());
    let complaints = banned.iter().filter(|b| text.contains(&format!("name = \"{b}\"")));
    Finding::new(
        "one TLS library",
        complaints.map(|b| format!("Cargo.lock brings in {b}: TLS is rustls with ring")).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    #[test]
    fn marks_of_undone_work() {
        let check = |name: &str, path: &str, text: &str, expect: usize| {
            let complaints = left_open(&sample::tree(name, &[(path, text)])).complaints;
            assert_eq!(complaints.len(), expect, "{complaints:?}");
        };
        check("w1", "a/src/lib.rs", concat!("// TO", "DO later"), 1);
        check("w2", "a/src/lib.rs", concat!("#[ig", "nore = \"slow\"]"), 1);
        check("w3", "a/src/lib.rs", "// todo lists are a noun of ours", 0);
        check("w4", "content/sources/a/b/samples/x.log", concat!("FIX", "ME"), 0);
    }

    #[test]
    fn paths_of_a_machine() {
        let tree = sample::tree("w5", &[("README.md", concat!("see /wo", "rk/main")), ("a.md", "see ../shared/data")]);
        assert_eq!(of_this_machine(&tree).complaints.len(), 1);
    }

    #[test]
    fn unseen_characters() {
        let check = |name: &str, text: &str, expect: usize| {
            assert_eq!(invisible(&sample::tree(name, &[("a.md", text)])).complaints.len(), expect, "{text:?}");
        };
        check("w6", "医院 café → ok\n\ttab", 0);
        check("w7", "a\u{202e}b", 1);
        check("w8", "a\r\nb", 1);
        check("w9", "\u{feff}a", 1);
        check("w10", "a\u{7}b", 1);
    }

    #[test]
    fn a_second_tls_library() {
        let tree = sample::tree("w11", &[("Cargo.lock", "[[package]]\nname = \"openssl-sys\"\nversion = \"0.9.1\"\n")]);
        assert_eq!(foreign_tls(&tree).complaints.len(), 1);
    }
}
