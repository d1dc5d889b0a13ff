//! A rule's guide (`GUIDE.md` beside the rule): its name in both languages, and what to look at and to do.
//!
//! The form is that of `content/detections`: a heading `# 中文 / English`, then lines in Chinese and lines in English.
//! `**…**` stays as it is: the page shows it as emphasis. Any other text is taken as it stands.

use crate::codes::Words;
use serde::Serialize;

/// A guide, ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Guide {
    /// The rule's name.
    #[serde(skip)]
    pub title: Words,
    /// Lines in Chinese.
    pub zh: Vec<String>,
    /// Lines in English.
    pub en: Vec<String>,
}

impl Guide {
    /// Reads the text of a `GUIDE.md`. `None` without a heading.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
        let title = both(lines.next()?.strip_prefix("# ")?);
        let (zh, en) = lines.map(str::to_owned).partition(|line| has_han(line));
        Some(Self { title, zh, en })
    }
}

/// A title of the form `中文 / English`; one in a single language stands for both.
pub(crate) fn both(title: &str) -> Words {
    match title.split_once(" / ") {
        Some((a, b)) if has_han(a) != has_han(b) => {
            let (zh, en) = if has_han(a) { (a, b) } else { (b, a) };
            Words::new(zh.trim(), en.trim())
        }
        _ => Words::new(title.trim(), title.trim()),
    }
}

/// Whether a text is Chinese: more than a stray ideograph in an English sentence (`统方` beside its explanation).
fn has_han(text: &str) -> bool {
    let han = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    han > 0 && han * 4 > letters
}
