//! A mark that makes a line unique and countable: `wardwatch-send=<epoch>-<number>`.

/// How a mark begins.
pub const MARK: &str = "wardwatch-send=";
/// Digits of the number: a prefix of a mark then stands for a whole range of numbers.
pub(crate) const DIGITS: usize = 10;

/// The line with its mark: behind the text, or as a last field of a JSON object.
pub fn marked(line: &[u8], epoch: &str, number: u64) -> Vec<u8> {
    let mark = format!("{MARK}{epoch}-{number:0DIGITS$}");
    let text = line.trim_ascii_end();
    match text.strip_suffix(b"}").filter(|_| text.trim_ascii_start().starts_with(b"{")) {
        Some(open) => {
            let comma = if open.trim_ascii_end().ends_with(b"{") { "" } else { "," };
            [open, format!("{comma}\"wardwatch_send\":\"{mark}\"}}").as_bytes()].concat()
        }
        None => [line, b" ", mark.as_bytes()].concat(),
    }
}

/// The number of the mark of this run in a line.
pub fn number_of(line: &str, epoch: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!("{MARK}{epoch}-"))?;
    rest.get(..DIGITS)?.parse().ok()
}
