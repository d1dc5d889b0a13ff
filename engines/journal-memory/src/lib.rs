//! The journal in memory: the obvious implementation that tests and the conformance suite hold the others against.
//!
//! Nothing is durable here, so it never runs in production.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use wardwatch_event::{LineBatch, Received};
use wardwatch_ident::{BatchKey, Cursor, EventId, NodeId, SourceId};
use wardwatch_journal::{
    Accounts, AppendFault, Appended, Journal, JournalAccounts, ReadFault, after, body_hash, pack, part,
};
use wardwatch_limits::BATCH_KEYS_PER_SOURCE;

/// Keeps every batch until it is covered.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    node: NodeId,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    end: u64,
    /// By the sequence number of the first line.
    batches: BTreeMap<u64, LineBatch>,
    keys: HashMap<SourceId, Keys>,
    accounts: Accounts,
    waiting: Vec<Waker>,
}

#[derive(Debug, Default)]
struct Keys {
    known: HashMap<BatchKey, ([u8; 32], Cursor)>,
    order: VecDeque<BatchKey>,
}

impl MemoryJournal {
    /// An empty journal whose events carry this node.
    pub fn new(node: NodeId) -> Self {
        Self { node, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, batch: Received) -> Result<Appended, AppendFault> {
        // Packed only to refuse what the other engines refuse.
        pack(&batch).map_err(|e| AppendFault::Io(e.to_string()))?;
        let mut kept = self.kept();
        let hash = batch.key.as_ref().map(|key| (key.clone(), body_hash(&batch)));
        if let Some((key, hash)) = &hash
            && let Some((known, cursor)) = kept.keys.get(&batch.source).and_then(|keys| keys.known.get(key))
        {
            if known != hash {
                return Err(AppendFault::KeyTaken(key.clone()));
            }
            let cursor = *cursor;
            kept.accounts.repeated(batch.tenant(), batch.source);
            return Ok(Appended::Known(cursor));
        }
        let first = kept.end + 1;
        kept.end += batch.len().max(1) as u64;
        let cursor = Cursor(kept.end);
        if let Some((key, hash)) = hash {
            kept.keys.entry(batch.source).or_default().remember(key, hash, cursor);
        }
        kept.accounts.batch(&batch);
        let first_id = EventId::new(batch.at, self.node, first);
        kept.batches.insert(first, LineBatch { received: batch, first: first_id });
        kept.waiting.drain(..).for_each(Waker::wake);
        Ok(Appended::Stored(cursor))
    }
}

impl Keys {
    fn remember(&mut self, key: BatchKey, hash: [u8; 32], cursor: Cursor) {
        self.known.insert(key.clone(), (hash, cursor));
        self.order.push_back(key);
        if self.order.len() > BATCH_KEYS_PER_SOURCE
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

impl Journal for MemoryJournal {
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Appended, AppendFault>> {
        async move { self.append_now(batch) }.boxed()
    }

    fn read(&self, cursor: Cursor, bytes_max: usize) -> Result<Vec<LineBatch>, ReadFault> {
        let kept = self.kept();
        let start = kept.batches.range(..=cursor.0.saturating_add(1)).next_back().map_or(0, |(first, _)| *first);
        let mut found: Vec<LineBatch> = Vec::new();
        let mut bytes = 0;
        for batch in kept.batches.range(start..).filter_map(|(_, batch)| after(batch.clone(), cursor)) {
            bytes += batch.received.bytes.len();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            let Some(piece) = part(&batch, cursor, bytes_max) else { break };
            let full = bytes >= bytes_max || piece.through() < batch.through();
            found.push(piece);
            if full {
                break;
            }
        }
        Ok(found)
    }

    fn end(&self) -> Cursor {
        Cursor(self.kept().end)
    }

    fn appended(&self, after: Cursor) -> BoxFuture<'_, ()> {
        futures::future::poll_fn(move |cx| {
            let mut kept = self.kept();
            if kept.end > after.0 {
                return Poll::Ready(());
            }
            kept.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .boxed()
    }

    fn covered(&self, through: Cursor) -> Result<(), ReadFault> {
        self.kept().batches.retain(|_, batch| batch.through() > through);
        Ok(())
    }

    fn accounts(&self) -> Result<JournalAccounts, ReadFault> {
        Ok(self.kept().accounts.list())
    }
}
