//! The rules of a library as one program, and which of their documents speak.
//!
//! A document that only a correlation looks at is a part: it gives no alerts and is neither listed nor shown by itself.

use crate::load::Library;
use std::collections::BTreeSet;
use std::sync::Arc;
use wardwatch_detect::{Program, Rules, declared_by};
use wardwatch_predicate::route::Taxonomy;
use wardwatch_predicate::sigma::{About, Document, Placeholders, read_rules};

/// All rules of a library.
pub(crate) struct LibraryRules {
    /// Routed and put together.
    pub program: Arc<Program>,
    /// A taxonomy that cannot be read.
    pub faults: Vec<String>,
    /// Ids of documents that are parts of others.
    pub parts: BTreeSet<String>,
}

impl LibraryRules {
    /// Reads them; what is wrong with a rule stands in the program's listing.
    pub fn of(library: &Library) -> Self {
        let rules = library.rules();
        let texts: Vec<(String, String)> = library.taxonomy();
        let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let mut faults = Vec::new();
        let taxonomy = Taxonomy::read(&named).unwrap_or_else(|fault| {
            faults.push(fault.to_string());
            Taxonomy::default()
        });
        let declared: Vec<_> = library.packs().0.iter().flat_map(|pack| declared_by(pack)).collect();
        let files = rules.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
        let program = Arc::new(Program::build(Rules::load(files, Placeholders::new()), &taxonomy, &declared));
        Self { program, faults, parts: parts(&rules) }
    }
}

fn parts(rules: &[(String, String)]) -> BTreeSet<String> {
    let documents: Vec<Document> =
        rules.iter().flat_map(|(_, text)| read_rules(text.as_bytes())).filter_map(Result::ok).collect();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for document in &documents {
        let Document::Correlation(deferred) = document else { continue };
        let meanwhile = deferred.correlation.absence.iter().filter_map(|absence| absence.meanwhile.as_ref());
        let looked_at = deferred.correlation.rules.iter().chain(meanwhile);
        named.extend(looked_at.filter(|_| !deferred.correlation.generate).map(|named| named.name.as_str()));
    }
    let about = |document: &Document| -> Option<About> {
        match document {
            Document::Rule(rule) => Some(rule.about.clone()),
            Document::Correlation(deferred) => Some(deferred.about.clone()),
            Document::Filter(_) => None,
        }
    };
    let is_part = |about: &About| {
        named.contains(about.id.as_str()) || about.name.as_deref().is_some_and(|name| named.contains(name))
    };
    documents.iter().filter_map(about).filter(is_part).map(|about| about.id).collect()
}
