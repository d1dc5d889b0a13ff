//! Is the clock right? Rows are kept by the time they came: a clock that jumped files them where nobody looks.

use super::{Check, Name, words};
use crate::clock::SystemClock;
use std::path::Path;
use std::time::UNIX_EPOCH;
use wardwatch_ident::{Clock, Timestamp};

const NAME: Name = ("时钟", "clock");
/// Files that are looked at: the newest tell enough.
const FILES: usize = 20_000;
/// A clock this far behind its own files has gone back, seconds.
const BACK: i64 = 300;
/// No machine that runs this is older: 2026-01-01 as seconds since 1970.
const BUILT: i64 = 1_767_225_600;

/// Compares the clock with this program's age and with the times of the files in the data folder.
pub(super) fn check(data: &Path) -> Check {
    judge(SystemClock.now(), newest(data))
}

pub(super) fn judge(now: Timestamp, newest: Option<Timestamp>) -> Check {
    let seconds = |at: Timestamp| at.as_micros().div_euclid(1_000_000);
    let set = || {
        words(
            "请校准时间并启用同步（timedatectl set-ntp true，或 chrony 指向院内 NTP 服务器）",
            "set the time and keep it set (timedatectl set-ntp true, or chrony with the hospital's NTP server)",
        )
    };
    if seconds(now) < BUILT {
        let found =
            words(format!("现在是 {now}，早于本程序的发布"), format!("it is {now}, before this program was made"));
        return Check::broken(NAME, found, set());
    }
    match newest {
        Some(file) if seconds(file) > seconds(now) + BACK => {
            let behind = seconds(file) - seconds(now);
            let found = words(
                format!("现在是 {now}，数据目录里却有晚 {behind} 秒的文件：时钟被拨回过"),
                format!("it is {now}, but the data folder has files {behind} s later: the clock has gone back"),
            );
            Check::broken(NAME, found, set())
        }
        _ => Check::good(NAME, words(format!("{now}"), format!("{now}"))),
    }
}

/// When the newest file of the folder was written.
fn newest(data: &Path) -> Option<Timestamp> {
    let mut folders = vec![data.to_owned()];
    let mut newest = None;
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok().into_iter().flatten().flatten() {
            seen += 1;
            if seen > FILES {
                return newest;
            }
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let written = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let micros = written.and_then(|since| i64::try_from(since.as_micros()).ok());
            newest = newest.max(micros.map(Timestamp::from_micros));
        }
    }
    newest
}
