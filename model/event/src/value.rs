//! One value: as the device wrote it, and as a typed column.

use std::borrow::Cow;

/// What kind of value the format says it is. Formats without types (key-value, CSV, …) give text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NativeKind {
    /// Text.
    Text,
    /// A JSON number, by its own digits.
    Number,
    /// `true` or `false`.
    Bool,
    /// JSON `null`; the text is empty.
    Null,
}

/// A native value with its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Native<'b> {
    /// What the format says it is.
    pub kind: NativeKind,
    /// The text, decoded and unescaped.
    pub text: &'b str,
    /// Byte range in the raw line that it came from (the whole escaped or encoded value, where it was unescaped).
    pub raw: (u32, u32),
}

/// A value converted to the type of its column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ColumnValue<'b> {
    /// Text, or an address in canonical text.
    Text(Cow<'b, str>),
    /// A whole number, a port, or an instant in microseconds.
    Int(i64),
}
