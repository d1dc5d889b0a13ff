//! Rule files to documents: the keys, their shapes, and what is not a key.
//!
//! The keys are those of specification 2.1 plus `regression_tests_path` and `simulation`, which the public corpus
//! uses. Any other is refused unless it begins with `x-`: a misspelt `levle` must not pass in silence.

use super::detection::Detection;
use super::fault::{RuleFault, RuleRemark};
use super::rule::{About, Deferred, Document, Filter, Level, LogSource, Refused, Rule, Status};
use crate::place::Place;
use crate::yaml::{Key, Kind, Node};
use sha2::{Digest, Sha256};

/// Keys of specification 2.1 that any document may have, and the two the corpus adds.
const KEYS: &[&str] = &[
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "scope",
    "regression_tests_path",
    "simulation",
];

/// Reads the documents of a rule file. A broken document does not take the others with it; after a YAML error the
/// rest of the file cannot be read, which is one refusal at the end. Never panics, whatever the bytes are.
#[must_use]
pub fn read_rules(bytes: &[u8]) -> Vec<Result<Document, Refused>> {
    let refused = |fault: RuleFault| Refused { title: None, id: None, fault };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok());
            let place = Place::of_offset(before.unwrap_or_default(), usize::MAX);
            return vec![Err(refused(RuleFault::new(place, "not UTF-8: save the file as UTF-8")))];
        }
    };
    let (nodes, fault) = crate::yaml::read(text);
    let mut documents: Vec<Result<Document, Refused>> = nodes.iter().filter(|node| !blank(node)).map(read).collect();
    if let Some(fault) = fault {
        documents.push(Err(refused(fault.into())));
    } else if documents.is_empty() {
        documents.push(Err(refused(RuleFault::new(Place::START, "the file holds no document: remove it"))));
    }
    documents
}

/// An empty document between two `---` is no document.
fn blank(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, plain: true } if text.is_empty() || text == "~")
}

fn read(node: &Node) -> Result<Document, Refused> {
    read_document(node).map_err(|fault| Refused { title: glance(node, "title"), id: glance(node, "id"), fault })
}

fn glance(node: &Node, key: &str) -> Option<String> {
    let Kind::Map(pairs) = &node.kind else { return None };
    let (_, value) = pairs.iter().find(|(k, _)| k.text == key)?;
    match &value.kind {
        Kind::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    }
}

fn read_document(node: &Node) -> Result<Document, RuleFault> {
    let Kind::Map(pairs) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("a rule is a map of keys, not {}", node.called())));
    };
    let has = |name: &str| pairs.iter().any(|(key, _)| key.text == name);
    let own: &[&str] = if has("correlation") {
        &["correlation", "generate"]
    } else if has("filter") {
        &["filter", "logsource"]
    } else {
        &["logsource", "detection"]
    };
    known_keys(pairs, own)?;
    let keys = Keys { pairs, place: node.place };
    let about = read_about(&keys, node)?;
    if has("correlation") {
        return read_correlation(&keys, about).map(|read| Document::Correlation(Box::new(read)));
    }
    if has("filter") {
        return read_filter(&keys, about).map(|read| Document::Filter(Box::new(read)));
    }
    let mut remarks = Vec::new();
    let (logsource, logsource_place) = read_logsource(&keys)?;
    let (place, detection) = keys.map("detection")?;
    let detection = Detection::read(detection, place, &mut remarks)?;
    Ok(Document::Rule(Box::new(Rule { place: node.place, about, logsource, logsource_place, detection, remarks })))
}

fn known_keys(pairs: &[(Key, Node)], own: &[&str]) -> Result<(), RuleFault> {
    for (key, _) in pairs {
        let name = key.text.as_str();
        if KEYS.contains(&name) || own.contains(&name) || name.starts_with("x-") {
            continue;
        }
        let reason = match name {
            "action" => "`action` (global, repeat, reset) left the specification: write each rule out".to_owned(),
            "detection" | "logsource" => format!("`{name}` has no place in a document of this kind: remove it"),
            other => format!("unknown key `{other}`: correct it, remove it, or begin its name with `x-`"),
        };
        return Err(RuleFault::new(key.place, reason));
    }
    Ok(())
}

/// The keys and values of a map.
type Pairs<'n> = &'n [(Key, Node)];

/// A document's keys, with the readings each key may ask for.
struct Keys<'n> {
    pairs: Pairs<'n>,
    place: Place,
}

impl<'n> Keys<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        self.pairs.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    fn text(&self, name: &str) -> Result<Option<&'n str>, RuleFault> {
        match self.get(name).map(|node| (node, &node.kind)) {
            None => Ok(None),
            Some((_, Kind::Scalar { text, .. })) => Ok(Some(text)),
            Some((node, _)) => {
                Err(RuleFault::new(node.place, format!("`{name}` is a text, not {}: write it out", node.called())))
            }
        }
    }

    fn map(&self, name: &str) -> Result<(Place, Pairs<'n>), RuleFault> {
        let Some(node) = self.get(name) else {
            return Err(RuleFault::new(self.place, format!("`{name}` is missing: a document of this kind needs it")));
        };
        match &node.kind {
            Kind::Map(pairs) => Ok((node.place, pairs)),
            _ => Err(RuleFault::new(node.place, format!("`{name}` is a map of keys, not {}", node.called()))),
        }
    }

    /// A list of texts; a single text is a list of one.
    fn texts(&self, name: &str) -> Result<Vec<String>, RuleFault> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        let nodes = match &node.kind {
            Kind::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let text = |node: &Node| match &node.kind {
            Kind::Scalar { text, .. } => Ok(text.clone()),
            _ => Err(RuleFault::new(node.place, format!("`{name}` is a list of texts, not of {}", node.called()))),
        };
        nodes.iter().map(text).collect()
    }

    /// One of a few words.
    fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, RuleFault> {
        let (Some(text), Some(node)) = (self.text(name)?, self.get(name)) else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let listed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let reason = format!("`{name}` is `{text}`: write one of {}", listed.join(", "));
                Err(RuleFault::new(node.place, reason))
            }
        }
    }
}

fn read_about(keys: &Keys<'_>, node: &Node) -> Result<About, RuleFault> {
    let title = match keys.text("title")? {
        Some(title) if !title.trim().is_empty() => title.to_owned(),
        _ => return Err(RuleFault::new(keys.place, "`title` is missing: say in a few words what is found")),
    };
    let version = version_of(node);
    let id = match keys.text("id")? {
        Some(id) if !id.trim().is_empty() => id.to_owned(),
        _ => format!("sha256:{}", version.get(..32).unwrap_or(&version)),
    };
    let status = [
        ("stable", Status::Stable),
        ("test", Status::Test),
        ("experimental", Status::Experimental),
        ("deprecated", Status::Deprecated),
        ("unsupported", Status::Unsupported),
    ];
    let level = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];
    check_related(keys)?;
    for name in ["taxonomy", "license", "date", "modified", "regression_tests_path"] {
        keys.text(name)?;
    }
    for name in ["references", "scope"] {
        keys.texts(name)?;
    }
    Ok(About {
        id,
        title,
        name: keys.text("name")?.map(str::to_owned),
        status: keys.word("status", &status)?.unwrap_or_default(),
        level: keys.word("level", &level.map(|level| (level.word(), level)))?,
        tags: keys.texts("tags")?,
        description: keys.text("description")?.map(str::to_owned),
        author: keys.text("author")?.map(str::to_owned),
        falsepositives: keys.texts("falsepositives")?,
        fields: keys.texts("fields")?,
        version,
    })
}

fn check_related(keys: &Keys<'_>) -> Result<(), RuleFault> {
    let Some(node) = keys.get("related") else { return Ok(()) };
    let Kind::List(entries) = &node.kind else {
        return Err(RuleFault::new(node.place, format!("`related` is a list of maps, not {}", node.called())));
    };
    for entry in entries {
        let named = |name: &str| glance(entry, name).is_some_and(|text| !text.is_empty());
        if !named("id") || !named("type") {
            return Err(RuleFault::new(entry.place, "an entry of `related` has an `id` and a `type`: add them"));
        }
    }
    Ok(())
}

fn read_logsource(keys: &Keys<'_>) -> Result<(LogSource, Place), RuleFault> {
    let (place, pairs) = keys.map("logsource")?;
    let mut logsource = LogSource::default();
    for (key, node) in pairs {
        let Kind::Scalar { text, .. } = &node.kind else {
            return Err(RuleFault::new(node.place, format!("`{}` is a text, not {}", key.text, node.called())));
        };
        let part = (!text.is_empty()).then(|| text.to_ascii_lowercase());
        match key.text.as_str() {
            "product" => logsource.product = part,
            "category" => logsource.category = part,
            "service" => logsource.service = part,
            "definition" => {}
            name if name.starts_with("x-") => {}
            name => {
                let reason =
                    format!("unknown key `{name}` in `logsource`: it has product, category, service, definition");
                return Err(RuleFault::new(key.place, reason));
            }
        }
    }
    if logsource == LogSource::default() {
        return Err(RuleFault::new(
            place,
            "`logsource` names no product, category or service: it would run on everything",
        ));
    }
    Ok((logsource, place))
}

fn read_correlation(keys: &Keys<'_>, about: About) -> Result<Deferred, RuleFault> {
    let (place, pairs) = keys.map("correlation")?;
    let correlation = super::read_correlation::read(pairs, place)?;
    let reason = format!("loaded: correlation of type {}, evaluated by a later engine", correlation.kind.word());
    let rules = correlation.rules.iter().map(|rule| rule.name.clone()).collect();
    Ok(Deferred { place: keys.place, about, rules, reason, correlation })
}

fn read_filter(keys: &Keys<'_>, about: About) -> Result<Filter, RuleFault> {
    let (logsource, _) = read_logsource(keys)?;
    let (place, pairs) = keys.map("filter")?;
    let inner = Keys { pairs, place };
    let mut rules = inner.texts("rules")?;
    if rules.is_empty() {
        return Err(RuleFault::new(place, "`rules` is missing: name the rules to narrow, or write `any`"));
    }
    rules.retain(|rule| rule != "any");
    let own: Vec<(Key, Node)> = pairs.iter().filter(|(key, _)| key.text != "rules").cloned().collect();
    let mut remarks = Vec::new();
    let detection = Detection::read(&own, place, &mut remarks)?;
    let negated = |text: &String| text.split_whitespace().any(|word| word.eq_ignore_ascii_case("not"));
    if !detection.texts.iter().any(negated) {
        let remark = "the filter's condition has no `not`: it keeps what its selections describe and drops the rest";
        remarks.push(RuleRemark::new(place, remark));
    }
    Ok(Filter { place: keys.place, about, logsource, rules, detection, remarks })
}

/// A hash of keys and values in the order written, each with its kind and length, so that no two trees share one.
fn version_of(node: &Node) -> String {
    let mut hash = Sha256::new();
    hash_node(&mut hash, node);
    hex::encode(hash.finalize())
}

fn hash_node(hash: &mut Sha256, node: &Node) {
    let text = |hash: &mut Sha256, kind: u8, text: &str| {
        hash.update([kind]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    match &node.kind {
        Kind::Scalar { text: scalar, plain } => text(hash, if *plain { b'p' } else { b'q' }, scalar),
        Kind::List(items) => {
            text(hash, b'l', &items.len().to_string());
            items.iter().for_each(|item| hash_node(hash, item));
        }
        Kind::Map(pairs) => {
            text(hash, b'm', &pairs.len().to_string());
            for (key, value) in pairs {
                text(hash, b'k', &key.text);
                hash_node(hash, value);
            }
        }
    }
}
