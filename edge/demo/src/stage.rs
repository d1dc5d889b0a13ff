//! The demo's folder made ready: configuration, tokens, certificate, ports, and the flows to start.

use crate::cast::{HOSPITALS, Hospital, Source, Way, weights};
use crate::fault::DemoFault;
use crate::memory::{self, Memory};
use crate::rsyslog::Rsyslog;
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the demo may leave in its folder; `forget` removes these and nothing else.
const OURS: &[&str] =
    &["data", "tokens", "tls", "rsyslog", "rules", "wardwatch.toml", "senders.log", "demo.json.new", memory::FILE];

/// What is asked of the demo.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its folder; made if absent.
    pub folder: PathBuf,
    /// Where the page is served; port 0 takes a free one.
    pub page: SocketAddr,
    /// Lines a second over all hospitals.
    pub rate: u32,
    /// Folders to look for programs in (the value of `PATH`).
    pub search_path: Option<OsString>,
}

/// Everything that stands ready before the first line.
#[derive(Debug)]
pub struct Stage {
    /// The folder.
    pub folder: PathBuf,
    /// The configuration that was written into it, for `serve`.
    pub config: PathBuf,
    /// Where the page will be.
    pub page: SocketAddr,
    /// Where the play stands.
    pub memory: Memory,
    /// What will flow.
    pub flows: Vec<Flow>,
}

/// One source's way into the server.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Whose.
    pub hospital: &'static Hospital,
    /// Which source.
    pub source: &'static Source,
    /// Where its listener is.
    pub to: SocketAddr,
    /// Thousandths of lines a second, story not counted.
    pub rate_milli: u64,
    /// Who carries the lines.
    pub carrier: Carrier,
}

/// Who carries a flow's lines.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// `wardwatch send`, lines on its standard input: its arguments.
    Send(Vec<OsString>),
    /// rsyslog, which follows a file.
    Rsyslog(Rsyslog),
}

/// Makes the folder ready and writes the configuration. What an earlier run left goes on.
///
/// # Errors
/// The folder is in use for something else or cannot be written; no free ports.
pub fn prepare(ask: &Ask) -> Result<Stage, DemoFault> {
    // rsyslog goes to a working folder of its own: paths must not depend on where one stands.
    let folder = &std::path::absolute(&ask.folder).map_err(DemoFault::folder("finding", &ask.folder))?;
    private_folder(folder)?;
    if !folder.join(memory::FILE).exists() && !is_empty(folder)? {
        return Err(DemoFault::Foreign(folder.clone()));
    }
    let memory = Memory::open(folder)?;
    memory.keep(folder)?;
    certificate(&folder.join("tls"))?;
    // The library in the binary tells the story; here is room for rules of whoever tries it.
    private_folder(&folder.join("rules"))?;
    let ports = Ports::take(ask.page)?;
    let rsyslog = Rsyslog::find(ask.search_path.as_deref()).filter(|_| Rsyslog::can_name(folder));
    let mut flows = Vec::new();
    let mut tokens = HashMap::new();
    for (hospital, source) in HOSPITALS.iter().flat_map(|h| h.sources.iter().map(move |s| (h, s))) {
        let to = ports.of(hospital, source);
        let token = match source.way.has_token() {
            true => Some(token(&folder.join("tokens"), hospital, source, &mut tokens)?),
            false => None,
        };
        let rate_milli = u64::from(ask.rate) * 1_000 * u64::from(source.weight) / u64::from(weights());
        let carrier = match (&rsyslog, source.way) {
            (Some(found), Way::Relp) => {
                Carrier::Rsyslog(found.for_flow(&folder.join("rsyslog").join(flow_name(hospital, source)), to)?)
            }
            _ => Carrier::Send(arguments(source, to, token.as_deref(), &folder.join("tls"), rate_milli)),
        };
        flows.push(Flow { hospital, source, to, rate_milli, carrier });
    }
    let config = folder.join("wardwatch.toml");
    let text = configuration(ports.page, &flows, &tokens);
    std::fs::write(&config, text).map_err(DemoFault::folder("writing", &config))?;
    Ok(Stage { folder: folder.clone(), config, page: ports.page, memory, flows })
}

/// Removes what the demo left in its folder, and the folder if nothing else is in it. A folder that is not ours is left alone.
///
/// # Errors
/// It is not ours, or something could not be removed.
pub fn forget(folder: &Path) -> Result<(), DemoFault> {
    if !folder.exists() || is_empty(folder)? {
        return Ok(());
    }
    if !folder.join(memory::FILE).exists() {
        return Err(DemoFault::Foreign(folder.to_owned()));
    }
    // The mark goes last, so that an interrupted removal can be repeated.
    for name in OURS {
        let path = folder.join(name);
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(DemoFault::folder("removing", &path)(e)),
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn flow_name(hospital: &Hospital, source: &Source) -> String {
    format!("{}-{}", hospital.slug, source.slug)
}

/// Arguments of `wardwatch` for this flow. Small batches: a story wants to be seen at once.
fn arguments(source: &Source, to: SocketAddr, token: Option<&Path>, tls: &Path, rate_milli: u64) -> Vec<OsString> {
    let address = if source.way.has_token() { format!("http://{to}") } else { to.to_string() };
    let mut arguments: Vec<OsString> =
        ["--quiet", "send", "-", "--via", source.way.word(), "--to", &address].map(OsString::from).into();
    if let Some(token) = token {
        arguments.extend(["--token-file".into(), token.as_os_str().to_owned()]);
        arguments.extend(["--batch".into(), (rate_milli / 2_000).clamp(1, 200).to_string().into()]);
    }
    if source.way == Way::Tls {
        arguments.extend(["--ca".into(), tls.join("certificate.pem").into_os_string()]);
    }
    arguments
}

/// The configuration as text: tenants, sources with token hashes, listeners on loopback.
fn configuration(page: SocketAddr, flows: &[Flow], tokens: &HashMap<String, String>) -> String {
    let mut text = format!(
        "# Written by `wardwatch demo`, anew at each start. Hospitals, people and addresses are invented.\n\
         data = \"data\"\nrules = [\"rules\"]\npage = \"{page}\"\n"
    );
    // Writing to a String cannot fail.
    for hospital in HOSPITALS {
        let _ = write!(
            text,
            "\n[[tenant]]\nid = \"{}\"\nname = \"{}\"\nname_en = \"{}\"\n",
            hospital.slug, hospital.name, hospital.name_en
        );
        for source in hospital.sources {
            let _ = write!(
                text,
                "\n[[tenant.source]]\nid = \"{}\"\nname = \"{}\"\npack = \"{}\"\nsilent_seconds = 120\n",
                source.slug,
                source.name,
                source.device.pack()
            );
            if let Some(hash) = tokens.get(&flow_name(hospital, source)) {
                let _ = writeln!(text, "tokens_sha256 = [\"{hash}\"]");
            }
        }
    }
    let mut http = None;
    for flow in flows {
        if flow.source.way.has_token() {
            http = Some(flow.to);
            continue;
        }
        let _ = write!(
            text,
            "\n[[listener]]\nkind = \"{}\"\nbind = \"{}\"\ntenant = \"{}\"\nsource = \"{}\"\n",
            flow.source.way.listener(),
            flow.to,
            flow.hospital.slug,
            flow.source.slug
        );
        if flow.source.way == Way::Tls {
            text.push_str("certificate = \"tls/certificate.pem\"\nkey = \"tls/key.pem\"\n");
        }
    }
    if let Some(to) = http {
        let _ = write!(text, "\n[[listener]]\nkind = \"http\"\nbind = \"{to}\"\n");
    }
    text
}

/// Loopback ports, one per listener.
struct Ports {
    page: SocketAddr,
    http: SocketAddr,
    others: HashMap<String, SocketAddr>,
}

impl Ports {
    /// All are held until all are found, so that none is given twice.
    fn take(page: SocketAddr) -> Result<Self, DemoFault> {
        let mut held = Vec::new();
        let mut free = || -> Result<SocketAddr, std::io::Error> {
            loop {
                let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let at = tcp.local_addr()?;
                if let Ok(udp) = UdpSocket::bind(at) {
                    held.push((tcp, udp));
                    return Ok(at);
                }
            }
        };
        let fault = |e: std::io::Error| DemoFault::machine("looking for free ports on loopback", e);
        let page = if page.port() == 0 { SocketAddr::new(page.ip(), free().map_err(fault)?.port()) } else { page };
        let http = free().map_err(fault)?;
        let mut others = HashMap::new();
        for (hospital, source) in HOSPITALS.iter().flat_map(|h| h.sources.iter().map(move |s| (h, s))) {
            if !source.way.has_token() {
                others.insert(flow_name(hospital, source), free().map_err(fault)?);
            }
        }
        Ok(Self { page, http, others })
    }

    fn of(&self, hospital: &Hospital, source: &Source) -> SocketAddr {
        self.others.get(&flow_name(hospital, source)).copied().unwrap_or(self.http)
    }
}

/// The file with a source's intake token, made at the first run; its hash goes into `hashes`.
fn token(
    folder: &Path,
    hospital: &Hospital,
    source: &Source,
    hashes: &mut HashMap<String, String>,
) -> Result<PathBuf, DemoFault> {
    private_folder(folder)?;
    let path = folder.join(format!("{}.token", flow_name(hospital, source)));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) => {
            let mut bytes = [0_u8; 32];
            rand::rngs::OsRng
                .try_fill_bytes(&mut bytes)
                .map_err(|e| DemoFault::machine("making an intake token", e))?;
            let text = hex::encode(bytes);
            private_file(&path, &text)?;
            text
        }
    };
    hashes.insert(flow_name(hospital, source), hex::encode(Sha256::digest(text.trim().as_bytes())));
    Ok(path)
}

/// A certificate of its own for the TLS listener, made at the first run.
fn certificate(folder: &Path) -> Result<(), DemoFault> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if certificate.exists() && key.exists() {
        return Ok(());
    }
    private_folder(folder)?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
        .map_err(|e| DemoFault::machine("making a certificate", e))?;
    private_file(&key, &made.signing_key.serialize_pem())?;
    private_file(&certificate, &made.cert.pem())
}

fn private_folder(path: &Path) -> Result<(), DemoFault> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(DemoFault::folder("making", path))
}

fn private_file(path: &Path, text: &str) -> Result<(), DemoFault> {
    std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(DemoFault::folder("writing", path))
}

fn is_empty(folder: &Path) -> Result<bool, DemoFault> {
    Ok(std::fs::read_dir(folder).map_err(DemoFault::folder("reading", folder))?.next().is_none())
}
