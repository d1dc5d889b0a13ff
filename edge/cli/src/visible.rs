//! Text from a log line, a rule or a file name, made safe for a terminal.

/// Control characters (C0, C1), and those that turn or break the line they stand in, become `·`: a log line must not
/// move the cursor, set a title, or show itself backwards.
pub fn visible(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if harmful(c) { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_comes_through() {
        for (text, shown) in [
            ("plain 中文", "plain 中文"),
            ("\u{1b}]0;title\u{7}x", "·]0;title·x"),
            ("a\u{9b}31m", "a·31m"),
            ("exe.\u{202e}gpj", "exe.·gpj"),
            ("two\nlines", "two·lines"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
