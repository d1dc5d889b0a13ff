//! The public rules, for both sides.

use crate::corpus;
use rsigma_parser::SigmaRule;
use std::collections::HashMap;
use wardwatch_predicate::route::Taxonomy;

/// Rule files and the peer's reading of them.
pub struct Corpus {
    /// Name and text of each file.
    pub texts: Vec<(String, String)>,
    /// The peer's rules by id.
    pub parsed: HashMap<String, SigmaRule>,
}

impl Corpus {
    /// The corpus of the data folder.
    pub fn unpacked() -> Self {
        let folder = corpus::unpacked("sigma/sigma-rules.tar.xz", "sigma").expect("nothing to measure without rules");
        let files = corpus::files(&folder, &["yml"]);
        let texts: Vec<(String, String)> = files
            .iter()
            .map(|path| (path.display().to_string(), std::fs::read_to_string(path).expect("a rule's text")))
            .collect();
        let mut parsed = HashMap::new();
        for (_, text) in &texts {
            for rule in rsigma_parser::parse_sigma_yaml(text).map(|c| c.rules).unwrap_or_default() {
                parsed.insert(rule.id.clone().unwrap_or_default(), rule);
            }
        }
        Self { texts, parsed }
    }
}

/// The product's own taxonomy.
pub fn taxonomy() -> Taxonomy {
    let files = wardwatch_content::Library::embedded().taxonomy();
    let named: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Taxonomy::read(&named).expect("the product's taxonomy")
}
