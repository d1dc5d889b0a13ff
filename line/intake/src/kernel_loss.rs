//! How many datagrams has the kernel dropped on a socket? Read from `/proc/net/udp`, column `drops` (proc(5)).
//!
//! The kernel counts a datagram there when the socket's buffer was full. SO_RXQ_OVFL tells the same number, but only with
//! `unsafe` of our own, and only with the next datagram that does arrive.

use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;

/// Finds one socket's line and remembers what was counted already.
#[derive(Debug)]
pub struct KernelLoss {
    table: &'static str,
    inode: u64,
    seen: u32,
}

impl KernelLoss {
    /// For this socket.
    pub fn of(socket: impl AsFd, ipv6: bool) -> std::io::Result<Self> {
        let inode = rustix::fs::fstat(socket)?.st_ino;
        let table = if ipv6 { "/proc/self/net/udp6" } else { "/proc/self/net/udp" };
        let mut loss = Self { table, inode, seen: 0 };
        loss.newly_dropped()?;
        Ok(loss)
    }

    /// Datagrams dropped since the last call. The kernel's counter wraps at 32 bits.
    pub fn newly_dropped(&mut self) -> std::io::Result<u64> {
        let table = BufReader::new(std::fs::File::open(self.table)?);
        for line in table.lines() {
            if let Some(drops) = drops_of(&line?, self.inode) {
                let new = drops.wrapping_sub(self.seen);
                self.seen = drops;
                return Ok(u64::from(new));
            }
        }
        Ok(0)
    }
}

/// The last column of the line of this inode (the tenth).
pub fn drops_of(line: &str, inode: u64) -> Option<u32> {
    let mut columns = line.split_ascii_whitespace();
    let own = columns.nth(9)?.parse::<u64>().ok()? == inode;
    let drops = columns.next_back()?.parse::<u64>().ok()?;
    own.then_some(drops as u32)
}
