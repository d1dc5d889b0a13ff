//! Bytes that were checked to be UTF-8 and can be read as text without another check, sharing the bytes' memory.

use bytes::Bytes;
use std::fmt;
use std::ops::Deref;

/// Text in shared bytes. Cheap to clone.
#[derive(Clone, Default)]
pub struct Checked {
    /// UTF-8: nothing but the constructors below makes one, and nothing changes it.
    bytes: Bytes,
    ascii: bool,
}

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

impl Checked {
    /// Checks bytes.
    ///
    /// # Errors
    /// [`NotText`] if they are no UTF-8.
    pub fn new(bytes: Bytes) -> Result<Self, NotText> {
        let ascii = bytes.is_ascii();
        if ascii || simdutf8::basic::from_utf8(&bytes).is_ok() {
            return Ok(Self { bytes, ascii });
        }
        Err(NotText)
    }

    /// Whether every character is ASCII.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The text.
    #[inline]
    #[must_use]
    #[allow(unsafe_code, reason = "values are read many times and were checked once")]
    pub fn as_str(&self) -> &str {
        // SAFETY: every constructor checks `bytes` or takes them from a `String`, the field is private and never
        // changed, and `Bytes` gives nobody else a way to change what it shares.
        unsafe { std::str::from_utf8_unchecked(&self.bytes) }
    }

    /// The text, checked once more: the twin of [`Checked::as_str`].
    #[must_use]
    pub fn as_str_checked_again(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl From<String> for Checked {
    fn from(text: String) -> Self {
        let ascii = text.is_ascii();
        Self { bytes: text.into_bytes().into(), ascii }
    }
}

impl Deref for Checked {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
