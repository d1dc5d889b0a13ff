//! Sends the mix: one thread writes every syslog connection, some post batches and wait for each acknowledgement.

use crate::alarms;
use crate::cast::{Cast, KINDS, Kind, Shape, Tenant};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wardwatch_ident::Timestamp;
use wardwatch_measure::Dice;

const SEED: u64 = 20_261_125;
/// Connections that post; each has one request under way.
const POSTERS: usize = 6;
/// Syslog may be so many units of all tenants ahead of HTTP, so that both halves travel together.
const AHEAD: u64 = 20;

/// Sends everything; answers the lines of each tenant.
pub fn send(cast: &Cast) -> Vec<u64> {
    let sent: Vec<AtomicU64> = cast.tenants.iter().map(|_| AtomicU64::new(0)).collect();
    let posted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| syslog(cast, &sent, &posted));
        for poster in 0..POSTERS {
            let (sent, posted) = (&sent, &posted);
            scope.spawn(move || post(cast, poster, sent, posted));
        }
    });
    sent.into_iter().map(AtomicU64::into_inner).collect()
}

/// The lines of one source in one unit: the same unit gives the same lines but for their time.
fn lines(tenant: &Tenant, kind: &Kind, unit: u64) -> Vec<Vec<u8>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // The lines of a second run a few seconds ahead.
    let now = Timestamp::from_micros(since.as_micros() as i64 - 15_000_000);
    let net = tenant.hospital.net;
    let mut dice = Dice::new(SEED ^ (unit << 20) ^ (u64::from(net) << 8) ^ u64::from(kind.share));
    let serial = |n: u32| unit * u64::from(kind.share) + u64::from(n);
    let at = |n: u32| now.plus_micros(i64::from(n) * 1_000);
    let share = 0..kind.share;
    match kind.shape {
        Shape::Demo(_) => {
            let rate = u64::from(kind.share) * 1_000;
            wardwatch_demo::lines(&tenant.hospital, &kind.source(), unit, rate, SEED, now)
        }
        Shape::IdsAlarm => share.map(|n| alarms::ids(&mut dice, at(n), net, serial(n))).collect(),
        Shape::WafAlarm => share.map(|n| alarms::waf(&mut dice, at(n), net, serial(n))).collect(),
    }
}

fn body(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::with_capacity(lines.iter().map(|l| l.len() + 1).sum());
    for line in lines {
        body.extend_from_slice(line);
        body.push(b'\n');
    }
    body
}

fn syslog(cast: &Cast, sent: &[AtomicU64], posted: &AtomicU64) {
    let connect = |port: &u16| (*port != 0).then(|| TcpStream::connect(("127.0.0.1", *port)).expect("connected"));
    let mut streams: Vec<Vec<Option<TcpStream>>> =
        cast.tenants.iter().map(|tenant| tenant.ports.iter().map(connect).collect()).collect();
    for unit in 0..cast.units {
        for ((tenant, streams), sent) in cast.tenants.iter().zip(&mut streams).zip(sent) {
            for (kind, stream) in KINDS.iter().zip(streams) {
                let Some(stream) = stream else { continue };
                let lines = lines(tenant, kind, unit);
                stream.write_all(&body(&lines)).expect("sent");
                sent.fetch_add(lines.len() as u64, Ordering::Relaxed);
            }
        }
        while unit > posted.load(Ordering::Relaxed) / cast.tenants.len() as u64 + AHEAD {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Every `POSTERS`th piece of work is this poster's.
fn post(cast: &Cast, poster: usize, sent: &[AtomicU64], posted: &AtomicU64) {
    let mut connection = Connection::open(cast.http);
    let mut work = 0usize;
    for unit in 0..cast.units {
        for (tenant, sent) in cast.tenants.iter().zip(sent) {
            work += 1;
            if work % POSTERS != poster {
                continue;
            }
            for kind in KINDS.iter().filter(|kind| !kind.tcp) {
                let lines = lines(tenant, kind, unit);
                let key = format!("bench/{unit}");
                connection.post(&tenant.token(kind), &key, &body(&lines), lines.len());
                sent.fetch_add(lines.len() as u64, Ordering::Relaxed);
            }
            posted.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// HTTP/1.1 on a kept connection, as far as this server's answers need it.
struct Connection {
    at: SocketAddr,
    out: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Connection {
    fn open(at: SocketAddr) -> Self {
        let out = TcpStream::connect(at).expect("connected");
        out.set_nodelay(true).expect("a socket");
        let answers = BufReader::new(out.try_clone().expect("a second handle"));
        Self { at, out, answers }
    }

    /// Posts a batch until it is acknowledged.
    fn post(&mut self, token: &str, key: &str, body: &[u8], lines: usize) {
        loop {
            let head = format!(
                "POST /api/v1/ingest HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\nx-wardwatch-batch: {key}\r\n\
                 content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
                self.at,
                body.len()
            );
            let mut request = head.into_bytes();
            request.extend_from_slice(body);
            self.out.write_all(&request).expect("sent");
            let (status, answer) = self.answer();
            match status {
                200 => {
                    assert_eq!(answer, format!("{{\"lines\":{lines}}}"), "acknowledged");
                    return;
                }
                // The server is full; a sender waits and sends the same again.
                429 | 503 => std::thread::sleep(Duration::from_millis(200)),
                _ => panic!("{status}: {answer}"),
            }
        }
    }

    fn answer(&mut self) -> (u16, String) {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {line}"));
        let mut length = 0;
        loop {
            line.clear();
            self.answers.read_line(&mut line).expect("a header");
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.answers.read_exact(&mut body).expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}
