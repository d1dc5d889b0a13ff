//! The senders: fed, and ended in order. A small script stands in for `wardwatch send` and keeps what it is told.

use crate::folder::ask;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wardwatch_demo::{Carrier, Stage, play, prepare};
use wardwatch_ident::{FixedClock, Timestamp};

/// `guard PARENT PROGRAM --quiet send - --via WAY --to ADDRESS …`: what it is told goes to a file named for the address.
const KEEPS: &str = "#!/bin/sh\nexec cat > \"$(dirname \"$0\")/told.$(echo \"${10}\" | tr -c '0-9\\n' '_')\"\n";
/// Notes that it was started, and leaves.
const LEAVES: &str = "#!/bin/sh\necho x >> \"$(dirname \"$0\")/told.starts\"\nexit 3\n";

fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("stand-in");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Only flows of `send`: whether rsyslog is installed is not what is tested.
fn stage(folder: &Path) -> Stage {
    let mut stage = prepare(&ask(folder)).unwrap();
    stage.flows.retain(|f| matches!(f.carrier, Carrier::Send(_)));
    stage
}

fn told(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap());
    let mut told: Vec<_> = files
        .filter(|e| e.file_name().to_string_lossy().starts_with("told."))
        .map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap()))
        .collect();
    told.sort();
    told
}

fn count(told: &[(String, Vec<u8>)]) -> u64 {
    told.iter().map(|(_, bytes)| bytes.iter().filter(|b| **b == b'\n').count() as u64).sum()
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_was_handed_over_arrives_and_the_next_run_goes_on() {
    let (folder, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = program(bin.path(), KEEPS);
    let clock = FixedClock::new(Timestamp::from_secs(1_795_571_880));
    let mut stage = stage(folder.path());
    // Sources with tokens share an address, and the stand-in would write one file for all of them.
    stage.flows.retain(|f| !f.source.way.has_token());
    let played = play(&mut stage, &program, &clock, until(|| count(&told(bin.path())) > 60)).await.unwrap();
    let files = told(bin.path());
    assert_eq!(count(&files), played.lines, "every line that was handed over arrived before the senders ended");
    assert_eq!((played.held_back, &played.ended), (0, &Vec::new()));
    assert_eq!(files.len(), stage.flows.len());
    assert!(files.iter().all(|(_, bytes)| bytes.is_empty() || bytes.ends_with(b"\n")), "no line was cut");

    let again = prepare(&ask(folder.path())).unwrap().memory;
    assert_eq!((again.second, again.runs), (played.seconds + 1, 2));
}

#[tokio::test]
async fn a_sender_that_ends_is_reported_and_not_started_again() {
    let (folder, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = program(bin.path(), LEAVES);
    let clock = FixedClock::new(Timestamp::from_secs(1_795_571_880));
    let mut stage = stage(folder.path());
    let flows = stage.flows.len();
    let mut beats = 0_u32;
    let stop = async {
        while beats < 60 {
            beats += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let played = play(&mut stage, &program, &clock, stop).await.unwrap();
    assert_eq!(played.ended.len(), flows);
    assert!(played.ended.iter().all(|(_, exit)| exit.contains('3')), "{:?}", played.ended);
    assert!(played.held_back > 0);
    assert_eq!(count(&told(bin.path())), flows as u64, "each was started once");
}
