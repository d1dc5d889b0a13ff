//! `utf16*`, `wide`, `base64` and `base64offset`: the text a rule names, as it looks inside an encoded value.

use super::modifier::Encoding;
use crate::pattern::{DASHES, Pattern, Piece};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use wardwatch_limits::RULE_VALUE_SPELLINGS;

/// The texts to look for, any of which counts.
///
/// # Errors
/// A wildcard cannot be encoded; bytes that are no text can only be looked for in base64.
pub fn encode(pattern: &Pattern, encodings: &[Encoding]) -> Result<Vec<Pattern>, String> {
    let mut found = Vec::new();
    for spelling in spellings(pattern)? {
        let mut bytes = spelling.into_bytes();
        let mut texts = None;
        for encoding in encodings {
            match encoding {
                Encoding::Utf16Le => bytes = utf16(&bytes, u16::to_le_bytes, &[]),
                Encoding::Utf16Be => bytes = utf16(&bytes, u16::to_be_bytes, &[]),
                Encoding::Utf16 => bytes = utf16(&bytes, u16::to_le_bytes, &[0xff, 0xfe]),
                Encoding::Base64 => texts = Some(vec![STANDARD.encode(&bytes)]),
                Encoding::Base64Offset => texts = Some((0..3).map(|offset| at_offset(&bytes, offset)).collect()),
            }
        }
        match texts {
            Some(texts) => found.extend(texts.iter().map(|text| Pattern::literal(text))),
            None => match String::from_utf8(bytes) {
                Ok(text) => found.push(Pattern::literal(&text)),
                Err(_) => return Err("the encoded value is no text: add `base64` or `base64offset`".to_owned()),
            },
        }
    }
    if found.iter().any(|pattern| pattern.pieces().is_empty()) {
        return Err("the value is too short to be found in base64 at every offset: make it longer".to_owned());
    }
    Ok(found)
}

fn spellings(pattern: &Pattern) -> Result<Vec<String>, String> {
    let mut spellings = vec![String::new()];
    for piece in pattern.pieces() {
        match piece {
            Piece::Text(text) => spellings.iter_mut().for_each(|spelling| spelling.push_str(text)),
            Piece::Dash if spellings.len() * DASHES.len() <= RULE_VALUE_SPELLINGS => {
                let with = |spelling: &String| DASHES.map(|dash| format!("{spelling}{dash}"));
                spellings = spellings.iter().flat_map(with).collect();
            }
            Piece::Dash => return Err("too many dashes to encode every spelling: split the value".to_owned()),
            Piece::Run | Piece::One => {
                return Err("a wildcard cannot be encoded: write `\\*` or `\\?` if the character is meant".to_owned());
            }
        }
    }
    Ok(spellings)
}

fn utf16(text: &[u8], order: fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<u8> {
    let units = String::from_utf8_lossy(text).encode_utf16().flat_map(order).collect::<Vec<u8>>();
    [mark, &units].concat()
}

/// The characters of the base64 text that do not depend on what stands before and after, `offset` bytes in.
fn at_offset(bytes: &[u8], offset: usize) -> String {
    let mut padded = vec![b' '; offset];
    padded.extend_from_slice(bytes);
    let text = STANDARD_NO_PAD.encode(&padded);
    // Characters that carry a bit of the bytes before: 0, 2 (8 bits), 3 (16 bits).
    let from = [0, 2, 3].get(offset).copied().unwrap_or(0);
    // A last character that carries bits of the byte behind is dropped.
    let to = if padded.len().is_multiple_of(3) { text.len() } else { text.len().saturating_sub(1) };
    text.get(from..to.max(from)).unwrap_or_default().to_owned()
}
