//! The station commits what it found with the cursor, remembers over restarts, and loses and doubles nothing.

use crate::batches::{at, batch, program, rule, windows};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use wardwatch_access::OpContext;
use wardwatch_detect::{AlertBook, BookFault, Checkpoints, Detector, Piece, Station};
use wardwatch_event::EventBatch;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, EventId, NodeId, Timestamp};
use wardwatch_sequence::Settings;

/// What survives a process.
#[derive(Default)]
struct Disk {
    kept: Mutex<(Cursor, Vec<Alert>)>,
    checkpoint: Mutex<(Cursor, Vec<Piece>)>,
    broken: Mutex<bool>,
}

impl AlertBook for Disk {
    fn cursor(&self) -> Result<Cursor, BookFault> {
        Ok(self.kept.lock().unwrap().0)
    }

    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
        once: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        let mut kept = self.kept.lock().unwrap();
        let answer = if std::mem::take(&mut *self.broken.lock().unwrap()) {
            Err(BookFault::Engine("the disk is full".into()))
        } else if kept.0 == after {
            kept.0 = through;
            kept.1.extend_from_slice(alerts);
            for alert in once {
                if !kept.1.iter().any(|known| known.id == alert.id) {
                    kept.1.push(alert.clone());
                }
            }
            Ok(())
        } else {
            Err(BookFault::Conflict { after, at: kept.0 })
        };
        async { answer }.boxed()
    }

    fn recent(&self, _: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault> {
        Ok(self.kept.lock().unwrap().1.iter().rev().take(limit).cloned().collect())
    }
}

impl Checkpoints for Disk {
    fn load(&self) -> Result<(Cursor, Vec<Piece>), BookFault> {
        Ok(self.checkpoint.lock().unwrap().clone())
    }

    fn save<'a>(
        &'a self,
        at: Cursor,
        changed: &'a [Piece],
        gone: &'a [String],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        let mut kept = self.checkpoint.lock().unwrap();
        let stays = |piece: &Piece| !gone.contains(&piece.name) && !changed.iter().any(|new| new.name == piece.name);
        let mut pieces: Vec<Piece> = kept.1.iter().filter(|piece| stays(piece)).cloned().collect();
        pieces.extend(changed.iter().cloned());
        *kept = (at, pieces);
        async { Ok(()) }.boxed()
    }

    fn covered(&self) -> Result<Cursor, BookFault> {
        Ok(self.checkpoint.lock().unwrap().0)
    }
}

fn open(disk: &Arc<Disk>, detector: &Arc<Detector>) -> Station {
    let (book, checkpoints) = (Arc::clone(disk) as Arc<dyn AlertBook>, Arc::clone(disk) as Arc<dyn Checkpoints>);
    Station::open(Arc::clone(detector), book, checkpoints, Settings::default(), [7; 16]).unwrap()
}

/// One line of the journal as a batch; `seq` is its place.
fn line(seq: u64) -> EventBatch {
    let failed = |n: u64| json!({"Channel": "Security", "EventID": 4625, "IpAddress": format!("192.0.2.{}", n % 3)});
    let other = json!({"Channel": "Security", "EventID": 4624});
    let text: Value = if seq.is_multiple_of(4) { other } else { failed(seq) };
    let mut batch = batch(&windows(), &[text]);
    batch.lines.first = EventId::new(at(), NodeId(0), seq);
    batch
}

/// Works through the journal's lines up to `end`, a window of `step` lines at a time.
fn work(station: &Station, end: u64, step: u64) {
    while station.position().0 < end {
        let from = station.position().0;
        let to = (from + step).min(end);
        let batches: Vec<EventBatch> = (from + 1..=to).map(line).collect();
        let findings = station.look(Cursor(to), &batches);
        let _ = station.commit(&findings).now_or_never().unwrap();
    }
}

fn detector() -> Arc<Detector> {
    let base = rule(1, "product: windows, service: security", "s: {EventID: 4625}\ncondition: s");
    let base = base.replacen("title:", "name: failed\ntitle:", 1);
    let single = rule(2, "product: windows, service: security", "s: {EventID: 4624}\ncondition: s");
    let count = "title: Many\nid: 00000009-0000-4000-8000-000000000000\ncorrelation: {type: event_count, rules: [failed], group-by: [IpAddress], timespan: 10m, condition: {gte: 7}}\n";
    Arc::new(Detector::new(Arc::new(program(&[base, single, count.to_owned()], &[&windows()]))))
}

fn ids(disk: &Disk) -> Vec<(String, u128)> {
    let mut ids: Vec<_> = disk.kept.lock().unwrap().1.iter().map(|alert| (alert.title.clone(), alert.id.0)).collect();
    ids.sort();
    ids
}

#[test]
fn a_process_that_dies_anywhere_in_a_window_of_a_correlation_changes_no_alert() {
    let detector = detector();
    let whole = Arc::new(Disk::default());
    work(&open(&whole, &detector), 40, 1);
    let expected = ids(&whole);
    let many = expected.iter().filter(|(title, _)| title == "Many").count();
    assert_eq!((expected.len() - many, many), (10, 3));
    for (checkpoint, death) in [(0, 1), (0, 17), (5, 17), (17, 17), (9, 33), (30, 39)] {
        let disk = Arc::new(Disk::default());
        let station = open(&disk, &detector);
        work(&station, checkpoint, 3);
        station.checkpoint(at(), true).now_or_never().unwrap().unwrap();
        work(&station, death, 3);
        // Killed here: what is not on disk is gone, and a window that was looked at but not committed, too.
        let _ = station.look(Cursor(death + 2), &[line(death + 1), line(death + 2)]);
        drop(station);
        let again = open(&disk, &detector);
        assert_eq!(again.position().0, checkpoint, "memory stands at its checkpoint");
        work(&again, 40, 5);
        assert_eq!(ids(&disk), expected, "checkpoint at {checkpoint}, killed at {death}");
    }
}

#[test]
fn a_commit_that_fails_is_as_if_the_window_had_not_been_looked_at() {
    let detector = detector();
    let whole = Arc::new(Disk::default());
    work(&open(&whole, &detector), 40, 1);
    let disk = Arc::new(Disk::default());
    let station = open(&disk, &detector);
    work(&station, 12, 4);
    station.checkpoint(at(), true).now_or_never().unwrap().unwrap();
    for end in 13..40 {
        *disk.broken.lock().unwrap() = true;
        work(&station, end, 2);
    }
    work(&station, 40, 2);
    assert_eq!(ids(&disk), ids(&whole));
}

#[test]
fn rules_change_between_two_windows_and_memory_stays() {
    let whole = Arc::new(Disk::default());
    work(&open(&whole, &detector()), 40, 1);
    let disk = Arc::new(Disk::default());
    let station = open(&disk, &detector());
    for end in 1..=40 {
        work(&station, end, 1);
        station.replace(detector());
    }
    assert_eq!(ids(&disk), ids(&whole), "a reload at every line: no gap and no double");
    assert!(station.take_lost().is_empty());
    let nothing = Arc::new(Detector::new(Arc::new(program(&[], &[]))));
    station.replace(nothing);
    assert!(station.look(Cursor(41), &[line(41)]).alerts.is_empty());
}

#[test]
fn another_worker_that_was_first_is_noticed() {
    let disk = Arc::new(Disk::default());
    let (one, two) = (open(&disk, &detector()), open(&disk, &detector()));
    work(&one, 4, 2);
    let findings = two.look(Cursor(2), &[line(1), line(2)]);
    let late = two.commit(&findings).now_or_never().unwrap();
    assert!(matches!(late, Err(BookFault::Conflict { at: Cursor(4), .. })), "{late:?}");
    assert_eq!(two.committed(), Cursor(4));
}
