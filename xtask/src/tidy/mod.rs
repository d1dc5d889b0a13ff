//! `cargo xtask tidy`: the house rules that no compiler knows. It reads and complains; it never mends.

mod codes;
mod documents;
mod names;
mod tables;
mod words;

use crate::tree::{self, Finding, Tree};
use crate::{End, advisories, licences};

/// Prints all checks; fails when one complains.
pub fn run(args: &[String]) -> End {
    if !args.is_empty() {
        return End::Usage("tidy takes no arguments".to_owned());
    }
    let tree = Tree::read(&tree::root());
    let mut findings = check(&tree);
    findings.extend(licences::check(&tree));
    findings.push(advisories::check(&tree));
    tree::end(&findings)
}

/// The checks that need nothing but the tree.
pub fn check(tree: &Tree) -> Vec<Finding> {
    vec![
        names::lengths(tree),
        names::telling(tree),
        names::described(tree),
        names::opened(tree),
        names::used(tree),
        words::left_open(tree),
        words::of_this_machine(tree),
        words::invisible(tree),
        words::foreign_tls(tree),
        codes::pages(tree),
        documents::present(tree),
        documents::links(tree),
        documents::quotes(tree),
        tables::bad_input(tree),
        tables::metrics(tree),
        documents::examples(tree),
        documents::both_languages(tree),
    ]
}
