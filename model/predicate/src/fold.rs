//! How letters are compared when case does not count: full Unicode lower-casing of both sides, without a locale.
//!
//! Character by character, so that a part of a folded text is the folded part of the text: `str::to_lowercase` lowers
//! a capital sigma by its neighbours, which would make `contains` depend on what stands around a match.

use std::borrow::Cow;

/// `text` with each character lower-cased; borrowed when nothing changes.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

/// [`fold`] into a text that is used again and again.
pub(crate) fn fold_into(text: &str, into: &mut String) {
    into.clear();
    push_folded(text, into);
}

/// Adds the folded text at the end of another.
pub(crate) fn push_folded(text: &str, into: &mut String) {
    if text.is_ascii() {
        return push_lower(text, into);
    }
    for c in text.chars() {
        if c.is_ascii() {
            into.push(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(|lower| into.push(lower));
        }
    }
}

fn push_lower(ascii: &str, into: &mut String) {
    let from = into.len();
    into.push_str(ascii);
    into.get_mut(from..).into_iter().for_each(str::make_ascii_lowercase);
}

/// Whether folding makes something ASCII of the text that is not ASCII now: the Kelvin sign a `k`, a dotted I an `i`.
pub(crate) fn folds_to_ascii(text: &str) -> bool {
    memchr::memchr2_iter(0xE2, 0xC4, text.as_bytes()).any(|at| {
        let behind = text.as_bytes().get(at..).unwrap_or_default();
        behind.starts_with("\u{212A}".as_bytes()) || behind.starts_with("\u{130}".as_bytes())
    })
}
