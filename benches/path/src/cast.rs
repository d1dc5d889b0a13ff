//! Who sends what: tenants, their sources, and the share of each in the mix.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use wardwatch_demo::{Device, Hospital, Source, Way};
use wardwatch_measure::free_port;

/// Lines of a tenant in one unit of work; the shares below are parts of it.
pub const UNIT: u64 = 1_000;

/// How the lines of a source come about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As the demo's device writes on an ordinary day, and what the demo's story brings.
    Demo(Device),
    /// Signatures of Suricata.
    IdsAlarm,
    /// Requests that a SafeLine web firewall denied.
    WafAlarm,
}

/// A kind of source every tenant has.
pub struct Kind {
    pub slug: &'static str,
    pub shape: Shape,
    /// Lines of a unit.
    pub share: u32,
    /// Syslog over TCP; the others go by HTTP.
    pub tcp: bool,
}

/// 40 % firewall sessions, 20 % alarms, 12 % Windows, 10 % database audit, 8 % web, 5 % HIS audit, 5 % other; the first
/// three kinds, half of all lines, by TCP.
pub const KINDS: &[Kind] = &[
    Kind { slug: "fw", shape: Shape::Demo(Device::FortiGate), share: 400, tcp: true },
    Kind { slug: "web", shape: Shape::Demo(Device::Nginx), share: 80, tcp: true },
    Kind { slug: "linux", shape: Shape::Demo(Device::Linux), share: 20, tcp: true },
    Kind { slug: "ids", shape: Shape::IdsAlarm, share: 100, tcp: false },
    Kind { slug: "waf", shape: Shape::WafAlarm, share: 60, tcp: false },
    Kind { slug: "nta", shape: Shape::Demo(Device::Sip), share: 40, tcp: false },
    Kind { slug: "windows", shape: Shape::Demo(Device::Windows), share: 120, tcp: false },
    Kind { slug: "dbaudit", shape: Shape::Demo(Device::DbAudit), share: 100, tcp: false },
    Kind { slug: "his", shape: Shape::Demo(Device::His), share: 50, tcp: false },
    Kind { slug: "flows", shape: Shape::Demo(Device::Suricata), share: 30, tcp: false },
];

impl Shape {
    fn pack(self) -> &'static str {
        match self {
            Self::Demo(device) => device.pack(),
            Self::IdsAlarm => Device::Suricata.pack(),
            Self::WafAlarm => Device::Waf.pack(),
        }
    }

    fn device(self) -> Device {
        match self {
            Self::Demo(device) => device,
            Self::IdsAlarm => Device::Suricata,
            Self::WafAlarm => Device::Waf,
        }
    }
}

/// A tenant with where its sources send.
pub struct Tenant {
    pub slug: String,
    pub hospital: Hospital,
    /// One for each of [`KINDS`]: the port of its listener, 0 for HTTP.
    pub ports: Vec<u16>,
}

impl Tenant {
    /// The token of a source.
    pub fn token(&self, kind: &Kind) -> String {
        format!("ww_bench_{}_{}", self.slug, kind.slug)
    }
}

/// Everybody, and the ports of the server.
pub struct Cast {
    pub tenants: Vec<Tenant>,
    pub page: SocketAddr,
    pub http: SocketAddr,
    /// Units that every tenant sends.
    pub units: u64,
}

impl Cast {
    /// So many tenants, together at least so many events.
    pub fn new(tenants: usize, events: u64) -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut ports = free_ports();
        let tenant = |at: usize| {
            let names = [("qinghe", "QH"), ("wangshu", "WS"), ("yunqi", "YQ")];
            let (slug, prefix) = names[at % names.len()];
            let net = 1 + (at % 200) as u8;
            let hospital = Hospital { slug, name: slug, name_en: slug, prefix, net, sources: &[] };
            let ports =
                KINDS.iter().map(|kind| if kind.tcp { ports.next().expect("a free port") } else { 0 }).collect();
            Tenant { slug: format!("h{at:03}"), hospital, ports }
        };
        let tenants: Vec<Tenant> = (0..tenants).map(tenant).collect();
        let units = events.div_ceil(UNIT * tenants.len() as u64).max(1);
        Self { tenants, page: local(free_port()), http: local(free_port()), units }
    }

    /// Sources over all tenants.
    pub fn sources(&self) -> usize {
        self.tenants.len() * KINDS.len()
    }

    /// The server's configuration.
    pub fn config(&self, rules: Option<&Path>) -> String {
        let mut out = format!("data = \"data\"\npage = \"{}\"\n", self.page);
        if let Some(rules) = rules {
            let _ = writeln!(out, "rules = [{:?}]", rules.display().to_string());
        }
        for tenant in &self.tenants {
            let _ = writeln!(out, "[[tenant]]\nid = \"{}\"", tenant.slug);
            for kind in KINDS {
                let hash = hex::encode(Sha256::digest(tenant.token(kind)));
                let pack = kind.shape.pack();
                let _ = writeln!(out, "[[tenant.source]]\nid = \"{}\"\npack = \"{pack}\"", kind.slug);
                let _ = writeln!(out, "tokens_sha256 = [\"{hash}\"]");
            }
        }
        let _ = writeln!(out, "[[listener]]\nkind = \"http\"\nbind = \"{}\"", self.http);
        for tenant in &self.tenants {
            for (kind, port) in KINDS.iter().zip(&tenant.ports).filter(|(kind, _)| kind.tcp) {
                let _ = writeln!(out, "[[listener]]\nkind = \"tcp\"\nbind = \"127.0.0.1:{port}\"");
                let _ = writeln!(out, "tenant = \"{}\"\nsource = \"{}\"", tenant.slug, kind.slug);
            }
        }
        out
    }
}

impl Kind {
    /// The demo's notion of this source.
    pub fn source(&self) -> Source {
        let way = if self.tcp { Way::Tcp } else { Way::Http };
        Source { slug: self.slug, name: self.slug, device: self.shape.device(), way, weight: self.share }
    }
}

/// Loopback ports below the kernel's own range that nobody has.
fn free_ports() -> impl Iterator<Item = u16> {
    (20_000..32_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}
