//! Mail addresses: the domain as a name, the local part in lower case (no mail system in use tells cases apart).

use crate::name;
use wardwatch_limits::INDICATOR_MAIL_BYTES;

/// `local@domain` in normal form; none for anything else.
pub(crate) fn normal(text: &str) -> Option<String> {
    if text.len() > INDICATOR_MAIL_BYTES * 4 {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let domain = name::normal(domain)?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '@' | '"');
    if local.is_empty() || local.chars().any(bad) {
        return None;
    }
    let address = format!("{}@{domain}", local.to_lowercase());
    (address.len() <= INDICATOR_MAIL_BYTES).then_some(address)
}

/// The addresses of a header's value (`"Name" <a@b.example>, c@d.example`), as they stand there.
pub(crate) fn each(text: &str) -> impl Iterator<Item = &str> {
    let strip = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '(' | ')' | '[' | ']');
    text.split([',', ';', '<', ' ', '\t']).map(move |part| part.trim_matches(strip)).filter(|part| part.contains('@'))
}
