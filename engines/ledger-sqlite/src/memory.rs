//! What detection remembers: the queries of port `Checkpoints`.

use crate::alert_book::{move_position, position};
use crate::open::SqliteLedger;
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::params;
use std::io::Read;
use wardwatch_detect::{BookFault, Checkpoints, Piece};
use wardwatch_ident::{Cursor, Timestamp};
use wardwatch_limits::MEMORY_PIECE_BYTES;

const PIECES: &str = "SELECT name, body FROM memory ORDER BY name";
const KEEP: &str = "INSERT INTO memory (name, body) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET body = excluded.body";
const DROP: &str = "DELETE FROM memory WHERE name = $1";
const FORGET: &str = "DELETE FROM said WHERE received < $1";

/// A fault on its way out of a transaction.
struct Fault(Box<dyn std::error::Error + Send + Sync>);

impl From<rusqlite::Error> for Fault {
    fn from(e: rusqlite::Error) -> Self {
        Self(Box::new(e))
    }
}

impl From<std::io::Error> for Fault {
    fn from(e: std::io::Error) -> Self {
        Self(Box::new(e))
    }
}

fn book(Fault(fault): Fault) -> BookFault {
    BookFault::Engine(fault)
}

fn unpacked(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::with_buffer(body)?.take(MEMORY_PIECE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl SqliteLedger {
    fn save_memory(&self, at: Cursor, changed: &[Piece], gone: &[String], forget: Timestamp) -> Result<(), Fault> {
        // Packed before the transaction: others wait for the writer as short as possible.
        let mut bodies = Vec::with_capacity(changed.len());
        for piece in changed {
            bodies.push((&piece.name, zstd::bulk::compress(&piece.bytes, 1)?));
        }
        self.write(|tx| {
            for (name, body) in &bodies {
                tx.prepare_cached(KEEP)?.execute(params![name, body])?;
            }
            for name in gone {
                tx.prepare_cached(DROP)?.execute([name])?;
            }
            tx.prepare_cached(FORGET)?.execute([forget.as_micros()])?;
            Ok(move_position(tx, "memory", at)?)
        })
    }
}

impl Checkpoints for SqliteLedger {
    fn load(&self) -> Result<(Cursor, Vec<Piece>), BookFault> {
        let read = |conn: &rusqlite::Connection| -> Result<_, Fault> {
            let mut pieces = Vec::new();
            let mut rows = conn.prepare_cached(PIECES)?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                // A damaged piece is handed on empty: that part begins anew and is named, the others stay.
                let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                let bytes = unpacked(body).unwrap_or_default();
                pieces.push(Piece { name: row.get(0)?, bytes });
            }
            Ok((position(conn, "memory")?, pieces))
        };
        self.read(read).map_err(book)
    }

    fn save<'a>(
        &'a self,
        at: Cursor,
        changed: &'a [Piece],
        gone: &'a [String],
        forget: Timestamp,
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        async move { self.save_memory(at, changed, gone, forget).map_err(book) }.boxed()
    }

    fn covered(&self) -> Result<Cursor, BookFault> {
        self.read(|conn| -> Result<_, Fault> { Ok(position(conn, "memory")?) }).map_err(book)
    }
}
