//! How time grows with rules: the corpus beside itself with copies, two letters inserted in each literal.

use crate::events::{Batch, Events, Share};
use crate::ours::Ours;
use crate::rules::Corpus;
use wardwatch_predicate::route::Taxonomy;
use yaml_rust2::{Yaml, YamlEmitter, YamlLoader};

/// Rules in the small and the large program.
const LARGE: usize = 30_000;
/// Events that are timed.
const EVENTS: usize = 20_000;

/// Time an event with 30,000 rules over that with the Windows rules of the corpus.
pub fn growth(rules: &Corpus, taxonomy: &Taxonomy, events: &Events) -> f64 {
    let windows: Vec<(String, String)> =
        rules.texts.iter().filter(|(_, text)| text.contains("product: windows")).cloned().collect();
    let mut many = windows.clone();
    let parsed: Vec<Vec<Yaml>> =
        windows.iter().map(|(_, text)| YamlLoader::load_from_str(text).unwrap_or_default()).collect();
    'copies: for copy in 1.. {
        for ((name, _), documents) in windows.iter().zip(&parsed) {
            if many.len() >= LARGE {
                break 'copies;
            }
            if let Some(text) = documents.first().and_then(|rule| varied(rule, copy)) {
                many.push((format!("{name}.{copy}"), text));
            }
        }
    }
    let mut left = EVENTS;
    let timed: Vec<Batch> = events
        .share(Share::Timed)
        .into_iter()
        .filter(|batch| batch.windows)
        .take_while(|batch| {
            let wanted = left > 0;
            left = left.saturating_sub(batch.len());
            wanted
        })
        .collect();
    let trained = events.diverse(Share::Trained, crate::TRAINED_OF_EACH);
    let mut small = Ours::build(&windows, taxonomy);
    let mut large = Ours::build(&many, taxonomy);
    small.train(&trained);
    large.train(&trained);
    let (mut few_seconds, mut many_seconds, mut n) = (0.0, 0.0, 0);
    for batch in &timed {
        few_seconds += small.pass(batch).seconds;
        many_seconds += large.pass(batch).seconds;
        n += batch.len();
    }
    eprintln!(
        "growth: {} rules {:.2} us, {} rules {:.2} us an event ({:.1} MB, {:.2} CPU-seconds to compile)",
        small.active(),
        few_seconds * 1e6 / n as f64,
        large.active(),
        many_seconds * 1e6 / n as f64,
        large.megabytes,
        large.compile_seconds + large.train_seconds,
    );
    many_seconds / few_seconds
}

/// The rule with an id of its own and other literals.
fn varied(rule: &Yaml, copy: usize) -> Option<String> {
    let mut rule = rule.as_hash()?.clone();
    let id = rule.get(&Yaml::String("id".into()))?.as_str()?.to_owned();
    let id = format!("{}{:04x}", id.get(..id.len().checked_sub(4)?)?, copy);
    rule.insert(Yaml::String("id".into()), Yaml::String(format!("{id}")));
    let detection = rule.get_mut(&Yaml::String("detection".into()))?;
    vary(detection, copy, "");
    let mut text = String::new();
    YamlEmitter::new(&mut text).dump(&Yaml::Hash(rule)).ok()?;
    Some(text)
}

fn vary(value: &mut Yaml, copy: usize, key: &str) {
    let fixed = ["condition", "timeframe", "|re", "|cidr", "|fieldref", "|exists", "|expand"];
    if fixed.iter().any(|word| key.contains(word)) {
        return;
    }
    match value {
        Yaml::Hash(map) => map.iter_mut().for_each(|(key, value)| vary(value, copy, key.as_str().unwrap_or_default())),
        Yaml::Array(list) => list.iter_mut().for_each(|value| vary(value, copy, key)),
        Yaml::String(text) => *text = with_letters(text, copy),
        _ => {}
    }
}

/// Two letters between two letters or digits nearest to the middle; as it is where there are none.
fn with_letters(text: &str, copy: usize) -> String {
    let bytes = text.as_bytes();
    let fits = |at: &usize| bytes[*at - 1].is_ascii_alphanumeric() && bytes[*at].is_ascii_alphanumeric();
    let middle = bytes.len() / 2;
    let found = (1..bytes.len()).filter(fits).min_by_key(|at| at.abs_diff(middle));
    let Some(at) = found else { return text.to_owned() };
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    format!("{}{}{}{}", &text[..at], letter(copy * 7 + 9), letter(copy / 26 + copy * 3 + 16), &text[at..])
}
