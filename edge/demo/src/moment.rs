//! One second of the play at one source: its clock in the formats devices write, and chance that repeats with the seed.

use crate::cast::{Device, Hospital};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use wardwatch_ident::{Civil, Timestamp, Zone};

/// English month names, as syslog and web servers write them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A second at a source.
pub struct Moment<'c> {
    /// Where.
    pub hospital: &'c Hospital,
    /// Which device writes.
    pub device: Device,
    /// Seconds since the play began, over all runs.
    pub second: u64,
    /// The instant the next line is stamped with.
    pub at: Timestamp,
    /// Lines written by this source so far in this second; makes identifiers differ.
    pub written: u32,
    seed: u64,
    chance: StdRng,
}

impl<'c> Moment<'c> {
    /// The same arguments give the same lines.
    pub fn new(hospital: &'c Hospital, device: Device, second: u64, seed: u64, at: Timestamp) -> Self {
        let mixed = mix(mix(seed, second), mix(u64::from(hospital.net), device as u64));
        Self { hospital, device, second, at, written: 0, seed, chance: StdRng::seed_from_u64(mixed) }
    }

    /// A number below `n` (0 for 0).
    pub fn below(&mut self, n: u32) -> u32 {
        if n == 0 { 0 } else { self.chance.random_range(0..n) }
    }

    /// One of these; `fallback` where there is none.
    pub fn one<T: Copy>(&mut self, of: &[T], fallback: T) -> T {
        let at = self.below(of.len() as u32) as usize;
        of.get(at).copied().unwrap_or(fallback)
    }

    /// One of these words.
    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.one(of, "")
    }

    /// Goes on by some milliseconds: the next line of the same second.
    pub fn pass(&mut self) {
        self.written += 1;
        self.at = self.at.plus_micros(i64::from(3 + self.below(17)) * 1_000);
    }

    /// An identifier that no other line of any run has.
    pub fn serial(&self) -> u64 {
        self.second * 1_000 + u64::from(self.written)
    }

    /// Sixteen bytes as hexadecimal digits, different for each line.
    pub fn digest(&self) -> String {
        let (a, b) = (mix(self.seed, self.serial()), mix(self.serial(), self.device as u64 + 77));
        format!("{a:016x}{b:016x}")
    }

    fn civil(&self) -> Civil {
        Zone::china().civil(self.at)
    }

    /// `Nov 25 09:58:20` (RFC 3164).
    pub fn bsd(&self) -> String {
        let c = self.civil();
        format!("{} {:2} {:02}:{:02}:{:02}", month(c), c.day, c.hour, c.minute, c.second)
    }

    /// `Nov 25 2026 09:58:20`
    pub fn bsd_with_year(&self) -> String {
        let c = self.civil();
        format!("{} {:2} {} {:02}:{:02}:{:02}", month(c), c.day, c.year, c.hour, c.minute, c.second)
    }

    /// `2026-11-25 09:58:20`
    pub fn plain(&self) -> String {
        format!("{} {}", self.day(), self.clock())
    }

    /// `2026-11-25`
    pub fn day(&self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}", c.year, c.month, c.day)
    }

    /// `09:58:20`
    pub fn clock(&self) -> String {
        let c = self.civil();
        format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second)
    }

    /// `2026-11-25T09:58:20+08:00`
    pub fn iso(&self) -> String {
        format!("{}T{}+08:00", self.day(), self.clock())
    }

    /// `2026-11-25T09:58:20.123456+0800`
    pub fn iso_micros(&self) -> String {
        format!("{}T{}.{:06}+0800", self.day(), self.clock(), self.civil().micros)
    }

    /// `25/Nov/2026:09:58:20 +0800`
    pub fn web(&self) -> String {
        let c = self.civil();
        format!("{:02}/{}/{}:{} +0800", c.day, month(c), c.year, self.clock())
    }

    /// `10.<net>.<third>.<fourth>`: a server of the hospital.
    pub fn server(&self, third: u32, fourth: u32) -> String {
        format!("10.{}.{third}.{fourth}", self.hospital.net)
    }

    /// A workstation in a ward or a clinic.
    pub fn desk(&mut self) -> String {
        let (third, fourth) = (20 + self.below(12), 5 + self.below(90));
        format!("10.{}.{third}.{fourth}", u32::from(self.hospital.net) + 10)
    }

    /// The desk where this person sits.
    pub fn desk_of(&self, person: u32) -> String {
        format!("10.{}.31.{}", u32::from(self.hospital.net) + 10, 7 + person % 200)
    }

    /// One of the dozen patients this person looks after today.
    pub fn patient_of(&mut self, person: u32) -> String {
        format!("P{:08}", person * 100 + self.below(12))
    }

    /// Somebody on the Internet.
    pub fn outside(&mut self) -> String {
        let net = self.word(&["192.0.2", "198.51.100"]);
        format!("{net}.{}", 10 + self.below(200))
    }

    /// A port as clients take them.
    pub fn client_port(&mut self) -> u32 {
        49_152 + self.below(16_000)
    }
}

fn month(c: Civil) -> &'static str {
    MONTHS.get(usize::from(c.month).wrapping_sub(1)).copied().unwrap_or("Jan")
}

/// Spreads two numbers over 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.rotate_left(32) ^ b.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
