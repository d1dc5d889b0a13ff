//! A statement without its values: what two runs of the same program have in common.

use crate::lexer::Token;

/// What a piece is, as far as lists of literals need to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece {
    Other,
    Literal,
    Comma,
    Open,
    Close,
    Minus,
    /// A sign after which a minus belongs to a number.
    Operator,
}

/// Builds the text token by token; lists of literals fold as they come.
#[derive(Default)]
pub(crate) struct Normal {
    text: String,
    /// The last pieces with where each starts, newest last.
    last: Vec<(Piece, usize)>,
}

/// Pieces that are remembered: folding looks six back, and takes some away again.
const PIECES: usize = 64;

impl Normal {
    pub(crate) fn push(&mut self, token: Token<'_>) {
        match token {
            Token::Word(word) => self.word(word),
            Token::Name { text, doubtful } => {
                // MySQL writes literals in double quotes; behind a comparison it is one, unless it goes on with a dot.
                if doubtful && self.ends_with(&[Piece::Operator]) { self.literal() } else { self.word(text) }
            }
            Token::Text(_) | Token::Value(_) => self.literal(),
            Token::Sign(sign) => self.sign(sign),
        }
    }

    pub(crate) fn text(self) -> String {
        self.text
    }

    fn ends_with(&self, pieces: &[Piece]) -> bool {
        let from = self.last.len().checked_sub(pieces.len());
        from.and_then(|from| self.last.get(from..)).is_some_and(|last| last.iter().map(|(p, _)| p).eq(pieces))
    }

    fn remember(&mut self, piece: Piece) {
        if self.last.len() >= PIECES {
            self.last.drain(..PIECES / 2);
        }
        self.last.push((piece, self.text.len()));
    }

    fn add(&mut self, piece: Piece) {
        self.remember(piece);
        if !self.text.is_empty() && !self.text.ends_with('.') {
            self.text.push(' ');
        }
    }

    /// Takes the last pieces away again.
    fn drop_last(&mut self, pieces: usize) {
        for _ in 0..pieces {
            if let Some((_, start)) = self.last.pop() {
                self.text.truncate(start);
            }
        }
    }

    fn word(&mut self, word: &str) {
        self.add(Piece::Other);
        lower_into(word, &mut self.text);
    }

    fn literal(&mut self) {
        for before in [Piece::Comma, Piece::Open, Piece::Operator] {
            if self.ends_with(&[before, Piece::Minus]) {
                self.drop_last(1);
            }
        }
        if self.ends_with(&[Piece::Literal, Piece::Comma]) {
            self.drop_last(1);
            return;
        }
        self.add(Piece::Literal);
        self.text.push('?');
    }

    fn sign(&mut self, sign: char) {
        use Piece::{Close, Comma, Literal, Open};
        if sign == '.' {
            // Names are written in one piece.
            self.remember(Piece::Other);
            self.text.push('.');
            return;
        }
        if sign == ')' && self.ends_with(&[Open, Literal, Close, Comma, Open, Literal]) {
            self.drop_last(3);
            return;
        }
        self.add(match sign {
            ',' => Comma,
            '(' => Open,
            ')' => Close,
            '-' => Piece::Minus,
            '=' | '<' | '>' | '+' | '/' | '%' | '|' => Piece::Operator,
            _ => Piece::Other,
        });
        self.text.push(sign);
    }
}

/// Appends in lower case.
pub(crate) fn lower_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let from = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(from..) {
            added.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
    }
}
