//! The station commits what it found with the cursor, and a worker that comes second learns so.

use crate::batches::{batch, program, rule, windows};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use std::sync::{Arc, Mutex};
use wardwatch_access::OpContext;
use wardwatch_detect::{AlertBook, BookFault, Station};
use wardwatch_finding::Alert;
use wardwatch_ident::Cursor;

#[derive(Default)]
struct Memory(Mutex<(Cursor, Vec<Alert>)>);

impl AlertBook for Memory {
    fn cursor(&self) -> Result<Cursor, BookFault> {
        Ok(self.0.lock().unwrap().0)
    }

    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        let mut kept = self.0.lock().unwrap();
        let answer = if kept.0 == after {
            kept.0 = through;
            kept.1.extend_from_slice(alerts);
            Ok(())
        } else {
            Err(BookFault::Conflict { after, at: kept.0 })
        };
        async { answer }.boxed()
    }

    fn recent(&self, _: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault> {
        Ok(self.0.lock().unwrap().1.iter().rev().take(limit).cloned().collect())
    }
}

#[test]
fn a_window_is_committed_once_with_its_cursor() {
    let windows = windows();
    let rules = [rule(1, "product: windows, service: system", "s: {x: y}\ncondition: s")];
    let book = Arc::new(Memory::default());
    let station = Station::new(Arc::new(program(&rules, &[&windows])), Arc::clone(&book) as Arc<dyn AlertBook>);
    let batches = [batch(&windows, &[json!({"Channel": "System", "x": "y"}), json!({"Channel": "System"})])];
    let work = || station.work(Cursor(0), Cursor(2), &batches).now_or_never().unwrap();
    let window = work().unwrap();
    assert_eq!((window.events, window.alerts.len(), window.from_devices), (2, 1, 0));
    assert!(matches!(work(), Err(BookFault::Conflict { at: Cursor(2), .. })));
    assert_eq!(book.0.lock().unwrap().1.len(), 1);
    station.replace(Arc::new(program(&[], &[])));
    assert!(station.look(&batches).alerts.is_empty());
}
