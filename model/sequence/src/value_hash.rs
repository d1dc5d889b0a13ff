//! How values are told apart: 128 bits of a keyed hash that is the same in every version, for it is kept in snapshots.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The hash of a folded value.
pub(crate) fn hash_value(value: &[u8]) -> u128 {
    let mut hasher = SipHasher13::new_with_keys(0x7761_7264_7761_7463, 0x6469_7374_696e_6374);
    hasher.write(value);
    hasher.finish128().as_u128()
}
