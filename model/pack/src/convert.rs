//! From a line's text to a column's type. Every step is total: it gives a value or none, never an error or a panic.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wardwatch_schema::Kind;

/// A value on its way to a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Converted<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
}

/// One step of an `as` chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A whole number; `0x` in front means hexadecimal.
    Int,
    /// A number with fraction, rounded to a whole one.
    Float,
    /// `true`, `yes`, `on`, `1` give 1; `false`, `no`, `off`, `0` give 0.
    Bool,
    /// An address in canonical text.
    Ip,
    /// An IPv4 address written as a signed or unsigned 32-bit number.
    IpI32,
    /// An IPv4 address in hexadecimal (`C0A802FE`, also with `4-` in front).
    IpHex,
    /// A port.
    Port,
    /// A MAC address as `aa:bb:cc:dd:ee:ff`.
    Mac,
    /// Lower case.
    Lower,
    /// After the last `/` or `\`.
    Basename,
    /// What stands before the first such text; everything, if there is none.
    Before(Box<str>),
    /// What stands after the first such text; nothing, if there is none.
    After(Box<str>),
    /// Without blanks around.
    Trim,
    /// Base64, standard or URL alphabet, with or without padding.
    Base64,
    /// Percent escapes and `+`.
    UrlDecode,
    /// Hexadecimal: a number for number columns, bytes of text for text columns.
    Hex,
    /// Already milliseconds (fractions are rounded).
    Ms,
    /// Microseconds to milliseconds.
    Us,
    /// Seconds, with or without fraction, to milliseconds.
    Sec,
    /// A number of so many bytes each.
    Bytes(i64),
}

impl Step {
    /// Reads a word of the closed vocabulary.
    pub fn parse(word: &str) -> Option<Self> {
        let quoted = |rest: &str| {
            let inner = rest.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')).unwrap_or(rest);
            (!inner.is_empty()).then(|| inner.into())
        };
        Some(match word {
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "ip" => Self::Ip,
            "ip_i32" => Self::IpI32,
            "ip_hex" => Self::IpHex,
            "port" => Self::Port,
            "mac" => Self::Mac,
            "lower" => Self::Lower,
            "basename" => Self::Basename,
            "trim" => Self::Trim,
            "base64" => Self::Base64,
            "urldecode" => Self::UrlDecode,
            "hex" => Self::Hex,
            "ms" => Self::Ms,
            "us" => Self::Us,
            "sec" => Self::Sec,
            "bytes:k" => Self::Bytes(1 << 10),
            "bytes:m" => Self::Bytes(1 << 20),
            _ => match word.split_once(':')? {
                ("before", rest) => Self::Before(quoted(rest)?),
                ("after", rest) => Self::After(quoted(rest)?),
                _ => return None,
            },
        })
    }

    /// The vocabulary, for messages.
    pub const WORDS: &'static str = "int, float, bool, ip, ip_i32, ip_hex, port, mac, lower, basename, before:'x', \
         after:'x', trim, base64, urldecode, hex, ms, us, sec, bytes:k, bytes:m";

    /// Whether it gives a number.
    pub fn gives_number(&self) -> bool {
        matches!(
            self,
            Self::Int | Self::Float | Self::Bool | Self::Port | Self::Ms | Self::Us | Self::Sec | Self::Bytes(_)
        )
    }

    fn run<'a>(&self, value: Converted<'a>, kind: Kind) -> Option<Converted<'a>> {
        let text = match value {
            Converted::Text(text) => text,
            Converted::Int(n) => Cow::Owned(n.to_string()),
        };
        let number = |n: Option<i64>| n.map(Converted::Int);
        let made = |text: Option<String>| text.map(|t| Converted::Text(Cow::Owned(t)));
        match self {
            Self::Int => number(int(&text)),
            Self::Float => number(scaled(&text, 1.0)),
            Self::Bool => number(boolean(&text)),
            Self::Ip => ip(text).map(Converted::Text),
            Self::IpI32 => made(ip_i32(&text)),
            Self::IpHex => made(ip_hex(&text)),
            Self::Port => number(port(&text)),
            Self::Mac => made(mac(&text)),
            Self::Lower if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) => Some(Converted::Text(text)),
            Self::Lower => made(Some(text.to_lowercase())),
            Self::Basename => Some(part(text, |t| Some(t.rfind(['/', '\\']).map_or(0, |at| at + 1)..t.len()))?),
            Self::Before(mark) => Some(part(text, |t| Some(0..t.find(&**mark).unwrap_or(t.len())))?),
            Self::After(mark) => Some(part(text, |t| t.find(&**mark).map(|at| at + mark.len()..t.len()))?),
            Self::Trim => Some(part(text, |t| {
                let start = t.len() - t.trim_start().len();
                Some(start..start + t.trim().len())
            })?),
            Self::Base64 => made(base64(&text)),
            Self::UrlDecode if !text.bytes().any(|b| matches!(b, b'%' | b'+')) => Some(Converted::Text(text)),
            Self::UrlDecode => made(Some(url_decode(&text))),
            Self::Hex if kind == Kind::Text => made(hex_text(&text)),
            Self::Hex => number(hex_int(&text)),
            Self::Ms => number(scaled(&text, 1.0)),
            Self::Us => number(scaled(&text, 0.001)),
            Self::Sec => number(scaled(&text, 1_000.0)),
            Self::Bytes(each) => number(scaled(&text, *each as f64)),
        }
    }
}

/// Runs a chain, without the column's own conversion: for text that is parsed again.
pub fn run_steps<'a>(steps: &[Step], text: &'a str) -> Option<Cow<'a, str>> {
    let mut value = Converted::Text(Cow::Borrowed(text));
    for step in steps {
        value = step.run(value, Kind::Text)?;
    }
    Some(match value {
        Converted::Text(text) => text,
        Converted::Int(n) => Cow::Owned(n.to_string()),
    })
}

/// Runs a chain and then what the column's type implies. The flag says whether the column's text is exactly the
/// line's text, so that the native field need not be kept beside it.
#[inline]
pub fn convert<'a>(steps: &[Step], text: &'a str, kind: Kind) -> Option<(Converted<'a>, bool)> {
    if steps.is_empty() {
        return match kind {
            Kind::Text => Some((Converted::Text(Cow::Borrowed(text)), true)),
            Kind::Int | Kind::Time => int(text).map(|n| (Converted::Int(n), is_plain(text))),
            Kind::Port => port(text).map(|n| (Converted::Int(n), is_plain(text))),
            Kind::Ip => ip(Cow::Borrowed(text)).map(|t| {
                let same = t == text;
                (Converted::Text(t), same)
            }),
        };
    }
    let mut value = Converted::Text(Cow::Borrowed(text));
    for step in steps {
        value = step.run(value, kind)?;
    }
    finish(value, kind).map(|value| (value, false))
}

/// Makes a value fit its column.
pub fn finish(value: Converted<'_>, kind: Kind) -> Option<Converted<'_>> {
    match (kind, value) {
        (Kind::Text, Converted::Int(n)) => Some(Converted::Text(Cow::Owned(n.to_string()))),
        (Kind::Text, text) => Some(text),
        (Kind::Ip, Converted::Text(text)) => ip(text).map(Converted::Text),
        (Kind::Ip, Converted::Int(_)) => None,
        (Kind::Port, Converted::Int(n)) => (0..=65_535).contains(&n).then_some(Converted::Int(n)),
        (Kind::Port, Converted::Text(text)) => port(&text).map(Converted::Int),
        (_, Converted::Text(text)) => int(&text).map(Converted::Int),
        (_, number) => Some(number),
    }
}

/// Texts by which devices say that they have nothing to say. A column stays empty for them.
#[inline]
pub fn says_nothing(text: &str) -> bool {
    match text.len() {
        0 => true,
        1 => text == "-",
        3 => matches!(text, "N/A" | "n/a"),
        4 => matches!(text, "null" | "NULL"),
        6 => matches!(text, "(null)" | "(NULL)" | "<null>"),
        _ => false,
    }
}

fn part<'a>(text: Cow<'a, str>, range: impl FnOnce(&str) -> Option<std::ops::Range<usize>>) -> Option<Converted<'a>> {
    let range = range(&text)?;
    Some(Converted::Text(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range)?),
        Cow::Owned(text) => Cow::Owned(text.get(range)?.to_owned()),
    }))
}

/// Whether the text is how the number itself would be written.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || digits.first() != Some(&b'0')) && text != "-0"
}

#[inline]
fn int(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if !bytes.is_empty() && bytes.len() <= 18 {
        let mut value = 0i64;
        for byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return int_odd(text);
            }
            value = value * 10 + i64::from(digit);
        }
        return Some(value);
    }
    int_odd(text)
}

fn int_odd(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(|n| n as i64);
    }
    if let Ok(n) = text.parse::<i64>() {
        return Some(n);
    }
    let half: String = text.chars().map(half_width).collect();
    half.parse()
        .ok()
        .or_else(|| half.parse::<f64>().ok().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
}

/// Full-width digits and signs occur where people type values into Chinese devices.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

fn scaled(text: &str, by: f64) -> Option<i64> {
    let value: f64 = text.trim().parse().ok()?;
    let value = (value * by).round();
    (value.abs() < 9.2e18).then_some(value as i64)
}

fn boolean(text: &str) -> Option<i64> {
    let is = |words: &[&str]| words.iter().any(|w| text.trim().eq_ignore_ascii_case(w));
    if is(&["true", "yes", "on", "1", "是"]) {
        return Some(1);
    }
    is(&["false", "no", "off", "0", "否"]).then_some(0)
}

fn port(text: &str) -> Option<i64> {
    int(text).filter(|n| (0..=65_535).contains(n))
}

/// Canonical text; borrowed if it already is.
fn ip(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if is_plain_v4(text.as_bytes()) {
        return Some(text);
    }
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split('%').next().unwrap_or(bare);
    let address = bare.parse::<IpAddr>().ok().or_else(|| padded_v4(bare))?;
    let canonical = address.to_canonical().to_string();
    Some(if canonical == text { text } else { Cow::Owned(canonical) })
}

/// Four decimal parts without leading zeros.
fn is_plain_v4(text: &[u8]) -> bool {
    let (mut parts, mut value, mut digits) = (1, 0u32, 0);
    for byte in text {
        match byte {
            b'0'..=b'9' if digits < 3 && !(digits == 1 && value == 0) => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && value < 256 && parts < 4 => (parts, value, digits) = (parts + 1, 0, 0),
            _ => return false,
        }
    }
    parts == 4 && digits > 0 && value < 256
}

/// `010.001.002.003`, decimal.
fn padded_v4(text: &str) -> Option<IpAddr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then_some(IpAddr::V4(Ipv4Addr::from(octets)))
}

fn ip_i32(text: &str) -> Option<String> {
    let n: i64 = text.trim().parse().ok()?;
    let bits = if n < 0 { i32::try_from(n).ok()? as u32 } else { u32::try_from(n).ok()? };
    Some(Ipv4Addr::from(bits).to_string())
}

fn ip_hex(text: &str) -> Option<String> {
    let text = text.trim();
    let digits =
        text.strip_prefix("4-").or_else(|| text.strip_prefix("6-")).or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    match digits.len() {
        8 => u32::from_str_radix(digits, 16).ok().map(|n| Ipv4Addr::from(n).to_string()),
        32 => u128::from_str_radix(digits, 16).ok().map(|n| Ipv6Addr::from(n).to_string()),
        _ => None,
    }
}

fn mac(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(17);
    let mut count = 0;
    for c in text.trim().chars() {
        if matches!(c, ':' | '-' | '.') {
            continue;
        }
        if !c.is_ascii_hexdigit() || count == 12 {
            return None;
        }
        if count > 0 && count % 2 == 0 {
            digits.push(':');
        }
        digits.push(c.to_ascii_lowercase());
        count += 1;
    }
    (count == 12).then_some(digits)
}

fn base64(text: &str) -> Option<String> {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text = text.trim();
    let alphabet = if text.contains(['-', '_']) { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    let bytes = GeneralPurpose::new(alphabet, config).decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn url_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (digit(ahead.next()), digit(ahead.next())) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    bytes = ahead;
                }
                _ => out.push(b'%'),
            },
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_text(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix("0x").unwrap_or(text.trim());
    hex::decode(digits).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn hex_int(text: &str) -> Option<i64> {
    let digits = text.trim();
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
    u64::from_str_radix(digits, 16).ok().map(|n| n as i64)
}
