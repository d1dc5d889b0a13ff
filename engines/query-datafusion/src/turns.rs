//! Whose search runs next. A reader has one search of a hospital at work at a time, so that whoever asks a hundred
//! things at once waits for himself and not others for him; over all readers a few run and a few dozen wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wardwatch_access::OpContext;
use wardwatch_ident::TenantId;
use wardwatch_limits::{SEARCHES, SEARCHES_WAITING, SEARCHES_WAITING_EACH};
use wardwatch_search::SearchFault;

type Reader = (String, TenantId);

/// The searches that run and wait.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    readers: Mutex<HashMap<Reader, Own>>,
}

/// One reader's turn, and how many of his searches there are.
#[derive(Debug)]
struct Own {
    turn: Arc<Semaphore>,
    searches: usize,
}

/// A search's turn; ends when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _listed: Listed,
}

/// A search that is counted.
#[derive(Debug)]
struct Listed {
    turns: Arc<Turns>,
    reader: Reader,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut readers = self.turns.readers();
        if let Some(own) = readers.get_mut(&self.reader) {
            own.searches -= 1;
            if own.searches == 0 {
                readers.remove(&self.reader);
            }
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(SEARCHES)), readers: Mutex::default() }
    }
}

impl Turns {
    fn readers(&self) -> MutexGuard<'_, HashMap<Reader, Own>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the reader's turn.
    ///
    /// # Errors
    /// [`SearchFault::TooMany`] at once, if as many wait as may.
    pub async fn take(self: &Arc<Self>, cx: &OpContext) -> Result<Turn, SearchFault> {
        let (listed, own) = self.list(cx)?;
        let own = own.acquire_owned().await.map_err(|e| SearchFault::Engine(e.into()))?;
        let all = Arc::clone(&self.all).acquire_owned().await.map_err(|e| SearchFault::Engine(e.into()))?;
        Ok(Turn { _all: all, _own: own, _listed: listed })
    }

    fn list(self: &Arc<Self>, cx: &OpContext) -> Result<(Listed, Arc<Semaphore>), SearchFault> {
        let reader = (format!("{:?}", cx.who), cx.scope.tenant());
        let mut readers = self.readers();
        let all: usize = readers.values().map(|own| own.searches).sum();
        let fresh = || Own { turn: Arc::new(Semaphore::new(1)), searches: 0 };
        let own = readers.entry(reader.clone()).or_insert_with(fresh);
        // One runs, the others wait.
        if own.searches > SEARCHES_WAITING_EACH || all >= SEARCHES + SEARCHES_WAITING {
            if own.searches == 0 {
                readers.remove(&reader);
            }
            return Err(SearchFault::TooMany);
        }
        own.searches += 1;
        let turn = Arc::clone(&own.turn);
        drop(readers);
        Ok((Listed { turns: Arc::clone(self), reader }, turn))
    }
}
