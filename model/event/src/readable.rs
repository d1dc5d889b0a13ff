//! How a line that is not UTF-8 is read: the one rule for the parser, for rules that read the whole line, for evidence
//! and for full text. It never changes the raw bytes, and asks no pack: a pack that names its character set is obeyed
//! by the parser before it comes here.

use encoding_rs::GB18030;
use std::borrow::Cow;

/// Pairs below which a GB18030 line with a broken byte in its middle is not told from other bytes.
const PAIRS_DESPITE_DAMAGE: usize = 8;

/// What a line that is not UTF-8 is taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looks {
    /// UTF-8 with damage: a datagram cut inside a character, a few broken bytes among good ones.
    DamagedUtf8,
    /// GB18030 without a flaw (holds GBK and GB 2312).
    Gb18030,
    /// GB18030 with damage: only the broken bytes are lost.
    DamagedGb18030,
    /// Neither; the parser reads it as Latin-1, byte by byte.
    Other,
}

/// A judgement with what it rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judged {
    /// What it is taken for.
    pub looks: Looks,
    /// Two-byte pairs that GBK could read.
    pub pairs: usize,
    /// At least 60 % of the pairs are everyday characters: the line tells by itself that it is GB18030.
    pub likely: bool,
}

impl Looks {
    /// The parse note that says so.
    #[must_use]
    pub fn note(self) -> &'static str {
        match self {
            Self::DamagedUtf8 => "bad_utf8",
            Self::Gb18030 => "charset_gb18030",
            Self::DamagedGb18030 => "bad_gb18030",
            Self::Other => "charset_latin1",
        }
    }

    /// What a parse note says, if it is one of these.
    #[must_use]
    pub fn of_note(note: &str) -> Option<Self> {
        [Self::DamagedUtf8, Self::Gb18030, Self::DamagedGb18030, Self::Other]
            .into_iter()
            .find(|looks| looks.note() == note)
    }

    /// The text of a line that was taken for this.
    pub(crate) fn text(self, line: &[u8]) -> Cow<'_, str> {
        match self {
            Self::DamagedUtf8 => String::from_utf8_lossy(line),
            Self::Gb18030 | Self::DamagedGb18030 => {
                let mut text = String::with_capacity(line.len() * 3 / 2);
                gb18030_chars(line, |c, _| text.push(c));
                Cow::Owned(text)
            }
            Self::Other => Cow::Owned(line.iter().map(|byte| char::from(*byte)).collect()),
        }
    }
}

/// Judges a line that is not UTF-8. `leans_to_gb18030`: the source's other lines were GB18030, which decides where the
/// line itself does not tell.
#[must_use]
pub fn judge(line: &[u8], leans_to_gb18030: bool) -> Judged {
    let (pairs, everyday) = pairs(line);
    let likely = pairs > 0 && everyday * 10 >= pairs * 6;
    let judged = |looks| Judged { looks, pairs, likely };
    if damaged_utf8(line, leans_to_gb18030) {
        return judged(Looks::DamagedUtf8);
    }
    let flaw = first_flaw(line);
    match flaw {
        None if likely || leans_to_gb18030 => judged(Looks::Gb18030),
        // Cut inside a character: everything before the cut is as good as ever.
        Some(at) if likely && is_cut(line, at) => judged(Looks::DamagedGb18030),
        Some(_) if leans_to_gb18030 || (likely && pairs >= PAIRS_DESPITE_DAMAGE) => judged(Looks::DamagedGb18030),
        _ => judged(Looks::Other),
    }
}

/// A line for reading, where nothing but its bytes is known: as it is if it is UTF-8, else as [`judge`] takes it, with
/// U+FFFD for what cannot be read.
#[must_use]
pub fn readable(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => match judge(line, false).looks {
            Looks::Other => String::from_utf8_lossy(line),
            looks => looks.text(line),
        },
    }
}

/// Gives each character with the offset of its first byte, unit by unit, so that one broken byte costs one character.
/// Answers whether nothing was broken.
pub fn gb18030_chars(line: &[u8], mut give: impl FnMut(char, usize)) -> bool {
    if let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(line) {
        let mut at = 0;
        for c in text.chars() {
            give(c, at);
            at += unit(line.get(at..).unwrap_or_default());
        }
        return true;
    }
    let mut at = 0;
    while at < line.len() {
        match one(line, at) {
            Some((c, len)) => {
                give(c, at);
                at += len;
            }
            None => {
                give(char::REPLACEMENT_CHARACTER, at);
                at += 1;
            }
        }
    }
    false
}

/// A few broken places among good characters, or good text up to a character that the end cuts off.
fn damaged_utf8(line: &[u8], leans_to_gb18030: bool) -> bool {
    let (mut good, mut broken) = (0usize, 0usize);
    for chunk in line.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if good > 0 && good >= 3 * broken {
        return true;
    }
    // One lone lead byte behind ASCII may as well be Latin-1; two bytes of three may be a rare pair of GBK.
    let cut = std::str::from_utf8(line)
        .err()
        .filter(|fault| fault.error_len().is_none())
        .map(|f| line.len() - f.valid_up_to());
    cut.is_some_and(|bytes| good > 0 || (bytes >= 2 && !leans_to_gb18030))
}

/// Two-byte pairs of GBK, and how many of them lie in the first level of GB 2312, the everyday characters.
fn pairs(line: &[u8]) -> (usize, usize) {
    let (mut pairs, mut everyday) = (0, 0);
    let mut rest = line;
    while let Some((lead, tail)) = rest.split_first() {
        rest = tail;
        if *lead < 0x81 {
            continue;
        }
        if let Some((trail, after)) = tail.split_first()
            && *trail >= 0x40
        {
            pairs += 1;
            everyday += usize::from(matches!(*lead, 0xB0..=0xD7 | 0xA3) && *trail >= 0xA1);
            rest = after;
        }
    }
    (pairs, everyday)
}

/// Offset of the first unit that is no character.
fn first_flaw(line: &[u8]) -> Option<usize> {
    if GB18030.decode_without_bom_handling_and_without_replacement(line).is_some() {
        return None;
    }
    let mut at = 0;
    while let Some((_, len)) = one(line, at) {
        at += len;
    }
    Some(at)
}

/// Whether what stands from `at` to the end is the beginning of a character.
fn is_cut(line: &[u8], at: usize) -> bool {
    matches!(
        line.get(at..).unwrap_or_default(),
        [0x81..=0xFE] | [0x81..=0xFE, 0x30..=0x39] | [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE]
    )
}

/// The character that starts at `at`, and its bytes.
fn one(line: &[u8], at: usize) -> Option<(char, usize)> {
    let len = unit(line.get(at..)?);
    let text = GB18030.decode_without_bom_handling_and_without_replacement(line.get(at..at + len)?)?;
    text.chars().next().map(|c| (c, len))
}

/// Bytes of the character that starts here.
fn unit(line: &[u8]) -> usize {
    match line {
        [0x81..=0xFE, 0x30..=0x39, _, _, ..] => 4,
        [0x81..=0xFE, 0x40..=0xFE, ..] => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    fn cut(mut bytes: Vec<u8>, by: usize) -> Vec<u8> {
        bytes.truncate(bytes.len() - by);
        bytes
    }

    #[test]
    fn a_line_is_read_as_what_it_is() {
        let alarm = "告警：勒索病毒";
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (alarm.into(), "告警：勒索病毒"),
            (cut(alarm.into(), 1), "告警：勒索病\u{fffd}"),
            (cut(alarm.into(), 2), "告警：勒索病\u{fffd}"),
            // So short that the broken character weighs more than the good ones.
            (cut("告警".into(), 1), "告\u{fffd}"),
            (cut("告警".into(), 2), "告\u{fffd}"),
            (cut("user=张".into(), 1), "user=\u{fffd}"),
            (gbk(alarm), "告警：勒索病毒"),
            (cut(gbk(alarm), 1), "告警：勒索病\u{fffd}"),
            (cut(gbk("src=192.0.2.7 登录失败"), 1), "src=192.0.2.7 登录失\u{fffd}"),
            // A byte lost in the middle of a long line.
            ([gbk("登录失败次数过多"), vec![0xFF], gbk("锁定")].concat(), "登录失败次数过多\u{fffd}锁定"),
            (b"name:caf\xe9, b:1".to_vec(), "name:caf\u{fffd}, b:1"),
            (b"Stra\xdfe caf\xe9s".to_vec(), "Stra\u{fffd}e caf\u{fffd}s"),
            (b"caf\xe9".to_vec(), "caf\u{fffd}"),
            // A UTF-8 line with one Latin-1 byte in it.
            ([&b"caf\xe9 "[..], alarm.as_bytes()].concat(), "caf\u{fffd} 告警：勒索病毒"),
            (vec![b'a', 0xFF, 0xFF, b'b'], "a\u{fffd}\u{fffd}b"),
            (Vec::new(), ""),
        ];
        for (bytes, expect) in cases {
            assert_eq!(readable(&bytes), expect, "{bytes:02x?}");
        }
    }

    #[test]
    fn the_source_s_other_lines_decide_where_a_line_does_not_tell() {
        // 鑫鑫 is no everyday name.
        let rare = gbk("鑫鑫");
        assert_eq!((judge(&rare, false).looks, judge(&rare, true).looks), (Looks::Other, Looks::Gb18030));
        assert_eq!(Looks::of_note(Looks::Gb18030.note()), Some(Looks::Gb18030));
        assert_eq!(Looks::of_note("truncated"), None);
    }

    #[test]
    fn every_character_comes_with_its_place() {
        let mut seen = Vec::new();
        let clean = gb18030_chars(&[b'a', 0xB5, 0xC7, 0x81, 0x30, 0x81, 0x30, 0xC2], |c, at| seen.push((c, at)));
        assert_eq!((clean, seen), (false, vec![('a', 0), ('登', 1), ('\u{80}', 3), ('\u{fffd}', 7)]));
    }
}
