//! What analysts and integrators write: queries, Sigma rules, packs.

use wardwatch_pack::{Pack, PackFiles};
use wardwatch_predicate::query::read_query;
use wardwatch_predicate::sigma::{Compiler, Document, Filter, Placeholders, read_rules};
use wardwatch_predicate::{JsonRecord, Reading};

/// A query that is read prints as a query that reads the same.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = read_query(text) else { return };
    let printed = read.query.to_string();
    match read_query(&printed) {
        Ok(again) => assert_eq!(again.query, read.query, "{text} prints as {printed}"),
        // Printing may spell a short query out; only the bound on length may then refuse it.
        Err(fault) => assert!(printed.len() > wardwatch_limits::QUERY_BYTES, "{printed} is refused: {fault}"),
    }
}

/// Fields that the seeds name, with values of every kind.
const EVENTS: [&str; 3] = [
    r#"{"Image":"C:\\Windows\\System32\\vssadmin.exe","CommandLine":"vssadmin delete shadows /all","EventID":4688,"User":null}"#,
    r#"{"a":"1","b":"-x","c":10.5,"DestinationIp":"192.0.2.9","list":["x","yy"],"Initiated":true,"empty":""}"#,
    "{}",
];

/// Rules are read, compiled and evaluated on small events; explanation and evaluation are one reading.
pub fn sigma_yaml(data: &[u8]) {
    let documents = read_rules(data);
    assert!(!documents.is_empty(), "a file without a document is a refusal of its own");
    let filter = |document: &_| match document {
        Ok(Document::Filter(filter)) => Some(Filter::clone(filter)),
        _ => None,
    };
    let filters: Vec<Filter> = documents.iter().filter_map(filter).collect();
    let mut compiler = Compiler::new(Placeholders::default());
    for document in documents.iter().flatten() {
        if let Document::Rule(rule) = document {
            let _ = compiler.add(rule, &filters);
        }
    }
    let set = compiler.finish();
    for event in EVENTS {
        let Ok(json) = serde_json::from_str(event) else { continue };
        let record = JsonRecord::new(json);
        let reading = Reading::new(&set.fields, &record);
        for rule in &set.rules {
            assert_eq!(rule.matches(&reading), rule.explain(&reading).holds, "{}", rule.about.title);
            let _ = rule.evidence(&reading);
        }
    }
}

/// A manifest is compiled or refused with its place; one that compiles has a version.
pub fn pack_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let files = PackFiles::of("fuzz/pack.toml", text);
    let _ = files.extends();
    match Pack::compile(&files) {
        Ok(pack) => assert_eq!(pack.version.len(), 16),
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}
