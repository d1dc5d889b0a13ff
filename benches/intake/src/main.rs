//! Intake and journal beside Debian's rsyslog: the same lines by the same transport, CPU seconds of the server alone.
//!
//! Wardwatch syncs before it counts a line as received (and, by RELP, before it answers); rsyslog has its default queue
//! and writes a file without fsync. `serve --role intake` leaves parsing and the lake out on our side, as rsyslog has
//! none. Runs alternate; the ratio is of medians. Usage: `cargo xtask bench intake [LINES] [ROUNDS]`.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use wardwatch_measure::{Dice, Running, binary, cpu_seconds, free_port, get, metric, start, wait};

const WINDOW: usize = 128;

fn main() {
    let number = |n: usize, default: usize| std::env::args().nth(n).and_then(|t| t.parse().ok()).unwrap_or(default);
    let (count, rounds) = (number(1, 2_000_000), number(2, 3));
    let lines = lines(count);
    let bytes: usize = lines.iter().map(Vec::len).sum();
    eprintln!("{count} lines, mean {} B, {rounds} rounds each", bytes / count);
    let folder = std::env::temp_dir().join(format!("wardwatch-bench-intake-{}", std::process::id()));
    let mut ratios = Vec::new();
    for relp in [false, true] {
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            std::fs::create_dir_all(&folder).expect("a folder");
            ours.push(count as f64 / wardwatch(&folder, relp, &lines));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            peers.push(count as f64 / rsyslog(&folder, relp, &lines));
            let _ = std::fs::remove_dir_all(&folder);
            let name = if relp { "relp" } else { "tcp" };
            eprintln!(
                "{name} round {round}: wardwatch {:.0}, rsyslog {:.0} events per CPU-second",
                ours[round], peers[round]
            );
        }
        ratios.push(median(ours) / median(peers));
    }
    println!("RESULT intake tcp_ratio={:.2} relp_ratio={:.2} n={count}", ratios[0], ratios[1]);
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Firewall session lines of about 400 B with a BSD header, all different.
fn lines(count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(20_261_125);
    let services = ["HTTPS", "DNS", "HL7", "DICOM", "SMB", "RDP", "NTP", "HIS"];
    (0..count)
        .map(|n| {
            format!(
                "<189>Nov 25 10:{:02}:{:02} FW-CORE-01 date=2026-11-25 time=10:00:00 devname=\"FW-CORE-01\" devid=\"FG10E0TB00000001\" \
                 logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" srcip=10.{}.{}.{} srcport={} \
                 srcintf=\"port{}\" dstip=192.0.2.{} dstport={} dstintf=\"wan1\" sessionid={n} proto=6 action=\"accept\" \
                 policyid={} service=\"{}\" sentbyte={} rcvdbyte={} duration={}",
                n / 60 % 60, n % 60, dice.below(32), dice.below(256), dice.below(256), 1024 + dice.below(60_000),
                dice.below(16), dice.below(256), dice.below(1024), dice.below(200), dice.pick(&services),
                dice.below(1_000_000), dice.below(10_000_000), dice.below(600)
            )
            .into_bytes()
        })
        .collect()
}

fn wardwatch(folder: &Path, relp: bool, lines: &[Vec<u8>]) -> f64 {
    let (page, port) = (free_port(), free_port());
    let kind = if relp { "relp" } else { "tcp" };
    let config = format!(
        "data = \"data\"\npage = \"127.0.0.1:{page}\"\n[[tenant]]\nid = \"bench\"\n[[tenant.source]]\nid = \"fw\"\n\
         pack = \"fortinet/fortigate\"\n[[listener]]\nkind = \"{kind}\"\nbind = \"127.0.0.1:{port}\"\n\
         tenant = \"bench\"\nsource = \"fw\"\n"
    );
    let file = folder.join("w.toml");
    std::fs::write(&file, config).expect("a configuration");
    let server =
        start(&binary(), &["serve", "--role", "intake", "--config", &file.to_string_lossy()], &folder.join("w.log"));
    let page = SocketAddr::from(([127, 0, 0, 1], page));
    wait("wardwatch is ready", Duration::from_secs(30), || get(page, "/health").is_some());
    let received = || get(page, "/metrics").map_or(0.0, |text| metric(&text, "wardwatch_lines_received_total"));
    measured(&server, port, relp, lines, || received() as usize >= lines.len())
}

fn rsyslog(folder: &Path, relp: bool, lines: &[Vec<u8>]) -> f64 {
    let port = free_port();
    let out = folder.join("out.log");
    let input = if relp {
        format!("module(load=\"imrelp\")\ninput(type=\"imrelp\" port=\"{port}\" maxdatasize=\"64k\" ruleset=\"r\")")
    } else {
        format!("module(load=\"imtcp\")\ninput(type=\"imtcp\" port=\"{port}\" ruleset=\"r\")")
    };
    let config = format!(
        "global(workDirectory=\"{}\")\n{input}\ntemplate(name=\"raw\" type=\"string\" string=\"%rawmsg%\\n\")\n\
         ruleset(name=\"r\") {{ action(type=\"omfile\" file=\"{}\" template=\"raw\" asyncWriting=\"off\") }}\n",
        folder.display(),
        out.display()
    );
    let file = folder.join("r.conf");
    std::fs::write(&file, config).expect("a configuration");
    let pid = folder.join("r.pid");
    let args = ["-n", "-f", &file.to_string_lossy(), "-i", &pid.to_string_lossy()];
    let server = start(Path::new("/usr/sbin/rsyslogd"), &args, &folder.join("r.log"));
    wait("rsyslog is ready", Duration::from_secs(30), || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let expect: u64 = lines.iter().map(|l| l.len() as u64 + 1).sum();
    let written = || std::fs::metadata(&out).map_or(0, |m| m.len());
    measured(&server, port, relp, lines, || written() >= expect)
}

/// CPU seconds of the server from the first line to the moment everything has arrived.
fn measured(server: &Running, port: u16, relp: bool, lines: &[Vec<u8>], arrived: impl Fn() -> bool) -> f64 {
    let before = cpu_seconds(server.pid());
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    if relp {
        send_relp(stream, lines);
    } else {
        let mut out = BufWriter::with_capacity(1 << 16, stream);
        for line in lines {
            out.write_all(line).and_then(|()| out.write_all(b"\n")).expect("sent");
        }
        out.flush().expect("sent");
    }
    wait("everything has arrived", Duration::from_secs(600), arrived);
    cpu_seconds(server.pid()) - before
}

/// One connection, as rsyslog's own client: at most 128 commands without an answer.
fn send_relp(stream: TcpStream, lines: &[Vec<u8>]) {
    let mut answers = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut out = BufWriter::with_capacity(1 << 16, stream);
    let offer = "relp_version=0\nrelp_software=bench\ncommands=syslog";
    write!(out, "1 open {} {offer}\n", offer.len()).and_then(|()| out.flush()).expect("opened");
    read_answer(&mut answers);
    let (mut open, mut number) = (0, 1u64);
    for line in lines {
        number = if number == 999_999_999 { 1 } else { number + 1 };
        write!(out, "{number} syslog {} ", line.len()).expect("sent");
        out.write_all(line).and_then(|()| out.write_all(b"\n")).expect("sent");
        open += 1;
        if open == WINDOW {
            out.flush().expect("sent");
            for _ in 0..WINDOW / 2 {
                read_answer(&mut answers);
            }
            open -= WINDOW / 2;
        }
    }
    out.flush().expect("sent");
    for _ in 0..open {
        read_answer(&mut answers);
    }
}

fn read_answer(answers: &mut impl BufRead) {
    let mut head = Vec::new();
    for _ in 0..2 {
        answers.read_until(b' ', &mut head).expect("an answer");
    }
    let mut length = Vec::new();
    answers.read_until(b' ', &mut length).expect("an answer");
    let length: usize = String::from_utf8_lossy(&length).trim().parse().expect("a length");
    let mut rest = vec![0; length + 1];
    answers.read_exact(&mut rest).expect("an answer");
    assert!(rest.starts_with(b"200"), "refused: {}", String::from_utf8_lossy(&rest));
}
