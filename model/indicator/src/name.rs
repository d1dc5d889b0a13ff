//! Names: lower case, no dot at the end, labels beyond ASCII in Punycode.

use std::borrow::Cow;
use wardwatch_limits::INDICATOR_NAME_BYTES;

/// Dots that people type besides the full stop (UTS #46 section 2.3).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// A name beyond ASCII as ASCII: lower case, `xn--` labels. ASCII comes back as it is. None for what no name can be.
pub(crate) fn to_ascii(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    // Four bytes of UTF-8 become at least one of Punycode.
    if text.len() > INDICATOR_NAME_BYTES * 4 {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (n, label) in text.split(DOTS).enumerate() {
        if n > 0 {
            out.push('.');
        }
        let lower: String = label.chars().flat_map(char::to_lowercase).map(narrow).collect();
        if lower.is_ascii() {
            out.push_str(&lower);
        } else {
            out.push_str("xn--");
            punycode(&lower, &mut out)?;
        }
    }
    Some(Cow::Owned(out))
}

/// Full-width letters and digits as ASCII ones.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c).to_ascii_lowercase(),
        _ => c,
    }
}

/// The normal form of an indicator's name; none if it is not a name that can be resolved.
pub(crate) fn normal(text: &str) -> Option<String> {
    let ascii = to_ascii(text)?.to_ascii_lowercase();
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    if name.is_empty() || name.len() > INDICATOR_NAME_BYTES {
        return None;
    }
    let good = |label: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    // The last label is never a number: such a text is a failed address (WHATWG URL, "ends in a number").
    let numeric_end = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (name.split('.').all(good) && !numeric_end).then(|| name.to_owned())
}

/// RFC 3492 with the parameters of IDNA. None if the label becomes longer than a label may be.
fn punycode(label: &str, out: &mut String) -> Option<()> {
    let start = out.len();
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    if points.len() > 63 {
        return None;
    }
    out.extend(label.chars().filter(char::is_ascii));
    let basic = (out.len() - start) as u32;
    if basic > 0 {
        out.push('-');
    }
    let (mut next, mut delta, mut bias, mut handled) = (128u32, 0u32, 72u32, basic);
    while (handled as usize) < points.len() {
        let least = points.iter().copied().filter(|p| *p >= next).min()?;
        delta = delta.checked_add((least - next).checked_mul(handled + 1)?)?;
        next = least;
        for point in &points {
            if *point < next {
                delta = delta.checked_add(1)?;
            }
            if *point == next {
                variable_length(delta, bias, out);
                bias = adapted(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        next += 1;
    }
    (out.len() - start <= 59).then_some(())
}

fn variable_length(mut number: u32, bias: u32, out: &mut String) {
    let mut k = 36;
    loop {
        let threshold = k.max(bias + 1).saturating_sub(bias).clamp(1, 26);
        if number < threshold {
            out.push(digit(number));
            return;
        }
        out.push(digit(threshold + (number - threshold) % (36 - threshold)));
        number = (number - threshold) / (36 - threshold);
        k += 36;
    }
}

fn digit(value: u32) -> char {
    char::from(if value < 26 { b'a' + value as u8 } else { b'0' + (value as u8 - 26) })
}

fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}
