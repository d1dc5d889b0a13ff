//! Invented indicators and events: everything is computed from a number, nothing is real.

/// The rows: a third names, a quarter addresses, hashes, networks and URLs.
pub struct Values {
    rows: usize,
}

/// The typed values of an event.
pub struct Event {
    pub source: String,
    pub destination: String,
    pub name: String,
    pub digest: String,
}

impl Event {
    /// In the order of the columns.
    pub fn values(&self) -> [&str; 4] {
        [&self.source, &self.destination, &self.name, &self.digest]
    }
}

/// One indicator in so many values.
const ONE_IN: u64 = 1_000;

fn mixed(n: u64) -> u64 {
    let x = (n ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// An address outside the ranges that are inside.
fn address(n: u64) -> String {
    let x = mixed(n) as u32;
    format!("{}.{}.{}.{}", 20 + (x >> 24) % 60, (x >> 16) & 255, (x >> 8) & 255, x & 255)
}

fn name(n: u64) -> String {
    let x = mixed(n ^ 1 << 40);
    match n % 3 {
        0 => format!("{:x}.example", x & 0xffff_ffff_ff),
        1 => format!("cdn{}.{:x}.example", x % 7, x >> 30),
        _ => format!("{:x}.site{}.example", x & 0xffff_ffff, x >> 50),
    }
}

fn digest(n: u64) -> String {
    (0..4).map(|k| format!("{:016x}", mixed(n ^ k << 50))).collect()
}

impl Values {
    pub fn new(rows: usize) -> Self {
        Self { rows }
    }

    fn of_kind(&self, share: usize) -> u64 {
        (self.rows * share / 100) as u64
    }

    /// As a file: 35 % names, 25 % addresses, 25 % SHA-256, 5 % MD5, 5 % URLs, 5 % networks.
    pub fn csv(&self) -> String {
        let mut file = String::from("type,value,source,confidence,expires\n");
        let mut row = |kind: &str, value: String, n: u64| {
            file.push_str(&format!(
                "{kind},{value},feed-{},{},{}\n",
                n % 9,
                n % 101,
                ["", "2027-06-01"][n as usize % 2]
            ));
        };
        (0..self.of_kind(35)).for_each(|n| row("domain", name(n), n));
        (0..self.of_kind(25)).for_each(|n| row("ip", address(n), n));
        (0..self.of_kind(25)).for_each(|n| row("sha256", digest(n), n));
        (0..self.of_kind(5)).for_each(|n| row("md5", digest(n ^ 1 << 45)[..32].to_owned(), n));
        (0..self.of_kind(5)).for_each(|n| row("url", format!("http://{}/{:x}", name(n ^ 1 << 44), mixed(n)), n));
        (0..self.of_kind(5)).for_each(|n| {
            let x = mixed(n ^ 1 << 43) as u32;
            row("cidr", format!("{}.{}.{}.0/24", 80 + (x >> 24) % 20, (x >> 16) & 255, (x >> 8) & 255), n);
        });
        file
    }

    /// What a set of texts can answer: names, addresses and SHA-256.
    pub fn exact(&self) -> impl Iterator<Item = String> {
        let (addresses, digests) = (self.of_kind(25), self.of_kind(25));
        self.names().chain((0..addresses).map(address)).chain((0..digests).map(digest))
    }

    pub fn names(&self) -> impl Iterator<Item = String> {
        (0..self.of_kind(35)).map(name)
    }

    /// An event: an inside source, an outside destination, a name of three or four labels, a hash.
    pub fn event(&self, n: usize) -> Event {
        let x = mixed(n as u64 ^ 1 << 42);
        let bad = |salt: u64, share: usize| {
            let draw = mixed(x ^ salt);
            (draw % ONE_IN == 0).then(|| (draw >> 20) % self.of_kind(share).max(1))
        };
        Event {
            source: if x & 3 == 0 {
                address(x)
            } else {
                format!("10.{}.{}.{}", x >> 8 & 255, x >> 16 & 255, x >> 24 & 255)
            },
            destination: bad(1, 25).map_or_else(|| address(x ^ 5), address),
            name: match bad(2, 35) {
                Some(n) => format!("www.{}", name(n)),
                None => format!("api{}.{:x}.corp{}.example", x % 5, x >> 40, x >> 30 & 255),
            },
            digest: bad(3, 25).map_or_else(|| digest(x ^ 7), digest),
        }
    }
}
