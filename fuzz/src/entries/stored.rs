//! What lies on disk and may be damaged there.

/// The version byte of a packed batch.
const VERSION: u8 = 1;

/// A blob as it is, and once more with the head that lets it past the checksum. What unpacks packs to the same.
pub fn journal_blob(data: &[u8]) {
    let mut headed = vec![VERSION];
    headed.extend(crc32c::crc32c(data).to_le_bytes());
    headed.extend(data);
    for blob in [data, &headed] {
        let Ok(batch) = wardwatch_journal::unpack(blob) else { continue };
        let Ok(packed) = wardwatch_journal::pack(&batch) else { continue };
        match wardwatch_journal::unpack(&packed) {
            Ok(again) => assert_eq!((again.bytes, again.ends), (batch.bytes, batch.ends)),
            Err(fault) => panic!("what was packed is refused: {fault}"),
        }
    }
}
