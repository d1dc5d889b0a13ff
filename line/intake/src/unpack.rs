//! How is a compressed body or file opened without letting it grow past its bound?
//!
//! The size is checked while unpacking, never believed from a header.

use std::io::Read;

/// How bytes are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// Not at all.
    None,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 8878, any number of frames.
    Zstd,
}

/// Why a packed body was not opened. Offsets are bytes of the packed form.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum UnpackFault {
    /// A bomb, or too much at once.
    #[error("the body grows past {max} bytes when unpacked (at byte {at} of the packed form); send less at once")]
    TooLarge {
        /// The bound.
        max: usize,
        /// Where.
        at: u64,
    },
    /// Other bodies fill the memory that is set aside for them.
    #[error("too many bodies are being read at once; send again in a moment")]
    NoRoom,
    /// It breaks off or is damaged.
    #[error("the packed body is damaged or breaks off at byte {at}: {why}")]
    Broken {
        /// Where.
        at: u64,
        /// What the decoder said.
        why: String,
    },
}

/// A body is unpacked in pieces of this size.
const PIECE_BYTES: usize = 1024 * 1024;
/// The largest window of a zstd frame (16 MiB): the decoder takes so much memory on the frame's word alone.
const ZSTD_WINDOW_LOG: u32 = 24;
/// The same for files, which an operator names: what `zstd --long` writes (128 MiB).
const ZSTD_WINDOW_LOG_FILE: u32 = 27;

impl Packing {
    /// From the first bytes of a file.
    pub fn from_magic(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// From a `Content-Encoding`.
    pub fn from_encoding(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::None),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Zlib),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Opens a whole body of at most `max` bytes. `grow` is asked for room before each piece is kept; if there is none, the
/// answer is [`UnpackFault::NoRoom`].
pub fn unpack(
    packing: Packing,
    body: &[u8],
    max: usize,
    grow: &mut dyn FnMut(usize) -> bool,
) -> Result<Vec<u8>, UnpackFault> {
    let mut input = std::io::Cursor::new(body);
    let outcome = match packing {
        Packing::None => pour(&mut input, max, grow),
        Packing::Gzip => pour(&mut flate2::bufread::MultiGzDecoder::new(&mut input), max, grow),
        Packing::Zlib => pour(&mut flate2::bufread::ZlibDecoder::new(&mut input), max, grow),
        Packing::Zstd => match zstd::stream::read::Decoder::with_buffer(&mut input) {
            Ok(mut decoder) => {
                let _ = decoder.window_log_max(ZSTD_WINDOW_LOG);
                pour(&mut decoder, max, grow)
            }
            Err(error) => Err(Spill::Broken(error.to_string())),
        },
    };
    let at = input.position();
    outcome.map_err(|spill| match spill {
        Spill::NoRoom => UnpackFault::NoRoom,
        Spill::TooLarge => UnpackFault::TooLarge { max, at },
        Spill::Broken(why) => UnpackFault::Broken { at, why },
    })
}

enum Spill {
    NoRoom,
    TooLarge,
    Broken(String),
}

fn pour(input: &mut dyn Read, max: usize, grow: &mut dyn FnMut(usize) -> bool) -> Result<Vec<u8>, Spill> {
    let mut out = Vec::new();
    loop {
        let before = out.len();
        let piece = (PIECE_BYTES as u64).min((max - before) as u64 + 1);
        input.take(piece).read_to_end(&mut out).map_err(|e| Spill::Broken(e.to_string()))?;
        match out.len() - before {
            0 => return Ok(out),
            _ if out.len() > max => return Err(Spill::TooLarge),
            more if !grow(more) => return Err(Spill::NoRoom),
            _ => {}
        }
    }
}

/// Opens a file while it is read; what comes out ends with an error after `max` bytes.
pub(crate) fn unpacking(
    packing: Packing,
    file: impl std::io::BufRead + Send + 'static,
    max: u64,
) -> std::io::Result<Box<dyn Read + Send>> {
    let inner: Box<dyn Read + Send> = match packing {
        Packing::None => return Ok(Box::new(file)),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Packing::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(file)),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_FILE)?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Capped { inner, left: max }))
}

struct Capped {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Capped {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(out)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            std::io::Error::other("it grows past the bound of an unpacked file; unpack it by other means")
        })?;
        Ok(read)
    }
}
