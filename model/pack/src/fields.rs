//! Native field names, interned once per pack so that a rule compares integers.

/// A native field name by number: first the pack's own names, then what a batch met besides (its extras).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldId(pub u16);

/// Names in a fixed order, found by an open-addressing table: a look-up is one hash and, nearly always, one comparison. Names come from packs and from lines of known sources; a flood of colliding
/// names only slows its own line, which holds at most `limits::FIELDS` of them.
#[derive(Debug, Default, Clone)]
pub struct Fields {
    names: Vec<Box<str>>,
    /// `hash << 16 | id + 1`; 0 is empty. The length is a power of two, at most half full.
    slots: Vec<u64>,
}

impl Fields {
    /// The id of a name, given one if it is new; `None` when 65,534 names are taken.
    pub fn intern(&mut self, name: &str) -> Option<FieldId> {
        if let Some(id) = self.id(name) {
            return Some(id);
        }
        let id = FieldId(u16::try_from(self.names.len()).ok().filter(|n| *n < u16::MAX - 1)?);
        self.names.push(name.into());
        if self.names.len() * 2 > self.slots.len() {
            self.grow();
        } else {
            place(&mut self.slots, hash(name.as_bytes()), id);
        }
        Some(id)
    }

    /// The id of a known name.
    #[inline]
    pub fn id(&self, name: &str) -> Option<FieldId> {
        self.id_hashed(hash(name.as_bytes()), name)
    }

    /// As [`Fields::id`], with the name's [`hash`] at hand (one hash serves the pack's table and the batch's).
    #[inline]
    pub fn id_hashed(&self, hash: u64, name: &str) -> Option<FieldId> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot >> 16 == hash >> 16 {
                let id = FieldId((slot as u16).wrapping_sub(1));
                if self.name(id) == Some(name) {
                    return Some(id);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// The name of an id of this table.
    #[inline]
    pub fn name(&self, id: FieldId) -> Option<&str> {
        self.names.get(usize::from(id.0)).map(AsRef::as_ref)
    }

    /// All names, by id.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// No names at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn grow(&mut self) {
        let mut slots = vec![0; (self.names.len() * 4).next_power_of_two().max(16)];
        for (at, name) in self.names.iter().enumerate() {
            place(&mut slots, hash(name.as_bytes()), FieldId(at as u16));
        }
        self.slots = slots;
    }
}

fn place(slots: &mut [u64], hash: u64, id: FieldId) {
    let Some(mask) = slots.len().checked_sub(1) else { return };
    let mut at = hash as usize & mask;
    while let Some(slot) = slots.get_mut(at) {
        if *slot == 0 {
            *slot = (hash >> 16 << 16) | u64::from(id.0 + 1);
            return;
        }
        at = (at + 1) & mask;
    }
}

/// Mixes the length and all bytes, eight at a time.
#[inline]
pub fn hash(name: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(0);
    let len = name.len();
    let (a, b, c) = if len >= 8 {
        let head = name.get(..8).map_or(0, word);
        let tail = name.get(len - 8..).map_or(0, word);
        (head, name.get(8..16).map_or(0, word), tail)
    } else if len >= 4 {
        let half = |bytes: Option<&[u8]>| {
            bytes.and_then(|b| b.try_into().ok()).map_or(0, |b: [u8; 4]| u64::from(u32::from_le_bytes(b)))
        };
        (half(name.get(..4)) | (half(name.get(len - 4..)) << 32), 0, 0)
    } else {
        (name.iter().fold(0, |acc, byte| (acc << 8) | u64::from(*byte)), 0, 0)
    };
    let middle = name.get(16..len.max(24) - 8).unwrap_or_default();
    let a = middle.chunks(8).fold(a, |mixed, bytes| {
        let mut padded = [0; 8];
        padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        (mixed ^ u64::from_le_bytes(padded)).wrapping_mul(K).rotate_left(29)
    });
    let mixed =
        (a ^ (len as u64)).wrapping_mul(K) ^ b.wrapping_mul(K).rotate_left(23) ^ c.wrapping_mul(K).rotate_left(41);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(K);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_numbers_in_order_and_are_found_again() {
        let mut fields = Fields::default();
        let names: Vec<String> =
            (0..3_000).map(|n| format!("{}{}{n}", "长字段".repeat(n % 5), "x".repeat(n % 30))).collect();
        for (at, name) in names.iter().enumerate() {
            assert_eq!(fields.id(name), None);
            assert_eq!(fields.intern(name), Some(FieldId(at as u16)));
        }
        for (at, name) in names.iter().enumerate() {
            assert_eq!(fields.id(name), Some(FieldId(at as u16)), "{name}");
            assert_eq!(fields.name(FieldId(at as u16)), Some(name.as_str()));
        }
        assert_eq!((fields.id("absent"), fields.len()), (None, 3_000));
    }
}
