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
    if text.is_ascii() {
        into.push_str(text);
        into.make_ascii_lowercase();
    } else {
        into.extend(text.chars().flat_map(char::to_lowercase));
    }
}
