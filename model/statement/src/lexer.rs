//! Text to tokens: comments dropped, literals told from names, for the dialects of four databases at once.
//!
//! Where dialects read the same bytes differently, the reading that shows more is taken: a comment inside a comment
//! ends at the first `*/`, so that nothing is hidden from one database by what another would skip.

use crate::Dialect;

/// One token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token<'t> {
    /// A bare word: keyword or name.
    Word(&'t str),
    /// A name in quotes, without them; `quotes` says whether it stood in `"`.
    Name {
        /// Inside the quotes, doubled closing quotes left as they are.
        text: &'t str,
        /// In `"`, which MySQL reads as a literal.
        doubtful: bool,
    },
    /// A text literal, without its quotes.
    Text(&'t str),
    /// A number, or a place for a parameter.
    Value(&'t str),
    /// One sign: `(`, `)`, `,`, `.`, `;`, `*`, `=`, or another.
    Sign(char),
}

/// Cuts a statement into tokens. Never fails: what does not end is cut at the end of the text.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
    /// The byte before the current token, 0 after blanks: tells `a[1]` from `[a]`.
    close_before: bool,
    /// A literal or a comment had no end.
    pub(crate) unended: bool,
    /// Bytes looked at.
    pub(crate) work: u64,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str, dialect: Dialect) -> Self {
        Self { text, at: 0, dialect, close_before: false, unended: false, work: 0 }
    }

    /// True if nothing but a dot follows the token just read: the next token belongs to the same name.
    pub(crate) fn dot_follows(&self) -> bool {
        self.peek(0) == b'.'
    }

    /// The word behind an opening bracket, if one follows (at most some blanks away); empty if it holds no bare word first.
    pub(crate) fn bracket_ahead(&self) -> Option<&'t str> {
        let near = self.slice(self.at, self.text.floor_char_boundary(self.at + 64));
        let inside = near.trim_ascii_start().strip_prefix('(')?.trim_ascii_start();
        let end = inside.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'_').unwrap_or(inside.len());
        Some(inside.get(..end).unwrap_or_default())
    }

    /// Byte so far ahead, 0 at the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to.min(self.text.len())).unwrap_or_default()
    }

    /// Moves on by bytes that are known to be whole characters.
    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.work += bytes as u64;
    }

    /// Moves behind the next `end`; gives what was before it.
    fn until(&mut self, end: &str) -> &'t str {
        let from = self.at;
        let rest = self.slice(from, self.text.len());
        match rest.find(end) {
            Some(found) => {
                self.skip(found + end.len());
                self.slice(from, from + found)
            }
            None => {
                self.skip(rest.len());
                self.unended = true;
                rest
            }
        }
    }

    /// A quoted text; the quote was read. Doubled quotes go on, a backslash may.
    fn quoted(&mut self, quote: u8, backslash: bool) -> &'t str {
        let from = self.at;
        loop {
            match self.peek(0) {
                0 if self.at >= self.text.len() => {
                    self.unended = true;
                    return self.slice(from, self.text.len());
                }
                b if b == quote => {
                    if self.peek(1) == quote {
                        self.skip(2);
                        continue;
                    }
                    self.skip(1);
                    return self.slice(from, self.at - 1);
                }
                b'\\' if backslash && self.peek(1) == quote && self.ends_after_backslash() => self.skip(1),
                b'\\' if backslash && self.peek(1) < 0x80 => self.skip(2.min(self.text.len() - self.at)),
                _ => self.skip(1),
            }
        }
    }

    /// `'C:\'` ends there for all but MySQL. Without a dialect the bytes behind tell: a comma, a bracket or the end after
    /// the quote end the text; a letter does not.
    fn ends_after_backslash(&self) -> bool {
        self.dialect == Dialect::Unknown && matches!(self.peek(2), 0 | b',' | b')' | b';' | b'\r' | b'\n')
    }

    fn blanks_and_comments(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (0, _) if self.at >= self.text.len() => return,
                (b, _) if b <= b' ' => self.skip(1),
                // A blank of East Asian width, one that does not break, and a byte order mark.
                (0xe3, 0x80) if self.peek(2) == 0x80 => self.skip(3),
                (0xc2, 0xa0) => self.skip(2),
                (0xef, 0xbb) if self.peek(2) == 0xbf => self.skip(3),
                (b'-', b'-') => self.line(),
                (b'#', next) if !is_word_byte(next) && !matches!(next, b'#' | b'>' | b'-' | b'{') => self.line(),
                (b'/', b'*') if self.peek(2) == b'!' => {
                    // MySQL runs what stands here, from a version on.
                    self.skip(3);
                    while self.peek(0).is_ascii_digit() {
                        self.skip(1);
                    }
                }
                (b'/', b'*') => {
                    self.skip(2);
                    self.until("*/");
                }
                (b'*', b'/') => self.skip(2),
                _ => return,
            }
            self.close_before = false;
        }
    }

    fn line(&mut self) {
        let unended = self.unended;
        self.until("\n");
        self.unended = unended;
    }

    /// `q'[..]'`: the quote follows; Oracle closes with the mirrored bracket and a quote.
    fn oracle_quoted(&mut self) -> &'t str {
        self.skip(1);
        let open = self.slice(self.at, self.text.len()).chars().next().unwrap_or('\'');
        self.skip(open.len_utf8().min(self.text.len() - self.at));
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let mut end = String::from(close);
        end.push('\'');
        self.until(&end)
    }

    fn word_end(&self) -> usize {
        let rest = self.slice(self.at, self.text.len());
        let end = rest.char_indices().find(|(_, c)| !is_word_char(*c)).map_or(rest.len(), |(at, _)| at);
        self.at + end
    }

    fn word(&mut self) -> Token<'t> {
        let from = self.at;
        let end = self.word_end();
        self.skip(end - from);
        let word = self.slice(from, end);
        if self.peek(0) == b'\'' {
            if ["q", "nq"].iter().any(|p| word.eq_ignore_ascii_case(p)) && self.dialect.may_be(Dialect::Oracle) {
                return Token::Text(self.oracle_quoted());
            }
            let escaping = word.eq_ignore_ascii_case("e");
            // N'', X'', B'', and character sets of MySQL (`_utf8''`).
            if escaping || word.len() == 1 || word.starts_with('_') {
                self.skip(1);
                return Token::Text(self.quoted(b'\'', escaping || self.dialect.escapes()));
            }
        }
        Token::Word(word)
    }

    fn number(&mut self) -> Token<'t> {
        let from = self.at;
        while is_word_byte(self.peek(0)) && self.peek(0) < 0x80 || self.peek(0) == b'.' && self.peek(1).is_ascii_digit()
        {
            self.skip(1);
        }
        Token::Value(self.slice(from, self.at))
    }

    /// `:name`, `@name`, `@@name`, `$1`, `#{name}`, `${name}`: places for values.
    fn parameter(&mut self, marks: usize) -> Token<'t> {
        let from = self.at;
        self.skip(marks);
        if self.slice(self.at - 1, self.at) == "{" {
            self.until("}");
        } else {
            let end = self.word_end();
            self.skip(end - self.at);
        }
        Token::Value(self.slice(from, self.at))
    }

    /// `$tag$ .. $tag$` of PostgreSQL, if there is an opening tag here.
    fn dollar_quoted(&mut self) -> Option<Token<'t>> {
        let tag_end =
            self.slice(self.at + 1, self.text.len()).bytes().take(64).position(|b| !is_word_byte(b) || b == b'$')?;
        let tag = self.slice(self.at, self.at + tag_end + 2);
        if !tag.ends_with('$') || tag.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        self.skip(tag.len());
        Some(Token::Text(self.until(tag)))
    }

    fn sign(&mut self) -> Token<'t> {
        let sign = self.slice(self.at, self.text.len()).chars().next().unwrap_or(' ');
        self.skip(sign.len_utf8());
        Token::Sign(sign)
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.blanks_and_comments();
        if self.at >= self.text.len() {
            return None;
        }
        let (byte, next) = (self.peek(0), self.peek(1));
        let token = match byte {
            b'\'' => {
                self.skip(1);
                Token::Text(self.quoted(b'\'', self.dialect.escapes()))
            }
            b'"' => {
                self.skip(1);
                let text = self.quoted(b'"', self.dialect == Dialect::MySql);
                if self.dialect == Dialect::MySql { Token::Text(text) } else { Token::Name { text, doubtful: true } }
            }
            b'`' => {
                self.skip(1);
                Token::Name { text: self.quoted(b'`', false), doubtful: false }
            }
            b'[' if !self.close_before && self.dialect.may_be(Dialect::SqlServer) => {
                self.skip(1);
                Token::Name { text: self.quoted(b']', false), doubtful: false }
            }
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() && !self.close_before => self.number(),
            b'?' => self.parameter(1),
            b'$' if next == b'{' => self.parameter(2),
            b'$' => match self.dollar_quoted() {
                Some(token) => token,
                None => self.parameter(1),
            },
            b'#' if next == b'{' => self.parameter(2),
            b'#' if is_word_byte(next) || next == b'#' => self.word(),
            b'@' if next == b'@' => self.parameter(2),
            b'@' => self.parameter(1),
            b':' if next == b':' || next == b'=' => self.sign(),
            b':' if is_word_byte(next) => self.parameter(1),
            _ if is_word_byte(byte) && self.word_end() > self.at => self.word(),
            _ => self.sign(),
        };
        self.close_before = !matches!(token, Token::Sign(s) if !matches!(s, ')' | ']'));
        Some(token)
    }
}

/// Letters, digits, `_`, `$`, `#` and whatever is no ASCII may stand in a name.
fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#') || byte >= 0x80
}

fn is_word_char(c: char) -> bool {
    if c.is_ascii() { is_word_byte(c as u8) } else { c.is_alphanumeric() }
}
