//! What detection remembers.

use crate::MemoryLedger;
use futures::FutureExt;
use futures::future::BoxFuture;
use wardwatch_detect::{BookFault, Checkpoints, Piece};
use wardwatch_ident::{Cursor, Timestamp};

impl Checkpoints for MemoryLedger {
    fn load(&self) -> Result<(Cursor, Vec<Piece>), BookFault> {
        let kept = self.kept();
        let piece = |(name, bytes): (&String, &Vec<u8>)| Piece { name: name.clone(), bytes: bytes.clone() };
        Ok((kept.memory_at, kept.memory.iter().map(piece).collect()))
    }

    fn save<'a>(
        &'a self,
        at: Cursor,
        changed: &'a [Piece],
        gone: &'a [String],
        forget: Timestamp,
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        async move {
            let mut kept = self.kept();
            gone.iter().for_each(|name| drop(kept.memory.remove(name)));
            for piece in changed {
                kept.memory.insert(piece.name.clone(), piece.bytes.clone());
            }
            kept.said.retain(|_, received| *received >= forget);
            kept.memory_at = at;
            Ok(())
        }
        .boxed()
    }

    fn covered(&self) -> Result<Cursor, BookFault> {
        Ok(self.kept().memory_at)
    }
}
